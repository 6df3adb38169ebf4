"""Formulas read off values: which product of powers of parameters has these numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np
from sympy import Expr, Integer, Mul, Pow, Rational, Symbol, exp

from physsym.core.verdicts import Condition

Array = np.ndarray[Any, Any]


def formula(
    parameters: Sequence[Symbol], samples: Sequence[tuple[Mapping[Symbol, float], float]]
) -> Expr | None:
    """Return a number, or p + q, p - q, c*m, 1 - c*m, exp(c*m); m is a product of powers of p, 1 - p, 1 + p.

    Parameters
    ----------
    parameters
        The symbols p that may occur.
    samples
        Values of the parameters, with that of the expression.
    """
    values = np.array([v for _, v in samples])
    mean = float(values.mean())
    if float(abs(values - mean).max()) <= 1e-7 * max(1.0, abs(mean)):
        return _number(mean) if abs(mean) > 1e-6 else Integer(0)
    for p, q in combinations(parameters, 2):
        for total in (p + q, p - q, q - p):
            told = [float(total.xreplace(dict(at))) for at, _ in samples]
            if np.allclose(values, told, rtol=1e-7, atol=1e-9):
                return total
    atoms = [e for p in parameters for e in (p, 1 - p, 1 + p)]
    numbers = [[float(e.xreplace(dict(at))) for at, _ in samples] for e in atoms]
    usable = [k for k, row in enumerate(numbers) if all(n > 1e-9 for n in row) and len(set(row)) > 1]
    atoms = [atoms[k] for k in usable]
    logs = np.log(np.array([numbers[k] for k in usable])) if usable else np.zeros((0, len(samples)))
    found = _monomial(atoms, logs, values)
    if found is not None:
        return found
    found = _monomial(atoms, logs, 1 - values)
    if found is not None:
        return 1 - found
    if np.all(values > 0):
        found = _monomial(atoms, logs, np.log(values))
        if found is not None:
            return exp(found)
    return None


def _monomial(atoms: Sequence[Expr], logs: Array, values: Array) -> Expr | None:
    """Return a number times powers, of which two are whole numbers each, with given values; the shortest."""
    if not (np.all(values > 1e-12) or np.all(values < -1e-12)):
        return None
    wanted = np.log(abs(values))
    for count in range(4):
        told: Expr | None = None
        for chosen in combinations(range(len(atoms)), count):
            matrix = np.stack([*(logs[k] for k in chosen), np.ones(len(wanted))], axis=1)
            solution = np.linalg.lstsq(matrix, wanted, rcond=None)[0]
            halves = np.round(2 * solution[:-1])
            if np.any(abs(2 * solution[:-1] - halves) > 1e-3) or np.any(halves == 0):
                continue
            rest = wanted - matrix[:, :-1] @ (halves / 2)
            if float(abs(rest - rest.mean()).max()) > 1e-6:
                continue
            number = _number(math.copysign(math.exp(float(rest.mean())), float(values[0])))
            if number is None:
                continue
            powers = (atoms[k] ** Rational(int(h), 2) for k, h in zip(chosen, halves, strict=True))
            expression = Mul(number, *powers)
            if abs(number) == 1:
                return expression
            told = told or expression
        if told is not None:
            return told
    return None


def _number(value: float) -> Expr | None:
    """Return a rational number with few digits that a float is close to."""
    size = abs(value)
    found = Fraction(size).limit_denominator(1000) if size >= 1 else Fraction(0)
    if size < 1 and (inverse := Fraction(1 / size).limit_denominator(1000)):
        direct = Fraction(size).limit_denominator(1000)
        found = direct if abs(float(direct) - size) <= 1e-9 * size else 1 / inverse
    if not found or abs(float(found) - size) > 1e-6 * size:
        return None
    return Rational(found.numerator, found.denominator) * (1 if value > 0 else -1)


def where_real(expressions: Iterable[Expr]) -> tuple[Condition, ...]:
    """Return what must be positive for roots to be real and what is divided by them to be defined."""
    powers = sorted({p for e in expressions for p in e.atoms(Pow)}, key=str)
    found = dict[Condition, None]()
    for power in powers:
        base, exponent = power.as_base_exp()
        if exponent.is_Rational and not exponent.is_Integer and not base.is_number:
            found[Condition(base, "> 0")] = None
    return tuple(found)
