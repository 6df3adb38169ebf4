"""The book: every equation of the source under its number, every finding true, every number recomputed."""

import re
from itertools import pairwise

import numpy as np
import pytest
from sympy import Rational, sqrt

from derivations import book as package
from derivations.book import _momentum as momentum
from derivations.book import _runs as valley
from derivations.book import _tables, _ties, overdamped, prologue, time_scale
from derivations.book.figures.words import often
from derivations.book.reference import gradient_descent, heavy_ball, heavy_ball_with_dampening
from derivations.claims import claims
from derivations.gradient_descent import derivation as descent
from derivations.momentum import by_constants, source_rule
from derivations.momentum import derivation as derived
from derivations.newton import derivation as inertia_vanishes
from physsym import Outcome, after, dot, latex, law, read, rule
from physsym.core.statements import Equation, Law, Rule, Update
from physsym.documents.content import Claims, Figure, Finding, Heading, Note, Table, equations_in
from physsym.testing import assert_same_rule
from physsym.vocabulary import G, alpha, dt, eta, gamma, lam, m, rho, tau, u, v, x

CHAPTERS = package.book.chapters
BLOCKS = [(chapter, block) for chapter in CHAPTERS for block in chapter.blocks]
SHOWN = {s.number: (c, s) for c in CHAPTERS for s in equations_in(c) if s.number}
FINDINGS = {b.anchor: b for _, b in BLOCKS if isinstance(b, Finding)}

# The source's equations, written down apart from the book: what must stand under each number.
EQUATIONS = {
    "1.1": "F = -grad(x)",
    "1.2a": "F = m*dot(v)",
    "1.2b": "m*dot(v) = -grad(x)",
    "1.3": "F_fric = -gamma*v",
    "1.4": "m*dot(v) = -grad(x) - gamma*v",
    "2.1": "tau = m/gamma",
    "2.2": "tau*dot(v) = -grad(x)/gamma - v",
    "3.1a": "0 = -grad(x)/gamma - v",
    "3.1b": "v = -grad(x)/gamma",
    "3.2a": "dot(x) = -grad(x)/gamma",
    "3.2b": "(after(x) - x)/dt = -grad(x)/gamma",
    "3.2c": "x <- x - dt/gamma*grad(x)",
    "3.3": "eta = dt/gamma",
    "3.4": "x <- x - eta*grad(x)",
    "4.1": "tau*dot(v) = -grad(x)/gamma - v",
    "4.2b": "v <- v - dt/tau*v - dt/(gamma*tau)*grad(x)",
    "4.2b'": "v <- v - dt/tau*v - dt/gamma*grad(x)",
    "4.2c": "v <- (1 - dt/tau)*v - dt/(gamma*tau)*grad(x)",
    "4.2c'": "v <- (1 - dt/tau)*v - dt/gamma*grad(x)",
    "4.3": "rho = 1 - dt/tau",
    "4.4": "v <- rho*v - eta*grad(x); x <- x + after(v)",
    "4.5": "u <- rho*u - (1 - rho)*eta*grad(x); x <- x + after(u)",
    "4.6": "u <- rho*u - alpha*grad(x); x <- x + after(u)",
}
WRONG = {"4.2b'", "4.2c'", "4.4"}


def sides(statement):
    if isinstance(statement, (Law, Rule)):
        parts = statement.equations if isinstance(statement, Law) else statement.updates
        return [side for part in parts for side in sides(part)]
    pair = (statement.left, statement.right) if isinstance(statement, Equation) else None
    return list(pair or (statement.target, statement.value))


@pytest.mark.parametrize("number", EQUATIONS)
def test_every_equation_of_the_source_stands_under_its_number(number):
    chapter, shown = SHOWN[number]
    expected = sides(read(EQUATIONS[number], chapter.vocabulary))
    found = sides(shown.formula)
    assert [(a - b).expand() for a, b in zip(found, expected, strict=True)] == [0] * len(expected)
    assert shown.faces == ("physics", "learning")
    printed = [latex(shown.formula, face, chapter.vocabulary) for face in shown.faces]
    assert "w" not in printed[0].replace(r"\fric", "")
    assert ("nabla" not in printed[0]) == (printed[0] == printed[1])


