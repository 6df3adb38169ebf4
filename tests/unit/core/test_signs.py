"""Declared signs: which values have them, and which updates keep them, against exact numbers."""

import itertools

import pytest
from sympy import Abs, Max, Rational, Symbol, exp, sign, sqrt

from physsym import Integrate, after, apply, dot, grad, law, optimizer, read, rule
from physsym.core.signs import declares_sign, of_declared_sign, sign_kept, signs
from physsym.core.statements import StatementError
from physsym.integrators import forward_euler
from physsym.mechanics.moves import MoveError
from physsym.parsing.tokens import ReadError
from physsym.vocabulary import G, alpha, dt, eta, rho, x

p, b, c = (Symbol(name, positive=True) for name in ("p", "b", "c"))
n = Symbol("n", negative=True)
s = Symbol("s", nonnegative=True)
d = Symbol("d", nonpositive=True)
k = Symbol("k", real=True, nonzero=True)
r = Symbol("r", real=True)


def texts(conditions):
    return None if conditions is None else {str(c) for c in conditions}


KEPT = [
    (s, b * s + (1 - b) * G**2, {"1 - b >= 0"}),
    (s, r * s + c * G**2, {"r >= 0"}),
    (s, Max(b * s, Abs(G)), set()),
    (p, (1 - r) * p, {"1 - r > 0"}),
    (p, p * exp(-eta * G), set()),
    (p, p / (1 + b * p), set()),
    (p, p + b, set()),
    (p, p - b, None),
    (p, -p, None),
    (p, p * r + G, None),
    (p, (p - 1) ** 2, None),
    (n, b * n - c * G**2, set()),
    (n, (1 - r) * n, {"1 - r > 0"}),
    (n, -n, None),
    (n, n + b, None),
    (d, r * d, {"r >= 0"}),
    (d, d + 1, None),
    (k, 2 * k, set()),
    (k, k - 1, None),
]


@pytest.mark.parametrize(("state", "value", "conditions"), KEPT, ids=str)
def test_an_update_keeps_the_sign_of_its_target_or_does_not(state, value, conditions):
    assert texts(sign_kept(state, value, (state, x, G))) == conditions


@pytest.mark.parametrize(
    ("state", "value", "conditions"), [row for row in KEPT if row[2] is not None], ids=str
)
def test_where_the_conditions_hold_the_sign_is_kept_in_numbers(state, value, conditions):
    found = sign_kept(state, value, (state, x, G))
    numbers = [Rational(a, 4) for a in (-9, -4, -1, 0, 1, 2, 4, 11)]
    seen = 0
    for own, constant, other, slope in itertools.product(numbers, repeat=4):
        at = {state: own, r: constant, b: other, c: other, eta: other, G: slope}
        if other <= 0 or not signs(own) <= signs(state):
            continue
        if all(eval(f"{c.expression.xreplace(at)} {c.relation}") for c in found):
            new = value.xreplace(at).n()
            assert {int(bool(new > 0)) - int(bool(new < 0))} <= signs(state), at
            seen += 1
    assert seen > 20


def test_a_value_has_the_sign_of_its_name_under_a_condition():
    assert texts(of_declared_sign(eta, (dt - b) / b)) == {"-b + dt > 0"}
    assert texts(of_declared_sign(n, (rho - 1) * eta)) == {"1 - rho > 0"}
    assert texts(of_declared_sign(d, -r * b)) == {"r >= 0"}
    assert texts(of_declared_sign(k, -r * b)) == {"-r != 0"}
    assert of_declared_sign(r, -b) == ()
    assert [declares_sign(a) for a in (p, n, s, d, k, r)] == [True] * 5 + [False]


@pytest.mark.parametrize("value", [-alpha, alpha - eta, rho * alpha - G, alpha * sign(x)])
def test_a_rule_does_not_believe_the_declared_sign_of_a_state(value):
    with pytest.raises(
        StatementError, match=r"alpha is declared positive, which its new value .*declare .* real"
    ):
        rule({alpha: value, x: x + sign(alpha) * eta * G})


def test_a_sign_may_be_kept_because_another_state_keeps_its_own():
    assert rule({s: b * s, p: p / (1 + after(s))}).keeping_signs == ()
    assert texts(rule({s: rho * s + G**2, p: p + after(s)}).keeping_signs) == {"rho >= 0"}
    with pytest.raises(StatementError, match="p is declared positive"):
        rule({s: b * s, p: p - after(s)})


def test_a_second_moment_can_be_nonnegative_or_real():
    real = Symbol("s", real=True)
    kept = rule({s: b * s + (1 - b) * G**2, x: x - eta * G / sqrt(after(s))})
    assert texts(kept.keeping_signs) == {"1 - b >= 0"}
    assert rule({real: b * real + (1 - b) * G**2, x: x - eta * G / sqrt(after(real))}).keeping_signs == ()
    run = optimizer(kept, b=Rational(1, 2), eta=Rational(1, 10))
    assert run is not None


@pytest.mark.parametrize(
    "text",
    [
        "alpha <- -alpha; x <- x + Abs(alpha_t)*eta*grad(x)",
        "alpha <- alpha - eta; x <- x + Abs(alpha_t)*grad(x)",
        "x <- x - eta*Abs(gamma)*grad(x); gamma <- rho*gamma - 1",
        "tau <- -tau",
    ],
)
def test_a_text_in_which_a_declared_sign_is_lost_is_refused(text):
    # SymPy has simplified Abs(alpha) to alpha by then: the rule read would be another one.
    with pytest.raises(ReadError, match="is declared positive, which its new value"):
        read(text, unknown="refuse")


def test_a_text_may_update_a_positive_name_that_stays_positive():
    found = read("eta <- eta/2; x <- x - eta_t*G", unknown="refuse")
    assert str(found) == "eta <- eta/2; x <- x - eta_t*grad(x)"


def test_a_text_reads_the_same_with_a_real_name():
    found = read("a <- -a; x <- x + sign(a_t)*eta*grad(x)", declare=("a",))
    assert found.updates[1].value == x + sign(Symbol("a", real=True)) * eta * G


def test_a_move_that_would_lose_a_sign_gives_no_line():
    with pytest.raises(MoveError, match="Integrate gives no rule: p is declared positive"):
        apply(Integrate(forward_euler, dt), law({dot(x): p, dot(p): -grad(x)}))
    grown = apply(Integrate(forward_euler, dt), law({dot(p): b * p}))
    assert grown.targets == (p,)
