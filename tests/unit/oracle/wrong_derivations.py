"""Derivations whose motions are not what their lines say, as plain values: lines, moves and claimed orders.

They are written by hand, line by line, so that they are at hand also where the package refuses to make them.
"""

from dataclasses import dataclass

from sympy import Abs, Symbol, oo

from physsym.core.statements import Law, Rule, Update, law, rule
from physsym.core.symbols import after, dot
from physsym.core.verdicts import Condition
from physsym.integrators import explicit_midpoint, forward_euler, heun, semi_implicit_euler
from physsym.mechanics.moves import (
    Define,
    Divide,
    Integrate,
    Isolate,
    Limit,
    Multiply,
    ReduceOrder,
    Rescale,
)
from physsym.vocabulary import G, dt, eta, gamma, lam, m, t, tau, v, x

q, a, b, w, p = (Symbol(n, real=True) for n in "qabwp")
pa, eps, h = (Symbol(n, positive=True) for n in ("pa", "eps", "h"))


@dataclass(frozen=True)
class Wrong:
    """A derivation as it was said to hold, and words of the reason why it does not."""

    lines: tuple
    moves: tuple
    claimed: tuple
    reason: str


@dataclass(frozen=True)
class Tableau:
    """A method given by any tableau, also an inconsistent one."""

    name: str
    matrix: tuple
    weights: tuple
    order: int = 1


@dataclass(frozen=True)
class Weights:
    """A method of one stage by its weights."""

    name: str
    own: object
    updated: object
    pending: object
    order: int = 1


def integrate(method, step=dt, first=()):
    """Return the move with any method, also one that the package would refuse."""
    made = Integrate(forward_euler, step, first)
    object.__setattr__(made, "method", method)
    return made


def unchecked_rule(updates):
    """Return a rule without the checks of its constructor."""
    made = object.__new__(Rule)
    object.__setattr__(made, "updates", tuple(Update(s, value) for s, value in updates.items()))
    return made


damped = law({m * dot(dot(x)): -gamma * dot(x) - G})
in_tau = law({tau * dot(dot(x)): -G / gamma - dot(x)})
divided = law({m / gamma * dot(dot(x)): -dot(x) - G / gamma})
overdamped = law({0: -G / gamma - dot(x)})
descent = law({dot(x): -G / gamma})
to_descent = (Divide(gamma), Define(tau, m / gamma, m), Limit(tau), Isolate(dot(x)))
descent_lines = (damped, divided, in_tau, overdamped, descent)
nesterov = law({m * dot(dot(x)): -3 * m * dot(x) / t - G})
split = law({dot(x): v, dot(v): -3 * v / t - G / m})
frozen = rule({v: v + dt * (-3 * v / t - G / m), x: x + dt * after(v)})
oscillator = law({m * dot(dot(x)): -lam * x})
two_laws = law({dot(x): v, m * dot(v): -G - gamma * v})
kicked = rule({v: v - dt * (G + gamma * v) / m, x: x + dt * after(v)})
drifted = rule({x: x + dt * v, v: v - dt * (G + gamma * v) / m})

