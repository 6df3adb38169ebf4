"""Texts that a reader of formulas must survive, by category, for whatever reads text from outside.

`corpus(canary)` makes them. The payloads of the category "code" would touch the file `canary` if run.
"""

from __future__ import annotations

from typing import NamedTuple


class Hostile(NamedTuple):
    category: str
    text: str


def corpus(canary: str) -> list[Hostile]:
    """Return the corpus, each text once."""
    made = {
        "code": _code(canary),
        "service": _service(),
        "look-alike": _look_alikes(),
        "syntax": _syntax(),
        "captured": _captured(),
        "meaningless": _meaningless(),
    }
    first_category = {text: category for category in reversed(made) for text in made[category]}
    return [Hostile(category, text) for text, category in first_category.items()]


def _code(canary: str) -> list[str]:
    touch = f"__import__('pathlib').Path({canary!r}).touch()"
    shell = f"__import__('os').system('touch {canary}')"
    opened = f"open({canary!r}, 'w')"
    payloads = [touch, shell, opened, f"exec({touch!r})", f"eval({touch!r})"]
    shells = [
        "{}", "({})", "x + {}", "-{}", "{} ** 2", "grad({})", "exp({})", "u <- {}", "x = {}", "u <- x; {}",
        "[{}]", "x if {} else u", "(lambda: {})()", "[{} for x in (1,)]", "{{{}: 1}}", "{} or x",
        "(y := {})", "Max({}, x)", "potential(*[{}])", "dot(x, y={})", "x[{}]", "x\n{}", "f'{{{}}}'",
        "print({})", "@{}\ndef f(): pass", "assert {}", "while {}: pass", "with {}: pass", "x: {}",
        "lambda x={}: x", "class A(metaclass={}): pass",
    ]  # fmt: skip
    wrapped = [shell_.format(payload) for shell_ in shells for payload in payloads[:3]]
    quoted = [f"{name}({payload!r})" for name in ("sin", "grad", "dot", "Symbol") for payload in payloads]
    return wrapped + payloads + quoted + _CHAINS


_CHAINS = [
    "x.__class__", "x.__class__.__mro__[1].__subclasses__()", "().__class__.__bases__[0]", "x.func",
    "x.subs(x, u)", "grad.__globals__", "grad.__init__.__globals__['__builtins__']", "exp.__module__",
    "''.__class__.__mro__", "(1).__class__", "1..__class__", "1.0.real", "x.free_symbols.pop()",
    "x.evalf(10**9)", "getattr(x, 'name')", "setattr(x, 'name', 'u')", "delattr(x, 'name')", "globals()",
    "locals()", "vars()", "dir()", "breakpoint()", "input()", "exit()", "quit()", "help()",
    "compile('1', '', 'eval')", "memoryview(b'')", "type(x)", "id(x)", "__builtins__", "__name__",
    "__file__", "__loader__", "__import__", "__import__('os')", "__class__", "x__class__", "import os",
    "from os import system", "import os; os.system('id')", "os.system('id')", "sys.exit()", "del x",
    "global x", "yield x", "await x", "async def f(): pass", "return x", "raise x", "pass", "sympify('x')",
    "parse_expr('x')", "lambdify(x, x)", "S('x')", "Symbol('x')", "Function('f')(x)", "Lambda(x, x)(u)",
    "eval", "exec", "open", "print", "exec('1')", "eval('x')", "str(x)", "repr(x)", "format(x)", "chr(120)",
    "bytes(4)", "x.diff", "grad(x).diff(x)", "{}.__class__", "[].append(x)", "x.__add__(u)",
    "x.__reduce__()",
]  # fmt: skip


