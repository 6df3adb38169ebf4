"""The claims of chapters IV and V and of the epilogue: the outcome due, and something spoiled for each judge.

The spoiled arguments go to the same judge, which must then come to another outcome.
"""

from sympy import Integer, Rational, exp, oo

from derivations import friction, momentum, stale
from derivations.claims import (
    coefficient,
    comparison,
    epilogue,
    overdamped,
    prologue,
    rules,
    table,
    time_scale,
    valley,
)
from derivations.claims import descent as chapter_three
from derivations.gradient_descent import derivation as descent
from derivations.momentum import source_rule
from physsym import Condition, Limit, Outcome, after, before, damped_particle, dot, hess, law, rule
from physsym.core.dimensions import MASS, ONE, TIME
from physsym.core.symbols import grad
from physsym.vocabulary import G, U, alpha, dt, eta, gamma, lam, m, rho, tau, u, v, x

HOLDS, CONDITIONAL, FAILS = Outcome.HOLDS, Outcome.CONDITIONAL, Outcome.FAILS
APPROXIMATE, UNDECIDABLE = Outcome.APPROXIMATE, Outcome.UNDECIDABLE

R, zero, one = Rational, Integer(0), Integer(1)
derived = momentum.derivation.rule
backward, upwards, halving = 1 / (1 + dt / tau), rule({x: x + eta * G}), rule({x: x / 2})
s, n, w, g = coefficient.s, rules.n, table.w, table.g
of_displacement = rule({u: rho * u - eta * G, x: x + after(u)})
frictionless = rule({u: u - eta * G, x: x + after(u)})
limits = epilogue.pure_descent.judge.args
still = {eta: R(1, 100), rho: R(9, 10)}
well = {epilogue.tilted: (Integer(-2), {eta: R(1, 20), rho: R(9, 10)})}

# fmt: off
LATER = {
    # 4.1, 4.2
    "C82": (UNDECIDABLE, [rules.with_displacement, Limit(dt, oo)]),
    "C36": (FAILS, [rules.two_laws, v - dt / tau * v - dt / (gamma * tau) * G]),
    "C39": (HOLDS, [v - dt / tau * v, (1 + dt / tau) * v]),
    # 4.3
    "C40": (CONDITIONAL, [1 - 2 * dt / tau]),
    "C41": (CONDITIONAL, [backward, (), ()]),
    "C42": (HOLDS, [coefficient.of_one_step, Limit(s, zero), zero, "rho"]),
    "C83": (HOLDS, [dt / tau, (Limit(tau, zero),), zero]),
    "C84": (HOLDS, [source_rule, rho**n, Limit(rho, one, "-"), zero]),
    "C44": (HOLDS, [source_rule, eta * n, rho**n]),
    "C85": (HOLDS, [source_rule, (1 - eta * lam) ** 2, (1 + eta * lam) ** 2]),
    "C59": (HOLDS, [source_rule, descent.rule, x**2 / 2, Integer(6), coefficient.tried]),
    "C86": (HOLDS, [coefficient.of_one_step, Limit(s, one), one, "rho"]),
    "C87": (CONDITIONAL, [backward, (), ()]),
    "C45": (HOLDS, [(stale.derivation.rule,), {rho: zero}, descent.rule]),
    "C46": (CONDITIONAL, [source_rule, descent.rule, descent.rule]),
    "C88": (HOLDS, [derived, Limit(rho, one), -eta * G]),
    "C43a": (HOLDS, [(1 - dt / tau).xreplace({dt: tau / 5}), R(9, 10)]),
    "C43b": (HOLDS, [derived, {rho: R(9, 10)}, R(1, 10)]),
    "C43c": (APPROXIMATE, [R(9, 10) ** 10, R(1, 2), R(1, 10)]),
    # 4.4
    "C37": (FAILS, [derived, derived]),
    "C38": (FAILS, [derived, -eta * G]),
    "C89": (HOLDS, [descent.rule]),
    "C90": (HOLDS, [source_rule, x + rho * (x - before(x)) - (1 - rho) * eta * G]),
    "C91": (HOLDS, [source_rule, {}, 1 - rho]),
    "C92": (FAILS, [of_displacement]),
    "C93": (FAILS, [rules.with_displacement, dt**2 / (gamma * tau)]),
    "C67": (CONDITIONAL, [one, Integer(10), R(9, 10), R(1, 1000)]),
    # 5
    "C51": (HOLDS, [valley.valley, valley.w2, valley.w1]),
    "C52": (CONDITIONAL, [upwards, valley.across, ()]),
    "C94": (HOLDS, [descent.rule, Integer(20), R(19, 20)]),
    "C53": (CONDITIONAL, [descent.rule, descent.rule, valley.across, (), (), still]),
    "C54": (FAILS, [source_rule, 1 / (1 + rho), rules.kept]),
    # 5.1
    "C55": (CONDITIONAL, [source_rule, halving, valley.across, ()]),
    "C56": (CONDITIONAL, [
        source_rule, descent.rule, comparison.best_of_momentum, comparison.best_of_descent,
        {eta: R(1, 100), rho: R(1, 100)},
    ]),
    "C63": (CONDITIONAL, [halving, source_rule, []]),
    "C60": (FAILS, [halving, 10 * x**2, ()]),
    "C62": (HOLDS, [source_rule, (1 - comparison.root) ** 3]),
    "C57": (HOLDS, [{descent.rule: (x, u)}]),
    "C95": (HOLDS, [{descent.rule: 2}]),
    "C58a": (HOLDS, [descent.rule, -g]),
    "C58b": (CONDITIONAL, [frictionless, R(9, 10), 10]),
    "C61": (CONDITIONAL, [descent.rule, x**2 / 2, zero, Integer(6), (R(1, 10), R(21, 10))]),
    "C64": (HOLDS, [{descent.rule: (eta, rho)}]),
    "C65": (HOLDS, [[(descent.rule, rule({w: w - 2 * eta * grad(w)}))], {x: w, after(x): after(w)}]),
    "C68": (CONDITIONAL, [upwards, R(1, 100), R(9, 100), ()]),
    "C96": (UNDECIDABLE, [{"honey": Integer(9), "air": R(1, 9)}]),
    # Epilogue
    "C66": (FAILS, [rule({x: exp(-eta * lam) * x}), still]),
    "C97": (HOLDS, [*limits[:1], upwards, dt / gamma]),
    "C98": (CONDITIONAL, [derived, *epilogue.momentum_method.judge.args[1:]]),
    "C100": (CONDITIONAL, [dt**2, {"descent": epilogue.of_descent}]),
    "C101": (HOLDS, [stale.derivation.rule, -eta * G]),
    "C102": (HOLDS, [source_rule, eta * n, rho**n, rules.kept]),
    "C103": (HOLDS, [source_rule, descent.rule, well]),
}

