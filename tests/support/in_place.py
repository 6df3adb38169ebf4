"""Mutants tried in place: tests are collected once, then the code of one function is replaced in a fork.

A fork inherits all that was imported and collected, so that a mutant costs no more than its tests. What is
computed while modules are imported is computed without the mutant.
"""

from __future__ import annotations

import ast
import gc
import json
import os
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from types import CodeType, FunctionType

import pytest

from tests.support.mutants import FAILED, PASSED, ROOT, TIMED_OUT

OUTCOMES = {0: PASSED, 1: FAILED}


class TooSlowError(BaseException):
    """A test took longer than tests may take."""


@dataclass(frozen=True)
class Trial:
    """A function, the text to put in its place, and what the caller knows the change by."""

    key: str
    text: str
    label: object = None


def live_functions(file: str, trees: Mapping[str, ast.FunctionDef]) -> dict[str, list[FunctionType]]:
    """Return the function objects of a module for each key; registered and wrapped ones are found, too."""
    import_module(file.removesuffix(".py").replace("/", ".").removesuffix(".__init__"))
    path = str(ROOT / file)
    made = [f for f in gc.get_objects() if isinstance(f, FunctionType) and f.__code__.co_filename == path]
    places = {
        key: (min([tree.lineno, *(d.lineno for d in tree.decorator_list)]), tree.name)
        for key, tree in trees.items()
    }
    return {
        key: [f for f in made if (f.__code__.co_firstlineno, f.__code__.co_name) == place]
        for key, place in places.items()
    }


def replace_code(live: Sequence[FunctionType], text: str) -> None:
    """Give functions the code of another text; raises ValueError where this reads other outer variables."""
    tree = ast.parse(text).body[0]
    tree.decorator_list = []
    outer = live[0].__code__.co_freevars
    inner = "\n".join("    " + line for line in ast.unparse(tree).splitlines())
    module = compile(
        f"from __future__ import annotations\ndef outer({', '.join(outer)}):\n{inner}\n", "", "exec"
    )
    (within,) = (c for c in module.co_consts if isinstance(c, CodeType))
    code = next(c for c in within.co_consts if isinstance(c, CodeType) and c.co_name == tree.name)
    for function in live:
        if function.__code__.co_freevars != code.co_freevars:
            raise ValueError(f"{tree.name} reads {code.co_freevars} of an outer function")
        function.__code__ = code.replace(co_filename=function.__code__.co_filename)


