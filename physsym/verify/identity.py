"""Whether two expressions are identical: the engines are queried, and their findings combined into a verdict.

An identity holds if two families of engines that share no algebra prove it and none refutes it. What only one
family proves is undecided. An engine that refutes what another proves is a conflict, and a conflict fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache

from sympy import Expr

from physsym.core.verdicts import Condition, Outcome, Verdict, fails, holds, undecided
from physsym.verify import whole_parts
from physsym.verify.budget import BudgetError, check_time, part
from physsym.verify.cases import ADVICE, by_cases, depends_on_signs, difference, refuted, shortened
from physsym.verify.conditions import hypotheses, implied
from physsym.verify.engines import flint, identity_test, interval, sampling, smt
from physsym.verify.engines.base import Answer, Engine, Finding
from physsym.verify.real_powers import needed_bases, open_powers, with_unknowns

PROVERS: tuple[Engine, ...] = (identity_test, flint)
REFUTERS: tuple[Engine, ...] = (sampling, interval)
FAMILIES_NEEDED = 2
_SHARE = 0.4  # of the processor time that is left, for one engine
WATCHED = 4  # sample points for the refuters after a proof: a fault of a prover shows at almost any point


def identical(first: Expr, second: Expr, what: str = "both sides") -> Verdict:
    """Return whether two expressions are equal wherever both are defined.

    Parameters
    ----------
    first, second
        Expressions.
    what
        A name of the two for the evidence.

    Returns
    -------
    Verdict
        Cases in which one of both is not defined are not listed. Where it holds, the evidence has the bound
        on the error that the random points leave. Where it fails, it has the difference, and the witness is
        a point at which both were evaluated, in exact fractions where possible.

    References
    ----------
    J. Schwartz, 1980; R. Zippel, 1979 (`verify/engines/error_bound.py`).
    """
    verdict = replace(_compared(first, second, hypotheses(), what), assumes=())
    return _for_bases(verdict, first, second, hypotheses(), what)


def identical_under(left: Expr, right: Expr, given: Sequence[Condition], what: str) -> Verdict:
    """Return whether two expressions are equal wherever both are defined and the conditions hold.

    The verdict lists cases in which one of both is not defined, and bases for whose positive values alone it
    was proved.
    """
    return _for_bases(_compared(left, right, given, what), left, right, given, what)


def _for_bases(verdict: Verdict, left: Expr, right: Expr, given: Sequence[Condition], what: str) -> Verdict:
    """Return a verdict with the positive bases of real powers for which alone it was proved."""
    if not verdict or left == right or not (powers := open_powers(left, right)):
        return verdict
    first, second = with_unknowns((left, right), powers)
    if _compared(first, second, given, what):
        return verdict
    needed: list[Condition] = []
    for condition in needed_bases(powers):
        needed += [] if implied((*given, *needed), condition) else [condition]
    return replace(verdict, assumes=(*verdict.assumes, *needed))


def _compared(left: Expr, right: Expr, given: Sequence[Condition], what: str) -> Verdict:
    if left != right and whole_parts.occur_in(left, right, *(c.expression for c in given)):
        return _with_whole_parts(left, right, given, what)
    by_sign = depends_on_signs(left, right)
    if (given or by_sign) and left == right:
        return holds(f"{what} are the same by form")
    verdict = by_cases(left, right, given, what, as_a_whole) if by_sign else as_a_whole(left, right, what)
    if by_sign and verdict.outcome is Outcome.UNDECIDABLE:
        whole = as_a_whole(left, right, what)
        return whole if whole else verdict
    if left == right and verdict.outcome is Outcome.UNDECIDABLE:
        return holds(f"{what} are the same by form")
    if by_sign or verdict or not given:
        return verdict
    # Unequal as a whole, they may be equal under the conditions: then there is one case, that of these.
    under = by_cases(left, right, given, what, as_a_whole)
    return replace(verdict, witness=under.witness) if under.witness and verdict.witness else under


def _with_whole_parts(left: Expr, right: Expr, given: Sequence[Condition], what: str) -> Verdict:
    """Return whether two expressions are equal whatever the whole parts of numbers in them are.

    What is equal for any values of these is equal for those that they have; what is not is undecided, unless
    a point shows that both differ.
    """
    if (apart := difference(whole_parts.samples(left, right, given))) is not None:
        return refuted(left, right, apart, what)
    apart_of = whole_parts.named(
        (left, right, *(c.expression for c in given)),
        lambda one, other: bool(_compared(one, other, (), "two whole parts")),
    )
    first, second, *conditions = apart_of.expressions
    known = [replace(c, expression=e) for c, e in zip(given, conditions, strict=True)]
    verdict = holds(f"{what} are the same by form") if first == second else None
    verdict = verdict or _compared(first, second, known, what)
    if verdict:
        return replace(verdict, assumes=tuple(map(apart_of.put_back, verdict.assumes)))
    return undecided(
        f"{what}: equal at all points that were tried, and not known to be equal: the whole parts of numbers "
        "(floor) are compared by their arguments alone; write them alike on both sides",
        engines=verdict.engines,
    )


def as_a_whole(left: Expr, right: Expr, what: str) -> Verdict:
    """Return whether two expressions are equal wherever both are defined, by all engines."""
    findings = [query_engine(engine, left, right) for engine in PROVERS]
    sure = len(_families(_having(findings, Answer.PROVED))) >= FAMILIES_NEEDED
    attempts = (WATCHED,) if sure else ()
    findings += [query_engine(engine, left, right, *attempts) for engine in REFUTERS]
    if not sure and not _having(findings, Answer.REFUTED):
        findings.append(query_engine(smt, left, right))
    return combine(findings, left, right, what)


class _UndecidedFinding(Exception):
    """An engine did not decide, perhaps for lack of time, so that it is to be asked again."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding)
        self.finding = finding


