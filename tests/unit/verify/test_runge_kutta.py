"""Explicit Runge-Kutta methods: tableaus, steps against Kutta's by hand, checks that can fail, kernels."""

from fractions import Fraction
from itertools import pairwise
from types import SimpleNamespace

import mpmath
import numpy as np
import pytest
import sympy
from sympy import Poly, Rational, Symbol

from physsym import (
    Derivation,
    Integrate,
    Outcome,
    ReduceOrder,
    Rule,
    Step,
    Update,
    after,
    apply,
    check,
    damped_particle,
    dot,
    grad,
    latex,
    law,
    optimizer,
    partial,
    rule,
    same_law,
)
from physsym.analysis import as_runge_kutta, modified_by, modified_equation, order_of, step_matrix
from physsym.analysis.b_series import elementary_weights, exact_weights
from physsym.certificates import certificate as certified
from physsym.certificates import checked, coq, step_lemmas
from physsym.certificates.integrate import method_lemma
from physsym.certificates.lemma import Refusal as Uncertified
from physsym.certificates.negative_tests import tried
from physsym.codegen import program
from physsym.codegen.emit import python_source
from physsym.documents.reasons import reason
from physsym.integrators import (
    ALL,
    PartitionedEuler,
    RungeKutta,
    explicit_midpoint,
    forward_euler,
    heun,
    runge_kutta_4,
    ssp33,
)
from physsym.mechanics.moves import MoveError
from physsym.runtime.backends import lambdify
from physsym.testing import assert_same_law, assert_same_rule
from physsym.transform.integrate import integrate
from physsym.verify.engines import flint, identity_test
from physsym.verify.integrate import verify_method
from physsym.vocabulary import G, dt, gamma, lam, m, v, x
from tests.fuzz import follows, spoiled
from tests.fuzz.evaluation import UnclearError
from tests.support.requirements import needs, needs_compiler, needs_coq
from tests.support.tiers import in_tiers, in_turn

y, w = Symbol("y", real=True), Symbol("w", real=True)
METHODS = (explicit_midpoint, heun, ssp33, runge_kutta_4)
# By their authors: Runge 1895, Heun 1900, Shu and Osher 1988, Kutta 1901.
PUBLISHED = {explicit_midpoint: 2, heun: 2, ssp33: 3, runge_kutta_4: 4}
euler = RungeKutta("Euler's method", 1, ((0,),), (1,))
KUTTA_38 = RungeKutta(
    "Kutta's three-eighths rule", 4,
    ((0, 0, 0, 0), ("1/3", 0, 0, 0), ("-1/3", 1, 0, 0), (1, -1, 1, 0)), ("1/8", "3/8", "3/8", "1/8"),
)  # fmt: skip

flow = law({dot(x): -G})
damped = law({dot(x): v, m * dot(v): -gamma * v - G})
quartic = law({dot(x): v, m * dot(v): -gamma * v - lam * x**3})
plane = law({dot(x): -partial(1, x, y), dot(y): -partial(2, x, y) + x})
LAWS = {"flow": flow, "damped": damped, "quartic": quartic, "plane": plane}


def named(method):
    return method.name


def with_entry(method, change, row=None, column=0):
    """Return a method with one entry of its matrix, or one weight, changed; the weights still sum to 1."""
    matrix, weights = [list(r) for r in method.matrix], list(method.weights)
    (weights if row is None else matrix[row])[column] += change
    if row is None:
        weights[column - 1] -= change
    return RungeKutta("spoiled", method.order, tuple(map(tuple, matrix)), tuple(weights))


def with_idle_stages(method, count):
    """Return matrix and weights with stages added that nothing reads."""
    n = len(method.weights)
    matrix = [[*row, *[0] * count] for row in method.matrix] + [[0] * (n + count)] * count
    return tuple(map(tuple, matrix)), (*method.weights, *[0] * count)


def entries(method):
    """Return where the numbers of a method stand, as `with_entry` takes them."""
    n = len(method.weights)
    return [(None, j) for j in range(n)] + [(i, j) for i in range(n) for j in range(i)]


