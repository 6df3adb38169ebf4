r"""Statements from LaTeX against values built by hand; what can be read in two ways is refused with both."""

from __future__ import annotations

import pytest
from sympy import Abs, Max, Piecewise, Rational, Symbol, cos, exp, oo, sign, sin, sqrt

from physsym.core.statements import Equation, Law, Rule, Update, law, rule
from physsym.core.symbols import after, before, dot, grad, hess, higher, partial, potential
from physsym.parsing.reader import Readable, read
from physsym.parsing.tokens import ReadError
from physsym.printing.latex_printer import latex
from physsym.vocabulary import STANDARD, alpha, dt, eta, gamma, lam, m, rho, t, tau, u, v, x
from tests.support.refusals import assert_refused

y, k, w, theta, g, length, b, v_hat = (
    Symbol(n, real=True) for n in ["y", "k", "w", "theta", "g", "l", "b", "v_hat"]
)
M, V = (Symbol(n, real=True) for n in ["m", "v"])
b1, b2, eps = (Symbol(n, real=True) for n in ["beta_1", "beta_2", "eps"])
ADAM = r"""
\begin{aligned}
m_t &= \beta_1 m_{t-1} + (1-\beta_1) g_t \\
v_t &= \beta_2 v_{t-1} + (1-\beta_2) g_t^2 \\
\hat{m}_t &= \frac{m_t}{1-\beta_1^t}, \quad \hat{v}_t = \frac{v_t}{1-\beta_2^t} \\
\theta_{t+1} &= \theta_t - \eta \frac{\hat{m}_t}{\sqrt{\hat{v}_t} + \epsilon} \\
m_0 &= 0, \quad v_0 = 0
\end{aligned}
"""
HEAVY_BALL = rule({u: rho * u - eta * grad(x), x: x + after(u)})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\frac{\eta}{2} \rho^2", eta * rho**2 / 2),
        (r"\mathbf{x}_{t+1} - \mathbf{x}_{t} + \mathbf{x}_{t-1}", after(x) - x + before(x)),
        (r"l \ddot{\theta} = -g \sin\theta", Equation(length * dot(dot(theta)), -g * sin(theta))),
        (
            r"\begin{cases} \dot x = v \\ m \dot v = -\nabla U(x) - \gamma v \end{cases}",
            law({dot(x): v, m * dot(v): -grad(x) - gamma * v}),
        ),
        (r"x_{k+1} = x_k - \eta \nabla f(x_k)", Update(x, x - eta * grad(x))),
        (r"\theta \leftarrow \theta - \eta\nabla_\theta J(\theta)", Update(theta, theta - eta * grad(theta))),
        (r"x = x - \eta \nabla U(x)", Update(x, x - eta * grad(x))),
        (r"u^{+} = \rho u - \eta \nabla U(x), \quad x^+ = x + u^+", HEAVY_BALL),
        (r"u_{t+1} \gets \rho u_t - \eta \nabla U(x_t) \\ x_{t+1} \gets x_t + u_{t+1}", HEAVY_BALL),
        (r"u_t := \rho u_{t-1} - \eta \nabla U(x_{t-1}) \\ x_t := x_{t-1} + u_t", HEAVY_BALL),
        (
            ADAM,
            rule(
                {
                    k: k + 1,
                    M: b1 * M + (1 - b1) * grad(theta),
                    V: b2 * V + (1 - b2) * grad(theta) ** 2,
                    theta: theta
                    - eta * (after(M) / (1 - b1 ** after(k))) / (sqrt(after(V) / (1 - b2 ** after(k))) + eps),
                },
                start={k: 0, M: 0, V: 0},
            ),
        ),
    ],
)
def test_a_statement_is_read(text: str, expected: Readable) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    "value",
    [
        rule({k: k + 1, u: rho * u - eta * grad(x), x: x + after(u) / (1 - rho ** after(k))}, {u: 0, k: 0}),
        law({m * dot(dot(x)): -gamma * dot(x) - grad(x), dot(u): -u}),
        rule({t: t + dt, x: x - eta * grad(x)}),
        rule({x: 2 * x - before(x) - eta * grad(x)}, {before(x): 0}),
        rule({x: x - eta * grad(x)}, {x: oo}),
        partial(1, x, y),
        partial(2, x, y),
        hess(x),
        higher(3, x),
        potential(x, y),
        Abs(x) * sign(v),
        exp(-x / tau) * sin(x) ** 2 + cos(2 * x),
        Max(x, u),
        Piecewise((x, x > 0), (u, True)),
        x ** Rational(1, 3),
        x**rho * lam / alpha,
        rho ** (k * length) * dt**2,
    ],
    ids=str,
)  # fmt: skip
def test_what_is_printed_is_read_back(value: Readable) -> None:
    assert read(latex(value)) == value


