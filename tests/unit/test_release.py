"""The checks of a release find what is wrong with metadata, archives, the citation file and the changelog."""

import email
import io
import re
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.support import release
from tests.support.release import (
    beside,
    changelog_faults,
    citation_faults,
    example_faults,
    interpreter,
    metadata_faults,
    oldest,
    sdist_faults,
    suite_faults,
    supported,
    trials,
    unreleased,
    wheel_faults,
)

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CITATION = (ROOT / "CITATION.cff").read_text()
NEWLINE = "\n"
METADATA = f"""Metadata-Version: 2.4
Name: physsym
Version: {PROJECT["version"]}
Summary: A summary
Author: The authors
License-Expression: MIT
License-File: LICENSE
Requires-Python: {PROJECT["requires-python"]}
{NEWLINE.join(f"Requires-Dist: {r}" for r in PROJECT["dependencies"])}
Requires-Dist: jax>=0.8; extra == 'jax'
{NEWLINE.join(f"Provides-Extra: {extra}" for extra in PROJECT["optional-dependencies"])}
Keywords: a,b
Classifier: Typing :: Typed
Description-Content-Type: text/markdown

# physsym
"""


def test_what_is_complete_has_no_faults():
    assert list(metadata_faults(email.message_from_string(METADATA), PROJECT)) == []
    assert list(citation_faults(CITATION, PROJECT["version"])) == []
    assert list(changelog_faults((ROOT / "CHANGELOG.md").read_text(), PROJECT["version"])) == []


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("License-Expression: MIT\n", "", "lack License-Expression"),
        ("Author: The authors\n", "", "lack Author"),
        (f"Version: {PROJECT['version']}", "Version: 0.0.1", "Version is 0.0.1"),
        ("License-File: LICENSE\n", "", "lack License-File"),
        ("Requires-Dist: rich", "Requires-Dist: poor", "differ in poor>=13, rich>=13"),
        ("Provides-Extra: plot\n", "", "differ in the extras plot"),
        ("# physsym\n", "# physsym\n[licence](LICENSE)\n", "leads to LICENSE, which is a file"),
        ("text/markdown", "text/plain", "README is not the description"),
        ("# physsym\n", "", "README is not the description"),
    ],
)
def test_a_fault_of_the_metadata_is_found(old, new, found):
    assert old in METADATA
    (fault,) = metadata_faults(email.message_from_string(METADATA.replace(old, new)), PROJECT)
    assert found in fault


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("cff-version: 1.2.0", "cff-version: 1.1.0", "not 1.2.0"),
        ("title:", "titel:", "lacks title"),
        ("title:", "titel:", "the key titel"),
        (f"version: {PROJECT['version']}", "version: 0.0.1", "says version 0.0.1"),
        ("date-released: ", "date-released: soon ", "is no date"),
    ],
)
def test_a_fault_of_the_citation_is_found(old, new, found):
    spoiled = (
        CITATION.replace(f"\n{old}", f"\n{new}")
        if not CITATION.startswith(old)
        else new + CITATION[len(old) :]
    )
    assert any(found in fault for fault in citation_faults(spoiled, PROJECT["version"]))


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        ("## [9.9.9]\n", "no dated entry of 9.9.9"),
        ("## [9.9.9] - soon\n", "has no date: soon"),
        ("## [9.9.9] - 2026-02-30\n", "has no date: 2026-02-30"),
        ("## [9.9.9] - 9999-01-01\n", "is of 9999-01-01, which is to come"),
        ("## [9.9.8] - 2026-01-01\n", "no dated entry of 9.9.9"),
        ("## [10.0.0] - 2026-01-02\n\n## [9.9.9] - 2026-01-01\n", "no dated entry of 9.9.9 above all"),
    ],
)
def test_a_release_without_a_dated_entry_is_found(entries, found):
    (fault,) = changelog_faults(entries, "9.9.9")
    assert found in fault
    assert not list(changelog_faults("## [Unreleased]\n\n## [9.9.9] - 2026-01-01\n", "9.9.9"))


def test_changes_that_no_version_has_are_counted():
    assert (
        unreleased("## [Unreleased]\n\n### Added\n\n- One,\n  longer.\n- Two.\n\n## [1.0] - x\n- Three.\n")
        == 2
    )
    assert unreleased("## [Unreleased]\n\n## [1.0] - x\n- Three.\n") == 0


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("[a](docs/a.md) and [b](https://b.org), [c](#c), <https://d.org>", ["docs/a.md"]),
        ("![seen](docs/page.png)", ["docs/page.png"]),
        ("[two\nlines](a.md)", ["a.md"]),
        ("[by reference][a]\n\n[a]: a.md", ["a.md"]),
        ("<img src='p.png'> and\n\n<a href=b.md>b</a>", ["p.png", "b.md"]),
        ("`[code](a.md)`\n\n    [code](a.md)\n", []),
    ],
)
def test_links_to_files_are_found(text, targets):
    assert list(beside(text)) == targets


