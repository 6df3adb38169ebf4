"""What the commands of the command line do."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from physsym.derivation import Derivation
from physsym.document import document
from physsym.kernels.backend import Value
from physsym.optimizer import Optimizer, optimizer
from physsym.problems import Problem, problem
from physsym.scripts import Script, ScriptError, script, scripts
from physsym.statement import Rule, parameters
from physsym.typeset import unicode
from physsym.verdict import Outcome, Verdict

_COLOURS = {Outcome.HOLDS: "green", Outcome.FAILS: "red"}


def _say(text: str) -> None:
    Console(soft_wrap=True, highlight=False).print(text)


def write(options: Namespace) -> int:
    """Write the document and say where."""
    for path in document(scripts(options.paths), options.out, options.format.split(",")):
        _say(f"wrote {escape(str(path))}")
    return 0


def check(options: Namespace) -> int:
    """Print one line for every step and claim; return 1 where a step or a dimension does not hold."""
    found = scripts(options.paths)
    bad = [v for s in found for d in s.derivations for v in _checked(s, d) if not v]
    for s in found:
        for claim in s.claims:
            _say(f"{s.name}, claim {claim.id}: {_told(claim.judge())}")
    steps = sum(len(d.steps) for s in found for d in s.derivations)
    _say(f"{steps} steps checked, {len(bad)} do not hold" if bad else f"{steps} steps checked, all hold")
    return int(bool(bad) or not steps)


def _checked(s: Script, derivation: Derivation) -> Iterator[Verdict]:
    for k, (step, verdict) in enumerate(zip(derivation.steps, derivation.verdicts(), strict=True), 1):
        _say(f"{s.name}, {escape(derivation.title)}, step {k} ({type(step.move).__name__}): {_told(verdict)}")
        yield verdict
    for k, verdict in enumerate(derivation.dimensions()):
        if not verdict:
            _say(f"{s.name}, {escape(derivation.title)}, dimensions of line {k}: {_told(verdict)}")
        yield verdict


def _told(verdict: Verdict) -> str:
    colour = _COLOURS.get(verdict.outcome, "yellow")
    return f"[{colour}]{escape(str(verdict))}[/{colour}]"


def show(options: Namespace) -> int:
    """Print every derivation of a script, line by line, in one notation."""
    for derivation in script(options.name).derivations:
        _say(f"\n[bold]{escape(derivation.title)}[/bold]\n")
        _say(f"    {escape(_indented(unicode(derivation.start, options.face, derivation.vocabulary)))}")
        told = zip(derivation.steps, derivation.lines[1:], derivation.verdicts(), strict=True)
        for step, line, verdict in told:
            _say(f"\n{escape(step.says)}\n")
            _say(f"    {escape(_indented(unicode(line, options.face, derivation.vocabulary)))}")
            _say(f"    {_told(verdict)}")
        _say(f"\nError: {escape(str(derivation.error))}")
    return 0


def _indented(text: str) -> str:
    return text.replace("\n", "\n    ")


def run(options: Namespace) -> int:
    """Run the rule of a script's derivation on a test function and print how the loss goes."""
    rule, task = _rule(options.name), problem(options.on)
    stepper = optimizer(rule, **_settings(rule, options.set))
    _say(f"{escape(str(rule))}\non {escape(task.says)}")
    _print_run(stepper, task, options.steps, options.every or max(options.steps // 10, 1))
    return 0


def _rule(name: str) -> Rule:
    for derivation in script(name).derivations:
        if isinstance(derivation.lines[-1], Rule):
            return derivation.rule
    raise ScriptError(f"no derivation in {name} ends with a rule that could be run")


def _settings(rule: Rule, given: list[str]) -> dict[str, Value]:
    pairs: dict[str, Value] = dict(_pair(text) for text in given)
    unknown = sorted(set(pairs) - {p.name for p in parameters(rule)})
    if unknown:
        raise ValueError(f"this rule has no parameter {', '.join(unknown)}; it has {_names(rule)}")
    missing = [p.name for p in parameters(rule) if p.name not in pairs]
    if missing:
        example = " ".join(f"{name}=0.05" for name in missing)
        raise ValueError(f"this rule also needs {', '.join(missing)}; add --set {example}")
    return pairs


def _names(rule: Rule) -> str:
    return ", ".join(p.name for p in parameters(rule)) or "none"


def _pair(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError:
        raise ValueError(f"a parameter is set as in eta=0.05, given {text!r}") from None


def _print_run(stepper: Optimizer, task: Problem, steps: int, every: int) -> None:
    path = stepper.run(task.start, task.gradient, steps, every=every)
    table = Table("step", "loss", *(f"w{k + 1}" for k in range(min(len(task.start), 4))))
    for number, place in zip(path.steps, path.x, strict=True):
        table.add_row(str(number), f"{task.value(place):.6g}", *(f"{w:.6g}" for w in place[:4]))
    Console().print(table)


COMMANDS: dict[str, Callable[[Namespace], int]] = {
    "document": write,
    "check": check,
    "show": show,
    "run": run,
}
