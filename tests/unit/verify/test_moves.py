"""What the judge of each move says: the outcome, the decisive words, what is assumed, and who looked."""

import pytest
from sympy import Integer, Symbol, exp, sqrt

from physsym import (
    Define,
    Divide,
    Eliminate,
    Isolate,
    Multiply,
    ReduceOrder,
    Rescale,
    after,
    before,
    check,
    damped_particle,
    dot,
    grad,
    law,
    rule,
)
from physsym.core.verdicts import Outcome
from physsym.mechanics.moves import Neglect
from physsym.vocabulary import G, dt, eta, gamma, m, rho, t, tau, u, v, x

b, c, q, w = (Symbol(name, real=True) for name in "bcqw")
LOOKED = ("finite field", "flint", "exact points", "balls")

motion = damped_particle.law()
divided = law({m / gamma * dot(dot(x)): -G / gamma - dot(x)})
in_two = law({dot(x): v, m * dot(v): -G - gamma * v})
step = rule({u: rho * u - eta * G, x: x + after(u)})
friction = rule({v: (1 - dt / tau) * v - w / tau})
slower = rule({v: rho * v - w * (1 - rho) / dt})


def assumed_by(verdict):
    return [str(a) for a in verdict.assumes]


# ------------------------------------------------------------------ what holds, and under which conditions

TRUE = [
    (Divide(gamma), motion, divided, ["gamma != 0"]),
    (Multiply(gamma), divided, motion, ["gamma != 0"]),
    (Multiply(2 * c * w**2), law({x: u}), law({2 * c * w**2 * x: 2 * c * w**2 * u}), ["c != 0", "w != 0"]),
    (Define(w, 1 / (c + 1), c), law({dot(x): v / (c + 1)}), law({dot(x): w * v}), ["c + 1 != 0"]),
    (Define(w, c + 1, c), law({dot(x): v / (c + 1)}), law({dot(x): v / w}), ["w != 0"]),
    (Define(rho, 1 - dt / tau, tau), friction, slower, ["tau != 0", "dt != 0"]),
    (Define(w, sqrt(c), c), law({dot(x): c}), law({dot(x): w**2}), ["c >= 0"]),
    (Isolate(v), law({c * v: G}), law({v: G / c}), ["c != 0"]),
    (Isolate(v), law({v: w, c * v: G}), law({v: G / c, w: v}), ["c != 0"]),
    (Isolate(v), law({c * v: G, dot(x): u}), law({dot(x): u, v: G / c}), ["c != 0"]),
    (Isolate(w), law({0: gamma * w**3 - gamma * u**3}), law({w: u}), []),
    (Isolate(w), law({w**3 - w**2 + w: 0}), law({w: 0}), []),
    (ReduceOrder(x, v), motion, in_two, []),
    (ReduceOrder(x, v), motion, law({m * dot(v): -G - gamma * v, v: dot(x)}), []),
    (Rescale(x, u, c), motion, law({m * c * dot(dot(u)): -gamma * c * dot(u) - grad(c * u)}), ["c != 0"]),
    (Rescale(x, u, c / (w + 1)), law({dot(x): v}), law({c / (w + 1) * dot(u): v}), ["c != 0", "w + 1 != 0"]),
    (Rescale(u, v, 1 / c), step, rule({v: rho * v - c * eta * G, x: x + after(v) / c}), ["c != 0"]),
    (Rescale(x, w, c), step, rule({u: rho * u - eta * grad(c * w), w: w + after(u) / c}), ["c != 0"]),
    (Rescale(x, w, sqrt(c)), rule({x: rho * x}), rule({w: rho * w}), ["c != 0", "c >= 0"]),
    (Eliminate(u), step, rule({x: x + rho * (x - before(x)) - eta * G}), []),
]  # fmt: skip


