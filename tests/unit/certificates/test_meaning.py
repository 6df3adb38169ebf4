"""Certificates of steps that are false in what they mean are withheld, or Coq refuses their lemmas."""

import pytest
from sympy import Abs, Symbol, exp, oo

from physsym import (
    Define,
    Derivation,
    Divide,
    Eliminate,
    Integrate,
    Isolate,
    Limit,
    Multiply,
    ReduceOrder,
    Rescale,
    Step,
    after,
    damped_particle,
    dot,
    law,
    rule,
)
from physsym.certificates import Proof, certificate, checked, coq, lemma, step_lemmas
from physsym.certificates.certificate import Status
from physsym.certificates.formula import Relation, equation
from physsym.certificates.limit import attraction
from physsym.certificates.negative_tests import tried
from physsym.core.statements import Law, Rule, Update
from physsym.core.verdicts import Condition
from physsym.integrators import RungeKutta, forward_euler, heun, runge_kutta_4, semi_implicit_euler
from physsym.mechanics.moves import Neglect
from physsym.vocabulary import G, alpha, dt, eta, gamma, lam, m, rho, t, tau, u, v, x
from tests.support.requirements import needs_coq

a, b, p, q, w, y = (Symbol(name, real=True) for name in "abpqwy")
pa, eps, c = (Symbol(name, positive=True) for name in ("pa", "eps", "c"))
minus = Symbol("minus", negative=True)
count = Symbol("count", integer=True, positive=True)


def derived(start, *steps):
    """Return a derivation all of whose lines are stated, as pairs of a move and a line."""
    return Derivation("told", start, tuple(Step("", move, line) for move, line in steps))


def unchecked_rule(*updates):
    """Return a rule without the checks of its constructor."""
    made = object.__new__(Rule)
    object.__setattr__(made, "updates", tuple(Update(s, e) for s, e in updates))
    return made


def unbalanced():
    """Return a method whose weights sum to two, which the constructor refuses."""
    method = RungeKutta("unbalanced", 1, ((0,),), (1,))
    object.__setattr__(method, "weights", (2 * method.weights[0],))
    return method


NESTEROV = law({m * dot(v): -3 * m * v / t - G, dot(x): v})
DRIVEN = law({dot(x): a * t - b * x})
OVERDAMPED = law({dot(x): -G / gamma})
TO_SLOW = (
    (Divide(gamma), law({m * dot(dot(x)) / gamma: -dot(x) - G / gamma})),
    (Define(dt, m / gamma, m), law({dt * dot(dot(x)): -dot(x) - G / gamma})),
    (Limit(dt), law({0: -dot(x) - G / gamma})),
    (Isolate(dot(x)), OVERDAMPED),
)
PUSHED = Law(damped_particle.law().equations, (Condition(-gamma * dot(x) ** 2, ">= 0"),))
TURNED = Law(damped_particle.law().equations, (Condition(p * dot(x) ** 2, ">= 0"),))

