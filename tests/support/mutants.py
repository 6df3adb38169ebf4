"""Tests run against changed sources: each in a forked process, in a copy of the repository.

A fork inherits the libraries that its parent has imported, so that a change costs little more than its tests.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
COPIED = ("physsym", "derivations", "docs", "tests", "conftest.py", "pyproject.toml", "README.md")
OURS = ("physsym", "derivations", "tests", "conftest")
SHARED = ("sympy", "numpy", "mpmath", "flint", "z3", "rich.progress", "hypothesis.strategies")
PASSED, FAILED, BROKEN, TIMED_OUT = "passed", "failed", "broken", "timed out"


@dataclass(frozen=True)
class Change:
    """The texts to put into some files, the tests to run then, and what the caller knows the change by."""

    tests: tuple[str, ...]
    texts: dict[str, str] = field(default_factory=dict)
    plugins: tuple[Any, ...] = ()
    label: Any = None


@dataclass(frozen=True)
class Result:
    """How the tests of a change ended, and what they printed; broken is a change that lets no test run."""

    change: Change
    outcome: str
    output: str


def outcomes(changes: Iterable[Change], jobs: int = 1, limit: int = 300) -> Iterator[Result]:
    """Yield the result of each change as it comes; a run that takes `limit` seconds is stopped.

    Raises RuntimeError where tests could not be run, such as tests that are not there.
    """
    for name in SHARED:
        import_module(name)
    waiting, running = iter(changes), {}
    with ExitStack() as stack:
        free = [stack.enter_context(_copy()) for _ in range(jobs)]
        while True:
            while free and (change := next(waiting, None)) is not None:
                tree = free.pop()
                originals = _written(tree, change.texts)
                running[_start(tree, change, limit)] = change, tree, originals
            if not running:
                return
            process, status = os.wait()
            change, tree, originals = running.pop(process)
            for file, (text, stat) in originals.items():
                file.write_text(text, encoding="utf-8")
                os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
            free.append(tree)
            yield _result(change, status, (tree / "output").read_text(encoding="utf-8", errors="replace"))


@contextmanager
def _copy() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder).resolve()
        for name in COPIED:
            source = ROOT / name
            shutil.copytree(source, tree / name) if source.is_dir() else shutil.copy2(source, tree / name)
        yield tree


def _written(tree: Path, texts: dict[str, str]) -> dict[Path, tuple[str, os.stat_result]]:
    """Write texts into files and return what was there; the new time tells compiled code apart."""
    originals = {}
    for name, text in texts.items():
        file = tree / name
        originals[file] = file.read_text(encoding="utf-8"), file.stat()
        file.write_text(text, encoding="utf-8")
        os.utime(file, (0, 1_000_000_000))
    return originals


def _start(tree: Path, change: Change, limit: int) -> int:
    process = os.fork()
    if process == 0:
        os._exit(_run(tree, change, limit))
    return process


def _run(tree: Path, change: Change, limit: int) -> int:
    """Run tests in a tree, in this process, and return the exit code of pytest."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(limit)
    output = os.open(tree / "output", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.chdir(tree)
    for name in [n for n in sys.modules if n.partition(".")[0] in OURS]:
        del sys.modules[name]
    sys.path[:] = [str(tree), *(p for p in sys.path if p not in ("", str(ROOT)))]
    sys.dont_write_bytecode = bool(change.texts)
    os.environ |= {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    options = [
        "-W",
        "ignore::pytest.PytestAssertRewriteWarning",
        "-x",
        "-q",
        "-m",
        "",
        "-p",
        "no:cacheprovider",
        "--no-header",
        "--tb=line",
    ]
    try:
        return int(pytest.main([*options, *change.tests], plugins=list(change.plugins)))
    except BaseException as error:
        print(f"{type(error).__name__}: {error}")
        return int(pytest.ExitCode.INTERNAL_ERROR)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def _result(change: Change, status: int, output: str) -> Result:
    if os.WIFSIGNALED(status):
        stopped = os.WTERMSIG(status) == signal.SIGALRM
        return Result(change, TIMED_OUT if stopped else BROKEN, output)
    code = os.WEXITSTATUS(status)
    known = {pytest.ExitCode.OK: PASSED, pytest.ExitCode.TESTS_FAILED: FAILED}
    if code not in known and not change.texts:
        raise RuntimeError(f"{' '.join(change.tests)} could not be run:\n{output[-2000:]}")
    return Result(change, known.get(code, BROKEN), output)


def killed_by(result: Result) -> str:
    """Return the first test that failed, as far as pytest named it."""
    named = (
        line.split(" - ")[0] for line in result.output.splitlines() if line.startswith(("FAILED ", "ERROR "))
    )
    return next(named, result.outcome)
