"""Carrying moves out: what is proposed, and what is refused with a reason."""

import random
from dataclasses import dataclass

import pytest
from sympy import (
    Abs,
    Add,
    Mul,
    Rational,
    Symbol,
    cos,
    exp,
    factor,
    factor_terms,
    preorder_traversal,
    sign,
    simplify,
    sin,
    symbols,
    sympify,
    tanh,
    together,
)  # fmt: skip

from physsym import (
    Define,
    Derivation,
    Divide,
    Eliminate,
    Equation,
    Integrate,
    Isolate,
    Limit,
    Move,
    Multiply,
    ReduceOrder,
    Rescale,
    Rule,
    Step,
    System,
    after,
    apply,
    before,
    check,
    damped_particle,
    dot,
    grad,
    law,
    potential,
    rule,
    same_law,
    same_rule,
)
from physsym.core.statements import rewritten
from physsym.core.verdicts import Outcome
from physsym.derivation import DerivationError
from physsym.integrators import (
    ALL,
    backward_euler,
    exponential_euler,
    forward_euler,
    implicit_midpoint,
    semi_implicit_euler,
    velocity_verlet,
)
from physsym.mechanics import MoveError, particle_with_friction
from physsym.testing import assert_same_rule
from physsym.transform import transform_step
from physsym.transform.forms import shortest, solved
from physsym.verify import verify_step
from physsym.vocabulary import G, dt, eta, gamma, m, rho, tau, u, v, x
from tests.support.tiers import in_tiers

motion = damped_particle.law()
two_laws = law({dot(x): v, m * dot(v): -G - gamma * v})
implicit_friction, exponential_friction = map(semi_implicit_euler.with_friction, ("implicit", "exponential"))
FOR_LINEAR_LAWS = (backward_euler, implicit_midpoint, exponential_euler)


momentum = rule({u: rho * u - eta * G, x: x + after(u)})
# Worked out by hand: x is m u in the second, v is u/dt in the first; u is the difference of two values of x.
BY_HAND = [
    (
        Rescale(v, u, 1 / dt),
        rule({v: rho * v - dt * (1 - rho) / gamma * G, x: x + dt * after(v)}),
        rule({u: rho * u - dt**2 * (1 - rho) / gamma * G, x: x + after(u)}),
    ),
    (
        Rescale(x, u, m),
        law({m * dot(dot(x)): -gamma * x}),
        law({m**2 * dot(dot(u)): -gamma * m * u}),
    ),
    (Eliminate(u), momentum, rule({x: x + rho * (x - before(x)) - eta * G})),
    (
        Eliminate(u),
        rule({x: x + u, u: rho * u - eta * grad(after(x))}),
        rule({x: x + rho * (x - before(x)) - eta * G}),
    ),
    (
        Eliminate(u),
        rule({x: x + u, u: rho * u - eta * G}),
        rule({x: x + rho * (x - before(x)) - eta * grad(before(x))}),
    ),
]


@pytest.mark.parametrize(("move", "above", "below"), BY_HAND)
def test_other_units_and_recurrences_are_those_worked_out_by_hand(move, above, below):
    proposed = apply(move, above)
    assert isinstance(proposed, type(below))
    assert (same_rule if isinstance(below, Rule) else same_law)(proposed, below)


@pytest.mark.parametrize(
    ("move", "line", "reason"),
    [
        (Divide(0), motion, "by zero"),
        (Multiply(0), motion, "by zero"),
        (Divide(gamma), rule({x: x}), "works on a law"),
        (Define(tau, m / gamma, eta), motion, "does not occur"),
        (Define(m, gamma**2, gamma), motion, "already"),
        (Limit(tau, 0), motion, "does not occur"),
        (Limit(m, 0), law({m * dot(x): m * v}), "nothing is left"),
        (Limit(tau, 0), law({dot(x): v / tau}), "no finite limit"),
        (Limit(tau, 0), law({dot(x): -tanh(v / tau)}), "SymPy does not find the limit .* state the line"),
        (Limit(rho, 0), rule({x: grad(rho * x)}), "opaque function"),
        (Limit(rho, 0), rule({x: x * sign(rho)}), "tends to x from above and to -x from below: say which"),
        (Isolate(x), motion, "inside an opaque function"),
        (Isolate(u), motion, "does not occur"),
        (Isolate(v), law({v**2: gamma}), "no unique real solution"),
        (ReduceOrder(x, v), law({dot(x): v}), "no acceleration"),
        (ReduceOrder(x, gamma), motion, "already"),
        (Integrate(forward_euler, dt), motion, r"by a step ReduceOrder\(x, a new symbol\)"),
        (Integrate(forward_euler, gamma), two_laws, "fresh symbol"),
        (Integrate(implicit_friction, dt), law({dot(x): -G / gamma}), "cannot be written explicitly"),
        (Integrate(exponential_friction, dt), law({dot(x): -G / gamma}), "cannot be written explicitly"),
        (Integrate(backward_euler, dt), two_laws, "cannot be written explicitly"),
        (Rescale(u, v, 1 / dt), two_laws, "must occur"),
        (Rescale(x, v, m), two_laws, "must not"),
        (Eliminate(v), momentum, "one of them of v"),
        (Eliminate(u), rule({u: rho * u - eta * G, x: x + u + after(u)}), "at one instant"),
        (Eliminate(u), rule({u: rho * u - eta * G, x: x - eta * G}), "at one instant"),
        (Eliminate(u), rule({x: x - eta * G}), "two updates"),
        (Move(), motion, "no function is registered"),
    ],
)  # fmt: skip
def test_what_cannot_be_carried_out_says_why(move, line, reason):
    with pytest.raises(MoveError, match=reason):
        apply(move, line)


