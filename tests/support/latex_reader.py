"""A small reader of the LaTeX that physsym.printing writes, back to expressions: the witness of the printers.

It shares no code with them. The reader is told what each glyph stands for and raises `Unreadable` on anything
else: an unknown command, a missing brace, two numbers side by side, an index of time where none belongs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType

import sympy
from sympy import Expr, Integer, Rational, Symbol

from physsym.core.symbols import after, before, dot, grad, hess, partial, potential

TOKEN = re.compile(r"\\[A-Za-z]+|\\\\|\d+(?:\.\d+)?|[A-Za-z]|[-+=<>^_{}()\[\]|,/&]")
FUNCTIONS: dict[str, Callable[[Expr], Expr]] = {"sign": sympy.sign}
COMMANDS: dict[str, Callable[[Expr], Expr]] = {
    rf"\{name}": getattr(sympy, name) for name in ("log", "sin", "cos", "exp", "tanh", "sinh", "cosh")
}
RELATIONS = ("=", r"\neq", "<", ">", r"\leq", r"\geq", r"\approx", r"\to")
ENDS = (None, ")", "}", "]", ",", "+", "-", "/", r"\right", r"\\", "&", r"\end", *RELATIONS)


class Unreadable(ValueError):
    """The text is not a formula in the declared glyphs."""


def tokens_of(text: str) -> list[str]:
    """Return the tokens of a text; only blanks may stand between them."""
    found = TOKEN.findall(text)
    if "".join(found) != re.sub(r"\s", "", text):
        raise Unreadable(f"unknown characters in {text!r}")
    return found


def read_lines(
    text: str,
    glyphs: Mapping[str, Symbol],
    energy: str = "U",
    states: Collection[Symbol] = (),
    functions: Mapping[str, Callable[..., Expr]] = MappingProxyType({}),
) -> list[tuple[Expr, ...]]:
    r"""Return the sides of each line: of one line, or of those of an `aligned` block.

    `glyphs` maps LaTeX such as r"\mathbf{x}" to symbols; those in `states` must carry an index of time
    wherever they occur, and no other symbol may. `functions` are called by the letters that they are given.
    """
    reader = _Reader(tokens_of(text), glyphs, energy, states)
    reader.atoms |= {letter: lambda f=f: f(*reader.arguments()) for letter, f in functions.items()}
    return reader.page()


def read_expression(
    text: str, glyphs: Mapping[str, Symbol], energy: str = "U", states: Collection[Symbol] = ()
) -> Expr:
    """Return the one expression that the text is."""
    lines = read_lines(text, glyphs, energy, states)
    if len(lines) != 1 or len(lines[0]) != 1:
        raise Unreadable(f"expected one expression in {text!r}")
    return lines[0][0]


class _Reader:
    def __init__(
        self, tokens: list[str], glyphs: Mapping[str, Symbol], energy: str, states: Collection[Symbol]
    ) -> None:
        self.tokens, self.at = tokens, 0
        self.energy, self.states = energy, states
        self.glyphs = {_glyph_key(tokens_of(glyph)): symbol for glyph, symbol in glyphs.items()}
        self.glyphs_of_one = {base[0] for base, _ in self.glyphs if len(base) == 1}
        self.bases = sorted({base for base, _ in self.glyphs}, key=len, reverse=True)
        # What each token at the beginning of an atom leads to.
        self.atoms: dict[str, Callable[[], Expr]] = {
            "(": self.parenthesis, r"\left": self.fence, r"\frac": self.fraction, r"\sqrt": self.root,
            r"\nabla": self.gradient, r"\partial": self.numbered_slope, r"\operatorname": self.operator,
            r"\infty": lambda: sympy.oo, "e": self.exponential,
            energy: lambda: potential(*self.places(energy)),
        }  # fmt: skip
        if "d" not in self.glyphs_of_one:
            self.atoms["d"] = self.slashed_derivative

    def peek(self, ahead: int = 0) -> str | None:
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else None

    def next(self, *expected: str) -> str:
        token = self.peek()
        if token is None or (expected and token not in expected):
            raise Unreadable(f"expected {' or '.join(expected) or 'more'}, found {token!r} at {self.at}")
        self.at += 1
        return token

    def skip(self, token: str) -> bool:
        found = self.peek() == token
        self.at += found
        return found

    def word(self, *tokens: str) -> None:
        for token in tokens:
            self.next(token)

    def page(self) -> list[tuple[Expr, ...]]:
        several = self.peek() == r"\begin"
        if several:
            self.word(r"\begin", "{", *"aligned", "}")
        lines = [self.line(several)]
        while several and self.skip(r"\\"):
            lines.append(self.line(several))
        if several:
            self.word(r"\end", "{", *"aligned", "}")
        if self.peek() is not None:
            raise Unreadable(f"left over from {self.peek()!r} at {self.at}")
        return lines

    def line(self, aligned: bool) -> tuple[Expr, ...]:
        left = self.sum()
        if aligned:
            self.next("&")
        sides = [left]
        while self.peek() in RELATIONS:
            self.next(*RELATIONS)
            sides.append(self.sum())
        return tuple(sides)

    def sum(self) -> Expr:
        total = -self.product() if self.skip("-") else self.product()
        while self.peek() in ("+", "-"):
            total = total + self.product() if self.next() == "+" else total - self.product()
        return total

    def product(self) -> Expr:
        result = self.power()
        while self.peek() not in ENDS:
            dotted = self.skip(r"\cdot")
            if not dotted and self.peek()[0].isdigit():
                raise Unreadable(f"a number behind another factor at {self.at}")
            result *= self.power()
        if self.skip("/"):
            result /= self.power()
            if self.peek() not in ENDS or self.peek() == "/":
                raise Unreadable(f"unclear what is divided by at {self.at}")
        return result

    def power(self) -> Expr:
        base = self.atom()
        if not self.skip("^"):
            return base
        return base ** self.group()

    def group(self) -> Expr:
        self.next("{")
        inner = self.sum()
        self.next("}")
        return inner

    def atom(self) -> Expr:
        token = self.peek()
        if token is None or token in ENDS:
            raise Unreadable(f"expected a factor, found {token!r} at {self.at}")
        if token[0].isdigit():
            return Rational(self.next())
        if token in self.atoms:
            self.next()
            return self.atoms[token]()
        if token in COMMANDS:
            return COMMANDS[self.next()](*self.arguments())
        return self.symbol()

    def parenthesis(self) -> Expr:
        inner = self.sum()
        self.next(")")
        return inner

    def fence(self) -> Expr:
        opening = self.next("(", "|")
        inner = self.sum()
        self.word(r"\right", {"(": ")", "|": "|"}[opening])
        return sympy.Abs(inner) if opening == "|" else inner

    def arguments(self) -> list[Expr]:
        tall = self.skip(r"\left")
        self.next("(")
        found = [self.sum()]
        while self.skip(","):
            found.append(self.sum())
        if tall:
            self.next(r"\right")
        self.next(")")
        return found

    def places(self, energy: str) -> list[Expr]:
        if energy != self.energy:
            raise Unreadable(f"the potential is called {self.energy}, not {energy}")
        return self.arguments()

    def operator(self) -> Expr:
        self.next("{")
        name = ""
        while not self.skip("}"):
            name += self.next()
        if name not in FUNCTIONS:
            raise Unreadable(f"unknown function {name!r}")
        return FUNCTIONS[name](*self.arguments())

    def exponential(self) -> Expr:
        return sympy.exp(self.group() if self.skip("^") else 1)

    def root(self) -> Expr:
        degree = Integer(2)
        if self.skip("["):
            degree = Rational(self.next())
            self.next("]")
        return self.group() ** (1 / degree)

    def gradient(self) -> Expr:
        kind = grad
        if self.skip("^"):
            self.word("{", "2", "}")
            kind = hess
        return kind(*self.places(self.next()))

    def numbered_slope(self) -> Expr:
        self.word("_", "{")
        index = Integer(self.next())
        self.next("}")
        return partial(index, *self.places(self.next()))

    def fraction(self) -> Expr:
        if self.peek(1) == "d":
            return self.derivative()
        if self.peek(1) == r"\partial":
            return self.slope()
        over = self.group()
        return over / self.group()

    def derivative(self) -> Expr:
        self.word("{", "d")
        order = self.order()
        derived = self.symbol()
        self.word("}", "{", "d", "t")
        if self.order() != order:
            raise Unreadable(f"two different orders of one derivative at {self.at}")
        self.next("}")
        for _ in range(order):
            derived = dot(derived)
        return derived

    def slashed_derivative(self) -> Expr:
        order = self.order()
        derived = self.symbol()
        self.word("/", "d", "t")
        if self.order() != order:
            raise Unreadable(f"two different orders of one derivative at {self.at}")
        for _ in range(order):
            derived = dot(derived)
        return derived

    def order(self) -> int:
        if not self.skip("^"):
            return 1
        self.next("{")
        order = int(self.next())
        self.next("}")
        return order

    def slope(self) -> Expr:
        self.word("{", r"\partial", self.energy, "}", "{", r"\partial")
        coordinate = self.bare_symbol()
        self.next("}")
        places = self.arguments()
        if coordinate not in places:
            raise Unreadable(f"a slope along {coordinate}, which is none of the places")
        return partial(Integer(places.index(coordinate) + 1), *places)

    def symbol(self) -> Symbol:
        base, parts = self.letters()
        index = None
        if (base, parts) not in self.glyphs and parts:
            *parts, index = parts
        symbol = self.glyphs.get((base, tuple(parts)))
        if symbol is None:
            raise Unreadable(f"no symbol is declared for {''.join(base)} with {parts} at {self.at}")
        if (index is not None) != (symbol in self.states):
            raise Unreadable(
                f"{symbol} {'carries no index' if index is None else 'carries an index'} of time"
            )
        return symbol if index is None else _at_instant(symbol, index)

    def bare_symbol(self) -> Symbol:
        key = self.letters()
        if key not in self.glyphs:
            raise Unreadable(f"no symbol is declared for {key}")
        return self.glyphs[key]

    def letters(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        rest = tuple(self.tokens[self.at :])
        base = next((b for b in self.bases if rest[: len(b)] == b), None)
        if base is None:
            raise Unreadable(f"unknown glyph {self.peek()!r} at {self.at}")
        self.at += len(base)
        if not self.skip("_"):
            return base, ()
        self.next("{")
        inside = ""
        while inside.count("{") > inside.count("}") or not self.skip("}"):
            inside += self.next()
        return base, tuple(inside.split(","))


def _glyph_key(tokens: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if "_" not in tokens:
        return tuple(tokens), ()
    at = tokens.index("_")
    return tuple(tokens[:at]), tuple("".join(tokens[at + 2 : -1]).split(","))


def _at_instant(symbol: Symbol, index: str) -> Symbol:
    steps = re.fullmatch(r"t(?:([+-])([1-9]\d*))?", index)
    if steps is None:
        raise Unreadable(f"{index!r} is no instant")
    for _ in range(int(steps[2] or 0)):
        symbol = after(symbol) if steps[1] == "+" else before(symbol)
    return symbol
