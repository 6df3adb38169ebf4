"""The tree of a formula: how its signs are grouped, before anything is decided about what they mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Node:
    """A part of a formula, from its first character to the one behind its last."""

    start: int
    end: int

    def parts(self) -> Iterator[Node]:
        """Yield the nodes directly below."""
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Node):
                yield value
            elif isinstance(value, tuple):
                for part in value:
                    if isinstance(part, Node):
                        yield part
                    elif isinstance(part, tuple):
                        yield from (p for p in part if isinstance(p, Node))

    def walk(self) -> Iterator[Node]:
        """Yield the node and all below it, in the order of the text."""
        pending: list[Node] = [self]
        while pending:
            node = pending.pop()
            yield node
            pending.extend(reversed(list(node.parts())))


@dataclass(frozen=True)
class Number(Node):
    """A number in digits."""

    text: str


@dataclass(frozen=True)
class Name(Node):
    r"""A letter, a command such as `\alpha`, or a name of several letters, with its font.

    `operator` is whether the name is written as that of a function, by `\operatorname`.
    """

    letters: str
    font: str = ""
    operator: bool = False


@dataclass(frozen=True)
class Words(Node):
    r"""What is written in `\text` between factors."""

    text: str


@dataclass(frozen=True)
class Dots(Node):
    """An ellipsis, which leaves something out."""


@dataclass(frozen=True)
class Accented(Node):
    r"""A part under an accent: `\hat`, `\bar`, `\dot`."""

    accent: str
    inside: Node


@dataclass(frozen=True)
class Script(Node):
    """What stands below or above: its text without spaces, and its tree where it is an expression."""

    text: str
    inside: Node | None


@dataclass(frozen=True)
class Scripted(Node):
    """A part with what stands below and above it, and primes."""

    base: Node
    below: Script | None
    above: Script | None
    primes: int = 0


@dataclass(frozen=True)
class Sum(Node):
    r"""Terms, each with its sign, `+`, `-`, `\pm` or `\mp`; that of the first is empty where none is
    written."""

    signs: tuple[str, ...]
    terms: tuple[Node, ...]


@dataclass(frozen=True)
class Product(Node):
    """Factors, with the signs between them; an empty one where they stand side by side."""

    signs: tuple[str, ...]
    factors: tuple[Node, ...]


@dataclass(frozen=True)
class Fraction(Node):
    """A fraction with a line."""

    over: Node
    under: Node


@dataclass(frozen=True)
class Root(Node):
    """A root, with its degree where one is written."""

    inside: Node
    degree: Node | None


@dataclass(frozen=True)
class Bracket(Node):
    """Parts in brackets, with the commas, semicolons or bars between them; braces group without a sign."""

    opening: str
    closing: str
    items: tuple[Node, ...]
    separators: tuple[str, ...]


@dataclass(frozen=True)
class Factorial(Node):
    """A factorial."""

    inside: Node


@dataclass(frozen=True)
class Function(Node):
    r"""The name of a function, such as `\sin`, `\max`, `\mathrm{sign}`."""

    name: str


@dataclass(frozen=True)
class Operator(Node):
    r"""A sum, product, integral, limit or extremum with what it acts on."""

    sign: str
    below: Script | None
    above: Script | None
    body: Node


@dataclass(frozen=True)
class Grid(Node):
    """Rows of cells: a matrix or cases."""

    kind: str
    rows: tuple[tuple[Node, ...], ...]


CASES = ("cases", "dcases", "rcases")
SCALAR_GRIDS = (*CASES, "binomial")
"""The grids that are numbers, and no matrices."""


@dataclass(frozen=True)
class Relation(Node):
    """Sides with the signs of relations between them; a single side is an expression.

    `words` is the text that stands before it.
    """

    sides: tuple[Node, ...]
    signs: tuple[str, ...]
    words: str = ""
