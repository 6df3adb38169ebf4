"""Steps between statements are judged with what the text states before them: signs, values, definitions."""

import pytest

from physsym.auditing import audit

WITH = {
    "a value in the sentence": "Since $x = 1$, $$x + y = 3 {} y = 2$$",
    "a value with words": "With $a = 2$ we get $$a x = 6 {} x = 3$$",
    "two values": "Let $a = 2$ and $b = 3$. $$a x + b = 7 {} x = 2$$",
    "numbers": "Since $T = 300$ and $k = 2$, $$E = k T {} E = 600$$",
    "equal letters": r"In the critical case $\gamma = \omega$ we have "
    r"$$\lambda^2 + 2\gamma\lambda + \omega^2 = 0 {} (\lambda + \omega)^2 = 0$$",
    "signs of two": r"Let $c, m > 0$. $$\lambda = -\frac{{c}}{{m}} {} \lambda < 0$$",
    "signs of three": "Let $a, b, c > 0$. $$a^2 = b^2 {} a = b$$",
    "signs of five": r"Let $m, M, r, G, v > 0$. "
    r"$$\frac{{mv^2}}{{r}} = \frac{{GMm}}{{r^2}} {} v = \sqrt{{\frac{{GM}}{{r}}}}$$",
    "the sign of a factor": "Let $a > 0$. Then $$a x > a y {} x > y$$",
    "the nearest condition": "Let $x > 0$. We go on. Let $x < 0$. $$y = |x| {} y = -x$$",
    "a sign in words": "Let $c$ be positive. $$a < b {} ac < bc$$",
    "a condition behind": "$$a x > a y {} x > y$$ where $a > 0$.",
    "a condition in words behind": r"$$\frac{{x}}{{y}} < 1 {} x < y$$ holds for $y > 0$.",
    "a negative constant in words": "The constant $k$ is negative. $$k x > k y {} x < y$$",
    "a definition": r"With $\eta = 1/L$, $L > 0$: "
    r"$$d \le e - \eta g^2 + \frac{{L\eta^2}}{{2}}g^2 {} d \le e - \frac{{1}}{{2L}}g^2$$",
}
FALSE = {
    "a value in the sentence": "Since $x = 1$, $$x + y = 3 {} y = 1$$",
    "a value with words": "With $a = 2$ we get $$a x = 6 {} x = 4$$",
    "the contrary sign": r"Let $c, m > 0$. $$\lambda = -\frac{{c}}{{m}} {} \lambda > 0$$",
    "the contrary order": "Let $a > 0$. Then $$a x > a y {} x < y$$",
    "a term lost": r"Let $L, \eta > 0$. $$\eta \le \frac1L {} -\eta + \frac{{L\eta^2}}{{2}} \le -\eta$$",
    "positive in words": r"All constants are positive. $$\lambda = -\frac{{c}}{{m}} {} \lambda > 0$$",
    "its own conclusion": "$$x^2 > 4 {} x > 2$$ Later we take $$x > 2$$",
    "its own value": "$$a x = 6 {} x = 3$$ With $x = 3$ we go on.",
    "a negative constant": r"$$a + b = 1 {} ab \le \frac15$$",
    "the nearest condition": "Let $x > 0$. We go on. Let $x < 0$. $$y = |x| {} y = x$$",
    "a sign in words": r"For negative $v$: $$v^2 = c {} v = \sqrt c$$",
    "in general": "For $x < 0$ we had $$u = 1$$ In general $$x^2 = 4 {} x = -2$$",
    "no sign stated": "$$x < y {} x^2 < y^2$$",
}
OPEN = {
    "a divisor that is zero": r"Let $R = 0$. $$U = R I {} I = \frac{{U}}{{R}}$$",
    "a negative factor in words": "Let $c$ be negative. $$a < b {} ac < bc$$",
    "whole numbers": r"Let $n\in\mathbb N$. $$n > 1 {} n \ge 2$$",
    "whole numbers in words": r"Let $n$ be a natural number. $$n > 0 {} n^2 \ge n$$",
    "for all": r"$$x \le \frac{{a}}{{k}} \text{{ for all }} k \ge 1 {} x \le a$$",
    "positive by custom": r"$$\omega_1 < \omega_2 {} \omega_1^2 < \omega_2^2$$",
    "several signs": r"$$\frac{{mv^2}}{{r}} = \frac{{GMm}}{{r^2}} {} v = \sqrt{{\frac{{GM}}{{r}}}}$$",
}


