"""Words: names and functions that are written without signs or brackets, as in `grad U`, `Delta x`, `sin x`.

They are brought to the tokens that stand for the same with signs. What a word acts on is read where nothing
else can be meant, and asked otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from physsym.parsing.exponents import refuse_applied_powers, refuse_exponents
from physsym.parsing.joined import refuse_joined
from physsym.parsing.tokens import BASE_TEN, CROSS, OF_VECTORS, ReadError, Token, difference

_NABLAS = {"grad": "∇", "nabla": "∇", "hess": "∇²"}
_OPERATORS = ("det", "tr", "diag", "rank", "dim", "lim", "sum", "div", "curl", "rot", "std", "var", "cov",
              "arg")  # fmt: skip
"""Words that act on what follows and are not read, short enough to be taken for factors."""
_FUNCTIONS = ("U", "L", "loss", "f", "F", "J")
"""What a function is called whose gradient is written without its point."""
BARE = ("exp", "log", "ln", "sin", "cos", "tan", "sinh", "cosh", "tanh", "sqrt", "sign", "sgn")
"""Functions whose brackets are left out in formulas: sin x."""
_ENDS = ("close", "comma", "newline", "semicolon", "relation", "sign", "comparison", "logic", "brace")


def worded(
    found: Sequence[Token], text: str, names: Collection[str], functions: Collection[str]
) -> list[Token]:
    """Return the tokens with signs and brackets for words.

    Parameters
    ----------
    found, text, names, functions
        As for `physsym.parsing.spelling.spelled`.

    Raises
    ------
    ReadError
        Where it is not clear what a function without brackets is taken of, and for a transpose.
    """
    refuse_exponents(found, text, names)
    if {*"Σδ×"} & {*text}:
        _refuse_operators(found, text, names)
    refuse_joined(found, text, {*names, *functions})
    if "%" in text and re.search(r"[_^]\{", text):
        message = "found % in a text with braces, a remainder or a comment"
        advice = "write x - y*floor(x/y) for the remainder, or leave the comment out"
        raise ReadError(f"{message}; {advice}", text, text.index("%"))
    differential = re.search(r"(?<![^\W_])d +([^\W\d_]\w*)", text)
    if differential and "d" not in names and (other := re.search(r"(?<![^\W_])d[a-z](?![^\W_])", text)):
        message = f"found {differential[0]} beside {other[0]}, a differential or a product"
        advice = f"write d*{differential[1]} for the product"
        raise ReadError(f"{message}; {advice}", text, differential.start())
    for word, following in pairwise(found):
        if (
            re.fullmatch("log_?[0-9]+", word.text)
            and word.name not in names
            and following.kind in ("name", "open")
        ):
            message = f"found {word.text}; write log(x)/log({word.text.lstrip('log_')}) for another base"
            raise ReadError(message, text, word.position)
        if word.text == "lg" and word.name not in names and following.kind in ("name", "number", "open"):
            raise ReadError(f"found lg; {BASE_TEN}", text, word.position)
        if (
            word.text in _OPERATORS
            and word.name not in names
            and following.kind == "name"
            and following.spaced
        ):
            message = f"found {word.text} before {following.text}; {word.text} is not read, * makes a product"
            raise ReadError(message, text, word.position)
    refuse_applied_powers(found, text, {*names, *functions})
    joined = _steps(_differences(found), text, functions)
    return _bare_arguments(_nablas(joined, text, names), text, names, functions)


def _refuse_operators(found: Sequence[Token], text: str, names: Collection[str]) -> None:
    """Refuse a sum Σ F, a variation δx, and r × F, whose letters are those of vectors."""
    for one, other in pairwise(found):
        variation = one.text == "δ" and not other.spaced
        if (one.text == "Σ" or variation) and other.kind == "name" and one.name not in names:
            meant = "a variation" if variation else "a sum"
            message = (
                f"found {one.text} before {other.text}, {meant} or a factor; write {one.text}*{other.text}"
            )
            raise ReadError(f"{message} for the factor", text, one.position)
    for one, sign, other in zip(found, found[1:], found[2:], strict=False):
        letters = {t.name.split("_")[0] for t in (one, other) if t.kind == "name"}
        if text[sign.position] == "×" and len(letters) == 2 and letters <= OF_VECTORS:
            raise ReadError(CROSS.format(text[one.position : other.end], "*"), text, one.position)


def _differences(found: Sequence[Token]) -> list[Token]:
    """Return the tokens with one name for `Delta x`."""
    out: list[Token] = []
    for token in found:
        last = out[-1] if out else None
        if last and last.text == "Delta" and last.kind == token.kind == "name" and token.spaced:
            length = token.end - last.position
            written = f"Delta {token.text}"
            joined = replace(token, position=last.position, length=length, spaced=last.spaced, text=written)
            out[-1] = replace(joined, meant=difference(token.name))
        else:
            out.append(token)
    return out


def _steps(found: Sequence[Token], text: str, functions: Collection[str]) -> list[Token]:
    """Return the tokens with the index t+1 for `x(t + h)`, where the text makes steps of one length."""
    times = {i: _time(found, i) for i in range(len(found)) if found[i].name not in functions}
    steps = {step for time in times.values() if time is not None for step in time[1:2] if step}
    if len(steps) > 1:
        one, other = sorted(steps)[:2]
        at = next(i for i, time in times.items() if time is not None and time[1] == other)
        raise ReadError(f"found the steps {one} and {other}; use one step", text, found[at].position)
    if steps:
        _refuse_delays(found, {i: time for i, time in times.items() if time is not None and time[0]}, text)
    out: list[Token] = []
    i = 0
    while i < len(found):
        time = times.get(i)
        if time is not None and time[2] == 0:
            name = found[i].text
            message = (
                f"found {name} at a time that is no step t + h; write {name}(t + h) or {name}_{{t+1}} for "
                f"the value of the next step, or {name}*(...) for the product"
            )
            raise ReadError(message, text, found[i].position)
        if time is None or not steps:
            out.append(found[i])
            i += 1
            continue
        index, _, size = time
        length = found[i + size - 1].end - found[i].position
        out.append(replace(found[i], index=(index,), meant=found[i].name, length=length))
        i += size
    return out


def _refuse_delays(found: Sequence[Token], times: Mapping[int, tuple[str, str, int]], text: str) -> None:
    """Refuse ω(t - τ) in a text that makes no steps of τ: it is a product, or a delayed value.

    A text makes steps where a name on the left of a sentence stands at such a time, or a name at two times.
    """
    read: dict[str, set[str]] = {}
    for i, (index, _, size) in times.items():
        read.setdefault(found[i].name, set()).add(index)
        begins = i == 0 or found[i - 1].kind in ("newline", "semicolon", "comma")
        if begins and index != "t" and [t.kind for t in found[i + size : i + size + 1]] == ["relation"]:
            return
    if any(len(indices) > 1 for indices in read.values()):
        return
    for i, (index, _, size) in times.items():
        if index != "t":
            written = text[found[i].position : found[i + size - 1].end]
            name, inside = found[i].text, written.removeprefix(found[i].text)
            message = (
                f"found {written}, a product or the value at another time; write {name}*{inside} for the "
                f"product, or {name}_{{{index}}} for the value of the step"
            )
            raise ReadError(message, text, found[i].position)


def _time(found: Sequence[Token], i: int) -> tuple[str, str, int] | None:
    """Return the index, the step and the number of tokens of `x(t)` and `x(t + h)`; None for no such call.

    Of another sum that begins with t, as in `x(t + h/2)`, the number of tokens is 0.
    """
    function, *inside = found[i : i + 6]
    kinds = [t.kind for t in inside]
    called = function.kind == "name" and not function.index and kinds[:2] == ["open", "name"]
    if not called or inside[0].spaced or inside[1].text != "t" or inside[1].marks or inside[1].index:
        return None
    if kinds[2:3] == ["close"]:
        return "t", "", 4
    if kinds[2:3] != ["sign"]:
        return None
    if kinds[3:5] != ["name", "close"]:
        return "", "", 0
    return f"t{inside[2].text}1", inside[3].name, 6


def _nablas(found: Sequence[Token], text: str, names: Collection[str]) -> list[Token]:
    """Return the tokens with ∇U for `grad U` and ∇²U for `hess U`; `grad x` has no function."""
    out = list(found)
    for i, (token, following) in enumerate(pairwise(found)):
        is_word = token.kind == "name" and token.text in _NABLAS and token.text not in names
        if is_word and following.kind == "name":
            if following.name not in _FUNCTIONS and [t.kind for t in found[i + 2 : i + 3]] != ["open"]:
                name = following.text
                message = f"found {token.text} {name}; write grad({name}) for the gradient there"
                raise ReadError(message, text, token.position)
            out[i] = replace(token, kind="nabla", text=_NABLAS[token.text], length=len(token.text))
    return out


def _bare_arguments(
    found: Sequence[Token], text: str, names: Collection[str], functions: Collection[str]
) -> list[Token]:
    """Return the tokens with brackets around the argument of a function: `sin x`, `sin² x`.

    The argument is one name or number, and a sum or another function goes on behind it, or nothing.
    """
    out: list[Token] = []
    i = 0
    while i < len(found):
        function, argument = found[i], i + 1
        powers = [t.kind for t in found[i + 1 : i + 3]]
        if powers[:1] == ["raised"] or powers == ["power", "number"]:
            argument += len(powers) if powers[0] == "power" else 1
        is_bare = function.kind == "name" and function.text in BARE and function.text not in names
        following = found[argument] if argument < len(found) else Token("end", "", 0)
        apart = following.spaced or not following.text.isascii()  # `sinθ`
        if not (is_bare and following.kind in ("name", "number") and apart):
            out.append(function)
            i += 1
            continue
        behind = found[argument + 1 : argument + 3]
        touching = bool(behind) and behind[0].kind == "sign" and not behind[0].spaced
        marked = touching and (len(behind) < 2 or behind[1].kind not in ("name", "number", "open"))
        again = bool(behind) and behind[0].kind == "name" and behind[0].text in functions
        if marked or (behind and behind[0].kind not in _ENDS and not again):
            message = (
                f"found {function.text} without brackets and more behind {following.text}; write "
                f"{function.text}({following.text}), or brackets around all that it is taken of"
            )
            raise ReadError(message, text, following.position)
        opening = Token("open", "(", following.position, length=len(following.text))
        out += [*found[i:argument], opening, following, replace(opening, kind="close", text=")")]
        i = argument + 1
    return out
