"""A program as NumPy calls that write into the arrays of the state, with few scratch arrays."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from sympy import Symbol

from physsym.notation import after
from physsym.operation import Operand, Operation, symbols_of
from physsym.program import Evaluation, Program, needed
from physsym.source import function_text, identifiers, python_text, unlike


@dataclass(frozen=True)
class InPlaceSource:
    """The text of `step(states, gradients, scratch arrays, constants)`, and how many arrays are scratch."""

    text: str
    scratch: int


def in_place_source(program: Program) -> InPlaceSource:
    """Return a program as ufunc calls with an output array; it takes no gradient itself, but is given it.

    Every new value is written where the old one was as soon as that is read no more, so that all operations
    are those of the program, in its order, and no array is made.

    >>> from physsym.program import program
    >>> from physsym.statement import rule
    >>> from physsym.vocabulary import G, eta, x
    >>> print(in_place_source(program(rule({x: x - eta * G}))).text)
    def step(x, g, scratch, eta):
        multiply(eta, g, out=scratch)
        subtract(x, scratch, out=x)
    <BLANKLINE>
    """
    names = identifiers(program)
    given = [g for evaluation in program.evaluations for g in evaluation.targets]
    inputs = [names[s] for s in (*program.states, *given)]
    body = needed([line for line in program.body if not isinstance(line, Evaluation)], program.results)
    reads = Counter([s for line in body for s in line.reads] + list(program.results))
    where = {s: names[s] for s in (*program.states, *given, *program.constants)}
    writer = _Writer(where, frozenset(program.constants), reads, names)
    homes = {after(s): s for s in program.states}
    for line in body:
        for target, value in zip(line.targets, line.values, strict=True):
            writer.assign(target, value, homes.get(target))
    # A state that keeps an earlier value is written before that value is: oldest first.
    for state, result in reversed([*zip(program.states, program.results, strict=True)]):
        writer.copy(writer.where[result], names[state])
    constants = [names[c] for c in program.constants]
    return InPlaceSource(
        function_text("step", inputs + writer.scratch + constants, writer.lines or ["pass"]),
        len(writer.scratch),
    )


@dataclass
class _Writer:
    """Calls written so far, where each value lies, how often it is still read, which arrays are free."""

    where: dict[Symbol, str]
    constants: frozenset[Symbol]
    reads: Counter[Symbol]
    names: dict[Symbol, str]
    lines: list[str] = field(default_factory=list)
    scratch: list[str] = field(default_factory=list)
    free: list[str] = field(default_factory=list)
    own: str = ""

    def assign(self, target: Symbol, value: Operand, home: Symbol | None) -> None:
        """Compute a value; a new state goes where the old one was, if that is read no more."""
        self.own = self.names[home] if home else ""
        if home and not self.reads[home]:
            self.free.append(self.own)
        if isinstance(value, Operation) and not self._is_constant(value):
            place = self._call(value, self.own)
        else:
            source = self._operand(value)
            self._consumed((value,), [source])
            place = self._output(self.own)
            self.copy(source, place)
        self.where[target] = place
        self.free = [name for name in self.free if name != self.own]

    def copy(self, source: str, place: str) -> None:
        """Write a value to where it belongs, unless it is there."""
        if source != place:
            self.lines.append(f"copyto({place}, {source})")

    def _call(self, operation: Operation, preferred: str = "") -> str:
        arguments = [self._operand(a) for a in operation.arguments]
        self._consumed(operation.arguments, arguments)
        place = self._output(preferred)
        self.lines.append(f"{operation.name}({', '.join((*arguments, f'out={place}'))})")
        return place

    def _operand(self, value: Operand) -> str:
        if isinstance(value, Symbol):
            return self.where[value]
        if not isinstance(value, Operation) or self._is_constant(value):
            return python_text(value, self.where)
        return self._call(value)

    def _is_constant(self, value: Operand) -> bool:
        return set(symbols_of(value)) <= self.constants

    def _consumed(self, values: tuple[Operand, ...], names: list[str]) -> None:
        """Set free, once all operands of a call are computed, the arrays that nothing reads any more."""
        self.reads.subtract(v for v in values if isinstance(v, Symbol))
        for value, name in zip(values, names, strict=True):
            unread = not isinstance(value, Symbol) or not self.reads[value]
            if unread and name in (*self.scratch, self.own) and name not in self.free:
                self.free.append(name)

    def _output(self, preferred: str) -> str:
        if preferred in self.free:
            self.free.remove(preferred)
            return preferred
        if not self.free:
            number = len(self.scratch) + 1
            name = "scratch" if number == 1 else f"scratch{number}"
            self.scratch.append(unlike(name, {*self.names.values(), *self.scratch}))
            return self.scratch[-1]
        return self.free.pop()
