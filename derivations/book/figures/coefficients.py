"""What the coefficients of a momentum rule amount to: how far it goes, and how friction makes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from sympy import Expr, Symbol, cancel, fraction, linsolve

from physsym.derivation import Derivation
from .experiment import Array, function_of, rule_of
from physsym.documents.plotting import INK, STROKES, axes, label, legend
from physsym.documents.numbers import rounded
from .words import given
from physsym.mechanics.moves import Define
from physsym.core.symbols import grad
from physsym.runtime import coordinates, optimizer
from physsym.core.statements import Rule, one_step_map, parameters
from physsym.vocabulary import dt, rho, tau

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Rules: TypeAlias = Mapping[str, Rule | Derivation]

_SLOPE = Symbol("g")
_LONG = 400  # steps: 0.95**400 is below rounding of what is drawn
_LAST = 0.95  # where the momentum coefficient ends on the axis: every rate is finite there


@cache
def steady_step(rule: Rule) -> Expr:
    """Return the step that a rule of one coordinate settles to under a constant gradient, per gradient.

    Dimension: length over force. Raises ValueError for a rule that has no such step, or several coordinates.

    >>> from physsym.core.symbols import after
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, rho, u, x
    >>> steady_step(rule({u: rho * u - eta * G, x: x + after(u)}))
    eta/(1 - rho)
    """
    new = {s: e.replace(grad, lambda place: _SLOPE) for s, e in one_step_map(rule).items()}
    moving = [s for s in rule.targets if s not in coordinates(rule)]
    found = linsolve([new[s] - s for s in moving], moving) if moving else [()]
    settled = [dict(zip(moving, ends, strict=True)) for ends in found]
    if len(settled) != 1 or len(coordinates(rule)) != 1 or any(e.has(*moving) for e in settled[0].values()):
        raise ValueError(f"the rule {rule} settles to no single step under a constant gradient")
    (place,) = coordinates(rule)
    above, below = fraction(cancel((place - new[place]).xreplace(settled[0]) / _SLOPE))
    # Not -alpha/(rho - 1): signs that cancel are not written.
    return -above / (-below) if above.could_extract_minus_sign() else above / below


def effective_rates(rules: Rules, ax: Axes | None = None) -> Axes:
    """Draw the step that each rule settles to under a constant gradient, in units of its rate, against rho.

    The lines are exact; each marker is measured, as the last step of a long run under a constant gradient.
    The rate is the parameter of a rule beside `rho`. Raises ValueError as `steady_step` does, and for rules
    with other parameters.
    """
    ax, kept = axes(ax), np.linspace(0, _LAST, 191)
    for (name, derived), stroke in zip(rules.items(), STROKES, strict=False):
        ax.semilogy(kept, _exact_steps(rule_of(derived), kept), **stroke.line(), label=name)
        seldom = kept[::19]
        ax.plot(seldom, _last_steps(rule_of(derived), seldom), color=stroke.colour, linestyle="none",
                marker=stroke.marker, markerfacecolor="none")  # fmt: skip
    ax.set(xlabel=label(rho), ylabel="steady step per gradient and rate")
    legend(ax)
    return ax


def effective_rates_caption(rules: Rules, at: float = 0.9) -> str:
    """Return the step that each rule settles to at one `rho`; raises as `effective_rates` does."""
    settled = [
        f"{name} at {rounded(_exact_steps(rule_of(r), np.array([at]))[0])}" for name, r in rules.items()
    ]
    return (
        f"Steady steps in a constant slope, in units of gradient times rate. With {given({'rho': at})} they "
        f"settle so: {', '.join(settled)}. The lines are exact, the markers are measured in runs."
    )


def rate_of(rule: Rule) -> Symbol:
    """Return the one parameter of a rule beside `rho`; ValueError where it has more, or none."""
    others = [s for s in parameters(rule) if s != rho]
    if len(others) != 1:
        given = ", ".join(map(str, parameters(rule)))
        raise ValueError(f"a rule with one rate beside rho was expected, given one with {given}")
    return others[0]


def _exact_steps(rule: Rule, kept: Array) -> Array:
    per_rate = (steady_step(rule) / rate_of(rule)).cancel()
    exact: Array = np.broadcast_to(function_of(rho, per_rate)(kept), kept.shape)
    return exact


def _last_steps(rule: Rule, kept: Array) -> Array:
    """Return the last step of a run under a gradient of one, for each value of rho."""
    values: dict[str, Any] = {rate_of(rule).name: 1.0}
    if rho in parameters(rule):
        values["rho"] = kept  # one weight for each
    positions = optimizer(rule, **values).run(np.zeros(kept.shape), np.ones_like, _LONG).x
    last: Array = positions[-2] - positions[-1]
    return last


def momentum_coefficients(derivations: Mapping[str, Derivation], ax: Axes | None = None) -> Axes:
    """Draw what fraction of the velocity each treatment of friction keeps, against the time step over tau.

    It is what the derivations define as `rho`. Raises ValueError for a derivation that defines none by `dt`
    and `tau` alone.
    """
    ax, spans = axes(ax), np.linspace(0, 3, 151)
    ax.axhspan(-1, 1, color=INK, alpha=0.12, linewidth=0)
    ax.axhline(0, color=INK, linewidth=0.8)
    for (name, derivation), stroke in zip(derivations.items(), STROKES, strict=False):
        ax.plot(spans, _coefficient(derivation)(spans), label=name, **stroke.marked(12))
    ax.set(xlabel=f"time step, in units of {label(tau)}", ylabel=f"share kept, {label(rho)}")
    legend(ax)
    return ax


def momentum_coefficients_caption(
    derivations: Mapping[str, Derivation], at: float = 0.1, late: float = 3
) -> str:
    """Return the coefficients at two time steps; raises as `momentum_coefficients` does."""
    values = [
        f"{name} {rounded(_coefficient(d)(at), 4)} and {rounded(_coefficient(d)(late), 3)}"
        for name, d in derivations.items()
    ]
    return (
        f"At {given({'dt/tau': at})} and at {given({'dt/tau': late})} the fraction that is kept is: "
        f"{'; '.join(values)}. Within the band the velocity does not grow."
    )


def _coefficient(derivation: Derivation) -> Callable[[Any], Any]:
    defined = [s.move.value for s in derivation.steps if isinstance(s.move, Define) and s.move.symbol == rho]
    if len(defined) != 1 or not defined[0].free_symbols <= {dt, tau}:
        raise ValueError(f"{derivation.title!r} does not define rho by dt and tau; give one that does")
    return function_of(dt, defined[0].subs(tau, 1))