# ------------------------------------------------------------------ tableaus


@pytest.mark.parametrize("method", METHODS, ids=named)
def test_the_order_declared_is_published_and_meets_the_conditions_of_the_trees(method):
    assert method.order == PUBLISHED[method] == order_of(as_runge_kutta(method))
    tableau = as_runge_kutta(method)
    assert elementary_weights(tableau, method.order) == exact_weights(method.order)
    assert elementary_weights(tableau, method.order + 1) != exact_weights(method.order + 1)


def test_other_published_orders():
    assert order_of(as_runge_kutta(euler)) == order_of(as_runge_kutta(forward_euler)) == 1
    assert order_of(as_runge_kutta(KUTTA_38)) == 4


@pytest.mark.parametrize("method", METHODS, ids=named)
def test_each_number_of_a_tableau_matters(method):
    for row, column in entries(method):
        assert order_of(as_runge_kutta(with_entry(method, Rational(1, 7), row, column))) < method.order


def test_entries_are_exact_however_they_are_written():
    texts = RungeKutta("m", 2, (("0", "0"), ("1/2", "0")), ("0", "1"))
    fractions = RungeKutta("m", 2, ((0, 0), (Fraction(1, 2), 0)), (0, 1))
    rationals = RungeKutta("m", 2, [[0, 0], [Rational(1, 2), 0]], [0, 1])
    assert texts == fractions == rationals
    assert hash(texts) == hash(rationals)
    assert all(isinstance(a, Rational) for row in (*texts.matrix, texts.weights) for a in row)


@pytest.mark.parametrize(
    ("matrix", "weights", "where"),
    [((("1/2",),), (1,), "row 1, column 1"), (((0, 1), (0, 0)), (0, 1), "row 1, column 2")],
)
def test_an_implicit_tableau_is_analysed_and_not_carried_out(matrix, weights, where):
    implicit = RungeKutta("Gauss", 2, matrix, weights)
    assert order_of(implicit) == (2 if len(weights) == 1 else 1)
    move = Integrate(implicit, dt)
    with pytest.raises(MoveError, match=f"implicit: {where}"):
        apply(move, flow)
    # Nor is a line taken for its step that reads the stages as if they were explicit.
    assert "is implicit" in check(move, flow, rule({x: x - dt * G})).evidence[0]
    assert not follows(move, flow, rule({x: x - dt * G}))
    with pytest.raises(Uncertified, match="implicit"):
        method_lemma(implicit, {}, rule({x: x}), move)


@pytest.mark.parametrize(
    ("matrix", "weights", "reason"),
    [
        (((0, 0), (1,)), (0, 1), r"weights, 2; given rows of \[2, 1\]"),
        (((0, 0),), (0, 1), r"weights, 2; given rows of \[2\]"),
        (((0,),), (0, 1), r"weights, 2; given rows of \[1\]"),
        ((), (), "weights, 0"),
        (((0,),), (dt,), "expected rational numbers in a tableau, given dt"),
        (((0,),), ("one",), "one"),
        (((0,),), (sympy.sqrt(2),), "expected rational numbers"),
    ],
)
def test_what_is_no_tableau_is_refused(matrix, weights, reason):
    with pytest.raises((ValueError, TypeError), match=reason):
        RungeKutta("refused", 1, matrix, weights)


@pytest.mark.parametrize("entry", ["1/0", "a", "nan", "inf", ""])
def test_a_text_that_is_no_number_is_refused(entry):
    with pytest.raises(ValueError, match=f"g: expected rational numbers in a tableau, given '{entry}'"):
        RungeKutta("g", 1, ((entry,),), (1,))


@pytest.mark.parametrize(("matrix", "weights"), [(5, (1,)), ((5,), (1,)), (((0,),), 1), (("0",), (1,))])
def test_what_has_no_rows_is_refused(matrix, weights):
    with pytest.raises(TypeError, match="g: expected rows of numbers in a tableau, given "):
        RungeKutta("g", 1, matrix, weights)


