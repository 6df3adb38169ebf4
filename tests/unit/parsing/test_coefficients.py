"""The letters d and e as coefficients, and bars side by side: what LaTeX means, in each reading."""

import pytest
from sympy import Abs, E, Integer, Symbol, cos, symbols
from sympy import Function as Undefined

from physsym.parsing import ReadError, read
from physsym.parsing.meanings import meanings

a, b, c, d, e, k, p, t, u, v, x, y, theta = symbols("a b c d e k p t u v x y theta", real=True)
dx, dy, dt, T = symbols("dx dy dt T", real=True)
f = Undefined("f")

ONE = {
    "f(x) = c x^2 + d x": (f(x), c * x**2 + d * x),
    "y = c x^2+d x+e": (y, c * x**2 + d * x + e),
    "a x^4 + b x^3 + c x^2 + d x + e = 0": (a * x**4 + b * x**3 + c * x**2 + d * x + e, Integer(0)),
    "cx + dy = u": (c * x + d * y, u),
    r"\int (c x^2 + d x)\,dx": (Undefined("\\int")(c * x**2 + d * x, x),),
    # differentials in each term, in an integral, in a quotient
    "dy = y dx": (dy, y * dx),
    "a dx + b dy = 0": (a * dx + b * dy, Integer(0)),
    "c d x = d y": (c * dx, dy),
    "T d x - p d y = d t": (T * dx - p * dy, dt),
    r"\int f d x": (Undefined("\\int")(Symbol("f", real=True), x),),
    r"\frac{d x}{x} = k d t": (dx / x, k * dt),
    "d x/d t = v": (Symbol("x'", real=True), v),
    # a step without a space is one name
    "y = x + v dt": (y, x + v * dt),
    # bars
    "|ab| = |a||b| = ab": (Abs(a * b), Abs(a) * Abs(b), a * b),
    r"|u||v|\cos\theta": (Abs(u) * Abs(v) * cos(theta),),
    "|a||b| + |u||v|": (Abs(a) * Abs(b) + Abs(u) * Abs(v),),
    "||x| - 1|": (Abs(Abs(x) - 1),),
    r"\frac{|u||v|}{2}": (Abs(u) * Abs(v) / 2,),
    "||x|| ||y||": (Abs(x) * Abs(y),),
}

OPEN = {
    "y = k d x": {(y, k * d * x), (y, k * dx)},
    "x = d t": {(x, d * t), (x, dt)},
    "b x + d y = u": {(b * x + d * y, u), (b * x + dy, u)},
    "a + e": {(a + E,), (a + e,)},
}


def sides(text):
    return [meaning.chains[0].sides for meaning in meanings(text)]


@pytest.mark.parametrize(("text", "meant"), ONE.items(), ids=list(ONE))
def test_a_letter_beside_coefficients_is_one(text, meant):
    (found,) = sides(text)
    assert [str(s) for s in found] == [str(s) for s in meant]


@pytest.mark.parametrize(("text", "meant"), OPEN.items(), ids=list(OPEN))
def test_what_is_open_has_both_readings(text, meant):
    assert set(sides(text)) == meant


def test_a_space_behind_d_is_asked_about():
    with pytest.raises(ReadError, match=r"write d \\cdot x for the product, or \\mathrm\{d\}x"):
        read(r"y = \alpha d x")
    assert str(read(r"y = \alpha d \cdot x")) == "y = alpha*d*x"


@pytest.mark.parametrize("text", ["|a||b", "||a|", "|a||", "a||b"])
def test_bars_that_do_not_balance_are_refused(text):
    with pytest.raises(ReadError):
        meanings(text)
