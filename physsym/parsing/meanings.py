"""What a formula of a text says: chains of expressions with relations between, for each way to read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from sympy import Expr

RelationSign: TypeAlias = Literal["=", ":=", "<-", "->", "~", "!=", "<", "<=", ">", ">=", "propto"]


@dataclass(frozen=True)
class Chain:
    """Expressions with relations between them, `a = b <= c`; a single expression has none.

    Parameters
    ----------
    sides
        The expressions. `f(x)` of a function is `Function("f")(x)`, its derivative is `Derivative(f(x), x)`,
        the value of a sequence with a time index is `Function("x")(k + 1)` with an integer symbol `k`, the
        gradient of `f` is `Function("∇f")(x)`, and a derivative by time of a coordinate is `dot(x)`. Sums,
        norms and expectations are opaque functions. Other names are real symbols.
    relations
        One fewer than sides.
    spans
        Where each side begins and ends in the text: its first character, and the one behind its last.
    """

    sides: tuple[Expr, ...]
    relations: tuple[RelationSign, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Meaning:
    """One way to read a formula.

    Parameters
    ----------
    chains
        Its statements, in their order.
    assumed
        What was decided where the text leaves it open, such as "f is a function".
    one_coordinate
        Whether products of matrices, transposes or the like were read as in one coordinate.
    """

    chains: tuple[Chain, ...]
    assumed: tuple[str, ...] = ()
    one_coordinate: bool = False
