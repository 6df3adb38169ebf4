"""Lemmas for the algebraic moves: the line below says the same as the line above."""

from __future__ import annotations

from functools import singledispatch
from typing import TypeVar

import sympy
from sympy import Expr, Integer, Symbol

from physsym.certificates.formula import All, Iff, Relation, equation, equations
from physsym.certificates.lemma import Lemma, Proof, Refusal, lemma
from physsym.core.statements import Law, Rule, Statement, symbols
from physsym.core.symbols import BEFORE, after, before, dot, of_name
from physsym.mechanics.moves import Define, Divide, Eliminate, Isolate, Move, Multiply, ReduceOrder, Rescale

S = TypeVar("S", Law, Rule)
ONE = Integer(1)


@singledispatch
def algebra(move: Move, above: Statement, below: Statement) -> Lemma | None:
    """Return the lemma that a line is equivalent to the one above; None where a move claims less.

    Kinds of moves register here: `@algebra.register`.

    Parameters
    ----------
    move
        The move.
    above
        The line above.
    below
        The line below.

    Returns
    -------
    Lemma or None
        The lemma.

    Raises
    ------
    Refusal
        If the line below has not the form that the move gives.
    """
    return None


def require(kind: type[S], line: Statement, move: Move, where: str) -> S:
    """Return the line if it is of the kind that a move needs; raise Refusal otherwise."""
    if not isinstance(line, kind):
        raise Refusal(f"{type(move).__name__} needs a {kind.__name__.lower()} {where}")
    return line


def require_absent(symbol: Symbol, line: Statement, where: str) -> None:
    """Raise Refusal where a line holds a symbol at any instant."""
    if of_name(symbol.name, symbols(line)):
        raise Refusal(f"{symbol} occurs in the line {where}, which it must not")


def _same_law(says: str, above: Law, below: Law, factor: Expr, **more: object) -> Lemma:
    """Return the lemma that two laws have the same solutions, an equation of one a multiple of one above."""
    lines = equations(above), equations(below)
    proof = Proof("same_equations", (factor,))
    return lemma("algebra", says, Iff(*map(All, lines)), proof, line=lines[0], **more)  # type: ignore[arg-type]


def _same_rule(says: str, above: Rule, below: Rule, proof: Proof, given: tuple[Relation, ...]) -> Lemma:
    lines = equations(above), equations(below)
    return lemma("algebra", says, Iff(*map(All, lines)), proof, given, lines[0])


@algebra.register(Divide)
def _(move: Divide, above: Statement, below: Statement) -> Lemma:
    return _scaled(move, above, below, 1 / move.by, move.by)


@algebra.register(Multiply)
def _(move: Multiply, above: Statement, below: Statement) -> Lemma:
    return _scaled(move, above, below, move.by, move.by)


def _scaled(move: Move, above: Statement, below: Statement, factor: Expr, by: Expr) -> Lemma:
    laws = require(Law, above, move, "above"), require(Law, below, move, "below")
    if len(laws[0].equations) != len(laws[1].equations):
        raise Refusal(f"{type(move).__name__} keeps the number of equations")
    old, new = ([e.residual for e in law.equations] for law in laws)
    multiples = (equation(side, factor * o) for o, side in zip(old, _paired(old, new, factor), strict=True))
    lines = tuple(map(equations, laws))
    return lemma(
        "algebra",
        f"multiplied by {factor}, the line says the same as before",
        All((*multiples, Iff(*map(All, lines)))),
        Proof("scaled_equations", (factor,)),
        line=lines[0],
        nonzero=(by,),
    )


def _paired(old: list[Expr], new: list[Expr], factor: Expr) -> list[Expr]:
    """Return for each old residual the new one that seems its multiple, up to sign; a hint and no more."""
    left, found = list(new), []
    for one in old:
        sides = ((side, sign * side) for side in left for sign in (1, -1))
        fitting = ((s, t) for s, t in sides if sympy.cancel(t - factor * one) == 0)
        side, signed = next(fitting, (left[0], left[0]))
        left.remove(side)
        found.append(signed)
    return found


