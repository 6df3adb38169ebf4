"""Formulas that were once read as something else: what is meant, or a refusal that says what to do."""

import operator
import random
import re

import pytest
from sympy import (
    Rational,
    S,
    Symbol,
    acosh,
    asinh,
    atanh,
    cos,
    cosh,
    exp,
    log,
    pi,
    sign,
    sin,
    sinh,
    sqrt,
    tanh,
)

from physsym.core.statements import Equation, Law, Rule, Update
from physsym.core.symbols import after, before, dot, grad, hess
from physsym.parsing import ReadError, read
from physsym.printing import latex
from physsym.vocabulary import dt, m, v, x


def real(names):
    return tuple(Symbol(name, real=True) for name in names.split())


n = Symbol("n", real=True)
a, b, c, d, e, g, h, k, w, y, theta, beta, lr, wd = real("a b c d e g h k w y theta beta lr wd")
G = grad(x)
state, big_u = real("G U")
HEAVY_BALL = Rule((Update(v, beta * v + G**2), Update(x, x - lr * after(v))))

ADAGRAD = Rule((Update(state, state + G**2), Update(x, x - lr * G / sqrt(after(state)))))

READ = {
    # accents
    "m̂ = x̂ + v̄ ẋ - ŷ + ñ": Equation(
        real("m_hat")[0], read("x_hat + v_bar*x' - y_hat + n_tilde")
    ),
    "m̂_1 + θ̂": read("m_1_hat + theta_hat"),
    "m̂_{t+1} = b m̂_t + g_t; x_{t+1} = x_t - lr m̂_{t+1}": read("m_hat <- b*m_hat + g; x <- x - lr*m_hat+"),
    # words in place of signs
    "l θ̈ = -g sin θ": Equation(Symbol("l", real=True) * dot(dot(theta)), -g * sin(theta)),
    "y = sin² θ + cos^2 θ": Equation(y, sin(theta) ** 2 + cos(theta) ** 2),
    "y = 2 sin θ cos θ": Equation(y, 2 * sin(theta) * cos(theta)),
    "log x": log(x),
    "x <- x - lr*grad U(x)": Update(x, x - lr * G),
    "x_{t+1} = x_t - lr*grad L": Update(x, x - lr * G),
    "x_{t+1} = x_t - lr nabla f(x_t)": Update(x, x - lr * G),
    "hess U(x)": hess(x),
    # Unicode
    "½ m v²": m * v**2 / 2,
    "x^½ + ¾": x ** Rational(1, 2) + Rational(3, 4),
    "v <- beta*v + g ⊙ g; x <- x - lr*v+": HEAVY_BALL,
    "x + Δx": x + Symbol("Delta x", real=True),
    "x + Delta x": x + Symbol("Delta x", real=True),
    "Δt + Delta t": 2 * dt,
    "x″ = -x": Equation(dot(dot(x)), -x),
    # chains
    "F = m a = -k x": Law((Equation(*real("F"), m * a), Equation(m * a, -k * x))),
    "a = b = c = d": Law((Equation(a, b), Equation(b, c), Equation(c, d))),
    # steps of time
    "x(t+dt) = x(t) + v(t)*dt": Update(x, x + dt * v),
    "x(t+Δt) = 2x(t) - x(t-Δt) + a Δt²": Update(x, 2 * x - before(x) + a * dt**2),
    "v(t+h) = v(t) - h*∇U(x(t)); x(t+h) = x(t) + h*v(t+h)": Rule(
        (Update(v, v - h * G), Update(x, x + h * after(v)))
    ),
    # what has an index of steps varies, and is no mass
    "sign(m_t)": sign(real("m")[0]),
    # E is a letter where SymPy prints nothing of the kind
    "E^2 - V": real("E")[0] ** 2 - real("V")[0],
    "E·x": real("E")[0] * x,
    "½E": real("E")[0] / 2,
    "E-V": real("E")[0] - real("V")[0],
    "E u": real("E")[0] * read("u"),
    # an accumulator has the letter that is else a gradient
    "G_{t+1} = G_t + g_t^2; x_{t+1} = x_t - lr g_t/sqrt(G_{t+1})": ADAGRAD,
    "G <- G + g^2; x <- x - lr*g/sqrt(G+)": ADAGRAD,
    "theta_{t+1} = theta_t - lr G_t": Update(theta, theta - lr * grad(theta)),
    # the gradient of one step, beside one with its point
    "x_t = x_{t-1} - lr*(2*g_t - grad(x_{t-2}))": Update(x, x - lr * (2 * G - grad(before(x)))),
    "x <- x - lr*(g + grad(x))": Update(x, x - lr * (g + G)),
    # sums behind an index
    "y = x_t+1": Equation(y, 1 + x),
    "x_{t+1} = x_t+1": Update(x, x + 1),
    "xₜ₊₁ = xₜ+1": Update(x, x + 1),
    "y = x_t + 1/x_t": Equation(y, x + 1 / x),
    # L is the loss where nothing says that it is a Lagrangian
    "x' = -dL/dx": Equation(dot(x), -G),
    "q <- q - lr*dL/dq": Update(real("q")[0], real("q")[0] - lr * grad(real("q")[0])),
    # names that begin as functions do
    "signal + cost": sum(real("signal cost")),
    "single = 2": Equation(*real("single"), S(2)),
    "logp = 3": Equation(*real("logp"), S(3)),
    "y = sinθ + sinc": Equation(y, sin(theta) + real("sinc")[0]),
    # names that begin as words for gradients do, signs of what is no mass, differences of steps
    "w <- w - lr*grad_clip": Update(w, w - lr * real("grad_clip")[0]),
    "x_new - x_old = h v": Equation(after(x) - x, h * v),
    # products that are none of vectors
    "v = μ × v - lr × g": Update(v, Symbol("mu", real=True) * v - lr * g),
    "m^{-1} x": x / m,
    "y = x_t + 1/x_t - k": Equation(y, x + 1 / x - k),
    # powers in brackets that are no steps
    "e^(w) + 2^(k) + x^(n-1)": exp(w) + 2**k + x ** (n - 1),
    "x**(k) + x**(2)": x**k + x**2,
    "(1-b)^(k)": (1 - b) ** k,
    **dict.fromkeys(("arsinh(x)", "arcsinh(x)", "asinh(x)"), asinh(x)),
    # nested bars
    "||x| - 1|": abs(abs(x) - 1),
    "|w||y|": abs(w) * abs(y),
    "|w*y| = |w||y|": Equation(abs(w * y), abs(w) * abs(y)),
    "|w||y|cos(θ)": abs(w) * abs(y) * cos(theta),
    "|w + |y||": abs(w + abs(y)),
}  # fmt: skip

PYTHON = {
    "g = g + wd*x\nx = x - lr*g": Update(x, x - lr * (G + wd * x)),
    "g += wd*x\nx -= lr*g": Update(x, x - lr * (G + wd * x)),
    "grad = p.grad + wd*p\np -= lr*grad": Update(Symbol("p", real=True), read("p - lr*(wd*p + grad(p))")),
    "p -= lr*grad": Update(Symbol("p", real=True), read("p - lr*grad(p)")),
    "x = x - lr*grad": Update(x, x - lr * G),
    "grad = grad + wd*x\nx -= lr*grad": Update(x, x - lr * (G + wd * x)),
    "v = beta*v + grad**2\nx -= lr*v": HEAVY_BALL,
    "x = x - lr*grad(x)\ny = 2*x": Rule((Update(x, x - lr * G), Update(y, 2 * after(x)))),
    "m = b*m + g\ns = m/(1 - b)\nx -= lr*s": Rule(
        (Update(real("m")[0], b * real("m")[0] + G), Update(x, x - lr * after(real("m")[0]) / (1 - b)))
    ),
    "g_t = x.grad\nx = x - lr*g_t": Update(x, x - lr * G),
    "g = beta*g + x.grad\nx -= lr*g": Rule((Update(g, beta * g + G), Update(x, x - lr * after(g)))),
}

