"""The tools that judges share: conditions, findings made into verdicts, monotone forms, orders, limits."""

from fractions import Fraction
from types import SimpleNamespace

import pytest
from sympy import Abs, Integer, Symbol, exp, log, oo, sign, sin, sqrt

from physsym import Divide, Limit, Multiply, after, before, check, dot, grad, identical, law, rule
from physsym.core.verdicts import Condition, Hypothesis, Outcome, fails, holds
from physsym.mechanics.moves import Define
from physsym.verify import conditions
from physsym.verify.cases import ADVICE
from physsym.verify.conditions import assuming, consistent, follows, nonzero
from physsym.verify.convergence_order import estimate_order
from physsym.verify.domains import defined
from physsym.verify.engines import flint, identity_test, interval, sampling, smt
from physsym.verify.engines.base import Answer, Finding
from physsym.verify.engines.error_bound import error_bound
from physsym.verify.equivalence import match_equations
from physsym.verify.identity import combine, query_engine
from physsym.verify.monotone import strictly_monotone
from physsym.verify.substitution import Refusal, map_of, substituted
from physsym.vocabulary import G, dt, eta, gamma, rho, tau, u, v, x

c, w = (Symbol(name, real=True) for name in "cw")
p = Symbol("p", positive=True)


def told(found):
    return [str(f) for f in found]


# ------------------------------------------------------------------ conditions


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (log(c), ["c > 0"]),
        (sqrt(c), ["c >= 0"]),
        (1 / sqrt(c), ["c > 0"]),
        (c**w, ["c > 0"]),
        (c**p, ["c >= 0"]),
        (c**3, []),
        (c**-3, ["c != 0"]),
        (sqrt(2) * log(3) / 5, []),
        (x / c + u / c, ["c != 0"]),
        (grad(1 / (1 - c)), ["1 - c != 0"]),
    ],
)
def test_what_must_hold_for_a_formula_to_be_defined(expression, expected):
    assert told(defined(expression)) == expected


def test_formulas_together_bring_each_condition_once():
    assert told(defined(1 / c, log(w), 2 / c)) == ["c != 0", "w > 0"]


@pytest.mark.parametrize(
    ("expressions", "expected"),
    [
        ((2 * c**3 * (w - 1),), ["c != 0", "w - 1 != 0"]),
        ((c, w), ["c != 0", "w != 0"]),
        ((Integer(7),), []),
    ],
)
def test_each_factor_that_is_no_number_must_not_vanish(expressions, expected):
    assert sorted(told(nonzero(*expressions))) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Condition(gamma, "> 0"), True),
        (Condition(gamma * c**2, ">= 0"), True),
        (Condition(-gamma, "!= 0"), True),
        (Condition(gamma - gamma, "= 0"), True),
        (Condition(c**2, "!= 0"), False),
        (Condition(c**2, "> 0"), False),
        (Condition(c, ">= 0"), False),
        (Condition(gamma, "= 0"), False),
        (Condition(c**2 - 2 * c + 2, "> 0"), True),
        (Hypothesis("the potential is smooth"), False),
    ],
    ids=str,
)
def test_what_follows_from_signs_is_reported_from_what_does_not(condition, expected):
    conditions._truth_by_engines.cache_clear()
    assert follows(condition) is expected


def test_conditions_are_added_once_and_change_nothing_else():
    first, second = Condition(c, "> 0"), Hypothesis("smooth")
    verdict = assuming(assuming(holds("seen", engines=("one",)), [first]), [second, first])
    assert verdict.assumes == (first, second)
    assert (verdict.outcome, verdict.evidence, verdict.engines) == (Outcome.HOLDS, ("seen",), ("one",))
    assert assuming(fails("no"), [first]).outcome is Outcome.FAILS


@pytest.fixture
def unseen():
    conditions._consistent.cache_clear()


