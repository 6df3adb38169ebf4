"""Reports of rules against closed forms of papers, eigenvalues of NumPy, and runs written out by hand."""

import pickle
from fractions import Fraction
from functools import lru_cache
from itertools import product

import numpy as np
import pytest
from sympy import (
    Function,
    Piecewise,
    Rational,
    Symbol,
    cancel,
    lambdify,
    log,
    sign,
    simplify,
    solve,
    sqrt,
    symbols,
)

import physsym as ps
from physsym.core.statements import Equation, Law, Rule, Update, one_step_map
from physsym.core.symbols import after, before, dot, grad, partial, potential
from physsym.optimizers.report import report as report_anew
from physsym.optimizers.report.lines import html, latex_table, text
from physsym.vocabulary import G, alpha, dt, eta, gamma, lam, m, rho, u, v, x
from tests.support.tiers import in_tiers

report = lru_cache(None, typed=True)(report_anew)  # of one rule many tests read a line each
b1, b2, eps, mom, nu, k = symbols("b1 b2 eps mom nu k", real=True)
FADES = (rho >= 0, rho < 1)
HEAVY_BALL = ps.rule({u: rho * u - eta * G, x: x + after(u)}, ranges=FADES)
AVERAGE = ps.rule({u: rho * u + (1 - rho) * G, x: x - eta * after(u)}, ranges=FADES)
NESTEROV = ps.rule({u: rho * u - eta * grad(x + rho * u), x: x + after(u)}, ranges=FADES)
TORCH_NESTEROV = ps.rule({u: rho * u + G, x: x - eta * (G + rho * after(u))}, ranges=FADES)
DESCENT = ps.rule({x: x - eta * G})
ADAM = ps.rule(
    {
        k: k + 1,
        mom: b1 * mom + (1 - b1) * G,
        nu: b2 * nu + (1 - b2) * G**2,
        x: x - eta * after(mom) / (1 - b1 ** after(k)) / (sqrt(after(nu) / (1 - b2 ** after(k))) + eps),
    },
    start={k: 0},
    ranges=(b1 >= 0, b1 < 1, b2 >= 0, b2 < 1, eps > 0),
)


def positive(symbol):
    return Symbol(symbol.name, positive=True)


def equal(left, right):
    """Compare up to which symbols are declared positive."""
    named = {s: positive(s) for e in (left, right) for s in (left - right).free_symbols}
    return simplify((left - right).xreplace(named)) == 0


def multipliers(rule, values, curvature, still):
    """Return the moduli of the eigenvalues of one step on curvature*x**2/2, some states standing still."""
    held = tuple(u if u.target.name not in still else Update(u.target, u.target) for u in rule.updates)
    new = {s: e.replace(grad, lambda q: lam * q) for s, e in one_step_map(Rule(held)).items()}
    moving = [s for s in new if s.name not in still]
    numbers = {s: float(still[s.name]) for s in new if s.name in still}
    numbers |= {p: float(value) for p, value in values.items() if p != lam} | {lam: float(curvature)}
    compiled = lambdify([moving, list(numbers)], [new[s] for s in moving])

    def step(at):
        return np.array(compiled(list(at), list(numbers.values())), dtype=float)

    origin = step(np.zeros(len(moving)))
    return abs(np.linalg.eigvals(np.array([step(e) - origin for e in np.eye(len(moving))]).T))


# ------------------------------------------------------------------ the law of motion


@pytest.mark.parametrize(
    ("rule", "mass", "friction"),
    [
        # Qian 1999; R03 to R05 of the catalogue of published results: eta = dt**2/m and rho = 1 - gamma*dt/m.
        (HEAVY_BALL, dt**2 / eta, (1 - rho) * dt / eta),
        (ps.rule({x: x + rho * (x - before(x)) - eta * G}, ranges=FADES), dt**2 / eta, (1 - rho) * dt / eta),
        # With the gradient averaged the learning rate is dt/gamma.
        (AVERAGE, dt**2 / (eta * (1 - rho)), dt / eta),
        (
            ps.rule({u: rho * u - (1 - rho) * eta * G, x: x + after(u)}, ranges=FADES),
            dt**2 / (eta * (1 - rho)),
            dt / eta,
        ),
        (NESTEROV, dt**2 / eta, (1 - rho) * dt / eta),
        (TORCH_NESTEROV, dt**2 / eta, (1 - rho) * dt / eta),
    ],
)
def test_mass_and_friction_of_momentum_are_those_published(rule, mass, friction):
    line = report(rule)["law of motion"]
    assert equal(line.value.mass, mass)
    assert equal(line.value.friction, friction)
    assert line.value.law == Law((Equation(m * dot(dot(x)), -gamma * dot(x) - grad(x)),))


