"""Modified equations, against matrix logarithms, flows integrated in high precision, and published series."""

from itertools import pairwise

import pytest
import sympy
from mpmath import mp, mpf
from sympy import Integer, Matrix, Rational, Symbol, eye, symbols, tanh, zeros

from physsym import (
    Equation,
    Integrate,
    Law,
    Outcome,
    after,
    apply,
    dimensions,
    dot,
    grad,
    hess,
    higher,
    latex,
    law,
    potential,
    rule,
)
from physsym.analysis.jets import ExpansionError
from physsym.analysis.modified_equations import ModifiedEquation, modified_equation, modified_potential
from physsym.analysis.slow_manifold import slow_manifold_equation
from physsym.core.statements import rewritten
from physsym.integrators import (
    ALL,
    backward_euler,
    exponential_euler,
    implicit_midpoint,
    velocity_verlet,
)
from physsym.testing import assert_same_law
from physsym.vocabulary import G, U, dt, eta, gamma, m, rho, t, tau, u, v, x
from tests.support.tiers import in_turn

h, y = Symbol("h", positive=True), Symbol("y", real=True)
SPLIT = law({dot(x): v, dot(v): -gamma * v / m - G / m})
OTHERS = (backward_euler, implicit_midpoint, exponential_euler, velocity_verlet)
EXPLICIT = {m.name: m for m in ALL if m not in OTHERS}
MOMENTUM = {name: apply(Integrate(method, dt), SPLIT) for name, method in EXPLICIT.items()}
GRADIENT = {
    "gradient descent": rule({x: x - dt * G}),
    "explicit midpoint": rule({x: x - dt * grad(x - dt / 2 * G)}),
    "extragradient": rule({x: x - dt * grad(x - dt * G)}),
    "gradient somewhere else": rule({x: x - dt * grad(2 * x + dt * x**2)}),
    "two stages": rule({y: y - dt * (y - x), x: x - dt * grad(x + dt * after(y))}),
    "roots and quotients": rule({x: x - dt * G / (1 + dt + sympy.sqrt(1 + x**2 + dt * G))}),
    "other functions": rule({x: x + dt * sympy.cos(x + dt) - dt * tanh(x) + sympy.exp(-dt * x) - 1}),
}
NUMBERS = {gamma: Rational(7, 10), m: Rational(6, 5)}


def at_numbers(expression):
    """Return an expression with U = cos(x) + x**2/5 + exp(x/2), and with numbers for the parameters."""
    z = Symbol("z", real=True)
    energy = sympy.cos(z) + z**2 / 5 + sympy.exp(z / 2)
    concrete = expression.xreplace(NUMBERS)
    for opaque, order in ((potential, 0), (grad, 1), (hess, 2)):
        concrete = concrete.replace(opaque, lambda place, n=order: energy.diff(z, n).subs(z, place))
    return concrete.replace(higher, lambda n, place: energy.diff(z, int(n)).subs(z, place))


def stepped(a_rule, start, step):
    """Return the state after one step, by carrying out the updates in high precision."""
    now = dict(start)
    for update in a_rule.updates:
        value = at_numbers(update.value).subs({dt: step, **now})
        now[after(update.target)] = sympy.N(value, mp.dps)
    return [mpf(now[after(s)]) for s in start]


def flowed(a_law, start, step):
    """Return the state after a time: the midpoint rule in 2, 4, ..., 12 parts, extrapolated."""
    rates = {e.left: at_numbers(e.right).subs(dt, step) for e in a_law.equations}
    field = sympy.lambdify([list(start)], [rates[dot(s)] for s in start], "mpmath")
    table = []
    for parts in range(2, 14, 2):
        row = [leaped(lambda at: mp.matrix(field(list(at))), mp.matrix(list(start.values())), step, parts)]
        for k, previous in enumerate(table):
            row.append(row[k] + (row[k] - previous) / ((mpf(parts) / (parts - 2 * k - 2)) ** 2 - 1))
        table = row
    return list(table[-1])


