"""Convergence of motions in limits of laws, compared with numerical roots and trajectories."""

import random
from fractions import Fraction

import numpy
import pytest
from scipy.integrate import solve_ivp
from sympy import Abs, Integer, Rational, Symbol, exp, lambdify, oo, sign, sinh, sqrt, symbols

from physsym import Condition, Limit, Outcome, check, damped_particle, dot, law, partial, rule
from physsym.core.polynomials import lower_hull
from physsym.core.symbols import grad, hess, higher, potential
from physsym.verify.attraction import (
    Linearisation,
    Unknowns,
    convergence,
    fast_edges,
    vanishing_with,
)
from physsym.verify.derivative import derivative
from physsym.verify.engines.laurent import UndecidedError
from physsym.verify.expansion import Approach, expanded
from physsym.verify.hurwitz import hurwitz_conditions, hurwitz_determinants
from physsym.verify.solution_order import solution_order
from physsym.vocabulary import G, dt, eta, gamma, lam, m, rho, t, tau, u, v, x

y, z, w, p, a, b, e = symbols("y z w p a b e", real=True)
eps, k, B, T0 = symbols("eps k B T0", positive=True)
n = Symbol("n", negative=True)


def acceleration(s):
    return dot(dot(s))


def told(verdict):
    return [str(c) for c in verdict.assumes]


LAYER, UNIFORM = "pointwise after a layer", "uniform"
SETTLES = [
    (Limit(m), {m * acceleration(x): -gamma * dot(x) - G}, {0: -gamma * dot(x) - G}),
    (Limit(eps), {eps * dot(y): x - y, dot(x): -y}, {0: x - y, dot(x): -y}),
    (Limit(tau), {tau * dot(v): -v - G / gamma, dot(x): v}, {0: -v - G / gamma, dot(x): v}),
    (Limit(eps), {k * eps**2 * acceleration(x): -eps * dot(x) - x}, {0: -x}),
    (
        Limit(m),
        {m * acceleration(x): -gamma * (1 + x**2) * dot(x) - G},
        {0: -gamma * (1 + x**2) * dot(x) - G},
    ),
    (
        Limit(m),
        {
            m * acceleration(x): b * dot(y) - gamma * dot(x) - k * x,
            m * acceleration(y): -b * dot(x) - gamma * dot(y) - k * y,
        },
        {0: b * dot(y) - gamma * dot(x) - k * x, k * y: -b * dot(x) - gamma * dot(y)},
    ),
    (Limit(n), {n * acceleration(x): dot(x) - G}, {0: dot(x) - G}),
    (Limit(e, 0, "-"), {e * acceleration(x): dot(x) - G}, {0: dot(x) - G}),
    (Limit(gamma, oo), {m * acceleration(x) / gamma: -dot(x) - x / m}, {0: -dot(x) - x / m}),
    (Limit(a, -oo), {acceleration(x) / a: dot(x) + x}, {0: dot(x) + x}),
    (Limit(tau, T0, "+"), {(tau - T0) * acceleration(x): -dot(x) - x}, {0: -dot(x) - x}),
    (Limit(eps), {sqrt(eps) * acceleration(x): -dot(x) - x}, {0: -dot(x) - x}),
]


@pytest.mark.parametrize(("move", "above", "below"), SETTLES)
def test_a_fast_motion_that_decays_leaves_the_limit_after_a_layer(move, above, below):
    verdict = check(move, law(above), law(below))
    if verdict.outcome is not Outcome.UNDECIDABLE:  # where the order of the gap is not measured
        assert verdict, str(verdict)
        assert verdict.convergence == LAYER


