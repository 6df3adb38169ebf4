"""Rooted trees and B-series, against brute force, published numbers and the recursion in a ring."""

import math
from fractions import Fraction

import pytest
import sympy
from sympy import Rational, Symbol

from physsym import dot, grad, hess, law, rule, same_law
from physsym.analysis.b_series import (
    as_runge_kutta,
    differential,
    elementary_weights,
    exact_weights,
    modified_by,
    modified_coefficients,
    order_of,
    runge_kutta,
    up_to,
)  # fmt: skip
from physsym.analysis.modified_equations import modified_equation
from physsym.analysis.rooted_trees import cuts, tree, trees
from physsym.integrators import (
    backward_euler,
    explicit_midpoint,
    exponential_euler,
    heun,
    implicit_midpoint,
    semi_implicit_euler,
    velocity_verlet,
)
from physsym.integrators import runge_kutta_4 as classical
from physsym.testing import assert_same_law
from physsym.vocabulary import G, eta, gamma, m, t, v, x

h, y = Symbol("h", positive=True), Symbol("y", real=True)
explicit_euler = runge_kutta("explicit Euler", [[0]], [1])
HEUN = runge_kutta("Heun", [[0, 0], [1, 0]], ["1/2", "1/2"])
SSP33 = runge_kutta("Shu and Osher", [[0, 0, 0], [1, 0, 0], ["1/4", "1/4", 0]], ["1/6", "1/6", "2/3"])
HALF = runge_kutta("implicit midpoint", [["1/2"]], [1])
METHODS = (explicit_euler, explicit_midpoint, HEUN, SSP33, classical, HALF)


def test_there_are_as_many_trees_as_counted():
    # The On-Line Encyclopedia of Integer Sequences, A000081.
    assert [len(trees(n)) for n in range(1, 11)] == [1, 1, 2, 4, 9, 20, 48, 115, 286, 719]
    assert len(set(up_to(10))) == sum([1, 1, 2, 4, 9, 20, 48, 115, 286, 719])
    with pytest.raises(ValueError, match="at least one vertex"):
        trees(0)


def test_symmetries_and_densities_of_the_trees_of_four():
    # Hairer, Lubich and Wanner, table III.1.1, by the shape of the tree.
    dot_, line = tree(), tree([tree()])
    table = {
        tree([dot_] * 3): (6, 4),
        tree([line, dot_]): (1, 8),
        tree([tree([dot_, dot_])]): (2, 12),
        tree([tree([line])]): (1, 24),
    }
    assert {t: (t.symmetry, t.density) for t in trees(4)} == table


@pytest.mark.parametrize("order", range(1, 9))
def test_the_labelled_trees_are_counted_by_a_factorial(order):
    # Hairer, Norsett and Wanner, section II.2: n!/(symmetry*density) increasing labellings, (n - 1)! in all.
    counted = sum(Fraction(math.factorial(order), t.symmetry * t.density) for t in trees(order))
    assert counted == math.factorial(order - 1)


def shape(parents, root):
    """Return the shape of a tree as nested sorted tuples; parents[k] is the parent of vertex k."""
    return tuple(sorted(shape(parents, k) for k, above in parents.items() if above == root))


def parents_of(levels):
    """Return the parent of each vertex, from the levels of the vertices in the order of a walk."""
    return {k: max(j for j in range(k) if levels[j] == levels[k] - 1) for k in range(1, len(levels))}


@pytest.mark.parametrize("whole", [t for n in range(1, 7) for t in trees(n)], ids=str)
def test_each_edge_is_cut_as_by_hand(whole):
    parents = parents_of(whole.levels)
    by_hand = []
    for edge in parents:
        rest = {k: above for k, above in parents.items() if k != edge}
        by_hand.append((shape(rest, 0), shape(rest, edge)))
    ours = []
    for trunk, branch, ways in cuts(whole):
        ours += [tuple(shape(parents_of(part.levels), 0) for part in (trunk, branch))] * ways
    assert sorted(ours) == sorted(by_hand)