def test_an_example_reports_the_value_of_each_symbol(unseen):
    verdict = consistent((Condition(c - w - 1, "> 0"), Hypothesis("smooth"), Condition(gamma, "> 0")))
    assert verdict.engines == ("exact points",)
    words, values = verdict.evidence[0].split(" at ")
    assert words == "the conditions on symbols hold together, as"
    at = dict(pair.split(" = ") for pair in values.split(", "))
    assert set(at) == {"c", "w"}
    assert Fraction(at["c"]) - Fraction(at["w"]) > 1


@pytest.mark.parametrize("assumed", [(), (Hypothesis("smooth"), Condition(gamma, "> 0"))])
def test_what_follows_needs_no_example(unseen, assumed):
    assert consistent(assumed).evidence == ("the conditions on symbols hold whatever the symbols are",)


@pytest.mark.parametrize(
    ("assumed", "outcome", "evidence"),
    [
        ((Condition(c - 1000, "> 0"),), Outcome.HOLDS, "the assumptions do not contradict each other"),
        ((Condition(log(c) - 90, "> 0"), Condition(-c, "> 0")), Outcome.UNDECIDABLE, "no example was found"),
    ],
)
def test_where_no_example_is_near_z3_is_asked(unseen, assumed, outcome, evidence):
    verdict = consistent(assumed)
    assert verdict.outcome is outcome
    assert verdict.evidence[0].startswith(evidence)
    assert verdict.engines == ("z3",)


def test_those_that_clash_are_reported_and_no_others(unseen):
    verdict = consistent((Condition(c, "> 0"), Condition(w, "> 0"), Condition(-c - 1, "> 0")))
    assert verdict.outcome is Outcome.FAILS
    words, clash = verdict.evidence[0].split(": ")
    assert words == "the assumptions contradict each other"
    assert sorted(clash.split(" and ")) == ["-c - 1 > 0", "c > 0"]
    assert verdict.engines == ("z3",)


# ------------------------------------------------------------------ equations, matched


def test_the_search_for_an_equation_ends_where_one_agrees():
    asked_for = []

    def agree(residual, side):
        asked_for.append((residual, side))
        return holds("same") if residual == side else fails("other")

    assert all(match_equations([x, u], [-u, x], agree))
    assert asked_for == [(x, -u), (x, u), (x, x), (u, -u), (u, u)]
    assert all(match_equations([x], [x], agree))
    assert asked_for[5:] == [(x, x)]


def test_where_none_agrees_the_first_is_reported():
    told_of = lambda residual, side: fails(f"{residual} is not {side}")
    assert match_equations([x, u], [v, w], told_of) == [fails("x is not v"), fails("u is not w")]


# ------------------------------------------------------------------ findings and verdicts

BY_A = Finding("a", "A", Answer.PROVED, bound="exact")
BY_A_TOO = Finding("a2", "A", Answer.PROVED, bound="exact too")
BY_B = Finding("b", "B", Answer.PROVED, bound="nearly")
AT_POINTS = Finding(sampling.NAME, "P", Answer.UNKNOWN, "no difference was found")
LOST = Finding("lost", "L", Answer.UNKNOWN, "too large")
SILENT = Finding("silent", "S", Answer.UNKNOWN)
SEEN = Finding("c", "C", Answer.REFUTED)
SEEN_TOO = Finding("d", "D", Answer.REFUTED)
SHOWN = Finding("e", "E", Answer.REFUTED, witness="at x = 1: 1 against 2")
IN_FACTORS = Finding("f", "F", Answer.UNKNOWN, difference="2*(x - 1)")

CONCLUDED = [
    (
        [BY_A, LOST, BY_B, AT_POINTS],
        holds("ends agree, a: exact, b: nearly", engines=("a", "b", sampling.NAME)),
    ),
    (
        [BY_A, SEEN, BY_B, LOST],
        fails(
            "ends: a conflict between engines: a and b proved what c refuted", engines=("a", "c", "b", "lost")
        ),
    ),
    (
        [BY_A, SEEN, SHOWN],
        fails(
            "ends: a conflict between engines: a proved what c and e refuted",
            witness=SHOWN.witness,
            engines=("a", "c", "e"),
        ),
    ),
    ([LOST, SHOWN], fails("ends differ by -u + x", witness=SHOWN.witness, engines=("e",))),
    ([IN_FACTORS, SHOWN], fails("ends differ by 2*(x - 1)", witness=SHOWN.witness, engines=("e",))),
    ([SEEN, SEEN_TOO, LOST], fails("ends differ by -u + x", engines=("c", "d"))),
]


