"""Of several values of a name that a text states, a formula is judged by those that are meant."""

import pytest

import physsym as ps

HOLDING = ("holds", "conditional", "recognised")
DISC = r"$$I = \frac12 M R^2$$"
RING = r"$$I = M R^2$$"
OF_DISC = r"$$K = I \omega = \frac12 M R^2 \omega$$"
OF_RING = r"$$L = I \omega = M R^2 \omega$$"


def audited(folder, *paragraphs):
    """Return the entries of a page with a formula in each paragraph, perhaps with words before it."""
    page = folder / "page.md"
    page.write_text("\n\n".join(paragraphs))
    return ps.audit(page).entries


def kinds(folder, *paragraphs):
    return [entry.kind for entry in audited(folder, *paragraphs)]


@pytest.mark.parametrize("between", ["## Ring", "Now for a ring,", "Consider instead a ring:"])
def test_the_last_value_is_meant_where_the_text_says_that_it_is_another(tmp_path, between):
    found = kinds(tmp_path, "# Rotation", DISC, OF_DISC, between, RING, OF_RING)
    assert found == ["definition", "holds", "definition", "holds"]
    assert kinds(tmp_path, "# Rotation", DISC, between, RING, OF_DISC)[-1] not in HOLDING


def test_a_line_by_the_value_before_a_heading_fails(tmp_path):
    *_, wrong = audited(tmp_path, "# Rotation", DISC, "## Ring", RING, OF_DISC)
    assert (wrong.kind, wrong.uses) == ("fails", (7,))


def test_beside_the_heading_the_first_value_is_still_meant(tmp_path):
    found = kinds(tmp_path, "# Rotation", DISC, "## Ring", RING, OF_RING, "## Disc again", OF_DISC)
    assert found == ["definition", "definition", "holds", "holds"]
    assert kinds(tmp_path, "# Rotation", DISC, "## Ring", RING, "## Disc", OF_RING)[-1] not in HOLDING


def test_what_followed_from_the_value_before_is_no_premise(tmp_path):
    energy = r"$$E = \frac12 I \omega^2 = \frac14 M R^2 \omega^2$$"
    twice = r"$$P = 2 E = \frac12 M R^2 \omega^2$$"
    assert kinds(tmp_path, "# Rotation", DISC, energy, twice)[-1] == "holds"
    assert kinds(tmp_path, "# Rotation", DISC, energy, "## Ring", RING, twice)[-1] not in HOLDING


@pytest.mark.parametrize("line", [OF_DISC, OF_RING])
def test_which_of_two_values_is_meant_is_said_to_be_open(tmp_path, line):
    *_, second, entry = audited(tmp_path, DISC, RING, line)
    assert second.kind == "note"
    assert entry.kind == "undecided"
    assert "line 1" in entry.says
    assert "line 3" in entry.says


def test_what_holds_by_both_values_holds(tmp_path):
    per_mass = r"$$j = \frac{I}{M} = \frac{I R}{M R}$$"
    assert kinds(tmp_path, DISC, RING, per_mass)[-1] in HOLDING


def test_what_neither_value_gives_fails(tmp_path):
    assert kinds(tmp_path, DISC, RING, r"$$K = I \omega = 3 M R^2 \omega$$")[-1] == "fails"


def test_the_same_in_other_words_is_no_other_value(tmp_path):
    square = r"Completing the square, $$f(x) = (x + 1)^2 - 1$$"
    slopes = r"$$f'(x) = 2 (x + 1)$$", r"$$f'(x) = 2 x$$"
    found = kinds(tmp_path, r"$$f(x) = x^2 + 2 x$$", square, *slopes)
    assert found == ["definition", "holds", "holds", "fails"]


def test_a_function_that_is_set_anew(tmp_path):
    begin = "Let $f(x) = x^2$.", "Now let $f(x) = x^3$."
    assert kinds(tmp_path, *begin, "$$f'(x) = 3 x^2$$", "$$f(x + 1) = (x + 1)^3$$")[2:] == ["holds"] * 2
    assert kinds(tmp_path, *begin, "$$f'(x) = 2 x$$")[-1] not in HOLDING


