"""The oracle of trajectories: what is wrong is refused, what is right is not, a spoiled oracle is noticed."""

import random
from dataclasses import replace

import numpy as np
import pytest
from sympy import Abs, Rational, Symbol, exp, oo

from derivations.friction import backward, midpoint, without_inertia
from derivations.momentum import derivation as momentum
from derivations.momentum import two_steps
from physsym.core.statements import Law, Rule, law, rule
from physsym.core.symbols import after, before, dot, grad, partial, potential
from physsym.core.verdicts import Condition
from physsym.integrators import (
    ALL,
    explicit_midpoint,
    exponential_euler,
    forward_euler,
    heun,
    runge_kutta_4,
    semi_implicit_euler,
    velocity_verlet,
)
from physsym.loading import scripts
from physsym.mechanics import System
from physsym.mechanics.moves import (
    Define,
    Divide,
    Eliminate,
    Integrate,
    Isolate,
    Limit,
    MoveError,
    Neglect,
    ReduceOrder,
    Rescale,
)
from physsym.oracle import Observation, contradicts, observe, simulate, views
from physsym.oracle.lagrangian import lagrangian_defect
from physsym.oracle.methods import blocks, is_partitioned, method_defect, rates_of
from physsym.oracle.motions import EquationsOfMotion, equations_of_motion, solved_motion
from physsym.oracle.names import drawn
from physsym.transform import apply
from physsym.vocabulary import G, U, dt, eta, gamma, lam, m, rho, t, tau, u, v, x
from tests.fuzz import rewritten, same, spoiled
from tests.fuzz.evaluation import UnclearError
from tests.support.tiers import in_tiers
from tests.unit.oracle.wrong_derivations import (
    WRONG,
    Tableau,
    damped,
    descent,
    descent_lines,
    in_tau,
    integrate,
    nesterov,
    split,
    to_descent,
    two_laws,
)

y, w, a, b = (Symbol(n, real=True) for n in "ywab")
eps = Symbol("eps", positive=True)
z = Symbol("z", negative=True)


@pytest.mark.parametrize("title", WRONG)
def test_a_wrong_derivation_is_refused_for_its_own_reason(title):
    wrong = WRONG[title]
    seen = observe(wrong.lines, wrong.moves, [float(order) for order in wrong.claimed])
    assert seen.outcome == "does not follow"
    assert any(words in str(seen) for words in wrong.reason.split("|"))


@pytest.mark.slow
@pytest.mark.parametrize("title", WRONG)
def test_it_is_refused_with_other_numbers_too(title):
    wrong = WRONG[title]
    seen = observe(wrong.lines, wrong.moves, [float(order) for order in wrong.claimed], seed=7)
    assert seen.outcome == "does not follow"


clocked = rule({v: v + dt * (-3 * v / t - G / m), x: x + dt * after(v), t: t + dt})
slow = rule({u: rho * u - (1 - rho) * eta * G, x: x + after(u)})
p = Symbol("p", real=True)
s = dt * lam
hamilton = law({dot(x): p / m, dot(p): -G - gamma * p / m})

