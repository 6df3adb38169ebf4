r"""What LaTeX means: values built by hand; each way to read what is open; spoiled formulas are refused."""

from __future__ import annotations

import contextlib

import pytest
from sympy import Abs, Derivative, Expr, Function, Integer, Rational, Symbol, cos, exp, pi, sin, sqrt

from physsym.core.symbols import dot
from physsym.parsing.meanings import Meaning, conventions_of, is_opaque, meanings
from physsym.parsing.tokens import ReadError
from tests.support.refusals import assert_refused
from tests.unit.parsing.test_parsing import calls_of

a, b, c, eta, h, m, v, x = (Symbol(n, real=True) for n in ["a", "b", "c", "eta", "h", "m", "v", "x"])
k, t = Symbol("k", integer=True), Symbol("t", real=True)
f, g, X, V, grad_f = (Function(n) for n in ["f", "g", "x", "v", "∇f"])


def sides(text: str, *document: str) -> list[tuple[Expr, ...]]:
    (found,) = meanings(text, conventions_of([text, *document]))
    return [chain.sides for chain in found.chains]


def only(text: str, *document: str) -> Expr:
    ((found,),) = sides(text, *document)
    return found


def ways(text: str, *document: str) -> tuple[Meaning, ...]:
    return meanings(text, conventions_of([text, *document]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\frac{a}{b} + \frac12 x^2", a / b + x**2 / 2),
        (r"\sqrt{a} - \sqrt[3]{b}", sqrt(a) - b ** Rational(1, 3)),
        (r"\sin^2 x \cos x", sin(x) ** 2 * cos(x)),
        (r"e^{-a x}", exp(-a * x)),
        (r"m \ddot{x}", m * dot(dot(x))),
        (r"m\frac{d^2x}{dt^2}", m * dot(dot(x))),
        (r"\left(a + b\right)^2", (a + b) ** 2),
    ],
)
def test_an_expression_is_read(text: str, expected: Expr) -> None:
    assert only(text) == expected


def test_an_index_of_time_makes_a_sequence() -> None:
    found = sides(r"x_{k+1} = x_k - \eta \nabla f(x_k)")
    assert found == [(X(k + 1), X(k) - eta * grad_f(X(k)))]


def test_an_index_above_is_known_from_the_document() -> None:
    assert only(r"a x^k", r"x^{k+1} = b x^k") == a * X(k)
    assert only(r"a x^k") == a * x ** Symbol("k", real=True)


def test_a_function_is_known_from_the_document() -> None:
    assert only(r"f(x + h)", r"f(x) = x^2") == f(x + h)
    assert only(r"a(x + h)", r"a = 2") == a * (x + h)
    assert only(r"f'(x)") == Derivative(f(x), x)


def test_rows_go_on_with_a_chain() -> None:
    found = sides(r"\begin{aligned} a &= b + c \\ &= x, \\ v &= m \end{aligned}")
    assert found == [(a, b + c, x), (v, m)]


def test_both_readings_are_kept() -> None:
    values = [w.chains[0].sides[0] for w in ways("a/b c")]
    assert values == [a * c / b, a / (b * c)]
    values = [w.chains[0].sides[0] for w in ways(r"a \pm b")]
    assert values == [a + b, a - b]


@pytest.mark.parametrize(
    ("text", "message", "at"),
    [
        (r"a +", "found the end", ""),
        (r"(a", "never closed", "("),
        (r"a)", "not understood here", ")"),
        (r"\frac{a}{0}", "division by zero", r"\frac"),
        (r"a = b, c", "comma", ","),
        (r"x^{99}", "power beyond", "{99}"),
        (r"\oops{a}", "not understood", r"\oops"),
        ("(" * 60 + "a" + ")" * 60, "deep", "("),
        ("a+" * 5000 + "a", "tokens", "a"),
    ],
)
def test_what_is_not_understood_is_refused_at_its_place(text: str, message: str, at: str) -> None:
    assert_refused(meanings, text, message, at)