@algebra.register(Define)
def _(move: Define, above: Statement, below: Statement) -> Lemma:
    require_absent(move.symbol, above, "above")
    require_absent(move.eliminating, below, "below")
    if move.eliminating not in move.value.free_symbols or move.symbol in move.value.free_symbols:
        raise Refusal(f"{move.symbol} = {move.value} is no definition that eliminates {move.eliminating}")
    definition = (equation(move.symbol, move.value),)
    says = f"with {move.symbol} = {move.value} the line says the same as before"
    if isinstance(above, Law):
        return _same_law(says, above, require(Law, below, move, "below a law"), ONE, given=definition)
    return _same_rule(says, above, require(Rule, below, move, "below a rule"), Proof("same_rule"), definition)


@algebra.register(Isolate)
def _(move: Isolate, above: Statement, below: Statement) -> Lemma:
    law, solved = require(Law, above, move, "above"), require(Law, below, move, "below")
    if not any(e.left == move.symbol and not e.right.has(move.symbol) for e in solved.equations):
        raise Refusal(f"{move.symbol} is not the left side of an equation below")
    coefficients = [r.diff(move.symbol) for r in (e.residual for e in law.equations) if r.has(move.symbol)]
    if len(coefficients) != 1 or coefficients[0].has(move.symbol):
        raise Refusal(
            f"only one linear equation is solved in a certificate; {move.symbol} is in another form"
        )
    says = f"solved for {move.symbol}, the line says the same as before"
    return _same_law(says, law, solved, 1 / coefficients[0], nonzero=(coefficients[0],))


@algebra.register(ReduceOrder)
def _(move: ReduceOrder, above: Statement, below: Statement) -> Lemma:
    law, split = require(Law, above, move, "above"), require(Law, below, move, "below")
    first = dot(move.coordinate)
    require_absent(move.velocity, above, "above")
    if dot(first) in symbols(below):
        raise Refusal(f"the acceleration {dot(first)} still occurs in the line below")
    whole = (*equations(law), equation(first, move.velocity))
    return lemma(
        "algebra",
        f"with {first} = {move.velocity} and {dot(move.velocity)} = {dot(first)} both lines say the same",
        Iff(All(whole), All(equations(split))),
        Proof("same_equations", (ONE,)),
        given=(equation(dot(move.velocity), dot(first)),),
        line=whole,
    )


@algebra.register(Rescale)
def _(move: Rescale, above: Statement, below: Statement) -> Lemma:
    require_absent(move.new, above, "above")
    require_absent(move.old, below, "below")
    old, new, factor = move.old, move.new, move.factor
    says = f"with {old} = {factor}*{new} the line says the same as before"
    if isinstance(above, Law):
        units = tuple(
            equation(o, factor * n)
            for o, n in ((old, new), (dot(old), dot(new)), (dot(dot(old)), dot(dot(new))))
            if o in symbols(above)
        )
        law = require(Law, below, move, "below a law")
        return _same_law(says, above, law, ONE, given=units, nonzero=(factor,))
    rule = require(Rule, below, move, "below a rule")
    pairs = ((old, new), (after(old), after(new)))
    units = tuple(equation(o, factor * n) for o, n in pairs)
    proof = Proof("same_rule_in_units", (*pairs[0], *pairs[1], factor))
    return _same_rule(says, above, rule, proof, units)


@algebra.register(Eliminate)
def _(move: Eliminate, above: Statement, below: Statement) -> Lemma:
    rule, recurrence = require(Rule, above, move, "above"), require(Rule, below, move, "below")
    require_absent(move.symbol, below, "below")
    if len(rule.updates) != 2 or len(recurrence.updates) != 1 or move.symbol not in rule.targets:
        raise Refusal(f"two updates, one of them of {move.symbol}, must become one")
    if any(BEFORE in s.name for s in symbols(rule)):
        raise Refusal(f"a rule that reads earlier values is not eliminated further: {rule}")
    earlier = {s: before(s) for s in rule.targets} | {after(s): s for s in rule.targets}
    first = tuple(equation(u.target, u.value.xreplace(earlier)) for u in rule.updates)
    return lemma(
        "algebra",
        f"two steps of the rule in a row give what the recurrence without {move.symbol} gives",
        All(equations(recurrence)),
        Proof("follows"),
        given=(*first, *equations(rule)),
    )
