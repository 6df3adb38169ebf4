"""Dimensions inferred: what follows, what stays free, and what a contradiction follows from."""

from dataclasses import replace
from fractions import Fraction

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as some
from sympy import Abs, Integer, Mul, Symbol, exp, sin, sqrt

from physsym import (
    Define,
    Derivation,
    Divide,
    Isolate,
    Outcome,
    ReduceOrder,
    Step,
    after,
    damped_particle,
    dimensions,
    dot,
    grad,
    hess,
    law,
    partial,
    potential,
    rule,
)
from physsym.core.dimensions import ENERGY, LENGTH, MASS, ONE, TIME, Dimension, DimensionError, dimension_of
from physsym.core.inference import infer_dimensions
from physsym.core.symbols import higher
from physsym.mechanics import particle_with_friction
from physsym.vocabulary import STANDARD, G, U, Vocabulary, alpha, dt, eta, gamma, m, rho, scalar, tau, u, v, x
from tests.support.tiers import examples

k, p, q, y = (Symbol(name, positive=True) for name in "kpqy")

DERIVED = (
    damped_particle.law(),
    law({tau: m / gamma}),
    law({v: dot(x)}),
    law({eta: dt / gamma}),
    law({alpha: (1 - rho) * eta}),
    rule({u: rho * u - (1 - rho) * eta * G, x: x + after(u)}),
)


# ------------------------------------------------------------------ what follows


def test_the_dimensions_of_the_source_follow_from_mass_length_and_time():
    found = infer_dimensions(DERIVED, {x: LENGTH, m: MASS, dt: TIME})
    assert (found.free, found.clash) == ({}, ())
    assert found.found[potential] == ENERGY
    for symbol in (tau, gamma, v, eta, alpha, rho, u):
        # The table of the vocabulary was written by hand.
        assert found.found[symbol] == STANDARD.dimension(symbol), symbol


def test_the_units_of_learning_are_any_two_dimensions():
    weight, loss = LENGTH**3, MASS / TIME
    found = infer_dimensions(rule({x: x - eta * G}), {x: weight, U: loss})
    assert found.found == {eta: weight**2 / loss}
    learning = STANDARD.extended(scalar(x, weight), scalar(eta, weight**2 / loss))
    assert not dimensions(rule({x: x - eta * G}), learning)
    told = [replace(q, dimension=loss) if q.kind == "potential" else q for q in learning.quantities]
    counted = Vocabulary(tuple(told))
    assert dimensions(rule({x: x - eta * G}), counted)
    assert not dimensions(rule({x: x - eta**2 * G}), counted)


@pytest.mark.parametrize(
    ("statement", "unknown", "dimension"),
    [
        (law({v: k * x}), k, TIME**-1),
        (rule({x: x * exp(-k * dt)}), k, TIME**-1),
        (law({v: x * sin(x / k) / tau}), k, LENGTH),
        (law({m * dot(dot(x)): -k * Abs(v) * v - G}), k, MASS / LENGTH),
        (law({hess(x): k}), k, MASS / TIME**2),
        (law({higher(Integer(3), x): k}), k, MASS / TIME**2 / LENGTH),
        (law({higher(Integer(4), x): k}), k, MASS / TIME**2 / LENGTH**2),
        (law({dot(y): v}), y, LENGTH),
        (law({dot(dot(v)): k * dot(v)}), k, TIME**-1),
        (law({m * dot(y): -partial(2, x, y)}), y, LENGTH * TIME ** Fraction(-1, 2)),
        (law({x: sympy.Max(k, y)}), k, LENGTH),
        (law({tau: sqrt(k)}), k, TIME**2),
        (law({x: v ** Integer(2) / k**3}), k, (LENGTH / TIME**2) ** Fraction(1, 3)),
        (law({rho: (1 + k) ** (dt / tau)}), k, ONE),
        (law({k**2: x * k}), k, LENGTH),
    ],
)
def test_an_unknown_dimension_follows_from_the_statement(statement, unknown, dimension):
    verdict = dimensions(statement)
    assert verdict, str(verdict)
    assert f"the dimension of {unknown}, not known before, follows: {dimension}" in verdict.evidence


