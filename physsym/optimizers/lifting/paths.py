"""The paths of code that branches on formulas: each is run, and their results make case distinctions.

`explore(run)` runs a function again and again, with other answers to the conditions that it asks for, until
each path was taken; `decide` is what a condition calls when its truth is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeAlias

from physsym.optimizers.lifted import LiftError
from physsym.optimizers.lifting.nodes import Node, make, resolve

MOST_DECISIONS, MOST_PATHS = 24, 128


@dataclass(frozen=True)
class Decision:
    """A condition that code asked for at a line, and the answer that it got."""

    condition: Node
    answer: bool
    line: str


@dataclass(frozen=True)
class Branch:
    """Two trees of paths, for a condition that holds and one that does not."""

    condition: Node
    line: str
    holds: Tree
    fails: Tree


@dataclass(frozen=True)
class Result:
    """What one path gave, after these decisions."""

    value: Any
    decisions: tuple[Decision, ...]


Tree: TypeAlias = "Branch | Result"


class _Path:
    def __init__(self, answers: tuple[bool, ...]) -> None:
        self.answers = answers
        self.decisions: list[Decision] = []
        self.known: dict[Node, bool] = {}


_ACTIVE: ContextVar[_Path | None] = ContextVar("_ACTIVE", default=None)


def decide(condition: Node, line: str) -> bool:
    """Return whether a condition holds on the path that is run.

    Raises LiftError for a condition on formulas where no paths are explored, and where there are too many.
    """
    if isinstance(condition.value, bool):
        return condition.value
    path = _ACTIVE.get()
    if path is None:
        raise LiftError(f"{line}: the code branches on {condition!r} where no value is known")
    decided = resolve(condition, path.known)
    if isinstance(decided.value, bool):
        return decided.value
    if len(path.decisions) >= MOST_DECISIONS:
        raise LiftError(
            f"{line}: the code branches on values more than {MOST_DECISIONS} times in one step, here on "
            f"{condition!r}; a loop that ends by a value, such as a line search, cannot be lifted"
        )
    number = len(path.decisions)
    answer = path.answers[number] if number < len(path.answers) else True
    path.decisions.append(Decision(condition, answer, line))
    path.known |= {condition: answer, make("not", condition): not answer}
    return answer


def explore(run: Callable[[], Any]) -> Tree:
    """Run a function once for each path through it, and return what each gave.

    Raises LiftError where there are more than `MOST_PATHS` paths.
    """
    runs = 0

    def below(answers: tuple[bool, ...]) -> Tree:
        nonlocal runs
        runs += 1
        path = _Path(answers)
        token = _ACTIVE.set(path)
        try:
            value = run()
        finally:
            _ACTIVE.reset(token)
        taken = path.decisions
        if runs > MOST_PATHS:
            raise LiftError(
                f"{taken[-1].line}: the code branches on values so often that it has over {MOST_PATHS} paths"
            )
        tree: Tree = Result(value, tuple(taken))
        for number in reversed(range(len(answers), len(taken))):
            other = below((*(d.answer for d in taken[:number]), False))
            tree = Branch(taken[number].condition, taken[number].line, tree, other)
        return tree

    return below(())


def results(tree: Tree) -> list[Result]:
    """Return the results of all paths."""
    return [tree] if isinstance(tree, Result) else [*results(tree.holds), *results(tree.fails)]
