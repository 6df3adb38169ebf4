"""The engines behind the checks: what each decides, how sure it is, and how it is caught when it lies."""

import ast
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from sympy import (
    Abs,
    EulerGamma,
    I,
    Integer,
    Rational,
    Symbol,
    atan,
    cos,
    cosh,
    erf,
    exp,
    log,
    pi,
    sign,
    sin,
    sinh,
    sqrt,
    tan,
    tanh,
)

from physsym import check, dot, grad, law, rule
from physsym.core.verdicts import Condition, Outcome
from physsym.integrators import forward_euler
from physsym.mechanics.moves import Integrate, Isolate, Limit
from physsym.verify.engines import (
    error_bound,
    flint,
    identity_test,
    interval,
    prime_field,
    sampling,
    smt,
    smtlib,
)
from physsym.verify.engines.base import Answer, Finding
from physsym.verify.engines.evaluation import satisfied
from physsym.verify.engines.laurent import DivergenceError, UndecidedError
from physsym.verify.engines.solver_process import ask
from physsym.verify.identity import as_a_whole
from physsym.vocabulary import G, dt, eta, gamma, m, rho, tau, u, v, x

h, mu, L, d = (Symbol(name, positive=True) for name in ("h", "mu", "L", "d"))
z = dt / tau
p, q = sqrt(mu), sqrt(L)
w = dt + 4 * tau
RK4 = 1 - z + z**2 / 2 - z**3 / 6 + z**4 / 24

TRUE = {
    "binomial": ((x + u) ** 3, x**3 + 3 * x**2 * u + 3 * x * u**2 + u**3),
    "nested fractions": (1 / (1 + dt / tau), tau / (tau + dt)),
    "tanh": ((1 - exp(-h)) / (1 + exp(-h)), tanh(h / 2)),
    "hyperbolic": (cosh(x) ** 2 - sinh(x) ** 2, Integer(1)),
    "exponentials": (exp(-z) * exp(z / 2) - exp(x) * exp(u), exp(-z / 2) - exp(x + u)),
    "Runge-Kutta": (RK4, ((((dt - 4 * tau) * dt + 12 * tau**2) * dt - 24 * tau**3) * dt) / (24 * tau**4) + 1),
    "determinant": ((x * u - 1) ** 2 + (x + u) ** 2, (1 + x**2) * (1 + u**2)),
    "root of a square": (sqrt(dt**2 + 8 * dt * tau + 16 * tau**2) - 1 / (dt + 4 * tau), w - 1 / w),
    "rationalised root": (1 / (sqrt(mu) + sqrt(L)), (sqrt(mu) - sqrt(L)) / (mu - L)),
    "root of a quotient": (sqrt(1 + dt / tau), sqrt(tau + dt) / sqrt(tau)),
    "Polyak's step": ((1 + (q - p) / (q + p)) ** 2, 4 * L / (q + p) ** 2),
    "absolute value": (sqrt(x**2 * u**2), Abs(x) * Abs(u)),
    "sign": (sign(x) * Abs(x), x),
    "places": (grad((x + u) ** 2), grad(x**2 + 2 * x * u + u**2)),
    "circle": (sin(x * (x + u)) ** 2, 1 - cos(x**2 + x * u) ** 2),
    "logarithm": (log(mu * (mu + L)) * (x + 1), log(mu**2 + mu * L) + x * log(mu * L + mu**2)),
    "real powers": (Abs(G) ** (1 / (rho - 1)) * Abs(G), Abs(G) ** (rho / (rho - 1))),
}  # fmt: skip
FALSE = {
    "coefficient": (RK4, RK4 + z**5 / 120),
    "tanh": ((1 - exp(-h)) / (1 + exp(-h)), tanh(h)),
    "exponentials": (exp(x + u), exp(x) + exp(u)),
    "underflow": (exp(-2000 * m), 2 * exp(-2000 * m)),
    "root": (sqrt(mu + L), sqrt(mu) + sqrt(L)),
    "Polyak's step": ((1 + (q - p) / (q + p)) ** 2, 4 * mu / (q + p) ** 2),
    "branch": (sqrt(x**2), x),
    "places": (grad(2 * x), 2 * grad(x)),
    "circle": (sin(x) ** 2, cos(x) ** 2),
    "sum of angles": (sin(x + u), sin(x) * cos(u) - cos(x) * sin(u)),
    "logarithm": (log(mu * L), log(mu) * log(L)),
    "tiny": (x**3, x**3 + Rational(1, 10**30)),
    "finite field": (x**5 - x, Integer(0)),
    "at zero": (sign(x) ** 2, Integer(1)),
}  # fmt: skip
LIES = {
    "proves": lambda e: (
        lambda left, right, *attempts: Finding(e.NAME, e.FAMILY, Answer.PROVED, bound="exact")
    ),
    "refutes": lambda e: (
        lambda left, right, *attempts: Finding(e.NAME, e.FAMILY, Answer.REFUTED, witness="at x = 1")
    ),
    "shrugs": lambda e: lambda left, right, *attempts: Finding(e.NAME, e.FAMILY, Answer.UNKNOWN, "nothing"),
}
ENGINES = {e.NAME: e for e in (identity_test, flint, sampling, interval)}


