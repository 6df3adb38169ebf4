"""Rules lifted from optax beside optax running, on gradients and hyperparameters of the test's own."""

from __future__ import annotations

import functools
import pickle
import re

import numpy as np
import pytest
import sympy
from sympy import Rational, Symbol
from sympy.printing.numpy import NumPyPrinter

import physsym
from physsym.core.symbols import after
from physsym.optimizers.lifted import LiftError
from physsym.optimizers.lifting import jaxpr, lift
from physsym.optimizers.lifting import optax as front_end
from physsym.vocabulary import G, x
from tests.support.pages import scripts
from tests.support.requirements import library

jax = library("jax", "jax")
optax = library("optax", "jax")
jnp = jax.numpy

REFUSED = {
    "noisy_sgd": "random numbers",
    "dpsgd": "random numbers",
    "sophia": "hutchinson",
    "lbfgs": "linesearch",
}
NAMES = front_end.optax_factories()
GRADIENTS = np.array(
    [[0.7, -1.3], [-0.2, 0.4], [1.9, 0.6], [0.0, -0.05], [-3.1, 2.2], [0.3, -0.8], [0.011, 1.4]]
)
LOSSES = np.array([2.3, 1.1, 1.7, 0.9, 2.9, 0.6, 1.3])
START = np.array([1.3, -0.6])


NAMESPACE = {**vars(np), "reduce": functools.reduce, "numpy": np, "functools": functools}


class Code(NumPyPrinter):
    """SymPy's own translation to NumPy, with symbols and opaque functions looked up in `v` by their text."""

    def _print_Symbol(self, symbol):
        return f"v[{str(symbol)!r}]"

    _print_grad = _print_partial = _print_potential = _print_Symbol


def run_in_sympy(lifted, values):
    """Return the weights after each step."""
    rule = lifted.rule
    weights = [s for s in rule.targets if s.name in ("x", "x_1", "x_2")]
    now = {s.name: v for s, v in [*values.items(), *zip(weights, START, strict=False)]}
    printer = Code({"fully_qualified_modules": False, "allow_unknown_functions": True})
    codes = {s: compile(printer.doprint(e), str(s), "eval") for s, e in rule.start}
    waiting = dict(rule.start)
    while waiting:
        ready = [s for s, e in waiting.items() if all(r.name in now for r in e.free_symbols)]
        now.update({s.name: np.float64(eval(codes[s], NAMESPACE, {"v": now})) for s in ready})
        waiting = {s: e for s, e in waiting.items() if s not in ready}
    codes = {u.target: compile(printer.doprint(u.value), str(u.target), "eval") for u in rule.updates}
    shown = []
    for g, loss in zip(GRADIENTS, LOSSES, strict=True):
        opaque = {"grad(x)": g[0], "partial(1, x_1, x_2)": g[0], "partial(2, x_1, x_2)": g[1]}
        v = {**now, **opaque, "potential(x)": loss, "potential(x_1, x_2)": loss}
        with np.errstate(all="ignore"):
            for target, code in codes.items():
                v[f"{target}+"] = np.float64(eval(code, NAMESPACE, {"v": v}))
        now.update({s.name: v[f"{s}+"] for s in rule.targets})
        shown.append([now[w.name] for w in weights])
    return np.array(shown)


def run_in_optax(transformation, number, takes_loss):
    """Return the first weights after each step of optax, on two weights."""
    transformation = optax.with_extra_args_support(transformation)
    weights, shown = jnp.asarray(START), []
    state = transformation.init(weights)
    for g, loss in zip(GRADIENTS, LOSSES, strict=True):
        extra = {"value": jnp.asarray(loss)} if takes_loss else {}
        updates, state = transformation.update(jnp.asarray(g), state, weights, **extra)
        weights = optax.apply_updates(weights, updates)
        shown.append(np.asarray(weights)[:number])
    return np.array(shown)


def chosen(lifted):
    """Return hyperparameters unlike those of the self-check: 7/8 for decays, small fractions else."""
    typical = dict(lifted.rule.typical)
    symbols = {*lifted.rule.parameters, *typical}
    symbols |= {s for _, v in lifted.rule.start for s in v.free_symbols} - set(lifted.rule.states)
    kinds = [
        (lambda t: t is None, 1 / 16),
        (lambda t: t == 0, 1 / 9),
        (lambda t: 0.3 < t < 1, 7 / 8),
        (lambda t: t < 0.01, 1 / 50),
    ]
    counts = {"patience": 2, "cooldown": 1, "accumulation_size": 1}
    usual = {s: next((v for test, v in kinds if test(typical.get(s))), None) for s in symbols}
    return {s: counts.get(s.name) or usual[s] or float(typical[s]) for s in symbols}


