"""What backends declare that they can do holds, and nothing but that tells them apart."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import physsym
from physsym.core.statements import rule
from physsym.core.symbols import after
from physsym.runtime import backends, lambdify, load_backend, optimizer, register_backend, sweep
from physsym.runtime.backends import BACKENDS, is_installed
from physsym.runtime.backends.base import Backend, Capabilities
from physsym.vocabulary import G, eta, rho, t, u, x
from tests.support.requirements import EACH_BACKEND

ROOT = Path(physsym.__file__).parent
HOMES = {name: entry.backend for name, entry in BACKENDS.items()}
momentum = rule({u: rho * u - eta * G, x: x + after(u)})
counting = rule({t: t + 1, x: x - eta * G / after(t)})
CHOSEN = {"eta": 0.1, "rho": 0.7}


def compared_names(source, names):
    """Return the names of backends that a source compares something with, or matches as a case."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
        elif isinstance(node, ast.MatchValue):
            sides = [node.value]
        else:
            continue
        constants = (n.value for side in sides for n in ast.walk(side) if isinstance(n, ast.Constant))
        found += [(node.lineno, value) for value in constants if value in names]
    return found


def test_no_module_compares_the_name_of_a_backend():
    found = {}
    for path in (p for f in ("runtime", "adapters", "codegen", "cli") for p in (ROOT / f).rglob("*.py")):
        module = ".".join(["physsym", *path.relative_to(ROOT).with_suffix("").parts])
        others = [name for name, home in HOMES.items() if home != module]
        found[module] = compared_names(path.read_text(), others)
    assert len(found) > 50
    assert {module: names for module, names in found.items() if names} == {}


@pytest.mark.parametrize(
    "source",
    [
        "if backend == 'llvm': pass",
        "if engine.name not in ('llvm', 'c'): pass",
        "match name:\n    case 'numpy': pass",
        "done = 'jax' != made.backend",
    ],
)
def test_a_comparison_with_the_name_of_a_backend_is_seen(source):
    assert compared_names(source, list(BACKENDS))
    assert not compared_names(source.replace("llvm", "a").replace("'c'", "b").replace("numpy", "a")
                              .replace("jax", "a"), list(BACKENDS))  # fmt: skip


def arrays_for(backend, dtype):
    """Return what makes an array of a backend from numbers, in a type."""
    if backend in ("numpy", "llvm", "c"):
        return lambda values: np.asarray(values, dtype)
    library = pytest.importorskip(backend)
    whole = library.asarray if backend == "torch" else library.numpy.asarray
    return lambda values: whole(
        values, dtype=getattr(library if backend == "torch" else library.numpy, dtype)
    )


@pytest.mark.parametrize("backend", EACH_BACKEND)
def test_the_types_that_are_declared_are_kept(backend):
    declared = load_backend(backend).capabilities.dtypes
    step = lambdify(momentum, backend)
    for dtype in declared:
        if dtype == "float64" and backend == "jax":
            continue  # only where it was told to keep them when it started
        array = arrays_for(backend, dtype)
        new = step(array([0.0, 0.0]), array([1.0, 2.0]), lambda w: w, **CHOSEN)
        assert {str(v.dtype).removeprefix("torch.") for v in new} == {dtype}
    if not declared:
        with pytest.raises(TypeError, match="real number"):
            step(np.zeros(2), np.ones(2), lambda w: w, **CHOSEN)


@pytest.mark.parametrize("backend", EACH_BACKEND)
def test_trees_are_taken_where_that_is_declared(backend):
    engine = load_backend(backend)
    tree = {"a": [1.0, 2.0], "b": [3.0]}
    if not engine.capabilities.trees:
        with pytest.raises(TypeError):
            optimizer(momentum, backend, **CHOSEN).init({"x": tree})
        return
    array = arrays_for(backend, "float32")
    state = optimizer(momentum, backend, **CHOSEN).init({k: array(v) for k, v in tree.items()})
    assert sorted(state["x"]) == ["a", "b"]


