"""Formulas of several statements: none of them is covered by the verdict of another one."""

import pytest

import physsym as ps

HOLDING = ("holds", "conditional", "recognised")


def last(folder, *paragraphs):
    page = folder / "page.md"
    page.write_text("\n\n".join(paragraphs))
    return ps.audit(page).entries[-1]


# Each with what is right and what is wrong in it.
STEPS = [
    (r"Let $\rho = 1 - h/\tau$.", r"\frac{h}{\tau} = 1 - \rho \implies \tau = \frac{h}{1 %s \rho}", "-", "+"),
    ("$$E = \\frac12 m v^2$$", r"v^2 = \frac{2E}{m} \implies v = \sqrt{\frac{%s}{m}}", "2E", "E"),
    ("Let $f(x) = x^2$. Then", r"f'(x) = 2x \implies x = f'(x)%s", "/2", ""),
    (
        r"Inserting $x = e^{st}$ into $$\ddot x + 2\gamma \dot x + \omega^2 x = 0$$ gives",
        r"s^2 + 2\gamma s + \omega^2 = 0 \implies s = -\gamma \pm \sqrt{\gamma^2 %s \omega^2}",
        "-",
        "+",
    ),
    (
        r"The law $$m\ddot x = -k x$$ with $x(t) = A\cos\omega t$ gives",
        r"\ddot x = -\frac{k}{m} x \implies m \ddot x = %s k x",
        "-",
        "",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("before", "line", "right", "wrong"), STEPS)
def test_a_wrong_conclusion_is_not_covered_by_its_premise(before, line, right, wrong, tmp_path):
    assert last(tmp_path, before, f"$${line % right}$$").kind in HOLDING
    assert last(tmp_path, before, f"$${line % wrong}$$").kind not in HOLDING


@pytest.mark.parametrize(
    "line",
    [
        r"y = x^2 \implies \dot y = 2x",
        r"\dot x = \dot y \implies x = y",
        r"\ddot x = -\omega^2 x \implies x(t) = A e^{\omega t}",
        r"x_{t+1} = a x_t \implies x_t = a^{t+1} x_0",
    ],
)
def test_a_step_that_is_not_judged_is_no_definition(line, tmp_path):
    assert last(tmp_path, f"$${line}$$").kind == "undecided"


LISTS = [
    ("With $S = x + y$, $D = x - y$:", r"x = \frac{S+D}{2},\qquad y = \frac{S %s D}{2}", "-", "+"),
    (
        r"With $X = \frac{m x+n y}{m+n}$, $r = x - y$:",
        r"x = X + \frac{n}{m+n}r,\qquad y = X %s \frac{m}{m+n}r",
        "-",
        "+",
    ),
    ("Then", r"s = \frac{a+b}{2},\quad d = \frac{a-b}{2},\quad a = s+d,\quad b = s %s d", "-", "+"),
    (
        r"$$s = \frac{a+b}{2},\quad d = \frac{a-b}{2}$$",
        r"a = s+d,\quad b = s %s d,\quad ab = s^2 - d^2",
        "-",
        "+",
    ),
    (
        "$$m_1v_1 + m_2v_2 = m_1v_1' + m_2v_2'$$ $$v_1 - v_2 = v_2' - v_1'$$ so",
        r"v_1' = \frac{(m_1-m_2)v_1 + 2m_2v_2}{m_1+m_2},\quad v_2' = \frac{(m_2-m_1)v_2 + %sm_1v_1}{m_1+m_2}",
        "2",
        "",
    ),
]


@pytest.mark.parametrize(("before", "line", "right", "wrong"), LISTS)
def test_a_wrong_statement_is_not_covered_by_others(before, line, right, wrong, tmp_path):
    assert last(tmp_path, before, f"$${line % right}$$").kind in HOLDING
    assert last(tmp_path, before, f"$${line % wrong}$$").kind not in HOLDING


def test_a_value_at_a_point_is_not_covered_by_a_derivative(tmp_path):
    line = r"f'(x) = 2x, \quad a = 5, \quad f(2) = a"
    assert last(tmp_path, "Let $f(x) = x^2$. Then", f"$${line}$$").kind not in HOLDING


def test_a_name_that_is_new_may_be_defined_beside_what_holds(tmp_path):
    law = "$$m a = -k x$$"
    assert last(tmp_path, law, r"Hence $$a = -\omega^2 x, \quad \omega^2 = \frac{k}{m}$$").kind in HOLDING
    assert last(tmp_path, law, r"Hence $$a = \omega^2 x, \quad \omega^2 = \frac{k}{m}$$").kind not in HOLDING


def test_a_rate_is_that_of_the_value_beside_it(tmp_path):
    law = r"$$\ddot x + 2\beta\dot x + \omega_0^2 x = 0$$ $$x = A e^{r t}$$"
    line = r"x = e^{-\beta t} A \cos\Omega t,\quad \dot x = -\beta x %s \Omega e^{-\beta t} A \sin\Omega t"
    assert last(tmp_path, law, f"or $${line % '-'}$$").kind in HOLDING
    assert last(tmp_path, law, f"or $${line % '+'}$$").kind == "fails"


LAGRANGE = r"p(x) = f_0\frac{x-x_1}{x_0-x_1} + f_1\frac{x-x_0}{x_1-x_0},\quad p(x_0) = f_0,\quad p(x_1) = %s"


def test_a_value_at_one_point_is_none_at_another(tmp_path):
    assert last(tmp_path, f"$${LAGRANGE % 'f_1'}$$").kind in HOLDING
    assert last(tmp_path, f"$${LAGRANGE % 'f_0'}$$").kind not in HOLDING
    assert last(tmp_path, "$$E(R) = E_0$$", "hence $$E(r) = E_0$$").kind not in HOLDING
    assert last(tmp_path, "$$E(r) = r^2$$", "hence $$E(R) = R^2$$").kind in HOLDING
    assert last(tmp_path, "$$E(r) = r^2$$", "hence $$E(R) = r^2$$").kind not in HOLDING
