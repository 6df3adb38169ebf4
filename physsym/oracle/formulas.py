"""Formulas as functions of floats: several cases at once, each with a potential of its own.

A case is one choice of a potential, a start and constants. The last axis of every array counts the cases.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Any

import numpy as np
import sympy
from sympy import Expr, Function, Symbol

from physsym.core.symbols import OPAQUE

CASES = 4
Values = Mapping[str, Any]  # numbers by the name of a symbol; arrays whose last axis counts the cases


class NotSimulatedError(Exception):
    """What the oracle cannot compute, with the reason."""


# Two smooth convex potentials without symmetry, z**2/2 + z**3/6 + z**4/8 and z**2/3 + z**3/15 + z**4/8: on a
# symmetric one a rule with a wrong sign can follow the law by accident.
COEFFICIENTS = np.array([[0, 0, 1 / 2, 1 / 6, 1 / 8], [0, 0, 1 / 3, 1 / 15, 1 / 8]] * (CASES // 2)).T


_DERIVED = [
    [float(sympy.ff(power, order)) * COEFFICIENTS[power] for power in range(order, len(COEFFICIENTS))]
    for order in range(len(COEFFICIENTS))
]


def derivative(order: int, point: Any) -> Any:
    """Return a derivative of the potential of one coordinate, by Horner's scheme."""
    if order >= len(_DERIVED):
        return 0 * point
    *lower, total = _DERIVED[order]
    for coefficient in reversed(lower):
        total = total * point + coefficient
    return total + 0 * point


def _joint(points: Sequence[Any]) -> Any:
    """Return the combination of coordinates by which a potential of several coordinates couples them."""
    return sum(point / (k + 2) for k, point in enumerate(points))


def _potential(*points: Any) -> Any:
    if len(points) == 1:
        return derivative(0, points[0])
    return sum(derivative(0, point) for point in points) + derivative(0, _joint(points))


def _partial(index: int, *points: Any) -> Any:
    own = derivative(1, points[index - 1])
    return own if len(points) == 1 else own + derivative(1, _joint(points)) / (index + 1)


FUNCTIONS: dict[str, Any] = {
    "potential": _potential,
    "grad": lambda point: derivative(1, point),
    "hess": lambda point: derivative(2, point),
    "higher": lambda order, point: derivative(int(order), point),
    "partial": _partial,
    # NumPy's own take arrays of one shape only.
    "maximum_of": lambda *points: reduce(np.maximum, points),
    "minimum_of": lambda *points: reduce(np.minimum, points),
}
_KNOWN = (
    sympy.exp, sympy.log, sympy.sin, sympy.cos, sympy.tan, sympy.sinh, sympy.cosh, sympy.tanh, sympy.Abs,
    sympy.sign, sympy.Heaviside, sympy.Max, sympy.Min, sympy.atan, sympy.asin, sympy.acos, sympy.Piecewise,
    sympy.floor, sympy.ceiling,
)  # fmt: skip
_JUMPS = (sympy.sign, sympy.Heaviside, sympy.Piecewise, sympy.floor, sympy.ceiling)


def has_jumps(expressions: Sequence[Expr]) -> bool:
    """Return whether formulas hold functions that jump."""
    return any(e.has(*_JUMPS) for e in expressions)


@dataclass(frozen=True)
class Formulas:
    """Expressions compiled to one function of the numbers of their symbols."""

    names: tuple[str, ...]
    function: Any

    def __call__(self, values: Values) -> list[Any]:
        """Return the value of each expression; raise NotSimulatedError for a name without a number."""
        missing = [name for name in self.names if name not in values]
        if missing:
            raise NotSimulatedError(f"{missing[0]} has no meaning in the first line")
        with np.errstate(all="ignore"):
            return list(self.function(*(values[name] for name in self.names)))


@lru_cache(maxsize=4096)
def compiled(expressions: tuple[Expr, ...]) -> Formulas:
    """Return expressions as a function of floats.

    Raises NotSimulatedError for a function that has no values here.
    """
    # Abs has a kink: its second derivative is left out, at the one point at which it is not zero.
    expressions = tuple(e.replace(sympy.DiracDelta, lambda *_: sympy.S.Zero) for e in expressions)
    strange = {f for e in expressions for f in e.atoms(Function) if not isinstance(f, (*_KNOWN, *OPAQUE))}
    if strange:
        raise NotSimulatedError(f"no numbers are known for {min(map(str, strange))}")
    symbols = sorted({s for e in expressions for s in e.free_symbols}, key=str)
    if len({s.name for s in symbols}) < len(symbols):
        raise NotSimulatedError("two symbols have one name")
    if any(type(s).__name__ == "RandomSymbol" for s in symbols):
        raise NotSimulatedError("noise is not simulated")
    maximum, minimum = Function("maximum_of"), Function("minimum_of")
    plain = [e.replace(sympy.Max, maximum).replace(sympy.Min, minimum) for e in expressions]
    function = sympy.lambdify(symbols, plain, modules=[FUNCTIONS, "numpy"], cse=True)
    return Formulas(tuple(str(s.name) for s in symbols), function)


def number_of(expression: Expr, values: Values) -> Any:
    """Return the number that one expression is, as an array over the cases."""
    return np.broadcast_to(np.asarray(compiled((expression,))(values)[0], float), (CASES,)).copy()


def violates_sign(symbol: Symbol, numbers: Any) -> bool:
    """Return whether numbers are outside the sign that a symbol is declared to have."""
    values = np.asarray(numbers, float)
    values = values[np.isfinite(values)]
    bounds = (
        (symbol.is_positive, values <= 0), (symbol.is_negative, values >= 0),
        (symbol.is_nonnegative, values < 0), (symbol.is_nonpositive, values > 0),
        (symbol.is_nonzero, values == 0),
    )  # fmt: skip
    return any(declared is True and bool(outside.any()) for declared, outside in bounds)
