"""What an audit says of formulas: values of `Meaning` made by hand, so that no reader is involved."""

import re
from dataclasses import replace

import pytest
from sympy import Derivative, Function, Integer, Rational, Symbol, atan, cos, exp, pi, sin, sqrt

from physsym.auditing import judges
from physsym.auditing.judgements import Judgement
from physsym.auditing.judges import judged_formulas
from physsym.auditing.sheet import ReadFormula
from physsym.auditing.texts import Formula, Hint
from physsym.core.symbols import dot
from physsym.parsing.meanings import Chain, Meaning
from physsym.verify.budget import check_time, joint

x, Q, b, c, eta, lam, beta, s, w, g, eps, h, m, v, n, a, q = (
    Symbol(name, real=True)
    for name in ["x", "Q", "b", "c", "eta", "lam", "beta", "s", "w", "g", "eps", "h", "m", "v", "n", "a", "q"]
)
t, k = Symbol("t", integer=True), Symbol("k", integer=True)
time, omega = Symbol("t", real=True), Symbol("omega", real=True)
f, X, V, grad_f, E, Big = map(Function, ("f", "x", "v", "∇f", r"\E", r"\O"))


def equation(*sides, sign="="):
    return Meaning((Chain(tuple(sides), (sign,) * (len(sides) - 1)),))


def lines(*pairs, sign="="):
    return Meaning(tuple(Chain(pair, (sign,)) for pair in pairs))


def audit(*items, **options):
    """Return the entries of formulas, each a meaning, a list of them, or a pair of one with its `Formula`."""
    read = []
    for number, item in enumerate(items, 1):
        meanings, formula = item if isinstance(item, tuple) else (item, Formula("", 1))
        meanings = tuple(meanings) if isinstance(meanings, list) else (meanings,)
        read.append(ReadFormula(replace(formula, line=number), meanings))
    return list(judged_formulas("notes.md", read, **options))


def hinted(*hints, **fields):
    return Formula("", 1, hints=tuple(Hint(*h.split(" ", 1), 1) for h in hints), **fields)


def kinds(*items):
    return [entry.kind for entry in audit(*items)]


STEP = X(t) - eta * lam * X(t)


# ------------------------------------------------------------------ chains


def test_a_true_link_holds():
    assert kinds(equation(X(t + 1), STEP, (1 - eta * lam) * X(t))) == ["holds"]


def test_a_false_link_fails_with_difference_point_and_repair():
    (entry,) = audit(equation(X(t + 1), STEP, (1 + eta * lam) * X(t)))
    assert entry.kind == "fails"
    assert "-2*eta*lam*x[t]" in entry.details[0]
    assert "against" in entry.details[1]
    assert "x[t]*(-eta*lam + 1)" in entry.details[2]
    assert entry.readings == ("x(t + 1) = -eta*lam*x(t) + x(t) = (eta*lam + 1)*x(t)",)


def test_the_first_link_of_a_chain_claims_nothing():
    assert kinds(equation(b, x**2, x * x)) == ["holds"]


def test_a_first_link_that_is_no_definition_is_said_not_to_be_judged():
    (law,) = audit(equation(v**2 / 2, g * h, h * g))
    assert (law.kind, law.says) == (
        "holds", "from its second side on; the first link may be a law or a condition"
    )  # fmt: skip


def test_a_chain_does_not_hold_whose_first_link_brings_in_no_name():
    total = Function(r"\sum")
    sums = equation(total(k, k, Integer(0), n), n * (n - 1) / 2, (n**2 - n) / 2)
    known = equation(v**2 / 2, g * h, h * g)
    for items in ((sums,), (equation(v, 2 * a), equation(g, a), equation(h, b), known)):
        *_, entry = audit(*items)
        assert entry.kind == "undecided"
        assert entry.says.startswith("its first link, of known names,")


def test_a_first_link_fails_that_is_false_by_a_definition():
    momentum = equation(q, m * v)
    energy = equation(q**2 / (2 * m), m * v**2, v * m * v)
    assert kinds(momentum, energy) == ["definition", "fails"]
    assert kinds(momentum, equation(q**2 / (2 * m), m * v**2 / 2, v * m * v / 2)) == ["definition", "holds"]
    assert kinds(momentum, equation(q**2 / (2 * m), m * g * h, g * h * m))[1] in ("holds", "undecided")
    assert kinds(momentum, (energy, Formula("", 1, before="It would be wrong to write")))[1] == "undecided"
    assert kinds(equation(sin(x) ** 2 + cos(x) ** 2, Integer(2), Integer(2))) == ["fails"]
    assert kinds(equation(sin(x), cos(x), 1 / sqrt(2)))[0] == "undecided"
    assert kinds(equation(v, 2 * a), equation(g, 3 * a), equation(v + g, a + b, b + a))[2] == "undecided"


