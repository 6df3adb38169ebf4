r"""Equations between matrices and vectors, which do not commute: evaluated with arrays of random numbers.

The reader has one coordinate of everything, in which `A B` is `B A`. What holds in it holds for matrices only
if it does for arrays that fit. A letter that a text does not declare may be a number or an array: every way
in which the shapes fit counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, pairwise, product
from typing import TypeAlias

import numpy as np
from sympy import Integer

from physsym.auditing.array_values import SHAPES, Kind, ShapeError, UnknownError, difference, drawn, value_of
from physsym.auditing.arrays import TRANSPOSED, key_of, letters_of, linear_in_vectors
from physsym.auditing.audits import Kind as Outcome
from physsym.auditing.hints import declared_arrays
from physsym.auditing.judgements import Judgement
from physsym.auditing.sheet import EQUAL, Fact, ReadFormula, in_scope
from physsym.auditing.texts import Formula
from physsym.parsing.latex.statements import trees
from physsym.parsing.latex.tokens import Macro, with_macros
from physsym.parsing.latex.tree import (
    Name,
    Node,
    Relation,
    Scripted,
)
from physsym.parsing.tokens import ReadError

_WAYS, _SIZES = 32, 729
_IN_SPACE = re.compile(
    r"((?:[^\s,]+\s*,\s*)*[^\s,]+)\s*\\in\s*\{?\\(?:mathbb|Bbb|mathbf)\s*\{?\s*R\s*\}?\s*\}?\s*\^\s*(.+)"
)
_NOUN = r"\b(matri(?:x|ces)|vectors?)\b"
_NOUN_BEFORE = re.compile(_NOUN + r"\s*(?:\$[^$]*\$[,\s]*(?:and\s*)?)*\Z", re.IGNORECASE)
_NOUN_BEHIND = re.compile(
    r"[,\s]*(?:(?:and\s*)?\$[^$]*\$[,\s]*)*(?:(?:be|is|are|denotes?)\b\s*)?(?:(?:a|an|the|two|both)\s+)?"
    r"(?:(?!with|of|to|by|in|and|where)[\w-]+\s+){0,3}?" + _NOUN,
    re.IGNORECASE,
)
_LET = re.compile(r"\b(let|be|is|are|denotes?|consider|suppose)\b", re.IGNORECASE)
_SYMMETRIC = re.compile(r"\b(symmetric|self-?adjoint|hermitian|hessian|covariance|definite)\b", re.IGNORECASE)
_SPECIAL = re.compile(
    r"\b(orthogonal|orthonormal|unitary|diagonal\w*|commut\w+|project\w+|idempotent|rotations?|permutations?"
    r"|unit (?:vectors?|length|norm)|normali[sz]ed|reflections?|involut\w+)\b",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"\b(unit (?:vectors?|length|norm)|(?:length|norm) (?:one|1)|normali[sz]ed|ortho(?:gonal|normal)|unitary"
    r"|idempotent|project(?:ors?|ions?)|skew|anti-?symmetric|involut\w+|reflections?)\b",
    re.IGNORECASE,
)
_SPEAKS = re.compile(r"\b(matri(?:x|ces)|operators?|commutators?|non-?commut\w+)\b", re.IGNORECASE)
_BACK = re.compile(r"iff\b|eftrightarrow|impliedby|Leftarrow|leftarrow|because|if and only if|[⇔⟺⇐⟸∵]")


@dataclass(frozen=True)
class Arrays:
    """The letters that a text says to be arrays, and what it says of their symmetry.

    Parameters
    ----------
    kinds
        By the letters.
    near
        Those that a sentence speaks of and does not declare, for its section.
    symmetric, special
        Whether words of the text say that matrices are symmetric, or of another special kind.
    square
        Whether matrices have as many rows as columns, by the letters of those of which the text says it.
    values
        The definitions of letters by which they are arrays, with the formulas that have them.
    macros
        Those of the text.
    spoken
        The formulas beside which words speak of matrices or operators. Capitals, and letters with a hat,
        under their headings may be such.
    told
        The lone letters and lists beside which words tell of special arrays, as of those of unit length.
    """

    kinds: Mapping[str, Kind] = field(default_factory=dict)
    near: tuple[tuple[Formula, Mapping[str, Kind]], ...] = ()
    symmetric: bool = False
    special: bool = False
    square: Mapping[str, bool] = field(default_factory=dict)
    values: tuple[tuple[Formula, Relation], ...] = ()
    macros: Mapping[str, Macro] = field(default_factory=dict)
    spoken: tuple[Formula, ...] = ()
    told: tuple[Formula, ...] = ()

    def tells_of(self, relations: Sequence[Relation], formula: Formula) -> bool:
        """Return whether words tell that arrays in relations are special, beside a formula of these alone."""
        marked = [(name, shows) for relation in relations for _, name, shows in letters_of(relation)]
        letters = {n.letters for n, shows in marked if shows or n.font == "bold" or _declared(n, self.kinds)}
        near = (f for f in self.told if in_scope(_at(f), formula))
        names = (_plain(n) for f in near for n in with_macros(f.text, self.macros).split(","))
        return any(name.removeprefix("bold ") in letters for name in names)

    def speaks_of_matrices(self, formula: Formula) -> bool:
        """Return whether words under the headings of a formula speak of matrices or operators."""
        return any(in_scope(_at(f), formula) for f in self.spoken)


def arrays_of(text: Sequence[ReadFormula]) -> Arrays:
    """Return the letters that membership in a space or words of a text say to be arrays."""
    kinds: dict[str, Kind] = {}
    near: list[tuple[Formula, dict[str, Kind]]] = []
    square: dict[str, bool] = {}
    spoken: dict[object, Formula] = {}
    told: list[Formula] = []
    symmetric = special = False
    macros = text[0].macros if text else {}
    for here in (read.formula for read in text):
        written = with_macros(here.text, macros)
        said = f"{here.before} {here.after}"
        if _SPEAKS.search(said):
            spoken.setdefault(here.section, here)
        if _UNIT.search(said) and "=" not in written:
            told.append(here)
        symmetric, special = (
            symmetric or bool(_SYMMETRIC.search(said)),
            special or bool(_SPECIAL.search(said)),
        )
        if (space := _IN_SPACE.search(written)) is not None:
            kind: Kind = "matrix" if re.search(r"\\times", space[2]) else "vector"
            members = [_plain(n) for n in space[1].split(",")]
            kinds |= dict.fromkeys(members, kind)
            rows, _, columns = re.sub(r"[{}\s$]", "", space[2]).partition(r"\times")
            square |= dict.fromkeys(members, rows == columns) if columns else {}
        by_words = dict(_in_words(here, written))
        if _LET.search(said):
            kinds |= by_words
        elif by_words:
            near.append((here, by_words))
    formulas = (read.formula for read in text if read.meanings)
    known = [(f, relation) for f in formulas for relation in _array_values(f, kinds, macros)]
    places = (tuple(spoken.values()), tuple(told))
    return Arrays(kinds, tuple(near), symmetric, special, square, tuple(known), macros, *places)


def _in_words(here: Formula, written: str) -> Iterator[tuple[str, Kind]]:
    """Yield the names of a list that the words directly beside it call matrices or vectors."""
    noun = _NOUN_BEHIND.match(here.after) or _NOUN_BEFORE.search(here.before)
    names = [_plain(n) for n in written.split(",")]
    if noun is None or not all(re.fullmatch(r"(bold )?\\?[A-Za-z]+", n) for n in names):
        return
    for name in names:
        capital = name.removeprefix("bold ").lstrip("\\")[0].isupper()
        if noun[1].lower().startswith("v"):
            yield name, "vector"
        elif capital:
            yield name, "matrix"


def _plain(name: str) -> str:
    """Return a name as `_declared` finds it: a letter that is written bold is another one."""
    plain = re.sub(r"\\(?:mathbf|boldsymbol|bm|vec|mathbb)\s*\{?\s*|[{}$\s]", "", name)
    return f"bold {plain}" if re.search(r"\\(?:mathbf|boldsymbol|bm|vec)\b", name) else plain


def _declared(name: Name, declared: Mapping[str, Kind]) -> Kind | None:
    bold = declared.get(f"bold {name.letters}") if name.font == "bold" else None
    return bold or declared.get(name.letters)


@dataclass
class _Trial:
    """What equations say at arrays of all kinds and sizes that fit."""

    said: set[bool] = field(default_factory=set)
    fitting: dict[str, set[Kind]] = field(default_factory=dict)
    fits: int = 0
    is_open: bool = False
    witness: str = ""
    symmetric: bool = False

    @property
    def confirms(self) -> bool:
        """Return whether the equations hold at all arrays that fit."""
        return self.said == {True} and not self.is_open


Links: TypeAlias = Sequence[tuple[Node, Node]]


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

    Returns
    -------
    Judgement
        It holds where arrays confirm it, with definitions put in, or where it and all that it was judged by
        is linear in vectors: what holds in one coordinate then holds in each. Else it is undecided.
    """
    if one.kind not in ("holds", "conditional", "fails") or formula.notation != "latex":
        return one
    try:
        own, used = _relations(one, formula, arrays)
    except ReadError:
        return one
    declared = _declared_for(formula, arrays)
    if one.kind == "fails":
        says = "it fails for numbers; what the text says of its matrices or vectors may make it hold"
        return replace(one, kind="undecided", says=says) if arrays.tells_of((*own, *used), formula) else one
    if raised := _matrices_in_exponents((*own, *used), declared):
        return Judgement("undecided", f"judged for numbers only{_said_of(raised)}", uses=one.uses)
    case = _case_of(own, used, declared, formula, arrays, numbers)
    if not any({"matrix", "vector"} & {*kinds} for kinds in case.ways.values()):
        return one
    evident = _evident((*own, *case.premises), declared) or case.spoken
    if not (evident or (case.same and case.same == case.claims)):
        return one  # an inverse of a capital alone, as of a resistance, makes no matrix of what follows
    return _by_arrays(one, case, formula, arrays, facts)


