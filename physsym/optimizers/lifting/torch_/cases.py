"""Case distinctions in their simplest form: decided by the outer cases and by the ranges of hyperparameters.

In `s = z > 0 ? b : (z < 0 ? a : 1)`, `s == a ? 0 : g` with a < 1 < b is `z < 0 ? 0 : g`: comparisons are
taken into the cases of what they compare, and the sign of z that a case settles decides those within it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import TypeAlias

from physsym.optimizers.lifting.nodes import ZERO, Node, constant, make, ordered

Interval: TypeAlias = tuple[float, bool, float, bool]
"""Lower bound, whether it belongs to it, upper bound, whether it belongs to it."""
EVERYTHING: Interval = (-math.inf, False, math.inf, False)
Signs: TypeAlias = frozenset[tuple[Node, frozenset[int]]]
COMPARISONS = ("lt", "le", "eq", "ne")
_SIGNS: Mapping[tuple[str, bool], frozenset[int]] = {
    ("lt", True): frozenset({-1}), ("le", True): frozenset({-1, 0}), ("lt", False): frozenset({1}),
    ("le", False): frozenset({0, 1}), ("eq", True): frozenset({0}), ("eq", False): frozenset({0}),
    ("ne", True): frozenset({-1, 1}), ("ne", False): frozenset({-1, 1}),
}  # fmt: skip
"""The signs of z for which `z op 0` holds (True), or `0 op z` (False)."""
ANY = frozenset({-1, 0, 1})


def intervals(ranges: Iterable[Node]) -> dict[Node, Interval]:
    """Return the interval of each leaf that is compared with constants."""
    found: dict[Node, Interval] = {}
    for condition in ranges:
        if condition.op not in ("lt", "le"):
            continue
        a, b = condition.args
        for leaf, bound, is_upper in ((a, b, True), (b, a, False)):
            if leaf.op == "leaf" and isinstance(bound.value, Fraction):
                low, low_in, high, high_in = found.get(leaf, EVERYTHING)
                value, closed = float(bound.value), condition.op == "le"
                if is_upper and (value, closed) < (high, high_in or value < high):
                    high, high_in = value, closed
                if not is_upper and value >= low:
                    low, low_in = value, closed
                found[leaf] = (low, low_in, high, high_in)
    return found


class Cases:
    """The simplification of nodes under known ranges of hyperparameters."""

    def __init__(self, ranges: Iterable[Node]) -> None:
        """Take these conditions on hyperparameters to hold."""
        self.intervals = intervals(ranges)
        self.budget = 20_000

    def simplified(self, node: Node) -> Node:
        """Return a node with fewer cases, or the node itself where this would be larger."""
        if not node.cases:
            return node
        try:
            found = self._of(node, frozenset())
        except _TooMany:
            return node
        return found if len(ordered([found])) <= len(ordered([node])) else node

    def _of(self, node: Node, signs: Signs) -> Node:
        self.budget -= 1
        if self.budget < 0:
            raise _TooMany
        if node.op == "sign":
            known = dict(signs).get(node.args[0], ANY)
            if len(known) == 1:
                return constant(next(iter(known)))
        if not node.cases:
            return node
        if node.op == "select":
            condition, first, second = node.args
            return self._branch(condition, signs, lambda s: self._of(first, s), lambda s: self._of(second, s))
        return make(node.op, *(self._of(a, signs) for a in node.args))

    def _branch(
        self, condition: Node, signs: Signs, yes: Callable[[Signs], Node], no: Callable[[Signs], Node]
    ) -> Node:
        if isinstance(condition.value, bool):
            return yes(signs) if condition.value else no(signs)
        if condition.op == "not":
            return self._branch(condition.args[0], signs, no, yes)
        if condition.op == "and":
            first, second = condition.args
            return self._branch(first, signs, lambda s: self._branch(second, s, yes, no), no)
        if condition.op == "or":
            first, second = condition.args
            return self._branch(first, signs, yes, lambda s: self._branch(second, s, yes, no))
        if condition.op not in COMPARISONS:
            return make("select", condition, yes(signs), no(signs))
        a, b = (self._of(a, signs) for a in condition.args)
        return self._compared(condition.op, a, b, signs, yes, no)

    def _compared(
        self,
        op: str,
        a: Node,
        b: Node,
        signs: Signs,
        yes: Callable[[Signs], Node],
        no: Callable[[Signs], Node],
    ) -> Node:
        if a.op == "select":
            c, u, v = a.args
            return self._branch(
                c,
                signs,
                lambda s: self._compared(op, u, b, s, yes, no),
                lambda s: self._compared(op, v, b, s, yes, no),
            )
        if b.op == "select":
            c, u, v = b.args
            return self._branch(
                c,
                signs,
                lambda s: self._compared(op, a, u, s, yes, no),
                lambda s: self._compared(op, a, v, s, yes, no),
            )
        if a.op == "sign" and b is ZERO:
            a = a.args[0]
        if b.op == "sign" and a is ZERO:
            b = b.args[0]
        condition = make(op, a, b)
        decided = condition.value if isinstance(condition.value, bool) else self._by_ranges(op, a, b)
        if decided is not None:
            return yes(signs) if decided else no(signs)
        z = a if b is ZERO else b if a is ZERO else None
        if z is None:
            return make("select", condition, yes(signs), no(signs))
        possible = dict(signs).get(z, ANY)
        holds = possible & _SIGNS[op, b is ZERO]
        if not holds or holds == possible:
            return yes(signs) if holds else no(signs)
        rest = frozenset(pair for pair in signs if pair[0] is not z)
        return _by_sign(z, *((yes if s in holds else no)(rest | {(z, frozenset({s}))}) for s in (-1, 0, 1)))

    def _by_ranges(self, op: str, a: Node, b: Node) -> bool | None:
        """Decide a comparison of hyperparameters by their intervals."""
        first, second = self._interval(a), self._interval(b)
        if first is None or second is None:
            return None
        below = first[2] < second[0] or (first[2] == second[0] and not (first[3] and second[1]))
        above = second[2] < first[0] or (second[2] == first[0] and not (second[3] and first[1]))
        if not (below or above):
            return None
        return {"lt": below, "le": below, "eq": False, "ne": True}[op]

    def _interval(self, node: Node) -> Interval | None:
        if isinstance(node.value, Fraction):
            return (float(node.value), True, float(node.value), True)
        return self.intervals.get(node)


def _by_sign(z: Node, negative: Node, zero: Node, positive: Node) -> Node:
    """Return the case distinction by the sign of z, in one form whatever the code compares first."""
    if zero is positive:
        return make("select", make("lt", z, ZERO), negative, zero)
    if zero is negative:
        return make("select", make("lt", ZERO, z), positive, zero)
    if negative is positive:
        return make("select", make("eq", z, ZERO), zero, positive)
    return make("select", make("lt", ZERO, z), positive, make("select", make("lt", z, ZERO), negative, zero))


class _TooMany(Exception):
    """The cases of the cases are too many."""
