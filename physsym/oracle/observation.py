"""What is observed: whether the last line of a derivation follows the first one, in numbers, and how well."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite
from typing import Any, Literal

from physsym.core.statements import Law, Statement
from physsym.oracle.formulas import NotSimulatedError
from physsym.oracle.lagrangian import lagrangian_defect
from physsym.oracle.motions import TIME, ContradictionError, UnboundedError, plain
from physsym.oracle.names import contradicted_names, introduced, kind, symbols_of
from physsym.oracle.views import FLOOR, LawView, Look, RuleView, Sight, View, measured_order

Outcome = Literal["follows", "does not follow", "not simulated"]
TOO_LOW = "the order is lower than claimed"
SPANS = (2.0, 0.5, 0.125, 0.03)  # tried in turn, until the motions stay bounded
SLACK = 0.4  # by which a measured order may fall short of the claimed one
EXACT = 1e-6


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
        The measured order: the exponent by which the gap falls as all small quantities fall together;
        infinite where the gap is rounding.
    claimed
        The smallest order that is claimed; infinite for an exact derivation, None where none is claimed.
    gaps
        The largest gaps after the initial layer, level by level.
    states
        How each state converges.
    defects
        What is wrong with single steps, signs, definitions, names or assumptions.
    notes
        Assumptions that are true at times only, and what was left out.
    """

    outcome: Outcome
    reason: str = ""
    order: float | None = None
    claimed: float | None = None
    gaps: tuple[float, ...] = ()
    states: tuple[StateConvergence, ...] = ()
    defects: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.outcome == "follows"

    @property
    def convergence(self) -> str:
        """Return "uniform" for all states or "after a layer" for some; empty where one does not converge."""
        kinds = {s.convergence for s in self.states}
        return (
            "" if not kinds or "none" in kinds else "after a layer" if "after a layer" in kinds else "uniform"
        )

    def __str__(self) -> str:
        if self.outcome == "not simulated":
            return f"not simulated, because {self.reason}"
        measured = (
            "" if self.order is None else "exactly" if self.order == inf else f"with order {self.order:.2f}"
        )
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

    Motions that part contradict nothing where the error from the first line to the last is said not to be
    known; what is wrong with a single step does.

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
    against = observation.claimed is not None or bool(observation.defects)
    return observation.outcome == "does not follow" and against and all(verdicts)


