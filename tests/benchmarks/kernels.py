"""Rows 1 to 5 and 8: one step on arrays, large and tiny, against everything else that takes it."""

from __future__ import annotations

import ctypes

import numpy as np
import sympy

from physsym.runtime import optimizer
from physsym.runtime.backends.c import library
from tests.benchmarks.rules import NUMBERS, RULES, STREAM, chosen
from tests.benchmarks.timing import Row, behind, interleaved, ratio, spread

LARGE = 10_000_000
FLOATS = {"f64": np.float64, "f32": np.float32}


def stream(called, arrays):
    """A call of the hand-written C loop with the same streams on the same arrays."""
    kind = "double" if arrays["x"].dtype == np.float64 else "float"
    names = {"x": "w", "u": "v", "s": "s", "g": "g"}
    listed = ", ".join(f"{kind} *restrict {names[n]}" for n in arrays)
    text = (
        '#include <stddef.h>\n__attribute__((visibility("default"))) void physsym_stream'
        f"(size_t n, {listed})\n{{\n    const {kind} c = ({kind})1e-9;\n"
        f"    for (size_t i = 0; i < n; ++i) {{ {STREAM[called].replace('T ', kind + ' ')} }}\n}}\n"
    )
    function = library(text, fma=True).physsym_stream
    pointers = [ctypes.c_void_p(a.ctypes.data) for a in arrays.values()]
    size = ctypes.c_size_t(arrays["x"].size)
    return lambda: function(size, *pointers)


def arrays_for(called, dtype, size):
    """Arrays of the states but the counter, and of the gradient."""
    random = np.random.default_rng(0)
    names = {"gradient descent": "x", "Adam": "xus"}.get(called, "xu")
    made = {n: np.abs(random.normal(size=size)).astype(dtype) for n in (*names, "g")}
    return made


def bound(called, backend, arrays):
    """Our step, bound to the arrays."""
    state = {n: a for n, a in arrays.items() if n != "g"}
    if called == "Adam":
        state["t"] = np.array(0.0)
    made = optimizer(RULES[called], backend, **chosen(RULES[called]))
    order = {str(s): state[str(s)] for s in made.program.states}
    return made.bind(order, arrays["g"]).step


def torch_step(called, arrays, **options):
    """The library's step on a parameter over the same weights and gradient."""
    import torch

    weights = torch.nn.Parameter(torch.from_numpy(arrays["x"]))
    weights.grad = torch.from_numpy(arrays["g"])
    momentum = {} if called == "gradient descent" else {"momentum": 0.9, "nesterov": called == "Nesterov"}
    if called == "Adam":
        return torch.optim.Adam([weights], lr=0.001, **options).step
    return torch.optim.SGD([weights], lr=0.001, **momentum, **options).step


def optax_step(called, arrays):
    """The library's step, jitted, its state donated."""
    import jax
    import optax

    lr = 0.001
    made = {"Adam": lambda: optax.adam(lr), "gradient descent": lambda: optax.sgd(lr)}.get(
        called, lambda: optax.sgd(lr, momentum=0.9, nesterov=called == "Nesterov")
    )()

    def update(weights, state, slope):
        change, state = made.update(slope, state)
        return optax.apply_updates(weights, change), state

    jitted = jax.jit(update, donate_argnums=(0, 1))
    slope = jax.numpy.array(arrays["g"])
    held = [jax.numpy.array(arrays["x"])]
    held.append(made.init(held[0]))

    def step():
        held[:] = jitted(held[0], held[1], slope)
        jax.block_until_ready(held[0])

    return step


