"""Start values of rules along a step: those of the line above are those of the line below."""

from __future__ import annotations

from dataclasses import replace

from sympy import Expr, Symbol

from physsym.core.statements import Rule, Statement
from physsym.core.verdicts import Hypothesis, Outcome, Verdict, fails
from physsym.mechanics.moves import Limit, Move, Rescale
from physsym.verify.identity import identical


def with_start_values(verdict: Verdict, move: Move, above: Statement, below: Statement) -> Verdict:
    """Return the verdict on a step with what it says of start values.

    A start value that both lines state must be the same, once the names that the move defines are put in. One
    that a single line states, or that a limit changes, is assumed, and the verdict conditional.
    """
    old, new = ({**dict(line.start)} if isinstance(line, Rule) else {} for line in (above, below))
    if not (old or new) or verdict.outcome in (Outcome.FAILS, Outcome.UNDECIDABLE, Outcome.UNCHECKED):
        return verdict
    put: dict[Expr, Expr] = {
        d.left: d.right for d in reversed(move.definitions) if isinstance(d.left, Symbol)
    }
    if isinstance(move, Rescale):
        put = {move.new: move.old / move.factor}
        scaled = {move.new: (move.old, move.factor)}
    else:
        scaled = {}
    assumed = list[Hypothesis]()
    found: dict[Symbol, Expr] = {}
    for state, value in new.items():
        name, factor = scaled.get(state, (state, 1))
        found[name] = factor * value.xreplace(put)
    for state in dict.fromkeys((*old, *found)):
        if state in old and state in found:
            agreed = identical(old[state].xreplace(put), found[state], what=f"the start values of {state}")
            if agreed:
                continue
            if not isinstance(move, Limit):
                return agreed if agreed.outcome is Outcome.FAILS else fails(*agreed.evidence)
        assumed.append(Hypothesis(f"{state} starts at {found.get(state, old.get(state))}"))
    if not assumed:
        return verdict
    outcome = Outcome.CONDITIONAL if verdict.outcome is Outcome.HOLDS else verdict.outcome
    return replace(verdict, outcome=outcome, assumes=(*verdict.assumes, *dict.fromkeys(assumed)))