@pytest.mark.parametrize("weights", [(0, 2), ("1/2", "1/3"), (0, 0)])
def test_weights_that_do_not_sum_to_one_are_refused(weights):
    with pytest.raises(ValueError, match="bad: the weights of a method must sum to 1"):
        RungeKutta("bad", 1, heun.matrix, weights)


@pytest.mark.parametrize("order", [True, 1.5, "2", None, float("nan"), float("inf")])
def test_an_order_is_a_whole_number(order):
    with pytest.raises(TypeError, match="h: the order must be a whole number of at least 1, given"):
        RungeKutta("h", order, heun.matrix, heun.weights)
    with pytest.raises(TypeError, match="e: the order must be a whole number of at least 1, given"):
        PartitionedEuler("e", order)


@pytest.mark.parametrize("order", [-1, 0, 3, 60])
def test_an_order_that_no_method_of_so_many_stages_has_is_refused(order):
    with pytest.raises(
        ValueError, match=f"explicit method of 2 stages has an order from 1 to 2, given {order}"
    ):
        RungeKutta("h", order, heun.matrix, heun.weights)
    with pytest.raises(
        ValueError, match=f"implicit method of 1 stage has an order from 1 to 2, given {order}"
    ):
        RungeKutta("h", order, (("1/2",),), (1,))
    with pytest.raises(ValueError, match=f"a method of one stage has an order from 1 to 2, given {order}"):
        PartitionedEuler("e", order)


@pytest.mark.parametrize("order", [True, 1.5, "2", None, float("nan"), 0, -float("inf")])
def test_the_order_of_a_method_of_ones_own_is_a_whole_number_or_infinite(order):
    with pytest.raises(ValueError, match="own: the order must be a whole number of at least 1, or infinite"):
        Integrate(SimpleNamespace(name="own", order=order, partitioned=False), dt)


def test_a_float_is_refused():
    with pytest.raises(TypeError, match=r"0\.5"):
        RungeKutta("inexact", 2, ((0, 0), (0.5, 0)), (0, 1))


def test_what_is_no_integrator_says_so():
    with pytest.raises(TypeError, match="expected an integrator"):
        as_runge_kutta("Heun")
    with pytest.raises(MoveError, match=r"integrate\.integrate\.register"):
        integrate("Heun", {x: -G}, Integrate(heun, dt))
    (verdict,) = verify_method("Heun", {x: dot(x) + G}, {x: x}, Integrate(heun, dt))
    assert verdict.outcome is Outcome.UNCHECKED
    assert "verify_method.register" in verdict.evidence[0]
    with pytest.raises(Uncertified, match=r"method_lemma\.register"):
        method_lemma("Heun", {}, rule({x: x}), Integrate(heun, dt))
    unknown = SimpleNamespace(name="unknown", order=1, partitioned=False)
    with pytest.raises(UnclearError, match=r"defect\.register"):
        follows(Integrate(unknown, dt), flow, rule({x: x - dt * G}))
    assert check(Integrate(unknown, dt), flow, rule({x: x - dt * G})).outcome is Outcome.UNCHECKED
    with pytest.raises(TypeError, match=r"a method of physsym\.integrators first, given 'Heun'"):
        Integrate("Heun", dt)


# ------------------------------------------------------------------ carried out


def by_hand(method, rates, start, step):
    """Return one step from the tableau, in any numbers: rates is a function of all states."""
    stages = []
    for row in [*method.matrix, method.weights]:
        shares = [step * Fraction(int(a.p), int(a.q)) for a in row]
        place = [
            s + sum(a * stage[k] for a, stage in zip(shares, stages, strict=False))
            for k, s in enumerate(start)
        ]
        stages.append(rates(*place))
    return place


def kutta(rates, start, step):
    """Return one step of Kutta's method as every textbook prints it."""
    moved = lambda by, k: [s + by * r for s, r in zip(start, k, strict=True)]
    k1 = rates(*start)
    k2 = rates(*moved(step / 2, k1))
    k3 = rates(*moved(step / 2, k2))
    k4 = rates(*moved(step, k3))
    return [
        s + step / 6 * (a + 2 * b + 2 * c + d) for s, a, b, c, d in zip(start, k1, k2, k3, k4, strict=True)
    ]


