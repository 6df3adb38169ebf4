"""Whether a callable follows a rule: as a formula where it can be called with symbols, else by numbers."""

from __future__ import annotations

import inspect
import math
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any, TypeAlias

import numpy as np
from sympy import Expr, Float, Integer, Rational, Symbol, sympify

from physsym.codegen import program, state_name
from physsym.core.counts import counted
from physsym.core.motion import clock
from physsym.core.statements import Rule, Update, expressions, one_step_map, parameters, states
from physsym.core.symbols import grad, partial, potential
from physsym.core.verdicts import Outcome, Verdict
from physsym.parsing.statements import RuleText
from physsym.runtime.backends import lambdify
from physsym.runtime.backends.base import whole_number
from physsym.runtime.optimizers import Optimizer
from physsym.runtime.states import coordinates
from physsym.testing.assertions import read_rule
from physsym.testing.failures import both, labelled, listed, message, not_same
from physsym.testing.records import record
from physsym.verify.equivalence import same_maps

Value: TypeAlias = Any  # an array, a number or an expression
State: TypeAlias = dict[Symbol, Value]
Gradient: TypeAlias = Callable[..., Value]
Range: TypeAlias = "float | tuple[float, float]"
Role: TypeAlias = "Symbol | type[grad]"

GRADIENT_NAMES = ("grad", "gradient")
TRIALS = 6  # runs, each with other parameters, another start and another gradient
SIZE = 3  # components of an array
REDRAWN = 20  # times that numbers are drawn anew where the rule has no finite value
NEAR, FAR = 2.0, 100.0  # the largest states at the start of a run, and of the last two runs
BOUND = 1e4  # which no state exceeds in a run that starts far away
ROUNDINGS = 4  # of a state, and of the effect of each input, that a step is allowed
COARSE = 1e-5  # the resolution of a type above which the tolerance must be given
NUDGE = 2.0**-20  # the relative change of an input by which its effect on rounding is estimated


class StepError(AssertionError):
    """A callable that returns no new states; the message says what it returned instead."""


