"""Limits that hold away from singular points only, slow states that jump, and limits without solutions.

What a verdict says is compared with trajectories, or with values, that know nothing of it.
"""

import math

import numpy
import pytest
from scipy.integrate import solve_ivp
from scipy.linalg import expm
from scipy.optimize import brentq
from sympy import (
    Abs,
    Integer,
    Rational,
    Symbol,
    atan,
    cos,
    cosh,
    exp,
    lambdify,
    log,
    oo,
    sin,
    sinh,
    sqrt,
    symbols,
    tanh,
)

from physsym import Limit, Outcome, check, damped_particle, dot, law, rule
from physsym.claims import check_limit
from physsym.mechanics.moves import MoveError
from physsym.transform import apply
from physsym.verify.layer import takes_all_values
from physsym.vocabulary import G, gamma, lam, m, rho, t, tau, u, x

y, z, w, q, a, b = symbols("y z w q a b", real=True)
eps, n, k, c = symbols("eps n k c", positive=True)
s = Symbol("s", nonnegative=True)


def told(verdict):
    return [str(condition) for condition in verdict.assumes]


def end(rate, start, until, **options):
    """Return the end of a trajectory."""
    found = solve_ivp(rate, (0, until), start, method="Radau", rtol=1e-9, atol=1e-12, **options)
    return found.y[:, -1]


# ------------------------------------------------------------------ singular points

POLES = [
    ({dot(x): -4 * eps * x / (x**2 + eps**2) - 1}, {dot(x): -1}, "x != 0"),
    ({dot(x): -1 + eps / x}, {dot(x): -1}, "x != 0"),
    ({dot(x): -1 + eps**2 / (x - c) ** 3}, {dot(x): -1}, "-c + x != 0"),
    ({dot(x): eps / ((t - 1) ** 2 + eps**2)}, {dot(x): 0}, "t - 1 != 0"),
    ({dot(x): -eps * x / (eps + t) ** 2}, {dot(x): 0}, "t != 0"),
    ({dot(w): k, dot(y): eps * y / (eps**2 + w**2)}, {dot(w): k, dot(y): 0}, "w != 0"),
    ({dot(x): -(x**2) / (x**2 + eps**2)}, {dot(x): -1}, "x != 0"),
    ({dot(x): eps * log(Abs(x)) - 1}, {dot(x): -1}, "x != 0"),
    ({dot(x): eps / sqrt(Abs(x - 2)) - 1}, {dot(x): -1}, "x - 2 != 0"),
    ({m * dot(dot(x)): -k * x + eps / (x + 1)}, {m * dot(dot(x)): -k * x}, "x + 1 != 0"),
    ({(x**2 + eps) * dot(x): -(x**2)}, {x**2 * dot(x): -(x**2)}, "x != 0"),
]


@pytest.mark.parametrize(("above", "below", "condition"), POLES)
def test_a_law_converges_away_from_the_zeros_of_its_denominators(above, below, condition):
    verdict = check(Limit(eps), law(above), law(below))
    assert verdict.outcome is Outcome.CONDITIONAL, str(verdict)
    assert condition in told(verdict)


RULES = [
    (x**2 / (x**2 + eps), 1, "x != 0"),
    (x / (x + eps), 1, "x != 0"),
    (Abs(x) ** eps, 1, "x != 0"),
    (eps * log(x**2), 0, "x != 0"),
    (sqrt(x**2 + eps**2), Abs(x), "x != 0"),
    ((Abs(x + eps) + Abs(x - eps)) / 2, Abs(x), "x != 0"),
    (x**3 / (x**2 + eps * (x - 1) ** 2), x, "x != 0"),
]


@pytest.mark.parametrize(("above", "below", "condition"), RULES)
def test_a_rule_converges_away_from_the_zeros_of_its_denominators(above, below, condition):
    verdict = check(Limit(eps), rule({x: above}), rule({x: below}))
    assert verdict.outcome is Outcome.CONDITIONAL, str(verdict)
    assert condition in told(verdict)


CONSTANTS = [
    ({dot(x): -x * a / (a + eps)}, {dot(x): -x}, "a != 0"),
    ({dot(x): -x * s / (s + eps)}, {dot(x): -x}, "s != 0"),
    ({dot(x): -x * eps / (a**2 + eps)}, {dot(x): 0}, "a != 0"),
    ({dot(x): -x * (a - b) / (a - b + eps**2)}, {dot(x): -x}, "a - b != 0"),
]