@pytest.mark.parametrize("method", [*METHODS, euler, KUTTA_38], ids=named)
def test_a_step_is_that_of_the_tableau_in_exact_fractions(method):
    friction, mass, size = Fraction(1, 3), Fraction(5, 4), Fraction(1, 10)
    stepped = optimizer(
        apply(Integrate(method, dt), damped), backend="python", gamma=friction, m=mass, dt=size
    )
    start = {"v": Fraction(2, 3), "x": Fraction(-7, 5)}
    found = stepped.step(start, lambda place: place**3)
    rates = lambda velocity, place: (-(friction * velocity + place**3) / mass, velocity)
    assert [found["v"], found["x"]] == by_hand(method, rates, list(start.values()), size)
    if method is runge_kutta_4:
        assert [found["v"], found["x"]] == kutta(rates, list(start.values()), size)


def test_with_one_stage_it_is_forward_euler():
    for start in (flow, damped, quartic, plane):
        one, other = (apply(Integrate(method, dt), start) for method in (euler, forward_euler))
        assert one.targets == other.targets
        assert_same_rule(one, other)


@pytest.mark.parametrize("method", METHODS, ids=named)
@pytest.mark.parametrize("start", LAWS.values(), ids=LAWS)
def test_every_rate_reads_old_values_whatever_is_updated_first(method, start):
    found = apply(Integrate(method, dt), start)
    new = {after(s) for s in found.targets}
    assert not any(new & u.value.free_symbols for u in found.updates)
    backwards = Rule(found.updates[::-1])
    assert bool(check(Integrate(method, dt), start, backwards)) or len(found.updates) == 1


@pytest.mark.parametrize("method", METHODS, ids=named)
def test_there_are_as_many_gradients_as_stages(method):
    for start in (flow, damped, plane):
        made = program(apply(Integrate(method, dt), start))
        assert len(made.evaluations) == len(method.weights)


def test_stages_are_shared_and_not_multiplied_out():
    found = apply(Integrate(runge_kutta_4, dt), quartic)
    assert max((p.exp for u in found.updates for p in u.value.atoms(sympy.Pow)), default=0) == 3
    assert python_source(program(found)).count("\n") < 30


# ------------------------------------------------------------------ checked


@pytest.mark.parametrize("method", [*METHODS, KUTTA_38], ids=named)
@pytest.mark.parametrize("start", LAWS.values(), ids=LAWS)
def test_a_step_holds_at_its_order_and_no_higher(method, start):
    verdict = check(Integrate(method, dt), start, apply(Integrate(method, dt), start))
    assert verdict, str(verdict)
    assert verdict.error.exponent == method.order
    assert any("and no higher was measured" in told for told in verdict.evidence)
    assert {identity_test.NAME, flint.NAME} <= set(verdict.engines)


@pytest.mark.parametrize("method", METHODS, ids=named)
@pytest.mark.parametrize("start", LAWS.values(), ids=LAWS)
def test_an_order_too_high_is_refused(method, start):
    boast = RungeKutta("boast", method.order + 1, *with_idle_stages(method, 1))
    verdict = check(Integrate(boast, dt), start, apply(Integrate(boast, dt), start))
    assert verdict.outcome is Outcome.FAILS
    assert f"order {method.order} was measured, boast has {method.order + 1}" in str(verdict)


@pytest.mark.parametrize(("method", "start"), in_turn([*METHODS, KUTTA_38], LAWS))
def test_an_order_declared_too_low_is_measured_all_the_same(method, start):
    start = LAWS[start]
    for declared in range(1, method.order):
        modest = RungeKutta("modest", declared, method.matrix, method.weights)
        verdict = check(Integrate(modest, dt), start, apply(Integrate(modest, dt), start))
        assert verdict
        assert verdict.error.exponent == method.order
        assert any(f"order {method.order} and no higher was measured" in why for why in verdict.evidence)