def _relations(
    one: Judgement, formula: Formula, arrays: Arrays
) -> tuple[tuple[Relation, ...], list[Relation]]:
    """Return the relations of a formula, and those of what it was judged by; raise ReadError."""
    hints = (*formula.scoped, *formula.hints)
    stated = [f.text for f in one.uses if f != formula and f.notation == "latex"]
    stated += [h.argument for h in hints if h.keyword == "define" and "\\" in h.argument]
    return trees(formula.text, arrays.macros), [r for text in stated for r in trees(text, arrays.macros)]


def _declared_for(formula: Formula, arrays: Arrays) -> dict[str, Kind]:
    """Return what the text and the hints of a formula say that letters are."""
    declared = {k: kind for f, near in arrays.near if in_scope(_at(f), formula) for k, kind in near.items()}
    declared |= arrays.kinds
    for hint in (h for h in (*formula.scoped, *formula.hints) if h.keyword == "given"):
        declared |= declared_arrays(hint.argument)
    return declared


@dataclass(frozen=True)
class _Case:
    """A formula with what its letters may be.

    Parameters
    ----------
    own, premises
        Its relations and those that it was judged by, definitions of arrays among them.
    marked
        Its letters, each with whether it is transposed, or inverted and a capital.
    ways
        What each letter may be.
    values, claims
        The definitions, and the equations that are to hold.
    square
        Whether matrices are square, of which the text says it.
    spoken
        Whether the text speaks of matrices, and letters of it may be such.
    """

    own: Sequence[Relation]
    premises: Sequence[Relation]
    marked: Mapping[str, tuple[Name, bool]]
    ways: Mapping[str, Sequence[Kind]]
    values: Mapping[str, Node]
    claims: Links
    square: Mapping[str, bool]
    spoken: bool = False

    @property
    def same(self) -> list[tuple[Node, Node]]:
        """Return the claims that have the same letters on both sides."""
        return [(a, b) for a, b in self.claims if _names(a) == _names(b)]

    @property
    def sure(self) -> dict[str, Kind]:
        """Return the letters that are no numbers."""
        sure = {k: kinds for k, kinds in self.ways.items() if "number" not in kinds}
        return {k: kinds[0] if len(kinds) == 1 else "vector" for k, kinds in sure.items()}


