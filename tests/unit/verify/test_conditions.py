"""Assumptions: collected, marked, consistent, each one needed; and how far a rule is from its law."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from sympy import Abs, Symbol, exp, lambdify, log, sign, sqrt

from derivations import gradient_descent, momentum
from physsym import (
    Define,
    Derivation,
    Divide,
    Integrate,
    Isolate,
    Limit,
    Multiply,
    Step,
    System,
    after,
    apply,
    check,
    damped_particle,
    dot,
    grad,
    law,
    optimizer,
    rule,
)
from physsym.__main__ import main
from physsym.core.verdicts import Condition, Hypothesis, Outcome
from physsym.integrators import forward_euler, heun
from physsym.mechanics import particle_with_friction
from physsym.mechanics.moves import MoveError, Neglect
from physsym.parsing import conditions_of
from physsym.verify import conditions
from physsym.verify.conditions import consistent, follows
from physsym.verify.domains import defined
from physsym.verify.engines import smt
from physsym.vocabulary import G, Vocabulary, dt, eta, gamma, m, rho, tau, u, v, x

motion = damped_particle.law()
in_tau = law({tau * dot(dot(x)): -G / gamma - dot(x)})
overdamped = law({0: -G / gamma - dot(x)})
c = Symbol("c", real=True)


def told(assumed):
    return {str(a) for a in assumed}


# ------------------------------------------------------------------ collected, and told from what follows


def test_conditions_of_a_text_survive_what_sympy_cancels():
    assert told(conditions_of("gamma*v/gamma")) == {"gamma != 0"}
    assert told(defined(gamma * v / gamma)) == set()


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (x / tau + 1 / (1 + rho), {"tau != 0", "rho + 1 != 0"}),
        (sqrt(1 - rho) + 1 / sqrt(x), {"1 - rho >= 0", "x > 0"}),
        (log(x) + Abs(u) ** rho, {"x > 0", "Abs(u) > 0"}),
        (x**2 + grad(1 / u), {"u != 0"}),
        (1 / sqrt(2) + x, set()),
    ],
)
def test_a_formula_brings_its_conditions(expression, expected):
    assert told(defined(expression)) == expected


def test_every_step_brings_the_conditions_of_its_line():
    verdict = check(Multiply(c), law({x / c: u}), law({x: c * u}))
    assert "c != 0" in told(verdict.assumes)
    assert "rho + 1 != 0" in told(
        check(Divide(1 + rho), law({x * (1 + rho): u}), law({x: u / (1 + rho)})).assumes
    )


FOLLOWS = [
    (Condition(gamma, "!= 0"), True),
    (Condition(gamma * (dot(x) - dot(u)) ** 2, ">= 0"), True),
    (Condition(dt / tau + 1, "!= 0"), True),
    (Condition(x**2 + x * u + u**2, ">= 0"), True),
    (Condition(1 - exp(-dt / tau), "> 0"), True),
    (Condition(c, "!= 0"), False),
    (Condition(1 - dt / tau, ">= 0"), False),
    (Condition(x**2 + 3 * x * u + u**2, ">= 0"), False),
    (Condition(G, "!= 0"), False),
    (Hypothesis("the potential is smooth"), False),
]


@pytest.mark.parametrize(("condition", "expected"), FOLLOWS, ids=lambda c: str(c))
def test_what_follows_is_reported_from_what_is_assumed(condition, expected):
    assert follows(condition) is expected


def test_what_the_form_shows_costs_no_process(monkeypatch):
    def never(*_):
        raise AssertionError("a process was started")

    monkeypatch.setattr(smt, "ask", never)
    conditions._consistent.cache_clear()
    assert follows(Condition(gamma + m * dot(x) ** 2, "> 0"))
    assert not follows(Condition(Symbol("fresh", real=True), "!= 0"))
    assert consistent((Condition(c, "!= 0"), Condition(1 - dt / tau, "> 0")))
    assert all(gradient_descent.derivation.verdicts())


def test_a_z3_that_cannot_tell_leaves_a_condition_assumed(monkeypatch):
    conditions._truth_by_engines.cache_clear()
    smt._implies.cache_clear()
    monkeypatch.setattr(smt, "ask", lambda *_: None)
    assert not follows(Condition(x**2 + x * u + 5 * u**2, ">= 0"))
    conditions._truth_by_engines.cache_clear()
    smt._implies.cache_clear()


# ------------------------------------------------------------------ consistent


def test_assumptions_that_can_hold_come_with_an_example():
    verdict = consistent((Condition(rho, "> 0"), Condition(1 - rho, "> 0")))
    assert verdict
    (name, value) = verdict.evidence[0].split(" at ")[1].split(" = ")
    assert name == "rho"
    assert 0 < Fraction(value) < 1


def test_assumptions_that_clash_are_named_and_no_others():
    verdict = consistent((Condition(rho - gamma, "> 0"), Condition(-rho, "> 0"), Condition(x, "!= 0")))
    assert verdict.outcome is Outcome.FAILS
    assert all(part in verdict.evidence[0] for part in ("gamma > 0", "-rho > 0", "-gamma + rho > 0"))
    assert "x" not in verdict.evidence[0].split(": ")[1]


def test_what_no_engine_can_tell_is_no_pass():
    assert consistent((Condition(log(x) - 100, "> 0"), Condition(-x, "> 0"))).outcome is Outcome.UNDECIDABLE


def contradictory():
    """Return a derivation that divides by something that it also takes to be negative and not."""
    start = law({rho * dot(x): -rho * G})
    assumed = (Condition(rho, "> 0"), Condition(-rho - 1, ">= 0"))
    return Derivation("contradictory", type(start)(start.equations, assumed), (Step("", Divide(rho)),))


def test_contradictory_assumptions_fail_every_step():
    derivation = contradictory()
    assert derivation.consistency().outcome is Outcome.FAILS
    assert [v.outcome for v in derivation.verdicts()] == [Outcome.FAILS, Outcome.FAILS]
    assert all("contradict each other" in v.evidence[0] for v in derivation.verdicts())
    assert all(Derivation("fine", law({rho * gamma * dot(x): -rho * G}), derivation.steps).verdicts())


SCRIPT = '''"""Contradictory."""

from tests.unit.verify.test_conditions import contradictory

derivation = contradictory()
'''


def test_the_command_counts_a_contradiction(tmp_path, capsys):
    path = tmp_path / "contradictory.py"
    path.write_text(SCRIPT)
    assert main(["check", str(path)]) == 1
    assert "the assumptions contradict each other" in capsys.readouterr().out


@pytest.mark.parametrize("derivation", [gradient_descent.derivation, momentum.derivation, momentum.two_steps])
def test_the_shipped_assumptions_are_consistent(derivation):
    assert derivation.consistency()


# ------------------------------------------------------------------ each one is needed


def test_a_divisor_that_may_vanish_is_needed():
    whole, divided = law({c * dot(x): c * u}), law({dot(x): u})
    assert "c != 0" in told(check(Divide(c), whole, divided).assumes)
    assert "gamma != 0" not in told(check(Divide(c), whole, divided).assumes)
    # With c = 0 the line above holds of x' = 1 and u = 0, the line below does not.
    at = {c: 0, dot(x): 1, u: 0}
    (above,), (below,) = whole.equations, divided.equations
    assert (above.residual.subs(at), below.residual.subs(at)) == (0, 1)
    assert above.residual.subs(at | {c: 2}) != 0
    derivation = Derivation("divided", whole, (Step("", Divide(c)),))
    assert "c != 0 (assumed)" in told(derivation.assumptions)


def test_the_side_from_which_a_limit_is_taken_is_needed():
    decaying = {s: rule({v: exp(-1 / s) * v}) for s in (tau, c)}
    gone = rule({v: 0})
    assert "tau > 0" in told(check(Limit(tau, 0), decaying[tau], gone).assumes)
    assert not check(Limit(c, 0), decaying[c], gone)


def test_the_sign_of_a_time_step_is_needed():
    flow = law({dot(x): rho * x})
    assert "dt > 0" in told(
        check(Integrate(forward_euler, dt), flow, rule({x: x + sqrt(dt**2) * rho * x})).assumes
    )
    assert not check(Integrate(forward_euler, c), flow, rule({x: x + sqrt(c**2) * rho * x}))


def test_the_exponent_of_friction_is_needed():
    p = Symbol("p", positive=True)
    massless = law({0: particle_with_friction(p).law().equations[0].right})
    solved = law({dot(x): -((Abs(G) / gamma) ** (1 / (p - 1))) * G / Abs(G)})
    assert "p - 1 > 0" in told(check(Isolate(dot(x)), massless, solved).assumes)
    # With p = 1, dry friction, every velocity of one direction meets the same force.
    dry = law({0: -gamma * sign(dot(x)) + gamma})
    assert not check(Isolate(dot(x)), dry, law({dot(x): 1}))


def test_bounded_rates_are_needed_where_the_law_does_not_determine_them():
    # One equation for u and v: nothing says that u' stays bounded, and c*u' need not vanish.
    verdict = check(Limit(tau, 0), law({v: x + tau * dot(u)}), law({v: x}))
    assert verdict.outcome is Outcome.CONDITIONAL
    assert "u' stays bounded as tau tends to 0" in told(verdict.assumes)
    # Where friction makes the fast motion decay, no such hypothesis is needed.
    assert told(check(Limit(tau, 0), in_tau, overdamped).assumes) == {"tau > 0", "gamma != 0"}
    assert not check(Limit(tau, 0), law({tau * (u + c / tau): -G / gamma - dot(x)}), overdamped)


def measured_order(rule_of_x, slope, motion, steps=(20, 40, 80, 160), until=1.0):
    """Return the order at which runs of a rule close in on a motion x(t) with x(0) = motion(0)."""
    gaps = []
    for n in steps:
        run = optimizer(rule_of_x, dt=until / n).run(np.array([motion(0)]), slope, n)
        gaps.append(abs(run.x[-1, 0] - motion(until)))
    return np.polyfit(np.log(steps), np.log(gaps), 1)[0] * -1


def test_a_smooth_potential_is_needed_for_the_order():
    step = Integrate(heun, dt)
    taken = apply(step, law({dot(x): -G}))
    verdict = check(step, law({dot(x): -G}), taken)
    assert "the potential is smooth" in told(verdict.assumes)
    # U = x**2/2 + x is smooth: x + 1 decays like exp(-t).
    smooth = measured_order(taken, lambda z: z + 1, lambda t: 2 * math.exp(-t) - 1)
    assert smooth == pytest.approx(verdict.error.exponent, abs=0.1)
    # U = max(x, 0) + 2*max(-x, 0) has a kink at 0, which the motion from 1/2 + 1/7 reaches and stays at.
    start = 1 / 2 + 1 / 7
    kinked = measured_order(taken, lambda z: np.where(z > 0, 1.0, -2.0), lambda t: max(start - t, 0.0))
    assert kinked < 1.5


@pytest.mark.parametrize(("friction", "loses"), [(1, True), (-1, False)])
def test_friction_that_takes_energy_is_needed(friction, loses):
    found = System((x,), m * dot(x) ** 2 / 2 - x**2 / 2, c * dot(x) ** 2 / 2).law()
    assert "c*x'**2 >= 0" in told(found.assuming)
    # m*x'' = -x - c*x' with m = 1: the motion from x = 1 at rest, by the exponential of its matrix.
    matrix = mpmath.matrix([[0, 1], [-1, -friction]])
    place, speed = mpmath.expm(matrix * 3) * mpmath.matrix([1, 0])
    assert (place**2 + speed**2 < 1) == loses


# ------------------------------------------------------------------ neglecting is no proof

leave_inertia = Neglect(m * dot(dot(x)))


def test_a_neglected_term_is_listed_and_never_proved():
    derivation = Derivation("no inertia", motion, (Step("", leave_inertia),))
    _, verdict = derivation.verdicts()
    assert verdict.outcome is Outcome.CONDITIONAL
    assert not verdict
    assert "m*x'' is negligible (assumed)" in told(derivation.assumptions)


def test_neglecting_leaves_out_that_term_and_nothing_else():
    assert apply(leave_inertia, motion) == law({0: -gamma * dot(x) - G})
    for wrong in (
        law({0: -gamma * dot(x) + G}),
        law({0: -G}),
        motion,
        law({m * dot(dot(x)): -gamma * dot(x)}),
    ):
        assert check(leave_inertia, motion, wrong).outcome is Outcome.FAILS
    assert check(Neglect(G), motion, law({m * dot(dot(x)): -gamma * dot(x)})).outcome is Outcome.CONDITIONAL


def test_what_does_not_stand_there_cannot_be_neglected():
    assert "nothing to neglect" in check(Neglect(0), motion, motion).evidence[0]
    assert check(leave_inertia, rule({x: u}), motion).outcome is Outcome.FAILS
    with pytest.raises(MoveError, match="one side of one equation"):
        apply(Neglect(u), motion)
    with pytest.raises(MoveError, match="one side of one equation"):
        apply(Neglect(u), law({x: u, v: u}))


# ------------------------------------------------------------------ the error budget

mpmath.mp.dps = 30
LINEAR, CUBIC = lambda y: y, lambda y: y + y**3


def test_each_order_is_tied_to_its_step():
    budget = gradient_descent.derivation.error
    assert told(budget.entries) == {"O(tau) by step 3", "O(dt) by step 5"}
    assert str(budget) == "O(tau) + O(dt)"
    for entry in budget.entries:
        assert isinstance(gradient_descent.derivation.steps[entry.step - 1].move, (Limit, Integrate))


def test_two_steps_of_one_order_are_two_entries_and_one_term():
    s, k = Symbol("s", positive=True), Symbol("k", positive=True)
    start = law({dot(x): -k * x * (1 + tau + s)})
    steps = (Limit(tau, 0), Limit(s, 0))
    budget = Derivation("twice", start, tuple(Step("", move) for move in steps), Vocabulary(())).error
    assert [e.step for e in budget.entries] == [1, 2]
    assert str(Derivation("exact", start, (Step("", Divide(k)),), Vocabulary(())).error) == "exact"
    assert str(Derivation("nothing", start, ()).error) == "not known: the start"


def flow(force, end, inertia=None, velocity=0):
    """Return x(end) and v(end) of inertia*x'' + x' = -force(x) from x = 1, by Taylor series of high order."""
    if inertia is None:
        (place,) = mpmath.odefun(lambda t, y: [-force(y[0])], 0, [mpmath.mpf(1)])(end)
        return place, -force(place)
    rates = lambda t, y: [y[1], (-force(y[0]) - y[1]) / inertia]
    return mpmath.odefun(rates, 0, [mpmath.mpf(1), mpmath.mpf(velocity)])(end)


