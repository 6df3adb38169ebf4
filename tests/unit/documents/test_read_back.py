"""Every formula of the document is read back, in prose and evidence too, and evaluated beside its expression.

The reader knows the glyphs of a vocabulary from a table of its own, which shares nothing with the printers.
"""

from dataclasses import fields, is_dataclass

import pytest
from sympy import Expr, Function, Symbol, oo, sympify
from sympy.core.function import AppliedUndef

from physsym.core.statements import Equation, Law, Relation, Rule, Update, states
from physsym.core.symbols import after, before, name_and_marks
from physsym.core.verdicts import Condition, Order, Verdict
from physsym.documents.prose import plain_sentence
from physsym.documents.tree import FACES, Line, Section, Span
from physsym.printing import latex
from physsym.vocabulary import STANDARD
from tests.support.latex_reader import read_lines
from tests.support.typeset_cases import ENERGY, ON_FACE, same, sides

VECTORS = ("position", "velocity", "displacement", "force")
GREEK = {
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "kappa", "lambda", "mu", "nu", "xi",
    "rho", "sigma", "tau", "phi", "psi", "omega", "Lambda",
}  # fmt: skip


def found(value, vocabulary=STANDARD):
    """Yield every formula within a value of the tree, with its vocabulary, and how it is displayed."""
    if isinstance(value, Section):
        vocabulary = value.vocabulary
    if isinstance(value, Verdict):
        yield from (
            (c, STANDARD, "inline") for c in (*value.assumes, value.error) if isinstance(c, Condition | Order)
        )
        for text in (*value.evidence, value.witness):
            yield from found(plain_sentence(text, STANDARD), STANDARD)
    elif isinstance(value, Span):
        if value.kind == "formula":
            yield value.content, vocabulary, "inline"
        elif value.kind == "verdict":
            yield from found(value.content, vocabulary)
    elif isinstance(value, tuple):
        for part in value:
            yield from found(part, vocabulary)
    elif is_dataclass(value):
        if isinstance(value, Line):
            yield value.statement, vocabulary, "block"
        for field in fields(value):
            if not (isinstance(value, Line) and field.name == "statement"):
                yield from found(getattr(value, field.name), vocabulary)


def expressions(value):
    if isinstance(value, Expr):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from expressions(part)
    elif is_dataclass(value):
        for field in fields(value):
            yield from expressions(getattr(value, field.name))


def lines_of(formula):
    """Return the sides of each line that should be read."""
    match formula:
        case Relation():
            return [formula.sides]
        case Update():
            return [(after(formula.target), formula.value)]
        case Condition():
            return [(formula.expression, 0)]
        case Order():
            return [(formula.symbol**formula.exponent,)]
    return sides(formula)


def instants(formula, vocabulary):
    """Return the symbols that must show their instant: states, and whatever stands beside its neighbour."""
    mentioned = {s for e in expressions(formula) for s in e.free_symbols}
    plain = {name_and_marks(s)[0]: s for s in sorted(mentioned, key=str, reverse=True)}
    shown = [s for s in mentioned if {after(s), before(s)} & mentioned]
    shown += [
        Symbol(n, real=True) for s in mentioned for n, marks in [name_and_marks(s)] if set(marks) & {"+", "-"}
    ]
    if isinstance(formula, Rule):
        shown += [s for s in states(formula) if not s.name.endswith("-")]
    if isinstance(formula, Update):
        shown += [formula.target]
        shown += [s for s in plain.values() if (q := vocabulary.quantity(s)) and q.kind in VECTORS]
    return {s for s in shown if not set(name_and_marks(s)[1])}


def glyphs(vocabulary, face, formula):
    """Return what each glyph stands for: the table of the tests, and by their names what it does not know."""
    table = dict(ON_FACE[face])
    known = {q.symbol: q for q in vocabulary.quantities}
    for symbol in sorted({s for e in expressions(formula) for s in e.free_symbols}, key=str):
        name, marks = name_and_marks(symbol)
        bare = Symbol(name, **symbol._assumptions_orig) if marks else symbol
        if bare in table.values():
            continue
        quantity = known.get(bare)
        called = (quantity.physics if face == "physics" else quantity.learning) if quantity else name
        table[spelled(called, bool(quantity) and quantity.kind in VECTORS)] = bare
    return table


