"""Side conditions: those that define a formula, which of them are implied, and whether all are consistent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from functools import lru_cache
from typing import TypeAlias

import sympy
from sympy import Expr, Mul, Pow, Symbol
from sympy.polys.fields import sfield

from physsym.core.conditions import Given, Sign, as_conditions
from physsym.core.signs import ANY, EXCLUDED, Signs, signs
from physsym.core.statements import Equation
from physsym.core.symbols import OPAQUE, name_and_marks, name_of
from physsym.core.verdicts import Condition, Hypothesis, Verdict, fails, holds, undecided
from physsym.verify.engines import smt
from physsym.verify.engines.base import Answer
from physsym.verify.engines.evaluation import sample_points, satisfied
from physsym.verify.engines.smtlib import declared_sign
from physsym.verify.memory import remembered
from physsym.verify.sign_algebra import known_signs, signs_under
from physsym.vocabulary import STANDARD, Vocabulary, scalar

Hypotheses: TypeAlias = Given | str | Iterable[Given | str]
"""What `conditions_of` takes: conditions, SymPy relations and texts, several or a single one."""

_EXAMPLES = 64


def conditions_of(given: Hypotheses, symbols: Iterable[Symbol] = ()) -> tuple[Condition, ...]:
    """Return the conditions that hypotheses state.

    Parameters
    ----------
    given
        Conditions, SymPy relations such as `0 < beta`, and texts such as "0 <= rho < 1"; several, or one.
    symbols
        The symbols of what is compared: the names of a text mean these, and else those of the standard
        vocabulary.

    Returns
    -------
    tuple of Condition
        Each once.

    Raises
    ------
    ReadError
        For a text that states no condition.
    TypeError
        For what is no condition.

    Examples
    --------
    >>> from physsym.vocabulary import eta, rho, tau
    >>> print(*conditions_of(("0 <= rho < 1", eta < tau), (rho, eta, tau)), sep=", ")
    rho >= 0, 1 - rho > 0, -eta + tau > 0
    """
    if given is None:
        raise TypeError("given takes conditions such as (0 < beta, beta < 1); for none of them leave it out")
    items = given if isinstance(given, (tuple, list, set, frozenset)) else (given,)
    names = vocabulary_of(symbols)
    found: list[Condition] = []
    for item in items:
        if isinstance(item, str):
            from physsym.parsing import (
                read_conditions,
            )  # the reader is seldom needed, and takes long to import

            found += read_conditions(item, names)
        else:
            found += as_conditions(item)
    return tuple(dict.fromkeys(found))


_hypotheses: ContextVar[tuple[Condition, ...]] = ContextVar("hypotheses", default=())


@contextmanager
def under(given: tuple[Condition, ...]) -> Iterator[None]:
    """Assume conditions in every comparison within the block."""
    token = _hypotheses.set(given)
    try:
        yield
    finally:
        _hypotheses.reset(token)


def hypotheses() -> tuple[Condition, ...]:
    """Return the conditions that are assumed here, those of `under`."""
    return _hypotheses.get()


_ranges: ContextVar[tuple[Condition, ...]] = ContextVar("ranges", default=())


@contextmanager
def within_ranges(ranges: Iterable[Condition]) -> Iterator[None]:
    """Take conditions, such as the ranges of a rule, for natural ranges of symbols within the block."""
    token = _ranges.set((*_ranges.get(), *ranges))
    try:
        yield
    finally:
        _ranges.reset(token)


def natural_ranges(symbols: Iterable[Symbol]) -> tuple[Condition, ...]:
    """Return the natural ranges of symbols: those of the vocabulary, and those of `within_ranges`."""
    own = frozenset(symbols)
    stated = (c for c in _ranges.get() if c.expression.free_symbols & own)
    return tuple(dict.fromkeys((*STANDARD.ranges(own), *stated)))


def vocabulary_of(symbols: Iterable[Symbol]) -> Vocabulary:
    """Return the standard vocabulary in which the names of symbols mean these, for texts that name them."""
    plain = sorted((s for s in symbols if not name_and_marks(s)[1]), key=name_of)
    known = {q.symbol for q in STANDARD.quantities}
    return STANDARD.extended(*(scalar(s) for s in plain if s not in known))


def nonzero(*expressions: Expr) -> tuple[Condition, ...]:
    """Return the conditions that no expression is zero, one for each factor that is not a number."""
    factors = (f.as_base_exp()[0] for e in expressions for f in Mul.make_args(e))
    return tuple(Condition(base, "!= 0") for base in factors if not base.is_number)


def follows(condition: Condition | Hypothesis, definitions: Iterable[Equation] = ()) -> bool:
    """Return whether a condition follows from the signs of its symbols and from definitions.

    A hypothesis in words never follows.
    """
    return isinstance(condition, Condition) and truth(*in_first_names((condition,), definitions)) is True


def truth(condition: Condition) -> bool | None:
    """Return whether a condition always holds under the declared signs (True) or never does (False).

    None where it depends on the values, or nobody knows. It is decided by its form, or else by exact points
    and z3.
    """
    possible, excluded = signs(condition.expression), EXCLUDED[condition.relation]
    if possible & excluded and not possible <= excluded:
        possible &= _signs_of_quotient(condition.expression)
    if not possible & excluded:
        return True
    return False if possible <= excluded else _truth_by_engines(condition)


@lru_cache(maxsize=1024)
def _signs_of_quotient(expression: Expr) -> Signs:
    """Return the possible signs of an expression, by those of numerator and denominator if it has a fraction.

    What the fractions in it are divided by must never be zero, for the quotient to have a value where the
    expression has none.
    """
    divided_by = {p.base for p in expression.atoms(Pow) if p.exp.is_negative}
    if not divided_by or not expression.is_rational_function() or any(0 in signs(b) for b in divided_by):
        return ANY
    _, (quotient,) = sfield([expression])
    above, below = signs(quotient.numer.as_expr()), signs(quotient.denom.as_expr())
    return frozenset(a * b for a in above for b in below)


@remembered(1024)
def _truth_by_engines(condition: Condition) -> bool | None:
    # Only the sign of a symbol or of an opaque function is known, and the form has told it.
    if isinstance(condition.expression, (Symbol, *OPAQUE)):
        return None
    contrary = smt.opposite(condition)
    points = list(sample_points(condition.expression.free_symbols, _EXAMPLES))
    once, never = (any(satisfied((c,), at) for at in points) for c in (condition, contrary))
    if not never and smt.implies((), condition).answer is Answer.PROVED:
        return True
    return False if not once and smt.implies((), contrary).answer is Answer.PROVED else None


def _follows_by_sign(condition: Condition) -> bool:
    """Return whether a condition follows from the signs of its subexpressions, without z3."""
    return not signs(condition.expression) & EXCLUDED[condition.relation]


def in_first_names(conditions: Iterable[Condition], definitions: Iterable[Equation]) -> tuple[Condition, ...]:
    """Return conditions with every defined symbol replaced by what it stands for.

    Parameters
    ----------
    conditions
        The conditions.
    definitions
        Equations; those with a symbol alone on the left are used.

    Returns
    -------
    tuple of Condition
        In the symbols that no definition introduces.

    Examples
    --------
    >>> from physsym.vocabulary import dt, rho, tau
    >>> print(*in_first_names((Condition(1 - rho, "> 0"),), (Equation(rho, 1 - dt / tau),)))
    dt/tau > 0
    """
    values = {d.left: d.right for d in definitions if isinstance(d.left, Symbol)}
    meant = tuple(conditions)
    for _ in values:  # a definition may use what an earlier one defines
        replaced = tuple(Condition(c.expression.xreplace(values), c.relation) for c in meant)
        if replaced == meant:
            break
        meant = replaced
    return meant


def implied_by_sign(given: Iterable[Condition], condition: Condition) -> bool:
    """Return whether a condition follows from the signs that others state, by its form alone."""
    known, excluded = tuple(given), EXCLUDED[condition.relation]
    if not signs_under(condition.expression, known_signs(known)) & excluded:
        return True
    for other in known:
        # What exceeds something that is not negative is not negative.
        least = {"> 0": {1}, ">= 0": {0, 1}}.get(other.relation)
        beyond = signs(sympy.expand(condition.expression - other.expression))
        if (
            least
            and beyond
            and -1 not in beyond
            and not {max(i, j) for i in least for j in beyond} & excluded
        ):
            return True
    return False


def implied(given: Iterable[Condition], condition: Condition) -> bool:
    """Return whether a condition follows from the signs of its symbols together with other conditions.

    Contradictory conditions imply nothing here.
    """
    found = _implied_by_form(tuple(given), condition)
    return smt.implies(tuple(given), condition).answer is Answer.PROVED if found is None else found


def implied_each(given: tuple[Condition, ...], conditions: Sequence[Condition]) -> list[bool]:
    """Return of each condition whether it is implied, as `implied` does, with one call of z3."""
    found = [_implied_by_form(given, c) for c in conditions]
    open_ones = tuple(c for c, known in zip(conditions, found, strict=True) if known is None)
    proved = iter(smt.implied_each(given, open_ones) if open_ones else ())
    return [next(proved) if known is None else known for known in found]


def _implied_by_form(known: tuple[Condition, ...], condition: Condition) -> bool | None:
    """Return whether a condition follows from others, where its form or exact points tell; else None."""
    if follows(condition):
        return True
    stronger = {"!= 0": ("> 0",), ">= 0": ("> 0", "= 0")}.get(condition.relation, ())
    if any(
        c.expression == condition.expression and c.relation in (condition.relation, *stronger) for c in known
    ):
        return True
    if implied_by_sign(known, condition):
        return True
    shared = [c for c in known if c.expression.free_symbols & condition.expression.free_symbols]
    if not shared or _has_counterexample(known, condition):
        return False
    return None


@lru_cache(maxsize=1024)
def _has_counterexample(known: tuple[Condition, ...], condition: Condition) -> bool:
    """Return whether an exact point satisfies conditions and not another one, which takes z3 longer to tell.

    Powers with symbols in their exponents are those of positive bases, as z3 has them.
    """
    powers = {p for c in (*known, condition) for p in c.expression.atoms(Pow) if p.exp.free_symbols}
    bases = tuple(Condition(b, "> 0") for b in {p.base for p in powers} if not b.is_positive)
    wanted = (*bases, *known, smt.opposite(condition))
    symbols = frozenset[Symbol]().union(*(c.expression.free_symbols for c in wanted))
    return any(satisfied(wanted, at) for at in sample_points(symbols, _EXAMPLES))


def simplified(condition: Condition) -> Condition:
    """Return an equivalent condition on a base instead of an odd power of it, without factors of known sign.

    >>> from physsym.vocabulary import eta, x
    >>> print(simplified(Condition(2 * eta * x**3, ">= 0")))
    x >= 0
    """
    sign, factors = 1, []
    if isinstance(condition.expression, sympy.Abs) and condition.relation in ("!= 0", "> 0", "= 0"):
        relation: Sign = "= 0" if condition.relation == "= 0" else "!= 0"
        return simplified(Condition(condition.expression.args[0], relation))
    for factor in Mul.make_args(condition.expression):
        base, power = factor.as_base_exp()
        possible = signs(factor)
        if possible in ({1}, {-1}):
            sign *= next(iter(possible))
        elif power.is_Integer and power > 0 and (power % 2 or condition.relation in ("= 0", "!= 0")):
            factors.append(base)
        else:
            factors.append(factor)
    relative = 1 if condition.relation in ("= 0", "!= 0") else sign
    return Condition(relative * Mul(*factors), condition.relation)


def assuming(verdict: Verdict, conditions: Iterable[Condition | Hypothesis]) -> Verdict:
    """Return the verdict with conditions added to what it assumes, without e >= 0 where e > 0 is assumed."""
    assumed = dict.fromkeys((*verdict.assumes, *conditions))
    positive = {c.expression for c in assumed if isinstance(c, Condition) and c.relation == "> 0"}
    weaker = {Condition(e, ">= 0") for e in positive}
    return replace(verdict, assumes=tuple(c for c in assumed if c not in weaker))


def consistent(assumed: Iterable[Condition | Hypothesis], definitions: Iterable[Equation] = ()) -> Verdict:
    """Return whether conditions, definitions and the declared signs of symbols are consistent.

    The evidence is an example, or what contradicts each other (which implies anything).
    """
    equations = tuple(definitions)
    declared = (c for d in equations if isinstance(d.left, Symbol) for c in declared_sign(d.left))
    conditions = tuple(dict.fromkeys((*(c for c in assumed if isinstance(c, Condition)), *declared)))
    meant = dict(zip(in_first_names(conditions, equations), conditions, strict=True))
    verdict, clash = _consistent(tuple(c for c in meant if not _follows_by_sign(c)))
    if not clash:
        return verdict
    named = [meant.get(c, c) for c in clash]
    used = {s for c in named for s in c.expression.free_symbols}
    for d in reversed(equations):  # a definition may use what an earlier one defines
        used |= d.residual.free_symbols if d.left in used else set()
    with_them = [str(d) for d in equations if d.left in used]
    text = " and ".join(dict.fromkeys((*map(str, named), *with_them)))
    return fails(f"the assumptions contradict each other: {text}", engines=verdict.engines)


@remembered(256)
def _consistent(conditions: tuple[Condition, ...]) -> tuple[Verdict, tuple[Condition, ...]]:
    """Return whether conditions are consistent, and those that contradict each other."""
    for c in conditions:
        if signs(c.expression) <= EXCLUDED[c.relation]:
            symbols = sorted(c.expression.free_symbols, key=name_of)
            return fails(engines=("form",)), (c, *(d for s in symbols for d in declared_sign(s) if d != c))
    held = frozenset[Symbol]().union(*(c.expression.free_symbols for c in conditions))
    candidates = (at for at in sample_points(held, _EXAMPLES) if satisfied(conditions, at))
    if (example := next(candidates, None)) is not None:
        point = ", ".join(f"{s} = {n}" for s, n in example.items())
        where = f"hold together, as at {point}" if point else "hold whatever the symbols are"
        return holds(f"the conditions on symbols {where}", engines=("exact points",)), ()
    possible, core = smt.consistent(conditions)
    if possible is None:
        return undecided("no example was found in which all assumptions hold", engines=(smt.NAME,)), ()
    if possible:
        return holds("the assumptions do not contradict each other", engines=(smt.NAME,)), ()
    return fails(engines=(smt.NAME,)), core