@pytest.mark.parametrize("statement", [law({0: k * x}), law({v: sympy.sign(Symbol("k", real=True)) * v})])
def test_what_says_nothing_of_a_symbol_leaves_it_free(statement):
    assert list(infer_dimensions(statement, {x: LENGTH, v: LENGTH / TIME}).free.values()) == ["[k]"]
    verdict = dimensions(statement)
    assert verdict.outcome is Outcome.UNDECIDABLE
    assert "k is not known and does not follow" in verdict.evidence[0]


# ------------------------------------------------------------------ what stays free


def test_free_dimensions_are_told_by_those_they_hang_on():
    inferred = infer_dimensions(damped_particle.law(), {x: LENGTH})
    assert inferred.found == {}
    assert inferred.free == {m: "[m]", gamma: "[m] T^-1", potential: "[m] L^2 T^-2"}
    assert str(inferred) == "[m] is free; [gamma] = [m] T^-1; [U] = [m] L^2 T^-2"


@pytest.mark.parametrize(
    ("statement", "known", "told"),
    [
        (law({x: x}), {x: LENGTH}, "nothing was to be found"),
        (law({k: U}), {k: ENERGY, x: LENGTH}, "[U] = M L^2 T^-2"),
        (law({k: U}), {x: LENGTH}, "[k] is free; [U] = [k]"),
        (
            law({x: v**2, tau: v * k}),
            {x: LENGTH, v: LENGTH, tau: LENGTH},
            "x has dimension L, v**2 has dimension L^2; [k] = 1",
        ),
    ],
)
def test_an_inference_tells_clashes_then_what_is_found_then_what_is_free(statement, known, told):
    assert str(infer_dimensions(statement, known)) == told


def test_a_dimension_that_does_not_follow_is_told_with_what_to_do():
    assert dimensions(law({m * x: k * y})).evidence == (
        "the dimension of k is not known and does not follow: add it to the vocabulary of the derivation",
        "the dimension of y is not known and does not follow: add it to the vocabulary of the derivation; "
        "[y] is [k]^-1 mass length",
    )


def test_everything_unknown_is_no_pass():
    # A checker that lets unknown dimensions agree with anything would pass all that a sum says here.
    nothing = Vocabulary(())
    verdict = dimensions(law({k * x: y + v}), nothing)
    assert verdict.outcome is Outcome.UNDECIDABLE
    assert len(verdict.evidence) == 4
    assert dimensions(law({x: sin(x)}), nothing)


def test_a_marked_symbol_alone_stands_for_the_symbol_itself():
    inferred = infer_dimensions(law({dot(dot(Symbol("z", real=True))): x}), {x: LENGTH})
    assert inferred.found == {Symbol("z", real=True): LENGTH * TIME**2}
    assert infer_dimensions(law({dot(Symbol("z")): x}), {x: LENGTH}).found == {Symbol("z"): LENGTH * TIME}


def test_an_inference_keeps_what_it_was_told():
    assert infer_dimensions(law({v: k * x}), {x: LENGTH, v: LENGTH / TIME}).known == {
        x: LENGTH,
        v: LENGTH / TIME,
    }


# ------------------------------------------------------------------ exponents that are symbols


