"""A rule compiled for tensors: one step in place, or by a closure where its gradient is taken elsewhere."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from physsym.adapters.evaluation_point import refuse_clock, weights_state, with_counters_given
from physsym.adapters.torch_rows import Rows, compute_type, refuse_unfit_row
from physsym.codegen import Program, partition, program, state_name
from physsym.codegen.straight_line import Guarded
from physsym.core.statements import Rule, rewritten
from physsym.core.symbols import BEFORE, FORCES, potential
from physsym.runtime import coordinates
from physsym.runtime.backends.arrays import constants_function
from physsym.runtime.backends.base import Value, Values, constants
from physsym.runtime.backends.pytree import Leaves, run_parts
from physsym.runtime.backends.torch import BACKEND, part_kernel, refuse_unfit
from physsym.runtime.backends.torch_in_place import Update, UpdateOfMany, put, update, update_of_many
from physsym.runtime.start import refuse_out_of_range, start_values


@dataclass(frozen=True)
class CompiledRule:
    """A rule compiled for tensors.

    `rule` is the rule itself. `counters` are the names under which the program wants the number of steps
    done. `names` are those of its states, `weights` is that of the weights, `placed` are those that start
    where the weights do. `one` and `many` update tensors in place, where the gradient is taken `at_weights`.
    """

    rule: Rule
    program: Program
    counters: tuple[str, ...]
    names: tuple[str, ...]
    weights: str
    placed: frozenset[str]
    at_weights: bool
    one: Update
    many: UpdateOfMany

    def rows(self, foreach: bool | None) -> Rows:
        """Return what updates the tensors of a group, as lists or not as `foreach` says."""
        part = partition(self.program)[-1]
        return Rows(
            [*self.described, "the gradient of a parameter"],
            replace(part, parameters=part.constants, scalars=()),
            self.one,
            self.many,
            foreach,
        )

    @property
    def described(self) -> list[str]:
        """What messages call the states of a parameter."""
        return ["a parameter" if n == self.weights else f"the state {n} of a parameter" for n in self.names]

    def states_of(
        self,
        states: dict[str, Any],
        weights: torch.Tensor,
        given: Mapping[str, Value],
        dtype: torch.dtype | None = None,
    ) -> list[torch.Tensor]:
        """Return the states in the order of the program; those that are missing are added to `states`.

        They are of the type of the weights, or of `dtype`. `given` has the parameters and the starts of the
        counters by name, on which start values may depend; each counter is a number in `states`.
        """
        for name in {*self.counters} - {*states}:
            states[name] = float(given[name])
        missing = [name for name in self.names if name != self.weights and name not in states]
        with torch.no_grad():
            for name in missing:
                new = torch.zeros_like(weights, dtype=dtype, memory_format=torch.preserve_format)
                states[name] = new.copy_(weights) if name in self.placed else new
            if missing and self.rule.start:
                self._start(states, weights, given, missing)
        return [weights if name == self.weights else states[name] for name in self.names]

    def _start(
        self,
        states: dict[str, Any],
        weights: torch.Tensor,
        given: Mapping[str, Value],
        missing: Sequence[str],
    ) -> None:
        """Put the start values of new states into them."""
        own = local(weights.detach(), weights)
        begun = {state_name(s) for s, _ in self.rule.start} & {*missing}
        known = {n: local(states[n], weights) for n in {*self.names} & {*states} - begun}
        known |= {**given, self.weights: own}
        for name, value in start_values(
            self.rule, known, given, torch.zeros_like(own), self.counters, BACKEND
        ):
            if name in missing:
                local(states[name], weights).copy_(value)


def compile_rule(rule: Rule, maximize: bool) -> CompiledRule:
    """Return the rule compiled, climbing instead of descending where `maximize`.

    Raises ValueError where it is not clear which one state holds the weights.
    """
    refuse_clock(rule)
    own = rewritten(rule, _with_opposite_gradient) if maximize else rule
    counting = program(own)
    compiled = with_counters_given(counting)
    at_weights, positions = weights_state(compiled), coordinates(rule)
    if at_weights is None and len(positions) != 1:
        found = ", ".join(map(str, positions)) or "none"
        raise ValueError(f"the weights of a model are one position, and the rule has {found}")
    position = at_weights or positions[0]
    others = [s for s in compiled.states if s != position]
    return CompiledRule(
        rule,
        compiled,
        tuple(map(state_name, counting.counters)),
        tuple(map(state_name, compiled.states)),
        state_name(position),
        frozenset(state_name(s) for s in others if s in positions or s.name.rstrip(BEFORE) == position.name),
        at_weights is not None,
        update(compiled),
        update_of_many(compiled),
    )


def _with_opposite_gradient(expression: Any) -> Any:
    return expression.xreplace({force: -force for force in expression.atoms(potential, *FORCES)})


def refuse_unfit_parameter(weights: torch.Tensor) -> None:
    """Raise TypeError where a parameter or its gradient is complex, sparse or without numbers."""
    refuse_unfit("a parameter", weights)
    if weights.grad is not None:
        refuse_unfit("the gradient of a parameter", weights.grad)


def local(tensor: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Return the part of a tensor that this process holds, laid out over processes like another.

    A rule acts on each element alone, so that shards of one layout are all it needs.
    """
    if not hasattr(tensor, "to_local"):
        return tensor
    if tensor.placements != like.placements:
        tensor = tensor.redistribute(like.device_mesh, like.placements)
    shard: torch.Tensor = tensor.to_local()
    return shard