@pytest.mark.parametrize(("above", "below", "condition"), CONSTANTS)
def test_a_denominator_of_constants_is_listed(above, below, condition):
    verdict = check(Limit(eps), law(above), law(below))
    assert verdict, str(verdict)
    assert condition in told(verdict)


HARMLESS = [
    (rule({x: x / (1 + x**2 + eps)}), rule({x: x / (1 + x**2)})),
    (rule({x: x / (c + eps)}), rule({x: x / c})),
    (rule({x: Abs(x + eps)}), rule({x: Abs(x)})),
    (rule({x: x + eps * sqrt(Abs(x))}), rule({x: x})),
    (rule({x: exp(eps) / (1 + eps) * x}), rule({x: x})),
    (rule({x: (1 + eps) / Abs(x)}), rule({x: 1 / Abs(x)})),
]


@pytest.mark.parametrize(("above", "below"), HARMLESS)
def test_what_does_not_vanish_is_no_condition(above, below):
    verdict = check(Limit(eps), above, below)
    assert "x != 0" not in told(verdict) or (1 / Abs(x)) in {u.value for u in below.updates}
    assert verdict or (1 / Abs(x)) in {u.value for u in below.updates}


@pytest.mark.parametrize("given", [x > 0, x < 0])
def test_what_is_given_may_exclude_the_singular_point(given):
    assert check(Limit(eps), rule({x: x / (x + eps)}), rule({x: 1}), given=given)


@pytest.mark.slow  # by SciPy alone: no change of the package changes it
def test_motions_that_meet_a_singular_point_do_not_follow_the_limit():
    small = 1e-5
    trapped = end(lambda _, r: -4 * small * r / (r**2 + small**2) - 1, [1.0], 2)
    stopped = end(lambda _, r: -1 + small / r, [1.0], 2)
    assert abs(trapped[0]) < 1e-3  # the limit ends at -1
    assert abs(stopped[0]) < 1e-3
    passed = end(lambda at, r: [small / ((at - 1) ** 2 + small**2)], [0.0], 2, max_step=1e-3)
    assert abs(passed[0] - math.pi) < 1e-3
    grown = end(lambda _, r: [1, small * r[1] / (small**2 + r[0] ** 2)], [-1.0, 1.0], 2, max_step=1e-3)
    assert abs(grown[1] / math.exp(math.pi) - 1) < 1e-3
    assert (0**2) / (0**2 + small) == 0  # while the limit of the rule is 1


# ------------------------------------------------------------------ states that jump in the layer

JUMPS = [
    ({eps * dot(x): -x, dot(y): eps * dot(x) ** 2 - y}, {0: -x, dot(y): -y}),
    ({eps * dot(x): -x, dot(y): Abs(x) / sqrt(eps) ** 2 * eps**2 * dot(x) ** 2 - y}, {0: -x, dot(y): -y}),
    ({m * dot(dot(x)): -gamma * dot(x) - G, dot(y): m * dot(dot(x)) ** 2 - y}, None),
    ({m * dot(dot(x)): -gamma * dot(x) - k * x, tau * dot(y): 3 * m * dot(dot(x)) ** 2}, None),
]


@pytest.mark.parametrize(("above", "below"), JUMPS)
def test_a_slow_state_that_is_driven_through_the_layer_fails(above, below):
    symbol = m if below is None else eps
    if below is None:
        ((_, force), (rate, slow)) = above.items()
        below = {0: force, rate: slow.xreplace({m: Integer(0)})}
    verdict = check(Limit(symbol), law(above), law(below))
    assert verdict.outcome in (Outcome.FAILS, Outcome.UNDECIDABLE), str(verdict)


def test_a_jump_of_unknown_size_is_for_the_start_of_the_limit():
    above = law({n**2 * dot(dot(y)): -n * dot(y) - y, dot(w): n * dot(y) ** 2})
    verdict = check(Limit(n), above, law({0: -y, dot(w): 0}))
    assert verdict.outcome is Outcome.CONDITIONAL
    assert "w starts in the limit where the layer leaves it" in told(verdict)
    assert not any("uniformly" in e for e in verdict.evidence)


