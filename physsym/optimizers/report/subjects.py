"""The lines of a report: for each subject what is computed of a rule, or the reason why not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, TypeAlias

from sympy import Expr, Integer, Rational, Symbol, cancel, factor, oo, sign, sympify

from physsym.analysis.damping import damping_at
from physsym.analysis.exact_evaluation import AnalysisError
from physsym.analysis.linear import characteristic_polynomial, z
from physsym.analysis.modified_equations import modified_equation, modified_potential
from physsym.analysis.spectral import spectral_radius
from physsym.core.statements import Equation, Law, Relation, Rule, RuleLike, as_rule
from physsym.core.symbols import dot, grad, potential
from physsym.core.verdicts import Condition
from physsym.optimizers.report.assumptions import (
    follows,
    positive_parameters,
    with_positive_factors,
    with_signs,
)
from physsym.optimizers.report.law_of_motion import Motion, motion, runge_kutta_flow
from physsym.optimizers.report.linearization import (
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
    curvature_range,
    oscillation,
    stable_intervals,
)
from physsym.optimizers.report.transfer_function import Response, response
from physsym.verify.budget import budget
from physsym.vocabulary import dt, gamma, m, x

SECONDS, VERDICT = 8.0, 1.0
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
        """Return the linear rule."""
        return linearized(self.rule)

    @cached_property
    def response(self) -> Response:
        """Return the transfer functions."""
        return response(self.linear)

    @cached_property
    def motion(self) -> Motion:
        """Return the law of motion."""
        if len(self.linear.system.shifts) - sum(map(bool, self.linear.system.shifts)) > 1:
            return runge_kutta_flow(self.linear.rule, self.linear.weights)
        return motion(self.linear)

    @cached_property
    def range(self) -> CurvatureRange:
        """Return the stable curvatures."""
        return curvature_range(self.linear, self.curvature)

    @cached_property
    def scaled(self) -> Expr:
        """Return the curvature as it is bounded: divided by the preconditioner where one is held fixed."""
        return self.curvature / self.range.scale

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
    held = _held(study)
    if found.mass == 0:
        flow = (found.law, ", a gradient flow with ", Equation(gamma, found.friction), held)
        return Line("law of motion", flow, found, source="Cauchy 1847")
    parts: list[Any] = [found.law, " with ", Equation(m, found.mass)]
    if found.friction != 0:
        memory = with_positive_factors(cancel(found.mass / found.friction), study.linear.assuming)
        parts += [", ", Equation(gamma, found.friction), ", ", Equation(Symbol("tau"), memory)]
    return Line("law of motion", (*parts, held), found, source="Qian 1999")


def _held(study: Study) -> str:
    said = ""
    if study.linear.held:
        said += f"; with {' and '.join(map(str, study.linear.held))} held fixed"
    if study.linear.counters:
        said += "; after many steps"
    return said


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
            parts += [", and the weights are not the position but ", Equation(x, found.position)]
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
    for k, (name, value) in enumerate(fixed):
        shown = with_positive_factors(cancel(value), study.linear.assuming)
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
    k0, k1 = (with_positive_factors(k, study.linear.assuming) for k in study.response.point.high_resolution)
    law = Law((Equation(k1 * dot(dot(x)), -k0 * dot(x) - grad(x)),))
    return Line(
        "law to second order",
        (law, ", in steps as the unit of time, once memory has settled", _held(study)),
        (k1, k0),
        source="Kovachki and Stuart 2021",
    )


def _order(study: Study) -> Line:
    point = study.response.point
    rate = with_positive_factors(point.gain, study.linear.assuming)
    parts = (
        f"{point.multistep_order} as a method of {point.poles} step{'s' * (point.poles > 1)} for ",
        Equation(dot(x), -grad(x)),
        " with the step ",
        rate,
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
        if _repels(study):
            said = "unstable at every curvature above zero: a multiplier is larger than one"
        elif study.linear.counters:
            raise NotLinearError("the coefficients tend to those of a rule that is not asymptotically stable")
        else:
            said = "asymptotically stable at no curvature above zero"
        return Line("stability region", (said, _held(study)), found, source=source)
    parts: list[Any] = []
    if len(found.upper) == 1 and len(found.lower) <= 1:
        low = found.lower[0] if found.lower else Integer(0)
        parts = [Relation((low, name, found.upper[0]), ("<", "<"))]
        parts += study.with_number(found.upper[0])[1:]
    else:
        bounds = [Relation((low, name), ("<",)) for low in (found.lower or (Integer(0),))]
        bounds += [Relation((name, high), ("<",)) for high in found.upper]
        for k, bound in enumerate(bounds):
            parts += [" and "] * bool(k) + [bound]
    for condition in found.others:
        parts += [" and ", Relation((condition.expression, Integer(0)), (condition.relation.split()[0],))]
    return Line("stability region", (*parts, _held(study)), found, source=source)


def _repels(study: Study) -> bool:
    """Return whether the polynomial is negative at one, so that a root is beyond."""
    at_one = characteristic_polynomial(study.linear.rule, study.curvature).eval(1)
    return follows((*study.linear.assuming, Condition(study.curvature, "> 0")), factor(-at_one))


def _margin(study: Study) -> Line:
    intervals = stable_intervals(study.linear, study.inputs, study.curvature, study.range.scale)
    if not intervals:
        return Line("margin", ("stable at no curvature above zero",), intervals)
    parts: list[Any] = ["stable for "]
    for k, interval in enumerate(intervals):
        parts += [" or "] * bool(k)
        if interval.high == oo:
            parts += [Relation((study.scaled, interval.low), (">",))]
        else:
            parts += [_rounded(interval.low), " < ", study.scaled, " < ", _rounded(interval.high)]
    if study.at is not None:
        inside = [i for i in intervals if i.low < study.at < i.high]
        edge = min(
            (abs(e - study.at) for i in intervals for e in (i.low, i.high) if e not in (0, oo)), default=None
        )
        parts += [f"; {number(study.at)} is {'inside' if inside else 'outside'}"]
        parts += [f", {number(edge)} from the edge"] if edge is not None else []
    return Line("margin", (*parts, _held(study)), intervals)


def _rounded(value: Expr) -> str:
    return number(value)


def _gain(study: Study) -> Line:
    point = study.response.weights
    if point.without_integrator is None:
        rest = cancel(point.denominator.eval(1))
        if rest == 0:
            raise NotLinearError("the weights under a constant gradient neither rest nor move on evenly")
        distance = with_positive_factors(cancel(point.numerator.eval(1) / rest), study.linear.assuming)
        raise NotLinearError(
            f"under a constant gradient g the weights do not move on: they tend to {-distance}*g"
        )
    rate = with_positive_factors(point.gain, study.linear.assuming)
    return Line(
        "effective learning rate",
        (*study.with_number(rate), _held(study)),
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
        turn = with_positive_factors(cancel(-start / slope), given)
        alternates = Relation((name, turn), (">",))
        return Line("damping", ("one mode, whose sign changes at each step for ", alternates), (turn,))
    found = oscillation(study.linear, study.curvature, study.range.scale)
    sides = tuple(side for side in (found.low, found.high) if side is not None)
    if found.low is None or found.high is None:
        relation = Relation((name, sides[0]), ("<" if found.low is None else ">",))
    else:
        relation = Relation((found.low, name, found.high), ("<", "<"))
    parts: list[Any] = ["oscillates for ", relation]
    if None not in (numbers := [study.number(side) for side in sides]):
        parts += [f" ({' and '.join(number(n) for n in numbers if n is not None)})"]
    if study.at is not None:
        parts += [f"; {_class_at(study)} at {number(study.at)}"]
    return Line("damping", tuple(parts), sides, source="Goh 2017")


def _class_at(study: Study) -> str:
    values = {**study.inputs, study.curvature: study.at * study.range.scale}
    return damping_at(study.linear.rule, _needed(study, values), study.curvature).value


def _needed(study: Study, values: Mapping[Symbol, Expr]) -> dict[Symbol, Expr]:
    missing = [p for p in study.linear.rule.parameters if p not in values]
    if missing:
        raise NotLinearError(f"no value was given for {', '.join(map(str, missing))}")
    return {p: values[p] for p in study.linear.rule.parameters} | {study.curvature: values[study.curvature]}


def _rate(study: Study) -> Line:
    if study.at is None:
        rate = with_positive_factors(study.response.point.gain, study.linear.assuming)
        slow = 1 - rate * study.curvature
        return Line("rate", ("errors fall by ", slow, " in a step where the curvature is small"), slow,
                    source="Yuan, Ying, Sayed 2016")  # fmt: skip
    values = _needed(study, {**study.inputs, study.curvature: study.at})
    found = spectral_radius(study.linear.rule, values, study.curvature)
    return Line("rate", (f"errors fall like {number(found)} to the number of steps" if found < 1 else
                         f"errors grow like {number(found)} to the number of steps",), found)  # fmt: skip


# ------------------------------------------------------------------ the loss


def _loss(study: Study) -> Line:
    try:
        point = study.response.point
    except NotLinearError:
        return _loss_of_one_state(study)
    curved = with_positive_factors(point.curvature_of_loss, study.linear.assuming)
    modified = potential(x) + curved * grad(x) ** 2
    source = "Barrett and Dherin 2021" if point.poles == 1 else "Ghosh et al. 2023"
    return Line("modified loss", (modified, _held(study)), curved, source=source)


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
        change = with_positive_factors(cancel((multiplier**2 - 1) / (2 * study.curvature)), given)
        shown = change * grad(x) ** 2
        return Line("energy a step", ("the loss changes by ", shown, " on the quadratic"), change)
    if found.velocity is None or found.friction == 0:
        raise NotLinearError("without friction no term of first order in the step remains")
    lost = with_positive_factors(cancel(-found.friction * dt * found.velocity**2), given)
    energy = m * Symbol("v", real=True) ** 2 / 2 + potential(x)
    falls = follows(given, found.friction)
    said = ", it falls" if falls else ""
    return Line("energy a step", (energy, " changes by ", lost, f" to leading order in dt{said}"), lost)


# ------------------------------------------------------------------ beyond linear rules


def _steady(study: Study) -> Line | None:
    if _is_linear(study):
        return None
    step = steady_step(study.rule)
    return Line("steady step", (step, " under a constant gradient ", SLOPE), step)


def _is_linear(study: Study) -> bool:
    """Return whether a rule is linear without anything held fixed."""
    try:
        return not study.linear.held
    except NotLinearError:
        return False


def _cycle(study: Study) -> Line | None:
    if not any(u.value.has(sign) for u in study.rule.updates):
        return None
    amplitude = cycle_of_two(study.rule, study.curvature)
    parts = ("the weights alternate between plus and minus ", amplitude, " on every quadratic")
    if amplitude.has(study.curvature):
        parts = (*parts[:2], " on a quadratic of this curvature")
    return Line("cycle", parts, amplitude)


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


def report(rule: RuleLike, **values: Numbers) -> Report:
    """Return what a rule is as mechanics and as a method: each line computed, or "not, because" a reason.

    Lines: the law of motion with mass, friction and memory, and the integrator that the rule is of it
    (recognised by the map); other readings; what the unit of time leaves fixed; the order; the stable
    curvatures of a quadratic and the margin; the effective learning rate; damping; the rate; the modified
    loss; the energy lost in a step. Second moments, and whatever else scales the step, are held fixed, and
    counters have run out; the lines say so.

    Parameters
    ----------
    rule
        A rule, or what stands for one.
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
    given = as_rule(rule)
    name = str(getattr(rule, "title", "") or getattr(rule, "name", ""))
    curvature = curvature_symbol(given)
    chosen = _values(given, values, curvature)
    outside = [c for c in given.ranges if not _holds(c, chosen)]
    kept = Rule(given.updates, given.start, tuple(c for c in given.ranges if c not in outside), given.typical)
    signed = positive_parameters(kept, natural_ranges(kept))
    # A value of another sign than is declared takes the declared sign away.
    signed |= {p: Symbol(p.name, real=True) for p, v in chosen.items() if p.is_positive and not v.is_positive}
    numbers = tuple((signed.get(s, s), v) for s, v in chosen.items() if s != curvature)
    study = Study(with_signs(kept, signed), numbers, curvature, chosen.get(curvature))
    back = {new: old for old, new in signed.items()}
    lines = tuple(_named(line, back) for line in _lines(study))
    if outside:
        said = ", ".join(map(str, outside))
        lines = (Line("values", (f"outside the natural range {said}, which is not assumed",)), *lines)
    assuming = tuple(Condition(c.expression.xreplace(back), c.relation) for c in natural_ranges(kept))
    return Report(given, lines, name, tuple(chosen.items()), assuming)


