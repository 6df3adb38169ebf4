"""The explorer: what runs in the page is what Python runs, and its formulas are those of the analysis."""

import json
import re
from dataclasses import replace
from functools import cache
from math import exp, isclose

import numpy as np
import pytest
from sympy import Rational, Symbol, lambdify

import physsym as ps
from physsym.analysis.stability import stability_region
from physsym.cli.explorer import SHIPPED, entries_named
from physsym.codegen import program, state_name
from physsym.codegen.emit.javascript import javascript_formulas, javascript_rollout
from physsym.core.statements import parameters, rule
from physsym.core.symbols import after, before
from physsym.explorer.entries import of_derivation, of_rule
from physsym.explorer.formulas import LANDSCAPES, described, javascript, landscape, starts
from physsym.explorer.page import LARGEST, page, script, told_apart
from physsym.integrators import forward_euler
from physsym.optimizers.naming import as_lifted
from physsym.vocabulary import STANDARD, G, dt, eta, gamma, lam, m, rho, u, x
from tests.support.javascript import needs_node, run_by_node
from tests.support.tiers import in_tiers

NAMES = {
    "Gradient descent": "gradient_descent",
    "Momentum with forward Euler friction": "friction",
    "Momentum with backward Euler friction": "friction",
    "Momentum with implicit midpoint friction": "friction",
    "Momentum with exponential friction": "friction",
    "Nesterov's method, the gradient taken ahead": "known:nesterov",
    "A stale gradient": "stale",
    "Adam": "known:adam",
}
KAPPA = Symbol("kappa", positive=True)
STEPS = 200
VALUES = {"eta": 0.013, "rho": 0.87, "beta_1": 0.9, "beta_2": 0.99, "eps": 1e-8}


@cache
def entry_of(title):
    return next(entry for entry in entries_named(NAMES[title]) if entry.title == title)


def chosen(entry):
    return {state_name(p): VALUES[state_name(p)] for p in parameters(entry.rule)}


def by_python(entry, place):
    """Return the weights of each step, computed by the backend of plain NumPy on the formula."""
    formula = place.formula.subs(KAPPA, 20)
    stepper = ps.optimizer(entry.rule, **chosen(entry))
    return stepper.run(np.array(place.start), formula, STEPS).x


def by_javascript(entry, places):
    """Return the weights of each step on each potential, as the page computes them."""
    code = javascript_rollout(program(entry.rule), starts(entry), entry.weights)
    made = javascript([landscape(place) for place in places])
    found = run_by_node(f"""{code}
        const shape = {{kappa: 20}}, at = {json.dumps(chosen(entry))}, found = [];
        for (const {{value, gradients: [first, second], start}} of {made}) {{
            const path = new Float64Array({2 * STEPS + 2});
            path.set(start);
            const of = f => (x, y) => f(x, y, shape);
            rollout({{path}}, {STEPS}, {{value: of(value), gradient1: of(first), gradient2: of(second)}}, at);
            found.push([...path]);
        }}
        console.log(JSON.stringify(found));
    """)
    return [np.array(path).reshape(-1, 2) for path in found]


@needs_node
@pytest.mark.parametrize("title", in_tiers(NAMES, fast=lambda title: "Euler friction" not in title))
def test_trajectories_are_those_of_python_bitwise(title):
    for place, got in zip(LANDSCAPES, by_javascript(entry_of(title), LANDSCAPES), strict=True):
        wanted = by_python(entry_of(title), place)
        assert got.shape == wanted.shape
        if title == "Adam":  # its powers are those of a library
            assert got == pytest.approx(wanted, rel=1e-12, abs=1e-14)
        else:
            assert got.tolist() == wanted.tolist()


@needs_node
def test_another_rule_has_another_trajectory():
    entry, place = entry_of("Gradient descent"), LANDSCAPES[0]
    spoiled = replace(entry, rule=rule({x: x - 2 * eta * G}))
    assert by_javascript(spoiled, [place])[0].tolist() != by_python(entry, place).tolist()


