"""Verification of integrations: rates from difference quotients, and the order against the exact flow."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache, singledispatch

from sympy import (
    Add,
    Expr,
    Integer,
    Mul,
    Pow,
    Rational,
    Symbol,
    atan,
    cos,
    cosh,
    exp,
    log,
    sin,
    sinh,
    tan,
    tanh,
)

from physsym.core.motion import is_time
from physsym.core.statements import Law, Rule, Statement, symbols
from physsym.core.symbols import DOT, OPAQUE, dot, fresh
from physsym.core.verdicts import (
    Condition,
    Hypothesis,
    Order,
    Outcome,
    Verdict,
    all_of,
    fails,
    holds,
    undecided,
)
from physsym.mechanics.integrators import PartitionedEuler, RungeKutta
from physsym.mechanics.moves import Integrate
from physsym.verify.conditions import assuming, hypotheses, nonzero
from physsym.verify.engines import identity_test, smt
from physsym.verify.engines.error_bound import ErrorBound, error_bound
from physsym.verify.engines.laurent import Laurent, UndecidedError
from physsym.verify.engines.prime_field import Point
from physsym.verify.identity import identical
from physsym.verify.registry import verify_step
from physsym.verify.smoothness import smooth_pieces, where_not_smooth
from physsym.verify.substitution import Refusal, map_of, require, require_absent, substituted

Equations = dict[Symbol, Expr]  # a residual or a value for each state
Items = tuple[tuple[Symbol, Expr], ...]  # the same as a key of what is remembered
MAX_TERMS = 12  # of the series from which an order is read


@verify_step.register(Integrate)
def _(move: Integrate, above: Statement, below: Statement) -> Verdict:
    law, rule = require(Law, above, move, "above"), require(Rule, below, move, "below")
    require_absent(move.step, above, "so it is no fresh name for the time step")
    equations = _by_state(law)
    time = next((s for s in (*equations, *symbols(above)) if is_time(s)), None)
    if move.clock and (time is None or not isinstance(move.method, PartitionedEuler)):
        raise Refusal(f"clock={move.clock!r} chooses no time: none is read, or at the nodes of the method")
    new = map_of(rule)
    clock = []
    if time is not None:
        linear, rate = linear_rate(time, equations.setdefault(time, dot(time) - 1))
        clock += [linear, identical(rate, Integer(1), f"the rate of the time {time} and 1")]
        if time not in new:
            raise Refusal(
                f"the law holds the time {time}, and the rule lacks its update {time} <- {time} + {move.step}"
            )
        clock.append(identical(new[time], time + move.step, f"the new time and {time} + {move.step}"))
    if set(new) != set(equations):
        raise Refusal(f"the rule must update {', '.join(sorted(map(str, equations)))} and nothing else")
    read = verify_method(move.method, equations, new, move)
    returned: object = read
    if not isinstance(returned, list | tuple) or not all(isinstance(v, Verdict) for v in returned):
        judge = verify_method.dispatch(type(move.method))
        raise TypeError(
            f"the check registered for {type(move.method).__name__}, {judge.__module__}.{judge.__qualname__}"
            f", must return a list of verdicts, as of holds(...) or fails(...); it returned {returned!r}"
        )
    if any(v.outcome is Outcome.UNCHECKED for v in read):
        return all_of(*read)
    # The order of a method that is proved exact need not be measured.
    measured = () if any(v.error for v in read) else (_order(move, equations, new),)
    verdict = assuming(
        all_of(*clock, *read, *measured),
        (Condition(move.step, "> 0"), *nonzero(*map(_leading_factor, equations, equations.values()))),
    )
    # An order of accuracy needs smooth functions.
    opaque = any(e.residual.has(*OPAQUE) for e in law.equations)
    smooth = (Hypothesis("the potential is smooth"),) if opaque else ()
    if verdict and (rough := where_not_smooth(law, verdict.error, hypotheses())):
        verdict = replace(verdict, outcome=Outcome.CONDITIONAL)
        return assuming(verdict, (*smooth, Hypothesis(f"the motion keeps {rough}")))
    return assuming(verdict, smooth)


@singledispatch
def verify_method(method: object, equations: Equations, new: Equations, move: Integrate) -> list[Verdict]:
    """Return whether new values are those of a method; new kinds of methods register here.

    `equations` holds the residual left - right of each state's equation, `new` the new value of each state in
    terms of old ones. A law that holds the time `t` has it among the states, with the equation t' - 1 = 0;
    its new value is verified before. A verdict that carries an error says that the order is proved; else it
    is measured.
    """
    text = "register one with physsym.verify.integrate.verify_method.register"
    return [Verdict(Outcome.UNCHECKED, (f"no check is registered for the method {method!r}; {text}",))]


@verify_method.register(PartitionedEuler)
def _(method: PartitionedEuler, equations: Equations, new: Equations, move: Integrate) -> list[Verdict]:
    states = without_time(equations)
    if method.partitioned:
        early = first_moved(states, move)
    else:
        refuse_first(move)
        early = set(states)
    own = Integer(0) if isinstance(method.own, str) else method.own
    reading = {"old": Integer(0), "midpoint": Rational(1, 2), "new": Integer(1)}.get(move.clock, own)
    times = {s: (1 - reading) * s + reading * new[s] for s in equations if s not in states}
    return [_recovered(s, states, new, early, method, move.step, times) for s in states]


def _leading_factor(state: Symbol, residual: Expr) -> Expr:
    """Return what the derivative of a state is multiplied by; where it is zero the law tells no rate."""
    b, at_one = (substituted(residual, {dot(state): Integer(n)}) for n in (0, 1))
    return at_one - b


def without_time(equations: Equations) -> Equations:
    """Return the equations of the states other than the time."""
    return {s: residual for s, residual in equations.items() if not is_time(s)}


@verify_method.register(RungeKutta)
def _(method: RungeKutta, equations: Equations, new: Equations, move: Integrate) -> list[Verdict]:
    refuse_first(move)
    if method.implicit_entry:
        raise Refusal(f"{method.name} is implicit: its stages cannot be found one after the other")
    linear = {s: linear_rate(s, residual) for s, residual in equations.items()}
    stages: list[Equations] = []
    for row in method.matrix:
        point = {s: _along(s, row, stages, move.step) for s in equations}
        stages.append({s: substituted(rate, point) for s, (_, rate) in linear.items()})
    verdicts = [verdict for verdict, _ in linear.values()]
    for state in equations:
        due, what = _along(state, method.weights, stages, move.step), f"the weighed stages of {method.name}"
        verdicts.append(identical(new[state], due, f"the new {state} and {what}"))
    return verdicts


def refuse_first(move: Integrate) -> None:
    """Raise Refusal if states are named to move first and the method moves all together."""
    if move.first:
        raise Refusal(f"{move.method.name} moves all states together, yet {move.first} is to be first")


def linear_rate(state: Symbol, residual: Expr) -> tuple[Verdict, Expr]:
    """Return whether an equation c*s' + b = 0 is linear in the derivative of its state, and -b/c."""
    rate = fresh("rate", residual.free_symbols)
    b, at_one, held = (substituted(residual, {dot(state): n}) for n in (Integer(0), Integer(1), rate))
    verdict = identical(
        held, b + (at_one - b) * rate, f"the equation of {state} and one linear in its derivative"
    )
    return verdict, -b / (at_one - b)


