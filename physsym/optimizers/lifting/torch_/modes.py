"""PyTorch while an optimizer is read: each call of a function is seen, and everything is put back after."""

from __future__ import annotations

import builtins
import math
import random
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import numpy
import torch
from torch.overrides import TorchFunctionMode

from physsym.optimizers.lifted import LiftError
from physsym.optimizers.lifting.nodes import Node, make, number_of
from physsym.optimizers.lifting.torch_.functions import CASTS, FACTS, RANDOM, TABLE, VIEWS
from physsym.optimizers.lifting.torch_.trace import (
    Count,
    Memory,
    Number,
    Trace,
    computed,
    current,
    tracing,
    where,
)

ATTRIBUTES = frozenset({"T", "mT", "H", "mH", "data", "grad", "real"})


class Watch(TorchFunctionMode):
    """Carries expressions along with each function of PyTorch that is called."""

    def __init__(self, memory: Memory) -> None:
        """Carry expressions along in this memory."""
        super().__init__()
        self.memory = memory

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        if name in ("__get__", "__set__", "__delete__"):
            return self._attribute(func, args)
        if name in RANDOM:
            raise LiftError(f"{where()} uses random numbers (torch.{name})")
        if name.startswith("_foreach_"):
            return self._foreach(func, name, args, kwargs)
        if name in _SPECIAL:
            return _SPECIAL[name](self, func, args, kwargs)
        if name in FACTS:
            found = func(*_stripped(args), **_stripped(kwargs))
            return Count(found) if name in ("numel", "nelement") else found
        if name in VIEWS:
            return self._view(func, args, kwargs)
        if name in CASTS:
            return self._cast(func, name, args, kwargs)
        return self._function(func, name, args, kwargs)

    def _attribute(self, func: Any, args: Any) -> Any:
        attribute = func.__self__.__name__
        if attribute == "imag" or (attribute in ("data", "grad") and func.__name__ == "__delete__"):
            raise LiftError(f"{where()} uses the attribute {attribute} of a tensor")
        return func(*args)

    def _function(self, func: Any, name: str, args: Any, kwargs: Any) -> Any:
        plain_name = _plain(name)
        in_place = name.endswith("_") and not name.startswith("__")
        handler = TABLE.get(name) or TABLE.get(plain_name)
        if handler is None:
            if self._is_symbolic((args, kwargs)) or (in_place and self.memory.has(args[0])):
                raise LiftError(f"{where()} calls {name} of PyTorch, of which no expression is known")
            return func(*_stripped(args), **_stripped(kwargs))
        options = {k: v for k, v in kwargs.items() if k not in _WITHOUT_MEANING}
        first, *others = args or (None,)
        read = [None if name in _WRITTEN_ONLY else self._nodes(first)] if args else []
        try:
            nodes = handler(*read, *self._nodes(others), **self._nodes(options))
        except TypeError as error:
            raise LiftError(
                f"{where()} calls {name} of PyTorch in a way of which no expression is known"
            ) from error
        result = func(*_stripped(args), **_stripped(kwargs))
        target = kwargs.get("out") if kwargs.get("out") is not None else args[0] if in_place else result
        self._written(target, nodes)
        return result

    def _foreach(self, func: Any, name: str, args: Any, kwargs: Any) -> Any:
        """Carry out a foreach function: the function of its name, on each tensor of the lists."""
        plain_name = _plain(name.removeprefix("_foreach_"))
        handler = TABLE["copy_" if plain_name == "copy" else plain_name] if plain_name in _FOREACH else None
        if handler is None:
            raise LiftError(f"{where()} calls {name} of PyTorch, of which no expression is known")
        lists = self._nodes(args)
        found = []
        for k in range(len(args[0])):
            own = [a[k] if isinstance(a, (list, tuple)) else a for a in lists]
            options = {o: v[k] if isinstance(v, (list, tuple)) else v for o, v in self._nodes(kwargs).items()}
            if plain_name in ("addcmul", "addcdiv") and len(own) == 4:
                options["value"] = own.pop()
            found.append(handler(*own, **options))
        result = func(*_stripped(args), **_stripped(kwargs))
        for target, nodes in zip(args[0] if name.endswith("_") else result, found, strict=True):
            self._written(target, nodes)
        return result

    def _view(self, func: Any, args: Any, kwargs: Any) -> Any:
        if any(isinstance(a, torch.dtype) for a in (*args, *kwargs.values())):
            raise LiftError(f"{where()} reads the bits of a tensor as another dtype")
        before = self.memory.read(args[0])
        result = func(*_stripped(args), **_stripped(kwargs))
        if isinstance(result, torch.Tensor) and not _shares(result, args[0]):
            self._written(result, before.reshape(tuple(result.shape)))
        return result

    def _cast(self, func: Any, name: str, args: Any, kwargs: Any) -> Any:
        nodes = self.memory.read(args[0])
        result = func(*_stripped(args), **_stripped(kwargs))
        if not isinstance(result, torch.Tensor) or _shares(result, args[0]):
            return result
        if result.dtype is torch.bool:
            nodes = _mapped(lambda n: n if n.is_condition else make("ne", n, 0), nodes)
        elif not result.dtype.is_floating_point and args[0].dtype.is_floating_point:
            if self.memory.is_symbolic(args[0]):
                raise LiftError(f"{where()} rounds a number of the rule to a whole number")
            return result
        else:
            nodes = _mapped(number_of, nodes)
        self._written(result, nodes)
        return result

    def _written(self, target: Any, nodes: Any) -> None:
        """Give a result its nodes, and note the dtype in which it was computed."""
        if not isinstance(target, torch.Tensor):
            raise LiftError(f"{where()} calls a function of PyTorch that returns several tensors")
        dtype = str(target.dtype).removeprefix("torch.")
        if target.dtype.is_floating_point:
            nodes = _mapped(number_of, numpy.asarray(nodes, dtype=object))
            current().dtypes.setdefault(dtype, where())
            if dtype not in ("float64", "float32"):
                raise LiftError(f"{where()} computes in {dtype}, whose rounding is no part of a rule")
        elif target.dtype is torch.bool:
            nodes = _mapped(lambda n: n if n.is_condition else make("ne", n, 0), nodes)
        elif target.dtype.is_complex:
            raise LiftError(f"{where()} computes with complex numbers")
        self.memory.write(target, nodes)

    def _is_symbolic(self, value: Any) -> bool:
        if isinstance(value, torch.Tensor):
            return value.layout is torch.strided and self.memory.is_symbolic(value)
        if isinstance(value, dict):
            return any(map(self._is_symbolic, value.values()))
        if isinstance(value, (list, tuple)):
            return any(map(self._is_symbolic, value))
        return isinstance(value, Number) and value.node.op != "constant"

    def _nodes(self, value: Any) -> Any:
        """Return arguments with nodes in place of tensors and numbers."""
        if isinstance(value, torch.Tensor):
            return self.memory.read(value)
        if isinstance(value, Number):
            return value.node
        if isinstance(value, (list, tuple)):
            return type(value)(map(self._nodes, value)) if type(value) in (list, tuple) else value
        return {k: self._nodes(v) for k, v in value.items()} if isinstance(value, dict) else value


