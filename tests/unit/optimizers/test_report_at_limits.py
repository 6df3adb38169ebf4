"""Reports where results have limits: signs, drifts, memory that does not fade, edges, very large numbers.

Witnesses are runs written out in floats or fractions, and eigenvalues of NumPy.
"""

from functools import lru_cache

import numpy as np
import pytest
from sympy import Rational, Symbol, simplify, sqrt, symbols

import physsym as ps
from physsym.core.statements import as_rule
from physsym.core.symbols import partial
from physsym.optimizers.lifted import Lifted
from physsym.optimizers.report import report as report_anew
from physsym.optimizers.report.lines import number

report = lru_cache(None, typed=True)(report_anew)  # of one rule many tests read a line each
pytestmark = pytest.mark.slow  # each test makes many reports; test_report.py is in the fast tier


def read(text):
    return ps.read(text, unknown="real")


# ------------------------------------------------------------------ the sign of the gradient


SIGNED = {
    "x <- x - eta*sign(G)": lambda g: np.sign(g),
    "x <- x - eta*Abs(G)": abs,
    "x <- x - eta*clip(G, -1, 1)": lambda g: np.clip(g, -1, 1),
    "x <- x - eta*where(G > 0, 2*G, G)": lambda g: 2 * g if g > 0 else g,
    "x <- x - eta*Max(G, 0)": lambda g: max(g, 0),
    "x <- x - eta*G/Abs(G)": np.sign,
    "x <- x - eta*(G + G**2)": lambda g: g + g**2,
    "v <- v/2 + G**2/2; x <- x - eta*G/(sqrt(v+) + 1/8); v(0) = 0": lambda g: g / (abs(g) + 1 / 8),
}


@pytest.mark.parametrize("text", SIGNED)
@pytest.mark.parametrize("slope", [-5, -1, -0.1, 0.1, 1, 5])
def test_the_steady_step_holds_for_gradients_of_either_sign(text, slope):
    parts = report(read(text))["steady step"].parts
    up = parts[0]
    down = -up if "; the opposite under " in parts else parts[parts.index("; ") + 1]
    step = up if slope > 0 else down
    numbers = {s: 0.3 if s.name == "eta" else abs(slope) for s in step.free_symbols}
    assert float(step.subs(numbers)) == pytest.approx(-0.3 * SIGNED[text](slope))
    assert "g > 0" in "".join(map(str, parts))


# ------------------------------------------------------------------ what drives the weights by itself

WITHOUT_DRIFT = (
    "law of motion",
    "law to second order",
    "order",
    "effective learning rate",
    "modified loss",
    "energy a step",
)


@pytest.mark.parametrize(
    "text",
    [
        "x <- x - eta*G + c",
        "u <- rho*u - eta*G + c; x <- x + u+",
        "x <- x - eta*grad(x + c)",
        "k <- k + 1; x <- x - eta*G + 1/k+; k(0) = 0",
        "v <- v/2 + G**2/2; x <- x - eta*G/sqrt(v+) + c; v(0) = 0",
    ],
)
def test_a_term_that_is_neither_state_nor_gradient_is_not_dropped(text):
    lines = report(read(text), eta=0.1, **({"rho": 0.5} if "rho" in text else {}))
    for subject in WITHOUT_DRIFT:
        assert "neither a state nor a gradient" in lines[subject].reason
    assert report(read(text.replace(" + c", "").replace(" + 1/k+", "")))["effective learning rate"]


def test_a_sign_rule_with_a_drift_has_no_cycle_of_two():
    assert report(read("x <- x - eta*sign(G)"))["cycle"]
    assert not report(read("x <- x - eta*sign(G) + c"))["cycle"]
    step = lambda at: at - np.sign(at) + 0.3  # eta = 1 and c = 0.3, from half of their difference
    assert step(0.35) == pytest.approx(-0.35)
    assert step(step(0.35)) != pytest.approx(0.35)


