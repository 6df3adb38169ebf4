"""Functions run together with their arguments, as in `sinx` and `lnx`: no names of quantities."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import pairwise

from physsym.parsing.tokens import NAMES_OF_LETTERS, ReadError, Token

_OF_ANGLES = ("sinh", "cosh", "tanh", "sin", "cos", "tan", "cot", "sec", "csc")
_FUNCTIONS = (*_OF_ANGLES, "sqrt", "sign", "sgn", "exp", "log", "abs", "ln")
_JOINED = re.compile(rf"(?:{'|'.join(_FUNCTIONS)})[^\W_]")
_AMBIGUOUS = ("cost", "costs", "sink", "tank", "logs", "signs")
_OTHERS = "tanks tango logo expo sinus since sect cots secs cosec sinc sech csch coth log1p expm1"
_WORDS = frozenset((*_AMBIGUOUS, *_OTHERS.split()))
"""Words and functions that begin with the name of a function."""


def joined_function(name: str, letters: Collection[str] | None = None) -> tuple[str, str] | None:
    """Return the function and the argument that a name runs together, or None for another name.

    A word such as `cost` is a name, unless its argument is among the letters that a text uses, or these are
    not known.

    >>> joined_function("sinx"), joined_function("sin2x"), joined_function("signal")
    (('sin', 'x'), ('sin', '2x'), None)
    """
    function = next((f for f in _FUNCTIONS if name.startswith(f)), "")
    argument = name.removeprefix(function)
    if not function or not argument:
        return None
    if name in _WORDS:
        is_word = name not in _AMBIGUOUS or (letters is not None and argument not in letters)
        return None if is_word else (function, argument)
    pair = function in _OF_ANGLES and re.fullmatch("[0-9]*[A-Za-z]{2}", argument) is not None
    is_one = re.fullmatch("[0-9]+|[0-9]*[A-Za-z]", argument) is not None or argument in NAMES_OF_LETTERS
    return (function, argument) if is_one or pair else None


def refuse_joined(tokens: Sequence[Token], text: str, names: Collection[str]) -> None:
    """Raise ReadError for a function run together with its argument; a name that is known or set is one."""
    if _JOINED.search(text) is None:
        return
    set_here = {one.name for one, other in pairwise(tokens) if other.kind == "relation"}
    used = {t.name for t in tokens if t.kind == "name"}
    for token, following in pairwise([*tokens, Token("end", "", 0)]):
        base = token.text.split("_")[0]
        if token.kind != "name" or not base.isalnum() or {token.name, base} & {*names, *set_here}:
            continue
        if following.kind == "open" and not following.spaced:
            continue
        found = joined_function(base, used)
        if found is not None:
            function, argument = found
            if following.kind == "name" and not following.spaced:  # sin2θ
                argument += following.text
            message = f"found {base}, which may be one name or {function} of {argument}"
            advice = f"write {function}({argument}), or declare {base}"
            raise ReadError(f"{message}; {advice}", text, token.position)
