"""About how wide a formula is on a page, so that a page can make room for it or set it smaller."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from xml.dom.minidom import Element, Text, parseString

# In em, rounded up a little: a formula that is thought too wide is set smaller, one thought too narrow
# overflows. Letters of TeX's fonts are 0.57 em wide on average, bold ones 0.6.
LETTER, BOLD, DIGIT, FENCE = 0.58, 0.64, 0.52, 0.42
RELATION, SIGN, PREFIX, COMMA = 1.4, 1.3, 0.85, 0.5
SCRIPT, CELL = 0.74, 0.4
OPERATORS = {"(": FENCE, ")": FENCE, "|": 0.3, ",": COMMA, "/": 0.52, "·": 0.75, "\N{INVISIBLE TIMES}": 0.0}


@lru_cache(maxsize=4096)
def width(math: str) -> float:
    """Return about how wide a MathML formula is, in em of its own font; formulas under each other count once.

    >>> from physsym.printing import mathml
    >>> from physsym.vocabulary import eta
    >>> width(mathml(eta))
    0.58
    """
    root = parseString(math).documentElement
    assert root is not None
    return round(_width(root), 2)


def _width(node: Element) -> float:
    parts = [child for child in node.childNodes if isinstance(child, Element)]
    return _WIDTHS.get(node.tagName, _of_row)(node, parts)


def _of_row(node: Element, parts: list[Element]) -> float:
    return sum(map(_width, parts))


def _text(node: Element) -> str:
    return "".join(child.data for child in node.childNodes if isinstance(child, Text))


def _of_letters(node: Element, parts: list[Element]) -> float:
    text = _text(node)
    return sum(BOLD if ord(c) > 0x1D3FF else DIGIT if c.isdigit() else LETTER for c in text)


def _of_operator(node: Element, parts: list[Element]) -> float:
    text = _text(node)
    if text in OPERATORS:
        return OPERATORS[text]
    tight = node.getAttribute("lspace") == "0" or node.getAttribute("form") == "prefix"
    return PREFIX if tight else RELATION if text in "=≠<>≤≥≈→" else SIGN


def _of_fraction(node: Element, parts: list[Element]) -> float:
    return max(map(_width, parts)) + 0.25


def _of_scripts(node: Element, parts: list[Element]) -> float:
    return _width(parts[0]) + SCRIPT * sum(map(_width, parts[1:])) + 0.06


def _of_root(node: Element, parts: list[Element]) -> float:
    return 0.9 + _of_row(node, parts[:1])


def _of_table(node: Element, parts: list[Element]) -> float:
    cells = [[_width(c) for c in row.childNodes if isinstance(c, Element)] for row in parts]
    columns = max(map(len, cells))
    widest = (max((row[k] for row in cells if k < len(row)), default=0.0) for k in range(columns))
    return sum(widest) + CELL * columns


_WIDTHS: dict[str, Callable[[Element, list[Element]], float]] = {
    "mi": _of_letters, "mn": _of_letters, "mtext": _of_letters, "mo": _of_operator, "mfrac": _of_fraction,
    "msub": _of_scripts, "msup": _of_scripts, "msubsup": _of_scripts, "msqrt": _of_root, "mroot": _of_root,
    "mtable": _of_table,
}  # fmt: skip