JOINED = {
    "y = 2 sinx": ("sin(x)", "y = 2 sin(x)"),
    "x'' = -c*cosx": ("cos(x)", "x'' = -c*cos(x)"),
    "x <- x - lr*signG": ("sign(G)", "x <- x - lr*sign(G)"),
    "lnx": ("ln(x)", "ln(x)"),
    "y = costheta": ("cos(theta)", "y = cos(theta)"),
    "sin2x": ("sin(2x)", "sin(2x)"),
    "y = sin2θ": ("sin(2θ)", "y = sin(2θ)"),
    "a*coswt": ("cos(wt)", "a*cos(w*t)"),
    "logp": ("log(p)", "log(p)"),
    "y = sqrt2": ("sqrt(2)", "y = sqrt(2)"),
    "a*cost + t": ("cos(t)", "a*cos(t) + t"),
}

REFUSED = {
    "5% x": (1, "5/100 for a percentage, or 5 % x for a remainder"),
    "g/||g||": (2, r"write \|g\|"),
    "x <- x - lr*‖g‖": (12, r"write \|g\|"),
    "x^T A x": (1, "a transpose is left out"),
    "gᵀg": (1, "a transpose is left out"),
    "w^y_1": (1, r"write \^\(y_1\), or the index first: _1\^y"),
    "f ∘ g": (2, r"write \* for a product element by element"),
    "x_{t+1} = 2 x_t % twice": (16, r"write x - y\*floor\(x/y\) for the remainder"),
    "d x_t = v_t dt": (0, r"a differential or a product; write d\*x_t for the product"),
    "b + w_1x_1": (4, r"write w_1\*x_1 for the product"),
    "x_iy_i": (0, r"write x_i\*y_i for the product"),
    "x_ty_t": (0, r"write x_t\*y_t for the product"),
    "U = mgl cos θ": (4, r"write m\*g\*l for the product"),
    "ml^2 theta'^2/2": (0, r"write m\*l for the product"),
    "e^{iω} + 1 = 0": (3, "a complex power of e"),
    "k_BT": (0, r"write k_B\*T for the product"),
    "exp(i*omega*t)": (4, "complex power"),
    "E - V": (0, r"write exp\(1\), or declare E"),
    "sin 2x": (4, r"write sin\(2\), or brackets around all"),
    "y = sin omega t": (8, "brackets around all"),
    "sin x/x": (4, "brackets around all"),
    "x = sin u+": (8, "brackets around all"),
    "dy/dx = -y": (0, "derivatives are taken by t alone"),
    "x(t) = A*cos(t)": (0, "write x for what moves"),
    "x(t+h) = x(t) + k*v(t+k)": (18, "use one step"),
    "cos(ω(t-τ))": (4, r"the value at another time; write ω\*\(t-τ\) for the product"),
    "x = x0 + v(t - t0)": (9, r"write v\*\(t - t0\)"),
    "x_t = x_{t-1} - lr*m_t": (19, "add the line that updates it"),
    "g = g + wd*x; x = x - lr*g": (25, r"or grad\(x\) where g is the gradient"),
    "x = -G*m_1*m_2/gamma": (5, "for a constant"),
    "x = -G*M_sun": (5, "for a constant"),
    "x = G*m_e - G": (4, "for a constant"),
    "x <- x - M*G/r": (11, "for a constant"),
    "x = y = 2 <- z": (6, "a second"),
    "x <- x - lr*grad x": (12, r"write grad\(x\)"),
    "x <- x - lr*∇x": (13, r"write grad\(x\)"),
    "y = log_2 x": (4, r"write log\(x\)/log\(2\)"),
    "x' = v, v' = -x, x(0) = 1": (17, "a start value, which a rule has"),
    "det A = 0": (0, "det is not read"),
    "x <- x - lr*dx": (12, r"the gradient or a step; write grad\(x\)"),
    "m_t = b*m_{t-1} + (1-b)*g_t": (24, "no line updates the weights"),
    "f^{-1}(x)": (1, "an inverse function or a quotient"),
    "f⁻¹(x)": (1, "an inverse function or a quotient"),
    "Δ x": (0, "write Δx for a difference"),
    "f²(x)": (1, "a power of a function or a product"),
    "2½": (1, r"write 2\*1/2"),
    "3*10⁸ m/s": (2, r"found 10⁸ m, .* write 10⁸\*m"),
    "E*exp(x) - 2*E": (13, "where SymPy prints it"),
    **dict.fromkeys(
        ("dL/dq", "p_x = ∂L/∂x'", "p' = dL/dx", "L = x'^2/2 - k*x; f = dL/dx", "∂L/∂φ", "dL/dq_1 = 0"),
        (None, "a loss or a Lagrangian"),
    ),
    **{text: (None, rf"write {re.escape(advice)}, or declare") for text, (advice, *_) in JOINED.items()},
    "x <- x - lr*sign(m)": (12, "write 1, or declare m where it is another quantity"),
    "w = w - lr*gradient": (11, r"write grad\(w\), or declare gradient"),
    "w <- w - lr*grad_w": (12, r"write grad\(w\), or declare grad_w"),
    "w <- w - lr*gradL": (12, r"write grad\(w\), or declare gradL"),
    "Σ F = m a": (0, r"a sum or a factor; write Σ\*F"),
    "δW = F": (0, r"a variation or a factor; write δ\*W"),
    "(x - x_old)/h = v": (5, "found x_old beside x, two values"),
    "A^{-1} b": (0, "inverse of a matrix or a quotient; write 1/A"),
    "y = H⁻¹ g": (4, "inverse of a matrix or a quotient; write 1/H"),
    "τ = r × F": (4, r"a cross product or a product of numbers; write \* for the latter"),
    "u_t + u*u_x = 0": (0, "found u_t beside u, two values or one"),
    "E = v_t^2 + v": (4, "found v_t beside v"),
    "y = x_i^{(k)}": (7, r"write x_i_k for the value, or x_i\^k for the power"),
    "eta^(t)": (3, r"write eta_t for the value, or eta\^t for the power"),
    "x^(2) + 1": (1, r"write x_2 for the value, or x\^2 for the power"),
    **dict.fromkeys(
        ("x^{-T} y", "A^-T b", "x^{T} y", "x^(T) y", "x^(-T)"), (1, "a transpose is left out .* declare T")
    ),
    "x_t+1 = x_t - lr*g_t": (0, r"write x_{t\+1} for the value of the step, or \(x_t\) \+ 1 for the sum"),
    "x_t + 1 = x_t - lr*g_t": (0, r"write x_{t\+1}"),
    "theta_k+1 <- theta_k - lr*g_k": (0, r"write theta_{k\+1}"),
    "x_{t}+1 = x_t - lr*g_t": (0, r"write x_{t\+1}"),
    "x[t]+1 = x[t] - lr*g[t]": (0, r"write x_{t\+1}"),
    "x_n-1 = y_n + 3": (0, r"write x_{n-1}"),
    "v_n+1/2 = v_n + h a_n": (0, r"write v_half"),
    "θₜ+1 = θₜ - lr gₜ": (0, r"write theta_{t\+1}"),
    "a = (v_t+1 - v_t)/h": (5, r"write v_{t\+1}"),
    "x <- x - lr*g/sqrt(G + eps)": (19, "write g for the gradient, or add the line that updates G"),
    "x_{t+1} = x_t - lr*g_t/sqrt(G_t)": (28, "beside g"),
    "x <- x - lr*grad(x)/sqrt(G)": (25, r"beside grad\(x\)"),
    "W_{t+1} = W_t - lr*G_t": (19, r"write grad\(W\) for the gradient at W"),
    "M <- b*M + G; W <- W - lr*M+": (11, r"write grad\(W\)"),
    **dict.fromkeys(("lg x", "lg(x)", "lg 2"), (0, r"write log\(x\)/log\(10\)")),
    "y = 2 sin xy": (10, r"write x\*y for the product, or declare xy"),
    "a:b": (1, "write / for a ratio"),
    "50%": (2, "write 5/100 for a percentage"),
    "y = 45°": (6, "times pi/180"),
    "artanh(x)": (0, r"write log\(\(1 \+ x\)/\(1 - x\)\)/2"),
    "arcosh(x)": (0, r"write log\(x \+ sqrt\(x\*\*2 - 1\)\)"),
    "x = x_old + h v": (4, "or x_new for the value after a step"),
    **dict.fromkeys(("u_t=Du_xx", "u_tt = c^2*u_xx"), (None, "partial derivatives, which are not read")),
    "x <- x - lr*(2*g - grad(x-))": (15, r"write grad\(x\) for the gradient at the weights, or declare g"),
}


