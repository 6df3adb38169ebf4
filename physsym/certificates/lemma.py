"""Lemmas: what a certificate says of one part of a step, under which hypotheses, and how it is proved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain
from typing import Literal

from sympy import Expr, Pow, Symbol, preorder_traversal

from physsym.certificates.formula import Formula, Map, Relation, expressions, free_symbols
from physsym.core.signs import signs

Kind = Literal["algebra", "flow", "limit", "attraction", "order", "inequality"]


class Refusal(Exception):
    """A step, or a part of one, that is not written as a lemma; the message is the reason."""


@dataclass(frozen=True)
class Proof:
    """One tactic of the library with its hints, which nobody needs to trust: a wrong one proves nothing.

    A hint may be a tactic with hints of its own; text stands for itself.
    """

    tactic: str
    hints: tuple[Expr | Map | Proof | str, ...] = ()

    @property
    def terms(self) -> tuple[Expr | Map, ...]:
        """Return the formulas among the hints, at any depth."""
        nested = (h.terms if isinstance(h, Proof) else (h,) for h in self.hints if not isinstance(h, str))
        return tuple(chain.from_iterable(nested))


@dataclass(frozen=True)
class Lemma:
    """Hypotheses and the conclusion that follows from them for all reals.

    `line` holds equations that are no hypotheses, but must be possible together with these; without them an
    equivalence of two impossible lines would be certified.
    """

    kind: Kind
    says: str
    hypotheses: tuple[Formula, ...]
    conclusion: Formula
    proof: Proof
    line: tuple[Relation, ...] = field(default=())


def lemma(
    kind: Kind,
    says: str,
    conclusion: Formula,
    proof: Proof,
    given: Iterable[Formula] = (),
    line: Iterable[Relation] = (),
    nonzero: Iterable[Expr] = (),
    signed: Iterable[Symbol] | None = None,
) -> Lemma:
    """Return a lemma with the signs of its symbols and its nonzero denominators as hypotheses.

    Parameters
    ----------
    kind
        What the lemma is about.
    says
        The statement in words.
    conclusion
        The formula that follows.
    proof
        The tactic that proves it.
    given
        Hypotheses.
    line
        Equations that are not hypotheses, but must be consistent with them.
    nonzero
        Further expressions that must not vanish.
    signed
        The symbols whose signs are assumed; by default all.

    Returns
    -------
    Lemma
        The lemma.
    """
    formulas = (*given, *line, conclusion)
    free = frozenset[Symbol]().union(*map(free_symbols, formulas), *(e.free_symbols for e in nonzero))
    divided = [d for part in formulas for e in expressions(part) for d in denominators(e)]
    needed = [d for d in dict.fromkeys((*divided, *nonzero)) if 0 in signs(d) and d.free_symbols <= free]
    known = free if signed is None else free & set(signed)
    own = (
        *(s for f in sorted(known, key=str) for s in _sign(f)),
        *(Relation(d, "<>", 0 * d) for d in needed),
    )
    return Lemma(kind, says, (*own, *given), conclusion, proof, tuple(line))


def _sign(symbol: Symbol) -> Iterable[Relation]:
    zero = symbol * 0
    if symbol.is_positive:
        yield Relation(zero, "<", symbol)
    elif symbol.is_negative:
        yield Relation(symbol, "<", zero)
    else:
        if symbol.is_nonnegative:
            yield Relation(zero, "<=", symbol)
        if symbol.is_nonpositive:
            yield Relation(symbol, "<=", zero)
        if symbol.is_nonzero:
            yield Relation(symbol, "<>", zero)


def denominators(expression: Expr) -> list[Expr]:
    """Return what an expression divides by, as it is written."""
    found = (e.base for e in preorder_traversal(expression) if isinstance(e, Pow) and e.exp.is_negative)
    return [base for base in dict.fromkeys(found) if not base.is_number]
