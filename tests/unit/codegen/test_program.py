"""The straight-line program of a rule, its order of operations, and its text."""

from __future__ import annotations

import keyword
import re
import shutil
import subprocess
from itertools import product

import numpy as np
import pytest
import sympy
from sympy import Function, Rational, Symbol, exp, sqrt, symbols

from physsym.codegen import evaluation_points, program
from physsym.codegen.emit import identifiers, python_source, source
from physsym.codegen.emit.c import WORDS as C_WORDS
from physsym.codegen.expression_tree import Operation, operand
from physsym.codegen.passes.partition import takes_gradient_at_states
from physsym.core.statements import rule
from physsym.core.symbols import after, before, grad, partial, potential
from physsym.runtime.backends import load_backend
from physsym.runtime.optimizers import optimizer
from physsym.vocabulary import G, U, dt, eta, rho, tau, u, x
from tests.support.requirements import EACH_BACKEND, needs_compiler
from tests.support.tiers import in_tiers

y = Symbol("y", real=True)
beta, epsilon, second = symbols("beta epsilon second")


def body(updates):
    """The lines between the docstring and the return."""
    return [line.strip() for line in python_source(program(rule(updates))).splitlines()[2:-1]]


WRITTEN = {
    "gradient descent": ({x: x - eta * G}, ["g = grad(x)", "x_next = x - eta*g"]),
    "momentum": (
        {u: rho * u - eta * G, x: x + after(u)},
        ["g = grad(x)", "u_next = rho*u - eta*g", "x_next = x + u_next"],
    ),
    "a constant is computed once": (
        {u: rho * u - (1 - rho) * eta * G, x: x + after(u)},
        ["c = eta*(1 - rho)", "g = grad(x)", "u_next = rho*u - c*g", "x_next = x + u_next"],
    ),
    "what constants share is computed once": (
        {u: (1 - exp(-dt / tau)) * grad(u) + exp(-dt / tau) * u},
        ["s = exp(-dt/tau)", "c = 1 - s", "g = grad(u)", "u_next = s*u + c*g"],
    ),
    "what a place and an update share is computed once": (
        {u: rho * u - eta * grad(x + rho * u), x: x + after(u)},
        ["s = rho*u", "g = grad(x + s)", "u_next = s - eta*g", "x_next = x + u_next"],
    ),
    "a place that reads a new value comes after it": (
        {x: x + u, u: rho * u - eta * grad(after(x))},
        ["x_next = x + u", "g = grad(x_next)", "u_next = rho*u - eta*g"],
    ),
    "one place is evaluated once": (
        {u: rho * u + G, second: beta * second + G**2, x: x - eta * G},
        [
            "g = grad(x)",
            "u_next = rho*u + g",
            "second_next = beta*second + g*g",
            "x_next = x - eta*g",
        ],
    ),
    "a gradient at a gradient step": (
        {x: x - eta * grad(x - eta * G)},
        ["g = grad(x)", "g2 = grad(x - eta*g)", "x_next = x - eta*g2"],
    ),
    "several coordinates": (
        {x: x - eta * partial(1, x, y), y: y + eta * partial(2, x, y)},
        ["g, g2 = grad(x, y)", "x_next = x - eta*g", "y_next = y + eta*g2"],
    ),
    "players who take turns": (
        {x: x - eta * partial(1, x, y), y: y + eta * partial(2, after(x), y)},
        ["g, g2 = grad(x, y)", "x_next = x - eta*g", "g3, g4 = grad(x_next, y)", "y_next = y + eta*g4"],
    ),
    "an earlier value": (
        {x: x - eta * G + rho * (x - before(x))},
        ["g = grad(x)", "x_next = x + rho*(x - x_previous) - eta*g"],
    ),
    "no gradient": ({x: x - eta * x**3}, ["x_next = x - eta*(x*x*x)"]),
    "an average of squares": (
        {u: u, second: beta * second + (1 - beta) * G**2, x: x - eta * u / (sqrt(after(second)) + epsilon)},
        [
            "c = 1 - beta",
            "u_next = u",
            "g = grad(x)",
            "second_next = beta*second + c*(g*g)",
            "x_next = x - eta*u/(sqrt(second_next) + epsilon)",
        ],
    ),
    "division by a constant": ({x: x / (1 - rho)}, ["c = 1 - rho", "x_next = x/c"]),
    "fractions": ({x: Rational(2, 3) * x + Rational(1, 2)}, ["x_next = 2*x/3 + 1/2"]),
    "a whole number that one term is": (
        {x: 2 * x - 6 * u - 4, u: u},
        ["x_next = 2*(x - 2 - 3*u)", "u_next = u"],
    ),
    "a whole number that two terms are": (
        {x: 6 * x - 6 * u**2, u: u},
        ["x_next = 6*(x - u*u)", "u_next = u"],
    ),
    "one that no term is": ({x: 6 * x - 4 * u, u: u}, ["x_next = 6*x - 4*u", "u_next = u"]),
    "half a constant": ({x: x - eta * G / 2}, ["c = eta/2", "g = grad(x)", "x_next = x - c*g"]),
    "a square of a sum": ({x: (x + u) ** 2, u: u}, ["s = u + x", "x_next = s*s", "u_next = u"]),
    "half powers": (
        {x: 1 / sqrt(x) + u ** Rational(3, 2), u: u},
        ["x_next = 1/sqrt(x) + u*sqrt(u)", "u_next = u"],
    ),
    "other powers": ({x: x**7 + u**rho, u: u}, ["x_next = power(x, 7) + power(u, rho)", "u_next = u"]),
    "an exponential is never turned round": ({x: exp(-dt) * x}, ["c = exp(-dt)", "x_next = c*x"]),
    "minus": ({x: -eta * x, u: -u - 1}, ["x_next = -eta*x", "u_next = -u - 1"]),
    "the largest of three": (
        {x: sympy.Max(x, u, 0) - sympy.Abs(u), u: u},
        ["x_next = maximum(maximum(0, x), u) - absolute(u)", "u_next = u"],
    ),
}