def test_in_words_of_consequence_a_line_fails_that_is_false_by_a_definition():
    begin = equation(q, m * v)
    hence = Formula("", 1, before="It follows that")
    wrong, right = equation(q**2, m * v**2 * m * 2), equation(q**2, m**2 * v**2)
    assert kinds(begin, wrong)[1] == "undecided"
    assert kinds(begin, (wrong, hence))[1] == "fails"
    assert kinds(begin, (right, hence))[1] == "holds"
    assert kinds(begin, (equation(q**2, m**2 + v**2), hence))[1] == "undecided"


def test_a_chain_does_not_hold_whose_first_link_is_a_wrong_identity():
    (entry,) = audit(equation((a + b) ** 2, a**2 + b**2, b**2 + a**2))
    assert (entry.kind, entry.says) == (
        "undecided", "its first link does not hold everywhere: it may be a condition"
    )  # fmt: skip
    assert kinds(equation((a + b) ** 2, a**2 + 2 * a * b + b**2, a**2 + b * (2 * a + b))) == ["holds"]


def test_a_link_in_other_unknowns_is_no_error():
    assert kinds(equation(q, lam * x + c, lam * (x - a))) == ["undecided"]


def test_a_symbol_that_only_seems_to_be_read_may_vanish():
    energy = a * sin(x) ** 2 + a * cos(x) ** 2
    assert kinds(equation(q, energy, a), equation(q, energy, 2 * a)) == ["holds", "fails"]


def test_operators_are_no_unknowns():
    assert kinds(equation(q, E(x + a), E(x) + E(a))) == ["undecided"]


def test_what_is_true_in_a_region_is_said_to_be():
    (entry,) = audit(equation(q, sqrt((a - b) ** 2), a - b))
    assert entry.kind == "note"
    assert "region" in entry.says
    (entry,) = audit(equation(q, sqrt(a**2 + abs(a**2 - 4 * b)), 2 * sqrt(b)))
    assert entry.kind == "note"


def test_conditions_are_listed():
    (entry,) = audit(equation(q, 1 / (a + b), (1 - 1 / (1 + a / b)) / a))
    assert entry.kind == "conditional"
    assert "a != 0" in entry.says


def test_rounded_numbers_are_no_error():
    assert kinds(equation(q, Rational(9, 10) ** 10, Rational(35, 100))) == ["undecided"]


def test_two_readings_that_differ_are_not_decided():
    product, application = equation(q, 2 * x, x + x), equation(q, 2 * x, 3 * x)
    assert kinds([product, application]) == ["undecided"]
    assert kinds([product, product]) == ["holds"]


# ------------------------------------------------------------------ single equations and their context


def test_a_single_equation_never_fails_unaided():
    assert kinds(equation(sin(x) ** 2 + 1, cos(x) ** 2)) == ["undecided"]


LOSS = equation(f(x), Q * x**2 / 2 + c * x + b)
WRONG = equation(f(x), (x - c / Q) ** 2 * Q / 2 + b - c**2 / (2 * Q))
RIGHT = equation(f(x), (x + c / Q) ** 2 * Q / 2 + b - c**2 / (2 * Q))


def test_a_second_value_is_a_note():
    assert kinds(LOSS, WRONG) == ["definition", "note"]


@pytest.mark.parametrize("words", ["Hence we can rewrite f as", "Equivalently,", "and so"])
def test_a_second_value_is_an_error_where_the_text_says_that_it_is_the_same(words):
    _, entry = audit(LOSS, (WRONG, Formula("", 1, before=words)))
    assert (entry.kind, entry.uses) == ("fails", (1,))
    assert "-2*c*x" in entry.details[0]
    assert kinds(LOSS, (RIGHT, Formula("", 1, before=words)))[1] == "conditional"


def test_no_alarm_beyond_a_heading():
    first = Formula("", 1, headings=("A",))
    other = Formula("", 1, headings=("B",), before="We rewrite f as")
    assert kinds((LOSS, first), (WRONG, other))[1] != "fails"


