"""What a chapter shows is judged: equations, findings and the numbers of its sentences and captions."""

from functools import partial

import pytest
from sympy import Rational, Symbol, exp, pi, sqrt

from physsym import Derivation, Divide, Step, dot, law
from physsym.core.statements import Equation
from physsym.core.verdicts import Outcome, Verdict, fails, holds, undecided
from physsym.documents.content import (
    Book,
    Chapter,
    Figure,
    Finding,
    Heading,
    Note,
    NumberedEquation,
    OneFace,
    Table,
)
from physsym.documents.judgements import judgements
from physsym.documents.numbers import rounded
from physsym.documents.prose import sentence, stated_numbers
from physsym.loading import Script
from physsym.mechanics.claim import Claim
from physsym.vocabulary import STANDARD, G, gamma, x

rest = Equation(gamma * x, -G)


def outcomes(*blocks: object) -> list[Outcome]:
    """Return the outcomes of the judgements on a chapter with some blocks."""
    chapter = Chapter(number="1", title="One", blocks=blocks)
    return [j.verdict.outcome for j in judgements(Script("one", "", (), (), (chapter,)))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is `exp(-1) ~ 0.37`.", [True]),
        ("It is `exp(-1) ~ 0.36`.", [False]),
        ("It is `exp(-1) ~ 0.368`.", [True]),
        ("It is `exp(-1) ~ 0.367`.", [False]),
        ("Here `9801/10000 ~ 0.98` and `0.9801**50 ~ 0.06`.", [True, False]),
        ("Here `0 < 1/3 < 1/2` and `1/3 > 1/2`.", [True, False]),
        ("Here `sqrt(2)**2 = 2` and `2 + 2 = 5`.", [True, False]),
        ("Formulas with symbols, `0 < eta*lam < 2`, and code, `pytest`, state no number.", []),
        ("What cannot be read, `1/0 +* 2 = 3`, is not checked.", [False]),
        ("On one face: `physics: 1/3 ~ 0.34`.", [False]),
        ("What tends, `tau -> 0`, is no number either; `rho ~ exp(-dt/tau)` holds symbols.", []),
    ],
)
def test_statements_about_numbers_are_judged(text, expected):
    assert [bool(verdict) for _, verdict in stated_numbers(text, STANDARD)] == expected


def test_a_wrong_number_is_found_in_every_kind_of_block():
    wrong = "It is `1/3 ~ 0.34`."
    finding = partial(Finding, title="t", follows="a", source="b", difference="c", check=lambda: fails("no"))
    assert outcomes(wrong) == [Outcome.FAILS]
    assert outcomes(Note("A note", wrong)) == [Outcome.FAILS]
    assert outcomes(Table(wrong, ("a",), ((wrong,),))) == [Outcome.FAILS] * 2
    assert outcomes(Figure("f", lambda ax: None, caption=lambda: wrong, alt="")) == [Outcome.FAILS]
    assert outcomes(finding(says=wrong)) == [Outcome.HOLDS, Outcome.FAILS]
    assert outcomes(finding(difference=wrong)) == [Outcome.HOLDS, Outcome.FAILS]
    right = NumberedEquation("1", rest, check=lambda: holds("seen"), says=wrong)
    assert outcomes(right) == [Outcome.HOLDS, Outcome.FAILS]


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (fails("no"), Outcome.HOLDS),
        (Verdict(Outcome.CONDITIONAL, ("at times",)), Outcome.HOLDS),
        (holds("yes"), Outcome.FAILS),
        (undecided("who knows"), Outcome.UNDECIDABLE),
        (Verdict(Outcome.UNCHECKED), Outcome.UNCHECKED),
    ],
)
def test_a_finding_needs_a_sentence_that_was_refuted(verdict, expected):
    finding = Finding(title="t", follows="a", source="b", difference="c", check=lambda: verdict)
    assert outcomes(finding) == [expected]


def test_what_follows_in_a_finding_must_hold():
    shown = NumberedEquation("1", rest, check=lambda: fails("no"))
    finding = Finding(title="t", follows=shown, source="b", difference="c", check=lambda: fails("no"))
    assert outcomes(finding) == [Outcome.FAILS]


def test_an_equation_shown_as_false_must_fail():
    for verdict, expected in ((fails("no"), Outcome.HOLDS), (holds("yes"), Outcome.FAILS)):
        assert outcomes(NumberedEquation("1", rest, check=lambda v=verdict: v, refuted=True)) == [expected]
        assert outcomes(NumberedEquation("1", rest, check=lambda v=verdict: v)) == [verdict.outcome]
    doubtful = NumberedEquation("1", rest, check=lambda: undecided("?"), refuted=True)
    assert outcomes(doubtful) == [Outcome.FAILS]


def test_what_cannot_be_computed_is_unchecked():
    def broken() -> str:
        raise ZeroDivisionError("division by zero")

    assert outcomes(Figure("f", lambda ax: None, caption=broken, alt="")) == [Outcome.UNCHECKED]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Rational(1, 64), "about 0.0156"),
        (Rational(1, 2), "0.5"),
        (Rational(-5, 4), "-1.25"),
        (sqrt(2), "about 1.41"),
        (pi * 10**8, "about 3.14·10⁸"),
        (exp(-20), "about 2.06·10⁻⁹"),
        (0.1, "0.1"),
        (1 / 3, "about 0.333"),
        (0.0, "0"),
        (9.996, "about 10"),
    ],
)
def test_rounded_numbers_are_marked(value, text):
    assert rounded(value) == text


def test_only_finite_numbers_are_rounded():
    for value in (Symbol("a"), float("nan"), float("inf"), sqrt(-1)):
        with pytest.raises(ValueError, match="a real number was expected"):
            rounded(value)


def test_a_rounded_number_is_never_inside_a_formula():
    spans = sentence("First `exp(-1) ~ 0.37`, then `about: 1/64`.", STANDARD)
    assert [s.content for s in spans if s.kind == "formula"] == [exp(-1)]
    assert "".join(str(s.content) for s in spans) == "First exp(-1) ≈ 0.37, then about 0.0156."


def test_decimal_numbers_are_printed_as_they_are_written():
    spans = sentence("Since `0.9**10 <= 0.35`, and `1.5*2 ~ 3.0`.", STANDARD)
    assert "".join(str(s.content) for s in spans) == "Since 0.9¹⁰ ≤ 0.35, and 1.5·2 ≈ 3.0."
    assert [s.kind for s in sentence("`1/2 < 2/3`", STANDARD)] == ["formula"]


def test_numbers_in_headings_steps_claims_and_openings_are_judged():
    wrong = "so `1/3 ~ 0.34` is left"
    assert outcomes(Heading(wrong)) == [Outcome.FAILS]
    assert outcomes(Table("a", (wrong,), ((OneFace("learning", wrong),),))) == [Outcome.FAILS] * 2
    step = Step(wrong, Divide(gamma))
    derivation = Derivation("One", law({gamma * dot(x): -G}), (step,))
    claim = Claim("C01", "1", "So.", wrong, lambda: holds("seen"), reading=wrong, repair="`code` stays")
    book = Book("A book", (Chapter("A", (), "I"),), opening=wrong)
    script = Script("one", wrong, (derivation,), (claim,), (book,))
    found = [(j.what, j.verdict.outcome) for j in judgements(script)]
    assert [outcome for _, outcome in found] == [Outcome.FAILS] * 5
    assert found[2][0] == "One, step 1, number 1/3 ~ 0.34"
