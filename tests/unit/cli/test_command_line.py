"""The command line, as a user meets it."""

import gc
import os
import re
import signal
import subprocess
import sys
import time
from itertools import product
from pathlib import Path

import numpy as np
import pytest

import physsym
from physsym.__main__ import COMMANDS, EXAMPLES, EXTRAS, main, overview
from physsym.cli.processes import WorkerError, in_processes
from physsym.core.escapes import visible
from physsym.loading import shipped_folder
from physsym.runtime.potentials import PROBLEMS, problem
from tests.support.squares import squares
from tests.support.tiers import in_tiers

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def broad(monkeypatch):
    """Nothing is wrapped; `test_terminal` is about the width."""
    monkeypatch.setenv("COLUMNS", "5000")


def run(capsys, *arguments):
    code = main([str(a) for a in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def steps_printed(out):
    """Return the lines on steps, and how many steps are said to be those of an earlier derivation."""
    steps = re.findall(r"^  \d+ .*", out, re.MULTILINE)
    return steps, sum(map(int, re.findall(r"the first (\d+) steps? are those of", out)))


def test_check_prints_one_line_a_step_and_judges_the_claims(capsys):
    code, out, _ = run(capsys, "check")
    steps, shared = steps_printed(out)
    assert code == 0
    assert len(steps) > 30
    assert all(re.search(r"  ✓( given| up to| uniformly| pointwise|$)", line) for line in steps)
    assert out.startswith(f"{len(steps) + shared} steps checked, all hold\n")
    assert sum(len(d.steps) for s in physsym.scripts() for d in s.derivations) == len(steps) + shared
    assert re.search(r"claim C37 +✗ fails: the new values of u differ by -eta\*rho\*grad\(x\)", out)


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
    assert "1 step checked, it does not hold" in out


REPAIRED = (
    BROKEN.replace("gives=law({m * dot", "gives=law({m / gamma * dot")
    + """
from physsym.core.verdicts import fails, holds
claim = Claim("C1", "1", "It is so.", "it is so", fails, repair="it is not", repair_judge=JUDGE)
"""
)


@pytest.mark.parametrize(("judge", "code", "says"), [
    ("holds", 0, "1 repair of claims checked, it holds"),
    ("fails", 1, "1 repair of claims checked, it does not hold"),
    ("None", 1, "? unchecked: the repair has no judge"),
])  # fmt: skip
def test_check_exits_with_one_where_a_repair_does_not_hold(capsys, tmp_path, judge, code, says):
    path = tmp_path / "repaired.py"
    path.write_text(REPAIRED.replace("JUDGE", judge))
    found, out, _ = run(capsys, "check", path)
    assert re.search("claim C1 +✗ fails", out)
    assert says in out
    assert found == code


def test_check_and_document_take_the_names_that_show_takes(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shipped = shipped_folder() / "momentum.py"
    by_name, by_path = run(capsys, "check", "momentum"), run(capsys, "check", shipped)
    assert by_name == by_path
    assert by_name[0] == 0
    assert run(capsys, "document", "momentum", "--format", "md", "--out", "built")[0] == 0
    code, _, err = run(capsys, "check", "momentm")
    assert code == 2
    assert "no derivation is named 'momentm'; there are" in err
    (tmp_path / "derivations").mkdir()
    (tmp_path / "derivations" / "momentum.py").write_text(BROKEN)  # one's own comes first
    assert run(capsys, "check", "momentum")[0] == 1
    (tmp_path / "momentum").mkdir()  # a path comes before a name
    (tmp_path / "momentum" / "broken.py").write_text(BROKEN)
    assert "read momentum: 1 script" in run(capsys, "check", "momentum")[1]


def test_check_of_no_steps_is_no_pass(capsys, tmp_path):
    path = tmp_path / "empty.py"
    path.write_text('from physsym import *\nd = Derivation("empty", damped_particle.law(), ())\n')
    code, out, _ = run(capsys, "check", path)
    assert (code, "0 steps checked: nothing holds" in out) == (1, True)
    assert "empty: empty\n  start        ? unchecked, given gamma*x'**2 >= 0: no step was checked" in out
    assert run(capsys, "show", path)[0] == 1


def test_check_of_claims_alone_is_no_pass_unless_they_count(capsys, tmp_path):
    path = tmp_path / "claims.py"
    path.write_text(
        "from physsym.core.verdicts import holds\nfrom physsym.mechanics.claim import Claim\n"
        'claim = Claim("C01", "1", "So.", "so", lambda: holds("seen"))\n'
    )
    assert run(capsys, "check", path)[0] == 1
    assert run(capsys, "check", path, "--claims")[0] == 0


def test_check_of_a_clash_of_dimensions_fails(capsys, tmp_path):
    path = tmp_path / "clash.py"
    path.write_text(
        "from physsym import *\nfrom physsym.vocabulary import *\n"
        'd = Derivation("clash", law({v: -eta * G}), (Step("Divide.", Divide(eta)),))\n'
    )
    code, out, _ = run(capsys, "check", path)
    assert (code, bool(re.search("start +✗ fails: v has dimension", out))) == (1, True)
    assert re.search("1 divide by eta +✗ fails", out)
    assert "1 step checked, it does not hold, 1 start, assumption or dimension does not hold" in out


CONDITIONAL = """
from physsym import *
from physsym.core.verdicts import fails, holds
from physsym.vocabulary import *
neglecting = Derivation("c", damped_particle.law(), (Step("", Neglect(m * dot(dot(x)))),))
false = Claim("C1", "", "So.", "so", lambda: fails("not so"))
"""


def test_what_is_conditional_fails_a_strict_check_and_claims_count_if_wanted(capsys, tmp_path):
    path = tmp_path / "conditional.py"
    path.write_text(CONDITIONAL)
    code, out, _ = run(capsys, "check", path)
    assert (code, "1 step checked, it holds, 1 on the conditions that are listed" in out) == (0, True)
    assert re.search("claim C1 +✗ fails: not so", out)
    assert run(capsys, "show", path)[0] == 0
    code, out, _ = run(capsys, "check", "--strict", path)
    assert (code, "it does not hold" in out) == (1, True)
    code, out, _ = run(capsys, "check", "--claims", path)
    assert (code, "1 claim judged, it does not hold" in out) == (1, True)
    path.write_text(
        CONDITIONAL.replace('fails("not so")', 'holds("it is so")')
    )  # of another size: no stale bytecode
    assert run(capsys, "check", "--claims", path)[0] == 0


def test_unknown_dimensions_are_noted_and_fail_a_strict_check(capsys, tmp_path):
    path = tmp_path / "unknown.py"
    path.write_text(
        "from sympy import symbols\nfrom physsym import *\n"
        "k, y = symbols('k y', positive=True)\n"
        "d = Derivation('unknown', law({k * dot(y): -k**2 * y}), (Step('Divide.', Divide(k)),))\n"
    )
    code, out, _ = run(capsys, "check", path)
    assert (code, bool(re.search(r"dimensions of line 0 +\? undecidable", out))) == (0, True)
    assert run(capsys, "check", "--strict", path)[0] == 1


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


def test_show_says_why_a_step_has_no_line(capsys, tmp_path):
    path = tmp_path / "stuck.py"
    path.write_text(
        "from physsym import *\nfrom physsym.vocabulary import *\n"
        'steps = (Step("Limit.", Limit(tau, 0)), Step("Divide.", Divide(gamma)))\n'
        'd = Derivation("stuck", damped_particle, steps)\n'
    )
    code, out, _ = run(capsys, "show", path)
    assert code == 1
    assert "tau does not occur" in out
    assert "error not known: step 1" in out


def test_document_writes_where_it_is_told(capsys, tmp_path):
    newton = ROOT / "derivations" / "newton.py"
    code, out, _ = run(capsys, "document", newton, "--out", tmp_path / "new" / "folder", "--format", "md")
    assert code == 0
    assert {p.name for p in (tmp_path / "new" / "folder").iterdir()} == {"derivations.md"}
    assert "derivations.md" in out


@pytest.mark.parametrize(("face", "letter"), [("physics", "𝐱"), ("learning", "𝐰")])
def test_show_prints_a_derivation_on_one_face(capsys, face, letter):
    code, out, _ = run(capsys, "show", "gradient_descent", "--face", face)
    assert code == 0
    assert f"{letter}ₜ₊₁ = {letter}ₜ - η" in out


def losses_printed(out):
    """Return the losses in the rows of a run."""
    return [float(found) for found in re.findall(r"^ *\d+  (\S+)  ", out, re.MULTILINE)]


def test_run_descends(capsys):
    code, out, _ = run(
        capsys, "run", "momentum", "--set", "eta=0.02", "rho=0.9", "--steps", 400, "--every", 400
    )
    losses = losses_printed(out)
    assert code == 0
    assert losses[-1] < 1e-6 < losses[0]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["document", "nowhere.py"], "does not exist"),
        (["document", "nowhere"], "no derivation is named 'nowhere'"),
        (["run", "steps <- rho*steps + grad(x); x <- x - eta*steps+"], "rename the state in the rule"),
        (["document", "--format", "docx"], "unknown format docx"),
        (["show", "adam"], "no derivation is named"),
        (["run", "momentum", "--set", "eta=nan"], "eta=nan is no finite number"),
        (["run", "momentum", "--set", "rho=inf"], "rho=inf is no finite number"),
        (["run", "momentum", "--set", "eta=-1"], "eta=-1 is outside of its range: eta > 0 is needed"),
        (["run", "known:nesterov", "--set", "rho=1.5"], "rho=1.5 is outside of its range: 1 - rho > 0 is"),
        (["run", "momentum", "--set", "eta=1", "eta=2"], "set once"),
        (["run", "momentum", "--steps", "100000", "--every", "1"], "100000 rows would be printed"),
        (["run", "momentum", "--every", "-2"], "not negative"),
        (["run", "known:adm"], "known:adam"),
        (["show", "book"], "book has no derivation to show"),
        (["show", "claims"], "claims has no derivation to show"),
        (["run", "momentum", "--set", "eta"], "given 'eta'"),
        (
            ["run", "momentum", "--set", "eta=0.1", "rho=1.5"],
            "rho=1.5 is outside of its range: 1 - rho > 0 is",
        ),
        (["run", "momentum", "--set", "eta=a", "rho=1"], "given 'eta=a'"),
        (["run", "momentum", "--set", "eta=1", "rho=0.5", "mu=1"], "mu"),
        (["run", "gradient_descent", "--set", "eta=0.02", "--on", "mountain"], "unknown test function"),
        (["run", "gradient_descent", "--set", "eta=0.02", "--steps", "-1"], "steps"),
        (["run", "gradient_descent", "--set", "eta=1e300"], "finite"),
        (["run", "gradient_descent", "--set", "eta=1e300"], "stable only for eta*lam < 2"),
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


def test_without_a_command_all_commands_are_listed_with_a_line_each(capsys):
    code, out, err = run(capsys)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert max(map(len, lines)) <= 80
    for name, (_, _, says) in COMMANDS.items():
        assert [line.split(maxsplit=1) for line in lines if line.startswith(f"  {name} ")] == [[name, says]]


def test_the_examples_to_begin_with_run(capsys, tmp_path, monkeypatch):
    (tmp_path / "notes.py").write_text(OWN.format("own", "C1"))
    monkeypatch.chdir(tmp_path)
    assert all(run(capsys, *command.split()[1:])[0] == 0 for command, _ in EXAMPLES)


def test_a_module_that_is_run_is_the_command():
    command = [sys.executable, "-m", "physsym"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert (done.stdout, done.stderr) == (f"{overview()}\n", "")


def test_show_fails_where_check_does(capsys, tmp_path):
    (tmp_path / "broken.py").write_text(BROKEN)
    (tmp_path / "clash.py").write_text(
        "from physsym import *\nfrom physsym.vocabulary import *\n"
        'd = Derivation("clash", law({v: -eta * G}), (Step("Divide.", Divide(eta)),))\n'
    )
    for name in ("broken", "clash"):
        assert run(capsys, "show", tmp_path / f"{name}.py")[0] == 1
    assert run(capsys, "show", "newton")[0] == 0


PROPOSED = re.compile(r"^with (.+); --set changes them$", re.MULTILINE)


@pytest.mark.parametrize(
    "name", ["gradient_descent", "momentum", "friction", "stale", "known:heavy_ball", "x <- x - lr*g"]
)
@pytest.mark.parametrize("on", ["valley", "rosenbrock"])
def test_what_run_proposes_descends_and_is_said(capsys, name, on):
    code, out, err = run(capsys, "run", name, "--on", on, "--steps", 300)
    (proposed,) = PROPOSED.findall(out)
    losses = losses_printed(out)
    assert (code, err, losses[-1] < losses[0] / 2) == (0, "", True)
    given = re.findall(r"\w+=[\d.e-]+", proposed)
    code, again, _ = run(capsys, "run", name, "--on", on, "--steps", 300, "--set", *given)
    assert (code, losses_printed(again), PROPOSED.findall(again)) == (0, losses, [])


def test_values_that_are_all_given_are_said(capsys):
    _, out, _ = run(capsys, "run", "momentum", "--set", "eta=0.01", "rho=0.5")
    assert "\nwith eta=0.01, rho=0.5, as given\n" in out
    assert PROPOSED.findall(out) == []
    _, out, _ = run(capsys, "run", "momentum")
    assert "as given" not in out


def test_run_takes_typical_values_of_the_rule_and_says_so(capsys):
    from physsym import known

    _, out, _ = run(capsys, "run", "known:adam", "--set", "eta=0.1")
    (proposed,) = PROPOSED.findall(out)
    typical = {s.name: value for s, value in known["adam"].rule.typical if s.name != "eta"}
    assert "typical of the rule" in proposed
    assert {n: float(v) for n, v in re.findall(r"(\w+)=([\d.e-]+)", proposed)} == pytest.approx(
        {name: float(value) for name, value in typical.items()}
    )


def test_a_value_that_is_given_is_never_changed(capsys):
    _, out, err = run(capsys, "run", "momentum", "--set", "eta=10")
    assert PROPOSED.findall(out) == ["rho=0.9 (usual values)"]
    assert "\nwith eta=10, as given\n" in out
    assert "unstable at these values" in err


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("v <- beta*v + g; w <- w - lr*v+", "beta=0.9, lr=0.1 (usual values)"),
        ("x <- x - eta*g + bend", "bend=0.1 (a guess)"),
    ],
)
def test_a_value_is_called_usual_only_where_it_is(capsys, rule, expected):
    _, out, _ = run(capsys, "run", rule, "--steps", "1")
    assert expected in out


@pytest.mark.parametrize("rule", ["p <- p - dt*sin(q); q <- q + dt*p+", "u <- rho*u; x <- x + u+"])
def test_a_rule_without_a_gradient_runs_on_no_function(capsys, rule):
    code, _, err = run(capsys, "run", rule)
    assert code == 2
    assert f"it reads no gradient ({rule[:8]}" in err


def test_a_rule_that_reads_the_loss_is_run(capsys):
    code, out, _ = run(capsys, "run", "x <- x - eta*U*g", "--set", "eta=0.0001", "--steps", "5")
    assert code == 0
    first, *_, last = re.findall(r"^ *\d+ +(\S+)", out, re.MULTILINE)
    assert float(last) < float(first)


# ------------------------------------------------------------------ what is read


OWN = (
    '"""Own."""\nfrom physsym import Claim, Derivation, Divide, Step, damped_particle\n'
    "from physsym.core.verdicts import fails\nfrom physsym.vocabulary import gamma\n"
    'own = Derivation({0!r}, damped_particle.law(), (Step("Divide.", Divide(gamma)),))\n'
    'claim = Claim({1!r}, "1", "It is so.", "it is so", fails)\n'
)


@pytest.mark.parametrize("package", [True, False])
def test_without_a_path_the_folder_here_is_read_and_said_to_be(capsys, tmp_path, monkeypatch, package):
    folder = tmp_path / "derivations"
    folder.mkdir()
    (folder / "mine.py").write_text(OWN.format("mine", "C1"))
    if package:
        (folder / "__init__.py").write_text("")
    monkeypatch.chdir(tmp_path)
    code, out, _ = run(capsys, "check")
    assert code == 0
    assert out.splitlines()[:2] == ["1 step checked, it holds", "read ./derivations: 1 script"]
    assert "\nmine: mine\n  1 divide by gamma  ✓ given gamma != 0\n" in out
    assert "mine" in run(capsys, "show", "mine")[1]
    assert run(capsys, "show", "momentum")[0] == 0
    code, out, _ = run(capsys, "document", "--format", "md")
    assert (code, out.splitlines()[-1]) == (0, "read ./derivations: 1 script")
    (folder / "wrong.py").write_text(BROKEN)
    code, out, _ = run(capsys, "check")
    assert (code, out.splitlines()[1]) == (1, "read ./derivations: 2 scripts")
    (folder / "wrong.py").unlink()
    if package:
        (folder / "__init__.py").write_text(BROKEN)
        assert run(capsys, "check")[0] == 1


def test_without_a_folder_here_the_shipped_ones_are_read(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, _ = run(capsys, "check")
    assert code == 0
    assert (
        out.partition("\n\n")[0].splitlines()[-1]
        == f"read the derivations shipped with physsym {physsym.__version__}"
    )
    code, out, _ = run(capsys, "check", ROOT / "derivations" / "newton.py")
    assert out.splitlines()[1] == f"read {ROOT / 'derivations' / 'newton.py'}: 1 script"


def test_certify_takes_a_whole_folder(capsys, tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.py").write_text(OWN.format(name, name))
    code, out, _ = run(capsys, "certify", "--only-write", "--out", tmp_path / "out", tmp_path)
    assert code == 0
    assert {path.stem for path in (tmp_path / "out").iterdir()} == {"one", "two", "PhysSym"}
    assert "lemmas" in out


# ------------------------------------------------------------------ text from other people


MARKUP = ["[/]", "[bold]", "[red]x[/red]", ":smile:", "back\\"]
CONTROLS = ["\x1b[31mred\x1b[0m", "a\u202eb", "\udcff", "\x07\r"]


@pytest.mark.parametrize("name", MARKUP + CONTROLS)
def test_names_are_printed_as_they_are_and_never_act(capsys, tmp_path, name):
    path = tmp_path / "[bold].py"
    path.write_text(OWN.format(name, name), encoding="utf-8")
    for command in ("check", "show", "document"):
        more = ("--out", tmp_path / "out", "--format", "md") if command == "document" else ()
        if command == "document" and name == "\udcff":
            continue  # a document is UTF-8, and refuses it
        code, out, _ = run(capsys, command, path, *more)
        assert code == 0
        assert not set(out) & set("\x1b\x07\r\u202e\udcff")
        if command == "check":
            assert f"[bold]: {visible(name)}\n  1 divide by gamma  ✓ given" in out
            assert f"  [bold], claim {visible(name)}  ✗ fails" in out
        if command == "show":
            assert visible(name) in out


def test_refusals_are_printed_as_they_are(capsys):
    _, _, err = run(capsys, "show", "[b]\x1b[31m")
    assert "named '[b]\\x1b[31m'" in err
    with pytest.raises(SystemExit):
        main(["check", "--no\x1b[31m"])
    assert "unrecognized arguments: --no\\x1b[31m" in capsys.readouterr().err
    code, _, err = run(capsys, "check", "\x1b[31m[bold]")
    assert (code, err.startswith("physsym: \\x1b[31m[bold] does not exist")) == (2, True)


def test_controls_are_shown_and_all_else_is_kept():
    assert visible("ηλ ₜ₊₁ 𝐱\u2009[/]\n") == "ηλ ₜ₊₁ 𝐱\u2009[/]\n"
    assert visible("\x9b1m\x7f\u2066") == "\\x9b1m\\x7f\\u2066"


def test_a_title_cannot_pose_as_another_line(capsys, tmp_path):
    (tmp_path / "mine.py").write_text(OWN.format("a\n1 steps checked, all hold\n", "C\n1"))
    code, out, _ = run(capsys, "check", tmp_path)
    assert (code, len(out.splitlines())) == (0, 9)
    assert "\nmine: a\\n1 steps checked, all hold\\n\n" in out


def test_a_judge_that_fails_is_named_with_its_line(capsys, tmp_path):
    text = OWN.format("own", "C7").replace("fails)", "lambda: 1 / 0)")
    (tmp_path / "mine.py").write_text(text)
    for command in ("check", "document"):
        code, _, err = run(capsys, command, tmp_path)
        assert (code, err.count("\n")) == (2, 1)
        assert "the judge of claim C7 failed at " in err
        assert "mine.py, line 6: ZeroDivisionError: division by zero" in err


def test_an_editors_lock_file_is_no_script(capsys, tmp_path):
    (tmp_path / "mine.py").write_text(OWN.format("mine", "C1"))
    (tmp_path / ".#mine.py").symlink_to("someone@elsewhere.1234:5678")
    assert run(capsys, "check", tmp_path)[0] == 0


# ------------------------------------------------------------------ a missing extra, an interruption


PICTURE = (
    "from physsym.documents.content import Chapter, Figure\n"
    'chapter = Chapter("A", (Figure("a", lambda ax: None, lambda: "A.", "A."),))\n'
)


@pytest.mark.parametrize("module", in_tiers(["matplotlib", "markdown_it", "nbformat"], fast=["matplotlib"]))
def test_a_missing_extra_is_one_line(tmp_path, module):
    (tmp_path / "picture.py").write_text(PICTURE)
    code = (
        f"import sys; sys.modules[{module!r}] = None\nfrom physsym.__main__ import main\n"
        "sys.exit(main(['document', 'picture.py', '--format', 'html,ipynb']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    message = f"physsym: document needs {module}: pip install 'physsym[{EXTRAS[module]}]'\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", message)
    assert not (tmp_path / "build").exists()


def test_a_module_that_no_extra_brings_is_a_fault(monkeypatch):
    monkeypatch.setitem(sys.modules, "physsym.cli.source", None)
    with pytest.raises(ImportError):
        main(["source", "momentum"])


def test_an_interruption_during_imports_is_one(capsys, monkeypatch):
    def interrupted(name):
        raise KeyboardInterrupt

    monkeypatch.setattr("physsym.__main__.importlib.import_module", interrupted)
    assert run(capsys, "check") == (130, "", "physsym: interrupted\n")


IMPORTING = """
import gc, sys
from physsym.__main__ import main
searches = []
def note(phase, info):
    if "sympy" in sys.modules and not gc.get_freeze_count():
        searches.append(info)
gc.callbacks.append(note)
if sys.argv[1] == "off":
    gc.disable()
main(["check", "seen.py"])
"""
SEEN = "import __main__, gc; print(len(__main__.searches), gc.isenabled(), gc.get_freeze_count() > 10_000)"


@pytest.mark.parametrize(
    ("collector", "seen"),
    in_tiers([("on", "0 True True"), ("off", "0 False False")], fast=[("on", "0 True True")]),
)
def test_no_search_for_garbage_goes_through_what_is_imported(tmp_path, collector, seen):
    (tmp_path / "seen.py").write_text(SEEN)
    command = [sys.executable, "-c", IMPORTING, collector]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path, env=env)
    assert done.stdout == f"{seen}\n"


def test_a_command_searches_for_no_garbage_that_its_end_removes(tmp_path):
    looking = "import gc, atexit; atexit.register(lambda: print(gc.get_count()[0], gc.get_threshold()[0]))"
    (tmp_path / "seen.py").write_text(looking)
    command = [sys.executable, "-m", "physsym", "check", "seen.py"]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=env)
    left, threshold = map(int, done.stdout.split())
    assert left < 1000 < 100_000 < threshold, done.stderr
    before = gc.get_threshold()
    main(["convert", "--from", "torch", "--to", "keras", "lr=0.01", "momentum=0.9"])
    assert gc.get_threshold() == before  # as it was where a command is called as a function


@pytest.mark.parametrize(("forced", "coloured"), [("", False), ("1", True)], ids=["pipe", "forced"])
def test_colours_are_for_terminals_and_rich_is_imported_for_them_alone(forced, coloured):
    code = "import sys; from physsym.__main__ import main; main(sys.argv[1:]); print('rich' in sys.modules)"
    command = [sys.executable, "-c", code, "check", "derivations/newton.py"]
    env = {n: v for n, v in os.environ.items() if n != "NO_COLOR"} | {
        "FORCE_COLOR": forced, "TTY_COMPATIBLE": "", "TERM": "xterm", "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    out = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=env).stdout
    assert ("\x1b[32m✓" in out, out.splitlines()[-1]) == (coloured, str(coloured))


def test_garbage_is_searched_for_again_after_an_import_that_failed(monkeypatch):
    monkeypatch.setitem(COMMANDS, "source", ("physsym.cli.no_such_module", *COMMANDS["source"][1:]))
    with pytest.raises(ImportError):
        main(["source", "momentum"])
    assert gc.isenabled()


def test_an_interruption_while_a_script_is_loaded_is_one(capsys, tmp_path):
    (tmp_path / "slow.py").write_text("raise KeyboardInterrupt")
    assert run(capsys, "check", tmp_path / "slow.py") == (130, "", "physsym: interrupted\n")


# ------------------------------------------------------------------ processes


def test_results_come_in_the_order_of_the_items():
    results = [3, 9, 1, 1, 2, 4]
    assert list(in_processes(squares, [3, 1, 2], 2)) == list(in_processes(squares, [3, 1, 2], 1)) == results


@pytest.mark.parametrize(
    ("item", "kind", "reason"),
    [
        ("dies", WorkerError, "worked on dies ended unexpectedly, with code 7"),
        ("refuses", ValueError, "^no squares of words$"),
        ("breaks", RuntimeError, "ZeroDivisionError: a fault"),
    ],
)
def test_what_goes_wrong_in_a_process_is_raised_in_its_turn(item, kind, reason):
    results = in_processes(squares, [3, item, 2], 2)
    assert (next(results), next(results)) == (3, 9)
    with pytest.raises(kind, match=reason):
        next(results)


def test_check_in_processes_prints_the_same(capsys, tmp_path):
    for k in range(3):
        (tmp_path / f"s{k}.py").write_text(OWN.format(f"title {k}", f"C{k % 2}"))
    (tmp_path / "t.py").write_text(BROKEN)
    alone = run(capsys, "check", tmp_path)
    assert alone[0] == 1
    assert run(capsys, "check", tmp_path, "--jobs", "2") == alone


def test_a_crash_in_a_process_is_no_pass(capsys, tmp_path):
    (tmp_path / "a.py").write_text(OWN.format("a", "C1"))
    (tmp_path / "b.py").write_text("import os\nos._exit(0)\n")
    code, _, err = run(capsys, "check", tmp_path, "--jobs", "2")
    assert (code, "b.py ended unexpectedly" in err) == (2, True)


@pytest.mark.parametrize("jobs", ["0", "-1", "two"])
def test_a_number_of_processes_is_positive(capsys, jobs):
    with pytest.raises(SystemExit) as stop:
        main(["check", f"--jobs={jobs}"])
    assert stop.value.code == 2
    assert "at least 1" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="needs process groups")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_ends_all_processes(tmp_path, jobs):
    """A terminal sends the signal to the whole group, workers included."""
    for k in range(2):
        (tmp_path / f"s{k}.py").write_text(
            "import os, pathlib, time\n"
            "pathlib.Path(__file__).with_suffix('.pid').write_text(str(os.getpid()))\ntime.sleep(600)\n"
        )
    command = [sys.executable, "-m", "physsym", "check", str(tmp_path), "--jobs", jobs]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, cwd=ROOT,
        # What a shell runs in the background ignores the signal, and so would what it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    while sum(path.stat().st_size > 0 for path in tmp_path.glob("*.pid")) < int(jobs):
        assert process.poll() is None
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate()
    assert (process.returncode, out, err) == (130, "", "physsym: interrupted\n")
    for path in tmp_path.glob("*.pid"):
        with pytest.raises(ProcessLookupError):
            os.kill(int(path.read_text()), 0)


# ------------------------------------------------------------------ runs that diverge


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (
            "momentum --set eta=10 rho=0.9",
            "physsym: unstable at these values: the spectral radius is 18.0501 on the curvature 20;",
        ),
        ("momentum --set eta=10 rho=0.9", "stable only for -eta*lam*(rho - 1) < 2*(rho + 1), with lam the"),
        ("u<-rho*u-eta*grad(x);x<-x+u+ --set eta=0.02 rho=1.5", "stable only for 1 - rho > 0"),
        ("gradient_descent --set eta=0.2", "the spectral radius is 3 on the curvature 20; stable only for"),
        ("gradient_descent --set eta=3 --on bowl", "the spectral radius is 2 on the curvature 1;"),
        ("gradient_descent --set eta=0.0005 --on rosenbrock", ""),
        ("gradient_descent --set eta=0.01 --on rosenbrock --steps 3", "the loss grew from 24.2 to "),
        ("gradient_descent --set eta=0.09", ""),
        ("gradient_descent --set eta=1.9 --on bowl", ""),
        ("momentum --set eta=3 rho=0.9 --on bowl", ""),
    ],
)
def test_run_says_where_it_is_unstable(capsys, given, reason):
    code, _, err = run(capsys, "run", *given.split())
    assert (code, len(err.splitlines())) == (0, bool(reason))
    assert reason in err


