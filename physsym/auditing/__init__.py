"""Formulas of somebody's notes, lectures and docstrings: found, read in their context, and judged."""

from __future__ import annotations

import lazy_loader as _lazy_loader

__getattr__, __dir__, __all__ = _lazy_loader.attach_stub(__name__, __file__)
