"""The self-test: its ground truth, its wrong and harmless lines, and that it notices a check that lies."""

import random
from collections import Counter
from dataclasses import replace
from functools import lru_cache

import pytest
from sympy import Abs, Integer, Rational, Symbol, exp, log, oo, sign, sqrt

from physsym import (
    Define,
    Divide,
    Eliminate,
    Integrate,
    Isolate,
    Limit,
    Multiply,
    ReduceOrder,
    Rescale,
    after,
    before,
    check,
    damped_particle,
    dot,
    grad,
    identical,
    law,
    partial,
    rule,
)
from physsym.core.statements import Law, expressions
from physsym.core.verdicts import Outcome, Verdict, holds, undecided
from physsym.integrators import (
    PartitionedEuler,
    backward_euler,
    exponential_euler,
    forward_euler,
    implicit_midpoint,
    semi_implicit_euler,
    velocity_verlet,
)
from physsym.mechanics import particle_with_friction
from physsym.mechanics.moves import Move, Neglect
from physsym.testing.random_models import PROPOSALS, law_of, rule_of, steps
from physsym.verify.engines import identity_test
from physsym.verify.engines.base import Answer
from physsym.vocabulary import G, dt, eta, gamma, lam, m, rho, tau, u, v, x
from tests.fuzz import (
    REWRITES,
    SPOILS,
    evaluation,
    follows,
    rewritten,
    same,
    selftest,
    shipped,
    spoiled,
)
from tests.fuzz import trial as trial_module
from tests.fuzz.__main__ import main
from tests.fuzz.evaluation import MP, Point, UnclearError, isclose, value
from tests.fuzz.run import Report
from tests.fuzz.table import sentences
from tests.fuzz.trial import MEANING, RANDOM, SHIPPED, Task, _is_true, trials

motion = damped_particle.law()
in_tau = law({tau * dot(dot(x)): -G / gamma - dot(x)})
two_laws = law({dot(x): v, tau * dot(v): -G / gamma - v})
step = rule({u: rho * u - (1 - rho) * eta * G, x: x + after(u)})
s = dt / tau

# ------------------------------------------------------------------ the ground truth, by known pairs

ONE = [
    (motion, law({0: m * dot(dot(x)) + gamma * dot(x) + G})),
    (motion, law({m * dot(dot(x)) + G: -gamma * dot(x)})),
    (two_laws, law({-tau * dot(v): G / gamma + v, v: dot(x)})),
    (step, rule({u: rho * u - (1 - rho) * eta * G, x: x + rho * u - (1 - rho) * eta * G})),
    (step, rule({x: x + rho * u + (rho - 1) * eta * G, u: rho * (u + eta * G) - eta * G})),
    (rule({x: x * exp(2 * s)}), rule({x: x * exp(s) ** 2})),
    (rule({x: Abs(x)}), rule({x: sqrt(x**2)})),
    (rule({x: sign(x) * Abs(x)}), rule({x: x})),
]
TWO = [
    (motion, law({m * dot(dot(x)): gamma * dot(x) - G})),
    (motion, law({2 * m * dot(dot(x)): -2 * gamma * dot(x) - 2 * G})),
    (motion, two_laws),
    (motion, step),
    (two_laws, law({dot(x): v, tau * dot(v): -G / gamma + v})),
    (step, rule({u: rho * u - (1 - rho) * eta * G, x: x + u})),
    (step, rule({u: rho * u - eta * G, x: x + after(u)})),
    (step, rule({u: rho * u - (1 - rho) * eta * grad(x + u), x: x + after(u)})),
    (step, rule({x: x + u, u: rho * u - (1 - rho) * eta * grad(after(x))})),
    (rule({x: x - eta * G}), rule({x: x - eta * grad(before(x))})),
    (rule({x: exp(-9 * m)}), rule({x: 2 * exp(-9 * m)})),
    (rule({x: sqrt(x**2)}), rule({x: x})),
    (rule({x: grad(2 * x)}), rule({x: 2 * grad(x)})),
    (rule({x: partial(1, x, u)}), rule({x: partial(1, u, x)})),
    (rule({x: x + Rational(1, 10**20)}), rule({x: x})),
]


@pytest.mark.parametrize(("line", "other"), ONE)
def test_numbers_find_equal_lines_equal(line, other):
    assert same(line, other)
    assert same(other, line)


@pytest.mark.parametrize(("line", "other"), TWO)
def test_numbers_tell_different_lines_apart(line, other):
    assert not same(line, other)
    assert not same(other, line)


