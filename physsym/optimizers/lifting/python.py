"""Update rules from Python and NumPy functions and classes.

The code is run on formulas. A first step from the start gives the start values and the law of the first
step; then all that the code keeps becomes symbols, and a second step gives the law. Each path through the
code is run. The law is compared with the running code on numbers.
"""

from __future__ import annotations

import inspect
import re
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from sympy import Symbol

from physsym.core import symbols as formulas
from physsym.core.verdicts import Condition, Hypothesis
from physsym.optimizers.lifted import Lifted, LiftError, SelfCheck
from physsym.optimizers.lifting.containers import (
    LAYOUTS,
    Hidden,
    Path,
    build,
    copied,
    flat,
    is_number,
    iterators,
    like,
    put,
    settled,
    text,
    walk,
)
from physsym.optimizers.lifting.containers import (
    name as name_of,
)
from physsym.optimizers.lifting.law import Names, StateLaw, coordinates, lifted
from physsym.optimizers.lifting.nodes import (
    Node,
    constant,
    evaluate,
    leaf,
    leaves,
    make,
    ordered,
    recording,
    resolve,
    substitute,
    to_conditions,
    to_expression,
)
from physsym.optimizers.lifting.paths import Branch, Result, Tree, explore
from physsym.optimizers.lifting.self_check import ADVERSARIAL, TOLERANCES, draw_values, run_rule
from physsym.optimizers.lifting.signatures import typical_value
from physsym.optimizers.lifting.steppers import (
    FunctionStepper,
    Running,
    Stepper,
    Surroundings,
    is_counter_name,
    steppers,
)
from physsym.optimizers.lifting.symbolic_arrays import (
    PRECISION,
    Array,
    NeedsIntegerError,
    Number,
    as_array,
    node_of,
    patched,
    store,
)

Key = tuple[Path, int]
"""A number that code keeps: the path of its array, and its index there; weights have the path ()."""


def recognises(thing: object) -> bool:
    """Return whether a thing is a function, a class or an object with a step."""
    return (
        callable(thing) or callable(getattr(thing, "step", None)) or callable(getattr(thing, "update", None))
    )


def lift_python(thing: object, hyperparameters: Mapping[str, object]) -> Lifted:
    """Return the rule of a function or a class; `roles` among the options says what its arguments are.

    Raises LiftError where no rule can be read; it names the line.
    """
    try:
        return _lift(thing, dict(hyperparameters))
    except LiftError as error:
        raise LiftError(_readable(str(error))) from error


def _lift(thing: object, given: dict[str, object]) -> Lifted:
    roles: Any = given.pop("roles", {})
    fixed: dict[str, Hypothesis] = {}
    while True:
        stepper = steppers(thing, given, roles)
        stepper.parameters = {k: v for k, v in stepper.parameters.items() if k not in given}
        try:
            found = _Lift(stepper, given, roles).lifted()
        except NeedsIntegerError as needs:
            read = [_hyperparameter(n) for n in leaves(needs.number.node)]
            default = stepper.parameters.get(read[0]) if len(read) == 1 else None
            if not isinstance(default, int):
                raise LiftError(
                    f"{needs}; if it is a hyperparameter, give its value: lift(..., n=5)"
                ) from needs
            given[read[0]] = default
            fixed[read[0]] = Hypothesis(
                f"{read[0]} = {default}, a whole number that decides how the code runs"
            )
        else:
            return replace(found, assumes=(*found.assumes, *fixed.values()))


# ------------------------------------------------------------------ leaves of a trace, by names of their own


def _leaf(kind: str, *what: object) -> Node:
    return leaf(Symbol("|".join((kind, *map(str, what))), real=True))


def _is(node: Node, kind: str) -> bool:
    return node.op == "leaf" and str(node.value).startswith(f"{kind}|")


def _readable(message: str) -> str:
    """Return a message in which leaves of a trace have the names that they have in the code."""
    message = re.sub(r"\bhyper\|(\w+)", r"\1", message)
    message = re.sub(
        r"\b(?:gradient\|\d+|weight)\|(\d+)", lambda m: f"{m[0].partition('|')[0]}_{m[1]}", message
    )
    return re.sub(r"\bstate\|([^|]*)\|\d+", r"\1", message)


def _hyperparameter(node: Node) -> str:
    return str(node.value).partition("|")[2] if _is(node, "hyper") else ""


class _Gradient(Hidden):
    """The gradient as code sees it: its values at the weights, or a function of a point."""

    def __init__(self) -> None:
        super().__init__()
        self.points: list[tuple[Node, ...]] = []

    def at(self, point: Sequence[Any]) -> list[Number]:
        """Return the numbers of the gradient at a point, the same ones where the point is the same."""
        nodes = tuple(map(node_of, point))
        if nodes not in self.points:
            self.points.append(nodes)
        call = self.points.index(nodes)
        return [Number(_leaf("gradient", call, i)) for i in range(len(nodes))]

    def __call__(self, point: Any, *_: Any) -> Any:
        return like(point, self.at(flat(point)))


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


@dataclass(frozen=True)
class _Form:
    """How the code takes weights, and the states that its caller hands over."""

    layout: str
    states: str


@dataclass
class _Trace:
    """The nodes of a first step and of a generic one, for some number of weights."""

    start: dict[Key, Node]
    first: dict[Key, Node]
    new: dict[Key, Node]
    points: list[tuple[Node, ...]]
    assumed: list[Node]
    count: int


