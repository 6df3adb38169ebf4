"""Conversions between conventions of momentum, beside exact runs of both sides that are written out here."""

from __future__ import annotations

import math
import pickle
from fractions import Fraction
from itertools import permutations

import pytest
from sympy import Rational, Symbol, exp, sqrt

import physsym as ps
from physsym.__main__ import CONVENTIONS as LISTED
from physsym.__main__ import main
from physsym.optimizers.conventions import (
    CONVENTIONS,
    ConversionError,
    NoConversionError,
    convention,
    convert,
)
from tests.support.requirements import library

GRADIENTS = [Fraction(g) for g in ("1", "-2", "1/3", "0", "5", "-1/7")]
RATES = [Fraction(r) for r in ("1/10", "1/100", "1/5", "1/5", "1/20", "1/3")]


# One step of each convention: the parameters and the state by the names of its users, and the gradient.
def torch(p, s, g):
    buffer = p["momentum"] * s["momentum_buffer"] + g
    return {"x": s["x"] - p["lr"] * buffer, "momentum_buffer": buffer}


def torch_dampening(p, s, g):
    buffer = p["momentum"] * s["momentum_buffer"] + (1 - p["dampening"]) * g
    return {"x": s["x"] - p["lr"] * buffer, "momentum_buffer": buffer}


def keras(p, s, g):
    velocity = p["momentum"] * s["velocity"] - p["learning_rate"] * g
    return {"x": s["x"] + velocity, "velocity": velocity}


def optax(p, s, g):
    trace = g + p["momentum"] * s["trace"]
    return {"x": s["x"] - p["learning_rate"] * trace, "trace": trace}


def source(p, s, g):
    u = p["rho"] * s["u"] - p["eta"] * g
    return {"x": s["x"] + u, "u": u}


def dampened(p, s, g):
    u = p["rho"] * s["u"] - (1 - p["rho"]) * p["eta"] * g
    return {"x": s["x"] + u, "u": u}


def average(p, s, g):
    mean = p["rho"] * s["average"] + (1 - p["rho"]) * g
    return {"x": s["x"] - p["eta"] * mean, "average": mean}


def quasi_hyperbolic(p, s, g):
    mean = p["beta"] * s["average"] + (1 - p["beta"]) * g
    return {"x": s["x"] - p["alpha"] * ((1 - p["nu"]) * g + p["nu"] * mean), "average": mean}


def alpha_beta(p, s, g):
    return {"x": s["x"] + p["beta"] * (s["x"] - s["before(x)"]) - p["alpha"] * g, "before(x)": s["x"]}


def physical(p, s, g):
    v = s["velocity"] + p["dt"] * (-g - p["gamma"] * s["velocity"]) / p["m"]
    return {"x": s["x"] + p["dt"] * v, "velocity": v}


STEPS = {
    "torch": torch, "torch-dampening": torch_dampening, "keras": keras, "optax": optax, "source": source,
    "dampened": dampened, "average": average, "quasi-hyperbolic": quasi_hyperbolic, "alpha-beta": alpha_beta,
    "physical": physical,
}  # fmt: skip
VALUES = {
    "torch": {"lr": "1/10", "momentum": "0.9"},
    "torch-dampening": {"lr": "1/5", "momentum": "3/4", "dampening": "1/3"},
    "keras": {"learning_rate": "1/10", "momentum": "0.8"},
    "optax": {"learning_rate": "1/7", "momentum": "0.9"},
    "source": {"eta": "1/10", "rho": "0.5"},
    "dampened": {"eta": "1/4", "rho": "0.9"},
    "average": {"eta": "1/6", "rho": "2/3"},
    "quasi-hyperbolic": {"alpha": "1/3", "beta": "4/5", "nu": "1"},
    "alpha-beta": {"alpha": "1/10", "beta": "0.9"},
    "physical": {"m": "2", "gamma": "3", "dt": "1/5"},
}
OUTSIDE = {"torch", "optax", "average", "quasi-hyperbolic"}  # the learning rate behind the buffer
INSIDE = {"keras", "source", "dampened", "alpha-beta"}
PAIRS = list(permutations(STEPS, 2))
FAST = {("torch", "keras"), ("alpha-beta", "average"), ("torch-dampening", "physical"), ("torch", "optax")}
EACH_PAIR = [pytest.param(*p, marks=[pytest.mark.slow] * (p not in FAST), id="-to-".join(p)) for p in PAIRS]


