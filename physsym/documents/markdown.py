"""The document as Markdown, in the dialect of GitHub, of MyST, or of notebooks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import indent
from typing import Literal

from physsym.core.verdicts import Condition, Outcome, Verdict
from physsym.documents.evidence import in_words
from physsym.documents.mathematics import is_mathematics
from physsym.documents.reasons import extent
from physsym.documents.totals import phrases
from physsym.documents.tree import (
    AUDIT_HEAD,
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
    outcome_word,
)
from physsym.documents.writer import Part, Writer
from physsym.printing import latex
from physsym.vocabulary import Face

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|$~&])")
# What would make a list, a heading, a comment or a target of a paragraph that begins with it.
_BEGINNING = re.compile(r"([-+=%:](?=\s|[-+=%:])|%|\((?=[^()]*\)=))|(\d{1,9})(?=[.)](?:\s|$))")
_HEADS = {"physics": r"\textsf{physics}", "learning": r"\textsf{machine learning}"}
_FORMS = {"text": "{}", "emphasis": "*{}*", "strong": "**{}**"}


def escaped(text: str) -> str:
    """Return a text in one line in which nothing is read as Markdown."""
    return _SPECIAL.sub(r"\\\1", text.replace("\n", " "))


def fenced(text: str, kind: str = "", mark: Literal["`", "~"] = "`", least: int = 3) -> str:
    """Return a text between fences that are longer than any row of their mark within it.

    Behind a fence of backticks no `kind` with backticks can stand.

    >>> print(fenced("a ``` b", "text"))
    ````text
    a ``` b
    ````
    """
    fence = mark * max(least, 1 + _longest(mark, text))
    return f"{fence}{kind}\n{text}\n{fence}"


def _longest(mark: str, text: str) -> int:
    return max(map(len, re.findall(f"{mark}+", text)), default=0)


def _code(text: str) -> str:
    """Return a text as code within a sentence."""
    text = text.replace("\n", " ")
    ticks = "`" * (1 + _longest("`", text))
    return (
        f"{ticks} {text} {ticks}" if text.startswith("`") or text.endswith("`") else f"{ticks}{text}{ticks}"
    )


# ------------------------------------------------------------------ dialects


@dataclass(frozen=True)
class Dialect:
    """How a dialect writes formulas, targets of links, figures and frames: functions from TeX and texts.

    `display` is given a label too, or an empty one, which is a target where the dialect has `labels`; `proof`
    is given the anchor of a derivation, its title, what it states, and its lines, where the dialect knows
    propositions and proofs.
    """

    name: str
    inline: Callable[[str], str]
    display: Callable[[str, str], str]
    target: Callable[[str], str]
    figure: Callable[[str, str, str], str]
    frame: Callable[[str, str], str]
    photo: str = "figures/{}"
    labels: bool = False
    proof: Callable[[str, str, str, str], str] | None = None


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def _html_target(name: str) -> str:
    return f'<a id="{name}"></a>'


# Plain dollars lose \{ and _ on GitHub, where Markdown is read before mathematics.
GITHUB = Dialect(
    "github",
    inline=lambda tex: f"$`{tex}`$",
    display=lambda tex, label: f"```math\n{tex}\n```",
    target=_html_target,
    figure=lambda name, alt, caption: f"![{alt}](figures/{name}.svg)\n\n{caption}",
    frame=lambda title, text: f"> [!IMPORTANT]\n> **{title}**\n>\n{_quoted(text)}",
)

MYST = Dialect(
    "myst",
    inline=lambda tex: f"{{math}}`{tex}`",
    display=lambda tex, label: fenced(f":label: {label}\n{tex}" if label else tex, "{math}"),
    target=lambda name: f"({name})=",
    figure=lambda name, alt, caption: (
        f"```{{figure}} figures/{name}.svg\n:name: figure-{name}\n:alt: {alt}\n\n{caption}\n```"
    ),
    frame=lambda title, text: fenced(text, f"{{admonition}} {title}", "~"),
    labels=True,
    proof=lambda anchor, title, says, lines: (
        fenced(f":label: prf-{anchor}\n\n{says}", f"{{prf:proposition}} {title}".rstrip(), "~")
        + "\n\n"
        + fenced(lines, "{prf:proof}", "~")
    ),
)

NOTEBOOK = Dialect(
    "notebook",
    inline=lambda tex: f"${tex}$",
    display=lambda tex, label: f"$$\n{tex}\n$$",
    target=_html_target,
    figure=lambda name, alt, caption: f"![{alt}](attachment:{name}.png)\n\n{caption}",
    frame=lambda title, text: f"> **{title}**\n>\n{_quoted(text)}",
    photo="attachment:{}",
)


# ------------------------------------------------------------------ the format


def markdown(document: Document, dialect: Dialect = GITHUB) -> str:
    """Return the document as Markdown; figures are files beside it, `figures/NAME.svg`."""
    return Markdown(dialect=dialect).write(document)


@dataclass(frozen=True)
class MarkdownBlocks(Writer[Part]):
    """Blocks and sentences as Markdown of one dialect; a subclass makes a file of them."""

    dialect: Dialect = GITHUB

    def opening(self, document: Document) -> str:
        """Return the title, the subtitle and the opening."""
        subtitle = [f"*{escaped(document.subtitle)}*"] if document.subtitle else []
        opening = map(self.block, document.opening)
        totals = self.totals(document.totals)
        return "\n\n".join(filter(None, [f"# {escaped(document.title)}", *subtitle, *opening, totals]))

    def closing(self, document: Document) -> str:
        """Return what ends the document: where it comes from."""
        facts = self.facts(document.provenance)
        return f"----\n\n{facts}" if facts else ""

    def heading(self, section: Section) -> str:
        """Return the heading of a section, with a target for links."""
        label = f"{escaped(section.label)}: " if section.label else ""
        title = self.sentence(section.title)
        heading = f"{'#' * self.level_of(section)} {label}{title}" if label or title else ""
        parts = (self.dialect.target(section.anchor), heading, self.totals(section.totals))
        return "\n\n".join(filter(None, parts))

    def totals(self, totals: Sequence[Total]) -> str:
        """Return how steps, equations and claims came out, in a sentence."""
        rows = (
            ", ".join(f"{SIGNS[total.outcome]} {words}" for total, words in row) for row in phrases(totals)
        )
        return f"*{'; '.join(rows)}*" if totals else ""

    # Pieces of sentences.

    def sentence(self, spans: Sentence) -> str:
        """Return a sentence without white space around it, which would end emphasis."""
        return super().sentence(spans).strip()

    def text(self, kind: str, text: str) -> str:
        """Return text in its marks; code is not escaped."""
        if kind == "tex":
            return self.dialect.inline(text) if is_mathematics(text) else _code(f"${text}$")
        if kind == "code":
            return _code(text)
        # Marks with white space within them would be read as they are written.
        words = text.strip()
        if not words:
            return escaped(text)
        before, _, after = text.partition(words)
        return before + _FORMS[kind].format(escaped(words)) + after

    def link(self, shown: str, target: str) -> str:
        """Return a link to a target of the same file."""
        return f"[{shown}]({_destination(f'#{target}')})"

    def external_link(self, shown: str, address: str) -> str:
        """Return a link to an address."""
        return f"[{shown}]({_destination(address)})"

    def formula(self, formula: Formula, faces: Sequence[Face]) -> str:
        """Return a formula within a sentence, on each face where they differ."""
        shown = dict.fromkeys(latex(formula, face, self.vocabulary, display="inline") for face in faces)
        return " | ".join(map(self.dialect.inline, shown))

    def condition(self, condition: Condition) -> str:
        """Return a condition as a formula."""
        return self.formula(condition, self.faces[:1])

    def outcome(self, verdict: Verdict, refuted: bool = False) -> str:
        """Return the sign of an outcome and its word."""
        return f"{SIGNS[verdict.outcome]} {outcome_word(verdict.outcome, refuted)}"

    def badge(
        self,
        verdict: Verdict,
        dimensions: Verdict | None = None,
        refuted: bool = False,
        checked: str = "",
    ) -> str:
        """Return a verdict with its evidence as a quotation; what the engines say comes last."""
        said = self.standard.sentence(extent(verdict))
        error = f", {said}" if said else ""
        head = f"> **{self.outcome(verdict, refuted)}**{error}"
        if self.evidence == "none":
            return head
        if self.evidence == "line":
            line = self.evidence_line(verdict, checked)
            return f"{head}: {line}" if line else head
        given = f", {self.assumptions(verdict)}" if verdict.assumes else ""
        words, engines = in_words(verdict, checked)
        seen = (*words, *(dimensions.evidence if dimensions is not None else ()))
        evidence = "; ".join(map(self.evidence_text, seen))
        witness = f"  \n> Witness: {self.evidence_text(verdict.witness)}" if verdict.witness else ""
        proved = f"  \n> Engines: {'; '.join(map(self.evidence_text, engines))}" if engines else ""
        return f"{head}{given}  \n> {evidence}{witness}{proved}"

    # Blocks.

    def paragraph(self, block: Paragraph) -> str:
        """Return a paragraph, which begins with nothing that would make something else of it."""
        text = self.sentence(block.spans)
        begins = _BEGINNING.match(text) if block.spans and block.spans[0].kind == "text" else None
        if begins is None:
            return text
        return f"{begins[2]}\\{text[begins.end() :]}" if begins[2] else f"\\{text}"

    def bullets(self, block: Bullets) -> str:
        """Return a list."""
        written = []
        for number, (item, inner) in enumerate(block.parts, block.first):
            mark = f"{number}. " if block.numbered else "- "
            parts = "\n\n".join(filter(None, [self.sentence(item), *map(self.block, inner)]))
            written.append(mark + indent(parts, " " * len(mark)).lstrip(" "))
        return "\n".join(written)

    def quotation(self, block: Quotation) -> str:
        """Return a quotation."""
        return _quoted("\n\n".join(map(self.block, block.parts)))

    def subheading(self, block: Subheading) -> str:
        """Return the title of a part of a section, with a target for links."""
        marks = "#" * self.sublevel
        return f"{self.dialect.target(block.anchor)}\n\n{marks} {self.sentence(block.title)}"

    def line(self, block: Line) -> str:
        """Return a formula between its sentence and its verdict."""
        first = block.number and not block.recalled
        number = f"**({escaped(block.number)})** " if block.number else ""
        move = self.sentence(block.move) or ("continued from there" if block.recalled else "")
        badge = ""
        if block.verdict is not None:
            badge = self.badge(block.verdict, block.dimensions, block.refuted, block.checked)
        parts = (
            self.sentence(block.says),
            self.dialect.target(anchor_of_number(block.number)) if first and not self.dialect.labels else "",
            f"{number}{move}".strip(),
            self._display(
                {face: latex(block.statement, face, self.vocabulary) for face in block.faces},
                anchor_of_number(block.number) if first else "",
            ),
            badge,
        )
        return "\n\n".join(filter(None, parts))

    def _display(self, faces: Mapping[Face, str], label: str = "") -> str:
        """Return a displayed formula: faces side by side under their names; one face of one alone."""
        if tuple(faces) == self.faces and len(faces) == 1:
            return self.dialect.display(faces[self.faces[0]], label)
        heads = " & ".join(_HEADS[face] for face in faces)
        cells = " & ".join(rf"\displaystyle {tex}" for tex in faces.values())
        columns = "|".join("c" * len(faces))
        return self.dialect.display(
            f"\\begin{{array}}{{{columns}}}\n{heads} \\\\[4pt]\n{cells}\n\\end{{array}}", label
        )

    def finding(self, block: Contrast) -> str:
        """Return a finding in a frame, its columns under each other."""
        columns = (
            f"**{name}**\n\n"
            + "\n\n".join(self.line(p) if isinstance(p, Line) else self.sentence(p) for p in parts)
            for name, parts in block.columns
        )
        framed = "\n\n".join(
            [*map(self.block, block.says), *columns, self.badge(block.verdict, refuted=block.refuted)]
        )
        title = f"Finding {block.number}: {self.sentence(block.title)}"
        return f"{self.dialect.target(block.anchor)}\n\n{self.dialect.frame(title, framed)}"

    def claim(self, block: Judged) -> str:
        """Return a claim, what it says formally, and its verdict."""
        quoted = f"**{escaped(block.id)}** ({escaped(block.where)}): {self.sentence(block.says)}"
        formal = f"Formally: {self.sentence(block.formal)}"
        formal += f"  \nRepaired: {self.sentence(block.repair)}" if block.repair else ""
        badge = self.badge(block.verdict, refuted=block.refuted)
        return f"{self.dialect.target(block.anchor)}\n\n{quoted}\n\n{formal}\n\n{badge}"

    def audit(self, block: Audit) -> str:
        """Return the table of all claims."""
        rows = [
            (
                self.link(escaped(c.id), c.anchor),
                escaped(c.where),
                self.sentence(c.says),
                self.outcome(c.verdict, c.refuted),
            )
            for c in block.claims
        ]
        return _table(AUDIT_HEAD, rows)

    def table(self, block: Grid) -> str:
        """Return a table under its caption."""
        head = tuple(map(self.sentence, block.head))
        rows = [tuple(map(self.sentence, row)) for row in block.rows]
        parts = self.dialect.target(block.anchor), self.sentence(block.caption), _table(head, rows)
        return "\n\n".join(filter(None, parts))

    def figure(self, block: Picture) -> str:
        """Return a link to the file of a figure, with its caption."""
        caption = f"**Figure {block.number}.** {self.sentence(block.caption)}"
        # The figures of MyST have names, which are targets.
        target = f"{self.dialect.target(f'figure-{block.name}')}\n\n" if self.dialect.name != "myst" else ""
        return target + self.dialect.figure(block.name, escaped(" ".join(block.alt.split())), caption)

    def photo(self, block: Photo) -> str:
        """Return a link to the file of a picture, with its caption."""
        caption = f"\n\n{escaped(block.caption)}" if block.caption else ""
        return f"![{escaped(block.alt)}]({self.dialect.photo.format(block.name)}){caption}"

    def embedded(self, block: Embedded) -> str:
        """Return what is said instead of a page that runs."""
        return self.paragraph(Paragraph(block.instead))

    def listing(self, block: Listing) -> str:
        """Return source code under its heading."""
        heading = f"**{escaped(block.heading)}**\n\n" if block.heading else ""
        return heading + fenced(block.text.strip("\n"), block.language)

    def aligned(self, block: Aligned) -> str:
        """Return the equations of a function written by hand, in the order of its author."""
        return f"*{escaped(block.heading)}*\n\n{self._display(dict(block.latex))}"

    def facts(self, block: Facts) -> str:
        """Return a list of labels and facts."""
        return "\n".join(f"- **{escaped(label)}**: {self.sentence(spans)}" for label, spans in block.rows)

    def aside(self, block: Aside) -> str:
        """Return a frame."""
        return self.dialect.frame(escaped(block.title), "\n\n".join(map(self.block, block.paragraphs)))


@dataclass(frozen=True)
class Markdown(MarkdownBlocks[str]):
    """The document as one file of Markdown."""

    def front(self, document: Document) -> str:
        """Return the title, the subtitle and the opening."""
        return self.opening(document)

    def section(self, section: Section, blocks: Sequence[str]) -> str:
        """Return a section under its heading; a derivation that holds is a proof, if the dialect has such."""
        if self.dialect.proof is not None and _is_proved(section):
            blocks = self._proved(section, blocks)
        return "\n\n".join([self.heading(section), *blocks])

    def _proved(self, section: Section, blocks: Sequence[str]) -> list[str]:
        """Return the blocks of a derivation, its lines as a proof of what its summary says."""
        assert self.dialect.proof is not None
        end = next(k for k, block in enumerate(section.blocks) if isinstance(block, Facts))
        lines = [block for block in section.blocks[:end] if isinstance(block, Line)]
        first, last = (self._referred(line) for line in (lines[0], lines[-1]))
        says = "\n\n".join([f"From {first} follows {last}.", blocks[end]])
        title = self.sentence(section.title)
        proof = self.dialect.proof(section.anchor, title, says, "\n\n".join(blocks[:end]))
        return [proof, *blocks[end + 1 :]]

    def _referred(self, line: Line) -> str:
        return self.link(f"({escaped(line.number)})", anchor_of_number(line.number))

    def whole(self, document: Document, front: str, sections: Sequence[str]) -> str:
        """Return the text of the file."""
        return "\n\n".join(filter(None, [front, *sections, self.closing(document)])) + "\n"


def _is_proved(section: Section) -> bool:
    """Return whether a section is a derivation of which every step holds, if only under its conditions."""
    wrong = (Outcome.FAILS, Outcome.UNDECIDABLE, Outcome.UNCHECKED)
    lines = [block for block in section.blocks if isinstance(block, Line) and block.number]
    return bool(section.outcomes) and len(lines) > 1 and not any(o in wrong for o in section.outcomes)


def _destination(address: str) -> str:
    """Return where a link leads, in angle brackets where the end would not be seen without them."""
    plain = _SPECIAL_ENTITY.sub("&amp;", address)
    return f"<{plain}>" if re.search(r"[()\s]", plain) else plain


# Letters and a semicolon behind it make something else of the sign.
_SPECIAL_ENTITY = re.compile(r"&(?=#?\w+;)")


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    # A bar that is part of a formula must not end its cell.
    cells = ([re.sub(r"(?<!\\)\|", r"\\|", cell) for cell in row] for row in lines)
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)
