"""Dimensional consistency of a statement: both sides of every equation, old and new value of every update."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sympy import Symbol

from physsym.core.arguments import named_arguments
from physsym.core.dimensions import Dimension
from physsym.core.inference import Inference, Unknown, infer_dimensions, name_of
from physsym.core.symbols import potential
from physsym.core.verdicts import Verdict, fails, holds, undecided
from physsym.parsing.statements import StatementText, as_statement
from physsym.vocabulary import STANDARD, Vocabulary

_WORDS = {"M": "mass", "L": "length", "T": "time"}
_DIMENSION = re.compile(r"(?<![\[\w])[MLT](?![\]\w])")


@named_arguments
def dimensions(statement: StatementText, vocabulary: Vocabulary = STANDARD) -> Verdict:
    """Return whether every sum adds, and every equation equates, quantities of one dimension.

    The dimension of a symbol that is not in the vocabulary is inferred, and the evidence says so; where it
    does not follow, the verdict is undecidable.

    Parameters
    ----------
    statement
        A law or a rule.
    vocabulary
        The dimensions that are known.

    Returns
    -------
    Verdict
        Where it fails, the evidence names the equations that contradict each other.

    Raises
    ------
    TypeError
        If `statement` is neither a law nor a rule.

    Examples
    --------
    >>> from physsym.core.statements import law
    >>> from physsym.vocabulary import G, eta, v
    >>> print(dimensions(law({v: -eta * G})))
    fails: v has dimension L T^-1, -eta*grad(x) has dimension L
    """
    inferred = infer_dimensions(as_statement(statement), known_dimensions(vocabulary))
    if inferred.clash:
        return fails(*map(str, inferred.clash))
    if inferred.free:
        return undecided(*_free(inferred))
    found = (
        f"the dimension of {name_of(s)}, not known before, follows: {d}" for s, d in inferred.found.items()
    )
    return holds(*found, "the dimensions agree")


def known_dimensions(vocabulary: Vocabulary) -> dict[Unknown, Dimension]:
    """Return the dimension of every symbol of the vocabulary, and of the potential."""
    if not isinstance(vocabulary, Vocabulary):
        raise TypeError(
            "dimensions(statement, vocabulary) takes a Vocabulary, such as STANDARD.extended(...); "
            f"given {vocabulary!r}"
        )
    known = {q.symbol: q.dimension for q in vocabulary.quantities if isinstance(q.symbol, Symbol)}
    return {potential: vocabulary.dimension(potential), **known}


def _free(inferred: Inference) -> Iterator[str]:
    for symbol, text in inferred.free.items():
        own = f"[{name_of(symbol)}]"
        # A symbol may be called M as well: the three dimensions are written out.
        words = _DIMENSION.sub(lambda letter: _WORDS[letter[0]], text)
        tied = "" if text == own else f"; {own} is {words}"
        yield (
            f"the dimension of {name_of(symbol)} is not known and does not follow: "
            f"add it to the vocabulary of the derivation{tied}"
        )