@pytest.mark.slow  # by SciPy alone: no change of the package changes it
def test_the_jumps_are_those_of_trajectories():
    for small in (1e-3, 1e-4):
        jumped = end(lambda _, r, h=small: [-r[0] / h, h * (r[0] / h) ** 2 - r[1]], [1.0, 0.0], 1)
        assert abs(jumped[1] - 0.5 * math.exp(-1)) < 5 * small
        kept = end(lambda _, r, h=small: [-r[0] / h, h**2 * (r[0] / h) ** 2 - r[1]], [1.0, 1.0], 1)
        assert abs(kept[1] - math.exp(-1)) < 5 * small
        turned = end(lambda _, r, h=small: [r[1], -r[1] / h - r[0] / h**2, h * r[1] ** 2], [1.0, 0.0, 0.0], 1)
        assert turned[2] > 0.1


def test_a_rate_that_is_small_enough_leaves_the_state_alone():
    verdict = check(
        Limit(eps), law({eps * dot(x): -x, dot(y): eps**2 * dot(x) ** 2 - y}), law({0: -x, dot(y): -y})
    )
    assert verdict, str(verdict)
    assert "y uniformly on finite times" in verdict.evidence


LAGS = [
    ({eps * dot(x): -x, dot(y): eps ** Rational(3, 2) * dot(x) ** 2 - y}, "O(eps**(1/2))", 0.5),
    ({eps * dot(x): -x, dot(y): eps**2 * dot(x) ** 2 - y}, "O(eps)", 1),
    ({eps * dot(x): -x, dot(y): x - y}, "O(eps)", 1),
]


@pytest.mark.parametrize(("above", "order", "slope"), LAGS)
def test_the_order_is_that_of_what_the_layer_leaves_in_slow_states(above, order, slope):
    limit = law({0: -x, dot(y): -y + (x if above[dot(y)].has(x) else 0)})
    verdict = check(Limit(eps), law(above), limit)
    assert verdict, str(verdict)
    assert str(verdict.error) == order
    rate = lambdify((x, y, eps), above[dot(y)].xreplace({dot(x): -x / eps}))
    gaps = [
        abs(end(lambda _, r, h=h: [-r[0] / h, rate(*r, h)], [1.0, 0.5], 1)[1] - 0.5 * math.exp(-1))
        for h in (1e-3, 1e-4)
    ]
    assert math.log10(gaps[0] / gaps[1]) == pytest.approx(slope, abs=0.05)


UNIFORM = [
    (
        {eps * dot(dot(x)): -gamma * dot(x) - k * (x - y), eps**2 * dot(dot(y)): -lam * dot(y) - k * (y - x)},
        {0: -gamma * dot(x) - k * (x - y), lam * dot(y): -k * (y - x)},
        "x, y uniformly on finite times",
    ),
    (
        {eps**3 * dot(dot(x)) + eps * dot(x): -x, dot(y): x - y},
        {0: -x, dot(y): x - y},
        "y uniformly on finite times",
    ),
    (
        {eps * dot(x): -x + y, eps**2 * dot(z): -z + x, dot(y): z - y},
        {0: -x + y, z: x, dot(y): z - y},
        "y uniformly on finite times",
    ),
]


@pytest.mark.parametrize(("above", "below", "said"), UNIFORM)
def test_with_two_widths_the_states_are_told_apart(above, below, said):
    verdict = check(Limit(eps), law(above), law(below))
    assert verdict, str(verdict)
    assert said in verdict.evidence


def test_with_two_widths_the_positions_follow_in_numbers():
    gaps = []
    for h in (1e-2, 1e-3):
        found = solve_ivp(
            lambda _, r, h=h: [r[1], (-r[1] - r[0] + r[2]) / h, r[3], (-r[3] - r[2] + r[0]) / h**2],
            (0, 1), [1.0, 1.0, 0.0, 1.0], method="Radau", rtol=1e-9, atol=1e-11, dense_output=True,
        )  # fmt: skip
        at = numpy.linspace(0, 1, 2001)
        limit = 0.5 + 0.5 * numpy.exp(-2 * at)
        gaps.append(abs(found.sol(at)[0] - limit).max())
    assert gaps[1] < 0.2 * gaps[0]


# ------------------------------------------------------------------ solutions of the limit, and their basins

NO_SOLUTION = [
    ({eps * dot(x): -exp(x)}, {0: -exp(x)}),
    ({eps * dot(x): -exp(x) - y**2, dot(y): -y}, {0: -exp(x) - y**2, dot(y): -y}),
    ({eps * dot(x): -cosh(x) - 1}, {0: -cosh(x) - 1}),
]


