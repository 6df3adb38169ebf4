"""`physsym exercise`: what is asked, what is said of answers, and the exit code."""

import io
import json
import re

import pytest

from physsym.__main__ import main
from physsym.exercises import exercise
from physsym.parsing import read

RIGHT = "x <- x - eta*G"
WRONG = "x <- x + eta*G"


@pytest.fixture(autouse=True)
def narrow(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


def run(capsys, *arguments):
    code = main(["exercise", *map(str, arguments)])
    captured = capsys.readouterr()
    shown = [line for line in captured.out.splitlines() if not line.startswith("wrote ")]  # a whole path
    assert max(map(len, shown), default=0) <= 80
    return code, captured.out, captured.err


def type_in(monkeypatch, *lines):
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ([RIGHT], 0), ([WRONG], 1), ([WRONG, RIGHT], 0), (["?", RIGHT], 0), (["?"] * 6, 1), ([""], 1),
        (["", RIGHT], 1), (["x <- x - G*eta"], 0),
    ],
)  # fmt: skip
@pytest.mark.parametrize("typed", [True, False])
def test_the_code_says_whether_the_line_was_found(capsys, monkeypatch, answers, code, typed):
    type_in(monkeypatch, *answers if typed else ())
    given = [] if typed else [part for text in answers for part in ("--answer", text)]
    found, out, err = run(capsys, "gradient_descent", "--leave-out", 6, *given)
    assert (found, err) == (code, "")
    assert "line 6 is left out" in out
    assert ("\n✓ right\n" in out) == (code == 0)


def test_the_end_of_the_input_gives_up(capsys, monkeypatch):
    type_in(monkeypatch)
    assert run(capsys, "gradient_descent", "--leave-out", 6)[0] == 1


def test_a_wrong_line_stands_against_what_the_move_gives(capsys):
    _, out, _ = run(capsys, "gradient_descent", "--leave-out", 6, "--answer", WRONG)
    assert "\n✗ wrong\n" in out
    rows = dict(re.findall(r"^  ([a-z ]+?)  +(\S.*)$", out, re.MULTILINE))
    assert read(rows["your line"]) == read(WRONG)
    assert read(rows["the move gives"]) == read(RIGHT)
    assert rows["difference"].endswith("2*eta*grad(x)")
    assert re.search(r"^eta = \S+, x = \S+ .*: (\S+) against (?!\1$)\S+$", rows["point"])


def test_neither_the_line_nor_its_move_is_shown_before_it_is_given_up(capsys):
    code, out, _ = run(capsys, "gradient_descent", "--leave-out", 6, "--answer", WRONG.replace("eta", "rho"))
    before, after = out.split("Line 6\n")
    assert code == 1
    assert "define eta" not in before
    assert "eta*grad(x)" not in before
    assert "the learning rate" in before
    assert str(exercise("gradient_descent", 6).derivation.lines[6]) in after
    _, out, _ = run(capsys, "gradient_descent", "--leave-out", 6, "--answer", "")
    assert f"given up; line 6 is\n    {exercise('gradient_descent', 6).derivation.lines[6]}\n" in out


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_hints_come_one_by_one(capsys, count):
    expected = exercise("gradient_descent", 6).hints()
    ways = (["--hints", count, "--answer", RIGHT], [*["--answer", "?"] * count, "--answer", RIGHT])
    for way in ways:
        _, out, _ = run(capsys, "gradient_descent", "--leave-out", 6, *way)
        shown = " ".join(out.split("Line 6\n")[1].split())
        assert [f"hint: {hint}" in shown for hint in expected] == [k < count for k in range(4)]


def test_there_are_four_hints(capsys):
    answers = ["--answer", "?"] * 5
    assert "there are no more hints" in run(capsys, "gradient_descent", "--leave-out", 6, *answers)[1]


