"""Lemmas for inequalities: friction dissipates, symbols have their signs, fractions lie in [0, 1)."""

from __future__ import annotations

from typing import Literal

import sympy
from sympy import Expr, Integer, exp

from physsym.certificates.formula import All, Formula, Iff, Relation
from physsym.certificates.lemma import Lemma, Proof, Refusal, lemma
from physsym.certificates.meaning import never_holds
from physsym.core.signs import EXCLUDED, signs
from physsym.core.verdicts import Condition
from physsym.mechanics.moves import Define

ZERO = Integer(0)
_KINDS = ("integer", "rational", "irrational", "even", "odd", "prime", "composite")
_DECLARED: tuple[tuple[int, Literal["= 0", "!= 0", "> 0", ">= 0"], frozenset[int]], ...] = (
    (1, "> 0", frozenset({1})),
    (-1, "> 0", frozenset({-1})),
    (1, ">= 0", frozenset({0, 1})),
    (-1, ">= 0", frozenset({-1, 0})),
    (1, "!= 0", frozenset({-1, 1})),
    (1, "= 0", frozenset({0})),
)


def taken_for_granted(condition: Condition) -> Lemma:
    """Return the lemma of a condition that a law brings along, such as that friction dissipates.

    Raises Refusal where it does not follow from the signs of its symbols.
    """
    if never_holds(condition):
        raise Refusal(f"{condition} is assumed, and never holds with the declared signs")
    if signs(condition.expression) & EXCLUDED[condition.relation]:
        raise Refusal(f"{condition} is assumed: it does not follow from the signs of the symbols")
    relation = {
        "= 0": Relation(condition.expression, "=", ZERO),
        "!= 0": Relation(condition.expression, "<>", ZERO),
        "> 0": Relation(ZERO, "<", condition.expression),
        ">= 0": Relation(ZERO, "<=", condition.expression),
    }[condition.relation]
    return lemma("inequality", f"{condition}", relation, Proof("sign_of_form"))


def sign_of_symbol(move: Define) -> Lemma:
    """Return the lemma that the value of a new name has the sign that the name is declared to have.

    Raises Refusal where that does not follow from the signs of the symbols: then it is assumed. No lemma is
    about whole numbers and their kin.
    """
    name, value = move.symbol, move.value
    for kind in _KINDS:
        if getattr(name, f"is_{kind}") and not getattr(value, f"is_{kind}"):
            raise Refusal(f"{name} is declared {kind}, which no lemma says of {value}")
    own = signs(name)
    (condition,) = (Condition(sign * value, relation) for sign, relation, s in _DECLARED if s == own)
    return taken_for_granted(condition)


def unit_range(move: Define) -> Lemma:
    """Return the lemma that gives the condition for 0 <= symbol < 1, in terms of numerator and denominator.

    Raises Refusal where its value is neither a fraction with a denominator of known sign nor an exponential.
    """
    value = move.value
    between = All((Relation(ZERO, "<=", value), Relation(value, "<", Integer(1))))
    says = f"when 0 <= {value} < 1"
    if isinstance(value, exp):
        above, below = _fraction(-value.args[0])
        parts: Formula = Relation(ZERO, "<", above)
        return _iff(says, between, parts, Proof("exp_in_range", (above, below)), below)
    above, below = _fraction(value)
    rest = sympy.expand(below - above)
    parts = All((Relation(ZERO, "<=", above), Relation(ZERO, "<", rest)))
    return _iff(says, between, parts, Proof("fraction_in_range", (above, below, rest)), below)


def _iff(says: str, between: Formula, parts: Formula, proof: Proof, below: Expr) -> Lemma:
    # Only the sign of the denominator is assumed: the others are what the lemma is about.
    return lemma("inequality", says, Iff(between, parts), proof, signed=below.free_symbols)


def _fraction(value: Expr) -> tuple[Expr, Expr]:
    """Return numerator and denominator, this one positive by its form."""
    above, below = sympy.fraction(sympy.cancel(sympy.together(value)))
    if value.has(exp) or signs(below) not in ({1}, {-1}):
        raise Refusal(f"the denominator of {value} has no sign that its form shows")
    return (above, below) if signs(below) == {1} else (-above, -below)
