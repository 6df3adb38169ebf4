from .audits import Audit, Entry
from .texts import Formula, Hint, Text

__all__ = ["Audit", "Entry", "Formula", "Hint", "Text"]
