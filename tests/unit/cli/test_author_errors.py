"""What an author did wrong is told in one line: by `document` with exit code 2, by `check` as not holding."""

import re

import pytest

from physsym.__main__ import main

HEAD = """
from physsym import Derivation, Divide, Equation, Step, dot, law
from physsym.core.verdicts import fails, holds
from physsym.documents.content import *
from physsym.mechanics.claim import Claim
from physsym.vocabulary import G, gamma, m, tau, x

derivation = Derivation("Sliding", law({gamma * dot(x): -G}), (Step("Divide by `gamma`.", Divide(gamma)),))
_bad = Derivation("Bad", law({gamma * dot(x): -G}), (Step("Divide.", Divide(gamma), law({dot(x): -G})),))
_line = NumberedEquation("1.1", line=(_bad, 1))
_claim = Claim("C9", "s", "says", "formal", lambda: fails("no"), "r", lambda: fails("no again"))
"""


@pytest.fixture(autouse=True)
def broad(monkeypatch):
    monkeypatch.setenv("COLUMNS", "5000")


def run(tmp_path, capsys, text, *command):
    """Run a command on a script; return the exit code and what was printed."""
    script = tmp_path / "lecture.py"
    script.write_text(text)
    code = main(
        [*command, str(script), *(["--out", str(tmp_path / "out")] if command == ("document",) else [])]
    )
    printed = capsys.readouterr()
    return code, printed.out + printed.err


@pytest.mark.parametrize(
    ("block", "named"),
    [
        (
            "NumberedEquation('1.2', Equation(tau, m/gamma), check=lambda: True)",
            "equation '1.2' returned True",
        ),
        ("NumberedEquation('1.2', Equation(tau, m/gamma), check=lambda: 1/0)", "NumberedEquation 1.2"),
        ("Finding('odd', 'a', 'b', 'c', check=lambda: None)", "finding 'odd' returned None"),
        ("Finding('odd', 'a', 'b', lambda: 1/0, check=lambda: fails('so'))", "Finding odd"),
        ("Table('Rows', ('a',), lambda: 1/0)", "Table Rows"),
        ("Table('Rows', ('a',), lambda: [(1, 2)])", "a row of 1 cells was expected"),
        ("Figure('f', print, lambda: 1/0, 'a')", "Figure f"),
        ("'`about: 1/0`'", "found a division by zero"),
        ("'`about: x`'", "a real number was expected"),
        ("'So `x = `.'", "complete it"),
    ],
)
def test_what_a_document_cannot_show_is_named_by_both_commands(tmp_path, capsys, block, named):
    text = f"{HEAD}chapter = Chapter('One', ({block},))"
    code, printed = run(tmp_path, capsys, text, "document")
    assert (code, printed.count("\n")) == (2, 1)
    assert printed.startswith(f"physsym: {tmp_path / 'lecture.py'}, One, ")
    assert named in printed
    code, printed = run(tmp_path, capsys, text, "check")
    assert code == 1
    assert "1 equation, finding or number checked, it is unchecked" in printed
    assert "One, number" not in printed
    assert "\\n" not in printed


def test_a_figure_that_cannot_be_drawn_is_named_by_the_document(tmp_path, capsys):
    text = f"{HEAD}chapter = Chapter('One', (Figure('bent', lambda ax: 1/0, 'c', 'a'),))"
    code, printed = run(tmp_path, capsys, text, "document")
    assert (code, printed.count("\n")) == (2, 1)
    assert "figure bent, draw: it could not be computed: " in printed
    assert "lecture.py, line " in printed


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        (
            "NumberedEquation('1.2', line=(derivation, 7))",
            "shows line 7 of 'Sliding', whose lines are 0 to 1",
        ),
        ("NumberedEquation('1.2', line=(derivation, -1))", "shows line -1 of 'Sliding'"),
        ("EquationRange(derivation, start=1, stop=0)", "from line 1 to 0 shows nothing"),
        ("EquationRange(derivation, start=-1)", "shows line -1"),
        ("EquationRange(derivation, stop=4)", "shows line 4"),
        ("EquationRange(derivation, {4: '1.2'})", "has numbers for lines [4]"),
        ("Table('Rows', ('a', 'b'), ((1, 2), (1,)))", "a row of 2 cells was expected, given (1,)"),
        ("Table('Rows', ('a',), (fails('no'),))", "a row of 1 cells was expected"),
        ("Table('Rows', ('a',), ((1,),), faces=('physics', 'learning'))", "has 1 columns and 2 faces"),
    ],
)
def test_blocks_that_cannot_be_are_refused_where_they_are_written(tmp_path, capsys, block, reason):
    text = f"{HEAD}chapter = Chapter('One', ({block},))"
    for command in ("check", "document"):
        code, printed = run(tmp_path, capsys, text, command)
        assert (code, printed.count("\n")) == (2, 1)
        assert reason in printed


