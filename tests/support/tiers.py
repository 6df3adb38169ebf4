"""Tables of cases of which the fast tier runs one of each kind, and the slow tier the rest."""

import pytest


def in_tiers(cases, fast):
    """Return cases as parameters of pytest, slow but for those in `fast`, each of which must be there."""
    cases = list(cases)
    for one in fast:
        assert one in cases, f"{one!r} is no case"
    return [case if case in fast else _slow(case) for case in cases]


def _slow(case):
    return pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.slow)
