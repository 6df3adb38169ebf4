"""Rules that are linear in states and gradients: their matrices, transfer functions and free responses.

With s the states, g the inputs and y the outputs, s+ = A s + B g and y = C s + D g; the z-transforms obey
y = (C (z - A)**-1 B + D) g + C (z - A)**-1 s(0).

References
----------
S. Zhao, L. Lessard, M. Udell, An automatic system to detect equivalence between iterative algorithms, 2021.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from sympy import QQ, Expr, Integer, Poly, Symbol, cancel, denom, together
from sympy.polys.matrices import DomainMatrix

from physsym.optimizers.state_space import StateSpace

Z = Symbol("z")
ONE = Symbol("one")
"""The symbol by which a constant start value is multiplied."""


@dataclass(frozen=True)
class LinearSystem:
    """The matrices of a linear rule, by rows, and its start in terms of symbols that are free at the start.

    Parameters
    ----------
    space
        The rule.
    a, b, c, d
        The matrices.
    free
        The weights, the gradients of a first step that differs, and `ONE` for constant start values.
    start
        A row a state, a column a free symbol: the state at the start, or after a first step that differs.
    before
        The outputs of the first step, by free symbols.
    """

    space: StateSpace
    a: tuple[tuple[Expr, ...], ...]
    b: tuple[tuple[Expr, ...], ...]
    c: tuple[tuple[Expr, ...], ...]
    d: tuple[tuple[Expr, ...], ...]
    free: tuple[Symbol, ...]
    start: tuple[tuple[Expr, ...], ...]
    before: tuple[tuple[Expr, ...], ...]

    @cached_property
    def denominators(self) -> tuple[Expr, ...]:
        """Return what must not vanish for the rule to be defined."""
        every = (e for m in (self.a, self.b, self.c, self.d, self.start) for row in m for e in row)
        found = (denom(together(e)) for e in every)
        return tuple(dict.fromkeys(d for d in found if d.free_symbols))

    @cached_property
    def transfer(self) -> tuple[tuple[Expr, ...], ...]:
        """Return the transfer functions, a row an output and a column an input, in powers of z."""
        direct = [list(row) for row in self.d]
        found = self._resolved(self.b)
        return tuple(tuple(e + direct[i][j] for j, e in enumerate(row)) for i, row in enumerate(found))

    @cached_property
    def response(self) -> tuple[tuple[Expr, ...], ...]:
        """Return the outputs without inputs, a row an output and a column a symbol free at the start."""
        return self._resolved(self.start)

    def _resolved(self, right: Sequence[Sequence[Expr]]) -> tuple[tuple[Expr, ...], ...]:
        """Return C (z - A)**-1 times a matrix."""
        if not right[0]:
            return tuple(() for _ in self.c)
        n = len(self.a)
        shifted = [[(Z if i == j else Integer(0)) - self.a[i][j] for j in range(n)] for i in range(n)]
        names = sorted(
            {s for m in (shifted, self.c, right) for row in m for e in row for s in e.free_symbols}, key=str
        )
        field = QQ.frac_field(*names)
        matrix, sides, read = (
            DomainMatrix([[field.from_sympy(e) for e in row] for row in m], (len(m), len(m[0])), field)
            for m in (shifted, right, self.c)
        )
        found = read * matrix.lu_solve(sides)
        return tuple(tuple(field.to_sympy(e) for e in row) for row in found.to_list())

    def markov(self, k: int) -> list[Expr]:
        """Return the entries of C A**(k - 1) B, the response of the outputs k steps after a gradient."""
        columns = [list(column) for column in zip(*self.b, strict=True)]
        for _ in range(k - 1):
            columns = [_times(self.a, column) for column in columns]
        return [e for column in columns for e in _times(self.c, column)]


def _times(matrix: Sequence[Sequence[Expr]], column: Sequence[Expr]) -> list[Expr]:
    return [cancel(sum((m * c for m, c in zip(row, column, strict=True)), Integer(0))) for row in matrix]


def linear_system(space: StateSpace) -> LinearSystem | None:
    """Return the matrices of a rule that is linear in states and gradients; None where it is not."""
    symbols = (*space.states, *space.inputs)
    points = [e for point in space.points for e in point]
    step = [_coefficients(e, symbols) for e in space.step]
    outputs = [_coefficients(e, symbols) for e in points]
    free = (*space.weights, *(space.inputs if space.first else ()))
    at_start = dict(zip(space.states, space.start, strict=True))
    start = [_coefficients(e.xreplace(at_start), free, True) for e in space.first or space.states]
    before = [_coefficients(e.xreplace(at_start), free, True) for e in points]
    if any(row is None for row in (*step, *outputs, *start, *before)) or not space.inputs:
        return None
    n = len(space.states)

    def rows(found: Iterable[Sequence[Expr] | None], columns: slice) -> tuple[tuple[Expr, ...], ...]:
        return tuple(tuple(row[columns]) for row in found if row is not None)

    return LinearSystem(
        space=space,
        a=rows(step, slice(n)),
        b=rows(step, slice(n, None)),
        c=rows(outputs, slice(n)),
        d=rows(outputs, slice(n, None)),
        free=(*free, ONE),
        start=rows(start, slice(None)),
        before=rows(before, slice(None)),
    )


def _coefficients(expression: Expr, symbols: Sequence[Symbol], constant: bool = False) -> list[Expr] | None:
    """Return the coefficients of a linear form, rational in the other symbols; None for anything else."""
    if not expression.is_rational_function(*symbols):
        return None
    slopes = [expression.diff(s) for s in symbols]
    if not any(e.free_symbols & set(symbols) for e in slopes):
        rest = cancel(expression.xreplace(dict.fromkeys(symbols, Integer(0))))
        found = [*slopes, rest] if constant else slopes if rest == 0 else None
        return found if found is not None and all(e.is_rational_function() for e in found) else None
    polynomial = together(expression).as_poly(*symbols) if symbols else Poly(expression, Z)
    if polynomial is None or polynomial.total_degree() > 1 or (not constant and polynomial.TC() != 0):
        return None
    found = [polynomial.coeff_monomial(s) for s in symbols] + ([polynomial.TC()] if constant else [])
    if any(not e.is_rational_function(*e.free_symbols) or e.free_symbols & set(symbols) for e in found):
        return None
    return found


def equations(first: Iterable[Expr], second: Iterable[Expr]) -> list[Expr]:
    """Return the coefficients of z that are zero where two lists of rational functions are equal."""
    found: list[Expr] = []
    for one, other in zip(first, second, strict=True):
        numerator = together(one - other).as_numer_denom()[0]
        if numerator != 0:
            found += Poly(numerator, Z).all_coeffs()
    return list(dict.fromkeys(e for e in found if e != 0))
