"""Symbols, statements, dimensions, vocabularies and verdicts: the small values everything is made of."""

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as some
from sympy import Abs, Eq, Float, Integer, Matrix, Piecewise, Symbol, exp, log, sin, sqrt

from physsym import (
    Dimension,
    Verdict,
    after,
    before,
    dimensions,
    dot,
    grad,
    hess,
    latex,
    law,
    partial,
    potential,
    rule,
    solves,
)
from physsym.core.dimensions import LENGTH, MASS, ONE, TIME, DimensionError, dimension_of
from physsym.core.signs import signs
from physsym.core.statements import (
    Equation,
    Law,
    Relation,
    Rule,
    StatementError,
    Update,
    one_step_map,
    parameters,
    rewritten,
    states,
    symbols,
)
from physsym.core.symbols import DEEPEST, exact, name_and_marks
from physsym.core.verdicts import Condition, Order, Outcome, all_of, fails, holds, undecided
from physsym.runtime.backends import load_backend
from physsym.vocabulary import (
    STANDARD,
    G,
    U,
    Vocabulary,
    alpha,
    dt,
    eta,
    gamma,
    lam,
    m,
    rho,
    scalar,
    t,
    tau,
    u,
    v,
    x,
)

y = Symbol("y", real=True)


def test_instants_are_symbols_of_their_own():
    assert dot(dot(x)).name == "x''"
    assert after(u) == after(u) != u
    assert name_and_marks(before(x)) == ("x", "-")
    assert dot(x).is_real
    assert dot(m).is_positive is None


@pytest.mark.parametrize("nonsense", [None, "x", 2, x + u, 0.5])
def test_an_instant_is_taken_of_a_symbol_only(nonsense):
    for instant in (dot, after, before):
        with pytest.raises(TypeError):
            instant(nonsense)


def test_the_potential_differentiates_to_the_gradient():
    assert U.diff(x) == G
    assert G.diff(x) == hess(x)
    assert potential(x, y).diff(y) == partial(2, x, y)
    assert grad(x + rho * u).diff(u) == rho * hess(x + rho * u)


@pytest.mark.parametrize("inexact", [0.5, Float("0.5"), x * 0.1, True, None, Matrix([1]), object()])
def test_inexact_numbers_and_other_objects_are_refused(inexact):
    with pytest.raises(TypeError):
        exact(inexact)
    with pytest.raises(TypeError):
        rule({x: inexact})
    with pytest.raises(TypeError):
        law({x: inexact})


def test_an_equation_never_becomes_a_truth_value():
    (equation,) = law({u: u - rho * u}).equations
    assert (equation.left, equation.right) == (u, u - rho * u)


@pytest.mark.parametrize(
    ("updates", "reason"),
    [
        ({x: x + after(u), u: rho * u}, "before it is set"),
        ({x: after(x)}, "before it is set"),
        ({after(x): x}, "cannot be updated"),
        ({before(x): x}, "cannot be updated"),
        ({x: dot(x)}, "integrate the law first"),
        ({x: before(u)}, "never updates u"),
        ({}, "^a rule needs at least one update, given none$"),
    ],
)
def test_a_rule_that_says_nothing_definite_is_refused(updates, reason):
    with pytest.raises(StatementError, match=reason):
        rule(updates)


def test_a_symbol_is_updated_once():
    (update,) = rule({x: x}).updates
    with pytest.raises(StatementError, match="twice"):
        Rule((update, update))


def test_a_target_is_a_symbol():
    with pytest.raises(TypeError, match="updates symbols"):
        rule({x + 1: x})
    with pytest.raises(ValueError, match="write the symbol that is updated"):
        rule({"2*x": x})
    assert rule({"x": "2*x"}) == rule({x: 2 * x})  # text is read


def test_no_equation_is_no_law():
    with pytest.raises(StatementError, match=r"^a law needs at least one equation, given none$"):
        law({})


def test_a_relation_prints_as_it_is_told():
    told = Relation((Integer(0), eta * lam, Integer(2)), ("<", "<="))
    assert str(told) == "0 < eta*lam <= 2"