class _Lift:
    """One lift: the code, the way in which it takes weights, and what is assumed on the way."""

    def __init__(self, stepper: Stepper, given: Mapping[str, object], roles: Mapping[str, Any]) -> None:
        self.stepper, self.given, self.roles = stepper, given, roles
        self.name = stepper.name
        self.form = self._usable_form()
        self.assumed: list[Node] = []

    # -------------------------------------------------------------- on numbers

    def _values(self) -> dict[str, Any]:
        usual = {k: (typical_value(k) or 0.3) if v is None else v for k, v in self.stepper.parameters.items()}
        return {**self.given, **usual}

    def start_states(self, form: _Form, weights: Any, number: Callable[[str, int], Any]) -> dict[str, Any]:
        """Return the states that the caller hands over; a function gives their numbers by name and index."""
        if not isinstance(self.stepper, FunctionStepper):
            return {c: number(c, 0) for c in self.stepper.passed_counters}
        found: dict[str, Any] = {}
        for argument, role in self.stepper.roles.items():
            default = self.stepper.signature[argument].default
            if role == "counter" or (
                role == "state" and is_counter_name(argument) and default is inspect.Parameter.empty
            ):
                found[argument] = number(argument, 0)
            elif role == "state":
                if default is not inspect.Parameter.empty:
                    found[argument] = default
                elif form.states == "number":
                    found[argument] = number(argument, 0)
                else:
                    found[argument] = like(weights, [number(argument, i) for i in range(len(flat(weights)))])
        return found

    def _usable_form(self) -> _Form:
        """Return the first way to hand over weights and states in which the code runs on floats."""
        failed: dict[str, str] = {}
        around = Surroundings.of(self.stepper)
        for layout, states in product(LAYOUTS, ("like the weights", "number")):
            form = _Form(layout, states)
            try:
                with warnings.catch_warnings(), np.errstate(all="ignore"):
                    warnings.simplefilter("ignore")
                    self._try(form)
            except LiftError:
                raise
            except Exception as error:  # code of others may raise anything
                failed.setdefault(layout, f"{_line_of(error)}: {type(error).__name__}: {error}")
            else:
                self._refuse_changed(around)
                self._refuse_increments(form, 1 if layout == "number" else 2)
                around.changed()
                return form
            self._refuse_changed(around)
            if isinstance(self.stepper, FunctionStepper):
                self.stepper.returns = None
        kept = next(iter(failed.values()))
        if not self.stepper.gradient_is_function and any("not callable" in f for f in failed.values()):
            # Where there is no text of the code, only this tells that it calls the gradient.
            self.stepper.gradient_is_function = True
            return self._usable_form()
        raise LiftError(
            f"{self.name} cannot be lifted: it runs neither on an array of weights nor on a number, a list "
            f"or a dictionary of arrays; on an array: {kept}"
        )

    def _refuse_changed(self, around: Surroundings) -> None:
        if changed := around.changed():
            suspects = [where for source in self.stepper.sources for where in source.suspicious]
            where, kept = f"{suspects[0]}: " if suspects else "", " and ".join(changed)
            raise LiftError(
                f"{where}{self.name} cannot be lifted: it keeps a state in {kept}; keep it in "
                "an argument or in an attribute"
            )

    def _try(self, form: _Form) -> None:
        count = 1 if form.layout == "number" else 2
        weights = build(form.layout, [1.3, 0.7][:count])
        self.stepper.explicit = self.start_states(
            form, weights, lambda n, _: 1 if is_counter_name(n) else 0.0
        )
        before = [float(v) for v in flat(weights)]
        running = self.stepper.start(self._values(), weights, _plain_gradient)
        if hidden := next(iterators(running.states), None):
            raise LiftError(
                f"{self.name} cannot be lifted: {text(hidden)} is an iterator or draws random numbers; "
                "its state cannot be seen"
            )
        for k in range(12):
            gradient = build(form.layout, [0.4 + k, -0.6 + k][:count])
            taken = _plain_gradient if self.stepper.gradient_is_function else gradient
            weights = self.stepper.step(running, weights, taken, 1.5)
            now = [float(v) for v in flat(weights)]
            if len(now) != count:
                raise TypeError(f"it makes {len(now)} weights of {count}")
            if k > 1 and now != before:
                break
        else:
            hint = ""
            if isinstance(self.stepper, FunctionStepper) and len(self.stepper.returns or ()) > 1:
                hint = "; if it returns them in another order, say so: roles={'returns': ('w', 'v')}"
            raise TypeError(f"it leaves the weights as they are{hint}")
        if isinstance(self.stepper, FunctionStepper) and self.stepper.guessed:
            self._order_of_returns(form, count)

    def _refuse_increments(self, form: _Form, count: int) -> None:
        """Raise LiftError where it is not clear whether weights are returned, or what is added to them.

        Where there is no gradient and states are zero, weights stay about where they are.
        """
        if not self.stepper.returns_weights or isinstance(self.roles.get("returns"), str):
            return
        begin, seen = [1.3, 0.7][:count], list[list[float]]()
        # States that the caller hands over are zero, as momentum is, or like the weights, as averages are.
        for handed in ([0.0] * count, begin):
            weights = build(form.layout, begin)
            self.stepper.explicit = self.start_states(
                form,
                weights,
                lambda n, i, handed=handed: 1 if is_counter_name(n) else handed[i],  # type: ignore[misc]
            )
            nothing = _no_gradient if self.stepper.gradient_is_function else _no_gradient(weights)
            try:
                with warnings.catch_warnings(), np.errstate(all="ignore"):
                    warnings.simplefilter("ignore")
                    running = self.stepper.start(self._values(), weights, _no_gradient)
                    after = [float(v) for v in flat(self.stepper.step(running, weights, nothing, 1.0))]
            except Exception:  # code of others may raise anything where there is no gradient
                return
            if not any(abs(a - b) > 0.5 * b for a, b in zip(after, begin, strict=True)):
                return
            seen.append(after)
        raise LiftError(
            f"{self.name}: without a gradient, the weights {begin} become {seen[0]}; it may return what "
            "is to be added to them: say so by roles={'returns': 'increment'}, or else 'weights'"
        )

    def _order_of_returns(self, form: _Form, count: int) -> None:
        """Find out which returned value is which by a step with no gradient, in which weights stay."""
        stepper = self.stepper
        assert isinstance(stepper, FunctionStepper)
        plausible = []
        for order in stepper.readings():
            stepper.returns = order
            weights = build(form.layout, [1.3, 0.7][:count])
            begin = [float(v) for v in flat(weights)]
            stepper.explicit = self.start_states(form, weights, lambda n, _: 1 if is_counter_name(n) else 0.0)
            running = stepper.start(self._values(), weights, lambda p: p * 0)
            nothing = (lambda p: p * 0) if stepper.gradient_is_function else like(weights, [0.0] * count)
            try:
                after = [float(v) for v in flat(stepper.step(running, weights, nothing, 0.0))]
            except Exception:  # a reading in which the code fails
                continue
            if len(after) == count and all(
                abs(a - b) <= 0.3 * abs(b) for a, b in zip(after, begin, strict=True)
            ):
                plausible.append(order)
        if len({order.index("weights") for order in plausible}) != 1 or len(plausible) > 1:
            shown = " or ".join(map(str, plausible or stepper.readings()))
            raise LiftError(
                f"{self.name}: what it returns can be read as {shown}; say which, as in "
                f"lift(..., roles={{'returns': {(plausible or stepper.readings())[0]}}})"
            )
        stepper.returns = plausible[0]

    # -------------------------------------------------------------- on formulas

    def trace(self, count: int) -> _Trace:
        """Run the code on formulas of some number of weights, for a first step and for a generic one."""
        stepper, layout = self.stepper, self.form.layout
        gradient = _Gradient()
        values = {**self.given, **{k: Number(_leaf("hyper", k)) for k in stepper.parameters}}
        assumed: list[Node] = []

        def new_weights() -> Any:
            return build(layout, [Number(_leaf("weight", i)) for i in range(count)])

        def attempt(action: Callable[[], tuple[Running, Any]]) -> Callable[[], Any]:
            def run() -> Any:
                try:
                    return self._outcome(*action(), count)
                except LiftError:
                    raise
                except Exception as error:  # code of others may raise anything
                    return _Raised(error, _line_of(error), self._is_deliberate(error))

            return run

        def step(begin: Callable[[], tuple[Running, Any]]) -> Callable[[], Any]:
            def action() -> tuple[Running, Any]:
                running, weights = begin()
                if stepper.gradient_is_function:
                    taken: Any = gradient
                else:
                    taken = build(layout, gradient.at(flat(weights)))
                return running, stepper.step(running, weights, taken, Number(_leaf("loss", "")))

            return attempt(action)

        def begin() -> tuple[Running, Any]:
            weights = build(layout, [Number(_leaf("weight", i)) for i in range(count)])
            stepper.explicit = _as_formulas(
                self.start_states(self.form, weights, lambda n, i: Number(_leaf("state", n, i)))
            )
            running = stepper.start(values, weights, gradient)
            running.states = _as_formulas(running.states)
            return running, weights

        with patched(stepper.namespaces):
            start = self._merge(explore(attempt(begin)), assumed)
            first = self._merge(explore(step(begin)), assumed)
            later = self._generic(start, first, step, assumed)
        explicit = {(("key", n),) for n, v in stepper.explicit.items() if v is not None and _has_own_leaf(v)}
        known = {k: n for k, n in start.numbers.items() if k[0] not in explicit}
        return _Trace(known, first.numbers, later, gradient.points, assumed, count)

    def _outcome(self, running: Running, weights: Any, count: int) -> _Outcome:
        found: dict[Key, Node] = {((), i): node_of(v) for i, v in enumerate(flat(weights))}
        if len(found) != count:
            raise LiftError(f"{self.name} makes {len(found)} weights of {count}")
        flags: dict[Path, Any] = {}
        for raw, value in walk(running.states):
            path = settled(raw, weights)
            if is_number(value):
                found |= {(path, i): node_of(v) for i, v in enumerate(flat(value))}
            else:
                flags[path] = value
        return _Outcome(found, flags, running, weights)

    def _generic(
        self,
        start: _Outcome,
        first: _Outcome,
        step: Callable[[Callable[[], tuple[Running, Any]]], Callable[[], Any]],
        assumed: list[Node],
    ) -> dict[Key, Node]:
        """Return what a step makes of the states when they are symbols."""
        explicit = {("key", n) for n in self.stepper.explicit}
        constants = {
            path
            for path, _ in first.numbers
            if path
            and path[0] not in explicit
            and all(start.numbers.get(k) is n for k, n in first.numbers.items() if k[0] == path)
        }
        self._refuse_shared_memory(first)
        while True:
            template = first

            def begin(template: _Outcome = template, constants: set[Path] = constants) -> tuple[Running, Any]:
                states, weights = copied(template.running.states, template.weights)
                return _with_symbols(Running(states, template.running.hidden), weights, constants)

            found = self._merge(explore(step(begin)), assumed)
            changed = {
                p for (p, i), n in found.numbers.items() if p in constants and template.numbers[p, i] is not n
            }
            if not changed:
                break
            constants = constants - changed
        self._refuse_changes(template, found)
        return {k: n for k, n in found.numbers.items() if k[0] not in constants and k in template.numbers}

    def _refuse_shared_memory(self, outcome: _Outcome) -> None:
        arrays = [(p, v) for p, v in walk(outcome.running.states) if isinstance(v, np.ndarray)]
        arrays += [((("key", "weights"),), v) for _, v in walk(outcome.weights) if isinstance(v, np.ndarray)]
        for k, (path, a) in enumerate(arrays):
            for other, b in arrays[:k]:
                if a is not b and np.shares_memory(a, b):
                    raise LiftError(
                        f"{self.name} cannot be lifted: {text(path)} and {text(other)} are parts of one array"
                    )

    def _refuse_changes(self, before: _Outcome, after: _Outcome) -> None:
        """Raise LiftError where what the code keeps has another form after a later step."""
        for path, flag in after.flags.items():
            if path in before.flags and before.flags[path] is not flag and before.flags[path] != flag:
                raise LiftError(
                    f"{self.name} cannot be lifted: {text(path)} is {before.flags[path]} before a later step "
                    f"and {flag} after it, so steps follow several laws"
                )
        gone = {p for p, _ in before.numbers} - {p for p, _ in after.numbers}
        new = {p for p, _ in after.numbers} - {p for p, _ in before.numbers}
        filled = [p for p in new if p in before.flags]
        read = {p[:-1] for p in self._read_paths(after) if p}
        if suspicious := [*gone, *filled, *(p for p in new if p[:-1] in read and p[-1][0] != "attribute")]:
            raise LiftError(
                f"{self.name} cannot be lifted: what it keeps changes its form from step to step, "
                f"in {', '.join(sorted(map(text, suspicious)))}"
            )
        if _aliases(before) != _aliases(after):
            raise LiftError(
                f"{self.name} cannot be lifted: which of its arrays are one and the same changes in a step"
            )

    def _read_paths(self, outcome: _Outcome) -> set[Path]:
        """Return the paths of the states that the new weights depend on."""
        needed = _reachable(outcome.numbers, [k for k in outcome.numbers if not k[0]])
        return {path for path, _ in needed}

    def _is_deliberate(self, error: Exception) -> bool:
        frames = traceback.extract_tb(error.__traceback__)
        return any((frames[-1].lineno or 0) in source.raises for source in self.stepper.sources)

    # -------------------------------------------------------------- paths

    def _merge(self, tree: Tree, assumed: list[Node]) -> _Outcome:
        """Return one outcome from those of all paths, with case distinctions."""
        found = self._merged(tree, assumed)
        if isinstance(found, _Raised):
            raise LiftError(f"{found.line}: {type(found.error).__name__}: {found.error}") from found.error
        return found

    def _merged(self, tree: Tree, assumed: list[Node]) -> _Outcome | _Raised:
        if isinstance(tree, Result):
            return tree.value  # type: ignore[no-any-return]
        holds_assumed, fails_assumed = list[Node](), list[Node]()
        holds, fails = self._merged(tree.holds, holds_assumed), self._merged(tree.fails, fails_assumed)
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
                        f"{other.line}: the code fails where {_shown(condition, not truth)}: "
                        f"{type(other.error).__name__}: {other.error}"
                    )
                return choose(truth)
        if isinstance(holds, _Raised) or isinstance(fails, _Raised):
            return holds
        if all(_hyperparameter(n) for n in leaves(condition)):
            if not holds_assumed and not fails_assumed and _same(holds.numbers, fails.numbers):
                return holds
            return self._on_hyperparameters(tree, holds, fails, choose)
        holds, fails = _broadcast(holds, fails), _broadcast(fails, holds)
        if holds.numbers.keys() != fails.numbers.keys() or holds.flags != fails.flags:
            raise LiftError(
                f"{tree.line}: what the code keeps has another form where {_shown(condition, True)}"
            )
        assumed.extend(a for a in (*holds_assumed, *fails_assumed) if a not in assumed)
        numbers = {k: make("select", condition, n, fails.numbers[k]) for k, n in holds.numbers.items()}
        return replace(holds, numbers=numbers)

    def _on_hyperparameters(
        self, tree: Branch, holds: _Outcome, fails: _Outcome, choose: Callable[..., _Outcome | _Raised]
    ) -> _Outcome | _Raised:
        """Choose a path by a condition on hyperparameters: the general one, or that of the usual values."""
        condition = tree.condition
        a, b = condition.args if len(condition.args) == 2 else (condition, condition)
        variable, value = (a, b) if a.op == "leaf" else (b, a)
        meet = False
        if variable.op == "leaf" and value.op == "constant":
            at = {variable: value}
            one, other = ({k: substitute(n, at) for k, n in o.numbers.items()} for o in (holds, fails))
            meet = _same(one, other)
        if condition.op in ("eq", "ne"):
            return choose(condition.op == "ne", quietly=meet)
        reads = [
            any(variable in leaves(n) for n in o.numbers.values() if n is not variable)
            for o in (holds, fails)
        ]
        if meet and reads[0] != reads[1]:
            # The law that reads the hyperparameter holds up to the bound, where both are the same.
            return choose(reads[0], closed=True)
        usual = {
            n: v
            if (v := self.stepper.parameters.get(_hyperparameter(n))) is not None
            else typical_value(_hyperparameter(n))
            for n in leaves(condition)
        }
        if any(v is None for v in usual.values()):
            raise LiftError(
                f"{tree.line}: the law is another one where {_shown(condition, True)} than where not; give "
                f"values of {', '.join(_hyperparameter(n) for n in usual)}"
            )
        return choose(bool(evaluate(condition, usual)))

    # -------------------------------------------------------------- the law

    def lifted(self) -> Lifted:
        """Return the rule, checked."""
        counts = (1, 1) if self.form.layout == "number" else (2, 3)
        precision: set[str] = set()
        token = PRECISION.set(precision)
        try:
            with recording() as origins:
                trace = self.trace(counts[0])
                again = self.trace(counts[1])
                return self._lifted(trace, again, origins, precision)
        finally:
            PRECISION.reset(token)

    def _lifted(
        self, trace: _Trace, again: _Trace, origins: Mapping[Node, str], precision: set[str]
    ) -> Lifted:
        reach = [_reachable(trace.new, [((), i)]) for i in range(trace.count)]
        mixed = any(self._coordinates(trace, keys) - {i} for i, keys in enumerate(reach))
        mixes = list[str]()
        if mixed:
            mixes.append("the new value of each weight depends on the gradients or values of the others")
            again = self.trace(trace.count)
        else:
            self._refuse_differences(trace, reach)
        keys = {k for k in reach[0] if k in again.new}
        if not all(_same({k: trace.new[k]}, {k: again.new[k]}) for k in keys) or len(keys) < len(reach[0]):
            if mixed:
                raise self._undetermined()
            repeated = self.trace(trace.count)
            if not _same({k: trace.new[k] for k in keys}, {k: repeated.new[k] for k in keys}):
                raise self._undetermined()
            mixes.append(f"the number of weights or of their arrays enters the law; here are {trace.count}")
        chosen = sorted(set().union(*reach), key=_key_order) if mixes else sorted(reach[0], key=_key_order)
        laws = _Laws(self, trace, chosen, trace.count if mixes else 1)
        found = laws.lifted(origins, mixes)
        return self._checked(found, laws, precision)

    def _undetermined(self) -> LiftError:
        suspects = [where for source in self.stepper.sources for where in source.suspicious]
        return LiftError(
            f"{self.name} cannot be lifted: two runs on the same formulas give two laws; does it draw random "
            "numbers, read the clock, or keep a state outside of its arguments and attributes"
            + (f", as in {', '.join(dict.fromkeys(suspects))}?" if suspects else "?")
        )

    def _coordinates(self, trace: _Trace, keys: set[Key]) -> set[int]:
        """Return the weights on which the new values of some states depend."""
        found: set[int] = set()
        for key in keys:
            found |= _coordinates_of(trace.new[key], trace)
            found |= _coordinates_of(trace.first[key], trace) if key in trace.first else set()
        return found

    def _refuse_differences(self, trace: _Trace, reach: Sequence[set[Key]]) -> None:
        """Raise LiftError where two weights follow two laws."""
        ours = sorted(reach[0], key=_key_order)
        for i in range(1, trace.count):
            theirs = sorted(reach[i], key=_key_order)
            renamed = {_state_leaf(a): _state_leaf(b) for a, b in zip(ours, theirs, strict=False)}
            renamed |= {_leaf("gradient", c, 0): _leaf("gradient", c, i) for c in range(len(trace.points))}
            there = {a: substitute(trace.new[a], renamed) for a in ours}
            same = len(ours) == len(theirs) and all(
                _same({a: there[a]}, {a: trace.new[b]}) for a, b in zip(ours, theirs, strict=True)
            )
            if not same:
                again = self.trace(trace.count)
                if not _same(
                    {k: trace.new[k] for k in ours}, {k: again.new[k] for k in ours if k in again.new}
                ):
                    raise self._undetermined()
                raise LiftError(
                    f"{self.name} cannot be lifted: weights 1 and {i + 1} follow different laws, so that one "
                    "weight cannot stand for all"
                )

    def _checked(self, found: Lifted, laws: _Laws, precision: set[str]) -> Lifted:
        """Compare the rule with the running code on numbers, and say so in it."""
        kind = "float32" if precision else "float64"
        worst, steps = 0.0, 0
        for seed, adversarial in product(range(2), (False, True)):
            values = self._drawn(found, laws, seed)
            difference, compared = _compare(self, found, laws, values, seed, adversarial, kind)
            worst, steps = max(worst, float(difference)), steps + compared
        if not steps:
            raise LiftError(f"{self.name} cannot be checked: it gives no finite numbers in its first step")
        found = replace(found, check=SelfCheck(steps, worst, kind))
        if self.form.layout == "array" and not found.mixes and self._differs_on_numbers():
            says = "called with arrays, which it changes in place; with plain numbers it follows another law"
            found = replace(found, assumes=(*found.assumes, Hypothesis(says)))
        return found

    def _differs_on_numbers(self) -> bool:
        """Return whether the code computes something else when it is called with plain numbers."""
        runs = []
        for layout in ("array", "number"):
            form = _Form(layout, self.form.states if layout == "array" else "number")
            weights: Any = np.array([1.3]) if layout == "array" else 1.3
            try:
                with warnings.catch_warnings(), np.errstate(all="ignore"):
                    warnings.simplefilter("ignore")
                    self.stepper.explicit = self.start_states(
                        form, weights, lambda n, _: 1 if is_counter_name(n) else 0.25
                    )
                    running = self.stepper.start(self._values(), weights, _plain_gradient)
                    seen = []
                    for g in ADVERSARIAL[:5]:
                        taken: Any = np.array([g]) if layout == "array" else g
                        if self.stepper.gradient_is_function:
                            taken = _plain_gradient
                        weights = self.stepper.step(running, weights, taken, 1.5)
                        seen += [float(v) for v in flat(weights)]
            except Exception:  # code of others may raise anything, and need not take numbers
                return False
            runs.append(seen)
        unmoved = len(set(runs[1])) == 1  # code that works in place does nothing to a number
        return not unmoved and not np.allclose(runs[0], runs[1], rtol=1e-9, equal_nan=True)

    def _drawn(self, found: Lifted, laws: _Laws, seed: int) -> dict[str, float]:
        """Return values of all hyperparameters, also of those that the rule does not read, by their names."""
        usual = {
            laws.hyper.get(n, Symbol(f"{n}|", real=True)): float(v)
            for n, v in self._values().items()
            if n in self.stepper.parameters
        }
        names = {laws.hyper.get(n, Symbol(f"{n}|", real=True)): n for n in self.stepper.parameters}
        conditions = [a for a in (*found.assumes, *found.rule.ranges) if isinstance(a, Condition)]
        for attempt in range(60):
            values = draw_values(sorted(usual, key=str), usual, seed + 2 * attempt)
            if all(_holds(c, values) for c in conditions):
                return {names[s]: v for s, v in values.items()}
        return {names[s]: v for s, v in usual.items()}


