"""How far the finite field can be trusted: the degree of an identity, its sectors, and the error they leave.

Two different quotients of polynomials that meet in a polynomial of degree d agree at a random point of q
with probability at most d/q (Schwartz 1980; Zippel 1979). The degree is walked from the formula, never
expanded. A root multiplies it by its index, since the product over all conjugates is what must not vanish.
Values that hang on the sign of a random number split the points into sectors, and each sector is visited by
itself: k independent signs make 2**k sectors, each with a share of 2**-k of all points. Where the signs
depend on each other some sectors are empty; one that is not stays unseen for N points with probability
(1 - 2**-k)**N. Sums that are positive for all reals of the declared signs are made positive here too: the
sectors in which they are not have no counterpart among the reals.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, singledispatch
from itertools import chain

import sympy
from sympy import Abs, Add, Expr, Mul, Pow, Rational, Symbol, preorder_traversal

from physsym.core.signs import signs
from physsym.core.symbols import OPAQUE
from physsym.verify.engines.laurent import UndecidedError
from physsym.verify.engines.prime_field import UNTIED

FIELD_BITS, WANTED_BITS = 60.9, 100  # of the elements of the group
MAX_DEGREE_BITS, MAX_SIGNS = 40, 3
MAX_POSITIVE = 3  # each sum that must be positive halves the share of the points that serve

Height = tuple[int, int]  # bounds on the degrees of numerator and denominator


@dataclass(frozen=True)
class Trust:
    """How many random points are needed, and the bound on the error that they leave.

    `signed` are the quantities whose signs tell the sectors apart. `rooted` says that a root of a sum is
    taken: the sum may hide a square, as a**2 + 2*a*b + b**2 does, of which the field takes one root or the
    other by chance, be a + b positive or not. So many points are visited that both are seen. `positive` are
    sums that are positive for all reals: only points at which they are serve.

    >>> print(Trust(degree=12))
    error below 2^-114 (degree at most 12, 2 points)
    """

    degree: int
    signed: tuple[Expr, ...] = ()
    rooted: bool = False
    positive: tuple[Expr, ...] = ()

    @property
    def points(self) -> int:
        """Return the number of points in each sector that bring the error down to 2**-100."""
        wanted = WANTED_BITS + self._halvings + 1
        return wanted if self.rooted else max(2, math.ceil(wanted / self._bits))

    @property
    def attempts(self) -> int:
        """Return the number of points after which no sector is left unseen, but for 2**-100."""
        share = 2.0**-self._halvings
        if share == 1:
            return self.points
        unseen = math.ceil((WANTED_BITS + 4) / -math.log2(1 - share))
        return max(unseen, 2 * math.ceil(self.points / share)) if self.rooted else unseen

    @property
    def _bits(self) -> float:
        """Return minus the logarithm of the chance that one point of a sector does not see a difference."""
        return FIELD_BITS - self._halvings - math.log2(self.degree)

    @property
    def _halvings(self) -> int:
        return len(self.signed) + len(self.positive)

    def __str__(self) -> str:
        k = len(self.signed)
        bits = math.floor(self.points * self._bits - k) if k == 0 else WANTED_BITS
        sectors = f" in each of {2**k} sectors" if k else ""
        return f"error below 2^-{bits} (degree at most {self.degree}, {self.points} points{sectors})"


def trust(*expressions: Expr, terms: int = 1) -> Trust:
    """Return how many points are needed to compare expressions, in series to so many terms.

    Raises UndecidedError where the degree or the number of signs is absurd, or where a branch hangs on an
    irrational number, which is not random.
    """
    heights = [height(e) for e in expressions]
    # Each further coefficient of a series multiplies by the numerator and the denominator once more.
    series = 1 if terms == 1 else 2 * terms
    whole = sum(top + bottom for top, bottom in heights) * series
    degree = (whole + _collisions(expressions)) * _conjugates(expressions)
    rooted = any(_hides_square(e.base) for e in _parts(expressions) if _is_root(e))
    signed = _signed(expressions)
    found = Trust(max(1, degree), signed, rooted, _positive(expressions) if signed else ())
    if found.degree.bit_length() > MAX_DEGREE_BITS:
        raise UndecidedError(f"a degree of up to 2^{found.degree.bit_length()} is too high to be trusted")
    if len(found.signed) > MAX_SIGNS:
        raise UndecidedError(f"{len(found.signed)} signs to be told apart are too many")
    return found


@singledispatch
def height(expression: Expr) -> Height:
    """Return bounds on the degrees of numerator and denominator, in the random numbers that are drawn."""
    return 1, 0


@height.register(Rational)
def _(expression: Rational) -> Height:
    return 0, 0


@height.register(Symbol)
def _(expression: Symbol) -> Height:
    # A positive symbol is the square of a random number.
    return (2, 0) if expression.is_nonnegative else (1, 0)


@height.register(Add)
def _(expression: Add) -> Height:
    top, bottom = 0, 0
    for other, below in map(height, expression.args):
        top, bottom = max(top + below, other + bottom), bottom + below
    return top, bottom


@height.register(Mul)
def _(expression: Mul) -> Height:
    tops, bottoms = zip(*map(height, expression.args), strict=True)
    return sum(tops), sum(bottoms)


@height.register(Pow)
def _(expression: Pow) -> Height:
    base, exponent = expression.args
    if not exponent.is_Rational:
        return _weight(exponent), _weight(exponent)
    top, bottom = (abs(int(exponent.p)) * side for side in height(base))
    return (bottom, top) if exponent.is_negative else (top, bottom)


@height.register(sympy.exp)
@height.register(sympy.sinh)
@height.register(sympy.cosh)
@height.register(sympy.tanh)
def _(expression: Expr) -> Height:
    weight = 2 * _weight(expression.args[0])
    return weight, weight


@height.register(sympy.sin)
@height.register(sympy.cos)
def _(expression: Expr) -> Height:
    return 2, 2


@height.register(Abs)
def _(expression: Abs) -> Height:
    found: Height = height(expression.args[0])
    return found


@height.register(sympy.sign)
def _(expression: sympy.sign) -> Height:
    return 0, 0


def _weight(exponent: Expr) -> int:
    """Return a bound on the powers of independent units in exp(exponent), but for a common denominator."""
    coefficients = (term.as_coeff_Mul()[0] for term in Add.make_args(exponent))
    return sum(max(1, abs(int(c.p))) for c in coefficients if c.is_Rational)


@lru_cache(maxsize=64)
def _parts(expressions: tuple[Expr, ...]) -> tuple[Expr, ...]:
    """Return every part of some expressions once."""
    return tuple(dict.fromkeys(chain.from_iterable(map(preorder_traversal, expressions))))


def _collisions(expressions: tuple[Expr, ...]) -> int:
    """Return the degree at which two places of an unknown function may coincide by accident."""
    places = {a for e in _parts(expressions) if isinstance(e, (*OPAQUE, *UNTIED)) for a in e.args}
    largest = max((sum(height(place)) for place in places), default=0)
    return len(places) * (len(places) - 1) // 2 * 2 * largest


def _conjugates(expressions: tuple[Expr, ...]) -> int:
    """Return the number of conjugates: the product of the indices of all roots, and of all exp(a/n)."""
    roots = {e for e in _parts(expressions) if _is_root(e)}
    indices = math.prod(int(e.exp.q) for e in roots)
    exponents = {e.args[-1] for e in _parts(expressions) if isinstance(e, (sympy.exp, Pow))} - {
        e.exp for e in roots
    }
    terms = (t.as_coeff_Mul()[0] for e in exponents for t in Add.make_args(e))
    return indices * math.lcm(*(int(c.q) for c in terms if c.is_Rational))


def _is_fraction(exponent: Expr) -> bool:
    return bool(exponent.is_Rational and not exponent.is_Integer)


def _is_root(expression: Expr) -> bool:
    return isinstance(expression, Pow) and _is_fraction(expression.exp)


def _hides_square(base: Expr) -> bool:
    """Tell whether a product holds a sum, which may be the square of something that it does not show."""
    return any(isinstance(f.as_base_exp()[0], Add) and f.free_symbols for f in Mul.make_args(base))


def _signed(expressions: tuple[Expr, ...]) -> tuple[Expr, ...]:
    """Return the independent quantities whose signs matter and are a matter of chance at a random point."""
    signed = {e.args[0] for e in _parts(expressions) if isinstance(e, (Abs, sympy.sign))}
    rooted = {e.base for e in _parts(expressions) if isinstance(e, Pow) and not e.exp.is_Integer}
    for inside in signed | rooted:
        irrational = not inside.free_symbols and not inside.is_Rational
        if irrational or any(map(_is_surd, _parts((inside,)))):
            raise UndecidedError(f"the sign of {inside} hangs on an irrational number")
    return tuple(sorted({atom for inside in signed | rooted for atom in _signs_of(inside)}, key=str))


def _positive(expressions: tuple[Expr, ...]) -> tuple[Expr, ...]:
    """Return the sums that are positive for all reals, the shortest of them if there are many."""
    sums = {part for part in _parts(expressions) if isinstance(part, Add) and signs(part) == {1}}
    return tuple(sorted(sums, key=lambda part: (len(part.args), str(part)))[:MAX_POSITIVE])


def _signs_of(expression: Expr) -> Iterator[Expr]:
    """Yield the quantities whose signs make up the sign of an expression in the field."""
    base, exponent = expression.as_base_exp()
    if isinstance(expression, Mul):
        for factor in expression.args:
            yield from _signs_of(factor)
    elif isinstance(expression, sympy.sign):
        yield from _signs_of(expression.args[0])
    elif isinstance(expression, Pow) and exponent.is_odd:
        yield from _signs_of(base)
    elif not _is_square(expression):
        yield expression


def _is_square(expression: Expr) -> bool:
    """Tell whether the field makes an expression a square, which is what it takes for positive."""
    positive = isinstance(expression, Symbol) and expression.is_nonnegative
    power = isinstance(expression, Pow) and (expression.exp.is_even or not expression.exp.is_Integer)
    return bool(positive or power or isinstance(expression, (Abs, Rational, sympy.exp)))


def _is_surd(expression: Expr) -> bool:
    return _is_root(expression) and not expression.base.free_symbols
