"""The door: what `import physsym` offers, how it is typed, shown and pickled; what became of old names."""

import ast
import copy
import importlib
import inspect
import itertools
import pickle
import pkgutil
import pydoc
import re
import rlcompleter
import subprocess
import sys
import textwrap
import types
import warnings
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
from sympy import Rational

import derivations.momentum
import physsym as ps
from physsym import _renamed
from physsym.core.statements import as_law, as_rule, as_statement
from physsym.vocabulary import STANDARD, G, dt, eta, gamma, m, rho, tau, u, x
from tests.support.requirements import needs_mypy

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "physsym"
STUB = ast.parse((PACKAGE / "__init__.pyi").read_text())
INNER = (
    "certificates", "core", "derivation", "documents", "loading", "mechanics", "parsing", "printing",
    "runtime", "transform", "verify",
)  # fmt: skip
NAMES_OF_0_1 = (ROOT / "tests" / "support" / "names_of_0_1.txt").read_text().split()
LAZY = sorted(".".join(p.parent.relative_to(ROOT).parts) for p in PACKAGE.rglob("__init__.pyi"))
SUBPACKAGES = [name for name in ps.__all__ if isinstance(getattr(ps, name), types.ModuleType)]
FUNCTIONS = [name for name in ps.__all__ if name not in SUBPACKAGES]
CALLABLES = [name for name in FUNCTIONS if callable(getattr(ps, name))]


def in_a_new_interpreter(code, *arguments):
    """Run code in another process, where texts have other hashes, and return what it prints."""
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(code), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout


# ------------------------------------------------------------------ the names


def test_the_names_are_those_of_the_stub_and_few():
    (listed,) = (n.value for n in STUB.body if isinstance(n, ast.Assign) and n.targets[0].id == "__all__")
    assert ps.__all__ == ast.literal_eval(listed)
    assert len(ps.__all__) <= 75


def test_dir_offers_the_public_names_and_dunders_only():
    assert [name for name in dir(ps) if not name.startswith("__")] == sorted(ps.__all__)
    assert "__version__" in dir(ps)


@pytest.mark.parametrize("package", [*SUBPACKAGES, *INNER, "codegen.emit"])
def test_dir_of_a_subpackage_offers_its_public_names_only(package):
    module = importlib.import_module(f"physsym.{package}")
    assert [name for name in dir(module) if not name.startswith("__")] == sorted(module.__all__)
    if package != "adapters":  # which need optional libraries
        assert all(hasattr(module, name) for name in module.__all__)


def test_tab_completion_offers_the_public_names():
    completer = rlcompleter.Completer({"ps": ps})
    found = itertools.takewhile(bool, (completer.complete("ps.", k) for k in itertools.count()))
    assert {re.match(r"ps\.(\w+)", text)[1] for text in found} == set(ps.__all__)


def test_inner_subpackages_are_attributes_that_are_loaded_when_used():
    said = in_a_new_interpreter(f"""
        import sys
        import physsym as ps
        assert "physsym.core" not in sys.modules
        assert "core" not in dir(ps)
        print(*(getattr(ps, name).__name__ for name in {INNER}))
    """)
    assert said.split() == [f"physsym.{name}" for name in INNER]


@pytest.mark.slow
def test_everything_is_reached_after_every_module_was_imported():
    """A module of a function's name would take its place: `ps.script` was a module after `ps.scripts()`."""
    said = in_a_new_interpreter(f"""
        import importlib, inspect, pkgutil
        import physsym as ps
        for module in pkgutil.walk_packages(ps.__path__, "physsym."):
            try:
                importlib.import_module(module.name)
            except ImportError as error:
                optional = ("jax", "optax", "torch", "llvmlite", "pytest", "hypothesis")
                assert error.name.partition(".")[0] in optional, error
        for package in map(importlib.import_module, {LAZY}):
            listed = [n for n in package.__all__ if package is not ps.adapters or n.startswith("seen")]
            for name in listed:
                value = getattr(package, name)
                inner = inspect.ismodule(value) and value.__name__ == f"{{package.__name__}}.{{name}}"
                assert inner == (name in {SUBPACKAGES} or name in ("random_models", "strategies")), name
        print(ps.script("momentum").name, ps.scripts()[0].name and "all", ps.script("momentum").name)
    """)
    assert said.split() == ["momentum", "all", "momentum"]


