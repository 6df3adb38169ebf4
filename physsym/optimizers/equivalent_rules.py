"""Whether each run of one rule is a run of another, under a map of states, parameters and start values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sympy import Expr, Symbol

from physsym.core.arguments import named_arguments
from physsym.core.verdicts import Condition, Hypothesis, Outcome, Verdict, holds, undecided
from physsym.optimizers.equivalence import Equivalence
from physsym.optimizers.first_steps import split_first_step
from physsym.optimizers.general_equivalence import compare_general
from physsym.optimizers.known_rule import Known
from physsym.optimizers.linear_equivalence import compare_linear
from physsym.optimizers.naming import as_lifted
from physsym.optimizers.operands import RATES, Operand, answer, learning_rate
from physsym.optimizers.state_space import StateSpace, renamed_apart, state_space
from physsym.verify.budget import budget, budgeted
from physsym.verify.conditions import Hypotheses, conditions_of, consistent

SECONDS = 20.0
"""The processor time of one comparison."""


def operand(what: Any, rate: str | Symbol | None = None) -> Operand:
    """Return a rule that is compared: a rule, or what stands for one, with its name."""
    lifted = as_lifted(what)
    rule, first = (lifted.rule, lifted.first) if lifted.first else split_first_step(lifted.rule)
    space = state_space(rule, first)
    ranges = (*space.ranges, *(c for c in lifted.assumes if isinstance(c, Condition)))
    space = replace(space, ranges=tuple(dict.fromkeys(ranges)))
    libraries = what.names.values() if isinstance(what, Known) else ()
    named = [s for names in libraries for s, n in names.items() if n in RATES]
    found = learning_rate(space, rate if rate is not None else named[0] if named else None)
    name = what.title if isinstance(what, Known) else lifted.name
    return Operand(lifted.rule, name, space, found, {s: s for s in space.states}, lifted.shapes)


@named_arguments
def equivalent(
    first: Any, second: Any, given: Hypotheses = (), rate: str | Symbol | None = None
) -> Equivalence:
    """Return whether each run of the first rule is a run of the second, up to a map.

    `same_rule` asks for the same states up to form; here states, parameters and start values of the second
    rule are found in terms of the first. Two runs are the same if, whatever the gradients, they take them at
    the same points.

    Parameters
    ----------
    first, second
        Rules, or what stands for one: a derivation, a known rule, a lifted one, an optimizer, its name.
    given
        What is assumed of the parameters of the first rule, and of those that only the second has:
        conditions, SymPy relations such as `0 < beta`, or texts such as "0 <= rho < 1"; several, or one.
    rate
        The learning rate of the first rule, where its name does not tell.

    Returns
    -------
    Equivalence
        The map, its conditions, and whether it holds for learning rates that change from step to step; or a
        sequence of gradients on which the two part.

    References
    ----------
    S. Zhao, L. Lessard, M. Udell, An automatic system to detect equivalence between iterative algorithms,
    2021.

    Examples
    --------
    >>> from physsym import after, grad, rule
    >>> from physsym.vocabulary import eta, rho, u, v, x
    >>> torch = rule({u: rho * u + grad(x), x: x - eta * after(u)})
    >>> keras = rule({v: rho * v - eta * grad(x), x: x + after(v)})
    >>> found = equivalent(torch, keras)
    >>> print(found.states[v], found.schedule)
    -eta*u constant
    >>> print(found.trace.weights)
    (-119/1000, -1/5)
    """
    one, theirs = operand(first, rate), operand(second)
    if one.space == theirs.space:
        return _of_shapes(_itself(one, theirs), one, theirs)
    other = named_apart(one, theirs)
    stated = conditions_of(given, {*one.space.parameters, *theirs.space.parameters})
    # Before values are put in: a rate that is declared positive is not zero.
    whole = (*one.assumed, *(c for c in stated if c.expression.free_symbols <= {*one.space.parameters}))
    if consistent(whole).outcome is Outcome.FAILS:
        reason = f"what is assumed of the parameters contradicts itself: {consistent(whole).evidence[0]}"
        return answer(one, other, undecided(reason))
    one, other = _given(one, other, stated)
    if any(consistent(o.assumed).outcome is Outcome.FAILS for o in (one, other)):
        return answer(one, other, undecided("what is assumed of the parameters contradicts itself"))
    answers: list[Equivalence] = []

    @budgeted
    def judge() -> Verdict:
        answers.append(compared(one, other))
        return answers[0].verdict

    with budget(SECONDS):
        verdict = judge()
    return _of_shapes(_at_usual_values(answers[0]) if answers else answer(one, other, verdict), one, theirs)


def _at_usual_values(found: Equivalence) -> Equivalence:
    """Return an answer for special values with a note where these are the usual ones of the first rule."""
    usual = dict(found.first.typical)
    equal = [c for c in found.conditions if isinstance(c, Condition) and c.relation == "= 0"]
    if not equal or any(isinstance(c, Hypothesis) for c in found.conditions):
        return found
    if any(c.expression.xreplace(usual) != 0 for c in equal):
        return found
    held = {s for c in equal for s in c.expression.free_symbols}
    told = ", ".join(f"{s} = {v}" for s, v in found.first.typical if s in held)
    return replace(found, notes=(*found.notes, f"the usual values of the first rule are such: {told}"))


def _of_shapes(found: Equivalence, one: Operand, theirs: Operand) -> Equivalence:
    """Return an answer with the shapes of weights for which both rules are the law of their codes."""
    agree = found.verdict.outcome in (Outcome.HOLDS, Outcome.CONDITIONAL)
    shapes = tuple(dict.fromkeys((*one.shapes, *theirs.shapes)))
    if not shapes or not agree or (one.name and one.name == theirs.name):
        return found
    verdict = replace(found.verdict, outcome=Outcome.CONDITIONAL, assumes=(*found.verdict.assumes, *shapes))
    return replace(found, verdict=verdict, conditions=(*found.conditions, *shapes))


def named_apart(one: Operand, theirs: Operand) -> Operand:
    """Return the second operand with symbols that the first has not."""
    taken = {*one.space.states, *one.space.parameters, *one.space.inputs}
    space, names = renamed_apart(theirs.space, taken)
    rate = next((new for new, old in names.items() if old == theirs.rate), None)
    return replace(theirs, space=space, rate=rate, names=names)


def _itself(one: Operand, theirs: Operand) -> Equivalence:
    """Return that a rule is itself."""
    return Equivalence(
        one.rule,
        theirs.rule,
        holds("the two are equal by structure"),
        states={s: s for s in one.space.states},
        parameters={p: p for p in one.space.parameters},
        start=dict(zip(one.space.states, one.space.start, strict=True)),
        schedule="any" if one.rate else "",
        titles=(one.name, theirs.name),
    )


def _given(one: Operand, other: Operand, given: tuple[Condition, ...]) -> tuple[Operand, Operand]:
    """Return both rules with what is assumed of their parameters."""
    own = set(one.space.parameters)
    theirs = {old: new for new, old in other.names.items() if old not in own}
    mine = tuple(c for c in given if c.expression.free_symbols <= own)
    rest = tuple(Condition(c.expression.xreplace(theirs), c.relation) for c in given if c not in mine)
    one = replace(one, space=replace(one.space, ranges=(*one.space.ranges, *mine)))
    ours = one.space.put(_values(mine, one.space.parameters))
    alone = tuple(c for c in rest if c.expression.free_symbols <= set(other.space.parameters))
    fixed = _values(alone, other.space.parameters)
    required = tuple(Condition(c.expression.xreplace(fixed), c.relation) for c in rest)
    space = replace(other.space, ranges=(*other.space.ranges, *alone)).put(fixed)
    rate = one.rate if one.rate in ours.parameters else None
    return replace(one, space=ours, rate=rate), replace(
        other, space=space, required=tuple(c for c in required if c.expression.free_symbols)
    )


def _values(given: tuple[Condition, ...], parameters: tuple[Symbol, ...]) -> dict[Symbol, Expr]:
    """Return the parameters that conditions give a number."""
    found = {}
    for c in given:
        symbol = next(iter(c.expression.free_symbols)) if len(c.expression.free_symbols) == 1 else None
        if symbol in parameters and c.relation == "= 0" and c.expression.diff(symbol).is_number:
            found[symbol] = symbol - c.expression / c.expression.diff(symbol)
            found[symbol] = found[symbol].expand()
    return {s: v for s, v in found.items() if v.is_number}


def compared(one: Operand, other: Operand, thorough: bool = True) -> Equivalence:
    """Compare two rules that share no symbols.

    Not thorough, special values of the parameters are looked for in linear rules alone.
    """
    if sorted(one.space.kinds) != sorted(other.space.kinds):
        mine, theirs = (", ".join(" ".join(k) for k in o.space.kinds) or "nothing" for o in (one, other))
        reason = (
            f"a step of the first rule asks for {mine}, one of the second for {theirs}; "
            "rules are compared step by step"
        )
        return answer(one, other, undecided(reason))
    other = replace(other, space=_in_order_of(one.space, other.space))
    found = compare_linear(one, other)
    return found if found is not None else compare_general(one, other, thorough)


def _in_order_of(one: StateSpace, other: StateSpace) -> StateSpace:
    """Return a system with its inputs in the order of the kinds of another one's."""
    left = list(range(len(other.kinds)))
    order = []
    for kind in one.kinds:
        k = next(j for j in left if other.kinds[j] == kind)
        left.remove(k)
        order.append(k)
    parts = (tuple(part[k] for k in order) for part in (other.inputs, other.kinds, other.points))
    inputs, kinds, points = parts
    return replace(other, inputs=inputs, kinds=kinds, points=points)
