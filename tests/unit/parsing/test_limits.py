"""The reader at its bounds: what it still reads just below each of them, and what a refusal says."""

import re
from fractions import Fraction

import pytest
import sympy
from sympy import Abs, Integer, Max, Symbol, exp, log, sqrt, tanh

from physsym.core.dimensions import LENGTH
from physsym.core.statements import Rule, Update
from physsym.core.symbols import partial
from physsym.parsing import ReadError
from physsym.parsing.grammar import sentences
from physsym.parsing.interpretation import reading
from physsym.parsing.tokens import Token, is_name, number, tokens
from physsym.vocabulary import G, eta, m, rho, scalar, t, tau, u, x
from tests.unit.parsing.test_parsing import REFUSED, read, short


def refusal(text: str, **options) -> str:
    """Return the message with which a text is refused."""
    with pytest.raises(ReadError) as caught:
        read(text, **options)
    return caught.value.message


# ------------------------------------------------------------------ what a refusal says


@pytest.mark.parametrize("text", REFUSED, ids=short)
def test_a_refusal_begins_and_ends_with_plain_words(text):
    assert re.fullmatch(r"(Max )?[a-z].*[a-z0-9_)'*(.]", refusal(text), re.DOTALL)


SAYS = {
    "x @ u": r"found '@'; write \* for a product$",
    "{x}": r"^braces hold cases, as in \{a if x > 0; b otherwise\}; write round brackets$",
    "(x)′": r"PRIME; a prime is a derivative and stands directly behind a name, as in x'$",
    "x⁽ᵏ⁾": r"^found ⁽ᵏ⁾, which may be a power or an index; write x\*\*k for the power, x_\{k\+1\} for",
    "√": r"^found √ without what it is taken of; write √\(...\)$",
    "x <= u": "found '<='; comparisons are not part of a formula$",
    "x \U000f0000": "found '.*f0000', a character without a name; a formula is made of names, numbers",
    "u'x'": r"^expected an operator after u', found x'; for a product write u'\*x'$",
    "a/(b + c) (d + e)": r"write \(.../\(b \+ c\)\)\*\(...\) or",
    "a/sin(x) y": r"write \(.../sin\(x\)\)\*y or",
    "g/l sin(x)": r"^found sin\(...\) behind a quotient.*write \(.../l\)\*sin\(...\) or",
    "x/u v": r"^found v behind a quotient, which may belong above or below; write \(.../u\)\*v or .../\(u",
    "x^2v": r"^found v directly behind an exponent, which may belong to it; write \* or brackets$",
    "x +": r"^expected a name, a number or a bracket after \+, found the end; complete it$",
    "= x": "^expected a name, a number or a bracket after the start, found the end; complete it$",
    "x = u <- v": "^found a second '<-'; a sentence has two sides, write the next after ';'$",
    "x <- u <- v": "^found a second '<-'",
    "x; u": "; write one expression, or only equations, or only updates$",
    "(x = u)": "^found '=' inside brackets, where one expression is expected; close the bracket first$",
    "exp(x; u)": "^found ';' inside the brackets of a function, where one expression",
    "x)": r"^found '\)' without an opening bracket; remove it$",
    "(x": r"^this bracket is never closed; add '\)'$",
    "a**b**c": r"^found a power of a power; write a\*\*\(b\*\*c\) or \(a\*\*b\)\*\*c$",
    "": r"^found nothing to read; give a formula such as 'u <- rho\*u - eta\*G'$",
    "x + potent": "^found potent, which is no known name; write one of G, U, ",
    "Potential(x)": r"^found Potential, which is no known function; write potential$",
    "f(x)": r"^found f before a bracket, which may be a function that is not known, or a factor; "
    r"for the product write f\*\(...\)$",
    "zzz(x)": "which is no known function; write one of Abs, Eq, ITE, Max, Min, Mod, Ne, Piecewise, ",
    "sqrt*x": r"^found the function sqrt without its argument; write sqrt\(...\)$",
    "x*u(v)": r"^found u before a bracket, but it is no function; for a product write u\*\(...\)$",
    "exp(x, u)": "^exp takes 1 argument, given 2; change their number$",
    "Max(x)": "^Max takes 2 to 4 arguments, given 1; change their number$",
    "Min(x, u, v, t, m)": "^Min takes 2 to 4 arguments, given 5; change their number$",
    "partial(1)": "^partial takes 2 to 21 arguments, given 1; change their number$",
    "partial(0, x, u)": "^this cannot be read: .* counts its coordinates from 1 to 2, given 0$",
    "partial(1/2, x, u)": "counts its coordinates from 1 to 2, given 1/2$",
    "sinh(log(x))": r"^this cannot be read: log\(x\) may not be real; for sinh, declare what its roots and "
    "logarithms take positive$",
    "tanh(sqrt(x))": r"sqrt\(x\) may not be real; for tanh, declare",
    "tanh(x**u)": r"x\*\*u may not be real; for tanh, declare",
    "log(0)": "^this is zoo, not a finite real number; change its argument$",
    "sqrt(-x**2)": r"^this is I\*Abs\(x\), not a finite real number",
    "0**(-x)": r"^this is zoo\*\*x, not a finite real number",
    "1/0**x": "^found a division by zero; divide by something else$",
    "2 <- x": "^found 2 on the left of <-; write the symbol that is updated$",
    "u <- (v); (u) <- v": "^u is updated twice; a rule updates each symbol once$",
    "Abs(log(2) + log(3) + log(5) + log(7) + sin(1))": "^found more than 4 irrational constants here",
}