def run_in_physsym(lifted, values):
    """Return the weights after each step of the compiled rule."""
    rule = lifted.rule
    optimizer = physsym.optimizer(rule, **{s.name: v for s, v in values.items()})
    number = sum(s.name in ("x_1", "x_2") for s in rule.targets) or 1
    names = ["x"] if number == 1 else ["x_1", "x_2"]
    begin = dict(zip(names, START, strict=False))
    state, shown = optimizer.init(begin), []
    for g, loss in zip(GRADIENTS, LOSSES, strict=True):
        gradient = g[0] if number == 1 else tuple(g)
        state = optimizer.step(state, gradient, *([loss] if lifted.reads else []))
        shown.append([float(state[n]) for n in names])
    return np.array(shown)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning:optax")
@pytest.mark.parametrize("name", [n for n in NAMES if n not in REFUSED])
def test_a_lifted_rule_follows_optax(name):
    lifted = lift(f"optax:{name}")
    assert lifted.check is not None
    values = chosen(lifted)
    with jax.enable_x64(True):
        arguments = {s.name: v for s, v in values.items()}
        for whole, parts in (("betas", 2), ("ns_coeffs", 3)):
            if f"{whole}_1" in arguments:
                arguments[whole] = tuple(arguments.pop(f"{whole}_{k}") for k in range(1, parts + 1))
        if "init_step_2" in arguments:
            arguments["init_step"] = ("heuristic", arguments.pop("init_step_2"))
        inner = optax.sgd(arguments["learning_rate"]) if "learning_rate" in arguments else None
        if name in ("mechanize", "schedule_free"):
            arguments["base_optimizer"] = inner
        if name == "mechanize":
            del arguments["learning_rate"]
        if name == "sam":
            ascent = optax.chain(optax.contrib.normalize(), optax.sgd(arguments["rho"]))
            arguments = {"optimizer": inner, "adv_optimizer": ascent}
        transformation = front_end.optax_factory(name)(**arguments)
        number = sum(s.name.startswith("x_") and len(s.name) == 3 for s in lifted.rule.targets) or 1
        expected = run_in_optax(transformation, number, name != "sam")
    found = run_in_sympy(lifted, values)
    assert np.isfinite(expected[0]).all()
    near = pytest.approx(expected, rel=1e-9 if lifted.check.precision == "float64" else 1e-5)
    assert found == near
    if not any(value.has(sympy.oo) for _, value in lifted.rule.start):
        assert run_in_physsym(lifted, values) == near
    assert physsym.same_rule(lifted.rule, pickle.loads(pickle.dumps(lifted.rule)))


@pytest.mark.parametrize(("name", "reason"), REFUSED.items())
def test_what_has_no_law_is_refused_with_the_reason_and_the_line(name, reason):
    with pytest.raises(LiftError, match=rf"(?s)cannot be lifted.*{reason}.*optax/.*:\d+"):
        lift(f"optax:{name}")


def test_all_of_optax_that_has_a_law_is_lifted():
    assert len(NAMES) >= 53
    assert len(NAMES) - len(REFUSED) >= 45


def test_the_law_of_adam():
    lifted = lift(optax.adam)
    b1, b2, eps, eps_root, rate = (
        Symbol(n, real=True) for n in ("b1", "b2", "eps", "eps_root", "learning_rate")
    )
    count, mu, nu = (Symbol(n, real=True) for n in ("count", "mu", "nu"))
    steps, mean, square = after(count), after(mu), after(nu)
    law = {u.target: u.value for u in lifted.rule.updates}
    assert law[count] == count + 1
    assert law[mu] == b1 * mu + (1 - b1) * G
    assert law[nu] == b2 * nu + (1 - b2) * G**2
    step = mean / (1 - b1**steps) / (sympy.sqrt(square / (1 - b2**steps) + eps_root) + eps)
    assert sympy.expand(law[x] - (x - rate * step)) == 0
    assert dict(lifted.rule.start) == {count: 0, mu: 0, nu: 0}
    assert dict(lifted.rule.typical)[b1] == Rational(9, 10)
    assert {where.partition(":")[0] for _, where in lifted.origins} >= {"sqrt, optax/_src/transform.py"}
    assert any("count stays below 2147483647" in str(a) for a in lifted.assumes)
    assert any("nesterov = False" in str(a) for a in lifted.assumes)


