"""Compiled kernels: what they refuse, keep alive and leave alone, and how compiled C is kept on disk."""

from __future__ import annotations

import gc
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from sympy import symbols

from physsym.core.statements import rule
from physsym.core.symbols import after
from physsym.runtime import optimizer
from physsym.runtime.backends import BACKENDS, load_backend
from physsym.runtime.backends import c as c_backend
from tests.support.requirements import needs, needs_compiler
from tests.support.rules import corrected, momentum
from tests.unit.runtime.test_optimizers import UNFIT

COMPILED = [pytest.param("llvm", marks=needs("llvmlite", "fast")), pytest.param("c", marks=needs_compiler)]
CHOSEN = {"eta": 0.1, "rho": 0.7}


@pytest.mark.parametrize("backend", COMPILED)
@pytest.mark.parametrize(("unfit", "error", "said"), UNFIT.values(), ids=UNFIT)
def test_unfit_arrays_are_refused_and_nothing_is_written(unfit, error, said, backend):
    given = {"u": np.ones(3), "x": np.ones(3), "g": np.ones(3)} | unfit
    slope = given.pop("g")
    kept = {n: np.array(v) for n, v in given.items()}
    with pytest.raises(error, match=said):
        optimizer(momentum, backend, **CHOSEN).bind(given, slope)
    for name, value in kept.items():
        np.testing.assert_array_equal(given[name], value)


@pytest.mark.parametrize("backend", COMPILED)
def test_a_kernel_keeps_its_arrays_alive(backend):
    state = {"u": np.zeros(50_000), "x": np.ones(50_000)}
    bound = optimizer(momentum, backend, **CHOSEN).bind(state, np.ones(50_000))
    seen = state["x"]
    del state
    gc.collect()
    littered = [np.full(50_000, np.nan) for _ in range(20)]
    bound.step()
    np.testing.assert_array_equal(seen, np.full(50_000, 1 - 0.1 * 1.0))
    assert np.isnan(littered[0]).all()


@pytest.mark.parametrize("backend", COMPILED)
def test_parameters_change_and_counters_count(backend):
    made, plain = (optimizer(corrected, b, **CHOSEN) for b in (backend, "numpy"))
    state, slope = made.init(np.ones(7)), np.linspace(-1, 1, 7)
    wanted = plain.init(np.ones(7))
    bound = made.bind(state, slope)
    for eta in (0.1, 0.2, 0.05):
        bound.step(eta=eta)
        wanted = plain.with_parameters(eta=eta).step(wanted, slope)
    for name, value in wanted.items():
        np.testing.assert_array_equal(state[name], value)
    assert state["t"] == 3
    with pytest.raises(ValueError, match="eta must be finite"):
        bound.step(eta=float("nan"))
    np.testing.assert_array_equal(state["x"], wanted["x"])


@pytest.mark.parametrize("backend", COMPILED)
def test_trees_and_threads(backend):
    sizes = {"large": 2_100_001, "small": 5}
    state = {n: {k: np.linspace(0, 1, s) for k, s in sizes.items()} for n in ("u", "x")}
    slope = {k: np.linspace(1, 2, s) for k, s in sizes.items()}
    made = optimizer(momentum, backend, **CHOSEN)
    wanted = optimizer(momentum, **CHOSEN).step(state, slope)
    plain = made.step(state, slope)
    made.bind(state, slope, threads=2).step()
    for name, key in (("u", "large"), ("x", "large"), ("u", "small"), ("x", "small")):
        np.testing.assert_array_equal(state[name][key], wanted[name][key])
        np.testing.assert_array_equal(plain[name][key], wanted[name][key])


@pytest.mark.parametrize("backend", COMPILED)
def test_a_thousand_bound_steps_allocate_nothing(backend):
    bound = optimizer(momentum, backend, **CHOSEN).bind({"u": np.ones(9), "x": np.ones(9)}, np.ones(9))
    bound.step()
    tracemalloc.start()
    for _ in range(1000):
        bound.step()
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert max(held, peak) < 1_000


