"""Sets that a rule never leaves: proved of one step, and so by induction of all of them."""

from __future__ import annotations

from collections.abc import Iterable

from sympy import Expr

from physsym.analysis.exact_evaluation import AnalysisError
from physsym.analysis.linear import on_quadratic
from physsym.core.statements import Rule, one_step_map
from physsym.core.verdicts import Condition, Verdict, fails, holds, undecided
from physsym.verify.engines import smt
from physsym.verify.engines.base import Answer
from physsym.vocabulary import lam


def is_forward_invariant(
    rule: Rule, conditions: Iterable[Condition], given: Iterable[Condition] = (), curvature: Expr = lam
) -> Verdict:
    """Return whether conditions on the states of a rule, once met, are met after each step on a quadratic.

    Proved for all real states and parameters of the declared signs that meet what is given; then they are met
    for ever. It fails with states that meet them before a step and not after it. The potential is
    curvature*x**2/2. Raises TypeError for what is no rule and AnalysisError where there is no condition.

    Descent with a short step stays on its side of the minimum, and with a longer one it need not:

    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, x
    >>> descent, right = rule({x: x - eta * G}), Condition(x, "> 0")
    >>> is_forward_invariant(descent, [right], given=[Condition(1 - eta * lam, "> 0")]).outcome
    <Outcome.HOLDS: 'holds'>
    >>> is_forward_invariant(descent, [right], given=[Condition(2 - eta * lam, "> 0")]).outcome
    <Outcome.FAILS: 'fails'>
    """
    if not isinstance(rule, Rule):
        raise TypeError(f"a step is taken by a rule, given {rule!r}; integrate a law first")
    before, assumed = tuple(conditions), tuple(given)
    if not before:
        raise AnalysisError("no condition was given that a step could keep")
    new = {state: on_quadratic(value, curvature) for state, value in one_step_map(rule).items()}
    after = tuple(Condition(c.expression.xreplace(new), c.relation) for c in before)
    found = smt.implies_all((*assumed, *before), after)
    told = " and ".join(map(str, before))
    if found.answer is Answer.PROVED:
        return holds(f"each step keeps {told}", engines=(smt.NAME,))
    if found.answer is Answer.REFUTED:
        return fails(f"a step need not keep {told}", witness=found.witness, engines=(smt.NAME,))
    return undecided(f"whether each step keeps {told}: {found.reason}", engines=(smt.NAME,))
