"""Whether a law follows from a Lagrangian and a dissipation function, along a curve that obeys no law."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import mpmath
import sympy
from sympy import Expr, Symbol

from physsym.core.statements import Law
from physsym.core.symbols import DOT
from physsym.oracle.formulas import COEFFICIENTS, NotSimulatedError
from physsym.oracle.motions import TIME

DIGITS = 40
# A context of its own: the precision of the caller's mpmath stays what it is.
MP = mpmath.MPContext()
MP.dps = DIGITS


def lagrangian_defect(system: Any, law: Law, seed: int = 0) -> str:
    """Return what tells a law from d/dt dL/dq' - dL/dq + dR/dq' = 0, or an empty text.

    Both are computed with 40 digits at times of a random curve; the time derivative is a numerical one along
    the curve. An equation of the law may be a multiple of its balance by a constant.

    Parameters
    ----------
    system
        Anything with `coordinates`, `lagrangian` and `dissipation`.
    law
        The law that is said to follow, one equation a coordinate in the same order.
    seed
        For other curves and constants.

    Returns
    -------
    str
    """
    coordinates = tuple(system.coordinates)
    if len(law.equations) != len(coordinates):
        return f"{len(coordinates)} coordinates need as many equations, given {len(law.equations)}"
    chance = random.Random(seed)
    curves = {q.name: [MP.mpf(chance.randint(-90, 90)) / 60 for _ in range(6)] for q in coordinates}
    numbers: dict[str, Any] = {}

    def along(expression: Expr, time: Any) -> Any:
        values = {}
        for s in expression.free_symbols:
            name = s.name.rstrip(DOT)
            if s.name == TIME:
                values[s] = time
            elif name in curves:
                values[s] = MP.polyval(derived(curves[name], s.name.count(DOT)), time)
            else:
                values[s] = numbers.setdefault(s.name, constant_number(s, chance))
        return _function(expression)(*(values[s] for s in sorted(values, key=str)))

    for q, equation in zip(coordinates, law.equations, strict=True):
        rate = next((s for s in system.lagrangian.free_symbols if s.name == q.name + DOT), None)
        rate = rate or Symbol(q.name + DOT, real=True)
        momentum = system.lagrangian.diff(rate)
        forces = system.dissipation.diff(rate) - system.lagrangian.diff(q)
        ratios = []
        for time in (MP.mpf(13) / 10, MP.mpf(17) / 10, MP.mpf(5) / 2, MP.mpf(31) / 10):
            balance = MP.diff(lambda at, p=momentum: along(p, at), time) + along(forces, time)
            residual = along(equation.residual, time)
            if abs(residual) < MP.mpf(10) ** -15 or abs(balance) < MP.mpf(10) ** -15:
                ratios.append(MP.one if abs(residual - balance) < MP.mpf(10) ** -12 else MP.inf)
            else:
                ratios.append(balance / residual)
        if any(abs(r - ratios[0]) > MP.mpf(10) ** -9 * abs(ratios[0]) or MP.isinf(r) for r in ratios):
            return f"the equation of {q} is not that of the Lagrangian and the dissipation function"
    return ""


def derived(coefficients: list[Any], order: int) -> list[Any]:
    """Return the coefficients, highest first, of a derivative of a polynomial."""
    for _ in range(order):
        top = len(coefficients) - 1
        coefficients = [c * (top - k) for k, c in enumerate(coefficients[:-1])]
    return coefficients


def constant_number(symbol: Symbol, chance: random.Random) -> Any:
    """Return a number for a constant, negative only where it is declared so."""
    size = MP.mpf(chance.randint(60, 170)) / 100
    return -size if symbol.is_nonpositive is True else size


def _function(expression: Expr) -> Callable[..., Any]:
    symbols = sorted(expression.free_symbols, key=str)
    plain = expression.doit().replace(sympy.DiracDelta, lambda *_: 0)
    strange = list(plain.atoms(sympy.Derivative, sympy.Subs))
    if strange:
        raise NotSimulatedError(f"no numbers are known for {strange[0]}")
    return sympy.lambdify(symbols, plain, modules=[_FUNCTIONS])  # type: ignore[no-any-return]


def _slope(order: int, point: Any) -> Any:
    column = [MP.mpf(sympy.Rational(c).limit_denominator(60).p) / sympy.Rational(c).limit_denominator(60).q
              for c in map(str, COEFFICIENTS[:, 0])]  # fmt: skip
    return MP.fsum(
        c * MP.ff(k, order) * MP.mpf(point) ** (k - order) for k, c in enumerate(column) if k >= order
    )


def _joint(points: tuple[Any, ...]) -> Any:
    return MP.fsum(MP.mpf(point) / (k + 2) for k, point in enumerate(points))


_NAMES = (
    "acos",
    "asin",
    "atan",
    "cos",
    "cosh",
    "exp",
    "log",
    "mpf",
    "sign",
    "sin",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
)
_FUNCTIONS: dict[str, Any] = {
    **{name: getattr(MP, name) for name in _NAMES},
    "abs": abs,
    "potential": lambda *p: (
        _slope(0, p[0]) if len(p) == 1 else MP.fsum(_slope(0, q) for q in p) + _slope(0, _joint(p))
    ),
    "grad": lambda p: _slope(1, p),
    "hess": lambda p: _slope(2, p),
    "higher": lambda n, p: _slope(int(n), p),
    "partial": lambda i, *p: (
        _slope(1, p[0]) if len(p) == 1 else _slope(1, p[int(i) - 1]) + _slope(1, _joint(p)) / (int(i) + 1)
    ),
}
