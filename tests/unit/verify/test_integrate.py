"""What the judge of an integration says: which difference quotient is wrong, and which order was measured."""

from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from sympy import Abs, Integer, Rational, Symbol, exp, oo

from physsym import Integrate, ReduceOrder, System, after, apply, check, dot, grad, law, rule
from physsym.core.verdicts import Order, Outcome, holds
from physsym.integrators import (
    PartitionedEuler,
    backward_euler,
    exponential_euler,
    forward_euler,
    runge_kutta_4,
    semi_implicit_euler,
)
from physsym.mechanics.moves import Move, MoveError
from physsym.verify.engines.error_bound import error_bound
from physsym.verify.integrate import verify_method
from physsym.verify.registry import verify_step
from physsym.vocabulary import G, dt, gamma, m, rho, u, v, x

implicit_friction = semi_implicit_euler.with_friction("implicit")
midpoint_friction = semi_implicit_euler.with_friction("midpoint")
exact_friction = semi_implicit_euler.with_friction("exponential")
c, w = (Symbol(name, real=True) for name in "cw")
a, b = (Symbol(name, positive=True) for name in "ab")
particle = law({dot(x): v, m * dot(v): -gamma * v - G})
swapped = law({m * dot(v): -gamma * v - G, v: dot(x)})
forced = law({dot(x): v, dot(v): -a * v - G})
decay = law({dot(w): -a * w})
kick = v - dt * (gamma * v + G) / m

# Each rule is solved by hand from (new - old)/dt = rate, the rate read where the method says.
RIGHT = [
    (forward_euler, particle, {x: x + dt * v, v: v - dt * (gamma * v + G) / m}, 1),
    (semi_implicit_euler, particle, {v: kick, x: x + dt * after(v)}, 1),
    (semi_implicit_euler, swapped, {v: kick, x: x + dt * after(v)}, 1),
    (semi_implicit_euler, law({dot(x): v, dot(v): -a * v}), {v: v - dt * a * v, x: x + dt * after(v)}, 1),
    (implicit_friction, forced, {v: (v - dt * G) / (1 + a * dt), x: x + dt * after(v)}, 1),
    (midpoint_friction, forced,
     {v: ((1 - a * dt / 2) * v - dt * G) / (1 + a * dt / 2), x: x + dt * after(v)}, 1),
    (exact_friction, forced,
     {v: exp(-a * dt) * v - (1 - exp(-a * dt)) * G / a, x: x + dt * after(v)}, 1),
    (backward_euler, law({dot(x): v, dot(v): -b}), {v: v - dt * b, x: x + dt * after(v)}, 1),
    (forward_euler, decay, {w: w - dt * a * w}, 1),
    (implicit_friction, decay, {w: w / (1 + a * dt)}, 1),
    (midpoint_friction, decay, {w: w * (1 - a * dt / 2) / (1 + a * dt / 2)}, 2),
    (exact_friction, decay, {w: exp(-a * dt) * w}, oo),
    (exact_friction, law({b * dot(w): c - a * w}), {w: c / a + exp(-a * dt / b) * (w - c / a)}, oo),
    (exact_friction, law({b * dot(w): c}), {w: w + dt * c / b}, oo),
    (forward_euler, law({b * dot(w): c}), {w: w + dt * c / b}, oo),
]  # fmt: skip


@pytest.mark.parametrize(("integrator", "line", "step", "order"), RIGHT)
def test_the_step_of_a_method_holds_at_its_order(integrator, line, step, order):
    verdict = check(Integrate(integrator, dt), line, rule(step))
    assert verdict, str(verdict)
    assert verdict.error.symbol == dt
    assert verdict.error.exponent == order
    size = "no error was found" if order == oo else f"order {order} and no higher was measured"
    assert verdict.evidence[-1].startswith(f"{size} against the exact flow, finite field: error below 2^-")
    assert verdict.evidence[-1].endswith(", one engine only")
    assert "dt > 0" in map(str, verdict.assumes)
    smooth = "the potential is smooth" in map(str, verdict.assumes)
    assert smooth is any(e.residual.has(grad) for e in line.equations)
    assert {"finite field", "flint"} <= set(verdict.engines)


