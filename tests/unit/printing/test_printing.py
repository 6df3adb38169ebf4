"""What is typeset says what the expression says: it is read back by an independent reader and evaluated.

The golden file `golden/typeset.md` holds the lines of the textbook on both faces. After a change that is
meant, write it anew with `UPDATE_GOLDEN=1 python -m pytest tests/unit/printing/test_printing.py -k golden`,
and review it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import (
    Abs,
    Add,
    And,
    Eq,
    Float,
    Function,
    Integer,
    Max,
    Mul,
    Piecewise,
    Rational,
    Symbol,
    exp,
    log,
    oo,
    sin,
    sqrt,
    tanh,
)
from sympy import latex as plain_latex
from sympy.printing.printer import Printer

from derivations import friction, gradient_descent, momentum
from physsym.core.dimensions import ONE
from physsym.core.statements import Update, law, rule
from physsym.core.symbols import after, dot, grad
from physsym.core.verdicts import Condition, Order
from physsym.printing import latex, mathml, unicode
from physsym.vocabulary import STANDARD, G, Quantity, dt, eta, gamma, m, rho, t, tau, u, v, x
from tests.support.typeset_cases import FACES, TEXTBOOK, assert_reads_back, formulas, p, patient, s, values

GOLDEN = Path(__file__).parent / "golden" / "typeset.md"

# Each line as a book has it, written by hand.
EXPECTED = {
    "Newton's second law with friction": (
        r"m \frac{d^{2}\mathbf{x}}{dt^{2}} = -\nabla U(\mathbf{x}) - \gamma \frac{d\mathbf{x}}{dt}"
    ),
    "Divided by the friction": (
        r"\tau \frac{d^{2}\mathbf{x}}{dt^{2}} = "
        r"-\frac{1}{\gamma} \nabla U(\mathbf{x}) - \frac{d\mathbf{x}}{dt}"
    ),
    "The velocity is the force over the friction": (
        r"\frac{d\mathbf{x}}{dt} = -\frac{1}{\gamma} \nabla U(\mathbf{x})"
    ),
    "A difference quotient": (
        r"\frac{\mathbf{x}_{t+1} - \mathbf{x}_{t}}{\Delta t} = -\frac{1}{\gamma} \nabla U(\mathbf{x}_{t})"
    ),
    "Forward Euler": r"\mathbf{x}_{t+1} = \mathbf{x}_{t} - \frac{\Delta t}{\gamma} \nabla U(\mathbf{x}_{t})",
    "Gradient descent": r"\mathbf{x}_{t+1} = \mathbf{x}_{t} - \eta \nabla U(\mathbf{x}_{t})",
    "The momentum coefficient": r"\rho = 1 - \frac{\Delta t}{\tau}",
    "The step size of momentum": r"\alpha = (1 - \rho) \eta",
    "Momentum": (
        r"\begin{aligned} "
        r"\mathbf{u}_{t+1} &= \rho \mathbf{u}_{t} - (1 - \rho) \eta \nabla U(\mathbf{x}_{t}) \\ "
        r"\mathbf{x}_{t+1} &= \mathbf{x}_{t} + \mathbf{u}_{t+1} \end{aligned}"
    ),
    "Lagrangian": r"\frac{m}{2} \left(\frac{d\mathbf{x}}{dt}\right)^{2} - U(\mathbf{x})",
    "Trapezoid": r"\rho = \frac{1 - \frac{s}{2}}{1 + \frac{s}{2}}",
}

IN_ONE_LINE = {
    "Newton's second law with friction": "m d²𝐱/dt² = -∇U(𝐱) - γ d𝐱/dt",
    "Gradient descent": "𝐱ₜ₊₁ = 𝐱ₜ - η ∇U(𝐱ₜ)",
    "Momentum": "𝐮ₜ₊₁ = ρ 𝐮ₜ - (1 - ρ) η ∇U(𝐱ₜ)\n𝐱ₜ₊₁ = 𝐱ₜ + 𝐮ₜ₊₁",
    "The same in terms of the velocity": "m d𝐯/dt = -∇U(𝐱) - γ 𝐯\n  d𝐱/dt = 𝐯",
    "Modified equation": "d𝐱/dt = -∇U(𝐱) - (η/2) ∇²U(𝐱) ∇U(𝐱)",
}


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("title", TEXTBOOK)
def test_a_line_reads_back(title, face):
    assert_reads_back(latex(TEXTBOOK[title], face), TEXTBOOK[title], face)


DERIVED = [
    line
    for script in (
        gradient_descent.derivation,
        momentum.derivation,
        momentum.two_steps,
        *friction.derivations,
    )
    for line in script.lines
]


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("line", DERIVED, ids=str)
def test_a_derived_line_reads_back(line, face):
    assert_reads_back(latex(line, face), line, face)


@pytest.mark.parametrize("title", EXPECTED)
def test_a_line_looks_as_in_a_book(title):
    assert latex(TEXTBOOK[title]) == EXPECTED[title]


@pytest.mark.parametrize("title", IN_ONE_LINE)
def test_a_line_of_plain_text(title):
    assert unicode(TEXTBOOK[title]) == IN_ONE_LINE[title]


def test_reading_back_can_fail():
    good = latex(TEXTBOOK["Momentum"])
    for old, new in (
        ("- (1", "+ (1"),
        ("1 - ", "1 + "),
        (r"\eta", r"\alpha"),
        (r"\mathbf{x}_{t})", r"\mathbf{u}_{t})"),
    ):
        assert old in good
        with pytest.raises(AssertionError, match="was read as"):
            assert_reads_back(good.replace(old, new), TEXTBOOK["Momentum"], "physics")


@pytest.mark.parametrize("face", FACES)
@given(expression=formulas)
@patient
def test_any_formula_reads_back(face, expression):
    assert_reads_back(latex(expression, face), expression, face)


@pytest.mark.parametrize("face", FACES)
@given(one=formulas, other=formulas)
@patient
def test_any_law_reads_back(face, one, other):
    statement = law({m * dot(dot(x)): one, dot(v): other})
    assert_reads_back(latex(statement, face), statement, face)


@pytest.mark.parametrize("face", FACES)
@given(one=values, other=values)
@patient
def test_any_rule_reads_back(face, one, other):
    statement = rule({u: one, x: other + after(u)})
    assert_reads_back(latex(statement, face), statement, face)


# Faces, forms and names.


@pytest.mark.parametrize("printed", [latex, mathml, unicode])
@pytest.mark.parametrize("title", TEXTBOOK)
def test_renaming_commutes_with_typesetting(title, printed):
    renamed = printed(TEXTBOOK[title], "physics")
    for old, new in ((r"\mathbf{x}", r"\mathbf{w}"), ("𝐱", "𝐰"), ("U", "L")):
        renamed = renamed.replace(old, new)
    assert renamed == printed(TEXTBOOK[title], "learning")


@given(statement=st.builds(lambda one, other: rule({u: one, x: other + after(u)}), values, values))
@patient
def test_renaming_commutes_for_any_rule(statement):
    renamed = latex(statement).replace(r"\mathbf{x}", r"\mathbf{w}").replace("U", "L")
    assert renamed == latex(statement, "learning")


FORMS = {
    rho - 1: r"\rho - 1",
    1 - rho: r"1 - \rho",
    p - 1: "p - 1",
    1 - s + s**2 / 2: r"1 - s + \frac{s^{2}}{2}",
    -G / gamma: r"-\frac{1}{\gamma} \nabla U(\mathbf{x})",
    -dt * G / gamma: r"-\frac{\Delta t}{\gamma} \nabla U(\mathbf{x})",
    (rho - 1) * eta * G: r"-(1 - \rho) \eta \nabla U(\mathbf{x})",
    (exp(-s) / gamma - 1 / gamma) * G: (
        r"-\left(\frac{1}{\gamma} - \frac{e^{-s}}{\gamma}\right) \nabla U(\mathbf{x})"
    ),
    -(rho - 1) * eta * G: r"(1 - \rho) \eta \nabla U(\mathbf{x})",
    eta * (-G - gamma * v): r"-\eta (\nabla U(\mathbf{x}) + \gamma \mathbf{v})",
    exp(-dt / (2 * tau)): r"e^{-\Delta t/(2 \tau)}",
    Integer(0): "0",
    Rational(-1, 2): r"-\frac{1}{2}",
    -oo: r"-\infty",
    2 * 3**p: r"2 \cdot 3^{p}",
    Rational(1, 3) ** p: r"\left(\frac{1}{3}\right)^{p}",
    x ** Rational(1, 3): r"\sqrt[3]{\mathbf{x}}",
    v / (sqrt(u) + s): r"\frac{\mathbf{v}}{\sqrt{\mathbf{u}} + s}",
    log(s): r"\log(s)",
    Function("f")(s): "f(s)",
    Float("0.1") * s: r"0.1 s",
    Float("-1.5e-7"): r"-1.5 \cdot 10^{-7}",
    Add(s, Mul(-1, s + p, evaluate=False), evaluate=False): "s - (p + s)",
}


@pytest.mark.parametrize("expression", FORMS, ids=str)
def test_forms(expression):
    assert latex(expression) == FORMS[expression]


g, length, k, w, lr, wd = (Symbol(name, positive=True) for name in ("g", "l", "k", "w", "lr", "wd"))
theta, omega, nu = (Symbol(name, real=True) for name in ("theta", "omega", "nu"))

# As a book has them: statement, plain text. The signs, the order and the spaces are written by hand.
BOOK = (
    (2 - x, "2 - 𝐱"),
    (x - 2, "𝐱 - 2"),
    (-k * dot(x) * Abs(dot(x)), "-k d𝐱/dt |d𝐱/dt|"),
    (x * tanh(v), "𝐱 tanh(𝐯)"),
    (sin(theta) ** 2, "sin²(θ)"),
    (1 / (1 + exp(-x)), "1/(1 + e^(-𝐱))"),
    (exp(-(x**2) / 2), "e^(-𝐱²/2)"),
    (m / (gamma * dt + m), "m/(m + γ Δt)"),
    (sqrt(-(u**2) + v), "√(𝐯 - 𝐮²)"),
    (
        law({m * length**2 * dot(dot(theta)): -m * g * length * sin(theta) - gamma * dot(theta)}),
        "m l² d²θ/dt² = -m g l sin(θ) - γ dθ/dt",
    ),
    (
        law({dot(theta): omega, m * length**2 * dot(omega): -gamma * omega - m * g * length * sin(theta)}),
        "     dθ/dt = ω\nm l² dω/dt = -m g l sin(θ) - γ ω",
    ),
    (law({m * dot(v): -G - gamma * m * v}), "m d𝐯/dt = -∇U(𝐱) - γ m 𝐯"),
    (law({m * dot(v): -(gamma**2) * m * v + m * g}), "m d𝐯/dt = m g - γ² m 𝐯"),
    (law({m * dot(v): -G - k * v * Abs(v)}), "m d𝐯/dt = -∇U(𝐱) - k 𝐯 |𝐯|"),
    (rule({omega: omega, theta: theta + dt * after(omega)}), "ωₜ₊₁ = ωₜ\nθₜ₊₁ = θₜ + Δt ωₜ₊₁"),
    (rule({x: -lr * nu + x, nu: nu}), "𝐱ₜ₊₁ = 𝐱ₜ - lr νₜ\nνₜ₊₁ = νₜ"),
    (rule({v: (1 - gamma * dt / m) * v - k * dt * x / m}), "𝐯ₜ₊₁ = (1 - γ Δt/m) 𝐯ₜ - (k Δt/m) 𝐱"),
    (rule({x: (1 - lr * wd) * x - lr * G}), "𝐱ₜ₊₁ = (1 - lr wd) 𝐱ₜ - lr ∇U(𝐱ₜ)"),
    (rule({nu: (1 - rho) * (G - nu) ** 2 + rho * nu}), "νₜ₊₁ = ρ νₜ + (1 - ρ) (∇U(𝐱) - νₜ)²"),
    (rule({x: x * (1 - 1 / (nu + 1)), nu: nu + 1}), "𝐱ₜ₊₁ = (1 - 1/(νₜ + 1)) 𝐱ₜ\nνₜ₊₁ = νₜ + 1"),
)


@pytest.mark.parametrize(("statement", "wanted"), BOOK, ids=str)
def test_a_line_has_the_order_of_a_book(statement, wanted):
    assert unicode(statement) == wanted


CASES = Piecewise((G, Eq(nu, 0)), (rho * u, And(nu > 1, nu < 3)), (0, True))


def test_cases_are_written_alike_in_all_formats():
    assert unicode(CASES) == "{∇U(𝐱) if ν = 0; ρ 𝐮 if ν > 1 and ν < 3; 0 otherwise}"
    assert latex(CASES) == (
        r"\begin{cases} \nabla U(\mathbf{x}) & \text{if } \nu = 0 \\ "
        r"\rho \mathbf{u} & \text{if } \nu > 1 \text{ and } \nu < 3 \\ 0 & \text{otherwise} \end{cases}"
    )
    assert latex(Max(nu, u / m)) == r"\max\left(\nu, \frac{1}{m} \mathbf{u}\right)"


def test_a_start_value_is_told_from_a_parameter_of_its_name():
    nu_0 = Symbol("nu_0", real=True)
    started = rule({nu: nu / 2, u: after(nu)}, start={nu: nu_0, u: 0})
    assert unicode(started).splitlines()[2:] == ["νₜ₌₀ = ν₀", "𝐮ₜ₌₀ = 0"]
    assert latex(started).endswith(r"\nu_{t=0} &= \nu_{0} \\ \mathbf{u}_{t=0} &= 0 \end{aligned}")
    assert "ν₀ = 0" in unicode(rule({nu: nu / 2}, start={nu: 0}))


def test_an_update_shows_the_instants_of_its_vectors():
    assert unicode(Update(u, rho * u - eta * G)) == "𝐮ₜ₊₁ = ρ 𝐮ₜ - η ∇U(𝐱ₜ)"


def test_steps_are_counted_by_another_letter_where_the_time_is_a_state():
    line = rule({x: x - dt * G / t, t: t + dt})
    assert unicode(line) == "𝐱ₙ₊₁ = 𝐱ₙ - Δt ∇U(𝐱ₙ)/tₙ\ntₙ₊₁ = tₙ + Δt"
    n = Symbol("n", real=True)
    assert r"t_{k+1} &= t_{k} + n" in latex(rule({x: x - G / t, t: t + n}))


def test_states_can_be_named_for_a_formula_in_a_sentence():
    assert latex(x + rho * u) == r"\mathbf{x} + \rho \mathbf{u}"
    assert latex(x + rho * u, states=(x, u)) == r"\mathbf{x}_{t} + \rho \mathbf{u}_{t}"


def test_a_vocabulary_of_ones_own_gives_the_letters():
    angle = Symbol("phi", real=True)
    quantity = Quantity(angle, "position", ONE, "phi", "theta", "an angle", "a weight")
    line = rule({angle: angle - eta * grad(angle)})
    wanted = r"\boldsymbol{\theta}_{t+1} = \boldsymbol{\theta}_{t} - \eta \nabla L(\boldsymbol{\theta}_{t})"
    assert latex(line, "learning", STANDARD.extended(quantity)) == wanted
    assert unicode(line, "physics", STANDARD.extended(quantity)) == "𝛟ₜ₊₁ = 𝛟ₜ - η ∇U(𝛟ₜ)"


def test_conditions_and_orders():
    assert latex(Condition(p - 1, "> 0")) == "p > 1"
    assert latex(Condition(1 - rho, ">= 0")) == r"1 - \rho \geq 0"
    assert unicode(Condition(gamma, "!= 0")) == "γ ≠ 0"
    assert latex(Order(dt, 2)) == r"O(\Delta t^{2})"
    assert unicode(Order(tau, float("inf"))) == "O(τ^∞)"


@pytest.mark.parametrize("printed", [latex, mathml, unicode])
def test_nonsense_is_refused(printed):
    with pytest.raises(TypeError, match=r"expected an expression.*given \('x',\) of type tuple"):
        printed(("x",))
    with pytest.raises(TypeError, match=r"expected an expression.*given \[\] of type list"):
        printed([])
    assert printed("x + 1") == printed(x + 1)
    with pytest.raises(ValueError, match="'physics' and 'learning'; given 'chemistry'"):
        printed(x, "chemistry")


# What must not change the result.


def golden():
    lines = ["# Lines of the textbook on both faces", ""]
    for title, statement in TEXTBOOK.items():
        lines += [f"## {title}", "", *(block for face in FACES for block in shown(statement, face))]
    return "\n".join(lines)


def shown(statement, face):
    return ["```math", latex(statement, face), "```", "```text", unicode(statement, face), "```", ""]


def test_golden():
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(golden(), encoding="utf-8")
    assert golden() == GOLDEN.read_text(encoding="utf-8")


def test_settings_of_the_user_do_not_leak(monkeypatch):
    unspoiled = [latex(s) + mathml(s) + unicode(s) for s in TEXTBOOK.values()]
    leaked = {
        "order": "rev-lex",
        "mul_symbol": "times",
        "fold_short_frac": True,
        "mode": "inline",
        "full_prec": True,
    }
    monkeypatch.setattr(Printer, "_global_settings", leaked)
    assert plain_latex(eta * rho) != r"\eta \rho"
    assert [latex(s) + mathml(s) + unicode(s) for s in TEXTBOOK.values()] == unspoiled


@pytest.mark.slow
@pytest.mark.parametrize("seed", ["0", "1", "4711"])
def test_the_hash_seed_does_not_matter(seed):
    program = (
        "from tests.unit.printing.test_printing import golden; "
        "import sys; sys.stdout.buffer.write(golden().encode())"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONHASHSEED": seed, "SYMPY_USE_CACHE": "no" if seed == "0" else "yes"},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        check=True,
    )
    assert run.stdout.decode() == golden()


def test_plain_sympy_still_shows_the_gradient():
    assert r"\nabla U" in plain_latex(-eta * G)


@pytest.mark.parametrize(
    ("expression", "tex", "spaces"),
    [
        (Symbol("g") * Symbol("l") * sin(Symbol("theta")), r"g l \sin(\theta)", 1),
        (Symbol("wd") * x, r"\mathrm{wd} \, \mathbf{x}", 1),
        (m * Symbol("ell") ** 2, r"m \, \mathrm{ell}^{2}", 1),
        (Symbol("v_max") * x, r"v_{\mathrm{max}} \mathbf{x}", 1),
        (Symbol("lr") * Symbol("wd"), r"\mathrm{lr} \, \mathrm{wd}", 1),
        (2 - x, r"2 - \mathbf{x}", 0),
        (x - 2, r"\mathbf{x} - 2", 0),
    ],
)
def test_names_of_several_letters_keep_their_distance(expression, tex, spaces):
    assert latex(expression) == tex
    assert mathml(expression).count('lspace="0.167em"') == spaces