# ------------------------------------------------------------------ memory that does not fade

SETTLED = ("law to second order", "order", "effective learning rate", "rate", "modified loss")
HEAVY_BALL = read("u <- rho*u - eta*G; x <- x + u+; u(0) = 0")
AVERAGE = read("m <- b*m + (1-b)*G; x <- x - eta*m+; m(0) = 0")


@pytest.mark.parametrize("decay", [-1.2, -1, -0.5, 0.5, 0.99, 1, 1.2])
@pytest.mark.parametrize("averaged", [False, True])
def test_a_rate_is_stated_only_where_memory_fades(decay, averaged):
    """A run of 4000 steps under a constant gradient tells whether the step settles, and at what."""
    values = {"b": decay} if averaged else {"rho": decay}
    lines = report(AVERAGE if averaged else HEAVY_BALL, eta=0.1, **values)
    buffer, steps = 0.0, []
    for _ in range(4000):
        buffer = decay * buffer + ((1 - decay) if averaged else 1) * 1.0
        steps.append(0.1 * buffer)
        if abs(buffer) > 1e100:
            break
    fades = abs(decay) < 1
    assert fades == (abs(steps[-1] - steps[-2]) < 1e-12 and steps[-1] != 0)
    for subject in SETTLED:
        assert bool(lines[subject]) is fades, subject
        assert fades or "memory does not fade" in lines[subject].reason
    if fades:
        value = lines["effective learning rate"].value
        names = {"eta": 0.1, **values}
        at = float(value.subs({s: names[s.name] for s in value.free_symbols}))
        assert at == pytest.approx(steps[-1], rel=1e-9)


def test_without_values_and_ranges_the_condition_is_stated():
    for subject in SETTLED:
        assert "where memory fades" in report(HEAVY_BALL)[subject].text or subject == "law to second order"


def test_random_linear_rules_have_a_rate_exactly_where_their_memory_fades():
    random = np.random.default_rng(0)
    settled = 0
    for _ in range(12):
        a, b, c, d = (int(n) for n in random.integers(-12, 13, 4))
        p, q = (int(n) for n in random.integers(1, 9, 2))
        text = (
            f"aa <- ({a})*aa/10 + ({b})*bb/10 + G; bb <- ({c})*aa_t/10 + ({d})*bb/10 + {p}*G; "
            f"x <- x - ({q}*aa+ + bb+ + G)/100"
        )
        matrix = np.array([[a, b], [c, d]]) / 10
        found = report(read(text))["effective learning rate"]
        fades = max(abs(np.linalg.eigvals(matrix))) < 1
        assert bool(found) is bool(fades)
        if fades:
            settled += 1
            rest = np.linalg.solve(np.eye(2) - matrix, [1, p])
            assert float(found.value) == pytest.approx((q * rest[0] + rest[1] + 1) / 100)
    assert 0 < settled < 12


# ------------------------------------------------------------------ the energy of a step


def test_where_the_rule_fixes_tau_there_is_no_leading_order_in_the_step():
    """With delayed gradients the loss rises first: x = 1, eta = 1/10, lam = 3 and p = 0 give 1.5 to 1.95."""
    delayed = report(read("p <- G; x <- x - eta*p_t; p(0) = 0"), eta=0.1)["energy a step"]
    assert "fixes tau to dt" in delayed.reason


def test_coefficients_that_are_not_finite_at_the_values_are_refused():
    frozen = report(AVERAGE, eta=0.1, b=1)
    for subject in ("law of motion", "integrator", "units", "energy a step"):
        assert "not finite" in frozen[subject].reason
    assert "tau" not in report(HEAVY_BALL, eta=0.1, rho=1)["law of motion"].text
    assert "negative" in report(AVERAGE, eta=0.1, b=1.5)["energy a step"].reason


# ------------------------------------------------------------------ modes that change sign