class _Laws:
    """The states of a lift under the names that they have in the rule."""

    def __init__(self, lift: _Lift, trace: _Trace, keys: Sequence[Key], count: int) -> None:
        self.lift, self.trace, self.count = lift, trace, count
        self.names = Names()
        self.names.taken.add("t")
        if any(trace.new[k] is make("add", _state_leaf(k), 1) for k in keys):
            self.names.taken.add("k")
        parameters = lift.stepper.parameters
        read = {
            n
            for key in keys
            for n in leaves(trace.new[key], *_existing(trace.first, key), *_existing(trace.start, key))
        }
        read |= {n for point in trace.points for p in point for n in leaves(p)}
        read |= {n for a in trace.assumed for n in leaves(a)}
        self.hyper = {p: self.names.symbol(p) for p in parameters if _leaf("hyper", p) in read}
        self.weights, _, _ = coordinates(count)
        self.counter_starts: dict[Key, int] = {}
        self.hypotheses: list[Hypothesis] = []
        self.counter = Symbol("k", real=True)
        self.keys = [k for k in keys if k[0]]
        self.symbols: dict[Key, Symbol] = {}
        for key in self.keys:
            if trace.new[key] is make("add", _state_leaf(key), 1):
                begin = trace.start.get(key)
                if begin is None or begin.op == "constant":
                    self.counter_starts[key] = self._begin(key, begin)
                    continue
            several = count > 1 and len([k for k in self.keys if k[0] == key[0]]) > 1
            self.symbols[key] = self.names.symbol(
                self.name_of(key) + (f"_{key[1] + 1}" if several else ""), state=True
            )
        self.renamed: dict[Node, Node] = {_leaf("hyper", p): leaf(s) for p, s in self.hyper.items()}
        self.renamed |= {_leaf("weight", i): leaf(w) for i, w in enumerate(self.weights)}
        self.renamed |= {_state_leaf(k): leaf(s) for k, s in self.symbols.items()}
        for key, begin_at in self.counter_starts.items():
            self.renamed[_state_leaf(key)] = make("add", leaf(self.counter), begin_at)
        self.renamed[_leaf("loss", "")] = leaf(formulas.potential(*self.weights))
        for call, point in enumerate(trace.points):
            shown = [to_expression(self.node(p)) for p in point[:count]]
            for i in range(count):
                force = formulas.grad(shown[0]) if count == 1 else formulas.partial(i + 1, *shown)
                self.renamed[_leaf("gradient", call, i)] = leaf(force)

    def name_of(self, key: Key) -> str:
        """Return how the code calls a state; keys of a dictionary of weights are no names of states."""
        return name_of(key[0], ("w", "b") if self.lift.form.layout == "dict" else ())

    def _begin(self, key: Key, begin: Node | None) -> int:
        """Return where a counter starts; if its caller says so, at 0, or at 1 if a law has no value at 0."""
        if begin is not None:
            return int(begin.value)  # type: ignore[arg-type]
        new = [n for k, n in self.trace.new.items() if _state_leaf(key) in leaves(n) and k != key]
        random = np.random.default_rng(0)
        finite = True
        for node in new:
            values = {n: random.uniform(0.2, 0.9) for n in leaves(node)}
            finite &= bool(np.isfinite(evaluate(node, {**values, _state_leaf(key): 0})))
        at = 0 if finite else 1
        self.hypotheses.append(
            Hypothesis(f"{self.name_of(key)} is {at} in the first step, and grows by 1 a step")
        )
        return at

    def node(self, node: Node) -> Node:
        """Return a node of the trace in the symbols of the rule."""
        return substitute(node, self.renamed)

    def hyperparameters(self) -> list[tuple[Symbol, str, float | None]]:
        """Return the hyperparameters that the rule reads, with their names in the code and defaults."""
        return [(s, p, self.lift.stepper.parameters[p]) for p, s in self.hyper.items()]

    def lifted(self, origins: Mapping[Node, str], mixes: Sequence[str]) -> Lifted:
        """Return the rule, not yet checked."""
        trace = self.trace
        new = {k: self.node(trace.new[k]) for k in [*self.symbols, *(((), i) for i in range(self.count))]}
        at_first = {leaf(self.counter): constant(0)}
        first = {k: substitute(self.node(trace.first[k]), at_first) for k in new if k in trace.first}
        known = self._only_at_first(new)
        start = {k: self.node(n) for k, n in trace.start.items() if k in self.symbols}
        self._find_starts(new, first, start)
        symbols: dict[Key, Symbol] = dict(self.symbols)
        symbols |= {((), i): w for i, w in enumerate(self.weights)}
        laws = [StateLaw(symbols[k], n, start.get(k), first.get(k)) for k, n in new.items()]
        counter = leaf(self.counter)
        if known:
            laws = [replace(law, new=resolve(law.new, known)) for law in laws]
        if any(counter in leaves(law.new) for law in laws):
            laws.insert(0, StateLaw(self.counter, make("add", counter, 1), constant(0), constant(1)))
        assumes: list[Condition | Hypothesis] = [*self.hypotheses]
        for assumed in dict.fromkeys(trace.assumed):
            if not all(_hyperparameter(n) for n in leaves(assumed)):
                assumes.append(Hypothesis(f"the code raises an error except where {_shown(assumed, True)}"))
                continue
            try:
                assumes += to_conditions(self.node(assumed))
            except TypeError:
                assumes.append(Hypothesis(_shown(self.node(assumed), True)))
        return lifted(
            laws,
            name=f"python:{self.lift.name}",
            typical={s: v for s, _, v in self.hyperparameters() if v is not None},
            assumes=assumes,
            mixes=mixes,
            origins=dict(origins),
        )

    def _only_at_first(self, new: Mapping[Key, Node]) -> dict[Node, bool]:
        """Return conditions on the counter alone that are decided otherwise in the first step than later."""
        counter, known = leaf(self.counter), dict[Node, bool]()
        for condition in {c for n in new.values() for c in n.cases}:
            if set(leaves(condition)) == {counter}:
                truth = [bool(evaluate(condition, {counter: k})) for k in range(200)]
                if len(set(truth[1:])) == 1 and truth[0] != truth[1]:
                    known[condition] = truth[1]
        if any(counter in leaves(resolve(n, known)) for n in new.values()):
            return {}  # the counter is a state anyway, and the case distinctions say what holds when
        return known

    def _find_starts(
        self, new: Mapping[Key, Node], first: Mapping[Key, Node], start: dict[Key, Node]
    ) -> None:
        """Find start values of states that the code makes in its first step: those that give that step."""
        explicit = {("key", n) for n, v in self.lift.stepper.explicit.items() if v is not None}
        unknown = [k for k in self.symbols if k not in start and k[0][0] not in explicit]
        if not unknown:
            return
        fixed = {leaf(self.symbols[k]): n for k, n in start.items()} | {leaf(self.counter): constant(0)}
        hyper = set(map(leaf, self.hyper.values()))
        choices = [
            [constant(0), constant(1), *([first[k]] if first[k] in hyper else [])] for k in unknown[:5]
        ]
        for chosen in product(*choices):
            tried = dict(zip(unknown, chosen, strict=False))
            values = fixed | {leaf(self.symbols[k]): n for k, n in tried.items()}
            if _same({k: substitute(n, values) for k, n in new.items() if k in first}, dict(first)):
                start |= tried
                return
        weights = {leaf(self.symbols[k]): leaf(self.weights[k[1] if self.count > 1 else 0]) for k in unknown}
        if _same({k: substitute(n, fixed | weights) for k, n in new.items() if k in first}, dict(first)):
            start |= {k: weights[leaf(self.symbols[k])] for k in unknown}
            return
        start |= {k: constant(0) for k in unknown}  # the first step does not read it


