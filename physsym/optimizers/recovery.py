"""The law of a running optimizer whose code cannot be read, from what it does with gradients that are chosen.

An optimizer that is linear in the gradients is a linear system: its answer to a single gradient decides it.
That answer obeys a linear recurrence whose order is the number of states (Prony's method); the coefficients
are those of the rule. Whether the optimizer is linear, and the same in each step, is tested before, and the
rule is compared with it on other gradients afterwards.
"""

from __future__ import annotations

import copy
import inspect
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Rational, Symbol

from physsym.core.arguments import named_arguments
from physsym.core.counts import counted
from physsym.core.statements import Rule, Update
from physsym.core.symbols import after, grad
from physsym.core.verdicts import Hypothesis
from physsym.optimizers.lifted import Lifted, LiftError, SelfCheck
from physsym.optimizers.lifting.containers import LAYOUTS, build, flat
from physsym.optimizers.lifting.self_check import ADVERSARIAL, run_rule
from physsym.optimizers.lifting.steppers import with_own_cells
from physsym.vocabulary import x

Floats = NDArray[np.float64]
LENGTH, MOST_STATES = 30, 6
"""The number of steps of a probe, and the largest number of states that is looked for."""


@named_arguments
def recover(step: Callable[..., Any], fresh: Callable[[], Callable[..., Any]] | None = None) -> Lifted:
    """Return the rule of a running optimizer that is linear in the gradients, found by trying gradients.

    Parameters
    ----------
    step
        Called as `step(weights, gradient)`; it returns the new weights or changes them in place. It may keep
        states, as a method, a callable object or a closure does; it is copied before each run.
    fresh
        A function that makes a new `step` with the states at their start, where copies do not do.

    Returns
    -------
    Lifted
        The rule with the fewest states that follows the optimizer, with start values. Its coefficients are
        simple fractions where these fit to the precision of floats. Its check says on how many other steps
        it was compared.

    Raises
    ------
    LiftError
        Where the optimizer is not linear in the gradients, with two sequences of gradients that show it;
        where it is linear but changes from step to step, mixes coordinates, draws random numbers, or has too
        many states.

    References
    ----------
    Prony's method and minimal realization: Ho and Kalman, *Effective construction of linear state-variable
    models from input/output functions*, Regelungstechnik 14 (1966).

    Examples
    --------
    >>> class Momentum:
    ...     v = 0.0
    ...     def step(self, w, g):
    ...         self.v = 0.9 * self.v + g
    ...         return w - 0.1 * self.v
    >>> print(recover(Momentum().step))
    v <- 9*v/10 + grad(x); x <- x - v+/10; v(0) = 0
    """
    if not callable(step):
        raise TypeError(f"expected a function step(weights, gradient), given {step!r}")
    box = _Box(step, fresh)
    name = getattr(step, "__qualname__", type(step).__name__)
    try:
        box.find_layout()
        box.check_repeatable()
        box.check_coordinates()
        box.check_linear()
        found = box.recovered()
    except LiftError as error:
        raise LiftError(f"{name} cannot be recovered: {error}") from None
    return replace(found, name=f"recovered:{name}")


