"""Polynomial equations solved case by case: every solution lies in one of the cases returned.

Factors are split and equations solved for what they contain linearly, with the case that its coefficient is
zero apart. That no case is returned is therefore a proof that there is no solution.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import flint
from sympy import Add, Expr, Mul, Poly, Rational, Symbol, cancel, discriminant, fraction, sqrt, together

from physsym.verify.budget import check_time

Polynomial: TypeAlias = Any  # flint.fmpq_mpoly
Fraction: TypeAlias = tuple[Polynomial, Polynomial]


@dataclass(frozen=True)
class Case:
    """A family of solutions.

    Parameters
    ----------
    values
        What is determined: unknowns, and constants that must have a value.
    conditions
        Polynomials of constants alone that must be zero and could not be solved.
    nonnegative
        What must not be negative for the values to be real.
    open
        Equations in unknowns that were left unsolved; with any, the case may have no solution.
    """

    values: dict[Symbol, Expr] = field(default_factory=dict)
    conditions: tuple[Expr, ...] = ()
    nonnegative: tuple[Expr, ...] = ()
    open: tuple[Expr, ...] = ()


def solve_by_cases(
    equations: Iterable[Expr],
    unknowns: Sequence[Symbol],
    constants: Sequence[Symbol] = (),
    nonzero: Iterable[Expr] = (),
) -> Iterator[Case]:
    """Yield the solutions of polynomial or rational equations.

    Parameters
    ----------
    equations
        Expressions that are zero.
    unknowns
        What is solved for, the preferred ones first.
    constants
        What is solved for where an equation has no unknown: the case holds for these values alone.
    nonzero
        Expressions that are not zero.

    Yields
    ------
    Case
        Together they contain every solution, real or complex.

    Examples
    --------
    >>> from sympy import symbols
    >>> a, b, c = symbols("a b c")
    >>> [case.values for case in solve_by_cases([a * b - c, a * (a - 1)], [a, b], [c])]
    [{a: 0, c: 0}, {a: 1, b: c}]
    """
    tops = [fraction(together(e))[0] for e in equations]
    others = [fraction(together(e))[0] for e in nonzero]
    solver = _Solver(tuple(unknowns), tuple(constants), tops + others)
    known = tuple(f for e in others for f in solver.factors(solver.polynomial(e)))
    for case in solver.cases([solver.polynomial(e) for e in tops], known, {}):
        yield from _with_roots(case, unknowns)


class _Solver:
    """The ring of polynomials in all symbols; unknowns come first, then constants, then the rest."""

    def __init__(self, unknowns: tuple[Symbol, ...], constants: tuple[Symbol, ...], held: list[Expr]) -> None:
        named = {*unknowns, *constants}
        rest = sorted({s for e in held for s in e.free_symbols} - named, key=str)
        self.symbols = (*unknowns, *(c for c in constants if c not in unknowns), *rest)
        self.unknowns = range(len(unknowns))
        self.constants = range(len(unknowns), len(self.symbols) - len(rest))
        self.context = flint.fmpq_mpoly_ctx.get([f"s{k}" for k in range(len(self.symbols))], "lex")

    def polynomial(self, expression: Expr) -> Polynomial:
        """Return an expression as a polynomial."""
        if not self.symbols:
            return self.context.constant(flint.fmpq(int(expression.p), int(expression.q)))
        terms = Poly(expression, *self.symbols).terms()
        return self.context.from_dict({e: flint.fmpq(int(c.p), int(c.q)) for e, c in terms})

    def expression(self, polynomial: Polynomial) -> Expr:
        """Return a polynomial as an expression."""
        terms = (
            Mul(Rational(int(c.p), int(c.q)), *(s ** int(k) for s, k in zip(self.symbols, e, strict=True)))
            for e, c in polynomial.to_dict().items()
        )
        return Add(*terms)

    def factors(self, polynomial: Polynomial) -> list[Polynomial]:
        """Return the irreducible factors that are no numbers, the shortest first."""
        check_time()
        return sorted((f for f, _ in polynomial.factor()[1]), key=lambda f: (len(f), str(f)))

    def degree(self, polynomial: Polynomial, k: int) -> int:
        """Return the degree in the symbol of index k."""
        return int(polynomial.degrees()[k])

    def coefficients(self, polynomial: Polynomial, k: int) -> list[Polynomial]:
        """Return the coefficients of the powers of a symbol, from the zeroth."""
        parts: list[dict[Any, Any]] = [{} for _ in range(self.degree(polynomial, k) + 1)]
        for e, c in polynomial.to_dict().items():
            parts[int(e[k])][(*e[:k], 0, *e[k + 1 :])] = c
        return [self.context.from_dict(part) for part in parts]

    def put(self, polynomial: Polynomial, k: int, value: Fraction, degree: int = 0) -> Polynomial:
        """Return a polynomial with a fraction for a symbol, times a power of its denominator."""
        found = self.coefficients(polynomial, k)
        power = max(degree, len(found) - 1)
        return sum(
            (c * value[0] ** i * value[1] ** (power - i) for i, c in enumerate(found)),
            self.context.constant(0),
        )

    def holds(self, polynomial: Polynomial, indices: Iterable[int]) -> bool:
        """Return whether one of the symbols occurs."""
        degrees = polynomial.degrees()
        return any(int(degrees[k]) for k in indices)

    def pivot(self, factor: Polynomial) -> tuple[int, int]:
        """Return how hard it is to solve a factor, and the index of the symbol for which it is easiest."""
        among = self.unknowns if self.holds(factor, self.unknowns) else self.constants
        best = (9, -1)
        for k in among:
            if self.degree(factor, k) != 1:
                continue
            slope = self.coefficients(factor, k)[1]
            cost = 0 if slope.is_constant() else 2 if self.holds(slope, self.unknowns) else 1
            best = min(best, (cost + (0 if among is self.unknowns else 4), k))
        return best

    def cases(
        self, equations: list[Polynomial], nonzero: tuple[Polynomial, ...], values: dict[int, Fraction]
    ) -> Iterator[Case]:
        """Yield the cases in which the equations hold, given what is not zero and what is solved already."""
        left = []
        for equation in equations:
            if equation.is_zero():
                continue
            factors = [f for f in self.factors(equation) if f not in nonzero]
            if not factors:
                return
            left.append([(self.pivot(f), f) for f in factors])
        # An equation with an unsolvable factor comes last: the others may simplify it.
        left.sort(key=lambda fs: (max(p[0] for p, _ in fs), len(fs), sum(len(f) for _, f in fs)))
        if not left or all(p[1] < 0 for fs in left for p, _ in fs):
            yield from self.leaves([[f for _, f in fs] for fs in left], values)
            return
        chosen, *rest = left
        others = [self.product(f for _, f in fs) for fs in rest]
        excluded = nonzero
        for (_, k), factor in chosen:
            if k < 0:
                yield from self.unsolved(factor, others, excluded, values)
            else:
                yield from self.solved(factor, k, others, excluded, values)
            excluded = (*excluded, factor)

    def product(self, factors: Iterable[Polynomial]) -> Polynomial:
        """Return the product of polynomials."""
        found = self.context.constant(1)
        for factor in factors:
            found *= factor
        return found

    def solved(
        self,
        factor: Polynomial,
        k: int,
        others: list[Polynomial],
        nonzero: tuple[Polynomial, ...],
        values: dict[int, Fraction],
    ) -> Iterator[Case]:
        """Yield the cases in which a factor is zero that is linear in the symbol of index k."""
        rest, slope = self.coefficients(factor, k)
        value = (-rest, slope)
        still = [self.put(f, k, value) for f in (*nonzero, *self.factors(slope))]
        if not any(f.is_zero() for f in still):
            found = {j: self.put_fraction(v, k, value) for j, v in values.items()} | {k: self.lowest(value)}
            kept = tuple(g for f in still for g in self.factors(f))
            yield from self.cases([self.put(e, k, value) for e in others], kept, found)
        if not slope.is_constant():
            yield from self.cases([slope, rest, *others], nonzero, values)

    def unsolved(
        self,
        factor: Polynomial,
        others: list[Polynomial],
        nonzero: tuple[Polynomial, ...],
        values: dict[int, Fraction],
    ) -> Iterator[Case]:
        """Yield the cases in which a factor is zero that is linear in nothing, the other equations first."""
        if not others:
            yield from self.leaves([[factor]], values)
            return
        for case in self.cases(others, nonzero, values):
            told = {s: v for s, v in case.values.items() if s in self.symbols}
            left = fraction(together(self.expression(factor).xreplace(told)))[0]
            again = self.polynomial(left.expand())
            known = {self.symbols.index(s): self.fraction(v) for s, v in told.items()}
            for more in self.cases([again], nonzero, known):
                yield Case(more.values, (*case.conditions, *more.conditions), (), (*case.open, *more.open))

    def leaves(self, left: list[list[Polynomial]], values: dict[int, Fraction]) -> Iterator[Case]:
        """Yield the case of what is solved, with what is left."""
        found = {self.symbols[k]: self.expression(a) / self.expression(b) for k, (a, b) in values.items()}
        expressions = [Mul(*map(self.expression, fs)) for fs in left]
        unknowns = [self.symbols[k] for k in self.unknowns]
        yield Case(
            {s: cancel(v) for s, v in found.items()},
            tuple(e for e in expressions if not e.has(*unknowns)) if unknowns else tuple(expressions),
            (),
            tuple(e for e in expressions if unknowns and e.has(*unknowns)),
        )

    def fraction(self, expression: Expr) -> Fraction:
        """Return an expression as a fraction of polynomials."""
        top, bottom = fraction(together(expression))
        return self.polynomial(top), self.polynomial(bottom)

    def put_fraction(self, fraction: Fraction, k: int, value: Fraction) -> Fraction:
        """Return a fraction with another one for a symbol."""
        degree = max(self.degree(part, k) for part in fraction)
        return self.lowest((self.put(fraction[0], k, value, degree), self.put(fraction[1], k, value, degree)))

    def lowest(self, fraction: Fraction) -> Fraction:
        """Return a fraction in lowest terms."""
        common = fraction[0].gcd(fraction[1])
        return (fraction[0] / common, fraction[1] / common) if not common.is_constant() else fraction


def _with_roots(case: Case, unknowns: Sequence[Symbol]) -> Iterator[Case]:
    """Yield a case with its open equation solved, where that is a quadratic one of an unknown."""
    if len(case.open) != 1:
        yield case
        return
    for unknown in (u for u in unknowns if case.open[0].has(u)):
        polynomial = Poly(case.open[0], unknown)
        if polynomial.degree() != 2:
            continue
        a, b, _ = polynomial.all_coeffs()
        inside = discriminant(polynomial)
        for root in ((-b + sqrt(inside)) / (2 * a), (-b - sqrt(inside)) / (2 * a)):
            values = {s: v.xreplace({unknown: root}) for s, v in case.values.items()} | {unknown: root}
            yield Case(values, case.conditions, (*case.nonnegative, inside), ())
        return
    yield case
