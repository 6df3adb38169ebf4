"""The evidence of verdicts as sentences with formulas: engines write plain text, which documents typeset.

What was compared, and how, is told in words, apart from what the engines say of it. An author's judge may
mark formulas by backticks itself; such a text stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from physsym.core.verdicts import Verdict
from physsym.printing.unicode_printer import RAISED

# What engines say of their own proof: always the last part of a piece of evidence.
_ENGINES = re.compile(r", ([a-z0-9 ]+: (?:error below|exact\b).*)$")
_AGREE = " agree"
_POWER = re.compile(r"\^(-\d+)")
_COORDINATE = r"[\w+'-]+(?:\([^)]*\))?"  # a symbol at an instant, or an opaque function of a point


def in_words(verdict: Verdict, checked: str = "") -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the evidence of a verdict in words, and apart from it what the engines say.

    Parameters
    ----------
    verdict
        A verdict.
    checked
        What was done to compare two lines, such as "multiplied back".

    Returns
    -------
    tuple of tuple of str
        The words, and the lines of the engines, of which the last one names those that were consulted.

    Examples
    --------
    >>> from physsym import script
    >>> words, engines = in_words(script("gradient_descent").derivations[0].verdicts()[1], "multiplied back")
    >>> print(*words)
    multiplied back, the two lines agree as polynomials
    >>> print(*engines, sep="\\n")
    finite field: error below 2⁻¹¹⁴ (degree at most 14, 2 points), flint: exact
    consulted: finite field, flint, exact points, balls
    """
    words: list[str] = []
    proofs: dict[str, list[str]] = {}
    for text in verdict.evidence:
        found = _ENGINES.search(text)
        said = text[: found.start()] if found else text
        if found:
            proof = _POWER.sub(lambda power: "".join(RAISED[c] for c in power[1]), found[1])
            proofs.setdefault(proof, []).append(said.removesuffix(_AGREE))
            said += " as polynomials" if said.endswith(_AGREE) and "flint: exact" in found[1] else ""
            said += ", by one engine" if found[1].endswith("one engine only") else ""
        words.append(said)
    if checked and verdict and words and words[0].endswith((_AGREE, " as polynomials", " the same by form")):
        words[0] = f"{checked}, {words[0]}"
    alone = len(proofs) == 1
    engines = [proof if alone else f"{', '.join(of)}: {proof}" for proof, of in proofs.items()]
    engines += [f"consulted: {', '.join(verdict.engines)}"] if verdict.engines else []
    return tuple(words), tuple(engines)


def marked_formulas(text: str) -> str:
    """Return a piece of evidence with backticks around the formulas that engines write in it.

    Parameters
    ----------
    text
        A piece of evidence or a witness.

    Returns
    -------
    str
        The same words.

    Examples
    --------
    >>> print(marked_formulas("the new values of u differ by -eta*rho*grad(x)"))
    the new values of u differ by `-eta*rho*grad(x)`
    >>> print(marked_formulas("at eta = 5/3, x = -1/2, grad(-1/2) = 1/2: -4/3 against -11/12"))
    at `eta = 5/3`, `x = -1/2`, `grad(-1/2) = 1/2`: `-4/3` against `-11/12`
    """
    if "`" in text:
        return text
    for pattern, mark in _PATTERNS:
        text = pattern.sub(mark, text)
    return text


def _mark(formula: str) -> str:
    return f"`{formula}`" if formula and "`" not in formula else formula


def _groups(match: re.Match[str]) -> str:
    """Return a match with backticks around each of its groups."""
    text, end, parts = match[0], match.start(), []
    for k in range(1, len(match.groups()) + 1):
        if match[k] is not None:
            parts += [text[end - match.start() : match.start(k) - match.start()], _mark(match[k])]
            end = match.end(k)
    return "".join([*parts, text[end - match.start() :]])


def _point(match: re.Match[str]) -> str:
    """Return the coordinates of a point, each in backticks."""
    pairs = re.split(rf", (?={_COORDINATE} = )", match["point"])
    return f"{match['at']} {', '.join(map(_mark, pairs))}"


_PATTERNS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = tuple(
    (re.compile(pattern), mark)
    for pattern, mark in (
        (r"differ by ([^;]+)$", _groups),
        (r"closes(?: at least)? like (O\(.*?\))(?= and|,|$)", _groups),
        (r"grows like (\S+)$", _groups),
        (r"tends to (.+), not to (.+)$", _groups),
        (r"does not depend on (\w+)$", _groups),
        (r"^(\w+) tends to (\S+) from (?:above|below)(?:, within (.+))?$", _groups),
        (r"the fast motion (exp\(.*?\)) with (.+? = 0)", _groups),
        (r"only after a layer of width (O\(.*\))", _groups),
        (r"cannot add (.+) \[[^]]*\] to (.+) \[[^]]*\]", _groups),
        (r"^(.+) has dimension [^,]*, (.+) has dimension", _groups),
        (r": (\S+) against (\S+)$", _groups),
        (r"^(.+) is negligible$", _groups),
        (r"^(.+) has no finite limit as (\w+) tends to (\S+)$", _groups),
        (
            r"(?P<at>\bat|holds at|not at) (?P<point>[\w+'-]+(?:\([^)]*\))? = [^:\[\]]+?)(?=:| with U|$)",
            _point,
        ),
    )
)
