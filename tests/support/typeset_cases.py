"""Lines of the textbook, random formulas, and when a printed line says what the statement says."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from sympy import Abs, Add, Float, I, Integer, Mul, Rational, Symbol, exp, nan, oo, sign, zoo

from physsym.core.statements import Equation, Law, Rule, law, rule, states
from physsym.core.symbols import after, before, dot, grad, hess, higher, partial, potential
from physsym.vocabulary import G, U, alpha, dt, eta, gamma, lam, m, rho, t, tau, u, v, x
from tests.support.latex_reader import read_lines
from tests.support.tiers import examples

FACES = ("physics", "learning")
p, s, y, mu = (Symbol(name, positive=True) for name in ("p", "s", "y", "mu"))
beta = Symbol("beta_1", positive=True)
ENERGY = {"physics": "U", "learning": "L"}
GLYPHS = {
    r"\mathbf{u}": u, r"\mathbf{v}": v, r"\Delta t": dt, r"\tau": tau, r"\gamma": gamma, r"\eta": eta,
    r"\rho": rho,
    r"\alpha": alpha, r"\lambda": lam, "m": m, "t": t, "y": y, "p": p, "s": s, r"\mu": mu, r"\beta_{1}": beta,
}  # fmt: skip
ON_FACE = {"physics": GLYPHS | {r"\mathbf{x}": x}, "learning": GLYPHS | {r"\mathbf{w}": x}}

half = s / 2
TEXTBOOK = {
    "Newton's second law with friction": law({m * dot(dot(x)): -G - gamma * dot(x)}),
    "The same in terms of the velocity": law({m * dot(v): -G - gamma * v, dot(x): v}),
    "Divided by the friction": law({tau * dot(dot(x)): -dot(x) - G / gamma}),
    "The relaxation time": Equation(tau, m / gamma),
    "Without inertia": law({0: -G / gamma - dot(x)}),
    "The velocity is the force over the friction": law({dot(x): -G / gamma}),
    "A difference quotient": law({(after(x) - x) / dt: -G / gamma}),
    "Forward Euler": rule({x: x - dt * G / gamma}),
    "The learning rate": Equation(eta, dt / gamma),
    "Gradient descent": rule({x: x - eta * G}),
    "Split into two equations": law({dot(v): -G / (gamma * tau) - v / tau, dot(x): v}),
    "Semi-implicit Euler": rule({v: v - dt / tau * v - dt * G / (gamma * tau), x: x + dt * after(v)}),
    "Semi-implicit Euler, collected": rule({
        v: (1 - dt / tau) * v - dt * G / (gamma * tau),
        x: x + dt * after(v),
    }),
    "The momentum coefficient": Equation(rho, 1 - dt / tau),
    "Momentum": rule({u: rho * u - (1 - rho) * eta * G, x: x + after(u)}),
    "Momentum as SymPy may store it": rule({u: rho * u + (rho - 1) * eta * G, x: x + after(u)}),
    "Momentum of the textbooks": rule({u: rho * u - alpha * G, x: x + after(u)}),
    "The step size of momentum": Equation(alpha, (1 - rho) * eta),
    "Nesterov": rule({u: rho * u - alpha * grad(x + rho * u), x: x + after(u)}),
    "Heavy ball in one line": rule({x: (1 + rho) * x - rho * before(x) - (1 - rho) * eta * G}),
    "Exponential Euler": rule({u: exp(-dt / tau) * u - (1 - exp(-dt / tau)) * eta * G, x: x + after(u)}),
    "Trapezoid": Equation(rho, (1 - half) / (1 + half)),
    "Characteristic polynomial": mu**2 - (1 + rho - (1 - rho) * eta * lam) * mu + rho,
    "Discriminant": (1 + rho - (1 - rho) * eta * lam) ** 2 - 4 * rho,
    "Lagrangian": m * dot(x) ** 2 / 2 - U,
    "Friction with a power": law({m * dot(v): -G - gamma * Abs(v) ** (p - 1) * sign(v)}),
    "Modified equation": law({dot(x): -G - eta / 2 * hess(x) * G}),
    "Two coordinates": law({gamma * dot(x): -partial(1, x, y), gamma * dot(y): -partial(2, x, y)}),
    "Slope at a shifted place": partial(1, x + dt * v, y),
    "A value decaying": Equation(v, exp(-t / tau) * dot(x)),
}  # fmt: skip


def sides(statement):
    """Return the sides of each line of a statement, a target one step later."""
    match statement:
        case Law():
            return [(e.left, e.right) for e in statement.equations]
        case Rule():
            return [(after(w.target), w.value) for w in statement.updates]
        case Equation():
            return [(statement.left, statement.right)]
        case _:
            return [(statement,)]


def indexed(statement):
    if isinstance(statement, Rule):
        return [state for state in states(statement) if not state.name.endswith("-")]
    return (
        [x]
        if after(x) in frozenset().union(*(e.free_symbols for line in sides(statement) for e in line))
        else []
    )


def value_at(expression, point):
    """Return the value at a point, with arbitrary polynomials for the potential and its derivatives."""
    for opaque, weight in ((potential, 2), (grad, 3), (hess, 5), (partial, 7), (higher, 11)):

        def polynomial(*places, weight=weight):
            return sum((weight + i) * a**2 + a / (weight + i) for i, a in enumerate(places)) - Rational(
                1, weight
            )

        expression = expression.replace(opaque, polynomial)
    return expression.xreplace(point)


def point_of(expressions):
    """Return an arbitrary rational value for each symbol."""
    mentioned = sorted(frozenset().union(*(e.free_symbols for e in expressions)), key=str)
    return {symbol: Rational(7 * i + 5, 3 * i + 8) for i, symbol in enumerate(mentioned)}


def same(left, right):
    if left == right:
        return True
    point = point_of((left, right))
    values = [value_at(e, point) for e in (left, right)]
    undefined = [value.has(nan, zoo, oo) for value in values]
    if any(undefined):
        return all(undefined)
    difference = (values[0] - values[1]).evalf(30, chop=True)
    size = max(1, abs(values[0].evalf(30)))
    return bool(abs(difference) < size * Float("1e-20"))


def assert_reads_back(text, statement, face):
    lines = read_lines(text, ON_FACE[face], ENERGY[face], indexed(statement))
    wanted = sides(statement)
    assert [len(line) for line in lines] == [len(line) for line in wanted]
    for read, line in zip(lines, wanted, strict=True):
        for one, other in zip(read, line, strict=True):
            assert same(one, other), f"{text} was read as {one}, expected {other}"


scalars = st.sampled_from((m, gamma, dt, tau, eta, rho, lam, p, beta))
numbers = st.builds(Rational, st.integers(-4, 4), st.integers(1, 4))
exponents = st.sampled_from(
    (Integer(2), Integer(3), Integer(-1), Integer(-2), Rational(1, 2), Rational(-1, 2), p)
)


def grown(leaves):
    def larger(inner):
        return st.one_of(
            st.builds(Add, inner, inner, inner),
            st.builds(Mul, inner, inner),
            st.builds(lambda a, b: a - b, inner, inner),
            st.builds(lambda a, b: a / b, inner, inner),
            st.builds(lambda a, n: Abs(a) ** n, inner, exponents),
            st.builds(lambda a, n: a**n, inner, st.sampled_from((2, 3, -1))),
            st.builds(lambda a, b: exp(-a / b), leaves, leaves),
            st.builds(lambda f, a: f(a), st.sampled_from((grad, potential, hess, sign, Abs)), inner),
        )

    return st.recursive(leaves, larger, max_leaves=8).filter(lambda e: not e.has(oo, zoo, nan, I))


formulas = grown(st.one_of(scalars, numbers, st.sampled_from((x, v, u, dot(x), dot(dot(x)), dot(v)))))
values = grown(st.one_of(scalars, numbers, st.sampled_from((x, u, before(x)))))
patient = settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))
