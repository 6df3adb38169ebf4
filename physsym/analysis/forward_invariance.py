"""Forward-invariant sets of a rule: proved of one step, and so by induction of all."""

from __future__ import annotations

from collections.abc import Iterable

from sympy import Expr

from physsym.analysis.exact_evaluation import AnalysisError
from physsym.analysis.linear import on_quadratic
from physsym.core.statements import RuleLike, as_rule, one_step_map
from physsym.core.verdicts import Condition, Verdict, fails, holds, undecided
from physsym.verify.engines import smt
from physsym.verify.engines.base import Answer
from physsym.vocabulary import lam


def is_forward_invariant(
    rule: RuleLike, conditions: Iterable[Condition], given: Iterable[Condition] = (), curvature: Expr = lam
) -> Verdict:
    """Return whether a set of states is forward invariant under a rule on a quadratic potential.

    The set is given by conditions on the states. The verdict holds if one step maps the set into itself for
    all real states and parameters of the declared signs that satisfy `given`. It fails with a state in the
    set whose image is not in the set.

    Parameters
    ----------
    rule
        A rule.
    conditions
        The conditions that define the set.
    given
        Conditions that are assumed of parameters and states.
    curvature
        The second derivative of the quadratic potential.

    Returns
    -------
    Verdict
        Decided by z3.

    Raises
    ------
    TypeError
        If `rule` is not a rule.
    AnalysisError
        If there is no condition.

    References
    ----------
    H. Khalil, Nonlinear Systems, section 4.2.

    Examples
    --------
    Gradient descent with a short step stays on its side of the minimum; with a longer one it need not:

    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, x
    >>> descent, right = rule({x: x - eta * G}), Condition(x, "> 0")
    >>> is_forward_invariant(descent, [right], given=[Condition(1 - eta * lam, "> 0")]).outcome
    <Outcome.HOLDS: 'holds'>
    >>> is_forward_invariant(descent, [right], given=[Condition(2 - eta * lam, "> 0")]).outcome
    <Outcome.FAILS: 'fails'>
    """
    rule = as_rule(rule)
    before, assumed = tuple(conditions), tuple(given)
    if not before:
        raise AnalysisError("no condition was given that a step could keep")
    new = {state: on_quadratic(value, curvature) for state, value in one_step_map(rule).items()}
    after = tuple(Condition(c.expression.xreplace(new), c.relation) for c in before)
    found = smt.implies_all((*assumed, *before), after)
    text = " and ".join(map(str, before))
    if found.answer is Answer.PROVED:
        return holds(f"each step keeps {text}", engines=(smt.NAME,))
    if found.answer is Answer.REFUTED:
        return fails(f"a step need not keep {text}", witness=found.witness, engines=(smt.NAME,))
    return undecided(f"whether each step keeps {text}: {found.reason}", engines=(smt.NAME,))