def identical(left, right):
    """Return the verdict of the engines on two expressions as a whole, without cases."""
    return as_a_whole(left, right, "both sides")


def lying(monkeypatch, engine, how):
    monkeypatch.setattr(engine, "identity", LIES[how](engine))


@pytest.mark.parametrize("pair", TRUE.values(), ids=TRUE)
def test_two_families_prove_what_is_true(pair):
    verdict = identical(*pair)
    assert verdict
    assert {identity_test.NAME, flint.NAME} <= set(verdict.engines)
    assert "error below 2^-1" in verdict.evidence[0]


@pytest.mark.parametrize(
    "pair",
    [
        (atan(mu) + atan(1 / mu), atan(L) + atan(1 / L)),
        (log(mu**2 + 2 * mu * L + L**2), 2 * log(mu + L)),
        (atan(mu / L), pi / 2 - atan(L / mu)),
    ],
    ids=str,
)
def test_the_finite_field_doubts_what_it_knows_too_little_of(pair):
    finding = identity_test.identity(*pair)
    assert finding.answer is Answer.UNKNOWN
    assert "does not show it" in finding.reason


def test_the_finite_field_knows_sums_of_angles():
    assert identity_test.identity(sin(2 * x), 2 * sin(x) * cos(x)).answer is Answer.PROVED
    assert identity_test.identity(cos(x / 2 + u) ** 2, (1 + cos(x + 2 * u)) / 2).answer is Answer.PROVED
    assert identity_test.identity(tan(x + u) * (1 - tan(x) * tan(u)), tan(x) + tan(u)).answer is Answer.PROVED
    assert identity_test.identity(cos(x + u), cos(x) * cos(u) + sin(x) * sin(u)).answer is Answer.REFUTED
    assert identity_test.order_of(tau * (sin(2 * x) - 2 * sin(x) * cos(x)) + tau**2, Integer(0), tau) == 2


def test_roots_in_exponents_and_angles_are_one_more_unknown():
    root = sqrt(gamma**2 - 4 * m * d)
    assert (
        identity_test.identity(exp((x + root) * u) * exp((x - root) * u), exp(2 * x * u)).answer
        is Answer.PROVED
    )
    assert identity_test.identity(sin(u * root) ** 2 + cos(u * root) ** 2, Integer(1)).answer is Answer.PROVED
    # Of what is modelled with few of its relations no difference is certain.
    assert identity_test.identity(exp(u * root), exp(2 * u * root)).answer is Answer.UNKNOWN


@pytest.mark.parametrize("engine", [sampling, interval], ids=lambda e: e.NAME)
@pytest.mark.parametrize("pair", TRUE.values(), ids=TRUE)
def test_refuters_leave_alone_what_is_true(engine, pair):
    assert engine.identity(*pair).answer is Answer.UNKNOWN


@pytest.mark.parametrize("engine", [identity_test, flint, smt], ids=lambda e: e.NAME)
@pytest.mark.parametrize("name", [n for n in FALSE if n != "at zero"])
def test_no_prover_accepts_what_is_false(engine, name):
    assert engine.identity(*FALSE[name]).answer is not Answer.PROVED


@pytest.mark.parametrize("pair", FALSE.values(), ids=FALSE)
def test_what_is_false_fails_with_a_witness(pair):
    verdict = identical(*pair)
    assert verdict.outcome is Outcome.FAILS
    assert verdict.witness.startswith("at ")