@pytest.mark.parametrize(("findings", "verdict"), CONCLUDED)
def test_the_verdict_that_findings_amount_to(findings, verdict):
    assert combine(findings, x, u, "ends") == verdict


@pytest.mark.parametrize(
    ("findings", "doubt"),
    [
        ([BY_A, BY_A_TOO], "ends: only a and a2 proves it; "),
        ([BY_A, LOST, AT_POINTS], "ends: only a proves it; lost: too large; "),
        ([SEEN, LOST], "ends: c sees a difference, but no point shows it; lost: too large; "),
        ([LOST, SILENT, LOST], "ends: lost: too large; lost: too large; "),
        ([AT_POINTS], "ends: "),
    ],
)
def test_findings_that_leave_doubt_tell_why(findings, doubt):
    verdict = combine(findings, x, u, "ends")
    assert verdict.outcome is Outcome.UNDECIDABLE
    assert verdict.evidence == (f"{doubt}{ADVICE}",)
    assert verdict.engines == tuple(f.engine for f in findings)


@pytest.mark.parametrize("error", [ZeroDivisionError, RecursionError, TypeError, ValueError, MemoryError])
def test_an_engine_that_breaks_down_says_so_and_knows_nothing(error):
    def breaks(left, right):
        raise error("at this")

    engine = SimpleNamespace(NAME="glass", FAMILY="brittle", identity=breaks)
    reason = f"glass broke down: {error.__name__}: at this"
    assert query_engine(engine, x, u) == Finding("glass", "brittle", Answer.UNKNOWN, reason)


def test_an_engine_is_asked_about_both_sides_in_order():
    def echo(left, right):
        return Finding("echo", "echo", Answer.PROVED, f"{left}, {right}")

    engine = SimpleNamespace(NAME="echo", FAMILY="echo", identity=echo)
    assert query_engine(engine, x, u).reason == "x, u"


def test_what_an_engine_decided_is_kept_and_what_it_left_open_is_asked_again():
    def never_twice(left, right):
        asked_for.append((left, right))
        return Finding("echo", "echo", Answer.UNKNOWN if len(asked_for) < 3 else Answer.REFUTED)

    asked_for = []
    engine = SimpleNamespace(NAME="echo", FAMILY="echo", identity=never_twice)
    found = [query_engine(engine, x, u).answer for _ in range(4)]
    assert found == [Answer.UNKNOWN, Answer.UNKNOWN, Answer.REFUTED, Answer.REFUTED]
    assert asked_for == [(x, u)] * 3
    assert query_engine(engine, u, x).answer is Answer.REFUTED
    assert asked_for[3:] == [(u, x)]


def test_both_sides_are_called_so_unless_they_have_a_name():
    assert identical(x, 2 * x).evidence == ("both sides differ by -x",)
    assert identical(x, 2 * x, what="ends").evidence == ("ends differ by -x",)


def test_a_further_engine_is_asked_where_one_family_proves_alone(monkeypatch):
    asked_for = []

    def answer(left, right):
        asked_for.append((left, right))
        return Finding(smt.NAME, smt.FAMILY, Answer.PROVED, bound="a proof")

    monkeypatch.setattr(smt, "identity", answer)
    assert identical(x + u, u + x)
    assert not identical(x, u)
    assert asked_for == []
    monkeypatch.setattr(identity_test, "identity", lambda left, right: LOST)
    verdict = identical((x + u) * c, x * c + u * c)
    assert asked_for == [((x + u) * c, x * c + u * c)]
    assert verdict.evidence == ("both sides agree, flint: exact, z3: a proof",)
    assert verdict.engines == (flint.NAME, sampling.NAME, interval.NAME, smt.NAME)


