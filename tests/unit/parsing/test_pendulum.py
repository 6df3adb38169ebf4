"""The script of a lecturer: a system, its law, a rule and a page, all from text, in a folder of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import physsym as ps
from physsym.parsing import ReadError

ROOT = Path(__file__).parents[3]
SCRIPT = """\
import physsym as ps

pendulum = ps.System("theta", "m*l**2*theta'**2/2 + m*g*l*cos(theta)", dissipation="gamma*theta'**2/2")
derivation = ps.Derivation("The pendulum", pendulum.law(), (
    ps.Step("Write the angular velocity apart.", ps.ReduceOrder("theta", "omega")),
    ps.Step("One step of semi-implicit Euler.", ps.Integrate(ps.integrators.semi_implicit_euler, "dt")),
))
ps.document([derivation], "pendulum.html", title="Lecture 4", faces="physics")
"""


def run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a script as its author would, in a folder that holds nothing else."""
    (folder / "lecture.py").write_text(script, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    return subprocess.run(
        [sys.executable, "lecture.py"], cwd=folder, env=environment, capture_output=True, text=True
    )


@pytest.mark.slow
def test_the_pendulum_is_derived_and_written(tmp_path):
    ran = run(SCRIPT, tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["lecture.py", "pendulum.html"]
    page = (tmp_path / "pendulum.html").read_text(encoding="utf-8")
    assert re.search(r"<title>[^<]*Lecture 4", page)
    for said in ("Write the angular velocity apart.", "One step of semi-implicit Euler.", "θ", "ω"):
        assert said in page
    assert "learning" not in re.sub(r"<style.*?</style>|<script.*?</script>", "", page, flags=re.S).lower()


@pytest.mark.parametrize("function", ["sin", "cos", "tan"])
def test_g_beside_a_function_of_an_angle_may_be_gravity(function):
    text = f"omega <- omega - dt*g*{function}(theta)/l; theta <- theta + dt*omega+"
    with pytest.raises(ReadError, match=r"which may be grad\(theta\) or the acceleration of gravity"):
        ps.read(text)
    declared = ps.read(text, declare=("g",))
    assert "g" in {s.name for s in declared.parameters}
    assert "grad" not in str(declared)
    assert "grad(theta)" in str(ps.read("theta <- theta - eta*g"))
    assert "g" in {s.name for s in ps.read(text.replace("theta", "phi")).parameters}  # no weight is updated


def test_a_line_below_is_read_with_the_names_of_the_line_above():
    above = "theta' = omega; omega' = -g*sin(theta)/l"
    below = "omega <- omega - dt*g*sin(theta)/l; theta <- theta + dt*omega+"
    move = ps.Integrate(ps.integrators.semi_implicit_euler, "dt")
    assert ps.check(move, above, below)
    assert ps.check(move, above, below.replace("- dt*g", "+ dt*g")).outcome is ps.Outcome.FAILS


def test_a_symbol_asked_for_by_name_may_have_letters_of_others():
    law = ps.apply(ps.ReduceOrder("x", "vx"), ps.law("m*x'' = -k*x"))
    assert str(law) == "x' = vx; m*vx' = -k*x"
    with pytest.raises(ReadError, match="one name or a product"):
        ps.read("vx")


def test_every_line_of_the_pendulum_holds():
    scope: dict[str, object] = {}
    exec(SCRIPT.rpartition("ps.document")[0], scope)  # the text above
    derivation = scope["derivation"]
    assert isinstance(derivation, ps.Derivation)
    assert all(derivation.verdicts())
    assert str(derivation.error) == "O(dt)"
    assert [s.name for s in derivation.rule.states] == ["omega", "theta"]
    spoiled = ps.Step(
        "", ps.ReduceOrder("theta", "omega"), "theta' = omega; l**2*m*omega' = g*l*m*sin(theta)"
    )
    assert not all(ps.Derivation("", derivation.start, (spoiled,)).verdicts())


def test_a_typing_error_in_a_move_is_said():
    pendulum = ps.System("theta", "m*l**2*theta'**2/2 + m*g*l*cos(theta)")
    step = ps.Step("", ps.ReduceOrder("phi", "omega"))
    with pytest.raises(ValueError, match="phi"):
        _ = ps.Derivation("The pendulum", pendulum.law(), (step,)).lines