# ------------------------------------------------------------ what the document decides


def test_trap_1_a_base_that_bears_a_shifted_index_above_has_its_powers_as_indices() -> None:
    document = (r"x^{k+1} = x^k - \alpha y^{k+1}", r"y^{(k)}")
    assert only(r"x^k", *document) == X(k)
    beta = Symbol("beta", real=True)
    assert [w.chains[0].sides[0] for w in ways(r"\beta^k", *document)] == [beta**k, Function("beta")(k)]
    assert [w.chains[0].sides[0] for w in ways("x^2", *document)] == [x**2, X(2)]


def test_trap_2_a_letter_that_is_inverted_or_transposed_is_no_function() -> None:
    matrix = Symbol("A", real=True)
    assert sides(r"A(x + b)", r"A(x)", r"A^{-1}") == [(matrix * (x + b),)]
    assert only(r"f(x + b)", "f(x)") == f(x + b)
    assert [w.chains[0].sides[0] for w in ways("m(x + b)", "m(x)", "m v")] == [
        Function("m")(x + b),
        m * (x + b),
    ]


def test_a_bracket_with_a_bare_zero_is_never_a_factor() -> None:
    assert (
        only(r"E(0) + x(0)^2", r"q = x^\top x + E k", "a = x b") == Function("E")(0) + Function("x")(0) ** 2
    )
    assert only("x (3 - 3)", "a = x b") == 0
    assert only("f^{-1}(0)", "f(x)") == Function("\\f^-1")(0)
    with pytest.raises(ReadError, match="an inverse function at 0"):
        ways("f^{-1}(0)", "f(x)", "a = f x")


def test_a_transposed_vector_depends_on_the_time_all_the_same() -> None:
    document = (r"q = x^\top A^\top x", "A(t) = 1", "x(t) = 2", r"x^{-1}")
    moving = Function("x")
    t = Symbol("t", real=True)
    assert only(r"x(t)", *document) == moving(t)
    assert only(r"x(t_0)", *document, "x(t_0) = 1") == moving(Symbol("t_0", real=True))
    matrix, at = Symbol("A", real=True), Function("A")
    found = [w.chains[0].sides[0] for w in ways("A(b)", *document)]
    assert found == [at(Symbol("b", real=True)), matrix * Symbol("b", real=True)]


def test_a_number_with_a_unit_is_no_number_alone() -> None:
    metre, both = Symbol(r"\unit m", real=True), Symbol(r"\unit m/s", real=True)
    assert sides(r"2 \text{ m} = v") == [(2 * metre, Symbol("v", real=True))]
    assert only(r"3 \text{ m/s}") == 3 * both
    assert sides(r"3 \text{ if } x") == [(3,), (x,)]


def test_a_sum_of_a_capital_and_a_number_is_no_matrix() -> None:
    square = Symbol("A", real=True)
    assert only("|A^2 - 4b|", "A^T A") == Abs(square**2 - 4 * b)
    assert is_opaque(only("|A - c I|", "A^T A"))


@pytest.mark.parametrize("text", [r"\sqrt" * 1000, r"\begin{aligned} x &= 1", r"\hat" * 500 + "x"])
def test_half_formulas_and_deep_ones_are_refused(text: str) -> None:
    with pytest.raises(ReadError):
        ways(text)


def test_trap_3_letters_of_time_are_those_with_one_more_or_less_in_an_index() -> None:
    i = Symbol("x_i", real=True)
    assert only("x_i x_k", "x_{k+1} = 0") == i * X(k)


@pytest.mark.parametrize("word", ["lr", "wd", "eps"])
def test_trap_4_known_words_are_one_name(word: str) -> None:
    name = Symbol(word, real=True)
    assert only(f"{word} x") == name * x
    assert only(rf"\mathrm{{{word}}} x") == only(rf"\text{{{word}}} x") == name * x
    assert only("m v x") == m * v * x


def test_trap_5_a_letter_in_two_fonts_is_two_names() -> None:
    assert only(r"\mathbf{x}") == x
    bold = Symbol("x_bold", real=True)
    assert only(r"\mathbf{x} - x") == bold - x


