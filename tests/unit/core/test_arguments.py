"""What is said where a function or a value is given arguments that it does not have."""

import copy
import pickle

import pytest

import physsym as ps
from physsym.core.arguments import named_arguments
from physsym.vocabulary import m, x

LAW = "x' = -x"
WRONG = [
    (lambda: ps.Limit("m", too=0), "Limit has no argument 'too'; did you mean to?"),
    (
        lambda: ps.Define("eta = dt/gamma", eliminating="dt"),
        r"Define needs value too; .*Define\(symbol, value, ",
    ),
    (lambda: ps.Limit("m -> 0"), r"takes a name as symbol, .* one by one: Limit\(symbol, to, side\)"),
    (lambda: ps.Rescale("v = u/dt"), "Rescale needs new and factor too"),
    (lambda: ps.Step("Limit.", ps.Limit(m), give=LAW), "did you mean gives?"),
    (lambda: ps.System("x", lagrangan="x"), "did you mean lagrangian?"),
    (lambda: ps.Derivation("A", LAW, stepps=()), "did you mean steps?"),
    (lambda: ps.Quantity(x, dimension=1, learning="w", wrong=1), "Quantity has no argument"),
    (lambda: ps.Claim("a", wher="b"), "did you mean where?"),
    (lambda: ps.check(ps.Limit(m), LAW, LAW, gven=()), "did you mean given?"),
    (lambda: ps.same_law(LAW, LAW, gven=()), "did you mean given?"),
    (lambda: ps.solves(LAW, {x: "exp(-t)"}, assuming=()), r"called as solves\(law, motion"),
    (lambda: ps.document((), "out", titel="A"), "did you mean title?"),
    (lambda: ps.latex(LAW, fase="physics"), "did you mean face?"),
    (lambda: ps.read(LAW, notatoin="plain"), "did you mean notation?"),
    (lambda: ps.sweep("x <- x - eta*g", "x**2", {"eta": [1]}, stps=3), "did you mean steps?"),
    (lambda: ps.equivalent("x <- x", "x <- x", gvn=()), "did you mean given?"),
    (lambda: ps.audit("notes.md", bugdet=1), "did you mean budget?"),
]


@pytest.mark.parametrize(("call", "says"), WRONG, ids=[says for _, says in WRONG])
def test_an_argument_that_is_not_there_is_named_with_the_nearest(call, says):
    with pytest.raises(TypeError, match=says.replace("?", r"\?")):
        call()


def test_an_error_from_within_is_left_as_it_is():
    @named_arguments
    def halved(value):
        return len(value)

    with pytest.raises(TypeError, match=r"object of type 'int' has no len\(\)"):
        halved(1)
    with pytest.raises(TypeError, match="takes 1 positional argument but 2 were given"):
        halved(1, 2)
    assert halved("ab") == 2


def test_values_are_copied_and_pickled():
    move = ps.Limit(m, 0)
    assert copy.copy(move) == pickle.loads(pickle.dumps(move)) == move


def test_a_public_name_that_is_misspelt_is_told_with_the_nearest():
    with pytest.raises(AttributeError, match="'Derivaton'; did you mean Derivation\\?"):
        ps.Derivaton  # noqa: B018


def test_several_coordinates_have_a_step_each():
    with pytest.raises(TypeError, match="write one step for each"):
        ps.ReduceOrder(("a", "b"), ("v", "w"))
    coupled = ps.System("a, b", "m*a'**2/2 + m*b'**2/2 - k*(a - b)**2/2").law()
    first = ps.Derivation("Two", coupled, [ps.Step("A.", ps.ReduceOrder("a", "v"))])
    euler = ps.Step("Step.", ps.Integrate(ps.integrators.semi_implicit_euler, "dt"))
    with pytest.raises(ValueError, match=r"second order in b; .* ReduceOrder\(b, a new symbol\)"):
        _ = first.then(euler).rule
    whole = first.then(ps.Step("B.", ps.ReduceOrder("b", "w")), euler)
    assert len(whole.rule.updates) == 4
    assert all(whole.verdicts())


def test_an_integrator_is_no_text():
    with pytest.raises(TypeError, match=r"write physsym\.integrators\.forward_euler"):
        ps.Integrate("forward_euler", "dt")
