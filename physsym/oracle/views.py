"""A derivation in numbers: the motions of its first and last lines, at one level of small quantities."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf, log2
from statistics import median
from typing import Any

import numpy as np
import sympy
from sympy import Symbol

from physsym.core.statements import Law, Rule, Statement
from physsym.core.symbols import AFTER, DOT
from physsym.oracle.formulas import CASES, NotSimulatedError, Values, compiled, violates_sign
from physsym.oracle.methods import CLOCK, RIGHT, blocks, is_partitioned, method_defect, rates_of
from physsym.oracle.motions import (
    TIME,
    EquationsOfMotion,
    Motion,
    UnboundedError,
    equations_of_motion,
    plain,
    solved_motion,
)
from physsym.oracle.names import (
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

BEGIN = 1.0  # the time at the start: not zero, at which coefficients such as 3/t have a pole
LEVELS = 4
FLOOR = 3e-9  # gaps below it are rounding and errors of the reference
RULE_STEPS = 5
LAYER = 0.25  # the part of the time span that is left to an initial layer


# ------------------------------------------------------------------ one derivation with its numbers


@dataclass(frozen=True)
class Sight:
    """Lines and moves with all that is derived from them once."""

    lines: tuple[Statement, ...]
    moves: tuple[Any, ...]
    claimed: float | None
    assumptions: tuple[Any, ...]
    named_moving: tuple[str, ...]
    seed: int

    @cached_property
    def known(self) -> dict[str, Symbol]:
        """Return all symbols by name."""
        return symbols_of(self.lines, self.moves)

    @cached_property
    def step(self) -> str:
        """Return the name of the time step, or an empty text."""
        steps = [str(move.step.name) for move in self.moves if kind(move) == "Integrate"]
        return steps[0] if steps else ""

    @cached_property
    def limits(self) -> tuple[Any, ...]:
        """Return the moves that are limits."""
        return tuple(move for move in self.moves if kind(move) == "Limit")

    @property
    def levels(self) -> int:
        """Return how often everything small is halved: once is enough where nothing is small."""
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
        return {n + DOT * order: smooth_signal(k, order) for k, n in enumerate(names) for order in (0, 1, 2)}

    def start(self) -> dict[str, Any]:
        """Return a start for each case, on both sides of the minimum and off slow manifolds."""
        found: dict[str, Any] = {TIME: np.full(CASES, BEGIN)}
        for k, name in enumerate(self.own):
            for order, numbers_of in enumerate(_STARTS):
                shifted = np.array(numbers_of) * (1 - 0.17 * k)
                symbol = self.known.get(name + DOT * order)
                found[name + DOT * order] = _of_declared_sign(shifted, symbol)
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


def smooth_signal(number: int, order: int) -> Any:
    """Return a derivative of a smooth function of time, a sum of two sines, one for each case."""
    slow, fast = (1.1 + 0.2 * number, 2.3 + 0.3 * number)
    phase = np.arange(CASES) * 0.9 + number
    turn = order * np.pi / 2

    def function(time: Any) -> Any:
        one = 0.7 * slow**order * np.sin(slow * time + phase + turn)
        return one + 0.3 * fast**order * np.sin(fast * time + 2 * phase + turn)

    return function


def small_numbers(sight: Sight, level: float, step: float) -> dict[str, Any]:
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


Look = dict[str, tuple[float, float]]  # of each state the largest gap after the layer, and the largest of all


def measured_order(gaps: Sequence[float]) -> float:
    """Return the median exponent by which gaps fall from level to level, over all pairs of levels.

    Gaps below the precision of the reference count for nothing; infinite if all of them are.
    """
    large = [(k, g) for k, g in enumerate(gaps) if FLOOR < g < inf]
    exponents = [log2(a / b) / (j - i) for i, a in large for j, b in large if j > i]
    if exponents:
        return median(exponents)
    return inf if gaps[-1] <= FLOOR else 0.0


def gaps_between(exact: Any, approximate: Any, after: Any, reference: Any) -> tuple[float, float]:
    """Return the largest gaps after a layer and altogether, relative to the size of a reference."""
    held = np.abs(reference)
    scale = max(float(np.max(held[np.isfinite(held)], initial=0)), 1e-9)
    with np.errstate(all="ignore"):
        gap = np.atleast_1d(np.abs(np.asarray(exact) - np.asarray(approximate)) / scale)
    gap = np.where(np.isfinite(gap), gap, inf)
    return float(np.max(gap[after], initial=0)), float(np.max(gap))


class View(ABC):
    """One level of a derivation: the numbers of its names, and the motion or the run of its first line."""

    def __init__(self, sight: Sight, level: float, span: float) -> None:
        """Draw the numbers of this level; the time span is that of the motion."""
        self.sight, self.span = sight, span
        coarse = 40 if sight.claimed is None or sight.claimed < 3 or sight.claimed == inf else 12
        # One more, so that the number of steps is odd: a rule that turns signs can be right after even ones.
        self.steps = coarse * 2 ** int(level) + 1
        self.h = span / self.steps
        self.start = sight.start()
        self.constants = sight.constants(small_numbers(sight, level, self.h), self.start)

    def until(self, number: int, values: dict[str, Any]) -> dict[str, Any]:
        """Return values of a motion with the names that the moves before a line give to it."""
        return observables(values, self.sight.moves[:number], self.sight.known)

    def notes(self) -> tuple[str, ...]:
        """Return the assumptions that are true at times only."""
        values = self.path()
        return tuple(
            f"{c.expression} {c.relation} at times only"
            for c in self._conditions(values)
            if not np.all(_truth(c, values))
        )

    @abstractmethod
    def path(self) -> dict[str, Any]:
        """Return all names along the motion of the first line."""

    @abstractmethod
    def look(self) -> Look:
        """Return the gaps of this level."""

    @abstractmethod
    def defects(self) -> Iterator[str]:
        """Yield what is wrong with single steps."""

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
            if not np.any(_truth(condition, values)):
                yield f"{condition} is assumed and is never so along the motion"
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
                yield f"step {k + 1} (Limit): the rule stays {gaps[-1]:.2g} away from the line below"

    def _limit_gap(self, above: Rule, below: Rule, move: Any, level: float) -> float:
        """Return the gap between two rules as one symbol comes near its limit at a fixed time step."""
        name = str(move.symbol.name)
        small = small_numbers(self.sight, 1, self.h) | {name: small_numbers(self.sight, level, self.h)[name]}
        if name == self.sight.step:
            small[name] = np.full(CASES, self.h / 4**level)
        return self._rule_gap(above, below, move, self.sight.constants(small, self.start))

    def _rule_gap(self, above: Rule, below: Rule, move: Any, constants: Values) -> float:
        far = max(depth(above), depth(below))
        values = {
            n: _drawn_state(n, 5, self.sight.known)
            for u in above.updates
            for n in _instants(str(u.target.name), far)
        }
        held = {**constants, **{n: v for n, v in self.start.items() if n in self.sight.signals or n == TIME}}
        track = run(above, values | {TIME: self.start[TIME]}, held, RULE_STEPS)
        seen = observables({**held, **track}, [move], self.sight.known)
        names = [str(u.target.name) for u in below.updates]
        missing = [n for n in names if n not in seen]
        if missing:
            raise NotSimulatedError(f"{missing[0]} has no meaning in the line above")
        begin = {earlier(n, j): seen[n][far - j] for n in names for j in range(far + 1)}
        again = run(below, begin, held, RULE_STEPS - far)
        return max(gaps_between(seen[n][far:], again[n], slice(None), seen[n])[1] for n in names)


def _drawn_state(name: str, seed: int, known: Mapping[str, Symbol]) -> Any:
    """Return a small number for a state, so that a few steps of a rule that is not stable stay bounded."""
    return 0.3 * _of_declared_sign(drawn(Symbol(name, real=True), seed), known.get(plain(name)))


def _of_declared_sign(numbers_of: Any, symbol: Symbol | None) -> Any:
    """Return numbers for the start of a state, of the sign that it is declared to have."""
    if symbol is not None and symbol.is_nonnegative:
        return np.abs(numbers_of)
    return -np.abs(numbers_of) if symbol is not None and symbol.is_nonpositive else numbers_of


def _instants(name: str, far: int) -> list[str]:
    return [earlier(name, j) for j in range(far + 1)]


class LawView(View):
    """A derivation that begins with a law."""

    @cached_property
    def equations(self) -> EquationsOfMotion:
        """Return the first line, ready to be solved."""
        line = self.sight.lines[0]
        assert isinstance(line, Law)
        found = equations_of_motion(line)
        if len(found.residuals) > len(found.unknowns):
            # An equation beyond the rates may give the value of a name without a rate, of no declared sign.
            free = [
                n for n, s in sorted(symbols_of([line], ()).items())
                if n == plain(n) and n not in (*found.orders, *self.sight.signals, TIME) and not s.is_positive
            ]  # fmt: skip
            if len(free) == len(found.residuals) - len(found.unknowns):
                return equations_of_motion(line, free)
        return found

    @cached_property
    def motion(self) -> Motion:
        """Return the solution of the first line."""
        span = (BEGIN, BEGIN + self.span)
        return solved_motion(self.equations, self.start, self.constants, span, self.sight.signals)

    def along(self, times: Any, number: int | None = None) -> dict[str, Any]:
        """Return all names at times, with those that the moves before a line give."""
        return self.until(len(self.sight.moves) if number is None else number, self.motion.at(times))

    def path(self) -> dict[str, Any]:
        """Return all names along the motion."""
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
        fine = BEGIN + self.span * np.concatenate(
            [[0.0], np.geomspace(1e-4, LAYER, 40), np.linspace(LAYER, 1, 31)[1:]]
        )
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
            lambda: solved_motion(
                equations, start, self.constants, (BEGIN, BEGIN + self.span), self.sight.signals
            )
        )
        exact, values = self.along(fine), other.at(fine)
        free = self.free if self.sight.limits else frozenset(exact)
        names = [n for n in (*equations.states, *equations.unknowns) if n in exact and n in free] or [
            n for n in equations.unknowns if n in exact
        ]
        after = fine >= BEGIN + LAYER * self.span
        return {n: gaps_between(exact[n], values[n], after, exact[n]) for n in names if n != TIME}

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
        return {n: gaps_between(rows[n][far:], track[n], after, rows[n]) for n in names}

    def _refuse_unbounded(self, last: Rule, names: Sequence[str]) -> None:
        """Say so where the motion of the law leaves every bound and the run of the rule does not."""
        begin = self.until(len(self.sight.moves), {**self.constants, **self.start})
        if depth(last) or any(n not in begin for n in names):
            return
        times = BEGIN + self.h * np.arange(self.steps + 1)
        start = {n: begin[n] for n in names} | {TIME: self.start[TIME]}
        track = run(last, start, self.constants, self.steps, times, self.sight.signals)
        if all(np.isfinite(v).all() and np.abs(v).max() < 100 for v in track.values()):
            raise UnboundedError(
                "the motion of the first line leaves every bound while the run of the rule does not"
            )

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
        gaps = [
            gaps_between(point[n], found[n], slice(None), np.abs(point[n]) + 1)[1] for n in equations.unknowns
        ]
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
        point[CLOCK] = getattr(move, "clock", "")
        gap = method_defect(move.method, rates_of(equations), below, str(move.step.name), point, first)
        if not gap < RIGHT:
            yield f"step {k + 1} is not one step of {move.method.name}, which it misses by {gap:.2g}"


def _rule(line: Statement) -> Rule:
    assert isinstance(line, Rule)
    return line


class RuleView(View):
    """A derivation that begins with a rule."""

    @cached_property
    def track(self) -> dict[str, Any]:
        """Return the run of the first line."""
        first = _rule(self.sight.lines[0])
        names = [n for u in first.updates for n in _instants(str(u.target.name), depth(first))]
        start = {n: _drawn_state(n, 1, self.sight.known) for n in names} | {TIME: self.start[TIME]}
        held = {**self.constants, **{n: self.start[n] for n in self.sight.signals}}
        return {**held, **run(first, start, held, RULE_STEPS)}

    def path(self) -> dict[str, Any]:
        """Return all names along the run."""
        return self.until(len(self.sight.moves), self.track)

    def look(self) -> Look:
        """Return the gaps of this level."""
        last, exact = _rule(self.sight.lines[-1]), self.path()
        far = depth(last)
        names = [str(u.target.name) for u in last.updates]
        missing = [n for n in names if n not in exact]
        if missing:
            raise NotSimulatedError(f"{missing[0]} has no meaning in the first line")
        start = {earlier(n, j): exact[n][far - j] for n in names for j in range(far + 1)} | {
            TIME: self.start[TIME]
        }
        held = {**self.constants, **{n: self.start[n] for n in self.sight.signals}}
        track = run(last, start, held, RULE_STEPS - far)
        return {n: gaps_between(exact[n][far:], track[n], slice(None), exact[n]) for n in names}

    def defects(self) -> Iterator[str]:
        """Yield what is wrong with single steps."""
        yield from self.meaning_defects()
        yield from self.rule_defects()
