"""`physsym freeze` and `physsym check FILE`: what is written, and that a changed file is found."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys

import pytest

from physsym.__main__ import main
from physsym.cli.frozen import RUNS, check_frozen, frozen
from physsym.optimizers.freezing import text_digest
from tests.support.tiers import in_tiers

MOMENTUM = ["freeze", "momentum", "--set", "eta=0.1"]


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


FROZEN = {}  # the text of a rule is written once for all tests


def frozen_file(tmp_path, *given):
    path = tmp_path / "frozen.py"
    if given in FROZEN:
        path.write_bytes(FROZEN[given])
        return path
    assert main(["freeze", *given, "--out", str(path)]) == 0
    FROZEN[given] = path.read_bytes()
    return path


@pytest.mark.parametrize("language", ["python", "numpy"])
@pytest.mark.parametrize(
    "name",
    ["momentum", "known:adam", "known:lion", "x <- x - eta*U(x)*grad(x) + (x - x-)/2"],
)
def test_a_frozen_rule_is_still_the_derived_rule(name, language, tmp_path, capsys):
    path = frozen_file(tmp_path, name, "--language", language)
    assert main(["check", str(path)]) == 0
    assert "1 frozen rule checked, it holds" in capsys.readouterr().out


def test_without_a_file_the_module_is_printed(capsys):
    assert main(MOMENTUM) == 0
    out = capsys.readouterr().out
    assert "def step(u, x, grad, *, eta=0.1, rho):" in out
    compile(out, "<printed>", "exec")


def spoiled(text):
    """Yield a module with one operator, number or name of its functions changed, with the line."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub, ast.Mult, ast.Div)):
            old, node.op = node.op, ast.Sub() if not isinstance(node.op, ast.Sub) else ast.Add()
            yield ast.unparse(tree), f"line {node.lineno}: another operator"
            node.op = old
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
            old, node.value = node.value, node.value + 1
            yield ast.unparse(tree), f"line {node.lineno}: another number"
            node.value = old
        if isinstance(node, ast.Return):
            old, node.value.elts = node.value.elts, node.value.elts[::-1]
            if old != node.value.elts:
                yield ast.unparse(tree), f"line {node.lineno}: another order"
            node.value.elts = old


@pytest.mark.parametrize(
    ("name", "language"),
    in_tiers([("momentum", "python"), ("known:adam", "numpy")], fast=[("momentum", "python")]),
)
def test_each_spoiled_line_of_the_code_is_found(name, language, tmp_path):
    path = frozen_file(tmp_path, name, "--language", language)
    text = path.read_text()
    functions, record = text.partition("\nFROZEN = ")[::2]
    found = 0
    for code, what in spoiled(functions):
        path.write_text(f"{code}\n\nFROZEN = {record}")
        verdict = check_frozen(path)
        # Defaults are no part of a run, so that they are told by the text alone.
        assert verdict.outcome.name in ("FAILS", "UNDECIDABLE"), what
        found += verdict.outcome.name == "FAILS"
    assert found > 8


def test_another_layout_is_no_change(tmp_path):
    path = frozen_file(tmp_path, "momentum")
    text = path.read_text()
    path.write_text(
        text.replace("    g = grad(x)", "    # the force\n    g = (grad(x))").replace("\n", "\r\n")
    )
    assert check_frozen(path)