def _case_of(
    own: Sequence[Relation],
    used: list[Relation],
    declared: Mapping[str, Kind],
    formula: Formula,
    arrays: Arrays,
    numbers: bool,
) -> _Case:
    premises = _with_values(own, used, formula, arrays)
    marked = _marked((*own, *premises))
    perhaps = {key for key, (name, _) in marked.items() if _may_be_a_matrix(key, name)}
    spoken = len(perhaps) > 1 and arrays.speaks_of_matrices(formula)
    sure = any(_declared(name, declared) or shows for name, shows in marked.values())
    numbers = numbers and not sure
    ways = {key: _kinds(name, transposed, declared, numbers) for key, (name, transposed) in marked.items()}
    if spoken:
        either: tuple[Kind, ...] = ("matrix", "number")
        ways |= {key: either for key in perhaps if ways[key] in (("number",), ("vector", "number"))}
    values = _definitions(premises)
    claims = _claims(own, used, values, formula.text)
    square = {
        k: arrays.square[letter]
        for k, (n, _) in marked.items()
        for letter in (n.letters, f"bold {n.letters}")
        if letter in arrays.square
    }
    return _Case(own, premises, marked, ways, values, claims, square, spoken)


def _may_be_a_matrix(key: str, name: Name) -> bool:
    """Return whether a letter is a capital, or has a hat as an operator."""
    capital = len(name.letters) == 1 and name.letters.isupper() and name.letters != "I"
    return capital or "hat" in key.split(" ")[-1]


