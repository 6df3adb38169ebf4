from .equivalence import Equivalence, Trace
from .known_rule import Known
from .lifted import Lifted, LiftError, SelfCheck

__all__ = ["Equivalence", "Known", "LiftError", "Lifted", "SelfCheck", "Trace"]
