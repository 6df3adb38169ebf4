"""Side conditions: those that define a formula, which of them are implied, and whether all are consistent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import TypeAlias

import sympy
from sympy import Expr, Mul, Pow, Symbol, preorder_traversal

from physsym.core.conditions import Given, as_conditions
from physsym.core.signs import signs
from physsym.core.symbols import OPAQUE, name_and_marks
from physsym.core.verdicts import Condition, Hypothesis, Verdict, fails, holds, undecided
from physsym.parsing import read_conditions
from physsym.verify.engines import smt
from physsym.verify.engines.base import Answer
from physsym.verify.engines.evaluation import sample_points, satisfied
from physsym.vocabulary import STANDARD, scalar

Hypotheses: TypeAlias = Given | str | Iterable[Given | str]
"""What `conditions_of` takes: conditions, SymPy relations and texts, several or a single one."""

_EXCLUDED = {"= 0": {-1, 1}, "!= 0": {0}, "> 0": {-1, 0}, ">= 0": {-1}}
_EXAMPLES = 64


def conditions_of(given: Hypotheses, symbols: Iterable[Symbol] = ()) -> tuple[Condition, ...]:
    """Return the conditions that hypotheses state.

    Parameters
    ----------
    given
        Conditions, SymPy relations such as `0 < beta`, and texts such as "0 <= rho < 1"; several, or one.
    symbols
        The symbols of what is compared: the names of a text mean these, and else those of the standard
        vocabulary.

    Returns
    -------
    tuple of Condition
        Each once.

    Raises
    ------
    ReadError
        For a text that states no condition.
    TypeError
        For what is no condition.

    Examples
    --------
    >>> from physsym.vocabulary import eta, rho, tau
    >>> print(*conditions_of(("0 <= rho < 1", eta < tau), (rho, eta, tau)), sep=", ")
    rho >= 0, 1 - rho > 0, -eta + tau > 0
    """
    if given is None:
        raise TypeError("given takes conditions such as (0 < beta, beta < 1); for none of them leave it out")
    items = given if isinstance(given, (tuple, list, set, frozenset)) else (given,)
    plain = sorted((s for s in symbols if not name_and_marks(s)[1]), key=str)
    known = {q.symbol for q in STANDARD.quantities}
    names = STANDARD.extended(*(scalar(s) for s in plain if s not in known))
    found = (read_conditions(g, names) if isinstance(g, str) else as_conditions(g) for g in items)
    return tuple(dict.fromkeys(c for group in found for c in group))


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
    """Return the conditions that no expression is zero, one for each factor that is not a number."""
    factors = (f.as_base_exp()[0] for e in expressions for f in Mul.make_args(e))
    return tuple(Condition(base, "!= 0") for base in factors if not base.is_number)


def follows(condition: Condition | Hypothesis) -> bool:
    """Return whether a condition follows from the signs of its symbols: by its form, or else by z3.

    A hypothesis in words never follows.
    """
    return isinstance(condition, Condition) and (_follows_by_sign(condition) or _is_proved(condition))


def _follows_by_sign(condition: Condition) -> bool:
    """Return whether a condition follows from the signs of its subexpressions, without z3."""
    return not signs(condition.expression) & _EXCLUDED[condition.relation]


@lru_cache(maxsize=1024)
def _is_proved(condition: Condition) -> bool:
    # Only the sign of a symbol or of an opaque function is known, and `_follows_by_sign` has used it.
    if isinstance(condition.expression, (Symbol, *OPAQUE)):
        return False
    return smt.implies((), condition).answer is Answer.PROVED


def assuming(verdict: Verdict, conditions: Iterable[Condition | Hypothesis]) -> Verdict:
    """Return the verdict with conditions added to what it assumes, without e >= 0 where e > 0 is assumed."""
    assumed = dict.fromkeys((*verdict.assumes, *conditions))
    positive = {c.expression for c in assumed if isinstance(c, Condition) and c.relation == "> 0"}
    weaker = {Condition(e, ">= 0") for e in positive}
    return replace(verdict, assumes=tuple(c for c in assumed if c not in weaker))


def consistent(assumed: Iterable[Condition | Hypothesis]) -> Verdict:
    """Return whether conditions are consistent with each other and with the declared signs of their symbols.

    The evidence is an example, or the conditions that contradict each other (which imply anything).
    """
    conditions = (c for c in assumed if isinstance(c, Condition))
    return _consistent(tuple(dict.fromkeys(c for c in conditions if not _follows_by_sign(c))))


@lru_cache(maxsize=256)
def _consistent(conditions: tuple[Condition, ...]) -> Verdict:
    symbols = frozenset[Symbol]().union(*(c.expression.free_symbols for c in conditions))
    candidates = (at for at in sample_points(symbols, _EXAMPLES) if satisfied(conditions, at))
    if (example := next(candidates, None)) is not None:
        point = ", ".join(f"{s} = {n}" for s, n in example.items())
        where = f"at {point}" if point else "whatever the symbols are"
        return holds(f"all assumptions hold {where}", engines=("exact points",))
    possible, core = smt.consistent(conditions)
    if possible is None:
        return undecided("no example was found in which all assumptions hold", engines=(smt.NAME,))
    if possible:
        return holds("the assumptions do not contradict each other", engines=(smt.NAME,))
    clash = " and ".join(map(str, core))
    return fails(f"the assumptions contradict each other: {clash}", engines=(smt.NAME,))
