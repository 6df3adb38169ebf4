"""Row S5: runs, records and sweeps of the backend "jax" beside loops written by hand in JAX."""

from __future__ import annotations

import numpy as np

import physsym
from physsym.runtime.backends import load_backend
from tests.benchmarks.loops import ETA, RHO, SIDE, STEPS, ours, sweepers
from tests.benchmarks.rules import RULES
from tests.benchmarks.timing import Row, behind, interleaved, ratio, spread

GOALS = ("S5",)
FLOOR, TARGETS = 1.15, {"run": 0.93, "recorded": 0.78, "large": 0.96, "sweep": 1.03}
LARGE, FEW = 2_000_000, 20  # weights; steps on so many


def contenders(steps):
    """Heavy ball on Rosenbrock's function, all compiled by the caller: the end alone, and every step recorded."""
    import jax
    import jax.numpy as jnp

    made = physsym.optimizer(RULES["heavy ball"], "jax", eta=ETA, rho=RHO)

    def body(_, state):
        v, w = state
        across = w[1] - w[0] * w[0]
        v = RHO * v - ETA * jnp.stack([-2 * (1 - w[0]) - 400 * w[0] * across, 200 * across])
        return v, w + v

    def recording(index, carry):
        state, (one, other) = carry
        v, w = body(index, state)
        return (v, w), (one.at[index + 1].set(v), other.at[index + 1].set(w))

    def recorded(state):
        rows = tuple(jnp.zeros((steps + 1, 2)).at[0].set(s) for s in state)
        return jax.lax.fori_loop(0, steps, recording, (state, rows))[1]

    start = (jnp.zeros(2), jnp.array([-1.2, 1.0]))
    state = dict(zip(("u", "x"), start, strict=True))
    by_hand = jax.jit(lambda state: jax.lax.fori_loop(0, steps, body, state))
    all_by_hand = jax.jit(recorded)
    rollout = jax.jit(lambda state: made.rollout(state, "rosenbrock", steps))
    run = jax.jit(lambda w: made.run(w, "rosenbrock", steps).states)
    wait = jax.block_until_ready
    np.testing.assert_allclose(rollout(state)["x"], by_hand(start)[1], rtol=1e-9)
    np.testing.assert_allclose(run(start[1])["x"], all_by_hand(start)[1], rtol=1e-9)
    return {
        "by hand": lambda: wait(by_hand(start)), "run": lambda: wait(rollout(state)),
        "recorded by hand": lambda: wait(all_by_hand(start)), "recorded": lambda: wait(run(start[1])),
        "not compiled by the caller": lambda: wait(made.run([-1.2, 1.0], "rosenbrock", steps).x),
    }  # fmt: skip


def on_many_weights():
    """Heavy ball on many weights, whose memory is donated."""
    import jax
    import jax.numpy as jnp

    made = physsym.optimizer(RULES["heavy ball"], "jax", eta=ETA, rho=RHO)
    curvatures = jnp.linspace(0.5, 2.0, LARGE)

    def body(_, state):
        v, w = state
        v = RHO * v - ETA * (curvatures * w)
        return v, w + v

    by_hand = jax.jit(lambda state: jax.lax.fori_loop(0, FEW, body, state), donate_argnums=0)
    rollout = jax.jit(lambda state: made.rollout(state, lambda w: curvatures * w, FEW), donate_argnums=0)
    own = {"hand": (jnp.zeros(LARGE), jnp.ones(LARGE)), "ours": {"u": jnp.zeros(LARGE), "x": jnp.ones(LARGE)}}

    def again(name, function):
        own[name] = jax.block_until_ready(function(own[name]))

    return {"by hand": lambda: again("hand", by_hand), "large": lambda: again("ours", rollout)}


def rows():
    """Yield row S5."""
    steps, side = STEPS, SIDE
    times = interleaved(contenders(steps), 15)
    large = interleaved(on_many_weights())
    eta, rho = np.meshgrid(np.linspace(1e-5, 1e-3, side), np.linspace(0, 0.95, side), indexing="ij")
    numbers, start = np.array([eta.ravel(), rho.ravel()]), np.array([0.0, 0.0, -1.2, 1.0])
    grids = sweepers("rosenbrock", start, numbers, 200)
    sweep, program = load_backend("jax").capabilities.sweep, ours("rosenbrock")
    swept = interleaved({
        "by hand": grids["jax map of vmap"], "vmap": grids["jax vmap"],
        "sweep": lambda: sweep(program, start, list(numbers), numbers.shape[1], 200, 1),
    })  # fmt: skip
    found = {
        "run": (times, "run", "by hand"), "recorded": (times, "recorded", "recorded by hand"),
        "large": (large, "large", "by hand"), "sweep": (swept, "sweep", "by hand"),
    }  # fmt: skip
    ratios = {name: ratio(*contended) for name, contended in found.items()}
    told = "; ".join(f"{name} {spread(*contended)}" for name, contended in found.items())
    alone = min(times["not compiled by the caller"]) * 1e3
    beside = (f"{min(times['run']) / steps * 1e9:.1f} ns a step; a run of {steps} steps that the caller does not compile "
              f"takes {alone:.1f} ms; the sweep by hand is a map over rows, its vmap alone takes "
              f"{ratio(swept, 'vmap', 'by hand'):.1f} times as long; large: {LARGE} donated weights")  # fmt: skip
    yield Row("S5", "jax run; every step recorded; large; sweep: time / by hand in JAX", "<= 1.15 each",
              "0.93; 0.78; 0.96; 1.03", told, all(r <= FLOOR for r in ratios.values()), beside,
              behind=behind({name: ratios[name] <= aim for name, aim in TARGETS.items()}))  # fmt: skip