def test_the_other_numbers_are_those_of_the_approximation_and_of_the_valley():
    assert set(SHOWN) - set(EQUATIONS) == {"4.2a", "5.0"}
    assert latex(SHOWN["4.2a"][1].formula).count(r"\approx") == 1
    assert latex(valley.height) == r"f(w_{1}, w_{2}) = \frac{20 w_{1}^{2} + w_{2}^{2}}{2}"
    assert [b.number for _, b in BLOCKS if isinstance(b, Table) and b.number] == [
        "2.1",
        "3.1",
        "3.3",
        "3.4",
        "4.3",
        "4.3b",
        "4.4",
        "5.1",
    ]


@pytest.mark.parametrize("number", SHOWN)
def test_what_is_shown_is_checked_and_what_is_wrong_is_said_to_be(number):
    outcome = SHOWN[number][1].verdict().outcome
    expected = (
        Outcome.FAILS if number in WRONG else Outcome.APPROXIMATE if number == "4.2a" else Outcome.HOLDS
    )
    assert outcome is expected


# ------------------------------------------------------------------ what ties an equation to a derivation


def test_an_equation_of_another_line_is_refused():
    right = Equation(tau * dot(v), -G / gamma - v)
    assert _ties.one_of(right, inertia_vanishes, 2)
    assert not _ties.one_of(right, inertia_vanishes, 1)
    assert not _ties.one_of(Equation(tau * dot(v), -G / gamma + v), inertia_vanishes, 2)
    assert not _ties.one_of(Update(v, v), inertia_vanishes, 2)
    assert not _ties.one_of(Update(x, x - 2 * eta * G), descent, 6)
    assert not _ties.one_of(Update(u, x - eta * G), descent, 6)


def test_a_force_of_another_sign_is_refused():
    force, line = Equation(x, m * dot(v)), law({m * dot(v): -G})
    assert _ties.after_substituting(force, line, {x: -G})
    assert not _ties.after_substituting(force, line, {x: G})


def test_a_difference_quotient_that_the_rule_does_not_meet_is_refused():
    right = overdamped.difference_quotient
    assert _ties.satisfied_by(right, descent.lines[5])
    assert not _ties.satisfied_by(right, rule({x: x - 2 * dt / gamma * G}))
    stale = Equation(right.left, -after(G) if hasattr(G, "name") else right.right * 2)
    assert not _ties.satisfied_by(stale, descent.lines[5])


def test_a_definition_that_was_not_made_is_refused():
    assert _ties.is_defined(Equation(tau, m / gamma), inertia_vanishes)
    assert not _ties.is_defined(Equation(tau, gamma / m), inertia_vanishes)
    with pytest.raises(ValueError, match="does not define rho"):
        _ties.definition_of(rho, descent)


def test_the_difference_quotient_is_of_first_order():
    verdict = _ties.quotient(v)
    assert (verdict.error.symbol, verdict.error.exponent) == (dt, 1)
    # By numbers: the error of (sin(t + h) - sin(t))/h halves with h.
    error = [abs((np.sin(1 + h) - np.sin(1)) / h - np.cos(1)) for h in (1e-2, 5e-3)]
    assert error[0] / error[1] == pytest.approx(2, rel=0.01)


# ------------------------------------------------------------------ findings


def test_there_are_seven_findings_and_each_is_one():
    assert list(FINDINGS) == [
        "one-to-one",
        "tau-alone",
        "displacement",
        "commute",
        "dropped-factor",
        "new-velocity",
        "valley-answers",
    ]


@pytest.mark.parametrize("finding", FINDINGS.values(), ids=FINDINGS)
def test_what_the_source_says_fails_where_a_finding_says_so(finding):
    verdict = finding.check()
    assert verdict.outcome is Outcome.FAILS
    assert verdict.evidence


def test_three_constants_make_two_coefficients():
    assert prologue.coefficients(by_constants.rule).jacobian(prologue.CONSTANTS).rank() == 2
    assert_same_rule(by_constants.rule, prologue.scaled(by_constants.rule))
    for mass, friction, step in ((1, 10, Rational(1, 100)), (4, 20, Rational(1, 50))):
        assert (step / friction, 1 - step * friction / mass, step**2 / mass) == (
            Rational(1, 1000), Rational(9, 10), Rational(1, 10000),
        )  # fmt: skip
    assert "9/10 and 1/10000 and" in prologue.one_to_one().witness


def test_a_rule_of_three_combinations_would_be_one_to_one():
    spoiled = rule({u: (1 - gamma * dt / m) * u - dt**2 / m * G, x: x + after(u)})
    assert prologue.one_to_one(spoiled).outcome is Outcome.FAILS
    distinct = rule({u: gamma * u - (m + dt * m**2 * gamma) * G})
    assert prologue.coefficients(distinct).jacobian(prologue.CONSTANTS).rank() == 2