# The derivation, the number of its wrong step, and what the reason must hold.
WRONG = {
    # the time stands still
    "semi-implicit Euler of friction 3/t": (
        derived(
            NESTEROV,
            (
                Integrate(semi_implicit_euler, dt),
                rule({v: v - 3 * dt * v / t - dt * G / m, x: x + dt * after(v)}),
            ),
        ),
        1,
        "the law has rates of t, v, x, the rule updates v, x",
    ),
    "Heun of x' = a t": (
        derived(law({dot(x): a * t}), (Integrate(heun, dt), rule({x: x + dt * a * t}))),
        1,
        "rates of t, x",
    ),
    "Euler of x' = a t - b x": (
        derived(DRIVEN, (Integrate(forward_euler, dt), rule({x: x + dt * (a * t - b * x)}))),
        1,
        "rates of t, x",
    ),
    "RK4 of a clock of its own": (
        derived(law({dot(x): a * t, dot(t): 2}), (Integrate(runge_kutta_4, dt), rule({x: x, t: t + 2 * dt}))),
        1,
        "whose rate is 1 and not 2",
    ),
    "a unit that grows": (
        derived(law({dot(v): -b * v}), (Rescale(v, w, t), law({t * dot(w): -b * t * w}))),
        1,
        "t changes in time",
    ),
    "a unit of place": (
        derived(
            rule({u: b * u, x: x + after(u)}), (Rescale(u, w, x**2), rule({w: b * w, x: x + x**2 * after(w)}))
        ),
        1,
        "x**2, which holds x, changes in time",
    ),
    "another unit of time": (
        derived(DRIVEN, (Rescale(t, y, c), law({dot(x): a * c * y - b * x}))),
        1,
        "the time, which keeps its unit",
    ),
    "time tends to zero": (derived(DRIVEN, (Limit(t), law({dot(x): -b * x}))), 1, "t changes in time"),
    "a limit at a moving place": (
        derived(law({dot(x): -b * x * w}), (Limit(w, x), law({dot(x): -b * x**2}))),
        1,
        "x changes in time",
    ),
    "two steps at one time": (
        derived(rule({u: b * u - t * G, x: x + after(u)}), (Eliminate(u), rule({x: x}))),
        1,
        "t changes in time",
    ),
    # names for what moves
    "a displacement by a constant name": (
        derived(rule({x: x - dt * G / gamma}), (Define(q, dt * G / gamma, dt), rule({x: x - q}))),
        1,
        "which holds grad(x), changes in time",
    ),
    "a rate by a constant name": (
        derived(law({dot(y): -y / tau}), (Define(w, y / tau, tau), law({dot(y): -w}))),
        1,
        "which holds y, changes",
    ),
    "a negative part by a constant name": (
        derived(law({dot(y): -3 * c * y**2}), (Define(w, -3 * c * y, c), law({dot(y): w * y}))),
        1,
        "which holds y",
    ),
    "a learning rate that is a place": (
        derived(rule({x: x - b * dt * G}), (Define(q, b * dt * x, b), rule({x: x - q * G / x}))),
        1,
        "which holds x",
    ),
    "a name for the time": (
        derived(law({dot(y): -c * t * y}), (Define(w, c * t, c), law({dot(y): -w * y}))),
        1,
        "which holds t",
    ),
    # declared signs
    "ascent with a positive rate": (
        derived(rule({x: x - dt * G / gamma}), (Define(eta, -dt / gamma, dt), rule({x: x + eta * G}))),
        1,
        "-dt/gamma > 0 is assumed, and never holds",
    ),
    "a negative name of what is positive": (
        derived(rule({x: x - dt * G / gamma}), (Define(minus, dt / gamma, dt), rule({x: x - minus * G}))),
        1,
        "never holds with the declared signs",
    ),
    "a sign that is open": (
        derived(rule({x: x - b * G}), (Define(eta, b, b), rule({x: x - eta * G}))),
        1,
        "b > 0 is assumed",
    ),
    "a whole number": (
        derived(rule({x: x - dt * G / gamma}), (Define(count, dt / gamma, dt), rule({x: x - count * G}))),
        1,
        "count is declared integer",
    ),
    "a positive velocity": (
        derived(damped_particle.law(), (ReduceOrder(x, pa), law({m * dot(pa): -gamma * pa - G, dot(x): pa}))),
        1,
        "x' may change its sign",
    ),
    "a positive displacement": (
        derived(rule({u: b * u - G}), (Rescale(u, pa, 2 * c), unchecked_rule((pa, b * pa - G / (2 * c))))),
        1,
        "may change its sign",
    ),
    "a rule that keeps no sign": (
        derived(law({dot(pa): -pa * c}), (Integrate(forward_euler, dt), rule({pa: pa * (1 - dt * c)}))),
        1,
        "is assumed, for the states to keep their declared signs",
    ),
    "a positive place, divided by": (
        derived(law({x * dot(x): -x * b}), (Divide(x), law({dot(x): -b}))),
        1,
        "x != 0 is assumed",
    ),
    "solved where a place may vanish": (
        derived(law({x * dot(x): -b}), (Isolate(dot(x)), law({dot(x): -b / x}))),
        1,
        "x != 0 is assumed",
    ),
    # limits
    "a frictionless particle of no mass": (
        derived(law({m * dot(dot(x)): -lam * x}), (Limit(m), law({0: -lam * x}))),
        1,
        "no fast motion settles",
    ),
    "a repelling fast motion": (
        derived(law({tau * dot(dot(x)): dot(x) - G / c}), (Limit(tau), law({0: dot(x) - G / c}))),
        1,
        "mu - 1 = 0 is not shown to decay",
    ),
    "friction of unknown sign": (
        derived(law({m * dot(dot(x)): -b * dot(x) - G}), (Limit(m), law({0: -b * dot(x) - G}))),
        1,
        "not shown to decay",
    ),
    "a mass that is negative near the limit": (
        derived(law({w * dot(v): -gamma * v - G}), (Limit(w, 0, "-"), law({0: -gamma * v - G}))),
        1,
        "not shown to decay",
    ),
    "cubic friction": (
        derived(law({m * dot(v): -gamma * v**3 - G}), (Limit(m), law({0: -gamma * v**3 - G}))),
        1,
        "not shown to decay",
    ),
    "two fast motions": (
        derived(
            law({eps * dot(x): -x + 3 * y, eps * dot(y): 3 * x - y}),
            (Limit(eps), law({x: 3 * y, y: 3 * x})),
        ),
        1,
        "several equations",
    ),
    "a limit outside its domain": (
        derived(law({dot(x): -a * x / gamma - b}), (Limit(gamma, -oo), law({dot(x): -b}))),
        1,
        "not known to reach -oo",
    ),
    "a positive symbol at a negative number": (
        derived(law({dot(x): -b * x - gamma}), (Limit(gamma, -2), law({dot(x): 2 - b * x}))),
        1,
        "not known to reach -2",
    ),
    "a negative symbol at infinity": (
        derived(law({dot(x): -x / minus - b}), (Limit(minus, oo), law({dot(x): -b}))),
        1,
        "not known to reach oo",
    ),
    "a limit from the wrong side": (
        derived(law({dot(x): -b * x - gamma}), (Limit(gamma, 0, "-"), law({dot(x): -b * x}))),
        1,
        "not known to reach 0 from below",
    ),
    "a whole number tends to a number": (
        derived(law({dot(x): -b * x - count}), (Limit(count, 1), law({dot(x): -b * x - 1}))),
        1,
        "no limit at 1",
    ),
    # statements
    "two laws for one coordinate": (
        derived(
            law({dot(x): -G / gamma, 2 * dot(x): -G / gamma}),
            (Integrate(forward_euler, dt), rule({x: x - dt * G / (2 * gamma)})),
        ),
        1,
        "more equations with rates than states",
    ),
    "three laws for two coordinates, divided": (
        derived(
            law({c * dot(x): y, c * dot(y): x, c * dot(x) + c * dot(y): 3 * x}),
            (Divide(c), law({dot(x): y / c, dot(y): x / c, dot(x) + dot(y): 3 * x / c})),
        ),
        1,
        "more equations with rates than states",
    ),
    "a velocity without a law": (
        derived(law({dot(x): v}), (Integrate(forward_euler, dt), rule({x: x + dt * v}))),
        1,
        "v changes in time",
    ),
    "friction that pushes": (derived(PUSHED, (Multiply(gamma), PUSHED)), 0, "never holds"),
    "what follows from friction that pushes": (
        derived(PUSHED, (Multiply(1), damped_particle.law())),
        1,
        "assumed at the start, and never holds",
    ),
    "friction of unknown power": (derived(TURNED, (Multiply(1), damped_particle.law())), 0, "is assumed"),
    "a method of no order": (
        derived(OVERDAMPED, (Integrate(unbalanced(), dt), rule({x: x - 2 * dt * G / gamma}))),
        1,
        "sum to 2",
    ),
    "a negative time step": (
        derived(OVERDAMPED, (Integrate(forward_euler, minus), rule({x: x - minus * G / gamma}))),
        1,
        "declared negative",
    ),
    # names
    "dt in two meanings": (
        derived(
            damped_particle.law(), *TO_SLOW, (Integrate(forward_euler, dt), rule({x: x - dt * G / gamma}))
        ),
        5,
        "dt is no new name",
    ),
    "a mass that is gone comes back": (
        derived(
            damped_particle.law(),
            (Limit(m), law({0: -gamma * dot(x) - G})),
            (Multiply(m), law({0: (-gamma * dot(x) - G) * m})),
        ),
        2,
        "m is gone since step 1",
    ),
    "what was eliminated in a line that is stated": (
        derived(
            rule({x: x - b * c * G}),
            (Define(q, b * c, b), rule({x: x - q * G})),
            (Define(w, q / b, q), rule({x: x - w * b * G})),
        ),
        2,
        "b is gone since step 1",
    ),
    "a name for the step that is the time": (
        derived(OVERDAMPED, (Integrate(forward_euler, t), rule({x: x - t * G / gamma}))),
        1,
        "t is no new name",
    ),
    # assumptions
    "a term that is left out": (
        derived(damped_particle.law(), (Neglect(m * dot(dot(x))), law({0: -gamma * dot(x) - G}))),
        1,
        "decision of the author",
    ),
    "assumptions that contradict each other": (
        derived(
            rule({x: x - (1 - rho) * eta * G, y: y - (rho - 1) * lam * G}),
            (Define(alpha, (1 - rho) * eta, eta), rule({x: x - alpha * G, y: y - (rho - 1) * lam * G})),
            (Define(c, (rho - 1) * lam, lam), rule({x: x - alpha * G, y: y - c * G})),
        ),
        1,
        "no numbers were found for which all that it supposes holds",
    ),
}


