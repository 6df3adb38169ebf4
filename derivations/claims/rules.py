"""Judges of rules that several chapters use, and what they are made of.

A rule of one coordinate is judged by its map, by its multipliers on a quadratic and by exact orbits.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from sympy import Expr, Integer, Rational, Symbol, cos

from .. import momentum
from physsym import Condition, Rule, Verdict
from physsym import identical
from physsym.analysis.linear import characteristic_polynomial
from physsym.analysis.quantified import holds_for_all
from physsym.analysis.rates import rate_region
from physsym.analysis.exact_trajectory import ExactTrajectory, sign_changes, simulate, value_of
from physsym.core.signs import POSITIVE, signs
from physsym.core.statements import one_step_map, states
from physsym.core.verdicts import all_of, fails, holds
from physsym.vocabulary import G, eta, lam, rho, u, x

Point: TypeAlias = Mapping[Symbol, object]  # exact values of symbols

two_laws, with_velocity, with_displacement = momentum.derivation.lines[3:6]

nine_tenths, hundredth = Rational(9, 10), Rational(1, 100)
below_one = Condition(1 - rho, "> 0")
kept = (Condition(rho, "> 0"), below_one)


def weight(step: Rule) -> Expr:
    """Return how strongly a rule weighs the gradient against the displacement."""
    return -one_step_map(step)[u].expand().coeff(G)


def multiplier(step: Rule, curvature: Expr) -> Expr:
    """Return the one multiplier of a rule that has one."""
    return -characteristic_polynomial(step, curvature).monic().all_coeffs()[1]


def other(symbol: Symbol) -> Symbol:
    """Return a symbol for another value of a positive quantity."""
    return Symbol(f"{symbol}_1", positive=True)


def stable(step: Rule, curvature: Expr = lam) -> tuple[Condition, ...]:
    """Return when a rule is asymptotically stable on a quadratic: conditions beside those of signs."""
    return tuple(c for c in rate_region(step, 1, curvature).conditions if not signs(c.expression) <= POSITIVE)


def smoothed(step: Rule, weight_by_age: Expr, start: Expr) -> Verdict:
    """Judge what a displacement is after any number of steps: so much of each gradient, and of the start.

    Both are given in terms of `n`, the number of steps since. By induction: a new gradient gets the weight
    of age zero, and one more step turns each weight into that of the next age. The weights must fall with the
    age.
    """
    new = one_step_map(step)[u].expand()
    share, newest = new.coeff(u), -new.coeff(G)
    older = {n: n + 1}
    return all_of(
        identical(new, share * u - newest * G, what="the new displacement and a sum"),
        identical(weight_by_age.xreplace({n: Integer(0)}), newest, what="the weights of a new gradient"),
        identical(share * weight_by_age, weight_by_age.xreplace(older), what="the weights of one step later"),
        identical(
            start.xreplace({n: Integer(0)}), Integer(1), what="the weight of the start, at the start, and one"
        ),
        identical(share * start, start.xreplace(older), what="the weights of the start, one step later,"),
        holds_for_all([Condition(share, "> 0"), Condition(1 - share, "> 0")], kept),
    )


n = Symbol("n", integer=True, nonnegative=True)  # the number of steps since


def gains(step: Rule) -> tuple[Expr, Expr]:
    """Return the lasting displacement under equal and under alternating gradients, per weight of one."""
    share = one_step_map(step)[u].expand().coeff(u)
    return 1 / (1 - share), 1 / (1 + share)


# --- Orbits

CLOSE = 2.0**-10


def sides_changed(step: Rule, curvature: Expr, values: Point, steps: int = 100) -> int:
    """Return how often the position changes its sign, starting from rest at one."""
    at_rest = {state: int(state == x) for state in states(step)}
    return sign_changes(simulate(step, curvature * x**2 / 2, values, at_rest, steps).of(x))


def ends(step: Rule, on: Expr, values: Point, start: Expr, steps: int) -> ExactTrajectory:
    """Return the orbit from rest, in balls of real numbers."""
    at_rest = {u: 0, x: start} if u in step.targets else {x: start}
    return simulate(step, on, values, at_rest, steps, bits=steps + 64)


def settled(orbit: ExactTrajectory) -> bool:
    """Return whether the last ten positions of an orbit are certain to lie close together."""
    last = orbit.of(x)[-10:]
    return all(abs(a - last[-1]) < CLOSE for a in last)


def shown(number: object) -> str:
    """Return a ball of real numbers to four digits."""
    return f"{float(number):.4g}"


def written(statement: object) -> str:
    """Return a statement or an expression as `read` reads it: marks as functions, the potential by its name.

    >>> from physsym import law, dot, after, rule
    >>> print(written(law({dot(dot(x)): -G})), written(rule({u: rho * u, x: x + after(u)})), sep="; ")
    dot(dot(x)) = -grad(x); u <- rho*u; x <- after(u) + x
    """
    text = str(statement).replace("potential(x)", "U")
    marks = ((r"\b(\w+)''", r"dot(dot(\1))"), (r"\b(\w+)'", r"dot(\1)"), (r"\b([a-z]\w*)\+", r"after(\1)"))
    for mark, read in (*marks, (r"\b([a-z]\w*)-(?=[\s);]|$)", r"before(\1)")):
        text = re.sub(mark, read, text)
    return text


def named(setting: Point) -> str:
    """Return values in words."""
    return ", ".join(f"`{symbol} = {value}`" for symbol, value in setting.items())


hills = x**2 / 20 + Rational(12, 100) * (1 - cos(3 * x))


def jumps(step: Rule, plain: Rule, on: Expr, start: Expr, settings: Sequence[Point]) -> Verdict:
    """Judge whether there is a setting with which a rule ends lower than another one from the same start."""
    stuck = ends(plain, on, {eta: settings[0][eta]}, start, 600).end(x)
    there = value_of(on, {x: stuck}, bits=128)
    told, jumped = [f"descent from {start} ends at {shown(stuck)}, {shown(there)} high"], []
    for setting in settings:
        orbit = ends(step, on, setting, start, 300)
        below = value_of(on, {x: orbit.end(x)}, bits=128) < there - CLOSE
        jumped.append(bool(below) and settled(orbit))
        told.append(f"momentum with {named(setting)} ends at {shown(orbit.end(x))}")
    return (holds if any(jumped) else fails)(*told)
