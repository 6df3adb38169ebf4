r"""Rows of a text: statements with the values of their sides; x(t + h) is the value of the next step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import sympy
from sympy import Expr, Symbol
from sympy.core.function import AppliedUndef

from physsym.parsing.latex.formula import OPAQUE
from physsym.parsing.latex.interpretation import Interpretation
from physsym.parsing.latex.names import as_command
from physsym.parsing.latex.tree import Relation
from physsym.parsing.tokens import ReadError

TIME = Symbol("t", real=True)
"""The time of what moves, x(t); the letter that counts the steps is a whole number."""


@dataclass(frozen=True)
class Row:
    """A statement with the values of its sides, the sign between them, and where names were read."""

    tree: Relation
    sides: tuple[Expr, ...]
    sign: str
    reading: Interpretation


def row_of(tree: Relation, reading: Interpretation) -> Row:
    """Return a statement with the values of its sides; refuse what is no equation and no update."""
    if len(tree.signs) > 1:
        raise reading.error("found a chain of relations; write each equation of its own", tree.sides[2])
    if tree.words.split()[:1] == ["if"]:
        raise reading.error("found a condition in words; write the cases in \\begin{cases}", tree)
    sign = tree.signs[0] if tree.signs else ""
    if sign not in ("", "=", ":=", "<-"):
        raise reading.error(
            "found a relation that is no equation and no update; write = or \\gets", tree.sides[1]
        )
    sides = tuple(reading.value(side) for side in tree.sides)
    for side, value in zip(tree.sides, sides, strict=True):
        if value.has(sympy.zoo, sympy.nan):
            raise reading.error(
                "this is not defined: found a division by zero or the like; leave it out", side
            )
    if reading.joined is not None:
        raise reading.error(
            "found a norm, a transpose or a product of vectors, which joins coordinates; "
            "write the formula for one coordinate",
            reading.joined,
        )
    return Row(tree, sides, sign, reading)


def with_steps(rows: Sequence[Row]) -> list[Row]:
    """Return rows with x(k+1) for `x(t + h)`, where the text makes steps of one length in the time t."""
    number = Symbol("t", integer=True)
    applied = {f for row in rows for side in row.sides for f in side.atoms(AppliedUndef)}
    values = [f for f in applied if str(f.func)[:1] not in ("∇", "∂", OPAQUE) and len(f.args) == 1]
    moving = sorted((f for f in values if f.args[0].has(TIME)), key=str)
    _refuse_other_times(moving, rows)
    lengths = {s for f in moving for s in (f.args[0] - TIME).free_symbols}
    if len(lengths) != 1:
        return list(rows)
    (length,) = lengths
    new: dict[Expr, Expr] = {}
    for value in moving:
        ahead = (value.args[0] - TIME) / length
        if not ahead.is_Integer:
            row = next(row for row in rows if any(side.has(value) for side in row.sides))
            at = row.reading.positions.get(value, row.tree.start)
            message = (
                f"found {value}, which is no whole step {length} from t; write values by index, x_{{t+1}}"
            )
            raise ReadError(message, row.reading.text, at)
        new[value] = value.func(number + ahead)
    for row in rows:
        row.reading.positions |= {new[v]: at for v, at in row.reading.positions.items() if v in new}
        if any(side.xreplace(new).has(TIME) for side in row.sides):
            raise row.reading.error(
                "found t by itself among values of steps; write them by index, x_{t+1}", row.tree
            )
    return [replace(row, sides=tuple(side.xreplace(new) for side in row.sides)) for row in rows]


def _refuse_other_times(moving: Sequence[AppliedUndef], rows: Sequence[Row]) -> None:
    r"""Refuse \omega(t - \tau) in a text that makes no steps of \tau: it is a product, or a delayed value.

    A text makes steps of what its names are set by, or stand at one time more.
    """
    lefts = {row.sides[0] for row in rows if row.sign}
    times: dict[str, set[Expr]] = {}
    for value in moving:
        times.setdefault(str(value.func), set()).add(value.args[0])
    values = [f for f in moving if f in lefts or len(times[str(f.func)]) > 1]
    steps = {s for f in values for s in (f.args[0] - TIME).free_symbols}
    for value in moving:
        if (value.args[0] - TIME).free_symbols - steps:
            row = next(row for row in rows if any(side.has(value) for side in row.sides))
            sign = "-" if (value.args[0] - TIME).could_extract_minus_sign() else "+"
            name, at = as_command(str(value.func)), row.reading.positions.get(value, row.tree.start)
            message = (
                f"found {value}, a product or the value at another time; write {name} \\cdot (...) for the "
                f"product, or {name}_{{t{sign}1}} for the value of the step"
            )
            raise ReadError(message, row.reading.text, at)
