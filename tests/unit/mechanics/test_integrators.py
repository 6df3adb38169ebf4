"""Each integrator is the method of its name, against matrices by NumPy and mpmath; what moves first."""

import random

import mpmath
import numpy as np
import pytest
from sympy import Abs, Integer, Rational, Symbol, cos, exp, lambdify, sin, sinh, sqrt

import physsym
from physsym import (
    Integrate,
    Outcome,
    after,
    apply,
    check,
    dot,
    grad,
    integrators,
    law,
    partial,
    rule,
)
from physsym.core.statements import Law, one_step_map
from physsym.integrators import (
    ALL,
    PartitionedEuler,
    backward_euler,
    exponential_euler,
    forward_euler,
    heun,
    implicit_midpoint,
    runge_kutta_4,
    semi_implicit_euler,
    velocity_verlet,
)
from physsym.mechanics import MoveError
from physsym.mechanics.moves import describe
from physsym.testing import assert_same_rule
from physsym.vocabulary import G, dt, gamma, lam, m, t, v, x
from tests.fuzz import follows

p, q, y, w = (Symbol(name, real=True) for name in "pqyw")
a, b = (Symbol(name, positive=True) for name in "ab")
damped = law({dot(x): v, dot(v): -lam * x / m - gamma * v / m})
TREATMENTS = ("explicit", "implicit", "midpoint", "exponential")


def matrix_of(stated, states, numbers):
    """Return the matrix of a linear rule at numbers for its parameters, in mpmath's complex arithmetic."""
    new = one_step_map(stated)
    unit = [{s: Integer(int(s == one)) for s in states} for one in states]
    return mpmath.matrix(
        [[mpmath.mpmathify(new[s].subs(numbers).subs(one).evalf(40)) for one in unit] for s in states]
    )


def random_numbers(seed):
    draw = random.Random(seed)
    numbers = {s: Rational(draw.randint(1, 400), 100) for s in (lam, gamma, m, dt)}
    return numbers | {gamma: numbers[gamma] * (5 if seed % 2 else 1)}


def system_matrix(numbers):
    values = {s: mpmath.mpf(n.p) / n.q for s, n in numbers.items()}
    return mpmath.matrix([[0, 1], [-values[lam] / values[m], -values[gamma] / values[m]]]), values[dt]


ONE = mpmath.eye(2)
BY_NAME = {
    forward_euler: lambda A, h: ONE + h * A,
    backward_euler: lambda A, h: mpmath.inverse(ONE - h * A),
    implicit_midpoint: lambda A, h: (ONE + h * A / 2) * mpmath.inverse(ONE - h * A / 2),
    exponential_euler: lambda A, h: mpmath.expm(h * A, method="taylor"),
    heun: lambda A, h: ONE + h * A + h**2 * A * A / 2,
    runge_kutta_4: lambda A, h: ONE + h * A + (h * A) ** 2 / 2 + (h * A) ** 3 / 6 + (h * A) ** 4 / 24,
}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("method", BY_NAME, ids=lambda m: m.name)
def test_a_method_is_the_matrix_of_its_name(method, seed):
    with mpmath.workdps(30):
        numbers = random_numbers(seed)
        found = matrix_of(apply(Integrate(method, dt), damped), (x, v), numbers)
        gap = mpmath.norm(found - BY_NAME[method](*system_matrix(numbers)))
        assert gap < mpmath.mpf(10) ** -20


def test_the_matrices_above_see_both_kinds_of_damping():
    kinds = {bool(n[gamma] ** 2 > 4 * n[lam] * n[m]) for n in map(random_numbers, range(6))}
    assert kinds == {True, False}


def test_the_implicit_midpoint_is_cayleys_transform_in_plain_floats():
    numbers = random_numbers(7)
    found = np.array(matrix_of(apply(Integrate(implicit_midpoint, dt), damped), (x, v), numbers).tolist())
    A, h = system_matrix(numbers)
    A = np.array(A.tolist(), dtype=float)
    cayley = (np.eye(2) + float(h) / 2 * A) @ np.linalg.inv(np.eye(2) - float(h) / 2 * A)
    assert np.allclose(found.astype(float), cayley, rtol=1e-13)


# ------------------------------------------------------------------ exponential Euler


