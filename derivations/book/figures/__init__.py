"""Figures of derived rules and systems, each with a companion that gives its caption in computed numbers.

Every function that draws takes `ax=None` and returns the axes it drew on; none calls show. They need
matplotlib (`pip install 'physsym[document]'`), the captions do not. The modules, and NumPy with them, are
loaded when a figure or a caption is first asked for: chapters are read without them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "coefficients": [
            "effective_rates", "effective_rates_caption", "momentum_coefficients",
            "momentum_coefficients_caption", "steady_step",
        ],
        "experiment": ["Experiment"],
        "motion": ["Motion"],
        "damping": ["energies", "energies_caption", "regimes", "regimes_caption"],
        "stability": ["boundary", "stability_map", "stability_map_caption"],
        "valley": ["losses", "losses_caption", "tracks", "tracks_caption"],
        "words": ["given", "often"],
    },
)  # fmt: skip
