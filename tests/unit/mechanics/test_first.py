"""What moves first, by what the states mean: in any listing, in any letters, or refused."""

from __future__ import annotations

import pytest
from sympy import Expr, Symbol, sin

from physsym import (
    Derivation,
    Integrate,
    Outcome,
    ReduceOrder,
    Rescale,
    Step,
    System,
    after,
    apply,
    check,
    dot,
    grad,
    law,
    partial,
    rule,
)
from physsym.core.statements import Rule
from physsym.integrators import semi_implicit_euler, velocity_verlet
from physsym.mechanics import MoveError
from physsym.testing import assert_same_rule
from physsym.vocabulary import dt, lam, m, tau, v, x

a, b, c, p, q, s, w, y, z = (Symbol(name, real=True) for name in "abcpqswyz")
k = Symbol("k", positive=True)
move = Integrate(semi_implicit_euler, dt)

# (the law, the states that move first, the states that read their new values), as mechanics has them
KNOWN: list[tuple[dict[Expr, Expr], tuple[Symbol, ...]]] = [
    ({dot(q): p / m, dot(p): -grad(q) - a * p}, (p,)),
    ({dot(q): w, dot(w): -k * q - c * w}, (w,)),
    ({dot(q): w, dot(w): -sin(q)}, (w,)),
    ({dot(q): w, dot(w): -c * w - grad(q + b * w)}, (w,)),  # the gradient is taken ahead
    ({dot(q): w - b * grad(q), dot(w): -c * w - grad(q)}, (w,)),  # the force moves the position as well
    ({dot(q): w, dot(w): -c * q**2 * w - grad(q)}, (w,)),  # the friction depends on the position
    ({dot(w): (grad(q) - w) / c, dot(s): (grad(q) ** 2 - s) / c, dot(q): -w / (1 + s)}, (w, s)),
    ({dot(q): w, dot(y): z, dot(w): -partial(1, q, y), dot(z): -partial(2, q, y) - c * z}, (w, z)),
]


def listings(terms: dict[Expr, Expr]) -> list[list[tuple[Expr, Expr]]]:
    """Return the equations with each of them in front once."""
    listed = list(terms.items())
    return [listed[n:] + listed[:n] for n in range(len(listed))]


def stepped(terms: dict[Expr, Expr], first: tuple[Symbol, ...]) -> Rule:
    """Return the step that moves some states first and lets the others read their new values."""
    rates = {Symbol(r.name[:-1], real=True): value for r, value in terms.items()}
    new = {s: after(s) for s in first}
    kicks = {s: s + dt * rates[s] for s in first}
    return rule(kicks | {s: s + dt * r.xreplace(new) for s, r in rates.items() if s not in first})


@pytest.mark.parametrize(("terms", "first"), KNOWN)
def test_velocities_move_first_in_every_listing(terms, first):
    right = stepped(terms, first)
    wrong = stepped(terms, tuple(Symbol(r.name[:-1], real=True) for r in terms if r not in map(dot, first)))
    for listing in listings(terms):
        line = law(dict(listing))
        assert_same_rule(apply(move, line), right)
        assert check(move, line, right)
        assert check(move, line, wrong).outcome is Outcome.FAILS


@pytest.mark.parametrize(
    "terms",
    [
        {dot(q): w, dot(w): -k * q},  # the same with q and w exchanged
        {dot(q): -partial(1, q, y), dot(y): partial(2, q, y)},
        {dot(q): w, dot(w): -grad(q), dot(s): q * w},
        {dot(q): w**3, dot(w): -(q**3)},
    ],
)
def test_where_nobody_tells_the_author_is_asked(terms):
    for listing in listings(terms):
        line = law(dict(listing))
        with pytest.raises(MoveError, match="name what moves first"):
            apply(move, line)
        verdict = check(move, line, stepped(terms, (q,)))
        assert verdict.outcome is Outcome.FAILS
        named = Integrate(semi_implicit_euler, dt, first=(q,))
        assert check(named, line, stepped(terms, (q,)))


@pytest.mark.parametrize("letter", [v, w, p])
@pytest.mark.parametrize("method", [semi_implicit_euler, velocity_verlet])
def test_a_derivation_knows_the_velocity_that_it_has_named(letter, method):
    spring = System((x,), m * dot(x) ** 2 / 2 - lam * x**2 / 2)
    start = (Step("", ReduceOrder(x, letter)),)
    derivation = Derivation("spring", spring, (*start, Step("", Integrate(method, dt))))
    assert all(derivation.verdicts())
    assert derivation.rule == apply(Integrate(method, dt, first=(letter,)), derivation.lines[1])
    drift = rule({x: x + dt * letter, letter: letter - dt * lam * after(x) / m})
    assert not all(Derivation("drift", spring, (*start, Step("", Integrate(method, dt), drift))).verdicts())
    scaled = Derivation(
        "s", spring, (*start, Step("", Rescale(letter, y, 1 / tau)), Step("", Integrate(method, dt)))
    )
    assert all(scaled.verdicts())
    assert {y, x} == set(scaled.rule.targets)
