"""Statements as MathML Core, which browsers show without scripts.

What browsers need differs from what MathML 3 promised: bold letters are code points of their own, an upright
single letter is text, signs say their form, and fences stretch only round what is tall.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Literal
from xml.dom.minidom import Element, Node, Text

from sympy import Symbol
from sympy.printing.mathml import MathMLPresentationPrinter

from physsym.printing.latex_printer import latex
from physsym.printing.names import CAPITALS, unicode_text
from physsym.printing.page import page
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
        made: Element = self.dom.createElement(tag)
        for name, value in attributes.items():
            made.setAttribute(name, value)
        for child in children:
            made.appendChild(_text(child) if isinstance(child, str) else child)
        return made

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
        between = [self.element("mo", SIGNS[sign], form="infix", **space) for sign in signs]
        return self._row(pieces[0], *(e for pair in zip(between, pieces[1:], strict=True) for e in pair))

    def _times(self, pieces: Sequence[Element]) -> Element:
        return self._row(*_joined(pieces, self._sign_of_times))

    def _sign_of_times(self, following: Element) -> Element:
        # Two numbers side by side would read as one.
        return self.element("mo", "·" if _content(following)[0].isdigit() else TIMES)

    def _commas(self, pieces: Sequence[Element]) -> Element:
        space = TIGHT if self.in_script else {}
        return self._row(*_joined(pieces, lambda _: self.element("mo", ",", **space)))

    def _fence(self, piece: Element, bars: bool = False) -> Element:
        tall = piece.tagName in TALL or any(piece.getElementsByTagName(tag) for tag in TALL)
        opening, closing = "||" if bars else "()"
        stretchy = "true" if tall else "false"
        return self.element(
            "mrow",
            self.element("mo", opening, form="prefix", stretchy=stretchy, **TIGHT),
            piece,
            self.element("mo", closing, form="postfix", stretchy=stretchy, **TIGHT),
        )

    def _fraction(self, over: Element, under: Element) -> Element:
        return self.element("mfrac", over, under)

    def _slash(self, over: Element, under: Element) -> Element:
        return self._row(over, self.element("mo", "/", form="infix", **TIGHT), under)

    def _power(self, base: Element, exponent: Element) -> Element:
        return self.element("msup", base, exponent)

    def _subscript(self, base: Element, index: Element) -> Element:
        return self.element("msub", base, index)

    def _root(self, piece: Element, degree: Element | None) -> Element:
        return self.element("msqrt", piece) if degree is None else self.element("mroot", piece, degree)

    def _cell(self, pieces: Sequence[Element], style: str) -> Element:
        return self.element("mtd", *pieces, style=style)

    def whole(self) -> Element:
        """Return all lines: the pieces of one, or a table with a row for each, aligned at the relation."""
        rows = self.sides()
        if len(rows) == 1:
            return self._row(*rows[0])
        lines = ([self._cell(row[:1], CELLS[0]), self._cell(row[1:], CELLS[1])] for row in rows)
        # A table sets its content small unless told otherwise.
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


def _joined(pieces: Sequence[Element], between: Callable[[Element], Element]) -> Iterator[Element]:
    for i, piece in enumerate(pieces):
        yield from (between(piece), piece) if i else (piece,)


def _resolve_entities(element: Element) -> None:
    """Replace the named entities in SymPy's own pieces, such as &pi;, which XML does not know, by letters."""
    for node in list(_texts(element)):
        if type(node) is not Text and node.parentNode is not None:
            node.parentNode.replaceChild(_text(html.unescape(node.data)), node)


def mathml(
    statement: object,
    face: Face = "physics",
    vocabulary: Vocabulary = STANDARD,
    *,
    states: Iterable[Symbol] = (),
    display: Literal["block", "inline"] = "block",
) -> str:
    r"""Return a statement as one `<math>` element, with its LaTeX as alternative text.

    The arguments are those of `latex`; `display` is "inline" for a formula in a sentence. The elements are
    those of MathML Core (https://www.w3.org/TR/mathml-core/).

    Raises TypeError for what is no statement and ValueError for an unknown face.

    >>> from physsym.vocabulary import eta
    >>> print(mathml(eta, display="inline"))
    <math xmlns="http://www.w3.org/1998/Math/MathML" display="inline" alttext="\eta"><mi>η</mi></math>
    """
    return _mathml(statement, face, vocabulary, tuple(states), display)


@lru_cache(maxsize=4096)
def _mathml(
    statement: object, face: Face, vocabulary: Vocabulary, states: tuple[Symbol, ...], display: str
) -> str:
    printer = MarkupPrinter(page(statement, vocabulary, states), face, vocabulary)
    printer.only_slashes = display == "inline"  # a fraction with a line is too small within a sentence
    alternative = latex(statement, face, vocabulary, states=states)
    math = printer.element("math", printer.whole(), xmlns=NAMESPACE, display=display, alttext=alternative)
    _resolve_entities(math)
    return str(math.toxml())
