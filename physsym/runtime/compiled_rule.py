"""A rule compiled by a backend with its hyperparameters: its initial states, and one step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from sympy import Symbol

from physsym.codegen import Program, evaluation_points, state_name
from physsym.core.motion import is_time
from physsym.core.statements import Rule
from physsym.core.symbols import BEFORE, before
from physsym.runtime.backends.base import Backend, Kernel, Value, Values, constants, misnamed
from physsym.runtime.parameters import (
    is_schedule,
    is_spread,
    numbers_at,
    refuse_spread_out_of_range,
    spread,
    with_spread_as_states,
)
from physsym.runtime.start import refuse_out_of_range, start_values
from physsym.runtime.states import State, coordinates


@dataclass(frozen=True, eq=False)
class CompiledRule:
    """A rule, its parameters, and the function of the backend that takes one step of its program.

    In `program`, parameters that have a value for each weight are states that stay as they are.
    """

    rule: Rule
    parameters: Mapping[str, Value]
    program: Program = field(repr=False)
    engine: Backend = field(repr=False)
    kernel: Callable[..., Values] = field(repr=False)

    def __post_init__(self) -> None:
        """Raise TypeError or ValueError for parameters of another rule, or at which it is not defined."""
        names = [state_name(p) for p in self.rule.parameters]
        if wrong := misnamed(self.parameters, wanted=names, known=names):
            raise TypeError(f"parameters of the rule: {wrong}")
        if self.engine.spread is None and (many := list(self.spread)):
            raise TypeError(
                f"{many[0]} must be one real number or symbol, given {self.parameters[many[0]]!r}; "
                "for a value for each weight use the backend 'numpy'"
            )
        numbers = numbers_at(self.parameters, 0)
        constants(self.program, self.engine, numbers)  # raises where the rule is not defined
        refuse_out_of_range(self.rule, numbers)
        refuse_spread_out_of_range(self.rule, self.parameters)

    @cached_property
    def coordinates(self) -> tuple[Symbol, ...]:
        """Return the positions that the rule updates."""
        return coordinates(self.rule)

    @property
    def spread(self) -> dict[str, Value]:
        """Return the parameters that have a value for each weight."""
        return {name: value for name, value in self.parameters.items() if is_spread(value)}

    @property
    def states(self) -> tuple[Symbol, ...]:
        """Return the states of the rule; the program has parameters with many values besides."""
        many = self.spread
        return tuple(s for s in self.program.states if state_name(s) not in many)

    @property
    def mixes(self) -> bool:
        """Return whether the rule takes gradients of several weights at once, which it may mix."""
        return any(len(e.targets) > 1 for e in self.program.evaluations)

    @property
    def unbounded(self) -> set[str]:
        """Return the names of the states that need not be finite: those that start at infinity."""
        return set(map(state_name, self.program.unbounded))

    @property
    def _singles(self) -> set[str]:
        """Return the names of the states that are one number."""
        alone = self.engine.capabilities.scalar_counters  # elsewhere the time is an array like any state
        times = {s for s in self.program.states if alone and is_time(s)}
        return set(map(state_name, times.union(self.program.counters)))

    def init(self, w0: Value) -> State:
        """Return the initial state: positions at `w0`, earlier values like present ones, all else zero."""
        names = set(map(state_name, self.program.states))
        is_state = isinstance(w0, Mapping) and (not w0 or bool(names & w0.keys()))
        given = w0 if is_state else self._positions_at(w0)
        begun = {s for s, _ in self.rule.start}
        self.refuse_misnamed(given, wanted=tuple(s for s in self.coordinates if s not in begun))
        state = {name: self.engine.start(name, value) for name, value in given.items()}
        started = {s for s, _ in self.rule.start if state_name(s) not in state}
        later = {before(s) for s in started} | {before(before(s)) for s in started} | started
        for symbol in (s for s in self.states if s not in later):
            if state_name(symbol) not in state:
                state[state_name(symbol)] = self._at_rest(symbol, state)
        if started:
            singles = self._singles
            like = next((v for name, v in state.items() if name not in singles), None)
            if like is not None:
                like = self.engine.at_rest(like)
            known = state | {n: spread(n, v, like, self.engine) for n, v in self.spread.items()}
            full = with_spread_as_states(self.rule, self.parameters)
            found = start_values(full, known, self.numbers(0), like, singles, self.engine)
            begun_at = {n: v if n in self.unbounded else self.engine.start(n, v) for n, v in found}
            state.update(begun_at)
        for symbol in self.states:
            if state_name(symbol) not in state:
                state[state_name(symbol)] = self._at_rest(symbol, state)
        self._refuse_pole(state)
        return self.alone(state)

    def _positions_at(self, w0: Value) -> State:
        positions = self.coordinates
        if not positions or self.mixes:
            begun = dict(self.rule.start)
            names = ", ".join(state_name(s) for s in positions or self.program.states if s not in begun)
            raise ValueError(f"it is not clear which states start at one value; give a dictionary of {names}")
        placed = [s for s in positions if s not in dict(self.rule.start)] or positions
        return {state_name(s): w0 for s in placed}

    def _at_rest(self, symbol: Symbol, state: State) -> Value:
        if symbol.name.endswith(BEFORE):
            present = Symbol(symbol.name[: -len(BEFORE)])
            return self.engine.start(state_name(symbol), state[state_name(present)])
        single = self._singles
        if state_name(symbol) in single:
            return self.engine.start(state_name(symbol), 0)
        known = [value for name, value in state.items() if name not in single]
        if len({self.engine.shape(value) for value in known}) > 1:
            raise ValueError(
                f"the shape of {state_name(symbol)} is not clear; give it in the dictionary of states"
            )
        return self.engine.start(state_name(symbol), self.engine.at_rest(known[0]))

    def _refuse_pole(self, state: State) -> None:
        """Raise ValueError where the rule is not defined at the time at which it starts, such as 3/t at 0."""
        times = {s: state[state_name(s)] for s in self.program.counters if is_time(s)}
        try:
            constants(self.program, self.engine, self.numbers(0), times)
        except ValueError as error:
            begun = ", ".join(f"{s} = {value}" for s, value in times.items())
            raise ValueError(
                f"{error}; the time starts at {begun}: give another start of the time, as in "
                'init({"x": ..., "t": 1.0})'
            ) from error

    def numbers(self, done: Value) -> dict[str, Value]:
        """Return the parameters that are one number, after so many steps."""
        numbers = numbers_at(self.parameters, done)
        if any(map(is_schedule, self.parameters.values())):
            refuse_out_of_range(self.rule, numbers)
        return numbers

    def constants(self, done: Value) -> Values:
        """Return what the program computes from its parameters alone, after so many steps."""
        return constants(self.program, self.engine, self.numbers(done))

    def alone(self, state: Mapping[str, Value]) -> State:
        """Return a state without the parameters that have many values."""
        return {state_name(s): state[state_name(s)] for s in self.states}

    def whole(self, state: Mapping[str, Value]) -> State:
        """Return a state with the parameters that have many values, in the form of its arrays."""
        if not (many := self.spread):
            return {state_name(s): state[state_name(s)] for s in self.program.states}
        own = [s for s in (*self.coordinates, *self.program.arrays) if state_name(s) in state]
        like = self.engine.start(state_name(own[0]), state[state_name(own[0])])
        whole = {**state, **{n: spread(n, value, like, self.engine) for n, value in many.items()}}
        return {state_name(s): whole[state_name(s)] for s in self.program.states}

    def refuse_misnamed(self, state: Mapping[str, Value], wanted: tuple[Symbol, ...]) -> None:
        """Raise TypeError or ValueError for what is no state of the rule with these values."""
        if not isinstance(state, Mapping):
            raise TypeError(
                f"a state is a dictionary by name, given {type(state).__name__}; make one with init(w0)"
            )
        known = list(map(state_name, self.program.states))
        if wrong := misnamed(state, wanted=list(map(state_name, wanted)), known=known):
            raise ValueError(f"states of the rule: {wrong}")

    def refuse_needless(self, grad: Value) -> None:
        """Raise TypeError for a gradient that is given to a rule without one."""
        if grad is not None and not self.program.evaluations:
            raise TypeError("the rule asks for no gradient, and a potential has no effect: leave it out")

    def advanced(self, state: Mapping[str, Value], grad: Value, loss: Value, done: int) -> State:
        """Return a whole state one step later, after so many steps."""
        self.refuse_needless(grad)
        forces = (grad,) if self.program.evaluations else ()
        values = [state[state_name(s)] for s in self.program.states]
        new = self.kernel(*values, *forces, *self._losses(loss), **self.numbers(done))
        return dict(zip(map(state_name, self.program.states), new, strict=True))

    def _losses(self, loss: Value) -> Values:
        if (loss is None) == (self.program.loss is None):
            return () if loss is None else (loss,)
        said = "reads the loss: give step(state, grad, loss)" if loss is None else "does not read the loss"
        raise TypeError(f"the rule {said}")

    @cached_property
    def points(self) -> Program:
        """Return the program of the evaluation point; ValueError where none is known before the step."""
        found = evaluation_points(self.program)
        if found is None:
            raise ValueError(
                "the rule takes no single gradient known before the step; use step or run with a callable"
            )
        return found

    @cached_property
    def _point_kernel(self) -> Kernel:
        return self.engine.compile_step(self.points)

    def evaluation_point(self, state: State, done: int) -> Value:
        """Return where the rule takes its gradient, after so many steps."""
        values = [state[state_name(s)] for s in self.program.states]
        found = self._point_kernel(values, None, self.numbers(done))
        return found[0] if len(found) == 1 else found
