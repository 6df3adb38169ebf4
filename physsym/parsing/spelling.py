"""Spelling: what people write in several ways is brought to the one way that the grammar knows.

Tokens are replaced, never their meaning: `dx/dt` becomes x', `√(x)` becomes sqrt(x), `x²` becomes x**2,
`∇U(x)` becomes grad(x), and `2 x` becomes 2*x. What can be read in two ways is refused, with both readings.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise

from physsym.parsing.lagrangian import refuse_lagrangian
from physsym.parsing.tokens import GREEK, LOWERED, RAISED, TYPEFACES, ReadError, Token
from physsym.parsing.words import worded

WORDS = frozenset({*keyword.kwlist, "otherwise", "then"} - {"lambda", "True", "False"})
GRADIENT = "∇"
"""The name of a gradient that is written without the point at which it is taken."""
POTENTIALS = ("U", "L", "loss")
_NAMES_OF_LETTERS = frozenset(GREEK.values()) | {"lambda", "epsilon"}
_UNITS = ("m", "s", "kg", "g", "N", "J", "W", "Hz", "K", "rad", "deg", "ms", "cm", "mm", "km", "min")
_SURE_UNITS = ("kg", "N", "Hz", "rad", "deg", "ms", "cm", "mm", "km", "s")
MAX_SHORT = 3
"""How long a name may be that stands beside another one without a sign and is not known otherwise."""


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
    for step in (_braces, _raised, _roots, _derivatives, _gradients, _functions_raised):
        tokens = step(tokens, text, names, functions)
    _refuse_words(tokens, text, names)
    _refuse_units(tokens, text, names)
    return tokens


def _sign(kind: str, written: str, at: Token) -> Token:
    """Return a token that stands for a part of another one."""
    return Token(kind, written, at.position, length=at.length or len(at.text), spaced=at.spaced)


def _closing(tokens: Sequence[Token], start: int, text: str) -> int:
    """Return where the bracket that opens at `start` is closed."""
    depth = 0
    for i in range(start, len(tokens)):
        depth += {"open": 1, "close": -1}.get(tokens[i].kind, 0)
        if depth == 0:
            return i
    raise ReadError("this bracket is never closed; add ')'", text, tokens[start].position)


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
            out += [_sign("name", "floor" if token.text == "⌊" else "ceil", token), _sign("open", "(", token)]
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
                out.append(_sign("close", ")", token))
        elif token.text == "{" and token.kind == "brace":
            around.append(("{", len(out)))
            out.append(_sign("open", "(", token) if out and out[-1].kind == "power" else token)
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
    out = [_sign("name", "Piecewise", opening), _sign("open", "(", opening)]
    for case in cases:
        words = [i for i, t in enumerate(case) if t.text in ("if", "otherwise")]
        if not words:
            raise ReadError(
                "braces hold cases, as in {a if x > 0; b otherwise}; write round brackets",
                text,
                opening.position,
            )
        at = words[0]
        condition = _condition(case[at + 1 :]) if case[at].text == "if" else [_sign("name", "True", case[at])]
        out += [_sign("open", "(", case[0]), *case[:at], _sign("comma", ",", case[at]), *condition]
        out += [_sign("close", ")", case[at]), _sign("comma", ",", case[at])]
    return [*out[:-1], _sign("close", ")", closing)]


def _condition(tokens: list[Token]) -> list[Token]:
    """Return a condition with signs for its words, and each relation in brackets of its own."""
    signs = {"and": ("logic", "&"), "or": ("logic", "|"), "not": ("negation", "~")}
    out: list[Token] = []
    part: list[Token] = []

    def finish() -> None:
        if (
            part
            and part[0].kind == "open"
            and _depths(part).index(0) == len(part) - 1
            and _relates(part[1:-1])
        ):
            out.extend([part[0], *_condition(part[1:-1]), part[-1]])
        elif part:
            equal = [_sign("comparison", "==", t) if t.text == "=" else t for t in part]
            out.extend([_sign("open", "(", part[0]), *equal, _sign("close", ")", part[-1])])
        part.clear()

    for token, depth in zip(tokens, _depths(tokens), strict=True):
        if token.text in signs and depth == 0:
            finish()
            out.append(_sign(*signs[token.text], token))
        else:
            part.append(token)
    finish()
    return out


def _depths(tokens: Sequence[Token]) -> list[int]:
    """Return how many brackets are open behind each token."""
    return list(accumulate({"open": 1, "close": -1}.get(t.kind, 0) for t in tokens))


def _relates(tokens: Sequence[Token]) -> bool:
    """Return whether a relation or a word of logic stands outside of inner brackets."""
    pairs = zip(tokens, _depths(tokens), strict=True)
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
            out.append(_sign("operator", "**", token))
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
        out.append(_sign("operator", "**", token))
        if digits:
            out += [_sign("sign", sign, token)] * bool(sign) + [_sign("number", digits, token)]
            continue
        out += [_sign("open", "(", token), _sign("name", letter, token)]
        out += [_sign("sign", plus, token), _sign("number", more, token)] if plus else []
        out.append(_sign("close", ")", token))
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
            inner = out[i + 1 : _closing(out, i + 1, text) + 1]
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
            inner = [_sign("open", "(", following), following, _sign("close", ")", following)]
        size = len(inner) if following.kind == "open" else 1
        if root.text == "√":
            whole = [_sign("name", "sqrt", root), replace(inner[0], spaced=False), *inner[1:]]
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
                *(_sign(k, w, root) for k, w in power),
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
        end = _closing(out, j + 1, text)
        inner = [replace(out[j + 1], spaced=False), *out[j + 2 : end + 1]]
        out[i : end + 1] = [function, *inner, power, out[j]]
    return out


# ------------------------------------------------------------------ derivatives and gradients


def _derivatives(
    tokens: list[Token], text: str, names: Collection[str], functions: Collection[str]
) -> list[Token]:
    """Replace dx/dt and d²x/dt² by the symbol of the rate, dU/dx by the gradient, theta_dot by theta'."""
    out: list[Token] = []
    i = 0
    while i < len(tokens):
        found = _quotient(tokens, i, text, names) or _named_rate(tokens[i], names)
        if found is None:
            out.append(tokens[i])
            i += 1
        else:
            replaced, used = found
            out += replaced
            i += used
    return out


