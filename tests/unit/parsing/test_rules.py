"""The language of rules in text: new and old values, case distinctions, start values, names by use."""

from __future__ import annotations

import pytest
from sympy import ITE, Abs, And, Eq, Lt, Max, Min, Ne, Not, Or, Piecewise, Rational, Symbol, sign, sqrt

import physsym as ps
from physsym.core.statements import Rule, rule
from physsym.core.symbols import after, before, grad, partial, potential
from physsym.parsing import ReadError, read
from physsym.vocabulary import G, eta, rho, u, x

k, m, v, vmax, b1, b2, eps, lr, c, d = (
    Symbol(n, real=True) for n in ("k", "m", "v", "vmax", "b1", "b2", "eps", "lr", "c", "d")
)
y1, y2 = (Symbol(n, real=True) for n in ("x_1", "x_2"))
kp = after(k)
RULES = {
    "adam": rule({
        k: k + 1, m: b1 * m + (1 - b1) * G, v: b2 * v + (1 - b2) * G**2,
        x: x - lr * (after(m) / (1 - b1**kp)) / (sqrt(after(v) / (1 - b2**kp)) + eps)}, start={k: 0, m: 0}),
    "amsgrad": rule({v: b2 * v + G**2, vmax: Max(vmax, after(v)), x: x - lr * G / (sqrt(after(vmax)) + eps)}),
    "adamax": rule({v: Max(b2 * v, Abs(G) + eps), x: x - lr * G / after(v)}),
    "lion": rule({x: x - lr * sign(b1 * m + (1 - b1) * G), m: b2 * m + (1 - b2) * G}),
    "clip": rule({m: b1 * m + Min(Max(G, -c), c), x: x - lr * after(m)}),
    "first": rule({
        m: Piecewise((G, Eq(k, 0)), (b1 * m + (1 - d) * G, True)), k: k + 1, x: x - lr * after(m)}),
    "guard": rule({x: x - lr * Piecewise((G / sqrt(v), v > 0), (0, True)), v: v + G**2}),
    "conditions": rule({
        x: x - lr * Piecewise(
            (G, And(G > 0, x > 1)), (2 * G, Or(G < 0, Ne(x, 0))),
            (Piecewise((x, x <= lr), (lr, True)), True))}),
    "negated": rule({x: Piecewise((x, Not(And(G > 0, x > 1))), (lr, True))}),
    "chosen condition": rule({x: Piecewise((x, ITE(G > 0, x > d, x < d)), (lr, True))}),
    "unevaluated": rule({x: Piecewise((x, lr > x), (Piecewise((x, x < lr), (d, True), evaluate=False), True),
                                      evaluate=False)}),
    "recurrence": rule({x: 2 * x - before(x) - before(before(x)) / 3 - lr * G}, start={before(x): x + 1}),
    "polyak": rule({x: x - Min(potential(x) / G**2, c) * G}),
    "two weights": rule({
        y1: y1 - lr * partial(1, y1, y2), y2: y2 - lr * partial(2, y1, y2) / Abs(after(y1))}),
    "several marks": rule({u: u / 2, m: after(u) ** after(u) - after(u) - 1, x: -after(m)}),
    "started": rule({u: rho * u - lr * G, x: x + after(u)}, start={u: -lr * x + Rational(1, 3)}),
}  # fmt: skip


def as_rule(found):
    return found if isinstance(found, Rule) else Rule((found,))


@pytest.mark.parametrize("name", RULES)
def test_what_is_printed_is_read_back(name):
    assert as_rule(read(str(RULES[name]), unknown="real")) == RULES[name]


def of(text, **names):
    return read(text, unknown="real", **names)


def test_a_mark_is_a_sign_behind_a_name_that_no_operand_follows():
    for text, wanted in {
        "x <- u+ + x": after(u) + x,
        "x <- x + u+": x + after(u),
        "x <- u+*x": after(u) * x,
        "x <- u+ - x- - 1": after(u) - before(x) - 1,
        "x <- (u+)/(1 - rho**u+)": after(u) / (1 - rho ** after(u)),
        "x <- Max(u+, x--)": Max(after(u), before(before(x))),
        "x <- u_t+x": u + x,
        "x <- u_t+ x": u + x,
        "x <- u_t -x": u - x,
        "x <- where(u+ > 0, u+, -u+)": Piecewise((after(u), after(u) > 0), (-after(u), True)),
    }.items():
        found = read(f"u <- u/2; {text}")
        assert found.updates[1].value == wanted, text
    for text in ("x <- u+-x", "x <- u +- x", "x <- 2+", "x <- (u)+", "x <- u++", "x <- u + + x", "x <- G+"):
        with pytest.raises(ReadError):
            read(f"u <- u/2; {text}")