def _service() -> list[str]:
    return [
        # power towers
        "9**9**9", "9**9**9**9", "2**(2**(2**(2**(2**2))))", "2**(2**(2**2))**(2**(2**2))",
        "((9**9)**9)**9", "(((2**64)**64)**64)**64", "(((2*x)**64)**64)**64",
        "((((x + 1)**64)**64)**64)**64", "x**(10**10)", "x**1000000000", "10**1000000000", "2**65",
        "x**-65", "x**65.0", "x**(1/1000)", "8**(10**20/3)", "8**(100000000000000000000/3)",
        "2**(x + 10**20)*2**(-x)", "2**(x + 10**20 - x)", "exp(10**20*log(2))", "exp(log(2)*99999999)",
        "exp(1e40)", "exp(exp(exp(exp(5))))", "exp(exp(exp(20)))", "cosh(sinh(cosh(sinh(9))))",
        "exp(-1e30*t)", "(1/2)**(2**(2**(2**(2**2))))", "(x**(10**20))**(10**20)", "(10**40)**(2**x*10**9)",
        "0.5**0.5**0.5", "2**(1e20)", "1e40**1e40", "(1e40)**64*(1e40)**64*(1e40)**64*(1e40)**64",
        "2**(64*64*64)", "x" + "**x" * 200, "x" + "**2" * 1200, "2**(" * 50 + "2" + ")" * 50,
        "(" * 50 + "2" + ")**64" * 50, "(" * 25 + "x" + "**(1/2)+1)" * 25,
        "x**" + "(x**" * 40 + "x" + ")" * 40,
        *(f"{b}**({k})" for b in ("2", "10", "x", "1.5") for k in ("99999999", "9**99", "1e9", "-1e9")),
        # factorials
        "10!", "x!", "9!!", "factorial(10**9)", "gamma(10**9)", "binomial(10**9, 10**8)", "(((9!)!)!)!",
        "fibonacci(10**9)", "primorial(10**6)", "bernoulli(10**6)", "prime(10**9)", "nextprime(10**4000)",
        "Sum(x, (x, 1, 10**9))", "Product(x, (x, 1, 10**9))", "Integral(exp(-x**2), x)", "integrate(x, x)",
        "solve(x, x)", "simplify(x)", "factorint(2**997 - 1)", "expand((x + u)**1000)", "limit(x, x, 0)",
        "N(x, 10**9)",
        # digits
        "9" * 41, "9" * 3999, "0." + "9" * 41, "0." + "0" * 3000 + "1", "1e1000000000", "1e-1000000000",
        "1E+999999999", "1e41", "1e-41", "1e" + "9" * 3000, "1e" + "0" * 50 + "1", "x*1e999",
        "1.5e100000000", "x + " + "7" * 100,
        # nesting
        "(" * 61 + "x" + ")" * 61, "(" * 1500 + "x" + ")" * 1500, "(" * 4000, ")" * 4000,
        "[" * 2000 + "]" * 2000, "(" * 100, "grad(" * 60 + "x" + ")" * 60, "exp(" * 55 + "x" + ")" * 55,
        "{" * 1000, "((" * 30 + "x" + ")" * 59,
        *(f"{f}(" * 55 + "x" + ")" * 55 for f in ("tanh", "sin", "cosh", "log", "sqrt", "Abs", "dot")),
        *(f"{f}(" * 21 + "x" + ")" * 21 for f in ("tanh", "sinh", "cos", "exp", "sign", "after")),
        "1/(1 + " * 50 + "x" + ")" * 50, "Max(x, u + " * 30 + "v" + ")" * 30,
        "sqrt(1 + x*" * 40 + "x" + ")" * 40, "(x + u*" * 59 + "v" + ")" * 59,
        "exp(x)**" + "(exp(x)**" * 30 + "x" + ")" * 30,
        # signs and chains
        "-" * 3000 + "x", "+" * 3000 + "x", "~" * 3000 + "x", "-+" * 1500 + "x", "not " * 900 + "x",
        "- " * 1900 + "x", "x" + "+x" * 1900, "x" + "*x" * 1900, "x" + "/x" * 1900, "x" + "-x" * 401,
        "x" + "+u*v" * 300, "x" + "+1" * 500, "x" + " and x" * 600, "x" + " < x" * 900, "x" + ".x" * 1900,
        "x" + "(x)" * 1000, "x" + "[x]" * 1000, "x" + " if x else x" * 300, "lambda: " * 400 + "x",
        "x," * 1900, "x;" * 1900, "x=" * 1900, "u<-" * 1200,
        # width
        "x" * 4001, " " * 4001, "x + " * 1000 + "x", "potential(" + "x," * 500 + "x)",
        "Max(" + "x + 1," * 300 + "u)", "+".join(f"Max(x + {i}, u)" for i in range(150)),
        "+".join(f"exp(x*{i})" for i in range(1, 300)), "+".join(f"Abs(x + {i})" for i in range(200)),
        "+".join(["sign(x)"] * 90), "Min(" * 12 + "x" + ", u)" * 12, "u <- x" + "\nu <- x" * 500,
        "\n" * 3999 + "(", "Abs(" + "+".join(f"sqrt({p})" for p in (2, 3, 5, 7, 11)) + ")",
        "tanh((x**t + 1)**64)", "sqrt(10**40*10**40*10**40)", "sqrt(" + "*".join(["9" * 40] * 3) + ")",
        "(x**t)**(2**99)", "sign(" + "+".join(f"sqrt({p + 1} + 2*sqrt({p}))" for p in (2, 3, 5, 7)) + ")",
        "Max(sqrt(3 + 2*sqrt(2)) - 1 - sqrt(2), 0)",
    ]  # fmt: skip