def test_the_witness_is_exact_where_fractions_suffice():
    left, right = FALSE["coefficient"]
    where, values = sampling.identity(left, right).witness.removeprefix("at ").split(": ")
    at = {n: Fraction(q) for n, q in (pair.split(" = ") for pair in where.split(", "))}
    ratio = at["dt"] / at["tau"]
    mine = 1 - ratio + ratio**2 / 2 - ratio**3 / 6 + ratio**4 / 24
    assert values == f"{mine} against {mine + ratio**5 / 120}"


def test_a_witness_for_roots_is_exact_at_squares():
    assert "." not in identical(sqrt(mu) + sqrt(L), sqrt(mu * L)).witness


# ------------------------------------------------------------------ engines that lie


@pytest.mark.parametrize("engine", [identity_test, flint], ids=lambda e: e.NAME)
def test_a_prover_that_proves_everything_is_a_conflict(monkeypatch, engine):
    lying(monkeypatch, engine, "proves")
    verdict = identical(x, 2 * x)
    assert verdict.outcome is Outcome.FAILS
    assert "conflict" in verdict.evidence[0]


@pytest.mark.parametrize("pair", FALSE.values(), ids=FALSE)
def test_what_all_provers_get_wrong_is_seen_at_few_points(monkeypatch, pair):
    for engine in (identity_test, flint):
        lying(monkeypatch, engine, "proves")
    verdict = identical(*pair)
    assert verdict.outcome is Outcome.FAILS
    assert "conflict" in verdict.evidence[0]


@pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES)
def test_an_engine_that_refutes_everything_is_a_conflict(monkeypatch, engine):
    lying(monkeypatch, engine, "refutes")
    verdict = identical(x + x * u, x * (1 + u))
    assert verdict.outcome is Outcome.FAILS
    assert "conflict" in verdict.evidence[0]


def test_both_provers_together_are_still_refuted(monkeypatch):
    for engine in (identity_test, flint):
        lying(monkeypatch, engine, "proves")
    assert "conflict" in identical(x, 2 * x).evidence[0]


@pytest.mark.parametrize("engine", [identity_test, flint], ids=lambda e: e.NAME)
def test_one_prover_alone_is_no_pass_and_says_so(monkeypatch, engine):
    lying(monkeypatch, engine, "shrugs")
    lying(monkeypatch, smt, "shrugs")
    verdict = identical(x + x * u, x * (1 + u))
    assert verdict.outcome is Outcome.UNDECIDABLE
    other = {identity_test: flint, flint: identity_test}[engine]
    assert f"only {other.NAME} proves it" in verdict.evidence[0]


def test_no_prover_is_no_pass_however_well_the_balls_agree(monkeypatch):
    for engine in (identity_test, flint, smt):
        lying(monkeypatch, engine, "shrugs")
    assert identical(x + x * u, x * (1 + u)).outcome is Outcome.UNDECIDABLE


def test_a_second_family_can_be_z3(monkeypatch):
    lying(monkeypatch, identity_test, "shrugs")
    verdict = identical(x + x * u, x * (1 + u))
    assert verdict
    assert smt.NAME in verdict.engines
    assert "one engine" not in verdict.evidence[0]


def test_two_engines_of_one_family_count_once(monkeypatch):
    for engine in (identity_test, smt):
        lying(monkeypatch, engine, "shrugs")
    lying(monkeypatch, interval, "proves")
    assert identical(x + x * u, x * (1 + u)).outcome is Outcome.UNDECIDABLE


@pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES)
def test_an_engine_that_breaks_down_is_no_pass(monkeypatch, engine):
    def broken(left, right, *attempts):
        raise ZeroDivisionError("lost")

    # One prover is left, so that a second one would be enough.
    _, *others = (e for e in (identity_test, flint) if e is not engine)
    for other in (*others, smt):
        lying(monkeypatch, other, "shrugs")
    monkeypatch.setattr(engine, "identity", broken)
    verdict = identical(x, x)
    assert verdict.outcome is Outcome.UNDECIDABLE
    if engine in (identity_test, flint):
        assert "broke down: ZeroDivisionError: lost" in verdict.evidence[0]


def test_an_answer_has_no_truth_value():
    with pytest.raises(TypeError, match="no truth value"):
        bool(Answer.UNKNOWN)


# ------------------------------------------------------------------ the finite field