@pytest.mark.parametrize(("above", "below"), NO_SOLUTION)
def test_a_limit_without_solutions_has_no_motions(above, below):
    verdict = check(Limit(eps), law(above), law(below))
    assert verdict.outcome is Outcome.FAILS
    assert "has no solution" in str(verdict)


@pytest.mark.parametrize("friction", [tanh, atan, lambda v: v / sqrt(1 + v**2), lambda v: sinh(v) / cosh(v)])
def test_friction_that_is_bounded_may_leave_the_limit_without_a_solution(friction):
    force = -gamma * friction(dot(x)) - G
    verdict = check(Limit(m), law({m * dot(dot(x)): force}), law({0: force}))
    assert verdict.outcome is Outcome.CONDITIONAL, str(verdict)
    assert "has a solution x' at each instant" in " ".join(told(verdict))


def test_a_bounded_friction_lets_a_strong_force_run_off():
    def falls(h, force):
        return end(lambda _, r: [r[1], (-math.tanh(r[1]) - force) / h], [0.0, 0.0], 1)[0]

    strong = [falls(h, 2) for h in (0.1, 0.01)]
    assert strong[1] < 5 * strong[0] < -20
    assert abs(falls(1e-4, 0.5) - math.atanh(-0.5)) < 1e-3


BASINS = [
    ({eps * dot(x): x - x**3}, {0: x - x**3}),
    ({eps * dot(x): y - x**3 / 3 + x, dot(y): -x}, {0: y - x**3 / 3 + x, dot(y): -x}),
    ({eps * dot(x): -x + x * y, eps * dot(y): -y}, {0: -x + x * y, y: 0}),
    ({eps**2 * dot(dot(x)): -eps * dot(x) - x + eps**3 * dot(x) ** 3}, {0: -x}),
    (
        {eps * dot(x): -x + z * (x + y * z) ** 2, eps * dot(y): -y - (x + y * z) ** 2, eps * dot(z): -z},
        {0: -x + z * (x + y * z) ** 2, y: -((x + y * z) ** 2), z: 0},
    ),
]


@pytest.mark.parametrize(("above", "below"), BASINS)
def test_a_fast_motion_that_is_not_linear_attracts_from_a_basin_only(above, below):
    verdict = check(Limit(eps), law(above), law(below))
    assert verdict.outcome is Outcome.CONDITIONAL, str(verdict)
    assert "attracts the fast motion from its start" in " ".join(told(verdict))


def test_linear_attraction_everywhere_is_no_attraction_from_everywhere():
    # Both roots of the linearised law are -1 at every point, and x = 18*exp(t) runs off from this start.
    def rate(_, r):
        g, h, f = r
        return [-g + f * (g + h * f) ** 2, -h - (g + h * f) ** 2, -f]

    assert end(rate, [18.0, -12.0, 1.0], 2)[0] / (18 * math.exp(2)) == pytest.approx(1, rel=1e-4)
    pumped = solve_ivp(
        lambda _, r: [r[1], -r[1] - r[0] + r[1] ** 3], (0, 20), [3.0, 3.0], events=_far, rtol=1e-8
    )
    assert pumped.status == 1


def _far(_, r):
    return abs(r[1]) - 1e4


_far.terminal = True


def test_monotone_functions_with_a_root_are_told_by_their_slopes():
    for function, has_root in ((sinh, True), (lambda v: v + v**3, True), (tanh, False), (exp, False)):
        assert takes_all_values(function(x), x) is has_root
    assert abs(brentq(lambda v: math.sinh(v) - 1000, -50, 50)) < 10


ALGEBRAIC = [({eps * dot(x): -(x**p)}, {0: -(x**p)}) for p in (2, 3, 4, 5)]
ALGEBRAIC += [({eps * dot(x): -((x - y) ** 2), dot(y): 0}, {0: -((x - y) ** 2), dot(y): 0})]


@pytest.mark.parametrize(("above", "below"), ALGEBRAIC)
def test_a_root_that_vanishes_at_the_limit_is_no_layer(above, below):
    verdict = check(Limit(eps), law(above), law(below))
    assert verdict.outcome is Outcome.UNDECIDABLE, str(verdict)
    assert verdict.error is None
    assert verdict.convergence == ""


