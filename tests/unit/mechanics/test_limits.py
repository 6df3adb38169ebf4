"""Limits as moves: their sides, and what they say of themselves."""

import pytest
from sympy import I, Rational, Symbol, nan, oo, zoo

from physsym.core.verdicts import Order, Outcome, Verdict, all_of, holds
from physsym.mechanics.moves import Limit, describe
from physsym.vocabulary import tau, x

r = Symbol("r", real=True)


@pytest.mark.parametrize(
    ("move", "said"),
    [
        (Limit(tau), ("let ", tau, " tend to ", 0)),
        (Limit(r, 1, "+"), ("let ", r, " tend to ", 1, " from above")),
        (Limit(r, -3, "-"), ("let ", r, " tend to ", -3, " from below")),
        (Limit(r, tau, side="-"), ("let ", r, " tend to ", tau, " from below")),
        (Limit(r, oo, "-"), ("let ", r, " tend to ", oo, " from below")),
    ],
)
def test_a_limit_says_its_side(move, said):
    assert describe(move) == said


@pytest.mark.parametrize(
    ("to", "side", "words"),
    [
        (0, "above", 'side is "\\+"'),
        (0, 1, "given 1"),
        (oo, "+", "reached from below only"),
        (-oo, "-", "reached from above only"),
        (I, None, "real number"),
        (zoo, None, "real number"),
        (nan, None, "real number"),
        (r + 1, None, "real number"),
    ],
)
def test_a_limit_to_nowhere_is_refused(to, side, words):
    with pytest.raises(ValueError, match=words):
        Limit(r, to, side)


def test_the_weakest_convergence_of_the_parts_is_that_of_the_whole():
    layer = Verdict(Outcome.HOLDS, convergence="pointwise after a layer", error=Order(tau, 1))
    even = Verdict(Outcome.HOLDS, convergence="uniform")
    assert all_of(holds(), even).convergence == "uniform"
    assert all_of(even, layer, holds()).convergence == "pointwise after a layer"
    assert all_of(holds()).convergence == ""
    assert (str(layer), str(even)) == ("holds pointwise after a layer, up to O(tau)", "holds uniformly")


def test_an_order_may_be_a_fraction():
    assert str(Order(tau, Rational(3, 2))) == "O(tau**(3/2))"
    assert str(Order(x - 1, Rational(1, 2))) == "O((x - 1)**(1/2))"