def walked(last, force, steps, **values):
    """Return where a derived rule leads from x = 1 and u = 0."""
    named = {update.target.name: update.value.replace(grad, force) for update in last.updates}
    names = [x, u, after(u), *(s for s in (rho, eta) if s.name in values)]
    move = {name: lambdify(names, value, "mpmath") for name, value in named.items()}
    given = [values[s.name] for s in names[3:]]
    place, now = mpmath.mpf(1), mpmath.mpf(0)
    for _ in range(steps):
        new = move["u"](place, now, 0, *given) if "u" in move else 0
        place, now = move["x"](place, now, new, *given), new
    return place


def halving(error, size):
    """Return how the error shrinks when its small parameter is halved: 2**k for an error of order k."""
    return error(size) / error(size / 2)


@pytest.mark.slow  # by mpmath alone: no change of the package changes it
@pytest.mark.parametrize("force", [LINEAR, CUBIC], ids=["linear", "cubic"])
def test_letting_inertia_go_costs_one_order_of_tau(force):
    rest, _ = flow(force, 2)
    ratio = halving(lambda inertia: abs(flow(force, 2, inertia)[0] - rest), mpmath.mpf(1) / 64)
    assert 1.8 < ratio < 2.2


@pytest.mark.parametrize("force", [LINEAR, CUBIC], ids=["linear", "cubic"])
def test_gradient_descent_costs_one_order_of_dt(force):
    rest, _ = flow(force, 1)
    descent = gradient_descent.derivation.rule
    gap = lambda step: abs(walked(descent, force, round(1 / step), eta=step) - rest)
    assert 1.8 < halving(gap, mpmath.mpf(1) / 128) < 2.2


