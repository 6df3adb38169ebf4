"""The rule of a class of `torch.optim`, of a subclass of `torch.optim.Optimizer`, or of an optimizer."""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from sympy import Rational, Symbol

from physsym.core.verdicts import Condition, Hypothesis
from physsym.optimizers.lifted import Lifted, LiftError
from physsym.optimizers.lifting.law import Names, StateLaw, coordinates, lifted
from physsym.optimizers.lifting.nodes import (
    ONE,
    ZERO,
    Node,
    constant,
    leaf,
    leaves,
    make,
    resolve,
    substitute,
    to_conditions,
)
from physsym.optimizers.lifting.self_check import checked
from physsym.optimizers.lifting.torch_.cases import Cases
from physsym.optimizers.lifting.torch_.coordinates import (
    GRADIENT,
    WEIGHT,
    CoordinatesMix,
    Laws,
    Name,
    mixed,
    name_leaf,
    numbered,
    place_of,
    single,
)
from physsym.optimizers.lifting.torch_.exploring import Reading, agree, read_steps
from physsym.optimizers.lifting.torch_.hyperparameters import (
    Arguments,
    arguments_of,
    exact_value,
    leaf_of,
    signature_of,
    working_values,
)
from physsym.optimizers.lifting.torch_.modes import as_found
from physsym.optimizers.lifting.torch_.runs import (
    LOSS,
    Refused,
    Session,
    Shape,
    builds,
    explained,
    gradient_leaf,
    places,
    run,
    takes_closure,
    weight_leaf,
)
from physsym.optimizers.lifting.torch_.trace import NeedsCount, Settled

DEMANDS = (ValueError, AssertionError, RuntimeError, NotImplementedError)
"""What code raises that demands something of its arguments; another exception is a fault on a path."""
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


def lift_optimizer(thing: Any, hyperparameters: Mapping[str, object]) -> Lifted:
    """Return the rule of a class of optimizers of PyTorch, or of an optimizer, with its self-check."""
    cls, given = target(thing, hyperparameters)
    name = _name(cls, given)
    try:
        return _lifted(cls, name, given)
    except LiftError as error:
        asks = "; its step takes a closure, which gives the loss" if takes_closure(cls) else ""
        reason = _readable(str(error).removeprefix(f"{name} cannot be lifted: "))
        raise LiftError(f"{name} cannot be lifted, because {reason}{asks}") from error


def _readable(message: str) -> str:
    """Return a message in which leaves have the names that their user gave."""
    message = re.sub(r"state \([^()]*?'?(\w+)'?,?\) \d+", r"\1", message)
    message = re.sub(r"gradient \d+ \d+", "grad(x)", re.sub(r"weight \d+ \d+", "x", message))
    return message.replace("hyperparameter ", "")


def target(thing: Any, hyperparameters: Mapping[str, object]) -> tuple[type, dict[str, object]]:
    """Return the class and the values that are given for its arguments."""
    given = {name: _number(value) for name, value in hyperparameters.items()}
    if isinstance(thing, functools.partial):
        if thing.args:
            raise LiftError("a partial class is lifted with keyword arguments alone")
        return target(thing.func, {**thing.keywords, **given})
    if isinstance(thing, type):
        return thing, given
    cls = type(thing)
    if len(thing.param_groups) > 1:
        raise LiftError(
            f"the {cls.__name__} has {len(thing.param_groups)} groups of weights; lift the class with the "
            "hyperparameters of one of them"
        )
    found: dict[str, object] = {}
    for argument in signature_of(cls):
        sources = (thing.param_groups[0], thing.defaults, vars(thing))
        holder = next((s for s in sources if argument in s), None)
        if holder is None and argument not in given:
            if argument == "decoupled_weight_decay":
                continue
            raise LiftError(
                f"the value of {argument} is not found in the {cls.__name__}; lift the class, with values "
                "of its hyperparameters"
            )
        value = None if holder is None else holder[argument]
        found[argument] = _number(value)
    return cls, {**found, **given}


def _number(value: Any) -> Any:
    """Return the number in a tensor of one element, another value as it is."""
    torch = sys.modules["torch"]
    return value.item() if isinstance(value, torch.Tensor) and value.numel() == 1 else value


def _name(cls: type, given: Mapping[str, object]) -> str:
    own = f"torch:{cls.__name__}" if cls.__module__.startswith("torch.optim") else cls.__qualname__
    options = ", ".join(f"{k}={v!r}" for k, v in given.items() if k not in ("foreach", "fused"))
    return f"{own}({options})" if options else own


def _lifted(cls: type, name: str, given: Mapping[str, object]) -> Lifted:
    arguments = arguments_of(cls, given)
    assumed: dict[str, str] = {}
    for _ in range(len(arguments.numbers) + 1):
        try:
            lift, read = _read(cls, name, arguments, assumed)
            break
        except NeedsCount as error:
            arguments = _with_count(arguments, error, assumed)
    return _assembled(lift, read)


