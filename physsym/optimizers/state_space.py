"""A rule as a discrete-time system: gradients are inputs, the points where they are taken are outputs.

Two rules are the same if equal inputs give equal outputs: the gradients may be any numbers, as those of a
minibatch are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from sympy import Expr, Integer, Symbol

from physsym.core.statements import Rule, one_step_map, rebuilt
from physsym.core.symbols import BEFORE, OPAQUE, fresh, partial
from physsym.core.verdicts import Condition
from physsym.runtime.states import coordinates
from physsym.vocabulary import STANDARD


@dataclass(frozen=True)
class StateSpace:
    """The recurrence of a rule.

    Parameters
    ----------
    states
        What is carried from step to step.
    weights
        The states that start where their user says.
    inputs
        A symbol for each value that a step asks of the loss, in the order in which they can be computed.
    kinds
        What each input is: ("grad",), ("partial", "2"), ("potential",).
    points
        The evaluation point of each input, in states and earlier inputs.
    step
        The new value of each state, in states and inputs.
    start
        The value of each state before the first step, in parameters and weights.
    ranges
        The natural ranges of the parameters.
    first
        The new values at the first step, where that is another one.
    """

    states: tuple[Symbol, ...]
    weights: tuple[Symbol, ...]
    inputs: tuple[Symbol, ...]
    kinds: tuple[tuple[str, ...], ...]
    points: tuple[tuple[Expr, ...], ...]
    step: tuple[Expr, ...]
    start: tuple[Expr, ...]
    ranges: tuple[Condition, ...] = ()
    first: tuple[Expr, ...] = ()

    __reduce__ = rebuilt

    @cached_property
    def parameters(self) -> tuple[Symbol, ...]:
        """Return what is neither a state nor an input, by name."""
        own = {*self.states, *self.inputs}
        return tuple(sorted(_symbols(self) - own, key=str))

    def put(self, values: Mapping[Symbol, Expr]) -> StateSpace:
        """Return the system with expressions for some of its symbols, all at once."""

        def changed(parts: Iterable[Expr]) -> tuple[Expr, ...]:
            return tuple(e.xreplace(values) for e in parts)

        named = {s: v for s, v in values.items() if isinstance(v, Symbol)}
        return replace(
            self,
            states=tuple(named.get(s, s) for s in self.states),
            weights=tuple(named.get(s, s) for s in self.weights),
            inputs=tuple(named.get(s, s) for s in self.inputs),
            points=tuple(map(changed, self.points)),
            step=changed(self.step),
            start=changed(self.start),
            ranges=tuple(Condition(c.expression.xreplace(values), c.relation) for c in self.ranges),
            first=changed(self.first),
        )

    def without(self, dropped: Iterable[Symbol]) -> StateSpace:
        """Return the system without states that nothing else reads."""
        kept = [k for k, s in enumerate(self.states) if s not in set(dropped)]

        def of(parts: tuple[Expr, ...]) -> tuple[Expr, ...]:
            return tuple(parts[k] for k in kept) if parts else ()

        return replace(
            self,
            states=tuple(self.states[k] for k in kept),
            weights=tuple(w for w in self.weights if w not in set(dropped)),
            step=of(self.step),
            start=of(self.start),
            first=of(self.first),
        )

    def unread(self) -> tuple[Symbol, ...]:
        """Return the states on which no output ever depends."""
        wanted = frozenset[Symbol]().union(*(e.free_symbols for point in self.points for e in point))
        while True:
            rows = [k for k, s in enumerate(self.states) if s in wanted]
            more = wanted.union(*(e[k].free_symbols for e in (self.step, self.first) if e for k in rows))
            if more == wanted:
                return tuple(s for s in self.states if s not in wanted)
            wanted = more


def _symbols(space: StateSpace) -> frozenset[Symbol]:
    points = (e for point in space.points for e in point)
    every = (*points, *space.step, *space.start, *space.first)
    return frozenset[Symbol]().union(*(e.free_symbols for e in every))


def state_space(rule: Rule, first: Rule | None = None) -> StateSpace:
    """Return a rule as a system with the gradients as inputs.

    Parameters
    ----------
    rule
        The rule.
    first
        The rule of the first step, where it is another one; it has the same states and the same points.

    Returns
    -------
    StateSpace
        A gradient that is read twice at one point is one input.

    Raises
    ------
    ValueError
        Where the first step asks for gradients elsewhere or has other states.

    Examples
    --------
    >>> from physsym.core.statements import rule
    >>> from physsym.core.symbols import after, grad
    >>> from physsym.vocabulary import eta, rho, u, x
    >>> found = state_space(rule({u: rho * u - eta * grad(x + rho * u), x: x + after(u)}))
    >>> print(found.points, found.step, found.start)
    ((rho*u + x,),) (-eta*gradient + rho*u, -eta*gradient + rho*u + x) (0, x)
    """
    updates = one_step_map(rule)
    inputs, kinds, points, values = _inputs(updates.values())
    weights = _weights(rule, points)
    known = {s: p.range for q in STANDARD.quantities if isinstance(s := q.symbol, Symbol) for p in (q,)}
    natural = tuple(c for s in rule.parameters for c in known.get(s, ()))
    space = StateSpace(
        states=tuple(updates),
        weights=weights,
        inputs=inputs,
        kinds=kinds,
        points=points,
        step=tuple(e.xreplace(values) for e in updates.values()),
        start=_start(rule, tuple(updates), weights),
        ranges=tuple(dict.fromkeys((*rule.ranges, *natural))),
    )
    if first is None:
        return space
    begun = one_step_map(first)
    other, _, elsewhere, own = _inputs(begun.values())
    if not set(begun) <= set(updates) or set(elsewhere) - set(points):
        raise ValueError("the first step asks for gradients at other points than the later ones")
    at = {old: inputs[points.index(point)] for old, point in zip(other, elsewhere, strict=True)}
    return replace(space, first=tuple(begun.get(s, s).xreplace(own).xreplace(at) for s in updates))


def _inputs(
    expressions: Iterable[Expr],
) -> tuple[tuple[Symbol, ...], tuple[tuple[str, ...], ...], tuple[tuple[Expr, ...], ...], dict[Expr, Expr]]:
    """Return the inputs, their kinds and points, and a symbol for each call of an opaque function."""
    every = tuple(expressions)
    calls = {f for e in every for f in e.atoms(*OPAQUE)}
    taken = {s for e in every for s in e.free_symbols}
    # What is read at a point that reads another gradient comes after it.
    order = sorted(calls, key=lambda f: (len(f.atoms(*OPAQUE)), f.sort_key()))
    values: dict[Expr, Expr] = {}
    inputs = list[Symbol]()
    kinds = list[tuple[str, ...]]()
    points = list[tuple[Expr, ...]]()
    for call in order:
        index = (str(call.args[0]),) if isinstance(call, partial) else ()
        place = call.args[1:] if index else call.args
        symbol = fresh("gradient", {*taken, *inputs})
        inputs.append(symbol)
        kinds.append((type(call).__name__, *index))
        points.append(tuple(a.xreplace(values) for a in place))
        values[call] = symbol
    return tuple(inputs), tuple(kinds), tuple(points), values


def _weights(rule: Rule, points: tuple[tuple[Expr, ...], ...]) -> tuple[Symbol, ...]:
    started = {s for s, _ in rule.start}
    read = {s for point in points for e in point for s in e.free_symbols}
    found = coordinates(rule) or tuple(s for s in rule.targets if s in read)
    return tuple(s for s in found if s not in started)


def _start(rule: Rule, states: tuple[Symbol, ...], weights: tuple[Symbol, ...]) -> tuple[Expr, ...]:
    """Return the start values: as given, the weights themselves, at rest for earlier values, else zero."""
    given: dict[Symbol, Expr] = dict(rule.start)
    for state in states:
        if state in given:
            continue
        now = next((s for s in rule.targets if s.name == state.name.rstrip(BEFORE)), state)
        given[state] = now if now in weights else given.get(now, Integer(0)) if now != state else Integer(0)
    own = {s: v for s, v in given.items() if v != s}
    for _ in states:
        given = {s: v.xreplace(own) for s, v in given.items()}
    return tuple(given[s] for s in states)


def renamed_apart(space: StateSpace, taken: Iterable[Symbol]) -> tuple[StateSpace, dict[Symbol, Symbol]]:
    """Return the system with symbols that are none of those taken, and the old name of each new one."""
    used, names = set(taken), dict[Symbol, Symbol]()
    for symbol in (*space.states, *space.parameters):
        new = fresh(f"{symbol.name} of the second", used, **symbol.assumptions0)
        used.add(new)
        names[symbol] = new
    return space.put(names), {new: old for old, new in names.items()}
