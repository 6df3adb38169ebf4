"""Analysis of rules and laws: spectra, stability, rates, damping, modified equations, trajectories."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