def taylor(stages):
    """Return the method that is Taylor's polynomial of degree `stages` for a linear law."""
    rows = [tuple(Rational(int(j == i - 1), stages - i + 1) for j in range(stages)) for i in range(stages)]
    return RungeKutta("Taylor", 1, tuple(rows), (*[0] * (stages - 1), 1))


@pytest.mark.parametrize(("stages", "size", "order"), [
    (5, "order 5 and no higher", 5), (10, "order 10 and no higher", 10),
    (11, "at least order 11", 11), (14, "at least order 11", 11),
])  # fmt: skip
def test_series_that_agree_as_far_as_they_are_known_are_no_proof_of_exactness(stages, size, order):
    decay, move = law({dot(x): -lam * x}), Integrate(taylor(stages), dt)
    verdict = check(move, decay, apply(move, decay))
    assert verdict, str(verdict)
    assert verdict.error.exponent == order
    assert verdict.evidence[-1].startswith(f"{size} was measured against the exact flow")


def test_an_order_beyond_all_terms_is_not_measured():
    boast = RungeKutta("boast", 13, *with_idle_stages(taylor(5), 8))
    decay = law({dot(x): -lam * x})
    assert "order 5 was measured, boast has 13" in str(
        check(Integrate(boast, dt), decay, apply(Integrate(boast, dt), decay))
    )
    far = RungeKutta("far", 13, taylor(13).matrix, taylor(13).weights)
    verdict = check(Integrate(far, dt), decay, apply(Integrate(far, dt), decay))
    assert verdict.outcome is Outcome.UNDECIDABLE
    assert "an order up to 11 can be measured, far has 13" in str(verdict)


def test_a_flow_that_ends_is_met_exactly():
    ends = law({dot(x): v, dot(v): w, dot(w): lam})
    verdict = check(Integrate(runge_kutta_4, dt), ends, apply(Integrate(runge_kutta_4, dt), ends))
    assert verdict.error.exponent == float("inf")
    assert "no error was found" in str(verdict)


@pytest.mark.parametrize("method", METHODS, ids=named)
def test_a_spoiled_tableau_is_refused_by_its_order(method):
    for row, column in entries(method):
        wrong = with_entry(method, Rational(1, 7), row, column)
        verdict = check(Integrate(wrong, dt), damped, apply(Integrate(wrong, dt), damped))
        assert verdict.outcome is Outcome.FAILS, (row, column)
        assert "was measured, spoiled has" in str(verdict)


@pytest.mark.parametrize("method", METHODS, ids=named)
def test_the_step_of_a_spoiled_tableau_does_not_pass_for_the_right_one(method):
    for row, column in entries(method):
        wrong = apply(Integrate(with_entry(method, Rational(1, 7), row, column), dt), damped)
        verdict = check(Integrate(method, dt), damped, wrong)
        assert verdict.outcome is Outcome.FAILS, (row, column)


def test_a_method_of_the_same_order_does_not_pass_for_another():
    for one, other in ((heun, explicit_midpoint), (runge_kutta_4, KUTTA_38)):
        line = apply(Integrate(one, dt), damped)
        assert check(Integrate(one, dt), damped, line)
        assert not check(Integrate(other, dt), damped, line)


def test_a_new_value_for_an_old_one_is_refused():
    found = apply(Integrate(explicit_midpoint, dt), damped)
    first, second = found.updates
    posing = Rule((first, Update(x, second.value.xreplace({v: after(v)}))))
    assert not check(Integrate(explicit_midpoint, dt), damped, posing)


def test_a_step_in_other_words_is_accepted():
    half = v - dt * (gamma * v + G) / (2 * m)
    stated = rule({x: x + dt * half, v: v - dt / m * (grad(x + v * dt / 2) + gamma * half)})
    assert check(Integrate(explicit_midpoint, dt), damped, stated)
    for method in METHODS:
        found = apply(Integrate(method, dt), damped)
        expanded = Rule(tuple(Update(u.target, sympy.expand(u.value)) for u in found.updates))
        assert expanded != found
        assert check(Integrate(method, dt), damped, expanded)


