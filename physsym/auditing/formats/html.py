r"""Formulas of HTML: MathJax, KaTeX, `<script type="math/tex">`, `<d-math>`, and annotations of MathML."""

from __future__ import annotations

import re
from html import unescape

from physsym.auditing.formats.markdown import LONGEST
from physsym.auditing.formats.marks import Comment, Found, Heading, Marks, Signs, blanked, elements, found

_COMMENT = re.compile(r"<!--(?P<text>.*?)(?:-->|\Z)", re.DOTALL)
_HINT = re.compile(r"\s*physsym\b(:?)")
_MATH, _HIDDEN, _HEADING = "script|d-math|dt-math|annotation", "script|style|pre|code|textarea|head", "h[1-6]"
_TAG = re.compile(r"<[A-Za-z/!][^<>]*>")
_ENVIRONMENTS = r"(?:equation|align|gather|multline|eqnarray)\*?"
_OPEN = re.compile(rf"\\\(|\\\[|\$\$|\\begin\{{(?P<name>{_ENVIRONMENTS})\}}")
_CLOSE = re.compile(rf"\\\)|\\\]|\$\$|\\end\{{{_ENVIRONMENTS}\}}")
_ENDS = {r"\(": r"\)", r"\[": r"\]", "$$": "$$"}
_PARAGRAPH = re.compile(
    r"</?(?:p|div|li|ul|ol|table|tr|td|section|blockquote|h[1-6]|br)\b[^>]*>", re.IGNORECASE
)


def html_marks(text: str) -> Marks:
    """Return what a page holds."""
    marks = Marks(text)
    spans = list[tuple[int, int]]()
    for comment in _COMMENT.finditer(text):
        spans.append(comment.span())
        hint = _HINT.match(comment["text"])
        if hint:
            inner = comment.start("text") + hint.end()
            said = comment["text"][hint.end() :] if hint[1] else "physsym"
            marks.comments.append(Comment(*comment.span(), inner, said))
    view = blanked(text, spans)
    for opened, close, end in elements(view, _MATH):
        options, tag = opened["options"], opened["tag"].lower()
        if tag == "script" and "math/tex" not in options:
            continue
        if tag == "annotation" and "x-tex" not in options.lower():
            continue
        above = view.rfind("<math", max(0, opened.start() - LONGEST), opened.start()) if tag[0] == "a" else -1
        block = view[above : view.find(">", above)] if above >= 0 else options
        display = "mode=display" in options or bool(re.search(r"\bblock\b", block))
        _note(marks, (opened.end(), close), (opened.start(), end), display)
        spans.append((opened.start(), end))
    spans += [(opened.start(), end) for opened, _, end in elements(view, _HIDDEN)]
    for opened, close, _ in elements(view, _HEADING):
        title = " ".join(unescape(_TAG.sub("", view[opened.end() : close])).split())
        marks.headings.append(Heading(opened.start(), int(opened["tag"][1]), title))
    _signed(marks, blanked(text, spans))
    marks.view = _paragraphs(blanked(text, spans))
    return marks


def _signed(marks: Marks, rest: str) -> None:
    """Note what stands between signs, within a paragraph."""
    ends, at = Signs(rest, _CLOSE), 0
    while opened := _OPEN.search(rest, at):
        at, name = opened.end(), opened["name"]
        sign = f"\\end{{{name}}}" if name else _ENDS[opened[0]]
        close = ends.after(sign, at, at + LONGEST)
        if close >= 0 and not re.search(r"</?(?:p|div|section)\b", rest[at:close]):
            outer = opened.start(), close + len(sign)
            _note(marks, outer if name else (at, close), outer, opened[0] != r"\(")
            at = outer[1]


def _note(marks: Marks, inner: tuple[int, int], outer: tuple[int, int], display: bool) -> None:
    """Note a formula, in which `&lt;` stands for a character and tags for none."""
    formula = found(marks.view, inner, outer)
    if formula:
        held = unescape(_TAG.sub("", marks.view[formula.start : formula.end]))
        marks.formulas.append(Found(formula.start, formula.end, *outer, display, text=held))


def _paragraphs(view: str) -> str:
    """Return a view without tags, in which what parts paragraphs is an empty line of the same length."""
    parted = _PARAGRAPH.sub(lambda m: "\n\n" + " " * (len(m[0]) - 2), view)
    return _TAG.sub(lambda m: " " * len(m[0]), parted)