@pytest.mark.parametrize(
    ("old", "new", "outcome", "said"),
    [
        (
            "0.1 (given)",
            "0.2 (given)",
            "UNDECIDABLE",
            r"line \d+, .*0\.2 \(given\).* is not as it was written",
        ),
        (
            "eta=0.1",
            "eta=0.2",
            "UNDECIDABLE",
            r"def step\(u, x, grad, \*, eta=0\.2, rho\).* is not as it was",
        ),
        ("x_next = x +", "x_next = 1.000001*x +", "FAILS", "at u=.* its step gives"),
        ("x_next = x +", "x_next = x + 0*z +", "FAILS", "step raises NameError"),
        ("    u = 0.0", "    u = 1e-6", "FAILS", "its init gives"),
        ("range(steps)", "range(steps - 1)", "FAILS", "its run gives"),
        ("def step(", "import os\n\ndef step(", "FAILS", "it imports os"),
        ("def step(", "import physsym.runtime\n\ndef step(", "FAILS", r"it imports physsym\.runtime"),
        ("def step(", "__import__('os')\n\ndef step(", "FAILS", "it imports __import__"),
        ("def step(", "raise SystemExit(0)\n\ndef step(", "FAILS", "is run when the module is imported"),
        ("\nFROZEN =", "import math\nmath.sqrt = abs\n\nFROZEN =", "FAILS", r"'math\.sqrt = abs', is run"),
        ("    g = grad(x)", "    global n\n    g = grad(x)", "FAILS", "'global n', reaches beyond"),
        ("    g = grad(x)", "    g = grad(eval('x'))", "FAILS", "reaches beyond its function"),
        ("    g = grad(x)", "    g = grad(x)\n    grad.n = 1", "FAILS", "'grad.n = 1', reaches beyond"),
        ("    g = grad(x)", "    g = grad(x + 0*grad.__code__)", "FAILS", "reaches beyond its function"),
        ("\nFROZEN =", "\ndef other(x):\n    return x\n\nFROZEN =", "UNDECIDABLE", "is not as it was"),
        ("def step(", "def stop(", "FAILS", "has no function step"),
        ("def run(", "def walk(", "FAILS", "has no function run"),
        (
            "grad, *, eta=0.1, rho):",
            "grad, lr, *, eta=0.1, rho):",
            "FAILS",
            "takes lr, which the rule has not",
        ),
        (
            '"rule": "sha256:',
            '"rule": "sha256:0',
            "UNDECIDABLE",
            "is another rule now, or another form of it",
        ),
        ('"from": "momentum"', '"from": "nowhere"', "UNDECIDABLE", "nowhere is not found here"),
        (
            '"from": "momentum"',
            '"from": "known:gradient_descent"',
            "FAILS",
            "has no|which the rule has not|gives",
        ),
        ('"language": "python"', '"language": "c"', "FAILS", "names no form"),
        ('"given": {', '"gave": {', "FAILS", "its record, FROZEN, is not as it was written"),
        ('"text": "sha256:', '"text": "sha256:0', "HOLDS", ""),
    ],
)
def test_what_is_changed_in_a_file_is_told(old, new, outcome, said, tmp_path):
    path = frozen_file(tmp_path, *MOMENTUM[1:])
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    verdict = check_frozen(path)
    assert verdict.outcome.name == outcome
    assert re.search(said, "; ".join([*verdict.evidence, verdict.witness]), re.DOTALL)
    assert main(["check", str(path)]) == int(outcome != "HOLDS")


