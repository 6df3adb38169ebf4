"""Slow manifolds: of laws with a small inertia, and of rules with a fast state, such as momentum."""

from __future__ import annotations

from sympy import Expr, Integer, Symbol, cancel

from physsym.analysis.exact_evaluation import AnalysisError
from physsym.analysis.jets import Expansion, Series, VectorField, ring_for
from physsym.analysis.modified_equations import ModifiedEquation, logarithm, near_identity, refuse
from physsym.core.statements import Law, Rule, one_step_map, states
from physsym.core.symbols import after, dot, require_symbol
from physsym.core.verdicts import Condition
from physsym.parsing.statements import LawText, RuleText, as_law, as_rule


def slow_velocity(law: LawText, coordinate: Symbol, small: Symbol, order: int = 1) -> Expr:
    """Return the slow manifold of a law of second order, x' = h(x), as a series in a small symbol.

    On the manifold x'' = h'(x)*h(x), and each coefficient of h cancels the residual at its order. It is
    valid up to O(small**(order + 1)) after an initial layer of width `small`.

    Parameters
    ----------
    law
        A law of one equation.
    coordinate
        Its coordinate.
    small
        The symbol that multiplies the highest derivative.
    order
        The highest power of `small` in the result.

    Returns
    -------
    Expr
        The velocity h(x).

    Raises
    ------
    AnalysisError
        If the law has several equations, or is not linear in the velocity at `small` = 0.

    References
    ----------
    Tikhonov 1952; Fenichel 1979.

    Examples
    --------
    >>> from physsym.core.statements import law
    >>> from physsym.vocabulary import G, gamma, tau, x
    >>> print(slow_velocity(law({tau * dot(dot(x)): -G / gamma - dot(x)}), x, tau))
    -grad(x)/gamma - tau*grad(x)*hess(x)/gamma**2
    """
    law = as_law(law)
    require_symbol(coordinate)
    require_symbol(small)
    if len(law.equations) != 1:
        raise AnalysisError(f"a slow velocity is that of a law of one equation, given {law}")
    residual, speed = law.equations[0].residual, dot(coordinate)
    at_once = residual.xreplace({small: Integer(0)})
    derivative = at_once.diff(speed)
    if derivative == 0 or derivative.has(speed, dot(speed)):
        raise AnalysisError(f"{law} does not say what {speed} is where {small} = 0")
    found = cancel(speed - at_once / derivative)
    for power in range(1, order + 1):
        defect = invariance(residual, coordinate, found).expand()
        if (coefficient := defect.coeff(small, power)).has(small):
            raise AnalysisError(f"{defect} is no polynomial in {small}")
        found -= coefficient / derivative * small**power
    return found


def invariance(residual: Expr, coordinate: Symbol, velocity: Expr) -> Expr:
    """Return the residual of the invariance equation for a velocity that is a function of the position."""
    acceleration = velocity.diff(coordinate) * velocity
    return residual.xreplace({dot(dot(coordinate)): acceleration, dot(coordinate): velocity})


def slow_manifold_equation(rule: RuleText, step: Symbol, fast: Symbol, order: int = 1) -> ModifiedEquation:
    """Return the modified equation of a rule of two states on its slow manifold.

    A rule such as {u: rho*u - eta*grad(x), x: x + after(u)} with a fixed `rho` is not the identity at step
    zero: the fast state decays by a factor. For a small step it converges within a few steps to a function
    of the slow state; on that slow manifold the rule is near the identity and has a modified equation.
    Function and equation are found order by order. What one coordinate can show is as in
    `modified_equation`.

    Parameters
    ----------
    rule
        A rule of two states.
    step
        The parameter that is the time of one step.
    fast
        The state that decays.
    order
        The highest power of the step in the result.

    Returns
    -------
    ModifiedEquation
        The rate of the slow state, under the condition that the factor is between -1 and 1.

    Raises
    ------
    TypeError
        As `modified_equation`.
    ValueError
        As `modified_equation`; for other than two states; and if the fast state, or its factor, depends on
        the states at step zero.

    References
    ----------
    Ghosh, Lyu, Zhang and Wang 2023; Kovachki and Stuart 2021.

    Examples
    --------
    The heavy ball descends L + eta/4*(1 + rho)/(1 - rho)**2*|grad L|**2:

    >>> from physsym.analysis.modified_equations import modified_potential
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, rho, u, x
    >>> heavy_ball = rule({u: rho * u - eta * G, x: x + after(u)})
    >>> print(modified_potential(slow_manifold_equation(heavy_ball, eta, fast=u)))
    eta*(rho + 1)*grad(x)**2/(4*(rho - 1)**2) + potential(x)
    """
    rule = as_rule(rule)
    refuse(rule, step, order)
    carried = states(rule)
    if len(carried) != 2 or set(carried) != set(rule.targets) or fast not in carried:
        raise ValueError(
            f"expected a rule of two states, one of them {fast}; given {', '.join(map(str, carried))}"
        )
    (slow,) = (s for s in carried if s != fast)
    start = {step: Integer(0), fast: Integer(0), after(fast): Integer(0), after(slow): slow}
    factor = _factor(rule, fast, start)
    terms = order + 1
    jets = ring_for([slow, 1 / (1 - factor), *(u.value for u in rule.updates)], step, start, terms)
    moved = Expansion(jets, terms, start)
    moved.bound[step] = [jets.zero, jets.zero + 1] + [jets.zero] * (terms - 1)
    moved.bound[fast] = [jets.zero] * (terms + 1)
    settle = jets.polynomial(1 / (1 - factor))
    for k in range(1, terms + 1):
        gap = _carried_out(moved, rule)[after(fast)][k] - _on_the_manifold(moved, fast, slow)[k]
        moved.bound[fast][k] = jets.reduced(moved.bound[fast][k] + gap * settle)
    moved.bound[after(slow)] = near_identity(slow, _carried_out(moved, rule)[after(slow)], moved, step)
    decays = (Condition(1 - factor, "> 0"), Condition(1 + factor, "> 0"))
    return ModifiedEquation(Law(logarithm(moved, (slow,), step), decays), step, order)


def _factor(rule: Rule, fast: Symbol, start: dict[Symbol, Expr]) -> Expr:
    """Return the factor by which the fast state decays in one step where the step vanishes."""
    new = one_step_map(rule)[fast]
    at_zero = new.xreplace({s: e for s, e in start.items() if s != fast}).expand()
    factor = at_zero.diff(fast)
    if factor.free_symbols & set(states(rule)) or factor == 1 or at_zero.xreplace(start) != 0:
        raise ValueError(
            f"where the step vanishes {fast} becomes {at_zero}; expected a multiple of {fast} that is not one"
        )
    return factor


def _carried_out(moved: Expansion, rule: Rule) -> dict[Symbol, Series]:
    """Carry the updates out in order, and return the series that are known then."""
    for update in rule.updates:
        moved.bound[after(update.target)] = moved.of(update.value)
    return moved.bound


def _on_the_manifold(moved: Expansion, fast: Symbol, slow: Symbol) -> Series:
    """Return the fast state as a function of the new slow state: that function, moved along."""
    total = [moved.jets.zero] * (moved.order + 1)
    along = VectorField.of(moved.jets, {slow: moved.jets.zero + 1})
    for k, coefficient in enumerate(moved.bound[fast]):
        if coefficient != 0:
            derivatives = [coefficient]
            for _ in range(moved.order - k):
                derivatives.append(along(derivatives[-1]))
            there = moved.taylor(derivatives, moved.bound[after(slow)])
            total = moved.plus(total, [moved.jets.zero] * k + there[: moved.order + 1 - k])
    return total
