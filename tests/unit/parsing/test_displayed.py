r"""Displayed formulas against rules written by hand; spoiled ones are refused, at the place that is wrong."""

# ruff: noqa: E501
from __future__ import annotations

import pytest
from sympy import Abs, Integer, Max, Piecewise, Symbol, sign, sqrt

from physsym.core.statements import Rule, rule
from physsym.core.symbols import after, grad
from physsym.parsing.displayed import Notation, read_displayed
from physsym.parsing.tokens import ReadError
from physsym.vocabulary import x
from tests.support.refusals import assert_refused

G = grad(x)
a, b1, b2, e, lam, mu, tau = (Symbol(n, real=True) for n in ["a", "b1", "b2", "e", "lam", "mu", "tau"])
m, v, s, k, z, b, q, g, v_max, E_g2 = (
    Symbol(n, real=True) for n in ["m", "v", "s", "k", "z", "b", "q", "g", "v_max", "E_g2"]
)
LETTERS = {
    r"\alpha": a,
    r"\beta_1": b1,
    r"\beta_2": b2,
    r"\varepsilon": e,
    r"\lambda": lam,
    r"\mu": mu,
    r"\tau": tau,
}
UPDATE = Notation(LETTERS, "g", r"\theta_t", "u", {"m": Integer(0), "v": Integer(0)})
AVERAGES = r"m_t &\leftarrow \beta_1 \cdot m_{t-1} + (1-\beta_1) \cdot g_t \\"

ADAM = rf"""
  \begin{{align*}}
    {AVERAGES}
    v_t &\leftarrow \beta_2 \cdot v_{{t-1}} + (1-\beta_2) \cdot {{g_t}}^2 \\
    \hat{{m}}_t &\leftarrow m_t / {{(1-\beta_1^t)}} \\
    \hat{{v}}_t &\leftarrow v_t / {{(1-\beta_2^t)}} \\
    u_t &\leftarrow -\alpha_t \cdot \hat{{m}}_t / \left({{\sqrt{{\hat{{v}}_t}} + \varepsilon}} \right)\\
    S_t &\leftarrow (m_t, v_t).
  \end{{align*}}
"""
PSEUDO_CODE = r"""
\begin{aligned}
  &\rule{110mm}{0.4pt} \\
  &\textbf{input} : \alpha \text{ (lr)}, \beta_1, \beta_2 \text{ (betas)} \\
  &\textbf{initialize} : m_0 \leftarrow 0 \text{ (first moment)}, v_0\leftarrow 0, \: v_0^{max}\leftarrow 0 \\[-1.ex]
  &\textbf{for} \: t=1 \: \textbf{to} \: \ldots \: \textbf{do} \\
  &\hspace{5mm}\textbf{if} \: \textit{maximize}: \\
  &\hspace{10mm}g_t \leftarrow -\nabla_{\theta} f_t (\theta_{t-1}) \\
  &\hspace{5mm}\textbf{else} \\
  &\hspace{10mm}g_t \leftarrow \nabla_{\theta} f_t (\theta_{t-1}) \\
  &\hspace{5mm}\textbf{if} \: \lambda \neq 0 \\
  &\hspace{10mm} g_t \leftarrow g_t + \lambda  \theta_{t-1} \\
  &\hspace{5mm}m_t \leftarrow \beta_1 m_{t-1} + (1 - \beta_1) g_t \\
  &\hspace{5mm}v_t \leftarrow \beta_2 v_{t-1} + (1-\beta_2) g^2_t \\
  &\hspace{5mm}\textbf{if} \: amsgrad \\
  &\hspace{10mm} v_t^{max} \leftarrow \mathrm{max}(v_{t-1}^{max},v_t) \\
  &\hspace{10mm}\widehat{v_t} \leftarrow v_t^{max} \\
  &\hspace{5mm}\textbf{else} \\
  &\hspace{10mm}\widehat{v_t} \leftarrow v_t/\big(1-\beta_2^t \big) \\
  &\hspace{5mm}\theta_t \leftarrow \theta_{t-1} - \alpha m_t/
      \big(\sqrt{\widehat{v_t}} + \varepsilon \big) \\
  &\bf{return} \:  \theta_t \\
\end{aligned}
"""
OPTIONS = {"maximize": False, r"lam \neq 0": True, "amsgrad": True}
POLYAK = r"x_{t+1} = x_t - \alpha \nabla f(x_t) + \mu (x_t - y_t) \\ y_{t+1} = x_t"


