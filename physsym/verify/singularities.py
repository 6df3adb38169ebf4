"""Where the limit of an expression degenerates: its denominators and bases of powers must not vanish there.

x/(x + e) tends to 1 as e tends to 0, at each x but zero: the denominator tends to x. A motion that comes near
x = 0 meets values of the expression that are far from the limit, however small e is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import sympy
from sympy import (
    Abs,
    Expr,
    Heaviside,
    Max,
    Min,
    Pow,
    Symbol,
    atan,
    cos,
    exp,
    log,
    preorder_traversal,
    sign,
    sin,
    sinh,
    tanh,
)

from physsym.core.polynomials import factored
from physsym.core.signs import NONNEGATIVE, signs
from physsym.core.symbols import OPAQUE
from physsym.core.verdicts import Condition, Hypothesis
from physsym.verify.attraction import vanishing_with
from physsym.verify.conditions import follows, hypotheses, implied
from physsym.verify.domains import defined
from physsym.verify.engines.laurent import UndecidedError
from physsym.verify.expansion import Approach, expanded
from physsym.verify.solution_order import Exponent

_ZERO_AT_ZERO = (Abs, sign, sinh, tanh, atan)  # functions that are zero where their argument is
_WITHOUT_LIMIT = (sin, cos)  # bounded functions of what diverges; they tend to nothing, wherever that is


def regular(
    above: Iterable[Expr], below: Iterable[Expr], approach: Approach, order: Exponent
) -> tuple[Condition | Hypothesis, ...]:
    """Return what must not vanish for expressions to tend to their limits regularly.

    Parameters
    ----------
    above
        The expressions.
    below
        Their limits. Where these are not defined nothing is claimed.
    approach
        How the limit is reached.
    order
        The order of the error that is claimed. At a kink that moves it is no more than that of the motion of
        the kink.

    Returns
    -------
    tuple of Condition or Hypothesis
        That the limits of denominators, of radicands, of the arguments of logarithms and of jumps, and of the
        bases of powers whose exponent changes, are not zero, unless it follows. A hypothesis in words where
        the leading coefficient of such a part is not found.
    """
    granted = (*defined(*below), *hypotheses())
    parts = dict.fromkeys(b for e in above for b in _bases(approach.near(e), approach.symbol, order))
    found: dict[Condition | Hypothesis, None] = {}
    for part in parts:
        leading = _leading(part, approach.symbol)
        if leading is None:
            original = part.xreplace({approach.symbol: approach.distance})
            found[Hypothesis(f"{original} keeps away from zero as {approach.words}")] = None
            continue
        for condition in _nonzero(leading):
            if not follows(condition) and not implied(granted, condition):
                found[condition] = None
    return tuple(found)


def _bases(expression: Expr, small: Symbol, order: Exponent) -> Iterator[Expr]:
    """Yield the parts at whose zeros an expression, near its limit, is singular or has a kink or a jump."""
    for part in preorder_traversal(expression):
        if isinstance(part, OPAQUE) or not part.args:
            continue
        if isinstance(part, Pow) and not isinstance(part, exp):
            continuous = part.exp.is_positive and not part.exp.has(small)
            if not (continuous and (part.exp.is_Integer or not part.base.has(small))):
                yield part.base
        elif isinstance(part, log) or (isinstance(part, (sign, Heaviside)) and part.has(small)):
            yield part.args[0]
        elif isinstance(part, (Abs, Max, Min)):
            yield from (k for k in _kinks(part) if k.has(small) and _shift(k, small) < order)
        elif part.is_Function and not isinstance(part, _WITHOUT_LIMIT) and part.has(small):
            yield from (a for a in part.args if _diverges(a, small))


def _kinks(part: Expr) -> list[Expr]:
    """Return what is zero where an absolute value, a maximum or a minimum has its kink."""
    if isinstance(part, Abs):
        return [part.args[0]]
    return [a - b for i, a in enumerate(part.args) for b in part.args[:i]]


def _shift(kink: Expr, small: Symbol) -> Exponent:
    """Return the order at which a kink moves; the gap is at least of this order everywhere."""
    try:
        return min((k for k in expanded(kink, small).terms if k > 0), default=math.inf)
    except UndecidedError:
        return 0


def _diverges(argument: Expr, small: Symbol) -> bool:
    try:
        order = expanded(argument, small).order
    except UndecidedError:
        return bool(argument.has(small))
    return order is not None and order < 0


def _leading(part: Expr, small: Symbol) -> Expr | None:
    """Return the leading coefficient of an expression in a symbol that vanishes, None if it is not found.

    In its stead stands, for some functions, what vanishes where the coefficient does.
    """
    if not part.has(small):
        return part
    if part.free_symbols <= {small} or _stays_large(part, small):
        return sympy.Integer(1)
    if isinstance(part, _ZERO_AT_ZERO):
        return _leading(part.args[0], small)
    try:
        found = expanded(part, small)
        return found.terms[found.order] if found.order is not None else None
    except UndecidedError:
        pass
    at_limit = part.xreplace({small: sympy.Integer(0)})
    if at_limit != 0 and not at_limit.has(sympy.nan, sympy.zoo, sympy.oo, -sympy.oo):
        return at_limit
    return None


def _stays_large(part: Expr, small: Symbol) -> bool:
    """Return whether a sum without negative terms has a term that grows whatever the other symbols are."""
    terms = sympy.Add.make_args(part)
    growing = (a.args[0] for a in terms if isinstance(a, exp) and a.free_symbols <= {small})
    grows = any(_diverges(power, small) and signs(power) == {1} for power in growing)
    return grows and all(signs(a) <= NONNEGATIVE for a in terms)


def _nonzero(leading: Expr) -> list[Condition]:
    """Return the conditions that no factor of an expression vanishes."""
    (_, above), _ = factored(leading)
    factors = dict.fromkeys(vanishing_with(f) for f, _ in above)
    return [Condition(f, "!= 0") for f in factors if 0 in signs(f)]
