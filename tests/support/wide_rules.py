"""Random rules of several states: counters, conditions, clipped values, gradients and start values."""

from __future__ import annotations

from hypothesis import strategies as st
from sympy import Expr, Integer, Max, Min, Piecewise, Rational, Symbol, cos, exp, floor, log, sign, sqrt, tanh

from physsym.core.statements import Rule, rule
from physsym.core.symbols import after, before, grad, hess, higher, potential
from physsym.vocabulary import dt, eta, gamma, rho, u, x

k, q, first, second = (Symbol(name, real=True) for name in ("k", "q", "mu_1", "mu_2"))
beta1, beta2, wd, psi = (Symbol(name, positive=True) for name in ("beta_1", "beta_2", "wd", "psi"))
eps, nu0, clip_at = (Symbol(name, positive=True) for name in ("eps", "nu_0", "c"))
nu, y = Symbol("nu", real=True), Symbol("y", real=True)

PARAMETERS = (eta, rho, gamma, dt, beta1, beta2, wd, psi, eps, clip_at)
STATES = (u, first, second, nu, q, y)


@st.composite
def wide_rules(draw: st.DrawFn) -> Rule:
    """Return a strategy for rules of one to four updates; the last is that of x."""
    states = [*draw(st.lists(st.sampled_from(STATES), max_size=3, unique=True)), x]
    counted = draw(st.booleans())
    updated: list[Symbol] = []
    updates: dict[Symbol, Expr] = {}
    if counted:
        updates[k] = k + 1
        updated.append(k)
    for state in states:
        earlier = [before(state)] if draw(st.integers(0, 5)) == 0 else []
        read = [*states, *(after(s) for s in updated), *([k] if counted else []), *earlier]
        updates[state] = draw(_values(st.sampled_from(read), counted))
        updated.append(state)
    start = {s: draw(st.sampled_from((Integer(0), Integer(1), nu0, Rational(1, 2)))) for s in states[:-1]}
    shown = {s: value for s, value in start.items() if draw(st.booleans())}
    return rule(updates, start={k: Integer(0), **shown} if counted else shown)


def _values(read: st.SearchStrategy[Symbol], counted: bool) -> st.SearchStrategy[Expr]:
    """Return a strategy for sums of terms that rules have."""
    parameter = st.sampled_from(PARAMETERS)
    place = st.one_of(st.just(x), st.builds(lambda p, s: x + p * s, parameter, read))
    gradient = st.one_of(
        st.builds(grad, place),
        st.just(hess(x) * grad(x)),
        st.builds(lambda p: higher(3, p), place),
        st.builds(potential, place),
    )
    corrected = 1 - beta1 ** after(k) if counted else 1 - beta1
    simple = st.one_of(read, gradient)
    condition = st.builds(
        lambda a, b, less: (a < b) if less else (a >= b), simple, st.one_of(parameter, read), st.booleans()
    ).filter(lambda c: c not in (True, False))
    shaped = st.one_of(
        simple,
        st.builds(lambda a, c, b: Piecewise((a, c), (b, True)), simple, condition, simple),
        st.builds(lambda a, p: Max(-p, Min(p, a)), simple, parameter),
        st.builds(Max, read, gradient),
        st.builds(sign, simple),
        st.builds(lambda a: abs(a), simple),
        st.builds(lambda a: a**2, simple),
        st.builds(lambda a: a / (sqrt(nu + eps) + 1), simple),
        st.builds(lambda a: a / corrected, simple),
        st.builds(lambda a, p: exp(-p * a), simple, parameter),
        st.builds(lambda f, a: f(a), st.sampled_from((cos, tanh, floor)), simple),
        st.builds(lambda p: log(1 + p), parameter),
        st.builds(lambda p, a: Rational(24, 25) ** (p * (1 + a)), parameter, read),
    )
    factor = st.one_of(parameter, st.builds(lambda p: 1 - p, parameter), st.just(Integer(-1)))
    term = st.builds(lambda f, s: f * s, factor, shaped)
    return st.builds(
        lambda terms: sum(terms, Integer(0)), st.lists(st.one_of(term, read), min_size=1, max_size=3)
    )
