"""Rules of optimizers in two forms: the same where they are, different where they are not, never wrong."""

from __future__ import annotations

import pytest
from sympy import Abs, Eq, Max, Min, Ne, Piecewise, Symbol, sign, sqrt

import physsym as ps
from physsym.core.statements import rule
from physsym.core.symbols import after, potential
from physsym.core.verdicts import Condition, Hypothesis, Outcome
from physsym.verify import conditions
from physsym.verify.engines import smt
from physsym.vocabulary import G, rho, u, x

k, m, v, vmax, b1, b2, eps, lr, c, d, lam, g0 = (
    Symbol(n, real=True) for n in ("k", "m", "v", "vmax", "b1", "b2", "eps", "lr", "c", "d", "lam", "g0")
)
kp, vp, mp = after(k), after(v), after(m)
P_ = Piecewise
RANGES = (b1 >= 0, b1 < 1, b2 >= 0, b2 < 1, eps > 0, k >= 0)
YES, NO, IF = Outcome.HOLDS, Outcome.FAILS, Outcome.CONDITIONAL


def adam(new, **more):
    return rule({k: k + 1, m: b1 * m + (1 - b1) * G, v: b2 * v + (1 - b2) * G**2, x: new}, **more)


PAIRS = [
    (
        "adam eps folded",
        YES,
        adam(x - lr * (mp / (1 - b1**kp)) / (sqrt(vp / (1 - b2**kp)) + eps), ranges=RANGES),
        adam(x - lr * mp / ((1 - b1**kp) * (eps + sqrt(vp / (1 - b2**kp)))), ranges=RANGES),
    ),
    (
        "adam other sqrt",
        IF,
        adam(x - lr * (mp / (1 - b1**kp)) / (sqrt(vp / (1 - b2**kp)) + eps), ranges=RANGES),
        adam(
            x - lr * sqrt(1 - b2**kp) / (1 - b1**kp) * mp / (sqrt(vp) + eps * sqrt(1 - b2**kp)), ranges=RANGES
        ),
    ),
    (
        "adam eps inside",
        NO,
        adam(x - lr * mp / (1 - b1**kp) / (sqrt(vp / (1 - b2**kp)) + eps)),
        adam(x - lr * mp / (1 - b1**kp) / sqrt(vp / (1 - b2**kp) + eps)),
    ),
    (
        "adam k instead of k+",
        NO,
        adam(x - lr * mp / (1 - b1**kp) / (sqrt(vp / (1 - b2**kp)) + eps)),
        adam(x - lr * mp / (1 - b1**k) / (sqrt(vp / (1 - b2**kp)) + eps)),
    ),
    (
        "amsgrad by cases",
        YES,
        rule({v: b2 * v + G**2, vmax: Max(vmax, vp), x: x - lr * G / (sqrt(after(vmax)) + eps)}),
        rule(
            {
                v: b2 * v + G**2,
                vmax: P_((vp, vp > vmax), (vmax, True)),
                x: x - lr * G / (sqrt(after(vmax)) + eps),
            }
        ),
    ),
    (
        "amsgrad min",
        NO,
        rule({v: b2 * v + G**2, vmax: Max(vmax, vp), x: x - lr * G}),
        rule({v: b2 * v + G**2, vmax: Min(vmax, vp), x: x - lr * G}),
    ),
    (
        "adamax",
        YES,
        rule({v: Max(b2 * v, Abs(G) + eps), x: x - lr * G / vp}),
        rule({v: P_((b2 * v, b2 * v >= Abs(G) + eps), (eps + Abs(G), True)), x: x - lr * G / vp}),
    ),
    (
        "adamax eps out",
        NO,
        rule({v: Max(b2 * v, Abs(G) + eps), x: x - lr * G / vp}),
        rule({v: Max(b2 * v, Abs(G)) + eps, x: x - lr * G / vp}),
    ),
    (
        "lion",
        YES,
        rule({x: x - lr * (sign(b1 * m + (1 - b1) * G) + lam * x), m: b2 * m + (1 - b2) * G}),
        rule({x: (1 - lr * lam) * x - lr * sign(b1 * m + G - b1 * G), m: b2 * m + (1 - b2) * G}),
    ),
    (
        "lion scaled sign",
        YES,
        rule({m: m, x: x - lr * sign(3 * m + G)}),
        rule({m: m, x: x - lr * sign(6 * m + 2 * G)}),
    ),
    (
        "lion betas",
        NO,
        rule({x: x - lr * sign(b1 * m + (1 - b1) * G), m: b2 * m + (1 - b2) * G}),
        rule({x: x - lr * sign(b2 * m + (1 - b2) * G), m: b2 * m + (1 - b2) * G}),
    ),
    (
        "clip forms",
        IF,
        rule({m: b1 * m + Min(Max(G, -c), c), x: x - lr * mp}, ranges=(c >= 0,)),
        rule({m: b1 * m + Max(Min(G, c), -c), x: x - lr * mp}, ranges=(c >= 0,)),
    ),
    (
        "clip by where",
        YES,
        rule({x: x - lr * Min(Max(G, -1), 1)}),
        rule({x: x - lr * P_((1, G > 1), (-1, G < -1), (G, True))}),
    ),
    (
        "clip wrong",
        NO,
        rule({x: x - lr * Min(Max(G, -1), 1)}),
        rule({x: x - lr * P_((1, G > 1), (-1, G < 0), (G, True))}),
    ),
    (
        "first step",
        YES,
        rule({m: P_((G, Eq(k, 0)), (b1 * m + (1 - d) * G, True)), k: k + 1, x: x - lr * mp}),
        rule({m: P_((b1 * m + (1 - d) * G, Ne(k, 0)), (G, True)), k: k + 1, x: x - lr * mp}),
    ),
    (
        "first step other",
        NO,
        rule({m: P_((G, Eq(k, 0)), (b1 * m + (1 - d) * G, True)), k: k + 1, x: x - lr * mp}),
        rule({m: P_((G, Eq(k, 1)), (b1 * m + (1 - d) * G, True)), k: k + 1, x: x - lr * mp}),
    ),
    (
        "guard",
        YES,
        rule({x: x - lr * P_((G / (x * x), x * x > 0), (0, True))}),
        rule({x: x - lr * P_((G / x**2, Ne(x, 0)), (0, True))}),
    ),
    ("guard dropped", IF, rule({x: x - lr * P_((G / x, Ne(x, 0)), (0, True))}), rule({x: x - lr * G / x})),
    (
        "guard other",
        NO,
        rule({x: x - lr * P_((G / x, Ne(x, 0)), (0, True))}),
        rule({x: x - lr * P_((G / x, Ne(x, 0)), (1, True))}),
    ),
    ("abs", YES, rule({x: x - lr * G / sqrt(G**2)}), rule({x: x - lr * G / Abs(G)})),
    (
        "sign guard",
        YES,
        rule({x: x - lr * P_((G / Abs(G), Ne(G, 0)), (0, True))}),
        rule({x: x - lr * sign(G)}),
    ),
    (
        "yogi",
        YES,
        rule({v: v - (1 - b2) * sign(v - G**2) * G**2, x: x - lr * G / (sqrt(vp) + eps)}),
        rule({v: v + (1 - b2) * sign(G**2 - v) * G**2, x: x - lr * G / (sqrt(vp) + eps)}),
    ),
    (
        "yogi sign",
        NO,
        rule({v: v - (1 - b2) * sign(v - G**2) * G**2, x: x}),
        rule({v: v - (1 - b2) * sign(G**2 - v) * G**2, x: x}),
    ),
    (
        "rprop",
        YES,
        rule(
            {
                g0: G,
                u: P_((Min(u * lam, c), g0 * G > 0), (Max(u / lam, d), g0 * G < 0), (u, True)),
                x: x - sign(G) * after(u),
            }
        ),
        rule(
            {
                g0: G,
                u: P_((Max(u / lam, d), g0 * G < 0), (Min(c, u * lam), G * g0 > 0), (u, True)),
                x: x - after(u) * sign(G),
            }
        ),
    ),
    (
        "radam",
        YES,
        rule({k: k + 1, m: b1 * m + G, x: x - lr * mp * P_((sqrt((kp - 4) / kp), kp > 4), (1, True))}),
        rule(
            {k: k + 1, m: b1 * m + G, x: P_((x - lr * mp, kp <= 4), (x - lr * mp * sqrt(1 - 4 / kp), True))}
        ),
    ),
    (
        "polyak",
        YES,
        rule({x: x - Min(potential(x) / G**2, c) * G}),
        rule({x: x - P_((c * G, c < potential(x) / G**2), (potential(x) / G, True))}),
    ),
    (
        "start same",
        YES,
        rule({u: rho * u - lr * G, x: x + after(u)}, start={u: -lr * x}),
        rule({u: rho * u - lr * G, x: x + after(u)}, start={u: -x * lr}),
    ),
    (
        "start other",
        NO,
        rule({u: rho * u - lr * G, x: x + after(u)}, start={u: -lr * x}),
        rule({u: rho * u - lr * G, x: x + after(u)}, start={u: lr * x}),
    ),
    (
        "start unknown",
        IF,
        rule({u: rho * u - lr * G, x: x + after(u)}, start={u: 0}),
        rule({u: rho * u - lr * G, x: x + after(u)}),
    ),
]