@pytest.mark.parametrize(
    ("friction", "first"),
    in_tiers(
        product(["explicit", "implicit", "midpoint", "exponential"], [v, x]),
        fast=[("implicit", v), ("exponential", x)],
    ),
)
def test_each_treatment_of_friction_is_recognised_by_its_map(friction, first):
    law = ps.law({m * dot(v): -gamma * v - G, dot(x): v})
    method = ps.integrators.semi_implicit_euler.with_friction(friction)
    h = Symbol("h", positive=True)
    found = report(ps.apply(ps.Integrate(method, h, first=(first,)), law))["law of motion"].value
    assert found.method == f"{method.name}, {'velocity' if first == v else 'position'} first"
    assert equal(found.mass, m * dt**2 / h**2)
    assert equal(found.friction, gamma * dt / h)


def test_other_treatments_of_friction_are_readings_of_the_same_map():
    readings = {name: (mass, friction) for name, mass, friction in report(HEAVY_BALL)["other readings"].value}
    assert len(readings) == 3
    for _, friction in readings.values():
        assert equal(friction, (1 - rho) * dt / eta)  # R04: one formula for all four
    exponential = next(mass for name, (mass, _) in readings.items() if "exponential" in name)
    assert equal(exponential, -(1 - rho) * dt**2 / (eta * log(rho)))  # rho = exp(-gamma*dt/m)


def test_velocity_verlet_forward_euler_and_runge_kutta_are_told_apart():
    verlet = ps.rule({x: x + u - eta / 2 * G, u: u - eta / 2 * (G + grad(after(x)))})
    assert report(verlet)["integrator"].value == "velocity Verlet, velocity first"
    assert report(verlet)["law of motion"].value.order == 2
    euler = ps.rule({x: x + u, u: rho * u - eta * G}, ranges=FADES)
    assert report(euler)["integrator"].value == "forward Euler"
    midpoint = ps.rule({x: x - eta * grad(x - eta / 2 * G)})
    assert report(midpoint)["integrator"].value == "the explicit midpoint method"
    assert report(midpoint)["law of motion"].value.order == 2
    heun = ps.rule({x: x - eta / 2 * (G + grad(x - eta * G))})
    assert report(heun)["integrator"].value == "Heun's method"
    assert report(DESCENT)["integrator"].value == "forward Euler"
    assert report(DESCENT)["law of motion"].value.friction == dt / eta


def test_nesterov_takes_the_gradient_ahead():
    found = report(NESTEROV)["law of motion"].value
    assert equal(found.shift, rho)  # Muehlebach and Jordan 2019
    assert found.position == x
    ahead = report(TORCH_NESTEROV)["law of motion"].value
    assert equal(ahead.shift, rho)
    assert equal(ahead.position, x + eta * rho * u)


def test_the_states_of_the_law_follow_the_integrator_in_a_run():
    """The maps of states carry a run of the rule to one of the law, for a nonlinear gradient."""
    found = report(TORCH_NESTEROV)["law of motion"].value
    values = {eta: 0.03, rho: 0.8, dt: 0.5}
    mass, friction, shift = (float(e.xreplace(values)) for e in (found.mass, found.friction, found.shift))
    place, speed = (lambdify([x, u], e.xreplace(values)) for e in (found.position, found.velocity))
    gradient = lambda q: q**3 + np.sin(q)
    w, buffer = 0.7, -0.4
    q, velocity = place(w, buffer), speed(w, buffer)
    for _ in range(20):
        g = gradient(w)
        buffer = 0.8 * buffer + g
        w -= 0.03 * (g + 0.8 * buffer)
        velocity += 0.5 * (-friction * velocity - gradient(q + shift * 0.5 * velocity)) / mass
        q += 0.5 * velocity
        assert (q, velocity) == pytest.approx((place(w, buffer), speed(w, buffer)), rel=1e-12)


