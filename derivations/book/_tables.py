"""What the summary tables are made of: where quantities go in a limit, and what bounds them."""

from collections.abc import Mapping

from sympy import Dummy, Expr, Poly, Rational, Symbol, factor, fraction, limit

from physsym import Dimension, Rule
from physsym.documents.content import Cell
from physsym.analysis.stability import stability_region
from physsym.core.statements import Equation, Relation
from physsym.vocabulary import STANDARD, G, lam, rho


def meanings(symbol: Symbol) -> tuple[str, str]:
    """Return what a quantity is in mechanics and in learning; ValueError for one that nobody has named."""
    known = STANDARD.quantity(symbol)
    if known is None:
        raise ValueError(f"the vocabulary has no {symbol}")
    return known.meaning, known.meaning_in_learning


def dimension(symbol: Symbol) -> Dimension:
    """Return the dimension of a quantity of the vocabulary."""
    return STANDARD.dimension(symbol)


def goes_to(symbol: Symbol, value: Expr, small: Symbol, given: Mapping[Symbol, Expr]) -> Cell:
    """Return where a quantity goes as another vanishes from above; a word where it stays what it is.

    `value` is what the quantity is, `given` what is held in terms of the vanishing one.
    """
    slope = Dummy(positive=True)  # SymPy's limits know no opaque function
    moving = value.xreplace(dict(given)).xreplace({G: slope})
    end = limit(moving, small, 0, "+").xreplace({slope: G})
    if end == symbol:
        return "stays"
    if moving.has(small) or end.is_number:
        return Relation((symbol, end), ("->",))
    return Equation(symbol, end)


def tidy(value: Expr) -> Expr:
    """Return a fraction in factors, without signs that cancel: 1/(1 - rho) for -1/(rho - 1).

    >>> tidy(-1 / (rho - 1))
    1/(1 - rho)
    """
    above, below = fraction(factor(value))
    return -above / (-below) if above.could_extract_minus_sign() else above / below


def largest_stable(rule: Rule, rate: Symbol) -> Expr:
    """Return the rate at which a rule stops being stable on a parabola, for `rho` between 0 and 1.

    Raises ValueError where no condition of stability bounds the rate alone.
    """
    lines = [Poly(c.expression, rate) for c in stability_region(rule).conditions]
    ends = [tidy(-line.nth(0) / line.nth(1)) for line in lines if line.degree() == 1]
    above = [end for end in ends if _at_one_point(end) > 0]
    if not above:
        raise ValueError(f"nothing bounds {rate} from above in {rule}")
    return min(above, key=_at_one_point)


def _at_one_point(end: Expr) -> Expr:
    """Return a bound at one point, which tells the bounds apart: they do not cross within the range."""
    return end.subs(rho, Rational(1, 2)).subs(lam, 1)
