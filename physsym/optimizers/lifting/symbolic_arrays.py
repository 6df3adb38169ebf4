"""Numbers and NumPy arrays that hold formulas, for running code that was written for floats.

A `Number` is immutable, as a float is; an `Array` is an ndarray of them and is changed in place, so views and
names for one array share what happens to it, as they do in the code that is run. Comparisons give numbers
that are conditions; where code asks whether one is true, `paths.decide` answers. What would turn a formula
into a plain number (`float()`, an array of floats, an index) is refused with the line.
"""

from __future__ import annotations

import builtins
import contextlib
import math
import numbers
import random
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from fractions import Fraction
from functools import partial, reduce
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from physsym.optimizers.lifted import LiftError
from physsym.optimizers.lifting.nodes import Node, constant, make, number_of, origin, reduction_in_words
from physsym.optimizers.lifting.paths import decide

_OWN = str(Path(__file__).parent)
_NUMPY = str(Path(np.__file__).parent)
PRECISION: ContextVar[set[str] | None] = ContextVar("PRECISION", default=None)
"""The dtypes of floats that code asked for while it ran."""


REDUCTIONS: ContextVar[dict[str, None] | None] = ContextVar("REDUCTIONS", default=None)
"""In words, where code combined the elements of an array while it ran."""


class NeedsIntegerError(LiftError):
    """Code that uses a formula as a whole number, such as the length of a loop; `number` is the formula."""

    number: Number


def line() -> str:
    """Return the file and the line of the code that is run, below this package and NumPy."""
    frame = sys._getframe(1)
    while frame.f_back is not None:
        name = frame.f_code.co_filename
        if not (name.startswith((_OWN, _NUMPY)) or name == "<__array_function__ internals>"):
            break
        frame = frame.f_back
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"


def refuse(reason: str) -> LiftError:
    """Return the error that code cannot be lifted, with the line that is run."""
    return LiftError(f"{line()}: {reason}")


def node_of(value: Any) -> Node:
    """Return the node of a number, of a formula or a plain one; conditions stay conditions."""
    if isinstance(value, Number):
        return value.node
    if isinstance(value, np.ndarray) and value.size == 1:
        return node_of(value.reshape(-1)[0])
    if isinstance(value, (np.floating, float)):
        if math.isnan(value):
            raise refuse("NaN is no number of a law")
        if isinstance(value, np.floating):
            note_precision(value.dtype)
    if isinstance(value, (bool, np.bool_, int, float, Fraction, np.integer, np.floating)):
        return constant(value)
    if value is None:
        raise refuse("reads an array of np.empty before it is filled, or computes with None")
    raise refuse(f"{value!r} of type {type(value).__name__} is no real number")


def note_precision(dtype: Any) -> None:
    """Note that code computes with a dtype; raise LiftError where it is too coarse to compare."""
    kind = np.dtype(dtype)
    if kind.kind not in "f":
        return
    if kind.itemsize < 4:
        raise refuse(f"computes in {kind.name}, which is too coarse to compare a law with it")
    noted = PRECISION.get()
    if noted is not None and kind.itemsize < 8:
        noted.add(kind.name)


def _applied(op: str, *operands: Any) -> Number:
    nodes = [node_of(v) for v in operands]
    if op not in _LOGICAL:
        nodes = [number_of(n) for n in nodes]
    with origin(line()):
        return Number(make(op, *nodes))


_LOGICAL = frozenset({"and", "or", "not", "xor", "select", "eq", "ne"})


def _floor_divide(a: Any, b: Any) -> Number:
    return _applied("floor", _applied("div", a, b))


def _modulo(a: Any, b: Any) -> Number:
    return _applied("sub", a, _applied("mul", b, _floor_divide(a, b)))


def _condition(value: Any) -> Number:
    node = node_of(value)
    return Number(node) if node.is_condition else _applied("ne", node_number(node), 0)


def node_number(node: Node) -> Number:
    """Return the number of a node."""
    return Number(node)


