"""What the law of an optimizer assumes of hyperparameters: each branch on them is tried on its other side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from physsym.optimizers.lifted import LiftError
from physsym.optimizers.lifting.nodes import Node, constant, leaves, make, substitute
from physsym.optimizers.lifting.torch_.coordinates import (
    CoordinatesMix,
    mixed,
    name_leaf,
    single,
)
from physsym.optimizers.lifting.torch_.exploring import agree, read_steps
from physsym.optimizers.lifting.torch_.hyperparameters import (
    leaf_of,
)
from physsym.optimizers.lifting.torch_.reading import (
    ONE_VECTOR,
    Lift,
    Read,
    first_difference,
    read_laws,
    starts_like,
)
from physsym.optimizers.lifting.torch_.runs import (
    Refused,
    builds,
    run,
)
from physsym.optimizers.lifting.torch_.trace import NeedsCount, Settled

DEMANDS = (ValueError, AssertionError, RuntimeError, NotImplementedError)
"""What code raises that demands something of its arguments; another exception is a fault on a path."""


@dataclass(frozen=True)
class Assumptions:
    """Ranges, which the code itself demands, and conditions under which it takes the path that was read."""

    ranges: tuple[Node, ...]
    conditions: tuple[Node, ...]


def assumptions(lift: Lift, read: Read) -> Assumptions:
    """Return what the code demands of hyperparameters, and what the law assumes of them.

    For each branch the other side is tried: where the code raises, the condition is a range; where the law is
    the same at the border, `momentum = 0` say, nothing is assumed.
    """
    ranges, open_conditions = list[Node](), list[tuple[Node, Node]]()
    for condition, settled in read.settled.items():
        holds = condition if settled.outcome else make("not", condition)
        flipped = {**read.settled, condition: Settled(not settled.outcome, settled.where)}
        if settled.phases == {"first"} and read.one_law and _first_step_without(lift, read, flipped):
            continue
        try:
            run(lift.session(ONE_VECTOR, settled=flipped))
        except (Refused, LiftError, NeedsCount) as error:
            if isinstance(error, Refused) and isinstance(error.__cause__, DEMANDS):
                ranges.append(holds)
                continue
        open_conditions.append((condition, holds))
    conditions = [
        holds
        for condition, holds in open_conditions
        if not _law_without(lift, read, condition, holds, ranges)
    ]
    return Assumptions(tuple(dict.fromkeys(ranges)), tuple(dict.fromkeys(conditions)))


def _first_step_without(lift: Lift, read: Read, flipped: Mapping[Node, Settled]) -> bool:
    """Whether the first step is that of the law on the other side of a branch that it alone takes, too."""
    try:
        reading = read_steps(lift.session(ONE_VECTOR, settled=flipped))
        other = mixed(reading) if read.laws.mixed else single(reading, ONE_VECTOR, lift.hyperparameters)
    except (CoordinatesMix, LiftError, NeedsCount):
        return False
    return starts_like(read.laws, other.first, flipped)


def _law_without(lift: Lift, read: Read, condition: Node, holds: Node, ranges: Sequence[Node]) -> bool:
    """Whether the law holds on the other side of a branch, too."""
    border = _border(condition, holds, ranges)
    if border is None:
        return _same_law_flipped(lift, read, condition)
    symbol, value = border
    number = next(n for n in lift.arguments.free if leaf_of(n) is symbol)
    arguments = lift.arguments.with_fixed({number.name: value})
    inner = Lift(lift.cls, lift.name, arguments, lift.values, lift.others)
    if builds(lift.cls, arguments, lift.values, ONE_VECTOR) is not None:
        return True  # The code refuses the border.
    try:
        other = read_laws(inner, thorough=False)
    except (LiftError, NeedsCount):
        return False
    if not _is_special_case(read, other, {symbol: constant(value)}):
        return False
    own = set(assumptions(inner, other).conditions)
    return own <= {make(n.op, *n.args) for n in _all_conditions(read)}


def _all_conditions(read: Read) -> list[Node]:
    return [c if s.outcome else make("not", c) for c, s in read.settled.items()]


def _border(condition: Node, holds: Node, ranges: Sequence[Node]) -> tuple[Node, Fraction] | None:
    """Return the only value on the other side of a branch, if there is only one."""
    if len(condition.args) != 2:
        return None
    a, b = condition.args
    symbol, value = (a, b) if a.op == "leaf" else (b, a)
    if symbol.op != "leaf" or not isinstance(value.value, Fraction):
        return None
    if holds.op == "ne":
        return symbol, value.value
    beyond = make("le", *holds.args) if holds.op == "lt" else None
    return (symbol, value.value) if beyond in ranges else None


def _same_law_flipped(lift: Lift, read: Read, condition: Node) -> bool:
    flipped = {**read.settled, condition: Settled(not read.settled[condition].outcome, "")}
    try:
        other = read_steps(lift.session(ONE_VECTOR, settled=flipped))
    except (LiftError, NeedsCount):
        return False
    return first_difference(mixed(read.reading), mixed(other)) is None


def _is_special_case(read: Read, other: Read, values: Mapping[Node, Node]) -> bool:
    """Whether the law at these values is another law, which may lack states that nothing reads there."""
    shared = set(other.laws.usual)
    if read.laws.mixed != other.laws.mixed or not shared <= set(read.laws.usual):
        return False
    missing = {name_leaf(name) for name in set(read.laws.usual) - shared}
    # The first step reads no states: with both steps the same, all steps are.
    for name in shared:
        usual = substitute(read.laws.usual[name], values)
        if missing & {*leaves(usual)} or not agree(usual, other.laws.usual[name]):
            return False
        if not agree(substitute(read.laws.first[name], values), other.laws.first[name]):
            return False
    return True
