"""The texts in C and JavaScript: compiled by tools that are none of ours, they take the step of the rule."""

from __future__ import annotations

import ctypes
import json
import shutil
import subprocess

import numpy as np
import pytest
import sympy
from sympy import Rational, Symbol, exp, log, symbols

import physsym
from physsym.codegen import partition, program, state_name
from physsym.codegen.emit import LANGUAGES, c_source, javascript_source, source
from physsym.codegen.emit.c import DOUBLE
from physsym.codegen.emit.loop import loops
from physsym.codegen.emit.text import Language, expression_text
from physsym.codegen.expression_tree import Operation
from physsym.core.statements import parameters, rule, states
from physsym.core.symbols import after, grad
from physsym.runtime.backends import lambdify
from physsym.vocabulary import G, eta, rho, u, x
from tests.support.javascript import needs_node, run_by_node
from tests.support.rules import ALL, CHOSEN, RULES, ahead, corrected, momentum

ONE_GRADIENT = {k: r for k, r in ALL.items() if k != "game"}
needs_gcc = pytest.mark.skipif(not shutil.which("gcc"), reason="needs gcc")
# What libraries compute differs by a rounding or two.
ROUGH = ("shared parts", "quarter powers")


def chosen(stated):
    return {str(p): CHOSEN[str(p)] for p in parameters(stated)}


def start(stated, dtype, size=5):
    random = np.random.default_rng(3)
    made = {state_name(s): np.abs(random.normal(size=size)).astype(dtype) for s in states(stated)}
    return made | {state_name(c): np.array(3.0) for c in program(stated).counters}


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("c")

    def library(text):
        path = folder / f"n{abs(hash(text))}"
        path.with_suffix(".c").write_text(text)
        flags = ["-std=c11", "-O2", "-Wall", "-Werror", "-ffp-contract=off", "-shared", "-fPIC"]
        subprocess.run(
            ["gcc", *flags, path.with_suffix(".c"), "-o", path.with_suffix(".so"), "-lm"], check=True
        )
        return ctypes.CDLL(str(path.with_suffix(".so")))

    return library


def called_in_c(library, stated, state, slopes, dtype):
    """Call the function of the step with arrays and numbers in the order that the text tells."""
    *_, step = loops(program(stated), frozenset())
    held = [np.ascontiguousarray(state[state_name(s)]) for s in program(stated).arrays] + slopes
    numbers = [
        ctypes.c_double(float({**chosen(stated), **state}[state_name(p)])) for p in step.program.parameters
    ]
    pointers = [ctypes.c_void_p(a.ctypes.data) for a in held]
    library.physsym_step(ctypes.c_size_t(held[0].size), *pointers, *numbers)
    return dict(zip(map(state_name, program(stated).arrays), held, strict=False))


@needs_gcc
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("called", ONE_GRADIENT)
def test_the_text_in_c_takes_the_step(compiled, called, dtype):
    stated = ONE_GRADIENT[called]
    state = start(stated, dtype)
    has_slope = bool(program(stated).evaluations)
    slopes = [np.cos(np.arange(5)).astype(dtype)] * has_slope
    wanted = lambdify(stated)(*state.values(), *[lambda w: slopes[0]] * has_slope, **chosen(stated))
    library = compiled(c_source(program(stated), single=dtype is np.float32))
    got = called_in_c(library, stated, {k: v.copy() for k, v in state.items()}, slopes, dtype)
    for symbol, value in zip(states(stated), wanted, strict=True):
        if symbol in program(stated).counters:
            continue
        if called in ROUGH:
            np.testing.assert_allclose(got[state_name(symbol)], value, rtol=20 * np.finfo(dtype).eps)
        else:
            np.testing.assert_array_equal(got[state_name(symbol)], value)


@needs_gcc
def test_the_place_of_a_gradient_has_a_function_of_its_own_in_c(compiled):
    text = c_source(program(ahead))
    w, v, out = np.arange(4.0), np.ones(4), np.empty(4)
    arrays = [ctypes.c_void_p(a.ctypes.data) for a in (v, w, out)]
    numbers = [ctypes.c_double(CHOSEN[state_name(p)]) for p in program(ahead).parameters]
    compiled(text).physsym_place(ctypes.c_size_t(4), *arrays, *numbers)
    np.testing.assert_array_equal(out, w + CHOSEN["rho"] * v)
    assert "physsym_place" not in c_source(program(momentum))
    twice = c_source(program(rule({x: x - eta * grad(x - eta * grad(x - eta * G))})))
    assert "physsym_place(" in twice
    assert "physsym_place2(" in twice
    assert "physsym_place3" not in twice


