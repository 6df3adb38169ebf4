"""The rule of a Python or NumPy function or class: traces, whether coordinates mix, law, comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from physsym.core.verdicts import Hypothesis
from physsym.optimizers.lifted import Lifted, LiftError
from physsym.optimizers.lifting.nodes import Node, leaves, recording, substitute
from physsym.optimizers.lifting.python.code import Code
from physsym.optimizers.lifting.python.laws import Laws
from physsym.optimizers.lifting.python.leaves import (
    Key,
    hyperparameter_of,
    is_kind,
    key_order,
    named_leaf,
    reachable,
    readable,
    same_values,
    state_leaf,
)
from physsym.optimizers.lifting.python.numeric_check import compared_with_code
from physsym.optimizers.lifting.python.trace import Trace, traced
from physsym.optimizers.lifting.signatures import ROLES
from physsym.optimizers.lifting.steppers import (
    steppers,
)
from physsym.optimizers.lifting.symbolic_arrays import (
    PRECISION,
    REDUCTIONS,
    NeedsIntegerError,
)


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
        raise LiftError(readable(str(error))) from error


def _lift(thing: object, given: dict[str, object]) -> Lifted:
    roles: Any = given.pop("roles", {})
    if isinstance(roles, Mapping) and roles.get("roles", "fixed") not in ROLES:
        given["roles"] = roles["roles"]
        roles = {argument: role for argument, role in roles.items() if argument != "roles"}
    if not isinstance(roles, Mapping):
        raise LiftError(
            f"roles says what each argument is, as in roles={{'g': 'gradient'}}; given {roles!r}. A "
            "hyperparameter that is itself called roles is given as roles={'roles': value}"
        )
    fixed: dict[str, Hypothesis] = {}
    while True:
        stepper = steppers(thing, given, roles)
        try:
            found = _read(Code(stepper, given, roles))
        except NeedsIntegerError as needs:
            read = [hyperparameter_of(n) for n in leaves(needs.number.node)]
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


def _read(code: Code) -> Lifted:
    """Return the rule, checked."""
    counts = (1, 1) if code.form.layout == "number" else (2, 3)
    precision: set[str] = set()
    token, reductions = PRECISION.set(precision), REDUCTIONS.set({})
    try:
        with recording() as origins:
            trace = traced(code, counts[0])
            again = traced(code, counts[1])
            return _rule_of(code, trace, again, origins, precision)
    finally:
        PRECISION.reset(token)
        REDUCTIONS.reset(reductions)


def _rule_of(
    code: Code, trace: Trace, again: Trace, origins: Mapping[Node, str], precision: set[str]
) -> Lifted:
    reach = [reachable(trace.new, [((), i)]) for i in range(trace.count)]
    mixed = any(_coordinates_of_keys(trace, keys) - {i} for i, keys in enumerate(reach))
    mixes = list[str]()
    if mixed:
        mixes.append("the new value of each weight depends on the gradients or values of the others")
        mixes += REDUCTIONS.get() or ()
        again = traced(code, trace.count)
    else:
        _refuse_differences(code, trace, reach)
    keys = {k for k in reach[0] if k in again.new}
    if not all(same_values({k: trace.new[k]}, {k: again.new[k]}) for k in keys) or len(keys) < len(reach[0]):
        if mixed:
            raise _undetermined(code)
        repeated = traced(code, trace.count)
        if not same_values({k: trace.new[k] for k in keys}, {k: repeated.new[k] for k in keys}):
            raise _undetermined(code)
        mixes.append(f"the number of weights or of their arrays enters the law; here are {trace.count}")
    chosen = sorted(set().union(*reach), key=key_order) if mixes else sorted(reach[0], key=key_order)
    laws = Laws(code, trace, chosen, trace.count if mixes else 1)
    found = laws.lifted(origins, mixes)
    return compared_with_code(code, found, laws, precision)


def _undetermined(code: Code) -> LiftError:
    suspects = [where for source in code.stepper.sources for where in source.suspicious]
    return LiftError(
        f"{code.name} cannot be lifted: two runs on the same formulas give two laws; does it draw random "
        "numbers, read the clock, or keep a state outside of its arguments and attributes"
        + (f", as in {', '.join(dict.fromkeys(suspects))}?" if suspects else "?")
    )


def _coordinates_of_keys(trace: Trace, keys: set[Key]) -> set[int]:
    """Return the weights on which the new values of some states depend."""
    found: set[int] = set()
    for key in keys:
        found |= _coordinates_of(trace.new[key], trace)
        found |= _coordinates_of(trace.first[key], trace) if key in trace.first else set()
    return found


def _coordinates_of(node: Node, trace: Trace) -> set[int]:
    """Return the weights whose values or gradients occur in a node, also at points of gradients."""
    found: set[int] = set()
    for n in leaves(node):
        if is_kind(n, "weight"):
            found.add(int(str(n.value).split("|")[1]))
        if is_kind(n, "gradient"):
            call, i = map(int, str(n.value).split("|")[1:])
            found |= {i} | _coordinates_of(trace.points[call][i], trace)
    return found


def _refuse_differences(code: Code, trace: Trace, reach: Sequence[set[Key]]) -> None:
    """Raise LiftError where two weights follow two laws."""
    ours = sorted(reach[0], key=key_order)
    for i in range(1, trace.count):
        theirs = sorted(reach[i], key=key_order)
        renamed = {state_leaf(a): state_leaf(b) for a, b in zip(ours, theirs, strict=False)}
        renamed |= {
            named_leaf("gradient", c, 0): named_leaf("gradient", c, i) for c in range(len(trace.points))
        }
        there = {a: substitute(trace.new[a], renamed) for a in ours}
        same = len(ours) == len(theirs) and all(
            same_values({a: there[a]}, {a: trace.new[b]}) for a, b in zip(ours, theirs, strict=True)
        )
        if not same:
            again = traced(code, trace.count)
            if not same_values(
                {k: trace.new[k] for k in ours}, {k: again.new[k] for k in ours if k in again.new}
            ):
                raise _undetermined(code)
            raise LiftError(
                f"{code.name} cannot be lifted: weights 1 and {i + 1} follow different laws, so that one "
                "weight cannot stand for all"
            )
