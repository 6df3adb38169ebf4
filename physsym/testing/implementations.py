"""Optimizers of libraries and of one's own, run on numbers."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from sympy import Symbol

from physsym.optimizers.lifted import LiftError
from physsym.optimizers.lifting import optax as of_optax
from physsym.optimizers.lifting import torch_ as of_torch
from physsym.optimizers.lifting.containers import build, flat, like, walk
from physsym.optimizers.lifting.python import Code
from physsym.optimizers.lifting.python import recognises as of_python
from physsym.testing.gradient_sequences import Trial

Array: TypeAlias = np.ndarray[Any, Any]
Values: TypeAlias = Mapping[str, float]


class BrokenStepError(Exception):
    """A step that raises, or that gives what are no weights; the message says at which step."""


@dataclass(frozen=True)
class Implementation:
    """An optimizer that can be run.

    Parameters
    ----------
    name
        What it is called, for messages.
    library
        "torch" or "optax"; empty for code of one's own.
    free
        Its hyperparameters that are numbers, with their defaults.
    given
        Those that have a value already.
    run
        Runs it: given its hyperparameters, its learning rate's name, and a run of the rule. It returns the
        points where gradients are taken, by step, evaluation and weight, with one step more; and the name of
        the coarsest dtype that it met.
    variants
        Ways in which it may compute the same, such as "foreach=True"; "" is the usual one.
    changing
        Whether a hyperparameter may change from step to step.
    optional
        Numbers that are None by default, which switches off what they are for.
    """

    name: str
    library: str
    free: Mapping[str, float | None]
    given: Mapping[str, float]
    run: Callable[[Values, str, Trial, str], tuple[Array, str]]
    variants: tuple[str, ...] = ("",)
    changing: Callable[[str], bool] = field(default=lambda name: True)
    optional: tuple[str, ...] = ()


def implementation(optimizer: object, given: Mapping[str, Any]) -> Implementation:
    """Return an optimizer as one that can be run.

    Raises TypeError for what is none, with what can be given.
    """
    if of_torch.recognises(optimizer):
        return _of_torch(optimizer, given)
    if of_optax.recognises(optimizer):
        return _of_optax(optimizer, given)
    problem = "it is no function, no class and no object with a step"
    cause: Exception | None = None
    if not isinstance(optimizer, str) and of_python(optimizer):
        try:
            return _of_python(optimizer, given)
        except LiftError as error:
            problem, cause = str(error), error
    raise TypeError(
        f"given {_shown(optimizer)}, which cannot be run as an optimizer: {problem}. Give an optax "
        "factory or transformation, a class of torch.optim or an optimizer of PyTorch, a function such as "
        "step(w, grad, v, lr) that returns the new weights and states, a class with a method "
        "step(w, grad), or a function that makes such a step"
    ) from cause


def _shown(thing: object) -> str:
    text = repr(thing)
    return text if len(text) < 80 else f"{text[:77]}..."


# ---------------------------------------------------------------------------------------------- PyTorch


def _of_torch(optimizer: Any, given: Mapping[str, Any]) -> Implementation:
    from physsym.optimizers.lifting.torch_.hyperparameters import arguments_of
    from physsym.optimizers.lifting.torch_.lift import target
    from physsym.optimizers.lifting.torch_.modes import as_found
    from physsym.optimizers.lifting.torch_.runs import takes_closure

    cls, options = target(optimizer, given)
    arguments = arguments_of(cls, options)
    fixed = {n.name: float(n.exact) for n in arguments.numbers if n.exact is not None}

    def run(values: Values, rate: str, run: Trial, variant: str) -> tuple[Array, str]:
        import torch

        numbers = {n.name: n.plain(values) for n in arguments.numbers}
        more = {"foreach": True} if variant else {}
        with as_found(), _at_step(cls.__name__) as steps:
            weight = torch.tensor(
                list(run.weights), requires_grad=not arguments.options.get("differentiable")
            )
            made = cls([weight], **{**arguments.call(numbers), **more})
            points = [weight.detach().numpy().copy()]
            for n in steps(run.steps):
                if run.changes_rate and rate:
                    for group in made.param_groups:
                        group[rate] = values[rate] * run.rates[n] / run.rates[0]
                weight.grad = torch.tensor(run.gradients[n, 0].copy())
                loss = torch.tensor(run.losses[n])
                made.step(*([lambda loss=loss: loss] if takes_closure(cls) else []))
                points.append(weight.detach().numpy().copy())
        dtypes = {str(t.dtype).removeprefix("torch.") for t in _tensors(made.state, torch)}
        return np.array(points)[:, None, :], _coarsest(dtypes)

    foreach = "foreach" in inspect.signature(cls).parameters and not options.get("fused")
    free = {n.name: n.default for n in arguments.free}
    names = {n.name for n in arguments.numbers if n.entry is None}
    name = f"torch.optim.{cls.__name__}" if cls.__module__.startswith("torch.optim") else cls.__qualname__
    return Implementation(
        _called(name, given if isinstance(optimizer, type) else options),
        "torch", free, fixed, run, ("", "foreach=True") if foreach else ("",), names.__contains__,
    )  # fmt: skip


def _tensors(value: Any, torch: Any) -> Iterator[Any]:
    """Yield the tensors of states that belong to weights, those of several numbers."""
    if isinstance(value, torch.Tensor):
        if value.is_floating_point() and value.numel() > 1:
            yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _tensors(inner, torch)


# ------------------------------------------------------------------------------------------------ optax


def _of_optax(optimizer: Any, given: Mapping[str, Any]) -> Implementation:
    from physsym.optimizers.lifting.factory_call import call_of, is_transformation

    call = call_of(optimizer, given)
    fixed = {s.name: float(v) for s, v in call.fixed.items()}
    defaults = {s.name: float(call.typical[s]) if s in call.typical else None for s in call.symbols}
    parameters = {} if is_transformation(optimizer) else inspect.signature(optimizer).parameters
    schedules = {n for n, p in parameters.items() if "Schedule" in str(p.annotation) and n in defaults}

    def run(values: Values, rate: str, run: Trial, variant: str) -> tuple[Array, str]:
        import jax
        import jax.numpy as jnp
        import optax

        with jax.enable_x64(True), _at_step(call.name) as steps:
            numbers = {s: values[s.name] if s.name in values else fixed[s.name] for s in call.symbols}
            changed = [
                {s: v * run.rates[n] / run.rates[0] if run.changes_rate and s.name == rate else v
                 for s, v in numbers.items()}
                for n in range(run.steps)
            ]  # fmt: skip
            x = jnp.asarray(run.weights, dtype="float64")
            own = call
            if variant and run.changes_rate:
                table = jnp.asarray([values[rate] * r / run.rates[0] for r in run.rates])
                own = replace(call, factory=partial(_with_schedule, call.factory, rate, table))
            try:
                own.step(numbers, x, own.transformation(numbers).init(x), x, jnp.asarray(1.0))
            except TypeError as error:
                if "value" not in str(error):
                    raise
                own = replace(own, takes_loss=False)
            symbols = list(numbers)

            def step(given: Sequence[Any], g: Any, state: Any, x: Any, loss: Any) -> Any:
                return own.step(dict(zip(symbols, given, strict=True)), g, state, x, loss)

            compiled = jax.jit(step)
            state = own.transformation(changed[0] if changed else numbers).init(x)
            points = [np.asarray(x)]
            for n in steps(run.steps):
                g = jnp.asarray(run.gradients[n, 0], dtype="float64")
                x, state = compiled(list(changed[n].values()), g, state, x, jnp.asarray(run.losses[n]))
                points.append(np.asarray(x))
            leaves = [a for a in (x, *jax.tree.leaves(state)) if jnp.issubdtype(a.dtype, jnp.floating)]
        assert optax is not None
        return np.array(points, dtype=float)[:, None, :], _coarsest({str(a.dtype) for a in leaves})

    return Implementation(
        _called(call.name.replace("optax:", "optax."), given), "optax",
        {n: v for n, v in defaults.items() if n not in fixed}, fixed, run,
        ("", "a schedule") if schedules else ("",),
        optional=tuple(
            n for n, p in parameters.items()
            if p.default is None and "float" in str(p.annotation) and n not in given
        ),
    )  # fmt: skip


def _with_schedule(factory: Callable[..., Any], rate: str, table: Any, **arguments: Any) -> Any:
    """Return what a factory builds with a table of learning rates by the step."""
    return factory(**{**arguments, rate: lambda count: table[count]})


# ---------------------------------------------------------------------------------------------- Python


def _of_python(optimizer: Any, given: Mapping[str, Any]) -> Implementation:
    options = dict(given)
    code = Code.of(optimizer, options.pop("roles", {}), options)
    fixed = {n: float(v) for n, v in options.items() if _is_number(v)}
    free = {
        n: None if v is None else float(v)
        for n, v in code.parameters.items()
        if n not in given and (v is None or _is_number(v))
    }

    def run(values: Values, rate: str, run: Trial, variant: str) -> tuple[Array, str]:
        columns = (
            [[i] for i in range(len(run.weights))]
            if code.layout == "number"
            else [[*range(len(run.weights))]]
        )
        found, dtypes = [], set[str]()
        for column in columns:
            points, dtype = _run_python(code, values, rate, run, column, variant)
            found.append(points)
            dtypes.add(dtype)
        return np.concatenate(found, axis=2), _coarsest(dtypes)

    starts = ("counter from 0", "counter from 1") if code.counters else ("",)
    return Implementation(
        _called(code.name, given), "", free, fixed, run, starts, lambda name: name in code.per_step
    )


def _run_python(
    code: Code, values: Values, rate: str, run: Trial, column: list[int], variant: str
) -> tuple[Array, str]:
    """Run code on some of the weights; it is given gradients, or a function that notes where it is called."""
    layout = code.layout
    begin = [run.weights[i] for i in column]
    calls = list[list[float]]()
    now = [0]

    def gradient(point: Any, *_: Any) -> Any:
        at = [float(v) for v in flat(point)]
        if at not in calls:
            calls.append(at)
        k = calls.index(at)
        if k >= run.gradients.shape[1]:
            raise TypeError(f"it takes gradients at {k + 1} points in one step, and the rule at {k}")
        return like(point, [float(g) for g in run.gradients[min(now[0], run.steps - 1), k, column]])

    points = np.full((run.steps + 1, run.gradients.shape[1], len(column)), np.nan)
    dtypes = {"float64"}
    with _at_step(code.name) as steps, np.errstate(all="ignore"):
        weights = build(layout, begin)
        running = code.start(values, weights, gradient, 0 if variant.endswith("0") else 1)
        for n in steps(run.steps + code.gradient_is_function):
            now[0] = n
            calls.clear()
            before = [float(v) for v in flat(weights)]
            if run.changes_rate and rate and n < run.steps:
                changed = {**running.hidden.values, rate: values[rate] * run.rates[n] / run.rates[0]}
                setattr(running.hidden, "values", changed)  # noqa: B010
            row = [float(g) for g in run.gradients[min(n, run.steps - 1), 0, column]]
            taken = gradient if code.gradient_is_function else build(layout, row)
            weights = code.step(running, weights, taken, run.losses[min(n, run.steps - 1)])
            dtypes |= {str(a.dtype) for a in _arrays((weights, running.states))}
            reached = calls if code.gradient_is_function else [before]
            if len(reached) < points.shape[1]:
                raise TypeError(
                    f"it takes gradients at {len(reached)} points in one step, "
                    f"and the rule at {points.shape[1]}"
                )
            points[n] = reached
        if not code.gradient_is_function:
            points[run.steps, 0] = [float(v) for v in flat(weights)]
    return points, _coarsest(dtypes)


def _arrays(value: Any) -> list[Array]:
    return [a for _, a in walk(value) if isinstance(a, np.ndarray) and a.dtype.kind == "f"]


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


# ------------------------------------------------------------------------------------------------ all


def _called(name: str, given: Mapping[str, Any]) -> str:
    shown = ", ".join(f"{k}={v!r}" for k, v in given.items() if k != "roles" and not isinstance(v, Symbol))
    return f"{name}({shown})" if shown else name


_COARSENESS = ("float64", "float32", "bfloat16", "float16")


def _coarsest(dtypes: set[str]) -> str:
    return max(dtypes, key=lambda d: _COARSENESS.index(d) if d in _COARSENESS else 0, default="float64")


@contextmanager
def _at_step(name: str) -> Iterator[Callable[[int], Iterator[int]]]:
    """Turn what code raises into an error that says at which step."""
    at = [0]

    def steps(count: int) -> Iterator[int]:
        for n in range(count):
            at[0] = n + 1
            yield n

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield steps
    except Exception as error:  # code of others may raise anything
        when = f"at step {at[0]}" if at[0] else "when it is started"
        raise BrokenStepError(f"{name} fails {when}: {type(error).__name__}: {error}") from error