@pytest.mark.parametrize("force", [LINEAR, CUBIC], ids=["linear", "cubic"])
def test_momentum_costs_one_order_of_dt_and_none_of_tau(force):
    inertia = mpmath.mpf(1) / 4
    exact, _ = flow(force, 1, inertia)
    gap = lambda step: abs(
        walked(momentum.derivation.rule, force, round(1 / step), eta=step, rho=1 - step / inertia) - exact
    )
    assert 1.8 < halving(gap, mpmath.mpf(1) / 256) < 2.2


def test_the_numbers_agree_with_the_closed_form():
    inertia = mpmath.mpf(1) / 8
    r, s = mpmath.polyroots([inertia, 1, 1])
    closed = (s * mpmath.exp(r) - r * mpmath.exp(s)) / (s - r)
    assert abs(flow(LINEAR, 1, inertia)[0] - closed) < mpmath.mpf(10) ** -20
    assert abs(flow(LINEAR, 1)[0] - mpmath.exp(-1)) < mpmath.mpf(10) ** -20


def layer(inertia, t):
    """Return how far place and velocity are from their limits, starting with velocity 1 at x = 1."""
    r, s = mpmath.polyroots([inertia, 1, 1])
    b = (1 - r) / (s - r)
    a = 1 - b
    place = a * mpmath.exp(r * t) + b * mpmath.exp(s * t)
    velocity = a * r * mpmath.exp(r * t) + b * s * mpmath.exp(s * t)
    return abs(place - mpmath.exp(-t)), abs(velocity + mpmath.exp(-t))