@pytest.mark.parametrize("language", ["python", "numpy"])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    g = grad(x)", "    np.savetxt('made', [1.0])\n    g = grad(x)"),
        ("    g = grad(x)", "    np.asarray([1.0]).tofile('made')\n    g = grad(x)"),
        ("    g = grad(x)", "    g = grad(x)\n    import os"),
        ("    g = grad(x)", "    from numpy import savetxt\n    g = grad(x)"),
        ("    g = grad(x)", "    g = [grad(x) for _ in (1,)][0]"),
        ("    g = grad(x)", "    g = grad(x)\n    while x is None:\n        pass"),
        ("    g = grad(x)", "    g = grad(x)\n    print(g)"),
        ("    g = grad(x)", "    def other():\n        return 0.0\n    g = grad(x)"),
        ("def step(", "from numpy import *\n\ndef step("),
        ("def step(", "import numpy\n\ndef step("),
        ("def step(", "import math as np\n\ndef step("),
        ("def step(", "class Other:\n    pass\n\ndef step("),
        ("def step(", "@print\ndef step("),
        ("eta=0.1", "eta=open('made', 'w')"),
        ("    g = grad(x)", "    f = lambda open: 0\n    g = grad(x)\n    open('made', 'w')"),
        ("eta=0.1, rho):", "eta=open('made', 'w'), rho):\n    open = 1"),
        ("def init(x)", "def init(x: open('made', 'w'))"),
    ],
)
def test_what_is_more_than_arithmetic_is_refused_with_its_line_and_not_run(old, new, language, tmp_path):
    path = frozen_file(tmp_path, *MOMENTUM[1:], "--language", language)
    text = path.read_text().replace(old, new)
    assert text != path.read_text()
    path.write_text(text)
    verdict = check_frozen(path)
    assert verdict.outcome.name == "FAILS"
    assert re.search(r"line \d+, .+, (reaches beyond|is run when)|it imports os", verdict.evidence[0])
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("old", "new"),
    [('"given": {', '"given": [], "g": {'), ('"from": "momentum"', '"from": 5'), ('"python"', '["python"]')],
)
def test_a_record_of_other_values_is_no_record(old, new, tmp_path):
    path = frozen_file(tmp_path, *MOMENTUM[1:])
    path.write_text(path.read_text().replace(old, new))
    assert "its record, FROZEN, is not as it was written" in check_frozen(path).evidence[0]


def test_one_run_is_a_run(tmp_path, monkeypatch):
    monkeypatch.setattr("physsym.cli.frozen.RUNS", 1)
    assert "1 run agrees" in check_frozen(frozen_file(tmp_path, "momentum")).evidence


@pytest.mark.parametrize(
    "added", ["exec('made = 1')", "FROZEN['rule'] = ''", "open('made', 'w')", "step = init"]
)
def test_what_follows_the_record_is_code_as_well_and_is_not_run(added, tmp_path):
    path = frozen_file(tmp_path, *MOMENTUM[1:])
    path.write_text(f"{path.read_text()}\n{added}\n")
    assert "is run when the module is imported" in check_frozen(path).evidence[0]
    assert not (tmp_path / "made").exists()


def test_a_digest_that_is_changed_with_the_code_proves_nothing(tmp_path):
    path = frozen_file(tmp_path, *MOMENTUM[1:])
    text = path.read_text().replace("    g = grad(x)", "    g = grad(x) if x != 0.125 else 0.0")
    path.write_text(text)
    digest = text_digest(frozen(path).code)
    path.write_text(re.sub(r'"text": "[^"]*"', f'"text": "{digest}"', text))
    assert "is written otherwise by this version of physsym" in check_frozen(path).evidence[0]


def test_names_of_functions_of_python_are_names_of_parameters_too(tmp_path):
    assert check_frozen(frozen_file(tmp_path, "x <- x - open*type*grad(x)", "--language", "numpy"))


def test_runs_without_numbers_are_not_counted(tmp_path):
    said = {
        rule: check_frozen(frozen_file(tmp_path, rule)).evidence[-1]
        for rule in ("x <- x - c*grad(x)", "x <- x - sqrt(1 - c)*grad(x)")
    }
    every, some = (int(re.fullmatch(r"(\d+) runs agree", text)[1]) for text in said.values())
    assert every == RUNS
    assert 0 < some < RUNS  # where c is larger than 1 the second rule has no real number


def test_a_mark_at_the_beginning_of_the_file_is_no_change(tmp_path):
    path = frozen_file(tmp_path, "momentum")
    path.write_text(path.read_text(), encoding="utf-8-sig")
    assert check_frozen(path)


