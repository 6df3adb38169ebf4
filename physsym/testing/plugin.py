"""The pytest plugin: verdicts in failures, a summary of what was verified, derivations as test items.

It is loaded into every pytest run of the environment, so nothing heavy is imported before it is needed: SymPy
comes in with the first test that uses it, or with the first derivation that is collected.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from physsym.testing.records import CONCLUDED, dump, merge, record, summary

if TYPE_CHECKING:
    from physsym.core.verdicts import Verdict
    from physsym.derivation import Derivation

_MODULES = ("assertions", "failures", "step_functions")
_SHOWN = 3  # failing verdicts that are shown with one failing test
_BASELINE = pytest.StashKey[Any]()

for _name in _MODULES:
    if f"physsym.testing.{_name}" not in sys.modules:  # what is imported already cannot be rewritten
        pytest.register_assert_rewrite(f"physsym.testing.{_name}")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option `--physsym-report` and the setting `physsym_derivations`."""
    group = parser.getgroup("physsym")
    group.addoption(
        "--physsym-report",
        action="store_true",
        help="say at the end what the assertions of physsym verified, with outcomes and engines",
    )
    parser.addini(
        "physsym_derivations",
        "files and folders whose derivations are collected as tests, one item for the start and each step",
        type="paths",
        default=[],
    )


def pytest_configure(config: pytest.Config) -> None:
    """Remember what was counted before this run, and visit the derivations where `testpaths` is visited."""
    config.stash[_BASELINE] = CONCLUDED.copy()
    if config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        config.args += [str(p) for p in config.getini("physsym_derivations") if str(p) not in config.args]


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(
    file_path: Path, parent: pytest.Collector
) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """Collect a script of derivations where the configuration asks for it.

    Pytest collects any file that is named on the command line as a module of tests; a script is none, and
    would be imported twice.
    """
    found = yield
    wanted = parent.config.getini("physsym_derivations")
    if file_path.suffix != ".py" or not any(file_path.is_relative_to(p) for p in wanted):
        return found
    private = file_path.name.startswith("_") and file_path.name != "__init__.py"
    if private or file_path.name == "conftest.py":
        return found
    if not _may_hold_tests(file_path, parent.config):
        found = [other for other in found if type(other) is not pytest.Module]
    return [*found, DerivationScript.from_parent(parent, path=file_path)]


def _may_hold_tests(path: Path, config: pytest.Config) -> bool:
    return any(path.match(pattern) for pattern in config.getini("python_files"))


class DerivationScript(pytest.File):
    """A script of derivations."""

    def collect(self) -> Iterator[DerivationCollector]:
        """Yield a collector for each derivation.

        A file of tests without a derivation yields none; if it cannot be imported, pytest itself says so.
        """
        from physsym.core.escapes import one_line, visible
        from physsym.loading import ScriptError, load

        has_tests = _may_hold_tests(self.path, self.config)
        try:
            script = load(self.path)
        except ScriptError as error:
            if has_tests:
                return
            raise self.CollectError(visible(error)) from error
        exports = script.derivations or script.claims or script.parts
        if not (exports or has_tests or self.path.name == "__init__.py"):
            raise self.CollectError(
                f"no derivation was found in {self.path}; begin its name with _ if others only import it"
            )
        titles: dict[str, int] = {}
        for derivation in script.derivations:
            # In a node id, `::` separates names, and what follows a bracket is a parameter.
            title = one_line(derivation.title).replace("::", ":").replace("[", "(").replace("]", ")")
            title = title or "derivation"
            titles[title] = titles.get(title, 0) + 1
            if titles[title] > 1:
                title += f" ({titles[title]})"
            yield DerivationCollector.from_parent(self, name=title, derivation=derivation)


