"""Running a rule: optimizers, trajectories, in-place steps, sweeps, and the test functions to try them on."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
