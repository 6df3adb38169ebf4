"""Sweeps: one rule on one potential from one start, over a grid of parameters, all cells at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any

import numpy as np
from sympy import Expr, Symbol, diff, lambdify

from physsym.analysis.linear import characteristic_polynomial
from physsym.analysis.numeric_spectra import spectral_radii
from physsym.codegen import Program, program, state_name
from physsym.codegen.passes.scalarisation import Formula, formula, in_components
from physsym.core.statements import Rule, RuleLike, as_rule, parameters
from physsym.runtime.backends.arrays import Array
from physsym.runtime.backends.base import Value, misnamed
from physsym.runtime.backends.rollout import cells_by_llvm, cells_by_numpy
from physsym.runtime.coordinates import coordinates
from physsym.runtime.optimizer import optimizer
from physsym.runtime.problems import Problem, problem
from physsym.runtime.rollout import layout
from physsym.vocabulary import lam


@dataclass(frozen=True, eq=False)
class Sweep:
    """What became of every cell of a grid after `steps` steps.

    `axes` holds the values along each axis of the grid, by parameter, in order; `fixed` the other parameters.
    `states` has, by name, an array of shape (*grid, *shape of the state), `loss` the potential at the end,
    (*grid). A cell that left the finite numbers holds what is not finite.
    """

    rule: Rule
    potential: Formula
    axes: Mapping[str, Array]
    fixed: Mapping[str, float]
    steps: int
    states: Mapping[str, Array] = field(repr=False)
    loss: Array = field(repr=False)

    @property
    def radius(self) -> Array:
        """Return the spectral radius of the rule on a quadratic at every cell, (*grid): exact for all steps.

        The rule converges where it is below one. With several curvatures it is the largest of theirs. Raises
        ValueError where the potential is no quadratic, or one that mixes weights and depends on parameters.
        """
        given = _on_grid(self.axes, self.fixed)
        curvatures = _curvatures(self.potential, given)
        polynomial = characteristic_polynomial(self.rule, lam).monic()
        read = {s.name for c in polynomial.all_coeffs() for s in c.free_symbols} - {"lam"}
        known = {name: given[name] for name in sorted(read)}
        shape = tuple(len(axis) for axis in self.axes.values())
        radii = [np.broadcast_to(spectral_radii(self.rule, lam=c, **known), shape) for c in curvatures]
        return np.asarray(np.max(radii, axis=0))


def sweep(
    rule: RuleLike,
    potential: Any,
    grid: Mapping[str, Any],
    steps: int,
    *,
    start: Value = None,
    backend: str | None = None,
    threads: int = 1,
    fma: bool = False,
) -> Sweep:
    """Return what a rule makes of one start at every cell of a grid of parameters.

    `grid` gives every parameter by name: numbers, and one-dimensional arrays, which span the grid in their
    order. The potential is a test function or its name, an expression, whose symbols named in the grid are
    parameters and whose others are weights, or a quadratic by its curvatures (n,) or its matrix (n, n).
    `start` is that of `Optimizer.init`; by default that of the test function, else ones. The backend is
    "llvm" (cells side by side in vectors; the default where llvmlite is installed) or "numpy"; both compute
    the same bits where the rule needs no more than arithmetic and roots.

    Raises TypeError for missing or unknown parameters, ValueError for an unfit grid, start or backend.

    >>> from physsym.core.symbols import after
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, rho, u, x
    >>> heavy_ball = rule({u: rho * u - eta * G, x: x + after(u)})
    >>> found = sweep(heavy_ball, [4.0], {"eta": [0.1, 0.9], "rho": [0.0, 0.5, 0.9]}, steps=100)
    >>> found.loss.shape, bool((found.loss[found.radius > 1] > 1).all())
    ((2, 3), True)
    """
    _refuse_unfit(steps, threads)
    rule = as_rule(rule)
    task = problem(potential) if isinstance(potential, str) else potential
    known = formula(task, grid)
    if known is None:
        raise ValueError(f"the test function {task.name!r} has no formula; sweep one that has")
    axes, fixed = _split(grid)
    _refuse_misnamed(rule, known, grid)
    begun, lies = _begun(rule, known, axes, fixed, _start(start, task, known))
    given, shape = _given(lies.program, axes, fixed), tuple(len(a) for a in axes.values())
    work = lies.program, begun, given, int(np.prod(shape, dtype=int)), steps
    by_llvm = _backend(backend) == "llvm"
    with np.errstate(all="ignore"):
        table = cells_by_llvm(*work, threads, fma) if by_llvm else cells_by_numpy(*work)
        found = lies.found(table, shape)
        (place, *_) = map(state_name, coordinates(rule))
        loss = _loss(known, found[place], _on_grid(axes, fixed), len(axes))
    return Sweep(rule, known, MappingProxyType(axes), MappingProxyType(fixed), steps, found, loss)


@dataclass(frozen=True)
class _Cells:
    program: Program
    names: tuple[str, ...]
    counters: frozenset[str]
    shape: tuple[int, ...]

    def found(self, table: Array, grid: tuple[int, ...]) -> Mapping[str, Array]:
        found, at = dict[str, Array](), 0
        for name in self.names:
            shape = () if name in self.counters else self.shape
            width = int(np.prod(shape, dtype=int))
            found[name] = np.moveaxis(table[at : at + width].reshape(width, *grid), 0, -1).reshape(
                *grid, *shape
            )
            at += width
        return MappingProxyType(found)


def _begun(
    rule: Rule, potential: Formula, axes: Mapping[str, Array], fixed: Mapping[str, float], start: Value
) -> tuple[Array, _Cells]:
    first = {n: float(a[0]) for n, a in axes.items()} | dict(fixed)
    chosen: dict[str, Any] = {state_name(p): first[state_name(p)] for p in parameters(rule)}
    made = optimizer(rule, **chosen)
    state = made.init(start)
    lies = layout(made.program, state)
    if lies is None:
        raise ValueError("a sweep starts every state at one shape of at most 64 numbers in all")
    steps = in_components(program(rule), potential, lies.count)
    return np.array(lies.row(state), float), _Cells(steps, lies.names, lies.counters, lies.shape)


def _start(given: Value, task: Any, potential: Formula) -> Value:
    if given is not None:
        return given
    return task.start if isinstance(task, Problem) else np.ones(len(potential.weights))


def _split(grid: Mapping[str, Any]) -> tuple[dict[str, Array], dict[str, float]]:
    arrays = {name: np.asarray(value, dtype=float) for name, value in grid.items()}
    for name, array in arrays.items():
        if array.ndim > 1 or not array.size or not np.isfinite(array).all():
            raise ValueError(
                f"{name} must be finite, one number or an array of one axis; given {grid[name]!r}"
            )
    axes = {name: array for name, array in arrays.items() if array.ndim}
    return axes, {name: float(array) for name, array in arrays.items() if not array.ndim}


def _on_grid(axes: Mapping[str, Array], fixed: Mapping[str, float]) -> dict[str, Any]:
    meshed = np.meshgrid(*axes.values(), indexing="ij", sparse=True)
    return dict(zip(axes, meshed, strict=True)) | dict(fixed)


def _given(steps: Program, axes: Mapping[str, Array], fixed: Mapping[str, float]) -> list[float | Array]:
    """Return each parameter: one number where it is the same in all cells, else its values, (cells,)."""
    shape = tuple(len(a) for a in axes.values())
    rows = {name: np.broadcast_to(axis, shape).ravel() for name, axis in _on_grid(axes, {}).items()}
    known = rows | dict(fixed)
    return [known[state_name(p)] for p in steps.parameters]


def _loss(potential: Formula, place: Array, given: Mapping[str, Any], axes: int) -> Array:
    others = [s for s in potential.value.free_symbols if s not in potential.weights]
    value = lambdify([*potential.weights, *others], potential.value, modules="numpy", cse=True)
    grid, shape = place.shape[:axes], place.shape[axes:]
    numbers = [np.asarray(given[state_name(s)]) for s in others]
    if len(potential.weights) > 1:
        return np.asarray(value(*np.moveaxis(place.reshape(*grid, -1), -1, 0), *numbers))
    spread = [n.reshape(n.shape + (1,) * len(shape)) if n.ndim else n for n in numbers]
    total: Array = np.asarray(value(place, *spread)).reshape(*grid, -1).sum(axis=-1)
    return total


def _curvatures(potential: Formula, given: Mapping[str, Any]) -> list[Any]:
    """Return the curvatures of a quadratic: numbers, or arrays over the grid."""
    hessian = [[diff(potential.value, a, b) for a in potential.weights] for b in potential.weights]
    if any(h.has(*potential.weights) for row in hessian for h in row):
        raise ValueError("the spectral radius is that of a quadratic; this potential is none")
    mixed = any(h != 0 for i, row in enumerate(hessian) for j, h in enumerate(row) if i != j)
    if not mixed:
        return [_value(row[k], given) for k, row in enumerate(hessian)]
    if any(h.free_symbols for row in hessian for h in row):
        raise ValueError(
            "a quadratic that mixes weights must not depend on parameters to have its radius told"
        )
    return [float(h) for h in np.linalg.eigvalsh(np.array(hessian, dtype=float))]


def _value(expression: Expr, given: Mapping[str, Any]) -> Any:
    symbols: list[Symbol] = sorted(expression.free_symbols, key=str)
    return lambdify(symbols, expression, modules="numpy")(*(given[state_name(s)] for s in symbols))


def _backend(name: str | None) -> str:
    if name not in (None, "llvm", "numpy"):
        raise ValueError(f"unknown backend {name!r} of sweeps; there are llvm, numpy")
    installed = find_spec("llvmlite") is not None
    if name == "llvm" and not installed:
        raise ImportError("the backend 'llvm' needs llvmlite: install it with pip install 'physsym[fast]'")
    return name or ("llvm" if installed else "numpy")


def _refuse_misnamed(rule: Rule, potential: Formula, grid: Mapping[str, Any]) -> None:
    own = [state_name(p) for p in parameters(rule)]
    own += [state_name(s) for s in potential.value.free_symbols if s not in potential.weights]
    if wrong := misnamed(grid, wanted=list(dict.fromkeys(own)), known=sorted(set(own))):
        raise TypeError(f"parameters of the sweep: {wrong}")


def _refuse_unfit(steps: int, threads: int) -> None:
    for name, value, least in (("steps", steps, 0), ("threads", threads, 1)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ValueError(f"{name} must be a whole number of at least {least}, given {value!r}")
