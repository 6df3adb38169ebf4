"""Parameters and maps of states proposed from runs in floating point; what is proposed is proved elsewhere.

Parameters of generic values are tried in place of those of the other rule, and a run that agrees for many
steps gives the map; a state that is a constant multiple of a state of the other gives the map of states.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import combinations, permutations, product
from typing import Any

import numpy as np
from sympy import Add, Expr, Integer, Symbol, lambdify

from physsym.optimizers.operands import Operand
from physsym.optimizers.parameter_formulas import formula
from physsym.optimizers.state_space import StateSpace
from physsym.optimizers.traces import GENERIC
from physsym.verify.budget import check_time
from physsym.verify.engines.evaluation import satisfied

GRADIENTS = tuple(map(float, GENERIC))
TOLERANCE = 1e-8
Numbers = Mapping[Symbol, float]
Step = Callable[..., Any]
Array = np.ndarray[Any, Any]


class Runner:
    """A rule compiled to floats.

    Parameters
    ----------
    space
        The rule.
    """

    def __init__(self, space: StateSpace) -> None:
        """Compile the steps, the points and the start."""
        self.space = space
        self.parameters = space.parameters
        arguments = (*space.parameters, *space.states, *space.inputs)
        points = [e for point in space.points for e in point]
        self.ready = [not e.free_symbols & set(space.inputs) for e in points]
        self.step = _compiled(arguments, space.step)
        self.first = _compiled(arguments, space.first) if space.first else self.step
        self.points = _compiled(arguments, points)
        self.start = _compiled((*space.parameters, *space.weights), space.start)

    def run(
        self, values: Numbers, weights: Sequence[float], gradients: Sequence[float] = GRADIENTS
    ) -> Iterator[tuple[list[float], list[float]]]:
        """Yield the points of each step with the states before it; a run ends where it has no value."""
        own = [values[p] for p in self.parameters]
        try:
            state = self.start(*own, *weights)
            for k, g in enumerate(gradients):
                inputs = [g * (1 + 0.37 * j) for j in range(len(self.space.inputs))]
                points = self.points(*own, *state, *inputs)
                if not all(map(math.isfinite, (*points, *state))):
                    return
                yield points, state
                state = (self.step if k else self.first)(*own, *state, *inputs)
        except (ArithmeticError, ValueError, TypeError):
            return


def _compiled(arguments: Sequence[Symbol], expressions: Sequence[Expr]) -> Step:
    known = {"sign": lambda v: (v > 0) - (v < 0), "Max": max, "Min": min, "Abs": abs}
    found: Step = lambdify(arguments, list(expressions), modules=[known, "math"], cse=False)
    return found


@lru_cache(maxsize=256)
def runner(space: StateSpace) -> Runner:
    """Return a rule compiled to floats, which is done once."""
    return Runner(space)


def agree(
    mine: Sequence[tuple[list[float], list[float]]], other: Runner, theirs: Numbers, weights: Sequence[float]
) -> int | None:
    """Return the step at which a run parts from one of another rule; None where they agree to the end."""
    their = other.run(theirs, weights[: len(other.space.weights)])
    for k in range(len(GRADIENTS)):
        left, right = mine[k] if k < len(mine) else None, next(their, None)
        if left is None or right is None:
            return None if left is right and k > 4 else k
        pairs = zip(left[0], right[0], strict=True)
        if any(abs(a - b) > TOLERANCE * max(1e-3, abs(a)) for a, b in pairs):
            return k
    return None


def generic_values(operand: Operand, seed: int, fixed: Mapping[Symbol, Expr] = {}) -> dict[Symbol, float]:
    """Return values of parameters without relations between them, within (0, 1) and of usual sizes."""
    chance = random.Random(seed)
    names = operand.space.parameters
    for attempt in range(60):
        found = {s: chance.uniform(0.15, 0.85) for s in names}
        if operand.rate is not None:
            found[operand.rate] = chance.uniform(0.05, 0.2)
        if attempt:
            # Ranges such as 1 < tau ask for others.
            found = {s: 1 / v if chance.random() < 0.5 else v for s, v in found.items()}
        for s, value in fixed.items():
            found[s] = float(value.xreplace(dict(found)))
        exact = {s: Fraction(v) for s, v in found.items()}
        if satisfied((c for c in operand.assumed if c.expression.free_symbols <= set(exact)), exact):
            break
    return found


def real_number(expression: Expr, at: Numbers) -> float:
    """Return the value of an expression at given parameters; nan where it is not a real number."""
    try:
        return float(expression.xreplace(dict(at)))
    except TypeError:
        return math.nan


ROLES = (
    ("learning_rate", "lr", "eta", "step_size", "alpha"),
    ("b1", "beta1", "beta_1", "betas_0", "betas_1", "rho", "beta", "mu", "momentum"),
    ("b2", "beta2", "beta_2", "betas_1", "betas_2"),
    ("momentum", "mu", "rho", "beta", "b1", "beta_1"),
    ("decay", "alpha", "rho", "decay_rate", "b2"),
    ("eps", "epsilon"),
    ("weight_decay", "wd", "lam", "lambda_"),
    ("initial_accumulator_value", "nu_0", "initial_scale"),
)
"""Names under which one parameter goes in libraries; they order what is tried, and decide nothing."""


def proposals(one: Operand, other: Operand, fixed: Mapping[Symbol, Expr]) -> Iterator[dict[Symbol, Expr]]:
    """Yield expressions in the parameters of the first rule for those of the second, likely ones first."""
    ours = [s for s in one.space.parameters if s not in fixed]
    theirs = list(other.space.parameters)
    constants: list[Expr] = [Integer(0), Integer(1), Integer(-1)]

    def likeness(symbol: Symbol, expression: Expr) -> int:
        name = other.names[symbol].name
        if expression.is_number:
            # What the first rule has no name for is likely to be switched off in the second.
            missing = not any(_share_role(name, p.name) for p in ours)
            return (1 if missing else 8) + [0, 1, -1].index(int(expression))
        bare = next(iter(expression.free_symbols))
        extra = 0 if expression == bare else 5 if expression == 1 - bare else 9
        if bare.name == name or (symbol == other.rate and bare == one.rate):
            return extra
        return extra + (1 if _share_role(name, bare.name) else 3)

    inverse = [e for p in ours for e in (1 / p, 1 / (1 - p), 1 - 1 / p)]
    options = {
        s: sorted(
            [*ours, *constants, *(1 - p for p in ours), *inverse], key=lambda e: (likeness(s, e), str(e))
        )
        for s in theirs
    }
    width = max(2, int(3000 ** (1 / max(1, len(theirs)))))
    ranked = product(*(range(min(width, len(options[s]))) for s in theirs))
    costs = {s: [likeness(s, e) for e in options[s]] for s in theirs}
    order = sorted(ranked, key=lambda ks: (sum(costs[s][k] for s, k in zip(theirs, ks, strict=True)), ks))
    seen = set()
    for ks in order:
        seen.add(ks)
        yield {s: options[s][k] for s, k in zip(theirs, ks, strict=True)}
    if len(theirs) <= 6 and len(ours) >= len(theirs):
        for chosen in permutations(ours, len(theirs)):
            yield dict(zip(theirs, chosen, strict=True))


def _share_role(name: str, other: str) -> bool:
    return name == other or any(name in role and other in role for role in ROLES)


def search(
    one: Operand, other: Operand, fixed: Mapping[Symbol, Expr] = {}
) -> tuple[dict[Symbol, Expr] | None, dict[Symbol, Expr]]:
    """Return parameters under which runs agree, or None; and those under which they agree longest."""
    ours, theirs = runner(one.space), runner(other.space)
    samples = [generic_values(one, seed, fixed) for seed in (1, 2, 3)]
    weights = [0.7, -0.4, 1.3][: len(one.space.weights)]
    mine = [list(ours.run(at, weights)) for at in samples]
    best: dict[Symbol, Expr] = {}
    longest = -1
    known: list[dict[Expr, float]] = [{} for _ in samples]
    for proposal in proposals(one, other, fixed):
        check_time()
        parted = None
        for at, numbers, run in zip(samples, known, mine, strict=True):
            for e in proposal.values():
                if e not in numbers:
                    numbers[e] = real_number(e, at)
            values = {s: numbers[e] for s, e in proposal.items()}
            parted = agree(run, theirs, values, weights)
            if parted is not None:
                break
        if parted is None:
            return proposal, proposal
        if parted > longest:
            best, longest = proposal, parted
    return None, best


def state_proposals(
    one: Operand,
    other: Operand,
    parameters: Mapping[Symbol, Expr],
    fixed: Mapping[Symbol, Expr],
    wanted: Sequence[Symbol],
) -> dict[Symbol, Expr] | None:
    """Return states of the second rule as states of the first, times a factor or shifted; or None."""
    ours, theirs = runner(one.space), runner(other.space)
    samples = [generic_values(one, seed, fixed) for seed in range(4, 13)]
    runs = []
    for at in samples:
        values = {s: real_number(e, at) for s, e in parameters.items()}
        weights = [0.7, -0.4, 1.3][: len(one.space.weights)]
        mine = [state for _, state in ours.run(at, weights)]
        their = [state for _, state in theirs.run(values, weights[: len(other.space.weights)])]
        runs.append((at, mine, their))
    found = {}
    for i, state in enumerate(other.space.states):
        if state not in wanted:
            continue
        related = (_related(one, s, j, i, runs) for j, s in enumerate(one.space.states))
        expression = next((e for e in related if e is not None), None)
        if expression is None:
            expression = _combined(one, i, runs)
        if expression is None:
            return None
        found[state] = expression
    return found


def _related(
    one: Operand, candidate: Symbol, j: int, i: int, runs: Sequence[tuple[Numbers, list[Any], list[Any]]]
) -> Expr | None:
    """Return a state of the second rule in terms of one of the first, as runs show it."""
    pairs = [(at, [(m[j], t[i]) for m, t in zip(mine, their, strict=False)]) for at, mine, their in runs]
    if all(_close(b, a) for _, run in pairs for a, b in run):
        return candidate
    shifts = [{round(b - a, 9) for a, b in run} for _, run in pairs]
    if all(len(s) == 1 for s in shifts):
        told = [(at, next(iter(s))) for (at, _), s in zip(pairs, shifts, strict=True)]
        if (shift := formula(one.space.parameters, told)) is not None:
            return candidate + shift
    ratios = []
    for at, run in pairs:
        moved = [(a, b) for a, b in run if a != 0 or b != 0]
        if not moved or any(a == 0 for a, _ in moved):
            return None
        ratio = moved[0][1] / moved[0][0]
        if ratio == 0 or not all(_close(b, ratio * a) for a, b in moved):
            return None
        ratios.append((at, ratio))
    factor = formula(one.space.parameters, ratios)
    return None if factor is None else factor * candidate


def _combined(one: Operand, i: int, runs: Sequence[tuple[Numbers, list[Any], list[Any]]]) -> Expr | None:
    """Return a state of the second rule as a combination of two of the first, as runs show it."""
    for pair in combinations(range(len(one.space.states)), 2):
        samples: list[list[tuple[Numbers, float]]] = [[], []]
        for at, mine, their in runs:
            matrix = np.array([[m[j] for j in pair] for m, _ in zip(mine, their, strict=False)])
            target = np.array([t[i] for _, t in zip(mine, their, strict=False)])
            if np.linalg.matrix_rank(matrix) < len(pair):
                break
            solution = np.linalg.lstsq(matrix, target, rcond=None)[0]
            if not np.allclose(matrix @ solution, target, rtol=1e-8, atol=1e-10):
                break
            for sample, value in zip(samples, solution, strict=True):
                sample.append((at, float(value)))
        else:
            factors = [formula(one.space.parameters, sample) for sample in samples]
            if all(f is not None for f in factors):
                return Add(*(f * one.space.states[j] for f, j in zip(factors, pair, strict=True)))
    return None


def _close(a: float, b: float) -> bool:
    return abs(a - b) <= 1e-8 * max(abs(a), abs(b), 1e-6)
