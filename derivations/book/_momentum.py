"""What chapter IV computes: the two momentum rules, their difference, and treatments of friction."""

from sympy import Expr, Rational, Symbol, factor

from .. import friction
from ._ties import definition_of, with_difference_quotient
from ._tables import dimension, goes_to, meanings, tidy
from ..momentum import by_constants, source_rule, textbook
from ..momentum import derivation as momentum
from physsym import Rule, Verdict, after, dot, rule, same_rule
from physsym.documents.content import Cell, Row
from physsym.core.statements import Equation, Relation, Update, one_step_map, states
from physsym.vocabulary import G, alpha, dt, eta, gamma, m, rho, tau, u, v, x

with_inertia = Equation(tau * dot(v), -G / gamma - v)
in_quotients = with_difference_quotient(with_inertia, v)
stepped = Update(v, v - dt / tau * v - dt / (gamma * tau) * G)
stepped_as_needed = Update(v, v - dt / tau * v - dt / gamma * G)
collected = Update(v, (1 - dt / tau) * v - dt / (gamma * tau) * G)
collected_as_needed = Update(v, (1 - dt / tau) * v - dt / gamma * G)

printed = rule({v: rho * v - eta * G, x: x + after(v)})

USUAL = Rational(9, 10)
FRICTIONS = {
    "forward Euler": friction.forward,
    "backward Euler": friction.backward,
    "midpoint": friction.midpoint,
    "exponential": friction.exponential,
}
RULES = {"the source": textbook, "derived": momentum}


def weight(of: Rule) -> Expr:
    """Return how much of the gradient a momentum rule adds to its displacement."""
    return -one_step_map(of)[u].coeff(G)


def too_much(of: Rule = source_rule) -> Expr:
    """Return the weight of the gradient in a rule over that in the derived one."""
    return tidy(weight(of) / weight(momentum.rule))


def difference(of: Rule = source_rule) -> Expr:
    """Return the displacement of a rule less the derived one."""
    return factor(one_step_map(of)[u] - one_step_map(momentum.rule)[u])


def as_displacement(of: Rule = printed) -> Verdict:
    """Judge whether a printed rule, its velocity read as a displacement, is the one derived."""
    letters = {v: u, after(v): after(u)}
    read = rule({letters.get(a.target, a.target): a.value.xreplace(letters) for a in of.updates})
    return same_rule(read, momentum.rule)


def forward_in_both(of: Rule = printed) -> Verdict:
    """Judge whether a rule moves its position as forward Euler does, with the velocity before its update."""
    velocity, position = of.updates
    return same_rule(
        rule({x: position.value.xreplace({after(velocity.target): velocity.target})}),
        rule({x: one_step_map(of)[x]}),
    )


def without_inertia(treatment: str) -> Verdict:
    """Judge whether letting inertia go after the time step was chosen has a limit."""
    return friction.without_inertia(FRICTIONS[treatment]).verdicts()[-1]


def afterwards() -> list[Row]:
    """Return, for each treatment of friction, what `rho` is and where it goes with the relaxation time."""
    return [
        (
            name,
            Equation(rho, (kept := definition_of(rho, of).right)),
            goes_to(rho, kept, tau, {}),
            without_inertia(name),
        )
        for name, of in FRICTIONS.items()
    ]


def in_momentum() -> list[Row]:
    """Return what each quantity is in the momentum method, and whether the rule carries it along."""
    step = definition_of(alpha, textbook).right
    by_mechanics = weight(by_constants.rule)
    values: dict[Symbol, Cell] = {
        m: Relation((m, 0 * m), (">",)),
        gamma: Relation((gamma, 0 * gamma), (">",)),
        tau: Equation(tau, definition_of(tau, momentum).right),
        rho: Equation(rho, definition_of(rho, momentum).right),
        eta: Equation(eta, definition_of(eta, momentum).right),
        alpha: Relation((alpha, step, by_mechanics), ("=", "=")),
        u: Equation(u, dt * v),
    }
    kept = states(momentum.rule)
    return [
        (s, *meanings(s), dimension(s), value, "yes" if s in kept else "no") for s, value in values.items()
    ]
