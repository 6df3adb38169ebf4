"""Texts where formulas are meant: no public function lets SymPy run one as Python."""

import contextlib
import itertools
import warnings

import pytest
from sympy import Rational, Symbol
from sympy.parsing import sympy_parser

import physsym as ps
from physsym.vocabulary import eta, u, x

half = Rational(1, 2)
HOSTILE = "__import__('os').getpid()"
OTHERS = (HOSTILE, "x <- x - eta*g", "x' = -x", x, 1)
MODULES = (ps, ps.analysis, ps.claims, ps.integrators)
# These read files, start other programs or take code by its meaning.
LEFT_OUT = {"audit", "document", "lift", "script", "scripts", "show_versions"}
CALLABLES = {
    f"{module.__name__}.{name}": getattr(module, name)
    for module in MODULES
    for name in dir(module)
    if not name.startswith("_") and name not in LEFT_OUT and callable(getattr(module, name))
}


@pytest.fixture
def evaluated(monkeypatch):
    """Return the list of what SymPy was asked to evaluate; nothing is."""
    found = []

    def record(code, *spaces):
        found.append(code)
        raise SyntaxError("not evaluated")

    monkeypatch.setattr(sympy_parser, "eval_expr", record)
    return found


def called(function, evaluated):
    """Return the arguments, of those that hold a hostile text, with which a function evaluates one."""
    for count in (1, 2):
        for arguments in itertools.product(OTHERS, repeat=count):
            if HOSTILE in arguments:
                with contextlib.suppress(Exception):
                    function(*arguments)
                if evaluated:
                    return arguments
    return None


@pytest.mark.parametrize("name", CALLABLES)
def test_no_text_is_run(name, evaluated):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert called(CALLABLES[name], evaluated) is None


def test_the_fixture_sees_what_sympy_evaluates(evaluated):
    assert called(lambda given: x.subs(x, given), evaluated) == (HOSTILE,)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: ps.grad("x + u"), r"the point of grad is an expression, .* ps.read\('x \+ u'\)"),
        (lambda: ps.partial(1, "x", x), "the point of partial is an expression"),
        (lambda: ps.Equation("x'", "-x"), "left side of an equation is an expression"),
        (lambda: ps.Equation(x, "-x"), "right side of an equation is an expression"),
        (lambda: ps.Update("x", x), "what an update sets is an expression"),
        (lambda: ps.Update(x, "x - eta*g"), "a new value is an expression"),
        (lambda: ps.Law("x' = -x"), r"made of equations, given a text; ps.law\(\"x' = -x\"\)"),
        (lambda: ps.Rule("x <- x"), r"made of updates, given a text; ps.rule\('x <- x'\)"),
        (lambda: ps.Condition("eta", "> 0"), "a condition is on an expression"),
    ],
)
def test_a_constructor_says_how_a_text_is_read(make, said):
    with pytest.raises(TypeError, match=said):
        make()


def test_what_the_advice_says_works():
    assert ps.read("grad(x)") == ps.grad(ps.read("x"))
    assert str(ps.rule("x <- x")) == "x <- x"
    assert str(ps.law("x' = -x")) == "x' = -x"


def test_claims_take_texts():
    assert ps.claims.positive("eta*u**2") == ps.claims.positive(eta * u**2)
    assert ps.claims.is_increasing("m*x", "m") == ps.claims.is_increasing(ps.read("m") * x, ps.read("m"))
    with pytest.raises(TypeError, match="expected the name of a symbol"):
        ps.claims.is_increasing("m*x", "2*m")


def test_analyses_and_ranges_take_texts():
    gradient_descent = "x <- x - eta*g"
    assert ps.analysis.rate_region(gradient_descent, "1/2") == ps.analysis.rate_region(gradient_descent, half)
    assert ps.analysis.rate_along("x' = -x", "x**2") == -2 * x**2
    assert ps.analysis.leading_term("2*eta + eta**2", "eta") == ps.analysis.leading_term(
        2 * eta + eta**2, eta
    )
    by_name, by_symbol = (ps.analysis.modified_equation(gradient_descent, step) for step in ("eta", eta))
    assert by_name == by_symbol
    with pytest.raises(TypeError, match="expected the name of a symbol"):
        ps.analysis.modified_equation(gradient_descent, "2*eta")
    written = ps.rule({"v": "b*v + g", "x": "x - lr*v+"}, ranges="0 <= b < 1, lr > 0")
    assert [str(c) for c in written.ranges] == ["b >= 0", "1 - b > 0", "lr > 0"]
    mixed = ps.rule({"v": "b*v + g", "x": "x - lr*v+"}, ranges=("0 <= b < 1", ps.read("lr") > 0))
    assert mixed.ranges == written.ranges
    with pytest.raises(ValueError, match="found c"):
        ps.rule({"v": "b*v + g", "x": "x - lr*v+"}, ranges="0 <= c < 1")


def test_a_name_is_that_of_the_symbol_in_use():
    step = Symbol("step", positive=True)
    rule = ps.rule({x: x - step * ps.grad(x)})
    assert ps.analysis.modified_equation(rule, "step") == ps.analysis.modified_equation(rule, step)
    assert ps.analysis.leading_term(step**2 / 3, "step") == ps.analysis.leading_term(step**2 / 3, step)
