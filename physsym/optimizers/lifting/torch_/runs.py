"""Runs of an optimizer: its first step from a fresh start, then a step in which all states are symbols."""

from __future__ import annotations

import inspect
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy
import torch
from sympy import Symbol

from physsym.optimizers.lifted import REFUSALS, LiftError
from physsym.optimizers.lifting.nodes import Evaluator, Node, leaf, leaves
from physsym.optimizers.lifting.torch_.hyperparameters import Arguments, leaf_of, numbers_of
from physsym.optimizers.lifting.torch_.modes import as_found, reading
from physsym.optimizers.lifting.torch_.trace import (
    OWN_FOLDER,
    Decision,
    Memory,
    NeedsCount,
    Number,
    Settled,
    Trace,
    is_library,
    node_of,
    where,
)

Key: TypeAlias = tuple[Any, ...]
"""Where a state lies in an optimizer: names of attributes and entries; weights by their number."""
Shape: TypeAlias = tuple[int, ...]
OWN = ("_optimizer_", "_zero_grad", "_profile", "_warned", "_patch", "_step_supports", "_need_device")
"""Beginnings of attributes that belong to PyTorch's base class."""


@dataclass
class Place:
    """A number or a tensor in an optimizer, and how to put another one there."""

    value: Any
    put: Callable[[Any], None]


@dataclass(frozen=True)
class Snapshot:
    """The nodes and the numbers of all states, and of the weights, at one instant."""

    states: Mapping[Key, Any]
    weights: tuple[Any, ...]
    values: Mapping[Key, Any]
    weight_values: tuple[Any, ...]
    discrete: Mapping[Key, Any]


@dataclass
class Outcome:
    """What one run gives.

    Parameters
    ----------
    start
        The states as they are first set, before the code reads a gradient where it sets them before.
    first, usual
        After the first step, and after a step from symbols.
    decisions
        The branches of the step that was run along `forced`.
    moving, used
        The states that were found to change, and those that were symbols.
    first_decisions
        The branches of the first step.
    """

    start: dict[Key, Any]
    first: Snapshot
    usual: Snapshot | None
    decisions: list[Decision]
    trace: Trace
    moving: frozenset[Key]
    used: frozenset[Key]
    first_decisions: list[Decision]
    aliases: frozenset[Key] = frozenset()
    keeps_gradient: bool = False


class Watched(dict[Any, Any]):
    """The states of one weight tensor, which notes each entry as it is first set."""

    def __init__(self, note: Callable[[Any, Any], None], content: Mapping[Any, Any] | None = None) -> None:
        """Start with a content, and call `note` for each new entry."""
        super().__init__(content or {})
        self.note = note

    def __setitem__(self, key: Any, value: Any) -> None:
        if key not in self:
            self.note(key, value)
        super().__setitem__(key, value)

    def setdefault(self, key: Any, default: Any = None) -> Any:
        """Set an entry that is missing, and return it."""
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, *others: Any, **more: Any) -> None:
        """Set entries."""
        for key, value in dict(*others, **more).items():
            self[key] = value

    def __deepcopy__(self, memo: object) -> dict[Any, Any]:
        return dict(self)


def places(optimizer: Any, weights: list[Any]) -> Iterator[tuple[Key, Place]]:
    """Yield each number, text, flag and tensor that an optimizer holds, the weights left out."""
    own = {w.data_ptr(): k for k, w in enumerate(weights)}
    identities = {id(w): k for k, w in enumerate(weights)}
    seen: set[int] = set()

    def walk(key: Key, value: Any, put: Callable[[Any], None]) -> Iterator[tuple[Key, Place]]:
        if isinstance(value, torch.Tensor):
            if value.data_ptr() not in own:
                yield key, Place(value, put)
        elif value is None or isinstance(value, (bool, int, float, str)):
            yield key, Place(value, put)
        elif id(value) not in seen and not isinstance(value, type) and not callable(value):
            seen.add(id(value))
            for name, entry, put_entry in _entries(value):
                part: Key = (name,)
                if isinstance(name, torch.Tensor) and name.data_ptr() in own:
                    part = ("weights", own[name.data_ptr()])
                elif isinstance(value, dict) and name in identities:
                    part = ("weights", identities[name])
                if not (isinstance(name, str) and (name.startswith(OWN) or name == "defaults")):
                    yield from walk((*key, *part), entry, put_entry)

    for name, value in list(vars(optimizer).items()):
        if not name.startswith(OWN) and name != "defaults":
            yield from walk((name,), value, _attribute(optimizer, name))


