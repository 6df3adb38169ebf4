"""What an audit knows of a text so far: its equations in their scopes, and the definitions among them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TypeAlias

from sympy import Derivative, Expr, Function, Symbol
from sympy.core.function import AppliedUndef

from physsym.auditing.audits import Kind
from physsym.auditing.hints import FUNCTION_DEFINED, refusal
from physsym.auditing.texts import Formula, Hint, Text
from physsym.auditing.unknowns import name_of
from physsym.core.motion import is_time
from physsym.core.statements import Equation, Law, Rule, Update
from physsym.core.symbols import dot
from physsym.parsing.latex.conventions import letters_in_indices
from physsym.parsing.latex.formula import ARGUMENT
from physsym.parsing.latex.statements import trees
from physsym.parsing.latex.tokens import Macro
from physsym.parsing.meanings import Chain, Conventions, Meaning, conventions_of, is_opaque, meanings
from physsym.parsing.reader import read
from physsym.parsing.tokens import ReadError

EQUAL = ("=", ":=")
ARROWS = (
    ("both", r"\\iff\b|\\(?:Long)?[Ll]eftrightarrow\b|[⇔⟺]|\biff\b|\bif and only if\b"),
    ("back", r"\\impliedby\b|\\(?:Long)?Leftarrow\b|\\Longleftarrow\b|\\because\b|[⇐⟸∵]"),
    ("on", r"\\implies\b|\\(?:Long)?[Rr]ightarrow\b|\\therefore\b|[⇒⟹∴]|\b(?:hence|implies|so|thus|then)\b"),
)
_QUANTITY = re.compile(
    r"\b(constants?|parameters?|coefficients?|gravity|acceleration|mass|masses|lengths?)\b", re.IGNORECASE
)
_CONDITION = re.compile(
    r"\b(if|when|whenever|unless|for|with|given|assum\w*|suppose|provided)\b", re.IGNORECASE
)

_DERIVATIVE = re.compile(r"\bderivatives?\b", re.IGNORECASE)


@dataclass(frozen=True)
class ReadFormula:
    """A formula with the ways to read it.

    Parameters
    ----------
    formula
        As the text has it.
    meanings
        The ways to read it; none where it was not read.
    why
        Why it was not read.
    stated
        The hints `define` in the notation of the formula, each with its meaning.
    macros
        The commands that the text defines.
    """

    formula: Formula
    meanings: tuple[Meaning, ...] = ()
    why: str = ""
    stated: tuple[tuple[Hint, Meaning], ...] = ()
    macros: Mapping[str, Macro] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Fact:
    """An equation that the text states.

    Parameters
    ----------
    left, right
        Its sides.
    formula
        Where it stands.
    defines
        Whether it is the first that the text says of its left side, which does not occur on the right.
    kind
        What the audit said of the formula.
    replaces
        The values of its name that it replaces where it is in scope: a heading is between them and it.
    beside
        The other values of its name under the same heading.
    anew
        Whether the text says that it is another value.
    """

    left: Expr
    right: Expr
    formula: Formula
    defines: bool = False
    kind: Kind = "undecided"
    names: frozenset[str] = field(default=frozenset(), compare=False)
    replaces: tuple[Fact, ...] = field(default=(), compare=False)
    beside: tuple[Fact, ...] = field(default=(), compare=False)
    anew: bool = field(default=False, compare=False)

    @property
    def line(self) -> int:
        """Return the line of the formula in the file."""
        return self.formula.line

    @property
    def place(self) -> str:
        """Return where the formula stands, in words."""
        return self.formula.place


def formulas_of(facts: Iterable[Fact]) -> tuple[Formula, ...]:
    """Return the formulas that state facts."""
    return tuple(dict.fromkeys(f.formula for f in facts))


def places(stated: Sequence[Fact | ReadFormula]) -> str:
    """Return where facts or formulas stand, in words."""
    found = list(dict.fromkeys(f.formula.place for f in stated))
    if len(found) == 1 or any(f.formula.cell for f in stated):
        return " and ".join(found)
    return "lines " + ", ".join(place.removeprefix("line ") for place in found)


@lru_cache(maxsize=8192)
def names_in(*expressions: Expr) -> frozenset[str]:
    """Return the names of the symbols and of the functions in expressions, indices aside."""
    found: set[str] = set()
    for expression in expressions:
        found |= {s.name.rstrip("'") for s in expression.free_symbols if not s.is_integer}
        found |= {name_of(a) for a in expression.atoms(AppliedUndef)}
    return frozenset(found)


def simplest_forms(expressions: Sequence[Expr]) -> list[Expr]:
    """Return expressions as they are compared: `x(t)` of a motion is `x`, its derivative `dot(x)`.

    A function that is taken at other instants too stays one.
    """
    applied = {a for e in expressions for a in e.atoms(AppliedUndef) if len(a.args) == 1}
    moving = {a for a in applied if a.args[0].is_Symbol and is_time(a.args[0]) and not a.args[0].is_integer}
    elsewhere = {name_of(a) for a in applied - moving}
    derivatives: dict[Expr, Expr] = {}
    values: dict[Expr, Expr] = {}
    for motion in moving:
        if name_of(motion) in elsewhere:
            continue
        rate = values[motion] = Symbol(name_of(motion), real=True)
        for count in (1, 2, 3):
            rate = dot(rate)
            derivatives[Derivative(motion, (motion.args[0], count))] = rate
    return [e.xreplace(derivatives).xreplace(values) for e in expressions]


def links(chain: Chain) -> Iterator[tuple[Expr, Expr, str]]:
    """Yield the neighbouring sides of a chain with the relation between them."""
    sides = simplest_forms(chain.sides)
    yield from zip(sides, sides[1:], chain.relations, strict=False)


def facts_of(formula: Formula, meaning: Meaning, known: Sequence[Fact], kind: Kind) -> Iterator[Fact]:
    """Yield the equations that a formula states; those of special values are none."""
    for place, left, right in _equations(meaning):
        if _is_special_value(left, right, formula.display):
            continue
        named = names_in(left)
        # With f(x) defined, a line f(x_star) = ... tells its value at a point.
        new = not any(
            (f.left == left or (f.defines and isinstance(left, AppliedUndef) and f.left.func == left.func))
            and in_scope(f, formula)
            for f in known
        )
        # f(x) = 0 is an equation for x, and does not say what f is.
        says = left.is_Symbol or not right.is_number
        defines = place == 0 and new and says and is_name(left) and not left_occurs(left, right)
        yield Fact(left, right, formula, defines, kind, named | names_in(right))


def special_values_of(formula: Formula, meaning: Meaning) -> Iterator[Fact]:
    """Yield the equations of a formula that are special values, such as x = 2, which a hint alone may use."""
    for _, left, right in _equations(meaning):
        if _is_special_value(left, right, formula.display):
            yield Fact(left, right, formula, left.is_Symbol, "definition", names_in(left, right))


def _equations(meaning: Meaning) -> Iterator[tuple[int, Expr, Expr]]:
    """Yield the equations that a formula states, each with its number in its chain."""
    for chain in meaning.chains:
        for place, (left, right, relation) in enumerate(() if is_condition(chain) else links(chain)):
            if relation in EQUAL or (relation == "<-" and isinstance(left, AppliedUndef)):
                yield place, left, right


def _is_special_value(left: Expr, right: Expr, display: bool) -> bool:
    """Return whether an equation is a case that the prose speaks of, such as z = 1, and no definition.

    So is one with the derivative of a variable by itself, which a slip leads to.
    """
    derivatives = (left - right).atoms(Derivative)
    if any(
        isinstance(d.expr, AppliedUndef) and name_of(d.expr) in map(str, d.variables) for d in derivatives
    ):
        return True
    if left.is_Symbol:
        return right.is_number or (right.is_Symbol and not display)
    return is_name(left) and right.is_number and not display


def is_condition(chain: Chain) -> bool:
    """Return whether a statement is a condition of another one; "with derivative" begins none."""
    return bool(_CONDITION.search(chain.words)) and not _DERIVATIVE.search(chain.words)


def left_occurs(left: Expr, right: Expr) -> bool:
    """Return whether the name of a left side occurs on the right."""
    if isinstance(left, AppliedUndef):
        return name_of(left) in {name_of(a) for a in right.atoms(AppliedUndef)}
    return left in right.free_symbols


def is_name(left: Expr) -> bool:
    """Return whether an expression is a name, or a function of names; a sum or an integral is none."""
    applied = isinstance(left, AppliedUndef) and all(a.is_Symbol for a in left.args)
    return left.is_Symbol or (applied and not is_opaque(left))


def is_sequence(left: Expr) -> bool:
    """Return whether an expression is a value of a sequence."""
    return isinstance(left, AppliedUndef) and all(a.is_integer for a in left.args) and not is_opaque(left)


def in_scope(fact: Fact, formula: Formula) -> bool:
    """Return whether a fact stands under the heading of a formula, or under one that this is part of."""
    return in_section(formula, fact.formula)


def in_section(formula: Formula, other: Formula) -> bool:
    """Return whether a formula stands under the heading of another one."""
    pairs = zip(formula.section, other.section, strict=True)
    return all(ours[: len(theirs)] == theirs for ours, theirs in pairs)


def read_formulas(text: Text) -> tuple[ReadFormula, ...]:
    """Return the formulas of a text with the ways to read them, by what the whole text settles."""
    latex = [f for f in text.formulas if f.notation == "latex"]
    settled = _with_hints(conventions_of([f.text for f in latex], text.macros), text.formulas)
    if not settled.indices:
        return tuple(_read(formula, settled) for formula in text.formulas)
    used = {formula: _indices_in(formula, settled) for formula in latex}
    one_of: dict[Section, Formula] = {}
    in_sections: dict[Section, frozenset[str]] = {}
    for formula in latex:
        one_of.setdefault(formula.section, formula)
        in_sections[formula.section] = in_sections.get(formula.section, frozenset()) | used[formula]
    named = frozenset(_quantities(text.formulas))
    # A letter by itself is whole under the headings where it is an index: t is a time under another one.
    whole = {
        own: frozenset[str]().union(*(
            in_sections[s] for s, f in one_of.items() if in_section(f, formula) or in_section(formula, f)
        )) - named
        for own, formula in one_of.items()
    }  # fmt: skip
    return tuple(
        _read(f, replace(settled, whole=whole.get(f.section, frozenset()) | used.get(f, frozenset())))
        for f in text.formulas
    )


Section: TypeAlias = tuple[tuple[str, ...], tuple[int, ...]]


def _indices_in(formula: Formula, settled: Conventions) -> frozenset[str]:
    """Return the letters that count which a formula has as an index, or its hints say to be one."""
    hinted = {n.strip() for h in formula.hints if h.keyword == "index" for n in h.argument.split(",")}
    try:
        found = trees(formula.text, settled.macros, settled.words)
    except (ReadError, RecursionError):
        return frozenset(hinted)
    letters = {letter for tree in found for letter in letters_in_indices(tree, settled)}
    return frozenset(hinted | (settled.indices & letters))


def _with_hints(settled: Conventions, formulas: Sequence[Formula]) -> Conventions:
    """Return conventions with the functions and the indices that hints state."""
    stated: dict[str, set[str]] = {"function": set(), "index": set()}
    for hint in (h for f in formulas for h in f.hints if h.keyword in stated):
        stated[hint.keyword] |= {name.strip() for name in hint.argument.split(",")}
    for hint in (h for f in formulas for h in (*f.scoped, *f.hints) if h.keyword == "define"):
        if (function := FUNCTION_DEFINED.match(hint.argument)) is not None:
            stated["function"].add(function[1])
    functions = {**settled.functions, **{n: frozenset[str]() for n in stated["function"]}}
    # A letter before a bracket with bare names, as in a(t), is a function everywhere.
    applied = {key.split()[-1].lstrip("\\") for key, names in settled.functions.items() if names}
    declared = set(_quantities(formulas)) - stated["function"] - applied
    return replace(
        settled,
        functions=functions,
        factors=settled.factors - stated["function"],
        indices=settled.indices | stated["index"],
        declared=settled.declared | declared | {f"\\{n}" for n in declared},
    )


def _quantities(formulas: Sequence[Formula]) -> Iterator[str]:
    """Yield the names that hints state conditions on, or that a sentence calls a constant: no functions."""
    for formula in formulas:
        for hint in (h for h in (*formula.scoped, *formula.hints) if h.keyword == "given"):
            yield from re.findall(r"[^\W\d]\w*(?!\s*\(|\w)", hint.argument)
        lone = re.fullmatch(r"\s*\\?([A-Za-z]+)\s*", formula.text)
        if lone and _QUANTITY.search(said := f"{formula.before} {formula.after}") and "function" not in said:
            yield lone[1]


def _read(formula: Formula, settled: Conventions) -> ReadFormula:
    """Return a formula with the ways to read it, or the reason why it is not read."""
    try:
        if formula.notation == "latex":
            stated = tuple(_stated(formula, settled))
            return ReadFormula(formula, _ways(formula, settled), stated=stated, macros=settled.macros)
        meaning = _meaning_of(read(formula.text, unknown="real"))
        return ReadFormula(formula, (meaning,), macros=settled.macros)
    except (ReadError, RecursionError) as error:
        return ReadFormula(formula, why=str(error), macros=settled.macros)


def _ways(formula: Formula, settled: Conventions) -> tuple[Meaning, ...]:
    """Return the ways to read a formula, also where only what its hints ask for makes it readable."""
    asked = {h.keyword for h in formula.hints} - {"expect"}
    settled = replace(settled, by_itself=asked == {"dimension"}, without_argument=asked == {"identity"})
    found = meanings(formula.text, settled)
    for meaning in found:
        sides = [side for chain in meaning.chains for side in chain.sides]
        others = [a for side in sides for a in side.atoms(Function) if a.args != (ARGUMENT,)]
        if others and any(ARGUMENT in side.free_symbols for side in sides):
            raise ReadError("some functions have no argument: write it behind each", formula.text, 0)
    return found


def _stated(formula: Formula, settled: Conventions) -> Iterator[tuple[Hint, Meaning]]:
    """Yield the definitions of hints that are written in LaTeX, and of functions, read as formulas are."""
    for hint in (*formula.scoped, *formula.hints):
        if hint.keyword == "define" and ("\\" in hint.argument or FUNCTION_DEFINED.match(hint.argument)):
            try:
                yield hint, meanings(hint.argument, settled)[0]
            except ReadError as error:
                raise refusal(hint, str(error)) from None


def _meaning_of(value: object) -> Meaning:
    """Return the meaning of what the reader of plain text gives."""
    if isinstance(value, Equation):
        return Meaning((Chain((value.left, value.right), ("=",)),))
    if isinstance(value, Law):
        return Meaning(tuple(Chain((e.left, e.right), ("=",)) for e in value.equations))
    if isinstance(value, Update):
        return Meaning((Chain((value.target, value.value), ("<-",)),))
    if isinstance(value, Rule):
        return Meaning(tuple(Chain((u.target, u.value), ("<-",)) for u in value.updates))
    return Meaning((Chain((value,)),) if isinstance(value, Expr) else ())