def test_a_law_that_is_not_linear_in_a_rate_is_not_accepted():
    squared = law({dot(x) ** 2: lam * x})
    verdict = check(Integrate(euler, dt), squared, rule({x: x + dt * lam * x}))
    assert not verdict
    assert "the equation of x and one linear in its derivative differ" in str(verdict)


def test_a_step_of_a_derivation_leads_on_from_newton():
    steps = (Step("Split.", ReduceOrder(x, velocity=v)), Step("Follow it.", Integrate(runge_kutta_4, dt)))
    derived = Derivation("Kutta's method on a damped particle", damped_particle.law(), steps)
    assert all(derived.verdicts())
    assert str(derived.error) == "O(dt**4)"
    assert_same_rule(derived.rule, apply(Integrate(runge_kutta_4, dt), damped))
    assert "classical Runge-Kutta method of order 4" in str(reason(steps[1].move))


# ------------------------------------------------------------------ the self-test


@pytest.mark.parametrize("method", [explicit_midpoint, runge_kutta_4], ids=named)
def test_numbers_tell_what_follows(method):
    move, found = Integrate(method, dt), apply(Integrate(method, dt), damped)
    assert follows(move, damped, found)
    for other in ALL:
        assert follows(Integrate(other, dt), damped, found) == (other is method), other.name
    assert not follows(move, damped, apply(Integrate(with_entry(method, Rational(1, 7)), dt), damped))