def _same(found, meant):
    if isinstance(found, Update) and isinstance(meant, Update):
        return found.target == meant.target and (found.value - meant.value).expand() == 0
    return found == meant


def _refused_at(text, says, notation="auto"):
    """Return where a refusal with this message points."""
    with pytest.raises(ReadError, match=says) as caught:
        read(text, notation=notation)
    return caught.value.position


@pytest.mark.parametrize("text", READ, ids=range(len(READ)))
def test_what_was_misread_or_refused_is_read_as_meant(text):
    assert _same(read(text), READ[text])


def test_a_gradient_of_a_step_that_code_does_not_set_is_asked_for():
    text = "x_t = x_t - lr*g_t"
    with pytest.raises(ReadError, match="write g for the gradient, or declare g_t"):
        read(text, notation="python")
    assert "g_t" in str(read(text, notation="python", declare=["g_t"]))


@pytest.mark.parametrize("text", PYTHON, ids=range(len(PYTHON)))
def test_a_gradient_that_code_changes_stays_the_gradient(text):
    assert _same(read(text, notation="python"), PYTHON[text])


@pytest.mark.parametrize("text", REFUSED, ids=range(len(REFUSED)))
def test_what_may_mean_two_things_is_refused_with_advice(text):
    position, says = REFUSED[text]
    assert _refused_at(text, says) in ([position] if position is not None else range(len(text)))


def test_what_the_advice_says_is_read():
    assert read("1/f*x") == read("f^{-1}*(x)") == read("f⁻¹ (x)") == x / Symbol("f", real=True)
    assert read("m⁻¹(x)") == x / m
    assert read("w^(y_1)") == w ** Symbol("y_1", real=True)
    assert read("k_B*T") == Symbol("k_B", real=True) * Symbol("T", real=True)
    assert read("E - V", declare=["E"]) == Symbol("E", real=True) - Symbol("V", real=True)
    assert read("x^T", declare=["T"]) == x ** Symbol("T", real=True)
    assert read("exp(i*x)", declare=["i"]) == exp(Symbol("i", real=True) * x)
    for letter in (r"\epsilon", r"\varepsilon"):
        assert read(rf"{letter}(x)", declare=["eps"]) == Symbol("eps", real=True) * x
    assert read("M = E - e*sin(E)", declare=["e"]).right.has(e)
    assert read("-G*M/r", declare=[Symbol("G", real=True)]).free_symbols >= {Symbol("G", real=True)}


LATEX = {
    r"w_{new} = w_{old} - \beta \nabla f(w_{old})": Update(w, w - beta * grad(w)),
    r"v_{\text{new}} = \beta v_{\text{old}} + g^2, w_{\text{new}} = w - \mathrm{lr}\, v_{\text{new}}": Rule(
        (Update(v, beta * v + grad(w) ** 2), Update(w, w - lr * after(v)))
    ),
    r"F_{\text{net}} = m a": Equation(*real("F_net"), m * a),
    r"y' = y - y^2": Equation(dot(y), y - y**2),
    r"50\%": S.Half,
    r"y = (1 - 2\%) w": Equation(y, 49 * w / 50),
    r"\sin 45^\circ": sqrt(2) / 2,
    r"\cos(60^{\circ}) w": w / 2,
    r"\sin k x + \cos \theta": sin(k * x) + cos(theta),
    r"\mathbf y = \mathbf a \odot \mathbf x": Equation(y, a * x),
    r"v_\perp = v \sin\theta": Equation(*real("v_perp"), v * sin(theta)),
    r"y = \eta \times g - w \times 2": Equation(y, Symbol("eta", positive=True) * g - 2 * w),
    # functions by their names, known or not; names of quantities are factors
    r"\operatorname{arcosh} x + \operatorname{arcosh} 2 = x\operatorname{arcosh} 2": Equation(
        acosh(x) + acosh(2), x * acosh(2)
    ),
    r"\mathrm{arsinh}\, x + \operatorname{artanh}(x)": asinh(x) + atanh(x),
    r"\operatorname{arcosh}^2 x": acosh(x) ** 2,
    r"\mathrm{lr}\,\mathrm{wd} + \operatorname{lr} \operatorname{wd}": 2 * lr * wd,
    r"2 \operatorname{foo} \cdot x": 2 * real("foo")[0] * x,
    r"y = \operatorname{foo}": Equation(y, *real("foo")),
    # accumulators
    r"G_{t+1} = G_t + g_t^2, x_{t+1} = x_t - \mathrm{lr} \frac{g_t}{\sqrt{G_{t+1}}}": ADAGRAD,
    r"U_{t+1} = \beta U_t + g_t^2, x_{t+1} = x_t - \mathrm{lr} \, U_{t+1}": Rule(
        (Update(big_u, beta * big_u + G**2), Update(x, x - lr * after(big_u)))
    ),
    r"x_{t+1} = x_t - \mathrm{lr} \, G_t": Update(x, x - lr * G),
    r"\theta_{t+1} = \theta_t - \mathrm{lr} \, G": Update(theta, theta - lr * grad(theta)),
    r"x_{k+1} = x_k + 1": Update(x, x + 1),
    r"\sqrt{dx^2 + dy^2}": (real("dx")[0] ** 2 + real("dy")[0] ** 2) ** Rational(1, 2),
    r"\operatorname{sign}(m_t)": sign(real("m")[0]),
    r"w := w - \beta \frac{\partial L}{\partial w}": Update(w, w - beta * grad(w)),
    r"w_{t+1} = w_t - \beta \frac{\partial L}{\partial w_t}": Update(w, w - beta * grad(w)),
    r"w^y_1": Symbol("w_1", real=True) ** y,
    r"f \odot f": Symbol("f", real=True) ** 2,
    r"E = ½ m v²": Equation(Symbol("E", real=True), m * v**2 / 2),
    r"x″ = -x": Equation(dot(dot(x)), -x),
    r"\sin 2\pi(x+1)": sin(2 * pi * (x + 1)),
    r"\sin\frac{\pi}{2}(x+1)": sin(pi * (x + 1) / 2),
    r"\sin x\,(1+y)": sin(x) * (1 + y),
    r"\sin{x}(1+y)": sin(x) * (1 + y),
    r"\ln 2\,x": x * log(2),
    r"v_{+} = v - \eta x": Update(v, v - Symbol("eta", positive=True) * x),
    r"F = m a = -k x": Law((Equation(*real("F"), m * a), Equation(m * a, -k * x))),
    r"x^10 + 1": x**10 + 1,
    r"\ddot x + \delta \dot x + \delta x = 0": Equation(
        dot(dot(x)) + real("delta")[0] * dot(x) + real("delta")[0] * x, S.Zero
    ),
    r"\mathrm{foo} (x + 1) = \mathrm{foo} x": Equation(real("foo")[0] * (x + 1), real("foo")[0] * x),
    r"v_{t+1} = \beta v_t + g_t^2, \quad x_{t+1} = x_t - \text{lr} (v_{t+1})": HEAVY_BALL,
    r"\ddot x(t) = -\omega^2 x(t)": Equation(dot(dot(x)), -(Symbol("omega", real=True) ** 2) * x),
    r"x(t+\Delta t) = x(t) + v(t) \Delta t": Update(x, x + dt * v),
    r"v(t+h) = v(t) - h x(t), \quad x(t+h) = x(t) + h v(t+h)": Rule(
        (Update(v, v - h * x), Update(x, x + h * after(v)))
    ),
    r"x_{k+1} = x_k - \frac{1}{k+1} g_k, \quad x_0 = 1": Rule(
        (Update(k, k + 1), Update(x, x - G / (k + 1))), ((k, S.Zero), (x, S.One))
    ),
    r"m_t = \beta m_{t-1} + g_t, \quad x_t = x_{t-1} - \frac{m_t}{1-\beta^t}": Rule(
        (
            Update(k, k + 1),
            Update(real("m")[0], beta * real("m")[0] + G),
            Update(x, x - after(real("m")[0]) / (1 - beta ** after(k))),
        ),
        ((k, S.Zero),),
    ),
    r"x^{(k+1)} = x^{(k)} - \beta \nabla f(x^{(k)}), \quad x^{(0)} = 1": Rule(
        (Update(x, x - beta * G),), ((x, S.One),)
    ),
}

