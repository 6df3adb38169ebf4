"""A run of the self-test: tasks until enough lines were tried, on one process or several."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context

from tests.fuzz.trial import MEANING, RANDOM, SHIPPED, Task, Trial, shipped, trials

SHARE_TRUE = 5  # one true line for so many wrong ones
WALK = 20  # wrong lines made of one random walk
SHARE_MEANING = 8  # one derivation or comparison that is told as a whole for so many wrong lines
CASES = 9  # such cases in one task

EquationRange = Callable[[Iterable[Task]], Iterator[list[Trial]]]


@dataclass(frozen=True)
class Report:
    """What the check said of all lines that were tried."""

    trials: tuple[Trial, ...]

    @property
    def clear(self) -> tuple[Trial, ...]:
        """Return the trials in which the ground truth could tell."""
        return tuple(t for t in self.trials if t.clear)

    @property
    def errors(self) -> tuple[Trial, ...]:
        """Return the false accepts, the false rejects and the crashes."""
        return tuple(t for t in self.trials if t.mistaken)

    @property
    def passed(self) -> bool:
        """Tell whether wrong and true lines were tried, none misjudged, and every true one shipped decided.

        The last because a check that decides nothing makes no mistake either.
        """
        doubts = [t for t in self.clear if t.undecided and t.true and t.origin == SHIPPED]
        return {t.true for t in self.clear} == {True, False} and not self.errors and not doubts


def selftest(count: int, seed: int = 0, jobs: int = 1) -> Report:
    """Spoil `count` lines and rewrite a fifth as many, and give them all to the check.

    An eighth are whole derivations and comparisons that are wrong or right in what they mean, of which the
    oracle tells. Half of the lines come from the shipped derivations, as far as these give that many, the
    rest from random systems. The same count and seed give the same lines, whatever the number of jobs. Raises
    ValueError for a count or a number of jobs below one.
    """
    if count < 1 or jobs < 1:
        raise ValueError(f"a self-test needs at least one line and one job, given {count} and {jobs}")
    true = max(count // SHARE_TRUE, 1)
    with _runner(jobs) as run:
        cases = _flat(run(_meaning_tasks(count // SHARE_MEANING, seed)))
        found = _kept(_flat(run(_shipped_tasks(count, true, seed))), count // 2, true // 2)
        found += _kept(cases, count - _count(found, False), true - _count(found, True))
        number = 0
        while (wrong_left := count - _count(found, False)) + (true_left := true - _count(found, True)):
            tasks = _random_tasks(number, wrong_left, true_left, seed)
            found += _kept(_flat(run(tasks)), wrong_left, true_left)
            number += len(tasks)
    return Report(tuple(found))


@contextmanager
def _runner(jobs: int) -> Iterator[EquationRange]:
    if jobs == 1:
        yield lambda tasks: map(trials, tasks)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield lambda tasks: pool.map(trials, tasks)


def _flat(found: Iterable[list[Trial]]) -> list[Trial]:
    return list({(t.kind, t.text): t for some in found for t in some}.values())


def _count(found: Iterable[Trial], true: bool) -> int:
    return sum(t.clear and t.true is true for t in found)


def _kept(found: list[Trial], wrong: int, true: int) -> list[Trial]:
    """Return the trials, of the clear ones only so many wrong and so many true."""
    room = {False: wrong, True: true}
    kept = []
    for trial in found:
        if not trial.clear or room[trial.true] > 0:
            kept.append(trial)
            room[trial.true] -= trial.clear
    return kept


def _shipped_tasks(wrong: int, true: int, seed: int) -> list[Task]:
    steps = len(shipped())
    shares = [math.ceil(n / 2 / steps) for n in (wrong, true)]
    return [Task(SHIPPED, k, seed, *shares) for k in range(steps)]


def _meaning_tasks(count: int, seed: int) -> list[Task]:
    return [Task(MEANING, number, seed, CASES, 0) for number in range(0, count, CASES)]


def _random_tasks(first: int, wrong: int, true: int, seed: int) -> list[Task]:
    count = math.ceil(max(wrong / WALK, true * SHARE_TRUE / WALK))
    return [Task(RANDOM, first + k, seed, WALK, WALK // SHARE_TRUE) for k in range(count)]
