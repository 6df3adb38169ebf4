"""Rules that are not linear in the gradient: their steady step, and their cycle of two steps."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from sympy import Dummy, Expr, Integer, Symbol, cancel, expand, factor, linear_eq_to_matrix, sign, solve
from sympy.solvers.solveset import NonlinearError

from physsym.core.statements import Rule, one_step_map
from physsym.core.symbols import after, before, grad
from physsym.core.verdicts import Condition
from physsym.optimizers.report.assumptions import follows, with_positive_factors
from physsym.optimizers.report.linearization import (
    NotLinearError,
    after_many_steps,
    natural_ranges,
    weights_of,
)

SLOPE = Symbol("g", positive=True)
MOST_SIGNS = 3


def steady_step(rule: Rule, gradient: Expr = SLOPE) -> Expr:
    """Return the step of the weights, after many steps, under a constant gradient: `g` > 0, or -g.

    All other states then are at their fixed points.
    Raises NotLinearError where one has none that is found.
    """
    weights, given = weights_of(rule), natural_ranges(rule)
    updates = after_many_steps(rule, weights, given)
    step = Dummy("step", real=True)
    settled: dict[Symbol, Expr] = {after(weights): weights + step}
    earlier = weights
    for k in range(1, len(rule.states)):
        earlier = before(earlier)
        settled[earlier] = weights - k * step
    moved: Expr | None = None
    for update in updates:
        value = update.value.replace(grad, lambda q: gradient).xreplace(settled)
        if update.target == weights:
            moved = value - weights
            continue
        fixed = _fixed_point(update.target, value, given)
        settled |= {update.target: fixed, after(update.target): fixed}
    assert moved is not None
    moved = cancel(moved.xreplace(settled))
    unknown = sorted(moved.free_symbols & {*rule.targets, *map(after, rule.targets)}, key=str)
    if unknown:
        raise NotLinearError(f"the step depends on {unknown[0]} too")
    found = solve(moved - step, step)
    if len(found) != 1:
        raise NotLinearError("no steady step, or no single one, is found")
    return with_positive_factors(found[0], given)


def _fixed_point(state: Symbol, value: Expr, given: tuple[Condition, ...]) -> Expr:
    value = expand(value)
    rate, rest = value.coeff(state, 1), value.coeff(state, 0)
    if expand(rate * state + rest - value) != 0 or rest.has(state):
        raise NotLinearError(f"the fixed point of {state} under a constant gradient is not found")
    if cancel(rate - 1) == 0:
        raise NotLinearError(f"{state} has no fixed point under a constant gradient: it grows at each step")
    if not (follows(given, factor(1 - rate)) and follows(given, factor(1 + rate))):
        raise NotLinearError(f"it is not known that {state} settles under a constant gradient")
    return factor(cancel(rest / (1 - rate)))


def cycle_of_two(rule: Rule, curvature: Symbol) -> Expr:
    """Return the amplitude of a cycle x, -x, x, ... of a rule with signs on curvature*x**2/2.

    All states are reversed by each step. Raises NotLinearError where no such cycle is found.
    """
    weights, given = weights_of(rule), (*natural_ranges(rule), Condition(curvature, "> 0"))
    updates = tuple(after_many_steps(rule, weights, given))
    left = Rule(updates)
    if not any(u.value.has(sign) for u in updates):
        raise NotLinearError("the rule reads no sign")
    new = {s: e.replace(grad, lambda q: curvature * q) for s, e in one_step_map(left).items()}
    amplitude = next((found[weights] for found in _reversed(new, given) if found.get(weights)), None)
    if amplitude is None:
        raise NotLinearError("no cycle of two steps that reverses all states is found")
    return amplitude if follows(given, amplitude) else -amplitude


def _reversed(new: dict[Symbol, Expr], given: tuple[Condition, ...]) -> Iterator[dict[Symbol, Expr]]:
    """Yield the states that one step reverses, for each choice of signs that they then have."""
    signs = sorted({a for e in new.values() for a in e.atoms(sign)}, key=str)
    if len(signs) > MOST_SIGNS:
        raise NotLinearError(f"the rule reads {len(signs)} signs")
    for chosen in product((1, -1), repeat=len(signs)):
        named = dict(zip(signs, map(Integer, chosen), strict=True))
        equations = [e.xreplace(named) + s for s, e in new.items()]
        try:
            matrix, right = linear_eq_to_matrix(equations, list(new))
        except NonlinearError:
            raise NotLinearError("beside its signs the rule is not linear") from None
        if cancel(matrix.det(method="berkowitz")) == 0:
            continue
        solution = dict(zip(new, matrix.LUsolve(right), strict=True))
        fits = (follows(given, factor(c * a.args[0].subs(solution))) for a, c in named.items())
        # From the reversed states the next step has to come back, which it does not with a constant term.
        opposite = {a: -value for a, value in named.items()}
        negative = {s: -e for s, e in solution.items()}
        back = (e.xreplace(opposite).subs(negative) - solution[s] for s, e in new.items())
        if all(fits) and all(cancel(e) == 0 for e in back):
            yield {s: factor(cancel(e)) for s, e in solution.items()}