ADVICE_THAT_IS_FOLLOWED = {
    "5% x": ("y = 5/100 + x", "5 % x"),
    r"x_{t+1} = x_t + h v_t \\ v_{t+1} = v_t - h g_{t+1}": (
        r"x_{t+1} = x_t + h v_t \\ v_{t+1} = v_t - h \nabla U(x_{t+1})"
    ),
    "x <- x - lr*sign(m)": "x <- x - lr*1",
    **dict.fromkeys(
        ("w = w - lr*gradient", "w <- w - lr*grad_w", "w <- w - lr*gradL"), "w <- w - lr*grad(w)"
    ),
    "Σ F = m a": "Σ*F = m a",
    "δW = F": "δ*W = F",
    "(x - x_old)/h = v": "x/h = v",
    "A^{-1} b": "1/A",
    "y = H⁻¹ g": "y = 1/H",
    "τ = r × F": "τ = r * F",
    "u_t + u*u_x = 0": "u*u_x = 0",
    "E = v_t^2 + v": "E = v^2 + v",
    "y = x_i^{(k)}": ("y = x_i_k", "y = x_i^k"),
    "eta^(t)": ("eta_t", "eta^t"),
    "x^(2) + 1": ("x_2 + 1", "x^2 + 1"),
    **dict.fromkeys(("x^{-T} y", "A^-T b", "x^{T} y", "x^(T) y", "x^(-T)"), "x y"),
    "dL/dq": "grad(q)",
    "p_x = ∂L/∂x'": "p_x = grad(x)",
    "p' = dL/dx": "p' = grad(x)",
    "L = x'^2/2 - k*x; f = dL/dx": "f = grad(x)",
    "∂L/∂φ": "grad(phi)",
    "dL/dq_1 = 0": "grad(q_1) = 0",
    **{text: new for text, (_, new) in JOINED.items()},
    "a*coswt": "a*cos(wt)",
    "x_t+1 = x_t - lr*g_t": ("x_{t+1} = x_t - lr*g_t", "(x_t) + 1 = x_t - lr*g_t"),
    "x_t + 1 = x_t - lr*g_t": ("x_{t+1} = x_t - lr*g_t", "(x_t) + 1 = x_t - lr*g_t"),
    "theta_k+1 <- theta_k - lr*g_k": ("theta_{k+1} <- theta_k - lr*g_k", "(theta_k) + 1 = theta_k - lr*g_k"),
    "x_{t}+1 = x_t - lr*g_t": ("x_{t+1} = x_t - lr*g_t", "(x_{t}) + 1 = x_t - lr*g_t"),
    "x[t]+1 = x[t] - lr*g[t]": ("x_{t+1} = x_t - lr*g_t", "(x[t]) + 1 = x[t] - lr*g[t]"),
    "x_n-1 = y_n + 3": ("x_{n-1} = 3", "(x_n) - 1 = y_n + 3"),
    "v_n+1/2 = v_n + h a_n": ("v_half = v_n + h a_n", "(v_n) + 1/2 = v_n + h a_n"),
    "θₜ+1 = θₜ - lr gₜ": ("theta_{t+1} = theta_t - lr g_t", "(θₜ) + 1 = θₜ - lr gₜ"),
    "a = (v_t+1 - v_t)/h": ("a = (v_{t+1} - v_t)/h", "a = ((v_t) + 1 - v_t)/h"),
    "x <- x - lr*g/sqrt(G + eps)": ("x <- x - lr*g", "G <- G + g; x <- x - lr*g/sqrt(G+ + eps)"),
    "x_{t+1} = x_t - lr*g_t/sqrt(G_t)": ("x_{t+1} = x_t - lr*g_t",),
    "x <- x - lr*grad(x)/sqrt(G)": ("x <- x - lr*grad(x)/sqrt(grad(x))",),
    "W_{t+1} = W_t - lr*G_t": ("W_{t+1} = W_t - lr*grad(W)",),
    "M <- b*M + G; W <- W - lr*M+": ("M <- b*M + grad(W); W <- W - lr*M+",),
    "x <- x - lr*(2*g - grad(x-))": ("x <- x - lr*(2*grad(x) - grad(x-))",),
}