def _look_alikes() -> list[str]:
    letters = "хаеοѵｘ𝑥ⅹªºﬁﬂĳµϱϕϑϵΔ∆∇∂∑∏∫√∞ⅇⅈℯℎℓ℮ıſßçéñ中あ한"
    digits = "０１٣४๕²³¹½⅓Ⅷ①𝟏𝟚"
    signs = "−–—‐‑＋＊×·⋅∙÷∕⁄＝≠≤≥←→⇐（）［，；：．…′″‘’“”´｀＾＿"
    invisible = (
        "\u00a0\u00ad\u034f\u061c\u1680\u180e\u2000\u2003\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a"
        "\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\u3000\ufe0f\ufeff\ufff9\u0000\u0007\u0008"
        "\u000b\u000c\u001b\u007f\u0085\ud800\udfff\ue000\ufffe\U000e0041\U0010ffff"
    )
    return [
        *(f"rho*{c}" for c in letters), *(f"x + {c}" for c in digits), *(f"x {c} u" for c in signs),
        *(f"x{c}u" for c in invisible), "ｅｘｐ(x)", "ｇｒａｄ(x)", "ﬁ*x", "е**x", "ехр(x)", "grаd(x)", "x·y",
        "ρu", "xρ", "x\u0301", "e\u0301*x", "\u202e)x(dnarg", "rho\u200b*u", "exp\u2061(x)",
        "__ｉｍｐｏｒｔ__('os')", "＿＿import＿＿", "eta\u0338", "x\u20d7", "Δ t", "ΔΔt", "𝜌*u", "ρ\ufe00*u",
        "\u2066x\u2069", "x\u2032",
    ]  # fmt: skip


def _syntax() -> list[str]:
    return [
        "", " ", "\t", "\n", ";", ";;", "()", "( )", "=", "<-", "x =", "= x", "u <-", "<- x", "x = u = v",
        "x <- u <- v", "u <- x = v", "x == u", "x != u", "x < u", "x > 0", "x <= u", "x >= u", "x <> u",
        "(x > 0) + 1", "(x>0)*u", "x := u", "x -> u", "x => u", "u' = x", "x'", "x''", "2+", "x*",
        "x/", "x**", "*x", "/x", "**x", "x***u", "x//u", "x%%u", "x@u", "x&u", "x|u", "x^u", "x~u", "~x",
        "x<<u", "x>>u", "x ? u", "x $ u", "`x`", "#x", "x # u", "x\\u", "\\rho", "\\frac{x}{u}", "$x$",
        "x:u", "x,", "x,u", "(x,u)", "(x,)", ",x", "[x]", "[x, u]", "{x}", "{x: u}", "x[0]", "x[:]", "x.u",
        "x.", ".x", "..", "...", "Ellipsis", "'x'", '"x"', "b'x'", "f'{x}'", "r'x'", "u'x'", "'''x'''",
        "'x", '"', "'\\d'", "True", "False", "None", "not x", "x and u", "x or u", "x in u", "x is u",
        "x if u else v", "lambda: x", "lambda x: x", "[x for x in u]", "{x for x in u}", "(x for x in u)",
        "*x", "f(*x)", "grad(*x)", "grad(**x)", "grad(x=1)", "grad(x, )", "grad()", "grad(,x)", "grad x",
        "grad", "grad(x)(x)", "(grad)(x)", "exp", "exp(x)(u)", "x(u)", "2(x)", "(x)(u)", "(x)u", "u(x)",
        "2x", "2 x", "x2 3", "x u", "1x", "1_000", "1__0", "0x10", "0b1", "0o7", "1j", "1e", "1e+", "1.",
        "1.e5", ".e5", "1.2.3", "1..2", "0xfor x", "1if x else u", "1or 2", "x--u", "--x", "- -x", "+-x",
        "x+-u", "x*/u", "x**-u**2", "x**u**v", "(x", "x)", ")x(", "((x)", "(x))", "grad(x", "grad x)",
        "(x]", "[x)", "x; = u", "x; u", "x = u; v", "u <- x; x = u", "u <- x; u <- v", "after(u) <- x",
        "dot(x) <- u", "U <- x", "G <- x", "x + u <- v", "2 <- x", "u <- x; dot(u)", "u <- x +\nx <- u",
        "x = (u; v)", "(x = u)", "(u <- x)", "grad(u <- x)", "x\\\nu", "if x: u", "def f(): x",
        "x; import os", "_x", "_", "__", "x__y", "__x__", "a" * 41, "x!", "%d", "%s", "{0}", "{x!r}",
        "\x00", "x\x00u", "<!-- x -->", "<script>x</script>", "'; DROP TABLE x; --", "${x}", "$(id)",
        "`id`", "| id", "&& id", "../../x",
    ]  # fmt: skip


