"""The command line, as a user meets it."""

import pytest

from physsym.__main__ import main


def run(capsys, *arguments):
    code = main([str(a) for a in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_check_prints_one_line_a_step_and_judges_the_claims(capsys):
    code, out, _ = run(capsys, "check")
    steps = [line for line in out.splitlines() if ", step " in line]
    assert code == 0
    assert len(steps) > 60
    assert all(": holds" in line for line in steps)
    assert f"{len(steps)} steps checked, all hold" in out
    assert "claim C37: fails: the new values of u differ by -eta*rho*grad(x)" in out


BROKEN = '''"""Broken."""
from physsym import *
from physsym.vocabulary import *
derivation = Derivation("broken", damped_particle.law(), (
    Step("Wrong.", Divide(gamma), gives=law({m * dot(dot(x)): -G / gamma - dot(x)})),
))
'''


def test_check_exits_with_one_where_a_step_does_not_hold(capsys, tmp_path):
    path = tmp_path / "broken.py"
    path.write_text(BROKEN)
    code, out, _ = run(capsys, "check", path)
    assert code == 1
    assert "do not hold" in out


def test_check_of_no_steps_is_no_pass(capsys, tmp_path):
    path = tmp_path / "empty.py"
    path.write_text('from physsym import *\nd = Derivation("empty", damped_particle.law(), ())\n')
    code, out, _ = run(capsys, "check", path)
    assert (code, "0 steps checked" in out) == (1, True)


def test_check_of_a_clash_of_dimensions_fails(capsys, tmp_path):
    path = tmp_path / "clash.py"
    path.write_text(
        "from physsym import *\nfrom physsym.vocabulary import *\n"
        'd = Derivation("clash", law({v: -eta * G}), (Step("Divide.", Divide(eta)),))\n'
    )
    code, out, _ = run(capsys, "check", path)
    assert (code, "dimensions of line 0" in out) == (1, True)


def test_a_step_that_gives_no_line_fails_without_a_traceback(capsys, tmp_path):
    path = tmp_path / "stuck.py"
    path.write_text(
        "from physsym import *\nfrom physsym.vocabulary import *\n"
        'steps = (Step("Limit.", Limit(tau, 0)), Step("Divide.", Divide(gamma)))\n'
        'd = Derivation("stuck", damped_particle.law(), steps)\n'
    )
    code, out, err = run(capsys, "check", path)
    assert code == 1
    assert "does not occur" in out + err
    assert "unchecked" in out


def test_document_writes_where_it_is_told(capsys, tmp_path):
    code, out, _ = run(capsys, "document", "--out", tmp_path / "new" / "folder", "--format", "md")
    assert code == 0
    assert {p.name for p in (tmp_path / "new" / "folder").iterdir()} == {"derivations.md", "figures"}
    assert "derivations.md" in out


@pytest.mark.parametrize(("face", "letter"), [("physics", "𝐱"), ("learning", "𝐰")])
def test_show_prints_a_derivation_on_one_face(capsys, face, letter):
    code, out, _ = run(capsys, "show", "gradient_descent", "--face", face)
    assert code == 0
    assert f"{letter}ₜ₊₁ = {letter}ₜ - η" in out


def test_run_descends(capsys):
    code, out, _ = run(
        capsys, "run", "momentum", "--set", "eta=0.02", "rho=0.9", "--steps", 400, "--every", 400
    )
    losses = [float(line.split("│")[2]) for line in out.splitlines() if line.count("│") > 3]
    assert code == 0
    assert losses[-1] < 1e-6 < losses[0]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["document", "nowhere"], "does not exist"),
        (["document", "--format", "docx"], "unknown format docx"),
        (["show", "adam"], "no derivation is named"),
        (["run", "momentum"], "also needs eta, rho"),
        (["run", "momentum", "--set", "eta"], "given 'eta'"),
        (["run", "momentum", "--set", "eta=a", "rho=1"], "given 'eta=a'"),
        (["run", "momentum", "--set", "eta=1", "rho=0.5", "mu=1"], "mu"),
        (["run", "gradient_descent", "--set", "eta=0.02", "--on", "mountain"], "unknown test function"),
        (["run", "gradient_descent", "--set", "eta=0.02", "--steps", "-1"], "steps"),
        (["run", "gradient_descent", "--set", "eta=1e300"], "finite"),
    ],
)
def test_wrong_input_gives_one_clear_line(capsys, tmp_path, monkeypatch, arguments, reason):
    monkeypatch.chdir(tmp_path)
    code, _, err = run(capsys, *arguments)
    assert code == 2
    assert reason in err
    assert err.startswith("physsym: ")
    assert not list(tmp_path.iterdir())


def test_help_and_version(capsys):
    for flag in ("--help", "--version"):
        with pytest.raises(SystemExit) as stop:
            main([flag])
        assert stop.value.code == 0
    assert "physsym" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("language", "holds"),
    [
        ("python", "def step("),
        ("c", "void physsym_step("),
        ("javascript", "function step("),
        ("llvm", "define void"),
    ],
)
def test_source_prints_the_rule_in_a_language(capsys, language, holds):
    code, out, _ = run(capsys, "source", "momentum", "--language", language)
    assert code == 0
    assert holds in out
