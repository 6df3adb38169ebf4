"""Spectral radii over grids of parameters, by NumPy, for maps of stability."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
from sympy import Symbol, lambdify

from physsym.analysis.linear import characteristic_polynomial
from physsym.parsing.statements import ExprText, RuleText, as_rule
from physsym.vocabulary import lam

Array: TypeAlias = np.ndarray[Any, Any]


def spectral_radii(rule: RuleText, /, curvature: ExprText = lam, **parameters: Any) -> Array:
    """Return the spectral radius of a rule on curvature*x**2/2 over arrays of parameters.

    Where two multipliers coincide, the error is about the square root of rounding, 1e-8.

    Parameters
    ----------
    rule
        A rule.
    curvature
        The second derivative of the quadratic potential.
    **parameters
        Numbers or arrays by name, the curvature as `lam`; they are broadcast against each other.

    Returns
    -------
    numpy.ndarray
        Double precision, of the common shape of the parameters.

    Raises
    ------
    TypeError
        For missing, unknown or complex parameters.
    ValueError
        If the rule divides by zero at some of the parameters.

    Examples
    --------
    >>> from physsym.core.symbols import after
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, rho, u, x
    >>> heavy_ball = rule({u: rho * u - eta * G, x: x + after(u)})
    >>> spectral_radii(heavy_ball, eta=np.array([1.0, 4.0]), rho=0.25, lam=1.0)
    array([0.5       , 2.65586885])
    """
    rule = as_rule(rule)
    coefficients = characteristic_polynomial(rule, curvature).monic().all_coeffs()[1:]
    symbols = sorted(set[Symbol]().union(*(c.free_symbols for c in coefficients)), key=str)
    arrays = np.broadcast_arrays(*_given(symbols, parameters))
    shape = arrays[0].shape if arrays else ()
    with np.errstate(all="ignore"):
        values = lambdify(symbols, coefficients, modules=[np], cse=True)(*arrays)
    table = np.stack([np.broadcast_to(np.asarray(v, dtype=float), shape) for v in values], axis=-1)
    if not np.isfinite(table).all():
        raise ValueError("the rule is not defined at some of the parameters: it divides by zero")
    return _largest(table)


def _given(symbols: Iterable[Symbol], parameters: dict[str, Any]) -> list[Array]:
    wanted = [s.name for s in symbols]
    if missing := [name for name in wanted if name not in parameters]:
        raise TypeError(f"no value was given for {', '.join(missing)}; it can be a number or an array")
    if unknown := [name for name in parameters if name not in wanted]:
        raise TypeError(f"the multipliers do not depend on {', '.join(unknown)}, only on {', '.join(wanted)}")
    arrays = [np.asarray(parameters[name]) for name in wanted]
    if not all(np.can_cast(a.dtype, float, casting="same_kind") for a in arrays):
        raise TypeError(f"{', '.join(wanted)} are real numbers, given {[str(a.dtype) for a in arrays]}")
    return [a.astype(float) for a in arrays]


def _largest(table: Array) -> Array:
    """Return the largest modulus of the roots of z**n + table[..., 0]*z**(n-1) + ... + table[..., n-1]."""
    degree = table.shape[-1]
    companions = np.zeros((*table.shape, degree))
    companions[..., 0, :] = -table
    below = np.arange(degree - 1)
    companions[..., below + 1, below] = 1
    moduli: Array = np.abs(np.linalg.eigvals(companions)).max(axis=-1)
    return moduli