def test_trap_6_a_backspace_from_a_docstring_that_is_not_raw_is_refused() -> None:
    with pytest.raises(ReadError, match="not part of a displayed formula"):
        meanings("\x08eta x")


def test_trap_7_dollar_signs_around_a_formula_are_left_out() -> None:
    assert only("$x$") == only("$$x$$") == only(r"\[x\]") == x


@pytest.mark.parametrize("text", [r"\frac{a}{b,c}", "a = b,c", r"a = b + c,x"])
def test_trap_8_a_comma_that_may_be_a_space_without_its_backslash_is_refused(text: str) -> None:
    with pytest.raises(ReadError):
        meanings(text)


def test_trap_9_rows_without_an_environment_are_statements() -> None:
    assert sides(r"a &= b \\ v &= m \\ &= x") == [(a, b), (v, m, x)]


def test_trap_10_what_stands_behind_a_triangle_is_a_comment() -> None:
    found = sides(r"a = b \; \triangleright \text{update} \\ v = m \rhd x y")
    assert found == [(a, b), (v, m)]


def test_trap_11_statements_are_parted_by_gaps_and_words() -> None:
    assert sides(r"a = b, \quad v = m") == [(a, b), (v, m)]
    assert sides(r"a = b \hspace{1cm} v = m") == [(a, b), (v, m)]
    assert sides(r"a = b \text{ and } v = m") == [(a, b), (v, m)]
    (meaning,) = ways(r"a = b \quad \text{if } x > 0")
    assert [c.words for c in meaning.chains] == ["", "if"]
    assert [c.relations for c in meaning.chains] == [("=",), (">",)]


# ------------------------------------------------------------ what is opaque, and how much is borne


def test_what_is_not_understood_as_a_value_is_opaque() -> None:
    for text in (r"\sum_{i=1}^{n} x_i", r"a + \dots + b", r"O(h^2)", r"\mathbb{E}[x]", r"\int_0^1 x \, dx",
                 r"\begin{pmatrix} a & b \end{pmatrix}", r"\lim_{h \to 0} h", r"\min_x f(x)"):  # fmt: skip
        assert is_opaque(only(text)), text
    for text in (r"\frac{a}{b}", "f(x)", r"\nabla f(x)", "x_{k+1}", r"\max(a, b)"):
        assert not any(is_opaque(s) for way in ways(text) for c in way.chains for s in c.sides), text


def test_the_scope_of_a_sum_goes_on_where_its_index_does() -> None:
    inside, outside = only(r"\sum_{i=1}^{n} x_i + y_i"), only(r"\sum_{i=1}^{n} x_i + b")
    assert inside.func == Function("\\sum")
    assert outside == only(r"\sum_{i=1}^{n} x_i") + b


def test_a_sum_ends_before_another_one_over_the_same_letter() -> None:
    one, other = only(r"\sum_i x_i"), only(r"\sum_i y_i", r"\sum_i")
    assert only(r"\sum_i x_i - 2 \sum_i y_i") == one - 2 * other
    longer, shorter = r"\sum_{k=0}^{n} x_k", r"\sum_{k=0}^{n-1} x_k"
    assert only(f"{longer} - {shorter}") == only(longer, shorter) - only(shorter, longer)
    inside = only(r"\sum_i x_i + \sum_k y_{k+i}")  # the second one holds the letter of the first
    assert inside.func == Function("\\sum")


def test_a_gradient_goes_on_behind_a_number() -> None:
    assert only(r"\nabla \frac12 (x^2 + 1)") == Function("\\∇")((x**2 + 1) / 2)


def test_norms_of_several_kinds_are_not_equal() -> None:
    ((one, other),) = sides(r"\|x\|_1 = \|x\|_2")
    assert (one, other) == (Function("\\norm_1")(x), Abs(x))
    assert sides(r"\|x\|_1 = |x|") == [(Abs(x), Abs(x))]
    assert sides(r"\|x\|_2 = \|x\|") == [(Abs(x), Abs(x))]
    assert only(r"\|x\|_\infty", r"\|x\|") != only(r"\|x\|_1", r"\|x\|")


