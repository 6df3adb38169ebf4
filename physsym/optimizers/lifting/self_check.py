"""The check of a lifted rule against the code that it was read from, run on numbers.

    result = checked(result, live)                      # raises LiftError where they part

`live(values, gradients, losses, start)` runs the code: `values` are floats by hyperparameter, `start` the
weights, `gradients[n][i]` the gradient of step n along weight i, `losses[n]` the loss; it returns for each
step the states by symbol (the weights among them; states that it cannot show may be missing). `checked` draws
two sets of hyperparameters, and gradients at random and adversarial ones (a zero, changes of sign and size).
The rule is evaluated from its SymPy expressions in float64, so the whole path from code to rule is compared.

A front end that runs the code on numbers that carry expressions lifts twice, with `draw_values(symbols, ...)`
of two seeds, and calls `same_expressions`: a number that lost its symbol on the way differs between the two.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy
from sympy import Expr, Symbol

from physsym.core.statements import Rule, Update
from physsym.core.symbols import OPAQUE, after, partial, potential
from physsym.core.verdicts import Hypothesis
from physsym.optimizers.lifted import Lifted, LiftError, SelfCheck
from physsym.optimizers.lifting.law import hyperparameters
from physsym.optimizers.lifting.nodes import Evaluator
from physsym.optimizers.lifting.sympy_forms import from_expression

Live: TypeAlias = Callable[
    [Mapping[Symbol, float], Sequence[Sequence[float]], Sequence[float], Sequence[float]],
    Sequence[Mapping[Symbol, float]],
]
TOLERANCES: Mapping[str, float] = {"float64": 1e-9, "float32": 3e-6}
"""The relative difference allowed, by the coarsest dtype in which the code computes."""
ADVERSARIAL = (0.03, -2.0, 0.0, 1 / 7, 5.0, -5.0, 0.001, 1.0, -1 / 3, 0.0, 2.0, -7.0)
"""Gradients that tell apart laws that agree on smooth runs: zeros, changes of sign, small after large."""


NAN_OF_THE_CODE = "the code divides zero by zero at times, as at gradients of zero, and gives NaN then"


def draw_values(symbols: Iterable[Symbol], typical: Mapping[Symbol, float], seed: int) -> dict[Symbol, float]:
    """Return random hyperparameters near the typical values, below one and not zero as these are."""
    random = numpy.random.default_rng(seed)
    values: dict[Symbol, float] = {}
    for symbol in symbols:
        usual = float(typical.get(symbol, 0.1))
        if usual == 0:
            drawn = random.uniform(0.02, 0.1)
        elif 0.2 <= usual < 1:
            drawn = random.uniform(0.4, 0.95)
        elif abs(usual) < 1e-3:
            drawn = random.uniform(0.01, 0.05)
        else:
            drawn = usual * random.uniform(0.6, 1.6)
        values[symbol] = round(float(drawn), 6)
    return values


def same_expressions(first: Lifted, second: Lifted) -> None:
    """Raise LiftError where the rules read at two sets of hyperparameters are not written alike."""
    pairs = [(first.rule, second.rule)]
    if first.first is not None or second.first is not None:
        if first.first is None or second.first is None:
            raise LiftError(
                f"{first.name} cannot be lifted: its first step differs for some hyperparameters only"
            )
        pairs.append((first.first, second.first))
    for a, b in pairs:
        if a.targets != b.targets:
            raise LiftError(
                f"{first.name} cannot be lifted: its states are {', '.join(map(str, a.targets))} at some "
                f"hyperparameters and {', '.join(map(str, b.targets))} at others"
            )
        starts = [Update(s, value) for r in (a, b) for s, value in r.start]
        half = len(a.start)
        for u, v in [
            *zip(a.updates, b.updates, strict=True),
            *zip(starts[:half], starts[half:], strict=False),
        ]:
            if u.value != v.value:
                raise LiftError(
                    f"{first.name} cannot be lifted: a hyperparameter becomes a plain number on its way into "
                    f"{u.target}, which is {u.value} at some hyperparameters and {v.value} at others"
                )


@dataclass(frozen=True)
class _CompiledUpdate:
    """An update with the opaque functions in it, each with its evaluation point."""

    target: Symbol
    value: Evaluator
    opaque: tuple[tuple[Expr, int, tuple[Evaluator, ...]], ...]


def _compiled(update: Update) -> _CompiledUpdate:
    calls = []
    # A gradient at a point that reads another gradient comes after that one.
    for function in sorted(update.value.atoms(*OPAQUE), key=lambda f: (len(f.atoms(*OPAQUE)), str(f))):
        index = -1 if isinstance(function, potential) else 0
        point = function.args
        if isinstance(function, partial):
            index, point = int(function.args[0]) - 1, function.args[1:]
        calls.append((function, index, tuple(Evaluator(from_expression(p)) for p in point)))
    return _CompiledUpdate(update.target, Evaluator(from_expression(update.value)), tuple(calls))


GradientAt: TypeAlias = Callable[[int, int, Sequence[float]], float]
"""The gradient of step n along weight i, at a point; with i = -1 the loss."""


def run_rule(
    lifted: Lifted,
    values: Mapping[Symbol, float],
    start: Mapping[Symbol, float],
    gradient: GradientAt,
    steps: int,
) -> list[dict[Symbol, float]]:
    """Return the states after each step of a lifted rule, evaluated in float64.

    Parameters
    ----------
    lifted
        The rule; its first step is that of `first`, where there is one.
    values
        Numbers for the hyperparameters.
    start
        Numbers for the states that have no start value: the weights.
    gradient
        Called with the step, the weight and the evaluation point.
    steps
        The number of steps.
    """
    rule, first = lifted.rule, lifted.first
    now: dict[Expr, float] = {**values, **{s: start.get(s, 0.0) for s in rule.states}}
    for state, value in _start_order(rule):
        now[state] = Evaluator(from_expression(value))(now)
    usual = [_compiled(u) for u in rule.updates]
    opening = [_compiled(u) for u in first.updates] if first else usual
    found = []
    for n in range(steps):
        new: dict[Expr, float] = {}
        for update in opening if n == 0 else usual:
            known = {**now, **new}
            for function, index, point in update.opaque:
                known[function] = gradient(n, index, [p(known) for p in point])
            value = update.value(known)
            new[after(update.target)] = value
        now.update({s: new[after(s)] for s in rule.targets if after(s) in new})
        found.append({s: now[s] for s in rule.targets})
    return found


def _start_order(rule: Rule) -> list[tuple[Symbol, Expr]]:
    """Return the start values, each after those that it reads."""
    waiting, done = dict(rule.start), list[tuple[Symbol, Expr]]()
    while waiting:
        ready = [s for s, value in waiting.items() if not value.free_symbols & set(waiting) - {s}]
        if not ready:
            raise LiftError(f"the start values of {', '.join(map(str, waiting))} are given by each other")
        done += [(s, waiting.pop(s)) for s in ready]
    return done


def checked(
    lifted: Lifted,
    live: Live,
    *,
    fixed: Mapping[Symbol, float] | None = None,
    precision: str = "float64",
    steps: int = len(ADVERSARIAL),
    weights: Sequence[Symbol] | None = None,
    whole: Collection[Symbol] = (),
) -> Lifted:
    """Return the lifted rule with its self-check, after comparing it with the running code.

    Parameters
    ----------
    lifted
        The rule.
    live
        Runs the code, as described above.
    fixed
        Hyperparameters whose values are not drawn.
    precision
        The coarsest dtype in which the code computes.
    steps
        The number of steps of each run.
    weights
        The weights; by default the states without a start value.
    whole
        Hyperparameters that are counts, for which small whole numbers are drawn.

    Raises
    ------
    LiftError
        Where rule and code part, or where the dtype is too coarse to compare.
    """
    if precision not in TOLERANCES:
        raise LiftError(
            f"{lifted.name} cannot be lifted: it computes in {precision}, which is too coarse to compare "
            f"the rule with the code; known are {', '.join(TOLERANCES)}"
        )
    rule = lifted.rule
    started = {s for s, _ in rule.start}
    weights = [s for s in rule.targets if s not in started] if weights is None else list(weights)
    typical = {s: float(value) for s, value in rule.typical}
    worst, compared, noted = 0.0, 0, False
    for seed in range(2):
        # A count that is usually 0 is 0 in the first run.
        usual = enumerate(sorted(whole, key=str))
        counts = {s: float(1 + (seed + k) % 3 if typical.get(s, 1) else seed) for k, s in usual}
        values = {**draw_values(hyperparameters(rule), typical, seed), **counts, **(fixed or {})}
        random = numpy.random.default_rng(100 + seed)
        begin = [float(w) for w in random.uniform(0.5, 2, len(weights))]
        drawn = random.normal(size=(steps, len(weights)))
        adversarial = [
            [ADVERSARIAL[(n + 5 * i) % len(ADVERSARIAL)] for i in range(len(weights))] for n in range(steps)
        ]
        for gradients in (drawn.tolist(), adversarial):
            losses = [float(v) for v in random.uniform(0.5, 3, steps)]
            shown = live(values, gradients, losses, begin)
            found = run_rule(
                lifted,
                values,
                dict(zip(weights, begin, strict=True)),
                lambda n, i, _, g=gradients, v=losses: v[n] if i < 0 else g[n][i],  # type: ignore[misc]
                steps,
            )
            difference, finite, undefined = _difference(lifted.name, found, shown, TOLERANCES[precision])
            worst, compared = max(worst, difference), compared + finite
            noted = noted or undefined
    if not compared:
        raise LiftError(
            f"{lifted.name} cannot be checked: its code gives no finite numbers in its first step"
        )
    said = (Hypothesis(NAN_OF_THE_CODE),) if noted else ()
    return replace(lifted, assumes=(*lifted.assumes, *said), check=SelfCheck(steps, float(worst), precision))


def _difference(
    name: str,
    found: Sequence[Mapping[Symbol, float]],
    shown: Sequence[Mapping[Symbol, float]],
    allowed: float,
) -> tuple[float, int, bool]:
    """Return the largest relative difference, and for how many steps; whether only the code has NaN then."""
    worst = 0.0
    sizes: dict[Symbol, float] = {}
    for n, (rule_states, code_states) in enumerate(zip(found, shown, strict=True)):
        for state, code in code_states.items():
            rule = rule_states[state]
            if code == rule:
                continue
            if numpy.isnan(code):
                # The code divided zero by zero; arithmetic of real numbers may have cancelled that.
                return worst, n, bool(numpy.isfinite(rule))
            if not (numpy.isfinite(code) and numpy.isfinite(rule)):
                raise LiftError(_parted(name, n, state, rule, code))
            # Rounding errors are relative to the size that the state had.
            size = sizes[state] = max(abs(rule), abs(code), sizes.get(state, 1e-6) / 2)
            difference = abs(rule - code) / size
            if difference > allowed:
                raise LiftError(_parted(name, n, state, rule, code))
            worst = max(worst, difference)
    return worst, len(found), False


def _parted(name: str, step: int, state: Symbol, rule: float, code: float) -> str:
    return (
        f"{name} cannot be lifted: the rule that was read does not follow the code; after step {step + 1} "
        f"{state} is {rule:.9g} by the rule and {code:.9g} by the code"
    )
