"""A rule as an entry of the explorer: where it comes from, and how its parameters belong to mechanics."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sympy import Dummy, Expr, Integer, Symbol, solve

from physsym.core.statements import Law, Rule, symbols
from physsym.core.symbols import dot, fresh
from physsym.core.verdicts import Outcome
from physsym.derivation import Derivation
from physsym.mechanics.moves import Define, Integrate, Limit, ReduceOrder
from physsym.mechanics.system import System, damped_particle
from physsym.optimizers.lifted import Lifted
from physsym.optimizers.report.assumptions import renamed
from physsym.optimizers.report.law_of_motion import motion
from physsym.optimizers.report.linearization import NotLinearError, linearized
from physsym.printing import unicode
from physsym.runtime.states import coordinates
from physsym.transform.registry import apply, expect
from physsym.verify.identity import identical
from physsym.vocabulary import STANDARD, Vocabulary, dt, gamma, m, v, x


@dataclass(frozen=True)
class Mechanics:
    """What a rule is a discretisation of, and its parameters in terms of the constants of mechanics.

    Parameters
    ----------
    law
        The law of first order that one step integrates, and the symbol of the time step.
    constants
        The constants from which everything else follows, the time step among them.
    parameters
        Each parameter of the rule in terms of the constants; empty where this is not known.
    back
        Constants in terms of the parameters of the rule and of those constants that are held; empty where
        no formula for them was found. A parameter with the name of a constant has its symbol in `apart`.
    named
        What else the law reads, such as `tau`, in terms of the constants.
    tau
        The relaxation time in terms of the constants, if the law has one.
    system
        The system whose energy is shown, if there is one.
    fixed
        Constants of the system that the derivation has fixed, in terms of the others.
    apart
        Each parameter of the rule with its symbol in `back`, which is none of the constants.
    """

    law: Law
    step: Symbol
    constants: tuple[Symbol, ...]
    parameters: Mapping[Symbol, Expr]
    back: Mapping[Symbol, Expr]
    named: Mapping[Symbol, Expr] = field(default_factory=dict)
    tau: Expr | None = None
    system: System | None = None
    fixed: Mapping[Symbol, Expr] = field(default_factory=dict)
    apart: Mapping[Symbol, Symbol] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """A rule with its title, the state that is the weights, and its mechanics, or why it has none."""

    title: str
    rule: Rule
    weights: Symbol
    vocabulary: Vocabulary = STANDARD
    mechanics: Mechanics | None = None
    reason: str = ""


def of_derivation(derivation: Derivation) -> Entry:
    """Return the rule at the end of a derivation; its definitions are the map to mechanics.

    Raises ValueError where a line of it does not hold: the page says that the rule follows from the motion.
    """
    rule = derivation.rule
    wrong = [str(k) for k, verdict in enumerate(derivation.verdicts()) if verdict.outcome is Outcome.FAILS]
    if wrong:
        where = f"line {wrong[0]} fails" if len(wrong) == 1 else f"lines {' and '.join(wrong)} fail"
        raise ValueError(f"{derivation.title}: {where}; `physsym check` says why")
    entry = Entry(derivation.title, rule, _weights(rule), derivation.vocabulary)
    lines = derivation.lines
    for above, step, below in zip(lines, derivation.steps, lines[1:], strict=False):
        if isinstance(step.move, Integrate) and isinstance(above, Law) and isinstance(below, Rule):
            return replace(entry, mechanics=_derived(derivation, above, step.move.step, below.targets))
    return replace(entry, reason="the derivation integrates no law of motion")


def of_rule(lifted: Lifted, title: str, vocabulary: Vocabulary = STANDARD) -> Entry:
    """Return a rule without a derivation as an entry; its mechanics is found from its map.

    Raises ValueError for a rule whose first step is another one.
    """
    rule = lifted.rule
    if lifted.first is not None:
        raise ValueError(f"{title} has a first step of its own ({lifted.first}); the explorer runs one rule")
    entry = Entry(title, rule, _weights(rule), vocabulary)
    apart = _apart(rule, _OF_MOTION)
    try:
        found = motion(linearized(renamed(rule, apart)))
    except NotLinearError as error:
        return replace(entry, reason=str(error))
    held = {s for e in (found.mass, found.friction) for s in e.free_symbols} - {dt, *apart.values()}
    if held or found.position != entry.weights:
        names, verb = ", ".join(sorted(map(unicode, held))), "does" if len(held) == 1 else "do"
        moving = unicode(found.position.xreplace({s: p for p, s in apart.items()}))
        about = f"holds while {names} {verb} not change" if held else f"is that of {moving}"
        return replace(entry, reason=f"its law of motion {about}")
    law = found.law if found.mass == 0 else _first_order(found.law)
    back = {gamma: found.friction} | ({} if found.mass == 0 else {m: found.mass})
    constants = tuple(s for s in (m, gamma, dt) if s in back or s == dt)
    solved = _solved({s: value - s for s, value in back.items()}, tuple(apart.values()))
    own = {p: solved[s] for p, s in apart.items() if s in solved}
    known = Mechanics(
        law, dt, constants, own, back, tau=m / gamma if m in back else Integer(0), system=damped_particle,
        apart=apart,
    )  # fmt: skip
    return replace(entry, mechanics=known)


_OF_MOTION = ("m", "gamma", "dt", "s", "w", "kappa", "ratio", "total", "lead", "x", "v", "z")
"""The names that a law of motion, and the search for it, have for something else than a parameter."""


def _apart(rule: Rule, names: Collection[str]) -> dict[Symbol, Symbol]:
    """Return a symbol for each parameter of a rule: another one where its name is among those given."""
    taken = symbols(rule)
    return {
        p: fresh(f"{p.name} of the rule", taken, **p.assumptions0) if p.name in names else p
        for p in rule.parameters
    }


def _first_order(law: Law) -> Law:
    move = ReduceOrder(x, v)
    return expect(Law, apply(move, law), move)


def _weights(rule: Rule) -> Symbol:
    found = coordinates(rule)
    if len(found) != 1:
        names = ", ".join(map(str, found)) or "none"
        raise ValueError(
            f"the explorer runs rules of one state that is the weights; {rule} has {names}: "
            "state the rule for one representative coordinate, x"
        )
    return found[0]


def _derived(derivation: Derivation, law: Law, step: Symbol, moving: Sequence[Symbol]) -> Mechanics:
    """Return the mechanics of a derivation: its definitions, unwound, and what its limits fix."""
    named: dict[Symbol, Expr] = {}
    fixed: dict[Symbol, Expr] = {}
    for move in (s.move for s in derivation.steps):
        if isinstance(move, Define):
            named[move.symbol] = move.value.xreplace(named)
        if isinstance(move, Limit) and not move.to.is_infinite:
            fixed |= _fixed_by(move, named)
    named = {s: e.xreplace(fixed) for s, e in named.items()}
    rule = derivation.rule
    own = {p: named.get(p, p) for p in rule.parameters}
    read = {s for e in law.equations for s in e.residual.free_symbols} - {*moving, *map(dot, moving)}
    expressions = (*own.values(), *(named.get(s, s) for s in read))
    constants = tuple(sorted({s for e in expressions for s in e.free_symbols} | {step}, key=_order))
    apart = _apart(rule, [s.name for s in constants])
    back = _solved({p: e - apart[p] for p, e in own.items()}, _to_solve_for(constants, len(own), step))
    system = derivation.system
    friction = {s: e for s, e in named.items() if s.name == "tau"}
    return Mechanics(
        law, step, constants, own, back, {s: named[s] for s in read if s in named},
        next(iter(friction.values()), None), system, fixed, apart,
    )  # fmt: skip


def _fixed_by(move: Limit, named: Mapping[Symbol, Expr]) -> dict[Symbol, Expr]:
    """Return which constant a limit fixes: with `tau = m/gamma`, the limit of a small `tau` is m = 0."""
    value = named.get(move.symbol, move.symbol)
    plain = {s: Dummy(s.name) for s in value.free_symbols}  # zero is no value of a positive symbol
    signed = {d: s for s, d in plain.items()}
    for symbol in sorted(value.free_symbols, key=_order):
        for found in solve(value.xreplace(plain) - move.to, plain[symbol]):
            if identical(value.xreplace({symbol: found.xreplace(signed)}), move.to):
                return {symbol: found.xreplace(signed)}
    return {}


_PREFERRED = {name: rank for rank, name in enumerate(("m", "gamma", "dt"))}


def _order(symbol: Symbol) -> tuple[int, str]:
    return (_PREFERRED.get(symbol.name, 1), symbol.name)


def _to_solve_for(constants: Sequence[Symbol], count: int, step: Symbol) -> tuple[Symbol, ...]:
    """Return as many constants as there are parameters; the time step, which is the unit of time, is held."""
    free = [s for s in constants if s != step]
    return tuple(free[-count:] if count <= len(free) else (*free, step)) if count else ()


def _solved(residuals: Mapping[Symbol, Expr], unknowns: Sequence[Symbol]) -> dict[Symbol, Expr]:
    """Return unknowns that make residuals vanish; SymPy proposes them and an identity confirms them."""
    if len(residuals) != len(unknowns) or not unknowns:
        return {}
    try:
        proposed = solve(list(residuals.values()), list(unknowns), dict=True)
    except NotImplementedError:
        return {}
    for found in proposed:
        complete = set(found) == set(unknowns)
        if complete and all(identical(r.subs(found), Integer(0)) for r in residuals.values()):
            return {s: found[s] for s in unknowns}
    return {}
