"""Functions, classes and closures of Python as optimizers: how they are started, and how they take a step."""

from __future__ import annotations

import copy
import inspect
import itertools
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from physsym.core.counts import counted
from physsym.optimizers.lifted import LiftError
from physsym.optimizers.lifting.containers import Hidden, flat, get, is_number, like, walk
from physsym.optimizers.lifting.parameter_objects import with_parameter_objects
from physsym.optimizers.lifting.signatures import (
    Source,
    argument_named,
    classify,
    one_of_each,
    read_source,
    role_of_name,
    typical_value,
)
from physsym.optimizers.lifting.symbolic_arrays import Number

METHODS = ("step", "update", "__call__", "apply", "apply_gradients", "optimize", "update_params", "minimize")


@dataclass
class Running:
    """An optimizer that was started: its states by their names, and what it is run with."""

    states: Any
    hidden: Hidden


@dataclass
class Stepper:
    """How code is started and takes a step, the same on numbers and on formulas.

    `parameters` are the hyperparameters with their defaults, None where there is none; a tuple such as
    `betas=(0.9, 0.999)` is one hyperparameter for each number. `explicit` are the states that the caller
    hands over, and `counters` those among them that count steps.
    """

    name: str
    functions: tuple[Callable[..., Any], ...]
    sources: tuple[Source, ...]
    parameters: dict[str, Any] = field(default_factory=dict)
    explicit: dict[str, Any] = field(default_factory=dict)
    counters: tuple[str, ...] = ()
    passed_counters: tuple[str, ...] = ()
    gradient_is_function: bool = False
    reads_loss: bool = False
    guessed: bool = False
    returns_weights: bool = False
    increments: bool = False

    @property
    def namespaces(self) -> list[dict[str, Any]]:
        """The globals of the code."""
        spaces = {id(f.__globals__): f.__globals__ for f in self.functions if hasattr(f, "__globals__")}
        return list(spaces.values())

    def start(self, values: Mapping[str, Any], weights: Any, gradient: Any) -> Running:
        """Start it, with values of the hyperparameters; explicit states are those in `explicit`."""
        raise NotImplementedError

    def step(self, running: Running, weights: Any, gradient: Any, loss: Any) -> Any:
        """Take one step, which changes `running`; return the new weights."""
        raise NotImplementedError

    def stepped(self, weights: Any, returned: Any) -> Any:
        """Return the new weights, given what the code returns: these, or what is added to the old ones."""
        self.returns_weights = True
        if not self.increments:
            return returned
        return like(weights, [a + b for a, b in zip(flat(weights), flat(returned), strict=True)])


def parameters_of(found: Mapping[str, str], signature: Mapping[str, inspect.Parameter]) -> dict[str, Any]:
    """Return the hyperparameters among arguments, with defaults; those of a tuple are numbered."""
    result: dict[str, Any] = {}
    for argument, role in found.items():
        if role != "hyperparameter":
            continue
        default = signature[argument].default
        if isinstance(default, tuple | list):
            result |= {f"{argument}_{k}": v for k, v in enumerate(default, 1)}
        else:
            result[argument] = None if default is inspect.Parameter.empty else default
    return result


