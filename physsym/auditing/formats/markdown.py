r"""Formulas of Markdown: GitHub's, MyST's, kramdown's, R Markdown's and that of notebooks.

Formulas stand between `$`, `$$`, `$` with backticks, `\(` and `\)`, `\[` and `\]`, in fences and directives
of `math`, in roles `{math}`, and in LaTeX environments. Other fences, code and comments hold none.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import NamedTuple

from physsym.auditing.formats.macros import macros_of
from physsym.auditing.formats.marks import Comment, Found, Heading, Marks, blank, blanked, elements, found

ENVIRONMENTS = (
    "equation", "align", "gather", "multline", "eqnarray", "displaymath", "alignat", "flalign", "math",
    "xalignat", "dmath", "IEEEeqnarray", "empheq", "aligned", "split", "gathered",
)  # fmt: skip
BARE = ("equation", "displaymath", "math", "dmath")  # environments of one row, which are left out

_FENCE = re.compile(
    r"(?P<before>[ \t>]*(?:(?:[-*+]|\d+[.)])[ \t]+)?)(?P<fence>`{3,}|~{3,}|:{3,})[ \t]*(?P<info>.*)"
)
_PROSE = re.compile(
    r"\{(?:admonition|note|tip|warning|important|hint|seealso|attention|caution|danger|error|topic|margin|sidebar"
    r"|dropdown|proof|prf:\w+|theorem|lemma|corollary|proposition|definition|example|remark|exercise\S*"
    r"|solution\S*|figure|card|grid\S*|tab-\S+|details|aside|epigraph|glossary|table|list-table)\}"
)
_ATX = re.compile(r"[ ]{0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
_LIST = re.compile(r"[ \t]*(?:[-*+]|\d+[.)])[ \t]")
_FRONT = re.compile(r"(---|\+\+\+)[ \t]*\n.*?\n(?:\1|\.\.\.)[ \t]*(?:\n|$)", re.DOTALL)
_LIQUID = re.compile(r"\{%-?\s*(?:highlight\b[^%]*|endhighlight\s*-?)%\}")
_HINT = re.compile(r"<!--\s*physsym\b(:?)")
_ENV = "|".join(ENVIRONMENTS)
_OPEN = re.compile(
    rf"\\begin\{{(?P<env>(?:{_ENV})(?:\*|\\ast)?)\}}|(?P<math>\{{math\}}`)|(?P<code>`+)|\\\\(?P<twice>[\[(])"
    r"|(?P<display>\\\[)|(?P<inline>\\\()|\\.|(?P<dollars>\$\$)|(?P<ticked>\$`)|(?P<dollar>\$)",
    re.DOTALL,
)
_TOKEN = re.compile(r"\\.|\$\$?", re.DOTALL)
_TEX = re.compile(r"[\\^_=<>]|^\W*\w\W*$|^[A-Za-z]\w{0,2}(?:'|\(\w\))*$")
_COMMAND = re.compile(r"\\[A-Za-z]|[\^_]")
_BEHIND = re.compile(
    r"[ \t]*(?:\{#(?P<quarto>[\w:.-]+)[^}\n]*\}|\((?P<myst>[\w:.-]+)\)[ \t]*(?=\n|$))"
    r"|[ \t]*\n?[ \t]*:(?:eq)?label:`(?P<d2l>[^`\n]+)`"
)
_ABOVE = re.compile(r"^[ \t>]*\((?P<name>[\w:.-]+)\)=[ \t]*\n[ \t>]*$", re.MULTILINE)
_OPTION = re.compile(r"[ \t>]*(?::(?P<key>[\w-]+):[ \t]*(?P<value>.*)|---.*)?$")
_BOOKDOWN = re.compile(r"\(\\#(eq:[\w:.-]+)\)")
_QUOTE = re.compile(r"^[ \t]*>+", re.MULTILINE)
_MARKER = re.compile(r"[ \t>]*(?:(?:[-*+]|\d+[.)])[ \t]+)?(?:\[[ xX]\])?[ \t]*")
_MARGIN = 300  # characters of a line, beside a formula, that count
LONGEST = 20_000  # characters of a formula


def markdown_marks(text: str, in_source: bool = False) -> Marks:
    """Return what a Markdown text holds.

    In the docstrings and comments of source code lines are indented, dollars are often no signs of formulas,
    and what is underlined is a heading of reStructuredText.
    """
    marks = Marks(text)
    marks.view = _without_blocks(text, marks, in_source)
    spans = [(m.start(), end) for m, _, end in elements(marks.view, "pre|code|script|style")]
    liquid = [m.span() for m in _LIQUID.finditer(marks.view)]  # of Jekyll, in pairs
    spans += [(a[0], b[1]) for a, b in zip(liquid[::2], liquid[1::2], strict=False)]
    marks.view = blanked(marks.view, spans)
    marks.macros, spans = macros_of(marks.view)
    marks.view = blanked(marks.view, spans)
    _headings(marks, in_source)
    _Inline(marks, in_source).scan()
    return marks


class _Fence(NamedTuple):
    start: int
    body: int
    mark: str
    info: str


def _without_blocks(text: str, marks: Marks, in_source: bool) -> str:
    """Blank front matter, code and comments, and note formulas in fences, and hints."""
    spans = list[tuple[int, int]]()
    front = None if in_source else _FRONT.match(text)
    at = front.end() if front else 0
    if front:
        spans.append(front.span())
    fence: _Fence | None = None
    prose = list[str]()  # the fences of open directives with prose
    empty_before, in_list, in_code = True, False, False
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        line = text[at:end]
        opened = _FENCE.match(line)
        if fence is not None:
            closed = opened and not opened["info"].strip() and opened["fence"].startswith(fence.mark)
            if closed:
                _end_fence(text, fence, at, end, marks, spans)
                fence = None
        elif opened and not (opened["fence"][0] == "`" and "`" in opened["info"]):
            mark, info = opened["fence"], opened["info"].strip()
            if not info and prose and mark.startswith(prose[-1]):
                prose.pop()
                spans.append((at, end))
            elif _PROSE.match(info) or (mark[0] == ":" and not info.startswith("{math}")):
                prose += [mark] if info else []
                title = _PROSE.match(info)
                spans.append((at, end - len(info) + title.end() if title else end))
            else:
                fence = _Fence(at, end, mark, info)
        elif line.strip():
            in_list = bool(_LIST.match(line)) or (in_list and (line[0] in " \t" or not empty_before))
            deep = line.startswith(("    ", "\t")) and not in_list and (empty_before or in_code)
            in_code = deep and not in_source
            if in_code:
                spans.append((at, end))
            elif "<!--" in line and line.count("`", 0, line.index("<!--")) % 2 == 0:
                end = _comment(text, at + line.index("<!--"), marks, spans)
        empty_before = not line.strip()
        at = end + 1
    if fence is not None:
        _end_fence(text, fence, len(text), len(text), marks, spans)
        marks.remarks.append((fence.start, f"the fence {fence.mark} has no end"))
    return blanked(text, spans)


def _end_fence(
    text: str, fence: _Fence, at: int, end: int, marks: Marks, spans: list[tuple[int, int]]
) -> None:
    """Note the formula of a fence of math, and blank any other fence."""
    spans.append((fence.start, min(fence.body, len(text))))
    spans.append((at, end))
    if fence.info not in ("math", "{math}") and not fence.info.startswith("{math} "):
        spans.append((fence.start, end))
        return
    begin, labels = min(fence.body + 1, at), list[str]()
    while fence.info.startswith("{") and begin < at:
        stop = text.find("\n", begin, at)
        stop = at if stop < 0 else stop
        option = _OPTION.match(text[begin:stop])
        if not option or not (option["key"] or text[begin:stop].strip()):
            break
        if option["key"] in ("label", "name"):
            labels.append(option["value"].strip())
        spans.append((begin, stop))
        begin = min(stop + 1, at)
    body = _QUOTE.sub(lambda m: " " * len(m[0]), text[begin:at])
    formula = found(body, (0, len(body)), (0, 0))
    if formula:
        above = _ABOVE.search(text, max(0, fence.start - 200), fence.start)
        labels += [above["name"]] if above and above.end() == fence.start else []
        position = formula.start + begin, formula.end + begin, fence.start, end
        marks.formulas.append(Found(*position, True, tuple(labels), text=body[formula.start : formula.end]))
        spans.append((begin, at))


def _comment(text: str, start: int, marks: Marks, spans: list[tuple[int, int]]) -> int:
    """Blank a comment, whose hints are noted; return the end of the line where it ends."""
    close = text.find("-->", start + 4)
    end = len(text) if close < 0 else close + 3
    hint = _HINT.match(text, start)
    if hint:
        if not hint[1] or close < 0:
            marks.comments.append(Comment(start, end, start, "physsym"))  # refused where hints are read
        else:
            marks.comments.append(Comment(start, end, hint.end(), text[hint.end() : close]))
    elif close < 0:
        marks.remarks.append((start, "the comment has no end"))
    spans.append((start, end))
    stop = text.find("\n", end)
    rest = text.find("<!--", end, stop if stop >= 0 else len(text))
    if rest >= 0:
        return _comment(text, rest, marks, spans)
    return len(text) if stop < 0 else stop


def _headings(marks: Marks, in_source: bool) -> None:
    """Note headings with `#` before them, or underlined."""
    at, above = 0, ""
    for line in marks.view.split("\n"):
        atx = _ATX.match(line.lstrip() if in_source else line)
        if atx:
            marks.headings.append(Heading(at, len(atx[1]), _title(atx[2])))
            above = ""
        elif above and not in_source and re.fullmatch(r" {0,3}(=+|-{3,})[ \t]*", line):
            level = 1 if "=" in line else 2
            marks.headings.append(Heading(at - len(above) - 1, level, _title(above)))
            above = ""
        else:
            plain = line.strip() and not _LIST.match(line) and line.lstrip()[0] not in ">|<$"
            above = line if plain else ""
        at += len(line) + 1


def _title(text: str) -> str:
    """Return a heading without markup."""
    return re.sub(r"\{[#.:-][^{}]*\}|[*`]", "", text).strip()


class _Inline:
    """The scan of a text for formulas, from left to right."""

    def __init__(self, marks: Marks, in_source: bool) -> None:
        self.marks = marks
        self.strict = in_source
        self.text = marks.view
        self.spans = list[tuple[int, int]]()
        self.breaks = [m.start() for m in re.finditer(r"\n[ \t>]*(?=\n)", self.text)]
        self.fences = sorted((f.outer_start, f.outer_end) for f in marks.formulas)

    def scan(self) -> None:
        """Note all formulas of the view, and blank code."""
        at = 0
        while opened := _OPEN.search(self.text, at):
            start = opened.start()
            kind = opened.lastgroup or ""
            step = getattr(self, f"_{kind}", None)
            at = (step(opened) if step else 0) or opened.end()
            if at <= start:
                raise AssertionError("a scan goes on")
        self.marks.view = blanked(self.text, self.spans)

    def _line(self, at: int) -> int:
        """Return where the line of an offset begins, or what is near it."""
        low = max(0, at - _MARGIN)
        return max(self.text.rfind("\n", low, at) + 1, low)

    def _paragraph_end(self, at: int) -> int:
        k = bisect_left(self.breaks, at)
        return self.breaks[k] if k < len(self.breaks) else len(self.text)

    def _code(self, opened: re.Match[str]) -> int:
        ticks = opened[0]
        stop = self._paragraph_end(opened.end())
        close = re.compile(rf"(?<!`){ticks}(?!`)").search(self.text, opened.end(), stop)
        if not close:
            return 0
        self.spans.append((opened.start(), close.end()))
        return close.end()

    def _math(self, opened: re.Match[str]) -> int:
        close = self.text.find("`", opened.end(), self._paragraph_end(opened.end()))
        return self._note(opened, close, close + 1, display=False) if close >= 0 else 0

    def _ticked(self, opened: re.Match[str]) -> int:
        close = self.text.find("`$", opened.end(), self._paragraph_end(opened.end()))
        return self._note(opened, close, close + 2, display=False) if close >= 0 else 0

    def _inline(self, opened: re.Match[str]) -> int:
        return self._bracketed(opened, r"\)", display=False)

    def _display(self, opened: re.Match[str]) -> int:
        return self._bracketed(opened, r"\]", display=True)

    def _twice(self, opened: re.Match[str]) -> int:
        display = opened["twice"] == "["
        return self._bracketed(opened, r"\\]" if display else r"\\)", display)

    def _bracketed(self, opened: re.Match[str], sign: str, display: bool) -> int:
        """Note what stands between brackets with backslashes, which Markdown without formulas has too."""
        limit = self._paragraph_end(opened.end()) if not display else opened.end() + LONGEST
        close = self.text.find(sign, opened.end(), limit)
        if close < 0 or not _TEX.search(self.text[opened.end() : close].strip()):
            return 0
        if display and "\\[" in self.text[opened.end() : close].replace("\\\\[", ""):
            return 0
        return self._note(opened, close, close + len(sign), display)

    def _dollar(self, opened: re.Match[str]) -> int:
        start = opened.start()
        before = self.text[start - 1] if start else ""
        stop = self._paragraph_end(opened.end())
        for token in _TOKEN.finditer(self.text, opened.end(), stop):
            if token[0][0] == "\\":
                continue
            inner = self.text[opened.end() : token.start()]
            behind = self.text[token.start() + 1 : token.start() + 2]
            loose = inner != inner.strip() or before.isalnum() or behind.isalnum() or self.strict
            if not inner.strip() or (loose and not _TEX.search(inner.strip())):
                return 0
            if behind.isdigit() and not _COMMAND.search(inner):  # amounts of money
                return 0
            return self._note(opened, token.start(), token.start() + 1, display=False)
        return 0

    def _dollars(self, opened: re.Match[str]) -> int:
        start = opened.start()
        for token in _TOKEN.finditer(self.text, opened.end(), opened.end() + LONGEST):
            if token[0] != "$$":
                continue
            inner = self.text[opened.end() : token.start()]
            if not inner.strip():
                return token.end()
            if re.search(r"^[ \t]{0,3}#{1,6} \S", inner, re.MULTILINE) or self._crosses(start, token.end()):
                break
            line = self._line(start)
            behind = self.text[token.end() : token.end() + _MARGIN].partition("\n")[0]
            behind = _BEHIND.sub("", behind, count=1).strip(" \t.,;:\\|")
            alone = not _MARKER.sub("", self.text[line:start], count=1).strip() and not behind
            return self._note(opened, token.start(), token.end(), alone or "\n" in inner)
        self.marks.remarks.append((start, "the sign $$ has no end"))
        return 0

    def _crosses(self, start: int, end: int) -> bool:
        """Return whether a fence of math begins between offsets."""
        k = bisect_right(self.fences, (start,))
        return k < len(self.fences) and self.fences[k][0] < end

    def _env(self, opened: re.Match[str]) -> int:
        name = opened["env"]
        close = self.text.find(f"\\end{{{name}}}", opened.end(), opened.end() + LONGEST)
        if close < 0:
            self.marks.remarks.append((opened.start(), f"\\begin{{{name}}} has no end"))
            return 0
        end = close + len(f"\\end{{{name}}}")
        if name.rstrip("*") in BARE:
            return self._note(opened, close, end, name != "math")
        return self._note(opened, end, end, True, opened.start())

    def _note(
        self, opened: re.Match[str], close: int, end: int, display: bool, begin: int | None = None
    ) -> int:
        """Note a formula that ends at `close`, and with its signs at `end`."""
        start, begin = opened.start(), opened.end() if begin is None else begin
        labels, outer = list[str](), end
        if display:
            behind = _BEHIND.match(self.text, end)
            if behind:
                outer = behind.end()
                labels.append(behind[behind.lastgroup or 0])
            above = self.text[max(0, start - 200) : start]
            named = _ABOVE.search(above)
            if named and named.end() == len(above):
                labels.append(named["name"])
                self.spans.append((start - len(named[0]), start))
        text: str | None = self.text[begin:close]
        labels += _BOOKDOWN.findall(text or "")
        plain = _BOOKDOWN.sub(lambda m: blank(m[0]), text or "")
        line = self._line(start)
        if self.text[line:start].lstrip().startswith(">"):
            plain = _QUOTE.sub(lambda m: blank(m[0]), plain)
        formula = found(plain, (0, len(plain)), (0, 0))
        if formula:
            position = formula.start + begin, formula.end + begin, start, outer
            self.marks.formulas.append(
                Found(*position, display, tuple(labels), text=plain[formula.start : formula.end])
            )
        return outer