# The matrix of one step on lam*x**2/2, in floats, for the states other than x and then x.
OPTIMISTIC = "x <- x - eta*(2*G - p); p <- G"
STEPS = {
    OPTIMISTIC: lambda lam, eta: [[0, lam], [eta, 1 - 2 * eta * lam]],
    "u <- -u/2 - eta*G; x <- x + u+": lambda lam, eta: [[-0.5, -eta * lam], [-0.5, 1 - eta * lam]],
    "u <- u/2 - eta*G; x <- x + u+": lambda lam, eta: [[0.5, -eta * lam], [0.5, 1 - eta * lam]],
    "u <- u - eta*G; x <- x + u+": lambda lam, eta: [[1, -eta * lam], [1, 1 - eta * lam]],
    "u <- u/2 + G; v <- v/4 + G; x <- x - eta*(u+ + v+)": lambda lam, eta: [
        [0.5, 0, lam],
        [0, 0.25, lam],
        [-eta / 2, -eta / 4, 1 - 2 * eta * lam],
    ],
}


@pytest.mark.parametrize("text", STEPS)
@pytest.mark.parametrize("curvature", [0.5, 3, 6.6, 9, 27, 50])
def test_the_class_of_damping_is_that_of_the_eigenvalues(text, curvature):
    multipliers = np.linalg.eigvals(np.array(STEPS[text](curvature, 0.1), dtype=float))
    pair = bool(np.any(abs(multipliers.imag) > 1e-9))
    negative = bool(np.any((abs(multipliers.imag) < 1e-9) & (multipliers.real < -1e-9)))
    size = float(max(abs(multipliers)))
    line = report(read(text), eta=0.1, lam=curvature)
    said = line["damping"].text.rpartition("; ")[2]
    assert said.partition(" [")[0].endswith(f" at {curvature}")
    assert ("changes sign at each step" in said) is negative
    assert ("underdamped" in said or "oscillating" in said.replace("not oscillating", "")) is pair
    assert ("overdamped" in said) is (not pair and not negative and size < 1 - 1e-9)
    assert ("growing" in said) is (size > 1 + 1e-9)
    way = "fall like" if size < 1 - 1e-9 else "grow like" if size > 1 + 1e-9 else "stay"
    assert f"errors {way}" in line["rate"].text
    # The ranges say the same of all curvatures.
    ranges = line["damping"].text.rpartition("; ")[0]
    assert ("does not oscillate" not in ranges) or not (pair or negative)


def test_a_mode_that_changes_sign_at_every_curvature_is_named():
    line = report(read(OPTIMISTIC))["damping"]
    assert line.text == "a mode changes sign at each step, at every curvature; none are complex"
    for curvature in np.geomspace(1e-3, 1e3, 30):
        values = np.linalg.eigvals(np.array(STEPS[OPTIMISTIC](curvature, 0.1)))
        assert min(values) < 0
        assert not np.any(values.imag)


def test_beyond_the_oscillating_range_heavy_ball_changes_sign():
    line = report("known:heavy_ball", eta=0.1, rho=0.25)["damping"]
    edge = (1 + 0.25**0.5) ** 2 / 0.1
    assert f"{edge:g}" in line.text
    for part, negative in ((0.99, False), (1.01, True)):
        values = np.linalg.eigvals(np.array([[0.25, -0.1 * edge * part], [0.25, 1 - 0.1 * edge * part]]))
        assert bool(np.all(abs(values.imag) < 1e-12) and min(values.real) < 0) is negative
    assert "a mode changes sign at each step for lam >" in line.text


@pytest.mark.parametrize(
    ("text", "values", "grows"),
    [
        ("x <- x - eta*G", {"eta": 0.1, "lam": 20}, False),
        ("u <- rho*u - eta*G; x <- x + u+", {"eta": 0.1, "rho": 1, "lam": 5}, False),
        ("u <- rho*u - eta*G; x <- x + u+", {"eta": 0.1, "rho": 1, "lam": 0}, True),  # x moves on by u
    ],
)
def test_at_the_edge_errors_stay(text, values, grows):
    line = report(read(text), **values)["rate"]
    assert "1**k" not in line.text
    assert line.text.startswith("errors stay")
    assert ("power of k" in line.text) is grows