@pytest.mark.parametrize("package", LAZY)
def test_no_module_bears_the_name_of_a_public_function(package):
    """It would take the function's place as soon as anything imported it."""
    stub = ast.parse((ROOT / package.replace(".", "/") / "__init__.pyi").read_text())
    imports = [n for n in stub.body if isinstance(n, ast.ImportFrom) and n.module]
    names = {alias.name for n in imports for alias in n.names}
    modules = {m.name for m in pkgutil.iter_modules(importlib.import_module(package).__path__)}
    assert not modules & names
    assert len(LAZY) > 8


# ------------------------------------------------------------------ types


def types_of(tmp_path, text):
    file = tmp_path / "use.py"
    file.write_text(text)
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert not done.stderr
    return done.stdout.splitlines()


@pytest.mark.slow
@needs_mypy
def test_every_name_at_the_top_has_a_type(tmp_path):
    names = [*ps.__all__, *INNER]
    uses = "".join(f"reveal_type(ps.{name})\n" for name in names)
    right = """
ps.latex(ps.law({}), face="learning")
ps.same_rule(ps.rule({}), ps.script("momentum").derivations[0])
ps.same_rule("known:adam", "x <- x - eta*g")
ps.optimizer("x <- x - eta*g", eta=0.1)
ps.check(ps.Divide("m"), "m*x'' = -k*x", ps.law({"x''": "-k/m*x"}))
ps.rule({"x": "x - eta*g"}, start={"x": 1}, typical={"eta": "1/10"})
ps.Define("tau", "m/gamma", eliminating="m"), ps.Limit("tau"), ps.Rescale("v", "u", "1/dt")
ps.Integrate(ps.integrators.semi_implicit_euler, "dt", first="v"), ps.ReduceOrder("x", "v")
ps.Derivation("", "x <- x - eta*g", (ps.Step("", ps.Eliminate("u"), "x <- x"),))
ps.System("x, y", "x'**2 + y'**2", dissipation="x'**2").law()
ps.solves("x' = -x", {"x": "exp(-t)"})
ps.read("x", notation="auto")
"""
    said = types_of(tmp_path, f"import physsym as ps\n{uses}{right}")
    revealed = [line.partition("Revealed type is ")[2].strip('"') for line in said]
    assert len(revealed) == len(names)
    assert all(revealed)  # no errors
    assert not [name for name, kind in zip(names, revealed, strict=True) if kind == "Any"]


@pytest.mark.slow
@needs_mypy
def test_adapters_take_what_has_a_rule_and_return_a_type(tmp_path):
    made = "(ps.script('momentum').derivations[0], {}eta=0.1)"
    uses = (
        f"ps.adapters.optax{made.format('')}",
        f"ps.adapters.optax{made.format('')}.init(1).states",
        f"ps.adapters.torch{made.format('[], ')}",
    )
    said = types_of(tmp_path, "\n".join(["import physsym as ps", *(f"reveal_type({u})" for u in uses), ""]))
    revealed = [line.partition("Revealed type is ")[2].strip('"').split(".")[-1] for line in said]
    assert revealed == ["RuleTransformation", "dict[str, Any]", "DerivedOptimizer"]


WRONG_USES = {
    "ps.rulle({})": "Module has no attribute",
    'ps.latex(1, face="learnin")': 'Argument "face" to "latex"',
    "ps.check(1, ps.law({}), ps.law({}))": 'Argument 1 to "check"',
    "ps.apply(ps.rule({}), ps.rule({}))": 'Argument 1 to "apply"',
    "ps.same_rule(ps.law({}), ps.rule({}))": 'Argument 1 to "same_rule"',
    "ps.analysis.stabilty_region": "Module has no attribute",
    "ps.adapters.optax(3, eta=0.1)": 'Argument 1 to "optax"',
    'ps.read("x", notation="tex")': 'Argument "notation" to "read"',
    "ps.adapters.torch(3, [], eta=0.1)": 'Argument 1 to "torch"',
}


@pytest.mark.slow
@needs_mypy
def test_wrong_uses_are_found_by_types(tmp_path):
    lines = types_of(tmp_path, "\n".join(["import physsym as ps", *WRONG_USES, ""]))
    said = [
        line for line in lines if ": error: " in line
    ]  # notes say which members of a protocol are missing
    assert len(said) == len(WRONG_USES)
    for line, (number, says) in zip(said, enumerate(WRONG_USES.values(), 2), strict=True):
        assert f"use.py:{number}: error: {says}" in line