def leaped(field, start, step, parts):
    """Return the state after a time by Gragg's midpoint rule, whose error is a series in 1/parts**2."""
    size = step / parts
    before, now = start, start + size * field(start)
    for _ in range(parts - 1):
        before, now = now, before + 2 * size * field(now)
    return now


def defect_order(a_rule, a_law):
    """Return the power of the step with which the rule and the flow over one step differ."""
    start = {u.target: mpf(3) / (4 + k) for k, u in enumerate(a_rule.updates)}
    gaps = []
    for step in (mpf(1) / 512, mpf(1) / 1024):
        one, other = stepped(a_rule, start, step), flowed(a_law, start, step)
        gaps.append(max(abs(a - b) for a, b in zip(one, other, strict=True)))
    return float(mp.log(gaps[0] / gaps[1], 2))


@pytest.fixture
def _many_digits():
    with mp.workdps(40):
        yield


@pytest.mark.usefixtures("_many_digits")
@pytest.mark.parametrize(("name", "order"), in_turn(["semi-implicit Euler", *GRADIENT], [2, 1, 0, 3]))
def test_one_step_misses_the_flow_by_the_claimed_order_and_no_better(name, order):
    a_rule = {**MOMENTUM, **GRADIENT}[name]
    found = modified_equation(a_rule, dt, order)
    claimed = order + 2 if name != "explicit midpoint" else max(order, 1) + 2  # it has no first-order error
    assert defect_order(a_rule, found.law) == pytest.approx(claimed, abs=0.1)


@pytest.mark.usefixtures("_many_digits")
@pytest.mark.parametrize("name", MOMENTUM)
def test_every_integrator_follows_its_modified_law(name):
    found = modified_equation(MOMENTUM[name], dt, 2)
    # A method of order four has no error of third order, which is the first that is left out here.
    claimed = max(4, EXPLICIT[name].order + 1)
    assert defect_order(MOMENTUM[name], found.law) == pytest.approx(claimed, abs=0.1)


def spoiled(a_law, step, power):
    """Yield the law with one coefficient of a power of the step halved, one after the other."""
    for k, equation in enumerate(a_law.equations):
        for term in sympy.Add.make_args(equation.right):
            if sympy.degree(term, step) == power:
                wrong = Equation(equation.left, equation.right - term / 2)
                yield Law((*a_law.equations[:k], wrong, *a_law.equations[k + 1 :]))


@pytest.mark.usefixtures("_many_digits")
@pytest.mark.parametrize("name", ["semi-implicit Euler", "gradient descent"])
def test_a_wrong_coefficient_is_seen_by_that_measurement(name):
    a_rule = {**MOMENTUM, **GRADIENT}[name]
    wrong = list(spoiled(modified_equation(a_rule, dt, 2).law, dt, 2))
    assert len(wrong) >= 2
    for each in wrong:
        assert defect_order(a_rule, each) == pytest.approx(3, abs=0.1)


def matrix_of(expressions, states):
    """Return the matrix of linear expressions."""
    return Matrix([[sympy.expand(e).coeff(s) for s in states] for e in expressions])


def linear(expression):
    """Return an expression with the gradient 3/7*x, and numbers for the parameters."""
    slope = Rational(3, 7)
    concrete = expression.xreplace(NUMBERS).replace(grad, lambda place: slope * place)
    return concrete.replace(hess, lambda place: slope).replace(higher, lambda n, place: Integer(0))


def taylor(expression, order):
    """Return the terms of an expression up to a power of the step."""
    slopes = [expression.diff(dt, k).subs(dt, 0) for k in range(order + 1)]
    return sum(c * dt**k / sympy.factorial(k) for k, c in enumerate(slopes))


