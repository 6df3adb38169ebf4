r"""Signs by which a formula tells that its letters are matrices or vectors, whatever its text declares.

Of numbers nobody writes the norm of a capital, or a factor between a letter and its inverse. What is found of
such a formula for numbers is no answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from physsym.auditing.judgements import Judgement
from physsym.auditing.texts import Formula
from physsym.parsing.meanings import Chain

_BARS = r"(?:\\\||\\[lr]?Vert(?![A-Za-z])|‖)"
_INVERSE = r"\s*\^\s*(?:\{\s*-\s*1\s*\}|-1)"
_LETTER = r"(?:[A-Z]|\\(?:Lambda|Sigma|Omega|Delta)(?![A-Za-z]))"
_POWER = r"(?:\s*\^\s*(?:\{[^{}]*\}|\w))?"
_NORM_OF_CAPITALS = re.compile(rf"{_BARS}\s*(?:{_LETTER}{_POWER}\s*)+(?:\\right\s*)?{_BARS}")
_BETWEEN = re.compile(
    rf"({_LETTER}){_INVERSE}\s*(?:{_LETTER}{_POWER}\s*)+\1(?!\s*\^|[A-Za-z])"
    rf"|({_LETTER})\s*(?:{_LETTER}{_POWER}\s*)+\2{_INVERSE}"
)
_BOLD = re.compile(r"\\(?:mathbf|boldsymbol|bm|vec)(?![A-Za-z])")


def as_numbers_only(one: Judgement, formula: Formula) -> Judgement:
    """Return a judgement for numbers, undecided where the signs of the formula tell of matrices."""
    if formula.notation != "latex" or one.kind not in ("holds", "conditional", "fails"):
        return one
    text = re.sub(r"\\(?:left|right|big|Big|bigg|Bigg)[lr]?(?![A-Za-z])", "", formula.text)
    if _NORM_OF_CAPITALS.search(text):
        return Judgement("undecided", "judged for numbers only, and it has norms of matrices", uses=one.uses)
    if one.kind != "fails" and _BETWEEN.search(text):
        says = "judged for numbers only, and a matrix stands between another one and its inverse"
        return Judgement("undecided", says, uses=one.uses)
    return one


def unless_a_vector_is_cancelled(one: Judgement, stated: Sequence[Chain], text: str) -> Judgement:
    """Return a judgement on steps, undecided where a statement has lost the vectors of those before it."""
    if one.kind not in ("holds", "conditional"):
        return one
    bold = [bool(_BOLD.search(text, c.spans[0][0], c.spans[-1][1])) for c in stated if c.spans]
    if any(bold) and not all(bold[bold.index(True) :]):
        return Judgement("undecided", "judged for numbers only: vectors do not cancel", uses=one.uses)
    return one