class _Box:
    """A running optimizer that is started anew for each sequence of gradients."""

    def __init__(self, step: Callable[..., Any], fresh: Callable[[], Callable[..., Any]] | None) -> None:
        self.step, self.fresh = step, fresh
        self.layout, self.precision = "array", "float64"
        self.pristine = None if fresh else copied_function(step)

    @property
    def tolerance(self) -> float:
        """The relative size of what may be rounding."""
        return 1e-10 if self.precision == "float64" else 1e-4

    def run(self, gradients: Sequence[Sequence[float]], begin: Sequence[float] = (1.0, -0.5)) -> Floats:
        """Return the weights before the first step and after each."""
        step = self.fresh() if self.fresh else copied_function(self.pristine)  # type: ignore[arg-type]
        count = 1 if self.layout == "number" else len(begin)
        weights = build(self.layout, [float(v) for v in begin[:count]])
        seen = [list(begin[:count])]
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            for gradient in gradients:
                new = step(weights, build(self.layout, [float(v) for v in gradient[:count]]))
                weights = weights if new is None else new
                numbers = flat(weights)
                if any(isinstance(v, np.float32) for v in numbers):
                    self.precision = "float32"
                seen.append([float(v) for v in numbers])
        return np.array(seen)

    def find_layout(self) -> None:
        """Find out whether it takes an array, a number, a list or a dictionary of arrays."""
        failed = ""
        for layout in LAYOUTS:
            self.layout = layout
            try:
                found = self.run(gradients := [[1.0, 2.0], [0.5, -1.0], [1.0, 1.0]])
                if np.all(found == found[0]):  # gradients may act late
                    found = self.run(gradients * (LENGTH // 3))
            except Exception as error:  # code of others may raise anything
                failed = failed or f"{type(error).__name__}: {error}"
                continue
            if not np.all(np.isfinite(found)):
                failed = failed or "it gives numbers that are not finite"
            elif np.any(found != found[0]):
                return
            failed = failed or f"it leaves the weights as they are for {LENGTH} steps"
        raise LiftError(f"step(weights, gradient) does not work: {failed}")

    def check_repeatable(self) -> None:
        """Raise LiftError where two runs on the same gradients differ."""
        gradients = _random(0, LENGTH)
        first, second = self.run(gradients), self.run(gradients)
        if noise := float(np.max(np.abs(first - second))):
            raise LiftError(
                f"two runs on the same gradients differ by {noise:.3g}: it draws random numbers, or keeps a "
                "state that a copy does not reset; then give fresh=, a function that makes a new step"
            )

    def check_coordinates(self) -> None:
        """Raise LiftError where coordinates mix, or follow different laws."""
        if self.layout == "number":
            return
        gradients = _random(1, LENGTH)
        both = self.run(gradients)
        other = [[g, 3.0 - 2 * h] for g, h in gradients]
        moved = self.run(other, (1.0, 0.7))
        if not self.close(both[:, 0], moved[:, 0]):
            raise LiftError(
                "coordinates mix: weight 1 moves otherwise when the gradient along weight 2 changes, as it "
                "does where a norm or a mean of the gradients enters"
            )
        swapped = self.run([[h, g] for g, h in gradients], (-0.5, 1.0))
        if not self.close(both, swapped[:, ::-1]):
            raise LiftError("the two weights follow different laws")

    def close(self, first: Floats, second: Floats) -> bool:
        """Return whether two runs agree up to rounding."""
        scale = max(1.0, float(np.max(np.abs(first))), float(np.max(np.abs(second))))
        return bool(np.allclose(first, second, rtol=0, atol=self.tolerance * scale, equal_nan=True))

    def check_linear(self) -> None:
        """Raise LiftError with two sequences of gradients on which moves do not scale, or do not add."""
        nothing = self.alone([0.0] * 12)
        probes = [
            list(map(float, ADVERSARIAL)),
            [g for g, _ in _random(2, 12)],
            [1.0] * 12,
            [0.0, 1.0, *[0.0] * 10],
        ]
        for probe in probes:
            base = self.alone(probe) - nothing
            for factor in (-1.0, 2.0, 1e-4, 1e4):
                scaled = [factor * g for g in probe]
                self._refuse_nonlinear(probe, scaled, factor * base, self.alone(scaled) - nothing, factor)
        for one, two in ((probes[0], probes[1]), (probes[1], probes[2]), (probes[0], probes[3])):
            added = [a + b for a, b in zip(one, two, strict=True)]
            expected = self.alone(one) + self.alone(two) - 2 * nothing
            self._refuse_nonlinear(one, two, expected, self.alone(added) - nothing, None)

    def alone(self, gradients: Sequence[float], begin: float = 1.0) -> Floats:
        """Return a weight over the steps, the others being moved by the same gradients."""
        return self.run([[g, g] for g in gradients], (begin, begin))[:, 0]

    def _refuse_nonlinear(
        self,
        one: Sequence[float],
        two: Sequence[float],
        expected: Floats,
        found: Floats,
        factor: float | None,
    ) -> None:
        scale = max(float(np.max(np.abs(expected))), float(np.max(np.abs(found))), 1e-300)
        rounding = (
            1e-13 if self.precision == "float64" else 1e-5
        )  # of the weights, which are of the size of 1
        wrong = np.abs(expected - found) > self.tolerance * 100 * scale + rounding * 10
        if not np.any(wrong):
            return
        if self.precision == "float64" and float(np.max(np.abs(expected - found))) < 1e-6 * scale:
            self.precision = "float32"  # it rounds to single precision on the way
            return
        at = int(np.argmax(wrong))
        shown = [", ".join(f"{g:.6g}" for g in sequence[:at]) for sequence in (one, two)]
        how = f"{factor:g} times as far" if factor is not None else "as far as both together"
        joined = "their sum" if factor is None else "the second"
        raise LiftError(
            f"it is not linear in the gradients: for the gradients ({shown[0]}) and ({shown[1]}), "
            f"{joined} should move the weight {how}, by {expected[at]:.6g}, and moves it by {found[at]:.6g}"
        )

    # -------------------------------------------------------------- the linear system

    def recovered(self) -> Lifted:
        """Return the rule, after finding its coefficients and comparing it on other gradients."""
        at_rest = self.alone([0.0] * LENGTH)
        other_rest = self.alone([0.0] * LENGTH, 3.0)
        decays = (other_rest - at_rest) / 2  # how a difference of the first weights goes on
        third = self.alone([0.0] * LENGTH, -2.0)
        if not self.close(third, at_rest - 3 * decays):
            raise LiftError("it is not linear in the weights")
        impulse = self.answer(0)
        for late in (1, 2, 5):
            shifted = self.answer(late)
            if not self.close(shifted[late:], impulse[: len(impulse) - late]):
                raise LiftError(
                    "it is linear, but changes from step to step: a gradient of 1 in the first step at once "
                    f"moves the weight by {impulse[1]:.6g}, one in step {late + 1} by "
                    f"{shifted[late + 1]:.6g}; a bias correction, a schedule or an own first step does so"
                )
        characteristic = self.recurrence(impulse[1:], decays, np.diff(at_rest))
        order = len(characteristic)
        known = [Fraction(1), *map(self.fraction, characteristic)]
        numerator = [
            self.fraction(float(sum(float(known[j]) * impulse[k - j] for j in range(k))))
            for k in range(1, order + 1)
        ]
        drift = self.fraction(float(sum(float(c) * at_rest[order - j] for j, c in enumerate(known))))
        multiples = [self.fraction(float(v)) for v in decays[:order]]
        offset = [self.fraction(float(v)) for v in (at_rest - decays)[:order]]
        rule = realization(known[1:], numerator, drift, multiples, offset)
        return self.checked(Lifted(rule))

    def answer(self, late: int) -> Floats:
        """Return how a gradient of 1 in one step moves the weight in all steps."""
        gradients = [0.0] * LENGTH
        nothing = self.alone(gradients)
        gradients[late] = 1.0
        return self.alone(gradients) - nothing

    def recurrence(self, *sequences: Floats) -> Floats:
        """Return the coefficients of the shortest linear recurrence that some sequences obey together."""
        for order in range(1, MOST_STATES + 1):
            left = [s[k : k + order][::-1] for s in sequences for k in range(len(s) - order)]
            right = [-s[k + order] for s in sequences for k in range(len(s) - order)]
            found = np.linalg.lstsq(np.array(left), np.array(right), rcond=None)[0]
            gap = float(np.max(np.abs(np.array(left) @ found - np.array(right))))
            if gap <= self.tolerance * max(1.0, float(np.max(np.abs(right)))):
                return np.asarray(found, dtype=float)
        raise LiftError(f"it is linear, but has more than {MOST_STATES} states")

    def fraction(self, value: float) -> Fraction:
        """Return the simplest fraction that is a number up to rounding, or its decimal digits."""
        for largest in (10, 100, 1000, 10**4, 10**5, 10**6):
            simple = Fraction(value).limit_denominator(largest)
            if abs(float(simple) - value) <= 10 * self.tolerance * max(abs(value), 1e-3):
                return simple
        return Fraction(f"{value:.12g}")

    def checked(self, found: Lifted) -> Lifted:
        """Compare the rule with the running optimizer on other gradients; raise LiftError where they part."""
        worst, steps = 0.0, 2 * LENGTH
        for seed in (11, 12, 13):
            gradients = [g for g, _ in _random(seed, steps)]
            if seed == 13:
                gradients = [float(ADVERSARIAL[(5 * n) % len(ADVERSARIAL)]) for n in range(steps)]
            begin = 0.3 + 0.4 * (seed - 10)
            live = self.alone(gradients, begin)[1:]
            rule = np.array(
                [s[x] for s in run_rule(found, {}, {x: begin}, lambda n, _i, _p, g=gradients: g[n], steps)]  # type: ignore[misc]
            )
            gap = float(np.max(np.abs(live - rule)) / max(1.0, float(np.max(np.abs(live)))))
            if not gap <= 100 * self.tolerance:
                n = int(np.argmax(np.abs(live - rule)))
                raise LiftError(
                    f"the rule {found} that follows the first {LENGTH} steps does not follow others: after "
                    f"step {n + 1} the weight is {live[n]:.9g}, and {rule[n]:.9g} by the rule"
                )
            worst = max(worst, gap)
        says = Hypothesis(
            f"measured over {counted(steps, 'step')}; what the code does later or elsewhere is not known"
        )
        return replace(found, assumes=(says,), check=SelfCheck(3 * steps, worst, self.precision))


def _random(seed: int, steps: int) -> list[list[float]]:
    found: list[list[float]] = np.random.default_rng(seed).normal(size=(steps, 2)).round(3).tolist()
    return found


def copied_function(step: Callable[..., Any]) -> Callable[..., Any]:
    """Return a copy of a function or a callable object with states of its own."""
    if inspect.ismethod(step):
        return getattr(copy.deepcopy(step.__self__), step.__name__)  # type: ignore[no-any-return]
    if inspect.isfunction(step):
        return with_own_cells(step)
    return copy.deepcopy(step)


def _number(value: Fraction) -> Rational:
    return Rational(value.numerator, value.denominator)


def realization(
    recurrence: Sequence[Fraction],
    numerator: Sequence[Fraction],
    drift: Fraction,
    multiples: Sequence[Fraction],
    offset: Sequence[Fraction],
) -> Rule:
    """Return a rule with the fewest states, from its transfer function and its motion without gradients.

    Parameters
    ----------
    recurrence
        The coefficients p of `w[t+d] + p1*w[t+d-1] + ... + pd*w[t] = q1*g[t+d-1] + ... + qd*g[t] + drift`.
    numerator
        The coefficients q.
    drift
        The constant term.
    multiples, offset
        The first d weights without gradients are `multiples*x + offset`, where x is the first of them.

    Examples
    --------
    >>> half = Fraction(1, 2)
    >>> print(realization([-3 * half, half], [Fraction(-1), Fraction(0)], Fraction(0), [1, 1], [0, 0]))
    v <- v/2 + grad(x); x <- x - v+; v(0) = 0
    """
    order, gradient = len(recurrence), grad(x)
    rho = recurrence[1] if order == 2 else Fraction(0)
    if rho and recurrence[0] == -1 - rho and not drift:
        own = -numerator[1] / rho
        rate = numerator[0] - own
        if rate:
            v = Symbol("v", real=True)
            moved = _weight(multiples, offset, 1) - _weight(multiples, offset, 0)
            stepped = x + _number(rate) * after(v) + _number(own) * gradient
            start = ((v, (moved / _number(rate * rho)).expand()),)
            return Rule((Update(v, _number(rho) * v + gradient), Update(x, stepped)), start)
    # The observer's canonical form: state k is what earlier steps add to the weight k steps later.
    states = [x, *(Symbol(f"s_{k}", real=True) for k in range(1, order))]
    updates, starts = list[Update](), list[tuple[Symbol, Expr]]()
    for k, state in enumerate(states):
        value = -_number(recurrence[k]) * x + _number(numerator[k]) * gradient
        value += states[k + 1] if k + 1 < order else 0
        updates.append(Update(state, value if k else value + _number(drift)))
        if k:
            earlier = [_number(recurrence[j]) * _weight(multiples, offset, k - 1 - j) for j in range(k)]
            starts.append((state, sum(earlier, _weight(multiples, offset, k) - _number(drift)).expand()))
    return Rule((*updates[1:], updates[0]), tuple(starts))


def _weight(multiples: Sequence[Fraction], offset: Sequence[Fraction], k: int) -> Expr:
    return _number(Fraction(multiples[k])) * x + _number(Fraction(offset[k]))
