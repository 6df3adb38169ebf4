"""Chapters as values, what a script exports of them, and relations in prose."""

import pytest

from derivations.gradient_descent import derivation
from physsym.core.statements import Equation, Relation, StatementError, law, rule
from physsym.core.verdicts import Outcome, holds
from physsym.documents.content import (
    Book,
    Chapter,
    Code,
    EquationRange,
    Finding,
    NumberedEquation,
    book_of,
    chapters_of,
    equations_in,
)
from physsym.documents.prose import formula, sentence
from physsym.loading import scripts
from physsym.parsing import ReadError
from physsym.printing import latex, mathml, unicode
from physsym.verify.equivalence import same_rule
from physsym.vocabulary import STANDARD, G, dt, eta, gamma, lam, tau, x
from tests.support.latex_reader import read_lines


def test_an_equation_is_tied_to_something():
    with pytest.raises(TypeError, match="tied to nothing"):
        NumberedEquation("1.1", law({x: G}))
    with pytest.raises(TypeError, match="tied to nothing"):
        NumberedEquation("1.1", check=holds)


def test_a_line_brings_its_verdict():
    verdicts = [NumberedEquation("", line=(derivation, k)).verdict() for k in range(len(derivation.lines))]
    assert verdicts == [*derivation.verdicts()]


def test_another_form_of_a_line_is_compared_with_it():
    right, wrong = rule({x: x - eta * G}), rule({x: x - 2 * eta * G})
    assert NumberedEquation("3.4", right, line=(derivation, 6)).verdict()
    assert NumberedEquation("3.4", wrong, line=(derivation, 6)).verdict().outcome is Outcome.FAILS
    assert NumberedEquation("3.4", wrong, check=lambda: same_rule(wrong, derivation.rule)).verdict().witness
    with pytest.raises(TypeError, match="cannot be compared"):
        NumberedEquation("3.4", right, line=(derivation, 2)).verdict()


def test_the_numbers_of_a_chapter_are_all_found():
    source = NumberedEquation("3.4'", rule({x: x - dt * G}), check=holds)
    finding = Finding("", follows="words", source=(source, "words"), difference=dt, check=holds)
    run = EquationRange(derivation, {2: "2.2"}, start=1, stop=2)
    blocks = ("Prose.", NumberedEquation("1.4", line=(derivation, 0)), run, finding)
    assert [s.number for s in equations_in(Chapter("", blocks))] == ["1.4", "", "2.2", "3.4'"]


def test_a_chapter_holds_blocks_only():
    with pytest.raises(TypeError, match="given 7"):
        Chapter("", (7,))


PART = (
    '"""Part."""\nfrom physsym.documents.content import Chapter\n'
    'chapter = Chapter("{0}", ("Text of {0}.",))\n'
)


def test_chapters_are_read_in_the_order_of_their_package(tmp_path):
    (tmp_path / "__init__.py").write_text('"""All."""\n__all__ = ["second", "first"]\n')
    for name in ("first", "second"):
        (tmp_path / f"{name}.py").write_text(PART.format(name))
    assert [c.title for s in scripts([tmp_path]) for c in chapters_of(s)] == ["second", "first"]


def test_a_package_within_a_folder_is_a_script(tmp_path):
    inside = tmp_path / "folder" / "tales"
    inside.mkdir(parents=True)
    (inside.parent / "__init__.py").write_text('"""All."""\n')
    (inside / "__init__.py").write_text(
        '"""A book."""\nfrom folder.tales.one import chapter\nfrom physsym.documents.content import Book\n'
        'book = Book("Tales", (chapter,))\n'
    )
    (inside / "one.py").write_text(PART.format("one"))
    (found,) = scripts([inside.parent])
    assert (found.name, book_of(found).title, len(chapters_of(found))) == ("tales", "Tales", 1)


def test_chapters_exported_twice_come_once(tmp_path):
    (tmp_path / "a.py").write_text(PART.format("a") + "chapters = (chapter, chapter)\n")
    assert len(chapters_of(scripts([tmp_path])[0])) == 1


# ------------------------------------------------------------------ relations


def test_relations_in_prose_are_read_and_printed():
    told = formula("0 < eta*lam <= 2", STANDARD)
    assert told == Relation((0 * x, eta * lam, 0 * x + 2), ("<", "<="))
    assert latex(told) == r"0 < \eta \lambda \leq 2"
    assert unicode(told) == "0 < η λ ≤ 2"
    assert read_lines(latex(told), {r"\eta": eta, r"\lambda": lam}) == [(0, eta * lam, 2)]
    assert "→" in mathml(formula("tau -> 0", STANDARD))
    assert latex(formula("dt/tau ~ 1", STANDARD)) == r"\frac{\Delta t}{\tau} \approx 1"


def test_equations_and_updates_in_prose_stay_what_they_are():
    assert formula("tau = gamma", STANDARD) == Equation(tau, gamma)
    assert str(formula("x <- -x", STANDARD)) == "x <- -x"
    assert latex(formula("x < -oo", STANDARD)) == r"\mathbf{x} < -\infty"


@pytest.mark.parametrize("text", ["0 < tau = 2", "tau <", "-> 0", "0 < nonsense < 2"])
def test_what_is_no_relation_is_refused(text):
    with pytest.raises(ReadError):
        sentence(f"Here `{text}`.", STANDARD)


def test_a_relation_needs_as_many_sides_as_it_says():
    with pytest.raises(StatementError, match="stand between sides"):
        Relation((x, x), ("<", "<"))
    with pytest.raises(StatementError, match="stand between sides"):
        Relation((x, x), ("<>",))


def test_values_are_frozen():
    for value in (Code("", "x"), Book("", ()), Chapter("", ())):
        with pytest.raises(AttributeError):
            value.title = "new"