def _hypot(a: Any, b: Any) -> Number:
    return _applied("sqrt", _applied("add", _applied("square", a), _applied("square", b)))


def _hyperbolic(op: str, a: Any) -> Number:
    return _applied("div", _applied(op, _applied("exp", a), _applied("exp", _applied("neg", a))), 2)


def _copysign(a: Any, b: Any) -> Number:
    size = _applied("abs", a)
    return _applied("select", _applied("lt", b, 0), _applied("neg", size), size)


OPERATIONS: Mapping[str, Callable[..., Any]] = {
    **{
        name: partial(_applied, op)
        for name, op in {
            "add": "add", "subtract": "sub", "multiply": "mul", "divide": "div", "true_divide": "div",
            "power": "pow", "float_power": "pow", "pow": "pow", "sqrt": "sqrt", "cbrt": "cbrt",
            "square": "square", "absolute": "abs", "fabs": "abs", "sign": "sign", "negative": "neg",
            "maximum": "max", "minimum": "min", "fmax": "max", "fmin": "min", "exp": "exp", "log": "log",
            "tanh": "tanh", "sin": "sin", "cos": "cos", "floor": "floor", "ceil": "ceil",
            "reciprocal": "reciprocal", "greater": "gt", "less": "lt", "greater_equal": "ge",
            "less_equal": "le", "equal": "eq", "not_equal": "ne", "fmod": "rem",
        }.items()
    },
    "positive": lambda a: _applied("add", a, 0),
    "conjugate": lambda a: _applied("add", a, 0),
    "logical_and": lambda a, b: _applied("and", _condition(a), _condition(b)),
    "logical_or": lambda a, b: _applied("or", _condition(a), _condition(b)),
    "logical_xor": lambda a, b: _applied("xor", _condition(a), _condition(b)),
    "logical_not": lambda a: _applied("not", _condition(a)),
    "floor_divide": _floor_divide,
    "remainder": _modulo,
    "mod": _modulo,
    "exp2": lambda a: _applied("pow", 2, a),
    "log2": lambda a: _applied("div", _applied("log", a), _applied("log", 2)),
    "log10": lambda a: _applied("div", _applied("log", a), _applied("log", 10)),
    "expm1": lambda a: _applied("sub", _applied("exp", a), 1),
    "log1p": lambda a: _applied("log", _applied("add", 1, a)),
    "hypot": _hypot,
    "copysign": _copysign,
    "sinh": partial(_hyperbolic, "sub"),
    "cosh": partial(_hyperbolic, "add"),
    "tan": lambda a: _applied("div", _applied("sin", a), _applied("cos", a)),
    "heaviside": lambda a, b: _applied(
        "select", _applied("lt", a, 0), 0, _applied("select", _applied("lt", 0, a), 1, b)
    ),
    "clip": lambda a, low, high: _applied("min", _applied("max", a, low), high),
    "select": partial(_applied, "select"),
    # Formulas are of real numbers, which are finite.
    "isnan": lambda _: Number(constant(False)),
    "isinf": lambda _: Number(constant(False)),
    "isfinite": lambda _: Number(constant(True)),
}  # fmt: skip
OPERATIONS = {
    **OPERATIONS,
    "bitwise_and": OPERATIONS["logical_and"],
    "bitwise_or": OPERATIONS["logical_or"],
    "bitwise_xor": OPERATIONS["logical_xor"],
    "invert": OPERATIONS["logical_not"],
}
"""What the functions of NumPy and of `math` do with formulas, by their names."""


def elementwise(name: str, *operands: Any) -> Any:
    """Apply an operation to numbers and arrays, which are broadcast."""
    function = OPERATIONS[name]
    if not any(isinstance(v, (np.ndarray, list, tuple)) for v in operands):
        return function(*operands)
    found = np.frompyfunc(function, len(operands), 1)(*map(_objects, operands))
    return found.view(Array) if isinstance(found, np.ndarray) else found


