"""What a run gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Trajectory:
    """The states of a run at the recorded steps.

    `steps` are the numbers of the steps, 0 for the start; `states` holds, by name, an array of shape
    (records, *shape of the state), or a tree of such arrays; `coordinates` names the positions among them.
    """

    steps: np.ndarray[Any, Any]
    states: Mapping[str, Any]
    coordinates: tuple[str, ...]

    @property
    def x(self) -> np.ndarray[Any, Any]:
        """Return the positions, (records, *shape); AttributeError where there are several coordinates."""
        if len(self.coordinates) != 1:
            raise AttributeError(
                f"the positions of the rule are {', '.join(self.coordinates)}; look in .states"
            )
        found: np.ndarray[Any, Any] = self.states[self.coordinates[0]]
        return found