def assert_optimizer(
    actual: Callable[..., Value] | Optimizer,
    rule: RuleText,
    *,
    names: Mapping[str, Role | str] | None = None,
    values: Mapping[str, Range] | None = None,
    steps: int = 5,
    rtol: float | None = None,
    seed: int = 0,
) -> None:
    """Raise AssertionError unless a callable, or an `Optimizer`, takes the steps of a rule.

    A callable is first called with SymPy symbols and an opaque gradient; where it returns formulas, these are
    compared with the rule by `same_rule`. It is then run on numbers, several steps from several starts, with
    several nonlinear gradients. A callable that cannot be called with symbols is judged by the numbers alone;
    one that cannot be called with numbers by the formulas alone. One that allows neither fails.

    Parameters
    ----------
    actual : callable or Optimizer
        A function such as `step(u, x, grad, eta, rho)` that returns the new states in the order in which it
        takes them, as a tuple, as a dictionary by name, or as it is where there is one. `grad` is a callable
        of the evaluation point; for a rule of several coordinates it takes and returns as many values.
        Numbers are NumPy arrays, or floats where arrays are refused. Counters are single numbers. A function
        `step(*states, grad, **parameters)`, as `lambdify` makes it, is called with the states in the order of
        `physsym.core.states(rule)`. A method of an object is given as `thing.step`.
    rule : Rule, Update, Derivation or str
        The rule to be followed, as in `assert_same_rule`.
    names : mapping, optional
        Which symbol of the rule an argument of the callable is, by the argument's name: the symbol or its
        name; the function `physsym.grad`, or "grad", for the gradient. Without it arguments go by the names
        of the symbols; a gradient is called `grad` or `gradient`; other arguments before it are the other
        states, in the rule's order, and one argument of another name after it is the one parameter left.
    values : mapping, optional
        A value or a range `(low, high)` for parameters by name, used in the numeric runs. Otherwise they are
        drawn between 0 and 1, with the declared sign. States start in [-2, 2], in the last two runs in
        [-100, 100] where they stay below 10,000 from there, with the declared sign: what only happens beyond
        that, such as clipping of larger gradients, is not seen.
    steps : int, optional
        The number of steps of each numeric run.
    rtol : float, optional
        The tolerance of the numeric runs, relative to the change of each state in one step, by default 1e-9,
        or 64 times the resolution of the type that is returned where that is larger. A few roundings of the
        states and of the terms are allowed beside it, of the resolution `rtol` where that is finer. Types of
        16 bits need it given.
    seed : int, optional
        The seed of the numeric runs.

    Raises
    ------
    AssertionError
        Where the callable differs: with the factored difference and a point, or with the first step that
        differs, both values and the parameters. Also where nothing could be compared, where a step returns
        nothing, where it returns values that are not finite though the rule's are, and where it is judged by
        numbers at which leaving out the gradient, or leaving out or doubling a parameter, would change less
        than the tolerance: right and wrong cannot be told apart there.
    TypeError
        For what is no callable or no rule, for a rule that reads the value of the loss, where it is not clear
        which argument is which, and for a type of 16 bits without `rtol`.
    ValueError
        For steps, tolerances and values that are no such numbers.

    Examples
    --------
    >>> from physsym.core.statements import rule as rule_of
    >>> from physsym.vocabulary import G, eta, x
    >>> def descent(w, grad, lr):
    ...     return w - lr * grad(w)
    >>> assert_optimizer(descent, rule_of({x: x - eta * G}))
    >>> assert_optimizer(descent, rule_of({x: x - eta * G / 2}))
    Traceback (most recent call last):
    AssertionError: the callable and the rule are not the same
      actual      x <- x - eta*grad(x)
      desired     x <- x - eta*grad(x)/2
      difference  x: -eta*grad(x)/2
      at          eta = 2, x = 1 with U(y) = y + y**3/3
                     actual  desired
                  x  -3      -1
    """
    __tracebackhide__ = True
    desired = read_rule(rule)
    if any(e.has(potential) for e in expressions(desired)):
        raise TypeError(
            "the rule reads the value of the loss, which assert_optimizer gives to no step; compare the "
            "optimizer with physsym.testing.assert_update, or its rule with assert_same_rule"
        )
    steps = whole_number("steps", steps, 1)
    if rtol is not None and not 0 <= rtol < 1:
        raise ValueError(f"rtol must be at least 0 and below 1, given {rtol!r}")
    step = _step_of(actual, desired, dict(names or {}), dict(values or {}))
    formulas = _as_formulas(step, desired)
    if formulas.verdict is not None and formulas.verdict.outcome is Outcome.FAILS:
        record("optimizer, as a formula", formulas.verdict.outcome.value, formulas.verdict.engines)
        pairs = {state_name(s): (formulas.new[s], v) for s, v in one_step_map(desired).items()}
        texts = both((str(Update(s, value)) for s, value in formulas.new.items()), listed(desired))
        raise AssertionError(not_same("the callable and the rule", texts, pairs, formulas.verdict, ()))
    numbers = _by_numbers(step, desired, steps, rtol, seed)
    # What an Optimizer computes is compiled: that its rule is right does not say that its steps are.
    if formulas.verdict and not numbers.difference and (numbers.compared or step.rule is None):
        record("optimizer, as a formula", "holds", formulas.verdict.engines)
        return
    if numbers.compared and not numbers.difference and not numbers.unseen:
        record("optimizer, by numbers", "holds")
        return
    record("optimizer, by numbers", "fails" if numbers.difference else "unchecked")
    agrees = "it agrees: what is computed depends on more than the arguments, or on their type"
    if numbers.difference:
        what, found = "the callable does not follow the rule", numbers.difference
    elif numbers.compared:
        what = "right and wrong steps cannot be told apart at this precision"
        what += ": choose larger values= or a wider type"
        found = labelled(
            "unseen", [f"{change} changes no step by more than the tolerance" for change in numbers.unseen]
        )
    else:
        what = "the callable could be compared with the rule neither as a formula nor by numbers"
        found = labelled("by numbers", [numbers.reason])
    raise AssertionError(
        message(
            what,
            labelled("callable", [step.name]),
            labelled("called as", [step.called_as]) if step.called_as else [],
            labelled("rule", listed(desired)),
            found,
            labelled("as formula", [agrees if formulas.verdict else formulas.reason]),
        )
    ) from numbers.error


