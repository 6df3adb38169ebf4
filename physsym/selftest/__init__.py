"""The self-test: wrong lines that the check must refuse, and true ones in other words that it must accept."""

from physsym.selftest import stepping
from physsym.selftest.harmless import REWRITES, rewritten
from physsym.selftest.run import Report, selftest
from physsym.selftest.spoil import SPOILS, Variant, spoiled
from physsym.selftest.table import show
from physsym.selftest.trial import Task, Trial, shipped, trials
from physsym.selftest.truth import follows, same

__all__ = [
    "REWRITES",
    "SPOILS",
    "Report",
    "Task",
    "Trial",
    "Variant",
    "follows",
    "rewritten",
    "same",
    "selftest",
    "shipped",
    "show",
    "spoiled",
    "stepping",
    "trials",
]
