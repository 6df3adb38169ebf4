r"""What LaTeX means: values built by hand; each way to read what is open; spoiled formulas are refused."""

from __future__ import annotations

import pytest
from sympy import Derivative, Expr, Function, Rational, Symbol, cos, exp, sin, sqrt

from physsym.core.symbols import dot
from physsym.parsing.meanings import Meaning, conventions_of, meanings
from physsym.parsing.tokens import ReadError

a, b, c, eta, h, m, v, x = (Symbol(n, real=True) for n in ["a", "b", "c", "eta", "h", "m", "v", "x"])
k, t = Symbol("k", integer=True), Symbol("t", real=True)
f, g, X, V, grad_f = (Function(n) for n in ["f", "g", "x", "v", "∇f"])


def sides(text: str, *document: str) -> list[tuple[Expr, ...]]:
    (found,) = meanings(text, conventions_of([text, *document]))
    return [chain.sides for chain in found.chains]


def only(text: str, *document: str) -> Expr:
    ((found,),) = sides(text, *document)
    return found


def ways(text: str, *document: str) -> tuple[Meaning, ...]:
    return meanings(text, conventions_of([text, *document]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\frac{a}{b} + \frac12 x^2", a / b + x**2 / 2),
        (r"\sqrt{a} - \sqrt[3]{b}", sqrt(a) - b ** Rational(1, 3)),
        (r"\sin^2 x \cos x", sin(x) ** 2 * cos(x)),
        (r"e^{-a x}", exp(-a * x)),
        (r"m \ddot{x}", m * dot(dot(x))),
        (r"m\frac{d^2x}{dt^2}", m * dot(dot(x))),
        (r"\left(a + b\right)^2", (a + b) ** 2),
    ],
)
def test_an_expression_is_read(text: str, expected: Expr) -> None:
    assert only(text) == expected


def test_an_index_of_time_makes_a_sequence() -> None:
    found = sides(r"x_{k+1} = x_k - \eta \nabla f(x_k)")
    assert found == [(X(k + 1), X(k) - eta * grad_f(X(k)))]


def test_an_index_above_is_known_from_the_document() -> None:
    assert only(r"a x^k", r"x^{k+1} = b x^k") == a * X(k)
    assert only(r"a x^k") == a * x ** Symbol("k", real=True)


def test_a_function_is_known_from_the_document() -> None:
    assert only(r"f(x + h)", r"f(x) = x^2") == f(x + h)
    assert only(r"a(x + h)", r"a = 2") == a * (x + h)
    assert only(r"f'(x)") == Derivative(f(x), x)


def test_rows_go_on_with_a_chain() -> None:
    found = sides(r"\begin{aligned} a &= b + c \\ &= x, \\ v &= m \end{aligned}")
    assert found == [(a, b + c, x), (v, m)]


def test_both_readings_are_kept() -> None:
    values = [w.chains[0].sides[0] for w in ways("a/b c")]
    assert values == [a * c / b, a / (b * c)]
    values = [w.chains[0].sides[0] for w in ways(r"a \pm b")]
    assert values == [a + b, a - b]


@pytest.mark.parametrize(
    ("text", "message", "at"),
    [
        (r"a +", "found the end", ""),
        (r"(a", "never closed", "("),
        (r"a)", "not understood here", ")"),
        (r"\frac{a}{0}", "division by zero", r"\frac"),
        (r"x^10", "write {10}", "10"),
        (r"a = b, c", "comma", ","),
        (r"x^{99}", "power beyond", "{99}"),
        (r"\oops{a}", "not understood", r"\oops"),
        ("(" * 60 + "a" + ")" * 60, "deep", "("),
        ("a+" * 5000 + "a", "tokens", "a"),
    ],
)
def test_what_is_not_understood_is_refused_at_its_place(text: str, message: str, at: str) -> None:
    with pytest.raises(ReadError) as found:
        meanings(text)
    assert message in found.value.message
    assert found.value.text[found.value.position :].startswith(at)
