"""The rule of a class of `torch.optim`, of a subclass of `torch.optim.Optimizer`, or of an optimizer."""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sympy import Expr, Rational, Symbol

from physsym.core.verdicts import Condition, Hypothesis
from physsym.optimizers.lifted import Lifted, LiftError
from physsym.optimizers.lifting.law import Names, StateLaw, coordinates, lifted
from physsym.optimizers.lifting.nodes import ONE, ZERO, Node, leaf, leaves, make, substitute
from physsym.optimizers.lifting.self_check import checked
from physsym.optimizers.lifting.sympy_forms import to_conditions
from physsym.optimizers.lifting.torch_.assumptions import Assumptions, assumptions
from physsym.optimizers.lifting.torch_.cases import Cases
from physsym.optimizers.lifting.torch_.coordinates import (
    GRADIENT,
    WEIGHT,
    Laws,
    Name,
    name_leaf,
    numbered,
    place_of,
)
from physsym.optimizers.lifting.torch_.hyperparameters import (
    Arguments,
    arguments_of,
    exact_value,
    leaf_of,
    signature_of,
)
from physsym.optimizers.lifting.torch_.modes import as_found
from physsym.optimizers.lifting.torch_.reading import Lift, Read, read_class
from physsym.optimizers.lifting.torch_.runs import (
    LOSS,
    Shape,
    explained,
    gradient_leaf,
    places,
    takes_closure,
    weight_leaf,
)
from physsym.optimizers.lifting.torch_.trace import NeedsCount


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
    if isinstance(value, Expr) and not value.is_Rational:
        raise TypeError(
            f"a hyperparameter is given as a number; leave it out to keep it as a symbol; given {value}"
        )
    if not isinstance(value, torch.Tensor) or value.numel() != 1:
        return value
    # As it is written: a float32 of 0.1 is 1/10.
    return (
        value.item() if value.dtype is not torch.float32 else float(str(value.detach().numpy().reshape(())))
    )


def _name(cls: type, given: Mapping[str, object]) -> str:
    own = f"torch:{cls.__name__}" if cls.__module__.startswith("torch.optim") else cls.__qualname__
    options = ", ".join(f"{k}={v!r}" for k, v in given.items() if k not in ("foreach", "fused"))
    return f"{own}({options})" if options else own


def _lifted(cls: type, name: str, given: Mapping[str, object]) -> Lifted:
    arguments = arguments_of(cls, given)
    assumed: dict[str, str] = {}
    for _ in range(len(arguments.numbers) + 1):
        try:
            lift, read = read_class(cls, name, arguments, assumed)
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