def same(found: Rule, expected: Rule) -> bool:
    """Compare what each step sets, and the start values, in terms of the values before the step."""
    return _flat(found) == _flat(expected) and dict(found.start) == dict(expected.start)


def _flat(given: Rule) -> dict[Symbol, object]:
    new: dict[Symbol, object] = {}
    for update in given.updates:
        new[update.target] = update.value.subs({after(t): value for t, value in new.items()}).expand()
    return new


ADAM_STEP = {
    k: k + 1,
    m: b1 * m + (1 - b1) * G,
    v: b2 * v + (1 - b2) * G**2,
    x: x - a * after(m) / (1 - b1 ** after(k)) / (sqrt(after(v) / (1 - b2 ** after(k))) + e),
}
H = G + lam * x
AMSGRAD_STEP = {
    m: b1 * m + (1 - b1) * H,
    v: b2 * v + (1 - b2) * H**2,
    v_max: Max(v_max, after(v)),
    x: x - a * after(m) / (sqrt(after(v_max)) + e),
}


@pytest.mark.parametrize(
    ("text", "notation", "expected"),
    [
        (ADAM, UPDATE, rule(ADAM_STEP, start={k: 0, m: 0, v: 0})),
        (
            PSEUDO_CODE,
            Notation(LETTERS, weights=r"\theta_{t-1}", options=OPTIONS),
            rule(AMSGRAD_STEP, start={m: 0, v: 0, v_max: 0}),
        ),
        (
            AVERAGES + r"u_t = -\alpha\, \text{sign}\,(m_t)",
            UPDATE,
            rule({m: b1 * m + (1 - b1) * G, x: x - a * sign(after(m))}, start={m: 0}),
        ),
        (  # Lion: the average is read before it is updated.
            r"c_t = \beta_1 m_{t-1} + (1-\beta_1) g_t \\ u_t = -\alpha (sign \left(c_t\right) + \lambda \theta_t) \\"
            r"m_t = \beta_2 m_{t-1} + (1-\beta_2) g_t",
            UPDATE,
            rule(
                {x: x - a * (sign(b1 * m + (1 - b1) * G) + lam * x), m: b2 * m + (1 - b2) * G}, start={m: 0}
            ),
        ),
        (  # Adamax
            r"v_t \gets \max(\left| g_t \right| + \varepsilon, \beta_2 \cdot v_{t-1}) \\ u_t \gets -\frac{\alpha}{v_t} g_t",
            UPDATE,
            rule({v: Max(Abs(G) + e, b2 * v), x: x - a / after(v) * G}, start={v: 0}),
        ),
        (  # a sum over steps
            r"w_{t+1}^{(i)} = w_{t}^{(i)} - \alpha \frac{g_{t}^{(i)}}{\sqrt{\sum_{\tau=1}^{t} (g_{\tau}^{(i)})^2 + \varepsilon}}",
            Notation({r"\alpha": a, r"\varepsilon": e}, "g", "w_t"),
            rule({s: s + G**2, x: x - a * G / sqrt(after(s) + e)}, start={s: 0}),
        ),
        (  # a product over steps, to the next one
            r"\mu_t = \beta_1 / t \\ \mu_{t+1} = \beta_1 / (t+1) \\ u_t = -\alpha g_t \prod_{i=1}^{t+1} \mu_i",
            Notation({r"\alpha": a, r"\beta_1": b1}, "g", update="u"),
            rule(
                {k: k + 1, q: q * b1 / after(k), x: x - a * G * after(q) * b1 / (after(k) + 1)},
                start={k: 0, q: 1},
            ),
        ),
        (  # an earlier gradient
            r"u_t = (\alpha + \mu) g_t - \mu g_{t-1} \\ w_{t+1} = w_t - u_t",
            Notation(LETTERS, "g", "w_t", start={"g": Integer(0)}),
            rule({x: x - (a + mu) * G + mu * g, g: G}, start={g: 0}),
        ),
        (  # gradients at another point
            r"y_{t} & = (1-\beta_1)z_{t} + \beta_1 x_{t},\\ z_{t+1} & =z_{t}-\alpha\nabla f(y_{t}),\\"
            r"x_{t+1} & =\left(1-\frac{1}{t}\right)x_{t}+\frac{1}{t}z_{t+1},",
            Notation(LETTERS, weights="x_t", start={"z": x}),
            rule(
                {
                    k: k + 1,
                    z: z - a * grad((1 - b1) * z + b1 * x),
                    x: (1 - 1 / after(k)) * x + after(z) / after(k),
                },
                start={k: 0, z: x},
            ),
        ),
        (  # a branch by the step
            r"\begin{aligned} &\textbf{for} \: t=1 \\ &\hspace{5mm}\textbf{if} \: t > 1 \\"
            r"&\hspace{10mm} \textbf{b}_t \leftarrow \mu \textbf{b}_{t-1} + (1-\tau) g_t \\ &\hspace{5mm}\textbf{else} \\"
            r"&\hspace{10mm} \textbf{b}_t \leftarrow g_t \\ &\hspace{5mm} \theta_t \leftarrow \theta_{t-1} - \alpha \textbf{b}_t \end{aligned}",
            Notation(LETTERS, "g", r"\theta_{t-1}", start={r"\mathbf{b}": Integer(0)}),
            rule(
                {
                    k: k + 1,
                    b: Piecewise((mu * b + (1 - tau) * G, after(k) > 1), (G, True)),
                    x: x - a * after(b),
                },
                start={k: 0, b: 0},
            ),
        ),
        (  # words are factors before brackets, and `E[g^2]` with an index is one name
            r"E[g^2]_t &= \mu E[g^2]_{t-1} + g_t^2 \\ u_t &= -\text{lr} (g_t + E[g^2]_t) - \mathrm{step} (g_t)",
            Notation({r"\mu": mu, r"\mathrm{lr}": a, r"\text{step}": tau}, "g", update="u", start={"E[g^2]": Integer(0)}),
            rule({E_g2: mu * E_g2 + G**2, x: x - a * (G + after(E_g2)) - tau * G}, start={E_g2: 0}),
        ),
    ],
)  # fmt: skip
def test_a_displayed_formula_is_the_rule_that_it_shows(text: str, notation: Notation, expected: Rule) -> None:
    assert same(read_displayed(text, notation), expected)


