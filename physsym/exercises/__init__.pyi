from .difference import Difference, differences, line_of_move
from .hinting import hints
from .notebooks import notebook
from .tasks import Answer, Exercise, ExerciseError, exercise

__all__ = [
    "Answer", "Difference", "Exercise", "ExerciseError", "differences", "exercise", "hints", "line_of_move",
    "notebook",
]  # fmt: skip
