"""What is remembered of answers that take long: by all that they depend on, also by the time allowed."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import fields, is_dataclass
from functools import lru_cache, wraps
from typing import Protocol, TypeVar, cast

from physsym.core.statements import Law, Rule, expressions
from physsym.verify.budget import allowed

T_co = TypeVar("T_co", covariant=True)


class Remembering(Protocol[T_co]):
    """A function that remembers its answers, until `cache_clear` is called."""

    def __call__(self, *arguments: Hashable) -> T_co:
        """Return the answer."""
        ...

    def cache_clear(self) -> None:
        """Forget all answers."""


def remembered(size: int) -> Callable[[Callable[..., T_co]], Remembering[T_co]]:
    """Return a decorator by which a function remembers so many answers.

    With more time an answer may be another one, so that each `budget` has answers of its own. Laws and rules
    that are equal may differ in what is assumed of them, which `==` leaves out, and in how they are written:
    these are told apart.

    Examples
    --------
    >>> from physsym.verify.budget import budget
    >>> asked = []
    >>> square = remembered(8)(lambda n: asked.append(n) or n * n)
    >>> with budget(20):
    ...     square(3), square(3)
    (9, 9)
    >>> square(3), len(asked)
    (9, 2)
    """

    def decorate(function: Callable[..., T_co]) -> Remembering[T_co]:
        @lru_cache(maxsize=size)
        def recall(_: Hashable, *arguments: Hashable) -> T_co:
            return function(*arguments)

        @wraps(function)
        def answer(*arguments: Hashable) -> T_co:
            return recall((allowed(), *map(_left_out_of_equality, arguments)), *arguments)

        remembering = cast("Remembering[T_co]", answer)
        remembering.cache_clear = recall.cache_clear  # type: ignore[method-assign]
        return remembering

    return decorate


def _left_out_of_equality(value: object) -> tuple[Hashable, ...]:
    if isinstance(value, type) or not is_dataclass(value):
        return ()
    written = tuple(expressions(value)) if isinstance(value, Law | Rule) else ()
    return *(getattr(value, f.name) for f in fields(value) if not f.compare), *written
