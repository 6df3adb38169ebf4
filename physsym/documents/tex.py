"""The document as LaTeX, for a basic TeX installation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import singledispatch
from importlib.resources import files

from physsym.documents.chapters import anchor_of_number
from physsym.documents.tex_text import (
    COLOURS,
    SIGNS,
    breakable,
    escaped,
    evidence,
    outcome,
    sentence,
    title,
    told,
)
from physsym.documents.tree import (
    AUDIT_HEAD,
    FACES,
    Aligned,
    Aside,
    Audit,
    Block,
    Bullets,
    Contrast,
    Document,
    Facts,
    Formula,
    Grid,
    Judged,
    Line,
    Listing,
    Paragraph,
    Picture,
    Section,
    Sentence,
    Subheading,
    counted,
)
from physsym.printing import latex, mathml
from physsym.printing.mathml_printer import width
from physsym.vocabulary import STANDARD, Face, Vocabulary

WIDE = 15.0  # em: what fits into one of two panels side by side
# How wide the text is, and a character of small print, in pt; for the columns of tables.
TEXT, CHARACTER, GAP, BADGE = 381.0, 4.9, 8.0, 62.0
SMALL_PRINT = 9.0
Cell = tuple[str, float, float]  # what is printed, its widest piece, and how wide it would be on one line
HEADINGS = {2: "section", 3: "subsection"}


def tex(document: Document) -> str:
    """Return the document as LaTeX; its figures are files beside it, `figures/NAME.pdf`."""
    preamble = (files("physsym.documents") / "preamble.tex").read_text(encoding="utf-8")
    subtitle = rf"\\[.5em]\large\itshape {escaped(document.subtitle)}" if document.subtitle else ""
    front = rf"\title{{{escaped(document.title)}{subtitle}}}\author{{}}\date{{}}"
    opening = [block_tex(p, STANDARD) for p in document.opening]
    body = [part for section in document.sections for part in _section(section)]
    parts = [front, r"\begin{document}", r"\maketitle", *opening, r"\tableofcontents", *body]
    return preamble + "\n\n".join([*parts, r"\end{document}"]) + "\n"


def _section(section: Section) -> Iterable[str]:
    command, name = HEADINGS[section.level], title(section.title, section.vocabulary, section.label)
    yield rf"\{command}{{{name}}}\hypertarget{{{section.anchor}}}{{}}"
    yield from (block_tex(block, section.vocabulary) for block in section.blocks)


@singledispatch
def block_tex(block: Block, vocabulary: Vocabulary) -> str:
    """Return a block as LaTeX; raises TypeError for what is no block."""
    raise TypeError(f"no LaTeX is known for {type(block).__name__}")


@block_tex.register(Paragraph)
def _(block: Paragraph, vocabulary: Vocabulary) -> str:
    return sentence(block.spans, vocabulary)


@block_tex.register(Bullets)
def _(block: Bullets, vocabulary: Vocabulary) -> str:
    kind = "enumerate" if block.numbered else "itemize"
    items = "\n".join(rf"\item {sentence(item, vocabulary)}" for item in block.items)
    return f"\\begin{{{kind}}}\n{items}\n\\end{{{kind}}}"


@block_tex.register(Subheading)
def _(block: Subheading, vocabulary: Vocabulary) -> str:
    return rf"\subsection{{{title(block.title, vocabulary)}}}\hypertarget{{{block.anchor}}}{{}}"


@block_tex.register(Line)
def _(block: Line, vocabulary: Vocabulary) -> str:
    says = f"{sentence(block.says, vocabulary)}\n\n" if block.says else ""
    seen = map(breakable, block.dimensions.evidence if block.dimensions is not None else ())
    proof = evidence(block.verdict, *seen) if block.verdict is not None else ""
    return f"{says}{_equation(block, vocabulary)}\n{proof}"


def _equation(line: Line, vocabulary: Vocabulary) -> str:
    move = sentence(line.move, vocabulary) or ("continued from there" if line.recalled else "")
    mark = outcome(line.verdict) if line.verdict is not None else ""
    panels = _faces(line.statement, vocabulary, line.faces)
    return f"\\head{{{_number(line)}}}{{{move}}}{{{mark}}}\n{panels}"


def _number(line: Line) -> str:
    name = anchor_of_number(line.number)
    shown = rf"\textbf{{({escaped(line.number)})}}\quad "
    if not line.number:
        return ""
    return rf"\hyperlink{{{name}}}{{{shown}}}" if line.recalled else rf"\hypertarget{{{name}}}{{{shown}}}"


def _faces(formula: Formula, vocabulary: Vocabulary, faces: Sequence[Face]) -> str:
    wide = max(width(mathml(formula, face, vocabulary)) for face in faces) > WIDE
    return _panels([(face, latex(formula, face, vocabulary)) for face in faces], wide)


def _panels(faces: Sequence[tuple[Face, str]], wide: bool) -> str:
    panels = [rf"\{face}{{{printed}}}" for face, printed in faces]
    if len(panels) == 1:
        return panels[0]
    return rf"\{'stacked' if wide else 'beside'}{{{panels[0]}}}{{{panels[1]}}}"


@block_tex.register(Aligned)
def _(block: Aligned, vocabulary: Vocabulary) -> str:
    wide = max(width(mathml(block.equations, face, vocabulary)) for face in FACES) > WIDE
    return rf"\textit{{{escaped(block.heading)}}}" + "\n\n" + _panels(block.latex, wide)


@block_tex.register(Contrast)
def _(block: Contrast, vocabulary: Vocabulary) -> str:
    says = "\n\n".join(block_tex(p, vocabulary) for p in block.says)
    colours = ("holds", "fails", "quiet")
    columns = "\\hfill\n".join(
        f"\\begin{{minipage}}[t]{{.317\\linewidth}}\\columnhead{{{colour}}}{{{name}}}\\small\n"
        + "\n\n".join(_told(t, vocabulary) for t in column)
        + "\n\\end{minipage}"
        for colour, (name, column) in zip(colours, block.columns, strict=True)
    )
    opening = rf"\begin{{finding}}{{{block.number}}}{{{sentence(block.title, vocabulary)}}}"
    head = rf"\hypertarget{{{block.anchor}}}{{}}{opening}"
    closing = f"{outcome(block.verdict)}\n{evidence(block.verdict)}\n\\end{{finding}}"
    return "\n\n".join([head, says, columns, closing])


def _told(told: Sentence | Line, vocabulary: Vocabulary) -> str:
    if not isinstance(told, Line):
        return rf"\sloppy {sentence(told, vocabulary)}"
    number = f"{_number(told)}\n\n" if told.number else ""
    printed = (rf"\{face}{{{latex(told.statement, face, vocabulary)}}}" for face in told.faces)
    return number + "\\par\\vspace{2pt}\n".join(printed)


@block_tex.register(Judged)
def _(block: Judged, vocabulary: Vocabulary) -> str:
    quoted = f"“{sentence(block.says, vocabulary)}”"
    name = rf"\hypertarget{{{block.anchor}}}{{\textbf{{{escaped(block.id)}}}}} ({escaped(block.where)})"
    mark = rf"\hfill\mbox{{{outcome(block.verdict)}}}\par"
    repair = [f"repaired: {sentence(block.repair, vocabulary)}"] if block.repair else []
    proof = evidence(block.verdict, f"formally: {sentence(block.formal, vocabulary)}", *repair)
    return f"{{\\sloppy {name}\\quad {quoted}{mark}}}\\nopagebreak\n{proof}"


@block_tex.register(Audit)
def _(block: Audit, vocabulary: Vocabulary) -> str:
    totals = ", ".join(counted(outcome, count, "~") for outcome, count in block.counts)
    head = tuple((escaped(name), len(name) * CHARACTER, len(name) * CHARACTER) for name in AUDIT_HEAD)
    rows = [_audit_row(claim, vocabulary) for claim in block.claims]
    return f"{totals}.\n\n{_table(head, rows)}"


def _audit_row(claim: Judged, vocabulary: Vocabulary) -> tuple[Cell, ...]:
    found = claim.verdict.outcome
    return (
        (rf"\hyperlink{{{claim.anchor}}}{{{escaped(claim.id)}}}", 24.0, 24.0),
        (breakable(claim.where), 50.0, 60.0),
        _measured(claim.says, vocabulary),
        (rf"\verdict{{{COLOURS[found]}}}{{{SIGNS[found]}~{found.value}}}", BADGE, BADGE),
    )


@block_tex.register(Grid)
def _(block: Grid, vocabulary: Vocabulary) -> str:
    head = tuple(_measured(name, vocabulary) for name in block.head)
    rows = [tuple(_measured(cell, vocabulary) for cell in row) for row in block.rows]
    caption = rf"\hypertarget{{{block.anchor}}}{{}}{{\small {sentence(block.caption, vocabulary)}\par}}"
    return f"{caption}\\nopagebreak\n{_table(head, rows)}"


def _measured(spans: Sentence, vocabulary: Vocabulary) -> Cell:
    words = [w for s in spans if isinstance(s.content, str) for w in s.content.split()]
    maths = [
        2.1 * CHARACTER * width(mathml(s.content, display="inline"))
        for s in spans
        if s.kind == "formula" and not isinstance(s.content, str)
    ]
    marks = [BADGE for s in spans if s.kind == "verdict"]
    pieces = [len(w) * CHARACTER for w in words] + maths + marks
    return sentence(spans, vocabulary), max(pieces, default=0.0), sum(pieces) + len(words) * CHARACTER


def _table(head: tuple[Cell, ...], rows: Sequence[tuple[Cell, ...]]) -> str:
    widths, size = _widths([head, *rows])
    columns = "".join(rf">{{\raggedright\arraybackslash}}p{{{w:.1f}pt}}" for w in widths)
    lines = [" & ".join(cell[0] for cell in row) + r" \\" for row in rows]
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
    share = min(max(room, 0) / sum(wanted), 1.0)
    squeeze = min((TEXT - GAP * (len(columns) - 1)) / sum(least), 1.0)
    widths = [low * squeeze + want * share for low, want in zip(least, wanted, strict=True)]
    return widths, SMALL_PRINT * squeeze


@block_tex.register(Picture)
def _(block: Picture, vocabulary: Vocabulary) -> str:
    caption = rf"\textbf{{Figure {block.number}.}} {sentence(block.caption, vocabulary)}"
    return (
        f"\\begin{{center}}\\hypertarget{{figure-{block.name}}}{{}}"
        f"\\includegraphics[width=\\linewidth]{{figures/{block.name}.pdf}}\\end{{center}}\\nopagebreak\n"
        f"{{\\small {caption}\\par}}"
    )


@block_tex.register(Listing)
def _(block: Listing, vocabulary: Vocabulary) -> str:
    strange = sorted({c for c in block.text if not c.isascii()})
    literate = "".join(f"{{{c}}}{{{{{escaped(c)}}}}}1" for c in strange)
    options = f"[literate={literate}]" if literate else ""
    heading = rf"\textbf{{\small {breakable(block.heading)}}}"
    return (
        f"{heading}\\nopagebreak\n\\begin{{lstlisting}}{options}\n{block.text.strip()}\n\\end{{lstlisting}}"
    )


@block_tex.register(Facts)
def _(block: Facts, vocabulary: Vocabulary) -> str:
    rows = "\n\n".join(rf"\textbf{{{breakable(k)}}}: {_fact(v, vocabulary)}" for k, v in block.rows)
    return f"{{\\small\\sloppy {rows}\\par}}"


def _fact(spans: Sentence, vocabulary: Vocabulary) -> str:
    """Return a sentence in which bare code may be broken."""
    return "".join(
        told(s.content) if s.kind == "text" and isinstance(s.content, str) else sentence((s,), vocabulary)
        for s in spans
    )


@block_tex.register(Aside)
def _(block: Aside, vocabulary: Vocabulary) -> str:
    text = "\n\n".join(block_tex(p, vocabulary) for p in block.paragraphs)
    return rf"\aside{{{escaped(block.title)}}}{{{text}}}"