def _along(state: Symbol, weights: Sequence[Expr], stages: Sequence[Equations], step: Symbol) -> Expr:
    return Add(state, *(w * step * stage[state] for w, stage in zip(weights, stages, strict=False)))


def _by_state(law: Law) -> Equations:
    """Return the residual that holds the derivative of each state; each must hold one first derivative."""
    found: Equations = {}
    for equation in law.equations:
        derivatives = [s for s in equation.residual.free_symbols if DOT in s.name]
        if len(derivatives) > 1 and all(s.name.count(DOT) == 1 for s in derivatives):
            coupled = " and ".join(sorted(map(str, derivatives)))
            raise Refusal(
                f"{equation} does not hold one first derivative, it couples {coupled}; begin with the law "
                "solved for the derivatives"
            )
        if len(derivatives) != 1 or derivatives[0].name.count(DOT) != 1:
            raise Refusal(f"{equation} does not hold one first derivative")
        derivative = derivatives[0]
        name = derivative.name.rstrip(DOT)
        named = {s for e in law.equations for s in e.residual.free_symbols if s.name == name}
        state = next((s for s in named if dot(s) == derivative), Symbol(name, real=derivative.is_real))
        if state in found:
            raise Refusal(f"{state} has two equations in {law}, and a state has one")
        found[state] = equation.residual
    return found