def _attribute(holder: Any, name: str) -> Callable[[Any], None]:
    return lambda value: setattr(holder, name, value)


def _entries(value: Any) -> list[tuple[Any, Any, Callable[[Any], None]]]:
    if isinstance(value, dict):
        return [(k, v, _entry(value, k)) for k, v in list(value.items())]
    if isinstance(value, (list, deque)):
        return [(k, v, _entry(value, k)) for k, v in enumerate(value)]
    if isinstance(value, tuple):
        return [(k, v, _no_entry) for k, v in enumerate(value)]
    is_foreign = type(value).__module__.startswith(("torch.", "builtins"))
    if hasattr(value, "__dict__") and (not is_foreign or isinstance(value, torch.optim.Optimizer)):
        return [(k, v, _attribute(value, k)) for k, v in list(vars(value).items())]
    return []


def _entry(holder: Any, key: Any) -> Callable[[Any], None]:
    def put(value: Any) -> None:
        holder[key] = value

    return put


def _no_entry(value: Any) -> None:
    raise LiftError("a number of the optimizer changes inside a tuple")


@dataclass
class Session:
    """What is the same in all runs of one lift.

    Parameters
    ----------
    cls, arguments, values
        The class, its arguments, and numbers for its hyperparameters.
    shapes
        The shape of each weight tensor.
    seed
        Of the weights, gradients and states.
    settled
        Branches on hyperparameters alone.
    """

    cls: type
    arguments: Arguments
    values: Mapping[str, float]
    shapes: tuple[Shape, ...]
    seed: int
    settled: dict[Node, Settled] = field(default_factory=dict)

    @property
    def hyperparameters(self) -> frozenset[Node]:
        """Return the leaves of the hyperparameters that are symbols."""
        return frozenset(leaf_of(n) for n in self.arguments.free)


LOSS = leaf(Symbol("loss", real=True))
"""The leaf of the loss."""


def takes_closure(cls: type) -> bool:
    """Whether the step of a class cannot do without a closure."""
    step = inspect.signature(cls.step)  # type: ignore[attr-defined]
    return any(
        p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        for p in list(step.parameters.values())[1:]
    )


def weight_leaf(tensor: int, index: int) -> Node:
    """Return the leaf of a weight."""
    return leaf(Symbol(f"weight {tensor} {index}", real=True))


def gradient_leaf(tensor: int, index: int) -> Node:
    """Return the leaf of a gradient along a weight."""
    return leaf(Symbol(f"gradient {tensor} {index}", real=True))


def state_leaf(key: Key, index: int) -> Node:
    """Return the leaf of an element of a state."""
    return leaf(Symbol(f"state {key!r} {index}", real=True))


@contextmanager
def explained(cls: type) -> Iterator[None]:
    """Turn what the code raises into a LiftError with its line, and raise what it caught of these."""
    token = REFUSALS.set([])
    try:
        yield
        _raise_noted()
    except (LiftError, NeedsCount):
        raise
    except Exception as error:
        _raise_noted()
        frames = traceback.extract_tb(error.__traceback__)
        own = [f for f in frames if not is_library(f.filename)]
        line = f" ({Path(own[-1].filename).name}:{own[-1].lineno})" if own else ""
        said = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}{line}"
        if frames[-1].filename.startswith(OWN_FOLDER):
            raise LiftError(f"what it does was not understood: {said}") from error
        raise Refused(f"its code raises {said}") from error
    finally:
        REFUSALS.reset(token)


