"""The document as LaTeX, for a basic TeX installation."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

from physsym import __version__
from physsym.core.verdicts import Condition, Outcome, Verdict
from physsym.documents.evidence import in_words
from physsym.documents.mathematics import is_mathematics
from physsym.documents.photos import refuse_for_tex
from physsym.documents.prose import plain_sentence
from physsym.documents.reasons import extent
from physsym.documents.totals import phrases
from physsym.documents.tree import (
    AUDIT_HEAD,
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
    Span,
    Subheading,
    Total,
    anchor_of_number,
    outcome_word,
    plain_text,
    values_of,
)
from physsym.documents.writer import Writer
from physsym.printing import latex, mathml
from physsym.printing.mathml_printer import width
from physsym.printing.names import GREEK, TEX_GREEK
from physsym.printing.unicode_printer import LOWERED, RAISED
from physsym.vocabulary import STANDARD, Face

WIDE = 15.0  # em: what fits into one of two panels side by side
# How wide the text is, and a character of small print, in pt; for the columns of tables.
TEXT, CHARACTER, GAP, BADGE = 381.0, 4.9, 8.0, 62.0
SMALL_PRINT = 9.0
Cell = tuple[str, float, float]  # what is printed, its widest piece, and how wide it would be on one line
HEADINGS = {2: "section", 3: "subsection"}

# ------------------------------------------------------------------ text

_FORMS = {"text": "{}", "emphasis": r"\emph{{{}}}", "strong": r"\textbf{{{}}}", "code": r"\texttt{{{}}}"}
COLOURS = {
    Outcome.HOLDS: "holds", Outcome.FAILS: "fails", Outcome.CONDITIONAL: "doubt",
    Outcome.APPROXIMATE: "doubt", Outcome.UNDECIDABLE: "open", Outcome.UNCHECKED: "open",
}  # fmt: skip
SIGNS = {
    Outcome.HOLDS: r"$\checkmark$", Outcome.FAILS: r"$\times$", Outcome.CONDITIONAL: r"$\circ$",
    Outcome.APPROXIMATE: r"$\approx$", Outcome.UNDECIDABLE: "?", Outcome.UNCHECKED: "?",
}  # fmt: skip

_PLAIN = {
    "\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}",
    ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\textquotedbl{}", "'": "'", "`": r"\textasciigrave{}",
    **{c: f"\\{c}" for c in "{}$&#_%"}, "[": "{[}", "]": "{]}",  # which would begin an optional argument
}  # fmt: skip
_SIGNS_OF_MATHEMATICS = {
    "−": "-", "≤": r"\leq", "≥": r"\geq", "≠": r"\neq", "≈": r"\approx", "→": r"\to", "←": r"\leftarrow",
    "↔": r"\leftrightarrow", "⇒": r"\Rightarrow", "∞": r"\infty", "√": r"\surd", "∇": r"\nabla",
    "∂": r"\partial", "∈": r"\in", "∼": r"\sim", "≪": r"\ll", "≫": r"\gg", "⟂": r"\perp",
    "∥": r"\parallel", "∫": r"\int", "∑": r"\sum", "φ": r"\phi", "′": "'",
    **{GREEK[name]: tex for name, tex in TEX_GREEK.items()},
}  # fmt: skip
_RAISED = {raised: plain for plain, raised in RAISED.items()}
_LOWERED = {lowered: plain for plain, lowered in LOWERED.items()}
# Characters that inputenc knows beside Latin-1.
_KNOWN = set("“”‘’–—…€‚„†‡•‰‹›ŒœŸŠšŽž")
_MATH_SHIFT = re.compile(r"(?<!\\)\$")
# Behind these a line of code or of a bare formula may be broken, and anywhere within a digest.
_BREAK = re.compile(r"(?<=[-*+/=,;)_.:\]])(?=[\w(])|(?<=[0-9a-f]{16})(?=[0-9a-f]{8})")


def escaped(text: str) -> str:
    r"""Return a text in which TeX acts upon nothing; what no font has is written as its Unicode name.

    >>> print(escaped("50% of γ² — ok"))
    50\% of $\gamma$\textsuperscript{2} — ok
    """
    return "".join(map(_character, unicodedata.normalize("NFC", text)))


def _character(c: str) -> str:
    if c in _PLAIN or (c.isascii() and c.isprintable()):
        return _PLAIN.get(c, c)
    if c in "\n\t\r":  # an empty line would end a paragraph, in the midst of a title
        return " "
    if c in _SIGNS_OF_MATHEMATICS:
        return f"${_SIGNS_OF_MATHEMATICS[c]}$"
    if c in _RAISED or c in _LOWERED:
        return rf"\textsuperscript{{{_RAISED[c]}}}" if c in _RAISED else rf"\textsubscript{{{_LOWERED[c]}}}"
    if c in _KNOWN or (0xA0 <= ord(c) < 0x180 and c not in "\xad"):
        return c
    return _name_of_letter(c)


def _name_of_letter(c: str) -> str:
    return f"[{unicodedata.name(c, 'unknown character').lower()}]"


def _letters_without_sign(document: Document) -> Facts:
    """Return a fact that says how many letters are written by their names, if any are."""
    spans = (v.content for v in values_of(document.sections + document.opening) if isinstance(v, Span))
    texts = (document.title, *(text for text in spans if isinstance(text, str)))
    letters = {
        c for text in texts for c in unicodedata.normalize("NFC", text) if _character(c) == _name_of_letter(c)
    }
    said = (
        f"{len(letters)} of the text are not in the fonts of this file and are written by their names in "
        "brackets; the page in HTML shows them as they are"
    )
    return Facts((("Letters", (Span("text", said),)),) if letters else ())


# Signs of an address that TeX would act upon; hyperref takes four of them behind a backslash.
_ADDRESS = re.compile(r"[^\w./:?=+,;@!*()'-]", re.ASCII)


def _in_address(sign: re.Match[str]) -> str:
    if sign[0] in "%#&":
        return f"\\{sign[0]}"
    return sign[0] if sign[0] == "~" else "".join(rf"\%{byte:02X}" for byte in sign[0].encode())


def name_of(anchor: str) -> str:
    r"""Return an anchor in signs of which TeX makes nothing else.

    >>> print(name_of("eq-4.2b-prime"), name_of("a}b"))
    eq-4.2b-prime a=7d=b
    """
    return "".join(c if c.isascii() and (c.isalnum() or c in "-.:") else f"={ord(c):x}=" for c in anchor)


def breakable(text: str) -> str:
    """Return a text in which a line may be broken within long words, behind signs."""
    return r"\allowbreak{}".join(map(escaped, _BREAK.split(text)))


# ------------------------------------------------------------------ the format


def tex(document: Document) -> str:
    """Return the document as LaTeX; its figures are files beside it, `figures/NAME.pdf`."""
    return TeX().write(document)


@dataclass(frozen=True)
class TeX(Writer[str]):
    """The document as a file of LaTeX."""

    def front(self, document: Document) -> str:
        """Return the title, the opening and the contents, from the beginning of the document on."""
        subtitle = rf"\\[.5em]\large\itshape {escaped(document.subtitle)}" if document.subtitle else ""
        title = rf"\title{{{escaped(document.title)}{subtitle}}}\author{{}}\date{{}}"
        named = rf"\hypersetup{{pdftitle={{{escaped(document.title)}}},pdfcreator={{physsym {__version__}}}}}"
        foot = rf"\pagefoot{{physsym {__version__}}}"
        opening, totals = map(self.block, document.opening), _totals(document.totals)
        return "\n\n".join(
            [title, named, foot, r"\begin{document}", r"\maketitle", *opening, *totals, r"\tableofcontents"]
        )

    def section(self, section: Section, blocks: Sequence[str]) -> str:
        """Return a section under its heading."""
        named = section.label or section.title
        title = self._title(section.title, section.label)
        heading = rf"\{HEADINGS[self.level_of(section)]}{{{title}}}" if named else ""
        heading = heading or r"\bigskip"
        heading += rf"\hypertarget{{{name_of(section.anchor)}}}{{}}"
        return "\n\n".join([heading, *_totals(section.totals), *blocks])

    def whole(self, document: Document, front: str, sections: Sequence[str]) -> str:
        """Return the text of the file, which begins with the preamble."""
        preamble = (files("physsym.documents") / "preamble.tex").read_text(encoding="utf-8")
        ending = Facts((*_letters_without_sign(document).rows, *document.provenance.rows))
        closing = [rf"\closing{{{facts}}}"] if (facts := self.facts(ending)) else []
        return preamble + "\n\n".join([front, *sections, *closing, r"\end{document}"]) + "\n"

    # Pieces of sentences.

    def text(self, kind: str, text: str) -> str:
        """Return text in which TeX acts upon nothing, in its form."""
        if kind == "tex" and is_mathematics(text):
            return f"${text}$"
        if kind == "tex":
            return _FORMS["code"].format(breakable(f"${text}$"))
        return _FORMS[kind].format(breakable(text) if kind == "code" else escaped(text))

    def link(self, shown: str, target: str) -> str:
        """Return a link within the file."""
        return rf"\hyperlink{{{name_of(target)}}}{{{shown}}}"

    def external_link(self, shown: str, address: str) -> str:
        """Return a link to an address, in which TeX acts upon nothing."""
        return rf"\href{{{_ADDRESS.sub(_in_address, address)}}}{{{shown}}}"

    def formula(self, formula: Formula, faces: Sequence[Face]) -> str:
        """Return a formula within a sentence; where the faces differ, both, each in its colour."""
        by_face = {face: f"${latex(formula, face, self.vocabulary, display='inline')}$" for face in faces}
        if tuple(faces) == self.faces and len(set(by_face.values())) == 1:
            return next(iter(by_face.values()))
        return r" \textbar{} ".join(rf"{{\color{{{face}}}{tex}}}" for face, tex in by_face.items())

    def condition(self, condition: Condition) -> str:
        """Return a condition as a formula."""
        return f"${latex(condition, self.faces[0], display='inline')}$"

    def outcome(self, verdict: Verdict, refuted: bool = False) -> str:
        """Return the outcome of a verdict as a coloured word, with the order of its error."""
        said = self.standard.sentence(extent(verdict))
        error = f", {said}" if said else ""
        return _coloured(verdict.outcome, error, refuted)

    def evidence_text(self, text: str) -> str:
        """Return a piece of evidence, in which lines may break anywhere sensible."""
        return "".join(
            breakable(s.content)
            if s.kind == "text" and isinstance(s.content, str)
            else self.standard.sentence((s,))
            for s in plain_sentence(text, STANDARD)
        )

    def small_print(self, verdict: Verdict, *more: str, checked: str = "") -> str:
        """Return what a verdict rests on, as small print; what the engines say comes last."""
        if self.evidence == "none":
            return ""
        if self.evidence == "line":
            facts = [self.evidence_line(verdict, checked)]
        else:
            words, engines = in_words(verdict, checked)
            facts = [*more, *map(self.evidence_text, words), self.assumptions(verdict)]
            facts += [f"witness: {self.evidence_text(verdict.witness)}"] if verdict.witness else []
            facts += [f"engines: {'; '.join(map(self.evidence_text, engines))}"] if engines else []
        shown = "; ".join(filter(None, facts))
        return rf"\smallprint{{{shown}.}}" if shown else ""

    def _title(self, spans: Sentence, label: str = "") -> str:
        """Return a sentence for a heading: as it is printed, and as the outline of the file shows it."""
        before = f"{escaped(label)}: " if label else ""
        outline = escaped(plain_text(spans))
        plain = _MATH_SHIFT.sub("", outline).replace("\\textsuperscript", "")
        return rf"\texorpdfstring{{{before}{self.sentence(spans)}}}{{{before}{plain}}}"

    # Blocks of prose.

    def paragraph(self, block: Paragraph) -> str:
        """Return a paragraph."""
        return self.sentence(block.spans)

    def bullets(self, block: Bullets) -> str:
        """Return a list."""
        kind = "enumerate" if block.numbered else "itemize"
        items = "\n".join(
            "\n\n".join([rf"\item {self.sentence(item)}", *map(self.block, inner)])
            for item, inner in block.parts
        )
        # The counter of the first level; deeper lists begin with one.
        first = rf"\setcounter{{enumi}}{{{block.first - 1}}}" if block.numbered and block.first != 1 else ""
        return f"\\begin{{{kind}}}{first}\n{items}\n\\end{{{kind}}}"

    def quotation(self, block: Quotation) -> str:
        """Return a quotation."""
        said = "\n\n".join(map(self.block, block.parts))
        return f"\\begin{{quote}}\n{said}\n\\end{{quote}}"

    def subheading(self, block: Subheading) -> str:
        """Return the title of a part of a section."""
        heading = rf"\{HEADINGS[self.sublevel]}{{{self._title(block.title)}}}"
        return rf"{heading}\hypertarget{{{name_of(block.anchor)}}}{{}}"

    def aside(self, block: Aside) -> str:
        """Return a frame."""
        text = "\n\n".join(map(self.block, block.paragraphs))
        return rf"\aside{{{escaped(block.title)}}}{{{text}}}"

    # Equations.

    def line(self, block: Line) -> str:
        """Return a numbered formula with its reason, and its verdict as small print."""
        says = f"{self.sentence(block.says)}\n\n" if block.says else ""
        move = self.sentence(block.move) or ("continued from there" if block.recalled else "")
        mark = self.outcome(block.verdict, block.refuted) if block.verdict is not None else ""
        panels = self._panels(
            {face: latex(block.statement, face, self.vocabulary) for face in block.faces}, block.statement
        )
        seen = map(breakable, block.dimensions.evidence if block.dimensions is not None else ())
        proof = ""
        if block.verdict is not None:
            proof = self.small_print(block.verdict, *seen, checked=block.checked)
        return f"{says}\\head{{{_number(block)}}}{{{move}}}{{{mark}}}\n{panels}\n{proof}"

    def _panels(self, shown: Mapping[Face, str], formula: Formula) -> str:
        """Return a formula in panels, side by side where they have room; alone in a document of one face."""
        if len(shown) == 1 and tuple(shown) == self.faces:
            return rf"\alone{{{shown[self.faces[0]]}}}"
        panels = [rf"\{face}{{{printed}}}" for face, printed in shown.items()]
        if len(panels) == 1:
            return panels[0]
        wide = max(width(mathml(formula, face, self.vocabulary)) for face in shown) > WIDE
        return rf"\{'stacked' if wide else 'beside'}{{{panels[0]}}}{{{panels[1]}}}"

    def aligned(self, block: Aligned) -> str:
        """Return the equations of a function written by hand, in the order of its author."""
        panels = self._panels(dict(block.latex), block.equations)
        return rf"\textit{{{escaped(block.heading)}}}" + "\n\n" + panels

    def finding(self, block: Contrast) -> str:
        """Return a finding, its columns side by side."""
        says = "\n\n".join(map(self.block, block.says))
        colours = ("holds", "fails", "quiet")
        columns = "\\hfill\n".join(
            f"\\begin{{minipage}}[t]{{.317\\linewidth}}\\columnhead{{{colour}}}{{{escaped(name)}}}\\small\n"
            + "\n\n".join(map(self._within_column, parts))
            + "\n\\end{minipage}"
            for colour, (name, parts) in zip(colours, block.columns, strict=True)
        )
        opening = rf"\begin{{finding}}{{{block.number}}}{{{self.sentence(block.title)}}}"
        head = rf"\hypertarget{{{name_of(block.anchor)}}}{{}}{opening}"
        mark = self.outcome(block.verdict, block.refuted)
        closing = f"{mark}\n{self.small_print(block.verdict)}\n\\end{{finding}}"
        return "\n\n".join([head, says, columns, closing])

    def _within_column(self, part: Sentence | Line) -> str:
        if not isinstance(part, Line):
            return rf"\sloppy {self.sentence(part)}"
        number = f"{_number(part)}\n\n" if part.number else ""
        one = "alone" if part.faces == self.faces and len(part.faces) == 1 else ""
        printed = (
            rf"\{one or face}{{{latex(part.statement, face, self.vocabulary)}}}" for face in part.faces
        )
        return number + "\\par\\vspace{2pt}\n".join(printed)

    # Claims.

    def claim(self, block: Judged) -> str:
        """Return a claim with its verdict; what it says formally is small print."""
        quoted = self.sentence(block.says)
        bold = rf"\textbf{{{escaped(block.id)}}}"
        name = rf"\hypertarget{{{name_of(block.anchor)}}}{{{bold}}} ({escaped(block.where)})"
        mark = rf"\hfill\mbox{{{self.outcome(block.verdict, block.refuted)}}}\par"
        formal = [f"formally: {self.sentence(block.formal)}"]
        formal += [f"repaired: {self.sentence(block.repair)}"] if block.repair else []
        proof = self.small_print(block.verdict, *formal)
        if self.evidence != "folded":
            proof = rf"\smallprint{{{'; '.join(formal)}.}}{proof}"
        return f"{{\\sloppy {name}\\quad {quoted}{mark}}}\\nopagebreak\n{proof}"

    def audit(self, block: Audit) -> str:
        """Return the table of all claims."""
        head = tuple((escaped(name), len(name) * CHARACTER, len(name) * CHARACTER) for name in AUDIT_HEAD)
        rows = [
            (
                (rf"\hyperlink{{{name_of(c.anchor)}}}{{{escaped(c.id)}}}", 24.0, 24.0),
                (breakable(c.where), 50.0, 60.0),
                self._cell(c.says),
                (_coloured(c.verdict.outcome, refuted=c.refuted), BADGE, BADGE),
            )
            for c in block.claims
        ]
        return _table(head, rows)

    # Tables, figures and the rest.

    def table(self, block: Grid) -> str:
        """Return a table under its caption."""
        head = tuple(map(self._cell, block.head))
        rows = [tuple(map(self._cell, row)) for row in block.rows]
        words = rf"{{\small {self.sentence(block.caption)}\par}}" if block.caption else ""
        caption = rf"\hypertarget{{{name_of(block.anchor)}}}{{}}{words}"
        return f"{caption}\\nopagebreak\n{_table(head, rows)}"

    def _cell(self, spans: Sentence) -> Cell:
        words = [w for s in spans if isinstance(s.content, str) for w in s.content.split()]
        maths = [
            2.1 * CHARACTER * width(mathml(s.content, display="inline"))
            for s in spans
            if s.kind == "formula" and not isinstance(s.content, str | Verdict)
        ]
        marks = [BADGE for s in spans if s.kind == "verdict"]
        pieces = [len(w) * CHARACTER for w in words] + maths + marks
        return self.sentence(spans), max(pieces, default=0.0), sum(pieces) + len(words) * CHARACTER

    def figure(self, block: Picture) -> str:
        """Return a figure from its file, with its caption."""
        caption = rf"\textbf{{Figure {block.number}.}} {self.sentence(block.caption)}"
        return (
            f"\\begin{{center}}\\hypertarget{{{name_of(f'figure-{block.name}')}}}{{}}"
            f"\\includegraphics[width=\\linewidth]{{figures/{block.name}.pdf}}\\end{{center}}\\nopagebreak\n"
            f"{{\\small {caption}\\par}}"
        )

    def photo(self, block: Photo) -> str:
        """Return the file of a picture, no wider than the text, with its caption."""
        refuse_for_tex(block)
        caption = rf"\par{{\small {escaped(block.caption)}}}" if block.caption else ""
        return rf"\begin{{center}}\photo{{figures/{block.name}}}{caption}\end{{center}}"

    def embedded(self, block: Embedded) -> str:
        """Return what is said instead of a page that runs."""
        return self.paragraph(Paragraph(block.instead))

    def listing(self, block: Listing) -> str:
        """Return source code under its heading."""
        text = _CONTROLS.sub(lambda c: f"[{unicodedata.name(c[0], 'control')}]", block.text.strip("\n"))
        heading = rf"\textbf{{\small {breakable(block.heading)}}}\nopagebreak" + "\n" if block.heading else ""
        if r"\end{" in text:  # which might end what lstlisting prints as it stands
            return heading + _typewritten(text)
        strange = sorted({c for c in text if not c.isascii()})
        literate = "".join(f"{{{c}}}{{{{{escaped(c)}}}}}1" for c in strange)
        options = f"[literate={literate}]" if literate else ""
        return f"{heading}\\begin{{lstlisting}}{options}\n{text}\n\\end{{lstlisting}}"

    def facts(self, block: Facts) -> str:
        """Return labels and facts, in which bare code may be broken."""
        rows = "\n\n".join(rf"\textbf{{{breakable(k)}}}: {self._fact(v)}" for k, v in block.rows)
        return f"{{\\small\\sloppy {rows}\\par}}" if rows else ""

    def _fact(self, spans: Sentence) -> str:
        return "".join(
            self.evidence_text(s.content)
            if s.kind == "text" and isinstance(s.content, str)
            else self.sentence((s,))
            for s in spans
        )


def _coloured(outcome: Outcome, error: str = "", refuted: bool = False) -> str:
    return rf"\verdict{{{COLOURS[outcome]}}}{{{SIGNS[outcome]}~{outcome_word(outcome, refuted)}{error}}}"


def _totals(totals: Sequence[Total]) -> list[str]:
    """Return how steps, equations and claims came out, a line for each kind."""
    return [
        ",\n".join(rf"\verdict{{{COLOURS[t.outcome]}}}{{{SIGNS[t.outcome]}~{words}}}" for t, words in row)
        for row in phrases(totals)
    ]


# Controls of ASCII but for the end of a line and the tab.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f]")


def _typewritten(text: str) -> str:
    """Return lines of code as sentences in which TeX acts upon nothing."""
    lines = (escaped(line.expandtabs()).replace(" ", r"\ ") or r"\ " for line in text.splitlines())
    font = r"\ttfamily\fontsize{7.2}{9.4}\selectfont\raggedright\setlength{\parskip}{0pt}"
    return rf"{{{font} " + "\\par\n".join(lines) + r"\par}"


def _number(line: Line) -> str:
    if not line.number:
        return ""
    name, link = name_of(anchor_of_number(line.number)), "hyperlink" if line.recalled else "hypertarget"
    return rf"\{link}{{{name}}}{{\textbf{{({escaped(line.number)})}}\quad }}"


def _table(head: tuple[Cell, ...], rows: Sequence[tuple[Cell, ...]]) -> str:
    widths, size = _widths([head, *rows])
    columns = "".join(rf">{{\raggedright\arraybackslash}}p{{{w:.1f}pt}}" for w in widths)
    # A star behind the end of a row would belong to it.
    lines = ["{}" * row[0][0].startswith("*") + " & ".join(cell[0] for cell in row) + r" \\" for row in rows]
    named = " & ".join(rf"\textbf{{{cell[0]}}}" for cell in head)
    body = "\n".join(lines)
    return (
        f"{{\\fontsize{{{size:.2f}}}{{{1.25 * size:.2f}}}\\selectfont\\let\\verdictsize\\relax"
        f"\\setlength{{\\tabcolsep}}{{{GAP / 2}pt}}\n"
        f"\\begin{{longtable}}{{@{{}}{columns}@{{}}}}\n\\toprule {named} \\\\ \\midrule\\endhead\n"
        f"{body}\n\\bottomrule\n\\end{{longtable}}}}"
    )


def _widths(rows: Sequence[tuple[Cell, ...]]) -> tuple[list[float], float]:
    """Return the widths of columns and the size of the font.

    Each column has room for its widest piece, the rest is shared by need; where there is no room for all
    pieces, all become smaller.
    """
    columns = list(zip(*rows, strict=True))
    least = [max(cell[1] for cell in column) + 4 for column in columns]
    whole = [max(cell[2] for cell in column) for column in columns]
    wanted = [max(full - low, 1.0) for full, low in zip(whole, least, strict=True)]
    room = TEXT - GAP * (len(columns) - 1) - sum(least)
    fraction = min(max(room, 0) / sum(wanted), 1.0)
    squeeze = min((TEXT - GAP * (len(columns) - 1)) / sum(least), 1.0)
    widths = [low * squeeze + want * fraction for low, want in zip(least, wanted, strict=True)]
    return widths, SMALL_PRINT * squeeze
