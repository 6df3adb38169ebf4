"""Expressions in LaTeX: fractions, roots, letters with accents and indices; what they stand for is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Protocol

from sympy import Abs, Expr, Max, Min, Rational, exp, log, root, sign, sqrt

from physsym.core.symbols import grad
from physsym.parsing.latex_tokens import LatexToken
from physsym.parsing.tokens import ReadError

MAX_DEPTH = 40
MAX_POWER = 64
MAX_BITS = 4000

_ACCENTS = {r"\hat": r"\hat", r"\widehat": r"\hat", r"\bar": r"\bar", r"\overline": r"\bar",
            r"\tilde": r"\tilde", r"\widetilde": r"\tilde"}  # fmt: skip
_UPRIGHT = (
    r"\mathrm",
    r"\text",
    r"\mathit",
    r"\textit",
    r"\texttt",
    r"\mathtt",
    r"\operatorname",
    r"\textrm",
)
_BOLD = (r"\mathbf", r"\textbf", r"\boldsymbol", r"\bm")
_GREEK_NAMES = (
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi rho varrho "
    "sigma tau upsilon phi varphi chi psi omega Gamma Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
)
_GREEK = frozenset(f"\\{name}" for name in _GREEK_NAMES.split())
_FUNCTIONS: dict[str, tuple[Callable[..., Expr], int, int]] = {
    "max": (Max, 2, 8), "min": (Min, 2, 8), "sign": (sign, 1, 1), "sgn": (sign, 1, 1), "abs": (Abs, 1, 1),
    "sqrt": (sqrt, 1, 1), "exp": (exp, 1, 1), "log": (log, 1, 1), "ln": (log, 1, 1),
}  # fmt: skip
_OPENING = {"(": ")", r"\{": r"\}", "[": "]", "{": "}", r"\lbrace": r"\rbrace"}
_COMMANDS = r"( { \{ \Delta \nabla \frac \dfrac \tfrac \sqrt \max \min \sum \prod"
_FACTORS = frozenset((*_COMMANDS.split(), *_ACCENTS, *_UPRIGHT, *_BOLD, *_GREEK))
NOW = 0
"""The index of the step that is carried out."""


@dataclass(frozen=True)
class Name:
    """A letter with accents and indices that are no time, and the step that it is of: -1, 0, 1 or none."""

    key: str
    step: int | None
    token: LatexToken


@dataclass
class Values:
    """The values that rows have set so far, by letter and step; in a branch, a copy."""

    set: dict[tuple[str, int | None], Expr]

    def copy(self) -> Values:
        """Return values that a branch may change."""
        return Values(dict(self.set))


class Letters(Protocol):
    """What the letters of a text stand for."""

    time: str
    first: int
    bound: str
    shift: int

    def error(self, message: str, token: LatexToken | None = None) -> ReadError:
        """Return the error that points at a token, or at the end."""

    def is_constant(self, key: str) -> bool:
        """Return whether a letter is a known constant."""

    def value_of(self, name: Name, values: Values) -> Expr:
        """Return what a letter with its index stands for."""

    def folded(self, kind: str, term: Expr, token: LatexToken) -> Expr:
        """Return the sum or the product of a term over all steps so far."""


def shown(name: Name) -> str:
    """Return a letter with its index as it is written."""
    index = {None: "", 0: "_t", -1: "_{t-1}", 1: "_{t+1}"}[name.step]
    return f"{name.key}{index}"


def braced(letters: Letters, tokens: Sequence[LatexToken], i: int) -> tuple[str, int]:
    """Return the text in braces from a token on, and where it ends."""
    if i >= len(tokens) or tokens[i].text != "{":
        raise letters.error("expected an opening brace", tokens[min(i, len(tokens) - 1)])
    inside = list(takewhile(lambda t: t.text != "}", tokens[i + 1 :]))
    return "".join(t.text for t in inside), i + len(inside) + 2


class LatexExpression:
    """Recursive descent over the tokens of one expression."""

    def __init__(self, letters: Letters, tokens: Sequence[LatexToken], values: Values | None = None) -> None:
        """Begin at the first token."""
        self.letters, self.tokens, self.at, self.depth = letters, list(tokens), 0, 0
        self.values = values or Values({})

    def peek(self, ahead: int = 0) -> str:
        """Return the text of a token, or nothing behind the last."""
        return self.tokens[self.at + ahead].text if self.at + ahead < len(self.tokens) else ""

    def token(self) -> LatexToken | None:
        """Return the token that is next."""
        if self.tokens and self.at >= len(self.tokens):
            return self.tokens[-1]
        return self.tokens[self.at] if self.tokens else None

    def error(self, message: str) -> ReadError:
        """Return the error that points at the token that is next."""
        return self.letters.error(message, self.token())

    def take(self, wanted: str = "") -> LatexToken:
        """Return the next token and go on; refuse the end, and another one than is wanted."""
        if self.at >= len(self.tokens):
            raise self.error(f"expected {wanted or 'a formula'}, found the end")
        if wanted and self.peek() != wanted:
            raise self.error(f"expected {wanted}, found {self.peek()}")
        self.at += 1
        return self.tokens[self.at - 1]

    def finish(self) -> None:
        """Refuse what is left over."""
        if self.at < len(self.tokens):
            raise self.error(f"found {self.peek()}, which is not understood here")

    def sum(self) -> Expr:
        """Read terms with signs between them."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.error(f"found brackets more than {MAX_DEPTH} deep")
        negative = self.peek() in ("+", "-") and self.take().text == "-"
        total = -self.product() if negative else self.product()
        while self.peek() in ("+", "-"):
            total = total + self.product() if self.take().text == "+" else total - self.product()
        self.depth -= 1
        return total

    def product(self) -> Expr:
        """Read factors; what stands behind a slash is one factor, and nothing follows it."""
        value = self.power()
        while self.at < len(self.tokens):
            if self.peek() in (r"\cdot", r"\times", "*", r"\odot", r"\circ"):
                self.take()
                value *= self.power()
            elif self.peek() == "/":
                self.take()
                value /= self.power()
                if self.peek() in ("/", "*", r"\cdot", r"\times", r"\odot") or self._begins_factor():
                    raise self.error(
                        "found a factor behind a quotient a/b; it may belong to a or to b, so write brackets"
                    )
            elif self._begins_factor():
                value *= self.power()
            else:
                break
        return value

    def _begins_factor(self) -> bool:
        if self.at >= len(self.tokens):
            return False
        token = self.tokens[self.at]
        return token.kind in ("letter", "word", "number") or token.text in _FACTORS

    def power(self) -> Expr:
        """Read a factor with what stands above it."""
        value = self.factor()
        if self.peek() == "^":
            self.take()
            value = self._raised(value, *self._script())
        if self.peek() in ("_", "^", "'", "!"):
            raise self.error(f"found {self.peek()} behind a formula, which is not understood here")
        return value

    def _script(self) -> tuple[Expr, LatexToken]:
        """Read the exponent, in braces or one token."""
        token = self.take()
        if token.text == "{":
            value = self.sum()
            self.take("}")
            return value, token
        parser = LatexExpression(self.letters, [token], self.values)
        parser.depth = self.depth
        value = parser.sum()
        parser.finish()
        return value, token

    def _raised(self, base: Expr, exponent: Expr, token: LatexToken) -> Expr:
        if exponent.is_number and not (exponent.is_Rational and abs(exponent) <= MAX_POWER):
            raise self.letters.error(f"found a power beyond {MAX_POWER}", token)
        if base.is_Rational and exponent.is_number:
            bits = max(int(base.p), int(base.q), key=abs).bit_length()
            if bits * abs(exponent) > MAX_BITS:
                raise self.letters.error(f"found a number of more than {MAX_BITS} bits", token)
        return base**exponent

    def factor(self) -> Expr:
        """Read a number, a letter, a bracket, a fraction, a root, a function."""
        token = self.take()
        text = token.text
        if token.kind == "number":
            return Rational(text)
        if text in (r"\frac", r"\dfrac", r"\tfrac"):
            return self.group() / self.group()
        if text == r"\sqrt":
            return self._root()
        if text in ("|", r"\lvert"):
            value = self.sum()
            self.take("|" if text == "|" else r"\rvert")
            return Abs(value)
        if text in ("(", "{", r"\{"):
            value = self.sum()
            self.take(_OPENING[text])
            return value
        if text == r"\nabla":
            return self._gradient(token)
        if text in (r"\sum", r"\prod"):
            return self._over_steps(token)
        self.at -= 1
        if (function := self._function()) is not None:
            return self._applied(function, token)
        return self._named()

    def group(self) -> Expr:
        """Read an argument of a command: in braces, or one letter or digit."""
        if self.peek() == "{":
            self.take()
            value = self.sum()
            self.take("}")
            return value
        token = self.take()
        if token.kind not in ("letter", "number") or (token.kind == "number" and len(token.text) > 1):
            raise self.letters.error("expected braces", token)
        return Rational(token.text) if token.kind == "number" else self._letter(token)

    def _letter(self, token: LatexToken) -> Expr:
        return self.letters.value_of(Name(token.text, None, token), self.values)

    def _root(self) -> Expr:
        if self.peek() != "[":
            return sqrt(self.group())
        self.take()
        order = self.take()
        self.take("]")
        if order.kind != "number" or not order.text.isdigit() or not 2 <= int(order.text) <= 9:
            raise self.letters.error("expected the order of a root, from 2 to 9", order)
        return root(self.group(), int(order.text))

    def _function(self) -> str | None:
        r"""Return the function whose name comes next, and go behind it: \max, max, \text{sign}."""
        text = self.peek()
        word = text.removeprefix("\\")
        if word in _FUNCTIONS and self.tokens[self.at].kind in ("command", "word"):
            self.take()
            return word
        if text in _UPRIGHT and self.peek(1) == "{" and self.peek(2) in _FUNCTIONS and self.peek(3) == "}":
            word = self.peek(2)
            self.at += 4
            return word
        return None

    def _applied(self, function: str, token: LatexToken) -> Expr:
        build, least, most = _FUNCTIONS[function]
        opening = self.take()
        if opening.text not in ("(", r"\{", "{", "["):
            raise self.letters.error(f"expected brackets behind {function}", opening)
        arguments = [self.sum()]
        while self.peek() == ",":
            self.take()
            arguments.append(self.sum())
        self.take(_OPENING[opening.text])
        if not least <= len(arguments) <= most:
            raise self.letters.error(f"{function} was given {len(arguments)} arguments", token)
        return build(*arguments)

    def _gradient(self, token: LatexToken) -> Expr:
        r"""Read \nabla_{\theta} f_t(point), the gradient of this step."""
        if self.peek() == "_":
            self.take()
            if self.peek() == "{":
                self.at = braced(self.letters, self.tokens, self.at)[1]
            else:
                self.take()
        self.name()
        self.take("(")
        point = self.sum()
        self.take(")")
        return grad(point)

    def _over_steps(self, token: LatexToken) -> Expr:
        r"""Read \sum_{i=1}^{t} term or \prod_{i=1}^{t} term, which is a state; the last step may be t+1."""
        r = self.letters
        self.take("_")
        lower = [t.text for t in self._said()]
        upper: tuple[str, ...] = ()
        if self.peek() == "^":
            self.take()
            upper = tuple(t.text for t in self._said())
        time = r.time
        ends = {(time,): 0, (time, "+", "1"): 1}
        if len(lower) != 3 or lower[1:] != ["=", str(r.first)] or upper not in ends or r.bound:
            raise r.error(f"only sums and products from step {r.first} to {time} or {time}+1 are read", token)
        begun, r.bound = self.at, lower[0]
        term = self.product() if token.text == r"\sum" else self.power()
        value = r.folded(token.text, term, token)
        if ends[upper]:
            self.at, r.shift = begun, 1
            last = self.product() if token.text == r"\sum" else self.power()
            value = value + last if token.text == r"\sum" else value * last
        r.bound, r.shift = "", 0
        return value

    def _named(self) -> Expr:
        name = self.name()
        value = self.letters.value_of(name, self.values)
        for exponent, token in self.exponents:
            value = self._raised(value, exponent, token)
        return value

    # ------------------------------------------------------------ names

    exponents: tuple[tuple[Expr, LatexToken], ...] = ()

    def name(self, starts: bool = False) -> Name:
        """Read a letter with accents and indices; powers among the indices are left in `exponents`."""
        token = self.tokens[self.at] if self.at < len(self.tokens) else self.take()
        key, step = self._base(starts)
        powers: list[tuple[Expr, LatexToken]] = []
        seen: set[str] = set()
        while self.peek() in ("_", "^"):
            mark = self.take()
            if mark.text in seen:
                raise self.letters.error(f"found a second {mark.text}", mark)
            seen.add(mark.text)
            begun = self.at
            said = self._said()
            index = self._step(said, mark.text, starts)
            if index is not None:
                if step is not None:
                    raise self.letters.error("found two indices of the step", mark)
                if mark.text == "^" and self.letters.is_constant(key):
                    raise self.letters.error(
                        f"{key} is a constant: is the index ({self.letters.time}) its power, or "
                        "its value of this step?",
                        mark,
                    )
                step = index
            elif mark.text == "_" or self._is_word(said):
                if mark.text == "^" and len(said) == 3 and said[0].text == "(":
                    continue  # a coordinate, such as (i)
                key += f"{mark.text}{self._part_of_name(said, mark)}"
            else:
                self.at = begun
                powers.append(self._script())
        self.exponents = tuple(powers)
        return Name(key, step, token)

    def _said(self) -> list[LatexToken]:
        """Return the tokens of an index, without braces."""
        token = self.take()
        if token.text != "{":
            return [token]
        found: list[LatexToken] = []
        depth = 1
        while depth:
            token = self.take()
            depth += {"{": 1, "}": -1}.get(token.text, 0)
            if depth:
                found.append(token)
        return found

    def _step(self, said: list[LatexToken], mark: str, starts: bool) -> int | None:
        """Return the step that an index names, or None; above, in brackets."""
        texts = [t.text for t in said]
        if mark == "^":
            if texts[:1] != ["("] or texts[-1:] != [")"]:
                return None
            texts = texts[1:-1]
        time = self.letters.bound or self.letters.time
        if starts and texts == ["0"]:
            return NOW
        steps = {(time,): 0, (time, "-", "1"): -1, (time, "+", "1"): 1}
        found = steps.get(tuple(texts))
        return found if found is None else found + self.letters.shift

    def _is_word(self, said: list[LatexToken]) -> bool:
        """Return whether what stands above is a part of the name: a word, or a coordinate in brackets."""
        if len(said) == 3 and said[0].text == "(" and said[2].text == ")":
            return said[1].kind == "letter" and said[1].text != self.letters.time
        return len(said) == 1 and (
            said[0].kind == "word" or said[0].text in (r"\max", r"\min", r"\star", "*")
        )

    def _part_of_name(self, said: list[LatexToken], mark: LatexToken) -> str:
        """Return an index that is a part of the name: a number, a letter, a word."""
        inside = [t for t in said if t.text not in (*_UPRIGHT, "{", "}")]
        if len(inside) != 1 or inside[0].kind == "sign":
            raise self.letters.error("this index is not understood", said[0] if said else mark)
        if inside[0].text == self.letters.time:
            raise self.letters.error("an index of the step among others is not understood", inside[0])
        text = inside[0].text.removeprefix("\\") if inside[0].text in (r"\max", r"\min") else inside[0].text
        return text if len(text) == 1 or text.startswith("\\") else f"{{{text}}}"

    def _base(self, starts: bool) -> tuple[str, int | None]:
        """Read the letter, with accents and fonts."""
        token = self.take()
        text = token.text
        if text in _ACCENTS:
            parser = LatexExpression(self.letters, self._said(), self.values)
            inner = parser.name(starts)
            parser.finish()
            if parser.exponents:
                raise self.letters.error("a power below an accent is not understood", token)
            return f"{_ACCENTS[text]}{{{inner.key}}}", inner.step
        if text in _UPRIGHT or text in _BOLD:
            said = self._said()
            if len(said) != 1 or said[0].kind not in ("letter", "word"):
                raise self.letters.error("expected one name", token)
            return (said[0].text if text in _UPRIGHT else rf"\mathbf{{{said[0].text}}}"), None
        if text == r"\Delta":
            return rf"\Delta {self._base(starts)[0]}", None
        if token.kind == "letter" and self.peek() == "[":
            inside = list(takewhile(lambda t: t.text != "]", self.tokens[self.at :]))
            self.at += len(inside)
            self.take("]")
            spelled = "".join(t.text + " " * (t.kind == "command") for t in inside)
            return f"{text}[{spelled.removeprefix('[')}]", None
        if token.kind in ("letter", "word") or text in _GREEK:
            return text, None
        raise self.letters.error(f"found {text}, which is not understood here", token)
