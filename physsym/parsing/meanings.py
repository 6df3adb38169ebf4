"""What a formula of a text says: chains of expressions with relations between, for each way to read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, cast

import sympy
from sympy import Expr

from physsym.core.verdicts import Condition
from physsym.parsing.latex.coefficients import coefficients_in
from physsym.parsing.latex.conventions import Conventions, conventions_of
from physsym.parsing.latex.decisions import MAX_MEANINGS, alternatives
from physsym.parsing.latex.formula import OPAQUE
from physsym.parsing.latex.interpretation import Interpretation
from physsym.parsing.latex.statements import trees
from physsym.parsing.latex.tree import Bracket, Node, Relation
from physsym.parsing.tokens import ReadError

__all__ = ["Chain", "Conventions", "Meaning", "RelationSign", "conventions_of", "is_opaque", "meanings"]

RelationSign: TypeAlias = Literal[
    "=", ":=", "<-", "->", "~", "!=", "<", "<=", ">", ">=", "propto", "<<", ">>", "in"
]


@dataclass(frozen=True)
class Chain:
    """Expressions with relations between them, `a = b <= c`; a single expression has none.

    Parameters
    ----------
    sides
        The expressions. `f(x)` of a function is `Function("f")(x)`, its derivative is `Derivative(f(x), x)`,
        the value of a sequence with a time index is `Function("x")(k + 1)` with an integer symbol `k`, the
        gradient of `f` is `Function("∇f")(x)`, its Hessian `Function("∇²f")(x)`, and a derivative by time
        of a
        coordinate is `dot(x)`. An index of a function that counts is a further argument, `f_t(x)` is `f(x,
        t)`.
        Norms are absolute values, transposes and inner products products, all in one coordinate. Sums,
        integrals,
        expectations, ellipses, matrices and orders `O(h)` are opaque: functions and symbols whose names
        begin with
        a backslash, such as `Function("\\\\sum")(body, i, 1, n)`. Nothing is known of them but that equal
        ones are
        equal: see `is_opaque`. Other names are real symbols.
    relations
        One fewer than sides.
    spans
        Where each side begins and ends in the text: its first character, and the one behind its last.
    words
        The words of the text before it, such as "if",
            "where" or "hence"; a statement behind "if" is a condition.
    """

    sides: tuple[Expr, ...]
    relations: tuple[RelationSign, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    words: str = ""


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
    domain
        What must hold for the divisions, even roots and logarithms to be defined, as they are written.
    """

    chains: tuple[Chain, ...]
    assumed: tuple[str, ...] = ()
    one_coordinate: bool = False
    domain: tuple[Condition, ...] = field(default=(), compare=False)


def is_opaque(expression: Expr) -> bool:
    r"""Return whether an expression holds something of which nothing is known, such as a sum or an ellipsis.

    Two expressions that differ may then be equal all the same.
    """
    functions = expression.atoms(sympy.core.function.AppliedUndef)
    return any(str(f.func).startswith(OPAQUE) for f in functions) or any(
        str(s).startswith(OPAQUE) for s in expression.free_symbols
    )


def meanings(text: str, conventions: Conventions | None = None) -> tuple[Meaning, ...]:
    r"""Return the ways to read a formula in LaTeX, the most usual one first.

    Parameters
    ----------
    text
        The formula, with or without dollar signs around it.
    conventions
        What the document settles about its letters; by default, what the formula itself settles.

    Returns
    -------
    tuple of Meaning
        At most 8.

    Raises
    ------
    ReadError
        Where the text is not understood, exceeds the limits, or can be read in more than 8 ways; it points at
        where that is.

    Examples
    --------
    >>> (found,) = meanings(r"x_{k+1} = x_k - \eta \nabla f(x_k)")
    >>> found.chains[0].sides
    (x(k + 1), -eta*∇f(x(k)) + x(k))
    >>> [str(m.chains[0].sides[0]) for m in meanings("a/b c")]
    ['a*c/b', 'a/(b*c)']
    """
    settled = conventions_of([text]) if conventions is None else conventions
    found = trees(text, settled.macros, settled.words)
    coefficients = coefficients_in(found)
    read = alternatives(lambda d: _meaning(found, Interpretation(text, settled, d, coefficients)), text)
    ways = tuple(dict.fromkeys(meaning for meaning, _ in read))
    if len(ways) > MAX_MEANINGS:
        raise ReadError(f"this can be read in more than {MAX_MEANINGS} ways; write more brackets", text, 0)
    return ways


def _meaning(found: Sequence[Relation], reading: Interpretation) -> Meaning:
    chains = tuple(chain for tree in found for chain in _chains(tree, reading))
    if reading.joined is not None and reading.element_by_element:
        reading.apart = True
        chains = tuple(chain for tree in found for chain in _chains(tree, reading))
    asked = reading.decisions.asked
    chosen = (f"{q}: {options[reading.decisions.taken.get(q, 0)]}" for q, options in asked.items())
    return Meaning(chains, (*reading.assumed, *chosen), reading.one_coordinate, tuple(reading.domain))


def _chains(tree: Relation, reading: Interpretation) -> Iterator[Chain]:
    """Yield the chains of a statement; equal pairs in brackets are one for each part."""
    parted = [_parts(side) for side in tree.sides]
    count = len(parted[0])
    pairs = "in" not in tree.signs  # (0, 1) in `x, y \in (0, 1)` is one interval
    if tree.signs and count > 1 and pairs and all(len(parts) == count for parts in parted):
        rows = [tuple(parts[k] for parts in parted) for k in range(count)]
    elif tree.signs and count > 1 and isinstance(tree.sides[0], Bracket) and not tree.sides[0].opening:
        rows = [(part, *tree.sides[1:]) for part in parted[0]]
    else:
        rows = [tree.sides]
    for sides in rows:
        values = tuple(_defined(reading.value(side), side, reading) for side in sides)
        signs = tuple(_sign(s, a, b) for s, a, b in zip(tree.signs, values, values[1:], strict=False))
        yield Chain(values, signs, tuple((s.start, s.end) for s in sides), tree.words)


def _parts(side: Node) -> tuple[Node, ...]:
    listed = isinstance(side, Bracket) and side.opening in ("(", "") and set(side.separators) == {","}
    return side.items if listed and isinstance(side, Bracket) else (side,)


def _sign(sign: str, left: Expr, right: Expr) -> RelationSign:
    """Return the sign of a relation; an arrow from a name to what holds it sets it."""
    if sign == "|->":
        return "<-" if left.is_Symbol and right.has(left) else "->"
    return cast(RelationSign, sign)


def _defined(value: Expr, side: Node, reading: Interpretation) -> Expr:
    if value.has(sympy.zoo, sympy.nan):
        raise reading.error("this is not defined: found a division by zero", side)
    return value
