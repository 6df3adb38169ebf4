"""Whether a callable follows a rule: as a formula where it can be called with symbols, else by numbers."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, TypeAlias

import numpy as np
from sympy import Expr, Float, Integer, Rational, Symbol, sympify

from physsym.codegen import program, state_name
from physsym.core.statements import Rule, one_step_map, parameters, states
from physsym.core.symbols import grad, partial
from physsym.core.verdicts import Outcome, Verdict
from physsym.runtime.backends import lambdify
from physsym.runtime.optimizers import Optimizer
from physsym.runtime.states import coordinates
from physsym.testing.assertions import RuleText, read_rule
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


class StepError(AssertionError):
    """A callable that returns no new states; the message says what it returned instead."""


def assert_optimizer(
    actual: Callable[..., Value] | Optimizer,
    rule: RuleText,
    *,
    names: Mapping[str, Role] | None = None,
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
        Which symbol of the rule an argument of the callable is, by the argument's name; the function
        `physsym.grad` for the gradient. Without it arguments go by the names of the symbols; a gradient is
        called `grad` or `gradient`; other arguments before it are the other states, in the rule's order,
        and one argument of another name after it is the one parameter that is left.
    values : mapping, optional
        A value or a range `(low, high)` for parameters by name, used in the numeric runs. Otherwise they are
        drawn between 0 and 1, with the declared sign.
    steps : int, optional
        The number of steps of each numeric run.
    rtol : float, optional
        The relative tolerance of one step in the numeric runs, by default 1e-9, or 64 times the resolution of
        the type that is returned where that is larger.
    seed : int, optional
        The seed of the numeric runs.

    Raises
    ------
    AssertionError
        Where the callable differs: with the factored difference and a point, or with the first step that
        differs, both values and the parameters. Also where nothing could be compared, where a step returns
        nothing, and where it returns values that are not finite though the rule's are.
    TypeError
        For what is no callable or no rule, and where it is not clear which argument is which.

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
      actual      x <- -eta*grad(x) + x
      desired     x <- -eta*grad(x)/2 + x
      difference  x: -eta*grad(x)/2
      at          eta = 2, x = 1 with U(y) = y + y**3/3
                     actual  desired
                  x  -3      -1
    """
    __tracebackhide__ = True
    desired = read_rule(rule)
    number: object = steps
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise ValueError(f"steps must be a whole number of at least 1, given {steps!r}")
    if rtol is not None and not 0 <= rtol < 1:
        raise ValueError(f"rtol must be at least 0 and below 1, given {rtol!r}")
    step = _step_of(actual, desired, dict(names or {}), dict(values or {}))
    formulas = _as_formulas(step, desired)
    if formulas.verdict is not None and formulas.verdict.outcome is Outcome.FAILS:
        record("optimizer, as a formula", formulas.verdict.outcome.value, formulas.verdict.engines)
        pairs = {state_name(s): (formulas.new[s], v) for s, v in one_step_map(desired).items()}
        texts = both((f"{s} <- {value}" for s, value in formulas.new.items()), listed(desired))
        raise AssertionError(not_same("the callable and the rule", texts, pairs, formulas.verdict, ()))
    numbers = _by_numbers(step, desired, steps, rtol, seed)
    # What an Optimizer computes is compiled: that its rule is right does not say that its steps are.
    if formulas.verdict and not numbers.difference and (numbers.compared or step.rule is None):
        record("optimizer, as a formula", "holds", formulas.verdict.engines)
    elif numbers.compared and not numbers.difference:
        record("optimizer, by numbers", "holds")
    else:
        record("optimizer, by numbers", "fails" if numbers.difference else "unchecked")
        agrees = "it agrees: what is computed depends on more than the arguments, or on their type"
        raise AssertionError(
            message(
                "the callable does not follow the rule"
                if numbers.difference
                else "the callable could be compared with the rule neither as a formula nor by numbers",
                labelled("callable", [step.name]),
                labelled("rule", listed(desired)),
                numbers.difference or labelled("by numbers", [numbers.reason]),
                labelled("as formula", [agrees if formulas.verdict else formulas.reason]),
            )
        )


@dataclass(frozen=True)
class StepCall:
    """A callable as a function of states, gradient and parameters by symbol; `values` are its parameters."""

    name: str
    call: Callable[[State, Gradient, Mapping[Symbol, Value]], State]
    values: Mapping[Symbol, Range]
    rule: Rule | None = None


