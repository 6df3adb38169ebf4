"""Published rules: their data, the libraries' own code beside them, and pseudo-code written out by hand."""

from __future__ import annotations

import ast
import copy
import inspect
import pickle
from contextlib import contextmanager
from fractions import Fraction
from operator import attrgetter

import mpmath
import numpy as np
import pytest

import physsym as ps
from physsym.optimizers import Known
from physsym.vocabulary import x
from tests.support import known_rules
from tests.support.requirements import library
from tests.unit.optimizers import pseudo_code
from tests.unit.optimizers.rules import STARTS, gradients, steps

# Values that are nobody's defaults, so that a parameter in the wrong place shows.
OWN = {
    "a": "3", "alpha": "1/8", "b": "1/2", "beta": "2/3", "beta_1": "3/4", "beta_2": "7/8", "beta_3": "15/16",
    "c": "9/2", "d": "1/3", "eps": "1/50", "eta": "1/8", "nu": "3/5", "nu_0": "1/5", "psi": "1/3",
    "rho": "3/4", "s": "1/70", "wd": "1/9",
}  # fmt: skip


def own_values(known, library=""):
    fixed = {p: str(v) for p, v in known.fixed.get(library, {}).items()}
    return {p: OWN[p.name] for p in known.rule.parameters} | fixed


def constructed(known, name, library, chosen, *arguments):
    """Return what the library's own function makes, with these values of the parameters of the rule."""
    call = ast.parse(known.functions[name], mode="eval").body
    path = ast.unparse(call.func).removeprefix(f"{name}.")
    options = {k.arg: ast.literal_eval(k.value) for k in call.keywords}
    for parameter, option in known.names[name].items():
        if parameter in known.fixed.get(name, {}):
            continue
        value = float(Fraction(chosen[parameter]))
        if "[" in option:
            option, _, index = option.rstrip("]").partition("[")
            options[option] = {**options.get(option, {}), int(index): value}
        else:
            options[option] = value
    ordered = {k: tuple(v[i] for i in sorted(v)) if isinstance(v, dict) else v for k, v in options.items()}
    return attrgetter(path)(library)(*arguments, **ordered)


