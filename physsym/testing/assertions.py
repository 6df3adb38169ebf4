"""Assertions about formulas, rules, laws and derivations, in the manner of `numpy.testing`.

Each compares by meaning, through the engines of `physsym.verify`, and raises AssertionError unless the
verdict is that it holds. A failure shows what was given and wanted, the factored difference, and a point
within the declared signs of the symbols where they differ, with both values.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sympy import Expr, cancel, expand

from physsym.core.statements import Equation, Law, Rule, Update, one_step_map, states, symbols
from physsym.core.symbols import OPAQUE, Exact, exact, name_and_marks, of_name
from physsym.core.verdicts import Outcome, Verdict
from physsym.derivation import Derivation
from physsym.parsing.statements import LawText, RuleText, as_law, as_rule, as_statement, read_text
from physsym.testing.failures import (
    Pairs,
    both,
    factored,
    labelled,
    listed,
    message,
    move_text,
    not_same,
    twins,
    verdict_lines,
)
from physsym.testing.records import record
from physsym.verify.conditions import Hypotheses, vocabulary_of
from physsym.verify.equivalence import identical, same_law, same_rule


def assert_same_rule(
    actual: RuleText, desired: RuleText, *, given: Hypotheses = (), form: bool = False
) -> None:
    """Raise AssertionError unless two rules are the same map of their states.

    Parameters
    ----------
    actual, desired : Rule, Update, Derivation or str
        What was obtained and what is wanted. An update counts as the rule of one update, a derivation as its
        rule, and a text is read with the standard vocabulary and the symbols of the other rule.
    given : conditions, optional
        What is assumed: relations such as `0 < beta`, or texts such as "0 <= rho < 1"; several, or one.
    form : bool, optional
        Whether the updates must also be written alike: the same expressions, in the same order.

    Raises
    ------
    AssertionError
        Where the rules differ, or their equality could not be decided. The message shows the factored
        difference of each state and a point at which the new values differ.
    TypeError
        For what is no rule.

    Examples
    --------
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, x
    >>> assert_same_rule(rule({x: x - eta * G}), "x <- x - eta*grad(x)")
    >>> assert_same_rule(rule({x: x - eta * G}), "x <- x - eta*grad(x)/2")
    Traceback (most recent call last):
    AssertionError: the rules are not the same
      actual      x <- x - eta*grad(x)
      desired     x <- x - eta*grad(x)/2
      difference  x: -eta*grad(x)/2
      at          eta = 2, x = 1 with U(y) = y + y**3/3
                     actual  desired
                  x  -3      -1
    """
    __tracebackhide__ = True
    first, second = (read_rule(given, other) for given, other in ((actual, desired), (desired, actual)))
    verdict = same_rule(first, second, given)
    record("rule", verdict.outcome.value, verdict.engines)
    if not verdict:
        notes = list(twins(symbols(first), symbols(second)))
        texts = both(listed(first), listed(second))
        left, right = one_step_map(first), one_step_map(second)
        pairs = {str(s): (left[s], right[s]) for s in states(first) if s in right}
        raise AssertionError(not_same("the rules", texts, pairs, verdict, notes))
    if form and first != second:
        raise AssertionError(_of_another_form("the rules", listed(first), listed(second)))


def assert_same_law(actual: LawText, desired: LawText, *, given: Hypotheses = (), form: bool = False) -> None:
    """Raise AssertionError unless two laws consist of the same equations, each up to its sign, in any order.

    An equation times a constant other than -1 counts as another one; the message says so where that is all.

    Parameters
    ----------
    actual, desired : Law, Equation, System, Derivation or str
        What was obtained and what is wanted. An equation counts as the law of one equation, a system as its
        law of motion, a derivation as its last line, and a text is read as by `assert_same_rule`.
    given : conditions, optional
        What is assumed, as in `assert_same_rule`.
    form : bool, optional
        Whether the equations must also be written alike: the same sides, in the same order.

    Raises
    ------
    AssertionError
        Where the laws differ, or their equality could not be decided. Differences and values are those of
        left minus right of the equations that have no equal.
    TypeError
        For what is no law.

    Examples
    --------
    >>> from physsym.mechanics.system import damped_particle
    >>> assert_same_law(damped_particle, "m*dot(dot(x)) + gamma*dot(x) = -grad(x)")
    """
    __tracebackhide__ = True
    first, second = (_law(given, other) for given, other in ((actual, desired), (desired, actual)))
    verdict = same_law(first, second, given)
    record("law", verdict.outcome.value, verdict.engines)
    if not verdict:
        notes = [*twins(symbols(first), symbols(second)), *_multiples(first, second)]
        if len(first.equations) != len(second.equations):
            notes += [f"the numbers of equations are {len(first.equations)} and {len(second.equations)}"]
        texts = both(listed(first), listed(second))
        raise AssertionError(not_same("the laws", texts, _unmatched(first, second), verdict, notes))
    if form and first.equations != second.equations:
        raise AssertionError(_of_another_form("the laws", listed(first), listed(second)))


def assert_same_expression(
    actual: Exact | str, desired: Exact | str, *, given: Hypotheses = (), form: bool = False
) -> None:
    """Raise AssertionError unless two expressions are equal wherever both are defined.

    Parameters
    ----------
    actual, desired : Expr, int, Fraction or str
        What was obtained and what is wanted. A text is read as by `assert_same_rule`.
    given : conditions, optional
        What is assumed, as in `assert_same_rule`.
    form : bool, optional
        Whether the expressions must also be written alike.

    Raises
    ------
    AssertionError
        Where the expressions differ, or their equality could not be decided.
    TypeError
        For floats, which are not the numbers they print, and for what is no expression.

    Examples
    --------
    >>> from physsym.vocabulary import eta, lam
    >>> assert_same_expression((1 - eta * lam) ** 2, 1 - 2 * eta * lam + eta**2 * lam**2)
    >>> assert_same_expression((1 - eta * lam) ** 2, 1 - 2 * eta * lam + eta**2 * lam**2, form=True)
    Traceback (most recent call last):
    AssertionError: the expressions are equal, but not of the same form
      actual      (-eta*lam + 1)**2
      desired     eta**2*lam**2 - 2*eta*lam + 1
    """
    __tracebackhide__ = True
    first, second = (_expression(given, other) for given, other in ((actual, desired), (desired, actual)))
    verdict = identical(first, second, given)
    record("expression", verdict.outcome.value, verdict.engines)
    if not verdict:
        notes = list(twins(first.free_symbols, second.free_symbols))
        pairs = {"": (first, second)}
        raise AssertionError(not_same("the expressions", both([first], [second]), pairs, verdict, notes))
    if form and first != second:
        raise AssertionError(_of_another_form("the expressions", [str(first)], [str(second)]))


@dataclass(frozen=True)
class Check:
    """One thing that is verified of a derivation: its name, the verdict, and the lines that it is about."""

    name: str
    verdict: Verdict
    context: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Return what is verified, whatever the number of the step or line."""
        return f"derivation, {self.name.split()[0].removesuffix('s')}s"

    @property
    def failure(self) -> list[str]:
        """Return the check as lines of a message."""
        return [*labelled(self.name, [""]), *self.context, *verdict_lines(self.verdict)]


