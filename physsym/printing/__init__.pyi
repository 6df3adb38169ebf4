from .latex_printer import latex as latex
from .mathml_printer import mathml as mathml
from .python_functions import equations_of_function as equations_of_function
from .python_functions import latex_of_function as latex_of_function
from .unicode_printer import unicode as unicode

__all__ = [
    "equations_of_function",
    "latex",
    "latex_of_function",
    "mathml",
    "unicode",
]
