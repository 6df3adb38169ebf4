"""Side conditions: those a formula brings along, which of them follow, and whether all can hold at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

import sympy
from sympy import Expr, Mul, Pow, Symbol, preorder_traversal

from physsym.core.signs import signs
from physsym.core.symbols import OPAQUE
from physsym.core.verdicts import Condition, Hypothesis, Verdict, fails, holds, undecided
from physsym.verify.engines import smt
from physsym.verify.engines.base import Answer
from physsym.verify.engines.evaluation import Values, points, satisfied

_EXCLUDED = {"= 0": {-1, 1}, "!= 0": {0}, "> 0": {-1, 0}, ">= 0": {-1}}
_EXAMPLES = 64


def defined(*expressions: Expr) -> tuple[Condition, ...]:
    """Return what must hold for every quotient, root, real power and logarithm to be defined.

    >>> from sympy import log, sqrt
    >>> from physsym.vocabulary import rho, tau, x
    >>> print(*defined(x / tau + sqrt(1 - rho) + log(rho)), sep=", ")
    1 - rho >= 0, tau != 0, rho > 0
    """
    found = (c for e in expressions for part in preorder_traversal(e) for c in _demanded(part))
    return tuple(dict.fromkeys(c for c in found if not c.expression.is_number))


def _demanded(part: Expr) -> Iterator[Condition]:
    if isinstance(part, sympy.log):
        yield Condition(part.args[0], "> 0")
    if not isinstance(part, Pow):
        return
    if part.exp.is_Integer:
        yield from [Condition(part.base, "!= 0")] if part.exp.is_negative else []
    else:
        yield Condition(part.base, ">= 0" if part.exp.is_positive else "> 0")


def nonzero(*expressions: Expr) -> tuple[Condition, ...]:
    """Return the conditions that none of the expressions is zero, told of each factor that is no number."""
    factors = (f.as_base_exp()[0] for e in expressions for f in Mul.make_args(e))
    return tuple(Condition(base, "!= 0") for base in factors if not base.is_number)


def follows(condition: Condition | Hypothesis) -> bool:
    """Tell whether a condition follows from the signs of its symbols: by its form, or else by z3.

    A premise in words never follows.
    """
    return isinstance(condition, Condition) and (_is_plain(condition) or _is_proved(condition))


def _is_plain(condition: Condition) -> bool:
    """Tell whether a condition follows from its form alone, which costs nothing."""
    return not signs(condition.expression) & _EXCLUDED[condition.relation]


@lru_cache(maxsize=1024)
def _is_proved(condition: Condition) -> bool:
    # Nothing is known of a symbol or of an unknown function but its sign, which the form has told.
    if isinstance(condition.expression, (Symbol, *OPAQUE)):
        return False
    return smt.implies((), condition).answer is Answer.PROVED


def given(verdict: Verdict, conditions: Iterable[Condition | Hypothesis]) -> Verdict:
    """Return the verdict with conditions added to what it assumes."""
    return replace(verdict, assumes=tuple(dict.fromkeys((*verdict.assumes, *conditions))))


def consistent(assumed: Iterable[Condition | Hypothesis]) -> Verdict:
    """Return whether conditions can hold together with the declared signs of their symbols.

    It holds with an example; it fails with the conditions that contradict each other: from those anything
    would follow.
    """
    conditions = (c for c in assumed if isinstance(c, Condition))
    return _consistent(tuple(dict.fromkeys(c for c in conditions if not _is_plain(c))))


@lru_cache(maxsize=256)
def _consistent(conditions: tuple[Condition, ...]) -> Verdict:
    example = _example(conditions)
    if example is not None:
        return holds(f"all assumptions hold {_told(example)}", engines=("exact points",))
    possible, core = smt.consistent(conditions)
    if possible is None:
        return undecided("no example was found in which all assumptions hold", engines=(smt.NAME,))
    if possible:
        return holds("the assumptions do not contradict each other", engines=(smt.NAME,))
    clash = " and ".join(map(str, core))
    return fails(f"the assumptions contradict each other: {clash}", engines=(smt.NAME,))


def _example(conditions: tuple[Condition, ...]) -> Values | None:
    symbols = frozenset[Symbol]().union(*(c.expression.free_symbols for c in conditions))
    return next((at for at in points(symbols, _EXAMPLES) if satisfied(conditions, at)), None)


def _told(at: Values) -> str:
    return "at " + ", ".join(f"{s} = {n}" for s, n in at.items()) if at else "whatever the symbols are"