@pytest.mark.parametrize("name", ["valley", "bowl"])
def test_the_curvatures_of_a_quadratic_are_those_of_its_gradient(name):
    task = problem(name)
    assert tuple(task.gradient(np.ones(2))) == task.curvatures


def test_only_a_quadratic_has_curvatures():
    assert [p.name for p in PROBLEMS.values() if p.curvatures] == ["valley", "bowl"]


# ------------------------------------------------------------------ pipes, and scripts that end the program


@pytest.mark.parametrize(
    "command",
    in_tiers(
        [["check", "derivations/newton.py"], ["source", "momentum"],
         ["run", "momentum", "--set", "eta=0.1", "rho=0.5"], ["show", "momentum"], [],
         ["exercise", "newton", "--leave-out", "1", "--answer", ""]],
        fast=[["check", "derivations/newton.py"], []],
    ),
)  # fmt: skip
def test_a_pipe_that_is_closed_early_ends_a_command_quietly(command):
    ours, theirs = os.pipe()
    os.close(ours)  # nobody reads
    found = subprocess.run(
        [sys.executable, "-m", "physsym", *command],
        cwd=ROOT,
        stdout=theirs,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(theirs)
    assert (found.returncode, found.stderr) == (141, b"")


def test_a_pipe_is_no_script(capsys, tmp_path):
    os.mkfifo(tmp_path / "f.py")
    for path in (tmp_path / "f.py", tmp_path):
        code, _, err = run(capsys, "check", path)
        assert (code, err.count("f.py is not a regular file")) == (2, 1)


@pytest.mark.parametrize(
    ("raised", "jobs"),
    in_tiers(
        product(["SystemExit(0)", "Stop('now')"], ["1", "2"]),
        fast=[("SystemExit(0)", "1"), ("Stop('now')", "1"), ("SystemExit(0)", "2")],
    ),
)
def test_what_a_script_raises_to_end_the_program_is_one_line(capsys, tmp_path, raised, jobs):
    stop = "class Stop(BaseException): pass\n"
    judge = f"{stop}def judge():\n    raise {raised}\nc = Claim('C1', '', 'So.', 'so', judge)\n"
    texts = {
        "load": f"{stop}raise {raised}\n",
        "judge": f"from physsym.mechanics.claim import Claim\n{judge}",
    }
    for name, text in texts.items():
        folder = tmp_path / name
        folder.mkdir()
        (folder / "a.py").write_text(text)
        (folder / "b.py").write_text(BROKEN)
        code, _, err = run(capsys, "check", folder, "--jobs", jobs)
        assert (code, len(err.splitlines())) == (2, 1)
        assert raised.partition("(")[0] in err


def test_what_ends_a_command_from_within_is_one_line(capsys, tmp_path):
    (tmp_path / "a.py").write_text(
        "import sys\nfrom physsym.documents.content import Chapter, Table\n"
        "chapter = Chapter('One', (Table('t', ('a',), lambda: sys.exit(0)),))\n"
    )
    code, _, err = run(capsys, "document", tmp_path, "--out", tmp_path / "out")
    assert (code, err) == (2, "physsym: a script ended the command: SystemExit: 0\n")


def test_certify_of_an_empty_folder_says_what_check_does(capsys, tmp_path, monkeypatch):
    (tmp_path / "derivations").mkdir()
    monkeypatch.chdir(tmp_path)
    assert run(capsys, "certify") == run(capsys, "check")
    assert "no derivation was found in derivations;" in run(capsys, "certify")[2]


def test_a_claim_of_several_scripts_is_judged_once(capsys, tmp_path):
    (tmp_path / "a.py").write_text(
        "from pathlib import Path\nfrom physsym.core.verdicts import holds\n"
        "from physsym.mechanics.claim import Claim\n"
        "def judge():\n"
        "    with Path(__file__).with_name('calls').open('a') as file:\n"
        "        file.write('x')\n"
        "    return holds('so')\n"
        "c = Claim('C1', '', 'So.', 'so', judge)\n"
    )
    (tmp_path / "b.py").write_text("from a import c\n")
    (tmp_path / "c.py").write_text("from a import c\n")
    out = run(capsys, "check", tmp_path)[1]
    assert len(re.findall("claim C1 +✓", out)) == 1
    assert (tmp_path / "calls").read_text() == "x"


def test_document_writes_the_one_file_that_it_is_told(capsys, tmp_path):
    code, out, _ = run(capsys, "document", "derivations/newton.py", "--out", tmp_path / "notes.md")
    assert (code, [p.name for p in tmp_path.iterdir()]) == (0, ["notes.md"])
    assert f"wrote {tmp_path / 'notes.md'}" in out
    code, _, err = run(
        capsys, "document", "derivations/newton.py", "--out", tmp_path / "a.md", "--format", "md,tex"
    )
    assert (code, "name a folder" in err) == (2, True)
