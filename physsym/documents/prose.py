"""Prose with formulas: Markdown text in which what is in backticks is read as a formula."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import cast

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode
from sympy import Expr, S

from physsym.core.statements import Equation, Relation
from physsym.core.verdicts import Outcome, Verdict
from physsym.documents.numbers import judge_numbers, rounded
from physsym.documents.tree import (
    FACES,
    Bullets,
    Formula,
    Grid,
    Line,
    Paragraph,
    Prose,
    Quotation,
    Sentence,
    Span,
)
from physsym.parsing import ReadError, read
from physsym.printing.unicode_printer import RAISED
from physsym.vocabulary import Face, Vocabulary

_MARKDOWN = MarkdownIt("commonmark", {"typographer": True}).enable("smartquotes")
# Every link is read as one, so that those which lead nowhere safe are refused with a reason.
_MARKDOWN.validateLink = lambda url: True  # type: ignore[method-assign]
_DOLLARS = re.compile(r"\$\$(.+?)\$\$|\$(?=\S)((?:\\.|[^$\\])+?)(?<=\S)\$(?!\d)", re.DOTALL)


def _math(state: StateInline, silent: bool) -> bool:
    """Take what is between dollars for a formula, before anything else in it is read as Markdown."""
    found = _DOLLARS.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        token = state.push("math_display" if found[1] else "math_inline", "", 0)
        token.content, token.markup = (found[1] or found[2]).strip(), found[0]
    state.pos = found.end()
    return True


_WITH_DOLLARS = MarkdownIt("commonmark", {"typographer": True}).enable(["smartquotes", "table"])
_WITH_DOLLARS.inline.ruler.before("escape", "dollars", _math)
_WITH_DOLLARS.validateLink = _MARKDOWN.validateLink  # type: ignore[method-assign]
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
SCHEMES = ("http", "https", "mailto")
_WORD = re.compile(r"[A-Za-z_.]+")
# The relations that `read` does not know; the arrow of an update is none of them.
_RELATION = re.compile(r"(<=|>=|!=|->|<(?!-)|>|~)")
_MARKED = re.compile(r"`([^`]+)`")
# Behind one backtick stands a formula, behind several code.
_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
FACE_MARKS = tuple(f"{face}:" for face in FACES)
ABOUT = "about:"  # what follows is a number that is printed rounded
_REFERENCE = re.compile(r"(\(\d+\.\d+[a-z]?'?\)|\b[A-Z]\d+[a-z]?\b)")
NOWHERE: Mapping[str, str] = MappingProxyType({})


def sentence(text: str, vocabulary: Vocabulary, anchors: Mapping[str, str] = NOWHERE) -> Sentence:
    """Return a sentence as spans. A single word in backticks that the vocabulary does not know stays code.

    `physics: x` and `learning: x` in backticks are printed on that face only. A statement about numbers that
    does not hold is followed by its verdict. `anchors` gives the targets of references, by their text, such
    as "(1.4)" or "C37". Raises ReadError for a formula that cannot be read.
    """
    return tuple(span for part in paragraphs(text, vocabulary, anchors) for span in _flat(part))


def _flat(part: Prose) -> Iterator[Span]:
    """Yield the pieces of all sentences of a paragraph, a list or a quotation."""
    match part:
        case Paragraph():
            yield from part.spans
        case Bullets():
            for item, inner in part.parts:
                yield from item
                yield from (span for other in inner for span in _flat(other))
        case Quotation():
            yield from (span for other in part.parts for span in _flat(other))
        case Grid():
            yield from (span for row in (part.head, *part.rows) for cell in row for span in cell)


def paragraphs(text: str, vocabulary: Vocabulary, anchors: Mapping[str, str] = NOWHERE) -> tuple[Prose, ...]:
    """Return the paragraphs, lists and quotations of a text; errors as from `sentence`."""
    return tuple(_parts(SyntaxTreeNode(_MARKDOWN.parse(text)).children, vocabulary, anchors))


def blocks_of_passage(
    text: str, vocabulary: Vocabulary, anchors: Mapping[str, str], faces: tuple[Face, ...]
) -> Iterator[Prose | Line]:
    """Yield the blocks of prose and displayed formulas of a text with LaTeX between dollars.

    What cannot be read between dollars stays as it is written.
    """
    tokens = _WITH_DOLLARS.parse(text)
    if lost := next((t for t in tokens if t.type in ("fence", "code_block", "html_block")), None):
        raise ValueError(f"code within a list or a quotation is not taken over: {lost.content.strip()!r}")
    for part in _parts(SyntaxTreeNode(tokens).children, vocabulary, anchors):
        spans = part.spans if isinstance(part, Paragraph) else ()
        sentences: list[Span] = []
        for span in spans:
            if span.kind == "formula" and span.display:
                if any(str(s.content).strip() for s in sentences):
                    yield Paragraph(tuple(sentences))
                sentences = []
                yield Line("", cast(Formula, span.content), faces=faces)
            else:
                sentences.append(span)
        if not isinstance(part, Paragraph):
            yield part
        elif any(str(s.content).strip() for s in sentences):
            yield Paragraph(tuple(sentences))


# The relations of LaTeX that an equation or an update has not.
_LATEX_RELATIONS = {
    "<": "<", ">": ">", r"\lt": "<", r"\gt": ">", r"\le": "<=", r"\leq": "<=", r"\ge": ">=", r"\geq": ">=",
    r"\ne": "!=", r"\neq": "!=", r"\to": "->", r"\rightarrow": "->", r"\approx": "~",
}  # fmt: skip
_LATEX_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[{}<>]")


def _formula_of_latex(text: str, vocabulary: Vocabulary) -> Formula:
    """Return a formula of LaTeX: what `read` reads, or sides with relations such as `<` between them."""
    sides, relations, depth, start = [], [], 0, 0
    for token in _LATEX_TOKEN.finditer(text):
        depth += {"{": 1, "}": -1}.get(token[0], 0)
        if not depth and token[0] in _LATEX_RELATIONS:
            sides.append(text[start : token.start()])
            relations.append(_LATEX_RELATIONS[token[0]])
            start = token.end()
    if not relations:
        return _read_latex(text, vocabulary)
    values = [_latex_side(side, text, vocabulary) for side in (*sides, text[start:])]
    return Relation(tuple(values), tuple(relations))


def _read_latex(text: str, vocabulary: Vocabulary) -> Formula:
    """Return what `read` reads; g is printed as it is written, and not as the gradient at x."""
    return read(text, vocabulary, ("g",) if vocabulary.get("g") is None else (), notation="latex")


def _latex_side(side: str, text: str, vocabulary: Vocabulary) -> Expr:
    if side.strip() in (r"\infty", r"+\infty", r"-\infty"):
        return S.NegativeInfinity if side.strip().startswith("-") else S.Infinity
    value = _read_latex(side, vocabulary)
    if not isinstance(value, Expr):
        raise ReadError("found = beside another relation; write the equation by itself", text, 0)
    return value


def _in_dollars(token: Token, vocabulary: Vocabulary) -> Iterator[Span]:
    """Yield a formula of LaTeX, or its text where it cannot be read; a false number has its verdict."""
    try:
        found = _formula_of_latex(token.content, vocabulary)
    except ReadError:
        latex = " ".join(token.content.split())
        yield Span("tex", rf"\displaystyle {latex}" if token.type == "math_display" else latex)
        return
    written = _right_of_approx(token.content)
    if isinstance(found, Relation) and found.relations == ("~",) and "." in written:
        # A decimal number is printed as it is written, and not as the fraction that it is read as.
        yield Span("formula", found.sides[0])
        yield Span("text", f" ≈ {written}")
    else:
        yield Span("formula", found, display=token.type == "math_display")
    verdict = _verdict_on_latex(found, token.content)
    if verdict is not None and not verdict:
        yield Span("text", " ")
        yield Span("verdict", verdict)


def _right_of_approx(latex: str) -> str:
    r"""Return the decimal number behind the last \approx of a formula; nothing where there is none."""
    _, sign, right = latex.rpartition(r"\approx")
    return right.strip() if sign and re.fullmatch(r"\s*-?\d+(\.\d+)?\s*", right) else ""


def _verdict_on_latex(stated: Formula, latex: str) -> Verdict | None:
    """Return the verdict on a statement about numbers; None for one that says anything else."""
    if isinstance(stated, Equation):
        stated = Relation((stated.left, stated.right), ("=",))
    if not isinstance(stated, Relation) or not _is_about_numbers(stated) or "->" in stated.relations:
        return None
    if "~" in stated.relations and (stated.relations != ("~",) or not _right_of_approx(latex)):
        return None  # how close the two sides are to be is not said
    return judge_numbers(stated, f"~{_right_of_approx(latex)}")


def stated_in_passage(text: str, vocabulary: Vocabulary) -> Iterator[tuple[str, Verdict]]:
    r"""Yield each statement about numbers alone of a Markdown file, in backticks and between dollars.

    >>> from physsym.vocabulary import STANDARD
    >>> text = r"It is `1/2 > 2/3`, and $e^{-1} \approx 0.37$, which is code: ``$1 > 2$``."
    >>> [(said, verdict.outcome.value) for said, verdict in stated_in_passage(text, STANDARD)]
    [('1/2 > 2/3', 'fails'), ('$e^{-1} \\approx 0.37$', 'holds')]
    """
    children = (child for token in _WITH_DOLLARS.parse(text) for child in token.children or ())
    for child in children:
        if child.type == "code_inline" and child.markup == "`":
            yield from stated_numbers(f"`{child.content}`", vocabulary)
        elif child.type in ("math_inline", "math_display"):
            try:
                found = _formula_of_latex(child.content, vocabulary)
            except ReadError:
                continue
            if (verdict := _verdict_on_latex(found, child.content)) is not None:
                yield child.markup, verdict


def _parts(
    nodes: Iterable[SyntaxTreeNode], vocabulary: Vocabulary, anchors: Mapping[str, str]
) -> Iterator[Prose]:
    """Yield the paragraphs, lists, quotations and tables of Markdown; what is none of these is left out."""

    def spans(node: SyntaxTreeNode) -> Sentence:
        inline = next((child.token for child in node.children if child.type == "inline"), None)
        return tuple(_spans(inline, vocabulary, anchors)) if inline is not None else ()

    for node in nodes:
        match node.type:
            case "paragraph" | "heading":
                yield Paragraph(spans(node))
            case "bullet_list" | "ordered_list":
                items = [tuple(_parts(item.children, vocabulary, anchors)) for item in node.children]
                yield _list(items, node.type == "ordered_list", int(node.attrs.get("start", 1)))
            case "blockquote":
                yield Quotation(tuple(_parts(node.children, vocabulary, anchors)))
            case "table":
                rows = [tuple(map(spans, row.children)) for part in node.children for row in part.children]
                yield Grid((), "", rows[0], tuple(rows[1:]), (None,) * len(rows[0]))


def _list(items: Sequence[tuple[Prose, ...]], numbered: bool, first: int) -> Bullets:
    """Return a list of items, each a sentence with what stands below it."""
    parts = [
        (item[0].spans, item[1:]) if item and isinstance(item[0], Paragraph) else ((), item) for item in items
    ]
    inner = tuple(below for _, below in parts)
    return Bullets(tuple(spans for spans, _ in parts), numbered, inner if any(inner) else (), first)


@lru_cache(maxsize=4096)  # each format writes the same evidence
def plain_sentence(text: str, vocabulary: Vocabulary) -> Sentence:
    """Return a plain text in which only backticks have a meaning; what cannot be read in them stays code."""
    parts = _MARKED.split(text)
    found = (_formula_or_code(p, vocabulary) if k % 2 else (Span("text", p),) for k, p in enumerate(parts))
    return tuple(span for spans in found for span in spans if span.content != "")


def _formula_or_code(text: str, vocabulary: Vocabulary) -> Sentence:
    try:
        return _in_backticks(text, vocabulary)
    except ReadError:
        return (Span("code", text),)


_KINDS = {"em": "emphasis", "strong": "strong"}


def _spans(token: Token, vocabulary: Vocabulary, anchors: Mapping[str, str]) -> Iterator[Span]:
    kind, link = "text", ("", "")
    for child in token.children or ():
        name, _, side = child.type.rpartition("_")
        if name in _KINDS:
            kind = _KINDS[name] if side == "open" else "text"
            continue
        if name == "link":
            link = _where_to(str(child.attrGet("href") or "")) if side == "open" else ("", "")
            continue
        found: Iterable[Span] = ()
        if child.type == "code_inline" and child.markup != "`":
            found = (Span("code", child.content),)
        elif child.type == "code_inline":
            found = _formula_of_prose(child.content, vocabulary)
        elif child.type in ("math_inline", "math_display"):
            found = _in_dollars(child, vocabulary)
        elif child.type in ("softbreak", "hardbreak"):
            found = (Span("text", " "),)
        elif child.type == "image":
            found = (Span("text", child.content or "picture"),)
            link = _where_to_picture(str(child.attrGet("src") or ""))
        elif child.content and any(link):
            found = (Span(kind, child.content),)  # type: ignore[arg-type]
        elif child.content:
            found = _referring(child.content, kind, anchors)
        linked = any(link) and child.type not in ("softbreak", "hardbreak")  # a blank alone is no link
        yield from (replace(s, target=link[0], address=link[1]) for s in found) if linked else found
        link = ("", "") if child.type == "image" else link


def _where_to(href: str) -> tuple[str, str]:
    """Return the anchor, or else the address, that a link leads to; ValueError for what no link may do."""
    scheme = _SCHEME.match(href)
    if scheme and scheme[1].lower() not in SCHEMES:
        raise ValueError(
            f"a link leads to {href!r}: one to an address begins with {', '.join(f'{s}:' for s in SCHEMES)}, "
            "and one within the document with #"
        )
    return (href[1:], "") if href.startswith("#") else ("", href.replace("$", "%24"))


def _where_to_picture(href: str) -> tuple[str, str]:
    """Return where the link to a picture in a sentence leads; a file is none: it would not be there."""
    if not _SCHEME.match(href) and not href.startswith(("#", "//")):
        raise ValueError(
            f"the picture {href!r} is part of a sentence: in a Markdown file it stands on a line of its own, "
            "between empty lines, and in a script it is a Figure"
        )
    return _where_to(href)


def _referring(text: str, kind: str, anchors: Mapping[str, str]) -> Iterator[Span]:
    """Yield a text with what it refers to as links: the numbers of equations and the ids of claims."""
    for part in filter(None, _REFERENCE.split(text)):
        yield Span(kind, part, target=anchors.get(part, ""))  # type: ignore[arg-type]


def stated_numbers(prose: str, vocabulary: Vocabulary) -> Iterator[tuple[str, Verdict]]:
    """Yield each statement about numbers alone that a text makes in backticks, with the verdict on it.

    What cannot be read or printed is UNCHECKED.

    >>> from physsym.vocabulary import STANDARD
    >>> text = "It falls to `exp(-1) ~ 0.37`, and `1/2 > 2/3`, in a time `tau`."
    >>> [(said, verdict.outcome.value) for said, verdict in stated_numbers(text, STANDARD)]
    [('exp(-1) ~ 0.37', 'holds'), ('1/2 > 2/3', 'fails')]
    """
    for mark, said in _CODE.findall(prose):
        if mark != "`":
            continue
        text = said.partition(":")[2] if said.startswith(FACE_MARKS) else said
        if not said.startswith(ABOUT) and _WORD.fullmatch(text) and not vocabulary.get(text):
            continue
        try:
            if said.startswith(ABOUT):
                _in_backticks(said, vocabulary)
                continue
            stated = formula(text, vocabulary)
        except ReadError as error:
            yield said, Verdict(Outcome.UNCHECKED, (error.message,))
            continue
        except ValueError as error:
            yield said, Verdict(Outcome.UNCHECKED, (str(error),))
            continue
        if isinstance(stated, Equation):
            stated = Relation((stated.left, stated.right), ("=",))
        if isinstance(stated, Relation) and _is_about_numbers(stated):
            yield said, judge_numbers(stated, said)


def _formula_of_prose(text: str, vocabulary: Vocabulary) -> Sentence:
    """Return what is in backticks, with the verdict on a number that is wrong."""
    try:
        return (*_in_backticks(text, vocabulary), *_contradiction(text, vocabulary))
    except ReadError as error:
        advice = f"{error.message}; code that is no formula stands between double backticks"
        raise ReadError(advice, error.text, error.position) from error


def _contradiction(text: str, vocabulary: Vocabulary) -> Iterator[Span]:
    """Yield the verdict on a statement about numbers that does not hold, to be printed beside it."""
    for _, verdict in stated_numbers(f"`{text}`", vocabulary):
        if not verdict:
            yield Span("text", " ")
            yield Span("verdict", verdict)


def _in_backticks(text: str, vocabulary: Vocabulary) -> Sentence:
    if text.startswith(ABOUT):
        return (Span("text", rounded(_side(text.removeprefix(ABOUT).strip(), vocabulary))),)
    for face in FACES:
        if text.startswith(f"{face}:"):
            return (Span("formula", formula(text.removeprefix(f"{face}:").strip(), vocabulary), face),)
    if _WORD.fullmatch(text) and not vocabulary.get(text):
        return (Span("code", text),)
    read_as = formula(text, vocabulary)
    if not (isinstance(read_as, Relation) and "." in text and _is_about_numbers(read_as)):
        return (Span("formula", read_as),)
    # Decimal numbers are printed as they are written, and not as the fractions that they are read as.
    if read_as.relations != ("~",) or "." in text.partition("~")[0]:
        return (Span("text", _as_written(text)),)
    return (Span("formula", read_as.sides[0]), Span("text", f" ≈ {text.rpartition('~')[2].strip()}"))


def _as_written(text: str) -> str:
    """Return a relation between numbers with the signs of print: 0.9**10 <= 1/2 as 0.9¹⁰ ≤ 1/2."""
    raised = re.sub(r"\*\*(-?\d+)", lambda power: "".join(RAISED[c] for c in power[1]), text.strip())
    for plain, printed in (("<=", "≤"), (">=", "≥"), ("!=", "≠"), ("~", "≈"), ("*", "·")):
        raised = raised.replace(plain, printed)
    return raised


def _is_about_numbers(stated: Relation) -> bool:
    return all(s.is_number and s.is_finite for s in stated.sides)


@lru_cache(maxsize=4096)
def formula(text: str, vocabulary: Vocabulary) -> Formula:
    """Return the formula of a text: what `read` reads, or sides with relations such as < or -> between them.

    Raises ReadError where a side cannot be read. `oo` is infinity, on a side by itself.

    >>> from physsym.vocabulary import STANDARD
    >>> print(formula("0 < eta*lam < 2", STANDARD))
    0 < eta*lam < 2
    >>> print(formula("tau -> oo", STANDARD))
    tau -> oo
    """
    first, *others = _RELATION.split(text)
    if not others:
        return read(text, vocabulary, unknown="refuse")
    sides = tuple(_side(side, vocabulary) for side in (first, *others[1::2]))
    return Relation(sides, tuple(others[::2]))


def _side(text: str, vocabulary: Vocabulary) -> Expr:
    """Return one side of a relation; an equation there would make a second relation of its own."""
    infinite = {"oo": S.Infinity, "-oo": S.NegativeInfinity}
    side = infinite[text.strip()] if text.strip() in infinite else read(text, vocabulary, unknown="refuse")
    if not isinstance(side, Expr):
        advice = "found = beside another relation; write the equation by itself"
        raise ReadError(advice, text, text.index("="))
    return side
