"""Two sides of a line compared: what `identical` says of them, and whether a difference is an error."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from sympy import (
    Abs,
    Add,
    Dummy,
    Expr,
    Function,
    I,
    Integer,
    Mul,
    Pow,
    Rational,
    Symbol,
    acos,
    asin,
    atan,
    atan2,
    cos,
    exp,
    expand,
    factor,
    fraction,
    pi,
    preorder_traversal,
    sin,
    tan,
    together,
)

from physsym.auditing.evaluation import agree_at_a_point, differ_at_a_point
from physsym.auditing.unknowns import InUnknowns, in_unknowns
from physsym.core.verdicts import Condition, Outcome, Verdict, all_of, undecided
from physsym.verify.budget import allowed
from physsym.verify.cases import depends_on_signs, samples_under
from physsym.verify.conditions import implied
from physsym.verify.engines.evaluation import FreePoint, Number, Values, as_ball, evaluate_both
from physsym.verify.equivalence import identical
from physsym.verify.real_powers import open_powers

_LONG = 400  # operations, above which a difference is not factored
_EDITS = 60
_COUNTS = re.compile(r"[jklmnpN](_\w+)?")  # letters that count, where a text does not say so
_INVERSES = (acos, asin, atan, atan2)


@dataclass(frozen=True)
class Comparison:
    """What is known of the equality of two sides.

    Parameters
    ----------
    verdict
        Of the package.
    sides
        Both sides in plain symbols, and which applications of functions these are.
    somewhere
        Whether both sides have one value at some of the points that were tried, and different ones at others.
    """

    verdict: Verdict
    sides: InUnknowns
    somewhere: bool = False

    @property
    def holds(self) -> bool:
        """Return whether both sides are equal, perhaps under conditions."""
        return self.verdict.outcome in (Outcome.HOLDS, Outcome.CONDITIONAL)

    @property
    def differs(self) -> bool:
        """Return whether both sides differ wherever both were computed, be it in other unknowns."""
        left, right = self.sides.expressions[:2]
        if self.verdict.outcome is not Outcome.FAILS or not self.verdict.witness or self.somewhere:
            return False
        return self.sides.apart and not _has_decimals(left, right) and not _has_imaginary(left, right)

    @property
    def refuted(self) -> bool:
        """Return whether both sides speak of the same unknowns, and differ wherever both were computed."""
        left, right = self.sides.expressions[:2]
        if not self.differs:
            return False
        if (left.free_symbols ^ right.free_symbols) & self.sides.operators:
            return False
        return read_by(left) == read_by(right)

    @property
    def analytic(self) -> bool:
        """Return whether there are neither roots, absolute values and the like, nor opaque parts."""
        left, right = self.sides.expressions[:2]
        by_sign = depends_on_signs(left, right) or _has_roots(left, right)
        return not by_sign and not self.sides.operators

    @property
    def conditions(self) -> tuple[str, ...]:
        """Return what the equality takes."""
        return tuple(map(str, self.verdict.assumes))

    @property
    def difference(self) -> str:
        """Return left minus right, in factors where it has them."""
        left, right = self.sides.expressions[:2]
        gap = left - right
        small = gap.count_ops() < _LONG and gap.is_rational_function()
        return str(factor(gap) if small else gap)


def clearly_differ(left: Expr, right: Expr) -> bool:
    """Return whether analytic sides have different values at a point, so that they hold by chance alone."""
    sides = in_unknowns(left, right).expressions
    branches = depends_on_signs(*sides) or open_powers(*sides) or _has_roots(*sides)
    return not branches and not any(e.has(*_INVERSES) for e in sides) and differ_at_a_point(*sides)


def compared(left: Expr, right: Expr, given: Sequence[Condition] = ()) -> Comparison:
    """Return the comparison of two sides, in which functions that are not known are unknowns."""
    return _compared(left, right, tuple(given), allowed())


# A formula is judged by each value of a name, and most of these do not concern its sides.
@lru_cache(maxsize=1024)
def _compared(left: Expr, right: Expr, given: tuple[Condition, ...], seconds: float) -> Comparison:
    """Return the comparison of two sides, for each of whose verdicts there is this processor time."""
    sides = in_unknowns(*(_with_moduli(side, given) for side in (left, right)))
    first, second = sides.expressions
    if first.has(I) or second.has(I):
        return Comparison(_identical_complex(first, second, given), sides)
    met = first.free_symbols | second.free_symbols
    near = tuple(c for c in given if c.expression.free_symbols & met)
    plain = identical(first, second) if near else None  # what is given is not named where it is not needed
    verdict = plain if plain else identical(first, second, near)
    return Comparison(verdict, sides, _sometimes_equal(sides, verdict))


def _identical_complex(left: Expr, right: Expr, given: Sequence[Condition]) -> Verdict:
    """Return whether the real and the imaginary parts of sides are equal; all letters are real."""
    first, second = _real_and_imaginary(left), _real_and_imaginary(right)
    if first is None or second is None:
        return undecided("the imaginary unit is within a function")
    verdicts = [identical(one, other, tuple(given)) for one, other in zip(first, second, strict=True)]
    wrong = [
        replace(v, witness=f"{part} parts: {v.witness}")
        for part, v in zip(("real", "imaginary"), verdicts, strict=True)
        if v.outcome is Outcome.FAILS
    ]
    return wrong[0] if wrong else all_of(*verdicts)


def _real_and_imaginary(side: Expr) -> tuple[Expr, Expr] | None:
    """Return the parts of an expression that is rational in i, with exp(i*a) = cos(a) + i*sin(a)."""
    phases = {p: cos(p.exp / I) + I * sin(p.exp / I) for p in side.atoms(exp) if p.has(I)}
    if any(angle.has(I) for p in phases for angle in (p.exp / I,)):
        return None
    above, below = fraction(together(side.xreplace(phases)))
    if any(not p.exp.is_Integer for e in (above, below) for p in e.atoms(Pow) if p.has(I)):
        return None
    if any(p.has(I) for e in (above, below) for p in e.atoms(Function)):
        return None
    above, below = (expand(e * below.xreplace({I: -I})) for e in (above, below))
    real = above.xreplace({I: Integer(0)})
    return real / below, expand((above - real) / I) / below


def _with_moduli(expression: Expr, given: Sequence[Condition]) -> Expr:
    """Return an expression with its moduli: abs(a + b*sqrt(d)) = sqrt(a**2 - b**2*d) where d < 0 is given."""
    put: dict[Expr, Expr] = {}
    for modulus in expression.atoms(Abs) if given else ():
        (inner,) = modulus.args
        roots = [p for p in inner.atoms(Pow) if p.exp == Rational(1, 2)]
        roots = [p for p in roots if implied(given, Condition(-p.base, "> 0"))]
        if len(roots) != 1:
            continue
        mark = Dummy("root", real=True)
        marked = inner.xreplace({roots[0]: mark})
        slope, rest = marked.diff(mark), marked.xreplace({mark: Integer(0)})
        if slope.is_rational_function() and rest.is_rational_function() and not slope.has(mark):
            put[modulus] = Pow(rest**2 - slope**2 * roots[0].base, Rational(1, 2))
    return expression.xreplace(put)


def compared_for_whole_numbers(
    left: Expr, right: Expr, given: Sequence[Condition] = ()
) -> tuple[Comparison, tuple[str, ...]] | None:
    """Return the comparison of two sides in which letters as in sin(n*pi) or (-1)**n are whole, and these.

    None where there are none.
    """
    parts = {a for e in (left, right) for a in e.atoms(sin, cos, tan) if a.has(pi)}
    powers = {p.exp for e in (left, right) for p in e.atoms(Pow) if p.base.is_negative}
    letters = {
        s for p in parts | powers for s in p.free_symbols if not s.is_integer and _COUNTS.fullmatch(s.name)
    }
    if not letters:
        return None
    put = {s: Symbol(s.name, integer=True) for s in letters}
    found = compared(left.xreplace(put), right.xreplace(put), given)
    return found, tuple(sorted(s.name for s in letters))


def _sometimes_equal(sides: InUnknowns, verdict: Verdict) -> bool:
    """Return whether both sides agree at a sample point, where they differ at others.

    Analytic expressions agree by chance alone; those with roots, absolute values and the like may agree in
    a region.
    """
    if verdict.outcome is not Outcome.FAILS:
        return False
    left, right = sides.expressions
    if any(e.startswith("they agree where") for e in verdict.evidence):
        return True
    branches = depends_on_signs(left, right) or open_powers(left, right) or _has_roots(left, right)
    if not branches and not (left - right).has(*_INVERSES):
        return False
    return any(
        _agree(a, b) and all(_agree(c, d) for _, c, d in evaluate_both(left, right, _nearby(at)))
        for at, a, b in samples_under(left, right, ())
    )


def _agree(one: Number, other: Number) -> bool:
    return bool((as_ball(one) - as_ball(other)).contains(0))


def _nearby(at: Values) -> Iterator[Values]:
    """Yield points around another one: what holds in a region holds there, what holds by chance seldom."""
    for signs in range(4):
        moved = dict(at)
        for i, (symbol, number) in enumerate(at.items()):
            step = Fraction(1 if signs >> (i % 2) & 1 else -1, 1009 + 12 * i)
            moved[symbol] = number if symbol.is_integer else number + step
        yield FreePoint(moved, at.seed) if isinstance(at, FreePoint) else moved


@lru_cache(maxsize=1024)
def read_by(expression: Expr) -> frozenset[Symbol]:
    """Return the symbols on which the value of an expression is not shown not to depend."""
    symbols = expression.free_symbols
    put = {s: expression.xreplace({s: s.func(f"other {s}", **s.assumptions0)}) for s in symbols}
    return frozenset(
        s for s, e in put.items() if differ_at_a_point(expression, e) or not identical(expression, e)
    )


def _has_roots(*expressions: Expr) -> bool:
    parts = (p for e in expressions for p in preorder_traversal(e))
    return any(isinstance(p, Pow) and not p.exp.is_integer and not p.base.is_Symbol for p in parts)


def _has_imaginary(*expressions: Expr) -> bool:
    """Return whether an exponent contains i or j, which may be the imaginary unit and is read as a number."""
    exponents = (p.exp for e in expressions for p in e.atoms(exp))
    return any(s.name in ("i", "j") for e in exponents for s in e.free_symbols)


def _has_decimals(*expressions: Expr) -> bool:
    """Return whether a number may be a rounded decimal."""
    numbers = {n for e in expressions for n in e.atoms(Rational)}
    return any(n.q > 1 and not (Integer(10) ** 12 % n.q) and n.q % 5 == 0 for n in numbers)


def where_it_fails(comparison: Comparison) -> tuple[str, ...]:
    """Return the difference and a point with both values, as lines."""
    return (f"differs by {comparison.difference}", comparison.verdict.witness)


# ------------------------------------------------------------------ the nearest repair


def edited(expression: Expr) -> Iterator[Expr]:
    """Yield expressions that differ from one by the sign of a term, a factor or an exponent.

    Signs come first, then factors of two, squares and roots, and a factor that is taken out.
    """
    changes = list(_changes(expression))
    for _, changed in sorted(changes, key=lambda pair: pair[0])[:_EDITS]:
        if changed != expression:
            yield changed


def _changes(node: Expr) -> Iterator[tuple[int, Expr]]:
    """Yield the changes of an expression, each with its rank."""
    if isinstance(node, Add):
        for i, term in enumerate(node.args):
            rest = node.args[:i] + node.args[i + 1 :]
            yield 0, Add(*rest, -term)
            yield 1, Add(*rest, 2 * term)
            yield 1, Add(*rest, term / 2)
    if isinstance(node, Mul):
        for i, part in enumerate(node.args):
            rest = node.args[:i] + node.args[i + 1 :]
            if not part.is_number:
                yield 3, Mul(*rest)
    if isinstance(node, Symbol):
        yield 2, node**2
        yield 4, node ** Rational(1, 2)
    if isinstance(node, Pow) and node.base.is_Symbol:
        if node.exp.is_Number:
            yield 2, node.base
        yield 2, 1 / node
        return
    for i, part in enumerate(node.args):
        if isinstance(part, Expr) and not part.is_Number:
            for rank, changed in _changes(part):
                yield rank, node.func(*node.args[:i], changed, *node.args[i + 1 :])


def nearest_repair(comparison: Comparison) -> Expr | None:
    """Return the right side with one sign, factor or exponent changed such that both sides are equal."""
    left, right = comparison.sides.expressions[:2]
    wholes = (-right, 2 * right, right / 2)
    for candidate in (*wholes, *edited(right)):
        plausible = candidate.free_symbols <= left.free_symbols and agree_at_a_point(left, candidate)
        if plausible and identical(left, candidate):
            return candidate
    return None
