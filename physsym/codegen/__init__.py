"""Code generation: a rule lowered to a straight-line program, passes over it, and its text in a language."""

from physsym.codegen.formula import Formula
from physsym.codegen.lowering import program
from physsym.codegen.passes.partition import evaluation_points, partition, takes_gradient_at_states
from physsym.codegen.passes.scalarisation import scalarise
from physsym.codegen.straight_line import (
    Assignment,
    Evaluation,
    Line,
    Program,
    live_lines,
    map_values,
    state_name,
)

__all__ = [
    "Assignment",
    "Evaluation",
    "Formula",
    "Line",
    "Program",
    "evaluation_points",
    "live_lines",
    "map_values",
    "partition",
    "program",
    "scalarise",
    "state_name",
    "takes_gradient_at_states",
]