def test_the_field_is_one_in_which_small_numbers_are_positive():
    from sympy import isprime

    assert prime_field.P == 2 * prime_field.Q + 1
    assert isprime(prime_field.P)
    assert isprime(prime_field.Q)
    assert pow(prime_field.GENERATOR, prime_field.Q, prime_field.P) == 1 != prime_field.GENERATOR
    assert all(pow(n, prime_field.Q, prime_field.P) == 1 for n in range(2, 44))
    assert 2**error_bound.FIELD_BITS < prime_field.Q


@pytest.mark.parametrize(
    ("expression", "bound"),
    [(x**3 * u, 4), (m, 2), (1 / x, 1), (x / u + u / x, 4), ((x + u) ** 5, 5), (Integer(7), 1)],
)
def test_the_degree_is_walked_from_the_formula(expression, bound):
    assert error_bound.error_bound(expression).degree == bound


@pytest.mark.parametrize("expression", [x, sqrt(m), Abs(x), Abs(x) * sign(u), (x + u) ** 64, sqrt(m + tau)])
def test_the_error_is_below_the_wanted_bound(expression):
    found = error_bound.error_bound(expression)
    sectors = 2 ** (len(found.signed) + len(found.positive))
    missed = sectors * Fraction(found.degree * sectors, prime_field.Q) ** found.points
    unvisited = sectors * Fraction(sectors - 1, sectors) ** found.attempts
    assert missed + unvisited < Fraction(1, 2**100)
    assert "error below 2^-1" in str(found)


def test_more_degree_needs_more_points():
    high = x
    for _ in range(4):
        high = (high + u) ** 64
    assert error_bound.error_bound(high).points > error_bound.error_bound(x).points


def test_an_absurd_degree_is_refused():
    high = x
    for _ in range(9):
        high = (high + u) ** 64
    with pytest.raises(UndecidedError, match="too high to be trusted"):
        error_bound.error_bound(high)
    assert identity_test.identity(high, high).answer is Answer.UNKNOWN


def test_too_many_branches_are_refused():
    assert identity_test.identity(sum(map(Abs, (x, u, v, rho))), Integer(0)).answer is Answer.UNKNOWN


def test_the_bound_is_honest_in_a_small_field():
    # x**d - x vanishes on many points of a small field: the share never exceeds d/q.
    q = 1009
    for power in (2, 3, 7, 64):
        zeros = sum((pow(a, power, q) - a) % q == 0 for a in range(q))
        assert zeros <= error_bound.error_bound(x**power - x).degree


def test_an_answer_that_depends_on_a_branch_is_unknown():
    nested = sqrt(mu + L - 2 * sqrt(mu) * sqrt(L))
    for right in (sqrt(L) - sqrt(mu), sqrt(mu) - sqrt(L)):
        found = identity_test.identity(nested, right)
        assert found.answer is Answer.UNKNOWN
        assert "branch" in found.reason
        assert not identical(nested, right)


def test_an_order_that_depends_on_a_branch_is_no_pass():
    root = sqrt(x**2 - 2 * x * u + u**2)
    assert not check(Limit(tau, 0), law({v: root + tau}), law({v: x - u}))
    assert not check(Integrate(forward_euler, dt), law({dot(x): root}), rule({x: x + dt * (x - u)}))


def test_a_branch_that_depends_on_a_number_is_unknown():
    surd = sqrt(3 + 2 * sqrt(2), evaluate=False)
    assert identity_test.identity(surd, -1 - sqrt(2)).answer is Answer.UNKNOWN


@pytest.mark.parametrize("unknown", [erf(x), EulerGamma * x, I * x])
def test_the_field_says_what_it_does_not_know(unknown):
    assert identity_test.identity(unknown, unknown).answer is Answer.UNKNOWN


# ------------------------------------------------------------------ flint


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (cos(x) ** 2, 1 - sin(x) ** 2),
        (log(x**2 - 1) + 1, 1 + log((x - 1) * (x + 1))),
        (sqrt(6 * m), sqrt(2) * sqrt(3) * sqrt(m)),
        (m ** Rational(1, 3) * m ** Rational(1, 6), sqrt(m)),
        (exp(x / 3) ** 2 * exp(x / 3), exp(x)),
    ],
)
def test_flint_knows_relations(left, right):
    assert flint.identity(left, right).answer is Answer.PROVED


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (sqrt(m), -sqrt(m)),
        (grad(x), grad(u)),
        (log(x), log(u)),
        (exp(x), exp(2 * x)),
        (Abs(x), sign(x)),
        (cos(x), sin(x)),
        (1 / (x - x * Integer(1) ** 2 + sqrt(m) - sqrt(m) + u), 1 / x),
    ],
)
def test_flint_proves_nothing_false(left, right):
    assert flint.identity(left, right).answer is not Answer.PROVED


