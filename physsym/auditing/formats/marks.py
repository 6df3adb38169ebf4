"""What is found in a text by its format alone, with positions as offsets; and the `Text` that it makes."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from physsym.auditing.hints import SCOPED, HintError, hints_of
from physsym.auditing.texts import Formula, Hint, Text

Notation = Literal["latex", "plain", "python"]

_NOT_END = re.compile(r"[^\n]")
_PARAGRAPH = re.compile(r"\n[ \t]*(?=\n)")
_LABEL = re.compile(r"\\(?:label|tag\*?)\s*\{([^{}]*)\}")
_NUMBERING = re.compile(rf"{_LABEL.pattern}|\\(?:nonumber|notag)(?![A-Za-z])")
_RELATION = re.compile(
    r"[=<>≤≥≈∝→←]|\\(?:le|ge|leq|geq|lt|gt|ll|gg|approx|sim|simeq|cong|equiv|propto|to|gets|in|neq?"
    r"|(?:left|right|Left|Right|long\w*|leftright)arrow|rightarrow|mapsto|implies|iff)(?![A-Za-z])"
)
# The end of a sentence; not that of "e.g." and "Eq.".
_SENTENCE = re.compile(r"(?<!\be\.g)(?<!\bi\.e)(?<!\bcf)(?<!\bEq)(?<!\beq)(?<!\bEqs)(?<!\bFig)[.!?:;](?=\s)")
_MARKUP = re.compile(r"\{[%#:][^{}\n]*\}|^[ \t]*(?:[>#|]+|[-*+]|\d+[.)])(?=\s)|[*`]", re.MULTILINE)

_WORD = re.compile(r"(?<!\\)\b[A-Za-z]{2,}")

_REACH = 600  # how long a sentence is
_WORDS = 3  # of a sentence, below which it belongs to what was said before


class Heading(NamedTuple):
    """A heading at an offset; level 1 is the outermost."""

    start: int
    level: int
    title: str


@dataclass(frozen=True)
class Found:
    """A formula between two offsets, which stands with the signs around it between two others.

    What `text` holds, where it is given, is what the characters between the offsets stand for.
    """

    start: int
    end: int
    outer_start: int
    outer_end: int
    display: bool
    labels: tuple[str, ...] = ()
    text: str | None = None
    notation: Notation = "latex"


class Comment(NamedTuple):
    """The hints of a comment between two offsets; `text` begins at `inner`."""

    start: int
    end: int
    inner: int
    text: str


@dataclass
class Marks:
    """What a text holds.

    `view` is the text with spaces for all that is neither prose nor formula; it is as long as the text.
    """

    view: str
    headings: list[Heading] = field(default_factory=list)
    formulas: list[Found] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    macros: list[tuple[str, int, str]] = field(default_factory=list)
    remarks: list[tuple[int, str]] = field(default_factory=list)

    def add(self, other: Marks, by: int) -> None:
        """Take over what was found in a part of the text that begins at an offset."""
        self.headings += [h._replace(start=h.start + by) for h in other.headings]
        self.comments += [
            c._replace(start=c.start + by, end=c.end + by, inner=c.inner + by) for c in other.comments
        ]
        self.remarks += [(at + by, said) for at, said in other.remarks]
        self.macros += other.macros
        for f in other.formulas:
            positions = f.start + by, f.end + by, f.outer_start + by, f.outer_end + by
            self.formulas.append(Found(*positions, f.display, f.labels, f.text, f.notation))


def blank(text: str) -> str:
    """Return as many spaces as a text has characters, in the same lines."""
    return _NOT_END.sub(" ", text)


def blanked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """Return a text with spaces for the characters of spans, which may overlap."""
    parts, last = list[str](), 0
    for start, end in sorted(spans):
        begin = max(start, last)
        if end > begin:
            parts += [text[last:begin], blank(text[begin:end])]
            last = end
    return "".join([*parts, text[last:]])


def found(view: str, inner: tuple[int, int], outer: tuple[int, int], display: bool = True) -> Found | None:
    """Return the formula between offsets, without the space around it; None where there is nothing else."""
    start, end = inner
    text = view[start:end]
    start += len(text) - len(text.lstrip())
    end -= len(text) - len(text.rstrip())
    return Found(start, end, *outer, display) if start < end else None


class Signs:
    """The offsets of signs that end something, found once: a text may open it any number of times."""

    def __init__(self, text: str, pattern: re.Pattern[str]) -> None:
        """Find what `pattern` matches in the text."""
        self.offsets: dict[str, list[int]] = {}
        for sign in pattern.finditer(text):
            self.offsets.setdefault(sign[0].lower(), []).append(sign.start())

    def after(self, sign: str, at: int, limit: int) -> int:
        """Return the offset of the first such sign from `at` to `limit`, or -1."""
        offsets = self.offsets.get(sign, [])
        k = bisect_left(offsets, at)
        return offsets[k] if k < len(offsets) and offsets[k] < limit else -1


def elements(text: str, tags: str) -> Iterator[tuple[re.Match[str], int, int]]:
    """Yield elements of HTML, such as `pre|code`: the tag, the end of what it holds, and its own end."""
    ends = Signs(text, re.compile(rf"</(?:{tags})\b", re.IGNORECASE))
    at = 0
    for opened in re.finditer(rf"<(?P<tag>{tags})\b(?P<options>[^<>]*)>", text, re.IGNORECASE):
        close = ends.after(f"</{opened['tag'].lower()}", opened.end(), len(text))
        if opened.start() >= at and close >= 0:
            at = text.find(">", close) + 1 or len(text)
            yield opened, close, at


class Lines:
    """The lines of a text, for the position of an offset."""

    def __init__(self, text: str) -> None:
        """Find the beginning of each line."""
        self.starts = [0, *(m.end() for m in re.finditer("\n", text))]

    def position(self, offset: int) -> tuple[int, int]:
        """Return the line and the column of an offset, both counted from 1."""
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1


def text_of(
    path: str, source: str, marks: Marks, name: Callable[[int], str] = lambda line: f"line {line}"
) -> Text:
    """Return the formulas that were found in a text, with their sections, sentences, labels and hints.

    `name` says what a line is called. Raises ValueError for a wrong hint, with its line.
    """
    lines = Lines(source)
    headings = sorted(marks.headings)
    formulas = sorted(marks.formulas, key=lambda f: f.outer_start)
    try:
        attached, scoped = _hints(marks, headings, formulas, lines)
    except HintError as error:
        raise ValueError(f"{path}: {name(error.line)}: {error.reason}") from None
    sentences = _Sentences(marks, headings, formulas)
    starts = [h.start for h in headings]
    results = list[Formula]()
    for k, f in enumerate(formulas):
        held = marks.view[f.start : f.end] if f.text is None else f.text
        held = _NUMBERING.sub(lambda m: blank(m[0]), held).rstrip()
        line, column = lines.position(f.start + len(held) - len(held.lstrip()))
        if not held:
            continue
        opened = _open(headings[: bisect_right(starts, f.start)])
        labels = tuple(dict.fromkeys((*f.labels, *_LABEL.findall(source[f.outer_start : f.outer_end]))))
        results.append(
            Formula(
                text=held.lstrip(),
                line=line,
                column=column,
                notation=f.notation,
                display=f.display,
                headings=tuple(title for _, title in opened),
                before=sentences.before(k),
                after=sentences.after(k),
                label=_first_label(labels, source[f.outer_start : f.outer_end]),
                hints=tuple(attached.get(k, ())),
                labels=labels,
                scoped=tuple(hint for hint, start, end in scoped if start <= f.start < end),
                sections=tuple(number for number, _ in opened),
                sentence=sentences.whole(k),
                above=line - lines.position(f.outer_start)[0],
                below=lines.position(max(f.outer_start, f.outer_end - 1))[0] - line,
            )
        )
    under = tuple(
        (hint, tuple(title for _, title in _open(headings[: bisect_right(starts, at)])))
        for hint, at, _ in scoped
    )
    remarks = tuple(f"{name(lines.position(k)[0])}: {said}" for k, said in sorted(marks.remarks))
    return Text(path, tuple(results), under, tuple(marks.macros), remarks)


def _first_label(labels: tuple[str, ...], text: str) -> str:
    """Return the first label that is no tag, else the first tag."""
    tags = set(re.findall(r"\\tag\*?\s*\{([^{}]*)\}", text))
    return next((label for label in labels if label not in tags), labels[0] if labels else "")


def _open(headings: Sequence[Heading]) -> list[tuple[int, str]]:
    """Return the numbers and titles of the headings that are open behind all of these."""
    stack = list[tuple[int, Heading]]()
    for number, heading in enumerate(headings, 1):
        while stack and stack[-1][1].level >= heading.level:
            stack.pop()
        stack.append((number, heading))
    return [(number, heading.title) for number, heading in stack]


def _scope_end(headings: Sequence[Heading], at: int, total: int) -> int:
    """Return where the section of an offset ends, with the sections below it."""
    level = next((h.level for h in reversed(headings) if h.start <= at), 0)
    return next((h.start for h in headings if h.start > at and h.level <= level), total)


def _hints(
    marks: Marks, headings: Sequence[Heading], formulas: Sequence[Found], lines: Lines
) -> tuple[dict[int, list[Hint]], list[tuple[Hint, int, int]]]:
    """Return the hints by the number of their formula, and those that hold in a scope with its offsets."""
    attached: dict[int, list[Hint]] = {}
    scoped = list[tuple[Hint, int, int]]()
    view = blanked(marks.view, [(c.start, c.end) for c in marks.comments])
    for comment in sorted(marks.comments):
        hints = hints_of(comment.text, lines.position(comment.inner)[0])
        for hint in hints:
            if hint.keyword in SCOPED:
                end = _scope_end(headings, comment.start, len(marks.view))
                scoped.append((hint, comment.start, end))
        own = [hint for hint in hints if hint.keyword not in SCOPED]
        if own:
            number = _hinted(comment, view, headings, formulas)
            if number is None:
                reason = (
                    f"no formula follows the hint {str(own[0])!r} directly: put it right before its formula"
                )
                raise HintError(own[0].line, reason)
            attached.setdefault(number, []).extend(own)
    return attached, scoped


def _hinted(
    comment: Comment, view: str, headings: Sequence[Heading], formulas: Sequence[Found]
) -> int | None:
    """Return the number of the formula that a hint belongs to, or None.

    That is the formula around it, the one directly behind it, the displayed one behind one paragraph of
    prose, or the only one in the line or paragraph behind it.
    """
    limit = next((h.start for h in headings if h.start >= comment.end), len(view))
    near = list[int]()
    for k, f in enumerate(formulas):
        if f.outer_start <= comment.start < f.outer_end:
            return k
        if comment.start < f.outer_start < limit:
            gap = view[comment.end : f.outer_start]
            if not gap.strip():
                return k
            if len(_PARAGRAPH.split(gap.strip())) > 1:
                break
            near.append(k)
    if any(formulas[k].display for k in near):
        return next(k for k in near if formulas[k].display)
    return near[0] if len(near) == 1 else None


class _Sentences:
    """The prose of a text, for the sentences around its formulas."""

    def __init__(self, marks: Marks, headings: Sequence[Heading], formulas: Sequence[Found]) -> None:
        self.formulas = formulas
        self.view = blanked(
            marks.view,
            [(c.start, c.end) for c in marks.comments]
            + [(h.start, (marks.view + "\n").find("\n", h.start)) for h in headings],
        )
        self.states = [f.display or bool(_RELATION.search(marks.view, f.start, f.end)) for f in formulas]
        self.breaks = [m.start() for m in _PARAGRAPH.finditer(self.view)]
        self.headings = [h.start for h in headings]

    def before(self, number: int) -> str:
        """Return the sentence before a formula."""
        f = self.formulas[number]
        end, start = f.outer_start, 0
        for k in range(number - 1, -1, -1):
            if self.formulas[k].outer_end < end - _REACH:
                break
            if self.states[k] and self.formulas[k].outer_end <= end:
                start = self.formulas[k].outer_end
                break
        end -= len(self.view[start:end]) - len(self.view[start:end].rstrip()) if f.display else 0
        k = bisect_right(self.breaks, end - 1)
        start = max(start, self.breaks[k - 1] if k else 0, self._heading(f.outer_start), end - _REACH)
        return _prose(_SENTENCE.split(self.view[start:end].rstrip(" \n\t:;"))[-1])

    def after(self, number: int) -> str:
        """Return the sentence behind a formula."""
        start = self.formulas[number].outer_end
        end = min(len(self.view), start + _REACH)
        for k in range(number + 1, len(self.formulas)):
            if self.formulas[k].outer_start > end:
                break
            if self.states[k] and self.formulas[k].outer_start >= start:
                end = self.formulas[k].outer_start
                break
        k = bisect_right(self.breaks, start - 1)
        end = min(end, self.breaks[k] if k < len(self.breaks) else end)
        k = bisect_right(self.headings, start)
        end = min(end, self.headings[k] if k < len(self.headings) else end)
        text = self.view[start:end].lstrip(" \n\t.,;")
        return _prose(_SENTENCE.split(text)[0]).rstrip(" ,;:")

    def whole(self, number: int) -> str:
        """Return the sentence before a formula from its beginning, with the inline formulas in it.

        A displayed formula directly below another one goes on with its sentence.
        """
        f = self.formulas[number]
        end = f.outer_start
        above = self.formulas[number - 1] if number else f
        between = self.view[above.outer_end : end]
        below = f.display and above.display and self._heading(end) <= above.outer_end <= end
        if below and not between.strip(" \n\t$[]\\"):
            return self.whole(number - 1)
        shown = (g.outer_end for g in reversed(self.formulas[:number]) if g.display and g.outer_end <= end)
        end -= len(self.view[:end]) - len(self.view[:end].rstrip()) if f.display else 0
        k = bisect_right(self.breaks, end - 1)
        start = max(
            next(shown, 0), self.breaks[k - 1] if k else 0, self._heading(f.outer_start), end - _REACH
        )
        *earlier, said = _SENTENCE.split(self.view[start:end].rstrip(" \n\t:;"))
        while earlier and len(_WORD.findall(said)) < _WORDS:
            said = f"{earlier.pop()} {said}"
        return _prose(said)

    def _heading(self, offset: int) -> int:
        k = bisect_right(self.headings, offset)
        return self.headings[k - 1] if k else 0


def _prose(text: str) -> str:
    """Return the words of a piece of a text, on one line."""
    return " ".join(_MARKUP.sub(" ", text).split())


def in_cells(text: Text, cells: Sequence[tuple[int, int, Sequence[int]]]) -> Text:
    """Return the text of a notebook, whose lines are those of its cells in their order, with positions.

    A cell has its number, the line where it begins among these, and for each of its lines that of the file.
    """
    begins = [begin for _, begin, _ in cells]

    def placed(line: int) -> tuple[int, int, int]:
        number, begin, rows = cells[bisect_right(begins, line) - 1]
        return number, line - begin + 1, rows[min(line - begin, len(rows) - 1)]

    def hint(h: Hint) -> Hint:
        cell, cell_line, line = placed(h.line)
        return replace(h, line=line, cell=cell, cell_line=cell_line)

    formulas = list[Formula]()
    for f in text.formulas:
        cell, cell_line, line = placed(f.line)
        hints, scoped = tuple(map(hint, f.hints)), tuple(map(hint, f.scoped))
        formulas.append(replace(f, cell=cell, cell_line=cell_line, line=line, hints=hints, scoped=scoped))
    return replace(text, formulas=tuple(formulas), scoped=tuple((hint(h), at) for h, at in text.scoped))
