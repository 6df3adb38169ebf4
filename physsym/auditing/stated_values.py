"""Numbers that the prose beside a formula gives to its letters, as in "with $n = 1$ and $a = 2$"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, product, takewhile

from sympy import Expr, Rational, expand, nan, zoo

from physsym.auditing.comparisons import Comparison, compared, where_it_fails
from physsym.auditing.judgements import Judgement, failing
from physsym.auditing.sheet import ARROWS, EQUAL, ReadFormula, is_sequence, simplest_forms, special_values_of
from physsym.auditing.texts import Formula
from physsym.auditing.unknowns import in_unknowns
from physsym.core.verdicts import Condition

_LINES = 4  # of a paragraph, between a formula and what is still beside it
_COMBINATIONS = 8
_IN_WORDS = re.compile(r"(?<![\w.^])([^\W\d]\w*)\s*=\s*(-?\d+(?:\.\d+)?)(?!\.?\w|\s*[/*^+(-]|\s+[^\W\d]\b)")

Values = Mapping[str, tuple[Expr, ...]]


def values_beside(formulas: Sequence[ReadFormula], place: int) -> Values:
    """Return the numbers that a formula, the sentences and the inline formulas beside it give to letters."""
    read = formulas[place]
    found: dict[str, tuple[Expr, ...]] = {}
    for name, value in (*_of_sentences(read), *_of_formulas(_beside(formulas, place))):
        found[name] = tuple(dict.fromkeys((*found.get(name, ()), value)))
    return found


def stated_before(formulas: Sequence[ReadFormula], formula: Formula) -> Iterator[tuple[str, Expr]]:
    """Yield the names to which the text before a formula gives a single value, as in "with $a = 2$".

    A value in the sentence of the formula comes before those of sentences above it.
    """
    here = stated_in_sentence(formulas, formula)
    yield from ((name, values[0]) for name, values in here.items() if len(values) == 1)
    said = [(name, Rational(number)) for name, number in _IN_WORDS.findall(formula.before)]
    said += _special_values(_inline_before(formulas, formula))
    for name, value in dict.fromkeys(reversed(said)):
        if name not in here and all(other == value for again, other in said if again == name):
            yield name, value


def stated_in_sentence(formulas: Sequence[ReadFormula], formula: Formula) -> Values:
    """Return the numbers that the sentence of a formula gives to letters before it."""
    inline = (
        read for read in _inline_before(formulas, formula) if f"${read.formula.text}$" in formula.sentence
    )
    words = re.sub(r"\$+[^$]*\$+", "$", formula.sentence)
    found: dict[str, tuple[Expr, ...]] = {}
    for name, value in (
        *_special_values(reversed([*inline])),
        *((n, Rational(v)) for n, v in _IN_WORDS.findall(words)),
    ):
        found[name] = tuple(dict.fromkeys((*found.get(name, ()), value)))
    return found


def _inline_before(formulas: Sequence[ReadFormula], formula: Formula) -> Iterator[ReadFormula]:
    """Yield the inline formulas shortly before a formula, the nearest first."""
    place = next((k for k, read in enumerate(formulas) if read.formula == formula), 0)
    yield from _near(formulas[place], reversed(formulas[:place])) if formulas else ()


def _special_values(formulas: Iterable[ReadFormula]) -> list[tuple[str, Expr]]:
    """Return the letters that formulas say to be numbers, as x = 2 does; what a step leads to is not said."""
    said = (r for r in formulas if not any(re.search(sign, r.formula.text) for _, sign in ARROWS))
    stated = (f for read in said for m in read.meanings[:1] for f in special_values_of(read.formula, m))
    return [(str(f.left), f.right) for f in stated]


def at_values_of_the_sentence(
    left: Expr,
    right: Expr,
    formulas: Sequence[ReadFormula],
    formula: Formula,
    given: Sequence[Condition] = (),
) -> Judgement | None:
    """Return what is said of sides that are numbers by the values in the sentence of a formula, else None.

    Older values of the text, of which another line may have been said, are of other cases.
    """
    sides = in_unknowns(left, right).expressions
    letters = {s for side in sides for s in side.free_symbols}
    values = stated_in_sentence(formulas, formula) if letters else {}
    if not letters or not all(s.name in values for s in letters):
        return None
    if any(len(values[s.name]) > 1 for s in letters):
        return Judgement("undecided", "its sentence gives several values of a letter")
    put = {s: values[s.name][0] for s in letters}
    one, other = (side.xreplace(put) for side in sides)
    at = " and ".join(f"{s} = {put[s]}" for s in sorted(letters, key=str))
    if one.has(zoo, nan) or other.has(zoo, nan):
        return None
    if (found := compared(one, other, given)).holds:
        return Judgement("conditional", f"holds if {at}", verdict=found.verdict)
    return Judgement("undecided", f"at {at} of its sentence the sides are {one} and {other}")


def _beside(formulas: Sequence[ReadFormula], place: int) -> Iterator[ReadFormula]:
    """Yield a formula and the inline ones around it, up to the next displayed one or the next paragraph."""
    read = formulas[place]
    yield read
    yield from _near(read, reversed(formulas[:place]))
    yield from _near(read, formulas[place + 1 :])


def _near(read: ReadFormula, others: Iterable[ReadFormula]) -> Iterator[ReadFormula]:
    """Yield the inline formulas that stand beside one, of others in their order."""
    start = _line(read.formula)
    end = start + read.formula.text.count("\n")

    def is_near(other: ReadFormula) -> bool:
        formula = other.formula
        together = (formula.section, formula.cell) == (read.formula.section, read.formula.cell)
        return together and not formula.display and start - _LINES <= _line(formula) <= end + _LINES

    return takewhile(is_near, others)


def _line(formula: Formula) -> int:
    """Return the line, in a notebook that of the cell."""
    return formula.cell_line or formula.line


def _of_formulas(formulas: Iterator[ReadFormula]) -> Iterator[tuple[str, Expr]]:
    """Yield the letters that are said to be numbers, as both in a = b = 1."""
    for chain in (c for read in formulas for meaning in read.meanings for c in meaning.chains):
        *names, value = simplest_forms(chain.sides)
        if names and value.is_number and all(relation in EQUAL for relation in chain.relations):
            plain = (in_unknowns(n).expressions[0] for n in names if n.is_Symbol or is_sequence(n))
            yield from ((str(name), value) for name in plain)


def _of_sentences(read: ReadFormula) -> Iterator[tuple[str, Expr]]:
    for sentence in (read.formula.before, read.formula.after):
        yield from ((name, Rational(number)) for name, number in _IN_WORDS.findall(sentence))


def differing(
    found: Comparison,
    values: Values,
    given: Sequence[Condition] = (),
    uses: tuple[Formula, ...] = (),
    than: str = "",
) -> Judgement:
    """Return that two sides differ: a note where they may be equal at values that the prose states."""
    one, other = found.sides.expressions[:2]
    letters = sorted((s for s in one.free_symbols | other.free_symbols if s.name in values), key=str)
    says = ""
    for numbers in islice(product(*(values[s.name] for s in letters)), _COMBINATIONS if letters else 0):
        put = dict(zip(letters, numbers, strict=True))
        left, right = one.xreplace(put), other.xreplace(put)
        if left.has(zoo, nan) or right.has(zoo, nan):
            continue
        at = " and ".join(f"{letter} = {number}" for letter, number in put.items())
        if compared(left, right, given).holds:
            says = f"holds at {at}, not for all values"
            break
        gap = expand(left - right)
        if gap.is_Add and gap.free_symbols:  # one term alone vanishes where a letter does, which nobody means
            names = " and ".join(sorted(map(str, gap.free_symbols)))
            says = f"at {at} it is an equation for {names}, and may hold there; not for all values"
    if not says:
        return failing(found, uses, than)
    return Judgement("note", says, where_it_fails(found), uses, found.verdict)
