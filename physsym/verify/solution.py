"""Whether functions of the time solve a law: differentiated and put into it, they leave zero."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from sympy import Expr, Integer, Symbol

from physsym.core.motion import is_time
from physsym.core.statements import Law, symbols
from physsym.core.symbols import DOT, OPAQUE, Exact, dot, exact, name_and_marks
from physsym.core.verdicts import Condition, Hypothesis, Outcome, Verdict, all_of, fails, undecided
from physsym.parsing.statements import LawText, Values, as_law, as_values
from physsym.verify.budget import budgeted
from physsym.verify.conditions import Hypotheses, conditions_of, consistent, implied, simplified
from physsym.verify.domains import defined
from physsym.verify.engines import interval
from physsym.verify.identity import identical_under
from physsym.verify.integrate import derivative
from physsym.verify.regions import merged, where_equal, without_implied
from physsym.verify.substitution import substituted


@budgeted
def solves(law: LawText, motion: Values, given: Hypotheses = ()) -> Verdict:
    """Return whether functions of the time solve a law.

    Parameters
    ----------
    law
        A law, a single equation, or a system, whose law of motion is meant.
    motion
        Each state as an expression in the time `t` and constants; names and texts serve.
    given
        What is assumed of the constants, as in `same_rule`.

    Returns
    -------
    Verdict
        It holds if every equation holds at every instant at which the functions, their rates and the law are
        defined; what that takes is listed. It is conditional where it holds in a region of instants or of
        constants, such as t >= 0, and fails with a point and an instant otherwise. Initial values are not
        judged.

    Raises
    ------
    TypeError
        For what is no law, a state that is no symbol, or a function that is no exact expression.
    ValueError
        Where a state that has a rate in the law is missing, or a function holds a state, a rate or a
        potential.

    Examples
    --------
    >>> from sympy import Symbol, exp
    >>> from physsym.core.symbols import dot
    >>> from physsym.core.statements import law
    >>> from physsym.vocabulary import t, tau, v
    >>> decay = law({tau * dot(v): -v})
    >>> print(solves(decay, {v: 3 * exp(-t / tau)}).outcome.value)
    holds
    >>> print(solves(decay, {v: exp(-2 * t / tau)}).outcome.value)
    fails
    """
    stated = as_law(law)
    functions = _functions(
        as_values(motion, symbols(stated)), {name_and_marks(s)[0] for s in symbols(stated) if DOT in s.name}
    )
    held = symbols(stated).union(*(f.free_symbols for f in functions.values()))
    times = sorted((s for s in held if is_time(s)), key=lambda s: len(s.assumptions0))
    values: dict[Expr, Expr] = dict.fromkeys(
        times, times[-1] if times else Integer(0)
    )  # one symbol for the time
    functions = {s: substituted(f, values) for s, f in functions.items()}
    for state, function in functions.items():
        depth = max((u.name.count(DOT) for u in held if name_and_marks(u)[0] == state.name), default=0)
        for _ in range(depth + 1):
            values[state] = function
            try:
                function, state = _rate(function, times), dot(state)
            except NotImplementedError as reason:
                return undecided(f"{reason}; give the motion by powers, exp, log, sin, cos, tan and atan")
    hypotheses = conditions_of(given, held)
    sides = [(substituted(e.left, values), substituted(e.right, values)) for e in stated.equations]
    needed = _defined_along(stated, sides, values, functions, hypotheses)
    if (clash := consistent((*hypotheses, *needed))).outcome is Outcome.FAILS:
        return fails(f"{clash.evidence[0]}: where this is given, the motion or the law is not defined")
    verdicts = []
    for equation, (left, right) in zip(stated.equations, sides, strict=True):
        what = f"what remains of {equation} along the motion and zero"
        found = identical_under(left - right, Integer(0), hypotheses, what)
        if not found and not hypotheses:
            constants = (left - right).free_symbols
            found = where_equal(left - right, Integer(0), found, constants, what)
        verdicts.append(found)
    verdict = all_of(*verdicts)
    if verdict or verdict.outcome is Outcome.CONDITIONAL:
        verdict = replace(verdict, evidence=(*verdict.evidence, "initial values are not judged"))
    known = [c for c in (*hypotheses, *verdict.assumes) if isinstance(c, Condition)]
    conditions = merged((*known, *(c for c in needed if not implied(known, c))))
    in_words = (c for c in verdict.assumes if isinstance(c, Hypothesis))
    return replace(verdict, assumes=(*conditions, *in_words))


def _defined_along(
    law: Law,
    sides: Iterable[tuple[Expr, Expr]],
    values: Mapping[Expr, Expr],
    functions: Mapping[Symbol, Expr],
    hypotheses: tuple[Condition, ...],
) -> tuple[Condition, ...]:
    """Return what the functions, their rates and the law along them need to be defined, unless it follows.

    What cancels once the functions are put into the law is needed too.
    """
    before = defined(*(side for e in law.equations for side in (e.left, e.right)))
    along = [replace(c, expression=substituted(c.expression, values)) for c in before]
    after = defined(*functions.values(), *values.values(), *(side for pair in sides for side in pair))
    found = merged(simplified(c) for c in (*after, *along))
    return without_implied(found, hypotheses)


def _functions(motion: Mapping[Symbol, Exact], moved: set[str]) -> dict[Symbol, Expr]:
    """Return the functions of the states, checked."""
    if not isinstance(motion, Mapping):
        raise TypeError(f"a motion gives states as functions of t, such as {{x: exp(-t)}}; given {motion!r}")
    functions = {state: exact(function) for state, function in motion.items()}
    for state, function in functions.items():
        if not isinstance(state, Symbol) or name_and_marks(state)[1] or is_time(state):
            raise TypeError(f"a motion gives states as functions of t, such as {{x: exp(-t)}}; given {state}")
        names = {name_and_marks(s)[0] for s in function.free_symbols}
        marked = sorted((s for s in function.free_symbols if name_and_marks(s)[1]), key=str)
        unfit = [*marked, *sorted(names & {s.name for s in functions}), *function.atoms(*OPAQUE)]
        if unfit:
            raise ValueError(
                f"{state} must be a function of t and constants; {unfit[0]} is none, in {function}"
            )
    missing = sorted(moved - {s.name for s in functions} - {"t"})
    if missing:
        raise ValueError(f"the motion of {missing[0]} is missing: the law holds its rate")
    return functions


def _rate(function: Expr, times: list[Symbol]) -> Expr:
    """Return the derivative by the time; the difference quotients at points must tend to it."""
    if not times:
        return Integer(0)
    rate, step = derivative(function, times[-1]), Symbol("a short time", positive=True)
    later, earlier = (substituted(function, {times[-1]: times[-1] + s * step}) for s in (1, -1))
    if any(order < 1 for order in interval.measured_orders((later - earlier) / (2 * step) - rate, step)):
        raise NotImplementedError(f"the derivative of {function} is in doubt")
    return rate
