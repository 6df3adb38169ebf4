"""Row 19: from a system to the code of one RK4 step, beside brian2; run by an interpreter that has both.

brian2 begins with the equations as text and ends with abstract code; it is called as its own simulations call
it. Here the start is the Lagrangian and the dissipation, and the end the text of a Python function.
"""

from __future__ import annotations

import json
from importlib.metadata import version

from brian2 import Equations
from brian2.stateupdaters.explicit import rk4

from physsym.codegen import program
from physsym.codegen.emit import python_source
from physsym.core.symbols import dot
from physsym.mechanics.integrators import runge_kutta_4
from physsym.mechanics.moves import Integrate, ReduceOrder
from physsym.mechanics.system import System
from physsym.transform import apply
from physsym.vocabulary import dt, gamma, lam, m, v, x
from tests.benchmarks.timing import interleaved, ratio, spread

EQUATIONS = """
dx/dt = v/second : 1
dv/dt = -(gamma*v + lam*x**3)/m/second : 1
"""
QUARTIC = System((x,), m * dot(x) ** 2 / 2 - lam * x**4 / 4, gamma * dot(x) ** 2 / 2)


def from_law(law):
    """Return the text of one step of a law of first order."""
    return python_source(program(apply(Integrate(runge_kutta_4, dt), law)))


def from_system():
    """Return the text of one step, from the Lagrangian on."""
    return from_law(apply(ReduceOrder(x, v), QUARTIC.law()))


def by_brian():
    """Return the abstract code of one step by brian2, from the text of the equations on."""
    return rk4(Equations(EQUATIONS))


def from_equations():
    """Return the text of one step from the law of first order, as brian2 is given it."""
    return from_law(FIRST_ORDER)


FIRST_ORDER = apply(ReduceOrder(x, v), QUARTIC.law())


def same_step():
    """Raise AssertionError unless both texts take the same step, in numbers."""
    numbers = {"dt": 0.1, "gamma": 0.7, "lam": 1.3, "m": 1.7}
    theirs = {"x": 0.9, "v": -0.4, "second": 1.0, **numbers}
    exec(by_brian(), theirs)
    ours: dict[str, object] = {}
    exec(from_system(), ours)
    velocity, place = ours["step"](-0.4, 0.9, **numbers)
    assert abs(velocity - theirs["v"]) + abs(place - theirs["x"]) < 1e-14, (velocity, place)


def main():
    """Print the measurement as JSON."""
    same_step()
    times = interleaved({"system": from_system, "law": from_equations, "brian2": by_brian})
    milliseconds = {name: 1000 * sorted(t)[len(t) // 2] for name, t in times.items()}
    told = f"{spread(times, 'system', 'brian2')}; from the law of first order {ratio(times, 'law', 'brian2'):.3g}"
    beside = ", ".join(f"{name} {spent:.3g} ms" for name, spent in milliseconds.items())
    ratios = [a / b for a, b in zip(times["system"], times["brian2"], strict=True)]
    print(json.dumps({
        "told": told, "ratios": ratios,
        "beside": f"{beside}; brian2 {version('brian2')} with NumPy {version('numpy')}",
    }))  # fmt: skip