@dataclass(frozen=True)
class StepCall:
    """A callable as a function of states, gradient and parameters by symbol; `values` are its parameters.

    `called_as` says how it is called where its signature does not.
    """

    name: str
    call: Callable[[State, Gradient, Mapping[Symbol, Value]], State]
    values: Mapping[Symbol, Range]
    rule: Rule | None = None
    called_as: str = ""


def _step_of(actual: object, rule: Rule, names: dict[str, Role | str], values: dict[str, Range]) -> StepCall:
    by_name = {state_name(s): s for s in parameters(rule)}
    if unknown := sorted(set(values) - set(by_name)):
        raise TypeError(f"values names {', '.join(unknown)}; the rule reads {', '.join(by_name) or 'none'}")
    for given, value in values.items():
        _check_range(given, value)
    if isinstance(actual, Optimizer):
        return _step_of_optimizer(actual, rule, by_name)
    if not callable(actual):
        raise TypeError(
            f"expected a callable or an Optimizer, given {actual!r}; give thing.step for its step"
        )
    known_names = {state_name(s): s for s in (*states(rule), *parameters(rule))}
    roles = _roles(actual, rule, {n: _role(n, given, known_names) for n, given in names.items()})
    order = [s for s in roles.values() if s in states(rule)] if roles else list(states(rule))

    def call(state: State, gradient: Gradient, given: Mapping[Symbol, Value]) -> State:
        if roles is None:
            forces = (gradient,) if _takes_gradient(rule) else ()
            return _returned(
                actual(*state.values(), *forces, **{state_name(s): v for s, v in given.items()}), order
            )
        known = {grad: gradient, **state, **given}
        positional = inspect.Parameter.POSITIONAL_ONLY
        kinds = {name: p.kind for name, p in inspect.signature(actual).parameters.items()}
        first = [known[role] for name, role in roles.items() if kinds.get(name) is positional]
        named = {name: known[role] for name, role in roles.items() if kinds.get(name) is not positional}
        return _returned(actual(*first, **named), order)

    name = getattr(actual, "__qualname__", type(actual).__name__)
    called_as = ""
    if roles is None:
        forces = ["grad"] if _takes_gradient(rule) else []
        arguments = [*map(state_name, states(rule)), *forces, *(f"{n}=..." for n in by_name)]
        called_as = (
            f"{name}({', '.join(arguments)}), for it names no parameters; wrap it in a function that does"
        )
    return StepCall(name, call, {by_name[n]: value for n, value in values.items()}, called_as=called_as)


def _check_range(name: str, given: object) -> None:
    """Raise an error unless a value of a parameter is a finite number or a range of two."""
    says = f"values must be finite numbers or ranges (low, high) of them, given {name} = {given!r}"
    try:
        ends = [float(n) for n in (given if isinstance(given, tuple) else (given,))]
    except (TypeError, ValueError) as error:
        raise TypeError(says) from error
    if not all(map(math.isfinite, ends)) or (
        isinstance(given, tuple) and (len(ends) != 2 or ends[0] > ends[1])
    ):
        raise ValueError(says)


def _role(argument: str, given: object, known: Mapping[str, Symbol]) -> Role:
    """Return what an argument is, of a symbol, its name, or the gradient."""
    if given is grad or (given in GRADIENT_NAMES and given not in known):
        return grad
    found = known.get(given) if isinstance(given, str) else given
    if not isinstance(found, Symbol) or found not in known.values():
        raise TypeError(
            f"names must give a symbol of the rule ({_listed(known)}), or physsym.grad for the gradient; "
            f"given {argument!r}: {given!r}"
        )
    return found


