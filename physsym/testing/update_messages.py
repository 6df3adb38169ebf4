"""What a failed comparison of updates says: the first step that differs, both laws, what the code is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from itertools import combinations, islice, permutations
from typing import Any

import numpy as np
from sympy import Add, Expr, Integer, Pow, Symbol

from physsym.core.statements import Rule, StatementError, rewritten
from physsym.core.symbols import FORCES, after, name_and_marks
from physsym.optimizers.known import known
from physsym.optimizers.known_rule import Known
from physsym.optimizers.lifted import Lifted
from physsym.optimizers.lifting.law import hyperparameters
from physsym.optimizers.lifting.stated import number
from physsym.optimizers.operands import learning_rate
from physsym.optimizers.state_space import StateSpace, state_space
from physsym.testing.failures import differences, labelled, listed, message
from physsym.testing.gradient_sequences import Trial, evaluations, expected_points, mixes
from physsym.testing.mutants import mutants
from physsym.testing.parameter_names import share_role
from physsym.testing.update_laws import exact_values, law_of
from physsym.testing.update_runs import TOLERANCES, Array, Comparison, Numbers, Parting, first_parting

SHOWN = 6
"""The number of gradients that a message shows."""


def what_is_compared(comparison: Comparison) -> list[list[str]]:
    """Return the optimizer, the rule, and which hyperparameter is which parameter, as lines."""
    pairs = [f"{n} = {e}" for n, e in comparison.named.code.items()]
    pairs += [f"{n} = {v:g} (its default)" for n, v in comparison.named.defaults.items()]
    pairs += [f"{s} = {v:g} (given)" for s, v in comparison.named.rule.items()]
    return [
        labelled("optimizer", [comparison.code.name]),
        labelled("rule", listed(comparison.desired.rule)),
        labelled("where", [", ".join(pairs)]) if pairs else [],
    ]


class UpdateError(AssertionError):
    """An optimizer that parts from a rule; what it does instead is computed when its message is read."""

    def __init__(self, comparison: Comparison, numbers: Numbers) -> None:
        """Keep what was compared."""
        super().__init__()
        self.comparison, self.numbers = comparison, numbers

    @cached_property
    def text(self) -> str:
        """Return the message."""
        return failure(self.comparison, self.numbers)

    def __str__(self) -> str:
        return self.text


def failure(comparison: Comparison, numbers: Numbers) -> str:
    """Return the message for an optimizer that parts from the rule."""
    parted = numbers.parted
    assert parted is not None
    headline = "the optimizer does not make the updates of the rule"
    code = law_of(comparison)
    law = labelled("its law", listed(code.rule)) if isinstance(code, Lifted) else []
    if isinstance(code, Lifted) and code.first:
        law += labelled("at first", listed(code.first))
    explained = _explanation(comparison, numbers)
    return message(
        headline,
        *what_is_compared(comparison),
        _shown_parting(comparison, parted, numbers.dtype),
        law,
        _difference(comparison, code) if isinstance(code, Lifted) else [],
        labelled("it is", [explained]) if explained else [],
    )


def _shown_parting(comparison: Comparison, parted: Parting, dtype: str) -> list[str]:
    """Return the first step that differs, with the gradients up to it."""
    if parted.reason:
        return labelled("numbers", [parted.reason])
    run, n = parted.run, parted.step
    what = "weight" if parted.step else "start"
    shown = f"{what} {_digits(parted.found, parted.wanted)} instead of {_digits(parted.wanted, parted.found)}"
    notes = [f"({parted.variant})"] if parted.variant not in ("",) and "counter" not in parted.variant else []
    notes += [f"(in {dtype}, which is compared to {TOLERANCES[dtype]:g})"] if dtype != "float64" else []
    gradients = [f"{g:.6g}" for g in run.gradients[:n, parted.evaluation, parted.weight]]
    before = ["..."] if len(gradients) > SHOWN else []
    told = [f"{s} = {_fraction(v)}" for s, v in run.values.items() if s != comparison.rate[0]]
    rate = comparison.rate[0]
    if rate is not None:
        rates = run.rates[: max(n, 1)] if run.changes_rate else run.rates[:1]
        told.insert(0, f"{rate} = {', '.join(map(_fraction, rates))}")
    return [
        *labelled(f"step {n}", [" ".join([shown, *notes])]),
        *labelled("gradients", [", ".join([*before, *gradients[-SHOWN:]]) or "none yet"]),
        *labelled("from", [f"the weight {run.weights[parted.weight]:g}, with {'; '.join(told)}"]),
    ]


def _digits(number: float, other: float) -> str:
    texts = ((f"{number:.{d}g}", f"{other:.{d}g}") for d in (6, 9, 12, 17))
    return next((mine for mine, theirs in texts if mine != theirs), repr(number))


def _fraction(number: float) -> str:
    short = Fraction(number).limit_denominator(100)
    return str(short) if abs(float(short) - number) < 1e-12 else f"{number:.6g}"


def _difference(comparison: Comparison, code: Lifted) -> list[str]:
    """Return the differences of the new states of code and rule, in factors, in the names of the rule.

    States are matched so that the differences are short.
    """
    meant: dict[Symbol, Expr] = {}
    for symbol in hyperparameters(code.rule):
        if symbol.name in comparison.named.code:
            meant[symbol] = comparison.named.code[symbol.name]
        elif symbol.name in comparison.named.defaults:
            meant[symbol] = number(comparison.named.defaults[symbol.name])
    given = exact_values(comparison.named.rule)
    theirs = {u.target: u.value.xreplace(given) for u in comparison.desired.rule.updates}
    weights = [s for s in comparison.space.weights if s in theirs]
    own = [s for s in code.rule.states if s not in weights]
    others = [s for s in theirs if s not in weights]
    best: list[str] = []
    fewer, more = (own, others) if len(own) <= len(others) else (others, own)
    for chosen in islice(permutations(more, len(fewer)), 24):
        pairs = zip(fewer, chosen, strict=True)
        named = dict(pairs) if fewer is own else {b: a for a, b in pairs}
        put: dict[Expr, Expr] = {**meant, **named, **{after(a): after(b) for a, b in named.items()}}
        news = {put.get(u.target, u.target): u.value.xreplace(put) for u in code.rule.updates}
        shown = differences({str(s): (news[s], value) for s, value in theirs.items() if s in news})
        if not best or sum(map(len, shown)) < sum(map(len, best)):
            best = shown
    return best


def _explanation(comparison: Comparison, numbers: Numbers) -> str:
    """Return the published rule, or the rule with one slip, that makes the updates which the code makes."""
    if not numbers.paths or mixes(comparison.space):
        return ""
    tolerance = 10 * TOLERANCES.get(numbers.dtype, 1e-3)
    for published, put in _published(comparison):
        space = state_space(published.rule, published.first)
        if len(evaluations(space)) == len(evaluations(comparison.space)) and _follows(
            numbers.paths, space, put, tolerance, learning_rate(comparison.space)
        ):
            told = ", ".join(f"{s} = {e}" for s, e in put.items() if str(s) != str(e))
            at = f", with {told}" if told else ""
            return f"{published.title} (known.{published.name}){at}"
    for says, rule in _slips(comparison.desired.rule):
        try:
            space = state_space(rule, comparison.desired.first)
        except (ValueError, StatementError):
            continue
        if len(evaluations(space)) == len(evaluations(comparison.space)) and _follows(
            numbers.paths, space, {s: s for s in space.parameters}, tolerance, learning_rate(comparison.space)
        ):
            return f"the rule with one slip: {says}"
    return ""


def _slips(rule: Rule) -> Iterator[tuple[str, Rule]]:
    """Yield the rule with slips that people make, each said in words, and then its mutants."""
    corrections = {
        e: Integer(1)
        for u in rule.updates
        for e in u.value.atoms(Add)
        if len(e.args) == 2 and Integer(1) in e.args and any(_is_power_of_counter(rule, a) for a in e.args)
    }
    if corrections:
        yield "no bias correction", _put(rule, corrections)
        for correction in sorted(corrections, key=str):
            yield f"{correction} is missing", _put(rule, {correction: Integer(1)})
    for a, b in combinations(rule.parameters, 2):
        yield f"{a} and {b} are exchanged", _put(rule, {a: b, b: a})
    for decay in (s for s in rule.parameters if share_role(s.name, "weight_decay")):
        coupled = {f: f + decay * f.args[-1] for u in rule.updates for f in u.value.atoms(*FORCES)}
        yield (
            f"{decay} is added to the gradient (coupled), not to the step",
            _put(_put(rule, {decay: Integer(0)}), coupled),
        )
    for mutant in mutants(rule):
        yield str(mutant), mutant.rule


def _put(rule: Rule, values: Mapping[Any, Expr]) -> Rule:
    return rewritten(rule, lambda e: e.xreplace(values))


def _is_power_of_counter(rule: Rule, term: Expr) -> bool:
    power = -term
    counters = {u.target.name for u in rule.updates if u.value - u.target == 1}
    return isinstance(power, Pow) and any(name_and_marks(s)[0] in counters for s in power.exp.free_symbols)


def _published(comparison: Comparison) -> Iterator[tuple[Known, dict[Symbol, Any]]]:
    """Yield published rules with their parameters in those of the rule; what has no counterpart is zero."""
    own = comparison.space.parameters
    rate = learning_rate(comparison.space)
    for published in known.values():
        space = state_space(published.rule, published.first)
        theirs = learning_rate(space)
        put: dict[Symbol, Any] = {}
        for p in space.parameters:
            same = [s for s in own if s.name == p.name] or [s for s in own if p == theirs and s == rate]
            like = same or [s for s in own if s not in put.values() and share_role(s.name, p.name)]
            put[p] = like[0] if like else 0
        if set(own) <= {*put.values()} or len(space.parameters) <= len(own):
            yield published, put


def _follows(
    paths: Sequence[tuple[Trial, Array]],
    space: StateSpace,
    put: Mapping[Symbol, Any],
    tolerance: float,
    rate: Symbol | None,
) -> bool:
    """Return whether a rule takes its gradients at the points that the code took."""
    run, points = paths[0]
    # The first weights alone are soon computed, and tell most rules apart.
    few = replace(run, weights=run.weights[:2], gradients=run.gradients[:, :, :2])
    compared = 0
    for run, found in [(few, points[:, :, :2]), *paths]:
        values = {s: float(run.values.get(e, 0.0) if isinstance(e, Symbol) else e) for s, e in put.items()}
        own = learning_rate(space)
        rates = run.rates if own is not None and put.get(own) == rate else (values.get(own, 0.0),) * run.steps
        wanted = expected_points(space, replace(run, values=values, rates=rates))
        parted, count = first_parting(found, wanted, tolerance, run, "")
        if parted or count < int(np.isfinite(found[1:]).sum()):
            return False
        compared += count
    return compared > 0
