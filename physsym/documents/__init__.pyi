from .compute import size_of
from .formats import FORMATS, document, document_of

__all__ = ["FORMATS", "document", "document_of", "size_of"]
