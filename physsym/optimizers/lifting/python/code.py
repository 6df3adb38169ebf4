"""Python and NumPy code as it runs on numbers: how it takes weights, and the states that it is handed."""

from __future__ import annotations

import inspect
import traceback
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from physsym.optimizers.lifted import LiftError
from physsym.optimizers.lifting.containers import (
    LAYOUTS,
    build,
    flat,
    iterators,
    like,
    text,
)
from physsym.optimizers.lifting.signatures import typical_value
from physsym.optimizers.lifting.steppers import (
    FunctionStepper,
    Running,
    Stepper,
    Surroundings,
    is_counter_name,
    steppers,
)


@dataclass(frozen=True)
class Form:
    """How the code takes weights, and the states that its caller hands over."""

    layout: str
    states: str


@dataclass(frozen=True)
class _Step:
    """The weights after a step, and the states that the caller handed over, before and after it."""

    weights: list[float]
    before: dict[str, list[float]]
    after: dict[str, list[float]]


def _near(after: list[float], before: list[float], allowed: float) -> bool:
    return all(abs(a - b) <= allowed * max(abs(b), 0.5) for a, b in zip(after, before, strict=False))


@dataclass
class Code:
    """Somebody's code as it runs on numbers: how it is started, takes a step, and is handed its weights.

    Parameters
    ----------
    stepper
        How it is called.
    given
        Values of hyperparameters.
    roles
        What its arguments are, where its user says so.
    """

    stepper: Stepper
    given: Mapping[str, object]
    roles: Mapping[str, Any]

    def __post_init__(self) -> None:
        """Find the way in which the code takes weights."""
        self.name = self.stepper.name
        self.stepper.parameters = {k: v for k, v in self.stepper.parameters.items() if k not in self.given}
        self.form = self._usable_form()

    @classmethod
    def of(cls, thing: object, roles: Mapping[str, Any], given: Mapping[str, object]) -> Code:
        """Return how a function, a class or an object runs; `roles` says what its arguments are.

        Raises LiftError where it is not understood, or does not run.
        """
        return cls(steppers(thing, given, roles), given, roles)

    @property
    def layout(self) -> str:
        """Return how it takes weights."""
        return self.form.layout

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Return its hyperparameters with their defaults, None where there is none."""
        return self.stepper.parameters

    @property
    def gradient_is_function(self) -> bool:
        """Return whether it calls the gradient at points that it chooses."""
        return self.stepper.gradient_is_function

    @property
    def counters(self) -> tuple[str, ...]:
        """Return the counters of steps that its caller hands over."""
        return tuple(n for n in self.stepper.explicit if is_counter_name(n))

    @property
    def per_step(self) -> tuple[str, ...]:
        """Return the hyperparameters that each step is given anew."""
        stepper = self.stepper
        if not isinstance(stepper, FunctionStepper):
            return ()
        return tuple(a for a, role in stepper.roles.items() if role == "hyperparameter")

    def start(self, values: Mapping[str, Any], weights: Any, gradient: Any, counted: int) -> Running:
        """Start it with states at zero, former weights at the weights, and counters at a number."""
        stepper = self.stepper
        begin = flat(weights)

        def number(argument: str, index: int) -> Any:
            if is_counter_name(argument):
                return counted
            plain = argument.replace("_", "").lower()
            return begin[index] if plain in _FORMER_WEIGHTS else 0.0

        stepper.explicit = self.start_states(self.form, weights, number)
        usual = {k: v for k, v in stepper.parameters.items() if v is not None}
        return stepper.start({**usual, **self.given, **values}, weights, gradient)

    def step(self, running: Running, weights: Any, gradient: Any, loss: float) -> Any:
        """Take one step; return the new weights."""
        return self.stepper.step(running, weights, gradient, loss)

    def usual_values(self) -> dict[str, Any]:
        """Return the given values, and usual ones of the other hyperparameters."""
        usual = {k: (typical_value(k) or 0.3) if v is None else v for k, v in self.stepper.parameters.items()}
        return {**self.given, **usual}

    def start_states(self, form: Form, weights: Any, number: Callable[[str, int], Any]) -> dict[str, Any]:
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

    def _usable_form(self) -> Form:
        """Return the first way to hand over weights and states in which the code runs on floats."""
        failed: dict[str, str] = {}
        around = Surroundings.of(self.stepper)
        for layout, states in product(LAYOUTS, ("like the weights", "number")):
            form = Form(layout, states)
            try:
                with warnings.catch_warnings(), np.errstate(all="ignore"):
                    warnings.simplefilter("ignore")
                    self._try(form)
            except LiftError:
                raise
            except Exception as error:  # code of others may raise anything
                failed.setdefault(layout, f"{line_of_error(error)}: {type(error).__name__}: {error}")
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

    def _try(self, form: Form) -> None:
        count = 1 if form.layout == "number" else 2
        weights = build(form.layout, [1.3, 0.7][:count])
        self.stepper.explicit = self.start_states(
            form, weights, lambda n, _: 1 if is_counter_name(n) else 0.0
        )
        before = [float(v) for v in flat(weights)]
        running = self.stepper.start(self.usual_values(), weights, plain_gradient)
        if hidden := next(iterators(running.states), None):
            raise LiftError(
                f"{self.name} cannot be lifted: {text(hidden)} is an iterator or draws random numbers; "
                "its state cannot be seen"
            )
        for k in range(12):
            gradient = build(form.layout, [0.4 + k, -0.6 + k][:count])
            taken = plain_gradient if self.stepper.gradient_is_function else gradient
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

    def _refuse_increments(self, form: Form, count: int) -> None:
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
                    running = self.stepper.start(self.usual_values(), weights, _no_gradient)
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

    def _order_of_returns(self, form: Form, count: int) -> None:
        """Find out which returned value is which by a step with no gradient, in which weights stay."""
        stepper = self.stepper
        assert isinstance(stepper, FunctionStepper)
        plausible = [order for order in stepper.readings() if self._stays(form, count, order)]
        if len(plausible) > 1:
            moving = [order for order in plausible if self._moves(form, count, order)]
            plausible = moving or plausible
        if len(plausible) != 1:
            shown = " or ".join(map(str, plausible or stepper.readings()))
            raise LiftError(
                f"{self.name}: what it returns can be read as {shown}; say which, as in "
                f"lift(..., roles={{'returns': {(plausible or stepper.readings())[0]}}})"
            )
        stepper.returns = plausible[0]

    def _stepped(
        self, form: Form, count: int, states: Callable[[str], float], gradient: float
    ) -> _Step | None:
        """Return weights and states after a step, and the states before; None where the code fails."""
        stepper = self.stepper
        weights = build(form.layout, [1.3, 0.7][:count])
        begin = flat(weights)
        handed = self.start_states(
            form, weights, lambda n, i: 1 if is_counter_name(n) else states(n) * float(begin[i])
        )
        stepper.explicit = handed
        before = {n: [float(v) for v in flat(v)] for n, v in handed.items() if v is not None}

        def force(point: Any) -> Any:
            return like(point, [gradient] * len(flat(point)))

        try:
            running = stepper.start(self.usual_values(), weights, force)
            taken = force if stepper.gradient_is_function else force(weights)
            after = [float(v) for v in flat(stepper.step(running, weights, taken, 0.0))]
            now = {n: [float(v) for v in flat(running.states[n])] for n in before}
        except Exception:  # a reading in which the code fails
            return None
        return _Step(after, before, now) if len(after) == count else None

    def _stays(self, form: Form, count: int, order: tuple[str, ...]) -> bool:
        """Return whether, with no gradient, weights stay, and states that are zero or like the weights."""
        assert isinstance(self.stepper, FunctionStepper)
        self.stepper.returns = order
        names = [n for n in order if n not in ("weights", "") and not is_counter_name(n)]
        for sizes in product((0.0, 1.0), repeat=len(names)):
            of_name = dict(zip(names, sizes, strict=True))
            step = self._stepped(form, count, lambda n, s=of_name: s.get(n, 0.0), 0.0)  # type: ignore[misc]
            # A momentum of zero stays about zero; averages and former weights stay what they are.
            allowed = 1e-9 if any(sizes) else 0.3
            if (
                step
                and _near(step.weights, [1.3, 0.7], allowed)
                and all(_near(step.after[n], step.before[n], allowed) for n in names if n in step.before)
            ):
                return True
        return False

    def _moves(self, form: Form, count: int, order: tuple[str, ...]) -> bool:
        """Return whether the gradient moves the weights in the first step."""
        assert isinstance(self.stepper, FunctionStepper)
        self.stepper.returns = order
        seen = [self._stepped(form, count, lambda _: 1.0, g) for g in (0.0, 0.5)]
        return all(seen) and seen[0].weights != seen[1].weights  # type: ignore[union-attr]


def plain_gradient(point: Any, *_: Any) -> Any:
    """Return a gradient of numbers at a point, in the layout of the point."""
    return like(point, [0.5 * float(v) + np.sin(3 * float(v)) for v in flat(point)])


def _no_gradient(point: Any, *_: Any) -> Any:
    return like(point, [0.0] * len(flat(point)))


def line_of_error(error: Exception) -> str:
    """Return the file and line of the code of others in which an error arose."""
    own = (str(__file__).rpartition("/")[0].rpartition("/")[0], str(np.__file__).rpartition("/")[0])
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(own)]
    if not frames:
        return "in its call"
    return f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}"


_FORMER_WEIGHTS = frozenset(
    f"{side}{w}" if before else f"{w}{side}"
    for w in ("w", "x", "theta", "weights", "params", "p")
    for side in ("prev", "old", "last")
    for before in (True, False)
)
