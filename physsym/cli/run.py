"""`physsym run`: a derived rule as an optimizer on a test function."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from rich.console import Console
from rich.table import Table

from physsym.cli.paths import rule_named
from physsym.cli.terminal import echo
from physsym.core.statements import Rule, parameters
from physsym.runtime.optimizers import Optimizer, optimizer
from physsym.runtime.potentials import Problem, problem

# Values that are proposed for parameters of the shipped rules: with them each rule descends on the valley.
_PROPOSED = {"eta": 0.02, "alpha": 0.02, "rho": 0.9, "dt": 0.02, "tau": 0.2, "gamma": 1, "m": 0.2}


def main(options: Namespace) -> int:
    """Run the rule of a script's derivation on a test function and print the loss."""
    rule, task = rule_named(options.name), problem(options.on)
    stepper = optimizer(rule, **parse_parameters(rule, options.set))
    echo(f"{rule}\non {task.says}")
    _print_run(stepper, task, options.steps, options.every or max(options.steps // 10, 1))
    return 0


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


def _print_run(stepper: Optimizer, task: Problem, steps: int, every: int) -> None:
    path = stepper.run(task.start, task.gradient, steps, every=every)
    table = Table("step", "loss", *(f"w{k + 1}" for k in range(min(len(task.start), 4))))
    for number, weights in zip(path.steps, path.x, strict=True):
        table.add_row(str(number), f"{task.value(weights):.6g}", *(f"{w:.6g}" for w in weights[:4]))
    Console().print(table)
