"""An optimizer made from a rule: start, take one step, run, or update arrays in place."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from types import MappingProxyType
from typing import Any

import numpy as np
from sympy import Expr, Symbol

from physsym.codegen import Program, evaluation_points, program, state_name
from physsym.core.motion import is_time
from physsym.core.statements import Rule
from physsym.core.symbols import BEFORE, before
from physsym.parsing.statements import RuleText, as_rule
from physsym.runtime.backends import counted, load_backend, step_function, those_with, with_fma
from physsym.runtime.backends.base import (
    Backend,
    Kernel,
    Rollout,
    Value,
    Values,
    constants,
    misnamed,
    step_error,
    whole_number,
)
from physsym.runtime.bound import Bound
from physsym.runtime.parameters import (
    equal_values,
    is_schedule,
    is_spread,
    numbers_at,
    refuse_short,
    refuse_spread_out_of_range,
    spread,
    with_spread_as_states,
)
from physsym.runtime.potentials import (
    dense_gradient,
    is_pair,
    is_potential,
    loss_and_gradient,
    named_or_read,
    of_each_weight,
    potential_formula,
)
from physsym.runtime.progress import progress as progress_bar
from physsym.runtime.rollout import (
    Array,
    Callback,
    Plan,
    State,
    Trajectory,
    compile_rollout,
    gradient_of,
    roll_out,
    scan_out,
)
from physsym.runtime.run_errors import WatchedGradient, is_sound, not_finite
from physsym.runtime.start import refuse_out_of_range, start_values, with_typical
from physsym.runtime.states import StateLayout, coordinates


@dataclass(frozen=True, eq=False)
class Optimizer:
    """A compiled rule with its hyperparameters, made by `optimizer`.

    A state is a dictionary of the values of the rule's states by their names. Optimizers compare by rule,
    backend, parameters and `fma`; copying and pickling keep these, and compile the rule anew on loading. In
    `program`, parameters that have a value for each weight are states that stay as they are.
    """

    rule: Rule
    backend: str
    parameters: Mapping[str, Value]
    program: Program = field(repr=False)
    _engine: Backend = field(repr=False)
    _step: Callable[..., Values] = field(repr=False)
    fma: bool = False

    def __repr__(self) -> str:
        listed = "".join(f", {name}={value!r}" for name, value in self.parameters.items())
        return f"<Optimizer {self.rule}; backend={self.backend!r}{', fma=True' * self.fma}{listed}>"

    def __reduce__(self) -> tuple[Callable[..., Optimizer], tuple[Any, ...]]:
        return _rebuilt, (self.rule, self.backend, self.fma, dict(self.parameters))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Optimizer):
            return NotImplemented
        own, others = ((o.rule, o.backend, o.fma) for o in (self, other))
        return own == others and equal_values(self.parameters, other.parameters)

    def __hash__(self) -> int:
        return hash((self.rule, self.backend, self.fma, frozenset(self.parameters)))

    @property
    def source(self) -> str:
        """Return the source of the function that takes one step."""
        return self._engine.source(self.program)

    def with_parameters(self, **changes: Value) -> Optimizer:
        """Return the optimizer with some parameters changed.

        Parameters
        ----------
        **changes
            Parameters of the rule with new values.

        Returns
        -------
        Optimizer

        Raises
        ------
        TypeError
            For an unknown parameter.
        ValueError
            For a value that is not finite, or at which the rule is not defined.
        """
        parameters = {**self.parameters, **changes}
        if self._spread or any(map(is_spread, changes.values())):
            return _rebuilt(self.rule, self.backend, self.fma, parameters)
        _refuse_unfit(self.rule, self.program, self._engine, parameters)
        return replace(self, parameters=MappingProxyType(parameters))

    def init(self, w0: Value) -> State:
        """Return the initial state: positions at `w0`, earlier values like present ones, all else zero.

        A state with a start value in the rule has that, unless it is given by name. A time that is not given
        starts at zero too; a rule with friction 3/t is not defined there, so that its start is a dictionary
        with a positive `t`.

        Parameters
        ----------
        w0 : array, or tree of arrays
            The initial positions: an array, or a dictionary, list or tuple of arrays, nested as one likes. A
            position is a state whose gradient is taken, or a symbol that the standard vocabulary calls a
            position. Where that is not enough, and for rules of several coordinates: a dictionary of states
            by name. A dictionary that names no state is a tree.

        Returns
        -------
        dict
            The value of each state by its name; it shares no memory with `w0`.

        Raises
        ------
        ValueError
            For a state that is not known, not given or not finite, and where the rule is not defined at the
            time at which it starts.
        TypeError
            For one that holds no floats.
        """
        names = set(map(state_name, self.program.states))
        is_state = isinstance(w0, Mapping) and (not w0 or bool(names & w0.keys()))
        given = w0 if is_state else self._positions_at(w0)
        begun = {s for s, _ in self.rule.start}
        self._refuse_misnamed(given, wanted=tuple(s for s in self._coordinates if s not in begun))
        state = {name: self._engine.start(name, value) for name, value in given.items()}
        started = {s for s, _ in self.rule.start if state_name(s) not in state}
        later = {before(s) for s in started} | {before(before(s)) for s in started} | started
        for symbol in (s for s in self._states if s not in later):
            if state_name(symbol) not in state:
                state[state_name(symbol)] = self._at_rest(symbol, state)
        if started:
            singles = self._singles
            like = next((v for name, v in state.items() if name not in singles), None)
            if like is not None:
                like = self._engine.at_rest(like)
            known = state | {n: spread(n, v, like, self._engine) for n, v in self._spread.items()}
            full = with_spread_as_states(self.rule, self.parameters)
            found = start_values(full, known, self._numbers(0), like, singles, self._engine)
            begun_at = {n: v if n in self._unbounded else self._engine.start(n, v) for n, v in found}
            state.update(begun_at)
        for symbol in self._states:
            if state_name(symbol) not in state:
                state[state_name(symbol)] = self._at_rest(symbol, state)
        self._refuse_pole(state)
        return self._alone(state)

    def step(
        self, state: Mapping[str, Value], grad: Value = None, loss: Value = None, *, done: int | None = None
    ) -> State:
        """Return the state one step later; the state given is left as it is.

        Parameters
        ----------
        state : Mapping
            The value of each state by its name.
        grad : callable, or gradient
            A function of the evaluation point, or the gradient itself where the rule takes it at present
            states; nothing for a rule without gradient. It is rounded to the type of the states: steps from
            float32 stay in float32.
        loss : number, or callable
            The value of the loss where the rule reads it, or a callable of the states there; nothing for a
            rule that does not read it.
        done : int, optional
            How many steps were taken before; needed where a parameter is a schedule, a function of it.

        Returns
        -------
        dict
            The new state.

        Raises
        ------
        ValueError
            For a wrong state, or shapes that disagree.
        TypeError
            For an unfit gradient, and for a schedule where `done` is not given.
        """
        self._refuse_misnamed(state, wanted=self._states)
        return self._alone(self._advanced(self._whole(state), grad, loss, self._steps_done(done)))

    def _steps_done(self, given: int | None) -> int:
        if given is None and (varied := [n for n, v in self.parameters.items() if is_schedule(v)]):
            raise TypeError(
                f"{varied[0]} is a schedule: say how many steps are done, with done=0 for the first"
            )
        return whole_number("done", 0 if given is None else given, 0)

    def _advanced(self, state: Mapping[str, Value], grad: Value, loss: Value, done: int) -> State:
        forces = (grad,) if self.program.evaluations or grad is not None else ()
        values = [state[state_name(s)] for s in self.program.states]
        new = self._step(*values, *forces, *self._losses(loss), **self._numbers(done))
        return dict(zip(map(state_name, self.program.states), new, strict=True))

    def _losses(self, loss: Value) -> Values:
        if (loss is None) == (self.program.loss is None):
            return () if loss is None else (loss,)
        said = "reads the loss: give step(state, grad, loss)" if loss is None else "does not read the loss"
        raise TypeError(f"the rule {said}")

    def run(
        self,
        w0: Value,
        grad: Value,
        steps: int,
        *,
        every: int = 1,
        callback: Callback | None = None,
        progress: bool | None = None,
    ) -> Trajectory:
        """Return the trajectory of many steps.

        Parameters
        ----------
        w0 : array, or tree of arrays
            The initial positions, or states by name; see `init`.
        grad : callable, potential, or None
            A gradient as a function of its evaluation point; None for a rule without one; or a potential: a
            test function or its name, an expression of as many weights as `w0` has components (in the order
            of their names; symbols named like parameters of the rule are those), or a quadratic by its
            curvatures (n,) or its matrix (n, n). On a potential of few weights the whole run is compiled, by
            the backend "llvm" to machine code and by "numpy", "c" and "python" to a loop of plain Python: the
            same operations in the same order. The backend "jax" compiles the run on whatever it can trace,
            potential or function, which is then a function of the point alone. A rule that reads the loss
            needs a potential, or a pair of functions of the point, (loss, gradient).
        steps : int
            How many steps to take.
        every : int
            Recorded are the start, every `every`-th step and the last.
        callback : callable, optional
            Called as `callback(step, state)` after each record; when it returns something true, the run ends.
        progress : bool, optional
            Whether to draw a bar; by default on a terminal, once a run takes long.

        Returns
        -------
        Trajectory
            With the backend "jax" its states are arrays of JAX, and the run may be transformed by `jax.jit`,
            `jax.vmap` and `jax.grad`.

        Raises
        ------
        FloatingPointError
            As soon as a state is not finite, with the number of the step; with the backend "jax" as soon as a
            record is not.
        ValueError
            For a number of steps that is none, an unfit start or potential, a schedule that ends before the
            run, or records beyond the memory of the machine.
        TypeError
            For what is neither a gradient nor a potential.
        """
        steps, every = whole_number("steps", steps, 0), whole_number("every", every, 1)
        refuse_short(self.parameters, steps)
        with progress_bar(steps, progress) as report:
            numbers, states = self._follow(grad, self.init(w0), Plan(steps, every, callback, report))
        return Trajectory(numbers, self._alone(states), tuple(map(state_name, self._coordinates)))

    def rollout(self, state: Mapping[str, Value], grad: Value, steps: int, *, done: int = 0) -> State:
        """Return the state many steps later; the state given is left as it is.

        Parameters
        ----------
        state : Mapping
            The value of each state by its name, as `init` and `step` return it.
        grad : callable, potential, or None
            As for `run`.
        steps : int
            How many steps to take.
        done : int
            How many steps were taken before, from which schedules and error messages count.

        Returns
        -------
        dict
            The state at the end. With the backend "jax" this is one scan, which may be transformed by
            `jax.jit`, `jax.vmap` and `jax.grad`.

        Raises
        ------
        FloatingPointError, ValueError, TypeError
            As `run`.

        Examples
        --------
        >>> from physsym.core.statements import rule
        >>> from physsym.vocabulary import G, eta, x
        >>> halving = optimizer(rule({x: x - eta * G}), eta=0.5)
        >>> halving.rollout(halving.init([4.0, 2.0]), lambda x: x, steps=2)["x"].tolist()
        [1.0, 0.5]
        """
        steps, done = whole_number("steps", steps, 0), whole_number("done", done, 0)
        refuse_short(self.parameters, done + steps)
        self._refuse_misnamed(state, wanted=self._states)
        free = self._unbounded
        own = {n: v if n in free else self._engine.start(n, v) for n, v in self._alone(state).items()}
        plan = Plan(steps, max(steps, 1), None, lambda number: None, done, keeps=False)
        return self._alone(self._follow(grad, own, plan)[1])

    def _follow(self, given: Value, state: State, plan: Plan) -> tuple[Array, State]:
        """Return the numbers of the recorded steps and the states at them; or the state at the end."""
        given = named_or_read(given)
        self._refuse_no_force(given)
        state = self._whole(state)
        plan.refuse_oversized(state)
        error = partial(self._lost_on, given)
        if (scan := self._engine.capabilities.scan) is not None:
            names = list(map(state_name, self._coordinates)) if self._mixes else []
            own = {n: v for n, v in self.parameters.items() if not is_spread(v)}
            values = tuple(state.values())
            with np.errstate(all="ignore"):
                found = scan(self.program, given, names, own, self._constants, values)
            if found is not None:
                return scan_out(found, state, plan, error)
        if (compiled := self._compiled(given, state)) is not None:
            return roll_out(*compiled, state, plan, error)
        return self._one_by_one(*self._functions(given), state, plan)

    def _constants(self, done: Value) -> Values:
        return constants(self.program, self._engine, self._numbers(done))

    def _refuse_no_force(self, given: Value) -> None:
        """Raise TypeError for what is no gradient, potential or pair of functions that the rule can use."""
        if is_pair(given) and self.program.loss is not None:
            return
        if self.program.loss is not None and not is_potential(given):
            raise TypeError(
                "the rule reads the loss, which a gradient does not tell: give a pair of functions, "
                "(loss, gradient), or a potential such as 'valley' or a formula"
            )
        varied = {n for n, v in self.parameters.items() if is_schedule(v) or is_spread(v)}
        if isinstance(given, Expr) and (read := sorted({*map(str, given.free_symbols)} & varied)):
            raise TypeError(
                f"the potential reads {read[0]}, which is not one number in this optimizer; put a number "
                "into the potential instead"
            )
        if given is not None and not callable(given) and not is_potential(given):
            raise TypeError(
                "a run needs a callable gradient, or a potential such as 'valley', "
                f"given {type(given).__name__}"
            )

    def _functions(self, given: Value) -> tuple[Callable[..., Value] | None, Value]:
        """Return the loss, where the rule reads it, and the gradient as functions of a point."""
        if is_pair(given):
            return given
        if not is_potential(given):
            return None, given
        if self._mixes:
            names = list(map(state_name, self._coordinates))
            loss, gradient = of_each_weight(given, self.parameters, names)
        elif self.program.loss is not None:
            loss, gradient = loss_and_gradient(given, self.parameters)
        elif (dense := dense_gradient(given)) is not None:
            return None, dense
        elif (known := potential_formula(given, self.parameters)) is not None:
            return None, gradient_of(known, self.parameters)
        else:
            return None, given.gradient
        return (loss if self.program.loss is not None else None), gradient

    def _loss_at(self, loss: Callable[..., Value] | None, state: State, done: int) -> Value:
        if loss is None:
            return None
        point = self.program.loss_point
        if point is not None:
            return loss(*(state[state_name(s)] for s in point))
        at = self._evaluation_point(state, done)
        return loss(*at) if isinstance(at, tuple) else loss(at)

    def _compiled(self, given: Value, state: State) -> tuple[Rollout, StateLayout] | None:
        """Return the compiled run on a potential of few weights, if there is one."""
        if not is_potential(given) or self._mixes or self.program.loss is not None:
            return None
        if dense_gradient(given) is not None or (known := potential_formula(given, self.parameters)) is None:
            return None
        if self._engine.capabilities.rollout is None:
            raise TypeError(f"with the backend {self.backend!r} give a callable gradient, not a potential")
        if any(map(is_schedule, self.parameters.values())):
            return None
        return compile_rollout(self.program, known, self._engine, self.parameters, state)

    def _one_by_one(
        self, loss: Callable[..., Value] | None, grad: Value, state: State, plan: Plan
    ) -> tuple[Array, State]:
        records = [(plan.done, state)]
        gradient = WatchedGradient(grad) if callable(grad) else None
        ended = plan.is_ended(plan.done, partial(self._alone, state))
        for number in range(plan.done + 1, plan.done + plan.steps + 1):
            if ended:
                break
            state = self._finite_step(state, gradient, number, loss)
            plan.report(number - plan.done)
            if (number - plan.done) % plan.every == 0 or number == plan.done + plan.steps:
                if plan.keeps:
                    records.append((number, state))
                ended = plan.is_ended(number, partial(self._alone, state))
        if not plan.keeps:
            return np.array([plan.done + plan.steps]), state
        stacked = {name: self._engine.stack([s[name] for _, s in records]) for name in state}
        return np.array([n for n, _ in records]), stacked

    def evaluation_point(self, state: Mapping[str, Value], *, done: int | None = None) -> Value:
        """Return where the rule takes its gradient: at the position for most, ahead of it for Nesterov's.

        Parameters
        ----------
        state : Mapping
            The value of each state by its name.
        done : int, optional
            How many steps were taken before; needed where a parameter is a schedule.

        Returns
        -------
        array, or tuple of arrays
            The evaluation point; with several coordinates, one array for each.

        Raises
        ------
        ValueError
            Where the rule takes no gradient, or more than one, or one that depends on a new value.
        """
        _ = self._point_kernel  # raises where there is none
        self._refuse_misnamed(state, wanted=self._states)
        return self._evaluation_point(self._whole(state), self._steps_done(done))

    def _evaluation_point(self, state: State, done: int) -> Value:
        values = [state[state_name(s)] for s in self.program.states]
        found = self._point_kernel(values, None, self._numbers(done))
        return found[0] if len(found) == 1 else found

    def place(self, state: Mapping[str, Value]) -> Value:
        """Return `evaluation_point(state)`; the old name of this method."""
        warnings.warn(
            "Optimizer.place is now Optimizer.evaluation_point; the old name goes in version 0.3",
            DeprecationWarning,
            stacklevel=2,
        )
        return self.evaluation_point(state)

    def bind(self, state: Mapping[str, Value], gradient: Value = None, *, threads: int = 1) -> Bound:
        """Return a step that updates the arrays of `state` in place.

        Parameters
        ----------
        state : Mapping
            Arrays, or trees of arrays, by the names of the states. All arrays, gradients included, must be
            contiguous, of one shape and one type, float32 or float64, and share no memory; in trees, those
            that correspond.
        gradient : array, or tuple of arrays
            The array that each step reads its gradient from; a tuple for a rule of several coordinates,
            nothing for a rule without gradient.
        threads : int
            Arrays of more than a million elements are divided among so many threads.

        Returns
        -------
        Bound

        Raises
        ------
        TypeError, ValueError
            For unfit arrays, before anything is written; also where the backend updates none in place, and
            where the rule takes no gradient that is known before the step.
        """
        if self.program.loss is not None:
            raise TypeError("the rule reads the loss, which bound arrays do not know; use step, or run")
        in_place = self._engine.capabilities.in_place
        if in_place is None:
            raise TypeError(
                f"the backend {self.backend!r} updates no arrays in place; {those_with('in_place')} do"
            )
        threads = whole_number("threads", threads, 1)
        self._refuse_misnamed(state, wanted=self._states)
        whole = self._whole(state)
        values = tuple(whole[state_name(s)] for s in self.program.states)
        gradients = self._gradients(gradient, like=state[state_name(self.program.arrays[0])])
        kernel = in_place(self.program, values, gradients, threads)
        return Bound(self.parameters, self.rule, self.program, self._engine, kernel)

    def _gradients(self, given: Value, like: Value) -> Values:
        count = len(self._points.results) if self.program.evaluations else 0
        is_one = not isinstance(given, tuple) or (count == 1 and isinstance(like, (Mapping, list, tuple)))
        listed: Values = () if given is None else (given,) if is_one else given
        if len(listed) != count:
            raise TypeError(f"the rule reads {count} gradient arrays, given {len(listed)}")
        return listed

    def _positions_at(self, w0: Value) -> State:
        positions = self._coordinates
        if not positions or self._mixes:
            begun = dict(self.rule.start)
            names = ", ".join(state_name(s) for s in positions or self.program.states if s not in begun)
            raise ValueError(f"it is not clear which states start at one value; give a dictionary of {names}")
        placed = [s for s in positions if s not in dict(self.rule.start)] or positions
        return {state_name(s): w0 for s in placed}

    @cached_property
    def _coordinates(self) -> tuple[Symbol, ...]:
        return coordinates(self.rule)

    @property
    def _spread(self) -> dict[str, Value]:
        """Return the parameters that have a value for each weight."""
        return {name: value for name, value in self.parameters.items() if is_spread(value)}

    @property
    def _states(self) -> tuple[Symbol, ...]:
        """Return the states of the rule; the program has parameters with many values besides."""
        many = self._spread
        return tuple(s for s in self.program.states if state_name(s) not in many)

    def _alone(self, state: Mapping[str, Value]) -> State:
        return {state_name(s): state[state_name(s)] for s in self._states}

    def _whole(self, state: Mapping[str, Value]) -> State:
        """Return a state with the parameters that have many values, in the form of its arrays."""
        if not (many := self._spread):
            return {state_name(s): state[state_name(s)] for s in self.program.states}
        own = [s for s in (*self._coordinates, *self.program.arrays) if state_name(s) in state]
        like = self._engine.start(state_name(own[0]), state[state_name(own[0])])
        whole = {**state, **{n: spread(n, value, like, self._engine) for n, value in many.items()}}
        return {state_name(s): whole[state_name(s)] for s in self.program.states}

    def _numbers(self, done: Value) -> dict[str, Value]:
        """Return the parameters that are one number, after so many steps."""
        numbers = numbers_at(self.parameters, done)
        if any(map(is_schedule, self.parameters.values())):
            refuse_out_of_range(self.rule, numbers)
        return numbers

    @property
    def _mixes(self) -> bool:
        """Return whether the rule takes gradients of several weights at once, which it may mix."""
        return any(len(e.targets) > 1 for e in self.program.evaluations)

    @property
    def _singles(self) -> set[str]:
        """Return the names of the states that are one number."""
        alone = self._engine.capabilities.scalar_counters  # elsewhere the time is an array like any state
        times = {s for s in self.program.states if alone and is_time(s)}
        return set(map(state_name, times.union(self.program.counters)))

    def _at_rest(self, symbol: Symbol, state: State) -> Value:
        if symbol.name.endswith(BEFORE):
            present = Symbol(symbol.name[: -len(BEFORE)])
            return self._engine.start(state_name(symbol), state[state_name(present)])
        single = self._singles
        if state_name(symbol) in single:
            return self._engine.start(state_name(symbol), 0)
        known = [value for name, value in state.items() if name not in single]
        if len({self._engine.shape(value) for value in known}) > 1:
            raise ValueError(
                f"the shape of {state_name(symbol)} is not clear; give it in the dictionary of states"
            )
        return self._engine.start(state_name(symbol), self._engine.at_rest(known[0]))

    def _refuse_pole(self, state: State) -> None:
        """Raise ValueError where the rule is not defined at the time at which it starts, such as 3/t at 0."""
        times = {s: state[state_name(s)] for s in self.program.counters if is_time(s)}
        try:
            constants(self.program, self._engine, self._numbers(0), times)
        except ValueError as error:
            begun = ", ".join(f"{s} = {value}" for s, value in times.items())
            raise ValueError(
                f"{error}; the time starts at {begun}: give another start of the time, as in "
                'init({"x": ..., "t": 1.0})'
            ) from error

    def _finite_step(
        self, state: State, gradient: WatchedGradient | None, number: int, loss: Callable[..., Value] | None
    ) -> State:
        try:
            with np.errstate(all="ignore"):
                new = self._advanced(state, gradient, self._loss_at(loss, state, number - 1), number - 1)
        except Exception as error:
            if gradient is not None and gradient.error is error:
                error.add_note(f"raised by the gradient in step {number}")
                raise
            if not isinstance(error, ArithmeticError):
                raise
            raise step_error(number, error) from error
        if self._lost(new):
            raise not_finite(self._lost(new), state, number, gradient, self._engine)
        if gradient is not None:
            gradient.calls.clear()
        return new

    @property
    def _unbounded(self) -> set[str]:
        return set(map(state_name, self.program.unbounded))

    def _lost(self, state: State) -> str:
        """Return the names of the states that are not finite; one that starts at infinity need not be."""
        free = self._unbounded
        return ", ".join(n for n, v in state.items() if not is_sound(v, n in free, self._engine))

    def _lost_on(self, given: Value, before: State, after: State, number: int) -> FloatingPointError:
        """Return the error of a step of a compiled run: its gradients are evaluated anew."""
        loss, function = self._functions(given)
        gradient = WatchedGradient(function) if callable(function) else None
        try:
            with np.errstate(all="ignore"):
                self._advanced(before, gradient, self._loss_at(loss, before, number - 1), number - 1)
        except (ArithmeticError, TypeError, ValueError):
            pass  # what was evaluated before tells enough
        return not_finite(self._lost(after), before, number, gradient, self._engine)

    @cached_property
    def _point_kernel(self) -> Kernel:
        return self._engine.compile_step(self._points)

    @cached_property
    def _points(self) -> Program:
        found = evaluation_points(self.program)
        if found is None:
            raise ValueError(
                "the rule takes no single gradient known before the step; use step or run with a callable"
            )
        return found

    def _refuse_misnamed(self, state: Mapping[str, Value], wanted: tuple[Symbol, ...]) -> None:
        if not isinstance(state, Mapping):
            raise TypeError(
                f"a state is a dictionary by name, given {type(state).__name__}; make one with init(w0)"
            )
        known = list(map(state_name, self.program.states))
        if wrong := misnamed(state, wanted=list(map(state_name, wanted)), known=known):
            raise ValueError(f"states of the rule: {wrong}")


def optimizer(
    rule: RuleText, /, backend: str = "numpy", *, fma: bool = False, **parameters: Value
) -> Optimizer:
    """Compile `rule` into an `Optimizer` with these hyperparameters.

    Parameters
    ----------
    rule : Rule
        The update rule.
    backend : {"numpy", "python", "llvm", "c", "jax", "torch"}
        What computes the steps. "numpy", "llvm" and "c" agree bitwise, and with plain Python, where the rule
        needs no more than arithmetic and roots.
    fma : bool
        Whether "llvm" and "c" may compute a product and a sum with one rounding: no longer bitwise the same.
    **parameters
        The parameters of the rule by name: each a number; a schedule, which is a callable of the number of
        steps done, or made by `physsym.runtime.schedule` of a value for each step; or an array with a value
        for each weight, or a tree with one for each array of weights. One that is not given has its typical
        value, if the rule has one.

    Returns
    -------
    Optimizer

    Raises
    ------
    TypeError
        For missing, unknown or unfit parameters, and where `fma` is neither True nor False.
    ValueError
        For an unknown backend, for parameters at which the rule is not defined, and for one outside of its
        natural range.
    ImportError
        Where what the backend needs is not installed.

    Examples
    --------
    >>> from physsym.core.statements import rule
    >>> from physsym.core.symbols import after
    >>> from physsym.vocabulary import G, eta, rho, u, x
    >>> heavy_ball = optimizer(rule({u: rho * u - eta * G, x: x + after(u)}), eta=0.1, rho=0.5)
    >>> heavy_ball.run([4.0, 2.0], lambda x: x, steps=2).x.tolist()
    [[4.0, 2.0], [3.6, 1.8], [3.04, 1.52]]
    """
    rule = as_rule(rule)
    engine = with_fma(load_backend(backend), fma)
    parameters = with_typical(rule, parameters, exact=not engine.capabilities.dtypes)
    steps = counted(program(with_spread_as_states(rule, parameters)), engine)
    _refuse_unfit(rule, steps, engine, parameters)
    own = MappingProxyType(dict(parameters))
    return Optimizer(rule, backend, own, steps, engine, step_function(steps, engine), fma)


def _refuse_unfit(rule: Rule, steps: Program, engine: Backend, parameters: Mapping[str, Value]) -> None:
    """Raise TypeError or ValueError for parameters of another rule, or at which this one is not defined."""
    names = [state_name(p) for p in rule.parameters]
    if wrong := misnamed(parameters, wanted=names, known=names):
        raise TypeError(f"parameters of the rule: {wrong}")
    if engine.spread is None and (many := [n for n, v in parameters.items() if is_spread(v)]):
        raise TypeError(
            f"{many[0]} must be one real number or symbol, given {parameters[many[0]]!r}; "
            "for a value for each weight use the backend 'numpy'"
        )
    numbers = numbers_at(parameters, 0)
    constants(steps, engine, numbers)  # raises where the rule is not defined
    refuse_out_of_range(rule, numbers)
    refuse_spread_out_of_range(rule, parameters)


def _rebuilt(rule: Rule, backend: str, fma: bool, parameters: Mapping[str, Value]) -> Optimizer:
    return optimizer(rule, backend, fma=fma, **parameters)
