"""The rules that are timed, and the streams that bound each."""

from sympy import Rational, Symbol, sqrt

from physsym.core.statements import parameters, rule
from physsym.core.symbols import after
from physsym.vocabulary import G, eta, rho, t, u, x

s, beta = Symbol("s", real=True), Symbol("beta", real=True)
NUMBERS = {"eta": 0.001, "rho": 0.9, "beta": 0.999}
RULES = {
    "gradient descent": rule({x: x - eta * G}),
    "heavy ball": rule({u: rho * u - eta * G, x: x + after(u)}),
    "Nesterov": rule({u: rho * u + G, x: x - eta * (G + rho * after(u))}),
    "Adam": rule({
        t: t + 1, u: rho * u + (1 - rho) * G, s: beta * s + (1 - beta) * G**2,
        x: x - eta / (1 - rho ** after(t)) * after(u)
           / (sqrt(after(s)) / sqrt(1 - beta ** after(t)) + Rational(1, 10**8)),
    }),
}  # fmt: skip
# What every kernel must at least read and write, by hand in C, at almost no arithmetic.
STREAM = {
    "gradient descent": "w[i] -= c*g[i];",
    "heavy ball": "const T k = c*v[i] - c*g[i]; v[i] = k; w[i] += k;",
    "Nesterov": "const T k = c*v[i] - c*g[i]; v[i] = k; w[i] += k;",
    "Adam": "const T k = c*v[i] + g[i]; const T l = c*s[i] + g[i]; v[i] = k; s[i] = l; w[i] -= c*k;",
}


def chosen(stated):
    """Return the parameters of a rule."""
    return {str(p): NUMBERS[str(p)] for p in parameters(stated)}