# ------------------------------------------------------------------ what help shows


def defined_parameters(value):
    """Return the names of the parameters in the source of a function, or of the fields of a dataclass."""
    definition = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(value)))).body[0]
    if isinstance(definition, ast.ClassDef):
        within = {n.name: n for n in definition.body if isinstance(n, ast.FunctionDef)}
        if "eval" in within:
            return _arguments(within["eval"])[1:]
        inherited = [f.name for base in value.__bases__ if is_dataclass(base) for f in fields(base)]
        own = [n for n in definition.body if isinstance(n, ast.AnnAssign) and "ClassVar" not in ast.dump(n)]
        return [*inherited, *(n.target.id for n in own)]
    return _arguments(definition)


def _arguments(definition):
    a = definition.args
    several = [v for v in (a.vararg, a.kwarg) if v]
    return [v.arg for v in (*a.posonlyargs, *a.args, *a.kwonlyargs, *several)]


@pytest.mark.parametrize("name", [n for n in CALLABLES if n not in ("Outcome", "partial", "potential")])
def test_the_signature_of_a_public_name_is_that_of_its_definition(name):
    value = getattr(ps, name)
    assert list(inspect.signature(value).parameters) == defined_parameters(value)


def test_help_shows_the_function_not_a_folder():
    shown = pydoc.plain(pydoc.render_doc(ps.check))
    assert "check(move: " in shown
    assert "follows from the line above" in shown
    assert list(inspect.signature(ps.apply).parameters) == ["move", "line"]
    assert list(inspect.signature(ps.check).parameters) == ["move", "above", "below", "given"]


@pytest.mark.parametrize("name", CALLABLES)
def test_help_holds_no_vocabulary(name):
    shown = pydoc.plain(pydoc.render_doc(getattr(ps, name)))
    assert "Quantity(symbol=" not in shown
    assert max(map(len, shown.splitlines())) < 500


def test_reprs_are_short():
    assert repr(STANDARD) == f"Vocabulary({len(STANDARD.quantities)} quantities)"
    momentum = derivations.momentum.derivation
    assert repr(momentum) == f"Derivation('Momentum', {len(momentum.steps)} steps from {momentum.start})"
    long = ps.law({ps.dot(x): sum(eta**k for k in range(2, 30))})
    assert len(repr(ps.Derivation("Long", long, ()))) < 120


# ------------------------------------------------------------------ pickles and copies


def values():
    """One value of each kind, with what it caches computed and opaque functions within."""
    momentum = derivations.momentum.derivation
    nesterov = ps.rule({u: rho * u - eta * ps.grad(x + rho * u), x: x + ps.after(u)})
    assert momentum.assumptions
    assert momentum.dimensions()
    assert hash(momentum)
    assert STANDARD.get("x")
    assert nesterov.states
    assert nesterov.parameters
    return {
        "derivation": momentum,
        "rule": nesterov,
        "law": ps.damped_particle.law(),
        "verdict": momentum.verdicts()[-1],
        "order": ps.Verdict(ps.Outcome.HOLDS, error=ps.Order(dt, 2), assumes=(ps.Condition(m, "!= 0"),)),
        "system": ps.damped_particle,
        "vocabulary": STANDARD,
        "moves": [s.move for s in momentum.steps],
        "opaque": [ps.grad(x), ps.hess(x + u), ps.higher(3, x), ps.partial(2, x, u), ps.potential(x, u)],
        "limit": ps.Limit(tau, Rational(1, 2)),
    }


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_public_name_is_pickled_and_copied(name):
    value = getattr(ps, name)
    again = pickle.loads(pickle.dumps(value))
    assert again is value or (not callable(value) and again == value)
    assert copy.deepcopy(value) == value


@pytest.mark.parametrize("kind", values())
def test_a_value_is_pickled_and_copied(kind):
    value = values()[kind]
    for again in (pickle.loads(pickle.dumps(value)), copy.deepcopy(value), copy.copy(value)):
        assert again == value
        assert type(again) is type(value)
        assert repr(again) == repr(value)


