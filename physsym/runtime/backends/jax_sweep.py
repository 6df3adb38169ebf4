"""Sweeps by JAX: blocks of grid points side by side, the steps as a scan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from sympy import Expr

from physsym.codegen import Program
from physsym.codegen.emit import array_source
from physsym.runtime.backends.base import Value, Values, executed, parameter_names
from physsym.runtime.backends.jax_arrays import FUNCTIONS, holds_tracers
from physsym.runtime.backends.jax_potentials import force
from physsym.runtime.potentials import Problem
from physsym.runtime.progress import unheard

POINTS = 1024  # grid points of a block, whose states stay in the cache


def sweep(
    program: Program,
    start: Any,
    given: Sequence[Any],
    points: int,
    steps: int,
    threads: int,
    report: Callable[[int], None] = unheard,
) -> np.ndarray[Any, Any]:
    """Return where the steps lead each grid point, (states, points), in double precision.

    JAX divides the work among threads as it is configured; `threads` has no effect. It is one
    call, of which nothing is reported before the end.
    """
    with jax.enable_x64(True):
        blocks = -(-points // POINTS)
        size = -(-points // blocks)
        varied = [k for k, v in enumerate(given) if isinstance(v, np.ndarray)]
        missing = blocks * size - points
        whole = [
            np.append(given[k], np.repeat(given[k][-1:], missing)) if missing else given[k] for k in varied
        ]
        rows = [values.reshape(blocks, size) for values in whole]
        fixed = [float(v) for k, v in enumerate(given) if k not in varied]
        states = _compiled(program, tuple(varied))(np.asarray(start, float), fixed, rows, steps, blocks, size)
        found = np.empty((len(start), points))
        for row, values in zip(found, states, strict=True):
            row[:] = np.asarray(values).reshape(-1)[:points]
        return found


@lru_cache(maxsize=32)
def _compiled(program: Program, varied: tuple[int, ...]) -> Any:
    step, names = executed(program, array_source(program), FUNCTIONS), parameter_names(program)

    def of_block(start: Value, fixed: Sequence[Value], own: Sequence[Value], steps: int, size: int) -> Values:
        others, along = iter(fixed), iter(own)
        numbers = {n: next(along if k in varied else others) for k, n in enumerate(names)}

        def advance(states: Values, _: None) -> tuple[Values, None]:
            return tuple(jnp.broadcast_to(v, (size,)) for v in step(states, None, numbers)), None

        begun = tuple(jnp.broadcast_to(v, (size,)) for v in start)
        states: Values = jax.lax.scan(advance, begun, length=steps)[0]
        return states

    def whole(
        start: Value, fixed: Sequence[Value], rows: Sequence[Value], steps: int, blocks: int, size: int
    ) -> Any:
        if not rows:
            return of_block(start, fixed, (), steps, size)
        return jax.lax.map(lambda own: of_block(start, fixed, own, steps, size), rows)

    return jax.jit(whole, static_argnums=(3, 4, 5))


def traced_sweep(
    end: Callable[[Mapping[str, Value], Value, Value], Mapping[str, Value]],
    potential: Value,
    names: Sequence[str],
    grid: Mapping[str, Value],
    start: Value,
) -> tuple[Mapping[str, Value], Mapping[str, Value], Value] | None:
    """Return a sweep that a caller transforms: the numbers of the grid, the states and the loss on it.

    None where neither grid nor potential nor start is traced. See `Capabilities.traced_sweep`.
    """
    if not holds_tracers((potential, dict(grid), start)):
        return None
    numbers = {name: grid_numbers(name, value) for name, value in grid.items()}
    axes = {name: value for name, value in numbers.items() if value.ndim}
    shape = tuple(map(len, axes.values()))
    is_array = not isinstance(potential, (Problem, Expr))
    if is_array and holds_tracers(potential):
        potential = jnp.asarray(potential)
    floats = partial(jnp.asarray, dtype=float)
    begun = {n: floats(v) for n, v in start.items()} if isinstance(start, Mapping) else floats(start)
    meshed = (jnp.ravel(v) for v in jnp.meshgrid(*axes.values(), indexing="ij"))

    def at(varied: Mapping[str, Value]) -> tuple[Mapping[str, Value], Value]:
        here = {**numbers, **varied}
        on = force(potential, names if len(names) > 1 else (), here)
        assert on.loss is not None
        states = end(here, potential if is_array else (on.loss, on.gradient), begun)
        return states, on.loss(*(states[name] for name in names))

    found = jax.vmap(at)(dict(zip(axes, meshed, strict=True))) if axes else at({})
    on_grid = jax.tree.map(lambda v: jnp.reshape(v, (*shape, *v.shape[1:])) if axes else v, found)
    return (numbers, *on_grid)


def grid_numbers(name: str, value: Value) -> Value:
    """Return the numbers of a grid for a parameter; ValueError for other than one or an array of one axis."""
    try:
        array = jnp.asarray(value, float)
        known = holds_tracers(value) or bool(np.isfinite(np.asarray(value, float)).all())
    except (TypeError, ValueError, OverflowError):
        known = False
    if not known or array.ndim > 1 or not array.size:
        raise ValueError(f"{name} must be finite, one number or an array of one axis; given {value!r}")
    return array
