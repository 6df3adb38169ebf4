"""Laws of running optimizers, recovered from what they do, against the laws of their code."""

import numpy as np
import pytest
from sympy import Float, Rational, Symbol

import physsym as ps
from physsym.core.statements import one_step_map
from physsym.core.symbols import after, grad
from physsym.optimizers import LiftError
from physsym.vocabulary import G, x

v = Symbol("v", real=True)
TENTH, NINE = Rational(1, 10), Rational(9, 10)


class HeavyBall:
    def __init__(self, lr=0.1, mu=0.9, v=0.0):
        self.lr, self.mu, self.v = lr, mu, v

    def step(self, w, g):
        self.v = self.mu * self.v + g
        return w - self.lr * self.v


class Nesterov(HeavyBall):
    def step(self, w, g):
        self.v = self.mu * self.v + g
        return w - self.lr * (g + self.mu * self.v)


class InPlace(HeavyBall):
    def step(self, w, g):
        self.v = self.mu * self.v - self.lr * g
        w += self.v


class Single(HeavyBall):
    def step(self, w, g):
        return (super().step(w.astype(np.float32), g.astype(np.float32))).astype(np.float32)


class Adam:
    def __init__(self):
        self.m, self.v, self.t = 0.0, 0.0, 0

    def step(self, w, g):
        self.t += 1
        self.m = 0.9 * self.m + 0.1 * g
        self.v = 0.99 * self.v + 0.01 * g * g
        return w - 0.1 * self.m / (1 - 0.9**self.t) / (np.sqrt(self.v / (1 - 0.99**self.t)) + 1e-3)


class Corrected:
    def __init__(self):
        self.m, self.t = 0.0, 0

    def step(self, w, g):
        self.t += 1
        self.m = 0.9 * self.m + 0.1 * g
        return w - 0.1 * self.m / (1 - 0.9**self.t)


class Decayed(HeavyBall):
    def step(self, w, g):
        return super().step(w, g + 0.05 * w)


class Stale:
    def __init__(self):
        self.last = 0.0

    def step(self, w, g):
        used, self.last = self.last, g
        return w - 0.25 * used


class ThreeStates:
    def __init__(self):
        self.u = self.v = 0.0

    def step(self, w, g):
        self.u = 0.5 * self.u + g
        self.v = 0.75 * self.v + self.u
        return w - 0.1 * self.v


class Noisy(HeavyBall):
    def step(self, w, g):
        return super().step(w, g) + 1e-6 * np.random.randn(2)


class Normalized:
    def step(self, w, g):
        return w - 0.1 * (g - g.mean())


class Clipped(HeavyBall):
    def step(self, w, g):
        return super().step(w, np.clip(g, -100, 100))


def descent(w, g):
    return w - 0.1 * g


def test_gradient_descent():
    found = ps.recover(descent)
    assert found.rule == ps.rule({x: x - TENTH * G})
    assert found.check.steps >= 90
    assert found.check.difference < 1e-12


def test_numbers_that_are_no_simple_fractions():
    found = ps.recover(HeavyBall(0.0123456789, 0.87654321).step).rule
    values = [float(n) for u in found.updates for n in u.value.atoms(Rational)]
    assert min(abs(n - 0.87654321) for n in values) < 1e-9
    assert min(abs(abs(n) - 0.0123456789) for n in values) < 1e-10


@pytest.mark.parametrize(
    ("step", "updates", "start"),
    [
        (HeavyBall().step, {v: NINE * v + G, x: x - TENTH * after(v)}, 0),
        (InPlace().step, {v: NINE * v + G, x: x - TENTH * after(v)}, 0),
        (Nesterov().step, {v: NINE * v + G, x: x - TENTH * G - Rational(9, 100) * after(v)}, 0),
        (HeavyBall(v=2.0).step, {v: NINE * v + G, x: x - TENTH * after(v)}, 2),
    ],
)
def test_momentum(step, updates, start):
    found = ps.recover(step)
    assert ps.same_rule(found.rule, ps.rule(updates, start={v: start}))
    assert dict(found.rule.start) == {v: start}


def test_a_closure_and_a_factory():
    def make():
        speed = 0.0

        def step(w, g):
            nonlocal speed
            speed = 0.5 * speed - 0.25 * g
            return w + speed

        return step

    expected = ps.rule({v: v / 2 + G, x: x - after(v) / 4}, start={v: 0})
    assert ps.same_rule(ps.recover(make()).rule, expected)
    assert ps.same_rule(ps.recover(make(), fresh=make).rule, expected)


