"""Random laws and rules as people state them: products, quotients, powers, functions, sums of either sign."""

from __future__ import annotations

from hypothesis import strategies as st
from sympy import (
    Abs,
    Expr,
    I,
    Integer,
    Rational,
    Symbol,
    cos,
    cosh,
    exp,
    floor,
    log,
    nan,
    oo,
    sign,
    sin,
    sqrt,
    tanh,
    zoo,
)

from physsym.core.statements import Law, Rule, law, rule
from physsym.core.symbols import after, dot, grad, hess, potential
from physsym.vocabulary import alpha, dt, eta, gamma, lam, m, rho, tau, u, v, x

a, b, h, k, q, y = (Symbol(name, real=True) for name in ("a", "b", "h", "k", "q", "y"))
beta = Symbol("beta_1", positive=True)
PARAMETERS = (eta, rho, gamma, dt, tau, lam, alpha, m, beta, k, a, b, h)
NUMBERS = (*map(Integer, (1, 2, 3, 7, -1, -4)), *(Rational(*n) for n in ((1, 2), (3, 4), (-1, 2), (-16, 9))))
POWERS = (2, 3, -1, -2, -3, Rational(1, 2), Rational(3, 2), Rational(-1, 2), k)
FUNCTIONS = (sin, cos, exp, sqrt, Abs, sign, tanh, log, cosh, floor, grad, hess, potential)


def formulas_of(states: tuple[Symbol, ...]) -> st.SearchStrategy[Expr]:
    """Return a strategy for finite real formulas in parameters and states."""
    names = st.one_of(st.sampled_from(states), st.sampled_from(PARAMETERS))
    forces = st.builds(lambda f, s: f(s), st.sampled_from((grad, hess, potential)), st.sampled_from(states))
    leaves = st.one_of(names, names, names, forces, st.sampled_from(NUMBERS))
    differences = st.builds(lambda one, other: one - other, leaves, leaves)

    def larger(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
        return st.one_of(
            st.builds(lambda one, other: one + other, inner, inner),
            st.builds(lambda one, other: one - other, inner, inner),
            st.builds(lambda one, other: one * other, inner, inner),
            st.builds(lambda one, other: one / other, inner, inner),
            st.builds(lambda n, one, other: n * one / other, st.sampled_from(NUMBERS), inner, inner),
            st.builds(lambda one, other: one * other, differences, inner),
            st.builds(lambda one, other: one / other, inner, differences),
            st.builds(lambda one, n: one**n, inner, st.sampled_from(POWERS)),
            st.builds(lambda f, one: f(one), st.sampled_from(FUNCTIONS), inner),
        )

    return st.recursive(st.one_of(leaves, differences), larger, max_leaves=6).filter(_is_finite_and_real)


def _is_finite_and_real(value: Expr) -> bool:
    return not value.has(oo, -oo, zoo, nan, I) and value.is_extended_real is not False


@st.composite
def wide_laws(draw: st.DrawFn) -> Law:
    """Return a strategy for laws of one to three coordinates."""
    moving = draw(st.lists(st.sampled_from((x, y, v)), min_size=1, max_size=3, unique=True))
    read = (*moving, *map(dot, moving))
    lefts = [draw(st.sampled_from((dot(s), m * dot(dot(s)), gamma * dot(s)))) for s in moving]
    return law({left: draw(formulas_of(read)) for left in lefts})


@st.composite
def wide_rules_of_any_formulas(draw: st.DrawFn) -> Rule:
    """Return a strategy for rules of one to three states that read old and new values."""
    moving = [*draw(st.lists(st.sampled_from((u, v, q)), max_size=2, unique=True)), x]
    updates = {s: draw(formulas_of((*moving, *map(after, moving[:i])))) for i, s in enumerate(moving)}
    start = {s: draw(formulas_of(PARAMETERS)) for s in moving[:-1] if draw(st.booleans())}
    return rule(updates, start=start)
