"""Tables of cases of which the fast tier runs some of each kind, and the slow tier the rest."""

from itertools import product

import pytest
from hypothesis import settings


def examples(number):
    """Return how many examples to draw where the slow tier draws a number of them."""
    return max(1, number * settings.default.max_examples // 100)


def in_tiers(cases, fast):
    """Return cases as parameters of pytest, slow but for those in `fast`, each of which must be there.

    `fast` may be a function that tells whether a case is.
    """
    cases = list(cases)
    if callable(fast):
        return [_tier(case, fast(case)) for case in cases]
    for one in fast:
        assert one in cases, f"{one!r} is no case"
    return [_tier(case, case in fast) for case in cases]


def one_of_each(cases, kind):
    """Return cases as parameters, of which the first of each kind is in the fast tier."""
    found, seen = [], set()
    for case in cases:
        found.append(_tier(case, kind(case) not in seen))
        seen.add(kind(case))
    return found


def in_turn(cases, *others):
    """Return all combinations as parameters; in the fast tier each case has the others in turn.

    >>> [p.values for p in in_turn("abc", (1, 2)) if not p.marks]
    [('a', 1), ('b', 2), ('c', 1)]
    """
    tables = [list(other) for other in others]
    found = []
    for k, case in enumerate(cases):
        first = case if type(case) is tuple else (case,)
        turn = tuple(table[k % len(table)] for table in tables)
        found += [_tier((*first, *rest), rest == turn) for rest in product(*tables)]
    return found


def _tier(case, fast):
    values, marks = _flat(case)
    return pytest.param(*values, marks=marks if fast else [*marks, pytest.mark.slow])


def _flat(case):
    """Return the values of a case and its marks; a value may be a parameter with marks of its own."""
    parts = case if type(case) is tuple else (case,)
    given = [part if isinstance(part, type(pytest.param())) else pytest.param(part) for part in parts]
    return [value for part in given for value in part.values], [m for part in given for m in part.marks]