def _raise_noted() -> None:
    if noted := REFUSALS.get():
        raise noted[0]


class Refused(LiftError):
    """The code itself raised an exception."""


class _Execution:
    """One execution: an optimizer with its weights, memory and trace."""

    def __init__(
        self, session: Session, forced: tuple[bool, ...], of_first: bool, moving: frozenset[Key]
    ) -> None:
        self.session = session
        self.random = numpy.random.default_rng(session.seed)
        self.memory = Memory()
        self.trace = Trace(session.hyperparameters, session.settled)
        self.forced, self.of_first, self.moving = forced, of_first, moving
        self.numbers: dict[Node, float] = {}
        self.start: dict[Key, Any] = {}
        for n in session.arguments.free:
            self.numbers[leaf_of(n)] = session.values[n.name]

    def run(self) -> Outcome:
        with reading(self.trace, self.memory, self.session.seed), explained(self.session.cls):
            self._build()
            before = self._snapshot()
            self.start.update(before.states)
            self.trace.phase = "first"
            first = self._step(self.forced if self.of_first else ())
            decisions = first_decisions = list(self.trace.decisions)
            usual, aliases, kept = None, frozenset[Key](), False
            used = moving = self.moving | _moved(before, first) | self._of_data(first)
            if not self.of_first:
                aliases, kept = self._make_symbols(first, moving)
                self.trace.phase = "usual"
                usual = self._step(self.forced)
                decisions = list(self.trace.decisions)
                moving |= (
                    _moved(first, usual) - aliases
                    if usual.states.keys() == first.states.keys()
                    else frozenset()
                )
            return Outcome(
                self.start, first, usual, decisions, self.trace, moving, used, first_decisions, aliases, kept
            )

    def _of_data(self, snapshot: Snapshot) -> frozenset[Key]:
        """Return the states that depend on weights or gradients, such as a copy of the first weights."""
        known = self.session.hyperparameters
        return frozenset(key for key, nodes in snapshot.states.items() if not {*leaves(*nodes)} <= known)

    def _build(self) -> None:
        session = self.session
        differentiable = bool(session.arguments.options.get("differentiable"))
        self.weights = []
        for k, shape in enumerate(session.shapes):
            weight = torch.zeros(shape, requires_grad=not differentiable)
            self.weights.append(weight)
            self._fill(
                weight, [weight_leaf(k, i) for i in range(weight.numel())], self._drawn(weight.numel())
            )
        arguments = session.arguments.call(numbers_of(session.arguments, session.values))
        self.optimizer = session.cls(self.weights, **arguments)
        inner = [v for v in vars(self.optimizer).values() if isinstance(v, torch.optim.Optimizer)]
        watched: dict[int, _Missing] = {}
        for optimizer in (self.optimizer, *inner):
            # An optimizer that wraps another one may share its states.
            states = optimizer.state
            if id(states) not in watched:
                watched[id(states)] = missing = _Missing(self)
                for weight, content in list(states.items()):
                    is_dict = isinstance(content, dict)
                    missing[weight] = Watched(self._note(weight), content) if is_dict else content
            optimizer.state = watched[id(states)]

    def _note(self, weight: Any) -> Callable[[Any, Any], None]:
        own = {id(w): k for k, w in enumerate(self.weights)}

        def note(key: Any, value: Any) -> None:
            place = (
                ("state", "weights", own[id(weight)], key) if id(weight) in own else ("state", weight, key)
            )
            if isinstance(value, torch.Tensor):
                with torch._C.DisableTorchFunction():
                    if not _is_nan(value) or self.memory.has(value):
                        self.start.setdefault(place, self.memory.read(value).reshape(-1))
            elif (node := node_of(value)) is not None:
                self.start.setdefault(place, numpy.asarray([node], dtype=object))

        return note

    def _drawn(self, number: int) -> Any:
        return self.random.uniform(0.3, 1.9, number) * self.random.choice([-1, 1], number)

    def _fill(self, tensor: Any, nodes: list[Node], values: Any) -> None:
        """Write numbers into a tensor, and their leaves beside them."""
        with torch._C.DisableTorchFunction(), torch.no_grad():
            flat = torch.tensor(values).reshape(tensor.shape).to(tensor.dtype)
            tensor.copy_(flat)
            self.memory.write(tensor, numpy.asarray(nodes, dtype=object).reshape(tuple(tensor.shape)))
        self.numbers.update(zip(nodes, map(float, values), strict=True))

    def _step(self, forced: tuple[bool, ...]) -> Snapshot:
        self.trace.forced, self.trace.decisions = forced, []
        gradients = []
        for k, weight in enumerate(self.weights):
            gradient = torch.zeros(self.session.shapes[k])
            nodes = [gradient_leaf(k, i) for i in range(gradient.numel())]
            self._fill(gradient, nodes, self._drawn(gradient.numel()))
            weight.grad = gradient
            gradients.append(gradient)
        self.gradients = gradients
        self.optimizer.step(*([self._closure(gradients)] if takes_closure(self.session.cls) else []))
        found = self._snapshot()
        self._compare(found)
        return found

    def _closure(self, gradients: list[Any]) -> Callable[[], Any]:
        """Return a closure that gives the loss, once and at the weights as they are before the step."""
        called = list[str]()
        before = [self.memory.read(w).reshape(-1) for w in self.weights]

        def closure() -> Any:
            if called:
                raise LiftError(
                    f"{where()} evaluates the gradient again, after {called[0]}: a rule has one a step"
                )
            called.append(where())
            with torch._C.DisableTorchFunction():
                now = [self.memory.read(w).reshape(-1) for w in self.weights]
            if any(
                a is not b
                for old, new in zip(before, now, strict=True)
                for a, b in zip(old, new, strict=True)
            ):
                raise LiftError(f"{where()} evaluates the gradient at other weights than those of the step")
            for weight, gradient in zip(self.weights, gradients, strict=True):
                weight.grad = gradient
            loss = torch.zeros(())
            self._fill(loss, [LOSS], self.random.uniform(0.5, 2, 1))
            return loss

        return closure

    def _snapshot(self) -> Snapshot:
        states, values, discrete = dict[Key, Any](), dict[Key, Any](), dict[Key, Any]()
        with torch._C.DisableTorchFunction():
            for key, place in places(self.optimizer, self.weights):
                if isinstance(place.value, torch.Tensor):
                    if (
                        place.value.layout is torch.strided
                        and not place.value.dtype.is_complex
                        and not (_is_nan(place.value) and not self.memory.has(place.value))
                    ):
                        states[key] = self.memory.read(place.value).reshape(-1)
                        values[key] = place.value.detach().double().reshape(-1).numpy().copy()
                elif isinstance(place.value, (bool, str)) or place.value is None:
                    discrete[key] = place.value
                else:
                    states[key] = numpy.asarray([node_of(place.value)], dtype=object)
                    values[key] = numpy.asarray(
                        [float.__float__(place.value) if isinstance(place.value, float) else place.value]
                    )
            weights = tuple(self.memory.read(w).reshape(-1) for w in self.weights)
            numbers = tuple(w.detach().double().reshape(-1).numpy().copy() for w in self.weights)
        return Snapshot(states, weights, values, numbers, discrete)

    def _compare(self, found: Snapshot) -> None:
        """Compare each expression with the number that the code computed beside it."""
        allowed = 1e-9 if self.trace.dtypes.keys() <= {"float64"} else 1e-4
        known = {leaf_.value: value for leaf_, value in self.numbers.items()}
        pairs = [*zip(found.weights, found.weight_values, strict=True)]
        pairs += [(nodes, found.values[key]) for key, nodes in found.states.items()]
        for nodes, values in pairs:
            for node, value in zip(nodes, values, strict=True):
                expected = float(Evaluator(node)(known))
                scale = max(abs(expected), abs(value), 1e-6)
                if not (numpy.isfinite(value) or numpy.isfinite(expected)):
                    continue
                if not abs(expected - value) <= allowed * scale:
                    line = self.trace.origins.get(node, "")
                    raise LiftError(
                        f"an expression was read that does not give the number that the code computes: "
                        f"{expected:.9g} in place of {value:.9g}{f' ({line})' if line else ''}"
                    )

    def _make_symbols(self, first: Snapshot, moving: frozenset[Key]) -> tuple[frozenset[Key], bool]:
        """Let weights and states be symbols, in the memory where they lie."""
        for k, weight in enumerate(self.weights):
            self._fill(
                weight, [weight_leaf(k, i) for i in range(weight.numel())], self._drawn(weight.numel())
            )
        used: dict[int, Key] = {}
        aliases, kept = set[Key](), False
        gradients = {g.data_ptr() for g in self.gradients}
        for key, place in list(places(self.optimizer, self.weights)):
            if key not in moving:
                continue
            if isinstance(place.value, torch.Tensor):
                kept |= place.value.data_ptr() in gradients
                addresses = [int(a) for a in self.memory.addresses(place.value).flat]
                if any(a in used for a in addresses):
                    aliases.add(key)
                    continue
                used.update(dict.fromkeys(addresses, key))
                nodes = [state_leaf(key, i) for i in range(place.value.numel())]
                drawn = self.random.uniform(0.3, 1.9, len(nodes))
                if not place.value.dtype.is_floating_point:
                    drawn = self.random.integers(3, 9, len(nodes)).astype(float)
                self._fill(place.value, nodes, drawn)
            elif not isinstance(place.value, (bool, str)) and place.value is not None:
                node, value = state_leaf(key, 0), float(self.random.uniform(2, 9))
                self.numbers[node] = value
                place.put(Number(value, node))
        return frozenset(aliases), kept


