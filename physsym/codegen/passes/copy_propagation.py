"""Copy propagation, and reassociation of products with powers of two: fewer operations, the same bits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import partial

from sympy import Symbol

from physsym.codegen.expression_tree import Operand, Operation, substitute
from physsym.codegen.straight_line import Assignment, Line, Program, map_values, state_name


def drop_copies(lines: list[Line], kept: Collection[Symbol]) -> tuple[list[Line], dict[Symbol, Symbol]]:
    """Return the lines without copies, but for names that are kept, and the value of each name dropped."""
    copies = (line for line in lines if isinstance(line.values[0], Symbol) and line.targets[0] not in kept)
    same = {line.targets[0]: line.values[0] for line in copies}
    return [line for line in lines if line.targets[0] not in same], same


def propagate_copies(program: Program) -> Program:
    """Return the program without the lines that give a value a second name, but for its results."""
    names: dict[Symbol, Operand] = {}
    body = list[Line]()
    for line in program.body:
        new = map_values(line, partial(substitute, names=names))
        is_copy = isinstance(new, Assignment) and all(isinstance(v, Symbol) for v in new.values)
        if is_copy and not set(new.targets) & set(program.results):
            names |= dict(zip(new.targets, new.values, strict=True))
        else:
            body.append(new)
    return replace(program, body=tuple(body))


def reassociate_doublings(program: Program) -> Program:
    """Return the program with powers of two moved from what constants multiply to the constants.

    c*(2*y) = (2*c)*y bitwise, since doubling rounds nothing, as long as no number overflows or is subnormal.
    It is done where a value is read in such products alone; the constants are then doubled once, and nothing
    in each step.
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
    scalars = (Assignment((_multiple(n, c),), (Operation("multiply", (n, c)),)) for n, c in wanted)
    moved = partial(_reassociated, powers=powers, constants=constants)
    body = (_without_factor(map_values(line, moved), powers) for line in program.body)
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
    """Return the power of two by which a line multiplies something, or zero."""
    match line.values:
        case (Operation("multiply", (int() as power, _)),) if power > 1 and power & (power - 1) == 0:
            return power
    return 0


def _reassociated(value: Operand, powers: Mapping[Symbol, int], constants: Collection[Symbol]) -> Operand:
    match value:
        case Operation("multiply", (Symbol() as left, Symbol() as right)) if (
            left in constants and right in powers
        ):
            return Operation("multiply", (_multiple(powers[right], left), right))
        case Operation(name, arguments):
            return Operation(name, tuple(_reassociated(a, powers, constants) for a in arguments))
    return value


def _without_factor(line: Line, powers: Mapping[Symbol, int]) -> Line:
    if line.targets[0] not in powers:
        return line
    (doubled,) = line.values
    return replace(line, values=(doubled.arguments[1],)) if isinstance(doubled, Operation) else line


def _multiple(power: int, constant: Symbol) -> Symbol:
    # No name that a user gives has brackets.
    return Symbol(f"times{power}[{state_name(constant)}]", real=True)
