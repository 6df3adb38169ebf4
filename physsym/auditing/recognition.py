"""Published rules recognised up to renaming: proposed by values at a point, proved by `same_rule`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, permutations

from sympy import Expr, Integer, Symbol

from physsym.auditing.evaluation import close, value_at
from physsym.core.statements import Rule, Update, one_step_map
from physsym.core.symbols import FORCES, after, before, name_and_marks
from physsym.core.verdicts import Verdict
from physsym.optimizers.known import known
from physsym.optimizers.known_rule import Known
from physsym.verify.equivalence import same_rule

_ORDERS = 1500


@dataclass(frozen=True)
class Recognised:
    """A published rule, and what its symbols are in a text.

    Parameters
    ----------
    known
        The published rule.
    names
        Its symbols in those of the text.
    verdict
        That both are the same.
    """

    known: Known
    names: Mapping[Symbol, Expr]
    verdict: Verdict

    def __str__(self) -> str:
        parameters = [p for p in self.known.rule.parameters if p in self.names]
        roles = [f"{p} = {self.names[p]}" for p in parameters if str(p) != str(self.names[p])]
        return self.known.title + (f", with {', '.join(roles)}" if roles else "")


def recognised(rule: Rule, weights: Symbol, candidates: Sequence[Known] = ()) -> Recognised | None:
    """Return the published rule that a rule is up to the names of its symbols."""
    shape = _shape(rule)
    for variants in (None, _with_fixed_parameters, _with_buffers_of_opposite_sign):
        for published, fixed, theirs in _by_shape(variants, tuple(candidates)).get(shape, ()):
            for names in _renamings(rule, weights, theirs):
                verdict = same_rule(rule, _renamed(theirs, names))
                if verdict:
                    return Recognised(published, {**names, **fixed}, verdict)
    return None


Shape = tuple[int, ...]
Variant = tuple[dict[Symbol, Expr], Rule]


@lru_cache
def _by_shape(
    variants: Callable[[Known], tuple[Variant, ...]] | None, candidates: tuple[Known, ...]
) -> Mapping[Shape, Sequence[tuple[Known, dict[Symbol, Expr], Rule]]]:
    """Return candidates as they are or their variants, those of all published rules by default, by shapes."""
    found: dict[Shape, list[tuple[Known, dict[Symbol, Expr], Rule]]] = {}
    for published in candidates or known.values():
        for fixed, theirs in variants(published) if variants else (({}, _without_start(published)),):
            found.setdefault(_shape(theirs), []).append((published, fixed, theirs))
    return found


@lru_cache
def _with_fixed_parameters(published: Known) -> tuple[Variant, ...]:
    """Return those of a published rule in which eps is zero or the learning rate is one."""
    theirs = _without_start(published)
    found: list[Variant] = []
    for symbol in theirs.parameters:
        for name, value in (("eps", 0), ("eta", 1)):
            if symbol.name == name:
                fixed: dict[Symbol, Expr] = {symbol: Integer(value)}
                updates = tuple(Update(u.target, u.value.xreplace(fixed)) for u in theirs.updates)
                found.append((fixed, Rule(updates)))
    return tuple(found)


@lru_cache
def _with_buffers_of_opposite_sign(published: Known) -> tuple[Variant, ...]:
    """Return those of a published rule in which a buffer, no step counter, has the opposite sign."""
    theirs = _without_start(published)
    fixed = {_weights(theirs), *_counters(theirs)}
    found: list[Variant] = []
    for state in (u.target for u in theirs.updates if u.target not in fixed):
        minus: dict[Expr, Expr] = {s: -s for s in (state, after(state), before(state))}
        updates = ((u.target, u.value.xreplace(minus)) for u in theirs.updates)
        found.append(({}, Rule(tuple(Update(t, -v if t == state else v) for t, v in updates))))
    return tuple(found)


@lru_cache
def _without_start(published: Known) -> Rule:
    """Return a published rule without its start values, which texts seldom tell."""
    return Rule(published.rule.updates)


@lru_cache
def _weights(rule: Rule) -> Symbol:
    """Return the state at which a published rule takes the gradient."""
    places = [g.args[-1] for u in rule.updates for g in sorted(u.value.atoms(*FORCES), key=str)]
    states = [s for s in rule.targets if any(s in p.free_symbols for p in places)]
    return next((s for s in states if str(s) == "x"), states[0])


@lru_cache
def _step(rule: Rule) -> Mapping[Symbol, Expr]:
    """Return the one-step map of a rule: a published one is compared with many."""
    return one_step_map(rule)


def _counters(rule: Rule) -> set[Symbol]:
    return {u.target for u in rule.updates if u.value == u.target + 1}


def _shape(rule: Rule) -> Shape:
    """Return numbers in which a rule and a renamed one agree."""
    return (len(rule.targets), len(rule.states), len(rule.parameters), len(_counters(rule)))


def _ordered(rule: Rule, weights: Symbol) -> tuple[list[Symbol], list[Symbol], list[Symbol]]:
    """Return the fixed states (weights, their earlier value, counters), the others, and the parameters."""
    fixed = [weights, *(s for s in rule.states if s == before(weights)), *sorted(_counters(rule), key=str)]
    return fixed, [s for s in rule.states if s not in fixed], list(rule.parameters)


def _renamings(rule: Rule, weights: Symbol, published: Rule) -> Iterator[dict[Symbol, Symbol]]:
    """Yield names of the symbols of a published rule under which both have the same values at a point."""
    fixed, states, parameters = _ordered(rule, weights)
    their_fixed, their_states, their_parameters = _ordered(published, _weights(published))
    if [len(x) for x in (fixed, states, parameters)] != [
        len(x) for x in (their_fixed, their_states, their_parameters)
    ]:
        return
    symbols = [*fixed, *states, *parameters]
    values = {s: 0.11 + 0.067 * i + 0.0013 * i * i for i, s in enumerate(symbols)}
    values.update(dict.fromkeys(_counters(rule), 3.0))
    step = _step(rule)
    new = {state: value_at(step[state], values) for state in rule.states}
    their_symbols = [*their_fixed, *their_states, *their_parameters]
    their_step = _step(published)
    orders = ((a, b) for a in permutations(states) for b in permutations(parameters))
    for own_states, own_parameters in islice(orders, _ORDERS):
        names = dict(zip(their_symbols, (*fixed, *own_states, *own_parameters), strict=True))
        at = {s: values[own] for s, own in names.items()}
        if all(close(value_at(their_step[s], at), new[names[s]]) for s in published.states):
            yield names


def _renamed(rule: Rule, names: Mapping[Symbol, Symbol]) -> Rule:
    """Return a rule with its symbols renamed, at all instants."""
    put: dict[Expr, Expr] = {}
    for symbol, name in names.items():
        if name_and_marks(symbol)[1]:
            continue
        put |= {symbol: name, after(symbol): after(name), before(symbol): before(name)}
    return Rule(tuple(Update(put[u.target], u.value.xreplace(put)) for u in rule.updates))
