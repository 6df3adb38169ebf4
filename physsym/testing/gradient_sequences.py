"""Gradients that tell the updates of a rule from those of rules like it, and the points where it takes them.

Hyperparameters are the oracle's own, none of them a usual default, since many mistakes do not show at those.
Gradients are adversarial (zeros, changes of sign and of size), random, and solved for: where a rule
distinguishes cases, by `sign`, `Abs`, `Max`, `Min` or `Piecewise`, some lie close to the boundary, on either
side.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from sympy import Abs, Expr, Max, Min, Piecewise, Symbol, sign
from sympy.core.relational import Relational

from physsym.core.symbols import exact
from physsym.core.verdicts import Condition
from physsym.optimizers.lifting.self_check import ADVERSARIAL
from physsym.optimizers.operands import learning_rate
from physsym.optimizers.parameter_search import ROLES, Runner
from physsym.optimizers.state_space import StateSpace
from physsym.optimizers.traces import natural_values
from physsym.verify.engines.evaluation import satisfied, value
from physsym.verify.engines.smtlib import declared_sign

Array = np.ndarray[Any, Any]

STEPS = 14
"""The number of steps of a run, unless more are asked for."""
SHIFTS = (0, 2, 5, 7)
"""Where the adversarial sequence starts along the weights that get it."""
MOST_BOUNDARIES = 8
"""The number of boundaries between cases near which gradients are chosen."""
BESIDE = 1e-4
"""How far from a boundary they lie, relative to the gradient there."""
WEIGHTS = (0.9, -1.4, 0.35, 1.25, -0.6, 2.1, -0.15)
RATES = ("0.125", "1/7")
"""The learning rates of the two runs."""
FACTORS = (1.0, 0.5, 2.0, 0.75, 1.5, 0.1)
"""By which a learning rate that changes is multiplied, step by step."""
_EPS = ("1/50", "1/30")
_DECAYS = (("3/4", "7/8", "4/5", "5/7"), ("2/3", "5/6", "3/5", "7/9"))
_SMALL = (("1/9", "2/11", "1/13"), ("1/11", "2/13", "1/7"))
_OTHERS = (("3/7", "2/5", "7/5", "5/3", "-2/7", "2", "3"), ("4/7", "3/11", "9/7", "7/3", "-3/8", "3", "4"))
_NAMES_OF_EPS = ("eps", "epsilon", "delta")
_NAMES_OF_DECAYS = {n for role in ROLES[1:5] for n in role}
_NAMES_OF_SMALL = {n for role in ROLES[6:] for n in role}


def oracle_values(
    space: StateSpace, typical: Mapping[Symbol, Expr], fixed: Mapping[Symbol, float], choice: int
) -> dict[Symbol, float] | None:
    """Return values of the parameters of a rule within their ranges, all different and none a default.

    Parameters
    ----------
    space
        The rule.
    typical
        The usual values of parameters, which tell the size of those whose name does not.
    fixed
        Values that are given.
    choice
        Which of the two sets is returned, 0 or 1.

    Returns
    -------
    dict or None
        None where no values in the ranges were found.
    """
    rate = learning_rate(space)
    conditions = (*space.ranges, *(c for s in space.parameters for c in declared_sign(s)))
    known = {s: exact(_fraction(v)) for s, v in fixed.items()}
    conditions = tuple(Condition(c.expression.xreplace(known), c.relation) for c in conditions)
    free = [s for s in space.parameters if s not in fixed]
    found: dict[Symbol, Expr] = {}
    for symbol in free:
        own = [c for c in conditions if c.expression.free_symbols == {symbol}]
        for text in (*_pool(symbol, symbol == rate, typical.get(symbol), choice), *_OTHERS[choice]):
            number = exact(_fraction(text))
            at = {symbol: value(number, {})}
            if number not in found.values() and satisfied(own, at):
                found[symbol] = number
                break
    numbers = {s: value(e, {}) for s, e in found.items()}
    if len(found) < len(free) or not satisfied(conditions, numbers):
        natural = natural_values(free, conditions, dict(typical), rate)
        if natural is None:
            return None
        return {**{s: float(v) for s, v in natural.items()}, **fixed}
    return {**{s: float(e) for s, e in found.items()}, **fixed}


def _fraction(number: object) -> Any:
    return Fraction(number) if isinstance(number, str) else Fraction(repr(float(number)))  # type: ignore[arg-type]


def _pool(symbol: Symbol, is_rate: bool, usual: Expr | None, choice: int) -> tuple[str, ...]:
    """Return values to try for a parameter, by its name and usual value."""
    name = symbol.name
    if is_rate:
        return (RATES[choice], *_DECAYS[choice])
    if name.startswith(_NAMES_OF_EPS) or (usual is not None and 0 < abs(usual) < 1e-3):
        return (_EPS[choice], *_SMALL[choice])
    if name in _NAMES_OF_SMALL or usual == 0:
        return (*_SMALL[choice], *_DECAYS[choice])
    if name in _NAMES_OF_DECAYS or (usual is not None and 0.2 <= usual < 1):
        return (*_DECAYS[choice], *_SMALL[choice])
    return (*_DECAYS[choice], *_OTHERS[choice])


@lru_cache(maxsize=512)
def runner(space: StateSpace) -> Runner:
    """Return a rule compiled to floats."""
    return Runner(space)


@dataclass(frozen=True)
class Trial:
    """What an optimizer is run with.

    Parameters
    ----------
    values
        The parameters of the rule.
    rates
        The learning rate of each step; empty for a rule without one.
    weights
        The weights at the start.
    gradients
        The gradient of each step, evaluation and weight.
    losses
        The loss of each step.
    """

    values: Mapping[Symbol, float]
    rates: tuple[float, ...]
    weights: tuple[float, ...]
    gradients: Array
    losses: tuple[float, ...]

    @property
    def steps(self) -> int:
        """Return the number of steps."""
        return len(self.gradients)

    @property
    def changes_rate(self) -> bool:
        """Return whether the learning rate changes."""
        return len(set(self.rates)) > 1


def mixes(space: StateSpace) -> bool:
    """Return whether a rule is one of several weights."""
    return any(kind[0] == "partial" for kind in space.kinds)


def evaluations(space: StateSpace) -> list[int]:
    """Return the inputs that stand for the evaluations of the gradient in one step."""
    calls = [k for k, kind in enumerate(space.kinds) if kind[0] != "potential"]
    return calls[:1] if mixes(space) else calls


def expected_points(space: StateSpace, run: Trial) -> Array:
    """Return where a rule takes its gradients in a run, by step, evaluation and weight.

    One step is added, with the points that need no gradient. What is not defined is not a number.
    """
    shape = (run.steps + 1, len(evaluations(space)), len(run.weights))
    found = np.full(shape, np.nan)
    groups = [tuple(range(shape[2]))] if mixes(space) else [(i,) for i in range(shape[2])]
    for group in groups:
        weights = [run.weights[i] for i in group]
        for n, (points, _) in enumerate(
            steps_of(space, run, weights, lambda n, _, group=group: run.gradients[n][:, group])  # type: ignore[misc]
        ):
            for e, k in enumerate(evaluations(space)):
                for j, i in enumerate(group):
                    found[n, e, i] = points[k][j]
    return found


def steps_of(
    space: StateSpace, run: Trial, weights: Sequence[float], gradients: Callable[[int, list[float]], Any]
) -> Iterator[tuple[list[tuple[float, ...]], list[float]]]:
    """Yield the evaluation point of each input, step by step, with the state before it.

    A run ends where it has no value. After the last step come the points that
    need no gradient, not a number where there is none.

    Parameters
    ----------
    space, run
        The rule, and its parameters, learning rates and losses.
    weights
        The weights that it is of.
    gradients
        The gradient of a step by evaluation and weight, called with the step and the state.
    """
    compiled, rate = runner(space), learning_rate(space)
    sizes = [len(point) for point in space.points]
    ready = iter(compiled.ready)
    at_end = [all(next(ready) for _ in range(size)) for size in sizes]
    at = dict(run.values)
    with np.errstate(all="ignore"):
        try:
            if rate is not None:
                at[rate] = run.rates[0]
            begin = weights[: len(space.weights)]
            state = list(compiled.start(*(at[p] for p in compiled.parameters), *begin))
            for n in range(run.steps + 1):
                last = n == run.steps
                if rate is not None:
                    at[rate] = run.rates[min(n, run.steps - 1)]
                own = [at[p] for p in compiled.parameters]
                inputs = _inputs(space, run, n, gradients(min(n, run.steps - 1), state))
                numbers = [float(p) for p in compiled.points(*own, *state, *inputs)]
                points, position = list[tuple[float, ...]](), 0
                for size, is_ready in zip(sizes, at_end, strict=True):
                    point = tuple(numbers[position : position + size])
                    points.append(point if is_ready or not last else (math.nan,) * size)
                    position += size
                if not all(map(math.isfinite, state)):
                    return
                yield points, state
                if not last:
                    step = compiled.first if n == 0 else compiled.step
                    state = list(step(*own, *state, *inputs))
        except (ArithmeticError, ValueError, TypeError):
            return


def _inputs(space: StateSpace, run: Trial, n: int, gradients: Array) -> list[float]:
    """Return the inputs of a step, given its gradients by evaluation and weight."""
    found, number = list[float](), 0
    for kind in space.kinds:
        if kind[0] == "potential":
            found.append(run.losses[min(n, run.steps - 1)])
        elif kind[0] == "partial":
            found.append(float(gradients[0][int(kind[1]) - 1]))
        else:
            found.append(float(gradients[number][0]))
            number += 1
    return found


@dataclass(frozen=True, eq=False)
class Boundaries:
    """The boundaries between the cases that a rule distinguishes: where expressions of its step vanish."""

    space: StateSpace

    @cached_property
    def expressions(self) -> tuple[Expr, ...]:
        """Return the expressions, those alone that depend on a gradient."""
        found: dict[Expr, None] = {}
        for new in self.space.step:
            for atom in sorted(new.atoms(sign, Abs, Max, Min, Piecewise), key=str):
                for expression in _vanishing(atom):
                    if expression.free_symbols & set(self.space.inputs):
                        found[expression] = None
        return tuple(found)[:MOST_BOUNDARIES]

    @cached_property
    def compiled(self) -> Runner:
        """Return the expressions compiled to floats, in place of the points."""
        points = tuple((e,) for e in self.expressions)
        return Runner(StateSpace(
            self.space.states, self.space.weights, self.space.inputs, self.space.kinds, points,
            self.space.step, self.space.start,
        ))  # fmt: skip

    def gradients(self, which: int, run: Trial, n: int, state: Sequence[float]) -> list[float]:
        """Return the gradients of a step at which one of the expressions vanishes, in a given state."""
        at = dict(run.values)
        rate = learning_rate(self.space)
        if rate is not None:
            at[rate] = run.rates[n]
        whole = runner(self.space).parameters
        own = [at[p] for p in self.compiled.parameters]
        assert set(self.compiled.parameters) <= set(whole)

        def signed(g: float) -> float:
            count = max(1, len(evaluations(self.space)))
            inputs = _inputs(self.space, run, n, _by_evaluation(np.array([[g]]), count)[0])
            try:
                return float(self.compiled.points(*own, *state, *inputs)[which])
            except (ArithmeticError, ValueError, TypeError):
                return math.nan

        return list(_roots(signed))


def _vanishing(atom: Expr) -> Iterator[Expr]:
    """Yield what vanishes where a function passes from one case to another."""
    if isinstance(atom, (sign, Abs)):
        yield atom.args[0]
    elif isinstance(atom, (Max, Min)):
        yield from (a - b for a, b in combinations(atom.args, 2))
    else:
        for relation in sorted(atom.atoms(Relational), key=str):
            yield relation.lhs - relation.rhs


_SCAN = tuple(s * 10.0 ** (k / 2) for s in (1, -1) for k in range(-6, 5))


def _roots(signed: Callable[[float], float]) -> Iterator[float]:
    """Yield zeros of a function of a gradient: where it changes its sign, found by bisection."""
    scanned = sorted((*_SCAN, 0.0))
    values = [signed(g) for g in scanned]
    for (left, right), (a, b) in zip(pairwise(scanned), pairwise(values), strict=True):
        if a == 0:
            yield left
        if not a * b < 0:
            continue
        for _ in range(80):
            middle = (left + right) / 2
            if signed(middle) * a > 0:
                left = middle
            else:
                right = middle
        yield (left + right) / 2


@lru_cache(maxsize=64)
def runs(
    space: StateSpace,
    typical: tuple[tuple[Symbol, Expr], ...],
    fixed: tuple[tuple[Symbol, float], ...],
    steps: int,
) -> tuple[tuple[Trial, Array], ...]:
    """Return runs of a rule, each with the points where the rule takes its gradients.

    Two sets of parameters, each with a constant learning rate and with one that changes; a rule whose
    learning rate is given, or that has none, is run with that alone.
    """
    found = []
    rate = learning_rate(space)
    for choice in range(2):
        values = oracle_values(space, dict(typical), dict(fixed), choice)
        if values is None:
            continue
        factors = [(1.0,) * steps]
        if rate is not None and rate not in dict(fixed):
            factors.append(tuple(FACTORS[n % len(FACTORS)] for n in range(steps)))
        for chosen in factors:
            rates = tuple(values[rate] * f for f in chosen) if rate is not None else ()
            run = _run(space, values, rates, steps, choice)
            found.append((run, expected_points(space, run)))
    return tuple(found)


def _run(
    space: StateSpace, values: Mapping[Symbol, float], rates: tuple[float, ...], steps: int, choice: int
) -> Trial:
    """Return a run with adversarial and random gradients, and with gradients close to boundaries."""
    chance = np.random.default_rng(choice)
    losses = tuple(float(v) for v in chance.uniform(0.5, 3, steps))
    inputs = max(1, len(evaluations(space)))
    columns = [[ADVERSARIAL[(n + shift) % len(ADVERSARIAL)] for n in range(steps)] for shift in SHIFTS]
    columns.append([float(g) for g in chance.normal(size=steps)])
    if mixes(space):
        columns = columns[choice : choice + len(space.weights)]
    gradients = _by_evaluation(np.array(columns).T, inputs)
    weights = tuple(WEIGHTS[i % len(WEIGHTS)] for i in range(len(columns)))
    run = Trial(values, rates, weights, gradients, losses)
    if mixes(space):
        return run
    boundaries = Boundaries(space)
    more = [
        column
        for which in range(len(boundaries.expressions))
        for above in (False, True)
        for every in (1, 2)
        if (column := _near_boundary(boundaries, which, run, above, every, WEIGHTS[which % len(WEIGHTS)]))
    ]
    if not more:
        return run
    beside = _by_evaluation(np.array(more).T, inputs)
    starts = tuple(WEIGHTS[k // 4 % len(WEIGHTS)] for k in range(len(more)))
    return Trial(values, rates, (*weights, *starts), np.concatenate([gradients, beside], axis=2), losses)


def _by_evaluation(gradients: Array, inputs: int) -> Array:
    """Return gradients by step, evaluation and weight, of gradients by step and weight."""
    found: Array = np.stack([gradients * (1 + 0.37 * j) for j in range(inputs)], axis=1)
    return found


def _near_boundary(
    boundaries: Boundaries, which: int, run: Trial, above: bool, every: int, weight: float
) -> list[float]:
    """Return gradients beside a boundary at every step, or at every second, by turns on each side.

    Empty where the run has no value, or never comes near the boundary.
    """
    chosen, near = list[float](), 0

    def gradient(n: int, state: list[float]) -> Array:
        nonlocal near
        if n == len(chosen):
            usual = ADVERSARIAL[(3 * n + 4 * which) % len(ADVERSARIAL)]
            roots = boundaries.gradients(which, run, n, state) if n % every == 0 else []
            if roots:
                near += 1
                root = roots[n // every % len(roots)]
                side = 1 if (n // every + above) % 2 else -1
                usual = root + side * BESIDE * max(abs(root), 0.03)
            chosen.append(usual)
        count = max(1, len(evaluations(boundaries.space)))
        found: Array = _by_evaluation(np.array([[chosen[n]]]), count)[0]
        return found

    for _ in steps_of(boundaries.space, run, [weight], gradient):
        pass
    return chosen if near and len(chosen) == run.steps else []