RIGHT = {
    "friction 3/t": (
        (nesterov, split, clocked), (ReduceOrder(x, v), Integrate(semi_implicit_euler, dt)), (1,)
    ),
    "a clock as a state": (
        (law({dot(x): a * t, dot(t): 1}), rule({x: x + dt * a * t, t: t + dt})),
        (Integrate(forward_euler, dt),), (1,),
    ),
    "Heun's method at both nodes": (
        (law({dot(x): a * t**2}), rule({x: x + dt * a * (t**2 + (t + dt) ** 2) / 2, t: t + dt})),
        (Integrate(heun, dt),), (2,),
    ),
    "the midpoint of the time": (
        (law({dot(x): a * t**2}), rule({x: x + dt * a * (t + dt / 2) ** 2, t: t + dt})),
        (Integrate(explicit_midpoint, dt),), (2,),
    ),
    "order four": (
        (law({dot(x): -lam * x}), rule({x: x * (1 - s + s**2 / 2 - s**3 / 6 + s**4 / 24)})),
        (Integrate(runge_kutta_4, dt),), (4,),
    ),
    "a growing unit with the product rule": (
        (law({dot(v): -lam * v}), law({t * dot(w) + w: -lam * t * w})), (Rescale(v, w, t),), ()
    ),
    "no inertia": (descent_lines, to_descent, (1,)),
    "much friction": ((law({dot(x): -a * x / gamma - b}), law({dot(x): -b})), (Limit(gamma, oo),), (1,)),
    "the root of a small quantity": (
        (law({dot(x) ** 2: eps}), law({dot(x) ** 2: 0}), law({dot(x): 0})),
        (Limit(eps), Isolate(dot(x))), (0.5,),
    ),
    "friction of degree three": (
        (law({m * dot(dot(x)): -gamma * dot(x) - gamma * Abs(dot(x)) * dot(x) - G}),
         law({0: -gamma * dot(x) - gamma * Abs(dot(x)) * dot(x) - G})), (Limit(m),), (1,),
    ),
    "a sum of two limits": (
        (*descent_lines, rule({x: x - dt * G / gamma}), rule({x: x - eta * G})),
        (*to_descent, Integrate(forward_euler, dt), Define(eta, dt / gamma, dt)), (1, 1),
    ),
    "positions first, named": (
        (two_laws, rule({x: x + dt * v, v: v - dt * (grad(after(x)) + gamma * v) / m})),
        (Integrate(semi_implicit_euler, dt, (x,)),), (1,),
    ),
    "momenta, listed last": (
        (hamilton, rule({p: p + dt * (-G - gamma * p / m), x: x + dt * after(p) / m})),
        (Integrate(semi_implicit_euler, dt),), (1,),
    ),
    "two coordinates": (
        (law({gamma * dot(x): -partial(1, x, y), gamma * dot(y): -partial(2, x, y)}),
         rule({x: x - dt * partial(1, x, y) / gamma, y: y - dt * partial(2, x, y) / gamma})),
        (Integrate(forward_euler, dt),), (1,),
    ),
    "a decay of the unit": (
        (law({dot(v): -v / tau}), rule({v: v * exp(-dt / tau)}), rule({v: rho * v})),
        (Integrate(exponential_euler, dt), Define(rho, exp(-dt / tau), tau)), (oo,),
    ),
    "a positive state that stays positive": (
        (rule({eps: eps / 2, x: x - eta * eps * G}), rule({eps: eps / 2, x: x - lam * eps * G / 2})),
        (Define(lam, 2 * eta, eta),), (),
    ),
    "a negative state that stays negative": (
        (law({dot(z): -lam * z}), rule({z: z * exp(-lam * dt)})), (Integrate(exponential_euler, dt),), (oo,)
    ),
    "a recurrence": ((slow, rule({x: x + rho * (x - before(x)) - (1 - rho) * eta * G})), (Eliminate(u),), ()),
    "all of the velocity lost": (
        (slow, rule({u: -eta * G, x: x + after(u)})), (Limit(rho),), (1,)
    ),
}  # fmt: skip


@pytest.mark.parametrize("seed", in_tiers([0, 3], fast=[0]))
@pytest.mark.parametrize("title", RIGHT)
def test_a_right_derivation_is_not_refused(title, seed):
    lines, moves, claimed = RIGHT[title]
    seen = observe(lines, moves, [float(order) for order in claimed], seed=seed)
    assert seen.outcome == "follows", str(seen)


@pytest.mark.slow
def test_what_is_shipped_follows():
    for script in scripts():
        for derivation in script.derivations:
            seen = simulate(derivation)
            assert seen.outcome == "follows", (derivation.title, str(seen))
            assert not contradicts(seen, derivation.verdicts())


def test_inertia_let_go_at_a_fixed_time_step_is_seen():
    seen = simulate(without_inertia(midpoint))
    assert "does not follow" in str(seen)
    assert not seen.defects
    assert simulate(without_inertia(backward))


def claimed_of(derivation):
    return [float(e.order.exponent) for e in derivation.error.entries]


@pytest.mark.slow
def test_harmless_rewrites_are_not_refused():
    chance = random.Random(4)
    derivations = [d for script in scripts() for d in script.derivations]
    for derivation in derivations:
        steps = list(enumerate(zip(derivation.steps, derivation.lines, derivation.lines[1:], strict=False)))
        found = [(k, v.below) for k, (step, *lines) in steps for v in rewritten(step.move, *lines)]
        for k, line in chance.sample(found, min(6, len(found))):
            lines = [*derivation.lines[: k + 1], line, *derivation.lines[k + 2 :]]
            seen = observe(lines, [s.move for s in derivation.steps], claimed_of(derivation))
            # On a machine that is busy a motion may take longer than it is given; it is not refused then.
            assert seen.outcome in ("follows", "not simulated"), (derivation.title, line, str(seen))


