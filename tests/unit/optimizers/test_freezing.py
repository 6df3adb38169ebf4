"""Frozen rules: modules that run without SymPy and physsym, by the numbers of the optimizer."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from sympy import Add, Piecewise, Symbol, sqrt

import physsym as ps
from physsym.codegen import program
from physsym.codegen.expression_tree import Operation
from physsym.core.digests import digest
from physsym.core.statements import rule
from physsym.core.symbols import after, before, partial
from physsym.optimizers.freezing import freeze
from physsym.optimizers.lifted import Lifted
from physsym.parsing.statements import as_rule
from physsym.vocabulary import G, U, dt, eta, gamma, rho, t, u, x
from tests.support.tiers import in_tiers

y = Symbol("y", real=True)
RULES = {
    "heavy ball": rule({u: rho * u - eta * G, x: x + after(u)}),
    "a look ahead": rule({u: rho * u - eta * ps.grad(x + rho * u), x: x + after(u)}),
    "an earlier value": rule({x: x - eta * G + rho * (x - before(x))}),
    "a game": rule({x: x - eta * partial(1, x, y), y: y + eta * partial(2, after(x), y)}),
    "no gradient": rule({x: x - eta * x**3}),
    "fading friction": rule({t: t + dt, u: u * (1 - 3 * dt / after(t)) - dt * G, x: x + dt * after(u)}),
    "the length of a step": rule({x: x - eta * G / sqrt(1 + G**2)}),
    "cases": rule({x: Piecewise((x - eta * G, G > 0), (x - eta * G / 2, True))}),
    "the loss": rule({x: x - eta * U * G}),
    "the loss ahead": rule({u: rho * u - eta * U.xreplace({x: x + u}) * ps.grad(x + u), x: x + after(u)}),
    "reserved names": rule({x: x - Symbol("np", positive=True) * G * Symbol("math", positive=True)}),
    "names of functions": rule({x: x - Symbol("run", positive=True) * G * Symbol("steps", positive=True)}),
}
GIVEN = {"eta": 0.1, "rho": 0.5, "dt": 0.1, "np": 0.25, "math": 0.5, "run": 0.5, "steps": 0.25}
# Run in a process that has neither SymPy nor physsym, nor, for plain Python, anything else that is installed.
DRIVER = """
import importlib.util, json, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("sympy", "physsym", "mpmath"):
            raise ImportError(name + " must not be imported")

sys.meta_path.insert(0, Refuse())

def slope(x):
    return x*x*x - 0.5*x + 0.3

def gradient(*points):
    found = tuple(slope(p) + 0.1*k for k, p in enumerate(points))
    return found[0] if len(found) == 1 else found

def loss(*points):
    square = points[0]*points[0]
    return float(square.sum() if hasattr(square, "sum") else square) + 0.5