def _step_of_optimizer(actual: Optimizer, rule: Rule, by_name: Mapping[str, Symbol]) -> StepCall:
    if set(actual.parameters) != set(by_name) or set(states(actual.rule)) != set(states(rule)):
        raise StepError(
            f"the optimizer has the states {_listed(states(actual.rule))} and the parameters "
            f"{_listed(actual.parameters)}; the rule has {_listed(states(rule))} and {_listed(by_name)}"
        )

    def call(state: State, gradient: Gradient, given: Mapping[Symbol, Value]) -> State:
        new = actual.step(actual.init({state_name(s): v for s, v in state.items()}), gradient)
        return {s: new[state_name(s)] for s in states(rule)}

    values = {by_name[name]: value for name, value in actual.parameters.items()}
    return StepCall(f"optimizer of {actual.rule}, backend {actual.backend!r}", call, values, actual.rule)


def _roles(function: Callable[..., Value], rule: Rule, names: dict[str, Role]) -> dict[str, Role] | None:
    """Return what each argument is; None for a step called as `step(*states, grad, **parameters)`."""
    try:
        arguments = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return None
    kinds = {p.kind for p in arguments.values()}
    if inspect.Parameter.VAR_POSITIONAL in kinds:
        if names:
            raise TypeError(
                "names needs a callable that names its arguments, and this one takes *args; wrap it"
            )
        return None
    open_ended = inspect.Parameter.VAR_KEYWORD in kinds
    plain = {n: p for n, p in arguments.items() if p.kind is not inspect.Parameter.VAR_KEYWORD}
    if unknown := sorted(set(names) - set(plain)):
        raise TypeError(f"names gives {', '.join(unknown)}; the callable takes {', '.join(plain)}")
    by_name: dict[str, Role] = {state_name(s): s for s in (*states(rule), *parameters(rule))}
    by_name |= dict.fromkeys(GRADIENT_NAMES, grad)
    found = {n: names.get(n, by_name.get(n)) for n in plain}
    left = [s for s in states(rule) if s not in found.values()]
    before_gradient = takewhile(lambda n: found[n] is not grad, plain)  # all where there is no gradient
    ahead = [n for n in before_gradient if found[n] is None]
    if len(ahead) == len(left):
        found |= dict(zip(ahead, left, strict=True))
    behind = [n for n, role in found.items() if role is None and plain[n].default is inspect.Parameter.empty]
    unread = [s for s in parameters(rule) if s not in found.values()]
    if len(behind) == len(unread) == 1:
        found[behind[0]] = unread[0]
    roles = {n: role for n, role in found.items() if role is not None}
    missing = [n for n in behind if n not in roles]
    lacking = [s for s in (*states(rule), *parameters(rule)) if s not in roles.values()]
    if open_ended:
        roles |= {state_name(s): s for s in lacking if s in parameters(rule)}
        lacking = [s for s in lacking if s not in roles.values()]
    if _takes_gradient(rule) and grad not in roles.values():
        lacking.append(Symbol("grad"))
    if missing or lacking or len(set(roles.values())) < len(roles):
        raise TypeError(
            f"it is not clear which argument is which: the callable takes {_listed(plain)}, the rule has the "
            f"states {_listed(states(rule))} and the parameters {_listed(parameters(rule))}; left over are "
            f"{_listed([*missing, *lacking])}: say it by names={{'argument': symbol}} (grad for the gradient)"
        )
    return roles


def _listed(names: object) -> str:
    return ", ".join(s if isinstance(s, str) else state_name(s) for s in names) or "none"  # type: ignore[attr-defined]


def _takes_gradient(rule: Rule) -> bool:
    return any(value.has(grad, partial) for value in one_step_map(rule).values())


