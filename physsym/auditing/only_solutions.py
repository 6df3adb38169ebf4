"""Solutions that a text says to follow from an equation: one of several follows from it by no sign alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from sympy import Expr

from physsym.auditing.judgements import Judgement
from physsym.auditing.sentences import claims_equality
from physsym.auditing.sheet import Fact
from physsym.auditing.texts import Formula
from physsym.auditing.unknowns import in_unknowns
from physsym.core.symbols import DOT
from physsym.core.verdicts import Condition, Outcome
from physsym.verify.budget import BudgetError, joint
from physsym.verify.implication import Alternatives, follows_where_defined

_SECONDS = 0.3  # of processor time, for one solution
_ONE_OF = re.compile(r"±|∓|\\(?:pm|mp)(?![A-Za-z])")
_LISTED_BEFORE = re.compile(r"\b(?:and|or)\W*\Z")
_LISTED_BEHIND = re.compile(r"\A\W*(?:and|or)\b")
_CHOSEN = re.compile(
    r"\b(solutions?|solv\w+|roots?|positive|negative|larger|smaller|upper|lower|physical|sign|branch|case|since"
    r"|because|reject\w*|discard\w*|choos\w+|pick)\b",
    re.IGNORECASE,
)


def as_the_only_one(
    solution: Judgement,
    sides: tuple[Expr, Expr],
    formula: Formula,
    facts: Sequence[Fact],
    given: Sequence[Condition] = (),
) -> Judgement:
    """Return a judgement on a solution that is said to follow, undecided where there is another solution.

    Parameters
    ----------
    solution
        The judgement.
    sides
        Both sides of the solution, such as a and b.
    formula
        Where they stand.
    facts
        The equations before it.
    given
        The conditions that hints state.

    Returns
    -------
    Judgement
        It holds under the sign of the left side where this sign tells it from all others. It is unchanged
        where the text does not say "hence", says that it is one of them, or where this is not found.
    """
    claimed = solution.solves and not solution.only and claims_equality(formula)
    listed = _LISTED_BEFORE.search(formula.before) or _LISTED_BEHIND.search(formula.after)
    listed = listed or _ONE_OF.search(formula.text)
    if not claimed or listed or _CHOSEN.search(formula.sentence):
        return solution
    laws = [f for f in facts if f.formula in solution.uses]
    left, right, *gaps = in_unknowns(*sides, *(side for f in laws for side in (f.left, f.right))).expressions
    above = [Condition(a - b, "= 0") for a, b in zip(gaps[::2], gaps[1::2], strict=True)]
    symbols = {s for e in gaps for s in e.free_symbols}
    moving = any(DOT in s.name or "'" in s.name or "[" in s.name for s in symbols)
    if moving or not left.free_symbols | right.free_symbols <= symbols:
        return solution
    below: Alternatives = [[Condition(left - right, "= 0")]]
    try:
        with joint(_SECONDS):
            verdict = follows_where_defined([above], below, given)
            if verdict.outcome is not Outcome.FAILS:
                return solution
            for sign, shown in ((left, f"{left} >= 0"), (-left, f"{left} <= 0")):
                if follows_where_defined([[*above, Condition(sign, ">= 0")]], below, given).outcome in (
                    Outcome.HOLDS,
                    Outcome.CONDITIONAL,
                ):
                    return replace(solution, says=f"{solution.says}, the only one if {shown}")
    except BudgetError:
        return solution
    return replace(
        solution,
        kind="undecided",
        says=f"{solution.says}, which has others: it is true {verdict.witness} too",
    )
