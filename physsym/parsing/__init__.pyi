from .inequalities import read_conditions
from .reader import conditions_of, read
from .tokens import ReadError

__all__ = ["ReadError", "conditions_of", "read", "read_conditions"]
