"""Numbers and counts as captions write them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from physsym.documents.numbers import rounded

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def given(values: Mapping[str, float], digits: int = 3) -> str:
    """Return the values of parameters, the formulas in backticks; a rounded number is marked as such.

    >>> given({"m": 1.0, "tau*lam/gamma": 1 / 64})
    '`m` = 1, `tau*lam/gamma` ≈ 0.0156'
    """
    return ", ".join(
        f"`{name}` = {rounded(value, digits)}".replace("= about", "≈") for name, value in values.items()
    )


def bound(value: float) -> str:
    """Return the power of ten just above a positive number.

    >>> bound(3.2e-9), bound(0.0)
    ('10⁻⁸', '0')
    """
    return _power_of_ten(int(np.floor(np.log10(value))) + 1) if value > 0 else "0"


def _power_of_ten(exponent: int) -> str:
    return "10" + str(exponent).translate(_RAISED)


def often(does: str, n: int) -> str:
    """Return how often something is done.

    >>> often("turns", 0), often("turns", 2), often("turns", 7)
    ('never turns', 'turns twice', 'turns 7 times')
    """
    return {0: f"never {does}", 1: f"{does} once", 2: f"{does} twice"}.get(n, f"{does} {n} times")


def capital(text: str) -> str:
    """Return a text that begins with a capital letter."""
    return text[:1].upper() + text[1:]
