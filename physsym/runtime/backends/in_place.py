"""A program as NumPy calls that write into the arrays of the state: allocation of scratch arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sympy import Symbol

from physsym.codegen import Program
from physsym.codegen.emit import function_text, identifiers, python_text, unique_name
from physsym.codegen.emit.text import PYTHON_WORDS
from physsym.codegen.expression_tree import LOGIC, Operand, Operation, symbols_of


@dataclass(frozen=True)
class InPlaceSource:
    """The text of `step(states, gradients, scratch arrays, constants)`, and how many arrays are scratch."""

    text: str
    scratch: int


def in_place_source(part: Program, *, in_place: bool = True) -> InPlaceSource:
    """Return a part of a program as ufunc calls with an output array.

    Every new value is written into the array of the old one as soon as that is dead, so that all operations
    are those of the program, in its order, and no array is allocated. Where not `in_place`, the results go
    into arrays of their own, which come after the states.

    >>> from physsym.codegen import program
    >>> from physsym.codegen.passes.partition import partition
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, x
    >>> print(in_place_source(partition(program(rule({x: x - eta * G})))[-1]).text)
    def step(x, g, scratch, eta):
        multiply(eta, g, out=scratch)
        subtract(x, scratch, out=x)
    <BLANKLINE>
    """
    names = identifiers(part, PYTHON_WORDS | {"copyto"})
    inputs = [names[s] for s in part.states]
    outputs = inputs[: len(part.results)] if in_place else _fresh_names(names, len(part.results))
    arrays = inputs if in_place else inputs + outputs
    reads = Counter([s for line in part.body for s in line.reads] + list(part.results))
    where = {s: names[s] for s in (*part.states, *part.constants)}
    writer = _Writer(where, frozenset(part.constants), reads, arrays)
    replaced = part.states if in_place else [None] * len(part.results)
    own = zip(part.results, outputs, replaced, strict=False)
    targets = {result: (output, old) for result, output, old in own if result not in part.states}
    for line in part.body:
        for target, value in zip(line.targets, line.values, strict=True):
            writer.assign(target, value, *targets.get(target, ("", None)))
    # The array of x- is written from that of x before the latter is overwritten: oldest value first.
    for output, result in reversed([*zip(outputs, part.results, strict=True)]):
        writer.copy(writer.where[result], output)
    constants = [names[c] for c in part.constants]
    return InPlaceSource(
        function_text("step", arrays + writer.scratch + constants, writer.lines or ["pass"]),
        len(writer.scratch),
    )


def _fresh_names(names: Mapping[Symbol, str], count: int) -> list[str]:
    new = list[str]()
    while len(new) < count:
        new.append(unique_name("out", {*names.values(), *new}))
    return new


@dataclass
class _Writer:
    """Calls written so far, the array of each value, how often it is still read, which arrays are free."""

    where: dict[Symbol, str]
    constants: frozenset[Symbol]
    reads: Counter[Symbol]
    arrays: Sequence[str]
    lines: list[str] = field(default_factory=list)
    scratch: list[str] = field(default_factory=list)
    free: list[str] = field(default_factory=list)
    own: str = ""
    masks: list[str] = field(default_factory=list)

    def assign(self, target: Symbol, value: Operand, own: str, old: Symbol | None) -> None:
        """Compute a value; it goes into its own array, if that is free or holds an old value read no more."""
        self.own = own
        if own and not (old and self.reads[old]):
            self.free.append(own)
        if isinstance(value, Operation) and not self._is_constant(value):
            array = self._call(value, self.own)
        else:
            source = self._operand(value)
            self._consumed((value,), [source])
            array = self._output(self.own)
            self.copy(source, array)
        self.where[target] = array
        self.free = [name for name in self.free if name != self.own]

    def copy(self, source: str, array: str) -> None:
        """Write a value into an array, unless it is there."""
        if source != array:
            self.lines.append(f"copyto({array}, {source})")

    def _call(self, operation: Operation, preferred: str = "") -> str:
        arguments = [self._operand(a) for a in operation.arguments]
        self._consumed(operation.arguments, arguments)
        array = self._output(preferred)
        self.lines.append(f"{operation.name}({', '.join((*arguments, f'out={array}'))})")
        return array

    def _operand(self, value: Operand) -> str:
        if isinstance(value, Symbol):
            return self.where[value]
        if not isinstance(value, Operation) or self._is_constant(value):
            return python_text(value, self.where, arrays=True)
        return self._mask(value) if value.name in LOGIC else self._call(value)

    def _mask(self, condition: Operation) -> str:
        """Name the truth values of a condition, an array of their own; what they come from may then go."""
        arguments = [self._operand(a) for a in condition.arguments]
        self._consumed(condition.arguments, arguments)
        taken = {*self.where.values(), *self.arrays, *self.scratch, *self.masks}
        self.masks.append(unique_name(f"mask{len(self.masks) + 1}", taken))
        self.lines.append(f"{self.masks[-1]} = {condition.name}({', '.join(arguments)})")
        return self.masks[-1]

    def _is_constant(self, value: Operand) -> bool:
        return set(symbols_of(value)) <= self.constants

    def _consumed(self, values: tuple[Operand, ...], names: list[str]) -> None:
        """Free, once all operands of a call are computed, the arrays of dead values."""
        self.reads.subtract(v for v in values if isinstance(v, Symbol))
        for value, name in zip(values, names, strict=True):
            dead = not isinstance(value, Symbol) or not self.reads[value]
            if dead and name in (*self.scratch, self.own) and name not in self.free:
                self.free.append(name)

    def _output(self, preferred: str) -> str:
        if preferred in self.free:
            self.free.remove(preferred)
            return preferred
        if not self.free:
            number = len(self.scratch) + 1
            name = "scratch" if number == 1 else f"scratch{number}"
            self.scratch.append(unique_name(name, {*self.where.values(), *self.arrays, *self.scratch}))
            return self.scratch[-1]
        return self.free.pop()
