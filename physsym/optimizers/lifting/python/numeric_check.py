"""The rule that was read from Python code compared with the running code on numbers."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from sympy import Symbol

from physsym.core.verdicts import Condition, Hypothesis
from physsym.optimizers.lifted import Lifted, LiftError, SelfCheck
from physsym.optimizers.lifting.containers import (
    build,
    flat,
    is_number,
    like,
    settled,
    walk,
)
from physsym.optimizers.lifting.python.code import Code, Form, line_of_error, plain_gradient
from physsym.optimizers.lifting.python.laws import Laws
from physsym.optimizers.lifting.self_check import ADVERSARIAL, TOLERANCES, draw_values, run_rule
from physsym.optimizers.lifting.steppers import (
    is_counter_name,
)


def compared_with_code(code: Code, found: Lifted, laws: Laws, precision: set[str]) -> Lifted:
    """Compare the rule with the running code on numbers, and say so in it."""
    kind = "float32" if precision else "float64"
    worst, steps = 0.0, 0
    for seed, adversarial in product(range(2), (False, True)):
        values = _drawn(code, found, laws, seed)
        difference, compared = _compare(code, found, laws, values, seed, adversarial, kind)
        worst, steps = max(worst, float(difference)), steps + compared
    if not steps:
        raise LiftError(f"{code.name} cannot be checked: it gives no finite numbers in its first step")
    found = replace(found, check=SelfCheck(steps, worst, kind))
    if found.mixes:
        return found
    says = [f"called with {usual}; {other} it follows another law" for usual, other in _other_laws(code)]
    return replace(found, assumes=(*found.assumes, *map(Hypothesis, says)))


def _other_laws(code: Code) -> Iterator[tuple[str, str]]:
    """Yield what the code is called with where the law holds, and with what it computes something else."""
    layout = code.form.layout
    numbers = [0.5, 0.7, 0.9, 1.1, 1.3, 1.5, 1.7, 1.9]
    if layout == "array":
        alone = _run(code, [np.array([n]) for n in numbers[:2]], "array")
        plain = _run(code, numbers[:2], "number")
        unmoved = plain is None or all(step == plain[0] for step in plain)  # it works in place
        if not unmoved and _part(alone, plain):
            yield "arrays, which it changes in place", "with plain numbers"
        usual = _run(code, [np.array(numbers[k : k + 2]) for k in range(0, 8, 2)], "array")
        shapes = {"with more than a few": (8,), "with a matrix": (2, 4), "with a tensor": (2, 2, 2)}
        for other, shape in shapes.items():
            if _part(usual, _run(code, [np.array(numbers).reshape(shape)], "array")):
                yield "a few weights in a vector", other
                break
    elif layout in ("list", "dict"):
        names = ("w", "b") if layout == "dict" else (0, 1)
        others = ("bias", "gamma", "kernel", "W1") if layout == "dict" else (2, 3, 4, 5)
        parts = [np.array(numbers[k : k + 2]) for k in range(0, 8, 2)]

        def held(keys: Sequence[Any], arrays: Sequence[Any]) -> Any:
            return dict(zip(keys, arrays, strict=False)) if layout == "dict" else list(arrays)

        usual = _run(code, [held(names, parts[:2]), held(names, parts[2:])], layout)
        if _part(usual, _run(code, [held(others, parts)], layout)):
            yield f"two arrays in a {layout}", "with more of them, or others by name,"


def _run(code: Code, parts: Sequence[Any], layout: str) -> list[list[float]] | None:
    """Return all weights after each of a few steps, run part by part; None where the code fails."""
    form = Form(layout, code.form.states if layout != "number" else "number")
    seen: list[list[float]] = [[] for _ in range(5)]
    at = 0
    for part in parts:
        weights = copy.deepcopy(part)
        size = len(flat(weights))
        rows = [[ADVERSARIAL[(n + 5 * i) % 12] for i in range(at, at + size)] for n in range(5)]
        at += size
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                code.stepper.explicit = code.start_states(
                    form, weights, lambda n, _: 1 if is_counter_name(n) else 0.25
                )
                running = code.stepper.start(code.usual_values(), weights, plain_gradient)
                for n, row in enumerate(rows):
                    taken = plain_gradient if code.stepper.gradient_is_function else like(weights, row)
                    weights = code.stepper.step(running, weights, taken, 1.5)
                    seen[n] += [float(v) for v in flat(weights)]
        except Exception:  # code of others may raise anything, and need not take such weights
            return None
    return seen


def _part(first: list[list[float]] | None, second: list[list[float]] | None) -> bool:
    if first is None or second is None:
        return False
    return not np.allclose(first, second, rtol=1e-9, equal_nan=True)


def _drawn(code: Code, found: Lifted, laws: Laws, seed: int) -> dict[str, float]:
    """Return values of all hyperparameters, also of those that the rule does not read, by their names."""
    usual = {
        laws.hyper.get(n, Symbol(f"{n}|", real=True)): float(v)
        for n, v in code.usual_values().items()
        if n in code.stepper.parameters
    }
    names = {laws.hyper.get(n, Symbol(f"{n}|", real=True)): n for n in code.stepper.parameters}
    conditions = [a for a in (*found.assumes, *found.rule.ranges) if isinstance(a, Condition)]
    for attempt in range(60):
        values = draw_values(sorted(usual, key=str), usual, seed + 2 * attempt)
        if all(_holds(c, values) for c in conditions):
            return {names[s]: v for s, v in values.items()}
    return {names[s]: v for s, v in usual.items()}


def _holds(condition: Condition, values: Mapping[Symbol, float]) -> bool:
    found = condition.expression.subs(values)
    if not found.is_number:
        return True
    number = float(found)
    return {"= 0": number == 0, "!= 0": number != 0, "> 0": number > 0, ">= 0": number >= 0}[
        condition.relation
    ]


def _compare(
    code: Code,
    found: Lifted,
    laws: Laws,
    values: Mapping[str, float],
    seed: int,
    adversarial: bool,
    precision: str,
) -> tuple[float, int]:
    """Run the code and the rule on the same gradients; return the largest difference and the steps compared.

    Raises LiftError where they part.
    """
    stepper, form, steps = code.stepper, code.form, len(ADVERSARIAL)
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
        stepper.explicit = code.start_states(
            form, weights, lambda n, i: counters.get(n, 1) if is_counter_name(n) else float(handed[n][i])
        )
        running = stepper.start({**code.given, **values}, weights, live_gradient)
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
                    f"{code.name} cannot be checked: on numbers it fails at {line_of_error(error)}: "
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
            for symbol, by_code in numbers:
                rule = by_rule[n][symbol]
                difference = abs(rule - by_code) / max(abs(rule), abs(by_code), floor)
                if not difference <= TOLERANCES[precision]:
                    raise LiftError(
                        f"{code.name} cannot be lifted: the rule that was read does not follow the code; "
                        f"after step {n + 1} {symbol} is {by_code:.9g} and by the rule {found} "
                        f"it is {rule:.9g}"
                    )
                worst = max(worst, difference)
    return worst, compared


def _force(i: int, point: Sequence[float]) -> float:
    if len(point) == 1:
        return 0.5 * point[0] + float(np.sin(3 * point[0] + i * 0))
    return 0.5 * point[i] + float(np.sin(sum((k + 1) * v for k, v in enumerate(point)) + i))
