"""Runs of rules on given gradients, in exact fractions where possible and in balls of reals elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product
from typing import TypeAlias

import flint
from sympy import Expr, Float, Rational, Symbol

from physsym.core.verdicts import Condition
from physsym.optimizers.state_space import StateSpace
from physsym.verify.budget import check_time
from physsym.verify.engines.evaluation import PRECISION, Number, as_ball, satisfied, value
from physsym.verify.engines.laurent import UndecidedError
from physsym.verify.engines.smtlib import declared_sign

Point: TypeAlias = Mapping[Symbol, Fraction]

ADVERSARIAL = tuple(
    map(Fraction, ("3/100", "-2", "0", "1/7", "5", "-5", "1/1000", "1", "-1/3", "0", "2", "-7"))
)
"""Gradients of both signs, of all sizes, and zero: what parts two rules early."""
GENERIC = tuple(
    map(Fraction, ("0.3", "-1.7", "0.9", "2.3", "-0.01", "5.1", "-5.3", "0.002", "1.1", "-0.4", "0", "2.9"))
)
"""Gradients without relations between them, which the search for parameters uses."""
SEQUENCES = ((Fraction(1),) * 12, (Fraction(1), Fraction(1, 10), Fraction(-1)) * 4, ADVERSARIAL, GENERIC)


def outputs(
    space: StateSpace,
    parameters: Sequence[Mapping[Symbol, Number]],
    weights: Mapping[Symbol, Fraction],
    inputs: Sequence[Sequence[Fraction]],
) -> Iterator[tuple[Number, ...]]:
    """Yield the evaluation points of each step, and after the last one those that need no gradient.

    Parameters
    ----------
    space
        The rule.
    parameters
        The values of its parameters, a step each; the last ones serve for all later steps.
    weights
        The weights at the start.
    inputs
        For each step the value of each input.

    Raises
    ------
    UndecidedError, ZeroDivisionError
        Where a step has no value.
    """
    with flint.ctx.workprec(PRECISION):
        at: dict[Symbol, Number] = {**parameters[0], **weights}
        state = [value(e, at) for e in space.start]
    for k in range(len(inputs) + 1):
        check_time()
        with flint.ctx.workprec(PRECISION):
            at = {**parameters[min(k, len(parameters) - 1)], **dict(zip(space.states, state, strict=True))}
            done = k == len(inputs)
            ready = [
                p for p in space.points if not done or not any(e.free_symbols & set(space.inputs) for e in p)
            ]
            at |= {} if done else dict(zip(space.inputs, inputs[k], strict=True))
            shown = tuple(value(e, at) for point in ready for e in point)
            if not done:
                step = space.first if k == 0 and space.first else space.step
                state = [value(e, at) for e in step]
        yield shown


def parting(
    first: Iterable[tuple[Number, ...]], second: Iterable[tuple[Number, ...]]
) -> tuple[int, Number, Number] | None:
    """Return the first step before which two runs differ for certain, with two values that do; or None.

    A run that comes to a point without a value ends there.
    """
    runs = zip(_defined(first), _defined(second), strict=False)
    for k, (one, other) in enumerate(runs):
        for a, b in zip(one, other, strict=True):
            if differ(a, b):
                return k, a, b
    return None


def _defined(run: Iterable[tuple[Number, ...]]) -> Iterator[tuple[Number, ...]]:
    try:
        yield from run
    except (UndecidedError, ZeroDivisionError, KeyError):
        return


def differ(a: Number, b: Number) -> bool:
    """Return whether two numbers differ for certain."""
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return a != b
    with flint.ctx.workprec(PRECISION):
        return not as_ball(a).overlaps(as_ball(b))


def exactly(number: Number) -> Expr:
    """Return a number as an expression; a ball of reals with 20 digits."""
    if isinstance(number, Fraction):
        return Rational(number.numerator, number.denominator)
    return Float(number.mid().str(25, radius=False), 20)


_USUAL = ("9/10", "1/10", "1/2", "3/4", "1/3", "1", "2", "-1/2", "5", "0")
_RATE = ("1/10", "1/5", "1/100")


def natural_values(
    symbols: Iterable[Symbol],
    conditions: Iterable[Condition],
    typical: Mapping[Symbol, Expr] | None = None,
    rate: Symbol | None = None,
    usual: Sequence[str] = _USUAL,
) -> dict[Symbol, Fraction] | None:
    """Return values of parameters within their ranges, typical ones where possible."""
    names = tuple(symbols)
    told = (c for c in conditions if c.expression.free_symbols <= {*names})
    assumed = (*told, *(c for s in names for c in declared_sign(s)))
    pools = []
    for symbol in names:
        first = [value(typical[symbol], {})] if typical and symbol in typical else []
        pool = [*first, *map(Fraction, (*_RATE, *usual) if symbol == rate else usual)]
        own = [c for c in assumed if c.expression.free_symbols == {symbol}]
        pools.append([n for n in dict.fromkeys(pool) if satisfied(own, {symbol: n})])
    # Those that hold the most of the preferred values come first.
    most = max(2, int(4000 ** (1 / max(1, len(pools)))))
    ranked = sorted(product(*(range(min(most, len(p))) for p in pools)), key=lambda ks: (sum(ks), ks))
    for ks in ranked:
        at = {s: pool[k] for s, pool, k in zip(names, pools, ks, strict=True)}
        if satisfied(assumed, at):
            return at
    return None
