"""What the package says of itself: one version everywhere, extras and groups, its dependencies."""

import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

import physsym
from physsym import _versions
from physsym.__main__ import EXTRAS
from physsym._versions import Package
from physsym.verify.engines import solver_process

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CHANGELOG = (ROOT / "CHANGELOG.md").read_text()
CITATION = (ROOT / "CITATION.cff").read_text()
CONSTRAINTS = dict(
    line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if line[0] != "#"
)


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def names(requirements):
    return {normal(re.match(r"[A-Za-z0-9_.-]+", r)[0]) for r in requirements if isinstance(r, str)}


def test_the_version_is_the_same_everywhere():
    version = PROJECT["project"]["version"]
    released, date = re.search(r"^## \[(\d.*)\] - (\S+)$", CHANGELOG, re.MULTILINE).groups()
    assert physsym.__version__ == version == released
    assert f"\nversion: {version}\n" in CITATION
    assert f'\ndate-released: "{date}"\n' in CITATION


def test_extras_are_for_users_and_groups_for_developers():
    extras, groups = PROJECT["project"]["optional-dependencies"], PROJECT["dependency-groups"]
    assert set(extras) == {"fast", "jax", "torch", "plot", "document", "simulate", "all"}
    assert set(extras["all"][0][len("physsym[") : -1].split(",")) == set(extras) - {"all"}
    assert not set(extras) & set(groups)
    assert set(EXTRAS.values()) <= set(extras)


def test_every_extra_that_a_command_may_miss_brings_what_it_is_named_for():
    installed_as = {"markdown_it": "markdown-it-py"}
    for module, extra in EXTRAS.items():
        assert installed_as.get(module, module) in names(PROJECT["project"]["optional-dependencies"][extra])


def test_what_is_set_up_is_pinned():
    groups, extras = PROJECT["dependency-groups"], PROJECT["project"]["optional-dependencies"]
    asked = names(PROJECT["project"]["dependencies"])
    asked |= names(r for extra in extras.values() for r in extra) - {"physsym"}
    for group in ("test", "acceptance", "lint", "adapters-test", "docs", "release"):
        asked |= names(groups[group])
    assert asked <= {normal(name) for name in CONSTRAINTS}
    assert tuple(map(int, CONSTRAINTS["pip"].split("."))) >= (25, 1)  # it can install groups


def test_readme_installs_the_pinned_pip_first():
    commands = (
        (ROOT / "README.md")
        .read_text()
        .partition("<!-- install -->\n```sh\n")[2]
        .split("```")[0]
        .splitlines()
    )
    assert commands[0] == "python -m pip install -c constraints.txt pip"
    assert "--group test" in commands[1]


def test_versions_are_shown(capsys, monkeypatch):
    monkeypatch.setattr(
        _versions, "PACKAGES", (*_versions.PACKAGES, Package("not-a-package", "none", "nothing"))
    )
    assert physsym.show_versions() is None
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines() if line)
    assert lines["physsym"] == physsym.__version__
    assert lines["python"] == ".".join(map(str, sys.version_info[:3]))
    assert lines["sympy"] == version("sympy")
    assert lines["not-a-package"] == "not installed"
    needed = names(PROJECT["project"]["dependencies"])
    assert needed <= set(lines)
    assert names(r for extra in PROJECT["project"]["optional-dependencies"].values() for r in extra) - {
        "physsym"
    } <= set(lines)


def test_showing_versions_imports_none_of_them():
    code = "import physsym, sys; physsym.show_versions(); print({'sympy', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.endswith("set()\n")


def test_every_variable_that_is_read_is_on_the_page():
    page = (ROOT / "docs" / "reference-environment.md").read_text()
    texts = [p.read_text() for folder in ("physsym", "tests/support") for p in (ROOT / folder).rglob("*.py")]
    read = {name for text in texts for name in re.findall(r"environ(?:\.get\(|\[)\s*\"(\w+)\"", text)}
    assert read >= {"PHYSSYM_CACHE", "XDG_CACHE_HOME", "PHYSSYM_REQUIRE"}
    assert not [name for name in read if f"`{name}`" not in page and not name.startswith("JAX")]


@pytest.mark.parametrize("name", ["killpg", "umask", "setsid", "fork(", "start_new_session", "shell=True"])
def test_no_part_needs_what_only_some_platforms_have(name):
    using = [p.name for p in (ROOT / "physsym").rglob("*.py") if name in p.read_text()]
    # z3 gets a process group of its own; where a system has none, the process alone is killed. Commands copy
    # their process on Linux alone.
    allowed = {"killpg": "solver_process.py", "start_new_session": "solver_process.py", "fork(": "halves.py"}
    assert using == ([allowed[name]] if name in allowed else [])


def test_without_process_groups_z3_is_killed_by_itself(monkeypatch):
    monkeypatch.delattr(os, "killpg")
    assert solver_process.ask([sys.executable, "-c", "import time; time.sleep(30)"], "", 0.2) is None


def test_the_workflow_runs_the_gate():
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    assert "run: bash .ci/run" in workflow
