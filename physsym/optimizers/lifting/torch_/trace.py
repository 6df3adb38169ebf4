"""One run of an optimizer on numbers that carry expressions: numbers, tensors, branches and lines.

A run is *concolic*: the code computes with real float64 numbers, and beside each number stands the node of
its expression. A hyperparameter is a `Number`, a float with a node. The nodes of tensors lie in a `Memory`,
under the address of each element: a view reads the same addresses, and what is written in place is seen by
all views, as PyTorch itself does it. A branch on a number whose value is not fixed is a `Decision` of the
`Trace`.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy

from physsym.optimizers.lifted import REFUSALS, LiftError
from physsym.optimizers.lifting.nodes import Node, constant, leaves, make, number_of

OWN_FOLDER = str(Path(__file__).parent)
LIMIT = 24
"""The number of branches on data in one step beyond which code counts as a loop that depends on data."""


@dataclass(frozen=True)
class Decision:
    """A branch: its condition, whether it was taken to hold, and the line."""

    condition: Node
    outcome: bool
    where: str


@dataclass
class Settled:
    """A branch on hyperparameters alone, with its line, and when it is met: "build", "first" or "usual"."""

    outcome: bool
    where: str
    phases: set[str] = field(default_factory=set)


@dataclass
class Trace:
    """What is noted while the code runs.

    Parameters
    ----------
    forced
        The outcomes of the first decisions; the later ones go as the numbers do.
    hyperparameters
        The leaves of the hyperparameters.
    settled
        Outcomes of conditions on hyperparameters alone, the same in all runs of one lift.
    phase
        What the code does: "build", "first" or "usual", the step.
    """

    hyperparameters: frozenset[Node]
    settled: dict[Node, Settled] = field(default_factory=dict)
    phase: str = "build"
    forced: tuple[bool, ...] = ()
    decisions: list[Decision] = field(default_factory=list)
    dtypes: dict[str, str] = field(default_factory=dict)
    reductions: dict[str, str] = field(default_factory=dict)
    hypotheses: dict[str, str] = field(default_factory=dict)
    origins: dict[Node, str] = field(default_factory=dict)

    def decide(self, condition: Node, actual: bool) -> bool:
        """Return whether a condition holds in this run."""
        if isinstance(condition.value, bool):
            return condition.value
        if condition.op in ("ne", "le", "not"):
            return not self.decide(make("not", condition), not actual)
        if set(leaves(condition)) <= self.hyperparameters:
            known = self.settled.setdefault(condition, Settled(actual, where()))
            known.phases.add(self.phase)
            return known.outcome
        for decision in self.decisions:
            if decision.condition is condition:
                return decision.outcome
        place = len(self.decisions)
        if place >= LIMIT:
            raise LiftError(f"{where()} branches on data more than {LIMIT} times in a step, in a loop")
        outcome = self.forced[place] if place < len(self.forced) else actual
        self.decisions.append(Decision(condition, outcome, where()))
        return outcome


_CURRENT: ContextVar[Trace] = ContextVar("_CURRENT")


def current() -> Trace:
    """Return the trace of the run that is going on."""
    return _CURRENT.get()


@contextmanager
def tracing(trace: Trace) -> Iterator[Trace]:
    """Note what happens within in this trace."""
    token = _CURRENT.set(trace)
    try:
        yield trace
    finally:
        _CURRENT.reset(token)


@cache
def is_library(file: str) -> bool:
    """Whether a file belongs to PyTorch beside its optimizers, to Python, or to this package."""
    if file.startswith((OWN_FOLDER, "<")) or file.endswith(("contextlib.py", "functools.py", "copy.py")):
        return True
    parts = Path(file).parts
    return (
        "torch" in parts
        and "site-packages" in parts
        and ("optim" not in parts or parts[-1] == "optimizer.py")
    )


def where() -> str:
    """Return the innermost line of the optimizer that is running."""
    frame = sys._getframe(1)
    while frame.f_back and is_library(frame.f_code.co_filename):
        frame = frame.f_back
    return f"{_name_of(frame.f_code.co_filename)}:{frame.f_lineno}"


_name_of = cache(lambda file: Path(file).name)


def derived(op: str, *operands: Node) -> Node:
    """Return the node of an operation on numbers, and note the line that it comes from."""
    numbers = [a if op in _LOGICAL else number_of(a) for a in operands]
    node = make(op, *numbers)
    if node.args:
        current().origins.setdefault(node, where())
    return node


_LOGICAL = frozenset({"and", "or", "not", "select"})


def _quiet(function: Callable[..., Any]) -> Callable[..., float]:
    def value(*numbers: float) -> float:
        with numpy.errstate(all="ignore"):
            return float(function(*(numpy.float64(float.__float__(n)) for n in numbers)))

    return value


_VALUES: Mapping[str, Callable[..., float]] = {
    name: _quiet(function)
    for name, function in {
        "add": numpy.add, "sub": numpy.subtract, "mul": numpy.multiply, "div": numpy.true_divide,
        "pow": numpy.power, "sqrt": numpy.sqrt, "exp": numpy.exp, "log": numpy.log, "abs": numpy.abs,
        "neg": numpy.negative, "tanh": numpy.tanh, "sin": numpy.sin, "cos": numpy.cos, "sign": numpy.sign,
        "max": numpy.maximum, "min": numpy.minimum,
    }.items()
}  # fmt: skip
_HOLDS: Mapping[str, Callable[[float, float], bool]] = {
    "lt": float.__lt__, "le": float.__le__, "gt": float.__gt__, "ge": float.__ge__,
    "eq": float.__eq__, "ne": float.__ne__,
}  # fmt: skip


def node_of(value: object) -> Node | None:
    """Return the node of a number, None for what is no number."""
    if isinstance(value, Number):
        return value.node
    if isinstance(value, (bool, int, float, Fraction, numpy.number, numpy.bool_)):
        return constant(int(value) if isinstance(value, Count) else value)
    return None


def plain(value: Any) -> float:
    """Return the number without its expression."""
    return float.__float__(value) if isinstance(value, Number) else float(value)


def computed(op: str, *operands: Any) -> Any:
    """Return the number that an operation gives, NotImplemented where an operand is no number."""
    nodes = [node_of(a) for a in operands]
    if any(n is None for n in nodes):
        return NotImplemented
    value = _VALUES[op](*map(plain, operands))
    return Number(value, derived(op, *nodes))  # type: ignore[arg-type]


def _binary(op: str, mirrored: bool = False) -> Callable[[Any, Any], Any]:
    def method(self: Any, other: Any) -> Any:
        return computed(op, other, self) if mirrored else computed(op, self, other)

    return method


def _compared(op: str) -> Callable[[Any, Any], Any]:
    def method(self: Number, other: Any) -> Any:
        node = node_of(other)
        if node is None:
            return NotImplemented
        return current().decide(make(op, self.node, node), _HOLDS[op](plain(self), plain(other)))

    return method


def _rounded(name: str) -> Callable[..., Any]:
    def method(self: Number, *others: Any) -> Any:
        if self.node.op == "constant":
            return getattr(plain(self), name)(*others)
        read = leaves(self.node)
        if len(read) == 1 and read[0] in current().hyperparameters:
            raise NeedsCount(read[0], where())
        raise LiftError(
            f"{where()} rounds {self.node!r} to a whole number, or uses it as a count; give the values "
            "of what it is computed from"
        )

    return method


class Number(float):
    """A float with the node of its expression."""

    node: Node

    def __new__(cls, value: float, node: Node) -> Number:
        """Return a number with its expression."""
        self = float.__new__(cls, value)
        self.node = node
        return self

    __add__, __radd__ = _binary("add"), _binary("add", mirrored=True)
    __sub__, __rsub__ = _binary("sub"), _binary("sub", mirrored=True)
    __mul__, __rmul__ = _binary("mul"), _binary("mul", mirrored=True)
    __truediv__, __rtruediv__ = _binary("div"), _binary("div", mirrored=True)
    __pow__, __rpow__ = _binary("pow"), _binary("pow", mirrored=True)  # type: ignore[assignment]
    __lt__, __le__, __gt__, __ge__ = _compared("lt"), _compared("le"), _compared("gt"), _compared("ge")
    __eq__, __ne__ = _compared("eq"), _compared("ne")

    def __hash__(self) -> int:
        if self.node.op == "constant":
            return hash(plain(self))
        raise LiftError(
            f"{where()} looks up {self.node!r} in a set or a dictionary; compare it with each entry, by =="
        )

    __int__, __round__ = _rounded("__int__"), _rounded("__round__")
    __trunc__, __floor__, __ceil__ = _rounded("__trunc__"), _rounded("__floor__"), _rounded("__ceil__")
    is_integer, as_integer_ratio = _rounded("is_integer"), _rounded("as_integer_ratio")
    __divmod__, __rdivmod__, __rfloordiv__ = map(_rounded, ("__divmod__", "__rdivmod__", "__rfloordiv__"))

    def __index__(self) -> int:
        if self.node.op == "constant" and plain(self).is_integer():
            return int(plain(self))
        read = leaves(self.node)
        if len(read) == 1 and read[0] in current().hyperparameters:
            raise NeedsCount(read[0], where())
        raise LiftError(f"{where()} uses {self.node!r} as a count")

    def __float__(self) -> float:
        if self.node.op == "constant":
            return float.__float__(self)
        raise LiftError(
            f"{where()} makes a plain number of {self.node!r} by float(), which loses its expression; use "
            "it as it is, or .item() for a tensor"
        )

    def __floordiv__(self, other: Any) -> Any:
        node = node_of(other)
        if node is None:
            return NotImplemented
        return Number(plain(self) // plain(other), derived("floor", derived("div", self.node, node)))

    def __mod__(self, other: Any) -> Any:
        whole = self // other
        return whole if whole is NotImplemented else self - other * whole

    def __neg__(self) -> Any:
        return computed("neg", self)

    def __abs__(self) -> Any:
        return computed("abs", self)

    def __pos__(self) -> Number:
        return self

    def __bool__(self) -> bool:
        return current().decide(make("ne", self.node, 0), plain(self) != 0)

    def __copy__(self) -> Number:
        return self

    def __deepcopy__(self, memo: object) -> Number:
        return self

    @property
    def real(self) -> Number:
        """Return the number itself."""
        return self

    def conjugate(self) -> Number:
        """Return the number itself."""
        return self

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        op = _UFUNCS.get(ufunc.__name__)
        found = computed(op, *inputs) if op and method == "__call__" and not options else NotImplemented
        if found is NotImplemented:
            raise LiftError(f"{where()} calls numpy.{ufunc.__name__} on a number of the rule")
        return found


_UFUNCS = {
    "add": "add", "subtract": "sub", "multiply": "mul", "divide": "div", "power": "pow", "sqrt": "sqrt",
    "exp": "exp", "log": "log", "absolute": "abs", "negative": "neg", "tanh": "tanh", "maximum": "max",
    "minimum": "min", "sign": "sign",
}  # fmt: skip


class NeedsCount(Exception):
    """A hyperparameter is used as a count, such as of repetitions: it must be a number."""

    def __init__(self, node: Node, line: str) -> None:
        """Say which hyperparameter, and where."""
        super().__init__(f"{line} uses {node!r} as a count")
        self.node = node
        if (noted := REFUSALS.get()) is not None:
            noted.append(self)


def _sized(relation: str) -> Callable[[Any, Any], Any]:
    own = {
        "<": int.__lt__,
        "<=": int.__le__,
        ">": int.__gt__,
        ">=": int.__ge__,
        "==": int.__eq__,
        "!=": int.__ne__,
    }

    def method(self: Count, other: Any) -> Any:
        if _CURRENT.get(None) is not None and isinstance(other, int) and other > 1:
            says = f"the number of weights {relation} {other} ({where()}) is decided as for few weights"
            current().hypotheses.setdefault(says, where())
        return own[relation](self, other)

    return method


class Count(int):
    """A number of coordinates, whose roots stay exact."""

    def __pow__(self, other: Any, _: Any = None) -> Any:
        return int(self) ** other if type(other) is int else computed("pow", self, other)

    def __truediv__(self, other: Any) -> Any:
        return computed("div", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return computed("div", other, self)

    __hash__ = int.__hash__
    __lt__, __le__, __gt__, __ge__ = _sized("<"), _sized("<="), _sized(">"), _sized(">=")
    __eq__, __ne__ = _sized("=="), _sized("!=")


class Memory:
    """The nodes of tensors, under the address of each element; other elements are constants."""

    def __init__(self) -> None:
        """Start without nodes."""
        self.cells: dict[int, Node] = {}
        self.kept: list[object] = []

    def addresses(self, tensor: Any) -> Any:
        """Return the address of each element, as an array of the tensor's shape."""
        if tensor.layout is not sys.modules["torch"].strided:
            raise LiftError(f"{where()} uses sparse tensors")
        found = numpy.full((), tensor.data_ptr(), dtype=numpy.int64)
        for axis, (size, stride) in enumerate(zip(tensor.shape, tensor.stride(), strict=True)):
            along = numpy.arange(size, dtype=numpy.int64) * stride * tensor.element_size()
            found = found + along.reshape([-1 if k == axis else 1 for k in range(tensor.dim())])
        return numpy.broadcast_to(found, tuple(tensor.shape))

    def has(self, tensor: Any) -> bool:
        """Whether an element of a tensor has been given a node."""
        return any(int(a) in self.cells for a in self.addresses(tensor).flat)

    def is_symbolic(self, tensor: Any) -> bool:
        """Whether the value of an element of a tensor is not fixed."""
        return any(
            (node := self.cells.get(int(a))) is not None and node.op != "constant"
            for a in self.addresses(tensor).flat
        )

    def read(self, tensor: Any) -> Any:
        """Return the nodes of a tensor, as an array of its shape."""
        addresses = self.addresses(tensor)
        found = numpy.empty(addresses.shape, dtype=object)
        for index in numpy.ndindex(*addresses.shape):
            node = self.cells.get(int(addresses[index]))
            found[index] = self._constant(tensor, index) if node is None else node
        return found

    def _constant(self, tensor: Any, index: tuple[int, ...]) -> Node:
        value = tensor.detach()[index].item()
        if isinstance(value, float) and math.isnan(value):
            raise LiftError(f"{where()} reads NaN, or memory that was never written")
        if str(tensor.dtype) == "torch.float32":
            value = numpy.float32(value)
        return constant(value)

    def write(self, tensor: Any, nodes: Any) -> None:
        """Give the elements of a tensor their nodes."""
        addresses = self.addresses(tensor)
        nodes = numpy.broadcast_to(numpy.asarray(nodes, dtype=object), addresses.shape)
        self.kept.append(tensor)  # An address is used once: memory that is freed would be used again.
        for index in numpy.ndindex(*addresses.shape):
            self.cells[int(addresses[index])] = nodes[index]