def test_derivatives_of_what_is_defined():
    slopes = equation(Derivative(f(x), x), Q * x + c), equation(Derivative(f(x), x), Q * x - c)
    assert kinds(LOSS, *slopes) == ["definition", "holds", "fails"]
    assert kinds(LOSS, equation(grad_f(x), Q * x + c)) == ["definition", "holds"]
    motion = equation(Function("x")(time), a * cos(omega * time))
    assert kinds(motion, equation(dot(dot(x)), -a * omega**2 * cos(omega * time)))[1] == "holds"
    assert kinds(motion, equation(dot(dot(x)), a * omega**2 * cos(omega * time)))[1] == "fails"


def test_an_equation_follows_from_a_line_and_says_so():
    recurrence = equation(X(k + 1) - X(k), beta * (X(k) - X(k - 1)) - eta * f(X(k)))
    same = equation(X(k + 1), X(k) - eta * f(X(k)) + beta * (X(k) - X(k - 1)))
    other = equation(X(k + 1), X(k) - eta * f(X(k)) - beta * (X(k) - X(k - 1)))
    _, entry = audit(recurrence, same)
    assert (entry.kind, entry.uses) == ("conditional", (1,))
    assert "if line 1 holds" in entry.says
    assert kinds(recurrence, other)[1] not in ("fails", "holds", "conditional")


def test_an_equation_follows_one_step_later_with_definitions_put_in():
    heavy = equation(X(k + 1), X(k) - eta * f(X(k)) + beta * (X(k) - X(k - 1)))
    names = equation(eta, h**2 / m), equation(beta, 1 - h * c / m)
    result = equation(
        X(k + 2) - (2 - h * c / m) * X(k + 1) + (1 - h * c / m) * X(k), -(h**2) / m * f(X(k + 1))
    )
    *_, entry = audit(*names, heavy, result)
    assert (entry.kind, entry.says) == ("holds", "by lines 3, 1, 2")  # which divide by m themselves
    assert entry.uses == (3, 1, 2)


def test_a_line_that_fails_is_not_used():
    wrong = equation(q, a + b, a - b)
    assert kinds(wrong, equation(a + b, a - b))[1] == "undecided"


# ------------------------------------------------------------------ rules

ADAM = (
    (Symbol("V", real=True), beta * Symbol("V", real=True) + (1 - beta) * g),
    (s, lam * s + (1 - lam) * g**2),
    (a, Symbol("V", real=True) / (1 - beta**time)),
    (b, s / (1 - lam**time)),
    (w, w - eta * a / (sqrt(b) + eps)),
)
UNDER_ADAM = Formula("", 1, headings=("Optimizers", "Adam"))


@pytest.mark.parametrize("late", [1, 2])
def test_gradients_of_other_steps_make_no_rule_of_one(late):
    of_step = Function("g")
    for gradient in (of_step(t), of_step(t + 1)):
        (entry,) = audit(equation(X(t + 1), X(t) - eta * gradient))
        assert entry.kind == "recognised"
    stale, two = of_step(t - late), 2 * of_step(t) - of_step(t - late)
    for gradient in (stale, two):
        (entry,) = audit(equation(X(t + 1), X(t) - eta * gradient))
        assert entry.kind == "definition"
    joined = lines((V(t + 1), beta * V(t) + 3 * of_step(t) - 2 * stale), (X(t + 1), X(t) - eta * V(t + 1)))
    assert "recognised" not in [entry.kind for entry in audit(joined)]


def test_rules_are_recognised_up_to_names():
    (entry,) = audit(lines((V(t), beta * V(t - 1) + grad_f(X(t))), (X(t + 1), X(t) - eta * V(t))))
    assert entry.kind == "recognised"
    assert entry.says.startswith("Heavy ball, the buffer a sum of gradients, with rho = beta")
    (entry,) = audit(lines(*ADAM, sign="<-"))
    assert entry.kind == "conditional"
    assert entry.says.startswith("Adam, with beta_1 = beta, beta_2 = lam")


def test_neighbouring_lines_are_joined():
    entries = audit(*(lines(pair, sign="<-") for pair in ADAM))
    assert {entry.kind for entry in entries} == {"conditional"}
    assert entries[0].uses == (1, 2, 3, 4, 5)


def test_a_line_alone_is_no_rule():
    assert kinds(lines((V(t), beta * V(t - 1) + g))) == ["definition"]


def spoiled(place, value):
    return [*ADAM[:place], (ADAM[place][0], value), *ADAM[place + 1 :]]


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (1, lam * Symbol("V", real=True) + (1 - lam) * g**2),
        (2, Symbol("V", real=True) / (1 - beta) ** time),
        (3, s / (1 - lam) ** time),
        (4, w - eta * a / (sqrt(b) - eps)),
        (1, lam * s - (1 - lam) * g**2),
    ],
)
def test_a_slip_is_an_error_under_the_heading_of_the_rule(place, value):
    under = [(lines(pair, sign="<-"), UNDER_ADAM) for pair in spoiled(place, value)]
    found = kinds(*under)
    assert found[place] == "fails"
    assert found.count("fails") == 1
    assert re.fullmatch(r"at .*: \S+ against \S+", audit(*under)[place].details[-1])
    assert "fails" not in kinds(*(meaning for meaning, _ in under))