# ------------------------------------------------------------------ monotone forms


@pytest.mark.parametrize(
    ("expression", "conditions"),
    [
        (v, []),
        (-v, []),
        (-gamma * v - 2 * v**3, []),
        (c + w + v, []),
        (sign(v) * Abs(v) ** c, ["c > 0"]),
        (sign(v) * Abs(v) ** p, []),
        (sign(v) * Abs(v) ** c + v * Abs(v) ** w, ["c > 0", "w + 1 > 0"]),
        (sign(v) ** 3 * Abs(v), []),
        (-v * (v**2 + Abs(v)), []),
        (2 * gamma * (v**2 + Abs(v)) * v * (1 + v**2), []),
        (exp(v) + v, []),
        (c * exp(-v) + w, ["c != 0"]),
    ],
)
def test_forms_that_rise_or_fall_strictly(expression, conditions):
    found, assumed = strictly_monotone(expression, v)
    assert found is True
    assert sorted(told(assumed)) == conditions


@pytest.mark.parametrize(
    "expression",
    [
        Integer(3),
        c + w,
        c * v,
        v - v**3,
        -v + Abs(v) * v,
        v**2,
        v**-1,
        v**c,
        v**2 * sign(v) ** 2,
        Abs(v),
        sign(v),
        sign(v) / Abs(v),
        sign(v) * Abs(v) ** -p,
        sign(v) * Abs(v) ** v,
        sin(v),
        sin(v) * Abs(v),
        v * (v - Abs(v)),
        v * (1 + v),
        exp(v) - v,
        exp(v) + w * exp(-v),
        gamma * Abs(v) ** c,
        (v - v) * v + c,
    ],
)
def test_forms_of_which_nothing_is_known(expression):
    assert strictly_monotone(expression, v)[0] is False


@pytest.mark.parametrize("symbol", [c, v, w])
def test_terms_without_the_symbol_change_nothing_in_any_order(symbol):
    for term in (symbol, -symbol):
        assert strictly_monotone(c + v + w - symbol + term, symbol) == (True, ())


# ------------------------------------------------------------------ orders

BOTH, ONE = (identity_test.NAME, flint.NAME), (identity_test.NAME, interval.NAME)


@pytest.mark.parametrize(
    ("left", "right", "small", "to", "order", "engines"),
    [
        (x + u * tau**2, x, tau, Integer(0), 2, BOTH),
        (1 / (1 + tau), 1 - tau, tau, Integer(0), 2, BOTH),
        (u / tau, Integer(0), tau, Integer(0), -1, BOTH),
        (x + tau, u, tau, Integer(0), 0, BOTH),
        (x * (u + tau), x * u + x * tau, tau, Integer(0), oo, BOTH),
        (x + u * tau**20, x, tau, Integer(0), 20, BOTH),
        (x * (c - 1) ** 3, Integer(0), c, Integer(1), 3, BOTH),
        (x * (c - w), Integer(0), c, w, 1, BOTH),
        (x / gamma**2, Integer(0), gamma, oo, 2, BOTH),
        (gamma, Integer(0), gamma, oo, -1, BOTH),
        (x / c, Integer(0), c, -oo, 1, BOTH),
        (c / (1 - c), Integer(-1), c, -oo, 1, BOTH),
        (exp(tau), 1 + tau, tau, Integer(0), 2, ONE),
    ],
)
def test_the_order_at_which_two_expressions_meet(left, right, small, to, order, engines):
    found = estimate_order(left, right, small, to)
    assert found.order == order
    assert found.engines == engines
    ending = ", flint: exact" if engines == BOTH else ", one engine only"
    assert found.bound == f"finite field: {error_bound(left, right, terms=8)}{ending}"


