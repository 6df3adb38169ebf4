r"""What a text leaves open, as a table of decisions, and all ways to read something."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from physsym.parsing.latex.tree import Node
from physsym.parsing.tokens import ReadError

MAX_MEANINGS = 8


@dataclass
class Decisions:
    """What is decided where the text leaves it open: an option for each question, the first by default."""

    taken: Mapping[str, int]
    asked: dict[str, tuple[str, ...]] = field(default_factory=dict)
    positions: dict[str, int] = field(default_factory=dict)

    def take(self, node: Node, question: str, *options: str) -> int:
        """Return the number of the option that is taken; the question is about a node."""
        self.asked.setdefault(question, options)
        self.positions.setdefault(question, node.start)
        return self.taken.get(question, 0)


T = TypeVar("T")


def alternatives(read: Callable[[Decisions], T], text: str) -> list[tuple[T, Decisions]]:
    """Return each way to read something, with the decisions that lead to it, the usual ones first.

    Raises ReadError where the usual way is no reading, or there are more than 8; another way that fails is
    left out.
    """
    pending: list[dict[str, int]] = [{}]
    found: list[tuple[T, Decisions]] = []
    tried = 0
    while pending:
        taken = pending.pop(0)
        tried += 1
        decisions = Decisions(taken)
        try:
            found.append((read(decisions), decisions))
        except ReadError:
            if not found:
                raise
        before = dict(taken)
        for question, options in decisions.asked.items():
            if question not in taken:
                pending += [{**before, question: other} for other in range(1, len(options))]
                before[question] = 0
        if tried + len(pending) > 2 * MAX_MEANINGS:
            raise ReadError(
                f"this can be read in more than {MAX_MEANINGS} ways; write more brackets", text, 0
            )
    return found
