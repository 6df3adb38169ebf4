"""One name has one meaning in a whole derivation."""

import pytest
from sympy import Symbol, oo

from physsym import (
    Define,
    Derivation,
    Divide,
    Eliminate,
    Integrate,
    Isolate,
    Limit,
    Multiply,
    ReduceOrder,
    Rescale,
    Step,
    damped_particle,
    dot,
    law,
    rule,
)
from physsym.core.verdicts import Outcome
from physsym.integrators import forward_euler, semi_implicit_euler
from physsym.mechanics.moves import Neglect
from physsym.verify.names import misused_names
from physsym.vocabulary import G, alpha, dt, eta, gamma, m, rho, t, tau, u, v, x

p, q = (Symbol(name, positive=True) for name in "pq")
y, a = (Symbol(name, real=True) for name in "ya")
motion = damped_particle.law()
in_tau = (Divide(gamma), Define(tau, m / gamma, m))
descent = (Limit(tau), Isolate(dot(x)), Integrate(forward_euler, dt))
planar = law({m * dot(dot(x)): -gamma * dot(x) - G, m * dot(dot(y)): -gamma * dot(y)})


def derived(start, *moves):
    steps = (Step("", *(move if isinstance(move, tuple) else (move,))) for move in moves)
    return Derivation("names", start, tuple(steps))


MISUSED = [
    ("a step named as a time that is gone", motion,
     (Divide(gamma), Define(dt, m / gamma, m), Limit(dt), Isolate(dot(x)), Integrate(forward_euler, dt)),
     5, "dt had another meaning"),
    ("a mass that is gone", motion, (Limit(m), Multiply(m)), 2, "m tended to 0 in step 1 and cannot"),
    ("a mass that is neglected after it is gone", motion,
     (Limit(m), (Neglect(m * dot(dot(x))), law({0: -gamma * dot(x)}))), 2, "m tended"),
    ("a large friction that comes back", law({dot(x): -a * x / gamma - y, dot(y): a}),
     (Limit(gamma, oo), Divide(gamma)), 2, "gamma tended to oo"),
    ("a stated line with a time that is gone", motion,
     (*in_tau, Limit(tau), (Isolate(dot(x)), law({dot(x): -G / gamma + tau - tau * 1 + 0 * x + tau}))),
     4, "tau tended to 0 in step 3"),
    ("an eliminated mass by multiplication", motion, (*in_tau, Multiply(m)), 3, "m was eliminated in step 2"),
    ("an eliminated mass in a definition", motion,
     (*in_tau, *descent, Define(p, m * dt, dt)), 6, "m was eliminated"),
    ("a name defined twice", motion,
     (*in_tau, *descent, Define(tau, dt / gamma, dt)), 6, "tau had another meaning"),
    ("a name defined again after it was eliminated", motion,
     (*in_tau, *descent, Define(eta, dt / gamma, dt), Define(dt, 2 * eta, eta)), 7, "dt had another meaning"),
    ("a step named as what was divided by", law({gamma * p * dot(x): -p * G}),
     (Divide(p), Isolate(dot(x)), Integrate(forward_euler, p)), 3, "p had another meaning"),
    ("a velocity named again by Rescale", motion,
     (ReduceOrder(x, v), Rescale(v, u, 1 / p), Rescale(u, v, p)), 3, "v had another meaning"),
    ("a velocity named again by ReduceOrder", planar,
     (ReduceOrder(x, v), Rescale(v, u, 1 / p), ReduceOrder(y, v)), 3, "v had another meaning"),
    ("a rescaled velocity read again", motion,
     (ReduceOrder(x, v), Rescale(v, u, 1 / p), Divide(v)), 3, "v was eliminated in step 2"),
    ("a momentum that was eliminated from the rule", law({dot(x): v, m * dot(v): -gamma * v - G}),
     (Integrate(semi_implicit_euler, dt), Eliminate(v), Define(v, 2 * dt, dt)), 3, "v had another meaning"),
    ("a step that is the time", law({dot(x): -x}),
     ((Integrate(forward_euler, t), rule({x: x - t * x})),), 1, "t is the time"),
    ("a definition of the time", rule({x: x - dt * G}), (Define(t, 2 * dt, dt),), 1, "t is the time"),
    ("a name with a mark", law({dot(x): -dt * G}), (Define(dot(y), 2 * dt, dt),), 1, "mark of an instant"),
]  # fmt: skip


@pytest.mark.parametrize(("start", "moves", "step", "reason"), [row[1:] for row in MISUSED],
                         ids=[row[0] for row in MISUSED])  # fmt: skip
def test_a_name_has_one_meaning(start, moves, step, reason):
    derivation = derived(start, *moves)
    verdict = derivation.verdicts()[step]
    assert verdict.outcome is Outcome.FAILS
    assert reason in verdict.evidence[0]
    assert not any(reason in e for v in derivation.verdicts()[:step] for e in v.evidence)


RIGHT = [
    (motion, (*in_tau, *descent, Define(eta, dt / gamma, dt))),
    (motion, (ReduceOrder(x, v), Rescale(v, u, 1 / p), Rescale(u, a, p))),
    (planar, (ReduceOrder(x, v), ReduceOrder(y, u))),
    (law({m * dot(dot(x)): -G}), (ReduceOrder(x, v),)),
    (law({gamma * dot(x): -gamma * a * x}),
     (Divide(gamma), Integrate(forward_euler, dt), Define(eta, dt / gamma, dt))),
    (rule({x: x - (1 - rho) * eta * G}), (Define(alpha, (1 - rho) * eta, eta),)),
]  # fmt: skip


@pytest.mark.parametrize(("start", "moves"), RIGHT)
def test_fresh_names_and_names_that_only_cancelled_are_welcome(start, moves):
    assert not any(misused_names(moves, derived(start, *moves).lines))


def test_the_right_derivation_holds_and_the_reused_name_alone_makes_it_fail():
    good = derived(motion, *in_tau, *descent, Define(eta, dt / gamma, dt))
    assert all(good.verdicts())
    bad = derived(motion, *in_tau, *descent[:-1], Integrate(forward_euler, tau))
    assert [bool(verdict) for verdict in bad.verdicts()] == [True] * 5 + [False]
