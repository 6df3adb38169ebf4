"""Laws of many coordinates against SymPy's LagrangesMethod, at points."""

import random

import pytest
from sympy import Function, Integer, Rational, Symbol, cos, exp, sin, sqrt, symbols
from sympy.physics.mechanics import LagrangesMethod, dynamicsymbols

from physsym.core.symbols import dot
from physsym.mechanics.lagrange import lagrange_equations
from physsym.mechanics.system import System
from physsym.vocabulary import gamma, m
from tests.support.tiers import in_tiers

a, b, c = symbols("a b c", real=True)
t = Symbol("t", real=True)
k, ell = symbols("k ell", positive=True)
q = (a, b, c)
da, db, dc = map(dot, q)


def pendula(angles, velocities):
    """Return the Lagrangian of a chain of pendula."""
    along = up = height = energy = Integer(0)
    for angle, velocity in zip(angles, velocities, strict=True):
        along, up = along + ell * cos(angle) * velocity, up + ell * sin(angle) * velocity
        height -= ell * cos(angle)
        energy += m * (along**2 + up**2) / 2 - m * k * height
    return energy


SYSTEMS = {
    "pendula": (pendula(q, map(dot, q)), Integer(0)),
    "coupled masses": (
        m * (da**2 + 2 * db**2 + dc**2) / 2 - k * (a - b) ** 2 / 2 - k * (b - c) ** 4,
        gamma * (da - db) ** 2 / 2 + gamma * dc**4 / 4,
    ),
    "Toda": (m * (da**2 + db**2 + dc**2) / 2 - exp(a) - k * exp(b) * sin(c), Integer(0)),
    "a mass that grows with the coordinate": (
        (1 + a**2) * db**2 / 2 + da**2 * dc / 2 + dc**2 - a,
        gamma * da**2,
    ),
    "cosines of differences": (da * db * cos(a - b) + da**2 + db**2 + dc**2 * a + sin(c), Integer(0)),
    "driven": (m * (da**2 + db**2 + dc**2) / 2 - k * a * sin(t) - t * b * db * c, gamma * db**2 / 2),
}


def by_sympy(lagrangian, dissipation):
    """Return the left sides of Lagrange's equations as SymPy's mechanics forms them."""
    moving = dynamicsymbols("A B C")
    rates = [p.diff(dynamicsymbols._t) for p in moving]
    names = dict(zip((*map(dot, q), *q), (*rates, *moving), strict=True)) | {t: dynamicsymbols._t}
    method = LagrangesMethod(lagrangian.subs(names), moving)
    sides = method.form_lagranges_equations()
    accelerations = [p.diff(dynamicsymbols._t, 2) for p in moving]
    back = {
        **dict(zip(accelerations, map(dot, map(dot, q)), strict=True)),
        **dict(zip(rates, map(dot, q), strict=True)),
    }
    last = {**dict(zip(moving, q, strict=True)), dynamicsymbols._t: t}
    rows = [side.doit().subs(back).subs(last) for side in sides]
    return [row + dissipation.diff(dot(s)) for row, s in zip(rows, q, strict=True)]


# SymPy takes a second for the pendula, which stand in the slow tier.
@pytest.mark.parametrize("name", in_tiers(SYSTEMS, fast=list(SYSTEMS)[1:]))
def test_the_law_is_that_of_sympy_at_points(name):
    lagrangian, dissipation = SYSTEMS[name]
    law, witness = System(q, lagrangian, dissipation).law(), by_sympy(lagrangian, dissipation)
    drawn = random.Random(name)
    free = sorted(set().union(*(row.free_symbols for row in witness)), key=str)
    for _ in range(3):
        at = {s: Rational(drawn.randint(1, 30), 10) for s in free}
        for equation, row in zip(law.equations, witness, strict=True):
            assert abs(float((equation.left - equation.right - row).subs(at))) < 1e-9


@pytest.mark.parametrize("name", SYSTEMS)
def test_accelerations_are_on_the_left_alone(name):
    accelerations = {dot(dot(s)) for s in q}
    for equation in System(q, *SYSTEMS[name]).law().equations:
        assert not equation.right.free_symbols & accelerations
        assert all(set(term.free_symbols) & accelerations for term in equation.left.as_ordered_terms())


@pytest.mark.parametrize(
    "lagrangian",
    [
        da**2 / (1 + a),
        sqrt(a) * da**2,
        da**2 - abs(a),
        sqrt(2) * da**2,
        da**2 - Function("U")(a),
        exp(a + b) * da**2,
    ],
)
def test_what_is_no_polynomial_is_left_to_expressions(lagrangian):
    rates = {a: da, da: dot(da), b: db}
    assert lagrange_equations(lagrangian, Integer(0), (a,), rates) is None


def test_a_lagrangian_that_adds_nothing_is_refused_with_the_coordinate():
    with pytest.raises(ValueError, match=r"equation of b is 0 = 0"):
        System(q, da**2 + dc**2 + a * cos(c)).law()