def first_moved(equations: Equations, move: Integrate) -> set[Symbol]:
    """Return the states that move first: those named, or the velocities as far as the law determines them.

    The order of the equations plays no part. Raises Refusal where the law leaves it open.
    """
    if move.first:
        if not set(move.first) < set(equations) or len(set(move.first)) != len(move.first):
            raise Refusal(f"{move.first} must be some of the states of the law, once each and not all")
        return set(move.first)
    read = {s: _read_by(s, equations) for s in equations}
    if not any(others - {s} for s, others in read.items()):
        return set(equations)
    located = _located(equations)
    moved = {s for s in equations if s in located or _is_moved(s, read, located, equations)}
    second = _ignorable(equations) or moved
    first = set(equations) - second
    if not second or not first <= set().union(*(read[s] for s in second)) or not first:
        raise Refusal(
            f"the law does not tell which of {', '.join(map(str, equations))} are velocities, which "
            f"{move.method.name} moves first; name them, as in first=(<velocity>,)"
        )
    return first


def _read_by(state: Symbol, equations: Equations) -> set[Symbol]:
    """Return the states on which the rate of a state depends."""
    held = {s for s in equations if s in equations[state].free_symbols}
    b, at_one = (substituted(equations[state], {dot(state): Integer(n)}) for n in (0, 1))
    factor = at_one - b
    if not factor.free_symbols & held:
        return held
    # A state in the factor of the derivative may cancel: whether the rate depends on it is tested.
    rate = b / factor
    other = fresh("another value", rate.free_symbols)
    return {s for s in held if not identical(rate, substituted(rate, {s: other}))}


def _ignorable(equations: Equations) -> set[Symbol]:
    """Return the states that may be shifted without a change of any rate, once the potential is switched off.

    Space is homogeneous without forces, so these are positions (ignorable coordinates: Goldstein, Classical
    Mechanics, section 2.6), provided that the potential acts on all other states; otherwise none is returned.
    """
    off = {f: Integer(0) for r in equations.values() for f in r.atoms(*OPAQUE)}
    free = {s: substituted(r, off) for s, r in equations.items()}
    shifted = set(equations).difference(*(_read_by(s, free) for s in equations))
    kicked = {s for s in equations if equations[s] != free[s]}
    return shifted if set(equations) - shifted <= kicked else set()


def _located(equations: Equations) -> set[Symbol]:
    """Return the states in arguments of opaque functions; none if all states are."""
    within = {s for r in equations.values() for f in r.atoms(*OPAQUE) for s in f.free_symbols}
    return within & set(equations) if not set(equations) <= within else set()


def _is_moved(
    state: Symbol, read: dict[Symbol, set[Symbol]], located: set[Symbol], equations: Equations
) -> bool:
    """Return whether a state is moved by velocities alone, which it does not move in the same way.

    Two that move each other linearly do so in the same way, up to constants.
    """

    def moved_by_others(s: Symbol) -> bool:
        return bool(read[s]) and s not in read[s] and not read[s] & located and s not in located

    def is_rate(o: Symbol) -> bool:
        return bool(identical(substituted(equations[state], {dot(state): o}), Integer(0)))

    if not moved_by_others(state):
        return False
    rivals = [o for o in read[state] if moved_by_others(o)]
    return not rivals or any(is_rate(o) and not _moved_linearly(o, equations) for o in rivals)


def _moved_linearly(state: Symbol, equations: Equations) -> bool:
    """Return whether a change of any state changes the rate of this one by the same wherever it happens."""
    b, at_one = (substituted(equations[state], {dot(state): Integer(n)}) for n in (0, 1))
    rate = b / (b - at_one)
    elsewhere = {s: fresh(f"another {s}", rate.free_symbols) for s in equations}
    changes = (substituted(rate, {s: s + 1}) - rate for s in equations)
    return all(bool(identical(change, substituted(change, elsewhere))) for change in changes)


def _recovered(
    state: Symbol,
    equations: Equations,
    new: Equations,
    early: set[Symbol],
    method: PartitionedEuler,
    step: Symbol,
    times: Equations,
) -> Verdict:
    """Return whether the difference quotient of a state obeys its equation at the evaluation point.

    `times` holds the time at which the equation is read, if it holds the time.
    """
    beside = Integer(0) if method.own == "exact" else method.own
    across = method.pending if state in early else method.updated
    weights = {s: beside if (s in early) == (state in early) else across for s in equations if s != state}
    values: Equations = times | {s: (1 - w) * s + w * new[s] for s, w in weights.items()}
    if method.own == "exact":
        taken = equations[state].free_symbols.union(*(v.free_symbols for v in values.values()))
        own, rate = fresh("own value", taken), fresh("own rate", taken)
        held = substituted(equations[state], values | {state: own, dot(state): rate})
        return _decayed(state, held, new[state], step, own, rate)
    values[state] = (1 - method.own) * state + method.own * new[state]
    quotient = (new[state] - state) / step
    residual = substituted(equations[state], values | {dot(state): quotient})
    return identical(residual, Integer(0), f"the difference quotient of {state} and its rate")


