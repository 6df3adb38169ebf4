"""What the benchmarks import of this repository is there, in the scripts that they run in processes too."""

import ast
import importlib
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"
OURS = ("physsym", "derivations", "tests")


def imports(text):
    """Yield what a module and the scripts within its texts import of this repository: module and name."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "import " in node.value:
            try:
                yield from imports(node.value.format())
            except (SyntaxError, KeyError, IndexError, ValueError):
                yield from imports_of_lines(node.value)
        elif isinstance(node, ast.ImportFrom) and node.module.split(".")[0] in OURS:
            yield from ((node.module, alias.name) for alias in node.names)


def imports_of_lines(text):
    """Yield what single lines of a text import: a script with fields to be filled in is no Python yet."""
    for line in text.splitlines():
        if line.strip().startswith(tuple(f"from {name}" for name in OURS)):
            yield from imports(line.strip())


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_what_a_benchmark_imports_is_there(path):
    for module, name in imports(path.read_text(encoding="utf-8")):
        if not module.startswith("tests.benchmarks"):
            found = importlib.import_module(module)
            assert hasattr(found, name) or importlib.import_module(f"{module}.{name}"), f"{module}.{name}"


def test_imports_within_scripts_are_found():
    text = 'X = """\nfrom physsym.a import b\n{field}\n"""\nfrom tests.c import d\nimport numpy'
    assert set(imports(text)) == {("physsym.a", "b"), ("tests.c", "d")}
    assert set(imports('X = """\nfrom physsym.a import b, c\n"""')) == {
        ("physsym.a", "b"),
        ("physsym.a", "c"),
    }
