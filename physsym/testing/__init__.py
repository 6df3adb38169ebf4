"""Assertions for tests of formulas and optimizers, and Hypothesis strategies that draw random ones.

Importing this costs nothing: SymPy, NumPy and Hypothesis are imported when a name is first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
