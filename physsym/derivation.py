"""Derivations: a starting line and steps, the lines that they give, their verdicts and their error budget."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Literal

from sympy import Expr, Symbol

from physsym.core.arguments import NamedArguments
from physsym.core.counts import counted
from physsym.core.inference import infer_dimensions
from physsym.core.motion import moving
from physsym.core.statements import Equation, Law, Rule, Statement, rebuilt, symbols
from physsym.core.symbols import DOT, dot, name_and_marks, name_of
from physsym.core.verdicts import (
    Condition,
    Hypothesis,
    Order,
    Outcome,
    Verdict,
    all_of,
    fails,
    holds,
    is_failure,
)
from physsym.mechanics.moves import Integrate, Limit, Move, MoveError, ReduceOrder, Rescale, Step
from physsym.mechanics.system import System
from physsym.parsing.statements import StatementText, as_statement
from physsym.transform import apply
from physsym.verify import dimensions, follows_from
from physsym.verify.conditions import consistent, follows, implied_by_sign
from physsym.verify.dimensions import known_dimensions
from physsym.verify.engines.smtlib import declared_sign
from physsym.verify.memory import remembered
from physsym.verify.names import misused_names
from physsym.verify.registry import verify_line
from physsym.verify.smoothness import where_not_smooth
from physsym.verify.well_formed import well_formed
from physsym.vocabulary import STANDARD, Vocabulary, scalar

__all__ = ["Assumption", "Derivation", "DerivationError", "ErrorBudget", "StepError"]


def __dir__() -> list[str]:
    return sorted(__all__)


# Derivations that continue one another share their first steps: each is carried out and checked once.
_proposed = remembered(1024)(apply)
_checked = remembered(1024)(verify_line)
_agreeing = remembered(1024)(dimensions)
_followed = remembered(256)(follows_from)


class DerivationError(ValueError):
    """A derivation that cannot be read: symbols that clash, or a step that gives no line."""


@dataclass(frozen=True)
class Assumption:
    """What a derivation takes for granted, and why.

    A condition follows from declared signs and definitions, or is assumed; a sign is declared of a symbol; an
    equation defines a name.
    """

    condition: Condition | Hypothesis | Equation
    source: Literal["follows", "assumed", "declared", "defined"]

    @property
    def follows(self) -> bool:
        """Return whether nothing has to be assumed."""
        return self.source != "assumed"

    def __str__(self) -> str:
        return f"{self.condition} ({self.source})"


@dataclass(frozen=True)
class StepError:
    """The error that one step makes, and the number of that step, counted from one.

    Parameters
    ----------
    step
        The number of the step; 0 for the start.
    order
        The order of the error, which is sharp: the term of that order was seen not to vanish. None for an
        error that is not known.
    neglected
        The term that was left out, whose size is not known.
    within
        Where the order holds, in texts and formulas, such as ("at fixed ", dt).
    in_rule
        Whether it is the error of a limit taken in a rule, which leaves the time step of the rule as it is.
    nested
        Whether it is the error of a limit that comes after another one in a law, the error of which may
        grow as this symbol tends to its limit.

    Examples
    --------
    >>> from sympy import Symbol
    >>> print(StepError(3, Order(Symbol("tau"), 1), within=("at fixed ", Symbol("dt")), in_rule=True))
    O(tau) at fixed dt by step 3
    """

    step: int
    order: Order | None = None
    neglected: Expr | None = None
    within: tuple[str | Expr, ...] = ()
    in_rule: bool = False
    nested: bool = False

    @property
    def parts(self) -> tuple[str | Order | Expr, ...]:
        """Return the error as texts and formulas, for print."""
        if self.order is not None:
            return (self.order, " ", *self.within) if self.within else (self.order,)
        if self.neglected is not None:
            return "not known (size of ", self.neglected, ")"
        return (f"not known: {f'step {self.step}' if self.step else 'the start'}",)

    def __str__(self) -> str:
        return f"{''.join(map(str, self.parts))} by step {self.step}"


@dataclass(frozen=True)
class ErrorBudget:
    """The errors of the steps from the first line to the last; exact if there are none.

    Orders add up, but for those of a limit that was taken in a rule, at a fixed time step, and of the
    integration that gave the rule, and but for those of two limits of one law: that both errors tend to zero
    together is not known.
    """

    entries: tuple[StepError, ...]

    @property
    def orders(self) -> tuple[Order, ...]:
        """Return the different orders among the entries."""
        return tuple(dict.fromkeys(e.order for e in self.entries if e.order is not None))

    @property
    def is_known(self) -> bool:
        """Return whether the error of the last line is known."""
        apart = len({e.in_rule for e in self.entries}) > 1 or any(e.nested for e in self.entries)
        return not apart and all(e.order is not None for e in self.entries)

    @property
    def parts(self) -> tuple[str | Order | Expr, ...]:
        """Return the budget as texts and formulas, for print."""
        different = dict.fromkeys(e.parts for e in self.entries)
        joined = tuple(part for parts in different for part in (" + ", *parts))[1:] or ("exact",)
        together = self.is_known or any(e.order is None for e in self.entries)
        return joined if together else ("not known jointly: ", *joined)

    def __str__(self) -> str:
        return "".join(map(str, self.parts))


@dataclass(frozen=True)
class Derivation(NamedArguments):
    """A starting line and the steps that lead away from it.

    Parameters
    ----------
    title
        What is derived.
    start
        A law, a rule or a system. A system starts the derivation with its law of motion, and is kept.
    steps
        Moves, each with the line that it gives where the author states it.
    vocabulary
        Dimensions and names of the symbols.
    system
        The system whose law of motion the start is, if the derivation begins with one. The verdict on the
        start is then whether it follows from the system's Lagrangian and dissipation function.

    Raises
    ------
    TypeError
        For what is no statement or step.
    DerivationError
        Where two symbols share a name but not their assumptions, since SymPy would take them for two.

    Examples
    --------
    >>> from physsym.mechanics import Divide, Limit, damped_particle
    >>> from physsym.vocabulary import gamma, m
    >>> overdamped = Derivation("Overdamped motion", damped_particle, (
    ...     Step("Divide by the friction coefficient.", Divide(gamma)),
    ...     Step("Let the mass vanish.", Limit(m)),
    ... ))
    >>> print(overdamped.lines[-1])
    0 = -grad(x)/gamma - x'
    >>> all(overdamped.verdicts()), str(overdamped.error)
    (True, 'O(m)')
    """

    title: str
    start: Statement  # a system that is given here becomes `system`, and its law the start
    steps: tuple[Step, ...]
    vocabulary: Vocabulary = STANDARD
    system: System | None = None

    if TYPE_CHECKING:  # what is accepted is wider than what is kept

        def __init__(  # noqa: D107
            self,
            title: str,
            start: StatementText | System,
            steps: Iterable[Step],
            vocabulary: Vocabulary = STANDARD,
            system: System | None = None,
        ) -> None: ...

    def __post_init__(self) -> None:
        _refuse_misplaced(self)
        if isinstance(start := self.start, System):
            object.__setattr__(self, "system", start)
        object.__setattr__(self, "start", as_statement(self.start))
        if self.system is not None and not isinstance(self.start, Law):
            raise TypeError(f"a derivation from a system starts with its law of motion, given {self.start}")
        object.__setattr__(self, "steps", tuple(self.steps))
        for step in self.steps:
            if not isinstance(step, Step):
                raise TypeError(f"a derivation is made of steps, given {step!r}; write Step(says, move)")
        object.__setattr__(self, "steps", tuple(_in_terms_of_start(self.start, self.steps)))
        _refuse_twins(self)

    @cached_property
    def _walk(self) -> tuple[tuple[Statement, ...], str]:
        """Return the lines as far as they go, and the reason why they stop early, or an empty text."""
        lines = [self.start]
        for k, step in enumerate(self.steps):
            try:
                lines.append(
                    step.gives or _proposed(_velocities_first(self.steps[: k + 1], lines[-1]), lines[-1])
                )
            except MoveError as reason:
                return tuple(lines), str(reason)
        return tuple(lines), ""

    @property
    def lines(self) -> tuple[Statement, ...]:
        """Return the line at the start and the line that each step gives, stated or proposed.

        Raises DerivationError where a step without a stated line cannot be carried out.
        """
        lines, reason = self._walk
        if reason:
            raise DerivationError(f"step {len(lines)} of {self.title!r} gives no line: {reason}")
        return lines

    @property
    def rule(self) -> Rule:
        """Return the rule that the derivation ends with; raises DerivationError where it ends with a law."""
        last = self.lines[-1]
        if not isinstance(last, Rule):
            raise DerivationError(f"{self.title!r} ends with a law; add an Integrate step to make it a rule")
        return last

    def verdicts(self) -> tuple[Verdict, ...]:
        """Return the verdict on every line: on the start, then on each step.

        A start is given, unless it is the law of a system: then it must follow from the Lagrangian.
        The dimensions of a line count in its verdict where they contradict each other; unknown ones do not.
        Where the assumptions contradict each other every step fails, since anything would follow from them.
        A step that gives no line fails; those after it are unchecked. Without steps nothing was checked.
        """
        return self._verdicts

    @property
    def start_verdict(self) -> Verdict | None:
        """Return the verdict to be shown beside the start; None for one that is given and no more."""
        return None if self.system is None and self._verdicts[0] else self._verdicts[0]

    @cached_property
    def _verdicts(self) -> tuple[Verdict, ...]:
        clash = self.consistency()
        steps = (clash,) * len(self.steps) if clash.outcome is Outcome.FAILS else self._judged
        nothing = () if self.steps else (Verdict(Outcome.UNCHECKED, ("no step was checked",)),)
        start = all_of(self._judged_start, *nothing)
        padded = (*self._dimensions, *[holds()] * len(self.steps))
        pairs = zip((start, *steps), padded, strict=False)
        return tuple(all_of(v, d) if d.outcome is Outcome.FAILS else v for v, d in pairs)

    @cached_property
    def _judged_start(self) -> Verdict:
        """Return the verdict on the start: that it follows from its system, if there is one, or is given."""
        given = holds("given") if self.system is None else _followed(self.system, self.start)
        own = well_formed(self.start)
        return replace(given, assumes=(*given.assumes, *own.assumes)) if own else all_of(given, own)

    def consistency(self) -> Verdict:
        """Return whether all that the steps assume can hold with the definitions and the declared signs."""
        return consistent(self._conditions, self.definitions)

    @cached_property
    def definitions(self) -> tuple[Equation, ...]:
        """Return what the names that the steps introduce stand for; a step that fails defines nothing."""
        judged = zip(self.steps, self._judged, strict=True)
        return tuple(d for step, v in judged if v.outcome is not Outcome.FAILS for d in step.move.definitions)

    @cached_property
    def _judged(self) -> tuple[Verdict, ...]:
        """Return the verdict on every step, each taken by itself."""
        lines, reason = self._walk
        misused = misused_names([step.move for step in self.steps], lines)
        known = [tuple(sorted(self.vocabulary.moving, key=name_of))]
        for line in lines:
            known.append(tuple(sorted({*known[-1], *moving(line, known[-1])}, key=name_of)))
        found = tuple(
            fails(misuse)
            if misuse
            else _checked(_velocities_first(self.steps[: k + 1], above), above, below, known[k])
            for k, (misuse, above, below) in enumerate(zip(misused, lines, lines[1:], strict=False))
        )
        if not reason:
            return found
        left = len(self.steps) - len(found) - 1
        return (*found, fails(reason), *[Verdict(Outcome.UNCHECKED, ("the line above is missing",))] * left)

    def dimensions(self) -> tuple[Verdict, ...]:
        """Return the verdict on the dimensions of every line and of what the step to it defines.

        Those of symbols outside the vocabulary are inferred from all lines and definitions together.
        """
        return self._dimensions

    @cached_property
    def _dimensions(self) -> tuple[Verdict, ...]:
        lines, _ = self._walk
        defined = ((), *(_definitions(s.move) for s in self.steps))
        return tuple(
            all_of(*(_agreeing(s, self._known) for s in (line, *new)))
            for line, new in zip(lines, defined, strict=False)
        )

    @cached_property
    def _known(self) -> Vocabulary:
        statements = (*self._walk[0], *(d for step in self.steps for d in _definitions(step.move)))
        if all(self.vocabulary.quantity(s) for line in statements for s in symbols(line)):
            return self.vocabulary
        found = infer_dimensions(statements, known_dimensions(self.vocabulary)).found
        new = {s: d for s, d in found.items() if isinstance(s, Symbol) and not self.vocabulary.quantity(s)}
        return self.vocabulary.extended(*(scalar(s, d) for s, d in new.items()))

    @cached_property
    def vocabulary_of_sentences(self) -> Vocabulary:
        """The vocabulary with all symbols of the lines and definitions, which sentences on steps may use."""
        statements = (*self._walk[0], *(d for step in self.steps for d in _definitions(step.move)))
        held = {s for line in statements for s in symbols(line) if not self.vocabulary.quantity(s)}
        named = {name_and_marks(s)[0]: s for s in sorted(held, key=lambda s: len(s.name), reverse=True)}
        new = (s if s.name == name else Symbol(name, real=s.is_real) for name, s in named.items())
        return self.vocabulary.extended(*map(scalar, new)) if named else self.vocabulary

    @cached_property
    def _conditions(self) -> tuple[Condition | Hypothesis, ...]:
        """Return every condition under which the lines hold, each once."""
        return tuple(dict.fromkeys(a for v in (self._judged_start, *self._judged) for a in v.assumes))

    @property
    def assumptions(self) -> tuple[Assumption, ...]:
        """Return what is taken for granted: conditions of the lines, definitions, and declared signs."""
        statements = (*self._walk[0], *(d for step in self.steps for d in _definitions(step.move)))
        held = sorted({s for line in statements for s in symbols(line)}, key=name_of)
        open_ones = [c for c in self._conditions if not follows(c, self.definitions)]
        certain = tuple(c for c in self._conditions if isinstance(c, Condition) and c not in open_ones)
        for c in reversed(open_ones.copy()):  # what the others imply
            others = (*certain, *(o for o in open_ones if o != c and isinstance(o, Condition)))
            if isinstance(c, Condition) and implied_by_sign(others, c):
                open_ones.remove(c)
        taken = (Assumption(c, "assumed" if c in open_ones else "follows") for c in self._conditions)
        defined = (Assumption(d, "defined") for d in self.definitions)
        declared = (Assumption(c, "declared") for s in held for c in declared_sign(s))
        return (*taken, *defined, *declared)

    @property
    def error(self) -> ErrorBudget:
        """Return the error of the last line as a consequence of the first.

        There is an entry for each step that is not exact. After a step that is not shown to hold nothing is
        known.
        """
        entries: list[StepError] = []
        step: Symbol | None = None  # the time step of the rule, once there is one
        limited: list[frozenset[Symbol]] = []  # the symbols of the laws of which limits were taken
        for k, verdict in enumerate(self._verdicts):
            if is_failure(verdict) or (verdict.outcome is Outcome.APPROXIMATE and verdict.error is None):
                return ErrorBudget((*entries, StepError(k)))
            if k == 0:
                continue
            move, above = self.steps[k - 1].move, self._walk[0][k - 1]
            if move.neglected is not None:
                entries.append(StepError(k, neglected=move.neglected))
            if verdict.error is not None and isinstance(above, Rule):
                tending = move.symbol if isinstance(move, Limit) else None
                fixed = step is not None and step in symbols(above) and step != tending
                within = ("at fixed ", step) if fixed else ("in each step",)
                entries.append(StepError(k, verdict.error, within=within, in_rule=True))
            elif verdict.error is not None and isinstance(above, Law):
                smooth = where_not_smooth(above, verdict.error) if isinstance(move, Integrate) else ""
                nested = isinstance(move, Limit) and any(move.symbol in held for held in limited)
                entries.append(StepError(k, verdict.error, within=(smooth,) if smooth else (), nested=nested))
                limited += [symbols(above)] if isinstance(move, Limit) else []
            step = move.step if isinstance(move, Integrate) else step
        return ErrorBudget(tuple(entries))

    def then(self, *steps: Step, title: str = "") -> Derivation:
        """Return the derivation continued by more steps, under a new title if one is given."""
        return replace(self, title=title or self.title, steps=self.steps + steps)

    __reduce__ = rebuilt

    def __repr__(self) -> str:
        start = str(self.start)
        shown = start if len(start) <= 60 else f"{start[:57]}..."
        return f"Derivation({self.title!r}, {counted(len(self.steps), 'step')} from {shown})"

    def __str__(self) -> str:
        return f"{self.title}: {self.lines[-1]}"


def _velocities_first(steps: tuple[Step, ...], line: Statement) -> Move:
    """Return the move of the last step; an integration moves first the velocities that earlier steps named.

    So the law need not tell by itself which of its states are velocities: the law of a frictionless spring
    does not, as it is the same with positions and velocities exchanged.
    """
    *earlier, last = steps
    move = last.move
    if not isinstance(move, Integrate) or move.first or not move.method.partitioned or isinstance(line, Rule):
        return move
    named: dict[Symbol, Symbol] = {}  # from a velocity, as it was named, to its name now
    for step in earlier:
        if isinstance(step.move, ReduceOrder):
            named[step.move.velocity] = step.move.velocity
        elif isinstance(step.move, Rescale):
            named = {v: step.move.new if now == step.move.old else now for v, now in named.items()}
    rates = [{s for s in e.residual.free_symbols if DOT in s.name} for e in line.equations]
    first = tuple(s for held in rates for s in named.values() if dot(s) in held)
    others = set().union(*rates) - set(map(dot, first))
    return replace(move, first=first) if first and others else move


def _in_terms_of_start(start: Statement, steps: Iterable[Step]) -> Iterator[Step]:
    """Yield the steps, with texts read by the symbols of the start and of the moves and lines before them."""
    known: dict[str, Symbol] = {}
    found: Iterable[Expr] = symbols(start)
    for step in steps:
        found = (*found, *(v for v in vars(step.move).values() if isinstance(v, Expr)))
        for symbol in sorted({s for e in found for s in e.free_symbols}, key=name_of):
            if not name_and_marks(symbol)[1]:
                known.setdefault(symbol.name, symbol)
        yield (read := step.in_terms_of(known.values()))
        found = symbols(read.gives) if read.gives is not None else ()


def _refuse_misplaced(derivation: Derivation) -> None:
    """Raise TypeError for arguments that are not of their kind, such as those in another order."""
    kinds: dict[str, tuple[type, str]] = {
        "title": (str, "a text"),
        "steps": (Iterable, "a tuple of steps, such as (Step(says, move),)"),
        "vocabulary": (Vocabulary, "a Vocabulary"),
        "system": (System | None, "a System"),  # type: ignore[dict-item]
    }
    for name, (kind, expected) in kinds.items():
        if not isinstance(value := getattr(derivation, name), kind):
            raise TypeError(f"Derivation(title, start, steps) takes as {name} {expected}, given {value}")


def _definitions(move: Move) -> tuple[Law, ...]:
    return tuple(Law((equation,)) for equation in move.definitions)


def _refuse_twins(derivation: Derivation) -> None:
    lines = (derivation.start, *(s.gives for s in derivation.steps if s.gives))
    arguments = (getattr(s.move, field.name) for s in derivation.steps for field in fields(s.move))
    mentioned = [
        *map(symbols, lines),
        *(value.free_symbols for value in arguments if isinstance(value, Expr)),
    ]
    seen: dict[str, Symbol] = {}
    for symbol in (s for group in mentioned for s in sorted(group, key=attrgetter("name"))):
        other = seen.setdefault(symbol.name, symbol)
        if other != symbol:
            facts = [
                ", ".join(sorted(fact for fact, true in s._assumptions_orig.items() if true)) or "none"
                for s in (other, symbol)
            ]
            raise DerivationError(
                f"two symbols named {symbol.name} differ in their assumptions "
                f"({'; '.join(facts)}): use one symbol, for example from physsym.vocabulary; "
                "a name in a text has the sign of the vocabulary, or is real"
            )
