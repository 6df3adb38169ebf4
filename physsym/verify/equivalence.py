"""Equivalence of expressions, laws and rules: as maps of states, by equations up to sign and order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Protocol, TypeVar

from sympy import Expr, Symbol, expand

from physsym.core.counts import counted
from physsym.core.motion import moving
from physsym.core.statements import Law, Rule, symbols
from physsym.core.symbols import Exact, exact
from physsym.core.verdicts import Hypothesis, Outcome, Verdict, all_of, fails, holds
from physsym.parsing.statements import LawText, RuleText, as_law, as_rule, read_text
from physsym.verify import identity
from physsym.verify.budget import budgeted
from physsym.verify.cases import depends_on_signs
from physsym.verify.conditions import Hypotheses, conditions_of, vocabulary_of, within_ranges
from physsym.verify.regions import equality
from physsym.verify.substitution import map_of

T = TypeVar("T")


class Agree(Protocol):
    """A comparison of two expressions."""

    def __call__(self, first: Expr, second: Expr, *, what: str) -> Verdict: ...  # noqa: D102


@budgeted
def identical(
    first: Exact | str, second: Exact | str, given: Hypotheses = (), *, what: str = "both sides"
) -> Verdict:
    """Return whether two expressions are equal wherever both are defined.

    Parameters
    ----------
    first, second
        Expressions, or their texts.
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
    one, other = (
        _read(exact, *pair, lambda e: e.free_symbols) for pair in ((first, second), (second, first))
    )
    assumed = conditions_of(given, one.free_symbols | other.free_symbols)
    return equality(one, other, assumed, (), what)


@budgeted
def same_rule(first: RuleText, second: RuleText, given: Hypotheses = ()) -> Verdict:
    """Return whether two rules are equal as maps of their states, and start alike.

    The natural ranges of either rule are those of its parameters. A start value that only one of both states
    is assumed of the other: the verdict is then conditional.

    Parameters
    ----------
    first, second
        Rules, single updates, derivations that end with a rule, or texts, which are read with the standard
        vocabulary and the symbols of the other rule.
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
    one, other = (_read(as_rule, *pair, symbols) for pair in ((first, second), (second, first)))
    known = symbols(one) | symbols(other)
    assumed, constants = conditions_of(given, known), known - moving(one) - moving(other)
    agree = partial(equality, given=assumed, constants=constants)
    if one == other and not assumed:
        return holds("both rules are the same by form")
    with within_ranges((*one.ranges, *other.ranges)):
        maps = _with_new_values_apart(one, other, map_of(one), map_of(other))
        verdict = same_maps(*maps, agree)
        return (
            all_of(verdict, *_same_start(one, other, agree))
            if set(one.states) == set(other.states)
            else verdict
        )


def _with_new_values_apart(
    one: Rule, other: Rule, first: dict[Symbol, Expr], second: dict[Symbol, Expr]
) -> tuple[dict[Symbol, Expr], dict[Symbol, Expr]]:
    """Return maps in which an update that both rules write alike reads new values as they are written.

    These are compared on their own, so that nothing is lost; put in, cases multiply with each other. Where no
    value depends on a sign, all are put in.
    """
    if not depends_on_signs(*first.values(), *second.values()):
        return first, second
    written = {u.target: u.value for u in other.updates}
    alike = {u.target: u.value for u in one.updates if written.get(u.target) == u.value}
    return {**first, **alike}, {**second, **alike}


def _same_start(one: Rule, other: Rule, agree: Agree) -> Iterator[Verdict]:
    """Yield a verdict on each start value that a rule states; what one of both leaves open is assumed."""
    first, second = dict(one.start), dict(other.start)
    for state in dict.fromkeys((*first, *second)):
        if state in first and state in second:
            if first[state] != second[state] and (first[state].is_infinite or second[state].is_infinite):
                yield fails(f"the start values of {state} are {first[state]} and {second[state]}")
                continue
            yield agree(first[state], second[state], what=f"the start values of {state}")
        else:
            value = first.get(state, second.get(state))
            yield Verdict(
                Outcome.CONDITIONAL,
                (f"the same if {state} starts at {value}, which only one of both rules says",),
                assumes=(Hypothesis(f"{state} starts at {value} in both rules"),),
            )


@budgeted
def same_law(first: LawText, second: LawText, given: Hypotheses = ()) -> Verdict:
    """Return whether two laws consist of the same equations, each up to its sign and in any order.

    Parameters
    ----------
    first, second
        Laws, single equations, systems, whose law of motion is meant, or texts.
    given
        What is assumed, as in `same_rule`.

    Returns
    -------
    Verdict
        The evidence names the equation that is missing, if one is. An equation that is multiplied by a factor
        is another one, which follows by `Divide` where the factor is not 0; the evidence names the factor.

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
    one, other = (_read(as_law, *pair, symbols) for pair in ((first, second), (second, first)))
    known = symbols(one) | symbols(other)
    assumed, constants = conditions_of(given, known), known - moving(one) - moving(other)
    agree = partial(equality, given=assumed, constants=constants)

    def up_to_factor(first: Expr, second: Expr, *, what: str) -> Verdict:
        verdict = agree(first, second, what=what)
        factor = None if verdict else _factor(first, second, moving(one) | moving(other))
        if factor is None or not agree(first, expand(factor * second), what=what):
            return verdict
        said = f"the first is {factor} times the second; Divide({factor}) makes the second of it"
        return replace(verdict, evidence=(*verdict.evidence, said))

    return same_equations(residuals(one), residuals(other), up_to_factor)