@pytest.mark.parametrize("backend", COMPILED)
def test_a_plain_step_makes_one_array_a_state(backend):
    made, size = optimizer(momentum, backend, **CHOSEN), 500_000
    state, slope = {"u": np.zeros(size), "x": np.ones(size)}, np.ones(size)
    made.step(state, slope)
    tracemalloc.start()
    new = made.step(state, slope)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 2 * 8 * size <= peak < 2 * 8 * size + 20_000
    assert not any(np.shares_memory(a, b) for a in new.values() for b in (*state.values(), slope))


@pytest.mark.parametrize("backend", COMPILED)
def test_names_that_libraries_use_do_no_harm(backend):
    step, advance, bind, signal = symbols("step advance bind signal")
    stated = rule({step: step + advance / bind, advance: after(step) * signal})
    made = optimizer(stated, backend, bind=2.0, signal=3.0)
    new = made.step({"step": np.ones(4), "advance": np.full(4, 4.0)})
    np.testing.assert_array_equal(new["step"], np.full(4, 3.0))
    np.testing.assert_array_equal(new["advance"], np.full(4, 9.0))


@pytest.mark.parametrize("backend", COMPILED)
def test_small_numbers_are_not_flushed_to_zero(backend):
    tiny = np.full(4, 1e-310)
    (made,) = optimizer(rule({symbols("x"): symbols("x") / 2}), backend).step({"x": tiny}).values()
    assert made[0] == 5e-311
    assert (tiny * 0.5)[0] == 5e-311


@pytest.mark.slow
@needs("llvmlite", "fast")
def test_closed_engines_take_nothing_along():
    kept = optimizer(momentum, "llvm", **CHOSEN)
    for _ in range(20):
        bound = kept.bind({"u": np.ones(3), "x": np.ones(3)}, np.ones(3))
        bound.step()
        del bound
        gc.collect()
    assert kept.step({"u": np.zeros(3), "x": np.ones(3)}, np.ones(3))["x"][0] == 1 - 0.1


@needs_compiler
def test_compiled_c_is_kept_under_its_text_flags_and_processor(monkeypatch, tmp_path):
    monkeypatch.setenv("PHYSSYM_CACHE", "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    text = "int physsym_seven(void) { return 7; }\n"
    visible = '__attribute__((visibility("default"))) ' + text
    assert c_backend.library(visible, fma=False).physsym_seven() == 7
    (kept,) = (tmp_path / "physsym").iterdir()
    monkeypatch.setattr(c_backend, "_built", lambda *_: pytest.fail("compiled again"))
    assert c_backend.library(visible, fma=False).physsym_seven() == 7
    command = c_backend.compiler()
    here = c_backend.key(visible, c_backend.flags(False), command)
    assert kept.stem == here
    assert c_backend.key(visible, c_backend.flags(True), command) != here
    assert c_backend.key(text, c_backend.flags(False), command) != here
    monkeypatch.setattr(c_backend, "processor", lambda: "another one")
    assert c_backend.key(visible, c_backend.flags(False), command) != here


@needs_compiler
def test_what_the_c_compiler_says_is_passed_on_and_nothing_is_left(monkeypatch, tmp_path):
    monkeypatch.setenv("PHYSSYM_CACHE", "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(RuntimeError, match=r"could not compile a kernel: .*error"):
        c_backend.library("no C at all", fma=False)
    assert not list((tmp_path / "physsym").iterdir())


def test_where_no_compiler_is_that_is_told(monkeypatch):
    monkeypatch.setattr(c_backend.shutil, "which", lambda name: None)
    with pytest.raises(ImportError, match="needs gcc or clang on the PATH; or use 'llvm'"):
        c_backend.compiler()


def test_a_missing_llvmlite_is_one_line_that_names_the_extra():
    hidden = (
        "import sys, importlib.util as u; find = u.find_spec\n"
        "u.find_spec = lambda n, *a: None if n == 'llvmlite' else find(n, *a)\n"
        "from physsym.runtime.backends import load_backend\n"
        "try: load_backend('llvm')\n"
        "except ImportError as e: print(e)"
    )
    done = subprocess.run([sys.executable, "-c", hidden], capture_output=True, text=True, check=True)
    assert done.stdout == "the backend 'llvm' needs llvmlite: install it with pip install 'physsym[fast]'\n"
    assert BACKENDS["llvm"].extra == "fast"
    assert load_backend("c").name == "c"
