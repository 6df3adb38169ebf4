"""Loop-invariant code motion: out of the loop over elements, and out of the loop over grid points."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from sympy import Add, Expr, Mul, Pow, Symbol

from physsym.codegen.expression_tree import FUNCTIONS, TESTS, is_reciprocal, is_total, where
from physsym.codegen.straight_line import Assignment, Guarded, Line, Program


@dataclass(frozen=True)
class ScalarHoist:
    """Replace what depends on parameters alone by a name, computed once before the loop over elements.

    `branches` does it within the branches of case distinctions, where a value need not be defined.
    `lines` are the definitions found so far. Subexpressions recur, as the stages of a Runge-Kutta method do
    in each other: each is visited once.
    """

    parameters: frozenset[Symbol]
    names: Iterator[Symbol]
    known: dict[Expr, Symbol] = field(default_factory=dict)
    done: dict[Expr, Expr] = field(default_factory=dict)
    fixed: dict[Expr, bool] = field(default_factory=dict)
    branches: ScalarHoist | None = None

    @property
    def lines(self) -> list[Line]:
        """Return the definitions of the names given, in order."""
        in_branches = self.branches.lines if self.branches else []
        return [Assignment((name,), (value,)) for value, name in self.known.items()] + [
            line if is_total(line.values[0]) else Guarded(line.targets, line.values) for line in in_branches
        ]

    def __call__(self, expression: Expr) -> Expr:
        """Return the expression with its loop-invariant parts replaced by names."""
        if expression not in self.done:
            self.done[expression] = self._hoisted(expression)
        return self.done[expression]

    def _hoisted(self, expression: Expr) -> Expr:
        if isinstance(expression, TESTS):  # truth values have no names
            return expression.func(*map(self, expression.args))
        if self._is_scalar(expression):
            return self._named(expression)
        if isinstance(expression, (Add, Mul)):
            fixed = [a for a in expression.args if self._is_scalar(a) or a.is_Rational]
            others = [self(a) for a in expression.args if a not in fixed]
            return expression.func(self._named(expression.func(*fixed)), *others)
        if isinstance(expression, where):
            condition, *cases = expression.args
            return where(self(condition), *map(self.branches or self, cases))
        if type(expression) in (Pow, *FUNCTIONS):
            return expression.func(*map(self, expression.args))
        return expression

    def _is_scalar(self, expression: Expr) -> bool:
        return not expression.is_Rational and self._is_fixed(expression)

    def _is_fixed(self, expression: Expr) -> bool:
        if expression not in self.fixed:
            moving = isinstance(expression, Symbol) and expression not in self.parameters
            self.fixed[expression] = not moving and all(map(self._is_fixed, expression.args))
        return self.fixed[expression]

    def _named(self, value: Expr) -> Expr:
        """Return the name of a value: its sign stays outside, and one over a value is divided by its name."""
        coefficient, _ = value.as_coeff_Mul()
        if coefficient.is_negative:
            return -self._named(-value)
        if value.is_Atom:
            return value
        if is_reciprocal(value):
            return 1 / self._named(1 / value)
        if value not in self.known:
            self.known[value] = next(self.names)
        return self.known[value]


def hoist_grid_invariants(program: Program, shared: Iterable[Symbol]) -> tuple[Program, Program]:
    """Hoist grid-invariant computations out of the per-point program.

    All grid points have the `shared` parameters in common and start from the same states. Each state and each
    line goes into one of the two programs returned, in order: step counters, and what follows from them and
    from shared parameters, into the first, which is run once; all else into the second, which reads what the
    first computes.
    """
    invariant, given = set(program.states), frozenset(shared)
    # A fixed point: a state is invariant as long as its new value is computed from invariants alone.
    while True:
        known = set(given | invariant)
        for line in (*program.scalars, *program.body):
            if known.issuperset(line.reads):
                known |= set(line.targets)
        pairs = zip(program.states, program.results, strict=True)
        still = {state for state, result in pairs if state in invariant and result in known}
        if still == invariant:
            return _restricted(program, known, True), _restricted(program, known, False)
        invariant = still


def _restricted(program: Program, known: set[Symbol], wanted: bool) -> Program:
    def chosen(lines: Iterable[Line]) -> tuple[Line, ...]:
        return tuple(line for line in lines if known.issuperset(line.reads) is wanted)

    pairs = zip(program.states, program.results, strict=True)
    own = [(state, result) for state, result in pairs if (state in known) is wanted]
    return replace(
        program,
        states=tuple(state for state, _ in own),
        parameters=tuple(p for p in program.parameters if (p in known) is wanted),
        scalars=chosen(program.scalars),
        body=chosen(program.body),
        results=tuple(result for _, result in own),
    )