def test_one_of_two_cases_is_taken_by_an_option() -> None:
    text = (
        r"m_t &\leftarrow g_t + \mu m_{t-1} \\ u_t &\leftarrow \begin{cases} -\alpha_t m_t & \text{ if } \texttt{nesterov ="
        r" False} \\ -\alpha_t (g_t + \mu m_t) & \text{ if } \texttt{nesterov = True} \end{cases}"
    )
    for chosen, moved in ((False, after(m)), (True, G + mu * after(m))):
        notation = Notation(LETTERS, "g", "", "u", {"m": Integer(0)}, {"nesterov": chosen})
        expected = rule({m: G + mu * m, x: x - a * moved}, start={m: 0})
        assert same(read_displayed(text, notation), expected)


@pytest.mark.parametrize(
    ("text", "message", "at"),
    [
        (r"m_t = \beta_1 m_t + g_t \\ u_t = m_t", "read before it is set", r"m_t + g_t"),
        (r"u_t = m_{t-1}", "neither a known constant nor set", r"m_{t-1}"),
        (r"m_t = g_t \\ u_t = m_{t+1}", "which value is meant", r"m_{t+1}"),
        (r"u_t = g_t / \alpha \beta_1", "behind a quotient", r"\beta_1"),
        (r"u_t = g_t / \alpha / \beta_1", "behind a quotient", r"/ \beta_1"),
        (r"m_t = z_{t-1} \\ z_t = m_t \\ u_t = m_t", "no start value of z", ""),
        (r"u_t = f(g_t)", "neither a known constant", "f(g"),
        (r"u_t = \beta_1^{(t)} g_t", "its power", "^"),
        (r"u_t = \alpha_{t-1} g_t", "value of another step", r"\alpha"),
        (r"u_t = \|g_t\|", "not understood", r"\|"),
        (r"u_t = g_t + ", "found the end", ""),
        (r"u_t = (g_t", "expected )", ""),
        (r"u_t = g_t)", "not understood here", ")"),
        (r"g_t \\ u_t = g_t", "sets nothing", "g_t"),
        (r"u_t = \sum_{k \leq t} g_k", "only sums", r"\sum"),
        (r"u_t = g_t^{100}", "power beyond", "{100}"),
        (r"u_t = (((2^{64})^{64})^{64})^{64} g_t", "bits", "{64}"),
        (r"u_t = g_t / 0", "not defined", ""),
        (r"a_t = g_t (g_t + 1) \\" + "".join(rf" a_t = a_t (a_t + {k}) \\" for k in range(40)) + "u_t = a_t", "operations", ""),
        (r"u_t = \oint g_t", "not understood", r"\oint"),
        (r"u_t = g_{2_t}", "not understood", "2_t"),
        (r"u_t = дg_t", "not part of a displayed formula", "д"),
        (r"m_t = g_t", "no row sets the update", ""),
        (r"\beta_1 = g_t \\ u_t = g_t", "is a constant, and this row sets it", r"\beta_1"),
        (r"u_t = g_t \textbf", "", ""),
        (r"\textbf{if} \: amsgrad \\ \hspace{5mm} u_t = g_t", "option amsgrad", "amsgrad"),
        (r"\textbf{if} \: \mu > 0 \\ \hspace{5mm} u_t = g_t", "depend on whether mu > 0", r"\mu"),
        (r"\textbf{else} \\ u_t = g_t", "without 'if'", r"\textbf"),
        ("", "", ""),
        ("u_t = " + "(" * 60 + "g_t" + ")" * 60, "deep", "("),
        ("u_t = g_t" * 4000, "at most", ""),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused_at_its_place(text: str, message: str, at: str) -> None:
    assert_refused(lambda written: read_displayed(written, UPDATE), text, message, at)


@pytest.mark.parametrize("left_out", ["maximize", r"lam \neq 0", "amsgrad"])
def test_options_that_are_not_given_are_asked_for(left_out: str) -> None:
    options = {name: chosen for name, chosen in OPTIONS.items() if name != left_out}
    with pytest.raises(ReadError, match="depend"):
        read_displayed(PSEUDO_CODE, Notation(LETTERS, weights=r"\theta_{t-1}", options=options))


def test_text_is_cut_anywhere_and_is_read_or_refused() -> None:
    """No cut gives an error of another kind; and whatever is cut from a row changes the rule or is refused."""
    whole = read_displayed(ADAM, UPDATE)
    for end in range(0, len(ADAM), 7):
        for cut in (ADAM[:end], ADAM[:end] + ADAM[end + 3 :]):
            try:
                found = read_displayed(cut, UPDATE)
            except ReadError:
                continue
            assert isinstance(found, Rule)
    with pytest.raises(ReadError):
        read_displayed(ADAM.replace("hat{m}_t &", "hat{n}_t &"), UPDATE)
    assert not same(read_displayed(ADAM.replace("g_t}^2", "g_t}^3"), UPDATE), whole)
