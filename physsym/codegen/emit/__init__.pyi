from .c import c_source
from .javascript import javascript_source
from .languages import LANGUAGES, source
from .llvm import llvm_source
from .python import array_source, function_text, python_line, python_source, python_text
from .text import Names, identifiers, unique_name

__all__ = [
    "LANGUAGES",
    "Names",
    "array_source",
    "c_source",
    "function_text",
    "identifiers",
    "javascript_source",
    "llvm_source",
    "python_line",
    "python_source",
    "python_text",
    "source",
    "unique_name",
]
