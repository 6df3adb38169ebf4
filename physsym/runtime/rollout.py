"""Whole trajectories on a potential that is known as a formula, many steps in one call."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from physsym.codegen import Program, state_name
from physsym.codegen.emit import python_source
from physsym.codegen.passes.scalarisation import Formula, in_components
from physsym.runtime.backends import rollout as marches
from physsym.runtime.backends.base import Value, executed
from physsym.runtime.backends.numpy import NAMESPACE
from physsym.runtime.backends.rollout import March
from physsym.runtime.coordinates import coordinates
from physsym.runtime.trajectory import Trajectory

if TYPE_CHECKING:
    from physsym.runtime.optimizer import Optimizer

LARGEST = 64  # numbers of a state that are worth a name each
AT_ONCE = 1_000_000  # steps in one call


@dataclass(frozen=True)
class Layout:
    """How the numbers of a state lie in a row: names, whether each is a counter, the shape of the others."""

    names: tuple[str, ...]
    counters: frozenset[str]
    shape: tuple[int, ...]

    @property
    def count(self) -> int:
        """Return how many components a state has."""
        return int(np.prod(self.shape, dtype=int))

    def row(self, state: Mapping[str, Value]) -> list[Value]:
        """Return the numbers of a state in a row; plain numbers stay what they are."""
        parts = (
            state[n].ravel().tolist() if isinstance(state[n], np.ndarray) else [state[n]] for n in self.names
        )
        return [number for part in parts for number in part]

    def states(self, rows: Sequence[Any], dtype: Any) -> dict[str, np.ndarray[Any, Any]]:
        """Return rows by the names of the states, each an array of shape (rows, *shape)."""
        table = np.array(rows, dtype=dtype).reshape(len(rows), -1)
        found, at = dict[str, Any](), 0
        for name in self.names:
            width = 1 if name in self.counters else self.count
            shape = () if name in self.counters else self.shape
            found[name] = table[:, at : at + width].reshape(len(rows), *shape)
            at += width
        return found


def layout(program: Program, state: Mapping[str, Value]) -> Layout | None:
    """Return how a state lies in a row, None where it has several shapes or is too large for that."""
    counters = frozenset(map(state_name, program.counters))
    shapes = {
        np.shape(v) for n, v in state.items() if n not in counters and not isinstance(v, (dict, list, tuple))
    }
    arrays = len(program.arrays)
    if len(shapes) != 1 or arrays * int(np.prod(shape := shapes.pop(), dtype=int)) > LARGEST:
        return None
    return Layout(tuple(map(state_name, program.states)), counters, shape)


def march_of(made: Optimizer, potential: Formula, state: Mapping[str, Value]) -> tuple[March, Layout] | None:
    """Return what takes many steps at once, and the layout of its rows; None where nothing does."""
    lies = layout(made.program, state)
    if lies is None or made.backend not in ("numpy", "python", "llvm", "c"):
        return None
    program = in_components(made.program, potential, lies.count)
    numbers = [made._engine.number(state_name(p), made.parameters[state_name(p)]) for p in program.parameters]
    single = any(getattr(v, "dtype", None) == np.float32 for v in state.values())
    if made.backend == "llvm":
        return marches.by_llvm(program, numbers, single, made.fma), lies
    fraction = "Fraction({}, {})" if made.backend == "python" else "{}/{}"
    if single:
        return None
    return marches.in_python(program, made._engine.functions, numbers, fraction), lies


def marched(
    made: Optimizer,
    take: March,
    lies: Layout,
    state: Mapping[str, Value],
    plan: tuple[int, int],
    watch: tuple[Callable[[int, dict[str, Value]], object] | None, Callable[[int], None]],
) -> Trajectory:
    """Return the trajectory of a run: steps and steps between records, watched by callback and report."""
    (steps, every), (callback, report) = plan, watch
    arrays = (v for v in state.values() if isinstance(v, np.ndarray) and v.shape == lies.shape)
    dtype = next((v.dtype for v in arrays), None)
    numbers, rows = [0], [lies.row(state)]
    told = partial(_told, lies, dtype, callback)
    ended, row = told(0, rows[0]), rows[0]
    for records, apart in _portions(steps, every, 1 if callback else max(AT_ONCE // every, 1)):
        if ended:
            break
        lost, new, row = take(numbers[-1], records, apart, row)
        if lost:
            raise _lost(lies, dtype, row, lost)
        numbers += [numbers[-1] + apart * (k + 1) for k in range(records)]
        rows += list(new)
        report(numbers[-1])
        ended = told(numbers[-1], row)
    positions = tuple(map(state_name, coordinates(made.rule)))
    return Trajectory(np.array(numbers), lies.states(rows, dtype), positions)


def _portions(steps: int, every: int, largest: int) -> Iterator[tuple[int, int]]:
    """Yield how many records to make in one call and how many steps apart; the last step is recorded."""
    whole, rest = divmod(steps, every)
    while whole:
        yield min(whole, largest), every
        whole -= min(whole, largest)
    if rest:
        yield 1, rest


def _told(lies: Layout, dtype: Any, callback: Any, number: int, row: Sequence[Value]) -> bool:
    if callback is None:
        return False
    return bool(callback(number, {n: v[0] for n, v in lies.states([row], dtype).items()}))


def _lost(lies: Layout, dtype: Any, row: Sequence[Value], number: int) -> FloatingPointError:
    states = lies.states([row], dtype)
    names = [n for n, v in states.items() if not np.isfinite(np.asarray(v, float)).all()]
    return FloatingPointError(f"{', '.join(names)} is not finite after step {number}; take smaller steps")


def gradient_of(potential: Formula, parameters: Mapping[str, Value]) -> Callable[[Value], Value]:
    """Return the gradient of a potential as a function of an array of its weights."""
    slopes = potential.slopes
    run = executed(slopes, python_source(slopes), NAMESPACE)
    own = {state_name(p): parameters[state_name(p)] for p in slopes.parameters}

    def gradient(place: Value) -> Value:
        if len(potential.weights) == 1:
            return np.broadcast_to(run((place,), None, own)[0], np.shape(place))
        found = run([np.asarray(w) for w in np.ravel(place)], None, own)
        return np.reshape(np.asarray(found, np.result_type(place)), np.shape(place))

    return gradient