def test_another_rule_under_the_heading_is_no_error():
    yogi = s - (1 - lam) * g**2 * (s - g**2) / abs(s - g**2)
    found = kinds(*((lines(pair, sign="<-"), UNDER_ADAM) for pair in spoiled(1, yogi)))
    assert "fails" not in found


# ------------------------------------------------------------------ error terms and hints


def test_error_terms_are_measured():
    forward = (f(x + h) - f(x)) / h
    assert kinds(equation(Derivative(f(x), x), forward + Big(h))) == ["holds"]
    assert kinds(equation(Derivative(f(x), x), forward + Big(h**2))) == ["undecided"]
    asked = (equation(Derivative(f(x), x), forward + Big(h**2)), hinted("order 2 in h"))
    assert kinds(asked) == ["fails"]


def test_an_error_term_of_another_name_is_not_refuted():
    slope = equation(q, f(x) + h * Derivative(f(x), x) / 2 + Big(h**2))
    assert kinds((slope, hinted("order 2 in h"))) == ["undecided"]


def test_names_of_derivatives_are_conditions():
    position, speed, pull = map(Function, "xva")
    taylor = position(time) - speed(time) * h + pull(time) * h**2 / 2 + Big(h**3)
    (entry,) = audit(equation(position(time - h), taylor))
    assert entry.kind == "conditional"
    assert "v = x'(t)" in entry.says


def test_from_and_same_make_errors_possible():
    law = equation(m * dot(v) - q, a * sin(omega * time))
    other = equation(m * dot(v) - q, a * cos(omega * time))
    assert kinds(law, other) == ["undecided", "undecided"]
    assert kinds(law, (other, hinted("same as 1"))) == ["undecided", "fails"]
    reordered = equation(dot(v), (q + a * sin(omega * time)) / m)
    assert kinds(law, (reordered, hinted("from 1"))) == ["undecided", "conditional"]


def test_a_rule_that_is_named_by_a_hint():
    descent = lines((X(t + 1), X(t) - eta * grad_f(X(t))))
    assert kinds((descent, hinted("is gradient descent"))) == ["recognised"]
    assert kinds((descent, hinted("is adam"))) == ["fails"]


def test_a_step_of_a_law():
    law = lines((dot(x), v), (m * dot(v), -grad_f(x)))
    step = lines((V(k + 1), V(k) - h / m * grad_f(X(k))), (X(k + 1), X(k) + h * V(k + 1)))
    wrong = lines((V(k + 1), V(k) + h / m * grad_f(X(k))), (X(k + 1), X(k) + h * V(k + 1)))
    by = "step of 1 by semi-implicit euler"
    assert kinds(law, (step, hinted(by)))[1] in ("holds", "conditional")
    assert kinds(law, (wrong, hinted(by)))[1] == "fails"


def test_given_and_define():
    root = equation(q, sqrt(a**2), a)
    assert kinds((root, hinted("given a > 0"))) in (["holds"], ["conditional"])
    used = equation(q, eta * x, h * x / c)
    assert kinds((used, hinted("define eta = h/c"))) == ["holds"]


def test_skip_and_expect():
    (entry,) = audit((equation(q, a, 2 * a), hinted("skip a sketch")))
    assert (entry.kind, entry.says) == ("skipped", "a sketch")
    (entry,) = audit((equation(q, a, 2 * a), hinted("expect fails")))
    assert (entry.kind, entry.expected) == ("fails", True)


def test_a_budget_that_is_used_up():
    (entry,) = audit(equation(q, a, a + Integer(0)), seconds=-1)
    assert entry.kind == "undecided"
    assert "time" in entry.says


def test_one_formula_takes_no_more_than_what_is_left_of_the_budget(monkeypatch):
    def for_ever(*_):
        with joint(5):
            while True:
                check_time()

    def is_in_time(*_):
        with joint(5):
            check_time()
        return Judgement("holds")

    for judge, kind in ((for_ever, "undecided"), (is_in_time, "holds")):
        monkeypatch.setattr(judges, "judged_by_each_value", judge)
        (entry,) = audit(equation(q, a, a + Integer(0)), seconds=0.5)
        assert entry.kind == kind
        assert ("the time of the audit is used up" in entry.says) == (kind == "undecided")