def test_what_is_on_every_page():
    assert {*SHIPPED, "known:adam"} == {*NAMES.values()}
    titles = [entry.title for name in SHIPPED for entry in entries_named(name)]
    assert titles == [title for title in NAMES if title != "Adam"]
    assert '<link rel="icon" href="data:,">' in page(entries_named("gradient_descent"))  # or one is asked for


@needs_node
def test_states_that_pass_values_on_are_moved_in_order():
    swapped = rule({u: x + 1, x: u})
    code = javascript_rollout(program(swapped), {}, x)
    got = run_by_node(code + "const p = Float64Array.from([5, 7, 0, 0, 0, 0, 0, 0]);"
        "rollout({path: p}, 3, {}, {}); console.log(JSON.stringify([...p]))")  # fmt: skip
    assert got == [5, 7, 0, 0, 6, 8, 1, 1]
    older = before(x)
    lagging = rule({x: x + older})
    code = javascript_rollout(program(lagging), {older: x}, x)
    got = run_by_node(code + "const p = Float64Array.from([1, 2, 0, 0, 0, 0, 0, 0]);"
        "rollout({path: p}, 3, {}, {}); console.log(JSON.stringify([...p]))")  # fmt: skip
    assert got == [1, 2, 2, 4, 3, 6, 5, 10]


@needs_node
def test_a_run_ends_at_the_first_number_that_is_not_finite():
    code = javascript_rollout(program(rule({x: x * x})), {}, x)
    got = run_by_node(
        code + "console.log(rollout({path: Float64Array.from([1e200, 0, 0, 0, 0, 0])}, 2, {}, {}))"
    )
    assert got == 1


@needs_node
def test_parameters_keep_the_names_that_users_write():
    odd = Symbol("new", positive=True)
    code = javascript_rollout(program(rule({x: x - odd * x})), {}, x)
    got = run_by_node(f"""{code} const path = Float64Array.from([1, 2, 0, 0]);
        rollout({{path}}, 1, {{}}, {{"new": 0.25}});
        console.log(JSON.stringify([...path]))""")
    assert got == [1, 2, 0.75, 1.5]
    assert javascript_formulas([odd / 2]) == '({"new": new_}) => [new_/2]'


FRICTION = {
    "Momentum with forward Euler friction": lambda s: 1 - s,
    "Momentum with backward Euler friction": lambda s: 1 / (1 + s),
    "Momentum with implicit midpoint friction": lambda s: (1 - s / 2) / (1 + s / 2),
    "Momentum with exponential friction": lambda s: exp(-s),
}


@pytest.mark.parametrize("title", FRICTION)
def test_constants_of_mechanics_make_the_parameters_and_back(title):
    known = entry_of(title).mechanics
    at = {m: 0.7, gamma: 1.3, dt: 0.05}
    values = {p: float(e.subs(at)) for p, e in known.parameters.items()}
    assert isclose(values[eta], 0.05 / 1.3)
    assert isclose(values[rho], FRICTION[title](0.05 * 1.3 / 0.7))
    assert isclose(known.tau.subs(at), 0.7 / 1.3)
    assert set(known.back) == {m, gamma}
    for symbol, found in known.back.items():
        assert isclose(float(found.subs({**values, dt: 0.05})), at[symbol])


def test_limits_fix_constants():
    assert entry_of("Gradient descent").mechanics.tau == 0
    stale = entry_of("A stale gradient").mechanics
    assert stale.tau == dt  # all velocity is lost in a step
    assert stale.parameters == {eta: dt / gamma}


def test_a_published_rule_finds_its_mechanics():
    (nesterov,) = entries_named("known:nesterov")
    assert nesterov.title == "Nesterov's method, the gradient taken ahead"
    at = {m: 0.7, gamma: 1.3, dt: 0.05}
    assert isclose(nesterov.mechanics.parameters[eta].subs(at), 0.05**2 / 0.7)
    assert isclose(nesterov.mechanics.parameters[rho].subs(at), 1 - 1.3 * 0.05 / 0.7)


