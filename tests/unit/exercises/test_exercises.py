"""Exercises: what follows is right in any form, what is spoiled is wrong, and by the true difference."""

import ast
import json
import re

import pytest
from sympy import Add, Integer, Symbol, expand, simplify

import physsym as ps
from physsym.core.statements import Law, rewritten, rule
from physsym.core.symbols import grad
from physsym.exercises import ExerciseError, differences, exercise, hints, notebook
from physsym.loading import ScriptError, derivation_named
from physsym.mechanics.moves import Move
from physsym.parsing import read
from physsym.vocabulary import G, eta, gamma, m, rho, v, x
from tests.support.requirements import needs_jupyter
from tests.support.tiers import one_of_each

ALL = [d for s in ps.scripts() for d in s.derivations]
LINES = [pytest.param(d, k, id=f"{d.title}, {k}") for d in ALL for k in range(1, len(d.lines))]
SHARED = [pytest.param(d, k, id=f"{d.title}, {k}") for d in ALL[:3] for k in range(1, len(d.lines))]


# ------------------------------------------------------------------ right


@pytest.mark.parametrize(("derivation", "line"), LINES)
def test_the_line_itself_is_right_as_it_is_printed(derivation, line):
    task = exercise(derivation, line)
    assert task.answer(str(derivation.lines[line])).is_right
    shown = ps.unicode(derivation.lines[line], "physics", derivation.vocabulary)
    assert task.answer(shown).is_right
    assert task.answer(ps.latex(derivation.lines[line], "physics", derivation.vocabulary)).is_right


@pytest.mark.parametrize(("derivation", "line"), SHARED)
def test_another_form_of_the_line_is_right(derivation, line):
    due = derivation.lines[line]
    other = rewritten(due, expand)
    if isinstance(due, Law):  # the sides of every equation exchanged, the last equation first
        moved = tuple(ps.Equation(e.right, e.left) for e in reversed(other.equations))
        isolated = type(derivation.steps[line - 1].move).__name__ == "Isolate"
        other = other if isolated else Law(moved, due.assuming)
    assert exercise(derivation, line).answer(str(other)).is_right


def test_the_kinds_of_right():
    task = exercise("momentum", leave_out=(4, 6))
    first = task.answer("v <- v - dt*v/tau - dt*G/(gamma*tau); x <- x + dt*v+")
    assert (first.kind, "the potential is smooth" in first.says) == ("right under conditions", True)
    second = first.rest.answer("u <- rho*u + (rho - 1)*dt*G/gamma; x <- x + u+")
    assert (second.kind, second.rest, second.says) == ("right", None, "right")


# ------------------------------------------------------------------ wrong


def spoiled(line):
    """Yield a line with one sign changed, one term doubled, one term left out, or one instant mistaken."""
    expressions = (
        [e.right for e in line.equations] if isinstance(line, Law) else [w.value for w in line.updates]
    )
    for k, expression in enumerate(expressions):
        terms = Add.make_args(expand(expression))
        changes = [-2 * terms[0], terms[-1], -terms[-1]] if any(terms) else [Integer(1)]
        for change in changes:
            yield _changed(line, k, expression + change)
        for symbol in sorted(expression.free_symbols, key=str):
            if symbol.name.endswith("+"):
                yield _changed(line, k, expression.subs(symbol, Symbol(symbol.name[:-1], real=True)))


def _changed(line, k, value):
    if isinstance(line, Law):
        parts = [ps.Equation(e.left, value if j == k else e.right) for j, e in enumerate(line.equations)]
        return Law(tuple(parts), line.assuming)
    return rule({w.target: value if j == k else w.value for j, w in enumerate(line.updates)})


STEPS = {(d.lines[k - 1], d.steps[k - 1]): (d, k) for d in ALL for k in range(1, len(d.lines))}


