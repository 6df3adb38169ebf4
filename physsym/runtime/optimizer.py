"""An optimizer made from a rule: start, take one step, run, or update arrays in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from sympy import Symbol

from physsym.codegen import Program, evaluation_points, program, state_name
from physsym.codegen.passes.scalarisation import formula, is_potential
from physsym.core.statements import Rule, RuleLike, as_rule
from physsym.core.symbols import BEFORE
from physsym.runtime.backends import contracting, counted, lambdify, load_backend, optree
from physsym.runtime.backends.base import Backend, Kernel, Value, Values, constants, misnamed
from physsym.runtime.bound import Bound
from physsym.runtime.coordinates import coordinates
from physsym.runtime.problems import problem
from physsym.runtime.progress import progress as bar
from physsym.runtime.rollout import gradient_of, march_of, marched
from physsym.runtime.trajectory import Trajectory

State: TypeAlias = dict[str, Value]
Callback: TypeAlias = Callable[[int, State], object]
Watch: TypeAlias = tuple[Callback | None, Callable[[int], None]]


@dataclass(frozen=True)
class Optimizer:
    """A compiled rule with its parameters, made by `optimizer`. A state is a dictionary by symbol names."""

    rule: Rule
    backend: str
    parameters: Mapping[str, Value]
    program: Program = field(repr=False, compare=False)
    _engine: Backend = field(repr=False, compare=False)
    _step: Callable[..., Values] = field(repr=False, compare=False)
    fma: bool = False

    @property
    def source(self) -> str:
        """Return the source of the function that takes one step."""
        return self._engine.source(self.program)

    def with_parameters(self, **changes: Value) -> Optimizer:
        """Return the optimizer with some parameters changed; errors as from `optimizer`."""
        parameters = {**self.parameters, **changes}
        constants(self.program, self._engine, parameters)  # raises where the rule is not defined
        return replace(self, parameters=MappingProxyType(parameters))

    def init(self, w0: Value) -> State:
        """Return the state at the start: positions at `w0`, earlier values like present ones, else zero.

        `w0` is an array, or a tree of arrays: a dictionary, list or tuple of them, nested as one likes. A
        position is a state whose gradient is taken, or a symbol called a position by the standard
        vocabulary. Where that is not enough, and for rules of several coordinates, give a dictionary of
        states by name; a dictionary that names no state is a tree.

        Raises ValueError for a state that is not known, not given or not finite, TypeError for one that is no
        float.
        """
        given = w0 if self._names_states(w0) else self._positions_at(w0)
        self._refuse_misnamed(given, wanted=coordinates(self.rule))
        state = {name: self._engine.start(name, value) for name, value in given.items()}
        for symbol in self.program.states:
            if state_name(symbol) not in state:
                state[state_name(symbol)] = self._at_rest(symbol, state)
        return {state_name(s): state[state_name(s)] for s in self.program.states}

    def step(self, state: Mapping[str, Value], grad: Value = None) -> State:
        """Return the state one step later; the state given is left as it is.

        `grad` is a callable of the place, or the gradient itself where the rule takes it at present states.
        Raises ValueError for a wrong state or shapes that disagree, TypeError for an unfit gradient.
        """
        self._refuse_misnamed(state, wanted=self.program.states)
        forces = (grad,) if self.program.evaluations or grad is not None else ()
        values = [state[state_name(s)] for s in self.program.states]
        new = self._step(*values, *forces, **self.parameters)
        return dict(zip(map(state_name, self.program.states), new, strict=True))

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
        """Return the trajectory of a number of steps from `w0`, which `init` understands.

        `grad` is a callable gradient, None for a rule without one, or a potential: a test function or its
        name, an expression of as many weights as `w0` has components (in the order of their names; symbols
        named like parameters of the rule are those), or a quadratic by its curvatures (n,) or its matrix
        (n, n). On a potential of few weights the whole run is compiled, by the backend "llvm" to machine code
        and by "numpy", "c" and "python" to a loop of plain Python: the same operations in the same order.

        Recorded are the start, every `every`-th step and the last. After each, `callback(step, state)` is
        called; when it returns something true, the run ends there. A long run draws a bar on a terminal,
        or as `progress` says. Raises FloatingPointError, naming the step, as soon as a state is not finite.
        """
        _refuse_uncounted(steps=(steps, 0), every=(every, 1))
        if grad is not None and not callable(grad) and not is_potential(grad):
            raise TypeError(
                "a run needs a callable gradient, or a potential such as 'valley', "
                f"given {type(grad).__name__}"
            )
        with bar(steps, progress) as report:
            if is_potential(grad):
                return self._run_on(grad, w0, (steps, every), (callback, report))
            return self._run(w0, grad, (steps, every), (callback, report))

    def _run_on(self, given: Value, w0: Value, plan: tuple[int, int], watch: Watch) -> Trajectory:
        known = formula(given, self.parameters)
        if known is None:
            task = problem(given) if isinstance(given, str) else given
            return self._run(w0, task.gradient, plan, watch)
        if self.backend not in ("numpy", "python", "llvm", "c"):
            raise TypeError(f"with the backend {self.backend!r} give a callable gradient, not a potential")
        state = self.init(w0)
        found = march_of(self, known, state)
        if found is None:
            return self._run(w0, gradient_of(known, self.parameters), plan, watch)
        return marched(self, *found, state, plan, watch)

    def _run(self, w0: Value, grad: Value, plan: tuple[int, int], watch: Watch) -> Trajectory:
        (steps, every), (callback, report) = plan, watch
        state, records = self.init(w0), list[tuple[int, State]]()
        for number in range(steps + 1):
            state = self._finite_step(state, grad, number) if number else state
            report(number)
            if number % every == 0 or number == steps:
                records.append((number, state))
                if callback is not None and callback(number, dict(state)):
                    break
        recorded = {name: _stacked([s[name] for _, s in records]) for name in state}
        return Trajectory(
            np.array([n for n, _ in records]), recorded, tuple(map(state_name, coordinates(self.rule)))
        )

    def place(self, state: Mapping[str, Value]) -> Value:
        """Return where the rule takes its gradient: at the position for most, ahead of it for Nesterov's.

        With several coordinates, a tuple with one place for each. Raises ValueError where the rule takes no
        gradient, or more than one, or one that depends on a new value.
        """
        at = self._place
        self._refuse_misnamed(state, wanted=self.program.states)
        found = at([state[state_name(s)] for s in self.program.states], None, self.parameters)
        return found[0] if len(found) == 1 else found

    def bind(self, state: Mapping[str, Value], gradient: Value = None, *, threads: int = 1) -> Bound:
        """Return a step that updates the arrays of `state` in place, reading the array `gradient` each time.

        All arrays must be contiguous, of one shape and one type, float32 or float64, and share no memory; in
        trees, those at one place. A rule of several coordinates wants a tuple of gradients, a rule without
        gradient none. Arrays of more than a million elements are shared out among `threads`.

        Raises TypeError and ValueError before anything is written, also where the rule takes no gradient that
        is known before the step.
        """
        if self._engine.bound is None:
            raise TypeError(
                f"the backend {self.backend!r} updates no arrays in place; use the backend 'numpy'"
            )
        _refuse_uncounted(threads=(threads, 1))
        self._refuse_misnamed(state, wanted=self.program.states)
        values = tuple(state[state_name(s)] for s in self.program.states)
        gradients = self._gradients(gradient, like=state[state_name(self.program.arrays[0])])
        return Bound(self, self._engine.bound(self.program, values, gradients, threads))

    def _gradients(self, given: Value, like: Value) -> Values:
        count = len(self._places().results) if self.program.evaluations else 0
        is_one = not isinstance(given, tuple) or (count == 1 and isinstance(like, (Mapping, list, tuple)))
        listed: Values = () if given is None else (given,) if is_one else given
        if len(listed) != count:
            raise TypeError(f"the rule reads {count} gradient arrays, given {len(listed)}")
        return listed

    def _names_states(self, w0: Value) -> bool:
        names = set(map(state_name, self.program.states))
        return isinstance(w0, Mapping) and (not w0 or bool(names & w0.keys()))

    def _positions_at(self, w0: Value) -> State:
        positions = coordinates(self.rule)
        if not positions or any(len(e.targets) > 1 for e in self.program.evaluations):
            names = ", ".join(map(state_name, self.program.states))
            raise ValueError(f"it is not clear which states start at one value; give a dictionary of {names}")
        return {state_name(s): w0 for s in positions}

    def _at_rest(self, symbol: Symbol, state: State) -> Value:
        if symbol.name.endswith(BEFORE):
            present = Symbol(symbol.name[: -len(BEFORE)])
            return self._engine.start(state_name(symbol), state[state_name(present)])
        if symbol in self.program.counters:
            return self._engine.start(state_name(symbol), 0)
        counted = set(map(state_name, self.program.counters))
        known = [value for name, value in state.items() if name not in counted]
        if len({self._engine.shape(value) for value in known}) > 1:
            raise ValueError(
                f"the shape of {state_name(symbol)} is not clear; give it in the dictionary of states"
            )
        return self._engine.start(state_name(symbol), self._engine.at_rest(known[0]))

    def _finite_step(self, state: State, grad: Value, number: int) -> State:
        try:
            with np.errstate(all="ignore"):
                new = self.step(state, grad)
        except ArithmeticError as error:
            raise FloatingPointError(f"step {number} cannot be computed: {error}") from error
        lost = [name for name, value in new.items() if not self._engine.finite(value)]
        if lost:
            raise FloatingPointError(
                f"{', '.join(lost)} is not finite after step {number}; take smaller steps"
            )
        return new

    @cached_property
    def _place(self) -> Kernel:
        return self._engine.compiled(self._places())

    def _places(self) -> Program:
        found = evaluation_points.places(self.program)
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
    rule: RuleLike, /, backend: str = "numpy", *, fma: bool = False, **parameters: Value
) -> Optimizer:
    """Return the optimizer that a rule is, with its parameters given by name.

    The backends "numpy", "llvm" and "c" compute the same bits, and those of plain Python. With `fma`, "llvm"
    and "c" may compute a product and a sum with one rounding, which is no longer the same to the last bit.

    Raises TypeError for missing, unknown or unfit parameters, ValueError for an unknown backend and for
    parameters at which the rule is not defined, ImportError where the backend is not installed.

    >>> from physsym.core.statements import rule
    >>> from physsym.core.symbols import after
    >>> from physsym.vocabulary import G, eta, rho, u, x
    >>> heavy_ball = optimizer(rule({u: rho * u - eta * G, x: x + after(u)}), eta=0.1, rho=0.5)
    >>> heavy_ball.run([4.0, 2.0], lambda x: x, steps=2).x.tolist()
    [[4.0, 2.0], [3.6, 1.8], [3.04, 1.52]]
    """
    rule = as_rule(rule)
    engine, options = load_backend(backend), {"fma": True} if fma else {}
    engine = contracting(engine) if fma else engine
    steps = counted(program(rule), engine)
    constants(steps, engine, parameters)  # raises where the rule is not defined
    step = lambdify(rule, backend, **options)
    return Optimizer(rule, backend, MappingProxyType(dict(parameters)), steps, engine, step, fma)


def _stacked(values: list[Value]) -> Value:
    flat, structure = [optree.flatten(v)[0] for v in values], optree.flatten(values[0])[1]
    return optree.unflatten(structure, [np.array(leaves) for leaves in zip(*flat, strict=True)])


def _refuse_uncounted(**counted: tuple[object, int]) -> None:
    for name, (value, least) in counted.items():
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
            raise ValueError(f"{name} must be a whole number of at least {least}, given {value!r}")
