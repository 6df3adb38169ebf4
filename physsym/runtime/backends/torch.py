"""PyTorch: trees of tensors by a plain function that can be differentiated, or tensors updated in place."""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations, repeat

import torch

from physsym.codegen import Program, state_name
from physsym.codegen.emit import array_source
from physsym.codegen.expression_tree import OPERATIONS
from physsym.codegen.passes.branches import with_gated_branches
from physsym.codegen.passes.partition import partition
from physsym.runtime.backends import numpy as numpy_backend
from physsym.runtime.backends import pytree
from physsym.runtime.backends.arrays import refuse_unlike_arrays, stack
from physsym.runtime.backends.base import (
    Backend,
    Capabilities,
    InPlace,
    Kernel,
    Value,
    Values,
    constants,
    executed,
    parameter_names,
)
from physsym.runtime.backends.python import FUNCTIONS as OF_FLOATS
from physsym.runtime.backends.pytree import Leaves, PartKernel
from physsym.runtime.backends.torch_in_place import OF_TENSORS, update


def _either(name: str, *values: Value) -> Value:
    single = all(isinstance(v, (int, float)) for v in values)
    return (OF_FLOATS if single else OF_TENSORS)[name](*values)


def _taken(condition: Value, value: Value) -> Value:
    if not (isinstance(condition, torch.Tensor) and isinstance(value, torch.Tensor) and value.requires_grad):
        return value
    return torch.where(condition, value, value.detach())


FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    **{name: partial(_either, name) for name in OPERATIONS},
    "taken": _taken,
}


def leaf_function(part: Program) -> Callable[[Sequence[Value], Values], Values]:
    """Return a part of a program as a function of one leaf of each of its states and of the constants.

    Its results share no memory with what it is given.
    """
    alone = with_gated_branches(replace(part, parameters=part.constants, scalars=()))
    # What dispatches on tensors may import at any time, and does so with the builtins of its caller.
    run = executed(alone, array_source(alone), {"__builtins__": builtins, **FUNCTIONS})
    names = parameter_names(alone)

    def on_leaf(leaves: Sequence[Value], fixed: Values) -> Values:
        found = run(leaves, None, dict(zip(names, fixed, strict=True)))
        if part.has_choices:  # a choice between two numbers is a tensor of float64
            found = tuple(v.to(leaves[0].dtype) if isinstance(v, torch.Tensor) else v for v in found)
        return tuple(v.clone() if any(v is leaf for leaf in leaves) else v for v in found)

    return on_leaf


def part_kernel(part: Program) -> PartKernel:
    """Return the kernel of a part of a program, given the constants for each leaf."""
    on_leaf = leaf_function(part)

    def run(columns: Sequence[Leaves], fixed: Sequence[Values]) -> list[Leaves]:
        found = map(on_leaf, zip(*columns, strict=True), fixed)
        return list(zip(*found, strict=True))

    return run


def _compile_step(program: Program) -> Kernel:
    # A callable may fill one tensor again and again: what it gave before must not change.
    library = replace(LIBRARY, cast=_copied) if len(program.evaluations) > 1 else LIBRARY
    runs = [part_kernel(part) for part in partition(program)]
    fixed = partial(constants, program, BACKEND)
    return pytree.kernel(program, library, runs, lambda given: repeat(fixed(given)))


def refuse_unfit(name: str, tensor: torch.Tensor) -> None:
    """Raise TypeError for a tensor with which a rule cannot compute: it says why and what to do."""
    if not tensor.is_floating_point():
        raise TypeError(
            f"{name} must hold floating-point numbers, given {tensor.dtype}; a complex one can be "
            "seen as two real ones by torch.view_as_real"
        )
    if tensor.layout is not torch.strided:
        raise TypeError(
            f"{name} is sparse ({tensor.layout}), and a rule moves every element at each step; make it "
            "dense, for an embedding by sparse=False"
        )
    if tensor.device.type == "meta":
        raise TypeError(
            f"{name} is on the device 'meta', which holds no numbers; move the model to a device first"
        )


def _leaf(name: str, value: Value) -> torch.Tensor:
    refuse_unlike_arrays(name, value)
    try:
        tensor = torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"{name} must hold floating-point numbers, given {value!r}") from error
    if tensor.dtype in (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64):
        tensor = tensor.to(torch.get_default_dtype())
    refuse_unfit(name, tensor)
    return tensor