def _mapped(function: Callable[[Node], Node], nodes: Any) -> Any:
    nodes = numpy.asarray(nodes, dtype=object)
    found = numpy.empty(nodes.shape, dtype=object)
    for index in numpy.ndindex(*nodes.shape):
        found[index] = function(nodes[index])
    return found


def _shares(a: Any, b: Any) -> bool:
    return bool(a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr())


def _plain(name: str) -> str:
    if name.startswith("__i") and f"__{name[3:]}" in ("__add__", "__sub__", "__mul__", "__truediv__"):
        return {"__iadd__": "add", "__isub__": "sub", "__imul__": "mul", "__itruediv__": "div"}[name]
    return name if name.startswith("__") else name.rstrip("_")


def _stripped(value: Any) -> Any:
    """Return arguments with plain numbers."""
    if isinstance(value, Number):
        return float.__float__(value)
    if isinstance(value, Count):
        return int(value)
    if type(value) in (list, tuple):
        return type(value)(map(_stripped, value))
    return {k: _stripped(v) for k, v in value.items()} if type(value) is dict else value


def _item(mode: Watch, func: Any, args: Any, kwargs: Any) -> Any:
    """Return the number in a tensor of one element."""
    (tensor,) = args
    value = func(tensor)
    if not mode.memory.has(tensor):
        return value
    node = mode.memory.read(tensor).reshape(())[()]
    if node.is_condition:
        return current().decide(node, bool(value))
    if node.op == "constant" and not isinstance(value, float):
        return value
    return Number(value, node)


