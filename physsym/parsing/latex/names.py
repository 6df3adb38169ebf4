r"""Names in LaTeX, taken apart: a letter with its font, accents, indices, marks and primes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from physsym.parsing.latex.tree import (
    Accented,
    Bracket,
    Function,
    Name,
    Node,
    Number,
    Script,
    Scripted,
    Sum,
)
from physsym.parsing.tokens import GREEK

DOTS = {"dot": 1, "ddot": 2, "dddot": 3, "ddddot": 4}
_TRANSPOSES = frozenset(
    (r"\top", "T", r"\intercal", r"\mathsf{T}", r"\mathrm{T}", r"\mathsf T", r"\mathrm T", r"\text{T}",
     r"\mathtt{T}", r"\mathbf{T}", r"{\mathsf{T}}", r"\sfT", r"\mathit{T}", r"\mathscr{T}", r"{\top}")
)  # fmt: skip
TRANSPOSES = _TRANSPOSES | {f"-{sign}" for sign in _TRANSPOSES}
"""What stands above a transpose, and above the inverse of one."""
MARKS = {"*": "star", r"\star": "star", r"\ast": "star", "+": "+", "-": "-", r"\dagger": "dagger",
    "**": "star2",
          r"\circ": "circ", r"\bullet": "bullet", r"\#": "hash", "#": "hash", "++": "++", "--": "--",
          r"\pm": "pm",
          r"\oplus": "oplus", r"\infty": "infinity", r"\flat": "flat", r"\sharp": "sharp",
          r"\natural": "natural",
          r"\perp": "perp", r"\parallel": "parallel", r"\ddagger": "ddagger"}  # fmt: skip
_SPELLED = {
    r"\lambda": "lam", r"\varepsilon": "epsilon", r"\varphi": "phi", r"\vartheta": "theta", r"\varrho": "rho",
    r"\varsigma": "sigma", r"\varpi": "pi", r"\varkappa": "kappa",
}  # fmt: skip
VARIANTS = {v: f"\\{n}" if n != "lam" else r"\lambda" for v, n in _SPELLED.items() if v != r"\lambda"}
"""The letters that have two forms, by the one that is less usual."""


@dataclass(frozen=True)
class Named:
    r"""A name taken apart.

    `letters` is the letter as written, `font` its font, `below` and `above` its indices that may be times,
    as trees; `operator` is whether `\operatorname` says that it is a function.
    """

    node: Node
    letters: str
    font: str = ""
    accents: tuple[str, ...] = ()
    below: tuple[Node, ...] = ()
    below_text: str = ""
    above: Script | None = None
    mark: str = ""
    primes: int = 0
    dots: int = 0
    start: int = field(default=0, compare=False)
    operator: bool = False

    @property
    def bare(self) -> bool:
        """Return whether it is a letter alone, perhaps with a font."""
        return not (self.accents or self.below_text or self.above or self.mark or self.primes or self.dots)


def named(node: Node) -> Named | None:
    """Return a node as a name, or None for what is none."""
    if isinstance(node, Name):
        return Named(node, node.letters, node.font, start=node.start, operator=node.operator)
    if isinstance(node, Bracket) and node.opening == "{" and len(node.items) == 1:
        inside = named(node.items[0])
        return None if inside is None or inside.above is not None else replace(inside, node=node)
    if isinstance(node, Accented):
        inside = named(node.inside)
        if inside is None or inside.above is not None or inside.primes:
            return None
        if node.accent in DOTS:
            return replace(inside, node=node, dots=inside.dots + DOTS[node.accent])
        return replace(inside, node=node, accents=(*inside.accents, node.accent))
    if isinstance(node, Scripted):
        inside = named(node.base)
        if inside is None or (inside.above is not None and node.above is not None):
            return None
        found = replace(inside, node=node, primes=inside.primes + node.primes)
        if node.below is not None:
            if found.below_text:
                return None
            found = replace(found, below=items(node.below), below_text=node.below.text)
        if node.above is not None:
            mark = _mark(node.above)
            found = replace(found, mark=mark) if mark else replace(found, above=node.above)
        return found
    return None


def _mark(script: Script) -> str:
    """Return what stands above as a part of the name: a star, a sign, a word; nothing for a power."""
    if script.text in MARKS:
        return MARKS[script.text]
    inside = script.inside
    if script.text in TRANSPOSES or inside is None:
        return "" if inside is not None or script.text in TRANSPOSES else script.text
    if isinstance(inside, Name) and inside.font in ("upright", "word") and len(inside.letters) > 1:
        return inside.letters
    if isinstance(inside, Name) and inside.font == "upright":
        return inside.letters
    return inside.name if isinstance(inside, Function) else ""


def items(script: Script) -> tuple[Node, ...]:
    """Return the indices of a script: parts between commas."""
    inside = script.inside
    if inside is None:
        return ()
    return inside.items if isinstance(inside, Bracket) and not inside.opening else (inside,)


Spelled: TypeAlias = tuple[tuple[str, ...], ...]
"""The letters and numbers of each index of a name."""


def spelled_below(name: Named) -> Spelled:
    r"""Return the indices of a name: those of `\mu_{1,t}` are 1 and t; the last may be the time."""

    def spelled(item: Node) -> tuple[str, ...]:
        parts = [p for p in item.walk() if isinstance(p, (Name, Number))]
        return tuple(p.text if isinstance(p, Number) else p.letters for p in parts)

    return tuple(map(spelled, name.below))


def letters_of(node: Node) -> Iterator[str]:
    """Yield the letters of all names in a tree, also those below and above others."""
    for part in node.walk():
        if isinstance(part, Name):
            yield part.letters


def shifted(node: Node) -> str | None:
    """Return the letter of an index such as k+1, t-1, n+1/2; None for another one."""
    if not isinstance(node, Sum) or len(node.terms) != 2:
        return None
    one, other = node.terms
    if isinstance(one, Name) and _is_number(other) and len(one.letters.removeprefix("\\")) > 0:
        return one.letters if one.font not in ("word", "upright") else None
    return None


def _is_number(node: Node) -> bool:
    return all(isinstance(part, Number) or not isinstance(part, Name) for part in node.walk())


def unwrapped(node: Node) -> Node:
    """Return the index in brackets, as in x^{(k)}, without them."""
    if isinstance(node, Bracket) and node.opening in ("(", "[", "{") and len(node.items) == 1:
        return node.items[0]
    return node


def spelled_letter(letters: str, variants: frozenset[str] = frozenset()) -> str:
    r"""Return a letter as a name in words: `\beta` is beta, `\lambda` is lam, `\Delta x` is Delta x."""
    if letters.startswith(r"\Delta "):
        return f"Delta {spelled_letter(letters.removeprefix(chr(92) + 'Delta '), variants)}"
    if letters in variants:
        return letters.removeprefix("\\")
    name = _SPELLED.get(letters, letters.removeprefix("\\"))
    return "eps" if name == "epsilon" else name


_COMMANDS = {n: f"\\{n}" for n in GREEK.values()} | {"lam": r"\lambda", "eps": r"\epsilon", "dt": r"\Delta t"}


def as_command(name: str) -> str:
    r"""Return a name in words as LaTeX has it, for what is advised to write.

    >>> print(as_command("eta"), as_command("lam"), as_command("x"))
    \eta \lambda x
    """
    return _COMMANDS.get(name, name)


_PRINTED = re.compile(r"((?:Delta|delta) )?([^\W\d_]+)(\d*)((?:_[^\W_]+)*)")


def printed_key(name: str) -> str:
    """Return the name that is read back where a symbol of this name is printed.

    >>> printed_key("beta1"), printed_key("Delta t"), printed_key("lambda")
    ('beta_1', 'Delta t', 'lam')
    """
    match = _PRINTED.fullmatch(name)
    if match is None:
        return name
    difference, stem, digits, below = match.groups()
    parts = [stem, *(p for p in (digits, *below.split("_")) if p)]
    return (difference or "") + "_".join("lam" if p == "lambda" else p for p in parts)
