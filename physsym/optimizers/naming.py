"""What may stand for a rule where a function takes one: a value, its text, or its name."""

from __future__ import annotations

from physsym.optimizers.lifted import Lifted
from physsym.optimizers.lifting import lift


def as_lifted(what: object) -> Lifted:
    """Return the rule that is meant, with what is known about it.

    Parameters
    ----------
    what
        A lifted rule, a rule, an update, a derivation, an optimizer or a published rule of `known`; the text
        of a rule; ``"known:NAME"``, ``"optax:NAME"``, ``"torch:NAME"``, with options as in
        ``"torch:SGD(momentum=0.9, nesterov=True)"``; ``"file.py:NAME"`` for a function or a class in a file;
        an optax factory, a class of torch.optim, a Python function or class.

    Returns
    -------
    Lifted

    Raises
    ------
    LiftError
        Where nothing is so named, or no rule can be read.
    TypeError
        For what is no rule and no code.
    ImportError
        Where the library that a name asks for is not installed.

    Examples
    --------
    >>> print(as_lifted("x <- x - eta*grad(x)"))
    x <- x - eta*grad(x)
    """
    return lift(what)
