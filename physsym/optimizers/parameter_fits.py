"""Parameters of one rule fitted to the runs of another, and formulas for the values that are found.

What is found is proposed alone: it is proved elsewhere. That nothing is found is no proof either.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sympy import Expr, Integer, Symbol

from physsym.optimizers.operands import Operand
from physsym.optimizers.parameter_formulas import formula
from physsym.optimizers.parameter_search import (
    GRADIENTS,
    Numbers,
    Runner,
    agree,
    generic_values,
    real_number,
    runner,
)
from physsym.verify.budget import check_time

Array = np.ndarray[Any, Any]
Residual = Callable[[Array], Array | None]

WIDE = (*GRADIENTS, 61.0, -470.0, 0.7, 33.0, -2.2, 8.0)
"""Gradients of more sizes: what is clipped or saturates should show."""
CLOSE = 1e-10
"""The largest relative residual of a fit."""
SAMPLES = 9
"""The number of points at which parameters are fitted to read a formula off their values."""
LARGEST = 1e9
"""Fitted parameters beyond this size belong to a limit."""


@dataclass(frozen=True)
class Fit:
    """What least squares found.

    Parameters
    ----------
    agrees
        Whether some parameters of the second rule make runs agree, at generic values of those of the first;
        None where this cannot be told.
    parameters
        Formulas for them in those of the first; None where none was read off.
    """

    agrees: bool | None
    parameters: dict[Symbol, Expr] | None = None


class _Problem:
    """The second rule's parameters as unknowns, at given values of those of the first."""

    def __init__(self, one: Operand, ours: Runner, theirs: Runner, at: Numbers) -> None:
        self.at, self.theirs = at, theirs
        self.weights = [0.7, -0.4, 1.3][: len(theirs.space.weights)]
        self.free = list(theirs.parameters)
        self.pinned: dict[Symbol, float] = {}
        start = [0.7, -0.4, 1.3][: len(one.space.weights)]
        self.wanted = np.array([p for points, _ in ours.run(at, start, WIDE) for p in points])
        self.scale = abs(self.wanted) + 1e-2

    def residual(self, values: Array) -> Array | None:
        """Return by how much points of a run differ, relative to their size."""
        if not np.all(abs(values) < 10 * LARGEST):
            return None
        put = {**self.pinned, **dict(zip(self.free, map(float, values), strict=True))}
        run = self.theirs.run(put, self.weights, WIDE)
        found = np.array([p for points, _ in run for p in points])
        if found.shape != self.wanted.shape:
            return None
        difference: Array = (found - self.wanted) / self.scale
        return difference if np.all(abs(difference) < 1e100) else None

    def flat(self, values: Array) -> bool:
        """Return whether an unknown does nothing there, so that no descent tells its value."""
        here = self.residual(values)
        columns = _jacobian(self.residual, values, here) if here is not None else None
        return columns is None or bool(values.size and np.any(np.all(columns == 0, axis=0)))

    def solved(self, starts: Sequence[Array]) -> tuple[Array | None, bool]:
        """Return unknowns for which runs agree, from several starting values; and whether a descent told."""
        tried = False
        for start in starts:
            found = least_squares(self.residual, start)
            if found is not None:
                values, size = found
                tried = tried or not self.flat(values)
                if size < CLOSE and np.all(abs(values) < LARGEST):
                    return values, True
        return None, tried


def fit(one: Operand, other: Operand, near: Mapping[Symbol, Expr], thorough: bool = True) -> Fit:
    """Return whether least squares find parameters under which runs agree, and formulas for them.

    Parameters
    ----------
    one, other
        The rules.
    near
        Parameters of the second near which to begin.
    thorough
        Whether to begin at values of all sizes too.
    """
    ours, theirs = runner(one.space), runner(other.space)
    samples = [generic_values(one, seed) for seed in range(1, SAMPLES + 1)]
    problem = _Problem(one, ours, theirs, samples[0])
    if problem.wanted.size <= len(theirs.parameters):
        return Fit(None)
    values, tried = problem.solved(list(_starts(problem, near, samples[0], thorough)))
    if values is None:
        return Fit(False if tried else None)
    pinned = _pin(one, problem, values, near)
    columns: list[dict[Symbol, float]] = []
    last: list[Array] = []
    for at in samples:
        problem = _Problem(one, ours, theirs, at)
        problem.pinned = {s: real_number(e, at) for s, e in pinned.items()}
        problem.free = [s for s in problem.free if s not in pinned]
        starts = [*last, *_starts(problem, near, at, thorough=bool(thorough and not columns))]
        found, _ = problem.solved(starts) if problem.free else (np.array([]), True)
        if found is None:
            return Fit(True)
        last = [found]
        columns.append(dict(zip(problem.free, map(float, found), strict=True)))
    told = dict(pinned)
    for s in problem.free:
        pairs = [(at, column[s]) for at, column in zip(samples, columns, strict=True)]
        found_as = formula(one.space.parameters, pairs)
        if found_as is None:
            return Fit(True)
        told[s] = found_as
    weights = [0.7, -0.4, 1.3][: len(one.space.weights)]
    for seed in (21, 22, 23):
        at = generic_values(one, seed)
        values_there = {s: real_number(e, at) for s, e in told.items()}
        if agree(list(ours.run(at, weights)), theirs, values_there, weights) is not None:
            return Fit(True)
    return Fit(True, {s: told[s] for s in theirs.parameters})