@pytest.mark.parametrize(("move", "above", "below", "assumed"), TRUE)
def test_a_right_line_holds_under_the_conditions_that_are_listed(move, above, below, assumed):
    verdict = check(move, above, below)
    assert verdict, str(verdict)
    assert assumed_by(verdict) == assumed
    assert verdict.engines[:4] == LOOKED
    assert not verdict.witness


# ------------------------------------------------------------------ what fails, at a point that shows it

SPOILED = [
    (Divide(gamma), motion, law({m / gamma * dot(dot(x)): G / gamma - dot(x)})),
    (Divide(gamma), divided, motion),
    (Multiply(gamma), motion, divided),
    (Define(w, c + 1, c), law({dot(x): v / (c + 1)}), law({dot(x): v / (w + 1)})),
    (Define(rho, 1 - dt / tau, tau), friction, rule({v: rho * v - w * (1 + rho) / dt})),
    (Isolate(v), law({c * v: G}), law({v: -G / c})),
    (Isolate(v), law({c * v: G, dot(x): u}), law({v: G / c, dot(x): -u})),
    (Isolate(w), law({w**2: w}), law({w: 0})),
    (ReduceOrder(x, v), motion, law({dot(x): v, m * dot(v): -G + gamma * v})),
    (Rescale(x, u, c), motion, law({m * dot(dot(u)): -gamma * c * dot(u) - grad(c * u)})),
    (Rescale(x, u, c), motion, law({m * c * dot(dot(u)): -gamma * dot(u) - grad(c * u)})),
    (Rescale(x, u, c), motion, law({m * c * dot(dot(u)): -gamma * c * dot(u) - grad(u)})),
    (Rescale(u, v, 1 / c), step, rule({v: rho * v - c * eta * G, x: x + after(v)})),
    (Rescale(u, v, 1 / c), step, rule({v: rho * v - eta * G, x: x + after(v) / c})),
    (Rescale(x, w, c), step, rule({u: rho * u - eta * grad(w), w: w + after(u) / c})),
    (Rescale(x, w, c), step, rule({u: rho * u - eta * grad(c * w), w: c * w + after(u)})),
    (Eliminate(u), step, rule({x: x + rho * (x - before(x)) + eta * G})),
]


@pytest.mark.parametrize(("move", "above", "below"), SPOILED)
def test_a_spoiled_line_fails_with_a_point_that_shows_it(move, above, below):
    verdict = check(move, above, below)
    assert verdict.outcome is Outcome.FAILS
    assert verdict.witness.startswith("at ")
    assert verdict.engines[:4] == LOOKED


# ------------------------------------------------------------------ what is refused, with the reason

