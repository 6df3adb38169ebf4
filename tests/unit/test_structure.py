"""The structure of the package: which module may import which, and what an import costs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "physsym"


def modules():
    return sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_says_what_it_holds(path):
    text = path.read_text()
    assert ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("statement", ["import physsym", "import physsym.__main__"])
def test_importing_costs_neither_sympy_nor_numpy(statement):
    seen = f"{statement}; import sys; print('sympy' in sys.modules, 'numpy' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["False", "False"]


def test_every_public_name_is_there_and_documented():
    import physsym

    for name in physsym.__all__:
        assert getattr(physsym, name).__doc__, name


def test_an_unknown_name_is_refused_by_name():
    import physsym

    with pytest.raises(AttributeError, match="nonsense"):
        _ = physsym.nonsense