def test_statements_of_one_formula_are_used_by_those_behind_them():
    forth, back = (X(k + 1), X(k) + V(k + 1)), (V(k + 1), X(k + 1) - X(k))
    assert kinds(lines(forth, back)) == ["conditional"]
    assert kinds(lines(forth, (V(k + 1), X(k + 1) + X(k)))) == ["definition"]


def test_an_inequality_at_the_end_of_a_chain():
    sides = (q, (a - b) ** 2 - a**2, b**2 - 2 * a * b)
    square = Meaning((Chain((q, -(a**2), -a * a, Integer(0)), ("=", "=", "<=")),))
    assert kinds(square) == ["holds"]
    assert kinds(Meaning((Chain((*sides, Integer(0)), ("=", "=", "<=")),))) == ["undecided"]


def test_of_a_product_that_vanishes_nothing_follows():
    pendulum = equation(m * (dot(v) * cos(x) - c), Integer(0))
    assert kinds(pendulum, equation(m * dot(v), 2 * m * c))[1] == "undecided"


def test_from_an_identity_nothing_follows():
    assert kinds(equation(q * sin(x) ** 2 + q * cos(x) ** 2, q), equation(q, 2 * a))[1] == "definition"


def test_a_special_value_in_prose_is_no_definition():
    case = Formula("", 1, display=False)
    cases = (equation(x, Integer(1)), case), (equation(x, beta), case)
    assert kinds(*cases, equation(q, 1 - beta, 1 - beta**2))[2] != "conditional"
    assert kinds(*cases, equation(beta + q, 1 + q))[2] == "undecided"


# ------------------------------------------------------------------ what a stranger got accepted


def test_a_repeated_row_does_not_carry_a_wrong_one():
    g_t = Function("g")(t)
    right = lines((V(t), s * V(t - 1) + g_t), (X(t), X(t - 1) - eta * V(t)))
    wrong = lines((V(t), s * V(t - 1) + g_t**2), (X(t), X(t - 1) - eta * V(t)))
    assert kinds(right, wrong)[1] == "definition"


def test_what_has_too_many_terms_is_not_multiplied_out():
    many = (a + b + c + s + w + h + m + n) ** 30
    (entry,) = audit(equation(many, Integer(1), many))
    assert (entry.kind, "too many terms" in entry.says) == ("undecided", True)


def test_facts_end_at_a_heading():
    one, two = (Formula("", 1, headings=(name,), sections=(k,)) for k, name in enumerate(("One", "Two")))
    assert kinds((equation(2 * b, b), one), (equation(w, (b + c) ** 2, b**2 + c**2), two))[1] == "fails"


def test_facts_end_at_a_heading_of_the_same_name():
    one, two = (Formula("", 1, headings=("Example",), sections=(k,)) for k in (1, 2))
    first = (equation(f(x), x**2), one)
    assert kinds(first, (equation(Derivative(f(x), x), 2 * x), one))[1] == "holds"
    assert kinds(first, (equation(Derivative(f(x), x), 3 * x), one))[1] == "fails"
    assert kinds(first, (equation(Derivative(f(x), x), 3 * x), two))[1] == "undecided"


def test_a_division_is_a_condition():
    (_, entry) = audit(equation(x**2, x * s), equation(x, s))
    assert (entry.kind, "x != 0" in entry.says) == ("conditional", True)


def test_notes_are_no_facts():
    notes = audit(equation(w, sqrt(x**2), x), equation(v, sqrt(x**2 * b), x * sqrt(b)))
    assert [entry.kind for entry in notes] == ["note", "note"]


def test_a_letter_in_an_exponent_that_may_be_imaginary_is_no_error():
    i = Symbol("i", real=True)
    assert kinds(equation(w, exp(i * s), cos(s) + i * sin(s))) == ["undecided"]
    assert kinds(equation(w, exp(a * s), cos(s) + a * sin(s))) == ["fails"]


def test_inverse_functions_may_agree_in_a_region():
    assert kinds(equation(w, atan(1 / x), pi / 2 - atan(x))) == ["note"]
    assert kinds(equation(w, atan(x) + 1, atan(x))) == ["fails"]


def test_what_is_given_of_other_letters_is_not_in_the_witness():
    (entry,) = audit((equation(w, 2 * x, 3 * x), hinted("given m > 0, q < 1")))
    assert entry.kind == "fails"
    assert not any("m =" in line or "q =" in line for line in entry.details)