FRESH, LEAVES = "so it is no fresh name", "though it was to leave"
REFUSED = [
    (Divide(0), motion, motion, "Divide by 0, which is zero"),
    (Multiply(0), motion, law({0: 0}), "Multiply by 0, which is zero"),
    (Divide(gamma), motion, step, f"Divide needs a law on both lines, the line is {step}"),
    (Multiply(gamma), step, motion, f"Multiply needs a law on both lines, the line is {step}"),
    (Define(v, c + 1, c), law({dot(x): v / (c + 1)}), law({dot(x): 1}), FRESH),
    (Define(w, c + 1, c), law({x: c + 1}), law({x: c}), "though defining w was to eliminate it"),
    (Define(w, m, c), law({x: c}), law({x: w}), "w = m is no definition that eliminates c"),
    (Define(w, w + c, c), law({x: c}), law({x: w}), "w = c + w is no definition that eliminates c"),
    (Define(w, c + 1, c), law({x: c + 1}), rule({x: w}), "Define needs a law below a law, the line is"),
    (Define(w, c + 1, c), rule({x: c + 1}), law({x: w}), "Define needs a rule below a rule, the line is"),
    (Isolate(v), step, law({v: 0}), "Isolate needs a law above, the line is"),
    (Isolate(v), law({c * v: G}), step, "Isolate needs a law below, the line is"),
    (Isolate(v), law({c * v: G}), law({G / c: v}), "v is not the left side of exactly one equation of"),
    (Isolate(v), law({c * v: G}), law({v: v * G}), "v is not the left side of exactly one"),
    (ReduceOrder(x, v), step, in_two, "ReduceOrder needs a law above, the line is"),
    (ReduceOrder(x, v), motion, step, "ReduceOrder needs a law below, the line is"),
    (ReduceOrder(x, v), law({dot(dot(x)): v}), in_two, FRESH),
    (ReduceOrder(x, v), motion, motion, "the acceleration x'' must occur above and not below"),
    (ReduceOrder(x, v), law({dot(x): u}), in_two, "the acceleration x'' must occur above and not below"),
    (
        ReduceOrder(x, v),
        motion,
        law({dot(x): -v, m * dot(v): -G - gamma * v}),
        "the equation x' = v must be in",
    ),
    (
        ReduceOrder(x, v),
        motion,
        law({dot(x): v, m * dot(v): -G - gamma * dot(x)}),
        "x' must occur in one equation",
    ),
    (Rescale(u, x, c), step, step, FRESH),
    (Rescale(x, u, c), motion, law({dot(x): dot(u)}), LEAVES),
    (Rescale(x, w, c), motion, step, LEAVES),
    (Rescale(x, w, c), motion, rule({v: v}), "Rescale needs a law below a law, the line is"),
    (Rescale(u, v, c), step, motion, "Rescale needs a rule below a rule, the line is"),
    (Rescale(c, w, eta), step, rule({w: w}), "c must be a state above and w one below"),
    (Rescale(u, w, eta), step, rule({v: v}), "u must be a state above and w one below"),
    (Rescale(w, v, eta), step, rule({v: v, x: x}), "w must be a state above and v one below"),
    (Eliminate(u), motion, step, "Eliminate needs a rule above, the line is"),
    (Eliminate(u), step, motion, "Eliminate needs a rule below, the line is"),
    (Eliminate(u), step, step, "though it was to be eliminated"),
    (Eliminate(v), step, rule({x: x}), "two updates must become one"),
    (Eliminate(u), rule({u: u}), rule({x: x}), "two updates must become one"),
    (Eliminate(u), step, rule({x: x, v: v}), "two updates must become one"),
    (Eliminate(u), step, rule({v: v}), "the recurrence must be one of x"),
    (Neglect(gamma * dot(x)), step, motion, "Neglect needs a law above, the line is"),
    (Neglect(gamma * dot(x)), motion, step, "Neglect needs a law below, the line is"),
    (Neglect(c - c), motion, motion, "0 is zero: there is nothing to neglect"),
]


@pytest.mark.parametrize(("move", "above", "below", "reason"), REFUSED)
def test_what_cannot_follow_is_refused_in_words(move, above, below, reason):
    verdict = check(move, above, below)
    assert verdict.outcome is Outcome.FAILS
    assert reason in verdict.evidence[0]


TWICE = rule({x: x + rho * (x - before(x)) - eta * G})


@pytest.mark.parametrize(("line", "factor"), [(motion, Integer(0)), (motion, c - c), (step, Integer(0))])
def test_a_unit_of_zero_is_refused(line, factor):
    verdict = check(Rescale(x, w, factor), line, law({dot(w): w}))
    assert verdict.outcome is Outcome.FAILS
    assert verdict.evidence[0] == "the unit 0 is zero"


@pytest.mark.parametrize(
    ("line", "old", "factor", "below"),
    [
        (step, u, x, rule({w: rho * w - eta * G / x, x: x + x * after(w)})),
        (step, x, u, rule({u: rho * u - eta * grad(w * u), w: w + after(u) / u})),
        (step, u, 1 / t, rule({w: rho * w - t * eta * G, x: x + after(w) / t})),
        (step, u, G, rule({w: rho * w - eta, x: x + G * after(w)})),
        (rule({b: c * b, q: q}), b, q, rule({w: c * w, q: q})),
        (TWICE, eta, before(x), rule({x: x + rho * (x - before(x)) - w * before(x) * G})),
    ],
)
def test_a_rule_has_no_moving_unit(line, old, factor, below):
    verdict = check(Rescale(old, w, factor), line, below)
    assert verdict.outcome is Outcome.FAILS, str(verdict)


