"""Optimizers on a valley: their tracks over the contours, and their loss step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sympy import Symbol

from .experiment import Array, Experiment
from physsym.documents.plotting import INK, STROKES, axes, label, legend
from physsym.documents.numbers import rounded
from .words import capital, given, often

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WEIGHTS = Symbol("w1"), Symbol("w2")
_SMALL = 1e-3  # the fraction of the first loss at which captions say that a run has arrived


def tracks(*experiments: Experiment, ax: Axes | None = None) -> Axes:
    """Draw the positions of runs, two weights each, over the contours of the function that they descend.

    Raises ValueError for no run, for runs on different functions, and for other than two weights.
    """
    _refuse_unlike(experiments)
    ax = axes(ax)
    _contours(experiments, ax)
    for experiment, stroke in zip(experiments, STROKES, strict=False):
        ax.plot(
            *_across_and_along(experiment.places),
            label=experiment.name,
            **stroke.marked(markersize=3, linewidth=1.2),
        )
    ax.plot(0, 0, "+", color=INK, markersize=10)
    ax.set(xlabel=label(_WEIGHTS[1]), ylabel=label(_WEIGHTS[0]))
    legend(ax)
    return ax


def tracks_caption(*experiments: Experiment) -> str:
    """Return what the tracks show, in numbers counted along the runs; errors as from `tracks`."""
    _refuse_unlike(experiments)
    told = (f"{capital(e.description)} {_track_in_words(e)}." for e in experiments)
    return f"{_starts(experiments)} {' '.join(told)}"


def losses(*experiments: Experiment, ax: Axes | None = None) -> Axes:
    """Draw the loss of runs, less the smallest value of the function, against the number of steps.

    Raises ValueError as `tracks` does.
    """
    _refuse_unlike(experiments)
    ax = axes(ax)
    for experiment, stroke in zip(experiments, STROKES, strict=False):
        every = max(1, experiment.steps // 12)
        ax.semilogy(experiment.losses, label=experiment.name, **stroke.marked(every))
    ax.set(xlabel="step", ylabel="loss")
    legend(ax)
    return ax


def losses_caption(*experiments: Experiment) -> str:
    """Return how fast the loss falls in each run; errors as from `losses`."""
    _refuse_unlike(experiments)
    told = (f"{capital(e.description)} {_loss_in_words(e)}." for e in experiments)
    return f"{_starts(experiments)} {' '.join(told)}"


def shrinking(experiment: Experiment) -> float:
    """Return the mean factor by which the loss changes in one step, over the second half of the run.

    A loss that oscillates is averaged by the straight line of least squares through its logarithm. Raises
    ValueError where the loss reaches zero.
    """
    half = experiment.steps // 2
    late = experiment.losses[half:]
    if late.min() <= 0 or late.size < 2:
        raise ValueError(f"the loss of {experiment.name} vanishes; take fewer steps")
    return float(np.exp(np.polyfit(np.arange(late.size), np.log(late), 1)[0]))


def _across_and_along(places: Array) -> tuple[Array, Array]:
    """Return the second weight to the right and the first upwards, so that the valley lies on its side."""
    return places[:, 1], places[:, 0]


def _contours(experiments: tuple[Experiment, ...], ax: Axes) -> None:
    value, places = experiments[0].problem.value, np.concatenate([e.places for e in experiments])
    (right, left), (top, low) = ((side.max(), side.min()) for side in _across_and_along(places))
    room_along, room_across = 0.08 * (right - left), 0.15 * (top - low)
    along = np.linspace(min(left, 0) - room_along, right + room_along, 61)
    across = np.linspace(min(low, 0) - room_across, top + room_across, 61)
    height = np.array([[value(np.array([a, b])) for b in along] for a in across])
    highest = np.linspace(0, np.sqrt(height.max() - experiments[0].problem.lowest), 12)[1:]
    levels = experiments[0].problem.lowest + highest**2
    ax.contour(along, across, height, levels=levels, colors=INK, linewidths=0.5, alpha=0.6)


def _starts(experiments: tuple[Experiment, ...]) -> str:
    """Return where the runs start, all in one place or each in its own."""
    starts = {tuple(map(float, e.places[0])) for e in experiments}
    said = (given(dict(zip(("w1", "w2"), start, strict=True))) for start in sorted(starts))
    return f"Each run starts at rest at {' or '.join(said)}."


def _track_in_words(experiment: Experiment) -> str:
    across, along = experiment.turns
    arrived, left = experiment.steps_to(_SMALL), experiment.losses[-1] / experiment.losses[0]
    end = (
        f"still has {rounded(left, 2)} of its first loss after {experiment.steps} steps"
        if arrived is None
        else f"stays below {rounded(_SMALL)} of its first loss from step {arrived} on"
    )
    return f"{often('crosses the floor', across)}, {often('runs past the minimum', along)}, and {end}"


def _loss_in_words(experiment: Experiment) -> str:
    left = experiment.losses[-1] / experiment.losses[0]
    return (
        f"multiplies its loss by {rounded(shrinking(experiment), 4)} a step, averaged over the second half "
        f"of the run; after {experiment.steps} steps {rounded(left, 2)} of it are left"
    )


def _refuse_unlike(experiments: tuple[Experiment, ...]) -> None:
    if not experiments or len({e.problem.name for e in experiments}) > 1:
        given = ", ".join(e.problem.name for e in experiments) or "none"
        raise ValueError(f"a figure shows runs on one function, given {given}")
    if any(e.places.ndim != 2 or e.places.shape[1] != 2 for e in experiments):
        raise ValueError("the figures of a valley show runs of two weights; give a function of two")
    if len(experiments) > len(STROKES):
        raise ValueError(f"at most {len(STROKES)} runs can be told apart, given {len(experiments)}")