EXACT = [
    law({dot(x): -a * x}),
    law({dot(x): a}),
    law({b * dot(x): a - lam * x}),
    damped,
    law({dot(x): v, m * dot(v): -lam * x}),  # no friction: cos and sin
    law({dot(x): v, dot(v): -a * v}),  # no spring: eigenvalues 0 and -a
    law({dot(x): v, dot(v): -a * v - b}),  # falling with friction
    law({dot(x): v, dot(v): -b}),  # free fall
    law({dot(x): v, dot(v): -(a**2) * x - 2 * a * v}),  # critically damped: one eigenvalue
    law({dot(x): -a * x + b * y, dot(y): -a * y}),  # one eigenvalue, and no basis of eigenvectors
    law({dot(x): -a * x + y, dot(y): -b * y}),
    law({dot(x): v, m * dot(v): -lam * x - gamma * v + a}),
    law({dot(x): v, dot(v): -a * x, dot(y): w, dot(w): -b * y}),  # two pairs
]


@pytest.mark.parametrize("line", EXACT, ids=str)
def test_exponential_euler_is_the_exact_flow(line):
    move = Integrate(exponential_euler, dt)
    new = apply(move, line)
    verdict = check(move, line, new)
    assert verdict, str(verdict)
    assert verdict.error.exponent == float("inf")
    # Against a Runge-Kutta method in five hundred short steps.
    numbers = {a: 0.7, b: 1.9, lam: 1.3, gamma: 0.4, m: 1.1, dt: 0.8}
    start = {s: 0.3 * k - 1 for k, s in enumerate(new.targets, 2)}
    rates = {
        s: next(e.right / e.left.coeff(dot(s)) for e in line.equations if e.left.has(dot(s))).subs(numbers)
        for s in start
    }
    now, h = dict(start), numbers[dt] / 500
    field = lambdify([tuple(start)], [rates[s] for s in start], "math")
    state = np.array(list(now.values()), dtype=float)
    for _ in range(500):
        k1 = np.array(field(state))
        k2 = np.array(field(state + h / 2 * k1))
        k3 = np.array(field(state + h / 2 * k2))
        state = state + h / 6 * (k1 + 2 * k2 + 2 * k3 + np.array(field(state + h * k3)))
    mapped = one_step_map(new)
    found = [complex(mapped[s].subs(numbers).subs(start).evalf()) for s in start]
    assert np.allclose(found, state, rtol=1e-9)


def test_a_pair_that_may_oscillate_has_one_form_for_weak_and_strong_damping():
    move = Integrate(exponential_euler, dt)
    verdict = check(move, damped, apply(move, damped))
    assert "Abs(gamma**2 - 4*lam*m) > 0" in map(str, verdict.assumes)
    # Below critical damping the author may state the line with cos and sin.
    mu, omega = gamma / (2 * m), sqrt(4 * lam * m - gamma**2) / (2 * m)
    c, s, decay = cos(omega * dt), sin(omega * dt) / omega, exp(-mu * dt)
    stated = rule({
        x: decay * (c * x + s * (v + mu * x)),
        v: decay * (c * v - s * (lam / m * x + mu * v)),
    })  # fmt: skip
    # Both read old values: the second update is of v, which the first does not change.
    verdict = check(move, damped, stated)
    assert verdict, str(verdict)
    assert "-gamma**2 + 4*lam*m > 0" in map(str, verdict.assumes)


@pytest.mark.parametrize("friction", [0.3, 7.0])
def test_one_program_runs_with_weak_and_strong_damping(friction):
    new = apply(Integrate(exponential_euler, dt), damped)
    stiffness, mass, h = 1.7, 1.2, 0.4
    step = physsym.lambdify(new, backend="python")
    found = step(-1.1, 0.6, lam=stiffness, gamma=friction, m=mass, dt=h)  # v, then x
    A = mpmath.matrix([[0, 1], [-stiffness / mass, -friction / mass]])
    due = mpmath.expm(h * A, method="taylor") * mpmath.matrix([0.6, -1.1])
    assert new.targets == (v, x)
    assert np.allclose([float(n) for n in found], [float(due[1]), float(due[0])], rtol=1e-12)


@pytest.mark.parametrize(
    "wrong",
    [
        {x: exp(-b * dt) * x},
        {x: 2 * exp(-a * dt) * x},
        {x: (1 - a * dt) * x},
        {x: exp(-a * dt) * x + dt},
        {x: exp(-a * dt**2) * x},
        {x: exp(-a * dt) * (x + 1) - 1},
    ],
    ids=str,
)
def test_what_is_not_the_exact_flow_is_refused(wrong):
    assert (
        check(Integrate(exponential_euler, dt), law({dot(x): -a * x}), rule(wrong)).outcome is Outcome.FAILS
    )


