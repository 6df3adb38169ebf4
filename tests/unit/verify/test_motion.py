"""What a move takes for constant must not move: in other letters, by definition, in laws and in rules."""

from __future__ import annotations

import pytest
from sympy import Expr, Integer, Symbol, exp, sin, sqrt

from physsym import (
    Define,
    Derivation,
    Divide,
    Eliminate,
    Integrate,
    Isolate,
    Limit,
    Multiply,
    Outcome,
    Rescale,
    Step,
    after,
    apply,
    before,
    check,
    dot,
    grad,
    hess,
    law,
    potential,
    rule,
)
from physsym.core.dimensions import ONE
from physsym.core.statements import Law, Rule, one_step_map
from physsym.core.symbols import fresh
from physsym.integrators import exponential_euler, forward_euler, runge_kutta_4, semi_implicit_euler
from physsym.mechanics import Move
from physsym.verify.algebra import verify_step
from physsym.vocabulary import STANDARD, dt, eta, gamma, m, scalar, t, tau, u, v, x
from tests.support.tiers import in_turn

a, b, c, p, q, s, w, y = (Symbol(name, real=True) for name in "abcpqswy")
h, k = (Symbol(name, positive=True) for name in "hk")

first_order = law({dot(q): -grad(q) / gamma})
momentum = rule({w: b * w - h * grad(q), q: q + k * after(w)})

# What would be said of the motions is wrong in each, though the algebra of the line is right.
HIDDEN: list[tuple[Law | Rule, Move, Law | Rule, str]] = [
    (first_order, Define(p, grad(q) / gamma, gamma), law({dot(q): -p}), "holds grad(q)"),
    (first_order, Define(p, gamma * q, gamma), law({dot(q): -grad(q) * q / p}), "holds q"),
    (rule({q: q - b * hess(q) * q}), Define(p, b * hess(q), b), rule({q: q - p * q}), "holds hess(q)"),
    (rule({q: q - b * potential(q)}), Define(p, b * potential(q), b), rule({q: q - p}), "holds potential(q)"),
    (law({dot(dot(q)): -k * dot(q)}), Define(p, k * dot(q), k), law({dot(dot(q)): -p}), "holds q'"),
    (momentum, Define(p, k * after(w), k), rule({w: b * w - h * grad(q), q: q + p}), "holds w+"),
    (
        rule({q: q + b * (q - before(q))}),
        Define(p, b * before(q), b),
        rule({q: q + p * q / before(q) - p}),
        "holds q-",
    ),
    (law({dot(q): -b * q / t}), Define(p, b / t, b), law({dot(q): -p * q}), "holds t"),
    (rule({q: q - b * q / t, t: t + h}), Define(p, b / t, b), rule({q: q - p * q, t: t + h}), "holds t"),
    (law({dot(q): -b * q + a * t}), Limit(t, 0), law({dot(q): -b * q}), "t changes in time"),
    (law({dot(q): u - b * q}), Limit(u, 0), law({dot(q): -b * q}), "u changes in time"),
    (law({dot(q): w, w: -grad(q) / k}), Limit(w, c), law({dot(q): c, c: -grad(q) / k}), "w changes in time"),
    (law({gamma * c: -grad(q)}), Limit(q, 0), law({gamma * c: -grad(Integer(0))}), "q changes in time"),
    (law({dot(q): -b * q}), Limit(b, t), law({dot(q): -t * q}), "t changes in time"),
    (rule({q: q - h * b}), Limit(q, 0), rule({q: -h * b}), ""),
    (rule({q: q - b * q, t: t + h}), Rescale(q, w, t), rule({w: w - b * w, t: t + h}), "no constant unit"),
    (momentum, Rescale(w, p, q), rule({p: b * p - h * grad(q) / q, q: q + k * q * after(p)}), ""),
    (law({dot(q): a * t}), Rescale(t, s, tau), law({dot(q): a * tau * s}), "t is the time"),
    (law({dot(q): -grad(w)}), Integrate(forward_euler, h), rule({q: q - h * grad(w)}), "w changes in time"),
    (law({dot(x): v}), Integrate(forward_euler, h), rule({x: x + h * v}), "v changes in time"),
    (law({dot(q): u}), Integrate(forward_euler, h), rule({q: q + h * u}), "u changes in time"),
    (law({dot(q): -q}), Integrate(forward_euler, v), rule({q: q - v * q}), "v changes in time"),
]  # fmt: skip