@pytest.mark.slow
def test_spoiled_last_lines_are_refused():
    chance = random.Random(5)
    missed = tried = 0
    for derivation in (momentum, two_steps):
        above, below = derivation.lines[-2:]
        move = derivation.steps[-1].move
        wrong = [s.below for s in spoiled(move, above, below) if s.move == move and differs(s.below, below)]
        for line in chance.sample(wrong, min(20, len(wrong))):
            seen = observe(
                [*derivation.lines[:-1], line], [s.move for s in derivation.steps], claimed_of(derivation)
            )
            tried += 1
            missed += seen.outcome != "does not follow"
    assert tried > 30
    assert missed == 0


def differs(one, other):
    try:
        return not same(one, other)
    except UnclearError:
        return False


def test_a_layer_is_told_from_uniform_convergence():
    lines = (in_tau, law({0: -G / gamma - dot(x)}))
    seen = observe(lines, (Limit(tau),), (1,))
    assert {s.state: s.convergence for s in seen.states} == {"x": "uniform", "x'": "after a layer"}
    assert observe(lines, (Limit(tau),), (1,), convergence=["pointwise after a layer"])
    assert not observe(lines, (Limit(tau),), (1,), convergence=["uniform"])
    regular = (law({dot(x): -G - eps * x}), law({dot(x): -G}))
    assert observe(regular, (Limit(eps),), (1,), convergence=["uniform"])


def test_what_cannot_be_simulated_says_why():
    unknown = replace_method(object())
    assert "no step of" in str(observe((descent, rule({x: x - dt * G / gamma})), (unknown,), (1,)))
    seen = observe((rule({x: x - eta * G}), descent), (Limit(eta),), ())
    assert str(seen).startswith("not simulated, because a law cannot be compared")
    assert not seen
    free = observe((descent, law({dot(y): -grad(y) / gamma})), (Divide(1),), ())
    assert "the line above does not give" in str(free)


def replace_method(method):
    return integrate(method)


def test_a_neglected_term_is_left_out_where_its_error_is_not_known():
    lines = (damped, law({0: -gamma * dot(x) - G}), descent)
    moves = (Neglect(m * dot(dot(x))), Isolate(dot(x)))
    assert "after the neglected term" in str(observe(lines, moves, None))
    assert observe(lines, moves, None)
    assert observe(lines, moves, ()).outcome == "does not follow"


def test_listed_assumptions_are_followed_along_the_motion():
    positive, never = Condition(G**2, ">= 0"), Condition(-(x**2) - 1, "> 0")
    lines, moves = (descent, rule({x: x - dt * G / gamma})), (Integrate(forward_euler, dt),)
    assert observe(lines, moves, (1,), assumptions=[positive]).notes == ()
    assert "at times only" in str(observe(lines, moves, (1,), assumptions=[Condition(x, "> 0")]))
    assert "never so" in str(observe(lines, moves, (1,), assumptions=[never]))


def test_only_verdicts_that_hold_are_contradicted():
    against = Observation("does not follow", "the motions part by 1", claimed=1.0)
    assert contradicts(against, [True, True])
    assert not contradicts(against, [True, False])
    assert not contradicts(Observation("not simulated", "noise"), [True])
    unclaimed = replace(against, claimed=None)
    assert not contradicts(unclaimed, [True])
    assert contradicts(replace(unclaimed, defects=("step 1 changes the motion",)), [True])


# ------------------------------------------------------------------ one step of a named method

linear = law({dot(x): -lam * x})
oscillator = law({dot(x): v, dot(v): -lam * x})
LAWS = (descent, two_laws, linear, oscillator, law({dot(x): v, dot(v): -G / m}))


def defect(method, above, below, first=()):
    equations = equations_of_motion(above)
    states = list(equations.orders)
    values = {n: drawn(Symbol(n, positive=True), 2) for n in ("m", "gamma", "lam", "dt")}
    values |= {n: drawn(Symbol(n, real=True), 3) for n in states} | {"t": np.ones(4)}
    positions = frozenset({"x"}) if len(states) > 1 else frozenset()
    chosen = blocks(states, positions, first) if is_partitioned(method) else [frozenset(states)]
    return method_defect(method, rates_of(equations), below, "dt", values, chosen)


def steps_of_all():
    for number, line in enumerate(LAWS):
        for method in ALL:
            try:
                yield number, method, line, apply(Integrate(method, dt), line)
            except MoveError:
                continue


