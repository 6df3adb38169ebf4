"""Sweeps by JAX: blocks of grid points side by side, the steps as a scan."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from physsym.codegen import Program
from physsym.codegen.emit import array_source
from physsym.runtime.backends.base import Value, Values, executed, parameter_names
from physsym.runtime.backends.jax_arrays import FUNCTIONS

POINTS = 1024  # grid points of a block, whose states stay in the cache


def sweep(
    program: Program, start: Any, given: Sequence[Any], points: int, steps: int, threads: int
) -> np.ndarray[Any, Any]:
    """Return where the steps lead each grid point, (states, points), in double precision.

    JAX divides the work among threads as it is configured; `threads` has no effect.
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
