"""What hints of a text ask for: a judgement of each, by the judge of its keyword."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from physsym.auditing.follows import judge_from, judge_identity, judge_same
from physsym.auditing.judgements import Judgement
from physsym.auditing.methods_by_hints import judge_dimension, judge_is, judge_limit, judge_order, judge_step
from physsym.auditing.references import Hinted, NoEquationError
from physsym.auditing.texts import Hint


def hinted_judgements(what: Hinted) -> list[Judgement]:
    """Return what the hints of a formula lead to, one for each that asks for a judgement."""
    found: list[Judgement] = []
    for hint in what.formula.hints:
        try:
            found += [_JUDGES[hint.keyword](hint, what)] if hint.keyword in _JUDGES else []
        except NoEquationError as doubt:
            found.append(Judgement("undecided", str(doubt)))
    return found


_JUDGES: Mapping[str, Callable[[Hint, Hinted], Judgement]] = {
    "from": judge_from,
    "same": judge_same,
    "identity": judge_identity,
    "is": judge_is,
    "step": judge_step,
    "limit": judge_limit,
    "order": judge_order,
    "dimension": judge_dimension,
}
