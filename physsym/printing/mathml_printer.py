"""Statements as MathML Core, which browsers show without scripts.

What browsers need differs from what MathML 3 promised: bold letters are code points of their own, an upright
single letter is text, signs that may stand first or last say their form, and fences stretch only round what
is tall.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Literal
from xml.dom.minidom import Element, Node, Text
from xml.etree import ElementTree

from sympy import And, Not, Or, Piecewise, Symbol, default_sort_key
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean
from sympy.printing.mathml import MathMLPresentationPrinter

from physsym.core.arguments import named_arguments
from physsym.printing.latex_printer import latex_of_page
from physsym.printing.names import CAPITALS, unicode_text
from physsym.printing.page import Page, Printable, page
from physsym.printing.textbook import Textbook
from physsym.vocabulary import STANDARD, Face, Vocabulary

NAMESPACE = "http://www.w3.org/1998/Math/MathML"
SIGNS = {"+": "+", "-": "\N{MINUS SIGN}"}
RELATIONS = {"=": "=", "!=": "≠", "<": "<", ">": ">", "<=": "≤", ">=": "≥", "~": "≈", "->": "→"}
SPECIALS = {"d": ("mtext", "d"), "partial": ("mtext", "∂"), "infinity": ("mi", "∞")}
TIMES = "\N{INVISIBLE TIMES}"
TALL = ("mfrac", "msqrt", "mroot", "mtable")
TIGHT = {"lspace": "0", "rspace": "0"}
# A cell keeps no distance from the relation that the next one begins with. Chromium lays out what is in a
# cell as a block, which only its own value moves to the right; other browsers pass that value over.
CELLS = ("text-align:right;text-align:-webkit-right;padding-right:0", "text-align:left;padding-left:0")


class MarkupPrinter(Textbook, MathMLPresentationPrinter):
    """The pieces of a formula as elements of presentation MathML."""

    def element(self, tag: str, *children: Element | str, **attributes: str) -> Element:
        """Return an element of the tree with the given children or text."""
        element: Element = self.dom.createElement(tag)
        for name, value in attributes.items():
            element.setAttribute(name, value)
        for child in children:
            element.appendChild(_text(child) if isinstance(child, str) else child)
        return element

    def _row(self, *pieces: Element) -> Element:
        return pieces[0] if len(pieces) == 1 else self.element("mrow", *pieces)

    def _letters(self, atoms: Sequence[str], bold: bool = False) -> Element:
        return self._row(*(self._letter_of(unicode_text(a, bold)) for a in atoms))

    def _letter_of(self, text: str) -> Element:
        # Browsers slant a single letter in mi, but a Greek capital stands upright in TeX.
        upright = text in CAPITALS or not text.isalnum()
        return self.element("mn" if text.isdigit() else "mtext" if upright else "mi", text)

    def _number(self, digits: str) -> Element:
        return self.element("mn", digits)

    def _word(self, name: str) -> Element:
        return self._letter_of(unicode_text(name))

    def _special(self, name: str) -> Element:
        if name == "nabla":
            return self.element("mo", "∇", form="prefix", **TIGHT)
        tag, text = SPECIALS[name]
        return self.element(tag, text)

    def _relation(self, sign: str) -> Element:
        return self.element("mo", RELATIONS[sign], form="infix")

    def _minus(self, piece: Element) -> Element:
        return self._row(self.element("mo", SIGNS["-"], form="prefix", **TIGHT), piece)

    def _total(self, signs: Sequence[str], pieces: Sequence[Element]) -> Element:
        space = TIGHT if self.in_script else {}
        between = [self.element("mo", SIGNS[sign], **space) for sign in signs]
        return self._row(pieces[0], *(e for pair in zip(between, pieces[1:], strict=True) for e in pair))

    def _times(self, pieces: Sequence[Element]) -> Element:
        return self._row(*_joined(pieces, self._sign_of_times))

    def _sign_of_times(self, before: Element, following: Element) -> Element:
        # Two numbers side by side would read as one, and so would a word and what it is multiplied by.
        if _content(following)[0].isdigit():
            return self.element("mo", "·")
        words = (_leaves(before)[-1], _leaves(following)[0])
        apart = any(w.tagName == "mi" and len(_content(w)) > 1 for w in words)
        return self.element("mo", TIMES, **({"lspace": "0.167em", "rspace": "0"} if apart else {}))

    def _commas(self, pieces: Sequence[Element]) -> Element:
        space = TIGHT if self.in_script else {}
        return self._row(*_joined(pieces, lambda *_: self.element("mo", ",", **space)))

    def _fence(self, piece: Element, bars: bool = False) -> Element:
        return self._between(("|", "|") if bars else ("(", ")"), piece)

    def _whole_part(self, piece: Element, up: bool) -> Element:
        return self._between(("⌈", "⌉") if up else ("⌊", "⌋"), piece)

    def _between(self, brackets: tuple[str, str], piece: Element) -> Element:
        tall = piece.tagName in TALL or any(piece.getElementsByTagName(tag) for tag in TALL)
        opening, closing = brackets
        stretchy = "true" if tall else "false"
        return self.element(
            "mrow",
            self.element("mo", opening, form="prefix", stretchy=stretchy),
            piece,
            self.element("mo", closing, form="postfix", stretchy=stretchy),
        )

    def _fraction(self, over: Element, under: Element) -> Element:
        return self.element("mfrac", over, under)

    def _slash(self, over: Element, under: Element) -> Element:
        return self._row(over, self.element("mo", "/", **TIGHT), under)

    def _power(self, base: Element, exponent: Element) -> Element:
        return self.element("msup", base, exponent)

    def _subscript(self, base: Element, index: Element) -> Element:
        return self.element("msub", base, index)

    def _root(self, piece: Element, degree: Element | None) -> Element:
        return self.element("msqrt", piece) if degree is None else self.element("mroot", piece, degree)

    def _print_Piecewise(self, expr: Piecewise) -> Element:
        rows = []
        for value, condition in expr.args:
            told = (
                [self.element("mtext", "otherwise")]
                if condition == True  # noqa: E712 - of SymPy
                else [self.element("mtext", "if\N{NO-BREAK SPACE}"), self._print(condition)]
            )
            rows.append(self.element("mtr", self._cell([self._print(value)], CELLS[1]), self._cell(told, "")))
        brace = self.element("mo", "{", form="prefix", stretchy="true")
        return self.element("mrow", brace, self.element("mtable", *rows))

    def _print_Relational(self, expr: Relational) -> Element:
        sign = {"==": "="}.get(expr.rel_op, expr.rel_op)
        return self._row(self._print(expr.lhs), self._relation(sign), self._print(expr.rhs))

    def _joined_conditions(self, expr: Boolean, word: str) -> Element:
        parts = [
            self._print(p) if isinstance(p, Relational) else self._fence(self._print(p))
            for p in sorted(expr.args, key=default_sort_key)
        ]
        space = "\N{NO-BREAK SPACE}"
        return self._row(*_joined(parts, lambda *_: self.element("mtext", f"{space}{word}{space}")))

    def _print_And(self, expr: Boolean) -> Element:
        return self._joined_conditions(expr, "and")

    def _print_Or(self, expr: Boolean) -> Element:
        return self._joined_conditions(expr, "or")

    def _print_Not(self, expr: Boolean) -> Element:
        return self._row(
            self.element("mtext", "not\N{NO-BREAK SPACE}"), self._fence(self._print(expr.args[0]))
        )

    def _print_ITE(self, expr: Boolean) -> Element:
        test, then, otherwise = expr.args
        return self._print_Or(Or(And(test, then), And(Not(test), otherwise), evaluate=False))

    def _cell(self, pieces: Sequence[Element], style: str) -> Element:
        return self.element("mtd", *pieces, **({"style": style} if style else {}))

    def whole(self) -> Element:
        """Return all lines: the pieces of one, or a table with a row for each, aligned at the relation."""
        rows = self.sides()
        if len(rows) == 1:
            return self._row(*rows[0])
        lines = ([self._cell(row[:1], CELLS[0]), self._cell(row[1:], CELLS[1])] for row in rows)
        # A table sets its content small by default.
        return self.element("mtable", *(self.element("mtr", *cells) for cells in lines), displaystyle="true")


def _text(text: str) -> Text:
    node = Text()
    node.data = text
    return node


def _texts(node: Node) -> Iterator[Text]:
    for child in node.childNodes:
        yield from (child,) if isinstance(child, Text) else _texts(child)


def _content(element: Element) -> str:
    return "".join(node.data for node in _texts(element))


def _joined(pieces: Sequence[Element], between: Callable[[Element, Element], Element]) -> Iterator[Element]:
    yield pieces[0]
    for before, piece in pairwise(pieces):
        yield from (between(before, piece), piece)


def _leaves(piece: Element) -> list[Element]:
    """Return the elements of a formula that hold text, in order."""
    inner = [child for child in piece.childNodes if isinstance(child, Element)]
    return [leaf for child in inner for leaf in _leaves(child)] if inner else [piece]


@named_arguments
def mathml(
    statement: Printable,
    face: Face = "physics",
    vocabulary: Vocabulary = STANDARD,
    *,
    states: Iterable[Symbol] = (),
    display: Literal["block", "inline"] = "block",
) -> str:
    r"""Return a statement as one `<math>` element of MathML Core, with its LaTeX as alternative text.

    Parameters
    ----------
    statement, face, vocabulary, states
        As for `latex`.
    display
        "inline" for a formula in a sentence.

    Returns
    -------
    str
        One element; its alternative text is LaTeX.

    Raises
    ------
    TypeError, ValueError
        As `latex` does.

    References
    ----------
    MathML Core, https://www.w3.org/TR/mathml-core/

    Examples
    --------
    >>> from physsym.vocabulary import eta
    >>> print(mathml(eta, display="inline"))
    <math xmlns="http://www.w3.org/1998/Math/MathML" display="inline" alttext="\eta"><mi>η</mi></math>
    """
    return _mathml(page(statement, vocabulary, tuple(states)), face, vocabulary, display)


@lru_cache(maxsize=4096)
def _mathml(page: Page, face: Face, vocabulary: Vocabulary, display: str) -> str:
    printer = MarkupPrinter(page, face, vocabulary)
    printer.only_slashes = display == "inline"  # a fraction with a line is too small within a sentence
    alternative = latex_of_page(page, face, vocabulary)
    math = printer.element("math", printer.whole(), xmlns=NAMESPACE, display=display, alttext=alternative)
    # Named entities in SymPy's own pieces, such as &pi;, are not known in XML.
    for node in list(_texts(math)):
        if type(node) is not Text and node.parentNode is not None:
            node.parentNode.replaceChild(_text(html.unescape(node.data)), node)
    return str(math.toxml())


# ------------------------------------------------------------------ how wide a formula is

# In em, rounded up a little: a formula that is thought too wide is set smaller, one thought too narrow
# overflows. Letters of TeX's fonts are 0.57 em wide on average, bold ones 0.6.
LETTER, BOLD, DIGIT, FENCE = 0.58, 0.64, 0.52, 0.42
RELATION, SIGN, PREFIX, COMMA = 1.4, 1.3, 0.85, 0.5
SCRIPT, COLUMN = 0.74, 0.4
_OPERATOR_WIDTHS = {
    "(": FENCE,
    ")": FENCE,
    "|": 0.3,
    **dict.fromkeys("⌊⌋⌈⌉", 0.44),
    ",": COMMA,
    "/": 0.52,
    "·": 0.75,
    "\N{INVISIBLE TIMES}": 0.0,
}


@lru_cache(maxsize=4096)
def width(math: str) -> float:
    """Return about how wide a MathML formula is, in em of its own font; formulas under each other count once.

    >>> from physsym.vocabulary import eta
    >>> width(mathml(eta))
    0.58
    """
    return round(_width(ElementTree.fromstring(math)), 2)  # far faster than minidom


def _width(node: ElementTree.Element) -> float:
    return _WIDTHS.get(node.tag.rpartition("}")[2], _of_row)(node)


def _of_row(node: ElementTree.Element) -> float:
    return sum(map(_width, node))


def _of_letters(node: ElementTree.Element) -> float:
    text = "".join(node.itertext())
    return sum(BOLD if ord(c) > 0x1D3FF else DIGIT if c.isdigit() else LETTER for c in text)


def _of_operator(node: ElementTree.Element) -> float:
    text = "".join(node.itertext())
    if text in _OPERATOR_WIDTHS:
        return _OPERATOR_WIDTHS[text]
    tight = node.get("lspace") == "0" or node.get("form") == "prefix"
    return PREFIX if tight else RELATION if text in "=≠<>≤≥≈→" else SIGN


def _of_fraction(node: ElementTree.Element) -> float:
    return max(map(_width, node)) + 0.25


def _of_scripts(node: ElementTree.Element) -> float:
    return _width(node[0]) + SCRIPT * sum(map(_width, node[1:])) + 0.06


def _of_root(node: ElementTree.Element) -> float:
    return 0.9 + sum(map(_width, node[:1]))


def _of_table(node: ElementTree.Element) -> float:
    cells = [[*map(_width, row)] for row in node]
    columns = max(map(len, cells))
    widest = (max((row[k] for row in cells if k < len(row)), default=0.0) for k in range(columns))
    return sum(widest) + COLUMN * columns


_WIDTHS: dict[str, Callable[[ElementTree.Element], float]] = {
    "mi": _of_letters, "mn": _of_letters, "mtext": _of_letters, "mo": _of_operator, "mfrac": _of_fraction,
    "msub": _of_scripts, "msup": _of_scripts, "msubsup": _of_scripts, "msqrt": _of_root, "mroot": _of_root,
    "mtable": _of_table,
}  # fmt: skip
