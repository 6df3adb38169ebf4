"""Instants: which step the value of a name is of, as `u_{t+1}`, `uₜ₊₁`, `u[t+1]`, `u_new`, `u+` say it.

The names of a text are brought to the marks of `core.symbols`: `u+` is the value after the step, `u` the one
before it. A text may index what it updates by the step before or by the step after: of each name, the left
side of its own update says which.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence, Set
from dataclasses import replace

from physsym.core.symbols import AFTER, BEFORE
from physsym.parsing.derivatives import GRADIENT
from physsym.parsing.tokens import TWO_VALUES, ReadError, Token
from physsym.vocabulary import STANDARD

WEIGHTS = ("x", "w", "theta")
"""What the weights of a model are called where a text does not say."""
GRADIENTS = ("g", "G", GRADIENT)
_STEP = re.compile(r"([A-Za-z])([+-]\d+)?")
_START = re.compile("=?(?:0|-[0-9]+)")
NEW, OLD, UNCLEAR = ("new", "next"), ("old",), ("prev", "previous", "last")
VECTORS = frozenset(s.name for s in STANDARD.moving)


def with_instants(sentences: Sequence[list[Token]], text: str, names: Collection[str]) -> list[list[Token]]:
    """Return sentences in which names bear the marks of their instants, and updates are written with `<-`.

    An update is what has `<-`, a new value on its left, or on its left the name that its right side reads.

    Parameters
    ----------
    sentences, text
        The tokens of each sentence, and the whole text.
    names
        The names that are known: an index that is part of one is no step.

    Raises
    ------
    ReadError
        For an index that has no meaning here, and for an arrow that can be read in two ways.
    """
    _refuse_index_without_braces(sentences, text, names)
    letter = _time_letter(sentences, text, names)
    indexed = [[_indexed(t, letter, text, names) if t.kind == "name" else t for t in s] for s in sentences]
    lefts = {s[0].name: _step(s[0]) for s in indexed if _is_relation(s, 1) and _step(s[0]) is not None}
    steps = any(_step(t) not in (None, 0) for s in indexed for t in s if t.kind == "name")
    found = [_update(s, text, steps) for s in indexed]
    _refuse_gradients_of_two_steps(found, text)
    updated = {s[0].name for s in found if _is_relation(s, 1) and s[1].text == "<-"}
    if not any(t.kind == "relation" and t.text == "<-" for s in found for t in s):
        _refuse_with_and_without_index(indexed, text)
    if updated and any(t.index and _step(t) is not None for s in indexed for t in s if t.kind == "name"):
        _refuse_counting(found, letter, updated, text)
    begun = any(
        s[0].name in updated and re.fullmatch("0|-[0-9]+", "".join(s[0].index))
        for s in found
        if s[0].kind == "name"
    )
    return [[_marked(t, lefts, updated, begun, text) for t in _started(s, updated)] for s in found]


_STEP_IN_LINE = re.compile(r"(?:_[{(]?[tkn][)}]?|\[[tkn]\]|[ₜₖₙ])\s*[+-]\s*[0-9]")
"""An index with a sign and a number behind it in the line."""
_BEFORE_STEP = re.compile(r"(.+)_([tkn])")


def _refuse_index_without_braces(sentences: Sequence[list[Token]], text: str, known: Collection[str]) -> None:
    """Refuse `x_t+1 = x_t - h*v_t`, which says x_t + 1, and where x_{t+1} is meant.

    On the right of a sentence it is a sum, unless a text without braces puts it together beside x_t.
    """
    if _STEP_IN_LINE.search(text) is None:
        return
    braces = any(re.search(r"_[{(]|[₊₋]", t.text) for s in sentences for t in s if t.kind == "name")
    names = [_index_and_base(t) for s in sentences for t in s]
    for sentence in sentences:
        end = next((i for i, t in enumerate(sentence) if t.kind == "relation"), 0)
        for i, (name, sign, number) in enumerate(zip(sentence, sentence[1:], sentence[2:], strict=False)):
            key = _index_and_base(name)
            if key is None or (name.name in known and not name.index):
                continue
            if sign.text not in ("+", "-") or not re.fullmatch("[0-9]", number.text):
                continue
            behind = sentence[i + 3 : i + 5]
            half = "".join(t.text for t in behind) == "/2"
            is_left = i == 0 and i + 3 + 2 * half == end
            touching = name.end == sign.position and not number.spaced
            if is_left:
                wrong = touching or key in map(_index_and_base, sentence[end:])
            else:
                is_term = not behind or behind[0].text not in ("*", "**", "/")
                wrong = touching and is_term and not braces and names.count(key) > 1
            if wrong:
                base, index = key
                step = f"{index}{sign.text}{number.text}"
                meant = f"{base}_{{{step}}} for the value of the step"
                if half and is_left:
                    meant = f"{base}_half for the value at half a step"
                message = (
                    f"found {text[name.position : number.end]}, a sum or the value of a step; "
                    f"write {meant}, or ({name.text}) {sign.text} {number.text} for the sum"
                )
                raise ReadError(message, text, name.position)


def _index_and_base(token: Token) -> tuple[str, str] | None:
    """Return a name and the letter of its index, t, k or n, for x_t and xₜ, and None for another token."""
    if token.kind != "name" or token.marks:
        return None
    index = token.index[1:] if token.index[:1] == ("[",) else token.index
    if len(index) == 1 and index[0] in ("t", "k", "n"):
        return token.name, index[0]
    found = _BEFORE_STEP.fullmatch(token.name) if not token.index else None
    return (found[1], found[2]) if found else None


def _refuse_with_and_without_index(sentences: Sequence[list[Token]], text: str) -> None:
    """Refuse `u_t + u*c = 0`: without steps nothing says that u_t, which may be a derivative, is u."""
    names = [t for s in sentences for t in s if t.kind == "name"]
    plain = {t.name: t for t in names if not t.index}
    for token in names:
        if token.name in plain and (_step(token) == 0 or token.index[-1:] in [(n,) for n in OLD]):
            message = TWO_VALUES.format(token.text, plain[token.name].text)
            if token.index[-1:] in [(n,) for n in OLD]:
                message += f", or {token.name}_new for the value after a step"
            raise ReadError(message, text, token.position)


def _refuse_counting(
    sentences: Sequence[list[Token]], letter: str, updated: Collection[str], text: str
) -> None:
    """Refuse the letter that counts steps where it stands by itself, since a rule has no such number."""
    for token in (t for s in sentences for t in s if t.kind == "name"):
        if token.name == letter and not token.index and letter not in updated:
            message = (
                f"found {letter}, the number of the step; a rule counts its steps by a state of its own: "
                "k <- k + 1; k(0) = 0"
            )
            raise ReadError(message, text, token.position)


def _is_relation(sentence: Sequence[Token], i: int) -> bool:
    return len(sentence) > i and sentence[i].kind == "relation" and sentence[0].kind == "name"


def _parts(token: Token, names: Collection[str]) -> tuple[str, tuple[str, ...]]:
    """Return the name proper and the parts of its index."""
    if token.name in names or token.index[:1] == ("[",):
        return token.name, token.index
    base, *below = token.name.split("_")
    return (base, (*below, *token.index)) if base else (token.name, token.index)


def _time_letter(sentences: Sequence[list[Token]], text: str, names: Collection[str]) -> str:
    """Return the letter that counts steps: one that has +1 or -1 behind it in an index, otherwise t."""
    found: dict[str, Token] = {}
    for token in (t for s in sentences for t in s if t.kind == "name"):
        for part in _parts(token, names)[1]:
            if (match := _STEP.fullmatch(part)) and match[2]:
                found.setdefault(match[1], token)
    if len(found) > 1:
        one, other = list(found)[:2]
        message = f"found the indices {one} and {other}, which both seem to count steps; use one letter"
        raise ReadError(message, text, found[other].position)
    return next(iter(found), "t")


def _indexed(token: Token, letter: str, text: str, names: Collection[str]) -> Token:
    """Return a name with its step alone as index: `("t+1",)`, `("new",)`, `("0",)`; the rest is its name."""
    base, parts = _parts(token, names)
    brackets = parts[:1] == ("[",)
    parts = parts[1:] if brackets else parts
    if not parts:
        return token
    last = parts[-1]
    # x₀ and v_(max,0) may be start values or names, xₜ₌₀ is the first alone.
    start = re.sub(rf"^{letter}=", "=", last) if len(parts) == 1 or len(token.index) > 1 else ""
    is_step = (match := _STEP.fullmatch(last)) is not None and match[1] == letter
    if brackets and not is_step:
        message = f"found {token.text}, whose index is no step such as t+1; write round brackets, or a name"
        raise ReadError(message, text, token.position)
    if last in UNCLEAR and token.name not in names:
        message = (
            f"found {token.text}; "
            f"write {base}_old for the value before the step, {base}- for the one before that"
        )
        raise ReadError(message, text, token.position)
    if is_step or last in NEW + OLD or _START.fullmatch(start):
        index = start if _START.fullmatch(start) else last
        return replace(token, meant=_named(base, parts[:-1], names), index=(index,))
    if "+" in last or "-" in last:
        message = f"found the index {last}, which is no step of {letter}; use one letter to count steps"
        raise ReadError(message, text, token.position)
    return replace(token, meant=_named(base, parts, names), index=())


def _named(base: str, parts: Sequence[str], names: Collection[str]) -> str:
    """Return the name of an indexed letter: beta_1, unless beta1 is the name that is known."""
    joined = "_".join((base, *parts))
    close = "".join((base, *parts))
    return close if close in names and joined not in names else joined


def _step(token: Token) -> int | None:
    """Return how many steps the index of a name is ahead of that without a number; None where it has none."""
    last = token.index[-1] if token.index else ""
    match = _STEP.fullmatch(last)
    return int(match[2] or 0) if match else None


def _update(sentence: list[Token], text: str, steps: bool) -> list[Token]:
    """Return a sentence with `<-` for the relation of an update."""
    _refuse_raised_index(sentence, text)
    if not _is_relation(sentence, 1):
        return sentence
    target, relation, *right = sentence
    own = any(t.kind == "name" and t.name == target.name and not t.marks and not t.index for t in right)
    is_new = target.marks == AFTER or target.index[-1:] in [(n,) for n in NEW]
    if relation.text == "->":
        if not own:
            message = (
                f"found {text[relation.position : relation.end]}, which may be a limit or an update; "
                f"write {target.text} <- ... for an update"
            )
            raise ReadError(message, text, relation.position)
        return [target, replace(relation, text="<-"), *right]
    if is_new and relation.text in ("=", "<-"):
        return [replace(target, marks="", index=()), replace(relation, text="<-"), *right]
    if _step(target) is not None:
        if not steps and relation.text == "=":
            name = target.name
            message = (
                f"found {target.text} on the left and no other step; "
                f"write {name}_{{t+1}} for the new value, or {name}"
            )
            raise ReadError(message, text, target.position)
        return [replace(target, index=()), replace(relation, text="<-"), *right]
    if relation.text == "=" and own and not target.marks and not target.index:
        return [target, replace(relation, text="<-"), *right]
    return sentence


def _refuse_gradients_of_two_steps(sentences: Sequence[list[Token]], text: str) -> None:
    """Refuse `2*g_t - g_{t-1}`: g is the gradient of one step, and what is kept of another one is a state."""
    targets = {s[0].name for s in sentences if _is_relation(s, 1)}
    read = [
        t for s in sentences for t in s if t.kind == "name" and t.name in GRADIENTS and t.name not in targets
    ]
    told = {t.index[-1]: t for t in read if t.index and (_step(t) is not None or t.index[-1] in NEW + OLD)}
    plain = [t for t in read if not t.index][:1] if {*told} & {*NEW, *OLD} else []
    if len(both := [*plain, *told.values()]) > 1:
        first, second = both[0], both[-1]
        message = (
            f"found {first.text} and {second.text}, gradients of two steps; keep the earlier one in a state "
            f"such as h, which a line of its own sets to the gradient"
        )
        raise ReadError(message, text, second.position)


def _refuse_raised_index(sentence: Sequence[Token], text: str) -> None:
    """Refuse x^(k+1) = ..., where the exponent is more likely the number of a step."""
    left = next((sentence[:i] for i, t in enumerate(sentence) if t.kind == "relation"), [])
    if len(left) > 2 and left[0].kind == "name" and left[1].text == "**":
        exponent = [t for t in left[2:] if t.kind not in ("open", "close")]
        whole = left[2].kind == "open" or len(left) == 3
        if whole and exponent[0].kind == "name" and len(exponent[0].name) == 1 and left[0].name != "e":
            name, index = left[0].name, "".join(t.text for t in exponent)
            message = (
                f"found {name}^({index}) on the left, which may be a power or a step; "
                f"write {name}_{{{index}}} for the "
                f"step, or bring the power to the right"
            )
            raise ReadError(message, text, left[0].position)


def _started(sentence: list[Token], updated: Collection[str]) -> list[Token]:
    """Return a start value `u₀ = 1`, `u₋₁ = 1` of an updated name as `u(0) = 1`, `u-(0) = 1`."""
    if not (_is_relation(sentence, 1) and sentence[1].text == "=" and sentence[0].name in updated):
        return sentence
    target, *rest = sentence
    last = target.index[-1] if target.index else ""
    if not _START.fullmatch(last):
        return sentence
    state = replace(target, index=(), marks=BEFORE * -int(last.removeprefix("=")), told=True)
    signs = (("open", "("), ("number", "0"), ("close", ")"))
    return [state, *(Token(k, w, target.position, length=1) for k, w in signs), *rest]


def _marked(token: Token, lefts: dict[str, int | None], updated: Set[str], begun: bool, text: str) -> Token:
    """Return a name with the marks of the step that its index says."""
    if token.kind != "name" or not token.index:
        return token
    last, plain = token.index[-1], replace(token, index=(), told=True)
    if last in NEW or last in OLD:
        return replace(plain, marks=token.marks + (AFTER if last in NEW else ""))
    step = _step(token)
    if step is None:  # an index 0 or -1, of a start value
        if last.startswith("="):
            return replace(plain, marks=token.marks + BEFORE * -int(last[1:]))
        if begun and token.name in updated:
            return replace(plain, marks=token.marks + BEFORE * -int(last))
        if last.startswith("-"):
            raise ReadError(f"found the index {last} without a start value", text, token.position)
        return replace(token, index=(), meant=f"{token.name}_{last}")
    # A letter that no line updates has the steps of the weights, or else those of what is updated.
    shifts = [s for s in lefts.values() if s is not None]
    weights = [lefts[w] for w in WEIGHTS if lefts.get(w) is not None]
    newest = lefts.get(token.name) if lefts.get(token.name) is not None else None
    if newest is None and token.name in updated:
        newest = 1
    if newest is None:
        newest = (weights or [max(shifts, default=1)])[0]
    assert newest is not None
    ahead = step - newest + 1
    at_weights = updated & set(WEIGHTS) or token.name != "g"
    if token.name in GRADIENTS and token.name not in updated and ahead in (0, 1) and updated and at_weights:
        return replace(plain, told=ahead == 0)
    if token.name in GRADIENTS and token.name not in updated and updated and not at_weights:
        message = f"found {token.text}, and no line updates the weights; add it, or write grad(x)"
        raise ReadError(message, text, token.position)
    if token.name not in updated and updated and (ahead != 0 or token.name not in {*WEIGHTS, *VECTORS}):
        message = (
            f"found {token.text}, which no line updates; add the line that updates it, "
            f"or write grad(x) for a gradient, {token.name} only for what is the same in all steps"
        )
        raise ReadError(message, text, token.position)
    if ahead > 1 and updated:
        message = f"found {token.text}, a value of a later step than the one that this text makes"
        raise ReadError(message, text, token.position)
    return replace(plain, marks=token.marks + (AFTER * ahead if ahead > 0 else BEFORE * -ahead))