@pytest.mark.parametrize(
    ("derivation", "line"),
    one_of_each(STEPS.values(), kind=lambda step: type(step[0].steps[step[1] - 1].move)),
    ids=lambda given: getattr(given, "title", given),
)
def test_a_spoiled_line_is_never_right_and_the_difference_is_that_of_the_values(derivation, line):
    task = exercise(derivation, line)
    wrong_lines = list(spoiled(derivation.lines[line]))
    for wrong in wrong_lines:
        answer = task.answer(str(wrong))
        assert answer.kind == "wrong", wrong
        assert answer.differences
        for found in answer.differences:
            assert simplify(found.given - found.due - found.difference) == 0
            assert found.witness
            assert len(set(found.witness.rpartition(": ")[2].split(" against "))) == 2
    assert len(wrong_lines) > 1


@pytest.mark.parametrize(
    ("text", "difference"),
    [
        ("u <- rho*u + dt*(1 - rho)*G/gamma; x <- x + u+", "u: -2*dt*(rho - 1)*grad(x)/gamma"),  # a sign
        ("u <- rho*u - dt*G/gamma; x <- x + u+", "u: -dt*rho*grad(x)/gamma"),  # a factor
        (
            "u <- rho*u - dt*(1 - rho)*G/gamma; x <- x + u_t",  # an index
            "x: -(rho - 1)*(dt*grad(x) + gamma*u)/gamma",
        ),
        ("u <- rho*u - dt*(1 - rho)*G/gamma; x <- x - u+", None),
        ("u <- rho*u - dt*(1 - rho)*G/gamma", "x: None"),
    ],
)  # fmt: skip
def test_only_the_update_that_is_wrong_is_listed(text, difference):
    answer = exercise("momentum", leave_out=6).answer(text)
    assert answer.kind == "wrong"
    (found,) = answer.differences
    shown = f"{found.what.split()[-1]}: {found.difference}"
    assert difference in (None, shown)
    assert [label for label, _ in answer.rows][:2] == ["your line", "the move gives"]
    assert dict(answer.rows)["your line"] == str(answer.given)
    assert dict(answer.rows)["the move gives"] == str(answer.due)


@pytest.mark.parametrize(("derivation", "line"), SHARED)
def test_the_line_above_is_no_answer(derivation, line):
    answer = exercise(derivation, line).answer(str(derivation.lines[line - 1]))
    assert answer.kind == "wrong"
    assert answer.says == "wrong: this is the line above, to which nothing was done"


def test_the_line_above_in_another_form_is_no_answer_either():
    answer = exercise("momentum", leave_out=1).answer("m*x'' + gamma*x' + G = 0")
    assert answer.says == "wrong: this is the line above, to which nothing was done"
    assert answer.differences[0].ratio == gamma
    assert "it is gamma times what is due" in str(answer)


def test_a_name_that_was_to_leave_is_said_and_makes_no_difference_of_values():
    answer = exercise("momentum", leave_out=6).answer(
        "u <- (1 - dt/tau)*u - dt*(1 - rho)*G/gamma; x <- x + u+"
    )
    assert answer.says.startswith("wrong: tau occurs in the line")
    assert answer.differences == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("u <- rho*u - etaa*G; x <- x + u+", "found etaa, which is no known name"),
        ("u <- beta*u; x <- x + u+", "found beta"),
        ("rho*u - eta*G", "expected equations or updates"),
        ("u <- rho*u - eta*G; x <- x + u", "write u+ for the new value"),
        ("u <- rho*(u - eta*G; x <- x + u+", "^"),
        ("__import__('os').system('true')", ""),
    ],
)
def test_what_is_not_read_is_neither_right_nor_wrong(text, says):
    answer = exercise("momentum", leave_out=6).answer(text)
    assert (answer.kind, answer.is_right, answer.verdict) == ("not read", False, None)
    assert says in answer.problem
    assert answer.rest.left_out == (6,)


def test_nothing_is_no_answer():
    assert exercise("momentum", leave_out=6).answer("  ").kind == "no answer"