def simulate(derivation: Any) -> Observation:
    """Observe a derivation: anything with `steps`, `lines`, `verdicts`, `error`, and a `system` or none.

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
    try:
        lines = derivation.lines
    except ValueError as reason:
        return Observation("not simulated", str(reason))
    verdicts = derivation.verdicts()
    entries = getattr(derivation.error, "entries", ())
    orders = [float(e.order.exponent) for e in entries if getattr(e, "order", None) is not None]
    kinds = ("position", "velocity", "displacement", "gradient")
    known = symbols_of(lines, [s.move for s in derivation.steps])
    quantity = getattr(getattr(derivation, "vocabulary", None), "quantity", lambda _: None)
    moving = [n for n, s in known.items() if getattr(quantity(s), "kind", "") in kinds]
    return observe(
        lines,
        [step.move for step in derivation.steps],
        None if "not known" in str(derivation.error) else orders,
        convergence=[v.convergence for v in verdicts if getattr(v, "convergence", "")],
        assumptions=[a for v in verdicts for a in v.assumes],
        system=getattr(derivation, "system", None),
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
    sight = Sight(tuple(lines[begin:]), tuple(moves[begin:]), least, tuple(assumptions), tuple(moving), seed)
    try:
        first, wrong = lines[0], ""
        if system is not None and not begin and isinstance(first, Law):
            wrong = lagrangian_defect(system, first, seed)
        if wrong:
            return Observation("does not follow", wrong, claimed=least, defects=(wrong,))
        seen = compared(sight)
    except NotSimulatedError as reason:
        return Observation("not simulated", str(reason), claimed=least)
    except ContradictionError as reason:
        return Observation("does not follow", str(reason), claimed=least, defects=(str(reason),))
    except UnboundedError:
        return Observation("not simulated", "the motion leaves every bound at once", claimed=least)
    if begin:
        seen = replace(seen, notes=(*seen.notes, "seen from the line after the neglected term"))
    if seen and "uniform" in convergence and seen.convergence == "after a layer":
        return replace(
            seen, outcome="does not follow", reason="a layer was seen where uniform convergence is claimed"
        )
    return seen


# ------------------------------------------------------------------ the measurement


def compared(sight: Sight) -> Observation:
    """Return what the comparison of the first line with the last one shows, and single steps after it."""
    wrong = [*contradicted_names(sight.lines, sight.moves), *limits_of_motion(sight)]
    if wrong:
        return Observation("does not follow", wrong[0], claimed=sight.claimed, defects=tuple(wrong))
    view: type[View] = LawView if isinstance(sight.lines[0], Law) else RuleView
    if view is RuleView and isinstance(sight.lines[-1], Law):
        raise NotSimulatedError("a law cannot be compared with the rule that it is said to come from")
    last: Exception = UnboundedError()
    found: list[tuple[Observation, list[View]]] = []
    for span in SPANS if view is LawView else SPANS[:1]:
        try:
            views = [view(sight, level, span) for level in range(sight.levels)]
            looks = [each.look() for each in views]
        except UnboundedError as reason:
            last = reason
            continue
        found.append((estimated(sight, looks), views))
        if not grows_too_fast(sight, found[-1][0]):
            break
    if not found:
        if "while" in str(last):
            return Observation("does not follow", str(last), claimed=sight.claimed)
        raise last
    seen, views = found[-1]
    defects = [*views[min(1, sight.levels - 1)].defects()]
    notes = views[-1].notes()
    if defects and (seen or seen.outcome == "not simulated"):
        seen = replace(seen, outcome="does not follow", reason=defects[0])
    elif defects:
        seen = replace(seen, reason=f"{seen.reason}; {defects[0]}" if seen.reason else defects[0])
    if sight.claimed is None:
        notes = ("no error from the first line to the last is claimed", *notes)
    return replace(seen, defects=tuple(defects), notes=(*seen.notes, *notes))


def grows_too_fast(sight: Sight, seen: Observation) -> bool:
    """Return whether gaps fall and are still wide, so that a shorter time must decide.

    Where a motion grows fast both lines part at first at every level, and the order shows late.
    """
    wide = bool(seen.gaps) and 0.5 <= seen.gaps[-1] < inf and seen.order is not None and seen.order > 0.5
    return not seen and (wide or (seen.reason == TOO_LOW and not sight.limits))


def limits_of_motion(sight: Sight) -> Iterator[str]:
    """Yield the limits of what changes along the motion."""
    moving = {*sight.own, TIME, *sight.signals}
    for move in sight.moves:
        moving |= {str(s.name) for s in introduced(move) if kind(move) in ("ReduceOrder", "Rescale")}
        if kind(move) == "Limit" and plain(str(move.symbol.name)) in moving:
            yield f"{move.symbol} changes along the motion, so that no limit of it is a motion"


def estimated(sight: Sight, looks: Sequence[Look]) -> Observation:
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
    states = tuple(convergence_of(n, looks) for n in names)
    vanishes = gaps[-1] < FLOOR or (order > 0.15 and gaps[-1] < 0.8 * gaps[0] and gaps[-1] < 0.5)
    if not vanishes:
        wide = f"{gaps[-1]:.2g}" if isfinite(gaps[-1]) else "without bound"
        return Observation("does not follow", f"the motions part by {wide}", order, claimed, gaps, states)
    if claimed == inf and order != inf and gaps[-1] > EXACT:
        reason = f"an error of order {order:.2f} was seen where none is claimed"
        return Observation("does not follow", reason, order, claimed, gaps, states)
    if claimed is not None and claimed != inf and order < claimed - SLACK:
        return Observation("does not follow", TOO_LOW, order, claimed, gaps, states)
    return Observation("follows", "", order, claimed, gaps, states)


def convergence_of(name: str, looks: Sequence[Look]) -> StateConvergence:
    """Return how one state converges, from its gaps at all levels."""
    after, whole = ([look.get(name, (inf, inf))[k] for look in looks] for k in (0, 1))
    if whole[-1] < FLOOR or (measured_order(whole) > 0.3 and whole[-1] < 0.7 * whole[0]):
        return StateConvergence(name, "uniform")
    falls = after[-1] < FLOOR or (measured_order(after) > 0.15 and after[-1] < 0.8 * after[0])
    return StateConvergence(name, "after a layer" if falls else "none")