def test_several_lines_are_asked_for_one_after_the_other(capsys):
    answers = ["--answer", "x <- x - dt*G/gamma", "--answer", RIGHT]
    code, out, _ = run(capsys, "gradient_descent", "--leave-out", "5,6", *answers)
    assert (code, out.count("is left out")) == (0, 2)
    assert "✓ right: holds, up to O(dt), given" in out
    assert run(capsys, "gradient_descent", "--leave-out", "5,6", *answers[:2])[0] == 1
    assert run(capsys, "gradient_descent", "--leave-out", "5,6", "--answer", "", *answers[2:])[0] == 1


def test_a_random_line_is_that_of_its_seed(capsys):
    first, second = (run(capsys, "momentum", "--seed", 4, "--answer", "")[1] for _ in range(2))
    assert first == second
    assert f"line {exercise('momentum', seed=4).left_out[0]} is left out" in first


def test_a_typing_mistake_is_said_and_asked_for_again(capsys, monkeypatch):
    type_in(monkeypatch, "x <- x - etaa*G", "x - eta*G", RIGHT)
    code, out, _ = run(capsys, "gradient_descent", "--leave-out", 6)
    assert code == 0
    assert "not read: found etaa, which is no known name; write eta" in out
    assert "not read: expected equations or updates" in out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["nowhere", "--leave-out", "1"], "no derivation is named 'nowhere'"),
        (["momentum", "--leave-out", "8"], "has the lines 1 to 7 to leave out; given 8"),
        (["momentum", "--leave-out", "0"], "given 0"),
        (["momentum", "--leave-out", "five"], "takes numbers of lines, such as 5"),
        (["momentum:nothing", "--leave-out", "1"], "has no derivation nothing"),
        (["claims"], "claims has no derivation"),
        (["gradient_descent", "--leave-out", "6", "--answer", "x <- x - etaa*G"], "found etaa"),
        (["gradient_descent", "--leave-out", "6", "--format", "ipynb"], "needs --out FILE"),
    ],
)  # fmt: skip
def test_wrong_input_is_told_and_is_exit_code_two(capsys, arguments, reason):
    code, _, err = run(capsys, *arguments)
    assert (code, reason in err, err.startswith("physsym: ")) == (2, True, True)


def test_a_notebook_is_written(capsys, tmp_path):
    pytest.importorskip("nbformat")
    out = tmp_path / "exercise.ipynb"
    code, printed, _ = run(capsys, "momentum", "--leave-out", "4", "--format", "ipynb", "--out", out)
    assert code == 0
    assert f"wrote {out}" in " ".join(printed.split())
    text = json.loads(out.read_text())
    assert any("exercise('momentum', leave_out=[4])" in "".join(c["source"]) for c in text["cells"])


def test_the_notebook_of_a_derivation_here_finds_it_from_anywhere(capsys, tmp_path, monkeypatch):
    pytest.importorskip("nbformat")
    (tmp_path / "derivations").mkdir()
    (tmp_path / "derivations" / "mine.py").write_text(
        "from physsym import *\nfrom physsym.vocabulary import *\n"
        "own = Derivation('Own', law({gamma*dot(x): -G}), (Step('A.', Divide(gamma)),))\n"
    )
    monkeypatch.chdir(tmp_path)
    for name in ("mine", "mine:own", "derivations/mine.py:own"):
        assert run(capsys, name, "--leave-out", 1, "--format", "ipynb", "--out", "a.ipynb")[0] == 0
        cells = ["".join(c["source"]) for c in json.loads((tmp_path / "a.ipynb").read_text())["cells"]]
        (found,) = re.findall(r"exercise\('(.+?)', leave_out=\[1\]\)", "\n".join(cells))
        monkeypatch.chdir("/")
        assert exercise(found, 1).derivation.title == "Own"
        monkeypatch.chdir(tmp_path)


def test_an_output_without_the_signs_gets_ascii(monkeypatch):
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="strict")
    monkeypatch.setattr("sys.stdout", out)
    assert main(["exercise", "gradient_descent", "--leave-out", "6", "--hints", "4", "--answer", WRONG]) == 1
    out.flush()
    text = out.buffer.getvalue().decode("ascii")
    assert re.search(r"x <- .*\[\]\*grad\(x\)", text)
    assert "\\u" not in text
