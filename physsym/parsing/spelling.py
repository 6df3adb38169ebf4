"""Spelling: what people write in several ways is brought to the one way that the grammar knows.

Tokens are replaced, never their meaning: `dx/dt` becomes x', `√(x)` becomes sqrt(x), `x²` becomes x**2,
`∇U(x)` becomes grad(x), and `2 x` becomes 2*x. What can be read in two ways is refused, with both readings.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from physsym.parsing.derivatives import derivatives, gradients
from physsym.parsing.products import refuse_units
from physsym.parsing.tokens import (
    RAISED,
    TYPEFACES,
    ReadError,
    Token,
    closing_of,
    depths_of,
    sign_at,
)
from physsym.parsing.words import worded

WORDS = frozenset({*keyword.kwlist, "otherwise", "then"} - {"lambda", "True", "False"})


def spelled(
    found: Sequence[Token], text: str, names: Collection[str], functions: Collection[str]
) -> list[Token]:
    """Return the tokens in the one way of writing that the grammar knows.

    Parameters
    ----------
    found, text
        The tokens of a text.
    names
        The names that are known: those of the vocabulary and those declared.
    functions
        The names of functions.

    Raises
    ------
    ReadError
        For what can be read in two ways.
    """
    tokens = worded(found, text, names, functions)
    _refuse_faces(tokens, text)
    for step in (_braces, _raised, _roots, derivatives, gradients, _functions_raised):
        tokens = step(tokens, text, names, functions)
    _refuse_words(tokens, text, names)
    refuse_units(tokens, text, names)
    return tokens


_INSTANT = re.compile(r"[a-z]?=?[+-]?\d*")
"""An index that may be a step: t, t+1, 0, t=0."""


def _refuse_faces(tokens: Sequence[Token], text: str) -> None:
    """Refuse a letter that is written in bold and in plain: in mathematics these are two."""
    faces: dict[tuple[str, tuple[str, ...]], bool] = {}
    for token in tokens:
        if token.kind == "name":
            is_bold = ord(token.text[0]) > 0xFFFF
            own = tuple(i for i in token.index if not _INSTANT.fullmatch(i))
            if faces.setdefault((token.name, own), is_bold) != is_bold:
                raise ReadError(TYPEFACES.format(token.text), text, token.position)


def _refuse_words(tokens: Sequence[Token], text: str, names: Collection[str]) -> None:
    for token in tokens:
        if token.kind == "name" and token.text in WORDS and token.text not in names:
            message = f"found the word {token.text!r}, which is no part of a formula; leave it out"
            raise ReadError(message, text, token.position)


# ------------------------------------------------------------------ braces, powers and roots


def _braces(
    tokens: list[Token], text: str, names: Collection[str], functions: Collection[str]
) -> list[Token]:
    """Replace the brackets of whole parts, of exponents, and of cases `{a if x > 0; b otherwise}`."""
    out: list[Token] = []
    around: list[tuple[str, int]] = []
    for token in tokens:
        if token.text in ("⌊", "⌈"):
            around.append((token.text, len(out)))
            out += [
                sign_at("name", "floor" if token.text == "⌊" else "ceil", token),
                sign_at("open", "(", token),
            ]
        elif token.text in ("⌋", "⌉", "}") and token.kind == "brace":
            opening = {"⌋": "⌊", "⌉": "⌈", "}": "{"}[token.text]
            if not around or around[-1][0] != opening:
                raise ReadError(
                    f"found {token.text!r} without an opening bracket; remove it", text, token.position
                )
            _, start = around.pop()
            if token.text == "}" and out[start].kind == "brace":
                out[start:] = _cases(out[start + 1 :], out[start], token, text)
            else:
                out.append(sign_at("close", ")", token))
        elif token.text == "{" and token.kind == "brace":
            around.append(("{", len(out)))
            out.append(sign_at("open", "(", token) if out and out[-1].kind == "power" else token)
        else:
            out.append(token)
    if around:
        raise ReadError("this bracket is never closed; close it", text, out[around[-1][1]].position)
    return out


def _cases(inside: list[Token], opening: Token, closing: Token, text: str) -> list[Token]:
    """Return `Piecewise(...)` for the cases between braces: values with conditions, between semicolons."""
    cases: list[list[Token]] = [[]]
    depth = 0
    for token in inside:
        depth += {"open": 1, "close": -1}.get(token.kind, 0)
        if token.kind == "semicolon" and not depth:
            cases.append([])
        else:
            cases[-1].append(token)
    out = [sign_at("name", "Piecewise", opening), sign_at("open", "(", opening)]
    for case in cases:
        words = [i for i, t in enumerate(case) if t.text in ("if", "otherwise")]
        if not words:
            raise ReadError(
                "braces hold cases, as in {a if x > 0; b otherwise}; write round brackets",
                text,
                opening.position,
            )
        at = words[0]
        condition = (
            _condition(case[at + 1 :]) if case[at].text == "if" else [sign_at("name", "True", case[at])]
        )
        out += [sign_at("open", "(", case[0]), *case[:at], sign_at("comma", ",", case[at]), *condition]
        out += [sign_at("close", ")", case[at]), sign_at("comma", ",", case[at])]
    return [*out[:-1], sign_at("close", ")", closing)]


def _condition(tokens: list[Token]) -> list[Token]:
    """Return a condition with signs for its words, and each relation in brackets of its own."""
    signs = {"and": ("logic", "&"), "or": ("logic", "|"), "not": ("negation", "~")}
    out: list[Token] = []
    part: list[Token] = []

    def finish() -> None:
        if (
            part
            and part[0].kind == "open"
            and depths_of(part).index(0) == len(part) - 1
            and _relates(part[1:-1])
        ):
            out.extend([part[0], *_condition(part[1:-1]), part[-1]])
        elif part:
            equal = [sign_at("comparison", "==", t) if t.text == "=" else t for t in part]
            out.extend([sign_at("open", "(", part[0]), *equal, sign_at("close", ")", part[-1])])
        part.clear()

    for token, depth in zip(tokens, depths_of(tokens), strict=True):
        if token.text in signs and depth == 0:
            finish()
            out.append(sign_at(*signs[token.text], token))
        else:
            part.append(token)
    finish()
    return out


def _relates(tokens: Sequence[Token]) -> bool:
    """Return whether a relation or a word of logic stands outside of inner brackets."""
    pairs = zip(tokens, depths_of(tokens), strict=True)
    return any(d == 0 and (t.kind == "comparison" or t.text in ("=", "and", "or", "not")) for t, d in pairs)


_EXPONENT = re.compile(r"([+-]?)(\d+)|\(?([a-z])(?:([+-])(\d+))?\)?")


def _raised(
    tokens: list[Token], text: str, names: Collection[str], functions: Collection[str]
) -> list[Token]:
    """Replace `^` and raised digits by `**`; a raised sign behind a name is its instant, as in x⁺."""
    out: list[Token] = []
    for i, token in enumerate(tokens):
        if token.kind == "power":
            _refuse_one_half(tokens, i, text)
            out.append(sign_at("operator", "**", token))
            continue
        if token.kind != "raised":
            out.append(token)
            continue
        plain = "".join(RAISED[c] for c in token.text)
        if plain in ("+", "-") and out and out[-1].kind == "name" and not token.spaced:
            out[-1] = replace(out[-1], marks=out[-1].marks + plain, length=token.end - out[-1].position)
            continue
        if "(" in plain or not (match := _EXPONENT.fullmatch(plain)):
            message = (
                f"found {token.text}, which may be a power or an index; "
                f"write x**k for the power, x_{{k+1}} for the index"
            )
            raise ReadError(message, text, token.position)
        sign, digits, letter, plus, more = match.groups()
        out.append(sign_at("operator", "**", token))
        if digits:
            out += [sign_at("sign", sign, token)] * bool(sign) + [sign_at("number", digits, token)]
            continue
        out += [sign_at("open", "(", token), sign_at("name", letter, token)]
        out += [sign_at("sign", plus, token), sign_at("number", more, token)] if plus else []
        out.append(sign_at("close", ")", token))
    return out


def _refuse_one_half(tokens: Sequence[Token], i: int, text: str) -> None:
    """Refuse x^1/2: nobody writes a first power, so that the root may be meant."""
    behind = [t.text for t in tokens[i + 1 : i + 4] if t.kind != "sign"]
    if behind[:2] == ["1", "/"]:
        message = "found ^1/..., which may be a root or a quotient; write ^(1/2) or sqrt(...) for the root"
        raise ReadError(message, text, tokens[i].position)


def _roots(tokens: list[Token], text: str, names: Collection[str], functions: Collection[str]) -> list[Token]:
    """Replace √(x) and √x by sqrt(x), ∛(x) by (x)**(1/3)."""
    out = list(tokens)
    for i in reversed([i for i, t in enumerate(out) if t.kind == "root"]):
        root = out[i]
        if i + 1 == len(out) or out[i + 1].kind not in ("open", "name", "number"):
            raise ReadError(
                f"found {root.text} without what it is taken of; write {root.text}(...)", text, root.position
            )
        following = out[i + 1]
        if following.kind == "open":
            inner = out[i + 1 : closing_of(out, i + 1, text) + 1]
        elif (
            i + 2 < len(out)
            and out[i + 2].kind in ("open", "name", "number", "root")
            and not out[i + 2].spaced
        ):
            message = (
                f"found {root.text} before several factors; write {root.text}(...) around what it is taken of"
            )
            raise ReadError(message, text, root.position)
        else:
            inner = [sign_at("open", "(", following), following, sign_at("close", ")", following)]
        size = len(inner) if following.kind == "open" else 1
        if root.text == "√":
            whole = [sign_at("name", "sqrt", root), replace(inner[0], spaced=False), *inner[1:]]
        else:
            degree = "3" if root.text == "∛" else "4"
            power = [
                ("operator", "**"),
                ("open", "("),
                ("number", "1"),
                ("operator", "/"),
                ("number", degree),
                ("close", ")"),
            ]
            whole = [
                replace(inner[0], spaced=root.spaced),
                *inner[1:],
                *(sign_at(k, w, root) for k, w in power),
            ]
        out[i : i + 1 + size] = whole
    return out


def _functions_raised(
    tokens: list[Token], text: str, names: Collection[str], functions: Collection[str]
) -> list[Token]:
    """Move the power of a function behind its brackets: sin²(x) is sin(x)**2."""
    out = list(tokens)
    for i in reversed(range(len(out) - 3)):
        function, power, *_ = out[i : i + 2]
        if not (function.kind == "name" and function.name in functions and power.text == "**"):
            continue
        j = i + 2 + (out[i + 2].kind == "sign")
        if j + 1 >= len(out) or out[j].kind != "number" or out[j + 1].kind != "open":
            continue
        if j > i + 2:
            name = function.name
            message = (
                f"found a negative power of {name}, which may be its inverse or 1/{name}(...); "
                f"write 1/{name}(...)"
            )
            raise ReadError(message, text, power.position)
        end = closing_of(out, j + 1, text)
        inner = [replace(out[j + 1], spaced=False), *out[j + 2 : end + 1]]
        out[i : end + 1] = [function, *inner, power, out[j]]
    return out
