"""Modified equations of rules (backward error analysis): the law whose flow a rule is to higher order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sympy import Expr, Integer, Symbol, expand, factor

from physsym.analysis.jets import Expansion, Polynomial, Series, VectorField, ring_for
from physsym.core.motion import is_time
from physsym.core.statements import Equation, Law, Rule, states, symbols
from physsym.core.symbols import after, dot, grad, hess, potential, require_symbol
from physsym.core.verdicts import Order
from physsym.parsing.statements import RuleText, SymbolText, as_rule, named_symbol


@dataclass(frozen=True)
class ModifiedEquation:
    """A law whose flow over one step is the rule, up to O(step**(order + 2)).

    `law` gives the rate of each state, with terms up to step**order.
    """

    law: Law
    step: Symbol
    order: int

    @property
    def error(self) -> Order:
        """Return the size of the first term that is left out of the rates."""
        return Order(self.step, self.order + 1)

    def term(self, power: int) -> Law:
        """Return the coefficients of one power of the step: `term(0)` is the law that is integrated.

        Raises ValueError for a power that was not computed.
        """
        if not 0 <= power <= self.order:
            raise ValueError(f"terms are known from 0 to {self.order}; given {power}")
        return Law(tuple(Equation(e.left, e.right.coeff(self.step, power)) for e in self.law.equations))

    def __str__(self) -> str:
        return f"{self.law}, up to {self.error}"


def modified_equation(rule: RuleText, step: SymbolText, order: int = 1) -> ModifiedEquation:
    """Return the modified equation of a rule, with terms up to step**order (backward error analysis).

    The terms of the flow's Lie series are matched one after the other. The series diverges in general; each
    truncation is accurate to its order.

    A coordinate represents many. Up to step**2 every product corresponds to one contraction of tensors:
    hess(x)**2*grad(x) is the Hessian applied twice, grad(x)**2*higher(3, x) the third derivative applied to
    two gradients. From step**2 on the field of many coordinates is in general not a gradient, though with
    one coordinate it always is, so no modified potential follows. From step**3 on different contractions
    have one product; rooted trees distinguish them (`modified_by`).

    Parameters
    ----------
    rule
        A rule that becomes the identity as the step vanishes; so momentum is written with `dt`, not with a
        fixed `rho`.
    step
        The parameter that is the time of one step: `dt`, or `eta` where time is counted so that x' =
        -grad(x).
    order
        The highest power of the step in the result.

    Returns
    -------
    ModifiedEquation
        The rate of each state.

    Raises
    ------
    TypeError
        If the argument is not a rule.
    ValueError
        For a negative order, for a rule that reads the time, or that is not the identity at step zero.
    ExpansionError
        For a function without a power series.

    References
    ----------
    E. Hairer, C. Lubich and G. Wanner, Geometric Numerical Integration, section IX.1; D. Barrett and B.
    Dherin, Implicit Gradient Regularization, ICLR 2021.

    Examples
    --------
    Gradient descent is to second order the gradient flow of L + (eta/4)*|grad L|**2:

    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, x
    >>> print(modified_equation(rule({x: x - eta * G}), eta))
    x' = -grad(x) - eta*hess(x)*grad(x)/2, up to O(eta**2)
    """
    rule = as_rule(rule)
    step = named_symbol(step, symbols(rule))
    refuse(rule, step, order)
    carried, terms = states(rule), order + 1
    start = {step: Integer(0)} | {after(s): s for s in carried}
    jets = ring_for([*carried, *(u.value for u in rule.updates)], step, start, terms)
    moved = Expansion(jets, terms, start)
    moved.bound[step] = [jets.zero, jets.zero + 1] + [jets.zero] * (terms - 1)
    for update in rule.updates:
        moved.bound[after(update.target)] = near_identity(update.target, moved.of(update.value), moved, step)
    return ModifiedEquation(Law(logarithm(moved, carried, step)), step, order)


def refuse(rule: Rule, step: Symbol, order: int) -> None:
    """Raise if the rule is not one or reads the time, the order is negative, or the step is no parameter."""
    if not isinstance(rule, Rule):
        raise TypeError(f"expected a rule, such as rule({{x: x - eta*G}}); given {type(rule).__name__}")
    require_symbol(step)
    if order < 0:
        raise ValueError(f"the order counts powers of the step from zero; given {order}")
    if any(map(is_time, symbols(rule))):
        raise ValueError("the rule reads the time t; a modified equation is found for rules that do not")
    if step not in symbols(rule) or step in states(rule):
        names = ", ".join(sorted(map(str, symbols(rule))))
        raise ValueError(f"the step {step} must be a parameter of the rule, which has {names}")


def near_identity(state: Symbol, series: Series, moved: Expansion, step: Symbol) -> Series:
    """Return the series of a new value; raise ValueError where it is not the old one at step zero."""
    series = [moved.jets.reduced(c) for c in series]
    if series[0] != moved.jets.polynomial(state):
        raise ValueError(
            f"at {step} = 0 the rule takes {state} to {moved.jets.expression(series[0])}, not to itself, so "
            f"it follows no flow; write what depends on the step through it, such as rho = 1 - {step}/tau"
        )
    return series


def logarithm(moved: Expansion, carried: Sequence[Symbol], step: Symbol) -> tuple[Equation, ...]:
    """Return the equations whose flow over one step is the map given by the new values in `moved`.

    Their rates are F[1] + h*F[2] + ..., such that exp(h*F[1] + h**2*F[2] + ...) is the map.
    """
    fields, jets = _fields(moved, carried), moved.jets
    rates = ((s, [jets.polynomial(step) ** k * f[s] for k, f in enumerate(fields)]) for s in carried)
    return tuple(Equation(dot(s), jets.expression(sum(parts, start=jets.zero))) for s, parts in rates)


def _fields(moved: Expansion, carried: Sequence[Symbol]) -> list[dict[Symbol, Polynomial]]:
    """Return the vector fields F[1], F[2], ...

    lie[i][n] is the coefficient of h**n in the i-th power of the field, applied to the states; the map has
    the coefficients sum_i lie[i][n]/i!, of which only lie[1][n] = F[n] is new.
    """
    jets = moved.jets
    lie: dict[tuple[int, int], dict[Symbol, Polynomial]] = {}
    fields: list[VectorField] = []
    for n in range(1, moved.order + 1):
        for i in range(2, n + 1):
            parts = [(fields[k - 1], lie[i - 1, n - k]) for k in range(1, n - i + 2)]
            lie[i, n] = {s: sum((f(p[s]) for f, p in parts), start=jets.zero) for s in carried}
        known = {s: [lie[i, n][s] / math.factorial(i) for i in range(2, n + 1)] for s in carried}
        new = {s: moved.bound[after(s)][n] - sum(known[s], start=jets.zero) for s in carried}
        lie[1, n] = {s: jets.reduced(rate) for s, rate in new.items()}
        fields.append(VectorField.of(jets, lie[1, n]))
    return [lie[1, n] for n in range(1, moved.order + 1)]


def modified_potential(equation: ModifiedEquation) -> Expr:
    """Return the modified potential: that of the gradient flow which a modified equation of first order is.

    With x' = -c*(grad(x) + step*k*grad(x)*hess(x)) it is U + step*k/2*grad(x)**2, also for many
    coordinates: the gradient of |grad U|**2/2 is the Hessian times the gradient. Dimension: that of the
    potential.

    Parameters
    ----------
    equation
        A modified equation of order one, of one state.

    Returns
    -------
    Expr
        The modified potential.

    Raises
    ------
    ValueError
        For another order than one, for several states, and if the law is not of that form.

    References
    ----------
    D. Barrett and B. Dherin, Implicit Gradient Regularization, ICLR 2021.

    Examples
    --------
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, x
    >>> print(modified_potential(modified_equation(rule({x: x - eta * G}), eta)))
    eta*grad(x)**2/4 + potential(x)
    """
    if not isinstance(equation, ModifiedEquation):
        raise TypeError(f"expected what modified_equation returns, given {equation!r}")
    if equation.order != 1 or len(equation.law.equations) != 1:
        raise ValueError(
            "a modified potential is known for one state at order 1 (beyond, the field of many coordinates "
            f"is no gradient); given {len(equation.law.equations)} states at order {equation.order}"
        )
    rates = [equation.term(k).equations[0].right for k in (0, 1)]
    for q in {force.args[0] for force in rates[0].atoms(grad)}:
        scale = rates[0] / grad(q)
        relative = factor(expand(rates[1] / (grad(q) * hess(q))) / scale)
        if isinstance(q, Symbol) and not any(part.has(q) for part in (scale, relative)):
            return potential(q) + equation.step * relative * grad(q) ** 2 / 2
    raise ValueError(f"{equation.law} is no gradient flow that is known here")