def test_the_friction_coefficient_of_a_power_law_depends_on_the_power():
    statement = particle_with_friction(p).law()
    found = infer_dimensions(statement, {x: LENGTH, U: ENERGY, m: MASS}).found
    assert found[p] == ONE
    assert str(found[gamma]) == "M L^(2 - p) T^(p - 3)"
    # For a power that is a number it is a plain dimension, the same with the number put in.
    known = {x: LENGTH, U: ENERGY, m: MASS}
    for power in (1, 2, sympy.Rational(3, 2), 5):
        plain = infer_dimensions(particle_with_friction(power).law(), known).found[gamma]
        put_in = [sympy.sympify(e).subs(p, power) for e in found[gamma].exponents]
        assert plain == Dimension(*(Fraction(int(e.p), int(e.q)) for e in put_in))
    # What was found is taken as known again; the friction of the standard table is that of power two.
    assert dimensions(statement, STANDARD.extended(scalar(gamma, found[gamma]), scalar(p)))
    assert not dimensions(statement, STANDARD.extended(scalar(p)))
    assert not dimensions(statement, STANDARD.extended(scalar(gamma, found[gamma]), scalar(p, TIME)))


def test_exponents_reckon_as_numbers_do():
    reciprocal = infer_dimensions(law({k**p: 1 / tau}), {tau: TIME}).found[k]
    assert str(reciprocal) == "T^(-1/p)"
    assert reciprocal**p == TIME**-1
    assert infer_dimensions(law({k ** (p + 1): x * k**p}), {x: LENGTH}).found[k] == LENGTH
    assert LENGTH ** ((p**2 - 1) / (p - 1)) == LENGTH ** (p + 1)


@pytest.mark.parametrize("power", [sin(p), sqrt(2), sqrt(p), grad(p)])
def test_only_a_pure_number_takes_an_exponent_that_is_no_quotient_of_polynomials(power):
    known = {p: ONE, x: LENGTH, y: ONE, U: ONE}
    assert infer_dimensions(law({k: y**power}), known).found[k] == ONE
    assert "which is not a rational number" in str(infer_dimensions(law({k: x**power}), known).clash[0])
    with pytest.raises(DimensionError):
        dimension_of(x**power, STANDARD.extended(scalar(p)).dimension)


# ------------------------------------------------------------------ contradictions

SOURCE = (
    damped_particle.law(),
    law({v: dot(x)}),
    law({eta: dt / gamma}),
    law({tau: m / gamma}),
    law({rho: 1 - dt / tau}),
    law({v: -eta * G}),
)
BASIC = {x: LENGTH, U: ENERGY, dt: TIME}


def test_the_clash_of_the_source_names_the_equations_that_cause_it():
    (clash,) = infer_dimensions(SOURCE, BASIC).clash
    assert clash.says == "v has dimension L T^-1, -eta*grad(x) has dimension L"
    assert clash.equations == (
        "m*x'' = -grad(x) - gamma*x'",
        "v = x'",
        "eta = dt/gamma",
        "v = -eta*grad(x)",
    )
    assert clash.given == ((dt, TIME),)


def test_none_of_the_equations_that_cause_a_clash_can_be_left_out():
    needed = [s for s in SOURCE if s not in (law({tau: m / gamma}), law({rho: 1 - dt / tau}))]
    assert infer_dimensions(needed, BASIC).clash
    for left_out in needed:
        assert not infer_dimensions([s for s in SOURCE if s != left_out], BASIC).clash


def test_that_the_step_is_a_time_need_not_be_known_for_the_clash_of_the_source():
    # That dt is a time follows from rho = 1 - dt/tau and tau = m/gamma; then all six equations are needed.
    known = {x: LENGTH, U: ENERGY}
    (clash,) = infer_dimensions(SOURCE, known).clash
    assert clash.equations == tuple(map(str, SOURCE))
    assert clash.given == ()
    for left_out in SOURCE:
        assert not infer_dimensions([s for s in SOURCE if s != left_out], known).clash


def test_a_clash_with_the_table_is_worded_by_its_two_sides():
    verdict = dimensions(law({v: -eta * G, u: dt * x, tau: dt}))
    assert verdict.evidence == (
        "v has dimension L T^-1, -eta*grad(x) has dimension L",
        "u has dimension L, dt*x has dimension L T",
    )