def test_a_given_number_is_exact_and_a_given_symbol_stays():
    fixed = lift(optax.adam, b1=0.9)
    assert Symbol("b1", real=True) not in fixed.rule.parameters
    assert fixed.rule.updates[1].value.has(Rational(9, 10))
    rho = Symbol("rho", real=True)
    ball = lift(optax.sgd, momentum=rho)
    assert ball.rule.updates[0].value == rho * Symbol("trace", real=True) + G


def test_what_mixes_coordinates_is_given_for_two_weights():
    lifted = lift(optax.lamb)
    assert {str(s) for s in lifted.rule.targets} >= {"x_1", "x_2", "mu_1", "mu_2"}
    said = r"the sum of squares over the coordinates of an array \(reduce_sum, optax/.*\.py:\d+\)"
    assert lifted.mixes
    assert all(re.fullmatch(said, where) for where in lifted.mixes)
    assert not lift(optax.adam).mixes


@pytest.mark.parametrize(
    ("name", "differs"), [("muon", True), ("galore", True), ("sm3", True), ("adam", False)]
)
def test_a_matrix_that_is_updated_by_another_law_is_said(name, differs):
    assert any("that of a matrix is another" in str(a) for a in lift(f"optax:{name}").assumes) == differs


def test_weights_that_meet_through_a_shared_state_mix():
    def by_total(learning_rate) -> optax.GradientTransformation:
        def update(g, state, params=None):
            return -learning_rate * g * state, state + g.sum()

        return optax.GradientTransformation(lambda params: jnp.zeros(()), update)

    assert set(map(str, lift(by_total).rule.targets)) == {"state", "x_1", "x_2"}


def test_transformations_that_are_built_are_lifted_with_their_numbers():
    built = optax.chain(optax.clip(1.0), optax.sgd(0.1, momentum=0.9))
    lifted = lift(built)
    trace = Symbol("trace", real=True)
    assert {u.target: u.value for u in lifted.rule.updates} == {
        trace: Rational(9, 10) * trace + sympy.Min(1, sympy.Max(-1, G)),
        x: x - after(trace) / 10,
    }
    injected = lift(optax.inject_hyperparams(optax.sgd)(learning_rate=0.1))
    assert str(injected.rule) == "x <- x - grad(x)/10"
    with pytest.raises(TypeError, match="already built"):
        lift(built, learning_rate=0.1)


def test_what_python_computed_of_constants_is_read_without_its_rounding_error():
    lifted = lift(optax.adam(0.1))
    assert str(lifted.rule.updates[1]) == "mu <- 9*mu/10 + grad(x)/10"
    assert any("0.09999999999999998 is meant as 0.1" in str(a) for a in lifted.assumes)


def test_a_lifted_rule_is_a_value():
    lifted = lift(optax.yogi)
    assert pickle.loads(pickle.dumps(lifted)) == lifted
    assert hash(lifted) == hash(lift(optax.yogi))


def test_a_hyperparameter_on_which_python_branches_keeps_its_value():
    def stepped(learning_rate, decay: float = 0.25) -> optax.GradientTransformation:
        return optax.chain(
            optax.add_decayed_weights(decay) if decay > 0 else optax.identity(), optax.sgd(learning_rate)
        )

    lifted = lift(stepped)
    assert any("decay = 0.25, on which the code branches" in str(a) for a in lifted.assumes)
    assert sympy.expand(lifted.rule.updates[0].value) == sympy.expand(
        x - Symbol("learning_rate", real=True) * (G + x / 4)
    )


def test_a_schedule_is_a_symbol():
    lifted = lift(optax.sgd, learning_rate=optax.cosine_decay_schedule(0.1, 100))
    assert lifted.rule.updates[0].value == x - Symbol("learning_rate", real=True) * G
    assert any("schedule" in str(a) for a in lifted.assumes)


def transformation_of(update):
    def factory(learning_rate) -> optax.GradientTransformation:
        return optax.GradientTransformation(
            lambda params: jnp.zeros_like(params), lambda g, s, p=None: update(learning_rate, g, s)
        )

    return factory


SPOILED = {
    "random numbers": lambda rate, g, s: (-rate * g * jax.random.normal(jax.random.key(0), g.shape), s),
    r"branches in Python on a gradient.*test_lift_optax\.py:\d+": lambda rate, g, s: (
        -rate * g if g[0] > 0 else g,
        s,
    ),
    "line search": lambda rate, g, s: (-jax.lax.while_loop(lambda v: v.max() > 1, lambda v: v / 2, g), s),
    "bfloat16": lambda rate, g, s: (-rate * g.astype(jnp.bfloat16).astype(g.dtype), s),
    "decomposes a matrix": lambda rate, g, s: (-rate * jnp.linalg.svd(g[:, None])[0][:, 0], s),
    "no operation of an update rule": lambda rate, g, s: (-rate * jnp.sort(g), s),
}