REFUSED_IN_LATEX = {
    r"x_{t+1} = x_t + h v_t \\ v_{t+1} = v_t - h g_{t+1}": ("g_{", "the gradient there or before the step"),
    r"\mathcal{L}(x) = T - U(x)": ("U(x)", "both names of the potential"),
    r"\dot u = -u, \quad u(0) = I": (r"u(0)", "a law has no start values"),
    r"x_{k+1} = x_k - \frac{1}{k+1} g_k": ("x_{k", "give a start value, such as x_0 = 0"),
    r"w^{k+1} = w^k - \frac{1}{k+1} g_k": ("w^{k", r"give a start value, such as w\^0 = 0"),
    r"\theta_{k+1} = \theta_k - \frac{1}{k+1} g_k": (r"\theta", r"such as \\theta_0 = 0"),
    r"x^{k+1} = x^k - \eta g^k": ("g^k", r"write g_k for the gradient of this step, or g_k\^k for"),
    r"x_{k+1} = x_k - \eta g^k": ("g^k", r"write g_k for the gradient of this step, or g_k\^k for"),
    r"x_{k+1} = x_k - \eta (g_k)": (r"\eta", r"write \\eta \\cdot"),
    r"x'' = \delta x": (r"\delta", r"write \\delta \\cdot"),
    r"F = -\nabla V": (r"\nabla", r"write \\nabla V\(x\)"),
    r"m_t = \beta m_{t-1} + g_t": ("g_t", "no row sets the weights"),
    r"J[y] + 1": ("J", r"write J \\cdot"),
    r"f^{-1}(x) + 1": ("f", "an inverse function or a quotient"),
    r"f^2(x) + 1": ("f", "a power of a function or a product"),
    r"f \circ g": ("f", r"write \\odot"),
    r"\mathrm{i} + 1": (r"\mathrm", "imaginary unit"),
    r"e^{i\pi} + 1 = 0": ("e", "complex power"),
    r"\exp(i \omega t)": (r"\exp", "complex power"),
    r"x + \log(0)": ("x", "not defined"),
    r"x + \tan(\pi/2)": ("x", "not defined"),
    r"G[t+1]": ("G", "of another step, and G is grad"),
    r"\dot p = -\partial H/\partial p": (r"\dot", "a derivative of H, of which nothing is known"),
    r"x^{(k+1)} = x^{(k)} - \frac{f(x^{(k)})}{f'(x^{(k)})}": ("f'", "a derivative of f"),
    r"M = E - e \sin E": ("e ", "or declare e"),
    r"m \ddot x(t) + k(t) x(t) = 0": ("k", "write k for what moves"),
    r"v(t+\tfrac{h}{2}) = v(t) - h x(t)": ("v", "no whole step h"),
    r"x(t+h) = x(t) + \sin(t)": ("x", "t by itself"),
    r"F = G m_1 m_2": ("G", "beside a mass"),
    r"x_{t+1} = x_t - \frac{G M}{r}": ("G", "beside a mass"),
    r"p_{n+1/2} = p_n - \frac{h}{2} x": ("p", "no whole step from n"),
    r"a = b & c": ("&", "write a sign"),
    r"\mathrm{foo} (x + 1)": (r"\mathrm", r"write foo \\cdot"),
    r"f^{(4)}(x)": ("f", "number in brackets above"),
    r"x_t = x_{t-1} - \eta m_t": ("m_t", "add the row that sets it"),
    r"\operatorname{foo} x = 2 x": (r"\operatorname", r"write foo \\cdot"),
    r"\operatorname{foo}^2 \theta = 2 x": (r"\operatorname", r"write foo \\cdot"),
    r"x_{t+1} = \Pi_C (x_t - \eta g_t)": (r"\Pi", "a function or a product"),
    r"x \gets x - \mathrm{lr} * \mathrm{grad}": (r"\mathrm{grad", r"write \\nabla U\(x\)"),
    r"x_{\text{new}} = x_{\text{prev}} - \eta g": (r"x_{\text{prev", r"write x_{old} for the value before"),
    r"x' = x - \eta g": ("x'", r"write x\^\+ for the new value, or \\dot x for the rate"),
    r"p' = p - \frac{h}{2} \nabla U(q)": ("p'", r"write p\^\+ for the new value"),
    r"\alpha \sin x y": (r"y", "2 ways"),
    r"\alpha \sin x(1+y)": ("(1", r"2 ways: alpha\*\(y \+ 1\)\*sin\(x\); or alpha\*sin\(x\*\(y"),
    r"\ln 2(x+1)": ("(x", "2 ways"),
    r"\alpha + \sin'(x)": (r"\sin", "a derivative; write out what it is"),
    r"1 - \cos^22x": ("22", r"LaTeX takes one digit; write \{2\} 2, or \{22\}"),
    r"\cos\omega(t-\tau)": (r"\omega", r"write \\cos\(\\omega \\cdot \(t-\\tau\)\)"),
    r"A \cos(\omega(t-\tau))": (r"\omega", r"write \\omega \\cdot"),
    r"A e^{-\lambda(t-s)}": (r"\lambda", r"write \\lambda \\cdot"),
    r"x_{t+1} = x_t - \eta \operatorname{sign}(m)": ("m)", "declare m where it is another quantity"),
    r"\Sigma F = m a": (r"\Sigma", r"write \\Sigma \\cdot for the factor"),
    r"P = \mathbf F \cdot \mathbf v": (r"\mathbf v", "a product of vectors"),
    r"\mathbf y = \mathbf A \mathbf x": (r"\mathbf x", "a product of vectors"),
    r"x_{t+1} = x_t - \eta H^{-1} g_t": ("H", r"write \\frac\{1\}\{H\} for the quotient"),
    r"\alpha \Sigma_k^{-1}": (r"\Sigma", r"write \\frac\{1\}\{\\Sigma_k\}"),
    r"\tau = r \times F": ("r", r"a cross product or a product of numbers; write \\cdot"),
    r"i \hbar \dot\psi = E \psi": ("i", r"found i beside \\hbar, the imaginary unit"),
    r"\alpha u_t + u u_x = 0": ("u_t", "found u_t beside u, two values or one"),
    r"\alpha x_i^{(k)}": ("x_i", r"write x_{i,k} for the value, or x_i\^k for the power"),
    r"y = \eta^{(t)}": (r"\eta", r"write \\eta_t for the value"),
    r"\alpha W^{[1]}": ("W", "an index in brackets above"),
    r"\alpha (1-x)^{(k)}": ("(1", "an index in brackets above"),
    r"\alpha x^{-\mathsf{T}}": ("x", "a norm, a transpose or a product"),
    r"\alpha x^{-T}": ("x", "a norm, a transpose or a product"),
    r"\partial L/\partial q": (r"\partial", "a loss or a Lagrangian"),
    r"p = \frac{\partial L}{\partial \dot x}": (r"p", "a loss or a Lagrangian"),
    r"\dot p = \frac{\partial \mathcal{L}}{\partial x}": (r"\dot", "a loss or a Lagrangian"),
    r"\frac{d}{dt}\frac{\partial L}{\partial \dot q} = \frac{\partial L}{\partial q}": (
        r"\frac",
        r"found d/dt before",
    ),
    r"L(q, \dot q) = T - V": ("L", "L of a value and its rate; write E"),
    r"\frac{\partial U}{\partial \dot x} = 0": (r"\frac", "a derivative by a rate"),
    r"y = \alpha sinx": ("sinx", r"write \\sin x, or \\mathrm{sinx} for a name"),
    r"y = \alpha cost": ("cost", r"write \\cos t, or \\mathrm{cost} for a name"),
    r"2\cosx": (r"\cosx", r"write \\cos x"),
    r"\sintheta": (r"\sin", r"write \\sin \\theta"),
    r"x_t+1 = x_t - \eta g_t": ("x_t", r"write x_{t\+1} for the value of the step"),
    r"\theta_{k}+1 \gets \theta_{k} - \eta g_k": (r"\theta", r"write \\theta_{k\+1}"),
    r"x_{t+1} = x_t - \eta \frac{g_t}{\sqrt{G_t + \epsilon}}": (
        "G_t",
        "write g for the gradient, or add the line",
    ),
    r"x_{t+1} = x_t - \eta \frac{\nabla f(x_t)}{\sqrt{G}}": ("G}", r"beside \\nabla U\(x_t\)"),
    r"W_{t+1} = W_t - \eta G": ("G", r"write \\nabla U\(W_t\) for the gradient at W"),
    r"x_{t+1} = (I - \eta A) x_t": ("(I", "declare I for a number, or write 1"),
    r"\lg x": (r"\lg", r"write log\(x\)/log\(10\)"),
    **dict.fromkeys(
        (r"u_t = \alpha u_{xx}", r"\alpha u_{xx} = u_{tt}"), ("u_{xx}", "partial derivatives, which")
    ),
    r"\partial_t u = D \partial_x^2 u": (r"\partial", r"write \\dot u where u depends on t alone"),
    r"\nabla^2\phi = 0": (r"\nabla", r"write \\nabla\^2 U\(x\)"),
    r"y = \int_0^1 x dx": (r"\int", r"found \\int, which is not read in rules .* An audit compares lines"),
    r"\nabla \cdot E": (r"\nabla", r"found \\nabla \\cdot, which is not read"),
    r"y = \operatorname{softmax}(x)_i": ("(x)", "name the value, as in s_i"),
    r"2\tfrac12": ("2", r"\+ for a mixed number"),
    r"T = 20^\circ\mathrm{C}": (r"\mathrm", "leave units out"),
    r"x_{t+1} = x_t - \eta (g + \nabla f(x_t))": ("g", "declare g for a constant"),
}