@pytest.mark.parametrize("backend", EACH_BACKEND)
def test_counters_are_single_numbers_where_that_is_declared(backend):
    engine = load_backend(backend)
    program = optimizer(counting, backend, eta=0.1).program
    assert bool(program.counters) == engine.capabilities.scalar_counters


@pytest.mark.parametrize("backend", EACH_BACKEND)
def test_arrays_are_updated_in_place_where_that_is_declared(backend):
    engine = load_backend(backend)
    if engine.capabilities.in_place is None:
        with pytest.raises(TypeError, match=r"updates no arrays in place; 'numpy', .* do"):
            optimizer(momentum, backend, **CHOSEN).bind({"u": 0.0, "x": 1.0}, 1.0)
        return
    array = arrays_for(backend, "float32")
    state = {"u": array([0.0]), "x": array([1.0])}
    optimizer(momentum, backend, **CHOSEN).bind(state, array([2.0])).step()
    assert float(state["x"][0]) == pytest.approx(1 - 0.1 * 2)


@pytest.mark.parametrize("backend", EACH_BACKEND)
def test_potentials_are_run_on_where_that_is_declared(backend):
    made = optimizer(momentum, backend, **CHOSEN)
    can = load_backend(backend).capabilities
    if can.rollout is None and can.scan is None:
        with pytest.raises(TypeError, match=f"with the backend '{backend}' give a callable gradient"):
            made.run(1.0, [2.0], 5)
    else:
        wanted = optimizer(momentum, **CHOSEN).run(1.0, lambda w: 2 * w, 5).x
        np.testing.assert_allclose(np.asarray(made.run(1.0, [2.0], 5).x, float), wanted, rtol=1e-14)


@pytest.mark.parametrize("backend", EACH_BACKEND)
def test_sweeps_are_taken_where_that_is_declared(backend):
    grid = {"eta": [0.1, 0.2], "rho": 0.5}
    if load_backend(backend).capabilities.sweep is None:
        with pytest.raises(ValueError, match=f"the backend '{backend}' takes no sweeps; 'numpy'.* do"):
            sweep(momentum, [2.0], grid, 5, backend=backend)
    else:
        found = sweep(momentum, [2.0], grid, 5, backend=backend)
        run = optimizer(momentum, eta=0.2, rho=0.5).run(1.0, [2.0], 5)
        assert found.states["x"][1, 0] == run.x[-1]


@pytest.mark.parametrize("backend", EACH_BACKEND)
def test_products_are_contracted_where_that_is_declared(backend):
    if load_backend(backend).capabilities.fma:
        assert optimizer(momentum, backend, fma=True, **CHOSEN).fma
        return
    for refused in (
        lambda: optimizer(momentum, backend, fma=True, **CHOSEN),
        lambda: sweep(momentum, [2.0], {"eta": [0.1], "rho": 0.5}, 1, backend="numpy", fma=True),
    ):
        with pytest.raises(ValueError, match=r"has no option fma; .*'c' have"):
            refused()


def toy(**capabilities):
    """Return the backend of NumPy under another name, which counts the steps that it compiles."""
    plain = load_backend("numpy")
    compiled = []

    def compile_step(program):
        compiled.append(program)
        return plain.compile_step(program)

    own = replace(plain, name="toy", compile_step=compile_step, capabilities=Capabilities(**capabilities))
    return own, compiled


@pytest.fixture
def own_table(monkeypatch):
    monkeypatch.setattr(backends, "BACKENDS", dict(BACKENDS))


