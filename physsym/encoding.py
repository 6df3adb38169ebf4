"""Values as plain JSON and back, exactly: expressions with their symbols' assumptions, moves, verdicts.

Only what stands in a table here is encoded or built: nothing is looked up by name, nothing is evaluated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import singledispatch
from typing import Any

import sympy
from sympy import Basic, Rational, S, Symbol

from physsym import verdict
from physsym.notation import OPAQUE


class EncodingError(ValueError):
    """A value that no table here holds, or a text that encodes none."""


_FUNCTIONS = (
    sympy.Add, sympy.Mul, sympy.Pow, sympy.Abs, sympy.sign, sympy.exp, sympy.log, sympy.sin, sympy.cos,
    sympy.tan, sympy.sinh, sympy.cosh, sympy.tanh, sympy.Max, sympy.Min, *OPAQUE,
)  # fmt: skip
_CONSTANTS = (S.Pi, S.Exp1, S.ImaginaryUnit, S.Infinity, S.NegativeInfinity, S.NaN, S.ComplexInfinity)
_RECORDS = tuple(
    kind for kind in vars(verdict).values() if isinstance(kind, type) and kind.__module__ == verdict.__name__
)


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _symbol(name: str, *facts: tuple[str, bool]) -> Symbol:
    return Symbol(name, **dict(facts))


def _tuple(*items: Any) -> tuple[Any, ...]:
    return items


_BUILDERS: dict[str, Callable[..., Any]] = {
    **{_name(kind): kind for kind in (*_FUNCTIONS, *_RECORDS)},
    **{_name(type(constant)): type(constant) for constant in _CONSTANTS},
    "symbol": _symbol,
    "rational": Rational,
    "tuple": _tuple,
    "infinite": lambda: float("inf"),
}


@singledispatch
def encoded(value: Any) -> Any:
    """Return a value as nested lists of text and whole numbers, as JSON has them.

    Two values are encoded alike only if they are equal, the assumptions of their symbols included. Raises
    EncodingError for what is in no table: functions, symbols and records that are not this package's.

    >>> encoded(Rational(1, 2) * Symbol("x", real=True))[1:]
    [['rational', 1, 2], ['symbol', 'x', ['tuple', 'real', True]]]
    """
    if is_dataclass(value) and type(value).__module__.startswith("physsym."):
        return [_name(type(value)), *(encoded(getattr(value, f.name)) for f in fields(value))]
    raise EncodingError(f"{value!r} of type {_name(type(value))} cannot be encoded")


@encoded.register(str)
@encoded.register(int)
@encoded.register(type(None))
def _(value: Any) -> Any:
    return value


@encoded.register(float)
def _(value: float) -> Any:
    if value != float("inf"):
        raise EncodingError(f"{value} is a binary float")
    return ["infinite"]


@encoded.register(tuple)
def _(value: tuple) -> Any:  # type: ignore[type-arg]
    return ["tuple", *map(encoded, value)]


@encoded.register(Enum)
def _(value: Enum) -> Any:
    return [_name(type(value)), value.value]


@encoded.register(Basic)
def _(value: Basic) -> Any:
    if _BUILDERS.get(_name(type(value))) is not type(value):
        raise EncodingError(f"{value} of type {_name(type(value))} cannot be encoded")
    return [_name(type(value)), *map(encoded, value.args)]


@encoded.register(Rational)
def _(value: Rational) -> Any:
    return ["rational", int(value.p), int(value.q)]


@encoded.register(Symbol)
def _(value: Symbol) -> Any:
    if type(value) is not Symbol:
        raise EncodingError(f"{value} is a symbol of its own kind")
    return ["symbol", value.name, *map(encoded, sorted(value._assumptions_orig.items()))]


def decoded(node: Any) -> Any:
    """Return the value that was encoded. Raises EncodingError for a node that encodes none.

    >>> x = Symbol("x", real=True)
    >>> decoded(encoded(x**2 - 1)) == x**2 - 1
    True
    """
    if not isinstance(node, list):
        return node
    if not node or node[0] not in _BUILDERS:
        raise EncodingError(f"{node[:1]} names nothing that can be built")
    return _BUILDERS[node[0]](*map(decoded, node[1:]))
