"""The energy that friction takes from a particle, and the ways in which a particle comes to rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .motion import Motion
from physsym.documents.plotting import BLUE, INK, STROKES, axes, label, legend
from physsym.documents.numbers import rounded
from .words import bound, capital, given, often
from physsym.vocabulary import t, tau

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def energies(motion: Motion, ax: Axes | None = None) -> Axes:
    """Draw the energy of a motion and its two parts against time, as fractions of the energy at the start.

    The markers are the energy at the start less the heat, which is summed from the velocity alone: they lie
    on the line where the energy changes by the power of friction and by nothing else.
    """
    ax, whole = axes(ax), motion.energy[0]
    every = max(1, motion.intervals // 25)
    ax.plot(motion.times, motion.energy / whole, color=BLUE, label="energy")
    ax.plot(motion.times, motion.potential / whole, **STROKES[1].line(), label="its potential part")
    ax.plot(motion.times, motion.kinetic / whole, **STROKES[2].line(), label="its kinetic part")
    left = (1 - motion.heat / whole)[::every]
    ax.plot(motion.times[::every], left, "o", color=BLUE, markerfacecolor="none", label="start less heat")
    ax.set(xlabel=label(t), ylabel="share of the first energy")
    legend(ax)
    return ax


def energies_caption(motion: Motion) -> str:
    """Return how fast the energy goes, and how well the heat accounts for it, in computed numbers."""
    whole = motion.energy[0]
    gap = np.abs(motion.energy + motion.heat - whole).max() / whole
    return (
        f"A particle with {given(motion.parameters)}, let go at rest at {given({'x': motion.start})}. Until "
        f"{given({'t': motion.until})} it {often('passes the lowest point', motion.turns)} and keeps "
        f"{rounded(motion.energy[-1] / whole, 2)} of its energy. What is missing is the heat: both together "
        f"stay constant to within {bound(gap)} of the start."
    )


def regimes(*motions: Motion, ax: Axes | None = None) -> Axes:
    """Draw the positions of motions, as fractions of the first, against time.

    Time is in units of the relaxation time where all motions have the same. Raises ValueError for no motion,
    or more than there are strokes to tell them apart.
    """
    _refuse_unfit(motions)
    ax, common = axes(ax), len({m.relaxation for m in motions}) == 1
    ax.axhline(0, color=INK, linewidth=0.8)
    for motion, stroke in zip(motions, STROKES, strict=False):
        position, every = motion.states[:, 0] / motion.start, max(1, motion.intervals // 16)
        unit = motion.relaxation if common else 1.0
        ax.plot(motion.times / unit, position, label=motion.name, **stroke.marked(every))
    time = f"time, in units of {label(tau)}" if common else label(t)
    ax.set(xlabel=time, ylabel="share of the first position")
    legend(ax)
    return ax


def regimes_caption(*motions: Motion) -> str:
    """Return what decides between the regimes, computed from each law; errors as from `regimes`."""
    _refuse_unfit(motions)
    return " ".join(
        f"{capital(m.name)}, {given({**m.parameters, 'x': m.start})} at rest: "
        f"{given({'tau': m.relaxation, 'tau*lam/gamma': m.stiffness})}, it "
        f"{often('passes the lowest point', m.turns)} within {rounded(m.until / m.relaxation)} times `tau`."
        for m in motions
    )


def _refuse_unfit(motions: tuple[Motion, ...]) -> None:
    if not 0 < len(motions) <= len(STROKES):
        raise ValueError(f"the figure shows 1 to {len(STROKES)} motions, given {len(motions)}")