@pytest.mark.parametrize(("updates", "lines"), WRITTEN.values(), ids=WRITTEN)
def test_the_program_is_written_as_a_person_would(updates, lines):
    wanted = {line for line in lines if " = " in line}
    assert set(body(updates)) == wanted
    assert [line for line in body(updates) if line in wanted] == lines


VALUES = {s: Rational(n + 2, n + 5) for n, s in enumerate(symbols("a b c", positive=True))}
a, b, c = VALUES
FORMULAS = [
    a - (b - c), a - b - c - 1, a / (b * c), a / b / c - c / (b / a), (a + b) / (a - c), -(a + b) * c,
    a - b / 2 + 3 * c, 1 / (a * b), a**2 / b**3, a ** Rational(-3, 2), -a, Rational(-5, 3) * a * b / c,
    (a - b) * (b - c), a - (1 - b) * c, 2 / (3 * a), a ** (b - c), sqrt(a + b) * (a + b) ** 4,
    (a * b) ** 5 - a, exp(-(a**2)) * sympy.sin(b) / sympy.cos(c), sympy.tanh(a) * sympy.log(b),
    -1 / a, -1 / (a + b),
    sympy.Max(a, b, c) - sympy.Min(a, b, c), sympy.Abs(a - b) * sympy.sign(b - a),
]  # fmt: skip


@pytest.mark.parametrize("formula", FORMULAS, ids=str)
def test_the_text_of_a_formula_has_its_value(formula):
    """SymPy computes the value independently of our order of operations."""
    text = python_source(program(rule({x: formula})))
    namespace = {n: getattr(np, n) for n in dir(np) if not n.startswith("_")}
    exec(text, namespace)
    (value,) = namespace["step"](0.0, **{str(s): float(VALUES[s]) for s in formula.free_symbols})
    assert value == pytest.approx(float(formula.xreplace(VALUES)), rel=1e-14)
    assert value != pytest.approx(float((formula + Rational(1, 1000)).xreplace(VALUES)), rel=1e-14)


def test_no_name_is_assigned_twice_and_every_name_is_known_when_read():
    for updates, _ in WRITTEN.values():
        made = program(rule(updates))
        known = {*made.states, *made.parameters}
        for line in (*made.scalars, *made.body):
            assert set(line.reads) <= known
            assert not set(line.targets) & known
            known |= set(line.targets)
        assert set(made.results) <= known


def test_programs_compare_by_value():
    for updates, _ in WRITTEN.values():
        assert program(rule(updates)) == program(rule(updates))
    assert program(rule({x: x - eta * G})) != program(rule({x: x + eta * G}))


AWKWARD = [
    "lambda",
    "class",
    "grad",
    "step",
    "x'y",
    "1st",
    "η",
    "match",
    "exp",
    "maximum",
    "a b",
    "g",
    "s",
    "c",
]


