"""Conditions from text: relations such as `0 <= rho < 1`, several of them separated by commas."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from sympy import Expr

from physsym.core.conditions import Sign
from physsym.core.verdicts import Condition
from physsym.parsing.reader import Declared, read
from physsym.parsing.tokens import ReadError
from physsym.vocabulary import STANDARD, Vocabulary

_RELATION = re.compile(r"(<=|>=|!=|==|≤|≥|≠|<(?!-)|>|=)")
_SIGNS: dict[str, Sign] = {
    "=": "= 0", "==": "= 0", "!=": "!= 0", "≠": "!= 0", "<": "> 0", ">": "> 0",
    "<=": ">= 0", ">=": ">= 0", "≤": ">= 0", "≥": ">= 0",
}  # fmt: skip


def read_conditions(
    text: str, vocabulary: Vocabulary = STANDARD, declare: Iterable[Declared] = ()
) -> tuple[Condition, ...]:
    """Return the conditions that a text states.

    Parameters
    ----------
    text
        Relations `<`, `<=`, `>`, `>=`, `=` and `!=` between expressions, which may be chained; several are
        separated by commas, semicolons, line ends or `and`.
    vocabulary, declare
        As for `read`.

    Returns
    -------
    tuple of Condition
        In the order of the text, each once.

    Raises
    ------
    ReadError
        Where the text is no relation, or one of its expressions cannot be read.
    TypeError, ValueError
        As `read` does.

    Examples
    --------
    >>> print(*read_conditions("0 <= rho < 1, tau != dt"), sep=", ")
    rho >= 0, 1 - rho > 0, -dt + tau != 0
    """
    if not isinstance(text, str):
        raise TypeError(f"expected the text of a condition, given {text!r} of type {type(text).__name__}")
    if word := re.search(r"\band\b(?=\s*(and\b|[,;]|$))", text):
        raise ReadError("found no condition behind `and`; write one or leave it out", text, word.start())
    parts = [p for p in re.split(r"[;\n]|\band\b|,(?![^()]*\))", text) if p.strip()]
    if not parts:
        raise ReadError("found no condition; give a relation such as '0 <= rho < 1'", text, 0)
    found: list[Condition] = []
    for part in parts:
        sides = _RELATION.split(part)
        position = text.index(part.strip())
        if len(sides) == 1:
            message = "found no relation; a condition is written such as '0 <= rho < 1' or 'x != 0'"
            raise ReadError(message, text, position)
        if not all(side.strip() for side in sides):
            message = "a side is missing; a condition is written such as '0 <= rho < 1' or 'x != 0'"
            raise ReadError(message, text, position)
        values = [read(side, vocabulary, declare, unknown="refuse") for side in sides[::2]]
        for (left, right), sign in zip(pairwise(values), sides[1::2], strict=True):
            if not (isinstance(left, Expr) and isinstance(right, Expr)):
                raise ReadError("found a statement; relations stand between expressions", text, position)
            larger, smaller = (right, left) if sign in ("<", "<=", "≤") else (left, right)
            found.append(Condition(larger - smaller, _SIGNS[sign]))
    return tuple(dict.fromkeys(found))