def test_a_product_element_by_element_is_none_that_joins_coordinates() -> None:
    assert sides(r"x \odot v = v \odot x") == [(x * v, x * v)]
    for joined in (r"x^\top v", r"\|x v\|", r"\langle x, v \rangle"):
        ((left, _),) = sides(rf"x \odot v = {joined}")
        assert left == Function("\\odot")(x, v)


def test_a_one_in_bold_is_no_number() -> None:
    assert is_opaque(only(r"\mathbf{1}^\top x"))
    assert is_opaque(only(r"\mathbb 1"))
    assert only(r"\mathbf{0} + x") == x


def test_a_circle_is_a_composition_or_a_product() -> None:
    assert {str(w.chains[0].sides[0]) for w in ways(r"a \circ b")} == {"\\compose(a, b)", "a*b"}
    assert only(r"f \circ g", "f(x) = g(x)") == Function("\\compose")(*(Symbol(n, real=True) for n in "fg"))


def test_a_script_letter_before_braces_is_an_operator() -> None:
    found = only(r"\mathcal L\{a b\}")
    assert is_opaque(found)
    assert found.args == (a * b,)
    assert only(r"c \{a b\}") == a * b * c


def test_an_inverse_function_is_no_quotient() -> None:
    assert only("f^{-1}(b)", "f(x) = x^2") == Function("\\f^-1")(b)
    factor = b / Symbol("f", real=True)
    assert factor in [w.chains[0].sides[0] for w in ways("f^{-1}(b)", "f(x) = x^2", "y = f x")]


@pytest.mark.parametrize("text", ["0xFF", "0x1F + 1", "0xa0"])
def test_a_number_in_base_16_is_refused(text: str) -> None:
    with pytest.raises(ReadError, match="in base 16; write it in base 10"):
        ways(text)
    assert only("0x + 0v") == 0


def test_e_that_a_text_sets_is_perhaps_no_number_of_euler() -> None:
    texts = (r"V = \frac{e^2}{a}", r"e = 1.6 \cdot 10^{-19}")
    values = [w.chains[0].sides[1] for w in ways(*texts)]
    assert values == [Symbol("e", real=True) ** 2 / a, exp(2) / a]
    assert only("e^2", "e = 2.718") == only("e^2", r"e = \lim_{n \to \infty} n") == exp(2)


def test_an_expectation_is_that_of_the_norm_behind_it_with_its_power() -> None:
    assert only(r"\mathbb{E}\|x\|^2") == only(r"\mathbb{E}[\|x\|^2]") == Function("\\E")(x**2)
    with pytest.raises(ReadError, match="as words"):
        meanings(r"a \text{=-} b")


def test_norms_and_transposes_are_in_one_coordinate() -> None:
    for text, value in ((r"\|x\|^2", x**2), (r"x^\top v", v * x), (r"\langle x, v \rangle", v * x)):
        (meaning,) = ways(text)
        assert meaning.one_coordinate
        assert meaning.chains[0].sides == (value,)
    (meaning,) = ways(r"x v")
    assert not meaning.one_coordinate


