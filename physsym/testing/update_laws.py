"""Whether the law that is read from the code of an optimizer is that of a rule, at the same parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sympy import Expr, Symbol

from physsym.core.verdicts import Condition, Outcome, Verdict
from physsym.optimizers.equivalence import Equivalence
from physsym.optimizers.lifted import Lifted
from physsym.optimizers.lifting import lift
from physsym.optimizers.lifting.stated import number
from physsym.optimizers.linear_equivalence import proved_by_transfer
from physsym.optimizers.map_proofs import proved, trace_of
from physsym.optimizers.operands import Candidate, Operand, mapped
from physsym.optimizers.parameter_search import state_proposals
from physsym.optimizers.state_space import renamed_apart, state_space
from physsym.optimizers.transfer_functions import linear_system
from physsym.testing.update_runs import Comparison
from physsym.verify.budget import BudgetError, budget, budgeted

SECONDS = 8.0
"""The processor time of the comparison of laws."""


@dataclass(frozen=True)
class AsLaw:
    """What came of reading the law of the code: the law and the comparison, or why there is none."""

    code: Lifted | None = None
    found: Equivalence | None = None
    reason: str = ""


def law_of(comparison: Comparison) -> Lifted | str:
    """Return the law of the code, or why it cannot be read."""
    numbers = {n: v for n, v in comparison.named.defaults.items() if n in comparison.code.free}
    try:
        with budget(SECONDS):
            return lift(comparison.optimizer, **{**_whole(numbers), **comparison.given})
    except TypeError:
        try:  # a default that belongs to an entry of a tuple cannot be given by its name
            return lift(comparison.optimizer, **comparison.given)
        except Exception as error:
            return str(error)
    except BudgetError:
        return f"it was not read within {SECONDS:g} s"
    except Exception as error:  # of code of others: it was run on numbers, and that decides
        return str(error)


def _whole(numbers: Mapping[str, float]) -> dict[str, float]:
    return {n: int(v) if v.is_integer() else v for n, v in numbers.items()}


def operands_of(comparison: Comparison, code: Lifted) -> tuple[Operand, Operand] | str:
    """Return code and rule as systems with the same parameters, the states of the code renamed."""
    theirs = comparison.space
    try:
        own = state_space(code.rule, code.first)
    except ValueError as error:
        return str(error)
    taken = {*theirs.states, *theirs.parameters, *theirs.inputs}
    renamed, old_names = renamed_apart(own, taken)
    meant: dict[Symbol, Expr] = {}
    for symbol in renamed.parameters:
        name = old_names[symbol].name
        if name in comparison.named.code:
            meant[symbol] = comparison.named.code[name]
        elif name in comparison.named.defaults:
            meant[symbol] = number(comparison.named.defaults[name])
        else:
            return f"it reads {name}, which is no hyperparameter"
    theirs = theirs.put(exact_values(comparison.named.rule))
    ours = renamed.put(meant)
    if sorted(ours.kinds) != sorted(theirs.kinds):
        return "a step of the code asks for other gradients than one of the rule"
    ours = replace(ours, ranges=tuple(dict.fromkeys((*theirs.ranges, *ours.ranges))))
    rate = comparison.rate[0]
    rate = rate if rate in theirs.parameters else None
    own_names = {new: Symbol(f"{s.name}", real=True) for new, s in old_names.items()}
    same = {s: s for s in (*theirs.states, *theirs.parameters)}
    return (
        Operand(code.rule, comparison.code.name, ours, rate, own_names),
        Operand(comparison.desired.rule, "the rule", theirs, rate, same),
    )


def exact_values(values: Mapping[Symbol, float]) -> dict[Symbol, Expr]:
    """Return numbers as they are written, as fractions."""
    return {s: number(v) for s, v in values.items()}


def compare_laws(comparison: Comparison) -> AsLaw:
    """Return whether the law of the code is that of the rule at the same parameters."""
    code = law_of(comparison)
    if isinstance(code, str):
        return AsLaw(reason=code)
    operands = operands_of(comparison, code)
    if isinstance(operands, str):
        return AsLaw(code, reason=operands)
    answers: list[Equivalence] = []

    @budgeted
    def judge() -> Verdict:
        answers.append(_same_at_same_parameters(*operands))
        return answers[0].verdict

    try:
        with budget(SECONDS):
            verdict = judge()
        return AsLaw(code, answers[0]) if answers else AsLaw(code, reason=str(verdict))
    except (BudgetError, ValueError, ArithmeticError, TypeError, NotImplementedError) as error:
        return AsLaw(code, reason=f"not decided: {error}")


def _same_at_same_parameters(one: Operand, other: Operand) -> Equivalence:
    """Return whether runs of two rules agree when their parameters are the same."""
    parameters: dict[Symbol, Expr] = {p: p for p in other.space.parameters}
    at = dict(zip(other.space.weights, one.space.weights, strict=False))
    start = {s: v.xreplace(at) for s, v in zip(other.space.states, other.space.start, strict=True)}
    candidate = Candidate(parameters, {}, start)
    if all(linear_system(o.space) is not None for o in (one, other)):
        found = proved_by_transfer(one, other, candidate)
    else:
        wanted = mapped(one, other, candidate)[1].states
        states = state_proposals(one, other, parameters, {}, wanted)
        found = proved(one, other, candidate, states)
    if found.verdict.outcome is Outcome.UNDECIDABLE and (trace := trace_of(one, other, candidate)):
        return replace(found, verdict=replace(found.verdict, outcome=Outcome.FAILS), trace=trace)
    return found


def refutation(found: Equivalence, schedule: str) -> str:
    """Return why an answer is no, empty where it is yes or unknown."""
    if found.verdict.outcome is Outcome.FAILS:
        return f"its law is another one: they part at {found.trace}"
    if schedule == "any" and found.schedule == "constant":
        where = f": they part at {found.trace}" if found.trace else ""
        return f"they agree for a constant learning rate only (schedule='constant' asks for no more){where}"
    equations = [c for c in found.conditions if isinstance(c, Condition) and c.relation == "= 0"]
    if equations and found.verdict.outcome is Outcome.CONDITIONAL:
        return f"they agree only where {' and '.join(map(str, equations))}"
    return ""
