"""The section on how the machine checks ends every document that shows evidence."""

import os
from importlib.metadata import version

import pytest

from physsym import __version__, scripts
from physsym.core.verdicts import Outcome
from physsym.documents.checking import ANCHOR, checking
from physsym.documents.compute import compute
from physsym.documents.layout import lay_out
from physsym.documents.tree import SIGNS, Facts, Paragraph
from physsym.loading import load
from physsym.verify.engines import flint, identity_test, interval, sampling, smt

TEXT = "".join(
    str(span.content)
    for block in checking(()).blocks
    for spans in ([block.spans] if isinstance(block, Paragraph) else getattr(block, "items", ()))
    for span in spans
)


@pytest.mark.parametrize("engine", [flint, identity_test, interval, sampling, smt])
def test_every_engine_that_evidence_names_is_explained(engine):
    assert engine.NAME.lower() in TEXT.lower()


@pytest.mark.parametrize("outcome", Outcome)
def test_every_badge_is_explained(outcome):
    assert f"{outcome.value.capitalize()} ({SIGNS[outcome]})" in TEXT


@pytest.mark.parametrize(("evidence", "last"), [("folded", True), ("line", True), ("none", False)])
def test_it_ends_a_document_that_shows_evidence(evidence, last):
    from derivations.gradient_descent import derivation

    tree = lay_out(compute(derivation), evidence=evidence)
    assert (tree.sections[-1].anchor == ANCHOR) == last


def test_the_versions_and_the_day_of_the_sources_are_told(tmp_path, monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    file = tmp_path / "one.py"
    file.write_text("from physsym import script\nd = script('gradient_descent').derivations[0]\n")
    os.utime(file, (1_000_000_000, 1_000_000_000))
    facts = checking((load(file),)).blocks[-1]
    assert isinstance(facts, Facts)
    told = {name: "".join(str(s.content) for s in spans) for name, spans in facts.rows}
    assert told["Check again with"] == f"physsym check {file}"
    assert told["Made with"] == f"physsym {__version__}"
    assert f"sympy {version('sympy')}" in told["Engines"]
    assert told["Sources last changed"] == "2001-09-09"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert "Sources last changed" not in dict(checking((load(file),)).blocks[-1].rows)


def test_the_book_refers_to_it():
    (book,) = [s for s in scripts() if s.name == "book"]
    assert f"#{ANCHOR}" in book.parts[0].opening
