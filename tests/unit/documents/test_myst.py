"""MyST for somebody's Jupyter book: labels of equations, propositions with proofs, and links that resolve."""

import re
import subprocess
import sys
from dataclasses import replace
from functools import cache
from itertools import pairwise

import pytest
from markdown_it import MarkdownIt

from derivations import gradient_descent
from physsym.documents import FORMATS, document_of
from physsym.documents.content import Chapter, Heading
from physsym.documents.tree import Line, blocks
from tests.support.requirements import installed, needed
from tests.support.sample_book import SOURCES

needs_myst = needed(
    "myst", installed("sphinx", "myst_parser", "sphinx_proof"), "sphinx, myst_parser, sphinx_proof"
)


def myst_of(tree):
    (text, *_) = FORMATS["myst"](tree).values()
    return text


@cache
def sample():
    return document_of(SOURCES)


def directives(text):
    """Yield the name, the argument and the content of each directive, those within others included."""
    for token in MarkdownIt("commonmark").parse(text):
        name = re.match(r"\{([\w:]+)\}\s*(.*)", token.info) if token.type == "fence" else None
        if name:
            yield name[1], name[2], token.content
            yield from directives(token.content)


def labels(text):
    return [found[1] for _, _, content in directives(text) if (found := re.match(r":label: (\S+)", content))]


def test_every_numbered_equation_has_one_label():
    fresh = {
        line.number
        for _, line in blocks(sample())
        if isinstance(line, Line) and line.number and not line.recalled
    }
    found = [label for label in labels(myst_of(sample())) if label.startswith("eq-")]
    assert len(fresh) == len(found) == len(set(found)) > 5
    assert "eq-2.2-prime" in found


def test_every_link_within_the_text_leads_to_a_label_or_a_target():
    text = myst_of(sample())
    targets = {
        *labels(text),
        *re.findall(r"^ *\((\S+)\)=$", text, re.MULTILINE),
        *re.findall(r":name: (\S+)", text),
    }
    links = set(re.findall(r"\]\(#([^)]+)\)", text))
    assert len(links) > 5
    assert links <= targets


def test_a_derivation_that_holds_is_a_proposition_with_its_proof():
    text = myst_of(document_of(gradient_descent.derivation))
    found = {name: content for name, _, content in directives(text)}
    assert "From [(A.1)](#eq-A.1) follows [(A.7)](#eq-A.7)." in found["prf:proposition"]
    assert "**Error**: the last line follows from the first up to" in found["prf:proposition"]
    assert [name for name, _, _ in directives(found["prf:proof"])] == ["math"] * 7
    assert found["prf:proof"].count("✓ holds") == 7


@pytest.mark.parametrize("outcome", ["fails", "undecidable", "unchecked"])
def test_what_does_not_hold_is_no_proof(outcome):
    from physsym.core.verdicts import Outcome

    tree = document_of(gradient_descent.derivation)
    spoiled = [
        replace(s, outcomes=(*s.outcomes[:-1], Outcome(outcome))) if s.outcomes else s for s in tree.sections
    ]
    assert "prf:" in myst_of(tree)
    assert "prf:" not in myst_of(replace(tree, sections=tuple(spoiled)))


def test_levels_of_headings_follow_each_other():
    for tree in (
        sample(),
        document_of(Chapter("Whole", ("Text.", Heading("Part"), gradient_descent.derivation))),
    ):
        levels = [len(marks) for marks in re.findall(r"^(#+) ", myst_of(tree), re.MULTILINE)]
        assert levels[0] == 1
        assert all(below - above <= 1 for above, below in pairwise(levels))
        (page,) = FORMATS["html"](tree).values()
        levels = [int(level) for level in re.findall(r"<h([1-3])\b", page)]
        assert all(below - above <= 1 for above, below in pairwise(levels))


@needs_myst
@pytest.mark.slow
def test_a_book_is_built_of_it_without_a_warning(tmp_path):
    for name, text in FORMATS["myst"](sample()).items():
        file = tmp_path / name.replace("derivations.myst.md", "index.md")
        file.parent.mkdir(exist_ok=True)
        file.write_text(text) if isinstance(text, str) else file.write_bytes(text)
    (tmp_path / "conf.py").write_text('extensions = ["myst_parser", "sphinx_proof"]')
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", str(tmp_path), str(tmp_path / "html")]
    built = subprocess.run(command, capture_output=True, text=True, check=True)
    assert built.stderr == ""
    page = (tmp_path / "html" / "index.html").read_text()
    assert 'id="equation-eq-2-2"' in page
    assert 'class="proof proposition admonition"' in page
