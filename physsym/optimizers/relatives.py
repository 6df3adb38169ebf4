"""The published rules that are nearest to a given one."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

from sympy import Expr, factor

from physsym.core.arguments import named_arguments
from physsym.core.verdicts import Outcome, Verdict
from physsym.optimizers.equivalence import Equivalence
from physsym.optimizers.equivalent_rules import compared, equivalent, named_apart, operand
from physsym.optimizers.known import known
from physsym.optimizers.known_rule import Known
from physsym.optimizers.operands import Operand
from physsym.optimizers.transfer_functions import linear_system
from physsym.verify.budget import budget, budgeted

SECONDS = 4.0
"""The processor time of the comparison with one published rule."""
NEAREST = 3
"""The number of rules that are told where none is the same."""


@named_arguments
def identify(rule: Any) -> tuple[Equivalence, ...]:
    """Return the published rules to which a rule is related, the nearest first.

    Parameters
    ----------
    rule
        A rule, or what stands for one.

    Returns
    -------
    tuple of Equivalence
        First the rules of `known` that it is, for all learning rates before those for constant ones; then
        those that it is for some values of its parameters; then those that are special cases of it, in which
        it is the second rule. Where there are none, the rules from which it parts the latest, with the
        difference of the new weights.

    Examples
    --------
    >>> from physsym import grad, rule
    >>> from physsym.vocabulary import eta, x
    >>> identify(rule({x: x - eta * grad(x)}))[0].titles[1]
    'Gradient descent'
    """
    one = operand(rule)
    linear = linear_system(one.space) is not None
    forward, backward = [], []
    for published in known.values():
        theirs = operand(published)
        if sorted(theirs.space.kinds) != sorted(one.space.kinds):
            continue
        found = _quickly(one, theirs)
        forward.append((published, found))
        # A rule that is not linear is never one that is, for all values of its parameters.
        if not found.generic and (not linear or linear_system(theirs.space) is not None):
            reverse = _quickly(theirs, one)
            backward += [reverse] if reverse.generic else []
    related = [f for _, f in forward if f.verdict.outcome in (Outcome.HOLDS, Outcome.CONDITIONAL)]
    if related or backward:
        return (*sorted(related, key=_rank), *sorted(backward, key=_rank))
    differing = [
        ((-_agreement(found), _size(_difference(one, found, published))), published)
        for published, found in forward
        if found.parameters
    ]
    latest = sorted(differing, key=lambda pair: pair[0])[:NEAREST]
    return tuple(_with_difference(one, equivalent(rule, published), published) for _, published in latest)


def _quickly(one: Operand, theirs: Operand) -> Equivalence:
    """Compare without special values of the parameters of rules that are not linear."""
    answers: list[Equivalence] = []

    @budgeted
    def judge() -> Verdict:
        answers.append(compared(one, named_apart(one, theirs), thorough=False))
        return answers[0].verdict

    with budget(SECONDS):
        verdict = judge()
    return (
        answers[0] if answers else Equivalence(one.rule, theirs.rule, verdict, titles=(one.name, theirs.name))
    )


def _rank(found: Equivalence) -> tuple[object, ...]:
    """Return what is smaller for nearer relatives."""
    outcomes = (Outcome.HOLDS, Outcome.CONDITIONAL)
    changed = sum(s != e for s, e in (*found.parameters.items(), *found.states.items()))
    return (
        not found.generic,
        outcomes.index(found.verdict.outcome),
        found.schedule != "any",
        len(found.conditions),
        sum(e.is_number for e in found.parameters.values()),
        changed,
        found.titles,
    )


def _agreement(found: Equivalence) -> int:
    """Return for how many steps two rules agree that part."""
    return len(found.trace.gradients) if found.trace else -1


def _difference(one: Operand, found: Equivalence, published: Known) -> Expr | None:
    """Return the new weights of the first rule less those of a published one, its states renamed to fit."""
    theirs = operand(published).space.put(found.parameters)
    if not one.space.weights or not theirs.weights:
        return None
    names = dict(zip(theirs.weights, one.space.weights, strict=False))
    names |= dict(zip(theirs.inputs, one.space.inputs, strict=True))
    ours = dict(zip(one.space.states, one.space.step, strict=True))[one.space.weights[0]]
    new = dict(zip(theirs.states, theirs.step, strict=True))[theirs.weights[0]]
    own = [s for s in one.space.states if s not in one.space.weights]
    other = [s for s in theirs.states if s not in theirs.weights]
    count = min(len(other), len(own), 4)
    fitted = (dict(zip(other, chosen, strict=False)) for chosen in permutations(own[:4], count))
    return min((_factored(ours - new.xreplace({**names, **put})) for put in fitted), key=_size)


def _size(expression: Expr | None) -> tuple[int, str]:
    return (10**6, "") if expression is None else (int(expression.count_ops()), str(expression))


def _with_difference(one: Operand, found: Equivalence, published: Known) -> Equivalence:
    """Return an answer with the difference of the new weights in its evidence, in factors."""
    difference = _difference(one, found, published) if found.parameters else None
    if difference is None:
        return found
    told = f"new weights of the first less those of the second: {difference}"
    return replace(found, verdict=replace(found.verdict, evidence=(*found.verdict.evidence, told)))


def _factored(difference: Expr) -> Expr:
    return factor(difference) if difference.is_rational_function() else difference
