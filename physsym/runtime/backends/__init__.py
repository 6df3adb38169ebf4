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
from physsym.runtime.backends.base import Backend, Value, Values, constants, refuse_misnamed, split


@dataclass(frozen=True)
class Entry:
    """Where a backend is, the module that it needs, and the extra of this package that installs it."""

    module: str
    needs: str = "numpy"
    extra: str = ""


BACKENDS: dict[str, Entry] = {
    "numpy": Entry("physsym.runtime.backends.numpy"),
    "python": Entry("physsym.runtime.backends.python"),
    "llvm": Entry("physsym.runtime.backends.llvm", needs="llvmlite", extra="fast"),
    "c": Entry("physsym.runtime.backends.c"),
    "jax": Entry("physsym.runtime.backends.jax", needs="jax", extra="jax"),
    "torch": Entry("physsym.runtime.backends.torch", needs="torch", extra="torch"),
}


def load_backend(name: str) -> Backend:
    """Return a backend by name, loading it when first asked for.

    Raises ValueError for an unknown name, ImportError (naming the extra) where what it needs is not
    installed.

    >>> load_backend("python").name
    'python'
    """
    if name not in BACKENDS:
        raise ValueError(f"unknown backend {name!r}; there are {', '.join(sorted(BACKENDS))}")
    entry = BACKENDS[name]
    if importlib.util.find_spec(entry.needs) is None:
        raise ImportError(
            f"the backend {name!r} needs {entry.needs}: install it with pip install 'physsym[{entry.extra}]'"
        )
    loaded: Backend = importlib.import_module(entry.module).BACKEND
    return loaded


def contracting(engine: Backend) -> Backend:
    """Return a backend that may contract a product and a sum; ValueError for one that cannot."""
    if engine.name not in ("llvm", "c"):
        raise ValueError(f"the backend {engine.name!r} has no option fma; 'llvm' and 'c' have")
    bound: Any = partial(engine.bound, fma=True) if engine.bound else None
    return replace(engine, compiled=partial(engine.compiled, fma=True), bound=bound)


def counted(program: Program, engine: Backend) -> Program:
    """Return a program as a backend takes it: with its counters as single numbers, or as arrays."""
    return program if engine.counts else without_counters(program)


def lambdify(rule: RuleLike, /, backend: str = "numpy", **options: Value) -> Callable[..., Values]:
    """Return the plain function that takes one step: `step(u, x, grad, eta=0.1, rho=0.9) -> (u, x)`.

    States come first, in the order of `states(rule)`; then, unless the rule takes none, the gradient: a
    callable of the place, or its value where the rule takes it at present states. A rule of several
    coordinates wants a callable `grad(x, y)` that returns as many gradients. Parameters are given by name.
    Nothing that is given is changed. Each state may be an array of any shape (backend "numpy", float32 and
    float64 are kept) or one number or symbol (backend "python": float, Fraction, mpmath, SymPy; a constant
    such as sqrt(2) is a float there). Except with "python" a state may also be a tree of arrays (lists,
    tuples, dictionaries; for JAX any pytree), gradients likewise. `options` are those of the
    backend: for "jax" `donate=True` lets the step use up the memory of the states that it is given, for
    "llvm" and "c" `fma=True` lets it compute a product and a sum with one rounding.

    The function raises TypeError for missing, unknown or unfit arguments, ValueError for shapes that disagree
    and parameters at which the rule is not defined. Its docstring is its source.

    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, x
    >>> from fractions import Fraction
    >>> step = lambdify(rule({x: x - eta * G}), backend="python")
    >>> step(1, lambda x: 2 * x, eta=Fraction(1, 10))
    (Fraction(4, 5),)
    """
    engine = load_backend(backend)
    steps = counted(program(rule), engine)
    kernel, names = engine.compiled(steps, **options), [state_name(s) for s in steps.states]

    def step(*values: Value, **parameters: Value) -> Values:
        refuse_misnamed(steps, parameters)
        states, gradient = split(steps, values)
        try:
            new = kernel(states, gradient, parameters)
        except (ArithmeticError, ValueError):
            constants(steps, engine, parameters)  # says so where the parameters are the reason
            raise
        return tuple(map(engine.fitted, names, states, new))

    step.__doc__ = engine.source(steps)
    return step
