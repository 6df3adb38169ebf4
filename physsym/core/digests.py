"""Digests of statements and derivations: the same as long as their formulas are, in every version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import singledispatch
from hashlib import sha256

from sympy import Add, Basic, Max, Min, Mul, Number, Symbol

from physsym.core.statements import Rule

_UNORDERED = (Add, Mul, Max, Min)


def digest(value: object) -> str:
    """Return the SHA-256 digest of a statement, or of anything that is made of formulas.

    It depends on names, numbers and the form of formulas, and not on how SymPy or this package prints or
    orders them, nor on what symbols are assumed to be.

    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, x
    >>> digest(rule({x: x - eta * G})) == digest(rule({x: -G * eta + x}))
    True
    """
    return f"sha256:{sha256(_canonical(value).encode()).hexdigest()}"


@singledispatch
def _canonical(value: object) -> str:
    """Return a text that is the same for the same value."""
    if value is None or isinstance(value, (str, int, float)):
        return repr(value)
    if is_dataclass(value):
        return (
            f"{type(value).__name__}({_listed(getattr(value, f.name) for f in fields(value) if f.compare)})"
        )
    raise TypeError(f"there is no digest of {value!r}")


def _listed(values: Iterable[object]) -> str:
    return ", ".join(map(_canonical, values))


@_canonical.register(tuple)
@_canonical.register(list)
def _(value: tuple[object, ...]) -> str:
    return f"({_listed(value)})"


@_canonical.register(Mapping)
def _(value: Mapping[object, object]) -> str:
    return f"{{{', '.join(sorted(f'{_canonical(k)}: {_canonical(v)}' for k, v in value.items()))}}}"


@_canonical.register(Enum)
def _(value: Enum) -> str:
    return value.name


@_canonical.register(Rule)
def _(value: Rule) -> str:
    # Ranges and typical values are compared by nothing.
    updates = _listed((u.target, u.value) for u in value.updates)
    return f"Rule({updates}; {_listed(sorted(value.start, key=str))})"


@_canonical.register(Basic)
def _(value: Basic) -> str:
    parts = [_canonical(part) for part in value.args]
    return f"{type(value).__name__}({', '.join(sorted(parts) if isinstance(value, _UNORDERED) else parts)})"


@_canonical.register(Symbol)
def _(value: Symbol) -> str:
    return repr(value.name)


@_canonical.register(Number)
def _(value: Number) -> str:
    return str(value)
