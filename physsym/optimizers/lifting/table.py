"""The table of what can be lifted, and `lift`, which goes through it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from physsym.optimizers.lifted import Lifted


@dataclass(frozen=True)
class Lifter:
    """A row of the table of what can be lifted.

    Parameters
    ----------
    kind
        What it lifts, in words, for messages.
    recognises
        Whether a thing is of this kind; it is called with anything, and imports no optional library unless
        the thing comes from it.
    lift
        The rule of such a thing, given values of its hyperparameters by name.
    """

    kind: str
    recognises: Callable[[object], bool]
    lift: Callable[[object, Mapping[str, object]], Lifted]


LIFTERS: list[Lifter] = []


def register_lifter(lifter: Lifter, first: bool = False) -> None:
    """Add a row to the table of what can be lifted.

    Parameters
    ----------
    lifter
        The row.
    first
        Whether it is asked before all others, rather than after them.
    """
    LIFTERS.insert(0 if first else len(LIFTERS), lifter)


def lift(thing: object, /, **hyperparameters: object) -> Lifted:
    """Return the update rule of somebody's optimizer, read from its code.

    Parameters
    ----------
    thing
        A Python or NumPy function or class, an optax factory, a class of torch.optim; or what is a rule
        already: a rule, its text, a derivation, `known:NAME`, `optax:NAME`, `torch:NAME`, `file.py:NAME`.
    **hyperparameters
        Values of hyperparameters by their names, such as `nesterov=True`. Those that are left out stay
        symbols.

    Returns
    -------
    Lifted
        The rule with its start values, the conditions under which it holds, where its terms come from, and
        how it was compared with the code.

    Raises
    ------
    LiftError
        Where no rule can be read; it names the line or the primitive.
    TypeError
        For what is of none of these kinds, and for unknown hyperparameters.
    ImportError
        Where the library that a name asks for is not installed.

    Examples
    --------
    >>> print(lift("x <- x - eta*grad(x)", eta=0.1).rule)
    x <- x - grad(x)/10
    """
    for lifter in LIFTERS:
        if lifter.recognises(thing):
            return lifter.lift(thing, hyperparameters)
    kinds = "; ".join(lifter.kind for lifter in LIFTERS)
    shown = repr(thing)
    raise TypeError(
        f"given {shown if len(shown) < 80 else shown[:77] + '...'} of type {type(thing).__name__}, which "
        f"cannot be lifted; what can be: {kinds}"
    )