@pytest.mark.slow
def test_a_spoiled_exponential_of_a_pair_is_refused():
    move = Integrate(exponential_euler, dt)
    for line in (damped, law({dot(x): v, m * dot(v): -lam * x})):
        right = apply(move, line)
        for k, update in enumerate(right.updates):
            for wrong in (-update.value, update.value + dt * x, update.value.subs(lam, 2 * lam)):
                updates = {u.target: wrong if j == k else u.value for j, u in enumerate(right.updates)}
                assert not check(move, line, rule(updates))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (law({dot(x): v, m * dot(v): -G - gamma * v}), "needs a linear law with constant coefficients"),
        (law({dot(x): -(x**2)}), "needs a linear law"),
        (law({dot(x): -t * x}), "needs a linear law with constant coefficients"),
        (law({dot(x): -x + t}), "needs a linear law with constant coefficients"),
        (law({dot(x): y, dot(y): w, dot(w): -x}), "at most two coupled states; x, y, w are coupled"),
    ],
)
def test_exponential_euler_is_refused_elsewhere_with_the_reason(line, reason):
    with pytest.raises(MoveError, match=reason):
        apply(Integrate(exponential_euler, dt), line)


def test_an_exact_flow_of_a_law_that_is_not_linear_is_not_exponential_euler():
    verdict = check(Integrate(exponential_euler, dt), law({dot(x): -(x**2)}), rule({x: x / (1 + dt * x)}))
    assert not verdict
    assert "linear law with constant coefficients" in verdict.evidence[0]


# ------------------------------------------------------------------ implicit methods


@pytest.mark.parametrize("method", [backward_euler, implicit_midpoint], ids=lambda m: m.name)
@pytest.mark.parametrize("line", [law({dot(x): -G}), law({dot(x): v, m * dot(v): -G - gamma * v})], ids=str)
def test_an_implicit_method_of_an_unknown_gradient_is_refused(method, line):
    with pytest.raises(MoveError, match=r"cannot be written explicitly for .*reads the new"):
        apply(Integrate(method, dt), line)


def test_an_implicit_method_of_coupled_rates_that_are_not_linear_is_refused():
    with pytest.raises(MoveError, match="the rates are not linear"):
        apply(Integrate(backward_euler, dt), law({dot(x): v**2, dot(v): -x}))


# ------------------------------------------------------------------ friction


def by_hand(treatment, s):
    """Return what is left of a velocity after a step dt with friction of rate s/dt, and of a unit force."""
    left = {"explicit": 1 - s, "implicit": 1 / (1 + s), "exponential": exp(-s)}
    left["midpoint"] = (1 - s / 2) / (1 + s / 2)
    return left[treatment], (1 - left[treatment]) / s


@pytest.mark.parametrize("treatment", TREATMENTS)
def test_friction_is_treated_as_named(treatment):
    particle = law({dot(x): v, m * dot(v): -G - gamma * v})
    move = Integrate(semi_implicit_euler.with_friction(treatment), dt)
    left, force = by_hand(treatment, gamma * dt / m)
    stated = rule({v: left * v - force * dt / m * G, x: x + dt * after(v)})
    assert_same_rule(apply(move, particle), stated)
    assert check(move, particle, stated)
    for other in TREATMENTS:
        moved = Integrate(semi_implicit_euler.with_friction(other), dt)
        assert bool(check(moved, particle, stated)) is (other == treatment)


def test_treatments_are_values():
    assert semi_implicit_euler.with_friction("explicit") == semi_implicit_euler
    implicit = semi_implicit_euler.with_friction("implicit")
    assert implicit.with_friction("explicit") == semi_implicit_euler
    assert implicit.with_friction("midpoint") == semi_implicit_euler.with_friction("midpoint")
    assert {semi_implicit_euler.with_friction(one) for one in TREATMENTS} < set(ALL)