def test_what_is_tried_is_what_is_supported(tmp_path, monkeypatch, capsys):
    assert supported(PROJECT)[0] == PROJECT["requires-python"].removeprefix(">=")
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert here in supported(PROJECT)
    assert interpreter(here) == sys.executable
    assert interpreter("3.1") is None
    sdist = tmp_path / "physsym.tar.gz"
    with tarfile.open(sdist, "w:gz") as archive:
        for name in ("physsym/__init__.py", "tests/unit/test_a.py"):
            archive.addfile(tarfile.TarInfo(f"physsym-0/{name}"), io.BytesIO())
    first, second, *_ = supported(PROJECT)
    monkeypatch.setattr(release, "interpreter", lambda version: None if version == second else f"py{version}")
    tried = list(trials(Path("wheel"), sdist, PROJECT, tmp_path))
    assert [(t.python, t.pins and t.pins.name) for t in tried[:3]] == [
        (sys.executable, "constraints.txt"), (f"py{first}", "oldest.txt"), (f"py{first}", None),
    ]  # fmt: skip
    assert f"py{second}" not in {t.python for t in tried}
    assert (
        capsys.readouterr().out
        == f"Python {second} is neither on the search path nor known to uv: not tried\n"
    )
    assert tried[1].tree is not None
    assert not (tried[1].tree / "physsym").exists()
    assert (tried[1].tree / "tests" / "unit" / "test_a.py").exists()


def test_a_stand_in_that_does_not_start_is_no_interpreter(tmp_path, monkeypatch):
    stand_in = tmp_path / "python3.99"
    stand_in.write_text("#!/bin/sh\nexit 127\n")
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert interpreter("3.99") is None
    stand_in.write_text("#!/bin/sh\necho 3.99\n")
    assert interpreter("3.99") == str(stand_in)


def test_the_oldest_versions_are_the_bounds():
    pins = oldest(PROJECT).splitlines()
    bound = next(r for r in PROJECT["dependencies"] if r.startswith("numpy")).split(">= ")[1]
    assert f"numpy=={bound}" in pins
    assert {p.split("==")[0] for p in pins} > {r.split()[0] for r in PROJECT["dependencies"]}
    with pytest.raises(ValueError, match="no oldest version is given for rich"):
        oldest(PROJECT | {"dependencies": ["numpy >= 1.26", "rich"]})
    with pytest.raises(ValueError, match="no oldest version is given for rich"):
        oldest(PROJECT | {"dependencies": ["rich >= 13, < 15"]})


@pytest.mark.slow
def test_a_test_that_fails_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(release, "TESTS", ["test_a.py"])
    (tmp_path / "test_a.py").write_text("def test_right():\n    assert 1 + 1 == 2\n")
    assert list(suite_faults(Path(sys.executable), tmp_path)) == []
    (tmp_path / "test_a.py").write_text("def test_wrong():\n    assert 1 + 1 == 3\n")
    (fault,) = suite_faults(Path(sys.executable), tmp_path)
    assert "FAILED test_a.py::test_wrong" in fault


def test_a_wheel_that_installs_more_is_found(tmp_path):
    wheel = tmp_path / "physsym.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("physsym/__init__.py", "")
        archive.writestr("physsym-0.dist-info/METADATA", METADATA)
    assert list(wheel_faults(wheel, PROJECT)) == []
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("derivations/__init__.py", "")
    assert list(wheel_faults(wheel, PROJECT)) == ["the wheel installs derivations, physsym"]


def test_an_sdist_that_lacks_something_is_found(tmp_path):
    sdist = tmp_path / "physsym.tar.gz"
    names = (
        "pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "CITATION.cff", "derivations/momentum.py",
    )  # fmt: skip
    with tarfile.open(sdist, "w:gz") as archive:
        for name in names[:-1]:
            archive.addfile(tarfile.TarInfo(f"physsym-0/{name}"), io.BytesIO())
    assert list(sdist_faults(sdist)) == ["the sdist lacks derivations/momentum.py"]


def test_an_example_that_is_false_is_found(tmp_path, monkeypatch):
    page = tmp_path / "page.md"
    page.write_text(">>> 1 + 1\n3\n")
    monkeypatch.setattr("tests.support.release.ROOT", tmp_path)
    monkeypatch.setattr("tests.support.release.EXAMPLES", [page])
    faults = list(example_faults(Path(sys.executable)))
    assert faults[0].startswith("page.md:\n")
    assert "Expected:\n    3" in faults[0]


def test_the_gate_is_run_on_every_supported_python():
    gate = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    (matrix,) = re.findall(r"^ +python: \[(.*)\]$", gate, re.MULTILINE)
    assert re.findall(r'"([\d.]+)"', matrix) == supported(PROJECT)
