"""Where compiled kernels are kept on disk from one run to the next."""

from __future__ import annotations

import os
from pathlib import Path

SWITCH = "PHYSSYM_CACHE"


def folder() -> Path | None:
    """Return where compiled kernels are kept, or None where `PHYSSYM_CACHE=0` switches that off.

    That is `physsym` in the folder that `XDG_CACHE_HOME` names, or in `.cache` at home.
    """
    if os.environ.get(SWITCH) == "0":
        return None
    named = os.environ.get("XDG_CACHE_HOME", "")
    try:
        return (Path(named) if Path(named).is_absolute() else Path.home() / ".cache") / "physsym"
    except RuntimeError:
        return None