def test_flint_writes_the_difference_in_factors():
    found = flint.identity(rho * u - eta * G, rho * u - (1 - rho) * eta * G)
    assert found.difference == "-eta*rho*grad(x)"


def test_what_grows_too_large_is_unknown():
    big = (x + u + v + m + L + mu + 1) ** 40
    found = flint.identity(big * (1 + x), big + x * big + 1)
    assert found.answer is Answer.UNKNOWN
    assert "too large" in found.reason


@pytest.mark.parametrize("power", [10**3, 10**9, 10**30])
def test_high_powers_are_not_multiplied_out(power):
    assert flint.identity((1 + x) ** power, (1 + u) ** power).answer is Answer.UNKNOWN


@pytest.mark.parametrize("power", [300, 4000, -4000, 10**9])
def test_a_high_power_is_one_more_unknown(power):
    assert identical((1 + x) ** power + u, u + (x + 1) ** power)
    assert identical((1 + x) ** power, 2 * (1 + x) ** power).outcome is Outcome.FAILS
    assert identical((1 + x) ** power, (1 + u) ** power).outcome is Outcome.FAILS
    assert flint.identity((1 + x) ** power, (1 + u) ** power).answer is Answer.UNKNOWN


def test_dividing_by_zero_proves_nothing():
    nothing = (x + u) ** 2 - x**2 - 2 * x * u - u**2
    for engine in (identity_test, flint):
        assert engine.identity(1 / nothing, 1 / nothing).answer is Answer.UNKNOWN


@pytest.mark.parametrize(
    ("expression", "order"),
    [
        (tau / (1 + tau), 1),
        ((1 - tau) ** 3 - 1 + 3 * tau, 2),
        (1 / tau - 1 / (tau + tau**2), 0),
        (1 / tau**2, -2),
        (x - u, 0),
    ],
)
def test_two_engines_measure_the_same_order(expression, order):
    assert flint.order_of(expression, Integer(0), tau) == order
    assert identity_test.order_of(expression, Integer(0), tau) == order


def test_engines_that_measure_different_orders_are_a_conflict(monkeypatch):
    monkeypatch.setattr(flint, "order_of", lambda left, right, small: 2)
    verdict = check(Limit(tau, 0), law({v: x + tau * u}), law({v: x}))
    assert verdict.outcome is Outcome.FAILS
    assert "conflict" in verdict.evidence[0]


def test_an_order_that_one_engine_measures_says_so():
    verdict = check(Limit(tau, 0), law({v: x * exp(tau)}), law({v: x}))
    assert verdict
    assert "one engine only" in verdict.evidence[0]


# ------------------------------------------------------------------ z3


def proved(hypotheses, goal):
    return smt.implies(hypotheses, goal).answer


def at_least(expression):
    return Condition(expression, ">= 0")


def above(expression):
    return Condition(expression, "> 0")


@pytest.mark.parametrize(
    ("hypotheses", "goal"),
    [
        ((), Condition(dt / tau + 1, "!= 0")),
        ((), at_least(gamma * (x - u) ** 2)),
        ((), at_least(x**2 + x * u + u**2)),
        ((), above(1 - exp(-dt / tau))),
        ((at_least(L - mu),), at_least(sqrt(L) - sqrt(mu))),
        ((above(1 - x**2),), above(1 - x)),
        ((), at_least(Abs(x) + x)),
        ((above(tau - dt),), above(1 - dt / tau)),
    ],
)
def test_inequalities_are_proved(hypotheses, goal):
    assert proved(hypotheses, goal) is Answer.PROVED


@pytest.mark.parametrize(
    ("hypotheses", "goal"),
    [
        ((), at_least(x**2 + 3 * x * u + u**2)),
        ((), Condition(dt / tau - 1, "!= 0")),
        ((at_least(mu - L),), above(sqrt(L) - sqrt(mu))),
        ((above(dt - tau),), above(1 - dt / tau)),
    ],
)
def test_false_inequalities_have_a_counterexample_in_fractions(hypotheses, goal):
    found = smt.implies(hypotheses, goal)
    assert found.answer is Answer.REFUTED
    pairs = (pair.split(" = ") for pair in found.witness.removeprefix("at ").split(", "))
    names = {s.name: s for s in goal.expression.free_symbols}
    at = {names[n]: Fraction(q) for n, q in pairs}
    assert satisfied(hypotheses, at)
    assert not satisfied((goal,), at)


