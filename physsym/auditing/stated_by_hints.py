"""What hints state: conditions, whole numbers and definitions, which hold to the next heading."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from sympy import Expr, Symbol

from physsym.auditing.hints import FUNCTION_DEFINED, declared_arrays, parts_of, refusal
from physsym.auditing.sheet import (
    Fact,
    is_name,
    is_sequence,
    left_occurs,
    links,
    names_in,
)
from physsym.auditing.texts import Formula, Hint
from physsym.core.statements import Equation
from physsym.core.verdicts import Condition, Outcome
from physsym.parsing.meanings import Meaning
from physsym.parsing.reader import read
from physsym.parsing.tokens import ReadError
from physsym.verify.conditions import conditions_of, consistent, vocabulary_of


def _other_names(text: str, symbols: Iterable[Symbol]) -> Iterator[Symbol]:
    """Yield a real symbol for each name of a text that no symbol has: it may occur in another formula."""
    names = {s.name for s in symbols}
    yield from (Symbol(n, real=True) for n in re.findall(r"[^\W\d]\w*", text) if n not in names)


_SPELLED = {"epsilon": "eps", "varepsilon": "eps", "lambda": "lam", "eps": "epsilon", "lam": "lambda"}


def _in_letters_of(condition: Condition, known: Iterable[Symbol]) -> Condition:
    """Return a condition on the letters of a formula, where a hint spells their names otherwise."""
    named = {s.name: s for s in known}
    put = {
        s: named[other]
        for s in condition.expression.free_symbols
        if s.name not in named and (other := _SPELLED.get(s.name, "")) in named
    }
    return replace(condition, expression=condition.expression.xreplace(put))


def conditions_given(hints: Sequence[Hint], expressions: Sequence[Expr]) -> tuple[Condition, ...]:
    """Return the conditions that the hints `given` state, the whole numbers aside."""
    found: list[Condition] = []
    known_symbols = frozenset[Symbol]().union(*(e.free_symbols for e in expressions))
    for hint in (h for h in hints if h.keyword == "given"):
        arrays = declared_arrays(hint.argument)
        for at, part in parts_of(hint.argument):
            if re.search(r"\bwhole\b", part) or part.partition(" ")[0] in arrays:
                continue
            try:
                stated = conditions_of(part, {*known_symbols, *_other_names(part, known_symbols)})
                found += [_in_letters_of(c, known_symbols) for c in stated]
            except ReadError as error:
                where = ReadError(error.message, hint.argument, min(at + error.position, len(hint.argument)))
                raise refusal(hint, str(where)) from None
            verdict = consistent(tuple(dict.fromkeys(found)))
            if verdict.outcome is Outcome.FAILS:
                says = f"{verdict.evidence[0]}; from that anything would follow: take one of them back"
                raise refusal(hint, str(ReadError(says, hint.argument, at)))
    return tuple(dict.fromkeys(found))


def whole_numbers(hints: Sequence[Hint]) -> frozenset[str]:
    """Return the names that hints say to be whole numbers."""
    parts = [p for h in hints if h.keyword == "given" for p in h.argument.split(",")]
    return frozenset(
        w for p in parts if re.search(r"\bwhole\b", p) for w in re.sub(r"\bwhole\b", "", p).split()
    )


def defined(
    hints: Sequence[Hint],
    formula: Formula,
    expressions: Sequence[Expr],
    stated: Sequence[tuple[Hint, Meaning]] = (),
) -> Iterator[Fact]:
    """Yield the definitions that hints state; `stated` has those that are in the notation of the formula."""
    known_symbols = frozenset[Symbol]().union(*(e.free_symbols for e in expressions))
    in_notation = dict(stated)
    for hint in (h for h in hints if h.keyword == "define"):
        if hint in in_notation:
            left, right = _sides(hint, in_notation[hint])
        else:
            left, right = _read_sides(hint, known_symbols)
        if not (is_name(left) or is_sequence(left)):
            raise refusal(hint, f"{left} is no name that can be defined")
        if left_occurs(left, right):
            raise refusal(hint, f"{left} occurs on both sides; define it by other names")
        at = replace(formula, line=hint.line, cell=hint.cell, cell_line=hint.cell_line)
        yield Fact(left, right, at, True, "definition", names_in(left, right))


def _sides(hint: Hint, meaning: Meaning) -> tuple[Expr, Expr]:
    """Return both sides of a definition that was read in the notation of the text."""
    if len(meaning.chains) == 1 and meaning.chains[0].relations in (("=",), (":=",)):
        ((left, right, _),) = links(meaning.chains[0])
        return left, right
    raise refusal(hint, "a definition is an equation, such as `define eta = dt/gamma`")


def _read_sides(hint: Hint, known_symbols: frozenset[Symbol]) -> tuple[Expr, Expr]:
    """Return both sides of a definition in plain text."""
    if FUNCTION_DEFINED.match(hint.argument):
        says = "a hint defines a name; write a function as a formula of the text, before what it is used in"
        raise refusal(hint, says)
    try:
        found = read(hint.argument, vocabulary_of(known_symbols), unknown="real")
    except ReadError as error:
        raise refusal(hint, str(error)) from None
    if not isinstance(found, Equation):
        raise refusal(hint, "a definition is an equation, such as `define eta = dt/gamma`")
    # A symbol of the vocabulary is another one than that of its name in the text.
    foreign = (found.left.free_symbols | found.right.free_symbols) - known_symbols
    own = {s: Symbol(s.name, real=True) for s in foreign}
    return found.left.xreplace(own), found.right.xreplace(own)
