"""Side conditions: those that a formula brings along, and which of them follow from declared signs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sympy import Expr, Mul, Pow, preorder_traversal

from physsym.sign import signs
from physsym.verdict import Condition, Verdict


def denominators(*expressions: Expr) -> tuple[Condition, ...]:
    """Return the conditions that nothing is divided by zero, for every quotient in the expressions."""
    bases = (
        e.base
        for expression in expressions
        for e in preorder_traversal(expression)
        if isinstance(e, Pow) and e.exp.is_negative and not e.base.is_number
    )
    return tuple(Condition(base, "!= 0") for base in dict.fromkeys(bases))


def nonzero(*expressions: Expr) -> tuple[Condition, ...]:
    """Return the conditions that none of the expressions is zero, told of each factor that is no number."""
    factors = (f.as_base_exp()[0] for e in expressions for f in Mul.make_args(e))
    return tuple(Condition(base, "!= 0") for base in factors if not base.is_number)


def follows(condition: Condition) -> bool:
    """Tell whether a condition follows from the form of its expression and the signs of its symbols."""
    excluded = {"!= 0": {0}, "> 0": {-1, 0}, ">= 0": {-1}}[condition.relation]
    return not signs(condition.expression) & excluded


def given(verdict: Verdict, conditions: Iterable[Condition]) -> Verdict:
    """Return the verdict with conditions added to what it assumes."""
    return replace(verdict, assumes=tuple(dict.fromkeys((*verdict.assumes, *conditions))))
