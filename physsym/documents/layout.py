"""The second phase of a document: computed values become a tree of sections and blocks (see `tree`).

Here prose is read, numbers and anchors are assigned, and what was shown before is left out.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import singledispatch
from string import ascii_uppercase

from physsym.core.dimensions import Dimension
from physsym.core.statements import Equation
from physsym.core.verdicts import Condition, Hypothesis, Outcome, Verdict, is_failure
from physsym.documents import tree
from physsym.documents.checking import anchors_of, checking, occurring, reserved
from physsym.documents.compute import (
    Computed,
    ComputedBlock,
    ComputedCell,
    ComputedComparison,
    ComputedDerivation,
    ComputedFigure,
    ComputedPart,
    ComputedScript,
    ComputedTable,
    JudgedClaims,
    JudgedEquation,
    JudgedFinding,
    LinePath,
    claims_of,
    named,
    refuse_number,
)
from physsym.documents.content import (
    Book,
    Chapter,
    Code,
    Embedded,
    Formula,
    Heading,
    Note,
    OneFace,
    Passage,
    book_of,
    derivations_shown,
    vocabulary_of,
)
from physsym.documents.errors import DocumentError, naming
from physsym.documents.faces import faces_of_derivation
from physsym.documents.judgements import judge_computed, judge_introduction
from physsym.documents.links import with_links
from physsym.documents.prose import blocks_of_passage, paragraphs, plain_sentence, sentence
from physsym.documents.provenance import provenance
from physsym.documents.reasons import checked, exponents, phrase, reason
from physsym.documents.totals import totals_of, with_totals
from physsym.documents.tree import (
    FACES,
    Block,
    Document,
    Evidence,
    Section,
    Sentence,
    Span,
    anchor,
    anchor_of_number,
    plain_text,
    single_line,
)
from physsym.loading import Script, paths_to_reload
from physsym.mechanics.claim import Claim, JudgedClaim, Quantifier
from physsym.mechanics.moves import Step
from physsym.vocabulary import STANDARD, Face, Vocabulary

TITLE = "Derivations"
OPENING = (
    "Every step from one line to the next has been checked by machine: the badge beside it says how it came "
    "out{seen}.{faces}"
)
WITHOUT_STEPS = "There is no derivation here: what has no badge beside it was not checked."
ABOUT_AUDIT = (
    "Sentences of the source, quoted to the letter, with the verdicts that were computed when this document "
    "was built. A verdict is on what the sentence says formally, which stands beside it where it is judged; "
    "what the sentence itself does not say is added there as our reading. The last section says how the "
    "class of a verdict follows."
)


@dataclass
class Layout:
    """The state of a layout: the options of the document, and what it has so far."""

    wanted: tuple[Face, ...]  # the faces that the reader has chosen
    scripts: tuple[str, ...]  # the paths of those that can be read again, in their order
    anchors: Mapping[str, str]  # of all that prose may refer to: numbers of equations, ids of claims
    numbers: dict[LinePath, str] = field(default_factory=dict)
    shown: dict[str, Formula] = field(default_factory=dict)
    placed: set[str] = field(default_factory=set)
    noted: set[tuple[str, str]] = field(default_factory=set)
    taken: set[str] = field(default_factory=lambda: {"audit", *reserved()})  # the anchors that there are
    pictures: dict[str, ComputedFigure] = field(default_factory=dict)
    findings: int = 0
    figures: int = 0
    faces: tuple[Face, ...] = ()  # those of the section that is laid out

    def sentence(self, text: str, vocabulary: Vocabulary) -> Sentence:
        """Return a sentence with links."""
        return sentence(text, vocabulary, self.anchors)

    def paragraphs(self, text: str, vocabulary: Vocabulary) -> tuple[tree.Prose, ...]:
        """Return paragraphs with links."""
        return paragraphs(text, vocabulary, self.anchors)

    def new_notes(self, where: str, dimensions: Verdict | None) -> Verdict | None:
        """Return a verdict on dimensions without what was said in the same derivation or chapter before."""
        if dimensions is None or dimensions.outcome is Outcome.FAILS:
            return dimensions
        known = {about for place, about in self.noted if place == where}
        new = tuple(e for e in dimensions.evidence if e.partition(":")[0] not in known)
        self.noted |= {(where, e.partition(":")[0]) for e in new if ":" in e}
        return replace(dimensions, evidence=new)

    def new_anchor(self, text: str) -> str:
        """Return a text as an anchor that nothing else of the document has."""
        name = anchor(text) or "part"
        found, k = name, 1
        while found in self.taken:
            found, k = f"{name}-{k + 1}", k + 1
        self.taken.add(found)
        return found

    def new_number(self, letter: str) -> str:
        """Return the next number of a line: A.1 for the letter of a script, 1 within a chapter."""
        before, k = f"{letter}." if letter else "", 1
        while f"{before}{k}" in {*self.numbers.values(), *self.shown} or f"({before}{k})" in self.anchors:
            k += 1
        return f"{before}{k}"

    def show(self, faces: tuple[Face, ...]) -> None:
        """Show what follows on some of the faces of the document; on all where none is named."""
        self.faces = tuple(face for face in self.wanted if face in faces) or self.wanted

    def source(self, script: Script, what: str) -> str:
        """Return the expression for what a section shows, in a notebook that has read the scripts again."""
        return what.format(f"found[{self.scripts.index(script.path)}]") if script.path else ""

    def of_faces(self, own: Sequence[Face]) -> tuple[Face, ...]:
        """Return the faces of the document that a formula has; all of its own where it has none of them."""
        return tuple(face for face in self.faces if face in own) or tuple(own)


def lay_out(
    computed: Computed,
    title: str | None = None,
    faces: tuple[Face, ...] = FACES,
    evidence: Evidence = "folded",
    intro: Chapter | None = None,
) -> Document:
    """Lay a document out: all chapters first, then the derivations, then the claims.

    What a derivation shares with a chapter or with an earlier one is not shown again: it continues there.

    Parameters
    ----------
    computed
        What the document shows.
    title
        Its title; that of the book among the scripts, or a standard one, if not given.
    faces
        The faces on which formulas are shown, in this order.
    evidence
        How much of each verdict is shown.
    intro
        What is to be put in front, with a title that is used where no other is given.

    Returns
    -------
    Document
        The tree that every format writes.
    """
    scripts = [s.script for s in computed.scripts]
    layout = Layout(faces, tuple(s.path for s in scripts if s.path), _anchors(computed))
    given = [b.anchor for s in computed.scripts for _, blocks in s.chapters for b in blocks
             if isinstance(b, JudgedFinding) and b.anchor]  # fmt: skip
    if twice := sorted({name for name in given if given.count(name) > 1}):
        raise DocumentError(f"several findings have the anchor {', '.join(twice)}: give each one of its own")
    layout.taken |= {*layout.anchors.values(), *given}
    sections: list[Section] = []
    for s in computed.scripts:
        for k, (chapter, blocks) in enumerate(s.chapters):
            source = layout.source(s.script, f"chapters_of({{}})[{k}]")
            sections += _chapter(s.script, chapter, blocks, source, layout)
    deriving = (s for s in computed.scripts if s.derivations)
    for script, letter in zip(deriving, _letters(), strict=False):
        sections += _derivations(script, letter, layout)
    if not any(len(section.faces) > 1 for section in sections):
        layout.show(next((s.faces for s in sections if s.faces), faces))
    else:
        layout.show(faces)
    ending = len(sections)
    if computed.claims:
        sections.append(_audit(computed.claims, layout, scripts))
    intro = _with_all_symbols(intro, computed)
    opening = _introduced(intro, layout)
    occurs = occurring((sections, opening), _steps(computed))
    explained = (checking(occurs),) if evidence != "none" and "badge" in occurs else ()
    sections += explained
    book = next((found for s in scripts if (found := book_of(s))), None)
    own = (_plain(intro.title) if intro else "") or (book.title if book else _title_of(computed))
    only = _one_chapter(computed)
    if only is not None and not only.number and (title or own) == _title_of(computed):
        raised = [replace(s, raised=1) for s in sections[:ending]]
        sections = [replace(raised[0], title=()), *raised[1:], *sections[ending:]]
    counted = with_totals([_with_anchors(section, layout) for section in sections])
    judged = [*judge_computed(computed), *(judge_introduction(intro) if intro is not None else ())]
    laid_out = Document(
        single_line(title or own),
        single_line(book.subtitle if book else ""),
        (*opening, *_opening(book, bool(opening), layout, evidence, occurs)),
        counted,
        paths_to_reload(scripts),
        layout.faces,
        evidence,
        tuple(j.what for j in judged if is_failure(j.verdict)),
        totals_of(counted, (j.verdict.outcome for j in judged if j.is_number)),
        tree.Facts((*_not_read((counted, opening)), *provenance(scripts).rows)),
    )
    lines = {b.anchor for _, b in tree.blocks(laid_out) if isinstance(b, tree.Line)}
    absent = reserved().difference(*map(anchors_of, explained))
    named_figures = (f"figure-{name}" for name in layout.pictures)
    return with_links(laid_out, {*layout.taken, *lines, *named_figures} - absent)


def _not_read(shown: object) -> Iterator[tuple[str, Sentence]]:
    """Yield how many formulas between dollars are shown as they are written, if there are any."""
    count = sum(isinstance(v, Span) and v.kind == "tex" for v in tree.values_of(shown))
    if count:
        are = "formula between dollars is" if count == 1 else "formulas between dollars are"
        yield (
            "Not read",
            phrase(f"{count} {are} shown as written: physsym could not read and did not check it"),
        )


def _steps(computed: Computed) -> Iterator[Step]:
    """Yield the steps that a document shows."""
    for script in computed.scripts:
        shown = [block for _, blocks in script.chapters for block in blocks]
        for derived in (*script.derivations, *(b for b in shown if isinstance(b, ComputedDerivation))):
            yield from derived.derivation.steps
        yield from (b.step for b in shown if isinstance(b, JudgedEquation) and b.step is not None)


def _with_anchors(section: Section, layout: Layout) -> Section:
    """Return a section whose lines have anchors: those of their numbers, or else of their count in it."""
    laid_out, count = [], 0
    for block in section.blocks:
        if isinstance(block, tree.Line):
            count += 1
            first = block.number and not block.recalled
            own = "" if first else layout.new_anchor(f"{section.anchor} line {count}")
            block = replace(block, anchor=own or anchor_of_number(block.number))
        laid_out.append(block)
    return replace(section, blocks=tuple(laid_out))


def _with_all_symbols(intro: Chapter | None, computed: Computed) -> Chapter | None:
    """Return the introduction with the symbols of all derivations, which its prose may use."""
    if intro is None:
        return None
    derivations = [d for s in computed.scripts for d in s.script.derivations]
    derivations += [
        d for s in computed.scripts for chapter, _ in s.chapters for d in derivations_shown(chapter)
    ]
    return replace(intro, vocabulary=vocabulary_of(intro.vocabulary, derivations))


def _introduced(intro: Chapter | None, layout: Layout) -> tuple[Block, ...]:
    found: list[Block] = []
    for block in intro.blocks if intro is not None else ():
        with naming("intro", named(block)):
            found += _blocks(block, intro, layout)  # type: ignore[arg-type]
    return tuple(found)


def _opening(
    book: Book | None, introduced: bool, layout: Layout, evidence: Evidence, occurs: Collection[str]
) -> tuple[Block, ...]:
    """Return the opening of the book among the scripts, or else what a badge is, unless the author opens."""
    if book is not None:
        with naming("the opening of the book"):
            return layout.paragraphs(textwrap.dedent(book.opening), STANDARD)
    if introduced:
        return ()
    if "step" not in occurs:
        return paragraphs(WITHOUT_STEPS, STANDARD)
    seen = ", with what was seen and what was assumed" if evidence == "folded" else ""
    both = " Formulas are in the notation of mechanics and in that of machine learning, side by side."
    return paragraphs(OPENING.format(seen=seen, faces=both if len(layout.faces) > 1 else ""), STANDARD)


def _one_chapter(computed: Computed) -> Chapter | None:
    """Return the chapter that is all there is, if one is."""
    chapters = [chapter for s in computed.scripts for chapter, _ in s.chapters]
    return chapters[0] if len(chapters) == 1 and not any(s.derivations for s in computed.scripts) else None


def _title_of(computed: Computed) -> str:
    """Return the title of the one chapter, script or derivation that there is, or one that fits all."""
    if (only := _one_chapter(computed)) is not None:
        return _plain(only.title, only.vocabulary)
    chapters = [chapter for s in computed.scripts for chapter, _ in s.chapters]
    derivations = [d.derivation for s in computed.scripts for d in s.derivations]
    if len(derivations) == 1 and not chapters:
        return derivations[0].title
    prose = computed.scripts[0].script.prose if len(computed.scripts) == 1 else ""
    return (
        _plain(prose.partition("\n\n")[0].strip().rstrip("."), vocabulary_of(STANDARD, derivations)) or TITLE
    )


def _plain(title: str, vocabulary: Vocabulary = STANDARD) -> str:
    """Return a title with marks of Markdown as plain text."""
    return plain_text(sentence(title, vocabulary))


def _anchors(computed: Computed) -> Mapping[str, str]:
    blocks = [b for s in computed.scripts for _, blocks in s.chapters for b in blocks]
    parts = [
        p for b in blocks if isinstance(b, JudgedFinding) for p in (*b.follows, *b.source, *b.difference)
    ]
    numbers = (e.number for e in (*blocks, *parts) if isinstance(e, JudgedEquation) and e.number)
    claims = {c.claim.id: _anchor_of_claim(c.claim.id) for c in computed.claims}
    return {f"({n})": anchor_of_number(n) for n in numbers} | claims


def _anchor_of_claim(name: str) -> str:
    return f"claim-{anchor(name)}"


# ------------------------------------------------------------------ chapters


def _chapter(
    script: Script, chapter: Chapter, blocks: Iterable[ComputedBlock], source: str, layout: Layout
) -> Iterator[Section]:
    """Yield a chapter; a derivation in it is a section of its own, and what comes after it another one."""
    blocks = tuple(blocks)
    derived = [block for block in blocks if isinstance(block, ComputedDerivation)]
    shown = derivations_shown(chapter)
    layout.show(tuple(dict.fromkeys(f for d in shown for f in faces_of_derivation(d, layout.wanted))))
    name = layout.new_anchor(f"{chapter.number} {chapter.title}")
    number = single_line(chapter.number)
    roman = set(number) <= set("IVXLC") and number
    label = f"Chapter {number}" if roman else number
    with naming(script.shown_as, chapter.title):
        title = sentence(chapter.title, chapter.vocabulary)
    section = Section(title, name, 2, (), chapter.vocabulary, label, source, faces=layout.faces)
    laid_out: list[Block] = []
    for block in blocks:
        if isinstance(block, ComputedDerivation):
            yield replace(section, blocks=tuple(laid_out))
            laid_out = []
            own = f"derivations_in({source})[{derived.index(block)}]" if source else ""
            yield _derivation(block, script, "", own, layout)
            layout.show(section.faces)
            section = replace(section, title=(), label="", level=3, anchor=layout.new_anchor(f"{name} on"))
            continue
        with naming(script.shown_as, chapter.title, named(block)):
            laid_out += _blocks(block, chapter, layout)
    if laid_out or section.level == 2:
        yield replace(section, blocks=tuple(laid_out))


@singledispatch
def _blocks(block: ComputedBlock, chapter: Chapter, layout: Layout) -> Iterator[Block]:
    raise TypeError(f"no block of a document is known for {type(block).__name__}")


@_blocks.register(str)
def _(block: str, chapter: Chapter, layout: Layout) -> Iterator[Block]:
    yield from layout.paragraphs(textwrap.dedent(block), chapter.vocabulary)


@_blocks.register(Passage)
def _(block: Passage, chapter: Chapter, layout: Layout) -> Iterator[Block]:
    faces = layout.of_faces(FACES)
    for found in blocks_of_passage(block.text, chapter.vocabulary, layout.anchors, faces):
        yield found if isinstance(found, tree.Line) else _with_anchor(found, layout)


def _with_anchor(part: tree.Prose, layout: Layout) -> tree.Prose:
    """Return a part of prose in which each table has an anchor."""
    match part:
        case tree.Grid():
            return replace(part, anchor=layout.new_anchor("table"))
        case tree.Bullets():
            below = tuple(tuple(_with_anchor(p, layout) for p in parts) for parts in part.inner)
            return replace(part, inner=below)
        case tree.Quotation():
            return replace(part, parts=tuple(_with_anchor(p, layout) for p in part.parts))
        case _:
            return part


@_blocks.register(tree.Photo)
def _(block: tree.Photo, chapter: Chapter, layout: Layout) -> Iterator[Block]:
    yield block


@_blocks.register(Heading)
def _(block: Heading, chapter: Chapter, layout: Layout) -> Iterator[Block]:
    title = sentence(block.title, chapter.vocabulary)
    yield tree.Subheading(title, layout.new_anchor(f"{chapter.number} {chapter.title} {block.title}"))


@_blocks.register(Note)
def _(block: Note, chapter: Chapter, layout: Layout) -> Iterator[Block]:
    yield tree.Aside(
        single_line(block.title), layout.paragraphs(textwrap.dedent(block.text), chapter.vocabulary)
    )


@_blocks.register(Code)
def _(block: Code, chapter: Chapter, layout: Layout) -> Iterator[Block]:
    yield tree.Listing(single_line(block.title), block.language, str(block.code))


@_blocks.register(Embedded)
def _(block: Embedded, chapter: Chapter, layout: Layout) -> Iterator[Block]:
    title = layout.sentence(block.title, chapter.vocabulary)
    instead = layout.sentence(block.instead, chapter.vocabulary)
    yield tree.Embedded(title, layout.new_anchor(f"{chapter.title} {block.title}"), block.page, instead)


@_blocks.register(JudgedEquation)
def _(block: JudgedEquation, chapter: Chapter, layout: Layout) -> Iterator[Block]:
    yield _line(block, chapter, layout)


def _line(shown: JudgedEquation, chapter: Chapter, layout: Layout, of_source: bool = False) -> tree.Line:
    """Return an equation as a line; one that is `of_source` in a finding is refuted where it fails."""
    says = layout.sentence(shown.says, chapter.vocabulary)
    if shown.step is not None and shown.vocabulary is not None:
        says = says or layout.sentence(shown.step.says, shown.vocabulary)
    if shown.number and shown.path is not None:
        layout.numbers.setdefault(shown.path, shown.number)
    recalled = shown.number in layout.shown
    if not shown.refuted:
        refuse_number(shown.number, shown.formula, layout.shown)
    return tree.Line(
        shown.number,
        shown.formula,
        says,
        reason(shown.step.move) if shown.step is not None else (),
        shown.verdict,
        layout.new_notes(chapter.title, shown.dimensions),
        recalled,
        layout.of_faces(shown.faces),
        (shown.refuted or of_source) and shown.verdict.outcome is Outcome.FAILS,
        anchor_of_number(shown.number) if shown.number and not recalled else "",
        checked(shown.step.move) if shown.step is not None else "",
    )


@_blocks.register(JudgedFinding)
def _(block: JudgedFinding, chapter: Chapter, layout: Layout) -> Iterator[Block]:
    layout.findings += 1
    sides = {
        "What follows": block.follows,
        "What the source says": block.source,
        "The difference": block.difference,
    }
    columns = tuple(
        (name, tuple(_part(part, chapter, layout, side is block.source) for part in side))
        for name, side in sides.items()
    )
    yield tree.Contrast(
        layout.findings,
        sentence(block.title, chapter.vocabulary),
        block.anchor or layout.new_anchor(f"finding-{layout.findings}"),
        layout.paragraphs(block.says, chapter.vocabulary),
        columns,
        block.verdict,
    )


def _part(part: ComputedPart, chapter: Chapter, layout: Layout, of_source: bool) -> Sentence | tree.Line:
    if isinstance(part, JudgedEquation):
        return _line(part, chapter, layout, of_source)
    if isinstance(part, str):
        return layout.sentence(part, chapter.vocabulary)
    return tree.Line("", part, faces=layout.of_faces(FACES))


@_blocks.register(ComputedTable)
def _(block: ComputedTable, chapter: Chapter, layout: Layout) -> Iterator[Block]:
    caption = layout.sentence(block.caption, chapter.vocabulary)
    if block.number:
        caption = (*phrase(f"Table {single_line(block.number)}. "), *caption)
    faces = block.faces or (None,) * len(block.head)
    # The columns of a face that the document does not have are left out, unless nothing else is there.
    columns = [k for k, face in enumerate(faces) if face is None or face in layout.faces]
    columns = columns or [*range(len(faces))]
    yield tree.Grid(
        caption,
        layout.new_anchor(f"table {block.number or ' '.join(block.caption.split()[:4])}"),
        tuple(layout.sentence(block.head[k], chapter.vocabulary) for k in columns),
        tuple(tuple(_cell(row[k], chapter, layout) for k in columns) for row in block.rows),
        tuple(faces[k] for k in columns),
    )


def _cell(cell: ComputedCell, chapter: Chapter, layout: Layout) -> Sentence:
    match cell:
        case OneFace():
            content: ComputedCell = cell.content
            return tuple(
                Span(s.kind, s.content, cell.face, s.target) for s in _cell(content, chapter, layout)
            )
        case JudgedEquation():
            return (Span("formula", cell.formula), Span("text", " "), Span("verdict", cell.verdict))
        case JudgedClaim():
            name = Span("text", cell.claim.id, target=layout.anchors.get(cell.claim.id, ""))
            return (name, Span("text", " "), Span("verdict", cell.verdict))
        case Verdict():
            return (Span("verdict", cell),)
        case Dimension():
            return phrase(exponents(cell))
        case float():
            return phrase(f"{cell:.4g}")
        case int():
            return phrase(str(cell))
        case str():
            return layout.sentence(cell, chapter.vocabulary)
        case _:
            return (Span("formula", cell),)


@_blocks.register(ComputedFigure)
def _(block: ComputedFigure, chapter: Chapter, layout: Layout) -> Iterator[Block]:
    other = layout.pictures.setdefault(block.name, block)
    if other.draw != block.draw or other.size != block.size:
        raise ValueError(f"two figures have the name {block.name!r}: give each a name of its own")
    layout.figures += 1
    caption = layout.sentence(block.caption, chapter.vocabulary)
    yield tree.Picture(block.name, block.draw, block.size, layout.figures, caption, block.alt)


@_blocks.register(JudgedClaims)
def _(block: JudgedClaims, chapter: Chapter, layout: Layout) -> Iterator[Block]:
    if block.title:
        yield tree.Paragraph((Span("strong", block.title),))
    for judged in block.claims:
        layout.placed.add(judged.claim.id)
        yield _claim(judged)


# ------------------------------------------------------------------ claims


def _claim(judged: JudgedClaim) -> tree.Judged:
    claim = judged.claim
    repair = plain_sentence(claim.repair, STANDARD)
    if judged.repair is not None:
        repair = (*repair, Span("text", " "), Span("verdict", judged.repair))
    return tree.Judged(
        claim.id,
        _anchor_of_claim(claim.id),
        claim.where,
        plain_sentence(_quoted(claim), STANDARD),
        plain_sentence(claim.formal + _meant(claim), STANDARD),
        judged.verdict,
        repair,
        claim.code,
    )


def _meant(claim: Claim) -> str:
    """Return how a sentence is meant, where it is not for every value, and what it leaves open."""
    left = ", ".join(o.says if isinstance(o, Hypothesis) else f"`{o}`" for o in claim.leaves_open)
    quantifier = "" if claim.quantifier is Quantifier.EVERY else f" ({claim.quantifier.value})"
    return quantifier + (f"; left open: {left}" if left else "")


def _quoted(claim: Claim) -> str:
    """Return the words of a claim with the quotation marks and arrows of print, and how they are read."""
    says = claim.says if '"' in claim.says else f'"{claim.says}"'
    says = re.sub(r'"([^"]*)"', r"“\1”", says.replace(" ... ", " … "))
    says = re.sub(r"(?<!\w)'([^']*)'(?!\w)", r"‘\1’", says)
    outside = re.split(r"(`[^`]*`)", says)  # arrows within backticks are formulas
    says = "".join(p if k % 2 else p.replace("<->", "↔").replace("->", "→") for k, p in enumerate(outside))
    return f"{says} In our reading: {claim.reading}." if claim.reading else says


def _audit(claims: tuple[JudgedClaim, ...], layout: Layout, scripts: Sequence[Script]) -> Section:
    """Return the table of all claims, and in full those that are in no chapter."""
    found = [claim.id for _, claim in claims_of(scripts)]
    elsewhere = tuple(_claim(c) for c in claims if c.claim.id not in layout.placed)
    blocks: tuple[Block, ...] = (
        tree.Paragraph(phrase(ABOUT_AUDIT)),
        tree.Audit(tuple(map(_claim, claims)), frozenset(found)),
        *elsewhere,
    )
    every = "{claim.id: claim for _, claim in claims_of(found)}"
    readable = all(s.path for s in scripts)
    return Section(phrase("The audit"), "audit", 2, blocks, source=every if readable else "")


# ------------------------------------------------------------------ derivations


def _letters() -> Iterator[str]:
    """Yield A to Z, then AA to AZ and so on."""
    yield from ascii_uppercase
    yield from (first + second for first in ascii_uppercase for second in ascii_uppercase)


def _derivations(computed: ComputedScript, letter: str, layout: Layout) -> Iterator[Section]:
    script = computed.script
    title, _, body = script.prose.partition("\n\n")
    vocabulary = vocabulary_of(STANDARD, (d.derivation for d in computed.derivations))
    alone = not script.prose and not script.path and len(computed.derivations) == 1
    with naming(script.shown_as, "docstring"):
        heading = sentence(title.strip().rstrip(".") or script.name, vocabulary)
        about = paragraphs(body, vocabulary)
    if alone:
        heading = phrase(single_line(computed.derivations[0].derivation.title))
    anchored = layout.new_anchor(script.name)
    sections = [
        _derivation(derived, script, letter, layout.source(script, f"{{}}.derivations[{k}]"), layout)
        for derived in computed.derivations
        for k in [script.derivations.index(derived.derivation)]
    ]
    faces = tuple(face for face in layout.wanted if any(face in s.faces for s in sections))
    yield Section(heading, anchored, 2, about, vocabulary, f"Derivations {letter}", faces=faces)
    yield from (replace(s, title=()) if alone else s for s in sections)


def _derivation(
    derived: ComputedDerivation, script: Script, letter: str, source: str, layout: Layout
) -> Section:
    derivation = derived.derivation
    layout.show(faces_of_derivation(derivation, layout.wanted))
    return Section(
        phrase(single_line(derivation.title)),
        layout.new_anchor(f"{script.name} {derivation.title}"),
        3,
        tuple(_derived(derived, script, letter, layout)),
        derivation.vocabulary,
        source=source,
        outcomes=tuple(v.outcome for v in derived.verdicts),
        faces=layout.faces,
    )


def _derived(derived: ComputedDerivation, script: Script, letter: str, layout: Layout) -> Iterator[Block]:
    """Yield the numbered lines, then the summary; of lines in a row that are known already, only the last."""
    derivation, faces = derived.derivation, layout.of_faces(FACES)
    paths = [(derivation.start, derivation.steps[:k]) for k in range(len(derived.lines))]
    known = [path in layout.numbers for path in paths] + [False]
    verdicts = (derivation.start_verdict, *derived.verdicts[1:])
    for k, line in enumerate(derived.lines):
        if not known[k]:
            layout.numbers[paths[k]] = number = layout.new_number(letter)
            # Notes stand beside a verdict, which a start that is given has not.
            shown = derived.dimensions[k] if verdicts[k] is not None else None
            noted = layout.new_notes(derivation.title, shown)
            fresh = tree.Line(number, line, verdict=verdicts[k], dimensions=noted, faces=faces)
            if k:
                step = derivation.steps[k - 1]
                with naming(script.shown_as, derivation.title, f"step {k}"):
                    says = sentence(step.says, derivation.vocabulary_of_sentences)
                fresh = replace(fresh, says=says, move=reason(step.move), checked=checked(step.move))
            yield fresh
        elif not known[k + 1]:
            yield tree.Line(layout.numbers[paths[k]], line, recalled=True, faces=faces)
    yield _summary(derived)
    if derived.program and letter:
        held = all(not is_failure(v) for v in derived.verdicts)
        warning = "" if held else ", of a derivation that does not hold"
        yield tree.Listing(f"The rule as a program{warning}", "python", derived.program)
        yield from _comparisons(derived.comparisons, layout)


def _summary(derived: ComputedDerivation) -> tree.Facts:
    steps = derived.verdicts[1:]
    holding = phrase(f"{sum(map(bool, steps))} of {len(steps)} hold" if steps else "no step was checked")
    conditional = sum(v.outcome is Outcome.CONDITIONAL for v in steps)
    if conditional:
        holding += phrase(
            f", {conditional} under the conditions that {'they list' if conditional > 1 else 'it lists'}"
        )
    known = "the last line follows from the first up to " if derived.error.is_known else "of the last line: "
    error = phrase(known, *derived.error.parts)
    taken: list[str | Condition | Equation] = []
    for assumption in derived.assumptions:
        assumed = assumption.condition
        says = assumed.says if isinstance(assumed, Hypothesis) else assumed
        taken += ["; ", says, f" ({assumption.source})"]
    return tree.Facts(
        (
            ("Steps", holding),
            ("Error", error if derived.error.entries else phrase("the last line is exact")),
            ("Assumptions", phrase(*taken[1:]) if taken else phrase("none")),
        )
    )


def _comparisons(comparisons: Iterable[ComputedComparison], layout: Layout) -> Iterator[Block]:
    rows: list[tuple[str, Sentence]] = []
    for computed in comparisons:
        if computed.equations is not None:
            yield tree.Listing(f"Written by hand: {computed.name}", "python", computed.source)
            heading = f"{computed.name}, typeset from its source"
            printed = dict(computed.latex)
            faces = tuple((face, printed[face]) for face in layout.of_faces(FACES))
            yield tree.Aligned(heading, computed.equations, faces)
        rows.append((computed.name, _compared(computed)))
    if rows:
        yield tree.Facts(tuple(rows))


def _compared(computed: ComputedComparison) -> Sentence:
    comparison = computed.comparison
    if not comparison.verdict:
        return phrase(f"another method: {comparison.verdict.evidence[0]}")
    called = ", ".join(f"{name} is {s}" for name, s in comparison.arguments if name != s.name)
    proved = f"the same map, proved on symbols ({called or 'name for name'})"
    if comparison.deviation is None:
        return phrase(proved)
    exact = comparison.deviation == 0
    close = "bit for bit" if exact else f"to {comparison.deviation:.0e} of the largest number met"
    return phrase(f"{proved}, and the same run of {comparison.steps} steps {close}")