def _quotient(
    tokens: list[Token], i: int, text: str, names: Collection[str]
) -> tuple[list[Token], int] | None:
    """Return what a quotient of differentials stands for, and how many tokens it takes; None for none."""
    start = tokens[i]
    if start.kind != "name" or start.name in names or not start.text.startswith("d") or start.marks:
        return None
    j, order = i, 1
    if start.text == "d":
        j += 1
        if j + 1 < len(tokens) and tokens[j].text == "**" and tokens[j + 1].kind == "number":
            order, j = int(tokens[j + 1].text) if tokens[j + 1].text in ("2", "3") else 0, j + 2
        if j < len(tokens) and tokens[j].text == "/" and order == 1 and _is_differential(tokens, j + 1):
            message = "found d/dt before a formula; write x' for the rate of x"
            raise ReadError(message, text, start.position)
        if j >= len(tokens) or tokens[j].kind != "name" or not order:
            return None
        body = tokens[j]
    else:
        letter = start.name[1:]
        body = replace(start, meant=letter, text=start.text[1:])
    j += 1
    if j >= len(tokens) or tokens[j].text != "/" or not _is_differential(tokens, j + 1):
        return None
    below = tokens[j + 1]
    end = j + 2
    if order > 1:
        if [t.text for t in tokens[end : end + 2]] != ["**", str(order)]:
            return None
        end += 2
    elif end < len(tokens) and tokens[end].text == "**":
        message = f"found a power behind {below.text}; write (dx/dt)**2 or d**2x/dt**2"
        raise ReadError(message, text, tokens[end].position)
    written = text[start.position : tokens[end - 1].end]
    length = tokens[end - 1].end - start.position
    whole = replace(body, position=start.position, length=length, spaced=start.spaced, text=written)
    base = body.name.split("_")[0]
    is_one = len(base) == 1 or base in names or base in _NAMES_OF_LETTERS
    if below.text == "dt" and is_one:
        return [replace(whole, marks=body.marks + "'" * order)], end - i
    if body.name in POTENTIALS and below.text != "dt" and order == 1:
        point = replace(below, meant=below.name[1:], text=below.text[1:], position=below.position + 1)
        refuse_lagrangian(tokens, text, replace(body, position=start.position), point)
        return _call("grad", start, [point], below), end - i
    if below.name in names and below.text != "dt":
        return None
    quotient = f"({start.text})/{below.text} for the quotient"
    if below.text == "dt":
        derivative = f"write {base}' for the rate of {base}"
    else:
        derivative = f"derivatives are taken by t alone: write {base}' where {below.name[1:]} is the time"
    message = f"found {written}, which may be a derivative or a quotient; {derivative}, or {quotient}"
    raise ReadError(message, text, start.position)


