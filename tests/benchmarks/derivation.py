"""How fast laws are derived, checked and expanded, as ratios of CPU times taken in one run.

Each row measures one round; the table shows the median of several. Processes are fresh where that matters,
and the CPU time of their children (z3) counts. Run by `python -m tests.benchmarks.derivation`.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count

import sympy
from sympy import Function, Matrix, Rational, cos, eye, sin
from sympy.core.cache import clear_cache
from sympy.physics.mechanics import LagrangesMethod, dynamicsymbols

from physsym import Integrate, System, apply, dot, identical, law, rule
from physsym.analysis.modified_equations import modified_equation
from physsym.integrators import semi_implicit_euler
from physsym.vocabulary import G, dt, eta, gamma, m, v, x
from tests.benchmarks import timing


@dataclass(frozen=True)
class Row:
    """A line of the table: the number of the goal, what is compared, what must hold, and one round of it."""

    number: str
    says: str
    floor: str
    measure: Callable[[], float]
    rounds: int = 7
    beside: str = ""
    quick: int = timing.QUICK

    def __str__(self) -> str:
        return f"| {self.number} | {self.says} | {self.floor} | {statistics.median(self.measured):.3g} |"

    @property
    def measured(self) -> list[float]:
        """Return what the rounds give, one after the other."""
        return [self.measure() for _ in range(timing.rounds(self.rounds, self.quick))]


def cpu(work: Callable[[], object]) -> float:
    """Return the seconds of CPU time that a piece of work takes in this process."""
    start = time.process_time()
    work()
    return time.process_time() - start


# Without its byte code SymPy would be compiled anew in each process.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def process(*command: str) -> float:
    """Return the seconds of CPU time of a fresh Python process and all that it starts."""
    before = os.times()
    subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
    after = os.times()
    spent = after.children_user + after.children_system
    return spent - before.children_user - before.children_system


def printed(program: str) -> list[str]:
    """Return the words that a program prints in a fresh process."""
    command = [sys.executable, "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=ENVIRONMENT).stdout.split()


def against_sympy(*command: str) -> float:
    """Return the time of a command in units of `import sympy`, each in a process of its own."""
    return process(*command) / process("-c", "import sympy")


SOURCE = """
import os
def spent():
    return sum(os.times()[:4])
start = spent()
import sympy
loaded = spent()
from dataclasses import replace
def derived():
    from derivations import gradient_descent, momentum
    from physsym import derivation as kept, latex
    from physsym.verify import conditions, identity, integrate
    from physsym.verify.engines import smt
    for memory in (kept._checked, kept._proposed, kept._agreeing, conditions._consistent, smt._implies,
                   identity._answered, integrate._starts):
        memory.cache_clear()
    for script in (gradient_descent, momentum):
        derivation = replace(script.derivation)
        assert all(derivation.verdicts())
        for line in derivation.lines:
            for face in ("physics", "learning"):
                latex(line, face)
derived()
first = spent()
for _ in range(10):
    derived()
print((first - loaded) / (loaded - start), (spent() - first) / 10 / (loaded - start))
"""


def source(*, warm: bool) -> float:
    """Return the time of the source's two derivations, checked and as LaTeX, in units of `import sympy`.

    Nothing is remembered but what SymPy and the imports keep.
    """
    return float(printed(SOURCE)[warm])


CHECK = """
import contextlib, io, os
def spent():
    return sum(os.times()[:4])
start = spent()
import sympy
loaded = spent()
from physsym.__main__ import main
names = ("friction", "gradient_descent", "momentum", "newton", "stale")
with contextlib.redirect_stdout(io.StringIO()):
    assert main(["check", *(f"derivations/{name}.py" for name in names)]) == 0
print((spent() - loaded) / (loaded - start))
"""


def checked() -> float:
    """Return the time of the check of all shipped derivations, own imports included, over `import sympy`."""
    return float(printed(CHECK)[0])


def by_expressions(order: int) -> sympy.Expr:
    """Return the modified equation of gradient descent by the same recursion, in SymPy's expressions."""
    f = Function("f")(x)
    fields, lie = [], {(1, 1): -f}
    for n in range(1, order + 2):
        for i in range(2, n + 1):
            parts = (fields[k - 1] * lie[i - 1, n - k].diff(x) for k in range(1, n - i + 2))
            lie[i, n] = sympy.expand(sum(parts))
        lie[1, n] = (-f if n == 1 else 0) - sum(lie[i, n] / sympy.factorial(i) for i in range(2, n + 1))
        fields.append(lie[1, n])
    return sympy.expand(sum(field * eta**k for k, field in enumerate(fields)))


def modified_against_expressions() -> float:
    """Return the time of a modified equation of order 6 over that of the recursion in expressions."""
    ours = cpu(lambda: modified_equation(rule({x: x - eta * G}), eta, 6))
    clear_cache()
    return ours / cpu(lambda: by_expressions(6))


MOMENTUM = apply(Integrate(semi_implicit_euler, dt), law({dot(x): v, dot(v): -gamma * v / m - G / m}))

TREES = """
import time
from physsym.analysis.b_series import modified_coefficients
from physsym.integrators import explicit_midpoint
start = time.process_time()
modified_coefficients(explicit_midpoint, 9)
print(1000 * (time.process_time() - start))
"""


