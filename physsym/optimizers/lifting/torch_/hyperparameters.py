"""The hyperparameters of a class of optimizers: which are numbers or given, and values to run with."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations, islice, product
from typing import Any

import numpy
import sympy

from physsym.optimizers.lifted import LiftError
from physsym.optimizers.lifting.nodes import Node, constant, leaf
from physsym.optimizers.lifting.torch_.trace import Number

NOT_LIFTED = ("foreach", "fused")
"""Ways of computing the same law, which are not what is read."""


@dataclass(frozen=True)
class Hyperparameter:
    """A number that an optimizer takes, alone or as an entry of a tuple.

    Parameters
    ----------
    argument, entry
        The argument of the class, and the number of the entry in it if it is a tuple.
    name
        Its name in the rule: `lr`, or `beta1` for the first of `betas`.
    default
        The library's value, None where there is none.
    exact
        The value where it is given; None for a symbol.
    is_whole
        Whether the library's value, or the one given, is an `int`, which code may use as a count.
    """

    argument: str
    entry: int | None
    name: str
    default: float | None
    exact: Fraction | None = None
    is_whole: bool = False

    def plain(self, values: Mapping[str, float]) -> float:
        """Return the number without an expression."""
        if self.exact is None:
            return values[self.name]
        return int(self.exact) if self.is_whole and self.exact.denominator == 1 else float(self.exact)


@dataclass(frozen=True)
class Arguments:
    """The arguments of a class: hyperparameters, and options, which are passed as they are."""

    numbers: tuple[Hyperparameter, ...]
    options: Mapping[str, Any]
    shapes: Mapping[str, tuple[Any, ...]]
    """For each argument that is a tuple, its entries that are no numbers."""

    def call(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the keyword arguments, given the number of each hyperparameter by its name."""
        found: dict[str, Any] = dict(self.options)
        for argument, entries in self.shapes.items():
            found[argument] = list(entries)
        for number in self.numbers:
            if number.entry is None:
                found[number.argument] = values[number.name]
            else:
                found[number.argument][number.entry] = values[number.name]
        return {k: tuple(v) if k in self.shapes else v for k, v in found.items()}

    @property
    def free(self) -> tuple[Hyperparameter, ...]:
        """Return those that are symbols."""
        return tuple(n for n in self.numbers if n.exact is None)

    def with_fixed(self, values: Mapping[str, Fraction]) -> Arguments:
        """Return the arguments with some of the numbers fixed."""
        numbers = tuple(replace(n, exact=values.get(n.name, n.exact)) for n in self.numbers)
        return Arguments(numbers, self.options, self.shapes)


def signature_of(cls: type) -> Mapping[str, inspect.Parameter]:
    """Return the parameters of a class of optimizers, without the weights."""
    parameters = list(inspect.signature(cls).parameters.values())
    return {p.name: p for p in parameters[1:] if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}


def arguments_of(cls: type, given: Mapping[str, Any]) -> Arguments:
    """Return the arguments of a class, with the values that are given for some.

    Raises TypeError for a name that the class does not have.
    """
    parameters = signature_of(cls)
    unknown = [name for name in given if name not in parameters]
    if unknown and _takes_any(cls):
        extra = {name: inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in unknown}
        parameters = {**parameters, **extra}
    elif unknown:
        raise TypeError(
            f"{cls.__name__} has no hyperparameter {', '.join(unknown)}; it has {', '.join(parameters)}"
        )
    numbers = list[Hyperparameter]()
    options, shapes = dict[str, Any](), dict[str, tuple[Any, ...]]()
    for name, parameter in parameters.items():
        default = None if parameter.default is parameter.empty else parameter.default
        value = given.get(name, default)
        if name in NOT_LIFTED:
            options[name] = False if name == "foreach" else None
        elif isinstance(value, (tuple, list)) and any(map(_is_number, value)):
            shapes[name] = tuple(value)
            usual = default if isinstance(default, (tuple, list)) and len(default) == len(value) else None
            numbers += [
                Hyperparameter(
                    name, k, _entry_name(name, k), _float(usual[k]) if usual else None,
                    exact_value(v) if name in given else None, isinstance(v, int),
                )
                for k, v in enumerate(value)
                if _is_number(v) or (v is None and name not in given)
            ]  # fmt: skip
        elif _is_number(value) or (name not in given and parameter.default is parameter.empty):
            exact = exact_value(value) if name in given else None
            numbers.append(Hyperparameter(name, None, name, _float(default), exact, isinstance(value, int)))
        else:
            options[name] = value
    return Arguments(tuple(numbers), options, shapes)


