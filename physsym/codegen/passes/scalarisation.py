"""Scalarisation: a rule on a potential known as a formula, as a program of single numbers alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sympy import Symbol

from physsym.codegen.expression_tree import Operand, substitute
from physsym.codegen.passes.copy_propagation import propagate_copies, reassociate_doublings
from physsym.codegen.passes.partition import without_counters
from physsym.codegen.straight_line import Assignment, Evaluation, Line, Program, map_values, state_name
from physsym.core.counts import counted


def scalarise(program: Program, gradient: Program, count: int) -> Program:
    """Return a program of single numbers: `count` components of each state, the gradient computed in it.

    The operations and their order are those of the two programs, except that parameters take over powers of
    two from gradients, which changes no bit; counters stay one number.

    Parameters
    ----------
    program : Program
        One step of a rule.
    gradient : Program
        The gradient of a potential (`Formula.gradient`) of `count` weights, or of one weight, which then acts
        on every component alike.
    count : int
        How many components each state has.

    Returns
    -------
    Program

    Raises
    ------
    ValueError
        For another number of weights, and for rules of several coordinates.

    Examples
    --------
    >>> from physsym.codegen import Formula, program
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, x
    >>> a, b = symbols = Symbol("a", real=True), Symbol("b", real=True)
    >>> gradient_descent = program(rule({x: x - eta * G}))
    >>> valley = Formula(10 * a**2 + b**2 / 2, symbols).gradient
    >>> [str(s) for s in scalarise(gradient_descent, valley, 2).results]
    ['x_next[1]', 'x_next[2]']
    """
    if len(gradient.states) not in (1, count):
        raise ValueError(
            f"the potential has {counted(len(gradient.states), 'weight')}, the state "
            f"{counted(count, 'component')}"
        )
    if any(len(e.targets) > 1 for e in program.evaluations):
        raise ValueError("a rule of several coordinates runs with a callable gradient, not with a potential")
    return reassociate_doublings(propagate_copies(_Scalarisation(program, gradient, count).program()))


@dataclass(frozen=True)
class _Scalarisation:
    rule: Program
    gradient: Program
    count: int

    def program(self) -> Program:
        flat = without_counters(self.rule)
        single = self._single(flat)
        known = self._of_gradient("")
        fixed = tuple(dict.fromkeys((*flat.parameters, *(known.get(p, p) for p in self.gradient.parameters))))
        inside = set(map(state_name, flat.assigned))
        if taken := [state_name(p) for p in fixed if state_name(p) in inside]:
            raise ValueError(
                f"{', '.join(taken)} is the name of a value within the rule; rename the parameter"
            )
        scalars = [*flat.scalars, *(_renamed(line, known) for line in self.gradient.scalars)]
        body = [new for number, line in enumerate(flat.body) for new in self._lines(line, number, single)]
        states = [new for s in flat.states for new in self._components(s, single)]
        results = [new for s in flat.results for new in self._components(s, single)]
        return Program(tuple(states), fixed, tuple(scalars), tuple(body), tuple(results))

    def _single(self, flat: Program) -> set[Symbol]:
        """Return the symbols that are one number however many components there are: what counters lead to."""
        moved = flat.body[: len(flat.body) - len(self.rule.body)]
        return {*flat.constants, *self.rule.counters, *(t for line in moved for t in line.targets)}

    def _components(self, symbol: Symbol, single: set[Symbol]) -> Iterator[Symbol]:
        if symbol in single:
            yield symbol
        else:
            yield from (_component(symbol, k) for k in range(self.count))

    def _lines(self, line: Line, number: int, single: set[Symbol]) -> Iterator[Line]:
        if isinstance(line, Evaluation):
            yield from self._gradient_lines(line, number, single)
        elif set(line.targets) <= single:
            yield line
        else:
            for k in range(self.count):
                yield _renamed(line, self._names(line, k, single))

    def _names(self, line: Line, k: int, single: set[Symbol]) -> Mapping[Symbol, Operand]:
        return {s: _component(s, k) for s in (*line.reads, *line.targets) if s not in single}

    def _gradient_lines(self, line: Line, number: int, single: set[Symbol]) -> Iterator[Line]:
        (point,), (target,) = line.values, line.targets
        points = [Symbol(f"place{number}[{k + 1}]", real=True) for k in range(self.count)]
        for k in range(self.count):
            moved = _renamed(Assignment((points[k],), (point,)), self._names(line, k, single))
            yield replace(moved, targets=(points[k],))
        # A potential of one weight is evaluated at each component on its own.
        groups = [points] if len(self.gradient.states) == self.count else [[p] for p in points]
        for group_number, group in enumerate(groups):
            known = self._of_gradient(f"{number}_{group_number}")
            known |= dict(zip(self.gradient.states, group, strict=True))
            yield from (_renamed(inner, known) for inner in self.gradient.body)
            for k, result in enumerate(self.gradient.results):
                own = _component(target, group_number + k)
                yield Assignment((own,), (known.get(result, result),))

    def _of_gradient(self, tag: str) -> dict[Symbol, Operand]:
        """Return the names within this program of the symbols of the gradient's program."""
        once = {t for line in self.gradient.scalars for t in line.targets}
        named = {state_name(p): p for p in self.rule.parameters}
        same = {p: named[state_name(p)] for p in self.gradient.parameters if state_name(p) in named}
        return same | {
            t: Symbol(f"slope{'' if t in once else tag}[{state_name(t)}]", real=True)
            for t in self.gradient.assigned
        }


def _component(symbol: Symbol, k: int) -> Symbol:
    # No name that a user gives has brackets: no component is called like a symbol of the rule.
    return Symbol(f"{state_name(symbol)}[{k + 1}]", real=True)


def _renamed(line: Line, names: Mapping[Symbol, Operand]) -> Line:
    new: Sequence[Any] = [names.get(t, t) for t in line.targets]
    return replace(map_values(line, lambda value: substitute(value, names)), targets=tuple(new))