@pytest.mark.slow
def test_right_steps_are_right_and_wrong_ones_are_not():
    found = [*steps_of_all()]
    assert len({method.name for _, method, _, _ in found}) == len(ALL)
    for number, method, line, below in found:
        assert defect(method, line, below) < 1e-12, method.name
        for other_number, other, _, wrong in found:
            if other_number == number and differs(wrong, below) and other.name != method.name:
                assert defect(method, line, wrong) > 1e-4, (method.name, other.name)


def test_the_weights_of_a_tableau_are_read():
    twice = Tableau("twice", ((0,),), (2,))
    assert defect(twice, descent, rule({x: x - 2 * dt * G / gamma})) < 1e-12
    assert defect(twice, descent, rule({x: x - dt * G / gamma})) > 1e-2


def test_a_method_is_no_other_one():
    assert defect(velocity_verlet, LAWS[4], apply(Integrate(semi_implicit_euler, dt), LAWS[4])) > 1e-4
    assert defect(semi_implicit_euler, LAWS[4], rule({v: v - dt * G / m, x: x + dt * v})) > 1e-4


# ------------------------------------------------------------------ the law of a system

SYSTEMS = (
    System((x,), m * dot(x) ** 2 / 2 - U, gamma * dot(x) ** 2 / 2),
    System((x,), m * (1 + x**2) * dot(x) ** 2 / 2 - U, gamma * Abs(dot(x)) ** 3 / 3),
    System((x,), t * (m * dot(x) ** 2 / 2 - U)),
    System(
        (x, y),
        m * (dot(x) ** 2 + dot(x) * dot(y) + dot(y) ** 2) / 2 - potential(x, y),
        gamma * dot(x) ** 2 / 2,
    ),
)


@pytest.mark.parametrize("system", SYSTEMS, ids=str)
def test_the_law_of_a_system_follows_from_its_lagrangian(system):
    found = system.law()
    assert lagrangian_defect(system, found) == ""
    doubled = Law(tuple(replace(e, left=3 * e.left, right=3 * e.right) for e in found.equations))
    assert lagrangian_defect(system, doubled) == ""
    for wrong in (
        Law(tuple(replace(e, right=-e.right) for e in found.equations)),
        Law(tuple(replace(e, right=e.right + dot(x) / 10) for e in found.equations)),
        Law(
            tuple(replace(e, right=e.right.subs(gamma, 2 * gamma) * Rational(9, 10)) for e in found.equations)
        ),
    ):
        assert "is not that of the Lagrangian" in lagrangian_defect(system, wrong)


def test_a_system_at_the_start_is_part_of_what_is_seen():
    assert observe(
        (damped, law({m / gamma * dot(dot(x)): -dot(x) - G / gamma})), (Divide(gamma),), (), system=SYSTEMS[0]
    )
    seen = observe((damped, damped), (Divide(1),), (), system=SYSTEMS[1])
    assert "Lagrangian" in str(seen)


# ------------------------------------------------------------------ a spoiled oracle is noticed

follows = [(*RIGHT["a sum of two limits"],), (*RIGHT["friction 3/t"],)]


def refused():
    return [observe(lines, moves, claimed).outcome == "does not follow" for lines, moves, claimed in follows]


def test_an_oracle_with_a_wrong_sign_in_its_integrator_is_noticed(monkeypatch):
    assert refused() == [False, False]

    class Backwards(EquationsOfMotion):
        def solve(self, values, guess=None):
            return {name: -value for name, value in super().solve(values, guess).items()}

    def spoiled_motion(equations, *given):
        return solved_motion(Backwards(equations.residuals, equations.orders), *given)

    monkeypatch.setattr(views, "solved_motion", spoiled_motion)
    assert refused() == [True, True]


def test_an_oracle_that_runs_another_rule_is_noticed(monkeypatch):
    run = views.run

    def too_few(line, start, constants, steps, *rest):
        track = run(line, start, constants, steps, *rest)
        return {name: np.concatenate([rows[:1], rows[:-1]]) * 1.1 for name, rows in track.items()}

    monkeypatch.setattr(views, "run", too_few)
    assert refused() == [True, True]


def test_an_oracle_with_a_wrong_step_is_noticed(monkeypatch):
    monkeypatch.setattr(views, "method_defect", lambda *given: 1e-3)
    assert refused() == [True, True]


def test_an_oracle_that_halves_nothing_is_noticed(monkeypatch):
    small = views.small_numbers
    monkeypatch.setattr(views, "small_numbers", lambda sight, level, step: small(sight, 0, 0.05))
    assert refused() == [True, True]


def test_lines_and_rules_are_values_of_core():
    assert isinstance(clocked, Rule)
    assert isinstance(damped, Law)
