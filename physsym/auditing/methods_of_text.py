"""Methods of integration recognised in a line by their numbers: linear multistep and Runge-Kutta methods.

The multistep families are computed from what defines them, an interpolating polynomial that is integrated
(Adams) or differentiated (backward differentiation), and not from a list of coefficients (Hairer, Norsett and
Wanner, Solving Ordinary Differential Equations I, chapter III.1).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod

from sympy import Expr, Integer, Poly, Rational, Symbol, cancel, expand
from sympy.core.function import AppliedUndef

from physsym import integrators
from physsym.auditing.sheet import Fact, formulas_of, is_sequence
from physsym.auditing.texts import Formula
from physsym.auditing.unknowns import is_operator, name_of

Numbers = tuple[Rational, ...]


@dataclass(frozen=True)
class Multistep:
    """A linear multistep method: the sum of alpha[j]*y[n+j] is the step times that of beta[j]*f[n+j].

    Parameters
    ----------
    name
        Of the method.
    alpha, beta
        Its coefficients, the oldest value first; the last alpha is 1.
    """

    name: str
    alpha: Numbers
    beta: Numbers


@dataclass(frozen=True)
class MethodFound:
    """A method of integration that a line is a step of.

    Parameters
    ----------
    name
        Of the method.
    law
        The differential equation that it integrates.
    step
        The symbol of the step.
    uses
        The formulas of the text that it was read from, besides its own.
    times
        What the symbol of the step holds besides the step.
    """

    name: str
    law: str
    step: Symbol
    uses: tuple[Formula, ...] = ()
    times: str = ""

    def __str__(self) -> str:
        given = f"with {self.step} the step{self.times}" if self.times else f"with the step {self.step}"
        return f"{self.name} for {self.law}, {given}"


def method_of(left: Expr, right: Expr, facts: Sequence[Fact]) -> MethodFound | None:
    """Return the method of integration that a line is a step of; its stages are among the facts."""
    if not any(is_sequence(a) for e in (left, right) for a in e.atoms(AppliedUndef)):
        return None
    residual = expand(left - right)
    names = {name_of(a) for a in residual.atoms(AppliedUndef) if _offset(a) is not None}
    multistep = (_multistep(residual, name) for name in sorted(names))
    found = next((m for m in multistep if m is not None), None)
    return found or (_runge_kutta(left, right, facts) if _offset(left) is not None else None)


def _offset(value: Expr) -> tuple[Symbol, Integer] | None:
    """Return the index of a value of a sequence, and what is added to it."""
    if not is_sequence(value) or len(value.args) != 1:
        return None
    offset, index = value.args[0].as_coeff_Add()
    return (index, offset) if index.is_Symbol and offset.is_Integer else None


# ------------------------------------------------------------------ linear multistep methods


def _multistep(residual: Expr, name: str) -> MethodFound | None:
    """Return the multistep method of a line for the values of this name, where all coefficients are its own.

    Rates are a function of the value, another sequence or, of a linear law, the value times `z`.
    """
    parts = residual.atoms(AppliedUndef)
    values = {a: at for a in parts if name_of(a) == name and (at := _offset(a)) is not None}
    inside = {p for a in parts for argument in a.args for p in argument.atoms(AppliedUndef)}
    rates = {a: at for a in parts - {*values} - inside if (at := _instant(a, values)) is not None}
    everywhere = {index for index, _ in (*values.values(), *rates.values())}
    if parts - {*values} - {*rates} - inside or len(everywhere) != 1 or len({name_of(a) for a in rates}) > 1:
        return None
    slopes = {a: residual.coeff(a) for a in (*values, *rates)}
    rest = residual - sum(a * slope for a, slope in slopes.items())
    if expand(rest) != 0 or any(slope.atoms(AppliedUndef) for slope in slopes.values()):
        return None
    alpha, beta = ({at: slopes[a] for a, (_, at) in terms.items()} for terms in (values, rates))
    if not rates:
        return _for_linear_law(alpha, name)
    found = _with_coefficients(alpha, beta)
    reads = any(set(values) & {*rate.args} for rate in rates)
    if found is None or (len(found[0].alpha) == 2 and len(rates) == 1 and not reads):
        return None
    return MethodFound(found[0].name, f"{name}' = {name_of(next(iter(rates)))}", found[1])


def _instant(rate: Expr, values: Mapping[Expr, tuple[Symbol, Integer]]) -> tuple[Symbol, Integer] | None:
    """Return the index of a rate: that of the value it is taken at, or its own."""
    if is_operator(rate) or _offset(rate) is not None or not rate.args:
        return None if is_operator(rate) else _offset(rate)
    others = {at for a in rate.args[:-1] if (at := _offset(a)) is not None}
    here = values.get(rate.args[-1])
    return here if here is not None and others <= {here} else None


def _for_linear_law(alpha: Mapping[Integer, Expr], name: str) -> MethodFound | None:
    """Return the method of a recurrence such as (3 - 2*z)*y[n+1] = 4*y[n] - y[n-1], of several steps."""
    parameters = {s for slope in alpha.values() for s in slope.free_symbols}
    if len(parameters) != 1 or max(alpha) - min(alpha) < 2:
        return None
    (z,) = parameters
    constant = {at: slope.xreplace({z: Integer(0)}) for at, slope in alpha.items()}
    found = _with_coefficients(constant, {at: expand(slope - constant[at]) for at, slope in alpha.items()})
    return found and MethodFound(
        found[0].name, f"a linear law {name}' = lam*{name}", found[1], times=" times lam"
    )


def _with_coefficients(
    alpha: Mapping[Integer, Expr], beta: Mapping[Integer, Expr]
) -> tuple[Multistep, Symbol] | None:
    """Return the method with the coefficients of a residual, and the step."""
    newest = max((*alpha, *(at for at, slope in beta.items() if slope != 0)))
    offsets = range(int(min((*alpha, *beta))), int(newest) + 1)
    if not (scale := alpha.get(newest, Integer(0))):
        return None
    ours = [cancel(alpha.get(Integer(j), Integer(0)) / scale) for j in offsets]
    rates = [cancel(-beta.get(Integer(j), Integer(0)) / scale) for j in offsets]
    steps = {s for rate in rates for s in rate.free_symbols}
    if len(steps) != 1:
        return None
    (step,) = steps
    theirs = (tuple(ours), tuple(cancel(rate / step) for rate in rates))
    return next(((m, step) for m in multistep_methods() if (m.alpha, m.beta) == theirs), None)


@lru_cache
def multistep_methods() -> tuple[Multistep, ...]:
    """Return the Adams methods and the formulas of backward differentiation of up to four steps.

    >>> [m.beta for m in multistep_methods() if m.name == "Adams-Bashforth with 2 steps"]
    [(-1/2, 3/2, 0)]
    """
    found = [
        Multistep("Forward Euler", _numbers((-1, 1)), _numbers((1, 0))),
        Multistep("The midpoint rule with two steps (leapfrog)", _numbers((-1, 0, 1)), _numbers((0, 2, 0))),
    ]
    for steps in range(1, 5):
        nodes = range(steps)
        if steps > 1:
            found.append(_adams(f"Adams-Bashforth with {steps} steps", nodes, steps))
        implicit = "The trapezoidal rule" if steps == 1 else f"Adams-Moulton with {steps} steps"
        found.append(_adams(implicit, range(steps + 1), steps))
        backward = "Backward Euler" if steps == 1 else f"Backward differentiation (BDF) with {steps} steps"
        found.append(_backward(backward, steps))
    return tuple(found)


def _numbers(entries: Sequence[int]) -> Numbers:
    return tuple(map(Rational, entries))


def _basis(nodes: Sequence[int]) -> Iterator[Poly]:
    """Yield the polynomials that are 1 at one node and 0 at the others."""
    s = Symbol("s")
    for one in nodes:
        others = [n for n in nodes if n != one]
        yield Poly(prod((s - n) / Rational(one - n) for n in others), s)


def _adams(name: str, nodes: Sequence[int], steps: int) -> Multistep:
    """Return the method that integrates the polynomial through the rates at nodes over the last step."""
    integrals = [p.integrate() for p in _basis(nodes)]
    weights = [Rational(p.eval(steps) - p.eval(steps - 1)) for p in integrals]
    beta = (*weights, *(Rational(0) for _ in range(steps + 1 - len(weights))))
    return Multistep(name, (*(Rational(0) for _ in range(steps - 1)), Rational(-1), Rational(1)), beta)


def _backward(name: str, steps: int) -> Multistep:
    """Return the method that differentiates the polynomial through the values at the newest node."""
    slopes = [Rational(p.diff().eval(steps)) for p in _basis(range(steps + 1))]
    alpha = tuple(slope / slopes[-1] for slope in slopes)
    return Multistep(name, alpha, (*(Rational(0) for _ in range(steps)), 1 / slopes[-1]))


# ------------------------------------------------------------------ Runge-Kutta methods


def _runge_kutta(left: Expr, right: Expr, facts: Sequence[Fact]) -> MethodFound | None:
    """Return the Runge-Kutta method of a line, where the text says what its stages are."""
    at = _offset(left)
    if at is None or not at[1]:
        return None
    old = left.func(at[0])
    increment = expand(right - old)
    stages = _stages(increment, facts)
    names = [f.left for f in stages]
    steps = increment.free_symbols - {s for n in names for s in n.free_symbols}
    if len(steps) != 1 or not stages:
        return None
    (step,) = steps
    weights = tuple(increment.coeff(n) / step for n in names)
    if expand(increment - step * sum(k * w for k, w in zip(names, weights, strict=True))) != 0:
        return None
    matrix = tuple(_row(f, old, step, names) for f in stages)
    uses = formulas_of(stages)
    for method in integrators.ALL:
        if isinstance(method, integrators.RungeKutta) and (method.matrix, method.weights) == (
            matrix,
            weights,
        ):
            name = method.name[:1].upper() + method.name[1:]
            first = stages[0].right
            rate = (
                name_of(first)
                if isinstance(first, AppliedUndef)
                else first.xreplace({old: Symbol(name_of(old))})
            )
            return MethodFound(name, f"{name_of(left)}' = {rate}", step, uses)
    return None


def _stages(increment: Expr, facts: Sequence[Fact]) -> list[Fact]:
    """Return the facts that say what the rates of a step are, also those that only other rates read."""
    latest = {f.left: f for f in facts if f.kind != "fails"}
    found: dict[Expr, Fact] = {}
    pending = [increment]
    while pending:
        expression = pending.pop()
        for part in expression.atoms(AppliedUndef, Symbol) & {*latest} - {*found}:
            found[part] = latest[part]
            pending.append(latest[part].right)
    return sorted(found.values(), key=lambda f: str(f.left))


def _row(stage: Fact, old: Expr, step: Symbol, names: Sequence[Expr]) -> Numbers | None:
    """Return the row of the tableau of a stage `f(y + step*(...))`, or that of a rate that is linear in y."""
    if isinstance(stage.right, AppliedUndef):
        at = stage.right.args[-1]
    else:
        factor = expand(stage.right).coeff(old)
        if factor == 0 or factor.atoms(AppliedUndef):
            return None
        at = expand(stage.right / factor)
    shift = expand(at - old)
    row = tuple(shift.coeff(n) / step for n in names)
    whole = expand(shift - step * sum(r * n for r, n in zip(row, names, strict=True))) == 0
    return tuple(map(Rational, row)) if whole and all(r.is_Rational for r in row) else None
