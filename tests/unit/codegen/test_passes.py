"""Programs without copies, doublings and repetitions compute the bits of those with them, with less work."""

from __future__ import annotations

import math
import operator
import random
from dataclasses import replace
from fractions import Fraction

import pytest
from sympy import Max, Min, Mul, Piecewise, Symbol, symbols

from physsym import lambdify, rule, source
from physsym.codegen import Assignment, Program
from physsym.codegen.expression_tree import Operation
from physsym.codegen.passes import long_chains
from physsym.codegen.passes.common_subexpressions import eliminate_common_operations
from physsym.codegen.passes.copy_propagation import propagate_copies, reassociate_doublings
from physsym.runtime.backends import is_installed
from physsym.runtime.potentials import potential_formula
from tests.support.tiers import in_tiers

x, y, g, h, new, c, d = symbols("x y g h x+ c d", real=True)


def times(left, right):
    return Operation("multiply", (left, right))


def minus(left, right):
    return Operation("subtract", (left, right))


def steps(*lines, scalars=()):
    """Return a program of one state x and two parameters, whose result is the last target."""
    made = tuple(Assignment((target,), (value,)) for target, value in lines)
    before = tuple(Assignment((target,), (value,)) for target, value in scalars)
    return Program((x,), (c, d), before, made, (lines[-1][0],))


CARRIED_OUT = {"multiply": operator.mul, "subtract": operator.sub, "sqrt": math.sqrt}


def value(operand, known):
    if isinstance(operand, Operation):
        return CARRIED_OUT[operand.name](*(value(a, known) for a in operand.arguments))
    return known[operand] if isinstance(operand, Symbol) else operand


def computed(program, **known):
    """Return the result of a program in floats, line by line."""
    known = {s: known[s.name] for s in (*program.states, *program.parameters)}
    for line in (*program.scalars, *program.body):
        known |= {t: value(v, known) for t, v in zip(line.targets, line.values, strict=True)}
    return [known[r] for r in program.results]


def same_bits(left, right):
    rng = random.Random(1)
    for _ in range(300):
        given = {name: rng.uniform(-1, 1) * 2.0 ** rng.randint(-300, 300) for name in "xcd"}
        if computed(left, **given) != computed(right, **given):
            return False
    return True


SLOPE = times(2, minus(times(x, x), 1))
MOVED = {
    "the slope of a step": steps((g, SLOPE), (new, minus(x, times(c, g)))),
    "read twice": steps((g, SLOPE), (new, minus(times(c, g), times(d, g)))),
    "four times": steps((g, times(4, x)), (new, minus(x, times(c, g)))),
    "deep within": steps((g, SLOPE), (new, minus(x, times(times(c, g), x)))),
    "two values": steps((g, SLOPE), (h, times(8, x)), (new, minus(times(c, g), times(c, h)))),
    "one within the other": steps((g, times(2, x)), (h, times(2, times(c, g))), (new, times(d, h))),
}


@pytest.mark.parametrize("program", MOVED.values(), ids=MOVED)
def test_constants_take_over_powers_of_two(program):
    moved = reassociate_doublings(program)
    assert len(moved.scalars) > len(program.scalars)
    assert not any(
        isinstance(v, Operation) and v.name == "multiply" and isinstance(v.arguments[0], int)
        for line in moved.body
        for v in line.values
    )
    assert same_bits(program, moved)


KEPT = {
    "a number that is no power of two": steps((g, times(6, x)), (new, minus(x, times(c, g)))),
    "read as it is, too": steps((g, SLOPE), (new, minus(g, times(c, g)))),
    "squared": steps((g, SLOPE), (new, times(c, times(g, g)))),
    "the result": steps((h, times(c, x)), (new, times(2, h))),
    "multiplied by what is no constant": steps((g, SLOPE), (new, minus(x, times(x, g)))),
}


@pytest.mark.parametrize("program", KEPT.values(), ids=KEPT)
def test_other_numbers_stay(program):
    assert reassociate_doublings(program) == program


def test_a_number_that_is_no_power_of_two_would_change_bits():
    program = KEPT["a number that is no power of two"]
    wrong = replace(
        program,
        body=tuple(Assignment((t,), (v,)) for t, v in ((g, x), (new, minus(x, times(h, g))))),
        scalars=(Assignment((h,), (times(6, c),)),),
    )
    assert not same_bits(program, wrong)


def test_copies_are_left_out():
    program = steps((y, x), (g, times(y, y)), (h, g), (new, minus(y, times(c, h))))
    short = propagate_copies(program)
    assert [line.targets[0] for line in short.body] == [g, new]
    assert same_bits(program, short)