def _is_differential(tokens: Sequence[Token], i: int) -> bool:
    return i < len(tokens) and tokens[i].kind == "name" and re.match(r"d[^\W\d_]", tokens[i].text) is not None


def _call(name: str, at: Token, inside: Sequence[Token], end: Token) -> list[Token]:
    """Return the tokens of a function with its argument."""
    return [
        replace(_sign("name", name, at), spaced=at.spaced),
        replace(_sign("open", "(", at), spaced=False),
        *inside,
        _sign("close", ")", end),
    ]


def _named_rate(token: Token, names: Collection[str]) -> tuple[list[Token], int] | None:
    """Return x_dot, x_ddot, xdot and thetadot as rates."""
    if token.kind != "name" or token.name in names:
        return None
    match = re.fullmatch(r"(.+?)(_?)(d?dot)", token.name)
    if match is None:
        return None
    base, apart, dots = match.groups()
    if not apart and len(base) > 1 and base not in _NAMES_OF_LETTERS:
        return None
    marks = token.marks + "'" * (len(dots) - 2)
    return [replace(token, meant=base, marks=marks)], 1


def _gradients(
    tokens: list[Token], text: str, names: Collection[str], functions: Collection[str]
) -> list[Token]:
    """Replace ∇U(x) by grad(x), ∇²U(x) by hess(x), and ∇U by the gradient at the weights."""
    out: list[Token] = []
    of: set[str] = set()
    i = 0
    while i < len(tokens):
        token = tokens[i]
        if token.kind == "partial":
            inner, i = _partial(tokens, i, text)
            out += inner
            continue
        if token.kind != "nabla":
            out.append(token)
            i += 1
            continue
        order = "".join(RAISED[c] for c in token.text[1:])
        if (
            order == ""
            and i + 2 < len(tokens)
            and tokens[i + 1].text == "**"
            and tokens[i + 2].kind == "number"
        ):
            order, i = tokens[i + 2].text, i + 2
        if order not in ("", "2", "3", "4") or i + 1 >= len(tokens) or tokens[i + 1].kind != "name":
            raise ReadError("found ∇ without its function; write ∇U(x) or grad(x)", text, token.position)
        function = tokens[i + 1]
        of.add(function.name)
        if len(of) > 1 or function.marks or (function.name in functions and function.name not in POTENTIALS):
            message = (
                f"found ∇{function.text}; "
                "one potential is known, U or the loss: write grad(x) for its gradient"
            )
            raise ReadError(message, text, token.position)
        applied = i + 2 < len(tokens) and tokens[i + 2].kind == "open" and not tokens[i + 2].spaced
        head = replace(
            token, kind="name", meant=GRADIENT, length=function.end - token.position, index=function.index
        )
        if applied:
            name = {"": "grad", "2": "hess"}.get(order, "higher")
            out += [replace(head, text=name, meant=name, index=()), tokens[i + 2]]
            if name == "higher":
                out += [_sign("number", order, token), _sign("comma", ",", token)]
            i += 3
        elif order:
            raise ReadError(
                f"found {token.text}{function.text} without its point; write hess(x)", text, token.position
            )
        else:
            _refuse_point(tokens, i + 1, text, names)
            out.append(replace(head, text=text[token.position : function.end]))
            i += 2
    # The function whose gradient a text takes is the potential; on a page in bold letters, L is the loss.
    of |= {"L"} if any(t.kind == "name" and ord(t.text[0]) > 0xFFFF for t in tokens) else set()
    calls = [a.name in of - {"U"} and b.kind == "open" and not b.spaced for a, b in pairwise(out)]
    return [replace(t, meant="potential") if c else t for t, c in zip(out, [*calls, False], strict=False)]


