"""Whether two rules, or two laws, say the same, whatever their form."""

from __future__ import annotations

from physsym.core.statements import LawLike, RuleLike, as_law, as_rule
from physsym.core.verdicts import Verdict
from physsym.verify.algebra import residuals
from physsym.verify.matching import same_equations, same_maps
from physsym.verify.substitution import map_of


def same_rule(first: RuleLike, second: RuleLike) -> Verdict:
    """Return whether two rules are equal as maps of their states.

    Parameters
    ----------
    first, second
        Rules, single updates, or derivations that end with a rule.

    Returns
    -------
    Verdict
        Where the maps differ, the evidence holds the difference, first minus second, and the witness a point
        at which both were computed.

    Raises
    ------
    TypeError
        For what is no rule.

    Examples
    --------
    >>> from physsym.parsing import read
    >>> print(same_rule(read("x <- x - eta*G"), read("x <- -(eta*G - x)")).outcome.value)
    holds
    """
    return same_maps(map_of(as_rule(first)), map_of(as_rule(second)))


def same_law(first: LawLike, second: LawLike) -> Verdict:
    """Return whether two laws consist of the same equations, each up to its sign and in any order.

    Parameters
    ----------
    first, second
        Laws, single equations, or systems, whose law of motion is meant.

    Returns
    -------
    Verdict
        The evidence names the equation that is missing, if one is.

    Raises
    ------
    TypeError
        For what is no law.

    Examples
    --------
    >>> from physsym.parsing import read
    >>> print(bool(same_law(read("m*dot(v) = -G"), read("0 = m*dot(v) + G"))))
    True
    """
    return same_equations(residuals(as_law(first)), residuals(as_law(second)))