def test_one_number_belongs_to_one_equation(tmp_path, capsys):
    first, other = (f"NumberedEquation('1.2', line=(derivation, {k}))" for k in (0, 1))
    assert run(tmp_path, capsys, f"{HEAD}chapter = Chapter('One', ({first}, {first}))", "check")[0] == 0
    # Of another length: Python takes a file of the same length and second for the one that it has compiled.
    text = f"{HEAD}chapter = Chapter('Another', ({first}, {other}))"
    code, printed = run(tmp_path, capsys, text, "check")
    assert code == 1
    assert re.search(r"equation \(1.2\) +✗ fails: \(1.2\) is the number of", printed)
    code, printed = run(tmp_path, capsys, text, "document")
    assert code == 2
    assert "lecture.py, Another, Equation 1.2: (1.2) is the number of" in printed


def test_two_claims_of_one_id_are_refused(tmp_path, capsys):
    text = f"{HEAD}first, other = _claim, Claim('C9', 's', 'says', 'something else', lambda: holds('so'))"
    for command in ("check", "document"):
        code, printed = run(tmp_path, capsys, text, command)
        assert code == 2
        assert "two different claims with the id C9" in printed


# ------------------------------------------------------------------ nothing is passed over


@pytest.mark.parametrize("rows", ["(({cell},),)", "lambda: [({cell},)]", "((lambda: {cell},),)"])
@pytest.mark.parametrize(
    ("cell", "code", "printed"),
    [
        ("_line", 1, r"equation \(1.1\) +✗ fails"),
        ("OneFace('physics', _line)", 1, r"equation \(1.1\) +✗ fails"),
        (
            "NumberedEquation('', Equation(tau, m), check=lambda: fails('no'), refuted=True)",
            0,
            "equation tau = m, shown as false +✓",
        ),
        ("_claim", 1, "its repair +✗ fails: no again"),
        ("fails('shown on purpose')", 0, "1 step checked, it holds"),
    ],
)
def test_cells_of_tables_count(tmp_path, capsys, rows, cell, code, printed):
    table = f"Table('Cells', ('a',), {rows.format(cell=cell)})"
    found, shown = run(tmp_path, capsys, f"{HEAD}chapter = Chapter('One', ({table},))", "check")
    assert found == code
    assert re.search(printed, shown)


def test_a_claim_in_a_cell_is_in_the_audit_and_a_notebook_of_it_runs(tmp_path, capsys):
    text = f"{HEAD}chapter = Chapter('One', (Table('Cells', ('a',), lambda: [(_claim,)]),))"
    code, printed = run(tmp_path, capsys, text, "document")
    assert code == 0
    assert "on the page 1 equation, finding, number or repair does not hold" in printed
    assert 'id="claim-c9"' in (tmp_path / "out" / "derivations.html").read_text()


WRONG = {"derivation": "_bad", "claim": "_claim", "chapter": "Chapter('Two', ('Now `1/3 ~ 0.34`.',))"}


@pytest.mark.parametrize("kind", WRONG)
@pytest.mark.parametrize("held", ["[{}]", "({},)", "{{'a': {}}}", "[[{}]]", "{{1: [({},)]}}"])
def test_what_collections_hold_is_checked(tmp_path, capsys, kind, held):
    text = f"{HEAD}held = {held.format(WRONG[kind])}\nloop = [derivation]\n"
    code, printed = run(tmp_path, capsys, text + "loop.append(loop)\n", "check")
    assert code == 1
    assert re.search("(1 of them|it) does not hold", printed)


# ------------------------------------------------------------------ sentences on steps


OWN = """
from sympy import Symbol, sin
from physsym import Derivation, Divide, Step, dot, law
from physsym.vocabulary import m

theta, ell, g = Symbol("theta", real=True), Symbol("ell", positive=True), Symbol("g", positive=True)
swing = Derivation("Swing", law({{m * ell**2 * dot(dot(theta)): -m * g * ell * sin(theta)}}), (
    Step("{says}", Divide(m * ell**2)),
))
"""


def test_sentences_may_use_the_symbols_of_their_derivation(tmp_path, capsys):
    text = OWN.format(says="Divide by `m*ell**2`, so that `theta` and `g/ell` stay, and `dot(theta)`.")
    assert run(tmp_path, capsys, text, "check")[0] == 0
    assert run(tmp_path, capsys, text, "document")[0] == 0
    page = (tmp_path / "out" / "derivations.md").read_text()
    assert r"Divide by $`m \, \mathrm{ell}^{2}`$, so that $`\theta`$ and" in page