def _existing(table: Mapping[Key, Node], key: Key) -> tuple[Node, ...]:
    return (table[key],) if key in table else ()


def _state_leaf(key: Key) -> Node:
    path, index = key
    if not path:
        return _leaf("weight", index)
    return _leaf("state", text(path) if len(path) > 1 else path[0][1], index)


def _key_order(key: Key) -> tuple[str, int]:
    return text(key[0]), key[1]


def _shown(condition: Node, truth: bool) -> str:
    def plain(name: str) -> str:
        kind, *rest = name.split("|")
        if kind in ("gradient", "weight") and rest:
            return f"{kind}_{int(rest[-1]) + 1}"
        return rest[0] if rest else name

    found = to_expression(condition if truth else make("not", condition))
    return str(found.xreplace({s: Symbol(plain(s.name)) for s in found.free_symbols}))


def _plain_gradient(point: Any, *_: Any) -> Any:
    """Return a gradient of numbers at a point, in the layout of the point."""
    return like(point, [0.5 * float(v) + np.sin(3 * float(v)) for v in flat(point)])


def _no_gradient(point: Any, *_: Any) -> Any:
    return like(point, [0.0] * len(flat(point)))


def _line_of(error: Exception) -> str:
    """Return the file and line of the code of others in which an error arose."""
    own = (str(__file__).rpartition("/")[0], str(np.__file__).rpartition("/")[0])
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(own)]
    if not frames:
        return "in its call"
    return f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}"


