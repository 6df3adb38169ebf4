"""Whether a statement is well-formed: one equation a state, and nothing in it that contradicts itself."""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch

import flint
from sympy import Expr, Integer, Symbol, nan, oo, zoo

from physsym.core.motion import is_time, moving
from physsym.core.signs import NONNEGATIVE, declared_sign_name, declares_sign, signs, sufficient_for
from physsym.core.statements import Equation, Law, Rule, Statement, symbols
from physsym.core.symbols import DOT, dot, name_and_marks
from physsym.core.verdicts import Condition, Hypothesis, Outcome, Verdict, fails, holds, undecided
from physsym.verify.conditions import assuming, consistent, truth
from physsym.verify.engines.evaluation import PRECISION, Values, as_ball, sample_points, value
from physsym.verify.engines.laurent import UndecidedError
from physsym.verify.identity import identical
from physsym.verify.substitution import substituted

_POINTS = 4


@singledispatch
def well_formed(statement: Statement) -> Verdict:
    """Return whether a law or a rule is well-formed.

    A law has at most one equation for the highest derivative of each state, and none that contradicts itself
    or another. A state that is declared positive, say, keeps its sign along the motion, or that is a
    hypothesis. What a law or a rule assumes is listed; it must not be refuted by the declared signs.

    Parameters
    ----------
    statement
        A law or a rule.

    Returns
    -------
    Verdict
        CONDITIONAL where something is assumed about states, HOLDS with conditions on constants.

    Examples
    --------
    >>> from physsym.core.statements import law
    >>> from physsym.vocabulary import G, x
    >>> print(well_formed(law({dot(x): -G, 2 * dot(x): -G})).outcome.value)
    fails
    """
    raise TypeError(f"expected a law or a rule, given {statement!r}")


@well_formed.register(Rule)
def _(statement: Rule) -> Verdict:
    return _under(statement, statement.keeping_signs)


@well_formed.register(Law)
def _(statement: Law) -> Verdict:
    contradiction = contradicting_equations(statement)
    if contradiction:
        return fails(contradiction)
    if _is_singular(statement):
        return undecided("the equations do not determine the highest derivatives: their matrix is singular")
    return _under(statement, (*statement.assuming, *_sign_hypotheses(statement)))


def _under(statement: Statement, taken: tuple[Condition | Hypothesis, ...]) -> Verdict:
    """Return the verdict on a statement that takes conditions for granted."""
    states = {s for s in moving(statement) if not is_time(s)}
    listed: list[Condition | Hypothesis] = []
    for condition in taken:
        listed.append(condition)
        if isinstance(condition, Hypothesis) or (known := truth(condition)):
            continue
        if known is False:
            return assuming(fails(f"{condition} is assumed, and never holds with the declared signs"), taken)
        if condition.relation != ">= 0":
            continue
        if _is_never_positive(condition):
            reason = f"{condition} is assumed, yet {condition.expression} is never positive"
            return assuming(fails(reason), taken)
        # Friction rho*x'**2 takes power where rho >= 0, which is a condition on constants.
        reduced = sufficient_for(NONNEGATIVE, condition.expression, states)
        if reduced is not None and not any(map(_is_never_positive, reduced)):
            listed[-1:] = reduced
    clash = consistent(listed)
    if clash.outcome is Outcome.FAILS:
        return assuming(clash, taken)
    kept = all(isinstance(c, Condition) and _stays_true(c, states) for c in listed)
    outcome = Outcome.HOLDS if kept else Outcome.CONDITIONAL
    return assuming(Verdict(outcome, ("given",)), listed)


def _is_never_positive(condition: Condition) -> bool:
    return truth(Condition(-condition.expression, ">= 0")) is True


def _stays_true(condition: Condition, states: set[Symbol]) -> bool:
    """Return whether a condition that holds at the start holds at all times, whatever the states do."""
    if truth(condition) is True:
        return True
    held = condition.expression.free_symbols
    rising = (signs(condition.expression.diff(s)) <= NONNEGATIVE for s in held if is_time(s))
    timeless = not any(map(is_time, held))
    return not held & states and (timeless or (all(rising) and condition.relation in ("> 0", ">= 0")))


# ------------------------------------------------------------------ equations


def contradicting_equations(law: Law) -> str:
    """Return why the equations of a law cannot hold together or say nothing, or an empty text.

    Parameters
    ----------
    law
        The law.

    Returns
    -------
    str
        The reason, in words.
    """
    for equation in law.equations:
        if equation.residual == 0:
            return f"the equation {equation} says nothing"
        if 0 not in signs(equation.residual):
            return f"the equation {equation} never holds with the declared signs"
    highest = _highest(law)
    held = {e: highest & e.residual.free_symbols for e in law.equations}
    owner: dict[Symbol, Equation] = {}
    for k, equation in enumerate(law.equations):
        if equation in law.equations[:k]:
            return f"the equation {equation} is given twice"
        seen: set[Symbol] = set()
        if held[equation] and not _assigned(equation, held, owner, seen):
            rivals = [e for e in law.equations[: k + 1] if held[e] and held[e] <= seen]
            return _too_many(rivals, seen)
    plain = [Condition(e.residual, "= 0") for e in law.equations if not _has_rate(e)]
    clash = consistent(plain) if len(plain) > 1 else holds()
    failing = clash.outcome is Outcome.FAILS
    return clash.evidence[0].replace("the assumptions", "its equations") if failing else ""


