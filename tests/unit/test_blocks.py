"""Every block of code of every page is run, compared with a command's output, or read as a command."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from physsym.__main__ import COMMANDS, parser
from tests.support.pages import blocks
from tests.unit.test_docs import PAGES as WITH_EXAMPLES
from tests.unit.test_docs import sessions
from tests.unit.test_recipes import PAGES as WITH_RECIPES

ROOT = Path(__file__).parents[2]
GENERATED = ("findings.md", "benchmarks.md", "mutants.md", "oracle.md", "targets.md")  # written by programs
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *(p for p in sorted((ROOT / "docs").rglob("*.md")) if p.name not in GENERATED),
]
# Pages whose scripts are run by these tests, each in the environment that it needs.
SCRIPTS = {
    "distribute.md": "tests/support/distributed.py",
    "use-with-optax-and-torch.md": "tests/unit/adapters/test_how_to.py",
    "lift-an-optimizer.md": "tests/unit/optimizers/test_lift_optax.py",
    "test-your-optimizer.md": "tests/unit/adapters/test_how_to.py",
}
# What a shell is told beside commands of this package: to install, to make, to run the scripts above.
SHELL = ("make", "python", "pip", "apt-get", "torchrun", "export", "for", "wait", "physsym")
LANGUAGES = ("python", "text", "sh", "toml", "yaml", "math")


def commands(code):
    """Return the command lines of this package in a piece of shell, each without its redirections."""
    code = code.replace("\\\n", " ")
    parts = (part.strip() for line in code.splitlines() for part in re.split(r"&&|\|\||;(?= )|\|", line))
    return [part.removeprefix("$ ") for part in parts if re.match(r"(\$ )?physsym\b", part)]


def unread(command):
    """Return why the command line does not take a command, or an empty text."""
    words = shlex.split(command, comments=True)[1:]
    try:
        parser().parse_args(words)
    except SystemExit as error:
        return "" if error.code == 0 else f"{command} is not a command"
    return ""


def fault(page, language, code):
    """Return what is wrong with a block of a page: nothing where it is run or read."""
    if language not in LANGUAGES and not language.startswith("{"):
        return f"the language {language!r} is not known here"
    return KINDS.get(language, lambda *_: "")(page, code)


def fault_of_python(page, code):
    if ">>> " in code:
        return "" if page in (*WITH_EXAMPLES, ROOT / "README.md") else "its examples are not run"
    if re.match(r"# \S+\.py\n", code):
        used = SCRIPTS.get(page.name)
        return "" if used and page.name in (ROOT / used).read_text() else "its script is not run"
    if code.startswith("# picture: "):
        return "" if page.name == "gallery.md" else "only the gallery draws"
    return "" if page in WITH_RECIPES else "it is not run: write it with >>> and what it prints"


def fault_of_text(page, code):
    if code.startswith("$ physsym"):
        return (
            ""
            if page in (*WITH_EXAMPLES, ROOT / "README.md") and sessions(f"```text\n{code}```\n")
            else "not compared"
        )
    if "[PATH ...]" in code:  # the list of commands
        named = re.findall(r"^physsym (\w+)", code, re.MULTILINE)
        return "" if named == list(dict.fromkeys(named)) and set(named) == set(COMMANDS) else "commands"
    lines = code.splitlines()
    if all(line.startswith("physsym ") for line in lines):
        return "".join(unread(re.split(r"\s{3,}", line)[0]) for line in lines)
    return "it is neither a command with its output nor a list of commands"


def fault_of_shell(page, code):
    first = {
        re.sub(r"^(\w+=\S+ )+", "", line).split(" ")[0]
        for line in code.replace("\\\n", "").splitlines()
        if line
    }
    strange = {word for word in first if word not in SHELL and not word.startswith(("#", " ", "done"))}
    wrong = [found for command in commands(code) if (found := unread(command))]
    return "; ".join([*wrong, *(f"the shell is told {word}" for word in sorted(strange))])


def fault_of_toml(page, code):
    tomllib.loads(re.sub(r"(?m)^  ", "", code))
    return ""


KINDS = {
    "python": fault_of_python, "text": fault_of_text, "sh": fault_of_shell, "toml": fault_of_toml,
}  # fmt: skip


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_block_is_run_or_read(page):
    text = page.read_text(encoding="utf-8")
    found = [(line, why) for line, language, code in blocks(text) if (why := fault(page, language, code))]
    assert found == []
    assert len(re.findall(r"^ *```", text, re.MULTILINE)) == 2 * len(blocks(text))
    indented = re.findall(
        r"^    (?:\$ |physsym |>>> ).*", re.sub(r"(?ms)^ *```.*?^ *```", "", text), re.MULTILINE
    )
    assert indented == []


@pytest.mark.parametrize(
    ("language", "code", "why"),
    [
        ("python", "x = 1\n", "not run"),
        ("python", "# gone.py\nx = 1\n", "script is not run"),
        ("python", "# picture: one\n", "only the gallery"),
        ("text", "some words\n", "neither"),
        ("text", "physsym shw momentum\n", "not a command"),
        ("sh", "physsym show --loud momentum\n", "not a command"),
        ("sh", "make docs && physsym chek\n", "not a command"),
        ("sh", "curl https://example.org\n", "curl"),
        ("ruby", "1\n", "ruby"),
    ],
)
def test_a_block_that_nothing_runs_is_found(language, code, why):
    assert why in fault(ROOT / "docs" / "how-to" / "time.md", language, code)


def test_examples_on_a_page_that_nobody_runs_are_found():
    assert "not run" in fault(ROOT / "docs" / "migration.md", "python", ">>> 1\n1\n")


def test_every_command_has_a_page_that_shows_it():
    table = (ROOT / "docs" / "reference" / "commands.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", table, re.MULTILINE)
    assert [name for name, _ in rows] == list(COMMANDS)
    for name, links in rows:
        for target in re.findall(r"\]\(([^)#]+)", links):
            page = (ROOT / "docs" / "reference" / target).resolve()
            shown = [
                c
                for _, language, code in blocks(page.read_text())
                if language in ("text", "sh")
                for c in commands(code)
            ]
            assert any(c.split()[1:2] == [name] for c in shown), (name, page.name)