RATE = "the difference quotient of {} and its rate differ by"
WRONG = [
    (forward_euler, decay, {w: w - 2 * dt * a * w}, RATE.format("w")),
    (forward_euler, decay, {w: w / (1 + a * dt)}, RATE.format("w")),
    (implicit_friction, decay, {w: w - dt * a * w}, RATE.format("w")),
    (midpoint_friction, decay, {w: w / (1 + a * dt)}, RATE.format("w")),
    (semi_implicit_euler, particle, {v: kick, x: x + dt * v}, RATE.format("x")),
    (forward_euler, particle, {v: kick, x: x + dt * after(v)}, RATE.format("x")),
    (semi_implicit_euler, particle, {v: kick, x: x - dt * after(v)}, RATE.format("x")),
    (semi_implicit_euler, particle, {v: kick + v, x: x + dt * after(v)}, RATE.format("v")),
    (backward_euler, particle, {v: kick, x: x + dt * after(v)}, RATE.format("v")),
    (exact_friction, decay, {w: exp(a * dt) * w}, "the decay of w and the exact one differ"),
    (
        exact_friction,
        law({b * dot(w): c - a * w}),
        {w: exp(-a * dt / b) * w + c / a},
        "the decay of w and",
    ),
    (
        exact_friction,
        law({b * dot(w): c}),
        {w: w + dt * c},
        "the displacement of w and its constant rate",
    ),
    (
        exact_friction,
        law({b * dot(w): c}),
        {w: w - dt * c / b},
        "the displacement of w and its constant",
    ),
]


@pytest.mark.parametrize(("integrator", "line", "step", "words"), WRONG)
def test_another_step_fails_and_reports_which_rate_it_misses(integrator, line, step, words):
    verdict = check(Integrate(integrator, dt), line, rule(step))
    assert verdict.outcome is Outcome.FAILS
    assert verdict.evidence[0].startswith(words)
    assert verdict.witness.startswith("at ")


def test_a_method_that_promises_more_than_it_has_fails():
    boasting = PartitionedEuler("boasting Euler", 2)
    verdict = check(Integrate(boasting, dt), decay, rule({w: w - dt * a * w}))
    assert verdict.outcome is Outcome.FAILS
    assert verdict.evidence == ("order 1 was measured, boasting Euler has 2",)


def test_a_method_that_promises_less_than_it_has_is_measured():
    modest = PartitionedEuler("modest midpoint", 1, Rational(1, 2), Rational(1, 2), Rational(1, 2))
    verdict = check(Integrate(modest, dt), decay, rule({w: w * (1 - a * dt / 2) / (1 + a * dt / 2)}))
    assert verdict.error.exponent == 2


class OneOfOnes:
    """A method that somebody else registers, with a check that returns what it is given."""

    name, order, partitioned = "one's own", 1, False

    def __init__(self, returns):
        self.returns = returns


def careless(method, equations, new, move):
    return method.returns


@dataclass(frozen=True)
class Carelessly(Move):
    """A move that somebody else registers."""

    returns: object = None


@dataclass(frozen=True)
class Unjudged(Move):
    """A move that nobody registers."""


def test_a_move_without_a_check_is_unchecked_and_named():
    verdict = check(Unjudged(), decay, rule({w: w}))
    assert verdict.outcome is Outcome.UNCHECKED
    assert "no check is registered for Unjudged" in verdict.evidence[0]