def _is_nan(tensor: Any) -> bool:
    return bool(tensor.dtype.is_floating_point and torch.isnan(tensor).any())


class _Missing(dict[Any, Any]):
    """The states of all weight tensors; an entry that is missing is made, and notes what is set in it."""

    def __init__(self, run: _Execution) -> None:
        super().__init__()
        self.run = run

    def __missing__(self, weight: Any) -> Watched:
        self[weight] = made = Watched(self.run._note(weight))
        return made


def _moved(before: Snapshot, after: Snapshot) -> frozenset[Key]:
    """Return the states that a step changes or makes."""
    return frozenset(
        key
        for key, nodes in after.states.items()
        if key not in before.states
        or len(before.states[key]) != len(nodes)
        or any(a is not b for a, b in zip(before.states[key], nodes, strict=True))
    )


def run(
    session: Session,
    forced: tuple[bool, ...] = (),
    of_first: bool = False,
    moving: frozenset[Key] = frozenset(),
) -> Outcome:
    """Run the first step and, unless only this is asked for, one from symbols, along forced branches."""
    return _Execution(session, forced, of_first, moving).run()


def builds(
    cls: type, arguments: Arguments, values: Mapping[str, float], shapes: tuple[Shape, ...]
) -> Exception | None:
    """Return what the class raises when it is built with plain numbers and makes a step; None if nothing."""
    numbers = {n.name: n.plain(values) for n in arguments.numbers}
    with as_found():
        try:
            weights = [torch.ones(shape) for shape in shapes]
            cls(weights, **arguments.call(numbers))
        except Exception as error:
            return error
    return None
