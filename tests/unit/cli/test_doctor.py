"""`physsym doctor`: what is there, what is missing or too old, and the exit code that follows from it."""

import importlib.util
import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from physsym.__main__ import main
from physsym._versions import PACKAGES
from physsym.cli import doctor
from physsym.runtime.backends import BACKENDS

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ASKED = [
    *PROJECT["dependencies"],
    *(
        f"{requirement}; extra == '{extra}'"
        for extra, listed in PROJECT["optional-dependencies"].items()
        for requirement in listed
        if not requirement.startswith("physsym")
    ),
]


@pytest.fixture
def machine(monkeypatch):
    """Return a machine on which all is there, as three tables to change: modules, versions, programs."""
    modules = {p.module for p in PACKAGES}
    versions = {p.name: "999.0" for p in PACKAGES}
    programs = {
        "gcc": "gcc (Debian 12.2.0-14) 12.2.0", "latexmk": "Latexmk, 7 Jan. 2023. Version 4.79",
        "coqc": "The Coq Proof Assistant, version 8.16.1", "chromium": "Chromium 156.0.1 built",
        "firefox-esr": "Mozilla Firefox 140.7.1esr",
    }  # fmt: skip
    monkeypatch.setattr(doctor, "requires", lambda name: ASKED)
    monkeypatch.setattr(doctor, "find_spec", lambda name: name if name in modules else None)
    monkeypatch.setattr(doctor, "installed_version", lambda name: versions.get(name, ""))
    monkeypatch.setattr(doctor.shutil, "which", programs.get)
    monkeypatch.setattr(doctor, "output", lambda command: programs[command[0]])
    monkeypatch.setattr(doctor, "has_coquelicot", lambda: True)
    return modules, versions, programs


def run(capsys, *parts):
    code = main(["doctor", *parts])
    out, err = capsys.readouterr()
    return code, out, err


def test_all_is_there_with_its_version_and_its_use(machine, capsys):
    code, out, err = run(capsys)
    assert (code, err) == (0, "")
    for package in PACKAGES:
        assert re.search(rf"^  {package.name} 999\.0 +✓ {re.escape(package.serves[:20])}", out, re.MULTILINE)
    for shown in ("gcc 12.2.0", "latexmk 4.79", "coqc 8.16.1", "chromium 156.0.1", "firefox-esr 140.7.1"):
        assert f"({shown})" in out
    assert "missing" not in out
    assert out.endswith("\nWhat physsym needs: all there.\n")


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_a_missing_package_is_named_with_the_way_to_get_it(package, machine, capsys):
    modules, versions, _ = machine
    modules.remove(package.module)
    del versions[package.name]
    code, out, _ = run(capsys)
    assert code == (0 if package.extra else 1)
    said = " ".join(out.split())
    command = f"pip install 'physsym[{package.extra}]'" if package.extra else f"pip install '{package.name}>="
    assert f"{package.name} - missing, for {package.serves}: {command}" in said
    assert run(capsys, package.name)[0] == 1
    if package.extra:
        assert run(capsys, package.extra)[0] == 1
        assert run(capsys, "fast" if package.extra != "fast" else "torch")[0] == 0