def _by_arrays(
    one: Judgement, case: _Case, formula: Formula, arrays: Arrays, facts: Sequence[Fact]
) -> Judgement:
    """Return what equations between arrays say of a judgement in one coordinate."""
    ways, same, sure = case.ways, case.same, case.sure
    linear = linear_in_vectors(case.own, case.premises, sure, r"\nabla" in formula.text)
    trial = _tried(same, {}, ways, arrays.symmetric, case.square)
    direct = same == case.claims and (trial.confirms or not case.values)
    whole = trial if direct else _tried(case.claims, case.values, ways, arrays.symmetric, case.square)
    if whole.confirms and case.claims and not any(_array_order(r, sure) for r in case.own):
        numeric = _numbers_alone(whole, case)
        if numeric and (same == case.claims or not linear):
            named = " and ".join(map(_shown, numeric))
            return Judgement("undecided", f"it holds only where {named} is a number")
        return _for_arrays(one, whole.symmetric)
    if same and trial.said != {True} and not (trial.is_open and not trial.said):
        if not trial.said and all("number" in ways[k] for k in trial.fitting):
            return one
        if not trial.said:
            says = "it holds for numbers; the shapes of matrices and vectors do not fit"
            return Judgement("undecided", says)
        return _of_numbers(trial, case, formula, arrays, facts)
    if linear:
        says = one.says.replace(", for one coordinate", "") or one.kind
        return replace(one, says=f"{says}, for one coordinate")
    return Judgement("undecided", f"judged for numbers only{_said_of(sure)}", uses=one.uses)


def _numbers_alone(whole: _Trial, case: _Case) -> list[str]:
    """Return the letters that may be arrays and fit as numbers alone.

    A letter that may be a vector is no number because nothing else fits; beside bold vectors it is.
    """
    fitting = {*whole.fitting} & {*case.sure}
    bold = all(case.marked[k][0].font == "bold" and "matrix" not in case.ways[k] for k in fitting)
    if bold and case.sure and case.same != case.claims:
        return []
    return [k for k, fit in whole.fitting.items() if fit == {"number"} < {*case.ways[k]}]


def _said_of(arrays: Mapping[str, Kind]) -> str:
    """Return which letters are matrices and which are vectors, in words."""
    said = ""
    for kind, plural in (("matrix", "matrices"), ("vector", "vectors")):
        names = list(dict.fromkeys(_shown(k) for k, of in arrays.items() if of == kind))
        if names:
            listed = f"{', '.join(names[:-1])} and {names[-1]} are {plural}"
            said += f"; {listed if len(names) > 1 else f'{names[0]} is a {kind}'}"
    return said


def _of_numbers(
    trial: _Trial, case: _Case, formula: Formula, arrays: Arrays, facts: Sequence[Fact]
) -> Judgement:
    """Return that what holds for numbers does not for arrays: it fails where nothing says that it may."""
    used = [key for a, b in case.same for key in (*_names(a), *_names(b))]
    sure = trial.fits == 1 and not trial.is_open and not arrays.special and not arrays.symmetric
    sure = sure and all(len(case.ways[key]) == 1 or case.marked[key][0].font == "bold" for key in used)
    names = {case.marked[key][0].letters.lstrip("\\") for key in used}
    sure = sure and not any(f.names & names for f in facts if f.formula != formula)
    first = [r.sides[0] for r in case.own]
    claims = any(h.keyword == "identity" for h in formula.hints) or all(a not in first for a, _ in case.same)
    says = "it holds for numbers, which commute, and not for matrices and vectors"
    kind: Outcome = "fails" if sure and claims and trial.said == {False} else "undecided"
    return Judgement(kind, says, (trial.witness,))