def test_another_treatment_is_refused_with_the_list():
    listed = "'explicit', 'implicit', 'midpoint', 'exponential'; given 'backward'"
    with pytest.raises(ValueError, match=listed):
        semi_implicit_euler.with_friction("backward")
    for method in (backward_euler, heun, velocity_verlet, exponential_euler):
        with pytest.raises(ValueError, match=r"use semi_implicit_euler\.with_friction"):
            method.with_friction("explicit")
    for treatment in (["implicit"], None, 3):
        with pytest.raises(ValueError, match="friction is treated in one of the ways"):
            semi_implicit_euler.with_friction(treatment)


@pytest.mark.parametrize(
    ("weights", "reason"),
    [
        ({"own": "foo"}, "mine: own is a number or \"exact\", given 'foo'"),
        ({"updated": "exact"}, "mine: updated is a number, given 'exact'"),
        ({"own": 0.5}, "expected an exact expression, given 0.5"),
        ({"pending": 1.0}, "expected an exact expression, given 1.0"),
        ({"own": None}, "expected an expression, given None"),
    ],
)
def test_weights_are_exact_numbers(weights, reason):
    with pytest.raises((TypeError, ValueError), match=reason):
        PartitionedEuler("mine", 1, **weights)


def test_weights_may_be_written_as_python_numbers():
    mine = PartitionedEuler("semi-implicit Euler", 1, 0, Integer(1))
    assert mine == PartitionedEuler("semi-implicit Euler", 1, updated=1) == semi_implicit_euler
    assert mine.own.is_Integer


def test_at_critical_damping_exponential_euler_is_excluded_once():
    oscillator = law({dot(x): v, m * dot(v): -lam * x - gamma * v})
    move = Integrate(exponential_euler, dt)
    verdict = check(move, oscillator, apply(move, oscillator))
    assert verdict
    assert list(map(str, verdict.assumes)) == ["dt > 0", "m != 0", "Abs(gamma**2 - 4*lam*m) > 0"]


# ------------------------------------------------------------------ what moves first


B = {dot(x): p / m, dot(p): -G - gamma * p}
KICK = rule({p: p + dt * (-G - gamma * p), x: x + dt * after(p) / m})
DRIFT = rule({x: x + dt * p / m, p: p + dt * (-grad(after(x)) - gamma * p)})
LISTINGS = (law(B), law(dict(reversed(B.items()))))


@pytest.mark.parametrize("listed", LISTINGS, ids=str)
def test_the_order_of_listing_decides_nothing(listed):
    move, drifting = Integrate(semi_implicit_euler, dt), Integrate(semi_implicit_euler, dt, first=(x,))
    assert_same_rule(apply(move, listed), KICK)
    assert_same_rule(apply(drifting, listed), DRIFT)
    assert (bool(check(move, listed, KICK)), bool(check(move, listed, DRIFT))) == (True, False)
    assert (bool(check(drifting, listed, KICK)), bool(check(drifting, listed, DRIFT))) == (False, True)
    assert check(Integrate(semi_implicit_euler, dt, first=p), listed, KICK)


# A law, and the states that are its positions.
CLEAR = [
    (law({dot(x): v, dot(v): -lam * x**3 / m}), {x}),
    (law({dot(v): -sinh(x), dot(x): v}), {x}),
    (law({dot(x): v, dot(y): w, dot(v): -lam * x * y**2, dot(w): -lam * x**2 * y}), {x, y}),
    (law({dot(x): p / m, dot(p): -lam * x - gamma * p}), {x}),
    (law({dot(x): v, dot(v): -a * v}), {x}),
    (law({dot(x): v, dot(v): -grad(x + a * v)}), {x}),
    (law({dot(x): (v - b * G) / a, dot(v): -G - v}), {x}),
    (
        law({
            dot(v): -partial(1, x, y) - (v - w), dot(x): v, dot(w): -partial(2, x, y) - (w - v), dot(y): w,
        }),
        {x, y},
    ),
    (law({dot(x): p / m, dot(p): -G, dot(y): q / m, dot(q): -lam * y - q}), {x, y}),
]  # fmt: skip


@pytest.mark.parametrize(("line", "positions"), CLEAR, ids=[str(line) for line, _ in CLEAR])
def test_positions_are_found_by_what_they_mean(line, positions):
    move = Integrate(semi_implicit_euler, dt)
    for listed in (line, Law(tuple(reversed(line.equations)))):
        new = apply(move, listed)
        velocities = len(new.targets) - len(positions)
        assert set(new.targets[velocities:]) == positions
        assert_same_rule(new, apply(move, line))
        assert check(move, listed, new)
        named = Integrate(semi_implicit_euler, dt, first=tuple(new.targets[:velocities]))
        assert check(named, listed, new)
        assert_same_rule(apply(named, listed), new)


