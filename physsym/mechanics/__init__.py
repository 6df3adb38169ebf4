"""Mechanical systems, integrators as data, moves from line to line, and claims."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
