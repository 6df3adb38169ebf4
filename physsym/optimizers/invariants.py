"""What holds at every step of a rule: counters count, some states are never negative."""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Add, Expr, Integer, Mul, Pow, Symbol, factor

from physsym.core.verdicts import Condition
from physsym.optimizers.state_space import StateSpace
from physsym.verify.conditions import implied


def counters(space: StateSpace) -> dict[Symbol, int]:
    """Return the states that grow by one a step, with the whole numbers at which they start."""
    states = zip(space.states, space.start, space.step, strict=True)
    return {s: int(n) for s, n, new in states if new == s + 1 and n.is_Integer}


def invariants(space: StateSpace, given: Sequence[Condition]) -> tuple[Condition, ...]:
    """Return conditions on the states of a rule that hold before each step.

    Parameters
    ----------
    space
        The rule.
    given
        The ranges of its parameters.

    Returns
    -------
    tuple of Condition
        Counters are not below their start; a number between zero and one, to the power of a positive counter,
        is below one; states whose updates keep them nonnegative are nonnegative.
    """
    found = list[Condition]()
    for counter, start in counters(space).items():
        found.append(Condition(counter - start, ">= 0"))
        powers = {p for e in space.step for p in e.atoms(Pow) if p.base.is_Symbol and p.exp.has(counter)}
        for power in sorted(powers, key=str):
            ahead = power.exp - counter
            if ahead.is_Integer and start + ahead >= 1 and _is_fraction(power.base, given):
                found.append(Condition(1 - power, "> 0"))
    found += _never_negative(space, (*given, *found))
    return tuple(c for c in found if c.expression.free_symbols)


def _is_fraction(base: Expr, given: Sequence[Condition]) -> bool:
    return implied(given, Condition(base, ">= 0")) and implied(given, Condition(1 - base, "> 0"))


def _never_negative(space: StateSpace, given: Sequence[Condition]) -> tuple[Condition, ...]:
    """Return that states are nonnegative which start so and whose updates keep them so."""
    known = {c.expression for c in given}
    begun = dict(zip(space.states, space.start, strict=True))
    kept = [
        s
        for s in space.states
        if s not in space.weights and s not in known and implied(given, Condition(begun[s], ">= 0"))
    ]
    while kept:
        assumed = (*given, *(Condition(s, ">= 0") for s in kept))
        laws = (space.step, space.first) if space.first else (space.step,)
        lost = [
            s
            for s in kept
            if not all(implied(assumed, Condition(law[space.states.index(s)], ">= 0")) for law in laws)
        ]
        if not lost:
            break
        kept = [s for s in kept if s not in lost]
    return tuple(Condition(s, ">= 0") for s in kept)


def canonical_roots(expression: Expr, given: Sequence[Condition], counted: dict[Symbol, int]) -> Expr:
    """Return an expression with the positive factors below its roots taken out, and without powers of zero.

    Parameters
    ----------
    expression
        An expression in states and parameters.
    given
        What is known of them.
    counted
        Counters with their starts.

    Returns
    -------
    Expr
        Equal wherever the conditions hold.
    """
    if not expression.args:
        return expression
    parts = [canonical_roots(a, given, counted) if isinstance(a, Expr) else a for a in expression.args]
    rebuilt = expression.func(*parts)
    if not isinstance(rebuilt, Pow):
        return rebuilt
    base, exponent = rebuilt.args
    if base == 0:
        ahead = Add(exponent, *(n - s for s, n in counted.items() if exponent.has(s)))
        return Integer(0) if ahead.is_Integer and ahead > 0 else rebuilt
    if exponent.is_Rational and not exponent.is_Integer:
        split, rest = list[Expr](), list[Expr]()
        for part in Mul.make_args(factor(base)):
            below, power = part.as_base_exp()
            if implied(given, Condition(part, "> 0")):
                split.append(below ** (power * exponent))
            elif power.is_Integer and implied(given, Condition(-below, "> 0")):
                split.append((-below) ** (power * exponent))
                rest.append(Integer(-1) ** power)
            else:
                rest.append(part)
        return Mul(*split, Mul(*rest) ** exponent, evaluate=True)
    return rebuilt
