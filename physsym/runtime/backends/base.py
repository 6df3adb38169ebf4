"""What a backend is, and the checks of arguments that all backends share."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from sympy import Symbol

from physsym.codegen import Program, state_name
from physsym.codegen.emit import identifiers
from physsym.codegen.expression_tree import Operand, Operation
from physsym.codegen.passes.partition import takes_gradient_at_states
from physsym.codegen.straight_line import Guarded
from physsym.core.counts import counted
from physsym.core.motion import is_time

Value: TypeAlias = Any  # a number, an array or a symbol: whatever the backend computes with
Values: TypeAlias = tuple[Value, ...]
Kernel: TypeAlias = Callable[[Sequence[Value], Value, Mapping[str, Value]], Values]

# Many steps of one state. Given the number of steps done, how many records to make, the steps between two,
# and the state in a row: the number of the first step whose state is not finite, or 0; the rows recorded; the
# row at the end.
Rollout: TypeAlias = Callable[[int, int, int, Any], tuple[int, Any, Any]]


@dataclass(frozen=True)
class InPlace:
    """A step that updates arrays in place; `set` gives it its parameters, which may change between steps.

    A step that `is_atomic` keeps the interpreter lock from beginning to end: no other thread comes between.
    One that `is_one_call` is a single call of compiled code: Ctrl-C comes before it or after it.
    """

    step: Callable[[], None]
    set: Callable[[Mapping[str, Value]], None]
    is_atomic: bool = False
    is_one_call: bool = False


@dataclass(frozen=True)
class Scan:
    """Many steps of a state, a tuple of the values of all states, on one gradient, compiled from a trace.

    `take(states, done, records, apart, keep, begins)` uses up the states and returns the states at each
    record, (records, *shape) each, after those at the start if it `begins`, or None unless `keep`; the states
    at the end; and the number of the first record that is not finite, from one, or 0.
    `until_lost(states, done, steps)` is the number of the first step that is not finite. `copied` copies
    states, `joined` puts portions of records into one, `picked` gives the states at one record, or as
    the only record for None. With `is_traced`, the caller transforms the run: its numbers are not
    known, and none is tested.
    """

    take: Callable[[Values, int, int, int, bool, bool], tuple[Any, Values, int]]
    until_lost: Callable[[Values, int, int], int]
    copied: Callable[[Values], Values]
    joined: Callable[[Sequence[Any]], Values]
    picked: Callable[[Any, int | None], Values]
    is_traced: bool


@dataclass(frozen=True)
class Capabilities:
    """What a backend can do beyond one step of plain numbers; what it cannot do is None, False or empty.

    `dtypes` are the types of floats that arrays keep. With `trees`, a state may be a tree of arrays. With
    `scalar_counters`, the number of steps is one number however large the arrays are. With `fma`, the maker
    functions here and `Backend.compile_step` take the option `fma=True`: a product and a sum may be rounded
    once.

    `in_place(program, states, gradients, threads)` returns an `InPlace` step; it raises before anything is
    written. `rollout(program, numbers, single)` returns a `Rollout` of a scalarised program, `single` where
    its states are float32; None where it cannot keep that type. `sweep(program, start, given, points, steps,
    threads, report)` returns where many steps from one start, (states,), lead each grid point: (states,
    points); `given` has, for each parameter, its value at all points, or its values at the points, (points,);
    it may call `report(done)` with how many of the steps are done, for a progress bar.
    `traced_sweep(end, potential, names, grid, start)` is a sweep that its caller transforms, or None where
    all numbers are known: `end(numbers, gradient, start)` gives the states at the end of one grid point,
    `names` are those of the coordinates; it returns the numbers of the grid, and states and loss on it.
    `scan(program, given, names, parameters, constants, states)` returns a `Scan` on a gradient or potential,
    or None where it cannot be traced; `names` are those of the coordinates if the rule mixes some,
    `constants` gives the constants of the program for a number of steps done.
    """

    dtypes: tuple[str, ...] = ()
    trees: bool = False
    scalar_counters: bool = False
    fma: bool = False
    in_place: Callable[..., InPlace] | None = None
    rollout: Callable[..., Rollout | None] | None = None
    sweep: Callable[..., np.ndarray[Any, Any]] | None = None
    traced_sweep: Callable[..., tuple[Mapping[str, Any], Mapping[str, Any], Any] | None] | None = None
    scan: Callable[..., Scan | None] | None = None


@dataclass(frozen=True)
class Backend:
    """How one kind of value is computed with, and the capabilities that go beyond one step.

    `source` gives the text that `compile_step` runs; that may take options by name beside the program. A
    kernel takes the states in order, the gradient (a callable; an array or a number where the rule takes its
    gradient at present states) and the parameters by name, and returns the results of the program. `start`
    makes a state of its own from what a user gives, `number` a parameter (both are given the name for
    messages), `finite` says whether a state is finite, `fitted` holds a new state (name, old, new) to the
    shape of the old one, and `functions` computes with single numbers by operation name. `shape`
    distinguishes states that cannot be added, `at_rest` is the zero of a state. `stack` puts the records of a
    state into one array, or a tree of arrays, (records, *shape); `spread`, where the backend has arrays,
    gives a value (value, like) the shape and the type of an array.
    """

    name: str
    source: Callable[[Program], str]
    compile_step: Callable[..., Kernel]
    start: Callable[[str, Value], Value]
    number: Callable[[str, Value], Value]
    finite: Callable[[Value], bool]
    fitted: Callable[[str, Value, Value], Value]
    functions: Mapping[str, Callable[..., Value]]
    capabilities: Capabilities = field(default_factory=Capabilities)
    shape: Callable[[Value], object] = np.shape
    at_rest: Callable[[Value], Value] = lambda value: value - value
    stack: Callable[[Sequence[Value]], Value] = np.array
    spread: Callable[[Value, Value], Value] | None = None


def parameter_names(program: Program) -> tuple[str, ...]:
    """Return the names under which the parameters of a program are given."""
    return tuple(map(state_name, program.parameters))


def rule_parameters(program: Program) -> tuple[str, ...]:
    """Return the names of the parameters of the rule: all but the loss."""
    return tuple(state_name(p) for p in program.parameters if p != program.loss)


def whole_number(name: str, value: object, least: int) -> int:
    """Return a count such as a number of steps; ValueError for what is no whole number of at least `least`.

    >>> whole_number("steps", np.int64(5), 0)
    5
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, given {value!r}")
    return int(value)


