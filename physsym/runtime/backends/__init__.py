"""From a rule to a callable: the table of backends, and the plain function that takes one step."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from physsym.codegen import Program, program, state_name
from physsym.codegen.passes.partition import without_counters
from physsym.core.statements import RuleLike
from physsym.runtime.backends.base import (
    Backend,
    Value,
    Values,
    constants,
    refuse_misnamed,
    split_arguments,
)


@dataclass(frozen=True)
class Entry:
    """A row of the table of backends.

    `backend` is a `Backend`, or the dotted name of a module whose `BACKEND` is one, which is imported when
    the backend is first used. `needs` is the module that this imports, `extra` the set of optional
    dependencies of this package that installs it.
    """

    backend: str | Backend
    needs: str = "numpy"
    extra: str = ""


BACKENDS: dict[str, Entry] = {}


def register_backend(name: str, backend: str | Backend, *, needs: str = "numpy", extra: str = "") -> None:
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

    Raises
    ------
    ValueError
        Where the name is taken.

    Examples
    --------
    >>> register_backend("python again", "physsym.runtime.backends.python")
    >>> load_backend("python again").name
    'python'
    >>> _ = BACKENDS.pop("python again")
    """
    if name in BACKENDS:
        raise ValueError(f"there is a backend {name!r} already; choose another name")
    BACKENDS[name] = Entry(backend, needs, extra)


register_backend("numpy", "physsym.runtime.backends.numpy")
register_backend("python", "physsym.runtime.backends.python")
register_backend("llvm", "physsym.runtime.backends.llvm", needs="llvmlite", extra="fast")
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

    Examples
    --------
    >>> load_backend("python").name
    'python'
    """
    if name not in BACKENDS:
        raise ValueError(f"unknown backend {name!r}; there are {', '.join(sorted(BACKENDS))}")
    entry = BACKENDS[name]
    if not is_installed(name):
        command = f"'physsym[{entry.extra}]'" if entry.extra else entry.needs
        raise ImportError(f"the backend {name!r} needs {entry.needs}: install it with pip install {command}")
    if isinstance(entry.backend, Backend):
        return entry.backend
    loaded: Backend = importlib.import_module(entry.backend).BACKEND
    return loaded


def with_fma(backend: Backend) -> Backend:
    """Return a backend that may contract a product and a sum; ValueError for one that cannot."""
    can = backend.capabilities
    if not can.fma:
        raise ValueError(f"the backend {backend.name!r} has no option fma; 'llvm' and 'c' have")
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
            new = kernel(states, gradient, parameters)
        except (ArithmeticError, ValueError):
            constants(program, backend, parameters)  # raises where the parameters are at fault
            raise
        return tuple(map(backend.fitted, names, states, new))

    step.__doc__ = backend.source(program)
    return step


def lambdify(rule: RuleLike, /, backend: str = "numpy", **options: Value) -> Callable[..., Values]:
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
        callable of its evaluation point, or its value where the rule takes it at present states. A rule of
        several coordinates wants a callable `grad(x, y)` that returns as many gradients. Parameters are given
        by name. It returns the new states; nothing that is given is changed. It raises TypeError for missing,
        unknown or unfit arguments, ValueError for shapes that disagree and for parameters at which the rule
        is not defined. Its docstring is its source.

    Raises
    ------
    ValueError
        For an unknown backend.
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
    engine = load_backend(backend)
    return step_function(counted(program(rule), engine), engine, **options)
