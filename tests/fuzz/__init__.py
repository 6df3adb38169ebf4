"""The self-test: wrong lines that the check must refuse, and true ones in other words that it must accept."""

from tests.fuzz import integrator_oracle
from tests.fuzz.equivalent_rewrites import REWRITES, rewritten
from tests.fuzz.mutate import SPOILS, Variant, spoiled
from tests.fuzz.oracle import follows, same
from tests.fuzz.run import Report, selftest
from tests.fuzz.table import show
from tests.fuzz.trial import Task, Trial, shipped, trials

__all__ = [
    "REWRITES",
    "SPOILS",
    "Report",
    "Task",
    "Trial",
    "Variant",
    "follows",
    "integrator_oracle",
    "rewritten",
    "same",
    "selftest",
    "shipped",
    "show",
    "spoiled",
    "trials",
]