def checks(derivation: Derivation) -> Iterator[Check]:
    """Yield what is verified of a derivation: its start, every step, the dimensions, the assumptions.

    The start of a derivation without steps is unchecked.

    >>> from physsym.mechanics.system import damped_particle
    >>> str(next(checks(Derivation("empty", damped_particle.law(), ()))).verdict)
    "unchecked, given gamma*x'**2 >= 0: no step was checked"
    """
    lines, _ = derivation._walk
    start, *steps = derivation.verdicts()
    yield Check("start", start, tuple(labelled("line", listed(lines[0]))))
    for k, (step, verdict) in enumerate(zip(derivation.steps, steps, strict=True), 1):
        context = [f'"{step.says}"'] if step.says else []
        context = labelled("move", [*context, move_text(step.move)])
        context += labelled("above", listed(lines[k - 1])) if k <= len(lines) else []
        context += labelled("below", listed(lines[k])) if k < len(lines) else []
        yield Check(f"step {k}", verdict, tuple(context))
    for k, (line, verdict) in enumerate(zip(lines, derivation.dimensions(), strict=True)):
        yield Check(f"dimensions of line {k}", verdict, tuple(labelled("line", listed(line))))
    assumed = tuple(labelled("assumed", [str(a) for a in derivation.assumptions] or ["nothing"]))
    yield Check("assumptions", derivation.consistency(), assumed)