@pytest.mark.parametrize(
    ("left", "right", "order", "sharp"),
    [
        (x * exp(tau**7), x, 7, True),
        (x * exp(tau**9), x, 9, True),
        (x * exp(tau**15), x, 15, True),
        (x * exp(tau**40), x, 16, False),
        (exp(tau) * exp(x), exp(x + tau), oo, True),
        (x * exp(-1 / tau), Integer(0), oo, True),
    ],
)
def test_series_that_agree_as_far_as_they_are_known_give_a_lower_bound(left, right, order, sharp):
    found = estimate_order(left, right, tau, Integer(0))
    assert (found.order, found.sharp) == (order, sharp)


@pytest.mark.parametrize(("power", "lie"), [(1, 2), (3, 2), (3, 9), (9, 3)])
def test_two_engines_that_measure_different_orders_contradict_each_other(monkeypatch, power, lie):
    monkeypatch.setattr(flint, "order_of", lambda left, right, small: lie)
    told = rf"a conflict between engines: order ({power}|inf) by finite field, {lie} by flint"
    with pytest.raises(Refusal, match=told):
        estimate_order(x + tau**power, x, tau, Integer(0))


def test_beyond_the_terms_of_a_series_the_exact_engine_has_the_last_word(monkeypatch):
    monkeypatch.setattr(flint, "order_of", lambda left, right, small: 5)
    assert estimate_order(x + tau**4, x, tau, Integer(0)).order == 5


# ------------------------------------------------------------------ limits

in_tau = law({tau * dot(dot(x)): -G / gamma - dot(x)})
overdamped = law({0: -G / gamma - dot(x)})
two_masses = law({tau * dot(dot(x)): u - dot(x), tau * dot(dot(u)): -x - dot(u)})

LIMITS = [
    (
        Limit(tau, 0),
        law({v: x + tau * u}),
        law({v: x}),
        1,
        "the gap of the law closes like O(tau) and no faster",
    ),
    (
        Limit(c, 0),
        law({v: x + c**2 * u}),
        law({v: x}),
        2,
        "the gap of the law closes like O(c**2) and no faster",
    ),
    (
        Limit(c, 2),
        law({v: c * u}),
        law({v: 2 * u}),
        1,
        "the gap of the law closes like O(c - 2) and no faster",
    ),
    (
        Limit(c, -oo),
        rule({v: v / c}),
        rule({v: 0}),
        1,
        "the gap of the new value of v closes like O(1/c) and no",
    ),
    (
        Limit(tau, 0),
        rule({v: exp(-1 / tau) * v}),
        rule({v: 0}),
        oo,
        "the gap of the new value of v is zero or less than any power",
    ),
    (
        Limit(c, 0),
        rule({v: exp(c**9) * v}),
        rule({v: v}),
        9,
        "the gap of the new value of v closes like O(c**9) and no faster",
    ),
    (
        Limit(c, 0),
        rule({v: exp(c**40) * v}),
        rule({v: v}),
        16,
        "the gap of the new value of v closes at least like O(c**16)",
    ),
]


@pytest.mark.parametrize(("move", "above", "below", "exponent", "words"), LIMITS)
def test_a_limit_reports_how_the_gap_closes(move, above, below, exponent, words):
    verdict = check(move, above, below)
    assert verdict, str(verdict)
    assert verdict.error.exponent == exponent
    assert verdict.evidence[0].startswith(words)
    assert identity_test.NAME in verdict.engines