UNSETTLED = [
    (Limit(m), {m * acceleration(x): -lam * x}, {0: -lam * x}, "mu**2 = -lam"),
    (Limit(m), {m * acceleration(x): -G}, {0: -G}, "never settles"),
    (
        Limit(tau),
        {tau * acceleration(x): dot(x) - G / gamma},
        {0: dot(x) - G / gamma},
        "mu = 1: the law repels",
    ),
    (Limit(eps), {eps * dot(y): y + x, dot(x): -y}, {0: y + x, dot(x): -y}, "repels"),
    (Limit(tau), {tau * dot(v): v - G / gamma, dot(x): v}, {0: v - G / gamma, dot(x): v}, "repels"),
    (Limit(n), {n * acceleration(x): -dot(x) - G}, {0: -dot(x) - G}, "repels"),
    (Limit(e, 0, "-"), {e * acceleration(x): -dot(x) - G}, {0: -dot(x) - G}, "repels"),
    (Limit(e), {e * acceleration(x): -dot(x) - G}, {0: -dot(x) - G}, "from below: the fast motion"),
    (
        Limit(m),
        {m * acceleration(x): -gamma * dot(x) - lam * (x - y), m * acceleration(y): -lam * (y - x)},
        {0: -gamma * dot(x) - lam * (x - y), lam * y: lam * x},
        "never settles",
    ),
    (Limit(eps), {eps * dot(x): y, eps * dot(y): -x}, {0: y, x: 0}, "mu**2 = -1"),
    (Limit(m), {m * acceleration(x): -k * m * dot(x) - lam * x}, {0: -lam * x}, "never settles"),
]


@pytest.mark.parametrize(("move", "above", "below", "words"), UNSETTLED)
def test_what_does_not_settle_has_no_limit(move, above, below, words):
    verdict = check(move, law(above), law(below))
    assert verdict.outcome is Outcome.FAILS, str(verdict)
    assert words in str(verdict)
    assert verdict.convergence == ""
    assert verdict.error is None


REGULAR = [
    (Limit(gamma), {m * acceleration(x): -gamma * dot(x) - G}, {m * acceleration(x): -G}),
    (Limit(gamma, oo), {dot(x): -a * x / gamma - b}, {dot(x): -b}),
    (Limit(a, oo), {dot(x): -k * x / a - b}, {dot(x): -b}),
    (Limit(a, -oo), {dot(x): -k * x / a - b}, {dot(x): -b}),
    (Limit(rho), {dot(x): -(1 + rho) * G}, {dot(x): -G}),
    (Limit(e), {dot(x): -G + e * t}, {dot(x): -G}),
    (Limit(tau, T0), {dot(x): -x / tau}, {dot(x): -x / T0}),
    (Limit(rho, 1), {acceleration(x): -rho * dot(x)}, {acceleration(x): -dot(x)}),
]


@pytest.mark.parametrize(("move", "above", "below"), REGULAR)
def test_without_a_fast_motion_convergence_is_uniform(move, above, below):
    verdict = check(move, law(above), law(below))
    assert verdict, str(verdict)
    assert verdict.convergence == UNIFORM


REGIONS = [
    (Limit(m), {m * acceleration(x): -a * dot(x) - G}, {0: -a * dot(x) - G}, ["a > 0"]),
    (Limit(m), {m * acceleration(x): -3 * k * dot(x) / t - G}, {0: -3 * k * dot(x) / t - G}, ["t > 0"]),
    (Limit(m), {m * acceleration(x): -gamma * dot(x) ** 3 - G}, {0: -gamma * dot(x) ** 3 - G}, ["x' != 0"]),
    (
        Limit(eps),
        {eps * dot(x): y - x**3 / 3 + x, dot(y): -x},
        {0: y - x**3 / 3 + x, dot(y): -x},
        ["x**2 - 1 > 0"],
    ),
    (
        Limit(m),
        {m * acceleration(x): -gamma * sign(dot(x)) * Abs(dot(x)) ** (p - 1) - G},
        {0: -gamma * sign(dot(x)) * Abs(dot(x)) ** (p - 1) - G},
        ["p - 1 > 0", "x' != 0"],
    ),
    (Limit(eps), {eps**2 * acceleration(x): -eps * a * dot(x) - G}, {0: -G}, ["a > 0", "hess(x) > 0"]),
]