def test_a_cycle_of_a_sign_rule_is_one_of_many():
    """From x = 0.3 sign descent with eta = 1 alternates between 0.3 and -0.7, on every quadratic."""
    assert "one cycle" in report("known:sign_descent")["cycle"].text
    step = lambda at: at - np.sign(at)
    assert step(step(0.3)) == pytest.approx(0.3)
    assert step(0.5) == -0.5


# ------------------------------------------------------------------ counters under Min and Max


@pytest.mark.parametrize(
    ("text", "factor"),
    [
        ("Min(1, k+/10)", lambda k: min(1, (k + 1) / 10)),
        ("Max(1/10, 1 - k_t/100)", lambda k: max(0.1, 1 - k / 100)),
        ("where(k_t < 10, k_t/10, 1)", lambda k: k / 10 if k < 10 else 1),
        ("Min(1, k_t/10)*Max(1/2, 2 - k_t)", lambda k: min(1, k / 10) * max(0.5, 2 - k)),
        ("Min(k_t, 5, k_t**2)", lambda k: min(k, 5, k * k)),
    ],
)
def test_what_a_minimum_or_a_maximum_bounds_settles(text, factor):
    line = report(read(f"k <- k + 1; x <- x - eta*G*{text}; k(0) = 0"))["effective learning rate"]
    (eta,) = line.value.free_symbols
    assert float(line.value.subs(eta, 1)) == pytest.approx(factor(10**6))


@pytest.mark.parametrize("text", ["Max(1, k_t)", "Min(1, -k_t)", "Min(k_t, k_t**2)"])
def test_what_they_do_not_bound_grows(text):
    line = report(read(f"k <- k + 1; x <- x - eta*G*{text}; k(0) = 0"))["effective learning rate"]
    assert "grows without bound" in line.reason


# ------------------------------------------------------------------ large and small numbers


@pytest.mark.parametrize(
    ("power", "edge", "rate"), [(400, "3.8e-400", "1e+401"), (-400, "3.8e+400", "1e-399"), (-1, "38", "1")]
)
def test_large_and_small_numbers_are_exact_and_shown_as_powers_of_ten(power, edge, rate):
    """The edge is 2*(1 + rho)/eta, the effective rate eta/(1 - rho), at rho = 9/10."""
    eta = Rational(10) ** power
    lines = report("known:heavy_ball", eta=eta, rho=0.9, lam=1)
    assert lines["margin"].text.startswith(f"stable for 0 < lam < {edge};")
    assert f" = {rate} [" in lines["effective learning rate"].text
    shown = str(lines)
    assert "inf" not in shown.replace("infinite", "")
    assert "lam < 0" not in shown
    if power == -400:  # the larger root of z**2 - (1.9 - eta)*z + 0.9 is 1 - 10*eta to first order
        assert "fall like (1 - 1e-399)**k" in lines["rate"].text
    if power == 400:  # the larger one in size is -eta
        assert "grow like 1e+400**k" in lines["rate"].text


def test_a_number_next_to_one_is_not_shown_as_one():
    assert "rho = 1 - 1e-15" in str(report("known:heavy_ball", eta=0.1, rho=0.999999999999999))
    assert number(Rational(10**9 + 1, 10**9)) == "1 + 1e-09"
    assert number(Rational(-(10**9) - 1, 10**9)) == "-1 - 1e-09"
    assert number(Rational(1)) == "1"
    assert number(Rational(99, 100)) == "0.99"


