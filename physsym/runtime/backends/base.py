"""What a backend is, and the checks of arguments that all backends share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from physsym.codegen import Program, state_name, takes_gradient_at_states
from physsym.codegen.emit import identifiers
from physsym.codegen.expression_tree import Operand, Operation

Value: TypeAlias = Any  # a number, an array or a symbol: whatever the backend computes with
Values: TypeAlias = tuple[Value, ...]
Kernel: TypeAlias = Callable[[Sequence[Value], Value, Mapping[str, Value]], Values]


@dataclass(frozen=True)
class InPlace:
    """A step that updates arrays in place; `set` gives it its parameters, which may change between steps."""

    step: Callable[[], None]
    set: Callable[[Mapping[str, Value]], None]


@dataclass(frozen=True)
class Backend:
    """How one kind of value is computed with.

    `source` gives the text that `compiled` runs; that may take options by name beside the program. A kernel
    takes the states in order, the gradient (a callable; an array or a number where the rule takes its
    gradient at present states) and the parameters by name, and returns the results of the program. `start`
    makes a state of its own from what a user gives, `number` a parameter (it is told the name), `finite` says
    whether a state is finite, `fitted` holds a new state (name, old, new) to the shape of the old one, and
    `functions` computes with single numbers by operation name. `bound`, where a backend can update arrays in
    place, takes a program, its states, its gradients and the number of threads, and returns what carries out
    one step; it raises before anything is written. `shape` tells states apart that cannot be
    added, `at_rest` is the zero of a state. A backend that `counts` keeps counters as single numbers.
    """

    name: str
    source: Callable[[Program], str]
    compiled: Callable[..., Kernel]
    start: Callable[[str, Value], Value]
    number: Callable[[str, Value], Value]
    finite: Callable[[Value], bool]
    fitted: Callable[[str, Value, Value], Value]
    functions: Mapping[str, Callable[..., Value]]
    bound: Callable[..., InPlace] | None = None
    shape: Callable[[Value], object] = np.shape
    at_rest: Callable[[Value], Value] = lambda value: value - value
    counts: bool = False


def parameter_names(program: Program) -> tuple[str, ...]:
    """Return the names under which the parameters of a program are given."""
    return tuple(map(state_name, program.parameters))


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
    told = " and ".join(f"{what} {', '.join(names)}" for what, names in wrong.items() if names)
    return f"{told}; there are {', '.join(known) or 'none'}" if told else ""


def refuse_misnamed(program: Program, given: Mapping[str, Value]) -> None:
    """Raise TypeError, naming what is missing and what exists, unless exactly the parameters are given."""
    names = parameter_names(program)
    if wrong := misnamed(given, wanted=names, known=names):
        raise TypeError(f"parameters of the rule: {wrong}")


def constants(program: Program, backend: Backend, given: Mapping[str, Value]) -> Values:
    """Return the value of each of `program.constants`, in order, for parameters by name and counters at zero.

    Raises TypeError for misnamed parameters, ValueError where a constant of the rule is not defined or not
    finite.
    """
    refuse_misnamed(program, given)
    known = {p: backend.number(state_name(p), given[state_name(p)]) for p in program.parameters}
    known |= {s: backend.number(state_name(s), 0) for s in program.counters}
    for line in program.scalars:
        try:
            known[line.targets[0]] = _evaluated(line.values[0], known, backend)
        except (ArithmeticError, ValueError) as error:
            raise _undefined(given, str(error)) from error
        if not backend.finite(known[line.targets[0]]):
            raise _undefined(given, "a constant is not finite")
    return tuple(known[c] for c in program.constants)


def _undefined(given: Mapping[str, Value], why: str) -> ValueError:
    told = ", ".join(f"{name}={value}" for name, value in given.items())
    return ValueError(f"the rule is not defined for {told}: {why}")


def _evaluated(operand: Operand, known: Mapping[Any, Value], backend: Backend) -> Value:
    if isinstance(operand, Operation):
        return backend.functions[operand.name](*(_evaluated(a, known, backend) for a in operand.arguments))
    return known[operand] if operand in known else backend.number("a constant", operand)


def split(program: Program, values: Sequence[Value]) -> tuple[Values, Value]:
    """Return the states and the gradient among positional arguments; TypeError where the number is wrong."""
    names = [*map(state_name, program.states), *["the gradient"] * bool(program.evaluations)]
    if len(values) != len(names):
        raise TypeError(f"a step takes {', '.join(names)} in this order; given {len(values)} values")
    return tuple(values[: len(program.states)]), values[-1] if program.evaluations else None


def gradient_at(program: Program, gradient: Value) -> Callable[..., Value]:
    """Return a callable gradient; a value may stand for itself where it is taken at present states.

    Raises TypeError where the rule wants a gradient elsewhere, so that a value cannot be right, or none was
    given.
    """
    if callable(gradient):
        return gradient  # type: ignore[no-any-return]
    if gradient is None:
        raise TypeError("the rule needs a gradient: give a callable, such as lambda x: 2*x")
    if not takes_gradient_at_states(program):
        count = len(program.evaluations)
        where = "elsewhere than at a state" if count == 1 else f"at {count} places"
        raise TypeError(f"the rule takes its gradient {where}: give a callable gradient, not a value")
    return lambda *places: gradient


def executed(program: Program, source: str, namespace: Mapping[str, Value]) -> Callable[..., Value]:
    """Return the function `step` of generated source, which sees nothing but the given names.

    It takes the states, the gradient where there is one, and the parameters by the names they have in the
    source.
    """
    seen: dict[str, Value] = {"__builtins__": {}, **namespace}
    exec(compile(source, f"<step of {', '.join(map(state_name, program.states))}>", "exec"), seen)
    function: Callable[..., Value] = seen["step"]
    names = identifiers(program)
    written = {state_name(p): names[p] for p in program.parameters}

    def step(values: Sequence[Value], gradient: Value, parameters: Mapping[str, Value]) -> Value:
        forces = (gradient,) * bool(program.evaluations)
        return function(*values, *forces, **{written[n]: v for n, v in parameters.items()})

    return step
