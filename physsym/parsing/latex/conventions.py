r"""What a document settles about its letters: which are indices, which functions, which differ by their font.

Single formulas cannot say it: in `x^{k}` the k is an index if `x^{k+1}` is set somewhere, and a power if not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from physsym.parsing.latex.names import (
    TRANSPOSES,
    VARIANTS,
    Named,
    Spelled,
    letters_of,
    named,
    shifted,
    spelled_below,
    unwrapped,
)
from physsym.parsing.latex.statements import trees
from physsym.parsing.latex.tokens import Macro, macro_table
from physsym.parsing.latex.tree import (
    Accented,
    Bracket,
    Fraction,
    Function,
    Name,
    Node,
    Number,
    Operator,
    Product,
    Relation,
    Script,
    Scripted,
    Sum,
)
from physsym.parsing.tokens import ReadError

_NEWCOMMAND = re.compile(
    r"\\(?:re)?(?:newcommand|providecommand)\*?\s*\{?\s*(\\[A-Za-z]+)\s*\}?\s*(?:\[([0-9])\])?\s*\{"
)
_DEF = re.compile(r"\\def\s*(\\[A-Za-z]+)\s*((?:\#[0-9])*)\s*\{")
USUAL_WORDS = frozenset(("lr", "wd", "eps", "tol"))
"""Words that are factors, also before brackets."""
_DIFFERENTIAL = re.compile("d[a-zA-Z]")
_OPERATOR = re.compile(r"\\DeclareMathOperator(\*?)\s*\{?\s*(\\[A-Za-z]+)\s*\}?\s*\{")


@dataclass(frozen=True)
class Conventions:
    r"""What the formulas of a document say together about its letters.

    Parameters
    ----------
    indices
        Letters that count: those with plus or minus a number in an index, and those that sums run over.
    whole
        The indices that are whole numbers where they stand by themselves, where not all are.
    above
        Names that bear an index above, as `x^{(k)}` or `x^{k+1} = ...` do.
    above_plain
        Those among them that bear it without brackets.
    perhaps_above
        Names that bear `^{k+1}` without being set anywhere: an index or a power.
    functions
        Letters that stand before brackets with bare names, with these names.
    factors
        Letters that occur without brackets too.
    indexed_factors
        Letters with an index that occur without brackets, the index behind the letter.
    norms
        What stands below the bars of norms.
    matrices
        Letters that are transposed, or capitals that are inverted.
    transposed
        Those among them that are transposed.
    scalars
        Letters that are raised to a power or divided by, as no matrix is.
    fonts
        Letters that occur in more than one font.
    variants
        Letters that occur in both of their forms, such as `\epsilon` and `\varepsilon`.
    words
        Names of several letters.
    letters
        All letters that occur outside of indices.
    sequences
        Names with an index that counts.
    perhaps_functions
        Letters before brackets that functions usually have.
    set_alone
        Letters that stand alone on the left of a relation.
    moving
        Names with dots above, which are functions of the time.
    imaginary
        Whether i occurs in the exponent of e.
    euler
        Whether e is Euler's number: it bears no index anywhere.
    differentials
        Whether d stands before letters alone, and is no factor.
    derived
        The letters by which a name is derived partially, in the order of its arguments or of their names.
    strict
        Whether there is no document, and what stands above a name is a power.
    by_itself
        Whether a variable may be derived by itself, where dimensions alone are compared.
    without_argument
        Whether functions may have no argument, as in `\\sin^2 + \\cos^2 = 1`; all are of `ARGUMENT`.
    starts_said
        Whether start values bear the letter of time, as in `x_{t=0}`, so that `x_0` is another name.
    in_time
        Names, with their other indices, whose last index is a time.
    in_two_fonts
        Letters written in two fonts with the same indices.
    declared
        The letters and words that are no functions.
    macros
        The commands that the document defines.
    """

    indices: frozenset[str] = frozenset()
    above: frozenset[str] = frozenset()
    above_plain: frozenset[str] = frozenset()
    perhaps_above: frozenset[str] = frozenset()
    functions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    factors: frozenset[str] = frozenset()
    indexed_factors: frozenset[str] = frozenset()
    whole: frozenset[str] | None = None
    norms: frozenset[str] = frozenset()
    matrices: frozenset[str] = frozenset()
    transposed: frozenset[str] = frozenset()
    scalars: frozenset[str] = frozenset()
    fonts: frozenset[str] = frozenset()
    variants: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    letters: frozenset[str] = frozenset()
    sequences: frozenset[str] = frozenset()
    perhaps_functions: frozenset[str] = frozenset()
    set_alone: frozenset[str] = frozenset()
    moving: frozenset[str] = frozenset()
    differentials: bool = True
    strict: bool = False
    by_itself: bool = False
    without_argument: bool = False
    starts_said: bool = False
    in_time: frozenset[tuple[str, Spelled]] = frozenset()
    in_two_fonts: frozenset[str] = frozenset()
    declared: frozenset[str] = frozenset()
    derived: Mapping[str, tuple[Node, ...]] = field(default_factory=dict)
    imaginary: bool = False
    euler: bool = True
    macros: Mapping[str, Macro] = field(default_factory=dict)


def macros_in(text: str) -> tuple[tuple[str, int, str], ...]:
    r"""Return the commands that a text defines by `\newcommand`, `\def` or `\DeclareMathOperator`.

    Returns
    -------
    tuple
        The name, the number of arguments and the text of each.

    Examples
    --------
    >>> macros_in(r"\newcommand{\half}[1]{\frac{#1}{2}}")
    (('\\half', 1, '\\frac{#1}{2}'),)
    """
    found: list[tuple[str, int, str]] = []
    for match in _NEWCOMMAND.finditer(text):
        found.append((match[1], int(match[2] or 0), _body(text, match.end())))
    for match in _DEF.finditer(text):
        found.append((match[1], match[2].count("#"), _body(text, match.end())))
    for match in _OPERATOR.finditer(text):
        found.append((match[2], 0, rf"\operatorname{{{_body(text, match.end())}}}"))
    return tuple(found)


def _body(text: str, at: int) -> str:
    depth, end = 1, at
    while end < len(text) and depth:
        depth += {"{": 1, "}": -1}.get(text[end], 0) if text[end - 1] != "\\" else 0
        end += 1
    return text[at : end - 1]


def conventions_of(formulas: Iterable[str], macros: Iterable[tuple[str, int, str]] = ()) -> Conventions:
    r"""Return what the formulas of a document say together about its letters.

    Parameters
    ----------
    formulas
        LaTeX; formulas that are not understood are passed over.
    macros
        The commands that the document defines: name, number of arguments, text. Those that the formulas
        define themselves are found.

    Returns
    -------
    Conventions

    Examples
    --------
    >>> found = conventions_of([r"x_{k+1} = x_k - \eta f'(x_k)", "f(x)"])
    >>> sorted(found.indices), sorted(found.functions)
    (['k'], ['f'])
    """
    formulas = list(formulas)
    defined = [*macros, *(m for text in formulas for m in macros_in(text))]
    table = macro_table(defined)
    survey = _Survey()
    for text in formulas:
        try:
            for tree in trees(text, table):
                survey.add(tree)
        except ReadError:
            continue
    return survey.conventions(table)


def _letters(name: Named) -> str:
    return name.letters + "'" * name.primes


def key_of(name: Named) -> str:
    """Return a letter with accents, by which a document is surveyed."""
    return "".join((*(f"{a} " for a in name.accents), name.letters))


class _Survey:
    """What was seen so far."""

    def __init__(self) -> None:
        self.indices: set[str] = set()
        self.above: set[str] = set()
        self.above_plain: set[str] = set()
        self.with_shift_above: set[str] = set()
        self.applied: dict[str, set[str]] = {}
        self.applied_primed: dict[str, set[str]] = {}  # f'(x + 1), or a product with the name f'
        self.primed_factors: set[str] = set()
        self.factors: set[str] = set()
        self.indexed_factors: set[str] = set()
        self.matrices: set[str] = set()
        self.scalars: set[str] = set()
        self.inverted: set[str] = set()
        self.fonts: dict[str, set[str]] = {}
        self.looks: dict[tuple[str, Spelled], set[str]] = {}
        self.words: set[str] = set()
        self.letters: Counter[str] = Counter()
        self.indexed: dict[str, list[frozenset[str]]] = {}
        self.last_below: dict[tuple[str, Spelled], list[frozenset[str]]] = {}
        self.in_exponent_of_e: set[str] = set()
        self.e_marked = False
        self.before_brackets: set[str] = set()
        self.differentiated: set[str] = set()  # as f is in f'(x)
        self.set_alone: set[str] = set()
        self.moving: set[str] = set()
        self.gradients: set[int] = set()  # the nodes behind a nabla
        self.derived: dict[str, dict[str, Node]] = {}
        self.arguments: dict[str, dict[str, Node]] = {}  # of a function, in the order of its first mention
        self.norms: dict[int, str] = {}  # by the node of the bars
        self.d_alone = False
        self.starts_said = False

    def add(self, tree: Relation) -> None:
        """Take in a statement."""
        if tree.signs:
            self._set(tree.sides[0])
            left, right = tree.sides[:2]
            of_euler = isinstance(right, (Operator, Function)) or (
                isinstance(right, Number) and right.text.startswith("2.7")
            )
            if isinstance(left, Name) and left.letters == "e" and tree.signs[0] in ("=", ":="):
                self.e_marked |= not of_euler
        inner: set[int] = set()
        for node in tree.walk():
            self._look(node, inner)
            if isinstance(node, Name):
                self.fonts.setdefault(node.letters, set()).add("" if node.font == "italic" else node.font)
                word = node.font in ("upright", "word") and len(node.letters) > 1 and node.letters.isalpha()
                if word and not _DIFFERENTIAL.fullmatch(node.letters):
                    self.words.add(node.letters)
            elif isinstance(node, Scripted):
                self._scripted(node)
            elif isinstance(node, Accented):
                if (name := named(node)) is not None and name.dots:
                    self.moving.add(key_of(name))
            elif isinstance(node, Bracket) and node.opening == "||":
                self.norms.setdefault(id(node), "")
            elif isinstance(node, Product):
                self._product(node)
            elif isinstance(node, Operator):
                self._operator(node)
            elif isinstance(node, Fraction):
                if derivative_letters(node) is not None:
                    self._derived(node)
                else:
                    self.scalars.update(letters_of(node.under))
        if tree.signs or named(tree.sides[0]) is None:  # a name that is mentioned alone is no factor
            self._factors(tree)

    def _look(self, node: Node, inner: set[int]) -> None:
        """Note the font of a whole name; `inner` has the parts of names that were seen."""
        name = named(node) if id(node) not in inner else None
        if name is None:
            return
        self.looks.setdefault((name.letters, spelled_below(name)), set()).add(
            "" if name.font == "italic" else name.font
        )
        part: Node = node
        while isinstance(part, (Scripted, Accented)):
            part = part.base if isinstance(part, Scripted) else part.inside
            inner.add(id(part))

    def _in_two_fonts(
        self, in_time: frozenset[tuple[str, Spelled]], indices: frozenset[str]
    ) -> frozenset[str]:
        """Return the letters written in two fonts with the same indices, but for the time."""
        fonts: dict[tuple[str, Spelled], set[str]] = {}
        for (letters, below), found in self.looks.items():
            last = below[-1] if below else ()
            started = last[-1:] == ("0",) and (letters, below[:-1]) in in_time
            timed = started or not indices.isdisjoint(last)
            fonts.setdefault((letters, below[:-1] if timed else below), set()).update(found)
        return frozenset(look[0] for look, found in fonts.items() if len(found - {"word", "unit"}) > 1)

    def _set(self, left: Node) -> None:
        """Note the name on the left, which bears an index above if it has one that is shifted."""
        name = named(left)
        if name is not None and name.bare:
            self.set_alone.add(name.letters)
        if name is not None and name.above is not None and name.above.inside is not None:
            letter = shifted(name.above.inside)
            if letter is not None and not letter.isdigit():
                self.above.add(key_of(name))
                self.above_plain.add(key_of(name))
                self.indices.add(letter)

    def _scripted(self, node: Scripted) -> None:
        if isinstance(node.base, Bracket) and node.base.opening == "||" and node.below is not None:
            self.norms[id(node.base)] = kind_of_norm(node.below)
        name = named(node)
        if name is None:
            return
        for item in name.below:
            self.starts_said |= isinstance(item, Relation) and item.signs == ("=",)
            letter = shifted(item)
            if letter is not None:
                self.indices.add(letter)
            self.indexed.setdefault(key_of(name), []).append(frozenset(letters_of(item)))
        if name.below:
            whole = (key_of(name), spelled_below(name)[:-1])
            self.last_below.setdefault(whole, []).append(frozenset(letters_of(name.below[-1])))
        if name.letters == "e" and (name.below_text or name.primes or name.mark):
            self.e_marked = True
        if name.above is None:
            return
        text, inside = name.above.text, name.above.inside
        if text in TRANSPOSES:
            if id(node) not in self.gradients:  # a gradient that is transposed, and no matrix
                self.matrices.add(name.letters)
        elif text == "-1":
            self.inverted.add(name.letters)
        elif inside is not None:
            self.scalars.add(name.letters)
            if name.letters == "e":
                self.in_exponent_of_e |= set(letters_of(inside))
            in_brackets = isinstance(inside, Bracket) and inside.opening in ("(", "[")
            in_brackets = in_brackets and name.letters != "e"
            bare = unwrapped(inside)
            letter = shifted(bare)
            if in_brackets and (letter is not None or (isinstance(bare, Name) and bare.letters.isalpha())):
                self.above.add(key_of(name))
                if letter is not None:
                    self.indices.add(letter)
            elif letter is not None:
                self.with_shift_above.add(key_of(name))

    def _product(self, node: Product) -> None:
        for sign, factor, following in zip(node.signs[1:], node.factors, node.factors[1:], strict=False):
            if not sign and (name := named(factor)) is not None and name.letters == r"\nabla":
                self.gradients.add(id(following))
            if sign == "/":
                self.scalars.update(letters_of(following))
            base = following.base if isinstance(following, Scripted) else following
            if sign or not isinstance(base, Bracket):
                continue
            name = named(factor)
            if name is None or name.above is not None or name.letters == r"\nabla":
                continue
            if base.opening == "[" and len(base.items) == 1 and shifted(base.items[0]) is not None:
                self.indices.add(str(shifted(base.items[0])))
            bare = all(map(is_bare, base.items))
            if base.opening == "(" and base.items and (bare or name.primes):
                table = self.applied if bare else self.applied_primed
                found = table.setdefault(key_of(name), set())
                found.update(letter for item in base.items for letter in letters_of(item))
                items = {_letters(n): item for item in base.items if (n := named(item)) is not None}
                if len(items) == len(base.items):
                    self.arguments.setdefault(key_of(name), items)
            if base.opening == "(" and base.items:
                self.before_brackets.add(key_of(name))
                if name.primes and len(base.items) == 1 and is_bare(base.items[0]):
                    self.differentiated.add(key_of(name))

    def _derived(self, node: Fraction) -> None:
        over = node.over.factors if isinstance(node.over, Product) else ()
        under = node.under.factors if isinstance(node.under, Product) else ()
        name = named(over[1]) if len(over) == 2 else None
        if name is None or derivative_letters(node) != r"\partial":
            return
        for variable in under[1::2]:
            bare = replace(variable, above=None) if isinstance(variable, Scripted) else variable
            inner = named(bare)
            if inner is not None and not inner.below_text:
                self.derived.setdefault(key_of(name), {})[_letters(inner)] = bare

    def _operator(self, node: Operator) -> None:
        if node.sign in ("sum", "prod") and (letter := bound_letter(node)) is not None:
            self.indices.add(letter)
            last = node.above.inside if node.above is not None else None
            if isinstance(last, Name) and last.font in ("", "italic") and last.letters != r"\infty":
                self.indices.add(last.letters)

    def _along(self, key: str) -> tuple[Node, ...]:
        """Return what a function is derived by, in the order of its arguments where the text has them."""
        by, arguments = self.derived[key], self.arguments.get(key, {})
        return (
            tuple(arguments.values()) if by.keys() <= arguments.keys() else tuple(by[n] for n in sorted(by))
        )

    def _factors(self, tree: Node) -> None:
        """Note the letters that occur as values, without brackets behind them."""
        pending: list[Node] = [tree]
        while pending:
            node = pending.pop()
            name = named(node)
            if name is not None:
                self.letters[name.letters] += 1
                if name.primes:
                    self.primed_factors.add(key_of(name))
                else:
                    self.factors.add(key_of(name))
                    if name.below_text:
                        self.indexed_factors.add(key_of(name) + name.below_text)
                above = name.above
                if above is not None and above.inside is not None and above.text not in TRANSPOSES:
                    pending.append(above.inside)
                continue
            if isinstance(node, Product):
                skip: set[int] = set()
                for i, factor in enumerate(node.factors):
                    if named(factor) is not None and isinstance(factor, Name) and factor.letters == "d":
                        self.d_alone |= i + 1 == len(node.factors) or named(node.factors[i + 1]) is None
                    following = node.factors[i + 1] if i + 1 < len(node.factors) else None
                    base = following.base if isinstance(following, Scripted) else following
                    called = (
                        isinstance(base, Bracket) and base.opening in ("(", "[") and not node.signs[i + 1]
                    )
                    under = (
                        i and (n := named(node.factors[i - 1])) is not None and n.letters in (r"\nabla", "d")
                    )
                    name = named(factor)
                    acts = name is not None and name.operator and following is not None
                    if name is not None and (called or under or (acts and not node.signs[i + 1])):
                        skip.add(i)
                pending.extend(f for i, f in enumerate(node.factors) if i not in skip)
            elif isinstance(node, Fraction) and derivative_letters(node) is not None:
                continue
            elif isinstance(node, Scripted):
                pending.append(node.base)
                above = node.above
                if above is not None and above.inside is not None and above.text not in TRANSPOSES:
                    pending.append(above.inside)
            else:
                pending.extend(node.parts())

    def conventions(self, table: Mapping[str, Macro]) -> Conventions:
        """Return what was found."""
        for key, letters in self.applied_primed.items():
            if key not in self.primed_factors or key in self.applied:
                self.applied.setdefault(key, set()).update(letters)
        matrices = self.matrices | {m for m in self.inverted if m.isupper() or is_capital(m)}
        functions = {
            key: frozenset(found)
            for key, names in self.applied.items()
            if key not in self.indices
            # A vector or a matrix may depend on the time; before other brackets it is a factor.
            and (found := names & {"t"} if key in matrices or key.split()[-1] in self.inverted else names)
        }
        mixed = {v for v, usual in VARIANTS.items() if v in self.fonts and usual in self.fonts}
        usual = frozenset({r"\nabla", r"\partial", "d"})
        factors = self.factors - self.differentiated
        indices = frozenset(i for i in self.indices if i not in usual)
        in_time = frozenset(k for k, v in self.last_below.items() if any(i and i <= indices for i in v))
        return Conventions(
            indices=indices,
            above=frozenset(k for k in self.above if k not in functions),
            above_plain=frozenset(k for k in self.above_plain if k not in functions),
            perhaps_above=frozenset(self.with_shift_above - self.above_plain),
            functions={
                **{k: frozenset[str]() for k in self.before_brackets & _USUAL - factors},
                **functions,
            },
            perhaps_functions=frozenset(self.before_brackets & _USUAL),
            set_alone=frozenset(self.set_alone),
            moving=frozenset(self.moving),
            differentials=not self.d_alone,
            derived={k: self._along(k) for k in self.derived},
            factors=frozenset(factors),
            indexed_factors=frozenset(self.indexed_factors),
            matrices=frozenset(matrices),
            transposed=frozenset(self.matrices),
            scalars=frozenset(self.scalars),
            fonts=frozenset(k for k, v in self.fonts.items() if len(v - {"word", "unit"}) > 1),
            variants=frozenset(mixed),
            words=frozenset(self.words),
            norms=frozenset(self.norms.values()),
            letters=frozenset(self.letters),
            sequences=frozenset(k for k, v in self.indexed.items() if any(i and i <= indices for i in v)),
            imaginary="i" in self.in_exponent_of_e,
            euler=not self.e_marked,
            macros=dict(table),
            declared=USUAL_WORDS,
            starts_said=self.starts_said,
            in_time=in_time,
            in_two_fonts=self._in_two_fonts(in_time, indices),
        )


_USUAL = frozenset(
    ("f", "g", "F", "J", "U", "V", "L", r"\ell", "p", "P", r"\psi", r"\Phi", r"\Psi", "H", r"\Pi")
)
"""Letters that functions usually have."""


def is_capital(letters: str) -> bool:
    """Return whether a letter, perhaps a Greek one, is a capital."""
    return letters.removeprefix("\\")[:1].isupper()


def is_bare(node: Node) -> bool:
    """Return whether a part of a bracket is a bare name, perhaps with indices, or a function of such."""
    if isinstance(node, Product) and len(node.factors) == 2 and not any(node.signs):
        inside = node.factors[1]
        if isinstance(inside, Bracket) and inside.opening == "(":
            return is_bare(node.factors[0]) and all(map(is_bare, inside.items))
    name = named(node)
    return name is not None and name.above is None and name.letters != "\\cdot"


def letters_in_indices(tree: Node, settled: Conventions) -> Iterator[str]:
    """Yield the letters below names, those above names that bear indices there, and those of sums."""
    for node in tree.walk():
        if isinstance(node, Operator) and (letter := bound_letter(node)) is not None:
            yield letter
        if not isinstance(node, Scripted):
            continue
        if node.below is not None:
            yield from letters_of(node.below)
        name = named(node)
        if node.above is not None and name is not None and key_of(name) in settled.above:
            yield from letters_of(node.above)


def kind_of_norm(below: Script) -> str:
    """Return what stands below a norm, without a font, and nothing for the Euclidean norm."""
    kind = re.sub(r"\\(?:mathrm|text|rm)|[{} ]", "", below.text)
    return "" if kind == "2" else kind


def bound_letter(node: Operator) -> str | None:
    """Return the letter that a sum or a product runs over."""
    inside = node.below.inside if node.below is not None else None
    if isinstance(inside, Relation):
        inside = inside.sides[0]
    if isinstance(inside, Bracket) and not inside.opening:
        inside = inside.items[0]
    return inside.letters if isinstance(inside, Name) else None


def free_letters(node: Node) -> Iterator[str]:
    """Yield the letters of a tree but for those that a sum or a product in it runs over."""
    if isinstance(node, Name):
        yield node.letters
    bound = bound_letter(node) if isinstance(node, Operator) else None
    for part in node.parts():
        yield from (letter for letter in free_letters(part) if letter != bound)


def derivative_letters(node: Fraction) -> str | None:
    r"""Return d, `\partial` or `\delta` of a fraction that is a derivative, and else None."""
    over, under = _differential(node.over), _differential(node.under)
    return over if over is not None and over == under else None


def _differential(node: Node) -> str | None:
    first: Node | None = node.factors[0] if isinstance(node, Product) else node
    if isinstance(first, Sum):
        return None
    name = named(first) if first is not None else None
    if name is None or name.letters not in ("d", r"\partial", r"\delta") or name.below_text or name.accents:
        return None
    return name.letters
