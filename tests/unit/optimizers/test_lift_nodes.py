"""Nodes against SymPy and NumPy: what is simplified, what is kept unevaluated, and the order of a law."""

from __future__ import annotations

import gc
import math
import subprocess
import sys
from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
import sympy
from sympy import Piecewise, Rational, Symbol

from physsym.core.symbols import after
from physsym.core.verdicts import Condition
from physsym.optimizers.lifted import LiftError
from physsym.optimizers.lifting.law import Names, StateLaw, coordinates, in_order, lifted, without_weaker
from physsym.optimizers.lifting.nodes import (
    UNDEFINED,
    constant,
    evaluate,
    leaf,
    make,
    origin,
    recording,
    resolve,
)
from physsym.optimizers.lifting.self_check import checked, draw_values, same_expressions
from physsym.optimizers.lifting.sympy_forms import from_expression, to_conditions, to_expression

A, B = Symbol("a", real=True), Symbol("b", real=True)
a, b = leaf(A), leaf(B)


def test_equal_operations_are_one_node():
    assert a + b is b + a
    assert make("max", a, b) is make("max", b, a)
    assert make("sub", a, b) is not make("sub", b, a)


def test_the_order_of_operands_is_not_that_of_building():
    p, q, r = (Symbol(name, real=True) for name in "pqr")
    shown = set()
    for order in permutations((p, q, r)):
        held = {s: leaf(s) * leaf(s) + 1 for s in order}  # these live on, and were built in this order
        large = make("eq", make("max", held[q], held[r]), held[p])
        case = make("select", make("and", large, make("ne", leaf(q), leaf(p))), leaf(p), leaf(r))
        shown.add((repr(case), str(to_expression(case))))
        del held, large, case
        gc.collect()  # a comparison is among its own cases
    assert len(shown) == 1


LIFT_THRICE = """
import numpy as np
import physsym as ps
from physsym.core.symbols import grad
from physsym.optimizers.lifting.nodes import (leaf, make)
from physsym.vocabulary import x
from sympy import Symbol

def first(w, v, g, lr, high, low):
    v = np.where(v * low == np.maximum(g * high, low), v + g, v - g * high)
    return w - lr * v, v

def second(w, v, g, high, low, lr):
    v = np.maximum(g * high, low * v) * low
    return w - lr * np.where(g == v, v, g), v

order = [first, second, first] if {forwards} else [second, first, second]
low, high, v = (leaf(Symbol(n, real=True)) for n in ("low", "high", "v"))
gradient = leaf(grad(x))
made = [lambda: low * v, lambda: make("max", low, high * gradient)]
held = [m() for m in (made if {forwards} else made[::-1])]  # these live on
shown = [(f.__name__, str(ps.lift(f))) for f in order]
print(*sorted(set(shown)), sep="\\n")
"""


@pytest.mark.slow
def test_what_was_lifted_before_does_not_change_how_a_rule_is_written():
    shown = [
        subprocess.run(
            [sys.executable, "-c", LIFT_THRICE.format(forwards=forwards)], capture_output=True, text=True
        )
        for forwards in (True, False)
    ]
    assert shown[0].stdout == shown[1].stdout, shown
    assert len(shown[0].stdout.splitlines()) == 2, shown


@pytest.mark.parametrize(
    ("value", "exact"),
    [
        (0.1, Fraction(1, 10)),
        (np.float32(0.1), Fraction(1, 10)),
        (np.float64(1e-8), Fraction(1, 10**8)),
        (np.int32(3), Fraction(3)),
    ],
)
def test_a_float_is_the_shortest_decimal_of_its_dtype(value, exact):
    assert constant(value).value == exact


def test_truth_values_are_not_numbers():
    assert constant(True) is not constant(1)
    assert constant(np.bool_(False)).value is False


OPERATIONS = ("add", "sub", "mul", "div", "max", "min", "lt", "le", "gt", "ge", "eq", "ne")
FUNCTIONS = ("neg", "abs", "sign", "sqrt", "cbrt", "exp", "log", "floor", "ceil", "tanh", "square", "rsqrt")
POINTS = [(0.75, 2.5), (-1.5, 0.25), (2.0, 2.0), (-0.5, -3.25), (0.0, 1.0)]


def in_numpy(op, *values):
    with np.errstate(all="ignore"):
        return {
            "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "max": np.fmax,
            "min": np.fmin, "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal,
            "eq": np.equal, "ne": np.not_equal, "neg": np.negative, "square": np.square, "ceil": np.ceil,
            "rsqrt": lambda v: 1 / np.sqrt(np.float64(v)),
        }.get(op, getattr(np, op, None))(*values)  # fmt: skip