@pytest.mark.parametrize(("move", "above", "below", "region"), REGIONS)
def test_where_signs_are_not_known_the_region_of_attraction_is_listed(move, above, below, region):
    verdict = check(move, law(above), law(below))
    assert verdict.outcome is Outcome.CONDITIONAL, str(verdict)
    assert verdict.convergence == LAYER
    assert told(verdict)[: len(region)] == region


def test_a_neutral_rotation_needs_a_start_on_the_limit():
    # A charged particle in a strong field: its position follows the drift, about which its velocity turns.
    above = law({m * acceleration(x): B * dot(y) - k * x, m * acceleration(y): -B * dot(x) - k * y})
    verdict = check(Limit(m), above, law({0: B * dot(y) - k * x, k * y: -B * dot(x)}))
    assert verdict.outcome is Outcome.CONDITIONAL
    assert "x', y' start at their values in the limit" in told(verdict)[0]


def test_a_rotation_of_unknown_sense_must_not_vanish():
    above = law({m * acceleration(x): a * dot(y) - k * x, m * acceleration(y): -a * dot(x) - k * y})
    verdict = check(Limit(m), above, law({0: a * dot(y) - k * x, k * y: -a * dot(x)}))
    assert verdict.outcome is Outcome.CONDITIONAL
    assert "a != 0" in told(verdict)


def test_what_cannot_be_followed_is_no_pass_where_no_rate_is_lost():
    names = symbols("q0:5", real=True)
    lines = {dot(q): names[(j + 1) % 5] for j, q in enumerate(names) if j < 4}
    kept = {q: s for q, s in lines.items() if q != dot(names[0])} | {dot(names[4]): dot(names[0])}
    above = law({eps * dot(names[0]): names[1], **kept})
    below = law({0: names[1], **kept})
    assert not check(Limit(eps), above, below)


def test_what_is_neutral_at_leading_order_is_left_open():
    verdict = check(Limit(eps), law({eps**4 * acceleration(x): -(eps**3) * dot(x) - x}), law({0: -x}))
    assert verdict.outcome is Outcome.UNDECIDABLE
    assert "higher orders decide" in str(verdict)


def test_equations_that_become_one_do_not_determine_the_motion():
    above = law({eps * dot(x): -(x - y), eps * dot(y): x - y + eps * k})
    verdict = check(Limit(eps), above, law({0: -(x - y), y: x}))
    assert verdict.outcome is Outcome.CONDITIONAL
    assert "x', y' stay bounded as eps tends to 0" in told(verdict)


@pytest.mark.parametrize("friction", [sinh, lambda s: s * sqrt(1 + s**2), lambda s: s + s**3])
def test_friction_that_grows_with_the_velocity_attracts_everywhere(friction):
    force = -gamma * friction(dot(x)) - G
    verdict = check(Limit(m), law({m * acceleration(x): force}), law({0: force}))
    assert verdict, str(verdict)
    assert verdict.convergence == LAYER


def test_hypotheses_tell_the_side_and_the_sign():
    above, below = law({m * acceleration(x): -a * dot(x) - G}), law({0: -a * dot(x) - G})
    assert check(Limit(m), above, below, given=a > 0)
    assert check(Limit(m), above, below, given=a < 0).outcome is Outcome.FAILS
    above, below = law({e * acceleration(x): -dot(x) - G}), law({0: -dot(x) - G})
    assert check(Limit(e), above, below, given=e > 0)
    assert check(Limit(e), above, below, given=e < 0).outcome is Outcome.FAILS


def test_a_limit_that_keeps_the_order_needs_no_expansion():
    assert (
        check(Limit(eps), law({(1 + eps) * dot(x): -exp(eps) * x}), law({dot(x): -x})).convergence == UNIFORM
    )