def _returned(result: Value, order: list[Symbol]) -> State:
    """Return the new states by symbol; StepError where they are not what a step returns."""
    if result is None:
        raise StepError(
            "the callable returned None; a step returns its new states, also where it changes arrays in place"
        )
    if isinstance(result, Mapping):
        if set(result) != set(map(state_name, order)):
            raise StepError(
                f"the callable returned {_listed(map(str, result))}; the states are {_listed(order)}"
            )
        return {s: result[state_name(s)] for s in order}
    values = list(result) if isinstance(result, (tuple, list)) else [result]
    if len(values) != len(order):
        one = "; return one array of all components, not a list of numbers" if len(order) == 1 else ""
        raise StepError(
            f"the callable returned {counted(len(values), 'value')}; a step returns "
            f"{_listed(order)}, in this order{one}"
        )
    return dict(zip(order, values, strict=True))


@dataclass(frozen=True)
class Formulas:
    """The new states of a callable as formulas with the verdict on them, or the reason why there are none."""

    new: dict[Symbol, Expr]
    verdict: Verdict | None = None
    reason: str = ""


def _as_formulas(step: StepCall, rule: Rule) -> Formulas:
    if step.rule is not None:
        new = one_step_map(step.rule)
        return Formulas(new, same_maps(new, one_step_map(rule)))
    try:
        given = step.call({s: s for s in states(rule)}, _opaque_gradient, {s: s for s in parameters(rule)})
        new = {s: _expression(value) for s, value in given.items()}
    except StepError:
        raise
    except Exception as error:
        return Formulas({}, reason=f"called with symbols it raises {_raised(error)}")
    plain = {
        s: value.xreplace({f: Rational(str(float(f))) for f in value.atoms(Float)})
        for s, value in new.items()
    }
    verdict = same_maps(plain, one_step_map(rule))
    if verdict.outcome is Outcome.FAILS and plain != new:
        return Formulas(
            plain, reason=f"its formulas hold rounded numbers: {'; '.join(map(str, new.values()))}"
        )
    return Formulas(plain, verdict, "; ".join(verdict.evidence))


def _raised(error: Exception) -> str:
    """Return an exception of the callable, with the file and line of the caller's code that it came from."""
    frames = traceback.extract_tb(error.__traceback__)
    inside = [f for f in frames if f.filename != _raised.__code__.co_filename]
    own = [f for f in inside if f.filename == inside[0].filename]
    where = f" ({own[-1].filename}:{own[-1].lineno})" if own else ""
    return f"{type(error).__name__}: {error}{where}"


def _opaque_gradient(*point: Value) -> Value:
    if len(point) == 1:
        return grad(sympify(point[0], strict=True))
    return tuple(partial(Integer(k), *point) for k in range(1, len(point) + 1))


def _expression(value: Value) -> Expr:
    found = sympify(value, strict=True)
    if not isinstance(found, Expr) or found.is_Matrix:
        raise TypeError(f"{value!r} is no formula")
    return found


@dataclass(frozen=True)
class Numbers:
    """How many steps were compared by numbers, the first that differs, or why none was compared.

    `unseen` are the changes of the rule that no step was sensitive enough to show; `error` is what the
    callable raised.
    """

    compared: int
    difference: list[str]
    reason: str = ""
    unseen: tuple[str, ...] = ()
    error: Exception | None = None


@dataclass(frozen=True)
class Start:
    """Where a run begins: parameters and states by symbol, and a gradient with its formula."""

    values: dict[Symbol, Value]
    state: State
    gradient: Gradient
    formula: str


