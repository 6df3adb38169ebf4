"""The families of whole derivations and comparisons: both kinds are drawn, and the ground truth is right."""

from collections import Counter
from contextlib import suppress

import pytest
from sympy import Abs, Max, Min, Symbol, sign, sqrt

from physsym.core.statements import law, rule
from physsym.core.symbols import after, before, dot
from physsym.core.verdicts import Condition, Outcome, Verdict, holds
from physsym.integrators import forward_euler
from physsym.mechanics.moves import Define, Eliminate, Integrate
from tests.fuzz import families
from tests.fuzz import trial as trial_module
from tests.fuzz.evaluation import UnclearError, agree
from tests.fuzz.families import Compared, Told, truth
from tests.fuzz.mutate import Variant
from tests.fuzz.trial import MEANING, Task, trials

x, a, b = (Symbol(n, real=True) for n in "xab")
c, k = (Symbol(n, positive=True) for n in "ck")


def test_every_family_draws_wrong_and_true_cases():
    told = Counter()
    for number in range(9 * len(families.FAMILIES)):
        case = families.drawn(number, 11)
        if isinstance(case, Told):
            told[case.kind.split(",")[0].split(" of ")[0], truth(case)] += 1
        elif isinstance(case, Compared):
            with suppress(UnclearError):
                told[case.kind, agree(case.first, case.second, [])] += 1
    for kind in {kind for kind, _ in told}:
        assert told[kind, True], kind
        assert told[kind, False], kind
    assert sum(count for (_, true), count in told.items() if true is None) <= 1


def test_a_number_and_a_seed_give_one_case():
    assert str(families.drawn(7, 1)) == str(families.drawn(7, 1))
    assert len({str(families.drawn(n, s)) for n in range(18) for s in range(2)}) > 30


def test_some_constants_are_negative():
    signs = {
        s.is_positive for n in range(200) for s in getattr(families.drawn(n, 2), "first", x).free_symbols
    }
    assert signs == {True, False, None}


AGREE = [
    (Max(-c, Min(c, x)), x * Min(1, c / Abs(x)), ()),
    (Max(-c, Min(c, x)), (Abs(x + c) - Abs(x - c)) / 2, ()),
    (sqrt(x**2), Abs(x), ()),
    (sqrt(x**2), -x, ((-x, "> 0"),)),
    (sqrt(a * b), sqrt(a) * sqrt(b), ()),
    (sign(x) * Abs(x), x, ()),
]
DIFFER = [
    (Max(-c, Min(c, x)), Min(-c, Max(c, x)), ()),
    (Max(x, 0), x, ()),
    (sqrt(x**2), x, ()),
    (sqrt(a**2 * b**2), a * b, ((a, "> 0"),)),
    (Max(x, c), Max(x, k), ()),
]


@pytest.mark.parametrize(("first", "second", "conditions"), AGREE)
def test_equal_expressions_agree(first, second, conditions):
    assert agree(first, second, conditions)


@pytest.mark.parametrize(("first", "second", "conditions"), DIFFER)
def test_different_expressions_do_not(first, second, conditions):
    assert not agree(first, second, conditions)


def test_a_region_without_points_tells_nothing():
    with pytest.raises(UnclearError):
        agree(x, x, [(x, "> 0"), (-x, "> 0")])


# ------------------------------------------------------------------ a judge that believes is noticed

wrong = Told(
    "definition, a moving name",
    law({dot(x): -k * x}),
    ((Integrate(forward_euler, c), rule({x: x - c * k * x})), (Define(a, k * x, k), rule({x: x - c * a}))),
    (1.0,),
)
unequal = Compared("comparison", sqrt(x**2), x)


def test_a_wrong_case_is_a_false_accept_of_a_judge_that_believes(monkeypatch):
    monkeypatch.setattr(trial_module, "judge_case", lambda case: (holds("it looks right"), None))
    assert trial_module.judged_case(wrong).false_accept
    assert trial_module.judged_case(unequal).false_accept


def test_a_condition_that_is_not_enough_is_a_false_accept(monkeypatch):
    def under(condition):
        verdict = Verdict(Outcome.CONDITIONAL, assumes=(condition,))
        monkeypatch.setattr(trial_module, "judge_case", lambda case: (verdict, None))
        return trial_module.judged_case(unequal)

    assert not under(Condition(x, ">= 0")).false_accept
    assert under(Condition(x + 5, ">= 0")).false_accept


def test_an_order_that_is_too_high_is_a_false_accept(monkeypatch):
    right = Told("time", wrong.start, wrong.steps[:1], (1.0,))
    monkeypatch.setattr(trial_module, "judge_case", lambda case: (holds(), (1.0,)))
    assert not trial_module.judged_case(right).mistaken
    monkeypatch.setattr(trial_module, "judge_case", lambda case: (holds(), (2.0,)))
    assert trial_module.judged_case(right).false_accept


def test_a_judge_that_breaks_down_is_noticed(monkeypatch):
    def broken(case):
        raise ZeroDivisionError("in an engine")

    monkeypatch.setattr(trial_module, "judge_case", broken)
    assert "ZeroDivisionError" in trial_module.judged_case(wrong).crash


def test_what_is_refused_is_decided():
    found = trial_module.judged_case(wrong)
    assert not found.true
    assert not found.mistaken
    assert not found.undecided


def test_cases_are_tried_in_tasks():
    found = trials(Task(MEANING, 0, 3, 4, 0))
    assert {t.origin for t in found} == {MEANING}
    assert [t.kind for t in found] == [t.kind for t in trials(Task(MEANING, 0, 3, 4, 0))]


def test_recurrences_with_the_same_runs_are_not_told_apart():
    u, eliminate = Symbol("u", real=True), Eliminate(Symbol("u", real=True))
    still, below = rule({u: 0, x: x + after(u)}), rule({x: x})
    kept = trial_module._tried(
        Task("random systems", 0, 0, 1, 0),
        (eliminate, still, below),
        Variant("index", eliminate, rule({x: before(x)})),
        False,
    )
    assert not kept.clear
