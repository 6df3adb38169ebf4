"""Of several values of a name that a text states, a formula is judged by those that are meant."""

import re

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


BOTH = "Let $f(x, y) = x^2 + y^2$ and $y = 2 x$."
BARE = "Let $z = x^2 + y^2$ with $y = 2 x$."


@pytest.mark.parametrize(
    ("begin", "partial", "total"),
    [
        (BOTH, r"\frac{\partial f}{\partial x} = 2 x", r"\frac{df}{dx} = 10 x"),
        (BARE, r"\frac{\partial z}{\partial x} = 2 x", r"\frac{dz}{dx} = 2 x + 2 y \cdot 2 = 10 x"),
        (BARE, r"\frac{\partial^2 z}{\partial x^2} = 2", r"\frac{d^2 z}{dx^2} = 10"),
        (BOTH, r"\frac{\partial f}{\partial y} = 2 y", r"\frac{df}{dx} = 2 x + 4 y"),
    ],
)
def test_a_partial_derivative_keeps_constant_what_a_total_one_does_not(tmp_path, begin, partial, total):
    for line in (partial, total):
        assert kinds(tmp_path, begin, f"$${line}$$")[-1] == "holds"
    for line in (partial.replace("2 x", "3 x").replace("= 2", "= 3"), total.replace("10", "12")):
        assert kinds(tmp_path, begin, f"$${line}$$")[-1] == ("holds" if line in (partial, total) else "fails")


@pytest.mark.parametrize(
    "begin", ["$z = x^2 + s$ with $s = x$.", "$z = y^2 - 3 x^2 + s$, $y = 2 x$ and $s = x$."]
)
def test_a_derivative_may_be_taken_with_a_letter_that_is_another_one(tmp_path, begin):
    line = r"$$\frac{dz}{dx} = 2 x + 1$$"
    assert kinds(tmp_path, begin, line)[-1] == "undecided"
    assert kinds(tmp_path, begin.replace("$s = x$", "$s$ constant"), line)[-1] == "fails"


@pytest.mark.parametrize("line", [r"\frac{\partial f}{\partial x} = 10 x", r"\frac{df}{dx} = 2 x"])
def test_one_derivative_in_the_place_of_the_other_does_not_hold(tmp_path, line):
    *_, entry = audited(tmp_path, BOTH, f"$${line}$$")
    assert entry.kind == "undecided"
    assert "partial" in entry.says


@pytest.mark.parametrize("words", ["Hence", "It follows that", "We get", "This gives", "and so"])
def test_a_claim_in_words_of_consequence_is_compared_with_definitions_put_in(tmp_path, words):
    begin = "$$a = b + c$$", "$$d = a^2$$", words
    assert kinds(tmp_path, *begin, "$$d = (b + c)^2$$")[-1] == "holds"
    assert kinds(tmp_path, *begin, "$$d = b^2 + c^2$$")[-1] == "fails"


def test_a_second_equation_for_a_name_is_a_note_without_such_words(tmp_path):
    assert kinds(tmp_path, "$$a = b + c$$", "$$d = a^2$$", "$$d = b^2 + c^2$$")[-1] == "note"


SERIES = "In series $R = R_1 + R_2$."
PARALLEL = r"In parallel $\frac1R = \frac1{R_1} + \frac1{R_2}$, hence"
ORBIT = r"The orbit has $v = \sqrt{G M/r}$. The escape speed has $\frac12 v^2 = \frac{G M}{r}$, so"


@pytest.mark.parametrize(
    ("begin", "line", "wrong"),
    [
        (f"{SERIES} {PARALLEL}", r"R = \frac{R_1 R_2}{R_1 + R_2}", r"R = \frac{R_1 + 2 R_2}{3}"),
        (ORBIT, r"v = \sqrt{\frac{2 G M}{r}}", r"v = 2 \sqrt{\frac{G M}{r}}"),
    ],
)
def test_a_value_of_another_case_is_judged_by_the_equation_for_it(tmp_path, begin, line, wrong):
    *_, right = audited(tmp_path, begin, f"$${line}$$")
    assert right.kind == "conditional"
    assert "another value than on line 1" in right.says
    assert kinds(tmp_path, begin, f"$${wrong}$$")[-1] == "fails"


