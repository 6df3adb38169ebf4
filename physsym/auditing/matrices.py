r"""Equations between matrices and vectors, which do not commute: evaluated with arrays of random numbers.

The reader has one coordinate of everything, in which `A B` is `B A`. What holds in it holds for matrices only
if it does for arrays that fit. A letter that a text does not declare may be a number or an array: every way
in which the shapes fit counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import islice, pairwise, product
from typing import Any, Literal, TypeAlias

import numpy as np

from physsym.auditing.audits import Kind as Outcome
from physsym.auditing.hints import ArrayKind, declared_arrays
from physsym.auditing.judgements import Judgement
from physsym.auditing.sheet import EQUAL, Fact, ReadFormula
from physsym.auditing.texts import Formula
from physsym.parsing.latex.names import TRANSPOSES
from physsym.parsing.latex.statements import trees
from physsym.parsing.latex.tree import (
    Bracket,
    Fraction,
    Function,
    Name,
    Node,
    Number,
    Product,
    Root,
    Scripted,
    Sum,
)
from physsym.parsing.tokens import ReadError

Kind: TypeAlias = ArrayKind | Literal["number"]
_ROWS = 3  # as a cross product needs; polynomials below the sixth degree in these vanish for no other reason
_TRIALS, _WAYS = 3, 32
_TOLERANCE = 1e-8
_IN_SPACE = re.compile(
    r"((?:[^\s,]+\s*,\s*)*[^\s,]+)\s*\\in\s*\\(?:mathbb|Bbb|mathbf)\s*\{?\s*R\s*\}?\s*\^\s*(.+)"
)
_MATRICES = re.compile(r"\b(matrix|matrices)\b", re.IGNORECASE)
_VECTORS = re.compile(r"\bvectors?\b", re.IGNORECASE)
_SYMMETRIC = re.compile(r"\b(symmetric|self-?adjoint|hermitian|hessian|covariance|definite)\b", re.IGNORECASE)
_SPECIAL = re.compile(
    r"\b(orthogonal|orthonormal|unitary|diagonal\w*|commut\w+|project\w+|idempotent|rotations?|permutations?)\b",
    re.IGNORECASE,
)


class _UnknownError(Exception):
    """A part that is not evaluated here."""


class _ShapeError(Exception):
    """Parts whose shapes do not fit."""


@dataclass(frozen=True)
class Arrays:
    """The letters that a text says to be arrays, and what it says of their symmetry.

    Parameters
    ----------
    kinds
        By the letters.
    symmetric, special
        Whether words of the text say that matrices are symmetric, or of another special kind.
    """

    kinds: Mapping[str, Kind] = field(default_factory=dict)
    symmetric: bool = False
    special: bool = False


def arrays_of(text: Sequence[ReadFormula]) -> Arrays:
    """Return the letters that membership in a space or words of a text say to be arrays."""
    kinds: dict[str, Kind] = {}
    symmetric = special = False
    for here in (read.formula for read in text):
        said = f"{here.before} {here.after}"
        symmetric, special = (
            symmetric or bool(_SYMMETRIC.search(said)),
            special or bool(_SPECIAL.search(said)),
        )
        if (space := _IN_SPACE.search(here.text)) is not None:
            kind: Kind = "matrix" if re.search(r"\\times", space[2]) else "vector"
            kinds |= dict.fromkeys((_plain(n) for n in space[1].split(",")), kind)
        names = [_plain(n) for n in here.text.split(",")]
        if all(re.fullmatch(r"\\?[A-Za-z]+", n) for n in names):
            if _MATRICES.search(said):
                kinds |= {n: "matrix" for n in names if n.isupper()}
                names = [n for n in names if n.islower()]
            if _VECTORS.search(said):
                kinds |= {n: "vector" for n in names if len(n) == 1}
    return Arrays(kinds, symmetric, special)


def _plain(name: str) -> str:
    """Return a name without its font."""
    return re.sub(r"\\(?:mathbf|boldsymbol|bm|vec|mathbb)\s*\{?\s*|[{}$\s]", "", name)


def judge_arrays(
    one: Judgement, formula: Formula, arrays: Arrays, numbers: bool, facts: Sequence[Fact] = ()
) -> Judgement:
    """Return a judgement in one coordinate as one on arrays, where the formula has such.

    Parameters
    ----------
    one
        The judgement in one coordinate. What fails there fails.
    formula
        The formula.
    arrays
        What its text declares.
    numbers
        Whether the reader found no arrays in it.
    facts
        The equations before it, which may say that its matrices commute.
    """
    if one.kind not in ("holds", "conditional") or formula.notation != "latex":
        return one
    try:
        found = trees(formula.text)
    except ReadError:
        return one
    declared = dict(arrays.kinds)
    for hint in (h for h in (*formula.scoped, *formula.hints) if h.keyword == "given"):
        declared |= declared_arrays(hint.argument)
    links = [
        (place, left, right)
        for relation in found
        for place, (left, right) in enumerate(pairwise(relation.sides))
        if relation.signs[place] in EQUAL and _names(left) == _names(right)
    ]
    marked: dict[str, tuple[Name, bool]] = {}
    for key, name, transposed in (of for _, *sides in links for side in sides for of in _letters(side)):
        marked[key] = name, transposed or (key in marked and marked[key][1])
    numbers = numbers and not any(name.letters in declared for name, _ in marked.values())
    ways = {key: _kinds(name, transposed, declared, numbers) for key, (name, transposed) in marked.items()}
    if not any({"matrix", "vector"} & {*kinds} for kinds in ways.values()):
        return one
    said, witness, open_ones, fits = set[bool](), "", False, 0
    for symmetric in (False, True) if arrays.symmetric else (False,):
        said, fits = set(), 0
        fitting: dict[str, set[Kind]] = {key: set() for key in ways}
        for kinds in islice(product(*ways.values()), _WAYS):
            of = dict(zip(ways, kinds, strict=True))
            try:
                differs = [d for _, a, b in links if (d := _difference(a, b, of, symmetric))]
            except _UnknownError:
                open_ones = True
                continue
            except _ShapeError:
                continue
            fits += 1
            for key, one_kind in of.items():
                fitting[key].add(one_kind)
            said |= {not differs} if {*kinds} != {"number"} else set()
            witness = next(iter(differs), witness)
        if said == {True} and not open_ones:
            # A letter that may be a vector is no number because nothing else fits.
            numeric = [marked[k][0].letters for k, fit in fitting.items() if fit == {"number"} < {*ways[k]}]
            if numeric:
                return Judgement("undecided", f"it holds only where {' and '.join(numeric)} is a number")
            return _for_arrays(one, symmetric)
    if not said and not open_ones and all("number" in kinds for kinds in ways.values()):
        return one
    if said <= {True} and open_ones:
        return replace(one, says=f"{one.says or 'holds'}, for one coordinate") if numbers else one
    if not said:
        return Judgement("undecided", "it holds for numbers; the shapes of matrices and vectors do not fit")
    sure = fits == 1 and not open_ones and not arrays.special and not arrays.symmetric
    sure = sure and all(len(ways[key]) == 1 or name.font == "bold" for key, (name, _) in marked.items())
    names = {name.letters.lstrip("\\") for name, _ in marked.values()}
    sure = sure and not any(f.names & names for f in facts if f.formula != formula)
    claims = any(h.keyword == "identity" for h in formula.hints) or all(place > 0 for place, _, _ in links)
    says = "it holds for numbers, which commute, and not for matrices and vectors"
    kind: Outcome = "fails" if sure and claims and said == {False} else "undecided"
    return Judgement(kind, says, (witness,))


def _for_arrays(one: Judgement, symmetric: bool) -> Judgement:
    says = one.says.replace(", for one coordinate", "").removesuffix("for all values").strip()
    says = f"{says or one.kind.replace('conditional', 'holds')}, for matrices and vectors that fit"
    if symmetric:
        return replace(one, kind="conditional", says=f"{says}, if the matrices are symmetric")
    return replace(one, says=says)


def _key(name: Name, below: str = "") -> str:
    return f"{name.font} {name.letters}" + (f"_{below}" if below else "")


def _letters(node: Node) -> Iterator[tuple[str, Name, bool]]:
    """Yield the letters in a part, each with whether it is transposed, or inverted and a capital."""
    if isinstance(node, Name):
        yield _key(node), node, False
    elif isinstance(node, Scripted) and isinstance(node.base, Name):
        above = node.above.text if node.above is not None else ""
        marked = above in {*TRANSPOSES, "-T", r"-\top"} or (above == "-1" and node.base.letters.isupper())
        yield _key(node.base, node.below.text if node.below is not None else ""), node.base, marked
    elif isinstance(node, Scripted):
        yield from _letters(node.base)
    else:
        for part in node.parts():
            yield from _letters(part)


def _names(node: Node) -> set[str]:
    return {key for key, name, _ in _letters(node) if name.letters != "I"}


def _kinds(name: Name, transposed: bool, declared: Mapping[str, Kind], numbers: bool) -> tuple[Kind, ...]:
    """Return what a letter may be."""
    letter = name.letters
    if letter in declared:
        return (declared[letter],)
    if name.font == "bold":
        # Bold capitals are matrices, or fields and forces.
        return ("matrix", "vector") if letter.lstrip("\\")[:1].isupper() else ("vector",)
    if len(letter) != 1 or letter == "I":
        return ("number",)
    if transposed:
        return ("matrix" if letter.isupper() else "vector",)
    if numbers:  # nothing else in it is an array
        return ("number",)
    return ("matrix", "number") if letter.isupper() else ("vector", "number")


# ------------------------------------------------------------------ values


def _difference(left: Node, right: Node, kinds: Mapping[str, Kind], symmetric: bool) -> str:
    """Return where two sides differ, empty where they agree at all arrays that are tried."""
    for trial in range(_TRIALS):
        chance = np.random.default_rng(trial)
        at: dict[str, Any] = {}
        for key, kind in kinds.items():
            shape = {"matrix": (_ROWS, _ROWS), "vector": (_ROWS, 1), "number": ()}[kind]
            drawn = chance.integers(1, 9, size=shape) * np.where(chance.random(shape) < 0.3, -1.0, 1.0)
            at[key] = drawn + drawn.T if symmetric and kind == "matrix" else drawn
        try:
            one, other = _value(left, at), _value(right, at)
        except np.linalg.LinAlgError:
            continue
        if np.shape(one) != np.shape(other):
            raise _ShapeError
        size = 1 + np.abs(one).max() + np.abs(other).max()
        if not np.isfinite(size):
            continue
        if np.abs(one - other).max() > _TOLERANCE * size:
            shown = (f"{key.strip()} = {np.asarray(v, int).tolist()}" for key, v in at.items())
            return f"at {', '.join(shown)}"
    return ""


def _value(node: Node, at: Mapping[str, Any]) -> Any:
    """Return the value of a part: a number, a column, a row or a matrix."""
    if isinstance(node, Number):
        return float(node.text)
    if isinstance(node, Name):
        return np.eye(_ROWS) if node.letters == "I" else _known(_key(node), at)
    if isinstance(node, Sum):
        signs = {"": 1, "+": 1, "-": -1}
        if not signs.keys() >= {*node.signs}:
            raise _UnknownError
        return reduce(_added, (signs[s] * _value(t, at) for s, t in zip(node.signs, node.terms, strict=True)))
    if isinstance(node, Product):
        return _product(node, at)
    if isinstance(node, Fraction):
        return _divided(_value(node.over, at), _value(node.under, at))
    if isinstance(node, Root) and node.degree is None and np.shape(inside := _value(node.inside, at)) == ():
        return np.sqrt(inside)
    if isinstance(node, Bracket):
        return _bracket(node, at)
    if isinstance(node, Scripted):
        return _scripted(node, at)
    raise _UnknownError


def _known(key: str, at: Mapping[str, Any]) -> Any:
    if key not in at:
        raise _UnknownError
    return at[key]


def _added(one: Any, other: Any) -> Any:
    if np.shape(one) != np.shape(other):
        raise _ShapeError
    return one + other


def _divided(over: Any, under: Any) -> Any:
    if np.shape(under) != ():
        raise _ShapeError
    return over / under


def _product(node: Product, at: Mapping[str, Any]) -> Any:
    value: Any = None
    pending = list(zip(node.signs, node.factors, strict=True))
    while pending:
        sign, factor = pending.pop(0)
        if isinstance(factor, Function):
            if factor.name not in ("det", "tr") or not pending:
                raise _UnknownError
            inside = _value(pending.pop(0)[1], at)
            if np.shape(inside) != (_ROWS, _ROWS):
                raise _ShapeError
            number = np.linalg.det(inside) if factor.name == "det" else np.trace(inside)
        else:
            number = _value(factor, at)
        value = number if value is None else _multiplied(value, sign, number)
    return value


def _multiplied(one: Any, sign: str, other: Any) -> Any:
    if sign == "/":
        return _divided(one, other)
    if np.shape(one) == () or np.shape(other) == ():
        return one * other
    columns = np.shape(one) == np.shape(other) == (_ROWS, 1)
    if sign == "×" and columns:
        return np.cross(one[:, 0], other[:, 0])[:, None]
    one = one.T if sign == "*" and columns else one
    if np.shape(one)[1] != np.shape(other)[0]:
        raise _ShapeError
    found = one @ other
    return found[0, 0] if found.shape == (1, 1) else found


def _bracket(node: Bracket, at: Mapping[str, Any]) -> Any:
    if node.opening == r"\langle" and len(node.items) == 2:
        return _multiplied(_value(node.items[0], at), "*", _value(node.items[1], at))
    if len(node.items) != 1:
        raise _UnknownError
    inside = _value(node.items[0], at)
    if node.opening in ("(", "[", "", "{", r"\{"):
        return inside
    if node.opening == "||":
        return abs(inside) if np.shape(inside) == () else np.linalg.norm(inside, 2)
    if node.opening == "|" and np.shape(inside) in ((), (_ROWS, _ROWS)):
        return abs(inside) if np.shape(inside) == () else np.linalg.det(inside)
    raise _UnknownError


def _scripted(node: Scripted, at: Mapping[str, Any]) -> Any:
    below = node.below.text if node.below is not None else ""
    if node.primes:
        raise _UnknownError
    if isinstance(node.base, Name) and node.base.letters == "I":
        value: Any = np.eye(_ROWS)
    elif isinstance(node.base, Name):
        value = _known(_key(node.base, below), at)
    elif below in ("", "2"):
        value = _value(node.base, at)
    else:
        raise _UnknownError
    above = node.above.text if node.above is not None else "1"
    if above in {*TRANSPOSES, "-T", r"-\top"}:
        value = value if np.shape(value) == () else value.T
        above = "-1" if above.startswith("-") else "1"
    if not re.fullmatch(r"-?\d", above):
        raise _UnknownError
    if np.shape(value) == ():
        return value ** float(above)
    if above == "1":
        return value
    if np.shape(value) != (_ROWS, _ROWS):
        raise _UnknownError
    return np.linalg.matrix_power(value, int(above))
