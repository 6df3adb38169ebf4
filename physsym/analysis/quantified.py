"""Whether conditions hold throughout a range of parameters, in part of it, or nowhere; with exact points."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import chain

from sympy import Symbol

from physsym.analysis.exact_evaluation import AnalysisError
from physsym.core.signs import NONNEGATIVE, POSITIVE, signs
from physsym.core.symbols import exact
from physsym.core.verdicts import Condition, Outcome, Verdict, fails, holds, undecided
from physsym.verify.engines import smt
from physsym.verify.engines.base import Answer
from physsym.verify.engines.evaluation import Values, sample_points, satisfied

_TRIES = 48
_ENGINES = ("exact points", smt.NAME)


def holds_for_all(
    claimed: Iterable[Condition],
    domain: Iterable[Condition] = (),
    at: Iterable[Mapping[Symbol, object]] = (),
) -> Verdict:
    """Return whether conditions hold for all values of their symbols in a domain, with the declared signs.

    It holds where that is proved. It is conditional where they hold at one point and fail at another: what is
    claimed and does not follow from the signs is then the exact condition, and the witness is a point of the
    domain where it is not met. It fails where they hold nowhere in the domain. `at` names points that are
    looked at before others, such as those of a text. Raises AnalysisError for a domain with no point in it.

    >>> from physsym.vocabulary import eta, lam
    >>> decline = Condition(2 - eta * lam, "> 0")
    >>> print(holds_for_all([decline], [Condition(1 - eta * lam, "> 0")]))
    holds: it holds throughout
    >>> samples = [{eta: Fraction(1, 10), lam: 20}, {eta: Fraction(1, 100), lam: 20}]
    >>> print(holds_for_all([decline], at=samples))
    conditional, given -eta*lam + 2 > 0: it holds at eta = 1/100, lam = 20 [not at eta = 1/10, lam = 20]
    """
    goals, within = tuple(claimed), tuple(domain)
    tried = list(_tried(goals, within, at))
    against = next((p for p in tried if satisfied(goals, p) is False), None)
    if against is None:
        return _proved(goals, within)
    example = next((p for p in tried if satisfied(goals, p)), None)
    if example is not None:
        return _in_part(goals, f"it holds {_told(example)}", f"not {_told(against)}")
    return _nowhere(goals, within, f"not {_told(against)}")


def _tried(
    goals: tuple[Condition, ...], domain: tuple[Condition, ...], at: Iterable[Mapping[Symbol, object]]
) -> Iterator[Values]:
    names = frozenset[Symbol]().union(*(c.expression.free_symbols for c in (*goals, *domain)))
    first = ({s: _fraction(n) for s, n in point.items()} for point in at)
    return (p for p in chain(first, sample_points(names, _TRIES)) if satisfied(domain, p))


def _fraction(value: object) -> Fraction:
    number = exact(value)
    if not number.is_Rational:
        raise AnalysisError(f"a point has rational coordinates, given {value}")
    return Fraction(int(number.p), int(number.q))


def _proved(goals: tuple[Condition, ...], domain: tuple[Condition, ...]) -> Verdict:
    if all(map(_is_plain, goals)) and not domain:
        return holds("it holds throughout", engines=("signs",))
    found = smt.implies_all(domain, goals)
    if found.answer is Answer.PROVED:
        return holds("it holds throughout", engines=_ENGINES)
    if found.answer is not Answer.REFUTED:
        _refuse_empty(domain)
        return undecided(found.reason, engines=_ENGINES)
    if smt.consistent((*domain, *goals))[0]:
        return _in_part(goals, "it holds somewhere", f"not {found.witness}")
    return _nowhere(goals, domain, f"not {found.witness}")


def _refuse_empty(domain: tuple[Condition, ...]) -> None:
    if smt.consistent(domain)[0] is False:
        raise AnalysisError(f"there is no point at which {' and '.join(map(str, domain))}")


def _is_plain(condition: Condition) -> bool:
    """Return whether a condition is seen to hold in the signs of its form, which costs no question to z3."""
    allowed = NONNEGATIVE if condition.relation == ">= 0" else POSITIVE
    return condition.relation in (">= 0", "> 0") and signs(condition.expression) <= allowed


def _in_part(goals: tuple[Condition, ...], example: str, against: str) -> Verdict:
    needed = tuple(c for c in goals if not _is_plain(c))
    return Verdict(Outcome.CONDITIONAL, (example,), needed, _ENGINES, against)


def _nowhere(goals: tuple[Condition, ...], domain: tuple[Condition, ...], against: str) -> Verdict:
    possible, _ = smt.consistent((*domain, *goals))
    if possible:
        return _in_part(goals, "it holds somewhere", against)
    if possible is None:
        return undecided("whether it holds anywhere", engines=_ENGINES)
    return fails("it holds nowhere", witness=against, engines=_ENGINES)


def _told(at: Values) -> str:
    return "at " + ", ".join(f"{s} = {n}" for s, n in at.items())


def holds_for_all_given(
    conditions: Iterable[Condition],
    claimed: Iterable[Condition],
    domain: Iterable[Condition] = (),
    at: Iterable[Mapping[Symbol, object]] = (),
) -> Verdict:
    """Return whether what is claimed holds throughout a domain, and if not, whether it does under conditions.

    It is conditional, given those conditions, where they are proved to be enough, and the witness is a point
    of the domain where without them it is not met. Where they are not enough, the verdict is that of
    `throughout`. Raises what `throughout` raises, of the domain and of its part.

    >>> from physsym.vocabulary import dt, rho, tau
    >>> positive = Condition(1 - dt / tau, "> 0")
    >>> short = Condition(tau - 2 * dt, "> 0")
    >>> print(holds_for_all_given([short], [positive], at=[{dt: 1, tau: 3}, {dt: 2, tau: 1}]))
    conditional, given -2*dt + tau > 0: it holds at dt = 1, tau = 3 [not at dt = 2, tau = 1]
    """
    goals, within, enough = tuple(claimed), tuple(domain), tuple(conditions)
    everywhere = holds_for_all(goals, within, tuple(at))
    if everywhere.outcome is not Outcome.CONDITIONAL or not holds_for_all(goals, (*within, *enough)):
        return everywhere
    return replace(everywhere, assumes=enough)