def _captured() -> list[str]:
    names = [
        "E",
        "I",
        "S",
        "N",
        "O",
        "Q",
        "C",
        "pi",
        "oo",
        "zoo",
        "nan",
        "GoldenRatio",
        "EulerGamma",
        "Catalan",
        "beta",
        "zeta",
        "Lambda",
        "Chi",
        "Ci",
        "Si",
        "Ei",
        "li",
        "Li",
        "ff",
        "rf",
        "re",
        "im",
        "arg",
        "conjugate",
        "erf",
        "Heaviside",
        "DiracDelta",
        "diff",
        "Derivative",
        "Eq",
        "Ne",
        "Lt",
        "Integer",
        "Rational",
        "Float",
        "Symbol",
        "symbols",
        "Poly",
        "Matrix",
        "Piecewise",
        "And",
        "Or",
        "Not",
        "Xor",
        "true",
        "false",
        "test",
        "init_printing",
        "var",
        "source",
        "e",
        "i",
        "j",
        "ln",
        "tan",
    ]
    calls = (
        "gamma(x)", "beta(x, u)", "zeta(2)", "N(x)", "S(1)/2", "Q.real(x)", "O(x)", "I*I", "E**x",
        "Symbol(x)", "pi*x", "Integer(2)", "Rational(1, 2)", "Float(1)", "oo - oo", "nan*x", "zoo",
        "diff(x, x)", "Eq(x, u)", "Not(x)", "Piecewise((x, u))", "Matrix(x)", "Lambda(x, u)", "lam(x)",
        "eta(x)", "rho(x)", "alpha(x)", "V(x)", "G(x)",
    )  # fmt: skip
    return [*names, *calls]


def _meaningless() -> list[str]:
    return [
        "1/0", "x/0", "x/(1 - 1)", "x/(u - u)", "0**-1", "0**(-1/2)", "(x - x)**-2", "log(0)", "log(x - x)",
        "log(-1)", "sqrt(-1)", "sqrt(-m)", "(-8)**(1/3)", "(-1)**0.5", "1/(0*x)", "1/0.0", "0/0",
        "1/grad(x)*1/0", "sqrt(-1 - m)", "partial(0, x)", "partial(2, x)", "partial(x, x)",
        "partial(1/2, x, u)", "partial(-1, x, u)", "partial(1)", "dot(2)", "dot(x + u)", "dot(grad(x))",
        "dot(U)", "after(1)", "after(x*u)", "before(G)", "dot(x, t)", "Max()", "Max(x)", "grad(x, u)",
        "exp(x, u)", "log(x, 2)", "sin()", "sqrt(x, 3)", "Abs(x, u)", "hess(x, u)", "tanh(log(x))",
        "cosh(sqrt(x))", "log(log(1))", "1/log(1)", "1/sin(0)", "Max(grad(0), 1)",
    ]  # fmt: skip
