"""Published update rules by name: `known.adam`, `known["adam"]`, `for name in known`."""

from __future__ import annotations

from physsym.optimizers.known import adaptive, averaging, momentum, signs
from physsym.optimizers.known_rule import Catalogue, Known

_FAMILIES = (momentum, signs, adaptive, averaging)

known = Catalogue(tuple(v for family in _FAMILIES for v in vars(family).values() if isinstance(v, Known)))
"""Every published rule: an ordered mapping from names, which are also attributes."""
