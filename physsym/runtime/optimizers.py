"""An optimizer made from a rule: start, take one step, run, or update arrays in place."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, NoReturn, TypeGuard

import numpy as np
from sympy import Symbol

from physsym.codegen import Formula, Program, evaluation_points, program, state_name
from physsym.core.motion import is_time
from physsym.core.statements import Rule
from physsym.core.symbols import BEFORE, before
from physsym.parsing.statements import RuleText, as_rule
from physsym.runtime.backends import counted, load_backend, pytree, step_function, those_with, with_fma
from physsym.runtime.backends.base import (
    UNDEFINED,
    Backend,
    InPlace,
    Kernel,
    Value,
    Values,
    constants,
    misnamed,
    step_error,
    whole_number,
)
from physsym.runtime.potentials import (
    dense_gradient,
    is_potential,
    loss_and_gradient,
    of_each_weight,
    potential_formula,
    problem,
)
from physsym.runtime.progress import progress as progress_bar
from physsym.runtime.rollout import (
    Callback,
    Plan,
    State,
    Trajectory,
    compile_rollout,
    gradient_of,
    roll_out,
)
from physsym.runtime.start import refuse_out_of_range, start_values, with_typical
from physsym.runtime.states import coordinates


@dataclass(eq=False)
class Bound:
    """Arrays that a rule updates in place, made by `Optimizer.bind`; parameters may change between steps.

    The gradient array is read at each step: before it, fill it with the gradient at
    `Optimizer.evaluation_point(state)`. The arrays are kept alive as long as this is.
    """

    parameters: Mapping[str, Value]
    _rule: Rule = field(repr=False)
    _program: Program = field(repr=False)
    _backend: Backend = field(repr=False)
    _kernel: InPlace = field(repr=False)
    _advance: Callable[[], None] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._advance = self._kernel.step
        self._kernel.set(self.parameters)

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "bound arrays are memory of this process, which is neither copied nor pickled; "
            "copy or pickle the optimizer and the arrays, and bind them again"
        )

    def step(self, **changes: Value) -> None:
        """Take one step, in which no array is allocated.

        Parameters
        ----------
        **changes
            Parameters of the rule with new values, used from now on.

        Raises
        ------
        TypeError, ValueError
            As `set`.
        """
        if changes:
            self.set(**changes)
        self._advance()

    def set(self, **changes: Value) -> None:
        """Change parameters from now on.

        Parameters
        ----------
        **changes
            Parameters of the rule with new values.

        Raises
        ------
        TypeError
            For an unknown parameter.
        ValueError
            For a value that is not finite, or at which the rule is not defined. Nothing is changed then.
        """
        parameters = {**self.parameters, **changes}
        constants(self._program, self._backend, parameters)  # raises where the rule is not defined
        refuse_out_of_range(self._rule, parameters)
        self._kernel.set(parameters)
        self.parameters = MappingProxyType(parameters)


@dataclass(frozen=True)
class Optimizer:
    """A compiled rule with its hyperparameters, made by `optimizer`.

    A state is a dictionary of the values of the rule's states by their names. Optimizers compare by rule,
    backend, parameters and `fma`; copying and pickling keep these, and compile the rule anew on loading.
    """

    rule: Rule
    backend: str
    parameters: Mapping[str, Value]
    program: Program = field(repr=False, compare=False)
    _engine: Backend = field(repr=False, compare=False)
    _step: Callable[..., Values] = field(repr=False, compare=False)
    fma: bool = False

    def __repr__(self) -> str:
        listed = "".join(f", {name}={value!r}" for name, value in self.parameters.items())
        return f"<Optimizer {self.rule}; backend={self.backend!r}{', fma=True' * self.fma}{listed}>"

    def __reduce__(self) -> tuple[Callable[..., Optimizer], tuple[Any, ...]]:
        return _rebuilt, (self.rule, self.backend, self.fma, dict(self.parameters))

    def __hash__(self) -> int:
        return hash((self.rule, self.backend, self.fma, frozenset(self.parameters.items())))

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
        constants(self.program, self._engine, parameters)  # raises where the rule is not defined
        refuse_out_of_range(self.rule, parameters)
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
        self._refuse_misnamed(given, wanted=tuple(s for s in coordinates(self.rule) if s not in begun))
        state = {name: self._engine.start(name, value) for name, value in given.items()}
        started = {s for s, _ in self.rule.start if state_name(s) not in state}
        later = {before(s) for s in started} | {before(before(s)) for s in started} | started
        for symbol in (s for s in self.program.states if s not in later):
            if state_name(symbol) not in state:
                state[state_name(symbol)] = self._at_rest(symbol, state)
        if started:
            singles = self._singles
            like = next((v for name, v in state.items() if name not in singles), None)
            if like is not None:
                like = self._engine.at_rest(like)
            found = start_values(self.rule, state, self.parameters, like, singles, self._engine)
            begun_at = {n: v if n in self._unbounded else self._engine.start(n, v) for n, v in found}
            state.update(begun_at)
        for symbol in self.program.states:
            if state_name(symbol) not in state:
                state[state_name(symbol)] = self._at_rest(symbol, state)
        self._refuse_pole(state)
        return {state_name(s): state[state_name(s)] for s in self.program.states}

    def step(self, state: Mapping[str, Value], grad: Value = None, loss: Value = None) -> State:
        """Return the state one step later; the state given is left as it is.

        Parameters
        ----------
        state : Mapping
            The value of each state by its name.
        grad : callable, or gradient
            A function of the evaluation point, or the gradient itself where the rule takes it at present
            states; nothing for a rule without gradient.
        loss : number, or callable
            The value of the loss where the rule reads it, or a callable of the states there; nothing for a
            rule that does not read it.

        Returns
        -------
        dict
            The new state.

        Raises
        ------
        ValueError
            For a wrong state, or shapes that disagree.
        TypeError
            For an unfit gradient.
        """
        self._refuse_misnamed(state, wanted=self.program.states)
        forces = (grad,) if self.program.evaluations or grad is not None else ()
        values = [state[state_name(s)] for s in self.program.states]
        losses = self._losses(loss)
        new = self._step(*values, *forces, *losses, **self.parameters)
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
            same operations in the same order. A rule that reads the loss needs a potential, or a pair of
            functions of the point, (loss, gradient).
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

        Raises
        ------
        FloatingPointError
            As soon as a state is not finite, with the number of the step.
        ValueError
            For a number of steps that is none, an unfit start or potential, or records beyond the memory of
            the machine.
        TypeError
            For what is neither a gradient nor a potential.
        """
        steps, every = whole_number("steps", steps, 0), whole_number("every", every, 1)
        loss = None
        if self._mixes and is_potential(grad) and not _is_pair(grad):
            pair = of_each_weight(grad, self.parameters, list(map(state_name, coordinates(self.rule))))
            grad = pair if self.program.loss is not None else pair[1]
        if self.program.loss is not None:
            loss, grad = self._loss_and_gradient(grad)
        if grad is not None and not callable(grad) and not is_potential(grad):
            raise TypeError(
                "a run needs a callable gradient, or a potential such as 'valley', "
                f"given {type(grad).__name__}"
            )
        with progress_bar(steps, progress) as report:
            plan = Plan(steps, every, callback, report)
            if is_potential(grad):
                return self._run_on(grad, w0, plan)
            return self._run(grad, self.init(w0), plan, loss)

    def _loss_and_gradient(self, given: Value) -> tuple[Callable[..., Value], Value]:
        """Return the loss and the gradient as functions of a point, for a rule that reads both."""
        if _is_pair(given):
            return given
        if not is_potential(given):
            raise TypeError(
                "the rule reads the loss, which a gradient does not tell: give a pair of functions, "
                "(loss, gradient), or a potential such as 'valley' or a formula"
            )
        return loss_and_gradient(given, self.parameters)

    def _loss_at(self, loss: Callable[..., Value] | None, state: State) -> Value:
        if loss is None:
            return None
        point = self.program.loss_point
        if point is not None:
            return loss(*(state[state_name(s)] for s in point))
        at = self.evaluation_point(state)
        return loss(*at) if isinstance(at, tuple) else loss(at)

    def _run_on(self, given: Value, w0: Value, plan: Plan) -> Trajectory:
        if (dense := dense_gradient(given)) is not None:
            return self._run(dense, self.init(w0), plan)
        known = potential_formula(given, self.parameters)
        if known is None:
            task = problem(given) if isinstance(given, str) else given
            return self._run(task.gradient, self.init(w0), plan)
        if self._engine.capabilities.rollout is None:
            raise TypeError(f"with the backend {self.backend!r} give a callable gradient, not a potential")
        state = self.init(w0)
        plan.refuse_oversized(state)
        found = compile_rollout(self.program, known, self._engine, self.parameters, state)
        if found is None:
            return self._run(gradient_of(known, self.parameters), state, plan)

        def error(before: State, after: State, number: int) -> FloatingPointError:
            return self._not_finite(before, after, number, self._evaluations(known, before))

        steps, states = roll_out(*found, state, plan, error)
        return Trajectory(steps, states, tuple(map(state_name, coordinates(self.rule))))

    def _run(
        self, grad: Value, state: State, plan: Plan, loss: Callable[..., Value] | None = None
    ) -> Trajectory:
        plan.refuse_oversized(state)
        records = list[tuple[int, State]]()
        gradient = _WatchedGradient(grad) if callable(grad) else None
        for number in range(plan.steps + 1):
            state = self._finite_step(state, gradient, number, loss) if number else state
            plan.report(number)
            if number % plan.every == 0 or number == plan.steps:
                records.append((number, state))
                if plan.callback is not None and plan.callback(number, dict(state)):
                    break
        recorded = {name: _stacked([s[name] for _, s in records]) for name in state}
        positions = tuple(map(state_name, coordinates(self.rule)))
        return Trajectory(np.array([n for n, _ in records]), recorded, positions)

    def evaluation_point(self, state: Mapping[str, Value]) -> Value:
        """Return where the rule takes its gradient: at the position for most, ahead of it for Nesterov's.

        Parameters
        ----------
        state : Mapping
            The value of each state by its name.

        Returns
        -------
        array, or tuple of arrays
            The evaluation point; with several coordinates, one array for each.

        Raises
        ------
        ValueError
            Where the rule takes no gradient, or more than one, or one that depends on a new value.
        """
        kernel = self._point_kernel
        self._refuse_misnamed(state, wanted=self.program.states)
        found = kernel([state[state_name(s)] for s in self.program.states], None, self.parameters)
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
        self._refuse_misnamed(state, wanted=self.program.states)
        values = tuple(state[state_name(s)] for s in self.program.states)
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
        positions = coordinates(self.rule)
        if not positions or self._mixes:
            begun = dict(self.rule.start)
            names = ", ".join(state_name(s) for s in positions or self.program.states if s not in begun)
            raise ValueError(f"it is not clear which states start at one value; give a dictionary of {names}")
        placed = [s for s in positions if s not in dict(self.rule.start)] or positions
        return {state_name(s): w0 for s in placed}

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
            constants(self.program, self._engine, self.parameters, times)
        except ValueError as error:
            begun = ", ".join(f"{s} = {value}" for s, value in times.items())
            raise ValueError(
                f"{error}; the time starts at {begun}: give another start of the time, as in "
                'init({"x": ..., "t": 1.0})'
            ) from error

    def _finite_step(
        self,
        state: State,
        gradient: _WatchedGradient | None,
        number: int,
        loss: Callable[..., Value] | None = None,
    ) -> State:
        try:
            with np.errstate(all="ignore"):
                new = self.step(state, gradient, self._loss_at(loss, state))
        except Exception as error:
            if gradient is not None and gradient.error is error:
                error.add_note(f"raised by the gradient in step {number}")
                raise
            if not isinstance(error, ArithmeticError):
                raise
            raise step_error(number, error) from error
        if not all(self._is_sound(name, value) for name, value in new.items()):
            raise self._not_finite(state, new, number, gradient)
        if gradient is not None:
            gradient.calls.clear()
        return new

    @property
    def _unbounded(self) -> set[str]:
        return set(map(state_name, self.program.unbounded))

    def _is_sound(self, name: str, value: Value) -> bool:
        """Return whether a state is finite, or one that starts at infinity and is a number."""
        if self._engine.finite(value):
            return True
        leaves = pytree.flatten(value)[0] if name in self._unbounded else ()
        return bool(leaves) and not any(np.isnan(np.asarray(leaf, float)).any() for leaf in leaves)

    def _not_finite(
        self, before: State, new: State, number: int, gradient: _WatchedGradient | None
    ) -> FloatingPointError:
        if gradient is not None and gradient.is_at_fault(self._engine):
            return FloatingPointError(
                f"the gradient is not finite in step {number}, though it is taken at a finite point; "
                "check the gradient there"
            )
        names = ", ".join(name for name, value in new.items() if not self._is_sound(name, value))
        slopes = (found for _, found in gradient.calls) if gradient is not None else ()
        if all(map(_is_moderate, (*before.values(), *slopes))):  # no overflow, so smaller steps do not help
            return FloatingPointError(
                f"{names} is not finite after step {number}, though the gradient and the last state are: "
                f"{UNDEFINED}"
            )
        return FloatingPointError(f"{names} is not finite after step {number}; take smaller steps")

    def _evaluations(self, potential: Formula, state: State) -> _WatchedGradient:
        """Return the gradient of a potential, with the evaluations of one step from a state."""
        gradient = _WatchedGradient(gradient_of(potential, self.parameters))
        try:
            with np.errstate(all="ignore"):
                self.step(state, gradient)
        except (ArithmeticError, TypeError, ValueError):
            pass  # what was evaluated before tells enough
        return gradient

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
        The parameters of the rule by name. One that is not given has its typical value, if the rule has one.

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
    steps = counted(program(rule), engine)
    parameters = with_typical(rule, parameters, exact=not engine.capabilities.dtypes)
    constants(steps, engine, parameters)  # raises where the rule is not defined
    refuse_out_of_range(rule, parameters)
    own = MappingProxyType(dict(parameters))
    return Optimizer(rule, backend, own, steps, engine, step_function(steps, engine), fma)


