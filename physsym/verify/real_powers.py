"""Real powers of bases that may be negative: what they have in common with powers of positive ones.

The engines take a power with an exponent that is no integer of a positive base. Where the exponent is a
symbol it may be an integer after all, and then the base may be negative: (a**b)**c is 1 at a = -1, b = 2,
c = 1/2, and a**(b*c) is -1. What is proved for such powers is proved for positive bases alone, unless it is
true of any numbers instead of them.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from sympy import Add, Expr, Integer, Pow, Symbol, preorder_traversal

from physsym.core.signs import NONNEGATIVE, POSITIVE, signs
from physsym.core.verdicts import Condition
from physsym.verify.engines.evaluation import FreePoint, Sample, evaluate_both, satisfied

_EXPONENTS = [Fraction(n, d) for n, d in ((2, 1), (1, 2), (1, 1), (-1, 1), (-1, 2), (3, 1), (-2, 1), (3, 2))]
_BASES = [Fraction(n, d) for n, d in ((-1, 1), (-4, 1), (-1, 4), (1, 1), (4, 1), (-2, 1))]
_DRAWN = 240


def open_powers(*expressions: Expr) -> list[Pow]:
    """Return the powers whose exponents may be integers or not, of bases that may be negative.

    >>> from sympy import symbols
    >>> a, b, n = symbols("a b", real=True) + (Symbol("n", integer=True),)
    >>> open_powers(a**b + a**2 + a**n + abs(a) ** b)
    [a**b]
    """
    found = {p for e in expressions for p in preorder_traversal(e) if isinstance(p, Pow)}
    return sorted((p for p in found if _is_open(p)), key=lambda p: (p.count_ops(), str(p)))


def _is_open(power: Pow) -> bool:
    whole = power.exp.is_integer or not power.exp.free_symbols
    return not (whole or signs(power.base) <= NONNEGATIVE)


def needed_bases(powers: Iterable[Pow]) -> tuple[Condition, ...]:
    """Return the conditions that the bases of powers are not negative, and positive unless the exponent is.

    >>> a, b = Symbol("a", real=True), Symbol("b", real=True)
    >>> print(*needed_bases([a**b]))
    a > 0
    """
    found = (Condition(p.base, ">= 0" if signs(p.exp) <= POSITIVE else "> 0") for p in powers)
    return tuple(dict.fromkeys(found))


def lowest_powers(expression: Expr) -> dict[tuple[Expr, Expr], Expr]:
    """Return the least whole part of the exponents of the powers of a base whose exponents differ by it.

    >>> a, b = Symbol("a", real=True), Symbol("b", real=True)
    >>> lowest_powers(a ** (b + 2) + a ** (b - 1))
    {(a, b): -1}
    """
    found: dict[tuple[Expr, Expr], Expr] = {}
    for power in open_powers(expression):
        number, _ = power.exp.as_coeff_Add()
        whole = number if number.is_Integer else Integer(0)
        key = power.base, Add(power.exp, -whole)
        found[key] = min(whole, found.get(key, whole))
    return found


def with_unknowns(expressions: Sequence[Expr], powers: Iterable[Pow]) -> list[Expr]:
    """Return expressions with an unknown for each power; b**(k + 1) is b times that of b**k.

    >>> a, b, c = Symbol("a", real=True), Symbol("b", real=True), Symbol("c", real=True)
    >>> one, other = with_unknowns((c * a**b, a ** (b + 2)), open_powers(a**b, a ** (b + 2)))
    >>> (other * c / one).simplify()
    a**2
    """
    unknowns: dict[tuple[Expr, Expr], Symbol] = {}
    put: dict[Expr, Expr] = {}
    for power in powers:
        number, _ = power.exp.as_coeff_Add()
        whole, base = (number if number.is_Integer else 0), power.base.xreplace(put)
        new = Symbol(f"power number {len(unknowns)}", real=True)  # engines know symbols by their names
        unknown = unknowns.setdefault((base, Add(power.exp, -whole)), new)
        put[power] = base**whole * unknown
    return [e.xreplace(put) for e in expressions]


def samples_at_negative_bases(left: Expr, right: Expr, given: Sequence[Condition]) -> Iterator[Sample]:
    """Yield points with negative bases at which two expressions are defined, with both values."""
    powers = open_powers(left, right)
    exponents = {s for p in powers for s in p.exp.free_symbols}
    symbols = left.free_symbols | right.free_symbols | {s for c in given for s in c.expression.free_symbols}
    names = sorted(symbols, key=str)
    chance = random.Random(len(names))
    points = (
        FreePoint({s: _drawn(s, _EXPONENTS if s in exponents else _BASES, chance) for s in names}, k)
        for k in range(_DRAWN)
    )
    yield from evaluate_both(left, right, (at for at in points if satisfied(given, at)))


def _drawn(symbol: Symbol, numbers: Sequence[Fraction], chance: random.Random) -> Fraction:
    fitting = [n for n in numbers if n.denominator == 1] if symbol.is_integer else numbers
    number = chance.choice(fitting)
    if symbol.is_nonnegative:
        return abs(number)
    return -abs(number) if symbol.is_nonpositive else number