def test_values_are_the_same_in_another_process(tmp_path):
    file = tmp_path / "values.pickle"
    file.write_bytes(pickle.dumps(values()))
    said = in_a_new_interpreter(
        """
        import pickle, sys
        found = pickle.load(open(sys.argv[1], "rb"))
        from tests.unit.test_door import values
        for kind, value in values().items():
            assert found[kind] == value, kind
            if not isinstance(value, list):
                assert hash(found[kind]) == hash(value), kind
        print(bool(all(found["derivation"].verdicts())))
        """,
        str(file),
    )
    assert said.strip() == "True"


def test_a_pickle_holds_no_verdicts():
    """What was judged is judged again where it is loaded: a pickle cannot make a step hold."""
    assert b"Verdict" not in pickle.dumps(values()["derivation"])


# ------------------------------------------------------------------ single updates and equations


def test_one_update_stands_for_a_rule():
    descent = ps.read("x <- x - eta*G")
    assert isinstance(descent, ps.Update)
    assert ps.same_rule(descent, ps.rule({x: x - eta * G}))
    assert ps.optimizer(descent, eta=0.5).run([1.0], lambda w: w, 1).x.tolist() == [[1.0], [0.5]]
    assert ps.source(descent) == ps.source(ps.rule({x: x - eta * G}))
    assert ps.lambdify(descent, "python")(1.0, lambda w: w, eta=0.5) == (0.5,)
    assert ps.sweep(descent, [1.0], {"eta": [0.5]}, steps=1, start=[1.0]).states["x"].tolist() == [[0.5]]
    assert ps.dimensions(descent)
    assert ps.Derivation("", descent, ()).rule == as_rule(descent)


def test_one_equation_stands_for_a_law():
    friction = ps.read("gamma*dot(x) = -G")
    assert isinstance(friction, ps.Equation)
    assert ps.apply(ps.Divide(gamma), friction) == ps.law({ps.dot(x): -G / gamma})
    assert ps.same_law(friction, ps.law({gamma * ps.dot(x): -G}))
    assert ps.check(ps.Divide(gamma), friction, ps.read("dot(x) = -G/gamma"))
    assert not ps.check(ps.Divide(gamma), friction, ps.read("dot(x) = -G"))
    assert ps.Derivation(
        "", friction, (ps.Step("", ps.Divide(gamma), ps.read("dot(x) = -G/gamma")),)
    ).verdicts()[1]
    assert ps.dimensions(friction)


def test_a_derivation_stands_for_its_rule_and_a_system_for_its_law():
    momentum = derivations.momentum.derivation
    assert ps.optimizer(momentum, eta=0.1, rho=0.9).rule == momentum.rule
    assert ps.same_rule(momentum, ps.optimizer(momentum, eta=0.1, rho=0.9))
    assert ps.Derivation("", ps.damped_particle, ()).start == ps.damped_particle.law()
    assert ps.same_law(ps.damped_particle, ps.damped_particle.law())


def test_an_analysis_takes_them_too():
    descent, friction = ps.read("x <- x - eta*G"), ps.read("gamma*dot(x) = -G")
    assert ps.analysis.stability_region(descent) == ps.analysis.stability_region(as_rule(descent))
    assert ps.analysis.multipliers(friction) == ps.analysis.multipliers(as_law(friction))
    assert ps.analysis.rate_along(friction, x) == -G / gamma
    assert ps.analysis.damping_ratio(ps.damped_particle) == ps.analysis.damping_ratio(
        ps.damped_particle.law()
    )
    with pytest.raises(TypeError, match=r"expected a law, such as .* of type Rule"):
        ps.analysis.rate_along(as_rule(descent), x)
    with pytest.raises(TypeError, match=r"expected a rule, .* integrate a law first"):
        ps.analysis.spectral_radius(friction, {})
    with pytest.raises(TypeError, match="an energy is that of a System"):
        ps.analysis.energy(as_rule(descent))


@pytest.mark.parametrize("wrong", [3, None, "x + 1", x, ps.law({x: eta}), [ps.rule({x: eta})]])
def test_what_is_no_rule_is_refused(wrong):
    compares = () if isinstance(wrong, str) else (lambda r: ps.same_rule(r, r),)  # a text is read
    for take in (ps.optimizer, ps.lambdify, ps.source, *compares):
        with pytest.raises(TypeError, match="expected a rule, such as"):
            take(wrong)
    with pytest.raises(TypeError, match="expected a rule, such as"):
        ps.sweep(wrong, [1.0], {}, steps=1)