def test_a_rule_without_mechanics_says_why():
    entry = entry_of("Adam")
    assert entry.mechanics is None
    assert entry.reason == "its law of motion holds while ν does not change"
    made = described(entry)
    assert made["stability"]["reason"] == "on a parabola the rule is not linear in k, μ, ν, 𝐱"
    assert made["gain"] == "changes with ν"  # which is no parameter: a formula would have no value
    (centered,) = entries_named("known:rmsprop_centered")
    assert centered.reason == "its law of motion holds while μ, ν do not change"
    (unified,) = entries_named("known:unified_momentum")
    assert "of the rule" not in unified.reason
    assert described(entry_of("Gradient descent"))["gain"].text == "({eta}) => [eta]"


@needs_node
def test_margins_and_multipliers_are_those_of_the_analysis():
    entry = entry_of("Momentum with forward Euler friction")
    at = {"eta": 0.3, "rho": 0.5, "lam": 7.0}
    made = javascript(described(entry)["stability"])
    got = run_by_node(f"""const made = {made}; const at = {json.dumps(at)};
        console.log(JSON.stringify([made.margins(at), made.polynomial(at)]));""")
    exact = {eta: Rational(3, 10), rho: Rational(1, 2), lam: 7}
    assert isclose(min(got[0]), float(stability_region(entry.rule).margin(exact)), rel_tol=1e-12)
    matrix = np.array([[0.5, -0.5 * 0.3 * 7], [0.5, 1 - 0.5 * 0.3 * 7]])  # of u and x, by hand
    assert got[1] == pytest.approx(np.poly(matrix).tolist(), rel=1e-12)


def energies_in_javascript(made, values, constants, start, steps, ends=None, near=0, tiny=-1):
    """Return a script of what the page computes on a parabola: what is returned, and the arrays.

    Each step is a column of its own where nothing else is said, and nothing is at rest.
    """
    columns = [2 * k for k in range(steps + 1)] if ends is None else [2 * k for k in ends]
    return f"""const rollout = {made["rollout"].text};
        const surface = {{value: (x, y) => 2*x*x + y*y/2, gradient1: x => 4*x, gradient2: (x, y) => y}};
        const room = n => new Float64Array(n), n = {steps + 1};
        const pair = () => ({{low: room(n), high: room(n)}});
        const kept = {{path: room(2*n), points: room(2*n), losses: pair(), totals: pair(), spent: pair()}};
        kept.path.set({list(start)});
        const division = {{ends: {columns}, near_1: {near}, near_2: {near}}};
        Object.assign(division, {{rest_1: 0, rest_2: 0, tiny: {tiny}}});
        const at = {json.dumps(constants)};
        const taken = rollout(kept, {steps}, division, surface, {json.dumps(values)}, 0.2, at);
        const plain = part => part.low ? [[...part.low], [...part.high]] : [...part];
        return [taken, ...Object.values(kept).map(plain)]"""


def energies_of(entry, *given, **options):
    code = energies_in_javascript(described(entry), *given, **options)
    return run_by_node(f"console.log(JSON.stringify((() => {{{code}}})()))")


def series_of(*given, **options):
    """Return path, losses, energies and what friction has taken, of a run each of whose steps is a column."""
    taken, path, _, losses, totals, spent = energies_of(*given, **options)
    assert losses[0] == losses[1]
    assert totals[0] == totals[1]
    assert [taken["steps"], taken["columns"]] == [given[-1], given[-1] + 1]
    assert [taken["loss"], taken["total"], taken["spent"]] == [losses[1][-1], totals[1][-1], spent[1][-1]]
    return path, losses[1], totals[1], spent[1]


@needs_node
def test_losses_and_energies_are_those_of_the_system():
    at = {"m": 3.0, "gamma": 5.0}
    path, losses, totals, spent = series_of(
        entry_of("Momentum with exponential friction"), {"eta": 0.04, "rho": 0.6}, at, (1.0, -2.0), 30
    )
    points = np.array(path).reshape(-1, 2)
    potential = 2 * points[:, 0] ** 2 + points[:, 1] ** 2 / 2
    speeds = np.diff(points, axis=0) / 0.2
    squares = (speeds**2).sum(axis=1)
    assert losses == pytest.approx(potential, rel=1e-13)
    assert totals[1:] == pytest.approx(potential[1:] + 1.5 * squares, rel=1e-12)
    assert spent[1:] == pytest.approx(np.cumsum(5 * squares * 0.2), rel=1e-12)
    descent = entry_of("Gradient descent")
    _, losses, totals, _ = series_of(descent, {"eta": 0.04}, {"gamma": 5.0}, (1.0, -2.0), 30)
    assert totals == losses  # without mass all energy is potential


