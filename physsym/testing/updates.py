"""Whether an optimizer of a library, or one's own, makes the updates of a rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from sympy import Max, Min, Piecewise, floor

from physsym.core.statements import Rule
from physsym.core.verdicts import Outcome
from physsym.optimizers.lifting import lift
from physsym.runtime.backends.base import whole_number
from physsym.testing.failures import labelled, listed, message
from physsym.testing.gradient_sequences import STEPS
from physsym.testing.records import record
from physsym.testing.update_laws import compare_laws, refutation
from physsym.testing.update_messages import UpdateError, what_is_compared
from physsym.testing.update_runs import compare_with, run_beside


def assert_update(
    optimizer: object,
    rule: object,
    *,
    names: Mapping[str, object] | None = None,
    values: Mapping[str, float] | None = None,
    schedule: Literal["any", "constant"] = "any",
    steps: int = STEPS,
    rtol: float | None = None,
    **hyperparameters: object,
) -> None:
    """Raise AssertionError unless an optimizer makes the updates of a rule.

    The optimizer is run beside the rule, with hyperparameters of the oracle's own, on gradients that are
    adversarial, random, and close to the boundaries of the cases that the rule distinguishes, with a learning
    rate that is constant and one that changes. The points at which gradients are taken must agree: those are
    the weights, unless the rule looks ahead. Where the law of the code can be read by `lift`, it must also be
    that of the rule, at the same hyperparameters, whatever the names and the scale of its states.

    Parameters
    ----------
    optimizer : callable or object
        An optax factory or transformation; a class of torch.optim, a subclass of `torch.optim.Optimizer`, or
        an optimizer; a function such as `step(w, grad, v, lr)` that returns the new weights and states; a
        class with a method `step(w, grad)`, or an object of one; a function that makes such a step.
    rule : Rule, Known, Lifted or str
        The rule, or what stands for one: its text, a published rule of `known`, "known:adam".
    names : mapping, optional
        Which parameter of the rule a hyperparameter of the code is, by its name there: `{"lr": "eta"}`; or an
        expression in parameters. Otherwise names of the library in `known`, and like names, decide.
    values : mapping, optional
        Values of parameters of the rule, by name, which the code has built in.
    schedule : {"any", "constant"}, optional
        Whether the updates must be those of the rule for a learning rate that changes from step to step too.
    steps : int, optional
        The number of steps of each run, at least 12.
    rtol : float, optional
        The tolerance relative to the size of the weights: by default 1e-9, or 2e-5 where the code computes in
        float32.
    **hyperparameters
        Hyperparameters of the code that have a value, such as `nesterov=True`. Those that are numbers and
        have a parameter in the rule give it its value. `roles` says what the arguments of one's own code are,
        as in `lift`.

    Raises
    ------
    AssertionError
        Where the updates are others: with the first step that differs and the gradients up to it, the
        difference of the laws in factors, and the published rule or the slip that explains what the code
        does. Also where nothing could be compared, and where the code gives what is not finite.
    TypeError
        For what cannot be run as an optimizer, and where it is not clear which hyperparameter is which
        parameter of the rule.
    ValueError
        For numbers that are none, or out of range.
    ImportError
        Where `rule` is named after a library that is not installed.

    Examples
    --------
    >>> def step(w, grad, v, lr, momentum):
    ...     v = momentum * v + grad
    ...     return w - lr * v, v
    >>> assert_update(step, "known:heavy_ball")
    >>> def step(w, grad, v, lr, momentum):
    ...     v = momentum * v + lr * grad
    ...     return w - v, v
    >>> assert_update(step, "known:heavy_ball", schedule="constant")
    """
    __tracebackhide__ = True
    steps = whole_number("steps", steps, 12)
    if rtol is not None and not 0 <= rtol < 1:
        raise ValueError(f"rtol must be at least 0 and below 1, given {rtol!r}")
    if schedule not in ("any", "constant"):
        raise ValueError(f'schedule must be "any" or "constant", given {schedule!r}')
    desired = lift(rule, **(values or {}))
    comparison = compare_with(optimizer, rule, desired, names or {}, hyperparameters)
    numbers = run_beside(comparison, steps, rtol, schedule)
    if numbers.parted:
        record("update, by numbers", "fails")
        raise UpdateError(comparison, numbers)
    if not numbers.compared:
        record("update, by numbers", "unchecked")
        raise AssertionError(message(
            "the optimizer could not be compared with the rule: no step has finite numbers",
            *what_is_compared(comparison), labelled("reason", [numbers.reason]),
        ))  # fmt: skip
    law = compare_laws(comparison)
    if law.found is not None and (wrong := refutation(law.found, schedule)):
        record("update, as a law", "fails", law.found.verdict.engines)
        raise AssertionError(message(
            "the optimizer does not make the updates of the rule", *what_is_compared(comparison),
            labelled("law", listed(law.code.rule)) if law.code else [], labelled("but", [wrong]),
        ))  # fmt: skip
    undecided = law.found is None or law.found.verdict.outcome is Outcome.UNDECIDABLE
    unseen = _case_distinctions(law.code.rule) - _case_distinctions(desired.rule) if law.code else set()
    if law.code and undecided and unseen:
        record("update, as a law", "undecided")
        raise AssertionError(message(
            "it is not decided whether the optimizer makes the updates of the rule",
            *what_is_compared(comparison), labelled("law", listed(law.code.rule)),
            labelled("reason", [f"the law has {', '.join(sorted(unseen))}, which the rule has not, and the "
                                "numbers that were tried may not reach where that matters"]),
        ))  # fmt: skip
    if law.found is not None and law.found.verdict.outcome in (Outcome.HOLDS, Outcome.CONDITIONAL):
        record("update, as a law", "holds", law.found.verdict.engines)
    record("update, by numbers", "holds")


def _case_distinctions(rule: Rule) -> set[str]:
    """Return the functions in a rule whose value depends on cases."""
    kinds = (Piecewise, Max, Min, floor)
    return {type(e).__name__ for u in rule.updates for e in u.value.atoms(*kinds)}
