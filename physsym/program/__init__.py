"""A rule as one straight-line program."""

from physsym.program.build import program
from physsym.program.places import places, takes_gradient_at_states
from physsym.program.value import Assignment, Evaluation, Line, Program, changed, needed, state_name

__all__ = [
    "Assignment",
    "Evaluation",
    "Line",
    "Program",
    "changed",
    "needed",
    "places",
    "program",
    "state_name",
    "takes_gradient_at_states",
]