def test_a_schedule_of_momentum_has_friction_three_over_t():
    ahead = x + (k - 1) / (k + 2) * u
    scheduled = ps.rule({k: k + 1, u: (k - 1) / (k + 2) * u - eta * grad(ahead), x: x + after(u)})
    friction = report(scheduled)["law of motion"].value.friction
    assert equal(cancel(friction * eta / dt), 3 / (k + 2))  # Su, Boyd and Candes 2014


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        (ps.rule({x: (1 - eta * alpha) * x - eta * G}), "weight decay"),
        (ps.rule({u: b1 * u + G, v: b2 * v + G, x: x - eta * (after(u) + after(v))}), "3 modes"),
        (ps.rule({x: x - eta * grad(x + rho * G)}), "no method"),
    ],
)
def test_a_rule_that_is_no_discretisation_says_why(rule, why):
    line = report(rule)["law of motion"]
    assert not line
    assert why in line.text


# ------------------------------------------------------------------ stability


@pytest.mark.parametrize(
    ("rule", "edge"),
    [
        (DESCENT, 2 / eta),
        (HEAVY_BALL, 2 * (1 + rho) / eta),  # Polyak 1964; E20
        (AVERAGE, 2 * (1 + rho) / (eta * (1 - rho))),
        (NESTEROV, 2 * (1 + rho) / (eta * (1 + 2 * rho))),  # Cohen et al. 2021
        (TORCH_NESTEROV, 2 * (1 + rho) / (eta * (1 + 2 * rho))),
    ],
)
def test_the_stability_region_is_the_published_one(rule, edge):
    found = report(rule)["stability region"].value
    assert not found.lower
    assert not found.others
    assert len(found.upper) == 1
    assert equal(found.upper[0], edge)


def test_the_threshold_of_adam_with_its_scale_held_fixed_is_38_over_eta():
    found = report(ADAM)["stability region"].value
    assert equal(found.upper[0], 2 * (1 + b1) / ((1 - b1) * eta))  # Cohen et al. 2022
    assert equal(
        found.upper[0].subs({s: Rational(9, 10) for s in found.upper[0].free_symbols if s.name == "b1"}),
        38 / eta,
    )
    assert equal(found.scale, sqrt(positive(nu)) + eps)
    line = report(ADAM)["stability region"]
    assert "nu held fixed" in str(line)


def test_critical_damping_is_that_of_the_closed_form():
    low, high = report(HEAVY_BALL)["damping"].value
    assert equal(low, (1 - sqrt(positive(rho))) ** 2 / eta)  # Goh 2017
    assert equal(high, (1 + sqrt(positive(rho))) ** 2 / eta)
    line = report(HEAVY_BALL, eta=0.1, rho=0.81, lam=1)["damping"]
    assert "underdamped" in line.text
    assert "overdamped" in report(HEAVY_BALL, eta=0.1, rho=0.81, lam=0.05)["damping"].text
    assert "critically" in report(HEAVY_BALL, eta=0.1, rho=0.81, lam=0.1)["damping"].text


def test_a_rule_that_ascends_is_unstable_everywhere():
    for rule in (ps.rule({x: x + eta * G}), ps.rule({u: rho * u + eta * G, x: x + after(u)}, ranges=FADES)):
        lines = report(rule, eta=0.1, **({"rho": 0.5} if rho in rule.parameters else {}))
        assert lines["stability region"].value.never
        assert "unstable" in lines["stability region"].text
        assert lines["margin"].value == ()
        assert lines["effective learning rate"].value.subs({eta: 1, rho: 0}) < 0


def test_a_sign_in_the_momentum_that_hides_at_small_rho_shows():
    """C5 of the outside checks: w + rho*w - eta*g with the wrong sign converges for rho < 1/2 only."""
    wrong = ps.rule({u: rho * u + eta * G, x: x + rho * after(u) - eta * G}, ranges=FADES)
    region = report(wrong, eta=0.1)["stability region"].value.region
    values = {eta: Fraction(1, 10), lam: Fraction(1, 10)}
    for at, stable in ((Fraction(1, 10), True), (Fraction(9, 10), False)):
        matrix = np.array([[float(at), 0.01], [float(at) ** 2, 1 + float(at) * 0.01 - 0.01]])
        assert bool(max(abs(np.linalg.eigvals(matrix))) < 1) is stable
        signed = {positive(rho): at, **values}
        assert all(c.expression.subs({**signed, rho: at}) > 0 for c in region.conditions) is stable