@pytest.mark.parametrize(("expected", "first", "second"), [p[1:] for p in PAIRS], ids=[p[0] for p in PAIRS])
def test_a_pair_of_rules(expected, first, second):
    assert ps.same_rule(first, first)
    verdict = ps.same_rule(first, second)
    assert verdict.outcome is expected, verdict
    if expected is NO:
        assert verdict.witness or "start" in str(verdict)


def test_start_values_are_compared():
    moving = {u: rho * u - lr * G, x: x + after(u)}
    told = str(ps.same_rule(rule(moving, start={u: -lr * x}), rule(moving, start={u: lr * x})))
    assert "the start values of u differ by" in told
    open_one = ps.same_rule(rule(moving, start={u: 0}), rule(moving))
    assert open_one.assumes == (Hypothesis("u starts at 0 in both rules"),)
    assert ps.same_rule(rule(moving), rule(moving))


def test_the_ranges_of_rules_are_natural_ranges():
    one, other = rule({x: x - lr * sqrt(c**2) * G}), rule({x: x - lr * c * G})
    within = rule({x: x - lr * c * G}, ranges=(c >= 0,))
    assert ps.same_rule(one, within).outcome is Outcome.CONDITIONAL
    told = str(ps.same_rule(one, within))
    assert "c >= 0" in told
    below = rule({x: x - lr * c * G}, ranges=(c < 0,))
    assert ps.same_rule(one, below).outcome is Outcome.FAILS
    assert ps.same_rule(one, other).outcome is not Outcome.HOLDS