UNDEFINED = (
    "the rule or the potential divides by zero there, or takes a root or a logarithm outside of its domain; "
    "start elsewhere, or add a small number to what it divides by"
)


def step_error(number: int, error: Exception) -> FloatingPointError:
    """Return the error that says which step could not be computed, and what to do.

    >>> str(step_error(3, OverflowError("too large")))
    'step 3 cannot be computed: too large; take smaller steps'
    """
    advice = "take smaller steps" if isinstance(error, OverflowError) else UNDEFINED
    return FloatingPointError(f"step {number} cannot be computed: {error}; {advice}")


def misnamed(given: Iterable[str], wanted: Sequence[str], known: Sequence[str]) -> str:
    """Return in words which names are missing and which are unknown; nothing where all is well.

    >>> misnamed(["eta", "mu"], wanted=["eta", "rho"], known=["eta", "rho"])
    'missing rho and unknown mu; there are eta, rho'
    """
    given = [str(n) for n in given]
    wrong = {
        "missing": [n for n in wanted if n not in given],
        "unknown": [n for n in given if n not in known],
    }
    message = " and ".join(f"{what} {', '.join(names)}" for what, names in wrong.items() if names)
    return f"{message}; there are {', '.join(known) or 'none'}" if message else ""


def refuse_misnamed(program: Program, given: Mapping[str, Value]) -> None:
    """Raise TypeError, naming what is missing and what exists, unless exactly the parameters are given."""
    names = rule_parameters(program)
    if wrong := misnamed(given, wanted=names, known=names):
        raise TypeError(f"parameters of the rule: {wrong}")


def constants(
    program: Program,
    backend: Backend,
    given: Mapping[str, Value],
    times: Mapping[Symbol, Value] = MappingProxyType({}),
) -> Values:
    """Return the value of each of `program.constants`, in order, for parameters by name and counters at zero.

    The time is one, unless `times` gives it: many laws with friction that fades have no value at zero.

    Raises TypeError for misnamed parameters, ValueError where a constant of the rule is not defined or not
    finite.
    """
    if program.loss is not None:  # no constant of the rule depends on it
        given = {state_name(program.loss): 1.0, **given}
        refuse_misnamed(program, {n: v for n, v in given.items() if n != state_name(program.loss)})
    else:
        refuse_misnamed(program, given)
    known = {p: backend.number(state_name(p), given[state_name(p)]) for p in program.parameters}
    counted = {s: times.get(s, int(is_time(s))) for s in program.counters}
    known |= {s: backend.number(state_name(s), value) for s, value in counted.items()}
    for line in program.scalars:
        if isinstance(line, Guarded):
            known[line.targets[0]] = guarded(partial(_evaluate, line.values[0], known, backend))
            continue
        try:
            known[line.targets[0]] = _evaluate(line.values[0], known, backend)
        except (ArithmeticError, ValueError) as error:
            raise _undefined(given, str(error)) from error
        if not backend.finite(known[line.targets[0]]):
            raise _undefined(given, "a constant is not finite")
    return tuple(known[c] for c in program.constants)


