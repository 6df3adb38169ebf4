"""`physsym run`: a derived rule as an optimizer on a test function."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

import numpy as np
from rich.table import Table
from sympy import Rational, factor

from physsym.analysis.exact_evaluation import AnalysisError
from physsym.analysis.linear import characteristic_polynomial
from physsym.analysis.numeric_spectra import spectral_radii
from physsym.analysis.stability import stability_region
from physsym.cli.console import PipedConsole
from physsym.cli.paths import rule_named
from physsym.cli.terminal import echo
from physsym.core.statements import Rule, parameters
from physsym.core.symbols import exact
from physsym.runtime.optimizers import Optimizer, optimizer
from physsym.runtime.potentials import Problem, problem
from physsym.vocabulary import lam

# Values that are proposed for parameters of the shipped rules: with them each rule descends on the valley.
_PROPOSED = {"eta": 0.02, "alpha": 0.02, "rho": 0.9, "dt": 0.02, "tau": 0.2, "gamma": 1, "m": 0.2}


def main(options: Namespace) -> int:
    """Run the rule of a script's derivation on a test function and print the loss.

    Parameters at which the rule is unstable, and a loss that grew, are reported on the standard error.
    """
    rule, task = rule_named(options.name), problem(options.on)
    values = parse_parameters(rule, options.set)
    stepper = optimizer(rule, **values)
    echo(f"{rule}\non {task.says}")
    warning = instability(rule, values, task)
    try:
        first, last = _print_run(stepper, task, options.steps, options.every or max(options.steps // 10, 1))
    except FloatingPointError as error:
        raise FloatingPointError("; ".join(filter(None, [str(error), warning]))) from error
    if not warning and not last <= first:
        warning = f"the loss grew from {first:.6g} to {last:.6g}; take smaller steps, or more of them"
    if warning:
        echo(f"physsym: {warning}", error=True)
    return 0


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

    Raises ValueError for a text of another form, an unknown parameter or a missing one; the message for the
    last proposes values.
    """
    values = dict(map(_parse_parameter, given))
    known = [p.name for p in parameters(rule)]
    unknown = sorted(set(values) - set(known))
    if unknown:
        there = ", ".join(known) or "none"
        raise ValueError(f"this rule has no parameter {', '.join(unknown)}; it has {there}")
    missing = [name for name in known if name not in values]
    if missing:
        example = " ".join(f"{name}={values.get(name, _PROPOSED.get(name, 0.1))}" for name in known)
        raise ValueError(f"this rule also needs {', '.join(missing)}; for example --set {example}")
    return values


def _parse_parameter(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError:
        raise ValueError(f"a parameter is set as in eta=0.02, given {text!r}") from None


def _print_run(stepper: Optimizer, task: Problem, steps: int, every: int) -> tuple[float, float]:
    """Print the loss and the first weights of every so many steps; return the first loss and the last."""
    path = stepper.run(task.start, task.gradient, steps, every=every)
    table = Table("step", "loss", *(f"w{k + 1}" for k in range(min(len(task.start), 4))))
    for number, weights in zip(path.steps, path.x, strict=True):
        table.add_row(str(number), f"{task.value(weights):.6g}", *(f"{w:.6g}" for w in weights[:4]))
    PipedConsole().print(table)
    return task.value(np.array(task.start)), task.value(path.x[-1])