def trees() -> float:
    """Return the milliseconds of the modified coefficients of the midpoint to order 9, tables included."""
    return float(printed(TREES)[0])


def pendula(angles: Sequence[sympy.Expr], velocities: Sequence[sympy.Expr]) -> sympy.Expr:
    """Return the Lagrangian of a chain of equal pendula."""
    length, gravity = sympy.symbols("ell g", positive=True)
    energy, along, up, height = 0, 0, 0, 0
    for angle, velocity in zip(angles, velocities, strict=True):
        along, up = along + length * cos(angle) * velocity, up + length * sin(angle) * velocity
        height -= length * cos(angle)
        energy += m * (along**2 + up**2) / 2 - m * gravity * height
    return energy


def chain(n: int = 10) -> float:
    """Return the time of the law of a chain of pendula over that of SymPy's LagrangesMethod."""
    ours = sympy.symbols(f"q:{n}", real=True)
    system = System(ours, pendula(ours, [dot(q) for q in ours]))
    clear_cache()
    mine = cpu(system.law)
    # It takes ten seconds: rows 17 and S11 of a quick run have it in common.
    return mine / (by_sympy(n) if timing.is_quick() else by_sympy.__wrapped__(n))


@cache
def by_sympy(n: int) -> float:
    """Return the seconds that SymPy's LagrangesMethod takes for the law of a chain of pendula."""
    theirs = dynamicsymbols(f"p:{n}")
    method = LagrangesMethod(pendula(theirs, [p.diff(dynamicsymbols._t) for p in theirs]), theirs)
    clear_cache()
    return cpu(lambda: (method.form_lagranges_equations(), method.mass_matrix, method.forcing))


_fresh = (f"_{k}" for k in count())


def determinants() -> tuple[sympy.Expr, sympy.Expr]:
    """Return the determinant of a step of Kutta's method on the damped oscillator, and the same expanded."""
    h, k, c = sympy.symbols(f"h{next(_fresh)} k{next(_fresh)} c{next(_fresh)}", real=True)
    a = Matrix([[0, 1], [-k, -c]]) * h
    step = eye(2) + a + a**2 / 2 + a**3 / 6 + a**4 / 24
    return step[0, 0] * step[1, 1] - step[0, 1] * step[1, 0], sympy.horner(step.det().expand(), h)


def quotients() -> tuple[sympy.Expr, sympy.Expr]:
    """Return two forms of the momentum left by friction at the midpoint, divided by what friction took."""
    h, c, mass = sympy.symbols(f"h{next(_fresh)} c{next(_fresh)} m{next(_fresh)}", positive=True)
    kept = (2 * mass - c * h) / (2 * mass + c * h)
    return kept / (1 - kept) + 1 / (1 + c * h / mass), mass / (c * h) - Rational(1, 2) + mass / (mass + c * h)


def zero(sides: Callable[[], tuple[sympy.Expr, sympy.Expr]]) -> float:
    """Return the time of the proof that two sides agree, by all engines, over that of `simplify`."""
    left, right = sides()
    clear_cache()
    ours = cpu(lambda: _proved(left, right))
    clear_cache()
    return ours / cpu(lambda: sympy.simplify(left - right))


def _proved(left: sympy.Expr, right: sympy.Expr) -> None:
    if not identical(left, right):
        raise AssertionError(f"{left} and {right} should agree")


def in_phase_space() -> float:
    """Return the milliseconds of the modified equation of momentum to order 6."""
    return 1000 * cpu(lambda: modified_equation(MOMENTUM, dt, 6))


# fmt: off
ROWS = (
    Row("12", "the source's derivations, checked, LaTeX on both faces, first / import sympy", "<= 0.6",
        lambda: source(warm=False)),
    Row("12", "the same, warm / import sympy", "<= 0.15", lambda: source(warm=True)),
    Row("13", "import physsym / import sympy", "<= 1.10", lambda: against_sympy("-c", "import physsym")),
    Row("14", "modified equation of gradient descent to order 6 / recursion in expressions", "<= 0.05",
        modified_against_expressions),
    Row("15", "modified coefficients of the midpoint to order 9, tables included, ms", "<= 25", trees,
        beside="pybs, which would stand beside it, cannot be installed: what is published as 0.1 is of Python 2"
               " and lacks its own modules"),
    Row("16", "modified equation of momentum in phase space to order 6, ms", "<= 30", in_phase_space),
    Row("17", "law of a chain of 10 pendula / LagrangesMethod", "<= 0.4", chain, rounds=3, quick=1),
    Row("18", "determinant identity proved / simplify", "<= 0.3", lambda: zero(determinants)),
    Row("18", "rational identity proved / simplify", "<= 0.3", lambda: zero(quotients)),
    Row("-", "check of the shipped derivations in a process that has SymPy, no verdict kept / import sympy",
        "<= 1.5", checked),
    Row("-", "the whole command physsym check of one derivation / import sympy", "<= 1.5",
        lambda: against_sympy("-m", "physsym", "check", "derivations/gradient_descent.py")),
)
# fmt: on


def main() -> None:
    """Print the table."""
    print("| goal | what | floor | measured |\n|---|---|---|---|")
    for row in ROWS:
        print(row, flush=True)


if __name__ == "__main__":
    main()
