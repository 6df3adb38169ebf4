"""Whether statements follow from others at each point at which they are defined: steps that go one way.

A statement is a list of alternatives, each a list of conditions that hold together. What a premise says makes
it defined; what a conclusion needs to be defined does not follow from a premise by itself, and is named. No
condition that decides whether a conclusion is true is added here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations, islice, product
from operator import attrgetter
from typing import TypeAlias

import sympy
from sympy import Expr, Poly, Rational, Symbol, factor_list
from sympy.polys.polyerrors import PolynomialError

from physsym.core.verdicts import Condition, Outcome, Verdict, fails, holds, undecided
from physsym.verify.budget import check_time
from physsym.verify.conditions import consistent, implied_each, simplified
from physsym.verify.domains import defined
from physsym.verify.engines import smt
from physsym.verify.engines.evaluation import Values, sample_points, satisfied

Alternatives: TypeAlias = Sequence[Sequence[Condition]]
"""Conditions that hold together, and others that may hold instead."""

_INCREASING = (sympy.exp, sympy.log, sympy.sinh, sympy.tanh, sympy.asin, sympy.atan)
_ABSTRACT = (
    sympy.log, sympy.sin, sympy.cos, sympy.tan, sympy.asin, sympy.acos, sympy.atan, sympy.sinh, sympy.cosh,
    sympy.tanh,
)  # fmt: skip
_CASES, _SPLITS = 64, 5
_POINTS, _OTHERS, _ROOTS = 160, 24, 32
_OPEN = "whether it follows is not decided"


def follows_where_defined(
    premise: Alternatives,
    conclusion: Alternatives,
    given: Sequence[Condition] = (),
    written: Sequence[Condition] = (),
) -> Verdict:
    """Return whether a statement follows from another one at all points at which it is defined.

    Parameters
    ----------
    premise, conclusion
        The statements.
    given
        Conditions that are assumed.
    written
        What the statements need to be defined as they were written, before they were simplified.

    Returns
    -------
    Verdict
        Conditional where the conclusion is not defined everywhere where the premise holds: it then lists what
        defines it. It fails with a point at which the premise holds and the conclusion is defined and wrong.

    Examples
    --------
    >>> from sympy import log
    >>> x = Symbol("x", real=True)
    >>> found = follows_where_defined([[Condition(2 - x, "> 0")]], [[Condition(log(2) - log(x), "> 0")]])
    >>> print(found.outcome.value, *found.assumes)
    conditional x > 0
    >>> print(follows_where_defined([[Condition(x**2 - 4, "> 0")]], [[Condition(x - 2, "> 0")]]).witness)
    at x = -3
    """
    cases = [(*given, *one, *defined(*(c.expression for c in one))) for one in premise]
    possible = [case for case in cases if consistent(case).outcome is not Outcome.FAILS]
    if not any(map(consistent, possible)):
        return undecided("it is not known that what it is to follow from can hold")
    needed: dict[Condition, None] = {}
    needs = (*written, *defined(*(c.expression for one in conclusion for c in one)))
    demanded = list(dict.fromkeys(map(simplified, needs)))
    proved = True
    for case in possible:
        lacking = [c for c in demanded if not _proved(case, [[c]])]
        if lacking and not consistent((*case, *lacking)):
            return undecided("what it needs to be defined contradicts what it is to follow from")
        for c in lacking[::-1]:  # of a < b and a > 0, b > 0 follows
            others = [d for d in lacking if d != c]
            lacking = others if _proved((*case, *others), [[c]]) else lacking
        needed |= dict.fromkeys(lacking)
        proved = proved and _proved((*case, *lacking), conclusion)
    if proved:
        verdict = holds("it follows at all points at which it is defined", engines=(smt.NAME,))
        return replace(verdict, outcome=Outcome.CONDITIONAL, assumes=tuple(needed)) if needed else verdict
    wrong = (at for case in possible for at in counterexamples((*case, *demanded), conclusion))
    if (at := next(wrong, None)) is not None:
        where = ", ".join(f"{s} = {at[s]}" for s in sorted(at, key=attrgetter("name")))
        return fails("it does not follow", witness=f"at {where}", engines=("exact points",))
    return undecided(_OPEN)


def repaired(
    premise: Alternatives,
    conclusion: Alternatives,
    given: Sequence[Condition],
    written: Sequence[Condition],
    candidates: Iterable[Sequence[Condition]],
) -> Sequence[Condition]:
    """Return the first of some conditions under which a conclusion follows, none where it is none of them.

    The statements and what is given are as for `follows_where_defined`.
    """
    needs = (*given, *written, *defined(*(c.expression for one in conclusion for c in one)))
    cases = [(*needs, *one, *defined(*(c.expression for c in one))) for one in premise]
    wrong = [at for case in cases for at in counterexamples(case, conclusion)]
    for candidate in candidates:
        if any(satisfied(candidate, at) is not False for at in wrong):
            continue
        verdict = follows_where_defined(premise, conclusion, (*given, *candidate), written)
        if verdict.outcome in (Outcome.HOLDS, Outcome.CONDITIONAL):
            return candidate
    return ()


def _proved(given: tuple[Condition, ...], alternatives: Alternatives) -> bool:
    """Return whether one of some alternatives holds wherever conditions do, which do not contradict."""
    values = _values(given)
    alternatives = [
        [replace(c, expression=c.expression.xreplace(values)) for c in one] for one in alternatives
    ]
    named = Named((*given, *(c for one in alternatives for c in one)))
    known = (*named.facts, *map(named.condition, given))
    goals = [[named.condition(c) for c in one] for one in alternatives]
    return _in_each_case(known, goals, named.splits[:_SPLITS], [_CASES])


def _values(given: Sequence[Condition]) -> dict[Expr, Expr]:
    """Return the numbers that conditions give to symbols, as x - 2 = 0 does."""
    found: dict[Expr, Expr] = {}
    for c in given:
        if c.relation == "= 0" and len(c.expression.free_symbols) == 1:
            (symbol,) = c.expression.free_symbols
            line = c.expression.as_poly(symbol)
            if line is not None and line.degree() == 1:
                slope, constant = line.all_coeffs()
                found[symbol] = -constant / slope
    return found


def _in_each_case(
    known: tuple[Condition, ...], goals: Alternatives, splits: Sequence[OneSign], left: list[int]
) -> bool:
    """Return whether alternatives follow in each case of the order of arguments of increasing functions."""
    check_time()
    left[0] -= 1
    if left[0] < 0:
        return False
    if len(goals) == 1:
        follows = all(implied_each(known, goals[0]))
    else:
        # Not one of them holds where of each alternative one condition does not.
        contrary = product(*(map(smt.opposite, one) for one in goals))
        follows = all(smt.consistent((*known, *some))[0] is False for some in islice(contrary, _CASES))
    if follows or not splits:
        return follows
    first, *others = splits
    cases = [(*known, *case) for case in first.cases]
    return all(_in_each_case(c, goals, others, left) for c in cases if smt.consistent(c)[0] is not False)


@dataclass(frozen=True)
class OneSign:
    """Two expressions that have one sign, as x - y and exp(x) - exp(y) have."""

    one: Expr
    other: Expr

    @property
    def cases(self) -> Iterator[tuple[Condition, Condition]]:
        """Return the cases of the sign."""
        for sign, relation in ((1, "> 0"), (1, "= 0"), (-1, "> 0")):
            yield Condition(sign * self.one, relation), Condition(sign * self.other, relation)  # type: ignore[arg-type]


class Named:
    """Names for the values of functions that z3 does not know, and what is known of these values."""

    def __init__(self, conditions: Iterable[Condition]) -> None:
        """Name the functions in conditions, the innermost first."""
        self.names: dict[Expr, Symbol] = {}
        found = {a for c in conditions for a in c.expression.atoms(*_ABSTRACT, sympy.exp)}
        applied = sorted(found, key=lambda e: (e.count_ops(), str(e)))
        for part in applied:
            if not isinstance(part, sympy.exp):
                self.names[part] = Symbol(f"value of {part}", real=True)
        self.facts = tuple(self.condition(c) for part in applied for c in _known_of(part))
        self.splits = [OneSign(*map(self.expression, pair)) for pair in _of_one_sign(applied)]

    def expression(self, expression: Expr) -> Expr:
        """Return an expression with the names."""
        while (put := expression.xreplace(self.names)) != expression:
            expression = put
        return expression

    def condition(self, condition: Condition) -> Condition:
        """Return a condition with the names."""
        return replace(condition, expression=self.expression(condition.expression))


def _known_of(part: Expr) -> Iterator[Condition]:
    """Yield what is known of a value of a function: bounds, the identities of circle and hyperbola."""
    argument = part.args[0]
    if isinstance(part, (sympy.sin, sympy.cos, sympy.tanh)):
        yield Condition(1 - part**2, "> 0" if isinstance(part, sympy.tanh) else ">= 0")
    if isinstance(part, sympy.cos):
        yield Condition(part**2 + sympy.sin(argument) ** 2 - 1, "= 0")
    if isinstance(part, sympy.cosh):
        yield Condition(part - 1, ">= 0")
        yield Condition(part**2 - sympy.sinh(argument) ** 2 - 1, "= 0")
    if isinstance(part, sympy.log):
        yield Condition(argument - 1 - part, ">= 0")
    if isinstance(part, (sympy.asin, sympy.acos)):
        yield Condition((part if isinstance(part, sympy.acos) else part + sympy.pi / 2), ">= 0")
        yield Condition((sympy.pi if isinstance(part, sympy.acos) else sympy.pi / 2) - part, ">= 0")
    if isinstance(part, sympy.atan):
        yield Condition(sympy.pi**2 / 4 - part**2, "> 0")


def _of_one_sign(applied: Sequence[Expr]) -> Iterator[tuple[Expr, Expr]]:
    """Yield pairs of expressions that have one sign, as functions increase or decrease."""
    for one, other in combinations(applied, 2):
        if one.func == other.func and isinstance(one, (*_INCREASING, sympy.acos)):
            down = -1 if isinstance(one, sympy.acos) else 1
            yield down * (one.args[0] - other.args[0]), one - other
        elif {one.func, other.func} == {sympy.exp, sympy.log}:
            exp, log = (one, other) if isinstance(one, sympy.exp) else (other, one)
            yield log.args[0] - exp, log - exp.args[0]
    for part in applied:
        if isinstance(part, sympy.log):
            yield part.args[0] - 1, part
            yield part.args[0] - sympy.E, part - 1
        elif isinstance(part, _INCREASING) and not isinstance(part, sympy.exp):
            yield part.args[0], part


# ------------------------------------------------------------------ points at which it is wrong


def counterexamples(assumed: Sequence[Condition], conclusion: Alternatives) -> list[Values]:
    """Return points at which conditions hold and no alternative does, that of the smallest numbers first."""
    wanted = tuple(dict.fromkeys(assumed))
    symbols = frozenset[Symbol]().union(
        *(c.expression.free_symbols for c in (*wanted, *(d for one in conclusion for d in one)))
    )

    def is_one(at: Values) -> bool:
        wrong = (any(satisfied((smt.opposite(c),), at) for c in one) for one in conclusion)
        return bool(satisfied(wanted, at)) and all(wrong)

    equations = [c for c in wanted if c.relation == "= 0" and not c.expression.is_zero]
    points = sample_points(symbols, _POINTS) if not equations else _solving(equations, symbols)
    found = [at for at in points if is_one(at)]
    if not found:
        for some in islice(product(*(map(smt.opposite, one) for one in conclusion)), _SPLITS):
            model = smt.example((*wanted, *some))
            found += [model] if model is not None and symbols <= model.keys() and is_one(model) else []
    return sorted(found, key=lambda at: sum(abs(n.numerator) + n.denominator for n in at.values()))


def _solving(equations: Sequence[Condition], symbols: Iterable[Symbol]) -> Iterator[Values]:
    """Yield points at which polynomial equations hold: rational roots for one symbol after another."""
    for at in sample_points(symbols, _OTHERS):
        # Each equation may be solved for each of its symbols: of many equations only some ways are tried.
        yield from islice(_roots([c.expression for c in equations], dict(at)), _ROOTS)


def _roots(equations: Sequence[Expr], at: Values) -> Iterator[Values]:
    if not equations:
        yield at
        return
    first, *others = equations
    for symbol in sorted(first.free_symbols, key=attrgetter("name")):
        check_time()
        rest = first.xreplace({s: Rational(n) for s, n in at.items() if s != symbol})
        for root in _rational_roots(rest, symbol):
            there = {**at, symbol: Fraction(int(root.p), int(root.q))}
            yield from _roots([e.xreplace({symbol: root}) for e in others], there)


def _rational_roots(expression: Expr, symbol: Symbol) -> Iterator[Rational]:
    try:
        _, factors = factor_list(sympy.numer(sympy.together(expression)), symbol)
    except PolynomialError:
        return
    for factor, _ in factors:
        polynomial = Poly(factor, symbol)
        if polynomial.degree() == 1 and all(c.is_Rational for c in polynomial.all_coeffs()):
            slope, constant = polynomial.all_coeffs()
            yield -constant / slope
