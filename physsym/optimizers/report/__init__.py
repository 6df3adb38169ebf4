"""Reports: what a rule is as mechanics and as a method, each line computed or refused with a reason."""

from __future__ import annotations

import lazy_loader as _lazy_loader

__getattr__, __dir__, __all__ = _lazy_loader.attach_stub(__name__, __file__)
