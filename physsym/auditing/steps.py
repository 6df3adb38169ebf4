"""Whether lines of a text are one step of a method for a law, whichever way the text writes both."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sympy import Add, Expr, Integer, Symbol, cancel
from sympy.core.function import AppliedUndef
from sympy.matrices.exceptions import NonInvertibleMatrixError
from sympy.polys.polyerrors import PolynomialError
from sympy.solvers.solveset import NonlinearError, linear_eq_to_matrix

from physsym import integrators
from physsym.auditing.unknowns import is_operator, name_of
from physsym.core.motion import is_time
from physsym.core.statements import Equation, Law, Rule, Update, one_step_map, symbols
from physsym.core.symbols import DOT, after, before, dot, grad
from physsym.core.verdicts import Outcome, Verdict, undecided
from physsym.mechanics.integrators import Method, PartitionedEuler
from physsym.mechanics.moves import Integrate, MoveError
from physsym.transform.registry import apply
from physsym.verify.equivalence import identical
from physsym.verify.registry import check

METHODS = {
    "explicit_euler": "forward_euler", "euler": "forward_euler", "implicit_euler": "backward_euler",
    "symplectic_euler": "semi_implicit_euler", "rk4": "runge_kutta_4", "verlet": "velocity_verlet",
    "leapfrog": "velocity_verlet",
}  # fmt: skip


VELOCITY = Symbol("the velocity", real=True)
_FRICTIONS = ("explicit", "implicit", "midpoint", "exponential")


class NoStepError(Exception):
    """Lines or a law of which it is not clear what a step of them would be."""


@dataclass(frozen=True)
class Step:
    """New values of states in terms of old ones, `before(x)` for the value one step earlier.

    Parameters
    ----------
    values
        By the symbols of the states.
    chosen
        Whether a line reads a new value without saying so.
    """

    values: Mapping[Symbol, Expr]
    chosen: bool = False

    @property
    def rule(self) -> Rule:
        """Return the step as a rule."""
        return Rule(tuple(Update(s, v) for s, v in self.values.items()))


def step_of_lines(equations: Sequence[tuple[Expr, Expr]]) -> Step:
    """Return the step that equations between values of sequences state, solved for the latest values.

    Raises NoStepError where they are not one equation for each sequence, or not linear in the latest values.
    """
    gaps = [_in_steps(left - right) for left, right in equations]
    values = {a for gap in gaps for a in gap.atoms(AppliedUndef) if _is_value(a)}
    index = _index(values)
    latest: dict[str, int] = {}
    for value in values:
        offset = int(value.args[0] - index)
        latest[name_of(value)] = max(offset, latest.get(name_of(value), offset))
    newest = max(latest.values())
    # What is given at each instant, such as a force, has no equation of its own.
    states = [n for n, offset in latest.items() if offset == newest]
    states = states if len(states) == len(gaps) else [n for n in states if n in _lefts(equations)]
    if len(states) != len(gaps):
        raise NoStepError("it is not one equation for each state")
    marked: dict[Expr, Expr] = {}
    for value in values:
        symbol, back = Symbol(name_of(value), real=True), newest - int(value.args[0] - index)
        if name_of(value) not in states or back > 2:
            raise NoStepError(f"{value} is no state of this step, nor of the one before")
        marked[value] = (after(symbol), symbol, before(symbol))[back]
    new = [after(Symbol(n, real=True)) for n in states]
    return Step(dict(zip((Symbol(n, real=True) for n in states), _solved(gaps, marked, new), strict=True)))


def _lefts(equations: Sequence[tuple[Expr, Expr]]) -> set[str]:
    return {name_of(left) for left, _ in equations if isinstance(left, AppliedUndef)}


def _solved(gaps: Sequence[Expr], marked: Mapping[Expr, Expr], new: Sequence[Symbol]) -> list[Expr]:
    """Return the new values, one line put into another where they are not linear in them."""
    gaps = [gap.xreplace(marked) for gap in gaps]
    found: dict[Symbol, Expr] = {}
    while len(found) < len(new):
        for i, gap in enumerate(gaps):
            open_ones = [s for s in new if s not in found and s in gap.free_symbols]
            if len(open_ones) == 1 and not gap.diff(open_ones[0]).has(open_ones[0]):
                (symbol,) = open_ones
                value = -gap.xreplace({symbol: Integer(0)}) / gap.diff(symbol)
                found[symbol] = value
                gaps = [g.xreplace({symbol: value}) for j, g in enumerate(gaps) if j != i]
                break
        else:
            return _solved_together(gaps, found, new)
    return [found[s] for s in new]


def _solved_together(gaps: Sequence[Expr], found: Mapping[Symbol, Expr], new: Sequence[Symbol]) -> list[Expr]:
    """Return the new values of lines that read each other's, all linear."""
    rest = [s for s in new if s not in found]
    try:
        matrix, values = linear_eq_to_matrix(list(gaps), rest)
        solution = dict(zip(rest, matrix.LUsolve(values), strict=True))
    except (NonlinearError, NonInvertibleMatrixError, PolynomialError, ValueError) as error:
        raise NoStepError(f"the new values are not determined: {error}") from None
    return [found[s].xreplace(solution) if s in found else solution[s] for s in new]


