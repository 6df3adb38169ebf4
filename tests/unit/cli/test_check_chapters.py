"""`physsym check` judges what chapters show: one wrong number, equation or finding gives exit code 1."""

import re

import pytest

from physsym.__main__ import main

CHAPTER = """
from physsym.core.statements import Equation
from physsym.core.verdicts import fails, holds
from physsym.documents.content import Chapter, Claims, Finding, NumberedEquation
from physsym.mechanics.claim import Claim
from physsym.vocabulary import G, gamma, x

chapter = Chapter(
    number="I",
    title="One",
    blocks=(
        "After one relaxation time {number} is left.",
        NumberedEquation("1", Equation(gamma * x, -G), check=lambda: {equation}("seen")),
        Finding(title="A finding", follows="a", source="b", difference="c", check=lambda: {source}("seen")),
        Claims((Claim("C99", "1", "So.", "so", lambda: holds("seen")),)),
    ),
)
"""


@pytest.mark.parametrize(
    ("number", "equation", "source", "code"),
    [
        ("`exp(-1) ~ 0.37`", "holds", "fails", 0),
        ("`exp(-1) ~ 0.38`", "holds", "fails", 1),
        ("`exp(-1) ~ 0.37`", "fails", "fails", 1),
        ("`exp(-1) ~ 0.37`", "holds", "holds", 1),
    ],
)
def test_a_wrong_number_equation_or_finding_counts(tmp_path, capsys, number, equation, source, code):
    file = tmp_path / "lecture.py"
    file.write_text(CHAPTER.format(number=number, equation=equation, source=source))
    assert main(["check", str(file)]) == code
    out = capsys.readouterr().out
    assert "3 equations, findings and numbers checked, " in out
    assert ("1 of them does not hold" in out) == bool(code)
    assert "claim C99  ✓ seen" not in out
    assert re.search("claim C99 +✓", out)


STEPS = """
from physsym import Derivation, Divide, Step, dot, law
from physsym.vocabulary import G, gamma, x

derivation = Derivation("One", law({{gamma * dot(x): -G}}), (Step("Keep {number}.", Divide(gamma)),))
"""


@pytest.mark.parametrize(
    ("number", "code"), [("`exp(-1) ~ 0.37`", 0), ("`exp(-1) ~ 0.03`", 1), ("`gamma`", 0)]
)
def test_a_wrong_number_in_the_sentence_of_a_step_counts(tmp_path, capsys, number, code):
    file = tmp_path / "steps.py"
    file.write_text(STEPS.format(number=number))
    assert main(["check", str(file)]) == code
    assert ("number exp(-1)" in capsys.readouterr().out) == number.startswith("`exp")