@pytest.mark.parametrize("curvature", [Rational(1, 2), 3, 100, 250])
def test_rate_and_margin_agree_with_eigenvalues(curvature):
    lines = report(HEAVY_BALL, eta=0.01, rho=0.9, lam=curvature)
    c = float(curvature)
    matrix = np.array([[0.9, -0.01 * c], [0.9, 1 - 0.01 * c]])
    assert float(lines["rate"].value) == pytest.approx(max(abs(np.linalg.eigvals(matrix))), rel=1e-12)
    (interval,) = lines["margin"].value
    assert (interval.low, interval.high) == (0, 380)
    assert "is inside" in lines["margin"].text
    assert "is outside" in report(HEAVY_BALL, eta=0.01, rho=0.9, lam=381)["margin"].text


# ------------------------------------------------------------------ rates, losses, energies


@pytest.mark.parametrize(
    ("rule", "rate"),
    [(DESCENT, 0.01), (HEAVY_BALL, 0.1), (AVERAGE, 0.01), (NESTEROV, 0.1), (TORCH_NESTEROV, 0.1)],
)
def test_the_effective_learning_rate_is_the_step_under_a_constant_gradient(rule, rate):
    new = one_step_map(rule)
    step = lambdify(
        [list(new)],
        [e.replace(grad, lambda q: 1 + 0 * q).xreplace({eta: 0.01, rho: 0.9}) for e in new.values()],
    )
    at = [0.0] * len(new)
    for _ in range(400):
        last, at = at, step(at)
    moved = dict(zip(new, np.subtract(last, at), strict=True))[x]
    assert moved == pytest.approx(rate)
    value = report(rule)["effective learning rate"].value
    assert float(
        value.subs({s: {"eta": 0.01, "rho": 0.9}[s.name] for s in value.free_symbols})
    ) == pytest.approx(moved)


@pytest.mark.parametrize(
    ("rule", "factor"),
    [
        (DESCENT, eta / 4),  # Barrett and Dherin 2021
        (HEAVY_BALL, eta * (1 + rho) / (4 * (1 - rho) ** 2)),  # Ghosh et al. 2023
        (AVERAGE, eta * (1 + rho) / (4 * (1 - rho))),
        (NESTEROV, eta * (1 - rho + 2 * rho**2) / (4 * (1 - rho) ** 2)),  # R37
        (
            ps.rule({x: x - eta * grad(x + alpha * eta * G)}),
            eta / 4 + alpha * eta / 2,
        ),  # R44, alpha*eta the radius
        (ps.rule({x: x - eta * grad(x - eta * G)}), -eta / 4),  # extragradient, Lu 2022
    ],
)
def test_the_modified_loss_is_the_published_one(rule, factor):
    value = report(rule)["modified loss"].value
    found = value if not value.has(potential) else (value - potential(x)) / grad(x) ** 2
    assert equal(found, factor)


def test_the_modified_loss_agrees_with_the_slow_manifold():
    other = ps.analysis.modified_potential(ps.analysis.slow_manifold_equation(HEAVY_BALL, eta, fast=u))
    assert equal(report(HEAVY_BALL)["modified loss"].value * grad(x) ** 2 + potential(x), other)


def test_the_law_to_second_order_is_that_of_kovachki_and_stuart():
    k1, k0 = report(HEAVY_BALL)["law to second order"].value
    assert equal(k1, (1 + rho) / (2 * eta))  # R36; R45 multiplies by eta
    assert equal(k0, (1 - rho) / eta)
    k1, _ = report(NESTEROV)["law to second order"].value
    assert equal(k1, (1 - rho + 2 * rho**2) / (2 * eta))


def test_the_order_of_consistency_is_that_of_the_multistep_method():
    """E18: as a two-step method with the step eta heavy ball is consistent if the gradient is averaged."""
    assert report(HEAVY_BALL)["order"].value == 1
    assert "eta/(1 - rho)" in report(HEAVY_BALL)["order"].text
    assert report(AVERAGE)["order"].text.endswith("with the step eta")
    # The method of Adams and Bashforth of two steps, and an explicit one of order two with another pole.
    bashforth = ps.rule({x: x - eta * (3 * G - u) / 2, u: G})
    assert report(bashforth)["order"].value == 2


