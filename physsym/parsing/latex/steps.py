r"""Values by step: rows `m_t \leftarrow ...` carried out from top to bottom, as the updates of one rule.

An index `t-1` is the value before the step, `t` the value of this step, which must have been set above; where
rows set `x_{t+1}`, `x_t` is the value before. What is read with its value before the step is a state; a sum
over all steps so far is one too, and the number of the step is a counter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import sympy
from sympy import Expr, Integer, Symbol
from sympy.core.function import AppliedUndef

from physsym.core.statements import Update
from physsym.core.symbols import (
    AFTER,
    BEFORE,
    after,
    before,
    fresh,
    grad,
    hess,
    higher,
    name_and_marks,
    potential,
)
from physsym.core.symbols import partial as partial_gradient
from physsym.parsing.interpretation import FUNCTIONS as BOUNDED
from physsym.parsing.interpretation import REAL_ONLY
from physsym.parsing.latex.formula import OPAQUE
from physsym.parsing.latex.names import as_command
from physsym.parsing.tokens import ReadError

MAX_OPERATIONS = 4000
NOW = 0
"""The index of the step that is carried out."""
_NABLAS = {"∇": 1, "∇²": 2}
_GRADIENT_SIGNS = ("∇", "∂")


@dataclass(frozen=True)
class Instant:
    """A name with the step that it is of: -1, 0, 1, or none."""

    key: str
    step: int | None


@dataclass
class Steps:
    """What the rows of a text have set so far, by name and step.

    Parameters
    ----------
    text
        The text, for errors.
    time
        The letter that counts the steps.
    constant
        Returns what a name that no row sets stands for, or None where it is not known.
    gradient
        The name of the gradient, where no row sets it.
    weights
        The weights with the index that they have before the step, and their symbol.
    first
        The number of the first step.
    ahead
        How far the number of a step is ahead of the letter that counts; None where the text does not say it.
    vectors, before
        The names of what moves, whose values before the step are read as they are, and the index of these.
    potentials
        What the potential is called.
    positions, above
        Where names and functions were read, and where those with an index above have it.
    """

    text: str
    time: str
    constant: Callable[[str], Expr | None]
    gradient: str = ""
    weights: tuple[Instant, Symbol] | None = None
    first: int = 1
    symbol_of: Callable[[str], Symbol] | None = None
    line_of: dict[str, int] = field(default_factory=dict)
    positions: Mapping[Expr, int] = field(default_factory=dict)
    above: Mapping[Expr, int] = field(default_factory=dict)
    targets: dict[str, set[int | None]] = field(default_factory=dict)
    values: dict[tuple[str, int | None], Expr] = field(default_factory=dict)
    states: dict[str, Symbol] = field(default_factory=dict)
    sums: dict[tuple[str, Expr], Symbol] = field(default_factory=dict)
    updates: list[Update] = field(default_factory=list)
    counter: Symbol | None = None
    branches: int = 0
    taken: set[Symbol] = field(default_factory=set)
    start: int = 0
    schedules: bool = True
    ahead: int | None = 0
    vectors: frozenset[str] = frozenset()
    before: int = NOW - 1
    potentials: frozenset[str] = frozenset()

    # ------------------------------------------------------------ errors

    def error(self, message: str, where: Expr | int | None = None) -> ReadError:
        """Return the error that points at what was read, or at the row."""
        at = self.positions.get(where, self.start) if isinstance(where, Expr) else where
        return ReadError(message, self.text, self.start if at is None else at)

    def source(self, value: Expr, key: str, step: int | None) -> str:
        """Return a name with its index."""
        index = {None: "", 0: f"_{self.time}", -1: f"_{{{self.time}-1}}", 1: f"_{{{self.time}+1}}"}
        return f"{key}{index.get(step, f'_{{{self.time}{step:+d}}}' if step else '')}"

    # ------------------------------------------------------------ values

    def instant(self, value: Expr) -> Instant | None:
        """Return the name and the step of a value with an index; an index of a coordinate is passed over."""
        if isinstance(value, Symbol):
            return Instant(str(value.name), None)
        if not isinstance(value, AppliedUndef):
            return None
        counted = [a - Symbol(self.time, integer=True) for a in value.args]
        steps = [int(c) for c in counted if c.is_Integer]
        others = [a for a, c in zip(value.args, counted, strict=True) if not c.is_Integer]
        if len(steps) != 1 or any(not a.is_Symbol for a in others):
            return None
        return Instant(str(value.func), steps[0])

    def resolved(self, value: Expr) -> Expr:
        """Return a value in terms of states before the step and constants."""
        now = Symbol(self.time, integer=True)
        if (found := energy_of(value, self.resolved, self.potentials, now)) is not None:
            return found
        if isinstance(value, AppliedUndef):
            return self._function(value)
        if isinstance(value, Symbol):
            if str(value.name) == self.time and (self.time, None) not in self.values:
                known = self.constant(self.time)
                return self.steps() if known is None or value.is_integer else known
            return self.value_of(Instant(str(value.name), None), value)
        if isinstance(value, (sympy.Derivative, sympy.Subs)):
            raise self.error(of_unknown(value), value)
        if not value.args or value.is_number:
            return value
        if isinstance(value, sympy.Piecewise):
            pairs = [(self.resolved(v), conditioned(c, self.resolved)) for v, c in value.args]
            return sympy.Piecewise(*pairs, evaluate=False)
        return value.func(*map(self.resolved, value.args))

    def _function(self, value: AppliedUndef) -> Expr:
        name = str(value.func)
        if name in (f"{OPAQUE}sum", f"{OPAQUE}prod"):
            return self._over_steps(value)
        if name.startswith(OPAQUE):
            raise self.error(f"{name.removeprefix(OPAQUE)} is not understood in the rows of a rule", value)
        if name in REAL_ONLY:
            try:
                return BOUNDED[name].build(*map(self.resolved, value.args))
            except ValueError as error:
                raise self.error(str(error), value) from None
        instant = self.instant(value)
        if instant is None and not name.startswith(_GRADIENT_SIGNS) and not self.schedules:
            shown = as_command(name)
            advice = f"write {shown} \\cdot (...) for a product"
            raise self.error(f"found {shown}(...), a function or a product; {advice}", value)
        if instant is None:
            raise self.error(f"{value} is neither a known constant nor set by a row", value)
        return self.value_of(instant, value)

    def value_of(self, name: Instant, where: Expr) -> Expr:
        """Return what a name with its index stands for."""
        key, step = name.key, name.step
        if (key, step) in self.values and step is not None:
            return self.values[key, step]
        plain, marks = name_and_marks(Symbol(key))
        if marks and plain in self.targets:
            return self._marked(plain, marks, where)
        known = self.constant(key)
        if known is not None and where in self.above:
            message = f"{key} is a constant: is the index ({self.time}) its power, or its value of this step?"
            raise self.error(message, self.above[where])
        if known is not None and (step is None or step not in self.targets.get(key, ())):
            is_old = step == self.before and key in self.vectors
            if step is not None and not self.schedules and not is_old:
                shown = self.source(where, key, step)
                if key == "g":
                    message = rf"found {shown}, and no row sets the weights; add it, or write \nabla U(x)"
                    raise self.error(message, where)
                advice = f"add the row that sets it, or write {key} for what is the same in all steps"
                raise self.error(f"{shown} is set by no row; {advice}", where)
            if step not in (None, NOW) and not is_old:
                raise self.error(f"{key} is a constant; its value of another step is not read", where)
            return known
        if key == self.gradient:
            if step is None or step == self._gradient_step():
                return grad(self._weights_symbol(step, where))
            if step == self._gradient_step() - 1:
                return self.state(key)
        if self.weights is not None and name == self.weights[0]:
            self.states.setdefault(key, self.weights[1])
            return self.weights[1]
        if key in self.targets:
            return self._of_step(name, where)
        raise self.error(
            f"{self.source(where, key, step)} is neither a known constant nor set by a row", where
        )

    def _marked(self, plain: str, marks: str, where: Expr) -> Expr:
        """Return the new value of a name, `v+`, which must have been set above, or an earlier one, `v-`."""
        if marks == AFTER:
            if (plain, None) not in self.values:
                raise self.error(f"{plain}+ is read before it is set", where)
            return self.values[plain, None]
        if marks == BEFORE:
            return before(self.state(plain))
        raise self.error(f"{plain}{marks} is not understood in the rows of a rule", where)

    gradient_steps: list[int] = field(default_factory=list)

    def _gradient_step(self) -> int:
        return max(self.gradient_steps, default=NOW)

    def _weights_symbol(self, step: int | None, where: Expr) -> Symbol:
        """Return where the gradient is taken; refuse `g_{t+1}` behind the row that sets x_{t+1}."""
        if self.weights is None:
            raise self.error(f"{self.gradient} may be a gradient, at a point that the text does not say")
        if step and (self.weights[0].key, step) in self.values:
            shown, at = self.source(where, str(self.gradient), step), self.weights[1]
            message = f"found {shown} behind the new {at}, the gradient there or before the step"
            raise self.error(rf"{message}; write \nabla U({at}_{{{self.time}+{step}}}) for the former", where)
        self.states.setdefault(self.weights[0].key, self.weights[1])
        return self.weights[1]

    def _of_step(self, name: Instant, where: Expr) -> Expr:
        """Return the value before the step of a name that a row sets; refuse one that is not yet set."""
        steps = self.targets[name.key]
        shown = self.source(where, name.key, name.step)
        if name.step in steps and name.step is not None:
            raise self.error(
                f"{shown} is read before it is set; if the value before the step is meant, say so", where
            )
        target = self.set_step(name.key)
        if steps == {None} and name.step in (None, NOW):
            if (name.key, None) in self.values and name.step is None:
                if name.key not in self.line_of:  # a page of rows that are carried out from top to bottom
                    return self.values[name.key, None]
                line, first = len(self.line_of) + 1, self.line_of[name.key]
                new, old = self.source(where, name.key, 1), self.source(where, name.key, 0)
                raise self.error(
                    f"line {line} reads {name.key}, which line {first} updates: "
                    f"write {new} for the new value or {old} for the old one",
                    where,
                )
            return self.state(name.key)
        if target is not None and name.step is not None and name.step == target - 2:
            return before(self.state(name.key))
        if target is None or name.step is None or name.step != target - 1:
            known = ", ".join(self.source(where, name.key, s) for s in sorted(steps, key=str))
            raise self.error(f"rows set {known}, and {shown} is read; which value is meant?", where)
        return self.state(name.key)

    def set_step(self, key: str) -> int | None:
        """Return the step of which rows set a name: of two, none is told."""
        steps = self.targets.get(key, set())
        return next(iter(steps)) if len(steps) == 1 else None

    def state(self, key: str) -> Symbol:
        """Return the symbol of a state, under a name of its own."""
        if key not in self.states:
            if self.weights is not None and key == self.weights[0].key:
                self.states[key] = self.weights[1]
            elif self.symbol_of is not None:
                self.states[key] = self.symbol_of(key)
            else:
                self.states[key] = self.fresh(key)
        return self.states[key]

    def fresh(self, key: str) -> Symbol:
        """Return a symbol that no other name has."""
        symbol = fresh(key or "s", self.taken)
        self.taken.add(symbol)
        return symbol

    def steps(self) -> Expr:
        """Return what the letter that counts stands for in this step, by the new value of a counter."""
        if self.ahead is None:
            name = self.weights[0].key if self.weights is not None else next(iter(self.targets), "x")
            shown = as_command(name)
            raise self.error(
                f"found {self.time}, the number of the step, and nothing says whether it begins with 0 or 1; "
                f"give a start value, such as {shown}{'^' if self.above else '_'}0 = 0"
            )
        if self.counter is None:
            self.counter = self.fresh("k")
        return after(self.counter) if not self.ahead else self.counter + (1 - self.ahead)

    def _over_steps(self, value: AppliedUndef) -> Expr:
        """Return a sum or a product over all steps so far, which is a state; the last may be the next."""
        now = Symbol(self.time, integer=True)
        kind = str(value.func).removeprefix(OPAQUE)
        body, *limits = value.args
        ends = {now: 0, now + 1: 1}
        if len(limits) != 3 or limits[1] != self.first or limits[2] not in ends or self.branches:
            message = (
                f"only sums and products from step {self.first} to {self.time} or {self.time}+1 are read"
            )
            raise self.error(message, value)
        term = self.resolved(body.xreplace({limits[0]: now}))
        if (kind, term) not in self.sums:
            symbol = self.fresh("s" if kind == "sum" else "q")
            self.sums[kind, term] = symbol
            self.updates.append(Update(symbol, symbol + term if kind == "sum" else symbol * term))
        found = after(self.sums[kind, term])
        if ends[limits[2]]:
            last = self.resolved(body.xreplace({limits[0]: now + 1}))
            found = found + last if kind == "sum" else found * last
        return found

    # ------------------------------------------------------------ rows

    def refuse_undefined(self, value: Expr) -> None:
        """Raise ReadError for a value that is infinite, undefined or too large."""
        if value.has(sympy.zoo, sympy.nan, sympy.oo):
            raise self.error("the right side is not defined")
        if value.count_ops() > MAX_OPERATIONS:
            raise self.error(f"found a value of more than {MAX_OPERATIONS} operations")

    def update(self, name: Instant, value: Expr) -> None:
        """Set the new value of a state, which the rows below read."""
        symbol = self.state(name.key)
        self.updates.append(Update(symbol, value))
        self.values[name.key, name.step] = after(symbol)


def of_unknown(value: Expr) -> str:
    """Return what is wrong with a derivative of something that a text does not define."""
    derived = min(value.atoms(sympy.Derivative), key=str).expr
    name = derived.func if isinstance(derived, AppliedUndef) else derived
    return (
        f"found a derivative of {name}, of which nothing is known here; write out what it is, "
        r"or \nabla U(...) for the gradient"
    )


def conditioned(condition: sympy.Basic, change: Callable[[Expr], Expr]) -> sympy.Basic:
    """Return a condition with the expressions in it changed."""
    if not condition.args:
        return condition
    parts = [change(a) if isinstance(a, Expr) else conditioned(a, change) for a in condition.args]
    return condition.func(*parts)


def energy_of(
    value: Expr, change: Callable[[Expr], Expr], potentials: frozenset[str], now: Symbol
) -> Expr | None:
    """Return the potential or one of its derivatives, or None for another value."""
    if isinstance(value, sympy.Derivative) and isinstance(value.expr, AppliedUndef):
        (variable, order), *others = value.variable_count
        points = value.expr.args
        known = str(value.expr.func) in potentials and variable in points
        if not known or order != 1 or others:
            return None
        if len(points) == 1:
            return grad(change(points[0]))
        return partial_gradient(Integer(points.index(variable) + 1), *map(change, points))
    if not isinstance(value, AppliedUndef):
        return None
    if str(value.func) in potentials:
        return potential(*map(change, value.args))
    return gradient_of(value, change, now)


def gradient_of(value: AppliedUndef, change: Callable[[Expr], Expr], now: Symbol) -> Expr | None:
    """Return a gradient, a Hessian or a partial derivative of the potential, or None for another function.

    What counts the step among the arguments is passed over: the loss of one step is a loss.
    """
    name = str(value.func)
    if not name.startswith(_GRADIENT_SIGNS):
        return None
    points = [a for a in value.args if not (a - now).is_Integer and not _is_index(a)]
    if name.startswith("∂") and "_" in name:
        index = name.removeprefix("∂_")[:1]
        if index.isdigit():
            return partial_gradient(Integer(index), *map(change, value.args))
    if len(points) != 1:
        return None
    (point,) = points
    if name.startswith("∇²"):
        return hess(change(point))
    if name.startswith("∇³"):
        return higher(Integer(3), change(point))
    return grad(change(point))


def _is_index(value: Expr) -> bool:
    return bool(value.is_Symbol and value.is_integer)