@needs_node
def test_what_a_derivation_fixes_is_no_constant_of_the_energy():
    """The mass of a stale gradient is gamma*dt: the page has no slider for it."""
    at, stale = {"gamma": 5.0, "dt": 0.2}, entry_of("A stale gradient")
    path, losses, totals, _ = series_of(stale, {"eta": 0.04}, at, (1.0, -2.0), 5)
    speeds = np.diff(np.array(path).reshape(-1, 2), axis=0) / 0.2
    kinetic = np.array(totals[1:]) - np.array(losses[1:])
    assert kinetic == pytest.approx(5 * 0.2 * (speeds**2).sum(axis=1) / 2, rel=1e-12)


@needs_node
def test_a_motion_that_is_continued_is_the_same_motion():
    code = described(entry_of("Momentum with exponential friction"))["mechanics"]["motion"].text
    got = run_by_node(f"""const motion = {code}, of = n => new Float64Array(n);
        const surface = {{value: (x, y) => x*x + y**4, gradient1: x => 2*x, gradient2: (x, y) => 4*y*y*y}};
        const at = {{gamma: 1, m: 0.4, tau: 0.4, h: 0.1}};
        const room = () => ({{path: of(42), losses: of(21), totals: of(21)}}), memory = of(2);
        const whole = room(), parts = room(), all = r => Object.values(r).map(part => [...part]);
        for (const {{path, totals}} of [whole, parts]) {{ path.set([1, -1]); totals[0] = 2; }}
        const taken = [motion(whole, 0, 20, surface, at, of(2), 0.1, at),
            motion(parts, 0, 7, surface, at, memory, 0.1, at),
            motion(parts, 7, 13, surface, at, memory, 0.1, at)];
        console.log(JSON.stringify([all(whole), all(parts), taken]))""")
    assert got[0] == got[1]
    assert got[0][0][-1] != got[0][0][-3]
    assert got[0][1][::20] == [2, pytest.approx(got[0][0][-2] ** 2 + got[0][0][-1] ** 4)]
    assert got[2] == [20, 7, 13]


MOMENTUM = ("Momentum with exponential friction", {"eta": 0.4, "rho": 0.8}, {"m": 3.0, "gamma": 5.0})


@needs_node
def test_a_run_is_reduced_to_the_extremes_of_columns():
    entry, *rest = entry_of(MOMENTUM[0]), *MOMENTUM[1:], (1.0, -2.0), 30
    path, *each = series_of(entry, *rest)
    taken, again, _, *reduced = energies_of(entry, *rest, ends=(3, 4, 19, 30))
    assert (again, taken["columns"]) == (path, 4)
    parts = (slice(0, 4), slice(4, 5), slice(5, 20), slice(20, 31))
    for series, (low, high) in zip(each[:2], reduced[:2], strict=True):
        assert low[:4] == [min(series[part]) for part in parts]
        assert high[:4] == [max(series[part]) for part in parts]
    assert reduced[2][0][:4] == [0, *(each[2][k] for k in (3, 4, 19))]
    assert reduced[2][1][:4] == [each[2][k] for k in (3, 4, 19, 30)]


@needs_node
def test_points_that_are_drawn_are_apart():
    entry, *rest = entry_of(MOMENTUM[0]), *MOMENTUM[1:], (1.0, -2.0), 30
    taken, path, points, *_ = energies_of(entry, *rest, near=0.1)
    wanted = [np.array(path[:2])]
    for point in np.array(path).reshape(-1, 2):
        if np.abs(point - wanted[-1]).max() > 0.1:
            wanted.append(point)
    assert 5 < taken["drawn"] < 30
    assert points[: 2 * taken["drawn"]] == np.ravel(wanted[1:]).tolist()


