"""Inequalities that follow from each other: `a <= b` hence `c <= d`, perhaps for one sign of a symbol."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from sympy import Expr, Mul, Symbol

from physsym.auditing.judgements import Judgement
from physsym.auditing.sheet import links
from physsym.auditing.unknowns import in_unknowns
from physsym.core.verdicts import Condition
from physsym.parsing.meanings import Chain
from physsym.verify.conditions import consistent, implied, implied_each

_BOTH_WAYS = re.compile(r"\\iff\b|\\(?:Long)?[Ll]eftrightarrow\b|[⇔⟺]")
_SIGNS = 4  # symbols of which both signs are tried
IMPLIES = "hence"


def conditions_stated(chain: Chain) -> tuple[Condition, ...]:
    """Return the conditions that a chain of inequalities states; none for a chain of another kind."""
    if not chain.relations or not set(chain.relations) <= {"<", "<=", ">", ">="}:
        return ()
    found: list[Condition] = []
    for left, right, relation in links(chain):
        less, more = in_unknowns(*((left, right) if relation in ("<", "<=") else (right, left))).expressions
        found.append(Condition(more - less, "> 0" if relation in ("<", ">") else ">= 0"))
    return tuple(found)


def judge_implications(stated: Sequence[Chain], text: str, given: Sequence[Condition]) -> Judgement | None:
    """Return what is said of inequalities each of which follows from the one before it.

    None where the statements are of another kind. Where the text has a sign of equivalence, both directions
    are decided.
    """
    parts = [conditions_stated(c) for c in stated]
    if len(parts) < 2 or not all(parts) or not all(c.words.startswith(IMPLIES) for c in stated[1:]):
        return None
    both = bool(_BOTH_WAYS.search(text))
    steps = [*pairwise(parts), *((b, a) for a, b in pairwise(parts) if both)]
    held = [frozenset[Symbol]().union(*(c.expression.free_symbols for c in part)) for part in parts]
    shared = sorted(frozenset.intersection(*held), key=str)[:_SIGNS]
    signs = ((Condition(e, "> 0"),) for s in shared for e in (s, -s))
    for extra in ((), *signs):
        assumed = (*given, *extra)
        if not all(consistent((*assumed, *above)) for above, _ in steps):
            continue  # from a contradiction everything follows
        if all(all(implied_each((*assumed, *above), below)) for above, below in steps):
            says = "each follows from the one before" + (", and back" if both else "")
            if extra:
                (sign,) = extra
                bound = sign if sign.expression.is_Symbol else f"{-sign.expression} < 0"
                return Judgement("conditional", f"{says}, if {bound}")
            return Judgement("holds", says)
    return Judgement("undecided", "it was not found how the inequalities follow from each other")


def judge_inequality(left: Expr, right: Expr, relation: str, given: Sequence[Condition]) -> Judgement:
    """Return whether an inequality at the end of a chain follows from the signs of what is in it."""
    first, second = in_unknowns(left, right).expressions
    gap = second - first if relation in ("<=", "<") else first - second
    strict = relation in ("<", ">")
    if implied(given, Condition(gap, "> 0" if strict else ">= 0")):
        return Judgement("holds", "by the signs of its parts")
    constants = [f for f in Mul.make_args(gap) if f.is_Symbol]
    squares = [f for f in Mul.make_args(gap) if not f.is_Symbol]
    if not strict and len(constants) == 1 and squares and all(f.is_nonnegative for f in squares):
        return Judgement("conditional", f"holds if {constants[0]} >= 0")
    return Judgement("undecided", f"the relation {relation} is not judged without a hint")