def _is_value(application: AppliedUndef) -> bool:
    argument = application.args[0]
    return len(application.args) == 1 and not is_operator(application) and argument.is_integer is True


def _index(values: set[AppliedUndef]) -> Expr:
    """Return the letter that counts the steps."""
    letters = {s for value in values for s in value.args[0].free_symbols}
    if len(letters) != 1 or any(not (v.args[0] - min(letters, key=str)).is_Integer for v in values):
        raise NoStepError("it is not clear which letter counts the steps")
    return letters.pop()


def _in_steps(gap: Expr) -> Expr:
    """Return values at `t`, `t + h`, `t - h` as those of a sequence, a function of the state as `grad`."""
    gap = with_force(gap)
    times = {a for a in gap.atoms(AppliedUndef) if len(a.args) == 1 and not is_operator(a)}
    times = {a for a in times if not a.args[0].is_integer and not a.args[0].atoms(AppliedUndef)}
    letters = [Add.make_args(a.args[0]) for a in times]
    instants = {part for parts in letters if len(parts) == 1 for part in parts if part.is_Symbol}
    if len(instants) != 1:
        return gap
    (instant,), count = instants, Symbol("number of the step", integer=True)
    lengths = {(a.args[0] - instant).as_coeff_Mul()[1] for a in times} - {Integer(1), Integer(0)}
    if len(lengths) != 1:
        return gap
    (length,) = lengths
    return gap.xreplace({a: a.func(count + (a.args[0] - instant) / length) for a in times})


def with_force(expression: Expr) -> Expr:
    """Return an expression with `grad` for a function of one state of which nothing is known."""
    put = {a: grad(a.args[0]) for a in expression.atoms(AppliedUndef) if _is_force(a)}
    return expression.xreplace(put)


def _is_force(application: AppliedUndef) -> bool:
    if len(application.args) != 1 or is_operator(application) or application.args[0].is_integer:
        return False
    place = application.args[0]
    at_a_time = not place.atoms(AppliedUndef) and any(map(is_time, place.free_symbols))
    return name_of(application).startswith("∇") or not at_a_time


def forces(expressions: Sequence[Expr]) -> set[str]:
    """Return the names of the functions of states in expressions."""
    return {name_of(a) for e in expressions for a in e.atoms(AppliedUndef) if _is_force(a)}


# ------------------------------------------------------------------ the law, of first order


