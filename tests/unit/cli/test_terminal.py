"""What the commands print: its width, its signs and its colours, and what is said once."""

import os
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from physsym.__main__ import main
from physsym.cli.check import common_beginning
from physsym.cli.columns import Line, labelled, table, text_width, wrapped
from physsym.cli.terminal import verdict_line
from physsym.core.verdicts import Condition, Hypothesis, Order, Outcome, Verdict, fails, holds, undecided
from physsym.loading import script
from physsym.verify.equivalence import same_law
from physsym.vocabulary import dt, m
from tests.support.tiers import in_tiers

ROOT = Path(__file__).parents[3]
BROKEN = '''"""Broken."""
from physsym import *
from physsym.vocabulary import *
derivation = Derivation("broken", damped_particle.law(), (
    Step("Wrong.", Divide(gamma), gives=law({m * dot(dot(x)): -G / gamma - dot(x)})),
))
'''


def run(capsys, *arguments):
    code = main([str(a) for a in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def columns_of(line):
    """Return the columns of a line, by the character database alone."""
    wide = {"W": 2, "F": 2}
    return sum(
        wide.get(unicodedata.east_asian_width(c), 1)
        for c in line
        if unicodedata.category(c) not in ("Mn", "Cf")
    )


# ------------------------------------------------------------------ the width


@pytest.mark.parametrize("width", in_tiers([60, 80, 100], fast=[60]))
@pytest.mark.parametrize(
    "command",
    [["check", "derivations/momentum.py"], ["check", "-v", "derivations/newton.py"], ["show", "momentum"],
     ["show", "friction", "--face", "learning", "-v"], ["show", "gradient_descent"],
     ["report", "known:heavy_ball"], ["same", "-v", "known:heavy_ball", "known:quasi_hyperbolic"],
     ["convert", "--from", "torch", "--to", "keras", "lr=0.01", "momentum=0.9"], ["lift", "known:adam"],
     ["run", "known:adam"]],
    ids=" ".join,
)  # fmt: skip
def test_no_line_is_longer_than_the_terminal(capsys, monkeypatch, command, width):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", str(width))
    code, out, _ = run(capsys, *command)
    assert code == 0
    assert max(map(columns_of, out.splitlines())) <= width
    if command[0] in ("check", "show"):
        assert max(map(columns_of, out.splitlines())) > width - 15  # it is used, too


def test_what_certify_says_is_reflowed(capsys, monkeypatch, tmp_path):
    from physsym.certificates import COVERED

    for width in (60, 100):
        monkeypatch.setenv("COLUMNS", str(width))
        _, out, _ = run(capsys, "certify", "newton", "--only-write", "--out", tmp_path)
        lines = [line for line in out.splitlines() if not line.startswith("wrote")]
        assert max(map(columns_of, lines)) <= width
        assert " ".join(COVERED.split()) in " ".join(out.split())


@pytest.mark.parametrize(
    ("first", "second", "sign"),
    [("known:heavy_ball", "known:quasi_hyperbolic", "✓"), ("known:heavy_ball", "known:nesterov", "◐"),
     ("known:optimistic", "known:gradient_descent", "✗")],
)  # fmt: skip
def test_an_answer_on_two_rules_has_the_sign_of_its_verdict(capsys, first, second, sign):
    _, out, _ = run(capsys, "same", first, second)
    (answer,) = [line for line in out.splitlines() if line.endswith(".") and "ame" in line[:15]]
    assert answer[:2] == f"{sign} "


def test_without_a_terminal_a_line_has_80_columns(capsys, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    _, out, _ = run(capsys, "show", "momentum")
    assert 70 < max(map(columns_of, out.splitlines())) <= 80


def test_a_title_in_wide_letters_is_counted_as_it_is_shown(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    (tmp_path / "wide.py").write_text(
        BROKEN.replace("Wrong.", "力 は 質 量 と 加 速 度 の 積 で あ る " * 4).replace("gives=law", "law")
        .replace("{m *", "{m / gamma *"),
        encoding="utf-8",
    )  # fmt: skip
    code, out, _ = run(capsys, "show", tmp_path / "wide.py")
    assert code == 0
    assert 45 < max(map(columns_of, out.splitlines())) <= 60


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("二", 2), ("x\u0304", 1), ("𝐱ₜ₊₁", 4), ("ａ", 2)])
def test_columns_are_counted(text, columns):
    assert text_width(text) == columns


def test_a_text_is_broken_at_spaces_and_never_in_a_relation():
    text = "holds for rho < 1 and averyverylongword that is whole"
    lines = wrapped(text, 16, "> ", "  ")
    assert " ".join(line.strip("> ") for line in lines) == text
    assert all(len(line) <= 16 or "averyverylongword" in line for line in lines)
    assert any("rho < 1" in line for line in lines)


def test_labels_and_verdicts_stand_in_columns_of_their_own(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    rows = table(
        [
            ("12 a label that is long", Line("", "✓", "", " given a condition that is long")),
            ("b", Line("", "✗")),
        ]
    )
    assert len(rows) == 2
    column = str(rows[0][0]).index("✓")
    assert str(rows[1][0]).index("✗") == column
    assert all(
        not str(line)[:column].strip() or str(line)[column - 2 : column] == "  "
        for row in rows
        for line in row
    )
    assert (
        len({line.index("value") for line in labelled([("a", ["value"]), ("longer", ["value", "value"])])})
        == 1
    )


# ------------------------------------------------------------------ verdicts


TAKEN = (Condition(m, "!= 0"), Hypothesis("the potential is smooth"))


@pytest.mark.parametrize(
    ("verdict", "brief", "verbose"),
    [
        (holds("both agree"), "✓", "✓ both agree"),
        (Verdict(Outcome.HOLDS, ("seen",), TAKEN[:1]), "✓ given m != 0", "✓ given m != 0: seen"),
        (Verdict(Outcome.HOLDS, ("seen",), error=Order(dt, 1)), "✓ up to O(dt)", "✓ up to O(dt): seen"),
        (Verdict(Outcome.CONDITIONAL, ("seen",), TAKEN[1:]), "◐ conditional, given the potential is smooth",
         "◐ conditional, given the potential is smooth: seen"),
        (fails("they differ by m", witness="m = 1: 1 against 0"),)
        + ("✗ fails: they differ by m [m = 1: 1 against 0]",) * 2,
        (undecided("no engine knows"),) + ("? undecidable: no engine knows",) * 2,
        (Verdict(Outcome.UNCHECKED, ("no check",)),) + ("? unchecked: no check",) * 2,
    ],
)  # fmt: skip
def test_a_verdict_is_one_line(verdict, brief, verbose):
    assert str(verdict_line(verdict)) == brief
    assert str(verdict_line(verdict, verbose=True)) == verbose


def test_evidence_is_shown_if_it_is_asked_for(capsys):
    for command in ("check", "show"):
        name = "newton" if command == "show" else "derivations/newton.py"
        brief, full = (run(capsys, command, *flag, name)[1] for flag in ((), ("-v",)))
        assert "finite field" not in brief
        assert "finite field" in full


def test_a_failing_step_says_what_its_move_gives(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    path = tmp_path / "broken.py"
    path.write_text(BROKEN)
    for command in ("check", "show"):
        code, out, _ = run(capsys, command, path)
        assert code == 1
        given = re.search(r"the move gives +(.*)\n", out)[1]
        assert same_law(given, "m*x''/gamma = -x' - G/gamma")
        assert re.search(r"difference +the equation differs by m\*x''\*\(gamma - 1\)/gamma\n", out)
        assert "divide by gamma" in out
    path.write_text(BROKEN.replace("{m *", "{m / gamma *"))
    assert "the move gives" not in run(capsys, "check", path)[1]


def test_a_move_that_cannot_be_carried_out_gives_no_line(capsys, tmp_path):
    path = tmp_path / "stuck.py"
    path.write_text(BROKEN.replace("Divide(gamma)", "Limit(tau)"))
    code, out, _ = run(capsys, "check", path)
    assert (code, "the move gives" in out) == (1, False)


# ------------------------------------------------------------------ what is said first, and once


def test_the_summary_comes_first(capsys):
    _, out, _ = run(capsys, "check", "derivations/momentum.py")
    assert [line.split()[-1] for line in out.splitlines()[:2]] == ["hold", "holds"]
    _, out, _ = run(capsys, "show", "gradient_descent")
    assert out.splitlines()[:2] == ["Gradient descent", "6 steps checked, all hold; error O(tau) + O(dt)"]


def test_a_common_beginning_is_written_once(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    for command, name in (("check", "derivations/momentum.py"), ("show", "momentum")):
        _, out, _ = run(capsys, command, name)
        assert out.count("divide by gamma") == 1
        assert out.count("the start and the first 7 steps are those of Momentum") + out.count(
            "The first 7 steps are those of Momentum; they end with"
        ) == 2  # fmt: skip
        assert out.count("split into two laws") == 2  # one derivation has a beginning of its own


def test_a_beginning_is_common_only_with_the_same_verdicts(tmp_path):
    path = tmp_path / "two.py"
    other = "other = Derivation('other', derivation.start, derivation.steps)\n"
    path.write_text(BROKEN + other + "third = derivation.then(Step('More.', Multiply(gamma)))\n")
    first, second, third = script(str(path)).derivations
    assert common_beginning(second, [first]) == (first, 1)
    assert common_beginning(third, [first, second])[1] == 1
    assert common_beginning(first, []) == (None, 0)
    momentum = script("momentum").derivations
    assert [common_beginning(d, momentum[:k])[1] for k, d in enumerate(momentum)] == [0, 7, 7, 0]


def test_assumptions_are_printed_by_what_they_are(capsys):
    _, out, _ = run(capsys, "show", "gradient_descent")
    ending = out[out.rindex("\n\n") :]
    derivation = script("gradient_descent").derivations[0]
    for assumption in derivation.assumptions:
        assert str(assumption.condition) in " ".join(ending.split())
    assert re.search(r"^assumed +the potential is smooth$", ending, re.MULTILINE)


# ------------------------------------------------------------------ encodings and colours


def printed(*command, **environment):
    env = {n: v for n, v in os.environ.items() if n not in ("NO_COLOR", "COLUMNS", "FORCE_COLOR")}
    env |= {"PYTHONPATH": str(ROOT), "TERM": "xterm", "TTY_COMPATIBLE": ""} | environment
    return subprocess.run(
        [sys.executable, "-m", "physsym", *command], capture_output=True, check=False, env=env, cwd=ROOT
    )


@pytest.mark.parametrize(
    "command", in_tiers([["check", "derivations/newton.py"], ["show", "newton"]], fast=[["show", "newton"]])
)
def test_an_output_without_the_signs_gets_ascii(command):
    done = printed(*command, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode("ascii")
    assert "ok" in text
    assert "\\u" not in text


@pytest.mark.parametrize("script", in_tiers(["newton", "momentum"], fast=["newton"]))
def test_colours_are_only_where_they_are_wanted_and_change_nothing_else(script):
    command = ("check", f"derivations/{script}.py")
    coloured = printed(*command, FORCE_COLOR="1").stdout.decode()
    assert "\x1b[32m" in coloured
    plain = printed(*command).stdout.decode()
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain


@pytest.mark.parametrize("forced", in_tiers(["", "1"], fast=["1"]))
def test_colours_that_nobody_wants_are_not_there_even_where_they_are_forced(forced):
    plain = printed("check", "derivations/newton.py", NO_COLOR="1", FORCE_COLOR=forced).stdout
    assert "✓".encode() in plain
    assert b"\x1b" not in plain