@pytest.mark.parametrize(
    "text",
    [
        "x_t = x_{t-1} - eta*(2*g_t - g_{t-1})",
        "x_{t+1} = x_t - eta*(g_{t+1} - g_t)",
        "x_new = x - eta*(2*g - g_old)",
        "v_t = beta*v_{t-1} + g_t; x_t = x_{t-1} - eta*(v_t + g_{t-1})",
    ],
)
def test_gradients_of_two_steps_are_not_taken_for_one(text):
    with pytest.raises(ReadError, match="gradients of two steps; keep the earlier one in a state such as h"):
        read(text)


def test_an_earlier_gradient_is_kept_in_a_state():
    kept = read("x_t = x_{t-1} - eta*(2*g_t - h_{t-1}); h_t = g_t")
    assert str(kept) == "x <- x - eta*(2*grad(x) - h); h <- grad(x_t)"


@pytest.mark.parametrize("text", LATEX, ids=range(len(LATEX)))
def test_latex_is_read_as_meant(text):
    found, meant = read(text, notation="latex"), LATEX[text]
    assert _same(found, meant)


@pytest.mark.parametrize("name", ["sinh", "cosh", "tanh"])
def test_the_sign_of_a_name_counts_in_functions_of_real_numbers(name):
    function = {"sinh": sinh, "cosh": cosh, "tanh": tanh}[name]
    assert read(rf"\dot x = \{name}(\log(m))") == Equation(dot(x), function(log(m)))
    assert read(rf"x_{{t+1}} = x_t - \{name}(\log(m))") == Update(x, x - function(log(m)))
    with pytest.raises(ReadError, match="may not be real"):
        read(rf"\dot x = \{name}(\log(a))")


@pytest.mark.parametrize("text", REFUSED_IN_LATEX, ids=range(len(REFUSED_IN_LATEX)))
def test_latex_with_two_meanings_is_refused_with_advice(text):
    at, says = REFUSED_IN_LATEX[text]
    assert _refused_at(text, says, "latex") == text.index(at)


def test_a_step_is_counted_from_where_the_start_values_begin():
    """The rule carried out by hand: the first step of x_{k+1} with x_0 given is that of k = 0."""
    rule = read(r"x_{k+1} = x_k - \frac{1}{k+2} g_k, \quad x_0 = 1", notation="latex")
    values = dict(rule.start)
    sizes = []
    for _ in range(3):
        new = {}
        for update in rule.updates:
            read_here = {**values, **{after(s): value for s, value in new.items()}, G: 1}
            new[update.target] = update.value.subs(read_here)
        sizes.append(values[x] - new[x])
        values |= new
    assert sizes == [Rational(1, 2), Rational(1, 3), Rational(1, 4)]


@pytest.mark.parametrize(
    "sign", [r"\sin", r"\nabla", r"\int", r"\sum", r"\mathbb{E}", r"\partial", "sin", "tr"]
)
@pytest.mark.parametrize("notation", ["latex", "auto"])
def test_what_acts_on_what_acts_is_bounded(sign, notation):
    with pytest.raises(ReadError):
        read(f"{sign} " * 280 + "x", notation=notation)


@pytest.mark.parametrize("letter", ["d", "delta", "Delta"])
def test_a_factor_that_may_be_a_differential_is_read_back(letter):
    value = Symbol(letter, real=True) * w * y**2
    assert read(latex(value), notation="latex") == value == read(str(value))


def test_no_printed_expression_with_eulers_number_is_read_as_a_letter():
    choose = random.Random(1)
    parts = [
        S.Exp1,
        x,
        after(x),
        before(x),
        dot(x),
        S(2),
        Rational(1, 3),
        Symbol("Delta x", real=True),
        exp(x),
    ]
    join = (operator.add, operator.sub, operator.mul, operator.truediv)
    for _ in range(300):
        value = S.Exp1
        for _ in range(choose.randint(1, 4)):
            value = choose.choice(join)(value, choose.choice(parts))
        try:
            found = read(str(value))
        except ReadError:
            assert re.search(r"\bE\b", str(value))  # nothing else is refused
            continue
        assert found == value