def _by_numbers(step: StepCall, rule: Rule, steps: int, rtol: float | None, seed: int) -> Numbers:
    """Compare steps from several starts, each with the rule's step from the same state."""
    try:
        desired = _desired_step(rule)
    except (TypeError, ValueError) as error:
        return Numbers(0, [], f"the rule cannot be compiled: {error}")
    compared, reason = 0, "the rule has no finite value at any of the numbers tried; give values="
    unseen = _spoiled(rule)
    shape: tuple[int, ...] | None = None
    for trial in range(TRIALS):
        for draw in range(REDRAWN):
            size = FAR if trial >= TRIALS - 2 and draw < REDRAWN // 2 else NEAR
            start = _start(rule, step, np.random.default_rng([seed, trial, draw]), trial, size)
            if _next(desired, start) is not None and (size == NEAR or _stays_within(desired, start, steps)):
                break
        else:
            continue
        if shape is None:
            shape, reason, raised = _accepted_shape(step, start)
            if shape is None:
                return Numbers(0, [], reason, error=raised)
        if shape == ():
            start = _first_components(start)
        for number in range(1, steps + 1):
            want = _next(desired, start)
            if want is None:
                break
            got = _called(step, start)
            compared += 1
            if isinstance(got, Exception):
                return Numbers(compared, _shown(number, start, [f"raises {_raised(got)}"]), error=got)
            wrong = [line for s, value in want.items() for line in _misfit(s, got[s], value)]
            if wrong:
                return Numbers(compared, _shown(number, start, wrong))
            found = {s: _as_real(got[s]) for s in want}
            allowed = _allowed(desired, start, want, found, rtol)
            wrong = [
                f"{state_name(s)} = {_digits(got[s])} instead of {_digits(value)}"
                for s, value in want.items()
                if not (np.abs(found[s].astype(float) - value) <= allowed[s]).all()  # NaN compares false
            ]
            if wrong:
                return Numbers(compared, _shown(number, start, wrong))
            unseen = {
                name: spoil
                for name, spoil in unseen.items()
                if not _is_seen(spoil(desired, start), want, allowed)
            }
            start = replace(start, state=want)
    return Numbers(compared, [], reason, _with_effect(rule, unseen))


def _stays_within(desired: Callable[[Start], State], start: Start, steps: int) -> bool:
    """Return whether no state grows beyond BOUND, so that types of fewer bits than 64 can hold it too."""
    for _ in range(steps):
        new = _next(desired, start)
        if new is None or any((np.abs(v) > BOUND).any() for v in new.values()):
            return False
        start = replace(start, state=new)
    return True


Spoiled: TypeAlias = Callable[[Callable[[Start], State], Start], State | None]


def _spoiled(rule: Rule) -> dict[str, Spoiled]:
    """Return what a comparison must see, as steps of spoiled rules by what is changed.

    Each parameter is left out and doubled, the gradient is left out, and each state is left as it was. That a
    gradient is doubled need not show: a rule may use its sign alone.
    """

    def of_parameter(symbol: Symbol, factor: int) -> Spoiled:
        return lambda desired, start: _next(
            desired, replace(start, values={**start.values, symbol: factor * start.values[symbol]})
        )

    def of_state(symbol: Symbol) -> Spoiled:
        return lambda desired, start: {**desired(start), symbol: start.state[symbol]}

    new = one_step_map(rule)
    found = {f"leaving {state_name(s)} as it is": of_state(s) for s in states(rule) if new[s] != s}
    for word, factor in (("leaving out", 0), ("doubling", 2)):
        found |= {f"{word} {state_name(s)}": of_parameter(s, factor) for s in parameters(rule)}
    if _takes_gradient(rule):
        found["leaving out the gradient"] = lambda desired, start: _next(
            desired, replace(start, gradient=_scaled(start.gradient, 0))
        )
    return found


def _with_effect(rule: Rule, unseen: Iterable[str]) -> tuple[str, ...]:
    """Return the changes of a rule that were not seen, without those of parameters that cancel in it."""
    new = one_step_map(rule)
    named = {state_name(s): s for s in parameters(rule)}
    cancels = {
        name
        for name, s in named.items()
        if any(change.endswith(f" {name}") for change in unseen)
        and same_maps({t: value.subs(s, 2 * s) for t, value in new.items()}, new)
    }
    return tuple(change for change in unseen if change.rpartition(" ")[2] not in cancels)


def _is_seen(spoiled: State | None, want: State, allowed: State) -> bool:
    """Return whether a change of the rule shows: by twice the tolerance, or by values that are not finite."""
    return spoiled is None or any((np.abs(spoiled[s] - want[s]) > 2 * allowed[s]).any() for s in want)