momentum = rule({v: (1 - s) * v - dt / (gamma * tau) * G, x: x + dt * after(v)})
stale = rule({v: (1 - s) * v - dt / (gamma * tau) * G, x: x + dt * v})
decay = rule({v: exp(-s) * v - (1 - exp(-s)) / gamma * G, x: x + dt * after(v)})
implicit = rule({v: (v - s / gamma * G) / (1 + s), x: x + dt * after(v)})
massless = law({0: particle_with_friction(3).law().equations[0].right})
positions_first = rule({x: x + dt * v, v: (1 - s) * v - dt / (gamma * tau) * grad(after(x))})
linear = law({dot(x): -lam * x})
friction = Abs(G) / gamma

implicit_friction, exponential_friction = map(semi_implicit_euler.with_friction, ("implicit", "exponential"))
velocities = law({dot(x): v, m * dot(v): -G})

FOLLOWS = [
    (Divide(gamma), motion, law({m / gamma * dot(dot(x)): -dot(x) - G / gamma})),
    (Multiply(gamma), law({m / gamma * dot(dot(x)): -dot(x) - G / gamma}), motion),
    (Define(tau, m / gamma, m), law({m / gamma * dot(dot(x)): -dot(x) - G / gamma}), in_tau),
    (Define(rho, 1 - s, tau), rule({x: (1 - s) * x}), rule({x: rho * x})),
    (Limit(tau), in_tau, law({0: -G / gamma - dot(x)})),
    (Limit(gamma, oo), law({dot(x): -G / gamma - x}), law({dot(x): -x})),
    (Limit(tau), rule({u: exp(-s) * u}), rule({u: 0 * u})),
    (Isolate(dot(x)), law({0: -G / gamma - dot(x)}), law({dot(x): -G / gamma})),
    (Isolate(dot(x)), massless, law({dot(x): -sqrt(friction) * sign(G)})),
    (ReduceOrder(x, v), in_tau, two_laws),
    (ReduceOrder(x, v), in_tau, law({tau * dot(v) + v: -G / gamma, dot(x) - v: 0})),
    (Neglect(gamma * dot(x)), motion, law({m * dot(dot(x)): -G})),
    (Neglect(-gamma * dot(x)), motion, law({-m * dot(dot(x)): G})),
    (Neglect(m * dot(dot(x))), motion, law({0: -gamma * dot(x) - G})),
    (Integrate(semi_implicit_euler, dt), two_laws, momentum),
    (Integrate(forward_euler, dt), two_laws, stale),
    (Integrate(exponential_friction, dt), two_laws, decay),
    (Integrate(implicit_friction, dt), two_laws, implicit),
    (Integrate(semi_implicit_euler, dt, first=(x,)), two_laws, positions_first),
    (Integrate(semi_implicit_euler, dt), law({m * dot(x): m * v, tau * dot(v): -G / gamma - v}), momentum),
    (Integrate(backward_euler, dt), linear, rule({x: x / (1 + dt * lam)})),
    (Integrate(implicit_midpoint, dt), linear, rule({x: x * (2 - dt * lam) / (2 + dt * lam)})),
    (Integrate(exponential_euler, dt), linear, rule({x: exp(-dt * lam) * x})),
    (
        Integrate(velocity_verlet, dt),
        velocities,
        rule({x: x + dt * v - dt**2 * G / (2 * m), v: v - dt / (2 * m) * (G + grad(after(x)))}),
    ),
    (Rescale(v, u, 1 / dt), momentum, rule({u: (1 - s) * u - dt * s / gamma * G, x: x + after(u)})),
    (Rescale(x, u, m), linear, law({m * dot(u): -lam * m * u})),
    (Eliminate(u), step, rule({x: x + rho * (x - before(x)) - (1 - rho) * eta * G})),
]
DOES_NOT = [
    (Divide(m), motion, law({m / gamma * dot(dot(x)): -dot(x) - G / gamma})),
    (Multiply(gamma), motion, motion),
    (Define(tau, gamma / m, m), law({m / gamma * dot(dot(x)): -dot(x) - G / gamma}), in_tau),
    (Define(tau, m / gamma, m), in_tau, in_tau),
    (Define(rho, 1 - s, tau), rule({x: (1 - s) * x}), rule({x: (1 - s) * x})),
    (Limit(tau), in_tau, in_tau),
    (Limit(tau), in_tau, law({0: G / gamma - dot(x)})),
    (Limit(tau), rule({u: (1 - s) * u}), rule({u: u})),
    (Limit(tau, oo), rule({u: exp(-s) * u}), rule({u: 0 * u})),
    (Isolate(dot(x)), law({dot(x) ** 2: gamma}), law({dot(x): sqrt(gamma)})),
    (Isolate(dot(x)), massless, law({dot(x): sqrt(friction) * sign(G)})),
    (Isolate(x), law({0: -G / gamma - dot(x)}), law({dot(x): -G / gamma})),
    (ReduceOrder(x, u), in_tau, two_laws),
    (ReduceOrder(x, v), in_tau, law({dot(x): v, tau * dot(v): -G / gamma - dot(x)})),
    (Neglect(gamma * dot(x)), motion, law({m * dot(dot(x)): -2 * gamma * dot(x) - G})),
    (Neglect(gamma * dot(x)), motion, law({m * dot(dot(x)): -gamma * dot(x)})),
    (Neglect(2 * gamma * dot(x)), motion, law({m * dot(dot(x)): gamma * dot(x) - G})),
    (Neglect(u), motion, law({m * dot(dot(x)): -gamma * dot(x) - G - u})),
    (Neglect(gamma), rule({x: x - gamma}), rule({x: x})),
    (Integrate(forward_euler, dt), two_laws, momentum),
    (Integrate(semi_implicit_euler, dt), two_laws, stale),
    (Integrate(semi_implicit_euler, dt), two_laws, positions_first),
    (Integrate(implicit_friction, dt), two_laws, decay),
    (Integrate(exponential_friction, dt), two_laws, implicit),
    (Integrate(semi_implicit_euler, tau), two_laws, momentum),
    (Rescale(v, u, dt), momentum, rule({u: (1 - s) * u - dt * s / gamma * G, x: x + after(u)})),
    (Eliminate(u), step, rule({x: x + rho * (x - before(x)) - (1 - rho) * eta * grad(before(x))})),
    (Eliminate(x), step, rule({x: x + rho * (x - before(x)) - (1 - rho) * eta * G})),
]