@needs_node
@pytest.mark.parametrize(
    "title", ["Gradient descent", "Momentum with exponential friction", "A stale gradient"]
)
def test_a_run_at_rest_takes_the_same_steps(title):
    entry, constants = entry_of(title), {"m": 3.0, "gamma": 5.0, "dt": 0.2}
    rest = (
        {p: v for p, v in {"eta": 0.2, "rho": 0.5}.items() if p in chosen(entry)},
        constants,
        (1.0, -2.0),
        200,
    )
    taken, path, _, losses, *_ = energies_of(entry, *rest)
    resting, same, _, sunk, *_ = energies_of(entry, *rest, tiny=1e-3)
    assert same == path
    assert [resting[name] for name in ("steps", "loss", "bottom")] == [200, taken["loss"], 0]
    far = np.nonzero(np.abs(np.array(path).reshape(-1, 2)).sum(1) > 1e-3)[0][-1]
    assert 10 < far + 2 == resting["columns"] < 150
    assert sunk[0][: far + 2] == losses[0][: far + 2]


@needs_node
def test_a_run_that_leaves_where_it_rested_is_seen_again():
    """What oscillates passes through the rest: the column before ends there, the next steps are seen."""
    entry, constants = entry_of("Momentum with exponential friction"), {"m": 3.0, "gamma": 5.0}
    rest = {"eta": 0.1, "rho": 0.97}, constants, (0.0, 0.4), 120
    path, losses, *_ = series_of(entry, *rest)
    _, same, _, (low, high), *_ = energies_of(entry, *rest, tiny=0.05)
    assert same == path
    inside = np.abs(np.array(path).reshape(-1, 2)).sum(1) <= 0.05
    assert np.count_nonzero(np.diff(inside.astype(int)) == -1) == 2  # it leaves twice
    for k in range(121):
        assert high[k] == losses[k] if not inside[k] else high[k] in (losses[k], 0)
        assert low[k] in (losses[k], 0)


@pytest.mark.parametrize("place", LANDSCAPES, ids=lambda place: place.key)
@needs_node
def test_second_derivatives_are_those_of_the_slopes(place):
    made = javascript(landscape(place))
    got = run_by_node(f"""const made = {made}, shape = {{kappa: 20}}, h = 1e-6;
        const gradient = (k, a, b) => made.gradients[k](0.3 + a, -0.4 + b, shape);
        const d = (k, a, b) => (gradient(k, a, b) - gradient(k, -a, -b)) / (2*h);
        const exact = made.curvatures({{x: 0.3, y: -0.4, ...shape}});
        console.log(JSON.stringify([exact, [d(0, h, 0), d(0, 0, h), d(1, 0, h)]]))""")
    assert got[0] == pytest.approx(got[1], abs=1e-6)
    symbols = [s for s in place.formula.free_symbols if s.name in "xy"]
    value = lambdify(symbols, place.formula.subs(KAPPA, 20))(
        *[{"x": 0.3, "y": -0.4}[s.name] for s in symbols]
    )
    assert run_by_node(f"console.log(({made}).value(0.3, -0.4, {{kappa: 20}}))") == pytest.approx(value)


def test_numbers_take_the_place_of_coefficients():
    made = described(entry_of("Momentum with backward Euler friction"))
    for shown in made["numbers"]:
        assert sorted(re.findall(r'data-number="(\d)"', shown)) == ["0", "1"]
        assert "ρ" not in shown
        assert "η" not in shown
    assert any("∇" in shown for shown in made["numbers"])


def test_a_page_holds_no_text_that_ends_its_script(tmp_path):
    text = page([replace(entry_of("Gradient descent"), title="</script><b>")])
    assert text.count("</script>") == 1
    assert javascript("<!--") == '"<\\!--"'


@pytest.mark.slow
def test_the_page_is_self_contained_and_small():
    text = page([*map(entry_of, NAMES)])
    assert len(text.encode()) < LARGEST
    bare = text.replace('<link rel="icon" href="data:,">', "")  # an icon of nothing, or one is asked for
    assert not re.search(r"(src|href)=|https?:|@import|url\(", bare)
    assert "default-src 'none'" in text


def test_too_many_rules_are_refused():
    many = [replace(entry_of("Gradient descent"), reason="long " * 10_000) for _ in range(5)]
    with pytest.raises(ValueError, match=r"the page of 5 rules has .* name fewer rules"):
        page(many)
    with pytest.raises(ValueError, match="at least one rule"):
        page([])