def test_a_symbol_cannot_have_two_dimensions():
    verdict = dimensions(law({x: k * v, u: k * x}))
    assert verdict.outcome is Outcome.FAILS
    assert "it follows from x = k*v and u = k*x" in verdict.evidence[0]


@pytest.mark.parametrize(
    ("statement", "known", "told"),
    [
        (law({v: x}), {v: TIME, x: LENGTH}, "v has dimension T, x has dimension L"),
        (
            law({m: k, v: k}),
            {m: MASS, v: LENGTH},
            "v has dimension L, k has dimension M; it follows from m = k and v = k, given v as L, m as M",
        ),
        (
            law({y: U, k: U}),
            {U: ENERGY, y: ENERGY, k: TIME},
            "k has dimension T, potential(x) has dimension M L^2 T^-2",
        ),
    ],
)
def test_a_clash_tells_the_equations_and_what_was_known(statement, known, told):
    assert str(infer_dimensions(statement, known).clash[-1]) == told


def test_what_was_not_known_is_told_with_the_evidence():
    assert dimensions(law({u: -eta * G})).evidence == ("the dimensions agree",)
    assert dimensions(law({v: k * x})).evidence == (
        "the dimension of k, not known before, follows: T^-1",
        "the dimensions agree",
    )


# ------------------------------------------------------------------ random systems

NAMES = tuple(Symbol(f"s{n}", positive=True) for n in range(5))
dimension_values = some.builds(Dimension, *[some.integers(-2, 2).map(Fraction)] * 3)
powers = some.lists(some.integers(-2, 2), min_size=5, max_size=5)


def _monomial(exponents):
    return Mul(*(s**e for s, e in zip(NAMES, exponents, strict=True)))


def _units(dimension):
    """Return the expression in m, x and dt that has a dimension."""
    return Mul(*(s ** sympy.Rational(e) for s, e in zip((m, x, dt), dimension.exponents, strict=True)))


def _true_laws(truth, rows):
    for row in rows:
        dimension = ONE
        for own, e in zip(truth, row, strict=True):
            dimension *= own**e
        yield law({_monomial(row): _units(dimension)})


UNITS = {m: MASS, x: LENGTH, dt: TIME}


@settings(max_examples=examples(60), deadline=None)
@given(some.lists(dimension_values, min_size=5, max_size=5), some.lists(powers, min_size=1, max_size=7))
def test_what_is_found_is_true_and_what_is_free_is_counted(truth, rows):
    inferred = infer_dimensions(list(_true_laws(truth, rows)), UNITS)
    assert inferred.clash == ()
    assert all(truth[NAMES.index(s)] == d for s, d in inferred.found.items())
    # SymPy's matrices say which unknown are settled: those whose unit vector is in the row space.
    matrix = sympy.Matrix(rows)
    named = [n for n in range(5) if any(row[n] for row in rows)]
    unit = lambda n: sympy.Matrix([[int(j == n) for j in range(5)]])
    settled = {NAMES[n] for n in named if matrix.col_join(unit(n)).rank() == matrix.rank()}
    assert set(inferred.found) == settled
    assert set(inferred.free) == {NAMES[n] for n in named} - settled


@settings(max_examples=examples(60), deadline=None)
@given(
    some.lists(dimension_values, min_size=5, max_size=5),
    some.lists(powers, min_size=2, max_size=7),
    some.data(),
)
def test_a_spoiled_equation_clashes_or_changes_what_follows(truth, rows, data):
    rows = [row for row in rows if any(row)]
    if not rows:
        return
    laws = list(_true_laws(truth, rows))
    n = data.draw(some.integers(0, len(laws) - 1))
    (equation,) = laws[n].equations
    spoiled = [*laws[:n], law({equation.left: equation.right * dt}), *laws[n + 1 :]]
    inferred = infer_dimensions(spoiled, UNITS)
    others = sympy.Matrix([row for j, row in enumerate(rows) if j != n] or [[0] * 5])
    follows = others.col_join(sympy.Matrix([rows[n]])).rank() == others.rank()
    assert bool(inferred.clash) == follows
    for clash in inferred.clash:
        causes = [s for s in spoiled if str(s) in clash.equations]
        assert infer_dimensions(causes, UNITS).clash
        for cause in causes:
            assert not infer_dimensions([s for s in causes if s != cause], UNITS).clash


