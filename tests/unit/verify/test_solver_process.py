"""One process answers many questions, each as if it were the first; it is killed and started anew."""

import os
import signal
import subprocess
import sys
import time

import pytest

from physsym.core.verdicts import Condition
from physsym.verify import budget
from physsym.verify.engines import smt, solver_process
from physsym.verify.engines.solver_process import END, ask
from physsym.vocabulary import x

ECHO = f"""
import sys
asked = 0
for line in sys.stdin:
    if line.strip() == "die" or (line.strip() == "die later" and asked):
        print("dying", flush=True)
        sys.exit()
    if line.strip() == "sleep":
        import time
        time.sleep(60)
    if line.startswith("(echo"):
        asked += 1
        print("number", asked, flush=True)
        print({END.strip()!r}, flush=True)
"""
PROGRAM = (sys.executable, "-I", "-c", ECHO)
LONG = 120  # seconds, on a busy machine


@pytest.fixture(autouse=True)
def _no_process_before():
    solver_process.end()
    yield
    solver_process.end()


def number_of_process():
    """Return the number of the process that the next question goes to, None where one will be started."""
    solver = solver_process._solvers[os.getpid(), PROGRAM]
    return solver.process.pid if solver.is_read else None


def test_one_process_answers_many_questions():
    assert [ask(PROGRAM, "", LONG) for _ in range(3)] == ["number 1\n", "number 2\n", "number 3\n"]


def test_another_program_is_another_process():
    assert ask(PROGRAM, "", LONG) == "number 1\n"
    assert ask((*PROGRAM, "other"), "", LONG) == "number 1\n"
    assert ask(PROGRAM, "", LONG) == "number 2\n"


def test_what_is_printed_before_the_end_is_the_answer():
    assert ask((sys.executable, "-c", "print(input()[::-1])"), "abc", LONG) == ")teser(\n"


def test_a_question_that_takes_too_long_ends_the_process_and_the_next_one_starts_another():
    assert ask(PROGRAM, "", LONG) == "number 1\n"
    assert ask(PROGRAM, "sleep", 0.3) is None
    assert number_of_process() is None
    assert ask(PROGRAM, "", LONG) == "number 1\n"


def test_a_process_that_was_killed_meanwhile_is_started_anew():
    assert ask(PROGRAM, "", LONG) == "number 1\n"
    os.kill(number_of_process(), signal.SIGKILL)
    assert ask(PROGRAM, "", LONG) == "number 1\n"


def test_a_process_that_dies_of_a_question_is_asked_once_more_only_if_it_answered_others():
    assert ask(PROGRAM, "die", LONG) == "dying\n"
    assert ask(PROGRAM, "", LONG) == "number 1\n"
    assert ask(PROGRAM, "die later", LONG) == "number 1\n"
    assert ask(PROGRAM, "die", LONG) == "dying\n"


def test_an_interruption_leaves_no_half_answer(monkeypatch):
    assert ask(PROGRAM, "", LONG) == "number 1\n"
    with monkeypatch.context() as patched:
        patched.setattr(solver_process, "END", interrupting())
        with pytest.raises(KeyboardInterrupt):
            ask(PROGRAM, "", LONG)
    assert number_of_process() is None
    assert ask(PROGRAM, "", LONG) == "number 1\n"


def test_two_interruptions_leave_no_answer_for_another_question(monkeypatch):
    assert ask(PROGRAM, "", LONG) == "number 1\n"
    with monkeypatch.context() as patched:
        patched.setattr(solver_process, "END", interrupting())
        patched.setattr(solver_process.Timer, "join", interrupted)
        with pytest.raises(KeyboardInterrupt):
            ask(PROGRAM, "", LONG)
    assert number_of_process() is None
    assert ask(PROGRAM, "", LONG) == "number 1\n"


def interrupted(*_):
    raise KeyboardInterrupt


class interrupting(str):
    def __eq__(self, other):
        raise KeyboardInterrupt

    __hash__ = str.__hash__


def test_a_process_that_was_forked_asks_one_of_its_own(monkeypatch):
    assert ask(PROGRAM, "", LONG) == "number 1\n"
    own = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert ask(PROGRAM, "", LONG) == "number 1\n"
    solver_process.end()
    monkeypatch.setattr(os, "getpid", lambda: own)
    assert ask(PROGRAM, "", LONG) == "number 2\n"


def test_nothing_is_left_at_the_end():
    script = (
        "from physsym.verify.engines.solver_process import _solvers, ask; import os, sys;"
        f"print(ask((sys.executable, '-I', '-c', {ECHO!r}), '', {LONG}).strip());"
        "print(*(solver.process.pid for solver in _solvers.values()))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True
    )
    said, number = done.stdout.splitlines()
    assert (said, done.stderr) == ("number 1", "")
    with pytest.raises(ProcessLookupError):
        os.kill(int(number), 0)


# ------------------------------------------------------------------ z3

MODEL = "(declare-const c0 Int)\n(assert (= (* c0 c0) 9))\n(assert (> c0 0))\n(check-sat)\n(get-value (c0))"


def test_neither_assertions_nor_options_of_a_question_are_there_in_the_next():
    above, below = Condition(x - 1, "> 0"), Condition(-x, "> 0")
    smt.consistent.cache_clear()
    assert smt.consistent((above, below)) == (False, (above, below))
    assert ask(smt._command(), "(get-option :produce-unsat-cores)", LONG) == "false\n"
    assert ask(smt._command(), MODEL, LONG) == "sat\n((c0 3))\n"
    assert ask(smt._command(), "(assert (> c0 0))", LONG).startswith("(error")  # c0 is declared no more
    assert ask(smt._command(), MODEL, LONG) == "sat\n((c0 3))\n"


@pytest.mark.skipif(sys.platform != "linux", reason="the clock of another process")
def test_the_processor_time_of_z3_is_charged_and_waiting_is_not():
    def charged(command, question, seconds):
        before = budget._charged.get()
        ask(command, question, seconds)
        return budget._charged.get() - before

    factors = " ".join(f"(* c{k} c{k} c{k})" for k in range(6))
    names = "".join(f"(declare-const c{k} Int)\n(assert (> c{k} 2))\n" for k in range(6))
    hard = f"{names}(assert (= (+ {factors}) 100003))\n(check-sat)"
    begun = time.perf_counter()
    spent = charged(smt._command(), hard, 0.5)
    assert 0 < spent <= time.perf_counter() - begun
    solver_process.end()
    assert charged(PROGRAM, "", LONG) < LONG
    assert charged(PROGRAM, "sleep", 1.0) < 0.5


def test_where_no_clock_tells_the_time_that_passes_is_charged(monkeypatch):
    monkeypatch.setattr(solver_process.sys, "platform", "darwin")
    assert ask(PROGRAM, "", LONG) == "number 1\n"  # so that the next question waits for no start
    before = budget._charged.get()
    assert ask(PROGRAM, "sleep", 0.5) is None
    assert budget._charged.get() - before > 0.2
