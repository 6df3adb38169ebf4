"""The law of motion of which a rule is a discretisation, recognised by the map of the rule."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

from sympy import (
    Expr,
    ImmutableMatrix,
    Integer,
    Poly,
    Rational,
    S,
    Symbol,
    cancel,
    count_ops,
    expand,
    expand_log,
    factor,
    nan,
    oo,
    simplify,
    solve,
    zoo,
)

from physsym.analysis.linear import z
from physsym.analysis.modified_equations import modified_equation
from physsym.core.statements import Equation, Law, Rule, Update
from physsym.core.symbols import dot, grad
from physsym.integrators import (
    Method,
    backward_euler,
    explicit_midpoint,
    forward_euler,
    heun,
    implicit_midpoint,
    runge_kutta_4,
    semi_implicit_euler,
    ssp33,
    velocity_verlet,
)
from physsym.mechanics.integrators import FRICTION
from physsym.mechanics.moves import Integrate, MoveError
from physsym.optimizers.report.assumptions import follows, with_positive_factors
from physsym.optimizers.report.linearization import Linearized, NotLinearError
from physsym.optimizers.report.transfer_function import Response, TransferFunction, response
from physsym.transform.registry import apply
from physsym.verify.equivalence import same_rule
from physsym.vocabulary import dt, gamma, m, v, x

# Friction and mass enter a step by s = gamma*dt/m and w = dt**2/m alone; the shift of the point at which the
# force is read is `kappa` steps at the velocity.
s, w, kappa = Symbol("s", real=True), Symbol("w", positive=True), Symbol("kappa", real=True)
# The second pole of a rule, its numerator at one, and the coefficient of z in it.
RATIO, TOTAL, LEAD = (Symbol(name, real=True) for name in ("ratio", "total", "lead"))


@dataclass(frozen=True)
class Candidate:
    """A one-step method on m*x'' + gamma*x' = -grad U(x), with the force read at x + kappa*dt*v."""

    method: Method
    first: tuple[Symbol, ...]
    shifted: bool
    rule: Rule

    @property
    def name(self) -> str:
        """Return the name of the method, with what moves first."""
        order = {(): "", (v,): ", velocity first", (x,): ", position first"}[self.first]
        return self.method.name + order


@dataclass(frozen=True)
class Motion:
    """A law of motion, the method that integrates it, and the maps to the rule.

    Parameters
    ----------
    law
        The law, m*x'' = -gamma*x' - grad(x) or gamma*x' = -grad(x).
    method
        The name of the method, with what it moves first.
    mass, friction
        In terms of the parameters of the rule and of the time step `dt`, which is the free unit of time.
    shift
        The force is read at x + shift*dt*v.
    position, velocity
        The states of the law in terms of those of the rule.
    order
        The order of the method on this law, found by backward error analysis.
    others
        Other treatments of friction that give the same map, each with its mass and friction.
    """

    law: Law
    method: str
    mass: Expr
    friction: Expr
    order: int
    shift: Expr = S.Zero
    position: Expr = x
    velocity: Expr | None = None
    others: tuple[tuple[str, Expr, Expr], ...] = ()
    candidate: Candidate | None = None


SECOND_ORDER = Law((Equation(m * dot(dot(x)), -gamma * dot(x) - grad(x)),))
FIRST_ORDER = Law((Equation(gamma * dot(x), -grad(x)),))


@cache
def candidates(shifted: bool) -> tuple[Candidate, ...]:
    """Return the methods on the law of second order, in the order in which they are tried."""
    treatments = [semi_implicit_euler.with_friction(name) for name in FRICTION]
    tried: list[tuple[Method, tuple[Symbol, ...]]] = [(t, (first,)) for first in (v, x) for t in treatments]
    if not shifted:
        together = (
            forward_euler,
            velocity_verlet,
            explicit_midpoint,
            heun,
            backward_euler,
            implicit_midpoint,
        )
        tried += [(method, (v,) if method is velocity_verlet else ()) for method in together]
    return tuple(c for method, first in tried if (c := _candidate(method, first, shifted)) is not None)


def _candidate(method: Method, first: tuple[Symbol, ...], shifted: bool) -> Candidate | None:
    """Return a method carried out; None where it cannot be carried out on a law with friction."""
    friction = gamma if method is not velocity_verlet else Integer(0)
    law = Law((Equation(m * dot(v), -friction * v - grad(x)), Equation(dot(x), v)))
    try:
        rule = apply(Integrate(method, dt, first=first), law)
    except MoveError:
        return None
    assert isinstance(rule, Rule)
    scaled = {gamma: s * m / dt}
    there = kappa * dt * v if shifted else Integer(0)
    updates = (
        Update(
            u.target,
            u.value.replace(grad, lambda q: grad(q + there)).xreplace(scaled).xreplace({m: dt**2 / w}),
        )
        for u in rule.updates
    )
    return Candidate(method, first, shifted, Rule(tuple(updates)))


@cache
def _response(candidate: Candidate) -> Response | None:
    try:
        return response(Linearized(candidate.rule, x))
    except NotLinearError:
        return None