@pytest.mark.parametrize("reason", SPOILED)
def test_code_that_states_no_law_is_refused(reason):
    with pytest.raises(LiftError, match=reason):
        lift(transformation_of(SPOILED[reason]))


def test_a_state_that_python_keeps_beside_that_of_optax_is_refused():
    def counting(lr=0.1) -> optax.GradientTransformation:
        steps = [0]

        def update(g, state, params=None):
            steps[0] += 1
            return -lr * g / steps[0], state

        return optax.GradientTransformation(lambda params: optax.EmptyState(), update)

    with pytest.raises(LiftError, match="keep something in Python, beside its state"):
        lift(counting)


def test_a_factory_without_annotations_is_one():
    def descent(learning_rate):
        return optax.chain(optax.trace(0.5), optax.scale(-1.0 * learning_rate))

    trace, rate = Symbol("trace", real=True), Symbol("learning_rate", real=True)
    values = {u.target: u.value for u in lift(descent).rule.updates}
    assert values == {trace: trace / 2 + G, x: x - rate * after(trace)}


@jax.jit
def compiled_momentum(params, velocity, grads, lr=0.1, mu=0.9):
    velocity = jax.tree.map(lambda v, d: mu * v + d, velocity, grads)
    return jax.tree.map(lambda p, v: p - lr * v, params, velocity), velocity


@jax.jit
def keeps_the_old(w, v, g, lr=0.1):
    old = v
    v += g  # in jax a new array, in NumPy a change of the old one
    return w - lr * old, v


def test_functions_that_jax_compiles_are_read_if_they_change_nothing_in_place():
    lr, mu, velocity = (Symbol(n, real=True) for n in ("lr", "mu", "velocity"))
    values = {u.target: u.value for u in lift(compiled_momentum).rule.updates}
    assert values == {velocity: mu * velocity + G, x: x - lr * after(velocity)}
    with pytest.raises(LiftError, match=r"compiled by jax.* new values for v"):
        lift(keeps_the_old)
    with pytest.raises(LiftError, match="makes arrays of jax"):
        lift(lambda w, g, lr: w - lr * jnp.sign(g))


@pytest.mark.parametrize(
    ("primitive", "wrong"), [("sqrt", "abs"), ("max", "min"), ("sub", "add"), ("sign", "abs")]
)
def test_the_self_check_catches_a_wrong_entry_of_the_table(monkeypatch, primitive, wrong):
    monkeypatch.setattr(jaxpr, "ELEMENTWISE", {**jaxpr.ELEMENTWISE, primitive: wrong})
    factory = {"sqrt": optax.adam, "max": optax.amsgrad, "sub": optax.adam, "sign": optax.lion}[primitive]
    with pytest.raises(LiftError, match="does not follow the code"):
        lift(factory)


def test_the_configuration_of_jax_is_left_as_it_was():
    before = jax.config.jax_enable_x64
    lift(optax.adam)
    assert jax.config.jax_enable_x64 == before


def test_unknown_hyperparameters_are_refused():
    with pytest.raises(TypeError, match="optax:sgd has no hyperparameter lr; it has learning_rate"):
        lift(optax.sgd, lr=0.1)


def test_the_script_of_the_how_to_page_runs_as_it_stands(capsys):
    exec(compile(scripts("lift-an-optimizer.md")["read_optax.py"], "read_optax.py", "exec"), {})
    said = capsys.readouterr().out
    assert "x <- x - Min(1, Max(-1, grad(x)))/10" in said
    assert "cannot be lifted: it draws random numbers (primitive random_seed, optax/" in said


def _elementwise(change):
    import jax
    import optax

    def factory(lr=0.1) -> optax.GradientTransformation:
        def update(gradients, state, params=None):
            return jax.tree_util.tree_map_with_path(lambda key, a: -lr * change(key, a), gradients), state

        return optax.GradientTransformation(lambda params: optax.EmptyState(), update)

    return factory


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda key, a: a, False),
        (lambda key, a: a if a.size < 1000 else 2 * a, True),
        (lambda key, a: a if a.size <= 2 else 2 * a, True),
        (lambda key, a: a.at[5:].multiply(2.0), True),
        (lambda key, a: 0.1 * a if "bias" in str(key) else a, True),
    ],
)
def test_arrays_that_are_told_apart_are_said(change, told):
    lifted = lift(_elementwise(change))
    assert any("told apart" in str(a) for a in lifted.assumes) == told
