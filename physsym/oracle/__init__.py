"""The oracle of trajectories: a second opinion on a derivation, which shares nothing with its judge.

It integrates the law that a derivation begins with, runs the rule that it ends with, and compares the two.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
