"""Whether two rules are the same at the same hyperparameters, start values included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sympy import Dummy, Expr, Integer, Piecewise, Symbol, expand, sympify
from sympy.core.relational import Relational

from physsym.core.statements import Rule, rewritten
from physsym.core.symbols import after
from physsym.core.verdicts import Outcome, Verdict, fails, undecided
from physsym.optimizers.equivalence import Equivalence, SymbolMap, Trace
from physsym.optimizers.equivalent_rules import named_apart, operand
from physsym.optimizers.general_equivalence import merged
from physsym.optimizers.lifted import Lifted
from physsym.optimizers.lifting.stated import with_values
from physsym.optimizers.map_proofs import proved, trace_of
from physsym.optimizers.operands import Candidate, Operand, mapped
from physsym.optimizers.parameter_search import state_proposals
from physsym.optimizers.relatives import _difference
from physsym.verify.budget import budget, budgeted

SECONDS = 20.0


@dataclass(frozen=True)
class Agreement:
    """Whether two rules are the same at the same hyperparameters.

    Parameters
    ----------
    outcome
        "agrees", "differs", "not decided", or "not compared".
    at
        The values of hyperparameters at which they agree, where they do at these alone.
    said
        The reason, or what else is to be known.
    trace
        Where they part; with "agrees", where they part at other values.
    difference
        The new weights of the first less those of the second, in factors.
    """

    outcome: str
    at: str = ""
    said: str = ""
    trace: Trace | None = None
    difference: str = ""

    def __str__(self) -> str:
        at = f" at {self.at}" if self.at else ""
        why = f": {self.said}" if self.said and self.outcome.startswith("not") else ""
        return f"{self.outcome}{at}{why}"


def same_law(
    first: Lifted,
    second: Any,
    names: Mapping[str, str | Expr] | None = None,
    defaults: Mapping[str, Expr] | None = None,
) -> Agreement:
    """Return whether code and a formula are the same law, each hyperparameter being what it is in the other.

    Parameters
    ----------
    first
        The code.
    second
        The formula: a rule or a published one.
    names
        Hyperparameters of the formula that have another name in the code, or a value there.
    defaults
        The defaults of the code, besides the typical values of its rule.

    Where they are not the same, hyperparameters of the code that the formula lacks are put to their defaults.
    """
    names = names or {}
    found = _within_budget(first, second, names)
    if found.outcome != "differs":
        return found
    lacking = _lacking(first, second, names, {**dict(defaults or {})})
    if not lacking:
        return found
    at_defaults = _within_budget(with_values(first, lacking), second, names)
    values = ", ".join(f"{n} = {v}" for n, v in lacking.items())
    if at_defaults.outcome == "agrees":
        return replace(at_defaults, at=values, trace=found.trace)
    return replace(at_defaults, said=f"{at_defaults.said} (at {values})")


def with_first_step_apart(rule: Rule) -> Lifted:
    """Return a rule with cases by the number of the step as a law of the first step, and one of the rest.

    The rule is left alone where its cases ask for something else.
    """
    counters = [u.target for u in rule.updates if u.value == u.target + 1]
    start = dict(rule.start)
    for k in counters:
        if (begin := start.get(k)) is None or not begin.is_Integer:
            continue
        asked = {c for u in rule.updates for p in u.value.atoms(Piecewise) for _, c in p.args}
        asked = {c for c in asked if c not in (True, False) and c.free_symbols <= {k, after(k)}}
        later = {c: _from(c, k, begin + 1) for c in asked}
        if not asked or None in later.values():
            continue
        at_first = {c: c.subs({k: begin, after(k): begin + 1}) for c in asked}
        first, rest = (rewritten(rule, lambda e, put=put: e.subs(put)) for put in (at_first, later))
        return Lifted(_without(rest, k), _without(first, k))
    return Lifted(rule)


def _from(condition: Any, k: Symbol, begin: Expr) -> bool | None:
    """Return what a condition on a counter is for all values from one on, if it is one thing."""
    if not isinstance(condition, Relational):
        return None
    side = condition.lhs.subs(after(k), k + 1) - condition.rhs.subs(after(k), k + 1)
    n = Dummy("n", integer=True, nonnegative=True)
    found = type(condition)(expand(side.subs(k, begin + n)), 0)
    return bool(found) if found in (True, False) else None


def _without(rule: Rule, counter: Symbol) -> Rule:
    """Return a rule without a counter that nothing else reads."""
    rest = tuple(u for u in rule.updates if u.target != counter)
    if any({counter, after(counter)} & u.value.free_symbols for u in rest):
        return rule
    return replace(rule, updates=rest, start=tuple((s, v) for s, v in rule.start if s != counter))


def _lacking(
    first: Lifted, second: Any, names: Mapping[str, str | Expr], defaults: Mapping[str, Expr]
) -> dict[str, Any]:
    """Return the defaults of hyperparameters that occur in the code alone."""
    other = operand(second).space.parameters
    known = {str(names.get(s.name, s.name)) for s in other}
    typical = {**defaults, **{s.name: v for s, v in first.rule.typical}}
    return {
        s.name: _plain(typical[s.name])
        for s in operand(first).space.parameters
        if s.name not in known and s.name in typical
    }


def _plain(value: Expr) -> Any:
    return int(value) if value.is_Integer else float(value)


def _within_budget(first: Lifted, second: Any, names: Mapping[str, str | Expr]) -> Agreement:
    answers: list[Agreement] = []

    @budgeted
    def judge() -> Verdict:
        answers.append(_compared(first, second, names))
        return undecided("")

    with budget(SECONDS):
        judge()
    return answers[0] if answers else Agreement("not decided", said=f"no answer within {SECONDS:.0f} s")


def _compared(first: Lifted, second: Any, names: Mapping[str, str | Expr]) -> Agreement:
    one = operand(first)
    theirs = operand(second)
    if sorted(one.space.kinds) != sorted(theirs.space.kinds):
        return Agreement("not compared", said="the two read different things in a step")
    other = named_apart(one, theirs)
    one, other = (replace(o, space=merged(o.space)) for o in (one, other))
    mine = {s.name: s for s in operand(first).space.parameters}
    parameters: dict[Symbol, Expr] = {}
    for symbol in other.space.parameters:
        name = names.get(other.names[symbol].name, other.names[symbol].name)
        if isinstance(name, str) and name not in mine:
            return Agreement("not compared", said=f"the code has no hyperparameter {name}")
        parameters[symbol] = mine[name] if isinstance(name, str) else sympify(name)
    start = dict(zip(other.space.weights, one.space.weights, strict=False)) | parameters
    begun = {s: v.xreplace(start) for s, v in zip(other.space.states, other.space.start, strict=True)}
    candidate = Candidate(parameters, {}, begun)
    if trace := trace_of(one, other, candidate):
        return Agreement("differs", trace=trace, difference=_shown_difference(one, other, parameters, second))
    wanted = mapped(one, other, candidate)[1].states
    states = state_proposals(one, other, parameters, {}, wanted)
    if states is None:
        return Agreement("not decided", said="runs agree for 12 steps, and no map of states was found")
    answer = proved(one, other, candidate, states)
    if answer.verdict.outcome not in (Outcome.HOLDS, Outcome.CONDITIONAL):
        return Agreement("not decided", said="runs agree for 12 steps; " + "; ".join(answer.verdict.evidence))
    said = []
    if answer.schedule == "constant":
        said.append("for a constant learning rate only")
    if answer.conditions:
        said.append("where " + " and ".join(map(str, answer.conditions)))
    return Agreement("agrees", said="; ".join(said), trace=answer.trace)


def _shown_difference(one: Operand, other: Operand, parameters: dict[Symbol, Expr], second: Any) -> str:
    """Return the new weights of the first less those of the second, where that says something."""
    named = {other.names[s]: e for s, e in parameters.items()}
    found = Equivalence(one.rule, other.rule, fails(""), parameters=SymbolMap(named))
    try:
        difference = _difference(one, found, second)
    except (ValueError, KeyError, TypeError):
        return ""
    text = "" if difference is None or difference == Integer(0) else str(difference)
    return text if len(text) <= 300 else ""
