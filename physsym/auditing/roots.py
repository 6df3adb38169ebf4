"""Numbers that are said to solve equations: roots of one for a letter, values in a linear system."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

from sympy import (
    Derivative,
    Expr,
    Function,
    Integer,
    PolynomialError,
    S,
    Symbol,
    degree,
    exp,
    linsolve,
    log,
    numer,
    poly,
    together,
)
from sympy.core.function import AppliedUndef

from physsym.auditing.comparisons import compared, where_it_fails
from physsym.auditing.consequences import with_definitions
from physsym.auditing.judgements import Judgement
from physsym.auditing.sentences import claims_equality, is_denied
from physsym.auditing.sheet import (
    Fact,
    ReadFormula,
    formulas_of,
    in_scope,
    is_sequence,
    names_in,
    places,
    special_values_of,
)
from physsym.auditing.stated_values import Values
from physsym.auditing.texts import Formula
from physsym.auditing.unknowns import name_of
from physsym.core.verdicts import Condition, Outcome
from physsym.verify.budget import BudgetError, joint
from physsym.verify.conditions import implied
from physsym.verify.domains import defined
from physsym.verify.implication import follows_where_defined

_SOLVES = re.compile(r"\b(solutions?|solv\w+|roots?|zeros?|eigenvalues?)\b", re.IGNORECASE)
_CHOOSES = re.compile(
    r"\b(at|for|when|if|let|take|try|guess|start\w*|initial\w*|with|sets?|choose|consider|evaluat\w+|put|insert"
    r"|plug|substitut\w+|suppose|assume|points?|where|near|around|between|now|instead|next|another)\b",
    re.IGNORECASE,
)
_EQUATIONS = 6
_DEGREE = 12
_SECONDS = 0.3  # of processor time, for whether one equation follows from another


def root_of(left: Expr, right: Expr, formula: Formula, facts: Sequence[Fact]) -> Judgement | None:
    """Return what is said of a number that a letter is said to be, after equations for it.

    Parameters
    ----------
    left, right
        Both sides, such as x and 2.
    formula
        Where they stand.
    facts
        What is known in its scope.

    Returns
    -------
    Judgement or None
        None where no equation tells the letter, or where the text chooses the number.
    """
    letter = _letter(left)
    if letter is None or right.free_symbols or right.atoms(AppliedUndef):
        return None
    asked = claims_equality(formula) or bool(_SOLVES.search(formula.before))
    sure = asked or (left.is_Symbol and formula.display and not _CHOOSES.search(formula.before))
    sure = sure and not is_denied(formula) and (left.is_Symbol or asked)
    equations = list(_equations(letter, facts))
    if not equations and (numbered := _NUMBERED.fullmatch(letter.name)) is not None:
        letter = Symbol(numbered[1], real=True)
        equations, sure = list(_equations(letter, facts)), sure and asked
    tried = [(fact, compared(gap.xreplace({letter: right}), Integer(0))) for fact, gap in equations]
    roots = [(fact, found) for fact, found in tried if found.holds]
    wrong = [(fact, found) for fact, found in tried if found.differs]
    undefined = [f for f, _ in equations if _is_undefined(f, letter, right)]
    if roots and tried[0] == roots[0] and tried[0][0] not in undefined:
        fact, found = roots[0]
        others = [f for f, _ in equations if f in undefined or f in dict(wrong)]
        starts = [f for f in others if f in undefined or _follows(dict(equations)[fact], dict(equations)[f])]
        if starts:
            says = f"is a root of {fact.place}, and not of {places(starts)}, from which that follows"
            return Judgement("note", says, uses=formulas_of((fact, *starts)), verdict=found.verdict)
        beside = f", not of {places(others)}" if others else ""
        says = f"{_which_root(dict(equations)[fact], letter)} {fact.place}{beside}"
        only = _is_only_root(dict(equations)[fact], letter)
        return Judgement(
            "conditional", says, uses=(fact.formula,), verdict=found.verdict, solves=True, only=only
        )
    if wrong:
        fact, found = wrong[0]
        beside = f", but of {places([f for f, _ in roots])}" if roots else ""
        says = f"is no root of {fact.place}{beside}"
        return _wrong(sure and not roots, says, where_it_fails(found), (fact.formula,))
    if equations or letter != left:
        return None
    value, used = _in_linear_system(letter, facts)
    if value is None:
        return None
    found, uses = compared(value, right), formulas_of(used)
    if found.holds:
        return Judgement(
            "conditional",
            f"holds if {places(used)} hold{'s' * (len(uses) == 1)}",
            uses=uses,
            verdict=found.verdict,
        )
    says = f"{letter} is {value} by {places(used)}"
    return _wrong(sure, says, where_it_fails(found), uses) if found.differs else None


def unless_another_is_stated(
    root: Judgement, left: Expr, right: Expr, formula: Formula, text: Sequence[ReadFormula]
) -> Judgement:
    """Return that a number is a root, undecided where it is said to follow and another one was stated."""
    if root.kind != "conditional" or root.only or not claims_equality(formula):
        return root
    before = takewhile(lambda read: read.formula != formula, text)
    stated = (
        f for read in before if read.meanings for f in special_values_of(read.formula, read.meanings[0])
    )
    for fact in stated:
        another = fact.left == left and fact.right != right and in_scope(fact, formula)
        if another and not is_denied(fact.formula):
            says = f"{root.says}, but {fact.place} says that {left} = {fact.right}"
            return Judgement("undecided", says, uses=(fact.formula,))
    return root


def _follows(gap: Expr, start: Expr) -> bool:
    """Return whether an equation was found to follow from another one, as by squaring."""
    try:
        with joint(_SECONDS):
            above, below = Condition(start, "= 0"), Condition(gap, "= 0")
            verdict = follows_where_defined([[above]], [[below]])
    except BudgetError:
        return False
    return verdict.outcome in (Outcome.HOLDS, Outcome.CONDITIONAL)


def _is_undefined(fact: Fact, letter: Symbol, value: Expr) -> bool:
    """Return whether an equation for a letter is not defined at a number, as ln x is not at -1."""
    needed = ((c.expression.xreplace({letter: value}), c.relation) for c in defined(fact.left, fact.right))
    signs = {"> 0": "is_positive", ">= 0": "is_nonnegative", "!= 0": "is_nonzero"}
    return any(relation in signs and getattr(e, signs[relation]) is False for e, relation in needed)


def without_common_root(
    left: Expr, right: Expr, formula: Formula, facts: Sequence[Fact], values: Values
) -> Judgement | None:
    """Return that an equation for one letter cannot follow from the last one for it, as the text says.

    It holds at a value that the prose beside it gives to the letter; where none fits nothing is said.
    """
    letters = (left - right).free_symbols
    if len(letters) != 1 or left.is_Symbol or not claims_equality(formula) or is_denied(formula):
        return None
    (letter,) = letters
    for value in values.get(letter.name, ()):
        if compared(left.xreplace({letter: value}), right.xreplace({letter: value})).holds:
            return Judgement("conditional", f"holds if {letter} = {value}")
    if values.get(letter.name):
        return None
    for fact, gap in _equations(letter, facts):
        try:
            one, other = (poly(numer(together(e)), letter, domain="QQ") for e in (gap, left - right))
        except PolynomialError:
            return None
        if one.gcd(other).degree() == 0:
            says = f"has no root in common with {fact.place}"
            return Judgement(
                "fails", says, (f"{one.as_expr()} = 0 and {other.as_expr()} = 0",), (fact.formula,)
            )
        return None
    return None


def _wrong(sure: bool, says: str, details: tuple[str, ...], uses: tuple[Formula, ...]) -> Judgement:
    """Return that a number is no solution: an error, unless the text may choose it for another purpose."""
    return (
        Judgement("fails", says, details, uses)
        if sure
        else Judgement("undecided", f"{says}: it may be chosen")
    )


_NUMBERED = re.compile(r"(.+?)_?(?:\d|plus|minus|\+|-)")


def _letter(left: Expr) -> Symbol | None:
    """Return the letter of a name, also of one with a number: roots are called x_1 and x_2."""
    if left.is_Symbol:
        return left
    if is_sequence(left) and len(left.args) == 1 and left.args[0].is_number:
        return Symbol(name_of(left), real=True)
    return None


def _equations(letter: Symbol, facts: Sequence[Fact]) -> Iterator[tuple[Fact, Expr]]:
    """Yield the equations for a letter alone, the last ones first, with the difference of their sides."""
    functions = [f for f in facts if f.defines and f.kind not in ("fails", "note") and not f.left.is_Symbol]
    for fact in reversed(facts):
        if fact.kind in ("fails", "note") or fact.defines or not names_in(letter) <= fact.names:
            continue
        left, right = fact.left, fact.right
        if not left.is_Symbol and (left - right).atoms(AppliedUndef, Derivative):
            left, right, _ = with_definitions(left, right, [f for f in functions if f is not fact])
        alone = (left - right).free_symbols == {letter} and not (left - right).atoms(AppliedUndef, Derivative)
        says = any(a == letter and not b.has(letter) for a, b in ((left, right), (right, left)))
        if alone and not says and compared(left, right).differs:
            yield fact, left - right


def _which_root(gap: Expr, letter: Symbol) -> str:
    """Return whether an equation has one root or several, in words."""
    count = _number_of_roots(gap, letter)
    return {0: "a root of", 1: "the root of"}.get(count, f"one of the {count} roots of")


def _number_of_roots(gap: Expr, letter: Symbol) -> int:
    """Return how many roots an equation has, 0 where this is not found."""
    try:
        found = poly(numer(together(gap)), letter)
        return int(found.sqf_part().count_roots()) if found.degree() <= _DEGREE else 0
    except (PolynomialError, NotImplementedError, ValueError):
        return 0


def _is_only_root(gap: Expr, letter: Symbol) -> bool:
    """Return whether an equation with a root has no other one: by its degree, or as it rises or falls.

    For this it has to be defined on one interval, as by a logarithm of the letter, and to have no jumps.
    """
    if _number_of_roots(gap, letter) == 1:
        return True
    domain = defined(gap)
    if gap.atoms(Function) - gap.atoms(exp, log) or not all(
        c.relation in ("> 0", ">= 0")
        and c.expression.is_polynomial(letter)
        and degree(c.expression, letter) < 2
        for c in domain
    ):
        return False
    slope = gap.diff(letter)
    return any(implied(domain, Condition(sign * slope, "> 0")) for sign in (1, -1))


def _in_linear_system(letter: Symbol, facts: Sequence[Fact]) -> tuple[Expr | None, tuple[Fact, ...]]:
    """Return the value that the last linear equations with numbers determine, and these."""
    system: list[Fact] = []
    for fact in list(_linear(facts))[:_EQUATIONS]:
        system.append(fact)
        letters = sorted(set().union(*((f.left - f.right).free_symbols for f in system)), key=str)
        if letter not in letters:
            continue
        solutions = linsolve([f.left - f.right for f in system], *letters)
        if solutions is S.EmptySet:
            return None, ()
        ((*values,),) = solutions
        value = values[letters.index(letter)]
        if value.is_number:
            return value, tuple(reversed(system))
    return None, ()


def _linear(facts: Sequence[Fact]) -> Iterator[Fact]:
    """Yield the equations that are linear in letters, with numbers as coefficients, the last ones first."""
    for fact in reversed(facts):
        gap = fact.left - fact.right
        if fact.defines or fact.kind in ("fails", "note") or not gap.free_symbols or gap.atoms(AppliedUndef):
            continue
        try:
            found = poly(gap, *sorted(gap.free_symbols, key=str))
        except PolynomialError:
            continue
        if found.total_degree() == 1 and all(c.is_Rational for c in found.coeffs()):
            yield fact