def test_a_sentence_that_cannot_be_read_is_named(tmp_path, capsys):
    text = OWN.format(says="Divide by `m*blub`.")
    code, printed = run(tmp_path, capsys, text, "check")
    assert code == 1
    assert re.search(r"Swing, step 1, formula m\*blub +\? unchecked: found blub", printed)
    code, printed = run(tmp_path, capsys, text, "document")
    assert (code, printed.count("\n")) == (2, 1)
    assert printed.startswith(f"physsym: {tmp_path / 'lecture.py'}, Swing, step 1: found blub")


def test_a_step_that_gives_no_line_is_named_with_its_script(tmp_path, capsys):
    text = OWN.format(says="Divide.").replace("Divide(m * ell**2)", "Divide(0)")
    code, printed = run(tmp_path, capsys, text, "document")
    assert code == 2
    assert printed.startswith(f"physsym: {tmp_path / 'lecture.py'}: step 1 of 'Swing' gives no line")


def test_a_name_that_is_taken_on_one_face_can_be_shown_on_the_other(tmp_path, capsys):
    text = """
from sympy import Symbol
from physsym import Derivation, Divide, Step, dot, law
from physsym.vocabulary import G, gamma, x
w = Symbol("w", real=True)
taken = Derivation("Taken", law({gamma * dot(x): -G - w}), (Step("Divide.", Divide(gamma)),))
"""
    code, printed = run(tmp_path, capsys, text, "document")
    assert code == 2
    assert "--face physics" in printed
    (tmp_path / "lecture.py").write_text(text)
    assert main(["document", str(tmp_path / "lecture.py"), "--out", str(tmp_path), "--face", "physics"]) == 0


# ------------------------------------------------------------------ paths, and what is printed


def test_an_empty_folder_among_the_paths_is_an_error(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    (tmp_path / "good.py").write_text(HEAD + "del wrong_line, _claim")
    for command in ("check", "document"):
        assert main([command, str(tmp_path / "good.py"), str(tmp_path / "empty")]) == 2
        printed = capsys.readouterr().err
        assert "no derivation was found in" in printed
        assert "empty" in printed
        assert "good" not in printed


@pytest.mark.parametrize("out", ["taken", "taken/deeper", "taken/lecture.html"])
def test_a_file_in_the_place_of_the_folder_is_told_in_words(tmp_path, capsys, out):
    (tmp_path / "taken").write_text("")
    (tmp_path / "good.py").write_text(HEAD + "del wrong_line, _claim")
    assert main(["document", str(tmp_path / "good.py"), "--out", str(tmp_path / out)]) == 2
    assert "taken is a file; name a folder to write to" in capsys.readouterr().err


def test_a_document_says_in_the_terminal_what_does_not_hold(tmp_path, capsys):
    code, printed = run(tmp_path, capsys, HEAD + "del _claim", "document")
    assert (code, "on the page" in printed) == (0, False)
    text = f"{HEAD}chapter = Chapter('One', (_line, 'Now `1/3 ~ 0.34`.'))\nwrong = _bad\n"
    code, printed = run(tmp_path, capsys, text, "document")
    assert code == 0
    assert "1 step or start and 2 equations, findings, numbers or repairs do not hold" in printed


def test_notes_on_dimensions_are_given_once(tmp_path, capsys):
    text = """
from sympy import Symbol
from physsym import Derivation, Divide, Isolate, Step, dot, law
from physsym.vocabulary import G, gamma, x
M = Symbol("M", positive=True)
y = Symbol("y", positive=True)
own = Derivation("Own", law({M * y**2 * dot(x): -G}), (Step("A.", Divide(M)), Step("B.", Divide(y))))
"""
    assert run(tmp_path, capsys, text, "document")[0] == 0
    page = (tmp_path / "out" / "derivations.md").read_text()
    assert page.count("the dimension of M is not known and does not follow") == 1
    assert "mass" in page
    _, printed = run(tmp_path, capsys, text, "check")
    assert printed.count("the dimension of M is not known") == 1


def test_what_fails_is_of_no_order():
    from physsym.core.verdicts import Order, Outcome, Verdict
    from physsym.documents.reasons import extent
    from physsym.vocabulary import dt

    wrong, close = (Verdict(o, ("seen",), error=Order(dt, 1)) for o in (Outcome.FAILS, Outcome.APPROXIMATE))
    assert str(wrong) == "fails: seen"
    assert str(close) == "approximate, up to O(dt): seen"
    assert not any(span.content for span in extent(wrong))
    assert any(span.content for span in extent(close))