@settings(max_examples=examples(25), deadline=None)
@given(some.permutations(range(len(DERIVED))))
def test_the_order_of_the_statements_does_not_matter(order):
    told = infer_dimensions([DERIVED[n] for n in order], {x: LENGTH, m: MASS, dt: TIME})
    assert told.found == infer_dimensions(DERIVED, {x: LENGTH, m: MASS, dt: TIME}).found


# ------------------------------------------------------------------ derivations


def test_a_new_symbol_of_a_derivation_has_the_dimension_of_what_it_stands_for():
    w = Symbol("w", real=True)
    derivation = Derivation(
        "Rates",
        damped_particle.law(),
        (
            Step("Divide.", Divide(m)),
            Step("Name the rate.", Define(k, gamma / m, eliminating=gamma)),
            Step("Split.", ReduceOrder(x, velocity=w)),
        ),
    )
    assert all(derivation.dimensions())
    assert all("not known" not in e for v in derivation.dimensions() for e in v.evidence)


def test_a_symbol_of_two_dimensions_in_two_lines_does_not_pass():
    # Each line alone would be clean: k is a length per time in one and a time in the other.
    lines = (law({dot(x): k}), law({tau: k}))
    assert all(map(dimensions, lines))
    derivation = Derivation("Two", lines[0], (Step("Wrong.", Isolate(k), gives=lines[1]),))
    first, second = derivation.dimensions()
    assert first
    assert second.outcome is Outcome.FAILS
    assert second.evidence == ("tau has dimension T, k has dimension L T^-1",)


def test_a_definition_whose_sides_clash_is_told_with_its_line():
    line = law({tau * dot(dot(x)): -dot(x) - G / gamma})
    step = Step("Wrong.", Define(tau, m * gamma, eliminating=m), gives=line)
    derivation = Derivation("Wrong", damped_particle.law(), (step,))
    assert [bool(v) for v in derivation.dimensions()] == [True, False]
    assert "tau has dimension T" in derivation.dimensions()[1].evidence[0]


# ------------------------------------------------------------------ nonsense


@pytest.mark.parametrize(
    ("statements", "known", "says"),
    [
        (["x = 1"], {}, "^expected a law or a rule; given 'x = 1' of type str; read it first"),
        (x, {}, "^expected a law or a rule; given x of type Symbol; write law"),
        (law({x: y}), {x: "L"}, "^what is known is a dimension such as LENGTH / TIME, given 'L'$"),
        (law({x: y}), {"x": LENGTH}, "^the dimension of a symbol at no instant, .* known; given 'x'$"),
        (law({x: y}), {dot(x): LENGTH}, "^the dimension of a symbol at no instant, .* known; given x'$"),
        (law({x: y}), {G: LENGTH}, r"^the dimension of a symbol at no instant, .* given grad\(x\)$"),
        (law({x: y}), {grad: LENGTH}, "^the dimension of a symbol at no instant, .* given grad$"),
    ],
)
def test_nonsense_is_refused(statements, known, says):
    with pytest.raises(TypeError, match=says):
        infer_dimensions(statements, known)


@pytest.mark.parametrize("nonsense", [x, "x + 1", None])
def test_dimensions_are_checked_of_statements_only(nonsense):
    with pytest.raises(TypeError, match=r"^expected a law or a rule[;,] given "):
        dimensions(nonsense)
