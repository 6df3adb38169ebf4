"""A rule as a linear map of its states and gradients: second moments held fixed, counters run out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from sympy import (
    Dummy,
    Expr,
    ImmutableMatrix,
    Integer,
    Piecewise,
    Poly,
    Pow,
    Symbol,
    cancel,
    expand,
    log,
)
from sympy.polys.polyerrors import PolynomialError

from physsym.analysis.linear import z
from physsym.core.motion import is_time
from physsym.core.statements import Rule, Update, symbols
from physsym.core.symbols import after, before, fresh, grad, hess, higher, name_and_marks, partial, potential
from physsym.core.verdicts import Condition
from physsym.optimizers.report.assumptions import decided, follows
from physsym.optimizers.report.long_run import Counters, LongRunError
from physsym.vocabulary import lam, x

NO_GRADIENT = "the rule reads no gradient"
MIXES, READS = "the rule mixes several weights", "the rule reads"  # what a lift says more of


class NotLinearError(ValueError):
    """A rule that is not linear in states and gradients, even with what scales the step held fixed."""


@dataclass(frozen=True)
class Linearized:
    """A rule that is linear in its states and gradients, with constant coefficients.

    Parameters
    ----------
    rule
        The linear rule.
    weights
        The state that the gradient is taken at, or near.
    held
        The states that were held fixed, as symbols of the coefficients.
    counters
        The states that depend on the number of steps alone; coefficients are those after many steps.
    assuming
        The conditions under which this is so, the natural ranges of the parameters among them.
    """

    rule: Rule
    weights: Symbol
    held: tuple[Symbol, ...] = ()
    counters: tuple[Symbol, ...] = ()
    assuming: tuple[Condition, ...] = ()

    @cached_property
    def system(self) -> System:
        """Return the matrices of the rule as a linear system that gradients drive."""
        return _system(self.rule, self.weights)

    @cached_property
    def constants(self) -> tuple[Expr, ...]:
        """Return the terms that are neither states nor gradients, which move the fixed point."""
        new, inputs = _in_old_values(self.rule)
        nothing = dict.fromkeys((*self.rule.states, *inputs.values()), Integer(0))
        left = (cancel(e.xreplace(nothing)) for e in (*new.values(), *inputs))
        return tuple(c for c in left if c != 0)


@dataclass(frozen=True)
class System:
    """s_new = A*s + B*g, with g_j the gradient at C_j*s + D_j*g.

    Constant terms are left out, since they only move the fixed point. An evaluation point that is another
    one of the step before is no further input: `shifts` counts by how many steps an input is ahead.
    """

    states: tuple[Symbol, ...]
    weights: Symbol
    matrix: ImmutableMatrix
    inputs: ImmutableMatrix
    points: ImmutableMatrix
    direct: ImmutableMatrix
    shifts: tuple[int, ...]

    @property
    def delays(self) -> ImmutableMatrix:
        """Return the inputs in terms of the first one, as powers of the shift z by one step."""
        return ImmutableMatrix([z**k for k in self.shifts])


def weights_of(rule: Rule) -> Symbol:
    """Return the state that stands for the weights; raise NotLinearError where that is not clear."""
    if several := sorted(rule_atoms(rule, partial), key=str):
        raise NotLinearError(f"{MIXES}, as in {several[0]}")
    read = rule_atoms(rule, grad)
    if not read:
        raise NotLinearError(NO_GRADIENT)
    if x in rule.targets:
        return x
    # The gradient is read at weights + shift: a state that all evaluation points hold with the factor one.
    shared = [
        s
        for s in rule.targets
        if all(expand(g.args[0]).xreplace({after(s): s}).expand().coeff(s) == 1 for g in read)
    ]
    inside = [s for s in rule.targets if any(g.args[0].has(s, after(s)) for g in read)]
    found = shared if len(shared) == 1 else inside
    if len(found) != 1:
        raise NotLinearError(
            f"it is not clear which of {', '.join(map(str, rule.targets))} are the weights; name them x"
        )
    return found[0]


def rule_atoms(rule: Rule, *kinds: type) -> set[Expr]:
    """Return the opaque functions of some kinds that the updates of a rule hold."""
    return {a for u in rule.updates for a in u.value.atoms(*kinds)}


def natural_ranges(rule: Rule) -> tuple[Condition, ...]:
    """Return the natural ranges of a rule without their ends, so that nothing degenerates."""
    strict = (Condition(c.expression, "> 0") if c.relation == ">= 0" else c for c in rule.ranges)
    return tuple(dict.fromkeys(strict))


def linearized(rule: Rule, at_step: bool = False) -> Linearized:
    """Return the linear rule that a rule is, once its counters have run out and its scales are held fixed.

    A state whose update is not linear in the gradient, such as a second moment, is held fixed; so is one that
    multiplies or divides what is linear, such as the mean of a centered second moment. With `at_step` the
    coefficients are those of one step instead, and counters occur in them as parameters. Raises
    NotLinearError where the weights themselves do not depend linearly on the gradient then.
    """
    weights = weights_of(rule)
    if reads := rule_atoms(rule, potential, hess, higher):
        raise NotLinearError(f"{READS} {sorted(map(str, reads))[0]} beside the gradient")
    if time := next((s for s in symbols(rule) if is_time(s)), None):
        raise NotLinearError(f"the rule reads the time {time}")
    given = natural_ranges(rule)
    updates = after_many_steps(rule, weights, given, at_step)
    counters = tuple(s for s in rule.targets if s not in [u.target for u in updates])
    held = _held(updates, weights)
    symbol = {s: _positive_under_roots(s, updates) for s in held}
    named = symbol | {after(s): new for s, new in symbol.items()}
    given += tuple(Condition(s, "> 0") for s in symbol.values() if s.is_positive)
    left = [
        Update(u.target, _without_cases(u.value.xreplace(named), given))
        for u in updates
        if u.target not in held
    ]
    found = Rule(tuple(left))
    _require_linear(found)
    if not rule_atoms(found, grad):
        raise NotLinearError(f"the new {weights} does not depend linearly on the gradient")
    return Linearized(found, weights, tuple(symbol.values()), counters, given)


def _moving(rule: Rule, weights: Symbol) -> set[Symbol]:
    """Return the states that depend on the gradient or the weights, in the end."""
    reads = {
        u.target: {Symbol(name_and_marks(s)[0], **s.assumptions0) for s in u.value.free_symbols}
        for u in rule.updates
    }
    names = {t: {s.name for s in read} for t, read in reads.items()}
    found = {weights} | {u.target for u in rule.updates if u.value.has(grad)}
    while more := {t for t in rule.targets if t not in found and names[t] & {s.name for s in found}}:
        found |= more
    return found


# ------------------------------------------------------------------ after many steps


def after_many_steps(
    rule: Rule, weights: Symbol, given: tuple[Condition, ...], at_step: bool = False
) -> list[Update]:
    """Return the updates of what the gradient reaches, with the coefficients that they tend to.

    With `at_step` they are those of one step, in terms of the counters before it. Raises NotLinearError where
    a coefficient has no limit that is found.
    """
    moving = _moving(rule, weights)
    counters = tuple(s for s in rule.targets if s not in moving)
    updates = [u for u in rule.updates if u.target in moving]
    if not counters:
        return updates
    new: dict[Symbol, Expr] = {}
    for update in rule.updates:
        if update.target in counters:
            new[after(update.target)] = update.value.xreplace(new)
    if at_step:
        return [Update(u.target, u.value.xreplace(new)) for u in updates]
    return _long_run(updates, counters, new, given)


def _long_run(
    updates: list[Update],
    clocks: tuple[Symbol, ...],
    new: dict[Symbol, Expr],
    given: tuple[Condition, ...],
) -> list[Update]:
    """Return updates with the coefficients that they tend to after many steps."""
    counters = [
        s for s in clocks if follows(given, expand(new[after(s)] - s)) and not (new[after(s)] - s).has(s)
    ]
    known = Counters(tuple(counters), given)
    settled: dict[Symbol, Expr] = {}
    try:
        for state in clocks:
            if state not in counters:
                settled[state] = _fixed_point(state, new[after(state)].xreplace(settled), known, given)
        return [
            Update(u.target, _coefficients(u.value.xreplace(new).xreplace(settled), known)) for u in updates
        ]
    except LongRunError as error:
        raise NotLinearError(f"the rule changes from step to step, and {error}") from None


def _fixed_point(state: Symbol, value: Expr, known: Counters, given: tuple[Condition, ...]) -> Expr:
    """Return what a state tends to whose update is linear in itself."""
    factor, rest = value.diff(state), value.xreplace({state: Integer(0)})
    if factor.has(state):
        raise LongRunError(f"the limit of {state} is not found")
    factor, rest = known.limit(factor), known.limit(rest)
    if not (follows(given, 1 - factor) and follows(given, 1 + factor)):
        raise LongRunError(f"it is not known that {state} settles")
    return cancel(rest / (1 - factor))


def _coefficients(value: Expr, known: Counters) -> Expr:
    """Return a value with the limits of what multiplies states and gradients."""
    if not value.has(*known.counters):
        return value
    return known.limit(value)


# ------------------------------------------------------------------ what is held fixed


def _held(updates: list[Update], weights: Symbol) -> list[Symbol]:
    """Return the states that are to be held fixed for the others to be updated linearly."""
    states = [u.target for u in updates]
    held: list[Symbol] = []
    while True:
        more = next(_not_linear(updates, states, held, weights), None)
        if more is None:
            return held
        held.append(more)


def _not_linear(
    updates: list[Update], states: list[Symbol], held: list[Symbol], weights: Symbol
) -> Iterator[Symbol]:
    """Yield states to hold: what is not linear in the gradient itself, then what scales another state."""
    free = [s for s in states if s not in held]
    moving = {*free, *map(after, free), *map(before, free)}
    scales: list[Symbol] = []
    for update in updates:
        if update.target in held:
            continue
        gradients = sorted(update.value.atoms(grad), key=str)
        dummies = {g: Dummy(real=True) for g in gradients}
        value = update.value.xreplace(dummies)
        generators = [s for s in value.free_symbols if s in moving] + list(dummies.values())
        if _is_affine(value, generators):
            continue
        if update.target != weights and not _is_affine(value, list(dummies.values()) or generators):
            yield update.target
            return
        scales += [s for s in _scaling(value, generators) if s not in (weights, after(weights))]
    for symbol in scales:
        name = name_and_marks(symbol)[0]
        yield next(s for s in free if s.name == name)


def _is_affine(value: Expr, generators: list[Symbol]) -> bool:
    if not generators:
        return True
    if any(cases.has(*generators) for cases in value.atoms(Piecewise)):
        return False
    try:
        return bool(Poly(value, *generators).total_degree() <= 1)
    except PolynomialError:
        return False


def _scaling(value: Expr, generators: list[Symbol]) -> list[Symbol]:
    """Return the states that a value multiplies or divides what it is linear in by."""
    linear = [g for g in generators if _is_affine(value, [g])]
    own = sorted((g for g in generators if not isinstance(g, Dummy)), key=str)
    return [s for s in own if any(g != s and value.diff(g).has(s) for g in linear)]


def _positive_under_roots(state: Symbol, updates: list[Update]) -> Symbol:
    """Return the symbol for a state held fixed; it is positive where a root of it is taken."""
    roots = [
        a for u in updates for a in u.value.atoms(Pow, log) if isinstance(a, log) or not a.exp.is_Integer
    ]
    under = any(a.args[0].has(state, after(state)) for a in roots)
    return Symbol(state.name, positive=True) if under else Symbol(state.name, real=True)


def _without_cases(value: Expr, given: tuple[Condition, ...]) -> Expr:
    """Return a value with the cases that the natural ranges decide; raise NotLinearError for others."""
    for cases in sorted(value.atoms(Piecewise), key=lambda p: p.count_ops()):
        if not value.has(cases):
            continue
        for branch, condition in cases.args:
            applies = decided(condition, given)
            if applies is None:
                raise NotLinearError(f"the rule distinguishes cases: whether {condition} is not decided")
            if applies:
                value = value.xreplace({cases: branch})
                break
    return value


def _require_linear(rule: Rule) -> None:
    moving = {*rule.states, *map(after, rule.targets)}
    for update in rule.updates:
        value = update.value
        while inner := [g for g in value.atoms(grad) if not g.args[0].has(grad)]:
            for gradient in inner:
                own = [s for s in gradient.args[0].free_symbols if s in moving or isinstance(s, Dummy)]
                if not _is_affine(gradient.args[0], own):
                    raise NotLinearError(f"the gradient is read at {gradient.args[0]}, which is not linear")
            value = value.xreplace({g: Dummy(real=True) for g in inner})
        generators = [s for s in value.free_symbols if s in moving or isinstance(s, Dummy)]
        if not _is_affine(value, generators):
            raise NotLinearError(
                f"the new {update.target} = {update.value} is not linear in states and gradients"
            )


# ------------------------------------------------------------------ as a linear system


def _in_old_values(rule: Rule) -> tuple[dict[Symbol, Expr], dict[Expr, Dummy]]:
    """Return the new value of each state in old ones and inputs, and the input of each evaluation point."""
    done: dict[Symbol, Expr] = {}
    inputs: dict[Expr, Dummy] = {}
    for update in rule.updates:
        value = update.value.xreplace(done)
        while inner := sorted((g for g in value.atoms(grad) if not g.args[0].has(grad)), key=str):
            named = {g: inputs.setdefault(expand(g.args[0]), Dummy("g", real=True)) for g in inner}
            value = value.xreplace(named)
        done[after(update.target)] = value
    now = {before(s): s for s in rule.states}
    return {s: done[after(s)] if s in rule.targets else now[s] for s in rule.states}, inputs


def _system(rule: Rule, weights: Symbol) -> System:
    states = rule.states
    new, inputs = _in_old_values(rule)
    gradients = list(inputs.values())
    rows = [_row(new[s], [*states, *gradients]) for s in states]
    points = [_row(p, [*states, *gradients]) for p in inputs]
    n = len(states)
    ahead = [expand(p.xreplace(new)) for p in inputs]
    shifts = [0] * len(gradients)
    places = list(inputs)
    for j, place in enumerate(places):
        earlier = next((i for i in range(j) if expand(ahead[i] - place) == 0), None)
        if earlier is not None:
            shifts[j] = shifts[earlier] + 1
    return System(
        states,
        weights,
        ImmutableMatrix([r[:n] for r in rows]),
        ImmutableMatrix(len(rows), len(gradients), [v for r in rows for v in r[n:]]),
        ImmutableMatrix([r[:n] for r in points]),
        ImmutableMatrix(len(points), len(gradients), [v for r in points for v in r[n:]]),
        tuple(shifts),
    )


def _row(value: Expr, generators: list[Symbol]) -> list[Expr]:
    polynomial = Poly(value, *generators)
    return [cancel(polynomial.coeff_monomial(g)) for g in generators]


def curvature_symbol(rule: Rule) -> Symbol:
    """Return a symbol of the curvature that the rule does not use itself: `lam` where it can be."""
    taken = symbols(rule)
    used = {s.name for s in taken} & {lam.name, "lambda", "λ"}  # all are printed as the same letter
    return fresh("curvature", taken, positive=True) if used else lam


__all__ = [
    "Linearized",
    "NotLinearError",
    "System",
    "curvature_symbol",
    "linearized",
    "natural_ranges",
    "weights_of",
]
