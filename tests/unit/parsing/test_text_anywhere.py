"""Text wherever a statement, an expression or a symbol is taken; the result is that of the value by hand."""

from __future__ import annotations

import pytest
from sympy import Abs, Rational, Symbol, cos, exp, oo, sin, sqrt

import physsym as ps
from physsym import analysis, integrators, testing
from physsym.core.statements import Equation, Law, Rule, Update
from physsym.core.symbols import after, dot, grad, potential
from physsym.parsing import ReadError
from physsym.parsing.statements import as_expression, as_law, as_rule, as_statement, as_symbol
from physsym.vocabulary import G, dt, eta, gamma, m, rho, tau, u, v, x
from tests.support.tiers import in_tiers

theta, omega, rod, g, k, c, r, y, w, lr, beta = (
    Symbol(n, real=True) for n in ("theta", "omega", "l", "g", "k", "c", "r", "y", "w", "lr", "beta")
)
MOMENTUM = Rule((Update(u, rho * u - eta * G), Update(x, x + after(u))))
FRICTION = Law((Equation(m * dot(dot(x)), -gamma * dot(x) - G),))
TEXTS = {
    "plain": "u <- rho*u - eta*G; x <- x + u+",
    "indices": "u_{t+1} = rho*u_t - eta*grad(x_t)\nx_{t+1} = x_t + u_{t+1}",
    "unicode": "uₜ₊₁ = ρ uₜ - η ∇U(xₜ); xₜ₊₁ = xₜ + uₜ₊₁",
    "arrows": "u ← ρ u − η ∇U(x)\nx ← x + u⁺",
}
LAWS = ("m*x'' = -gamma*x' - G", "m ẍ = −γ ẋ − ∇U(x)", "m d²x/dt² = -γ dx/dt - ∇U(x)")
NUMBERS = {"eta": 0.125, "rho": 0.5}