# Something spoiled for the judge of each repair, which must then fail.
REPAIRS = {
    "C02": [momentum.by_constants.rule, {m: dt**2 / alpha, gamma: dt * rho / alpha}, (rho, alpha)],
    "C69": [prologue.n * dt, dt / tau],
    "C05": [descent.rule, (Condition(1 - eta * lam, "> 0"),)],
    "C09": [damped_particle.law(), ONE / TIME, MASS / TIME],
    "C17": [damped_particle.law(), m * lam / gamma**2, source_rule, {rho, eta / lam}],
    "C19": [time_scale.in_terms_of_tau, (Condition(2 * tau * lam - gamma, "> 0"),), tau],
    "C21": [time_scale.in_terms_of_tau, {-G / gamma: 1, -G / gamma + tau * hess(x) * G / gamma**2: 2}, tau],
    "C24": [time_scale.particle, m / gamma],
    "C25": [time_scale.particle, overdamped.mass_over_square, {m: overdamped.s**3, gamma: overdamped.s}],
    "C35": [time_scale.in_terms_of_tau, 1],
    "C76": [(friction.midpoint,), friction.forward, dt],
    "C32": [descent.rule, (Condition(1 - eta * lam, "> 0"),)],
    "C31": [damped_particle.law(), law({zero: -G + gamma * dot(x)}), chapter_three.euler_step,
            momentum.by_constants.rule],
    "C33": [-G / gamma, dt / gamma, eta * G],
    "C80": [descent.rule, (Condition(3 - eta * lam, "> 0"),)],
    "C34": [descent.rule, x**4 / 4],
    "C36": [rules.two_laws, (1 - dt / tau) * v - dt / (gamma * tau) * G, dt / gamma],
    "C40": [{friction.forward.title: 1 / (1 + dt / tau)}],
    "C41": [1 - dt / tau, (Condition(2 * tau - dt, ">= 0"),), (Condition(dt - 2 * tau, "> 0"),), exp(-s)],
    "C87": [1 - dt / tau, (dt - tau) / tau],
    "C46": [source_rule, stale.derivation.rule, *[descent.rule] * 2, (Condition(1 - eta * lam, "> 0"),)],
    "C43c": [R(9, 10), 9, 39, exp(-one)],
    "C37": [((source_rule, derived),)],
    "C38": [{source_rule: -eta * G}],
    "C92": [rule({v: rho * v - eta * G, x: x + after(v)})],
    "C93": [rules.with_displacement, dt**2 / m, rho * dt / gamma, dt / gamma],
    "C67": [((one, Integer(10), R(1, 100), R(1, 100)),), R(9, 10)],
    "C52": [descent.rule, valley.across, (Condition(eta - R(1, 20), "> 0"),), R(1, 100)],
    "C53": [source_rule, descent.rule, valley.across, (Condition((1 - 20 * eta) ** 4 - rho, "> 0"),), still],
    "C54": [source_rule, (1 / (1 - rho), 1 / (1 + rho)), R(3, 4), rules.kept],
    "C55": [source_rule, descent.rule, R(3, 2)],
    "C56": [source_rule, descent.rule, comparison.best_of_momentum, comparison.best_of_descent, rho],
    "C63": [descent.rule, source_rule, Integer(2), 2 * (1 - rho)],
    "C60": [descent.rule, chapter_three.velocity_law, R(1, 2)],
    "C58b": [source_rule, -eta * g / (1 + rho)],
    "C61": [descent.rule, one],
    "C68": [descent.rule, valley.across, R(1, 20), -one],
    "C66": [descent.rule, 2, U - eta / 4 * G**2, (Condition(eta * lam - 1, "> 0"),)],
    "C98": [source_rule, derived, dt**2 / m],
    "C100": [((epilogue.of_descent, dt**2 / m),)],
}
# fmt: on