@pytest.mark.slow
@pytest.mark.parametrize("name", MOMENTUM)
def test_with_a_linear_gradient_it_is_the_logarithm_of_the_step_matrix(name):
    order = 5
    found = modified_equation(MOMENTUM[name], dt, order).law
    rates = {e.left: linear(e.right) for e in found.equations}
    new = {}
    for update in MOMENTUM[name].updates:
        new[update.target] = linear(update.value).xreplace({after(s): e for s, e in new.items()})
    step = matrix_of([new[x], new[v]], (x, v)).applyfunc(lambda e: taylor(e, order + 1))
    away, power, logarithm = step - eye(2), eye(2), zeros(2)
    for k in range(1, order + 2):
        power = power * away
        logarithm += Rational((-1) ** (k + 1), k) * power
    gap = matrix_of([rates[dot(x)], rates[dot(v)]], (x, v)) * dt - logarithm
    for entry in gap:
        assert all(entry.expand().coeff(dt, k) == 0 for k in range(order + 2))


def test_the_series_of_hairer_lubich_and_wanner():
    # Geometric Numerical Integration, section IX.1, equation (1.4): explicit Euler for y' = y**2.
    found = modified_equation(rule({y: y + h * y**2}), h, 5).law
    by_hand = (
        y**2 - h * y**3 + Rational(3, 2) * h**2 * y**4 - Rational(8, 3) * h**3 * y**5
        + Rational(31, 6) * h**4 * y**6 - Rational(157, 15) * h**5 * y**7
    )  # fmt: skip
    assert sympy.expand(found.equations[0].right - by_hand) == 0


p, q = symbols("p q", real=True)


def test_the_lotka_volterra_equations_by_explicit_euler():
    # The test suite of BSeries.jl, where the series was compared with another package's.
    found = modified_equation(rule({p: p + h * p * (2 - q), q: q + h * q * (p - 1)}), h, 2).law
    a, b = 2 - q, p - 1
    by_hand = law({
        dot(p): p * a - h / 2 * (p * a**2 - p * q * b)
        + h**2 / 3 * (p * a**3 - p**2 * q * a - p * q * a * b - p * q * b**2) - h**2 / 6 * p * q * a * b,
        dot(q): q * b - h / 2 * (p * q * a + q * b**2)
        + h**2 / 3 * (q * b**3 - p * q**2 * b + p * q * a**2 + p * q * a * b) + h**2 / 6 * p * q * a * b,
    })  # fmt: skip
    assert_same_law(found, by_hand)


def test_the_lotka_volterra_equations_by_symplectic_euler():
    # Hairer, Lubich and Wanner, example IX.1.3(b), as the test suite of BSeries.jl has it.
    found = modified_equation(rule({p: p / (1 - h * (2 - q)), q: q + h * q * (after(p) - 1)}), h).law
    by_hand = law({
        dot(p): -p * (q - 2) + h / 2 * p * (q**2 + p * q - 5 * q + 4),
        dot(q): q * (p - 1) - h / 2 * q * (p**2 + p * q - 4 * p + 1),
    })  # fmt: skip
    assert_same_law(found, by_hand)


def test_gradient_descent_to_second_order():
    # Barrett and Dherin, ICLR 2021, at first order; -(1/3)*H**2*g - (1/12)*T[g,g] at second.
    found = modified_equation(rule({x: x - eta * G}), eta, 2)
    by_hand = law({
        dot(x): -G - eta / 2 * hess(x) * G - eta**2 * (hess(x) ** 2 * G / 3 + higher(3, x) * G**2 / 12)
    })  # fmt: skip
    assert_same_law(found.law, by_hand)
    assert str(found.error) == "O(eta**3)"
    assert [len(found.term(k).equations) for k in range(3)] == [1, 1, 1]


def test_gradient_descent_descends_a_modified_loss():
    in_time = apply(Integrate(EXPLICIT["forward Euler"], dt), law({dot(x): -G / gamma}))
    assert modified_potential(modified_equation(in_time, dt)) == U + dt / gamma / 4 * G**2
    assert modified_potential(modified_equation(rule({x: x - eta * G}), eta)) == U + eta / 4 * G**2


@pytest.mark.parametrize("ahead", [Integer(1), Integer(-1), Rational(-1, 2), Rational(1, 3)])
def test_a_gradient_ahead_or_behind(ahead):
    # Compagnoni et al., ICML 2023 (sharpness-aware, rho = ahead*eta), Lu 2022 (extragradient): rho/2 + eta/4.
    looking = modified_equation(rule({x: x - eta * grad(x + ahead * eta * G)}), eta)
    assert modified_potential(looking) == U + (ahead / 2 + Rational(1, 4)) * eta * G**2


