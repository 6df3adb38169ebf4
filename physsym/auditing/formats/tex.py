r"""Formulas of LaTeX: between `$`, `$$`, `\(` and `\)`, `\[` and `\]`, and in the environments for formulas.

Comments, what stands behind `\iffalse`, and verbatim text are none; files that are included are not
followed.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable

from physsym.auditing.formats.macros import closing_brace, macros_of
from physsym.auditing.formats.markdown import BARE, ENVIRONMENTS, LONGEST
from physsym.auditing.formats.marks import Comment, Heading, Marks, Signs, blanked, found

_HIDDEN = re.compile(
    r"\\(?:verb|Verb|lstinline)\*?(?P<bar>[^A-Za-z\s*{\[])[^\n]*?(?P=bar)|(?P<comment>%[^\n]*)"
    r"|\\begin\{(?P<env>verbatim\*?|Verbatim|lstlisting|minted|comment|alltt|filecontents\*?|tikzpicture|pycode)\}"
    r".*?(?:\\end\{(?P=env)\}|\Z)|(?P<false>\\iffalse(?![A-Za-z]).*?(?:\\(?:fi|else)(?![A-Za-z])|\Z))|\\\\|\\.",
    re.DOTALL,
)
_HINT = re.compile(r"%+\s*physsym\b(:?)")
_PREAMBLE = re.compile(r"\\documentclass\b.*?\\begin\{document\}", re.DOTALL)
_END = re.compile(r"\\end\{document\}")
_SECTIONS = {
    "part": 1, "chapter": 2, "section": 3, "subsection": 4, "subsubsection": 5, "paragraph": 6,
    "subparagraph": 7, "frametitle": 5,
}  # fmt: skip
_SECTION = re.compile(rf"\\({'|'.join(_SECTIONS)})\*?\s*(?:\[[^\[\]\n]*\])?\s*(?=\{{)")
_INPUT = re.compile(r"\\(?:input|include|subfile)\s*\{([^{}\n]*)\}")
_ENV = "|".join(ENVIRONMENTS)
_OPEN = re.compile(
    rf"\\begin\{{(?P<env>(?:{_ENV})\*?)\}}|(?P<display>\\\[)|(?P<inline>\\\()|\\(?:\\|.)|(?P<dollars>\$\$)|(?P<dollar>\$)",
    re.DOTALL,
)
_SIGN = re.compile(r"\\.", re.DOTALL)
_ENDS = {"display": r"\]", "inline": r"\)"}


def tex_marks(text: str) -> Marks:
    """Return what a LaTeX text holds."""
    marks = Marks(text)
    spans = list[tuple[int, int]]()
    for hidden in _HIDDEN.finditer(text):
        if hidden["comment"]:
            hint = _HINT.match(hidden["comment"])
            if hint:
                inner = hidden.start() + hint.end()
                said = text[inner : hidden.end()] if hint[1] else "physsym"
                marks.comments.append(Comment(*hidden.span(), inner, said))
        if not hidden[0].startswith("\\") or hidden["env"] or hidden["bar"] or hidden["false"]:
            spans.append(hidden.span())
    view = blanked(text, spans)
    marks.macros, definitions = macros_of(view)
    ends = _END.search(view)
    rest = [(ends.start(), len(view))] if ends else []
    marks.view = blanked(view, [*definitions, *rest, *(m.span() for m in _PREAMBLE.finditer(view))])
    for section in _SECTION.finditer(marks.view):
        close = closing_brace(marks.view, section.end())
        if close >= 0:
            title = " ".join(marks.view[section.end() + 1 : close].split())
            marks.headings.append(Heading(section.start(), _SECTIONS[section[1]], title))
    for included in _INPUT.finditer(marks.view):
        marks.remarks.append((included.start(), f"the file {included[1]} is not followed"))
    _formulas(marks)
    return marks


def _formulas(marks: Marks) -> None:
    """Note the formulas of the view, from left to right."""
    view, at = marks.view, 0
    breaks = [m.start() for m in re.finditer(r"\n[ \t]*(?=\n)", view)]
    signs = Signs(view, _SIGN)
    begins, ends = (_macros_of_environments(marks.macros, sign) for sign in ("begin", "end"))
    opening = re.compile(rf"(?P<macro>{_either(begins)})|{_OPEN.pattern}", re.DOTALL) if begins else _OPEN
    while opened := opening.search(view, at):
        at, kind = opened.end(), opened.lastgroup
        if kind is None:
            continue
        environment = begins[opened["macro"]] if begins and kind == "macro" else opened["env"]
        if environment:
            closing = _either([m for m, env in ends.items() if env == environment])
            sign = rf"\\end\{{{re.escape(environment)}\}}" + (f"|{closing}" if closing else "")
            last = re.compile(sign).search(view, opened.end(), opened.end() + LONGEST)
            close, end = last.span() if last else (-1, -1)
        else:
            close, end = _close(view, opened, breaks, signs)
        if close < 0:
            marks.remarks.append((opened.start(), f"{opened[0]} has no end"))
            continue
        name = (environment or "").rstrip("*")
        bare = not name or name in BARE
        inner = (opened.end(), close) if bare else (opened.start(), end)
        display = kind != "inline" and kind != "dollar" and name != "math"
        formula = found(view, inner, (opened.start(), end), display=display)
        if formula:
            marks.formulas.append(formula)
        at = end


def _macros_of_environments(macros: Iterable[tuple[str, int, str]], sign: str) -> dict[str, str]:
    r"""Return the macros that begin or end an environment for formulas, such as `\be`, with its name."""
    found = {name: re.fullmatch(rf"\s*\\{sign}\{{((?:{_ENV})\*?)\}}\s*", body) for name, _, body in macros}
    return {name: match[1] for name, match in found.items() if match}


def _either(macros: Iterable[str]) -> str:
    return "|".join(rf"{re.escape(name)}(?![A-Za-z])" for name in macros)


def _close(view: str, opened: re.Match[str], breaks: list[int], signs: Signs) -> tuple[int, int]:
    """Return where a formula ends without and with its sign; -1 where it does not."""
    kind, begin = opened.lastgroup, opened.end()
    k = bisect_left(breaks, begin)
    stop = breaks[k] if k < len(breaks) else len(view)
    if kind in ("display", "inline"):
        sign = _ENDS[kind]
        limit = begin + LONGEST if kind == "display" else stop
        close = signs.after(sign, begin, limit)
        return close, close + len(sign)
    depth = 0
    for token in re.compile(r"\\.|\$\$?|[{}]", re.DOTALL).finditer(view, begin, stop):
        if token[0] in "{}":
            depth += 1 if token[0] == "{" else -1
        elif kind == "dollars" and token[0] == "$$":
            return token.start(), token.end()
        elif kind == "dollar" and token[0][0] == "$" and depth <= 0:
            return token.start(), token.start() + 1
    return -1, -1
