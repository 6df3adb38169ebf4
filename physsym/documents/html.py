"""The document as one self-contained HTML page: native MathML, a short script of its own, no request."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from hashlib import sha256
from html import escape
from importlib.resources import files
from itertools import groupby

from physsym.core.counts import counted
from physsym.core.verdicts import Condition, Outcome, Verdict
from physsym.documents.checking import ANCHOR as CHECKING
from physsym.documents.checking import ENGINES
from physsym.documents.drawings import IDENTITY, defined_once, without_the_unseen
from physsym.documents.evidence import in_words
from physsym.documents.formulas import annotated
from physsym.documents.photos import media_type
from physsym.documents.plotting import picture_file
from physsym.documents.reasons import extent
from physsym.documents.totals import phrases
from physsym.documents.tree import (
    AUDIT_HEAD,
    FACE_NAMES,
    SIGNS,
    Aligned,
    Aside,
    Audit,
    Bullets,
    Contrast,
    Document,
    Embedded,
    Facts,
    Formula,
    Grid,
    Judged,
    Line,
    Listing,
    Paragraph,
    Photo,
    Picture,
    Quotation,
    Section,
    Sentence,
    Subheading,
    Total,
    anchor_of_number,
    blocks,
    outcome_word,
    plain_text,
)
from physsym.documents.writer import Writer
from physsym.printing import mathml
from physsym.printing.mathml_printer import width
from physsym.vocabulary import Face

FONTS = (
    ("Physsym Text", "normal", 400, "physsym-text-regular"),
    ("Physsym Text", "italic", 400, "physsym-text-italic"),
    ("Physsym Text", "normal", 700, "physsym-text-bold"),
    ("Physsym Math", "normal", 400, "physsym-math"),
)
# In em: two panels side by side hold formulas up to this width in full size.
WIDE = 15.6
# In em: a longer formula in a sentence is set smaller where the column is narrow.
LONG = 12.0
# In characters of its outcome and its extent: a longer badge has no room beside the reason of a move.
LONG_BADGE = 19
# So many lines between the first and the last one of a derivation are folded.
LONG_MIDDLE = 3

_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)

_TAGS = {
    "text": "{}",
    "emphasis": "<em>{}</em>",
    "strong": "<strong>{}</strong>",
    "code": "<code>{}</code>",
    "tex": "<code>${}$</code>",
}


def policy(*scripts: str) -> str:
    """Return what a page allows its browser: its own scripts, styles, fonts and drawings, and no request."""
    digests = (b64encode(sha256(script.encode()).digest()).decode("ascii") for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; font-src data:; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def head(*scripts: str) -> str:
    """Return how a page begins that needs nothing beside itself: its policy, and no icon to ask for."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<link rel="icon" href="data:,">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy(*scripts)}">\n'
    )


# What writes a page within the page: a command may ask another process.
embedding: ContextVar[Callable[[Callable[[], str]], str]] = ContextVar(
    "embedding", default=lambda page: page()
)


def html(document: Document) -> str:
    """Return the document as a page that needs nothing beside itself."""
    return HTML().write(document)