def begun(name):
    """Return a state in the middle of a run, by the names of a convention."""
    last = "before(x)" if name == "alpha-beta" else [*CONVENTIONS[name].names.values()][-1]
    return {"x": Fraction(2), last: Fraction(3, 7)}


def fractions(table):
    return {name: Fraction(str(value)) for name, value in table.items()}


def run(name, parameters, state):
    """Yield the weights after each step, with the parameters of each step."""
    for p, g in zip(parameters, GRADIENTS, strict=True):
        state = STEPS[name](p, state, g)
        yield state["x"]


@pytest.mark.parametrize(("first", "second"), EACH_PAIR)
def test_what_is_converted_moves_the_weights_alike(first, second):
    found = convert(VALUES[first], from_=first, to=second)
    own, theirs = fractions(VALUES[first]), fractions(found.values)
    state = begun(first)
    at = {Symbol(n, real=True): Rational(str(v)) for n, v in {**own, **state}.items()}
    mapped = {"x": state["x"]} | fractions({n: e.subs(at) for n, e in found.states.items()})
    runs = [
        list(run(name, [p] * len(GRADIENTS), s))
        for name, p, s in ((first, own, state), (second, theirs, mapped))
    ]
    assert runs[0] == runs[1]
    changed = {n: v * 2 for n, v in theirs.items()}
    assert list(run(second, [changed] * len(GRADIENTS), mapped)) != runs[0]


@pytest.mark.parametrize(("first", "second"), EACH_PAIR)
def test_what_is_the_same_under_a_changing_rate_is_said(first, second):
    found = convert(VALUES[first], from_=first, to=second)
    alike = found.equivalence.schedule == "any"
    if {first, second} <= OUTSIDE | INSIDE:
        assert alike == ({first, second} <= OUTSIDE or {first, second} <= INSIDE)
    assert found.equivalence.schedule in {"any", "" if first == "physical" else "constant"}
    rate = "dt" if first == "physical" else next(iter(VALUES[first]))
    each = [convert({**VALUES[first], rate: str(r)}, from_=first, to=second) for r in RATES]
    own = [fractions({**VALUES[first], rate: r}) for r in RATES]
    at_rest = [dict.fromkeys(begun(n), Fraction(0)) for n in (first, second)]
    runs = [
        list(run(first, own, at_rest[0])),
        list(run(second, [fractions(c.values) for c in each], at_rest[1])),
    ]
    assert (runs[0] == runs[1]) == alike or first == "physical"


def test_all_ordered_pairs_are_tried():
    assert len(EACH_PAIR) == 90
    assert set(STEPS) == set(CONVENTIONS) - {"cntk"}
    assert tuple(LISTED) == tuple(CONVENTIONS)


def test_where_two_part_under_a_changing_rate():
    found = convert({"lr": "0.1", "momentum": "0.9"}, "torch", "keras")
    trace = found.equivalence.trace
    assert (trace.gradients, trace.rates) == ((1, 1), (Rational(1, 10), Rational(1, 100)))
    assert trace.weights == (Rational("-0.119"), Rational("-0.2"))
    assert "they part at step 2, by 0.081" in str(found)


def test_the_time_constant_of_cntk():
    found = convert({"learning_rate": "0.1", "momentum_time_constant": "10"}, "cntk", "average")
    assert found.values == {"eta": Rational(1, 10), "rho": exp(Rational(-1, 10))}
    back = convert({"lr": "0.1", "momentum": "0.9"}, "torch", "cntk")
    tau = float(back["momentum_time_constant"])
    assert math.exp(-1 / tau) == pytest.approx(0.9, rel=1e-15)
    assert back["learning_rate"] == 1