def test_a_coefficient_that_vanishes_faster_than_every_power_is_left_open():
    verdict = check(Limit(eps), law({exp(-1 / eps) * acceleration(x): -dot(x) - x}), law({0: -dot(x) - x}))
    assert verdict.outcome is Outcome.CONDITIONAL
    assert "x'' stays bounded as eps tends to 0" in told(verdict)


def test_particles_in_a_plane_without_friction_never_settle():
    free = law({m * acceleration(q): -partial(j, x, y, z) for j, q in enumerate((x, y, z), 1)})
    verdict = check(Limit(m), free, law({partial(j, x, y, z): 0 for j in (1, 2, 3)}))
    assert verdict.outcome is Outcome.FAILS
    slow = {eps**2 * acceleration(q): -eps * dot(q) - partial(j, x, y, z) for j, q in enumerate((x, y, z), 1)}
    verdict = check(Limit(eps), law(slow), law({partial(j, x, y, z): 0 for j in (1, 2, 3)}))
    assert verdict.outcome is Outcome.UNDECIDABLE
    assert "the degree is too high for so many symbols; give numbers" in str(verdict)


# ------------------------------------------------------------------ witnesses

NUMBERS = {gamma: 1.3, lam: 2.1, k: 0.7, B: 1.9, b: 0.8, a: 1.2, T0: 1.0}
STATES = {x: 0.6, y: -0.4, v: 0.3, dot(x): 0.5, dot(y): -0.7, hess(x): 1.7, t: 1.0}


def roots_at(move, above, small):
    """Return the roots of the frozen characteristic polynomial of a law, by numbers."""
    value = {"+": small, "-": -small, None: -small if move.symbol == n else small}[move.side]
    at = (
        {move.symbol: move.to.subs(NUMBERS) + value}
        if move.to.is_finite
        else {move.symbol: (1 if move.to == oo else -1) / small}
    )
    found = Linearisation.of(law(above), Unknowns.of(law(above)))
    order = max(found.orders)
    size = len(found.names)
    values = {**NUMBERS, **STATES, **at}
    entry = [
        [[float(terms.get(j, Integer(0)).subs(values)) for terms in row] for row in found.entries]
        for j in range(order + 1)
    ]
    rates = numpy.exp(2j * numpy.pi * numpy.arange(64) / 64)
    values_of_det = [numpy.linalg.det(sum(numpy.array(c) * r**j for j, c in enumerate(entry))) for r in rates]
    coefficients = numpy.fft.fft(values_of_det) / 64  # of the powers 0, 1, ...
    return numpy.roots([c.real for c in coefficients[: size * order + 1]][::-1])


ALL = [(*case[:2], True) for case in SETTLES if case[0].to.is_finite]
ALL += [(*case[:2], False) for case in UNSETTLED if case[0].side or case[0].symbol != e]


@pytest.mark.parametrize(("move", "above", "settles"), ALL)
def test_the_fast_roots_computed_in_numbers_agree(move, above, settles):
    near, nearer = (roots_at(move, above, s) for s in (1e-3, 1e-4))
    fast = [r for r in nearer if abs(r) > 3 * max(1, sorted(map(abs, near))[0]) and abs(r) > 8]
    assert fast
    assert all(r.real < -1 and abs(r.real) > 0.05 * abs(r) for r in fast) is settles


def test_a_law_is_followed_or_not_as_the_verdict_says():
    def end(friction, inertia):
        motion = solve_ivp(
            lambda _, s: (s[1], (-friction * s[1] - s[0]) / inertia),
            (0, 2),
            (1.0, 1.0),
            rtol=1e-10,
            atol=1e-12,
            method="Radau",
        )
        return motion.y[0, -1]

    gaps = [abs(end(1, inertia) - numpy.exp(-2)) for inertia in (1e-2, 1e-3)]
    assert (
        gaps[1] < 0.2 * gaps[0] < 0.02
    )  # with friction the position tends to that of the limit, at order one
    swings = [abs(numpy.cos(2 / sqrt_of)) for sqrt_of in (0.1, 0.033, 0.011)]  # the motion without friction
    assert max(swings) > 0.2  # it does not tend to x = 0


