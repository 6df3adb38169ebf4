"""Values that are said to solve earlier equations: roots, linear systems, motions that satisfy a law."""

import pytest

import physsym as ps

HOLDING = ("holds", "conditional", "recognised")
QUADRATIC = "$$x^2 - 5 x + 6 = 0$$"
LAW = r"$$\ddot x = -\omega^2 x$$"
FROM = "<!-- physsym: from 1 -->\n"


def audited(folder, *paragraphs):
    page = folder / "page.md"
    page.write_text("\n\n".join(paragraphs))
    return ps.audit(page).entries


def kinds(folder, *paragraphs):
    return [entry.kind for entry in audited(folder, *paragraphs)]


# ------------------------------------------------------------------ roots


@pytest.mark.parametrize("words", ["", "Hence", "The roots are", "Solving for x,"])
def test_a_number_that_is_no_root_fails(tmp_path, words):
    assert kinds(tmp_path, QUADRATIC, f"{words} $$x = 5$$") == ["undecided", "fails"]
    one = "undecided" if words == "Hence" else "conditional"  # from the equation alone neither root follows
    for root in ("2", "3", r"\frac{5 + 1}{2}"):
        assert kinds(tmp_path, QUADRATIC, f"{words} $$x = {root}$$") == ["undecided", one]
    both = r"$$x = \frac{5 \pm \sqrt{25 - 24}}{2}$$"
    assert kinds(tmp_path, QUADRATIC, f"{words} {both}") == ["undecided", "conditional"]


def test_one_of_several_roots_is_said_to_be_one_of_them(tmp_path):
    _, two, three = audited(tmp_path, QUADRATIC, "The roots are $x = 2$ and $x = 3$.")
    assert two.says == three.says == "one of the 2 roots of line 1"
    _, only = audited(tmp_path, "$$x^3 = 8$$", "$$x = 2$$")
    assert only.says == "the root of line 1"


@pytest.mark.parametrize(
    ("first", "second", "root", "other"),
    [
        # The logarithms of -1 and -4 are not real.
        (r"\ln x + \ln(x - 3) = \ln 4", "x^2 - 3 x - 4 = 0", "4", "-1"),
        (r"\sqrt{x + 6} = x", "x + 6 = x^2", "3", "-2"),
        ("|x - 1| = 2 x", "x^2 - 2x + 1 = 4x^2", r"\frac13", "-1"),
    ],
)
def test_a_root_of_what_follows_is_perhaps_none_of_what_it_follows_from(tmp_path, first, second, root, other):
    lines = (f"$${first}$$", f"so ${second}$ and hence")
    assert audited(tmp_path, *lines, f"$$x = {root}$$")[-1].says.startswith("one of the 2 roots of line 3")
    entry = audited(tmp_path, *lines, f"$$x = {other}$$")[-1]
    assert entry.kind == "note"
    assert "not of line 1" in entry.says


@pytest.mark.parametrize(
    ("first", "value", "kind"),
    [
        ("|a| = |b|", "a = b", "undecided"),
        ("a^2 = b^2", "a = -b", "undecided"),
        ("y^2 = (x - 1)^2", "y = x - 1", "undecided"),
        ("y^2 = x", r"y = \sqrt x", "conditional"),
        ("v^2 = 2 g h", r"v = \sqrt{2 g h}", "conditional"),
        ("y^3 = x", "y = x^{1/3}", "conditional"),
        ("a^2 = b^2", r"a = \pm b", "conditional"),
    ],
)
def test_one_of_several_solutions_does_not_follow(tmp_path, first, value, kind):
    assert kinds(tmp_path, f"$${first}$$", "hence", f"$${value}$$")[-1] == kind
    assert kinds(tmp_path, f"$${first}$$", "A solution is", f"$${value}$$")[-1] == "conditional"


@pytest.mark.parametrize(
    ("value", "other"), [("|x - 1|", "x - 1"), (r"\sqrt{(x - 1)^2}", "x - 1"), ("x - 1", "1 - x")]
)
def test_a_root_of_what_follows_from_a_definition_is_not_the_definition(value, other, tmp_path):
    square = "Then $y^2 = (x - 1)^2$, so"
    assert kinds(tmp_path, f"$$y = {value}$$", square, f"$$y = {other}$$")[-1] not in HOLDING
    assert kinds(tmp_path, f"$$y = {value}$$", square, f"$$y = {value} + 0$$")[-1] != "fails"
    assert kinds(tmp_path, "$$y^2 = (x - 1)^2$$", "One root is", f"$$y = {other}$$")[-1] == "conditional"