@pytest.mark.parametrize("returns", [None, True, [True], [None], "holds", holds("all is well")], ids=repr)
def test_a_check_of_a_method_from_outside_returns_verdicts(returns):
    verify_method.register(OneOfOnes, careless)
    with pytest.raises(
        TypeError, match=r"registered for OneOfOnes, .*test_integrate\.careless, must return a list"
    ):
        check(Integrate(OneOfOnes(returns), dt), decay, rule({w: w - dt * a * w}))
    verify_method.register(OneOfOnes, lambda *given: [holds("all is well")])
    assert check(Integrate(OneOfOnes(None), dt), decay, rule({w: w - dt * a * w})).error.exponent == 1


@pytest.mark.parametrize("returns", [None, True, [holds("all is well")]], ids=repr)
def test_a_check_of_a_move_from_outside_returns_a_verdict(returns):
    verify_step.register(Carelessly, lambda move, above, below: move.returns)
    with pytest.raises(TypeError, match=r"registered for Carelessly, .*, must return a verdict, as of holds"):
        check(Carelessly(returns), decay, rule({w: w}))


def test_a_method_without_a_check_is_unchecked_as_a_move_is():
    unknown = SimpleNamespace(name="unknown", order=1, partitioned=False)
    verdict = check(Integrate(unknown, dt), decay, rule({w: w + 5}))
    assert verdict.outcome is Outcome.UNCHECKED
    assert "no check is registered for the method" in verdict.evidence[0]


def test_a_coupled_mass_matrix_is_named():
    p, q = Symbol("p", real=True), Symbol("q", real=True)
    line = System((x, c), dot(x) ** 2 / 2 + dot(c) ** 2 / 2 + dot(x) * dot(c) / 2).law()
    line = apply(ReduceOrder(c, q), apply(ReduceOrder(x, p), line))
    move = Integrate(semi_implicit_euler, dt)
    with pytest.raises(
        MoveError, match=r"couples p' and q', and no move .* solve them for the derivatives"
    ) as error:
        apply(move, line)
    assert "ReduceOrder" not in str(error.value)
    verdict = check(move, line, rule({p: p, q: q, x: x + dt * after(p), c: c + dt * after(q)}))
    assert "it couples p' and q'; begin with the law solved" in verdict.evidence[0]


def test_a_step_that_does_not_meet_the_flow_has_order_0():
    verdict = check(Integrate(forward_euler, dt), decay, rule({w: w}))
    assert verdict.outcome is Outcome.FAILS
    assert verdict.evidence[-1] == "order 0 was measured, forward Euler has 1"


def test_a_decay_that_is_not_linear_cannot_be_exact():
    verdict = check(Integrate(exact_friction, dt), law({dot(w): -a * w**2}), rule({w: exp(-a * dt) * w}))
    assert verdict.outcome is Outcome.FAILS
    assert verdict.evidence[0] == "an exact decay needs an equation linear in w"
    assert verdict.evidence[1].startswith("the equation of w and a linear one differ by")


def test_an_order_that_cannot_be_measured_is_no_pass():
    # The rate is c, by a root of an equation that is not linear in it.
    verdict = check(Integrate(forward_euler, dt), law({dot(w) ** 3: c**3}), rule({w: w + dt * c}))
    assert verdict.outcome is Outcome.UNDECIDABLE
    told = "the order could not be measured: the equation of w is not linear in its derivative"
    assert verdict.evidence == (told,)
    assert "finite field" in verdict.engines


def test_an_order_that_depends_on_a_sign_is_the_least_of_both():
    # Where c is negative the rate is b, and the step is exact; where it is positive the order is 1.
    rate = (c + Abs(c)) * w + b
    verdict = check(Integrate(forward_euler, dt), law({dot(w): rate}), rule({w: w + dt * rate}))
    assert verdict.outcome is Outcome.HOLDS
    assert verdict.error == Order(dt, 1)
    assert "at least order 1 was measured against the exact flow in each of 2 cases" in verdict.evidence[-1]


def test_the_order_reports_how_far_its_series_are_bounded():
    verdict = check(Integrate(forward_euler, dt), decay, rule({w: w - dt * a * w}))
    # An order of 1 is told from a higher one by series to the terms of dt**3.
    assert str(error_bound(dot(w) + a * w, w - dt * a * w, terms=4)) in verdict.evidence[-1]


