"""LaTeX of an author that is shown as it is written: which texts every format can take as mathematics.

Such a text goes into files that TeX reads. So it is made of the commands that are listed here, each with its
arguments, in balanced groups; what holds anything else is shown as code.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|.", re.DOTALL)


def _commands(names: str) -> frozenset[str]:
    return frozenset(f"\\{name}" for name in re.findall("[A-Za-z]+", names))


# What may be an argument without braces.
_LETTERS = _commands(
    """
    alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi varpi rho
    varrho sigma varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon
    Phi Psi Omega partial nabla infty hbar ell ast star circ dagger prime top perp
    """
)
_SYMBOLS = (
    _LETTERS
    | _commands(
        """
        Re Im aleph forall exists emptyset cdot times div pm mp bullet oplus otimes cap cup setminus wedge vee
        in notin ni subset subseteq supset supseteq sim simeq approx cong equiv propto parallel mid le leq ge
        geq ne neq ll gg prec succ to rightarrow leftarrow leftrightarrow Rightarrow Leftarrow
        Leftrightarrow mapsto longrightarrow iff implies uparrow downarrow sum prod int iint oint lim sup inf
        max min arg det dim exp log ln sin cos tan cot sec csc sinh cosh tanh arcsin arccos arctan ker deg gcd
        Pr ldots cdots dots vdots ddots quad qquad langle rangle lVert rVert lvert rvert Vert vert
        lfloor rfloor lceil rceil displaystyle textstyle
        """
    )
    | {r"\,", r"\;", r"\:", r"\!", r"\ ", r"\{", r"\}", r"\|", r"\%", r"\&", r"\_"}
)
_ONE = _commands(
    """
    mathrm mathbf mathit mathsf mathcal mathbb mathfrak boldsymbol operatorname hat bar tilde vec dot ddot
    overline underline widehat widetilde
    """
)
_TWO = frozenset({r"\frac", r"\dfrac", r"\tfrac", r"\binom"})
_DELIMITERS = frozenset("()[]|./<>") | {
    r"\{", r"\}", r"\|", r"\langle", r"\rangle", r"\lvert", r"\rvert", r"\lVert", r"\rVert", r"\lfloor",
    r"\rfloor", r"\lceil", r"\rceil",
}  # fmt: skip
# The most columns that a row has in each environment.
_COLUMNS = {"aligned": 10, "cases": 2, "matrix": 10, "pmatrix": 10, "bmatrix": 10, "vmatrix": 10}
_PLAIN = re.compile(r"[A-Za-z0-9+\-=/*<>()\[\]|,.;:!?]")
_WORDS = re.compile(r"[A-Za-z0-9 ,.;:()=+-]*")
_DEEPEST = 40


class _NotPlainError(Exception):
    pass


def is_mathematics(latex: str) -> bool:
    r"""Return whether a text is LaTeX of mathematics that any format may show as it is written.

    >>> is_mathematics(r"\frac{d}{dt} \left( \frac{\partial L}{\partial \dot q} \right)")
    True
    >>> is_mathematics(r"\input{secret}"), is_mathematics(r"\frac{a}"), is_mathematics("x^2^3")
    (False, False, False)
    """
    if len(latex) > 5000:
        return False
    reader = _Reader([t for t in _TOKEN.findall(latex) if not t.isspace()])
    try:
        reader.row(frozenset())
    except _NotPlainError:
        return False
    return not reader.tokens


class _Reader:
    """The tokens of a text that are left, and how deep its groups are."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens, self.depth = tokens[::-1], 0

    @property
    def next(self) -> str:
        return self.tokens[-1] if self.tokens else ""

    def take(self, *wanted: str) -> str:
        if not self.tokens or (wanted and self.next not in wanted):
            raise _NotPlainError
        return self.tokens.pop()

    def row(self, ends: frozenset[str]) -> None:
        """Read formulas up to one of the ends; nothing has two indices below, or two above."""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _NotPlainError
        above = below = False
        while self.tokens and self.next not in ends:
            sign = self.next
            if sign == "_" and not below:
                self.take()
                self.argument()
                below = True
            elif sign in ("^", "'") and not above:
                while self.next == "'":
                    self.take()
                if self.next == "^":
                    self.take()
                    self.argument()
                above = True
            elif sign in ("_", "^", "'"):
                raise _NotPlainError
            else:
                self.atom()
                above = below = False
        self.depth -= 1

    def argument(self) -> None:
        if self.next == "{":
            self.group()
        elif self.next in _LETTERS or _PLAIN.fullmatch(self.next):
            self.take()
        else:
            raise _NotPlainError

    def group(self) -> None:
        self.take("{")
        self.row(frozenset("}"))
        self.take("}")

    def atom(self) -> None:
        sign = self.next
        if sign == "{":
            self.group()
        elif sign in _SYMBOLS or _PLAIN.fullmatch(sign):
            self.take()
        elif sign in _ONE or sign in _TWO:
            self.take()
            for _ in range(1 + (sign in _TWO)):
                self.argument()
        elif sign == r"\sqrt":
            self.take()
            if self.next == "[":
                self.take()
                self.row(frozenset("]"))
                self.take("]")
            self.argument()
        elif sign == r"\text":
            self.take()
            self.words()
        elif sign == r"\left":
            self.take()
            self.take(*_DELIMITERS)
            self.row(frozenset({r"\right"}))
            self.take(r"\right")
            self.take(*_DELIMITERS)
        elif sign == r"\begin":
            self.environment()
        else:
            raise _NotPlainError

    def words(self) -> str:
        """Read a group of letters, such as the name of an environment."""
        self.take("{")
        said = ""
        while self.tokens and self.next != "}":
            said += self.take()
        self.take("}")
        if not _WORDS.fullmatch(said):
            raise _NotPlainError
        return said

    def environment(self) -> None:
        self.take(r"\begin")
        name, column = self.words(), 1
        while name in _COLUMNS and column <= _COLUMNS[name]:
            self.row(frozenset({"&", r"\\", r"\end"}))
            sign = self.take()
            if sign == r"\end":
                if self.words() != name:
                    raise _NotPlainError
                return
            column = column + 1 if sign == "&" else 1
        raise _NotPlainError
