"""Figures of derived rules and systems, each with a companion that gives its caption in computed numbers.

Every function that draws takes `ax=None` and returns the axes it drew on; none calls show. They need
matplotlib (`pip install 'physsym[document]'`), the captions do not.
"""

from .coefficients import (
    effective_rates,
    effective_rates_caption,
    kept_shares,
    kept_shares_caption,
    steady_step,
)
from .experiment import Experiment
from .motion import Motion
from .regimes import energies, energies_caption, regimes, regimes_caption
from .stability import boundary, spectral_radii, stability_map, stability_map_caption
from physsym.documents.plotting import image, svg
from .valley import losses, losses_caption, tracks, tracks_caption

__all__ = [
    "Experiment",
    "Motion",
    "boundary",
    "effective_rates",
    "effective_rates_caption",
    "energies",
    "energies_caption",
    "image",
    "kept_shares",
    "kept_shares_caption",
    "losses",
    "losses_caption",
    "regimes",
    "regimes_caption",
    "spectral_radii",
    "stability_map",
    "stability_map_caption",
    "steady_step",
    "svg",
    "tracks",
    "tracks_caption",
]