@pytest.mark.parametrize(("above", "move", "below", "reason"), HIDDEN)
def test_the_moving_is_not_taken_for_constant(above, move, below, reason):
    verdict = check(move, above, below)
    assert verdict.outcome is Outcome.FAILS
    assert reason in verdict.evidence[0]


@pytest.mark.parametrize(("above", "move", "below"), [row[:3] for row in HIDDEN[:5]])
def test_the_algebra_alone_would_not_show_it(above, move, below):
    # So it is the notion of what moves that refuses, and nothing else.
    assert verify_step(move, above, below)


CONSTANT: list[tuple[Law | Rule, Move, Law | Rule]] = [
    (first_order, Define(p, h / gamma, gamma), law({dot(q): -grad(q) * p / h})),
    (rule({q: q - h / gamma * grad(q)}), Define(eta, h / gamma, h), rule({q: q - eta * grad(q)})),
    (law({dot(q): -grad(q + b * w), dot(w): -w}), Limit(b, 0), law({dot(q): -grad(q), dot(w): -w})),
    (law({dot(q): a * t + b}), Limit(b, 0), law({dot(q): a * t})),
    (law({dot(q): w}), Limit(w, 0), law({dot(q): 0})),  # a constant speed, for all that is said
    (law({dot(q): w}), Integrate(forward_euler, h), rule({q: q + h * w})),
    (momentum, Rescale(w, p, 1 / k), rule({p: b * p - h * k * grad(q), q: q + after(p)})),
    (rule({q: q + a * t, t: t + h}), Eliminate(t), rule({q: a * h + 2 * q - before(q)})),
    (law({dot(q): -b * q}), Rescale(q, w, exp(-b * t)), law({exp(-b * t) * dot(w): 0})),
]  # fmt: skip


@pytest.mark.parametrize(("above", "move", "below"), CONSTANT)
def test_constants_are_constants(above, move, below):
    assert check(move, above, below), str(check(move, above, below))


def test_the_elimination_of_the_time_is_the_recurrence_that_the_numbers_obey():
    values = [2.0]
    for n in range(5):
        values.append(values[-1] + 3 * (1 + n / 4))
    for one, two, three in zip(values, values[1:], values[2:], strict=False):
        assert three == pytest.approx(3 / 4 + 2 * two - one)


@pytest.mark.parametrize(
    ("move", "above", "below", "condition"),
    [
        (Divide(t), law({t * dot(q): -b * q}), law({dot(q): -b * q / t}), "t != 0"),
        (Multiply(dot(q)), law({dot(q): -b}), law({dot(q) ** 2: -b * dot(q)}), "q' != 0"),
        (Divide(q), law({q * dot(q): -b}), law({dot(q): -b / q}), "q != 0"),
        (Multiply(grad(q)), law({dot(q): -b}), law({grad(q) * dot(q): -b * grad(q)}), "grad(q) != 0"),
        (Isolate(dot(q)), law({q * dot(q): -b}), law({dot(q): -b / q}), "q != 0"),
        (Rescale(q, w, t), law({dot(q): -b * q}), law({w + t * dot(w): -b * t * w}), "t != 0"),
    ],
)
def test_a_condition_on_what_moves_makes_a_step_conditional(move, above, below, condition):
    verdict = check(move, above, below)
    assert verdict.outcome is Outcome.CONDITIONAL
    assert condition in map(str, verdict.assumes)


@pytest.mark.parametrize(
    ("move", "above", "below"),
    [
        (Divide(c), law({c * dot(q): -b}), law({dot(q): -b / c})),  # a constant does not vanish at times
        (Multiply(1 + q**2), law({dot(q): -b}), law({(1 + q**2) * dot(q): -b * (1 + q**2)})),
        (
            Divide(Symbol("t", positive=True)),
            law({Symbol("t", positive=True) * dot(q): -b}),
            law({dot(q): -b / Symbol("t", positive=True)}),
        ),
    ],
)
def test_other_conditions_do_not(move, above, below):
    assert check(move, above, below)


# ------------------------------------------------------------------ what earlier lines say


