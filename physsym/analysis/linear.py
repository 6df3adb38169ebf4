"""A rule or a law on a quadratic potential: its exact matrix and its characteristic polynomial."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from sympy import Expr, ImmutableMatrix, Matrix, Poly, Symbol, eye
from sympy.polys.matrices import DomainMatrix
from sympy.polys.polyerrors import PolynomialError

from physsym.analysis.exact_evaluation import AnalysisError
from physsym.core.counts import counted
from physsym.core.motion import is_time
from physsym.core.statements import Law, Rule, Statement, expressions, one_step_map, states, symbols
from physsym.core.symbols import DOT, OPAQUE, exact, grad, hess, name_and_marks, partial, potential
from physsym.parsing.statements import ExprText, RuleText, StatementText, as_expression, as_rule, as_statement
from physsym.verify.budget import allowed, check_time, within_time
from physsym.verify.hurwitz import SECONDS_A_TERM, leading_minors, over_one_denominator
from physsym.vocabulary import STANDARD, lam

_LARGEST_BY_MINORS = 10  # the number of rows of numbers
z = Symbol("z")


def on_quadratic(expression: Expr, curvature: ExprText = lam) -> Expr:
    """Return an expression with the potential curvature*q**2/2 in place of the opaque one, at every point q.

    Parameters
    ----------
    expression
        An expression with `potential`, `grad` and `hess` of one coordinate.
    curvature
        The second derivative of the quadratic potential.

    Returns
    -------
    Expr
        The expression without opaque functions.

    Raises
    ------
    AnalysisError
        For a potential of several coordinates.

    Examples
    --------
    >>> from physsym.vocabulary import eta, rho, u, x
    >>> print(on_quadratic(u - eta * grad(x + rho * u)))
    -eta*lam*(rho*u + x) + u
    """
    expression = exact(expression)
    if expression.has(partial) or any(len(p.args) > 1 for p in expression.atoms(potential)):
        raise AnalysisError(
            f"{expression} has a potential of several coordinates; state it for one representative coordinate"
        )
    stiffness = as_expression(curvature, expression.free_symbols)
    taken = expression.replace(potential, lambda q: stiffness * q**2 / 2)
    taken = taken.replace(grad, lambda q: stiffness * q)
    return taken.replace(hess, lambda q: stiffness)


def step_matrix(rule: RuleText, curvature: ExprText = lam) -> ImmutableMatrix:
    """Return the matrix of one step of a rule on the quadratic potential curvature*x**2/2.

    Rows and columns are in the order of `states(rule)`: the targets in order, then the earlier values that
    are read. The matrix depends on the map alone, and not on how it is written; a constant term only moves
    the fixed point, and the matrix is that of the distance to it. Dimension of an entry: that of the state
    of its row over that of its column; of the curvature: energy over length squared.

    Parameters
    ----------
    rule
        A rule.
    curvature
        The second derivative of the quadratic potential.

    Returns
    -------
    ImmutableMatrix
        The matrix of the one-step map.

    Raises
    ------
    AnalysisError
        If the rule is not linear on a quadratic.
    TypeError
        If the argument is not a rule.

    Examples
    --------
    >>> from physsym.core.symbols import after
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, rho, u, x
    >>> step_matrix(rule({u: rho * u - eta * G, x: x + after(u)}))
    Matrix([
    [rho,     -eta*lam],
    [rho, -eta*lam + 1]])
    """
    rule = as_rule(rule)
    _refuse_time(rule)
    refuse_shared_name(rule, as_expression(curvature, symbols(rule)))
    new = one_step_map(rule)
    return _matrix([on_quadratic(new[s], curvature) for s in states(rule)], states(rule))


def refuse_shared_name(statement: Statement, curvature: Expr) -> None:
    """Refuse a parameter that has the name of the curvature, as the strength of a weight decay often has.

    Parameters
    ----------
    statement
        A law or a rule.
    curvature
        The curvature of the potential.

    Raises
    ------
    AnalysisError
        If the statement has a gradient, and its curvature is called `lam` as one of its symbols is.
    """
    if curvature == lam and lam in symbols(statement) and any(e.has(*OPAQUE) for e in expressions(statement)):
        raise AnalysisError(
            f"{lam} is a symbol of the {type(statement).__name__.lower()}, and the curvature of the "
            f"potential is called {lam} where no other one is given: add curvature='kappa'"
        )


class NotLinearStatementError(AnalysisError):
    """The statement has no matrix: on a parabola it is not linear."""


def _refuse_time(statement: Statement) -> None:
    time = next((s for s in symbols(statement) if is_time(s)), None)
    if time is not None:
        raise AnalysisError(
            f"the {type(statement).__name__.lower()} holds the time {time}, so that its matrix changes from "
            "instant to instant and its eigenvalues do not tell whether it is stable; put a number for the "
            "time to look at one instant, or run the rule"
        )


def _matrix(expressions: Iterable[Expr], unknowns: tuple[Symbol, ...]) -> ImmutableMatrix:
    rows = []
    for expression in expressions:
        try:
            polynomial = Poly(expression, *unknowns)
        except PolynomialError:
            polynomial = None
        if polynomial is None or polynomial.total_degree() > 1:
            named = ", ".join(map(str, unknowns))
            raise NotLinearStatementError(
                f"{expression} is not linear in {named}; only linear statements have a matrix"
            )
        if undetermined := [s for s in STANDARD.moving if polynomial.coeff_monomial(1).has(s)]:
            raise AnalysisError(
                f"{undetermined[0]} changes in time, and nothing says how; give it an equation"
            )
        rows.append([polynomial.coeff_monomial(s) for s in unknowns])
    return ImmutableMatrix(rows)


def characteristic_polynomial(statement: StatementText, curvature: ExprText = lam) -> Poly:
    """Return the characteristic polynomial in `z` of a rule or a law on curvature*x**2/2.

    The roots for a rule are its multipliers (solutions grow like z**n), and its polynomial is monic; the
    roots for a law are its rates (solutions grow like exp(z*t)).

    Parameters
    ----------
    statement
        A law or a rule.
    curvature
        The second derivative of the quadratic potential.

    Returns
    -------
    Poly
        The polynomial.

    Raises
    ------
    AnalysisError
        If the statement is not linear on a quadratic, depends on the time, has not as many equations as
        unknowns, or has a symbol `z`.
    TypeError
        If the argument is neither a law nor a rule.

    Examples
    --------
    >>> from physsym.mechanics.system import damped_particle
    >>> print(characteristic_polynomial(damped_particle.law()).as_expr())
    gamma*z + lam + m*z**2
    """
    statement = as_statement(statement)
    return _characteristic_polynomial(statement, as_expression(curvature, symbols(statement)))


# Stability, damping and rates of one rule all start from here.
@lru_cache(maxsize=256)
def _characteristic_polynomial(statement: Statement, curvature: Expr) -> Poly:
    if z in symbols(statement) | curvature.free_symbols:
        raise AnalysisError("z is the unknown of the characteristic polynomial; give yours another name")
    _refuse_time(statement)
    if isinstance(statement, Rule):
        matrix = step_matrix(statement, curvature)
        matrix = z * eye(matrix.rows) - matrix
    else:
        matrix = _matrix_of_law(statement, curvature)
    found = within_time(lambda: _determinant(matrix))
    if found is None:
        what = f"the determinant of {counted(matrix.rows, 'row')}"
        raise AnalysisError(beyond_time(what, matrix.free_symbols - {z}))
    return Poly(found, z)


def beyond_time(what: str, symbols: Iterable[Symbol]) -> str:
    """Return the message on what was not found within the time of a verdict.

    Parameters
    ----------
    what
        What was to be found.
    symbols
        The symbols in it.

    Returns
    -------
    str
        The time, the symbols and what to do.

    Examples
    --------
    >>> beyond_time("the region", [lam])  # doctest: +ELLIPSIS
    'the region in 1 symbol (lam) is undecided: it was not found within 4 s of processor time; ...'
    """
    names = sorted(map(str, symbols))
    these = f"{counted(len(names), 'symbol')} ({', '.join(names)})"
    return (
        f"{what} in {these} is undecided: it was not found within "
        f"{allowed():g} s of processor time; put numbers for some of them, or compute spectral_radii on a "
        "grid of numbers, or allow more: with physsym.verify.budget.budget(60): ..."
    )


def _determinant(matrix: Matrix) -> Expr:
    """Return the determinant of a matrix, by the minors of its rows, for many rows of numbers by Berkowitz.

    For symbols Berkowitz's algorithm is much slower: its intermediate terms, which cancel in the end, are
    many more than those of the minors.
    """
    n = matrix.rows
    if n > _LARGEST_BY_MINORS and matrix.free_symbols <= {z}:
        over_domain = DomainMatrix.from_Matrix(matrix)
        return (-1) ** n * over_domain.domain.to_sympy(over_domain.charpoly()[-1])
    above, bottom = over_one_denominator(list(matrix))
    *_, found = leading_minors([above[k : k + n] for k in range(0, n * n, n)])
    check_time(len(found) * SECONDS_A_TERM)
    return bottom.ring.to_field().new(found, bottom**n).as_expr()


def _matrix_of_law(law: Law, curvature: Expr) -> Matrix:
    refuse_shared_name(law, curvature)
    rates = {s: _times_rate(s, symbols(law)) for s in symbols(law) if name_and_marks(s)[1]}
    unknowns = tuple(sorted({base for base, _ in rates.values()}, key=str))
    if len(unknowns) != len(law.equations):
        raise AnalysisError(
            f"{law} has {counted(len(law.equations), 'equation')} for "
            f"{counted(len(unknowns), 'moving unknown')}"
        )
    moving = {s: z**power * base for s, (base, power) in rates.items()}
    return _matrix([on_quadratic(e.residual, curvature).xreplace(moving) for e in law.equations], unknowns)


def _times_rate(symbol: Symbol, among: Iterable[Symbol]) -> tuple[Symbol, int]:
    name, marks = name_and_marks(symbol)
    if marks.strip(DOT):
        raise AnalysisError(f"{symbol} is a value at a neighbouring step; a law holds at one instant")
    own = Symbol(name, real=True) if symbol.is_real else Symbol(name)
    return next((s for s in among if s.name == name), own), len(marks)
