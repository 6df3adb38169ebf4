"""The messages of failed assertions: what was given and wanted, the difference, and a point that shows it."""

from __future__ import annotations

import random
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from fractions import Fraction
from itertools import islice

import flint
from sympy import Expr, Symbol, expand, factor
from sympy.polys.polyerrors import PolynomialError

from physsym.core.escapes import visible
from physsym.core.statements import Statement
from physsym.core.symbols import OPAQUE
from physsym.core.verdicts import Outcome, Verdict
from physsym.mechanics.moves import Move
from physsym.verify.engines.evaluation import (
    POTENTIAL,
    PRECISION,
    Number,
    Values,
    as_ball,
    sample_points,
    value,
)
from physsym.verify.engines.laurent import UndecidedError

WIDTH = 92  # pytest adds "E   " in front, and a terminal has usually 100 columns or more
_LABEL = 12
_FACTORED = 400  # operations in a difference that is still factored
_POINTS = 32
_GOOD = 12  # exact points among which the shortest is shown
_SMALL = (Fraction(1), Fraction(2), Fraction(3), Fraction(1, 2))

Pairs = Mapping[str, tuple[Expr, Expr]]  # what is compared, by name: the actual and the desired expression


def message(headline: str, *blocks: Sequence[str]) -> str:
    """Return a headline and indented blocks of lines as one text."""
    return "\n".join([headline, *(f"  {line}" for block in blocks for line in block)])


def labelled(label: str, parts: Iterable[object]) -> list[str]:
    """Return parts as lines beside a label, each wrapped where it is too wide.

    Control characters are written as escapes.

    >>> labelled("actual", ["u <- rho*u", "x <- x + u+"])
    ['actual      u <- rho*u', '            x <- x + u+']
    """
    wrap = textwrap.TextWrapper(
        WIDTH - _LABEL, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )
    lines = [line for part in parts for line in wrap.wrap(visible(part)) or [""]]
    return [f"{label if k == 0 else '':{_LABEL}}{line}".rstrip() for k, line in enumerate(lines)]


def listed(statement: Statement) -> list[str]:
    """Return the equations or updates of a statement, one text each."""
    return list(statement.sentences)


def both(actual: Iterable[object], desired: Iterable[object]) -> list[str]:
    """Return what was given and what was wanted, as lines."""
    return [*labelled("actual", actual), *labelled("desired", desired)]


def factored(actual: Expr, desired: Expr) -> Expr:
    """Return actual minus desired, multiplied out inside of gradients and factored as a whole.

    >>> from physsym.vocabulary import G, eta, rho
    >>> factored(-eta * (1 - rho) * G, -eta * G)
    eta*rho*grad(x)
    """
    difference = _expanded(actual - desired)
    if difference.count_ops() > _FACTORED:
        return difference
    try:
        return factor(difference)
    except PolynomialError:
        return difference


def _expanded(expression: Expr) -> Expr:
    """Multiply out, inside of the evaluation points of opaque functions too."""
    inside = {f: f.func(*map(_expanded, f.args)) for f in expression.atoms(*OPAQUE)}
    return expand(expression.xreplace(inside))


def differences(pairs: Pairs) -> list[str]:
    """Return the factored difference of each pair that has one."""
    found = {name: factored(*pair) for name, pair in pairs.items()}
    parts = [f"{name}: {d}" if name else str(d) for name, d in found.items() if d != 0]
    return labelled("difference", parts) if parts else []


def counterexample(pairs: Pairs, verdict: Verdict) -> list[str]:
    """Return a point within the declared signs at which the pairs differ, and both values of each.

    Where none is found among some, the witness of the verdict is shown, if it has one.
    """
    found = parting_point(list(pairs.values()))
    if found is None:
        return labelled("witness", [verdict.witness]) if verdict.witness else []
    at, values = found
    opaque = f" with {POTENTIAL}" if any(e.has(*OPAQUE) for pair in pairs.values() for e in pair) else ""
    where = ", ".join(f"{s} = {n}" for s, n in at.items()) or "every point"
    rows = [("", "actual", "desired")]
    rows += [(n, shown(p[0]), shown(p[1])) for n, p in zip(pairs, values, strict=True) if p is not None]
    named, first = (max(len(row[k]) for row in rows) for k in range(2))
    column = named + 2 if named else 0
    table = [f"{'':{_LABEL}}{name:{column}}{left:{first}}  {right}" for name, left, right in rows]
    return [*labelled("at", [where + opaque]), *table]


def shown(number: Number) -> str:
    """Return a number as text: a fraction exactly, a ball of reals by its first digits."""
    return str(number) if isinstance(number, Fraction) else f"{number.str(12, radius=False)}..."


def parting_point(
    pairs: Sequence[tuple[Expr, Expr]],
) -> tuple[Values, list[tuple[Number, Number] | None]] | None:
    """Return a point with the declared signs at which some pair differs, with all values; else None.

    Points at which all values are fractions are preferred, and of those the one that is shortest to read. A
    pair that has no value at the point has None instead.

    >>> from physsym.vocabulary import eta, x
    >>> parting_point([(x + eta, x)])
    ({eta: Fraction(2, 1), x: Fraction(1, 1)}, [(Fraction(3, 1), Fraction(1, 1))])
    """
    names = frozenset[Symbol]().union(*(e.free_symbols for pair in pairs for e in pair))
    with flint.ctx.workprec(PRECISION):
        tried = ((at, [_values(*pair, at) for pair in pairs]) for at in _tried(names))
        parted = [
            (at, values) for at, values in tried if any(pair is not None and _apart(*pair) for pair in values)
        ]
    exact = [p for p in parted if all(pair and _is_exact(pair) for pair in p[1])]
    return min(islice(exact, _GOOD) if exact else parted, key=_length, default=None)


