"""Maps of states that carry each step of one rule to a step of another."""

from __future__ import annotations

from collections.abc import Mapping

from sympy import QQ, Add, Expr, Integer, Mul, Symbol
from sympy.polys.matrices import DomainMatrix

from physsym.optimizers.transfer_functions import LinearSystem

StateMap = Mapping[Symbol, Expr]


def linear_state_map(first: LinearSystem, second: LinearSystem) -> dict[Symbol, Expr] | None:
    """Return each state of the second system as a linear form in those of the first.

    Parameters
    ----------
    first, second
        Systems in the same parameters and the same symbols that are free at the start, with equal outputs.

    Returns
    -------
    dict of Symbol to Expr, or None
        T with T A = A' T, T B = B', C' T = C and T s(0) = s'(0); None where no such matrix exists. Where
        there are several, what they leave open is zero.
    """
    n, m = len(first.space.states), len(second.space.states)
    index = {(i, j): i * n + j for i in range(m) for j in range(n)}
    rows: list[dict[int, Expr]] = []

    def require(terms: list[tuple[int, Expr]], constant: Expr) -> None:
        row: dict[int, Expr] = {n * m: constant}
        for k, coefficient in terms:
            row[k] = row.get(k, Integer(0)) + coefficient
        rows.append(row)

    for i in range(m):
        for j in range(n):
            left = [(index[i, k], first.a[k][j]) for k in range(n)]
            require([*left, *((index[k, j], -second.a[i][k]) for k in range(m))], Integer(0))
        for ours, theirs in ((first.b, second.b), (first.start, second.start)):
            for j in range(len(theirs[i])):
                require([(index[i, k], ours[k][j]) for k in range(n)], theirs[i][j])
    for i, row in enumerate(second.c):
        for j in range(n):
            require([(index[k, j], row[k]) for k in range(m)], first.c[i][j])
    solution = _solved(rows, n * m)
    if solution is None:
        return None
    states = first.space.states
    return {
        s: Add(*(Mul(solution[index[i, j]], states[j]) for j in range(n)))
        for i, s in enumerate(second.space.states)
    }


def _solved(rows: list[dict[int, Expr]], size: int) -> list[Expr] | None:
    """Return a solution of linear equations over rational functions; None where there is none."""
    names = sorted({s for row in rows for e in row.values() for s in e.free_symbols}, key=str)
    field = QQ.frac_field(*names) if names else QQ
    dense = [[field.from_sympy(row.get(k, Integer(0))) for k in range(size + 1)] for row in rows]
    reduced, pivots = DomainMatrix(dense, (len(dense), size + 1), field).rref()
    if size in pivots:
        return None
    found: list[Expr] = [Integer(0)] * size
    values = reduced.to_list()
    for row, pivot in enumerate(pivots):
        found[pivot] = field.to_sympy(values[row][size])
    return found