def _has_own_leaf(value: Any) -> bool:
    return any(_is(n, "state") for v in flat(value) for n in leaves(node_of(v)))


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
    symbols = iter([Number(_leaf("weight", i)) for i in range(len(flat(weights)))])
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
        numbers = [Number(_state_leaf((plain, i))) for i in range(np.size(value))]
        if isinstance(value, np.ndarray):
            done[id(value)] = store(value, like(value, numbers))
        else:
            states = put(states, path, numbers[0])
    weights_at = getattr(running.hidden, "path", None)
    if weights_at is not None:
        states = put(states, weights_at, weights)
    return Running(states, running.hidden), weights


def _broadcast(outcome: _Outcome, other: _Outcome) -> _Outcome:
    """Return an outcome in which a number is an array of equal ones, where it is an array in another one."""
    size = Counter(path for path, _ in outcome.numbers)
    missing = {k for k in other.numbers if k not in outcome.numbers and size[k[0]] == 1}
    if not missing:
        return outcome
    numbers = outcome.numbers | {k: outcome.numbers[k[0], 0] for k in missing}
    return replace(outcome, numbers=numbers, running=other.running, weights=other.weights)


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


def _reachable(new: Mapping[Key, Node], keys: Sequence[Key]) -> set[Key]:
    """Return the keys on which some depend, over any number of steps, themselves included."""
    by_leaf = {_state_leaf(k): k for k in new}
    found, waiting = set[Key](), list(keys)
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting += [by_leaf[n] for n in leaves(new[key]) if n in by_leaf]
    return found