@pytest.mark.parametrize(("move", "above", "below"), FOLLOWS)
def test_numbers_find_that_a_line_follows(move, above, below):
    assert follows(move, above, below)
    verdict = check(move, above, below)
    # That a term is negligible is assumed, never proved.
    assert verdict or (isinstance(move, Neglect) and verdict.outcome is Outcome.CONDITIONAL), str(verdict)


@pytest.mark.parametrize(("move", "above", "below"), DOES_NOT)
def test_numbers_find_that_a_line_does_not_follow(move, above, below):
    assert not follows(move, above, below)
    assert not check(move, above, below)


def test_numbers_know_when_they_do_not_tell():
    nowhere = rule({x: sqrt(-1 - x**2)})
    with pytest.raises(UnclearError):
        same(nowhere, nowhere)
    with pytest.raises(UnclearError):
        same(rule({x: x + Rational(1, 10**50)}), rule({x: x}))

    class Wish(Move):
        pass

    with pytest.raises(UnclearError):
        follows(Wish(), motion, motion)


def test_a_number_is_drawn_with_the_sign_of_its_symbol():
    drawn = [Point(seed).number(symbol) for seed in range(20) for symbol in (gamma, x)]
    assert all(n > 0 for n in drawn[::2])
    assert {n > 0 for n in drawn[1::2]} == {True, False}


def test_numbers_have_the_digits_they_say():
    with MP.workdps(evaluation.DIGITS):
        assert isclose(value(sqrt(gamma) ** 2 - gamma, Point(1)), 0)
        assert not isclose(value(log(gamma) - log(gamma + Rational(1, 10**20)), Point(1)), 0)


def test_derivatives_of_the_potential_are_its_derivatives():
    from physsym import hess, potential

    small = Rational(1, 10**30)
    for function, slope in ((potential, grad), (grad, hess)):
        quotient = (function(x + small) - function(x - small)) / (2 * small)
        assert abs(value(quotient - slope(x), Point(3))) < MP.mpf(10) ** -25
    quotient = (potential(x, u + small) - potential(x, u - small)) / (2 * small)
    assert abs(value(quotient - partial(2, x, u), Point(3))) < MP.mpf(10) ** -25


# ------------------------------------------------------------------ the lines


def test_every_step_shipped_follows_by_numbers():
    assert len(shipped()) > 20
    assert all(follows(*taken) for taken in shipped())


def sample(pairs, count, seed=0):
    return random.Random(seed).sample(pairs, min(count, len(pairs)))


def test_the_two_ways_to_tell_the_truth_agree():
    # Against the true line, and by the move from the line above: the questions differ, the answers must not.
    pairs = [(taken, spoil) for taken in shipped() for spoil in spoiled(*taken) if spoil.move == taken[0]]
    told = Counter()
    for (move, above, below), spoil in sample(pairs, 120):
        truth = same(below, spoil.below)
        assert truth is follows(move, above, spoil.below), spoil
        told[truth] += 1
    assert told[False] > 100