def _items(mode: Watch, func: Any, args: Any, kwargs: Any) -> Any:
    (tensor,) = args
    if tensor.dim() == 0:
        return _item(mode, torch.Tensor.item, args, kwargs)
    return [_items(mode, func, (part,), kwargs) for part in tensor.unbind()]


def _truth(mode: Watch, func: Any, args: Any, kwargs: Any) -> Any:
    (tensor,) = args
    value = func(tensor)
    node = mode.memory.read(tensor).reshape(())[()]
    return current().decide(node if node.is_condition else make("ne", node, 0), bool(value))


def _equal(mode: Watch, func: Any, args: Any, kwargs: Any) -> Any:
    first, second = args
    value = func(first, second)
    if first.shape != second.shape:
        return value
    same = TABLE["all"](TABLE["eq"](mode.memory.read(first), mode.memory.read(second)))
    return current().decide(same.reshape(())[()], value)


def _get(mode: Watch, func: Any, args: Any, kwargs: Any) -> Any:
    tensor, index = args
    if any(isinstance(i, torch.Tensor) and mode._is_symbolic(i) for i in _parts(index)):
        raise LiftError(f"{where()} selects elements by a condition on data; torch.where keeps all of them")
    result = func(tensor, _stripped(index))
    if not _shares(result, tensor):
        chosen = _positions(tensor)[index]
        flat = mode.memory.read(tensor).reshape(-1)
        mode._written(result, flat[chosen.numpy()])
    return result


def _parts(index: Any) -> tuple[Any, ...]:
    return index if isinstance(index, tuple) else (index,)


def _positions(tensor: Any) -> Any:
    return torch.arange(tensor.numel()).reshape(tensor.shape)


def _set(mode: Watch, func: Any, args: Any, kwargs: Any) -> None:
    tensor, index, value = args
    new = mode._nodes(value)
    new = numpy.asarray(new if isinstance(new, numpy.ndarray) else TABLE["tensor"](new), dtype=object)
    old = mode.memory.read(tensor)
    if isinstance(index, torch.Tensor) and index.dtype is torch.bool and mode._is_symbolic(index):
        if new.ndim:
            raise LiftError(f"{where()} writes a tensor where a condition on data holds; use torch.where")
        func(tensor, index, _stripped(value))
        mask = mode.memory.read(index)
        mask = mask.reshape(mask.shape + (1,) * (old.ndim - mask.ndim))
        mode._written(tensor, TABLE["masked_fill"](old, mask, new))
        return
    if any(isinstance(i, torch.Tensor) and mode._is_symbolic(i) for i in _parts(index)):
        raise LiftError(f"{where()} writes elements that a condition on data selects")
    chosen = _positions(tensor)[index].numpy()
    func(tensor, index, _stripped(value))
    flat = old.reshape(-1).copy()
    flat[chosen.reshape(-1)] = numpy.broadcast_to(new, chosen.shape).reshape(-1)
    mode._written(tensor, flat.reshape(old.shape))


def _leaves_torch(mode: Watch, func: Any, args: Any, kwargs: Any) -> Any:
    if mode._is_symbolic((args, kwargs)):
        raise LiftError(
            f"{where()} takes a number out of PyTorch by {func.__name__.strip('_')}(), which loses its "
            "expression; use .item()"
        )
    return func(*_stripped(args), **_stripped(kwargs))


def _empty(mode: Watch, func: Any, args: Any, kwargs: Any) -> Any:
    result = func(*_stripped(args), **_stripped(kwargs))
    if result.dtype.is_floating_point:
        result.fill_(math.nan)  # Reading it is an error.
    return result