def test_the_energy_a_step_is_that_of_a_run_to_leading_order():
    value = report(HEAVY_BALL)["energy a step"].value
    found = report(HEAVY_BALL)["law of motion"].value
    for h, tolerance in ((1e-3, 2e-2), (1e-4, 2e-3)):
        numbers = {"eta": h**2, "rho": 1 - h, "dt": h}  # mass and friction one
        assert float(found.mass.subs({s: numbers[s.name] for s in found.mass.free_symbols})) == pytest.approx(
            1
        )
        q, velocity = 0.3, 1.1
        new = velocity - h * velocity - h * q
        moved = q + h * new
        change = (new**2 + moved**2 - velocity**2 - q**2) / 2
        named = {s: numbers.get(s.name, h * velocity) for s in value.free_symbols}
        assert float(value.subs(named)) == pytest.approx(change, rel=tolerance)


def test_the_loss_falls_by_the_exact_amount_on_a_quadratic():
    value = report(DESCENT)["energy a step"].value
    for rate, curvature in ((0.1, 3.0), (0.5, 6.0)):
        q = 0.7
        moved = q - rate * curvature * q
        change = curvature * (moved**2 - q**2) / 2
        assert float(value.subs({eta: rate, lam: curvature}) * (curvature * q) ** 2) == pytest.approx(change)


# ------------------------------------------------------------------ beyond linear rules


def test_sign_rules_have_a_cycle_and_no_stability():
    for rule in (
        ps.rule({x: x - eta * sign(G)}),
        ps.rule({u: rho * u + (1 - rho) * G, x: x - eta * sign(after(u))}, ranges=FADES),
    ):
        lines = report(rule)
        assert not lines["stability region"]
        assert lines["cycle"].value == eta / 2
        assert lines["steady step"].value == -eta
        values = {eta: Rational(1, 5), rho: Rational(3, 4)}
        new = {s: e.replace(grad, lambda q: 7 * q).xreplace(values) for s, e in one_step_map(rule).items()}
        solved = solve(
            [new[s].xreplace({sign(a.args[0]): 1 for a in new[x].atoms(sign)}) + s for s in new], list(new)
        )
        there = {s: e.subs(solved) for s, e in new.items()}
        assert there[x] == -solved[x] == -Rational(1, 10)


def test_adam_moves_like_a_sign_rule_under_a_constant_gradient():
    step = report(ADAM)["steady step"].value
    g = Symbol("g", positive=True)
    assert equal(step, -eta * g / (g + eps))  # Balles and Hennig 2018


def test_centered_second_moments_blow_the_step_up():
    centered = ps.rule(
        {
            nu: b2 * nu + (1 - b2) * G**2,
            mom: b2 * mom + (1 - b2) * G,
            x: x - eta * G / (sqrt(after(nu) - after(mom) ** 2) + eps),
        },
        ranges=(b2 >= 0, b2 < 1, eps > 0),
    )
    g = Symbol("g", positive=True)
    assert equal(report(centered)["steady step"].value, -eta * g / eps)


@pytest.mark.parametrize(
    "rule",
    [
        ps.rule({x: x - eta * partial(1, x, Symbol("y", real=True))}),
        ps.rule({x: x - eta * potential(x) * G}),
        ps.rule({x: x - eta * Piecewise((G, G > 1), (2 * G, True))}),
        ps.rule({x: x - eta * Function("f")(G)}),
        ps.rule({x: x - eta}),
        ps.rule({u: u**2 + G, x: x - eta * after(u)}),
        ps.rule({k: k**2 + 1, x: x - eta * G / k}),
    ],
)
def test_what_cannot_be_treated_is_refused_in_each_line(rule):
    lines = report(rule, eta=0.1).lines
    assert lines
    assert all(line.reason for line in lines if line.subject not in ("steady step", "cycle"))


def test_a_learning_rate_of_zero_and_a_negative_one_are_answered():
    assert not report(HEAVY_BALL, eta=0, rho=0.5)["stability region"]
    assert report(HEAVY_BALL, eta=-0.1, rho=0.5)["margin"].value == ()
    outside = report(HEAVY_BALL, eta=0.1, rho=1.5)
    assert outside["margin"].value == ()
    assert "outside" in outside["values"].text


