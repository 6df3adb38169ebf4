"""Exponential Euler: the exact flow of a linear law with constant coefficients over one step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from math import inf, lcm
from typing import Any, ClassVar, NoReturn

import mpmath
import sympy
from sympy import Abs, Add, Expr, Integer, Matrix, Mul, Rational, Symbol, cos, exp, eye, sign, sin, sqrt

from physsym.core.motion import is_time
from physsym.core.statements import Rule, Update
from physsym.core.symbols import dot, fresh
from physsym.core.verdicts import Order, Verdict, all_of, holds, undecided
from physsym.mechanics.integrators import refuse_friction
from physsym.mechanics.moves import Integrate, MoveError
from physsym.transform.forms import tidied
from physsym.transform.integrate import Rates, integrate, one_block
from physsym.verify.identity import identical
from physsym.verify.integrate import Equations, derivative, refuse_first, verify_method, without_time
from physsym.verify.substitution import Refusal, substituted

Numbers = Mapping[Symbol, Any]


@dataclass(frozen=True)
class ExponentialEuler:
    """The method y_new = exp(step*A)*y + (integral of exp(s*A) ds)*b for y' = A*y + b, which is exact.

    At most two states may be coupled, so that the eigenvalues have closed forms. For a pair whose eigenvalues
    may be real or complex one form is given that holds for both; the check of the step lists that they are
    not equal. A shorter line, with cos and sin, may be stated where its condition holds.

    Reference: Hochbruck and Ostermann, Exponential integrators, Acta Numerica 2010.
    """

    name: str = "exponential Euler"
    order: float = inf
    partitioned: ClassVar[bool] = False
    NOT_CERTIFIED: ClassVar[str] = "the exponential of a matrix is not written as a lemma"

    def with_friction(self, treatment: str) -> NoReturn:
        """Raise ValueError, which names the method that has treatments of friction."""
        refuse_friction(self.name)

    def reference_step(
        self, rates: Callable[[Numbers], Numbers], start: Numbers, step: Any, first: frozenset[Symbol]
    ) -> Numbers | None:
        """Return one step in plain numbers, for tests, by mpmath; None where the law is not linear."""
        context = getattr(step, "context", mpmath.mp)
        rest = rates(dict.fromkeys(start, 0 * step))
        derivatives = {o: rates({s: 0 * step + (s == o) for s in start}) for o in start}
        rows = [[step * (derivatives[o][s] - rest[s]) for o in start] + [step * rest[s]] for s in start]
        along = (step * rate - row[-1] for rate, row in zip(rates(start).values(), rows, strict=True))
        linear = (sum(a * n for a, n in zip(row, start.values(), strict=False)) for row in rows)
        if any(abs(a - b) > abs(a) * context.mpf(10) ** -9 for a, b in zip(along, linear, strict=True)):
            return None
        grown = context.expm(context.matrix([*rows, [0] * (len(rows) + 1)]))
        return dict(zip(start, grown * context.matrix([*start.values(), 1]), strict=False))


exponential_euler = ExponentialEuler()


# ------------------------------------------------------------------ carried out


@integrate.register(ExponentialEuler)
def _(method: ExponentialEuler, rates: Rates, move: Integrate) -> Rule:
    sequence = one_block(rates, move)
    for state, rate in rates.items():
        derivatives = [rate.diff(s) for s in rates]
        if any(map(is_time, rate.free_symbols)):
            raise MoveError(
                "exponential Euler needs a linear law with constant coefficients, and "
                f"{dot(state)} = {rate} reads the time; use runge_kutta_4, or where the friction "
                'alone is linear semi_implicit_euler.with_friction("exponential")'
            )
        if any(e.free_symbols & set(rates) for e in derivatives):
            raise MoveError(
                f"exponential Euler needs a linear law with constant coefficients, and {dot(state)} = {rate} "
                "is none; where the friction alone is linear use "
                'semi_implicit_euler.with_friction("exponential")'
            )
    new: Rates = {}
    for group in _coupled(rates):
        if len(group) > 2:
            raise MoveError(
                f"exponential Euler has closed forms for at most two coupled states; "
                f"{', '.join(map(str, group))} are coupled"
            )
        new |= _flow(group, rates, move.step)
    # What mixes real and complex eigenvalues is not expanded: it would be long.
    values = {s: value if value.has(sign) else tidied(value, sequence) for s, value in new.items()}
    return Rule(tuple(Update(s, values[s]) for s in sequence))


def _coupled(rates: Rates) -> list[tuple[Symbol, ...]]:
    """Return the groups of states that read each other, directly or through others."""
    groups: list[set[Symbol]] = []
    for state, rate in rates.items():
        joined = {state} | (rate.free_symbols & set(rates))
        apart = [g for g in groups if not g & joined]
        groups = [*apart, joined.union(*(g for g in groups if g & joined))]
    return [tuple(s for s in rates if s in g) for g in groups]


def _flow(group: Sequence[Symbol], rates: Rates, step: Symbol) -> Rates:
    """Return the exact solution after one step for one state or two with linear rates."""
    matrix = Matrix([[sympy.cancel(rates[s].diff(o)) for o in group] for s in group])
    rest = Matrix([rates[s].xreplace(dict.fromkeys(group, Integer(0))) for s in group])
    grown = _exponential(matrix, step)
    moved = grown * Matrix(group) + (_integral(matrix, grown, step) * rest if any(rest) else 0 * rest)
    return dict(zip(group, moved, strict=True))


def _exponential(matrix: Matrix, step: Symbol) -> Matrix:
    """Return exp(step*A): with A = mean + N and N*N = square it is exp(mean*step)*(even + odd*N).

    Where the sign of the square is open, hyperbolic and circular functions are mixed by that sign: the form
    holds for real and for complex eigenvalues, not for equal ones.
    """
    if matrix.rows == 1:
        return Matrix([[exp(step * matrix[0])]])
    mean = sympy.cancel(matrix.trace() / 2)
    apart = matrix - mean * eye(2)
    coupling = apart[0, 1] * apart[1, 0]
    square = sympy.factor(apart[0, 0] ** 2 + coupling)
    if square == 0:
        return exp(mean * step) * (eye(2) + step * apart)
    root = apart[0, 0] if coupling == 0 else sqrt(Abs(square))
    grown, decayed = (exp(sympy.cancel(mean + k * root) * step) for k in (1, -1))
    real = (grown + decayed) / 2, (grown - decayed) / 2
    turning = exp(mean * step) * cos(root * step), exp(mean * step) * sin(root * step)
    if coupling == 0 or square.is_nonnegative:
        even, odd = real
    elif square.is_nonpositive:
        even, odd = turning
    else:
        fraction = (1 + sign(square)) / 2
        even, odd = (
            fraction * one + (1 - fraction) * other for one, other in zip(real, turning, strict=True)
        )
    return even * eye(2) + odd / root * apart


def _integral(matrix: Matrix, grown: Matrix, step: Symbol) -> Matrix:
    """Return the integral of exp(s*matrix) over s from 0 to the step."""
    size, trace = eye(matrix.rows), matrix.trace()
    if sympy.cancel(matrix.det()) != 0:
        return matrix.inv() * (grown - size)
    if sympy.cancel(trace) == 0:
        return step * size + step**2 / 2 * matrix
    return step * size + ((exp(trace * step) - 1) / trace - step) / trace * matrix


# ------------------------------------------------------------------ judged


@verify_method.register(ExponentialEuler)
def _(method: ExponentialEuler, equations: Equations, new: Equations, move: Integrate) -> list[Verdict]:
    refuse_first(move)
    if len(without_time(equations)) < len(equations):
        raise Refusal(
            f"{method.name} needs a linear law with constant coefficients, and this one holds the time"
        )
    for state, residual in equations.items():
        if not _is_linear(residual, [*equations, *map(dot, equations)]):
            raise Refusal(f"{method.name} needs a linear law with constant coefficients; {state} has none")
    verdicts = []
    for state, value in new.items():
        begun = substituted(value, {move.step: Integer(0)})
        verdicts.append(identical(begun, state, f"the new {state} at {move.step} = 0 and the old one"))
    try:
        speeds = {dot(s): derivative(value, move.step) for s, value in new.items()}
    except NotImplementedError as reason:
        return [*verdicts, undecided(str(reason))]
    for state, residual in equations.items():
        moved = substituted(residual, {**new, **speeds})
        verdicts.append(_vanishes(moved, move.step, f"the new {state} as a function of {move.step}"))
    if not all_of(*verdicts):
        return verdicts
    says = f"as functions of {move.step} the new values solve the law and begin at the old ones"
    return [*verdicts, holds(says, error=Order(move.step, inf))]


def _is_linear(residual: Expr, variables: Sequence[Symbol]) -> bool:
    """Tell whether a residual is linear in the variables."""
    nowhere = dict.fromkeys(variables, Integer(0))
    rest = substituted(residual, nowhere)
    parts = (s * (substituted(residual, {**nowhere, s: Integer(1)}) - rest) for s in variables)
    return bool(identical(residual, Add(rest, *parts)))


def _vanishes(residual: Expr, step: Symbol, what: str) -> Verdict:
    """Return whether a residual is zero, with exponentials and circular functions as independent unknowns.

    What holds for independent unknowns holds for these functions; what does not is compared as it stands.
    """
    unknowns = (fresh(f"unknown {k}", residual.free_symbols) for k in count())
    exponents = {e.args[0]: _terms(e.args[0]) for e in residual.atoms(exp) if e.has(step)}
    scale = lcm(*(c.q for terms in exponents.values() for c in terms.values()))
    bases = {unit: next(unknowns) for terms in exponents.values() for unit in terms}
    names: dict[Expr, Expr] = {
        exp(exponent): Mul(*(bases[unit] ** (c * scale) for unit, c in terms.items()))
        for exponent, terms in exponents.items()
    }
    for angle in sorted({e.args[0] for e in residual.atoms(sin, cos) if e.has(step)}, key=str):
        half = next(unknowns)  # the tangent of half the angle
        names |= {sin(angle): 2 * half / (1 + half**2), cos(angle): (1 - half**2) / (1 + half**2)}
    what = f"the law of {what} and zero"
    general = identical(substituted(residual, names), Integer(0), what)
    sums = all(identical(e, Add(*(c * u for u, c in terms.items()))) for e, terms in exponents.items())
    return general if general and sums else identical(residual, Integer(0), what)


def _terms(exponent: Expr) -> dict[Expr, Rational]:
    """Return an exponent as rational multiples of terms; the caller checks their sum."""
    terms: dict[Expr, Rational] = {}
    for term in Add.make_args(sympy.expand(exponent)):
        coefficient, unit = term.as_coeff_Mul()
        terms[unit] = terms.get(unit, Integer(0)) + coefficient
    return terms