BOMBS = {
    "macros": (r"\a", ((r"\a", 0, r"\b" * 9), (r"\b", 0, r"\c" * 9), (r"\c", 0, "x" * 90))),
    "a macro of itself": (r"\a", ((r"\a", 0, r"\a\a"),)),
    "braces": ("{" * 100_000, ()),
    "deep braces": ("{" * 500 + "x" + "}" * 500, ()),
    "deep fractions": (r"\frac{1}{1+" * 100 + "x" + "}" * 100, ()),
    "deep scripts": ("x^{" * 300 + "2" + "}" * 300, ()),
    "powers": (r"((((9^{64})^{64})^{64})^{64})^{64}", ()),
    "many slashes": ("/".join("abcdfg") + " x" * 10, ()),
    "many readings": (r"\sin a b \cdot " * 40 + "x", ()),
    "bars": ("|" * 801, ()),
    "half": (r"\frac{a", ()),
    "primes": ("x" + "'" * 900, ()),
    "roots": (r"\sqrt{" * 39 + "x" + "}" * 39, ()),
    "extrema": (r"\max(" * 30 + "x" + ", a b)" * 30, ()),
    "absolute values": (r"\left|" * 35 + "x" + r"-1\right|" * 35, ()),
    "hyperbolic": (r"\tanh(" * 30 + "x + a" + ")" * 30, ()),
    "factorial": ("9!!!!!!", ()),
    "binomials": (r"\binom{9^{60}}{9^{59}}", ()),
    "gamma of a large number": (r"(10^{50})!", ()),
    "exponential": (r"e^{" * 30 + "x" + "}" * 30, ()),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_read_or_refused_with_little_work(name: str) -> None:
    text, macros = BOMBS[name]

    def reading() -> None:
        with contextlib.suppress(ReadError):
            meanings(text, conventions_of([text], macros))

    assert calls_of(reading) < 3_000_000


@pytest.mark.parametrize(
    ("text", "value"), [(r"10\,000", 10_000), (r"1\,024 x", 1024 * x), (r"3 \times 10^8", 3 * 10**8)]
)
def test_thin_spaces_group_digits(text: str, value: Expr) -> None:
    assert only(text) == value


@pytest.mark.parametrize("text", [r"2\,3", r"3\frac12"])
def test_numbers_side_by_side_are_refused(text: str) -> None:
    with pytest.raises(ReadError):
        meanings(text)


def test_a_sign_between_letters_may_be_a_cross_product() -> None:
    assert len(ways(r"a \times b")) == 2
    assert only(r"2 \times b") == 2 * b


def test_what_a_text_divides_by_is_kept() -> None:
    (found,) = ways(r"\frac{x}{x} \sqrt{m}")
    assert list(map(str, found.domain)) == ["x != 0", "m >= 0"]


def test_words_in_upright_letters_part_statements() -> None:
    theta = Symbol("theta", real=True)
    assert sides(r"\theta=0\;\mathrm{and}\;\theta=\pi") == [(theta, Integer(0)), (theta, pi)]


@pytest.mark.parametrize("text", [r"\mathbb{E}^2[x]", "E^2[x]", r"\mathbb{E}[x]^2", r"(\mathbb{E}[x])^2"])
def test_the_square_of_an_expectation(text: str) -> None:
    (found,) = meanings(text)
    (side,) = found.chains[0].sides
    assert side.as_base_exp()[1] == 2
    assert side != meanings(r"\mathbb{E}[x^2]")[0].chains[0].sides[0]


def test_a_name_with_an_index_that_is_a_factor_elsewhere_is_read_both_ways() -> None:
    document = conventions_of(["p_0(x)", "a = p_0 b", "p_1(x)", "x_1(t)", "a = x_1 b"])
    assert len(meanings("p_0(x)", document)) == 2
    assert len(meanings("p_1(x)", document)) == 1
    assert len(meanings("x_1(t)", document)) == 1


def test_unnamed_constants_are_not_equal() -> None:
    (found,) = meanings(r"E = a + \text{const} = a + \text{const} = a + c")
    _, first, second, third = found.chains[0].sides
    assert len({first, second, third}) == 3
    assert all(map(is_opaque, (first, second)))


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        # a power of e behind the argument of a function is a factor of its own
        ([r"A \cos\omega't e^{-\beta t}"], "A*exp(-beta*t)*cos(omega'*t)"),
        # a name with a prime that is a factor elsewhere is one before brackets too
        ([r"x = \sin(\omega' (t - s))", r"v_0 \omega'"], "sin(omega'*(-s + t))"),
        # an index in square brackets above
        ([r"x^{[t-1]} + p", r"x^{[t]} = 0"], "p + x(t - 1)"),
        # a space with a sign ends a run of letters
        ([r"\int r dxdy~e^{-x}"], "\\int(dy*r*exp(-x), x)"),
    ],
)
def test_kinds_of_displays_that_were_misread(texts: list[str], expected: str) -> None:
    settled = conventions_of(texts)
    chain = meanings(texts[0], settled)[0].chains[0]
    assert str(chain.sides[-1]) == expected


