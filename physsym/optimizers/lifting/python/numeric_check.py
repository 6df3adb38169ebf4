"""The rule that was read from Python code compared with the running code on numbers."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
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
    if code.form.layout == "array" and not found.mixes and _differs_on_numbers(code):
        says = "called with arrays, which it changes in place; with plain numbers it follows another law"
        found = replace(found, assumes=(*found.assumes, Hypothesis(says)))
    return found


def _differs_on_numbers(code: Code) -> bool:
    """Return whether the code computes something else when it is called with plain numbers."""
    runs = []
    for layout in ("array", "number"):
        form = Form(layout, code.form.states if layout == "array" else "number")
        weights: Any = np.array([1.3]) if layout == "array" else 1.3
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                code.stepper.explicit = code.start_states(
                    form, weights, lambda n, _: 1 if is_counter_name(n) else 0.25
                )
                running = code.stepper.start(code.usual_values(), weights, plain_gradient)
                seen = []
                for g in ADVERSARIAL[:5]:
                    taken: Any = np.array([g]) if layout == "array" else g
                    if code.stepper.gradient_is_function:
                        taken = plain_gradient
                    weights = code.stepper.step(running, weights, taken, 1.5)
                    seen += [float(v) for v in flat(weights)]
        except Exception:  # code of others may raise anything, and need not take numbers
            return False
        runs.append(seen)
    unmoved = len(set(runs[1])) == 1  # code that works in place does nothing to a number
    return not unmoved and not np.allclose(runs[0], runs[1], rtol=1e-9, equal_nan=True)


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