def test_states_that_jump_in_the_layer_are_told_from_those_that_do_not():
    # x - y stays as it is while both jump: neither is kept, although the limit has a rate of each.
    # The motions of the limit then begin elsewhere, which is for whoever takes the limit to say.
    verdict = check(
        Limit(eps), law({eps * dot(y): -(x + y), dot(x): dot(y)}), law({0: -(x + y), dot(x): dot(y)})
    )
    assert verdict.outcome is Outcome.CONDITIONAL
    assert "x, y after a layer of width O(eps)" in verdict.evidence
    assert "x starts in the limit where the layer leaves it" in told(verdict)
    fast = solve_ivp(
        lambda _, s: (-(s[0] + s[1]) / 1e-4,) * 2, (0, 0.01), (1.0, 0.5), method="Radau", rtol=1e-9
    )
    assert abs(fast.y[0, -1] - 1) > 0.5


@pytest.mark.parametrize("seed", range(20))
def test_hurwitz_conditions_agree_with_roots(seed):
    random = numpy.random.default_rng(seed)
    numbers = [Rational(int(c), 7) for c in random.integers(-3, 20, size=int(random.integers(2, 6)))]
    numbers[0] = numbers[0] or Integer(1)
    stable = all(r.real < -1e-9 for r in numpy.roots([float(c) for c in numbers]))
    if numbers[0] > 0:
        assert all(d > 0 for d in hurwitz_determinants(numbers)) is stable
    assert all(c > 0 for c in hurwitz_conditions(numbers)) is stable


def test_the_newton_polygon_gives_the_sizes_of_the_roots():
    # eps**3*z**3 + eps*z**2 + z + eps has roots near -1/eps**2, -1/eps and -eps.
    found = list(lower_hull([(0, 1, Integer(1)), (1, 0, Integer(1)), (2, 1, Integer(1)), (3, 3, Integer(1))]))
    assert [slope for slope, _ in found] == [-1, 1, 2]
    sizes = sorted(abs(numpy.roots([1e-9, 1e-3, 1, 1e-3])))
    assert numpy.allclose(numpy.log10(sizes), [-3, 3, 6], atol=0.01)


# ------------------------------------------------------------------ sides and domains

OUTSIDE = [
    (Limit(gamma, -oo), law({dot(x): -a * x / gamma - b}), law({dot(x): -b}), "outside gamma > 0"),
    (Limit(tau, -T0), law({dot(x): -x * tau}), law({dot(x): x * T0}), "outside tau > 0"),
    (Limit(tau, -2), law({dot(x): -x * tau}), law({dot(x): 2 * x}), "outside tau > 0"),
    (
        Limit(tau, 0, "-"),
        law({dot(x): -x * tau}),
        law({dot(x): 0}),
        "tends to 0 from below, which is outside",
    ),
    (Limit(n, 0, "+"), law({dot(x): -x * n}), law({dot(x): 0}), "outside n < 0"),
    (Limit(n, oo), law({dot(x): -x / n}), law({dot(x): 0}), "outside n < 0"),
    (Limit(tau, -exp(a)), law({dot(x): -x * tau}), law({dot(x): x * exp(a)}), "outside tau > 0"),
    (Limit(tau, -(a**2) - 1), law({dot(x): -x * tau}), law({dot(x): x * (a**2 + 1)}), "outside tau > 0"),
]


@pytest.mark.parametrize(("move", "above", "below", "words"), OUTSIDE)
def test_a_limit_outside_the_declared_domain_fails(move, above, below, words):
    verdict = check(move, above, below)
    assert verdict.outcome is Outcome.FAILS
    assert words in verdict.evidence[0]


