"""What may stand for a rule: values, texts and names; and what is refused, with what to write instead."""

import pickle

import pytest

import physsym as ps
from derivations.momentum import derivation
from physsym.optimizers import Known, Lifted, Lifter, LiftError, as_lifted
from physsym.optimizers.lifting import LIFTERS, register_lifter
from physsym.vocabulary import G, eta, rho, u, x

DESCENT = ps.rule({x: x - eta * G})


@pytest.mark.parametrize(
    "what",
    [
        DESCENT,
        ps.Update(x, x - eta * G),
        Lifted(DESCENT),
        Known("gradient_descent", "Gradient descent", DESCENT, "Cauchy 1847"),
        ps.optimizer(DESCENT, eta=0.1),
        "x <- x - eta*grad(x)",
        "  x <- -eta*G + x",
    ],
)
def test_a_rule_in_all_its_forms(what):
    assert as_lifted(what).rule == DESCENT
    assert ps.lift(what) == as_lifted(what)


def test_a_derivation_stands_for_its_rule():
    assert as_lifted(derivation).rule == derivation.rule
    assert as_lifted(derivation).name == derivation.title


def test_a_published_rule_keeps_its_name_and_its_first_step():
    known = Known("k", "K", DESCENT, "someone", first=ps.rule({x: x - G}))
    assert as_lifted(known) == Lifted(DESCENT, ps.rule({x: x - G}), "known:k")


def test_the_parameters_of_an_optimizer_are_its_typical_values():
    assert as_lifted(ps.optimizer(DESCENT, eta=0.1)).rule.typical == ((eta, ps.read("0.1")),)


def test_values_are_put_in():
    lifted = ps.lift("u <- rho*u - eta*G; x <- x + after(u)", rho=0.9)
    assert lifted.rule == ps.rule({u: ps.read("0.9") * u - eta * G, x: x + ps.after(u)})
    with pytest.raises(LiftError, match=r"beta is no parameter of the rule .*; it has eta"):
        ps.lift(DESCENT, beta=1)


@pytest.mark.parametrize(
    ("what", "error", "said"),
    [
        (3, TypeError, "given 3 of type int, which cannot be lifted; what can be: a rule"),
        (None, TypeError, "cannot be lifted; what can be: .*a Python or NumPy function or class"),
        ("", LiftError, "is no rule; write the text of a rule"),
        ("x = 3", LiftError, "integrate a law first"),
        ("x - eta*G", LiftError, "is no rule"),
        ("u <- +; x <- x", ValueError, "u <- [+]"),
        ("w <- w - lr*dw", ValueError, r"found dw, the gradient or a step; write grad\(w\), or declare dw"),
        ("known:adm", LiftError, "known has no 'adm'; did you mean known:adam"),
        ("adam", LiftError, "is no rule; did you mean known:adam"),
        ("nowhere.py:step", LiftError, "nowhere.py does not exist"),
        ("optax:sgd(0.1)", (LiftError, ImportError), "cannot be read|not installed"),
    ],
)
def test_what_is_no_rule_is_refused_with_what_to_write(what, error, said):
    with pytest.raises(error, match=said):
        as_lifted(what)


@pytest.mark.parametrize("library", ["optax", "torch"])
def test_a_library_that_is_missing_is_named_with_what_installs_it(library, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=rf"{library} is not installed.*pip install 'physsym\["):
        as_lifted(f"{library}:sgd")


@pytest.mark.parametrize("options", ["(a b)", "(0.1)", "(lr=open(1))", "(**{'lr': 1})", "(lr=1, 2)", "()()"])
def test_options_are_literals_by_name(options, tmp_path):
    (tmp_path / "rules_of_test.py").write_text("rule = 3\n")
    with pytest.raises(LiftError, match="write names with literal values"):
        as_lifted(f"{tmp_path}/rules_of_test.py:rule{options}")


def test_a_published_rule_by_its_name():
    assert as_lifted("known:adam").rule == ps.known.adam.rule
    assert as_lifted(" known : nesterov(rho=0.9) ").rule == ps.lift(ps.known.nesterov, rho=0.9).rule


def test_names_that_are_not_known_are_real_symbols():
    lifted = as_lifted("buf <- mu*buf + grad(x); x <- x - lr*after(buf)")
    assert [(s.name, s.is_real) for s in lifted.rule.parameters] == [("lr", True), ("mu", True)]


def test_a_rule_in_a_file(tmp_path):
    file = tmp_path / "some_rules.py"
    file.write_text(
        "import physsym as ps\n\n\nclass Rules:\n    descent = ps.read('x <- x - eta*G')\n\n\n"
        "descent = Rules.descent\n"
    )
    assert as_lifted(f"{file}:descent").rule == DESCENT
    assert as_lifted(f"{file}:descent(eta=0.5)").rule == ps.rule({x: x - G / 2})
    assert as_lifted(f"{file}:Rules.descent").name == f"{file}:Rules.descent"
    with pytest.raises(LiftError, match=r"has no 'descend'; did you mean .*some_rules.py:descent\?"):
        as_lifted(f"{file}:descend")
    with pytest.raises(LiftError, match="Rules has no 'ascent'"):
        as_lifted(f"{file}:Rules.ascent")


def test_a_file_that_cannot_be_loaded_is_one_line(tmp_path):
    file = tmp_path / "broken_rules.py"
    file.write_text("def step(w, grad:\n    return w\n")
    with pytest.raises(LiftError, match=r"broken_rules.py, line 1: SyntaxError: .*never closed") as refused:
        as_lifted(f"{file}:step")
    assert "\n" not in str(refused.value)


def test_a_row_from_outside():
    row = Lifter("a tuple", lambda thing: isinstance(thing, tuple), lambda thing, given: Lifted(DESCENT))
    register_lifter(row, first=True)
    try:
        assert ps.lift((1, 2)) == Lifted(DESCENT)
    finally:
        LIFTERS.remove(row)
    with pytest.raises(TypeError, match="what can be"):
        ps.lift((1, 2))


def test_lifted_rules_are_values():
    lifted = as_lifted("u <- rho*u - eta*G; x <- x + after(u)")
    assert pickle.loads(pickle.dumps(lifted)) == lifted
    assert hash(lifted) == hash(as_lifted(ps.rule({u: rho * u - eta * G, x: x + ps.after(u)})))
