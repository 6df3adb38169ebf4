"""Plain faults and surprises of the code, found by running it: each is a measurement, none is typed in."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from tests.findings.optimizers import subjects
from tests.findings.rows import Finding

GRADIENTS = (0.03, -2.0, 0.0, 1 / 7, 5.0, -5.0, 0.001, 1.0, -1 / 3, 0.0, 2.0, -7.0)
CONFIGURATIONS: dict[str, tuple[Mapping[str, Any], ...]] = {
    "SGD": ({"momentum": 0.9}, {"momentum": 0.9, "dampening": 0.5}, {"momentum": 0.9, "nesterov": True}),
    "Adam": ({"amsgrad": True},),
    "AdamW": ({"amsgrad": True},),
    "NAdam": ({"decoupled_weight_decay": True},),
    "RAdam": ({"decoupled_weight_decay": True},),
    "RMSprop": ({"momentum": 0.9}, {"centered": True}, {"centered": True, "momentum": 0.9}),
    "Adagrad": ({"lr_decay": 0.1}, {"initial_accumulator_value": 0.1}),
}
"""Options, besides the defaults, under which two paths of the same code are compared."""


def _torch_classes() -> Iterator[tuple[str, Any]]:
    import torch

    for name in dict.fromkeys(s.name for s in subjects() if s.library == "torch"):
        if name not in ("LBFGS", "SparseAdam", "Muon"):
            yield name, getattr(torch.optim, name)


def _run(build: Any, options: Mapping[str, Any], gradients: Any = GRADIENTS) -> tuple[np.ndarray, Any]:
    """Return the weights after each step, in float64, and the optimizer."""
    import torch

    weights = torch.nn.Parameter(torch.tensor([0.5, -1.0], dtype=torch.float64))
    optimizer = build([weights], **options)
    found = []
    for gradient in gradients:
        weights.grad = torch.tensor([gradient, -0.7 * gradient], dtype=torch.float64)
        optimizer.step()
        found.append(weights.detach().numpy().copy())
    return np.array(found), optimizer


def coarse_states() -> Iterator[str]:
    """Yield states of PyTorch that are coarser than float64 weights, and what that does to the weights."""
    import torch

    for name, build in _torch_classes():
        for options in ({}, *CONFIGURATIONS.get(name, ())):
            one, optimizer = _run(build, options)
            state = next(iter(optimizer.state.values()), {})
            coarse = [
                k
                for k, v in state.items()
                if isinstance(v, torch.Tensor)
                and v.is_floating_point()
                and v.dtype != torch.float64
                and k != "step"
            ]
            if not coarse:
                continue
            usual = torch.get_default_dtype()
            torch.set_default_dtype(torch.float64)
            try:
                other, _ = _run(build, options)
            finally:
                torch.set_default_dtype(usual)
            scale = np.abs(other).max()
            yield (
                f"`torch.optim.{name}`{_with(options)}: with float64 weights, {_listed(coarse)} is kept in "
                f"{str(usual).removeprefix('torch.')}, the default dtype. After {len(GRADIENTS)} steps the "
                f"weights differ by {np.abs(one - other).max() / scale:.1e} (relative) from a run "
                f"whose default "
                "is float64."
            )
            break


def _with(options: Mapping[str, Any]) -> str:
    return f" ({', '.join(f'{k}={v}' for k, v in options.items())})" if options else ""


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{n}`" for n in names)


def counters() -> Iterator[str]:
    """Yield counters of steps of PyTorch that stand still from some step on."""
    import torch

    stopped = []
    for name, build in _torch_classes():
        _, optimizer = _run(build, {}, GRADIENTS[:1])
        state = next(iter(optimizer.state.values()), {})
        step = state.get("step")
        if not isinstance(step, torch.Tensor) or not step.is_floating_point():
            continue
        largest = float(2 ** round(-np.log2(torch.finfo(step.dtype).eps) + 1))
        step.fill_(largest)
        weights = optimizer.param_groups[0]["params"][0]
        weights.grad = torch.ones_like(weights)
        optimizer.step()
        if float(state["step"]) == largest:
            stopped.append((name, step.dtype, largest))
    for dtype in dict.fromkeys(d for _, d, _ in stopped):
        names = [n for n, d, _ in stopped if d == dtype]
        largest = next(n for _, d, n in stopped if d == dtype)
        yield (
            f"`torch.optim`: {_listed(names)} count steps in {str(dtype).removeprefix('torch.')}; set to "
            f"{largest:.0f}, the counter is not changed by a step."
        )


def other_paths() -> Iterator[str]:
    """Yield where the foreach path of PyTorch gives other weights than the loop; or that none does."""
    compared, worst = 0, 0.0
    for name, build in _torch_classes():
        if "foreach" not in inspect.signature(build).parameters:
            continue
        has = inspect.signature(build).parameters
        for options in ({}, *CONFIGURATIONS.get(name, ())):
            for more in ({}, {"weight_decay": 0.1}, {"maximize": True}):
                if not set(more) <= set(has):
                    continue
                given = {**options, **more}
                try:
                    one, _ = _run(build, {**given, "foreach": False})
                    other, _ = _run(build, {**given, "foreach": True})
                except (RuntimeError, ValueError) as error:
                    yield f"`torch.optim.{name}`{_with(given)}: one of the two paths refuses: {error}."
                    continue
                apart = float(np.abs(one - other).max() / np.abs(one).max())
                compared, worst = compared + 1, max(worst, apart)
                if not apart < 1e-12:
                    yield f"`torch.optim.{name}`{_with(given)}: the two part by {apart:.1e} (relative)."
    yield (
        f"`foreach=True` against the loop, in {compared} configurations of `torch.optim` over "
        f"{len(GRADIENTS)} steps: the largest relative difference is {worst:.1e}."
    )


def coarse_arithmetic(found: list[Finding]) -> Iterator[str]:
    """Yield code that computes in less than the double precision of its weights, as the lift's check saw."""
    for f in found:
        if f.lifted and f.lifted.check and f.lifted.check.precision != "float64":
            yield (
                f"`{f.subject.what}`: with float64 weights, a part of the step is computed in "
                f"{f.lifted.check.precision}; the code parts from its own law by "
                f"{f.lifted.check.difference:.1e}."
            )


