"""What functions of PyTorch do to expressions: arrays of nodes in, an array of nodes out.

A function in place (`add_`), a foreach function (`_foreach_add_`) and one with `out=` are the plain function,
whose result is written into a tensor; `modes` sees to that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from typing import Any

import numpy

from physsym.optimizers.lifted import LiftError
from physsym.optimizers.lifting.nodes import FALSE, TRUE, Node, as_node, constant, number_of
from physsym.optimizers.lifting.torch_.trace import current, derived, where


def elementwise(op: str, *arrays: Any) -> Any:
    """Return the nodes of an operation on each element, with broadcasting."""
    operands: list[Any] = [
        numpy.asarray(a if isinstance(a, numpy.ndarray) else _node(a), dtype=object) for a in arrays
    ]
    shape = numpy.broadcast_shapes(*(a.shape for a in operands))
    found = numpy.empty(shape, dtype=object)
    operands = [numpy.broadcast_to(a, shape) for a in operands]
    for index in numpy.ndindex(*shape):
        found[index] = derived(op, *(a[index] for a in operands))
    return found


def _node(value: Any) -> Node:
    return value if isinstance(value, Node) else as_node(value)


def add(a: Any, b: Any, *, alpha: Any = 1) -> Any:
    """Return a + alpha b."""
    return elementwise("add", a, elementwise("mul", b, alpha))


def sub(a: Any, b: Any, *, alpha: Any = 1) -> Any:
    """Return a - alpha b."""
    return elementwise("sub", a, elementwise("mul", b, alpha))


def divide(a: Any, b: Any, *, rounding_mode: str | None = None) -> Any:
    """Return a quotient, or its floor."""
    quotient = elementwise("div", a, b)
    if rounding_mode is None:
        return quotient
    if rounding_mode == "floor":
        return elementwise("floor", quotient)
    raise LiftError(f"{where()} divides with rounding_mode={rounding_mode!r}")


def remainder(a: Any, b: Any) -> Any:
    """Return what is left of a after whole multiples of b, with the sign of b."""
    return elementwise("sub", a, elementwise("mul", b, elementwise("floor", elementwise("div", a, b))))


def addcmul(a: Any, b: Any, c: Any, *, value: Any = 1) -> Any:
    """Return a + value b c."""
    return elementwise("add", a, elementwise("mul", value, elementwise("mul", b, c)))


def addcdiv(a: Any, b: Any, c: Any, *, value: Any = 1) -> Any:
    """Return a + value b/c."""
    return elementwise("add", a, elementwise("div", elementwise("mul", value, b), c))


def lerp(a: Any, b: Any, weight: Any) -> Any:
    """Return (1 - weight) a + weight b."""
    kept = elementwise("mul", elementwise("sub", 1, weight), a)
    return elementwise("add", kept, elementwise("mul", weight, b))


def clamp(a: Any, min: Any = None, max: Any = None) -> Any:
    """Return a number cut off at bounds."""
    low = a if min is None else elementwise("max", a, min)
    return low if max is None else elementwise("min", low, max)


def where_(condition: Any, a: Any, b: Any) -> Any:
    """Return a where a condition holds, and b elsewhere."""
    return elementwise("select", condition, a, b)


def masked_fill(a: Any, mask: Any, value: Any) -> Any:
    """Return a value where a mask holds, and a elsewhere."""
    return elementwise("select", mask, value, a)


def log1p(a: Any) -> Any:
    """Return log(1 + a)."""
    return elementwise("log", elementwise("add", 1, a))


def expm1(a: Any) -> Any:
    """Return exp(a) - 1."""
    return elementwise("sub", elementwise("exp", a), 1)


def sigmoid(a: Any) -> Any:
    """Return 1/(1 + exp(-a))."""
    return elementwise("div", 1, elementwise("add", 1, elementwise("exp", elementwise("neg", a))))


def relu(a: Any, inplace: bool = False) -> Any:
    """Return the positive part."""
    return elementwise("max", a, 0)


def hypot(a: Any, b: Any) -> Any:
    """Return the root of the sum of two squares."""
    return elementwise("sqrt", elementwise("add", elementwise("square", a), elementwise("square", b)))


def assumed(says: str, value: bool) -> Callable[[Any], Any]:
    """Return a function that has one value as long as all numbers are finite, which is then assumed."""

    def function(a: Any) -> Any:
        current().hypotheses.setdefault(says, where())
        return numpy.full(a.shape, TRUE if value else FALSE, dtype=object)

    return function


def nan_to_num(a: Any, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """Return the number, which is assumed to be finite."""
    current().hypotheses.setdefault(FINITE, where())
    return a


FINITE = "gradients, weights and states are finite"


def copied(a: Any, *_: Any, **__: Any) -> Any:
    """Return the argument."""
    return a


def source(_: Any, b: Any, *__: Any, **___: Any) -> Any:
    """Return the second argument, which is copied."""
    return b


def filled(_: Any, value: Any, **__: Any) -> Any:
    """Return one value for all elements."""
    return numpy.asarray(_node(value) if not isinstance(value, numpy.ndarray) else value, dtype=object)


def full(_: Any, fill_value: Any, **__: Any) -> Any:
    """Return one value for all elements."""
    return filled(None, fill_value)


def of_value(value: int) -> Callable[..., Any]:
    """Return a factory of tensors of one value."""
    return lambda *_, **__: numpy.asarray(constant(value), dtype=object)


def tensor(data: Any, **_: Any) -> Any:
    """Return the nodes of data, nested as in lists."""
    return data if isinstance(data, numpy.ndarray) else _nested(data)


def _nested(data: Any) -> Any:
    if isinstance(data, (list, tuple)):
        return numpy.asarray(
            numpy.stack([_nested(d) for d in data]) if data else numpy.empty(0, dtype=object)
        )
    return data if isinstance(data, numpy.ndarray) else numpy.asarray(_node(data), dtype=object)


def reduced(name: str, combine: Callable[[Sequence[Node]], Node]) -> Callable[..., Any]:
    """Return a reduction over all axes, or over some."""

    def function(a: Any, dim: Any = None, keepdim: bool = False, **_: Any) -> Any:
        return along(a, dim, keepdim, combine, name)

    return function


def along(a: Any, dim: Any, keepdim: bool, combine: Callable[[Sequence[Node]], Node], name: str) -> Any:
    """Combine the elements along some axes, and note that coordinates are mixed there."""
    a = numpy.asarray(a, dtype=object)
    axes = range(a.ndim) if dim is None or dim == () else [dim] if isinstance(dim, int) else dim
    axes = sorted(axis % a.ndim for axis in axes) if a.ndim else []
    sizes = [a.shape[axis] for axis in axes]
    if numpy.prod(sizes, dtype=int) > 1:
        current().reductions.setdefault(where(), f"{name} over the coordinates of a tensor")
    rest = [k for k in range(a.ndim) if k not in axes]
    moved = numpy.transpose(a, [*rest, *axes]).reshape([a.shape[k] for k in rest] + [-1])
    found = numpy.empty(moved.shape[:-1], dtype=object)
    for index in numpy.ndindex(*found.shape):
        found[index] = combine(list(moved[index]))
    return found.reshape([1 if k in axes else a.shape[k] for k in range(a.ndim)]) if keepdim else found


def _chained(op: str) -> Callable[[Sequence[Node]], Node]:
    return lambda items: reduce(lambda a, b: derived(op, a, b), items)


def _mean(items: Sequence[Node]) -> Node:
    return derived("div", _chained("add")(items), constant(len(items)))


total = reduced("the sum", _chained("add"))
mean = reduced("the mean", _mean)


def norm(a: Any, p: Any = 2, dim: Any = None, keepdim: bool = False, **_: Any) -> Any:
    """Return a vector norm, over all axes or over some."""
    if p is None or p == "fro":
        p = 2
    size = as_node(p)
    if size.op != "constant":
        raise LiftError(f"{where()} takes a norm whose order is a symbol")

    def combine(items: Sequence[Node]) -> Node:
        parts = [derived("abs", item) for item in items]
        if isinstance(size.value, float):
            return _chained("max" if size.value > 0 else "min")(parts)
        if size.value == 1:
            return _chained("add")(parts)
        exponent = Fraction(str(size.value))
        powers = [derived("pow", part, size) for part in parts]
        inner = _chained("add")(powers)
        if exponent == 2:
            return derived("sqrt", inner)
        return derived("pow", inner, constant(1 / exponent))

    return along(a, dim, keepdim, combine, f"the {p}-norm")


def vector_norm(a: Any, ord: Any = 2, dim: Any = None, keepdim: bool = False, **_: Any) -> Any:
    """Return a vector norm."""
    return norm(a, ord, dim, keepdim)


def linalg_norm(a: Any, ord: Any = None, dim: Any = None, keepdim: bool = False, **_: Any) -> Any:
    """Return the Euclidean norm."""
    if ord not in (None, 2, "fro") or (ord == 2 and a.ndim > 1):
        raise LiftError(f"{where()} takes a matrix norm, or one of another order")
    return norm(a, 2, dim, keepdim)


def extremum(op: str) -> Callable[..., Any]:
    """Return `torch.max` or `torch.min`: of two tensors, or of all elements of one."""
    reduction = reduced(f"the {op}imum", _chained(op))

    def function(a: Any, other: Any = None, **options: Any) -> Any:
        if isinstance(other, numpy.ndarray):
            return elementwise(op, a, other)
        if other is not None or options:
            raise LiftError(f"{where()} asks for the index of a {op}imum; torch.a{op} gives the value alone")
        return reduction(a)

    return function


def matmul(a: Any, b: Any) -> Any:
    """Return a matrix product."""
    current().reductions.setdefault(where(), "a matrix product")
    return numpy.asarray(numpy.matmul(_as_numbers(a), _as_numbers(b)), dtype=object)


def _as_numbers(a: Any) -> Any:
    found = numpy.empty(a.shape, dtype=object)
    for index in numpy.ndindex(*a.shape):
        found[index] = number_of(a[index])
    return found


def addmm(a: Any, b: Any, c: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """Return beta a + alpha b c."""
    return elementwise("add", elementwise("mul", beta, a), elementwise("mul", alpha, matmul(b, c)))


def concatenated(parts: Any, dim: int = 0) -> Any:
    """Return tensors joined along an axis."""
    return numpy.concatenate([numpy.atleast_1d(p) for p in parts], axis=dim)


def stacked(parts: Any, dim: int = 0) -> Any:
    """Return tensors joined along a new axis."""
    return numpy.stack(list(parts), axis=dim)


def _unary(op: str) -> Callable[..., Any]:
    return lambda a, **_: elementwise(op, a)


def _binary(op: str) -> Callable[..., Any]:
    return lambda a, b, **_: elementwise(op, a, b)


def _mirrored(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda a, b, **options: function(b, a, **options)


def _conditions(op: str) -> Callable[..., Any]:
    def truth(a: Any) -> Any:
        return elementwise("select", a, TRUE, FALSE)

    return lambda *operands: elementwise(op, *map(truth, operands))


def absolute(a: Any) -> Any:
    """Return the absolute value."""
    return elementwise("abs", a)


TABLE: Mapping[str, Callable[..., Any]] = {
   
    **{n: _unary(n) for n in ("sqrt", "rsqrt", "square", "reciprocal", "exp", "log", "sign", "tanh")},
    **{n: _unary(n) for n in ("sin", "cos", "floor", "ceil")},
    "abs": absolute, "absolute": absolute, "__abs__": absolute, "neg": _unary("neg"),
    "negative": _unary("neg"), "sgn": _unary("sign"), "log1p": log1p, "expm1": expm1, "sigmoid": sigmoid,
    "relu": relu, "hypot": hypot, "positive": copied, "clone": copied, "__deepcopy__": copied,
    "alias": copied, "add": add, "__radd__": add, "sub": sub, "subtract": sub, "rsub": _mirrored(sub),
    "__rsub__": _mirrored(sub), "mul": _binary("mul"), "multiply": _binary("mul"),
    "__rmul__": _binary("mul"), "div": divide, "divide": divide, "true_divide": divide,
    "__rdiv__": _mirrored(divide), "__rtruediv__": _mirrored(divide), "pow": _binary("pow"),
    "float_power": _binary("pow"), "__rpow__": _mirrored(_binary("pow")), "remainder": remainder,
    "fmod": _binary("rem"), "maximum": _binary("max"), "minimum": _binary("min"), "fmax": _binary("max"),
    "fmin": _binary("min"), "max": extremum("max"), "min": extremum("min"),
    "amax": reduced("the maximum", _chained("max")), "amin": reduced("the minimum", _chained("min")),
    "clamp": clamp, "clip": clamp, "clamp_min": lambda a, min: clamp(a, min),
    "clamp_max": lambda a, max: clamp(a, None, max), "lt": _binary("lt"), "le": _binary("le"),
    "gt": _binary("gt"), "ge": _binary("ge"), "eq": _binary("eq"), "__eq__": _binary("eq"),
    "ne": _binary("ne"), "__ne__": _binary("ne"), "less": _binary("lt"), "less_equal": _binary("le"),
    "greater": _binary("gt"), "greater_equal": _binary("ge"), "logical_and": _conditions("and"),
    "logical_or": _conditions("or"), "logical_not": _conditions("not"), "logical_xor": _conditions("xor"),
    "__and__": _conditions("and"), "__or__": _conditions("or"), "__xor__": _conditions("xor"),
    "bitwise_and": _conditions("and"), "bitwise_or": _conditions("or"), "bitwise_not": _conditions("not"),
    "__invert__": _conditions("not"), "any": reduced("whether any holds", _chained("or")),
    "all": reduced("whether all hold", _chained("and")), "isnan": assumed(FINITE, False),
    "isinf": assumed(FINITE, False), "isfinite": assumed(FINITE, True), "nan_to_num": nan_to_num,
    "addcmul": addcmul, "addcdiv": addcdiv, "lerp": lerp, "where": where_, "masked_fill": masked_fill,
    "copy_": source, "fill_": filled, "zero_": of_value(0), "zeros": of_value(0), "ones": of_value(1),
    "zeros_like": of_value(0), "ones_like": of_value(1), "new_zeros": of_value(0), "new_ones": of_value(1),
    "full": full, "full_like": full, "new_full": full, "tensor": tensor, "as_tensor": tensor,
    "scalar_tensor": tensor, "asarray": tensor, "new_tensor": lambda _, data, **__: tensor(data),
    "sum": total, "mean": mean, "norm": norm, "linalg_norm": linalg_norm, "linalg_vector_norm": vector_norm,
    "matmul": matmul, "mm": matmul, "mv": matmul, "dot": matmul, "vdot": matmul, "__matmul__": matmul,
    "__rmatmul__": _mirrored(matmul), "addmm": addmm, "cat": concatenated, "concat": concatenated,
    "stack": stacked,
}  # fmt: skip
"""Functions whose result has elements of its own; `copy_`, `fill_` and `zero_` exist in place alone."""

VIEWS = frozenset(
    [
        "detach",
        "view",
        "reshape",
        "view_as",
        "squeeze",
        "unsqueeze",
        "expand",
        "expand_as",
        "broadcast_to",
        "t",
        "transpose",
        "permute",
        "movedim",
        "flatten",
        "ravel",
        "contiguous",
        "narrow",
        "select",
        "unbind",
        "split",
        "chunk",
        "unflatten",
        "swapaxes",
        "swapdims",
        "detach_",
        "requires_grad_",
        "unsqueeze_",
        "squeeze_",
        "t_",
        "transpose_",
        "diagonal",
        "real",
        "view_as_real",
        "resolve_conj",
        "atleast_1d",
        "atleast_2d",
        "__iter__",
    ]
)
"""Functions whose result lies in the memory of the argument, or is a copy of it with another shape."""

CASTS = frozenset(
    [
        "to",
        "type",
        "type_as",
        "float",
        "double",
        "bool",
        "int",
        "long",
        "half",
        "bfloat16",
        "short",
        "byte",
        "cpu",
    ]
)

FACTS = frozenset(
    [
        "size",
        "dim",
        "ndimension",
        "stride",
        "is_floating_point",
        "is_complex",
        "is_contiguous",
        "numel",
        "nelement",
        "element_size",
        "__len__",
        "data_ptr",
        "get_device",
        "is_same_size",
        "is_tensor",
        "storage_offset",
        "untyped_storage",
        "__hash__",
        "__repr__",
        "__format__",
        "__str__",
        "backward",
        "register_hook",
        "retain_grad",
        "is_nonzero_",
        "finfo",
        "is_cpu",
        "is_inference",
        "has_names",
        "type_of",
        "result_type",
        "promote_types",
        "can_cast",
        "is_storage",
        "share_memory_",
        "record_stream",
    ]
)
"""Functions that tell of a tensor what is no number of the rule."""

RANDOM = frozenset(
    [
        "rand",
        "rand_like",
        "randn",
        "randn_like",
        "randint",
        "randint_like",
        "randperm",
        "normal",
        "normal_",
        "uniform_",
        "bernoulli",
        "bernoulli_",
        "random_",
        "multinomial",
        "poisson",
        "exponential_",
        "geometric_",
        "log_normal_",
        "cauchy_",
        "dropout",
        "dropout_",
        "alpha_dropout",
        "feature_dropout",
        "manual_seed",
        "seed",
    ]
)
