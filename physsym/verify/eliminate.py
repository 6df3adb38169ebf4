"""Verification of an elimination: two steps of the rule above against the recurrence below."""

from __future__ import annotations

from physsym.core.statements import Rule, Statement
from physsym.core.symbols import before
from physsym.core.verdicts import Verdict
from physsym.mechanics.moves import Eliminate
from physsym.verify.identity import identical
from physsym.verify.registry import verify_step
from physsym.verify.substitution import Refusal, map_of, require, require_absent, substituted


@verify_step.register(Eliminate)
def _(move: Eliminate, above: Statement, below: Statement) -> Verdict:
    rule, recurrence = require(Rule, above, move, "above"), require(Rule, below, move, "below")
    require_absent(move.symbol, below, "though it was to be eliminated")
    step = map_of(rule)
    if len(step) != 2 or move.symbol not in step or len(recurrence.updates) != 1:
        raise Refusal("two updates must become one")
    (kept,) = (s for s in step if s != move.symbol)
    if recurrence.updates[0].target != kept:
        raise Refusal(f"the recurrence must be one of {kept}")
    second = {s: substituted(value, step) for s, value in step.items()}
    claimed = substituted(recurrence.updates[0].value, {kept: step[kept], before(kept): kept})
    return identical(second[kept], claimed, f"the second step of the rule and the recurrence of {kept}")
