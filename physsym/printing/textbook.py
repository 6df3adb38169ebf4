"""What all formats share: how an expression is decomposed into letters, fractions, powers and signs.

A format derives from `Textbook` and from SymPy's printer of that format, and implements each piece. What is
not named here, such as a matrix or an integral, is left to SymPy's printer.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar, TypeAlias

from sympy import Abs, Expr, Integer, Symbol, cos, cosh, sin, sinh, tan, tanh
from sympy.printing.precedence import PRECEDENCE, precedence_traditional
from sympy.printing.printer import Printer

from physsym.core.motion import TIME
from physsym.core.symbols import grad, hess, higher, partial, potential
from physsym.core.term_order import Product, ordered_terms, split
from physsym.printing.names import FACES, Glyph, glyph_of, glyph_of_name, potential_name, refuse_lookalikes
from physsym.printing.page import Line, Page, at_start
from physsym.vocabulary import Face, Vocabulary

Piece: TypeAlias = Any  # text in one format, an element of a tree in another

CONSTANTS = {"Pi": "pi", "ImaginaryUnit": "i"}
SIGNS = {True: "-", False: "+"}
# Functions whose powers are written behind the name: sin^2(x). Of others, such as log, this may mean twice.
RAISED_BY_NAME = (sin, cos, tan, sinh, cosh, tanh)


class Textbook(Printer, ABC):
    """Prints the expressions of a page on one face."""

    # The method by which an expression may print itself: not `_latex`, which opaque functions have for SymPy.
    printmethod = "_textbook"
    # Settings that a user made for all of SymPy's printers (init_printing) must not change a document.
    _global_settings: ClassVar[dict[str, Any]] = {}
    # Whether a fraction is written with a slash even where there is room for a line.
    only_slashes = False

    def __init__(self, page: Page, face: Face, vocabulary: Vocabulary) -> None:
        """Make a printer for one page. Raises ValueError for an unknown face or look-alikes on it."""
        if face not in FACES:
            raise ValueError(f"a face is one of {' and '.join(map(repr, FACES))}; given {face!r}")
        refuse_lookalikes(page.symbols, face, vocabulary, page.indexed)
        super().__init__()
        self.page, self.face, self.vocabulary = page, face, vocabulary
        self.context, self.in_script = page.context(vocabulary), False

    # The pieces, which a format implements.

    @abstractmethod
    def _letters(self, atoms: Sequence[str], bold: bool = False) -> Piece:
        """Return the letters of one symbol, without subscripts."""

    @abstractmethod
    def _number(self, digits: str) -> Piece:
        """Return a number without a sign."""

    @abstractmethod
    def _word(self, name: str) -> Piece:
        """Return the name of a function."""

    @abstractmethod
    def _special(self, name: str) -> Piece:
        """Return one of the signs "d", "nabla", "partial" and "infinity"."""

    @abstractmethod
    def _relation(self, sign: str) -> Piece:
        """Return one of the relations of `statements.RELATIONS`."""

    @abstractmethod
    def _minus(self, piece: Piece) -> Piece:
        """Return the piece with a minus sign in front."""

    @abstractmethod
    def _total(self, signs: Sequence[str], pieces: Sequence[Piece]) -> Piece:
        """Return the pieces with the signs + and - between them, one fewer than pieces."""

    @abstractmethod
    def _times(self, pieces: Sequence[Piece]) -> Piece:
        """Return the factors side by side."""

    @abstractmethod
    def _row(self, *pieces: Piece) -> Piece:
        """Return pieces that belong together, such as a function and its arguments."""

    @abstractmethod
    def _commas(self, pieces: Sequence[Piece]) -> Piece:
        """Return the pieces with commas between them."""

    @abstractmethod
    def _fence(self, piece: Piece, bars: bool = False) -> Piece:
        """Return the piece in parentheses, or between the bars of an absolute value."""

    @abstractmethod
    def _whole_part(self, piece: Piece, up: bool) -> Piece:
        """Return the piece between the brackets of the whole number next below, or next above."""

    @abstractmethod
    def _fraction(self, over: Piece, under: Piece) -> Piece:
        """Return a fraction with a line."""

    @abstractmethod
    def _slash(self, over: Piece, under: Piece) -> Piece:
        """Return a fraction with a slash."""

    @abstractmethod
    def _power(self, base: Piece, exponent: Piece) -> Piece:
        """Return the base with an exponent."""

    @abstractmethod
    def _subscript(self, base: Piece, index: Piece) -> Piece:
        """Return the base with an index."""

    @abstractmethod
    def _root(self, piece: Piece, degree: Piece | None) -> Piece:
        """Return the square root, or the root of a degree."""

    # Sums, products and powers.

    def _print_Add(self, expr: Expr) -> Piece:
        return self._sum(expr)

    def _sum(self, total: Expr, target: Symbol | None = None) -> Piece:
        terms = [split(term, self.context) for term in ordered_terms(total, self.context, target)]
        first, *others = (self._product(term) for term in terms)
        opening = self._minus(first) if terms[0].negative else first
        return self._total([SIGNS[term.negative] for term in terms[1:]], [opening, *others])

    def _print_Mul(self, expr: Expr) -> Piece:
        parts = split(expr, self.context)
        return self._minus(self._product(parts)) if parts.negative else self._product(parts)

    _print_Integer = _print_Rational = _print_Mul
    # SymPy's printers have methods for single numbers, which would come before that of their class.
    _print_Zero = _print_One = _print_NegativeOne = _print_Half = _print_Mul

    def _product(self, parts: Product) -> Piece:
        if self.in_script and parts.under and parts.vectors:
            parts = replace(parts, over=parts.over + parts.vectors, vectors=())
        behind = [self._factor(f) for f in parts.vectors]
        if not parts.under:
            before = [self._factor(f) for f in parts.over]
            return self._times(before + behind or [self._number("1")])
        quotient = self._quotient(parts.over, parts.under)
        return self._times([self._fence(quotient) if self._slashes and behind else quotient, *behind])

    def _quotient(self, over: tuple[Expr, ...], under: tuple[Expr, ...]) -> Piece:
        if not self._slashes:
            return self._fraction(self._level(over), self._level(under))
        above = self._factor(over[0]) if len(over) == 1 else self._level(over)
        compact = len(under) == 1 and not under[0].is_Add and not self._has_dots(under[0])
        return self._slash(above, self._level(under) if compact else self._fence(self._level(under)))

    def _level(self, factors: tuple[Expr, ...]) -> Piece:
        """Return one level of a fraction: one factor alone needs no parentheses, none is the number one."""
        if len(factors) == 1:
            return self._whole(factors[0])
        return self._times([self._factor(f) for f in factors]) if factors else self._number("1")

    def _factor(self, factor: Expr) -> Piece:
        loose = factor.is_Add or precedence_traditional(factor) < PRECEDENCE["Mul"]
        return self._fence(self._print(factor)) if loose else self._whole(factor)

    def _whole(self, factor: Expr) -> Piece:
        return self._number(str(int(factor))) if factor.is_Integer else self._print(factor)

    def _print_Pow(self, expr: Expr) -> Piece:
        base, exponent = expr.args
        if exponent.is_Rational and exponent < 0:
            return self._print_Mul(expr)
        if exponent.is_Rational and exponent.p == 1 and exponent.q > 1:
            return self._root(self._print(base), None if exponent.q == 2 else self._number(str(exponent.q)))
        if isinstance(base, RAISED_BY_NAME) and exponent.is_Integer:
            word = self._word(type(base).__name__)
            return self._applied(self._power(word, self._exponent(exponent)), base.args)
        return self._power(self._base(base), self._exponent(exponent))

    def _print_exp(self, expr: Expr) -> Piece:
        return self._exponential(expr.args[0])

    def _exponential(self, exponent: Expr) -> Piece:
        """Return a power of e, with the name of the function where a quantity is called e."""
        if any([*self._glyph(s).letters] == ["e"] for s in self.page.symbols if isinstance(s, Symbol)):
            return self._applied(self._word("exp"), (exponent,))
        return self._power(self._letters(["e"]), self._exponent(exponent))

    def _base(self, base: Expr) -> Piece:
        bare = isinstance(base, (Symbol, Abs)) and not self._has_dots(base)
        natural = base.is_Integer and base >= 0
        return (
            self._print(base) if bare or natural or base.is_NumberSymbol else self._fence(self._print(base))
        )

    def _has_dots(self, expr: Expr) -> bool:
        return isinstance(expr, Symbol) and self._glyph(expr).dots > 0

    def _exponent(self, expr: Expr) -> Piece:
        with self._script():
            return self._print(expr)

    @contextmanager
    def _script(self) -> Iterator[None]:
        outside, self.in_script = self.in_script, True
        try:
            yield
        finally:
            self.in_script = outside

    @property
    def _slashes(self) -> bool:
        return self.only_slashes or self.in_script

    # Symbols and functions.

    def _glyph(self, symbol: Symbol) -> Glyph:
        return glyph_of(symbol, self.face, self.vocabulary, self.page.indexed)

    def _print_Symbol(self, expr: Symbol) -> Piece:
        glyph = self._glyph(expr)
        return self._derivative(glyph) if glyph.dots else self._letter(glyph)

    _print_Dummy = _print_Symbol

    def _letter(self, glyph: Glyph) -> Piece:
        base = self._letters(glyph.letters, glyph.bold)
        with self._script():
            index = [self._letters([a]) for a in glyph.subscripts]
            index += [] if glyph.instant is None else [self._instant(glyph.instant)]
            return self._subscript(base, self._commas(index)) if index else base

    def _instant(self, steps: int) -> Piece:
        now = self._now()
        return self._total([SIGNS[steps < 0]], [now, self._number(str(abs(steps)))]) if steps else now

    def _now(self) -> Piece:
        # Steps are counted by t, unless the time is a state itself: t with the index n is the time of step n.
        counted = TIME in self.page.indexed
        free = (n for n in "nk" if n not in {str(s.name) for s in self.page.symbols})
        return self._letters([next(free, "i") if counted else "t"])

    def _derivative(self, glyph: Glyph) -> Piece:
        def raised(piece: Piece) -> Piece:
            return piece if glyph.dots == 1 else self._power(piece, self._number(str(glyph.dots)))

        over = self._row(raised(self._special("d")), self._letter(glyph))
        under = self._row(self._special("d"), raised(self._letters(["t"])))
        # Never with a slash in an exponent: dx/dt v would be unclear there.
        return self._slash(over, under) if self.only_slashes else self._fraction(over, under)

    def _print_constant(self, expr: Expr) -> Piece:
        return self._letters([CONSTANTS[type(expr).__name__]])

    _print_Pi = _print_ImaginaryUnit = _print_constant

    def _print_Exp1(self, expr: Expr) -> Piece:
        # The letter e by itself could be any quantity.
        return self._exponential(Integer(1))

    def _print_Infinity(self, expr: Expr) -> Piece:
        return self._special("infinity")

    def _print_NegativeInfinity(self, expr: Expr) -> Piece:
        return self._minus(self._special("infinity"))

    def _print_Abs(self, expr: Expr) -> Piece:
        inside = self._print(expr.args[0])
        # Bars beside bars are those of a norm, and bars within bars do not tell which of them close.
        return self._fence(self._fence(inside) if expr.args[0].has(Abs) else inside, bars=True)

    def _print_floor(self, expr: Expr) -> Piece:
        return self._whole_part(self._print(expr.args[0]), up=False)

    def _print_ceiling(self, expr: Expr) -> Piece:
        return self._whole_part(self._print(expr.args[0]), up=True)

    def _print_Float(self, expr: Expr) -> Piece:
        digits, _, exponent = f"{abs(float(expr)):.6g}".partition("e")
        size = self._number(digits)
        if exponent:
            size = self._times([size, self._power(self._number("10"), self._print(Integer(exponent)))])
        return self._minus(size) if expr < 0 else size

    def _print_Function(self, expr: Expr) -> Piece:
        return self._applied(self._word(type(expr).__name__), expr.args)

    _print_sign = _print_log = _print_Function

    def _applied(self, head: Piece, arguments: Sequence[Expr]) -> Piece:
        return self._row(head, self._fence(self._commas([self._print(a) for a in arguments])))

    # The potential and its derivatives.

    def _energy(self) -> Piece:
        return self._letter(glyph_of_name(potential_name(self.face, self.vocabulary)))

    def _print_potential(self, expr: potential) -> Piece:
        return self._applied(self._energy(), expr.args)

    def _print_grad(self, expr: grad) -> Piece:
        return self._applied(self._row(self._special("nabla"), self._energy()), expr.args)

    def _print_hess(self, expr: hess | higher) -> Piece:
        often = self._power(self._special("nabla"), self._number(str((2, *expr.args)[-2])))
        return self._applied(self._row(often, self._energy()), expr.args[-1:])

    _print_higher = _print_hess

    def _print_partial(self, expr: partial) -> Piece:
        index, *point = expr.args
        coordinate = point[int(index) - 1] if index.is_Integer and 1 <= index <= len(point) else None
        # The coordinate has a name only where the point is given by symbols; otherwise it has a number.
        if isinstance(coordinate, Symbol):
            glyph = replace(self._glyph(coordinate), instant=None, dots=0)
            over = self._row(self._special("partial"), self._energy())
            under = self._row(self._special("partial"), self._letter(glyph))
            head = self._fence(self._slash(over, under)) if self.only_slashes else self._fraction(over, under)
        else:
            with self._script():
                number = self._print(index)
            head = self._row(self._subscript(self._special("partial"), number), self._energy())
        return self._applied(head, point)

    # Case distinctions.

    def _print_at_start(self, expr: at_start) -> Piece:
        glyph = self._glyph(expr.args[0])
        before_now = -glyph.instant if glyph.instant else 0
        with self._script():
            index = self._number(str(before_now))
            index = self._minus(index) if before_now else index
            if self._reads_as_start:
                index = self._row(self._now(), self._relation("="), index)
        base = self._letter(replace(glyph, instant=None, subscripts=()))
        with self._script():
            index = self._commas([*(self._letters([a]) for a in glyph.subscripts), index])
        return self._subscript(base, index)

    @cached_property
    def _reads_as_start(self) -> bool:
        """Return whether a symbol on the page, such as nu_0, looks like the start value of another."""
        glyphs = [self._glyph(s) for s in self.page.symbols]
        started = {(g.letters, g.subscripts) for g in glyphs if g.instant is not None}
        return any(g.subscripts[-1:] == ("0",) and (g.letters, g.subscripts[:-1]) in started for g in glyphs)

    def sides(self) -> list[list[Piece]]:
        """Return the pieces of each line: a side, and perhaps relations with a side behind each."""
        return [self._sides(line) for line in self.page.lines]

    def _sides(self, line: Line) -> list[Piece]:
        first, *others = (
            self._sum(side, line.target) if side.is_Add else self._print(side) for side in line.sides
        )
        pairs = zip(map(self._relation, line.relations), others, strict=True)
        return [first, *(piece for pair in pairs for piece in pair)]


class TextPrinter(Textbook):
    """Prints into a string; a format adds its letters, fractions, scripts and fences."""

    multiplication_dot = " · "

    def _number(self, digits: str) -> str:
        return digits

    def _minus(self, piece: str) -> str:
        return f"-{piece}"

    def _total(self, signs: Sequence[str], pieces: Sequence[str]) -> str:
        space = "" if self.in_script else " "
        return pieces[0] + "".join(f"{space}{s}{space}{p}" for s, p in zip(signs, pieces[1:], strict=True))

    def _times(self, pieces: Sequence[str]) -> str:
        # Two numbers side by side would read as one.
        between = (self.multiplication_dot if p[0].isdigit() else " " for p in pieces[1:])
        return pieces[0] + "".join(b + p for b, p in zip(between, pieces[1:], strict=True))

    def _commas(self, pieces: Sequence[str]) -> str:
        return ("," if self.in_script else ", ").join(pieces)

    def _slash(self, over: str, under: str) -> str:
        return f"{over}/{under}"
