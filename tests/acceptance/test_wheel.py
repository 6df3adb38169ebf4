"""The built wheel, in an environment of its own: what a user installs."""

import doctest
import email
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

import physsym
from tests.support.release import beside

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.acceptance]

WRONG = '''"""Wrong."""
from physsym import Derivation, Divide, Step, damped_particle, dot, law
from physsym.vocabulary import G, gamma, m, x
derivation = Derivation("wrong", damped_particle.law(), (
    Step("Divide.", Divide(gamma), gives=law({m * dot(dot(x)): -G / gamma - dot(x)})),
))
'''
RIGHT = WRONG.replace("m * dot", "m / gamma * dot").replace('"wrong"', '"right"')


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel from what git lists, as from a fresh clone."""
    clone, out = tmp_path_factory.mktemp("clone"), tmp_path_factory.mktemp("wheel")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True, text=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, clone / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", out, clone]
    subprocess.run(command, check=True)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory):
    """Install the wheel into a fresh environment, which borrows its dependencies from this one."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=False)
    python = home / ("Scripts" if os.name == "nt" else "bin") / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--no-index", str(wheel)], check=True)
    (packages,) = home.rglob("site-packages")
    # A path that comes with a .pth file is searched last, and editable installs in it have no effect.
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib"))
    return python


@pytest.fixture
def run(python, tmp_path):
    def run(*arguments):
        clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        command = [python, *map(str, arguments)]
        return subprocess.run(command, cwd=tmp_path, env=clean, capture_output=True, text=True, check=False)

    return run


def test_the_wheel_holds_the_stubs_and_says_that_it_is_typed(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    stubs = {str(path.relative_to(ROOT)) for path in (ROOT / "physsym").rglob("*.pyi")}
    assert "physsym/__init__.pyi" in stubs
    assert stubs | {"physsym/py.typed"} <= names


def test_the_description_is_readme_without_links_to_files(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith("/METADATA"))
        shown = email.message_from_bytes(archive.read(name)).get_payload(decode=True).decode()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(list(beside(readme))) > 10
    assert list(beside(shown)) == []
    assert "[MIT](LICENSE)" in readme
    assert shown.rstrip().endswith("## Licence\n\nMIT.")
    assert "(docs/page.png)*" in shown  # of a picture what is seen on it, and where it is
    assert shown.count("```") == readme.count("```")
    examples = [doctest.DocTestParser().get_examples(text) for text in (shown, readme)]
    assert [(e.source, e.want) for e in examples[0]] == [(e.source, e.want) for e in examples[1]]


def test_the_wheel_installs_one_import_name_with_all_its_data(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {"physsym", f"physsym-{physsym.__version__}.dist-info"}
    files = subprocess.run(
        ["git", "ls-files", "physsym", "derivations"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    shipped = {
        name.replace("derivations/", "physsym/_shipped/", 1) if name.startswith("derivations/") else name
        for name in files.stdout.split()
        if (ROOT / name).exists()
    }
    assert shipped <= set(names)
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_the_shipped_derivations_are_checked_where_there_are_no_others(run):
    done = run("-m", "physsym", "check")
    assert (done.returncode, done.stderr) == (0, "")
    steps, shown, repairs, last, *_ = done.stdout.splitlines()
    assert re.fullmatch(r"[1-9]\d* steps checked, all hold", steps)
    assert re.fullmatch(r"[1-9]\d* equations, findings and numbers checked, all hold", shown)
    assert re.fullmatch(r"[1-9]\d* repairs of claims checked, all hold", repairs)
    assert last == f"read the derivations shipped with physsym {physsym.__version__}"
    assert re.search("claim C37 +✗ fails", done.stdout)
    done = run("-c", "import derivations")
    assert "No module named 'derivations'" in done.stderr


@pytest.mark.parametrize("package", [False, True])
def test_the_derivations_here_are_checked_if_there_are_some(run, tmp_path, package):
    folder = tmp_path / "derivations"
    folder.mkdir()
    if package:
        (folder / "__init__.py").write_text("")
        (folder / "mine.py").write_text("from derivations.momentum import derivation\n")
        (folder / "momentum.py").write_text(RIGHT)
    (folder / "right.py").write_text(RIGHT)
    done = run("-m", "physsym", "check", "--jobs", "2")
    assert (done.returncode, done.stdout.splitlines()[1]) == (
        0,
        f"read ./derivations: {3 if package else 1} script{'s' * package}",
    )
    (folder / "wrong.py").write_text(WRONG)
    done = run("-m", "physsym", "check")
    assert done.returncode == 1
    assert re.search(r"wrong: wrong\n  1 divide by .+✗ fails", done.stdout)
    assert run("-m", "physsym", "show", "wrong").returncode == 1
    done = run("-c", "import physsym as ps; print(ps.script('momentum').derivations[0].title)")
    assert done.stdout == "Momentum\n"


def test_the_shipped_book_is_written(run, tmp_path):
    done = run("-m", "physsym", "document", "--format", "html,ipynb", "--out", "out")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == f"read the derivations shipped with physsym {physsym.__version__}"
    assert (tmp_path / "out" / "derivations.html").stat().st_size > 100_000
    assert "scripts(())" in (tmp_path / "out" / "derivations.ipynb").read_text(encoding="utf-8")


def test_the_other_commands_work(run, tmp_path):
    assert "def step(" in run("-m", "physsym", "source", "momentum").stdout
    assert run("-m", "physsym", "show", "gradient_descent").returncode == 0
    assert run("-m", "physsym", "run", "momentum", "--set", "eta=0.02", "rho=0.9").returncode == 0
    assert run("-m", "physsym", "certify", "--only-write", "newton").returncode == 0
    assert (tmp_path / "build" / "certificates" / "PhysSym.v").exists()
    script = Path(run("-c", "import sys; print(sys.prefix)").stdout.strip()) / "bin" / "physsym"
    if script.exists():
        listed = subprocess.run([script], capture_output=True, text=True, check=True)
        assert "physsym show momentum" in listed.stdout
    right = ("exercise", "gradient_descent", "--leave-out", "6", "--answer", "x <- x - eta*G")
    assert run("-m", "physsym", *right).returncode == 0


def test_the_examples_of_readme_run_in_a_folder_of_a_users_own(run):
    code = "import doctest, sys; sys.exit(doctest.testfile(sys.argv[1], module_relative=False).failed)"
    done = run("-c", code, ROOT / "README.md")
    assert (done.returncode, done.stdout) == (0, "")
    assert len(doctest.DocTestParser().get_examples((ROOT / "README.md").read_text())) > 10


def test_what_the_wheel_asks_for_is_enough(wheel, tmp_path):
    """Install it with what it depends on and nothing else, which needs a package index."""
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run([*pip, "--constraint", ROOT / "constraints.txt", wheel], check=True)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}

    def run(*arguments):
        return subprocess.run(
            [python, "-m", "physsym", *arguments],
            cwd=tmp_path, env=clean, capture_output=True, text=True, check=False,
        )  # fmt: skip

    assert run("check").returncode == 0
    assert run("run", "momentum", "--set", "eta=0.02", "rho=0.9").returncode == 0
    assert run("freeze", "gradient_descent", "--out", "frozen.py").returncode == 0
    assert run("check", "frozen.py").returncode == 0
    done = run("document")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "pip install 'physsym[document]'" in done.stderr
