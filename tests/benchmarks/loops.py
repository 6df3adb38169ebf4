"""Rows 9 to 11: whole trajectories and sweeps."""

from __future__ import annotations

import ctypes

import numpy as np
import sympy

from physsym.codegen import program, scalarise
from physsym.runtime.backends import load_backend
from physsym.runtime.backends.c import library
from physsym.runtime.potentials import potential_formula
from tests.benchmarks.rules import RULES
from tests.benchmarks.timing import Row, behind, interleaved, ratio, spread

ETA, RHO, STEPS, SIDE = 0.0005, 0.9, 20_000, 1000
VISIBLE = '__attribute__((visibility("default"))) '
SLOPES = {
    "quadratic": ("20*a", "b"),
    "rosenbrock": ("-2*(1 - a) - 400*a*(b - a*a)", "200*(b - a*a)"),
}
POTENTIALS = {"quadratic": [20.0, 1.0], "rosenbrock": "rosenbrock"}
BODY = "const double ga = {}, gb = {}; p = rho*p - eta*ga; q = rho*q - eta*gb; a += p; b += q;"


def ours(called):
    """The heavy ball on two components, as a program."""
    return scalarise(program(RULES["heavy ball"]), potential_formula(POTENTIALS[called]).gradient, 2)


def in_c(called, fma):
    """The loop by hand in C."""
    text = f"""{VISIBLE}void physsym_loop(long n, double *s, double eta, double rho)
    {{ double p = s[0], q = s[1], a = s[2], b = s[3];
       for (long k = 0; k < n; ++k) {{ {BODY.format(*SLOPES[called])} }}
       s[0] = p; s[1] = q; s[2] = a; s[3] = b; }}
    """
    function = library(text, fma).physsym_loop
    state, double = np.empty(4), ctypes.c_double

    def run():
        state[:] = 0, 0, -1.2, 1
        function(ctypes.c_long(STEPS), ctypes.c_void_p(state.ctypes.data), double(ETA), double(RHO))

    return run


def in_jax(called):
    """The loop by JAX's fori_loop."""
    import jax

    def slopes(a, b):
        if called == "quadratic":
            return 20 * a, b
        return -2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)

    def body(_, state):
        p, q, a, b = state
        ga, gb = slopes(a, b)
        p, q = RHO * p - ETA * ga, RHO * q - ETA * gb
        return p, q, a + p, b + q

    loop = jax.jit(lambda state: jax.lax.fori_loop(0, STEPS, body, state))
    start = tuple(map(jax.numpy.float64, (0.0, 0.0, -1.2, 1.0)))
    return lambda: jax.block_until_ready(loop(start))


def solvers(called):
    """Solvers of the equation of motion with friction, and how many steps, or calls, each takes."""
    import diffrax
    import jax
    from scipy.integrate import solve_ivp

    ga, gb = SLOPES[called]
    slopes = eval(f"lambda a, b: ({ga}, {gb})")
    start, end, size = (0.0, 0.0, -1.2, 1.0), 20.0, 0.001

    def motion(t, y, _=None):
        da, db = slopes(y[2], y[3])
        return (-y[0] - da, -y[1] - db, y[0], y[1])

    term, steps = diffrax.ODETerm(motion), round(end / size)
    solve = jax.jit(
        lambda: diffrax.diffeqsolve(term, diffrax.Euler(), 0.0, end, size, start, max_steps=steps + 9).ys
    )
    calls = solve_ivp(motion, (0, end), start).nfev
    return {
        "diffrax Euler": (lambda: jax.block_until_ready(solve()), steps),
        "scipy RK45": (lambda: solve_ivp(motion, (0, end), start), calls),
    }


def lambdified(called, steps):
    """A Python loop over SymPy's function of the composed formulas."""
    p, q, a, b = sympy.symbols("p q a b")
    ga, gb = (sympy.sympify(text, locals={"a": a, "b": b}) for text in SLOPES[called])
    eta, rho = sympy.symbols("eta rho")
    new = rho * p - eta * ga, rho * q - eta * gb
    step = sympy.lambdify((p, q, a, b, eta, rho), [*new, a + new[0], b + new[1]], "math")

    def run():
        state = (0.0, 0.0, -1.2, 1.0)
        for _ in range(steps):
            state = step(*state, ETA, RHO)

    return run


