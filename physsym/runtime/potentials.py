"""Potentials: test functions on which optimizers are tried, and what a user may give as a potential."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import Any, TypeAlias, TypeGuard

import numpy as np
from sympy import Add, Expr, Rational, Symbol, diff, lambdify

from physsym.codegen import Formula, state_name
from physsym.core.counts import counted
from physsym.core.symbols import exact
from physsym.parsing.statements import as_expression

Array: TypeAlias = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Problem:
    """A function of an array of weights, shape (n,), its gradient of the same shape, and where one starts.

    `lowest` is the smallest value, `nan` where no closed form of it is known; `formula` is the function as an
    expression of w1, w2, ..., None where it has too many terms to be written out; `curvatures` are those of a
    quadratic along the axes, and empty for any other function.
    """

    name: str
    says: str
    value: Callable[[Array], float] = field(repr=False)
    gradient: Callable[[Array], Array] = field(repr=False)
    start: tuple[float, ...] = field(repr=False)
    lowest: float = 0.0
    formula: Expr | None = field(default=None, repr=False)
    curvatures: tuple[float, ...] = field(default=(), repr=False)


_w1, _w2 = (Symbol(name, real=True) for name in ("w1", "w2"))


def _valley(name: str, says: str, curvatures: tuple[float, ...], start: tuple[float, ...]) -> Problem:
    stiffness = np.array(curvatures)
    formula = (Rational(curvatures[0]) * _w1**2 + Rational(curvatures[1]) * _w2**2) / 2
    return Problem(
        name,
        says,
        lambda w: float(stiffness @ w**2 / 2),
        lambda w: stiffness * w,
        start,
        formula=formula,
        curvatures=curvatures,
    )


def _rosenbrock_value(w: Array) -> float:
    return float((1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2)


def _rosenbrock_gradient(w: Array) -> Array:
    across = w[1] - w[0] ** 2
    return np.array([-2 * (1 - w[0]) - 400 * w[0] * across, 200 * across])


def _library(array: Array) -> Any:
    """Return the library of an array: NumPy, or another that computes as it does."""
    return array.__array_namespace__() if hasattr(array, "__array_namespace__") else np


def logistic(samples: int, weights: int, seed: int) -> Problem:
    """Return the regularised logistic loss of random labelled samples, fixed by the seed.

    The loss is mean(log(1 + exp(-y*(A w)))) + |w|^2/(2*samples), A of shape (samples, weights), y = -1 or 1.
    """

    @cache  # drawn when first used: numpy.random is slow to import
    def signed() -> Array:
        random = np.random.default_rng(seed)
        features = random.normal(size=(samples, weights))
        labels = np.where(features @ random.normal(size=weights) + random.normal(size=samples) > 0, 1.0, -1.0)
        return features * labels[:, None]

    def value(w: Array) -> float:
        return float(np.logaddexp(0, -signed() @ w).mean() + w @ w / (2 * samples))

    def gradient(w: Array) -> Array:
        # 1/(1 + exp(z)) written so that no exponential overflows.
        fraction = (1 - _library(w).tanh(signed() @ w / 2)) / 2
        found: Array = (w - signed().T @ fraction) / samples
        return found

    says = f"logistic loss of {samples} samples in {weights} weights"
    return Problem("logistic", says, value, gradient, (0.0,) * weights, float("nan"))


_ALL = (
    _valley("valley", "a narrow quadratic valley, (20*w1^2 + w2^2)/2", (20.0, 1.0), (1.0, 1.0)),
    _valley("bowl", "a round quadratic bowl, (w1^2 + w2^2)/2", (1.0, 1.0), (1.0, 1.0)),
    Problem(
        "rosenbrock",
        "a curved valley, (1 - w1)^2 + 100*(w2 - w1^2)^2 (Rosenbrock 1960)",
        _rosenbrock_value,
        _rosenbrock_gradient,
        (-1.2, 1.0),
        formula=(1 - _w1) ** 2 + 100 * (_w2 - _w1**2) ** 2,
    ),
    Problem(
        "double-well",
        "two equal minima, (w1^2 - 1)^2/4 + w2^2/2",
        lambda w: float((w[0] ** 2 - 1) ** 2 / 4 + w[1] ** 2 / 2),
        lambda w: np.array([w[0] ** 3 - w[0], w[1]]),
        (0.1, 1.0),
        formula=(_w1**2 - 1) ** 2 / 4 + _w2**2 / 2,
    ),
    logistic(samples=200, weights=50, seed=1847),
)
# A text of this form is a name; others are formulas.
_NAME = re.compile(r"[A-Za-z]*-?[A-Za-z]*")
PROBLEMS: Mapping[str, Problem] = {p.name: p for p in _ALL}


def problem(name: str) -> Problem:
    """Return a test function by name.

    Parameters
    ----------
    name : str
        One of `PROBLEMS`: "valley", "bowl", "rosenbrock", "double-well" or "logistic".

    Returns
    -------
    Problem

    Raises
    ------
    ValueError
        For an unknown name; it lists those that exist.

    Examples
    --------
    >>> valley = problem("valley")
    >>> valley.value(np.array([1.0, 1.0])), valley.gradient(np.array([1.0, 1.0])).tolist()
    (10.5, [20.0, 1.0])
    """
    if name not in PROBLEMS:
        raise ValueError(_unknown(name))
    return PROBLEMS[name]


def _unknown(name: str) -> str:
    return f"unknown test function {name!r}; there are {', '.join(PROBLEMS)}"


def named_or_read(given: Any) -> Any:
    """Return the test function of a name, and the expression of any other text; what is no text as it is.

    >>> print(named_or_read("x**2/2"))
    x**2/2
    """
    if not isinstance(given, str):
        return given
    if given in PROBLEMS:
        return PROBLEMS[given]
    if _NAME.fullmatch(given):
        raise ValueError(f"{_unknown(given)}, or give an expression of the weights, such as 'x**2/2'")
    return as_expression(given)


def is_potential(given: Any) -> bool:
    """Return whether something is a potential rather than a callable gradient."""
    return isinstance(given, (str, Problem, Expr, np.ndarray, list, tuple)) or (
        hasattr(given, "shape") and not callable(given)  # an array of another library
    )


def is_pair(given: Any) -> TypeGuard[tuple[Callable[..., Any], Callable[..., Any]]]:
    """Return whether two functions are given, a loss and a gradient."""
    return isinstance(given, tuple) and len(given) == 2 and all(map(callable, given))


def potential_formula(given: Any, parameters: Iterable[str] = ()) -> Formula | None:
    """Return a potential as a formula: a test function or its name, an expression, or a quadratic by numbers.

    In an expression, symbols named like `parameters` are parameters; all others are weights, in the order of
    their names (w2 before w10). A quadratic is given by its curvatures, (n,), or its matrix, (n, n).
    None for a test function that has no formula. Raises ValueError for an unknown name, an expression without
    weights and an unfit matrix, TypeError for an inexact expression.

    >>> potential_formula([20.0, 1.0]).value
    10*w1**2 + w2**2/2
    """
    given = named_or_read(given)
    if isinstance(given, Problem):
        return None if given.formula is None else potential_formula(given.formula)
    if isinstance(given, Expr):
        return _of_expression(exact(given), set(parameters))
    return _quadratic(_floats(given))


def _of_expression(value: Expr, parameters: set[str]) -> Formula:
    weights = sorted((s for s in value.free_symbols if state_name(s) not in parameters), key=_by_number)
    if not weights:
        raise ValueError(f"the potential {value} has no weights: all its symbols are parameters")
    return Formula(value, tuple(weights))


def _by_number(symbol: Symbol) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", symbol.name)]


UNROLLED = 10
"""The number of weights up to which a dense quadratic is a formula, with their square of terms."""


def _floats(given: Any) -> Array:
    if isinstance(given, np.ma.MaskedArray):
        raise TypeError("the potential is a masked array, whose mask a run does not heed; give a plain array")
    try:
        return np.asarray(given, dtype=float)
    except OverflowError:
        raise ValueError(
            "the numbers of a quadratic must be ones that floats hold, at most about 1.8e308"
        ) from None


def dense_matrix(given: Any) -> Array | None:
    """Return the matrix of a quadratic of many weights that mixes them, (n, n); None for other potentials.

    Raises ValueError for an unfit matrix.
    """
    if not isinstance(given, (np.ndarray, list, tuple)):
        return None
    matrix = _floats(given)
    if matrix.ndim != 2 or len(matrix) <= UNROLLED or np.count_nonzero(matrix) <= UNROLLED * len(matrix):
        return None
    refuse_no_quadratic(matrix)
    return matrix


def dense_gradient(given: Any) -> Callable[[Array], Array] | None:
    """Return the gradient A*w of a quadratic given by its dense matrix A, (n, n); None for other potentials.

    Raises ValueError for an unfit matrix, and the gradient for weights that are not n.
    """
    matrix = dense_matrix(given)
    if matrix is None:
        return None

    def gradient(w: Array) -> Array:
        if np.shape(w) != matrix.shape[:1]:
            raise ValueError(
                f"the potential has {counted(len(matrix), 'weight')}, the state has shape {np.shape(w)}"
            )
        return np.asarray(matrix @ w, np.result_type(np.asarray(w), np.float32))

    return gradient


def loss_and_gradient(
    given: Any, parameters: Mapping[str, Any]
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return a potential as two functions of an array of its weights: its value and its gradient.

    Raises as `potential_formula` does.
    """
    given = named_or_read(given)
    if (dense := dense_gradient(given)) is not None:
        return lambda w: float(np.asarray(w) @ dense(w)) / 2, dense
    formula = given if isinstance(given, Formula) else potential_formula(given, parameters)
    if formula is None:
        return given.value, given.gradient
    weights, others = formula.weights, sorted(formula.value.free_symbols - {*formula.weights}, key=str)
    numbers = [parameters[state_name(s)] for s in others]
    symbols = [*weights, *others]
    value = lambdify(symbols, formula.value, modules="numpy")
    slopes = [lambdify(symbols, diff(formula.value, w), modules="numpy") for w in weights]

    def loss(point: Any) -> Any:
        if len(weights) == 1:
            return np.sum(np.broadcast_to(value(np.asarray(point), *numbers), np.shape(point)))
        return value(*np.ravel(point), *numbers)

    def gradient(point: Any) -> Any:
        if len(weights) == 1:
            return np.broadcast_to(slopes[0](np.asarray(point), *numbers), np.shape(point))
        at = np.ravel(point)
        if len(at) != len(weights):
            raise ValueError(
                f"the potential has {counted(len(weights), 'weight')}, the state "
                f"{counted(len(at), 'component')}"
            )
        return np.reshape([slope(*at, *numbers) for slope in slopes], np.shape(point))

    return loss, gradient


