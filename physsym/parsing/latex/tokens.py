r"""Tokens of LaTeX: commands, letters, numbers and signs, with macros put in and what only spaces left
out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from physsym.parsing.tokens import FRACTIONS, LOWERED, RAISED, ReadError

MAX_CHARACTERS = 12_000
MAX_TOKENS = 1200
MAX_ROUNDS = 5

_SPACES = r"\, \: \; \! \> \/ \@ ~ \displaystyle \textstyle \scriptstyle \limits \nolimits"
_SPACES += r" \nonumber \notag \hfill \strut"
_SPACES += r" \mathstrut \allowbreak \nobreak \noindent \centering \footnotesize \small \large"
_SPACES += r" \Large \normalsize \tiny"
_SPACES += (
    r" \mathop \mathrel \mathbin \mathord \mathopen \mathclose \mathpunct \mathinner \ensuremath \relax \null"
)
_SPACES += (
    r" \thinspace \negthinspace \, \hfil \medspace \thickspace \ignorespaces \hline \toprule \bottomrule"
)
_IGNORED = frozenset(_SPACES.split())
_SIZES = r"\big \Big \bigg \Bigg \bigl \Bigl \biggl \Biggl \bigr \Bigr \biggr \Biggr \bigm \Bigm \biggm"
SIZES: Mapping[str, str] = {
    r"\left": "left", r"\right": "right", r"\middle": "middle",
    **{s: "left" if s.endswith("l") else "right" if s.endswith("r") else "" for s in _SIZES.split()},
}  # fmt: skip
"""Commands that size the delimiter behind them, and which side of a bracket it is."""
_LEFT_OUT = {
    r"\label": 1, r"\tag": 1, r"\vspace": 1, r"\phantom": 1, r"\hphantom": 1, r"\vphantom": 1, r"\color": 1,
    r"\rule": 2, r"\cline": 1, r"\intertext": 1, r"\vskip": 1, r"\ref": 1, r"\eqref": 1, r"\cite": 1,
    r"\footnote": 1, r"\index": 1, r"\setlength": 2, r"\renewcommand": 2, r"\tag*": 1,
}  # fmt: skip
"""Commands that say nothing, with the number of their arguments."""
TEXTS = (r"\text", r"\textrm", r"\textit", r"\textbf", r"\texttt", r"\textsf", r"\mbox", r"\hbox", r"\emph",
         r"\textnormal", r"\textsc", r"\intertext", r"\shortintertext", r"\textup", r"\textmd")  # fmt: skip
"""Commands whose argument is text, where spaces count."""
GAPS = (r"\quad", r"\qquad", r"\hspace", r"\hspace*", r"\enspace", r"\enskip", r"\hskip", r"\kern", r"\mskip")
ROWS = (r"\\", r"\newline", r"\cr", r"\tabularnewline")
_COMMENTS = (r"\triangleright", r"\rhd", r"\vartriangleright", r"\Comment", r"\tcp", r"\tcc")
"""What follows them up to the end of the row is no formula."""
_UNICODE = {
    "−": "-", "–": "-", "·": r"\cdot", "×": r"\times", "⋅": r"\cdot", "∗": "*", "≤": r"\leq", "≥": r"\geq",
    "≠": r"\neq", "≈": r"\approx", "←": r"\leftarrow", "→": r"\to", "∇": r"\nabla", "∂": r"\partial",
    "∞": r"\infty", "∑": r"\sum", "∏": r"\prod", "∫": r"\int", "±": r"\pm", "∓": r"\mp", "∈": r"\in",
    "′": "'", "…": r"\ldots", "⋯": r"\cdots", "‖": r"\|", "⊙": r"\odot", "⊤": r"\top", "ℓ": r"\ell",
    "ϵ": r"\epsilon",
    "∝": r"\propto", "⟨": r"\langle", "⟩": r"\rangle", "ℝ": "R", "\u00a0": "~", "⇒": r"\Rightarrow",
    "ϕ": r"\phi",
    "⇔": r"\Leftrightarrow", "∼": r"\sim",
}  # fmt: skip
_GREEK = "alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi omicron pi"
_GREEK += " rho varsigma sigma"
_GREEK += " tau upsilon varphi chi psi omega"
_UNICODE |= {chr(0x3B1 + k): f"\\{name}" for k, name in enumerate(_GREEK.split())}
_UNICODE |= {
    c: f"\\{n}"
    for c, n in zip(
        "ΓΔΘΛΞΠΣΦΨΩ",
        ["Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega"],
        strict=True,
    )
}

_SEVERAL = {
    "″": "''", "‴": "'''",
    **{c: f"^{{{n}}}" for c, n in RAISED.items() if n.isdigit()},
    **{c: f"_{{{n}}}" for c, n in LOWERED.items() if n.isalnum()},
    **{c: "\\frac{{{}}}{{{}}}".format(*unicodedata.normalize("NFKC", c).split("⁄")) for c in FRACTIONS},
}  # fmt: skip
"""Characters that stand for several tokens."""

USUAL_MACROS = (
    ("norm", 1, r"\left\|#1\right\|"), ("abs", 1, r"\left|#1\right|"), ("R", 0, r"\mathbb{R}"),
    ("N", 0, r"\mathbb{N}"), ("Z", 0, r"\mathbb{Z}"), ("E", 0, r"\mathbb{E}"), ("dd", 0, r"\mathrm{d}"),
    ("dv", 2, r"\frac{d #1}{d #2}"), ("pdv", 2, r"\frac{\partial #1}{\partial #2}"),
    ("vb", 1, r"\mathbf{#1}"), ("inner", 2, r"\langle #1, #2\rangle"),
)  # fmt: skip
"""Commands that many texts define, all alike, as they are where a text does not define them."""

_PATTERN = re.compile(
    r"""
      (?P<space>   [\s]+ | (?<!\\) % .* )
    | (?P<row>     \\\\ \*? (?: \[ [^\]\n]* \] )? )
    | (?P<number>  [0-9]{1,3} (?: (?: \{,\} | \\, ) [0-9]{3} )+ (?! [0-9] ) (?: \. [0-9]+ )?
                 | [0-9]+ (?: \. [0-9]+ )? (?: [eE] -? [0-9]+ (?! [0-9A-Za-z] ) )? | \. [0-9]+ )
    | (?P<letter>  [A-Za-z] )
    | (?P<command> \\ (?: [A-Za-z]+ \*? | . | \n ) )
    | (?P<sign>    := | \.\.\. | \|\| | <- | -> | [-+*/^_{}()\[\]|,.=<>:;&~'!?`"#@] )
    | (?P<other>   . )
    """,
    re.VERBOSE,
)
_BRACE = re.compile(r"\s*\{")
_WORD = re.compile(r"\s*\{(?=\s*(?:and|or|if|for|when|where|with|otherwise)\s*\})")
"""The brace before a word between statements."""
_NUMBER_OF_ARGUMENTS = re.compile(r"#([1-9])")


@dataclass(frozen=True)
class LatexToken:
    """A command, letter, number, sign, row end, or text, with its first character and the one behind it.

    `side` of a delimiter is "left" or "right" where a command before it says so, that of a text its command,
    that of a gap its size; `spaced` tells whether a
    space
    stands before it.
    """

    kind: str
    text: str
    position: int
    end: int
    side: str = ""
    spaced: bool = False


@dataclass(frozen=True)
class Macro:
    """A command that a text defines: the number of its arguments, and the tokens that it stands for."""

    arguments: int
    body: tuple[LatexToken, ...]


def macro_table(macros: Iterable[tuple[str, int, str]]) -> dict[str, Macro]:
    r"""Return macros by their commands; those whose text cannot be read are left out."""
    table: dict[str, Macro] = {}
    for name, arguments, body in (*USUAL_MACROS, *macros):
        try:
            table[name if name.startswith("\\") else f"\\{name}"] = Macro(arguments, tuple(_cut(body)))
        except ReadError:
            continue
    return table


def latex_tokens(text: str, macros: Mapping[str, Macro] | None = None) -> list[LatexToken]:
    """Return the tokens of a formula, with macros put in.

    Raises ReadError for a text that is too long, at a character that is no part of LaTeX, and for macros that
    become too many tokens.
    """
    if len(text) > MAX_CHARACTERS:
        message = f"the text has {len(text)} characters, at most {MAX_CHARACTERS} are read; split it"
        raise ReadError(message, text, MAX_CHARACTERS)
    found = _expanded(_cut(text), macros or {}, text)
    if len(found) > MAX_TOKENS:
        message = f"the formula has {len(found)} tokens, at most {MAX_TOKENS} are read; split it"
        raise ReadError(message, text, found[MAX_TOKENS].position)
    return _significant(found, text)


def with_macros(text: str, macros: Mapping[str, Macro]) -> str:
    r"""Return a formula with the macros put in that take no arguments, where they stand.

    >>> print(with_macros(r"\bA x = \bAB", macro_table([("bA", 0, r"\mathbf A")])))
    {\mathbf A} x = \bAB
    """

    def put(found: re.Match[str]) -> str:
        macro = macros.get(found[0])
        if macro is None or macro.arguments:
            return found[0]
        return f"{{{' '.join(t.text for t in macro.body)}}}"

    return re.sub(r"\\[A-Za-z]+", put, text)


def _cut(text: str) -> list[LatexToken]:
    """Return the tokens as they are written; the argument of a text command is one token."""
    found: list[LatexToken] = []
    at, spaced = 0, False
    while at < len(text):
        match = _PATTERN.match(text, at)
        assert match is not None
        kind, part, begun, at = str(match.lastgroup), match[0], at, match.end()
        if kind == "space" or part in ("\\ ", "\\\n"):
            spaced = True
            continue
        if kind == "other":
            if part not in _UNICODE and part not in _SEVERAL:
                raise ReadError(f"found {part!a}, which is not part of a displayed formula", text, begun)
            if part in _SEVERAL:
                found += [replace(t, position=begun, end=at) for t in _cut(_SEVERAL[part])]
                spaced = False
                continue
            part = _UNICODE[part]
            kind = "command" if part[0] == "\\" else "letter" if part.isalpha() else "sign"
        if kind == "command" and (part in TEXTS or part == r"\mathrm"):
            opening = (_WORD if part == r"\mathrm" else _BRACE).match(text, at)
            if opening:
                end = _closing(text, opening.end())
                found.append(LatexToken("text", text[opening.end() : end - 1], begun, end, part, spaced))
                at, spaced = end, False
                continue
        if kind == "row":
            part = "\\\\"
        found.append(LatexToken(kind, part, begun, at, "", spaced))
        spaced = False
    return found


def _closing(text: str, at: int) -> int:
    """Return the position behind the brace that closes the one before `at`."""
    depth, begun = 1, at
    while at < len(text):
        if text[at] == "\\":
            at += 2
            continue
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        at += 1
        if not depth:
            return at
    raise ReadError("this brace is never closed; add '}'", text, begun - 1)


def _expanded(tokens: list[LatexToken], macros: Mapping[str, Macro], text: str) -> list[LatexToken]:
    """Return the tokens with macros put in, in at most five rounds."""
    for _ in range(MAX_ROUNDS):
        if not any(t.kind == "command" and t.text in macros for t in tokens):
            return tokens
        found: list[LatexToken] = []
        i = 0
        while i < len(tokens):
            token = tokens[i]
            i += 1
            macro = macros.get(token.text) if token.kind == "command" else None
            if macro is None:
                found.append(token)
                continue
            arguments: list[Sequence[LatexToken]] = []
            for _argument in range(macro.arguments):
                inside, i = _argument_at(tokens, i, text)
                arguments.append(inside)
            end = tokens[i - 1].end
            found += _substituted(macro, arguments, token.position, end)
            if len(found) > MAX_TOKENS:
                raise ReadError(f"{token.text} becomes more than {MAX_TOKENS} tokens", text, token.position)
        tokens = found
    raise ReadError(
        f"macros are put in {MAX_ROUNDS} times, and some are left; write the formula without them",
        text,
        tokens[0].position if tokens else 0,
    )


def _argument_at(tokens: Sequence[LatexToken], i: int, text: str) -> tuple[Sequence[LatexToken], int]:
    """Return the tokens of an argument, without its braces, and where it ends."""
    if i >= len(tokens):
        raise ReadError("a macro has too few arguments", text, max(len(text) - 1, 0))
    if tokens[i].text != "{":
        return tokens[i : i + 1], i + 1
    depth = 0
    for end in range(i, len(tokens)):
        depth += {"{": 1, "}": -1}.get(tokens[end].text, 0)
        if not depth:
            return tokens[i + 1 : end], end + 1
    raise ReadError("this brace is never closed; add '}'", text, tokens[i].position)


def _substituted(
    macro: Macro, arguments: Sequence[Sequence[LatexToken]], position: int, end: int
) -> list[LatexToken]:
    """Return what a macro stands for; its tokens stand where it was called, and are one group."""
    found: list[LatexToken] = []
    i = 0
    while i < len(macro.body):
        token = macro.body[i]
        following = macro.body[i + 1] if i + 1 < len(macro.body) else None
        if token.text == "#" and following is not None and following.kind == "number":
            digit = int(following.text[0])
            found += arguments[digit - 1] if 1 <= digit <= len(arguments) else []
            if len(following.text) > 1:
                found.append(replace(following, text=following.text[1:], position=position, end=end))
            i += 2
            continue
        text = token.text
        if token.kind == "text":
            text = _NUMBER_OF_ARGUMENTS.sub(
                lambda m: (
                    "".join(t.text for t in arguments[int(m[1]) - 1]) if int(m[1]) <= len(arguments) else ""
                ),
                text,
            )
        found.append(replace(token, text=text, position=position, end=end))
        i += 1
    return found


def _significant(tokens: list[LatexToken], text: str) -> list[LatexToken]:
    """Return the tokens without spaces, labels, comments of algorithms and sizes of delimiters."""
    found: list[LatexToken] = []
    i, side, position = 0, "", 0
    while i < len(tokens):
        token = tokens[i]
        i += 1
        if token.kind == "command" and token.text in SIZES:
            side, position = SIZES[token.text], token.position
            continue
        if token.text in _IGNORED and token.kind in ("command", "sign"):
            continue
        if token.text in _LEFT_OUT and token.kind == "command":
            for _ in range(_LEFT_OUT[token.text]):
                if i < len(tokens) and tokens[i].text == "{":
                    i = _argument_at(tokens, i, text)[1]
            continue
        if token.text in _COMMENTS and token.kind == "command":
            while i < len(tokens) and tokens[i].kind != "row" and tokens[i].text != r"\end":
                i += 1
            continue
        if token.text in GAPS and token.kind == "command":
            size = ""
            if i < len(tokens) and tokens[i].text == "{":
                inside, i = _argument_at(tokens, i, text)
                size = "".join(t.text for t in inside)
            found.append(replace(token, kind="gap", end=tokens[i - 1].end, side=size))
            continue
        if token.text in ROWS and token.kind in ("command", "row"):
            token = replace(token, kind="row", text=r"\\")
        if side:
            token = replace(token, side=side, position=position)
            side = ""
        found.append(token)
    return found