def test_limits_that_decide_nothing_are_refused():
    z = Symbol("z", real=True)
    averaged = ps.rule({k: k + 1, z: z - eta * grad(x), x: x + (after(z) - x) / (after(k) + 1)})
    line = report(averaged, eta=0.1)["stability region"]
    assert not line
    assert "does not tell" in line.text


# ------------------------------------------------------------------ values and display


def test_wrong_names_and_values_are_refused():
    with pytest.raises(ValueError, match="no parameter lr; it has eta, lam, rho"):
        report_anew(HEAVY_BALL, lr=0.1)
    with pytest.raises(TypeError, match="expected a finite real number for eta"):
        report_anew(HEAVY_BALL, eta="0.1")
    with pytest.raises(TypeError, match="finite real number"):
        report_anew(HEAVY_BALL, eta=float("nan"))
    with pytest.raises(TypeError):
        report_anew(3)
    with pytest.raises(KeyError, match="there are law of motion"):
        report_anew(HEAVY_BALL)["mass"]


def test_what_stands_for_a_rule_is_reported_alike():
    assert str(report_anew("x <- x - eta*grad(x)")["effective learning rate"].value) == "eta"
    assert report_anew(Update(x, x - eta * G))["effective learning rate"].value == eta
    assert report_anew(ps.known.heavy_ball).name == ps.known.heavy_ball.title
    assert report_anew("known:heavy_ball").values == report_anew(ps.known.heavy_ball).values


def test_a_report_is_a_value():
    found = report_anew(HEAVY_BALL, eta=0.1, rho=0.9)
    assert pickle.loads(pickle.dumps(found)) == found == report_anew(HEAVY_BALL, eta=0.1, rho=0.9)
    assert hash(found) == hash(report_anew(HEAVY_BALL, eta=0.1, rho=0.9))
    assert found != report_anew(HEAVY_BALL, eta=0.2, rho=0.9)


@pytest.mark.parametrize("rule", [HEAVY_BALL, ADAM, ps.rule({x: x - eta * sign(G)})])
def test_a_report_shows_itself_within_80_columns(rule):
    found = report(rule)
    assert max(map(len, str(found).splitlines())) <= 80
    assert max(map(len, text(found, 60).splitlines())) <= 60
    assert found._repr_html_() == html(found)
    assert html(found).count("<tr>") == html(found).count("</tr>") >= len(found.lines)
    assert found._repr_latex_() == latex_table(found)
    assert latex_table(found).count("{") == latex_table(found).count("}")


def test_numbers_stand_beside_formulas():
    shown = str(report(HEAVY_BALL, eta=0.01, rho=0.9))
    assert "2*(rho + 1)/eta = 380" in shown
    assert "eta/(1 - rho) = 0.1" in shown


# ------------------------------------------------------------------ all published rules


# Where counters end, and what is held fixed, with numbers for it.
STILL = {"k": 10**6, "w": 0, "nu": 1.5, "s": 0.4, "nu_max": 2.5, "nu_hat": 2.5}


@pytest.mark.slow
@pytest.mark.parametrize("name", list(ps.known))
def test_the_edge_of_each_published_rule_is_that_of_its_multipliers(name):
    known = ps.known[name]
    given = {"alpha": 0.02, "beta": 0.8, "c": 0.3} if name == "triple_momentum" else {}
    given |= {"eta": 0.01, "beta": 0.8, "s": 1.5} if name == "unified_momentum" else {}
    found = report_anew(known, **given)
    assert all(line.reason or line.parts for line in found.lines)
    margin = found["margin"]
    if not margin:
        return
    (interval,) = margin.value
    assert interval.low == 0
    still = {"k": STILL["k"], "w": 0} if found.held.startswith("coeff") or not found.held else dict(STILL)
    still |= {"mu": 0.7} if "mu" in found.held else {}
    values = dict(known.rule.typical) | dict(found.values)
    named = {s.name: float(v) for s, v in values.items()} | still
    scale = found["stability region"].value.scale
    edge = float(interval.high * scale.subs({s: named[s.name] for s in scale.free_symbols}))
    for part, stable in ((0.99, True), (1.01, False), (0.01, True)):
        assert bool(max(multipliers(known.rule, values, edge * part, still)) < 1) is stable