def of_each_weight(
    given: Any, parameters: Mapping[str, Any], names: Sequence[str]
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return a potential as two functions of one argument a weight, for a rule that mixes its weights.

    The second returns as many numbers. Raises ValueError for a potential of another number of weights.
    """
    task = named_or_read(given)
    formula = task if isinstance(task, Formula) else potential_formula(task, parameters)
    own = formula.weights if formula is not None else getattr(task, "start", task)
    count = len(np.asarray(own, object))
    if count != len(names):
        raise ValueError(
            f"the potential has {counted(count, 'weight')}, and the rule has several "
            f"coordinates, {', '.join(names)}: "
            "give a potential of as many weights"
        )
    loss, gradient = loss_and_gradient(given, parameters)

    def together(points: tuple[Any, ...]) -> Array:
        return np.array([np.asarray(point).reshape(()) for point in points])

    def gradients(*points: Any) -> tuple[Any, ...]:
        found = gradient(together(points))
        return tuple(np.reshape(slope, np.shape(point)) for slope, point in zip(found, points, strict=True))

    return lambda *points: loss(together(points)), gradients


def _quadratic(numbers: Array) -> Formula:
    matrix = np.diag(numbers) if numbers.ndim == 1 else numbers
    refuse_no_quadratic(matrix)
    weights = [Symbol(f"w{k + 1}", real=True) for k in range(len(matrix))]
    terms = [
        Rational(Fraction(h)) * weights[i] * weights[j] / (2 if i == j else 1)
        for (i, j), h in np.ndenumerate(matrix)
        if h and i <= j
    ]
    return Formula(Add(*terms), tuple(weights))  # one sum: adding term by term takes their square of time


def refuse_no_quadratic(matrix: Array) -> None:
    """Raise ValueError for what is no symmetric matrix of finite numbers."""
    if matrix.ndim != 2 or not matrix.size or not np.array_equal(matrix, matrix.T):
        raise ValueError(
            f"a quadratic is its curvatures, (n,), or its symmetric matrix, (n, n); given {matrix}"
        )
    if not np.isfinite(matrix).all():
        raise ValueError(f"the numbers of a quadratic must be finite, given {matrix}")