def test_nothing_follows_from_a_contradiction():
    found = smt.implies((above(x), above(-x)), above(rho))
    assert found.answer is Answer.UNKNOWN
    assert "contradict" in found.reason


def test_an_equivalence_needs_both_directions():
    inside, edges = (at_least(1 - x**2),), (at_least(1 - x), at_least(1 + x))
    assert smt.equivalent(inside, edges).answer is Answer.PROVED
    assert smt.equivalent(inside, edges[:1]).answer is Answer.REFUTED
    assert smt.equivalent(edges[:1], inside).answer is Answer.REFUTED


def test_jury_region_of_a_quadratic_with_two_real_roots():
    # For real roots r and s of z**2 - (r + s)*z + r*s, both inside the unit circle: the Jury conditions.
    r, s = rho, x
    jury = (above(1 - (r + s) + r * s), above(1 + r + s + r * s), above(1 - r * s))
    inside = (above(1 - r**2), above(1 - s**2))
    assert smt.equivalent(jury, inside).answer is Answer.PROVED
    assert smt.equivalent(jury[:2], inside).answer is Answer.REFUTED


def test_the_core_of_a_contradiction_is_named_and_small():
    possible, core = smt.consistent((above(x - gamma), above(-x), above(rho)))
    assert possible is False
    assert {str(c) for c in core} == {"gamma > 0", "-x > 0", "-gamma + x > 0"}
    assert smt.consistent((above(x - gamma), above(rho))) == (True, ())
    assert smt.consistent((above(log(x)),)) == (None, ())


@pytest.mark.slow
@pytest.mark.parametrize("engine", [identity_test, smt], ids=lambda e: e.NAME)
def test_polyaks_optimum_with_nested_roots(engine):
    beta = ((sqrt(mu + d) - sqrt(mu)) / (sqrt(mu + d) + sqrt(mu))) ** 2
    best = 4 / (sqrt(mu + d) + sqrt(mu)) ** 2
    assert engine.identity((1 + sqrt(beta)) ** 2, best * (mu + d)).answer is Answer.PROVED
    assert engine.identity((1 - sqrt(beta)) ** 2, best * mu).answer is Answer.PROVED
    assert engine.identity((1 - sqrt(beta)) ** 2, best * (mu + d)).answer is not Answer.PROVED
    assert identical((1 + sqrt(beta)) ** 2, best * (mu + d))
    assert not identical((1 + sqrt(beta)) ** 2, best * mu)


def test_two_places_of_one_function_give_no_false_counterexample():
    same = Condition(grad((x + u) ** 2) - grad(x**2 + 2 * x * u + u**2), "= 0")
    assert smt.implies((), same).answer is Answer.UNKNOWN


def test_what_z3_is_not_asked_is_unknown():
    for expression in (log(x), sin(x), Abs(x) ** sqrt(2), x**100, EulerGamma):
        with pytest.raises(UndecidedError):
            smtlib.Script().term(expression)
        assert proved((), above(expression)) is Answer.UNKNOWN


def test_z3_is_killed_when_its_time_is_over(monkeypatch):
    monkeypatch.setattr(smt, "_command", lambda: (sys.executable, "-c", "import time; time.sleep(60)"))
    monkeypatch.setattr(smt, "SECONDS", 0.05)
    assert proved((), at_least(x**2 + 7 * u**2)) is Answer.UNKNOWN
    assert smt.consistent((above(x - 17),)) == (None, ())


def test_a_z3_that_is_missing_or_babbles_is_unknown(monkeypatch):
    for command in (("/nowhere/z3",), (sys.executable, "-c", "print('proved!')")):
        monkeypatch.setattr(smt, "_command", lambda command=command: command)
        smt._implies.cache_clear()
        assert proved((), at_least(x**2 + 9 * u**2)) is Answer.UNKNOWN
        assert smt.identity(x, x).answer is Answer.UNKNOWN
    smt._implies.cache_clear()