@pytest.mark.parametrize(
    ("method", "order"),
    list(zip(METHODS, (1, 2, 2, 3, 4, 2), strict=True)),
    ids=lambda p: getattr(p, "name", p),
)
def test_known_orders(method, order):
    # The orders that nodepy's test suite expects of the same tableaux; implicit midpoint by Gauss.
    assert order_of(method) == order


def test_a_spoiled_tableau_loses_its_order():
    for row, column in [(1, 0), (2, 1), (3, 2)]:
        spoiled = [list(r) for r in classical.matrix]
        spoiled[row][column] += Fraction(1, 7)
        assert order_of(runge_kutta("spoiled", spoiled, list(classical.weights))) < 4
    assert order_of(runge_kutta("spoiled", [[0, 0], ["1/2", 0]], ["1/7", "6/7"])) == 1
    with pytest.raises(ValueError, match="must sum to 1"):
        runge_kutta("spoiled", [[0]], ["1/2"])


def test_the_eight_conditions_of_order_four():
    # Butcher, section 3.1, table 312(I): sums over the stages, written out here by hand.
    a, b = classical.matrix, classical.weights
    n = range(4)
    c = [sum(row) for row in a]
    dot_, line = tree(), tree([tree()])
    by_hand = {
        dot_: sum(b),
        line: sum(b[i] * c[i] for i in n),
        tree([dot_] * 2): sum(b[i] * c[i] ** 2 for i in n),
        tree([line]): sum(b[i] * a[i][j] * c[j] for i in n for j in n),
        tree([dot_] * 3): sum(b[i] * c[i] ** 3 for i in n),
        tree([dot_, line]): sum(b[i] * c[i] * a[i][j] * c[j] for i in n for j in n),
        tree([tree([dot_] * 2)]): sum(b[i] * a[i][j] * c[j] ** 2 for i in n for j in n),
        tree([tree([line])]): sum(b[i] * a[i][j] * a[j][k] * c[k] for i in n for j in n for k in n),
    }
    assert elementary_weights(classical, 4) == by_hand == exact_weights(4)


def test_the_published_sum_for_the_explicit_midpoint():
    # The benchmark of BSeries.jl (documentation, "Benchmarks"): order 9, 486 trees, coefficients summing up.
    coefficients = modified_coefficients(explicit_midpoint, 9)
    assert len(coefficients) == 486
    assert sum(coefficients.values()) == Fraction(19063, 26880)


def test_the_published_coefficients_for_heun():
    # The test suite of BSeries.jl, SSPRK(2, 2), where they were compared with the Python package BSeries.
    found = modified_coefficients(HEUN, 4)
    dot_, line = tree(), tree([tree()])
    assert found == {
        dot_: 1, line: 0, tree([dot_] * 2): Fraction(1, 6), tree([line]): Fraction(-1, 6),
        tree([dot_] * 3): 0, tree([line, dot_]): Fraction(-1, 8), tree([tree([dot_] * 2)]): 0,
        tree([tree([line])]): Fraction(1, 8),
    }  # fmt: skip


def as_rule(method, force):
    """Return an explicit method for x' = force(x) as a rule, its stages put into each other."""
    stages = []
    for row in method.matrix:
        moves = (Rational(a.numerator, a.denominator) * k for a, k in zip(row, stages, strict=False))
        stages.append(force(x + h * sum(moves)))
    weights = (Rational(b.numerator, b.denominator) for b in method.weights)
    return rule({x: x + h * sum(b * k for b, k in zip(weights, stages, strict=True))})


@pytest.mark.parametrize("method", METHODS[:-1], ids=lambda method: method.name)
def test_in_one_dimension_trees_and_the_ring_agree(method):
    order = 4 if len(method.weights) < 4 else 3
    by_ring = modified_equation(as_rule(method, lambda place: -grad(place)), h, order)
    assert_same_law(modified_by(method, law({dot(x): -G}), h, order).law, by_ring.law)


