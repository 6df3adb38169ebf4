"""A program in a process of its own that is killed when its time is over."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence


def output_of(command: Sequence[str], given: str, seconds: float) -> str | None:
    """Return what a program prints on reading a text; None where it was killed or could not start."""
    try:
        # `run` kills the process when its time is over, and waits for it: nothing is left behind.
        done = subprocess.run(
            command, input=given, capture_output=True, text=True, timeout=seconds, check=False
        )
    except (subprocess.TimeoutExpired, OSError):
        return None
    return done.stdout