def test_torch_dampens_from_the_first_step_on_where_it_has_a_buffer():
    torch_ = library("torch", "torch")
    found = convert({"eta": "0.25", "rho": "0.75"}, "average", "torch-dampening").numbers
    weights = torch_.tensor([2.0], dtype=torch_.float64, requires_grad=True)
    optimizer = torch_.optim.SGD([weights], **found)
    optimizer.state[weights]["momentum_buffer"] = torch_.zeros(1, dtype=torch_.float64)
    expected = run("average", [{"eta": 0.25, "rho": 0.75}] * len(GRADIENTS), {"x": 2.0, "average": 0.0})
    for g, x in zip(GRADIENTS, expected, strict=True):
        weights.grad = torch_.tensor([float(g)], dtype=torch_.float64)
        optimizer.step()
        assert weights.item() == pytest.approx(x, rel=1e-14)


def test_a_free_parameter_of_the_second_may_be_given():
    found = convert({"lr": "0.01", "momentum": "0.9", "dt": 1}, "torch", "physical")
    assert found.values == {"m": 100, "gamma": 10, "dt": 1}
    plain = convert({"learning_rate": "0.01", "momentum": "0.9", "dampening": 0}, "optax", "torch-dampening")
    assert plain.values == {"lr": Rational(1, 100), "momentum": Rational(9, 10), "dampening": 0}


def test_values_stay_exact():
    third = convert({"lr": Fraction(1, 3), "momentum": sqrt(2) / 2}, "torch", "keras")
    assert third.values == {"learning_rate": Rational(1, 3), "momentum": sqrt(2) / 2}
    assert convert({"lr": 0.1, "momentum": 0.9}, "torch", "optax").values["learning_rate"] == Rational(1, 10)
    assert convert({"lr": 0.1, "momentum": 0}, "torch", "average").values == {
        "eta": Rational(1, 10),
        "rho": 0,
    }


def test_a_conversion_is_a_value():
    found = convert({"lr": "0.1", "momentum": "0.9"}, "torch", "keras")
    assert pickle.loads(pickle.dumps(found)) == found
    assert hash(found) == hash(convert({"lr": "0.1", "momentum": "0.9"}, "torch", "keras"))
    assert found.numbers == {"learning_rate": 0.1, "momentum": 0.9}
    assert ps.convert is convert


@pytest.mark.parametrize(
    ("values", "names", "says"),
    [
        ({"lr": 0, "momentum": 0.9}, ("torch", "keras"), "torch needs lr > 0; given lr = 0"),
        ({"lr": -1, "momentum": 0.9}, ("torch", "keras"), "torch needs lr > 0"),
        ({"lr": 1, "momentum": 1}, ("torch", "keras"), "1 - momentum > 0"),
        ({"lr": 1, "momentum": -0.1}, ("torch", "keras"), "momentum >= 0"),
        ({"m": 1, "gamma": 2, "dt": 1}, ("physical", "keras"), r"-dt\*gamma \+ m >= 0"),
        ({"lr": 1}, ("torch", "keras"), "torch also needs momentum"),
        ({"lr": 1, "mometum": 0.9}, ("torch", "keras"), "no parameter mometum.*the nearest is momentum"),
        ({}, ("torhc", "keras"), "no convention is called 'torhc'; the nearest are torch"),
        ("lr=0.1", ("torch", "keras"), "the values are a dictionary"),
        ({}, (3, "keras"), "no convention is called 3; there are torch"),
        ({"lr": "fast", "momentum": 0.9}, ("torch", "keras"), "lr is a number"),
        ({"lr": "1/0", "momentum": 0.9}, ("torch", "keras"), "lr is a number"),
        ({"lr": "1e999999999", "momentum": 0.9}, ("torch", "keras"), "lr is a number"),
        ({"lr": float("nan"), "momentum": 0.9}, ("torch", "keras"), "lr is a number"),
        ({"lr": True, "momentum": 0.9}, ("torch", "keras"), "lr is a number"),
        ({"lr": sqrt(-1), "momentum": 0.9}, ("torch", "keras"), "lr is a real number"),
        ({"lr": Symbol("lr"), "momentum": 0.9}, ("torch", "keras"), "lr is a real number"),
    ],
)
def test_wrong_values_are_refused(values, names, says):
    with pytest.raises(ConversionError, match=says) as caught:
        convert(values, *names)
    assert not isinstance(caught.value, NoConversionError)


