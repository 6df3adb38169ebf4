"""B-series of Runge-Kutta methods: order conditions and modified equations for every vector field at once.

A B-series is y + sum over trees of step**order/symmetry * coefficient(tree) * differential(tree). Its
coefficients are valid for every field in any dimension, so they distinguish what one coordinate cannot.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import singledispatch

from sympy import Add, Expr, Mul, Rational, Symbol

from physsym.analysis.modified_equations import ModifiedEquation
from physsym.analysis.rooted_trees import Tree, cuts, trees
from physsym.core.motion import is_time
from physsym.core.statements import Equation, Law, symbols
from physsym.core.symbols import DOT, dot, name_and_marks
from physsym.mechanics.integrators import Method, PartitionedEuler, RungeKutta
from physsym.parsing.statements import LawText, as_law

Coefficients = dict[Tree, Fraction]


def runge_kutta(name: str, matrix: list[list[object]], weights: list[object]) -> RungeKutta:
    """Return the Runge-Kutta method with a given tableau.

    Parameters
    ----------
    name
        The name of the method.
    matrix
        The coefficients a_ij, one row a stage; entries are exact numbers, or texts such as "1/2".
    weights
        The weights b_i, one a stage.

    Returns
    -------
    RungeKutta
        The method, explicit or implicit, with the order that rooted trees find, up to 8.

    Raises
    ------
    TypeError
        For a float, which is not the decimal that it prints.
    ValueError
        If the matrix is not square, the number of weights is not that of its rows, or they do not sum to 1.

    Examples
    --------
    >>> order_of(runge_kutta("Heun", [[0, 0], [1, 0]], ["1/2", "1/2"]))
    2
    """
    rows = tuple(map(tuple, matrix))
    plain = RungeKutta(name, 1, rows, tuple(weights))
    return replace(plain, order=order_of(plain))


def _denominator(method: RungeKutta) -> int:
    """Return the least common denominator of the matrix and the weights."""
    return math.lcm(*(int(a.q) for row in (*method.matrix, method.weights) for a in row))


@singledispatch
def as_runge_kutta(integrator: Method) -> RungeKutta:
    """Return an integrator as a Runge-Kutta method, for the analysis by rooted trees.

    A Runge-Kutta method is itself. An integrator given by weights evaluates the rate of a single
    state at (1 - own)*old + own*new = old + own*step*rate, which is one stage; the result describes it for
    laws of one state, such as gradient flows of any dimension. Integrators that differ only in how states
    read each other are equal there.

    Parameters
    ----------
    integrator
        An integrator.

    Returns
    -------
    RungeKutta
        Its tableau.

    Raises
    ------
    ValueError
        For an integrator without a tableau, such as one that solves decay exactly.
    TypeError
        If the argument is not an integrator.

    Examples
    --------
    >>> from physsym.mechanics.integrators import backward_euler, ssp33
    >>> order_of(as_runge_kutta(ssp33))
    3
    >>> as_runge_kutta(backward_euler).matrix
    ((1,),)
    """
    if hasattr(integrator, "name") and hasattr(integrator, "order"):
        raise ValueError(f"{integrator.name} is no Runge-Kutta method: it has no tableau")
    raise TypeError(f"expected an integrator, such as physsym.integrators.heun; given {integrator!r}")


@as_runge_kutta.register(PartitionedEuler)
def _(integrator: PartitionedEuler) -> RungeKutta:
    if integrator.own == "exact":
        raise ValueError(f"{integrator.name} follows decay exactly, which no Runge-Kutta method does")
    return RungeKutta(integrator.name, integrator.order, ((integrator.own,),), (1,))


@as_runge_kutta.register(RungeKutta)
def _(integrator: RungeKutta) -> RungeKutta:
    return integrator


def up_to(order: int) -> Iterator[Tree]:
    """Yield the trees of order one, two, ... up to an order."""
    for n in range(1, order + 1):
        yield from trees(n)


def elementary_weights(method: RungeKutta, order: int) -> Coefficients:
    """Return the coefficients of the B-series of a method, up to an order (Butcher, section 3.1).

    Examples
    --------
    >>> from physsym.mechanics.integrators import explicit_midpoint
    >>> list(elementary_weights(explicit_midpoint, 2).values())
    [Fraction(1, 1), Fraction(1, 2)]
    """
    q = _denominator(method)
    return {tree: Fraction(w, q**tree.order) for tree, w in _whole_weights(method, order).items()}


def _whole_weights(method: RungeKutta, order: int) -> dict[Tree, int]:
    """Return the elementary weights times denominator**order, which are whole numbers."""
    q = _denominator(method)
    matrix = [[int(a * q) for a in row] for row in method.matrix]
    weights = [int(b * q) for b in method.weights]
    inner: dict[Tree, list[int]] = {}
    found = {}
    for tree in up_to(order):
        stages = [math.prod(column) for column in zip(*(inner[c] for c in tree.children), strict=True)]
        stages = stages or [1] * len(weights)
        found[tree] = _dot(weights, stages)
        inner[tree] = [_dot(row, stages) for row in matrix]
    return found


def _dot(left: list[int], right: list[int]) -> int:
    return sum(map(operator.mul, left, right))


def exact_weights(order: int) -> Coefficients:
    """Return the coefficients of the exact flow: one over the density of each tree."""
    return {tree: Fraction(1, tree.density) for tree in up_to(order)}


def order_of(method: RungeKutta, most: int = 8) -> int:
    """Return the order of a method: up to it, its elementary weights are those of the exact flow.

    Parameters
    ----------
    method
        A Runge-Kutta method.
    most
        The highest order that is examined; the result is at most this.

    Returns
    -------
    int
        The order.

    References
    ----------
    J. Butcher, Numerical Methods for Ordinary Differential Equations, section 3.1.
    """
    method = as_runge_kutta(method)
    q, weights = _denominator(method), _whole_weights(method, most)
    wrong = [tree.order for tree, w in weights.items() if w * tree.density != q**tree.order]
    return min(wrong, default=most + 1) - 1


def modified_coefficients(method: RungeKutta, order: int) -> Coefficients:
    """Return the coefficients of the modified equation of a method, up to an order of the trees.

    The modified field is the sum over trees of step**(order - 1)/symmetry * coefficient * differential. Its
    Lie series is matched with the B-series of the method; the Lie derivative cuts one edge of a tree. The
    arithmetic is in integers, scaled by order! and powers of the common denominator of the tableau.

    Parameters
    ----------
    method
        A Runge-Kutta method.
    order
        The highest order of the trees.

    Returns
    -------
    dict of Tree to Fraction
        The coefficients.

    References
    ----------
    E. Hairer, C. Lubich and G. Wanner, Geometric Numerical Integration, theorem IX.9.2 and lemma IX.9.1.

    Examples
    --------
    >>> explicit_euler = RungeKutta("explicit Euler", 1, ((0,),), (1,))
    >>> list(modified_coefficients(explicit_euler, 2).values())
    [Fraction(1, 1), Fraction(-1, 2)]
    """
    method = as_runge_kutta(method)
    q = _denominator(method)
    weights, field = _whole_weights(method, order), dict[Tree, int]()
    lie: dict[Tree, list[int]] = {}
    ratios = [[math.perm(n, n - j) for j in range(1, n + 1)] for n in range(order + 1)]  # n!/j!
    for tree, weight in weights.items():
        n, scale = tree.order, math.factorial(tree.order)
        rows = [0] * n  # rows[j - 1] is the coefficient of the j-th power of the field
        for trunk, cut_off, ways in cuts(tree):
            if factor := ways * math.comb(n, cut_off.order) * field[cut_off]:
                for j, value in enumerate(lie[trunk], 1):
                    rows[j] += factor * value
        field[tree] = rows[0] = scale * weight - _dot(ratios[n], rows) // scale
        lie[tree] = rows
    return {tree: Fraction(b, math.factorial(tree.order) * q**tree.order) for tree, b in field.items()}


def differential(tree: Tree, rates: Mapping[Symbol, Expr]) -> tuple[Expr, ...]:
    """Return the elementary differential of a tree, one component for each state.

    It is the derivative of the field, as often as the root has branches, applied to the differentials of
    the branches (Hairer, Lubich and Wanner, definition III.1.2).
    """
    inside = [differential(child, rates) for child in tree.children]
    choices = list(itertools.product(range(len(rates)), repeat=len(inside)))
    return tuple(Add(*(_partial(rate, list(rates), inside, c) for c in choices)) for rate in rates.values())


def _partial(
    rate: Expr, states: list[Symbol], vectors: list[tuple[Expr, ...]], choice: tuple[int, ...]
) -> Expr:
    """Return a partial derivative of a rate, times the components along which it was taken."""
    for k in choice:
        rate = rate.diff(states[k])
    return Mul(rate, *(vector[k] for vector, k in zip(vectors, choice, strict=True)))


def modified_by(method: RungeKutta, law: LawText, step: Symbol, order: int = 1) -> ModifiedEquation:
    """Return the modified equation of a Runge-Kutta method applied to a law.

    With an opaque gradient of one coordinate this is the result of `modified_equation` for the rule. With
    several explicit coordinates it distinguishes terms that are equal for one coordinate.

    Parameters
    ----------
    method
        A Runge-Kutta method.
    law
        A law that gives the rate of each state, in any number of dimensions.
    step
        The symbol of the step.
    order
        The highest power of the step in the result.

    Returns
    -------
    ModifiedEquation
        The modified rates, with terms up to step**order.

    Raises
    ------
    ValueError
        For a negative order, for a law that does not give rates, and for one in which the step or the time
        occurs.

    Examples
    --------
    >>> from physsym.core.statements import law
    >>> from physsym.vocabulary import G, eta, x
    >>> explicit_euler = RungeKutta("explicit Euler", 1, ((0,),), (1,))
    >>> print(modified_by(explicit_euler, law({dot(x): -G}), eta))
    x' = -grad(x) - eta*hess(x)*grad(x)/2, up to O(eta**2)
    """
    law, method = as_law(law), as_runge_kutta(method)
    rates = _rates(law, step)
    if order < 0:
        raise ValueError(f"the order counts powers of the step from zero; given {order}")
    totals: dict[Symbol, list[Expr]] = {s: [] for s in rates}
    for tree, coefficient in modified_coefficients(method, order + 1).items():
        scale = Rational(coefficient.numerator, coefficient.denominator * tree.symmetry)
        parts = differential(tree, rates) if scale else ()
        for state, part in zip(rates, parts, strict=False):
            totals[state].append(scale * step ** (tree.order - 1) * part)
    found = (Equation(dot(s), Add(*terms).expand()) for s, terms in totals.items())
    return ModifiedEquation(Law(tuple(found)), step, order)


def _rates(law: Law, step: Symbol) -> dict[Symbol, Expr]:
    rates: dict[Symbol, Expr] = {}
    for equation in law.equations:
        name, marks = name_and_marks(equation.left) if isinstance(equation.left, Symbol) else ("", "")
        if marks != DOT or any(DOT in s.name for s in equation.right.free_symbols):
            raise ValueError(
                f"{equation} does not give the rate of a state; use ReduceOrder and Isolate first"
            )
        known = {s for s in symbols(law) if dot(s) == equation.left}
        rates[known.pop() if known else Symbol(name, real=equation.left.is_real)] = equation.right
    if step in symbols(law) or any(map(is_time, symbols(law))):
        raise ValueError(f"the law holds the step {step} or the time t, as a modified equation cannot")
    return rates
