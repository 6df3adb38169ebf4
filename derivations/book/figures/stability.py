"""The map of a rule: where it is stable on a parabola, and how fast it converges there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sympy import Poly

from physsym.analysis.numeric_spectra import spectral_radii
from physsym.analysis.stability import stability_region
from physsym.derivation import Derivation
from .coefficients import rate_of
from .experiment import Array, function_of, rule_of
from physsym.documents.plotting import AMBER, BLUE, INK, axes, label, legend
from physsym.documents.numbers import rounded
from .words import given
from physsym.core.statements import Rule
from physsym.vocabulary import lam, rho

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LEVELS = (0.0, 0.5, 0.7, 0.8, 0.9, 1.0)
_SHADES = (0.75, 0.6, 0.45, 0.3, 0.15)


def stability_map(
    derived: Rule | Derivation, top: float = 8.0, ax: Axes | None = None, title: str = ""
) -> Axes:
    """Draw where a rule with the coefficient `rho` and one rate is stable, over rho and rate times curvature.

    The line is the exact boundary; the shading is the spectral radius, from the eigenvalues of the step at
    each point of a grid, the darker the faster. Raises ValueError for a rule with other parameters, and
    AnalysisError for one that is not linear on a parabola.
    """
    ax, rule = axes(ax), rule_of(derived)
    kept, stiffness = np.linspace(0, 0.999, 73), np.linspace(0, top, 73)
    grid = dict(zip(("rho", "lam"), np.meshgrid(kept, stiffness), strict=True))
    radii = spectral_radii(rule, **{**grid, rate_of(rule).name: 1.0})
    ax.contourf(kept, stiffness, radii, levels=_LEVELS, colors=[(BLUE, a) for a in _SHADES])
    lines = ax.contour(kept, stiffness, radii, levels=_LEVELS[1:-1], colors=BLUE, linewidths=0.7)
    ax.clabel(lines, fontsize=8, colors=INK)
    ax.plot(kept, boundary(rule, kept), color=AMBER, linewidth=2.2, label="exact boundary")
    ax.set(xlabel=label(rho), ylabel=label(rate_of(rule) * lam), xlim=(0, 1), ylim=(0, top))
    ax.set_title(title, loc="right")
    legend(ax)
    return ax


def stability_map_caption(derived: Rule | Derivation, at: float = 0.9) -> str:
    """Return the largest stable rate without momentum and at one `rho`; errors as from `stability_map`."""
    rule = rule_of(derived)
    none, some = boundary(rule, np.array([0.0, at]))
    rate = rate_of(rule).name
    return (
        f"Without momentum the rule is stable while `{rate}*lam` is below {rounded(none)}; at "
        f"{given({'rho': at})} the limit is {rounded(some)}."
    )


def boundary(rule: Rule, kept: Array) -> Array:
    """Return the least rate times curvature above zero at which stability ends, by its exact conditions.

    `kept` are values of rho between 0 and 1, shape (n,); infinite where there is no end. Raises ValueError
    where a condition is not linear in the curvature.
    """
    ends = np.full(kept.shape, np.inf)
    for condition in stability_region(rule).conditions:
        line = Poly(condition.expression.subs(rate_of(rule), 1), lam)
        if line.degree() > 1:
            raise ValueError(f"{condition} is not linear in the curvature; its boundary is no single curve")
        slope, start = (np.broadcast_to(function_of(rho, line.nth(k))(kept), kept.shape) for k in (1, 0))
        with np.errstate(divide="ignore", invalid="ignore"):
            root = -start / slope
        ends = np.where(root > 0, np.minimum(ends, root), ends)
    return ends
