"""Rollouts: whole trajectories on a potential known as a formula, many steps in one call."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from physsym.codegen import Formula, Program, scalarise, state_name
from physsym.codegen.emit import array_source
from physsym.runtime.backends import pytree
from physsym.runtime.backends.base import Backend, Rollout, Scan, Value, Values, executed
from physsym.runtime.backends.numpy import NAMESPACE
from physsym.runtime.states import State, StateLayout, layout

Array: TypeAlias = np.ndarray[Any, Any]
Callback: TypeAlias = Callable[[int, State], object]

AT_ONCE = 1_000_000  # steps in one call
OBJECT = 128  # bytes that an array takes beside its numbers, about


@dataclass(frozen=True, eq=False)
class Trajectory:
    """The states of a run at the recorded steps.

    `steps` are the numbers of the steps, 0 for the start; `states` holds, by name, an array of shape
    (records, *shape of the state), or a tree of such arrays; `coordinates` names the positions among them.
    A state is an attribute too, as in `run.theta`; `Optimizer.run` refuses states of the names above.
    """

    steps: np.ndarray[Any, Any]
    states: Mapping[str, Any]
    coordinates: tuple[str, ...]

    @property
    def x(self) -> np.ndarray[Any, Any]:
        """Return the positions, (records, *shape): of the one coordinate, or of that which is called x."""
        found: np.ndarray[Any, Any] = self.__getattr__(
            self.coordinates[0] if len(self.coordinates) == 1 else "x"
        )
        return found

    def __getattr__(self, name: str) -> Any:
        states = self.__dict__.get("states", {})  # empty while a copy is made
        if name not in states:
            raise AttributeError(f"the run has no {name}; its states are {', '.join(states)}")
        return states[name]


def refuse_shadowed(states: Collection[str]) -> None:
    """Raise ValueError for a state that is no attribute of a trajectory, since its name is taken."""
    taken = [f.name for f in fields(Trajectory)]
    if found := [name for name in states if name in taken]:
        raise ValueError(
            f"a run has attributes of its own, {', '.join(taken)}, so that run.{found[0]} would not be the "
            f"state {found[0]}: rename the state in the rule"
        )


@dataclass(frozen=True)
class Plan:
    """How long a run is, what it records, and who watches it: a callback, which may end it, and a report.

    Steps are numbered from those `done` before; unless `keeps`, the state at the end is all that is returned.
    """

    steps: int
    every: int
    callback: Callback | None
    report: Callable[[int], None]
    done: int = 0
    keeps: bool = True

    def is_ended(self, number: int, state: Callable[[], State]) -> bool:
        """Report a record, and return whether the callback ends the run there."""
        self.report(number - self.done)
        return self.callback is not None and bool(self.callback(number, state()))

    def refuse_oversized(self, state: Mapping[str, Value]) -> None:
        """Raise ValueError where the records would not fit into memory, unless a callback may end the run."""
        leaves = [leaf for value in state.values() for leaf in pytree.flatten(value)[0]]
        size = sum(getattr(leaf, "nbytes", 8) + OBJECT for leaf in leaves)
        records, available = self.steps // self.every + 2, memory()
        if self.keeps and self.callback is None and records * size > available:
            enough = 10 ** math.ceil(math.log10(2 * size * self.steps / available))
            raise ValueError(
                f"recording {records} states takes about {records * size:.1e} bytes, and this machine has "
                f"{available:.1e}; record fewer with a larger every=, such as every={enough}"
            )


def memory() -> int:
    """Return the bytes of memory of this machine, or a usual number where it does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 2**34


def compile_rollout(
    program: Program,
    potential: Formula,
    backend: Backend,
    parameters: Mapping[str, Value],
    state: Mapping[str, Value],
) -> tuple[Rollout, StateLayout] | None:
    """Return a rollout and the layout of its rows; None where the state is too large, infinite or exact."""
    found = layout(program, state)
    if found is None or backend.capabilities.rollout is None or program.unbounded:
        return None
    scalar = scalarise(program, potential.gradient, found.count)
    numbers = [backend.number(state_name(p), parameters[state_name(p)]) for p in scalar.parameters]
    single = any(getattr(v, "dtype", None) == np.float32 for v in state.values())
    rollout = backend.capabilities.rollout(scalar, numbers, single)
    return None if rollout is None else (rollout, found)