def test_swapped_arguments_say_what_is_expected():
    with pytest.raises(TypeError, match=r"the move comes first: apply\(move, line\); given the line m\*x'"):
        apply(motion, Divide(gamma))
    with pytest.raises(TypeError, match=r"the move comes first: check\(move, above, below\); given m\*x'"):
        check(motion, motion, Divide(gamma))
    with pytest.raises(TypeError, match=r"needs a move such as Divide\(gamma\), given 'divide'"):
        apply("divide", motion)


def test_messages_name_registries_that_can_be_reached():
    import physsym

    with pytest.raises(MoveError) as refused:
        apply(Move(), motion)
    verdict = check(Move(), motion, motion)
    for said in (str(refused.value), verdict.evidence[0]):
        path = next(word for word in said.split() if word.startswith("physsym."))
        found = physsym
        for name in path.split(".")[1:]:
            found = getattr(found, name)
        assert callable(found)


def test_an_implicit_method_is_solved_where_the_law_is_linear():
    k = Symbol("k", positive=True)
    linear = law({dot(x): v, m * dot(v): -k * x - gamma * v})
    new = apply(Integrate(backward_euler, dt), linear)
    assert check(Integrate(backward_euler, dt), linear, new)
    # Backward Euler by hand: (1 + dt*gamma/m + dt**2*k/m) v' = v - dt*k*x/m.
    by_hand = (v - dt * k * x / m) / (1 + dt * gamma / m + dt**2 * k / m)
    assert simplify(new.updates[0].value - by_hand) == 0


@pytest.mark.parametrize(
    "method", [m for m in ALL if m not in (*FOR_LINEAR_LAWS, velocity_verlet)], ids=lambda m: m.name
)
def test_every_method_gives_a_rule_that_is_checked(method):
    new = apply(Integrate(method, dt), two_laws)
    verdict = check(Integrate(method, dt), two_laws, new)
    assert verdict, str(verdict)
    assert verdict.error.exponent == method.order


# That the other methods are not exponential Euler takes six seconds.
@pytest.mark.parametrize(
    "method", in_tiers(ALL, fast=lambda m: m is not exponential_euler), ids=lambda m: m.name
)
def test_no_method_passes_for_another(method):
    # On linear laws all Runge-Kutta methods of two stages and order two are one.
    linear = law({dot(x): v, m * dot(v): -x - gamma * v})
    start = linear if method in FOR_LINEAR_LAWS else two_laws
    if method is velocity_verlet:
        start = law({dot(x): v, m * dot(v): -grad(x) - 2 * grad(2 * x)})
    new = apply(Integrate(method, dt), start)
    passing = [m.name for m in ALL if check(Integrate(m, dt), start, new)]
    assert passing == [method.name]


def test_power_law_friction_without_mass_is_normalised_descent():
    p = Symbol("p", positive=True)
    massless = apply(Limit(m, 0), particle_with_friction(p).law())
    speed = apply(Isolate(dot(x)), massless).equations[0].right
    # As p grows the exponent 1/(p - 1) vanishes: at p = 3 the step goes with the root of the gradient.
    assert simplify(speed.subs(p, 3) + sign(G) * (Abs(G) / gamma) ** Rational(1, 2)) == 0
    assert simplify(speed.subs(p, 2) + sign(G) * Abs(G) / gamma) == 0


