"""Commands on the text of a rule, in each notation, and what they say of a text that is read in two ways."""

from __future__ import annotations

from io import StringIO

import pytest

from physsym.__main__ import main

TEXTS = (
    "v <- b*v + g; x <- x - lr*v+",
    "vₜ₊₁ = b vₜ + ∇U(xₜ); xₜ₊₁ = xₜ − lr vₜ₊₁",
    "v = b*v + g; x -= lr*v",
)
SHOWN = {
    "source": "v_next = b*v + g",
    "show": "𝐱ₜ₊₁ = 𝐱ₜ - lr 𝐯ₜ₊₁",
    "lift": "x <- x - lr*v+",
    "run": "x <- x - lr*v+",
    "report": "x <- x - lr*v+",
}


@pytest.mark.parametrize("command", SHOWN)
def test_a_command_takes_the_text_of_a_rule_in_any_notation(command, capsys):
    said = []
    for text in TEXTS if command != "report" else TEXTS[1:2]:
        assert main((command, text)) == 0
        said.append(capsys.readouterr().out)
    assert SHOWN[command] in said[0]
    assert len(set(said)) == 1


def test_texts_are_compared(capsys):
    assert main(("same", TEXTS[0], TEXTS[2])) == 0
    assert "The same." in capsys.readouterr().out
    assert main(("same", TEXTS[0], TEXTS[2].replace("b*v", "b*b*v"))) == 1


def test_a_law_is_shown(capsys):
    assert main(("show", "m x'' = -k x")) == 0
    assert capsys.readouterr().out == "m d²𝐱/dt² = -k 𝐱\n"


@pytest.mark.parametrize("command", SHOWN)
def test_a_text_with_two_readings_is_wrong_input(command, capsys):
    assert main((command, "v <- b*v + g; x <- x - lr*v")) == 2
    said = capsys.readouterr().err
    assert "write v+ for the new value or v_t for the old one" in said
    assert said.splitlines()[-1].strip() == "^"


@pytest.fixture
def lecture(tmp_path, monkeypatch):
    """Write a lecture and the script that it names, and go into their folder."""
    (tmp_path / "descent.py").write_text(
        "import physsym as ps\nfrom physsym.vocabulary import dt, m, x\n"
        'd = ps.Derivation("Descent", ps.damped_particle.law(), (\n'
        '    ps.Step("Massless.", ps.Limit(m, 0)), ps.Step("Solve.", ps.Isolate(ps.dot(x))),\n'
        '    ps.Step("Step.", ps.Integrate(ps.integrators.forward_euler, dt)),\n))\n'
    )
    (tmp_path / "lecture.md").write_text("# A lecture\n\n<!-- derivation: descent.py -->\n")
    monkeypatch.chdir(tmp_path)


TAKES_DERIVATIONS = {
    "check": "3 steps checked, all hold", "show": "Solve.", "run": "dt*grad(x)",
    "source": "x_next = ", "report": "x <- x - dt*grad(x)/gamma", "lift": "x <- x - dt*grad(x)/gamma",
    "freeze --out frozen.py": "wrote frozen.py", "explorer --out page.html": "wrote page.html: 8 rules",
    "certify --only-write --out certificates": "lemma",
}  # fmt: skip


@pytest.mark.parametrize("command", TAKES_DERIVATIONS)
@pytest.mark.usefixtures("lecture")
def test_markdown_stands_for_the_derivations_that_it_names(command, capsys):
    name, *options = command.split()
    assert main((name, "lecture.md", *options)) == 0
    assert TAKES_DERIVATIONS[command] in capsys.readouterr().out


@pytest.mark.usefixtures("lecture")
def test_a_derivation_of_markdown_is_named_like_one_of_a_script(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", StringIO(""))  # no line is written
    assert main(("exercise", "lecture.md:d", "--leave-out", "2")) == 1
    assert "Massless." in capsys.readouterr().out
    assert main(("exercise", "lecture.md:e")) == 2
    assert "lecture.md has no derivation e; it has d" in capsys.readouterr().err


@pytest.mark.usefixtures("lecture")
def test_a_derivation_is_compared_by_its_script(capsys):
    assert main(("same", "descent.py", "x <- x - grad(x)*dt/gamma")) == 0
    assert "The same." in capsys.readouterr().out
    assert main(("identify", "nothing")) == 2
    err = capsys.readouterr().err
    assert "no derivation is named 'nothing'" in err
    assert "by its text, such as" in err


@pytest.mark.parametrize("command", ["check", "show", "report", "document"])
def test_a_notebook_is_no_script(command, capsys, tmp_path):
    (tmp_path / "notes.ipynb").write_text('{"cells": []}')
    assert main((command, str(tmp_path / "notes.ipynb"))) == 2
    assert "physsym audit judges the formulas of a notebook" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["{nope", '{"cells": [{"cell_type": "markdown", "source": 5}]}'])
def test_what_is_no_notebook_is_no_notebook_without_formulas(content, capsys, tmp_path):
    (tmp_path / "notes.ipynb").write_text(content)
    assert main(("audit", str(tmp_path))) == 2
    assert "notes.ipynb" in capsys.readouterr().err
    assert main(("document", "--intro", str(tmp_path / "notes.ipynb"), "--out", str(tmp_path / "x"))) == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("chek",), "did you mean check?"),
        (("show", "--face", "learnin", "momentum"), "did you mean learning?"),
        (("show", "momentm"), "did you mean momentum?"),
        (("run", "adam"), "the published rule of that name is known:adam"),
        (("report", "adam"), "the published rule of that name is known:adam"),
    ],
)
def test_a_name_that_is_misspelt_is_answered_with_the_nearest(arguments, says, capsys):
    try:
        code = main(arguments)
    except SystemExit as stopped:
        code = stopped.code
    assert code == 2
    assert says in capsys.readouterr().err