def _decayed(state: Symbol, residual: Expr, new: Expr, step: Symbol, own: Symbol, rate: Symbol) -> Verdict:
    """Return whether the new value solves c*s' + a*s + b = 0 exactly, with a, b, c constant.

    The state and its rate are `own` and `rate` in the residual, since a, b and c may depend on the state.
    """
    trials = ((0, 0), (1, 0), (0, 1))
    b, at_one, with_rate = (substituted(residual, {own: Integer(i), rate: Integer(j)}) for i, j in trials)
    a, c = at_one - b, with_rate - b
    linear = identical(residual, c * rate + a * own + b, f"the equation of {state} and a linear one")
    if not linear:
        reason = f"an exact decay needs an equation linear in {state}"
        return replace(linear, evidence=(reason, *linear.evidence))
    if identical(a, Integer(0)):
        return identical(c * (new - state), -step * b, f"the displacement of {state} and its constant rate")
    decay = exp(-a * step / c)
    return identical(a * new + b, decay * (a * state + b), f"the decay of {state} and the exact one")


def _order(move: Integrate, equations: Equations, new: Equations) -> Verdict:
    """Return whether one step meets the exact flow at the order that the integrator declares.

    A law that is written by cases is measured in each of them: a step that is short enough stays within one.
    The order is the least of these.
    """
    declared = move.method.order
    if math.isinf(declared):
        return undecided(f"{move.method.name} is exact, which was not proved of the new values")
    doubt, found = "", list[_Measured]()
    try:
        for piece, case in smooth_pieces([*equations.values(), *new.values()], move.step):
            residuals = dict(zip(equations, piece, strict=False))
            values = dict(zip(new, piece[len(equations) :], strict=True))
            measured = _measure(move, residuals, values)
            if case and measured.order < declared and smt.consistent(case)[0] is False:
                continue
            found.append(measured)
    except ArithmeticError as reason:
        doubt = str(reason)
    if doubt or not found:
        why = doubt or "the law has no value in any case"
        return undecided(f"the order could not be measured: {why}", engines=(identity_test.NAME,))
    worst = min(found, key=lambda m: (m.order, m.at_least))
    order = worst.order
    if order < declared:
        if worst.at_least:
            return undecided(f"an order up to {order} can be measured, {move.method.name} has {declared}")
        if known := identity_test.modelled(*equations.values(), *new.values()):
            # Of these a difference is not certain.
            return undecided(
                f"order {order} was measured, {move.method.name} has {declared}; what is known of "
                f"{', '.join(known)} does not suffice to tell whether that is all",
                engines=(identity_test.NAME,),
            )
        return fails(f"order {order} was measured, {move.method.name} has {declared}")
    sharp = not worst.at_least and all(m.order == order for m in found)
    size = f"order {order} and no higher was measured" if sharp else f"at least order {order} was measured"
    size = "no error was found" if math.isinf(order) else size
    cases = f" in each of {len(found)} cases" if len(found) > 1 else ""
    text = f"{size} against the exact flow{cases}, {identity_test.NAME}: {worst.bound}, one engine only"
    return holds(text, error=Order(move.step, order), engines=(identity_test.NAME,))


@dataclass(frozen=True)
class _Measured:
    """An order that was measured, or a lower bound on it."""

    order: int | float
    at_least: bool
    bound: ErrorBound


def _measure(move: Integrate, equations: Equations, new: Equations) -> _Measured:
    """Return the order at which one step meets the exact flow of a smooth law.

    Series that agree as far as they are known give a lower bound on it. That it is infinite must be proved:
    the new values, as functions of the time step, solve the law. Raises UndecidedError where the engine
    cannot tell.
    """
    # Three more terms than the order has show whether it is higher still.
    step = move.step, tuple(equations.items()), tuple(new.items())
    starts, bound = _starts(*step, min(int(move.method.order) + 3, MAX_TERMS))
    if all(unknown for _, unknown in starts):
        if _is_flow(move.step, equations, new):
            return _Measured(math.inf, False, bound)
        with suppress(ArithmeticError):  # else the order found first remains
            starts, bound = _starts(*step, MAX_TERMS)
    if len(starts) > 1:
        raise UndecidedError("it differs from point to point, as it depends on the branch of a root")
    ((start, unknown),) = starts
    return _Measured(start - 1, unknown, bound)