def spelled(name, bold):
    stem = name.rstrip("0123456789").rstrip("_")
    index = name[len(stem) :].strip("_")
    stem, _, more = stem.partition("_")
    letter = f"\\{stem}" if stem in GREEK else stem
    letter = rf"\mathbf{{{letter}}}" if bold else letter
    behind = ",".join(
        rf"\mathrm{{{part}}}" if len(part) > 1 and part.isalpha() else part for part in (more, index) if part
    )
    return f"{letter}_{{{behind}}}" if behind else letter


def functions(formula):
    applied = {f.func for e in expressions(formula) for f in e.atoms(AppliedUndef)}
    return {f.__name__: Function(f.__name__) for f in applied}


def named(expression):
    """Return the expression with an arbitrary polynomial for each function that is only a name."""
    return sympify(expression).replace(
        lambda e: isinstance(e, AppliedUndef), lambda e: sum((k + 2) * a**2 + a for k, a in enumerate(e.args))
    )


def assert_says(text, formula, vocabulary, face):
    """Assert that a text in LaTeX says what the formula says."""
    if isinstance(formula, Order):
        assert text.startswith("O(")
        assert text.endswith(")")
        text = text[2:-1]
    read = read_lines(
        text,
        glyphs(vocabulary, face, formula),
        ENERGY[face],
        instants(formula, vocabulary),
        functions(formula),
    )
    wanted = lines_of(formula)
    assert [len(line) for line in read] == [len(line) for line in wanted], text
    if isinstance(formula, Condition):  # p - 1 > 0 is printed as p > 1
        read, wanted = [(one - other,) for one, other in read], [(formula.expression,)]
    for seen, line in zip(read, wanted, strict=True):
        for one, other in zip(seen, line, strict=True):
            assert one == other or same(named(one), named(other)), (
                f"{text} was read as {one}, expected {other}"
            )


def every_formula(tree):
    unlike = {}
    for formula, vocabulary, display in found((tree.opening, tree.sections)):
        unlike[str(formula), type(formula), vocabulary, display] = formula
    return [(formula, *key[2:]) for key, formula in unlike.items()]


@pytest.mark.parametrize("document", ["sample_document", "shipped_document"])
def test_every_formula_reads_back_on_both_faces(document, request):
    formulas = every_formula(request.getfixturevalue(document))
    assert len(formulas) > 30
    for formula, vocabulary, display in formulas:
        for face in FACES:
            assert_says(latex(formula, face, vocabulary, display=display), formula, vocabulary, face)


def test_a_spoiled_formula_is_noticed(sample_document):
    formulas = every_formula(sample_document)
    spoiled = 0
    for formula, vocabulary, display in formulas:
        text = latex(formula, "physics", vocabulary, display=display)
        wrong = text.replace(r"\gamma", r"\tau", 1)
        if wrong != text and not isinstance(formula, Order):
            spoiled += 1
            with pytest.raises((AssertionError, ValueError)):
                assert_says(wrong, formula, vocabulary, "physics")
    assert spoiled > 5


def test_infinity_and_functions_are_read():
    k = Symbol("k", real=True)
    formula = Relation((Function("f")(k), oo), ("->",))
    assert_says(latex(formula), formula, STANDARD, "physics")
    with pytest.raises(AssertionError):
        assert_says(latex(Relation((Function("f")(2 * k), oo), ("->",))), formula, STANDARD, "physics")


def test_laws_and_equations_are_told_apart_from_what_they_are_not():
    law = Law((Equation(Symbol("tau", positive=True), Symbol("m", positive=True)),))
    assert_says(r"\tau = m", law, STANDARD, "physics")
    with pytest.raises(AssertionError):
        assert_says(r"\tau = 2 m", law, STANDARD, "physics")
