"""An optimizer made from a rule: start, take one step, run, or update arrays in place."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from physsym.codegen import Program, program, state_name
from physsym.core.statements import Rule
from physsym.parsing.statements import RuleText, as_rule
from physsym.runtime.backends import counted, load_backend, step_function, those_with, with_fma
from physsym.runtime.backends.base import Value, Values, whole_number
from physsym.runtime.bound import Bound
from physsym.runtime.compiled_rule import CompiledRule
from physsym.runtime.parameters import equal_values, is_schedule, is_spread, with_spread_as_states
from physsym.runtime.start import with_typical
from physsym.runtime.states import State

if TYPE_CHECKING:
    from physsym.runtime.rollout import Callback, Trajectory


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
    _compiled: CompiledRule = field(repr=False)
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
        return self._compiled.engine.source(self.program)

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
        if self._compiled.spread or any(map(is_spread, changes.values())):
            return _rebuilt(self.rule, self.backend, self.fma, parameters)
        own = MappingProxyType(parameters)
        return replace(self, parameters=own, _compiled=replace(self._compiled, parameters=own))

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
        return self._compiled.init(w0)

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
        made = self._compiled
        made.refuse_misnamed(state, wanted=made.states)
        return made.alone(made.advanced(made.whole(state), grad, loss, self._steps_done(done)))

    def _steps_done(self, given: int | None) -> int:
        if given is None and (varied := [n for n, v in self.parameters.items() if is_schedule(v)]):
            raise TypeError(
                f"{varied[0]} is a schedule: say how many steps are done, with done=0 for the first"
            )
        return whole_number("done", 0 if given is None else given, 0)

    def run(
        self,
        w0: Value,
        grad: Value = None,
        steps: int = 100,
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
            A gradient as a function of its evaluation point; nothing for a rule without one; or a potential:
            a test function or its name, an expression of as many weights as `w0` has components (in the order
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
            run, records beyond the memory of the machine, or a state called `steps`, `states` or
            `coordinates`, which are attributes of the trajectory.
        TypeError
            For what is neither a gradient nor a potential, and for a gradient that the rule does not ask for.
        """
        from physsym.runtime.runs import run  # a single step needs none of it

        return run(self._compiled, w0, grad, steps, every, callback, progress)

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
        from physsym.runtime.runs import rollout

        return rollout(self._compiled, state, grad, steps, done)

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
        made = self._compiled
        _ = made.points  # raises where there is none
        made.refuse_misnamed(state, wanted=made.states)
        return made.evaluation_point(made.whole(state), self._steps_done(done))

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
        made = self._compiled
        in_place = made.engine.capabilities.in_place
        if in_place is None:
            raise TypeError(
                f"the backend {self.backend!r} updates no arrays in place; {those_with('in_place')} do"
            )
        threads = whole_number("threads", threads, 1)
        made.refuse_misnamed(state, wanted=made.states)
        whole = made.whole(state)
        values = tuple(whole[state_name(s)] for s in self.program.states)
        gradients = self._gradients(gradient, like=state[state_name(self.program.arrays[0])])
        kernel = in_place(self.program, values, gradients, threads)
        return Bound(self.parameters, self.rule, self.program, made.engine, kernel)

    def _gradients(self, given: Value, like: Value) -> Values:
        count = len(self._compiled.points.results) if self.program.evaluations else 0
        is_one = not isinstance(given, tuple) or (count == 1 and isinstance(like, (Mapping, list, tuple)))
        listed: Values = () if given is None else (given,) if is_one else given
        if len(listed) != count:
            raise TypeError(f"the rule reads {count} gradient arrays, given {len(listed)}")
        return listed


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
    own = MappingProxyType(dict(parameters))
    made = CompiledRule(rule, own, steps, engine, step_function(steps, engine))
    return Optimizer(rule, backend, own, steps, made, fma)


def _rebuilt(rule: Rule, backend: str, fma: bool, parameters: Mapping[str, Value]) -> Optimizer:
    return optimizer(rule, backend, fma=fma, **parameters)