def assert_derivation(derivation: Derivation) -> None:
    """Raise AssertionError unless every step of a derivation holds, with dimensions and assumptions.

    Parameters
    ----------
    derivation : Derivation
        Every step must follow from the line above it, every line must have one dimension throughout, and all
        assumptions must be possible together. A derivation without steps verifies nothing, and fails.

    Raises
    ------
    AssertionError
        Where anything does not hold, or could not be decided or checked. All of it is listed.
    TypeError
        For what is no derivation.

    Examples
    --------
    >>> from physsym.mechanics.moves import Divide, Step
    >>> from physsym.mechanics.system import damped_particle
    >>> from physsym.vocabulary import gamma
    >>> assert_derivation(Derivation("one step", damped_particle.law(), (Step("Divide.", Divide(gamma)),)))
    """
    __tracebackhide__ = True
    if not isinstance(derivation, Derivation):
        raise TypeError(f"expected a Derivation, given {derivation!r} of type {type(derivation).__name__}")
    found = list(checks(derivation))
    for check in found:
        record(check.kind, check.verdict.outcome.value, check.verdict.engines)
    if failed := [check for check in found if not check.verdict]:
        what = f"the derivation {derivation.title!r} does not hold: {len(failed)} of {len(found)} checks fail"
        unchecked = [c for c in failed if c.verdict.outcome is Outcome.UNCHECKED]  # the first stands for all
        raise AssertionError(message(what, *(c.failure for c in failed if c not in unchecked[1:])))


def _unmatched(first: Law, second: Law) -> Pairs:
    """Return left minus right of the equations that have no equal, paired in order and with like signs."""
    left, right = ([e.residual for e in law.equations] for law in (first, second))
    numbered = dict(enumerate(left, 1))
    for k, residual in list(numbered.items()):
        equal = next((r for r in right if 0 in (factored(residual, r), factored(residual, -r))), None)
        if equal is not None:
            right.remove(equal)
            del numbered[k]
    return {
        f"equation {k}": (residual, min(r, -r, key=lambda side: factored(residual, side).count_ops()))
        for (k, residual), r in zip(numbered.items(), right, strict=False)
    }


def _multiples(first: Law, second: Law) -> Iterator[str]:
    """Yield a sentence for each equation of one law that is one of the other times a constant factor."""
    together = symbols(first) | symbols(second)
    moving = frozenset().union(
        *(of_name(name_and_marks(s)[0], together) for s in together if name_and_marks(s)[1])
    )
    for k, own in enumerate(first.equations, 1):
        for j, other in enumerate(second.equations, 1):
            if 0 in (own.residual, other.residual):
                continue
            ratio = cancel(expand(other.residual) / expand(own.residual))
            constant = not ratio.has(*OPAQUE) and not ratio.free_symbols & moving
            if constant and ratio.is_nonzero and ratio not in (1, -1):
                yield (
                    f"equation {k} of actual multiplied by {ratio} is equation {j} of desired; "
                    "equations count as the same up to their sign alone, so multiply one of them"
                )


def _of_another_form(what: str, actual: Sequence[str], desired: Sequence[str]) -> str:
    return message(f"{what} are equal, but not of the same form", both(actual, desired))


def read_rule(given: RuleText, other: object = None) -> Rule:
    """Return the rule of an argument; a text is read with the symbols of the other side."""
    return as_rule(_read(given, other))


def _law(given: LawText, other: object) -> Law:
    value: Any = _read(given, other)
    return as_law(value.lines[-1] if isinstance(value, Derivation) else value)  # type: ignore[arg-type]


def _expression(given: object, other: object) -> Expr:
    value = _read(given, other)
    if isinstance(value, (Equation, Update, Law, Rule)):
        raise TypeError(f"expected an expression, given {value}; compare with assert_same_rule or _law")
    return exact(value)


def _read(given: Any, other: object) -> Any:
    """Return what a text states, in the symbols of the other side where these have its names."""
    if not isinstance(given, str):
        return given
    if isinstance(other, Expr):
        found = other.free_symbols
    elif other is None or isinstance(other, (str, int, Fraction)):
        found = frozenset()
    else:
        found = symbols(other.lines[-1] if isinstance(other, Derivation) else as_statement(other))  # type: ignore[arg-type]
    return read_text(given, vocabulary_of(found))