@dataclass
class Constants:
    """The constants of a program at each step, from numbers by name.

    Parameters of the rule are checked when they differ from those of the call before. The constants that
    follow from them and from the counters are computed by one compiled function; where that fails, what was
    given is gone through step by step, for a message that says why.
    """

    rule: Rule
    program: Program
    counters: Sequence[str]
    _last: dict[str, float] | None = None
    _found: Values = ()

    def __post_init__(self) -> None:
        """Compile the function."""
        known = {*self.counters, *([state_name(self.program.loss)] if self.program.loss is not None else [])}
        self._names = [state_name(p) for p in self.program.parameters]
        self._wanted = {*self._names}
        self._fixed = [name for name in self._names if name not in known]
        # Without scalars, the constants are the parameters.
        self._compute = constants_function(self.program) if self.program.scalars else self._in_order
        guarded = {t for line in self.program.scalars if isinstance(line, Guarded) for t in line.targets}
        self._finite = [k for k, symbol in enumerate(self.program.constants) if symbol not in guarded]

    def __call__(self, given: Mapping[str, Value]) -> Values:
        """Return the value of each constant, in order.

        Raises TypeError for misnamed or unfit parameters, ValueError for those outside of their natural
        range, and where the rule is not defined for them.
        """
        if given.keys() != self._wanted:
            return constants(self.program, BACKEND, given)  # raises, or the loss is not known yet
        # A parameter may be a tensor that is changed in place: its number is read every time.
        numbers = {n: v if type(v) is float else BACKEND.number(n, v) for n, v in given.items()}
        if numbers == self._last:
            return self._found
        if self._last is None or any(numbers[name] != self._last[name] for name in self._fixed):
            refuse_out_of_range(self.rule, numbers)
        self._found, self._last = self._computed(numbers), numbers
        return self._found

    def _computed(self, numbers: Mapping[str, float]) -> Values:
        try:
            found = self._compute(numbers)
        except (ArithmeticError, ValueError):
            return constants(self.program, BACKEND, numbers)
        if all(map(math.isfinite, found)) or all(math.isfinite(found[k]) for k in self._finite):
            return found
        return constants(self.program, BACKEND, numbers)

    def _in_order(self, numbers: Mapping[str, float]) -> Values:
        return tuple(numbers[name] for name in self._names)


@dataclass
class _ClosureGradient:
    """The gradient as a function: move the weights to the evaluation point, call the closure, read it."""

    weights: Sequence[torch.Tensor]
    signs: Sequence[int]
    closure: Callable[[], Value]
    losses: list[Value] = field(default_factory=list)

    def __call__(self, points: Sequence[Leaves]) -> list[Leaves]:
        for weight, point in zip(self.weights, points[0], strict=True):
            weight.copy_(point)
        with torch.enable_grad():
            self.losses.append(self.closure())
        for weight in self.weights:
            refuse_unfit_parameter(weight)
        gradients = [torch.zeros_like(w) if w.grad is None else w.grad for w in self.weights]
        rows = zip(self.signs, gradients, points[0], strict=True)
        return [[sign * gradient.to(point.dtype) for sign, gradient, point in rows]]


def step_ahead(
    rule: CompiledRule,
    weights: Sequence[torch.Tensor],
    states: Sequence[Sequence[torch.Tensor]],
    fixed: Sequence[Values],
    signs: Sequence[int],
    closure: Callable[[], Value],
) -> Value:
    """Take one step of a rule whose gradient is not taken at the weights; return the first loss.

    To each of the weights belong its states, as `states_of` returns them, the constants of the program and
    the sign of its gradient. Half precision is computed with in float32, and rounded at the evaluation
    points and at the end. Where the closure raises, weights and states are left as they were.
    """
    if not weights:
        with torch.enable_grad():
            return closure()
    for row in states:
        refuse_unfit_row(rule.described, row, len(row))
    gradient = _ClosureGradient(weights, signs, closure)
    with torch.no_grad():
        columns = list(zip(*states, strict=True))
        work = [[t.to(compute_type({t.dtype for t in row}), copy=True) for t in row] for row in states]
        new: Sequence[Leaves] = list(zip(*work, strict=True))
        try:
            new = run_parts([part_kernel(part) for part in partition(rule.program)], new, fixed, gradient)
        finally:
            for tensors, values in zip(columns, new, strict=True):
                for tensor, value in zip(tensors, values, strict=True):
                    put(tensor, value)
    return gradient.losses[0]
