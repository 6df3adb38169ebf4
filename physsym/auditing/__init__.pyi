from .auditor import audit
from .audits import Audit, Entry
from .files import texts_of
from .texts import Formula, Hint, Text

__all__ = ["Audit", "Entry", "Formula", "Hint", "Text", "audit", "texts_of"]
