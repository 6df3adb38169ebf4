"""The audit: every claim of the source, with its words, what they say formally, and a judge.

Each judge is a function of what is claimed and computes its verdict from the derivations, from analysis or by
exact simulation, each time it is asked. The claims are in the order of the source.
"""

from . import coefficient, comparison, descent, epilogue, fundamental, momentum, overdamped
from . import prologue, table, time_scale, valley

claims = (
    *prologue.claims,
    *fundamental.claims,
    *time_scale.claims,
    *overdamped.claims,
    *descent.claims,
    *momentum.before_the_coefficient,
    *coefficient.claims,
    *momentum.final_rule,
    *valley.claims,
    *comparison.claims,
    *table.claims,
    *epilogue.claims,
)  # fmt: skip
