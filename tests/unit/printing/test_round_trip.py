"""Everything that is printed is read back: `str`, `unicode` and `latex`, both faces, also random lines.

What comes back is equal to what was printed, and has the same values: the former is what `==` says, the
latter is computed.
"""

from __future__ import annotations

import inspect

import pytest
from hypothesis import assume, given, settings
from sympy import Abs, Mul, Pow, Rational, Symbol, oo

import physsym as ps
from derivations import friction, gradient_descent, momentum, newton, stale
from physsym.core.statements import Equation, Law, Rule, as_law, as_rule, law, rule
from physsym.core.symbols import after, dot, name_and_marks
from physsym.derivation import Derivation
from physsym.parsing import ReadError
from physsym.printing import latex, unicode
from physsym.testing.strategies import laws, rules, steps, systems
from physsym.vocabulary import STANDARD, G, eta, m, u, v, x
from tests.support.random_statements import wide_laws, wide_rules_of_any_formulas
from tests.support.tiers import examples, in_turn
from tests.support.typeset_cases import formulas, patient, same, values
from tests.support.wide_rules import wide_rules
from tests.unit.optimizers import test_lift_python

FORMATS = {
    "str": (str, "physics"),
    "unicode": (lambda s: unicode(s, "physics"), "physics"),
    "unicode, learning": (lambda s: unicode(s, "learning"), "learning"),
    "latex": (lambda s: latex(s, "physics"), "physics"),
    "latex, learning": (lambda s: latex(s, "learning"), "learning"),
}
quick = settings(patient, max_examples=examples(25))
each_format = pytest.mark.parametrize("form", FORMATS)


def derivations_of(*scripts):
    found = [item for script in scripts for value in vars(script).values() for item in _items(value)]
    return dict.fromkeys(d for d in found if isinstance(d, Derivation))


def _items(value):
    return value if isinstance(value, (tuple, list)) else (value,)


LINES = dict.fromkeys(
    line for d in derivations_of(friction, gradient_descent, momentum, newton, stale) for line in d.lines
)
PUBLISHED = {name: ps.known[name].rule for name in ps.known}


def parts(statement):
    match statement:
        case Law():
            return [side for e in statement.equations for side in (e.left, e.right)]
        case Rule():
            return [
                *(part for w in statement.updates for part in (w.target, w.value)),
                *(part for pair in statement.start for part in pair),
            ]
        case Equation():
            return [statement.left, statement.right]
        case _:
            return [statement]


def declared(statement):
    """Return the symbols that the standard vocabulary has not, as somebody who writes them must say."""
    read = frozenset().union(*(e.free_symbols for e in parts(statement)))
    plain = {s for s in read if not name_and_marks(s)[1]}
    return sorted((s for s in plain if getattr(STANDARD.get(s.name), "symbol", None) != s), key=str)


def read_back(text, statement, face):
    found = ps.read(text, declare=declared(statement), face=face)
    whole = {Rule: as_rule, Law: as_law}.get(type(statement), lambda value: value)
    return whole(found)


def assert_the_same_value(found, statement, text):
    assert type(found) is type(statement)
    ours, theirs = parts(statement), parts(found)
    assert len(ours) == len(theirs), f"{text} was read as {found}"
    for one, other in zip(theirs, ours, strict=True):
        assert same(one, other), f"{text} was read as {found}, expected {statement}"


@pytest.mark.parametrize(("line", "form"), in_turn(LINES, FORMATS), ids=str)
def test_a_derived_line_is_read_back(line, form):
    written, face = FORMATS[form]
    assert read_back(written(line), line, face) == line


@pytest.mark.parametrize(("name", "form"), in_turn(PUBLISHED, FORMATS))
def test_a_published_rule_is_read_back(name, form):
    written, face = FORMATS[form]
    assert read_back(written(PUBLISHED[name]), PUBLISHED[name], face) == PUBLISHED[name]


@pytest.mark.parametrize(("name", "form"), in_turn(PUBLISHED, FORMATS))
def test_a_published_rule_is_read_back_where_nothing_is_declared(name, form):
    """Its parameters are then real symbols: the rule is another one, and is printed alike."""
    written, face = FORMATS[form]
    found = ps.read(written(PUBLISHED[name]), face=face)
    assert str(found) == str(PUBLISHED[name])


