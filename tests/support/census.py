"""How large a checkout is: files, lines, names, functions, and private functions that are used once.

`python -m tests.support.census [PATH]` counts the checkout at PATH, which may be an older one, or this one.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("physsym", "derivations", "tests")


def modules(folder: Path) -> dict[str, str]:
    """Return the text of each module in a folder, by its name with dots."""
    return {
        ".".join(path.relative_to(folder.parent).with_suffix("").parts): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*.py"))
    }


def private_functions(tree: ast.Module) -> set[str]:
    """Return the names of the private functions of a module; `_`, the name of registered ones, is none."""
    names = {n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
    return {n for n in names if n.startswith("_") and not n.startswith("__") and n != "_"}


def uses(sources: Mapping[str, str]) -> dict[tuple[str, str], int]:
    """Return how often each private function is named in its module or imported by another."""
    private: dict[str, set[str]] = {}
    named: Counter[tuple[str | None, str]] = Counter()
    for module, text in sources.items():
        tree = ast.parse(text)
        private[module] = private_functions(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Name):
                named[module, node.id] += 1
            elif isinstance(node, ast.ImportFrom):
                named.update((node.module, alias.name) for alias in node.names)
    return {(module, name): named[module, name] for module in private for name in private[module]}


def used_once(counts: Mapping[tuple[str, str], int]) -> list[str]:
    return sorted(f"{module}.{name}" for (module, name), count in counts.items() if count == 1)


def functions(sources: Mapping[str, str]) -> int:
    """Return the number of functions, methods and nested ones included."""
    nodes = (node for text in sources.values() for node in ast.walk(ast.parse(text)))
    return sum(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) for node in nodes)


def public_names(root: Path) -> int:
    """Return how many names the package of a checkout exports; it is imported in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(root.resolve())}
    command = [
        sys.executable,
        "-c",
        "import physsym; print(physsym.__file__, len(physsym.__all__), sep='\\n')",
    ]
    out = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, check=True
    ).stdout
    file, number = out.splitlines()
    if not Path(file).is_relative_to(root.resolve()):
        raise ValueError(f"physsym was imported from {file}, not from {root}")
    return int(number)


def census(root: Path) -> Iterator[tuple[str, str]]:
    """Yield what is counted and how much it is."""
    texts = {folder: modules(root / folder) for folder in FOLDERS}
    for folder, sources in texts.items():
        lines = sum(text.count("\n") for text in sources.values())
        yield f"{folder}: files, lines", f"{len(sources)}, {lines}"
    counts = uses(texts["physsym"])
    once = len(used_once(counts))
    yield "public names", str(public_names(root))
    yield "functions", str(functions(texts["physsym"]))
    yield "private functions", str(len(counts))
    yield "private functions used once", f"{once}, a fraction of {once / len(counts):.3f}"


def main(arguments: Sequence[str]) -> int:
    root = Path(*arguments[:1] or [ROOT])
    if len(arguments) > 1 or not (root / "physsym" / "__init__.py").is_file():
        given = " ".join(arguments)
        print(
            f"given: {given}; expected: at most one folder, with a checkout of physsym in it", file=sys.stderr
        )
        return 2
    for what, number in census(root):
        print(f"{what:28} {number}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