def test_what_moved_in_an_earlier_line_moves_still():
    start = law({dot(q): w, m * dot(w): -k * w - grad(q)})
    massless = Step("", Limit(m, 0))
    named = Step("", Define(c, w / k, k), law({dot(q): w, 0: -(w**2) / c - grad(q)}))
    derivation = Derivation("w moves", start, (massless, named))
    assert derivation.verdicts()[2].outcome is Outcome.FAILS
    assert "holds w, changes in time" in derivation.verdicts()[2].evidence[0]
    # In the line alone the law of motion of w is gone, and w could be a constant.
    assert check(named.move, derivation.lines[1], derivation.lines[2])


def test_the_vocabulary_of_a_derivation_says_what_moves():
    line = law({dot(q): -v * q})
    step = (Step("", Integrate(forward_euler, dt), rule({q: q - dt * v * q})),)
    assert check(step[0].move, line, step[0].gives).outcome is Outcome.FAILS
    rate = STANDARD.extended(scalar(v, ONE / STANDARD.dimension(dt)))
    assert all(Derivation("v is a rate constant", line, step, rate).verdicts())


# ------------------------------------------------------------------ internal names

NAMES = ["own", "rate", "own value", "own rate", "another value", "another x", "unknown 0", "q 1", "q 2"]


@pytest.mark.parametrize(
    ("name", "method"),
    in_turn(NAMES, [exponential_euler, semi_implicit_euler.with_friction("exponential")]),
    ids=lambda given: getattr(given, "name", given),
)
def test_no_name_of_a_user_collides_with_an_internal_one(name, method):
    given = Symbol(name, real=True)
    coupled = law({dot(x): given, dot(given): -k * given - x})
    plain = (law({dot(given): -c * given + b}), law({dot(q): -given * q + b}))
    for line in plain if method is exponential_euler else (*plain, coupled):
        move = Integrate(method, h)
        found = apply(move, line)
        verdict = check(move, line, found)
        assert verdict, str(verdict)
        spoiled = Rule((*found.updates[:-1], type(found.updates[-1])(found.updates[-1].target, Integer(0))))
        assert not check(move, line, spoiled)


@pytest.mark.parametrize("name", ["w 1", "w 2"])
def test_a_second_solution_is_sought_under_names_that_are_free(name):
    given = Symbol(name, real=True)
    assert check(Isolate(w), law({0: w**3 + w - given**3 - given}), law({w: given}))
    assert not check(Isolate(w), law({0: w**2 - given**2}), law({w: given}))
    assert not check(Isolate(w), law({0: w**2 - given**2 - 1}), law({w: sqrt(given**2 + 1)}))


def test_fresh_names_are_numbered():
    taken = [Symbol("rate", positive=True), Symbol("rate 2"), Symbol("w")]
    assert fresh("rate", taken).name == "rate 3"
    assert fresh("rate", [], positive=True).is_positive


# ------------------------------------------------------------------ explicit time in stages, by numbers


@pytest.mark.parametrize("force", [a * t**2, a / (1 + t), -b * q + a * t])
def test_runge_kutta_reads_the_time_at_its_nodes(force: Expr):
    line = law({dot(q): force})
    new = one_step_map(apply(Integrate(runge_kutta_4, h), line))[q]
    numbers = {a: 2, b: 3, q: 1, t: 5, h: Integer(1) / 4}

    def rate(time: Expr, place: Expr) -> Expr:
        return force.subs({a: 2, b: 3}).subs({t: time, q: place}, simultaneous=True)

    step = numbers[h]
    one = rate(Integer(5), Integer(1))
    two = rate(5 + step / 2, 1 + step / 2 * one)
    three = rate(5 + step / 2, 1 + step / 2 * two)
    four = rate(5 + step, 1 + step * three)
    assert new.subs(numbers) == 1 + step * (one + 2 * two + 2 * three + four) / 6


def test_functions_of_time_that_no_engine_knows_are_undecided():
    line = law({dot(q): -b * q + a * sin(t / tau) * sqrt(1 + t**2)})
    move = Integrate(forward_euler, h)
    assert not check(move, line, rule({q: q + h * (a * sin(t / tau) * sqrt(1 + t**2) - b * q)}))
    assert check(move, line, apply(move, line)).outcome is not Outcome.FAILS
