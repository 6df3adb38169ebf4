"""What changes in time in a law, a rule and an expression."""

from __future__ import annotations

import pytest
from sympy import Expr, Integer, Symbol, exp, sin

from physsym.core.motion import clock, is_time, moves, moving, moving_parts
from physsym.core.statements import Statement, law, rule
from physsym.core.symbols import after, before, dot, grad, hess, potential
from physsym.vocabulary import dt, eta, gamma, lam, m, rho, t, tau

q, w, beta, c = (Symbol(name, real=True) for name in ("q", "w", "beta", "c"))

LINES: list[tuple[Statement, set[Symbol]]] = [
    (law({gamma * dot(q): -lam * q}), {q, dot(q)}),
    (law({m * dot(dot(q)): -lam}), {dot(dot(q))}),
    (law({m * dot(dot(q)): -gamma * dot(q) - lam * q}), {q, dot(q), dot(dot(q))}),
    (law({dot(q): c * sin(t)}), {dot(q), t}),
    (law({dot(q): c}), {dot(q)}),  # c may be a constant speed: nothing says that it changes
    (law({dot(q): w, w: c * lam}), {dot(q)}),  # w is a constant by another name
    (law({gamma * w: -grad(q)}), {q}),
    (law({w: -grad(q) / gamma}), {q, w}),  # w is what moves
    (law({dot(q): beta, beta: c, c: -grad(q)}), {q, dot(q), beta, c}),  # through a second definition
    (law({dot(q): c - grad(q + beta * w), dot(w): -q}), {q, dot(q), w, dot(w)}),
    (law({c: grad(q + beta * w)}), {c, q}),  # q, since nobody else is known to move
    (law({c: grad(beta * w)}), {c, beta, w}),  # which of the two moves is not known: both
    (law({dot(w): -potential(q, 2 * w)}), {q, w, dot(w)}),
    (law({dot(q): -grad(q - c * t)}), {q, dot(q), t}),
    (rule({q: q - eta * grad(q)}), {q}),
    (rule({q: q - eta * c}), {q}),
    (rule({w: rho * w - eta * grad(q)}), {w, q}),
    (rule({q: 2 * q - before(q) + rho * c}), {q, before(q)}),
    (rule({w: rho * w, q: q + after(w)}), {w, after(w), q}),
    (rule({q: q - dt * c / t}), {q, t}),
]


@pytest.mark.parametrize(("line", "expected"), LINES, ids=[str(line)[:50] for line, _ in LINES])
def test_what_moves_in_a_line(line: Statement, expected: set[Symbol]) -> None:
    assert moving(line) == expected


VALUES: list[tuple[Expr, bool]] = [
    (dt / gamma, False),
    (c * dt * q, True),
    (dt * dot(q), True),
    (dt * after(w), True),  # a mark is a mark, whatever the line
    (lam * before(c), True),
    (exp(-t / tau), True),
    (dt * grad(q) / gamma, True),
    (hess(c), True),  # an evaluation point that may move
    (grad(Integer(0)), False),  # a number does not
    (sin(c) + beta, False),
]


@pytest.mark.parametrize(("value", "expected"), VALUES, ids=str)
def test_what_moves_in_an_expression(value: Expr, expected: bool) -> None:
    assert moves(value, law({dot(q): -grad(q) / gamma})) is expected


def test_what_moves_elsewhere_moves_here() -> None:
    line = law({dot(q): w})
    assert w not in moving(line)
    assert w in moving(line, (w,))
    assert w in moving(line, (dot(w),))
    assert moving_parts(beta * c, line, (c,)) == (c,)


def test_parts_are_named_once() -> None:
    assert moving_parts(q * grad(q + t) + dt, law({dot(q): c})) == (grad(q + t), q)


def test_time_has_one_name() -> None:
    assert is_time(Symbol("t", positive=True))
    assert not any(map(is_time, (dot(t), Symbol("t0"), Symbol("T"))))


def test_a_clock_advances_the_time_by_a_time_step():
    assert clock(rule({q: q - c / t, t: t + dt})) == t
    assert clock(rule({t: t + 1})) is None  # a counter of steps
    assert clock(rule({q: q - c / t})) is None
