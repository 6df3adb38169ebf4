"""Products in plain text: factors side by side, and numbers with units, which are none."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise

from physsym.parsing.derivatives import GRADIENT
from physsym.parsing.tokens import NAMES_OF_LETTERS, RAISED, ReadError, Token, closing_of, depths_of

_UNITS = ("m", "s", "kg", "g", "N", "J", "W", "Hz", "K", "rad", "deg", "ms", "cm", "mm", "km", "min")
_SURE_UNITS = ("kg", "N", "Hz", "rad", "deg", "ms", "cm", "mm", "km", "s")
MAX_SHORT = 3
"""How long a name may be that stands beside another one without a sign and is not known otherwise."""


def refuse_units(tokens: Sequence[Token], text: str, names: Collection[str]) -> None:
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
                a = text[_begin_of_operand(out).position : previous.end]
                b = f"{token.text}{'(...)' * (token.name in functions)}" if token.kind == "name" else "(...)"
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


def _begin_of_operand(tokens: Sequence[Token]) -> Token:
    """Return the last token, or the bracket that it closes, with its function."""
    depth, i = 0, len(tokens)
    while i:
        i -= 1
        depth += {"close": 1, "open": -1}.get(tokens[i].kind, 0)
        if not depth:
            break
    called = i > 0 and tokens[i].kind == "open" and tokens[i - 1].kind == "name" and not tokens[i].spaced
    return tokens[i - called]


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
        inside = tokens[i + 1 : closing_of(tokens, i, text)]
        apart = any(t.kind == "comma" and d == 0 for t, d in zip(inside, depths_of(inside), strict=True))
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
            and base not in NAMES_OF_LETTERS
            and token.text.isascii()
            and "_(" not in token.text  # an index in brackets: no word of a sentence
        ):
            return False
    return True