def _undefined(given: Mapping[str, Value], why: str) -> ValueError:
    listed = ", ".join(f"{name}={value}" for name, value in given.items())
    return ValueError(f"the rule is not defined for {listed}: {why}")


def _evaluate(operand: Operand, known: Mapping[Any, Value], backend: Backend) -> Value:
    if isinstance(operand, Operation):
        if operand.name == "where":
            condition = _evaluate(operand.arguments[0], known, backend)
            if isinstance(condition, (bool, np.bool_)):  # the branch that is not taken need not be defined
                return _evaluate(operand.arguments[1 if condition else 2], known, backend)
        return backend.functions[operand.name](*(_evaluate(a, known, backend) for a in operand.arguments))
    return known[operand] if operand in known else backend.number("a constant", operand)


def split_arguments(program: Program, values: Sequence[Value]) -> tuple[Values, Value]:
    """Return the states and the gradient among positional arguments; TypeError where the number is wrong."""
    names = [*map(state_name, program.states), *["the gradient"] * bool(program.evaluations)]
    names += ["the loss"] * (program.loss is not None)
    if len(values) != len(names):
        needless = len(values) > len(names) and not program.evaluations
        raise TypeError(
            f"a step takes {', '.join(names)} in this order; given {counted(len(values), 'value')}"
            + "; the rule asks for no gradient" * needless
        )
    count = len(program.states)
    return tuple(values[:count]), values[count] if program.evaluations else None


def loss_of(program: Program, values: Sequence[Value]) -> dict[str, Value]:
    """Return the value of the loss by its name, from the positional arguments of a step; none where not read.

    The loss is a number, or a callable of the states at which the rule reads it.
    """
    if program.loss is None:
        return {}
    loss = values[-1]
    if callable(loss):
        if program.loss_point is None:
            raise TypeError("the rule reads the loss elsewhere than at its states: give its value, a number")
        loss = loss(*(values[program.states.index(s)] for s in program.loss_point))
    return {state_name(program.loss): loss}


def gradient_function(program: Program, gradient: Value) -> Callable[..., Value]:
    """Return a callable gradient; where the rule takes it at present states, its value will do.

    Raises TypeError where the rule takes its gradient elsewhere, so that a value cannot be right, or none was
    given.
    """
    if callable(gradient):
        return gradient  # type: ignore[no-any-return]
    if gradient is None:
        raise TypeError("the rule needs a gradient: give a callable, such as lambda x: 2*x")
    if not takes_gradient_at_states(program):
        count = len(program.evaluations)
        where = "elsewhere than at a state" if count == 1 else f"at {count} points"
        raise TypeError(f"the rule takes its gradient {where}: give a callable gradient, not a value")
    return lambda *points: gradient


def guarded(compute: Callable[[], Value]) -> Value:
    """Return a value that only branches of case distinctions read; NaN where it is not defined."""
    try:
        return compute()
    except (ArithmeticError, ValueError):
        return math.nan


def executed(program: Program, source: str, namespace: Mapping[str, Value]) -> Callable[..., Value]:
    """Return the function `step` of generated source, which sees nothing but the given names.

    It takes the states, the gradient where there is one, and the parameters by the names they have in the
    source.
    """
    seen: dict[str, Value] = {"__builtins__": {}, "guarded": guarded, **namespace}
    exec(compile(source, f"<step of {', '.join(map(state_name, program.states))}>", "exec"), seen)
    function: Callable[..., Value] = seen["step"]
    names = identifiers(program)
    written = {state_name(p): names[p] for p in program.parameters}

    def step(values: Sequence[Value], gradient: Value, parameters: Mapping[str, Value]) -> Value:
        forces = (gradient,) * bool(program.evaluations)
        return function(*values, *forces, **{written[n]: v for n, v in parameters.items()})

    return step