@pytest.mark.parametrize("wrong", [3, None, "x = x", x, ps.rule({x: eta}), [ps.law({x: eta})]])
def test_what_is_no_law_is_refused(wrong):
    with pytest.raises(TypeError, match="expected a law, such as"):
        as_law(wrong)


@pytest.mark.parametrize("wrong", [3, None, x, []])
def test_what_is_no_statement_is_refused(wrong):
    with pytest.raises(TypeError, match="expected a law or a rule; given"):
        as_statement(wrong)
    with pytest.raises(TypeError, match="expected a law or a rule; given"):
        ps.Derivation("", wrong, ())


def test_the_text_of_an_expression_is_no_statement():
    for text in ("x + 1", "x"):
        with pytest.raises(TypeError, match="expected a law or a rule, given the text of an expression"):
            ps.Derivation("", text, ())


def test_swapped_arguments_of_apply_are_refused():
    with pytest.raises(TypeError, match=r"the move comes first: apply\(move, line\)"):
        ps.apply(ps.damped_particle.law(), ps.Divide(gamma))


def test_a_derivation_that_ends_with_a_law_is_no_rule():
    with pytest.raises(ps.derivation.DerivationError, match="ends with a law; add an Integrate step"):
        ps.optimizer(ps.Derivation("The particle", ps.damped_particle, ()), eta=1.0)


# ------------------------------------------------------------------ names of version 0.1


def test_every_old_name_has_a_place():
    assert len(NAMES_OF_0_1) == 150
    places = [set(ps.__all__), set(_renamed.RENAMED), set(_renamed.CHANGED)]
    assert set(NAMES_OF_0_1) <= set.union(*places)
    assert not [a & b for a, b in itertools.combinations(places, 2) if a & b]
    assert set(_renamed.RENAMED) | set(_renamed.CHANGED) <= set(NAMES_OF_0_1)


@pytest.mark.parametrize("name", sorted(_renamed.RENAMED))
def test_an_old_name_works_and_tells_the_new_one(name):
    new = _renamed.RENAMED[name]
    with pytest.warns(
        DeprecationWarning, match=rf"^physsym\.{name} is now physsym\.{re.escape(new)};"
    ) as seen:
        value = getattr(ps, name)
    assert [w.filename for w in seen] == [__file__]
    home, _, last = f"physsym.{new}".rpartition(".")
    assert value is getattr(importlib.import_module(home), last)


def test_importing_an_old_name_warns_once_at_the_line_of_the_import():
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        from physsym import forward_euler  # the line that is pointed at
    line = next(k for k, t in enumerate(Path(__file__).read_text().splitlines(), 1) if "pointed at" in t)
    assert [(w.category, w.filename, w.lineno) for w in seen] == [(DeprecationWarning, __file__, line)]
    assert forward_euler is ps.integrators.forward_euler


@pytest.mark.parametrize("name", sorted(_renamed.CHANGED))
def test_a_name_that_changed_is_refused_with_what_to_write(name):
    says = re.escape(f"physsym.{name} of version 0.1 is gone: {_renamed.CHANGED[name]}")
    with pytest.raises(AttributeError, match=f"^{says}$"):
        getattr(ps, name)
    with pytest.raises(ImportError, match=f"^{says}$"):
        exec(f"from physsym import {name}")


def test_a_name_that_never_was_is_refused():
    with pytest.raises(AttributeError, match=r"^module .* has no attribute 'rulle'; did you mean rule\?$"):
        _ = ps.rulle
    with pytest.raises(ImportError, match="cannot import name 'rulle'"):
        exec("from physsym import rulle")


def test_the_page_on_migration_lists_every_old_name():
    page = (ROOT / "docs" / "migration.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", page, re.MULTILINE))
    assert sorted(rows) == sorted(NAMES_OF_0_1)
    for name, now in rows.items():
        if name in _renamed.RENAMED:
            assert now == f"`{_renamed.RENAMED[name]}`"
        elif name in _renamed.CHANGED:
            assert now == "changed"
        else:
            assert now == f"`{name}`"
