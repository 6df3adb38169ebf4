"""Take each guard away, one at a time, and see its test fail: `python -m tests.remove_guards`.

Each guard is removed in a copy of the repository; the tests named beside it must then fail, and must have
passed with the guard in place. A guard that nothing misses is no guard, or has no test.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.guards import GUARDS, Guard

ROOT = Path(__file__).parents[1]
COPIED = ("physsym", "derivations", "tests", "pyproject.toml", "README.md")


def passes(tree: Path, tests: tuple[str, ...]) -> bool:
    """Tell whether tests pass in a tree; a run that finds no test is an error."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--no-header", *tests]
    path = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=tree, env=path, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{' '.join(tests)} could not be run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.returncode == 0


def without(guard: Guard, tree: Path) -> bool:
    """Tell whether the tests of a guard still pass once it is gone."""
    file = tree / guard.file
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(guard.text, guard.gone), encoding="utf-8")
    try:
        return passes(tree, guard.tests)
    finally:
        file.write_text(text, encoding="utf-8")


def main() -> int:
    """Remove every guard in turn, print a line for each, and return 1 where one is not missed."""
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        for name in COPIED:
            source = ROOT / name
            shutil.copytree(source, tree / name) if source.is_dir() else shutil.copy(source, tree / name)
        for guard in GUARDS:
            noticed = passes(tree, guard.tests) and not without(guard, tree)
            missed += noticed
            print(f"{guard.number:>2} {'missed' if noticed else 'NOT MISSED':<10} {guard.risk}", flush=True)
    print(f"{missed} of {len(GUARDS)} guards are missed when they are gone")
    return int(missed < len(GUARDS))


if __name__ == "__main__":
    sys.exit(main())