def trajectories():
    """Yield rows 9 and 10."""
    start, told, beside, far, near, reached = [0.0, 0.0, -1.2, 1.0], [], [], [], [], {}
    for called in SLOPES:
        others = solvers(called)
        llvm = load_backend("llvm").capabilities.rollout
        exact, fused = (llvm(ours(called), [ETA, RHO], fma=fma) for fma in (False, True))
        plain = load_backend("numpy").capabilities.rollout(ours(called), [ETA, RHO])
        times = interleaved({
            "llvm": lambda run=exact: run(0, 1, STEPS, start), "llvm fma": lambda run=fused: run(0, 1, STEPS, start),
            "gcc": in_c(called, False), "gcc fma": in_c(called, True), "jax": in_jax(called),
            "python": lambda run=plain: run(0, 1, STEPS, start), "lambdify": lambdified(called, STEPS),
            **{name: action for name, (action, _) in others.items()},
        })  # fmt: skip
        told.append(f"{called}: / gcc {spread(times, 'llvm', 'gcc')}, both with FMA "
                    f"{spread(times, 'llvm fma', 'gcc fma')}, / jax {spread(times, 'llvm', 'jax')}, both with FMA "
                    f"{spread(times, 'llvm fma', 'jax')}")  # fmt: skip
        near += [(ratio(times, "llvm", "gcc"), ratio(times, "llvm", "jax"))]
        reached |= {f"{called} / gcc": near[-1][0] <= 1.4, f"{called} / jax": near[-1][1] <= 0.56}
        reached |= {f"{called} / jax, both with FMA": ratio(times, "llvm fma", "jax") <= 0.56}
        far.append((called, *(ratio(times, "lambdify", n) for n in ("llvm", "llvm fma", "python"))))
        solved = ", ".join(f"{n} {min(times[n]) / count * 1e9:.0f}" for n, (_, count) in others.items())
        beside.append(
            f"{called} {min(times['llvm']) / STEPS * 1e9:.1f} ns a step ({solved} on its equation of motion)"
        )
    holds = all(gcc <= 1.5 and jax <= 0.7 for gcc, jax in near)
    yield Row(9, "trajectory: time / gcc loop; / jax fori_loop", "<= 1.5; <= 0.7", "1.0 to 1.4; 0.39 to 0.56",
              "; ".join(told), holds, "; ".join(beside) + "; every step is tested for what is not finite",
              behind=behind(reached))  # fmt: skip
    yield Row(10, "trajectory: speed / Python loop over lambdify('math')", ">= 100", "174 to 240",
              "; ".join(f"{c} {exact:.0f}, with FMA {fused:.0f}" for c, exact, fused, _ in far),
              all(fused >= 100 for _, _, fused, _ in far),
              "the target is of loops with FMA, and those are held against the floor; generated loop of plain Python: "
              + ", ".join(f"{c} {plain:.1f}" for c, _, _, plain in far),
              behind=behind({c: fused >= 174 for c, _, fused, _ in far}))  # fmt: skip


def cells_in_c(called, start, numbers, steps):
    """The sweep by hand in C: blocks of 32 cells, the loop over steps inside."""
    ga, gb = (t.replace("a", "a[l]").replace("b", "b[l]") for t in SLOPES[called])
    text = f"""{VISIBLE}void physsym_cells(long n, long steps, const double *z, const double *c, double *s)
    {{ for (long i = 0; i < n; i += 32) {{
         double p[32], q[32], a[32], b[32], eta[32], rho[32];
         for (int l = 0; l < 32; ++l) {{ p[l] = z[0]; q[l] = z[1]; a[l] = z[2]; b[l] = z[3];
            eta[l] = c[i + l]; rho[l] = c[n + i + l]; }}
         for (long k = 0; k < steps; ++k)
           for (int l = 0; l < 32; ++l) {{ const double ga = {ga}, gb = {gb};
             p[l] = rho[l]*p[l] - eta[l]*ga; q[l] = rho[l]*q[l] - eta[l]*gb; a[l] += p[l]; b[l] += q[l]; }}
         for (int l = 0; l < 32; ++l) {{ s[i + l] = p[l]; s[n + i + l] = q[l]; s[2*n + i + l] = a[l];
            s[3*n + i + l] = b[l]; }} }} }}
    """
    function, (_, cells) = library(text, fma=False).physsym_cells, numbers.shape
    states, long = np.empty((len(start), cells)), ctypes.c_long
    arrays = [a.ctypes.data_as(ctypes.c_void_p) for a in (start, numbers, states)]

    def run():
        function(long(cells), long(steps), *arrays)

    return run