def test_what_is_derived_from_a_value_of_another_case_is_judged_by_each(tmp_path):
    begin = f"{SERIES} {PARALLEL}", r"$$R = \frac{R_1 R_2}{R_1 + R_2}$$"
    by_second, by_first = r"$$U = R I = \frac{R_1 R_2 I}{R_1 + R_2}$$", r"$$U = R I = I (R_1 + R_2)$$"
    assert kinds(tmp_path, *begin, by_second)[-1] in (*HOLDING, "undecided")
    assert kinds(tmp_path, *begin, by_first)[-1] in (*HOLDING, "undecided")
    assert kinds(tmp_path, *begin, r"$$U = R I = I (R_1 - R_2)$$")[-1] == "fails"


def test_of_two_equations_that_contradict_each_other_either_may_be_wrong(tmp_path):
    *_, entry = audited(tmp_path, "$$E = a + b$$", "$$2 E = a + 2 b$$", r"hence $$E = \frac a2 + b$$")
    assert entry.kind == "undecided"
    assert "line 1" in entry.says
    assert "line 3" in entry.says


def test_what_follows_from_a_definition_is_no_other_case(tmp_path):
    begin = r"$$y = \sqrt{x^2 + 1}$$", "Squaring gives $y^2 = x^2 + 1$. Hence"
    assert kinds(tmp_path, *begin, r"$$y = -\sqrt{x^2 + 1}$$")[-1] == "fails"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (r"$y = \sqrt{r^2 - x^2}$ is the upper half, so the lower half is", r"y = -\sqrt{r^2 - x^2}"),
        (r"Left of it $\psi = e^{k x}$, hence by symmetry right of it", r"\psi = e^{-k x}"),
        ("$F = x - a$ for $x > a$, so", "F = a - x"),
        (r"$F = x - a$ for $x \ge a$, so", "F = a - x"),
        ("For even $n$, $a = n/2$, so for odd $n$,", "a = (n - 1)/2"),
        ("The tangent is $y = a^2 + 2 a (x - a)$, hence the normal is", r"y = a^2 - \frac{x - a}{2 a}"),
        (r"Substituting $x \to x + 1$ in $f = x^2$ gives hence", "f = (x + 1)^2"),
        ("The maximum is $y = a + b$, and so the minimum is", "y = a - b"),
        ("For a charge $q$ the potential is $y = 2 q$, so for a charge $-q$ it is", "y = -2 q"),
        ("Before the collision $y = 2 u$, so after it", "y = -2 u"),
        ("The slope of $y = x^2$ is two, and so that of", "y = x^3"),
    ],
)
def test_a_value_of_another_case_is_no_false_consequence(tmp_path, words, line):
    *_, entry = audited(tmp_path, f"{words} ${line}$.")
    assert entry.kind == "note"
    plain = re.search(r"\$[yfFa] = [^$]*\$|\$\\psi[^$]*\$", words)[0]
    assert kinds(tmp_path, f"{plain}. Hence ${line}$.")[-1] == "fails"


@pytest.mark.parametrize(
    "words", ["Dividing both sides, on the right-hand side we get", "We are left with, so"]
)
def test_the_sides_of_an_equation_are_no_cases(tmp_path, words):
    assert kinds(tmp_path, "$$d = (a + b)^2$$", f"{words} $$d = a^2 + b^2$$")[-1] == "fails"


@pytest.mark.parametrize(
    ("begin", "words", "line"),
    [
        (r"w = \sin\theta", r"For small angles, $\sin\theta \approx \theta$, so that", r"w = \theta"),
        (r"w = \sin\theta", r"We use $\sin\theta \approx \theta$. Thus", r"w = \theta"),
        (
            r"E = \frac{q}{(r-d)^2} - \frac{q}{(r+d)^2}",
            r"Far away, where $r \gg d$, this gives",
            r"E = \frac{4 q d}{r^3}",
        ),
        (r"n = \frac{1}{e^{a} - 1}", r"At high temperature $a \ll 1$, therefore", r"n = \frac{1}{a}"),
        (r"E = \frac{m}{\sqrt{1 - v^2}}", "At low speed we have therefore", r"E = m + \frac12 m v^2"),
    ],
)
def test_what_is_approximate_by_the_whole_sentence_is_no_false_consequence(tmp_path, begin, words, line):
    assert kinds(tmp_path, f"$${begin}$$", f"{words} $${line}$$")[-1] in ("note", "definition")
    exactly = r"This is exact, for all $\theta \in S$, so that"
    assert kinds(tmp_path, f"$${begin}$$", f"{exactly} $${line}$$")[-1] == "fails"


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
