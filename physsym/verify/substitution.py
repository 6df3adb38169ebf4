"""Tools of the verifiers: requirements on lines, and their own substitution (`transform` has SymPy's)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from sympy import Expr, Symbol

from physsym.core.statements import Law, Rule, Statement, states, symbols
from physsym.core.symbols import after, before
from physsym.mechanics.moves import Move

S = TypeVar("S", Law, Rule)


class Refusal(Exception):
    """A line that cannot follow by the move, for a structural reason, which is the message."""


def require(kind: type[S], line: Statement, move: Move, where: str) -> S:
    """Return the line if it is of the kind that the move needs there; raise Refusal otherwise."""
    if not isinstance(line, kind):
        raise Refusal(f"{type(move).__name__} needs a {kind.__name__.lower()} {where}, the line is {line}")
    return line


def require_absent(symbol: Symbol, line: Statement, why: str) -> None:
    """Raise Refusal where a symbol occurs in a line: at any instant, or at its own if it has one."""
    found = [s for s in symbols(line) if symbol.name in (s.name, s.name.rstrip("'+-"))]
    if found:
        raise Refusal(f"{found[0]} occurs in the line {line}, {why}")


def substituted(expression: Expr, values: Mapping[Expr, Expr]) -> Expr:
    """Return the expression with the given leaves or parts replaced, all at once."""
    if expression in values:
        return values[expression]
    if not expression.args:
        return expression
    return expression.func(*(substituted(a, values) for a in expression.args))


def map_of(rule: Rule) -> dict[Symbol, Expr]:
    """Return the new value of every state in terms of old values alone."""
    new: dict[Expr, Expr] = {}
    for update in rule.updates:
        new[after(update.target)] = substituted(update.value, new)
    carried = states(rule)
    later = {before(s): s for s in carried}  # the new value of an earlier one is the value now
    return {s: new[after(s)] if s in rule.targets else later[s] for s in carried}
