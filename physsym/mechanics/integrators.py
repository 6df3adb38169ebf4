"""One-step methods as data: weights at which rates are read, or a Butcher tableau."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from operator import index
from typing import ClassVar, Literal, NoReturn, Protocol, SupportsIndex, TypeAlias

from sympy import Expr, Integer, Rational

from physsym.core.symbols import exact

OLD, MIDDLE, NEW = Integer(0), Rational(1, 2), Integer(1)
Own: TypeAlias = Expr | Literal["exact"]
FRICTION: dict[str, Own] = {"explicit": OLD, "implicit": NEW, "midpoint": MIDDLE, "exponential": "exact"}


class Method(Protocol):
    """A one-step method: its name, its order of accuracy, and whether some states move before others."""

    @property
    def name(self) -> str:
        """Return the name, as used in sentences."""

    @property
    def order(self) -> int | float:
        """Return the order of accuracy for every law that it takes on; infinite for an exact method."""

    @property
    def partitioned(self) -> bool:
        """Return whether the states are updated in two blocks, so that it matters which are first."""


def refuse_friction(name: str) -> NoReturn:
    """Raise ValueError for a method that treats friction as every other rate."""
    raise ValueError(
        f"{name} treats friction as it treats every other rate; use semi_implicit_euler.with_friction"
    )


@dataclass(frozen=True)
class PartitionedEuler:
    """A one-stage method for a law of first order, given by the weights at which each rate is read.

    The states are updated in two blocks: kicked states (velocities), then the others (positions). The rate of
    a state is read at mixtures (1 - weight)*old + weight*new of old and new values: with weight `own` of the
    states of its own block, `updated` of the block updated before it, `pending` of the block not yet updated.
    `own = "exact"` solves for the linear decay of the state itself exactly and reads all others of its block
    at their old values. Where the three weights agree there is one block, and nothing depends on an order.

    `order` is the order of accuracy that the method has for every law (Hairer, Lubich and Wanner, Geometric
    Numerical Integration, sections I.1 and VI.3).

    >>> semi_implicit_euler.with_friction("implicit").name
    'semi-implicit Euler with implicit friction'
    """

    name: str
    order: int
    own: Own = OLD
    updated: Expr = OLD
    pending: Expr = OLD

    def __post_init__(self) -> None:
        object.__setattr__(self, "order", _declared_order(self.order, self.name, 2, "a method of one stage"))
        for field in ("own", "updated", "pending"):
            weight = getattr(self, field)
            if field == "own" and isinstance(weight, str) and weight == "exact":
                continue
            if isinstance(weight, str):
                also = ' or "exact"' if field == "own" else ""
                raise ValueError(f"{self.name}: {field} is a number{also}, given {weight!r}")  # noqa: TRY004
            object.__setattr__(self, field, exact(weight))

    @property
    def partitioned(self) -> bool:
        """Return whether the states are updated in two blocks, so that it matters which are first."""
        return not self.own == self.updated == self.pending

    def with_friction(self, treatment: str) -> PartitionedEuler:
        """Return the method with another treatment of friction, that is of how a rate reads its own state.

        Parameters
        ----------
        treatment : str
            "explicit" reads the old velocity, "implicit" the new one, "midpoint" their mean; "exponential"
            solves the linear decay exactly with all other states held fixed.

        Returns
        -------
        PartitionedEuler
            The method, with the treatment in its name.

        Raises
        ------
        ValueError
            For another treatment, and for a method that does not update states in two blocks.
        """
        given: object = treatment
        if not isinstance(given, str) or given not in FRICTION:
            named = ", ".join(map(repr, FRICTION))
            raise ValueError(f"friction is treated in one of the ways {named}; given {treatment!r}")
        if not self.partitioned:
            refuse_friction(self.name)
        name = self.name.split(" with ")[0]
        own = FRICTION[treatment]
        return replace(self, own=own, name=name if own == OLD else f"{name} with {treatment} friction")


@dataclass(frozen=True)
class RungeKutta:
    """A Runge-Kutta method for a law of first order, given by its Butcher tableau.

    Stage i is the rate at old + step*sum_j matrix[i][j]*stage_j; then new = old + step*sum_i
    weights[i]*stage_i, for all states together. Stage i reads the time at t + step*node, where the node is
    the sum of its row. `order` is what the author declares; the check of a step measures it, and
    `physsym.analysis.order_of` finds it by rooted trees (Butcher, Numerical Methods for Ordinary
    Differential Equations, chapter 3). `Integrate` takes explicit methods; implicit ones can be analysed.

    Entries are whole numbers, fractions, rationals of SymPy, or texts such as "1/2". Raises TypeError for a
    float, ValueError for an entry that is no number, where rows and weights do not fit each other, for
    weights that do not sum to 1, and for an order that no method of so many stages has.

    >>> RungeKutta("Ralston", 2, ((0, 0), ("2/3", 0)), ("1/4", "3/4")).weights
    (1/4, 3/4)
    """

    name: str
    order: int
    matrix: tuple[tuple[Rational, ...], ...]
    weights: tuple[Rational, ...]
    partitioned: ClassVar[bool] = False

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "matrix", tuple(_numbers(row, self.name) for row in _rows(self.matrix, self.name))
        )
        object.__setattr__(self, "weights", _numbers(self.weights, self.name))
        if not self.weights or {len(self.matrix), *map(len, self.matrix)} != {len(self.weights)}:
            raise ValueError(
                f"{self.name}: expected as many rows and columns as there are weights, {len(self.weights)}; "
                f"given rows of {[len(row) for row in self.matrix]}"
            )
        if (total := sum(self.weights)) != 1:
            raise ValueError(
                f"{self.name}: the weights of a method must sum to 1, or it does not move at the rate of the "
                f"law; given {', '.join(map(str, self.weights))} with the sum {total}"
            )
        stages = len(self.weights)
        kind, most = ("implicit", 2 * stages) if self.implicit_entry else ("explicit", stages)
        kind = f"an {kind} method of {stages} stage{'s' * (stages > 1)}"
        object.__setattr__(self, "order", _declared_order(self.order, self.name, most, kind))

    def with_friction(self, treatment: str) -> NoReturn:
        """Raise ValueError, which names the method that has treatments of friction."""
        refuse_friction(self.name)

    @property
    def implicit_entry(self) -> tuple[int, int] | None:
        """Return row and column, from one, of an entry by which a stage reads itself or a later one."""
        late = ((i, j) for i, row in enumerate(self.matrix, 1) for j, a in enumerate(row, 1) if a and j >= i)
        return next(late, None)


def _rows(entries: object, name: str) -> tuple[object, ...]:
    if isinstance(entries, str) or not isinstance(entries, Iterable):
        raise TypeError(f"{name}: expected rows of numbers in a tableau, given {entries!r}")
    return tuple(entries)


def _numbers(entries: object, name: str) -> tuple[Rational, ...]:
    return tuple(_number(entry, name) for entry in _rows(entries, name))


def _number(entry: object, name: str) -> Rational:
    try:
        read = exact(Fraction(entry) if isinstance(entry, str) else entry)
    except (ValueError, ZeroDivisionError):
        read = None
    if read is None or not read.is_Rational:
        raise ValueError(f"{name}: expected rational numbers in a tableau, given {entry!r}")
    return read


def _declared_order(order: object, name: str, most: int, kind: str) -> int:
    """Return a declared order as an int; raise TypeError or ValueError where no such method can have it."""
    if isinstance(order, bool) or not isinstance(order, SupportsIndex):
        raise TypeError(f"{name}: the order must be a whole number of at least 1, given {order!r}")
    if not 1 <= index(order) <= most:
        raise ValueError(f"{name}: {kind} has an order from 1 to {most}, given {order}")
    return index(order)


forward_euler = PartitionedEuler("forward Euler", 1)
backward_euler = PartitionedEuler("backward Euler", 1, NEW, NEW, NEW)
implicit_midpoint = PartitionedEuler("the implicit midpoint rule", 2, MIDDLE, MIDDLE, MIDDLE)
semi_implicit_euler = PartitionedEuler("semi-implicit Euler", 1, updated=NEW)
explicit_midpoint = RungeKutta("the explicit midpoint method", 2, ((0, 0), ("1/2", 0)), (0, 1))
heun = RungeKutta("Heun's method", 2, ((0, 0), (1, 0)), ("1/2", "1/2"))
"""Of order two; also the strong-stability-preserving method SSP22 of Shu and Osher (1988)."""
ssp33 = RungeKutta(
    "the method SSP33 of Shu and Osher",
    3,
    ((0, 0, 0), (1, 0, 0), ("1/4", "1/4", 0)),
    ("1/6", "1/6", "2/3"),
)
runge_kutta_4 = RungeKutta(
    "the classical Runge-Kutta method of order 4",
    4,
    ((0, 0, 0, 0), ("1/2", 0, 0, 0), (0, "1/2", 0, 0), (0, 0, 1, 0)),
    ("1/6", "1/3", "1/3", "1/6"),
)