@pytest.mark.parametrize(("derivation", "number", "reason"), WRONG.values(), ids=WRONG)
def test_a_step_that_is_wrong_in_what_it_means_is_withheld(derivation, number, reason):
    statuses = certificate(derivation).statuses
    assert len(statuses) == len(derivation.steps) + 1
    assert not statuses[number].certified
    assert reason in str(statuses[number])


# What is right in the same respects
RIGHT = {
    "Nesterov's friction, with a clock": derived(
        NESTEROV,
        (
            Integrate(semi_implicit_euler, dt),
            rule({v: v - 3 * dt * v / t - dt * G / m, x: x + dt * after(v), t: t + dt}),
        ),
    ),
    "implicit friction at the new time": derived(
        NESTEROV,
        (
            Integrate(semi_implicit_euler.with_friction("implicit"), dt),
            rule({v: (v - dt * G / m) * (t + dt) / (t + 4 * dt), x: x + dt * after(v), t: t + dt}),
        ),
    ),
    "a clock of its own": derived(
        law({dot(x): a * t, dot(t): 1}), (Integrate(forward_euler, dt), rule({x: x + dt * a * t, t: t + dt}))
    ),
    "a constant name": derived(
        rule({x: x - dt * G / gamma}), (Define(eta, dt / gamma, dt), rule({x: x - eta * G}))
    ),
    "a negative constant name": derived(
        rule({x: x - dt * G / gamma}), (Define(minus, -dt / gamma, dt), rule({x: x + minus * G}))
    ),
    "a positive place in a positive unit": derived(
        rule({pa: pa + c}), (Rescale(pa, eps, gamma), rule({eps: eps + c / gamma}))
    ),
    "a particle that comes to rest": derived(
        law({m * dot(dot(x)): -gamma * dot(x) - G}), (Limit(m), law({0: -gamma * dot(x) - G}))
    ),
    "negative mass and friction": derived(
        law({minus * dot(dot(x)): gamma * dot(x) - G}), (Limit(minus), law({0: gamma * dot(x) - G}))
    ),
    "a regular limit": derived(
        law({dot(x): v, dot(v): -x - eps * v}), (Limit(eps), law({dot(x): v, dot(v): -x}))
    ),
    "a limit from below": derived(
        law({dot(x): -b * x - minus}), (Limit(minus, 0, "-"), law({dot(x): -b * x}))
    ),
    "what cannot vanish": derived(
        law({(1 + x**2) * dot(x): -b}), (Divide(1 + x**2), law({dot(x): -b / (1 + x**2)}))
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def assistant():
    with coq() as ready:
        yield ready


@needs_coq
@pytest.mark.parametrize("derivation", RIGHT.values(), ids=RIGHT)
def test_what_is_right_in_the_same_respects_is_certified(derivation, assistant):
    statuses = checked(assistant, certificate(derivation)).statuses
    assert [str(s) for s in statuses[1:] if not s.certified] == []


# Coq refuses what is false of the time, of signs and of the side of a limit


def lemmas_of(derivation):
    """Return the lemmas of the one step of a derivation."""
    (step,), (above, below) = derivation.steps, derivation.lines
    return [one for _, one in step_lemmas(step.move, above, below)[0]]


@needs_coq
def test_coq_refuses_false_lemmas_of_the_time(assistant):
    euler, late = Integrate(forward_euler, dt), Integrate(forward_euler, dt, clock="new")
    right = rule({x: x + dt * (a * t - b * x), t: t + dt})
    at_new = rule({x: x + dt * (a * (t + dt) - b * x), t: t + dt})
    wrong = [
        (euler, unchecked_rule((x, x + dt * (a * t - b * x)), (t, t + 2 * dt))),
        (euler, unchecked_rule((x, x + dt * (a * t - b * x)), (t, t))),
        (euler, unchecked_rule((x, x + dt * (a * t - b * x)), (t, t - dt))),
        (euler, at_new),
        (late, right),
    ]
    rules, orders = [], []
    for move, below in [(euler, right), (late, at_new), *wrong]:
        said = dict(step_lemmas(move, DRIVEN, below)[0])
        rules.append(said["rule"])
        orders.append(said["order"])
    assert tried(assistant, rules) == [True, True, *[False] * 5]
    # The time at another node is of the first order too.
    assert tried(assistant, orders) == [True, True, False, False, False, True, True]


@needs_coq
def test_coq_refuses_wrong_signs_and_sides(assistant):
    above = law({m * dot(dot(x)): -gamma * dot(x) - G})
    (right,) = attraction(Limit(m), above, law({0: -gamma * dot(x) - G}))
    mu = right.conclusion.left
    grows = [equation(m * mu - gamma, 0 * mu)]
    repels = lemma("attraction", "false", right.conclusion, Proof("negative_root", (m, -gamma)), grows)
    positive = lemma(
        "attraction", "false", Relation(0 * mu, "<", mu), right.proof, [equation(mu + gamma, 0 * mu)]
    )
    sign = lemma("inequality", "false", Relation(0 * m, "<", -dt / gamma), Proof("sign_of_form"))
    sided = law({dot(x): -b * x - a * Abs(w) / w})
    jumps = [
        one
        for side in ("+", "-")
        for value in (a, -a)
        for one in side_lemmas(Limit(w, 0, side), sided, law({dot(x): -b * x - value}))
    ]
    assert tried(assistant, [right, repels, positive, sign]) == [True, False, False, False]
    assert not any(tried(assistant, jumps))


def side_lemmas(move, above, below):
    return [one for part, one in step_lemmas(move, above, below)[0] if part == "limit"]


@needs_coq
def test_from_the_wrong_side_an_exponential_does_not_vanish(assistant):
    line, below = law({dot(x): -b * x + exp(-c / eps)}), law({dot(x): -b * x})
    right = side_lemmas(Limit(eps, 0), line, below)
    assert tried(assistant, right) == [True]
    turned = law({dot(x): -b * x + exp(-c / w)})
    _, reasons = step_lemmas(Limit(w, 0, "-"), turned, below)
    assert any("neither flat nor smooth" in reason for _, reason in reasons)


# Statuses


def test_a_status_is_printed_as_certified_or_withheld_with_the_reason():
    assert str(Status("step 3 (Limit)")) == "step 3 (Limit): certified"
    assert str(Status("step 3 (Limit)", ("one", "two"))) == "step 3 (Limit): withheld, because one; two"
    assert str(Status("the start", given=True)) == "the start: given"
    assert [Status("a").certified, Status("a", ("why",)).certified, Status("a", given=True).certified] == [
        True, False, False,
    ]  # fmt: skip


def test_a_step_without_an_equation_for_each_state_writes_no_lemma():
    derivation, *_ = WRONG["two laws for one coordinate"]
    assert not certificate(derivation).entries


def test_parts_of_a_limit_are_listed_where_the_whole_is_withheld():
    derivation, *_ = WRONG["a repelling fast motion"]
    written = certificate(derivation)
    assert [e.name for e in written.entries] == ["step1_limit"]
    assert [r.location for r in written.refused] == ["step 1 (Limit), attraction"]


def test_hypotheses_of_all_steps_together_have_a_witness():
    entries = {e.name: e for e in certificate(RIGHT["a constant name"]).entries}
    assert "eta" in entries["together"].witness


def test_a_step_that_gives_no_line_withholds_the_steps_after_it_too():
    steps = (Divide(gamma), ReduceOrder(x, pa), Integrate(semi_implicit_euler, dt))
    told = Derivation("told", damped_particle.law(), tuple(Step("", move) for move in steps))
    _, divided, *rest = certificate(told).statuses
    assert divided.certified
    assert len(rest) == 2
    assert all("step 2 of 'told' gives no line" in str(status) for status in rest)


def test_coupled_laws_are_counted_fast():
    names = [Symbol(f"z{k}", real=True) for k in range(14)]
    total = sum(map(dot, names))
    coupled = law({(k + 1) * total + dot(s): -s for k, s in enumerate(names)} | {dot(names[0]): 1})
    (status,) = certificate(derived(coupled, (Multiply(2), coupled))).statuses[1:]
    assert "more equations with rates than states" in str(status)


SINGULAR = [
    (law({eps * dot(x): -G}), law({0: -G}), "not shown to decay"),
    (law({eps**2 * dot(dot(x)): -eps * dot(x) - x}), law({0: -x}), "no fast motion settles"),
    (law({eps * dot(v): -v - x, dot(x): v / eps}), law({0: -v - x, dot(x): v}), "several equations"),
    (law({eps * dot(x) + dot(y): -x, dot(y): -y}), law({dot(y): -x, y: -dot(y)}), "holds 2 highest"),
    (law({dot(x): v, eps * v: -x}), law({dot(x): v, 0: -x}), "holds 0 highest"),
    (law({(x + eps) * dot(x): -b}), law({x * dot(x): -b}), "not known to differ from zero"),
    (law({dot(x) ** 2: eps}), law({dot(x) ** 2: 0}), "not known to differ from zero"),
]


@pytest.mark.parametrize(("above", "below", "reason"), SINGULAR, ids=lambda a: str(a)[:40])
def test_a_singular_limit_that_is_not_shown_to_settle_is_withheld(above, below, reason):
    assert reason in str(certificate(derived(above, (Limit(eps), below))).statuses[1])


def test_the_side_decides_whether_a_coefficient_is_positive():
    above, below = law({(1 - rho) * dot(v): -v - G}), law({0: -v - G})
    sides = {side: certificate(derived(above, (Limit(rho, 1, side), below))) for side in (None, "+", "-")}
    assert {side: one.statuses[1].certified for side, one in sides.items()} == {
        None: False, "+": False, "-": True,
    }  # fmt: skip
