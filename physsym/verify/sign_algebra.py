"""The signs that an expression can take, given those of others: of its factors, its roots and its terms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sympy
from sympy import Expr, Integer, Mul, expand

from physsym.core.signs import ANY, Signs, signs
from physsym.core.verdicts import Condition

Known = Mapping[Expr, Signs]
"""The signs of expressions, as far as they are known."""

PLUS, MINUS, ZERO = frozenset({1}), frozenset({-1}), frozenset({0})
NOT_BELOW, NOT_ABOVE, NOT_ZERO = PLUS | ZERO, MINUS | ZERO, PLUS | MINUS
BY_RELATION = {"> 0": PLUS, ">= 0": NOT_BELOW, "= 0": ZERO, "!= 0": NOT_ZERO}
"""The signs that the relation of a condition leaves."""
_EXPANDED = 200  # operations in a sum that is multiplied out to be recognised


def factors_of(expression: Expr) -> tuple[int, list[tuple[Expr, int]]]:
    """Return the sign of the number in a product, and its other factors with their powers, signs taken off.

    A factor that is not raised to an integer is positive where it is defined.
    """
    expanded = expand(expression) if expression.is_Add and expression.count_ops() < _EXPANDED else expression
    sign, found = 1, []
    for factor in Mul.make_args(expanded):
        base, power = factor.as_base_exp()
        if isinstance(base, sympy.log):  # it has the sign of what is left of its argument without one
            base = base.args[0] - 1
        if factor.is_number and factor.is_real:
            sign *= bool(factor.is_positive) - bool(factor.is_negative)
        elif not power.is_Integer:
            found.append((factor, 1))
        else:
            content, base = base.as_content_primitive() if base.is_Add else (Integer(1), base)
            minus = base.is_Add and base.could_extract_minus_sign()
            sign *= -1 if minus != bool(content.is_negative) and int(power) % 2 else 1
            found.append((-base if minus else base, int(power)))
    return sign, found


def signs_under(expression: Expr, known: Known) -> Signs:
    """Return the signs that an expression can take, given those of others."""
    sign, factors = factors_of(expression)
    total: Signs = frozenset({sign})
    for base, power in factors:
        own = known.get(base, ANY) & signs(base)
        root, index = base.as_base_exp()
        if index.is_Rational and index.q != 1:  # a real root is taken of what is not negative
            own &= signs_under(root, known) & NOT_BELOW if index > 0 else PLUS
        if base.is_Add:
            own &= _sum_of_signs(signs_under(term, known) for term in base.args)
        own = own if power % 2 else frozenset(map(abs, own))
        total = frozenset(a * b for a in total for b in (own - ZERO if power < 0 else own))
    return total


def known_signs(conditions: Iterable[Condition]) -> Known:
    """Return the signs of expressions that conditions state."""
    known: dict[Expr, Signs] = {}
    for condition in conditions:
        sign, factors = factors_of(condition.expression)
        if len(factors) == 1 and factors[0][1] == 1:
            stated = frozenset(sign * s for s in BY_RELATION[condition.relation])
            known[factors[0][0]] = known.get(factors[0][0], ANY) & stated
    return known


def _sum_of_signs(terms: Iterable[Signs]) -> Signs:
    total = ZERO
    for term in terms:
        if any(a * b < 0 for a in total for b in term):
            return ANY
        total = frozenset(a or b for a in total for b in term)
    return total
