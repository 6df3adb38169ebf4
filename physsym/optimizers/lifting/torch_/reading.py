"""The laws of a class of optimizers: read twice, for weights of several shapes, with their start values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from physsym.optimizers.lifted import LiftError
from physsym.optimizers.lifting.nodes import ONE, ZERO, Node, leaves, make, resolve, substitute
from physsym.optimizers.lifting.torch_.coordinates import (
    CoordinatesMix,
    Laws,
    Name,
    mixed,
    name_leaf,
    single,
)
from physsym.optimizers.lifting.torch_.exploring import Reading, agree, read_steps
from physsym.optimizers.lifting.torch_.hyperparameters import (
    Arguments,
    leaf_of,
    working_values,
)
from physsym.optimizers.lifting.torch_.runs import (
    Session,
    Shape,
    builds,
)
from physsym.optimizers.lifting.torch_.trace import NeedsCount, Settled

ONE_VECTOR: tuple[Shape, ...] = ((2,),)
ONE_MATRIX: tuple[Shape, ...] = ((2, 1),)
TWO_VECTORS: tuple[Shape, ...] = ((2,), (2,))
TWO_WEIGHTS: tuple[Shape, ...] = ((1,), (1,))


@dataclass
class Lift:
    """The reading of one class with its arguments.

    Parameters
    ----------
    assumed
        Arguments that had to be fixed at their default, with the reason.
    """

    cls: type
    name: str
    arguments: Arguments
    values: Mapping[str, float]
    others: Mapping[str, float]
    assumed: dict[str, str] = field(default_factory=dict)

    @property
    def hyperparameters(self) -> frozenset[Node]:
        """Return the leaves of the symbols."""
        return frozenset(map(leaf_of, self.arguments.free))

    def session(self, shapes: tuple[Shape, ...], other: bool = False, settled: Any = None) -> Session:
        """Return a session with one or the other set of numbers."""
        values = self.others if other else self.values
        return Session(self.cls, self.arguments, values, shapes, 2 if other else 1, dict(settled or {}))


@dataclass(frozen=True)
class Read:
    """The laws of a class, the branches on hyperparameters, and what was noted on the way."""

    laws: Laws
    reading: Reading
    settled: Mapping[Node, Settled]
    reasons: tuple[str, ...] = ()
    one_law: bool = True
    scope: tuple[str, ...] = ()


def read_class(cls: type, name: str, arguments: Arguments, assumed: dict[str, str]) -> tuple[Lift, Read]:
    """Return a class with numbers to run it with, and the laws that are read of it."""

    def works(values: Mapping[str, float]) -> Exception | None:
        return builds(cls, arguments, values, ONE_VECTOR)

    if (problem := _never_builds(cls, arguments)) is not None:
        raise LiftError(problem)
    values, fixed = working_values(arguments, works, 1)
    arguments = arguments.with_fixed(fixed)
    for argument in fixed:
        assumed[argument] = "the class accepts only its default here"
    others, _ = working_values(arguments, works, 2)
    lift = Lift(cls, name, arguments, values, others, assumed)
    return lift, read_laws(lift)


def _matrices_alone(cls: type, arguments: Arguments, values: Mapping[str, float], problem: Exception) -> str:
    """Return why a class that takes matrices alone is refused, with what its code does to one."""
    try:
        read_steps(Session(cls, arguments, values, ((1, 2),), 1))
    except (LiftError, NeedsCount) as error:
        return f"it takes matrices alone ({problem}), and {error}"
    return f"it takes matrices alone, whose entries it mixes ({problem})"


def _never_builds(cls: type, arguments: Arguments) -> str | None:
    """Return why a class takes matrices alone; None if it takes vectors, too."""
    values = {n.name: 0.1 if n.default is None else n.default for n in arguments.numbers}
    problem = builds(cls, arguments, values, ONE_VECTOR)
    if problem is not None and builds(cls, arguments, values, ((2, 2),)) is None:
        return _matrices_alone(cls, arguments, values, problem)
    return None


def read_laws(lift: Lift, thorough: bool = True) -> Read:
    """Return the laws, read twice: a number that lost its symbol differs between the two readings.

    One that is not thorough is read once, and from one vector of weights alone.
    """
    session = lift.session(ONE_VECTOR)
    reading = read_steps(session)
    if not thorough:
        try:
            laws = single(reading, ONE_VECTOR, lift.hyperparameters)
        except CoordinatesMix:
            laws = mixed(reading)
        return Read(laws, reading, session.settled, one_law=_with_start(laws, session.settled)[0])
    again = read_steps(lift.session(ONE_VECTOR, True, session.settled))
    if (lost := first_difference(mixed(reading), mixed(again))) is not None:
        raise LiftError(_symbol_lost(*lost, reading))
    reasons: tuple[str, ...] = ()
    try:
        laws = single(reading, ONE_VECTOR, lift.hyperparameters)
        if not _is_law_of(lift, laws, ((3,),), session.settled):
            laws, reasons = mixed(reading), ("the number of weights enters",)
    except CoordinatesMix as error:
        laws, reasons = mixed(reading), (str(error),)
    scope = _scope(lift, laws, session.settled)
    laws = _without_idle_states(laws, reading)
    one_law, laws = _with_start(laws, session.settled)
    return Read(laws, reading, session.settled, reasons, one_law, scope)


def _without_idle_states(laws: Laws, reading: Reading) -> Laws:
    """Return the laws without states that keep their value and that nothing reads, such as a log.

    A list that grows, and is read, is refused.
    """
    read = {n for name, node in laws.usual.items() for n in leaves(node) if n is not name_leaf(name)}
    idle = {name for name, node in laws.usual.items() if node is name_leaf(name) and node not in read}
    kept = {name: node for name, node in laws.usual.items() if name not in idle}
    for key in reading.appearing:
        holder = tuple(part for part in key[:-1] if part != "weights")
        if not isinstance(key[-1], int) or any(name[: len(holder)] == holder for name in kept):
            raise LiftError(f"its second step is not like those after it: {key[-1]} appears there")
    return replace(laws, usual=kept)


def _is_law_of(lift: Lift, laws: Laws, shapes: tuple[Shape, ...], settled: Mapping[Node, Settled]) -> bool:
    """Whether weights of other shapes are updated by the same laws."""
    try:
        other = read_steps(lift.session(shapes, True, settled))
        if not laws.mixed:
            return first_difference(laws, single(other, shapes, lift.hyperparameters)) is None
        return first_difference(laws, mixed(other, laws)) is None
    except (CoordinatesMix, LiftError, NeedsCount):
        return False


def _scope(lift: Lift, laws: Laws, settled: Mapping[Node, Settled]) -> tuple[str, ...]:
    """Return what is assumed of the shape of the weights, in words."""
    found = list[str]()
    if not _is_law_of(lift, laws, ONE_MATRIX, settled):
        found.append("the weights of a tensor form a vector; for a matrix the code computes something else")
    if not laws.mixed:
        if not _is_law_of(lift, laws, TWO_VECTORS, settled):
            found.append("all weights lie in one tensor; for several the code computes something else")
    elif _is_law_of(lift, laws, TWO_WEIGHTS, settled):
        found.append("the two weights are all there are, in one tensor or in several")
    else:
        found.append("the two weights are all of one tensor; several tensors were not read")
    return tuple(found)


def first_difference(first: Laws, second: Laws) -> tuple[Node, Node] | None:
    """Return two nodes that differ between two readings."""
    for a, b in ((first.usual, second.usual), (first.first, second.first), (first.start, second.start)):
        if a.keys() != b.keys():
            return ZERO, ONE
        for name, node in a.items():
            if node is not b[name]:
                return node, b[name]
    return None


def _symbol_lost(first: Node, second: Node, reading: Reading) -> str:
    """Describe where a number differs between two readings."""
    origins = reading.trace.origins
    a, b, line = first, second, origins.get(first, "")
    while a.op == b.op and a.args and len(a.args) == len(b.args):
        a, b = next(((u, v) for u, v in zip(a.args, b.args, strict=True) if u is not v), (ONE, ONE))
        line = origins.get(a, line)
    return (
        f"a number{f' at {line}' if line else ''} depends on a hyperparameter, the data or chance, and "
        f"its expression is lost: it is {_shown(a)} in one run and {_shown(b)} in another; float(), numpy() "
        "and functions of `math` imported by name lose it"
    )


def _shown(node: Node) -> str:
    return f"{float(node.value):.6g}" if isinstance(node.value, Fraction) else repr(node)


def _with_start(laws: Laws, settled: Mapping[Node, Settled]) -> tuple[bool, Laws]:
    """Return whether the first step is like the others, from which start values, and the laws with these.

    The branches on hyperparameters are those that the first step took.

    A state that the code first sets to something with the gradient in it, or when it has counted up already,
    starts at zero if this gives the same first step.
    """
    known = {
        name: node
        for name, node in laws.start.items()
        if name in laws.usual and not any(_is_gradient(n) for n in leaves(node))
    }
    counted = {name: node for name, node in known.items() if node is not laws.first.get(name)}
    states = [name for name in laws.usual if name[0] != "x"]
    # A counter whose first value is known has counted up to it.
    before = {
        name: make("sub", laws.first[name], ONE)
        for name, node in laws.usual.items()
        if node is make("add", ONE, name_leaf(name)) and laws.first[name].op == "constant"
    }
    for start in (known, counted, {**counted, **before}):
        full = replace(laws, start={name: start.get(name, ZERO) for name in states})
        if starts_like(full, laws.first, settled):
            return True, full
    return False, replace(laws, start=counted)


def starts_like(laws: Laws, first: Mapping[Name, Node], settled: Mapping[Node, Settled]) -> bool:
    """Whether the usual law makes the first step from the start values, on these branches."""
    put = {name_leaf(name): node for name, node in laws.start.items()}
    known = {condition: branch.outcome for condition, branch in settled.items()}
    return all(
        name not in first or agree(resolve(substitute(node, put), known), resolve(first[name], known))
        for name, node in laws.usual.items()
    )


def _is_gradient(node: Node) -> bool:
    return str(node.value).startswith("gradient")