def _refuse_point(tokens: Sequence[Token], i: int, text: str, names: Collection[str]) -> None:
    """Refuse ∇x of a name that stands for a value: it is the point, and no function."""
    name = tokens[i].name
    values = [b for a, b in pairwise((Token("start", "", 0), *tokens)) if a.kind not in ("nabla", "partial")]
    is_value = any(t.kind == "name" and t.name == name for t in values)
    if name not in POTENTIALS and (name in names or is_value):
        written = tokens[i].text
        message = f"found ∇{written} of what is no function; write grad({written}) for the gradient there"
        raise ReadError(message, text, tokens[i].position)


def _partial(tokens: list[Token], i: int, text: str) -> tuple[list[Token], int]:
    """Return what ∂U/∂x and ∂₁U(x, u) stand for, and where the text goes on.

    `(∂U/∂x)(x, u)` is the derivative along x at a point of several coordinates.
    """
    start = tokens[i]
    advice = ReadError(
        "found ∂, which is read in ∂U/∂x alone; write grad(x) or partial(1, x, y)", text, start.position
    )
    kinds = [t.kind for t in tokens[i : i + 5]]
    if start.text != "∂":
        number = "".join(LOWERED[c] for c in start.text[1:])
        if not number.isdigit() or kinds[1:3] != ["name", "open"] or tokens[i + 1].name not in POTENTIALS:
            raise advice
        inside = [_sign("number", number, start), _sign("comma", ",", start)]
        return [*_call("partial", start, inside, start)[:-1]], i + 3
    if kinds != ["partial", "name", "operator", "partial", "name"] or tokens[i + 2].text != "/":
        raise advice
    if tokens[i + 4].marks and tokens[i + 1].name != "L":
        raise ReadError("found a derivative by a rate, which is not read", text, tokens[i + 4].position)
    if tokens[i + 1].name not in POTENTIALS or tokens[i + 3].text != "∂":
        raise advice
    coordinate = tokens[i + 4]
    refuse_lagrangian(tokens, text, replace(tokens[i + 1], position=start.position), coordinate)
    if [t.kind for t in tokens[i + 5 : i + 7]] == ["close", "open"]:
        end = _closing(tokens, i + 6, text)
        inside = tokens[i + 7 : end]
        commas = [
            0,
            *(
                k
                for k, (t, d) in enumerate(zip(inside, _depths(inside), strict=True))
                if t.kind == "comma" and d == 0
            ),
        ]
        firsts = [inside[k + (k > 0)] for k in commas if k + (k > 0) < len(inside)]
        shown = len(coordinate.index)  # behind it, the index of a coordinate may have the time
        own = (coordinate.name, coordinate.index)
        numbers = [k for k, t in enumerate(firsts, 1) if (t.name, t.index[:shown]) == own]
        if len(numbers) != 1:
            raise advice
        first = [_sign("number", str(numbers[0]), start), _sign("comma", ",", start)]
        # The bracket around ∂U/∂x stands already, and goes around the whole.
        return [
            *_call("partial", start, [*first, *inside], tokens[end]),
            _sign("close", ")", tokens[end]),
        ], end + 1
    return _call("grad", start, [coordinate], coordinate), i + 5


# ------------------------------------------------------------------ products by juxtaposition


def _refuse_units(tokens: Sequence[Token], text: str, names: Collection[str]) -> None:
    """Refuse a number with a unit behind it: 9.81 m/s^2 is no product with a mass m."""
    for i, (one, other) in enumerate(pairwise(tokens)):
        if one.kind != "number" or other.kind != "name" or other.text not in _UNITS or other.marks:
            continue
        behind = list(tokens[i + 2 : i + 4])
        over = (
            len(behind) == 2
            and behind[0].text == "/"
            and behind[1].text in _UNITS
            and behind[1].name not in names
        )
        ends = not behind or behind[0].kind in ("newline", "semicolon", "comma")
        # x = 2.5 m is a length; v <- 0.1 g holds a gradient, and 2 m may be twice a mass.
        before = [t.text for t in tokens[max(i - 2, 0) : i] if t.kind != "sign"]
        alone = ends and before[-1:] == ["="] and other.text != "g"
        sure = other.text in _SURE_UNITS and other.name not in names
        if over or (sure and other.text != "s") or (alone and (sure or "." in one.text)):
            begun = i
            while begun > 1 and tokens[begun - 1].text == "**" and tokens[begun - 2].kind == "number":
                begun -= 2
            number = text[tokens[begun].position : one.end]
            product = f"{number}*{other.text}"
            message = (
                f"found {number} {other.text}, which may be a number with a unit; "
                f"leave units out, or write {product} for the product"
            )
            raise ReadError(message, text, tokens[begun].position)


