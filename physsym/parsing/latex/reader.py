r"""Statements from LaTeX without a document around it: strict, what can be read in two ways is refused.

It reads everything that `latex` writes, on both faces, back to the same value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeAlias

import sympy
from sympy import Derivative, Expr, Integer, Symbol
from sympy.core.function import AppliedUndef

from physsym.core.signs import declares_sign
from physsym.core.statements import Equation, Law, Rule, StatementError, Update
from physsym.core.symbols import (
    AFTER,
    BEFORE,
    DOT,
    after,
    before,
    dot,
    grad,
    name_and_marks,
)
from physsym.parsing.gradients import OTHER_WEIGHTS, SUM_OF_SQUARES
from physsym.parsing.instants import VECTORS, WEIGHTS
from physsym.parsing.interpretation import FUNCTIONS as BOUNDED
from physsym.parsing.interpretation import REAL_ONLY
from physsym.parsing.lagrangian import LAGRANGIAN, is_coordinate
from physsym.parsing.latex.coefficients import coefficients_in
from physsym.parsing.latex.conventions import USUAL_WORDS, Conventions, conventions_of
from physsym.parsing.latex.decisions import Decisions, alternatives
from physsym.parsing.latex.formula import OPAQUE
from physsym.parsing.latex.interpretation import Interpretation
from physsym.parsing.latex.names import as_command, spelled_letter
from physsym.parsing.latex.statements import trees
from physsym.parsing.latex.steps import NOW, Instant, Steps, conditioned, energy_of, of_unknown
from physsym.parsing.latex.tree import Relation
from physsym.parsing.latex.unclear import is_gravity, refuse_unclear
from physsym.parsing.tokens import BASE_TEN, SETTLED, TWO_VALUES, ReadError

Stated: TypeAlias = Expr | Equation | Update | Law | Rule
_MARKS = {DOT: dot, AFTER: after, BEFORE: before}
_TIME = Symbol("t", real=True)
"""The time of what moves, x(t); the letter that counts the steps is a whole number."""


@dataclass(frozen=True)
class _Row:
    """A statement with the values of its sides, the sign between them, and where names were read."""

    tree: Relation
    sides: tuple[Expr, ...]
    sign: str
    reading: Interpretation


@dataclass(frozen=True)
class Names:
    """The names that a text may use.

    Parameters
    ----------
    known
        Symbols by name in words, and the potential and its gradient at their usual points.
    declared
        Names that mean their symbols even where a rule updates them.
    by_use
        Whether a name that is not known becomes a real symbol.
    potentials
        What the potential is called.
    """

    known: Mapping[str, Expr]
    declared: frozenset[str] = frozenset()
    by_use: bool = True
    potentials: frozenset[str] = frozenset({"U", "L"})


def read_latex(text: str, names: Names) -> Stated:
    r"""Return the expression, equation, update, law or rule that a text in LaTeX states.

    Parameters
    ----------
    text
        Rows of an environment, or statements with commas or gaps between.
    names
        The names that it may use.

    Returns
    -------
    Expr, Equation, Update, Law or Rule

    Raises
    ------
    ReadError
        Where the text is not understood, exceeds the limits, or can be read in two ways.

    Examples
    --------
    >>> print(read_latex(r"x_{t+1} = x_t - \eta \nabla U(x_t)", Names({})))
    x <- x - eta*grad(x)
    """
    conventions = _strict(text, names)
    found = trees(text, conventions.macros, conventions.words)
    if not found:
        raise ReadError("found nothing to read; give a formula", text, 0)
    if not conventions.indices and isinstance(names.known.get("G"), grad) and is_gravity(found):
        known = {**names.known, "G": Symbol("G", real=True)}
        names = replace(names, known=known, declared=names.declared | {"G"})
    refuse_unclear(found, text, conventions, names.known, names.declared)
    coefficients = coefficients_in(found)
    found = tuple(link for tree in found for link in _links(tree))

    def stated(decisions: Decisions) -> Stated:
        rows = [_row(tree, Interpretation(text, conventions, decisions, coefficients)) for tree in found]
        rows = _with_steps(rows)
        return _Text(text, names, rows).stated()

    read = alternatives(stated, text)
    ways = dict.fromkeys(value for value, _ in read)
    if len(ways) > 1:
        positions = [p for _, decisions in read for p in decisions.positions.values()]
        shown = "; or ".join(str(way) for way in ways)
        asked = {question for _, decisions in read for question in decisions.asked}
        advice = r"write \exp(1) for Euler's number, or declare e" if "e" in asked else "write brackets"
        either = [q for _, decisions in read for q, o in decisions.asked.items() if "a differential" in o]
        if either:
            of = either[0][1:]
            advice = rf"write d \cdot {of} for the product, or \mathrm{{d}}{of} for the differential"
        raise ReadError(f"this can be read in {len(ways)} ways: {shown}; {advice}", text, min(positions))
    return next(iter(ways))


def _strict(text: str, names: Names) -> Conventions:
    """Return the conventions of a text without a document: known names are no functions."""
    found = conventions_of([text])
    usual = [k for k in found.perhaps_functions if spelled_letter(k) not in names.known]
    functions = {k: v for k, v in found.functions.items() if spelled_letter(k) not in names.declared}
    functions |= {k: frozenset() for k in (*usual, *names.potentials)}
    words = frozenset(
        n for n in names.known if len(n) > 1 and n.isalpha() and not (n[0] == "d" and len(n) == 2)
    )
    return replace(
        found,
        indices=found.indices | ({"t"} if _T_BELOW.search(text) else set()),
        functions=functions,
        perhaps_functions=frozenset(),
        set_alone=found.set_alone | {"I"} | ({"O", "o"} & set(names.known)),
        words=found.words | words,
        euler="e" not in names.known,
        imaginary=False,
        strict=True,
        fonts=found.in_two_fonts,
        declared=names.declared | USUAL_WORDS,
    )


_T_BELOW = re.compile(r"_\s*(?:t(?![A-Za-z])|\{[^{}]*(?<![A-Za-z\\])t(?![A-Za-z])[^{}]*\})")


def _links(tree: Relation) -> list[Relation]:
    """Return the equations of a chain, a = b and b = c for a = b = c, or the one statement."""
    if len(tree.signs) < 2 or {*tree.signs} != {"="}:
        return [tree]
    return [
        Relation(one.start, other.end, (one, other), ("=",), tree.words)
        for one, other in pairwise(tree.sides)
    ]


def _row(tree: Relation, reading: Interpretation) -> _Row:
    """Return a statement with the values of its sides; refuse what is no equation and no update."""
    if len(tree.signs) > 1:
        raise reading.error("found a chain of relations; write each equation of its own", tree.sides[2])
    if tree.words.split()[:1] == ["if"]:
        raise reading.error("found a condition in words; write the cases in \\begin{cases}", tree)
    sign = tree.signs[0] if tree.signs else ""
    if sign not in ("", "=", ":=", "<-"):
        raise reading.error(
            "found a relation that is no equation and no update; write = or \\gets", tree.sides[1]
        )
    sides = tuple(reading.value(side) for side in tree.sides)
    for side, value in zip(tree.sides, sides, strict=True):
        if value.has(sympy.zoo, sympy.nan):
            raise reading.error(
                "this is not defined: found a division by zero or the like; leave it out", side
            )
    if reading.joined is not None:
        raise reading.error(
            "found a norm, a transpose or a product of vectors, which joins coordinates; "
            "write the formula for one coordinate",
            reading.joined,
        )
    return _Row(tree, sides, sign, reading)


def _with_steps(rows: Sequence[_Row]) -> list[_Row]:
    """Return rows with x(k+1) for `x(t + h)`, where the text makes steps of one length in the time t."""
    number = Symbol("t", integer=True)
    applied = {f for row in rows for side in row.sides for f in side.atoms(AppliedUndef)}
    values = [f for f in applied if str(f.func)[:1] not in ("∇", "∂", OPAQUE) and len(f.args) == 1]
    moving = sorted((f for f in values if f.args[0].has(_TIME)), key=str)
    lengths = {s for f in moving for s in (f.args[0] - _TIME).free_symbols}
    if len(lengths) != 1:
        return list(rows)
    (length,) = lengths
    new: dict[Expr, Expr] = {}
    for value in moving:
        ahead = (value.args[0] - _TIME) / length
        if not ahead.is_Integer:
            row = next(row for row in rows if any(side.has(value) for side in row.sides))
            at = row.reading.positions.get(value, row.tree.start)
            message = (
                f"found {value}, which is no whole step {length} from t; write values by index, x_{{t+1}}"
            )
            raise ReadError(message, row.reading.text, at)
        new[value] = value.func(number + ahead)
    for row in rows:
        row.reading.positions |= {new[v]: at for v, at in row.reading.positions.items() if v in new}
        if any(side.xreplace(new).has(_TIME) for side in row.sides):
            raise row.reading.error(
                "found t by itself among values of steps; write them by index, x_{t+1}", row.tree
            )
    return [replace(row, sides=tuple(side.xreplace(new) for side in row.sides)) for row in rows]


class _Text:
    """The statements of one text, and the symbols of its names."""

    def __init__(self, text: str, names: Names, rows: Sequence[_Row]) -> None:
        """Find what is updated."""
        self.text, self.names, self.rows = text, names, rows
        self.time = self._time()
        self.updated: frozenset[str] = frozenset()
        self.potentials = names.potentials
        self.energies: set[str] = set()
        derived = {d for row in rows for side in row.sides for d in side.atoms(Derivative)}
        self.moving = {d.expr for d in derived if {*d.variables} == {_TIME} and d.expr.args == (_TIME,)}

    def error(self, message: str, row: _Row, value: Expr | None = None) -> ReadError:
        """Return the error that points at a value, or at a row."""
        at = row.reading.positions.get(value) if value is not None else None
        return ReadError(message, self.text, row.tree.start if at is None else at)

    def stated(self) -> Stated:
        """Return what the text states."""
        self._refuse_settled_signs()
        if not self.rows[0].sign:
            if len(self.rows) > 1:
                raise self.error(
                    "found several expressions; write one, or equations, or updates", self.rows[1]
                )
            return self._value(self.rows[0].sides[0], self.rows[0])
        if any(not row.sign for row in self.rows):
            row = next(row for row in self.rows if not row.sign)
            raise self.error("found an expression among equations; write = or \\gets", row)
        if any(self._updates(row) for row in self.rows):
            return self._rule()
        self._refuse_with_and_without_index()
        equations = tuple(Equation(*(self._value(side, row) for side in row.sides)) for row in self.rows)
        return equations[0] if len(equations) == 1 else Law(equations)

    def _refuse_settled_signs(self) -> None:
        """Refuse sign(m) of a name that the vocabulary declares positive: it may be another quantity."""
        lefts = {target.key for row in self.rows if (target := self._target(row)) is not None}
        for row in self.rows:
            for value in (f for side in row.sides for f in side.atoms(sympy.sign)):
                name = str(value.args[0])
                known = self.names.known.get(name)
                if known is not None and known.is_positive and name not in {*self.names.declared, *lefts}:
                    raise self.error(SETTLED.format(name), row, value.args[0])

    def _refuse_with_and_without_index(self) -> None:
        """Refuse u_t + u c = 0: without steps nothing says that u_t, which may be a derivative, is u."""
        plain = {str(s) for row in self.rows for side in row.sides for s in side.free_symbols}
        for row in self.rows:
            for value in (f for side in row.sides for f in sorted(side.atoms(AppliedUndef), key=str)):
                name = str(value.func)
                if name in plain and value.args == (Symbol(self.time, integer=True),):
                    raise self.error(TWO_VALUES.format(f"{name}_{self.time}", name), row, value)

    def _time(self) -> str:
        """Return the letter that counts the steps; refuse a second one."""
        found: dict[str, None] = {}
        for row in self.rows:
            for side in row.sides:
                for f in sorted(side.atoms(AppliedUndef), key=str):
                    for a in f.args if not str(f.func).startswith(OPAQUE) else ():
                        letters = [s for s in a.free_symbols if s.is_integer]
                        if len(letters) == 1 and (a - letters[0]).is_number:
                            found[str(letters[0])] = None
        if len(found) > 1:
            raise self.error(
                f"found the indices {' and '.join(found)}; one of them counts the steps", self.rows[0]
            )
        return next(iter(found), "t")

    # ------------------------------------------------------------ values

    def _value(self, value: Expr, row: _Row) -> Expr:
        """Return a value in which indices of time are instants: `x_{t+1}` is the value after the step."""
        if isinstance(value, Symbol):
            return self._symbol(value, row)
        if (found := self._gradient(value, row, lambda v: self._value(v, row))) is not None:
            return found
        if (rate := self._rate(value, row)) is not None:
            return rate
        if isinstance(value, AppliedUndef):
            steps = [a - Symbol(self.time, integer=True) for a in value.args]
            if len(steps) == 1 and steps[0].is_Integer and abs(int(steps[0])) <= 9:
                base, shift = self._named(str(value.func), row, value, dated=True), int(steps[0])
                if shift and not isinstance(base, Symbol):
                    name = value.func
                    message = (
                        f"found a value of {name} of another step, and {name} is {base}; "
                        f"declare Symbol('{name}') for what varies"
                    )
                    raise self.error(message, row, value)
                for _ in range(abs(shift)):
                    base = after(base) if shift > 0 else before(base)
                return base
            if str(value.func) in REAL_ONLY:  # m in `tanh(log(m))` is positive as a name of the text
                try:
                    return BOUNDED[str(value.func)].build(*(self._value(a, row) for a in value.args))
                except ValueError as error:
                    raise self.error(str(error), row, value) from None
            raise self._unknown_function(value, row)
        if isinstance(value, (Derivative, sympy.Subs)):
            raise self.error(of_unknown(value), row)
        if not value.args:
            return value
        return _rebuilt(value, lambda v: self._value(v, row))

    def _rate(self, value: Expr, row: _Row) -> Expr | None:
        """Return what moves, or its rate, for x(t) and its derivatives by t; None where x has none."""
        found = value.expr if isinstance(value, Derivative) else value
        if found not in self.moving or (found is not value and {*value.variables} != {_TIME}):
            return None
        moved = self._named(str(found.func), row, found)
        for _ in value.variables if isinstance(value, Derivative) else ():
            moved = dot(moved)
        return moved

    def _unknown_function(self, value: Expr, row: _Row) -> ReadError:
        name = str(value.func)
        if name.startswith(f"{OPAQUE}d/d"):
            written = name.removeprefix(OPAQUE)
            message = rf"found {written} before a formula; write \dot x for the rate of x"
            return self.error(message, row, value)
        if name.startswith(OPAQUE):
            written = _WRITTEN.get(name.removeprefix(OPAQUE), name)
            message = (
                f"found {written}, which is not read in rules and laws; write out what it is for one "
                "coordinate. An audit compares lines with it, and takes its value as unknown"
            )
            return self.error(rf"found \lg; {BASE_TEN}" if name == r"\lg" else message, row, value)
        if value in row.reading.above:
            base, *below = name.split("_")
            index, own = str(value.args[-1]), "".join(f"_{part}" for part in below)
            inside = f"{{{','.join((*below, index))}}}" if below else index
            message = (
                f"found {name}^{{({index})}}, the value of a step or a power; write "
                f"{as_command(base)}_{inside} for the value, or {as_command(base)}{own}^{index} for the power"
            )
            return self.error(message, row, value)
        if all(argument.is_number for argument in value.args):
            message = (
                f"found {name}(...) of a number, a start value or a product; a law has no start values: "
                rf"leave it out, or write {name} \cdot for the product"
            )
            return self.error(message, row, value)
        if any(s.is_integer for argument in value.args for s in argument.free_symbols):
            message = f"found {value}, which is no whole step from {self.time}; write values of whole steps"
            return self.error(message, row, value)
        if [str(argument) for argument in value.args] == ["t"]:
            message = rf"found {name}(t); write {name} for what moves, or {name} \cdot t for the product"
            return self.error(message, row, value)
        return self.error(
            f"found {name}(...), a function or a product; write {name} \\cdot (...) for a product",
            row,
            value,
        )

    def _gradient(self, value: Expr, row: _Row, change: Callable[[Expr], Expr]) -> Expr | None:
        """Return the potential or one of its derivatives, or None for another value.

        Refuse a second name of the potential: in L = T - U the two are not the same.
        """
        self._refuse_lagrangian(value, row)
        found = energy_of(value, change, self.potentials, Symbol(self.time, integer=True))
        if found is not None:
            written = {str(f.func).lstrip("∇∂²³_") for f in value.atoms(AppliedUndef)}
            self.energies |= written & self.names.potentials
        if len(self.energies) > 1:
            both = " and ".join(sorted(self.energies))
            message = f"found {both}, both names of the potential; for the other energy write E"
            raise self.error(message, row, value)
        return found

    def _refuse_lagrangian(self, value: Expr, row: _Row) -> None:
        """Refuse L(q, q') and derivatives of L that may be a Lagrangian, and derivatives by a rate."""
        derivative = isinstance(value, Derivative)
        found = value.expr if derivative else value
        if not isinstance(found, AppliedUndef) or str(found.func) not in self.potentials:
            return
        points = [value.variables[0]] if derivative else found.args
        names = [name_and_marks(p) if isinstance(p, Symbol) else ("", "") for p in points]
        function, (name, marks) = str(found.func), names[0]
        if not derivative:
            if any(mark and (base, "") in names for base, mark in names):
                message = f"found {function} of a value and its rate; write E for what is no potential"
                raise self.error(message, row, value)
            return
        moving = bool(marks) or isinstance(points[0], Derivative)
        lefts = [str(r.sides[0]) for r in self.rows if r.sign]
        is_set = any(left.split("(")[0] == function for left in lefts)
        momentum = any(re.fullmatch(r"p(_\w+)?'", left) for left in lefts)
        if function == "L" and (is_set or momentum or moving or is_coordinate(name)):
            raise self.error(LAGRANGIAN.format(rf"\nabla U({as_command(name)})"), row, value)
        if moving:
            raise self.error("found a derivative by a rate, which is not read", row, value)

    def _symbol(self, symbol: Symbol, row: _Row) -> Expr:
        plain, marks = name_and_marks(symbol)
        if not plain or plain.startswith(("∇", "∂")):
            of = as_command(str(symbol.name).lstrip("∇∂²³_"))
            message = next(text for sign, text in _NO_POINT.items() if str(symbol.name).startswith(sign))
            raise self.error(message.format(symbol, of), row, symbol)
        found = self._named(plain, row, symbol)
        for mark in marks:
            if not isinstance(found, Symbol):
                raise self.error(f"found {symbol}: an instant is taken of a symbol", row, symbol)
            found = _MARKS[mark](found)
        return found

    def _named(self, name: str, row: _Row, where: Expr, dated: bool = False) -> Expr:
        """Return what a name stands for.

        What a rule updates, and what has a date, a step that its value is of, has no sign that its vocabulary
        declares.
        """
        known = self.names.known.get(name)
        free = (dated or name in self.updated) and name not in self.names.declared
        set_here = free and name in self.updated and not isinstance(known, Symbol)
        if known is not None and not (
            set_here or (free and isinstance(known, Symbol) and declares_sign(known))
        ):
            return known
        if known is None and not self.names.by_use:
            raise self.error(f"found {name}, which is no known name; declare it", row, where)
        if known is None and name in ("grad", "gradient"):
            message = rf"found {name} without its point; write \nabla U(x) for the gradient"
            raise self.error(message, row, where)
        if name.startswith(OPAQUE) or not name.replace("_", "").replace(" ", "").isalnum():
            raise self.error(
                f"found {name.removeprefix(OPAQUE)}, which is not understood as a name", row, where
            )
        return Symbol(name, real=True)

    # ------------------------------------------------------------ rules

    def _target(self, row: _Row) -> Instant | None:
        """Return the name that is on the left of a row, with its step."""
        left = row.sides[0]
        if isinstance(left, Symbol):
            plain, marks = name_and_marks(left)
            return Instant(plain, None) if marks in ("", AFTER) and plain else None
        if isinstance(left, AppliedUndef) and len(left.args) == 1 and str(left.func)[:1] not in "∇∂\\":
            step = left.args[0] - Symbol(self.time, integer=True)
            return Instant(str(left.func), int(step)) if step.is_Integer else None
        return None

    def _starts(self, row: _Row) -> bool:
        left = row.sides[0]
        return isinstance(left, AppliedUndef) and len(left.args) == 1 and left.args[0] in (0, -1)

    def _updates(self, row: _Row) -> bool:
        """Return whether a statement updates: by its sign, its index, or as it reads its own target."""
        target = self._target(row)
        if row.sign in ("<-", ":="):
            return True
        if target is None or row.sign != "=":
            return False
        left, right = row.sides
        return (
            target.step is not None or right.has(left) or (left.is_Symbol and str(left.name).endswith(AFTER))
        )

    def _rule(self) -> Stated:
        begun = [row for row in self.rows if self._starts(row)]
        rows = [row for row in self.rows if not self._starts(row)]
        targets: list[Instant] = []
        for row in rows:
            target = self._target(row)
            if target is None or not self._updates(row):
                raise self.error("found an equation among updates; on the left of an update is a name", row)
            if target.key in [t.key for t in targets]:
                raise self.error(f"{target.key} is updated twice", row)
            targets.append(target)
        self.updated = frozenset(t.key for t in targets)
        self.potentials = self.names.potentials - self.updated
        self._settle_gradients(rows, targets)
        steps = self._steps(rows, targets)
        for line, (row, target) in enumerate(zip(rows, targets, strict=True), 1):
            steps.positions, steps.above, steps.start = (
                row.reading.positions,
                row.reading.above,
                row.tree.start,
            )
            value = steps.resolved(row.sides[1])
            steps.refuse_undefined(value)
            if self._is_put_in(target, rows, targets):
                steps.values[target.key, target.step] = value
            else:
                steps.update(target, value)
            steps.line_of[target.key] = line
        return self._built(steps, begun, rows[0])

    def _is_gradient(self, letter: str) -> bool:
        """Return whether g or G by itself is a gradient: no row sets it, and nobody has declared it."""
        known = self.names.known.get(letter)
        is_free = known is None if letter == "g" else isinstance(known, grad)
        return is_free and letter not in (*self.updated, *self.names.declared)

    def _settle_gradients(self, rows: Sequence[_Row], targets: Sequence[Instant]) -> None:
        r"""Take G at the weights that a rule updates; refuse g or G beside a gradient of another name."""
        weights = [name for name in WEIGHTS if name in self.updated]
        steps = {t.key: t.step for t in targets}
        where: dict[tuple[str, bool], tuple[_Row, Expr]] = {}
        for row in rows:
            for value in sorted(row.sides[1].atoms(AppliedUndef, Symbol), key=str):
                name = str(value.func if isinstance(value, AppliedUndef) else value.name)
                if name.startswith(("∇", "∂")):
                    where.setdefault(("∇", False), (row, value))
                elif self._is_gradient(name):
                    where.setdefault((name, bool(value.args)), (row, value))
        plain = next((where["G", dated] for dated in (True, False) if ("G", dated) in where), None)
        others = [name for name, _ in where if name != "G"]
        if plain is not None and others:
            other = "g" if others[0] == "g" else self._gradient_at((weights or ["x"])[0], steps)
            raise self.error(SUM_OF_SQUARES.format("G", other, "G"), *plain)
        if ("g", False) in where and ("∇", False) in where and weights:
            gradient = self._gradient_at(weights[0], steps)
            message = (
                rf"found g beside \nabla; write {gradient} for the gradient, or declare g for a constant"
            )
            raise self.error(message, *where["g", False])
        if len(weights) == 1 and self._is_gradient("G"):
            at_weights = {"G": grad(self._named(weights[0], rows[0], Symbol(weights[0])))}
            self.names = replace(self.names, known={**self.names.known, **at_weights})
        elif plain is not None and not weights:
            self._refuse_other_weights(*plain, steps)

    def _gradient_at(self, name: str, steps: Mapping[str, int | None]) -> str:
        """Return the gradient at the value before the step, as the text would write it."""
        step = steps.get(name)
        index = "" if step is None else f"_{self.time}" if step == 1 else f"_{{{self.time}{step - 1:+d}}}"
        return rf"\nabla U({as_command(name)}{index})"

    def _refuse_other_weights(self, row: _Row, value: Expr, steps: Mapping[str, int | None]) -> None:
        """Refuse G in a rule that updates W and reads no x: the gradient is then that at W."""
        others = [name for name in sorted(self.updated) if name[:1].isupper()]
        gradient = self.names.known["G"]
        at = gradient.args[0]
        read = {str(s) for r in self.rows for side in r.sides for s in side.free_symbols}
        read |= {str(f.func) for r in self.rows for side in r.sides for f in side.atoms(AppliedUndef)}
        if others and str(at) not in read:
            advice = self._gradient_at(others[-1], steps)
            raise self.error(OTHER_WEIGHTS.format("G", at, others[-1], advice), row, value)

    def _steps(self, rows: Sequence[_Row], targets: Sequence[Instant]) -> Steps:
        weights = [t for t in targets if t.key in WEIGHTS]
        row = rows[0]

        def constant(key: str) -> Expr | None:
            plain, marks = name_and_marks(Symbol(key))
            if key in self.updated or (marks and plain in self.updated) or key == steps.gradient:
                return None
            return self._symbol(Symbol(key, real=True), row)

        def symbol_of(key: str) -> Symbol:
            found = self._named(key, row, Symbol(key))
            if not isinstance(found, Symbol):
                raise self.error(f"found {key} on the left of an update; write a symbol", row)
            return found

        steps = Steps(self.text, self.time, constant, symbol_of=symbol_of, schedules=False, vectors=VECTORS)
        steps.potentials = self.potentials
        steps.targets = {t.key: {t.step} for t in targets}
        steps.ahead = self._ahead(targets)
        steps.before = max((t.step for t in targets if t.step is not None), default=NOW) - 1
        steps.taken = {Symbol(k, real=True) for k in self.updated} | {
            Symbol(str(s.name), real=True)
            for r in rows
            for side in r.sides
            for s in side.free_symbols - {Symbol(self.time, integer=True)}
        }
        free = [n for n in ("g", "G") if self._is_gradient(n)]
        if free and len(weights) == 1:
            now = Symbol(self.time, integer=True)
            applied = [f for r in rows for f in r.sides[1].atoms(AppliedUndef)]
            letter = next((n for n in free if any(str(f.func) == n for f in applied)), free[0])
            read = [f for f in applied if str(f.func) == letter]
            steps.gradient_steps = [int(f.args[0] - now) for f in read if (f.args[0] - now).is_Integer]
            step = weights[0].step
            steps.gradient = letter
            steps.weights = (
                Instant(weights[0].key, None if step is None else step - 1),
                symbol_of(weights[0].key),
            )
        return steps

    def _ahead(self, targets: Sequence[Instant]) -> int | None:
        """Return how far the number of a step is ahead of the letter that counts; None where nothing says it.

        Rows that set x_{k+1} begin with k = 0 where x_0 is given; those that set m_t begin with t = 1.
        """
        set_at = {t.key: t.step for t in targets if t.step is not None}
        begun = {str(row.sides[0].func): int(row.sides[0].args[0]) for row in self.rows if self._starts(row)}
        firsts = {begun[key] + 1 - step for key, step in set_at.items() if key in begun}
        if not firsts:
            return None if {*set_at.values()} == {1} else 0
        return 1 - firsts.pop() if len(firsts) == 1 else None

    def _is_put_in(self, target: Instant, rows: Sequence[_Row], targets: Sequence[Instant]) -> bool:
        """Return whether a row names a part of others: its value before the step is read nowhere.

        Rows that set the value of the next step are states all the same, unless they bear an accent.
        """
        accented = target.key.endswith(("_hat", "_bar", "_tilde"))
        if target.step not in (NOW, None) and not accented:
            return False
        if target.step is None and not accented:
            return False
        now = Symbol(self.time, integer=True)
        mine = [
            f.args[0] - now
            for row in rows
            for f in row.sides[1].atoms(AppliedUndef)
            if str(f.func) == target.key
        ]
        own = Symbol(target.key, real=True)
        bare = any(row.sides[1].has(own) for row in rows)
        current = any(step == target.step for step in mine) or (target.step is None and bare)
        earlier = any(step != target.step for step in mine)
        return current and not earlier

    def _built(self, steps: Steps, begun: Sequence[_Row], first: _Row) -> Stated:
        if steps.gradient in steps.states:
            assert steps.weights is not None
            steps.updates.append(Update(steps.states[steps.gradient], grad(steps.weights[1])))
        counter = steps.counter
        updates = ([Update(counter, counter + 1)] if counter is not None else []) + steps.updates
        start = [(counter, Integer(steps.first - 1))] if counter is not None else []
        start += [(s, Integer(kind == "prod")) for (kind, _), s in steps.sums.items()]
        for row in begun:
            left, right = row.sides
            symbol = self._named(str(left.func), row, left)
            state = before(symbol) if left.args[0] == -1 else symbol
            start.append((state, self._start(right, row)))
        try:
            if len(updates) == 1 and not start:
                only = updates[0]
                if declares_sign(only.target):
                    Rule((only,))
                return only
            return Rule(tuple(updates), tuple(start))
        except StatementError as error:
            raise self.error(str(error), first) from None

    def _start(self, value: Expr, row: _Row) -> Expr:
        """Return a start value, in which the values of states before the first step may be read."""
        at = {f: Symbol(str(f.func), real=True) for f in value.atoms(AppliedUndef) if f.args == (0,)}
        return self._value(value.xreplace(at), row)


_WRITTEN = {"E": r"\mathbb E", "div": r"\nabla \cdot", "curl": r"\nabla \times"}
_NO_POINT = {
    "∂": (
        "found a partial derivative; derivatives are taken by t alone: "
        r"write \dot u where u depends on t alone"
    ),
    "∇²": (
        r"found {} without the point where it is taken, a Laplacian or a Hessian; "
        r"write \nabla^2 U(x) for the latter"
    ),
    "∇": r"found {} without the point where it is taken; write \nabla {}(x)",
    "": r"found {} without the point where it is taken; write \nabla U(x)",
}


def _rebuilt(value: Expr, change: Callable[[Expr], Expr]) -> Expr:
    if isinstance(value, sympy.Piecewise):
        return sympy.Piecewise(*((change(v), conditioned(c, change)) for v, c in value.args), evaluate=False)
    return value.func(*map(change, value.args))