INSIDE = [
    (Limit(tau, 0), rule({x: x + tau}), rule({x: x}), "tau tends to 0 from above, within tau > 0"),
    (Limit(n, 0), rule({x: x + n}), rule({x: x}), "n tends to 0 from below, within n < 0"),
    (Limit(n, -oo), rule({x: x + 1 / n}), rule({x: x}), "n tends to -oo, within n < 0"),
    (Limit(rho, 1), rule({x: x * rho}), rule({x: x}), "rho tends to 1 from both sides"),
    (Limit(rho, 1, "-"), rule({x: x * rho}), rule({x: x}), "rho tends to 1 from below"),
    (
        Limit(tau, T0),
        rule({x: x * tau}),
        rule({x: x * T0}),
        "tau tends to T0 from both sides, within tau > 0",
    ),
]


@pytest.mark.parametrize(("move", "above", "below", "words"), INSIDE)
def test_the_side_and_the_domain_are_said(move, above, below, words):
    verdict = check(move, above, below)
    assert verdict, str(verdict)
    assert words in verdict.evidence


def test_a_value_of_unknown_sign_is_assumed_to_lie_in_the_domain():
    assert "a >= 0" in told(check(Limit(tau, a), rule({x: x * tau}), rule({x: x * a})))


@pytest.mark.parametrize("jump", [sign, lambda s: Abs(s) / s, lambda s: s / sqrt(s**2)])
def test_a_jump_at_the_limit_needs_a_side(jump):
    line = rule({x: x + jump(e) * u, u: u})
    both = check(Limit(e), line, rule({x: x + u, u: u}))
    assert both.outcome is Outcome.FAILS
    assert "as e tends to 0 from below: the new value of x tends to" in str(both)
    assert check(Limit(e, 0, "+"), line, rule({x: x + u, u: u}))
    assert check(Limit(e, 0, "-"), line, rule({x: x - u, u: u}))
    assert not check(Limit(e, 0, "-"), line, rule({x: x + u, u: u}))


def test_an_exponential_may_vanish_from_one_side_only():
    line, gone = rule({x: x + exp(-1 / e) * u, u: u}), rule({x: x, u: u})
    assert check(Limit(e), line, gone).outcome is Outcome.FAILS
    assert check(Limit(e, 0, "+"), line, gone)
    assert check(Limit(e, 0, "-"), line, gone).outcome is Outcome.FAILS


def test_a_root_that_is_not_real_on_one_side_needs_the_other():
    verdict = check(Limit(e), rule({x: x + sqrt(e) * u, u: u}), rule({x: x, u: u}))
    assert verdict.outcome is Outcome.UNDECIDABLE
    assert "is not real there: say from which side" in str(verdict)
    assert not check(Limit(e, 0, "-"), rule({x: x + sqrt(e) * u, u: u}), rule({x: x, u: u}))


@pytest.mark.parametrize("move", [Limit(x, 0), Limit(t, 0), Limit(a, x), Limit(dot(x), 0)])
def test_what_moves_has_no_limit_and_is_none(move):
    verdict = check(move, law({dot(x): -a * x + t}), law({dot(x): 0}))
    assert verdict.outcome is Outcome.FAILS


# ------------------------------------------------------------------ the order of the solution

ORDERS = [
    ({dot(x) ** 2: eps}, {dot(x) ** 2: 0}, "O(eps**(1/2))"),
    ({(dot(x) - 1) ** 2: eps**3}, {(dot(x) - 1) ** 2: 0}, "O(eps**(3/2))"),
    ({dot(x) ** 2: eps * dot(x)}, {dot(x) ** 2: 0}, "O(eps)"),
    ({dot(x) ** 3: eps}, {dot(x) ** 3: 0}, "O(eps**(1/3))"),
    ({(dot(x) - a) ** 2 * (dot(x) + 1): eps}, {(dot(x) - a) ** 2 * (dot(x) + 1): 0}, "O(eps**(1/2))"),
    ({gamma * dot(x): -G + eps**2}, {gamma * dot(x): -G}, "O(eps**2)"),
    ({dot(x) + dot(x) ** 3: eps}, {dot(x) + dot(x) ** 3: 0}, "O(eps)"),
]