def test_one_curvature_gives_one_regime():
    assert time_scale.decided_by_tau_alone((Rational(4), Rational(5)))
    assert str(time_scale.deciding()) == "lam*m/gamma**2 > 1/4"
    for curvature, kind in zip(time_scale.CURVATURES, time_scale.classes(), strict=True):
        roots = np.roots([1, 1, float(curvature)])
        swinging = abs(roots[0].imag) > 1e-7
        assert (kind.value == "underdamped") == swinging


def test_a_velocity_with_a_friction_would_pass():
    from physsym import dimensions

    assert not dimensions(overdamped.as_a_displacement)
    assert dimensions(law({v: -G / gamma}))


def test_only_forward_euler_has_no_limit():
    outcomes = {name: bool(verdict) for name, *_, verdict in momentum.afterwards()}
    assert outcomes == {"forward Euler": False, "backward Euler": True, "midpoint": True, "exponential": True}


def test_the_factor_that_was_dropped():
    assert momentum.too_much() == 1 / (1 - rho)
    assert momentum.difference() == -eta * rho * G
    assert momentum.too_much().subs(rho, Rational(9, 10)) == 10
    assert momentum.as_displacement(rule({v: rho * v - (1 - rho) * eta * G, x: x + after(v)}))
    assert momentum.too_much(derived.rule) == 1


def test_the_stale_gradient_is_stable_half_as_far():
    from derivations import stale

    assert _tables.largest_stable(stale.derivation.rule, eta) == 1 / lam
    assert _tables.largest_stable(descent.rule, eta) == 2 / lam
    for product, stable in ((0.99, True), (1.01, False)):
        assert (np.abs(np.roots([1, -1, product])).max() < 1) == stable


# ------------------------------------------------------------------ numbers of chapter V


def walk(step, rate, memory):
    w, speed = np.array(valley.START), np.zeros(2)
    places = [w]
    for _ in range(valley.STEPS):
        slope = lambda w: np.array([20.0, 1.0]) * w
        if memory:
            speed, w = step(speed, w, slope, rate, 0.9)
        else:
            (w,) = step(w, slope, rate)
        places.append(w)
    return np.array(places)


BY_HAND = ((gradient_descent, False), (heavy_ball, True), (heavy_ball_with_dampening, True))


@pytest.mark.parametrize("rate", [valley.USUAL, valley.ZIGZAG])
def test_crossings_are_counted_right(rate):
    counted = [
        sum(a * b < 0 for a, b in pairwise(walk(step, float(rate), memory)[:, 0])) for step, memory in BY_HAND
    ]
    assert list(valley.crossings(rate)) == counted


def by_eigenvalues(rate, weight, kept):
    return max(np.abs(np.roots([1, -(1 + kept - weight * rate * k), kept])).max() for k in (1.0, 20.0))


def test_slowest_factors_are_spectral_radii():
    rate = float(valley.USUAL)
    expected = [1 - rate, by_eigenvalues(rate, 1, 0.9), by_eigenvalues(rate, 0.1, 0.9)]
    assert list(valley.slowest(valley.USUAL)) == pytest.approx(expected, abs=1e-9)


def test_the_best_descent_beats_momentum_of_nine_tenths_here():
    rate, factor = valley.best_descent()
    assert (rate, factor) == (Rational(2, 21), pytest.approx(19 / 21))
    best = min(by_eigenvalues(r, 1, 0.9) for r in np.linspace(0.001, 0.18, 200))
    assert factor < best
    assert best == pytest.approx(float(sqrt(Rational(9, 10))), abs=1e-6)


def test_where_a_rule_comes_to_rest_among_dents():
    place, speed = 6.0, 0.0
    slope = lambda w: w / 10 + 0.36 * np.sin(3 * w)
    for _ in range(2000):
        speed, place = heavy_ball(speed, place, slope, 0.1, 0.9)
    assert valley.rests_at(source_rule) == pytest.approx(place, abs=1e-8)
    assert abs(place) < 1e-8
    assert valley.rests_at(descent.rule) == pytest.approx(1.908, abs=1e-3)


def test_another_function_is_not_the_valley():
    assert valley.is_the_valley()
    w1, w2 = valley.w1, valley.w2
    assert not valley.is_the_valley(Equation(valley.height.left, (21 * w1**2 + w2**2) / 2))


