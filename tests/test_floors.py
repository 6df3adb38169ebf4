"""The structure of the package: which module may import which, and what an import costs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "physsym"
FLOORS = {
    "notation": 0, "verdict": 0, "handwritten": 0, "calling": 0,
    "dimension": 1, "statement": 1, "sign": 1, "operation": 1, "problems": 1,
    "vocabulary": 2, "integrator": 2, "powers": 2, "encoding": 2,
    "system": 3, "moves": 3, "reader": 3, "inference": 3,
    "apply": 4, "check": 4, "cache": 4, "program": 4,
    "derivation": 5, "stages": 5, "specimens": 5,
    "typeset": 6, "source": 6, "components": 6, "lift": 6, "analysis": 6,
    "kernels": 7, "claim": 7, "equivalence": 7,
    "optimizer": 8, "judging": 8, "chapter": 8,
    "comparison": 9, "sweeps": 9, "adapters": 9, "scripts": 9, "certify": 9, "figures": 9,
    "checking": 10, "document": 10, "testing": 10, "selftest": 10,
    "certifying": 11, "commands": 11,
    "jupyter": 11,
    "__init__": 12, "__main__": 12,
}  # fmt: skip
SEPARATE = {("apply", "check"), ("check", "apply")}


def modules():
    return sorted(PACKAGE.rglob("*.py"))


def home(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path):
    """Yield the module of ours that each import at any depth names, by its first part."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [a.name for a in node.names] if isinstance(node, ast.Import) else []
        yield from (n.split(".")[1] for n in names if n.startswith("physsym."))


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_only_from_floors_below(path):
    own = home(path)
    for other in imports(path):
        assert (own, other) not in SEPARATE
        assert other == own or FLOORS[other] < FLOORS[own], f"{own} imports {other}"


def test_the_handwritten_optimizers_import_nothing_of_ours():
    assert not list(imports(PACKAGE / "handwritten.py"))


def test_the_floor_test_sees_an_arrow_that_points_up(tmp_path):
    spoiled = tmp_path / "statement.py"
    spoiled.write_text("from physsym.derivation import Derivation\n")
    assert any(FLOORS[other] > FLOORS["statement"] for other in imports(spoiled))


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_says_what_it_holds_and_stays_short(path):
    text = path.read_text()
    assert ast.get_docstring(ast.parse(text))
    assert text.count("\n") <= 300


@pytest.mark.parametrize("statement", ["import physsym", "import physsym.__main__"])
def test_importing_costs_neither_sympy_nor_numpy(statement):
    seen = f"{statement}; import sys; print('sympy' in sys.modules, 'numpy' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["False", "False"]


def test_every_public_name_is_there_and_documented():
    import physsym

    for name in physsym.__all__:
        assert getattr(physsym, name).__doc__, name


@pytest.mark.parametrize("name", ["apply", "check", "document", "optimizer", "source"])
def test_a_module_that_is_a_function_too_can_be_called_however_it_is_reached(name):
    seen = (
        f"import physsym.{name}; from physsym import {name} as f; assert callable(f) and physsym.{name} is f"
    )
    subprocess.run([sys.executable, "-c", seen], check=True)


def test_an_unknown_name_is_refused_by_name():
    import physsym

    with pytest.raises(AttributeError, match="nonsense"):
        _ = physsym.nonsense