def test_a_start_value_that_one_rule_leaves_open_is_said_in_plain_words():
    verdict = ps.same_rule("u <- rho*u - eta*G; x <- x + u+", "u <- rho*u - eta*G; x <- x + u+; u(0) = 0")
    assert verdict.outcome is Outcome.CONDITIONAL
    assert "the same if u starts at 0" in str(verdict)


def test_each_of_several_conditions_is_told_as_alone():
    b, k, c = (Symbol(n, real=True) for n in ("b", "k", "c"))
    given = (Condition(b, "> 0"), Condition(1 - b ** (k + 1), ">= 0"), Condition(c - 1, ">= 0"))
    goals = (Condition(c, "> 0"), Condition(-c, ">= 0"), Condition(b, ">= 0"), Condition(k, ">= 0"))
    assert conditions.implied_each(given, goals) == [conditions.implied(given, g) for g in goals]
    assert smt.implied_each(given, goals) == (True, False, True, False)
    contradictory = (Condition(c, "> 0"), Condition(-c, "> 0"))
    assert smt.implied_each(contradictory, goals) == (False,) * 4


def test_lion_with_its_averages_swapped_is_another_rule():
    b1, b2, lr, m = (Symbol(n, real=True) for n in ("b1", "b2", "lr", "m"))

    def lion(first, second):
        return rule({x: x - lr * sign(first * m + (1 - first) * G), m: second * m + (1 - second) * G})

    verdict = ps.same_rule(lion(b1, b2), lion(b2, b1))
    assert verdict.outcome is Outcome.FAILS
    assert "at b1 = " in verdict.witness


def test_both_forms_of_the_root_of_adam_are_one_rule_where_the_powers_are_defined():
    k, m, v, b1, b2, lr, eps = (Symbol(n, real=True) for n in ("k", "m", "v", "b1", "b2", "lr", "eps"))
    average, square = b1 * m + (1 - b1) * G, b2 * v + (1 - b2) * G**2
    kept = {k: k + 1, m: average, v: square}
    kp, mp, vp = after(k), after(m), after(v)
    one = rule({**kept, x: x - lr * mp / (1 - b1**kp) / (sqrt(vp / (1 - b2**kp)) + eps)})
    root = sqrt(1 - b2**kp)
    other = rule({**kept, x: x - lr * root / (1 - b1**kp) * mp / (sqrt(vp) + eps * root)})
    verdict = ps.same_rule(one, other)
    assert verdict.outcome is Outcome.CONDITIONAL
    # The bases of powers need not be positive where exponents are whole: that is not assumed.
    assert {str(c) for c in verdict.assumes} == {
        "1 - b1**(k + 1) != 0",
        "1 - b2**(k + 1) >= 0",
        "eps + sqrt((b2*v + (1 - b2)*grad(x)**2)/(1 - b2**(k + 1))) != 0",
    }
    wrong = rule({**kept, x: x - lr * root / (1 - b1**kp) * mp / (sqrt(vp) + eps)})
    assert ps.same_rule(one, wrong).outcome is Outcome.FAILS