@pytest.mark.parametrize(
    ("text", "message", "at"),
    [
        (r"v \leftarrow \rho v + g \\ x \leftarrow x - \eta v", "line 2 reads v, which line 1 updates", "v"),
        (r"\eta / \rho x", "2 ways", "x"),
        (r"\rho \pm x", "2 ways", "x"),
        (r"f(x) = \frac{x}{2}", "a function or a product", ""),
        (r"a = b \gets \frac{c}{2}", "chain", r"\frac"),
        (r"\|x\| + 1", "joins coordinates", r"\|"),
        (r"\sum_{i=1}^{n} x_i", "sum, which is not read", r"\sum"),
        (r"x_{t+1} = x_t - \eta_t \nabla U(x_t)", "eta_t is set by no row", r"\eta_t"),
        (r"\rho < x", "no equation", "x"),
        (r"x \\ y", "several expressions", "y"),
        (r"\nabla U", "without the point", ""),
    ],
)
def test_what_is_open_is_refused_with_what_to_do(text: str, message: str, at: str) -> None:
    assert_refused(read, text, message, at)


def test_names_that_are_not_known_are_refused_where_that_is_asked_for() -> None:
    with pytest.raises(ReadError, match="kappa"):
        read(r"\kappa x", unknown="refuse")
    kappa = Symbol("kappa", positive=True)
    assert read(r"\kappa x", declare=(kappa,)) == kappa * x


def test_the_two_readings_are_shown() -> None:
    with pytest.raises(ReadError) as found:
        read(r"\eta / \rho x")
    assert "eta*x/rho; or eta/(rho*x)" in found.value.message.replace("x*eta", "eta*x")


@pytest.mark.parametrize("face", ["physics", "learning"])
def test_one_letter_changed_is_another_rule(face: str) -> None:
    text = latex(HEAVY_BALL, face)  # type: ignore[arg-type]
    whole, spoiled = read(text, STANDARD), read(text.replace(r"\rho", r"\tau", 1), STANDARD)
    assert isinstance(whole, Rule)
    assert whole != spoiled
    assert isinstance(read(r"\dot{x} = v, \dot{v} = -x"), Law)


PSI = Symbol("psi", positive=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\mu_{1,t+1} = \mu_{1,t}/2, \mu_{1,0} = 1", "mu_1 <- mu_1/2; mu_1(0) = 1"),
        (r"\nu_{t+1} = \nu_t/2, \nu_{t=0} = \nu_0", "nu <- nu/2; nu(0) = nu_0"),
        (r"x_{t+1} = x_t - \mathrm{lr} \, (x_t + 1)", "x <- x - lr*(x + 1)"),
        (r"x_{t+1} = x_t - \psi (x_t + 1)", "x <- x - psi*(x + 1)"),
        (r"x_{t+1} = x_t + U(x_t)", "x <- x + potential(x)"),
        (r"x_{t+1} = a x_t \begin{cases} 1 & \text{if } x_t > 0 \\ 2 & \text{otherwise} \end{cases}",
         "x <- a*x*where(x > 0, 1, 2)"),
        (r"x_{1,t+1} = x_{1,t} - \frac{\partial U}{\partial x_1}(x_{1,t}, y)",
         "x_1 <- x_1 - partial(1, x_1, y)"),
        (r"w_{\mathrm{prev},t+1} = \mathbf{w}_t, \mathbf{w}_{t+1} = \mathbf{w}_t - b w_{\mathrm{prev},t}",
         "w_prev <- w; w <- w - b*w_prev_t"),
    ],
)  # fmt: skip
def test_what_is_printed_of_states_with_indices_is_read(text: str, expected: str) -> None:
    own = [PSI, Symbol("w_prev", real=True)]
    assert str(read(text, declare=own)) == str(read(expected, declare=own))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (r"x_{t+1} = x_t - \eta \nabla U(\mathbf{x}_t)", "found x.* in two typefaces"),
        (r"x_{t+1} = x_t - \mathrm{rate} \, (x_t + 1)", r"found rate\(\.\.\.\), a function or a product"),
        (r"x_{t+1} = x_t - \psi (x_t + 1)", r"found \\psi\(\.\.\.\), a function or a product"),
        (r"x_{t+1} = a x_t \begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix} x_t", "is not understood"),
    ],
)
def test_what_may_be_another_name_or_a_function_is_refused(text: str, message: str) -> None:
    with pytest.raises(ReadError, match=message):
        read(text)


def test_an_index_zero_of_what_no_line_updates_is_a_name() -> None:
    assert str(read("uₜ₊₁ = uₜ/2; u₀ = ν₀")) == "u <- u/2; u(0) = nu_0"
    assert (
        str(read("uₜ₊₁ = uₜ/2; νₜ₊₁ = νₜ/3; u₀ = ν₀; ν₀ = 1")) == "u <- u/2; nu <- nu/3; u(0) = nu; nu(0) = 1"
    )
