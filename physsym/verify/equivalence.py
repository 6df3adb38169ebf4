"""Equivalence of expressions, laws and rules: as maps of states, by equations up to sign and order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain

from sympy import Expr, Symbol

from physsym.core.statements import Law, LawLike, RuleLike, as_law, as_rule, symbols
from physsym.core.verdicts import Verdict, all_of, fails
from physsym.verify import identity
from physsym.verify.budget import budgeted
from physsym.verify.conditions import Hypotheses, conditions_of
from physsym.verify.substitution import map_of

Agree = Callable[[Expr, Expr], Verdict]


@budgeted
def identical(first: Expr, second: Expr, given: Hypotheses = (), *, what: str = "both sides") -> Verdict:
    """Return whether two expressions are equal wherever both are defined.

    Parameters
    ----------
    first, second
        Expressions.
    given
        What is assumed: conditions, SymPy relations such as `0 < beta`, or texts such as "0 <= rho < 1";
        several, or one.
    what
        A name of the two for the evidence.

    Returns
    -------
    Verdict
        Where it holds, the evidence has the bound on the error that the random points leave. Where it
        fails, it has the difference, and the witness is a point at which both were evaluated, in exact
        fractions where possible.

    References
    ----------
    J. Schwartz, 1980; R. Zippel, 1979 (`verify/engines/error_bound.py`).
    """
    conditions_of(given, first.free_symbols | second.free_symbols)
    return identity.identical(first, second, what)


@budgeted
def same_rule(first: RuleLike, second: RuleLike, given: Hypotheses = ()) -> Verdict:
    """Return whether two rules are equal as maps of their states.

    Parameters
    ----------
    first, second
        Rules, single updates, or derivations that end with a rule.
    given
        What is assumed: conditions, SymPy relations such as `0 < beta`, or texts such as "0 <= rho < 1";
        several, or one.

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
    rules = as_rule(first), as_rule(second)
    conditions_of(given, symbols(rules[0]) | symbols(rules[1]))
    return same_maps(map_of(rules[0]), map_of(rules[1]))


@budgeted
def same_law(first: LawLike, second: LawLike, given: Hypotheses = ()) -> Verdict:
    """Return whether two laws consist of the same equations, each up to its sign and in any order.

    Parameters
    ----------
    first, second
        Laws, single equations, or systems, whose law of motion is meant.
    given
        What is assumed, as in `same_rule`.

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
    laws = as_law(first), as_law(second)
    conditions_of(given, symbols(laws[0]) | symbols(laws[1]))
    return same_equations(residuals(laws[0]), residuals(laws[1]))


def residuals(law: Law) -> list[Expr]:
    """Return left minus right of every equation."""
    return [e.residual for e in law.equations]


def same_equations(expected: Sequence[Expr], found: Sequence[Expr]) -> Verdict:
    """Return whether two lists of residuals are the same equations, each up to its sign, in any order."""
    if len(expected) != len(found):
        return fails(f"{len(expected)} equations are due, {len(found)} are given")
    return all_of(*match_equations(expected, found, lambda a, b: identity.identical(a, b, "the two lines")))


def match_equations(expected: Sequence[Expr], found: Sequence[Expr], agree: Agree) -> list[Verdict]:
    """Return a verdict for each expected residual: that of the one found, up to sign, that agrees with it.

    Both lists have the same length, and each residual found is matched once (greedily).
    """
    left, verdicts = list(found), []
    for residual in expected:
        trials = ((agree(residual, side), match) for match in left for side in (match, -match))
        first = next(trials)  # there is one, since the lists have the same length
        verdict, match = next((trial for trial in chain([first], trials) if trial[0]), first)
        verdicts.append(verdict)
        left.remove(match)
    return verdicts


def same_maps(expected: dict[Symbol, Expr], found: dict[Symbol, Expr]) -> Verdict:
    """Return whether two maps of states to new values are equal."""
    if set(expected) != set(found):
        names = (", ".join(sorted(map(str, states))) for states in (expected, found))
        return fails("the states differ: {} against {}".format(*names))
    return all_of(*(identity.identical(expected[s], found[s], f"the new values of {s}") for s in expected))
