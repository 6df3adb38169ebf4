"""Rules of the literature and of libraries, written by hand, for the tests of equivalence."""

from sympy import Symbol

from physsym import after, before, grad, rule
from physsym.vocabulary import x


def real(names):
    return [Symbol(name, real=True) for name in names.split()]


a, b, c, e, nu, s, m, y, ys, buf, mu = real("a b c e nu s m y ys buf mu")
MOMENTUM = (a > 0, b >= 0, b < 1)
moved = x - before(x)

# S. Zhao, L. Lessard, M. Udell, An automatic system to detect equivalence between iterative algorithms, 2021.
SEVEN = {
    "GD": rule({x: x - a * grad(x)}, ranges=(a > 0,)),
    "HB": rule({x: x + b * moved - a * grad(x)}, ranges=MOMENTUM),
    "NAG": rule({x: x + b * moved - a * grad(x + b * moved)}, ranges=MOMENTUM),
    "TMM": rule({x: x + b * moved - a * grad(x + c * moved)}, ranges=MOMENTUM),
    "QHM": rule(
        {m: b * m + (1 - b) * grad(x), x: x - a * ((1 - nu) * grad(x) + nu * after(m))}, ranges=MOMENTUM
    ),
    "SUM": rule(
        {y: x - a * grad(x), ys: x - s * a * grad(x), x: after(y) + b * (after(ys) - ys)},
        start={ys: x},
        ranges=MOMENTUM,
    ),
    "OMD": rule({m: grad(x), x: x - 2 * e * grad(x) + e * m}, ranges=(e > 0,)),
}