@lru_cache(maxsize=64)  # reports at other values ask again
def motion(linear: Linearized) -> Motion:
    """Return the law of motion of a linear rule; raise NotLinearError with the reason where there is none."""
    found = response(linear)
    if found.point.without_integrator is None:
        raise NotLinearError(
            "the weights do not rest without a gradient, as after weight decay: no law m*x'' + gamma*x' = "
            "-grad(x) has that"
        )
    if found.point.poles == 1:
        return _first_order(found)
    if found.point.poles != 2:
        raise NotLinearError(
            f"the gradient moves {found.point.poles} modes, and a law of second order has two"
        )
    for shifted, same_weights in ((False, True), (True, True), (True, False)):
        tried = [c for c in candidates(shifted) if same_weights or c.first == (v,)]
        matches = [match for c in tried if (match := _match(c, found, same_weights))]
        if matches:
            return _chosen(matches, found, linear)
    raise NotLinearError(
        "no method of physsym.integrators on m*x'' + gamma*x' = -grad(x) gives this map, whatever m and gamma"
    )


# ------------------------------------------------------------------ of first order


def _first_order(found: Response) -> Motion:
    """Return the gradient flow that a rule with one mode is forward Euler of."""
    point, eta = found.point, found.point.gain
    if point != found.weights or point.numerator.degree() > 0:
        raise NotLinearError(
            "the gradient moves one mode, and is not taken at the weights before the step as by forward Euler"
        )
    order = _order(Rule((Update(x, x - dt / gamma * grad(x)),)))
    return Motion(FIRST_ORDER, forward_euler.name, Integer(0), cancel(dt / eta), order)


def runge_kutta_flow(rule: Rule, weights: Symbol) -> Motion:
    """Return the gradient flow of which a rule of one state is a step by a method of several stages."""
    if rule.targets != (weights,) or rule.states != (weights,):
        raise NotLinearError("several gradients a step, and states beside the weights")
    value = rule.updates[0].value
    step = _total_weight(weights - value)
    if step is None or step == 0:
        raise NotLinearError("the weights of the gradients of a step have no sum other than zero")
    law = Law((Equation(gamma * dot(weights), -grad(weights)),))
    for method in (explicit_midpoint, heun, ssp33, runge_kutta_4):
        carried_out = apply(Integrate(method, dt), law)
        assert isinstance(carried_out, Rule)
        flow = Rule(tuple(Update(u.target, u.value.subs(gamma, dt / step)) for u in carried_out.updates))
        if same_rule(rule, flow):
            order = _order(carried_out)
            return Motion(FIRST_ORDER, method.name, Integer(0), cancel(dt / step), order, position=weights)
    raise NotLinearError(
        "no method of physsym.integrators on gamma*x' = -grad(x) reads gradients at these points"
    )


def _total_weight(change: Expr) -> Expr | None:
    """Return the sum of the factors of all gradients, as under a constant gradient of one."""
    outer = change.replace(grad, lambda q: Integer(1)).expand()
    return None if outer.has(grad) else factor(cancel(outer))


# ------------------------------------------------------------------ of second order


@dataclass(frozen=True)
class _Match:
    candidate: Candidate
    mass: Expr
    friction: Expr
    shift: Expr
    scaled: tuple[tuple[Symbol, Expr], ...]

    @property
    def chosen(self) -> dict[Symbol, Expr]:
        """Return the values of the dimensionless parameters of the candidate."""
        return dict(self.scaled)


def _match(candidate: Candidate, found: Response, same_weights: bool) -> _Match | None:
    """Return mass, friction and shift at which a method has the transfer functions of the rule.

    The poles fix s = gamma*dt/m, the value of the numerator at one fixes w = dt**2/m, and the leading
    coefficient the shift; all other coefficients must then agree.
    """
    own, rest = _response(candidate), found.point.without_integrator
    if own is None or own.point.poles != 2 or own.point.without_integrator is None or rest is None:
        return None
    ratio, total, lead = -rest.eval(0), found.point.numerator.eval(1), found.point.numerator.coeff_monomial(z)
    given = {RATIO: ratio, TOTAL: total, LEAD: lead}
    for solution in _inverse(candidate):
        chosen = {name: _tidied(value.subs(given)) for name, value in solution.items()}
        if any(e.has(nan, zoo, oo) for e in chosen.values()) or chosen[w] == 0:
            continue
        pairs = [(own.point, found.point)] + [(own.weights, found.weights)] * same_weights
        if not all(_equal(left, right, chosen) for left, right in pairs):
            continue
        mass, friction = _tidied(dt**2 / chosen[w]), _tidied(chosen[s] * dt / chosen[w])
        match = _Match(candidate, mass, friction, chosen[kappa], tuple(chosen.items()))
        if _conjugate(match, found) is not None:
            return match
    return None


