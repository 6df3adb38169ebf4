"""What can be computed of a rule or a law: its matrix on a quadratic, its multipliers, where it is stable."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
