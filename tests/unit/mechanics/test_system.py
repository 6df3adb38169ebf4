"""Laws of motion: Euler-Lagrange with Rayleigh's dissipation, against other ways to get them."""

import random

import pytest
import sympy
from sympy import Abs, Function, Rational, Symbol, cos, exp, sin
from sympy.physics.mechanics import LagrangesMethod, dynamicsymbols

from physsym import System, damped_particle, dot, law, potential, same_law
from physsym.core.signs import signs
from physsym.mechanics import particle_with_friction
from physsym.mechanics.system import total_time_derivative
from physsym.testing import assert_same_law
from physsym.vocabulary import G, U, gamma, m, t, v, x
from tests.benchmarks.derivation import pendula

k, ell, g = (Symbol(name, positive=True) for name in ("k", "ell", "g"))
theta, phi, y = (Symbol(name, real=True) for name in ("theta", "phi", "y"))


def test_the_damped_particle_obeys_newton():
    assert damped_particle.law() == law({m * dot(dot(x)): -G - gamma * dot(x)})


def test_a_growing_lagrangian_gives_friction_too():
    # Caldirola 1941, Kanai 1948: no dissipation function, but explicit time.
    growing = System((x,), exp(gamma * t / m) * (m * dot(x) ** 2 / 2 - U)).law().equations[0].residual
    assert sympy.simplify(growing / exp(gamma * t / m) - damped_particle.law().equations[0].residual) == 0


def test_the_driven_pendulum_with_friction():
    # Sussman and Wisdom's convention for the dissipation function is twice Rayleigh's: here R = k*theta'^2/2.
    pendulum = System(
        (theta,), m * ell**2 * dot(theta) ** 2 / 2 + m * g * ell * cos(theta), k * dot(theta) ** 2 / 2
    )
    by_hand = law({m * ell**2 * dot(dot(theta)): -m * g * ell * sin(theta) - k * dot(theta)})
    assert sympy.expand(pendulum.law().equations[0].residual - by_hand.equations[0].residual) == 0


def lagranges_method(lagrangian, coordinates, dissipation):
    """Return the equations of motion by SymPy's own LagrangesMethod, friction as generalised forces."""
    functions = dynamicsymbols([q.name for q in coordinates])
    time = dynamicsymbols._t
    names = dict(zip(coordinates, functions, strict=True))
    names |= {dot(q): f.diff(time) for q, f in zip(coordinates, functions, strict=True)}
    rate = {q: -dissipation.diff(dot(q)) for q in coordinates}
    method = LagrangesMethod(lagrangian.xreplace(names), functions)
    equations = method.form_lagranges_equations()
    return [e - rate[q].xreplace(names) for e, q in zip(equations, coordinates, strict=True)], names, time


@pytest.mark.parametrize(
    ("lagrangian", "dissipation"),
    [
        (m * (dot(x) ** 2 + dot(y) ** 2) / 2 - k * (x - y) ** 2 / 2, gamma * (dot(x) - dot(y)) ** 2 / 2),
        (
            m * (dot(x) ** 2 + x**2 * dot(y) ** 2) / 2 - k * x**2,
            gamma * (dot(x) ** 2 + x**2 * dot(y) ** 2) / 2,
        ),
        (
            m * dot(x) ** 2 / 2 + m * dot(y) ** 2 + m * cos(x - y) * dot(x) * dot(y) + cos(x),
            gamma * dot(y) ** 2,
        ),
    ],
    ids=["coupled oscillators", "polar coordinates", "double pendulum"],
)
def test_several_coordinates_agree_with_sympys_mechanics(lagrangian, dissipation):
    ours = System((x, y), lagrangian, dissipation).law()
    theirs, names, time = lagranges_method(lagrangian, (x, y), dissipation)
    functions = names | {dot(dot(q)): names[q].diff(time, 2) for q in (x, y)}
    for equation, expected in zip(ours.equations, theirs, strict=True):
        assert sympy.simplify(equation.residual.xreplace(functions) - expected) == 0


def test_a_potential_of_two_coordinates_has_partial_derivatives():
    from physsym import partial

    plane = System((x, y), m * (dot(x) ** 2 + dot(y) ** 2) / 2 - potential(x, y))
    assert plane.law() == law({m * dot(dot(x)): -partial(1, x, y), m * dot(dot(y)): -partial(2, x, y)})


def test_power_law_friction_enters_with_one_power_less():
    p = Rational(3, 2)
    friction = particle_with_friction(p).law().equations[0].residual - m * dot(dot(x)) - G
    assert sympy.simplify(friction - gamma * sympy.sqrt(Abs(dot(x))) * sympy.sign(dot(x))) == 0


