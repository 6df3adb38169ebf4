r"""Error terms, ellipses and unnamed constants are written alike and are not equal: nothing cancels them."""

import pytest

from physsym.auditing.files import texts_of
from physsym.auditing.judges import judged

SAID = {"holds", "conditional"}


def audit(tmp_path, text):
    """Return the entries of notes in Markdown."""
    path = tmp_path / "notes.md"
    path.write_text(text)
    return list(judged(texts_of(path)))


def last_of(tmp_path, text):
    return audit(tmp_path, text)[-1]


TAYLOR = r"""
$$f(x+h) = f(x) + h f'(x) + \frac{h^2}{2} f''(x) + O(h^3)$$

$$f(x-h) = f(x) - h f'(x) + \frac{h^2}{2} f''(x) + O(h^3)$$

Hence

"""


@pytest.mark.parametrize("term", ["O(h)", r"\mathcal{O}(h)", "o(h)", r"\dots", r"\cdots", r"\text{const}"])
def test_two_of_them_do_not_cancel(tmp_path, term):
    stated = f"$$y = 1 + {term}$$\n\n$$z = 1 + {term}$$\n\nHence\n\n"
    assert last_of(tmp_path, stated + "$$y = z$$\n").kind not in SAID
    assert last_of(tmp_path, stated + "$$y - z = 0$$\n").kind not in SAID


def test_what_is_stated_exactly_still_cancels(tmp_path):
    assert last_of(tmp_path, "$$y = 1 + h$$\n\n$$z = 1 + h$$\n\nHence\n\n$$y = z$$\n").kind == "holds"


def test_a_difference_of_expansions_holds_up_to_an_order(tmp_path):
    entry = last_of(tmp_path, TAYLOR + "$$f(x+h) - f(x-h) = 2h f'(x)$$\n")
    assert entry.kind == "conditional"
    assert "up to O(h**3)" in entry.says
    assert entry.uses == ()


def test_what_holds_up_to_an_order_is_no_premise(tmp_path):
    text = (
        TAYLOR + "$$f(x+h) - f(x-h) = 2h f'(x)$$\n\n$$g = f(x+h) - f(x-h) - 2hf'(x)$$\n\nHence\n\n$$g = 0$$\n"
    )
    assert last_of(tmp_path, text).kind not in SAID
    named = TAYLOR + "$$f(x+h) - f(x-h) = 2h f'(x)$$\n\n$$f(x+h) = f(x-h) + 2h f'(x)$$\n"
    assert "line" not in last_of(tmp_path, named).says


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (r"y = \sin h + O(h^3) = h + O(h^3)", "holds"),
        (r"y = \sin h + O(h^3) = 2h + O(h^3)", "undecided"),
        (r"y = 1 + h^2 + O(h^2) = 1 + O(h^2)", "holds"),
        (r"y = 1 + h + O(h^2) = 1 + O(h^2)", "undecided"),
        # Where n tends to infinity, O(n) is below n**2, and O(n**3) above.
        (r"y = 2n^2 + 3n + O(n) = 2n^2 + O(n)", "undecided"),
        (r"y = n^2 + O(n^3) = 2n^2 + O(n^3)", "undecided"),
        (r"y = n^3 + O(n^2) = O(n^2)", "undecided"),
    ],
)
def test_a_link_with_error_terms_is_judged_by_its_order(tmp_path, line, kind):
    assert last_of(tmp_path, f"$${line}$$\n").kind == kind


def test_a_row_beside_its_value_up_to_an_order_is_a_note(tmp_path):
    law = "$$y - 2 = h + h^3$$\n\nWhen we solve for $y$, we get\n\n"
    wrong = r"y &= 2 + h + 3 h^3"
    alone = last_of(tmp_path, law + rf"$${wrong.replace('&', '')}$$" + "\n")
    both = last_of(
        tmp_path, law + rf"$$\begin{{align}} {wrong} \\ y &= 2 + h + O(h^3) \end{{align}}$$" + "\n"
    )
    assert (alone.kind, both.kind) == ("fails", "note")


GRADIENT = r"""
$$f(x + \epsilon) = f(x) + \epsilon f'(x) + \mathcal{O}(\epsilon^2)$$

We choose

$$\epsilon = -\eta f'(x)$$

Then

"""


@pytest.mark.parametrize(("sign", "kind"), [("-", "holds"), ("+", "undecided")])
def test_an_expansion_is_a_premise_of_one(tmp_path, sign, kind):
    claim = rf"f(x - \eta f'(x)) = f(x) {sign} \eta f'(x)^2 + \mathcal{{O}}(\eta^2 f'(x)^2)"
    assert last_of(tmp_path, f"{GRADIENT}$${claim}$$\n").kind == kind
