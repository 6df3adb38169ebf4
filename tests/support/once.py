"""A plugin of pytest by which several runs run no test twice: `pytest -p tests.support.once --once=FILE`.

FILE names the tests that have passed. They are left out, and those that pass now are added to it, so that a
run with more packages installed runs what was skipped without them. A test marked `environment` passes
everywhere, and looks at what is installed; one marked `drawn` draws other examples: both are run each time.
"""

from pathlib import Path

import pytest

ALWAYS = ("environment", "drawn")


def pytest_addoption(parser):
    parser.addoption(
        "--once", type=Path, metavar="FILE", help="leave out the tests named in FILE, and add those that pass"
    )


def pytest_configure(config):
    if config.getoption("once"):
        if config.inipath is None:  # FILE was taken for a place of tests, beside which no pyproject.toml is
            raise pytest.UsageError("write --once=FILE, in one word")
        config.pluginmanager.register(Once(config), "once")


class Once:
    """The tests that a file names, and those that pass; workers read the file, their controller writes it."""

    def __init__(self, config):
        self.file = config.getoption("once").absolute()
        self.writes = not hasattr(config, "workerinput")
        self.passed = set(self.file.read_text(encoding="utf-8").splitlines()) if self.file.exists() else set()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config, items):
        again = [i for i in items if i.nodeid in self.passed and not any(map(i.get_closest_marker, ALWAYS))]
        config.hook.pytest_deselected(items=again)
        items[:] = [i for i in items if i not in set(again)]

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.passed.discard(report.nodeid)
        elif report.when == "call" and report.passed:
            self.passed.add(report.nodeid)

    def pytest_sessionfinish(self):
        if self.writes:
            self.file.write_text("".join(f"{test}\n" for test in sorted(self.passed)), encoding="utf-8")