def _marked(relations: Sequence[Relation]) -> dict[str, tuple[Name, bool]]:
    """Return the letters of relations, each with whether it is transposed, or inverted and a capital."""
    marked: dict[str, tuple[Name, bool]] = {}
    for relation in relations:
        for key, name, transposed in letters_of(relation):
            marked[key] = name, transposed or (key in marked and marked[key][1])
    return marked


def _array_values(
    formula: Formula, declared: Mapping[str, Kind], macros: Mapping[str, Macro]
) -> Iterator[Relation]:
    """Yield the definitions in a formula by which letters are arrays."""
    if formula.notation != "latex":
        return
    try:
        found = trees(formula.text, macros)
    except ReadError:
        return
    for relation in found:
        defines = relation.signs[:1] and relation.signs[0] in EQUAL and _lone(relation.sides[0])
        if defines and _is_array(relation.sides[1], declared):
            yield relation


def _with_values(
    own: Sequence[Relation], premises: Sequence[Relation], formula: Formula, arrays: Arrays
) -> list[Relation]:
    """Return premises with the definitions of letters in them and in a formula by which they are arrays."""
    found = list(premises)
    pending = {key for relation in (*own, *premises) for key in _names(relation)}
    defined = {_lone(relation.sides[0]) for relation in premises}
    here = [(f, r) for f, r in arrays.values if f != formula and in_scope(_at(f), formula)]
    while pending - defined:
        key = (pending - defined).pop()
        defined.add(key)
        values = [(f, r) for f, r in here if _lone(r.sides[0]) == key]
        before = [r for f, r in values if f.line <= formula.line] or [r for _, r in values[:1]]
        found += before[-1:]
        pending |= {key for r in before[-1:] for key in _names(r)}
    return found


def _at(formula: Formula) -> Fact:
    return Fact(Integer(0), Integer(0), formula)


def _is_array(node: Node, declared: Mapping[str, Kind]) -> bool:
    """Return whether a part is a vector or a matrix at letters that surely are, and at all that fit."""
    marked = {key: (name, shows) for key, name, shows in letters_of(node)}
    sure = any(_declared(n, declared) or shows or n.font == "bold" for n, shows in marked.values())
    ways = {key: _kinds(name, shows, declared, not sure) for key, (name, shows) in marked.items()}
    shapes: set[tuple[int, ...]] = set()
    for kinds in islice(product(*ways.values()), _WAYS) if sure else ():
        try:
            at = {
                key: drawn(0, place, SHAPES[kind][0])
                for place, (key, kind) in enumerate(zip(ways, kinds, strict=True))
            }
            shapes.add(np.shape(value_of(node, at)))
        except (ShapeError, np.linalg.LinAlgError):
            continue
        except UnknownError:
            return False
    return bool(shapes) and () not in shapes


def _matrices_in_exponents(relations: Sequence[Relation], declared: Mapping[str, Kind]) -> dict[str, Kind]:
    """Return the matrices in exponents, of which `e^{A + B}` is no product."""
    scripts = (n.above for r in relations for n in r.walk() if isinstance(n, Scripted))
    powers = (
        a.inside for a in scripts if a is not None and a.inside is not None and a.text not in TRANSPOSED
    )
    names = (n for power in powers for n in power.walk() if isinstance(n, Name))
    return {
        n.letters: "matrix"
        for n in names
        if _declared(n, declared) == "matrix" or (n.font == "bold" and n.letters.lstrip("\\")[0].isupper())
    }


def _evident(relations: Sequence[Relation], declared: Mapping[str, Kind]) -> bool:
    """Return whether a letter is declared an array, bold, or transposed."""
    if any(_declared(n, declared) or n.font == "bold" for r in relations for _, n, _ in letters_of(r)):
        return True
    scripted = (n for r in relations for n in r.walk() if isinstance(n, Scripted))
    return any(n.above is not None and n.above.text in TRANSPOSED for n in scripted)


def _definitions(premises: Sequence[Relation]) -> dict[str, Node]:
    """Return the values that premises give to names, those with two values aside."""
    found: dict[str, list[Node]] = {}
    for relation in premises:
        if relation.signs[:1] and relation.signs[0] in EQUAL and (key := _lone(relation.sides[0])):
            found.setdefault(key, []).append(relation.sides[1])
    return {k: values[0] for k, values in found.items() if len(values) == 1 and k not in _names(values[0])}


