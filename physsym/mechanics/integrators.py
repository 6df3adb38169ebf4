"""One-step integrators as data: mixtures of old and new values at which rates are read, or stages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sympy import Expr, Integer, Rational

from physsym.core.symbols import exact

OLD, MIDDLE, NEW = Integer(0), Rational(1, 2), Integer(1)
Own: TypeAlias = Expr | Literal["exact"]


@dataclass(frozen=True)
class Integrator:
    """A one-step method for a law of first order, (s_new - s)/dt = rate, told by where the rate is read.

    Each weight is the share of the new value in the mixture (1 - weight)*old + weight*new at which the rate
    of a state reads: `own` that state itself, `updated` a state updated earlier in the step, `waiting` one
    updated later. `own = "exact"` follows the state's own linear decay exactly, all else held still.
    `first` says which states are updated first: those whose rate is nothing but another state (positions),
    or the others (velocities). `order` is the order of accuracy that the method has for every law.
    """

    name: str
    order: int
    own: Own = OLD
    updated: Expr = OLD
    waiting: Expr = OLD
    first: Literal["velocities", "positions"] = "velocities"


@dataclass(frozen=True)
class ExplicitRungeKutta:
    """An explicit Runge-Kutta method for a law of first order, told by its Butcher tableau.

    Stage i is the rate at old + step*sum_j matrix[i][j]*stage_j; then new = old + step*sum_i
    weights[i]*stage_i, for all states together: every rate reads old values and earlier stages, never a new
    value. The law does not hold the time, so that the nodes (the sums of the rows) are not needed. `order` is
    what the author declares; the check of a step measures it (Butcher, Numerical Methods for Ordinary
    Differential Equations, chapter 3). `physsym.analysis.b_series` tells it by rooted trees.

    Entries are whole numbers, fractions, rationals of SymPy, or texts such as "1/2". Raises TypeError for a
    float, ValueError for an entry that is no number, where rows and weights do not fit each other, and where
    a stage reads itself or a later one.

    >>> ExplicitRungeKutta("Ralston", 2, ((0, 0), ("2/3", 0)), ("1/4", "3/4")).weights
    (1/4, 3/4)
    """

    name: str
    order: int
    matrix: tuple[tuple[Rational, ...], ...]
    weights: tuple[Rational, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "matrix", tuple(_numbers(row, self.name) for row in self.matrix))
        object.__setattr__(self, "weights", _numbers(self.weights, self.name))
        if not self.weights or {len(self.matrix), *map(len, self.matrix)} != {len(self.weights)}:
            raise ValueError(
                f"{self.name}: expected as many rows and columns as there are weights, {len(self.weights)}; "
                f"given rows of {[len(row) for row in self.matrix]}"
            )
        late = [(i, j) for i, row in enumerate(self.matrix) for j, a in enumerate(row) if a and j >= i]
        if late:
            raise ValueError(
                f"{self.name}: expected an explicit method, whose stages read earlier ones only; given "
                f"{self.matrix[late[0][0]][late[0][1]]} in row {late[0][0] + 1}, column {late[0][1] + 1}; "
                "put zeros on the diagonal and above it"
            )


def _numbers(entries: Iterable[object], name: str) -> tuple[Rational, ...]:
    read = tuple(Rational(e) if isinstance(e, str) else exact(e) for e in entries)
    for given in read:
        if not given.is_Rational:
            raise ValueError(f"{name}: expected rational numbers in a tableau, given {given}")
    return read


Method: TypeAlias = Integrator | ExplicitRungeKutta

forward_euler = Integrator("forward Euler", 1)
semi_implicit_euler = Integrator("semi-implicit Euler", 1, updated=NEW)
semi_implicit_euler_positions_first = Integrator(
    "semi-implicit Euler, positions first", 1, updated=NEW, first="positions"
)
backward_euler = Integrator("semi-implicit Euler with backward Euler friction", 1, own=NEW, updated=NEW)
implicit_midpoint = Integrator(
    "semi-implicit Euler with implicit midpoint friction", 1, own=MIDDLE, updated=NEW
)
exponential_euler = Integrator("semi-implicit Euler with exponential friction", 1, own="exact", updated=NEW)
fully_implicit_euler = Integrator("fully implicit Euler", 1, own=NEW, updated=NEW, waiting=NEW)
explicit_midpoint = ExplicitRungeKutta("the explicit midpoint method", 2, ((0, 0), ("1/2", 0)), (0, 1))
heun = ExplicitRungeKutta("Heun's method", 2, ((0, 0), (1, 0)), ("1/2", "1/2"))
"""Of order two; also the strong-stability-preserving method SSP22 of Shu and Osher (1988)."""
ssp33 = ExplicitRungeKutta(
    "the method SSP33 of Shu and Osher",
    3,
    ((0, 0, 0), (1, 0, 0), ("1/4", "1/4", 0)),
    ("1/6", "1/6", "2/3"),
)
runge_kutta_4 = ExplicitRungeKutta(
    "the classical Runge-Kutta method of order 4",
    4,
    ((0, 0, 0, 0), ("1/2", 0, 0, 0), (0, "1/2", 0, 0), (0, 0, 1, 0)),
    ("1/6", "1/3", "1/3", "1/6"),
)

integrators: tuple[Method, ...] = (
    forward_euler,
    semi_implicit_euler,
    semi_implicit_euler_positions_first,
    backward_euler,
    implicit_midpoint,
    exponential_euler,
    fully_implicit_euler,
    explicit_midpoint,
    heun,
    ssp33,
    runge_kutta_4,
)