def test_each_pair_is_compared_and_keys_differ():
    code = script(
        [entry_of("Gradient descent"), entry_of("A stale gradient"), replace(entry_of("Gradient descent"))]
    )
    assert '"0,1": "Gradient descent is not A stale gradient' in code
    assert '"0,2": "Gradient descent is the same as Gradient descent (2)' in code
    keys = re.findall(r'{key: "([^"]*)", title: "[^"]*", text: "x <-', code)
    assert keys == ["gradient-descent", "a-stale-gradient", "gradient-descent-2"]


def test_titles_are_told_apart():
    titled = [replace(entry_of("Gradient descent"), title=t) for t in ("A", "A (2)", "A", "B", "A")]
    assert [e.title for e in told_apart(titled)] == ["A", "A (2)", "A (3)", "B", "A (4)"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("u <- rho*u - eta*grad(u); v <- v - eta*grad(v)", "of one state that is the weights"),
        ("x <- x - eta*x", ""),
    ],
)
def test_what_does_not_run_on_two_weights_is_refused(text, says):
    if not says:
        assert described(of_rule(as_lifted(text), text))["title"] == text
        return
    with pytest.raises(ValueError, match=says):
        of_rule(as_lifted(text), text)


def text_entry(text):
    (entry,) = entries_named(text)
    return entry


def test_a_parameter_called_lam_is_not_the_curvature():
    """Weight decay: with eta = 0.5, lam = 1 on a curvature of 20 the multiplier is 1 - 0.5*(20 + 1)."""
    made = described(text_entry("x <- x - eta*(grad(x) + lam*x)"))
    assert made["curvature"] == {"key": "curvature", "sign": "curvature"}
    got = run_by_node(f"""const made = {javascript(made["stability"])};
        const at = {{eta: 0.5, lam: 1, curvature: 20}};
        console.log(JSON.stringify([Math.min(...made.margins(at)), made.polynomial(at)]))""")
    assert got[0] < 0
    assert got[1] == pytest.approx([1, -(1 - 0.5 * 21)])
    both = described(text_entry("x <- x - curvature*(grad(x) + lam*x)"))
    assert both["curvature"]["key"] not in ("lam", "curvature")
    assert described(entry_of("Gradient descent"))["curvature"] == {"key": "lam", "sign": "λ"}


def test_a_rule_that_is_stable_nowhere_says_never():
    assert described(text_entry("x <- x + eta*grad(x)"))["stability"]["says"] == ["never"]


CLASHING = (
    "speed speed_1 speed_ interval frequency path losses totals spent steps value gradient1 memory k g g_1 "
    "x_1 x_next_1 rollout Math Number state RULES radius new m gamma dt h lam kappa rho s z total v"
)


# A local of a run, a state, a gradient, a word and a global of JavaScript, a symbol of mechanics, the
# curvature, and a letter of the rule.
KINDS = {"speed", "x_1", "gradient1", "new", "Math", "m", "lam", "v"}


@cache
def motion_with(called, momentum="u"):
    """Return the run, the energies and the constants of momentum whose parameter is called so."""
    at, values = {"m": 3.0, "gamma": 5.0, "dt": 0.2}, {"eta": 0.04, called: 0.6}
    entry = text_entry(f"{momentum} <- {called}*{momentum} - eta*grad(x); x <- x + {momentum}+")
    assert len(entry.mechanics.parameters) == 2
    made = described(entry)
    back = f"""const known = {javascript(made["mechanics"])}, values = {json.dumps(values)};
        const keys = {json.dumps([p["key"] for p in made["parameters"]])};
        const own = Object.fromEntries(known.back.reads.map((r, n) => [r, values[keys[n]]]));
        const there = known.forward({json.dumps(at)});
        return [known.back.values({{...{json.dumps(at)}, ...own}}),
            there[keys.indexOf("eta")], there[keys.indexOf({json.dumps(called)})]]"""
    ran = energies_in_javascript(made, values, at, (1.0, -2.0), 20)
    return run_by_node(f"console.log(JSON.stringify([(() => {{{ran}}})(), (() => {{{back}}})()]))")