def _values(rule: Rule, given: Mapping[str, Numbers], curvature: Symbol) -> dict[Symbol, Expr]:
    named = {p.name: p for p in (*rule.parameters, curvature)}
    if unknown := [n for n in given if n not in named]:
        raise ValueError(f"the rule has no parameter {unknown[0]}; it has {', '.join(sorted(named))}")
    typical = {p: v for p, v in rule.typical if not v.free_symbols}
    return typical | {named[n]: _number(n, value) for n, value in given.items()}


def _number(name: str, value: object) -> Expr:
    """Return a value exactly; a float is the shortest decimal that it prints."""
    if isinstance(value, bool | str):
        raise TypeError(f"expected a number for {name}, given {value!r}")
    found = Rational(repr(value)) if isinstance(value, float) else sympify(value)
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
    return replace(line, parts=tuple(_mapped(p, names) for p in line.parts), value=_mapped(line.value, names))


def _mapped(value: Any, names: Mapping[Symbol, Symbol]) -> Any:
    if isinstance(value, Expr):
        return value.xreplace(dict(names))
    if isinstance(value, tuple):
        return tuple(_mapped(v, names) for v in value)
    if is_dataclass(value) and not isinstance(value, type) and not isinstance(value, Symbol):
        return replace(
            value, **{f.name: _mapped(getattr(value, f.name), names) for f in fields(value) if f.init}
        )
    return value
