"""What an audit knows of a text so far: its equations in their scopes, and the definitions among them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sympy import Derivative, Expr, Symbol
from sympy.core.function import AppliedUndef

from physsym.auditing.audits import Kind
from physsym.auditing.texts import Formula
from physsym.auditing.unknowns import in_one_coordinate, name_of
from physsym.core.motion import is_time
from physsym.core.symbols import dot
from physsym.parsing.meanings import Chain, Meaning

EQUAL = ("=", ":=")


@dataclass(frozen=True)
class ReadFormula:
    """A formula with the ways to read it.

    Parameters
    ----------
    formula
        As it stands in the text.
    meanings
        The ways to read it; none where it was not read.
    why
        Why it was not read.
    """

    formula: Formula
    meanings: tuple[Meaning, ...] = ()
    why: str = ""


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
    """

    left: Expr
    right: Expr
    formula: Formula
    defines: bool = False
    kind: Kind = "undecided"
    names: frozenset[str] = field(default=frozenset(), compare=False)

    @property
    def line(self) -> int:
        """Return the line of the formula in the file."""
        return self.formula.line


def names_in(*expressions: Expr) -> frozenset[str]:
    """Return the names of the symbols and of the functions in expressions, indices aside."""
    found: set[str] = set()
    for expression in expressions:
        found |= {s.name.rstrip("'") for s in expression.free_symbols if not s.is_integer}
        found |= {name_of(a) for a in expression.atoms(AppliedUndef)}
    return frozenset(found)


def simplest_forms(expressions: Sequence[Expr], one_coordinate: bool) -> list[Expr]:
    """Return expressions as they are compared: `x(t)` of a motion is `x`, its derivative `dot(x)`.

    A function that is taken at other instants too stays one.
    """
    if one_coordinate:
        expressions = [in_one_coordinate(e) for e in expressions]
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


def links(chain: Chain, one_coordinate: bool) -> Iterator[tuple[Expr, Expr, str]]:
    """Yield the neighbouring sides of a chain with the relation between them."""
    sides = simplest_forms(chain.sides, one_coordinate)
    yield from zip(sides, sides[1:], chain.relations, strict=False)


def facts_of(formula: Formula, meaning: Meaning, known: Sequence[Fact], kind: Kind) -> Iterator[Fact]:
    """Yield the equations that a formula states."""
    for chain in meaning.chains:
        for place, (left, right, relation) in enumerate(links(chain, meaning.one_coordinate)):
            if relation not in EQUAL:
                continue
            named = names_in(left)
            new = not any(f.left == left for f in known)
            defines = place == 0 and new and is_name(left) and not left_occurs(left, right)
            yield Fact(left, right, formula, defines, kind, named | names_in(right))


def left_occurs(left: Expr, right: Expr) -> bool:
    """Return whether the name of a left side occurs on the right."""
    if isinstance(left, AppliedUndef):
        return name_of(left) in {name_of(a) for a in right.atoms(AppliedUndef)}
    return left in right.free_symbols


def is_name(left: Expr) -> bool:
    """Return whether an expression is a name, or a function of names."""
    return left.is_Symbol or (isinstance(left, AppliedUndef) and all(a.is_Symbol for a in left.args))


def in_scope(fact: Fact, formula: Formula) -> bool:
    """Return whether a fact stands under the heading of a formula, or under one that this is part of."""
    return formula.headings[: len(fact.formula.headings)] == fact.formula.headings
