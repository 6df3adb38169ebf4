"""A jaxpr as nodes: a table from primitives to operations, arrays of nodes, inner jaxprs inlined.

Shapes are small and known, so an array is a NumPy array of nodes, and primitives that only move elements are
carried out on the indices. A primitive that is not in the table is refused with its line of source.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import reduce
from typing import Any

import numpy

from physsym.optimizers.lifted import LiftError
from physsym.optimizers.lifting.nodes import (
    FALSE,
    TRUE,
    ZERO,
    Node,
    constant,
    make,
    number_of,
    origin,
    reduction_in_words,
)

LONGEST_SCAN = 64
"""A loop of fixed length is unrolled up to this many rounds."""
ELEMENTWISE: Mapping[str, str] = {"add_any": "add"} | {
    name: name
    for name in (
        *("add", "sub", "mul", "neg", "pow", "max", "min", "abs", "sign", "sqrt", "rsqrt", "cbrt", "square"),
        *("exp", "log", "tanh", "sin", "cos", "floor", "ceil", "rem"),
        *("lt", "le", "gt", "ge", "eq", "ne", "and", "or", "xor", "not"),
    )
}
"""Primitives that are one operation on each element."""
UNCHANGED = frozenset(
    {"copy", "copy_p", "stop_gradient", "reduce_precision", "optimization_barrier", "pvary"}
)
INNER: Mapping[str, str] = {
    "pjit": "jaxpr", "jit": "jaxpr", "closed_call": "call_jaxpr", "core_call": "call_jaxpr",
    "custom_jvp_call": "call_jaxpr", "custom_vjp_call": "call_jaxpr", "custom_vjp_call_jaxpr": "fun_jaxpr",
    "remat": "jaxpr", "checkpoint": "jaxpr", "remat2": "jaxpr", "custom_lin": "call_jaxpr",
}  # fmt: skip
"""Primitives that call an inner jaxpr, with the parameter that holds it."""
REASONS: Mapping[str, str] = {
    "random": "it draws random numbers",
    "threefry": "it draws random numbers",
    "rng": "it draws random numbers",
    "while": "it loops until a condition holds, such as a line search does",
    "svd": "it decomposes a matrix, which mixes coordinates by more than arithmetic",
    "eigh": "it decomposes a matrix, which mixes coordinates by more than arithmetic",
    "qr": "it decomposes a matrix, which mixes coordinates by more than arithmetic",
    "cholesky": "it decomposes a matrix, which mixes coordinates by more than arithmetic",
    "callback": "it calls back into Python",
}
"""Why a primitive whose name holds one of these words is refused."""
SUMS = frozenset({"reduce_sum", "reduce_max", "reduce_min", "reduce_prod", "dot_general", "cumsum"})
"""Primitives that combine the elements of an array."""


def _combined(name: str, operands: Sequence[numpy.ndarray]) -> str:
    """Return in words what a primitive does with the elements of arrays."""
    if name == "dot_general":
        squares = operands[0].size == operands[1].size and all(
            a is b for a, b in zip(operands[0].flat, operands[1].flat, strict=True)
        )
        return f"the sum of {'squares' if squares else 'products'} over the coordinates of an array"
    op = {"sum": "add", "cumsum": "add", "prod": "mul"}.get(name.removeprefix("reduce_"), name[-3:])
    return reduction_in_words(op, [n for o in operands for n in o.flat])


@dataclass
class Interpreter:
    """Reads jaxprs, and notes what it met on the way.

    Parameters
    ----------
    name
        What is lifted, for messages.
    dtypes
        The dtypes of floating-point values met.
    combines
        Where elements of an array were combined: primitive and line.
    assumed
        What was taken for granted, in words.
    line
        The line of source that is read.
    inside
        Whether a function of jax itself is read, whose jaxpr may have been traced for another line before.
    """

    name: str
    dtypes: set[str] = field(default_factory=set)
    combines: dict[str, None] = field(default_factory=dict)
    assumed: dict[str, None] = field(default_factory=dict)
    line: str = "line unknown"
    inside: bool = False

    def run(self, jaxpr: Any, consts: Sequence[Any], args: Sequence[numpy.ndarray]) -> list[numpy.ndarray]:
        """Return the outputs of a jaxpr as arrays of nodes."""
        values: dict[Any, numpy.ndarray] = {}
        values.update(zip(jaxpr.constvars, (self.literals(c) for c in consts), strict=True))
        values.update(zip(jaxpr.invars, args, strict=True))

        def read(atom: Any) -> numpy.ndarray:
            return self.literals(atom.val) if hasattr(atom, "val") else values[atom]

        for equation in jaxpr.eqns:
            operands = [read(atom) for atom in equation.invars]
            outer, self.line = self.line, self.line if self.inside else line_of(equation) or self.line
            try:
                with origin(f"{equation.primitive.name}, {self.line}"):
                    found = self.primitive(equation, operands)
            except (ValueError, OverflowError, ZeroDivisionError) as error:
                if isinstance(error, LiftError):
                    raise
                raise self.refusal(equation, str(error)) from error
            self.line = outer
            for variable, value in zip(equation.outvars, found, strict=True):
                values[variable] = value
                if variable.aval.dtype.kind not in "biu":
                    self.dtypes.add(str(variable.aval.dtype))
        return [read(atom) for atom in jaxpr.outvars]

    def literals(self, value: Any) -> numpy.ndarray:
        """Return an array of constants; what Python computed, such as 1 - 0.9, without its rounding error."""
        plain = numpy.asarray(value)
        if plain.dtype != numpy.float64:
            return array_of(plain)
        found = numpy.empty(plain.shape, dtype=object)
        for index in numpy.ndindex(plain.shape):
            short = without_rounding(numpy.float64(plain[index]))
            if short != plain[index]:
                self.assumed[f"the constant {plain[index]!s} is meant as {short!s}"] = None
            found[index] = constant(short)
        return found

    def primitive(self, equation: Any, operands: list[numpy.ndarray]) -> list[numpy.ndarray]:
        """Return what one equation gives."""
        name, params = equation.primitive.name, equation.params
        if name == "ne" and all(a is b for a, b in zip(*(o.flat for o in operands), strict=False)):
            self.assumed["no number overflows or is undefined"] = None
        if name in ELEMENTWISE:
            return [elementwise(ELEMENTWISE[name], *operands)]
        if name in UNCHANGED:
            return operands
        if name in INNER:
            inner = params[INNER[name]]
            jaxpr, consts = (inner.jaxpr, inner.consts) if hasattr(inner, "consts") else (inner, ())
            outer, self.inside = self.inside, self.inside or is_of_jax(str(params.get("name", "")))
            found = self.run(jaxpr, consts, operands)
            self.inside = outer
            return found
        if name in SUMS and any(o.size > 1 for o in operands):
            self.combines[f"{_combined(name, operands)} ({name}, {self.line})"] = None
        if name in SPECIAL:
            return SPECIAL[name](self, equation, operands)
        if name in MOVES:
            return [MOVES[name](params, *operands)]
        reason = next((REASONS[word] for word in REASONS if word in name), "")
        raise self.refusal(equation, reason or f"the primitive {name} is no operation of an update rule")

    def refusal(self, equation: Any, reason: str) -> LiftError:
        """Return the error that a primitive is refused with."""
        return LiftError(
            f"{self.name} cannot be lifted: {reason} (primitive {equation.primitive.name}, {self.line})"
        )


def line_of(equation: Any) -> str:
    """Return the line of source that an equation comes from, outside jax; empty if there is none."""
    traceback = equation.source_info.traceback
    for frame in traceback.frames if traceback is not None else ():
        path = frame.file_name.replace("\\", "/")
        if "/jax/" not in path and "/physsym/optimizers/" not in path:
            return f"{short_path(path)}:{frame.line_num}"
    return ""


def is_of_jax(name: str) -> bool:
    """Return whether a function that is called inside is one of jax."""
    import jax.numpy

    return name.startswith("_") or any(hasattr(m, name) for m in (jax.numpy, jax.numpy.linalg, jax.nn))


def short_path(path: str) -> str:
    """Return a path below the folder of installed packages, or as it is."""
    return path[path.rindex("/site-packages/") + 15 :] if "/site-packages/" in path else path


def without_rounding(value: numpy.float64) -> numpy.float64:
    """Return the decimal of few digits within a rounding error, if only an error explains the many digits.

    >>> print(without_rounding(numpy.float64(1 - 0.9)), without_rounding(numpy.float64(2 / 3)))
    0.1 0.6666666666666666
    """
    short = numpy.float64(f"{value:.8g}")
    error = abs(short - value)
    # Of numbers near 1, as decays are, whose difference may be small.
    return (
        short if error <= 2 * numpy.spacing(max(abs(value), 1.0)) and error <= 1e-11 * abs(value) else value
    )


def array_of(value: Any) -> numpy.ndarray:
    """Return an array of constant nodes."""
    plain = numpy.asarray(value)
    out = numpy.empty(plain.shape, dtype=object)
    for index in numpy.ndindex(plain.shape):
        out[index] = constant(plain[index])
    return out


def elementwise(op: str, *operands: numpy.ndarray) -> numpy.ndarray:
    """Return an operation on each element."""
    return mapped(lambda *nodes: make(op, *nodes), *operands)


def mapped(function: Callable[..., Node], *operands: numpy.ndarray) -> numpy.ndarray:
    """Return a function of nodes on each element."""
    arrays = numpy.broadcast_arrays(*operands)
    out = numpy.empty(arrays[0].shape, dtype=object)
    for index in numpy.ndindex(out.shape):
        out[index] = function(*(a[index] for a in arrays))
    return out


def _converted(self: Interpreter, equation: Any, operands: list[numpy.ndarray]) -> list[numpy.ndarray]:
    """Change the dtype: a condition to 1 or 0, a number to whether it is not 0, or to a whole number."""
    source, target = equation.invars[0].aval.dtype.kind, equation.outvars[0].aval.dtype.kind
    if target == "b":
        return [mapped(lambda a: a if a.is_condition else make("ne", a, 0), *operands)]
    if source == "b":
        return [mapped(number_of, *operands)]
    if source not in "iu" and target in "iu":
        return [mapped(_truncated, *operands)]
    if target == "c":
        raise ValueError("complex numbers are not lifted")
    return operands


def _truncated(a: Node) -> Node:
    return make("mul", make("sign", a), make("floor", make("abs", a)))


def _divided(self: Interpreter, equation: Any, operands: list[numpy.ndarray]) -> list[numpy.ndarray]:
    quotient = elementwise("div", *operands)
    whole = equation.outvars[0].aval.dtype.kind in "iu"
    return [mapped(_truncated, quotient) if whole else quotient]


def _integer_power(self: Interpreter, equation: Any, operands: list[numpy.ndarray]) -> list[numpy.ndarray]:
    exponent = equation.params["y"]
    if exponent < 0:
        return [mapped(lambda a: make("div", 1, make("pow", a, -exponent)), *operands)]
    return [mapped(lambda a: make("pow", a, exponent), *operands)]


def _selected(self: Interpreter, equation: Any, operands: list[numpy.ndarray]) -> list[numpy.ndarray]:
    which, *cases = operands
    return [mapped(_case, which, *cases)]


def _case(which: Node, *cases: Node) -> Node:
    """Return the case of an index, or of a condition, which is false for the first of two cases."""
    if which.is_condition:
        return make("select", which, cases[1], cases[0])
    numbered = list(enumerate(cases))
    return reduce(
        lambda rest, pair: make("select", make("le", which, pair[0]), pair[1], rest),
        reversed(numbered[:-1]),
        numbered[-1][1],
    )


def _branched(self: Interpreter, equation: Any, operands: list[numpy.ndarray]) -> list[numpy.ndarray]:
    index, *args = operands
    results = [self.run(b.jaxpr, b.consts, args) for b in equation.params["branches"]]
    return [mapped(_case, index, *cases) for cases in zip(*results, strict=True)]


def _unrolled(self: Interpreter, equation: Any, operands: list[numpy.ndarray]) -> list[numpy.ndarray]:
    params = equation.params
    length, fixed, carried = params["length"], params["num_consts"], params["num_carry"]
    if length > LONGEST_SCAN:
        raise ValueError(f"its loop of {length} rounds is longer than {LONGEST_SCAN}")
    constants, carry, rows = operands[:fixed], operands[fixed : fixed + carried], operands[fixed + carried :]
    rounds = range(length)[::-1] if params["reverse"] else range(length)
    given: list[list[numpy.ndarray]] = [[] for _ in range(length)]
    for n in rounds:
        args = [*constants, *carry, *(numpy.asarray(r[n], dtype=object) for r in rows)]
        found = self.run(params["jaxpr"].jaxpr, params["jaxpr"].consts, args)
        carry, given[n] = found[:carried], found[carried:]
    return [*carry, *(numpy.stack(column) for column in zip(*given, strict=True))]


def _finite(self: Interpreter, equation: Any, operands: list[numpy.ndarray]) -> list[numpy.ndarray]:
    self.assumed["no number overflows or is undefined"] = None
    return [numpy.full(operands[0].shape, TRUE, dtype=object)]


def _product(self: Interpreter, equation: Any, operands: list[numpy.ndarray]) -> list[numpy.ndarray]:
    """Multiply matrices, or take an inner product."""
    (left_sum, right_sum), (left_batch, right_batch) = equation.params["dimension_numbers"]
    left, right = operands
    if left_batch or right_batch:
        raise ValueError("a product of stacks of matrices is not lifted")
    left = numpy.moveaxis(left, left_sum, range(left.ndim - len(left_sum), left.ndim))
    right = numpy.moveaxis(right, right_sum, range(len(right_sum)))
    rows, columns = left.shape[: left.ndim - len(left_sum)], right.shape[len(right_sum) :]
    inner = int(numpy.prod(right.shape[: len(right_sum)], dtype=int))
    a, b = left.reshape(-1, inner) if left.size else left, right.reshape(inner, -1)
    out = numpy.empty((a.shape[0], b.shape[1]), dtype=object)
    for i, j in numpy.ndindex(out.shape):
        out[i, j] = total([make("mul", a[i, k], b[k, j]) for k in range(inner)])
    return [out.reshape(rows + columns)]


def total(nodes: Sequence[Node]) -> Node:
    """Return a sum."""
    return reduce(lambda a, b: make("add", a, b), nodes, ZERO)


def _reduction(
    combine: Callable[[Node, Node], Node], idle: Node | None
) -> Callable[..., list[numpy.ndarray]]:
    def reduced(self: Interpreter, equation: Any, operands: list[numpy.ndarray]) -> list[numpy.ndarray]:
        (array,) = operands
        axes = tuple(equation.params["axes"])
        kept = [d for d in range(array.ndim) if d not in axes]
        moved = numpy.transpose(array, (*kept, *axes)).reshape(*(array.shape[d] for d in kept), -1)
        out = numpy.empty(moved.shape[:-1], dtype=object)
        for index in numpy.ndindex(out.shape):
            row = list(moved[index])
            out[index] = reduce(combine, row) if idle is None else reduce(combine, row, idle)
        return [out]

    return reduced


def _positions(self: Interpreter, equation: Any, operands: list[numpy.ndarray]) -> list[numpy.ndarray]:
    shape, dimension = equation.params["shape"], equation.params["dimension"]
    return [array_of(numpy.indices(shape)[dimension])]


def _clamped(self: Interpreter, equation: Any, operands: list[numpy.ndarray]) -> list[numpy.ndarray]:
    low, value, high = operands
    return [elementwise("min", elementwise("max", value, low), high)]


def _rounded(self: Interpreter, equation: Any, operands: list[numpy.ndarray]) -> list[numpy.ndarray]:
    raise ValueError("rounding is no operation of an update rule")


def _function(build: Callable[[Node], Node]) -> Callable[..., list[numpy.ndarray]]:
    def applied(self: Interpreter, equation: Any, operands: list[numpy.ndarray]) -> list[numpy.ndarray]:
        return [mapped(build, *operands)]

    return applied


SPECIAL: Mapping[str, Callable[[Interpreter, Any, list[numpy.ndarray]], list[numpy.ndarray]]] = {
    "convert_element_type": _converted,
    "div": _divided,
    "integer_pow": _integer_power,
    "select_n": _selected,
    "cond": _branched,
    "scan": _unrolled,
    "is_finite": _finite,
    "dot_general": _product,
    "reduce_sum": _reduction(lambda a, b: make("add", a, b), ZERO),
    "reduce_prod": _reduction(lambda a, b: make("mul", a, b), None),
    "reduce_max": _reduction(lambda a, b: make("max", a, b), None),
    "reduce_min": _reduction(lambda a, b: make("min", a, b), None),
    "reduce_and": _reduction(lambda a, b: make("and", a, b), TRUE),
    "reduce_or": _reduction(lambda a, b: make("or", a, b), FALSE),
    "iota": _positions,
    "clamp": _clamped,
    "round": _rounded,
    "logistic": _function(lambda a: make("div", 1, make("add", 1, make("exp", make("neg", a))))),
    "exp2": _function(lambda a: make("pow", 2, a)),
    "expm1": _function(lambda a: make("sub", make("exp", a), 1)),
    "log1p": _function(lambda a: make("log", make("add", 1, a))),
}
"""Primitives that need their parameters, or are several operations."""


def _broadcast(params: Mapping[str, Any], operand: numpy.ndarray, *_: numpy.ndarray) -> numpy.ndarray:
    shape = [1] * len(params["shape"])
    for place, size in zip(params["broadcast_dimensions"], operand.shape, strict=True):
        shape[place] = size
    return numpy.broadcast_to(operand.reshape(shape), params["shape"])


def _sliced(params: Mapping[str, Any], operand: numpy.ndarray) -> numpy.ndarray:
    strides = params["strides"] or (1,) * operand.ndim
    limits = zip(params["start_indices"], params["limit_indices"], strides, strict=True)
    return operand[tuple(slice(*limit) for limit in limits)]


def _sliced_at(params: Mapping[str, Any], operand: numpy.ndarray, *starts: numpy.ndarray) -> numpy.ndarray:
    at = [start.item().value for start in starts]
    if not all(isinstance(a, Fraction) for a in at):
        raise ValueError("an index that depends on a state is not lifted")
    sizes = zip(at, params["slice_sizes"], operand.shape, strict=True)
    begins = [(min(max(int(a), 0), whole - size), size) for a, size, whole in sizes]
    return operand[tuple(slice(a, a + size) for a, size in begins)]


MOVES: Mapping[str, Callable[..., numpy.ndarray]] = {
    "broadcast_in_dim": _broadcast,
    "reshape": lambda params, a, *_: a.reshape(params["new_sizes"]),
    "squeeze": lambda params, a: numpy.squeeze(a, axis=tuple(params["dimensions"])),
    "expand_dims": lambda params, a: numpy.expand_dims(a, tuple(params["dimensions"])),
    "transpose": lambda params, a: numpy.transpose(a, params["permutation"]),
    "concatenate": lambda params, *arrays: numpy.concatenate(arrays, axis=params["dimension"]),
    "rev": lambda params, a: numpy.flip(a, axis=params["dimensions"]),
    "slice": _sliced,
    "dynamic_slice": _sliced_at,
}
"""Primitives that move elements and compute nothing."""
