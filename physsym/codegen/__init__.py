"""Code generation: a rule lowered to a straight-line program, passes over it, and its text in a language."""

from physsym.codegen.lowering import Formula, program
from physsym.codegen.passes.partition import evaluation_points, partition
from physsym.codegen.passes.scalarisation import scalarise
from physsym.codegen.straight_line import Assignment, Evaluation, Line, Program, state_name

__all__ = [
    "Assignment",
    "Evaluation",
    "Formula",
    "Line",
    "Program",
    "evaluation_points",
    "partition",
    "program",
    "scalarise",
    "state_name",
]


def __dir__() -> list[str]:
    return sorted(__all__)