def test_two_coordinates_are_integrated_together():
    y, w = Symbol("y", real=True), Symbol("w", real=True)
    plane = System(
        (x, y), m * (dot(x) ** 2 + dot(y) ** 2) / 2 - potential(x, y), gamma * (dot(x) - dot(y)) ** 2 / 2
    )
    both = Derivation(
        "two particles that rub on each other",
        plane.law(),
        (
            Step("", ReduceOrder(x, v)),
            Step("", ReduceOrder(y, w)),
            Step("", Integrate(semi_implicit_euler, dt)),
        ),
    )
    assert all(both.verdicts()), [str(v) for v in both.verdicts()]
    assert both.rule.targets[-2:] == (y, x) or both.rule.targets[-2:] == (x, y)


# ------------------------------------------------------------------ derivations as values


def test_a_step_without_a_line_fails_and_leaves_the_rest_unchecked():
    broken = Derivation("broken", motion, (Step("", Limit(tau, 0)), Step("", Divide(gamma))))
    assert [w.outcome for w in broken.verdicts()[1:]] == [Outcome.FAILS, Outcome.UNCHECKED]
    with pytest.raises(DerivationError, match="step 1 of 'broken'"):
        _ = broken.lines


def test_the_stated_line_is_used_and_not_the_machines():
    stated = law({m * dot(dot(x)) / gamma + dot(x): -G / gamma})
    derivation = Derivation("stated", motion, (Step("", Divide(gamma), gives=stated),))
    assert derivation.lines[-1] is stated
    assert all(derivation.verdicts())


def test_a_wrong_stated_line_fails():
    wrong = law({m * dot(dot(x)) / gamma - dot(x): -G / gamma})
    assert not any(Derivation("wrong", motion, (Step("", Divide(gamma), gives=wrong),)).verdicts()[1:])


def test_symbols_that_share_a_name_only_are_refused():
    other = Symbol("gamma")
    with pytest.raises(DerivationError, match="two symbols named gamma"):
        Derivation("twins", motion, (Step("", Divide(other)),))


def test_a_law_has_no_rule():
    with pytest.raises(DerivationError, match="add an Integrate step"):
        _ = Derivation("short", motion, ()).rule


@pytest.mark.parametrize("nonsense", [None, "x", 3, G])
def test_nonsense_makes_no_derivation(nonsense):
    with pytest.raises(TypeError):
        Derivation("none", nonsense, ())
    with pytest.raises(TypeError):
        Derivation("none", motion, (nonsense,))
    with pytest.raises(TypeError):
        Step("none", nonsense)


@pytest.mark.parametrize("nonsense", [None, "x = u", 0.5, True, object()])
def test_nonsense_makes_no_move(nonsense):
    for make in (Divide, Multiply, Isolate, Eliminate, lambda n: Define(tau, n, m), lambda n: Limit(n, 0)):
        with pytest.raises(TypeError):
            make(nonsense)


def test_continuing_keeps_the_start_and_takes_a_title():
    longer = Derivation("one", motion, ()).then(Step("", Divide(gamma)), title="two")
    assert (longer.title, len(longer.lines)) == ("two", 2)


def test_conditions_that_do_not_follow_are_told_as_assumed():
    free = Symbol("c", real=True)
    derivation = Derivation("assuming", motion, (Step("", Divide(free)),))
    assert "c != 0 (assumed)" in map(str, derivation.assumptions)
    assert "gamma*x'**2 >= 0 (follows)" in map(str, derivation.assumptions)


def test_friction_that_drives_is_listed_as_an_assumption():
    driven = System((x,), m * dot(x) ** 2 / 2, rho * dot(x) ** 2 / 2)
    derivation = Derivation("driven", driven.law(), ())
    assert [str(a) for a in derivation.assumptions] == ["rho >= 0 (assumed)", "m > 0 (declared)"]


def test_same_rule_ignores_the_form():
    inline = rule({u: rho * u - eta * G, x: x + rho * u - eta * G})
    assert_same_rule(inline, rule({u: rho * u - eta * G, x: x + after(u)}))
    assert not same_rule(inline, rule({x: x + u, u: rho * u - eta * G}))
    assert not same_rule(inline, rule({x: x - eta * G}))