@pytest.mark.parametrize(
    "words",
    [
        "Newton's method starts at",
        "Evaluate the left side at",
        "Let",
        "Not so for",
        "Now take",
        "It is false that",
    ],
)
def test_a_number_that_the_text_chooses_does_not_fail(tmp_path, words):
    assert kinds(tmp_path, QUADRATIC, f"{words} $$x = 5$$")[-1] not in (*HOLDING, "fails")


def test_a_number_in_a_sentence_fails_only_where_it_is_called_a_root(tmp_path):
    assert kinds(tmp_path, QUADRATIC, "The value $x = 5$ is large.")[-1] == "undecided"
    assert kinds(tmp_path, QUADRATIC, "It has the root $x = 5$.")[-1] == "fails"


def test_numbered_roots(tmp_path):
    begin = r"$$\lambda^2 - 3 \lambda + 2 = 0$$"
    found = kinds(tmp_path, begin, r"The eigenvalues are $\lambda_1 = 1$ and $\lambda_2 = 2$.")
    assert found[1:] == ["conditional"] * 2
    assert kinds(tmp_path, begin, r"The eigenvalues are $$\lambda_1 = 3$$")[-1] == "fails"
    iterates = kinds(tmp_path, "$$x^2 = 2$$", "Newton's method gives $x_0 = 1$ and $$x_1 = \\frac32$$")
    assert "fails" not in iterates


def test_a_root_of_a_derivative_that_vanishes(tmp_path):
    begin = "$$f(x) = x^2 - 4 x + 5$$", "$$f'(x) = 0$$"
    assert kinds(tmp_path, *begin, "$$x = 2$$")[-1] in HOLDING
    assert kinds(tmp_path, *begin, "$$x = 3$$")[-1] == "fails"


def test_equations_that_contradict_each_other(tmp_path):
    assert kinds(tmp_path, "$$2 x + 3 = 7$$", "Hence $$2 x = 10$$")[-1] == "fails"
    assert kinds(tmp_path, "$$2 x + 3 = 7$$", "Hence $$2 x = 4$$")[-1] in HOLDING
    _, between, entry = audited(tmp_path, "$$2 x + 3 = 7$$", "$$2 x = 10$$", "$$x = 5$$")
    assert (between.kind, entry.says) == ("undecided", "the root of line 3, not of line 1")


def test_several_problems_under_one_heading(tmp_path):
    first = "Solve $x^2 = 9$. The solutions are $x = 3$ and $x = -3$."
    second = "Solve $x^2 = 16$. The solutions are $x = 4$ and $x = -4$."
    assert kinds(tmp_path, first, second)[4:] == ["conditional"] * 2
    assert kinds(tmp_path, first, second.replace("x = 4", "x = 5"))[-2] == "fails"
    assert kinds(tmp_path, first, second.replace("-4", "3"))[-1] == "undecided"


@pytest.mark.parametrize("begin", [["$$x + y = 3, \\quad x - y = 1$$"], ["$$x + y = 3$$", "$$x - y = 1$$"]])
def test_a_linear_system(tmp_path, begin):
    assert kinds(tmp_path, *begin, "$$x = 2$$", "$$y = 1$$")[-2:] == ["conditional"] * 2
    assert kinds(tmp_path, *begin, "$$y = 2$$")[-1] == "fails"
    assert kinds(tmp_path, *begin, "Hence $$x = 2, \\quad y = 2$$")[-1] == "fails"


def test_what_does_not_determine_a_letter_refutes_no_value(tmp_path):
    assert kinds(tmp_path, "$$x + y = 3$$", "$$y = 5$$")[-1] == "definition"


# ------------------------------------------------------------------ motions and roots in letters


@pytest.mark.parametrize("hint", ["", FROM])
def test_solutions_of_one_law_are_alternatives(tmp_path, hint):
    motions = r"A \cos(\omega t)", r"B \sin(\omega t)", r"A \cos(\omega t) + B \sin(\omega t)"
    lines = [f"{hint}$$x = {motion}$$" for motion in motions]
    assert kinds(tmp_path, LAW, *lines)[1:] == ["conditional"] * 3


@pytest.mark.parametrize("motion", [r"B \sin(2 \omega t)", r"e^{\omega t}", r"A \cos(\omega^2 t)"])
@pytest.mark.parametrize("words", ["A solution is ", FROM])
def test_a_motion_that_does_not_satisfy_the_law_fails(tmp_path, motion, words):
    wrong = f"{words}$$x = {motion}$$"
    assert kinds(tmp_path, LAW, wrong)[-1] == "fails"
    assert kinds(tmp_path, LAW, f"{words}$$x = A \\cos(\\omega t)$$", wrong)[1:] == ["conditional", "fails"]