@pytest.mark.parametrize("environment", ["multline", "multline*", "multlined"])
def test_a_row_of_one_formula_on_several_lines_goes_on_with_the_row_above(environment: str) -> None:
    rows = rf"\begin{{{environment}}} a = b \\ + c = x \\ \quad - h = v \end{{{environment}}}"
    assert sides(rows) == [(a, b + c, x - h, v)]
    # Elsewhere a row is a statement, and so is a row that goes on with no sum.
    assert sides(r"\begin{gather} a = b \\ -c = x \end{gather}") == [(a, b), (-c, x)]
    assert sides(rf"\begin{{{environment}}} a = b \\ c = x \end{{{environment}}}") == [(a, b), (c, x)]


A, B = (Symbol(n, real=True) for n in "AB")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("|x|", abs(x)),
        ("|B|", abs(B)),
        (r"|\mathbf{x}|", abs(Symbol("x_bold", real=True))),
        ("|A x|", abs(A * x)),
        ("|x - v|", abs(x - v)),
        ("|A|", Function(r"\det")(A)),
        (r"|A - \lambda b|", Function(r"\det")(A - Symbol("lam", real=True) * b)),
    ],
)
def test_bars_around_a_matrix_alone_are_a_determinant(text: str, expected: Expr) -> None:
    (found,) = ways(text, r"A^T v = a x^T x", "B^{-1} + b")
    ((side,),) = [chain.sides for chain in found.chains]
    assert side == expected


def test_what_holds_its_own_name_is_a_factor_behind_it() -> None:
    moving = r"x(t) = a"
    rate = dot(x)
    assert only(r"\dot x (m \ddot x + h x)", moving) == rate * (m * dot(rate) + h * x)
    assert only(r"x (a + x)", moving) == x * (a + x)
    assert only(r"f (f(x) + x)", "f(x) = a") == f(f(x) + x)
    assert len(ways(r"\dot x (a + b)", moving)) == 2
    assert len(ways(r"\dot x(0)", moving)) == len(ways(r"\dot x(t)", moving)) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a, b, c > 0", [(a, 0), (b, 0), (c, 0)]),
        ("x > 0, a, b, c > 0", [(x, 0), (a, 0), (b, 0), (c, 0)]),
        ("m, x, a, b, v > 0", [(m, 0), (x, 0), (a, 0), (b, 0), (v, 0)]),
        ("x = 1, a, b > 0", [(x, 1), (a, 0), (b, 0)]),
    ],
)
def test_a_relation_behind_a_list_of_names_is_that_of_each(
    text: str, expected: list[tuple[Expr, int]]
) -> None:
    assert sides(text) == expected


def test_an_interval_is_no_list_of_two_values() -> None:
    one, other = sides(r"a, b \in (0, 1)")
    assert (one[0], other[0]) == (a, b)
    assert one[1] == other[1] == only("(0, 1)")
    assert sides("(a, b) = (0, 1)") == [(a, 0), (b, 1)]


@pytest.mark.parametrize("text", [r"(f \circ g)(b)", "(f + g)(2)", "(f g)(b)", "(f - 2 g)(b)"])
def test_a_bracket_of_functions_is_no_factor(text: str) -> None:
    with pytest.raises(ReadError, match="a function or a factor; write the functions one by one"):
        ways(text, "f(x) = x^2", "g(x) = 3 x")
    assert only("(f(b) + g(b))(b)", "f(x) = x^2", "g(x) = 3 x") == b * (f(b) + g(b))
    assert only("(a + b)(c)", "f(x) = x^2") == c * (a + b)