OF_A_RULE = {
    "optimizer": lambda rule: ps.optimizer(rule, **NUMBERS).rule,
    "source": ps.source,
    "latex": ps.latex,
    "mathml": ps.mathml,
    "unicode": ps.unicode,
    "report": lambda rule: str(ps.report(rule)),
    "dimensions": lambda rule: str(ps.dimensions(rule)),
    "derivation": lambda rule: ps.Derivation("", rule, ()).rule,
    "apply": lambda rule: str(ps.apply(ps.Eliminate(u), rule)),
    "polynomial": analysis.characteristic_polynomial,
    "step matrix": analysis.step_matrix,
    "rates": lambda rule: analysis.spectral_radii(rule, 1, **NUMBERS),
    "multipliers": analysis.multipliers,
    "adapter": lambda rule: ps.lift(rule).rule,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_text_of_a_rule_is_the_rule(text):
    assert as_rule(text) == as_statement(text) == MOMENTUM
    assert ps.rule(text) == MOMENTUM


@pytest.mark.parametrize("name", in_tiers(OF_A_RULE, fast=lambda name: name != "report"))  # which takes long
def test_what_takes_a_rule_takes_its_text(name):
    assert OF_A_RULE[name](TEXTS["unicode"]) == OF_A_RULE[name](MOMENTUM)


@pytest.mark.slow
def test_relatives_of_a_text_are_those_of_its_rule():
    one, other = ([str(e.verdict) for e in ps.identify(given)] for given in (TEXTS["plain"], MOMENTUM))
    assert one == other


def test_rules_are_compared_as_texts():
    spoiled = TEXTS["plain"].replace("rho*u", "2*rho*u")
    for other in (TEXTS["arrows"], MOMENTUM, ps.Derivation("", MOMENTUM, ())):
        assert ps.same_rule(TEXTS["plain"], other)
        assert not ps.same_rule(spoiled, other)
    assert ps.equivalent("known:heavy_ball", ps.known["heavy_ball"]).verdict
    assert ps.same_rule("known:heavy_ball", ps.known["heavy_ball"])
    testing.assert_same_rule(TEXTS["plain"], MOMENTUM)
    with pytest.raises(AssertionError):
        testing.assert_same_rule(spoiled, MOMENTUM)


def test_a_law_is_taken_as_text():
    for text in LAWS:
        assert as_law(text) == as_statement(text) == FRICTION
        assert ps.same_law(text, FRICTION)
        assert ps.latex(text) == ps.latex(FRICTION.equations[0])
    assert not ps.same_law("m*x'' = gamma*x' - G", FRICTION)
    given = ps.check(ps.Divide("gamma"), LAWS[1], "m/gamma*x'' = -x' - G/gamma")
    assert given
    assert not ps.check(ps.Divide("gamma"), LAWS[1], "m/gamma*x'' = -x' + G/gamma")
    assert ps.apply(ps.Divide("γ"), LAWS[0]) == ps.apply(ps.Divide(gamma), FRICTION)
    assert ps.solves("x'' = -k**2 x", {"x": "c*cos(k*t)"})
    assert not ps.solves("x'' = -k**2 x", {"x": "c*exp(k*t)"})
    assert as_law(ps.Derivation("", FRICTION, ())) == FRICTION


def test_moves_take_text():
    assert ps.Divide("gamma") == ps.Divide(gamma)
    assert ps.Multiply("2 m") == ps.Multiply(2 * m)
    assert ps.Define("tau", "m/gamma", eliminating="m") == ps.Define(tau, m / gamma, eliminating=m)
    assert ps.Limit("tau", 0) == ps.Limit(tau)
    assert ps.Limit("k", "-oo").to == -oo
    assert ps.Limit("k", "c/2", "+") == ps.Limit(k, c / 2, "+")
    assert ps.Neglect("m x''") == ps.Neglect(m * dot(dot(x)))
    assert ps.Isolate("x'") == ps.Isolate(dot(x))
    assert ps.ReduceOrder("theta", "omega") == ps.ReduceOrder(theta, omega)
    assert ps.Rescale("v", "u", "1/dt") == ps.Rescale(v, u, 1 / dt)
    assert ps.Eliminate("u") == ps.Eliminate(u)
    method = integrators.semi_implicit_euler
    assert ps.Integrate(method, "dt", first=("v",)) == ps.Integrate(method, dt, first=(v,))
    assert ps.Integrate(method, "dt", first="v") == ps.Integrate(method, dt, first=(v,))
    assert ps.Step("", ps.Divide("m"), "x'' = -G/m").gives == Law((Equation(dot(dot(x)), -G / m),))
    for spoiled in ("m +", "a = b"):
        with pytest.raises((ReadError, TypeError)):
            ps.Divide(spoiled)
    with pytest.raises(TypeError, match="the name of a symbol"):
        ps.Limit("2 tau", 0)


def test_tables_take_text():
    assert ps.law({"theta''": "-(g/l) sin(θ)"}) == Law((Equation(dot(dot(theta)), -g / rod * sin(theta)),))
    assert ps.law({m * dot(dot(x)): "-k x"}) == Law((Equation(m * dot(dot(x)), -k * x),))
    found = ps.rule(
        {"v": "beta*v + g", "w": "w - lr v+"}, start={"v": "lr/2"}, typical={"lr": Rational(1, 10)}
    )
    assert found == Rule((Update(v, beta * v + grad(w)), Update(w, w - lr * after(v))), ((v, lr / 2),))
    assert found.typical == ((lr, Rational(1, 10)),)
    assert ps.rule({u: rho * u - eta * G, "x": "x + u+"}) == MOMENTUM
    with pytest.raises(ReadError, match="line 2 reads u, which line 1 updates"):
        ps.rule({u: rho * u - eta * G, "x": "x + u"})
    for spoiled in (3, [("x", "y")], None):
        with pytest.raises(TypeError, match="takes a dictionary"):
            ps.rule(spoiled)
        with pytest.raises(TypeError, match="takes a dictionary"):
            ps.law(spoiled)
    with pytest.raises(TypeError, match="same left side"):
        ps.law({"x'": "v", "dx/dt": "u"})


def test_what_is_no_text_of_the_kind_is_refused():
    for given in ("m*x'' = -k*x", "x + 1", 3):
        with pytest.raises(TypeError):
            as_rule(given)
    for given in ("x <- x - eta*G", "x + 1", 3):
        with pytest.raises(TypeError):
            as_law(given)
    with pytest.raises(TypeError, match="the text of an expression"):
        as_statement("x + 1")
    with pytest.raises(TypeError, match="the text of a statement"):
        as_expression("x = 1")
    with pytest.raises(ValueError, match="known has no 'adamm'"):
        as_rule("known:adamm")
    assert as_symbol(x) is x


# ------------------------------------------------------------------ systems as text


def test_a_pendulum():
    system = ps.System("theta", "m*l**2*theta'**2/2 + m*g*l*cos(theta)", dissipation="gamma*theta'**2/2")
    assert system.coordinates == (theta,)
    assert system.lagrangian == m * rod**2 * dot(theta) ** 2 / 2 + m * g * rod * cos(theta)
    assert system.law() == Law(
        (Equation(m * rod**2 * dot(dot(theta)), -m * g * rod * sin(theta) - gamma * dot(theta)),)
    )


def test_a_double_well():
    system = ps.System("x", "m ẋ²/2 - k (x² - c²)²/4")
    (equation,) = system.law().equations
    assert equation.left == m * dot(dot(x))
    assert (equation.right + k * x * (x**2 - c**2)).expand() == 0


def test_an_oscillator_with_cubic_friction():
    system = ps.System("x", "m*x'^2/2 - k*x^2/2", dissipation="c*|x'|^3/3")
    assert system.dissipation == c * Abs(dot(x)) ** 3 / 3
    (equation,) = system.law().equations
    assert (equation.right + k * x).subs(dot(x), 2) == -4 * c
    assert (equation.right + k * x).subs(dot(x), -3) == 9 * c


def test_kepler_in_two_coordinates():
    system = ps.System("x, y", "m*(x'^2 + y'^2)/2 + k/sqrt(x^2 + y^2)")
    assert system.coordinates == (x, y)
    distance = sqrt(x**2 + y**2)
    for equation, q in zip(system.law().equations, (x, y), strict=True):
        assert equation.left == m * dot(dot(q))
        assert (equation.right + k * q / distance**3).subs({x: 3, y: 4}).simplify() == 0
    assert ps.System(("r", "θ"), "m (ṙ² + r² θ̇²)/2 + k/r").lagrangian == (
        m * (dot(r) ** 2 + r**2 * dot(theta) ** 2) / 2 + k / r
    )


def test_a_coordinate_is_real_whatever_the_vocabulary_says():
    system = ps.System("alpha", "m*alpha'**2/2 - U(alpha)")
    angle = Symbol("alpha", real=True)
    assert system.lagrangian == m * dot(angle) ** 2 / 2 - potential(angle)
    assert ps.ReduceOrder("alpha", "omega").coordinate == angle


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("theta theta", "theta'**2"), "distinct coordinates"),
        (("2*theta", "theta'**2"), "the name of a symbol"),
        (("", "theta'**2"), "distinct coordinates"),
        (("x", "x'**2 +"), "complete it"),
        (("x", "x'' + x"), "may hold coordinates and velocities"),
        (("x", "L = x'**2"), "the text of a statement"),
    ],
)
def test_a_system_that_is_no_text_of_one_is_refused(arguments, says):
    with pytest.raises((TypeError, ValueError), match=says):
        ps.System(*arguments)


def test_one_sentence_is_a_rule_or_a_law():
    rule, law = "x <- x - eta*G", "x'' = -k x"
    for given in (rule, ps.read(rule)):
        assert ps.optimizer(given, eta=0.5).rule == Rule((Update(x, x - eta * G),))
        assert ps.Derivation("", given, ()).rule == Rule((Update(x, x - eta * G),))
    for given in (law, ps.read(law)):
        assert ps.Derivation("", given, ()).lines == (Law((Equation(dot(dot(x)), -k * x),)),)
    assert ps.same_rule("x = x - eta g", Update(x, x - eta * G))
    assert exp(1) != ps.read("x")