results = {}
for path, start, given in json.load(sys.stdin):
    spec = importlib.util.spec_from_file_location("frozen", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    inputs = {n: v for n, v in start.items()}
    names = module.run.__code__.co_varnames[:module.run.__code__.co_argcount]
    forces = {"grad": gradient} if "grad" in names else {}
    if "loss" in names:
        forces["loss"] = loss
    last = module.run(**inputs, **forces, steps=7, **given)
    results[path] = [[float(n).hex() for n in (v if hasattr(v, "__len__") else [v])] for v in last]
assert not {"sympy", "physsym"} & set(sys.modules)
assert "numpy" not in sys.modules or sys.argv[1] == "numpy"
print(json.dumps(results))
"""


def slope(point):
    return point * point * point - 0.5 * point + 0.3


def gradient(*points):
    found = tuple(slope(p) + 0.1 * k for k, p in enumerate(points))
    return found[0] if len(found) == 1 else found


def run_frozen(language, jobs):
    """Return what the modules give, by path, run together in one clean process."""
    options = ["-I", "-S"] if language == "python" else ["-I"]
    done = subprocess.run(
        [sys.executable, *options, "-c", DRIVER, language],
        input=json.dumps(jobs), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def by_optimizer(stated, start, given):
    """Return the states after seven steps of the optimizer on arrays."""
    made = ps.optimizer(stated, **given)
    state = made.init({name: np.array(value) for name, value in start.items()})
    for _ in range(7):
        at = made.program.loss_point
        losses = {"loss": float((state[str(at[0])] * state[str(at[0])]).sum()) + 0.5} if at else {}
        forces = [gradient] if made.program.evaluations else []
        state = made.step(state, *forces, **losses)
    return [np.ravel(np.asarray(state[name], float)) for name in state]


def operations(stated):
    def inside(value):
        if isinstance(value, Operation):
            yield value.name
            for argument in value.arguments:
                yield from inside(argument)

    steps = program(stated)
    return {n for line in (*steps.scalars, *steps.body) for v in line.values for n in inside(v)}


EXACT = {"add", "subtract", "multiply", "divide", "negative", "sqrt"}


def positions(stated):
    from physsym.runtime.states import coordinates

    begun = {s for s, _ in stated.start}
    return [str(s) for s in coordinates(stated) if s not in begun]


# Each rule in one of the languages; in the slow tier in both.
@pytest.mark.parametrize(
    ("language", "first"),
    in_tiers(product(["python", "numpy"], [0, 1]), fast=[("python", 0), ("numpy", 1)]),
)
def test_frozen_rules_run_without_sympy_and_physsym_by_the_bits_of_the_optimizer(language, first, tmp_path):
    values = [0.7] if language == "python" else [0.7, -1.2, 0.3]
    jobs, wanted = [], {}
    all_rules = RULES | {f"known:{name}": ps.known[name].rule for name in ps.known}
    for number, (called, stated) in enumerate(list(all_rules.items())[first::2]):
        needed = {str(p) for p in stated.parameters} - {str(s) for s, _ in stated.typical}
        given = {name: GIVEN.get(name, 0.1) for name in sorted(needed)}
        start = {name: [v + 0.1 * k for v in values] for k, name in enumerate(positions(stated))}
        text = freeze(called if called in ps.known else stated, language, **given)
        path = tmp_path / f"frozen{number}.py"
        path.write_text(text)
        # Not defined at the time zero, at which `run` begins; without `run`, which does not know the loss.
        if called in ("fading friction", "the loss ahead"):
            continue
        sent = {n: v[0] if language == "python" else v for n, v in start.items()}
        wanted[str(path)] = called, stated, start, given
        # Lists become arrays in `init`.
        jobs.append((str(path), sent, {}))
    found = run_frozen(language, jobs)
    exact = 0
    for path, (called, stated, start, given) in wanted.items():
        expected = by_optimizer(stated, start, given)
        got = [np.array([float.fromhex(n) for n in state]) for state in found[path]]
        for one, other in zip(got, expected, strict=True):
            if operations(stated) <= EXACT:
                np.testing.assert_array_equal(one, other, err_msg=called)
                exact += 1
            else:
                np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-15, err_msg=called)
    assert exact > 10


def test_a_time_is_given_to_init():
    names = {}
    exec(freeze(RULES["fading friction"], dt=0.1), names)
    state = names["init"](1.0, t=1.0)
    assert state == (1.0, 0.0, 1.0)
    wanted = ps.optimizer(RULES["fading friction"], "python", dt=0.1)
    assert names["step"](*state, slope) == tuple(wanted.step({"t": 1.0, "u": 0.0, "x": 1.0}, slope).values())


def test_the_module_reads_as_a_person_would_write_it():
    textbook = next(d for d in ps.script("momentum").derivations if "textbooks" in d.title)
    text = freeze(textbook, alpha=0.1)
    assert text.startswith(
        '"""Momentum as the textbooks print it: the rule of one step, on single numbers.\n'
    )
    for line in (
        "    u <- rho*u - alpha*grad(x)",
        "    alpha    displacement per force in one step; dimension M^-1 T^2; 0.1 (given)",
        "    rho      fraction of the velocity kept in one step; dimensionless; 0 <= rho < 1; to be given",
        "def step(u, x, grad, *, alpha=0.1, rho):",
        "    u_next = rho*u - alpha*g",
    ):
        assert f"{line}\n" in text
    assert "import" not in text
    record = ast.literal_eval(text.partition("FROZEN = ")[2])
    assert record["given"] == {"alpha": 0.1}
    assert record["derivation"] != record["rule"]


