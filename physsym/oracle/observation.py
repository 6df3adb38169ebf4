"""What is observed: whether the last line of a derivation follows the first one, in numbers, and how well."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf, isfinite, log2
from statistics import median
from typing import Any, Literal

import numpy as np
import sympy
from sympy import Symbol

from physsym.core.statements import Law, Rule, Statement
from physsym.core.symbols import AFTER, DOT
from physsym.oracle.formulas import CASES, NotSimulatedError, Values, compiled, violates_sign
from physsym.oracle.lagrangian import lagrangian_defect
from physsym.oracle.methods import RIGHT, blocks, is_partitioned, method_defect, rates_of
from physsym.oracle.motions import (
    TIME,
    ContradictionError,
    EquationsOfMotion,
    Motion,
    UnboundedError,
    equations_of_motion,
    plain,
    solved_motion,
)
from physsym.oracle.names import (
    contradicted_names,
    contradicted_signs,
    coordinates,
    declared,
    drawn,
    earlier,
    introduced,
    kind,
    named_states,
    numbers,
    observables,
    read_by_functions,
    symbols_of,
)
from physsym.oracle.runs import depth, run

Outcome = Literal["follows", "does not follow", "not simulated"]
BEGIN = 1.0  # the time at the start: not zero, at which coefficients such as 3/t have a pole
SPANS = (2.0, 0.5, 0.125)  # tried in turn, until the motions stay bounded
LEVELS = 4
SLACK = 0.4  # by which a measured order may fall short of the claimed one
FLOOR = 3e-9  # gaps below it are rounding and errors of the reference
EXACT = 1e-6
RULE_STEPS = 5
LAYER = 0.25  # the part of the time span that is left to an initial layer


@dataclass(frozen=True)
class StateConvergence:
    """How the motion of one state converges: on the whole time span, only after a layer, or not at all."""

    state: str
    convergence: Literal["uniform", "after a layer", "none"]

    def __str__(self) -> str:
        return f"{self.state}: {self.convergence}"


@dataclass(frozen=True)
class Observation:
    """What the oracle saw of a derivation.

    Parameters
    ----------
    outcome
        Whether the last line follows the first, or that this was not simulated.
    reason
        Why it does not follow, or why it was not simulated.
    order
        The measured order: the exponent by which the gap falls as all small quantities fall together; infinite
        where the gap is rounding.
    claimed
        The smallest order that is claimed; infinite for an exact derivation, None where none is claimed.
    gaps
        The largest gaps after the initial layer, level by level.
    states
        How each state converges.
    notes
        Assumptions that are true at times only, and what was left out.
    """

    outcome: Outcome
    reason: str = ""
    order: float | None = None
    claimed: float | None = None
    gaps: tuple[float, ...] = ()
    states: tuple[StateConvergence, ...] = ()
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.outcome == "follows"

    @property
    def convergence(self) -> str:
        """Return whether all states converge uniformly, or some only after a layer; empty if none was seen."""
        kinds = {s.convergence for s in self.states}
        return "" if not kinds or "none" in kinds else "after a layer" if "after a layer" in kinds else "uniform"

    def __str__(self) -> str:
        if self.outcome == "not simulated":
            return f"not simulated, because {self.reason}"
        measured = "" if self.order is None else "exactly" if self.order == inf else f"with order {self.order:.2f}"
        claimed = f" (claimed {_number(self.claimed)})" if self.claimed is not None and measured else ""
        parts = [f"{self.outcome} {measured}".rstrip() + claimed]
        parts += [self.reason] if self.reason else []
        layered = [s.state for s in self.states if s.convergence == "after a layer"]
        if layered and self.outcome == "follows":
            parts.append(f"{', '.join(layered)} only after a layer")
        return "; ".join([*parts, *self.notes])


def _number(order: float) -> str:
    return "exact" if order == inf else f"{order:g}"


def contradicts(observation: Observation, verdicts: Iterable[object]) -> bool:
    """Return whether an observation contradicts verdicts that all hold.

    Parameters
    ----------
    observation
        What was seen of the derivation.
    verdicts
        Its verdicts; true are those that hold.

    Returns
    -------
    bool
    """
    return observation.outcome == "does not follow" and all(verdicts)


def simulate(derivation: Any) -> Observation:
    """Observe a derivation: anything with `start`, `steps`, `lines`, `verdicts` and `error`.

    Parameters
    ----------
    derivation
        Each step has a `move`; each verdict `assumes` and, where it has any, `convergence`.

    Returns
    -------
    Observation

    Examples
    --------
    >>> from derivations.gradient_descent import derivation
    >>> print(simulate(derivation).outcome)
    follows
    """
    verdicts = derivation.verdicts()
    entries = getattr(derivation.error, "entries", ())
    orders = [float(e.order.exponent) for e in entries if getattr(e, "order", None) is not None]
    system = derivation.start if hasattr(derivation.start, "lagrangian") else None
    kinds = ("position", "velocity", "displacement", "gradient")
    lines = derivation.lines
    known = symbols_of(lines, [s.move for s in derivation.steps])
    quantity = getattr(getattr(derivation, "vocabulary", None), "quantity", lambda _: None)
    moving = [n for n, s in known.items() if getattr(quantity(s), "kind", "") in kinds]
    return observe(
        lines,
        [step.move for step in derivation.steps],
        None if "not known" in str(derivation.error) else orders,
        convergence=[v.convergence for v in verdicts if getattr(v, "convergence", "")],
        assumptions=[a for v in verdicts for a in v.assumes],
        system=system,
        moving=moving,
    )


def observe(
    lines: Sequence[Statement],
    moves: Sequence[Any],
    claimed: Sequence[float] | None = (),
    *,
    convergence: Sequence[str] = (),
    assumptions: Sequence[Any] = (),
    system: Any = None,
    moving: Sequence[str] = (),
    seed: int = 0,
) -> Observation:
    """Observe lines that are said to follow from each other by moves.

    Parameters
    ----------
    lines
        The first line and the line that each move gives.
    moves
        The moves, of which only the class name and the fields are read.
    claimed
        The orders of the errors that are claimed, none for an exact derivation; None where the error is said
        not to be known, then the lines after the last neglected term are compared.
    convergence
        What is claimed on the convergence of motions, such as "uniform".
    assumptions
        The conditions that were listed, with `expression` and `relation`.
    system
        The mechanical system that the first line is said to follow from.
    moving
        Names that are known to move although no line says so.
    seed
        For other numbers.

    Returns
    -------
    Observation
        That the last line follows the first, that it does not, or why this was not simulated.
    """
    neglected = [k for k, move in enumerate(moves) if kind(move) == "Neglect"]
    begin = neglected[-1] + 1 if claimed is None and neglected else 0
    least = None if claimed is None else min((float(o) for o in claimed), default=inf)
    sight = _Sight(tuple(lines[begin:]), tuple(moves[begin:]), least, tuple(assumptions), tuple(moving), seed)
    try:
        if system is not None and not begin and (wrong := lagrangian_defect(system, lines[0], seed)):
            return Observation("does not follow", wrong, claimed=least)
        seen = _observed(sight)
    except NotSimulatedError as reason:
        return Observation("not simulated", str(reason), claimed=least)
    except ContradictionError as reason:
        return Observation("does not follow", str(reason), claimed=least)
    except UnboundedError:
        return Observation("not simulated", "the motion leaves every bound at once", claimed=least)
    if begin:
        seen = replace(seen, notes=(*seen.notes, "seen from the line after the neglected term"))
    if seen and "uniform" in convergence and seen.convergence == "after a layer":
        return replace(seen, outcome="does not follow", reason="a layer was seen where uniform convergence is claimed")
    return seen


# ------------------------------------------------------------------ one derivation with its numbers


@dataclass(frozen=True)
class _Sight:
    """Lines and moves with all that is derived from them once."""

    lines: tuple[Statement, ...]
    moves: tuple[Any, ...]
    claimed: float | None
    assumptions: tuple[Any, ...]
    named_moving: tuple[str, ...]
    seed: int

    @cached_property
    def known(self) -> dict[str, Symbol]:
        return symbols_of(self.lines, self.moves)

    @cached_property
    def step(self) -> str:
        steps = [str(move.step.name) for move in self.moves if kind(move) == "Integrate"]
        return steps[0] if steps else ""

    @cached_property
    def limits(self) -> tuple[Any, ...]:
        return tuple(move for move in self.moves if kind(move) == "Limit")

    @property
    def levels(self) -> int:
        return LEVELS if self.limits or self.step else 1

    @cached_property
    def own(self) -> tuple[str, ...]:
        """The coordinates of the first line."""
        return coordinates(self.lines[0])

    @cached_property
    def signals(self) -> dict[str, Any]:
        """Functions of time for what the lines read and give no equation for."""
        new = {str(s.name) for move in self.moves for s in introduced(move)}
        read = {n for line in self.lines[:1] for n in read_by_functions(line)} | set(self.named_moving)
        first = {str(s.name) for s in symbols_of(self.lines[:1], ()).values()}
        constants = {n for n, s in self.known.items() if s.is_positive and n not in self.named_moving}
        names = sorted((read & first) - set(self.own) - new - constants - {TIME})
        names = [n for n in names if not n.endswith((DOT, AFTER))]
        return {n + DOT * order: _signal(k, order) for k, n in enumerate(names) for order in (0, 1, 2)}

    def start(self) -> dict[str, Any]:
        """Return coordinates and velocities at the start, on both sides of the minimum, off slow manifolds."""
        found: dict[str, Any] = {TIME: np.full(CASES, BEGIN)}
        for k, name in enumerate(self.own):
            for order, numbers_of in enumerate(_STARTS):
                shifted = np.array(numbers_of) * (1 - 0.17 * k)
                symbol = self.known.get(name + DOT * order)
                found[name + DOT * order] = np.abs(shifted) if symbol is not None and symbol.is_nonnegative else shifted
        if TIME in self.own:
            found[TIME] = np.full(CASES, BEGIN)
        return found | {n: f(BEGIN) * np.ones(CASES) for n, f in self.signals.items()}

    def constants(self, small: Mapping[str, Any], start: Values) -> dict[str, Any]:
        """Return numbers for all constants that satisfy the assumptions on constants."""
        states = {n + marks for n in named_states(self.moves) for marks in ("", DOT, DOT * 2)}
        constant = {n: s for n, s in self.known.items() if n not in states}
        for seed in range(self.seed, self.seed + 12):
            found = numbers(constant, self.moves, small, start, seed)
            if self._permitted(found):
                return found
        raise NotSimulatedError("no numbers were found that satisfy the assumptions")

    def _permitted(self, constants: Values) -> bool:
        for condition in self.assumptions:
            if not hasattr(condition, "expression"):
                continue
            names = {str(s.name) for s in condition.expression.free_symbols}
            if names and names <= set(constants) and not np.all(_truth(condition, constants)):
                return False
        return True


_STARTS = ((0.9, -0.8, -0.7, 1.0), (-0.8, 0.9, -0.6, 0.7), (0.3, 0.2, -0.4, 0.5))


def _signal(number: int, order: int) -> Any:
    """Return a derivative of a smooth function of time, a sum of two sines, one for each case."""
    slow, fast = (1.1 + 0.2 * number, 2.3 + 0.3 * number)
    phase = np.arange(CASES) * 0.9 + number
    turn = order * np.pi / 2

    def function(time: Any) -> Any:
        one = 0.7 * slow**order * np.sin(slow * time + phase + turn)
        return one + 0.3 * fast**order * np.sin(fast * time + 2 * phase + turn)

    return function


def _small(sight: _Sight, level: float, step: float) -> dict[str, Any]:
    """Return numbers for what tends to a limit, and the time step."""
    eps = 0.1 / 2**level
    found: dict[str, Any] = {sight.step: np.full(CASES, step)} if sight.step else {}
    for move in sight.limits:
        symbol, to = move.symbol, sympy.sympify(move.to)
        side = getattr(move, "side", None)
        if to in (sympy.oo, -sympy.oo):
            found[str(symbol.name)] = np.full(CASES, 1 / eps if to == sympy.oo else -1 / eps)
            continue
        if to.free_symbols:
            raise NotSimulatedError(f"{symbol} tends to {to}, which is no number")
        both = np.array([1, -1] * (CASES // 2))
        if side in ("+", "-"):
            sign = np.full(CASES, 1 if side == "+" else -1)
        elif to == 0 and symbol.is_nonnegative:
            sign = np.ones(CASES)
        else:
            sign = -np.ones(CASES) if to == 0 and symbol.is_nonpositive else both
        found[str(symbol.name)] = float(to) + sign * eps
    return found


def _truth(condition: Any, values: Values) -> Any:
    number = np.asarray(compiled((condition.expression,))(values)[0], float)
    relation = str(condition.relation)
    slack = 1e-9
    return {
        "= 0": np.abs(number) < 1e-6, "!= 0": number != 0, "> 0": number > 0, ">= 0": number >= -slack,
    }[relation]  # fmt: skip


# ------------------------------------------------------------------ the measurement


def _observed(sight: _Sight) -> Observation:
    wrong = [*contradicted_names(sight.lines, sight.moves), *_limits_of_motion(sight)]
    if wrong:
        return Observation("does not follow", wrong[0], claimed=sight.claimed)
    view = _LawView if isinstance(sight.lines[0], Law) else _RuleView
    if view is _RuleView and isinstance(sight.lines[-1], Law):
        raise NotSimulatedError("a law cannot be compared with the rule that it is said to come from")
    last: Exception = UnboundedError()
    for span in SPANS if view is _LawView else SPANS[:1]:
        try:
            looks = [view(sight, level, span).look() for level in range(sight.levels)]
            break
        except UnboundedError as reason:
            last = reason
    else:
        if "while" in str(last):
            return Observation("does not follow", str(last), claimed=sight.claimed)
        raise last
    defects = [*view(sight, min(1, sight.levels - 1), span).defects()]
    seen = _measured(sight, looks)
    notes = view(sight, sight.levels - 1, span).notes()
    if defects and (seen or seen.outcome == "not simulated"):
        seen = replace(seen, outcome="does not follow", reason=defects[0])
    elif defects:
        seen = replace(seen, reason=f"{seen.reason}; {defects[0]}" if seen.reason else defects[0])
    return replace(seen, notes=(*seen.notes, *notes))


def _limits_of_motion(sight: _Sight) -> Iterator[str]:
    moving = {*sight.own, TIME, *sight.signals}
    for move in sight.moves:
        moving |= {str(s.name) for s in introduced(move) if kind(move) in ("ReduceOrder", "Rescale")}
        if kind(move) == "Limit" and plain(str(move.symbol.name)) in moving:
            yield f"{move.symbol} changes along the motion, so that no limit of it is a motion"


Look = dict[str, tuple[float, float]]  # of each state the largest gap after the layer, and the largest of all


def _measured(sight: _Sight, looks: Sequence[Look]) -> Observation:
    """Return the order and the convergence that the gaps of all levels show."""
    names = sorted(looks[-1])
    gaps = tuple(max((look.get(n, (inf, inf))[0] for n in names), default=inf) for look in looks)
    claimed = sight.claimed
    if len(looks) == 1:
        exact = gaps[0] < EXACT
        order = inf if exact else 0.0
        reason = "" if exact else f"the motions part by {gaps[0]:.2g}"
        states = tuple(StateConvergence(n, "uniform" if looks[0][n][1] < EXACT else "none") for n in names)
        return Observation("follows" if exact else "does not follow", reason, order, claimed, gaps, states)
    order = measured_order(gaps)
    states = tuple(_convergence(n, looks) for n in names)
    vanishes = gaps[-1] < FLOOR or (order > 0.15 and gaps[-1] < 0.8 * gaps[0] and gaps[-1] < 0.5)
    if not vanishes:
        wide = f"{gaps[-1]:.2g}" if isfinite(gaps[-1]) else "without bound"
        return Observation("does not follow", f"the motions part by {wide}", order, claimed, gaps, states)
    if claimed == inf and order != inf and gaps[-1] > EXACT:
        reason = f"an error of order {order:.2f} was seen where none is claimed"
        return Observation("does not follow", reason, order, claimed, gaps, states)
    if claimed is not None and claimed != inf and order < claimed - SLACK:
        reason = "the order is lower than claimed"
        return Observation("does not follow", reason, order, claimed, gaps, states)
    return Observation("follows", "", order, claimed, gaps, states)


def measured_order(gaps: Sequence[float]) -> float:
    """Return the median exponent by which gaps fall from level to level, over all pairs of levels.

    Gaps below the precision of the reference count for nothing; infinite if all of them are.
    """
    large = [(k, g) for k, g in enumerate(gaps) if FLOOR < g < inf]
    exponents = [log2(a / b) / (j - i) for i, a in large for j, b in large if j > i]
    if exponents:
        return median(exponents)
    return inf if gaps[-1] <= FLOOR else 0.0


def _convergence(name: str, looks: Sequence[Look]) -> StateConvergence:
    after, whole = ([look.get(name, (inf, inf))[k] for look in looks] for k in (0, 1))
    if whole[-1] < FLOOR or (measured_order(whole) > 0.3 and whole[-1] < 0.7 * whole[0]):
        return StateConvergence(name, "uniform")
    falls = after[-1] < FLOOR or (measured_order(after) > 0.15 and after[-1] < 0.8 * after[0])
    return StateConvergence(name, "after a layer" if falls else "none")


def _gaps(exact: Any, approximate: Any, after: Any, reference: Any) -> tuple[float, float]:
    held = np.abs(reference)
    scale = max(float(np.max(held[np.isfinite(held)], initial=0)), 1e-9)
    with np.errstate(all="ignore"):
        gap = np.atleast_1d(np.abs(np.asarray(exact) - np.asarray(approximate)) / scale)
    gap = np.where(np.isfinite(gap), gap, inf)
    return float(np.max(gap[after], initial=0)), float(np.max(gap))


class _View:
    """One level of a derivation: the numbers of its names, and the motion or the run of its first line."""

    def __init__(self, sight: _Sight, level: float, span: float) -> None:
        self.sight, self.span = sight, span
        coarse = 40 if sight.claimed is None or sight.claimed < 3 or sight.claimed == inf else 12
        # One more, so that the number of steps is odd: a rule that turns signs can be right after even ones.
        self.steps = coarse * 2 ** int(level) + 1
        self.h = span / self.steps
        self.start = sight.start()
        self.constants = sight.constants(_small(sight, level, self.h), self.start)

    def until(self, number: int, values: dict[str, Any]) -> dict[str, Any]:
        """Return values of a motion with the names that the moves before a line give to it."""
        return observables(values, self.sight.moves[:number], self.sight.known)

    def notes(self) -> tuple[str, ...]:
        """Return the assumptions that are true at times only."""
        values = self.path()
        return tuple(
            f"{c.expression} {c.relation} at times only" for c in self._conditions(values) if not np.all(_holds(c, values))
        )

    def path(self) -> dict[str, Any]:
        """Return all names along the motion of the first line."""
        raise NotImplementedError

    def _conditions(self, values: Values) -> Iterator[Any]:
        listed = (*getattr(self.sight.lines[0], "assuming", ()), *self.sight.assumptions)
        for condition in dict.fromkeys(listed):
            names = {str(s.name) for s in getattr(condition, "expression", Symbol("")).free_symbols}
            if names and names <= set(values) and hasattr(condition, "relation"):
                yield condition

    def meaning_defects(self) -> Iterator[str]:
        """Yield signs, definitions and assumptions that the motion contradicts."""
        yield from contradicted_signs(self.sight.known, self.constants)
        values = self.path()
        for name, symbol in self.sight.known.items():
            if name in values and name not in self.constants and violates_sign(symbol, values[name]):
                yield f"{name} is declared {declared(symbol)} and is not so along the motion"
        for condition in self._conditions(values):
            if not np.any(_holds(condition, values)):
                yield f"{condition.expression} {condition.relation} is assumed and is never so along the motion"
        for move in self.sight.moves:
            if kind(move) != "Define":
                continue
            try:
                track = np.asarray(compiled((move.value,))(values)[0], float)
            except NotSimulatedError:
                continue
            if track.ndim > 1 and not np.allclose(track, track[:1], rtol=1e-7, atol=0, equal_nan=True):
                ends = f"{float(track[0][0]):.3g} to {float(track[-1][0]):.3g}"
                yield f"{move.symbol} stands for {move.value}, which changes along the motion from {ends}"

    def rule_defects(self) -> Iterator[str]:
        """Yield the steps from one rule to the next that change the run."""
        for k, move in enumerate(self.sight.moves):
            above, below = self.sight.lines[k], self.sight.lines[k + 1]
            if not (isinstance(above, Rule) and isinstance(below, Rule)) or kind(move) == "Neglect":
                continue
            if kind(move) != "Limit":
                gap = self._rule_gap(above, below, move, self.constants)
                if not gap < 1e-7:
                    yield f"step {k + 1} ({kind(move)}) changes the rule, by {gap:.2g}"
                continue
            gaps = [self._limit_gap(above, below, move, level) for level in (4, 6, 8)]
            if not (gaps[-1] < 1e-7 or (gaps[-1] < 0.6 * gaps[0] and measured_order(gaps) > 0.1)):
                yield f"step {k + 1} (Limit): the rule does not tend to the line below, the gap is {gaps[-1]:.2g}"

    def _limit_gap(self, above: Rule, below: Rule, move: Any, level: float) -> float:
        """Return the gap between two rules as one symbol comes near its limit at a fixed time step."""
        name = str(move.symbol.name)
        small = _small(self.sight, 1, self.h) | {name: _small(self.sight, level, self.h)[name]}
        if name == self.sight.step:
            small[name] = np.full(CASES, self.h / 4**level)
        return self._rule_gap(above, below, move, self.sight.constants(small, self.start))

    def _rule_gap(self, above: Rule, below: Rule, move: Any, constants: Values) -> float:
        far = max(depth(above), depth(below))
        values = {n: drawn(Symbol(n, real=True), 5) for u in above.updates for n in _instants(str(u.target.name), far)}
        held = {**constants, **{n: v for n, v in self.start.items() if n in self.sight.signals or n == TIME}}
        track = run(above, values | {TIME: self.start[TIME]}, held, RULE_STEPS)
        seen = observables({**held, **track}, [move], self.sight.known)
        names = [str(u.target.name) for u in below.updates]
        missing = [n for n in names if n not in seen]
        if missing:
            raise NotSimulatedError(f"{missing[0]} has no meaning in the line above")
        begin = {earlier(n, j): seen[n][far - j] for n in names for j in range(far + 1)}
        again = run(below, begin, held, RULE_STEPS - far)
        return max(_gaps(seen[n][far:], again[n], slice(None), seen[n])[1] for n in names)


def _instants(name: str, far: int) -> list[str]:
    return [earlier(name, j) for j in range(far + 1)]


def _holds(condition: Any, values: Values) -> Any:
    return _truth(condition, values)


class _LawView(_View):
    """A derivation that begins with a law."""

    @cached_property
    def equations(self) -> EquationsOfMotion:
        line = self.sight.lines[0]
        found = equations_of_motion(line)
        if len(found.residuals) > len(found.unknowns):
            # An equation more than there are rates may give a value: that of a name of no sign without a rate.
            free = [
                n for n, s in sorted(symbols_of([line], ()).items())
                if n == plain(n) and n not in (*found.orders, *self.sight.signals, TIME) and not s.is_positive
            ]  # fmt: skip
            if len(free) == len(found.residuals) - len(found.unknowns):
                return equations_of_motion(line, free)
        return found

    @cached_property
    def motion(self) -> Motion:
        span = (BEGIN, BEGIN + self.span)
        return solved_motion(self.equations, self.start, self.constants, span, self.sight.signals)

    def along(self, times: Any, number: int | None = None) -> dict[str, Any]:
        """Return all names at times, with those that the moves before a line give."""
        return self.until(len(self.sight.moves) if number is None else number, self.motion.at(times))

    def path(self) -> dict[str, Any]:
        return self.along(np.linspace(BEGIN, BEGIN + self.span, 33))

    @cached_property
    def free(self) -> frozenset[str]:
        """Return the names of what begins freely: the states of the first line, under all their names."""
        found = set(self.equations.states)
        for move in self.sight.moves:
            if kind(move) == "ReduceOrder":
                pairs = [(str(move.coordinate.name) + DOT, str(move.velocity.name))]
            elif kind(move) == "Rescale":
                pairs = [(str(move.old.name) + DOT * k, str(move.new.name) + DOT * k) for k in range(2)]
            else:
                continue
            found |= {new for old, new in pairs if old in found}
        return frozenset(found)

    def look(self) -> Look:
        """Return the gaps of this level."""
        last = self.sight.lines[-1]
        return self._look_at_rule(last) if isinstance(last, Rule) else self._look_at_law(last)

    def _look_at_law(self, last: Law) -> Look:
        fine = BEGIN + self.span * np.concatenate([[0.0], np.geomspace(1e-4, LAYER, 40), np.linspace(LAYER, 1, 31)[1:]])
        begin = {**self.constants, **self.start}
        begin |= self.equations.solve(begin)
        begin = self.until(len(self.sight.moves), begin)
        moving = [n for n in begin if n not in self.constants and n not in self.sight.signals]
        equations = equations_of_motion(last, moving)
        strange = [n for n in equations.orders if n not in begin and n + DOT not in begin]
        if strange:
            raise NotSimulatedError(f"{strange[0]} has no meaning in the first line")
        start = {n: begin[n] for n in equations.states if n in begin}
        other = self._bounded(
            lambda: solved_motion(equations, start, self.constants, (BEGIN, BEGIN + self.span), self.sight.signals)
        )
        exact, values = self.along(fine), other.at(fine)
        free = self.free if self.sight.limits else frozenset(exact)
        names = [n for n in (*equations.states, *equations.unknowns) if n in exact and n in free] or [
            n for n in equations.unknowns if n in exact
        ]
        after = fine >= BEGIN + LAYER * self.span
        return {n: _gaps(exact[n], values[n], after, exact[n]) for n in names if n != TIME}

    def _bounded(self, make: Any) -> Any:
        """Return the motion of the last line; say so where only that of the first line leaves every bound."""
        other = make()
        try:
            _ = self.motion
        except UnboundedError:
            other.at([BEGIN, BEGIN + self.span])
            raise UnboundedError(
                "the motion of the first line leaves every bound while that of the last one does not"
            ) from None
        return other

    def _look_at_rule(self, last: Rule) -> Look:
        if not self.sight.step:
            raise NotSimulatedError("no step integrates the law, so that a rule has no time step")
        far = depth(last)
        times = BEGIN + self.h * np.arange(self.steps + 1)
        names = [str(u.target.name) for u in last.updates]
        try:
            exact = self.along(times)
        except UnboundedError:
            self._refuse_unbounded(last, names)
            raise
        missing = [n for n in names if n not in exact]
        if missing:
            raise NotSimulatedError(f"{missing[0]} has no meaning in the first line")
        rows = {n: np.broadcast_to(exact[n], (self.steps + 1, CASES)) for n in names}
        start = {earlier(n, j): rows[n][far - j] for n in names for j in range(far + 1)}
        start.setdefault(TIME, np.full(CASES, times[far]))
        track = run(last, start, self.constants, self.steps - far, times[far:], self.sight.signals)
        after = np.arange(self.steps + 1 - far) >= LAYER * self.steps
        return {n: _gaps(rows[n][far:], track[n], after, rows[n]) for n in names}

    def _refuse_unbounded(self, last: Rule, names: Sequence[str]) -> None:
        """Say so where the motion of the first line leaves every bound and the run of the last one does not."""
        begin = self.until(len(self.sight.moves), {**self.constants, **self.start})
        if depth(last) or any(n not in begin for n in names):
            return
        times = BEGIN + self.h * np.arange(self.steps + 1)
        start = {n: begin[n] for n in names} | {TIME: self.start[TIME]}
        track = run(last, start, self.constants, self.steps, times, self.sight.signals)
        if all(np.isfinite(v).all() and np.abs(v).max() < 100 for v in track.values()):
            raise UnboundedError("the motion of the first line leaves every bound while the run of the rule does not")

    # -------------------------------------------------------------- step by step

    def defects(self) -> Iterator[str]:
        """Yield what is wrong with single steps."""
        yield from self.meaning_defects()
        for k, move in enumerate(self.sight.moves):
            above, below = self.sight.lines[k], self.sight.lines[k + 1]
            if kind(move) == "Integrate" and isinstance(above, Law) and isinstance(below, Rule):
                yield from self._method_defects(k, move, above, below)
            elif isinstance(above, Law) and isinstance(below, Law) and kind(move) not in ("Limit", "Neglect"):
                yield from self._law_defects(k, move, above, below)
        yield from self.rule_defects()

    def _point(self, number: int, equations: EquationsOfMotion) -> dict[str, Any]:
        """Return a state of a line at random, with the rates that the line gives there."""
        values: dict[str, Any] = {**self.constants, TIME: self.start[TIME]}
        values |= {n: self.start[n] for n in self.sight.signals}
        values |= {n: drawn(Symbol(n, real=True), 3 + number) for n in equations.states if n != TIME}
        return values | equations.solve(values)

    def _equations_of(self, number: int) -> EquationsOfMotion:
        if number == 0:
            return self.equations
        begin = {**self.constants, **self.start}
        known = self.until(number, begin | self.equations.solve(begin))
        moving = [n for n in known if n not in self.constants and n not in self.sight.signals]
        return equations_of_motion(self.sight.lines[number], moving)  # type: ignore[arg-type]

    def _law_defects(self, k: int, move: Any, above: Law, below: Law) -> Iterator[str]:
        point = self._point(k, self._equations_of(k))
        point = observables(point, [move], self.sight.known)
        equations = self._equations_of(k + 1)
        missing = [n for n in (*equations.states, *equations.unknowns) if n not in point]
        if missing:
            yield f"step {k + 1} ({kind(move)}) reads {missing[0]}, which the line above does not give"
            return
        found = equations.solve(point, point)
        gaps = [_gaps(point[n], found[n], slice(None), np.abs(point[n]) + 1)[1] for n in equations.unknowns]
        if not max(gaps) < 1e-6:
            yield f"step {k + 1} ({kind(move)}) changes the motion: a rate by {max(gaps):.2g}"

    def _method_defects(self, k: int, move: Any, above: Law, below: Rule) -> Iterator[str]:
        equations = self._equations_of(k)
        if any(order != 1 for order in equations.orders.values()):
            yield f"step {k + 1} (Integrate) needs a law of first order"
            return
        point = self._point(k, equations)
        reduced = {str(m.coordinate.name) for m in self.sight.moves[:k] if kind(m) == "ReduceOrder"}
        states = list(equations.orders)
        inside = read_by_functions(above) & set(states)
        positions = inside if inside and inside != set(states) else frozenset(reduced)
        named = [str(s.name) for s in getattr(move, "first", ())]
        first = blocks(states, positions, named) if is_partitioned(move.method) else [frozenset(states)]
        point.setdefault(TIME, self.start[TIME])
        gap = method_defect(move.method, rates_of(equations), below, str(move.step.name), point, first)
        if not gap < RIGHT:
            yield f"step {k + 1} is not one step of {move.method.name}, which it misses by {gap:.2g}"


class _RuleView(_View):
    """A derivation that begins with a rule."""

    @cached_property
    def track(self) -> dict[str, Any]:
        first = self.sight.lines[0]
        names = [n for u in first.updates for n in _instants(str(u.target.name), depth(first))]  # type: ignore[union-attr]
        start = {n: self.start.get(n, drawn(Symbol(n, real=True), 1)) for n in names} | {TIME: self.start[TIME]}
        held = {**self.constants, **{n: self.start[n] for n in self.sight.signals}}
        return {**held, **run(first, start, held, RULE_STEPS)}  # type: ignore[arg-type]

    def path(self) -> dict[str, Any]:
        return self.until(len(self.sight.moves), self.track)

    def look(self) -> Look:
        """Return the gaps of this level."""
        last, exact = self.sight.lines[-1], self.path()
        far = depth(last)  # type: ignore[arg-type]
        names = [str(u.target.name) for u in last.updates]  # type: ignore[union-attr]
        missing = [n for n in names if n not in exact]
        if missing:
            raise NotSimulatedError(f"{missing[0]} has no meaning in the first line")
        start = {earlier(n, j): exact[n][far - j] for n in names for j in range(far + 1)} | {TIME: self.start[TIME]}
        held = {**self.constants, **{n: self.start[n] for n in self.sight.signals}}
        track = run(last, start, held, RULE_STEPS - far)  # type: ignore[arg-type]
        return {n: _gaps(exact[n][far:], track[n], slice(None), exact[n]) for n in names}

    def defects(self) -> Iterator[str]:
        """Yield what is wrong with single steps."""
        yield from self.meaning_defects()
        yield from self.rule_defects()