def _objects(value: Any) -> Any:
    """Return what `frompyfunc` takes: an array of objects, in which floats keep their dtype."""
    if isinstance(value, Array):
        return value.view(np.ndarray)
    if isinstance(value, (np.ndarray, list, tuple)):
        plain = np.asarray(value)
        if plain.dtype.kind == "f":
            note_precision(plain.dtype)
        objects = np.empty(plain.shape, dtype=object)
        for index in np.ndindex(plain.shape):
            objects[index] = plain[index]
        return objects
    wrapped = np.empty((), dtype=object)
    wrapped[()] = value
    return wrapped


def as_array(value: Any) -> Array:
    """Return an array of formulas, of one or of plain numbers."""
    objects = _objects(value)
    found = np.empty(objects.shape, dtype=object)
    for index in np.ndindex(objects.shape):
        found[index] = Number(node_of(objects[index]))
    return found.view(Array)


def _ufunc(ufunc: Any, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    name = ufunc.__name__
    if name == "matmul":
        return _dot(*inputs)
    if name not in OPERATIONS:
        raise refuse(f"np.{name} is no operation of an update rule")
    out, where = options.pop("out", None), options.pop("where", True)
    if dtype := options.pop("dtype", None):
        note_precision(dtype)
    for quiet in ("casting", "subok", "order"):
        options.pop(quiet, None)
    if method == "__call__":
        found = elementwise(name, *inputs)
    elif method in ("reduce", "accumulate", "outer"):
        if method == "reduce":
            found = _reduced(name, inputs[0], options.get("axis", 0), bool(options.get("keepdims")))
        else:
            combined = np.frompyfunc(OPERATIONS[name], 2, 1)
            found = getattr(combined, method)(*map(_objects, inputs), **options).view(Array)
    else:
        raise refuse(f"np.{name}.{method} cannot be lifted")
    if out is None:
        return found
    (target,) = out if isinstance(out, tuple) else (out,)
    if where is not True:
        found = elementwise("select", where, found, target)
    return store(target, found)


def _reduced(name: str, array: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Combine the numbers of an array by an operation, all of them or those along an axis."""
    objects = _objects(array)
    combined: Any = np.frompyfunc(OPERATIONS[name], 2, 1)
    axes = tuple(range(objects.ndim)) if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
    shape = [1 if k in {a % objects.ndim for a in axes} else n for k, n in enumerate(objects.shape)]
    for a in sorted((a % objects.ndim for a in axes), reverse=True):
        objects = combined.reduce(objects, axis=a)
    noted = REDUCTIONS.get()
    if noted is not None and _objects(array).size > np.size(objects):
        parts = [node_of(v) for v in _objects(array).flat]
        op = {"multiply": "mul", "maximum": "max", "minimum": "min"}.get(name, name)
        if any(p.op != "constant" for p in parts):
            noted[f"{reduction_in_words(op, parts)} ({line()})"] = None
    if keepdims:
        objects = _objects(objects).reshape(shape)
    return objects.view(Array) if isinstance(objects, np.ndarray) else objects


def store(target: Any, value: Any) -> Any:
    """Write formulas into an array in place. Raises LiftError for an array of plain numbers."""
    if not isinstance(target, Array) and target.dtype != object:
        raise refuse(
            "writes into an array of plain numbers, which was made outside of the code that is lifted; keep "
            "such a state in an argument or an attribute"
        )
    target.view(np.ndarray)[...] = _objects(value)
    return target


def _dot(a: Any, b: Any) -> Any:
    found = np.dot(_objects(a), _objects(b))
    return found.view(Array) if isinstance(found, np.ndarray) else found


def _binary(name: str, mirrored: bool = False) -> Any:
    def method(self: Number, other: Any) -> Any:
        if isinstance(other, (list, tuple, str, type(None), dict)):
            return NotImplemented
        return elementwise(name, other, self) if mirrored else elementwise(name, self, other)

    return method


def _unary(name: str) -> Any:
    def method(self: Number, *_: Any) -> Any:
        return elementwise(name, self)

    return method


class Number:
    """A number that is a formula, or a condition; immutable."""

    __slots__ = ("node",)
    __array_priority__ = 1000
    shape, ndim, size = (), 0, 1
    dtype = np.dtype(float)

    def __init__(self, node: Node) -> None:
        """Keep the node."""
        self.node = node

    __add__, __radd__ = _binary("add"), _binary("add", True)
    __sub__, __rsub__ = _binary("subtract"), _binary("subtract", True)
    __mul__, __rmul__ = _binary("multiply"), _binary("multiply", True)
    __truediv__, __rtruediv__ = _binary("divide"), _binary("divide", True)
    __floordiv__, __rfloordiv__ = _binary("floor_divide"), _binary("floor_divide", True)
    __mod__, __rmod__ = _binary("mod"), _binary("mod", True)
    __rpow__ = _binary("power", True)
    __lt__, __gt__ = _binary("less"), _binary("greater")
    __le__, __ge__ = _binary("less_equal"), _binary("greater_equal")
    __and__, __rand__ = _binary("logical_and"), _binary("logical_and", True)
    __or__, __ror__ = _binary("logical_or"), _binary("logical_or", True)
    __xor__, __rxor__ = _binary("logical_xor"), _binary("logical_xor", True)
    __neg__, __pos__, __abs__ = _unary("negative"), _unary("positive"), _unary("absolute")
    __invert__ = _unary("logical_not")
    __floor__, __ceil__ = _unary("floor"), _unary("ceil")
    # NumPy's functions call these on the objects in a plain array.
    sqrt, exp, log, sign, tanh = map(_unary, ("sqrt", "exp", "log", "sign", "tanh"))
    item = copy = conjugate = sum = mean = max = min = squeeze = ravel = flatten = _unary("positive")

    def __pow__(self, other: Any, modulus: None = None) -> Any:
        return elementwise("power", self, other)

    def __eq__(self, other: object) -> Any:
        if isinstance(other, (str, type(None), list, tuple, dict)):
            return False
        return elementwise("equal", self, other)

    def __ne__(self, other: object) -> Any:
        if isinstance(other, (str, type(None), list, tuple, dict)):
            return True
        return elementwise("not_equal", self, other)

    def __hash__(self) -> int:
        value = number_of(self.node).value
        if isinstance(value, (Fraction, float)):
            return hash(value)
        raise refuse(
            f"looks up {self!r} in a set or a dictionary; compare it with each entry, by == and or, or give "
            "its value if it is an argument"
        )

    def __bool__(self) -> bool:
        return decide(_condition(self).node, line())

    def __deepcopy__(self, memo: object) -> Number:
        return self

    __copy__ = __deepcopy__

    def __reduce__(self) -> Any:
        raise refuse("pickles a value, which cannot be lifted")

    def __float__(self) -> float:
        return float(self._plain("float() makes a plain number of a formula"))

    def __int__(self) -> int:
        return int(self._plain("int() makes a plain number of a formula"))

    __trunc__ = __int__

    def __complex__(self) -> complex:
        raise refuse("complex numbers are no numbers of an update rule")

    def __round__(self, digits: int | None = None) -> Number:
        raise refuse("rounds a value, which is no operation of an update rule")

    def __index__(self) -> int:
        value = number_of(self.node).value
        if isinstance(value, Fraction) and value.denominator == 1:
            return int(value)
        error = NeedsIntegerError(
            f"{line()}: {self!r} is used as a whole number, such as the length of a loop"
        )
        error.number = self
        raise error

    def _plain(self, reason: str) -> Fraction | float:
        value = number_of(self.node).value
        if isinstance(value, (Fraction, float)):
            return value
        raise refuse(f"{reason}, {self!r}; leave it out, or make it a hyperparameter")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return _ufunc(ufunc, method, inputs, options)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        return _function(function, args, options)

    def astype(self, dtype: Any, **_: Any) -> Any:
        """Return the same number; a dtype of whole numbers is refused."""
        return _cast(self, dtype)

    def clip(self, low: Any = -math.inf, high: Any = math.inf) -> Any:
        """Return it within two bounds."""
        return elementwise("clip", self, low, high)

    def __repr__(self) -> str:
        return repr(self.node)

    def __str__(self) -> str:
        return _Text(repr(self.node))

    def __format__(self, form: str) -> str:
        return str(self)


class _Text(str):
    """The text of a formula: for messages, and not for comparisons, in which the number has another text."""

    def __eq__(self, other: object) -> bool:
        raise refuse("compares the text of a number; compare the number")

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        raise refuse("looks for the text of a number; compare the number")


numbers.Real.register(Number)


def _cast(value: Any, dtype: Any) -> Any:
    kind = np.dtype(float if dtype is None else object if dtype is object else dtype)
    note_precision(kind)
    if kind.kind in "iuS":
        raise refuse(f"rounds a value by the dtype {kind.name}, which is no operation of an update rule")
    return elementwise("positive", value) if kind.kind == "f" else value


class Array(np.ndarray):
    """An array of numbers that are formulas; it is changed in place, and its views with it."""

    __array_priority__ = 1000

    @property
    def dtype(self) -> Any:
        """Return float64, which code sees; NumPy sees objects."""
        return np.dtype(float)

    @dtype.setter
    def dtype(self, _: Any) -> None:
        raise refuse("changes the dtype of an array in place")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return _ufunc(ufunc, method, inputs, options)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        return _function(function, args, options)

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(_plain_index(index))
        return found

    def __setitem__(self, index: Any, value: Any) -> None:
        super().__setitem__(_plain_index(index), _objects(value) if value is not self else value)

    def __deepcopy__(self, memo: Any) -> Array:
        return self.copy()

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ValueError("The truth value of an array with more than one element is ambiguous")
        return bool(self.view(np.ndarray).reshape(-1)[0])

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        return int(self.item().__index__())

    def item(self, *index: Any) -> Any:
        """Return the number that is held."""
        return self.view(np.ndarray).item(*index)

    def astype(self, dtype: Any, *_: Any, **options: Any) -> Any:
        """Return a copy."""
        return _cast(self, dtype)

    def sum(self, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Any:  # type: ignore[override]
        """Return the sum."""
        return _reduced("add", self, axis, keepdims)

    def prod(self, axis: Any = None, **_: Any) -> Any:  # type: ignore[override]
        """Return the product."""
        return _reduced("multiply", self, axis)

    def max(self, axis: Any = None, out: Any = None, keepdims: bool = False, **_: Any) -> Any:  # type: ignore[override]
        """Return the largest."""
        return _reduced("maximum", self, axis, keepdims)

    def min(self, axis: Any = None, out: Any = None, keepdims: bool = False, **_: Any) -> Any:  # type: ignore[override]
        """Return the smallest."""
        return _reduced("minimum", self, axis, keepdims)

    def all(self, axis: Any = None, **_: Any) -> Any:  # type: ignore[override]
        """Return whether all are true."""
        return _reduced("logical_and", self, axis)

    def any(self, axis: Any = None, **_: Any) -> Any:  # type: ignore[override]
        """Return whether one is true."""
        return _reduced("logical_or", self, axis)

    def mean(self, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Any:  # type: ignore[override]
        """Return the mean."""
        count = self.size if axis is None else self.shape[axis]
        return self.sum(axis=axis, keepdims=keepdims) / count

    def var(self, axis: Any = None, **options: Any) -> Any:  # type: ignore[override]
        """Return the variance."""
        if options or axis is not None:
            raise refuse("the variance along an axis, or with other options, cannot be lifted")
        return ((self - self.mean()) ** 2).mean()

    def std(self, axis: Any = None, **options: Any) -> Any:  # type: ignore[override]
        """Return the standard deviation."""
        return np.sqrt(self.var(axis=axis, **options))

    def clip(self, min: Any = None, max: Any = None, out: Any = None, **_: Any) -> Any:
        """Return it within two bounds."""
        return _clip(self, min, max, out)

    def dot(self, other: Any, out: Any = None) -> Any:
        """Return the product of matrices or the inner product."""
        return _dot(self, other)

    def fill(self, value: Any) -> None:
        """Set all numbers."""
        self[...] = value

    def conj(self) -> Any:
        """Return it, since it is real."""
        return self

    def round(self, decimals: Any = 0, out: Any = None) -> Any:
        """Refuse it."""
        raise refuse("rounds values, which is no operation of an update rule")

    def __reduce__(self) -> Any:
        raise refuse("pickles an array, which cannot be lifted")


def _plain_index(index: Any) -> Any:
    """Return an index in which conditions are decided."""
    if isinstance(index, Array):
        flat = list(index.view(np.ndarray).reshape(-1))
        if all(n.node.is_condition for n in flat):
            return np.array([bool(n) for n in flat]).reshape(index.shape)
        return np.array([n.__index__() for n in flat]).reshape(index.shape)
    if isinstance(index, Number):
        return bool(index) if index.node.is_condition else index.__index__()
    return tuple(map(_plain_index, index)) if isinstance(index, tuple) else index


def _clip(a: Any, low: Any = None, high: Any = None, out: Any = None, **options: Any) -> Any:
    low, high = options.get("min", low), options.get("max", high)
    found = a if low is None else elementwise("maximum", a, low)
    found = found if high is None else elementwise("minimum", found, high)
    return store(out, found) if out is not None else found


def _full(shape: Any, value: Any = 0, dtype: Any = None, **_: Any) -> Array:
    if dtype is not None:
        note_precision(dtype)
    found = np.empty(shape, dtype=object)
    found[...] = None if value is None else as_array(value).view(np.ndarray)
    return found.view(Array)


def _as_is(value: Any, dtype: Any = None, **_: Any) -> Any:
    if dtype is not None:
        note_precision(dtype)
    return value if isinstance(value, Array) else as_array(value)


def _copied(value: Any, dtype: Any = None, copy: Any = True, **_: Any) -> Array:
    if dtype is not None:
        note_precision(dtype)
    found = as_array(value)
    return found.copy() if copy else found


def _copyto(target: Any, value: Any, casting: str = "", where: Any = True) -> None:
    store(target, value if where is True else elementwise("select", where, value, target))


def _where(condition: Any, *branches: Any) -> Any:
    if len(branches) != 2:
        raise refuse("np.where with a condition alone gives indices, which depend on values")
    return elementwise("select", condition, *branches)


def _mean(a: Any, axis: Any = None, **options: Any) -> Any:
    return as_array(a).mean(axis=axis, keepdims=options.get("keepdims", False))


def _norm(a: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    array = as_array(a)
    if axis is None and not keepdims and ord in (None, "fro", 2) and (array.ndim < 2 or ord != 2):
        return np.sqrt(_reduced("add", np.square(array), None))
    if axis is None and not keepdims and array.ndim == 1 and ord in (1, math.inf):
        return getattr(abs(array), "sum" if ord == 1 else "max")()
    if array.ndim == 1 and axis in (0, -1) and ord in (None, 2):
        return np.sqrt(_reduced("add", np.square(array), 0, keepdims))
    raise refuse(f"the norm of order {ord} along the axis {axis} cannot be lifted")


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "where": _where,
    "clip": _clip,
    "zeros_like": lambda a, dtype=None, **_: _full(np.shape(a), 0, dtype),
    "ones_like": lambda a, dtype=None, **_: _full(np.shape(a), 1, dtype),
    "empty_like": lambda a, dtype=None, **_: _full(np.shape(a), None, dtype),
    "full_like": lambda a, value, dtype=None, **_: _full(np.shape(a), value, dtype),
    "copy": lambda a, **_: as_array(a).copy() if np.ndim(a) else a,
    "copyto": _copyto,
    "dot": lambda a, b, out=None: _dot(a, b),
    "vdot": lambda a, b: _dot(as_array(a).reshape(-1), as_array(b).reshape(-1)),
    "inner": lambda a, b: _dot(a, b),
    "sum": lambda a, axis=None, **o: as_array(a).sum(axis=axis, keepdims=o.get("keepdims", False)),
    "prod": lambda a, axis=None, **_: as_array(a).prod(axis=axis),
    "mean": _mean,
    "average": lambda a, axis=None: as_array(a).mean(axis=axis),
    "max": lambda a, axis=None, **o: as_array(a).max(axis=axis, keepdims=o.get("keepdims", False)),
    "min": lambda a, axis=None, **o: as_array(a).min(axis=axis, keepdims=o.get("keepdims", False)),
    "all": lambda a, axis=None, **_: as_array(a).all(axis=axis),
    "any": lambda a, axis=None, **_: as_array(a).any(axis=axis),
    "var": lambda a, axis=None, **_: as_array(a).var(axis=axis),
    "std": lambda a, axis=None, **_: as_array(a).std(axis=axis),
    "norm": _norm,
    "nan_to_num": lambda a, copy=True, **_: _copied(a) if copy else a,
    "amax": lambda a, axis=None, **o: as_array(a).max(axis=axis, keepdims=o.get("keepdims", False)),
    "amin": lambda a, axis=None, **o: as_array(a).min(axis=axis, keepdims=o.get("keepdims", False)),
}
"""Functions of NumPy that are no ufuncs, by their names."""


def _function(function: Any, args: Any, options: Any) -> Any:
    name = function.__name__
    if FUNCTIONS.get(name):
        return FUNCTIONS[name](*args, **options)
    try:
        found = function._implementation(*_plain(args), **_plain(options))
    except LiftError:
        raise
    except (TypeError, ValueError, AttributeError, NotImplementedError) as error:
        module = str(getattr(function, "__module__", "numpy")).replace("numpy", "np")
        raise refuse(f"{module}.{name} cannot be lifted ({type(error).__name__}: {error})") from error
    return _formulas(found)


def _plain(value: Any) -> Any:
    """Return arrays of formulas as arrays of objects, within tuples, lists and dictionaries too."""
    if isinstance(value, Array):
        return value.view(np.ndarray)
    if isinstance(value, (tuple, list)):
        return type(value)(map(_plain, value))
    return {k: _plain(v) for k, v in value.items()} if isinstance(value, dict) else value


def _formulas(value: Any) -> Any:
    if isinstance(value, np.ndarray) and np.ndarray.dtype.__get__(value).kind == "O":
        return value.view(Array)
    return type(value)(map(_formulas, value)) if isinstance(value, (tuple, list)) else value


# ------------------------------------------------------------------ while code is run


class _FloatType(type):
    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, (builtins.float, Number))

    def __subclasscheck__(cls, other: type) -> bool:
        return issubclass(other, (builtins.float, Number))

    def __call__(cls, value: Any = 0.0) -> Any:
        if isinstance(value, Array) and value.size == 1:
            value = value.item()
        return value if isinstance(value, Number) else builtins.float(value)


class _Float(metaclass=_FloatType):
    """`float` for code that is run on formulas: it leaves them as they are."""


def _extremum(name: str) -> Callable[..., Any]:
    original = getattr(builtins, name)

    def extremum(*values: Any, **options: Any) -> Any:
        several = list(values[0]) if len(values) == 1 else list(values)
        if options or not any(isinstance(v, Number) for v in several) or len(several) < 1:
            return original(several, **options)
        if any(isinstance(v, np.ndarray) and v.size != 1 for v in several):
            return original(several)
        return reduce(partial(elementwise, {"max": "maximum", "min": "minimum"}[name]), several)

    return extremum


BUILTINS: Mapping[str, Any] = {"float": _Float, "max": _extremum("max"), "min": _extremum("min")}
_MATH = ("sqrt", "exp", "log", "pow", "fabs", "sin", "cos", "tan", "tanh", "sinh", "cosh", "floor", "ceil",
         "isnan", "isinf", "isfinite", "hypot", "copysign", "exp2", "expm1", "log1p", "log2", "log10", "fmod",
         "cbrt")  # fmt: skip
_FACTORIES: Mapping[str, Callable[..., Any]] = {
    "zeros": lambda shape, dtype=None, **_: _full(shape, 0, dtype),
    "ones": lambda shape, dtype=None, **_: _full(shape, 1, dtype),
    "empty": lambda shape, dtype=None, **_: _full(shape, None, dtype),
    "full": lambda shape, fill_value, dtype=None, **_: _full(shape, fill_value, dtype),
    "zeros_like": FUNCTIONS["zeros_like"],
    "ones_like": FUNCTIONS["ones_like"],
    "empty_like": FUNCTIONS["empty_like"],
    "full_like": FUNCTIONS["full_like"],
    "array": _copied,
    "asarray": _as_is,
    "asanyarray": _as_is,
    "ascontiguousarray": _as_is,
}
_RANDOM = ("random", "rand", "randn", "normal", "uniform", "randint", "choice", "standard_normal", "gauss",
           "permutation", "shuffle", "binomial", "exponential", "laplace", "default_rng",
           "random_sample")  # fmt: skip
_LOCK, _ABSENT = threading.RLock(), object()


def _math(name: str, original: Any) -> Callable[..., Any]:
    def function(*values: Any) -> Any:
        if not any(isinstance(v, (Number, Array)) for v in values):
            return original(*values)
        if name == "log" and len(values) == 2:
            return elementwise("divide", *(elementwise("log", v) for v in values))
        taken = [v.item() if isinstance(v, Array) else v for v in values]
        return elementwise({"fabs": "absolute"}.get(name, name), *taken)

    return function


def _no_randomness(name: str) -> Callable[..., Any]:
    def function(*_: Any, **__: Any) -> Any:
        raise refuse(f"{name} draws random numbers, and a law has none")

    return function


class _Module(ModuleType):
    """A module with some of its functions replaced, for code that reaches it by its own globals.

    The module itself stays as it is: compiled code relies on what `np.empty` returns.
    """

    def __init__(self, module: ModuleType, replaced: Mapping[str, Any]) -> None:
        """Keep the module and what is replaced."""
        super().__init__(module.__name__)
        self._module = module
        vars(self).update(replaced)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


def _replacements() -> dict[int, Any]:
    """Return what stands for modules and functions, by the identity of the original."""
    own_math = {n: _math(n, getattr(math, n)) for n in _MATH if hasattr(math, n)}
    own_random = {n: _no_randomness(f"random.{n}") for n in _RANDOM if hasattr(random, n)}
    np_random = {n: _no_randomness(f"np.random.{n}") for n in _RANDOM if hasattr(np.random, n)}
    drawn = _Module(np.random, np_random)
    found: dict[int, Any] = {
        id(math): _Module(math, own_math),
        id(random): _Module(random, own_random),
        id(np.random): drawn,
        id(np): _Module(np, {**_FACTORIES, "random": drawn}),
    }
    for module, replaced in (
        (math, own_math),
        (random, own_random),
        (np.random, np_random),
        (np, _FACTORIES),
    ):
        found |= {id(getattr(module, n)): f for n, f in replaced.items()}
    return found


@contextlib.contextmanager
def patched(namespaces: list[dict[str, Any]]) -> Iterator[None]:
    """Let code that uses NumPy, `math` and the builtins run on formulas; `namespaces` are its globals.

    Modules and functions that it imported, such as by `from math import sqrt`, are replaced in its globals,
    and put back.
    """
    saved: list[tuple[dict[str, Any], str, Any]] = []
    with _LOCK:
        try:
            replaced = _replacements()
            for space in namespaces:
                for name, value in list(space.items()):
                    if id(value) in replaced:
                        saved.append((space, name, value))
                        space[name] = replaced[id(value)]
                for name, value in BUILTINS.items():
                    if name not in space:
                        saved.append((space, name, _ABSENT))
                        space[name] = value
            yield
        finally:
            for space, name, value in saved:
                if value is _ABSENT:
                    space.pop(name, None)
                else:
                    space[name] = value
