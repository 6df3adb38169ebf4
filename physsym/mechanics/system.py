"""Mechanical systems: a Lagrangian, a Rayleigh dissipation function, and the law of motion they give."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sympy import Abs, Add, DiracDelta, Expr, S, Symbol, expand, factor, sign

from physsym.core.arguments import NamedArguments
from physsym.core.motion import is_time
from physsym.core.signs import signs
from physsym.core.statements import Equation, Law
from physsym.core.symbols import dot, exact, name_and_marks, name_of
from physsym.core.verdicts import Condition
from physsym.mechanics.lagrange import lagrange_equations
from physsym.parsing.statements import ExprText, SymbolText, as_expression, as_state
from physsym.vocabulary import U, gamma, m, v, x


@dataclass(frozen=True)
class System(NamedArguments):
    """Coordinates, a Lagrangian L(q, q', t) and a Rayleigh dissipation function R(q, q'), or their texts.

    Dimensions: L is an energy, R a power. Raises TypeError for what is no symbol or no exact expression, and
    ValueError for no coordinates, repeated ones, accelerations in L or R, or a power dissipated that is never
    positive.
    """

    coordinates: tuple[Symbol, ...]
    lagrangian: Expr
    dissipation: Expr = S.Zero

    if TYPE_CHECKING:  # what is accepted is wider than what is kept

        def __init__(  # noqa: D107
            self,
            coordinates: SymbolText | Sequence[SymbolText],
            lagrangian: ExprText,
            dissipation: ExprText = S.Zero,
        ) -> None: ...

    def __post_init__(self) -> None:
        given: object = self.coordinates
        if isinstance(given, str):
            given = tuple(filter(None, re.split(r"[\s,]+", given)))
        coordinates = (given,) if isinstance(given, Symbol) else given
        if isinstance(coordinates, (tuple, list)):
            coordinates = tuple(as_state(q) if isinstance(q, str) else q for q in coordinates)
        if not isinstance(coordinates, (tuple, list)) or not all(isinstance(q, Symbol) for q in coordinates):
            raise TypeError(f"a system needs symbols as coordinates, such as (x,); given {given!r}")
        object.__setattr__(self, "coordinates", tuple(coordinates))
        names = [name_and_marks(q) for q in self.coordinates]
        if not names or len(set(names)) < len(names) or any(marks for _, marks in names):
            raise ValueError(
                f"a system needs distinct coordinates at no special instant, given {self.coordinates}"
            )
        if any(map(is_time, self.coordinates)):
            raise ValueError("t is the time, and no coordinate of a system: the action is integrated over it")
        for name in ("lagrangian", "dissipation"):
            object.__setattr__(self, name, as_expression(getattr(self, name), self.coordinates))
            beyond = getattr(self, name).free_symbols & {dot(dot(q)) for q in self.coordinates}
            if beyond:
                raise ValueError(f"the {name} may hold coordinates and velocities, not {beyond.pop()}")
        self._refuse_other_rates()
        possible = signs(self.power) & signs(factor(self.power))
        if -1 in possible and 1 not in possible:
            raise ValueError(
                f"the power that the dissipation function {self.dissipation} takes from the system is "
                f"{self.power}, which is never positive: such friction drives the motion; change its sign"
            )

    def _refuse_other_rates(self) -> None:
        """Raise ValueError where the rates of all coordinates are missing, and another one is there."""
        held = self.lagrangian.free_symbols
        written = {f"d{q.name}" for q in self.coordinates}  # which reads as a constant
        others = sorted(
            str(s) for s in held - {*self.coordinates} if s == v or name_and_marks(s)[1] or s.name in written
        )
        if others and not held & {dot(q) for q in self.coordinates}:
            rates = ", ".join(str(dot(q)) for q in self.coordinates)
            raise ValueError(
                f"the Lagrangian {self.lagrangian} holds {', '.join(others)} and no rate of a coordinate; "
                f"the rates are {rates}"
            )

    @property
    def power(self) -> Expr:
        """Return the power that friction takes from the system, the sum of q' dR/dq'."""
        return expand(Add(*(dot(q) * self.dissipation.diff(dot(q)) for q in self.coordinates)))

    def law(self) -> Law:
        """Return the law d/dt dL/dq' - dL/dq + dR/dq' = 0 (Goldstein, Classical Mechanics, section 1.5).

        The accelerations are on the left, forces and friction on the right. The law assumes that the power
        dissipated is not negative. Raises ValueError for a coordinate without an equation, as of a Lagrangian
        that is a total time derivative, and for a momentum that jumps.

        >>> print(damped_particle.law())
        m*x'' = -grad(x) - gamma*x'
        """
        rates = _rates(self.lagrangian, self.coordinates)
        found = lagrange_equations(self.lagrangian, self.dissipation, self.coordinates, rates)
        sides = found or [self._sides(q) for q in self.coordinates]
        for q, pair in zip(self.coordinates, sides, strict=True):
            if pair == (0, 0):
                raise ValueError(
                    f"the equation of {q} is 0 = 0: the Lagrangian {self.lagrangian} does not hold {q}, or "
                    "only in a total time derivative, which adds nothing to the motion"
                )
        equations = tuple(Equation(*pair) for pair in sides)
        return Law(equations, (Condition(self.power, ">= 0"),) if self.power != 0 else ())

    def _sides(self, q: Symbol) -> tuple[Expr, Expr]:
        momentum = self.lagrangian.diff(dot(q))
        rest = total_time_derivative(momentum, self.coordinates) - self.lagrangian.diff(q)
        balance = _without_impulses(expand(rest + self.dissipation.diff(dot(q)).doit()))
        balance = Add(*map(_without_signs, Add.make_args(balance)))
        inertia = Add(*(a * balance.coeff(a) for a in (dot(dot(s)) for s in self.coordinates)))
        return inertia, expand(inertia - balance)


def _without_impulses(balance: Expr) -> Expr:
    """Return a sum without the impulses DiracDelta(s)*f that vanish because f does where s = 0.

    They come of the second derivative of a power of |s|. Raises ValueError for one that does not vanish.
    """
    for impulse in balance.atoms(DiracDelta):
        place = impulse.args[0]
        factor_there = balance.coeff(impulse).subs(place, 0) if len(impulse.args) == 1 else S.NaN
        if factor_there != 0:
            raise ValueError(
                f"a momentum jumps where {place} = 0, so that the force there is no function; give a "
                "Lagrangian whose momenta are continuous"
            )
        balance = balance.xreplace({impulse: S.Zero})
    return balance


def _without_signs(term: Expr) -> Expr:
    """Return a term with |s| for s*sign(s), as people write friction that is quadratic in the speed."""
    for sign_ in term.atoms(sign):
        (base,) = sign_.args
        powers = term.as_powers_dict()
        power = powers.get(base, S.Zero)
        if base.is_real and powers.get(sign_) == 1 and power.is_Integer and power > 0:
            term = term / (sign_ * base) * Abs(base)
    return term


def total_time_derivative(expression: Expr, coordinates: tuple[Symbol, ...]) -> Expr:
    """Return d/dt of an expression in coordinates, their derivatives and the time `t`, by the chain rule.

    Parameters
    ----------
    expression
        The expression. What occurs in it with a rate, such as y with `dot(y)`, depends on time too.
    coordinates
        The coordinates that depend on time.

    Returns
    -------
    Expr
        The derivative; its dimension is that of the expression over time.

    Examples
    --------
    >>> total_time_derivative(m * dot(x)**2 / 2, (x,))
    m*x'*x''
    """
    return Add(*(expression.diff(s) * rate for s, rate in _rates(expression, coordinates).items()))


def _rates(expression: Expr, coordinates: tuple[Symbol, ...]) -> dict[Symbol, Expr]:
    """Return the time derivative of each symbol in an expression that depends on time, and of time."""
    held = sorted(expression.free_symbols, key=name_of)
    names = {q.name for q in coordinates} | {name_and_marks(s)[0] for s in held if name_and_marks(s)[1]}
    moving = [s for s in held if name_and_marks(s)[0] in names]
    return {s: S.One for s in held if is_time(s) and s not in moving} | {s: dot(s) for s in moving}


damped_particle = System(
    coordinates=(x,),
    lagrangian=m * dot(x) ** 2 / 2 - U,
    dissipation=gamma * dot(x) ** 2 / 2,
)


def particle_with_friction(power: Expr) -> System:
    """Return a particle of mass m with the friction force gamma*|x'|**(power - 1), against the motion.

    The Rayleigh function is gamma*|x'|**power/power.

    Parameters
    ----------
    power
        A dimensionless number, 2 for viscous friction.

    Returns
    -------
    System
        The particle in the potential U.
    """
    p = exact(power)
    return System((x,), m * dot(x) ** 2 / 2 - U, gamma * Abs(dot(x)) ** p / p)
