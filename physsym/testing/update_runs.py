"""An optimizer and a rule, run beside each other on the same gradients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from sympy import Symbol

from physsym.optimizers.known import known
from physsym.optimizers.known_rule import Known
from physsym.optimizers.lifted import Lifted
from physsym.optimizers.operands import RATES, learning_rate
from physsym.optimizers.state_space import StateSpace, state_space
from physsym.testing.gradient_sequences import Trial, runs
from physsym.testing.implementations import BrokenStepError, Implementation, implementation
from physsym.testing.parameter_names import Identification, identified, share_role

Array: TypeAlias = np.ndarray[Any, Any]

TOLERANCES: Mapping[str, float] = {"float64": 1e-9, "float32": 2e-5}
"""The difference allowed between evaluation points, relative to their size, by the coarsest dtype met."""


@dataclass(frozen=True)
class Comparison:
    """An optimizer, a rule, and which hyperparameter is which parameter."""

    optimizer: object
    given: Mapping[str, object]
    code: Implementation
    desired: Lifted
    space: StateSpace
    named: Identification

    @property
    def rate(self) -> tuple[Symbol | None, str]:
        """Return the learning rate of the rule, and the hyperparameter of the code that it is."""
        found = learning_rate(self.space)
        own = [n for n, e in self.named.code.items() if found is not None and e == found]
        return found, own[0] if own else ""


def compare_with(
    optimizer: object,
    rule: object,
    desired: Lifted,
    names: Mapping[str, object],
    given: Mapping[str, object],
) -> Comparison:
    """Return an optimizer that is understood, with a rule; raises TypeError where something is unclear."""
    if still := [n for n, v in given.items() if n in RATES and not isinstance(v, Symbol) and v == 0]:
        raise ValueError(
            f"with {still[0]} = 0 nothing moves, and right and wrong cannot be told apart; leave it out, "
            "and it is chosen"
        )
    code = implementation(optimizer, given)
    space = state_space(desired.rule, desired.first)
    published = rule if isinstance(rule, Known) else known.get(desired.name.removeprefix("known:"))
    try:
        named = identified(code.name, code.free, code.given, space, published, code.library, names)
    except TypeError:
        # A momentum that is None by default is a number where the rule has one.
        wanted = set(names) | set((published.names.get(code.library, {}) if published else {}).values())
        wanted |= {n for n in code.optional for s in space.parameters if share_role(n, s.name)}
        numbers = {n: Symbol(n, real=True) for n in code.optional if n in wanted}
        if not numbers:
            raise
        return compare_with(optimizer, rule, desired, names, {**given, **numbers})
    return Comparison(optimizer, given, code, desired, space, named)


@dataclass(frozen=True)
class Parting:
    """Where the points of code and rule part: the run, the step, the weight, and what was found.

    `reason` says what is wrong where it is no number.
    """

    run: Trial
    variant: str
    step: int = 0
    evaluation: int = 0
    weight: int = 0
    found: float = 0.0
    wanted: float = 0.0
    reason: str = ""


@dataclass(frozen=True)
class Numbers:
    """What came of the runs: how many numbers were compared, where they part, and in which dtype."""

    compared: int
    parted: Parting | None = None
    dtype: str = "float64"
    reason: str = ""
    paths: tuple[tuple[Trial, Array], ...] = ()


def run_beside(comparison: Comparison, steps: int, rtol: float | None, schedule: str) -> Numbers:
    """Run the code in all its variants beside the rule."""
    own, theirs = comparison.code, comparison.desired.rule
    parameters = {**comparison.named.rule}
    tried = runs(comparison.space, theirs.typical, tuple(parameters.items()), steps)
    _, code_rate = comparison.rate
    compared, dtype, paths = 0, "float64", list[tuple[Trial, Array]]()
    reason = "no values of its parameters were found within the ranges of the rule" if not tried else ""
    starts = tuple(v for v in own.variants if v.startswith("counter"))
    for variant in own.variants:
        for run, wanted in tried:
            if run.changes_rate and (schedule == "constant" or not (code_rate and own.changing(code_rate))):
                continue
            if variant == "a schedule" and not run.changes_rate:
                continue
            if run.gradients.shape[1] > 1 and own.library:
                return Numbers(0, reason=f"the rule takes {run.gradients.shape[1]} gradients a step")
            values = _values(comparison, run)
            try:
                found, met = own.run(values, code_rate, run, variant)
            except BrokenStepError as error:
                parted: Parting | None = Parting(run, variant, reason=str(error))
                found, met = np.zeros(0), dtype
            else:
                dtype = max(dtype, met, key=lambda d: TOLERANCES.get(d, 1.0))
                tolerance = _tolerance(comparison.code.name, met, rtol)
                parted, finite = first_parting(found, wanted, tolerance, run, variant)
                compared += finite
                paths.append((run, found))
            if parted and variant in starts[:-1]:
                break
            if parted:
                return Numbers(compared, parted, dtype, paths=tuple(paths))
        else:
            if starts:
                break
    return Numbers(compared, None, dtype, reason or "the rule has no finite value", tuple(paths))


def _values(comparison: Comparison, run: Trial) -> dict[str, float]:
    """Return the hyperparameters of the code in a run, the learning rate being that of the first step."""
    rate, _ = comparison.rate
    at = {**run.values, **({rate: run.rates[0]} if rate is not None else {})}
    numbers = {n: float(e.xreplace(at)) for n, e in comparison.named.code.items()}
    return {**comparison.named.defaults, **numbers}


def _tolerance(name: str, dtype: str, rtol: float | None) -> float:
    if rtol is not None:
        return rtol
    if dtype not in TOLERANCES:
        raise ValueError(
            f"{name} computes in {dtype}, which is too coarse for a tolerance to be known; give rtol=, "
            "relative to the size of the weights, such as rtol=0.02"
        )
    return TOLERANCES[dtype]


def first_parting(
    found: Array, wanted: Array, tolerance: float, run: Trial, variant: str
) -> tuple[Parting | None, int]:
    """Return the first step at which points part, and how many were compared after the start."""
    if found.shape != wanted.shape:
        return Parting(run, variant, reason=f"weights of the shape {found.shape[2:]} became of another"), 0
    size = np.maximum.accumulate(np.nan_to_num(np.abs(wanted), nan=0.0, posinf=0.0), axis=0)
    defined = np.isfinite(wanted)
    with np.errstate(all="ignore"):
        wrong = defined & ~(np.abs(found - wanted) <= tolerance * np.maximum(size, 1e-6))
    compared = int(defined[1:].sum())
    if not wrong.any():
        return None, compared
    n, e, i = (int(k[0]) for k in np.nonzero(wrong))
    return Parting(run, variant, n, e, i, float(found[n, e, i]), float(wanted[n, e, i])), compared
