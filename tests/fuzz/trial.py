"""Trying a check: steps to start from, wrong and rewritten lines made of them, what the check says."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from time import perf_counter

from sympy import Expr

from physsym.core.statements import Law, Statement, rule
from physsym.core.verdicts import Condition, Outcome, Verdict, all_of
from physsym.derivation import Derivation
from physsym.loading import scripts
from physsym.mechanics.moves import Eliminate, Limit, Step
from physsym.testing.random_models import ProposedStep, steps
from physsym.verify import check
from physsym.verify.equivalence import same_rule
from tests.fuzz import families
from tests.fuzz.equivalent_rewrites import REWRITES
from tests.fuzz.evaluation import UnclearError, agree
from tests.fuzz.mutate import SPOILS, Maker, Variant
from tests.fuzz.oracle import follows, same

SHIPPED, RANDOM, MEANING = "derivations", "random systems", "meaning"


@dataclass(frozen=True)
class Task:
    """One step or walk of steps to spoil: where it is from, its number, and how many lines to make of it."""

    origin: str
    number: int
    seed: int
    wrong: int
    true: int


@dataclass(frozen=True)
class Trial:
    """One line given to the check: what it was, whether it is true, what the check said and how long it took.

    `clear` is False for a line of which the ground truth cannot tell, or which it finds to be
    true when it was meant to be wrong: it was not given to the check.
    """

    origin: str
    step: str
    kind: str
    true: bool
    text: str
    clear: bool = True
    outcome: Outcome = Outcome.UNCHECKED
    accepted: bool = False
    engines: tuple[str, ...] = ()
    milliseconds: float = 0.0
    crash: str = ""

    @property
    def mistaken(self) -> bool:
        """Tell whether the check was mistaken or broke down."""
        return self.false_accept or self.false_reject or bool(self.crash)

    @property
    def false_accept(self) -> bool:
        """Tell whether a wrong line was accepted."""
        return self.clear and self.accepted and not self.true

    @property
    def false_reject(self) -> bool:
        """Tell whether a true line was said to be wrong."""
        return self.clear and self.true and self.outcome is Outcome.FAILS

    @property
    def undecided(self) -> bool:
        """Tell whether the check neither accepted nor rejected."""
        decided = (Outcome.FAILS, Outcome.CONDITIONAL)
        return self.clear and not self.accepted and not self.crash and self.outcome not in decided


@lru_cache(maxsize=1)
def shipped() -> tuple[ProposedStep, ...]:
    """Return every distinct step of the shipped derivations."""
    derivations = [d for s in scripts() for d in s.derivations]
    taken = (
        (step.move, above, below)
        for d in derivations
        for step, above, below in zip(d.steps, d.lines, d.lines[1:], strict=False)
    )
    return tuple(dict.fromkeys(taken))


def trials(task: Task) -> list[Trial]:
    """Return what the check says of the lines made for a task; the same for the same task, times aside."""
    if task.origin == MEANING:
        cases = (families.drawn(number, task.seed) for number in range(task.number, task.number + task.wrong))
        return [judged_case(case) for case in cases if case is not None]
    chance = random.Random(f"{task.origin} {task.number} {task.seed}")
    walk = [shipped()[task.number]] if task.origin == SHIPPED else steps(chance.choice)
    sound = [taken for taken in walk if _is_true(taken)]
    return [
        *(_skipped(task, taken) for taken in walk if taken not in sound),
        *_first(task.wrong, (_tried(task, t, v, False) for t, v in _in_turns(SPOILS, sound, chance))),
        *_first(task.true, (_tried(task, t, v, True) for t, v in _in_turns(REWRITES, sound, chance))),
    ]


def judged_case(case: families.Case) -> Trial:
    """Return the trial of a derivation or a comparison that is told as a whole, true or not."""
    family = case.kind.split(",")[0]
    trial = Trial(MEANING, family, case.kind, True, str(case))
    start = perf_counter()
    try:
        verdict, orders = judge_case(case)
        crash = ""
    except ValueError as refusal:  # what the package raises where it refuses
        verdict, orders, crash = Verdict(Outcome.FAILS, (str(refusal),)), None, ""
    except Exception as error:
        verdict, orders, crash = Verdict(Outcome.UNCHECKED), None, f"{type(error).__name__}: {error}"
    milliseconds = 1000 * (perf_counter() - start)
    try:
        true = _truth(case, orders if verdict else None)
        # A condition that is listed must be enough.
        accepted = bool(verdict) or (
            verdict.outcome is Outcome.CONDITIONAL
            and isinstance(case, families.Compared)
            and not true
            and not agree(case.first, case.second, [*_given(case), *_conditions(verdict)])
        )
    except UnclearError:
        return replace(trial, clear=False, crash=crash)
    return replace(
        trial,
        true=true,
        outcome=verdict.outcome,
        accepted=accepted,
        engines=verdict.engines,
        milliseconds=milliseconds,
        crash=crash,
    )


def judge_case(case: families.Case) -> tuple[Verdict, tuple[float, ...] | None]:
    """Return the verdict on a case, and the orders of the errors that are claimed, where they are known."""
    if isinstance(case, families.Compared):
        return same_rule(rule({families.x: case.first}), rule({families.x: case.second}), case.given), None
    derivation = Derivation("", case.start, tuple(Step("", move, line) for move, line in case.steps))
    verdict = all_of(*derivation.verdicts())
    entries = derivation.error.entries
    known = "not known" not in str(derivation.error)
    return verdict, tuple(float(e.order.exponent) for e in entries) if known else None


def _truth(case: families.Case, orders: tuple[float, ...] | None) -> bool:
    """Return whether a case is true; a derivation that was accepted must be so with the orders it claims."""
    if isinstance(case, families.Compared):
        return agree(case.first, case.second, _given(case))
    told = families.truth(case if orders is None else replace(case, claimed=orders))
    if told is None:
        raise UnclearError("the motions were not simulated")
    return told


def _given(case: families.Compared) -> list[tuple[Expr, str]]:
    return [(g.gts - g.lts, "> 0") for g in case.given]  # type: ignore[attr-defined]


def _conditions(verdict: Verdict) -> list[tuple[Expr, str]]:
    return [(c.expression, c.relation) for c in verdict.assumes if isinstance(c, Condition)]


def _is_true(taken: ProposedStep) -> bool:
    """Return whether a proposal is true: by its formulas, and in the limit of a law by its motions."""
    move, above, below = taken
    try:
        formulas = follows(*taken)
    except UnclearError:
        return False
    if not (formulas and isinstance(move, Limit) and isinstance(above, Law)):
        return formulas
    try:
        return families.truth(families.Told("limit", above, ((move, below),), (0.5,))) is not False
    except ValueError:  # a function of which the oracle has no numbers
        return False


def _skipped(task: Task, taken: ProposedStep) -> Trial:
    """Return the trial of a proposal that the ground truth does not confirm: nothing is made of it."""
    move, above, below = taken
    return Trial(
        task.origin, type(move).__name__, "proposal", True, _format_step(move, above, below), clear=False
    )


def _in_turns(
    makers: dict[str, Maker], walk: list[ProposedStep], chance: random.Random
) -> Iterator[tuple[ProposedStep, Variant]]:
    """Yield variants in random order, every kind of every step in its turn: the rare ones come too."""
    groups = [_some(maker, taken, chance) for taken in walk for maker in makers.values()]
    turns = deque(chance.sample(groups, len(groups)))
    while turns:
        group = turns.popleft()
        for pair in islice(group, 1):
            yield pair
            turns.append(group)


def _some(maker: Maker, taken: ProposedStep, chance: random.Random) -> Iterator[tuple[ProposedStep, Variant]]:
    variants = list(dict.fromkeys(maker(*taken)))
    yield from ((taken, v) for v in chance.sample(variants, len(variants)))


def _first(count: int, found: Iterator[Trial]) -> Iterator[Trial]:
    """Yield trials until so many are clear."""
    left = count
    for trial in found if count else ():
        yield trial
        left -= trial.clear
        if not left:
            return


def _tried(task: Task, taken: ProposedStep, variant: Variant, true: bool) -> Trial:
    move, above, below = taken
    told = _format_step(variant.move, above, variant.below)
    trial = Trial(task.origin, type(move).__name__, variant.kind, true, told)
    try:
        says_so = (
            same(below, variant.below)
            if variant.move == move
            else follows(variant.move, above, variant.below)
        )
        if not says_so and isinstance(move, Eliminate):
            # Where a state stays what it is, recurrences that differ as maps have the same runs.
            says_so = follows(variant.move, above, variant.below)
    except UnclearError:
        return replace(trial, clear=False)
    return _checked(trial, variant, taken) if says_so is true else replace(trial, clear=False)


def _checked(trial: Trial, variant: Variant, taken: ProposedStep) -> Trial:
    start = perf_counter()
    verdict, crash = _query_check(variant, taken[1])
    milliseconds = 1000 * (perf_counter() - start)
    return replace(
        trial,
        outcome=verdict.outcome,
        # A neglected term is never more than conditional: what the author assumes is no theorem.
        accepted=bool(verdict) or verdict.outcome is Outcome.CONDITIONAL,
        engines=verdict.engines,
        milliseconds=milliseconds,
        crash=crash,
    )


def _query_check(variant: Variant, above: Statement) -> tuple[Verdict, str]:
    """Return the verdict of the check, and how it broke down if it did: that is an error and no verdict."""
    try:
        return check(variant.move, above, variant.below), ""
    except Exception as error:
        return Verdict(Outcome.UNCHECKED), f"{type(error).__name__}: {error}"


def _format_step(move: object, above: object, below: object) -> str:
    return f"{move}: {above}  -->  {below}"
