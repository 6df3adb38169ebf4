"""The numbers within what code keeps: attributes, dictionaries, lists and arrays, each under its path."""

from __future__ import annotations

import copy
import sys
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType, SimpleNamespace
from typing import Any, TypeAlias

import numpy as np

from physsym.optimizers.lifted import LiftError
from physsym.optimizers.lifting.symbolic_arrays import Array, Number, as_array

Path: TypeAlias = tuple[tuple[str, Any], ...]
"""Steps into a value: an attribute, a key or an index each."""


class Hidden:
    """What code is run with and does not change: it is neither copied nor taken for a state."""

    def __init__(self, **values: Any) -> None:
        """Keep values as attributes."""
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> Any:
        """Say that there is no such value."""
        raise AttributeError(name)

    def __deepcopy__(self, memo: object) -> Hidden:
        return self


_LIBRARIES = {*sys.stdlib_module_names, "numpy", "sympy", "scipy", "physsym"} - {"__main__"}
_OPAQUE = (Hidden, str, bytes, type, ModuleType, FunctionType, BuiltinFunctionType, MethodType)
LAYOUTS = ("array", "number", "list", "dict", "numbers")
"""How weights are kept: an array, a number, a list or a dictionary of arrays, a list of numbers."""


def text(path: Path) -> str:
    """Return a path as people write it."""
    written = ""
    for kind, key in path:
        step = f".{key}" if kind == "attribute" else f"[{key!r}]"
        written += step if written else str(key).removeprefix("cell ")
    return written


def name(path: Path, not_these: Collection[Any] = ()) -> str:
    """Return the name of what stands at a path: its last attribute or text key, but for some keys."""
    named = [str(key) for kind, key in path if kind == "attribute" or isinstance(key, str)]
    chosen = [n for n in named if n not in not_these] or named or ["state"]
    return chosen[-1].removeprefix("cell ").strip("_") or "state"


def settled(path: Path, weights: Any) -> Path:
    """Return a path in which keys that are ids of the arrays of the weights are their numbers."""
    ids = {id(a): f"weight {k}" for k, a in enumerate(_arrays(weights))}
    return tuple((kind, ids[key] if type(key) is int and key in ids else key) for kind, key in path)


def walk(value: Any, path: Path = (), seen: frozenset[int] = frozenset()) -> Iterator[tuple[Path, Any]]:
    """Yield the numbers, arrays of numbers and flags in a value, with their paths."""
    if isinstance(value, (bool, np.bool_, type(None), int, float, np.floating, np.integer, Number)):
        yield path, value
    elif isinstance(value, np.ndarray):
        if isinstance(value, Array) or value.dtype.kind in "fiO":
            yield path, value
    elif id(value) not in seen:
        for step, inner in _members(value):
            yield from walk(inner, (*path, step), seen | {id(value)})


def _members(value: Any) -> list[tuple[tuple[str, Any], Any]]:
    """Return what a container or an object of somebody's class holds; those of libraries are not entered."""
    if isinstance(value, dict):
        return [(("key", k), v) for k, v in value.items()]
    if isinstance(value, (list, tuple, deque)):
        return [(("index", k), v) for k, v in enumerate(value)]
    package = type(value).__module__.partition(".")[0]
    if package in ("jax", "jaxlib", "torch") and hasattr(value, "dtype"):
        raise LiftError(
            f"the code makes arrays of {package.removesuffix('lib')}; lift it as an optax factory or as a "
            "class of torch.optim.Optimizer, or write it with NumPy"
        )
    is_python = bool(type(value).__flags__ & 1 << 9)  # a class made by a class statement, not in C
    foreign = package in _LIBRARIES and not isinstance(value, SimpleNamespace)
    foreign = foreign and not (package == "builtins" and is_python)
    if isinstance(value, _OPAQUE) or foreign:
        return []
    own = {
        k: v
        for cls in reversed(type(value).__mro__[:-1])
        for k, v in vars(cls).items()
        if isinstance(v, (int, float)) and not isinstance(v, bool) and not k.startswith("__")
    }
    own |= getattr(value, "__dict__", {})
    for cls in type(value).__mro__:
        slots = cls.__dict__.get("__slots__", ())
        for slot in (slots,) if isinstance(slots, str) else slots:
            if hasattr(value, slot) and slot not in ("__dict__", "__weakref__"):
                own[slot] = getattr(value, slot)
    return [(("attribute", k), v) for k, v in own.items()]