def first_order(law: Law, step: Step) -> Law:
    """Return a law with the velocity that a step has as a state, `VELOCITY` where the step has none."""
    second = {s for s in symbols(law) if s.name.endswith(DOT * 2)}
    if not second:
        return law
    moving = {s: Symbol(s.name.rstrip(DOT), real=True) for s in second}
    if len(moving) != 1 or len(law.equations) != 1:
        raise NoStepError("the law is for several motions")
    ((acceleration, position),) = moving.items()
    others = [s for s in step.values if s != position]
    if position not in step.values or len(others) > 1 or set(others) & symbols(law):
        raise NoStepError(f"the lines do not give new values of {position} and of its velocity")
    velocity = others[0] if others else VELOCITY
    put = {acceleration: dot(velocity), dot(position): velocity}
    equations = tuple(Equation(e.left.xreplace(put), e.right.xreplace(put)) for e in law.equations)
    return Law((Equation(dot(position), velocity), *equations))


def methods(text: str) -> tuple[Method, ...]:
    """Return the methods that a name may mean: semi-implicit Euler with each treatment of friction.

    Raises KeyError for the name of none.
    """
    words = re.sub(r"[\s-]+", "_", text.strip().lower())
    name, _, friction = words.removesuffix("_friction").partition("_with_")
    method: Method | None = getattr(integrators, METHODS.get(name, name), None)
    if method is None or not hasattr(method, "order"):
        raise KeyError(text)
    if not (isinstance(method, PartitionedEuler) and method.partitioned):
        return (method,)
    frictions = [f for f in _FRICTIONS if not friction or f == friction]
    if not frictions:
        raise KeyError(text)
    return tuple(method.with_friction(f) for f in frictions)


def step_verdict(law: Law, step: Step, ways: Sequence[Method], size: Symbol) -> Verdict:
    """Return whether a step is one of a method for a law, in one of the ways to carry it out."""
    ordered = first_order(law, step)
    found = [_verdict(move, ordered, step) for way in ways for move in _moves(way, size, ordered)]
    good = (Outcome.HOLDS, Outcome.APPROXIMATE, Outcome.CONDITIONAL)
    ranked = [*(v for v in found if v.outcome in good), *(v for v in found if v.outcome is not Outcome.FAILS)]
    return next(iter(ranked), found[0])


def _moves(way: Method, size: Symbol, law: Law) -> Iterator[Integrate]:
    """Yield a method with each state of two first, where it moves one of them before the other."""
    states = [Symbol(s.name.removesuffix(DOT), real=True) for s in symbols(law) if s.name.endswith(DOT)]
    if isinstance(way, PartitionedEuler) and way.partitioned and len(states) == 2:
        named = {s.name: s for s in symbols(law)}
        firsts = [named.get(s.name, s) for s in sorted(states, key=str)]
        yield from (Integrate(way, size, (first,)) for first in firsts)
    else:
        yield Integrate(way, size)


def _verdict(move: Integrate, law: Law, step: Step) -> Verdict:
    """Return whether a step is that of a move, the velocity eliminated where the step has none."""
    if VELOCITY not in symbols(law):
        try:
            apply(move, law)
        except MoveError as error:
            return undecided(str(error))
        return check(move, law, step.rule)
    try:
        stepped = apply(move, law)
        assert isinstance(stepped, Rule)
    except MoveError as error:
        return undecided(str(error))
    values, (position,) = one_step_map(stepped), step.values
    earlier = {position: before(position), VELOCITY: before(VELOCITY)}
    gap = values[position].xreplace(earlier) - position
    slope = gap.diff(before(VELOCITY))
    if slope == 0 or slope.has(before(VELOCITY)):
        return undecided(f"the velocity is not eliminated from a step of {move.method.name}")
    begun = {before(VELOCITY): -gap.xreplace({before(VELOCITY): Integer(0)}) / slope}
    velocity = _expanded(values[VELOCITY].xreplace(earlier).xreplace(begun))
    return identical(_expanded(values[position].xreplace({VELOCITY: velocity})), step.values[position])


def _expanded(value: Expr) -> Expr:
    """Return a value with the arguments of gradients expanded, so that equal ones are one."""
    return value.xreplace({g: g.func(cancel(g.args[0])) for g in value.atoms(grad)})