def test_a_result_keeps_its_name():
    program = steps((y, x), (new, y))
    assert propagate_copies(program).body == (Assignment((new,), (x,)),)


def carried_out(program):
    """Return every operation of a program's body, each as often as it stands there."""
    return [part for line in program.body for v in line.values for part in parts(v)]


def parts(operand):
    if isinstance(operand, Operation):
        yield operand
        for argument in operand.arguments:
            yield from parts(argument)


APART = minus(x, c)
REPEATED = {
    "in two lines": (steps((g, times(d, APART)), (new, times(g, times(x, APART)))), 1),
    "in one line": (
        steps(
            (new, times(times(d, APART), times(x, APART))),
        ),
        1,
    ),
    "thrice": (steps((g, times(APART, times(x, APART))), (new, times(g, times(APART, d)))), 2),
    "a larger and a smaller one": (
        steps(
            (g, times(x, times(d, APART))), (h, times(g, times(d, APART))), (new, times(h, times(x, APART)))
        ),
        3,
    ),
}


@pytest.mark.parametrize(("program", "saved"), REPEATED.values(), ids=REPEATED)
def test_what_is_repeated_is_computed_once(program, saved):
    named = replace(program, body=tuple(eliminate_common_operations(program.body, iter(symbols("s:9")))))
    assert len(carried_out(program)) - len(carried_out(named)) == saved
    assert same_bits(program, named)


def test_what_has_a_name_is_not_named_again():
    program = steps((g, APART), (new, times(g, times(d, APART))))
    assert eliminate_common_operations(program.body, iter(())) == list(program.body)


def test_a_number_before_a_sum_makes_two_sums_one():
    slopes = potential_formula("rosenbrock").gradient
    assert len(carried_out(slopes)) == len(set(carried_out(slopes))) > 0


@pytest.mark.parametrize("terms", in_tiers([59, 61, 340, 700], fast=[59, 61, 340]))
def test_a_sum_of_many_terms_runs_on_every_backend(terms):
    factors = symbols(f"a1:{terms + 1}")
    long_sum = rule({x: x - sum(a * x**k for k, a in enumerate(factors[:terms]))})
    given = {str(a): float(k + 1) for k, a in enumerate(factors)}
    exactly = 2 - sum((k + 1) * Fraction(2) ** k for k in range(terms))
    for backend in ("numpy", "python", "llvm", "c"):
        if not is_installed(backend):
            continue
        (found,) = lambdify(long_sum, backend=backend)(2.0, **given)
        assert math.isclose(float(found), float(exactly), rel_tol=1e-13), backend


MANY = symbols("a1:401")
SIZES = [math.sin(k) / 1000 for k in range(len(MANY))]
LONG = {
    "product": (Mul(*(1 + a * x for a in MANY)), lambda at: math.prod(1 + a * at for a in SIZES)),
    "Max": (Max(*(a * x for a in MANY), evaluate=False), lambda at: max(a * at for a in SIZES)),
    "Min": (Min(*(a * x for a in MANY), evaluate=False), lambda at: min(a * at for a in SIZES)),
    "Piecewise": (
        Piecewise(*((a, x < k + 1) for k, a in enumerate(MANY)), (x, True)),
        lambda at: next((a for k, a in enumerate(SIZES) if at < k + 1), at)),
}  # fmt: skip


@pytest.mark.parametrize("kind", in_tiers(LONG, fast=["product", "Max", "Piecewise"]))
def test_formulas_of_hundreds_of_members_run_on_every_backend(kind):
    value, by_hand = LONG[kind]
    given = {str(a): size for a, size in zip(MANY, SIZES, strict=True)}
    for backend in filter(is_installed, ("numpy", "python", "llvm", "c")):
        step = lambdify(rule({x: value}), backend=backend)
        for at in (-3.0, 0.0, 31.5, 32.0, 199.0, 200.5, 399.0, 400.0, 1000.0):
            (found,) = step(at, **given)
            assert math.isclose(float(found), by_hand(at), rel_tol=1e-9), (backend, at)


def test_where_a_sum_is_split_does_not_change_its_bits(monkeypatch):
    factors = symbols("a1:150")
    long_sum = rule({x: x - sum(a * g for a in factors)})
    given = {str(a): random.Random(str(a)).uniform(-1, 1) for a in (*factors, g)}
    found = []
    for longest in (60, 7, 10**6):
        monkeypatch.setattr(long_chains, "LONGEST", longest)
        found.append(lambdify(long_sum, backend="python")(0.1, **given))
    assert found[0] == found[1] == found[2]
    assert max(map(len, source(long_sum).splitlines())) > 500  # in one line, where the limit is lifted