def test_symplectic_euler_conserves_a_modified_energy():
    # Hairer, Lubich and Wanner, section IX.3: H - h/2*H_p*H_q + h**2/12*(H_pp*H_q**2 + H_qq*H_p**2) here.
    found = modified_equation(rule({v: v - h * G, x: x + h * after(v)}), h, 2).law
    energy = v**2 / 2 + U - h / 2 * v * G + h**2 / 12 * (G**2 + hess(x) * v**2)
    assert_same_law(found, law({dot(v): -energy.diff(x), dot(x): energy.diff(v)}))


def test_friction_by_the_midpoint_has_no_first_order_damping_error():
    found = modified_equation(MOMENTUM["semi-implicit Euler with midpoint friction"], dt, 1).law
    (rate,) = (e.right for e in found.equations if e.left == dot(v))
    assert rate.coeff(dt) == v * hess(x) / (2 * m)


def test_each_higher_order_keeps_the_terms_before():
    laws = [modified_equation(MOMENTUM["semi-implicit Euler"], dt, k) for k in range(4)]
    for one, other in pairwise(laws):
        assert all(one.term(k) == other.term(k) for k in range(one.order + 1))
    assert_same_law(laws[0].law, SPLIT)


def test_what_follows_no_flow_is_refused():
    with pytest.raises(ValueError, match=r"takes u to rho\*u, not to itself.*rho = 1 - eta/tau"):
        modified_equation(rule({u: rho * u - eta * G, x: x + after(u)}), eta)
    with pytest.raises(ValueError, match="reads the time t"):
        modified_equation(rule({x: x - eta * t * G}), eta)
    with pytest.raises(ValueError, match="must be a parameter of the rule"):
        modified_equation(rule({x: x - eta * G}), tau)
    with pytest.raises(ValueError, match="counts powers"):
        modified_equation(rule({x: x - eta * G}), eta, -1)
    with pytest.raises(TypeError, match="expected a rule"):
        modified_equation(SPLIT, dt)
    with pytest.raises(ValueError, match="terms are known from 0 to 1"):
        modified_equation(rule({x: x - eta * G}), eta).term(2)


@pytest.mark.parametrize("value", [abs(x), sympy.Max(x, 0), rho**x, sympy.sqrt(h), sympy.log(h), x / h**2])
def test_what_has_no_power_series_is_refused(value):
    with pytest.raises(ExpansionError):
        modified_equation(rule({x: x + h * value}), h)


def test_what_is_no_gradient_flow_has_no_modified_potential():
    for order, a_rule in [(1, MOMENTUM["forward Euler"]), (2, GRADIENT["gradient descent"])]:
        with pytest.raises(ValueError, match="one state at order 1"):
            modified_potential(modified_equation(a_rule, dt, order))
    for a_rule in (rule({x: x - dt * G**2}), rule({x: x - dt * x * G}), rule({x: x - dt * grad(2 * x)})):
        with pytest.raises(ValueError, match="no gradient flow"):
            modified_potential(modified_equation(a_rule, dt))


def test_a_modified_equation_prints_its_error():
    found = modified_equation(rule({x: x - eta * G}), eta, 0)
    assert isinstance(found, ModifiedEquation)
    assert str(found) == "x' = -grad(x), up to O(eta)"


def test_a_higher_derivative_is_typeset_measured_and_differentiated():
    assert higher(3, x).diff(x) == higher(4, x)
    assert hess(2 * x).diff(x) == 2 * higher(3, 2 * x)
    assert latex(higher(3, x)) == latex(hess(x)).replace("2", "3")
    third = law({dot(x): -G / gamma - dt**2 / gamma**3 * higher(3, x) * G**2})
    assert dimensions(third)
    assert dimensions(law({dot(x): third.equations[0].right * G})).outcome is Outcome.FAILS


