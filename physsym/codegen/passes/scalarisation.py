"""A rule on a potential given as a formula, component by component: a program of single numbers alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from sympy import Expr, Rational, Symbol, diff

from physsym.codegen import Assignment, Evaluation, Line, Program, changed, program, state_name
from physsym.codegen.expression_tree import Operand, renamed
from physsym.codegen.passes.copy_propagation import without_copies, without_doublings
from physsym.codegen.passes.partition import without_counters
from physsym.core.statements import rule
from physsym.core.symbols import exact
from physsym.runtime.problems import Problem, problem


@dataclass(frozen=True)
class Formula:
    """A potential as a formula of the weights; what else stands in it are parameters."""

    value: Expr
    weights: tuple[Symbol, ...]

    @property
    def slopes(self) -> Program:
        """Return the program that computes the slope along each weight; its states are the weights."""
        return program(rule({w: diff(self.value, w) for w in self.weights}))


def is_potential(given: Any) -> bool:
    """Return whether something is a potential rather than a callable gradient."""
    return isinstance(given, (str, Problem, Expr, np.ndarray, list, tuple))


def formula(given: Any, parameters: Iterable[str] = ()) -> Formula | None:
    """Return a potential as a formula: a test function or its name, an expression, or a quadratic by numbers.

    In an expression, symbols named like `parameters` are parameters; all others are weights, in the order of
    their names (w2 before w10). A quadratic is given by its curvatures, (n,), or its matrix, (n, n).
    None for a test function that has no formula. Raises ValueError for an unknown name, an expression without
    weights and an unfit matrix, TypeError for an inexact expression.

    >>> formula([20.0, 1.0]).value
    10*w1**2 + w2**2/2
    """
    if isinstance(given, str):
        given = problem(given)
    if isinstance(given, Problem):
        return None if given.formula is None else formula(given.formula)
    if isinstance(given, Expr):
        return _of_expression(exact(given), set(parameters))
    return _quadratic(np.asarray(given, dtype=float))


def _of_expression(value: Expr, parameters: set[str]) -> Formula:
    weights = sorted((s for s in value.free_symbols if state_name(s) not in parameters), key=_by_number)
    if not weights:
        raise ValueError(f"the potential {value} has no weights: all its symbols are parameters")
    return Formula(value, tuple(weights))


def _by_number(symbol: Symbol) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", symbol.name)]


def _quadratic(numbers: np.ndarray[Any, Any]) -> Formula:
    matrix = np.diag(numbers) if numbers.ndim == 1 else numbers
    if matrix.ndim != 2 or not matrix.size or not np.array_equal(matrix, matrix.T):
        raise ValueError(
            f"a quadratic is its curvatures, (n,), or its symmetric matrix, (n, n); given {numbers}"
        )
    if not np.isfinite(matrix).all():
        raise ValueError(f"the numbers of a quadratic must be finite, given {numbers}")
    weights = [Symbol(f"w{k + 1}", real=True) for k in range(len(matrix))]
    terms = (Rational(Fraction(h)) * weights[i] * weights[j] / 2 for (i, j), h in np.ndenumerate(matrix) if h)
    return Formula(sum(terms, Rational(0)), tuple(weights))


def in_components(steps: Program, potential: Formula, count: int) -> Program:
    """Return a program with `count` components of each state, on a potential of as many weights or of one.

    A potential of one weight acts on every component alike. The operations, and their order, are those of the
    program and of the slopes, but that parameters take over powers of two from slopes, which changes no bit;
    counters stay one number. Raises ValueError for another number of weights, and for rules of several
    coordinates.

    >>> from physsym.vocabulary import G, eta, x
    >>> gradient_descent = program(rule({x: x - eta * G}))
    >>> [str(s) for s in in_components(gradient_descent, formula([20.0, 1.0]), 2).results]
    ['x_next[1]', 'x_next[2]']
    """
    if len(potential.weights) not in (1, count):
        raise ValueError(f"the potential has {len(potential.weights)} weights, the state {count} components")
    if any(len(e.targets) > 1 for e in steps.evaluations):
        raise ValueError("a rule of several coordinates runs with a callable gradient, not with a potential")
    return without_doublings(without_copies(_Expansion(steps, potential, count).program()))


@dataclass(frozen=True)
class _Expansion:
    steps: Program
    potential: Formula
    count: int

    def program(self) -> Program:
        flat, slopes = without_counters(self.steps), self.potential.slopes
        single = _single(flat, self.steps)
        known = self._of_slopes(slopes, "")
        fixed = tuple(dict.fromkeys((*flat.parameters, *(known.get(p, p) for p in slopes.parameters))))
        _refuse_taken(flat, fixed)
        scalars = [*flat.scalars, *(_renamed(line, known) for line in slopes.scalars)]
        body = [
            new for number, line in enumerate(flat.body) for new in self._lines(line, number, slopes, single)
        ]
        states = [new for s in flat.states for new in self._copies(s, single)]
        results = [new for s in flat.results for new in self._copies(s, single)]
        return Program(tuple(states), fixed, tuple(scalars), tuple(body), tuple(results))

    def _copies(self, symbol: Symbol, single: set[Symbol]) -> Iterator[Symbol]:
        if symbol in single:
            yield symbol
        else:
            yield from (_component(symbol, k) for k in range(self.count))

    def _lines(self, line: Line, number: int, slopes: Program, single: set[Symbol]) -> Iterator[Line]:
        if isinstance(line, Evaluation):
            yield from self._slope_lines(line, number, slopes, single)
        elif set(line.targets) <= single:
            yield line
        else:
            for k in range(self.count):
                yield _renamed(line, self._names(line, k, single))

    def _names(self, line: Line, k: int, single: set[Symbol]) -> Mapping[Symbol, Operand]:
        return {s: _component(s, k) for s in (*line.reads, *line.targets) if s not in single}

    def _slope_lines(self, line: Line, number: int, slopes: Program, single: set[Symbol]) -> Iterator[Line]:
        (place,), (target,) = line.values, line.targets
        places = [Symbol(f"place{number}[{k + 1}]", real=True) for k in range(self.count)]
        for k in range(self.count):
            moved = _renamed(Assignment((places[k],), (place,)), self._names(line, k, single))
            yield replace(moved, targets=(places[k],))
        groups = [places] if len(slopes.states) == self.count else [[p] for p in places]
        for group_number, group in enumerate(groups):
            known = self._of_slopes(slopes, f"{number}_{group_number}")
            known |= dict(zip(slopes.states, group, strict=True))
            yield from (_renamed(inner, known) for inner in slopes.body)
            for k, result in enumerate(slopes.results):
                own = _component(target, group_number + k)
                yield Assignment((own,), (known.get(result, result),))

    def _of_slopes(self, slopes: Program, tag: str) -> dict[Symbol, Operand]:
        once = {t for line in slopes.scalars for t in line.targets}
        named = {state_name(p): p for p in self.steps.parameters}
        same = {p: named[state_name(p)] for p in slopes.parameters if state_name(p) in named}
        return same | {
            t: Symbol(f"slope{'' if t in once else tag}[{state_name(t)}]", real=True) for t in slopes.assigned
        }


def _single(flat: Program, steps: Program) -> set[Symbol]:
    """Return the symbols that are one number however many components there are: what counters lead to."""
    moved = flat.body[: len(flat.body) - len(steps.body)]
    return {*flat.constants, *steps.counters, *(t for line in moved for t in line.targets)}


def _component(symbol: Symbol, k: int) -> Symbol:
    # Brackets stand in no name that a user gives: no component is called like a symbol of the rule.
    return Symbol(f"{state_name(symbol)}[{k + 1}]", real=True)


def _refuse_taken(flat: Program, fixed: Iterable[Symbol]) -> None:
    inside = set(map(state_name, flat.assigned))
    if taken := [state_name(p) for p in fixed if state_name(p) in inside]:
        raise ValueError(f"{', '.join(taken)} is the name of a value within the rule; rename the parameter")


def _renamed(line: Line, names: Mapping[Symbol, Operand]) -> Line:
    new: Sequence[Any] = [names.get(t, t) for t in line.targets]
    return replace(changed(line, lambda value: renamed(value, names)), targets=tuple(new))
