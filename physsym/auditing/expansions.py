"""Claims with an error term: both sides expanded in powers of a small symbol, their difference measured."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from math import factorial

from sympy import (
    Add,
    Derivative,
    Expr,
    Function,
    Integer,
    Poly,
    Rational,
    Symbol,
    expand,
    fraction,
    together,
)
from sympy.core.function import AppliedUndef

from physsym.auditing.unknowns import in_unknowns, is_operator, name_of
from physsym.core.verdicts import Order, Verdict, fails, holds, undecided
from physsym.verify.convergence_order import estimate_order
from physsym.verify.engines.laurent import DivergenceError, UndecidedError
from physsym.verify.substitution import Refusal

ORDER = "\\O"  # the function that stands for an error term
_INEXACT = re.compile(r"\\([Oo]$|dots\b|constant\b)")  # names that the reader gives
_TERMS = 4  # beyond the order that is claimed
_LARGE = ("n", "N")  # letters that tend to infinity where a text does not say so
_STEPS = frozenset(["h", "dt", "dx", "ds", "eps", "delta", "k", "Delta", "Delta t", "Delta x", "Delta y"])
"""Names that steps have: both letters of `x + h` could be one."""


@lru_cache(maxsize=16384)  # asked of all equations of a text at each formula of it
def is_exact(*sides: Expr) -> bool:
    """Return whether sides have no error terms, ellipses and unnamed constants.

    Of two of these it is not known that they are equal, though they are written alike.
    """
    parts = (part for side in sides for part in (*side.atoms(AppliedUndef), *side.free_symbols))
    return not any(_INEXACT.match(name_of(p) if p.args else str(p)) for p in parts)


@dataclass(frozen=True)
class WithError:
    """Two sides that agree up to a power of a small symbol.

    Parameters
    ----------
    left, right
        The sides without the error term.
    small
        The symbol that tends to zero.
    order
        The power of it that the error term has.
    """

    left: Expr
    right: Expr
    small: Symbol
    order: int


def with_error(left: Expr, right: Expr) -> WithError | None:
    """Return two sides without the error term O(h^n) in them, None where there is not one of this form."""
    terms = [t for side in (left, right) for t in Add.make_args(side) if _error(t) is not None]
    if not terms:
        return None
    found = {_error(t) for t in terms}
    if len(found) != 1 or (error := found.pop()) is None:
        return None
    drop = {t: Integer(0) for t in terms}
    without = [Add(*(t for t in Add.make_args(side) if t not in drop)) for side in (left, right)]
    return WithError(without[0], without[1], *error)


def agreement(left: Expr, right: Expr) -> Order | None:
    """Return up to which order a difference quotient, or a mean of values nearby, is what it stands for.

    None where both sides agree no better than values at neighbouring arguments do.
    """
    small = _step(left, right)
    if small is None:
        return None
    claim = WithError(left, right, small, 2)
    sides = [_expanded(e, small, claim.order + _TERMS) for e in (left, right)]
    if any(e is None for e in sides):
        return None
    one, other = in_unknowns(*(s for s in sides if s is not None)).expressions
    try:
        found = estimate_order(one, other, small, Integer(0))
    except (UndecidedError, DivergenceError, Refusal, NotImplementedError):
        return None
    below = (fraction(together(side))[1] for side in (left, right))
    divided = max(int(Poly(b, small).degree()) if b.is_polynomial(small) else 0 for b in below)
    exponent = Rational(found.order)
    good = exponent.is_Integer and exponent >= 1 and exponent + divided >= 2
    return Order(small, exponent) if good else None


def _step(left: Expr, right: Expr) -> Symbol | None:
    """Return the small symbol by which the arguments of one function differ, None where it is not clear."""
    found: set[Symbol] = set()
    for part in (left - right).atoms(AppliedUndef):
        terms = Add.make_args(part.args[0])
        points = [t for t in terms if t.is_Symbol and t.name not in _STEPS]
        shifts = [t.as_coeff_Mul()[1] for t in terms if t not in points]
        if is_operator(part) or len(points) != 1 or points[0].is_integer:
            return None
        if len(shifts) > 1 or not all(s.is_Symbol and s.name in _STEPS for s in shifts):
            return None
        found |= set(shifts)
    return found.pop() if len(found) == 1 else None


def _error(term: Expr) -> tuple[Symbol, int] | None:
    """Return the small symbol and its power of an error term, which may have a number in front."""
    _, part = term.as_coeff_Mul()
    if not isinstance(part, AppliedUndef) or name_of(part) != ORDER or len(part.args) != 1:
        return None
    base, exponent = part.args[0].as_base_exp()
    large = base.is_integer or base.name in _LARGE if base.is_Symbol else True
    return None if large or not exponent.is_Integer or exponent <= 0 else (base, int(exponent))


def judge_error(claim: WithError) -> tuple[Verdict, tuple[str, ...]]:
    """Return whether the difference of two sides has the order claimed, and what names are taken to be."""
    if (on_grid := _on_grid(claim)) is not None:
        verdict, meant = judge_error(on_grid)
        if verdict:
            return verdict, (*meant, f"values with an index are those at points {claim.small} apart")
    terms = claim.order + _TERMS
    sides = [_expanded(e, claim.small, terms) for e in (claim.left, claim.right)]
    if any(e is None for e in sides):
        return undecided("a function of several arguments is not expanded"), ()
    left, right = (e for e in in_unknowns(*(s for s in sides if s is not None)).expressions)
    names: list[str] = []
    for symbol, value in _named_derivatives(left - right, claim):
        left, right = (e.xreplace({symbol: value}) for e in (left, right))
        names.append(f"{symbol} = {value}")
    try:
        found = estimate_order(left, right, claim.small, Integer(0))
    except (UndecidedError, DivergenceError, Refusal, NotImplementedError) as doubt:
        return undecided(str(doubt)), ()
    order = Order(claim.small, found.order)
    if found.order >= claim.order:
        return holds(f"the difference is {order}", engines=found.engines), tuple(names)
    if _bases(left, claim) != _bases(right, claim):
        return undecided(f"the difference is {order}; only one side has some of the names"), ()
    return fails(f"the difference is {order}, not O({claim.small}**{claim.order})", engines=found.engines), ()


_GRID_POINT = Symbol("grid point", real=True)


def _on_grid(claim: WithError) -> WithError | None:
    """Return a claim on sequences as one on functions at the points of a grid, None where it is another one.

    What bears the order of a derivative above, as `x^{(2)}` does, is that derivative.
    """
    values = (claim.left - claim.right).atoms(AppliedUndef)
    indices = {s for a in values for i in a.args for s in i.free_symbols}
    if len(indices) != 1 or any(len(a.args) != 1 or is_operator(a) for a in values):
        return None
    if not all(a.args[0].is_integer and a.args[0].as_coeff_Add()[1] in indices for a in values):
        return None
    put: dict[Expr, Expr] = {}
    for value in values:
        at = _GRID_POINT + value.args[0].as_coeff_Add()[0] * claim.small
        marked = re.fullmatch(r"(.+)_\((\d)\)", name_of(value))
        put[value] = _rate(marked[1], int(marked[2]), at) if marked else _rate(name_of(value), 0, at)
    return replace(claim, left=claim.left.xreplace(put), right=claim.right.xreplace(put))


def _bases(side: Expr, claim: WithError) -> set[str]:
    """Return the names in a side, their derivatives and arguments aside, and the small symbol."""
    return {re.split(r"['(\[]", s.name)[0] for s in side.free_symbols if s != claim.small}


def _expanded(expression: Expr, small: Symbol, terms: int) -> Expr | None:
    """Return an expression with Taylor polynomials for functions near a point, None where one has no such."""
    put: dict[Expr, Expr] = {}
    for part in expression.atoms(Derivative):
        if isinstance(part.expr, AppliedUndef) and len(part.expr.args) == 1 and len(part.variable_count) == 1:
            put[part] = _rate(name_of(part.expr), int(part.variable_count[0][1]), part.expr.args[0])
    expression = expression.xreplace(put)
    put = {}
    for part in expression.atoms(AppliedUndef):
        if not part.has(small):
            continue
        at, *others = part.args
        if is_operator(part) or at.atoms(AppliedUndef) or not all(a.is_integer for a in others):
            return None
        point = at.xreplace({small: Integer(0)})
        shift = expand(at - point)
        name, begun = _split(name_of(part))
        rates = (_rate(name, begun + j, point, *others) for j in range(terms + 1))
        put[part] = Add(*(shift**j * Rational(1, factorial(j)) * rate for j, rate in enumerate(rates)))
    return expression.xreplace(put)


def _split(name: str) -> tuple[str, int]:
    """Return the name of a function and how often it is differentiated.

    >>> _split("f''")
    ('f', 2)
    """
    return name.rstrip("'"), len(name) - len(name.rstrip("'"))


def _rate(name: str, count: int, point: Expr, *others: Expr) -> Expr:
    """Return a derivative of a function at a point, as an unknown of its own; its indices stay."""
    return Function(name + "'" * count)(point, *others)


def _named_derivatives(gap: Expr, claim: WithError) -> Iterator[tuple[Symbol, Expr]]:
    """Yield names that stand for the derivatives that an expansion has there, such as v for x'."""
    gap = expand(gap)
    for power in range(claim.order):
        coefficient = gap.coeff(claim.small, power)
        primed = [s for s in coefficient.free_symbols if "'" in s.name]
        # An approximation of f' that bears an index, such as f_h', is a name for it too.
        marked = [s for s in primed if any(s.name.startswith(r.name.split("'")[0] + "_") for r in primed)]
        rates = [s for s in primed if s not in marked]
        others = sorted((s for s in coefficient.free_symbols if s not in rates), key=str)
        for symbol in others:
            slope = coefficient.diff(symbol)
            if slope == 0 or slope.free_symbols or len(rates) != 1:
                continue
            value = expand(symbol - coefficient / slope)
            if value == rates[0]:
                yield symbol, value
                gap = expand(gap.xreplace({symbol: value}))
                break
