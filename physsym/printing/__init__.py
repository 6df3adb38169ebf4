"""Statements and expressions on the page, on either face: as LaTeX, MathML and plain Unicode text."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