@pytest.mark.environment
@pytest.mark.usefixtures("own_table")
def test_messages_name_the_backends_that_can():
    able, _ = toy(fma=True, sweep=load_backend("numpy").capabilities.sweep, in_place=lambda *_: None)
    register_backend("able", replace(able, name="able"))
    register_backend("unable", toy()[0])
    register_backend("broken", "module_that_is_nowhere")
    table = backends.BACKENDS
    installed = {n: load_backend(n).capabilities for n in table if is_installed(n) and n != "broken"}
    refused = {
        "fma": lambda: optimizer(momentum, "unable", fma=True, **CHOSEN),
        "sweep": lambda: sweep(momentum, [2.0], CHOSEN, 1, backend="unable"),
        "in_place": lambda: optimizer(momentum, "unable", **CHOSEN).bind({}),
    }
    for capability, use in refused.items():
        with pytest.raises((TypeError, ValueError)) as caught:
            use()
        _, _, named = str(caught.value).partition("; ")
        can = {n for n, capabilities in installed.items() if getattr(capabilities, capability)}
        assert set(re.findall(r"'(\w+)'", named)) == can
        assert "able" in can


@pytest.mark.usefixtures("own_table")
def test_the_backend_of_the_highest_rank_takes_the_sweeps():
    calls = []
    plain = load_backend("numpy").capabilities.sweep
    own, _ = toy(sweep=lambda *given: calls.append(given) or plain(*given))
    register_backend("toy", own)
    sweep(momentum, [2.0], CHOSEN, 1)
    assert not calls
    register_backend("first", own, sweep_rank=9)
    register_backend("absent", "nowhere", needs="module_that_is_nowhere", sweep_rank=10)
    sweep(momentum, [2.0], CHOSEN, 1)
    assert len(calls) == 1


@pytest.mark.usefixtures("own_table")
@pytest.mark.parametrize(
    ("name", "backend", "said"),
    [
        ("foo", 3, "expected a Backend, or the dotted name of a module whose BACKEND is one, given 3"),
        ("foo", None, "expected a Backend"),
        ("foo", "", "expected a Backend"),
        ("foo", Backend, "expected a Backend"),
        (None, "physsym.runtime.backends.python", "the name of a backend is a text such as 'numpy', given N"),
        ("", "physsym.runtime.backends.python", "the name of a backend is a text"),
        (["foo"], "physsym.runtime.backends.python", "the name of a backend is a text"),
    ],
)
def test_what_is_no_backend_is_refused_when_registered(name, backend, said):
    before = dict(backends.BACKENDS)
    with pytest.raises(TypeError, match=said):
        register_backend(name, backend)
    assert before == backends.BACKENDS


@pytest.mark.usefixtures("own_table")
def test_a_module_without_a_backend_is_refused_when_used():
    register_backend("foo", "json")
    with pytest.raises(TypeError, match=r"BACKEND of json must be a Backend for 'foo' to work, found None"):
        load_backend("foo")


@pytest.mark.usefixtures("own_table")
def test_a_backend_from_outside_runs_through_the_same_door():
    backend, compiled = toy(trees=True, dtypes=("float64",))
    register_backend("toy", backend)
    made = optimizer(momentum, "toy", **CHOSEN)
    run = made.run([1.0, 2.0], lambda w: w, 9)
    np.testing.assert_array_equal(run.x, optimizer(momentum, **CHOSEN).run([1.0, 2.0], lambda w: w, 9).x)
    new = lambdify(momentum, "toy")(np.zeros(2), np.ones(2), np.ones(2), **CHOSEN)
    np.testing.assert_array_equal(new[1], [0.9, 0.9])
    assert len(compiled) == 2
    for refused in (lambda: made.run(1.0, [1.0], 3), lambda: made.bind(made.init(1.0), 1.0)):
        with pytest.raises(TypeError, match="the backend 'toy'"):
            refused()


@pytest.mark.usefixtures("own_table")
def test_a_backend_is_registered_by_the_name_of_its_module():
    register_backend("plain", "physsym.runtime.backends.python")
    assert isinstance(load_backend("plain"), Backend)
    with pytest.raises(ValueError, match="there is a backend 'plain' already"):
        register_backend("plain", "physsym.runtime.backends.numpy")
    register_backend("ghost", "nowhere", needs="module_that_is_nowhere")
    with pytest.raises(ImportError, match="pip install module_that_is_nowhere"):
        load_backend("ghost")