def step_of(text, tmp_path):
    """Return what is said of the step in a text."""
    notes = tmp_path / "notes.md"
    notes.write_text(text.format(r"\implies"))
    (step,) = [entry for entry in audit(notes).entries if "implies" in entry.formula.text]
    return step


@pytest.mark.parametrize("text", WITH.values(), ids=WITH)
def test_what_the_text_states_before_is_used(text, tmp_path):
    assert step_of(text, tmp_path).kind == "conditional"


@pytest.mark.parametrize("text", FALSE.values(), ids=FALSE)
def test_what_contradicts_the_text_or_repeats_the_conclusion_is_no_condition(text, tmp_path):
    assert step_of(text, tmp_path).kind == "fails"


@pytest.mark.parametrize("text", OPEN.values(), ids=OPEN)
def test_a_counterexample_that_the_text_may_exclude_is_none(text, tmp_path):
    assert step_of(text, tmp_path).kind == "undecided"


def test_values_that_the_text_gives_are_told(tmp_path):
    assert "if a = 2 and b = 3" in step_of(WITH["two values"], tmp_path).says


def test_what_a_text_calls_a_mistake_is_no_error_of_it(tmp_path):
    notes = tmp_path / "notes.md"
    notes.write_text("A common mistake is to write $z = (a+b)^2 = a^2 + b^2$. But $w = (a-b)^2 = a^2 - b^2$.")
    assert [entry.kind for entry in audit(notes).entries] == ["note", "fails"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("$$x_{t+1} = a x_t$$ Hence $$x_t = a^{t+1} x_0$$", "undecided"),
        ("$$v = a t$$ Hence $$x = a t^2 + x_0$$", "definition"),  # a name for the first time
        ("We have $$x = 2$$ so $$x^2 = 4$$ so $$x = -2$$", "undecided"),
        ("To first order in $x$, $$y = \\sin x = x$$\n\n$$z = e^x = 1 + x$$", "note"),
        ("We expand: $$y = (x + 1)^2 = x^2 + 1$$\n\n$$z = e^x = 1 + x$$", "fails"),
    ],
)
def test_words_of_the_sentence_say_what_a_line_claims(text, kind, tmp_path):
    notes = tmp_path / "notes.md"
    notes.write_text(text)
    assert audit(notes).entries[-1].kind == kind


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (r"x = 2 y {} x = z y, \quad z = 2", "holds"),
        (r"x = 2 y {} x = z y, \quad z = 3", "fails"),
        (r"x^2 = 4 {} x = z, \quad z = 2", "fails"),
        (
            r"y_{{n+1}} = y_n + h((1-\theta)\lambda y_n + \theta\lambda y_{{n+1}}) "
            r"{} (1 - \theta z) y_{{n+1}} = (1 + (1-\theta) z) y_n, \quad z = h \lambda",
            "holds",
        ),
    ],
)
def test_a_name_that_a_conclusion_brings_in_is_known_in_it(line, kind, tmp_path):
    assert step_of(f"$${line}$$", tmp_path).kind == kind


def test_the_premise_of_a_step_is_no_value_for_the_next_one(tmp_path):
    notes = tmp_path / "notes.md"
    notes.write_text(r"$$x = 2 \implies x^2 = 4.$$ The converse: $$x^2 = 4 \implies x = 2$$")
    assert [entry.kind for entry in audit(notes).entries] == ["holds", "fails"]


@pytest.mark.parametrize(("value", "kind"), [("-3", "conditional"), ("3", "undecided")])
def test_a_root_that_the_text_rules_out_does_not_follow(value, kind, tmp_path):
    notes = tmp_path / "notes.md"
    notes.write_text(f"We have $x^2 = 9$ and $x < 0$, hence $$x = {value}.$$")
    assert audit(notes).entries[-1].kind == kind


@pytest.mark.parametrize(("factor", "kind"), [("3", "holds"), ("2", "fails")])
def test_a_value_behind_with_is_known_in_a_step(factor, kind, tmp_path):
    notes = tmp_path / "notes.md"
    notes.write_text(rf"$$y = kx \text{{ with }} k = 3, \text{{ thus }} y = {factor}x$$")
    assert audit(notes).entries[-1].kind == kind


def test_either_sign_in_words_is_no_sign(tmp_path):
    found = step_of("Let $c$ be positive or negative. $$a < b {} ac < bc$$", tmp_path)
    assert (found.kind, found.uses) == ("conditional", ())
    assert "if c > 0" in found.says
