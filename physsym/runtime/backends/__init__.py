"""From a rule to a callable: the table of backends, and the plain function that takes one step."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from physsym.codegen import Program, program, state_name
from physsym.codegen.passes.partition import without_counters
from physsym.core.arguments import named_arguments
from physsym.parsing.statements import RuleText
from physsym.runtime.backends.base import (
    Backend,
    Value,
    Values,
    constants,
    loss_of,
    refuse_misnamed,
    split_arguments,
)


@dataclass(frozen=True)
class Entry:
    """A row of the table of backends.

    `backend` is a `Backend`, or the dotted name of a module whose `BACKEND` is one, which is imported when
    the backend is first used. `needs` is the module that this imports, `extra` the set of optional
    dependencies of this package that installs it. Where a sweep names no backend, it takes that of the
    highest `sweep_rank` among those installed.
    """

    backend: str | Backend
    needs: str = "numpy"
    extra: str = ""
    sweep_rank: int = 0


BACKENDS: dict[str, Entry] = {}


def register_backend(
    name: str, backend: str | Backend, *, needs: str = "numpy", extra: str = "", sweep_rank: int = 0
) -> None:
    """Add a backend to the table, so that `optimizer` and `lambdify` take it by name.

    Parameters
    ----------
    name : str
        The name by which users choose it.
    backend : str or Backend
        The backend, or the dotted name of a module whose `BACKEND` it is.
    needs : str
        The module without which it cannot be imported.
    extra : str
        The set of optional dependencies of physsym that installs that module, if any.
    sweep_rank : int
        Where a sweep names no backend, it takes that of the highest rank among those installed; "numpy" has
        rank 1, "llvm" 2.

    Raises
    ------
    TypeError
        Where the name is no text, or the backend neither a `Backend` nor the name of a module.
    ValueError
        Where the name is taken.

    Examples
    --------
    >>> register_backend("python again", "physsym.runtime.backends.python")
    >>> load_backend("python again").name
    'python'
    >>> _ = BACKENDS.pop("python again")
    """
    named: object = name
    given: object = backend
    if not named or not isinstance(named, str):
        raise TypeError(f"the name of a backend is a text such as 'numpy', given {name!r}")
    if not given or not isinstance(given, (str, Backend)):
        raise TypeError(
            f"expected a Backend, or the dotted name of a module whose BACKEND is one, given {backend!r}"
        )
    if name in BACKENDS:
        raise ValueError(f"there is a backend {name!r} already; choose another name")
    BACKENDS[name] = Entry(backend, needs, extra, sweep_rank)


register_backend("numpy", "physsym.runtime.backends.numpy", sweep_rank=1)
register_backend("python", "physsym.runtime.backends.python")
register_backend("llvm", "physsym.runtime.backends.llvm", needs="llvmlite", extra="fast", sweep_rank=2)
register_backend("c", "physsym.runtime.backends.c")
register_backend("jax", "physsym.runtime.backends.jax", needs="jax", extra="jax")
register_backend("torch", "physsym.runtime.backends.torch", needs="torch", extra="torch")


def is_installed(name: str) -> bool:
    """Return whether there is such a backend, and the module that it needs."""
    return name in BACKENDS and importlib.util.find_spec(BACKENDS[name].needs) is not None


def load_backend(name: str) -> Backend:
    """Return a backend by name, loading it when first used.

    Parameters
    ----------
    name : str
        Its name in the table of backends.

    Returns
    -------
    Backend

    Raises
    ------
    ValueError
        For an unknown name.
    ImportError
        Where what it needs is not installed; it names the extra.
    TypeError
        Where the `BACKEND` of its module is no `Backend`.

    Examples
    --------
    >>> load_backend("python").name
    'python'
    """
    if name not in tuple(BACKENDS):  # a tuple is searched for what has no hash too
        raise ValueError(f"unknown backend {name!r}; there are {', '.join(sorted(BACKENDS))}")
    entry = BACKENDS[name]
    if not is_installed(name):
        command = f"'physsym[{entry.extra}]'" if entry.extra else entry.needs
        raise ImportError(f"the backend {name!r} needs {entry.needs}: install it with pip install {command}")
    if isinstance(entry.backend, Backend):
        return entry.backend
    loaded: object = getattr(importlib.import_module(entry.backend), "BACKEND", None)
    if not isinstance(loaded, Backend):
        raise TypeError(
            f"BACKEND of {entry.backend} must be a Backend for {name!r} to work, found {loaded!r}"
        )
    return loaded


def default_for_sweeps() -> str:
    """Return the name of the backend of the highest `sweep_rank` among those installed."""
    return max(filter(is_installed, BACKENDS), key=lambda name: BACKENDS[name].sweep_rank)


def those_with(capability: str) -> str:
    """Return in words which of the installed backends have a capability; it imports all of them.

    >>> those_with("trees").startswith("'numpy'")
    True
    """
    found = []
    for name in filter(is_installed, BACKENDS):
        with suppress(ImportError, TypeError):  # what cannot be loaded cannot be recommended
            if getattr(load_backend(name).capabilities, capability):
                found.append(repr(name))
    return " and ".join(filter(None, (", ".join(found[:-1]), *found[-1:]))) or "no others"


def with_fma(backend: Backend, fma: bool) -> Backend:
    """Return a backend, with `fma` as one that may contract a product and a sum.

    Raises TypeError where `fma` is neither True nor False, ValueError for a backend that cannot.
    """
    if not isinstance(fma, (bool, np.bool_)):
        raise TypeError(f"fma is True or False, given {fma!r}")
    if not fma:
        return backend
    can = backend.capabilities
    if not can.fma:
        raise ValueError(f"the backend {backend.name!r} has no option fma; {those_with('fma')} have")
    makers = {"in_place": can.in_place, "rollout": can.rollout, "sweep": can.sweep}
    changes: dict[str, Any] = {n: make and partial(make, fma=True) for n, make in makers.items()}
    contracted = replace(can, **changes)
    return replace(backend, compile_step=partial(backend.compile_step, fma=True), capabilities=contracted)


def counted(program: Program, backend: Backend) -> Program:
    """Return a program as a backend takes it: with its counters as single numbers, or as arrays."""
    return program if backend.capabilities.scalar_counters else without_counters(program)


def step_function(program: Program, backend: Backend, **options: Value) -> Callable[..., Values]:
    """Return the plain function that takes one step of a program; see `lambdify`."""
    kernel, names = backend.compile_step(program, **options), [state_name(s) for s in program.states]

    def step(*values: Value, **parameters: Value) -> Values:
        refuse_misnamed(program, parameters)
        states, gradient = split_arguments(program, values)
        try:
            new = kernel(states, gradient, {**parameters, **loss_of(program, values)})
        except (ArithmeticError, ValueError):
            constants(program, backend, parameters)  # raises where the parameters are at fault
            raise
        return tuple(map(backend.fitted, names, states, new))

    step.__doc__ = backend.source(program)
    return step


@named_arguments
def lambdify(rule: RuleText, /, backend: str = "numpy", **options: Value) -> Callable[..., Values]:
    """Return the plain function that takes one step: `step(u, x, grad, eta=0.1, rho=0.9) -> (u, x)`.

    Parameters
    ----------
    rule : Rule
        The update rule.
    backend : str
        "numpy", "llvm" and "c": each state is an array of any shape, float32 and float64 are kept. "python":
        one number or symbol (float, Fraction, mpmath, SymPy; a constant such as sqrt(2) is a float there).
        "jax" and "torch": their arrays. Except with "python" a state may also be a tree of arrays (lists,
        tuples, dictionaries; for JAX any pytree), gradients likewise.
    **options
        Those of the backend: for "jax" `donate=True` lets the step use up the memory of the states that it is
        given, for "llvm" and "c" `fma=True` lets it compute a product and a sum with one rounding.

    Returns
    -------
    callable
        It takes the states, in the order of `states(rule)`; then, unless the rule takes none, the gradient: a
        callable of its evaluation point, or its value where the rule takes it at present states; then, where
        the rule reads it, the loss: a number, or a callable of the states at which it is read. A rule of
        several coordinates wants a callable `grad(x, y)` that returns as many gradients. Parameters are given
        by name. It returns the new states; nothing that is given is changed. It raises TypeError for missing,
        unknown or unfit arguments, ValueError for shapes that disagree and for parameters at which the rule
        is not defined. Its docstring is its source.

    Raises
    ------
    TypeError
        Where `fma` is neither True nor False.
    ValueError
        For an unknown backend, and for `fma` where it has no such option.
    ImportError
        Where what the backend needs is not installed.

    Examples
    --------
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, x
    >>> from fractions import Fraction
    >>> step = lambdify(rule({x: x - eta * G}), backend="python")
    >>> step(1, lambda x: 2 * x, eta=Fraction(1, 10))
    (Fraction(4, 5),)
    """
    engine = with_fma(load_backend(backend), options.pop("fma", False))
    return step_function(counted(program(rule), engine), engine, **options)
