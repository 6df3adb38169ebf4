from .build import document_of, size_of
from .formats import FORMATS, document

__all__ = ["FORMATS", "document", "document_of", "size_of"]
