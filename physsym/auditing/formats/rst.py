"""Formulas of reStructuredText: the directive `math` and the role `:math:`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from physsym.auditing.formats.macros import macros_of
from physsym.auditing.formats.marks import Comment, Found, Heading, Marks, blanked, found

_DIRECTIVE = re.compile(r"(?P<before>[ \t]*)\.\.[ \t]+(?P<name>[\w:+-]+)::[ \t]*(?P<argument>.*)")
_COMMENT = re.compile(r"(?P<before>[ \t]*)\.\.(?:[ \t]+(?P<text>.*))?$")
_HINT = re.compile(r"physsym\b(:?)(?!:)[ \t]*")
_TARGET = re.compile(r"_[^:]+:|\[|\|")
_OPTION = re.compile(r"[ \t]*:(?P<key>[\w-]+):[ \t]*(?P<value>.*)$")
_ROLE = re.compile(r":math:`(?P<text>(?:[^`\\]|\\.)+)`", re.DOTALL)
_HIDDEN = re.compile(r"(?<!`)``(?=[^\s`])(?:[^\n]|\n(?![ \t]*\n))+?(?<=\S)``(?!`)")
_LINE = re.compile(r"([!-/:-@[-`{-~])\1{2,}[ \t]*")
_CODE = {
    "code", "code-block", "sourcecode", "literalinclude", "highlight", "parsed-literal", "doctest",
    "testcode", "testsetup", "testoutput", "raw", "plot", "graphviz", "ipython",
    "jupyter-execute", "tikz", "autosummary", "toctree",
}  # fmt: skip
_ENVIRONMENT = re.compile(r"\\(begin|end)\{")


def rst_marks(text: str, first_level: int = 1) -> Marks:
    """Return what a reStructuredText holds; its outermost headings are of the level that is given."""
    marks = Marks(text)
    rows = [
        (m.start(), m[0])
        for m in re.finditer(r"[^\n]*", text)
        if m.start() == 0 or text[m.start() - 1] == "\n"
    ]
    spans = list[tuple[int, int]]()
    signs = list[str]()
    k = 0
    while k < len(rows):
        at, line = rows[k]
        directive, comment = _DIRECTIVE.match(line), _COMMENT.match(line)
        if directive:
            stop = _block(rows, k, _width(directive["before"]))
            if directive["name"] == "math":
                _math(marks, rows, k, stop, directive)
            if directive["name"] == "math" or directive["name"] in _CODE:
                spans.append((at, _end(rows, stop)))
                k = stop
                continue
            spans.append((at, at + len(line)))
        elif comment and not _TARGET.match(comment["text"] or ""):
            stop = _block(rows, k, _width(comment["before"]))
            _hint(marks, text, at + line.index("..") + 2, _end(rows, stop), at)
            spans.append((at, _end(rows, stop)))
            k = stop
            continue
        elif line.rstrip().endswith("::"):
            stop = _block(rows, k, _width(line))
            spans.append((rows[k + 1][0] if k + 1 < stop else at + len(line), _end(rows, stop)))
            k = stop
            continue
        elif line.lstrip().startswith(">>> "):
            stop = next((j for j in range(k, len(rows)) if not rows[j][1].strip()), len(rows))
            spans.append((at, _end(rows, stop)))
            k = stop
            continue
        elif k and _LINE.fullmatch(line.strip()) and _titled(rows, k):
            sign = line.strip()[0]
            over = (
                k > 1 and rows[k - 2][1].strip()[:1] == sign and bool(_LINE.fullmatch(rows[k - 2][1].strip()))
            )
            key = sign * (2 if over else 1)
            signs += [key] if key not in signs else []
            title = rows[k - 1][1].strip()
            marks.headings.append(Heading(rows[k - 1][0], signs.index(key) + first_level, title))
        k += 1
    view = blanked(text, spans)
    marks.view = blanked(view, (m.span() for m in _HIDDEN.finditer(view)))
    for role in _ROLE.finditer(marks.view):
        formula = found(marks.view, role.span("text"), role.span(), display=False)
        marks.formulas += [formula] if formula else []
    marks.macros = [macro for f in marks.formulas for macro in macros_of(f.text or "")[0]]
    return marks


def _width(text: str) -> int:
    expanded = text.expandtabs()
    return len(expanded) - len(expanded.lstrip())


def _block(rows: list[tuple[int, str]], start: int, indent: int) -> int:
    """Return the number of the row behind the block below a row, without empty rows at its end."""
    stop = last = start + 1
    while stop < len(rows) and (not rows[stop][1].strip() or _width(rows[stop][1]) > indent):
        stop += 1
        if rows[stop - 1][1].strip():
            last = stop
    return last


def _end(rows: list[tuple[int, str]], stop: int) -> int:
    """Return the offset of the end of the row before one."""
    at, line = rows[stop - 1]
    return at + len(line)


def _titled(rows: list[tuple[int, str]], k: int) -> bool:
    """Return whether a row of signs underlines the row above it."""
    title, line = rows[k - 1][1].strip(), rows[k][1].strip()
    return bool(title) and not _LINE.fullmatch(title) and len(line) >= min(len(title), 4)


def _hint(marks: Marks, text: str, start: int, end: int, at: int) -> None:
    """Note the hints of a comment, whose text begins at an offset."""
    inner = start + len(text[start:end]) - len(text[start:end].lstrip())
    hint = _HINT.match(text, inner, end)
    if hint:
        marks.comments.append(Comment(at, end, hint.end(), text[hint.end() : end] if hint[1] else "physsym"))


def _math(marks: Marks, rows: list[tuple[int, str]], k: int, stop: int, directive: re.Match[str]) -> None:
    """Note the formulas of a directive: empty lines part them, except within an environment."""
    at = rows[k][0]
    labels = list[str]()
    j = k + 1
    while j < stop and (option := _OPTION.match(rows[j][1])):
        labels += [option["value"].strip()] if option["key"] in ("label", "name") else []
        j += 1
    body = (
        [(at + directive.start("argument"), directive["argument"])] if directive["argument"].strip() else []
    )
    parts = list(_parted(body + rows[j:stop]))
    for number, (start, text) in enumerate(parts):
        formula = found(text, (0, len(text)), (0, 0))
        if formula:
            position = start + formula.start, start + formula.end
            outer = (
                at if number == 0 else position[0],
                position[1] if number + 1 < len(parts) else _end(rows, stop),
            )
            held = text[formula.start : formula.end]
            marks.formulas.append(Found(*position, *outer, True, tuple(labels), text=held))


def _parted(rows: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Yield the formulas of the rows of a directive, each with its offset."""
    part, depth = list[tuple[int, str]](), 0
    for at, line in [*rows, (0, "")]:
        if line.strip() or (depth > 0 and part):
            part.append((at, line))
            depth += sum(1 if m[1] == "begin" else -1 for m in _ENVIRONMENT.finditer(line))
        elif part:
            yield part[0][0], "\n".join(text for _, text in part)
            part, depth = [], 0
    if part:
        yield part[0][0], "\n".join(text for _, text in part)