BEAD = ps.Derivation("A bead", ps.System("q", "M*q'**2/2 - K*q**4/4").law(), (
    ps.Step("Apart.", ps.ReduceOrder("q", "p")),
))  # fmt: skip


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("q' = p; M*p' = -K*q**3", "right"),
        ("q' = p; p' = -K*q**3/M", "a multiple"),
        ("q' = p; 2*M*p' = -2*K*q**3", "a multiple"),
        ("q' = p; p' = K*q**3/M", "wrong"),
        ("q' = p; p' = -K*q**2/M", "wrong"),
        ("q' = p; q*M*p' = -K*q**4", "wrong"),
        ("q' = p; 0 = 0", "wrong"),
    ],
)
def test_a_multiple_of_an_equation_is_neither_wrong_nor_right(text, kind):
    answer = exercise(BEAD, leave_out=1).answer(text)
    assert answer.kind == kind
    assert answer.is_right == (kind == "right")
    if kind == "a multiple":
        assert answer.says.startswith("not wrong, but multiplied by ")
        for shown in (str(answer), answer._repr_markdown_(), answer._repr_html_()):
            assert "not wrong" in shown
            assert "difference" not in shown


# ------------------------------------------------------------------ differences


def test_equations_are_matched_in_any_order_and_up_to_sign():
    due = read("dot(x) = v; m*dot(v) = -gamma*v - G")
    assert differences(read("gamma*v + G = -m*dot(v); v = dot(x)"), due) == ()
    (found,) = differences(read("m*dot(v) = -gamma*v + G; v = dot(x)"), due)
    assert found.difference in (2 * G, -2 * G)
    (missing,) = differences(Law((read("dot(x) = v"),)), due)
    assert "is missing" in str(missing)


def test_a_rule_and_a_law_have_no_differences():
    assert differences(read("u <- rho*u; x <- x + u+"), read("dot(x) = v; dot(v) = -G")) == ()


def test_a_state_that_is_not_due_is_named():
    found = differences(rule({v: rho * v, x: x - eta * G}), rule({x: x - eta * G}))
    assert [str(d) for d in found] == ["the new value of v is not due"]


# ------------------------------------------------------------------ hints


@pytest.mark.parametrize(("derivation", "line"), LINES)
def test_hints_come_in_stages_and_give_no_coefficient_away(derivation, line):
    move, does, changes, shape = exercise(derivation, line).hints()
    due = derivation.lines[line]
    assert move
    assert does[0].isupper()
    assert changes
    constants = {"rho", "eta", "gamma", "tau", "dt", "alpha", "m"}
    assert not constants & set(re.findall(r"[a-z]+", shape))
    parts = due.equations if isinstance(due, Law) else due.updates
    assert len(shape.split("; ")) == len(parts)


def test_what_changes_is_computed():
    assert exercise("gradient_descent", leave_out=6).hints()[2] == (
        "dt, gamma leave; eta is new; the coefficient of grad(x) changes"
    )
    assert exercise("gradient_descent", leave_out=5).hints()[2].startswith("the law becomes a rule")


def test_a_move_of_ones_own_has_hints():
    class Own(Move):
        """Do something of one's own.

        And more.
        """

    line = rule({x: x - eta * G})
    assert hints(Own(), line, line) == (
        "Own", "Do something of one's own.", "nothing but the form changes", "x <- x + □*grad(x)"
    )  # fmt: skip


# ------------------------------------------------------------------ which line


@pytest.mark.parametrize("number", [0, -1, 9, 100])
def test_a_line_that_is_not_there_is_refused(number):
    with pytest.raises(ExerciseError, match="has the lines 1 to 7 to leave out"):
        exercise("momentum", leave_out=number)


def test_a_line_that_does_not_follow_is_no_exercise():
    wrong = ps.Step("Wrong.", ps.Divide(gamma), ps.law({x: -G}))
    derivation = ps.Derivation("wrong", ps.law({gamma * x: -G}), (wrong,))
    for leave_out in (1, "random"):
        with pytest.raises(ExerciseError):
            exercise(derivation, leave_out)


def test_a_random_line_is_that_of_its_seed():
    found = {exercise("momentum", seed=k).left_out for k in range(20)}
    assert len(found) > 3
    assert exercise("momentum", seed=3) == exercise("momentum", "random", seed=3)