def _starts(problem: _Problem, near: Mapping[Symbol, Expr], at: Numbers, thorough: bool) -> Iterator[Array]:
    """Yield starting values: those of the nearest formulas, usual ones, and ones of all sizes."""
    chance = random.Random(0)
    count = len(problem.free)
    if near:
        # At zero, what a parameter does may not show.
        yield np.array([real_number(near[s], at) or 0.01 for s in problem.free])
    for _ in range(4 if thorough else 1):
        yield np.array([chance.uniform(0.05, 0.95) for _ in range(count)])
    if thorough:
        for _ in range(8):
            yield np.array([10 ** chance.uniform(-6, 6) for _ in range(count)])
        for k in range(count):
            for size in (1e-5, 1e-2, 20.0, 1e4):
                start = np.array([chance.uniform(0.05, 0.95) for _ in range(count)])
                start[k] = size
                yield start


def _pin(one: Operand, problem: _Problem, values: Array, near: Mapping[Symbol, Expr]) -> dict[Symbol, Expr]:
    """Return simple values for parameters that the runs leave open, so that the others are determined."""
    pinned: dict[Symbol, Expr] = {}
    while problem.free and _rank(problem, values) < len(problem.free):
        for symbol, value in _simple(one, problem, near):
            k = problem.free.index(symbol)
            number = real_number(value, problem.at)
            kept = [s for s in problem.free if s != symbol]
            free, problem.free = problem.free, kept
            problem.pinned[symbol] = number
            found, _ = problem.solved([np.delete(values, k)]) if kept else (np.array([]), True)
            if found is not None and _fits(problem, found):
                pinned[symbol], values = value, found
                break
            problem.free = free
            del problem.pinned[symbol]
        else:
            return pinned
    return pinned


def _fits(problem: _Problem, values: Array) -> bool:
    found = problem.residual(values)
    return found is not None and float(abs(found).max()) < CLOSE


def _simple(one: Operand, problem: _Problem, near: Mapping[Symbol, Expr]) -> Iterator[tuple[Symbol, Expr]]:
    """Yield a parameter that may be left open with a value to try."""
    for symbol in problem.free:
        if symbol in near:
            yield symbol, near[symbol]
    for value in (Integer(0), Integer(1), *one.space.parameters):
        for symbol in problem.free:
            yield symbol, value


def _rank(problem: _Problem, values: Array) -> int:
    """Return how many directions of the unknowns the runs determine."""
    here = problem.residual(values)
    columns = _jacobian(problem.residual, values, here) if here is not None else None
    if columns is None:
        return len(values)
    scaled = columns * np.maximum(abs(values), 1e-3)
    return int(np.linalg.matrix_rank(scaled, tol=1e-6 * max(1e-9, float(abs(scaled).max()))))


def _jacobian(residual: Residual, values: Array, here: Array) -> Array | None:
    columns = []
    for k in range(values.size):
        step = 1e-6 * max(abs(float(values[k])), 1e-4)
        for h in (step, -step):
            moved = values.copy()
            moved[k] += h
            there = residual(moved)
            if there is not None:
                columns.append((there - here) / h)
                break
        else:
            return None
    return np.stack(columns, axis=1)


def least_squares(residual: Residual, start: Array, most: int = 60) -> tuple[Array, float] | None:
    """Return where damped Gauss-Newton steps end, and the largest residual there; None without a start.

    The damping is relative to what each unknown does, so that unknowns may be of any size.
    """
    here = residual(start)
    if here is None:
        return None
    values, damping = start, 1e-3
    for _ in range(most if start.size else 0):
        check_time()
        if float(abs(here).max()) < 1e-14:
            break
        jacobian = _jacobian(residual, values, here)
        if jacobian is None:
            break
        normal, slope = jacobian.T @ jacobian, jacobian.T @ here
        scale = np.diag(np.maximum(np.diag(normal), 1e-40))
        before = float(here @ here)
        for _ in range(12):
            try:
                trial = values - np.linalg.solve(normal + damping * scale, slope)
            except np.linalg.LinAlgError:
                damping *= 10
                continue
            there = residual(trial)
            if there is not None and float(there @ there) < before:
                values, here, damping = trial, there, damping / 10
                break
            damping *= 10
        else:
            break
        if float(here @ here) > 0.9999 * before:
            break
    return values, float(abs(here).max())
