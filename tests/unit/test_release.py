"""The checks of a release find what is wrong with metadata, archives, the citation file and the changelog."""

import email
import io
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.support.release import (
    changelog_faults,
    citation_faults,
    example_faults,
    metadata_faults,
    sdist_faults,
    wheel_faults,
)

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CITATION = (ROOT / "CITATION.cff").read_text()
METADATA = f"""Metadata-Version: 2.4
Name: physsym
Version: {PROJECT["version"]}
Summary: A summary
Author: The authors
License-Expression: MIT
Requires-Python: {PROJECT["requires-python"]}
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


@pytest.mark.parametrize("entry", ["## [9.9.9]\n", "## [9.9.9] - soon\n", "## [9.9.8] - 2026-01-01\n"])
def test_a_release_without_a_dated_entry_is_found(entry):
    assert list(changelog_faults(entry, "9.9.9"))
    assert not list(changelog_faults("## [9.9.9] - 2026-01-01\n", "9.9.9"))


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
