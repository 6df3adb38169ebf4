r"""A formula that is evaluated under one set of decisions: what is kept, and arithmetic within bounds.

The subjects (names, functions, derivatives, products, operators) are classes one upon the other, each in its
module, since each meets the others below it in the tree; `Interpretation` joins them.

What is not understood as a value of real numbers is opaque: a function whose name begins with a backslash, or
a symbol with such a name, of which nothing is known.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from sympy import Expr, Rational, Symbol
from sympy import Function as Undefined

from physsym.core.verdicts import Condition
from physsym.parsing.latex.conventions import Conventions
from physsym.parsing.latex.decisions import Decisions
from physsym.parsing.latex.tree import Node
from physsym.parsing.tokens import ReadError

MAX_POWER = 64
MAX_BITS = 4000
MAX_FACTORIAL = 100
ARGUMENT = Symbol("argument", real=True)
"""That of functions that a text writes without one."""
OPAQUE = "\\"
"""With this sign begin the names of functions and symbols of which nothing is known."""


class Formula(ABC):
    """A formula under one set of decisions; the values of its trees are left to `Interpretation`."""

    def __init__(
        self,
        text: str,
        conventions: Conventions,
        decisions: Decisions,
        coefficients: Mapping[int, bool] | None = None,
    ) -> None:
        """Begin; nothing is evaluated yet. `coefficients` are as of `coefficients_in`.

        What joins coordinates is noted in `joined`, and products element by element in a flag. Where both
        occur, they are not the same in one coordinate: `apart` says that the latter are opaque.
        """
        self.text, self.conventions, self.decisions = text, conventions, decisions
        self.one_coordinate = False
        self.assumed: dict[str, None] = {}
        self.bound: list[str] = []
        self.positions: dict[Expr, int] = {}
        self.above: dict[Expr, int] = {}
        self.joined: Node | None = None
        self.element_by_element = False
        self.apart = False
        self.nested = 0
        self.domain: dict[Condition, None] = {}
        self.coefficients = coefficients or {}

    def error(self, message: str, node: Node) -> ReadError:
        """Return the error that points at a node."""
        return ReadError(message, self.text, node.start)

    def source(self, node: Node) -> str:
        """Return the text of a node."""
        return " ".join(self.text[node.start : node.end].split())

    def _around(self, node: Node) -> str:
        return self.text[max(node.start - 12, 0) : node.end + 12].strip()

    def opaque(self, name: str, *arguments: Expr) -> Expr:
        """Return a function of which nothing is known."""
        return Undefined(OPAQUE + name)(*arguments)

    def symbol(self, key: str) -> Symbol:
        """Return a real symbol."""
        return Symbol(key, real=True)

    @abstractmethod
    def value(self, node: Node) -> Expr:
        """Return the value of a tree."""

    @abstractmethod
    def unit(self, signs: Sequence[str], factors: Sequence[Node], i: int) -> tuple[Expr, int]:
        """Return the value of a factor with what it acts on, and the number of the factor behind."""

    def _placed(self, value: Expr, node: Node) -> Expr:
        """Return a value, noting where it was read."""
        self.positions.setdefault(value, node.start)
        return value

    def _needs(self, value: Expr, relation: Literal["!= 0", ">= 0", "> 0"]) -> None:
        """Keep what must hold for the text to be defined as it is written."""
        if not value.is_number and not value.is_positive:
            self.domain[Condition(value, relation)] = None

    def divided(self, over: Expr, under: Expr, node: Node) -> Expr:
        """Return a quotient; refuse one by zero."""
        if under.is_zero:
            raise self.error("this is not defined: found a division by zero", node)
        self._needs(under, "!= 0")
        return over / under

    def _counted(self, build: Callable[..., Expr], node: Node, *values: Expr) -> Expr:
        """Return a factorial or a binomial; refuse one of a large number."""
        if any(v.is_number and not (v.is_Integer and 0 <= v <= MAX_FACTORIAL) for v in values):
            raise self.error(f"this is read of whole numbers up to {MAX_FACTORIAL}", node)
        return build(*values)

    def _refuse_large_exponent(self, value: Expr, node: Node) -> None:
        if value.is_number and not (value.is_Rational and abs(value) <= MAX_POWER) and value.is_Rational:
            raise self.error(f"found a power beyond {MAX_POWER}", node)

    def _power(self, base: Expr, exponent: Expr, node: Node) -> Expr:
        self._refuse_large_exponent(exponent, node)
        if exponent.is_number and not exponent.is_Rational and base.is_number:
            raise self.error("this power of a number is not understood", node)
        if exponent.is_Rational and not exponent.is_Integer and base.is_number and not is_small(base):
            raise self.error("this may take the root of a large number", node)
        bits = max((_bits(a) for a in base.atoms(Rational)), default=0)
        if exponent.is_Rational and bits * abs(exponent) > MAX_BITS:
            raise self.error(f"found a number of more than {MAX_BITS} bits", node)
        if base.is_zero and exponent.is_negative:
            raise self.error("this is not defined: found a division by zero", node)
        if exponent.is_Integer and exponent.is_negative:
            self._needs(base, "!= 0")
        elif exponent.is_Rational and not exponent.is_Integer:
            self._needs(base, "> 0" if exponent.is_negative else ">= 0")
        return base**exponent


def _bits(number: Rational) -> int:
    return max(int(abs(number.p)), int(number.q)).bit_length()


def is_small(value: Expr) -> bool:
    """Return whether all numbers in a value are small, so that a root of them is taken at once."""
    return all(_bits(a) <= 256 for a in value.atoms(Rational))
