from .equivalence import Equivalence, Trace
from .known_rule import Known
from .lifted import Lifted, LiftError, SelfCheck
from .lifting import Lifter, lift, register_lifter
from .naming import as_lifted

__all__ = [
    "Equivalence",
    "Known",
    "LiftError",
    "Lifted",
    "Lifter",
    "SelfCheck",
    "Trace",
    "as_lifted",
    "lift",
    "register_lifter",
]
