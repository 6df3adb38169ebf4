"""Work that a process shares with a copy of itself gives what it gives without one, whatever happens."""

import os
import signal
import subprocess
import sys
import textwrap
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
HEAD = """
import mmap, os, signal, sys, threading, time
from functools import partial
from physsym.cli.halves import can_copy, halved
here, seen = os.getpid(), mmap.mmap(-1, 2)  # memory that a copy shares
def shared(*parts, copying=True):
    with halved(parts, reversed(range(len(parts))), copying) as both:
        return [x for k in range(len(parts)) for x in both.take(k)]
def own():
    return os.getpid() == here
def wait(copying=True):
    while copying and not seen[0]:
        time.sleep(0.001)
    return []
def told(result):
    seen[0] = 1
    return result
def together():  # a copy waits until the other process has begun
    seen[1] = seen[1] or own()
    while not seen[1]:
        time.sleep(0.001)
"""
pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2, reason="a copy needs a second processor"
)


def printed(program, *, code=0):
    """Return what a program prints in a process of its own, which must leave no process behind."""
    command = [sys.executable, "-c", f"{HEAD}\n{textwrap.dedent(program)}"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=120, cwd=ROOT, start_new_session=True,
        stdin=subprocess.DEVNULL, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def test_both_processes_work_and_results_are_in_order():
    out = printed("""
        def part(k):
            if k < 7:
                together()
            return wait() or [(k, own())] if own() else told([(k, own())])
        found = shared(*(partial(part, k) for k in range(8)))
        print([k for k, _ in found] == list(range(8)), found[0], found[-1])
        try:
            os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            print("no process is left")
    """)
    assert out == "True (0, True) (7, False)\nno process is left\n"


def test_results_of_a_copy_that_has_ended_are_used():
    out = printed("""
        def ended():
            together()
            while own() and os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
                time.sleep(0.001)
            return [own()]
        print(shared(ended, *[lambda: together() or [own()]] * 4))
    """)
    assert out == "[True, False, False, False, False]\n"


@pytest.mark.parametrize(
    "why",
    [
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
        "import numpy; numpy.ones((300, 300)) @ numpy.ones((300, 300))",
        "os.sched_setaffinity(0, list(os.sched_getaffinity(0))[:1])",
        "sys.setprofile(lambda *_: None)",
    ],
)
def test_only_a_process_of_one_thread_with_a_second_processor_is_copied(why):
    show = "print(can_copy(), set(shared(*[lambda: time.sleep(0.1) or [own()]] * 4)))"
    assert printed(f"print(can_copy())\n{why}\n{show}") == "True\nFalse {True}\n"


def test_nothing_is_copied_where_none_is_asked_for():
    show = "print(set(shared(*[lambda: time.sleep(0.1) or [own()]] * 4, copying=False)))"
    assert printed(show) == "{True}\n"


@pytest.mark.parametrize(
    "fault",
    [
        "os._exit(7)",
        "os._exit(0)",
        "os.kill(os.getpid(), signal.SIGKILL)",
        "sys.exit(3)",
        "1 / 0",
        "print('seen once')",
        "os.write(2, b'seen once')",
        "input('asked')",
        "(_ for _ in ()).throw(KeyboardInterrupt)",
    ],
)
def test_what_goes_wrong_in_the_copy_is_done_here(fault):
    out = printed(f"""
        def part(k):
            if not own():
                seen[0] = 1
                {fault}
            wait()
            return [k]
        print(shared(*(partial(part, k) for k in range(6))))
    """)
    assert out == "[0, 1, 2, 3, 4, 5]\n"


def test_an_error_is_raised_in_its_turn_as_without_a_copy():
    out = printed("""
        def part(k):
            if own():
                wait(copying)
            seen[0] = 1
            if k > 2:
                raise ValueError(f"part {k}")
            print("part", k)
            return [k]
        for copying in (True, False):
            try:
                shared(*(partial(part, k) for k in range(6)), copying=copying)
            except ValueError as error:
                print(error)
    """)
    assert out == "part 0\npart 1\npart 2\npart 3\n" * 2


def test_what_does_not_arrive_as_it_was_is_found_anew():
    out = printed("""
        from sympy import Dummy, Mul, Symbol
        x, d = Symbol("x", positive=True), Dummy("d")
        loose = Mul(Mul(2, x, evaluate=False), Mul(3, x, evaluate=False), evaluate=False)
        values = [loose, x + d, lambda: 1, Symbol("x"), d]
        def part(k):
            if own():
                wait()
            elif k == 0:
                seen[0] = 1
            return [(values[k], own())]
        order = [4, 3, 2, 1, 0]
        with halved([partial(part, k) for k in range(5)], order, True) as both:
            wait()
            found = [x for k in range(5) for x in both.take(k)]
        print([value == wanted for (value, _), wanted in zip(found, values)], found[0][0])
        print([mine for _, mine in found])
    """)
    assert out == "[True, True, True, True, True] (2*x)*(3*x)\n[True, False, True, False, False]\n"


def test_a_copy_ends_with_the_process_that_is_killed(tmp_path):
    program = f"""
        def part(k):
            open({str(tmp_path)!r} + f"/{{k}}-{{os.getpid()}}", "w").close()
            time.sleep(600)
            return [k]
        shared(partial(part, 0), partial(part, 1))
    """
    command = [sys.executable, "-c", f"{HEAD}\n{textwrap.dedent(program)}"]
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}) as process:
        while len(begun := [int(p.name.partition("-")[2]) for p in tmp_path.iterdir()]) < 2:
            assert process.poll() is None
        process.kill()
    assert is_gone(next(pid for pid in begun if pid != process.pid))