UNCLEAR = [
    law({dot(x): p, dot(p): -x}),  # each might be the velocity of the other
    law({dot(x): p / m, dot(p): -lam * x}),
    # Up to constants each of these is the same with the states in each other's places.
    law({dot(x): p / m, dot(p): -x}),
    law({dot(x): p, dot(p): -lam * x / m}),
    law({dot(x): p, dot(p): a - lam * x}),
    law({dot(p): x, dot(x): -p / m}),
    law({dot(x): p / m, dot(p): x}),
    law({dot(x): p - q, dot(p): -x, dot(q): x}),
    law({dot(x): p, dot(p): -lam * (x - y), dot(y): q, dot(q): -lam * (y - x)}),
    law({dot(x): p / sqrt(1 + p**2), dot(p): -x}),  # a spring, and a kinetic energy that is no square
    law({dot(x): x + y, dot(y): x - y}),
    law({dot(x): -partial(1, x, y), dot(y): -partial(2, x, y)}),
    law({dot(x): v, dot(v): -G - y, dot(y): x}),  # the integral of a position is neither
]


@pytest.mark.parametrize("line", UNCLEAR, ids=str)
def test_where_the_law_does_not_tell_the_step_is_refused(line):
    states = [Symbol(str(e.left)[:-1], real=True) for e in line.equations]
    for method in (semi_implicit_euler, velocity_verlet):
        with pytest.raises(
            MoveError, match=r"not tell which of .* as in Integrate\(\.\.\., first=\(<velocity>,\)\)"
        ):
            apply(Integrate(method, dt), line)
    for first in ((states[0],), (states[1],)):
        move = Integrate(semi_implicit_euler, dt, first=first)
        new = apply(move, line)
        assert check(move, line, new)
        for method in (semi_implicit_euler, velocity_verlet):
            verdict = check(Integrate(method, dt), line, new)
            assert not verdict
            assert "does not tell which of" in verdict.evidence[0]
            assert not follows(Integrate(method, dt), line, new)


def test_states_that_do_not_read_each_other_have_no_order():
    apart = law({dot(x): -G, dot(y): -grad(y)})
    assert_same_rule(
        apply(Integrate(semi_implicit_euler, dt), apart), rule({x: x - dt * G, y: y - dt * grad(y)})
    )


@pytest.mark.parametrize(
    ("first", "reason"),
    [((w,), "some of the states x, p"), ((x, p), "not all"), ((x, x), "once each")],
)
def test_first_names_some_of_the_states(first, reason):
    move = Integrate(semi_implicit_euler, dt, first=first)
    with pytest.raises(MoveError, match=reason):
        apply(move, LISTINGS[0])
    assert not check(move, LISTINGS[0], KICK)


@pytest.mark.parametrize("method", [m for m in ALL if not m.partitioned], ids=lambda m: m.name)
def test_a_method_that_moves_all_together_takes_no_first(method):
    plain, named = Integrate(method, dt), Integrate(method, dt, first=(v,))
    with pytest.raises(MoveError, match="moves all states together"):
        apply(named, damped)
    new = apply(plain, damped)
    assert check(plain, damped, new)
    assert not check(named, damped, new)


def test_first_holds_symbols():
    for first in (("2*v",), "v + x", None, 3, [None], 1.5):
        with pytest.raises(TypeError, match=r"as in first=\(v,\); given |the name of a symbol"):
            Integrate(semi_implicit_euler, dt, first=first)


def test_a_state_of_declared_sign_is_one_state():
    # The derivative of a positive state is a symbol of no sign; both are of one state.
    c = Symbol("c", positive=True)
    line = law({dot(c): -c})
    assert apply(Integrate(forward_euler, dt), line).targets == (c,)


# ------------------------------------------------------------------ velocity Verlet


FREE = law({dot(x): p / m, dot(p): -G})


def test_velocity_verlet_by_hand():
    move = Integrate(velocity_verlet, dt)
    half = p - dt / 2 * G
    by_hand = rule({x: x + dt * half / m, p: half - dt / 2 * grad(after(x))})
    # The second update reads the old p, so that `half` is the same in both.
    verdict = check(move, FREE, by_hand)
    assert verdict, str(verdict)
    assert verdict.error.exponent == 2
    assert_same_rule(apply(move, FREE), by_hand)