def roll_out(
    take: Rollout,
    rows_of: StateLayout,
    state: Mapping[str, Value],
    plan: Plan,
    error: Callable[[State, State, int], Exception],
) -> tuple[Array, State]:
    """Return the numbers of the recorded steps and the states at them.

    Where a state is not finite, `error` is raised of the last finite state, the first that is not, and the
    number of its step.
    """
    arrays = (v for v in state.values() if isinstance(v, np.ndarray) and v.shape == rows_of.shape)
    dtype = next((v.dtype for v in arrays), None)
    numbers, row = [plan.done], rows_of.row(state)
    rows: list[Any] = [row]

    def named(row: Sequence[Value]) -> State:
        return {n: v[0] for n, v in rows_of.states([row], dtype).items()}

    take = in_slices(take)
    ended = plan.is_ended(plan.done, partial(named, row))
    largest = 1 if plan.callback else max(AT_ONCE // plan.every, 1)
    for records, apart in _portions(plan.steps, plan.every, largest):
        if ended:
            break
        start = row
        failed, new, row = take(numbers[-1], records, apart, row)
        if failed:
            done = failed - numbers[-1] - 1
            before = take(numbers[-1], 1, done, start)[2] if done else start
            raise error(named(before), named(row), failed)
        numbers += [numbers[-1] + apart * (k + 1) for k in range(records)]
        rows += list(new)
        ended = plan.is_ended(numbers[-1], partial(named, row))
    return np.array(numbers), rows_of.states(rows, dtype) if plan.keeps else named(row)


def scan_out(
    scan: Scan, state: State, plan: Plan, error: Callable[[State, State, int], Exception]
) -> tuple[Array, State]:
    """Return what `roll_out` does, by a scan: finite is what the records are.

    To name the step in which a state was lost, the steps since the last good record are taken again.
    """
    start, numbers = tuple(state.values()), [np.array([plan.done])]
    parts, now = list[Any](), scan.copied(start)

    def named(values: Values) -> State:
        return dict(zip(state, values, strict=True))

    def shown(values: Values) -> State:
        return named(scan.copied(values))  # the next portion uses the memory

    size = max(sum(np.size(leaf) for v in start for leaf in pytree.flatten(v)[0]), 100)
    at_once = plan.steps if scan.is_traced else max(100 * AT_ONCE // size, 1)
    largest = 1 if plan.callback else max(at_once // plan.every, 1)
    at, ended = plan.done, plan.is_ended(plan.done, partial(named, start))
    for records, apart, is_whole in _pieces(_portions(plan.steps, plan.every, largest), at_once):
        if ended:
            break
        keeps = plan.keeps and is_whole
        begins = keeps and not parts
        if plan.keeps and not is_whole and not parts:
            parts.append(scan.picked(start, None))
        rows, now, lost = scan.take(now, at, records, apart, keeps, begins)
        if lost and keeps and (begins or lost > 1):
            before, done = scan.picked(rows, lost - 2 + begins), at + (lost - 1) * apart
            raise error(*_lost_step(scan, before, done, apart, named))
        if lost:
            before = scan.picked(parts[-1], -1) if parts else start
            done = int(numbers[-1][-1]) if parts else plan.done
            raise error(*_lost_step(scan, before, done, at + lost * apart - done, named))
        if is_whole:
            origin = int(numbers[-1][-1])
            step = (at + records * apart - origin) // records
            numbers.append(origin + step * np.arange(1, records + 1))
            parts += [rows] if plan.keeps else []
            ended = plan.is_ended(at + records * apart, partial(shown, now))
        at += records * apart
    if plan.keeps:
        now = scan.joined(parts) if parts else scan.picked(start, None)
    return np.concatenate(numbers), named(now)


def _pieces(portions: Iterator[tuple[int, int]], at_once: int) -> Iterator[tuple[int, int, bool]]:
    """Yield portions, and in place of one that is too long pieces of it; whether a piece ends in a record."""
    for records, apart in portions:
        while records == 1 and apart > at_once:
            yield 1, at_once, False
            apart -= at_once
        yield records, apart, True


def _lost_step(
    scan: Scan, before: Values, done: int, steps: int, named: Callable[[Values], State]
) -> tuple[State, State, int]:
    """Return the last finite state, the first that is not, and the number of its step."""
    first = scan.until_lost(scan.copied(before), done, steps)
    if first > 1:
        _, before, _ = scan.take(scan.copied(before), done, 1, first - 1, False, False)
    _, after, _ = scan.take(scan.copied(before), done + first - 1, 1, 1, False, False)
    return named(before), named(after), done + first


def in_slices(take: Rollout) -> Rollout:
    """Return a rollout that goes far by many calls: Python hears of Ctrl-C between them."""

    def sliced(done: int, records: int, apart: int, row: Any) -> tuple[int, Any, Any]:
        while records == 1 and apart > AT_ONCE:
            failed, new, row = take(done, 1, AT_ONCE, row)
            if failed:
                return failed, new, row
            done, apart = done + AT_ONCE, apart - AT_ONCE
        return take(done, records, apart, row)

    return sliced


def _portions(steps: int, every: int, largest: int) -> Iterator[tuple[int, int]]:
    """Yield how many records to make in one call and how many steps apart; the last step is recorded."""
    whole, rest = divmod(steps, every)
    while whole:
        yield min(whole, largest), every
        whole -= min(whole, largest)
    if rest:
        yield 1, rest


def gradient_of(potential: Formula, parameters: Mapping[str, Value]) -> Callable[[Value], Value]:
    """Return the gradient of a potential as a function of an array of its weights."""
    program = potential.gradient
    run = executed(program, array_source(program), NAMESPACE)
    own = {state_name(p): parameters[state_name(p)] for p in program.parameters}

    def gradient(point: Value) -> Value:
        if len(potential.weights) == 1:
            return np.broadcast_to(run((point,), None, own)[0], np.shape(point))
        found = run([np.asarray(w) for w in np.ravel(point)], None, own)
        return np.reshape(np.asarray(found, np.asarray(point).dtype), np.shape(point))

    return gradient
