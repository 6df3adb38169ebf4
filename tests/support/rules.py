"""Rules of every kind on which programs, texts and kernels are tried."""

from sympy import Abs, Max, Rational, Symbol, exp, sign, sqrt

from physsym.core.statements import rule
from physsym.core.symbols import after, before, grad, partial
from physsym.vocabulary import G, eta, rho, t, u, x

CHOSEN = {"eta": 0.1, "rho": 0.7}

y, s, z = (Symbol(name, real=True) for name in "ysz")
descent = rule({x: x - eta * G})
momentum = rule({u: rho * u - eta * G, x: x + after(u)})
ahead = rule({u: rho * u - eta * grad(x + rho * u), x: x + after(u)})
recurrence = rule({x: x - eta * G + rho * (x - before(x))})
adam = rule({
    u: rho * u + (1 - rho) * G,
    s: rho * s + (1 - rho) * G**2,
    x: x - eta * after(u) / (sqrt(after(s)) + Rational(1, 100)),
})  # fmt: skip
_second = 1 - (1 - rho) ** 2
corrected = rule({
    t: t + 1,
    u: rho * u + (1 - rho) * G,
    s: _second * s + (1 - _second) * G**2,
    x: x - eta * (after(u) / (1 - rho ** after(t))) / (
        sqrt(after(s) / (1 - _second ** after(t))) + Rational(1, 10**8)),
})  # fmt: skip
rms = rule({s: rho * s + (1 - rho) * G**2, x: x - eta * G / sqrt(after(s) + Rational(1, 10**6))})
game = rule({x: x - eta * partial(1, x, y), y: y + eta * partial(2, x, y)})
RULES = {
    "descent": descent,
    "momentum": momentum,
    "ahead": ahead,
    "recurrence": recurrence,
    "adam": adam,
    "rms": rms,
    "swap": rule({x: u + G, u: x}),
    "three deep": rule({x: x + before(before(x)) / 2 - eta * G}),
    "last gradient": rule({x: x - eta * (2 * G - u), u: G}),
    "positions first": rule({x: x + u, u: rho * u - eta * G}),
    "reads the old value late": rule(
        {x: u * (rho * x + G * (x + u)), u: u * (x - after(x)) / 3, z: x + u + z}
    ),
    "shared parts": rule(
        {u: (x + u) ** 2 * G + exp(-((x + u) ** 2)), x: Max(x + u, after(u), 0) - Abs(x) ** 3}
    ),
    "signs": rule({x: x - eta * sign(G), u: -u, z: -eta * z - 1}),
    "constants": rule({x: x - G, u: eta, z: 1 + rho}),
    "quarter powers": rule({x: x - eta * G / sqrt(Abs(x) + 1) ** 3, u: (Abs(u) + 1) ** Rational(1, 4)}),
    "no gradient": rule({x: x - eta * (x**3 - x)}),
    "game": game,
}
ALL = RULES | {"adam with its corrections": corrected}