@pytest.mark.parametrize(
    ("values", "names", "says"),
    [
        ({"alpha": 1, "beta": 0.9, "nu": 0.7}, ("qhm", "torch"), "only where beta = 0, or where nu = 0, or"),
        ({"lr": 1, "momentum": 0}, ("torch", "cntk"), "momentum_time_constant > 0"),
    ],
)
def test_what_another_convention_cannot_express_is_said(values, names, says):
    with pytest.raises(NoConversionError, match=says):
        convert(values, *names)


def test_conventions_have_other_names():
    assert convention("TensorFlow") is convention("keras")
    assert convention("quasi_hyperbolic") is convention("QHM")


def test_the_command_line_converts(capsys):
    assert main(["convert", "--from", "torch", "--to", "average", "lr=0.01", "momentum=0.9"]) == 0
    out = capsys.readouterr().out
    assert "eta     = lr/(1 - momentum) = 0.1\n" in out
    assert "too: convert each" in out
    assert max(map(len, out.splitlines())) < 80
    assert main(["convert", "--from", "qhm", "--to", "torch", "alpha=1", "beta=.9", "nu=.7"]) == 1
    assert "or where nu = 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["lr=0.01"], "also needs momentum"),
        (["lr", "momentum=0.9"], "given once, as in lr=0.01"),
        (["lr=1", "lr=2", "momentum=0.9"], "given once"),
        (["lr=0", "momentum=0.9"], "needs lr > 0"),
    ],
)
def test_the_command_line_refuses_wrong_values(capsys, arguments, says):
    assert main(["convert", "--from", "torch", "--to", "keras", *arguments]) == 2
    assert says in capsys.readouterr().err


def test_the_help_fits_a_terminal(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        main(["convert", "--help"])
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert "quasi-hyperbolic" in out


@pytest.mark.parametrize(("source", "target"), [("torch", "torch-dampening"), ("torch-dampening", "torch")])
def test_without_momentum_dampened_and_plain_are_the_same(source, target):
    given = {"lr": "0.1", "momentum": 0} | ({"dampening": 0} if source == "torch-dampening" else {})
    found = convert(given, source, target)
    assert found.values["momentum"] == 0
    moved = {}
    for name, values in ((source, found.given), (target, found.values)):
        p = {key: Fraction(str(v)) for key, v in values.items()}
        state = {"x": Fraction(0), "momentum_buffer": Fraction(0)}
        for g in GRADIENTS:
            state = STEPS[name](p, state, g)
        moved[name] = state["x"]
    assert moved[source] == moved[target] == -Fraction(1, 10) * sum(GRADIENTS)


@pytest.mark.parametrize("power", [400, -400])
def test_numbers_beyond_floats_are_exact_and_shown_as_powers_of_ten(power):
    found = convert({"lr": Rational(10) ** power, "momentum": "0.9"}, "torch", "average")
    assert found.values["eta"] == Rational(10) ** (power + 1)
    assert f"= 1e{power + 1:+d}\n" in str(found)
    assert max(map(len, str(found).splitlines())) <= 80
    with pytest.raises(OverflowError, match="beyond the range of floats"):
        _ = found.numbers


def test_without_momentum_a_changing_rate_changes_nothing_and_it_is_not_said_to():
    says = str(convert({"lr": "0.1", "momentum": 0}, "torch", "keras"))
    assert "where momentum is not 0, for that only" in " ".join(says.split())
    assert "constant learning rate only" in str(convert({"lr": "0.1", "momentum": "0.9"}, "torch", "keras"))
