"""Whether a statement is well-formed: one equation a state, and nothing in it that contradicts itself."""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch

import flint
from sympy import Add, Expr, Integer, Mul, Pow, Symbol, cos, exp, sin

from physsym.core.motion import is_time, moving
from physsym.core.signs import ANY, NONNEGATIVE, declared_sign_name, declares_sign, signs, sufficient_for
from physsym.core.statements import Equation, Law, Rule, Statement, symbols
from physsym.core.symbols import DOT, OPAQUE, dot, name_and_marks
from physsym.core.verdicts import Condition, Hypothesis, Outcome, Verdict, fails, holds, undecided
from physsym.verify.conditions import assuming, consistent, truth
from physsym.verify.engines.evaluation import PRECISION, Values, as_ball, sample_points, value
from physsym.verify.engines.laurent import UndecidedError
from physsym.verify.identity import identical
from physsym.verify.substitution import substituted
from physsym.vocabulary import STANDARD

_POINTS = 4


@singledispatch
def well_formed(statement: Statement) -> Verdict:
    """Return whether a law or a rule is well-formed.

    A law has at most one equation for each state that moves, those without rates included, and none that
    contradicts itself or another. A state that is declared positive, say, keeps its sign along the motion, or
    that is a hypothesis. What a law or a rule assumes is listed; the declared signs must not refute it.

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
        return undecided(
            "the equations do not determine the highest derivatives, or the states without any: their matrix "
            "is singular"
        )
    return _under(statement, (*statement.assuming, *_sign_hypotheses(statement)))


def _under(statement: Statement, taken: tuple[Condition | Hypothesis, ...]) -> Verdict:
    """Return the verdict on a statement that takes conditions for granted."""
    names = {name_and_marks(s)[0] for s in moving(statement) if not is_time(s)}
    held = {s for c in taken if isinstance(c, Condition) for s in c.expression.free_symbols}
    states = {s for s in held if name_and_marks(s)[1] or s.name in names}
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
    times = [s for s in held if is_time(s)]
    return not held & states and (not times or _rises(condition, times[0]))


def _rises(condition: Condition, time: Symbol) -> bool:
    linear = _linear(condition.expression, time)
    return linear is not None and signs(linear[1]) <= NONNEGATIVE and condition.relation in ("> 0", ">= 0")


def _linear(expression: Expr, symbol: Symbol) -> tuple[Expr, Expr] | None:
    """Return b and c of an expression b + c*symbol, neither of which holds the symbol; None for another."""
    b, at_one = (substituted(expression, {symbol: Integer(n)}) for n in (0, 1))
    return (b, at_one - b) if identical(expression, b + (at_one - b) * symbol) else None


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
    unknowns = _unknowns(law)
    owner: dict[str, Equation] = {}
    for k, equation in enumerate(law.equations):
        if equation in law.equations[:k]:
            return f"the equation {equation} is given twice"
        seen: set[str] = set()
        if unknowns[equation] and not _assigned(equation, unknowns, owner, seen):
            return _too_many([e for e in law.equations[: k + 1] if unknowns[e] and unknowns[e] <= seen], seen)
    plain = [Condition(e.residual, "= 0") for e in law.equations if not _has_rate(e)]
    clash = consistent(plain) if len(plain) > 1 else holds()
    failing = clash.outcome is Outcome.FAILS
    return clash.evidence[0].replace("the assumptions", "its equations") if failing else ""


def _unknowns(law: Law) -> dict[Equation, set[str]]:
    """Return the names that each equation can determine: those of its rates, and of what has no rate at all.

    An equation that holds neither, such as x**2 + y**2 = 1 beside those of x' and y', restricts the motion.
    """
    rates = {name_and_marks(s)[0] for s in symbols(law) if DOT in name_and_marks(s)[1]}
    free = {s.name for s in moving(law, STANDARD.moving) if not is_time(s)} - rates
    return {
        e: {
            name
            for name, marks in map(name_and_marks, e.residual.free_symbols)
            if DOT in marks or name in free
        }
        for e in law.equations
    }


def _has_rate(equation: Equation) -> bool:
    return any(DOT in name_and_marks(s)[1] for s in equation.residual.free_symbols)


def _assigned(
    equation: Equation, unknowns: dict[Equation, set[str]], owner: dict[str, Equation], seen: set[str]
) -> bool:
    """Assign to an equation an unknown of its own, if need be by moving others (an augmenting path)."""
    for name in sorted(unknowns[equation] - seen):
        seen.add(name)
        if name not in owner or _assigned(owner[name], unknowns, owner, seen):
            owner[name] = equation
            return True
    return False


def _too_many(rivals: list[Equation], names: set[str]) -> str:
    those = " and ".join(map(str, rivals))
    held = {s for e in rivals for s in e.residual.free_symbols}
    wanted = {s for s in held if name_and_marks(s)[0] in names}
    rates = {s for s in wanted if DOT in name_and_marks(s)[1]} or wanted
    if len(rivals) == 2 and len(rates) == 1:
        (rate,) = rates
        first, second = (_solved(e.residual, rate) for e in rivals)
        if first is not None and second is not None:
            if identical(first, second):
                return f"{those} are one equation twice: keep one of them"
            return f"{those} contradict each other: {rate} would be {first} and {second}"
    return f"{len(rivals)} equations for the motion of {', '.join(sorted(names))}: {those}"


def _solved(residual: Expr, rate: Symbol) -> Expr | None:
    """Return the value of a derivative by an equation that is linear in it; None by another one."""
    linear = _linear(residual, rate)
    return linear and -linear[0] / linear[1]


def _is_singular(law: Law) -> bool:
    """Return whether coupled equations are linear in as many unknowns, which they do not determine.

    The unknowns are the highest derivatives, or in the equations without these the states that have none.
    """
    rates = {s for s in symbols(law) if DOT in name_and_marks(s)[1]}
    highest = {s for s in rates if dot(s) not in rates and dot(dot(s)) not in rates}
    names = set().union(*_unknowns(law).values()) - {name_and_marks(s)[0] for s in rates}
    free = {s for s in symbols(law) if s.name in names}
    with_rates = [e.residual for e in law.equations if _has_rate(e)]
    plain = [e.residual for e in law.equations if not _has_rate(e)]
    return _do_not_determine(with_rates, highest) or _do_not_determine(plain, free)


def _do_not_determine(residuals: list[Expr], unknowns: set[Symbol]) -> bool:
    """Return whether residuals are linear in as many unknowns as hold one, with a singular matrix."""
    columns = sorted(unknowns, key=str)
    coupled = [r for r in residuals if r.free_symbols & unknowns]
    if len(coupled) != len(columns) or all(len(r.free_symbols & unknowns) == 1 for r in coupled):
        return False
    rows = [
        [substituted(r, {s: Integer(1)}) - substituted(r, {s: Integer(0)}) for s in columns] for r in coupled
    ]
    if any(entry.free_symbols & unknowns for row in rows for entry in row):
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
    inward = 1 if state.is_nonnegative else -1 if state.is_nonpositive else 0
    at_zero = signs(substituted(rate, {state: Integer(0)})) if _is_smooth_at_zero(rate, state) else ANY
    return at_zero <= ({0, inward} if inward else {0})


def _is_smooth_at_zero(expression: Expr, state: Symbol) -> bool:
    """Return whether the form of an expression shows that it is smooth where a state is zero."""
    if not expression.has(state) or expression == state:
        return True
    if isinstance(expression, Pow):
        base, exponent = expression.args
        whole = exponent.is_Integer and (exponent > 0 or 0 not in signs(base.xreplace({state: Integer(0)})))
        return bool(whole) and _is_smooth_at_zero(base, state)
    smooth = isinstance(expression, (Add, Mul, exp, sin, cos, *OPAQUE))
    return smooth and all(_is_smooth_at_zero(part, state) for part in expression.args)
