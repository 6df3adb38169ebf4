"""Quantified conditions: in a whole domain, in a part of it, nowhere, or in every step of a rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import chain

from sympy import Expr, Symbol

from physsym.analysis.exact_evaluation import AnalysisError, exact_values
from physsym.analysis.linear import on_quadratic, refuse_shared_name
from physsym.core.signs import NONNEGATIVE, POSITIVE, signs
from physsym.core.statements import one_step_map, symbols
from physsym.core.symbols import Exact
from physsym.core.verdicts import Condition, Outcome, Verdict, fails, holds, undecided
from physsym.parsing.statements import ExprText, RuleText, as_expression, as_rule
from physsym.verify.engines import smt
from physsym.verify.engines.base import Answer
from physsym.verify.engines.evaluation import Values, sample_points, satisfied
from physsym.vocabulary import lam

_TRIES = 48
_ENGINES = ("exact points", smt.NAME)


def holds_for_all(
    claimed: Iterable[Condition],
    domain: Iterable[Condition] = (),
    at: Iterable[Mapping[Symbol, Exact]] = (),
) -> Verdict:
    """Return whether conditions hold for all values of their symbols in a domain.

    The symbols range over reals of their declared signs. The verdict holds if that is proved. It is
    conditional if the conditions hold at one point and fail at another: the conditions that do not follow
    from the signs are then listed, and the witness is a point of the domain where one fails. It fails if
    they hold nowhere in the domain.

    Parameters
    ----------
    claimed
        The conditions.
    domain
        Conditions that restrict the values.
    at
        Points that are tried before others, such as those of a text.

    Returns
    -------
    Verdict
        Decided by signs, by rational points and by z3.

    Raises
    ------
    TypeError
        For what is no condition, and for points that are not given by symbol.
    AnalysisError
        For an empty domain.

    Examples
    --------
    >>> from physsym.vocabulary import eta, lam
    >>> decline = Condition(2 - eta * lam, "> 0")
    >>> print(holds_for_all([decline], [Condition(1 - eta * lam, "> 0")]))
    holds: it holds throughout
    >>> samples = [{eta: Fraction(1, 10), lam: 20}, {eta: Fraction(1, 100), lam: 20}]
    >>> print(holds_for_all([decline], at=samples))
    conditional, given -eta*lam + 2 > 0: it holds at eta = 1/100, lam = 20 [not at eta = 1/10, lam = 20]
    """
    goals, within = as_conditions(claimed), as_conditions(domain)
    tried = list(_tried(goals, within, at))
    against = next((p for p in tried if satisfied(goals, p) is False), None)
    if against is None:
        return _proved(goals, within)
    example = next((p for p in tried if satisfied(goals, p)), None)
    if example is not None:
        return _in_part(goals, f"it holds {_format_point(example)}", f"not {_format_point(against)}")
    return _nowhere(goals, within, f"not {_format_point(against)}")


def as_conditions(given: object) -> tuple[Condition, ...]:
    """Return conditions as a tuple; TypeError for a single one, and for what is no condition."""
    found = tuple(given) if isinstance(given, Iterable) else (given,)
    if not isinstance(given, Iterable) or any(not isinstance(c, Condition) for c in found):
        raise TypeError(
            'expected several conditions, such as [Condition(2 - eta*lam, "> 0")]; given '
            f"{', '.join(map(str, found))}"
        )
    return found


def _tried(
    goals: tuple[Condition, ...], domain: tuple[Condition, ...], at: Iterable[Mapping[Symbol, Exact]]
) -> Iterator[Values]:
    names = frozenset[Symbol]().union(*(c.expression.free_symbols for c in (*goals, *domain)))
    first = ({s: _fraction(n) for s, n in exact_values(point).items()} for point in at)
    return (p for p in chain(first, sample_points(names, _TRIES)) if satisfied(domain, p))


def _fraction(number: Expr) -> Fraction:
    if not number.is_Rational:
        raise AnalysisError(f"a point has rational coordinates, given {number}")
    return Fraction(int(number.p), int(number.q))


def _proved(goals: tuple[Condition, ...], domain: tuple[Condition, ...]) -> Verdict:
    if all(map(_follows_by_sign, goals)) and not domain:
        return holds("it holds throughout", engines=("signs",))
    found = smt.implies_all(domain, goals)
    if found.answer is Answer.PROVED:
        return holds("it holds throughout", engines=_ENGINES)
    if found.answer is not Answer.REFUTED:
        if smt.consistent(domain)[0] is False:
            raise AnalysisError(f"there is no point at which {' and '.join(map(str, domain))}")
        return undecided(found.reason, engines=_ENGINES)
    if smt.consistent((*domain, *goals))[0]:
        return _in_part(goals, "it holds somewhere", f"not {found.witness}")
    return _nowhere(goals, domain, f"not {found.witness}")


def _follows_by_sign(condition: Condition) -> bool:
    """Return whether a condition follows from the signs of its subexpressions, without z3."""
    allowed = NONNEGATIVE if condition.relation == ">= 0" else POSITIVE
    return condition.relation in (">= 0", "> 0") and signs(condition.expression) <= allowed


def _in_part(goals: tuple[Condition, ...], example: str, against: str) -> Verdict:
    needed = tuple(c for c in goals if not _follows_by_sign(c))
    return Verdict(Outcome.CONDITIONAL, (example,), needed, _ENGINES, against)


def _nowhere(goals: tuple[Condition, ...], domain: tuple[Condition, ...], against: str) -> Verdict:
    possible, _ = smt.consistent((*domain, *goals))
    if possible:
        return _in_part(goals, "it holds somewhere", against)
    if possible is None:
        return undecided("whether it holds anywhere", engines=_ENGINES)
    return fails("it holds nowhere", witness=against, engines=_ENGINES)


def _format_point(at: Values) -> str:
    return "at " + ", ".join(f"{s} = {n}" for s, n in at.items())


def holds_for_all_given(
    conditions: Iterable[Condition],
    claimed: Iterable[Condition],
    domain: Iterable[Condition] = (),
    at: Iterable[Mapping[Symbol, Exact]] = (),
) -> Verdict:
    """Return whether conditions hold in a domain, and if not, whether further conditions suffice.

    The verdict is conditional on those conditions if they are proved to be sufficient, and the witness is a
    point of the domain where without them the claim fails. If they are not sufficient, the verdict is that
    of `holds_for_all`.

    Parameters
    ----------
    conditions
        The conditions that should be sufficient.
    claimed
        What is claimed.
    domain
        Conditions that restrict the values.
    at
        Points that are tried before others.

    Returns
    -------
    Verdict
        As of `holds_for_all`.

    Raises
    ------
    TypeError
        For what is no condition, and for points that are not given by symbol.
    AnalysisError
        For an empty domain.

    Examples
    --------
    >>> from physsym.vocabulary import dt, rho, tau
    >>> positive = Condition(1 - dt / tau, "> 0")
    >>> short = Condition(tau - 2 * dt, "> 0")
    >>> print(holds_for_all_given([short], [positive], at=[{dt: 1, tau: 3}, {dt: 2, tau: 1}]))
    conditional, given -2*dt + tau > 0: it holds at dt = 1, tau = 3 [not at dt = 2, tau = 1]
    """
    goals, within, enough = map(as_conditions, (claimed, domain, conditions))
    everywhere = holds_for_all(goals, within, tuple(at))
    if everywhere.outcome is not Outcome.CONDITIONAL or not holds_for_all(goals, (*within, *enough)):
        return everywhere
    return replace(everywhere, assumes=enough)


def is_forward_invariant(
    rule: RuleText,
    conditions: Iterable[Condition],
    given: Iterable[Condition] = (),
    curvature: ExprText = lam,
) -> Verdict:
    """Return whether a set of states is forward invariant under a rule on a quadratic potential.

    The set is given by conditions on the states. The verdict holds if one step maps the set into itself for
    all real states and parameters of the declared signs that satisfy `given`. It fails with a state in the
    set whose image is not in the set.

    Parameters
    ----------
    rule
        A rule.
    conditions
        The conditions that define the set.
    given
        Conditions that are assumed of parameters and states.
    curvature
        The second derivative of the quadratic potential.

    Returns
    -------
    Verdict
        Decided by z3.

    Raises
    ------
    TypeError
        If `rule` is not a rule.
    AnalysisError
        If there is no condition.

    References
    ----------
    H. Khalil, Nonlinear Systems, section 4.2.

    Examples
    --------
    Gradient descent with a short step stays on its side of the minimum; with a longer one it need not:

    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, x
    >>> descent, right = rule({x: x - eta * G}), Condition(x, "> 0")
    >>> is_forward_invariant(descent, [right], given=[Condition(1 - eta * lam, "> 0")]).outcome
    <Outcome.HOLDS: 'holds'>
    >>> is_forward_invariant(descent, [right], given=[Condition(2 - eta * lam, "> 0")]).outcome
    <Outcome.FAILS: 'fails'>
    """
    rule = as_rule(rule)
    before, assumed = as_conditions(conditions), as_conditions(given)
    if not before:
        raise AnalysisError("no condition was given that a step could keep")
    refuse_shared_name(rule, as_expression(curvature, symbols(rule)))
    new = {state: on_quadratic(value, curvature) for state, value in one_step_map(rule).items()}
    after = tuple(Condition(c.expression.xreplace(new), c.relation) for c in before)
    found = smt.implies_all((*assumed, *before), after)
    text = " and ".join(map(str, before))
    if found.answer is Answer.PROVED:
        return holds(f"each step keeps {text}", engines=(smt.NAME,))
    if found.answer is Answer.REFUTED:
        return fails(f"a step need not keep {text}", witness=found.witness, engines=(smt.NAME,))
    return undecided(f"whether each step keeps {text}: {found.reason}", engines=(smt.NAME,))
