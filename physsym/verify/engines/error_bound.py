"""The Schwartz-Zippel bound on the error of an identity test: degrees, sign sectors, and points needed.

A polynomial of degree d that is not zero vanishes at a random point of a field of q elements with probability
at most d/q (Schwartz 1980; Zippel 1979). Here the polynomial is the numerator of left minus right; a bound on
its degree is computed from the expression tree, without expanding it. A root multiplies the degree by its
index, because the norm (the product over all conjugates) is the polynomial that must not vanish.

A value that depends on the sign of a random number splits the points into sectors, each of which is tested
separately: k independent signs make 2**k sectors, each with a fraction 2**-k of all points. Where the signs
depend on each other some sectors are empty; a sector that is not empty is missed by N points with probability
(1 - 2**-k)**N. Sums that are positive for all reals of the declared signs are required to be positive at the
points too, since sectors in which they are not correspond to no real values.
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
from physsym.verify.engines.prime_field import UNINTERPRETED

FIELD_BITS = 60.9  # log2 of the order of the group of squares
NESTED_BITS = 33.5  # the least of these for exponentials inside exponents
CIRCLE_BITS = 47.4  # log2 of R, the order of the group of points of the unit circle
WANTED_BITS = 100  # the error aimed at is 2**-100
MAX_DEGREE_BITS, MAX_SIGNS = 40, 3
MIN_BITS = 8  # of certainty that each point must give
MAX_MANIFEST = 6  # sums under roots and in Abs that are positive for all reals
MAX_POSITIVE = 3  # each sum that must be positive halves the fraction of points that can be used

TRIGONOMETRIC = (sympy.sin, sympy.cos, sympy.tan)
EXPONENTIALS = (sympy.exp, sympy.sinh, sympy.cosh, sympy.tanh)

Degrees = tuple[int, int]  # upper bounds on the degrees of numerator and denominator


@dataclass(frozen=True)
class ErrorBound:
    """The number of random points that are needed, and the probability of error that remains.

    `signed` are the quantities whose signs distinguish the sectors. `rooted` says that a root of a sum is
    taken: the sum may be a square, as a**2 + 2*a*b + b**2 is, and the field takes either of its roots with
    probability 1/2, whatever the sign of a + b. Then so many points are used that both roots occur.
    `positive` are sums that are positive for all reals: only points at which they are positive are used.
    `bits` is the logarithm of the number of values that are drawn from, which are fewer for sine and cosine.

    >>> print(ErrorBound(degree=12))
    error below 2^-114 (degree at most 12, 2 points)
    """

    degree: int
    signed: tuple[Expr, ...] = ()
    rooted: bool = False
    positive: tuple[Expr, ...] = ()
    bits: float = FIELD_BITS

    @property
    def points(self) -> int:
        """Return the number of points in each sector that bring the error down to 2**-100."""
        wanted = WANTED_BITS + self._halvings + 1
        return wanted if self.rooted else max(2, math.ceil(wanted / self.bits_per_point))

    @property
    def attempts(self) -> int:
        """Return the number of points after which a sector is unseen with probability below 2**-100."""
        fraction = 2.0**-self._halvings
        if fraction == 1:
            return self.points
        # N with (1 - fraction)**N <= 2**-100, and 4 bits more for the union bound over the sectors.
        unseen = math.ceil((WANTED_BITS + 4) / -math.log2(1 - fraction))
        return max(unseen, 2 * math.ceil(self.points / fraction)) if self.rooted else unseen

    @property
    def bits_per_point(self) -> float:
        """Return -log2 of the probability that a point of a sector is a zero of a nonzero difference."""
        # d/q, where q counts the points of the sector alone: 2**halvings times fewer than the field has.
        return self.bits - self._halvings - math.log2(self.degree)

    @property
    def _halvings(self) -> int:
        return len(self.signed) + len(self.positive)

    def __str__(self) -> str:
        k = len(self.signed)
        plain = not (k or self.rooted or self.positive)
        bits = math.floor(self.points * self.bits_per_point) if plain else WANTED_BITS
        sectors = f" in each of {2**k} sectors" if k else ""
        return f"error below 2^-{bits} (degree at most {self.degree}, {self.points} points{sectors})"


def error_bound(*expressions: Expr, terms: int = 1) -> ErrorBound:
    """Return the number of points that an identity test of expressions needs, in series of so many terms.

    Raises UndecidedError where the degree or the number of signs is too large, or where a branch depends on
    an irrational number, which is not random.
    """
    bounds = [degrees(e) for e in expressions]
    # Each further coefficient of the series of a quotient has numerator and denominator as factors once more.
    series = 1 if terms == 1 else 2 * terms
    # left - right over a common denominator: the degrees of all numerators and denominators add up.
    total = sum(top + bottom for top, bottom in bounds) * series
    # The norm over all conjugates of the roots is a polynomial of degree (number of conjugates)*d.
    degree = (total + _collisions(expressions)) * _conjugates(expressions)
    rooted = any(_hides_square(e.base) for e in _parts(expressions) if _is_root(e))
    quantities = _signed(expressions)
    # What is positive for all reals tells no sectors apart: only points at which it is positive are used.
    manifest = tuple(q for q in quantities if signs(q) == {1})
    signed = tuple(q for q in quantities if q not in manifest)
    positive = tuple(dict.fromkeys((*manifest, *(_positive(expressions) if quantities else ()))))
    bits = _bits(expressions)
    bound = ErrorBound(max(1, degree), signed, rooted, positive[: max(MAX_POSITIVE, len(manifest))], bits)
    if bound.degree.bit_length() > MAX_DEGREE_BITS:
        raise UndecidedError(f"a degree of up to 2^{bound.degree.bit_length()} is too high to be trusted")
    if bound.bits_per_point < MIN_BITS:
        raise UndecidedError(f"a degree of up to {bound.degree} is too high for the exponents drawn from")
    if len(bound.signed) > MAX_SIGNS or len(manifest) > MAX_MANIFEST:
        raise UndecidedError(f"{len(quantities)} signs to be told apart are too many")
    return bound


def _bits(expressions: tuple[Expr, ...]) -> float:
    """Return the logarithm of the least number of values that exponents are drawn from."""
    if any(isinstance(e, EXPONENTIALS) for e in irrational_exponents(*expressions)):
        return NESTED_BITS
    return CIRCLE_BITS if any(isinstance(e, TRIGONOMETRIC) for e in _parts(expressions)) else FIELD_BITS


@singledispatch
def degrees(expression: Expr) -> Degrees:
    """Return bounds on the degrees of numerator and denominator, in the random numbers that are drawn."""
    return 1, 0


@degrees.register(Rational)
def _(expression: Rational) -> Degrees:
    return 0, 0


@degrees.register(Symbol)
def _(expression: Symbol) -> Degrees:
    # A positive symbol is the square of a random number.
    return (2, 0) if expression.is_nonnegative else (1, 0)


@degrees.register(sympy.core.numbers.Pi)
def _(expression: Expr) -> Degrees:
    return 2, 0  # a random number as a positive symbol is


@degrees.register(Add)
def _(expression: Add) -> Degrees:
    # a/b + c/d = (a*d + c*b)/(b*d)
    top, bottom = 0, 0
    for other, below in map(degrees, expression.args):
        top, bottom = max(top + below, other + bottom), bottom + below
    return top, bottom


@degrees.register(Mul)
def _(expression: Mul) -> Degrees:
    tops, bottoms = zip(*map(degrees, expression.args), strict=True)
    return sum(tops), sum(bottoms)


@degrees.register(Pow)
def _(expression: Pow) -> Degrees:
    base, exponent = expression.args
    if not exponent.is_Rational:
        return _exponential_degree(exponent), _exponential_degree(exponent)
    top, bottom = (abs(int(exponent.p)) * side for side in degrees(base))
    return (bottom, top) if exponent.is_negative else (top, bottom)


@degrees.register(sympy.exp)
@degrees.register(sympy.sinh)
@degrees.register(sympy.cosh)
@degrees.register(sympy.tanh)
@degrees.register(sympy.sin)
@degrees.register(sympy.cos)
@degrees.register(sympy.tan)
def _(expression: Expr) -> Degrees:
    # A polynomial of degree d in sine and cosine is one of degree 2*d in exp(i*a), over exp(i*a)**d.
    weight = 2 * _exponential_degree(expression.args[0])
    return weight, weight


@degrees.register(Abs)
def _(expression: Abs) -> Degrees:
    inside: Degrees = degrees(expression.args[0])
    return inside


@degrees.register(sympy.sign)
def _(expression: sympy.sign) -> Degrees:
    return 0, 0


def _exponential_degree(exponent: Expr) -> int:
    """Return a bound on the powers of the independent exponentials that exp(exponent) is a product of."""
    coefficients = (term.as_coeff_Mul()[0] for term in Add.make_args(exponent))
    return sum(max(1, abs(int(c.p))) for c in coefficients if c.is_Rational)


@lru_cache(maxsize=64)
def _parts(expressions: tuple[Expr, ...]) -> tuple[Expr, ...]:
    """Return every subexpression of some expressions once."""
    return tuple(dict.fromkeys(chain.from_iterable(map(preorder_traversal, expressions))))


def _collisions(expressions: tuple[Expr, ...]) -> int:
    """Return the degree of the event that two arguments of an unknown function coincide at a random point."""
    unknown = [e for e in _parts(expressions) if isinstance(e, (*OPAQUE, *UNINTERPRETED))]
    arguments = {a for e in unknown for a in e.args} | set(irrational_exponents(*expressions))
    largest = max((sum(degrees(a)) for a in arguments), default=0)
    # n*(n - 1)/2 pairs; a pair coincides where a difference of degree 2*largest at most vanishes.
    return len(arguments) * (len(arguments) - 1) // 2 * 2 * largest


def irrational_exponents(*expressions: Expr) -> tuple[Expr, ...]:
    """Return what inside exponents and angles is no rational function: modelled by random numbers there."""
    kinds = (*EXPONENTIALS, *TRIGONOMETRIC, Pow)
    exponents = tuple(e.args[-1] for e in _parts(expressions) if isinstance(e, kinds))
    return tuple(e for e in _parts(exponents) if not _is_rational(e))


def _is_rational(part: Expr) -> bool:
    power = isinstance(part, Pow) and part.exp.is_Integer
    return bool(power or isinstance(part, (Symbol, Rational, Add, Mul)) or part == sympy.pi)


def _conjugates(expressions: tuple[Expr, ...]) -> int:
    """Return the number of conjugates: the product of the indices of all roots, and of all exp(a/n)."""
    roots = {e for e in _parts(expressions) if _is_root(e)}
    indices = math.prod(int(e.exp.q) for e in roots)
    kinds = (*EXPONENTIALS, *TRIGONOMETRIC, Pow)
    exponents = {e.args[-1] for e in _parts(expressions) if isinstance(e, kinds)} - {e.exp for e in roots}
    terms = (t.as_coeff_Mul()[0] for e in exponents for t in Add.make_args(e))
    return indices * math.lcm(*(int(c.q) for c in terms if c.is_Rational))


def _is_root(expression: Expr) -> bool:
    return bool(isinstance(expression, Pow) and expression.exp.is_Rational and not expression.exp.is_Integer)


def _hides_square(base: Expr) -> bool:
    """Return whether a product has a sum among its factors, which may be a square in disguise."""
    return any(isinstance(f.as_base_exp()[0], Add) and f.free_symbols for f in Mul.make_args(base))


def _signed(expressions: tuple[Expr, ...]) -> tuple[Expr, ...]:
    """Return the independent quantities whose signs matter and are random at a random point."""
    signed = {e.args[0] for e in _parts(expressions) if isinstance(e, (Abs, sympy.sign))}
    rooted = {e.base for e in _parts(expressions) if isinstance(e, Pow) and not e.exp.is_Integer}
    for inside in signed | rooted:
        irrational = not (inside.free_symbols or inside.is_Rational or inside == sympy.pi)
        surds = (e for e in _parts((inside,)) if _is_root(e) and not e.base.free_symbols)
        if irrational or any(surds):
            raise UndecidedError(f"the sign of {inside} depends on an irrational number")
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
    """Return whether an expression is a square in the field by construction; squares count as positive."""
    positive = expression == sympy.pi or (isinstance(expression, Symbol) and expression.is_nonnegative)
    power = isinstance(expression, Pow) and (expression.exp.is_even or not expression.exp.is_Integer)
    return bool(positive or power or isinstance(expression, (Abs, Rational, sympy.exp)))
