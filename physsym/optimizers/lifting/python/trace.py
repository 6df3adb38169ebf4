"""Python and NumPy code run on formulas: its start, a first step from there, and a step from any state."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from physsym.optimizers.lifted import REFUSALS, LiftError
from physsym.optimizers.lifting.containers import (
    Path,
    build,
    copied,
    flat,
    is_number,
    like,
    put,
    settled,
    text,
    walk,
)
from physsym.optimizers.lifting.nodes import Node, evaluate, leaves, make, substitute
from physsym.optimizers.lifting.paths import Branch, Result, Tree, explore
from physsym.optimizers.lifting.python.code import Code, line_of_error
from physsym.optimizers.lifting.python.leaves import (
    Key,
    PointwiseGradient,
    hyperparameter_of,
    is_kind,
    named_leaf,
    reachable,
    same_values,
    shown_condition,
    state_leaf,
)
from physsym.optimizers.lifting.signatures import typical_value
from physsym.optimizers.lifting.steppers import (
    Running,
)
from physsym.optimizers.lifting.symbolic_arrays import (
    Array,
    Number,
    as_array,
    node_of,
    patched,
    store,
)


@dataclass
class _Outcome:
    """What a step left behind: the numbers that the code keeps, the weights among them, and its flags."""

    numbers: dict[Key, Node]
    flags: dict[Path, Any]
    running: Running
    weights: Any


@dataclass
class _Raised:
    """A path on which the code raises an error, and whether it says `raise` or `assert` itself."""

    error: Exception
    line: str
    deliberate: bool


@dataclass
class Trace:
    """The nodes of a first step and of a generic one, for some number of weights."""

    start: dict[Key, Node]
    first: dict[Key, Node]
    new: dict[Key, Node]
    points: list[tuple[Node, ...]]
    assumed: list[Node]
    count: int


def traced(code: Code, count: int) -> Trace:
    """Run the code on formulas of some number of weights, for a first step and for a generic one."""
    stepper, layout = code.stepper, code.form.layout
    gradient = PointwiseGradient()
    values = {**code.given, **{k: Number(named_leaf("hyper", k)) for k in stepper.parameters}}
    assumed: list[Node] = []
    explicit: set[str] = set()

    def new_weights() -> Any:
        return build(layout, [Number(named_leaf("weight", i)) for i in range(count)])

    def attempt(action: Callable[[], tuple[Running, Any]]) -> Callable[[], Any]:
        def run() -> Any:
            token = REFUSALS.set([])
            try:
                found: Any = _outcome(code, *action(), count)
            except LiftError:
                raise
            except Exception as error:  # code of others may raise anything
                found = _Raised(error, line_of_error(error), _is_deliberate(code, error))
            finally:
                refused = REFUSALS.get()
                REFUSALS.reset(token)
            if refused:  # the code went on, as no run on numbers would
                raise refused[0]
            return found

        return run

    def step(begin: Callable[[], tuple[Running, Any]]) -> Callable[[], Any]:
        def action() -> tuple[Running, Any]:
            running, weights = begin()
            if stepper.gradient_is_function:
                taken: Any = gradient
            else:
                taken = build(layout, gradient.at(flat(weights)))
            return running, stepper.step(running, weights, taken, Number(named_leaf("loss", "")))

        return attempt(action)

    def begin() -> tuple[Running, Any]:
        weights = build(layout, [Number(named_leaf("weight", i)) for i in range(count)])
        places = code.start_states(code.form, weights, lambda n, i: float(i))
        keys = {
            n: [((("key", n), *path), i) for path, v in walk(value) for i in range(np.size(v))]
            for n, value in places.items()
        }
        handed = code.start_states(code.form, weights, lambda n, i: Number(state_leaf(keys[n][i])))
        stepper.explicit = _as_formulas(handed)
        explicit.update(n for n, v in handed.items() if v is not None and _has_own_leaf(v))
        running = stepper.start(values, weights, gradient)
        running.states = _as_formulas(running.states)
        return running, weights

    with patched(stepper.namespaces):
        start = _merge(code, explore(attempt(begin)), assumed)
        first = _merge(code, explore(step(begin)), assumed)
        later = _generic(code, start, first, step, assumed)
    handed_over = {("key", name) for name in explicit}
    known = {k: n for k, n in start.numbers.items() if not k[0] or k[0][0] not in handed_over}
    return Trace(known, first.numbers, later, gradient.points, assumed, count)


def _outcome(code: Code, running: Running, weights: Any, count: int) -> _Outcome:
    found: dict[Key, Node] = {((), i): node_of(v) for i, v in enumerate(flat(weights))}
    if len(found) != count:
        raise LiftError(f"{code.name} makes {len(found)} weights of {count}")
    flags: dict[Path, Any] = {}
    for raw, value in walk(running.states):
        path = settled(raw, weights)
        if is_number(value):
            found |= {(path, i): node_of(v) for i, v in enumerate(flat(value))}
        else:
            flags[path] = value
    return _Outcome(found, flags, running, weights)


def _generic(
    code: Code,
    start: _Outcome,
    first: _Outcome,
    step: Callable[[Callable[[], tuple[Running, Any]]], Callable[[], Any]],
    assumed: list[Node],
) -> dict[Key, Node]:
    """Return what a step makes of the states when they are symbols."""
    explicit = {("key", n) for n in code.stepper.explicit}
    constants = {
        path
        for path, _ in first.numbers
        if path
        and path[0] not in explicit
        and all(start.numbers.get(k) is n for k, n in first.numbers.items() if k[0] == path)
    }
    _refuse_shared_memory(code, first)
    while True:
        template = first

        def begin(template: _Outcome = template, constants: set[Path] = constants) -> tuple[Running, Any]:
            states, weights = copied(template.running.states, template.weights)
            return _with_symbols(Running(states, template.running.hidden), weights, constants)

        found = _merge(code, explore(step(begin)), assumed)
        changed = {
            p for (p, i), n in found.numbers.items() if p in constants and template.numbers[p, i] is not n
        }
        if not changed:
            break
        constants = constants - changed
    _refuse_changes(code, template, found)
    return {k: n for k, n in found.numbers.items() if k[0] not in constants and k in template.numbers}


def _refuse_shared_memory(code: Code, outcome: _Outcome) -> None:
    arrays = [(p, v) for p, v in walk(outcome.running.states) if isinstance(v, np.ndarray)]
    arrays += [((("key", "weights"),), v) for _, v in walk(outcome.weights) if isinstance(v, np.ndarray)]
    for k, (path, a) in enumerate(arrays):
        for other, b in arrays[:k]:
            if a is not b and np.shares_memory(a, b):
                raise LiftError(
                    f"{code.name} cannot be lifted: {text(path)} and {text(other)} are parts of one array"
                )


def _refuse_changes(code: Code, before: _Outcome, after: _Outcome) -> None:
    """Raise LiftError where what the code keeps has another form after a later step."""
    for path, flag in after.flags.items():
        if path in before.flags and before.flags[path] is not flag and before.flags[path] != flag:
            raise LiftError(
                f"{code.name} cannot be lifted: {text(path)} is {before.flags[path]} before a later step "
                f"and {flag} after it, so steps follow several laws"
            )
    gone = {p for p, _ in before.numbers} - {p for p, _ in after.numbers}
    new = {p for p, _ in after.numbers} - {p for p, _ in before.numbers}
    filled = [p for p in new if p in before.flags]
    read = {p[:-1] for p in _read_paths(after) if p}
    if suspicious := [*gone, *filled, *(p for p in new if p[:-1] in read and p[-1][0] != "attribute")]:
        raise LiftError(
            f"{code.name} cannot be lifted: what it keeps changes its form from step to step, "
            f"in {', '.join(sorted(map(text, suspicious)))}"
        )
    if _aliases(before) != _aliases(after):
        raise LiftError(
            f"{code.name} cannot be lifted: which of its arrays are one and the same changes in a step"
        )


def _read_paths(outcome: _Outcome) -> set[Path]:
    """Return the paths of the states that the new weights depend on."""
    needed = reachable(outcome.numbers, [k for k in outcome.numbers if not k[0]])
    return {path for path, _ in needed}


def _is_deliberate(code: Code, error: Exception) -> bool:
    frames = traceback.extract_tb(error.__traceback__)
    return any((frames[-1].lineno or 0) in source.raises for source in code.stepper.sources)


def _has_own_leaf(value: Any) -> bool:
    return any(is_kind(n, "state") for v in flat(value) for n in leaves(node_of(v)))


def _as_formulas(states: Any) -> Any:
    """Return a value whose arrays of floats are arrays of formulas, what is one array staying one."""
    made: dict[int, Array] = {}
    for path, value in list(walk(states)):
        if isinstance(value, np.ndarray) and not isinstance(value, Array):
            states = put(states, path, made.setdefault(id(value), as_array(value)))
    return states


def _with_symbols(running: Running, weights: Any, constants: set[Path]) -> tuple[Running, Any]:
    """Put symbols in place of all numbers that change, in arrays in place: what is one array stays one."""
    done = dict[int, Any]()
    symbols = iter([Number(named_leaf("weight", i)) for i in range(len(flat(weights)))])
    for path, value in list(walk(weights)):
        if isinstance(value, np.ndarray):
            done[id(value)] = store(value, like(value, [next(symbols) for _ in range(value.size)]))
        else:
            weights = put(weights, path, next(symbols))
    states = running.states
    for path, value in list(walk(states)):
        plain = settled(path, weights)
        if not is_number(value) or plain in constants or id(value) in done:
            continue
        numbers = [Number(state_leaf((plain, i))) for i in range(np.size(value))]
        if isinstance(value, np.ndarray):
            done[id(value)] = store(value, like(value, numbers))
        else:
            states = put(states, path, numbers[0])
    weights_at = getattr(running.hidden, "path", None)
    if weights_at is not None:
        states = put(states, weights_at, weights)
    return Running(states, running.hidden), weights


def _aliases(outcome: _Outcome) -> frozenset[frozenset[str]]:
    """Return which arrays are one and the same object, the weights among them."""
    groups: dict[int, set[str]] = {}
    for path, value in walk(outcome.running.states):
        if isinstance(value, np.ndarray):
            groups.setdefault(id(value), set()).add(text(path))
    for path, value in walk(outcome.weights):
        if isinstance(value, np.ndarray):
            groups.setdefault(id(value), set()).add(f"weights {text(path)}")
    return frozenset(frozenset(g) for g in groups.values() if len(g) > 1)


def _merge(code: Code, tree: Tree, assumed: list[Node]) -> _Outcome:
    """Return one outcome from those of all paths, with case distinctions."""
    found = _merged(code, tree, assumed)
    if isinstance(found, _Raised):
        raise LiftError(f"{found.line}: {type(found.error).__name__}: {found.error}") from found.error
    return found


def _merged(code: Code, tree: Tree, assumed: list[Node]) -> _Outcome | _Raised:
    if isinstance(tree, Result):
        return tree.value  # type: ignore[no-any-return]
    holds_assumed, fails_assumed = list[Node](), list[Node]()
    holds, fails = _merged(code, tree.holds, holds_assumed), _merged(code, tree.fails, fails_assumed)
    condition = tree.condition

    def choose(truth: bool, quietly: bool = False, closed: bool = False) -> _Outcome | _Raised:
        assumed.extend(holds_assumed if truth else fails_assumed)
        taken = condition if truth else make("not", condition)
        if not quietly:
            assumed.append(make("le", *taken.args) if closed else taken)
        return holds if truth else fails

    for truth, one, other in ((True, holds, fails), (False, fails, holds)):
        if isinstance(other, _Raised) and not isinstance(one, _Raised):
            if not other.deliberate:
                raise LiftError(
                    f"{other.line}: the code fails where {shown_condition(condition, not truth)}: "
                    f"{type(other.error).__name__}: {other.error}"
                )
            return choose(truth)
    if isinstance(holds, _Raised) or isinstance(fails, _Raised):
        return holds
    if all(hyperparameter_of(n) for n in leaves(condition)):
        if not holds_assumed and not fails_assumed and same_values(holds.numbers, fails.numbers):
            return holds
        return _on_hyperparameters(code, tree, holds, fails, choose)
    holds, fails = _broadcast(holds, fails), _broadcast(fails, holds)
    if holds.numbers.keys() != fails.numbers.keys() or holds.flags != fails.flags:
        raise LiftError(
            f"{tree.line}: what the code keeps has another form where {shown_condition(condition, True)}"
        )
    assumed.extend(a for a in (*holds_assumed, *fails_assumed) if a not in assumed)
    numbers = {k: make("select", condition, n, fails.numbers[k]) for k, n in holds.numbers.items()}
    return replace(holds, numbers=numbers)


def _on_hyperparameters(
    code: Code, tree: Branch, holds: _Outcome, fails: _Outcome, choose: Callable[..., _Outcome | _Raised]
) -> _Outcome | _Raised:
    """Choose a path by a condition on hyperparameters: the general one, or that of the usual values."""
    condition = tree.condition
    a, b = condition.args if len(condition.args) == 2 else (condition, condition)
    variable, value = (a, b) if a.op == "leaf" else (b, a)
    meet = False
    if variable.op == "leaf" and value.op == "constant":
        at = {variable: value}
        one, other = ({k: substitute(n, at) for k, n in o.numbers.items()} for o in (holds, fails))
        meet = same_values(one, other)
    if condition.op in ("eq", "ne"):
        return choose(condition.op == "ne", quietly=meet)
    reads = [
        any(variable in leaves(n) for n in o.numbers.values() if n is not variable) for o in (holds, fails)
    ]
    if meet and reads[0] != reads[1]:
        # The law that reads the hyperparameter holds up to the bound, where both are the same.
        return choose(reads[0], closed=True)
    usual = {
        n: v
        if (v := code.stepper.parameters.get(hyperparameter_of(n))) is not None
        else typical_value(hyperparameter_of(n))
        for n in leaves(condition)
    }
    if any(v is None for v in usual.values()):
        raise LiftError(
            f"{tree.line}: the law is another one where {shown_condition(condition, True)} than "
            f"where not; give values of {', '.join(hyperparameter_of(n) for n in usual)}"
        )
    return choose(bool(evaluate(condition, usual)))


def _broadcast(outcome: _Outcome, other: _Outcome) -> _Outcome:
    """Return an outcome in which a number is an array of equal ones, where it is an array in another one."""
    size = Counter(path for path, _ in outcome.numbers)
    missing = {k for k in other.numbers if k not in outcome.numbers and size[k[0]] == 1}
    if not missing:
        return outcome
    numbers = outcome.numbers | {k: outcome.numbers[k[0], 0] for k in missing}
    return replace(outcome, numbers=numbers, running=other.running, weights=other.weights)