def test_human_forms():
    assert of("x <- clip(g, -c, c)").value == Min(Max(G, -c), c)
    assert of("x <- max(x, c) + min(x, c) + abs(x)").value == Max(x, c) + Min(x, c) + Abs(x)
    assert of("x <- where(k == 0, x, c)").value == Piecewise((x, Eq(k, 0)), (c, True))
    assert of("x <- where(0 < x < c, x, c)").value.args[0][1] == And(Lt(0, x), x < c)
    assert of("x <- where((x >= 0) & ~(c > 0) | (k != 1), x, c)").value.args[0][1] == Or(
        And(x >= 0, Not(c > 0, evaluate=False)), Ne(k, 1)
    )
    assert of("x <- where(x ≥ 0, x, c)").value == of("x <- where(x >= 0, x, c)").value
    assert of("x <- Piecewise((x, x > 0), (0, True))").value == Piecewise((x, x > 0), (0, True))
    names = {Symbol(n, real=True) for n in ("max", "clip", "where")}
    assert of("x <- max*clip + where").value.free_symbols == names


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x <- x > 0", "comparisons are not part of a formula"),
        ("x <- Max(x > 0, 1)", "comparisons are not part of a formula"),
        ("x <- where(x, 1, 2)", "where a condition such as"),
        ("x <- where(x > 0, x > 1, 2)", "where an expression is expected"),
        ("x <- where(x > 0 & u > 0, 1, 2)", r"put each relation in brackets"),
        ("x <- Piecewise(x, 1)", "a case is a pair"),
        ("x <- Piecewise((x, 1))", "condition"),
        ("x <- Piecewise((x, x > 0, 1))", "pair"),
        ("x <- where(x = 0, 1, 2)", "found '='"),
        ("x <- where(x > 0)", "takes 3 arguments"),
        ("x <- 1 + Eq(x, 0)", "where an expression is expected"),
        ("x <- Eq(x, 0)", "where an expression is expected"),
        ("x <- True", "where an expression is expected"),
        ("x <- (x, u)", "found ','"),
        ("x <- where(x > 0, (1, 2), 3)", "found ','"),
        ("x <- ~x", "a formula is made of"),
        ("x <- where(~x, 1, 2)", "condition"),
        ("x <- where(x > 0, 1/0, 2)", "division by zero"),
    ],
)
def test_what_is_no_case_distinction_is_refused(text, said):
    with pytest.raises(ReadError, match=said):
        read(text)


def test_start_values_are_sentences_of_a_rule():
    found = read("u <- rho*u - eta*G; x <- x + u+; u(0) = -eta*x")
    assert found == rule({u: rho * u - eta * G, x: x + after(u)}, start={u: -eta * x})
    assert read("x <- 2*x - x- - eta*G\nx-(0) = x/2").start == ((before(x), x / 2),)
    with pytest.raises(ReadError, match="no state of the rule"):
        read("x <- x - eta*G; rho(0) = 1")
    with pytest.raises(ReadError, match="different kinds of sentences"):
        read("x <- x - eta*G; u = 0")
    with pytest.raises(ReadError, match="different kinds of sentences"):
        read("x <- x - eta*G; u(1) = 0")


def test_names_are_declared_by_use_where_one_asks_for_it():
    found = of("m <- b*m + (1 - b)*g; x <- x - lr*m+")
    b, m_ = Symbol("b", real=True), Symbol("m", real=True)
    assert found == rule({m_: b * m_ + (1 - b) * grad(x), x: x - lr * after(m_)})
    w = Symbol("w", real=True)
    assert of("w <- w - lr*g").value == w - lr * grad(w)
    g = Symbol("g", real=True)
    assert of("g <- g/2; x <- x - lr*g_t").updates[1].value == x - lr * g  # a state of this name
    assert of("x <- x - g*grad(x)").value == x - g * grad(x)  # a parameter beside the gradient
    assert of("x <- x - lr*g", declare=("g",)).value == x - lr * g
    with pytest.raises(ReadError, match="found b, which is no known name"):
        read("m <- b*m", unknown="refuse")
    with pytest.raises(ValueError, match="'refuse' or 'real'"):
        read("x <- x", unknown="guess")