FOLLOWED = {
    r"\mathcal{L}(x) = T - U(x)": "E = T - U(x)",
    "g/||g||": "g/|g|",
    "x <- x - lr*‖g‖": "x <- x - lr*|g|",
    "x^T A x": "x A x",
    "gᵀg": "g g",
    "w^y_1": ("w^(y_1)", "w_1^y"),
    "f ∘ g": "f * g",
    "x_{t+1} = 2 x_t % twice": ("x_{t+1} = 2 x_t", "x_{t+1} = x - y*floor(x/y)"),
    "d x_t = v_t dt": "d*x_t = v_t dt",
    "b + w_1x_1": "b + w_1*x_1",
    "x_iy_i": "x_i*y_i",
    "x_ty_t": "x_t*y_t",
    "U = mgl cos θ": "U = m*g*l cos θ",
    "ml^2 theta'^2/2": "m*l^2 theta'^2/2",
    "e^{iω} + 1 = 0": "cos(ω) + 1 = 0",
    "k_BT": "k_B*T",
    "exp(i*omega*t)": "cos(omega*t)",
    "E - V": "exp(1) - V",
    "E*exp(x) - 2*E": "exp(1)*exp(x) - 2*exp(1)",
    "sin 2x": ("sin(2) x", "sin(2x)"),
    "y = sin omega t": ("y = sin(omega) t", "y = sin(omega t)"),
    "sin x/x": ("sin(x)/x", "sin(x/x)"),
    "x = sin u+": ("x = sin(u)", "x = sin(u+)"),
    "dy/dx = -y": ("y' = -y", "(dy)/dx = -y"),
    "x(t) = A*cos(t)": ("x = A*cos(t)", "x*(t) = A*cos(t)"),
    "x(t+h) = x(t) + k*v(t+k)": "x(t+h) = x(t) + h*v(t)",
    "cos(ω(t-τ))": ("cos(ω*(t-τ))", "cos(ω_{t-1})"),
    "x = x0 + v(t - t0)": ("x = x0 + v*(t - t0)", "x = x0 + v_{t-1}"),
    "x_t = x_{t-1} - lr*m_t": ("m_t = b*m_{t-1} + g_t; x_t = x_{t-1} - lr*m_t",
                               "x_t = x_{t-1} - lr*grad(x)", "x_t = x_{t-1} - lr*m"),
    "g = g + wd*x; x = x - lr*g": ("g = g + wd*x; x = x - lr*g+", "g = g + wd*x; x = x - lr*g_t",
                                   "x = x - lr*(grad(x) + wd*x)"),
    "x = -G*m_1*m_2/gamma": "x = -G*m_1*m_2/gamma",
    "x = -G*M_sun": "x = -G*M_sun",
    "x = G*m_e - G": "x = G*m_e - G",
    "x <- x - M*G/r": "x <- x - M*G/r",
    "x = y = 2 <- z": "x = y; y = 2",
    "x <- x - lr*grad x": "x <- x - lr*grad(x)",
    "x <- x - lr*∇x": "x <- x - lr*grad(x)",
    "y = log_2 x": "y = log(x)/log(2)",
    "x' = v, v' = -x, x(0) = 1": "x' = v, v' = -x",
    "det A = 0": "det * A = 0",
    "x <- x - lr*dx": "x <- x - lr*grad(x)",
    "m_t = b*m_{t-1} + (1-b)*g_t": ("m_t = b*m_{t-1} + (1-b)*grad(x)",
                                    "m_t = b*m_{t-1} + (1-b)*g_t; x_t = x_{t-1} - m_t"),
    "f^{-1}(x)": "f^{-1}*(x)",
    "f⁻¹(x)": "f⁻¹ *(x)",
    "Δ x": ("Δx", "Delta*x"),
    "f²(x)": "f² *(x)",
    "2½": "2*1/2",
    "3*10⁸ m/s": ("3*10⁸*m/s", "3*10⁸"),
    r"\dot u = -u, \quad u(0) = I": (r"\dot u = -u", r"\dot u = -u, \quad u \cdot (0) = I"),
    r"x_{k+1} = x_k - \frac{1}{k+1} g_k": r"x_{k+1} = x_k - \frac{1}{k+1} g_k, x_0 = 0",
    r"w^{k+1} = w^k - \frac{1}{k+1} g_k": r"w^{k+1} = w^k - \frac{1}{k+1} g_k, w^0 = 0",
    r"\theta_{k+1} = \theta_k - \frac{1}{k+1} g_k":
        r"\theta_{k+1} = \theta_k - \frac{1}{k+1} g_k, \theta_0 = 0",
    r"x^{k+1} = x^k - \eta g^k": (r"x^{k+1} = x^k - \eta g_k", r"x^{k+1} = x^k - \eta g_k^k, x^0 = 0"),
    r"x_{k+1} = x_k - \eta g^k": (r"x_{k+1} = x_k - \eta g_k", r"x_{k+1} = x_k - \eta g_k^k, x_0 = 0"),
    r"x_{k+1} = x_k - \eta (g_k)": r"x_{k+1} = x_k - \eta \cdot (g_k)",
    r"x'' = \delta x": r"x'' = \delta \cdot x",
    r"F = -\nabla V": r"F = -\nabla V(x)",
    r"m_t = \beta m_{t-1} + g_t": (r"m_t = \beta m_{t-1} + \nabla U(x)",
                                  r"m_t = \beta m_{t-1} + g_t, x_t = x_{t-1} - m_t"),
    r"J[y] + 1": r"J \cdot (y) + 1",
    r"f^{-1}(x) + 1": r"f^{-1} \cdot (x) + 1",
    r"f^2(x) + 1": r"f^{2} \cdot (x) + 1",
    r"f \circ g": r"f \odot g",
    r"\mathrm{i} + 1": "i + 1",
    r"e^{i\pi} + 1 = 0": r"\cos(\pi) + 1 = 0",
    r"\exp(i \omega t)": r"\cos(\omega t)",
    r"x + \log(0)": "x",
    r"x + \tan(\pi/2)": "x",
    r"G[t+1]": "G",
    r"\dot p = -\partial H/\partial p": r"\dot p = -\nabla U(x)",
    r"x^{(k+1)} = x^{(k)} - \frac{f(x^{(k)})}{f'(x^{(k)})}": (
        r"x^{(k+1)} = x^{(k)} - \frac{(x^{(k)})^2 - 2}{2 x^{(k)}}",
        r"x^{(k+1)} = x^{(k)} - \nabla U(x^{(k)})"),
    r"M = E - e \sin E": r"M = E - \exp(1) \sin E",
    r"m \ddot x(t) + k(t) x(t) = 0": (r"m \ddot x(t) + k x(t) = 0", r"m \ddot x(t) + k \cdot t x(t) = 0"),
    r"v(t+\tfrac{h}{2}) = v(t) - h x(t)": r"v_{t+1} = v_t - h x_t",
    r"x(t+h) = x(t) + \sin(t)": r"x_{t+1} = x_t + \sin(1)",
    r"F = G m_1 m_2": r"F = G m_1 m_2",
    r"x_{t+1} = x_t - \frac{G M}{r}": r"x_{t+1} = x_t - \frac{G M}{r}",
    r"p_{n+1/2} = p_n - \frac{h}{2} x": r"p_{n+1} = p_n - \frac{h}{2} x",
    r"f^{(4)}(x)": ("f''''", "f_4"),
    r"x_t = x_{t-1} - \eta m_t": (r"m_t = \beta m_{t-1} + g_t, x_t = x_{t-1} - \eta m_t",
                                 r"x_t = x_{t-1} - \eta m"),
    r"a = b & c": (r"a = b \cdot c", "a = b c"),
    r"\mathrm{foo} (x + 1)": r"foo \cdot (x + 1)",
    r"\operatorname{foo} x = 2 x": r"foo \cdot x = 2 x",
    r"\operatorname{foo}^2 \theta = 2 x": r"foo \cdot \theta = 2 x",
    r"x_t+1 = x_t - \eta g_t": r"x_{t+1} = x_t - \eta g_t",
    r"\theta_{k}+1 \gets \theta_{k} - \eta g_k": r"\theta_{k+1} \gets \theta_{k} - \eta g_k",
    r"x_{t+1} = x_t - \eta \frac{g_t}{\sqrt{G_t + \epsilon}}":
        r"x_{t+1} = x_t - \eta \frac{g_t}{\sqrt{g_t + \epsilon}}",
    r"x_{t+1} = x_t - \eta \frac{\nabla f(x_t)}{\sqrt{G}}":
        r"x_{t+1} = x_t - \eta \frac{\nabla U(x_t)}{\sqrt{\nabla U(x_t)}}",
    r"W_{t+1} = W_t - \eta G": r"W_{t+1} = W_t - \eta \nabla U(W_t)",
    r"x_{t+1} = x_t - \eta (g + \nabla f(x_t))": r"x_{t+1} = x_t - \eta (\nabla U(x_t) + \nabla f(x_t))",
    r"x_{t+1} = \Pi_C (x_t - \eta g_t)": r"x_{t+1} = Pi_C \cdot (x_t - \eta g_t)",
    r"x \gets x - \mathrm{lr} * \mathrm{grad}": r"x \gets x - \mathrm{lr} * \nabla U(x)",
    r"x_{\text{new}} = x_{\text{prev}} - \eta g": (
        r"x_{new} = x_{old} - \eta g", r"x_{\text{new}} = x^- - \eta g"),
    r"x' = x - \eta g": (r"x^+ = x - \eta g", r"\dot x = x - \eta g"),
    r"p' = p - \frac{h}{2} \nabla U(q)": (
        r"p^+ = p - \frac{h}{2} \nabla U(q)", r"\dot p = p - \frac{h}{2} \nabla U(q)"),
    r"\alpha \sin x y": r"\alpha \sin (x y)",
    r"\alpha \sin x(1+y)": (r"\alpha \sin(x) (1+y)", r"\alpha \sin(x(1+y))"),
    r"\alpha + \sin'(x)": r"\alpha + \cos(x)",
    r"1 - \cos^22x": (r"1 - \cos^{2} 2x", r"1 - \cos^{22}x"),
    r"\ln 2(x+1)": (r"\ln(2)(x+1)", r"\ln(2(x+1))"),
    r"\cos\omega(t-\tau)": r"\cos(\omega \cdot (t-\tau))",
    r"A \cos(\omega(t-\tau))": (r"A \cos(\omega \cdot (t-\tau))", r"A \cos(\omega_{t-1})"),
    r"A e^{-\lambda(t-s)}": (r"A e^{-\lambda \cdot (t-s)}", r"A e^{-\lambda_{t-1}}"),
    r"x_{t+1} = x_t - \eta \operatorname{sign}(m)": r"x_{t+1} = x_t - \eta 1",
    r"\Sigma F = m a": r"\Sigma \cdot F = m a",
    r"P = \mathbf F \cdot \mathbf v": "P = F v",
    r"\mathbf y = \mathbf A \mathbf x": "y = A x",
    r"x_{t+1} = x_t - \eta H^{-1} g_t": r"x_{t+1} = x_t - \eta \frac{1}{H} g_t",
    r"\alpha \Sigma_k^{-1}": r"\alpha \frac{1}{\Sigma_k}",
    r"\tau = r \times F": r"\tau = r \cdot F",
    r"i \hbar \dot\psi = E \psi": r"\dot\psi = E \psi",
    r"\alpha u_t + u u_x = 0": r"\alpha u + u u_x = 0",
    r"\alpha x_i^{(k)}": (r"\alpha x_{i,k}", r"\alpha x_i^k"),
    r"y = \eta^{(t)}": (r"y = \eta_t", r"y = \eta^t"),
    r"\alpha W^{[1]}": r"\alpha W_1",
    r"\alpha (1-x)^{(k)}": r"\alpha (1-x)^k",
    r"\alpha x^{-\mathsf{T}}": r"\alpha x",
    r"\alpha x^{-T}": r"\alpha x",
    r"\partial L/\partial q": r"\nabla U(q)",
    r"p = \frac{\partial L}{\partial \dot x}": r"p = \nabla U(x)",
    r"\dot p = \frac{\partial \mathcal{L}}{\partial x}": r"\dot p = \nabla U(x)",
    r"\frac{d}{dt}\frac{\partial L}{\partial \dot q} = \frac{\partial L}{\partial q}": r"\dot x = 1",
    r"L(q, \dot q) = T - V": "E = T - V",
    r"\frac{\partial U}{\partial \dot x} = 0": "1 = 0",
    r"y = \alpha sinx": (r"y = \alpha \sin x", r"y = \alpha \mathrm{sinx}"),
    r"y = \alpha cost": (r"y = \alpha \cos t", r"y = \alpha \mathrm{cost}"),
    r"2\cosx": r"2\cos x",
    r"\sintheta": r"\sin \theta",
    r"x_{t+1} = (I - \eta A) x_t": r"x_{t+1} = (1 - \eta A) x_t",
    r"\lg x": "log(x)/log(10)",
    **dict.fromkeys(
        ("u_t=Du_xx", "u_tt = c^2*u_xx", r"u_t = \alpha u_{xx}", r"\alpha u_{xx} = u_{tt}"), "u' = -k*u"
    ),
    r"\partial_t u = D \partial_x^2 u": r"\dot u = -k u",
    r"\nabla^2\phi = 0": r"\nabla^2 U(x) = 0",
    r"y = \int_0^1 x dx": r"y = \frac{1}{2}",
    r"\nabla \cdot E": "E_x",
    r"y = \operatorname{softmax}(x)_i": "y = s_i",
    r"2\tfrac12": r"2 + \tfrac12",
    r"T = 20^\circ\mathrm{C}": "T = 20",
    **dict.fromkeys(("lg x", "lg(x)", "lg 2"), "log(x)/log(10)"),
    "y = 2 sin xy": "y = 2 sin(x*y)",
    "a:b": "a/b",
    "50%": ("5/100", "5 % x"),
    "y = 45°": "y = 45*pi/180",
    "artanh(x)": "log((1 + x)/(1 - x))/2",
    "arcosh(x)": "log(x + sqrt(x**2 - 1))",
    "x = x_old + h v": "x_new = x_old + h v",
    **ADVICE_THAT_IS_FOLLOWED,
}  # fmt: skip
"""What stands in the text after each advice of a refusal was followed."""


