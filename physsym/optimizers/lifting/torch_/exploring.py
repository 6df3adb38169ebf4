"""All paths of a step through branches on data, joined into case distinctions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy

from physsym.optimizers.lifted import LiftError
from physsym.optimizers.lifting.nodes import Evaluator, Node, leaves, make, substitute
from physsym.optimizers.lifting.torch_.runs import Key, Outcome, Refused, Session, Snapshot, run
from physsym.optimizers.lifting.torch_.trace import Decision, Trace

MANY = 64
"""The number of paths beyond which code is refused."""


@dataclass(frozen=True)
class Step:
    """What one step makes of states and weights, all paths joined.

    Parameters
    ----------
    states, weights
        The nodes of each state, and of each weight tensor.
    excluded
        Conditions on data under which the code raises, each with its line.
    """

    states: Mapping[Key, Any]
    weights: tuple[Any, ...]
    excluded: tuple[tuple[Node, str], ...] = ()


@dataclass(frozen=True)
class Reading:
    """The first step and the usual one of an optimizer, for one set of weight tensors."""

    start: Mapping[Key, Any]
    first: Step
    usual: Step
    moving: frozenset[Key]
    trace: Trace
    keeps_gradient: bool
    appearing: frozenset[Key] = frozenset()


def read_steps(session: Session) -> Reading:
    """Return what the first step and a usual one do, along all paths."""
    moving = frozenset[Key]()
    for _ in range(4):
        outcomes = _explored(lambda forced, m=moving: run(session, forced, moving=m))  # type: ignore[misc]
        real = [o for _, o in outcomes if o is not None]
        moving = frozenset[Key]().union(*(o.moving for o in real))
        if all(o.used == moving for o in real):
            break
    else:
        raise LiftError("its states change from step to step what they are")
    sample = real[0]
    firsts = outcomes[:1]
    if sample.first_decisions:
        firsts = _explored(lambda forced: run(session, forced, of_first=True))
    _refuse_unsettled(outcomes, moving)
    start = {key: nodes for key, nodes in sample.start.items() if key in moving}
    moving -= sample.aliases
    assert sample.usual is not None
    trace = sample.trace
    for _, outcome in outcomes:
        if outcome is not None:
            trace.origins.update(outcome.trace.origins)
            trace.dtypes.update(outcome.trace.dtypes)
            trace.reductions.update(outcome.trace.reductions)
            trace.hypotheses.update(outcome.trace.hypotheses)
    return Reading(
        start,
        _joined([(d, None if o is None else o.first) for d, o in firsts], moving),
        _joined([(d, None if o is None else o.usual) for d, o in outcomes], moving),
        moving,
        trace,
        sample.keeps_gradient,
        frozenset(sample.usual.states.keys() ^ sample.first.states.keys()),
    )


def _refuse_unsettled(outcomes: Sequence[tuple[Any, Outcome | None]], moving: frozenset[Key]) -> None:
    for _, outcome in outcomes:
        if outcome is None or outcome.usual is None:
            continue
        first, usual = outcome.first, outcome.usual
        changed = [
            key
            for key in {*first.discrete, *usual.discrete}
            if first.discrete.get(key) != usual.discrete.get(key)
            or (key in first.discrete) != (key in usual.discrete)
        ]
        changed += [key for key in moving if (key in first.states) != (key in usual.states)]
        if changed:
            names = ", ".join(sorted(str(key[-1]) for key in changed))
            raise LiftError(f"its second step is not like those after it: {names} changes there")
        for key in moving & outcome.aliases:
            partner = usual.states[key]
            if not any(
                len(partner) == len(other) and all(a is b for a, b in zip(partner, other, strict=True))
                for name, other in usual.states.items()
                if name != key
            ):
                raise LiftError(f"its state {key[-1]} shares memory with another one and then parts from it")


def _explored(
    attempt: Callable[[tuple[bool, ...]], Outcome],
) -> list[tuple[tuple[Decision, ...], Outcome | None]]:
    """Run along each path; None stands for one on which the code raises."""
    waiting: list[tuple[tuple[bool, ...], tuple[Decision, ...]]] = [((), ())]
    found = list[tuple[tuple[Decision, ...], Outcome | None]]()
    while waiting:
        forced, expected = waiting.pop()
        try:
            outcome = attempt(forced)
        except Refused:
            if not forced:
                raise
            found.append((expected, None))
            continue
        decisions = tuple(outcome.decisions)
        if [d.condition for d in decisions[: len(expected)]] != [d.condition for d in expected]:
            raise LiftError("its branches depend on something that differs from run to run")
        found.append((decisions, outcome))
        for k in range(len(forced), len(decisions)):
            other = replace(decisions[k], outcome=not decisions[k].outcome)
            path = (*decisions[:k], other)
            waiting.append((tuple(d.outcome for d in path), path))
        if len(found) + len(waiting) > MANY:
            raise LiftError(f"{decisions[-1].where} branches on data in more than {MANY} ways")
    return found


def _joined(paths: Sequence[tuple[tuple[Decision, ...], Snapshot | None]], moving: frozenset[Key]) -> Step:
    """Return the case distinction over the paths."""
    real = [(d, s) for d, s in paths if s is not None]
    excluded = tuple(
        (d[-1].condition if d[-1].outcome else make("not", d[-1].condition), d[-1].where)
        for d, s in paths
        if s is None
    )
    sample = real[0][1]
    states = {
        key: _tree([(d, s.states[key]) for d, s in real], 0)
        for key in sample.states
        if key in moving and all(key in s.states for _, s in real)
    }
    weights = tuple(_tree([(d, s.weights[k]) for d, s in real], 0) for k in range(len(sample.weights)))
    return Step(states, weights, excluded)


def _tree(paths: Sequence[tuple[tuple[Decision, ...], Any]], depth: int) -> Any:
    if len(paths) == 1:
        return paths[0][1]
    condition = paths[0][0][depth].condition
    sides = [[p for p in paths if p[0][depth].outcome is side] for side in (True, False)]
    if not sides[0] or not sides[1]:
        return _tree(sides[0] or sides[1], depth + 1)
    first, second = (_tree(side, depth + 1) for side in sides)
    if len(first) != len(second):
        raise LiftError("its states have other shapes on other branches")
    return numpy.asarray([select(condition, a, b) for a, b in zip(first, second, strict=True)], dtype=object)


def select(condition: Node, first: Node, second: Node) -> Node:
    """Return a case distinction, or the second case alone if it gives the first one where that is meant.

    So `a if s == 1 else f(s)` is `f(s)` if `f(1)` is `a`.
    """
    if condition.op == "eq":
        for side, other in (condition.args, condition.args[::-1]):
            if (
                side.op == "leaf"
                and side not in leaves(other)
                and agree(substitute(second, {side: other}), substitute(first, {side: other}))
            ):
                return second
    return make("select", condition, first, second)


def agree(first: Node, second: Node, seed: int = 0) -> bool:
    """Whether two nodes have the same values at random points."""
    if first is second:
        return True
    random = numpy.random.default_rng(seed)
    read = sorted({*leaves(first, second)}, key=lambda n: str(n.value))
    values = {
        n.value: random.uniform(0.05, 0.95, 24) if "hyperparameter" in str(n.value)
        else random.uniform(0.2, 2.5, 24)
        * (1 if str(n.value).startswith("state") else random.choice([-1, 1], 24))
        for n in read
    }  # fmt: skip
    a, b = (numpy.broadcast_to(Evaluator(n)(values), 24) for n in (first, second))
    finite = numpy.isfinite(a) & numpy.isfinite(b)
    if (numpy.isfinite(a) != numpy.isfinite(b)).any() or finite.sum() < 6:
        return False
    return bool(numpy.allclose(a[finite], b[finite], rtol=1e-9, atol=1e-12))