@dataclass(frozen=True)
class HTML(Writer[str]):
    """The document as a page of HTML; `unfolded` where it is one derivation, whose lines are all shown."""

    unfolded: bool = False

    def write(self, document: Document) -> str:
        """Return the page."""
        derivations = sum(bool(section.outcomes) for section in document.sections)
        return super(HTML, replace(self, unfolded=derivations == 1)).write(document)

    # The page.

    def whole(self, document: Document, front: str, sections: Sequence[str]) -> str:
        """Return the page with its style sheet and its fonts within."""
        folder = files("physsym.documents")
        fonts = "".join(
            f'@font-face {{ font-family: "{family}"; font-style: {style}; font-weight: {weight}; '
            f'src: url(data:font/woff2;base64,{encoded}) format("woff2"); }}\n'
            for family, style, weight, file in FONTS
            for encoded in [b64encode((folder / "fonts" / f"{file}.woff2").read_bytes()).decode("ascii")]
        )
        style = (folder / "page.css").read_text(encoding="utf-8")
        main = defined_once(annotated(f"{front}{_contents(self, document)}{''.join(sections)}"))
        script = (folder / "page.js").read_text(encoding="utf-8")
        scripts = [script]
        for embedded in (block for _, block in blocks(document) if isinstance(block, Embedded)):
            page = embedding.get()(embedded.page)  # its browser holds it to the policy of both pages
            scripts += _SCRIPT.findall(page)
            main = main.replace(_slot(embedded), f"srcdoc='{_in_single_quotes(page)}'")
        facts = self.facts(document.provenance) if document.provenance.rows else ""
        footer = f"<footer>\n<h2>Where this page comes from</h2>\n{facts}</footer>\n" if facts else ""
        return (
            f"{head(*scripts)}"
            f"<title>{escape(document.title)}</title>\n"
            f"<style>\n{fonts}{style}{document.css}</style>\n</head>\n<body>\n"
            f"<main>\n{main}</main>\n{footer}<script>{script}</script>\n</body>\n</html>\n"
        )

    def front(self, document: Document) -> str:
        """Return the title, the opening, how steps and claims came out, and links to the findings."""
        subtitle = f'<p class="subtitle">{escape(document.subtitle)}</p>\n' if document.subtitle else ""
        opening = "".join(map(self.block, document.opening))
        title = f"<header>\n<h1>{escape(document.title)}</h1>\n{subtitle}</header>\n"
        return f"{title}{opening}{_totals(document.totals)}{_findings(self, document)}"

    def section(self, section: Section, blocks: Sequence[str]) -> str:
        """Return a section; consecutive claims share a frame, and the middle of a derivation is folded."""
        label = f'<span class="label">{escape(section.label)}</span> ' if section.label else ""
        level, title = self.level_of(section), self.sentence(section.title)
        heading = (
            f'<h{level} id="{escape(section.anchor)}">{label}{title}</h{level}>\n' if label or title else ""
        )
        named = "" if heading else f' id="{escape(section.anchor)}"'
        pairs = zip(section.blocks, blocks, strict=True)
        body = ""
        for kind, group in groupby(pairs, lambda pair: type(pair[0])):
            alike, written = zip(*group, strict=True)
            if kind is Line and section.outcomes:
                written = self._with_folded_middle(alike, written)
            text = "".join(written)
            body += f'<div class="claims">\n{text}</div>\n' if kind is Judged else text
        totals = _totals(section.totals)
        return f'<section class="level-{section.level}"{named}>\n{heading}{totals}{body}</section>\n'

    def _with_folded_middle(self, lines: tuple[Line, ...], written: tuple[str, ...]) -> tuple[str, ...]:
        """Return the lines of a derivation; many lines between the first and the last are folded."""
        middle = lines[1:-1]
        if len(middle) < LONG_MIDDLE:
            return written
        found = [line.verdict.outcome for line in middle if line.verdict is not None]
        marks = ", ".join(f"{SIGNS[o]}&nbsp;{found.count(o)} {o.value}" for o in Outcome if o in found)
        if set(found) == {Outcome.HOLDS}:
            marks = f"{SIGNS[Outcome.HOLDS]}&nbsp;all hold"
        numbers = f"({escape(middle[0].number)}) to ({escape(middle[-1].number)})"
        between = f"<b>{counted(len(middle), 'line')} between</b>, {numbers}"
        opened = " open" if self.unfolded else ""
        summary = f"<summary>{between}: {marks}</summary>\n"
        folded = f'<details class="middle"{opened}>{summary}{"".join(written[1:-1])}</details>\n'
        return written[0], folded, written[-1]

    # Pieces of sentences.

    def text(self, kind: str, text: str) -> str:
        """Return text with its tag."""
        return _TAGS[kind].format(escape(text.removeprefix(r"\displaystyle ") if kind == "tex" else text))

    def link(self, shown: str, target: str) -> str:
        """Return a link to an anchor of the page."""
        return f'<a href="#{escape(target)}">{shown}</a>'

    def external_link(self, shown: str, address: str) -> str:
        """Return a link to an address."""
        return f'<a href="{escape(address)}">{shown}</a>'

    def formula(self, formula: Formula, faces: Sequence[Face]) -> str:
        """Return a formula within a sentence; where the faces differ, both, each in its colour."""
        by_face = {face: self._inline(formula, face) for face in faces}
        if len(set(by_face.values())) == 1 and tuple(faces) == self.faces:
            return next(iter(by_face.values()))
        twins = (f'<span class="in-{face}">{math}</span>' for face, math in by_face.items())
        return '<span class="or"> | </span>'.join(twins)

    def condition(self, condition: Condition) -> str:
        """Return a condition as a formula within a line of text."""
        return self._inline(condition, self.faces[0])

    def _inline(self, formula: Formula, face: Face) -> str:
        math = mathml(formula, face, self.vocabulary, display="inline")
        size = width(math)
        return math.replace("<math ", f'<math style="--w:{size:.1f}" ', 1) if size > LONG else math

    def outcome(self, verdict: Verdict, refuted: bool = False) -> str:
        """Return the outcome of a verdict as a small mark without evidence."""
        return f'<span class="chip {verdict.outcome.value}">{_named(verdict, refuted)}</span>'

    def badge(
        self,
        verdict: Verdict,
        *before: str,
        after: Iterable[str] = (),
        short: bool = False,
        refuted: bool = False,
        checked: str = "",
    ) -> str:
        """Return a verdict as a badge that unfolds to its evidence, with further notes before and after it.

        A short badge leaves the order of the error to what it unfolds to. What the engines say is folded once
        more.
        """
        error = self.standard.sentence(extent(verdict))
        named = _named(verdict, refuted) + (f", {error}" if error and not short else "")
        kind = verdict.outcome.value
        if self.evidence != "folded":
            line = self.evidence_line(verdict, checked) if self.evidence == "line" else ""
            seen = f' <span class="seen">{line}</span>' if line else ""
            return f'<p class="badge {kind}"><span class="chip {kind}">{named}</span>{seen}</p>\n'
        words, engines = in_words(verdict, checked)
        facts = [*before, f"true {error}" if short and error else "", *map(self.evidence_text, words)]
        facts += [self.assumptions(verdict)]
        facts += [f"witness: {self.evidence_text(verdict.witness)}"] if verdict.witness else []
        if engines:
            told = "<br>".join(map(self.evidence_text, engines))
            meaning = f'<a href="#{ENGINES}">what this means</a>'
            after = (*after, f"<details><summary>Engines</summary>{told} ({meaning})</details>")
        items = "".join(f"<li>{fact}</li>" for fact in (*facts, *after) if fact)
        return f'<details class="badge {kind}"><summary>{named}</summary><ul>{items}</ul></details>\n'

    # Blocks of prose.

    def paragraph(self, block: Paragraph) -> str:
        """Return a paragraph."""
        return f"<p>{self.sentence(block.spans)}</p>\n"

    def bullets(self, block: Bullets) -> str:
        """Return a list."""
        tag = "ol" if block.numbered else "ul"
        start = f' start="{block.first}"' if block.numbered and block.first != 1 else ""
        items = "".join(
            f"<li>{self.sentence(item)}{''.join(map(self.block, inner))}</li>\n"
            for item, inner in block.parts
        )
        return f"<{tag}{start}>\n{items}</{tag}>\n"

    def quotation(self, block: Quotation) -> str:
        """Return a quotation."""
        return f"<blockquote>\n{''.join(map(self.block, block.parts))}</blockquote>\n"

    def subheading(self, block: Subheading) -> str:
        """Return the title of a part of a section."""
        level = self.sublevel
        return f'<h{level} id="{escape(block.anchor)}">{self.sentence(block.title)}</h{level}>\n'

    def aside(self, block: Aside) -> str:
        """Return a frame."""
        text = "".join(map(self.block, block.paragraphs))
        title = f"<h4>{escape(block.title)}</h4>\n" if block.title else ""
        return f"<aside>\n{title}{text}</aside>\n"

    # Equations.

    def line(self, block: Line) -> str:
        """Return a numbered formula under its sentence."""
        says = f'<p class="says">{self.sentence(block.says)}</p>\n' if block.says else ""
        return says + self._equation(block)

    def _equation(self, line: Line) -> str:
        anchor, shown_at = escape(line.anchor), escape(anchor_of_number(line.number))
        shown = f"({escape(line.number, quote=False)})"
        number = f'<a class="number" href="#{shown_at}">{shown}</a>' if line.number else ""
        if anchor:
            number += f'<a class="here" href="#{anchor}" aria-label="Link to this line">#</a>'
        move = self.sentence(line.move) or ("continued from there" if line.recalled else "")
        head = f'<div class="head">{number}<span class="reason">{move}</span></div>\n'
        seen = line.dimensions.evidence if line.dimensions is not None else ()
        mark = long = ""
        if line.verdict is not None:
            mark = self.badge(
                line.verdict, after=map(escape, seen), refuted=line.refuted, checked=line.checked
            )
            said = (
                outcome_word(line.verdict.outcome, line.refuted),
                *(span.content for span in extent(line.verdict)),
            )
            long = " long" if sum(len(str(part)) for part in said) > LONG_BADGE else ""
        identity = f' id="{anchor}"' if anchor else ""
        panels = self._panels({face: self._math(line.statement, face) for face in line.faces})
        return f'<div class="equation{long}"{identity}>{head}{panels}{mark}</div>\n'

    def _math(self, formula: Formula, face: Face) -> str:
        return mathml(formula, face, self.vocabulary)

    def _panels(self, maths: dict[Face, str]) -> str:
        """Return formulas in panels, one a face; in a document of one face they need no heading."""
        stacked = " stacked" if len(maths) > 1 and max(map(width, maths.values())) > WIDE else ""
        panels = "".join(
            f'<figure class="face {face}" style="--w:{width(math):.1f}">{heading}{math}</figure>\n'
            for face, math in maths.items()
            for heading in [f"<figcaption>{FACE_NAMES[face]}</figcaption>" if (face,) != self.faces else ""]
        )
        return f'<div class="faces{stacked}">\n{panels}</div>\n'

    def aligned(self, block: Aligned) -> str:
        """Return the equations of a function written by hand."""
        maths = {face: self._math(block.equations, face) for face, _ in block.latex}
        return f"<h4>{escape(block.heading)}</h4>\n{self._panels(maths)}"

    def finding(self, block: Contrast) -> str:
        """Return a finding, its columns side by side."""
        count = f'<span class="count">Finding {block.number}</span>'
        title = f"<h4>{count} {self.sentence(block.title)}</h4>\n"
        says = "".join(map(self.block, block.says))
        columns = "".join(
            f'<div class="column"><h5>{escape(name)}</h5>\n{"".join(map(self._within_column, parts))}</div>\n'
            for name, parts in block.columns
        )
        badge = self.badge(block.verdict, refuted=block.refuted)
        return (
            f'<section class="finding" id="{escape(block.anchor)}">\n{title}{says}'
            f'<div class="columns">\n{columns}</div>\n{badge}</section>\n'
        )

    def _within_column(self, part: Sentence | Line) -> str:
        """Return a sentence or a formula; one without a number that both faces share is shown once."""
        if not isinstance(part, Line):
            return f"<p>{self.sentence(part)}</p>\n"
        if part.number:
            return self._equation(part)
        maths = {face: self._math(part.statement, face) for face in part.faces}
        if len(maths) > 1 and len(set(maths.values())) == 1:
            math = next(iter(maths.values()))
            panel = f'<figure class="face both" style="--w:{width(math):.1f}">{math}</figure>'
            return f'<div class="faces">{panel}</div>\n'
        return f'<div class="equation">{self._panels(maths)}</div>\n'

    # Claims.

    def claim(self, block: Judged) -> str:
        """Return a claim; what it says formally unfolds with the evidence, or else stands below it."""
        formal = [f"Formally: {self.sentence(block.formal)}"]
        formal += [f"Repaired: {self.sentence(block.repair)}"] if block.repair else []
        folded = self.evidence == "folded"
        below = "" if folded else "".join(f'<p class="formal">{text}</p>\n' for text in formal)
        code = f"<details><summary>As code</summary><pre><code>{escape(block.code)}</code></pre></details>"
        badge = self.badge(block.verdict, *formal, short=True, after=(code,), refuted=block.refuted)
        anchor = escape(block.anchor)
        return (
            f'<article class="claim" id="{anchor}">\n<p><a class="id" href="#{anchor}">'
            f"{escape(block.id)}</a> {self.sentence(block.says)} "
            f'<span class="where">{escape(block.where)}</span></p>\n'
            f"{below}{badge}</article>\n"
        )

    def audit(self, block: Audit) -> str:
        """Return the table of all claims."""
        rows = "".join(
            f'<tr><td><a href="#{escape(c.anchor)}">{escape(c.id)}</a></td><td>{escape(c.where)}</td>'
            f"<td>{self.sentence(c.says)}</td><td>{self.outcome(c.verdict, c.refuted)}</td></tr>\n"
            for c in block.claims
        )
        head = "".join(f'<th scope="col">{name}</th>' for name in AUDIT_HEAD)
        table = f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n"
        return f'<table class="audit">\n{table}</table>\n'

    # Tables, figures and the rest.

    def table(self, block: Grid) -> str:
        """Return a table; columns of one face are in its colour."""
        colours = [f' class="in-{face}"' if face else "" for face in block.faces]
        names = [escape(plain_text(name)) for name in block.head]
        head = "".join(
            f'<th scope="col"{colour}>{self.sentence(name)}</th>'
            for colour, name in zip(colours, block.head, strict=True)
        )
        rows = ""
        for row in block.rows:
            cells = (
                f'<td{colour} data-label="{name}"><div>{self.sentence(cell)}</div></td>'
                for cell, name, colour in zip(row, names, colours, strict=True)
            )
            rows += f"<tr>{''.join(cells)}</tr>\n"
        caption = f"<figcaption>{self.sentence(block.caption)}</figcaption>\n" if block.caption else ""
        return (
            f'<figure class="table" id="{escape(block.anchor)}">\n{caption}'
            f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n"
            "</figure>\n"
        )

    def figure(self, block: Picture) -> str:
        """Return a figure as SVG within the page; several share it, so each keeps its identifiers apart."""
        svg = without_the_unseen(picture_file(block, "svg").decode())
        name = escape(block.name)
        drawing = IDENTITY.sub(lambda found: f"{found[1]}{name}-", svg)
        labelled = drawing.replace("<svg", f'<svg role="img" aria-label="{escape(block.alt)}"', 1)
        caption = f"<b>Figure {block.number}.</b> {self.sentence(block.caption)}"
        return (
            f'<figure class="picture" id="figure-{name}">\n{labelled}\n'
            f"<figcaption>{caption}</figcaption>\n</figure>\n"
        )

    def photo(self, block: Photo) -> str:
        """Return a picture within the page."""
        data = f"data:{media_type(block.name)};base64,{b64encode(block.content).decode('ascii')}"
        caption = f"<figcaption>{escape(block.caption)}</figcaption>\n" if block.caption else ""
        return f'<figure class="picture">\n<img src="{data}" alt="{escape(block.alt)}">\n{caption}</figure>\n'

    def embedded(self, block: Embedded) -> str:
        """Return a folded frame for a page of its own, which `whole` fills."""
        title = escape(plain_text(block.title))
        frame = f'<iframe title="{title}" loading="lazy" {_slot(block)}></iframe>'
        summary = f"<summary>{self.sentence(block.title)}</summary>"
        return f'<details class="embedded" id="{escape(block.anchor)}">{summary}{frame}</details>\n'

    def listing(self, block: Listing) -> str:
        """Return source code under its heading."""
        heading = f"<h4>{escape(block.heading)}</h4>\n" if block.heading else ""
        code = block.text.strip("\n")
        return f"{heading}<pre><code>{escape(code)}</code></pre>\n"

    def facts(self, block: Facts) -> str:
        """Return a list of labels and facts."""
        rows = "".join(f"<dt>{escape(k)}</dt><dd>{self.sentence(v)}</dd>\n" for k, v in block.rows)
        return f"<dl>\n{rows}</dl>\n"


