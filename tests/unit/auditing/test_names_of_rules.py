"""Rules that are named against what the text calls them, or against what they are said to follow from."""

import pytest

import physsym as ps

HEAVY_BALL = r"v_{t+1} = \beta v_t - \eta \nabla f(x_t), \quad x_{t+1} = x_t + v_{t+1}"
NESTEROV = r"v_{t+1} = \beta v_t - \eta \nabla f(x_t + \beta v_t), \quad x_{t+1} = x_t + v_{t+1}"
IN_TWO_STEPS = r"x_{t+1} = x_t + \beta (x_t - x_{t-1}) - \eta \nabla f(x_t)"


def kinds(folder, text):
    page = folder / "page.md"
    page.write_text(text)
    return [entry.kind for entry in ps.audit(page).entries]


@pytest.mark.parametrize("begin", ["# Nesterov's method", "# Rules\n\nNesterov's method is"])
def test_a_rule_of_another_name_is_a_note(begin, tmp_path):
    assert kinds(tmp_path, f"{begin}\n\n$${NESTEROV}$$") == ["recognised"]
    assert kinds(tmp_path, f"{begin}\n\n$${HEAVY_BALL}$$") == ["note"]


def test_a_rule_that_is_said_to_follow_from_another_one_is_a_note(tmp_path):
    begin = "# Rules\n\nThe rule is"
    assert kinds(tmp_path, f"{begin}\n\n$${NESTEROV}$$\n\nhence\n\n$${IN_TWO_STEPS}$$")[-1] == "note"
    assert kinds(tmp_path, f"{begin}\n\n$${HEAVY_BALL}$$\n\nhence\n\n$${IN_TWO_STEPS}$$")[-1] == "recognised"


@pytest.mark.parametrize(
    "words", ["Unlike Nesterov's method, the heavy ball is", "In contrast to Nesterov we take", "The rule is"]
)
def test_a_name_beside_that_is_of_another_rule_is_no_doubt(words, tmp_path):
    rules = f"{words}\n\n$${HEAVY_BALL}$$\n\nand\n\n$${NESTEROV}$$"
    assert kinds(tmp_path, f"# Heavy ball and Nesterov\n\n{rules}") == ["recognised"] * 2
    assert kinds(tmp_path, f"# Nesterov\n\n{rules}") == ["recognised"] * 2