@pytest.mark.parametrize(
    ("sides", "relations", "given"),
    [
        ((x, u), ("<>",), "x <> u"),
        ((x, u, v), ("=", "<>"), "x = u <> v"),
        ((x,), ("=",), "x ="),
        ((x, u, v), ("=",), "x = u v"),
        ((x,), (), "x"),
    ],
)
def test_a_relation_needs_known_signs_between_its_sides(sides, relations, given):
    with pytest.raises(StatementError) as caught:
        Relation(sides, relations)
    assert str(caught.value) == f"relations = != < > <= >= ~ -> stand between sides; given {given}"


def test_statements_print_sentence_by_sentence():
    assert str(law({v: dot(x), u: x})) == "v = x'; u = x"
    assert str(rule({u: rho * u, x: x + after(u)})) == "u <- rho*u; x <- x + u+"


def test_rewriting_a_law_changes_both_sides_and_keeps_what_is_assumed():
    assuming = (Condition(tau, "> 0"),)
    doubled = rewritten(Law((Equation(x, u + v), Equation(v, t)), assuming), lambda e: (2 * e).expand())
    assert doubled.equations == (Equation(2 * x, 2 * u + 2 * v), Equation(2 * v, 2 * t))
    assert doubled.assuming == assuming


def test_rewriting_a_rule_changes_values_only():
    doubled = rewritten(rule({u: v, x: x + t}), lambda e: (2 * e).expand())
    assert doubled == Rule((Update(u, 2 * v), Update(x, 2 * x + 2 * t)))


def test_a_rule_is_ordered():
    semi_implicit, forward = rule({u: rho * u, x: x + after(u)}), rule({u: rho * u, x: x + u})
    assert one_step_map(semi_implicit)[x] == x + rho * u
    assert one_step_map(forward)[x] == x + u
    assert rule({u: rho * u, x: x}) != rule({x: x, u: rho * u})


def test_a_recurrence_carries_what_it_reads():
    recurrence = rule({x: x + rho * (x - before(before(x))) - eta * G})
    assert states(recurrence) == (x, before(x), before(before(x)))
    assert parameters(recurrence) == (eta, rho)
    assert one_step_map(recurrence)[before(before(x))] == before(x)


@pytest.mark.parametrize(
    ("updates", "carried"),
    [
        ({x: rho * u}, (x,)),
        ({x: x - eta * G}, (x,)),
        ({x: 2 * x - before(x) - eta * G}, (x, before(x))),
        ({u: gamma * u, x: x + before(u)}, (u, x, before(u))),
    ],
)
def test_only_earlier_values_that_are_read_are_carried(updates, carried):
    assert states(rule(updates)) == carried


def test_the_symbols_of_a_statement_are_those_it_mentions_and_those_it_updates():
    assert symbols(rule({x: rho * u})) == {x, rho, u}
    assert symbols(law({v: dot(x)})) == {v, dot(x)}


# ------------------------------------------------------------------ dimensions


@pytest.mark.parametrize(
    ("expression", "dimension"),
    [
        (eta * G, LENGTH),
        (G / gamma, LENGTH / TIME),
        (m * dot(dot(x)), MASS * LENGTH / TIME**2),
        (U, MASS * LENGTH**2 / TIME**2),
        (hess(x), MASS / TIME**2),
        (sqrt(eta * m), TIME),
        (exp(-dt / tau), ONE),
        (Abs(v) * dt, LENGTH),
        (m / gamma - tau, TIME),
        (dt**2 / m - (1 - rho) * eta, TIME**2 / MASS),
        (partial(2, x, v), MASS * LENGTH / TIME),
    ],
)
def test_dimensions_of_expressions(expression, dimension):
    assert dimension_of(expression, STANDARD.dimension) == dimension


@pytest.mark.parametrize(
    "expression", [x + v, x - eta * v, exp(x), log(t), sin(m), x**rho, 2**x, gamma + 1, Abs(x) + t, x + v + x]
)
def test_what_has_no_dimension_is_refused(expression):
    with pytest.raises(DimensionError):
        dimension_of(expression, STANDARD.dimension)


