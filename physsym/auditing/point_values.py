"""Values of functions that the text defines, at points: `f(3) = 10` after `f(x) = x^2` is false."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from sympy import Derivative, Expr, Function, NumberSymbol, Subs, exp, expand, factor_list, numer, together
from sympy.core.function import AppliedUndef

from physsym.auditing.comparisons import Comparison, compared, read_by
from physsym.auditing.consequences import by_definitions
from physsym.auditing.judgements import Judgement, failing, holding
from physsym.auditing.sentences import asks_where, claims_equality, is_denied, sets_anew, speaks_of_another
from physsym.auditing.sheet import Fact, formulas_of, is_name, is_sequence, places
from physsym.auditing.stated_values import Values, differing
from physsym.auditing.texts import Formula
from physsym.auditing.unknowns import name_of
from physsym.core.verdicts import Condition
from physsym.parsing.meanings import is_opaque

_OTHER_NUMBERS = re.compile(r"\b(mod|modulo|base|binary|hexadecimal|field|ring|decimals?)\b", re.IGNORECASE)


def never_equal(found: Comparison) -> bool:
    """Return whether sides that differ are equal at most where a letter is zero, which nobody means.

    Where a side is zero by itself, it is asked where the other one vanishes.
    """
    left, right = found.sides.expressions[:2]
    if not found.refuted or 0 in (left, right):
        return False
    gap = left - right
    if not gap.free_symbols or not read_by(gap):
        return True
    if gap.is_rational_function():
        return all(factor.is_Symbol for factor, _ in factor_list(numer(together(gap)))[1])
    product = expand(gap).as_ordered_factors()
    return all(
        f.is_number or f.is_Symbol or (f.is_Pow and f.base.is_Symbol) or isinstance(f, exp) for f in product
    )


def value_at_a_point(
    left: Expr,
    right: Expr,
    formula: Formula,
    facts: Sequence[Fact],
    given: Sequence[Condition] = (),
    values: Values | None = None,
) -> Judgement | None:
    """Return what is said of the value of a function, or of its derivative, where an argument is put in.

    Parameters
    ----------
    left, right
        Both sides.
    formula
        Where they stand.
    facts
        What is known in its scope.
    given
        The conditions that hints state.
    values
        The numbers that the prose beside it gives to letters.

    Returns
    -------
    Judgement or None
        None where `left` is no such value, or where the text does not say what it is.
    """
    own = [f for f in facts if f.defines and f.kind not in ("fails", "note") and _defines_value(f, left)]
    if not own or (is_name(left) and sets_anew(formula, own[-1].formula)):
        return None
    told = own[-1]
    others = [f for f in facts if f.defines and f.kind not in ("fails", "note") and f not in own]
    for definitions in ([told], [*others, told]):
        put = by_definitions(left, right, definitions, given)
        if put is not None and told in put[1] and put[0].holds:
            found = holding(put[0])
            by = ", ".join(p for p in (found.says, f"by {places(put[1])}") if p)
            return replace(found, says=by, uses=formulas_of(put[1]))
    put = by_definitions(left, right, [told], given)
    if put is None or told not in put[1]:
        return None
    found_value = put[0].sides.expressions[0]
    if _is_false(put[0], right, formula):
        return differing(put[0], values or {}, given, (told.formula,), f"by {told.place} it is {found_value}")
    letters = right.free_symbols - found_value.free_symbols
    if is_name(right) and letters - {s for f in facts for e in (f.left, f.right) for s in e.free_symbols}:
        return Judgement(
            "definition", f"of {right}: by {told.place} it is {found_value}", uses=(told.formula,)
        )
    return Judgement("undecided", f"by {told.place} it is {found_value}: it may be an equation for a letter")


def false_numbers(left: Expr, right: Expr, formula: Formula, facts: Sequence[Fact]) -> Judgement | None:
    """Return that both sides are numbers that differ, with what the text says of functions in them."""
    if left.free_symbols or right.free_symbols or is_denied(formula) or speaks_of_another(formula):
        return None
    definitions = [f for f in facts if f.defines and f.kind not in ("fails", "note") and not f.left.is_Symbol]
    found, used = by_definitions(left, right, definitions) or (compared(left, right), ())
    if found.differs and _are_plain_numbers(found, formula):
        return failing(found, formulas_of(used), f"by {places(used)}, the two sides differ" if used else "")
    return None


def _are_plain_numbers(found: Comparison, formula: Formula) -> bool:
    """Return whether sides are numbers without functions: in which unit or base these count is not said."""
    sides = found.sides.expressions[:2]
    plain = not any(s.free_symbols or s.atoms(Function, NumberSymbol) for s in sides)
    return plain and not _OTHER_NUMBERS.search(f"{formula.before} {formula.after}")


def _defines_value(fact: Fact, value: Expr) -> bool:
    """Return whether a fact says what a function is, of which an expression is a value or a derivative."""
    applied, name = value, ""
    if isinstance(value, Subs) and isinstance(value.expr, Derivative):
        applied = value.expr.expr
    if isinstance(applied, AppliedUndef) and not is_opaque(applied):
        name = name_of(applied).removeprefix("∇")
    if not name or (is_sequence(applied) and not all(a.is_number for a in applied.args)):
        return False
    if fact.left.is_Symbol:
        return str(fact.left) == name and len(applied.args) == 1 and not applied.args[0].is_Symbol
    if not isinstance(fact.left, AppliedUndef) or name_of(fact.left) != name:
        return False
    same = len(fact.left.args) == len(applied.args) and fact.left != applied
    return (
        same and all(a.is_Symbol for a in fact.left.args) and set(fact.left.args) <= fact.right.free_symbols
    )


def _is_false(found: Comparison, right: Expr, formula: Formula) -> bool:
    """Return whether a claimed value is false, and no equation for a letter in it."""
    if is_denied(formula) or not found.differs or speaks_of_another(formula):
        return False
    if not any(side.free_symbols for side in found.sides.expressions[:2]):
        return _are_plain_numbers(found, formula)
    if not right.free_symbols or asks_where(formula):
        return False
    return never_equal(found) or (claims_equality(formula) and found.refuted)