@contextmanager
def double(torch):
    """Make torch compute all in float64: NAdam keeps a product of coefficients in the default dtype."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def with_torch(known):
    torch = library("torch", "torch")
    with double(torch):
        weights = torch.tensor([float(s) for s in STARTS], requires_grad=True)
        optimizer = constructed(known, "torch", torch, own_values(known, "torch"), [weights])
        for step in gradients():
            weights.grad = torch.tensor([float(g) for g in step])
            optimizer.step()
            yield weights.detach().numpy().copy()


def with_optax(known):
    jax, optax = library("jax", "jax"), library("optax", "jax")
    with jax.enable_x64(True):
        weights = jax.numpy.asarray([float(s) for s in STARTS])
        optimizer = constructed(known, "optax", optax, own_values(known, "optax"))
        state = optimizer.init(weights)
        for step in gradients():
            updates, state = optimizer.update(jax.numpy.asarray([float(g) for g in step]), state, weights)
            weights = optax.apply_updates(weights, updates)
            averages = (
                "schedule_free" in known.functions["optax"]
            )  # the weights are where the gradient is taken
            shown = optax.contrib.schedule_free_eval_params(state, weights) if averages else weights
            yield np.asarray(shown)


def by_rule(rule, values):
    """Return the weights after each step, from the rule alone."""
    with mpmath.workdps(40):
        runs = [
            [float(state[x]) for state in steps(rule, values, start, forces)]
            for start, forces in zip(STARTS, zip(*gradients(), strict=True), strict=True)
        ]
    return np.array(runs).T


LIBRARIES = {"torch": with_torch, "optax": with_optax}
IN_A_LIBRARY = [(n, lib) for n, k in ps.known.items() for lib in k.names if lib in LIBRARIES]


@pytest.mark.parametrize(("name", "lib"), IN_A_LIBRARY, ids=lambda v: v)
def test_a_rule_is_that_of_the_library_that_is_said_to_have_it(name, lib):
    known = ps.known[name]
    expected = np.array(list(LIBRARIES[lib](known)))
    np.testing.assert_allclose(by_rule(known.rule, own_values(known, lib)), expected, rtol=1e-12, atol=1e-14)


def by_hand(code, values, number):
    """Return the weights after each step of pseudo-code, the forces linear in the point."""
    named = {p.name: number(Fraction(v).numerator) / Fraction(v).denominator for p, v in values.items()}
    return list(code(named, number(3) / 2, forces(number)))


def forces(number):
    """Return a gradient for each step: a slope that depends on the point, and on the step."""
    own = [number(Fraction(g).numerator) / Fraction(g).denominator for g, *_ in gradients()]
    return [lambda point, g=g, t=t: g + point * (t % 3 - 1) / 4 for t, g in enumerate(own)]


def by_rule_in_one(rule, values, number):
    return [state[x] for state in steps(rule, values, "3/2", forces(number), number)]


@pytest.mark.parametrize("name", pseudo_code.RATIONAL)
def test_a_rational_rule_is_the_published_one_exactly(name):
    known = ps.known[name]
    values = own_values(known)
    expected = by_hand(pseudo_code.RATIONAL[name], values, Fraction)
    assert by_rule_in_one(known.rule, values, Fraction) == expected
    assert all(isinstance(value, Fraction) for value in expected)


@pytest.mark.parametrize("name", pseudo_code.WITH_ROOTS)
def test_a_rule_with_roots_is_the_published_one(name):
    known = ps.known[name]
    values = own_values(known, "keras")
    with mpmath.workdps(40):
        expected = by_hand(pseudo_code.WITH_ROOTS[name], values, mpmath.mpf)
        found = by_rule_in_one(known.rule, values, mpmath.mpf)
        assert max(abs(a - b) for a, b in zip(expected, found, strict=True)) < mpmath.mpf(10) ** -35


def test_every_rule_is_compared_with_something_else():
    compared = {*pseudo_code.RATIONAL, *pseudo_code.WITH_ROOTS, *(n for n, _ in IN_A_LIBRARY)}
    assert compared == set(ps.known)
    in_keras = {n for n, k in ps.known.items() if "keras" in k.names}
    assert in_keras <= {*pseudo_code.RATIONAL, *pseudo_code.WITH_ROOTS}


# Forms that differ in one place, which the comparisons above must tell apart.
NEIGHBOURS = [
    ("heavy_ball", "heavy_ball_average"), ("heavy_ball_average", "heavy_ball_torch"),
    ("nesterov", "nesterov_sum"), ("optimistic", "optimistic_generalized"),
    ("schedule_free", "schedule_free_weighted"), ("rmsprop", "rmsprop_eps_in_root"),
    ("rmsprop_centered", "rmsprop_centered_eps_in_root"), ("adagrad", "adagrad_eps_in_root"),
    ("adam", "adam_folded"), ("adam", "amsgrad_maximum_first"), ("amsgrad_maximum_first", "amsgrad_folded"),
    ("amsgrad_maximum_first", "amsgrad_correction_first"), ("amsgrad", "amsgrad_folded"),
    ("adamax", "adamax_eps_outside"), ("nadam", "nadam_constant"), ("radam", "radam_folded"),
    ("yogi", "yogi_corrected"), ("adam", "adabelief"),
]  # fmt: skip


@pytest.mark.parametrize(("first", "second"), NEIGHBOURS, ids=lambda v: v)
def test_forms_that_differ_in_one_place_are_told_apart(first, second):
    runs = [by_rule(ps.known[n].rule, own_values(ps.known[n])) for n in (first, second)]
    assert not np.allclose(*runs, rtol=1e-6)


@pytest.mark.parametrize("name", ps.known)
def test_the_data_of_a_rule_fit_together(name):
    known = ps.known[name]
    assert known.name == name
    assert known.title
    assert known.citation[-1] not in ".,;"
    own = set(known.rule.parameters)
    assert {s for c in known.rule.ranges for s in c.expression.free_symbols} <= own
    assert {s for s, _ in known.rule.typical} <= own
    assert set(known.functions) == set(known.names) >= set(known.fixed)
    for library_name, names in known.names.items():
        fixed = set(known.fixed.get(library_name, {}))
        assert set(names) | fixed == own
        assert not set(names) & fixed


@pytest.mark.parametrize("name", ps.known)
def test_typical_values_lie_in_the_natural_ranges(name):
    known = ps.known[name]
    values = dict(known.rule.typical)
    assert all(value > 0 for p, value in values.items() if p.is_positive)
    for condition in known.rule.ranges:
        left = condition.expression.subs(values)
        if left.free_symbols:
            assert not known.rule.typical  # those of a paper that recommends functions of the loss
        else:
            assert left > 0 or (left == 0 and condition.relation == ">= 0"), condition


# Typical values that are no default of a library that has the rule: what papers and users take instead.
MOMENTUM = ("heavy_ball", "heavy_ball_torch", "nesterov_sum")
OTHERWISE = {
    **{(name, "eta"): "as in Keras; torch has 0.001" for name in ("gradient_descent", *MOMENTUM)},
    **{(name, "rho"): "as in papers; the default of libraries is no momentum" for name in MOMENTUM},
    ("rmsprop_eps_in_root", "eps"): "as in Keras; optax has 1e-8",
    ("rmsprop_centered_eps_in_root", "eps"): "as in Keras; optax has 1e-8",
}


def default(known, lib, parameter):
    """Return the default of a parameter in the signature of the library's function, or None."""
    option, _, index = known.names[lib][parameter].rstrip("]").partition("[")
    function = attrgetter(known.functions[lib].removeprefix(f"{lib}.").partition("(")[0])(LIBRARY[lib]())
    value = inspect.signature(function).parameters[option].default
    value = value[int(index)] if index else value
    return None if value is inspect.Parameter.empty or value is None else Fraction(str(float(value)))


LIBRARY = {"torch": lambda: library("torch", "torch"), "optax": lambda: library("optax", "jax")}


