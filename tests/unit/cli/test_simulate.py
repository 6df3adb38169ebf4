"""`physsym check --simulate`: what the oracle saw, one line a derivation, and what contradicts a verdict."""

import re
import subprocess
import sys

from physsym.__main__ import main
from physsym.oracle import Observation

SCRIPT = '''"""Descent."""
from physsym import *
from physsym.integrators import forward_euler
from physsym.vocabulary import *
derivation = Derivation("descent", law({dot(x): -G / gamma}), (
    Step("One step.", Integrate(forward_euler, dt)),
))
'''


def run(capsys, *arguments):
    code = main([str(a) for a in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_a_line_says_what_was_measured(capsys, tmp_path):
    path = tmp_path / "descent.py"
    path.write_text(SCRIPT)
    code, out, _ = run(capsys, "check", "--simulate", path)
    assert code == 0
    assert re.search("\ndescent: descent\n.*\n.*motions +follows with order 1.0", out, re.DOTALL)
    assert "1 derivation simulated and 0 not, none contradicts a verdict that holds" in out
    assert "motions" not in run(capsys, "check", path)[1]


def test_motions_that_contradict_a_verdict_are_exit_code_one(capsys, tmp_path, monkeypatch):
    against = Observation("does not follow", "the motions part by 1", claimed=1.0)
    monkeypatch.setattr("physsym.oracle.simulate", lambda derivation: against, raising=False)
    path = tmp_path / "descent.py"
    path.write_text(SCRIPT)
    code, out, _ = run(capsys, "check", "--simulate", path)
    assert code == 1
    assert "does not follow; the motions part by 1, which contradicts the verdicts" in " ".join(out.split())
    assert "1 contradict verdicts that hold" in out


def test_a_derivation_that_fails_anyway_is_not_contradicted(capsys, tmp_path):
    path = tmp_path / "ascent.py"
    path.write_text(SCRIPT.replace("dt)),", "dt), gives=rule({x: x + dt*G/gamma})),"))
    code, out, _ = run(capsys, "check", "--simulate", path)
    assert code == 1
    assert re.search("motions +does not follow", out)
    assert "none contradicts a verdict that holds" in out


def test_without_scipy_one_line_says_what_to_install(tmp_path):
    path = tmp_path / "descent.py"
    path.write_text(SCRIPT)
    code = "import sys; sys.modules['scipy'] = None; "
    code += f"from physsym.__main__ import main; sys.exit(main(['check', '--simulate', {str(path)!r}]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "physsym: check needs scipy: pip install 'physsym[simulate]'\n"
    assert done.stdout == ""
