"""A derivation with lines left out, and the verdict on what somebody writes instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Literal, TypeAlias

from sympy import Expr

from physsym.core.statements import Law, Rule, Statement, as_statement
from physsym.core.verdicts import Outcome, Verdict, is_failure
from physsym.derivation import Derivation, DerivationError
from physsym.exercises.difference import Difference, differences
from physsym.exercises.hinting import hints
from physsym.loading import derivation_named
from physsym.parsing.reader import read
from physsym.parsing.tokens import ReadError
from physsym.verify.equivalence import same_law, same_rule

if TYPE_CHECKING:
    from physsym.exercises.display import Block

Kind: TypeAlias = Literal[
    "right", "right under conditions", "a multiple", "wrong", "not decided", "not read", "no answer"
]


class ExerciseError(ValueError):
    """A line that cannot be left out of a derivation."""


@dataclass(frozen=True)
class Answer:
    """What is known of an answer.

    Parameters
    ----------
    exercise
        The exercise that was answered.
    line
        The number of the line.
    kind
        "right", "right under conditions", "a multiple", "wrong", "not decided", "not read" or "no answer".
        Of a multiple each equation is that which is due, perhaps with a constant factor: it is not false, and
        the move alone does not give it.
    text
        What was written.
    given
        The line that was read from it, if it is one.
    verdict
        The verdict of the check of the move on that line.
    differences
        Where a wrong line differs from what the move gives.
    problem
        Why the text was not read, or what else is wrong with the line.
    """

    exercise: Exercise
    line: int
    kind: Kind
    text: str
    given: Statement | None = None
    verdict: Verdict | None = None
    differences: tuple[Difference, ...] = ()
    problem: str = ""

    @property
    def is_right(self) -> bool:
        """Return whether the line follows, be it under conditions."""
        return self.kind in ("right", "right under conditions")

    @property
    def due(self) -> Statement:
        """Return the line that was left out."""
        return self.exercise.derivation.lines[self.line]

    @property
    def rest(self) -> Exercise | None:
        """Return the exercise with the lines that are still left out; None where all are found."""
        left = tuple(k for k in self.exercise.left_out if k != self.line or not self.is_right)
        return replace(self.exercise, left_out=left) if left else None

    @property
    def says(self) -> str:
        """Return the outcome in one sentence."""
        match self.kind:
            case "not read":
                return f"not read: {self.problem}"
            case "no answer":
                return "no answer yet: write the line as a text"
            case "right under conditions" if self.verdict is not None:
                held = replace(self.verdict, evidence=())
                return f"right: {held}"
            case "a multiple":
                factors = ", ".join(str(d.ratio) for d in self.differences)
                return f"not wrong, but multiplied by {factors}, which the move does not do"
            case "wrong" if self.problem:
                return f"wrong: {self.problem}"
            case "wrong" if self.differences and self.verdict is not None and self.verdict.witness:
                return "wrong"  # the rows below have the difference in its simplest form
            case "wrong" | "not decided" if self.verdict is not None:
                return f"{self.kind}: {'; '.join(self.verdict.evidence)}"
        return self.kind

    @property
    def rows(self) -> tuple[tuple[str, str], ...]:
        """Return, for a line that is not right, both lines, their differences and points, with labels."""
        if self.kind not in ("wrong", "a multiple") or self.given is None:
            return ()
        if self.kind == "a multiple":
            return (("your line", str(self.given)), ("the move gives", str(self.due)))
        apart = [("difference", str(d)) for d in self.differences]
        points = [("point", d.witness.removeprefix("at ")) for d in self.differences if d.witness]
        return (("your line", str(self.given)), ("the move gives", str(self.due)), *apart, *points)

    def __str__(self) -> str:
        margin = max((len(label) for label, _ in self.rows), default=0)
        return "\n".join([self.says, *(f"  {label.ljust(margin)}  {text}" for label, text in self.rows)])

    def _blocks(self) -> Iterator[Block]:
        from physsym.exercises.display import Block

        words = self.exercise.derivation.vocabulary
        yield Block(text=self.says)
        if self.rows and self.given is not None:
            yield Block("your line", formula=self.given, vocabulary=words)
            yield Block("the move gives", formula=self.due, vocabulary=words)
            for apart in self.differences if self.kind == "wrong" else ():
                yield Block("difference", str(apart), apart.difference, vocabulary=words)
                if apart.witness:
                    yield Block("point", apart.witness.removeprefix("at "))

    def _repr_markdown_(self) -> str:
        from physsym.exercises.display import markdown

        return markdown(self._blocks())

    def _repr_html_(self) -> str:
        from physsym.exercises.display import html

        return html(self._blocks())


@dataclass(frozen=True)
class Exercise:
    """A derivation of which lines are left out, to be found again.

    Parameters
    ----------
    derivation
        The whole derivation.
    left_out
        The numbers of the lines that are left out, in order; line 0 is the start.
    source
        The name by which the derivation was asked for, if it was by a name.
    """

    derivation: Derivation
    left_out: tuple[int, ...]
    source: str = ""

    def answer(self, text: str, line: int | None = None) -> Answer:
        """Return what is known of an answer: the check of the move decides, whatever the form of the line.

        Parameters
        ----------
        text
            The line, as `read` takes it: equations or updates, separated by semicolons.
        line
            The number of the line; the first one that is left out where none is given.

        Returns
        -------
        Answer

        Raises
        ------
        ExerciseError
            For a line that is not left out.

        Examples
        --------
        >>> task = exercise("gradient_descent", leave_out=6)
        >>> print(task.answer("x <- x - G*eta").kind)
        right
        >>> print(task.answer("x <- x + eta*G"))
        wrong
          your line       x <- x + eta*grad(x)
          the move gives  x <- x - eta*grad(x)
          difference      the new value of x differs by 2*eta*grad(x)
          point           eta = 5/3, x = -1 with U(y) = y + y**3/3: 7/3 against -13/3
        """
        number = self._number(line)
        if not text.strip():
            return Answer(self, number, "no answer", text)
        try:
            given = self._read(text, number)
            judged = self._with(given, number)
        except (ReadError, DerivationError, TypeError, ValueError) as error:
            return Answer(self, number, "not read", text, problem=str(error))
        verdict = judged.verdicts()[number]
        kind = _kind(judged, verdict)
        above, due = self.derivation.lines[number - 1 : number + 1]
        if kind != "wrong":
            return Answer(self, number, kind, text, given, verdict)
        known = (*self.derivation.definitions, *self.derivation.steps[number - 1].move.definitions)
        apart = differences(given, due, known)
        repeated = "this is the line above, to which nothing was done" if _same(given, above) else ""
        if isinstance(given, Law) and not repeated and apart and all(d.ratio not in (None, 0) for d in apart):
            kind = "a multiple"
        return Answer(self, number, kind, text, given, verdict, apart, repeated)

    def hints(self, line: int | None = None) -> tuple[str, ...]:
        """Return the hints to a line, each of which says more than the one before.

        Parameters
        ----------
        line
            The number of the line; the first one that is left out where none is given.

        Returns
        -------
        tuple of str
            The move, what it does, what changes, and the shape of the line.
        """
        number = self._number(line)
        lines = self.derivation.lines
        move, moving = self.derivation.steps[number - 1].move, self.derivation.vocabulary.moving
        return hints(move, lines[number - 1], lines[number], moving)

    def _number(self, line: int | None) -> int:
        if line is None:
            return self.left_out[0]
        if line not in self.left_out:
            raise ExerciseError(
                f"line {line} is not left out; left out: {', '.join(map(str, self.left_out))}"
            )
        return line

    def _read(self, text: str, number: int) -> Statement:
        """Return the line that a text states, in the symbols of the derivation; names beyond are refused."""
        found = read(text, self.derivation.vocabulary_of_sentences, unknown="refuse")
        if isinstance(found, Expr):
            raise TypeError(
                f"expected equations or updates, such as {_example(self.derivation.lines[number])}"
            )
        line = as_statement(found)
        due = self.derivation.lines[number]
        if isinstance(line, Rule) and isinstance(due, Rule) and not line.start:
            return replace(line, start=due.start)  # what was asked for is the step
        return line

    def _with(self, given: Statement, number: int) -> Derivation:
        """Return the derivation up to a line, with a line of somebody else instead of it."""
        kept = self.derivation.steps[: number - 1]
        step = replace(self.derivation.steps[number - 1], gives=given)
        return replace(self.derivation, steps=(*kept, step))

    def _blocks(self) -> Iterator[Block]:
        from physsym.exercises.display import Block

        derivation = self.derivation
        yield Block(text=derivation.title)
        says = ("", *(step.says for step in derivation.steps))
        for k, (text, line) in enumerate(zip(says, derivation.lines, strict=True)):
            blank = k in self.left_out
            yield Block(f"({k})", text, None if blank else line, blank, derivation.vocabulary)

    def _repr_markdown_(self) -> str:
        from physsym.exercises.display import markdown

        return markdown(self._blocks())

    def _repr_html_(self) -> str:
        from physsym.exercises.display import html

        return html(self._blocks())

    def __str__(self) -> str:
        lines = [self.derivation.title]
        for k, line in enumerate(self.derivation.lines):
            lines.append(f"  ({k}) {'left out' if k in self.left_out else line}")
        return "\n".join(lines)


def _same(first: Statement, second: Statement) -> bool:
    """Return whether two lines are the same, in whatever form."""
    if isinstance(first, Rule) and isinstance(second, Rule):
        return bool(same_rule(first, second))
    return isinstance(first, Law) and isinstance(second, Law) and bool(same_law(first, second))


def _example(line: Statement) -> str:
    return "x <- x - eta*G" if isinstance(line, Rule) else "m*dot(v) = -G"


def _kind(judged: Derivation, verdict: Verdict) -> Kind:
    """Return how a line is, whose step is the last one of a derivation."""
    if is_failure(verdict):
        return "wrong" if verdict.outcome is Outcome.FAILS else "not decided"
    assumed = {a.condition for a in judged.assumptions if not a.follows}
    conditional = verdict.outcome is Outcome.CONDITIONAL or any(c in assumed for c in verdict.assumes)
    return "right under conditions" if conditional else "right"


def exercise(
    derivation: Derivation | str,
    leave_out: int | Iterable[int] | Literal["random"] = "random",
    *,
    seed: int | None = None,
) -> Exercise:
    """Return a derivation with lines left out, to be found again.

    Parameters
    ----------
    derivation
        A derivation, or the name or path of its script, with its own name after a colon if it is not the
        first: ``"momentum"``, ``"notes.py:pendulum"``.
    leave_out
        The numbers of the lines, as `physsym check` counts steps; or "random", for one of them.
    seed
        Of the random choice.

    Returns
    -------
    Exercise

    Raises
    ------
    ExerciseError
        For a line that is not there, is the start, or does not follow itself.
    ScriptError
        For a derivation that is not there.

    Examples
    --------
    >>> task = exercise("momentum", leave_out=6)
    >>> task.hints()[0]
    'define rho = 1 - dt/tau, which eliminates tau'
    """
    source = derivation if isinstance(derivation, str) else ""
    whole = derivation_named(derivation) if isinstance(derivation, str) else derivation
    verdicts = whole.verdicts()
    sound = [k for k in range(1, len(verdicts)) if not is_failure(verdicts[k])]
    if not sound:
        raise ExerciseError(f"{whole.title!r} has no step that holds, so no line can be left out")
    if leave_out == "random":
        return Exercise(whole, (Random(seed).choice(sound),), source)
    numbers = (leave_out,) if isinstance(leave_out, int) else tuple(leave_out)
    for number in numbers:
        if number not in range(1, len(verdicts)):
            raise ExerciseError(
                f"{whole.title!r} has the lines 1 to {len(verdicts) - 1} to leave out; given {number}"
            )
        if number not in sound:
            raise ExerciseError(f"line {number} of {whole.title!r} does not follow itself; leave out another")
    if not numbers:
        raise ExerciseError("no line is left out; give a number, or random")
    return Exercise(whole, tuple(sorted(set(numbers))), source)