@pytest.mark.parametrize("p", [1, 2, 3, Rational(3, 2), Symbol("p", positive=True)])
def test_friction_takes_power_and_never_gives_any(p):
    assert -1 not in signs(particle_with_friction(p).power)


def test_the_time_derivative_follows_the_chain_rule():
    time = Symbol("time")
    path = Function("path")(time)
    expression = x**2 * dot(x) + t * dot(x)
    along = {x: path, dot(x): path.diff(time), t: time}
    derivative = total_time_derivative(expression, (x,)).xreplace(along | {dot(dot(x)): path.diff(time, 2)})
    assert sympy.expand(derivative - expression.xreplace(along).diff(time)) == 0


def test_a_law_knows_what_it_assumes():
    assert [str(c) for c in damped_particle.law().assuming] == ["gamma*x'**2 >= 0"]
    assert not System((x,), m * dot(x) ** 2 / 2 - U).law().assuming


@pytest.mark.parametrize("coordinates", [(), (x, x), (dot(x),)])
def test_coordinates_must_be_distinct_and_plain(coordinates):
    with pytest.raises(ValueError, match="distinct coordinates"):
        System(coordinates, m)


def test_accelerations_have_no_place_in_a_lagrangian():
    with pytest.raises(ValueError, match="not x''"):
        System((x,), dot(dot(x)))


@pytest.mark.parametrize(
    ("lagrangian", "held"),
    [
        ("m*v**2/2 - k*x**2/2", "v"),
        ("m*X'**2/2 - k*x**2/2", "X'"),
        ("m*v*y'/2", "v, y'"),
        ("m*dx**2/2 - k*x**2/2", "dx"),
    ],
)
def test_a_lagrangian_with_the_rates_of_other_names_alone_is_refused(lagrangian, held):
    with pytest.raises(ValueError, match=f" holds {held} and no rate of a coordinate; the rates are x'$"):
        System("x", lagrangian)


@pytest.mark.parametrize("lagrangian", ["m*(x' + v)**2/2", "m*(x' + X')**2/2", "-k*x**2/2"])
def test_prescribed_rates_beside_that_of_a_coordinate_are_taken(lagrangian):
    assert System("x", lagrangian).law()


@pytest.mark.parametrize("nonsense", [None, "m = x", 0.5, True])
def test_nonsense_is_no_system(nonsense):
    with pytest.raises(TypeError):
        System((x,), nonsense)
    with pytest.raises(TypeError):
        System((x,), m, nonsense)


def test_equations_may_change_order_and_sign():
    one, other = law({dot(x): v, dot(v): -x}), law({-dot(v): x, v: dot(x)})
    assert_same_law(one, other)
    assert not same_law(one, law({dot(x): v, dot(v): x}))
    assert not same_law(one, law({dot(x): v}))


@pytest.mark.slow
@pytest.mark.parametrize("n", [2, 3, 4])
def test_a_chain_of_pendula_agrees_with_sympys_mechanics_at_random_places(n):
    # The mass matrix depends on all angles; it is never inverted, and stands on the left of the law.
    angles = sympy.symbols(f"q:{n}", real=True)
    lagrangian = pendula(angles, [dot(q) for q in angles])
    ours = System(angles, lagrangian).law()
    theirs, names, time = lagranges_method(lagrangian, angles, sympy.Integer(0))
    second = {f.diff(time, 2): dot(dot(q)) for q, f in names.items() if q in angles}
    back = {f: q for q, f in names.items()}
    expected = [e.doit().xreplace(second).xreplace(back) for e in theirs]
    chance = random.Random(n)
    for _ in range(3):
        symbols = sorted(ours.equations[0].residual.free_symbols | {dot(q) for q in angles}, key=str)
        place = {s: sympy.Float(chance.uniform(0.5, 2), 30) for s in symbols}
        for equation, other in zip(ours.equations, expected, strict=True):
            assert abs((equation.residual - other).evalf(30, subs=place)) < sympy.Float("1e-25")


def test_the_mass_matrix_of_a_chain_stands_on_the_left():
    angles = sympy.symbols("q:3", real=True)
    equations = System(angles, pendula(angles, [dot(q) for q in angles])).law().equations
    seconds = [dot(dot(q)) for q in angles]
    masses = sympy.Matrix([[e.left.coeff(a) for a in seconds] for e in equations])
    assert all(not e.right.has(*seconds) for e in equations)
    assert (masses - masses.T).expand() == sympy.zeros(3)
    upright = masses.xreplace(dict.fromkeys(angles, sympy.Integer(0)))
    # Masses hang from each other: m*ell**2 times the number of pendula from the lower of two on.
    assert upright == m * ell**2 * sympy.Matrix(3, 3, lambda i, j: 3 - max(i, j))