def is_gone(pid):
    """Return whether a process ends within some seconds; what init has not yet waited for has ended."""
    import time

    for _ in range(200):
        try:
            if ") Z " in Path(f"/proc/{pid}/stat").read_text():
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False


# ------------------------------------------------------------------ the command

SCRIPT = """
import os, pathlib, time
from physsym.claims import Claim, fails, holds
from physsym.core.verdicts import Verdict
{more}
def judge(k):
    time.sleep(0.05)
    {fault}
    return fails(f"seen {{k}}") if k % 3 else holds("seen")
claims = tuple(Claim(f"C{{k}}", "1", "Says.", f"is {{k}}", lambda k=k: judge(k)) for k in range(12))
{names}
"""
NAMES = "\n".join(f"c{k} = claims[{k}]" for k in range(12))


@cache
def checked(folder, *options, cores=2):
    """Return the code and the output of `physsym check`, with one core or more."""
    command = [sys.executable, "-m", "physsym", "check", str(folder), *options]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=300,
        preexec_fn=lambda: os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores]),
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def test_check_prints_the_same_with_a_copy_and_without():
    shared = checked(ROOT / "derivations", "-v", "--claims", "--strict")
    assert shared == checked(ROOT / "derivations", "-v", "--claims", "--strict", cores=1)
    assert "steps checked, all hold" in shared[1]


LECTURE = """
import time
import physsym as ps
from physsym.claims import Claim, holds
from physsym.documents.content import Chapter, Claims, Figure
derivation = ps.script("gradient_descent").derivations[0]
def judge(k):
    time.sleep(0.05)
    return holds(f"seen {{k}}")
claims = tuple(Claim(f"C{{k}}", "1", "Says.", f"is {{k}}", lambda k=k: judge(k)) for k in range(8))
def draw(ax, k=1):
    ax.plot([0, k], [0, 1])
    {fault}
chapter = Chapter("One", (
    derivation, Claims(claims),
    Figure("a", draw, "A line.", "a line"), Figure("b", (draw, lambda ax: draw(ax, 2)), "Two.", "two lines"),
))
"""


@pytest.mark.parametrize(("fault", "code"), [("pass", 0), ("1/0", 2), ("import os; os._exit(9)", 9)])
def test_a_document_has_the_same_bytes_with_a_copy_and_without(tmp_path, fault, code):
    pytest.importorskip("matplotlib")
    (tmp_path / "lecture.py").write_text(LECTURE.format(fault=fault))
    found = []
    for cores in (2, 1):
        out = tmp_path / str(cores)
        command = [sys.executable, "-m", "physsym", "document", "lecture.py", "--out", str(out)]
        done = subprocess.run(
            [*command, "--format", "html,md,tex"], capture_output=True, text=True, check=False, cwd=tmp_path,
            preexec_fn=lambda cores=cores: os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores]),
            env=os.environ | {"PYTHONPATH": str(ROOT)}, timeout=300,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        files = {p.relative_to(out): p.read_bytes() for p in out.rglob("*") if p.is_file()}
        found.append((files, done.stdout.replace(str(out), "out"), done.stderr))
    assert found[0] == found[1]
    assert len(found[0][0]) == (0 if code else 7)


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ("", "pass"),
        ("here = os.getpid()", "os.getpid() == here or os.kill(os.getpid(), 9)"),
        ("here = os.getpid()", "os.getpid() == here or 1/0"),
        ("import threading; threading.Thread(target=time.sleep, args=(5,), daemon=True).start()", "pass"),
        ("", "1/(k - 9)"),
        ("", "print('judged')"),
    ],
)
def test_claims_are_judged_the_same_whatever_the_copy_meets(tmp_path, more, fault):
    (tmp_path / "s.py").write_text(SCRIPT.format(more=more, fault=fault, names=NAMES))
    with_copy = checked(tmp_path, "--claims")
    assert with_copy == checked(tmp_path, "--claims", "--jobs", "1")
    assert with_copy[0] == (2 if "k - 9" in fault else 1)
    assert "12 claims judged, 8 of them do not hold" in with_copy[1] or with_copy[0] == 2


def test_two_scripts_of_one_name_keep_their_own_claims(tmp_path):
    for folder, judge in (("a", "holds('so')"), ("b", "fails('no')")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "s.py").write_text(
            "from physsym.claims import Claim, fails, holds\n"
            f"c = Claim('C1', '1', 'Says.', 'is {folder}', lambda: {judge})\n"
        )
    code, out, err = checked(tmp_path / "a", str(tmp_path / "b"), "--claims")
    assert (code, "2 claims judged, 1 of them" in out) == (1, True), err


def test_ctrl_c_ends_the_copy_too(tmp_path):
    pid = "pathlib.Path(__file__).with_name(f'{os.getpid()}.pid').touch(); time.sleep(600)"
    (tmp_path / "s.py").write_text(SCRIPT.format(more="", fault=pid, names=NAMES))
    command = [sys.executable, "-m", "physsym", "check", str(tmp_path)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, cwd=ROOT,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    while len(begun := [int(path.stem) for path in tmp_path.glob("*.pid")]) < 2:
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)
    assert (*process.communicate(timeout=5), process.returncode) == ("", "physsym: interrupted\n", 130)
    assert all(map(is_gone, begun))