def test_harmless_rewrites_are_harmless():
    pairs = [(taken, variant) for taken in shipped() for variant in rewritten(*taken)]
    for (_, _, below), variant in sample(pairs, 120):
        assert same(below, variant.below), variant


@lru_cache
def walks():
    return tuple(taken for k in range(25) for taken in steps(random.Random(k).choice))


def test_every_kind_of_line_is_made():
    for kind, make in (SPOILS | REWRITES).items():
        made = next((v for taken in (*shipped(), *walks()) for v in make(*taken)), None)
        assert made, kind
        assert made.kind == kind


def test_every_kind_of_move_is_taken():
    taken = {type(move) for move, _, _ in walks()}
    assert taken == set(PROPOSALS)
    limits = {move.to for move, _, _ in walks() if isinstance(move, Limit)}
    assert limits == {0, oo}
    assert any(e.has(Abs) for _, line, _ in walks() for e in expressions(line))


def test_a_spoil_changes_one_thing():
    swapped = {spoil.below for spoil in spoiled(Eliminate(u), step, rule({x: x - eta * G}))}
    assert rule({x: x + eta * G}) in swapped
    assert rule({x: x - rho * G}) in swapped
    assert rule({x: x - eta * grad(before(x))}) in swapped
    assert rule({x: x - eta * grad(2 * x)}) in swapped
    assert rule({x: before(x) - eta * G}) in swapped
    assert rule({x: x - eta * grad(u)}) in swapped


def test_the_order_of_updates_is_spoiled_with_the_values_that_are_there_by_then():
    lines = [v.below for v in SPOILS["order of updates"](Divide(rho), step, step)]
    assert lines == [rule({x: x + u, u: rho * u - (1 - rho) * eta * grad(after(x))})]


# ------------------------------------------------------------------ what an earlier check got wrong


def test_an_equation_for_the_velocity_may_be_multiplied_by_anything():
    scaled = law({dot(x) / m: v / m, tau * dot(v): -G / gamma - v})
    assert check(Integrate(semi_implicit_euler, dt), scaled, momentum)
    assert not check(Integrate(semi_implicit_euler, dt), scaled, stale)


def test_a_limit_keeps_no_order_of_equations():
    pair = law({dot(x): v, tau * dot(v): -G / gamma - v})
    assert check(Limit(tau), pair, law({0: -G / gamma - v, dot(x): v}))
    assert not check(Limit(tau), pair, law({0: -G / gamma - v, dot(x): -2 * v}))


def test_a_symbol_at_an_instant_must_leave_as_well():
    above = law({0: gamma * dot(x) + lam * dot(x) + G})
    assert not check(Limit(dot(x)), above, law({0: lam * dot(x) + G}))


def test_a_limit_that_hangs_on_the_branch_of_a_root_is_not_said_to_be_wrong():
    above = law({m * dot(dot(x)): -(gamma + lam) * dot(x) - G})
    root = sqrt(gamma**2 + 2 * gamma * lam + lam**2)
    assert check(Limit(m), above, law({0: -root * dot(x) - G})).outcome is not Outcome.FAILS
    assert check(Limit(m), above, law({0: -2 * root * dot(x) - G})).outcome is not Outcome.HOLDS


@pytest.mark.parametrize("k", range(6))
def test_the_root_of_a_square_that_is_written_out_is_not_said_to_be_wrong(k):
    # In the finite field a sum of positive numbers need not be a square, and its square has two roots.
    a, b = (Symbol(f"{name}{k}", positive=True) for name in "ab")
    assert identical(sqrt(a**2 + 2 * a * b + b**2), a + b).outcome is not Outcome.FAILS
    assert identity_test.identity(sqrt(a**2 + 2 * a * b + b**2), -a - b).answer is not Answer.PROVED


def test_signs_of_different_things_are_different():
    one, other = (law({0: gamma * sign(s) + G}) for s in (dot(x), dot(dot(x))))
    assert not check(Multiply(eta), one, law({0: eta * gamma * sign(dot(dot(x))) + eta * G}))
    assert not same(one, other)


# ------------------------------------------------------------------ the run