def _highest(law: Law) -> frozenset[Symbol]:
    """Return the highest derivative of each state that has one."""
    rates = {s for s in symbols(law) if DOT in name_and_marks(s)[1]}
    return frozenset(s for s in rates if dot(s) not in rates and dot(dot(s)) not in rates)


def _has_rate(equation: Equation) -> bool:
    return any(DOT in name_and_marks(s)[1] for s in equation.residual.free_symbols)


def _assigned(
    equation: Equation,
    held: dict[Equation, frozenset[Symbol]],
    owner: dict[Symbol, Equation],
    seen: set[Symbol],
) -> bool:
    """Assign to an equation a derivative of its own, if need be by moving others (an augmenting path)."""
    for symbol in sorted(held[equation] - seen, key=str):
        seen.add(symbol)
        if symbol not in owner or _assigned(owner[symbol], held, owner, seen):
            owner[symbol] = equation
            return True
    return False


def _too_many(rivals: list[Equation], derivatives: set[Symbol]) -> str:
    names = ", ".join(sorted(map(str, derivatives)))
    those = " and ".join(map(str, rivals))
    if len(rivals) == 2 and len(derivatives) == 1:
        (rate,) = derivatives
        first, second = (_solved(e.residual, rate) for e in rivals)
        if first is not None and second is not None and identical(first, second):
            return f"{those} are one equation twice: keep one of them"
        if first is not None and second is not None:
            return f"{those} contradict each other: {rate} would be {first} and {second}"
    return f"{len(rivals)} equations for {len(derivatives)} of the highest derivatives, {names}: {those}"


def _solved(residual: Expr, rate: Symbol) -> Expr | None:
    """Return the value of a derivative by an equation that is linear in it; None by another one."""
    coefficient = residual.diff(rate)
    if coefficient.has(rate):
        return None
    return -substituted(residual, {rate: Integer(0)}) / coefficient


def _is_singular(law: Law) -> bool:
    """Return whether coupled equations are linear in as many derivatives, which they do not determine."""
    highest = sorted(_highest(law), key=str)
    coupled = [e.residual for e in law.equations if e.residual.free_symbols & set(highest)]
    if len(coupled) != len(highest) or all(len(r.free_symbols & set(highest)) == 1 for r in coupled):
        return False
    rows = [[r.diff(s) for s in highest] for r in coupled]
    if any(entry.free_symbols & set(highest) for row in rows for entry in row):
        return False
    names = {s for row in rows for entry in row for s in entry.free_symbols}
    return all(_determinant_may_vanish(rows, at) for at in sample_points(names, _POINTS))


def _determinant_may_vanish(rows: list[list[Expr]], at: Values) -> bool:
    try:
        with flint.ctx.workprec(PRECISION):
            return bool(
                flint.arb_mat([[as_ball(value(e, at)) for e in row] for row in rows]).det().contains(0)
            )
    except (UndecidedError, ZeroDivisionError):
        return True


# ------------------------------------------------------------------ declared signs of states


def _sign_hypotheses(law: Law) -> Iterator[Hypothesis]:
    """Yield that a state keeps its declared sign, where the law does not show it."""
    rates = {name_and_marks(s)[0] for s in symbols(law) if DOT in name_and_marks(s)[1]}
    for state in sorted((s for s in symbols(law) if s.name in rates and declares_sign(s)), key=str):
        if not _keeps_sign(state, law):
            yield Hypothesis(f"{state} stays {declared_sign_name(state)} along the motion")


def _keeps_sign(state: Symbol, law: Law) -> bool:
    """Return whether the rate of a state does not point out of its domain at zero (Nagumo's condition).

    It must have a derivative there, so that a positive state does not reach zero either.
    """
    equations = [e.residual for e in law.equations if dot(state) in e.residual.free_symbols]
    if len(equations) != 1 or dot(dot(state)) in symbols(law) or state.is_zero:
        return False
    rate = _solved(equations[0], dot(state))
    if rate is None or any(DOT in name_and_marks(s)[1] for s in rate.free_symbols):
        return False
    at_zero, slope = (e.xreplace({state: Integer(0)}) for e in (rate, rate.diff(state)))
    if at_zero.has(nan, zoo, oo, -oo) or slope.has(nan, zoo, oo, -oo):
        return False
    inward = 1 if state.is_nonnegative else -1 if state.is_nonpositive else 0
    return signs(at_zero) <= ({0, inward} if inward else {0})