def test_a_frequency_that_is_still_open_does_not_fail(tmp_path):
    law = r"$$m \ddot x = -k x$$"
    open_one = kinds(tmp_path, law, r"We look for a solution $$x = A \cos(\Omega t)$$")
    assert open_one[-1] not in (*HOLDING, "fails")
    known = kinds(tmp_path, law, r"$$k = m \Omega^2$$", r"A solution is $$x = A \cos(\Omega t)$$")
    assert known[-1] == "conditional"


def test_roots_in_letters_are_alternatives(tmp_path):
    begin = "$$a x^2 + b x + c = 0$$"
    roots = [rf"\frac{{-b {sign} \sqrt{{b^2 - 4 a c}}}}{{2 a}}" for sign in "+-"]
    assert kinds(tmp_path, begin, *(f"$$x = {r}$$" for r in roots))[1:] == ["conditional"] * 2
    assert kinds(tmp_path, begin, *(f"{FROM}$$x = {r}$$" for r in roots))[1:] == ["conditional"] * 2
    wrong = roots[0].replace("-b", "b")
    assert kinds(tmp_path, begin, f"{FROM}$$x = {wrong}$$")[-1] == "fails"
    assert kinds(tmp_path, begin, f"Its solution is $$x = {wrong}$$")[-1] == "fails"


def test_a_value_of_a_function_at_a_point_is_no_motion(tmp_path):
    begin = r"$$U(x) = \frac{a}{x^2} - \frac{b}{x}$$", "$$U'(x_0) = 0$$", r"$$x_0 = \frac{2 a}{b}$$"
    assert kinds(tmp_path, *begin, r"$$U(x_0) = -\frac{b^2}{4 a}$$")[-1] == "holds"
    assert kinds(tmp_path, *begin, r"$$U(x_0) = -\frac{b^2}{2 a}$$")[-1] not in HOLDING


def test_a_letter_that_has_a_special_value_is_no_error(tmp_path):
    begin = "$$v^2 = v_0^2 - 2 g h$$", "At the top $v = 0$, hence"
    assert kinds(tmp_path, *begin, r"$$h = \frac{v_0^2}{2 g}$$")[-1] != "fails"


def test_a_root_of_a_line_that_contradicts_the_first_value_is_a_note(tmp_path):
    begin = "$$m a = -k x$$", "$$m a = k x$$", r"$$a = -\frac{k}{m} x$$"
    assert kinds(tmp_path, *begin, r"$$a = \frac{k}{m} x$$")[-1] == "note"


def test_what_is_given_is_used_for_solutions(tmp_path):
    hint = "<!-- physsym: from 1; given a > 0 -->\n"
    lines = [rf"{hint}$$x = {value}$$" for value in (r"\sqrt a", r"-\sqrt a", r"2 \sqrt a")]
    assert kinds(tmp_path, "$$x^2 = a$$", *lines)[1:] == ["conditional", "conditional", "fails"]


def test_a_line_by_one_of_two_solutions_names_it(tmp_path):
    motions = r"$$x = A \cos(\omega t)$$", r"$$x = B \sin(\omega t)$$"
    *_, entry = audited(tmp_path, LAW, *motions, r"$$\dot x = -\omega A \sin(\omega t)$$")
    assert entry.kind == "conditional"
    assert "line 3, not of line 5" in entry.says


def test_a_motion_from_two_lines(tmp_path):
    begin = "$$v = v_0 - g t$$", r"$$\dot x = v$$"
    hint = "<!-- physsym: from 1, 3 -->\n"
    assert kinds(tmp_path, *begin, hint + r"$$x = x_0 + v_0 t - \frac12 g t^2$$")[-1] == "conditional"
    assert kinds(tmp_path, *begin, hint + "$$x = x_0 + v_0 t - g t^2$$")[-1] == "fails"


@pytest.mark.parametrize("mark", ["-", "1."])
def test_items_of_a_list_are_cases(mark, tmp_path):
    first = f"{mark} $a := 3$, so $a^2 = 9$;"
    assert kinds(tmp_path, f"{first}\n{mark} $a := 4$, so $a^2 = 16$.")[-1] == "conditional"
    assert kinds(tmp_path, f"{first}\n{mark} $a := 4$, so $a^2 = 17$.")[-1] not in HOLDING
    assert kinds(tmp_path, "Let $$2 a = 3$$ Hence $$3 a = 5$$")[-1] == "fails"