def iterators(value: Any, path: Path = (), depth: int = 6) -> Iterator[Path]:
    """Yield the paths of iterators and generators of random numbers, whose states cannot be seen."""
    if hasattr(value, "__next__") or type(value).__name__ in ("Generator", "RandomState", "Random"):
        yield path
    elif depth and not isinstance(value, np.ndarray):
        for step, inner in _members(value):
            yield from iterators(inner, (*path, step), depth - 1)


def is_number(value: Any) -> bool:
    """Return whether a value found by `walk` is a number or an array, and no flag."""
    return not isinstance(value, (bool, np.bool_, type(None)))


def put(owner: Any, path: Path, value: Any) -> Any:
    """Set what stands at a path; return the owner, which is a new one if it is a tuple."""
    if not path:
        return value
    (kind, key), rest = path[0], path[1:]
    inner = getattr(owner, key) if kind == "attribute" else owner[key]
    changed = put(inner, rest, value)
    if isinstance(owner, tuple):
        items = [changed if k == key else v for k, v in enumerate(owner)]
        return type(owner)(*items) if hasattr(owner, "_fields") else type(owner)(items)
    if changed is not inner:
        if kind == "attribute":
            object.__setattr__(owner, key, changed)
        else:
            owner[key] = changed
    return owner


def get(owner: Any, path: Path) -> Any:
    """Return what stands at a path."""
    for kind, key in path:
        owner = getattr(owner, key) if kind == "attribute" else owner[key]
    return owner


def copied(owner: Any, weights: Any) -> tuple[Any, Any]:
    """Copy a value and weights together: what is one array stays one, and ids as keys follow their array."""
    new_owner, new_weights = copy.deepcopy((owner, weights))
    moved = {id(a): id(b) for a, b in zip(_arrays(weights), _arrays(new_weights), strict=True)}
    return _with_keys(new_owner, moved), new_weights


def _arrays(weights: Any) -> list[Any]:
    return [weights, *(value for _, value in walk(weights))]


def _with_keys(value: Any, moved: dict[int, int]) -> Any:
    if isinstance(value, dict):
        if any(type(k) is int and k in moved for k in value):
            items = {moved.get(k, k): v for k, v in value.items()}
            value.clear()
            value.update(items)
        for v in value.values():
            _with_keys(v, moved)
    elif not isinstance(value, (np.ndarray, Number)):
        for _, inner in _members(value):
            _with_keys(inner, moved)
    return value


def build(layout: str, numbers: Sequence[Any]) -> Any:
    """Return weights, or a gradient, of a layout that hold these numbers."""

    def array(part: Sequence[Any]) -> Any:
        return as_array(list(part)) if isinstance(part[0], Number) else np.array(part, dtype=float)

    if layout == "number":
        return numbers[0]
    if layout == "numbers":
        return list(numbers)
    if layout == "array":
        return array(numbers)
    parts = [array(numbers[:2]), *([array(numbers[2:])] if len(numbers) > 2 else [])]
    return parts if layout == "list" else dict(zip(("w", "b"), parts, strict=False))


def flat(value: Any) -> list[Any]:
    """Return the numbers in weights of any layout, in order."""
    found = list[Any]()
    for _, inner in walk(value):
        found += (
            list(np.ndarray.reshape(inner.view(np.ndarray), -1)) if isinstance(inner, np.ndarray) else [inner]
        )
    return found


def like(value: Any, numbers: Sequence[Any]) -> Any:
    """Return numbers in the layout of a value."""
    left = iter(numbers)

    def filled(part: Any) -> Any:
        if isinstance(part, np.ndarray):
            taken = [next(left) for _ in range(part.size)]
            plain = as_array(taken) if isinstance(taken[0], Number) else np.array(taken, dtype=float)
            return plain.reshape(part.shape)
        if isinstance(part, dict):
            return {k: filled(v) for k, v in part.items()}
        if isinstance(part, (list, tuple)):
            return type(part)(map(filled, part))
        return next(left)

    return filled(value)
