"""Which states of a rule are positions."""

from __future__ import annotations

from sympy import Dummy, Expr, Symbol

from physsym.core.statements import Rule, expressions
from physsym.core.symbols import FORCES, after
from physsym.vocabulary import STANDARD


def coordinates(rule: Rule) -> tuple[Symbol, ...]:
    """Return the states of a rule that are positions.

    These are the states that stand with weight one in the place of a gradient, and those that the standard
    vocabulary calls a position; failing both, the only state of a rule that has but one.

    >>> from physsym.core.statements import rule
    >>> from physsym.core.symbols import grad
    >>> from physsym.vocabulary import eta, rho, u, x
    >>> coordinates(rule({u: rho * u - eta * grad(x + rho * u), x: x + after(u)}))
    (x,)
    """
    forces = [f for e in expressions(rule) for f in e.atoms(*FORCES)]
    slopes = {f: Dummy() for f in forces}
    now = {after(s): s for s in rule.targets}
    met = {p.xreplace(now).xreplace(slopes) for f in forces for p in f.args}
    found = tuple(s for s in rule.targets if _is_position(s) or any(_is_weighed_one(s, p) for p in met))
    return found or (rule.targets if len(rule.targets) == 1 else ())


def _is_weighed_one(state: Symbol, place: Expr) -> bool:
    return bool(place.diff(state) == 1)


def _is_position(state: Symbol) -> bool:
    quantity = STANDARD.quantity(state)
    return quantity is not None and quantity.kind == "position"
