"""Whether two expressions are one: what the engines say, and the policy that makes a verdict of it.

Two families of engines that share no algebra must prove an identity, and nothing may refute it. What only one
of them proves is undecided. An engine that refutes what another proves is a conflict, and a conflict fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sympy import Expr

from physsym.core.verdicts import Verdict, fails, holds, undecided
from physsym.verify.engines import flint, identity_test, interval, sampling, smt
from physsym.verify.engines.base import Answer, Engine, Finding

PROVERS: tuple[Engine, ...] = (identity_test, flint)
REFUTERS: tuple[Engine, ...] = (sampling, interval)
FAMILIES_NEEDED = 2
WATCHED = 4  # points at which the refuters look at what is proved: a fault shows at almost any point


def identical(left: Expr, right: Expr, what: str = "both sides") -> Verdict:
    """Return whether two expressions are equal wherever both are defined.

    The evidence of a verdict that holds names the error that the random points leave. One that fails names
    the difference, and a point at which both sides were computed, in exact fractions where these exist.
    """
    findings = [asked(engine, left, right) for engine in PROVERS]
    sure = len(_families(_saying(findings, Answer.PROVED))) >= FAMILIES_NEEDED
    attempts = (WATCHED,) if sure else ()
    findings += [asked(engine, left, right, *attempts) for engine in REFUTERS]
    if not sure and not _saying(findings, Answer.REFUTED):
        findings.append(asked(smt, left, right))
    return concluded(findings, left, right, what)


def asked(engine: Engine, left: Expr, right: Expr, *attempts: int) -> Finding:
    """Return what an engine says; one that breaks down has said nothing, and the reason tells so.

    One that looks at points can be told at how many.
    """
    identity: Callable[..., Finding] = engine.identity
    try:
        return identity(left, right, *attempts)
    except (ArithmeticError, RecursionError, TypeError, ValueError, MemoryError) as error:
        reason = f"{engine.NAME} broke down: {type(error).__name__}: {error}"
        return Finding(engine.NAME, engine.FAMILY, Answer.UNKNOWN, reason)


def concluded(findings: Sequence[Finding], left: Expr, right: Expr, what: str) -> Verdict:
    """Return the verdict that findings on left = right amount to."""
    proved, refuted = (_saying(findings, answer) for answer in (Answer.PROVED, Answer.REFUTED))
    witness = next((f.witness for f in refuted if f.witness), "")
    engines = tuple(f.engine for f in findings)
    if proved and refuted:
        clash = f"a conflict between engines: {_names(proved)} proved what {_names(refuted)} refuted"
        return fails(f"{what}: {clash}", witness=witness, engines=engines)
    if witness or len(_families(refuted)) >= FAMILIES_NEEDED:
        difference = next((f.difference for f in findings if f.difference), str(left - right))
        return fails(
            f"{what} differ by {difference}", witness=witness, engines=tuple(f.engine for f in refuted)
        )
    if len(_families(proved)) >= FAMILIES_NEEDED:
        return holds(f"{what} agree, {_bounds(proved)}", engines=_took_part(findings, proved))
    alone = f"only {_names(proved)} proves it; " if proved else ""
    return undecided(f"{what}: {alone}{_doubts(findings, refuted)}", engines=engines)


def _saying(findings: Iterable[Finding], answer: Answer) -> list[Finding]:
    return [f for f in findings if f.answer is answer]


def _families(findings: Iterable[Finding]) -> set[str]:
    return {f.family for f in findings}


def _names(findings: Iterable[Finding]) -> str:
    return " and ".join(f.engine for f in findings)


def _bounds(proved: Iterable[Finding]) -> str:
    return ", ".join(f"{f.engine}: {f.bound}" for f in proved)


def _took_part(findings: Sequence[Finding], proved: Sequence[Finding]) -> tuple[str, ...]:
    refuters = {e.NAME for e in REFUTERS}
    return tuple(f.engine for f in findings if f in proved or f.engine in refuters)


def _doubts(findings: Sequence[Finding], refuted: Sequence[Finding]) -> str:
    """Return why nothing was decided: who sees a difference that no point shows, and who knows too little."""
    unseen = [f"{f.engine} sees a difference, but no point shows it" for f in refuted]
    refuters = {e.NAME for e in REFUTERS}
    return "; ".join(
        unseen + [f"{f.engine}: {f.reason}" for f in findings if f.reason and f.engine not in refuters]
    )
