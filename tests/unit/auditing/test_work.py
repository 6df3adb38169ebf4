"""What an audit does once, and what it leaves out because it decides nothing: counted, not timed."""

import re
from pathlib import Path

import pytest
import sympy

from physsym.auditing import audit, comparisons, consequences, expansions
from physsym.auditing.evaluation import may_vanish_by
from physsym.core.verdicts import Condition, Outcome
from physsym.parsing.latex.statements import trees
from physsym.parsing.latex.tokens import macro_table
from physsym.verify import regions
from physsym.verify.budget import budget
from physsym.verify.equivalence import identical

x, y, z, a, b = sympy.symbols("x y z a b", real=True)


class Counted:
    """A function, or a pattern, and how often it was asked."""

    def __init__(self, asked):
        self.asked, self.calls = asked, 0

    def __call__(self, *args):
        self.calls += 1
        return self.asked(*args)

    match = __call__


def asked_of_lines(monkeypatch, folder, number):
    """Return how many names are looked at for error terms in a text of so many lines, each of its own."""
    pattern = Counted(re.compile(r"\\O$").match)
    monkeypatch.setattr(expansions, "_INEXACT", pattern)
    page = Path(folder) / f"lines{number}.md"
    page.write_text("\n\n".join(f"$$w_{{{number + i}}} = {number + i} q + {i}$$" for i in range(number)))
    assert len(audit(page).entries) == number
    return pattern.calls


def test_error_terms_are_looked_for_once_in_each_line(monkeypatch, tmp_path):
    few, many = (asked_of_lines(monkeypatch, tmp_path, n) for n in (10, 60))
    assert few > 0
    assert many < 10 * few  # 36 times, if each line looked at all lines before it


def test_two_sides_are_compared_once(monkeypatch):
    engines = Counted(comparisons.identical)
    monkeypatch.setattr(comparisons, "identical", engines)
    left, right = (x + 31) * (x - 31), x**2 - 961
    assert comparisons.compared(left, right).holds
    once = engines.calls
    assert comparisons.compared(left, right, ()).holds
    assert engines.calls == once > 0
    assert comparisons.compared(left, right, [Condition(x, "> 0")]).holds
    assert engines.calls > once


def test_sides_are_compared_again_where_more_time_is_given(monkeypatch):
    engines = Counted(comparisons.identical)
    monkeypatch.setattr(comparisons, "identical", engines)
    for seconds in (1.0, 2.0):
        with budget(seconds):
            assert not comparisons.compared(x + 37, x - 37).holds
    assert engines.calls == 2


@pytest.mark.parametrize(("other", "looks"), [(x**2 + 41, False), (abs(x) * x + 41 * x, True)])
def test_regions_are_looked_for_only_where_something_bounds_them(monkeypatch, other, looks):
    points = Counted(regions.samples_under)
    monkeypatch.setattr(regions, "samples_under", points)
    assert identical(x**2 + 41 * x, other).outcome is Outcome.FAILS
    assert (points.calls > 0) == looks


def test_a_formula_is_read_once_whatever_macros_it_does_not_use():
    text = r"q_7 \cdot s = \frac{u}{2}"
    macros = macro_table([("grad", 0, r"\nabla")])
    assert trees(text, macros, frozenset(["speed"])) is trees(text)
    spelled = [macro_table([("w", 0, letter)]) for letter in "uv"]
    assert trees(r"q = \w", spelled[0]) != trees(r"q = \w", spelled[1])
    assert trees("qs = u", None, frozenset(["qs"])) != trees("qs = u")


@pytest.mark.parametrize("factor", [sympy.Integer(3), a, 1 / (a + 7), sympy.exp(b)])
def test_a_multiple_of_a_residual_vanishes_with_it_whatever_it_is_solved_for(factor):
    residual = 2 * a * x - b * y + z - 5
    letters = [x, y, z]
    assert may_vanish_by(factor * residual, residual, letters) == letters
    value = sympy.solve(residual, x)[0]
    other = a * x + y
    rest = other.subs(x, value)
    assert may_vanish_by(factor * rest + other - rest, rest, [y, z], [(x, value)]) == [y, z]


@pytest.mark.parametrize("wrong", [x - y + z, x * y - 1, a * x + b * y + 1e-2 * z])
def test_another_expression_does_not_vanish_with_a_residual(wrong):
    assert may_vanish_by(wrong, 2 * a * x - b * y + z - 5, [x, y, z]) == []


def test_what_has_no_value_at_a_point_is_not_left_out():
    opaque = sympy.Function("f")(x)
    assert may_vanish_by(opaque - y, x - y, [x, y]) == [x, y]


def test_only_eliminations_that_may_decide_are_carried_out(monkeypatch, tmp_path):
    solving = Counted(consequences._solved_for)
    monkeypatch.setattr(consequences, "_solved_for", solving)
    page = tmp_path / "page.md"
    laws = [rf"$$s_{i} + {i} t + q r = {i + 2} p$$" for i in range(3, 9)]
    page.write_text("\n\n".join([*laws, "so", r"$$q r + 3 t + s_3 - 5 p = 0$$"]))
    assert audit(page).entries[-1].kind == "conditional"  # from what line 1 says
    few = solving.calls
    monkeypatch.setattr(consequences, "may_vanish_by", lambda target, residual, symbols, solved: symbols)
    page.write_text(page.read_text().replace("r", "m"))
    assert audit(page).entries[-1].kind == "conditional"
    assert 2 * few < solving.calls - few