def test_a_line_that_is_not_left_out_is_not_asked_for():
    with pytest.raises(ExerciseError, match="line 2 is not left out; left out: 3, 5"):
        exercise("momentum", leave_out=(5, 3)).answer("x <- x", line=2)


def test_a_derivation_is_found_by_its_name_in_a_script(tmp_path):
    path = tmp_path / "two.py"
    path.write_text(
        "from physsym import *\nfrom physsym.vocabulary import *\n"
        "first = Derivation('1', law({gamma*dot(x): -G}), (Step('A.', Divide(gamma)),))\n"
        "second = Derivation('2', law({m*dot(v): -G}), (Step('A.', Divide(m)),))\n"
    )
    assert derivation_named(str(path)).title == "1"
    assert exercise(f"{path}:second", 1).derivation.title == "2"
    with pytest.raises(ScriptError, match="has no derivation third; it has first, second"):
        derivation_named(f"{path}:third")


# ------------------------------------------------------------------ in a notebook


def test_a_blank_shows_neither_the_line_nor_its_move():
    task = exercise("momentum", leave_out=7)
    secret = ps.latex(task.derivation.lines[7])
    for shown in (str(task), task._repr_markdown_(), task._repr_html_()):
        assert "left out" in shown
        assert secret not in shown
        assert "eliminates gamma" not in shown
    assert ps.latex(task.derivation.lines[6]) in task._repr_markdown_()
    assert "`eta = dt/gamma`" in task._repr_markdown_()
    assert "<code>eta = dt/gamma</code>" in task._repr_html_()


def test_titles_and_sentences_are_no_markup():
    step = ps.Step("<script>alert(1)</script> *a*", ps.Divide(m))
    task = exercise(ps.Derivation("<b>", ps.law({m * ps.dot(v): -G}), (step,)), 1)
    assert "<script>" not in task._repr_html_() + task._repr_markdown_()
    assert "\\*a\\*" in task._repr_markdown_()


def test_an_answer_shows_both_lines_and_the_difference():
    answer = exercise("gradient_descent", leave_out=6).answer("x <- x + eta*G")
    for shown in (str(answer), answer._repr_markdown_(), answer._repr_html_()):
        for part in ("wrong", "your line", "the move gives", "difference", "point", "against"):
            assert part in shown
    assert ps.latex(2 * eta * grad(x)) in answer._repr_markdown_()
    assert answer._repr_html_().count("<math") == 3


def cells_of(text):
    return [(c["cell_type"], "".join(c["source"])) for c in json.loads(text)["cells"]]


def test_a_notebook_runs_from_top_to_bottom_answered_or_not():
    pytest.importorskip("nbformat")
    text = notebook(exercise("gradient_descent", leave_out=(5, 6)))
    assert text == notebook(exercise("gradient_descent", leave_out=(5, 6)))
    code = [source for kind, source in cells_of(text) if kind == "code"]
    for answer, kind in (("", "no answer"), ("x <- x - eta*G", "right")):
        names = {}
        for source in code:
            *before, last = ast.parse(
                source.replace('answer("", line=6)', f'answer("{answer}", line=6)')
            ).body
            exec(compile(ast.Module(before, []), "cell", "exec"), names)
            shown = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
        assert shown.kind == kind
    assert "eliminates" not in text


def test_a_notebook_needs_the_name_of_its_derivation():
    pytest.importorskip("nbformat")
    with pytest.raises(ExerciseError, match="needs the name"):
        notebook(exercise(ALL[0], 1))


@needs_jupyter
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_notebook_runs_in_a_kernel(monkeypatch, tmp_path):
    import nbformat
    from nbclient import NotebookClient

    monkeypatch.setenv("PYTHONPATH", str(ps.__path__[0]).removesuffix("/physsym"))
    read_again = nbformat.reads(notebook(exercise("gradient_descent", leave_out=6)), as_version=4)
    NotebookClient(read_again, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [out for cell in read_again.cells for out in cell.get("outputs", ())]
    assert any("is left out" in out.get("data", {}).get("text/markdown", "") for out in shown)
    assert any("no answer yet" in out.get("data", {}).get("text/markdown", "") for out in shown)
