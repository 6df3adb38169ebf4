"""The claims of chapters IV and V and of the epilogue: the outcome due, and something spoiled for each judge.

The spoiled arguments go to the same judge, which must then come to another outcome.
"""

from sympy import Integer, Rational, exp, oo

from derivations import momentum, stale
from derivations.claims import coefficient, comparison, epilogue, rules, table, valley
from derivations.gradient_descent import derivation as descent
from derivations.momentum import source_rule
from physsym import Limit, Outcome, after, before, rule
from physsym.core.symbols import grad
from physsym.vocabulary import G, dt, eta, gamma, lam, rho, tau, u, v, x

HOLDS, CONDITIONAL, FAILS = Outcome.HOLDS, Outcome.CONDITIONAL, Outcome.FAILS
APPROXIMATE, UNDECIDABLE = Outcome.APPROXIMATE, Outcome.UNDECIDABLE

R, zero, one = Rational, Integer(0), Integer(1)
derived = momentum.derivation.rule
backward, upwards, halving = 1 / (1 + dt / tau), rule({x: x + eta * G}), rule({x: x / 2})
s, n, w, g = coefficient.s, coefficient.n, table.w, table.g
of_displacement = rule({u: rho * u - eta * G, x: x + after(u)})
frictionless = rule({u: u - eta * G, x: x + after(u)})
limits = epilogue.pure_descent.judge.args
still = {eta: R(1, 100), rho: R(9, 10)}
well = {epilogue.tilted: (Integer(-2), {eta: R(1, 20), rho: R(9, 10)})}

# fmt: off
LATER = {
    # 4.1, 4.2
    "C82": (FAILS, [rules.with_displacement, dt, []]),
    "C36": (FAILS, [rules.two_laws, v - dt / tau * v - dt / (gamma * tau) * G]),
    "C39": (HOLDS, [v - dt / tau * v, (1 + dt / tau) * v]),
    # 4.3
    "C40": (CONDITIONAL, [1 - 2 * dt / tau]),
    "C41": (CONDITIONAL, [backward, (), ()]),
    "C42": (HOLDS, [coefficient.of_one_step, Limit(s, zero), zero, "rho"]),
    "C83": (HOLDS, [dt / tau, (Limit(tau, zero),), zero]),
    "C84": (HOLDS, [exp(-1 / n), Limit(n, oo), zero, "the coefficient"]),
    "C44": (HOLDS, [source_rule, [eta] * 5, rho**5]),
    "C85": (HOLDS, [source_rule, (1 - eta * lam) ** 2, (1 + eta * lam) ** 2]),
    "C59": (CONDITIONAL, [source_rule, descent.rule, x**2 / 2, Integer(6), coefficient.tried]),
    "C86": (HOLDS, [coefficient.of_one_step, Limit(s, one), one, "rho"]),
    "C87": (CONDITIONAL, [backward, (), ()]),
    "C45": (HOLDS, [(stale.derivation.rule,), {rho: zero}, descent.rule]),
    "C46": (FAILS, [descent.rule, descent.rule]),
    "C88": (HOLDS, [exp(-1 / n), Limit(n, zero), one, "the coefficient"]),
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
    "C94": (HOLDS, [descent.rule, valley.along, valley.across, R(19, 20)]),
    "C53": (CONDITIONAL, [descent.rule, descent.rule, valley.across, (), (), still]),
    "C54": (CONDITIONAL, [source_rule, (), rules.kept]),
    # 5.1
    "C55": (CONDITIONAL, [source_rule, upwards, valley.across, R(9, 10), ()]),
    "C56": (CONDITIONAL, [
        source_rule, descent.rule, comparison.best_of_momentum, comparison.best_of_descent,
        {eta: R(1, 100), rho: R(1, 100)},
    ]),
    "C63": (CONDITIONAL, [halving, source_rule, valley.across, [still]]),
    "C60": (FAILS, [halving, 10 * x**2, ()]),
    "C62": (HOLDS, [source_rule, (1 - eta) ** 2, valley.along, R(1, 20), (R(1, 4),)]),
    "C57": (HOLDS, [{descent.rule: (x, u)}]),
    "C95": (HOLDS, [{descent.rule: 2}]),
    "C58a": (HOLDS, [descent.rule, -g]),
    "C58b": (CONDITIONAL, [frictionless, R(9, 10), 10]),
    "C61": (CONDITIONAL, [descent.rule, x**2 / 2, zero, Integer(6), (R(1, 10), R(21, 10))]),
    "C64": (HOLDS, [{descent.rule: (eta, rho)}]),
    "C65": (HOLDS, [[(descent.rule, rule({w: w - 2 * eta * grad(w)}))], {x: w, after(x): after(w)}]),
    "C68": (CONDITIONAL, [descent.rule, R(1, 100), R(9, 100), valley.across]),
    "C96": (UNDECIDABLE, [{"honey": Integer(9), "air": R(1, 9)}]),
    # Epilogue
    "C66": (FAILS, [rule({x: exp(-eta * lam) * x}), still]),
    "C97": (CONDITIONAL, [*limits[:2], limits[2][:1], *limits[3:]]),
    "C98": (CONDITIONAL, [derived, *epilogue.momentum_method.judge.args[1:]]),
    "C100": (CONDITIONAL, [dt**2, {"descent": epilogue.of_descent}]),
    "C101": (HOLDS, [stale.derivation.rule, -eta * G]),
    "C102": (HOLDS, [source_rule, [eta] * 5, rho**5, rules.kept]),
    "C103": (CONDITIONAL, [source_rule, descent.rule, well]),
}
# fmt: on