def _coordinates_of(node: Node, trace: _Trace) -> set[int]:
    """Return the weights whose values or gradients occur in a node, also at points of gradients."""
    found: set[int] = set()
    for n in leaves(node):
        if _is(n, "weight"):
            found.add(int(str(n.value).split("|")[1]))
        if _is(n, "gradient"):
            call, i = map(int, str(n.value).split("|")[1:])
            found |= {i} | _coordinates_of(trace.points[call][i], trace)
    return found


def _same(first: Mapping[Key, Node], second: Mapping[Key, Node]) -> bool:
    """Return whether nodes are equal: as they are written, or at many values of their leaves.

    The values are random ones, and those at which case distinctions turn: zeros, the constants in the nodes,
    equal values, large ones.
    """
    if first.keys() != second.keys():
        return False
    for key, a in first.items():
        b = second[key]
        if a is b:
            continue
        below = ordered([a, b])
        names = sorted({n for n in below if n.op == "leaf"}, key=lambda n: str(n.value))
        constants = [float(n.value) for n in below if n.op == "constant" and not isinstance(n.value, bool)]  # type: ignore[arg-type]
        special = np.array([0, 0, 1, -1, 0.5, 2, 1e4, -1e4, *constants[:20]])
        random, size = np.random.default_rng(7), 48
        values = {
            n: np.concatenate(
                [random.normal(size=size), random.uniform(0.1, 0.9, size), random.choice(special, 4 * size)]
            )
            for n in names
        }
        x, y = (np.broadcast_to(np.asarray(evaluate(n, values), dtype=float), 6 * size) for n in (a, b))
        if np.isfinite(x).sum() < size // 4 or not np.allclose(x, y, rtol=1e-9, atol=1e-12, equal_nan=True):
            return False
    return True


