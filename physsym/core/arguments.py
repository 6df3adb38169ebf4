"""Arguments that a function or a class does not have, or that are missing: what there is, what is near."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from inspect import Parameter, signature
from typing import ParamSpec, Self, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


@cache
def _parameters(function: Callable[..., object]) -> dict[str, Parameter]:
    return {n: p for n, p in signature(function).parameters.items() if n != "self"}


def refuse_unfit(
    name: str, function: Callable[..., object], args: tuple[object, ...], kwargs: dict[str, object]
) -> None:
    """Raise TypeError where arguments do not fit a function, with the names that there are and the nearest.

    >>> def scaled(value, factor): ...
    >>> refuse_unfit("scaled", scaled, (1,), {"facter": 2})
    Traceback (most recent call last):
    TypeError: scaled has no argument 'facter'; did you mean factor? It is called as scaled(value, factor)
    """
    parameters = _parameters(function)
    kinds = {p.kind for p in parameters.values()}
    if Parameter.VAR_KEYWORD in kinds or Parameter.VAR_POSITIONAL in kinds:
        return
    called = f"{name}({', '.join(n if p.default is p.empty else f'{n}=...' for n, p in parameters.items())})"
    for given in kwargs:
        if given not in parameters:
            from difflib import get_close_matches

            near = get_close_matches(given, parameters, n=1, cutoff=0.5)
            meant = f"did you mean {near[0]}? It" if near else "it"
            raise TypeError(f"{name} has no argument {given!r}; {meant} is called as {called}")
    rest = [n for n in list(parameters)[len(args) :] if n not in kwargs]
    if missing := [n for n in rest if parameters[n].default is Parameter.empty]:
        raise TypeError(f"{name} needs {' and '.join(missing)} too; it is called as {called}")


def named_arguments(function: Callable[P, T]) -> Callable[P, T]:
    """Let a function say which arguments it has where it is called with others.

    Parameters
    ----------
    function
        A function without arbitrary arguments.

    Returns
    -------
    function
    """

    @wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except TypeError as error:
            if error.__traceback__ is not None and error.__traceback__.tb_next is None:  # it never began
                refuse_unfit(function.__name__, function, args, kwargs)
            raise

    return called


class NamedArguments:
    """The base of values that say which arguments they have where they are made with others."""

    def __new__(cls, *args: object, **kwargs: object) -> Self:
        """Make the value; raise TypeError for arguments that it does not have. A copy is made without any."""
        if args or kwargs:
            refuse_unfit(cls.__name__, cls.__init__, args, kwargs)
        return super().__new__(cls)
