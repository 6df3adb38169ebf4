"""Laws in numbers: they are solved for the highest derivatives, and these are integrated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from time import process_time
from typing import Any

import numpy as np
import sympy
from scipy.integrate import solve_ivp
from scipy.interpolate import CubicHermiteSpline
from sympy import Expr, Symbol

from physsym.core.statements import Law, symbols
from physsym.core.symbols import AFTER, BEFORE, DOT, MARKS
from physsym.oracle.formulas import CASES, Formulas, NotSimulatedError, Values, compiled, has_jumps

TOLERANCE = 1e-11
JUMP_STEPS = 8000  # plain steps along a law that jumps, where no adaptive method is of use
MOST_SECONDS = 3.0  # of processor time for one motion
BOUND = 30.0  # a motion from a start near 1 that leaves it is said to leave every bound
TIME = "t"
Signals = Mapping[str, Callable[[Any], Any]]  # functions of time that a law reads and gives no equation for


class ContradictionError(Exception):
    """A law that no motion obeys, or that leaves a motion open."""


class UnboundedError(Exception):
    """A motion that leaves every bound."""


def plain(name: str) -> str:
    """Return a name without the marks of an instant."""
    return name.rstrip(MARKS)


@dataclass(frozen=True)
class EquationsOfMotion:
    """A law with its unknowns, the highest derivative of each coordinate, by name.

    A coordinate of order zero occurs without a derivative: the law gives its value and no rate.
    """

    residuals: tuple[Expr, ...]
    orders: Mapping[str, int]
    unknowns: tuple[str, ...] = field(init=False)
    states: tuple[str, ...] = field(init=False)
    _values: Formulas = field(init=False, repr=False)
    _slopes: Formulas = field(init=False, repr=False)
    linear: bool = field(init=False)
    _explicit: Formulas | None = field(init=False, repr=False)  # the unknowns, where each equation holds one

    def __post_init__(self) -> None:
        unknowns = tuple(name + DOT * order for name, order in self.orders.items())
        states = tuple(name + DOT * k for name, order in self.orders.items() for k in range(order))
        held = {s.name: s for e in self.residuals for s in e.free_symbols}
        found = [held.get(name, Symbol(name)) for name in unknowns]
        slopes = tuple(e.diff(s) for e in self.residuals for s in found)
        linear = not any(s in slope.free_symbols for slope in slopes for s in found)
        rows = [
            [k for k in range(len(found)) if slopes[i * len(found) + k] != 0]
            for i in range(len(self.residuals))
        ]
        explicit = None
        if linear and sorted(rows) == [[k] for k in range(len(found))]:
            nowhere = dict.fromkeys(found, sympy.S.Zero)
            by_unknown = {
                k: (e, slopes[i * len(found) + k])
                for i, (e, (k,)) in enumerate(zip(self.residuals, rows, strict=True))
            }
            explicit = compiled(tuple(-e.xreplace(nowhere) / d for _, (e, d) in sorted(by_unknown.items())))
        derived = {
            "unknowns": unknowns, "states": states, "linear": linear, "_explicit": explicit,
            "_values": compiled(self.residuals), "_slopes": compiled(slopes),
        }  # fmt: skip
        for name, value in derived.items():
            object.__setattr__(self, name, value)

    @property
    def jumps(self) -> bool:
        """Return whether the law jumps, so that no reference of high order exists."""
        return has_jumps(self.residuals)

    @property
    def names(self) -> frozenset[str]:
        """Return the names of all that the law reads."""
        return frozenset(self._values.names)

    def solve(self, values: Values, guess: Values | None = None) -> dict[str, Any]:
        """Return the unknowns at states; raise ContradictionError where none or more than one is right."""
        if len(self.residuals) < len(self.unknowns):
            raise ContradictionError(f"the law leaves open one of {', '.join(self.unknowns)}")
        if self._explicit is not None:
            return dict(zip(self.unknowns, self._explicit(values), strict=True))
        known = {k: v for k, v in values.items() if k not in self.unknowns}
        shape = np.broadcast_shapes((CASES,), *(np.shape(v) for v in known.values()))
        tries = [{n: np.zeros(shape) for n in self.unknowns}]
        if not self.linear:
            offered = {
                n: np.broadcast_to(np.asarray((guess or {}).get(n, 0.7)), shape) for n in self.unknowns
            }
            tries = [
                offered,
                *({n: 0 * offered[n] + c for n in self.unknowns} for c in (0.3, -0.3, 3, -3, 0.01)),
            ]
        with np.errstate(all="ignore"):
            for start in tries:
                unknown = {n: np.array(v, float) for n, v in start.items()}
                for _ in range(1 if self.linear else 60):
                    step = self._newton_step({**known, **unknown}, shape)
                    unknown = {n: unknown[n] + step[..., j] for j, n in enumerate(self.unknowns)}
                    if np.nanmax(np.abs(step), initial=0) < 1e-13:
                        break
                if self.linear or self._solved({**known, **unknown}, shape):
                    break
            else:
                if len(self.unknowns) > 1:
                    raise NotSimulatedError(f"no {self.unknowns[0]} was found that solves the law")
                unknown = {self.unknowns[0]: self._bisected(known, shape)}
        if len(self.residuals) > len(self.unknowns) and not self._solved({**known, **unknown}, shape):
            raise ContradictionError("the law contradicts itself: no motion obeys all its equations")
        return unknown

    def _rows(self, formulas: Formulas, values: Values, shape: tuple[int, ...]) -> Any:
        return np.stack([np.broadcast_to(np.asarray(v, float), shape) for v in formulas(values)], axis=-1)

    def _newton_step(self, values: Values, shape: tuple[int, ...]) -> Any:
        right = -self._rows(self._values, values, shape)
        slopes = self._rows(self._slopes, values, shape)
        if len(self.residuals) == len(self.unknowns) == 1:
            return right / slopes
        matrix = slopes.reshape(*shape, len(self.residuals), len(self.unknowns))
        if not (np.isfinite(matrix).all() and np.isfinite(right).all()):
            return np.full((*shape, len(self.unknowns)), np.nan)
        if len(self.residuals) == len(self.unknowns):
            try:
                return np.linalg.solve(matrix, right[..., None])[..., 0]
            except np.linalg.LinAlgError:
                raise ContradictionError(f"the law leaves open one of {', '.join(self.unknowns)}") from None
        return (np.linalg.pinv(matrix) @ right[..., None])[..., 0]

    def _solved(self, values: Values, shape: tuple[int, ...]) -> bool:
        rest = self._rows(self._values, values, shape)
        size = 1 + np.abs(self._rows(self._slopes, values, shape)).max(initial=0)
        return bool(np.isfinite(rest).all() and np.abs(rest).max() < 1e-8 * size)

    def _bisected(self, known: Values, shape: tuple[int, ...]) -> Any:
        """Return the root of one equation, bracketed by a scan: Newton's method may oscillate at a kink."""
        name = self.unknowns[0]

        def residual(at: Any) -> Any:
            return self._rows(self._values, {**known, name: at}, shape)[..., 0]

        ladder = np.geomspace(1e-9, 1e6, 60)
        scan = [np.full(shape, x) for x in (*-ladder[::-1], 0.0, *ladder)]
        low, high = np.full(shape, np.nan), np.full(shape, np.nan)
        for a, b in pairwise(scan):
            change = np.isnan(low) & (np.sign(residual(a)) * np.sign(residual(b)) <= 0)
            low, high = np.where(change, a, low), np.where(change, b, high)
        if np.isnan(low).any():
            raise ContradictionError(f"no {name} solves the law at some states")
        begin = np.sign(residual(low))
        for _ in range(120):
            middle = (low + high) / 2
            left = np.sign(residual(middle)) == begin
            low, high = np.where(left, middle, low), np.where(left, high, middle)
        return (low + high) / 2


