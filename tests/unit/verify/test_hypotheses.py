"""What comparisons take as hypotheses: conditions, relations, texts; and the natural ranges of quantities."""

import pytest
from sympy import And, Eq, Ne, Or, Symbol

from physsym.core.conditions import NEVER, as_conditions
from physsym.core.dimensions import ONE
from physsym.core.verdicts import Condition
from physsym.parsing import ReadError, read_conditions
from physsym.verify.conditions import conditions_of
from physsym.vocabulary import STANDARD, Quantity, Vocabulary, dt, eta, gamma, m, rho, scalar, tau, x

beta, c = (Symbol(name, real=True) for name in ("beta", "c"))


def printed(conditions):
    return [str(c) for c in conditions]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((), []),
        (beta > 0, ["beta > 0"]),
        (beta >= -2, ["beta + 2 >= 0"]),
        (beta < 1, ["1 - beta > 0"]),
        (c <= beta, ["beta - c >= 0"]),
        ([beta > 0, beta < 1, beta > 0], ["beta > 0", "1 - beta > 0"]),
        (And(beta > 0, beta < 1), ["1 - beta > 0", "beta > 0"]),
        ((Ne(x, 1), Eq(beta, c)), ["x - 1 != 0", "beta - c = 0"]),
        (Condition(c, ">= 0"), ["c >= 0"]),
        (gamma > 0, []),
        (gamma < 0, [str(NEVER)]),
    ],
)
def test_conditions_from_relations(given, expected):
    assert sorted(printed(as_conditions(given))) == sorted(expected)
    assert conditions_of(given) == as_conditions(given)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (beta == c, "write Eq"),
        (Or(beta > 0, beta < -1), "a relation such as"),
        (c, "a relation such as"),
        ([1], "a relation such as"),
        (None, "leave it out"),
    ],
)
def test_what_is_no_condition_is_refused_in_words(given, says):
    with pytest.raises(TypeError, match=says):
        conditions_of(given)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 <= rho < 1", ["rho >= 0", "1 - rho > 0"]),
        ("rho ≥ 0; ρ ≠ 1", ["rho >= 0", "rho - 1 != 0"]),
        ("tau > dt and x = 0", ["-dt + tau > 0", "x = 0"]),
        ("Max(x, 0) < eta, rho == 1/2", ["eta - Max(0, x) > 0", "rho - 1/2 = 0"]),
        ("-1 < x", ["x + 1 > 0"]),
    ],
)
def test_conditions_from_text(text, expected):
    assert printed(read_conditions(text)) == expected


@pytest.mark.parametrize("text", ["", " ; ", "rho", "0 < ", "< 1", "0 < nonsense", "x <- 1", "0 < x = "])
def test_what_states_no_condition_is_refused(text):
    with pytest.raises(ReadError):
        read_conditions(text)


def test_only_text_is_read():
    with pytest.raises(TypeError, match="expected the text"):
        read_conditions(3)


def test_names_in_a_text_are_the_symbols_of_what_is_compared():
    other = Symbol("eta", real=True)
    assert conditions_of(("0 < eta", beta < 1), (other, beta)) == (
        Condition(other, "> 0"),
        Condition(1 - beta, "> 0"),
    )
    assert conditions_of("beta > 0", [beta]) == (Condition(beta, "> 0"),)
    assert conditions_of("eta > tau") == (Condition(eta - tau, "> 0"),)
    with pytest.raises(ReadError):
        conditions_of("beta > 0")


def test_natural_ranges():
    assert printed(STANDARD.ranges([rho, dt, x])) == ["rho >= 0", "1 - rho > 0"]
    assert STANDARD.ranges([Symbol("rho")]) == ()
    table = Vocabulary((scalar(beta, ONE, "decay", (beta >= 0, beta < 1)), scalar(c)))
    assert printed(table.ranges({c, beta})) == ["beta >= 0", "1 - beta > 0"]
    mass = Quantity(m, "mass", ONE, "m", "m", "", "", range=m > 1)
    assert printed(mass.range) == ["m - 1 > 0"]
    assert hash(table) == hash(Vocabulary((scalar(beta, ONE, "decay", (beta >= 0, beta < 1)), scalar(c))))
    with pytest.raises(TypeError, match="relation such as"):
        scalar(tau, range=(0, 1))