def _takes_any(cls: type) -> bool:
    return any(p.kind is p.VAR_KEYWORD for p in inspect.signature(cls).parameters.values())


def _float(value: Any) -> float | None:
    return float(value) if _is_number(value) else None


def _entry_name(name: str, entry: int) -> str:
    return f"{name if name == 'eps' else name.removesuffix('s')}{entry + 1}"


def _is_number(value: object) -> bool:
    return isinstance(
        value, (int, float, Fraction, numpy.number, sympy.Rational, sympy.Float)
    ) and not isinstance(value, (bool, numpy.bool_))


def exact_value(value: Any) -> Fraction:
    """Return the exact value of a number as it is written: of a float, the shortest decimal that gives it."""
    if isinstance(value, sympy.Rational):
        return Fraction(int(value.p), int(value.q))
    return Fraction(value) if isinstance(value, (int, Fraction)) else Fraction(repr(float(value)))


def leaf_of(number: Hyperparameter) -> Node:
    """Return the node of a hyperparameter: its value, or a symbol that only this module names so."""
    if number.exact is not None:
        return constant(number.exact)
    return leaf(sympy.Symbol(f"hyperparameter {number.name}", real=True))


def numbers_of(arguments: Arguments, values: Mapping[str, float]) -> dict[str, Number]:
    """Return each hyperparameter as a number with its expression."""
    return {n.name: Number(n.plain(values), leaf_of(n)) for n in arguments.numbers}


def candidates(number: Hyperparameter, random: Any) -> list[float | Fraction]:
    """Return values to run with, the most telling first; a Fraction is the default, taken as fixed."""
    usual = 0.1 if number.default is None else number.default
    if usual == 0:
        telling = random.uniform(0.02, 0.1)
    elif 0.2 <= abs(usual) < 1:
        telling = float(numpy.sign(usual)) * random.uniform(0.4, 0.95)
    elif abs(usual) < 1e-2:
        telling = float(numpy.sign(usual)) * random.uniform(0.01, 0.05)
    elif abs(usual) > 1000:
        telling = float(numpy.sign(usual)) * random.uniform(2, 6)
    else:
        telling = usual * random.uniform(0.6, 1.6)
    near = random.uniform(0.001, 0.05)
    found: list[float | Fraction] = [telling, usual * (1 - near), usual * (1 + near)]
    if usual == 0:
        found = [telling, -telling]
    if number.default is not None:
        found.append(exact_value(number.default))
    return found


def working_values(
    arguments: Arguments, works: Callable[[Mapping[str, float]], Exception | None], seed: int
) -> tuple[dict[str, float], dict[str, Fraction]]:
    """Return values with which the class can be built, and those of its numbers that must keep their default.

    As few numbers as possible leave their first candidate.
    """
    random = numpy.random.default_rng(seed)
    options = {n.name: candidates(n, random) for n in arguments.free}
    error: Exception | None = None
    for choice in islice(_choices({name: len(c) for name, c in options.items()}), 1500):
        chosen = {name: options[name][k] for name, k in choice.items()}
        problem = works({name: float(v) for name, v in chosen.items()})
        if problem is None:
            fixed = {name: v for name, v in chosen.items() if isinstance(v, Fraction)}
            return {name: float(v) for name, v in chosen.items()}, fixed
        error = error or problem
    raise LiftError(
        f"the class accepts none of the values tried for {', '.join(options) or 'its arguments'} ({error}); "
        "give the values of its hyperparameters"
    )


def _choices(sizes: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """Yield which candidate each number takes: all the first one, then one other, then two others."""
    first = dict.fromkeys(sizes, 0)
    for many in range(min(3, len(sizes)) + 1):
        for names in combinations(sizes, many):
            for others in product(*(range(1, sizes[n]) for n in names)):
                yield {**first, **dict(zip(names, others, strict=True))}
