"""The examples of the how-to pages run, local links lead somewhere, and the map shows the layers."""

import doctest
import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest

from physsym.__main__ import main
from tests.support.tiers import in_tiers

ROOT = Path(__file__).parents[2]
FOLDERS = ("tutorials", "how-to", "explanation")
PAGES = [ROOT / "docs" / "index.md", *(p for f in FOLDERS for p in sorted((ROOT / "docs" / f).glob("*.md")))]
LINK = re.compile(r"(?<!\\)\]\(([^()\s]+)\)")
CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.MULTILINE | re.DOTALL)


# Pages and commands that compare with every published rule, or report, draw or audit all of something.
LONG_PAGES = {"are-two-optimizers-the-same", "read-the-law-of-an-optimizer", "read-a-report"}
LONG_COMMANDS = ("physsym identify ", "physsym explorer --out", "physsym audit docs/lectures")


@pytest.mark.parametrize(
    "page", in_tiers(PAGES, fast=lambda page: page.stem not in LONG_PAGES), ids=lambda page: page.stem
)
def test_the_examples_of_a_page_are_true(page):
    result = doctest.testfile(str(page), module_relative=False)
    assert result.failed == 0


def test_there_are_examples_and_a_false_one_is_caught(tmp_path):
    text = (ROOT / "docs" / "how-to" / "modified-equations.md").read_text()
    assert text.count(">>>") > 20
    spoiled = tmp_path / "page.md"
    spoiled.write_text(text.replace("3*eta*grad(x)**2/4", "2*eta*grad(x)**2/4"))
    assert doctest.testfile(str(spoiled), module_relative=False, report=False).failed == 1


SESSION = re.compile(r"^```text\n(\$ physsym .*?)^```", re.MULTILINE | re.DOTALL)


def sessions(text):
    """Return the commands that a page shows, each with the output that it shows below."""
    found = []
    for block in SESSION.findall(text):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output.rstrip("\n")))
    return found


@pytest.fixture
def in_a_copy(tmp_path, monkeypatch):
    """Work in a folder that has everything of the repository, and into which a command may write."""
    for entry in ROOT.iterdir():
        (tmp_path / entry.name).symlink_to(entry)
    monkeypatch.chdir(tmp_path)


def output_of(command, capsys, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    main(shlex.split(command)[1:])
    return capsys.readouterr().out.rstrip("\n")


def is_shown(expected, output):
    """Return whether an output is the one that a page shows, where `...` stands for any lines."""
    pattern = re.escape(expected).replace(re.escape("\n...\n"), r"\n(?:.*\n)*?")
    return re.fullmatch(
        pattern.removesuffix(re.escape("\n...")) + r"(?:\n.*)*" * expected.endswith("\n..."), output
    )


SHOWN = [
    pytest.param(
        command,
        output,
        id=f"{page.stem}: {command}",
        marks=[pytest.mark.slow] * command.startswith(LONG_COMMANDS),
    )
    for page in (*PAGES, ROOT / "README.md")
    for command, output in sessions(page.read_text())
]


@pytest.mark.usefixtures("in_a_copy")
@pytest.mark.parametrize(("command", "expected"), SHOWN)
def test_the_output_that_a_page_shows_is_that_of_the_command(command, expected, capsys, monkeypatch):
    assert is_shown(expected, output_of(command, capsys, monkeypatch))


def test_an_output_that_is_not_that_of_the_command_is_caught():
    assert is_shown("a\n...\nb", "a\n1\n2\nb")
    assert is_shown("a\n...\nb\n...", "a\nb\nc")
    for output in ("a\n1\nb\nc", "x\na\nb", "a\nbb", "b"):
        assert not is_shown("a\n...\nb", output)
    assert sessions("```text\n$ physsym a\n1\n2\n$ physsym b\n3\n```\n") == [
        ("physsym a", "1\n2"),
        ("physsym b", "3"),
    ]


def anchors(text):
    """Return the anchors of the headings of a page, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"(?ms)^```.*?^```", "", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page):
    """Return the local links of a page that lead nowhere."""
    broken = []
    for target in LINK.findall(CODE.sub("", page.read_text(encoding="utf-8"))):
        file, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        path = page.parent / file if file else page
        if not path.exists() or (anchor and anchor not in anchors(path.read_text(encoding="utf-8"))):
            broken.append(target)
    return broken


def pages():
    tracked = subprocess.run(
        ["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split()
    return [ROOT / name for name in tracked] or [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def test_links_lead_somewhere():
    found = {page: broken_links(page) for page in pages() if "golden" not in page.parts}
    assert len(found) > 20
    assert not {page: links for page, links in found.items() if links}


def test_links_that_lead_nowhere_are_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# A page\n[a](page.md) [b](#a-page) [c](gone.md) [d](page.md#gone) [e](https://example.org)"
        "\n```\n[f](code.md)\n```\n[g](also.md) `[h](code.md)`"
    )
    assert broken_links(page) == ["gone.md", "page.md#gone", "also.md"]


def test_every_page_is_in_the_map():
    text = (ROOT / "docs" / "README.md").read_text()
    linked = set(LINK.findall(text))
    there = {str(p.relative_to(ROOT / "docs")) for p in (ROOT / "docs").rglob("*.md")} - {"README.md"}
    assert there <= linked


def test_the_map_shows_the_layers_of_the_import_contract():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = (c["layers"] for c in contracts if c["type"] == "layers")
    text = (ROOT / "docs" / "README.md").read_text()
    table = text.partition("| packages |")[2].partition("\n\n")[0]
    shown = [set(re.findall(r"`(\w+)`", row.split(" | ")[0])) for row in table.splitlines()[2:]]
    assert shown == [set(re.findall(r"\w+", layer)) for layer in layers]