def numba_step(called, arrays):
    """The loop as one writes it for numba."""
    import numba

    eta, rho, beta = NUMBERS["eta"], NUMBERS["rho"], NUMBERS["beta"]
    if called == "Adam":

        @numba.njit
        def adam(w, v, s, g, t):
            rate, root = eta / (1 - rho**t), np.sqrt(1 - beta**t)
            for i in range(w.size):
                v[i] = rho * v[i] + (1 - rho) * g[i]
                s[i] = beta * s[i] + (1 - beta) * g[i] ** 2
                w[i] -= rate * v[i] / (np.sqrt(s[i]) / root + 1e-8)

        return lambda: adam(arrays["x"], arrays["u"], arrays["s"], arrays["g"], 7.0)

    @numba.njit
    def heavy_ball(w, v, g):
        for i in range(w.size):
            v[i] = rho * v[i] - eta * g[i]
            w[i] += v[i]

    return lambda: heavy_ball(arrays["x"], arrays["u"], arrays["g"])


def lambdified(called, arrays):
    """SymPy's own function of the composed formulas, which gives new arrays."""
    v, w, s, g, t = sympy.symbols("v w s g t")
    eta, rho, beta = (sympy.Float(NUMBERS[n]) for n in ("eta", "rho", "beta"))
    if called == "heavy ball":
        new = rho * v - eta * g
        function = sympy.lambdify((v, w, g), [new, w + new], "numpy")
        return lambda: function(arrays["u"], arrays["x"], arrays["g"])
    v1, s1 = rho * v + (1 - rho) * g, beta * s + (1 - beta) * g**2
    w1 = w - eta / (1 - rho**t) * v1 / (sympy.sqrt(s1) / sympy.sqrt(1 - beta**t) + 1e-8)
    function = sympy.lambdify((v, s, w, g, t), [v1, s1, w1], "numpy")
    return lambda: function(arrays["u"], arrays["s"], arrays["x"], arrays["g"], 7.0)


def contenders(called, kind, size):
    """Everything that takes this step on arrays of its own kind, by name."""
    own = lambda: arrays_for(called, FLOATS[kind], size)
    arrays = own()
    found = {
        "stream": stream(called, arrays), "llvm": bound(called, "llvm", arrays), "c": bound(called, "c", arrays),
        "numpy": bound(called, "numpy", arrays), "torch": torch_step(called, own()),
        "torch foreach": torch_step(called, own(), foreach=True),
        "torch fused": torch_step(called, own(), fused=True), "optax": optax_step(called, own()),
    }  # fmt: skip
    if called in ("heavy ball", "Adam"):
        found |= {"lambdify": lambdified(called, arrays), "numba": numba_step(called, arrays)}
    return found


def large():
    """Yield rows 1 to 4."""
    times = {(c, k): interleaved(contenders(c, k, LARGE)) for c in RULES for k in FLOATS}
    speeds = {key: ratio(t, "stream", "llvm") for key, t in times.items()}
    worst = min(speeds, key=speeds.get)
    told = f"{min(speeds.values()):.2f} to {max(speeds.values()):.2f}, least for {' '.join(worst)}: {spread(times[worst], 'stream', 'llvm')}"
    yield Row(1, "llvm kernel, n = 1e7: speed / stream in C", ">= 0.85", "0.92 to 1.07", told,
              speeds[worst] >= 0.85, "all cases are below", _speeds(times),
              behind({" ".join(key): v >= 0.92 for key, v in speeds.items()}))  # fmt: skip
    fused = {key: ratio(t, "llvm", "torch fused") for key, t in times.items()}
    told = "; ".join(f"{c} {k} {spread(t, 'llvm', 'torch fused')}" for (c, k), t in times.items())
    yield Row(2, "the same: time / torch fused", "<= 1.05", "0.82 to 0.94", told, max(fused.values()) <= 1.05,
              behind=behind({" ".join(key): v <= 0.94 for key, v in fused.items()}))  # fmt: skip
    portable = {key: ratio(t, "lambdify", "numpy") for key, t in times.items() if "lambdify" in t}
    told = "; ".join(f"{c} {k} {v:.2f}" for (c, k), v in portable.items())
    yield Row(3, "numpy kernel, n = 1e7: speed / lambdify", ">= 3", "4", told, min(portable.values()) >= 3,
              behind=behind({" ".join(key): v >= 4 for key, v in portable.items()}))  # fmt: skip
    against = {
        (c, k): ratio(t, "numpy", "torch") for (c, k), t in times.items() if c in ("heavy ball", "Adam")
    }
    told = "; ".join(f"{c} {k} {v:.2f}" for (c, k), v in against.items())
    holds = all(v <= (1.1 if c == "heavy ball" else 0.5) for (c, _), v in against.items())
    yield Row(4, "numpy kernel: time / torch default, 1e7", "heavy ball <= 1.1, Adam <= 0.5", "0.9, 0.33", told, holds,
              behind=behind({f"{c} {k}": v <= (0.9 if c == "heavy ball" else 0.33) for (c, k), v in against.items()}))  # fmt: skip


