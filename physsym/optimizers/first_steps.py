"""The law of the first step of a rule that counts its steps and tells the first apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sympy import Dummy, Expr, Integer, Piecewise, Symbol

from physsym.core.statements import Rule, expressions, rewritten
from physsym.core.symbols import after


def split_first_step(rule: Rule) -> tuple[Rule, Rule | None]:
    """Return the law of all steps but the first, and that of the first, told apart by a counter; else None.

    Parameters
    ----------
    rule
        A rule with a counter of steps `k` that starts at zero, and case distinctions such as k = 0 in it.

    Returns
    -------
    tuple of Rule and Rule or None
        The inverse of `with_first_step`, but for the counter, which stays. A rule in which other conditions
        are left is returned as it is.

    Examples
    --------
    >>> from physsym.core.statements import rule, with_first_step
    >>> from physsym.vocabulary import G, eta, rho, u, x
    >>> later = rule({u: rho * u + (1 - rho) * G, x: x - eta * after(u)}, start={u: 0})
    >>> first = rule({u: G, x: x - eta * after(u)})
    >>> for law in split_first_step(with_first_step(later, first)):
    ...     print(law)
    u <- rho*u + (1 - rho)*grad(x); x <- x - eta*u+; k <- k + 1; u(0) = 0; k(0) = 0
    u <- grad(x); x <- x - eta*u+; k <- k + 1
    """
    counters = [u.target for u in rule.updates if u.value == u.target + 1 and (u.target, 0) in rule.start]
    if not counters or not any(u.value.has(Piecewise) for u in rule.updates):
        return rule, None
    n = Dummy(integer=True, nonnegative=True)
    begun, later = (
        {**dict.fromkeys(counters, v), **{after(k): v + 1 for k in counters}} for v in (Integer(0), n + 1)
    )
    first = rewritten(replace(rule, start=()), lambda e: _decided(e, begun))
    rest = rewritten(rule, lambda e: _decided(e, later))
    if any(e.has(Piecewise) for r in (first, rest) for e in expressions(r)):
        return rule, None
    return rest, replace(first, ranges=(), typical=())


def _decided(expression: Expr, counted: Mapping[Symbol, Expr]) -> Expr:
    """Return an expression with its case distinctions decided at the values of counters, where they are."""
    cases = {
        p: p.func(
            *((_decided(value, counted), condition.xreplace(dict(counted))) for value, condition in p.args)
        )
        for p in expression.atoms(Piecewise)
    }
    return expression.xreplace(cases)
