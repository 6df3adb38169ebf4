"""The claims of scripts, judged one by one: `physsym check` and the documents take their verdicts here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from physsym.core.verdicts import Verdict
from physsym.documents.content import Claims, chapters_of
from physsym.loading import Script
from physsym.mechanics.claim import Claim


@dataclass(frozen=True)
class JudgedClaim:
    """A claim with the verdict of its judge."""

    claim: Claim
    verdict: Verdict


def judge_claim(claim: Claim) -> JudgedClaim:
    """Judge a claim.

    Raises
    ------
    TypeError
        If the judge returns something other than a verdict.
    """
    verdict = claim.judge()
    if not isinstance(verdict, Verdict):
        raise TypeError(
            f"the judge of claim {claim.id} returned {verdict!r}; a Verdict was expected, "
            "as holds(...), fails(...) or undecided(...) of physsym.core.verdicts return it"
        )
    return JudgedClaim(claim, verdict)


def claims_of(scripts: Iterable[Script]) -> tuple[tuple[Script, Claim], ...]:
    """Return every claim that scripts export or place in a chapter, once, with the first script that has it.

    Claims are told apart by their ids; a second one of an id is left out.
    """
    return tuple({claim.id: (script, claim) for script, claim in reversed([*_all(scripts)])}.values())[::-1]


def _all(scripts: Iterable[Script]) -> Iterator[tuple[Script, Claim]]:
    for script in scripts:
        blocks = (block for chapter in chapters_of(script) for block in chapter.blocks)
        placed = (claim for block in blocks if isinstance(block, Claims) for claim in block.claims)
        yield from ((script, claim) for claim in (*script.claims, *placed))
