"""The walk over a document: every block once, in order, by a format that knows nothing of the others."""

from dataclasses import dataclass, replace
from typing import get_args

import pytest

from physsym.core.verdicts import holds
from physsym.documents.html import HTML, html
from physsym.documents.markdown import MYST, Markdown, markdown
from physsym.documents.notebook import Notebook, notebook
from physsym.documents.tex import TeX, tex
from physsym.documents.tree import FACES, Block, Document, Section, Span, blocks
from physsym.documents.writer import Writer
from physsym.vocabulary import STANDARD, tau
from tests.support.contracts import lacking_of_format

METHODS = (
    "paragraph", "bullets", "subheading", "line", "finding", "table", "figure", "listing", "aligned", "facts",
    "aside", "claim", "audit", "quotation", "photo", "embedded",
)  # fmt: skip


@dataclass(frozen=True)
class Outline(Writer[str]):
    """A format from outside: the name of each block, one a line."""

    def front(self, document):
        return document.title

    def section(self, section, blocks):
        return "\n".join([f"# {self.sentence(section.title)}", *blocks])

    def whole(self, document, front, sections):
        return "\n".join([front, *sections])

    def text(self, kind, text):
        return text

    def formula(self, formula, faces):
        return f"[{'|'.join(faces)}]"

    def condition(self, condition):
        return str(condition)

    def outcome(self, verdict):
        return verdict.outcome.value

    def link(self, shown, target):
        return f"{shown}->{target}"


for name in METHODS:
    setattr(Outline, name, lambda self, block, name=name: f"{name}: {type(block).__name__}")
Outline.__abstractmethods__ = frozenset()


def test_every_block_is_written_once_in_order(sample_document):
    written = Outline().write(sample_document).splitlines()
    expected = [type(b).__name__ for s in sample_document.sections for b in s.blocks]
    assert [line.partition(": ")[2] for line in written if ": " in line] == expected
    assert written[0] == "A short book"
    assert sum(line.startswith("# ") for line in written) == len(sample_document.sections)


def test_the_sample_has_a_block_of_every_kind_and_each_has_a_method_of_its_own(sample_document):
    kinds = {type(b) for _, b in blocks(sample_document)}
    assert kinds == set(get_args(Block))
    methods = {Outline().block(b).partition(":")[0] for _, b in blocks(sample_document)}
    assert methods == set(METHODS)


@pytest.mark.parametrize("format", [HTML, Markdown, TeX, Notebook])
def test_a_format_says_how_every_block_is_written(format):
    assert issubclass(format, Writer)
    assert not format.__abstractmethods__
    assert set(METHODS) <= Writer.__abstractmethods__


def test_a_format_that_leaves_a_block_out_cannot_be_used():
    @dataclass(frozen=True)
    class Half(Writer[str]):
        def paragraph(self, block):
            return ""

    with pytest.raises(TypeError, match="abstract"):
        Half()


def test_the_writer_has_the_choices_of_the_document_and_the_names_of_the_section():
    section = Section((Span("formula", tau),), "a", 2, (), STANDARD.extended())
    document = Document("", "", (), (section,), faces=("learning",), evidence="none")
    assert Outline().write(document).splitlines()[-1] == "# [learning]"
    seen = []

    @dataclass(frozen=True)
    class Seeing(Outline):
        def section(self, section, blocks):
            seen.append(self)
            return ""

    Seeing().write(document)
    assert (seen[0].faces, seen[0].evidence) == (("learning",), "none")
    assert seen[0].vocabulary is section.vocabulary
    assert seen[0].standard.vocabulary is STANDARD


def test_a_piece_of_a_sentence_is_written_by_its_kind():
    spans = (
        Span("text", "see "),
        Span("formula", tau, "physics"),
        Span("verdict", holds("seen")),
        Span("text", "(1.4)", target="eq-1.4"),
    )
    assert Outline().sentence(spans) == "see [physics]holds(1.4)->eq-1.4"


def test_what_is_no_block_is_refused():
    with pytest.raises(AssertionError, match="unreachable"):
        HTML().block("text")


# ------------------------------------------------------------------ the contract of formats

FORMATS = {
    "html": html,
    "md": markdown,
    "myst": lambda tree: markdown(tree, MYST),
    "tex": tex,
    "ipynb": notebook,
}


@pytest.mark.parametrize("write", FORMATS.values(), ids=FORMATS)
def test_a_format_has_all_that_a_format_must_have(write):
    assert lacking_of_format(write) == []


@pytest.mark.parametrize(
    ("spoil", "lacking"),
    [
        (lambda tree: replace(tree, title=""), ["the title"]),
        (lambda tree: replace(tree, evidence="folded"), ["evidence in one line", "evidence left out"]),
        (lambda tree: replace(tree, evidence="none"), ["evidence that is folded", "evidence in one line"]),
        (
            lambda tree: replace(tree, sections=tuple(replace(s, faces=FACES) for s in tree.sections)),
            ["one face alone"],
        ),
        (lambda tree: replace(tree, sections=tree.sections[1:]), ["the numbers of equations"]),
        (
            lambda tree: replace(tree, sections=tree.sections[:1]),
            [
                "the numbers of equations",
                "claims and their outcomes",
                "evidence that is folded",
                "evidence in one line",
            ],
        ),
    ],
)
def test_what_a_format_lacks_is_seen(spoil, lacking):
    assert lacking_of_format(lambda tree: markdown(spoil(tree))) == lacking
