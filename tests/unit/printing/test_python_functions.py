"""Hand-written optimizers, typeset from their source, say what they do; what cannot be typeset is refused."""

from __future__ import annotations

import functools
import inspect
import math
import sys

import pytest
from sympy import Symbol, expand, sqrt

import derivations.book.reference as by_hand
from physsym.core.statements import rule
from physsym.core.symbols import after, grad
from physsym.printing import equations_of_function, latex_of_function
from physsym.vocabulary import G, alpha, eta, rho, v, x
from tests.support.latex_reader import read_lines
from tests.support.typeset_cases import FACES, assert_reads_back

BY_HAND = {
    by_hand.gradient_descent: rule({x: x - eta * G}),
    by_hand.heavy_ball: rule({v: rho * v - eta * G, x: x + after(v)}),
    by_hand.heavy_ball_with_dampening: rule({v: rho * v - (1 - rho) * eta * G, x: x + after(v)}),
    by_hand.nesterov: rule({v: rho * v - eta * grad(x + rho * v), x: x + after(v)}),
}


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("function", BY_HAND)
def test_a_hand_written_optimizer_reads_back(function, face):
    assert_reads_back(latex_of_function(function, face), BY_HAND[function], face)


@pytest.mark.parametrize("function", BY_HAND)
def test_without_latexify_the_function_is_traced(function, monkeypatch):
    monkeypatch.setitem(sys.modules, "latexify.codegen", None)
    assert_reads_back(latex_of_function(function), BY_HAND[function], "learning")


@pytest.mark.parametrize("function", BY_HAND)
def test_tracing_agrees_with_running_the_function(function):
    """Called with symbols, the function gives the values whose equations were read from its source."""
    meanings = {"v": v, "w": x, "eta": eta, "rho": rho, "grad": grad}
    results = function(*(meanings[name] for name in inspect.signature(function).parameters))
    known = {}
    for equation in equations_of_function(function).equations:
        known[equation.left] = equation.right.xreplace(known)
    assert [expand(value) for value in known.values()] == [expand(result) for result in results]


def adam_like(m1, s1, w, grad, alpha, beta, epsilon):
    """Take a step with an average of gradients, over the root of an average of squares."""
    g = grad(w)
    m1_next = beta * m1 + (1 - beta) * g
    s1_next = beta * s1 + (1 - beta) * g**2
    w_next = w - alpha * m1_next / (math.sqrt(s1_next) + epsilon)
    return m1_next, s1_next, w_next


def test_intermediate_values_and_functions():
    m1, s1, g, beta, epsilon = (Symbol(name) for name in ("m1", "s1", "g", "beta", "epsilon"))
    glyphs = {r"m_{1}": m1, r"s_{1}": s1, "g": g, r"\beta": beta, r"\varepsilon": epsilon, r"\alpha": alpha}
    lines = read_lines(latex_of_function(adam_like), glyphs | {r"\mathbf{w}": x}, "L", states=(m1, s1, x))
    expected = [
        (g, grad(x)),
        (after(m1), beta * m1 + (1 - beta) * g),
        (after(s1), beta * s1 + (1 - beta) * g**2),
        (after(x), x - alpha * after(m1) / (sqrt(after(s1)) + epsilon)),
    ]
    assert [tuple(map(expand, line)) for line in lines] == [tuple(map(expand, line)) for line in expected]


def keyword_only(w, *, eta):
    w_next = w - eta
    return (w_next,)


def starred(*w):
    w_next = -w
    return (w_next,)


def with_a_default(w, eta=1):
    w_next = w - eta
    return (w_next,)


def assigns_twice(w, eta):
    w = w - eta
    return (w,)


def in_place(w, eta):
    w -= eta
    return (w,)


def loops(w, eta):
    for _ in range(3):
        w_next = w - eta
    return (w_next,)


def inexact(w):
    w_next = w - 0.1
    return (w_next,)


def compares(w):
    w_next = w if w > 0 else -w
    return (w_next,)


def floors(w):
    w_next = w // 2
    return (w_next,)


def reads_a_global(w):
    w_next = w - SURPRISE
    return (w_next,)


def calls_something(w):
    w_next = print(w)
    return (w_next,)


def returns_a_formula(w, eta):
    w_next = w - eta
    return w_next + 1


def two_names_for_one_thing(x, w):
    w_next = x + w
    return (w_next,)


@functools.cache
def decorated(w):
    w_next = -w
    return (w_next,)


SURPRISE = 1
REFUSED = {
    keyword_only: "keyword-only parameters",
    starred: r"\*args",
    with_a_default: "default values",
    assigns_twice: "assigns w twice",
    in_place: "no assignment to one name",
    loops: "no assignment to one name",
    inexact: "no exact number; write a fraction",
    compares: "more than sums, products, powers",
    floors: r"operator other than \+ - \* / \*\*",
    reads_a_global: "SURPRISE.*no parameter and no name assigned before",
    calls_something: "should call the gradient or one of sqrt",
    returns_a_formula: "should return names",
    two_names_for_one_thing: "w means x, as another name",
}


@pytest.mark.parametrize("function", REFUSED, ids=lambda f: f.__name__)
def test_what_would_be_typeset_wrongly_is_refused(function):
    with pytest.raises(ValueError, match=REFUSED[function]):
        latex_of_function(function)


@pytest.mark.parametrize("thing", [decorated, 3, "w_next = w", print])
def test_only_functions_are_typeset(thing):
    with pytest.raises(TypeError, match="expected a function written in Python"):
        latex_of_function(thing)


def test_a_function_without_source_is_refused():
    space = {}
    exec("def step(w):\n    w_next = -w\n    return (w_next,)", space)
    with pytest.raises(ValueError, match="step has no source to typeset"):
        latex_of_function(space["step"])


def test_a_lambda_is_refused():
    step = lambda w: (w,)
    with pytest.raises(ValueError, match="begins with def"):
        latex_of_function(step)