def test_the_decay_at_a_multiple_root_is_algebraic():
    # The orders are 1 for the square and 1/2 for the cube, as of x = 1/(1 + t/eps) and (1 + 2*t/eps)**(-1/2).
    for power, order in ((2, 1), (3, 0.5)):
        near, nearer = (end(lambda _, r, h=h, p=power: -(r**p) / h, [1.0], 1)[0] for h in (1e-3, 1e-4))
        assert math.log10(near / nearer) == pytest.approx(order, abs=0.02)


# ------------------------------------------------------------------ forms, domains and words


def test_one_oscillation_has_one_verdict_in_both_forms():
    first = check(
        Limit(n),
        law({n * dot(z): y, n * dot(y): w - z, tau * dot(w): -w}),
        law({y: 0, z: w, tau * dot(w): -w}),
    )
    second = check(
        Limit(n), law({n**2 * dot(dot(z)): w - z, tau * dot(w): -w}), law({0: w - z, tau * dot(w): -w})
    )
    assert first.outcome is second.outcome is Outcome.FAILS
    # Of the linear law for z, y and w from z = y = 0 and w = 1, by the exponential of its matrix.
    swings = [
        expm(at * numpy.array([[0, 1 / h, 0], [-1 / h, 0, 1 / h], [0, 0, -1]]))[0, 2] - math.exp(-at)
        for h in (0.01, 0.005)
        for at in (1.0, 1.005, 1.01, 1.02)
    ]
    assert max(map(abs, swings)) > 0.3


def test_an_integer_does_not_tend_to_a_number():
    i = Symbol("i", integer=True)
    verdict = check(Limit(i, Rational(1, 2)), rule({z: i * z}), rule({z: z / 2}))
    assert verdict.outcome is Outcome.FAILS
    assert "declared an integer" in str(verdict)
    j = Symbol("j", integer=True, positive=True)
    assert check(Limit(j, oo), rule({z: z + z / j}), rule({z: z}))


def test_a_limit_outside_the_natural_range_is_a_hypothesis():
    verdict = check(Limit(rho, 2), rule({x: rho * x}), rule({x: 2 * x}))
    assert verdict.outcome is Outcome.CONDITIONAL
    assert "natural range" in told(verdict)[0]
    assert check(Limit(rho, 1, "-"), rule({x: rho * x}), rule({x: x}))


@pytest.mark.parametrize(
    ("move", "line"),
    [
        (Limit(gamma, oo), damped_particle.law()),
        (Limit(tau), rule({u: -G / tau + u})),
        (Limit(eps), law({dot(x): -G + cos(t / eps)})),
        (Limit(n, oo), law({dot(x): -G - x * sin(n)})),
    ],
)
def test_what_has_no_limit_is_named_as_it_is_written(move, line):
    with pytest.raises(MoveError, match="grad") as refused:
        apply(move, line)
    assert "Dummy" not in str(refused.value)


def test_a_bounded_wave_times_what_vanishes_has_a_limit():
    above = law({dot(dot(x)): -dot(x) - G + eps * cos(t / eps)})
    below = apply(Limit(eps), above)
    assert below == law({dot(dot(x)): -dot(x) - G})
    assert check(Limit(eps), above, below)
    gap = end(lambda at, r: [r[1], -r[1] - r[0] + 1e-2 * math.cos(at / 1e-2)], [1.0, 0.0], 2, max_step=1e-3)
    still = end(lambda at, r: [r[1], -r[1] - r[0]], [1.0, 0.0], 2)
    assert abs(gap[0] - still[0]) < 1e-2


def test_a_limit_in_a_claim_lists_its_singular_points():
    assert told(check_limit(a / (a + eps), Limit(eps), Integer(1))) == ["a != 0"]
    assert not told(check_limit(k / (k + eps), Limit(eps), Integer(1)))
    assert check_limit(k * eps, Limit(eps, -1), -k).outcome is Outcome.FAILS


def test_a_law_that_is_not_solved_for_its_rates_is_no_pass():
    above = law({eps * dot(x) + eps * dot(x) ** 3: -x, dot(y): x - y})
    assert check(Limit(eps), above, law({0: -x, dot(y): x - y})).outcome is Outcome.CONDITIONAL


def test_a_doubt_speaks_of_the_symbol_as_it_is_written():
    for wave in (sin(n), cos(3 * n)):
        verdict = check(Limit(n, oo), rule({z: z * wave}), rule({z: 0}))
        assert verdict.outcome is Outcome.UNDECIDABLE
        assert str(wave) in str(verdict)
        assert "1/n" not in str(verdict)
