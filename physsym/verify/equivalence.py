"""Whether two rules, or two laws, say the same, whatever their form."""

from __future__ import annotations

from physsym.core.statements import Law, Rule
from physsym.core.verdicts import Verdict
from physsym.verify.algebra import residuals
from physsym.verify.matching import same_equations, same_maps
from physsym.verify.substitution import map_of


def same_rule(first: Rule, second: Rule) -> Verdict:
    """Return whether two rules are equal as maps of their states.

    Where they are not, the evidence holds the difference, first minus second, and the witness a point at
    which both were computed. Raises TypeError for what is no rule.
    """
    for given in (first, second):
        if not isinstance(given, Rule):
            raise TypeError(f"same_rule compares rules, given {given!r}; write rule({{...}})")
    return same_maps(map_of(first), map_of(second))


def same_law(first: Law, second: Law) -> Verdict:
    """Return whether two laws consist of the same equations, each up to its sign and in any order.

    Raises TypeError for what is no law.
    """
    for given in (first, second):
        if not isinstance(given, Law):
            raise TypeError(f"same_law compares laws, given {given!r}; write law({{...}})")
    return same_equations(residuals(first), residuals(second))