class InPlace:
    """A plugin of pytest that runs trials instead of the tests, and keeps how each one ended.

    `trees` has the functions by file and key. A test counts for the functions that it calls; the fastest come
    first, as many as take `within` seconds together, without those that take more than `slowest`.
    """

    def __init__(
        self,
        trees: Mapping[str, Mapping[str, ast.FunctionDef]],
        trials: Sequence[Trial],
        *,
        jobs: int,
        slowest: float,
        within: float,
        told: Callable[[Trial, str], None],
    ) -> None:
        self.trees, self.trials, self.told = trees, trials, told
        self.jobs, self.slowest, self.within = jobs, slowest, within
        self.failed = False
        self.reached: dict[str, tuple[str, ...]] = {}
        self.noticed: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed |= report.failed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        gc.unfreeze()  # what is frozen is not among the objects that are looked through below
        self.items = {item.nodeid: item for item in session.items}
        self.live = {
            k: f for file, trees in self.trees.items() for k, f in live_functions(file, trees).items()
        }
        kind = type(lru_cache(len))
        cached = [f for f in gc.get_objects() if isinstance(f, kind)]
        self.cached = [f for f in cached if getattr(f, "__module__", "").startswith("physsym.")]
        with TemporaryDirectory() as folder:
            calls = Path(folder) / "calls"
            _wait(_fork(lambda: self.watch(calls)))
            timed = [json.loads(line) for line in calls.read_text(encoding="utf-8").splitlines()]
        self.reached = chosen(
            {test: (seconds, keys) for test, seconds, keys in timed}, self.slowest, self.within
        )
        self.try_all()
        self.control()
        return True

    def passes(self, test: str) -> bool:
        """Run a test, and return whether it passes."""
        self.failed = False
        item = self.items[test]
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        return not self.failed

    def watch(self, calls: Path) -> int:
        """Write which functions each test calls that passes, and how long it takes; forget what is cached."""
        import builtins

        called: set[str] = set()
        builtins.physsym_called = called.add
        for trees in self.trees.values():
            for key, tree in trees.items():
                if self.live[key]:
                    replace_code(self.live[key], watched(key, tree))
        signal.signal(signal.SIGVTALRM, _too_slow)
        with calls.open("w", encoding="utf-8") as out:
            for test in self.items:
                for function in self.cached:
                    function.cache_clear()
                called.clear()
                began = time.process_time()
                signal.setitimer(signal.ITIMER_VIRTUAL, self.slowest)
                try:
                    passed = self.passes(test)
                except TooSlowError:
                    passed = False
                signal.setitimer(signal.ITIMER_VIRTUAL, 0)
                if passed:
                    print(json.dumps([test, time.process_time() - began, sorted(called)]), file=out)
        return 0

    def try_all(self) -> None:
        """Try each mutant in a fork of its own, some at a time."""
        running: dict[int, tuple[Trial, int]] = {}
        waiting = [trial for trial in self.trials if trial.key in self.reached][::-1]
        while waiting or running:
            while waiting and len(running) < self.jobs:
                trial = waiting.pop()
                reads, writes = os.pipe()
                running[_fork(lambda t=trial, w=writes: self.try_one(t, w), 3 * self.within + 30)] = (
                    trial,
                    reads,
                )
                os.close(writes)
            process, status = os.wait()
            trial, reads = running.pop(process)
            with os.fdopen(reads, encoding="utf-8") as pipe:
                self.noticed |= {test for test in (pipe.read(),) if test in self.items}
            code = os.waitstatus_to_exitcode(status)
            self.told(trial, OUTCOMES.get(code, TIMED_OUT if code < 0 else FAILED))

    def try_one(self, trial: Trial, writes: int) -> int:
        replace_code(self.live[trial.key], trial.text)
        for function in self.cached:
            function.cache_clear()
        for test in self.reached[trial.key]:
            if not self.passes(test):
                os.write(writes, test.encode())
                return 1
        return 0

    def control(self) -> None:
        """Raise RuntimeError where a test that noticed a mutant does not pass without one."""
        noticed = sorted(self.noticed)
        if _wait(_fork(lambda: int(not all(self.passes(test) for test in noticed)))):
            raise RuntimeError("a test that noticed a mutant fails without one, too")


def watched(key: str, tree: ast.FunctionDef) -> str:
    """Return the text of a function that says that it was called."""
    copy = ast.parse(ast.unparse(tree)).body[0]
    call = ast.parse(f"__import__('builtins').physsym_called({key!r})").body[0]
    copy.body.insert(int(ast.get_docstring(tree) is not None), call)
    return ast.unparse(copy)


def chosen(
    timed: Mapping[str, tuple[float, Iterable[str]]], slowest: float, within: float
) -> dict[str, tuple[str, ...]]:
    """Return the tests for each function, given the seconds of each test and the functions that it calls."""
    found: dict[str, list[str]] = {}
    spent: Counter[str] = Counter()
    for test, (seconds, keys) in sorted(timed.items(), key=lambda item: item[1][0]):
        for key in keys if seconds < slowest else ():
            if spent[key] + seconds < within:
                spent[key] += seconds
                found.setdefault(key, []).append(test)
    return {key: tuple(tests) for key, tests in found.items()}


def _too_slow(*_: object) -> None:
    raise TooSlowError


def _fork(work: Callable[[], int], seconds: float = 0) -> int:
    """Return the process that does some work and exits with its number, after so many seconds at most."""
    process = os.fork()
    if process:
        return process
    try:
        os.setpgid(0, 0)
        if seconds:
            resource.setrlimit(resource.RLIMIT_CPU, (int(seconds),) * 2)
            signal.alarm(20 * int(seconds))
        os._exit(work())
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        os._exit(2)


def _wait(process: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