@pytest.mark.parametrize(
    ("move", "above", "below", "assumed"),
    [
        (Limit(tau, 0), law({v: x + tau * u}), law({v: x}), ["tau > 0"]),
        (Limit(tau, 2), law({v: tau * u}), law({v: 2 * u}), []),
        (Limit(tau, 2, "+"), law({v: tau * u}), law({v: 2 * u}), ["tau - 2 > 0"]),
        (Limit(tau, 2, "-"), law({v: tau * u}), law({v: 2 * u}), ["2 - tau > 0"]),
        (Limit(tau, oo), law({v: u / tau}), law({v: 0}), []),
        (Limit(c, 0), law({v: x + c * u}), law({v: x}), []),
        (Limit(c, 0), law({v: x + c * dot(u)}), law({v: x}), ["u' stays bounded as c tends to 0"]),
        (Limit(tau, 0), in_tau, overdamped, ["tau > 0", "gamma != 0"]),
        (
            Limit(tau, 0),
            two_masses,
            law({0: u - dot(x), dot(u): -x}),
            ["tau > 0"],
        ),
    ],
)
def test_a_limit_lists_its_side_and_what_stays_bounded(move, above, below, assumed):
    assert told(check(move, above, below).assumes) == assumed


def test_a_singular_limit_reports_state_by_state_where_it_holds():
    verdict = check(Limit(tau, 0), two_masses, law({0: u - dot(x), dot(u): -x}))
    assert verdict.convergence == "pointwise after a layer"
    assert verdict.evidence[-4:-1] == (
        "the fast motion exp(mu*t/tau) with mu + 1 = 0 decays",
        "u, x uniformly on finite times",
        "u', x' after a layer of width O(tau)",
    )
    assert str(verdict.error) == "O(tau)"


def test_the_part_that_is_slowest_gives_the_order():
    above = law({v: x + tau**3 * u, w: u + tau**2 * x, c: x})
    verdict = check(Limit(tau, 0), above, law({v: x, w: u, c: x}))
    assert verdict.error.exponent == 2
    assert verdict.evidence[-2] == "the law does not depend on tau"


def test_a_limit_of_what_does_not_hold_the_symbol_has_no_part_in_the_order():
    verdict = check(Limit(tau, 0), rule({u: u, x: x + tau * u}), rule({u: u, x: x}))
    assert verdict.error.exponent == 1
    assert verdict.evidence[0] == "the new value of u does not depend on tau"


NO_LIMIT = [
    (law({v: u / tau}), law({v: 0}), Outcome.FAILS, "the law has no limit: it grows like 1/tau", BOTH),
    (law({v: u / tau**2}), law({v: u}), Outcome.FAILS, "the law has no limit: it grows like tau**(-2)", BOTH),
    (rule({v: exp(1 / tau) * v}), rule({v: 0}), Outcome.FAILS, "the new value of v has no limit: ", ONE[:1]),
    (
        rule({v: v + tau}),
        rule({v: 2 * v}),
        Outcome.FAILS,
        "the new value of v tends to v, not to 2*v",
        BOTH,
    ),
    (
        law({v: exp(tau) * u}),
        law({v: 2 * u}),
        Outcome.FAILS,
        "the law tends to -u + v, not to -2*u + v",
        ONE,
    ),
    (rule({v: exp(c / tau) * v}), rule({v: 0}), Outcome.UNDECIDABLE, "the new value of v: ", ONE[:1]),
]


@pytest.mark.parametrize(("above", "below", "outcome", "words", "engines"), NO_LIMIT)
def test_what_is_no_limit_says_why(above, below, outcome, words, engines):
    verdict = check(Limit(tau, 0), above, below)
    assert verdict.outcome is outcome
    assert verdict.evidence[0].startswith(words)
    assert verdict.engines == engines
    assert verdict.error is None


@pytest.mark.parametrize(
    ("above", "below", "reason"),
    [
        (in_tau, in_tau, "though a limit was taken in it"),
        (overdamped, overdamped, "tau does not occur in the line above, so there is no limit to take"),
        (two_masses, overdamped, "2 equations due, 1 given"),
        (in_tau, law({dot(x): v, v: dot(x)}), "1 equation due, 2 given"),
        (law({tau * x: u * tau, v: x}), law({0: 0, v: x}), "nothing is left of the law as tau tends to 0"),
        (in_tau, rule({v: v}), "Limit needs a law below a law, the line is"),
        (rule({v: tau * v}), overdamped, "Limit needs a rule below a rule, the line is"),
        (rule({v: tau * v}), rule({u: u}), "a limit keeps the states of a rule"),
    ],
)
def test_what_no_limit_can_lead_to_is_refused(above, below, reason):
    verdict = check(Limit(tau, 0), above, below)
    assert verdict.outcome is Outcome.FAILS
    assert reason in verdict.evidence[0]