def _tried(names: Iterable[Symbol]) -> Iterator[Values]:
    """Yield points with the declared signs: first of small numbers, then those of the engines."""
    ordered = sorted(names, key=str)
    for attempt in range(_POINTS):
        chance = random.Random(attempt)
        yield {s: _small(s, chance, attempt) for s in ordered}
    for at in sample_points(ordered, _POINTS):
        if all(n.denominator == 1 for s, n in at.items() if s.is_integer):
            yield at


def _small(symbol: Symbol, chance: random.Random, attempt: int) -> Fraction:
    number = Fraction(chance.randrange(1, 4 + attempt)) if symbol.is_integer else chance.choice(_SMALL)
    negative = symbol.is_nonpositive or (
        not symbol.is_nonnegative and symbol.name != "rho" and chance.random() < 0.25
    )
    return -number if negative else number


def _values(actual: Expr, desired: Expr, at: Values) -> tuple[Number, Number] | None:
    try:
        return value(actual, at), value(desired, at)
    except (UndecidedError, ArithmeticError, KeyError, ValueError):
        return None


def _is_exact(pair: Sequence[Number]) -> bool:
    return all(isinstance(n, Fraction) for n in pair)


def _apart(left: Number, right: Number) -> bool:
    return bool(left != right) if _is_exact((left, right)) else not as_ball(left).overlaps(as_ball(right))


def _length(found: tuple[Values, list[tuple[Number, Number] | None]]) -> tuple[bool, int]:
    """Return what makes a point hard to read: a rho outside of [0, 1), zeros, and long numbers."""
    at, values = found
    unusual = any(s.name == "rho" and not 0 < n < 1 for s, n in at.items())
    numbers = [*at.values(), *(n for pair in values if pair for n in pair)]
    return unusual, sum(len(shown(n)) for n in numbers) + 3 * sum(n == 0 for n in at.values())


def twins(actual: Iterable[Symbol], desired: Iterable[Symbol]) -> Iterator[str]:
    """Yield a sentence for each name that two symbols of different assumptions share."""
    by_name = {s.name: s for s in actual}
    for other in sorted(set(desired), key=str):
        own = by_name.get(other.name)
        if own is not None and own != other:
            yield f"{own} is two symbols: {_assumptions(own)} in actual, {_assumptions(other)} in desired"


def _assumptions(symbol: Symbol) -> str:
    facts = sorted(fact for fact, true in symbol._assumptions_orig.items() if true)
    return " and ".join(facts) or "without assumptions"


def doubts(verdict: Verdict) -> list[str]:
    """Return why a verdict does not hold, where a difference alone does not say it."""
    lines = labelled("conditions", verdict.assumes) if verdict.assumes else []
    return lines if verdict.outcome is Outcome.FAILS else [*lines, *labelled("evidence", verdict.evidence)]


def headline(what: str, verdict: Verdict) -> str:
    """Return the first line of a failure: that things differ, are equal only conditionally, or undecided.

    >>> headline("the rules", Verdict(Outcome.FAILS))
    'the rules are not the same'
    """
    if verdict.outcome is Outcome.FAILS:
        return f"{what} are not the same"
    if verdict.outcome is Outcome.CONDITIONAL:
        return f"{what} are the same only under conditions"
    return f"it could not be decided whether {what} are the same"


def not_same(what: str, texts: Sequence[str], pairs: Pairs, verdict: Verdict, notes: Iterable[str]) -> str:
    """Return the message for two things that were not found to be the same; `texts` shows both."""
    note = labelled("note", list(notes))
    difference = differences(pairs)
    refuted = counterexample(pairs, verdict) if verdict.outcome is not Outcome.CONDITIONAL else []
    why = doubts(verdict) if difference else labelled("evidence", verdict.evidence)
    return message(headline(what, verdict), texts, difference, refuted, why, note)


def move_text(move: Move) -> str:
    """Return a move as a short call, integrators by their names.

    >>> from physsym.mechanics.moves import Limit
    >>> from physsym.vocabulary import tau
    >>> move_text(Limit(tau))
    'Limit(tau, 0)'
    >>> move_text(Limit(tau, 0, "+"))
    "Limit(tau, 0, '+')"
    """
    values = (getattr(move, f.name) for f in fields(move))
    texts = (repr(v) if isinstance(v, str) else str(getattr(v, "name", v)) for v in values if v is not None)
    given = ", ".join(texts)
    return f"{type(move).__name__}({given})"


def verdict_lines(verdict: Verdict) -> list[str]:
    """Return a verdict as lines: outcome, evidence, assumptions, witness, the engines consulted."""
    lines = labelled(verdict.outcome.value, verdict.evidence or ("",))
    lines += labelled("assuming", verdict.assumes) if verdict.assumes else []
    lines += labelled("witness", [verdict.witness]) if verdict.witness else []
    return lines + (labelled("engines", [", ".join(verdict.engines)]) if verdict.engines else [])