@pytest.mark.parametrize("name", AWKWARD)
def test_any_name_becomes_a_python_name_of_its_own(name):
    odd = Symbol(name)
    made = program(rule({x: x - (1 - odd) * (x + u) * G, u: (x + u) * odd - eta * G}))
    names = identifiers(made)
    assert len(set(names.values())) == len(names)
    assert all(n.isidentifier() and not keyword.iskeyword(n) for n in names.values())
    compile(python_source(made), "<test>", "exec")


def test_names_that_python_takes_for_one_are_kept_apart():
    lunate, small = Symbol("ϵ"), Symbol("ε")
    names = identifiers(program(rule({x: lunate * x + small})))
    assert len({*names.values()}) == len(names)


def test_no_name_reaches_the_source_as_code():
    text = python_source(program(rule({Symbol('x"""; import os; """'): Symbol("os.system('true')")})))
    assert "import os" not in text
    assert "system(" not in text


def test_a_taken_name_is_not_given_to_a_temporary():
    g, g_next = Symbol("g"), Symbol("x_next")
    text = python_source(program(rule({x: x - g * g_next * G})))
    assert "g2 = grad(x)" in text
    made = program(rule({x: x - g * g_next * G}))
    assert len(set(identifiers(made).values())) == len(identifiers(made))


@pytest.mark.parametrize(
    ("updates", "said"),
    [
        ({x: sympy.gamma(x)}, "gamma"),
        ({x: Function("f")(x)}, "f"),
        ({x: x - eta * U.xreplace({x: 2 * x})}, "reads it at one point"),
        ({x: sympy.pi * x}, "Pi"),
        ({x: sympy.I * x}, "ImaginaryUnit"),
        ({x: sympy.Piecewise((x, x > 0), (0, x < 0))}, "last branch"),
        ({x: x - eta * G.diff(x)}, "hess"),
        ({x: partial(3, x, y), y: y}, "names no coordinate"),
        ({x: x - partial(1, x, y) - G, y: y}, r"gradients of \[1, 2\] coordinates"),
        ({x: x * Symbol("x")}, "two symbols"),
        ({x: x * Symbol("eta") * eta}, "two symbols"),
        ({x: x + before(x) + Symbol("x_previous")}, "two symbols"),
    ],
)
def test_what_cannot_be_computed_is_named(updates, said):
    with pytest.raises(ValueError, match=said):
        program(rule(updates))


@pytest.mark.parametrize("wrong", [None, 3, "x", x - eta * G, {x: x}])
def test_a_program_is_made_from_a_rule_alone(wrong):
    with pytest.raises(TypeError, match="expected a rule"):
        program(wrong)


def test_text_is_made_from_operands_alone():
    made = program(rule({x: x - eta * G}))
    spoiled = Operation("add", ("x", "y"))
    line = type(made.body[-1])(made.body[-1].targets, (spoiled,))
    with pytest.raises(TypeError, match="operand"):
        python_source(type(made)(made.states, made.parameters, made.scalars, (line,), made.results))


def test_a_sum_is_read_from_left_to_right():
    assert operand(a - b - c, {}) == Operation("subtract", (Operation("subtract", (a, b)), c))
    assert operand(a - b - c, {}) != Operation("subtract", (a, Operation("subtract", (b, c))))


@pytest.mark.parametrize(
    ("updates", "wanted"),
    [
        ({x: x - eta * G}, ["place = x"]),
        ({u: rho * u - eta * grad(x + rho * u), x: x + after(u)}, ["s = rho*u", "place = x + s"]),
        ({x: x - partial(1, x - y, y), y: y}, ["place = x - y", "place2 = y"]),
    ],
)
def test_the_place_of_a_gradient_is_a_program_of_its_own(updates, wanted):
    made = evaluation_points(program(rule(updates)))
    lines = [line.strip() for line in python_source(made).splitlines()[2:-1]]
    assert ", ".join(wanted) == ", ".join(lines).replace(
        "place, place2 = x - y, y", "place = x - y, place2 = y"
    )


@pytest.mark.parametrize(
    "updates",
    [{x: 2 * x}, {x: x + u, u: u - grad(after(x))}, {x: x - grad(x - G)}, {x: x - G - grad(2 * x)}],
)
def test_a_place_unknown_before_the_step_is_none(updates):
    assert evaluation_points(program(rule(updates))) is None


def test_a_gradient_at_a_state_is_told_from_one_elsewhere():
    assert takes_gradient_at_states(program(rule({x: x - G})))
    for elsewhere in ({x: x}, {x: x - grad(2 * x)}, {u: u - G, x: x - grad(after(u))}, {x: x - grad(eta)}):
        assert not takes_gradient_at_states(program(rule(elsewhere)))
    assert potential(x) == U