@pytest.mark.parametrize("extra", PROJECT["optional-dependencies"])
def test_an_extra_is_there_where_all_is_that_it_brings(extra, machine, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    assert re.search(rf"^  {extra} +✓ ", run(capsys, extra)[1], re.MULTILINE)
    requirements = PROJECT["optional-dependencies"][extra]
    wanted = {re.match(r"[\w-]+", r)[0] for r in requirements if not r.startswith("physsym[")}
    machine[0].clear()
    code, out, _ = run(capsys, extra)
    (row,) = re.findall(rf"^  {extra} +- lacks (.*): pip install 'physsym\[{extra}\]'$", out, re.MULTILINE)
    assert code == 1
    assert set(row.split(", ")) == (wanted or {p.name for p in PACKAGES if p.extras})
    for name in row.split(", "):
        assert re.search(rf"^{name}: .*missing; pip install 'physsym\[{extra}\]'$", out, re.MULTILINE)


def test_a_package_that_is_too_old_does_not_do(machine, capsys):
    machine[1]["sympy"] = "1.9"  # which is older than 1.13, and not as a text
    code, out, _ = run(capsys)
    assert code == 1
    assert out.endswith("sympy: too old, 1.13 or later is needed; pip install 'sympy>=1.13'\n")
    machine[1]["sympy"] = "1.13"
    assert run(capsys)[0] == 0


def test_a_package_whose_module_is_missing_is_not_there(machine, capsys):
    machine[0].remove("z3")
    code, out, _ = run(capsys)
    assert code == 1
    assert "z3-solver: its module z3 is missing" in out


@pytest.mark.parametrize("program", doctor.PROGRAMS, ids=lambda program: program.name)
def test_a_missing_program_is_named_with_the_way_to_get_it(program, machine, capsys):
    for command in program.commands:
        machine[2].pop(command, None)
    code, out, _ = run(capsys)
    assert code == 0
    assert f"apt-get install {program.brought_by}" in " ".join(out.split())
    code, out, _ = run(capsys, program.name)
    assert code == 1
    assert program.name in out.splitlines()[-1] or program.name in out.splitlines()[-2]


def test_the_second_program_of_a_kind_does(machine, capsys):
    del machine[2]["gcc"]
    machine[2]["clang"] = "Debian clang version 14.0.6"
    assert "compiler (clang 14.0.6)" in run(capsys, "compiler")[1]


def test_coq_without_its_library_does_not_do(machine, capsys, monkeypatch):
    monkeypatch.setattr(doctor, "has_coquelicot", lambda: False)
    code, out, _ = run(capsys, "coq")
    assert code == 1
    assert "coq: without its library Coquelicot; on Debian" in out


def test_a_program_that_does_not_start_is_not_there(machine, capsys, monkeypatch):
    monkeypatch.setattr(doctor, "output", lambda command: None)
    code, out, _ = run(capsys, "tex")
    assert code == 1
    assert "tex: latexmk --version fails" in out


def test_output_is_that_of_a_program_and_none_where_it_fails(tmp_path):
    assert doctor.output([sys.executable, "-c", "print('1.2')"]) == "1.2\n"
    assert doctor.output([sys.executable, "-c", "raise SystemExit(1)"]) is None
    assert doctor.output([str(tmp_path / "nothing")]) is None


def test_an_unknown_part_is_refused_with_those_that_exist(machine, capsys):
    code, out, err = run(capsys, "tourch")
    assert (code, out) == (2, "")
    assert err.startswith("physsym: there is no part 'tourch'; there are python, sympy, ")


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_lines_are_of_the_width_of_the_terminal(width, machine, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    machine[0].clear()
    out = run(capsys)[1]
    words = max(len(word) for word in out.split())
    assert max(map(len, out.splitlines())) <= max(width, words + int(0.44 * width) + 6)
    if width >= 60:
        assert max(map(len, out.splitlines())) <= width


def test_a_checkout_that_was_not_installed_is_described_too(machine, capsys, monkeypatch):
    def not_installed(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(doctor, "requires", not_installed)
    machine[0].remove("sympy")
    code, out, _ = run(capsys)
    assert code == 1
    assert "sympy: its module sympy is missing; pip install 'sympy'" in out


def test_what_another_python_needs_is_left_out(machine, capsys, monkeypatch):
    machine[0].remove("latexify")
    monkeypatch.setattr(doctor.sys, "version_info", (3, 13))
    assert run(capsys)[0] == 1
    monkeypatch.setattr(doctor.sys, "version_info", (3, 14))
    code, out, _ = run(capsys)
    assert (code, "latexify" in out) == (0, False)


def test_what_backends_need_is_listed_with_the_same_extra():
    listed = {p.module: p.extra for p in PACKAGES}
    assert {e.needs: e.extra for e in BACKENDS.values()}.items() <= listed.items()


def test_modules_are_those_that_the_packages_bring():
    there = [p for p in PACKAGES if importlib.util.find_spec(p.module)]
    assert len(there) >= 7
    assert all(doctor.installed_version(p.name) for p in there)


def test_nothing_that_may_be_missing_is_imported():
    code = "import sys, physsym.__main__ as m; m.main(['doctor']); print({'sympy', 'z3'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.endswith("set()\n")