def sweeps():
    """Yield row 11."""
    side, steps = SIDE, 200
    eta, rho = np.meshgrid(np.linspace(1e-5, 1e-3, side), np.linspace(0, 0.95, side), indexing="ij")
    numbers = np.array([eta.ravel(), rho.ravel()])
    start = np.array([0.0, 0.0, -1.2, 1.0])
    told, holds, beside, reached = [], True, [], {}
    for called in SLOPES:
        times = interleaved(sweepers(called, start, numbers, steps), 15)
        fused = [n for n in times if n.startswith("jax")]
        against = {n: spread(times, n, "llvm") for n in times if not n.startswith("llvm")}
        against |= {f"{n}, both with FMA": spread(times, n, "llvm with FMA") for n in fused}
        told.append(f"{called}: " + ", ".join(f"/ {n} {v}" for n, v in against.items()))
        # XLA contracts products and sums: its equal is the kernel that may do so too.
        jax = min(ratio(times, n, "llvm with FMA") for n in fused)
        reached |= {
            f"{called} / jax": jax >= 9,
            f"{called} / lambdify": ratio(times, "lambdify", "llvm") >= 36,
            f"{called} / gcc": ratio(times, "gcc", "llvm") >= 1.1,
        }
        holds &= ratio(times, "lambdify", "llvm") >= 20 and jax >= 5 and ratio(times, "gcc", "llvm") >= 0.8
        beside.append(f"{called} {side * side * steps / min(times['llvm']) / 1e9:.2f}e9 point-steps a second")
    beside.append("XLA contracts products and sums by itself: what counts against JAX is with FMA on both")
    yield Row(11, "sweep: speed / numpy lambdify; / best jax; / gcc in blocks", ">= 20; >= 5; >= 0.8",
              "36 to 60; 9 to 17; 1.1", "; ".join(told), holds, "; ".join(beside),
              behind=behind(reached))  # fmt: skip


def sweepers(called, start, numbers, steps):
    import jax

    eta, rho = numbers
    p, q, a, b, e, r = sympy.symbols("p q a b e r")
    ga, gb = (sympy.sympify(text, locals={"a": a, "b": b}) for text in SLOPES[called])
    new = r * p - e * ga, r * q - e * gb
    step = sympy.lambdify((p, q, a, b, e, r), [*new, a + new[0], b + new[1]], "numpy")

    def lambdified():
        state = tuple(np.full(eta.shape, value) for value in start)
        for _ in range(steps):
            state = step(*state, eta, rho)

    def cell(e, r):
        def body(_, state):
            p, q, a, b = state
            if called == "quadratic":
                ga, gb = 20 * a, b
            else:
                ga, gb = -2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)
            p, q = r * p - e * ga, r * q - e * gb
            return p, q, a + p, b + q

        return jax.lax.fori_loop(0, steps, body, (e * 0, e * 0, e * 0 - 1.2, e * 0 + 1.0))

    at_once = jax.jit(jax.vmap(cell))
    by_rows = jax.jit(lambda e, r: jax.lax.map(lambda er: jax.vmap(cell)(*er), (e, r)))
    rows = [jax.numpy.array(v.reshape(-1, SIDE)) for v in numbers]
    flat = [jax.numpy.array(v) for v in numbers]

    made, given, cells = ours(called), list(numbers), numbers.shape[1]

    llvm, numpy = (load_backend(b).capabilities.sweep for b in ("llvm", "numpy"))

    def in_lanes(fma):
        return lambda: llvm(made, start, given, cells, steps, 1, fma=fma)

    return {
        "llvm": in_lanes(False), "llvm with FMA": in_lanes(True), "gcc": cells_in_c(called, start, numbers, steps),
        "numpy blocks": lambda: numpy(made, start, given, cells, steps, 1), "lambdify": lambdified,
        "jax vmap": lambda: jax.block_until_ready(at_once(*flat)),
        "jax map of vmap": lambda: jax.block_until_ready(by_rows(*rows)),
    }  # fmt: skip
