"""The tables of a self-test: errors, undecided lines and times in ms, by step, by line and by engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from statistics import median, quantiles

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.markup import escape
from rich.table import Table

from tests.fuzz.run import Report
from tests.fuzz.trial import SHIPPED, Trial

_COLUMNS = ("wrong", "accepted", "true", "refused", "undecided", "median", "95 %")  # times in ms
_SHOWN = 20
_WIDTH = 100


def tables(report: Report) -> Group:
    """Return the tables of a report, and a sentence on what it shows."""
    by_step = _table("kind of step", report.clear, lambda t: t.step)
    wrong, true = ([t for t in report.clear if t.true is kind] for kind in (False, True))
    by_kind = (_table("wrong line", wrong, lambda t: t.kind), _table("true line", true, lambda t: t.kind))
    by_origin = _table("taken from", report.clear, lambda t: t.origin)
    return Group(by_step, *by_kind, by_origin, _by_engine(report.clear), *sentences(report))


def _empty(title: str, *columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=0)
    table.add_column(title, no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _table(title: str, found: Iterable[Trial], key: Callable[[Trial], str]) -> Table:
    groups: dict[str, list[Trial]] = {}
    for trial in sorted(found, key=key):
        groups.setdefault(key(trial), []).append(trial)
    table = _empty(title, *_COLUMNS)
    for name, group in groups.items():
        table.add_row(name, *_row(group))
    table.add_section()
    table.add_row("all", *_row([t for group in groups.values() for t in group]))
    return table


def _row(group: list[Trial]) -> list[str]:
    counts = (
        sum(not t.true for t in group),
        sum(t.false_accept for t in group),
        sum(t.true for t in group),
        sum(t.false_reject for t in group),
        sum(t.undecided for t in group),
    )
    times = [t.milliseconds for t in group] or [0.0]
    slow = quantiles(times, n=20, method="inclusive")[-1] if len(times) > 1 else times[0]
    return [*map(str, counts), f"{median(times):.1f}", f"{slow:.1f}"]


def _by_engine(found: Iterable[Trial]) -> Table:
    accepted: Counter[str] = Counter()
    rejected: Counter[str] = Counter()
    for trial in found:
        if not trial.undecided and not trial.crash:
            (accepted if trial.accepted else rejected).update(trial.engines or ("form of the line",))
    table = _empty("engine that took part", "accepted", "rejected")
    for name in sorted({*accepted, *rejected}):
        table.add_row(name, str(accepted[name]), str(rejected[name]))
    return table


def sentences(report: Report) -> list[str]:
    """Return in words what a report shows: errors first, then how far it reaches, then what was left out."""
    wrong = [t for t in report.clear if not t.true]
    true = [t for t in report.clear if t.true]
    accepted, refused = sum(t.false_accept for t in wrong), sum(t.false_reject for t in true)
    doubts = sum(t.undecided for t in true)
    ours = sum(t.undecided for t in true if t.origin == SHIPPED)
    unclear = Counter(t.kind == "proposal" for t in report.trials if not t.clear)
    errors = sorted(report.errors, key=lambda t: (bool(t.crash), t.true))
    crashes = sum(bool(t.crash) for t in errors)
    told = [escape(_error(t)) for t in errors[:_SHOWN]]
    return [
        *told,
        f"{accepted} of {len(wrong)} wrong lines accepted, {refused} of {len(true)} true lines refused, "
        f"{doubts} true lines undecided ({ours} of the shipped derivations), {crashes} broke the check.",
        *([_bound(len(wrong))] if wrong and not accepted else []),
        f"Left out: {unclear[False]} lines that say the same after all or of which the numbers do not tell, "
        f"{unclear[True]} proposals that the numbers do not confirm.",
    ]


def _bound(tried: int) -> str:
    # With no error in n trials the error rate is below 3/n at 95 % confidence (the rule of three).
    return f"At 95 % confidence fewer than {300 / tried:.2g} % of such wrong lines are accepted."


def _error(trial: Trial) -> str:
    judged = "accepted though wrong" if trial.false_accept else "refused though true"
    what = f"the check broke down, {trial.crash}" if trial.crash else judged
    return f"{what} ({trial.kind}): {trial.text}"


def show(report: Report) -> None:
    """Print the tables of a report."""
    Console(width=_WIDTH, highlight=False).print(tables(report))