@pytest.mark.parametrize("op", OPERATIONS + FUNCTIONS)
def test_an_operation_means_what_it_does_in_numpy_and_in_sympy(op):
    operands = (a, b) if op in OPERATIONS else (a,)
    node = make(op, *operands)
    for point in POINTS:
        expected = in_numpy(op, *point[: len(operands)])
        values = dict(zip((a, b), point, strict=True))
        assert evaluate(node, values) == pytest.approx(expected, nan_ok=True)
        if np.isfinite(expected):
            exact = {A: Rational(point[0]), B: Rational(point[1])}
            written = to_expression(node).subs(exact)
            assert (bool(written) if node.is_condition else float(written)) == pytest.approx(expected)
            assert evaluate(from_expression(to_expression(node)), values) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("node", "simple"),
    [
        (a + 0, a),
        (a * 1, a),
        (a * 0, constant(0)),
        (a - a, constant(0)),
        (make("sqrt", a * a), abs(a)),
        (abs(-a), abs(a)),
        (make("sqrt", constant(Fraction(9, 4))), constant(Fraction(3, 2))),
        (make("lt", 1, 2), constant(True)),
        (make("not", make("lt", a, b)), make("le", b, a)),
        (make("mul", make("select", make("lt", a, b), 1, 0), b), make("select", make("lt", a, b), b, 0)),
        (make("eq", make("select", make("lt", a, b), 1, 0), 1), make("lt", a, b)),
        (make("lt", a, math.inf), constant(True)),
        (make("select", make("lt", a, b), b, a), make("max", a, b)),
        (make("select", make("le", a, b), a, b), make("min", a, b)),
        (make("select", make("gt", a, b), a, b), make("max", a, b)),
        (make("select", make("eq", a, b), a, b), b),
        (make("le", make("sqrt", a), 0), make("eq", a, 0)),
        (make("lt", 0, a * a), make("ne", a, 0)),
        (make("lt", abs(a), 0), constant(False)),
        (1 - make("select", make("eq", a, b), 1, 0), make("select", make("eq", a, b), 0, 1)),
        (
            make("select", make("eq", a, b), a, 1) + make("select", make("eq", a, b), 2, b),
            make("select", make("eq", a, b), a + 2, b + 1),
        ),
        (make("and", make("lt", a, b), make("eq", a, b)), constant(False)),
        (make("or", make("lt", a, b), make("le", b, a)), constant(True)),
    ],
)
def test_what_is_true_of_all_real_numbers_is_simplified(node, simple):
    assert node is simple


def test_what_is_not_true_of_all_real_numbers_is_kept():
    assert (a / a).op == "div"
    assert make("sqrt", a).op == "sqrt"
    assert make("pow", make("sqrt", a), 2).op == "pow"
    assert make("sqrt", constant(2)).op == "sqrt"
    assert make("sqrt", constant(-4)).op == "sqrt"


def test_a_guard_against_division_by_zero_vanishes_within_its_case():
    size = make("select", make("eq", b, 0), 0, b)
    ratio = make("select", make("eq", size, 0), 1, a / size)
    assert to_expression(ratio) == Piecewise((1, sympy.Eq(B, 0)), (A / B, True))


def test_a_law_that_divides_by_zero_or_holds_nan_is_refused():
    for node in (a / constant(0), make("select", make("lt", a, 0), UNDEFINED, a)):
        with pytest.raises(LiftError, match="cannot be written"):
            to_expression(node)
    assert resolve(make("select", make("eq", a, a), a, UNDEFINED)) is a


def nested(depth):
    node = a
    for k in range(depth):
        node = make(
            "max", make("select", make("lt", node, k), node * b, make("sqrt", abs(node) + k)), node / 3
        )
    return node


def test_large_comparisons_are_written_without_being_evaluated():
    node = nested(3)
    found = to_expression(node)
    for point in ({a: 0.75, b: 1.25}, {a: -2.5, b: 0.5}, {a: 9.0, b: -1.0}):
        assert evaluate(from_expression(found), point) == pytest.approx(evaluate(node, point))


def test_a_law_too_large_to_be_written_is_refused():
    with pytest.raises(LiftError, match="more than 20000 operations"):
        to_expression(nested(12))


def test_conditions_are_those_of_the_rule_language():
    assert set(map(str, to_conditions(make("lt", 0, a), make("not", make("eq", b, 1))))) == {
        "a > 0",
        "b - 1 != 0",
    }


