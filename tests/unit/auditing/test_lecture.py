"""A lecture with hints and planted mistakes is audited: what is true holds, and each mistake is found."""

from pathlib import Path

import pytest

from physsym.auditing import audit, texts_of

LECTURE = Path(__file__).parents[3] / "docs" / "lectures" / "from-mechanics-to-optimizers.md"
# The kinds of mistakes that are planted, each by a piece of its formula.
PLANTED = {
    "a factor of a divided law": r"-\frac{1}{m} \nabla U(x) - \dot x",
    "a limit": r"\gamma \dot x = \nabla U(x)",
    "dimensions": r"m \ddot x = -k x - \dot x",
    "a derivative": r"E'(v) = \frac{1}{2} m v",
    "another form of a function": r"+ \frac{F^2}{2 k}",
    "a step of a method": r"2 \eta \nabla U(x_t)",
    "a sign in a chain": r"(2 + \eta \lambda)",
    "an order": r"\frac{q(x + h) - q(x)}{h}",
    "the sign of a rule": r"\beta v_t + \eta \nabla f(x_t)",
    "a factor in a chain": r"1 - \frac{\beta}{1 - \beta}",
    "where a gradient is taken": r"x_t - \mu v_t",
    "a misprint of a published rule": r"\beta_2 m_{t-1}",
}


@pytest.fixture(scope="module")
def lecture():
    return audit(LECTURE)


def test_every_planted_mistake_is_marked(lecture):
    marked = [entry for entry in lecture.entries if any(h.keyword == "expect" for h in entry.formula.hints)]
    for kind, piece in PLANTED.items():
        assert sum(piece in entry.formula.text for entry in marked) == 1, kind
    assert len(marked) == len(PLANTED)


@pytest.mark.parametrize("kind", PLANTED)
def test_each_planted_mistake_is_found(lecture, kind):
    (entry,) = (e for e in lecture.entries if e.expected and PLANTED[kind] in e.formula.text)
    assert entry.kind == "fails", entry.says
    assert entry.readings


def test_what_is_true_holds(lecture):
    assert not lecture.failing
    assert all(entry.kind != "unread" for entry in lecture.entries)
    hinted = [entry for entry in lecture.entries if entry.is_hinted and not entry.expected]
    assert len(hinted) >= 10
    assert [e.says for e in hinted if e.kind not in ("holds", "conditional", "recognised")] == []


def test_mistakes_without_their_marks_fail(tmp_path, lecture):
    bare = tmp_path / "bare.md"
    bare.write_text(
        LECTURE.read_text().replace("expect fails; ", "").replace("<!-- physsym: expect fails -->\n", "")
    )
    assert len(audit(bare).failing) == len(PLANTED)


def test_the_lecture_has_about_forty_formulas():
    assert 35 <= len(texts_of(LECTURE).formulas) <= 60
