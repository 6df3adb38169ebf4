"""The processor time of a verdict, and the process of z3 that runs on its behalf."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sympy import Abs, Max, Symbol, symbols

import physsym
from physsym import Divide, Outcome, apply, check, dot, identical, law
from physsym.core.verdicts import Condition, Verdict, holds
from physsym.verify import budget
from physsym.verify.budget import BudgetError, budgeted, charge, check_time, part, remaining
from physsym.verify.engines import flint, smt, solver_process
from physsym.verify.engines.base import Answer

a, b, c = (Symbol(name, real=True) for name in "abc")


def for_ever(*_):
    while True:
        check_time()


@budgeted
def judge(work=lambda: None) -> Verdict:
    work()
    return holds("done")


def test_outside_of_a_verdict_there_is_no_limit():
    check_time()
    assert remaining() is None
    with part(0.5):
        assert remaining() is None


def test_what_takes_too_long_is_undecided_and_says_what_to_do():
    with budget.budget(0.02):
        verdict = judge(for_ever)
    assert verdict.outcome is Outcome.UNDECIDABLE
    assert "within 0.02 s of processor time" in verdict.evidence[0]
    assert "physsym.verify.budget.budget" in verdict.evidence[0]
    assert judge()
    assert remaining() is None


def test_a_verdict_within_a_verdict_shares_its_time():
    seen = []

    def outer():
        first = remaining()
        judge(lambda: seen.append((first, remaining())))
        judge(for_ever)
        raise AssertionError("the inner verdict came back")

    with budget.budget(0.05):
        assert judge(outer).outcome is Outcome.UNDECIDABLE
    ((before, within),) = seen
    assert within <= before <= 0.05


def test_time_of_another_process_is_charged():
    def work():
        charge(3600)
        check_time()

    assert judge(work).outcome is Outcome.UNDECIDABLE
    assert judge()


def test_a_part_leaves_time_for_the_others():
    def work():
        with pytest.raises(BudgetError), part(0.1):
            for_ever()
        check_time()

    with budget.budget(0.2):
        assert judge(work)


def test_each_thread_has_its_own_time():
    found = []
    with budget.budget(0.02):
        thread = threading.Thread(target=lambda: found.append(remaining()))
        assert judge(lambda: (thread.start(), thread.join()))
    assert found == [None]


@pytest.mark.parametrize("seconds", [0, -1])
def test_a_time_is_positive(seconds):
    with pytest.raises(ValueError, match="positive"), budget.budget(seconds):
        pass


def test_an_engine_that_takes_too_long_is_unknown_and_the_others_are_heard(monkeypatch):
    monkeypatch.setattr(flint, "identity", for_ever)
    with budget.budget(0.5):
        refuted = identical(a + b, a - b)
    assert refuted.outcome is Outcome.FAILS
    assert refuted.witness
    # A second family is still found where one takes too long: z3, whose limit is a time of the wall clock.
    monkeypatch.setattr(flint, "identity", lambda *_: (charge(remaining()), check_time()))
    with budget.budget(60):
        proved = identical(a * (b + c), a * b + a * c)
    assert proved.engines[-1] == smt.NAME
    assert "flint" not in proved.evidence[0]


# ------------------------------------------------------------------ the process


def test_z3_is_the_installed_one_whatever_is_on_the_path(monkeypatch, tmp_path):
    forged = tmp_path / "z3"
    forged.write_text("#!/bin/sh\necho unsat\necho sat\n")
    forged.chmod(0o755)
    (tmp_path / "z3.py").write_text("raise SystemExit('believed')")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.chdir(tmp_path)
    smt._command.cache_clear()
    program = Path(smt._command()[0])
    assert program.is_absolute()
    assert tmp_path not in program.parents
    assert any(limit.startswith("-t:") for limit in smt._command())
    smt._implies.cache_clear()
    assert smt.implies((), Condition(a, "> 0")).answer is not Answer.PROVED
    # without the program Python runs the module, isolated from the current folder
    monkeypatch.setattr(smt.site, "getsitepackages", list)
    monkeypatch.setattr(smt.site, "getusersitepackages", lambda: str(tmp_path))
    monkeypatch.setattr(smt.sysconfig, "get_path", lambda _: str(tmp_path))
    smt._command.cache_clear()
    command = smt._command()
    assert command[:2] == (sys.executable, "-I")
    monkeypatch.setattr(smt, "SECONDS", 120.0)
    smt._implies.cache_clear()
    assert smt.implies((), Condition(a**2 + 1, "> 0")).answer is Answer.PROVED
    smt._command.cache_clear()


@pytest.mark.parametrize(
    "printed",
    [
        rb"\xff\xfe\x00unsat",
        b"sat\\n((c0 1.2.3))",
        b"sat\\n((c0 (/ 1.0 0.0)))",
        b"unsat\\n(h999)",
        b"\\x80" * 50,
    ],
)
def test_broken_output_proves_nothing(monkeypatch, printed):
    script = f"import sys; sys.stdout.buffer.write(b'{printed.decode('latin-1')}')"
    monkeypatch.setattr(smt, "_command", lambda: (sys.executable, "-I", "-c", script))
    smt._implies.cache_clear()
    smt.consistent.cache_clear()
    assert smt.implies((), Condition(a - 3, "> 0")).answer is Answer.UNKNOWN
    assert smt.identity(a, b).answer is Answer.UNKNOWN
    assert smt.consistent((Condition(a - 3, "> 0"), Condition(-a, "> 0")))[1] == ()
    smt._implies.cache_clear()
    smt.consistent.cache_clear()


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and a signal at the death of the parent")
def test_a_killed_parent_leaves_no_process_behind(tmp_path):
    child = "import os, pathlib, time; pathlib.Path({!r}).write_text(str(os.getpid())); time.sleep(60)"
    script = (
        "import sys; from physsym.verify.engines.solver_process import ask;"
        "ask((sys.executable, '-I', '-c', sys.argv[1]), '', 60)"
    )
    written = tmp_path / "number"
    environment = {**os.environ, "PYTHONPATH": str(Path(physsym.__file__).parents[1])}
    parent = subprocess.Popen([sys.executable, "-c", script, child.format(str(written))], env=environment)
    try:
        number = _wait(lambda: written.exists() and written.read_text().strip())
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        assert _wait(lambda: not _runs(int(number)))
    finally:
        parent.kill()
        parent.wait()


def _wait(true):
    for _ in range(600):
        if found := true():
            return found
        time.sleep(0.05)
    return None


def _runs(number):
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


# ------------------------------------------------------------------ large expressions


@pytest.mark.slow
def test_large_powers_and_many_cases_come_to_an_end():
    big = (1 + a) ** 4000
    above, below = law({c * dot(b): -big}), law({dot(b): -big / c})
    assert apply(Divide(c), above).equations[0].left == dot(b)
    of_twelve = symbols("z0:12", real=True)
    for true in (
        check(Divide(c), above, below),
        identical(((1 + a) * (1 + b)) ** 4000, (1 + a + b + a * b) ** 4000),
        identical(sum(Abs(z) for z in of_twelve), sum(Max(z, -z) for z in of_twelve)),
    ):
        assert true.outcome in (Outcome.UNDECIDABLE, Outcome.HOLDS)
        assert true.evidence[0]
    for false in (
        check(Divide(c), above, law({dot(b): -2 * big / c})),
        identical(sum(Abs(z) for z in of_twelve), sum(Max(z, -z, 1) for z in of_twelve)),
    ):
        assert false.outcome in (Outcome.UNDECIDABLE, Outcome.FAILS)
    assert identical(big, (1 + a) ** 3999 * (1 + a))


@pytest.mark.filterwarnings("error")
def test_a_process_that_is_killed_before_it_read_all_leaves_no_file_open():
    assert solver_process.ask([sys.executable, "-c", "import time; time.sleep(60)"], "x" * 10**6, 0.2) is None
    gc.collect()  # a file that is left open warns when it is collected


def test_more_time_is_used_where_less_was_not_enough():
    motzkin = a**4 * b**2 + a**2 * b**4 + 1 - 3 * a**2 * b**2
    solver_process.end()
    with budget.budget(0.01):
        assert identical(Abs(motzkin), motzkin).outcome is Outcome.UNDECIDABLE
    with budget.budget(600):
        assert identical(Abs(motzkin), motzkin).outcome is Outcome.HOLDS


def test_the_end_of_a_block_bounds_each_verdict_within_it():
    with budget.ending(0.05):
        first, second = judge(for_ever), judge(for_ever)
        assert judge().outcome is Outcome.HOLDS
    assert first.outcome is second.outcome is Outcome.UNDECIDABLE
    with budget.ending(60), budget.ending(-1), pytest.raises(BudgetError), budget.joint(1):
        check_time()
    with budget.joint(60):
        check_time()