@needs_node
@pytest.mark.parametrize("name", in_tiers(CLASHING.split(), fast=KINDS))
def test_a_parameter_may_have_any_name(name):
    """The run and the energies of momentum are those of the same rule with its parameter called beta."""
    run, (back, *forward) = motion_with(name, "p" if name == "v" else "u")
    wanted, (wanted_back, *wanted_forward) = motion_with("beta")
    assert run == wanted
    assert sorted(back) == pytest.approx(sorted(wanted_back))
    assert forward == pytest.approx(wanted_forward)


def test_momentum_called_gamma_is_apart_from_the_friction():
    known = text_entry("u <- gamma*u - eta*grad(x); x <- x + u+").mechanics
    momentum = next(p for p in known.parameters if p.name == "gamma")
    at = {m: 0.4, gamma: 1.0, dt: 0.04}
    assert float(known.parameters[momentum].subs(at)) == pytest.approx(1 / (1 + 0.04 / 0.4), abs=0.01)
    values = {p: float(e.subs(at)) for p, e in known.parameters.items()}
    inside = {known.apart[p]: value for p, value in values.items()}
    assert float(known.back[gamma].subs({**inside, dt: 0.04})) == pytest.approx(1.0)
    assert float(known.back[m].subs({**inside, dt: 0.04})) == pytest.approx(0.4)


def test_a_derivation_without_integration_has_no_mechanics():
    start = rule({u: rho * u - eta * G, x: x + after(u)})
    made = of_derivation(ps.Derivation("A rule", start, ()))
    assert made.mechanics is None
    assert made.reason == "the derivation integrates no law of motion"


WHAT_PARAMETERS_ARE = {
    "gradient_descent": {"eta": "Δt/γ in mechanics"},
    "known:nesterov": {"eta": "Δt²/m in mechanics", "rho": "(m − γ Δt)/m in mechanics"},
    "x <- x - eta*grad(x)/2": {"eta": "2 Δt/γ in mechanics"},
    "x <- x - m*grad(x)": {"m": "Δt/γ in mechanics"},
    "x <- x - eta*(grad(x) + lam*x)": {"eta": "", "lam": ""},  # the weight of a decay is no curvature
    "known:adam": dict.fromkeys(("beta_1", "beta_2", "eps", "eta"), ""),
    "known:rmsprop": dict.fromkeys(("eps", "eta", "rho"), ""),
}


@pytest.mark.parametrize("name", WHAT_PARAMETERS_ARE)
def test_a_parameter_is_what_mechanics_makes_of_it_and_else_nothing(name):
    """The words of the standard vocabulary for eta and rho hold of one definition each."""
    made = described(text_entry(name))
    assert {p["key"]: p["says"] for p in made["parameters"]} == WHAT_PARAMETERS_ARE[name]


def test_constants_and_what_an_author_declares_have_their_words():
    entry = entry_of("Momentum with forward Euler friction")
    constants = described(entry)["mechanics"]["constants"]
    words = ["mass of the particle", "friction coefficient", "time step"]
    assert [c["says"] for c in constants] == words
    kept = replace(STANDARD.quantity(rho), meaning="part that is kept")
    mine = replace(entry, vocabulary=STANDARD.extended(kept))
    assert [p["says"] for p in described(mine)["parameters"]] == ["Δt/γ in mechanics", "part that is kept"]


@pytest.mark.parametrize("value", ["x - dt*grad(x)/gamma", "x - dt*grad(x)*gamma"])
def test_a_derivation_that_fails_has_no_page(value):
    derivation = ps.Derivation(
        "Descent",
        ps.damped_particle.law(),
        (
            ps.Step("Let the mass vanish.", ps.Limit(m, 0)),
            ps.Step("Solve.", ps.Isolate(ps.dot(x))),
            ps.Step("Integrate.", ps.Integrate(forward_euler, dt), gives=f"x <- {value}"),
        ),
    )
    if value.endswith("/gamma"):
        assert of_derivation(derivation).title == "Descent"
    else:
        with pytest.raises(ValueError, match=r"Descent: line 3 fails; `physsym check`"):
            of_derivation(derivation)
