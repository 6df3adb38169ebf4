r"""What the names in rows stand for: symbols, values of a step, rates, the potential and its derivatives."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import sympy
from sympy import Derivative, Expr, Symbol
from sympy.core.function import AppliedUndef

from physsym.core.signs import declares_sign
from physsym.core.symbols import AFTER, BEFORE, DOT, after, before, dot, name_and_marks
from physsym.parsing.interpretation import FUNCTIONS as BOUNDED
from physsym.parsing.interpretation import REAL_ONLY
from physsym.parsing.lagrangian import LAGRANGIAN, is_coordinate
from physsym.parsing.latex.formula import OPAQUE
from physsym.parsing.latex.names import as_command
from physsym.parsing.latex.rows import TIME, Row
from physsym.parsing.latex.steps import conditioned, energy_of, of_unknown
from physsym.parsing.tokens import BASE_TEN, ReadError

_MARKS = {DOT: dot, AFTER: after, BEFORE: before}
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


class Instants:
    """The rows of one text, and the symbols of its names."""

    def __init__(self, text: str, names: Names, rows: Sequence[Row]) -> None:
        """Find what is updated."""
        self.text, self.names, self.rows = text, names, rows
        self.time = self._time()
        self.updated: frozenset[str] = frozenset()
        self.potentials = names.potentials
        self.energies: set[str] = set()
        derived = {d for row in rows for side in row.sides for d in side.atoms(Derivative)}
        self.moving = {d.expr for d in derived if {*d.variables} == {TIME} and d.expr.args == (TIME,)}

    def error(self, message: str, row: Row, value: Expr | None = None) -> ReadError:
        """Return the error that points at a value, or at a row."""
        at = row.reading.positions.get(value) if value is not None else None
        return ReadError(message, self.text, row.tree.start if at is None else at)

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

    def _value(self, value: Expr, row: Row) -> Expr:
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

    def _rate(self, value: Expr, row: Row) -> Expr | None:
        """Return what moves, or its rate, for x(t) and its derivatives by t; None where x has none."""
        found = value.expr if isinstance(value, Derivative) else value
        if found not in self.moving or (found is not value and {*value.variables} != {TIME}):
            return None
        moved = self._named(str(found.func), row, found)
        for _ in value.variables if isinstance(value, Derivative) else ():
            moved = dot(moved)
        return moved

    def _unknown_function(self, value: Expr, row: Row) -> ReadError:
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

    def _gradient(self, value: Expr, row: Row, change: Callable[[Expr], Expr]) -> Expr | None:
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

    def _refuse_lagrangian(self, value: Expr, row: Row) -> None:
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

    def _symbol(self, symbol: Symbol, row: Row) -> Expr:
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

    def _named(self, name: str, row: Row, where: Expr, dated: bool = False) -> Expr:
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


def _rebuilt(value: Expr, change: Callable[[Expr], Expr]) -> Expr:
    if isinstance(value, sympy.Piecewise):
        return sympy.Piecewise(*((change(v), conditioned(c, change)) for v, c in value.args), evaluate=False)
    return value.func(*map(change, value.args))