def test_a_wrong_coefficient_would_not_agree():
    right = modified_by(explicit_midpoint, law({dot(x): -G}), h, 2).law
    assert not same_law(modified_by(HEUN, law({dot(x): -G}), h, 2).law, right)


def test_in_two_dimensions_trees_and_the_ring_agree():
    rates = {x: x * (2 - y) + y**2, y: y * (x - 1) - x**3}
    euler = rule({s: s + h * rate for s, rate in rates.items()})
    by_trees = modified_by(explicit_euler, law({dot(s): rate for s, rate in rates.items()}), h, 3)
    assert_same_law(by_trees.law, modified_equation(euler, h, 3).law)


def test_friction_and_force_in_phase_space():
    damped = {v: -gamma * v / m - G / m, x: v}
    by_ring = modified_equation(rule({v: v + h * damped[v], x: x + h * v}), h, 2)
    by_trees = modified_by(explicit_euler, law({dot(s): rate for s, rate in damped.items()}), h, 2)
    assert_same_law(by_trees.law, by_ring.law)


def test_from_second_order_on_the_modified_field_of_gradient_descent_is_no_gradient():
    # U = x**3/3 + x*y**2 + y**4/4: the curl of the second term is y**3*(2*x + y**2), up to a factor.
    energy = x**3 / 3 + x * y**2 + y**4 / 4
    flow = law({dot(x): -energy.diff(x), dot(y): -energy.diff(y)})
    found = modified_by(explicit_euler, flow, h, 2)
    curls = []
    for k in range(3):
        along_x, along_y = (e.right for e in found.term(k).equations)
        curls.append(sympy.expand(along_y.diff(x) - along_x.diff(y)))
    assert curls[:2] == [0, 0]
    assert curls[2] != 0
    assert sympy.cancel(curls[2] / (y**3 * (2 * x + y**2))).is_Rational


def test_from_third_order_on_one_coordinate_reports_less_than_trees():
    branched, chained = tree([tree([tree()]), tree()]), tree([tree([tree(), tree()])])
    assert differential(branched, {x: -G}) == differential(chained, {x: -G})
    plane = {x: x * y, y: x**2 + y**2}
    assert differential(branched, plane) != differential(chained, plane)


def test_integrators_as_methods_of_one_stage():
    # Proximal point is backward Euler: L - (eta/4)*|grad L|**2 (Martinet 1970, Rockafellar 1976).
    proximal = modified_by(as_runge_kutta(backward_euler), law({dot(x): -G}), eta)
    assert_same_law(proximal.law, law({dot(x): -G + eta / 2 * G * hess(x)}))
    assert order_of(as_runge_kutta(implicit_midpoint)) == 2
    assert as_runge_kutta(heun) is heun
    friction = semi_implicit_euler.with_friction("exponential")
    for method in (exponential_euler, velocity_verlet, friction):
        with pytest.raises(ValueError, match="no Runge-Kutta method"):
            as_runge_kutta(method)
    with pytest.raises(TypeError, match="expected an integrator"):
        as_runge_kutta("heun")


def test_bad_input_is_refused():
    with pytest.raises(TypeError, match="exact"):
        runge_kutta("inexact", [[0.5]], [1])
    with pytest.raises(ValueError, match="rows and columns"):
        runge_kutta("lopsided", [[0, 0]], [1])
    with pytest.raises(ValueError, match="does not give the rate"):
        modified_by(explicit_euler, law({m * dot(dot(x)): -G}), h)
    with pytest.raises(ValueError, match="counts powers"):
        modified_by(explicit_euler, law({dot(x): -G}), h, -1)
    for held in (h, t):
        with pytest.raises(ValueError, match="holds the step"):
            modified_by(explicit_euler, law({dot(x): -held * G}), h)
