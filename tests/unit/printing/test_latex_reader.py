"""The reader of LaTeX reads what it should, and rejects spoiled text: what the typesetting tests rely on."""

from __future__ import annotations

import pytest
from sympy import Abs, Rational, Symbol, exp, expand, sign, sqrt

from physsym.core.symbols import after, before, dot, grad, hess, partial, potential
from physsym.vocabulary import dt, eta, gamma, m, rho, tau, u, v, x
from tests.support.latex_reader import Unreadable, read_expression, read_lines

y, p = Symbol("y"), Symbol("p")
beta = Symbol("beta_1")
GLYPHS = {
    r"\mathbf{x}": x, r"\mathbf{u}": u, r"\mathbf{v}": v, r"\Delta t": dt, r"\tau": tau, r"\gamma": gamma,
    r"\eta": eta, r"\rho": rho, "m": m, "y": y, "p": p, r"\beta_{1}": beta,
}  # fmt: skip

READ = {
    "0": 0,
    r"\frac{1}{2}": Rational(1, 2),
    r"1 - \frac{\Delta t}{\tau}": 1 - dt / tau,
    r"-(1 - \rho) \eta \nabla U(\mathbf{x})": -(1 - rho) * eta * grad(x),
    r"m \frac{d^{2}\mathbf{x}}{dt^{2}}": m * dot(dot(x)),
    r"\left(\frac{d\mathbf{x}}{dt}\right)^{2}": dot(x) ** 2,
    r"e^{-\Delta t/(2 \tau)}": exp(-dt / (2 * tau)),
    r"e \Delta t^{2}": exp(1) * dt**2,
    r"2 \cdot 3^{p}": 2 * 3**p,
    r"\left|\mathbf{v}\right|^{p-1} \operatorname{sign}(\mathbf{v})": Abs(v) ** (p - 1) * sign(v),
    r"\sqrt{1 + \rho}": sqrt(1 + rho),
    r"\sqrt[3]{\rho}": rho ** Rational(1, 3),
    r"\nabla^{2} U(\mathbf{x}) \mathbf{u}": hess(x) * u,
    r"\frac{\partial U}{\partial y}(\mathbf{x}, y)": partial(2, x, y),
    r"\partial_{1} U(\mathbf{x} + \Delta t \mathbf{v}, y)": partial(1, x + dt * v, y),
    r"U\left(\frac{\mathbf{x}}{2}\right)": potential(x / 2),
    r"\beta_{1}^{2}": beta**2,
}


@pytest.mark.parametrize("text", READ)
def test_it_reads(text):
    assert expand(read_expression(text, GLYPHS) - READ[text]) == 0


def test_it_reads_instants():
    lines = read_lines(
        r"\begin{aligned} \mathbf{u}_{t+1} &= \rho \mathbf{u}_{t} \\"
        r"\mathbf{x}_{t+1} &= \mathbf{x}_{t-2} \end{aligned}",
        GLYPHS,
        states=(x, u),
    )
    assert lines == [(after(u), rho * u), (after(x), before(before(x)))]


SPOILED = [
    "", "+", "1 +", "(1", "1)", r"\frac{1}", r"\frac{1}{", r"{1}", "2 3", "2 q", r"\mathbf{q}", r"\Delta",
    r"\zeta", r"\frac{d^{2}\mathbf{x}}{dt}", r"\frac{d^{2}\mathbf{x}}{dt^{3}}", r"\frac{d}{dt}", r"e^2",
    r"\sqrt", r"\left(1)", r"(1\right)", r"\left|1\right)", r"\operatorname{sine}(p)", r"\nabla",
    r"\nabla L(\mathbf{x})", r"\nabla^{3} U(\mathbf{x})", r"\nabla U", r"L(\mathbf{x})",
    r"\frac{\partial U}{\partial p}(\mathbf{x}, y)", r"1/2 p", r"1/2/3", "p ! 2", "p = 1",
    r"\begin{aligned} p &= 1", r"\begin{align} p &= 1 \end{align}", r"\mathbf{x}_{t}", r"m_{t+1}",
    r"\beta_{2}", r"p^{", "p^2", "--p", "p -- p", r"p \\ p", "p & p", "p,", "$p$",
]  # fmt: skip


@pytest.mark.parametrize("text", SPOILED)
def test_it_rejects(text):
    with pytest.raises(Unreadable):
        read_expression(text, GLYPHS)


@pytest.mark.parametrize("text", [r"\mathbf{x}", r"\mathbf{x}_{t+0}", r"\mathbf{x}_{s}", r"\mathbf{x}_{t,t}"])
def test_a_state_needs_an_instant(text):
    with pytest.raises(Unreadable):
        read_expression(text, GLYPHS, states=(x,))


@pytest.mark.parametrize("text", [r"p - 1", r"\frac{p}{m}", r"\nabla U(\mathbf{x})", r"e^{-p}"])
def test_it_tells_a_wrong_formula_from_a_right_one(text):
    wrong = {"p": "m", "x": "u"}
    spoiled = "".join(wrong.get(c, c) for c in text.replace(r"\frac", "@")).replace("@", r"\frac")
    assert read_expression(spoiled, GLYPHS) != read_expression(text, GLYPHS)