def test_z3_without_its_program_runs_through_python(monkeypatch):
    through = (sys.executable, "-c", smt._THROUGH_PYTHON)
    monkeypatch.setattr(smt, "_command", lambda: through)
    monkeypatch.setattr(smt, "SECONDS", 120.0)  # Python has to start first, perhaps on a busy machine
    assert smt.identity((x + u) ** 2, x**2 + 2 * x * u + u**2).answer is Answer.PROVED
    assert smt.identity((x + u) ** 2, x**2 + u**2).answer is Answer.REFUTED


def test_a_killed_process_leaves_nothing_behind():
    script = (
        "from physsym.verify.engines.solver_process import ask; import os, sys;"
        "assert ask((sys.executable, '-c', 'import time; time.sleep(60)'), '', 0.1) is None;"
        "\ntry: os.waitpid(-1, os.WNOHANG)\nexcept ChildProcessError: print('none')"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "none\n"


def test_uniqueness_beyond_the_form_is_proved_by_solving_for_two():
    cubic = law({v**3 + v * x**2 + v * u**2 + 2 * v * x * u + v: 0})
    assert check(Isolate(v), cubic, law({v: 0}))
    crossing = check(Isolate(v), law({v**2 + v: 0}), law({v: 0}))
    assert crossing.outcome is Outcome.FAILS
    assert "two solutions" in crossing.evidence[0]
    assert "v 1 = " in crossing.witness


# ------------------------------------------------------------------ SymPy proposes, it never judges

FORBIDDEN = {
    "simplify",
    "equals",
    "solve",
    "solveset",
    "limit",
    "series",
    "nsimplify",
    "factor",
    "subs",
    "diff",
}
CHECKS = sorted((Path(__file__).parents[3] / "physsym" / "verify").rglob("*.py"))


def judged_by_sympy(text):
    """Return the forbidden names that a text takes from SymPy, or calls as a method."""
    tree = ast.parse(text)
    taken = {
        a.name
        for n in ast.walk(tree)
        if isinstance(n, ast.ImportFrom) and n.module == "sympy"
        for a in n.names
    }
    called = {
        n.func.attr for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)
    }
    return FORBIDDEN & (taken | called)


@pytest.mark.parametrize("path", CHECKS, ids=lambda p: p.stem)
def test_no_check_lets_sympy_judge(path):
    proposes = path.stem in ("quotients", "variation")  # what is proposed is verified there
    calls = judged_by_sympy(path.read_text()) - ({"factor"} if proposes else set())
    assert not calls


@pytest.mark.parametrize(
    "text", ["from sympy import simplify", "a.equals(b)", "import sympy\nsympy.limit(a, b, 0)"]
)
def test_a_check_that_lets_sympy_judge_is_seen(text):
    assert judged_by_sympy(text)


# ------------------------------------------------------------------ functions that the field does not know


@pytest.mark.parametrize("function", [log, sin], ids=str)
def test_a_function_takes_one_value_at_a_place_and_others_elsewhere(function):
    point = prime_field.Point(seed=1)
    here, again, there = (point.value(function(place)) for place in (x * (u + 1), x * u + x, x * u))
    assert here == again != there


def test_two_functions_at_one_place_are_two_numbers():
    point = prime_field.Point(seed=1)
    assert len({point.value(f(x)).terms for f in (log, sin, cos)}) == 3


@pytest.mark.parametrize(
    ("exponent", "error", "says"),
    [
        (1 / h, DivergenceError, r"^exp\(1/h\) grows beyond every power$"),
        (x / h, UndecidedError, r"^the sign of x/h decides whether"),
    ],
)
def test_an_exponential_of_a_pole_says_why_it_has_no_value(exponent, error, says):
    with pytest.raises(error, match=says):
        prime_field.Point(seed=1, small=h, terms=4).value(exp(exponent))


@pytest.mark.parametrize("loaded", [False, True])
def test_nothing_runs_between_fork_and_exec_where_jax_is_loaded(monkeypatch, loaded):
    calls = []
    monkeypatch.setattr("subprocess.Popen", lambda *_, **options: calls.append(options) or none_started())
    monkeypatch.setattr("sys.modules", {**sys.modules} | ({"jax": None} if loaded else {}))
    if not loaded:
        sys.modules.pop("jax", None)
    assert ask(("z3",), "", 1) is None
    assert (calls[0]["preexec_fn"] is None) == (loaded or sys.platform != "linux")


def none_started():
    raise OSError
