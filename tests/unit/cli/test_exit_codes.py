"""The exit codes of all commands are those of the table in the docs."""

import re
from pathlib import Path

import pytest

from physsym.__main__ import COMMANDS, main
from tests.support.tiers import in_tiers

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "reference-environment.md"
BROKEN = '''"""Broken."""
from physsym import *
from physsym.vocabulary import *
derivation = Derivation("broken", law({gamma * dot(x): -G}), (
    Step("Wrong.", Divide(gamma), law({dot(x): -G})),
))
'''
RULE = "x <- x - eta*grad(x)"
# For each command: arguments that end with 0, with 1 and with 2; None where the table says never.
CASES = {
    "document": ("derivations/newton.py --out {tmp}/out --format md", None, "nowhere.py"),
    "check": ("derivations/newton.py", "{tmp}/broken.py", "nowhere.py"),
    "show": ("newton", "{tmp}/broken.py", "nowhere"),
    "exercise": (
        "newton --leave-out 1 --answer 'm*dot(v) = -G; v = dot(x)'",
        "newton --leave-out 1 --answer 'm*dot(v) = G; v = dot(x)'",
        "newton --leave-out 99",
    ),
    "source": ("momentum", None, "nowhere"),
    "freeze": ("momentum --out {tmp}/momentum.py", None, "momentum --out {tmp}/momentum"),
    "run": ("momentum --steps 2", None, "momentum --set eta=-1"),
    "explorer": ("--out {tmp}/explorer.html", None, "--out {tmp}/explorer.txt"),
    "same": (
        f"'{RULE}' known:gradient_descent", f"'{RULE}' 'x <- x + eta*grad(x)'", f"'{RULE}' known:nothing",
    ),
    "identify": (f"'{RULE}'", None, "known:nothing"),
    "lift": (f"'{RULE}'", None, "nowhere.py:step"),
    "report": (f"'{RULE}'", None, "known:nothing"),
    "convert": (
        "--from torch --to keras lr=0.1 momentum=0.9",
        "--from quasi-hyperbolic --to keras alpha=0.1 beta=0.9 nu=0.7",
        "--from torch --to nothing lr=0.1 momentum=0.9",
    ),
    "doctor": ("python", None, "nowhere"),
    "certify": ("momentum --only-write --out {tmp}/out", None, "nowhere"),
}  # fmt: skip


def table(text):
    """Return the rows of the table of exit codes by command."""
    rows = re.findall(r"^\| `(\w+)`[^|]*\| ([^|]*) \| ([^|]*) \| ([^|]*) \|$", text, re.MULTILINE)
    return {name: cells for name, *cells in rows}


ROWS = table(PAGE.read_text())


def code_of(name, arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("physsym.cli.explorer.SHIPPED", ("gradient_descent",))  # a short page
    (tmp_path / "broken.py").write_text(BROKEN)
    given = [
        part or quoted for quoted, part in re.findall(r"'([^']*)'|(\S+)", arguments.format(tmp=tmp_path))
    ]
    return main([name, *given])


def test_each_command_has_a_row_and_says_all_three_codes():
    assert set(COMMANDS) <= set(ROWS)
    assert all(all(cells) and cells[0] != "never" for cells in ROWS.values())
    assert all((CASES[name][1] is None) or ROWS[name][1] != "never" for name in CASES)


@pytest.mark.parametrize(
    ("name", "code", "arguments"),
    in_tiers(
        [(name, code, given) for name, cases in CASES.items() for code, given in enumerate(cases) if given],
        fast=lambda case: case[:2] != ("identify", 0),  # see test_compare_rules
    ),
)
def test_a_command_ends_with_the_code_of_the_table(name, code, arguments, tmp_path, monkeypatch, capsys):
    assert code_of(name, arguments, tmp_path, monkeypatch) == code
    err = capsys.readouterr().err
    if code == 2:
        assert re.fullmatch(r"physsym: .+\n", err)


@pytest.mark.parametrize(
    "name", [n for n, cases in CASES.items() if cases[1] is None and ROWS[n][1] == "never"]
)
def test_what_never_fails_is_a_command_that_judges_nothing(name):
    assert name in ("document", "source", "freeze", "run", "explorer", "lift", "report")
