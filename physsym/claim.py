"""Claims: a sentence, what it says formally, and a judge that computes whether it is true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from physsym.verdict import Verdict


@dataclass(frozen=True)
class Claim:
    """A sentence that somebody wrote, and how to decide it.

    `where` is the place it stands, `says` its words, `formal` its meaning in plain words, `judge` computes
    the verdict afresh each time it is called.
    """

    id: str
    where: str
    says: str
    formal: str
    judge: Callable[[], Verdict]