def test_typical_values_are_defaults_and_nothing_else_is():
    names = {}
    exec(freeze("known:adam"), names)
    assert names["step"].__kwdefaults__ == {"beta_1": 0.9, "beta_2": 0.999, "eps": 1e-8, "eta": 0.001}
    exec(freeze("known:adam", eta=Fraction(1, 4)), names)
    assert names["step"].__kwdefaults__["eta"] == 0.25
    exec(freeze("x <- x - eta*grad(x)"), names)
    assert names["step"].__kwdefaults__ is None


BROKEN = ps.Derivation(
    "broken", ps.law({gamma * ps.dot(x): -G}),
    (ps.Step("Wrong.", ps.Integrate(ps.integrators.forward_euler, dt), rule({x: x + dt * G / gamma})),),
)  # fmt: skip


@pytest.mark.parametrize(
    ("thing", "options", "error", "said"),
    [
        ("x <- x - eta*grad(x)", {"language": "c"}, ValueError, "unknown language 'c'"),
        ("x <- x - eta*grad(x)", {"lr": 0.1}, TypeError, "unknown lr"),
        ("x <- x - eta*grad(x)", {"eta": 10**400}, ValueError, "floats hold"),
        ("known:adam", {"beta_1": 1.5}, ValueError, "out of range"),
        ("x <- x - sqrt(1 - eta)*grad(x)", {"eta": 2.0}, ValueError, "not defined"),
        ("known:nothing", {}, ValueError, "known has no 'nothing'"),
        (3, {}, TypeError, "rule"),
        (BROKEN, {}, ValueError, "step 1 of 'broken' does not hold"),
        (
            Lifted(rule({x: x - eta * G}), rule({x: x - G}), "torch:Some"), {}, ValueError,
            "the first step of torch:Some is another one",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_frozen_is_refused(thing, options, error, said):
    with pytest.raises(error, match=said):
        freeze(thing, **options)


def test_no_name_reaches_the_module_as_code():
    names = {}
    odd = Symbol('x"""\nimport os\n"""'), Symbol("a\\"), Symbol("é\u2028b")
    text = freeze(rule({odd[0]: odd[0] * odd[1] - odd[2]}))
    exec(text, names)
    assert "os" not in names
    assert not [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Import)]


def test_digests_are_those_of_formulas_and_stay_what_they_are():
    plain = rule({x: x - eta * G})
    assert digest(plain) == digest(rule({x: -G * eta + x}))
    other = Symbol("eta")
    assert digest(plain) == digest(rule({x: x - other * G}))
    assert digest(plain) != digest(rule({x: x + eta * G}))
    assert digest(plain) != digest(rule({x: x - eta * ps.grad(2 * x)}))
    # Written into files: a change would turn them all into files of another rule.
    assert digest(plain).startswith("sha256:e1b9aa5e384618fb")
    assert digest(ps.known.adam.rule).startswith("sha256:db656d633cdecb03")
    with pytest.raises(TypeError, match="no digest"):
        digest(object())


def test_a_rule_of_hundreds_of_terms_is_frozen():
    many = [Symbol(f"a{k}", real=True) for k in range(400)]
    names = {}
    exec(freeze(rule({x: x - eta * G * Add(*many)}), eta=0.5), names)
    assert names["step"](1.0, lambda w: 2 * w, **{str(a): 0.001 for a in many})[0] == pytest.approx(0.6)


@pytest.mark.parametrize("given", ["known:heavy_ball", "u <- rho*u - eta*grad(x); x <- x + u+"])
def test_text_and_names_are_rules_wherever_rules_run_or_are_shown(given):
    values = {p.name: 0.1 for p in as_rule(given).parameters}
    assert ps.optimizer(given, **values).run([1.0], [1.0], 3).x.shape == (4, 1)
    assert np.isfinite(ps.sweep(given, [1.0], values, 3).loss).all()
    assert "def step(" in ps.source(given)
    assert r"\mathbf{x}" in ps.latex(given)
    assert "def step(" in ps.freeze(given)
