"""Analysis against independent witnesses: eigenvalues by NumPy, and regions that are known by hand."""

import random
from fractions import Fraction

import numpy as np
import pytest
from sympy import QQ, Integer, Matrix, Poly, Rational, Symbol, cos, lambdify, log, ring, sqrt

from physsym import (
    after,
    before,
    damped_particle,
    dot,
    grad,
    hess,
    law,
    optimizer,
    partial,
    potential,
    rule,
)
from physsym.analysis import (
    AnalysisError,
    characteristic_polynomial,
    multipliers,
    on_quadratic,
    spectral_radii,
    spectral_radius,
    stability_region,
    step_matrix,
)
from physsym.analysis.exact_evaluation import known_signs, put, sign_of
from physsym.analysis.linear import z
from physsym.analysis.stability import Region, hurwitz, schur_cohn
from physsym.codegen import state_name
from physsym.core.statements import Rule, parameters, rewritten, states
from physsym.mechanics import particle_with_friction
from physsym.parsing.statements import as_rule
from physsym.verify.budget import budget
from physsym.verify.hurwitz import leading_minors
from physsym.vocabulary import G, dt, eta, gamma, lam, m, rho, tau, u, v, x
from tests.support.tiers import in_tiers

RULES = {
    "gradient descent": rule({x: x - eta * G}),
    "heavy ball": rule({u: rho * u - eta * G, x: x + after(u)}),
    "dampened": rule({u: rho * u - (1 - rho) * eta * G, x: x + after(u)}),
    "nesterov": rule({u: rho * u - eta * grad(x + rho * u), x: x + after(u)}),
    "stale": rule({x: x - eta * grad(before(x))}),
    "stale momentum": rule({u: rho * u - (1 - rho) * eta * G, x: x + u}),
    "two steps stale": rule({x: x + rho * (x - before(x)) - eta * grad(before(before(x)))}),
    "particle": rule({v: (1 - dt / tau) * v - dt / (gamma * tau) * G, x: x + dt * after(v)}),
    "extragradient": rule({x: x - eta * grad(x - eta * G)}),
}
# Known from the literature: Polyak 1964 (heavy ball); Cohen et al. 2021 (Nesterov); the rest by hand.
KNOWN = {
    "gradient descent": lambda eta, lam: 0 < eta * lam < 2,
    "heavy ball": lambda eta, lam, rho: abs(rho) < 1 and 0 < eta * lam < 2 * (1 + rho),
    "dampened": lambda eta, lam, rho: abs(rho) < 1 and 0 < (1 - rho) * eta * lam < 2 * (1 + rho),
    "stale": lambda eta, lam: 0 < eta * lam < 1,
}
BY_NAME = pytest.mark.parametrize("name", RULES)


