"""A rule as one straight-line program."""

from physsym.codegen.evaluation_points import places, takes_gradient_at_states
from physsym.codegen.lowering import program
from physsym.codegen.straight_line import Assignment, Evaluation, Line, Program, changed, needed, state_name

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
