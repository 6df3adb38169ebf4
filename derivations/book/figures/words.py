"""Numbers and counts as captions write them."""

from __future__ import annotations

import numpy as np

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float, digits: int = 3) -> str:
    """Return a number to so many significant digits, as prose writes it: without exponent.

    >>> number(0.95), number(1 / 3), number(20.0), number(0.0)
    ('0.95', '0.333', '20', '0')
    """
    return np.format_float_positional(value, digits, unique=False, fractional=False, trim="-")


def fraction(value: float) -> str:
    """Return a positive fraction to two digits; a tiny one with a power of ten.

    >>> fraction(0.0257), fraction(3.1e-7)
    ('0.026', '3.1·10⁻⁷')
    """
    if value >= 1e-3 or value == 0:
        return number(value, 2)
    digits, exponent = f"{value:.1e}".split("e")
    return f"{digits}·{_power_of_ten(int(exponent))}"


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