def equations_of_motion(law: Law, moving: Sequence[str] = ()) -> EquationsOfMotion:
    """Return the equations of a law; names in `moving` are unknowns where they occur without a derivative."""
    names = [str(s.name) for s in sorted(symbols(law), key=str)]
    if any(AFTER in name or BEFORE in name for name in names):
        raise NotSimulatedError("a law with values of other instants is not simulated")
    orders: dict[str, int] = {}
    for name in names:
        if name.endswith(DOT) or (name in moving and name != TIME):
            orders[plain(name)] = max(orders.get(plain(name), 0), name.count(DOT))
    if not orders:
        raise NotSimulatedError("the law has no rate and no unknown")
    return EquationsOfMotion(tuple(e.residual for e in law.equations), orders)


@dataclass(frozen=True)
class Motion:
    """The solution of a law from a start, for every case at once, as a function of time."""

    equations: EquationsOfMotion
    constants: Values
    signals: Signals
    begin: float
    _path: Any

    def at(self, times: Any) -> dict[str, Any]:
        """Return states, highest derivatives, constants and the time, at times of shape (n,)."""
        times = np.asarray(times, float)
        path = self._path(times) if self.equations.states else np.empty((0, len(times)))
        path = np.asarray(path).reshape(len(self.equations.states), CASES, len(times))
        values: dict[str, Any] = {
            **self.constants,
            **_read(self.signals, times[:, None]),
            TIME: times[:, None],
        }
        values.update({name: row.T for name, row in zip(self.equations.states, path, strict=True)})
        return values | self.equations.solve(values)