def _speeds(times):
    """The table of all speeds in units of the stream."""
    names = ("llvm", "c", "numba", "numpy", "torch fused", "torch", "torch foreach", "optax", "lambdify")
    lines = [
        f"Row 1 in full, speed / stream:\n\n| case | {' | '.join(names)} |",
        "|---" * (len(names) + 1) + "|",
    ]
    for (called, kind), own in times.items():
        cells = (f"{ratio(own, 'stream', name):.2f}" if name in own else "" for name in names)
        lines.append(f"| {called} {kind} | {' | '.join(cells)} |")
    return "\n".join(lines)


def tiny():
    """Yield row 5."""
    arrays = arrays_for("heavy ball", np.float64, 2)
    u, x, g, scratch = arrays["u"], arrays["x"], arrays["g"], np.empty(2)

    def by_hand():
        np.multiply(0.9, u, out=u)
        np.multiply(0.001, g, out=scratch)
        np.subtract(u, scratch, out=u)
        np.add(x, u, out=x)

    own = lambda: arrays_for("heavy ball", np.float64, 2)
    times = interleaved({
        "by hand": by_hand, "llvm": bound("heavy ball", "llvm", own()), "c": bound("heavy ball", "c", own()),
        "numpy": bound("heavy ball", "numpy", own()), "numba": numba_step("heavy ball", own()),
        "torch": torch_step("heavy ball", own()), "optax": optax_step("heavy ball", own()),
    })  # fmt: skip
    others = ", ".join(
        f"{n} {ratio(times, n, 'by hand'):.2f}" for n in ("c", "numpy", "numba", "torch", "optax")
    )
    yield Row(5, "bound llvm call, n = 2: time / NumPy by hand with out=", "<= 0.15", "0.05 to 0.11",
              spread(times, "llvm", "by hand"), ratio(times, "llvm", "by hand") <= 0.15, others,
              behind=behind({"llvm": ratio(times, "llvm", "by hand") <= 0.11}))  # fmt: skip


def ulps():
    """Yield row 8."""
    from tests.unit.runtime import test_same_bits as same

    told, worst = [], 0
    for called, stated in same.METHODS.items():
        for dtype in (np.float64, np.float32):
            slopes, start = same.slopes_of(dtype), same.begun(stated, dtype)
            wanted = same.plain_python(stated, start, slopes, dtype)
            for backend in ("numpy", "llvm", "c"):
                state, made = start, optimizer(stated, backend, **same.chosen(stated))
                for given in slopes:
                    state = made.step(state, lambda w, g=given: g)
                pairs = [(state[n], wanted[n].astype(dtype)) for n in state if state[n].shape]
                apart = max(int(np.abs(a.view(f"i{a.itemsize}").astype(object)
                                       - b.view(f"i{b.itemsize}").astype(object)).max()) for a, b in pairs)  # fmt: skip
                worst = max(worst, apart)
        told.append(called)
    yield Row(8, "numpy, llvm, c against plain Python, 100 steps: ulp", "0", "0",
              f"{worst} in all {len(told) * 6} cases: {', '.join(told)}; f64 and f32", worst == 0)  # fmt: skip