def _cast(value: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    return value.to(like.dtype)


def _copied(value: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    return value.to(like.dtype, copy=True)


def _filled(name: str, old: torch.Tensor, new: Value) -> torch.Tensor:
    if not isinstance(new, torch.Tensor) or (new.ndim == 0 and old.ndim):
        return torch.full_like(old, float(new))
    if new.shape == old.shape:
        return new
    raise ValueError(
        f"{name} has shape {tuple(old.shape)}, its new value {tuple(new.shape)}; give added states one shape"
    )


def _start(name: str, value: Value) -> Value:
    leaves, structure = ([value], None) if pytree.is_written_out(value) else pytree.flatten(value)
    tensors = [_leaf(name, leaf).detach().clone() for leaf in leaves]
    if not tensors:
        raise TypeError(f"{name} must hold at least one tensor, given {value!r}")
    if not _finite(tensors):
        raise ValueError(f"{name} must be finite, given {value}")
    return pytree.unflatten(structure, tensors)


def _number(name: str, value: Value) -> float:
    single = isinstance(value, torch.Tensor) and value.ndim == 0
    number: float = numpy_backend.BACKEND.number(name, value.item() if single else value)
    return number


def _finite(value: Value) -> bool:
    return all(map(_is_finite, pytree.flatten(value)[0]))


def _is_finite(leaf: Value) -> bool:
    # Constants of a rule are floats: at each step, they need no tensor.
    single = isinstance(leaf, (int, float))
    return math.isfinite(leaf) if single else bool(torch.isfinite(torch.as_tensor(leaf)).all())


def _at_rest(value: Value) -> Value:
    leaves, structure = pytree.flatten(value)
    return pytree.unflatten(structure, [torch.zeros_like(leaf) for leaf in leaves])


def _shape(value: Value) -> object:
    leaves, structure = pytree.flatten(value)
    return structure, tuple(tuple(leaf.shape) for leaf in leaves)


def _unchanged(name: str, old: Value, new: Value) -> Value:
    return new


def stack_as_arrays(values: Sequence[Value]) -> Value:
    """Return the records of a state as NumPy holds them: it has no bfloat16, whose numbers float32 has."""
    trees = map(pytree.flatten, values)
    wide = ([t.float() if t.dtype is torch.bfloat16 else t for t in leaves] for leaves, _ in trees)
    structure = pytree.flatten(values[0])[1]
    return stack([pytree.unflatten(structure, leaves) for leaves in wide])


def _spread(value: Value, like: torch.Tensor) -> torch.Tensor:
    return torch.as_tensor(value, dtype=like.dtype, device=like.device).expand(like.shape).clone()


LIBRARY = pytree.ArrayLibrary(pytree.flatten, pytree.unflatten, _leaf, _cast, _filled)


def _in_place(program: Program, states: Values, gradients: Values, threads: int) -> InPlace:
    if threads != 1:
        raise ValueError("PyTorch uses threads by itself: leave threads=1, use torch.set_num_threads")
    tensors = (*states, *gradients)
    names = [*map(state_name, program.states), *["the gradient"] * len(gradients)]
    _refuse_unbindable(names, tensors)
    advance = update(program)
    fixed: Values = ()

    def set_numbers(parameters: Mapping[str, Value]) -> None:
        nonlocal fixed
        fixed = constants(program, BACKEND, parameters)

    return InPlace(lambda: advance(tensors, fixed), set_numbers)


def _refuse_unbindable(names: Sequence[str], tensors: Values) -> None:
    """Raise TypeError or ValueError for tensors that cannot be updated in place, before any is."""
    for name, tensor in zip(names, tensors, strict=True):
        if not isinstance(tensor, torch.Tensor):
            raise TypeError(f"{name} must be a tensor, given {type(tensor).__name__}")
        refuse_unfit(name, tensor)
        (own, first) = ((t.dtype, t.device, tuple(t.shape)) for t in (tensor, tensors[0]))
        if own != first:
            described = "{}, on {}, of shape {}"
            raise ValueError(
                f"{name} is {described.format(*own)}; {names[0]} is {described.format(*first)}; "
                "all tensors must agree"
            )
        if not tensor.is_contiguous():
            raise ValueError(f"{name} is not contiguous; bind a copy made with tensor.contiguous()")
    for (one, a), (other, b) in combinations(zip(names, tensors, strict=True), 2):
        if _overlap(a, b):
            raise ValueError(f"{one} and {other} share memory; bind tensors of their own")


def _overlap(a: torch.Tensor, b: torch.Tensor) -> bool:
    begins, ends = (max(t.data_ptr() for t in (a, b)), min(t.data_ptr() + t.nbytes for t in (a, b)))
    return bool(begins < ends)


BACKEND = Backend(
    "torch",
    array_source,
    _compile_step,
    _start,
    _number,
    _finite,
    _unchanged,
    FUNCTIONS,
    Capabilities(dtypes=("float16", "bfloat16", "float32", "float64"), trees=True, in_place=_in_place),
    _shape,
    _at_rest,
    stack_as_arrays,
    _spread,
)