def _scaled(gradient: Gradient, factor: float) -> Gradient:
    def at(*point: Value) -> Value:
        found = gradient(*point)
        return tuple(factor * g for g in found) if isinstance(found, tuple) else factor * found

    return at


def _allowed(
    desired: Callable[[Start], State], start: Start, want: State, found: State, rtol: float | None
) -> State:
    """Return how far each state may be off: a fraction of its change, and roundings of all that enters it.

    The magnitude that is rounded is the state before and after the step, and the effect of a relative change
    of each parameter, state and gradient: terms that nearly cancel may be off by more than their sum.
    """
    grown = 1 + NUDGE
    nudged = [
        *(
            replace(start, values={**start.values, s: v * grown})
            for s, v in start.values.items()
            if not s.is_integer
        ),
        *(replace(start, state={**start.state, s: v * grown}) for s, v in start.state.items()),
        replace(start, gradient=_scaled(start.gradient, grown)),
    ]
    size = {s: np.abs(value) + np.abs(start.state[s]) for s, value in want.items()}
    for new in filter(None, (_next(desired, n) for n in nudged)):
        size = {s: total + np.abs(new[s] - want[s]) / NUDGE for s, total in size.items()}
    allowed: State = {}
    for s, value in want.items():
        resolution = _resolution(found[s].dtype)
        if rtol is None and resolution > COARSE:
            raise TypeError(
                f"{state_name(s)} is {found[s].dtype}, whose resolution is {resolution:.2g}: give rtol=, the "
                "tolerance relative to the change of one step, such as rtol=0.02"
            )
        relative = max(1e-9, 64 * resolution) if rtol is None else rtol
        rounding = ROUNDINGS * (resolution if rtol is None else min(resolution, rtol))
        least = float(np.finfo(found[s].dtype).smallest_subnormal) if found[s].dtype.kind == "f" else 0.0
        allowed[s] = relative * np.abs(value - start.state[s]) + rounding * size[s] + ROUNDINGS * least
    return allowed


def _resolution(dtype: np.dtype[Any]) -> float:
    if dtype.name == "bfloat16":  # known to NumPy by an extension alone
        return 2.0**-7
    double = float(np.finfo(float).eps)
    return max(double, float(np.finfo(dtype).eps)) if dtype.kind == "f" else double


def _desired_step(rule: Rule) -> Callable[[Start], State]:
    compiled, forces = lambdify(rule, backend="numpy"), bool(program(rule).evaluations)

    def step(start: Start) -> State:
        gradient = (start.gradient,) if forces else ()
        given = {state_name(s): v for s, v in start.values.items()}
        return dict(zip(states(rule), compiled(*start.state.values(), *gradient, **given), strict=True))

    return step


def _next(desired: Callable[[Start], State], start: Start) -> State | None:
    """Return the states of the rule one step later, or None where one of them is not finite."""
    try:
        with np.errstate(all="ignore"):
            new = desired(start)
    except (ArithmeticError, ValueError):
        return None
    return new if all(np.isfinite(v).all() for v in new.values()) else None


def _called(step: StepCall, start: Start) -> State | Exception:
    copies = {s: np.array(v) if isinstance(v, np.ndarray) else v for s, v in start.state.items()}
    try:
        with np.errstate(all="ignore"):
            return step.call(copies, start.gradient, start.values)
    except StepError:
        raise
    except Exception as error:
        return error


def _accepted_shape(step: StepCall, start: Start) -> tuple[tuple[int, ...] | None, str, Exception | None]:
    """Return the shape of states that a callable takes, of arrays or single numbers, or why none."""
    on_arrays = _called(step, start)
    if not isinstance(on_arrays, Exception):
        return (SIZE,), "", None
    if not isinstance(_called(step, _first_components(start)), Exception):
        return (), "", None
    return None, f"called with arrays it raises {_raised(on_arrays)}", on_arrays


def _first_components(start: Start) -> Start:
    state = {s: float(np.ravel(v)[0]) for s, v in start.state.items()}
    return replace(start, state=state)


