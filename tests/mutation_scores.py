"""How many mutants of ten rules are noticed by assert_update, and by tests of the kinds that libraries have.

`python -m tests.mutation_scores` writes the table between the marks in docs/mutants.md; with names of rules
it prints the counts for these. Each mutant is run as code that cannot be lifted: a class that keeps its state
and gives numbers alone.
"""

from __future__ import annotations

import functools
import inspect
import sys
from multiprocessing import get_context
from pathlib import Path

import numpy as np

import physsym as ps
from physsym.optimizers.state_space import state_space
from physsym.testing import assert_update, mutation_score

PAGE = Path(__file__).parents[1] / "docs" / "mutants.md"
BEGIN, END = "<!-- mutation scores: begin -->", "<!-- mutation scores: end -->"
# Each rule with a learning rate at which it reaches the minimum of the parabola below.
RULES = {
    "gradient_descent": 0.1, "heavy_ball": 0.02, "nesterov": 0.02, "adam": 0.05, "adamw": 0.05, "lion": 0.003,
    "rmsprop_centered": 0.005, "amsgrad": 0.05, "adamax": 0.05, "adagrad": 0.5,
}  # fmt: skip
GOAL = np.array([1.0, -0.5])


def looks_ahead(rule):
    """Return whether a rule takes a gradient elsewhere than at the weights."""
    space = state_space(rule)
    return any(point != (space.weights[0],) for point in space.points)


def black_box(rule):
    """Return a class that makes the updates of a rule, and that runs on numbers alone."""

    class Box:
        def __init__(self, **values):
            self.optimizer = ps.optimizer(rule, **{n: float(v) for n, v in values.items()})
            self.state = None

        def advance(self, w, gradient):
            if self.state is None:
                self.state = self.optimizer.init(np.array(w, dtype=float))
            with np.errstate(all="ignore"):
                self.state = self.optimizer.step(self.state, gradient)
            return self.state["x"]

    class OfArrays(Box):
        def step(self, w, grad):
            numbers = np.array(grad, dtype=float)
            return self.advance(w, lambda _: numbers)

    class OfFunctions(Box):
        def step(self, w, grad):
            return self.advance(w, lambda point: np.asarray(grad(point)))

    made = OfFunctions if looks_ahead(rule) else OfArrays
    names = [s.name for s in rule.parameters]
    made.__signature__ = inspect.Signature(
        [inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY) for n in names]
    )
    return made


def by_assert_update(rule, _):
    return lambda mutant: assert_update(black_box(mutant), rule)


def weights(rule, rate, gradient, steps, start=(0.0, 1.0)):
    """Return the weights after each step at the usual hyperparameters."""
    usual = {s.name: float(v) for s, v in rule.typical}
    values = {s.name: usual.get(s.name, 0.1) for s in rule.parameters} | {"eta": rate}
    run = ps.optimizer(rule, **values)
    state, found = run.init(np.array(start)), []
    with np.errstate(all="ignore"):
        for n in range(steps):
            state = run.step(state, functools.partial(gradient, n))
            found.append(state["x"])
    return np.array(found)


def slope(_, w):
    return 2 * (w - GOAL)


def by_convergence(_, rate):
    """Test that the minimum of a parabola is reached, within 3 hundredths."""

    def test(mutant):
        reached = weights(mutant, rate, slope, 1500)[-1]
        assert np.allclose(reached, GOAL, rtol=3e-2, atol=3e-2)

    return test


def by_direction(_, rate):
    """Test that a parabola is lower after 20 steps."""

    def test(mutant):
        reached = weights(mutant, rate, slope, 20)[-1]
        assert np.linalg.norm(reached - GOAL) < np.linalg.norm(GOAL - [0.0, 1.0])

    return test


def by_reference(rule, rate):
    """Test that 10 steps with random gradients are those of a reference, at the usual hyperparameters."""
    gradients = np.random.default_rng(0).normal(size=(10, 2))
    wanted = weights(rule, rate, lambda n, _: gradients[n], 10)

    def test(mutant):
        found = weights(mutant, rate, lambda n, _: gradients[n], 10)
        assert np.allclose(found, wanted, rtol=1e-5, atol=1e-6)

    return test


TESTS = {
    "assert_update": by_assert_update,
    "10 random steps beside a reference": by_reference,
    "reaches the minimum": by_convergence,
    "goes downhill": by_direction,
}


def notices(test, mutant):
    """Return whether a test fails on a mutant; a crash is noticed too."""
    try:
        test(mutant.rule)
    except Exception:
        return True
    return False


def scores(name):
    """Return how many mutants of a rule each test notices, how many there are, and which are left.

    A mutant that assert_update passes rightly is the same rule in effect; no test can notice it.
    """
    rule, rate = ps.known[name].rule, RULES[name]
    best = mutation_score(by_assert_update(rule, rate), rule)
    others = (*best.killed, *best.survived)
    counts = {"assert_update": len(best.killed)}
    for says, make in TESTS.items():
        if says not in counts:
            test = make(rule, rate)
            test(rule)  # it passes on the right rule
            counts[says] = sum(notices(test, mutant) for mutant in others)
    return (
        name,
        len(others),
        counts,
        [f"{name}: {m}" for m in best.survived],
        [f"{name}: {m}" for m in best.equal],
    )


def table(rows):
    """Return the lines of the table."""
    lines = [f"| rule | mutants | {' | '.join(TESTS)} |", f"|{'---|' * (len(TESTS) + 2)}"]
    sums = dict.fromkeys(TESTS, 0)
    for name, total, counts, _, _ in rows:
        lines.append(f"| `{name}` | {total} | {' | '.join(str(counts[t]) for t in TESTS)} |")
        sums = {t: sums[t] + counts[t] for t in TESTS}
    every = sum(row[1] for row in rows)
    lines.append(f"| all | {every} | {' | '.join(f'{n} ({n / every:.1%})' for n in sums.values())} |")
    survivors = [s for row in rows for s in row[3]]
    equal = sum(len(row[4]) for row in rows)
    lines += ["", f"Left out, since shown to be the same rule in effect: {equal}."]
    lines += ["", "`assert_update` does not notice:", "", *(f"- {s}" for s in survivors)] if survivors else []
    return lines


def main(names):
    """Print the counts for some rules, or write the table for all."""
    with get_context("fork").Pool(2) as pool:
        rows = []
        for row in pool.imap(scores, names or list(RULES), chunksize=1):
            rows.append(row)
            print(*row, flush=True)
    lines = table(rows)
    if not names:
        text = PAGE.read_text(encoding="utf-8")
        before, rest = text.split(BEGIN)
        after = rest.split(END)[1]
        PAGE.write_text("\n".join([f"{before}{BEGIN}", "", *lines, "", f"{END}{after}"]), encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main(sys.argv[1:])