def _slot(block: Embedded) -> str:
    return f'data-page="{escape(block.anchor)}"'


def _in_single_quotes(page: str) -> str:
    """Return a page as the value of an attribute; its double quotation marks, which are many, stay."""
    return page.replace("&", "&amp;").replace("<", "&lt;").replace("'", "&#39;")


def _named(verdict: Verdict, refuted: bool = False) -> str:
    return f"{SIGNS[verdict.outcome]}&nbsp;{outcome_word(verdict.outcome, refuted)}"


def _totals(totals: tuple[Total, ...]) -> str:
    """Return how steps, equations and claims came out, each in a row of marks."""
    rows = (
        "".join(
            f'<li class="chip {total.outcome.value}" data-outcome="{total.outcome.value}" '
            f'data-count="{total.count}">{SIGNS[total.outcome]}&nbsp;{words}</li>\n'
            for total, words in row
        )
        for row in phrases(totals)
    )
    return "".join(f'<ul class="counts" aria-label="Totals">\n{marks}</ul>\n' for marks in rows)


def _findings(writer: HTML, document: Document) -> str:
    """Return links to all findings."""
    found = [(s, b) for s, b in blocks(document) if isinstance(b, Contrast)]
    if not found:
        return ""
    items = "".join(f"<li>{writer.link(writer.titled(b.title, s), b.anchor)}</li>\n" for s, b in found)
    label = "Where what follows is not what the source says"
    listed = f"<h2>{label}</h2>\n<ol>\n{items}</ol>\n"
    return f'<nav class="findings" aria-label="{label}">\n{listed}</nav>\n'


def _contents(writer: HTML, document: Document) -> str:
    items = ""
    for section, below in document.parts:
        short = section.label.removeprefix("Chapter ").removeprefix("Derivations ")
        label = f'<span class="label">{escape(short)}</span> ' if short else ""
        inner = ""
        for part in (section, *below) if short == section.label or not below else (section,):
            shown = () if part.anchor == CHECKING else part.blocks
            headings = [(b.title, b.anchor) for b in shown if isinstance(b, Subheading)]
            named = [(part.title, part.anchor)] if part is not section and part.title else []
            for title, anchor in (*named, *headings):
                inner += f"<li>{writer.link(writer.titled(title, part), anchor)}</li>"
        if label or section.title:
            item = writer.link(label + writer.titled(section.title, section), section.anchor)
            items += f"<li>{item}<ol>{inner}</ol></li>\n" if inner else f"<li>{item}</li>\n"
        else:
            items += f"{inner}\n"
    return f'<nav class="contents" aria-label="Contents">\n<h2>Contents</h2>\n<ol>\n{items}</ol>\n</nav>\n'