def test_the_limit_is_uniform_for_the_place_and_pointwise_for_the_velocity():
    verdict = check(Limit(tau, 0), in_tau, overdamped)
    assert verdict.convergence == "pointwise after a layer"
    assert "x uniformly on finite times" in verdict.evidence
    assert "x' after a layer of width O(tau)" in verdict.evidence
    times = [mpmath.mpf(k) / 200 for k in range(201)]
    worst = {n: [max(layer(mpmath.mpf(1) / n, t)[k] for t in times) for k in (0, 1)] for n in (50, 100, 200)}
    assert 1.7 < worst[50][0] / worst[100][0] < 2.3
    assert 1.7 < worst[100][0] / worst[200][0] < 2.3
    assert min(worst[n][1] for n in worst) > 1.9
    assert 1.8 < layer(mpmath.mpf(1) / 100, 1)[1] / layer(mpmath.mpf(1) / 200, 1)[1] < 2.2


def test_a_limit_that_keeps_the_rates_promises_no_layer():
    verdict = check(Limit(rho, 0), law({dot(x): -(1 + rho) * G}), law({dot(x): -G}))
    assert verdict
    assert not any(isinstance(a, Hypothesis) for a in verdict.assumes)
    assert verdict.convergence == "uniform"


@pytest.mark.parametrize("power", [1, 2, 3])
def test_an_order_is_sharp_in_both_directions(power):
    verdict = check(Limit(tau, 0), rule({v: v + tau**power * u}), rule({v: v}))
    assert verdict.error.exponent == power
    assert f"closes like {verdict.error} and no faster" in verdict.evidence[0]


def test_a_step_that_defines_is_exact():
    steps = (Step("", Divide(gamma)), Step("", Define(tau, m / gamma, m)))
    assert not Derivation("exact", motion, steps).error.entries


A, B = Symbol("a", positive=True), Symbol("b", positive=True)


@pytest.mark.parametrize(
    ("expression", "relation", "expected"),
    [
        (1 - (A - B) / (A + B), "> 0", True),
        (1 - (A - B) / (A + B), "= 0", False),
        ((A - B) / (A + B) - 1, ">= 0", False),
        ((A - B) / (A + B), "!= 0", None),
        ((A**2 + 1) / (A + B) - A**2 / (A + B), "!= 0", True),
        ((x + 1) / x - 1 / x, "> 0", None),  # one, but where x is zero
        (1 / (A - B) - (1 - A + B) / (A - B), "!= 0", None),  # likewise where a is b
    ],
)
def test_the_sign_of_a_quotient_is_told_by_its_parts_where_it_always_has_a_value(
    expression, relation, expected, monkeypatch
):
    asked = []
    monkeypatch.setattr(conditions, "_truth_by_engines", lambda c: asked.append(c))
    assert conditions.truth(Condition(expression, relation)) is expected
    assert bool(asked) is (expected is None)
