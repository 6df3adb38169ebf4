"""Formulas of the pages: the printer shows them only as their author wrote them."""

from xml.dom.minidom import parseString

import pytest

from docs.extensions.formulas import AS_READ, AS_WRITTEN, NOT_READ, report, shown, signs

LAWS_AND_RULES = (
    r"m \ddot x = -\nabla U(x) - \gamma \dot x \label{eq:law}",
    r"\gamma \dot x = -\nabla f(x)",
    r"x_{t+1} = x_t - \eta \nabla U(x_t)",
    r"""\begin{aligned}
v_{t+1} &= \mu v_t - \eta \nabla f(x_t + \mu v_t) \\
x_{t+1} &= x_t + v_{t+1}
\end{aligned}""",
)


@pytest.mark.parametrize("tex", LAWS_AND_RULES)
def test_laws_and_rules_are_printed_by_the_package(tex):
    formula = shown(tex, block=True)
    assert formula.how == AS_READ
    math = parseString(formula.markup).documentElement
    assert (math.tagName, math.getAttribute("display")) == ("math", "block")


def text_of(markup):
    return "".join(node.firstChild.data for node in parseString(markup).getElementsByTagName("mi"))


def test_the_potential_keeps_the_letter_of_its_author():
    assert "f" in text_of(shown(r"\gamma \dot x = -\nabla f(x)").markup)
    assert "U" in text_of(shown(r"\gamma \dot x = -\nabla U(x)").markup)
    assert "U" not in text_of(shown(r"\gamma \dot x = -\nabla f(x)").markup)


@pytest.mark.parametrize(
    "tex",
    [
        r"\frac{1 - \beta + \beta}{1 - \beta}",  # is read as 1/(1 - beta)
        r"1 + 1 = 2",
        r"x - x = 0",
        r"a - (b - c)",
    ],
)
def test_what_the_reader_would_simplify_or_rename_is_shown_as_written(tex):
    formula = shown(tex)
    assert (formula.how, formula.markup) == (AS_WRITTEN, "")
    assert formula.reason


@pytest.mark.parametrize(
    "tex",
    [
        r"\iff",
        r"m_t = \beta_1 m_{t-1} + (1 - \beta_1) g_t",
        r"O(h^n)",
        r"a \approx b",
        r"\notacommand{x}",
        "{",
        "",
    ],
)
def test_what_is_no_statement_is_not_read(tex):
    assert shown(tex).how == NOT_READ


def test_a_chain_of_equalities_is_one_formula():
    formula = shown(r"(1 - a)^2 = 1 - 2 a + a^2 = 1 - a (2 - a)")
    assert formula.how == AS_READ
    assert formula.markup.count("<math") == formula.markup.count("</math>") == 1
    assert sum(n.firstChild.data == "=" for n in parseString(formula.markup).getElementsByTagName("mo")) == 2


def test_layout_and_the_notation_of_rates_are_no_difference():
    assert signs(r"\ddot{\mathbf{x}} = \frac{a}{b}") == signs(r"\frac{d^{2}\mathbf{x}}{dt^{2}} = a/b")
    assert signs("a + b") != signs("a - b")
    assert signs("a b") != signs("a b b")


def test_the_note_counts_and_names_what_the_printer_does_not_show():
    note = report({"a": [shown("m"), shown(r"1 + 1")], "b": [shown(r"a \approx b")]})
    first, *named = note.splitlines()
    assert first.startswith("3 formulas on 2 pages: 1 by the package's printer, 1 as written")
    assert [line.split(":")[0] for line in named] == ["a", "b"]