@pytest.mark.parametrize(("text", "says"), SAYS.items(), ids=map(short, SAYS))
def test_a_refusal_says_what_was_found_and_what_to_do(text, says):
    assert re.search(says, refusal(text))


@pytest.mark.parametrize(
    ("declare", "says"),
    [
        ("k", r"^declare takes several names; given 'k', write declare=\('k',\)$"),
        ((1,), "^declare takes names, symbols and quantities, given 1$"),
        (("a b",), "^'a b' cannot be declared; a name is made of letters, digits and single _$"),
        (("exp",), "^'exp' cannot be declared"),
        (
            (Symbol("k", positive=True), Symbol("k", real=True)),
            "^k is declared twice, as symbols with different .*; keep one$",
        ),
        (
            (Symbol("k", imaginary=True),),
            "^k cannot be declared: formulas are about real numbers, and it is",
        ),
    ],
)
def test_what_cannot_be_declared_is_said(declare, says):
    with pytest.raises((TypeError, ValueError), match=says):
        read("x", declare=declare)


def test_what_is_no_text_is_said():
    with pytest.raises(TypeError, match=r"^expected the text of a formula, given 3 of type int$"):
        read(3)
    with pytest.raises(TypeError, match=r"^expected a Vocabulary such as STANDARD, given None$"):
        read("x", None)


def test_a_known_name_that_is_declared_again_as_text_keeps_its_assumptions():
    assert read("sqrt(m**2)", declare=("m",)) == m
    k = Symbol("k", positive=True)
    assert read("sqrt(k**2)", declare=(scalar(k, LENGTH), "k")) == k


# ------------------------------------------------------------------ the bounds


