"""What z3 is asked and how its answers are read, without z3 where its words can be given."""

from fractions import Fraction

import pytest
from sympy import Integer, Max, Min, Pow, Rational, Symbol, exp, sin, sqrt

from physsym.core.symbols import grad, potential
from physsym.core.verdicts import Condition
from physsym.verify.engines import smt
from physsym.verify.engines.base import Answer, Finding
from physsym.verify.engines.smtlib import Script, declared_sign
from physsym.vocabulary import u, v, x

HALF, THIRD = Rational(1, 2), Rational(1, 3)


def test_an_answer_is_no_truth_value():
    with pytest.raises(TypeError, match=r"^an answer is no truth value; compare it with Answer\.PROVED$"):
        bool(Answer.PROVED)


# ------------------------------------------------------------------ the words of the question


def test_a_root_is_a_fresh_number_named_once():
    script = Script()
    assert (script.term(sqrt(x)), script.term(sqrt(x))) == ("(* 1 c1)",) * 2
    assert script.conditions == ["(>= c1 0)", "(= (* 1 c1 c1) c0)"]


def test_roots_of_different_index_are_different_numbers():
    script = Script()
    assert script.term(sqrt(x)) != script.term(x**THIRD)
    assert script.conditions[-1] == "(= (* 1 c2 c2 c2) c0)"


def test_the_root_of_a_square_stays_a_root():
    script, root = Script(), Pow(x**2, HALF, evaluate=False)
    script.term(root)
    assert list(script.names) == [x, root]


def test_a_first_unknown_function_leaves_the_question_exact():
    script = Script()
    script.term(grad(x) + grad(x) ** 2)
    assert script.exact


def test_two_exponentials_are_two_numbers():
    script = Script()
    assert script.term(exp(x)) == script.term(exp(x)) != script.term(exp(u))


def test_a_real_power_is_positive_and_of_something_positive_and_a_whole_one_need_not_be():
    real, whole = Symbol("r", real=True), Symbol("n", integer=True)
    for exponent, conditions in ((real, 2), (whole, 0)):
        script = Script()
        script.term(x**exponent)
        assert len(script.conditions) == conditions
        assert all(c.startswith("(> ") for c in script.conditions)
    assert smt.implies((), Condition(x**real + 1, "> 0")).answer is Answer.PROVED
    assert smt.implies((), Condition(x**whole, "> 0")).answer is not Answer.PROVED


@pytest.mark.parametrize("other", [grad(u), potential(x)], ids=str)
def test_two_unknown_numbers_leave_it_inexact_for_good(other):
    script = Script()
    for expression in (grad(x), other, grad(x)):
        script.term(expression)
    assert not script.exact


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"positive": True}, ["a > 0"]),
        ({"negative": True}, ["-a > 0"]),
        ({"nonnegative": True}, ["a >= 0"]),
        ({"nonpositive": True}, ["-a >= 0"]),
        ({"real": True, "nonzero": True}, ["a != 0"]),
        ({"real": True}, []),
    ],
    ids=str,
)
def test_what_is_declared_of_a_sign_is_said(facts, said):
    assert list(map(str, declared_sign(Symbol("a", **facts)))) == said


@pytest.mark.parametrize(
    "true",
    [Max(x, u, v) - v, u - Min(x, u, v), Max(x, u) - Min(x, u)],
    ids=str,
)
def test_z3_knows_the_larger_and_the_smaller(true):
    assert smt.implies((), Condition(true, ">= 0")).answer is Answer.PROVED
    assert smt.implies((), Condition(true, "> 0")).answer is not Answer.PROVED


def test_no_values_are_asked_of_no_symbols():
    assert smt._get_value(Script()) == ""


# ------------------------------------------------------------------ the words of the answer


def decided(monkeypatch, output, *, exact=True, confirmed=True):
    monkeypatch.setattr(smt, "ask", lambda *asked: output)
    script = Script(exact=exact)
    script.term(x)
    return smt._decided(script, "true", "(> c0 0)", lambda at: confirmed)


def test_a_refuted_opposite_is_a_proof(monkeypatch):
    proof = Finding("z3", "z3", Answer.PROVED, bound="a proof that it does not print")
    assert decided(monkeypatch, "unsat\nsat") == proof


