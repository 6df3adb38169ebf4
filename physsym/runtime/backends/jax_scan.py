"""Many steps of a rule as one scan of JAX, on any gradient or potential that JAX can trace."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.errors import JAXTypeError
from jax.extend.core import jaxpr_as_fun

from physsym.codegen import Program
from physsym.codegen.passes.partition import partition
from physsym.runtime.backends import pytree
from physsym.runtime.backends.base import Scan, Value, Values
from physsym.runtime.backends.jax_arrays import LIBRARY, holds_tracers, on_columns
from physsym.runtime.backends.jax_potentials import Force, force

KEPT = 32  # scans that are kept compiled
MANY = 64  # records beside which one step more is little
_COMPILED: OrderedDict[Hashable, tuple[_Traced, _Many]] = OrderedDict()

IMPURE = (
    "the gradient, or a schedule, gives other operations or numbers when it is called again at the same "
    "point, as one does that draws the next batch; a run compiles it once for all steps: give a function of "
    "the point alone, or take one step after another with step"
)


def scan(
    program: Program,
    given: Value,
    names: Sequence[str],
    parameters: Mapping[str, Value],
    constants: Callable[[Value], Values],
    states: Values,
) -> Scan | None:
    """Return many steps of a state on a gradient or potential; None where JAX cannot trace one of them.

    See `Capabilities.scan`.
    """
    if program.loss is not None and program.loss_point is None:
        return None
    on = force(given, names, parameters)
    varies = any(map(callable, parameters.values()))
    fixed = () if varies else constants(0)
    arguments = states, fixed, jnp.zeros((), jnp.int32)
    key = _key(program, on, parameters if varies else {}, arguments)
    trace = partial(_trace, program, on, constants if varies else None, arguments)
    try:
        if is_traced := holds_tracers(arguments):
            many = _many(trace(), program, jit=False)
        else:
            is_traced, many = _compiled(key, on.is_value and not varies, trace, program)
    except JAXTypeError:  # it wants the numbers themselves
        return None

    def take(states: Values, done: int, *portion: int | bool) -> tuple[Any, Values, int]:
        rows, states, lost = many.take(states, fixed, jnp.int32(done), *portion)
        return rows, states, 0 if is_traced else int(lost)

    return Scan(
        take,
        lambda states, done, steps: int(many.until_lost(states, fixed, jnp.int32(done), steps)),
        partial(jax.tree.map, jnp.copy),
        _joined,
        lambda rows, index: jax.tree.map(lambda leaf: leaf[index], rows),
        is_traced,
    )


def _step(
    program: Program, on: Force, constants: Callable[[Value], Values] | None
) -> Callable[[Values, Values, Value], Values]:
    """Return one step as a function of the states, the constants, and the number of steps done."""
    parts = [on_columns(part) for part in partition(program)]
    gradient = on.gradient if on.is_value or on.gradient is None else _with_note(on.gradient)
    kernel: Callable[..., Values] = pytree.kernel(program, LIBRARY, parts, lambda fixed: fixed)

    def step(states: Values, fixed: Values, done: Value) -> Values:
        numbers = fixed if constants is None else constants(done)
        if program.loss is not None:
            assert on.loss is not None
            assert program.loss_point is not None
            loss = on.loss(*(states[program.states.index(s)] for s in program.loss_point))
            at = program.constants.index(program.loss)
            numbers = (*numbers[:at], jnp.asarray(loss), *numbers[at + 1 :])
        return kernel(states, gradient, numbers)

    return step


def _with_note(gradient: Callable[..., Value]) -> Callable[..., Value]:
    """Return the gradient, of which an exception says where it was raised."""

    def noted(*points: Value) -> Value:
        try:
            return gradient(*points)
        except JAXTypeError:
            raise
        except Exception as error:
            error.add_note("raised by the gradient while JAX traced it, which it does before the first step")
            raise

    return noted


@dataclass(frozen=True, eq=False)
class _Traced:
    """One step as JAX has traced it: its text, the arrays that it reads beside its arguments, itself."""

    text: str
    consts: Sequence[Value]
    step: Callable[[Values, Values, Value], Values]

    def agrees_with(self, other: _Traced) -> bool:
        """Return whether both carry out the same operations on the same numbers."""
        if self.text != other.text or len(self.consts) != len(other.consts):
            return False
        return all(
            a is b
            or (not holds_tracers((a, b)) and np.array_equal(np.asarray(a), np.asarray(b), equal_nan=True))
            for a, b in zip(self.consts, other.consts, strict=True)
        )


def _trace(
    program: Program, on: Force, constants: Callable[[Value], Values] | None, arguments: Any
) -> _Traced:
    step = _step(program, on, constants)
    # Of a new function, or JAX gives the old one.
    closed = jax.make_jaxpr(lambda *own: step(*own))(*arguments)
    run, structure = jaxpr_as_fun(closed), jax.tree.structure(arguments[0])

    def again(*own: Any) -> Values:
        found: Values = jax.tree.unflatten(structure, run(*jax.tree.leaves(own)))
        return found

    return _Traced(str(closed.jaxpr), closed.consts, again)


@dataclass(frozen=True, eq=False)
class _Many:
    """Many steps: taken, with records or the end alone; and until one leaves the finite numbers."""

    take: Callable[..., Any]
    until_lost: Callable[..., Any]


def _many(traced: _Traced, program: Program, jit: bool) -> _Many:
    unbounded = [s in program.unbounded for s in program.states]

    def is_sound(states: Values) -> jax.Array:
        leaves = [
            (leaf, free) for v, free in zip(states, unbounded, strict=True) for leaf in jax.tree.leaves(v)
        ]
        sound = [(~jnp.isnan(leaf) if free else jnp.isfinite(leaf)).all() for leaf, free in leaves]
        return jnp.stack(sound).all()

    def advance(fixed: Values, carry: Any, _: None = None) -> tuple[Any, None]:
        states, done = carry
        return (traced.step(states, fixed, done), done + 1), None

    def take(
        states: Values, fixed: Values, done: Value, records: int, apart: int, keep: bool, begins: bool
    ) -> Any:
        one = partial(advance, fixed)

        def record(carry: Any, _: None) -> Any:
            carry, _ = one(carry) if apart == 1 else jax.lax.scan(one, carry, length=apart)
            return carry, (carry[0] if keep else None, is_sound(carry[0]))

        def start_or_record(carry: Any, _: None) -> Any:
            # The start is a record of a step that is not kept: to put it in front copies all records.
            old, at = carry
            (new, _), _ = one((old, jnp.maximum(at, done)))
            kept = jax.tree.map(partial(jnp.where, at < done), old, new)
            return (kept, at + 1), (kept, is_sound(kept))

        if begins and apart == 1 and records >= MANY:
            (now, _), (rows, sound) = jax.lax.scan(start_or_record, (states, done - 1), length=records + 1)
            sound = sound[1:]
        else:
            (now, _), (rows, sound) = jax.lax.scan(record, (states, done), length=records)
            rows = _joined([jax.tree.map(lambda leaf: leaf[None], states), rows]) if begins else rows
        return rows, now, jnp.where(sound.all(), 0, jnp.argmin(sound) + 1)

    def until_lost(states: Values, fixed: Values, done: Value, steps: int) -> Any:
        def watched(carry: Any, _: None) -> Any:
            carry, _ = advance(fixed, carry)
            return carry, is_sound(carry[0])

        return jnp.argmin(jax.lax.scan(watched, (states, done), length=steps)[1]) + 1

    if not jit:  # the caller transforms the run
        return _Many(take, until_lost)
    compiled = jax.jit(take, static_argnums=(3, 4, 5, 6), donate_argnums=0)
    return _Many(compiled, jax.jit(until_lost, static_argnums=3))


def _joined(parts: Sequence[Value]) -> Value:
    return parts[0] if len(parts) == 1 else jax.tree.map(lambda *leaves: jnp.concatenate(leaves), *parts)


def _compiled(
    key: Hashable, is_value: bool, trace: Callable[[], _Traced], program: Program
) -> tuple[bool, _Many]:
    """Return many steps compiled, which are kept, and whether they read what the caller transforms.

    What a function reads beside its arguments may be another today: it is traced anew all the same. Traced
    twice, it must be the same.
    """
    kept = _COMPILED.get(key) if key is not None else None
    if kept is not None and is_value:
        _COMPILED.move_to_end(key)
        return False, kept[1]
    traced = trace()
    if kept is not None and kept[0].agrees_with(traced):
        return False, kept[1]
    if holds_tracers(traced.consts):
        return True, _many(traced, program, jit=False)
    if not is_value and not traced.agrees_with(trace()):
        raise TypeError(IMPURE)
    many = _many(traced, program, jit=True)
    if key is not None:
        _COMPILED[key] = traced, many
        if len(_COMPILED) > KEPT:
            _COMPILED.popitem(last=False)
    return False, many


def _key(program: Program, on: Force, schedules: Mapping[str, Value], arguments: Any) -> Hashable:
    """Return what tells steps apart; None where it cannot be told."""
    leaves, structure = jax.tree.flatten(arguments)
    types = tuple((jnp.shape(v), str(jnp.result_type(v)), isinstance(v, float)) for v in leaves)
    key = program, on.key, tuple(schedules.items()), structure, types
    try:
        hash(key)
    except TypeError:
        return None
    return None if holds_tracers((on.key, *schedules.values())) else key