class DerivationCollector(pytest.Collector):
    """A derivation, whose steps are the items."""

    def __init__(self, *, derivation: Derivation, **given: Any) -> None:  # noqa: D107
        super().__init__(**given)
        self.derivation = derivation

    def collect(self) -> Iterator[DerivationItem]:
        """Yield one item for the start, for each step, for the dimensions and for the assumptions.

        A derivation without steps has its start only, which is unchecked.
        """
        steps = [f"step {k}" for k, _ in enumerate(self.derivation.steps, 1)]
        for name in ["start", *steps, "dimensions", "assumptions"] if steps else ["start"]:
            yield DerivationItem.from_parent(self, name=name, derivation=self.derivation)


class DerivationItem(pytest.Item):
    """The start of a derivation, a step of it, the dimensions of its lines, or its assumptions."""

    def __init__(self, *, derivation: Derivation, **given: Any) -> None:  # noqa: D107
        super().__init__(**given)
        self.derivation = derivation

    def runtest(self) -> None:
        """Raise AssertionError unless it holds."""
        from physsym.testing.assertions import checks

        found = [c for c in checks(self.derivation) if c.name.partition(" of ")[0] == self.name]
        for check in found:
            record(check.kind, check.verdict.outcome.value, check.verdict.engines)
        failures = [line for check in found if not check.verdict for line in check.failure]
        if failures or not found:
            raise AssertionError("\n".join([f"failed: {self._described}", *failures]))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return the verdict, without a traceback through this module."""
        if isinstance(excinfo.value, AssertionError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return the script, and what is verified."""
        return self.path, None, self._described

    @property
    def _described(self) -> str:
        return f"{self.parent.name if self.parent else ''}, {self.name}"


def pytest_assertrepr_compare(
    config: pytest.Config, op: str, left: object, right: object
) -> list[str] | None:
    """Explain `assert rule == other`: it compares how rules are written, not what they do."""
    statements = sys.modules.get("physsym.core.statements")
    if op != "==" or statements is None or not isinstance(left, (statements.Rule, statements.Law)):
        return None
    if type(left) is not type(right):
        return None
    from physsym.testing.assertions import assert_same_law, assert_same_rule

    compare: Any = assert_same_rule if isinstance(left, statements.Rule) else assert_same_law
    kind = type(left).__name__
    try:
        compare(left, right, form=True)
    except AssertionError as error:
        return [f"{kind} == {kind} compares how they are written", *str(error).splitlines()]
    return None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Show the evidence and the witness of a verdict that an `assert` found not to hold."""
    report = yield
    if call.excinfo is not None and isinstance(call.excinfo.value, AssertionError):
        verdicts = _asserted(call.excinfo)[:_SHOWN]
        if verdicts:
            from physsym.testing.failures import verdict_lines

            text = "\n\n".join("\n".join(verdict_lines(v)) for v in verdicts)
            report.sections.append(("physsym: what does not hold", text))
    return report


def _asserted(excinfo: pytest.ExceptionInfo[BaseException]) -> list[Verdict]:
    """Return the verdicts of the `assert` that failed: its intermediate values, and the names in its line."""
    verdicts = sys.modules.get("physsym.core.verdicts")
    entry = excinfo.traceback[-1]
    named = set(re.findall(r"\w+", str(entry.statement)))
    if verdicts is None or "assert" not in named:
        return []
    held = [v for name, v in entry.frame.f_locals.items() if name.startswith("@py") or name in named]
    flat = [v for value in held for v in (value if isinstance(value, (tuple, list)) else [value])]
    return list(dict.fromkeys(v for v in flat if isinstance(v, verdicts.Verdict) and not v))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Send what a worker of pytest-xdist counted to the process that reports."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["physsym"] = dump(CONCLUDED - session.config.stash[_BASELINE])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Add what a worker of pytest-xdist counted."""
    merge(getattr(node, "workeroutput", {}).get("physsym", []))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print what the assertions verified, where `--physsym-report` asks for it."""
    if config.getoption("physsym_report"):
        terminalreporter.section("physsym report")
        for line in summary(CONCLUDED - config.stash[_BASELINE]):
            terminalreporter.line(line)