@pytest.mark.parametrize(
    "output", ["unsat\nunsat", "unsat\nunknown", "unsat", 'unsat\n(error "not sat here")\nunknown']
)
def test_what_contradicts_itself_proves_nothing(monkeypatch, output):
    found = decided(monkeypatch, output)
    assert found.answer is Answer.UNKNOWN
    assert found.reason == "what is assumed contradicts itself, or z3 cannot tell"


def test_a_counterexample_is_reported(monkeypatch):
    found = decided(monkeypatch, "sat\n((c0 (- (/ 1.0 3.0))))\nsat")
    assert (found.answer, found.witness) == (Answer.REFUTED, "at x = -1/3")


@pytest.mark.parametrize(
    ("output", "doubt"),
    [
        ("sat\n((c0 1.0))\nsat", {"exact": False}),
        ("sat\n((c0 1.0))\nsat", {"confirmed": False}),
        ("unknown\n((c0 1.0))\nsat", {}),
        (None, {}),
    ],
    ids=["fresh numbers", "not confirmed", "unknown", "time is over"],
)
def test_a_doubtful_counterexample_is_none(monkeypatch, output, doubt):
    found = decided(monkeypatch, output, **doubt)
    assert found.answer is Answer.UNKNOWN
    assert found.reason == "no proof was found, and no counterexample in fractions"


def test_a_value_may_be_broken_over_lines():
    script = Script()
    script.term(x)
    assert smt._model(["sat", "((c0 (/ 1.0", "3.0)))"], script) == {x: Fraction(1, 3)}


@pytest.mark.parametrize(
    ("words", "number"),
    [(("", "3.0", "2.0"), Fraction(3, 2)), (("(", "3.0", "2.0"), Fraction(-3, 2)), (("", "5.0", ""), 5)],
)
def test_numbers_are_read_as_fractions(words, number):
    assert smt._number(*words) == number


# ------------------------------------------------------------------ what counts as a counterexample


def test_what_z3_is_not_asked_about_is_said():
    assert smt.identity(sin(x), x).reason == "z3 is not asked about sin"


@pytest.mark.parametrize(("at", "contradicts"), [(1, False), (-1, False), (2, True)])
def test_a_counterexample_obeys_what_is_given_and_breaks_the_goal(at, contradicts):
    given, goal = Condition(x, "> 0"), Condition(Rational(3, 2) - x, ">= 0")
    assert smt._contradicts((given,), (goal,), {x: Fraction(at)}) is contradicts


@pytest.mark.parametrize(
    ("left", "right", "differ"),
    [(Integer(1), Integer(2), True), (Integer(1), Integer(1), False), (sqrt(2), Rational(3, 2), False),
     (Rational(3, 2), sqrt(2), False)],
)  # fmt: skip
def test_only_fractions_show_a_difference(left, right, differ):
    assert smt._values_differ(left, right, {}) is differ


def test_a_refuted_direction_is_reported_before_a_doubtful_one(monkeypatch):
    doubt, no = (Finding("z3", "z3", answer) for answer in (Answer.UNKNOWN, Answer.REFUTED))
    for ways in ([doubt, no], [no, doubt]):
        left = iter(ways)
        monkeypatch.setattr(smt, "_implies", lambda hypotheses, goals, left=left: next(left))
        assert smt.equivalent((), ()) is no


# ------------------------------------------------------------------ examples


def test_an_example_satisfies_the_conditions():
    conditions = [(x - 1000, "> 0"), (1001 - x, "> 0"), (u - 3 * x, "= 0"), (v + u, ">= 0")]
    found = smt.example(tuple(Condition(*c) for c in conditions))
    assert 1000 < found[x] < 1001
    assert found[u] == 3 * found[x]
    assert found[v] >= -found[u]


def test_an_example_has_the_declared_signs():
    k = Symbol("k", positive=True)
    assert smt.example((Condition(x + k, "= 0"),))[x] < 0
    assert smt.example((Condition(k + 1, "= 0"),)) is None


def test_there_is_no_example_of_what_z3_does_not_read():
    assert smt.example((Condition(sin(x) - 2, "> 0"), Condition(x**x, "> 0"))) is None