def _claims(
    own: Sequence[Relation], premises: Sequence[Relation], values: dict[str, Node], text: str
) -> list[tuple[Node, Node]]:
    """Return the equations of a formula that are to hold, and put its own definitions with the others."""
    known = {key for r in premises for key in _names(r)}
    found: list[tuple[Node, Node]] = []
    for relation in own:
        for place, (left, right) in enumerate(pairwise(relation.sides)):
            if relation.signs[place] not in EQUAL:
                continue
            key = _lone(left) if place == 0 else ""
            if key and key not in known | _names(right) and not _BACK.search(text):
                values[key] = right
            else:
                found.append((left, right))
            known |= _names(left) | _names(right)
    return found


def _array_order(relation: Relation, sure: Mapping[str, Kind]) -> bool:
    """Return whether a relation is one of order between what has arrays."""
    return not {*relation.signs} <= {*EQUAL, "!=", "in"} and bool(_names(relation) & sure.keys())


def _shaped(of: Mapping[str, Kind], square: set[str]) -> Iterator[dict[str, tuple[int, ...]]]:
    """Yield the shapes of arrays of some kinds, square matrices first."""
    for shapes in product(
        *(SHAPES[kind][: 1 if key in square and kind == "matrix" else None] for key, kind in of.items())
    ):
        yield dict(zip(of, shapes, strict=True))


def _tried(
    links: Links,
    values: Mapping[str, Node],
    ways: Mapping[str, Sequence[Kind]],
    symmetric: bool,
    square: Mapping[str, bool],
) -> _Trial:
    """Return what links say at arrays, symmetric ones too where they hold at no others."""
    pending = [side for pair in links for side in pair]
    letters: dict[str, Sequence[Kind]] = {}
    seen: set[str] = set()
    while pending:
        new = {key for key, *_ in letters_of(pending.pop())} - seen
        seen |= new
        pending += [values[key] for key in new if key in values]
        letters |= {key: ways.get(key, ("number",)) for key in new if key not in values}
    letters = {key: letters[key] for key in ways if key in letters} | letters
    trial = _Trial()
    for with_transposed in (False, True) if symmetric else (False,):
        trial = _Trial(
            fitting={key: set() for key in letters}, symmetric=with_transposed, is_open=trial.is_open
        )
        drawn_so = {k for k in letters if with_transposed and square.get(k, True)}
        for kinds in islice(product(*letters.values()), _WAYS):
            of = dict(zip(letters, kinds, strict=True))
            fits = 0
            for shaped in islice(_shaped(of, {k for k in of if k in drawn_so or square.get(k)}), _SIZES):
                try:
                    differs = [d for a, b in links if (d := difference(a, b, shaped, values, drawn_so))]
                except UnknownError:
                    trial.is_open = True
                    break
                except ShapeError:
                    continue
                fits += 1
                trial.said |= {not differs} if {*kinds} != {"number"} else set()
                trial.witness = next(iter(differs), trial.witness)
                if differs:
                    break
            if fits:
                trial.fits += 1
                for key, one_kind in of.items():
                    trial.fitting[key].add(one_kind)
            if False in trial.said and (trial.fits > 1 or True in trial.said):
                break
        if trial.confirms:
            break
    return trial


def _for_arrays(one: Judgement, symmetric: bool) -> Judgement:
    says = one.says.replace(", for one coordinate", "").removesuffix("for all values").strip()
    says = f"{says or one.kind.replace('conditional', 'holds')}, for matrices and vectors that fit"
    if symmetric:
        return replace(one, kind="conditional", says=f"{says}, if the matrices are symmetric")
    return replace(one, says=says)


def _names(node: Node) -> set[str]:
    return {key for key, name, _ in letters_of(node) if name.letters != "I"}


def _lone(node: Node) -> str:
    """Return the letter that a part is, empty where it is more."""
    if isinstance(node, Scripted) and (node.above is not None or node.primes):
        return ""
    return key_of(node) or ""


def _shown(key: str) -> str:
    return key.replace("bold ", "").replace("\\", "").strip()


def _kinds(name: Name, transposed: bool, declared: Mapping[str, Kind], numbers: bool) -> tuple[Kind, ...]:
    """Return what a letter may be."""
    letter = name.letters
    if (kind := _declared(name, declared)) is not None:
        return (kind,)
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
