"""Lie derivatives along the solutions of a law, and the energy of a system."""

from __future__ import annotations

from sympy import Add, Expr, Integer, Matrix, Symbol

from physsym.analysis.exact_evaluation import AnalysisError
from physsym.core.motion import is_time
from physsym.core.statements import Law, symbols
from physsym.core.symbols import DOT, dot, name_and_marks
from physsym.mechanics.system import System
from physsym.parsing.statements import ExprText, LawText, as_expression, as_law


def energy(system: System) -> Expr:
    """Return the energy of a system, the sum of q'*dL/dq' minus L.

    Parameters
    ----------
    system
        A system with a Lagrangian.

    Returns
    -------
    Expr
        The energy.

    Raises
    ------
    TypeError
        If what is given is no system.

    References
    ----------
    H. Goldstein, Classical Mechanics, section 2.7.

    Examples
    --------
    >>> from physsym.mechanics.system import damped_particle
    >>> print(energy(damped_particle))
    m*x'**2/2 + potential(x)
    """
    if not isinstance(system, System):
        raise TypeError(f"an energy is that of a System, with a Lagrangian; given {system!r}")
    velocities = [dot(q) for q in system.coordinates]
    return (Add(*(w * system.lagrangian.diff(w) for w in velocities)) - system.lagrangian).expand()


def rate_along(law: LawText, quantity: ExprText) -> Expr:
    """Return the Lie derivative: the time derivative of a quantity along the solutions of a law.

    Parameters
    ----------
    law
        A law.
    quantity
        An expression in its states, their rates and the time.

    Returns
    -------
    Expr
        The rate, without the highest derivatives of the law. Dimension: that of the quantity over time.

    Raises
    ------
    AnalysisError
        If the law does not determine its highest derivatives.

    Examples
    --------
    >>> from physsym.mechanics.system import damped_particle
    >>> print(rate_along(damped_particle.law(), energy(damped_particle)))
    -gamma*x'**2
    """
    law = as_law(law)
    quantity = as_expression(quantity, [s for s in symbols(law) if not name_and_marks(s)[1]])
    highest = _highest_rates(law)
    found = dict(zip(highest, _solved(law, highest), strict=True))
    names = {name_and_marks(s)[0] for s in highest}
    held = sorted((s for s in quantity.free_symbols if is_time(s) or name_and_marks(s)[0] in names), key=str)
    rate = Add(*(quantity.diff(s) * (1 if is_time(s) else dot(s)) for s in held))
    return rate.xreplace(found).expand()


def _solved(law: Law, rates: list[Symbol]) -> list[Expr]:
    """Return the rates that a law fixes, by Cramer's rule; it must be linear in them."""
    residuals = Matrix([e.residual for e in law.equations])
    jacobian = residuals.jacobian(rates)
    size = jacobian.det().expand() if jacobian.is_square and not jacobian.has(*rates) else Integer(0)
    if size == 0:
        raise AnalysisError(f"{law} does not fix {', '.join(map(str, rates))}")
    at_rest = residuals.xreplace(dict.fromkeys(rates, Integer(0)))
    return list(-jacobian.adjugate() * at_rest / size)


def _highest_rates(law: Law) -> list[Symbol]:
    rates = sorted((s for s in symbols(law) if DOT in name_and_marks(s)[1]), key=lambda s: len(s.name))
    return sorted({name_and_marks(s)[0]: s for s in rates}.values(), key=str)