def test_bounds_hold_for_case_distinctions():
    with pytest.raises(ReadError):
        read("x <- " + "where(x > 0, " * 30 + "x" + ", 1)" * 30)
    with pytest.raises(ReadError):
        read("x <- where(" + "~" * 500 + "(x > 0), 1, 2)")
    with pytest.raises(ReadError):
        read("x <- where(" + " & ".join(["(x > 0)"] * 500) + ", 1, 2)")


@pytest.mark.parametrize("name", RULES)
def test_all_faces_are_printed(name):
    for face in ("physics", "learning"):
        text = ps.unicode(RULES[name], face)
        assert "Piecewise" not in text
        assert "Piecewise" not in ps.mathml(RULES[name], face)
        assert "Piecewise" not in ps.latex(RULES[name], face)


def test_cases_and_start_values_on_the_page():
    first = RULES["first"]
    assert ps.unicode(first).splitlines()[0] == "mₜ₊₁ = {∇U(𝐱ₜ) if kₜ = 0; b₁ mₜ + (1 - d) ∇U(𝐱ₜ) otherwise}"
    assert r"\begin{cases} \nabla U(\mathbf{x}_{t}) & \text{if } k_{t} = 0 \\" in ps.latex(first)
    assert ">{</mo><mtable>" in ps.mathml(first)
    started = RULES["started"]
    assert ps.unicode(started).splitlines()[-1].strip() == "𝐮₀ = 1/3 - lr 𝐱₀"
    assert r"\mathbf{u}_{0} &= " in ps.latex(started)
    assert r"\mathbf{w}_{-1} &= " not in ps.latex(RULES["recurrence"], "physics")
    assert r"\mathbf{x}_{-1} &= " in ps.latex(RULES["recurrence"])
    both = ps.unicode(RULES["conditions"])
    assert "if 𝐱ₜ > 1 and ∇U(𝐱ₜ) > 0;" in both
    assert "if ∇U(𝐱ₜ) < 0 or 𝐱ₜ ≠ 0;" in both
    assert "max(" in ps.unicode(RULES["amsgrad"])


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("|x| + |d|", Abs(x) + Abs(d)),
        ("|x| |d| d", Abs(x) * Abs(d) * d),
        ("||x| - 1|*c", Abs(Abs(x) - 1) * c),
        ("2*|x - |d||", 2 * Abs(x - Abs(d))),
        ("-|x|**c", -(Abs(x) ** c)),
        ("Max(|x|, |d|)", Max(Abs(x), Abs(d))),
        ("where((|x| > 1) | (|d| > 2), x, d)", Piecewise((x, Or(Abs(x) > 1, Abs(d) > 2)), (d, True))),
        ("|where((x > 0) | (d > 0), x, d)|", Abs(Piecewise((x, Or(x > 0, d > 0)), (d, True)))),
    ],
)
def test_bars_are_absolute_values(text, meant):
    assert of(text, declare=(x,)) == meant


def test_bars_and_marks():
    assert str(of("u <- u; x <- |u+| + |x-|")) == "u <- u; x <- Abs(u+) + Abs(x-)"
    assert str(of("u <- u; x <- x + u_t+|u_t|")) == "u <- u; x <- x + u_t + Abs(u_t)"
    for text, says in {
        "|x": "never closed", "(|x)": "never closed", "|x; y|": "never closed", "|x|y|": "found '|'",
        "a | b": "found '|'",
    }.items():  # fmt: skip
        with pytest.raises(ReadError, match=says.replace("|", r"\|")):
            of(text)


def test_g_is_refused_where_it_may_be_the_gradient_at_several_states():
    text = "v <- c*v + g**2; w <- Max(w, v+); x <- x - lr*g/w+"
    with pytest.raises(ReadError, match=r"might be the gradient at x or w; write grad\(x\), or declare g"):
        of(text)
    assert of(text.replace("g", "grad(x)")).states == of(text, declare=("g",)).states
