"""A release: sdist and wheel are built, their metadata read, and the examples run from each, installed anew.

`python -m tests.support.release` builds into dist/ and exits with 1 where something is wrong.
It installs packages, for which it needs a package index.
"""

from __future__ import annotations

import email
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from datetime import date
from email.message import Message
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLES = [
    ROOT / "README.md",
    ROOT / "docs" / "index.md",
    *sorted((ROOT / "docs" / "tutorials").glob("*.md")),
]
RUN = "import doctest, sys; sys.exit(doctest.testfile(sys.argv[1], module_relative=False).failed)"
NEEDED = (
    "Name",
    "Version",
    "Summary",
    "License-Expression",
    "Requires-Python",
    "Author",
    "Keywords",
    "Classifier",
)
# The keys of the Citation File Format 1.2.0 at the top, with those that must be there.
CITATION_KEYS = {
    "abstract", "authors", "cff-version", "commit", "contact", "date-released", "doi", "identifiers",
    "keywords", "license", "license-url", "message", "preferred-citation", "references", "repository",
    "repository-artifact", "repository-code", "title", "type", "url", "version",
}  # fmt: skip
CITATION_NEEDED = {"authors", "cff-version", "message", "title"}


def metadata_faults(metadata: Message, project: dict[str, object]) -> Iterator[str]:
    """Yield what is missing in the metadata of a wheel, or is not what the project says."""
    yield from (f"the metadata lack {name}" for name in NEEDED if not metadata[name])
    for name, key in (("Name", "name"), ("Version", "version"), ("Requires-Python", "requires-python")):
        if metadata[name] != project[key]:
            yield f"{name} is {metadata[name]}, and {project[key]} in pyproject.toml"
    if metadata["Description-Content-Type"] != "text/markdown" or not str(metadata.get_payload()).strip():
        yield "README is not the description"


def citation_faults(text: str, version: str) -> Iterator[str]:
    """Yield what is wrong with CITATION.cff."""
    top = dict(re.findall(r"^([\w-]+): *(.*)$", text, re.MULTILINE))
    yield from (f"CITATION.cff lacks {key}" for key in sorted(CITATION_NEEDED - set(top)))
    unknown = sorted(set(top) - CITATION_KEYS)
    yield from (f"CITATION.cff has the key {key}, which the format does not know" for key in unknown)
    if top.get("cff-version") != "1.2.0":
        yield "the version of the format in CITATION.cff is not 1.2.0"
    if top.get("version") != version:
        yield f"CITATION.cff says version {top.get('version')}, the package {version}"
    try:
        date.fromisoformat(top.get("date-released", "").strip('"'))
    except ValueError:
        yield f"date-released of CITATION.cff is no date: {top.get('date-released')}"


def changelog_faults(text: str, version: str) -> Iterator[str]:
    """Yield what is wrong with the changelog: a release has an entry with a date."""
    if not re.search(rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d$", text, re.MULTILINE):
        yield f"CHANGELOG.md has no dated entry of {version}"


def wheel_faults(wheel: Path, project: dict[str, object]) -> Iterator[str]:
    """Yield what is wrong with a wheel: its metadata, and what it installs beside `physsym`."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (name,) = (n for n in names if n.endswith(".dist-info/METADATA"))
        yield from metadata_faults(email.message_from_bytes(archive.read(name)), project)
    folders = {n.split("/")[0] for n in names} - {name.split("/")[0]}
    if folders != {"physsym"}:
        yield f"the wheel installs {', '.join(sorted(folders))}"


def sdist_faults(sdist: Path) -> Iterator[str]:
    """Yield what an sdist lacks of what somebody needs to build, test and cite it."""
    with tarfile.open(sdist) as archive:
        there = {name.partition("/")[2] for name in archive.getnames()}
    for name in (
        "pyproject.toml",
        "hatch_build.py",
        "README.md",
        "LICENSE",
        "CITATION.cff",
        "derivations/momentum.py",
    ):
        if name not in there:
            yield f"the sdist lacks {name}"


def environment(folder: Path, artefact: Path) -> Path:
    """Install a wheel or an sdist with what the examples need in a clean environment; return its Python."""
    venv.create(folder, with_pip=False)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    wanted = [f"{artefact}[document,fast]", "pytest"]
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run([*command, "--constraint", str(ROOT / "constraints.txt"), *wanted], check=True)
    return python


def run(python: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in an empty folder, where nothing but what is installed is found."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run(
            [python, *arguments], cwd=folder, env=clean, capture_output=True, text=True, check=False
        )


def example_faults(python: Path) -> Iterator[str]:
    """Yield which pages have an example that does not do what it says, and where the command fails."""
    for page in EXAMPLES:
        done = run(python, "-c", RUN, str(page))
        if done.returncode:
            yield f"{page.relative_to(ROOT)}:\n{done.stdout}{done.stderr}"
    done = run(python, "-m", "physsym", "doctor", "document", "fast")
    if done.returncode:
        yield f"physsym doctor:\n{done.stdout}{done.stderr}"


def main() -> int:
    """Build and check a release; return 1 where something is wrong."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    version, out = str(project["version"]), ROOT / "dist"
    for old in out.glob(f"physsym-{version}*"):
        old.unlink()
    build = [sys.executable, "-m", "build", "--outdir", str(out), str(ROOT)]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    (wheel,), (sdist,) = out.glob(f"physsym-{version}-*.whl"), out.glob(f"physsym-{version}.tar.gz")
    faults = [
        *wheel_faults(wheel, project),
        *sdist_faults(sdist),
        *citation_faults((ROOT / "CITATION.cff").read_text(encoding="utf-8"), version),
        *changelog_faults((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), version),
    ]
    for artefact in (wheel, sdist):
        with tempfile.TemporaryDirectory() as folder:
            found = list(example_faults(environment(Path(folder), artefact)))
        print(f"{artefact.name}: {len(EXAMPLES)} pages of examples run, {len(found)} faults", flush=True)
        faults += found
    print(*faults, sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