def run(rule, gradients, begin=1.0):
    """Run a rule by hand, in exact numbers: plain symbols are the values before the step."""
    states = {s: Rational(0) for s in rule.states} | {x: Rational(begin)}
    for s, value in rule.start:
        states[s] = value.subs(x, states[x])
    seen = []
    for g in gradients:
        new = {}
        for update in rule.updates:
            value = update.value.xreplace({G: Rational(g)})
            new[after(update.target)] = value.xreplace({**states, **new})
        states = {s: new[after(s)] for s in states}
        seen.append(states[x])
    return seen


@pytest.mark.parametrize("box", [Decayed, Stale, ThreeStates, lambda: Decayed(v=1.0)])
def test_laws_with_other_states(box):
    gradients = [1, -2, 0, 3, 5, 0, 0, -1, 2, 7]
    found, step, w = ps.recover(box().step).rule, box().step, np.array([1.0, 1.0])
    for g, by_rule in zip(gradients, run(found, gradients), strict=True):
        w = step(w, np.array([g, g], dtype=float))
        assert abs(w[0] - float(by_rule)) < 1e-9
    assert len(found.states) == (3 if box is ThreeStates else 2)


def test_single_precision_is_told():
    found = ps.recover(Single().step)
    assert found.check.precision == "float32"
    assert ps.same_rule(found.rule, ps.rule({v: NINE * v + G, x: x - TENTH * after(v)}, start={v: 0}))


def test_rounding_on_the_way_is_no_other_law():
    found = ps.recover(lambda w, g: w - np.float32(0.1) * g.astype(np.float32))
    assert found.check.precision == "float32"
    assert found.rule == ps.rule({x: x - TENTH * G})


def test_a_constant_force_and_a_decay():
    assert ps.recover(lambda w, g: w - 0.1 * g + 0.01).rule == ps.rule({x: x - TENTH * G + TENTH / 10})
    assert ps.recover(lambda w, g: 0.99 * w - 0.1 * g).rule == ps.rule({x: x - x / 100 - TENTH * G})


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (Adam().step, r"not linear in the gradients: for the gradients \(.+\) and \(.+\), .* moves it by"),
        (Clipped().step, "not linear in the gradients"),
        (lambda w, g: w - 0.1 * np.sign(g), "not linear in the gradients"),
        (lambda w, g: w - 0.1 * np.where(abs(g) < 1e-5, 0, g), r"not linear .* by -3e-07, and moves it by 0"),
        (lambda w, g: w - 0.1 * g * g, "not linear in the gradients"),
        (lambda w, g: w * w - 0.1 * g, "not linear in the (gradients|weights)|not finite"),
        (
            Corrected().step,
            r"linear, but changes from step to step: .* moves the weight by -0.1, one",
        ),
        (Noisy().step, "two runs on the same gradients differ by .*random numbers"),
        (Normalized().step, "coordinates mix"),
        (lambda w, g: w - np.array([0.1, 0.2]) * g, "two weights follow different laws"),
        (lambda w, g: w, "leaves the weights as they are"),
        (lambda w: w, "does not work: TypeError"),
    ],
)
def test_what_cannot_be_recovered_says_why(step, said):
    with pytest.raises(LiftError, match=said):
        ps.recover(step)


def test_what_is_no_function_is_refused():
    with pytest.raises(TypeError, match="step"):
        ps.recover(3)


@pytest.mark.parametrize("late", [1, 4, 5])
def test_a_law_that_acts_late_is_found(late):
    def delayed():
        seen = []

        def step(weights, gradient):
            seen.append(gradient)
            return weights - 0.25 * (seen[-1 - late] if len(seen) > late else 0 * gradient)

        return step

    found = ps.recover(delayed()).rule
    assert len(found.states) == late + 1
    gradients, new = [1.0, -2.0, 0.5, 3.0, -1.0, 4.0, 0.25, 7.0], one_step_map(found)
    at = {x: 1.0, **{s: float(value.subs(x, 1)) for s, value in found.start}}
    for n, g in enumerate(gradients):
        at = {s: float(e.replace(grad, lambda q, g=g: Float(g)).subs(at)) for s, e in new.items()}
        assert at[x] == pytest.approx(1 - 0.25 * sum(gradients[: max(0, n + 1 - late)]))


def test_what_never_moves_says_for_how_many_steps():
    with pytest.raises(LiftError, match="leaves the weights as they are for 30 steps"):
        ps.recover(lambda weights, gradient: weights)