def points(rule, count, seed=0):
    """Yield exact points of a rule's parameters, some on a coarse grid, which hits boundaries."""
    random_ = random.Random(f"{rule} {seed}")
    symbols = sorted(step_matrix(rule).free_symbols, key=str)
    for k in range(count):
        grain = (1, 2, 4, 100)[k % 4]
        low = {s: 1 if s.is_positive else -3 * grain // 2 for s in symbols}
        yield {s: Rational(random_.randint(low[s], 4 * grain), grain) for s in symbols}


def radius_by_numpy(rule, values):
    matrix = step_matrix(rule)
    numbers = np.array(matrix.xreplace(values).tolist(), dtype=float)
    return abs(np.linalg.eigvals(numbers)).max()


@BY_NAME
def test_the_region_of_stability_is_where_all_eigenvalues_lie_inside_the_circle(name):
    region, seen = stability_region(RULES[name]), set()
    for values in points(RULES[name], 60, seed=2):
        radius = radius_by_numpy(RULES[name], values)
        if abs(radius - 1) > 1e-6:
            seen.add(radius < 1)
            assert region.holds_at(values) is bool(radius < 1), values
            assert (sign_of(region.margin(values)) > 0) is bool(radius < 1)
    assert seen == {True, False}


@pytest.mark.parametrize("name", KNOWN)
def test_the_region_of_stability_is_the_one_known_by_hand(name):
    region = stability_region(RULES[name])
    for values in points(RULES[name], 200):
        named = {s.name: value for s, value in values.items()}
        assert region.holds_at(values) == KNOWN[name](**named), values


@pytest.mark.parametrize(("name", "other"), [("dampened", "heavy ball"), ("gradient descent", "stale")])
def test_the_region_of_another_rule_is_distinguished(name, other):
    region = stability_region(RULES[name])
    named = [({s.name: n for s, n in at.items()}, at) for at in points(RULES[name], 200)]
    assert any(region.holds_at(at) != KNOWN[other](**names) for names, at in named)


def test_the_largest_stable_step_of_nesterov():
    # Cohen et al., Gradient descent on neural networks typically occurs at the edge of stability (2021).
    region, share = stability_region(RULES["nesterov"]), Rational(9, 10)
    edge = (2 + 2 * share) / (1 + 2 * share)
    at = {rho: share, lam: 1}
    assert region.margin(at | {eta: edge}) == 0
    assert region.holds_at(at | {eta: edge - Rational(1, 1000)})
    assert not region.holds_at(at | {eta: edge + Rational(1, 1000)})


def test_the_boundary_is_outside_and_has_no_margin():
    region = stability_region(RULES["gradient descent"])
    assert not region.holds_at({eta: Rational(1, 10), lam: 20})
    assert region.margin({eta: Rational(1, 10), lam: 20}) == 0
    assert region.margin({eta: sqrt(2), lam: sqrt(2)}) == 0
    assert not region.holds_at({eta: 0, lam: 20})


REAL = [Symbol(name, real=True) for name in "abcd"]
POLYNOMIALS = [
    Poly([1, *REAL[:1]], z), Poly([1, *REAL[:2]], z), Poly([1, *REAL[:3]], z), Poly([1, *REAL], z),
    Poly(REAL[:3], z), Poly([-1, *REAL[:2]], z), Poly([REAL[0], *REAL], z), Poly([1, 3, *REAL], z),
]  # fmt: skip


@pytest.mark.parametrize("polynomial", POLYNOMIALS, ids=lambda p: str(p.as_expr()))
def test_the_region_of_a_law_is_where_all_rates_have_a_negative_real_part(polynomial):
    region, seen, chance = hurwitz(polynomial), set(), random.Random(0)
    for k in range(150):
        at = {s: Rational(chance.randint(-3, 20), (1, 2, 7)[k % 3]) for s in REAL}
        numbers = [float(c.xreplace(at)) for c in polynomial.all_coeffs()]
        if numbers[0] == 0:
            continue
        largest = np.roots(numbers).real.max()
        if abs(largest) > 1e-7:
            seen.add(largest < 0)
            assert region.holds_at(at) is bool(largest < 0), at
    assert seen == {True, False}


def test_the_region_of_a_damped_particle():
    assert str(stability_region(damped_particle.law())) == "gamma > 0 and lam > 0"
    undamped = stability_region(law({m * dot(dot(x)): -G}))
    assert not undamped.holds_at({m: 1, lam: 1})
    hill = stability_region(damped_particle.law(), -lam)
    assert not hill.holds_at({m: 1, gamma: 1, lam: 1})
    with pytest.raises(AnalysisError, match="no roots"):
        hurwitz(Poly(3, z))


def test_a_region_without_conditions_is_everywhere_and_has_no_margin():
    assert str(Region(())) == "everywhere"
    assert Region(()).holds_at({})
    with pytest.raises(AnalysisError, match="no boundary"):
        Region(()).margin({})


MOMENTA = [(Symbol(f"rho{k}", real=True), Symbol(f"u{k}", real=True)) for k in range(3)]
THREE_MOMENTA = rule(
    {**{u: rho * u - eta * G for rho, u in MOMENTA}, x: x + sum(after(u) for _, u in MOMENTA)}
)
LARGE = [
    Poly([1, *REAL], z), Poly([1, 0, *REAL], z), Poly([1, *REAL[:2], 0, *REAL[2:]], z),
    Poly([1, 0, 0, *REAL], z), Poly([REAL[0], *REAL], z),
    Poly([3, REAL[0] / REAL[1], *REAL[1:], sqrt(2) * REAL[0]], z),
    characteristic_polynomial(THREE_MOMENTA),
]  # fmt: skip


@pytest.mark.parametrize("polynomial", LARGE, ids=lambda p: f"degree {p.degree()}")
def test_the_region_of_many_states_is_where_all_roots_lie_inside_the_circle(polynomial):
    region, seen, chance = schur_cohn(polynomial), set(), random.Random(0)
    symbols = sorted(polynomial.as_expr().free_symbols - {z}, key=str)
    for k in range(150):
        low, high = ((-30, 40), (-5, 5), (0, 9))[k % 3]
        at = {s: Rational(chance.randint(max(low, 1) if s.is_positive else low, high), 10) for s in symbols}
        if any(at[s] == 0 for s in REAL[:2] if s in at):  # a leading coefficient or a denominator
            continue
        numbers = [float(c.xreplace(at)) for c in polynomial.all_coeffs()]
        largest = abs(np.roots(numbers)).max()
        if abs(largest - 1) > 1e-7:
            seen.add(largest < 1)
            assert region.holds_at(at) is bool(largest < 1), at
    assert seen == {True, False}


@pytest.mark.parametrize("others", [z**4 + 1, (z - 1) * (2 * z + 1) ** 3, (z + 1) * z * (3 * z - 1) ** 2])
def test_a_root_on_the_circle_among_many_is_not_inside(others):
    assert not schur_cohn(Poly(others, z)).holds_at({})
    assert not schur_cohn(Poly(others * (2 * z - 1), z)).holds_at({})


FILTERS = [f"u{k} <- r{k}*u{k} + (1 - r{k})*{f'u{k + 1}+' if k < 5 else 'grad(x)'}" for k in range(5, 0, -1)]
SIX_STATES = as_rule("; ".join([*FILTERS, "x <- x - eta*u1+"]))


def test_a_region_that_takes_too_long_is_undecided_and_says_so():
    for find in (stability_region, lambda rule: schur_cohn(characteristic_polynomial(rule))):
        with pytest.raises(AnalysisError, match=r"in 7 symbols \(eta, .* is undecided: .*budget\.budget"):
            find(SIX_STATES)
    numbers = {s: Rational(k, 10) for k, s in enumerate(sorted(parameters(SIX_STATES), key=str), 1)}
    region = stability_region(rewritten(SIX_STATES, lambda e: e.xreplace(numbers)))
    radius = spectral_radii(SIX_STATES, lam=2, **{s.name: float(n) for s, n in numbers.items()})
    assert region.holds_at({lam: 2}) is bool(radius < 1)


def test_what_is_undecided_is_found_with_more_time():
    rare = Poly([1, *REAL], z)
    with budget(1e-9), pytest.raises(AnalysisError, match="not found within 1e-09 s"):
        schur_cohn(rare)
    assert schur_cohn(rare).conditions


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_leading_minors_over_a_ring_are_those_of_the_numbers_put_in(size):
    polynomials, a, b = ring("a b", QQ)
    chance = random.Random(size)
    entries = [polynomials.zero, polynomials.one, a, b, a - b, a**2 + 3 * b, 2 * a * b - 1]
    rows = [[chance.choice(entries) for _ in range(size)] for _ in range(size)]
    for at in [(2, 3), (-1, 5), (7, -2)]:
        numbers = [[e.evaluate([(a, QQ(at[0])), (b, QQ(at[1]))]) for e in row] for row in rows]
        found = [m.evaluate([(a, QQ(at[0])), (b, QQ(at[1]))]) for m in leading_minors(rows)]
        plain = Matrix([[Rational(str(e)) for e in row] for row in numbers])
        assert [Rational(str(m)) for m in found] == [plain[:k, :k].det() for k in range(1, size + 1)]


def test_a_root_at_zero_is_inside_and_a_double_root_on_the_circle_is_not():
    assert schur_cohn(Poly(z**3, z)).holds_at({})
    assert not schur_cohn(Poly((z - 1) ** 2, z)).holds_at({})
    assert not schur_cohn(Poly(z**2 + 1, z)).holds_at({})
    assert not schur_cohn(Poly((z - Rational(1, 2)) * (z - 2), z)).holds_at({})
    with pytest.raises(AnalysisError, match="no roots"):
        schur_cohn(Poly(3, z))


@BY_NAME
def test_the_matrix_takes_the_step_that_the_optimizer_takes(name):
    method, at = RULES[name], next(points(RULES[name], 1))
    others = {s.name: Fraction(int(n.p), int(n.q)) for s, n in at.items() if s != lam}
    curvature = Fraction(int(at[lam].p), int(at[lam].q))
    start = [Fraction(k + 2, 3) for k, _ in enumerate(states(method))]
    compiled = optimizer(method, backend="python", **others)
    named = dict(zip(map(state_name, states(method)), start, strict=True))
    stepped = compiled.step(named, lambda place: curvature * place)
    matrix = step_matrix(method).xreplace(at)
    expected = matrix * type(matrix)([Rational(s.numerator, s.denominator) for s in start])
    assert [Rational(s.numerator, s.denominator) for s in stepped.values()] == list(expected)


@BY_NAME
def test_the_exact_radius_is_the_one_that_numpy_finds(name):
    for values in points(RULES[name], 8):
        # A double root costs half the digits of an eigenvalue in double precision.
        assert float(spectral_radius(RULES[name], values)) == pytest.approx(
            radius_by_numpy(RULES[name], values), abs=1e-6
        )


@BY_NAME
def test_radii_over_a_grid_are_those_at_its_points(name):
    values = list(points(RULES[name], 12))
    arrays = {s.name: np.array([float(at[s]) for at in values]) for s in values[0]}
    single = [radius_by_numpy(RULES[name], at) for at in values]
    assert spectral_radii(RULES[name], **arrays) == pytest.approx(single, abs=1e-6)


def test_radii_broadcast():
    etas, rhos = np.linspace(0.1, 3.9, 7)[:, None], np.linspace(-0.9, 0.9, 5)[None, :]
    radii = spectral_radii(RULES["heavy ball"], eta=etas, rho=rhos, lam=1.0)
    assert radii.shape == (7, 5)
    assert ((radii < 1) == (etas < 2 * (1 + rhos))).all()
    assert spectral_radii(RULES["heavy ball"], eta=0.5, rho=0.5, lam=1).shape == ()
    assert spectral_radii(rule({x: x / 2 - G / 3}), curvature=0).shape == ()


@pytest.mark.parametrize(
    ("parameters", "error", "says"),
    [
        ({"eta": 1.0}, TypeError, "no value was given for lam"),
        ({"eta": 1.0, "lam": 1.0, "rho": 0.9}, TypeError, "do not depend on rho"),
        ({"eta": "much", "lam": 1.0}, TypeError, "real numbers"),
        ({"eta": 1j, "lam": 1.0}, TypeError, "real numbers"),
        ({"eta": np.ones(2), "lam": np.ones(3)}, ValueError, "shape"),
        ({"eta": float("nan"), "lam": 1.0}, ValueError, "not defined"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(parameters, error, says):
    with pytest.raises(error, match=says):
        spectral_radii(RULES["gradient descent"], **parameters)


def test_multipliers_solve_the_characteristic_polynomial():
    at = {eta: Rational(1, 10), rho: Rational(1, 3), lam: 1}
    for name in ("heavy ball", "two steps stale"):
        coefficients = [complex(c.xreplace(at)) for c in characteristic_polynomial(RULES[name]).all_coeffs()]
        found = [complex(root.evalf(15)) for root in multipliers(RULES[name], at)]
        assert len(found) == len(states(RULES[name]))
        assert np.poly(found) == pytest.approx(coefficients)


def test_multipliers_as_formulas_are_those_of_each_point():
    by_formula = lambdify((eta, rho, lam), multipliers(RULES["heavy ball"]), modules="mpmath")
    for values in points(RULES["heavy ball"], 8):
        expected = sorted(map(complex, multipliers(RULES["heavy ball"], values)), key=_order)
        found = sorted(map(complex, by_formula(values[eta], values[rho], values[lam])), key=_order)
        assert found == pytest.approx(expected)


def _order(number):
    return round(number.real, 9), round(number.imag, 9)


def test_multipliers_count_multiple_roots():
    assert multipliers(rule({u: u / 2, x: x / 2 + u})) == (Rational(1, 2), Rational(1, 2))
    assert multipliers(rule({x: 0 * x})) == (0,)
    assert spectral_radius(rule({x: 0 * x}), {}) == 0


def test_a_law_has_rates():
    assert str(characteristic_polynomial(damped_particle.law()).as_expr()) == "gamma*z + lam + m*z**2"
    split = law({dot(x): v, m * dot(v): -G - gamma * v})
    at = {m: 2, gamma: 3, lam: 1}
    assert sorted(multipliers(split, at)) == [-1, Rational(-1, 2)]
    assert sorted(multipliers(damped_particle.law(), at)) == [-1, Rational(-1, 2)]
    assert multipliers(law({gamma * dot(x): -G})) == (-lam / gamma,)


def test_what_has_no_closed_form_says_so():
    with pytest.raises(AnalysisError, match="closed form"):
        multipliers(RULES["two steps stale"])
    with pytest.raises(AnalysisError, match="rational values"):
        spectral_radius(RULES["two steps stale"], {eta: Rational(1, 10), rho: sqrt(2) / 3, lam: 1})


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        (rule({x: x**2}), "not linear"),
        (rule({x: x - eta * cos(G)}), "not linear"),
        (particle_with_friction(3).law(), "not linear"),
        (law({dot(x): v}), "v changes in time, and nothing says how"),
        (law({dot(x): v, dot(v): -G, dot(u): -u, dot(x) + dot(u): 0}), "4 equations for 3"),
        (rule({x: x - Symbol("z") * G}), "another name"),
        (rule({x: x - eta * partial(1, x, v)}), "several coordinates"),
        (law({dot(x): -after(x)}), "neighbouring step"),
    ],
)
def test_statements_without_a_matrix_are_refused(statement, says):
    with pytest.raises(AnalysisError, match=says):
        characteristic_polynomial(statement)


@pytest.mark.parametrize("function", [characteristic_polynomial, step_matrix, multipliers, stability_region])
def test_what_is_no_statement_is_refused(function):
    with pytest.raises(TypeError):
        function(x - eta * G)


def test_a_law_takes_no_step():
    with pytest.raises(TypeError, match="integrate a law"):
        step_matrix(damped_particle.law())
    with pytest.raises(TypeError, match="integrate a law"):
        spectral_radius(damped_particle.law(), {})


def test_the_quadratic_takes_the_place_of_the_potential_at_every_place():
    taken = on_quadratic(potential(x) + u * grad(x + u) + u**2 * hess(x), 3)
    assert taken.expand() == (3 * x**2 / 2 + 3 * u * x + 6 * u**2).expand()


def test_values_are_exact_and_fit_their_symbols():
    assert put(eta * lam, {eta: Fraction(1, 10), lam: 20}) == 2
    for values, error, says in (
        ({eta: 0.1, lam: 20}, TypeError, "0.1"),
        ({eta: 1}, AnalysisError, "lam"),
        ({eta: -1, lam: 20}, AnalysisError, "positive"),
    ):
        with pytest.raises(error, match=says):
            put(eta * lam, values)
    with pytest.raises(AnalysisError, match="no real number"):
        put(1 / (1 - rho), {rho: 1})
    with pytest.raises(AnalysisError, match="no real number"):
        put(sqrt(rho), {rho: -1})


def test_the_sign_of_a_number_is_not_decided_by_rounding():
    assert sign_of(sqrt(2) * sqrt(3) - sqrt(6)) == 0
    assert sign_of(sqrt(5 + 2 * sqrt(6)) - sqrt(2) - sqrt(3)) == 0
    assert sign_of(sqrt(2) - Rational(14142135623730951, 10**16)) == -1
    assert sign_of(sqrt(5 + 2 * sqrt(6)) - sqrt(2) - sqrt(3) + Rational(1, 10**40)) == 1
    with pytest.raises(AnalysisError, match="cannot be decided"):
        sign_of(log(6) - log(2) - log(3))


def test_signs_that_are_known():
    a, b = Symbol("a", positive=True), Symbol("b", real=True)
    assert known_signs((a + b**2) / a) == {1}
    assert known_signs(sqrt(2) - 2) == {-1}
    assert known_signs(a - b) == {-1, 0, 1}


# ------------------------------------------------------------------ affine statements, empty regions

b = Symbol("b", real=True)
AFFINE = [
    (rule({x: x - eta * (lam * x - b)}), rule({x: x - eta * lam * x})),
    (rule({u: rho * u - eta * (G - b), x: x + after(u) + 3}), rule({u: rho * u - eta * G, x: x + after(u)})),
    (
        law({m * dot(dot(x)): -gamma * dot(x) - lam * x - m * b}),
        law({m * dot(dot(x)): -gamma * dot(x) - lam * x}),
    ),
    (law({dot(x): -b * x + 1}), law({dot(x): -b * x})),
]


@pytest.mark.parametrize(("affine", "linear"), AFFINE)
def test_a_constant_moves_the_fixed_point_only(affine, linear):
    assert stability_region(affine) == stability_region(linear)
    assert multipliers(affine) == multipliers(linear)


def test_an_affine_rule_tends_to_its_fixed_point_inside_the_region_alone():
    region = stability_region(AFFINE[0][0])
    for step in (Rational(1, 2), Rational(19, 10), Rational(21, 10)):
        at = Rational(5)
        for _ in range(200):
            at = at - step * (at - 3)
        assert region.holds_at({eta: step, lam: 1}) is bool(abs(at - 3) < Rational(1, 100))


EMPTY = [
    (rule({x: x - eta * b * v, v: v + eta * b * x}), "never"),
    (rule({x: x + eta * G}), "never: it repels, some disturbances grow exponentially"),
    (
        law({m * dot(dot(x)): -gamma * dot(x) + lam * x}),
        "never: it repels, some disturbances grow exponentially",
    ),
    (law({m * dot(dot(x)): -G}), "never: neutral at best, some disturbances do not decay"),
    (law({dot(x): -b * v, dot(v): b * x}), "never: neutral at best, some disturbances do not decay"),
    (rule({x: x - b}), "never: neutral at best, some disturbances do not decay"),
]


@pytest.mark.parametrize(("statement", "words"), EMPTY)
def test_an_empty_region_is_said_to_be_empty(statement, words):
    region = stability_region(statement)
    assert str(region) == words
    assert region.is_empty
    values = {m: 1, gamma: 2, lam: 3, b: Rational(1, 2), eta: Rational(1, 3)}
    at = {s: n for s, n in values.items() if any(s in c.expression.free_symbols for c in region.conditions)}
    assert not region.holds_at(at)
    assert not stability_region(RULES["two steps stale"]).is_empty


def several_momenta(count):
    """Return a rule with a velocity a memory, all of which move the position."""
    velocities = [Symbol(f"u{k}", real=True) for k in range(count)]
    memories = [Symbol(f"beta{k}", positive=True) for k in range(count)]
    decays = {w: b * w - eta * G for w, b in zip(velocities, memories, strict=True)}
    return rule({**decays, x: x + sum(map(after, velocities))}), memories


@pytest.mark.parametrize(
    ("count", "numbers"),
    in_tiers([(3, 0), (3, 1), (4, 0), (4, 1), (4, 3), (5, 4)], fast=[(3, 0), (4, 3), (5, 4)]),
)
def test_the_region_of_a_rule_of_many_states_is_where_all_multipliers_are_inside(count, numbers):
    drawn = random.Random(count + numbers)
    full, memories = several_momenta(count)
    fixed = {b: Rational(drawn.randint(1, 9), 10) for b in memories[:numbers]}
    one = rule({u.target: u.value.subs(fixed) for u in full.updates})
    region, seen = stability_region(one), set()
    for _ in range(40):
        values = {b: Rational(drawn.randint(1, 12), 10) for b in memories[numbers:]}
        values |= {eta: Rational(drawn.randint(1, 40), 50 * count), lam: 1}
        radius = float(spectral_radii(one, **{str(s): float(value) for s, value in values.items()}))
        if abs(radius - 1) > 1e-6:
            seen.add(radius < 1)
            assert region.holds_at(values) == (radius < 1), values
    assert seen == {True, False}


def test_a_region_that_is_too_large_a_formula_is_refused_with_what_to_do():
    with pytest.raises(ValueError, match=r"degree 6 in 7 symbols .* put numbers for some of them"):
        stability_region(several_momenta(5)[0])


GROWTH = [
    law({dot(dot(x)): 4 * x}),
    law({dot(x): v, dot(v): x}),
    law({dot(x): x, dot(v): -v}),
    law({dot(dot(x)): -9 * x}),
    law({dot(dot(x)): Integer(0) * x}),
    rule({x: 2 * x, v: v / 2}),
    rule({x: -3 * x}),
    rule({x: -x}),
    rule({x: v, v: -x}),
    rule({x: x + v, v: v}),
]


@pytest.mark.parametrize("statement", GROWTH, ids=str)
def test_what_is_said_of_an_empty_region_is_what_the_roots_do(statement):
    polynomial = characteristic_polynomial(statement, lam)
    roots = np.roots([float(c) for c in polynomial.all_coeffs()])
    fastest = max(abs(roots)) - 1 if isinstance(statement, Rule) else max(roots.real)
    said = str(stability_region(statement))
    assert ("it repels" in said) is bool(fastest > 1e-6)
    assert ("neutral at best" in said) is bool(abs(fastest) <= 1e-6)


def test_a_sign_that_is_not_known_says_nothing():
    assert str(stability_region(law({dot(dot(x)): b * x}))) == "never"


def test_a_square_that_says_nothing_new_is_left_out():
    assert str(stability_region(law({b * dot(x): -x}))) == "b > 0"
    assert "b**2" not in str(stability_region(law({b * dot(x): -rho * x})))


@pytest.mark.parametrize("power", [Rational(1, 3), Rational(2, 5), Rational(1, 2)])
def test_roots_of_parameters_are_parameters(power):
    region = stability_region(rule({x: x * m**power - x}))
    for number in (Rational(1, 2), Rational(3), Rational(9)):
        assert region.holds_at({m: number}) is bool(abs(float(number) ** float(power) - 1) < 1)
