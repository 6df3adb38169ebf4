"""Commands on the text of a rule, in each notation, and what they say of a text that is read in two ways."""

from __future__ import annotations

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