def _read(signals: Signals, time: Any) -> dict[str, Any]:
    return {name: function(time) for name, function in signals.items()}


def solved_motion(
    equations: EquationsOfMotion,
    start: Values,
    constants: Values,
    span: tuple[float, float],
    signals: Signals,
    stride: float = np.inf,
) -> Motion:
    """Integrate a law from a start; raise UnboundedError where the motion leaves every bound."""
    missing = [name for name in equations.states if name not in start]
    if missing:
        raise NotSimulatedError(f"the first line does not say how {missing[0]} begins")
    begin = np.concatenate([np.broadcast_to(start[n], (CASES,)) for n in equations.states] or [np.empty(0)])
    read = equations.names
    held = {name: number for name, number in constants.items() if name in read}
    heard = {name: function for name, function in signals.items() if name in read}
    begun, guess = process_time(), dict[str, Any]()

    def rate(time: float, flat: Any) -> Any:
        nonlocal guess
        if process_time() - begun > MOST_SECONDS:
            raise NotSimulatedError(
                "the law takes too long to integrate: it is stiff, or hard to solve for its rates"
            )
        rows = flat.reshape(len(equations.states), CASES)
        values = {**held, TIME: time}
        if heard:
            values.update(_read(heard, time))
        values.update(zip(equations.states, rows, strict=True))
        guess = equations.solve(values, guess)
        values.update(guess)
        rates = np.empty(len(flat))
        for k, name in enumerate(equations.states):
            rates[k * CASES : (k + 1) * CASES] = values[name + DOT]
        if not (abs(rates.sum()) < np.inf and abs(flat).max(initial=0) < BOUND):
            raise UnboundedError
        return rates

    if not equations.states:
        return Motion(equations, constants, signals, span[0], None)
    if equations.jumps:
        path = plain_steps(rate, span, begin)
    else:
        found = solve_ivp(
            rate,
            span,
            begin,
            method="DOP853",
            rtol=TOLERANCE,
            atol=TOLERANCE,
            dense_output=True,
            max_step=stride,
        )
        if not found.success:
            raise UnboundedError
        path = found.sol
    return Motion(equations, constants, signals, span[0], path)


def plain_steps(rate: Callable[[float, Any], Any], span: tuple[float, float], begin: Any) -> Any:
    """Integrate by Heun's method in many equal steps."""
    times, step = np.linspace(*span, JUMP_STEPS + 1, retstep=True)
    rows, rates = [begin], []
    for time in times[:-1]:
        rates.append(rate(time, rows[-1]))
        second = rate(time + step, rows[-1] + step * rates[-1])
        rows.append(rows[-1] + step / 2 * (rates[-1] + second))
    rates.append(rate(times[-1], rows[-1]))
    spline = CubicHermiteSpline(times, np.array(rows), np.array(rates))
    return lambda at: spline(at).T