@pytest.mark.parametrize(("above", "below", "order"), ORDERS)
def test_the_order_of_a_limit_is_that_of_the_rate(above, below, order):
    verdict = check(Limit(eps), law(above), law(below))
    assert verdict, str(verdict)
    assert str(verdict.error) == order


def test_the_orders_are_those_of_roots_in_numbers():
    for power, residual in (
        (1 / 2, lambda s: [1, 0, -s]),
        (3 / 2, lambda s: [1, -2, 1 - s**3]),
        (1 / 3, lambda s: [1, 0, 0, -s]),
    ):
        limit = 1 if power == 3 / 2 else 0
        near, nearer = (max(abs(numpy.roots(residual(s)) - limit)) for s in (1e-3, 1e-4))
        assert abs(numpy.log10(near / nearer) - power) < 0.05


def test_a_slope_that_may_vanish_is_a_condition():
    verdict = check(Limit(eps), law({dot(x) ** 2: x + eps}), law({dot(x) ** 2: x}))
    assert verdict.outcome is Outcome.CONDITIONAL
    assert "x' != 0" in told(verdict)


@pytest.mark.parametrize("unknowns", [[x], [x, y]])
def test_the_order_of_a_solution_needs_a_slope(unknowns):
    assert solution_order(x - eps, x, 1, eps, unknowns).exponent == 1
    assert solution_order(a * x - eps, a * x, 1, eps, [x]).conditions == (Condition(a, "!= 0"),)
    assert solution_order(a - eps, a, 1, eps, unknowns).symbol is None


# ------------------------------------------------------------------ tools

FUNCTIONS = [exp(2 * x), x**3 / (1 + x), sqrt(x**2 + 1), 2**x, Abs(x) ** 3 * sign(x), sign(x) * x]


@pytest.mark.parametrize("function", FUNCTIONS, ids=str)
def test_derivatives_agree_with_differences(function):
    value, slope = lambdify(x, function), lambdify(x, derivative(function, x))
    for at in (0.7, -0.4):
        assert abs((value(at + 1e-6) - value(at - 1e-6)) / 2e-6 - slope(at)) < 1e-6


def test_derivatives_of_the_potential():
    assert derivative(potential(x**2), x) == 2 * x * grad(x**2)
    assert derivative(hess(x), x) == higher(Integer(3), x)
    assert derivative(higher(Integer(3), x), x) == higher(Integer(4), x)
    assert derivative(potential(x, y), y) == partial(2, x, y)
    assert (
        derivative(partial(1, x, y), y) == derivative(partial(2, x, y), x) != derivative(partial(1, x, y), x)
    )


def test_a_function_without_a_rule_is_left_open():
    from sympy import Max

    with pytest.raises(UndecidedError, match="is not known"):
        derivative(Max(x, y), x)
    assert derivative(Max(y, z), x) == 0


def test_powers_of_a_small_symbol():
    assert expanded(a + b * sqrt(eps), eps).terms == {Fraction(0): a, Fraction(1, 2): b}
    assert expanded(a / (eps * (1 + eps)), eps).order == -1
    assert not expanded(a / (1 + eps), eps).whole
    with pytest.raises(UndecidedError, match="no expansion"):
        expanded(exp(-1 / eps), eps)