@pytest.mark.parametrize("rule", [HEAVY_BALL, read("x <- x - eta*G"), "known:adam", "known:nesterov"])
def test_at_a_learning_rate_of_zero_lines_are_refused_with_the_reason(rule):
    lines = report(rule, eta=0)
    assert not lines["effective learning rate"]
    assert "zoo" not in str(lines)
    assert "nan" not in str(lines)
    if rule == HEAVY_BALL:
        assert lines["law of motion"].reason == "at eta = 0 the rule reads no gradient"


# ------------------------------------------------------------------ names


def test_symbols_of_the_rule_keep_their_names_and_quantities_get_others():
    """v <- gamma*v - dt*g, x <- x + v has mass h**2/dt and friction (1 - gamma)*h/dt for a time step h."""
    lines = report(read("v <- gamma*v - dt*G; x <- x + v+"), gamma=0.9, dt=0.1, lam=2)
    law = lines["law of motion"]
    h = Symbol("time_step", positive=True)
    a, b = (next(s for s in lines.rule.parameters if s.name == n) for n in ("gamma", "dt"))
    named = {s: {"gamma": a, "dt": b}.get(s.name, h) for s in law.value.mass.free_symbols}
    assert simplify(law.value.mass.xreplace(named) - h**2 / b) == 0
    named = {s: {"gamma": a, "dt": b}.get(s.name, h) for s in law.value.friction.free_symbols}
    assert simplify(law.value.friction.xreplace(named) - (1 - a) * h / b) == 0
    assert "m*x'' = -grad(x) - friction*x'" in law.text
    assert "velocity = v/time_step" in lines["integrator"].text
    assert "underdamped at 2" in lines["damping"].text


@pytest.mark.parametrize(
    ("text", "renamed"),
    [
        ("m <- b*m + (1-b)*G; v <- c*v + (1-c)*G**2; x <- x - lr*m+/(sqrt(v+) + eps)", "mass*x''"),
        ("s <- tau*s + G**2; x <- x - eta*G/sqrt(s+)", "gamma*x'"),
        ("v <- v + (-gamma*v - G)*dt/m; x <- x + dt*v+", "mass*x'' = -grad(x) - friction*x'"),
    ],
)
def test_no_line_uses_a_name_in_two_meanings(text, renamed):
    lines = report(read(text))
    assert renamed in lines["law of motion"].text
    assert "(rule)" not in str(lines)
    assert lines["integrator"].text.count("v = ") == 0 or "v <- " not in str(lines.rule)


def test_the_names_of_textbook_rules_stay_where_nothing_collides():
    assert "m*x'' = -grad(x) - gamma*x' with m = dt**2/eta" in report(HEAVY_BALL)["law of motion"].text


# ------------------------------------------------------------------ lifted rules


def test_a_lifted_rule_that_mixes_coordinates_says_how():
    weights = symbols("x_1 x_2", real=True)
    slopes = [partial(k, *weights) for k in (1, 2)]
    length = sqrt(slopes[0] ** 2 + slopes[1] ** 2)
    mixed = ps.rule({w: w - s / length for w, s in zip(weights, slopes, strict=True)})
    lifted = Lifted(mixed, name="normalized", mixes=("the norm of the gradient",))
    for line in report_anew(lifted).lines:
        assert line.reason == "the rule mixes coordinates: the norm of the gradient"
    polyak = Lifted(as_rule(read("x <- x - U(x)/G")), reads=("the loss",))
    assert "reads the loss beside the gradient" in report_anew(polyak)["law of motion"].reason


def test_the_law_of_the_first_step_is_a_line_of_its_own():
    dampened = read("b <- rho*b + G/2; x <- x - eta*b+")
    lifted = Lifted(dampened, first=read("b <- G; x <- x - eta*b+"))
    lines = report_anew(lifted)
    assert lines["first step"].value == lifted.first
    assert not any(line.subject == "first step" for line in report(dampened).lines)
    assert lines["effective learning rate"].value == report(dampened)["effective learning rate"].value
    assert "<table>" in lines._repr_html_()
    assert lines._repr_latex_()