LETTERS = (*"fgFJVLpPHAbq", "psi", "Phi", "Psi", "ell", "foo", "lr", "eps", "beta_1", "delta")


@pytest.mark.parametrize("name", LETTERS)
def test_a_letter_before_a_bracket_is_read_back_as_a_factor(name):
    s, k = Symbol(name, real=True), Symbol("k", real=True)
    for value in (
        s * (x + 1),
        s * (k + 1) * x,
        -s * x * (x + 1) / 3,
        s * (x + 1) ** 2,
        (x + 1) / (s * (k + 1)),
    ):
        for written, face in FORMATS.values():
            if face == "physics":
                assert ps.read(written(value)) == value, written(value)


def test_a_number_before_a_sum_in_a_denominator_is_read_back():
    k, c = Symbol("k", real=True), Symbol("c", real=True)
    for value in (x * (x + k) / 3 / (k + c), 1 / (2 * (k + c)), x / (2 * k), (k + c) / 4 / (x + k) ** 2):
        for written, face in FORMATS.values():
            if face == "physics":
                assert ps.read(written(value)) == value, written(value)
    three = x * (x + k) / 3 / (k + c)
    assert ps.read("x*(x + k)/(3*(k + c))") == three
    assert ps.read(r"\frac{x (x + k)}{3 (k + c)}") == three
    assert ps.read(r"\frac{1}{3 (k + c)} x (x + k)") == three
    assert ps.read(r"\frac{x + k}{3 (k + c)}") == Mul(x + k, Rational(1, 3), 1 / (k + c))


def test_a_number_before_a_sum_is_read_back_in_a_fraction_and_in_brackets():
    h, k = Symbol("h", real=True), Symbol("k", real=True)
    for value in (
        7 * (3 - k) / (h - 2),
        Rational(-4, 3) * (Rational(16, 9) - k) * (h - dot(x)),
        Rational(3, 2) * (k + h) * x,
        1 / (3 * k * (h + 1)),
    ):
        for form in FORMATS:
            written, face = FORMATS[form]
            assert ps.read(written(law({dot(v): value})), face=face) == law({dot(v): value})
    sides = [ps.read(text).right for text in ("y' = -(4*(k + 1)/3)*h", r"\dot y = -\frac{4 (k + 1)}{3} h")]
    assert sides == [Rational(-4, 3) * (h * (k + 1))] * 2


def lifted_rules():
    """Return the rules of the code in the tests of `ps.lift`, also those of a first step."""
    pieces = (
        code
        for name, code in vars(test_lift_python).items()
        if (inspect.isfunction(code) or inspect.isclass(code)) and not name.startswith(("test", "_"))
    )
    found: dict[Rule, str] = {}
    for code in pieces:
        if code.__module__ != test_lift_python.__name__:
            continue
        try:
            lifted = ps.lift(code)
        except (ValueError, TypeError):  # what is refused there
            continue
        for own in filter(None, (lifted.rule, lifted.first)):
            found.setdefault(own, code.__name__)
    return found


@pytest.mark.slow
def test_rules_of_code_are_read_back():
    found = lifted_rules()
    assert len(found) > 40
    for own in found:
        for written, face in FORMATS.values():
            text = written(own)
            assert read_back(text, own, face) == own, text


OTHER_NAMES = {q.learning for q in STANDARD.quantities} - {q.physics for q in STANDARD.quantities}


@pytest.mark.parametrize(
    "spoiled", ["x <- x + eta*grad(x)", "x <- x - eta*grad(2*x)", "u <- x - eta*grad(x)"]
)
def test_another_value_is_noticed(spoiled):
    wanted = rule({x: x - eta * G})
    with pytest.raises(AssertionError, match="was read as"):
        assert_the_same_value(as_rule(ps.read(spoiled)), wanted, spoiled)


def comes_back(statement, form):
    written, face = FORMATS[form]
    assume(not any(part.has(oo, -oo) for part in parts(statement)))
    own = {name_and_marks(s)[0] for part in parts(statement) for s in part.free_symbols}
    assume(face == "physics" or not own & OTHER_NAMES)  # a w of one's own is not the w that x is there
    text = written(statement)
    try:
        found = read_back(text, statement, face)
    except ReadError as error:
        # What may be complex is no argument of a hyperbolic function, and formulas have a size.
        assume("may not be real" not in error.message and "irrational constants" not in error.message)
        raise
    assert_the_same_value(found, statement, text)
    assert found == statement, f"{text} was read as {found}, expected {statement}"
    assert hash(found) == hash(statement)