def test_a_sum_is_read_to_its_last_term():
    # A checker that looks at the first summand only would pass this: x + u + v.
    with pytest.raises(DimensionError, match="cannot add"):
        dimension_of(x + u + v, STANDARD.dimension)


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        (x - 2 * v, r"^cannot add (x \[L\] to -2\*v \[L T\^-1\]|-2\*v \[L T\^-1\] to x \[L\])$"),
        (exp(x), r"^exp\(x\) must be a pure number; it has dimension L$"),
        (2**m, r"^the exponent m must be a pure number; it has dimension M$"),
        (x**rho, r"^x \[L\] is raised to rho, which is not a rational number: its dimension is not fixed$"),
    ],
)
def test_a_clash_of_dimensions_names_both_sides_and_their_dimensions(expression, says):
    with pytest.raises(DimensionError, match=says):
        dimension_of(expression, STANDARD.dimension)


def test_a_velocity_is_not_a_displacement():
    verdict = dimensions(law({v: -eta * G}))
    assert verdict.outcome is Outcome.FAILS
    assert verdict.evidence == ("v has dimension L T^-1, -eta*grad(x) has dimension L",)
    assert dimensions(law({u: -eta * G}))
    assert dimensions(law({v: -G / gamma}))


def test_the_rule_of_the_source_clashes_if_read_as_velocities():
    assert not dimensions(rule({v: rho * v - eta * G, x: x + after(v)}))
    # Read as displacements it is clean: the missing 1 - rho is a pure number, which only algebra can miss.
    assert dimensions(rule({u: rho * u - eta * G, x: x + after(u)}))


def test_zero_has_every_dimension():
    assert dimensions(law({0: -G / gamma - dot(x)}))


def test_an_unknown_symbol_is_not_guessed():
    stiffness = Symbol("k", positive=True)
    assert "not known" in dimensions(law({m * dot(dot(x)): -stiffness * x})).evidence[0]
    known = STANDARD.extended(scalar(stiffness, MASS / TIME**2))
    assert dimensions(law({m * dot(dot(x)): -stiffness * x}), known)


def test_dimensions_print_as_they_are_written():
    assert str(MASS * LENGTH**2 / TIME**2) == "M L^2 T^-2"
    assert str(ONE) == "1"


@given(*[some.tuples(*[some.fractions(max_denominator=6)] * 3)] * 2, some.integers(-4, 4))
def test_dimensions_are_a_vector_space(a, b, n):
    one, other = Dimension(*a), Dimension(*b)
    assert one * other == other * one
    assert one * other / other == one
    assert (one * other) ** n == one**n * other**n


# ------------------------------------------------------------------ vocabulary, signs, verdicts


def test_a_vocabulary_names_each_quantity_once():
    with pytest.raises(ValueError, match="more than once: k"):
        Vocabulary((scalar(Symbol("k")), scalar(Symbol("k", positive=True))))
    with pytest.raises(ValueError, match="mark"):
        scalar(dot(x))


def test_an_instant_is_found_under_its_name():
    assert STANDARD.quantity(after(u)).symbol == u
    assert STANDARD.dimension(dot(v)) == LENGTH / TIME**2
    assert STANDARD.quantity(y) is None


def test_renaming_to_learning_is_one_to_one():
    for face in ("physics", "learning"):
        names = [getattr(q, face) for q in STANDARD.quantities]
        assert len(set(names)) == len(names)


@given(some.integers(-3, 3), some.integers(1, 3), some.integers(-3, 3))
def test_signs_never_leave_out_a_sign_that_occurs(value, positive, power):
    if value == 0 and power < 0:
        return
    a = Symbol("a", positive=True)
    for expression in (
        x * a,
        x + a,
        x**2 + a,
        a - x,
        -a,
        x**power * a,
        Abs(x) - a,
        x * Abs(x),
        exp(x),
        a**x - 1,
    ):
        number = expression.subs({x: value, a: positive})
        assert int(sympy.sign(number)) in signs(expression)