def ten(power: int) -> str:
    """Return a text for a power of ten, in numbers that the reader reads; 10**3010 has 9999.04 bits."""
    return "*".join(["1e40"] * (power // 40) + [f"1e{power % 40}"])


NINE_MAXIMA = " + ".join(["Max(x, u)"] * 9)  # with the sums between them 9*202 + 8 nodes, 1826 in all


@pytest.mark.parametrize(
    ("reads", "refuses", "says"),
    [
        ("k" * 40, "k" * 41, "at most 40 characters"),
        ("x" + " " * 3999, "x" + " " * 4000, "4001 characters, at most 4000 are read; split it"),
        ("x + " + "1" * 40, "x + " + "1" * 41, "more than 40 digits; shorten it"),
        ("x + 1." + "1" * 39, "x + 1." + "1" * 40, "more than 40 digits; shorten it"),
        ("x*1e40", "x*1e41", "decimal exponent beyond 40; choose other units"),
        ("x*1E-40", "x*1E-41", "decimal exponent beyond 40; choose other units"),
        ("x*1e" + "0" * 38 + "40", "x*1e" + "0" * 39 + "40", "decimal exponent beyond 40"),
        (
            "(" * 60 + "x" + ")" * 60,
            "(" * 61 + "x" + ")" * 61,
            "brackets more than 60 deep; name parts",
        ),
        ("x" + "+x" * 400, "x" + "+x" * 401, "more than 400 operators in one expression; name parts of it"),
        ("-x" + "*u" * 399, "-x" + "*u" * 400, "more than 400 operators"),
        ("x" + "*-u" * 400, "x" + "*-u" * 401, "more than 400 operators"),
        ("x = u\n" * 100, "x = u\n" * 101, "more than 100 sentences; split the text"),
        ("sin(" * 20 + "x" + ")" * 20, "sin(" * 21 + "x" + ")" * 21, "20 levels deep; name the inner ones"),
        ("(x+" * 20 + "x" + ")" * 20, "(x+" * 21 + "x" + ")" * 21, "20 levels deep"),
        ("(x*" * 20 + "-x" + ")" * 20, "(x*" * 21 + "-x" + ")" * 21, "20 levels deep"),
        ("(" * 10 + "x" + "+u)*v" * 10, "(" * 11 + "x" + "+u)*v" * 11, "20 levels deep"),
        (
            f"u <- -{NINE_MAXIMA} + 3*abs(x)*abs(x)*abs(x)" + "*x" * 7,
            f"u <- {NINE_MAXIMA} + 3*abs(x)*abs(x)*abs(x)" + "*x" * 8,
            r"weighs more than 2000 nodes \(a Max weighs 200\); name parts of it",
        ),
        ("x**64", "x**65", "the exponent 65; write one between -64 and 64"),
        ("x**-64", "x**-65", "the exponent -65; write one between -64 and 64"),
        ("m**(1/64)", "m**(1/65)", "the exponent 1/65; write one between -64 and 64"),
        (
            "Abs(sqrt(2) + log(3) + sin(5) + exp(7))",
            "Abs(sqrt(2) + log(3) + sin(5) + exp(7) + cos(3))",
            "more than 4 irrational constants here; name some of them",
        ),
        (
            "Max(sqrt(2), log(3), sin(5), exp(7))",
            "Max(sqrt(2), log(3), sin(5), exp(7) + cos(3))",
            "more than 4",
        ),
    ],
    ids=short,
)
def test_what_is_at_a_bound_is_read_and_what_is_beyond_is_refused(reads, refuses, says):
    read(reads, declare=("k" * 40,) if "k" in reads else ())
    assert re.search(says, refusal(refuses))


def test_the_weight_of_all_sentences_counts_together():
    read(f"u <- x + {NINE_MAXIMA}")
    assert "weighs more than 2000 nodes" in refusal(f"u <- x + {NINE_MAXIMA}; x <- u + Max(x, u)")


LARGE = {  # the largest numerator or denominator just below 2**10000, and just above
    "product": (f"x*{ten(3010)}", f"x*{ten(3011)}"),
    "zero": (f"0*{ten(3010)}", f"0*{ten(3011)}"),
    "sign": (f"-{ten(3010)}*x", f"-{ten(3011)}*x"),
    "sum": (f"{ten(3010)} + x*{ten(3009)}", f"{ten(3010)} + x*{ten(3010)}"),
    "difference": (f"{ten(3009)} - x*{ten(3010)}", f"{ten(3010)} - x*{ten(3010)}"),
    "one denominator": (f"1/({ten(1505)}) + x/({ten(1505)})", f"1/({ten(1505)}) + x/({ten(1506)})"),
    "left of two": (f"x*{ten(2000)} + 1/({ten(1010)})", f"x*{ten(2000)} + 1/({ten(1011)})"),
    "right of two": (f"1/({ten(1010)}) + x*{ten(2000)}", f"1/({ten(1011)}) + x*{ten(2000)}"),
    "quotient": (f"x/({ten(3010)})", f"x/({ten(3011)})"),
    "quotient of a quotient": (f"x/1e7/({ten(3003)})", f"x/1e7/({ten(3004)})"),
    "by a quotient": (f"1e9*x/(1/({ten(3001)}))", f"1e9*x/(1/({ten(3002)}))"),
    "power": (f"({ten(1505)}*x)**2", f"({ten(1506)}*x)**2"),
    "power of a quotient": (f"(x/({ten(1505)}))**2", f"(x/({ten(1506)}))**2"),
    "power over another": (f"(x/({ten(1000)}))**2/({ten(1010)})", f"(x/({ten(1000)}))**2/({ten(1011)})"),
    "inverse power": (f"x/({ten(1505)}*u)**2", f"x/({ten(1506)}*u)**2"),
    "decimals": ("x*" + "1e-40*" * 75 + "1e-10", "x*" + "1e-40*" * 75 + "1e-11"),
    "argument": (f"log(m/({ten(3010)}))", f"log(m/({ten(3011)}))"),
    "one of two": (f"Max({ten(3010)}, x)", f"Max(x, {ten(3011)})"),
    "one of two quotients": (f"Max(x, 1/({ten(3010)}))", f"Max(1/({ten(3011)}), x)"),
    # e**6000 has 8656 bits and e**7000 has 10098, since log2(e) is 1.4427
    "exponential": ("exp(6000)", "exp(7000)"),
    "hyperbolic": ("sinh(6000) + x*cosh(100)", "cosh(7000)"),
}


@pytest.mark.parametrize(("reads", "refuses"), LARGE.values(), ids=LARGE)
def test_numbers_of_ten_thousand_bits_are_read_and_larger_ones_refused(reads, refuses):
    read(reads)
    assert refusal(refuses) == "this may make numbers of more than 10000 bits; choose other units"


@pytest.mark.parametrize("text", ["2**1e40", f"2**({ten(400)})", f"(1/2)**({ten(400)})", "x*1.5**10000"])
def test_what_is_raised_to_a_large_number_is_refused_before_it_is_computed(text):
    assert "more than 10000 bits" in refusal(text)


def test_exponents_may_add_up_to_large_numbers():
    assert "the exponent 1000" in refusal(f"x**({ten(1505)})*x**({ten(1505)})")
    for operator in "*/":
        assert "more than 10000 bits" in refusal(f"x**({ten(1505)}){operator}x**({ten(1506)})")


def test_two_to_the_ten_thousandth_itself_is_read():
    text = f"{2**16}" + f"*{2**128}" * 78
    assert read(text) == Integer(2) ** 10_000
    assert "more than 10000 bits" in refusal(f"2*{text}")


def test_the_root_of_a_number_of_256_bits_itself_is_taken():
    assert read(f"sqrt({2**128}*{2**128})") == Integer(2) ** 128


def test_a_sum_that_begins_with_a_call_weighs_no_more_than_another():
    assert read("Max(x, u)" + " + x" * 20) == Max(x, u) + 20 * x


# 10**77 has 255.8 bits.
ROOTS = ["sqrt({})", "({})**(1/2)", "({})**(1/64)", "({})**0.5", "({})**-0.5", "({})**x", "sqrt(1/({}))"]


@pytest.mark.parametrize("root", ROOTS)
def test_roots_are_taken_of_numbers_of_256_bits_and_no_more(root):
    read(root.format(ten(77)))
    message = "this may take roots of numbers of more than 256 bits; choose other units"
    assert refusal(root.format(ten(78))) == message


@pytest.mark.parametrize("power", [2, -2])
def test_a_whole_power_is_no_root(power):
    assert read(f"({ten(100)})**{power}") == Integer(10) ** (100 * power)


# ------------------------------------------------------------------ functions


def test_of_many_nodes_the_larger_is_not_sought():
    # Of 16 nodes SymPy is asked which is larger, and x + u + ... + exp(t) is; of 17 it is not.
    seven = [Symbol(f"y{n}", real=True) for n in range(7)]
    six = sum(seven[:6])
    assert read(f"Max({six}, {six + exp(t)})", declare=seven) == six + exp(t)
    assert read(f"Min({six}, {six + exp(t)})", declare=seven) == six
    assert set(read(f"Max({sum(seven)}, {sum(seven) + tau})", declare=seven).args) == {
        sum(seven),
        sum(seven) + tau,
    }
    assert sum(seven) + tau == Max(sum(seven), sum(seven) + tau)


def test_a_modulus_is_taken_apart_only_where_all_is_real():
    assert read("Abs(-2*x*exp(u))") == 2 * Abs(x) * exp(u)
    assert read("Abs(-2*log(x))").args == (-2 * log(x),)
    assert read("abs(-2*sqrt(x))").args == (-2 * sqrt(x),)
    assert Abs(-2 * log(x)).args != (-2 * log(x),)


@pytest.mark.parametrize("text", ["tanh(sqrt(m))", "tanh(m**x)", "tanh(x**-2)", "tanh(1/(x + u))"])
def test_what_is_real_wherever_it_is_defined_may_stand_in_a_hyperbolic_function(text):
    assert read(text) == tanh(read(text[5:-1]))


def test_the_places_of_a_partial_derivative_are_counted_from_one():
    assert read("partial(1, x, u)") == partial(1, x, u)
    assert read("partial(2, x, u)") == partial(2, x, u)


def test_a_rule_may_write_its_targets_in_brackets():
    assert read("(u) <- rho*u - eta*G; (x) <- x + u_t") == Rule(
        (Update(u, rho * u - eta * G), Update(x, x + u))
    )


@pytest.mark.parametrize("text", ["x + u + m + t", "x - u - m - t", "x*u*m*t", "x/u/m/t", "x/u*m/t"])
def test_a_chain_is_kept_in_its_parts_and_joined_once(text):
    # Joined at each operator, 300 symbols would take twenty times as long.
    (sentence,) = sentences(text)
    (tree,) = sentence.sides
    found = reading(tree, {s.name: s for s in (x, u, m, t)})
    assert len(found.chains[tree.root].parts) == 4


@pytest.mark.parametrize("text", ["Max(x**2, u**2)", "exp(x*Max(x**2, u**2))", "x**2*u**2", "x**(u**2)"])
def test_several_powers_that_are_not_powers_of_each_other_are_read(text):
    assert read(text) == sympy.sympify(text, {"x": x, "u": u})


# ------------------------------------------------------------------ tokens


def test_tokens_are_the_parts_of_a_text_with_their_kinds_and_places():
    assert [(t.kind, t.text, t.position) for t in tokens("u <- 2.5e-3*ρ;\n(v, -x)")] == [
        ("name", "u", 0),
        ("relation", "<-", 2),
        ("number", "2.5e-3", 5),
        ("operator", "*", 11),
        ("name", "ρ", 12),
        ("semicolon", ";", 13),
        ("newline", "\n", 14),
        ("open", "(", 15),
        ("name", "v", 16),
        ("comma", ",", 17),
        ("sign", "-", 19),
        ("name", "x", 20),
        ("close", ")", 21),
    ]


def test_a_greek_token_has_the_name_of_its_letter():
    assert [Token("name", text, 0).name for text in ("ρ", "Δt", "λ", "x")] == ["rho", "dt", "lam", "x"]


@pytest.mark.parametrize(
    ("text", "value"),
    [("12", 12), ("0.125", Fraction(1, 8)), (".5", Fraction(1, 2)), ("2.5E-3", Fraction(1, 400))],
)
def test_a_number_is_the_fraction_that_it_prints(text, value):
    assert number(Token("number", text, 0)) == value


@pytest.mark.parametrize(
    ("text", "yes"),
    [
        ("k", True),
        ("k_1", True),
        ("k" * 40, True),
        ("k" * 41, False),
        ("a__b", False),
        ("1k", False),
        ("k ", False),
    ],
)
def test_a_name_is_letters_digits_and_single_underscores(text, yes):
    assert is_name(text) is yes


# ------------------------------------------------------------------ errors


@pytest.mark.parametrize(
    ("text", "position", "line", "column"),
    [
        ("x^2", 1, "x^2", 1),
        ("x = u\nv^2\nt", 7, "v^2", 1),
        ("x = u\nv^2", 6, "v^2", 0),
        ("\nx^2", 2, "x^2", 1),
        ("x\nu\nv^2", 5, "v^2", 1),
        ("x\tu\x1b", 3, "x\N{REPLACEMENT CHARACTER}u\N{REPLACEMENT CHARACTER}", 3),
        ("x" * 50 + "^" + "u" * 50, 50, "x" * 36 + "^" + "u" * 35, 36),
        ("x" * 36 + "^", 36, "x" * 36 + "^", 36),
    ],
)
def test_an_error_shows_the_line_and_a_caret_below_the_place(text, position, line, column):
    error = ReadError("found '^'", text, position)
    assert str(error) == f"found '^'\n  {line}\n  {' ' * column}^"
    assert (error.message, error.text, error.position) == error.args == ("found '^'", text, position)