@cache
def _inverse(candidate: Candidate) -> tuple[dict[Symbol, Expr], ...]:
    """Return s, w and the shift of a method in terms of its second pole and its numerator."""
    own = _response(candidate)
    assert own is not None
    assert own.point.without_integrator is not None
    found = list[dict[Symbol, Expr]]()
    for ratio in _solutions(-own.point.without_integrator.eval(0) - RATIO, s):
        scale = own.point.numerator.eval(1).subs(s, ratio)
        for width in _solutions(scale - TOTAL, w):
            known = {s: ratio, w: width}
            lead = own.point.numerator.coeff_monomial(z).subs(known) - LEAD
            shifts = _solutions(expand(lead), kappa) if candidate.shifted else [Integer(0)]
            found += [known | {kappa: shift} for shift in shifts]
    return tuple(found)


def _conjugate(match: _Match, found: Response) -> ImmutableMatrix | None:
    """Return the states of the law in terms of those of the rule; None where no matrix maps every step.

    Both systems move the evaluation point alike under every sequence of gradients, so the states correspond
    by how they show in it without gradients. One step of either must agree, gradients included.
    """
    own = _response(match.candidate)
    assert own is not None
    chosen = match.chosen
    rows = own.observability.subs(chosen)
    if _vanishes(rows.det()):
        return None
    shown = (rows.inv() * found.observability).applyfunc(_tidied)
    steps = own.system.matrix.subs(chosen) * shown - shown * found.system.matrix
    kicks = (
        own.system.inputs.subs(chosen) * own.system.delays - shown * found.system.inputs * found.system.delays
    )
    return shown if all(map(_vanishes, [*steps, *kicks])) else None


def _solutions(equation: Expr, unknown: Symbol) -> list[Expr]:
    if not equation.has(unknown):  # as of a method for laws without friction
        return [Integer(0)]
    try:
        return [_tidied(e) for e in solve(equation, unknown) if not e.has(unknown)]
    except NotImplementedError:
        return []


def _tidied(expression: Expr) -> Expr:
    return factor(expand_log(cancel(expression)))


def _equal(left: TransferFunction, right: TransferFunction, chosen: dict[Symbol, Expr]) -> bool:
    cross = left.numerator.as_expr() * right.denominator.as_expr()
    cross -= right.numerator.as_expr() * left.denominator.as_expr()
    cross = cross.subs(chosen)
    return not _nonzero_at_a_point(cross) and all(map(_vanishes, Poly(expand(cross), z).all_coeffs()))


def _vanishes(expression: Expr) -> bool:
    if expression == 0:
        return True
    return not _nonzero_at_a_point(expression) and bool(cancel(expression) == 0 or simplify(expression) == 0)


def _nonzero_at_a_point(expression: Expr) -> bool:
    """Return whether an expression is not zero at one point, which refutes that it vanishes."""
    symbols = sorted(expression.free_symbols, key=str)
    point = {q: Rational(2 * k + 3, 5 * k + 11) for k, q in enumerate(symbols)}
    value = expression.subs(point).evalf(30)
    return bool(value.is_number and value.is_finite and abs(value) > Rational(1, 10**15))


def _chosen(matches: list[_Match], found: Response, linear: Linearized) -> Motion:
    """Return the motion with the simplest mass and friction, and the other readings of the same map."""
    given = linear.assuming
    positive = [k for k in matches if not any(follows(given, -e) for e in (k.mass, k.friction))]
    ranked = sorted(positive or matches, key=lambda k: count_ops(k.mass) + count_ops(k.friction))
    best = ranked[0]
    position, velocity = _states(best, found)
    plain = {s: gamma * dt / m, w: dt**2 / m, kappa: best.shift if best.shift.is_number else kappa}
    rule = best.candidate.rule.updates
    order = _order(Rule(tuple(Update(u.target, u.value.subs(plain)) for u in rule)))
    law, name, others = SECOND_ORDER, best.candidate.name, ranked[1:]
    if best.friction == 0:  # then no treatment of friction is told from another
        law, others = Law((Equation(m * dot(dot(x)), -grad(x)),)), []
    return Motion(
        law,
        name,
        with_positive_factors(best.mass, given),
        with_positive_factors(best.friction, given),
        order,
        with_positive_factors(best.shift, given),
        position,
        velocity,
        tuple(
            (k.candidate.name, with_positive_factors(k.mass, given), with_positive_factors(k.friction, given))
            for k in others
        ),
        best.candidate,
    )


def _states(match: _Match, found: Response) -> tuple[Expr, Expr]:
    """Return position and velocity of the law in terms of the states of the rule."""
    own, shown = _response(match.candidate), _conjugate(match, found)
    assert own is not None
    assert shown is not None
    position, velocity = (own.system.states.index(q) for q in (x, v))
    rule_states = found.system.states
    return tuple(_collected(shown[i, :], rule_states) for i in (position, velocity))


def _collected(row: ImmutableMatrix, states: tuple[Symbol, ...]) -> Expr:
    return sum((a * q for a, q in zip(row, states, strict=True)), Integer(0))


# ------------------------------------------------------------------ the order of accuracy


def _order(rule: Rule, most: int = 5) -> int:
    """Return the power of dt of the first term by which the modified equation differs from the law."""
    terms = modified_equation(rule, dt, 1)
    for power in range(1, most):
        if any(expand(e.right) != 0 for e in terms.term(power).equations):
            return power
        terms = modified_equation(rule, dt, power + 1)
    return most
