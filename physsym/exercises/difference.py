"""A line beside what its move gives: where the two differ, by how much, and at which point."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from sympy import Expr, PolynomialError, cancel, factor

from physsym.core.motion import moving_parts
from physsym.core.statements import Equation, Law, Rule, Statement, one_step_map
from physsym.core.symbols import after
from physsym.core.verdicts import is_failure
from physsym.derivation import Derivation
from physsym.verify import identical

_MOST_OPERATIONS = 400  # of a difference that is still factored


@dataclass(frozen=True)
class Difference:
    """Where a line and the one that is due differ.

    Parameters
    ----------
    what
        What differs, in words, such as "the new value of u".
    given, due
        Its two expressions; for an equation, left side minus right side. None where one line lacks it.
    difference
        The first minus the second, as a product where it is one.
    witness
        A point at which both were evaluated, and their values, in exact fractions where possible.
    ratio
        The constant factor between the two, if the first is a multiple of the second.
    """

    what: str
    given: Expr | None = None
    due: Expr | None = None
    difference: Expr | None = None
    witness: str = ""
    ratio: Expr | None = None

    def __str__(self) -> str:
        if self.difference is None:
            return f"{self.what} is {'missing' if self.given is None else 'not due'}"
        many = f": it is {self.ratio} times what is due" if self.ratio is not None else ""
        return f"{self.what} differs by {self.difference}{many}"


def line_of_move(derivation: Derivation, number: int) -> Statement | None:
    """Return the line that a step is due to give: the author's if it holds, else what the move proposes.

    Parameters
    ----------
    derivation
        The derivation.
    number
        The number of the step, from 1.

    Returns
    -------
    Law, Rule or None
        None where the move cannot be carried out, or the check of the move refuses what it proposes.
    """
    lines, _ = derivation._walk
    if number < len(lines) and not is_failure(derivation.verdicts()[number]):
        return lines[number]
    if number > len(lines):
        return None
    kept = derivation.steps[: number - 1]
    proposing = replace(derivation, steps=(*kept, replace(derivation.steps[number - 1], gives=None)))
    try:
        lines = proposing.lines
    except ValueError:
        return None
    return None if is_failure(proposing.verdicts()[number]) else lines[number]


def differences(
    given: Statement, due: Statement, definitions: Iterable[Equation] = ()
) -> tuple[Difference, ...]:
    """Return where a line differs from the one that is due, in the order of the latter.

    Updates of a rule are compared with the new values that are due substituted: of two updates, of which one
    reads the other's new value, only that which is wrong is listed. Equations of a law may be in any order,
    and with both sides exchanged.

    Parameters
    ----------
    given, due
        Two laws, or two rules.
    definitions
        What names stand for: lines that differ in these names alone do not differ.

    Returns
    -------
    tuple of Difference
        Empty where no difference is found, which is no proof that there is none.

    Examples
    --------
    >>> from physsym.parsing import read
    >>> due = read("u <- rho*u - eta*G; x <- x + u+")
    >>> for found in differences(read("u <- rho*u + eta*G; x <- x + u+"), due):
    ...     print(found)
    the new value of u differs by 2*eta*grad(x)
    """
    if isinstance(given, Rule) and isinstance(due, Rule):
        found = _between_rules(given, due)
    elif isinstance(given, Law) and isinstance(due, Law):
        found = _between_laws(given, due)
    else:
        return ()
    meant: dict[Expr, Expr] = {d.left: d.right for d in definitions}
    return tuple(d for d in found if not _vanishes(d, meant))


def _vanishes(difference: Difference, meant: Mapping[Expr, Expr]) -> bool:
    """Return whether two expressions are the same once names are replaced by what they stand for."""
    if not meant or difference.given is None or difference.due is None:
        return False
    given, due = difference.given, difference.due
    for _ in meant:  # a definition may read the name of an earlier one
        given, due = given.xreplace(meant), due.xreplace(meant)
    return bool(identical(given, due))


def _between_rules(given: Rule, due: Rule) -> Iterator[Difference]:
    expected = one_step_map(due)
    new = {after(state): value for state, value in expected.items()}
    found = {u.target: u.value.xreplace(new) for u in given.updates}
    for state in due.targets:
        if state not in found:
            yield Difference(f"the new value of {state}", due=expected[state])
        else:
            yield from _between(f"the new value of {state}", found[state], expected[state], due)
    for state in given.targets:
        if state not in expected:
            yield Difference(f"the new value of {state}", given=found[state])


def _between_laws(given: Law, due: Law) -> Iterator[Difference]:
    left = [e.residual for e in given.equations]
    unmatched = list[Expr]()
    for residual in (e.residual for e in due.equations):
        same = next((o for o in left if identical(o, residual) or identical(-o, residual)), None)
        if same is None:
            unmatched.append(residual)
        else:
            left.remove(same)
    for k, residual in enumerate(unmatched):
        what = "the equation" if len(due.equations) == 1 else f"the equation {residual} = 0"
        if k >= len(left):
            yield Difference(what, due=residual)
            continue
        signed = min((left[k], -left[k]), key=lambda e: (e - residual).count_ops())
        yield from _between(what, signed, residual, due)
    for residual in left[len(unmatched) :]:
        yield Difference(f"the equation {residual} = 0", given=residual)


def _between(what: str, given: Expr, due: Expr, line: Statement) -> Iterator[Difference]:
    verdict = identical(given, due)
    if verdict:
        return
    yield Difference(
        what, given, due, _factored(given - due), verdict.witness, _constant_ratio(given, due, line)
    )


def _factored(difference: Expr) -> Expr:
    """Return a difference as a product where it is one; SymPy proposes it, the engines decide."""
    if difference.count_ops() > _MOST_OPERATIONS:
        return difference
    try:
        found = factor(difference)
    except (PolynomialError, NotImplementedError, TypeError, ValueError):
        return difference
    return found if identical(found, difference) else difference


def _constant_ratio(given: Expr, due: Expr, line: Statement) -> Expr | None:
    """Return the constant by which an expression is a multiple of another one, if it is."""
    if given.count_ops() + due.count_ops() > _MOST_OPERATIONS:
        return None
    try:
        ratio = cancel(given / due)
    except (PolynomialError, NotImplementedError, TypeError, ValueError, ZeroDivisionError):
        return None
    if (not ratio.is_finite and not ratio.free_symbols) or moving_parts(ratio, line):
        return None
    return ratio if identical(given, ratio * due) else None
