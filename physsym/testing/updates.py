"""Whether an optimizer of a library, or one's own, makes the updates of a rule: as a law, and on numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations, islice, permutations
from typing import Any, Literal, TypeAlias

import numpy as np
from sympy import Add, Expr, Integer, Pow, Symbol

from physsym.core.statements import Rule, StatementError, rewritten
from physsym.core.symbols import FORCES, after, name_and_marks
from physsym.core.verdicts import Condition, Outcome
from physsym.optimizers.equivalence import Equivalence
from physsym.optimizers.known import known
from physsym.optimizers.known_rule import Known
from physsym.optimizers.lifted import Lifted, LiftError
from physsym.optimizers.lifting import lift
from physsym.optimizers.lifting.law import hyperparameters
from physsym.optimizers.lifting.stated import number
from physsym.optimizers.linear_equivalence import proved_by_transfer
from physsym.optimizers.map_proofs import proved, trace_of
from physsym.optimizers.operands import Candidate, Operand, learning_rate, mapped
from physsym.optimizers.parameter_search import state_proposals
from physsym.optimizers.state_space import StateSpace, renamed_apart, state_space
from physsym.optimizers.transfer_functions import linear_system
from physsym.runtime.backends.base import whole_number
from physsym.testing.failures import differences, labelled, listed, message
from physsym.testing.gradient_sequences import STEPS, Run, evaluations, expected_points, mixes, runs
from physsym.testing.implementations import BrokenStepError, Implementation, implementation
from physsym.testing.mutants import mutants
from physsym.testing.parameter_names import Identification, identified, share_role
from physsym.testing.records import record
from physsym.verify.budget import BudgetError, budget

Array: TypeAlias = np.ndarray[Any, Any]

TOLERANCES: Mapping[str, float] = {"float64": 1e-9, "float32": 2e-5}
"""The difference allowed between evaluation points, relative to their size, by the coarsest dtype met."""
SECONDS = 20.0
"""The processor time of the comparison of laws."""
SHOWN = 6
"""The number of gradients that a message shows."""


def assert_update(
    optimizer: object,
    rule: object,
    *,
    names: Mapping[str, object] | None = None,
    values: Mapping[str, float] | None = None,
    schedule: Literal["any", "constant"] = "any",
    steps: int = STEPS,
    rtol: float | None = None,
    **hyperparameters: object,
) -> None:
    """Raise AssertionError unless an optimizer makes the updates of a rule.

    The optimizer is run beside the rule, with hyperparameters of the oracle's own, on gradients that are
    adversarial, random, and close to the boundaries of the cases that the rule distinguishes, with a learning
    rate that is constant and one that changes. The points at which gradients are taken must agree: those are
    the weights, unless the rule looks ahead. Where the law of the code can be read by `lift`, it must also be
    that of the rule, at the same hyperparameters, whatever the names and the scale of its states.

    Parameters
    ----------
    optimizer : callable or object
        An optax factory or transformation; a class of torch.optim, a subclass of `torch.optim.Optimizer`, or
        an optimizer; a function such as `step(w, grad, v, lr)` that returns the new weights and states; a
        class with a method `step(w, grad)`, or an object of one; a function that makes such a step.
    rule : Rule, Known, Lifted or str
        The rule, or what stands for one: its text, a published rule of `known`, "known:adam".
    names : mapping, optional
        Which parameter of the rule a hyperparameter of the code is, by its name there: `{"lr": "eta"}`; or an
        expression in parameters. Otherwise names of the library in `known`, and like names, decide.
    values : mapping, optional
        Values of parameters of the rule, by name, which the code has built in.
    schedule : {"any", "constant"}, optional
        Whether the updates must be those of the rule for a learning rate that changes from step to step too.
    steps : int, optional
        The number of steps of each run, at least 12.
    rtol : float, optional
        The tolerance relative to the size of the weights: by default 1e-9, or 2e-5 where the code computes in
        float32.
    **hyperparameters
        Hyperparameters of the code that have a value, such as `nesterov=True`. Those that are numbers and
        have a parameter in the rule give it its value. `roles` says what the arguments of one's own code are,
        as in `lift`.

    Raises
    ------
    AssertionError
        Where the updates are others: with the first step that differs and the gradients up to it, the
        difference of the laws in factors, and the published rule or the slip that explains what the code
        does. Also where nothing could be compared, and where the code gives what is not finite.
    TypeError
        For what cannot be run as an optimizer, and where it is not clear which hyperparameter is which
        parameter of the rule.
    ValueError
        For numbers that are none, or out of range.
    ImportError
        Where `rule` is named after a library that is not installed.

    Examples
    --------
    >>> def step(w, grad, v, lr, momentum):
    ...     v = momentum * v + grad
    ...     return w - lr * v, v
    >>> assert_update(step, "known:heavy_ball")
    >>> def step(w, grad, v, lr, momentum):
    ...     v = momentum * v + lr * grad
    ...     return w - v, v
    >>> assert_update(step, "known:heavy_ball", schedule="constant")
    """
    __tracebackhide__ = True
    steps = whole_number("steps", steps, 12)
    if rtol is not None and not 0 <= rtol < 1:
        raise ValueError(f"rtol must be at least 0 and below 1, given {rtol!r}")
    if schedule not in ("any", "constant"):
        raise ValueError(f'schedule must be "any" or "constant", given {schedule!r}')
    desired = lift(rule, **(values or {}))
    comparison = _comparison(optimizer, rule, desired, names or {}, hyperparameters)
    numbers = _by_numbers(comparison, steps, rtol, schedule)
    if numbers.parted:
        record("update, by numbers", "fails")
        raise AssertionError(_failure(comparison, numbers))
    if not numbers.compared:
        record("update, by numbers", "unchecked")
        raise AssertionError(message(
            "the optimizer could not be compared with the rule: no step has finite numbers",
            *_what(comparison), labelled("reason", [numbers.reason]),
        ))  # fmt: skip
    law = _as_law(comparison)
    if law.found is not None and (wrong := _refutation(law.found, schedule)):
        record("update, as a law", "fails", law.found.verdict.engines)
        raise AssertionError(message(
            "the optimizer does not make the updates of the rule", *_what(comparison),
            labelled("law", listed(law.code.rule)) if law.code else [], labelled("but", [wrong]),
        ))  # fmt: skip
    if law.found is not None and law.found.verdict.outcome in (Outcome.HOLDS, Outcome.CONDITIONAL):
        record("update, as a law", "holds", law.found.verdict.engines)
    record("update, by numbers", "holds")


@dataclass(frozen=True)
class Comparison:
    """An optimizer, a rule, and which hyperparameter is which parameter."""

    optimizer: object
    given: Mapping[str, object]
    code: Implementation
    desired: Lifted
    space: StateSpace
    named: Identification

    @property
    def rate(self) -> tuple[Symbol | None, str]:
        """Return the learning rate of the rule, and the hyperparameter of the code that it is."""
        found = learning_rate(self.space)
        own = [n for n, e in self.named.code.items() if found is not None and e == found]
        return found, own[0] if own else ""


def _comparison(
    optimizer: object,
    rule: object,
    desired: Lifted,
    names: Mapping[str, object],
    given: Mapping[str, object],
) -> Comparison:
    code = implementation(optimizer, given)
    space = state_space(desired.rule, desired.first)
    published = rule if isinstance(rule, Known) else known.get(desired.name.removeprefix("known:"))
    named = identified(code.name, code.free, code.given, space, published, code.library, names)
    return Comparison(optimizer, given, code, desired, space, named)


# --------------------------------------------------------------------------------------------- numbers


@dataclass(frozen=True)
class Parting:
    """Where the points of code and rule part: the run, the step, the weight, and what was found.

    `reason` says what is wrong where it is no number.
    """

    run: Run
    variant: str
    step: int = 0
    evaluation: int = 0
    weight: int = 0
    found: float = 0.0
    wanted: float = 0.0
    reason: str = ""


@dataclass(frozen=True)
class Numbers:
    """What came of the runs: how many numbers were compared, where they part, and in which dtype."""

    compared: int
    parted: Parting | None = None
    dtype: str = "float64"
    reason: str = ""
    paths: tuple[tuple[Run, Array], ...] = ()


def _by_numbers(comparison: Comparison, steps: int, rtol: float | None, schedule: str) -> Numbers:
    """Run the code in all its variants beside the rule."""
    own, theirs = comparison.code, comparison.desired.rule
    parameters = {**comparison.named.rule}
    tried = runs(comparison.space, theirs.typical, tuple(parameters.items()), steps)
    rate, code_rate = comparison.rate
    compared, dtype, paths = 0, "float64", list[tuple[Run, Array]]()
    reason = "no values of its parameters were found within the ranges of the rule" if not tried else ""
    starts = tuple(v for v in own.variants if v.startswith("counter"))
    for variant in own.variants:
        for run, wanted in tried:
            if run.changes_rate and (schedule == "constant" or not (code_rate and own.changing(code_rate))):
                continue
            if variant == "a schedule" and not run.changes_rate:
                continue
            if run.gradients.shape[1] > 1 and own.library:
                return Numbers(0, reason=f"the rule takes {run.gradients.shape[1]} gradients a step")
            values = _values(comparison, run)
            try:
                found, met = own.run(values, code_rate, run, variant)
            except BrokenStepError as error:
                parted: Parting | None = Parting(run, variant, reason=str(error))
                found, met = np.zeros(0), dtype
            else:
                dtype = max(dtype, met, key=lambda d: TOLERANCES.get(d, 1.0))
                tolerance = _tolerance(comparison.code.name, met, rtol)
                parted, finite = _first_parting(found, wanted, tolerance, run, variant)
                compared += finite
                paths.append((run, found))
            if parted and variant in starts[:-1]:
                break
            if parted:
                return Numbers(compared, parted, dtype, paths=tuple(paths))
        else:
            if starts:
                break
    return Numbers(compared, None, dtype, reason or "the rule has no finite value", tuple(paths))


def _values(comparison: Comparison, run: Run) -> dict[str, float]:
    """Return the hyperparameters of the code in a run, the learning rate being that of the first step."""
    rate, _ = comparison.rate
    at = {**run.values, **({rate: run.rates[0]} if rate is not None else {})}
    numbers = {n: float(e.xreplace(at)) for n, e in comparison.named.code.items()}
    return {**comparison.named.defaults, **numbers}


def _tolerance(name: str, dtype: str, rtol: float | None) -> float:
    if rtol is not None:
        return rtol
    if dtype not in TOLERANCES:
        raise ValueError(
            f"{name} computes in {dtype}, which is too coarse for a tolerance to be known; give rtol=, "
            "relative to the size of the weights, such as rtol=0.02"
        )
    return TOLERANCES[dtype]


def _first_parting(
    found: Array, wanted: Array, tolerance: float, run: Run, variant: str
) -> tuple[Parting | None, int]:
    """Return the first step at which points part, and how many were compared after the start."""
    if found.shape != wanted.shape:
        return Parting(run, variant, reason=f"weights of the shape {found.shape[2:]} became of another"), 0
    size = np.maximum.accumulate(np.nan_to_num(np.abs(wanted), nan=0.0, posinf=0.0), axis=0)
    defined = np.isfinite(wanted)
    with np.errstate(all="ignore"):
        wrong = defined & ~(np.abs(found - wanted) <= tolerance * np.maximum(size, 1e-6))
    compared = int(defined[1:].sum())
    if not wrong.any():
        return None, compared
    n, e, i = (int(k[0]) for k in np.nonzero(wrong))
    return Parting(run, variant, n, e, i, float(found[n, e, i]), float(wanted[n, e, i])), compared


# ------------------------------------------------------------------------------------------------- laws


@dataclass(frozen=True)
class AsLaw:
    """What came of reading the law of the code: the law and the comparison, or why there is none."""

    code: Lifted | None = None
    found: Equivalence | None = None
    reason: str = ""


def _lifted(comparison: Comparison) -> Lifted | str:
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


def _operands(comparison: Comparison, code: Lifted) -> tuple[Operand, Operand] | str:
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
    exact_values = {s: v for s, v in _exact(comparison.named.rule).items()}
    theirs = theirs.put(exact_values)
    ours = renamed.put(meant)
    if sorted(ours.kinds) != sorted(theirs.kinds):
        return "a step of the code asks for other gradients than one of the rule"
    ours = replace(ours, ranges=tuple(dict.fromkeys((*theirs.ranges, *ours.ranges))))
    rate = comparison.rate[0]
    rate = rate if rate in theirs.parameters else None
    own_names = {new: Symbol(f"{s.name}", real=True) for new, s in old_names.items()}
    return (
        Operand(code.rule, comparison.code.name, ours, rate, own_names),
        Operand(comparison.desired.rule, "the rule", theirs, rate, {s: s for s in (*theirs.states, *theirs.parameters)}),
    )  # fmt: skip


def _exact(values: Mapping[Symbol, float]) -> dict[Symbol, Expr]:
    return {s: number(v) for s, v in values.items()}


def _as_law(comparison: Comparison) -> AsLaw:
    """Return whether the law of the code is that of the rule at the same parameters."""
    code = _lifted(comparison)
    if isinstance(code, str):
        return AsLaw(reason=code)
    operands = _operands(comparison, code)
    if isinstance(operands, str):
        return AsLaw(code, reason=operands)
    try:
        with budget(SECONDS):
            return AsLaw(code, _same_at_same_parameters(*operands))
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


def _refutation(found: Equivalence, schedule: str) -> str:
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


# ---------------------------------------------------------------------------------------------- messages


def _what(comparison: Comparison) -> list[list[str]]:
    pairs = [f"{n} = {e}" for n, e in comparison.named.code.items()]
    pairs += [f"{n} = {v:g} (its default)" for n, v in comparison.named.defaults.items()]
    pairs += [f"{s} = {v:g} (given)" for s, v in comparison.named.rule.items()]
    return [
        labelled("optimizer", [comparison.code.name]),
        labelled("rule", listed(comparison.desired.rule)),
        labelled("where", [", ".join(pairs)]) if pairs else [],
    ]


def _failure(comparison: Comparison, numbers: Numbers) -> str:
    """Return the message for an optimizer that parts from the rule."""
    parted = numbers.parted
    assert parted is not None
    headline = "the optimizer does not make the updates of the rule"
    code = _lifted(comparison)
    law = labelled("its law", listed(code.rule)) if isinstance(code, Lifted) else []
    if isinstance(code, Lifted) and code.first:
        law += labelled("at first", listed(code.first))
    explained = _explanation(comparison, numbers)
    return message(
        headline,
        *_what(comparison),
        _shown_parting(comparison, parted, numbers.dtype),
        law,
        _difference(comparison, code) if isinstance(code, Lifted) else [],
        labelled("it is", [explained]) if explained else [],
    )


def _shown_parting(comparison: Comparison, parted: Parting, dtype: str) -> list[str]:
    """Return the first step that differs, with the gradients up to it."""
    if parted.reason:
        return labelled("numbers", [parted.reason])
    run, n = parted.run, parted.step
    what = "weight" if parted.step else "start"
    shown = f"{what} {_digits(parted.found, parted.wanted)} instead of {_digits(parted.wanted, parted.found)}"
    notes = [f"({parted.variant})"] if parted.variant not in ("",) and "counter" not in parted.variant else []
    notes += [f"(in {dtype}, which is compared to {TOLERANCES[dtype]:g})"] if dtype != "float64" else []
    gradients = [f"{g:.6g}" for g in run.gradients[:n, parted.evaluation, parted.weight]]
    before = ["..."] if len(gradients) > SHOWN else []
    told = [f"{s} = {_fraction(v)}" for s, v in run.values.items() if s != comparison.rate[0]]
    rate = comparison.rate[0]
    if rate is not None:
        rates = run.rates[: max(n, 1)] if run.changes_rate else run.rates[:1]
        told.insert(0, f"{rate} = {', '.join(map(_fraction, rates))}")
    return [
        *labelled(f"step {n}", [" ".join([shown, *notes])]),
        *labelled("gradients", [", ".join([*before, *gradients[-SHOWN:]]) or "none yet"]),
        *labelled("from", [f"the weight {run.weights[parted.weight]:g}, with {'; '.join(told)}"]),
    ]


def _digits(number: float, other: float) -> str:
    texts = ((f"{number:.{d}g}", f"{other:.{d}g}") for d in (6, 9, 12, 17))
    return next((mine for mine, theirs in texts if mine != theirs), repr(number))


def _fraction(number: float) -> str:
    short = Fraction(number).limit_denominator(100)
    return str(short) if abs(float(short) - number) < 1e-12 else f"{number:.6g}"


def _difference(comparison: Comparison, code: Lifted) -> list[str]:
    """Return the differences of the new states of code and rule, in factors, in the names of the rule.

    States are matched so that the differences are short.
    """
    meant: dict[Symbol, Expr] = {}
    for symbol in hyperparameters(code.rule):
        if symbol.name in comparison.named.code:
            meant[symbol] = comparison.named.code[symbol.name]
        elif symbol.name in comparison.named.defaults:
            meant[symbol] = number(comparison.named.defaults[symbol.name])
    theirs = {u.target: u.value.xreplace(_exact(comparison.named.rule)) for u in comparison.desired.rule.updates}
    weights = [s for s in comparison.space.weights if s in theirs]
    own = [s for s in code.rule.states if s not in weights]
    others = [s for s in theirs if s not in weights]
    best: list[str] = []
    fewer, more = (own, others) if len(own) <= len(others) else (others, own)
    for chosen in islice(permutations(more, len(fewer)), 24):
        pairs = zip(fewer, chosen, strict=True)
        named = dict(pairs) if fewer is own else {b: a for a, b in pairs}
        put: dict[Expr, Expr] = {**meant, **named, **{after(a): after(b) for a, b in named.items()}}
        news = {put.get(u.target, u.target): u.value.xreplace(put) for u in code.rule.updates}
        shown = differences({str(s): (news[s], value) for s, value in theirs.items() if s in news})
        if not best or sum(map(len, shown)) < sum(map(len, best)):
            best = shown
    return best


def _explanation(comparison: Comparison, numbers: Numbers) -> str:
    """Return the published rule, or the rule with one slip, that makes the updates which the code makes."""
    if not numbers.paths or mixes(comparison.space):
        return ""
    tolerance = 10 * TOLERANCES.get(numbers.dtype, 1e-3)
    for published, put in _published(comparison):
        space = state_space(published.rule, published.first)
        if len(evaluations(space)) == len(evaluations(comparison.space)) and _follows(
            numbers.paths, space, put, tolerance, learning_rate(comparison.space)
        ):
            told = ", ".join(f"{s} = {e}" for s, e in put.items() if str(s) != str(e))
            at = f", with {told}" if told else ""
            return f"{published.title} (known.{published.name}){at}"
    for says, rule in _slips(comparison.desired.rule):
        try:
            space = state_space(rule, comparison.desired.first)
        except (ValueError, StatementError):
            continue
        if len(evaluations(space)) == len(evaluations(comparison.space)) and _follows(
            numbers.paths, space, {s: s for s in space.parameters}, tolerance, learning_rate(comparison.space)
        ):
            return f"the rule with one slip: {says}"
    return ""


def _slips(rule: Rule) -> Iterator[tuple[str, Rule]]:
    """Yield the rule with slips that people make, each said in words, and then its mutants."""
    corrections = {
        e: Integer(1)
        for u in rule.updates
        for e in u.value.atoms(Add)
        if len(e.args) == 2 and Integer(1) in e.args and any(_is_power_of_counter(rule, a) for a in e.args)
    }
    if corrections:
        yield "no bias correction", rewritten(rule, lambda e: e.xreplace(corrections))
        for correction in sorted(corrections, key=str):
            yield f"{correction} is missing", rewritten(rule, lambda e, c=correction: e.xreplace({c: Integer(1)}))
    for a, b in combinations(rule.parameters, 2):
        exchanged = {a: b, b: a}
        yield f"{a} and {b} are exchanged", rewritten(rule, lambda e, put=exchanged: e.xreplace(put))
    for decay in (s for s in rule.parameters if share_role(s.name, "weight_decay")):
        coupled = {f: f + decay * f.args[-1] for u in rule.updates for f in u.value.atoms(*FORCES)}
        yield (
            f"{decay} is added to the gradient (coupled), not to the step",
            rewritten(rule, lambda e, d=decay, put=coupled: e.subs(d, 0).xreplace(put)),
        )
    for mutant in mutants(rule):
        yield str(mutant), mutant.rule


def _is_power_of_counter(rule: Rule, term: Expr) -> bool:
    power = -term
    counters = {u.target.name for u in rule.updates if u.value - u.target == 1}
    return isinstance(power, Pow) and any(name_and_marks(s)[0] in counters for s in power.exp.free_symbols)


def _published(comparison: Comparison) -> Iterator[tuple[Known, dict[Symbol, Any]]]:
    """Yield published rules with their parameters in those of the rule; what has no counterpart is zero."""
    own = comparison.space.parameters
    rate = learning_rate(comparison.space)
    for published in known.values():
        space = state_space(published.rule, published.first)
        theirs = learning_rate(space)
        put: dict[Symbol, Any] = {}
        for p in space.parameters:
            same = [s for s in own if s.name == p.name] or [s for s in own if p == theirs and s == rate]
            like = same or [s for s in own if s not in put.values() and share_role(s.name, p.name)]
            put[p] = like[0] if like else 0
        if set(own) <= {*put.values()} or len(space.parameters) <= len(own):
            yield published, put


def _follows(
    paths: Sequence[tuple[Run, Array]], space: StateSpace, put: Mapping[Symbol, Any], tolerance: float, rate: Symbol | None
) -> bool:
    """Return whether a rule takes its gradients at the points that the code took."""
    compared = 0
    for run, found in paths:
        values = {s: float(run.values.get(e, 0.0)) if isinstance(e, Symbol) else float(e) for s, e in put.items()}
        own = learning_rate(space)
        rates = run.rates if own is not None and put.get(own) == rate else (values.get(own, 0.0),) * run.steps
        wanted = expected_points(space, replace(run, values=values, rates=rates))
        parted, count = _first_parting(found, wanted, tolerance, run, "")
        if parted:
            return False
        compared += count
        if count < int(np.isfinite(found[1:]).sum()):
            return False  # a rule that has no value there
    return compared > 0