@pytest.mark.parametrize("number", [20, pytest.param(60, marks=pytest.mark.slow)])
def test_no_wrong_line_is_accepted(number):
    move, found = Integrate(explicit_midpoint, dt), apply(Integrate(explicit_midpoint, dt), damped)
    variants = list(spoiled(move, damped, found))
    picked = [one for one in variants[:: len(variants) // number] if not true(one, move, found)]
    assert len(picked) > 2 * number / 3
    for wrong in picked:
        assert not check(wrong.move, damped, wrong.below), wrong


def true(variant, move, found):
    """Tell by numbers whether a change was none."""
    try:
        return follows(variant.move, damped, variant.below)
    except ArithmeticError:
        return True


# ------------------------------------------------------------------ analysed


@pytest.mark.parametrize(
    ("method", "coefficients"),
    [
        (explicit_midpoint, (1, 1, "1/2")),
        (heun, (1, 1, "1/2")),
        (ssp33, (1, 1, "1/2", "1/6")),
        (runge_kutta_4, (1, 1, "1/2", "1/6", "1/24")),
    ],
    ids=lambda p: getattr(p, "name", ""),
)
def test_the_polynomial_of_stability_is_the_published_one(method, coefficients):
    # Hairer and Wanner, Solving Ordinary Differential Equations II, section IV.2: 1 + z + z**2/2 + ...
    (multiplier,) = step_matrix(apply(Integrate(method, dt), flow), lam)
    found = Poly(sympy.expand(multiplier).subs(lam, -1), dt).all_coeffs()[::-1]
    assert found == [Rational(c) for c in coefficients]


@pytest.mark.parametrize("method", [explicit_midpoint, heun, ssp33], ids=named)
def test_trees_and_the_ring_find_the_same_modified_equation(method):
    by_ring = modified_equation(apply(Integrate(method, dt), flow), dt, 3).law
    assert_same_law(modified_by(as_runge_kutta(method), flow, dt, 3).law, by_ring)
    other = heun if method is not heun else explicit_midpoint
    assert not same_law(modified_by(as_runge_kutta(other), flow, dt, 3).law, by_ring)


@pytest.mark.parametrize("method", METHODS, ids=named)
def test_numbers_converge_at_the_order(method):
    # x' = -x**3 from 1 has the solution 1/sqrt(1 + 2*t); thirty digits.
    stated = apply(Integrate(method, dt), law({dot(x): -(x**3)}))
    with mpmath.workdps(30):
        step = sympy.lambdify([x, dt], stated.updates[0].value, "mpmath")
        gaps = []
        for parts in (32, 64, 128):
            place = mpmath.mpf(1)
            for _ in range(parts):
                place = step(place, mpmath.mpf(1) / parts)
            gaps.append(abs(place - 1 / mpmath.sqrt(3)))
        slopes = [float(mpmath.log(a / b, 2)) for a, b in pairwise(gaps)]
    assert slopes[-1] == pytest.approx(method.order, abs=0.15)


# ------------------------------------------------------------------ run


NATIVE = [
    pytest.param("numpy"),
    pytest.param("llvm", marks=needs("llvmlite", "fast")),
    pytest.param("c", marks=needs_compiler),
]


def cubed(place):
    return place * place * place


@pytest.mark.parametrize("backend", NATIVE)
@pytest.mark.parametrize("method", in_tiers(METHODS, [heun, runge_kutta_4]), ids=named)
@pytest.mark.parametrize("start", [flow, damped], ids=["flow", "damped"])
def test_backends_compute_the_bits_of_plain_python(backend, method, start):
    stated = apply(Integrate(method, dt), start)
    numbers = {"dt": 0.07} | ({} if start is flow else {"gamma": 0.7, "m": 1.3})
    plain, compiled = (lambdify(stated, backend=b) for b in ("python", backend))
    arrays = tuple(np.random.default_rng(3).normal(size=(len(stated.targets), 23)))
    columns = [tuple(float(a[k]) for a in arrays) for k in range(23)]
    for _ in range(40):
        arrays = compiled(*arrays, cubed, **numbers)
        columns = [plain(*column, cubed, **numbers) for column in columns]
    assert np.array_equal(np.array(arrays), np.array(columns).T)


@pytest.mark.parametrize("backend", [*NATIVE, pytest.param("python")])
def test_a_gradient_flow_runs_as_kutta_has_it(backend):
    stated = apply(Integrate(runge_kutta_4, dt), flow)
    slope = lambda place: place - place * place * place / 3
    place, begun = np.array([0.5, -1.2, 0.01]), np.array([0.5, -1.2, 0.01])
    if backend == "python":
        place = 0.5
        begun = 0.5
    stepped = optimizer(stated, backend=backend, dt=0.05)
    found = stepped.run(place, slope, steps=60).x[-1]
    for _ in range(60):
        (begun,) = kutta(lambda at: (-slope(at),), (begun,), 0.05)
    assert np.allclose(np.asarray(found, dtype=float), begun, rtol=1e-14, atol=0)


def test_a_step_is_typeset_with_each_gradient_in_the_other():
    told = latex(apply(Integrate(explicit_midpoint, dt), flow))
    assert told.count(r"\nabla U") == 2
    assert latex(apply(Integrate(explicit_midpoint, dt), flow), face="learning").count(r"\nabla L") == 2


# ------------------------------------------------------------------ certified


@pytest.fixture(scope="module")
def assistant():
    with coq() as ready:
        yield ready


def of_rule(method, start, line):
    return [one for part, one in step_lemmas(Integrate(method, dt), start, line)[0] if part == "rule"]


@needs_coq
@pytest.mark.slow
@pytest.mark.parametrize("method", [explicit_midpoint, runge_kutta_4], ids=named)
def test_coq_proves_that_new_values_are_the_weighed_stages(method, assistant):
    derived = Derivation("one step", damped, (Step("Follow it.", Integrate(method, dt)),))
    found = checked(assistant, certified(derived))
    assert not found.failed
    assert found.proved == ("step1_rule", "step1_rule_can_hold")
    assert [r.reason for r in found.certificate.refused] == [
        f"order {method.order}: only the first order is certified"
    ]


@needs_coq
@pytest.mark.slow
def test_coq_refuses_wrong_stages(assistant):
    lines = [apply(Integrate(explicit_midpoint, dt), damped)]
    lines += [
        apply(Integrate(with_entry(explicit_midpoint, Rational(1, 7), *entry), dt), damped)
        for entry in entries(explicit_midpoint)
    ]
    lines += [apply(Integrate(heun, dt), damped), apply(Integrate(forward_euler, dt), damped)]
    lemmas = [one for line in lines for one in of_rule(explicit_midpoint, damped, line)]
    assert len(lemmas) == len(lines)
    assert tried(assistant, lemmas) == [True, *[False] * (len(lines) - 1)]