def _rebuilt(rule: Rule, backend: str, fma: bool, parameters: Mapping[str, Value]) -> Optimizer:
    return optimizer(rule, backend, fma=fma, **parameters)


@dataclass
class _WatchedGradient:
    """A callable gradient that remembers its evaluations in a step, and what it raised."""

    function: Callable[..., Value]
    calls: list[tuple[Values, Value]] = field(default_factory=list)
    error: Exception | None = None

    def __call__(self, *points: Value) -> Value:
        try:
            found = self.function(*points)
        except Exception as error:
            self.error = error
            raise
        self.calls.append((points, found))
        return found

    def is_at_fault(self, backend: Backend) -> bool:
        """Return whether it was not finite at a point far from overflow, not because the run diverged."""
        return self.error is not None or any(
            not all(map(backend.finite, found if len(points) > 1 else (found,)))
            for points, found in self.calls
            if all(map(_is_moderate, points))
        )


def _is_pair(given: Value) -> TypeGuard[tuple[Callable[..., Value], Callable[..., Value]]]:
    """Return whether two functions are given, a loss and a gradient."""
    return isinstance(given, tuple) and len(given) == 2 and all(map(callable, given))


def _is_moderate(point: Value) -> bool:
    """Return whether no number is so large that a power of it may overflow."""
    for leaf in pytree.flatten(point)[0]:
        try:
            array = np.asarray(leaf)
        except (TypeError, RuntimeError):  # a type of another library that NumPy lacks
            return True
        largest: Any = np.finfo(array.dtype if array.dtype.kind == "f" else float).max
        if not np.all(np.abs(array) < largest**0.1):
            return False
    return True


def _stacked(values: list[Value]) -> Value:
    flat, structure = [pytree.flatten(v)[0] for v in values], pytree.flatten(values[0])[1]
    return pytree.unflatten(structure, [np.array(leaves) for leaves in zip(*flat, strict=True)])
