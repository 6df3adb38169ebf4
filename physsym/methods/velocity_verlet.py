"""Velocity Verlet: half a kick, a drift with the velocity so found, half a kick with the new force."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn

from sympy import Integer, Symbol

from physsym.core.statements import Rule, Update
from physsym.core.symbols import after, dot
from physsym.core.verdicts import Verdict
from physsym.mechanics.integrators import MIDDLE, NEW, refuse_friction
from physsym.mechanics.moves import Integrate, MoveError
from physsym.transform.integrate import Rates, at_time, blocks, integrate
from physsym.verify.identity import identical
from physsym.verify.integrate import Equations, first_moved, linear_rate, verify_method, without_time
from physsym.verify.substitution import Refusal, substituted

Numbers = Mapping[Symbol, Any]


@dataclass(frozen=True)
class VelocityVerlet:
    """The method of Verlet for x' = r(v), v' = a(x), of order two.

    v_half = v + dt/2*a(x), x_new = x + dt*r(v_half), v_new = v_half + dt/2*a(x_new) (Hairer, Lubich and
    Wanner, Geometric Numerical Integration, section I.1.4). With friction, where a reads v, it is another
    method and refused. A force that holds the time reads it at both ends of the step.
    """

    name: str = "velocity Verlet"
    order: int = 2
    partitioned: ClassVar[bool] = True
    NOT_CERTIFIED: ClassVar[str] = "the half step between kick and drift is not written as a lemma"

    def with_friction(self, treatment: str) -> NoReturn:
        """Raise ValueError, which names the method that has treatments of friction."""
        refuse_friction(self.name)

    def reference_step(
        self, rates: Callable[[Numbers], Numbers], start: Numbers, step: Any, first: frozenset[Symbol]
    ) -> Numbers | None:
        """Return one step in plain numbers, for tests, or None where a force reads what it changes."""
        kicked = {s: n + step / 2 * rates(start)[s] if s in first else n for s, n in start.items()}
        drifted = {s: n if s in first else n + step * rates(kicked)[s] for s, n in kicked.items()}
        if any(rates(kicked)[s] != rates(start)[s] for s in first) or first == frozenset(start):
            return None
        if any(rates(kicked)[s] != rates(drifted)[s] for s in start if s not in first):
            return None
        return {s: n + step / 2 * rates(drifted)[s] if s in first else n for s, n in drifted.items()}


velocity_verlet = VelocityVerlet()


# ------------------------------------------------------------------ carried out


@integrate.register(VelocityVerlet)
def _(method: VelocityVerlet, rates: Rates, move: Integrate) -> Rule:
    velocities, positions = blocks(rates, move)
    if not positions:
        raise MoveError("velocity Verlet needs positions and velocities; the states do not read each other")
    for state in velocities:
        if read := rates[state].free_symbols & set(velocities):
            raise MoveError(
                f"velocity Verlet takes forces that depend on positions alone, and the rate of {state} reads "
                f"{', '.join(sorted(map(str, read)))}; with friction use "
                'semi_implicit_euler.with_friction("implicit")'
            )
    for state in positions:
        if rates[state].free_symbols & set(positions):
            raise MoveError(
                f"velocity Verlet drifts with velocities alone, and the rate of {state} reads a position: "
                f"{rates[state]}"
            )
    half = {v: v + move.step / 2 * rates[v] for v in velocities}
    new = {x: after(x) for x in positions}
    # The force is read at both ends of the step, the drift in its middle: the method stays symmetric in time.
    middle, end = at_time(rates, MIDDLE, move.step), at_time(rates, NEW, move.step)
    drift = (Update(x, x + move.step * middle[x].xreplace(half)) for x in positions)
    kick = (Update(v, v + move.step / 2 * (rates[v] + end[v].xreplace(new))) for v in velocities)
    return Rule((*drift, *kick))


# ------------------------------------------------------------------ judged


@verify_method.register(VelocityVerlet)
def _(method: VelocityVerlet, equations: Equations, new: Equations, move: Integrate) -> list[Verdict]:
    states = without_time(equations)
    times = set(equations) - set(states)
    fast = first_moved(states, move)
    slow = set(states) - fast
    if not slow:
        raise Refusal(f"{method.name} needs positions and velocities; the states do not read each other")
    verdicts = []
    force = {}
    for state in fast:
        linear, force[state] = linear_rate(state, equations[state])
        verdicts.append(linear)
        moved = substituted(force[state], {v: new[v] for v in fast})
        if not identical(force[state], moved, f"the rate of {state} with old and with new velocities"):
            raise Refusal(f"{method.name} takes forces without friction; the rate of {state} is not one")
    there = {s: substituted(force[s], {x: new[x] for x in slow | times}) for s in fast}
    for state in fast:
        mean = (force[state] + there[state]) / 2
        change = (new[state] - state) / move.step
        verdicts.append(identical(change, mean, f"the difference quotient of {state} and the mean force"))
    # The velocity of the drift is found from the end of the step, half a kick back.
    between = {s: new[s] - move.step * there[s] / 2 for s in fast}
    between |= {s: (s + new[s]) / 2 for s in times}
    for state in slow:
        here = {dot(state): (new[state] - state) / move.step, **between}
        what = f"the difference quotient of {state} and its rate between the kicks"
        for positions in ({}, {x: new[x] for x in slow}):  # the rate reads no position, old or new
            residual = substituted(equations[state], here | positions)
            verdicts.append(identical(residual, Integer(0), what))
    return verdicts