@lru_cache(maxsize=64)  # other methods are asked about the same step
def _starts(
    small: Symbol, equations: Items, values: Items, terms: int
) -> tuple[frozenset[tuple[int, bool]], ErrorBound]:
    """Return the exponent of the first term of the gap at each point, and whether that term is unknown."""
    law, new = dict(equations), dict(values)
    bound = error_bound(*law.values(), *new.values(), terms=terms)
    points = identity_test.evaluate_at_points(lambda at: _gaps(at, law, new), bound, small, terms=terms)
    # A series of zeros begins where its first unknown term does.
    return frozenset(min((gap.start, not gap.terms) for gap in gaps) for gaps in points), bound


def _is_flow(step: Symbol, equations: Equations, new: Equations) -> bool:
    """Return whether new values, as functions of the time step, solve the law and begin at the old ones.

    It is asked each time: the answer depends on what is assumed here.
    """
    try:
        speeds = {dot(s): derivative(value, step) for s, value in new.items()}
    except NotImplementedError:
        return False
    begun = (identical(substituted(value, {step: Integer(0)}), s) for s, value in new.items())
    solved = (identical(substituted(r, {**new, **speeds}), Integer(0)) for r in equations.values())
    return all(map(bool, begun)) and all(map(bool, solved))


_DERIVATIVES: dict[type, Callable[[Expr], Expr]] = {
    exp: exp,
    log: lambda inner: 1 / inner,
    sin: cos,
    cos: lambda inner: -sin(inner),
    tan: lambda inner: 1 + tan(inner) ** 2,
    atan: lambda inner: 1 / (1 + inner**2),
    sinh: cosh,
    cosh: sinh,
    tanh: lambda inner: 1 - tanh(inner) ** 2,
}


def derivative(value: Expr, step: Symbol) -> Expr:
    """Return the derivative of a value with respect to the step, by the rules of differentiation.

    Raises NotImplementedError for a function of the step whose derivative is not known here.
    """
    if step not in value.free_symbols:
        return Integer(0)
    if value == step:
        return Integer(1)
    parts = value.args
    if isinstance(value, Add):
        return Add(*(derivative(a, step) for a in parts))
    if isinstance(value, Mul):
        return Add(*(Mul(*parts[:k], derivative(a, step), *parts[k + 1 :]) for k, a in enumerate(parts)))
    if isinstance(value, Pow) and step not in parts[1].free_symbols:
        return parts[1] * parts[0] ** (parts[1] - 1) * derivative(parts[0], step)
    if isinstance(value, Pow):
        # f**g = exp(g*log(f))
        inner = log(parts[0])
        return value * (derivative(parts[1], step) * inner + parts[1] * derivative(inner, step))
    if type(value) not in _DERIVATIVES or any(f.has(step) for f in value.atoms(*OPAQUE)):
        raise NotImplementedError(f"{value} is no function of {step} whose derivative is known here")
    return _DERIVATIVES[type(value)](parts[0]) * derivative(parts[0], step)


def _gaps(point: Point, equations: Equations, new: Equations) -> list[Laurent]:
    """Return, for every state, the exact flow minus the step, as series in the time step."""
    start = {s: point.value(s) for s in equations}
    flow, there = _flow(point, equations, start), point.with_series(start)
    return [flow[s] + there.value(new[s]).scaled(-1) for s in equations]


def _flow(point: Point, equations: Equations, start: dict[Symbol, Laurent]) -> dict[Symbol, Laurent]:
    """Return the exact solution as a series in time, by Picard's iteration: each round gains one power.

    Each round is truncated to what is known: the first begins with the start alone.
    """
    flow = {s: Laurent.constant(here.coefficient(0), 1, here.modulus) for s, here in start.items()}
    for _ in range(1, point.terms):
        rates = {s: _rate(point, s, equations[s], flow) for s in equations}
        flow = {s: rate.integral(start[s].coefficient(0)) for s, rate in rates.items()}
    return flow


def _rate(point: Point, state: Symbol, residual: Expr, flow: dict[Symbol, Laurent]) -> Laurent:
    """Return the derivative of a state from its residual, which must be linear in it."""
    values = []
    for trial in (0, 1, 2):
        values.append(point.with_series(flow | {dot(state): point.number(trial)}).value(residual))
    coefficient = values[1] + values[0].scaled(-1)
    if (values[2] + values[1].scaled(-1) + coefficient.scaled(-1)).terms:
        raise UndecidedError(f"the equation of {state} is not linear in its derivative")
    return values[0].scaled(-1) * coefficient.inverse()