HEAVY_BALL = rule({u: rho * u - eta * G, x: x + after(u)})
NESTEROV = rule({u: rho * u - eta * grad(x + rho * u), x: x + after(u)})
AVERAGED = rule({u: rho * u - (1 - rho) * eta * G, x: x + after(u)})
POSITION_FIRST = rule({x: x + u, u: rho * u - eta * grad(after(x))})


@pytest.mark.parametrize(
    ("settled", "weight"),
    [
        (HEAVY_BALL, (1 + rho) / (1 - rho) ** 2),
        (NESTEROV, (1 - rho + 2 * rho**2) / (1 - rho) ** 2),
        (AVERAGED, (1 + rho) / (1 - rho)),
    ],
    ids=["heavy ball", "Nesterov", "averaged"],
)
def test_settled_momentum_descends_a_modified_loss(settled, weight):
    # Ghosh, Lyu, Zhang and Wang, ICLR 2023, for the heavy ball; the averaged form has (1 - rho)*eta for eta.
    found = modified_potential(slow_manifold_equation(settled, eta, fast=u))
    assert sympy.cancel(found - U - eta / 4 * weight * G**2) == 0


def test_without_memory_settled_momentum_is_gradient_descent():
    found = slow_manifold_equation(HEAVY_BALL, eta, fast=u, order=3).law
    plain = modified_equation(rule({x: x - eta * G}), eta, 3).law
    forgetful = rewritten(found, lambda e: e.xreplace({rho: Integer(0)}))
    assert_same_law(forgetful, plain)


@pytest.mark.usefixtures("_many_digits")
@pytest.mark.parametrize("order", [0, 1, 2, 3])
@pytest.mark.parametrize("a_rule", [HEAVY_BALL, NESTEROV, POSITION_FIRST], ids=["heavy", "Nesterov", "first"])
def test_settled_momentum_follows_its_equation_to_the_order_and_no_better(a_rule, order):
    found = rewritten(slow_manifold_equation(a_rule, eta, fast=u, order=order).law, in_dt)
    stepping = rewritten(a_rule, in_dt)
    gaps = []
    for step in (mpf(1) / 4096, mpf(1) / 8192):
        state = {u: mpf(0), x: mpf(2)}
        for _ in range(36):  # by then nothing is left of the start: rho**36 is 1e-36
            state = in_order(state, stepping, step)
        later = in_order(state, stepping, step)
        (followed,) = flowed(found, {x: state[x]}, step)
        gaps.append(abs(later[x] - followed))
    assert float(mp.log(gaps[0] / gaps[1], 2)) == pytest.approx(order + 2, abs=0.1)


def in_dt(expression):
    """Return an expression with dt for the step, and a tenth for the momentum."""
    return expression.xreplace({eta: dt, rho: Rational(1, 10)})


def in_order(state, a_rule, step):
    """Return the state after one step, by name."""
    ordered = {update.target: state[update.target] for update in a_rule.updates}
    return dict(zip(ordered, stepped(a_rule, ordered, step), strict=True))


def test_what_does_not_settle_is_refused():
    with pytest.raises(ValueError, match="a rule of two states"):
        slow_manifold_equation(rule({x: x - eta * G}), eta, fast=x)
    with pytest.raises(ValueError, match=r"u becomes u; expected a multiple of u that is not one"):
        slow_manifold_equation(rule({u: u - eta * G, x: x + after(u)}), eta, fast=u)
    with pytest.raises(ValueError, match="where the step vanishes u becomes"):
        slow_manifold_equation(rule({u: rho * u - G, x: x + eta * after(u)}), eta, fast=u)
    with pytest.raises(ValueError, match=r"takes x to 2\*x, not to itself"):
        slow_manifold_equation(rule({u: rho * u - eta * G, x: 2 * x + after(u)}), eta, fast=u)
    assumed = slow_manifold_equation(HEAVY_BALL, eta, fast=u).law.assuming
    assert [str(c) for c in assumed] == ["1 - rho > 0", "rho + 1 > 0"]
