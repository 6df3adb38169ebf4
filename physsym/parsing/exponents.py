"""What stands above a name and may be no power: transposes, inverses, indices of steps, and orders."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import pairwise

from physsym.parsing.tokens import INVERSE, ORDER, TRANSPOSE, ReadError, Token

_SHAPES = {"name": "n", "number": "0", "open": "(", "close": ")", "power": "^", "raised": "r"}
"""The kinds of tokens, one character each, so that a row of them is a text."""
_APPLIED_POWER = re.compile(r"n(?:\^\{-?0\}|\^\(-?0\)|\^-?0|r)\([n0]\)")
_EXPONENT = re.compile(r"\^([{(]*)(-?)([n0])([)}]*)")
_NUMBERED = re.compile(r"\^\{\(0\)\}")


def refuse_exponents(found: Sequence[Token], text: str, names: Collection[str]) -> None:
    """Raise ReadError for x^T and x^{-T}, x^(k), and w^y_1, which is w_1^y for TeX.

    Parameters
    ----------
    found, text
        The tokens of a text.
    names
        The names that are known.
    """
    for match in _EXPONENT.finditer(_shapes(found) if "^" in text else ""):
        power, exponent = found[match.start()], found[match.start(3)]
        if len(match[1]) > len(match[4]):  # more than one name or number in the brackets
            continue
        letter, below, index = exponent.text.partition("_")
        if exponent.text == "T" and "T" not in names:
            message = f"found ^{match[2]}T, a transpose or a power; {TRANSPOSE}, and for the power declare T"
            raise ReadError(message, text, power.position)
        if below and len(letter) == 1 and not match[1] and exponent.name not in names:
            message = (
                f"found ^{exponent.text}, whose index may belong to what the power is taken of; "
                f"write ^({exponent.text}), or the index first: _{index}^{letter}"
            )
            raise ReadError(message, text, power.position)
        base = found[match.start() - 1] if match.start() else power
        if match[2] and exponent.text == "1":
            _refuse_inverse(base, text, names)
        counts = re.fullmatch("[ijklnmt]|[0-9]", exponent.text) is not None and not exponent.marks
        if "(" in match[1] and not match[2] and counts and base.kind == "name" and base.text != "e":
            index, raised = f"{base.text}_{exponent.text}", f"{base.text}^{exponent.text}"
            message = (
                f"found {base.text}^({exponent.text}), the value of a step or a power; "
                f"write {index} for the value, or {raised} for the power"
            )
            raise ReadError(message, text, power.position)
    if "⁻¹" in text:
        for base, inverse in pairwise(found):
            if inverse.text == "⁻¹":
                _refuse_inverse(base, text, names)


def _refuse_inverse(base: Token, text: str, names: Collection[str]) -> None:
    """Refuse H^-1 of a capital letter, which is that of a matrix rather than a quotient."""
    letter = base.text.split("_")[0]
    if base.kind == "name" and len(letter) == 1 and letter.isupper() and base.name not in names:
        raise ReadError(INVERSE.format(f"{base.text}^-1", f"1/{base.text}"), text, base.position)


def refuse_applied_powers(found: Sequence[Token], text: str, names: Collection[str]) -> None:
    """Raise ReadError for f^{-1}(x) and f²(x) of a letter that is not known, and for f^{(4)}(x).

    Parameters
    ----------
    found, text
        The tokens of a text.
    names
        The names that are known, those of functions too.
    """
    written = _shapes(found)
    for match in _APPLIED_POWER.finditer(written):
        name, bracket = found[match.start()], found[match.end() - 3]
        if name.name in names or bracket.spaced:
            continue
        inverse = "-0" in match[0] or found[match.start() + 1].text == "⁻¹"
        meant = "an inverse function or a quotient" if inverse else "a power of a function or a product"
        message = f"found a power of {name.text} before a bracket, {meant}; write * before it for the latter"
        raise ReadError(message, text, found[match.start() + 1].position)
    for match in _NUMBERED.finditer(written):
        raise ReadError(ORDER, text, found[match.start()].position)


def _shapes(found: Sequence[Token]) -> str:
    return "".join(_SHAPES.get(t.kind, t.text[:1]) for t in found)