def _arguments(
    found: Mapping[str, str],
    signature: Mapping[str, inspect.Parameter],
    values: Mapping[str, Any],
    given: Mapping[str, object],
    own: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the arguments of a call, by name; `own` are those of the roles that change."""
    result: dict[str, Any] = {}
    for argument, role in found.items():
        default = signature[argument].default
        if role == "hyperparameter":
            if isinstance(default, tuple | list):
                result[argument] = type(default)(
                    values[f"{argument}_{k}"] for k in range(1, len(default) + 1)
                )
            else:
                result[argument] = values[argument]
        elif argument in own or role in own:
            result[argument] = own[argument] if argument in own else own[role]
        elif argument in given:
            result[argument] = given[argument]
    return result


def _call(
    function: Callable[..., Any], signature: Mapping[str, inspect.Parameter], named: dict[str, Any]
) -> Any:
    positional = [
        n for n, p in signature.items() if p.kind is inspect.Parameter.POSITIONAL_ONLY and n in named
    ]
    rest = {n: v for n, v in named.items() if n not in positional}
    return function(*(named[n] for n in positional), **rest)


def signature_of(function: Callable[..., Any], name: str) -> dict[str, inspect.Parameter]:
    """Return the arguments of a function by name, those with stars left out."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError) as error:
        raise LiftError(
            f"{name} cannot be lifted: its arguments are not known, since it is no Python code"
        ) from error
    stars = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return {n: p for n, p in parameters.items() if p.kind not in stars}


@dataclass
class FunctionStepper(Stepper):
    """A function of weights, gradient, states and hyperparameters."""

    function: Callable[..., Any] = print
    roles: dict[str, str] = field(default_factory=dict)
    signature: dict[str, inspect.Parameter] = field(default_factory=dict)
    given: Mapping[str, object] = field(default_factory=dict)
    returns: tuple[str, ...] | None = None
    asked: Mapping[str, Any] = field(default_factory=dict)
    make: Callable[..., Any] | None = None

    def start(self, values: Mapping[str, Any], weights: Any, gradient: Any) -> Running:
        """Start it: tables hold hyperparameters by their keys, cells of a closure what they held."""
        function = self.make(values) if self.make else with_own_cells(self.function)
        states: dict[str, Any] = {}
        for argument, role in self.roles.items():
            if role == "table":
                keys = self.sources[0].keys_read.get(argument, {})
                own = self.sources[0].keys_written.get(argument, ())
                states[argument] = {k: values[k] for k in keys if k not in own}
            elif role in ("state", "counter"):
                states[argument] = self.explicit.get(argument)
        cells = closure_cells(function)
        return Running(
            states | {f"cell {k}": v for k, v in cells.items()}, Hidden(values=values, function=function)
        )

    def step(self, running: Running, weights: Any, gradient: Any, loss: Any) -> Any:
        """Take one step; states are what the function returns, or writes into."""
        states, hidden = running.states, running.hidden
        own = {a: states[a] for a in self.roles if a in states}
        own |= {"weights": weights, "gradient": gradient, "loss": loss}
        named = _arguments(self.roles, self.signature, hidden.values, self.given, own)
        set_cells(hidden.function, states)
        out = _call(hidden.function, self.signature, named)
        for cell, value in closure_cells(hidden.function).items():
            states[f"cell {cell}"] = value
        for counter in self.passed_counters:
            states[counter] = states[counter] + 1
        return self._taken(out, states, weights)

    def _taken(self, out: Any, states: dict[str, Any], weights: Any) -> Any:
        """Keep returned states; return the new weights."""
        if out is None:
            return weights
        if self.returns is None:
            self.returns = self._order(out, weights)
        if isinstance(out, dict) and not isinstance(weights, dict):
            out = tuple(out.values())
        values = out if len(self.returns) > 1 else (out,)
        if len(values) != len(self.returns):
            raise LiftError(
                f"{self.name} returns {counted(len(values), 'value')} at one time and "
                f"{len(self.returns)} at another"
            )
        for argument, value in zip(self.returns, values, strict=True):
            if argument == "weights":
                weights = self.stepped(weights, value)
            elif argument:
                states[argument] = value
        return weights

    def _order(self, out: Any, weights: Any) -> tuple[str, ...]:
        """Return what the returned values are: "weights", the name of a state, or nothing that matters."""
        if "returns" in self.asked and not isinstance(self.asked["returns"], str):
            names = self.asked["returns"]
            own = [a for a, r in self.roles.items() if r == "weights"]
            return tuple("weights" if n in own or n == "weights" else n for n in names)
        weight = next(a for a, r in self.roles.items() if r == "weights")
        arguments = tuple(a for a, r in self.roles.items() if r in ("weights", "state", "table", "counter"))
        if isinstance(out, dict) and not isinstance(weights, dict):
            found = [argument_named(str(k), arguments) for k in out]
        elif isinstance(out, tuple) or (isinstance(out, list) and not isinstance(weights, list)):
            named = {names for names in self.sources[0].returned if len(names) == len(out)}
            found = (
                [argument_named(n, arguments) for n in named.pop()] if len(named) == 1 else [""] * len(out)
            )
        else:
            return ("weights",)
        found = [a if found.count(a) == 1 else "" for a in found]
        source = self.sources[0]
        if "" in found and weight not in source.assigned | source.written:
            # Returned as they came, the weights are the former ones of the next step.
            found = ["" if a == weight else a for a in found]
        missing = [a for a in arguments if a not in found and (a == weight or not self._is_passed(a))]
        blank = [k for k, a in enumerate(found) if not a]
        if len(blank) == len(missing) > 1:
            self.guessed = True
        for k, argument in zip(blank, missing, strict=False):
            found[k] = argument
        if weight not in found:
            raise LiftError(
                f"{self.name} returns {counted(len(out), 'value')}, none of which is the new {weight}; {_ASK}"
            )
        if "" in found:
            others = [a for a in self.roles if self._may_change(a) and self.signature[a].default is None]
            others = others or [a for a in self.roles if self._may_change(a)]
            may = f"may be the new {' or '.join(others)}" if others else "is of no argument"
            # A list of other weights, one for each number of an array, is not understood; lists come later.
            raise (TypeError if isinstance(out, list) else LiftError)(
                f"{self.name} returns {counted(len(out), 'value')}, one of which {may}; "
                f"{_ASK}, with '' for what no "
                "later step is given"
            )
        return tuple("weights" if a == weight else a for a in found)

    def _may_change(self, argument: str) -> bool:
        return self.roles[argument] in ("hyperparameter", "fixed") and argument not in self.given

    def _is_passed(self, argument: str) -> bool:
        return argument in self.passed_counters or argument in self.sources[0].keys_written

    def readings(self) -> list[tuple[str, ...]]:
        """Return the orders in which the returned values may stand."""
        return [tuple(p) for p in itertools.permutations(self.returns or ())]


_ASK = "say what it returns, as in lift(..., roles={'returns': ('w', 'v')})"


def closure_cells(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the numbers and containers that a closure keeps, by name."""
    code, cells = getattr(function, "__code__", None), getattr(function, "__closure__", None) or ()
    names = code.co_freevars if code else ()
    found = {}
    for name, cell in zip(names, cells, strict=False):
        try:
            value = cell.cell_contents
        except ValueError:  # not set yet
            continue
        if not callable(value) and not inspect.ismodule(value):
            found[name] = value
    return found


def with_own_cells(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a copy of a closure whose numbers and containers are its own; any other function as it is."""
    cells = getattr(function, "__closure__", None)
    if not isinstance(function, types.FunctionType) or not cells:
        return function
    own = copy.deepcopy(closure_cells(function))
    names = function.__code__.co_freevars
    new = tuple(types.CellType(own[n]) if n in own else c for n, c in zip(names, cells, strict=True))
    made = types.FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__, new
    )
    made.__kwdefaults__ = function.__kwdefaults__
    return made


def set_cells(function: Callable[..., Any], states: Mapping[str, Any]) -> None:
    """Put values into the cells of a closure."""
    code, cells = getattr(function, "__code__", None), getattr(function, "__closure__", None) or ()
    for name, cell in zip(code.co_freevars if code else (), cells, strict=False):
        if f"cell {name}" in states:
            cell.cell_contents = states[f"cell {name}"]


@dataclass
class ObjectStepper(Stepper):
    """A class with a method that takes a step, or an object of one."""

    make: Callable[[Mapping[str, Any], dict[str, Any]], Any] = print
    method: str = "step"
    roles: dict[str, str] = field(default_factory=dict)
    signature: dict[str, inspect.Parameter] = field(default_factory=dict)
    given: Mapping[str, object] = field(default_factory=dict)
    keeps_weights: bool = False

    def start(self, values: Mapping[str, Any], weights: Any, gradient: Any) -> Running:
        """Make the object; if it keeps the weights itself, find where."""
        made = self.make(values, {"weights": weights, "gradient": gradient})
        states = {"self": made, **{c: self.explicit.get(c, 0) for c in self.passed_counters}}
        path = weights_path(states, weights, self.name) if self.keeps_weights else None
        return Running(states, Hidden(values=values, path=path))

    def step(self, running: Running, weights: Any, gradient: Any, loss: Any) -> Any:
        """Call the method; the new weights are what it returns, or those that it wrote into or keeps."""
        states, hidden = running.states, running.hidden
        own = {"weights": weights, "gradient": gradient, "loss": loss}
        own |= {c: states[c] for c in self.passed_counters}
        named = _arguments(self.roles, self.signature, hidden.values, self.given, own)
        out = _call(getattr(states["self"], self.method), self.signature, named)
        for counter in self.passed_counters:
            states[counter] = states[counter] + 1
        if hidden.path is not None:
            return get(states, hidden.path)
        if isinstance(out, tuple) and not isinstance(weights, tuple):
            raise LiftError(
                f"{self.name} returns {counted(len(out), 'value')}, of which it is not "
                "known which are the weights"
            )
        return weights if out is None else self.stepped(weights, out)


def weights_path(states: Any, weights: Any, name: str) -> Any:
    """Return where an object keeps the weights that it was made with."""
    wanted = [_key(v) for v in flat(weights)]
    paths = {p[:k]: None for p, v in walk(states) if is_number(v) for k in range(1, len(p) + 1)}
    for path in sorted(paths, key=len):
        if [_key(v) for v in flat(get(states, path))] == wanted:
            return path
    raise LiftError(
        f"{name} takes no weights in its step, and keeps none of those that it is made with; a step that "
        "returns an increment only cannot be told from one that returns weights"
    )


def _key(value: Any) -> Any:
    return value.node if isinstance(value, Number) else value


def steppers(thing: object, given: Mapping[str, object], asked: Mapping[str, Any]) -> Stepper:
    """Return how a function, a class or an object is run.

    Raises LiftError where its arguments cannot be understood.
    """
    stepper = _stepper(thing, given, asked)
    stepper.increments = asked.get("returns") == "increment"
    return stepper


def _stepper(thing: object, given: Mapping[str, object], asked: Mapping[str, Any]) -> Stepper:
    name = getattr(thing, "__qualname__", None) or type(thing).__name__
    if isinstance(thing, type):
        adapted = with_parameter_objects(thing, _method_of(thing, name))
        stepper = _of_class(adapted or thing, name, given, asked)
        if adapted:
            methods = tuple(f for c in thing.__mro__ for f in vars(c).values() if inspect.isfunction(f))
            stepper.functions += methods
            stepper.sources += tuple(map(read_source, methods))
        return stepper
    if type(thing).__name__ == "PjitFunction":  # jax.jit(function)
        function: Any = thing
        thing = inspect.unwrap(function)
        source = read_source(inspect.unwrap(function))
        if source.written or not source.returned:
            raise LiftError(
                f"{name} cannot be lifted: it is compiled by jax, whose arrays are not changed in place as "
                "those of NumPy are; write new values for "
                f"{', '.join(sorted(source.written)) or 'what it changes'}, as in v = v + g"
            )
    if inspect.isfunction(thing) or inspect.ismethod(thing):
        return _of_function(thing, name, given, asked)
    if any(callable(getattr(type(thing), m, None)) for m in METHODS) and hasattr(type(thing), "__dict__"):
        return _of_object(thing, name, given, asked)
    raise LiftError(f"{name} cannot be lifted: it is no Python code, which could be run on formulas")


def _of_function(function: Any, name: str, given: Mapping[str, object], asked: Mapping[str, Any]) -> Stepper:
    signature, source = signature_of(function, name), read_source(function)
    _refuse_unknown(name, given, signature, source)
    if source.globals_written:
        variable, line = source.globals_written[0]
        file = _file(function)
        raise LiftError(
            f"{file}:{line}: {name} keeps its state in the global variable {variable}; make it an argument"
        )
    roles = classify(name, signature, source, asked, given)
    nothing_to_step = "weights" not in roles.values() and "gradient" not in roles.values()
    if nothing_to_step and (made := _factory(function, name, signature, roles, given, asked)):
        return made
    one_of_each(name, roles, asked, ("weights", "gradient"))
    return _function_stepper(function, name, signature, source, roles, given, asked)


def _file(function: Any) -> str:
    return str(getattr(getattr(function, "__code__", None), "co_filename", "")).rpartition("/")[2]


def _function_stepper(
    function: Any,
    name: str,
    signature: dict[str, inspect.Parameter],
    source: Source,
    roles: dict[str, str],
    given: Mapping[str, object],
    asked: Mapping[str, Any],
) -> FunctionStepper:
    parameters = parameters_of(roles, signature)
    for argument, role in roles.items():
        if role == "table":
            own = source.keys_written.get(argument, ())
            keys = source.keys_read.get(argument, {})
            parameters |= {k: v for k, v in keys.items() if k not in own}
    returned = {argument_named(n, tuple(roles)) for names in source.returned for n in names}
    passed = tuple(a for a, r in roles.items() if r == "counter" and a not in returned)
    gradient = next(a for a, r in roles.items() if r == "gradient")
    return FunctionStepper(
        name,
        (function,),
        (source,),
        parameters,
        passed_counters=passed,
        gradient_is_function=gradient in source.called,
        reads_loss="loss" in roles.values(),
        function=function,
        roles=roles,
        signature=signature,
        given=given,
        asked=asked,
    )


def _factory(
    function: Any,
    name: str,
    signature: dict[str, inspect.Parameter],
    roles: dict[str, str],
    given: Mapping[str, object],
    asked: Mapping[str, Any],
) -> Stepper | None:
    """Return the stepper of a function that makes step functions, such as a closure over its states."""
    parameters = parameters_of(roles, signature)

    def make(values: Mapping[str, Any]) -> Any:
        return _call(function, signature, _arguments(roles, signature, values, given, {}))

    try:
        made = make({k: (typical_value(k) or 0.3) if v is None else v for k, v in parameters.items()})
    except Exception:  # code of others may raise anything
        return None
    if not inspect.isfunction(made):
        return None
    inner, source = signature_of(made, name), read_source(made)
    inner_roles = classify(name, inner, source, asked, given)
    one_of_each(name, inner_roles, asked, ("weights", "gradient"))
    stepper = _function_stepper(made, name, inner, source, inner_roles, given, asked)
    stepper.parameters = parameters | stepper.parameters
    stepper.functions = (function, made)
    stepper.make = make
    return stepper


def _refuse_unknown(
    name: str, given: Mapping[str, object], signature: Mapping[str, inspect.Parameter], *sources: Source
) -> None:
    keys = {k for s in sources for table in s.keys_read.values() for k in table}
    if unknown := [n for n in given if n not in signature and n not in keys]:
        raise TypeError(f"{name} has no hyperparameter {', '.join(unknown)}; it has {', '.join(signature)}")


def _method_of(cls: type, name: str) -> str:
    for method in METHODS:
        if callable(getattr(cls, method, None)) and (method != "__call__" or "__call__" in vars(cls)):
            return method
    raise LiftError(f"{name} has no method that takes a step; known are {', '.join(METHODS)}")


def _of_class(cls: type, name: str, given: Mapping[str, object], asked: Mapping[str, Any]) -> Stepper:
    method = _method_of(cls, name)
    written = next((vars(c)["__init__"] for c in cls.__mro__ if "__init__" in vars(c)), None)
    signature = {} if written is object.__init__ else signature_of(cls, name)
    own = Source() if written is None else read_source(written)
    step = dict(list(signature_of(getattr(cls, method), name).items())[1:])
    _refuse_unknown(name, given, {**signature, **step})
    mine = {k: v for k, v in asked.items() if k in signature}
    roles = classify(name, signature, own, mine, given)
    roles = {
        a: "hyperparameter" if r in ("state", "counter", "table", "loss") else r for a, r in roles.items()
    }
    # A number by default is a hyperparameter, whatever it is called.
    numeric = {
        a
        for a in roles
        if isinstance(signature[a].default, int | float) and roles[a] in ("weights", "gradient")
    }
    roles |= dict.fromkeys(numeric, "hyperparameter")
    parameters = parameters_of(roles, signature)

    def make(values: Mapping[str, Any], own_values: dict[str, Any]) -> Any:
        weights = own_values["weights"]
        shapes = {
            a: np.shape(weights) if "shape" in a else len(flat(weights))
            for a, r in roles.items()
            if r == "shape"
        }
        return _call(cls, signature, _arguments(roles, signature, values, given, {**own_values, **shapes}))

    return _object_stepper(cls, name, method, step, make, parameters, roles, given, asked)


def _of_object(thing: object, name: str, given: Mapping[str, object], asked: Mapping[str, Any]) -> Stepper:
    method = _method_of(type(thing), name)
    step = signature_of(getattr(thing, method), name)
    _refuse_unknown(name, given, step)

    def make(values: Mapping[str, Any], own_values: dict[str, Any]) -> Any:
        return copy.deepcopy(thing)

    return _object_stepper(type(thing), name, method, step, make, {}, {}, given, asked)


def _object_stepper(
    cls: type,
    name: str,
    method: str,
    signature: dict[str, inspect.Parameter],
    make: Callable[[Mapping[str, Any], dict[str, Any]], Any],
    parameters: dict[str, Any],
    made_with: Mapping[str, str],
    given: Mapping[str, object],
    asked: Mapping[str, Any],
) -> ObjectStepper:
    source = read_source(getattr(cls, method))
    roles = classify(name, signature, source, {k: v for k, v in asked.items() if k in signature}, given)
    roles = {a: "hyperparameter" if r in ("state", "table") else r for a, r in roles.items()}
    needed = tuple(r for r in ("weights", "gradient") if r not in made_with.values() or r in roles.values())
    one_of_each(name, roles, asked, needed)
    methods = [f for c in cls.__mro__ for f in vars(c).values() if inspect.isfunction(f)]
    gradient = next((a for a, r in roles.items() if r == "gradient"), None)
    return ObjectStepper(
        name,
        tuple(methods),
        (source, *(read_source(f) for f in methods)),
        parameters | parameters_of(roles, signature),
        passed_counters=tuple(a for a, r in roles.items() if r == "counter"),
        gradient_is_function=gradient is None or gradient in source.called,
        reads_loss="loss" in roles.values(),
        make=make,
        method=method,
        roles=roles,
        signature=signature,
        given=given,
        keeps_weights="weights" not in roles.values(),
    )


@dataclass
class Surroundings:
    """What code can reach and change beside its arguments and attributes, as it was before a run."""

    found: dict[str, tuple[Any, Any]]

    @classmethod
    def of(cls, stepper: Stepper) -> Surroundings:
        """Keep copies of the containers among the globals that code names, and of attributes of functions."""
        found: dict[str, tuple[Any, Any]] = {}
        for function in stepper.functions:
            code, space = getattr(function, "__code__", None), getattr(function, "__globals__", {})
            for name in code.co_names if code else ():
                value = space.get(name)
                if hasattr(value, "__next__"):
                    raise LiftError(f"{stepper.name} cannot be lifted: it draws from the iterator {name}")
                if isinstance(value, (dict, list, np.ndarray)):
                    found[f"the global variable {name}"] = (value, copy.deepcopy(value))
                elif isinstance(value, type) and getattr(value, "__module__", "") == space.get("__name__"):
                    found[f"the class {name}"] = (value, _numbers_of(value))
                elif inspect.isfunction(value):
                    found[f"an attribute of {name}"] = (value.__dict__, dict(value.__dict__))
        return cls(found)

    def changed(self) -> list[str]:
        """Put everything back; return what had changed."""
        names = []
        for name, (value, before) in self.found.items():
            now = _numbers_of(value) if isinstance(value, type) else value
            if _printed(now) == _printed(before):
                continue
            names.append(name)
            if isinstance(value, type):
                for key, number in before.items():
                    setattr(value, key, number)
            elif isinstance(value, dict):
                value.clear()
                value.update(before)
            else:
                value[:] = before
        return names


def _numbers_of(cls: type) -> dict[str, Any]:
    return {k: v for k, v in vars(cls).items() if isinstance(v, int | float) and not k.startswith("__")}


def _printed(value: Any) -> list[tuple[Any, str]]:
    return [(path, repr(v)) for path, v in walk(value)]


def is_counter_name(name: str) -> bool:
    """Return whether people call a counter of steps so."""
    return role_of_name(name) == "counter"
