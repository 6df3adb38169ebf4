"""Numbers in prose: rounded ones are computed and marked as rounded, stated ones are judged.

In backticks, `about: exp(-1)` prints the value of an expression, rounded. A relation between numbers, such
as `0.9**10 < 0.35` or `exp(-1) ~ 0.37`, is a statement that is judged: the sign ~ says that the right side is
the left one rounded to the digits that are written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from math import isclose

from sympy import Expr, Float, Rational

from physsym.analysis.exact_evaluation import sign_of
from physsym.core.statements import Relation
from physsym.core.verdicts import Verdict, all_of, fails, holds

_DECIMAL = re.compile(r"\s*[-+]?\d+(?:\.(\d+))?\s*")
_COMPARE: dict[str, Callable[[int], bool]] = {
    "=": lambda sign: sign == 0,
    "!=": lambda sign: sign != 0,
    "<": lambda sign: sign < 0,
    "<=": lambda sign: sign <= 0,
    ">": lambda sign: sign > 0,
    ">=": lambda sign: sign >= 0,
}


def rounded(value: Expr | float, digits: int = 3) -> str:
    """Return a number in words for prose: rounded to significant digits and marked so, unless it is exact.

    Parameters
    ----------
    value
        A number; an expression is evaluated exactly before it is rounded.
    digits
        How many significant digits are kept.

    Returns
    -------
    str
        Digits, after the word about where digits were lost.

    Raises
    ------
    ValueError
        For an expression that holds symbols, and for what is not finite.

    Examples
    --------
    >>> rounded(Rational(1, 64)), rounded(Rational(1, 2)), rounded(20.0), rounded(1e-7 / 3)
    ('about 0.0156', '0.5', '20', 'about 3.33·10⁻⁸')
    """
    number = value if isinstance(value, Expr) else Float(value, 17)
    if number.free_symbols or not (number.is_real and number.is_finite):
        raise ValueError(
            f"a real number was expected to be rounded, given {value}; replace its symbols first"
        )
    shown = Rational(str(number.evalf(digits)))
    exact = sign_of(shown - number) == 0 if isinstance(value, Expr) else isclose(shown, value, rel_tol=1e-12)
    return ("" if exact else "about ") + _digits(shown, digits)


def _digits(number: Rational, digits: int) -> str:
    mantissa, _, exponent = f"{float(number):.{digits - 1}e}".partition("e")
    if -4 <= int(exponent) < 7:
        return f"{float(number):.{max(digits - 1 - int(exponent), 0)}f}".rstrip("0").rstrip(".") or "0"
    return f"{mantissa.rstrip('0').rstrip('.')}·10{str(int(exponent)).translate(_RAISED)}"


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def judge_numbers(stated: Relation, written: str) -> Verdict:
    """Return the verdict on a relation between numbers.

    Parameters
    ----------
    stated
        A relation; its sides hold no symbols.
    written
        Its text, which shows to how many digits the right side of ~ is given.

    Returns
    -------
    Verdict
        Fails with both values where the relation is false.

    Examples
    --------
    >>> from sympy import exp
    >>> print(judge_numbers(Relation((exp(-1), Rational("0.4")), ("~",)), "exp(-1) ~ 0.40"))
    fails: the two sides are other numbers [0.367879 against 0.400000]
    """
    verdicts = []
    for (left, right), sign in zip(pairwise(stated.sides), stated.relations, strict=True):
        if sign == "~":
            verdicts.append(_is_rounded(left, right, written.rpartition("~")[2]))
        else:
            true = sign in _COMPARE and _COMPARE[sign](sign_of(left - right))
            verdicts.append(holds("both sides were evaluated") if true else _false(left, right))
    return all_of(*verdicts)


def _is_rounded(value: Expr, claimed: Expr, written: str) -> Verdict:
    """Return whether a decimal number is another one rounded to the digits that are written."""
    decimal = _DECIMAL.fullmatch(written)
    if decimal is None:
        return fails(f"right of ~ a decimal number is expected, given {written.strip()}")
    half = Rational(1, 2) / 10 ** len(decimal[1] or "")
    close = sign_of(abs(value - claimed) - half) <= 0
    return holds("rounded to the digits written") if close else _false(value, claimed)


def _false(left: Expr, right: Expr) -> Verdict:
    values = " against ".join(str(side.evalf(6)) for side in (left, right))
    return fails("the two sides are other numbers", witness=values)