def _step_of(actual: object, rule: Rule, names: dict[str, Role], values: dict[str, Range]) -> StepCall:
    by_name = {state_name(s): s for s in parameters(rule)}
    if unknown := sorted(set(values) - set(by_name)):
        raise TypeError(f"values names {', '.join(unknown)}; the rule reads {', '.join(by_name) or 'none'}")
    if isinstance(actual, Optimizer):
        return _step_of_optimizer(actual, rule, by_name)
    if not callable(actual):
        raise TypeError(
            f"expected a callable or an Optimizer, given {actual!r}; give thing.step for its step"
        )
    roles = _roles(actual, rule, names)
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
    return StepCall(name, call, {by_name[n]: value for n, value in values.items()})


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
        raise StepError(
            f"the callable returned {len(values)} values; a step returns {_listed(order)}, in this order"
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
        return Formulas({}, reason=f"called with symbols it raises {type(error).__name__}: {error}")
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
    """How many steps were compared by numbers, the first that differs, or why none was compared."""

    compared: int
    difference: list[str]
    reason: str = ""


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
    shape: tuple[int, ...] | None = None
    for trial in range(TRIALS):
        for draw in range(REDRAWN):
            start = _start(rule, step, np.random.default_rng([seed, trial, draw]), trial, (SIZE,))
            if _next(desired, start.state, start) is not None:
                break
        else:
            continue
        if shape is None:
            shape, reason = _accepted_shape(step, start)
            if shape is None:
                return Numbers(0, [], reason)
        if shape == ():
            start = _first_components(start)
        for number in range(1, steps + 1):
            want = _next(desired, start.state, start)
            if want is None:
                break
            got = _called(step, start)
            compared += 1
            if lines := _compared(number, start, got, want, rtol):
                return Numbers(compared, lines)
            start = Start(start.values, want, start.gradient, start.formula)
    return Numbers(compared, [], reason)


def _desired_step(rule: Rule) -> Callable[[Start], State]:
    compiled, forces = lambdify(rule, backend="numpy"), bool(program(rule).evaluations)

    def step(start: Start) -> State:
        gradient = (start.gradient,) if forces else ()
        given = {state_name(s): v for s, v in start.values.items()}
        return dict(zip(states(rule), compiled(*start.state.values(), *gradient, **given), strict=True))

    return step


def _next(desired: Callable[[Start], State], state: State, start: Start) -> State | None:
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


def _accepted_shape(step: StepCall, start: Start) -> tuple[tuple[int, ...] | None, str]:
    """Return the shape of states that a callable takes, of arrays or single numbers, or why none."""
    on_arrays = _called(step, start)
    if not isinstance(on_arrays, Exception):
        return (SIZE,), ""
    on_floats = _called(step, _first_components(start))
    if not isinstance(on_floats, Exception):
        return (), ""
    return None, f"called with arrays it raises {type(on_arrays).__name__}: {on_arrays}"


def _first_components(start: Start) -> Start:
    state = {s: float(np.ravel(v)[0]) for s, v in start.state.items()}
    return Start(start.values, state, start.gradient, start.formula)


# Made of arithmetic alone, so that arrays of any kind can go through, and plain numbers.
GRADIENTS: tuple[tuple[str, Callable[[Value], Value]], ...] = (
    ("0.5*y + 0.25 + y/(1 + y**2)", lambda y: 0.5 * y + 0.25 + y / (1 + y**2)),
    ("y**3/(1 + y**2) - 0.4", lambda y: y**3 / (1 + y**2) - 0.4),
    ("0.7*y - (y**2 - 1)/(2 + y**4)", lambda y: 0.7 * y - (y**2 - 1) / (2 + y**4)),
)


def _start(
    rule: Rule, step: StepCall, chance: np.random.Generator, trial: int, shape: tuple[int, ...]
) -> Start:
    """Draw parameters and states with the declared signs; every second trial has zero momentum."""
    values = {s: _drawn(s, step.values.get(s), chance) for s in parameters(rule)}
    positions, counters = coordinates(rule), program(rule).counters
    state: State = {}
    for s in states(rule):
        drawn = chance.uniform(-2, 2, shape)
        drawn = np.abs(drawn) if s.is_nonnegative else -np.abs(drawn) if s.is_nonpositive else drawn
        at_rest = trial % 2 == 0 and positions and s not in positions and not s.is_nonzero
        state[s] = float(trial // 2) if s in counters else np.zeros(shape) if at_rest else drawn
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


def _compared(
    number: int, start: Start, got: State | Exception, want: State, rtol: float | None
) -> list[str]:
    """Return how a step differs from the rule's, as lines; none where it does not."""
    where = [
        *labelled("parameters", [", ".join(f"{s} = {v:.12g}" for s, v in start.values.items()) or "none"]),
        *labelled("gradient", [f"grad(y) = {start.formula}"]),
        *labelled("before it", [f"{state_name(s)} = {_digits(v)}" for s, v in start.state.items()]),
    ]
    if isinstance(got, Exception):
        return [*labelled(f"step {number}", [f"raises {type(got).__name__}: {got}"]), *where]
    wrong = [line for s, value in want.items() for line in _off(s, got[s], value, start.state[s], rtol)]
    return [*labelled(f"step {number}", wrong), *where] if wrong else []


def _off(state: Symbol, got: Value, want: Value, old: Value, rtol: float | None) -> Iterator[str]:
    name, found = state_name(state), np.asarray(got)
    if found.dtype.kind == "O":  # fractions, or numbers of SymPy
        with suppress(TypeError, ValueError):
            found = found.astype(float)
    if found.dtype.kind not in "fiu":
        yield f"{name} is {found.dtype}, given {got!r}; expected real numbers"
        return
    if found.shape != np.shape(want):
        yield f"{name} has the shape {found.shape}, expected {np.shape(want)}"
        return
    single = found.dtype.kind == "f" and rtol is None
    allowed = max(1e-9, 64 * float(np.finfo(found.dtype).eps)) if single else 1e-9 if rtol is None else rtol
    gap = np.abs(found.astype(float) - want)
    if not (gap <= allowed * (np.abs(want) + np.abs(old))).all():  # what is not a number compares false
        yield f"{name} = {_digits(got)} instead of {_digits(want)}"


def _digits(value: Value) -> str:
    array = np.asarray(value)
    if array.ndim == 1 and array.size <= 2 * SIZE:
        return f"[{', '.join(f'{n:.12g}' for n in array)}]"
    return f"{array:.12g}" if array.ndim == 0 else np.array2string(array, precision=12, separator=", ")