def _holds(condition: Condition, values: Mapping[Symbol, float]) -> bool:
    found = condition.expression.subs(values)
    if not found.is_number:
        return True
    number = float(found)
    return {"= 0": number == 0, "!= 0": number != 0, "> 0": number > 0, ">= 0": number >= 0}[
        condition.relation
    ]


def _compare(
    lift: _Lift,
    found: Lifted,
    laws: _Laws,
    values: Mapping[str, float],
    seed: int,
    adversarial: bool,
    precision: str,
) -> tuple[float, int]:
    """Run the code and the rule on the same gradients; return the largest difference and the steps compared.

    Raises LiftError where they part.
    """
    stepper, form, steps = lift.stepper, lift.form, len(ADVERSARIAL)
    count = 1 if form.layout == "number" else 2
    random = np.random.default_rng(100 + seed)
    begin = random.uniform(0.5, 2, count)
    gradients = random.normal(size=(steps, count))
    if adversarial:
        gradients = np.array([[ADVERSARIAL[(n + 5 * i) % steps] for i in range(count)] for n in range(steps)])
    losses = random.uniform(0.5, 3, steps)
    handed = {n: random.uniform(0.1, 0.9, count) for n in stepper.explicit}
    counters = {laws.name_of(k): at for k, at in laws.counter_starts.items()}

    def gradient_at(weight: int | None, step: int, index: int, point: Sequence[float]) -> float:
        if index < 0:
            return float(losses[step])
        i = index if weight is None else weight
        if not stepper.gradient_is_function:
            return float(gradients[step][i])
        return float(_force(i, point))

    def live_gradient(point: Any, *_: Any) -> Any:
        numbers = [float(v) for v in flat(point)]
        if laws.count == 1:
            return like(point, [_force(i, [v]) for i, v in enumerate(numbers)])
        return like(point, [_force(i, numbers) for i in range(count)])

    live = []
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        weights = build(form.layout, [float(v) for v in begin])
        stepper.explicit = lift.start_states(
            form, weights, lambda n, i: counters.get(n, 1) if is_counter_name(n) else float(handed[n][i])
        )
        running = stepper.start({**lift.given, **values}, weights, live_gradient)
        for n in range(steps):
            taken = (
                live_gradient
                if stepper.gradient_is_function
                else build(form.layout, [float(v) for v in gradients[n]])
            )
            try:
                weights = stepper.step(running, weights, taken, float(losses[n]))
            except Exception as error:  # code of others may raise anything
                raise LiftError(
                    f"{lift.name} cannot be checked: on numbers it fails at {_line_of(error)}: "
                    f"{type(error).__name__}: {error}"
                ) from error
            kept = {
                (settled(p, weights), i): float(v)
                for p, x in walk(running.states)
                if is_number(x)
                for i, v in enumerate(flat(x))
            }
            live.append(([float(v) for v in flat(weights)], kept))
    worst, floor = 0.0, 1e-4 if precision == "float64" else 0.1
    compared = steps
    for i in range(count if laws.count == 1 else 1):
        at = (
            {laws.weights[0]: float(begin[i])}
            if laws.count == 1
            else dict(zip(laws.weights, map(float, begin), strict=True))
        )
        for key, symbol in laws.symbols.items():
            argument = key[0][0][1]
            if argument in handed and key not in laws.trace.start:
                index = key[1] if laws.count > 1 else (i if form.states != "number" else 0)
                at[symbol] = float(handed[argument][index])
        by_rule = run_rule(
            found,
            {s: values[p] for p, s in laws.hyper.items()},
            at,
            partial(gradient_at, i if laws.count == 1 else None),
            steps,
        )
        for n in range(steps):
            numbers = [(w, live[n][0][i + j]) for j, w in enumerate(laws.weights)]
            if i == 0:
                numbers += [(s, live[n][1][k]) for k, s in laws.symbols.items() if k in live[n][1]]
            if not all(np.isfinite([v for _, v in numbers])):
                compared = min(compared, n)
                break
            for symbol, code in numbers:
                rule = by_rule[n][symbol]
                difference = abs(rule - code) / max(abs(rule), abs(code), floor)
                if not difference <= TOLERANCES[precision]:
                    raise LiftError(
                        f"{lift.name} cannot be lifted: the rule that was read does not follow the code; "
                        f"after step {n + 1} {symbol} is {code:.9g} and by the rule {found} it is {rule:.9g}"
                    )
                worst = max(worst, difference)
    return worst, compared