def test_a_name_keeps_its_meaning_through_a_derivation():
    # m leaves with tau = m/gamma; to call something else m afterwards would smuggle in a second meaning.
    steps = (
        Step("", Define(tau, m / gamma, eliminating=m)),
        Step("", Define(m, 2 * tau, eliminating=tau)),
    )
    reusing = Derivation("two meanings", law({dot(x): -m / gamma * dot(v)}), steps)
    assert [w.outcome for w in reusing.verdicts()[1:]] == [Outcome.HOLDS, Outcome.FAILS]
    assert "m had another meaning" in reusing.verdicts()[2].evidence[0]


@dataclass(frozen=True)
class Rename(Move):
    """A move from outside that introduces a name, and says so."""

    old: Symbol
    new: Symbol
    symbols = ("old", "new")

    @property
    def definitions(self):
        return (Equation(self.old, self.new),)


@transform_step.register(Rename)
def _(move, line):
    return rewritten(line, lambda e: e.xreplace({move.old: move.new}))


@verify_step.register(Rename)
def _(move, above, below):
    return same_law(above, rewritten(below, lambda e: e.xreplace({move.new: move.old})))


def test_a_move_from_outside_that_introduces_a_name_is_held_to_one_meaning_too():
    steps = (Step("", Define(tau, m / gamma, eliminating=m)), Step("", Rename(tau, m)))
    reusing = Derivation("two meanings", law({dot(x): -m / gamma * dot(v)}), steps)
    assert [w.outcome for w in reusing.verdicts()[1:]] == [Outcome.HOLDS, Outcome.FAILS]
    assert "m had another meaning" in reusing.verdicts()[2].evidence[0]


def test_a_step_that_does_nothing_is_no_evidence():
    idle = Derivation("idle", motion, (Step("", Divide(1)),))
    assert "nothing was done" in idle.verdicts()[1].evidence[0]
    assert not any(idle.verdicts()[1:])


@pytest.mark.parametrize(("side", "factor"), [("+", 1), ("-", -1)])
def test_a_limit_is_taken_from_its_side(side, factor):
    assert apply(Limit(rho, 0, side), rule({x: x * sign(rho)})) == rule({x: factor * x})
    assert apply(Limit(rho, 1, side), rule({x: x * Abs(rho - 1) / (rho - 1)})) == rule({x: factor * x})


@pytest.mark.parametrize(
    "rate", [-x * cos(rho) - sin(x), -x - sin(x), -x * exp(x) - sin(x), rho - x - exp(x)]
)
def test_an_equation_without_a_solution_in_formulas_is_refused_at_once(rate):
    with pytest.raises(MoveError, match="in a way that cannot be solved for it"):
        apply(Integrate(backward_euler, dt), law({dot(x): rate}))


def test_a_limit_that_sympy_cannot_finish_is_refused(monkeypatch):
    def endless(*_):
        raise RecursionError("maximum recursion depth exceeded")

    monkeypatch.setattr("sympy.limit", endless)
    with pytest.raises(MoveError, match="state the line that it gives"):
        apply(Limit(tau, 0), law({dot(x): -x * exp(-1 / tau)}))


def drawn_quotient(chance):
    """Return a sum of random monomials times powers of symbols."""
    letters = symbols("a b c d", real=True)

    def monomial():
        powers = (s ** chance.choice((0, 0, 1, 1, 2)) for s in letters)
        return chance.choice((-3, -2, -1, -1, 1, 1, 2, 6)) * Mul(*powers)

    top = Add(*(monomial() for _ in range(chance.randint(2, 4))))
    return chance.choice((1, -1)) * top * Mul(*(s ** chance.choice((0, 0, -1, -2, 1)) for s in letters))


@pytest.mark.parametrize("seed", range(8))
def test_the_shortest_form_is_that_of_all_that_sympy_offers(seed):
    chance = random.Random(seed)
    for _ in range(25):
        given = drawn_quotient(chance)
        forms = (given, factor(given), factor_terms(given))
        lengths = [(sum(isinstance(e, Symbol) for e in preorder_traversal(f)), f.count_ops()) for f in forms]
        assert shortest(given) == (forms[lengths.index(min(lengths))] if given.has(Add) else given)


@pytest.mark.parametrize("coefficient", ["1", "-2", "a", "b*c", "a + b", "1/d", "a/2"])
def test_a_linear_equation_is_solved_whatever_its_form(coefficient):
    chance, unknown = random.Random(coefficient), Symbol("z", real=True)
    names = {str(s): s for s in symbols("a b c d", real=True)}
    for _ in range(10):
        rest, times = drawn_quotient(chance), sympify(coefficient, locals=names)
        found = solved(times * unknown + rest, unknown)
        assert together(times * found + rest).expand() == 0
