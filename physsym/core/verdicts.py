"""Verdicts: the outcome of a check, its evidence and assumptions, and the order of an error."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

if TYPE_CHECKING:
    from sympy import Expr, Rational, Symbol

T = TypeVar("T")
Convergence: TypeAlias = Literal["", "uniform", "pointwise after a layer"]


class Outcome(Enum):
    """The possible conclusions of a check; the value is the word that is printed."""

    HOLDS = "holds"
    CONDITIONAL = "conditional"
    APPROXIMATE = "approximate"
    FAILS = "fails"
    UNDECIDABLE = "undecidable"
    UNCHECKED = "unchecked"


# The sign of each outcome, so that outcomes can be distinguished without colour.
SIGNS = {
    Outcome.HOLDS: "✓",
    Outcome.FAILS: "✗",
    Outcome.APPROXIMATE: "≈",
    Outcome.CONDITIONAL: "◐",
    Outcome.UNDECIDABLE: "?",
    Outcome.UNCHECKED: "?",
}


@dataclass(frozen=True)
class Condition:
    """A side condition on an expression, such as gamma != 0 or p > 1 (written as p - 1 > 0)."""

    expression: Expr
    relation: Literal["= 0", "!= 0", "> 0", ">= 0"]

    def __post_init__(self) -> None:
        if isinstance(self.expression, str):
            raise TypeError(
                f"a condition is on an expression, given the text {self.expression!r}; "
                f"ps.read({self.expression!r}) reads it"
            )

    def __str__(self) -> str:
        sign, zero = self.relation.split()
        return f"{self.expression} {sign} {zero}"


@dataclass(frozen=True)
class Hypothesis:
    """An assumption that is no formula, such as that a potential is smooth."""

    says: str

    def __str__(self) -> str:
        return self.says


@dataclass(frozen=True)
class Order:
    """The order of an error: the exponent of the small symbol, infinite if it is smaller than every power.

    Examples
    --------
    >>> from sympy import Symbol
    >>> print(Order(Symbol("dt"), 2))
    O(dt**2)

    A square that tends to zero like eps leaves an error of half its order:

    >>> from sympy import Rational
    >>> print(Order(Symbol("eps"), Rational(1, 2)))
    O(eps**(1/2))

    What vanishes like eps*log(eps) is no O(eps); `log_power` is the power of the logarithm.

    >>> print(Order(Symbol("eps"), 1, log_power=1))
    O(eps*log(eps))
    """

    symbol: Symbol
    exponent: int | float | Rational
    log_power: int = 0

    def __str__(self) -> str:
        if self.exponent == float("inf"):
            return f"less than any power of {self.symbol}"
        alone = self.exponent == 1 and not self.log_power
        # The distance to a limit is a sum.
        base = f"({self.symbol})" if self.symbol.is_Add and not alone else str(self.symbol)
        factors = [_power(base, self.exponent), _power(f"log({self.symbol})", self.log_power)]
        return f"O({'*'.join(f for f in factors if f) or 1})"


def _power(base: str, exponent: int | float | Rational) -> str:
    """Return a power as text, none for the power zero."""
    if exponent in (0, 1):
        return base if exponent else ""
    plain = exponent >= 0 and "/" not in str(exponent)
    return f"{base}**{exponent}" if plain else f"{base}**({exponent})"


@dataclass(frozen=True)
class Verdict:
    """The conclusion of one check: true only when it holds, so that `assert verdict` never passes on doubt.

    Parameters
    ----------
    outcome
        The conclusion.
    evidence
        Reasons, in words.
    assumes
        Conditions under which the conclusion holds.
    engines
        Engines consulted.
    witness
        An evaluation point at which both sides were computed and differ.
    error
        The order of the error that a limit or an approximation makes.
    convergence
        How the motions of a law converge in a limit: uniformly on finite times, or at each instant after a
        layer, a short time in which a fast motion settles; empty where this is not in question.
    """

    outcome: Outcome
    evidence: tuple[str, ...] = ()
    assumes: tuple[Condition | Hypothesis, ...] = ()
    engines: tuple[str, ...] = ()
    witness: str = ""
    error: Order | None = None
    convergence: Convergence = ""

    def __bool__(self) -> bool:
        return self.outcome is Outcome.HOLDS

    def __str__(self) -> str:
        given = f", given {', '.join(map(str, self.assumes))}" if self.assumes else ""
        how = {"uniform": " uniformly"}.get(self.convergence, f" {self.convergence}".rstrip())
        # What is not shown to hold is of no order: one that was computed on the way says nothing of the step.
        shown = self.error and self.outcome not in _WORST_FIRST[:3]
        error = f", up to {self.error}" if shown else ""
        why = f": {'; '.join(self.evidence)}" if self.evidence else ""
        return f"{self.outcome.value}{how}{error}{given}{why}" + (
            f" [{self.witness}]" if self.witness else ""
        )


def holds(*evidence: str, error: Order | None = None, engines: tuple[str, ...] = ()) -> Verdict:
    """Return a verdict that the check was passed.

    Parameters
    ----------
    *evidence
        Reasons, in words.
    error
        The order of the error that an approximation makes.
    engines
        Engines consulted.

    Returns
    -------
    Verdict
        With the outcome HOLDS.
    """
    return Verdict(Outcome.HOLDS, evidence, engines=engines, error=error)


def fails(*evidence: str, witness: str = "", engines: tuple[str, ...] = ()) -> Verdict:
    """Return a verdict that the check was not passed.

    Parameters
    ----------
    *evidence
        Reasons, in words.
    witness
        An evaluation point at which both sides differ.
    engines
        Engines consulted.

    Returns
    -------
    Verdict
        With the outcome FAILS.
    """
    return Verdict(Outcome.FAILS, evidence, witness=witness, engines=engines)


def undecided(*evidence: str, engines: tuple[str, ...] = ()) -> Verdict:
    """Return a verdict that no engine could decide, which is no pass.

    Parameters
    ----------
    *evidence
        Reasons, in words.
    engines
        Engines consulted.

    Returns
    -------
    Verdict
        With the outcome UNDECIDABLE.
    """
    return Verdict(Outcome.UNDECIDABLE, evidence, engines=engines)


_WORST_FIRST = (
    Outcome.FAILS, Outcome.UNDECIDABLE, Outcome.UNCHECKED, Outcome.CONDITIONAL, Outcome.APPROXIMATE,
    Outcome.HOLDS,
)  # fmt: skip
_WEAKEST_FIRST: tuple[Convergence, ...] = ("pointwise after a layer", "uniform", "")


def all_of(*verdicts: Verdict) -> Verdict:
    """Join verdicts that must all hold.

    Parameters
    ----------
    *verdicts
        Verdicts on parts of one claim.

    Returns
    -------
    Verdict
        The worst outcome, with the evidence of those that have it, and the weakest convergence; UNCHECKED,
        which is no pass, without any.
    """
    if not verdicts:
        return Verdict(Outcome.UNCHECKED, ("nothing was checked",))
    outcome = min((v.outcome for v in verdicts), key=_WORST_FIRST.index)
    worst = [v for v in verdicts if v.outcome is outcome]
    weakest = min((v.convergence for v in verdicts), key=_WEAKEST_FIRST.index)
    return Verdict(
        outcome,
        evidence=_once(e for v in worst for e in v.evidence),
        assumes=_once(a for v in verdicts for a in v.assumes),
        engines=_once(e for v in verdicts for e in v.engines),
        witness=next((v.witness for v in worst if v.witness), ""),
        error=None if outcome in _WORST_FIRST[:3] else next((v.error for v in verdicts if v.error), None),
        convergence="" if outcome in _WORST_FIRST[:3] else weakest,
    )


def is_failure(verdict: Verdict, strict: bool = False) -> bool:
    """Return whether a verdict counts against a check as a whole, as for the exit code of `physsym check`.

    Parameters
    ----------
    verdict
        The verdict on a step or on another statement.
    strict
        Whether what holds under listed hypotheses alone is a failure too.

    Returns
    -------
    bool
        True for what fails, could not be decided or was not checked; with `strict`, also for what is
        conditional.

    Examples
    --------
    >>> neglected = Verdict(Outcome.CONDITIONAL, assumes=(Hypothesis("m*x'' is negligible"),))
    >>> is_failure(neglected), is_failure(neglected, strict=True), is_failure(undecided("no engine answers"))
    (False, True, True)
    """
    failing = {Outcome.FAILS, Outcome.UNDECIDABLE, Outcome.UNCHECKED}
    return verdict.outcome in failing | ({Outcome.CONDITIONAL} if strict else set())


def _once(items: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(items))
