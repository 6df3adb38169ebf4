"""The lines of a report: for each subject what is computed of a rule, or the reason why not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass, replace
from fractions import Fraction
from functools import cached_property
from math import isfinite
from typing import Any, TypeAlias

from sympy import (
    Expr,
    Integer,
    Piecewise,
    Poly,
    Rational,
    Symbol,
    cancel,
    factor,
    nan,
    oo,
    sign,
    sympify,
    zoo,
)

from physsym.analysis.exact_evaluation import AnalysisError, sign_of
from physsym.analysis.linear import characteristic_polynomial, z
from physsym.analysis.modified_equations import modified_equation, modified_potential
from physsym.analysis.spectral import spectral_radius, valued
from physsym.core.statements import Equation, Law, Relation, Rule, Update, rewritten
from physsym.core.symbols import dot, grad, potential
from physsym.core.verdicts import Condition
from physsym.derivation import Derivation
from physsym.optimizers.known_rule import Known
from physsym.optimizers.lifted import Lifted
from physsym.optimizers.naming import as_lifted
from physsym.optimizers.report.assumptions import (
    OWN,
    QUANTITIES,
    follows,
    names_apart,
    positive_parameters,
    renamed,
    with_positive_factors,
    with_signs,
)
from physsym.optimizers.report.law_of_motion import Candidate, Motion, motion, runge_kutta_flow
from physsym.optimizers.report.linearization import (
    MIXES,
    NO_GRADIENT,
    READS,
    Linearized,
    NotLinearError,
    curvature_symbol,
    linearized,
    natural_ranges,
)
from physsym.optimizers.report.lines import Line, Report, number
from physsym.optimizers.report.nonlinear import SLOPE, cycle_of_two, steady_step
from physsym.optimizers.report.stability import (
    CurvatureRange,
    Interval,
    changing_intervals,
    curvature_range,
    fades,
    mode_counts,
    oscillation,
    preconditioner,
    sign_changes,
    stable_intervals,
)
from physsym.optimizers.report.transfer_function import Response, response
from physsym.parsing.statements import as_rule
from physsym.runtime.optimizers import Optimizer
from physsym.verify.budget import budget
from physsym.vocabulary import dt, gamma, m, x

LARGE = 2  # states of a linear rule beyond which formulas in all parameters say little to a reader
SECONDS, VERDICT = 6.0, 1.0
"""The time of a report, after which lines are refused, and that of one verdict within it, in seconds."""

Numbers: TypeAlias = float | int | Fraction | Expr


@dataclass(frozen=True)
class Study:
    """A rule with values of its parameters, and what several lines need of it, computed once."""

    rule: Rule
    values: tuple[tuple[Symbol, Expr], ...]
    curvature: Symbol
    at: Expr | None

    @cached_property
    def linear(self) -> Linearized:
        """Return the linear rule, with numbers for its parameters where formulas would be too large.

        Where coefficients tend to those of a rule that is stable at no curvature, the limit does not tell how
        the rule behaves: raises NotLinearError then, unless a multiplier is above one.
        """
        try:
            found = linearized(self.rule)
        except NotLinearError as error:
            try:
                found = linearized(self.decided)
            except NotLinearError:
                raise error from None
        if len(found.rule.states) > LARGE:
            found = self._in_numbers(found)
        if found.counters and not self.repels(found):
            limit = curvature_range(found, self.curvature)
            if limit.never:
                raise NotLinearError(
                    "the coefficients tend, after many steps, to those of a rule that is stable at no "
                    "curvature, which does not tell how this one behaves"
                )
        return found

    @cached_property
    def decided(self) -> Rule:
        """Return the rule with the values of the parameters on which its cases depend."""
        conditions = (c for u in self.rule.updates for p in u.value.atoms(Piecewise) for _, c in p.args)
        deciding = frozenset[Symbol]().union(*(c.free_symbols for c in conditions))
        numbers = {p: v for p, v in self.values if p in deciding}
        ranges = tuple(c for c in self.rule.ranges if not c.expression.free_symbols & numbers.keys())
        return replace(rewritten(self.rule, lambda e: e.xreplace(numbers)), ranges=ranges, start=())

    def _in_numbers(self, linear: Linearized) -> Linearized:
        """Return a linear rule with numbers for all parameters that its multipliers depend on, if given."""
        scale = preconditioner(linear, self.curvature)
        polynomial = characteristic_polynomial(linear.rule, self.curvature * scale)
        needed = cancel(polynomial.as_expr()).free_symbols - {z, self.curvature}
        numbers = {p: v for p, v in self.values if p in needed}
        if needed > numbers.keys():
            return linear
        return replace(linear, rule=rewritten(linear.rule, lambda e: e.xreplace(numbers)))

    def repels(self, linear: Linearized) -> bool:
        """Return whether the characteristic polynomial is negative at one, so that a root is beyond."""
        at_one = characteristic_polynomial(linear.rule, self.curvature).eval(1)
        return follows((*linear.assuming, Condition(self.curvature, "> 0")), factor(-at_one))

    @cached_property
    def undriven(self) -> Linearized:
        """Return the linear rule; raise NotLinearError where terms beside states and gradients drive it."""
        constants = self.linear.constants
        if self.linear.counters and not constants:
            with suppress(NotLinearError):
                constants = linearized(self.rule, at_step=True).constants
        if constants:
            raise NotLinearError(
                f"each step holds {constants[0]}, which is neither a state nor a gradient and drives the "
                "weights by itself"
            )
        return self.linear

    @cached_property
    def response(self) -> Response:
        """Return the transfer functions."""
        return response(self.undriven)

    def lasting(self, memory: Poly | None) -> tuple[str, ...]:
        """Return in words what a result in the long run is under: nothing where memory fades.

        Raises NotLinearError where it does not fade, in the natural ranges or at the values.
        """
        if memory is None:
            return ()
        found = fades(memory, self.linear.assuming, self.inputs)
        if found is False:
            raise NotLinearError(
                "memory does not fade: a multiplier is one or more in size without any curvature"
            )
        return () if found else (", where memory fades",)

    @cached_property
    def motion(self) -> Motion:
        """Return the law of motion; raise NotLinearError where a coefficient is not finite at the values."""
        if len(self.undriven.system.shifts) - sum(map(bool, self.linear.system.shifts)) > 1:
            found = runge_kutta_flow(self.linear.rule, self.linear.weights)
        else:
            found = motion(self.linear)
        for name, coefficient in (("mass", found.mass), ("friction", found.friction)):
            if not self.is_finite(coefficient):
                raise NotLinearError(f"the {name} {coefficient} is not finite at the values")
        others = tuple(o for o in found.others if all(map(self.is_finite, o[1:])))
        return replace(found, others=others)

    def is_finite(self, expression: Expr) -> bool:
        """Return whether an expression is a finite real number at the values, as far as they decide."""
        at = expression.xreplace(dict(self.values))
        return at.is_finite is not False and at.is_real is not False and not at.has(nan, zoo)

    @cached_property
    def range(self) -> CurvatureRange:
        """Return the stable curvatures."""
        return curvature_range(self.linear, self.curvature)

    @cached_property
    def scaled(self) -> Expr:
        """Return the curvature as it is bounded: divided by the preconditioner where one is held fixed."""
        return self.curvature / self.range.scale

    def shown(self, expression: Expr) -> Expr:
        """Return an expression in factors that are positive where that is known, or at the values."""
        return with_positive_factors(expression, self.linear.assuming, dict(self.values))

    def number(self, expression: Expr) -> Expr | None:
        """Return an expression at the values, None where one is missing."""
        found = expression.xreplace(dict(self.values))
        return found if not found.free_symbols and found.is_finite else None

    def with_number(self, expression: Expr) -> tuple[Any, ...]:
        """Return an expression, followed by its value where it has one."""
        found = self.number(expression)
        return (expression,) if found is None or expression.is_number else (expression, f" = {number(found)}")

    @cached_property
    def inputs(self) -> dict[Symbol, Expr]:
        """Return the values of the parameters of the linear rule, states held fixed apart."""
        return dict(self.values)


# ------------------------------------------------------------------ mechanics


def _law(study: Study) -> Line:
    found = study.motion
    if found.mass != 0 and found.friction == 0 and study.linear.counters:
        return _law_at_step(study)
    if found.mass == 0:
        flow = (found.law, ", a gradient flow with ", Equation(gamma, found.friction))
        return Line("law of motion", flow, found, source="Cauchy 1847")
    parts: list[Any] = [found.law, " with ", Equation(m, found.mass)]
    if found.friction != 0:
        memory = study.shown(cancel(found.mass / found.friction))
        parts += [", ", Equation(gamma, found.friction)]
        parts += [", ", Equation(Symbol("tau"), memory)] if study.is_finite(memory) else []
    return Line("law of motion", tuple(parts), found, source="Qian 1999")


def _law_at_step(study: Study) -> Line:
    """Return the law at one step of a rule whose friction vanishes in the end."""
    found = motion(linearized(study.rule, at_step=True))
    friction = Equation(gamma, study.shown(found.friction))
    parts = (found.law, " with ", Equation(m, found.mass), " and ", friction, ", which changes with the step")
    return Line("law of motion", parts, found, source="Su, Boyd and Candes 2014")


def _held(study: Study) -> str:
    """Return what is held fixed for the lines of a linear rule, in words."""
    try:
        linear = study.linear
    except (NotLinearError, AnalysisError):
        return ""
    held = [f"{' and '.join(map(str, linear.held))} held fixed"] if linear.held else []
    return " and ".join([*held, *(["coefficients as after many steps"] if linear.counters else [])])


def _integrator(study: Study) -> Line:
    found = study.motion
    parts: list[Any] = [found.method, f", of order {found.order}"]
    source = ""
    if found.shift != 0:
        parts += [", with the gradient taken at ", x + found.shift * dt * Symbol("v", real=True)]
        source = "Muehlebach and Jordan 2019"
    if found.velocity is not None:
        v = Symbol("v", real=True)
        parts += [", ", Equation(v, found.velocity)]
        if found.position != study.linear.weights:
            parts += [", and the position is ", found.position, ", not the weights"]
    return Line("integrator", tuple(parts), found.method, source=source)


def _unit(study: Study) -> Line:
    found = study.motion
    fixed: list[tuple[Expr, Expr]] = []
    if found.mass != 0 and found.friction != 0:
        fixed.append((m / (gamma * dt), found.mass / found.friction / dt))
    if found.friction != 0:
        fixed.append((dt / gamma, dt / found.friction))
    if found.mass != 0:
        fixed.append((dt**2 / m, dt**2 / found.mass))
    parts: list[Any] = ["dt is the unit of time, which the rule leaves free; it fixes "]
    fixed = [(name, study.shown(cancel(value))) for name, value in fixed if study.is_finite(cancel(value))]
    for k, (name, shown) in enumerate(fixed):
        parts += [", "] * bool(k) + [Equation(name, shown), *study.with_number(shown)[1:]]
    return Line("units", tuple(parts), tuple(fixed))


def _readings(study: Study) -> Line | None:
    others = study.motion.others
    if not others:
        return None
    parts: list[Any] = ["the same map is "]
    for k, (name, mass, friction) in enumerate(others):
        parts += ["; "] * bool(k) + [name, " with ", Equation(m, mass), ", ", Equation(gamma, friction)]
    return Line("other readings", tuple(parts), others)


def _next_order(study: Study) -> Line:
    point = study.response.point
    k0, k1 = (study.shown(k) for k in point.high_resolution)
    study.lasting(point.without_integrator)
    law = Law((Equation(k1 * dot(dot(x)), -k0 * dot(x) - grad(x)),))
    return Line(
        "law to second order",
        (law, ", in steps as the unit of time, once memory has settled"),
        (k1, k0),
        source="Kovachki and Stuart 2021",
    )


def _order(study: Study) -> Line:
    point = study.response.point
    rate = study.shown(point.gain)
    parts = (
        f"{point.multistep_order} as a method of {point.poles} step{'s' * (point.poles > 1)} for ",
        Equation(dot(x), -grad(x)),
        " with the step ",
        rate,
        *study.lasting(point.without_integrator),
    )
    return Line("order", parts, point.multistep_order)


# ------------------------------------------------------------------ on a quadratic


def _polynomial(study: Study) -> Line:
    found = characteristic_polynomial(study.linear.rule, study.curvature)
    shown = sum((factor(c) * z**k for (k,), c in found.terms()), Integer(0))
    return Line("stability polynomial", (shown,), found.as_expr())


def _region(study: Study) -> Line:
    found = study.range
    name = study.scaled
    source = "Cohen et al. 2022" if study.linear.held else "Jury 1964"
    if found.never:
        repels = study.repels(study.linear)
        unstable = "unstable at every curvature above zero: a multiplier is above one"
        said = unstable if repels else "asymptotically stable at no curvature above zero"
        return Line("stability region", (said,), found, source=source)
    parts: list[Any] = []
    if len(found.upper) == 1 and len(found.lower) <= 1:
        low = found.lower[0] if found.lower else Integer(0)
        parts = [Relation((study.shown(low), name, study.shown(found.upper[0])), ("<", "<"))]
        parts += study.with_number(found.upper[0])[1:]
    else:
        bounds = [Relation((study.shown(low), name), ("<",)) for low in (found.lower or (Integer(0),))]
        bounds += [Relation((name, study.shown(high)), ("<",)) for high in found.upper]
        for k, bound in enumerate(bounds):
            parts += [" and "] * bool(k) + [bound]
    for condition in found.others:
        parts += [" and ", Relation((condition.expression, Integer(0)), (condition.relation.split()[0],))]
    return Line("stability region", tuple(parts), found, source=source)


def _margin(study: Study) -> Line:
    intervals = stable_intervals(study.linear, study.inputs, study.curvature, study.range.scale)
    if not intervals:
        return Line("margin", ("stable at no curvature above zero",), intervals)
    parts: list[Any] = ["stable for ", *_union(intervals, study.scaled)]
    if study.at is not None:
        inside = [i for i in intervals if i.low < study.at < i.high]
        edge = min(
            (abs(e - study.at) for i in intervals for e in (i.low, i.high) if e not in (0, oo)), default=None
        )
        parts += [f"; {number(study.at)} is {'inside' if inside else 'outside'}"]
        parts += [f", {number(edge)} from the edge"] if edge is not None else []
    return Line("margin", tuple(parts), intervals)


def _gain(study: Study) -> Line:
    point = study.response.weights
    if point.without_integrator is None:
        rest = cancel(point.denominator.eval(1))
        if rest == 0:
            raise NotLinearError("the weights under a constant gradient neither rest nor move on evenly")
        distance = study.shown(cancel(point.numerator.eval(1) / rest))
        under = "".join(study.lasting(point.denominator))
        raise NotLinearError(
            f"under a constant gradient g the weights do not move on: they tend to {-distance}*g{under}"
        )
    rate = study.shown(point.gain)
    return Line(
        "effective learning rate",
        (*study.with_number(rate), *study.lasting(point.without_integrator)),
        rate,
        source="Yuan, Ying, Sayed 2016",
    )


def _damping(study: Study) -> Line:
    polynomial = characteristic_polynomial(study.linear.rule, study.curvature).terms_gcd()[1]
    given, name = study.linear.assuming, study.scaled
    if polynomial.degree() == 1:
        lead, rest = polynomial.all_coeffs()
        scaled = (-rest / lead).subs(study.curvature, study.curvature * study.range.scale)
        slope = scaled.expand().coeff(study.curvature, 1)
        start = scaled.expand().coeff(study.curvature, 0)
        if cancel(scaled - slope * study.curvature - start) != 0 or slope == 0:
            raise NotLinearError("the one multiplier is not linear in the curvature")
        if not follows(given, factor(-slope)):
            raise NotLinearError("the one mode does not decrease with the curvature")
        turn = study.shown(cancel(-start / slope))
        alternates = Relation((name, turn), (">",))
        return Line("damping", ("one mode, whose sign changes at each step for ", alternates), (turn,))
    try:
        found = oscillation(study.linear, study.curvature, study.range.scale)
        changing = sign_changes(study.linear, study.curvature, study.range.scale, found)
    except NotLinearError:
        return _damping_at_values(study)
    sides = tuple(side for side in (found.low, found.high) if side is not None)
    if not sides:
        said = (
            f"a mode {CHANGES}, at every curvature; none are complex"
            if changing
            else ("does not oscillate at any curvature")
        )
        return Line("damping", (said, *_class_at(study)), ())
    if len(sides) == 1:
        relation = Relation((name, sides[0]), ("<" if found.low is None else ">",))
    else:
        relation = Relation((sides[0], name, sides[1]), ("<", "<"))
    parts: list[Any] = ["oscillates for ", relation]
    numbers = [n for side in sides if (n := study.number(side)) is not None]
    if len(numbers) == len(sides):
        parts += [f" ({' and '.join(map(number, numbers))})"]
    for k, (low, high) in enumerate(changing):
        where = (() if low is None is high else Relation((name, low or high), (">" if low else "<",)),)
        at = (" for ", *where) if low or high else (", at every curvature",)
        parts += ["; a mode " * (not k) + CHANGES * (not k) + " and" * bool(k), *at]
    return Line("damping", (*parts, *_class_at(study)), sides, source="Goh 2017")


CHANGES = "changes sign at each step"


def _damping_at_values(study: Study) -> Line:
    found, negative = changing_intervals(study.linear, study.inputs, study.curvature, study.range.scale)
    said: list[Any] = ["oscillates for ", *_union(found, study.scaled)] if found else []
    if negative:
        said += ["; " * bool(found), f"a mode {CHANGES} for ", *_union(negative, study.scaled)]
    said = said or ["does not oscillate"]
    return Line("damping", (*said, " at the values", *_class_at(study)), found, source="Goh 2017")


def _union(intervals: tuple[Interval, ...], name: Expr) -> Iterator[Any]:
    """Yield a union of intervals of the curvature, in words and formulas."""
    for k, interval in enumerate(intervals):
        yield " or " * bool(k)
        if interval.high != oo:
            yield from (number(interval.low), " < ", name, " < ", number(interval.high))
        else:
            yield from (name, " > ", number(interval.low))


def _class_at(study: Study) -> tuple[str, ...]:
    """Return the class of damping at the curvature given, in words.

    Overdamped is only what has all multipliers in [0, 1).
    """
    if study.at is None:
        return ()
    values = _needed(study, {**study.inputs, study.curvature: study.at * study.range.scale})
    polynomial = valued(characteristic_polynomial(study.linear.rule, study.curvature), values)
    modes = mode_counts(polynomial)
    size = sign_of(spectral_radius(study.linear.rule, values, study.curvature) - 1)
    said = ["underdamped" if size < 0 else "oscillating"] if modes.real < modes.all else []
    said += [f"a mode {CHANGES}"] if modes.negative else []
    if not said:
        settled = "critically damped" if modes.repeated else "overdamped"
        said = [settled if size < 0 else "not oscillating"]
    said += ["growing" if size > 0 else "not falling"] if size >= 0 else []
    return (f"; {', '.join(said)} at {number(study.at)}",)


def _needed(study: Study, values: Mapping[Symbol, Expr]) -> dict[Symbol, Expr]:
    missing = [p for p in study.linear.rule.parameters if p not in values]
    if missing:
        raise NotLinearError(f"no value was given for {', '.join(map(str, missing))}")
    return {p: values[p] for p in study.linear.rule.parameters} | {study.curvature: values[study.curvature]}


def _rate(study: Study) -> Line:
    if study.at is None:
        point = study.response.point
        slow = 1 - study.shown(point.gain) * study.curvature
        under = study.lasting(point.without_integrator)
        parts = ("a step multiplies errors by ", slow, " where the curvature is small", *under)
        return Line("rate", parts, slow, source="Yuan, Ying, Sayed 2016")
    _ = study.undriven
    values = _needed(study, {**study.inputs, study.curvature: study.at})
    found = spectral_radius(study.linear.rule, values, study.curvature)
    at_edge = sign_of(found - 1)
    if at_edge == 0:
        repeated = mode_counts(valued(characteristic_polynomial(study.linear.rule, study.curvature), values))
        grow = ", or grow like a power of k," * repeated.repeated
        return Line("rate", (f"errors stay{grow} since the largest multiplier is 1 in size",), found)
    way = "fall" if at_edge < 0 else "grow"
    base = f"({number(found)})" if " " in number(found) else number(found)
    return Line("rate", (f"errors {way} like {base}**k in k steps",), found)


# ------------------------------------------------------------------ the loss


def _loss(study: Study) -> Line:
    _ = study.undriven
    try:
        point = study.response.point
    except NotLinearError:
        return _loss_of_one_state(study)
    curved = study.shown(point.curvature_of_loss)
    modified = potential(x) + curved * grad(x) ** 2
    under = study.lasting(point.without_integrator)
    source = "Barrett and Dherin 2021" if point.poles == 1 else "Ghosh et al. 2023"
    return Line("modified loss", (modified, *under), curved, source=source)


def _loss_of_one_state(study: Study) -> Line:
    rule, weights = study.linear.rule, study.linear.weights
    if rule.states != (weights,):
        raise NotLinearError("each step reads several gradients, and there are states beside the weights")
    for step in rule.parameters:
        try:
            found = modified_potential(modified_equation(rule, step))
        except (ValueError, AnalysisError):
            continue
        return Line(
            "modified loss", (found, ", to first order in ", step), found, source="Barrett and Dherin 2021"
        )
    raise NotLinearError("the step is no gradient flow that is known, in any of its parameters")


def _energy(study: Study) -> Line:
    found, given = study.motion, study.linear.assuming
    if found.mass == 0:
        polynomial = characteristic_polynomial(study.linear.rule, study.curvature)
        if polynomial.degree() != 1:
            raise NotLinearError("there are states beside the weights")
        multiplier = -polynomial.eval(0)
        change = study.shown(cancel((multiplier**2 - 1) / (2 * study.curvature)))
        shown = change * grad(x) ** 2
        return Line(
            "energy a step",
            ("the loss changes by ", shown, " on the quadratic, downward where the rule is stable"),
            change,
        )
    if found.velocity is None or found.friction == 0:
        raise NotLinearError("without friction no term of first order in the step remains")
    memory = cancel(found.mass / (found.friction * dt))
    if memory.is_number:
        raise NotLinearError(f"the rule fixes tau to {memory * dt}, so that there is no leading order in dt")
    if follows(given, -found.mass.xreplace(dict(study.values))):
        raise NotLinearError("the mass is negative at the values")
    of = "" if found.position == study.linear.weights else " of the position"
    lost = study.shown(cancel(-found.friction * dt * found.velocity**2))
    energy = m * Symbol("v", real=True) ** 2 / 2 + potential(x)
    falls = follows(given, found.friction)
    said = ", it falls" if falls else ""
    return Line("energy a step", (energy, f"{of} changes by ", lost, f" to leading order in dt{said}"), lost)


# ------------------------------------------------------------------ beyond linear rules


def _steady(study: Study) -> Line | None:
    if _is_linear(study):
        return None
    try:
        rule, up = study.rule, steady_step(study.rule)
    except NotLinearError:
        rule, up = study.decided, steady_step(study.decided)
    parts: list[Any] = [up, " under a constant gradient ", Relation((SLOPE, Integer(0)), (">",))]
    try:
        down = steady_step(rule, -SLOPE)
    except NotLinearError as error:
        return Line("steady step", (*parts, "; under ", -SLOPE, f" none is found: {error}"), up)
    opposite = cancel(up + down) == 0
    parts += ["; the opposite under ", -SLOPE] if opposite else ["; ", down, " under ", -SLOPE]
    return Line("steady step", tuple(parts), up)


def _is_linear(study: Study, held: bool = False) -> bool:
    """Return whether a rule is linear, or with `held` linear once something is held fixed."""
    try:
        return not study.linear.held or held
    except NotLinearError:
        return False


def _cycle(study: Study) -> Line | None:
    if _is_linear(study, held=True) or not any(u.value.has(sign) for u in study.rule.updates):
        return None
    try:
        amplitude = cycle_of_two(study.rule, study.curvature)
    except NotLinearError:
        if not study.values:
            raise
        at_values = rewritten(study.rule, lambda e: e.xreplace(dict(study.values)))
        amplitude = cycle_of_two(replace(at_values, ranges=()), study.curvature)
    where = "a quadratic of this curvature" if amplitude.has(study.curvature) else "every quadratic"
    parts = ("on ", where, " one cycle of two steps is plus and minus ", amplitude, ", the symmetric one")
    return Line("cycle", parts, amplitude)


BEYOND = ("steady step", "cycle")  # lines that hold nothing fixed
SUBJECTS: tuple[tuple[str, Callable[[Study], Line | None]], ...] = (
    ("law of motion", _law),
    ("integrator", _integrator),
    ("other readings", _readings),
    ("units", _unit),
    ("law to second order", _next_order),
    ("order", _order),
    ("stability polynomial", _polynomial),
    ("stability region", _region),
    ("margin", _margin),
    ("effective learning rate", _gain),
    ("damping", _damping),
    ("rate", _rate),
    ("modified loss", _loss),
    ("energy a step", _energy),
    ("steady step", _steady),
    ("cycle", _cycle),
)


def report(rule: object, **values: Numbers) -> Report:
    """Return what a rule is as mechanics and as a method: each line computed, or "not, because" a reason.

    Lines: the law of motion with mass, friction and memory, and the integrator that the rule is of it
    (recognised by the map); other readings; what the unit of time leaves fixed; the order; the stable
    curvatures of a quadratic and the margin; the effective learning rate; damping; the rate; the modified
    loss; the energy lost in a step. Second moments, and whatever else scales the step, are held fixed, and
    counters have run out; the lines say so.

    Parameters
    ----------
    rule
        A rule or what stands for one: what `lift` takes, such as ``"known:adam"``.
    **values
        Values of parameters by name, and of the curvature as `lam`; else the typical values of the rule.

    Returns
    -------
    Report
        The lines.

    Raises
    ------
    TypeError
        For what is no rule, and for a value that is no number.
    ValueError
        For a name that the rule does not have.

    Examples
    --------
    >>> from physsym.core.statements import rule as rule_of
    >>> from physsym.core.symbols import after
    >>> from physsym.vocabulary import G, eta, rho, u, x
    >>> heavy_ball = rule_of({u: rho * u - eta * G, x: x + after(u)}, ranges=(0 <= rho, rho < 1))
    >>> print(report(heavy_ball)["effective learning rate"])
    effective learning rate: eta/(1 - rho) [Yuan, Ying, Sayed 2016]
    >>> print(report(heavy_ball, eta=0.01, rho=0.9)["margin"])
    margin: stable for 0 < lam < 380
    """
    given, name, lifted = _given(rule)
    curvature = curvature_symbol(given)
    chosen = _values(given, values, curvature)
    outside = [c for c in given.ranges if not _holds(c, chosen)]
    # A value at the end of a range is put in: what holds inside need not hold there, as without weight decay.
    ends = {p for c in given.ranges if _vanishes(c, chosen) for p in c.expression.free_symbols}
    zero = {p: v for p, v in chosen.items() if (v == 0 or p in ends) and p != curvature}
    ranges = tuple(
        c for c in given.ranges if c not in outside and not c.expression.free_symbols & zero.keys()
    )
    kept = replace(rewritten(given, lambda e: e.xreplace(zero)), ranges=ranges, start=())
    signed = positive_parameters(kept, natural_ranges(kept))
    # A value of another sign than is declared takes the declared sign away.
    signed |= {p: Symbol(p.name, real=True) for p, v in chosen.items() if p.is_positive and not v.is_positive}
    numbers = tuple((signed.get(s, s), v) for s, v in chosen.items() if s != curvature)
    apart = names_apart(own := with_signs(kept, signed))
    numbers = tuple((apart.get(s, s), value) for s, value in numbers)
    study = Study(renamed(own, apart), numbers, curvature, chosen.get(curvature))
    plain = {new: old for old, new in signed.items()}
    back = plain | {new: plain.get(old, old) for old, new in apart.items()}
    taken = {s.name.removesuffix(OWN) for s in apart.values()}
    quantities = (m, gamma, Symbol("v", real=True), dt, Symbol("tau"), SLOPE)
    back |= {q: Symbol(QUANTITIES[q.name], **q.assumptions0) for q in quantities if q.name in taken}
    lines = tuple(_named(line, back) for line in _lines(study))
    if zero and any(u.value.has(grad) for u in given.updates):
        at = ", ".join(f"{p} = {number(v)}" for p, v in zero.items())
        lines = tuple(
            replace(line, reason=f"at {at} {NO_GRADIENT}") if line.reason == NO_GRADIENT else line
            for line in lines
        )
    if held := _held(study).replace(OWN, ""):
        lines = tuple(
            line if line.subject in BEYOND or line.reason else replace(line, given=held) for line in lines
        )
    if lifted:
        lines = tuple(_of_code(line, lifted) for line in lines)
        if lifted.first:
            lines = (Line("first step", ("another law: ", lifted.first), lifted.first), *lines)
    if outside:
        said = ", ".join(map(str, outside))
        lines = (Line("values", (f"outside the natural range {said}, which is not assumed",)), *lines)
    assuming = tuple(Condition(c.expression.xreplace(back), c.relation) for c in natural_ranges(kept))
    return Report(given, lines, name, tuple(chosen.items()), assuming)


def _given(rule: object) -> tuple[Rule, str, Lifted | None]:
    """Return the rule that is meant, with the assumptions of its code among the ranges, its name and lift."""
    if isinstance(rule, Rule | Update | Derivation | Optimizer | Known):
        return as_rule(rule), getattr(rule, "title", ""), None
    found = rule if isinstance(rule, Lifted) else as_lifted(rule)
    assumed = [c for c in found.assumes if isinstance(c, Condition) and c not in found.rule.ranges]
    return replace(found.rule, ranges=(*found.rule.ranges, *assumed)), found.name, found


def _of_code(line: Line, lifted: Lifted) -> Line:
    """Return a line with the reason that the lift gives: how coordinates mix, what else is read."""
    if lifted.mixes and line.reason.startswith(MIXES):
        return replace(line, reason=f"the rule mixes coordinates: {'; '.join(lifted.mixes)}")
    if lifted.reads and line.reason.startswith(READS):
        return replace(line, reason=f"the rule reads {', '.join(lifted.reads)} beside the gradient")
    return line


def _values(rule: Rule, given: Mapping[str, Numbers], curvature: Symbol) -> dict[Symbol, Expr]:
    named = {p.name: p for p in (*rule.parameters, curvature)}
    if unknown := [n for n in given if n not in named]:
        raise ValueError(f"the rule has no parameter {unknown[0]}; it has {', '.join(sorted(named))}")
    typical = {p: v for p, v in rule.typical if not v.free_symbols}
    return typical | {named[n]: _number(n, value) for n, value in given.items()}


def _number(name: str, value: object) -> Expr:
    """Return a value exactly; a float is the shortest decimal that it prints."""
    if isinstance(value, bool | str) or (isinstance(value, float) and not isfinite(value)):
        raise TypeError(f"expected a finite real number for {name}, given {value!r}")
    found = Rational(repr(value)) if isinstance(value, float) else sympify(value, strict=True)
    if not isinstance(found, Expr) or not found.is_number or not found.is_real or not found.is_finite:
        raise TypeError(f"expected a finite real number for {name}, given {value!r}")
    return found


def _holds(condition: Condition, values: Mapping[Symbol, Expr]) -> bool:
    """Return whether a condition holds at values, or is not contradicted by them."""
    found = condition.expression.xreplace(dict(values))
    if found.free_symbols:
        return True
    return bool(found >= 0 if condition.relation == ">= 0" else found > 0 if condition.relation == "> 0" else
                found != 0 if condition.relation == "!= 0" else found == 0)  # fmt: skip


def _vanishes(condition: Condition, values: Mapping[Symbol, Expr]) -> bool:
    return bool(condition.expression.xreplace(dict(values)) == 0)


def _lines(study: Study) -> Iterator[Line]:
    begun = time.thread_time()
    for subject, line in SUBJECTS:
        if time.thread_time() - begun > SECONDS:
            yield Line(subject, reason=f"the time of a report, {SECONDS:g} s, is used up")
            continue
        try:
            with budget(VERDICT):
                found = line(study)
            if found is not None:
                yield found
        except (NotLinearError, AnalysisError) as error:
            yield Line(subject, reason=str(error))


def _named(line: Line, names: Mapping[Symbol, Symbol]) -> Line:
    """Return a line with the symbols that the rule itself has."""
    parts = tuple(p.replace(OWN, "") if isinstance(p, str) else _mapped(p, names) for p in line.parts)
    return replace(line, parts=parts, value=_mapped(line.value, names), reason=line.reason.replace(OWN, ""))


def _mapped(value: Any, names: Mapping[Symbol, Symbol]) -> Any:
    if isinstance(value, Candidate):  # a method on the law, with none of the rule's symbols
        return value
    if isinstance(value, Expr):
        named = value.xreplace(dict(names))
        own = {s for s in named.free_symbols if OWN in s.name}  # a state held fixed may be a new symbol
        return named.xreplace({s: Symbol(s.name.replace(OWN, ""), **s.assumptions0) for s in own})
    if isinstance(value, tuple):
        return tuple(_mapped(v, names) for v in value)
    if is_dataclass(value) and not isinstance(value, type) and not isinstance(value, Symbol):
        return replace(
            value, **{f.name: _mapped(getattr(value, f.name), names) for f in fields(value) if f.init}
        )
    return value
