r"""Rules from rows: what each row updates, where the gradient is taken, the values before the first step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sympy import Expr, Integer, Symbol
from sympy.core.function import AppliedUndef

from physsym.core.signs import declares_sign
from physsym.core.statements import Rule, StatementError, Update
from physsym.core.symbols import AFTER, before, grad, name_and_marks
from physsym.parsing.gradients import OTHER_WEIGHTS, SUM_OF_SQUARES
from physsym.parsing.instants import VECTORS, WEIGHTS
from physsym.parsing.latex.instants import Instants
from physsym.parsing.latex.names import as_command
from physsym.parsing.latex.rows import Row
from physsym.parsing.latex.steps import NOW, Instant, Steps


class Rules(Instants):
    """The updates of one text."""

    def _target(self, row: Row) -> Instant | None:
        """Return the name that is on the left of a row, with its step."""
        left = row.sides[0]
        if isinstance(left, Symbol):
            plain, marks = name_and_marks(left)
            return Instant(plain, None) if marks in ("", AFTER) and plain else None
        if isinstance(left, AppliedUndef) and len(left.args) == 1 and str(left.func)[:1] not in "∇∂\\":
            step = left.args[0] - Symbol(self.time, integer=True)
            return Instant(str(left.func), int(step)) if step.is_Integer else None
        return None

    def _starts(self, row: Row) -> bool:
        left = row.sides[0]
        return isinstance(left, AppliedUndef) and len(left.args) == 1 and left.args[0] in (0, -1)

    def _updates(self, row: Row) -> bool:
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

    def _rule(self) -> Rule | Update:
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

    def _settle_gradients(self, rows: Sequence[Row], targets: Sequence[Instant]) -> None:
        r"""Take G at the weights that a rule updates; refuse g or G beside a gradient of another name."""
        weights = [name for name in WEIGHTS if name in self.updated]
        steps = {t.key: t.step for t in targets}
        where: dict[tuple[str, bool], tuple[Row, Expr]] = {}
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

    def _refuse_other_weights(self, row: Row, value: Expr, steps: Mapping[str, int | None]) -> None:
        """Refuse G in a rule that updates W and reads no x: the gradient is then that at W."""
        others = [name for name in sorted(self.updated) if name[:1].isupper()]
        gradient = self.names.known["G"]
        at = gradient.args[0]
        read = {str(s) for r in self.rows for side in r.sides for s in side.free_symbols}
        read |= {str(f.func) for r in self.rows for side in r.sides for f in side.atoms(AppliedUndef)}
        if others and str(at) not in read:
            advice = self._gradient_at(others[-1], steps)
            raise self.error(OTHER_WEIGHTS.format("G", at, others[-1], advice), row, value)

    def _steps(self, rows: Sequence[Row], targets: Sequence[Instant]) -> Steps:
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

    def _is_put_in(self, target: Instant, rows: Sequence[Row], targets: Sequence[Instant]) -> bool:
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

    def _built(self, steps: Steps, begun: Sequence[Row], first: Row) -> Rule | Update:
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

    def _start(self, value: Expr, row: Row) -> Expr:
        """Return a start value, in which the values of states before the first step may be read."""
        at = {f: Symbol(str(f.func), real=True) for f in value.atoms(AppliedUndef) if f.args == (0,)}
        return self._value(value.xreplace(at), row)
