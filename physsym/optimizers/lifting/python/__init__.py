"""Update rules from Python and NumPy functions and classes.

The code is run on formulas. A first step from the start gives the start values and the law of the first
step; then all that the code keeps becomes symbols, and a second step gives the law. Each path through the
code is run. The law is compared with the running code on numbers.
"""

from __future__ import annotations

from physsym.optimizers.lifting.python.code import Code
from physsym.optimizers.lifting.python.lift import lift_python, recognises

__all__ = ["Code", "lift_python", "recognises"]
