r"""Trees to values, with every decision that the text leaves open made by a table of decisions.

What is not understood as a value of real numbers is opaque: a function whose name begins with a backslash, or
a symbol with such a name, of which nothing is known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

import sympy
from sympy import Derivative, Dummy, Expr, Integer, Rational, Subs, Symbol
from sympy import Function as Undefined
from sympy.core.function import AppliedUndef

from physsym.core.symbols import after, before, dot
from physsym.core.verdicts import Condition
from physsym.parsing.interpretation import FUNCTIONS as BOUNDED
from physsym.parsing.latex.conventions import Conventions, bound_letter, derivative_letters, is_bare, key_of
from physsym.parsing.latex.names import (
    MARKS,
    TRANSPOSES,
    Named,
    letters_of,
    named,
    shifted,
    spelled_below,
    spelled_letter,
    unwrapped,
)
from physsym.parsing.latex.tree import (
    Accented,
    Bracket,
    Dots,
    Factorial,
    Fraction,
    Function,
    Grid,
    Name,
    Node,
    Number,
    Operator,
    Product,
    Relation,
    Root,
    Script,
    Scripted,
    Sum,
    Words,
)
from physsym.parsing.tokens import MAX_DIGITS, ReadError

MAX_POWER = 64
MAX_BITS = 4000
MAX_MEANINGS = 8
MAX_FACTORIAL = 100
MAX_NESTED = 60
OPAQUE = "\\"
"""With this sign begin the names of functions and symbols of which nothing is known."""

_PLAIN: Mapping[str, Callable[..., Expr]] = {
    "tan": sympy.tan, "cot": sympy.cot, "sec": sympy.sec, "csc": sympy.csc, "coth": sympy.coth,
    "arcsin": sympy.asin, "arccos": sympy.acos, "arctan": sympy.atan, "asin": sympy.asin, "acos": sympy.acos,
    "atan": sympy.atan, "arctanh": sympy.atanh, "arcsinh": sympy.asinh, "arccosh": sympy.acosh,
    "erf": sympy.erf, "erfc": sympy.erfc, "ln": sympy.log, "sinc": lambda z: Undefined("sinc")(z),
    "atan2": sympy.atan2, "sech": sympy.sech, "csch": sympy.csch,
}  # fmt: skip
_RENAMED = {"sgn": "sign", "ceil": "ceil", "clamp": "clip"}
_TRIGONOMETRIC = frozenset(
    ["sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh", "coth", "log", "ln", "lg"]
)
_UNIT_NAMES = (
    "m s kg g N J W Hz Pa K A V C cm mm km nm ms ns min h rad eV keV MeV mol L Nm kN MHz GHz kHz T F fm au yr"
)
_UNITS = frozenset(_UNIT_NAMES.split())
_OPAQUE_NAMES = "tr Tr trace det diag rank dim ker vec span Var Cov var cov Re Im gcd arg prox mean std"
_OPAQUE_NAMES += " logsumexp div curl rot"
_OPAQUE_FUNCTIONS = frozenset(_OPAQUE_NAMES.split())


@dataclass
class Decisions:
    """What is decided where the text leaves it open: an option for each question, the first by default."""

    taken: Mapping[str, int]
    asked: dict[str, tuple[str, ...]] = field(default_factory=dict)
    positions: dict[str, int] = field(default_factory=dict)

    def take(self, node: Node, question: str, *options: str) -> int:
        """Return the number of the option that is taken; the question is about a node."""
        self.asked.setdefault(question, options)
        self.positions.setdefault(question, node.start)
        return self.taken.get(question, 0)


T = TypeVar("T")


def alternatives(read: Callable[[Decisions], T], text: str) -> list[tuple[T, Decisions]]:
    """Return each way to read something, with the decisions that lead to it, the usual ones first.

    Raises ReadError where the usual way is no reading, or there are more than 8; another way that fails is
    left out.
    """
    pending: list[dict[str, int]] = [{}]
    found: list[tuple[T, Decisions]] = []
    tried = 0
    while pending:
        taken = pending.pop(0)
        tried += 1
        decisions = Decisions(taken)
        try:
            found.append((read(decisions), decisions))
        except ReadError:
            if not found:
                raise
        before = dict(taken)
        for question, options in decisions.asked.items():
            if question not in taken:
                pending += [{**before, question: other} for other in range(1, len(options))]
                before[question] = 0
        if tried + len(pending) > 2 * MAX_MEANINGS:
            raise ReadError(
                f"this can be read in more than {MAX_MEANINGS} ways; write more brackets", text, 0
            )
    return found


class Interpretation:
    """The values of the trees of one formula, under one set of decisions."""

    def __init__(self, text: str, conventions: Conventions, decisions: Decisions) -> None:
        """Begin; nothing is evaluated yet."""
        self.text, self.conventions, self.decisions = text, conventions, decisions
        self.one_coordinate = False
        self.assumed: dict[str, None] = {}
        self.bound: list[str] = []
        self.positions: dict[Expr, int] = {}
        self.above: dict[Expr, int] = {}
        self.joined: Node | None = None
        self.nested = 0
        self.domain: dict[Condition, None] = {}

    # ------------------------------------------------------------ help

    def error(self, message: str, node: Node) -> ReadError:
        """Return the error that points at a node."""
        return ReadError(message, self.text, node.start)

    def source(self, node: Node) -> str:
        """Return the text of a node."""
        return " ".join(self.text[node.start : node.end].split())

    def opaque(self, name: str, *arguments: Expr) -> Expr:
        """Return a function of which nothing is known."""
        return Undefined(OPAQUE + name)(*arguments)

    def symbol(self, key: str) -> Symbol:
        """Return a real symbol."""
        return Symbol(key, real=True)

    # ------------------------------------------------------------ names

    def key(self, name: Named) -> str:
        """Return a name in words, without its indices of time, primes and dots."""
        parts = [spelled_letter(name.letters, self.conventions.variants)]
        font = "" if name.font in ("italic", "word") else name.font
        if name.letters in self.conventions.fonts and self.conventions.strict:
            message = (
                f"found {name.letters}, which stands here in two typefaces; give one of them another name"
            )
            raise self.error(message, name.node)
        if font and name.letters in self.conventions.fonts:
            parts.append(font)
        parts += [
            self._part(i) for item in name.below for i in self._split(item) if not self._is_index(i, name)
        ]
        if name.below_text and not name.below:
            plain = "_".join("".join(c if c.isalnum() else " " for c in name.below_text).split())
            parts.append(MARKS.get(name.below_text, plain or f"{OPAQUE}{name.below_text}"))
        parts += name.accents
        if name.mark and name.mark not in ("+", "-", "++", "--"):
            parts.append(name.mark)
        return "_".join(p for p in parts if p)

    def _part(self, node: Node) -> str:
        """Return an index that belongs to the name."""
        if isinstance(node, Number):
            return node.text
        if isinstance(node, Name):
            return spelled_letter(node.letters, self.conventions.variants)
        if isinstance(node, Function):
            return node.name
        if isinstance(node, Product) and all(isinstance(f, (Name, Number)) for f in node.factors):
            return "".join(map(self._part, node.factors))
        if isinstance(node, Scripted) and isinstance(node.base, Number):
            raise self.error("this index is not understood", node)
        found = "".join(
            c if c.isalnum() or c in "+-=" else " " for c in self.source(node).replace(r"\_", " ")
        )
        return "_".join(found.split())

    def _split(self, node: Node) -> tuple[Node, ...]:
        """Return the indices of an index: letters that count side by side are several, 2k may be two."""
        if not isinstance(node, Product) or any(node.signs):
            return (node,)
        letters = [f for f in node.factors if isinstance(f, Name) and self._counts(f.letters)]
        numbers = [f for f in node.factors if isinstance(f, Number)]
        if not letters or len(letters) + len(numbers) != len(node.factors):
            return (node,)
        if (
            numbers
            and self.decisions.take(node, f"the index {self.source(node)}", "a product", "two indices") == 0
        ):
            return (node,)
        return node.factors

    def _counts(self, letters: str) -> bool:
        return letters in self.conventions.indices or letters in self.bound

    def _is_index(self, node: Node, name: Named) -> bool:
        """Return whether an index counts, and is no part of the name."""
        inner = unwrapped(node)
        if isinstance(inner, Sum) and len(inner.terms) == 1:
            inner = inner.terms[0]
        if isinstance(inner, Relation):  # `t=0` below a name: its value before the first step
            return inner.signs == ("=",) and self._is_index(inner.sides[0], name)
        if isinstance(inner, Number):
            if self.conventions.strict and not self._may_be_time(node, name):
                return False
            sequence = key_of(name) in self.conventions.sequences or key_of(name) in self.conventions.above
            return sequence and "." not in inner.text
        if isinstance(inner, (Name, Sum, Product)):
            found = list(letters_of(inner))
            return bool(found) and all(map(self._counts, found))
        return False

    def _may_be_time(self, number: Node, name: Named) -> bool:
        r"""Return whether a number stands where the name has its time elsewhere: 0 in `\mu_{1,0}`, not 1."""
        timed = (key_of(name), spelled_below(name)[:-1]) in self.conventions.in_time
        return timed and number is name.below[-1] and not self.conventions.starts_said

    def indices(self, name: Named) -> list[Expr]:
        """Return the values of the indices that count, those above behind those below."""
        parts = [i for item in name.below for i in self._split(item)]
        found = [self.value(_instant(unwrapped(i))) for i in parts if self._is_index(i, name)]
        if name.above is not None and self.is_above(name):
            inside = name.above.inside
            assert inside is not None
            found.append(self.value(unwrapped(inside)))
        return found

    def is_above(self, name: Named) -> bool:
        """Return whether what stands above a name is an index."""
        script = name.above
        if script is None or script.inside is None or script.text in TRANSPOSES:
            return False
        inside, key = script.inside, key_of(name)
        in_brackets = isinstance(inside, Bracket) and inside.opening in ("(", "[")
        bare = unwrapped(inside)
        if in_brackets and isinstance(bare, (Name, Number, Sum)):
            if key in self.conventions.above or shifted(bare) in self.conventions.indices:
                return True
            return isinstance(bare, Name) and key not in self.conventions.functions
        counts = any(map(self._counts, letters_of(bare))) and isinstance(bare, (Name, Sum))
        if key in self.conventions.above_plain:
            if counts or script.text in ("0", "1"):
                return True
            if isinstance(bare, Number):
                return bool(
                    self.decisions.take(script, f"{key}^{script.text}", "a power", "the value of a step")
                )
            return False
        if key in self.conventions.perhaps_above and counts and not name.letters.startswith("\\"):
            return bool(
                self.decisions.take(script, f"what stands above {key}", "a power", "the value of a step")
            )
        return False

    def name_value(self, name: Named) -> Expr:
        """Return the value of a name with what stands below and above it."""
        if name.letters == r"\infty":
            return sympy.oo
        if name.letters in ("const", "constant"):
            # Another one at each occurrence: of two such constants it is not known that they are equal.
            return self.symbol(f"{OPAQUE}constant {name.start}")
        self._refuse_signs(name)
        name = self.completed(name)
        exponent = name.above if not self.is_above(name) else None
        if (
            (name.letters == "e" and name.bare)
            or (name.letters == "e" and exponent is not None and not name.below_text)
        ) and (found := self._euler(name, exponent)) is not None:
            return found
        base = self._base(name)
        if exponent is None:
            return base
        return self.raised(base, exponent, name)

    def completed(self, name: Named) -> Named:
        """Return a name with what stands above it as a part of it, where it is no power and no index.

        In a text without a document, a sign below says the instant as one above does: v_+ is v^+.
        """
        if self.conventions.strict and name.below_text in ("+", "-") and not name.mark:
            name = replace(name, below=(), below_text="", mark=name.below_text)
        above = name.above
        if above is None or above.inside is None or self.is_above(name):
            return name
        inside = above.inside
        if (
            isinstance(inside, Bracket)
            and inside.opening == "("
            and isinstance(unwrapped(inside), (Number, Name))
        ):
            return replace(name, above=None, mark=f"({self._part(unwrapped(inside))})")
        if not self._is_word(above):
            return name
        return replace(name, above=None, mark=self._part(above.inside))

    def _refuse_signs(self, name: Named) -> None:
        if name.letters in (r"\forall", r"\exists", r"\dagger", r"\prime", r"\bullet", r"\top", r"\bot",
            r"\star", r"\ast",
                            r"\circ", r"\emptyset", r"\square", r"\Box", r"\cdot", r"\degree"):  # fmt: skip
            raise self.error(f"found {name.letters}, which is not understood here", name.node)
        if name.letters in (r"\nabla", r"\partial"):
            raise self.error(f"expected what {name.letters} acts on", name.node)

    def _euler(self, name: Named, exponent: Script | None) -> Expr | None:
        """Return the exponential, where e is Euler's number."""
        sure = name.font == "upright"
        simple = exponent is None or isinstance(exponent.inside, (Number, Name))
        marked = not sure and not self.conventions.euler and simple
        if marked and (
            exponent is None or not self.decisions.take(name.node, "e", "a name", "Euler's number")
        ):
            return None
        if exponent is None:
            return (
                None
                if not sure and self.decisions.take(name.node, "e", "Euler's number", "a name")
                else sympy.E
            )
        if exponent.inside is None:
            raise self.error("this exponent is not understood", name.node)
        value = self.value(exponent.inside)
        self._refuse_large_exponent(value, exponent)
        return sympy.exp(value)

    def _base(self, name: Named) -> Expr:
        """Return the value of a name without its power."""
        indices = self.indices(name)
        key = self.key(name)
        marks = "'" * (name.dots + name.primes)
        if indices:
            found = Undefined(key + marks)(*indices)
            if name.above is not None and self.is_above(name):
                self.above[found] = name.above.start - 1
            return self._placed(found, name.node)
        alone = self._bare_letter(name)
        if name.letters == r"\pi" and alone and not name.font:
            return sympy.pi
        if name.letters == "i" and alone and self.conventions.imaginary and not self._counts("i"):
            return sympy.I
        if name.letters == "I" and self._is_identity(name):
            self.one_coordinate = True
            return Integer(1)
        if self._counts(name.letters) and self._bare_letter(name):
            return Symbol(key, integer=True)
        found = self.symbol(key)
        for _ in marks:
            found = dot(found)
        for sign in name.mark if name.mark in ("+", "-", "++", "--") else "":
            found = after(found) if sign == "+" else before(found)
        return self._placed(found, name.node)

    def _placed(self, value: Expr, node: Node) -> Expr:
        """Return a value, noting where it was read."""
        self.positions.setdefault(value, node.start)
        return value

    def _bare_letter(self, name: Named) -> bool:
        return not (name.accents or name.below_text or name.mark or name.primes or name.dots)

    def _is_identity(self, name: Named) -> bool:
        """Return whether I is the identity: asked where matrices occur."""
        if name.letters != "I" or name.accents or name.primes or name.dots or name.mark:
            return False
        sized = bool(name.below_text)
        if name.font == "bold" or (sized and r"\times" in name.below_text):
            return True
        if sized or "I" in self.conventions.set_alone or key_of(name) in self.conventions.functions:
            return False
        return bool(self.conventions.matrices) or not self.decisions.take(
            name.node, "I", "the identity", "a number"
        )

    # ------------------------------------------------------------ powers

    def raised(self, base: Expr, exponent: Script, where: Named | Node) -> Expr:
        """Return a power, a transpose, or an inverse; refuse what is too large."""
        node = where.node if isinstance(where, Named) else where
        text = exponent.text
        if text == "T" and self.conventions.strict:
            raise self.error("found ^T, a transpose or a power: leave a transpose out, or rename T", node)
        if text in TRANSPOSES or text in (r"-\top", "-T", r"\dagger", "H", r"\mathrm{H}", r"\mathsf{H}"):
            letter = where.letters if isinstance(where, Named) else ""
            perhaps = text == "T" and "T" in self.conventions.letters and not letter.isupper()
            if perhaps and self.decisions.take(exponent, "^T", "a transpose", "a power"):
                return self._power(base, self.symbol("T"), exponent)
            self.one_coordinate, self.joined = True, node
            if text == r"\dagger" or text == "H":
                return self.opaque("dagger", base)
            return 1 / base if text.startswith("-") else base
        if (
            isinstance(where, Named)
            and text in self.conventions.indices
            and self.conventions.above_plain
            and key_of(where) not in self.conventions.above
        ):
            question = f"{text} above {where.letters}"
            if self.decisions.take(exponent, question, "a power", "an index"):
                return sympy.Function(str(base))(Symbol(text, integer=True))
        if exponent.inside is None:
            if text == "*":
                return self.opaque("star", base)
            raise self.error(f"what stands above, {text}, is not understood", node)
        if text == "-1" and isinstance(where, Named):
            self.one_coordinate |= where.letters in self.conventions.matrices or where.letters.isupper()
        return self._power(base, self.value(exponent.inside), exponent)

    def _is_word(self, exponent: Script) -> bool:
        """Return whether letters above a name belong to it: asked for capitals, and for runs of letters."""
        inside = exponent.inside
        if exponent.text in TRANSPOSES:
            return False
        if (
            isinstance(inside, Product)
            and not any(inside.signs)
            and all(isinstance(f, Name) for f in inside.factors)
        ):
            letters = [f.letters for f in inside.factors if isinstance(f, Name)]
            touching = self.source(exponent).strip("{}") == "".join(letters)
            if touching and all(len(a) == 1 for a in letters):
                if not set(letters) & self.conventions.letters and (
                    not self.conventions.strict or len(letters) > 2
                ):
                    return True
                return bool(
                    self.decisions.take(
                        exponent, f"{exponent.text} above a name", "a power", "a part of the name"
                    )
                )
        if (
            isinstance(inside, Name)
            and inside.font == ""
            and inside.letters.isupper()
            and len(inside.letters) == 1
        ):
            if self._counts(inside.letters) or self.conventions.strict:
                return False
            return bool(
                self.decisions.take(
                    exponent, f"{exponent.text} above a name", "a power", "a part of the name"
                )
            )
        return False

    def _refuse_large_exponent(self, value: Expr, node: Node) -> None:
        if value.is_number and not (value.is_Rational and abs(value) <= MAX_POWER) and value.is_Rational:
            raise self.error(f"found a power beyond {MAX_POWER}", node)

    def _power(self, base: Expr, exponent: Expr, node: Node) -> Expr:
        self._refuse_large_exponent(exponent, node)
        if exponent.is_number and not exponent.is_Rational and base.is_number:
            raise self.error("this power of a number is not understood", node)
        if exponent.is_Rational and not exponent.is_Integer and base.is_number and not _is_small(base):
            raise self.error("this may take the root of a large number", node)
        bits = max((_bits(a) for a in base.atoms(Rational)), default=0)
        if exponent.is_Rational and bits * abs(exponent) > MAX_BITS:
            raise self.error(f"found a number of more than {MAX_BITS} bits", node)
        if base.is_zero and exponent.is_negative:
            raise self.error("this is not defined: found a division by zero", node)
        return base**exponent

    # ------------------------------------------------------------ values

    def value(self, node: Node) -> Expr:
        """Return the value of a tree."""
        name = named(node)
        if name is not None:
            return self.name_value(name)
        match node:
            case Number():
                return self.number(node)
            case Sum():
                return self.total(node)
            case Product():
                return self.product(node.signs, node.factors)
            case Fraction():
                return self.fraction(node)
            case Root():
                return self.root(node)
            case Bracket():
                return self.bracket(node)
            case Scripted():
                return self.scripted(node)
            case Accented():
                return self.accented(node)
            case Factorial():
                return self._counted(sympy.factorial, node, self.value(node.inside))
            case Dots():
                return self.symbol(f"{OPAQUE}dots {node.start}")
            case Operator():
                return self.operator(node, ())
            case Grid():
                return self.grid(node)
            case Function() | Words():
                return self.product(("",), (node,))
            case Relation():
                raise self.error("found a relation, where an expression is expected", node)
        raise self.error("this is not understood", node)

    def _counted(self, build: Callable[..., Expr], node: Node, *values: Expr) -> Expr:
        """Return a factorial or a binomial; refuse one of a large number."""
        if any(v.is_number and not (v.is_Integer and 0 <= v <= MAX_FACTORIAL) for v in values):
            raise self.error(f"this is read of whole numbers up to {MAX_FACTORIAL}", node)
        return build(*values)

    def number(self, node: Number) -> Expr:
        """Return an exact number."""
        digits, _, exponent = node.text.lower().partition("e")
        if len(digits) > MAX_DIGITS or len(exponent) > 3:
            raise self.error(f"found a number of more than {MAX_DIGITS} digits", node)
        return Rational(digits) * Rational(10) ** int(exponent or 0)

    def total(self, node: Sum) -> Expr:
        """Return a sum; one with an ellipsis is opaque."""
        terms = list(node.terms)
        signs = list(node.signs)
        values: list[Expr] = []
        i = 0
        while i < len(terms):
            operator = _last_operator(terms[i])
            rest = i + 1
            if operator is not None and (letter := bound_letter(operator)) is not None:
                while rest < len(terms) and letter in letters_of(terms[rest]):
                    rest += 1
            if rest > i + 1:
                inside = self._with_body(terms[i], signs[i + 1 : rest], terms[i + 1 : rest])
                value = self.value(inside)
            else:
                value = self.value(terms[i])
            values.append(self._signed(signs[i], value, terms[i]))
            i = rest
        if any(isinstance(t, Dots) for t in terms):
            return self.opaque("dots", *values)
        return sympy.Add(*values)

    def _signed(self, sign: str, value: Expr, node: Node) -> Expr:
        if sign in ("±", "∓"):
            upper = self.decisions.take(node, "±", "the upper signs", "the lower signs")
            return value if (sign == "±") == (upper == 0) else -value
        return -value if sign == "-" else value

    def _with_body(self, term: Node, signs: Sequence[str], more: Sequence[Node]) -> Node:
        """Return a sum over an index whose terms go on behind a sign, as they hold the index too."""
        if isinstance(term, Product):
            last = self._with_body(term.factors[-1], signs, more)
            return replace(term, factors=(*term.factors[:-1], last), end=more[-1].end)
        assert isinstance(term, Operator)
        body = Sum(term.body.start, more[-1].end, ("", *signs), (term.body, *more))
        return replace(term, body=body, end=more[-1].end)

    def fraction(self, node: Fraction) -> Expr:
        """Return a quotient, or a derivative that is written as one."""
        if derivative_letters(node) is not None:
            return self.derivative(node, ())
        over = self.value(node.over)
        return self.divided(over, self.value(node.under), node)

    def divided(self, over: Expr, under: Expr, node: Node) -> Expr:
        """Return a quotient; refuse one by zero."""
        if under.is_zero:
            raise self.error("this is not defined: found a division by zero", node)
        self._needs(under, "!= 0")
        return over / under

    def _needs(self, value: Expr, relation: Literal["!= 0", ">= 0", "> 0"]) -> None:
        """Keep what must hold for the text to be defined as it is written."""
        if not value.is_number:
            self.domain[Condition(value, relation)] = None

    def root(self, node: Root) -> Expr:
        """Return a root."""
        inside = self.value(node.inside)
        degree = self.value(node.degree) if node.degree is not None else Integer(2)
        if inside.is_number and not _is_small(inside):
            raise self.error("this may take the root of a large number", node)
        if degree.is_number and not (degree.is_Integer and 2 <= degree <= 9):
            raise self.error("expected the order of a root, from 2 to 9", node)
        if degree.is_even:
            self._needs(inside, ">= 0")
        return inside ** (1 / degree)

    def bracket(self, node: Bracket) -> Expr:
        """Return what is written in brackets: a value, an absolute value, or an opaque pair."""
        shape = node.opening
        if shape == ".":
            raise self.error("found the value at a point, which is not read; write f(a)", node)
        if len(node.items) == 1 and shape in ("(", "[", "{", r"\{", ""):
            return self.value(node.items[0])
        if any(isinstance(item, Relation) for item in node.items):
            return self.opaque("set", self.symbol(self.source(node)))
        values = [self.value(item) for item in node.items]
        if shape == "|" and len(values) == 1:
            if self._has_matrix(node):
                return self.opaque("det", *values)
            return self.applied("abs", values, node)
        if shape == "||" and len(values) == 1:
            self.one_coordinate, self.joined = True, node
            return self.applied("abs", values, node)
        if shape in (r"\lfloor", r"\lceil") and len(values) == 1:
            if shape == r"\lfloor" and node.closing == r"\rceil":
                return self.opaque("round", *values)
            return self.applied("floor" if shape == r"\lfloor" else "ceil", values, node)
        if shape == r"\langle":
            if len(values) == 2 and node.separators == (",",):
                self.one_coordinate, self.joined = True, node
                return values[0] * values[1]
            return self.opaque("mean", *values)
        names = {"(": "tuple", "[": "interval", r"\{": "set", "": "list", "{": "list"}
        return self.opaque(names.get(shape, "tuple"), *values)

    def _has_matrix(self, node: Node) -> bool:
        return any(letter in self.conventions.matrices for letter in letters_of(node))

    def scripted(self, node: Scripted) -> Expr:
        """Return a power of what is no name, or a norm with an index."""
        base = node.base
        if isinstance(base, (Function, Operator)):
            return self.product(("",), (node,))
        if isinstance(base, Scripted):
            inner = self.value(base)
        elif isinstance(base, Bracket) and base.opening == "||" and node.below is not None:
            usual = node.below.text in ("1", "2", "p", r"\infty", "F", r"\mathrm{F}", r"\text{F}", "op", "*")
            if usual:
                inner = self.value(base)
            else:
                inner = self.opaque(f"norm_{node.below.text}", *(self.value(i) for i in base.items))
        elif node.below is not None:
            key = f"part_{node.below.text}"
            inner = self.opaque(key, self.value(base))
        else:
            inner = self.value(base)
        if node.primes:
            raise self.error("found a prime behind what is no name", node)
        if node.above is None:
            return inner
        return self.raised(inner, node.above, node)

    def accented(self, node: Accented) -> Expr:
        """Return an accent over what is no name, which is opaque."""
        return self.opaque(node.accent, self.value(node.inside))

    # ------------------------------------------------------------ products

    def product(self, signs: Sequence[str], factors: Sequence[Node]) -> Expr:
        """Return a product, in which functions act on what follows them."""
        signs, factors = self._slashed_derivatives(signs, factors)
        total: Expr = Integer(1)
        divided: Node | None = None
        i = 0
        dots = any(isinstance(f, Dots) for f in factors)
        values: list[Expr] = []
        while i < len(factors):
            sign, begun = signs[i], i
            value, i = self.unit(signs, factors, i)
            values.append(value)
            if sign == "/":
                if divided is not None:
                    question = f"the factor behind a quotient in {self._around(factors[begun])}"
                    slash = self.text.find("/", factors[begun - 1].end)
                    twice = not self.decisions.take(
                        Node(max(slash, 0), factors[begun].end),
                        question,
                        "divided twice",
                        "divided by a quotient",
                    )
                    total = self.divided(total, value, factors[begun]) if twice else total * value
                    continue
                value, i = self._denominator(value, signs, factors, begun, i)
                total = self.divided(total, value, factors[begun])
                divided = factors[begun]
            elif sign in ("", "*"):
                beside = (factors[begun - 1 : begun] or factors[:1])[0]
                numbers = isinstance(beside, Number) and isinstance(factors[begun], (Number, Fraction))
                if begun and sign == "" and numbers and value.is_number:
                    raise self.error("found two numbers side by side; write a sign between them", beside)
                total = total * value
                if sign and all(_is_bold(f) for f in factors[begun - 1 : begun + 1]):
                    self.one_coordinate = True
            elif sign == "×":
                total = self._cross(total, value, factors[begun - 1], factors[begun])
            elif sign == "o":
                known = [n is not None and key_of(n) in self.conventions.functions
                         for n in (named(factors[begun - 1]), named(factors[begun]))]  # fmt: skip
                total = self.opaque("compose", total, value) if any(known) else total * value
            else:
                total = self.opaque("mod" if sign == "mod" else "times", total, value)
        if dots and len(values) > 1:
            return self.opaque("dots", *values)
        matrices = [isinstance(g, Grid) and g.kind not in _OF_NUMBERS for g in map(unwrapped, factors)]
        if any(matrices) and sum(1 for v in values if not v.is_number) > 1:
            return self.opaque("times", *values)
        if len(values) > 1 and self.conventions.matrices:
            held = {letter for f in factors for letter in letters_of(f)}
            self.one_coordinate |= bool(held & self.conventions.matrices)
        return total

    def _around(self, node: Node) -> str:
        return self.text[max(node.start - 12, 0) : node.end + 12].strip()

    def _cross(self, one: Expr, other: Expr, left: Node, right: Node) -> Expr:
        if all(map(_is_bold, (left, right))):
            return self.opaque("cross", one, other)
        if one.is_number or other.is_number:
            return one * other
        question = rf"\times in {self._around(right)}"
        cross = self.decisions.take(right, question, "a product of numbers", "a cross product")
        return self.opaque("cross", one, other) if cross else one * other

    def _denominator(
        self, under: Expr, signs: Sequence[str], factors: Sequence[Node], at: int, following: int
    ) -> tuple[Expr, int]:
        """Return what a slash divides by: the factors behind belong below it, or behind the quotient."""
        if following >= len(factors) or signs[following] not in ("", "*"):
            return under, following
        before_, below = factors[at - 1], factors[at]
        numbers = isinstance(before_, Number) and isinstance(below, Number)
        clear = isinstance(below, Bracket) or (
            isinstance(below, Number)
            and (signs[following] == "*" or isinstance(factors[following], Bracket) or numbers)
            and not (numbers and below.end == factors[following].start and not signs[following])
        )
        if clear or (signs[following] == "*" and not isinstance(below, (Bracket,)) and _is_number(below)):
            return under, following
        behind = factors[following]
        question = f"the factor behind a quotient in {self._around(below)}"
        if not self.decisions.take(behind, question, "it is multiplied", "the quotient is divided by it"):
            return under, following
        while following < len(factors) and signs[following] in ("", "*"):
            value, following = self.unit(signs, factors, following)
            under = under * value
        return under, following

    def _slashed_derivatives(
        self, signs: Sequence[str], factors: Sequence[Node]
    ) -> tuple[Sequence[str], Sequence[Node]]:
        """Return factors with dx/dt as a fraction."""
        for i, sign in enumerate(signs):
            if sign != "/" or i < 1 or i + 1 >= len(factors) or signs[i + 1]:
                continue
            under = Product(factors[i].start, factors[i + 1].end, ("", ""), (factors[i], factors[i + 1]))
            for begun in (i - 2, i - 1):
                if begun < 0 or (begun == i - 2 and signs[i - 1]):
                    continue
                inside = tuple(factors[begun:i])
                over: Node = (
                    inside[0]
                    if len(inside) == 1
                    else Product(inside[0].start, inside[-1].end, ("",) * len(inside), inside)
                )
                fraction = Fraction(over.start, under.end, over, under)
                if derivative_letters(fraction) is not None:
                    return self._slashed_derivatives(
                        (*signs[:begun], signs[begun], *signs[i + 2 :]),
                        (*factors[:begun], fraction, *factors[i + 2 :]),
                    )
        return signs, factors

    def unit(self, signs: Sequence[str], factors: Sequence[Node], i: int) -> tuple[Expr, int]:
        """Return the value of a factor with what it acts on, and the number of the factor behind."""
        self.nested += 1
        try:
            if self.nested > MAX_NESTED:
                message = f"found more than {MAX_NESTED} levels of what acts on something; name parts of it"
                raise self.error(message, factors[i])
            return self._unit(signs, factors, i)
        finally:
            self.nested -= 1

    def _unit(self, signs: Sequence[str], factors: Sequence[Node], i: int) -> tuple[Expr, int]:
        node = factors[i]
        base = node.base if isinstance(node, Scripted) else node
        following = factors[i + 1] if i + 1 < len(factors) and not signs[i + 1] else None
        if isinstance(base, Function):
            return self.function(node, base, signs, factors, i)
        if isinstance(node, Fraction) and derivative_letters(node) is not None:
            return self._derivative_unit(node, signs, factors, i)
        if isinstance(node, Words):
            raise self.error(f"found the words {node.text!r} between factors", node)
        name = named(node)
        if name is None:
            return self.value(node), i + 1
        if name.letters in (r"\nabla", r"\partial"):
            return self.nabla(name, signs, factors, i)
        if name.letters == "d" and name.bare and following is not None and name.font in ("", "upright"):
            inner = named(following)
            power = inner.above if inner is not None and not self.is_above(inner) else None
            if inner is not None and (power is None or power.text == "2") and (inner.letters != "d"):
                touching = (
                    node.end == following.start or name.font == "upright" or isinstance(inner.node, Name)
                )
                if touching and (
                    name.font == "upright"
                    or self.conventions.differentials
                    or not self.decisions.take(
                        node, f"d{self.source(following)}", "a differential", "a product"
                    )
                ):
                    differential = self.symbol(f"d{self.key(replace(inner, above=None))}")
                    return (self.raised(differential, power, node) if power else differential), i + 2
        if (
            name.letters in ("E", r"\E")
            and name.font in ("blackboard", "bold", "upright", "calligraphic", "")
            and (found := self._expectation(name, signs, factors, i)) is not None
        ):
            return found
        order = name.letters in ("O", "o") and name.letters not in self.conventions.set_alone
        if order and isinstance(following, (Bracket, Scripted)):
            bracket = following.base if isinstance(following, Scripted) else following
            if isinstance(bracket, Bracket) and bracket.opening == "(" and name.bare:
                return self.opaque(name.letters, self.value(following)), i + 2
        if (unit := self._unit_of_measure(name, signs, factors, i)) is not None:
            return unit, i + 1
        called = following.base if isinstance(following, Scripted) else following
        if following is not None and isinstance(called, Bracket) and self.applies(name, called):
            return self.application(name, following, called), i + 2
        return self.name_value(name), i + 1

    def _unit_of_measure(
        self, name: Named, signs: Sequence[str], factors: Sequence[Node], i: int
    ) -> Expr | None:
        if name.font == "unit":
            return self.symbol(f"{OPAQUE}unit {name.letters}")
        behind = i > 0 and (isinstance(factors[i - 1], Number) or _is_upright(factors[i - 1]))
        if name.font == "upright" and behind and name.letters in _UNITS and not name.below_text:
            found = self.symbol(f"{OPAQUE}unit {name.letters}")
            return found if name.above is None else self.raised(found, name.above, name.node)
        return None

    def _expectation(
        self, name: Named, signs: Sequence[str], factors: Sequence[Node], i: int
    ) -> tuple[Expr, int] | None:
        """Return an expectation, which is opaque."""
        following = factors[i + 1] if i + 1 < len(factors) and not signs[i + 1] else None
        bracket = following.base if isinstance(following, Scripted) else following
        sure = name.font == "blackboard"
        if (
            following is None
            or not isinstance(bracket, Bracket)
            or bracket.opening in ("|", "||", r"\langle")
        ):
            if not sure or following is None:
                return None
            value, end = self.unit(signs, factors, i + 1)
            return self._to_its_power(self.opaque("E", value, *self._given(name)), name), end
        if not sure and bracket.opening != "[":
            return None
        if bracket.opening not in ("(", "[", r"\{", "|"):
            return None
        values = [self.value(item) for item in bracket.items]
        found = self._to_its_power(self.opaque("E", *values, *self._given(name)), name)
        if isinstance(following, Scripted) and following.above is not None:
            found = self.raised(found, following.above, following)
        return found, i + 2

    def _to_its_power(self, found: Expr, name: Named) -> Expr:
        """Return an expectation to the power above its letter, `E^2[x]` for the square of `E[x]`."""
        return found if name.above is None else self.raised(found, name.above, name)

    def _given(self, name: Named) -> tuple[Expr, ...]:
        return (self.symbol(f"{OPAQUE}{name.below_text}"),) if name.below_text else ()

    # ------------------------------------------------------------ functions

    def applies(self, name: Named, bracket: Bracket) -> bool:
        """Return whether a name acts on the bracket behind it, and is no factor."""
        key, conventions = key_of(name), self.conventions
        if bracket.opening == "[" and len(bracket.items) == 1:
            found = list(letters_of(bracket.items[0]))
            item = bracket.items[0]
            simple = isinstance(item, Name) or shifted(item) is not None
            return simple and all(map(self._counts, found)) and not name.below_text
        if bracket.opening not in ("(", "["):
            return False
        if not bracket.items:
            raise self.error("found empty brackets", bracket)
        if len(bracket.items) > 1:
            return True
        if name.font in ("word", "upright") and len(name.letters) > 1:
            return name.letters not in conventions.declared
        if (
            key in conventions.moving
            and isinstance(bracket.items[0], Name)
            and bracket.items[0].letters == "t"
        ):
            return True
        if key not in conventions.functions:
            item = bracket.items[0]
            terms = item.terms if isinstance(item, Sum) else (item,)
            in_time = any(isinstance(term, Name) and term.letters == "t" for term in terms)
            if conventions.strict:
                return isinstance(item, Number) or (in_time and name.node.end == bracket.start)
            options = ("a function", "a factor")
            if named(item) is None and not (in_time and len(name.letters) == 1):
                if key not in conventions.perhaps_functions:
                    return False
                options = options[::-1]
            taken = self.decisions.take(name.node, f"{self.key(name)}(...)", *options)
            return options[taken] == "a function"
        if bracket.opening == "[" and key in conventions.factors:
            return False
        if name.above is not None and not self.is_above(name):
            return name.above.text != "-1" and not isinstance(bracket.items[0], Sum)
        item = bracket.items[0]
        variables = conventions.functions[key]
        bare = named(item) is not None or (is_bare(item) and variables >= {*letters_of(item)} - {"t"})
        along = isinstance(item, Sum) and any(
            (n := named(term)) is not None and n.letters in variables for term in item.terms
        )
        along = along and len(name.letters) == 1 and "t" in variables
        if bare and key + name.below_text in conventions.indexed_factors and not name.dots:
            bare = isinstance(item, Name) and item.letters == "t"
        if bare or key not in conventions.factors or name.primes or name.dots or along:
            self.assumed[f"{self.key(name)} is a function"] = None
            return True
        return not self.decisions.take(name.node, f"{self.key(name)}(...)", "a function", "a factor")

    def application(self, name: Named, following: Node, bracket: Bracket) -> Expr:
        """Return a function of its arguments; its indices that count are arguments too."""
        arguments = [self.argument(item) for item in bracket.items]
        indices = self.indices(name)
        key = self.key(name)
        if any(s in ("|", r"\mid", r"\vert") for s in bracket.separators):
            key += "|"
        if isinstance(following, Scripted) and following.below is not None:
            key += f"_{following.below.text}"
        order = name.primes + name.dots
        above = name.above if not self.is_above(name) else None
        inside = above.inside if above is not None else None
        if isinstance(inside, Bracket) and inside.opening == "(" and len(inside.items) == 1:
            # The derivative of an order, f^{(4)}(x).
            name = replace(name, above=None)
            if isinstance(inside.items[0], Number) and int(inside.items[0].text) <= 9:
                order += int(inside.items[0].text)
            else:
                key = f"{OPAQUE}{key}^({self._part(inside.items[0])})"
        if bracket.opening == "[":
            found = Undefined(key + "'" * order)(*arguments)
        elif order:
            found = self.derived(key, arguments, indices, order)
        else:
            found = Undefined(key)(*arguments, *indices)
        self._placed(found, name.node)
        if name.above is not None and not self.is_above(name):
            found = self.raised(found, name.above, name)
        if isinstance(following, Scripted) and following.above is not None:
            found = self.raised(found, following.above, following)
        return found

    def argument(self, node: Node) -> Expr:
        """Return the value of an argument; a relation in it is opaque."""
        if isinstance(node, Relation):
            return self.symbol(f"{OPAQUE}{self.source(node)}")
        return self.value(node)

    def derived(self, key: str, arguments: Sequence[Expr], indices: Sequence[Expr], order: int) -> Expr:
        """Return a derivative of a function at its argument."""
        if len(arguments) != 1:
            return Undefined(key + "'" * order)(*arguments, *indices)
        (point,) = arguments
        if isinstance(point, Symbol):
            return Derivative(Undefined(key)(point, *indices), (point, order))
        inner = Dummy("xi", real=True) if point.is_real else Dummy("xi")
        return Subs(Derivative(Undefined(key)(inner, *indices), (inner, order)), inner, point)

    def function(
        self, node: Node, base: Function, signs: Sequence[str], factors: Sequence[Node], i: int
    ) -> tuple[Expr, int]:
        r"""Return a named function of what follows it; `\sin^2 x` is the square of the sine."""
        power = node.above if isinstance(node, Scripted) else None
        below = node.below if isinstance(node, Scripted) else None
        if i + 1 >= len(factors) or (signs[i + 1] and factors[i + 1 :]):
            raise self.error(f"expected brackets behind {base.name}", node)
        outer: Script | None = None
        target: Node = factors[i + 1]
        bracket = target.base if isinstance(target, Scripted) else target
        if isinstance(bracket, Bracket) and bracket.opening == "{" and len(bracket.items) == 1:
            inner = bracket.items[0]
            bracket = inner if isinstance(inner, Bracket) else bracket
        if isinstance(bracket, Bracket) and bracket.opening in ("(", "[", r"\{"):
            if isinstance(target, Scripted):
                if target.below is not None:
                    raise self.error("found an index behind the bracket of a function", target)
                outer = target.above
            ambiguous = outer is not None and base.name in _TRIGONOMETRIC
            if ambiguous and self.decisions.take(
                target,
                f"the power in {self.source(node)}{self.source(target)}",
                "of the function",
                "of its argument",
            ):
                assert outer is not None
                values = [self.raised(self.value(bracket), outer, target)]
                outer = None
            else:
                values = [self.argument(item) for item in bracket.items]
            end = i + 2
        else:
            value, end = self._run(signs, factors, i + 1, base)
            values = [value]
        found = self.called(base.name, values, below, node)
        for script in (power, outer):
            if script is None:
                continue
            question = (f"{base.name}^{{-1}}", "the inverse function", "one over it")
            if script is power and script.text == "-1" and not self.decisions.take(node, *question):
                found = self._inverse(base.name, values, node)
            else:
                found = self.raised(found, script, node)
        return found, end

    def _inverse(self, name: str, values: Sequence[Expr], node: Node) -> Expr:
        if f"arc{name}" in _PLAIN:
            return _PLAIN[f"arc{name}"](*values)
        return self.opaque(f"{name}^-1", *values)

    def _run(
        self, signs: Sequence[str], factors: Sequence[Node], i: int, function: Function
    ) -> tuple[Expr, int]:
        r"""Return the argument of a function without brackets: `\sin \omega t`, `\log x`."""
        value, end = self.unit(signs, factors, i)
        if isinstance(factors[i], Number) and end < len(factors) and not signs[end]:
            more, end = self.unit(signs, factors, end)
            value = value * more
        if not isinstance(factors[i], (Fraction, Root, Bracket)):
            rest, stop = value, end
            while stop < len(factors) and not signs[stop] and _goes_on(factors[stop]):
                more, stop = self.unit(signs, factors, stop)
                rest = rest * more
            last = named(factors[stop - 1]) if stop > end else None
            clear = last is not None and last.letters in _VARIABLES and stop == end + 1
            if stop > end and (
                (clear and not _is_angle(factors[i]))
                or not self.decisions.take(
                    factors[end],
                    f"the argument of {function.name} in {self._around(function)}",
                    "all that follows",
                    "the next factor",
                )
            ):
                value, end = rest, stop
        if end < len(factors) and signs[end] == "/":
            question = f"what is divided behind {function.name} in {self._around(function)}"
            if self.decisions.take(factors[end], question, "the function", "its argument"):
                under, end = self.unit(signs, factors, end)
                value = self.divided(value, under, factors[i])
        return value, end

    def called(self, name: str, values: Sequence[Expr], below: Script | None, node: Node) -> Expr:
        """Return a named function of its arguments."""
        if name in ("log", "lg", "ln") and len(values) == 1:
            if name == "lg":
                return self.opaque("lg", *values)
            found = sympy.log(*values)
            self._needs(values[0], "> 0")
            if below is None:
                return found
            base = self.value(below.inside) if below.inside is not None else None
            if base is None or base in (0, 1):
                raise self.error("this base of a logarithm is not understood", node)
            return found / sympy.log(base)
        if below is not None:
            return self.opaque(f"{name}_{below.text}", *values)
        if name in _OPAQUE_FUNCTIONS:
            return self.opaque(name, *values)
        return self.applied(_RENAMED.get(name, name), values, node)

    def applied(self, name: str, values: Sequence[Expr], node: Node) -> Expr:
        """Return a known function, or one of this name of which nothing else is known."""
        if any(v.is_number and not _is_small(v) for v in values):
            raise self.error(f"this argument of {name} is too large a number", node)
        if name == "abs" and values[0].has(sympy.Abs):
            return sympy.Abs(values[0], evaluate=False)
        if name in BOUNDED:
            known = BOUNDED[name]
            if known.least <= len(values) <= known.most:
                try:
                    return known.build(*values)
                except ValueError:
                    return Undefined(name)(*values)
            if name in ("max", "min"):
                return self.opaque(name, *values)
            raise self.error(f"{name} was given {len(values)} arguments", node)
        if name in _PLAIN and len(values) == (2 if name == "atan2" else 1):
            return _PLAIN[name](*values)
        return Undefined(name)(*values)

    # ------------------------------------------------------------ derivatives

    def _derivative_unit(
        self, node: Fraction, signs: Sequence[str], factors: Sequence[Node], i: int
    ) -> tuple[Expr, int]:
        """Return a derivative with what it acts on, where its numerator holds an operator alone."""
        over = node.over.factors if isinstance(node.over, Product) else (node.over,)
        following = factors[i + 1] if i + 1 < len(factors) and not signs[i + 1] else None
        if len(over) == 1:
            if following is None:
                raise self.error("expected what this derivative acts on", node)
            return self._acting(node, signs, factors, i + 1)
        bracket = following.base if isinstance(following, Scripted) else following
        inner = named(over[-1])
        if (
            len(over) == 2
            and inner is not None
            and isinstance(bracket, Bracket)
            and bracket.opening == "("
            and self.applies(replace(inner, above=None), bracket)
        ):
            # \frac{dx}{dt}(t)
            arguments = tuple(self.argument(item) for item in bracket.items)
            found = self.derivative(node, arguments)
            if isinstance(following, Scripted) and following.above is not None:
                found = self.raised(found, following.above, following)
            return found, i + 2
        return self.derivative(node, ()), i + 1

    def _acting(
        self, node: Fraction, signs: Sequence[str], factors: Sequence[Node], i: int
    ) -> tuple[Expr, int]:
        """Return a derivative of what follows: a function, a bracket, or the rest of the product."""
        rest = factors[i:]
        first = rest[0]
        bracket = rest[1] if len(rest) > 1 and not signs[i + 1] else None
        if len(rest) == 1 or isinstance(first, Bracket):
            taken = 1
        elif named(first) is not None and isinstance(bracket, Bracket) and len(rest) == 2:
            taken = 2
        else:
            taken = len(rest)
            if any(signs[i + 1 :]):
                question = f"what the derivative acts on in {self._around(node)}"
                if self.decisions.take(node, question, "all that follows", "the next factor"):
                    taken = 1
        target: Node = (
            first
            if taken == 1
            else Product(
                first.start, rest[taken - 1].end, ("", *signs[i + 1 : i + taken]), tuple(rest[:taken])
            )
        )
        variables = self._variables(node)
        return self._derivative_of(target, variables, node), i + taken

    def derivative(self, node: Fraction, arguments: tuple[Expr, ...]) -> Expr:
        """Return a derivative written as a fraction that names what is derived."""
        if not isinstance(node.over, Product):
            raise self.error("expected what this derivative acts on", node)
        over = node.over.factors[1:]
        target: Node = (
            over[0]
            if len(over) == 1
            else Product(over[0].start, over[-1].end, ("", *node.over.signs[2:]), tuple(over))
        )
        return self._derivative_of(target, self._variables(node), node, arguments)

    def _variables(self, node: Fraction) -> list[tuple[Node, int]]:
        """Return the variables of a derivative with their orders; refuse orders that do not agree."""
        first = node.over.factors[0] if isinstance(node.over, Product) else node.over
        order = self._order(first, node)
        factors = node.under.factors if isinstance(node.under, Product) else (node.under,)
        found: list[tuple[Node, int]] = []
        for one, other in zip(factors[::2], factors[1::2], strict=False):
            name = named(one)
            if name is None or name.letters not in ("d", r"\partial", r"\delta"):
                raise self.error("this derivative is not understood", node)
            variable, times = other, 1
            if isinstance(other, Scripted) and other.above is not None and other.above.text.isdigit():
                times = int(other.above.text)
                below = replace(other, above=None) if other.below or other.primes else other.base
                variable = below
            found.append((variable, times))
        if len(factors) % 2 or sum(times for _, times in found) != order or order > 8:
            raise self.error("found a derivative whose orders above and below do not agree", node)
        return found

    def _order(self, first: Node, node: Node) -> int:
        if isinstance(first, Scripted) and first.above is not None:
            if not first.above.text.isdigit():
                raise self.error("found a derivative of an order that is no number", node)
            return int(first.above.text)
        return 1

    def _derivative_of(
        self,
        target: Node,
        variables: Sequence[tuple[Node, int]],
        node: Fraction,
        arguments: tuple[Expr, ...] = (),
    ) -> Expr:
        by = [(self.value(v), times) for v, times in variables]
        letter = derivative_letters(node)
        name = named(target)
        in_time = len(by) == 1 and str(by[0][0]) == "t"
        if (name is not None and name.above is None) or (name is not None and self.is_above(name)):
            if arguments:
                found = Undefined(self.key(name))(*arguments, *self.indices(name))
                points = {str(a.func): a for a in arguments if isinstance(a, AppliedUndef)}
                return self._derived_value(found, [(points.get(str(v), v), n) for v, n in by], letter)
            along = self.conventions.derived.get(key_of(name), ()) if letter == r"\partial" else ()
            if in_time and letter != r"\delta" and not (letter == r"\partial" and len(along) > 1):
                dots = replace(name, dots=name.dots + by[0][1])
                return self._base(dots)
            key, indices = self.key(name) + "'" * (name.dots + name.primes), self.indices(name)
            variables_ = [v for v, _ in by]
            if name.dots or name.primes:
                return self.opaque(f"d{key}", *variables_, *indices)
            if any(key == str(v) for v in variables_):
                raise self.error("found a derivative of a variable by itself", node)
            taken = [self.value(v) for v in along] if len(along) > 1 else []
            if not set(variables_) <= set(taken):
                taken = []
            found = Undefined(key)(*(taken or dict.fromkeys(variables_)), *indices)
            return self._derived_value(found, by, letter)
        return self._derived_value(self.value(target), by, letter)

    def _derived_value(self, value: Expr, by: Sequence[tuple[Expr, int]], letter: str | None) -> Expr:
        """Return a derivative of an expression that holds the variables, and an opaque one of another."""
        held = all(v.free_symbols and v._diff_wrt and value.has(v) for v, _ in by)
        if held and not value.is_number and letter != r"\delta":
            return Derivative(value, *by)
        names = ",".join(f"{v}{n if n > 1 else ''}" for v, n in by)
        return self.opaque(f"d/d{names}", value)

    def nabla(self, name: Named, signs: Sequence[str], factors: Sequence[Node], i: int) -> tuple[Expr, int]:
        r"""Return a gradient, a Hessian, or a partial derivative with an index."""
        order = 1
        if name.above is not None:
            if name.above.text not in ("2", "3"):
                raise self.error(
                    f"found {name.letters}^{{{name.above.text}}}, which is not understood", name.node
                )
            order = int(name.above.text)
        sign = {1: "∇", 2: "∇²", 3: "∇³"}[order] if name.letters == r"\nabla" else "∂" * order
        if i + 1 >= len(factors):
            raise self.error(f"expected what {name.letters} acts on", name.node)
        if signs[i + 1]:
            if signs[i + 1] in ("*", "×"):
                value, end = self.unit(signs, factors, i + 1)
                return self.opaque("div" if signs[i + 1] == "*" else "curl", value), end
            raise self.error(f"expected what {name.letters} acts on", name.node)
        target = named(factors[i + 1])
        index = "_".join(self._part(item) for item in name.below)
        if target is None or target.letters in (r"\nabla", r"\partial") or (False):
            value, end = self.unit(signs, factors, i + 1)
            prefix = f"{sign}_{index}" if index else sign
            return self.opaque(prefix, value), end
        bracket_at = factors[i + 2] if i + 2 < len(factors) and not signs[i + 2] else None
        bracket = bracket_at.base if isinstance(bracket_at, Scripted) else bracket_at
        plain = replace(target, above=None) if not self.is_above(target) else target
        indices = self.indices(plain)
        key = self.key(plain)
        if target.primes or target.dots:
            raise self.error("found a derivative of a derivative, which is not understood", factors[i + 1])
        if isinstance(bracket, Bracket) and bracket.opening in ("(", "[") and bracket.items:
            arguments = [self.argument(item) for item in bracket.items]
            held = {letter for item in bracket.items for letter in letters_of(item)}
            own = set(letters_of(name.below[0])) if len(name.below) == 1 else set()
            whole = len(arguments) == 1 and (
                not index or bool(own & held) or key_of(plain) not in self.conventions.functions
            )
            mark = sign if (not index or (whole and name.letters == r"\nabla")) else f"{sign}_{index}"
            if any(s in ("|", r"\mid") for s in bracket.separators):
                key += "|"
            found = Undefined(f"{mark}{key}")(*arguments, *indices)
            if isinstance(bracket_at, Scripted):
                if bracket_at.below is not None:
                    found = self.opaque(f"part_{bracket_at.below.text}", found)
                if bracket_at.above is not None:
                    found = self.raised(found, bracket_at.above, bracket_at)
            return found, i + 3
        mark = f"{sign}_{index}" if index and name.letters != r"\nabla" else sign
        found = Undefined(f"{mark}{key}")(*indices) if indices else self.symbol(f"{mark}{key}")
        self._placed(found, name.node)
        if target.above is not None and plain is not target:
            found = self.raised(found, target.above, target)
        return found, i + 2

    # ------------------------------------------------------------ operators and grids

    def operator(self, node: Operator, _more: tuple[Node, ...]) -> Expr:
        """Return a sum, product, integral, limit or extremum, which is opaque."""
        if node.sign.endswith("int"):
            return self._integral(node)
        letter = bound_letter(node)
        pushed = node.sign in ("sum", "prod") and letter is not None
        if pushed:
            assert letter is not None
            self.bound.append(letter)
        try:
            limits = self._limits(node)
            body = self.value(node.body)
        finally:
            if pushed:
                self.bound.pop()
        return self._placed(self.opaque(node.sign, body, *limits), node)

    def _limits(self, node: Operator) -> list[Expr]:
        found: list[Expr] = []
        below = node.below
        if below is not None:
            inside = below.inside
            simple = isinstance(inside, Relation) and inside.signs == ("=",) and node.sign in ("sum", "prod")
            if simple:
                assert isinstance(inside, Relation)
                found += [self.value(side) for side in inside.sides]
            elif isinstance(inside, Name):
                found.append(self.value(inside))
            else:
                found.append(self.symbol(f"{OPAQUE}{below.text}"))
        if node.above is not None:
            inside = node.above.inside
            found.append(
                self.value(inside) if inside is not None else self.symbol(f"{OPAQUE}{node.above.text}")
            )
        return found

    def _integral(self, node: Operator) -> Expr:
        """Return an integral, with its variable where the differential is found."""
        body: Node = node.body
        variable: Expr | None = None
        last = body.terms[-1] if isinstance(body, Sum) else body
        if isinstance(last, Product):
            for k in range(len(last.factors) - 1):
                first, second = named(last.factors[k]), named(last.factors[k + 1])
                if first is not None and first.letters == "d" and first.bare and second is not None:
                    kept = (*last.factors[:k], *last.factors[k + 2 :])
                    signs = (*last.signs[:k], *last.signs[k + 2 :])
                    variable = self.value(replace_power(last.factors[k + 1]))
                    one = Number(last.start, last.end, "1")
                    whole: Node = Product(last.start, last.end, ("", *signs[1:]), kept) if kept else one
                    body = replace(body, terms=(*body.terms[:-1], whole)) if isinstance(body, Sum) else whole
                    break
        limits = self._limits(node)
        value = self.value(body)
        found = self.opaque(node.sign, value, *([variable] if variable is not None else []), *limits)
        return self._placed(found, node)

    def grid(self, node: Grid) -> Expr:
        """Return cases as a case distinction; a matrix is opaque."""
        if node.kind == "binomial":
            return self._counted(
                sympy.binomial, node, self.value(node.rows[0][0]), self.value(node.rows[1][0])
            )
        if node.kind not in _CASES:
            shape = f"matrix {len(node.rows)}x{max((len(r) for r in node.rows), default=0)}"
            values = [self.cell(c) for row in node.rows for c in row]
            return self.opaque(shape, *values)
        values = []
        conditions = []
        for row in node.rows:
            values.append(self.value(row[0]))
            conditions.append(self.condition(row[1]) if len(row) > 1 else sympy.true)
        if any(c is None for c in conditions):
            texts = [self.symbol(f"{OPAQUE}{self.source(r[1])}") for r in node.rows if len(r) > 1]
            return self.opaque("cases", *values, *texts)
        return sympy.Piecewise(*zip(values, conditions, strict=True), evaluate=False)

    def cell(self, node: Node) -> Expr:
        """Return a cell of a matrix; words and relations are opaque."""
        if isinstance(node, (Words, Relation)):
            return self.symbol(f"{OPAQUE}{self.source(node)}")
        return self.value(node)

    def condition(self, node: Node) -> sympy.logic.boolalg.Boolean | None:
        """Return a condition of cases, or None for one in words."""
        if isinstance(node, (Words, Name)):
            said = node.text if isinstance(node, Words) else node.letters
            return sympy.true if said.strip(" .,").lower() in ("otherwise", "else", "") else None
        build = {"<": sympy.Lt, "<=": sympy.Le, ">": sympy.Gt, ">=": sympy.Ge, "=": sympy.Eq, "!=": sympy.Ne}
        if isinstance(node, Relation) and all(sign in build for sign in node.signs):
            sides = [self.value(side) for side in node.sides]
            parts = [
                build[sign](a, b, evaluate=a.is_number and b.is_number)
                for sign, a, b in zip(node.signs, sides, sides[1:], strict=False)
            ]
            return sympy.And(*parts, evaluate=False) if len(parts) > 1 else parts[0]
        return None