def test_a_few_hundred_lines_are_judged_without_a_mistake():
    report = selftest(250, seed=1)
    told = Counter((t.true, t.origin) for t in report.clear)
    assert sum(count for (true, _), count in told.items() if not true) == 250
    assert sum(count for (true, _), count in told.items() if true) == 50
    assert min(count for (_, origin), count in told.items() if origin != MEANING) >= 5
    assert {True, False} == {true for true, origin in told if origin == MEANING}
    assert report.passed, sentences(report)
    assert not [t.text for t in report.clear if t.true and t.undecided and t.origin == SHIPPED]
    assert len({(t.kind, t.text) for t in report.trials}) == len(report.trials)


def timeless(found):
    return [replace(t, milliseconds=0.0) for t in found]


def test_the_number_of_jobs_changes_nothing():
    assert timeless(selftest(30, seed=2).trials) == timeless(selftest(30, seed=2, jobs=2).trials)


def test_another_seed_gives_other_lines():
    one, other = ([t.text for t in trials(Task(RANDOM, 0, seed, 10, 2))] for seed in (0, 1))
    assert one != other


LIARS = {
    "accepts everything": holds("it looks right"),
    "refuses everything": Verdict(Outcome.FAILS),
    "decides nothing": undecided("who knows"),
}


@pytest.mark.parametrize("verdict", LIARS.values(), ids=LIARS)
def test_a_check_that_lies_is_noticed(monkeypatch, capsys, verdict):
    monkeypatch.setattr(trial_module, "check", lambda move, above, below: verdict)
    monkeypatch.setattr(trial_module, "judge_case", lambda case: (verdict, None))
    report = selftest(30)
    assert not report.passed
    assert {t.accepted for t in report.clear} == {verdict.outcome is Outcome.HOLDS}
    assert main(["--count", "30"]) == 1
    assert "wrong lines accepted" in capsys.readouterr().out


def test_a_check_that_accepts_one_kind_of_spoil_is_noticed(monkeypatch):
    def careless(move, above, below):
        verdict = check(move, above, below)
        if not isinstance(below, Law) and {s.name for s in below.targets} == {"u", "x"}:
            return holds("careless")
        return verdict

    monkeypatch.setattr(trial_module, "check", careless)
    assert any(t.false_accept for t in selftest(60).trials)


def test_a_check_that_breaks_down_is_noticed(monkeypatch):
    def broken(move, above, below):
        raise ZeroDivisionError("in an engine")

    monkeypatch.setattr(trial_module, "check", broken)
    report = selftest(5)
    assert not report.passed
    assert "the check broke down, ZeroDivisionError: in an engine" in sentences(report)[0]


def test_nothing_tried_is_no_pass():
    assert not Report(()).passed
    for count, jobs in ((0, 1), (-1, 1), (10, 0)):
        with pytest.raises(ValueError, match="at least one"):
            selftest(count, jobs=jobs)


def test_the_command_prints_its_tables(capsys):
    assert main(["--count", "30", "--seed", "4"]) == 0
    out = capsys.readouterr().out
    for word in (
        "kind of step",
        "wrong line",
        "true line",
        "engine",
        "finite field",
        "0 of 30 wrong lines accepted",
    ):
        assert word in out
    assert max(map(len, out.splitlines())) <= 100
    assert "…" not in out


def test_the_command_refuses_nonsense_in_one_line(capsys):
    assert main(["--count", "0"]) == 2
    assert capsys.readouterr().err.startswith("selftest: a self-test needs")


def test_integrators_with_weights_are_judged_too():
    weighted = PartitionedEuler("weighted Euler", 1, own=Rational(1, 3), updated=Rational(1, 4))
    new = rule({x: (1 - 2 * dt * lam / 3) / (1 + dt * lam / 3) * x})
    assert follows(Integrate(weighted, dt), linear, new)
    assert check(Integrate(weighted, dt), linear, new)


def test_specimens_are_made_from_choices_alone():
    for make in (law_of, rule_of, steps):
        assert make(random.Random(5).choice) == make(random.Random(5).choice) != []


def test_positive_symbols_stand_for_positive_things():
    names = {m.symbol: m.value for m, _, _ in walks() if isinstance(m, Define)}
    assert names
    for symbol, meant in names.items():
        numbers = [value(meant, Point(seed)) for seed in range(10)]
        assert not symbol.is_positive or all(n > 0 for n in numbers)
    assert Symbol("kappa", real=True) in names or rho in names


@pytest.mark.parametrize(("friction", "true"), [(gamma, True), (Integer(0), False)])
def test_a_limit_of_a_law_is_true_if_its_motions_follow(friction, true):
    whole = law({m * dot(dot(x)): -friction * dot(x) - x})
    assert _is_true((Limit(m, 0), whole, law({0: -friction * dot(x) - x}))) is true