DERIVED = '''"""One step down the gradient."""
import physsym as ps
from physsym.vocabulary import G, dt, gamma, x
derivation = ps.Derivation("descent", ps.law({gamma * ps.dot(x): -G}), (
    ps.Step("Divide.", ps.Divide(gamma)),
    ps.Step("Integrate.", ps.Integrate(ps.integrators.forward_euler, dt)),
))
'''


def test_a_derivation_that_changes_is_noticed(tmp_path, capsys):
    script, path = tmp_path / "own.py", tmp_path / "frozen.py"
    script.write_text(DERIVED)
    assert main(["freeze", str(script), "--out", str(path)]) == 0
    assert check_frozen(path)
    # Another way to the same rule.
    script.write_text(DERIVED.replace('ps.Step("Divide.", ps.Divide(gamma)),', ""))
    verdict = check_frozen(path)
    assert verdict
    assert "the derivation has other lines now, and ends with the same rule" in verdict.evidence
    # Another rule.
    script.write_text(DERIVED.replace("-G}", "-2*G}"))
    verdict = check_frozen(path)
    assert verdict.outcome.name == "FAILS"
    # What does not hold is not derived.
    script.write_text(DERIVED.replace("forward_euler, dt)", "forward_euler, dt), ps.rule({x: x + G})"))
    capsys.readouterr()
    assert main(["freeze", str(script), "--out", str(tmp_path / "other.py")]) == 2
    assert re.fullmatch(r"physsym: step 2 of 'descent' does not hold, .*\n", capsys.readouterr().err)
    assert not (tmp_path / "other.py").exists()


def test_a_frozen_rule_in_a_folder_is_checked_with_the_scripts(tmp_path, capsys):
    (tmp_path / "own.py").write_text(DERIVED)
    assert main(["freeze", "known:adam", "--out", str(tmp_path / "adam.py")]) == 0
    assert main(["check", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "2 steps checked, all hold" in out
    assert "1 frozen rule checked, it holds" in out


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("rule", "takes the name of a module"),
        ("my-rule.py", "takes the name of a module"),
        ("class.py", "takes the name of a module"),
        ("math.py", "would hide the module math"),
        ("numpy.py", "would hide the module numpy"),
        ("mine.py", "is there and is no frozen rule"),
        ("folder.py", "is a folder"),
        ("locked.py", "is read-only"),
        ("mine.py/rule.py", ""),
    ],
)
def test_files_that_are_not_written_are_refused_in_a_line(out, said, tmp_path, capsys):
    (tmp_path / "mine.py").write_text("mine = 1\n")
    (tmp_path / "folder.py").mkdir()
    locked = frozen_file(tmp_path, "momentum").rename(tmp_path / "locked.py")
    locked.chmod(0o444)
    if out == "locked.py" and os.access(locked, os.W_OK):
        pytest.skip("this user may write any file")
    before = {file: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()}
    capsys.readouterr()
    assert main([*MOMENTUM, "--out", str(tmp_path / out)]) == 2
    assert re.fullmatch(f"physsym: .*{said}.*\n", capsys.readouterr().err)
    assert {file: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()} == before


def test_a_frozen_rule_is_overwritten_by_another(tmp_path):
    path = frozen_file(tmp_path, "momentum")
    frozen_file(tmp_path, "known:adam")
    assert '"from": "known:adam"' in path.read_text()


@pytest.mark.parametrize(
    "given", ["eta=-1", "eta=nothing", "lr=0.1", "eta=0.1 eta=0.2", "eta=1e400"], ids=lambda g: g
)
def test_values_that_do_not_fit_are_refused_in_a_line(given, tmp_path, capsys):
    assert main(["freeze", "momentum", "--set", *given.split(), "--out", str(tmp_path / "a.py")]) == 2
    assert re.fullmatch(r"physsym: .+\n", capsys.readouterr().err)
    assert not (tmp_path / "a.py").exists()


def test_freezing_needs_what_every_installation_has():
    code = "import physsym.cli.freeze, sys; print({'scipy', 'matplotlib', 'llvmlite'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