def step_by_node(text, stated, values, slope):
    call = f"step(...{json.dumps(values)}"
    call += f", () => {slope}" if program(stated).evaluations else ""
    call += f", {json.dumps(chosen(stated))})" if program(stated).parameters else ")"
    return run_by_node(f'"use strict";\n{text}\nconsole.log(JSON.stringify({call}));')


@needs_node
@pytest.mark.parametrize("called", ONE_GRADIENT)
def test_the_text_in_javascript_takes_the_step(called):
    stated = ONE_GRADIENT[called]
    values = [float(v if v.shape == () else v[0]) for v in start(stated, np.float64).values()]
    slope = 0.30000000000000004
    wanted = lambdify(stated, "python")(
        *values, *[lambda w: slope] * bool(program(stated).evaluations), **chosen(stated)
    )
    got = step_by_node(javascript_source(program(stated)), stated, values, slope)
    if called in (*ROUGH, "adam with its corrections"):
        assert got == pytest.approx([float(v) for v in wanted], rel=1e-14)
    else:
        assert got == [float(v) for v in wanted]


@needs_node
def test_several_coordinates_and_odd_names_in_javascript():
    text = javascript_source(program(RULES["game"]))
    call = "step(1, 2, (a, b) => [b, a], {eta: 0.5})"
    assert run_by_node(f"{text}console.log(JSON.stringify({call}))") == [0, 2.5]
    odd = [Symbol(n) for n in ("class", "Math", "η", "a b", "__proto__", "1st", "x'; process.exit(3); z")]
    stated = rule({s: s / 2 + after(odd[k - 1]) if k else s / 2 for k, s in enumerate(odd)})
    made = javascript_source(program(stated))
    call = "step(2,2,2,2,2,2,2)"
    assert run_by_node(f'"use strict"; {made} console.log(JSON.stringify({call}))') == [1, 2, 3, 4, 5, 6, 7]


@needs_gcc
def test_odd_names_in_c(compiled):
    odd = [Symbol(n) for n in ("int", "n", "i", "η", "a b", "exp", "frame", "1st", "x; } evil() {")]
    stated = rule({s: s / 2 + after(odd[k - 1]) if k else s / 2 for k, s in enumerate(odd)})
    held = [np.full(3, 2.0) for _ in odd]
    pointers = [ctypes.c_void_p(a.ctypes.data) for a in held]
    compiled(c_source(program(stated))).physsym_step(ctypes.c_size_t(3), *pointers)
    assert [a[2] for a in held] == [1, 2, 3, 4, 5, 6, 7, 8, 9]


def test_greek_letters_are_called_by_their_names():
    stated = rule({x: x - Symbol("η") * G, u: Symbol("Δ") * u})
    assert "double DELTA, double eta" in c_source(program(stated))


def test_two_signs_in_a_row_are_no_decrement():
    value = Operation("negative", (Operation("negative", (x,)),))
    assert expression_text(value, {x: "x"}, DOUBLE) == "-(-x)"
    assert expression_text(Operation("negative", (-2,)), {}, DOUBLE) == "-(-2.0)"


def test_an_operation_outside_the_list_is_refused_by_name():
    spare = Language("Spare", functions={"sqrt": "root"})
    assert expression_text(Operation("sqrt", (x,)), {x: "x"}, spare) == "root(x)"
    with pytest.raises(ValueError, match=r"Spare text has no operation exp; it has add.*sqrt"):
        expression_text(Operation("exp", (x,)), {x: "x"}, spare)
    with pytest.raises(ValueError, match="cannot compute gamma"):
        source(rule({x: sympy.gamma(x)}), "c")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_operation(language):
    y, z = symbols("y z")
    everything = rule({
        x: exp(y) + log(z) + sympy.sin(x) + sympy.cos(x) + sympy.tanh(x) + sympy.Abs(x) ** Rational(1, 3),
        y: sympy.Max(x, y) - sympy.Min(x, y) * sympy.sign(z), z: sympy.sqrt(z) / 3,
    })  # fmt: skip
    assert source(everything, language)


def test_an_unknown_language_is_told():
    with pytest.raises(ValueError, match="unknown language 'fortran'; there are python, c, javascript, llvm"):
        physsym.source(momentum, language="fortran")


def test_counters_are_numbers_that_are_computed_once():
    last = partition(program(corrected))[-1]
    assert [str(s) for s in program(corrected).counters] == ["t"]
    assert "t" not in map(str, last.states)
    assert not any(o.name == "power" for line in last.body for v in line.values
                   for o in [v] if isinstance(o, Operation))  # fmt: skip
    assert "pow(" in c_source(program(corrected)).split("for (")[0]
    assert rho in program(rule({u: rho * u, x: x - eta * after(u)})).parameters
