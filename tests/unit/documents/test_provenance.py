"""Every document ends with where it comes from: versions, the digest of its scripts, the command to check."""

import os
import platform
import re
import shlex
import subprocess
import sys
from importlib.metadata import version

import pytest

from physsym import __version__, script
from physsym.documents import document_of
from physsym.documents.html import html
from physsym.documents.markdown import MYST, markdown
from physsym.documents.notebook import notebook
from physsym.documents.provenance import provenance, source_files
from physsym.documents.tex import tex
from physsym.loading import load, scripts
from tests.support.requirements import needs

TEXT = "from physsym import script\nd = script('gradient_descent').derivations[0]\n"


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    (tmp_path / "a folder").mkdir()
    file = tmp_path / "a folder" / "one.py"
    file.write_text(TEXT)
    return file


def told(*loaded):
    facts = provenance(loaded)
    return {name: "".join(str(s.content) for s in spans) for name, spans in facts.rows}


def test_the_programs_and_the_command_are_named(file):
    found = told(load(file))
    assert found["Made with"] == f"physsym {__version__}, Python {platform.python_version()}"
    for package in ("sympy", "python-flint", "z3-solver", "numpy"):
        assert f"{package} {version(package)}" in found["Engines"]
    assert shlex.split(found["Check again with"]) == ["physsym", "check", str(file)]
    assert "Date" not in found


def test_the_command_is_one_that_checks(file):
    command = shlex.split(told(load(file))["Check again with"])
    again = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=True)
    assert "6 steps checked, all hold" in again.stdout


def test_the_digest_is_that_of_sha256sum(file):
    other = file.with_name("two.py")
    other.write_text(TEXT + "# ü\n", encoding="utf-8")
    found = told(load(file), load(other))["Scripts"]
    summed = subprocess.run(
        f"cat {shlex.quote(str(file))} {shlex.quote(str(other))} | sha256sum",
        shell=True, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert found.startswith(f"sha256 {summed.stdout.split()[0]} of ")
    assert shlex.split(found.partition(" of ")[2]) == [str(file), str(other)]


def test_a_changed_script_has_another_digest_and_a_touched_one_the_same(file):
    before = told(load(file))["Scripts"]
    os.utime(file, (1_000_000_000, 1_000_000_000))
    assert told(load(file))["Scripts"] == before
    file.write_text(TEXT + "#\n")
    assert told(load(file))["Scripts"] != before


def test_a_package_counts_with_all_its_modules():
    book = next(s for s in scripts() if s.name == "book")
    names = {file.name for file in source_files([book])}
    assert {"__init__.py", "momentum.py", "prologue.py"} <= names


def test_the_date_is_the_one_that_is_given(file, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    assert told(load(file))["Date"] == "2001-09-09"
    for nonsense in ("", "yesterday", "-1", "9" * 30):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", nonsense)
        assert "Date" not in told(load(file))


def test_of_derivations_that_no_file_holds_there_is_no_command():
    assert set(told()) == {"Made with", "Engines"}


@pytest.mark.parametrize("evidence", ["folded", "line", "none"])
@pytest.mark.parametrize("written", [html, markdown, lambda d: markdown(d, MYST), tex])
def test_it_is_the_last_thing_in_a_document(file, written, evidence):
    text = written(document_of([load(file)], evidence=evidence)).partition("<script>")[0]
    plain = re.sub(r"\\allowbreak\{\}|\\textbackslash\{\}|\\", "", text)
    end = plain[-2600:]
    for part in (f"physsym {__version__}", "sha256", "physsym check", f"sympy {version('sympy')}"):
        assert part in end
    assert plain.count("Check again with") == 1


def test_a_digest_may_be_broken_over_lines_in_tex(file):
    text = tex(document_of([load(file)]))
    digest = re.search(r"sha256 \\texttt\{(.*?)\} of", text)[1]
    pieces = digest.split(r"\allowbreak{}")
    assert len("".join(pieces)) == 64
    assert max(map(len, pieces)) <= 16


@needs("nbformat", "document")
def test_it_is_the_last_cell_of_a_notebook():
    import json

    cells = json.loads(notebook(document_of([script("stale")])))["cells"]
    assert cells[-1]["cell_type"] == "markdown"
    assert f"physsym {__version__}" in "".join(cells[-1]["source"])
    assert "Check again with" in "".join(cells[-1]["source"])