# Made of arithmetic alone, so that arrays of any kind can go through, and plain numbers.
GRADIENTS: tuple[tuple[str, Callable[[Value], Value]], ...] = (
    ("0.5*y + 0.25 + y/(1 + y**2)", lambda y: 0.5 * y + 0.25 + y / (1 + y**2)),
    ("y**3/(1 + y**2) - 0.4", lambda y: y**3 / (1 + y**2) - 0.4),
    ("0.7*y - (y - 1)/(1 + y**2)", lambda y: 0.7 * y - (y - 1) / (1 + y**2)),  # finite at FAR in 16 bits
)


def _start(rule: Rule, step: StepCall, chance: np.random.Generator, trial: int, size: float) -> Start:
    """Draw parameters and states with the declared signs; every second trial has zero momentum."""
    values = {s: _drawn(s, step.values.get(s), chance) for s in parameters(rule)}
    positions, counters = coordinates(rule), program(rule).counters
    state: State = {}
    for s in states(rule):
        drawn = chance.uniform(-size, size, SIZE)
        drawn = np.abs(drawn) if s.is_nonnegative else -np.abs(drawn) if s.is_nonpositive else drawn
        at_rest = trial % 2 == 0 and positions and s not in positions and not s.is_nonzero
        # A time starts at one or later: friction that fades has no value at zero.
        counted = float(trial // 2 + (s == clock(rule)))
        state[s] = counted if s in counters else np.zeros(SIZE) if at_rest else drawn
    formula, gradient = GRADIENTS[trial // 2 % len(GRADIENTS)]
    return Start(values, state, _of_coordinates(gradient), formula)


def _drawn(symbol: Symbol, given: Range | None, chance: np.random.Generator) -> Value:
    if given is not None:
        return chance.uniform(*given) if isinstance(given, tuple) else given
    if symbol.is_integer:
        return int(chance.integers(1, 6))
    size = float(chance.uniform(0.05, 0.95))
    return -size if symbol.is_nonpositive else size


def _of_coordinates(gradient: Callable[[Value], Value]) -> Gradient:
    """Return a gradient as a function of one evaluation point, or of several coordinates together."""

    def at(*point: Value) -> Value:
        if len(point) == 1:
            return gradient(point[0])
        common = gradient(sum(k * y for k, y in enumerate(point, 1)))
        return tuple(k * common for k in range(1, len(point) + 1))

    return at


def _shown(number: int, start: Start, wrong: list[str]) -> list[str]:
    """Return what is wrong with a step, and the numbers that it was taken with, as lines."""
    return [
        *labelled(f"step {number}", wrong),
        *labelled("parameters", [", ".join(f"{s} = {v:.12g}" for s, v in start.values.items()) or "none"]),
        *labelled("gradient", [f"grad(y) = {start.formula}"]),
        *labelled("before it", [f"{state_name(s)} = {_digits(v)}" for s, v in start.state.items()]),
    ]


def _as_real(got: Value) -> np.ndarray[Any, Any]:
    found = np.asarray(got)
    if found.dtype.kind == "O":  # fractions, or numbers of SymPy
        with suppress(TypeError, ValueError):
            found = found.astype(float)
    return found


def _misfit(state: Symbol, got: Value, want: Value) -> Iterator[str]:
    """Yield why a value cannot be compared with the rule's: its type or its shape."""
    name, found = state_name(state), _as_real(got)
    if found.dtype.kind not in "fiu" and found.dtype.name != "bfloat16":
        yield f"{name} is {found.dtype}, given {got!r}; expected real numbers"
    elif found.shape != np.shape(want):
        yield f"{name} has the shape {found.shape}, expected {np.shape(want)}"


def _digits(value: Value) -> str:
    array = np.asarray(value)
    if array.ndim == 1 and array.size <= 2 * SIZE:
        return f"[{', '.join(f'{n:.12g}' for n in array)}]"
    return f"{array:.12g}" if array.ndim == 0 else np.array2string(array, precision=12, separator=", ")
