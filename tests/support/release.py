"""A release: sdist and wheel are built and read, and tried on the Pythons and dependencies that they support.

`python -m tests.support.release` builds into dist/ and exits with 1 where something is wrong. It installs
packages, for which it needs a package index. Of the supported Pythons it takes those that it finds on the
search path or by uv, and says which are missing.
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
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from email.message import Message
from pathlib import Path
from shutil import rmtree, which
from typing import Any

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
EXAMPLES = [
    ROOT / "README.md",
    ROOT / "docs" / "index.md",
    *sorted((ROOT / "docs" / "tutorials").glob("*.md")),
]
RUN = "import doctest, sys; sys.exit(doctest.testfile(sys.argv[1], module_relative=False).failed)"
VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"
EXTRAS = ("document", "fast", "simulate")  # what the examples and the tests below need
TESTS = [
    f"tests/unit/{name}"
    for name in (
        "core",
        "printing",
        "runtime",
        "verify/test_moves.py",
        "verify/test_engines.py",
        "verify/test_solver_process.py",
    )
]
NEEDED = (
    "Name",
    "Version",
    "Summary",
    "License-Expression",
    "License-File",
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


def metadata_faults(metadata: Message, project: dict[str, Any]) -> Iterator[str]:
    """Yield what is missing in the metadata of a wheel, or is not what the project says."""
    yield from (f"the metadata lack {name}" for name in NEEDED if not metadata[name])
    for name, key in (("Name", "name"), ("Version", "version"), ("Requires-Python", "requires-python")):
        if metadata[name] != project[key]:
            yield f"{name} is {metadata[name]}, and {project[key]} in pyproject.toml"
    asked = {plain(r) for r in metadata.get_all("Requires-Dist", []) if "extra ==" not in r}
    if differing := asked ^ {plain(r) for r in project["dependencies"]}:
        yield f"the wheel and pyproject.toml differ in {', '.join(sorted(differing))}"
    if differing := {*metadata.get_all("Provides-Extra", [])} ^ {*project["optional-dependencies"]}:
        yield f"the wheel and pyproject.toml differ in the extras {', '.join(sorted(differing))}"
    description = str(metadata.get_payload())
    if metadata["Description-Content-Type"] != "text/markdown" or not description.strip():
        yield "README is not the description"
    yield from (
        f"the description leads to {target}, which is a file beside it" for target in beside(description)
    )


def plain(requirement: str) -> str:
    """Return a requirement without spaces, in one spelling."""
    return re.sub(r"\s+", "", requirement).replace("_", "-").replace('"', "'").lower()


def beside(description: str) -> Iterator[str]:
    """Yield the targets of links and pictures that are files: an index shows the description without them."""
    for block in MarkdownIt().parse(description):
        for part in (block, *(block.children or ())):
            targets = [part.attrGet("href"), part.attrGet("src")]
            if part.type.startswith("html"):
                targets += re.findall(r"(?:href|src)\s*=\s*[\"']?([^\s\"'>]+)", part.content)
            yield from (str(t) for t in targets if t and not re.match(r"https?:|mailto:|#", str(t)))


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
    """Yield what is wrong with the changelog: the newest entry with a date is that of the release."""
    newest = re.search(r"^## \[(\d[^]]*)\] - (\S+)$", text, re.MULTILINE)
    if newest is None or newest[1] != version:
        yield f"CHANGELOG.md has no dated entry of {version} above all others"
        return
    try:
        dated = date.fromisoformat(newest[2])
    except ValueError:
        yield f"the entry of {version} in CHANGELOG.md has no date: {newest[2]}"
    else:
        if dated > date.today():
            yield f"the entry of {version} in CHANGELOG.md is of {dated}, which is to come"


def unreleased(text: str) -> int:
    """Return how many changes the changelog lists that no version has."""
    part = re.search(r"^## \[Unreleased\]$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return len(re.findall(r"^- ", part[1], re.MULTILINE)) if part else 0


def wheel_faults(wheel: Path, project: dict[str, Any]) -> Iterator[str]:
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


@dataclass(frozen=True)
class Trial:
    """What is installed, by which Python, in which versions, and the tree with tests to run, if any."""

    title: str
    artefact: Path
    python: str
    pins: Path | None = None
    tree: Path | None = None


def supported(project: dict[str, Any]) -> list[str]:
    """Return the versions of Python that the classifiers name, the oldest first."""
    return re.findall(r"Python :: (\d+\.\d+)$", "\n".join(project["classifiers"]), re.MULTILINE)


def interpreter(version: str) -> str | None:
    """Return a Python of a version: the running one, one on the search path, or one that uv knows."""
    found = [sys.executable, which(f"python{version}")]
    if uv := which("uv"):
        find = [uv, "python", "find", "--no-python-downloads", version]
        found.append(subprocess.run(find, capture_output=True, text=True, check=False).stdout.strip())
    for python in filter(None, found):  # one on the path may be a stand-in that does not start
        done = subprocess.run([python, "-c", VERSION], capture_output=True, text=True, check=False)
        if done.stdout.strip() == version:
            return python
    return None


def oldest(project: dict[str, Any]) -> str:
    """Return constraints that allow of each dependency the oldest version that the project asks for alone."""
    extras = project["optional-dependencies"]
    listed = [*project["dependencies"], *(r for extra in EXTRAS for r in extras[extra])]
    bounds = {r: re.match(r"([\w.-]+) *>= *([\d.]+)(?=$|[ ;])", r) for r in listed}
    if unbounded := [r for r, bound in bounds.items() if bound is None]:
        raise ValueError(
            f"no oldest version is given for {', '.join(unbounded)}; write it as in 'numpy >= 1.26'"
        )
    return "".join(sorted({f"{bound[1]}=={bound[2]}\n" for bound in bounds.values() if bound}))


def environment(folder: Path, trial: Trial, group: Sequence[str]) -> Path:
    """Install what is tried, with what examples and tests need, in a clean environment; return its Python."""
    subprocess.run([trial.python, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    pins = ["--constraint", str(trial.pins)] if trial.pins else []
    wanted = [f"{trial.artefact}[{','.join(EXTRAS)}]", *group]
    subprocess.run([*command, *pins, *wanted], check=True)
    return python


def run(python: Path, *arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder, by default an empty one, where nothing but what is installed is found."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    with tempfile.TemporaryDirectory() as empty:
        return subprocess.run(
            [python, *arguments], cwd=folder or empty, env=clean, capture_output=True, text=True, check=False
        )


def example_faults(python: Path) -> Iterator[str]:
    """Yield which pages have an example that does not do what it says, and where the command fails."""
    for page in EXAMPLES:
        done = run(python, "-c", RUN, str(page))
        if done.returncode:
            yield f"{page.relative_to(ROOT)}:\n{done.stdout}{done.stderr}"
    done = run(python, "-m", "physsym", "doctor", *EXTRAS)
    if done.returncode:
        yield f"physsym doctor:\n{done.stdout}{done.stderr}"


def suite_faults(python: Path, tree: Path) -> Iterator[str]:
    """Yield the tests that fail in a tree of the sources without the package, which is the installed one."""
    done = run(python, "-m", "pytest", "-q", "-n", "auto", "-p", "no:cacheprovider", *TESTS, folder=tree)
    if done.returncode:
        yield f"tests: status {done.returncode}\n{done.stdout[-10000:]}{done.stderr[-10000:]}"


def source_tree(sdist: Path, folder: Path) -> Path:
    """Extract an sdist without the package."""
    with tarfile.open(sdist) as archive:
        # Filters have been there since Python 3.11.4.
        archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, path: member)
        archive.extractall(folder)
    (tree,) = folder.iterdir()
    rmtree(tree / "physsym")
    return tree


def trials(wheel: Path, sdist: Path, project: dict[str, Any], folder: Path) -> Iterator[Trial]:
    """Yield what is to be tried; print which Pythons are not there."""
    tree = source_tree(sdist, folder / "tree")
    yield Trial("as in constraints.txt", sdist, sys.executable, pins=ROOT / "constraints.txt")
    for k, version in enumerate(supported(project)):
        python = interpreter(version)
        if python is None:
            print(f"Python {version} is neither on the search path nor known to uv: not tried", flush=True)
            continue
        if k == 0:
            pins = folder / "oldest.txt"
            pins.write_text(oldest(project), encoding="utf-8")
            yield Trial(f"the oldest versions, Python {version}", wheel, python, pins, tree)
        yield Trial(f"the newest versions, Python {version}", wheel, python, None, tree)


def built(version: str) -> tuple[Path, Path]:
    """Build wheel and sdist into dist/."""
    out = ROOT / "dist"
    for old in out.glob(f"physsym-{version}*"):
        old.unlink()
    build = [sys.executable, "-m", "build", "--outdir", str(out), str(ROOT)]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    (wheel,), (sdist,) = out.glob(f"physsym-{version}-*.whl"), out.glob(f"physsym-{version}.tar.gz")
    return wheel, sdist


def main() -> int:
    """Build and check a release; return 1 where something is wrong."""
    text = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project, group = text["project"], text["dependency-groups"]["test"]
    version = str(project["version"])
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    wheel, sdist = built(version)
    faults = [
        *wheel_faults(wheel, project),
        *sdist_faults(sdist),
        *citation_faults((ROOT / "CITATION.cff").read_text(encoding="utf-8"), version),
        *changelog_faults(changelog, version),
    ]
    print("archives, metadata, CITATION.cff and CHANGELOG.md are read", *faults, sep="\n", flush=True)
    with tempfile.TemporaryDirectory() as name:
        for k, trial in enumerate(trials(wheel, sdist, project, Path(name))):
            python = environment(Path(name) / str(k), trial, group)
            found = [*example_faults(python), *(suite_faults(python, trial.tree) if trial.tree else ())]
            done = f"{len(EXAMPLES)} pages of examples{' and tests' if trial.tree else ''} run"
            print(f"{trial.artefact.name}, {trial.title}: {done}", *found, sep="\n", flush=True)
            faults += found
    if waiting := unreleased(changelog):
        print(f"CHANGELOG.md lists {waiting} changes under Unreleased, which version {version} does not name")
    print(f"{len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