@each_format
@given(statement=rules())
@quick
def test_any_rule_is_read_back(form, statement):
    comes_back(statement, form)


@each_format
@pytest.mark.parametrize("name", ["epsilon", "lambda"])
def test_a_letter_with_two_names_is_read_as_the_one_that_is_declared(form, name):
    written, face = FORMATS[form]
    own = Symbol(name, positive=True)
    shrinking = rule({x: x - own * (v + 1), own: own / 2})
    assert read_back(written(shrinking), shrinking, face) == shrinking


@each_format
@given(statement=wide_rules())
@quick
def test_a_rule_of_several_states_is_read_back(form, statement):
    comes_back(statement, form)


@each_format
@given(statement=laws())
@quick
def test_any_law_is_read_back(form, statement):
    comes_back(statement, form)


@each_format
@given(system=systems())
@quick
def test_the_law_of_any_system_is_read_back(form, system):
    comes_back(system.law(), form)


@pytest.mark.slow
@each_format
@given(chain=steps(length=4))
@quick
def test_what_any_move_gives_is_read_back(form, chain):
    for _, _, below in chain:
        try:
            comes_back(below, form)
        except ReadError as error:
            assume("weighs more than" not in error.message and "are read; split it" not in error.message)
            raise


@each_format
@given(statement=wide_laws())
@quick
def test_a_law_as_people_state_it_is_read_back(form, statement):
    comes_back(statement, form)


@each_format
@given(statement=wide_rules_of_any_formulas())
@quick
def test_a_rule_as_people_state_it_is_read_back(form, statement):
    comes_back(statement, form)


def has_bars_that_sympy_rewrites(value):
    """Return whether SymPy holds what it writes otherwise where it is built anew, as on reading.

    That is ||x||, which is |x|, and |1/x|**3, which is |x|/x**4.
    """
    cubes = (p for p in value.atoms(Pow) if isinstance(p.base, Abs) and p.exp.is_odd)
    quotients = any(q.exp.could_extract_minus_sign() for p in cubes for q in p.base.atoms(Pow))
    return quotients or any(isinstance(a.args[0], Abs) for a in value.atoms(Abs))


@each_format
@given(one=values, other=values)
@quick
def test_a_rule_of_any_values_is_read_back(form, one, other):
    assume(not any(map(has_bars_that_sympy_rewrites, (one, other))))
    comes_back(rule({u: one, x: other + after(u)}), form)


@each_format
@given(one=formulas, other=formulas)
@quick
def test_a_law_of_any_formulas_is_read_back(form, one, other):
    assume(not any(map(has_bars_that_sympy_rewrites, (one, other))))
    comes_back(law({m * dot(dot(x)): one, dot(v): other}), form)


@pytest.mark.parametrize(
    "text", ["e <- e*exp(-dt/tau)", "e <- e*exp(-dt/tau) + exp(1)", "x <- x*exp(-dt/tau)"]
)
@pytest.mark.parametrize("written", [str, ps.unicode, ps.latex])
def test_a_quantity_called_e_stands_beside_exponentials(text, written):
    rule = ps.read(text)
    assert ps.read(written(rule)) == rule


@pytest.mark.parametrize(
    "text",
    [
        "u = exp(lr)",  # a word as a power is no index
        "u = a**lr",
        "u = (a + b)**lr + exp(-wd)",
        "u = exp(wd)**2",
        "lambda_1*x",  # a Greek name with an index is the letter with it
        "epsilon*x",
        "x <- x - lr*g/(sqrt(v) + epsilon_2)",
        "x <- abs(x**2*abs(x) - x)*x",  # bars within bars
        "u = abs(x)*abs(x - abs(x))",
    ],
)
@pytest.mark.parametrize("written", [str, ps.unicode, ps.latex])
def test_what_may_be_taken_for_something_else_is_read_back(text, written):
    stated = ps.read(text)
    assert ps.read(written(stated)) == stated
