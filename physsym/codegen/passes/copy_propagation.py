"""Programs with fewer operations that compute the same bits: copies and doublings are taken out of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import partial

from sympy import Symbol

from physsym.codegen.expression_tree import Operand, Operation, renamed
from physsym.codegen.straight_line import Assignment, Line, Program, changed, state_name


def without_copies(program: Program) -> Program:
    """Return the program without the lines that give a value a second name, but for its results."""
    names: dict[Symbol, Operand] = {}
    body = list[Line]()
    for line in program.body:
        kept = changed(line, partial(renamed, names=names))
        if _is_copy(kept) and not set(kept.targets) & set(program.results):
            names |= dict(zip(kept.targets, kept.values, strict=True))
        else:
            body.append(kept)
    return replace(program, body=tuple(body))


def _is_copy(line: Line) -> bool:
    return isinstance(line, Assignment) and all(isinstance(v, Symbol) for v in line.values)


def without_doublings(program: Program) -> Program:
    """Return the program with powers of two moved from what constants multiply to the constants.

    c*(2*y) = (2*c)*y to the last bit, since doubling rounds nothing, as long as no number is larger than the
    largest or smaller than the smallest normal one. It is done where a value is read in such products alone;
    the constants are then doubled once, and nothing in each step.
    """
    constants = frozenset(program.constants)
    products = [p for line in program.body for value in line.values for p in _products(value, constants)]
    factors = Counter(factor for _, factor in products)
    read = Counter(s for line in program.body for s in line.reads) + Counter(program.results)
    powers = {
        line.targets[0]: power
        for line in program.body
        if (power := _power_of_two(line)) and factors[line.targets[0]] == read[line.targets[0]]
    }
    wanted = dict.fromkeys((powers[factor], constant) for constant, factor in products if factor in powers)
    scalars = (Assignment((_named(n, c),), (Operation("multiply", (n, c)),)) for n, c in wanted)
    body = (_undoubled(changed(line, partial(_moved, powers=powers, constants=constants)), powers)
            for line in program.body)  # fmt: skip
    return replace(program, scalars=(*program.scalars, *scalars), body=tuple(body))


def _products(value: Operand, constants: Collection[Symbol]) -> Iterator[tuple[Symbol, Symbol]]:
    """Yield each constant that multiplies a symbol which is none, with that symbol."""
    if isinstance(value, Operation):
        match value.name, *value.arguments:
            case "multiply", Symbol() as left, Symbol() as right if left in constants:
                yield left, right
            case _, *arguments:
                for argument in arguments:
                    yield from _products(argument, constants)


def _power_of_two(line: Line) -> int:
    """Return by which power of two a line multiplies something, or zero."""
    match line.values:
        case (Operation("multiply", (int() as power, _)),) if power > 1 and power & (power - 1) == 0:
            return power
    return 0


def _moved(value: Operand, powers: Mapping[Symbol, int], constants: Collection[Symbol]) -> Operand:
    match value:
        case Operation("multiply", (Symbol() as left, Symbol() as right)) if (
            left in constants and right in powers
        ):
            return Operation("multiply", (_named(powers[right], left), right))
        case Operation(name, arguments):
            return Operation(name, tuple(_moved(a, powers, constants) for a in arguments))
    return value


def _undoubled(line: Line, powers: Mapping[Symbol, int]) -> Line:
    if line.targets[0] not in powers:
        return line
    (doubled,) = line.values
    return replace(line, values=(doubled.arguments[1],)) if isinstance(doubled, Operation) else line


def _named(power: int, constant: Symbol) -> Symbol:
    # Brackets stand in no name that a user gives.
    return Symbol(f"times{power}[{state_name(constant)}]", real=True)