def test_many_coordinates_are_treated_by_the_leading_terms_of_their_rows():
    names = symbols("q0:6", real=True)
    above = law({m * acceleration(q): -gamma * dot(q) - partial(j, *names) for j, q in enumerate(names, 1)})
    below = law({0 * names[0] + gamma * dot(q): -partial(j, *names) for j, q in enumerate(names, 1)})
    near = Approach(m, m, m, m, "m tends to 0 from above")
    assert convergence(above, below, near).convergence == LAYER
    without = law({m * acceleration(q): -partial(j, *names) for j, q in enumerate(names, 1)})
    assert not convergence(without, below, near)


def friction_of(number, drawn):
    """Return a matrix with at most three entries a row: parts that act on each other, and on later ones."""
    rows = [[0] * number for _ in range(number)]
    for i in range(number):
        rows[i][i] = drawn.choice([-2, 1, 2, 3, 5])
        for j in drawn.sample(range(number), 2):
            rows[i][j] += drawn.choice([0, 0, 1, -1, 2])
    return rows


@pytest.mark.parametrize("seed", range(12))
def test_the_fast_rates_of_many_coordinates_are_those_of_numbers(seed):
    drawn = random.Random(seed)
    number = drawn.choice([4, 5, 7])
    matrices = (friction_of(number, drawn) for _ in range(100))
    matrix = next(rows for rows in matrices if numpy.linalg.matrix_rank(rows) == number)
    names = symbols(f"q0:{number}", real=True)
    frictions = [sum(c * dot(q) for c, q in zip(row, names, strict=True)) for row in matrix]
    above = law({m * acceleration(q): -f - q for q, f in zip(names, frictions, strict=True)})
    edges = fast_edges(Linearisation.of(above, Unknowns({q.name: 2 for q in names})), m)
    assert {e.exponent for e in edges} == {1}
    rates = numpy.concatenate([numpy.roots([float(c) for c in e.coefficients]) for e in edges])
    due = -numpy.linalg.eigvals(numpy.array(matrix, float))
    assert len(rates) == number
    for mu in due:  # multiple roots are found to the root of the precision
        assert min(abs(rates - mu)) < 1e-4


def test_frictions_of_their_own_are_weighed_one_by_one():
    names, frictions = symbols("q0:9", real=True), symbols("g0:9", positive=True)
    pairs = list(zip(names, frictions, strict=True))
    near = Approach(m, m, m, m, "m tends to 0 from above")
    above = law({m * acceleration(q): -g * dot(q) - q for q, g in pairs})
    below = law({0 * names[0] + g * dot(q): -q for q, g in pairs})
    assert convergence(above, below, near).convergence == LAYER
    driven_one = law({m * acceleration(q): (g if q == names[4] else -g) * dot(q) - q for q, g in pairs})
    left = law({0 * names[0] + (-g if q == names[4] else g) * dot(q): -q for q, g in pairs})
    assert not convergence(driven_one, left, near)


def test_rates_that_are_not_found_are_no_pass():
    names = symbols("q0:5", real=True)
    chain = {dot(q): names[(j + 1) % 5] for j, q in enumerate(names)}
    chain = {eps * dot(names[0]): names[1], **{q: s for q, s in chain.items() if q != dot(names[0])}}
    block = Linearisation.of(law(chain), Unknowns({q.name: 1 for q in names}))
    with pytest.raises(UndecidedError, match="too many unknowns"):
        fast_edges(block, eps)


@pytest.mark.parametrize(
    ("expression", "part"), [(x**2, x), (Abs(x) ** (p - 2), x), (sign(x), x), (x + 1, x + 1), (x**-1, 1 / x)]
)
def test_what_vanishes_with_an_expression(expression, part):
    assert vanishing_with(expression) == part


def test_the_shipped_particle_keeps_its_position():
    verdict = check(Limit(m), damped_particle.law(), law({0: -gamma * dot(x) - G}))
    assert told(verdict) == ["m > 0"]
    assert dt not in verdict.error.symbol.free_symbols | eta.free_symbols - {eta}