_SPECIAL: dict[str, Callable[..., Any]] = {
    "item": _item, "tolist": _items, "__bool__": _truth, "is_nonzero": _truth, "equal": _equal,
    "__getitem__": _get, "__setitem__": _set,
    "__float__": _leaves_torch, "__int__": _leaves_torch, "__index__": _leaves_torch, "numpy": _leaves_torch,
    "__array__": _leaves_torch, "__complex__": _leaves_torch,
    "empty": _empty, "empty_like": _empty, "new_empty": _empty,
}  # fmt: skip
_WITHOUT_MEANING = frozenset(
    "out dtype device requires_grad memory_format layout pin_memory non_blocking copy".split()  # noqa: SIM905
)
_WRITTEN_ONLY = frozenset(
    "copy_ fill_ zero_ zeros_like ones_like full_like new_zeros new_ones new_full new_tensor".split()  # noqa: SIM905
)
_FOREACH = frozenset(
    (  # noqa: SIM905
        "add sub mul div addcmul addcdiv lerp sqrt neg abs sign pow maximum minimum clamp_min clamp_max zero "
        "reciprocal exp log copy norm rsqrt"
    ).split()
)
_MATH = ["sqrt", "exp", "log", "pow", "fabs", "tanh", "sin", "cos"]


def _mathematics(name: str) -> Callable[..., Any]:
    """Return a function of `math` that keeps expressions."""
    own = getattr(math, name)
    op = {"fabs": "abs"}.get(name, name)

    def function(*arguments: Any) -> Any:
        numbers = [a.item() if isinstance(a, torch.Tensor) else a for a in arguments]
        if any(isinstance(a, (Number, Count)) for a in numbers):
            return computed(op, *numbers)
        return own(*arguments)

    return function


def _extremum(name: str) -> Callable[..., Any]:
    """Return `max` or `min` that makes a Max or a Min of numbers, and no branch."""
    own = getattr(builtins, name)

    def function(*arguments: Any, **options: Any) -> Any:
        items = list(arguments[0]) if len(arguments) == 1 and not options else list(arguments)
        if not options and items and any(isinstance(a, Number) for a in items):
            found = items[0]
            for item in items[1:]:
                found = computed(name, found, item)
                if found is NotImplemented:
                    break
            else:
                return found
        return own(items) if len(arguments) == 1 and not options else own(*arguments, **options)

    return function


@contextmanager
def reading(trace: Trace, memory: Memory, seed: int) -> Iterator[Watch]:
    """Carry expressions along with what is computed within; the seed is that of random numbers."""
    mode = Watch(memory)
    with ExitStack() as stack:
        stack.enter_context(as_found())
        torch.manual_seed(seed)
        random.seed(seed)
        numpy.random.seed(seed)
        stack.enter_context(tracing(trace))
        for name in _MATH:
            stack.enter_context(mock.patch.object(math, name, _mathematics(name)))
        for name in ("max", "min"):
            stack.enter_context(mock.patch.object(builtins, name, _extremum(name)))
        stack.enter_context(mock.patch.object(torch, "finfo", _noted_finfo(torch.finfo)))
        stack.enter_context(mode)
        yield mode


def _noted_finfo(own: Any) -> Callable[..., Any]:
    def finfo(*dtype: Any) -> Any:
        says = f"the weights are float64, whose smallest numbers enter ({where()})"
        current().hypotheses.setdefault(says, where())
        return own(*dtype)

    return finfo


@contextmanager
def as_found() -> Iterator[None]:
    """Compute in float64, and put back what belongs to PyTorch, Python and NumPy: dtype, grad mode, seeds.

    Optimizers that can be captured in graphs of an accelerator are read on the CPU too: only the check of the
    device is changed.
    """
    grad, dtype = torch.is_grad_enabled(), torch.get_default_dtype()
    states = torch.random.get_rng_state(), random.getstate(), numpy.random.get_state()
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        for module in _capturable_modules():
            own = module._get_capturable_supported_devices
            stack.enter_context(
                mock.patch.object(
                    module,
                    "_get_capturable_supported_devices",
                    lambda *a, own=own, **k: [*own(*a, **k), "cpu"],
                )
            )
        try:
            torch.set_default_dtype(torch.float64)
            yield
        finally:
            torch.set_default_dtype(dtype)
            torch.set_grad_enabled(grad)
            torch.random.set_rng_state(states[0])
            random.setstate(states[1])
            numpy.random.set_state(states[2])


def _capturable_modules() -> list[Any]:
    import sys

    return [
        module
        for name, module in list(sys.modules.items())
        if name.startswith("torch.optim.") and hasattr(module, "_get_capturable_supported_devices")
    ]