# Equations of a chapter, claims and steps compare the same expressions.
@lru_cache(maxsize=1024)
def _answered(identity: Callable[..., Finding], left: Expr, right: Expr, *attempts: int) -> Finding:
    finding = identity(left, right, *attempts)
    if finding.answer is Answer.UNKNOWN:
        raise _UndecidedFinding(finding)
    return finding


def query_engine(engine: Engine, left: Expr, right: Expr, *attempts: int) -> Finding:
    """Query one engine, for a part of the time that is left; an exception becomes UNKNOWN with its message.

    `attempts` is the number of sample points, for the engines that sample.
    """
    try:
        with part(_SHARE):
            return _answered(engine.identity, left, right, *attempts)
    except _UndecidedFinding as doubt:
        return doubt.finding
    except BudgetError:
        check_time()
        return Finding(
            engine.NAME, engine.FAMILY, Answer.UNKNOWN, f"{engine.NAME} needs more time than is left for it"
        )
    except (ArithmeticError, RecursionError, TypeError, ValueError, MemoryError) as error:
        reason = f"{engine.NAME} broke down: {type(error).__name__}: {error}"
        return Finding(engine.NAME, engine.FAMILY, Answer.UNKNOWN, reason)


def combine(findings: Sequence[Finding], left: Expr, right: Expr, what: str) -> Verdict:
    """Combine the findings of several engines on left = right into a verdict."""
    proved, refuted = (_having(findings, answer) for answer in (Answer.PROVED, Answer.REFUTED))
    witness = next((f.witness for f in refuted if f.witness), "")
    engines = tuple(f.engine for f in findings)
    refuters = {engine.NAME for engine in REFUTERS}
    if proved and refuted:
        clash = f"a conflict between engines: {_names(proved)} proved what {_names(refuted)} refuted"
        return fails(f"{what}: {clash}", witness=witness, engines=engines)
    if witness or len(_families(refuted)) >= FAMILIES_NEEDED:
        difference = next((f.difference for f in findings if f.difference), "") or str(left - right)
        return fails(
            f"{what} differ by {shortened(difference, left - right)}",
            witness=witness,
            engines=tuple(f.engine for f in refuted),
        )
    if len(_families(proved)) >= FAMILIES_NEEDED:
        bounds = ", ".join(f"{f.engine}: {f.bound}" for f in proved)
        consulted = tuple(f.engine for f in findings if f in proved or f.engine in refuters)
        return holds(f"{what} agree, {bounds}", engines=consulted)
    doubts = [f"only {_names(proved)} proves it"] if proved else []
    doubts += [f"{f.engine} sees a difference, but no point shows it" for f in refuted]
    doubts += [f"{f.engine}: {f.reason}" for f in findings if f.reason and f.engine not in refuters]
    return undecided(f"{what}: {'; '.join([*doubts, ADVICE])}", engines=engines)


def _having(findings: Iterable[Finding], answer: Answer) -> list[Finding]:
    return [f for f in findings if f.answer is answer]


def _families(findings: Iterable[Finding]) -> set[str]:
    return {f.family for f in findings}


def _names(findings: Iterable[Finding]) -> str:
    return " and ".join(f.engine for f in findings)
