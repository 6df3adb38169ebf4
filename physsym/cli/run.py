"""`physsym run`: a derived rule as an optimizer on a test function."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any

import numpy as np
from sympy import Rational, factor

from physsym.analysis.exact_evaluation import AnalysisError
from physsym.analysis.linear import characteristic_polynomial
from physsym.analysis.numeric_spectra import spectral_radii
from physsym.analysis.stability import stability_region
from physsym.cli.columns import padded, paragraph
from physsym.cli.paths import rule_named
from physsym.cli.terminal import echo
from physsym.codegen import program
from physsym.core.statements import Rule, parameters
from physsym.core.symbols import exact
from physsym.core.verdicts import Condition
from physsym.optimizers.operands import RATES
from physsym.runtime.optimizers import Optimizer, optimizer
from physsym.runtime.potentials import Problem, problem
from physsym.runtime.states import coordinates
from physsym.verify.conditions import truth
from physsym.verify.engines.smtlib import declared_sign
from physsym.vocabulary import lam

# Values that are proposed for parameters of which the rule has no typical ones.
_PROPOSED = {
    "eta": 0.02, "alpha": 0.02, "dt": 0.02, "tau": 0.2, "gamma": 1, "m": 0.2, "eps": 1e-8,
    **dict.fromkeys(("rho", "mu", "beta", "momentum", "b1", "beta1", "beta_1"), 0.9),
    **dict.fromkeys(("b2", "beta2", "beta_2"), 0.999), **dict.fromkeys(("wd", "weight_decay"), 0.01),
}  # fmt: skip
_OTHERWISE = 0.1
_HALVED, _TRIED = 16, 200  # how often a rate is halved, and the steps of each trial
_MUCH = 10  # by which a usual rate that is halved lowers the loss of a trial, to be taken
_MOST_ROWS = 10_000


@dataclass(frozen=True)
class Proposal:
    """Values of all parameters of a rule, and which of them were taken from where, in words."""

    values: dict[str, Any]
    says: str = ""


def main(options: Namespace) -> int:
    """Run the rule of a script's derivation on a test function and print the loss.

    Parameters that are not given are proposed, and said to be. Parameters at which the rule is unstable, and
    a loss that grew, are reported on the standard error. Raises ValueError for values that are no numbers, or
    outside of the signs and ranges of the parameters.
    """
    rule, task = rule_named(options.name), problem(options.on)
    compiled = program(rule)
    if not coordinates(rule) or not (compiled.evaluations or compiled.loss is not None):
        raise ValueError(
            f"the rule moves no weights of a test function: it reads no gradient ({rule}); "
            "ps.optimizer(rule, ...).run({...}) starts it from values of its states"
        )
    every = rows_apart(options.steps, options.every)
    given = parse_parameters(rule, options.set)
    proposal = propose(rule, given, task)
    values = proposal.values
    stepper = optimizer(rule, **values)
    told = [*str(rule).split("; "), f"on {task.says}"]
    set_to = ", ".join(f"{name}={value:g}" for name, value in given.items())
    told += [f"with {set_to}, as given"] if given else []
    told += [f"with {proposal.says}; --set changes them"] if proposal.says else []
    echo(*(line for text in told for line in paragraph(text, "", "  ")))
    warning = instability(rule, values, task)
    try:
        first, last = _print_run(stepper, task, options.steps, every)
    except FloatingPointError as error:
        raise FloatingPointError("; ".join(filter(None, [str(error), warning]))) from error
    if not warning and not last <= first:
        warning = f"the loss grew from {first:.6g} to {last:.6g}; take smaller steps, or more of them"
    if warning:
        echo(f"physsym: {warning}", error=True)
    return 0


def rows_apart(steps: int, every: int) -> int:
    """Return how many steps lie between two printed rows; raise ValueError for too many rows."""
    if steps < 0 or every < 0:
        raise ValueError(f"--steps and --every are not negative; given {steps} and {every}")
    apart = every or max(steps // 10, 1)
    if steps // apart > _MOST_ROWS:
        raise ValueError(f"{steps // apart} rows would be printed; give a larger --every")
    return apart


def propose(rule: Rule, given: Mapping[str, float], task: Problem) -> Proposal:
    """Return values for all parameters: those given, else typical ones of the rule, else usual ones.

    Rates that are not given are halved while the rule is unstable on the function, or its loss grows; usual
    ones also while that lowers the loss much.
    """
    typical = {s.name: float(value) for s, value in rule.typical}
    names = [p.name for p in parameters(rule)]
    missing = [name for name in names if name not in given]
    usual = {name: float(_PROPOSED.get(name, _OTHERWISE)) for name in missing if name not in typical}
    values: dict[str, Any] = {
        name: given.get(name, typical.get(name, usual.get(name, 0.0))) for name in names
    }
    rates = [name for name in missing if name in (*RATES, "dt")]
    halved, loss = 0, _trial_loss(rule, values, task)
    while rates and halved < _HALVED:
        smaller = values | {name: values[name] / 2 for name in rates}
        next_loss = _trial_loss(rule, smaller, task)
        if isfinite(loss) and not (usual.keys() >= {*rates} and next_loss < loss / _MUCH):
            break
        values, loss, halved = smaller, next_loss, halved + 1
    lowered = rates if halved else []
    known = {*_PROPOSED, *RATES}
    said = {
        "typical of the rule": [name for name in missing if name in typical and name not in lowered],
        "usual values": [name for name in usual if name not in lowered and name in known],
        "a guess": [name for name in usual if name not in lowered and name not in known],
        "made small enough for this function": lowered,
    }
    parts = [
        f"{', '.join(f'{name}={values[name]:g}' for name in named)} ({what})"
        for what, named in said.items()
        if named
    ]
    return Proposal(values, ", ".join(parts))


def _force(rule: Rule, task: Problem) -> Any:
    """Return what a rule reads of a function: its gradient, or all of it for a rule that reads the loss."""
    return task.gradient if program(rule).loss is None else task


def _trial_loss(rule: Rule, values: dict[str, Any], task: Problem) -> float:
    """Return the loss after a trial; infinity where the rule is known to be unstable, or the loss grows."""
    if instability(rule, values, task):
        return inf
    try:
        path = optimizer(rule, **values).run(task.start, _force(rule, task), _TRIED, every=_TRIED)
    except FloatingPointError:
        return inf
    last = float(task.value(path.x[-1]))
    return last if last <= task.value(np.array(task.start)) else inf


def instability(rule: Rule, values: dict[str, float], task: Problem) -> str:
    """Return a line where a rule is unstable on a quadratic at these values of its parameters.

    The text is empty where it is stable, and where that is not known: the function is not quadratic, or the
    rule is not linear on a quadratic.
    """
    try:
        radii = [(_radius(rule, values, c), c) for c in task.curvatures]
    except (AnalysisError, TypeError, ValueError):  # nonlinear, coefficients that vary, or a division by zero
        return ""
    radius, curvature = max(radii, default=(0.0, 0.0))
    if radius <= 1 + 1e-6:  # the error of a double root
        return ""
    where = _bounds_exceeded(rule, values, curvature)
    return f"unstable at these values: the spectral radius is {radius:.6g} on the curvature {curvature:g}" + (
        f"; stable only for {where}, with lam the curvature" if where else ""
    )


def _radius(rule: Rule, values: dict[str, float], curvature: float) -> float:
    polynomial = characteristic_polynomial(rule, Rational(curvature))
    used = {s.name for c in polynomial.monic().all_coeffs() for s in c.free_symbols}
    numbers = {name: value for name, value in values.items() if name in used}
    return float(spectral_radii(rule, Rational(curvature), **numbers))


def _bounds_exceeded(rule: Rule, values: dict[str, float], curvature: float) -> str:
    """Return the bounds of the stability region that values exceed; nothing where they take long to find."""
    if characteristic_polynomial(rule).degree() > 2 or "lam" in values:
        return ""
    numbers = {p: Rational(values[p.name]) for p in parameters(rule)} | {lam: Rational(curvature)}
    bounds = []
    for condition in stability_region(rule).conditions:
        if not exact(condition.expression).subs(numbers) > 0:
            rest, varying = condition.expression.as_independent(lam, as_Add=True)
            bounds.append(f"{factor(-varying)} < {factor(rest)}" if rest and varying else str(condition))
    return " and ".join(bounds)


def parse_parameters(rule: Rule, given: list[str]) -> dict[str, Any]:
    """Return the parameters of a rule from texts such as `eta=0.02`.

    Raises ValueError for a text of another form, an unknown parameter, one that is given twice, and a value
    outside of its range.
    """
    values = dict(map(_parse_parameter, given))
    if len(values) < len(given):
        raise ValueError(f"a parameter is set once; given {' '.join(given)}")
    known = [p.name for p in parameters(rule)]
    unknown = sorted(set(values) - set(known))
    if unknown:
        there = ", ".join(known) or "none"
        raise ValueError(f"this rule has no parameter {', '.join(unknown)}; it has {there}")
    for symbol in parameters(rule):
        if symbol.name in values:
            _refuse_outside(symbol.name, values, rule, declared_sign(symbol))
    return values


def _refuse_outside(name: str, values: Mapping[str, float], rule: Rule, signs: tuple[Condition, ...]) -> None:
    """Raise ValueError for a value that is not finite, or outside of the sign or range of its parameter."""
    if not isfinite(values[name]):
        raise ValueError(f"{name}={values[name]:g} is no finite number")
    numbers = {p: Rational(values[p.name]) for p in parameters(rule) if p.name in values}
    for condition in (*signs, *rule.ranges):
        held = {s.name for s in condition.expression.free_symbols}
        at = Condition(exact(condition.expression).xreplace(numbers), condition.relation)
        if name in held and truth(at) is False:
            raise ValueError(f"{name}={values[name]:g} is outside of its range: {condition} is needed")


def _parse_parameter(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError:
        raise ValueError(f"a parameter is set as in eta=0.02, given {text!r}") from None


def _print_run(stepper: Optimizer, task: Problem, steps: int, every: int) -> tuple[float, float]:
    """Print the loss and the first weights of every so many steps; return the first loss and the last."""
    path = stepper.run(task.start, _force(stepper.rule, task), steps, every=every)
    rows = [["step", "loss", *(f"w{k + 1}" for k in range(min(len(task.start), 4)))]]
    for number, weights in zip(path.steps, path.x, strict=True):
        rows.append([str(number), f"{task.value(weights):.6g}", *(f"{w:.6g}" for w in weights[:4])])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for number, *others in rows:
        cells = (padded(cell, width) for cell, width in zip(others, widths[1:], strict=True))
        echo("  ".join([number.rjust(widths[0]), *cells]).rstrip())
    return task.value(np.array(task.start)), task.value(path.x[-1])
