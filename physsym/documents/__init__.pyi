from .compute import compute as compute
from .compute import size_of as size_of
from .formats import FORMATS as FORMATS
from .formats import document as document
from .formats import document_of as document_of
from .layout import lay_out as lay_out

__all__ = ["FORMATS", "compute", "document", "document_of", "lay_out", "size_of"]
