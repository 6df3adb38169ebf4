"""Update rules as texts write them: lines with time indices or arrows, joined to a rule."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sympy import Derivative, Expr, Integer, Pow, Symbol, expand
from sympy import Function as Undefined
from sympy.core.function import AppliedUndef

from physsym.auditing.sheet import links
from physsym.auditing.unknowns import is_operator, name_of
from physsym.core.statements import Rule, StatementError, Update, one_step_map
from physsym.core.symbols import after, before, grad
from physsym.parsing.meanings import Meaning

GRADIENT_NAME = re.compile(r"(g|G|grad|gradient|d[wWxX]|dtheta)(_bold\w*|_upright\w*)?|∇\w*")
_COUNTER = Symbol("number of steps", integer=True, nonnegative=True)


@dataclass(frozen=True)
class UpdateLine:
    """A line that sets the new value of a state.

    Parameters
    ----------
    name
        Of the state.
    index
        That of the new value, None where the line has no time indices.
    value
        The right side, as the text has it.
    line
        Where it stands.
    sets
        Whether it has an arrow: what it reads of its own state is the old value, whatever the index.
    """

    name: str
    index: Expr | None
    value: Expr
    line: int
    sets: bool = False


def update_lines(meaning: Meaning, line: int) -> tuple[UpdateLine, ...]:
    """Return the lines of a formula that set a new value; none where it has other statements too."""
    found: list[UpdateLine] = []
    for chain in meaning.chains:
        pairs = list(links(chain))
        if not pairs or pairs[0][2] not in ("<-", ":=", "="):
            return ()
        left, right, _ = pairs[0]
        index = _index_of(left)
        if not left.is_Symbol and index is None:
            return ()
        found.append(UpdateLine(_state_name(left), index, right, line, pairs[0][2] == "<-"))
    return tuple(found)


def _state_name(left: Expr) -> str:
    return str(left) if left.is_Symbol else name_of(left)


def _is_whole(index: Expr) -> bool:
    """Return whether an argument is an index of time."""
    return not index.atoms(AppliedUndef) and all(s.is_integer for s in index.free_symbols)


def _index_of(left: Expr) -> Expr | None:
    """Return the time index of a value of a sequence."""
    if isinstance(left, AppliedUndef) and len(left.args) == 1 and not left.args[0].atoms(AppliedUndef):
        symbols = left.args[0].free_symbols
        if len(symbols) == 1 and all(s.is_integer for s in symbols):
            return left.args[0]
    return None


class NoRuleError(Exception):
    """Lines that do not make a rule."""


@dataclass(frozen=True)
class MarkedLines:
    """Lines with states at their instants: `after(v)` for a new value, `grad` for a gradient.

    Parameters
    ----------
    values
        The right sides by the names of the states.
    states
        The symbols of the states.
    weights
        The state at which the gradient is taken.
    told
        Whether a line reads a new value without saying so.
    added
        The name of the update that a line computes, where none says that it is added to the weights.
    """

    values: Mapping[str, Expr]
    states: Mapping[str, Symbol]
    weights: Symbol
    told: bool
    added: str = ""


def marked(lines: Sequence[UpdateLine]) -> MarkedLines:
    """Return lines with their states at their instants; raise NoRuleError where this is not clear."""
    lines, added = _with_update_added(lines)
    names = [line.name for line in lines]
    if len(set(names)) < len(names) or not lines:
        raise NoRuleError
    _refuse_gradients_of_other_steps(lines)
    states = {name: Symbol(name, real=True) for name in names}
    new = {line.name: line.index for line in lines}
    values = {line.name: _in_marks(line, states, new) for line in lines}
    weights = _weights(values, states)
    values = {name: _with_gradient(value, states, weights) for name, value in values.items()}
    values, told = _with_new_values(values, states, new)
    return MarkedLines(values, states, weights, told, added)


def _refuse_gradients_of_other_steps(lines: Sequence[UpdateLine]) -> None:
    """Refuse `2 g_t - g_{t-1}` and a stale `g_{t-1}`: there is one gradient, that of the step.

    A line for x_{t+1} calls it g_t or g_{t+1}, as texts count, and all lines call it alike.
    """
    names = {line.name for line in lines}
    read = [
        (line, part.args[0])
        for line in lines
        for part in line.value.atoms(AppliedUndef)
        if name_of(part) not in names and GRADIENT_NAME.fullmatch(name_of(part)) and _index_of(part)
    ]
    late = [index - line.index for line, index in read if line.index is not None]
    if len({index for _, index in read}) > 1 or any(steps not in (0, -1) for steps in late):
        raise NoRuleError


_UPDATE, _WEIGHTS = "u", "theta"  # as the documentation of optax names them


def _with_update_added(lines: Sequence[UpdateLine]) -> tuple[Sequence[UpdateLine], str]:
    """Return lines that compute the update `u_t`, which others are to add to the weights, with that addition.

    Lines that only keep what others have set are left out.
    """
    update = next((line for line in lines if line.name == _UPDATE), None)
    names = {line.name for line in lines}
    if update is None or update.index is None or _WEIGHTS in names:
        return lines, ""
    if any(name_of(a) == _UPDATE for line in lines for a in line.value.atoms(AppliedUndef)):
        return lines, ""
    before_, now = (Undefined(_WEIGHTS)(update.index - i) for i in (1, 0))
    step = replace(update, name=_WEIGHTS, value=before_ + update.value.xreplace({now: before_}))
    others: list[UpdateLine] = []
    for line in lines:
        value = line.value.args[0] if line.value.args and is_operator(line.value) else line.value
        stores = isinstance(value, AppliedUndef) and name_of(value) in names - {line.name}
        if line is not update and not (stores and value.args == (line.index,)):
            others.append(line)
    return (*others, step), _UPDATE


def joined(lines: Sequence[UpdateLine]) -> tuple[Rule, MarkedLines]:
    """Return the rule that lines make; raise NoRuleError where they make none."""
    found = marked(lines)
    values = _without_intermediates(dict(found.values), found.states, found.weights)
    updates = _in_order(_counted(values))
    try:
        rule = Rule(tuple(Update(s, v) for s, v in updates))
    except (StatementError, TypeError, ValueError):
        raise NoRuleError from None
    if any(v.atoms(AppliedUndef, Derivative) for v in one_step_map(rule).values()):
        raise NoRuleError
    return rule, found


def _in_marks(line: UpdateLine, states: Mapping[str, Symbol], new: Mapping[str, Expr | None]) -> Expr:
    """Return a value with states at their instants, and constants for other sequences."""
    put: dict[Expr, Expr] = {}
    for part in line.value.atoms(AppliedUndef):
        index, name = _index_of(part), name_of(part)
        if is_operator(part) or not all(_is_whole(a) for a in part.args):
            continue
        if name not in states or index is None:
            fixed = [str(a) for a in part.args if a.is_number]  # beta_1 and beta_2 are two constants
            put[part] = Symbol("_".join((name, *fixed)), real=True)
            continue
        at = new[name]
        if at is None:
            raise NoRuleError
        marks = {0: after(states[name]), -1: states[name], -2: before(states[name])}
        offset = index - at
        if name == line.name and offset == 0:
            if not line.sets:
                raise NoRuleError
            offset = Integer(-1)
        if not offset.is_Integer or int(offset) not in marks:
            raise NoRuleError
        put[part] = marks[int(offset)]
    value = line.value
    while (changed := value.xreplace(put)) != value:
        value = changed
    counters = {s for s in value.free_symbols if s.is_integer}
    if line.index is not None:
        for s in counters & line.index.free_symbols:
            value = value.xreplace({s: after(_COUNTER) - (line.index - s)})
    return value


def _weights(values: Mapping[str, Expr], states: Mapping[str, Symbol]) -> Symbol:
    """Return the state at which the gradient is taken, else the last one that is changed by a sum."""
    for value in values.values():
        for part in value.atoms(AppliedUndef, Derivative):
            if (place := _place(part)) is not None:
                plain = [s for s in states.values() if s in place.free_symbols and place.diff(s) == 1]
                if plain:
                    return plain[0]
            if (state := _differentiated_by(part, states)) is not None:
                return state
    slopes = {states[n]: v.diff(states[n]) for n, v in values.items() if states[n] in v.free_symbols}
    summed = [s for s, slope in slopes.items() if slope == 1]
    # With a decay of the weights that is decoupled, their old value has a factor such as 1 - eta*wd.
    summed = summed or [s for s, slope in slopes.items() if expand(slope).as_coeff_Add()[0] == 1]
    if not summed:
        raise NoRuleError
    return summed[-1]


def _place(part: Expr) -> Expr | None:
    """Return where a gradient is taken, None for what is no gradient."""
    if isinstance(part, Derivative):
        (variable, count), *more = part.variable_count
        return variable if not more and count == 1 and variable in part.expr.free_symbols else None
    if isinstance(part, AppliedUndef) and name_of(part).startswith("∇"):
        return part.args[0]
    return None


def _differentiated_by(part: Expr, states: Mapping[str, Symbol]) -> Symbol | None:
    """Return the state by which a partial derivative such as `∂_w l` of the reader is taken."""
    name = name_of(part) if isinstance(part, AppliedUndef) else ""
    if not name.startswith("∂_"):
        return None
    own = [n for n in states if name[2:].startswith(n.removesuffix("_bold"))]
    return states[max(own, key=len)] if own else None


def _with_gradient(value: Expr, states: Mapping[str, Symbol], weights: Symbol) -> Expr:
    """Return a value with `grad` for each way in which texts write a gradient."""
    put: dict[Expr, Expr] = {}
    for part in value.atoms(AppliedUndef, Derivative):
        place = _place(part)
        if place is not None:
            put[part] = grad(place)
        elif _differentiated_by(part, states) == weights:
            put[part] = grad(weights)
    for symbol in value.free_symbols:
        if symbol.name not in states and GRADIENT_NAME.fullmatch(symbol.name):
            put[symbol] = grad(weights)
    return value.xreplace(put)


def _with_new_values(
    values: dict[str, Expr], states: Mapping[str, Symbol], new: Mapping[str, Expr | None]
) -> tuple[dict[str, Expr], bool]:
    """Return values that read new ones where lines without indices read what a line above has set."""
    told, found, done = False, {}, dict[Symbol, Expr]()
    for name, value in values.items():
        if new[name] is None:
            read = {s: s_new for s, s_new in done.items() if s in value.free_symbols}
            gradients = value.atoms(grad)
            kept = {g: Symbol(f"kept {i}") for i, g in enumerate(gradients)}
            changed = value.xreplace(kept).xreplace(read).xreplace({v: k for k, v in kept.items()})
            told = told or changed != value
            value = changed
            done[states[name]] = after(states[name])
        found[name] = value
    return found, told


def _without_intermediates(
    values: dict[str, Expr], states: Mapping[str, Symbol], weights: Symbol
) -> dict[str, Expr]:
    """Return values without those lines whose old value no line reads: they are put in."""
    while True:
        read = {s for v in values.values() for s in v.free_symbols}
        old = [n for n in values if states[n] not in read and states[n] != weights]
        old = [
            n for n in old if before(states[n]) not in read and after(states[n]) not in values[n].free_symbols
        ]
        if not old:
            return values
        name = old[0]
        if len(values) > 1 and not any(after(states[name]) in v.free_symbols for v in values.values()):
            raise NoRuleError  # a line that no other reads belongs to something else
        put = {after(states[name]): values[name]}
        values = {n: v.xreplace(put) for n, v in values.items() if n != name}
        if not values:
            raise NoRuleError


def _counted(values: dict[str, Expr]) -> dict[Symbol, Expr]:
    """Return updates with one of the number of steps in front, where a value reads it."""
    exponents = {p.exp for v in values.values() for p in v.atoms(Pow)}
    counters = {s for e in exponents for s in e.free_symbols if s.name in ("t", "k") and s.name not in values}
    put = {s: after(_COUNTER) for s in counters}
    updates = {Symbol(n, real=True): v.xreplace(put) for n, v in values.items()}
    if any(after(_COUNTER) in v.free_symbols for v in updates.values()):
        return {_COUNTER: _COUNTER + 1, **updates}
    return updates


def _in_order(updates: Mapping[Symbol, Expr]) -> list[tuple[Symbol, Expr]]:
    """Return updates in an order in which each new value is set before it is read."""
    left, found = dict(updates), list[tuple[Symbol, Expr]]()
    while left:
        waiting = {after(s) for s in left}
        ready = [s for s, v in left.items() if not v.free_symbols & waiting]
        if not ready:
            raise NoRuleError
        found.append((ready[0], left.pop(ready[0])))
    return found


def windows(lines: Sequence[UpdateLine], most: int = 6) -> Iterator[tuple[UpdateLine, ...]]:
    """Yield runs of neighbouring lines, the shortest first."""
    for size in range(1, most + 1):
        for first in range(len(lines) - size + 1):
            yield tuple(lines[first : first + size])