def heavy_ball(first_is=None):
    names = Names()
    rate, momentum = names.symbol("lr"), names.symbol("momentum")
    buffer = names.symbol("buffer", state=True)
    (x,), (g,), _ = coordinates(1)
    with recording() as origins, origin("sgd.py:3"):
        new = leaf(momentum) * leaf(buffer) + leaf(g)
        moved = leaf(x) - leaf(rate) * new
    first = (
        [None, None] if first_is is None else [first_is(leaf(g)), leaf(x) - leaf(rate) * first_is(leaf(g))]
    )
    laws = [StateLaw(x, moved, first=first[1]), StateLaw(buffer, new, constant(0), first=first[0])]
    return lifted(laws, name="heavy ball", typical={rate: 0.01}, origins=origins), rate, momentum, buffer, x


def running(rate, momentum, buffer, x, factor=1.0):
    def live(values, gradients, losses, start):
        held, weight, shown = 0.0, start[0], []
        for (g,) in gradients:
            held = values[momentum] * held + g
            weight -= factor * values[rate] * held
            shown.append({x: weight, buffer: held})
        return shown

    return live


def test_a_new_value_stands_before_those_that_read_it():
    result, rate, _momentum, buffer, x = heavy_ball()
    assert result.rule.targets == (buffer, x)
    assert result.rule.updates[1].value == x - rate * after(buffer)
    assert dict(result.rule.start) == {buffer: 0}
    assert {where for _, where in result.origins} == {"sgd.py:3"}
    assert result.rule.typical == ((rate, Rational(1, 100)),)
    assert "lr >= 0" in map(str, result.rule.ranges)


def test_a_condition_that_follows_from_another_is_no_range_of_its_own():
    rate, rho = Symbol("lr", real=True), Symbol("rho", real=True)
    positive, below = Condition(rate, "> 0"), Condition(1 - rho, "> 0")
    given = [Condition(rate, ">= 0"), below, positive, Condition(1 - rho, ">= 0"), Condition(rho + 1, "> 0")]
    assert without_weaker(given) == (below, positive, Condition(rho + 1, "> 0"))
    assert without_weaker([Condition(rho - 1, "> 0"), Condition(rho, ">= 0")]) == (Condition(rho - 1, "> 0"),)
    assert without_weaker([Condition(rate, ">= 0")] * 2) == (Condition(rate, ">= 0"),)


def test_a_first_step_that_is_the_law_at_the_start_values_is_none():
    assert heavy_ball(first_is=lambda g: g)[0].first is None
    different = heavy_ball(first_is=lambda g: g / 2)[0].first
    assert different is not None
    assert str(different.updates[0]) == "buffer <- grad(x)/2"


def test_two_states_with_one_new_value():
    c, d = Symbol("c", real=True), Symbol("d", real=True)
    new = a * a + 1
    laws = in_order([StateLaw(d, new * 2), StateLaw(c, new), StateLaw(A, new)])
    assert [law.symbol for law in laws] == [c, d, A]
    assert laws[2].new is leaf(after(c))


def test_the_self_check_follows_the_code_and_refuses_what_parts_from_it():
    result, *symbols = heavy_ball()
    found = checked(result, running(*symbols)).check
    assert found is not None
    assert found.difference < 1e-12
    with pytest.raises(LiftError, match="does not follow the code; after step 1 x is"):
        checked(result, running(*symbols, factor=1 + 1e-6))
    with pytest.raises(LiftError, match="bfloat16, which is too coarse"):
        checked(result, running(*symbols), precision="bfloat16")
    with pytest.raises(LiftError, match="cannot be checked: its code gives no finite numbers"):
        checked(result, lambda values, gradients, losses, start: [{symbols[3]: math.nan}] * len(gradients))


def test_where_the_code_has_nan_and_the_rule_has_not_is_said():
    result, *symbols = heavy_ball()

    def undefined_at_zero(*run):
        shown = running(*symbols)(*run)
        zeros = [n for n, (g,) in enumerate(run[1]) if g == 0]
        return shown[: zeros[0]] + [dict.fromkeys(s, math.nan) for s in shown[zeros[0] :]] if zeros else shown

    assert "NaN" in str(checked(result, undefined_at_zero).assumes[-1])


def test_a_number_that_lost_its_symbol_differs_between_two_lifts():
    rate, x = Symbol("lr", real=True), coordinates(1)[0][0]

    def lift_at(value):
        return lifted([StateLaw(x, leaf(x) - constant(value) * leaf(coordinates(1)[1][0]))], name="lossy")

    drawn = [draw_values([rate], {rate: 0.01}, seed)[rate] for seed in (0, 1)]
    same_expressions(lift_at(drawn[0]), lift_at(drawn[0]))
    with pytest.raises(LiftError, match="becomes a plain number on its way into x"):
        same_expressions(*map(lift_at, drawn))


def test_names_that_are_taken_are_changed():
    names = Names()
    assert names.symbol("b1").name == "b1"
    assert names.symbol("b1", state=True).name == "b1_state"
    assert names.symbol("x", state=True).name == "x_state"
    assert names.symbol("lambda").name == "lam"
