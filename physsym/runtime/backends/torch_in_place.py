"""A program as PyTorch calls that write into the tensors of the state, one at a time or lists at once."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

import torch

from physsym.codegen import Program
from physsym.codegen.expression_tree import LOGIC, OPERATIONS
from physsym.codegen.passes.partition import partition, without_counters
from physsym.runtime.backends.base import Value, Values
from physsym.runtime.backends.in_place import InPlaceSource, in_place_source
from physsym.runtime.backends.python import FUNCTIONS as OF_FLOATS

Tensors: TypeAlias = Sequence[torch.Tensor]


def _extreme(name: str, *values: Value, **out: Value) -> torch.Tensor:
    # A tensor without axes does not widen the others, whatever its type.
    wrapped = (v if isinstance(v, torch.Tensor) else torch.tensor(v, dtype=torch.float64) for v in values)
    found: torch.Tensor = getattr(torch, name)(*wrapped, **out)
    return found


_OF_TESTS = {"equal": "eq", "not_equal": "ne"}  # torch.equal compares whole tensors


def _test(name: str, *values: Value) -> Value:
    """Return truth values: a tensor, or one of Python where all values are numbers."""
    if not any(isinstance(v, torch.Tensor) for v in values):
        return OF_FLOATS[name](*values)
    if name in LOGIC[4:]:
        like = next(v for v in values if isinstance(v, torch.Tensor))
        values = tuple(v if isinstance(v, torch.Tensor) else torch.full_like(like, v) for v in values)
    elif not isinstance(values[0], torch.Tensor):  # torch compares a tensor with a number, not the reverse
        name, values = _SWAPPED[name], values[::-1]
    found: torch.Tensor = getattr(torch, _OF_TESTS.get(name, name))(*values)
    return found


_SWAPPED = {"less": "greater", "less_equal": "greater_equal", "equal": "equal", "not_equal": "not_equal"}


def _where(condition: Value, value: Value, other: Value, out: torch.Tensor | None = None) -> Value:
    if isinstance(condition, torch.Tensor):
        cases = (value, other)
        # A tensor without axes does not widen the others, whatever its type.
        wrapped = [v if isinstance(v, torch.Tensor) else torch.tensor(v, dtype=torch.float64) for v in cases]
        chosen: Value = torch.where(condition, *wrapped)
    else:
        chosen = value if condition else other
    if out is not None:
        put(out, chosen)
    return chosen


def _sign(value: torch.Tensor, out: torch.Tensor | None = None) -> torch.Tensor:
    # PyTorch has sign(nan) = 0, and a weight would stay where it is as if nothing were wrong.
    found = torch.where(torch.isnan(value), value, torch.sign(value))
    if out is not None:
        put(out, found)
    return found


OF_TENSORS: Mapping[str, Callable[..., Value]] = {
    **{name: getattr(torch, name, torch.pow) for name in OPERATIONS},
    "maximum": partial(_extreme, "maximum"),
    "minimum": partial(_extreme, "minimum"),
    **{name: partial(_test, name) for name in LOGIC},
    "where": _where,
    "sign": _sign,
}
SHORT = {
    "subtract": "sub", "multiply": "mul", "divide": "div",
    "negative": "neg", "power": "pow", "absolute": "abs",
}  # fmt: skip
COMMUTATIVE = ("add", "multiply", "maximum", "minimum")


@dataclass
class Update:
    """One step of a program on tensors of one shape: the states, which it overwrites, then the gradients.

    Its scratch memory is kept from call to call, and shared by all tensors of one type and device.
    """

    advance: Callable[..., None]
    scratch: int
    _cached: dict[Any, list[torch.Tensor]] = field(default_factory=dict)

    def __call__(self, tensors: Tensors, constants: Values) -> None:
        """Take one step, given all constants of the program in order."""
        with torch.no_grad():
            self.advance(*tensors, *self._scratch_like(tensors[0]), *constants)

    def _scratch_like(self, tensor: torch.Tensor) -> list[torch.Tensor]:
        key, size = (tensor.dtype, tensor.device), tensor.numel()
        if not self.scratch or key not in self._cached or self._cached[key][0].numel() < size:
            self._cached[key] = [tensor.new_empty(size) for _ in range(self.scratch)]
        return [buffer[:size].view(tensor.shape) for buffer in self._cached[key]]


@dataclass(frozen=True)
class UpdateOfMany:
    """One step of a program on lists of tensors: for each state and then each gradient, one list."""

    advance: Callable[..., None]
    scratch: int

    def __call__(self, lists: Sequence[Tensors], constants: Values) -> None:
        """Take one step of all tensors, given all constants of the program in order."""
        with torch.no_grad():
            scratch = [[torch.empty_like(t) for t in lists[0]] for _ in range(self.scratch)]
            self.advance(*map(list, lists), *scratch, *constants)


def update(program: Program) -> Update:
    """Return what carries out a program on one tensor after another.

    >>> from physsym.codegen import program
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, x
    >>> weights = torch.ones(3, dtype=torch.float64)
    >>> update(program(rule({x: x - eta * G})))([weights, torch.arange(3.0, dtype=torch.float64)], (0.5,))
    >>> weights.tolist()
    [1.0, 0.5, 0.0]
    """
    source = in_place_source(partition(without_counters(program))[-1])
    return Update(_executed(source, OF_TENSORS, put), source.scratch)


def update_of_many(program: Program) -> UpdateOfMany:
    """Return what carries out a program on lists of tensors, in few calls for many tensors."""
    source = in_place_source(partition(without_counters(program))[-1])
    of_lists = {name: partial(_of_lists, name) for name in OPERATIONS}
    return UpdateOfMany(_executed(source, of_lists, _copy_lists), source.scratch)


def _executed(source: InPlaceSource, namespace: Mapping[str, Any], copyto: Any) -> Callable[..., None]:
    # What dispatches on tensors may import at any time, and does so with the builtins of its caller.
    seen: dict[str, Any] = {"__builtins__": builtins, "copyto": copyto, **namespace}
    exec(compile(source.text, "<step in place>", "exec"), seen)
    step: Callable[..., None] = seen["step"]
    return step


def _of_lists(name: str, *values: Value, out: list[torch.Tensor] | None = None) -> Value:
    if out is None:  # truth values, which are not kept
        count = next((len(v) for v in values if isinstance(v, list)), None)
        if count is None:
            return OF_TENSORS[name](*values)
        return [OF_TENSORS[name](*(v[i] if isinstance(v, list) else v for v in values)) for i in range(count)]
    if name in ("where", "sign"):
        return _one_by_one(name, *values, out=out)
    first, *others = values
    if name in COMMUTATIVE and first is not out and (others[0] is out or not isinstance(first, list)):
        first, others = others[0], [first]
    if isinstance(first, list) and (first is out or all(other is not out for other in others)):
        if first is not out:
            torch._foreach_copy_(out, first)
        getattr(torch, f"_foreach_{SHORT.get(name, name)}_")(out, *others)
    else:
        _one_by_one(name, *values, out=out)
    return None


def _one_by_one(name: str, *values: Value, out: list[torch.Tensor]) -> None:
    for i, tensor in enumerate(out):
        OF_TENSORS[name](*(v[i] if isinstance(v, list) else v for v in values), out=tensor)


def put(target: torch.Tensor, value: Value) -> None:
    """Write a tensor of the same shape, or one number everywhere, into a tensor."""
    target.copy_(value) if isinstance(value, torch.Tensor) else target.fill_(value)


def _copy_lists(targets: list[torch.Tensor], values: Value) -> None:
    for i, target in enumerate(targets):
        put(target, values[i] if isinstance(values, list) else values)