WRONG = {
    # time
    "a frozen clock, semi-implicit Euler": Wrong(
        (nesterov, split, frozen), (ReduceOrder(x, v), integrate(semi_implicit_euler)), (1,), "part"
    ),
    "a frozen clock, a tableau": Wrong(
        (law({dot(x): a * t}), rule({x: x + dt * a * t})), (integrate(heun),), (2,), "part"
    ),
    "a frozen clock beside a decay": Wrong(
        (law({dot(x): a * t - b * x}), rule({x: x + dt * (a * t - b * x)})),
        (integrate(forward_euler),),
        (1,),
        "part",
    ),
    "time at the wrong node": Wrong(
        (law({dot(x): a * t**2}), rule({x: x + dt * a * t**2, t: t + dt})),
        (integrate(explicit_midpoint),),
        (2,),
        "lower than claimed",
    ),
    "a clock that runs twice as fast": Wrong(
        (law({dot(x): a * t}), rule({x: x + dt * a * t, t: t + 2 * dt})),
        (integrate(forward_euler),),
        (1,),
        "part",
    ),
    "a unit that grows": Wrong(
        (law({dot(v): -b * v}), law({t * dot(w): -b * t * w})), (Rescale(v, w, t),), (), "part"
    ),
    "time tends to zero": Wrong(
        (law({dot(x): -b * x + a * t}), law({dot(x): -b * x})), (Limit(t),), (1,), "changes along"
    ),
    # names for what moves
    "a displacement by a constant name": Wrong(
        (descent, rule({x: x - dt * G / gamma}), rule({x: x - q})),
        (integrate(forward_euler), Define(q, dt * G / gamma, dt)),
        (1,),
        "stands for",
    ),
    "a rate by a constant name": Wrong(
        (law({dot(x): -x / tau}), law({dot(x): -v}), rule({x: x - dt * v})),
        (Define(v, x / tau, tau), integrate(forward_euler)),
        (oo,),
        "stands for",
    ),
    "a rate by a positive name": Wrong(
        (law({dot(x): -lam * x}), law({dot(x): -eps * x**2}), rule({x: x - dt * eps * x**2})),
        (Define(eps, lam / x, lam), integrate(forward_euler)),
        (1,),
        "eps",
    ),
    "a learning rate that is a place": Wrong(
        (rule({x: x - b * dt * G}), rule({x: x - q * G / x})), (Define(q, b * dt * x, b),), (), "stands for"
    ),
    # signs
    "ascent with a positive rate": Wrong(
        (*descent_lines, rule({x: x - dt * G / gamma}), rule({x: x + eta * G})),
        (*to_descent, integrate(forward_euler), Define(eta, -dt / gamma, dt)),
        (1, 1),
        "eta is declared positive",
    ),
    "a positive velocity": Wrong(
        (damped, law({dot(x): pa, m * dot(pa): -G - gamma * pa})),
        (ReduceOrder(x, pa),),
        (),
        "pa is declared positive",
    ),
    "a positive velocity, integrated": Wrong(
        (
            damped,
            law({dot(x): pa, m * dot(pa): -G - gamma * pa}),
            unchecked_rule({pa: pa - dt * (G + gamma * pa) / m, x: x + dt * after(pa)}),
        ),
        (ReduceOrder(x, pa), integrate(semi_implicit_euler)),
        (1,),
        "pa is declared positive",
    ),
    "a state whose sign a rule turns": Wrong(
        (unchecked_rule({pa: -pa, x: x - eta * G}), unchecked_rule({pa: -pa, x: x - eta * G * pa / Abs(pa)})),
        (Multiply(1),),
        (),
        "pa is declared positive",
    ),
    "friction that pushes": Wrong(
        (
            Law(
                law({m * dot(dot(x)): gamma * dot(x) - G}).equations,
                (Condition(-gamma * dot(x) ** 2, ">= 0"),),
            ),
            law({m / gamma * dot(dot(x)): dot(x) - G / gamma}),
        ),
        (Divide(gamma),),
        (),
        "never so",
    ),
    # limits
    "a frictionless particle of no mass": Wrong(
        (oscillator, law({0: -lam * x}), law({x: 0})), (Limit(m), Isolate(x)), (1,), "part"
    ),
    "a repelling fast motion": Wrong(
        (
            law({tau * dot(dot(x)): dot(x) - G / gamma}),
            law({0: dot(x) - G / gamma}),
            law({dot(x): G / gamma}),
        ),
        (Limit(tau), Isolate(dot(x))),
        (1,),
        "part",
    ),
    "a repelling velocity": Wrong(
        (law({m * dot(v): gamma * v - G}), law({0: gamma * v - G}), law({v: G / gamma})),
        (Limit(m), Isolate(v)),
        (1,),
        "leaves every bound",
    ),
    "friction of a sign that is not known": Wrong(
        (law({m * dot(dot(x)): -a * dot(x) - G}), law({0: -a * dot(x) - G}), law({dot(x): -G / a})),
        (Limit(m), Isolate(dot(x))),
        (1,),
        "part|leaves every bound",
    ),
    "a limit outside its domain": Wrong(
        (law({dot(x): -a * x / gamma - b}), law({dot(x): -b})),
        (Limit(gamma, -oo),),
        (1,),
        "gamma is declared positive",
    ),
    "a midpoint without inertia": Wrong(
        (
            two_laws,
            law({dot(x): v, tau * dot(v): -G / gamma - v}),
            rule({v: ((2 * tau - dt) * v - 2 * dt * G / gamma) / (2 * tau + dt), x: x + dt * after(v)}),
            rule({v: -v - 2 * G / gamma, x: x + dt * after(v)}),
        ),
        (Define(tau, m / gamma, m), integrate(semi_implicit_euler.with_friction("midpoint")), Limit(tau)),
        (1, 1),
        "part",
    ),
    # statements
    "two laws for one coordinate": Wrong(
        (law({dot(x): -G / gamma, 2 * dot(x): -G / gamma}), rule({x: x - dt * G / (2 * gamma)})),
        (integrate(forward_euler),),
        (1,),
        "contradicts itself",
    ),
    "a method of no order": Wrong(
        (descent, rule({x: x - 2 * dt * G / gamma})),
        (integrate(Tableau("bad", ((0,),), (2,))),),
        (1,),
        "part",
    ),
    "a square": Wrong(
        (law({dot(x) ** 2: eps}), law({dot(x) ** 2: 0}), law({dot(x): 0})),
        (Limit(eps), Isolate(dot(x))),
        (1,),
        "lower than claimed",
    ),
    "an error called exact": Wrong(
        (damped, law({0: -gamma * dot(x) - G}), descent), (Limit(m), Isolate(dot(x))), (), "order"
    ),
    # methods
    "the positions first": Wrong(
        (two_laws, drifted), (integrate(semi_implicit_euler),), (1,), "not one step of semi-implicit Euler"
    ),
    "the velocities first where positions are named": Wrong(
        (two_laws, kicked),
        (integrate(semi_implicit_euler, dt, (x,)),),
        (1,),
        "not one step of semi-implicit Euler",
    ),
    "another method of the same order": Wrong(
        (two_laws, rule({v: v - dt * (G + gamma * v) / m, x: x + dt * v})),
        (integrate(semi_implicit_euler),),
        (1,),
        "not one step of semi-implicit Euler",
    ),
    "another tableau of the same order": Wrong(
        (law({dot(x): -lam * x**2}), rule({x: x - dt * lam * (x - dt * lam * x**2 / 2) ** 2})),
        (integrate(heun),),
        (2,),
        "not one step of Heun",
    ),
    "a wrong sign that is right after even steps": Wrong(
        (*descent_lines, rule({x: dt * G / gamma - x})),
        (*to_descent, integrate(forward_euler)),
        (1, 1),
        "part",
    ),
    "an order too high": Wrong(
        (law({dot(x): -lam * x}), rule({x: x - dt * lam * x})),
        (integrate(Tableau("Euler", ((0,),), (1,), 2)),),
        (2,),
        "lower than claimed",
    ),
    # names used twice
    "a step in two meanings": Wrong(
        (
            damped,
            divided,
            law({dt * dot(dot(x)): -G / gamma - dot(x)}),
            overdamped,
            descent,
            rule({x: x - dt * G / gamma}),
        ),
        (Divide(gamma), Define(dt, m / gamma, m), Limit(dt), Isolate(dot(x)), integrate(forward_euler)),
        (1, 1),
        "another meaning",
    ),
    "a mass that is gone comes back": Wrong(
        (damped, law({0: -gamma * dot(x) - G}), law({0: -gamma * m * dot(x) - m * G})),
        (Limit(m), Multiply(m)),
        (1,),
        "used again",
    ),
}
