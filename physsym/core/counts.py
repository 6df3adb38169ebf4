"""Numbers of things in words."""

from __future__ import annotations


def counted(number: int, what: str) -> str:
    """Return a number of things in words.

    Parameters
    ----------
    number
        How many.
    what
        What one of them is called.

    Returns
    -------
    str

    Examples
    --------
    >>> counted(1, "step"), counted(2, "step")
    ('1 step', '2 steps')
    """
    return f"{number} {what}{'s' * (number != 1)}"