def _advised(message):
    """Return what a message says to write, and the name that it says to declare."""
    written = re.findall(r"write (.+?)(?: for | where |, or |;|,|$)", message)
    written += re.findall(r"such as (.+)$", message)  # a start value
    parts = [part for text in written for part in text.split(" or ")]
    declared = re.search(r"declare (Symbol\('G'\)|\w+)", message)
    return parts, declared and (Symbol("G") if "(" in declared[1] else declared[1])


_IN_WORDS = re.compile(
    "sign|brackets|real part|by index|whole steps|next after|it below|the number|the formula|out what"
    "|before it"
)
"""Advice that no text repeats."""


def _close(text):
    return re.sub(r"\s|\(?\.\.\.\)?", "", text)


@pytest.mark.parametrize(
    ("text", "notation"), [*((t, "auto") for t in REFUSED), *((t, "latex") for t in REFUSED_IN_LATEX)]
)
def test_the_advice_of_a_refusal_is_read_when_it_is_followed(text, notation):
    with pytest.raises(ReadError) as caught:
        read(text, notation=notation)
    parts, declared = _advised(caught.value.message)
    followed = FOLLOWED[text] if isinstance(FOLLOWED[text], tuple) else (FOLLOWED[text],)
    for part in (p for p in parts if not _IN_WORDS.search(p)):
        assert any(_close(part) in _close(text) for text in followed), part
    for new in followed if text != followed[0] else ():
        read(new, notation=notation)
    if declared is not None:
        read(text, notation=notation, declare=[declared])
