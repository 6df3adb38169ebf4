"""Derivatives in plain text: dx/dt, theta_dot, ∇U(x), ∂U/∂x and dU/dx, brought to rates and to grad(x)."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import pairwise

from physsym.parsing.lagrangian import refuse_lagrangian
from physsym.parsing.tokens import (
    LOWERED,
    NAMES_OF_LETTERS,
    RAISED,
    ReadError,
    Token,
    closing_of,
    depths_of,
    sign_at,
)

GRADIENT = "∇"
"""The name of a gradient that is written without the point at which it is taken."""
POTENTIALS = ("U", "L", "loss")


def derivatives(
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
    is_one = len(base) == 1 or base in names or base in NAMES_OF_LETTERS
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
        replace(sign_at("name", name, at), spaced=at.spaced),
        replace(sign_at("open", "(", at), spaced=False),
        *inside,
        sign_at("close", ")", end),
    ]


def _named_rate(token: Token, names: Collection[str]) -> tuple[list[Token], int] | None:
    """Return x_dot, x_ddot, xdot and thetadot as rates."""
    if token.kind != "name" or token.name in names:
        return None
    match = re.fullmatch(r"(.+?)(_?)(d?dot)", token.name)
    if match is None:
        return None
    base, apart, dots = match.groups()
    if not apart and len(base) > 1 and base not in NAMES_OF_LETTERS:
        return None
    marks = token.marks + "'" * (len(dots) - 2)
    return [replace(token, meant=base, marks=marks)], 1


def gradients(
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
                out += [sign_at("number", order, token), sign_at("comma", ",", token)]
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
        inside = [sign_at("number", number, start), sign_at("comma", ",", start)]
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
        end = closing_of(tokens, i + 6, text)
        inside = tokens[i + 7 : end]
        commas = [
            0,
            *(
                k
                for k, (t, d) in enumerate(zip(inside, depths_of(inside), strict=True))
                if t.kind == "comma" and d == 0
            ),
        ]
        firsts = [inside[k + (k > 0)] for k in commas if k + (k > 0) < len(inside)]
        shown = len(coordinate.index)  # behind it, the index of a coordinate may have the time
        own = (coordinate.name, coordinate.index)
        numbers = [k for k, t in enumerate(firsts, 1) if (t.name, t.index[:shown]) == own]
        if len(numbers) != 1:
            raise advice
        first = [sign_at("number", str(numbers[0]), start), sign_at("comma", ",", start)]
        # The bracket around ∂U/∂x stands already, and goes around the whole.
        return [
            *_call("partial", start, [*first, *inside], tokens[end]),
            sign_at("close", ")", tokens[end]),
        ], end + 1
    return _call("grad", start, [coordinate], coordinate), i + 5