def test_signs_see_what_the_form_shows():
    assert signs(gamma * dot(x) ** 2) == {0, 1}
    assert signs(-dt / tau) == {-1}
    assert signs(x * Abs(x) * x) == {0, 1}
    assert signs(1 + x**2) == {1}


def test_a_verdict_is_true_only_when_it_holds():
    assert holds("seen")
    for outcome in set(Outcome) - {Outcome.HOLDS}:
        assert not Verdict(outcome)


def test_the_worst_verdict_counts_and_nothing_checked_is_no_pass():
    assert all_of().outcome is Outcome.UNCHECKED
    assert all_of(holds("a"), undecided("b")).outcome is Outcome.UNDECIDABLE
    joined = all_of(holds("a"), fails("c", witness="at 1"), undecided("b"))
    assert (joined.outcome, joined.evidence, joined.witness) == (Outcome.FAILS, ("c",), "at 1")


def test_verdicts_speak():
    verdict = Verdict(Outcome.HOLDS, ("seen",), (Condition(gamma, "!= 0"),), error=Order(tau, 1))
    assert str(verdict) == "holds, up to O(tau), given gamma != 0: seen"
    assert str(Order(dt, float("inf"))) == "less than any power of dt"
    assert [str(Order(dt - 1, n)) for n in (1, 2)] == ["O(dt - 1)", "O((dt - 1)**2)"]
    assert str(Condition(alpha - 1, ">= 0")) == "alpha - 1 >= 0"


@pytest.mark.parametrize("given", [3, None, "x", x, [x], rule({x: -x}), law({dot(x): -x})], ids=str)
def test_what_is_no_dictionary_makes_no_law_rule_vocabulary_or_motion(given):
    for make, says in (
        (law, r"such as law\(\{gamma"),
        (rule, r"such as rule\(\{x"),
        (lambda table: solves(law({dot(x): -x}), table), r"such as \{x: exp\(-t\)\}"),
        (lambda table: dimensions(law({dot(x): -x}), table), "takes a Vocabulary"),
    ):
        with pytest.raises(TypeError, match=says):
            make(given)
    assert law("gamma*dot(x) = -G") == law({gamma * dot(x): -G})  # text is read


def test_a_list_is_no_statement_and_no_name_of_a_backend():
    with pytest.raises(TypeError, match=r"expected .*given .* of type list"):
        latex([x])
    with pytest.raises(ValueError, match="unknown backend"):
        load_backend(["numpy"])


def test_a_start_value_reads_parameters_and_states():
    sums, accumulator = Symbol("sums", real=True), Symbol("accumulator", real=True)
    adagrad = rule({sums: sums + G**2, x: x - eta * G}, start={sums: accumulator})
    assert adagrad.parameters == (accumulator, eta)
    assert rule({sums: sums + G, x: x - eta * G}, start={sums: x}).parameters == (eta,)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (Piecewise((G, Eq(t, 0)), (2 * G, True)), ""),
        (Piecewise((G, x > v), (2 * G, True)), "cannot compare"),
        (Piecewise((G, x > 0), (x, True)), "are cases of one expression"),
    ],
)
def test_dimensions_of_case_distinctions(value, says):
    verdict = dimensions(rule({x: x - eta * value}))
    assert bool(verdict) == (not says)
    assert says in str(verdict)


@pytest.mark.parametrize("make", [lambda e: rule({x: e}), lambda e: law({dot(x): e})])
def test_what_is_nested_too_deep_is_refused_in_words(make):
    deep = x
    for _ in range(DEEPEST - 5):
        deep = sin(deep)
    assert "sin(sin(sin" in str(make(deep))
    assert make(sum((x**n for n in range(700)), x))
    for _ in range(6):
        deep = sin(deep)
    with pytest.raises(StatementError, match=r"nested more than 120 deep, as sin\(sin.*updates of their own"):
        make(deep)
    for _ in range(2000):
        deep = sympy.Mul(2, sympy.Add(1, deep, evaluate=False), evaluate=False)
    with pytest.raises(StatementError, match="nested more than 120 deep"):
        make(deep)