def test_a_method_that_behaved_as_the_source_says_would_pass(monkeypatch):
    monkeypatch.setattr(valley, "crossings", lambda rate: (0, 0, 0))
    monkeypatch.setattr(valley, "slowest", lambda rate: (0.9, 0.5, 0.5))
    assert valley.answers()


# ------------------------------------------------------------------ tables


def rows_of(number):
    (table,) = [b for _, b in BLOCKS if isinstance(b, Table) and b.number == number]
    return table, list(table.rows())


@pytest.mark.parametrize("number", ["3.1", "3.4", "4.3", "4.4", "5.1", ""])
def test_tables_are_as_wide_as_their_heads(number):
    table, rows = rows_of(number)
    assert {len(row) for row in rows} == {len(table.head)}


def test_where_quantities_go_as_inertia_vanishes():
    _, rows = rows_of("3.1")
    told = {row[0]: tuple(map(str, row[3:])) for row in rows}
    assert told == {
        m: ("m -> 0", "stays"),
        gamma: ("stays", "gamma -> oo"),
        tau: ("tau -> 0", "tau -> 0"),
        v: ("v = -grad(x)/gamma", "v -> 0"),
        eta: ("eta = dt/gamma", "eta -> 0"),
        rho: ("rho -> -oo", "rho -> -oo"),
    }


def test_states_and_steps_of_the_summaries():
    _, rows = rows_of("3.4")
    assert {row[-1] for row in rows} == {"no"}
    _, rows = rows_of("4.4")
    assert [row[0] for row in rows if row[-1] == "yes"] == [u]
    assert [str(row[4]) for row in rows if row[0] == alpha] == ["alpha = eta*(1 - rho) = dt**2/m"]
    values = {m: 1, gamma: 10, dt: Rational(1, 100)}
    kept = (1 - dt * gamma / m).subs(values)
    assert ((1 - kept) * dt / gamma).subs(values) == (dt**2 / m).subs(values) == Rational(1, 10000)


def test_a_quantity_that_nobody_named_has_no_row():
    with pytest.raises(ValueError, match="has no F"):
        _tables.meanings(read("F", declare=["F"]))


# ------------------------------------------------------------------ prose


def texts():
    for _, block in BLOCKS:
        if isinstance(block, str):
            yield block
        elif isinstance(block, Note):
            yield block.text
        elif isinstance(block, Finding):
            sides = (block.follows, block.source, block.difference)
            told = [t for side in sides for t in (side if isinstance(side, tuple) else (side,))]
            yield from (block.says, *(t for t in told if isinstance(t, str)))
        elif isinstance(block, Heading):
            yield block.title


def shingles(text, size=7):
    words = re.findall(r"[a-z0-9]+", text.lower())
    return {tuple(words[k : k + size]) for k in range(len(words) - size + 1)}


def test_no_sentence_is_that_of_the_source():
    own = set().union(*(shingles(re.sub("`[^`]*`", " ", text)) for text in texts()))
    quoted = set().union(*(shingles(claim.says) for claim in claims))
    assert not own & quoted


def test_a_sentence_of_the_source_would_be_seen():
    long = max((claim.says for claim in claims), key=len)
    assert shingles("As they say, " + long + " indeed.") & shingles(long)


def test_no_formula_is_written_as_tex():
    assert not [t for t in texts() if "$" in t or "\\" in t]


def test_every_claim_stands_in_one_chapter():
    placed = [c.id for _, b in BLOCKS if isinstance(b, Claims) for c in b.claims]
    assert len(placed) == len(set(placed))
    assert set(placed) == {claim.id for claim in claims}


def test_every_figure_has_words_for_those_who_do_not_see_it():
    figures = [b for _, b in BLOCKS if isinstance(b, Figure)]
    assert len({f.name for f in figures}) == len(figures) == 9
    assert all(len(f.alt.split()) > 15 and f.caption().endswith(".") for f in figures)
    assert often("crosses the floor", valley.crossings(valley.USUAL)[1]) in figures[4].caption()


def test_the_page_says_at_its_top_what_it_is(shipped_document):
    opening = "".join(str(span.content) for p in shipped_document.opening for span in p.spans)
    assert "This document derives gradient descent and momentum" in opening
    assert any(span.target == "how-the-machine-checks" for p in shipped_document.opening for span in p.spans)