_OPERAND = ("name", "number", "open")


def products(
    tokens: list[Token], text: str, names: Collection[str], functions: Collection[str]
) -> list[Token]:
    """Return the tokens with `*` between factors that stand side by side, where that has one reading."""
    out: list[Token] = []
    divided = [False]  # whether the last operand, in each open bracket, stands behind / or %
    raised = False  # whether the last operand is an exponent
    called: list[bool] = []
    closed_call = False
    for i, token in enumerate(tokens):
        previous = out[-1] if out else None
        if previous is not None and _side_by_side(previous, token, tokens, i, text, names, functions):
            if divided[-1]:
                a, b = previous.text, token.text
                message = (
                    f"found {b} behind a quotient, which may belong above or below; "
                    f"write (.../{a})*{b} or .../({a}*{b})"
                )
                raise ReadError(message, text, token.position)
            if raised and not token.spaced:
                message = (
                    f"found {token.text} directly behind an exponent, which may belong to it; "
                    "write * or brackets"
                )
                raise ReadError(message, text, token.position)
            if closed_call and not token.spaced and token.kind == "open":
                message = "found a bracket behind a function with its argument; write * for a product"
                raise ReadError(message, text, token.position)
            out.append(Token("operator", "*", token.position, length=1))
            raised = False
        if token.kind == "open":
            called.append(
                bool(out) and out[-1].kind == "name" and not (token.spaced and out[-1].name not in functions)
            )
            divided.append(False)
            raised = False
        elif token.kind == "close":
            closed_call, raised = bool(called) and called.pop(), False
            if len(divided) > 1:
                divided.pop()
        elif token.kind == "operator":
            raised = token.text == "**" and text[token.position] not in RAISED
            if token.text != "**":
                divided[-1] = token.text in ("/", "%")
        elif token.kind in ("newline", "semicolon", "comma", "relation", "comparison", "logic") or (
            token.kind == "sign" and (previous is None or previous.kind != "operator")
        ):
            divided[-1], raised = False, False
        out.append(token)
    return out


def _side_by_side(
    one: Token,
    other: Token,
    tokens: Sequence[Token],
    i: int,
    text: str,
    names: Collection[str],
    functions: Collection[str],
) -> bool:
    """Return whether two tokens are factors without a sign between; raise ReadError where that is unclear."""
    if one.kind not in ("name", "number", "close") or other.kind not in _OPERAND:
        return False
    if other.kind == "number" or (one.kind == "name" and one.name in functions and not one.marks):
        return False  # the grammar refuses the first, and reads the second as a function
    if not other.spaced:
        literal = one.kind == "number" and (one.text == "0" or other.text in ("j", "J"))
        quoted = one.kind == other.kind == "name" and one.text[0].isascii() and other.text.isascii()
        if literal or (quoted and one.text.endswith("'")):
            return False  # 0x1, 2j and u'x' of a program
    if one.kind == "name" and other.kind == "open":
        inside = tokens[i + 1 : _closing(tokens, i, text)]
        apart = any(t.kind == "comma" and d == 0 for t, d in zip(inside, _depths(inside), strict=True))
        is_sum = len(inside) > 1 or any(t.marks for t in inside)
        return other.spaced and is_sum and not apart
    for token, beside in ((one, other), (other, one)):
        if (
            token.kind != "name"
            or beside.kind == "open"
            or token.name in names
            or token.name in functions
            or token.name == GRADIENT
        ):
            continue
        base = token.name.split("_")[0]
        if (
            len(base) > MAX_SHORT
            and base not in names
            and base not in _NAMES_OF_LETTERS
            and token.text.isascii()
            and "_(" not in token.text  # an index in brackets: no word of a sentence
        ):
            return False
    return True