def first_steps(found: list[Finding]) -> Iterator[str]:
    """Yield code whose first step has another law than the rest."""
    for f in found:
        if f.lifted and f.lifted.first:
            changed = [
                f"`{one}` in place of `{two}`"
                for one, two in zip(f.lifted.first.updates, f.lifted.rule.updates, strict=False)
                if one != two
            ]
            yield f"`{f.subject.what}`: the first step has {'; '.join(changed)}."


def idle(found: list[Finding]) -> Iterator[str]:
    """Yield hyperparameters on which the weights do not depend, by the law."""
    for f in found:
        if f.idle:
            states = (
                "they only reach states that the weights do not read"
                if len(f.idle) > 1
                else ("it only reaches states that the weights do not read")
            )
            yield f"`{f.subject.what}`: {_listed(list(f.idle))}: {states}."


def ascents(found: list[Finding]) -> Iterator[str]:
    """Yield optimizers whose first step, at their defaults, goes along the gradient and not against it."""
    for f in found:
        agreement = f.agrees or f.with_paper
        trace = agreement.trace if agreement else None
        if trace and len(trace.gradients) == 1 and trace.gradients[0] * trace.weights[0] > 0:
            yield (
                f"`{f.subject.what}`: with the gradient {trace.gradients[0]} the weights go from 0 to "
                f"{float(trace.weights[0]):.5g}, uphill."
            )


def centered_denominators() -> Iterator[str]:
    """Yield what centered RMSprop does under a constant gradient, where its variance goes to zero."""
    import torch

    rows = []
    steps = (1, 10, 100, 1000, 3000)
    weights, _ = _run(torch.optim.RMSprop, {"centered": True}, [1.0] * (max(steps) + 1))
    moved = -np.diff(weights[:, 0])
    rows.append(", ".join(f"{moved[k - 1]:.3g} (step {k + 1})" for k in steps))
    lr, eps = 0.01, 1e-8
    yield (
        f"`torch.optim.RMSprop` (centered=True) under the constant gradient 1 moves the weights by "
        f"{rows[0]}; "
        f"the denominator falls towards eps, and steps grow towards lr*g/eps = {lr / eps:.0e}."
    )