@pytest.mark.parametrize("factor", [w, x, c * dot(w), grad(x)])
def test_a_unit_is_not_made_of_what_it_measures(factor):
    verdict = check(Rescale(x, w, factor), motion, law({dot(w): c}))
    assert verdict.outcome is Outcome.FAILS


GROWING = [
    # (law, unit of q, the law of w by the product rule, the law without it)
    (law({dot(q): -b * q}), t, law({w + t * dot(w): -b * t * w}), law({t * dot(w): -b * t * w})),
    (law({dot(q): -b * q}), exp(c * t), law({c * w + dot(w): -b * w}), law({dot(w): -b * w})),
    (law({dot(q): -b * q}), 1 / t, law({dot(w) / t - w / t**2: -b * w / t}), law({dot(w): -b * w})),
    (
        law({dot(dot(q)): -b * q}),
        t,
        law({2 * dot(w) + t * dot(dot(w)): -b * t * w}),
        law({dot(w) + t * dot(dot(w)): -b * t * w}),
    ),
    (
        law({dot(q): -q, dot(b): -1}),
        b,
        law({dot(b) * w + b * dot(w): -b * w, dot(b): -1}),
        law({dot(w): -w, dot(b): -1}),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("line", "factor", "right", "wrong"), GROWING)
def test_a_unit_that_moves_obeys_the_product_rule(line, factor, right, wrong):
    # Both sides are those of the law for q = factor*w, up to a common factor that does not vanish for exp.
    scale = 1 / factor if factor.has(exp) else Integer(1)
    right, wrong = (
        law({scale**-1 * e.left: scale**-1 * e.right for e in r.equations}) for r in (right, wrong)
    )
    verdict = check(Rescale(q, w, factor), line, right)
    assert verdict.outcome is (Outcome.HOLDS if factor.has(exp) else Outcome.CONDITIONAL), str(verdict)
    assert check(Rescale(q, w, factor), line, wrong).outcome is Outcome.FAILS


def test_a_unit_whose_rate_is_not_in_the_line_is_refused():
    # x moves, as a position does, and no law of the line says how.
    verdict = check(Rescale(v, w, x), law({dot(v): -c * v}), law({x * dot(w): -c * x * w}))
    assert verdict.outcome is Outcome.FAILS
    assert verdict.evidence == ("x changes in time, and the product rule needs its rate",)


@pytest.mark.parametrize("factor", [m, gamma, 2 * m / gamma])
def test_a_unit_made_of_parameters_is_a_constant(factor):
    scaled = law({m * factor * dot(dot(w)): -gamma * factor * dot(w) - grad(factor * w)})
    assert check(Rescale(x, w, factor), motion, scaled)


def test_a_parameter_beside_a_moving_symbol_of_a_longer_name_is_a_constant():
    near, nearer = Symbol("x_0", real=True), Symbol("x", real=True)
    assert check(Rescale(v, w, near), law({dot(v): -near * nearer}), law({near * dot(w): -near * nearer}))


# ------------------------------------------------------------------ how many solutions an equation has


@pytest.mark.parametrize(
    ("equation", "solution", "told", "engine"),
    [
        ({c * w: G}, G / c, "linear in w: no other solution", "flint"),
        ({w**3: u**3}, u, "strictly monotone in w: no other solution", "form"),
        ({w**3 - w**2 + w: 0}, Integer(0), "no two solutions for w, one engine only", "z3"),
    ],
)
def test_the_only_solution_is_reported_to_be_the_only_one(equation, solution, told, engine):
    verdict = check(Isolate(w), law(equation), law({w: solution}))
    assert verdict
    assert verdict.evidence[0].startswith("the solved equation put back and zero agree")
    assert verdict.evidence[-1] == told
    assert engine in verdict.engines


def test_a_second_solution_is_shown():
    # w**2 = w is solved by 0 and by 1.
    verdict = check(Isolate(w), law({w**2: w}), law({w: 1}))
    assert verdict.outcome is Outcome.FAILS
    assert verdict.evidence == ("there are two solutions for w",)
    assert set(verdict.witness.removeprefix("at ").split(", ")) in (
        {"w 1 = 0", "w 2 = 1"},
        {"w 1 = 1", "w 2 = 0"},
    )
    assert verdict.engines[-1] == "z3"


def test_a_second_solution_of_the_other_sign_does_not_count():
    # c**2 = gamma**2 has the solutions gamma and -gamma; where c is positive, one of them.
    positive = Symbol("p", positive=True)
    assert check(Isolate(positive), law({positive**2: gamma**2}), law({positive: gamma}))
    assert not check(Isolate(c), law({c**2: gamma**2}), law({c: gamma}))


def test_a_second_solution_that_nothing_excludes_is_no_pass():
    verdict = check(Isolate(w), law({w * grad(w): 0}), law({w: 0}))
    assert verdict.outcome is Outcome.UNDECIDABLE
    assert verdict.evidence == ("other real solutions for w could not be excluded",)
    assert verdict.engines[-1] == "z3"


def test_what_drops_out_is_reported():
    verdict = check(Isolate(w), law({(w + 1) ** 2 - w**2 - 2 * w: 1}), law({w: u}))
    assert verdict.outcome is Outcome.FAILS
    assert verdict.evidence == ("w drops out of the equation",)


def test_a_wrong_solution_is_reported_with_what_it_leaves():
    # At w = u, w - 2*u leaves -u.
    verdict = check(Isolate(w), law({w: 2 * u}), law({w: u}))
    assert verdict.evidence == ("the solved equation put back and zero differ by -u",)


@pytest.mark.parametrize(
    "below",
    [
        law({w: G / c}),
        law({w: G / c, dot(x): u, dot(u): x}),
        law({w: G / c, dot(x): 2 * u}),
        law({w: G / c, dot(u): x}),
    ],
)
def test_solving_one_equation_leaves_the_others(below):
    assert not check(Isolate(w), law({dot(x): u, c * w: G}), below)
    assert check(Isolate(w), law({dot(x): u, c * w: G}), law({w: G / c, dot(x): u}))


def test_a_law_of_one_equation_is_solved_by_one():
    assert not check(Isolate(w), law({c * w: G}), law({w: G / c, dot(x): u}))


# ------------------------------------------------------------------ laws and maps, compared


@pytest.mark.parametrize(
    ("below", "same"),
    [
        (law({c * x: u, c * v: w}), True),
        (law({c * v: w, c * x: u}), True),
        (law({u: c * x, w: c * v}), True),
        (law({c * x: u, 2 * c * x: 2 * u}), False),
        (law({c * x: u, c * v: -w}), False),
    ],
)
def test_equations_may_change_sides_and_order_and_no_more(below, same):
    assert bool(check(Multiply(c), law({x: u / c, v: w / c}), below)) is same


def test_each_equation_is_matched_once():
    # The two lines above are one equation twice; below stands one more fact, on v.
    twice = law({x: u, 2 * x: x + u})
    assert not check(Multiply(c), twice, law({c * x: c * u, c * v: c * w}))
    assert not check(Multiply(c), law({x: u, v: w}), law({c * x: c * u, 2 * c * x: c * x + c * u}))


@pytest.mark.parametrize(
    ("below", "told"),
    [
        (law({c * x: c * u, c * v: c * w, c: c}), "2 equations due, 3 given"),
        (law({c * x: c * u, c * v: 2 * c * w}), "the two lines differ by"),
    ],
)
def test_how_laws_differ_is_reported(below, told):
    verdict = check(Multiply(c), law({x: u, v: w}), below)
    assert verdict.outcome is Outcome.FAILS
    assert verdict.evidence[0].startswith(told)


@pytest.mark.parametrize(
    ("below", "told"),
    [
        (rule({v: w * v, x: x + v}), "the states differ: u, x against v, x"),
        (rule({u: w * u}), "the states differ: u, x against u"),
        (rule({u: w * u, x: x - u}), "the new values of x differ by"),
        (rule({u: -w * u, x: x + u}), "the new values of u differ by"),
    ],
)
def test_how_rules_differ_is_reported(below, told):
    verdict = check(Define(w, c + 1, c), rule({u: (c + 1) * u, x: x + u}), below)
    assert verdict.outcome is Outcome.FAILS
    assert verdict.evidence[0].startswith(told)


def test_the_new_values_that_agree_are_named():
    verdict = check(Define(w, c + 1, c), rule({x: (c + 1) * x}), rule({x: w * x}))
    assert verdict.evidence[0].startswith("the new values of x agree, ")


# ------------------------------------------------------------------ a term left out

without_friction = law({m * dot(dot(x)): -G})


def test_a_term_left_out_is_an_assumption_and_says_so():
    verdict = check(Neglect(gamma * dot(x)), motion, without_friction)
    assert verdict.outcome is Outcome.CONDITIONAL
    (evidence,) = verdict.evidence
    assert evidence == "gamma*x' was left out: an assumption of the model, which nothing here proves"
    assert assumed_by(verdict) == ["gamma*x' is negligible"]
    assert verdict.engines == LOOKED


@pytest.mark.parametrize(
    ("below", "reason"),
    [
        (law({m * dot(dot(x)): -G - 2 * gamma * dot(x)}), "the two lines differ by"),
        (law({m * dot(dot(x)): -G, dot(x): v}), "1 equation due, 2 given"),
        (law({m * dot(dot(x)): G}), "the two lines differ by"),
    ],
)
def test_what_is_more_or_less_than_leaving_out_the_term_fails(below, reason):
    verdict = check(Neglect(gamma * dot(x)), motion, below)
    assert verdict.outcome is Outcome.FAILS
    assert verdict.evidence[0].startswith(reason)


def test_a_term_that_stands_nowhere_cannot_be_neglected():
    verdict = check(Neglect(w), motion, law({m * dot(dot(x)): -gamma * dot(x) - G + w}))
    assert verdict.outcome is Outcome.FAILS
    assert f"w is no term of {motion}: there is nothing to neglect" in verdict.evidence[0]


@pytest.mark.parametrize("sign", [1, -1])
def test_a_term_is_left_out_on_either_side_and_within_a_product(sign):
    shorter = law({m * dot(dot(x)): -gamma * v})
    for longer in (
        law({m * dot(dot(x)): -gamma * (v + u)}),
        law({m * dot(dot(x)) + gamma * (v + u): 0}),
        law({gamma * u: -m * dot(dot(x)) - gamma * v}),
    ):
        assert check(Neglect(sign * gamma * u), longer, shorter).outcome is Outcome.CONDITIONAL


@pytest.mark.parametrize(
    ("below", "outcome"),
    [
        (law({dot(x): v, m * dot(v): -gamma * v}), Outcome.CONDITIONAL),
        (law({dot(x): v + G, m * dot(v): -G - gamma * v}), Outcome.FAILS),
        (law({dot(x): v + G, m * dot(v): -gamma * v}), Outcome.FAILS),
        (law({dot(x): v, m * dot(v): -gamma * v / 2}), Outcome.FAILS),
        (law({dot(x): 0, m * dot(v): -gamma * v}), Outcome.FAILS),
    ],
)
def test_a_term_is_left_out_of_one_equation_and_of_no_other(below, outcome):
    assert check(Neglect(G), in_two, below).outcome is outcome
