"""The structure of the package: which module may import which, and what an import costs.

`make lint` enforces the layers by import-linter; here is what it does not see: imports by
string, and imports of the tests.
"""

import ast
import importlib.util
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "physsym"

# The ground truth of the self-test reads values and shares no code with what it judges.
ORACLE = ("oracle", "integrator_oracle", "evaluation")
ORACLE_READS = ("physsym.core", "physsym.mechanics", *(f"tests.fuzz.{name}" for name in ORACLE))

# What imports a module whose name or file is a string.
LOADERS = {
    "__import__", "SourceFileLoader", "import_module", "lazy_loader", "resolve_name", "run_module",
    "run_path", "spec_from_file_location",
}  # fmt: skip
STUB = "lazy_loader.attach_stub(__name__, __file__)"  # the lazy door of a package, typed by its stub
# How often a module of the package does so otherwise, and why it may.
IMPORTS_BY_STRING = {
    "__main__.py": (1, "the table of commands, since `--help` must not import SymPy"),
    "_renamed.py": (1, "the lazy door, for names of version 0.1"),
    "_versions.py": (1, "the name of a package, which is shown"),
    "adapters/torch_dlpack.py": (1, "the backend of LLVM, which is optional"),
    "adapters/torch_rows.py": (1, "the backend of LLVM, which is optional"),
    "loading.py": (1, "scripts by their path"),
    "parsing/statements.py": (1, "published rules by name, which lie above the reader"),
    "runtime/backends/__init__.py": (1, "the optional backends, by their table"),
}


def modules():
    return sorted(PACKAGE.rglob("*.py"))


def test_a_module_says_what_it_holds():
    assert len(modules()) > 100
    silent = [p for p in modules() if not ast.get_docstring(ast.parse(p.read_text()))]
    assert [str(p.relative_to(PACKAGE)) for p in silent] == []


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


def imports(tree, package):
    """Return the absolute names of all that a module of a package imports, at any depth of its code."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            name = "." * node.level + (node.module or "")
            base = importlib.util.resolve_name(name, package)
            found |= {f"{base}.{alias.name}" for alias in node.names}
    return found


def imports_of_oracle(text):
    """Return what an oracle imports of the project beside values, and what imports by string."""
    tree = ast.parse(text)
    own = {name for name in imports(tree, "tests.fuzz") if name.split(".")[0] in ("physsym", "tests")}
    allowed = tuple(f"{package}." for package in ORACLE_READS)
    return {name for name in own if not f"{name}.".startswith(allowed)} | set(loaders(tree))


def loaders(tree):
    """Return how often a module names each loader of modules by string, under any alias."""
    names = Counter()
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name) | ast.Name(id=name) | ast.Constant(value=str(name)):
                names[name] += 1
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                names.update(alias.name for alias in aliases)
    return {name: names[name] for name in LOADERS if names[name]}


def imports_by_string(path, text):
    """Return how much more a module of the package loads by string than it may."""
    found = loaders(ast.parse(text))
    if path.endswith("__init__.py") and text.count("lazy_loader.") == text.count(STUB) == 1:
        del found["lazy_loader"]
    allowed, _ = IMPORTS_BY_STRING.get(path, (0, ""))
    return sum(found.values()) - allowed


@pytest.mark.parametrize("name", ORACLE)
def test_the_oracle_imports_values_alone(name):
    assert not imports_of_oracle((ROOT / "tests" / "fuzz" / f"{name}.py").read_text())


@pytest.mark.parametrize(
    "line",
    [
        "from physsym.verify import equivalence as _z",
        "from physsym.transform import integrate",
        "import physsym.certificates.run",
        "import physsym as ps",
        "from physsym import check",
        "from physsym.methods.backward_euler import backward_euler",
        "from .trial import trials",
        "from . import trial",
        "def same():\n    from physsym.verify import check",
        "from importlib import import_module as load",
    ],
)
def test_an_oracle_that_imports_what_it_judges_is_found(line):
    assert imports_of_oracle(f"from physsym.core.statements import Law\n{line}\n")


def test_imports_by_string_are_those_that_are_listed():
    texts = {str(path.relative_to(PACKAGE)): path.read_text() for path in modules()}
    excess = {path: imports_by_string(path, text) for path, text in texts.items()}
    assert {path: number for path, number in excess.items() if number} == {}
    assert not set(IMPORTS_BY_STRING) - set(texts)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("transform/rule.py", "import importlib\nimportlib.import_module('physsym.verify.limit')"),
        ("transform/rule.py", "from importlib import import_module as _load\n_load('physsym.verify.limit')"),
        ("transform/rule.py", "import importlib\ngetattr(importlib, 'import_module')('physsym.verify')"),
        ("transform/rule.py", "__import__('physsym.verify.limit')"),
        ("transform/rule.py", f"import lazy_loader\n{STUB}"),
        ("transform/__init__.py", "import lazy_loader as ll\nll.load('physsym.verify.limit')"),
        ("transform/__init__.py", f"import lazy_loader\n{STUB}\nlazy_loader.load('physsym.verify.limit')"),
        ("transform/rule.py", "import importlib.util as u\nu.spec_from_file_location('limit', '../verify')"),
        ("_renamed.py", "import importlib as i\ni.import_module('a'), i.import_module('b')"),
    ],
)
def test_a_new_import_by_string_is_found(path, text):
    assert imports_by_string(path, text) > 0


def test_the_door_of_a_package_is_no_import_by_string():
    text = f"import lazy_loader as _lazy_loader\n_load, _, _names = _{STUB}"
    assert imports_by_string("analysis/__init__.py", text) == 0
