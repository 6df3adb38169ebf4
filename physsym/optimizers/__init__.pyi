from .conventions import Convention, Conversion, ConversionError, NoConversionError
from .equivalence import Equivalence, Trace
from .known_rule import Known
from .lifted import Lifted, LiftError, SelfCheck
from .lifting import Lifter, lift, register_lifter
from .naming import as_lifted
from .recovery import recover
from .report.lines import Line, Report

__all__ = [
    "Convention",
    "Conversion",
    "ConversionError",
    "Equivalence",
    "Known",
    "LiftError",
    "Lifted",
    "Lifter",
    "Line",
    "NoConversionError",
    "Report",
    "SelfCheck",
    "Trace",
    "as_lifted",
    "lift",
    "recover",
    "register_lifter",
]
