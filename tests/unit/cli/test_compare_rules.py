"""`physsym same`, `lift` and `report`: exit codes, what is printed, and 80 columns."""

from __future__ import annotations

import pytest

from physsym.__main__ import main

STEP = """
def step(w, v, grad, lr=0.1, mu=0.9):
    v = mu * v - lr * grad
    return w + v, v


def plain(w, grad, lr=0.1):
    return w - lr * grad
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(STEP)
    monkeypatch.chdir(tmp_path)
    return "mine.py"


def run(capsys, *arguments):
    code = main(arguments)
    shown = capsys.readouterr()
    assert all(len(line) <= 80 for line in shown.out.splitlines())
    return code, shown.out, shown.err


@pytest.mark.parametrize(
    ("first", "second", "code", "says"),
    [
        ("known:heavy_ball", "known:quasi_hyperbolic", 0, "The same."),
        ("known:quasi_hyperbolic", "known:heavy_ball", 1, "some values of the parameters only"),
        ("known:optimistic", "known:gradient_descent", 1, "Not the same."),
        ("known:gradient_descent", "x <- x + eta*grad(x)", 1, "outside of the range of"),
        ("x <- x - eta*grad(x)", "x <- x - alpha*grad(x)", 0, "alpha = eta"),
    ],
)
def test_two_rules_are_the_same_or_not(capsys, first, second, code, says):
    found, out, _ = run(capsys, "same", first, second)
    assert found == code
    assert says in out


def test_where_two_rules_part_stands_in_numbers(capsys):
    code, out, _ = run(capsys, "same", "known:optimistic", "known:gradient_descent")
    assert code == 1
    assert "step" in out
    assert "gradients" in out


def test_what_holds_for_a_constant_rate_alone_is_not_enough_when_strict(capsys):
    rules = ("u <- rho*u - eta*grad(x); x <- x + u+", "known:heavy_ball")
    code, out, _ = run(capsys, "same", *rules)
    assert code == 0
    assert "a constant one only" in out
    assert run(capsys, "same", "--strict", *rules)[0] == 1


@pytest.mark.parametrize(
    ("rule", "title", "name"),
    [
        ("x <- x - eta*grad(x)", "Gradient descent", "gradient_descent"),
        pytest.param(
            "u <- rho*u - eta*grad(x); x <- x + u+", "Heavy ball", "heavy_ball", marks=pytest.mark.slow
        ),
    ],
)
def test_the_published_rule_comes_first(capsys, rule, title, name):
    code, out, _ = run(capsys, "identify", rule)
    assert code == 0
    kinds = [line for line in out.splitlines() if line.startswith(("the same", "nearest", "more general"))]
    assert kinds[0].startswith("the same  ")
    assert title in kinds[0]
    assert f"known:{name}" in out
    assert "listed with --all" in out


@pytest.mark.slow
def test_a_rule_that_is_no_published_one_has_the_nearest_with_the_difference(capsys):
    code, out, _ = run(capsys, "identify", "x <- x - eta*grad(x)**3")
    assert code == 1
    assert "the same  " not in out
    assert "new weights of the first less those of the second" in " ".join(out.split())


def test_functions_of_a_file_are_compared(capsys, file):
    assert run(capsys, "same", f"{file}:plain", "known:gradient_descent")[0] == 0
    assert run(capsys, "same", f"{file}:step", "known:gradient_descent")[0] == 1


def test_a_function_of_a_file_is_lifted(capsys, file):
    code, out, _ = run(capsys, "lift", f"{file}:step")
    assert code == 0
    assert "v <- mu*v - lr*grad(x)" in out.replace("-lr*grad(x) + mu*v", "mu*v - lr*grad(x)")
    assert "checked" in out


def test_a_report_has_its_numbers_at_the_values_given(capsys):
    code, out, _ = run(capsys, "report", "x <- x - eta*grad(x)", "eta=0.1")
    assert code == 0
    assert "2/eta = 20" in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("same", "known:heavy_bal", "known:adam"), "known:heavy_ball"),
        (("same", "", "known:adam"), "rule"),
        (("identify", "known:heavy_bal"), "known:heavy_ball"),
        (("lift", "nowhere.py:step"), "nowhere.py"),
        (("lift", "known:"), "known"),
        (("report", "known:adam", "beta=0.9"), "beta_1"),
        (("report", "known:adam", "eta"), "eta"),
        (("report", "known:adam", "eta=nan"), "number"),
        (("report", "known:adam", "eta=1", "eta=2"), "twice"),
        (("report", "u = 3"), "rule"),
    ],
)
def test_a_wrong_input_is_one_clear_line(capsys, arguments, says):
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert not out
    assert says in err
    assert "Traceback" not in err