def _with_count(arguments: Arguments, error: NeedsCount, assumed: dict[str, str]) -> Arguments:
    """Fix a hyperparameter that the code uses as a count at its default."""
    for number in arguments.free:
        if leaf_of(number) is error.node and number.default is not None:
            assumed[number.name] = str(error)
            return arguments.with_fixed({number.name: exact_value(number.default)})
    raise LiftError(f"{error}, which is no hyperparameter with a default; give its value")


def _read(cls: type, name: str, arguments: Arguments, assumed: dict[str, str]) -> tuple[Lift, Read]:
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
    if (lost := _difference(mixed(reading), mixed(again))) is not None:
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
            return _difference(laws, single(other, shapes, lift.hyperparameters)) is None
        return _difference(laws, mixed(other, laws)) is None
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


def _difference(first: Laws, second: Laws) -> tuple[Node, Node] | None:
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
        if _starts_like(full, laws.first, settled):
            return True, full
    return False, replace(laws, start=counted)


def _starts_like(laws: Laws, first: Mapping[Name, Node], settled: Mapping[Node, Settled]) -> bool:
    """Whether the usual law makes the first step from the start values, on these branches."""
    put = {name_leaf(name): node for name, node in laws.start.items()}
    known = {condition: branch.outcome for condition, branch in settled.items()}
    return all(
        name not in first or agree(resolve(substitute(node, put), known), resolve(first[name], known))
        for name, node in laws.usual.items()
    )


def _is_gradient(node: Node) -> bool:
    return str(node.value).startswith("gradient")


# Branches on hyperparameters.


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
    return _starts_like(read.laws, other.first, flipped)


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
    return _difference(mixed(read.reading), mixed(other)) is None


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


# The rule.


def _assembled(lift: Lift, read: Read) -> Lifted:
    names, laws = Names(), read.laws
    symbols: dict[Node, Node] = {}
    hyper: dict[str, Symbol] = {}
    for number in lift.arguments.free:
        hyper[number.name] = names.symbol(number.name)
        symbols[leaf_of(number)] = leaf(hyper[number.name])
    weights, gradients, loss = coordinates(2 if laws.mixed else 1)
    symbols[LOSS] = leaf(loss)
    ranges = assumptions(lift, read)
    cases = Cases([*ranges.ranges, *ranges.conditions])
    laws = replace(laws, usual={name: cases.simplified(node) for name, node in laws.usual.items()})
    usual = _without_idle_counters(laws)
    states: dict[Name, Symbol] = {}
    for name in usual:
        if name[0] == "x":
            states[name] = weights[name[1] - 1 if laws.mixed else 0]
    for k in range(len(weights)):
        symbols[weight_leaf(0, k) if laws.mixed else WEIGHT] = leaf(weights[k])
        symbols[gradient_leaf(0, k) if laws.mixed else GRADIENT] = leaf(gradients[k])
    for name in usual:
        if name[0] != "x":
            states[name] = names.symbol(_state_name(name, usual[name], laws), state=True)
            symbols[name_leaf(name)] = leaf(states[name])
    order = sorted(usual, key=lambda name: name[0] == "x")
    rows = [
        StateLaw(
            states[name],
            substitute(usual[name], symbols),
            None if name[0] == "x" or name not in laws.start else substitute(laws.start[name], symbols),
            None if read.one_law else substitute(laws.first[name], symbols),
        )
        for name in order
    ]
    found = lifted(
        rows,
        name=lift.name,
        typical={hyper[n.name]: n.default for n in lift.arguments.free if n.default is not None},
        ranges=to_conditions(*(substitute(r, symbols) for r in ranges.ranges)),
        assumes=[*_conditions(lift, ranges, symbols), *_hypotheses(lift, read, symbols)],
        mixes=_mixes(read),
        origins=_origins(read, symbols, usual),
    )
    return _checked(found, lift, states, hyper, laws.mixed, read)


def _without_idle_counters(laws: Laws) -> dict[Name, Node]:
    """Return the laws without counters that nothing reads, and with one counter for those that run alike."""
    usual = dict(laws.usual)
    counters = [
        name
        for name, node in usual.items()
        if node is make("add", ONE, name_leaf(name)) and laws.start.get(name) is ZERO
    ]
    for other in counters[1:]:
        del usual[other]
        usual = {n: substitute(node, {name_leaf(other): name_leaf(counters[0])}) for n, node in usual.items()}
    if counters and not any(
        name_leaf(counters[0]) in leaves(node) for n, node in usual.items() if n != counters[0]
    ):
        del usual[counters[0]]
    return usual


def _state_name(name: Name, node: Node, laws: Laws) -> str:
    if node is make("add", ONE, name_leaf(name)) and laws.start.get(name) is ZERO:
        return "k"
    words = [str(part) for part in name if not isinstance(part, int)]
    number = f"_{name[-1]}" if isinstance(name[-1], int) else ""
    text = f"{words[-1]}{number}" if words else f"state{number}"
    return "".join(c if c.isalnum() or c == "_" else "_" for c in text).lstrip("_0123456789") or "state"