def test_a_motion_that_is_set_anew(tmp_path):
    begin = r"$$x = A \cos(\omega t)$$", "Now consider instead", r"$$x = A e^{-\gamma t}.$$"
    assert kinds(tmp_path, *begin, r"$$\dot x = -\gamma A e^{-\gamma t}$$")[-1] == "holds"
    assert kinds(tmp_path, *begin, r"$$\dot x = -A \omega \sin(\omega t)$$")[-1] not in HOLDING
    assert kinds(tmp_path, *begin, r"$$\dot x = \gamma A e^{-\gamma t}$$")[-1] == "fails"


def test_values_under_other_headings_do_not_meet(tmp_path):
    springs = "# Pendulum", r"$$T = 2 \pi \sqrt{l/g}$$", "# Spring", r"$$T = 2 \pi \sqrt{m/k}$$"
    assert kinds(tmp_path, *springs, r"$$T^2 = 4 \pi^2 m/k$$")[-1] in HOLDING
    assert kinds(tmp_path, *springs, r"$$T^2 = 4 \pi^2 l/g$$")[-1] not in HOLDING


def test_a_hint_may_name_a_line_that_is_replaced(tmp_path):
    of_first = "<!-- physsym: from 3 -->\n" + r"$$K = \frac12 M R^2 \omega = I \omega$$"
    assert kinds(tmp_path, "# Rotation", DISC, "## Ring", RING, of_first)[-1] in (*HOLDING, "undecided")
    of_second = "<!-- physsym: from 7 -->\n" + r"$$\frac{I}{R} = M R$$"
    assert kinds(tmp_path, "# Rotation", DISC, "## Ring", RING, of_second)[-1] in HOLDING


@pytest.mark.parametrize("words", ["Hence", "It follows that", "We get", "This gives", "and so"])
def test_a_claim_in_words_of_consequence_is_compared_with_definitions_put_in(tmp_path, words):
    begin = "$$a = b + c$$", "$$d = a^2$$", words
    assert kinds(tmp_path, *begin, "$$d = (b + c)^2$$")[-1] == "holds"
    assert kinds(tmp_path, *begin, "$$d = b^2 + c^2$$")[-1] == "fails"


def test_a_second_equation_for_a_name_is_a_note_without_such_words(tmp_path):
    assert kinds(tmp_path, "$$a = b + c$$", "$$d = a^2$$", "$$d = b^2 + c^2$$")[-1] == "note"


@pytest.mark.parametrize(
    ("begin", "words", "line"),
    [
        (r"E = \sqrt{m^2 c^4 + p^2 c^2}", "For small momenta, so", r"E = m c^2 + \frac{p^2}{2 m}"),
        (r"f = \frac{1}{1 + x}", "Therefore, to first order,", "f = 1 - x"),
        (r"H = \frac{p^2}{2} + \frac{x^2}{2}", "In the new coordinates we get", "H = p x"),
        (r"a = \frac{m - M}{m + M} g", "For the second mass we get", r"a = \frac{M - m}{m + M} g"),
    ],
)
def test_what_is_approximate_or_of_something_else_is_no_false_consequence(tmp_path, begin, words, line):
    assert kinds(tmp_path, f"$${begin}$$", f"{words} $${line}$$")[-1] in ("note", "definition")
    assert kinds(tmp_path, f"$${begin}$$", f"Hence $${line}$$")[-1] == "fails"


def test_a_link_of_a_chain_that_is_said_to_be_approximate_is_a_note(tmp_path):
    chain = r"$$\ddot\theta = -\frac gl \sin\theta = -\frac gl \theta$$"
    assert kinds(tmp_path, f"For small angles, {chain}") == ["note"]
    assert kinds(tmp_path, f"The equation of motion is {chain}") == ["fails"]
