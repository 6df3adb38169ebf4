from .latex_printer import latex
from .mathml_printer import mathml
from .python_functions import equations_of_function, latex_of_function
from .unicode_printer import unicode

__all__ = [
    "equations_of_function",
    "latex",
    "latex_of_function",
    "mathml",
    "unicode",
]
