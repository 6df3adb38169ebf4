"""What the commands of the command line do, all but `check` (see `physsym.cli.check`)."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from physsym.cli.check import say, told
from physsym.codegen.emit import source as rule_source
from physsym.core.statements import Rule, parameters
from physsym.documents import document, size_of
from physsym.loading import ScriptError, script, scripts
from physsym.printing import unicode
from physsym.runtime import Optimizer, optimizer
from physsym.runtime.backends.base import Value
from physsym.runtime.problems import Problem, problem


def write(options: Namespace) -> int:
    """Write the document and say where; a terminal shows how far it is."""
    sources, formats = scripts(options.paths), options.format.split(",")
    with _progress(size_of(sources) + len(formats)) as done:
        paths = document(sources, options.out, formats, done)
    say(*(f"wrote {escape(str(path))}" for path in paths))
    return 0


@contextmanager
def _progress(total: int) -> Iterator[Callable[[str], None]]:
    """Show a bar on a terminal, and nothing in a pipe; yield what moves it by one."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=total)
        yield lambda what: bar.update(task, advance=1, description=escape(what))


def show(options: Namespace) -> int:
    """Print every derivation of a script, line by line, in one notation."""
    for derivation in script(options.name).derivations:
        say(f"\n[bold]{escape(derivation.title)}[/bold]\n")
        say(f"    {escape(_indented(unicode(derivation.start, options.face, derivation.vocabulary)))}")
        shown = zip(derivation.steps, derivation.lines[1:], derivation.verdicts(), strict=True)
        for step, line, verdict in shown:
            say(f"\n{escape(step.says)}\n")
            say(f"    {escape(_indented(unicode(line, options.face, derivation.vocabulary)))}")
            say(f"    {told(verdict)}")
        say(f"\nError: {escape(str(derivation.error))}")
    return 0


def _indented(text: str) -> str:
    return text.replace("\n", "\n    ")


def source(options: Namespace) -> int:
    """Print the rule of a script's derivation as program text, unadorned, so that it can be piped."""
    print(rule_source(_rule(options.name), options.language), end="")
    return 0


def run(options: Namespace) -> int:
    """Run the rule of a script's derivation on a test function and print how the loss goes."""
    rule, task = _rule(options.name), problem(options.on)
    stepper = optimizer(rule, **_settings(rule, options.set))
    say(f"{escape(str(rule))}\non {escape(task.says)}")
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
    "show": show,
    "source": source,
    "run": run,
}
