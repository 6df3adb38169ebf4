"""The notation of a symbol: its letters, its subscripts, whether it is bold, and its instant."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache

from sympy import Symbol

from physsym.core.symbols import AFTER, BEFORE, DOT, name_and_marks
from physsym.vocabulary import Face, Quantity, Vocabulary

FACES: tuple[Face, ...] = ("physics", "learning")
OTHER: dict[Face, Face] = {"physics": "learning", "learning": "physics"}
VECTOR_KINDS = ("position", "velocity", "displacement", "force")


def _greek() -> dict[str, str]:
    lower = (
        "alpha beta gamma delta epsilon zeta eta theta iota kappa mu nu xi pi rho sigma tau upsilon chi psi"
    )
    upper = "Gamma Delta Theta Xi Pi Sigma Upsilon Phi Psi Omega"
    table = {name: unicodedata.lookup(f"GREEK SMALL LETTER {name.upper()}") for name in lower.split()}
    table |= {name: unicodedata.lookup(f"GREEK CAPITAL LETTER {name.upper()}") for name in upper.split()}
    # Unicode spells the letter lamda; the phi that TeX draws for \phi is the symbol, not the letter.
    return table | {"omega": "ω", "lambda": "λ", "Lambda": "Λ", "phi": "ϕ"}


GREEK = _greek()
CAPITALS = frozenset(letter for name, letter in GREEK.items() if name[0].isupper())
_NAMES = {letter: name for name, letter in GREEK.items()} | {"φ": "phi", "lam": "lambda", "eps": "epsilon"}
# TeX's own \epsilon is the lunate one.
TEX_GREEK = {name: f"\\{name}" for name in GREEK} | {"epsilon": r"\varepsilon"}

_BOLD_FROM = {"A": 0x1D400, "a": 0x1D41A, "0": 0x1D7CE, "Α": 0x1D6A8, "α": 0x1D6C2, "ϕ": 0x1D6DF}
_BOLD_COUNT = {"A": 26, "a": 26, "0": 10, "Α": 25, "α": 25, "ϕ": 1}
_BOLD = {
    ord(first) + i: start + i for first, start in _BOLD_FROM.items() for i in range(_BOLD_COUNT[first])
}  # fmt: skip

_TEX_SPECIALS = str.maketrans({
    "\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
    **{c: f"\\{c}" for c in "{}$&#_%"},
})  # fmt: skip

# A stem, a number or subscripts behind it, perhaps a difference in front: "Delta t", "x1", "beta_1", "v_max".
_REGULAR = re.compile(r"(?:(Delta|delta) )?([^\W\d_]+)(\d*)((?:_[^\W_]+)*)")


@dataclass(frozen=True)
class Glyph:
    """The parts of a symbol: each letter and subscript is a Greek name, a Latin letter, digits, or any text.

    `instant` counts steps from now, and is None where no index of time is shown; `dots` counts derivatives.
    """

    letters: tuple[str, ...]
    subscripts: tuple[str, ...] = ()
    bold: bool = False
    instant: int | None = None
    dots: int = 0


def glyph_of_name(name: str) -> Glyph:
    """Return the glyph of any name; one of no known form is shown verbatim.

    >>> glyph_of_name("beta_1")
    Glyph(letters=('beta',), subscripts=('1',), bold=False, instant=None, dots=0)
    >>> glyph_of_name("50% off").letters
    ('50% off',)
    """
    match = _REGULAR.fullmatch(name)
    if match is None:
        # On one line, with ? for the control characters that neither TeX nor XML can hold.
        return Glyph(("".join(c if c.isprintable() else "?" for c in " ".join(name.split())) or "?",))
    difference, stem, digits, subscripts = match.groups()
    letters = (difference, stem) if difference else (stem,)
    behind = (digits, *subscripts.split("_"))
    return Glyph(tuple(_NAMES.get(a, a) for a in letters), tuple(_NAMES.get(a, a) for a in behind if a))


@lru_cache(maxsize=4096)
def glyph_of(symbol: Symbol, face: Face, vocabulary: Vocabulary, indexed: frozenset[str]) -> Glyph:
    """Return the glyph of a symbol on one face; it shows its instant where `indexed` has its name."""
    name, marks = name_and_marks(symbol)
    if not name:
        return glyph_of_name(marks)
    quantity = vocabulary.quantity(symbol)
    glyph = glyph_of_name(face_name(quantity, face) if quantity else name)
    shift = marks.count(AFTER) - marks.count(BEFORE)
    return replace(
        glyph,
        bold=quantity is not None and quantity.kind in VECTOR_KINDS,
        instant=shift if shift or name in indexed else None,
        dots=marks.count(DOT),
    )


@lru_cache(maxsize=1024)
def refuse_lookalikes(
    symbols: frozenset[Symbol], face: Face, vocabulary: Vocabulary, indexed: frozenset[str] = frozenset()
) -> None:
    """Raise ValueError where two symbols of one statement would be written with the same letters on a face.

    A page on which `x` and `w` are both written w says something else than the statement, and may say
    something true where the statement is false. A symbol `w_t` looks like the state `w` at this step.
    """
    written: dict[tuple[tuple[str, ...], tuple[str, ...]], str] = {}
    for name, symbol in sorted({name_and_marks(s)[0]: s for s in symbols}.items()):
        glyph = glyph_of(symbol, face, vocabulary, indexed)
        now = () if glyph.instant is None else ("t",)
        alike = [(glyph.letters, glyph.subscripts + index) for index in dict.fromkeys(((), now))]
        other = next((o for o in (written.setdefault(look, name) for look in alike) if o != name), name)
        if other != name:
            raise ValueError(_collision(other, name, face, vocabulary))


def _collision(one: str, other: str, face: Face, vocabulary: Vocabulary) -> str:
    quantities = filter(None, (vocabulary.get(one), vocabulary.get(other)))
    renamed = next((q.name for q in quantities if face == "learning" and q.learning != q.physics), None)
    keep = (
        f"keep the name {renamed} there (vocabulary.keeping({renamed}) of its vocabulary), "
        if renamed
        else ""
    )
    return (
        f"{one} and {other} would be written alike on the {face} face; rename one of them, {keep}or "
        f"leave that face out (faces={OTHER[face]!r}, in a command --face {OTHER[face]})"
    )


def face_name(quantity: Quantity, face: Face) -> str:
    """Return the name of a quantity on a face."""
    return quantity.physics if face == "physics" else quantity.learning


def potential_name(face: Face, vocabulary: Vocabulary) -> str:
    """Return the name of the potential in the vocabulary, by default U in physics and L in learning."""
    named = (face_name(q, face) for q in vocabulary.quantities if q.kind == "potential")
    return next(named, "U" if face == "physics" else "L")


def unicode_text(atom: str, bold: bool = False) -> str:
    """Return one letter or subscript of a glyph as Unicode; bold letters are code points of their own.

    >>> unicode_text("tau"), unicode_text("x", bold=True)
    ('τ', '𝐱')
    """
    text = GREEK.get(atom, atom)
    return text.translate(_BOLD) if bold else text


def tex_text(atom: str, bold: bool = False) -> str:
    r"""Return one letter or subscript of a glyph as TeX, with everything that TeX would act upon escaped.

    >>> print(tex_text("tau"), tex_text("x", bold=True), tex_text("50% off"))
    \tau \mathbf{x} \text{50\% off}
    """
    if atom in TEX_GREEK:
        return rf"\boldsymbol{{{TEX_GREEK[atom]}}}" if bold else TEX_GREEK[atom]
    if not (atom.isascii() and atom.isalnum()):
        return rf"\{'textbf' if bold else 'text'}{{{atom.translate(_TEX_SPECIALS)}}}"
    if bold:
        return rf"\mathbf{{{atom}}}"
    return atom if len(atom) == 1 or atom.isdigit() else rf"\mathrm{{{atom}}}"
