"""A program as NumPy calls that write into the arrays of the state, with few scratch arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sympy import Symbol

from physsym.codegen import Program
from physsym.codegen.emit import function_text, identifiers, python_text, unlike
from physsym.codegen.expression_tree import Operand, Operation, symbols_of


@dataclass(frozen=True)
class InPlaceSource:
    """The text of `step(states, gradients, scratch arrays, constants)`, and how many arrays are scratch."""

    text: str
    scratch: int


def in_place_source(stage: Program, *, in_place: bool = True) -> InPlaceSource:
    """Return a stage of a program as ufunc calls with an output array.

    Every new value is written where the old one was as soon as that is read no more, so that all operations
    are those of the program, in its order, and no array is made. Where not `in_place`, the results go into
    arrays of their own, which come after the states.

    >>> from physsym.codegen import program
    >>> from physsym.codegen.passes.partition import stages
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, x
    >>> print(in_place_source(stages(program(rule({x: x - eta * G})))[-1]).text)
    def step(x, g, scratch, eta):
        multiply(eta, g, out=scratch)
        subtract(x, scratch, out=x)
    <BLANKLINE>
    """
    names = identifiers(stage)
    inputs = [names[s] for s in stage.states]
    outputs = inputs[: len(stage.results)] if in_place else _fresh_names(names, len(stage.results))
    arrays = inputs if in_place else inputs + outputs
    reads = Counter([s for line in stage.body for s in line.reads] + list(stage.results))
    where = {s: names[s] for s in (*stage.states, *stage.constants)}
    writer = _Writer(where, frozenset(stage.constants), reads, arrays)
    replaced = stage.states if in_place else [None] * len(stage.results)
    own = zip(stage.results, outputs, replaced, strict=False)
    homes = {result: (output, old) for result, output, old in own if result not in stage.states}
    for line in stage.body:
        for target, value in zip(line.targets, line.values, strict=True):
            writer.assign(target, value, *homes.get(target, ("", None)))
    # A state that keeps an earlier value is written before that value is: oldest first.
    for output, result in reversed([*zip(outputs, stage.results, strict=True)]):
        writer.copy(writer.where[result], output)
    constants = [names[c] for c in stage.constants]
    return InPlaceSource(
        function_text("step", arrays + writer.scratch + constants, writer.lines or ["pass"]),
        len(writer.scratch),
    )


def _fresh_names(names: Mapping[Symbol, str], count: int) -> list[str]:
    new = list[str]()
    while len(new) < count:
        new.append(unlike("out", {*names.values(), *new}))
    return new


@dataclass
class _Writer:
    """Calls written so far, where each value lies, how often it is still read, which arrays are free."""

    where: dict[Symbol, str]
    constants: frozenset[Symbol]
    reads: Counter[Symbol]
    arrays: Sequence[str]
    lines: list[str] = field(default_factory=list)
    scratch: list[str] = field(default_factory=list)
    free: list[str] = field(default_factory=list)
    own: str = ""

    def assign(self, target: Symbol, value: Operand, own: str, old: Symbol | None) -> None:
        """Compute a value; it goes into its own array, if that is free or holds an old value read no more."""
        self.own = own
        if own and not (old and self.reads[old]):
            self.free.append(own)
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
            self.scratch.append(unlike(name, {*self.where.values(), *self.arrays, *self.scratch}))
            return self.scratch[-1]
        return self.free.pop()