def _force(i: int, point: Sequence[float]) -> float:
    if len(point) == 1:
        return 0.5 * point[0] + float(np.sin(3 * point[0] + i * 0))
    return 0.5 * point[i] + float(np.sin(sum((k + 1) * v for k, v in enumerate(point)) + i))


@dataclass
class NumericCode:
    """Somebody's code as it runs on numbers.

    Parameters
    ----------
    lift
        The code, and how it takes weights and states.
    """

    lift: _Lift

    @classmethod
    def of(cls, thing: object, roles: Mapping[str, Any], given: Mapping[str, object]) -> NumericCode:
        """Return how a function, a class or an object runs; `roles` says what its arguments are.

        Raises LiftError where it is not understood, or does not run.
        """
        stepper = steppers(thing, given, roles)
        stepper.parameters = {k: v for k, v in stepper.parameters.items() if k not in given}
        return cls(_Lift(stepper, given, roles))

    @property
    def name(self) -> str:
        """Return what the code is called."""
        return self.lift.name

    @property
    def layout(self) -> str:
        """Return how it takes weights."""
        return self.lift.form.layout

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Return its hyperparameters with their defaults, None where there is none."""
        return self.lift.stepper.parameters

    @property
    def gradient_is_function(self) -> bool:
        """Return whether it calls the gradient at points that it chooses."""
        return self.lift.stepper.gradient_is_function

    @property
    def counters(self) -> tuple[str, ...]:
        """Return the counters of steps that its caller hands over."""
        return tuple(n for n in self.lift.stepper.explicit if is_counter_name(n))

    @property
    def per_step(self) -> tuple[str, ...]:
        """Return the hyperparameters that each step is given anew."""
        stepper = self.lift.stepper
        if not isinstance(stepper, FunctionStepper):
            return ()
        return tuple(a for a, role in stepper.roles.items() if role == "hyperparameter")

    def start(self, values: Mapping[str, Any], weights: Any, gradient: Any, counted: int) -> Running:
        """Start it with states at zero, former weights at the weights, and counters at a number."""
        stepper = self.lift.stepper
        begin = flat(weights)

        def number(argument: str, index: int) -> Any:
            if is_counter_name(argument):
                return counted
            plain = argument.replace("_", "").lower()
            return begin[index] if plain in _FORMER_WEIGHTS else 0.0

        stepper.explicit = self.lift.start_states(self.lift.form, weights, number)
        usual = {k: v for k, v in stepper.parameters.items() if v is not None}
        return stepper.start({**usual, **self.lift.given, **values}, weights, gradient)

    def step(self, running: Running, weights: Any, gradient: Any, loss: float) -> Any:
        """Take one step; return the new weights."""
        return self.lift.stepper.step(running, weights, gradient, loss)


_FORMER_WEIGHTS = frozenset(
    f"{side}{w}" if before else f"{w}{side}"
    for w in ("w", "x", "theta", "weights", "params", "p")
    for side in ("prev", "old", "last")
    for before in (True, False)
)