def test_velocity_verlet_is_leapfrog_in_numbers():
    stiffness, place, speed, h = 1.7, 0.6, -1.1, 0.3
    spring = law({dot(x): v, dot(v): -lam * x})
    new = one_step_map(apply(Integrate(velocity_verlet, dt, first=(v,)), spring))
    found = [float(new[s].subs({lam: stiffness, dt: h, x: place, v: speed})) for s in (x, v)]
    speed -= h / 2 * stiffness * place
    place += h * speed
    assert np.allclose(found, [place, speed - h / 2 * stiffness * place])


@pytest.mark.parametrize(
    "wrong",
    [
        {x: x + dt * p / m, p: p - dt / 2 * (G + grad(after(x)))},
        {p: p - dt * G, x: x + dt * after(p) / m},
        {x: x + dt * p / m - dt**2 * G / (2 * m), p: p - dt * G},
        {x: x + dt * p / m - dt**2 * G / (2 * m), p: p - dt * grad(after(x))},
        {x: x + dt * p / m + dt**2 * G / (2 * m), p: p - dt / 2 * (G + grad(after(x)))},
        {x: x + dt * p / m - dt**2 * G / m, p: p - dt / 2 * (G + grad(after(x)))},
    ],
    ids=str,
)
def test_another_step_is_not_velocity_verlet(wrong):
    verdict = check(Integrate(velocity_verlet, dt), FREE, rule(wrong))
    assert verdict.outcome is Outcome.FAILS
    of_kick, of_drift = "p and the mean force", "x and its rate between the kicks"
    assert verdict.evidence[0].startswith(
        tuple(f"the difference quotient of {w}" for w in (of_kick, of_drift))
    )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (law({dot(x): p / m, dot(p): -G - gamma * p}), "the rate of p reads p; with friction use"),
        (law({dot(x): v - G, dot(v): -G}), "the rate of x reads a position"),
        (law({dot(x): -G}), "needs positions and velocities"),
        (law({dot(x): p, dot(p): -x}), "name what moves first"),
    ],
)
def test_velocity_verlet_is_refused_with_the_reason(line, reason):
    with pytest.raises(MoveError, match=reason):
        apply(Integrate(velocity_verlet, dt), line)


def test_friction_by_velocity_verlet_is_refused_whatever_is_stated():
    rubbed = law({dot(x): p / m, dot(p): -G - gamma * p})
    half = p - dt / 2 * (G + gamma * p)
    stated = rule({x: x + dt * half / m, p: half - dt / 2 * (grad(after(x)) + gamma * half)})
    verdict = check(Integrate(velocity_verlet, dt), rubbed, stated)
    assert verdict.outcome is Outcome.FAILS
    assert "without friction" in verdict.evidence[0]


def test_states_apart_are_no_positions_and_velocities():
    verdict = check(Integrate(velocity_verlet, dt), law({dot(x): -G}), rule({x: x - dt * G}))
    assert "needs positions and velocities" in verdict.evidence[0]


def test_what_is_kicked_may_be_named():
    both = law({dot(x): p, dot(p): -x})
    kick, drift = (Integrate(velocity_verlet, dt, first=first) for first in ((p,), (x,)))
    assert check(kick, both, apply(kick, both))
    assert not check(drift, both, apply(kick, both))


# ------------------------------------------------------------------ in words, and together


def test_a_step_in_words_says_what_moves_first():
    words = "".join(map(str, describe(Integrate(semi_implicit_euler, dt, first=(x,)))))
    assert words == "integrate over one step by semi-implicit Euler, x first, of length dt"
    words = "".join(map(str, describe(Integrate(velocity_verlet, dt))))
    assert words == "integrate over one step by velocity Verlet, of length dt"


def test_all_are_there_under_names_of_their_own():
    assert len({m.name for m in ALL}) == len(ALL) == len(set(ALL))
    public = {getattr(integrators, name) for name in integrators.__all__ if name.islower()}
    assert public <= set(ALL)


def test_the_rate_of_a_state_that_is_not_read_off_its_equation_is_still_found():
    # The state in the factor cancels: x' is v all the same, and v is its velocity.
    line = law({(1 + x**2) * dot(x): (1 + x**2) * v, dot(v): -lam * x - v * Abs(v)})
    move = Integrate(semi_implicit_euler, dt)
    assert check(move, line, apply(move, line))