def _factor(left: Expr, right: Expr, varied: frozenset[Symbol]) -> Expr | None:
    """Return what the terms of one rate in two residuals differ by, if it is constant."""
    first, second = expand(left), expand(right)
    for rate in sorted(
        first.free_symbols & second.free_symbols & varied, key=lambda s: (-len(s.name), s.name)
    ):
        one, other = first.coeff(rate), second.coeff(rate)
        if one != 0 and other != 0 and not (one / other).free_symbols & varied:
            return one / other
    return None


def _read(as_value: Callable[[Any], T], given: Any, other: Any, names: Callable[[T], frozenset[Symbol]]) -> T:
    """Return what is compared; a text is read with the symbols of what it is compared with."""
    if not isinstance(given, str):
        return as_value(given)
    known = frozenset() if isinstance(other, str) else names(as_value(other))
    return as_value(read_text(given, vocabulary_of(known)))


def residuals(law: Law) -> list[Expr]:
    """Return left minus right of every equation."""
    return [e.residual for e in law.equations]


def same_equations(
    expected: Sequence[Expr], found: Sequence[Expr], agree: Agree = identity.identical
) -> Verdict:
    """Return whether two lists of residuals are the same equations, each up to its sign, in any order."""
    if len(expected) != len(found):
        return fails(f"{counted(len(expected), 'equation')} due, {len(found)} given")
    return all_of(*match_equations(expected, found, lambda a, b: agree(a, b, what="the two lines")))


def match_equations(
    expected: Sequence[Expr], found: Sequence[Expr], agree: Callable[[Expr, Expr], Verdict]
) -> list[Verdict]:
    """Return a verdict for each expected residual: that of the one found, up to sign, that agrees with it.

    Both lists have the same length, and each residual found is matched once (greedily): with the first that
    agrees, else with one that agrees under conditions, else with the first of all.
    """
    left, verdicts = list(found), []
    for residual in expected:
        trials = []
        for match in left:
            for side in (match, -match):
                trials.append((agree(residual, side), match))
                if trials[-1][0]:
                    break
            if trials[-1][0]:
                break
        conditional = (trial for trial in trials if trial[0].outcome is Outcome.CONDITIONAL)
        verdict, match = trials[-1] if trials[-1][0] else next(conditional, trials[0])
        verdicts.append(verdict)
        left.remove(match)
    return verdicts


def same_maps(
    expected: dict[Symbol, Expr], found: dict[Symbol, Expr], agree: Agree = identity.identical
) -> Verdict:
    """Return whether two maps of states to new values are equal."""
    if set(expected) != set(found):
        names = (", ".join(sorted(map(str, states))) for states in (expected, found))
        return fails("the states differ: {} against {}".format(*names))
    return all_of(*(agree(expected[s], found[s], what=f"the new values of {s}") for s in expected))
