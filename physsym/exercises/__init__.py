"""Exercises: a derivation of which a line is left out, and a line beside what its move gives."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