# By the backend on which a name is reserved, or a name of ours: there it is tried in the fast tier.
RESERVED = {
    "c": "int double linux unix NAN M_PI INFINITY NULL _Bool __FILE__ __LINE__ restrict physsym_step define "
    "float void ptr physsym_sign n i",
    "llvm": "more next some entry body end t1 t2 out scratch parameters states",
    "python": "__debug__ None lambda match grad guarded step yield await eval var let arguments undefined "
    "NaN Math",
    "numpy": "copyto counted x_next x_kept x_out c g s number steps",
}
HOME = {name: backend for backend, names in RESERVED.items() for name in names.split()}


@pytest.mark.parametrize(
    ("name", "backend"),
    in_tiers(product(HOME, EACH_BACKEND), fast=lambda pair: pair[1].values == (HOME[pair[0]],)),
)
def test_a_reserved_name_is_renamed_on_each_backend_and_runs(name, backend):
    odd, twin = Symbol(name, positive=True), Symbol(f"{name}_", positive=True)
    # An array for an earlier value, a helper function and a constant that is computed once.
    steps = rule({x: x - odd * (1 - twin) * G * sympy.sign(x) + before(x) / 4})
    start = {"x": 2.0, "x_previous": 4.0} if backend == "python" else {"x": [2.0], "x_previous": [4.0]}
    if backend in ("jax", "torch"):
        pytest.importorskip(backend)
        start = {key: load_backend(backend).start(key, np.array(value)) for key, value in start.items()}
    made = optimizer(steps, backend, **{name: 0.5, f"{name}_": 0.25})
    new = made.step(made.init(start), lambda w: 2 * w)
    assert np.ravel(np.asarray(new["x"]))[0] == 2 - 0.5 * (1 - 0.25) * 4 + 1
    assert np.ravel(np.asarray(new["x_previous"]))[0] == 2
    if made.backend in ("numpy", "llvm", "c"):
        state, gradient = made.init(start), np.array([4.0])
        made.bind(state, gradient).step()
        assert (state["x"][0], state["x_previous"][0]) == (1.5, 2)


@needs_compiler
def test_no_name_of_a_text_in_c_is_a_macro_of_the_compiler(tmp_path):
    header = tmp_path / "header.c"
    header.write_text("#include <math.h>\n#include <stddef.h>\n")
    compiler = shutil.which("gcc") or shutil.which("clang")
    listed = subprocess.run([compiler, "-dM", "-E", header], capture_output=True, text=True, check=True)
    macros = re.findall(r"^#define (\w+)(?!\w|\()", listed.stdout, re.MULTILINE)
    assert {"linux", "M_PI"} & set(macros)
    for macro in macros:
        made = program(rule({Symbol(macro): Symbol(macro) / 2}))
        assert not {*identifiers(made, C_WORDS, plain=True).values()} & {*macros}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("\u0430", "character 1 of the name '\u0430' is CYRILLIC SMALL LETTER A"),
        ("rh\u03bf", "character 3 of the name 'rh\u03bf' is GREEK SMALL LETTER OMICRON"),
        ("\u0391", "GREEK CAPITAL LETTER ALPHA, which looks like the Latin A"),
        ("x_\u0585", "character 3 of the name 'x_\u0585' is ARMENIAN SMALL LETTER OH"),
    ],
)
def test_a_letter_that_looks_like_a_latin_one_is_refused(name, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        program(rule({x: x - Symbol(name) * G}))
    with pytest.raises(ValueError, match=re.escape(said)):
        source(rule({Symbol(name): Symbol(name) / 2}), "c")


@pytest.mark.parametrize("name", ["η", "ν", "ρ", "шаг", "学习率", "α_1", "µ"])
def test_letters_that_mathematics_and_people_use_are_names(name):
    assert program(rule({x: x - Symbol(name) * G})).parameters == (Symbol(name),)


@pytest.mark.parametrize(
    "factor", [10**400, sympy.Rational(10**400 + 1, 10**400), sympy.Rational(1, 2**1024)]
)
def test_a_number_that_no_float_holds_is_refused(factor):
    for language in ("python", "c", "javascript", "llvm"):
        with pytest.raises(ValueError, match=r"the rule holds a number of about (401|309) digits"):
            source(rule({x: x - factor * G}), language)
    assert program(rule({x: x - (2**1024 - 1) * G}))