def _conditions(lift: Lift, found: Assumptions, symbols: Mapping[Node, Node]) -> list[Condition]:
    conditions = list(to_conditions(*(substitute(c, symbols) for c in found.conditions)))
    for name in lift.assumed:
        number = next(n for n in lift.arguments.numbers if n.name == name)
        assert number.exact is not None
        value = Rational(number.exact.numerator, number.exact.denominator)
        conditions.append(Condition(Symbol(name, real=True) - value, "= 0"))
    return conditions


def _hypotheses(lift: Lift, read: Read, symbols: Mapping[Node, Node]) -> list[Hypothesis]:
    says = [*read.reading.trace.hypotheses, *read.scope]
    says += [
        f"{n.name} is a number; its default None, with which the code may do something else, was not read"
        for n in lift.arguments.numbers
        if n.default is None and n.exact is None and n.entry is not None
    ]
    if read.reading.keeps_gradient:
        says.append("each gradient lies in memory of its own, as zero_grad() leaves it by default")
    for condition, line in (*read.reading.usual.excluded, *read.reading.first.excluded):
        shown = substitute(substitute(condition, read.laws.renamed), symbols)
        says.append(f"not {shown!r}, where the code raises ({line})")
    return [Hypothesis(s) for s in dict.fromkeys(says)]


def _mixes(read: Read) -> tuple[str, ...]:
    if not read.laws.mixed:
        return ()
    found = tuple(f"{what} ({line})" for line, what in read.reading.trace.reductions.items())
    return found or read.reasons


def _origins(read: Read, symbols: Mapping[Node, Node], usual: Mapping[Name, Node]) -> dict[Node, str]:
    """Return the lines of the nodes of the rule."""
    found: dict[Node, str] = {}
    for node, line in read.reading.trace.origins.items():
        renamed = substitute(node, read.laws.renamed) if read.laws.renamed else node
        found.setdefault(substitute(renamed, symbols), line)
    return found


def _checked(
    found: Lifted,
    lift: Lift,
    states: Mapping[Name, Symbol],
    hyper: Mapping[str, Symbol],
    is_mixed: bool,
    read: Read,
) -> Lifted:
    """Compare the rule with the running class, and its foreach path with it."""
    precision = "float32" if "float32" in read.reading.trace.dtypes else "float64"
    weights = [s for name, s in states.items() if name[0] == "x"]

    def live_with(**options: Any) -> Any:
        return lambda values, gradients, losses, start: _live(
            lift, states, hyper, is_mixed, values, gradients, losses, start, options
        )

    for values in (lift.values, lift.others):
        fixed = {hyper[name]: value for name, value in values.items() if name in hyper}
        found = checked(found, live_with(), fixed=fixed, precision=precision, weights=weights)
    if "foreach" not in lift.arguments.options:
        return found
    try:
        checked(found, live_with(foreach=True), fixed=fixed, precision=precision, weights=weights)
    except LiftError as error:
        says = Hypothesis(f"foreach=True, which was compared in numbers, is not used: {error}")
        return replace(found, assumes=(*found.assumes, says))
    assert found.check is not None
    return replace(found, check=replace(found.check, also=("foreach=True",)))


def _live(
    lift: Lift,
    states: Mapping[Name, Symbol],
    hyper: Mapping[str, Symbol],
    is_mixed: bool,
    values: Mapping[Symbol, float],
    gradients: Sequence[Sequence[float]],
    losses: Sequence[float],
    start: Sequence[float],
    options: Mapping[str, Any],
) -> list[dict[Symbol, float]]:
    """Run the class on plain numbers, and return its states after each step."""
    import torch

    numbers = {
        n.name: n.plain({} if n.exact is not None else {n.name: float(values[hyper[n.name]])})
        for n in lift.arguments.numbers
    }
    shapes: tuple[Shape, ...] = ((len(start),),)
    found = list[dict[Symbol, float]]()
    with as_found(), explained(lift.cls):
        differentiable = bool(lift.arguments.options.get("differentiable"))
        weight = torch.tensor(list(start), requires_grad=not differentiable)
        optimizer = lift.cls([weight], **{**lift.arguments.call(numbers), **options})
        for step, loss in zip(gradients, losses, strict=True):
            weight.grad = torch.tensor(list(step))
            optimizer.step(*([lambda loss=loss: torch.tensor(loss)] if takes_closure(lift.cls) else []))
            now: dict[Symbol, float] = {}
            flat = weight.detach().reshape(-1).tolist()
            for k, value in enumerate(flat):
                now[states["x", k + 1] if is_mixed else states["x",]] = float(value)
            for key, place in places(optimizer, [weight]):
                if isinstance(place.value, (bool, str)) or place.value is None:
                    continue
                entries = (
                    place.value.detach().reshape(-1).tolist()
                    if isinstance(place.value, torch.Tensor)
                    else [place.value]
                )
                for k, value in enumerate(entries):
                    name = _live_name(key, k, len(entries), is_mixed, shapes)
                    if name in states:
                        now[states[name]] = float(value)
            found.append(now)
    return found


def _live_name(key: Any, index: int, size: int, is_mixed: bool, shapes: tuple[Shape, ...]) -> Name:
    return numbered(key, index, size) if is_mixed else place_of(key, size, shapes).name