PARTS = (
    (law({v: x + tau * u, w: u / tau}), law({v: x, w: u})),
    (rule({v: v + tau, w: w + tau}), rule({v: v, w: 2 * w})),
)


@pytest.mark.parametrize(("above", "below"), PARTS)
def test_where_one_part_has_no_limit_there_is_no_order(above, below):
    verdict = check(Limit(tau, 0), above, below)
    assert verdict.outcome is Outcome.FAILS
    assert verdict.error is None
    assert len(verdict.evidence) == 2
    assert verdict.evidence[1] == "tau tends to 0 from above, within tau > 0"


def test_a_symbol_that_cancels_has_no_order():
    verdict = check(Limit(tau, 0), law({x + tau: u + tau}), law({x: u}))
    assert verdict.evidence[0] == "the law does not depend on tau"
    assert verdict.error is None


def test_a_rule_of_other_states_is_no_limit():
    verdict = check(Limit(tau, 0), rule({v: tau * v}), rule({u: u}))
    assert verdict.evidence == ("a limit keeps the states of a rule",)


# ------------------------------------------------------------------ lines: what is read, put in and refused


def test_parts_are_put_in_all_at_once():
    assert substituted(x + 2 * grad(u), {x: u, u: x}) == u + 2 * grad(x)
    assert substituted(sqrt(x * u), {x * u: c**2}) == Abs(c)


@pytest.mark.parametrize(
    ("line", "new"),
    [
        ({u: rho * u, x: x + after(u)}, {u: rho * u, x: x + rho * u}),
        ({x: x + u, u: rho * after(x)}, {x: x + u, u: rho * (x + u)}),
        ({x: 2 * x - before(x)}, {x: 2 * x - before(x), before(x): x}),
        (
            {x: before(before(x)) * eta},
            {x: before(before(x)) * eta, before(x): x, before(before(x)): before(x)},
        ),
    ],
)
def test_the_map_of_a_rule_reads_old_values_alone(line, new):
    assert map_of(rule(line)) == new


@pytest.mark.parametrize("twin", [Symbol("wX", real=True), Symbol("w_0", real=True), Symbol("ww", real=True)])
def test_a_longer_name_is_another_name(twin):
    assert check(Define(w, c + 1, c), law({x: twin * (c + 1)}), law({x: twin * w}))


@pytest.mark.parametrize("mark", [dot, lambda s: dot(dot(s))])
def test_a_name_at_another_instant_is_no_fresh_name(mark):
    verdict = check(Define(w, c + 1, c), law({x: mark(w) * (c + 1)}), law({x: mark(w)}))
    assert f"{mark(w)} occurs in the line x = " in verdict.evidence[0]


def test_a_line_that_repeats_the_line_above_says_so():
    verdict = check(Multiply(1), law({x: u}), law({x: u}))
    assert verdict.evidence == ("the line below is the line above: nothing was done, which is no evidence",)


def test_what_a_line_needs_is_listed_where_it_holds_and_not_where_it_fails():
    above = law({x: dt / c})
    assert told(check(Multiply(2), above, law({2 * x: 2 * dt / c})).assumes) == ["c != 0"]
    assert check(Multiply(2), above, law({2 * x: dt / c})).assumes == ()


def test_what_is_no_move_and_what_is_no_line_is_reported():
    with pytest.raises(TypeError, match=r"check needs a move such as Divide\(gamma\), given 'halve'"):
        check("halve", overdamped, overdamped)
    for lines in ((3, overdamped), (overdamped, 3)):
        with pytest.raises(TypeError, match=r"expected a law or a rule; given 3 of type int; write law\("):
            check(Divide(gamma), *lines)