_CASES = ("cases", "dcases", "rcases")
_OF_NUMBERS = (*_CASES, "binomial")
"""The grids that are numbers, and no matrices."""


def _instant(index: Node) -> Node:
    """Return the value of an index that names the letter of time too, as in `t=0`."""
    return index.sides[1] if isinstance(index, Relation) else index


def replace_power(node: Node) -> Node:
    """Return a name without the power above it, as in d^3x."""
    if isinstance(node, Scripted) and node.above is not None:
        return replace(node, above=None) if node.below is not None else node.base
    return node


def _last_operator(node: Node) -> Operator | None:
    last = node.factors[-1] if isinstance(node, Product) else node
    return last if isinstance(last, Operator) else None


_VARIABLES = frozenset(("t", "x", "y", "z", r"\tau", "s"))
_ANGLES = frozenset(f"\\{n}" for n in ("theta", "phi", "varphi", "alpha", "beta", "delta", "psi", "vartheta"))


def _is_angle(node: Node) -> bool:
    """Return whether a factor is an angle by its letter, which is no frequency."""
    name = named(node)
    return name is not None and name.letters in _ANGLES


def _goes_on(node: Node) -> bool:
    return isinstance(node, (Name, Accented, Number)) or (
        isinstance(node, Scripted) and isinstance(node.base, (Name, Accented))
    )


def _is_bold(node: Node) -> bool:
    """Return whether a factor is a vector by its font."""
    name = named(node)
    return name is not None and name.font == "bold"


def _is_upright(node: Node) -> bool:
    base = node.base if isinstance(node, Scripted) else node
    return isinstance(base, Name) and base.font in ("upright", "unit")


def _is_number(node: Node) -> bool:
    return isinstance(node, Number)


def _bits(number: Rational) -> int:
    return max(int(abs(number.p)), int(number.q)).bit_length()


def _is_small(value: Expr) -> bool:
    return all(_bits(a) <= 256 for a in value.atoms(Rational))