@pytest.mark.parametrize("name", sorted({n for n, _ in IN_A_LIBRARY}))
def test_typical_values_are_the_defaults_of_a_library(name):
    known = ps.known[name]
    libraries = [lib for lib in known.names if lib in LIBRARY]
    for parameter, value in known.rule.typical:
        defaults = {default(known, lib, parameter) for lib in libraries if parameter in known.names[lib]} - {
            None
        }
        said = (name, parameter.name) in OTHERWISE
        assert not defaults or (Fraction(str(value)) in defaults) != said, (parameter, value, defaults)


# In Adadelta eps is added to a squared gradient and to a squared displacement; below its threshold RAdam
# steps by the gradient itself, above it by a ratio of gradients; in Yogi optax starts the averages of
# gradients and of their squares at one value.
OF_NO_DIMENSION = {"adadelta", "radam", "radam_folded", "radam_at_threshold", "yogi_corrected"}


@pytest.mark.parametrize("name", ps.known)
def test_dimensions_agree_but_where_the_published_rule_adds_unlike_quantities(name):
    known = ps.known[name]
    assert bool(ps.dimensions(known.rule, known.vocabulary)) == (name not in OF_NO_DIMENSION)


def test_a_catalogue_is_read_by_name_and_by_attribute():
    assert ps.known.adamw is ps.known["adamw"]
    assert [ps.known[name].name for name in ps.known] == list(ps.known)
    assert len(ps.known) == len(set(ps.known))
    assert "adamw" in ps.known
    assert "adamv" not in ps.known
    assert set(ps.known) <= set(dir(ps.known))
    assert ps.known.get("nonsense") is None
    assert all(isinstance(known, Known) for known in ps.known.values())


@pytest.mark.parametrize(
    ("given", "near"),
    [("adamv", "adamw"), ("heavyball", "heavy_ball"), ("Lion", "lion"), ("momentum", "triple")],
)
def test_an_unknown_name_gives_the_nearest(given, near):
    with pytest.raises(AttributeError, match=near):
        getattr(ps.known, given)
    with pytest.raises(KeyError, match=near):
        ps.known[given]


def test_a_name_like_none_is_refused_plainly():
    with pytest.raises(KeyError, match="list"):
        ps.known["zzz"]
    assert not hasattr(ps.known, "__array__")


def test_known_rules_are_values():
    for known in ps.known.values():
        again = pickle.loads(pickle.dumps(known))
        assert again == known
        assert hash(again) == hash(known)
        assert (again.names, again.functions, again.fixed) == (known.names, known.functions, known.fixed)
        assert known.title in str(known)
        assert known.citation in str(known)
    assert copy.deepcopy(ps.known).adam == ps.known.adam


@pytest.mark.parametrize("show", [ps.latex, ps.mathml, ps.unicode])
def test_known_rules_are_printed_as_their_rules(show):
    for known in ps.known.values():
        for face in ("physics", "learning"):
            assert show(known, face) == show(known.rule, face)


def test_a_known_rule_is_taken_where_a_rule_is():
    assert ps.same_rule(ps.known.heavy_ball, ps.known.heavy_ball.rule)
    assert not ps.same_rule(ps.known.heavy_ball, ps.known.heavy_ball_average)
    assert ps.source(ps.known.nesterov) == ps.source(ps.known.nesterov.rule)
    optimizer = ps.optimizer(ps.known.heavy_ball_dampened, eta=0.5, rho=0.5)
    assert optimizer.run(1.0, lambda w: w, steps=2).x[-1] == pytest.approx(0.4375)


def test_the_page_of_published_rules_shows_the_data():
    text = known_rules.PAGE.read_text(encoding="utf-8")
    assert text == known_rules.with_table(text), "run python -m tests.support.known_rules"
    assert all(f"`{name}`" in known_rules.table() for name in ps.known)
    spoiled = text.replace("betas=(beta_1, beta_2)", "betas=(beta_2, beta_1)")
    assert spoiled != text
    assert spoiled != known_rules.with_table(spoiled)


def by_optimizer(known, values):
    """Return the weights after each step of the compiled rule."""
    optimizer = ps.optimizer(known, **{p.name: float(Fraction(v)) for p, v in values.items()})
    state = optimizer.init(np.array([1.5]))
    for force in forces(float):
        state = optimizer.step(state, force)
        yield float(state["x"][0])


@pytest.mark.parametrize("name", ps.known)
def test_the_optimizer_of_a_known_rule_runs_the_rule(name):
    known = ps.known[name]
    values = own_values(known)
    with mpmath.workdps(40):
        expected = [float(value) for value in by_rule_in_one(known.rule, values, mpmath.mpf)]
    np.testing.assert_allclose(list(by_optimizer(known, values)), expected, rtol=1e-12, atol=1e-14)


def test_typical_values_are_the_defaults_of_the_optimizer():
    adam = ps.optimizer(ps.known.adam)
    assert adam.parameters == {"eta": 1e-3, "beta_1": 0.9, "beta_2": 0.999, "eps": 1e-8}