@pytest.mark.parametrize(
    ("line", "step", "reason"),
    [
        (rule({w: w}), rule({w: w}), "Integrate needs a law above, the line is"),
        (decay, decay, "Integrate needs a rule below, the line is"),
        (
            law({dot(w): dt}),
            rule({w: w}),
            "dt occurs in the line w' = dt, so it is no fresh name for the time",
        ),
        (decay, rule({x: x}), "the rule must update w and nothing else"),
        (particle, rule({v: v}), "the rule must update v, x and nothing else"),
        (law({dot(dot(w)): c}), rule({w: w}), "w'' = c does not hold one first derivative"),
        (law({dot(w) + dot(u): c}), rule({w: w}), "does not hold one first derivative"),
        (law({w: c}), rule({w: w}), "w = c does not hold one first derivative"),
    ],
)
def test_what_is_no_integration_is_refused(line, step, reason):
    verdict = check(Integrate(forward_euler, dt), line, step)
    assert verdict.outcome is Outcome.FAILS
    assert reason in verdict.evidence[0]


def test_a_state_keeps_the_sign_that_its_law_declares():
    # The derivative of a positive state is a symbol of no sign; the state in the rule is the one in the law.
    assert check(Integrate(forward_euler, dt), law({dot(a): -rho * a}), rule({a: a - dt * rho * a}))


def test_a_state_that_only_its_rate_names_is_found():
    assert check(Integrate(forward_euler, dt), law({dot(w): c}), rule({w: w + dt * c}))
    plain = Symbol("q")
    assert check(Integrate(forward_euler, dt), law({dot(plain): Integer(2)}), rule({plain: plain + 2 * dt}))


def test_symbols_of_any_name_are_the_users():
    own, rate = Symbol("own", real=True), Symbol("rate", positive=True)
    line, step = law({dot(own): -rate * own}), rule({own: exp(-rate * dt) * own})
    assert check(Integrate(exact_friction, dt), line, step)
    assert check(Integrate(exponential_euler, dt), line, step)
    assert check(Integrate(runge_kutta_4, dt), line, apply(Integrate(runge_kutta_4, dt), line))


def test_the_proposal_for_a_state_of_declared_sign_holds_under_the_condition_that_keeps_it():
    fast = Symbol("fast", positive=True)
    line = law({dot(x): fast, dot(fast): -a * fast})
    proposed = apply(Integrate(semi_implicit_euler, dt), line)
    assert [str(condition) for condition in proposed.keeping_signs] == ["-a*dt + 1 > 0"]
    assert check(Integrate(semi_implicit_euler, dt), line, proposed)


@pytest.mark.parametrize(
    ("line", "condition", "outcome"),
    [
        (law({c * dot(x): -c * x}), "c != 0", Outcome.HOLDS),
        (law({(c - a) * dot(x): -(c**2 - a**2) * x}), "-a + c != 0", Outcome.HOLDS),
        (law({x * dot(x): -(x**2)}), "x != 0", Outcome.CONDITIONAL),
        (law({gamma * dot(x): -gamma * x}), "gamma != 0", Outcome.HOLDS),
    ],
)
def test_what_multiplies_a_derivative_is_not_zero_though_it_cancels(line, condition, outcome):
    step = apply(Integrate(forward_euler, dt), line)
    verdict = check(Integrate(forward_euler, dt), line, step)
    assert verdict.outcome is outcome
    assert condition in [str(assumed) for assumed in verdict.assumes]


def test_what_was_assumed_for_one_verdict_is_not_assumed_for_the_next():
    move, due = Integrate(exponential_euler, dt), law({dot(w): -c * w})
    step = rule({w: w * exp(-Abs(c) * dt)})
    outcomes = [check(move, due, step, given=given).outcome for given in ((), c > 0, ())]
    assert outcomes == [Outcome.FAILS, Outcome.HOLDS, Outcome.FAILS]
