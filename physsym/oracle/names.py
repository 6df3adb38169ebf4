"""What names stand for: numbers for constants, observables of the exact motion for everything that moves.

One name has one meaning. A name that was defined is set by solving its definition for what it eliminated:
that tau = m/gamma is small is then said of m, in the constants of the law at the start.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import sympy
from scipy.optimize import brentq
from sympy import Expr, Symbol

from physsym.core.statements import Law, Rule, Statement, symbols
from physsym.core.symbols import BEFORE, DOT, MARKS, OPAQUE
from physsym.oracle.formulas import CASES, NotSimulatedError, Values, compiled, number_of, violates_sign
from physsym.oracle.motions import TIME, plain

Symbols = Mapping[str, Symbol]


def kind(move: Any) -> str:
    """Return the kind of a move, by the name of its class."""
    return type(move).__name__


def symbols_of(lines: Iterable[Statement], moves: Iterable[Any]) -> dict[str, Symbol]:
    """Return every symbol of lines and moves by its name."""
    found = {str(s.name): s for line in lines for s in symbols(line)}
    for move in moves:
        for part in vars(move).values():
            for s in part.free_symbols if isinstance(part, Expr) else ():
                found.setdefault(str(s.name), s)
    return found


def coordinates(line: Statement) -> tuple[str, ...]:
    """Return the names, marks aside, of what has a rate in a law or is updated by a rule."""
    if isinstance(line, Rule):
        return tuple(str(s.name) for s in line.targets)
    dotted = {plain(str(s.name)) for s in symbols(line) if s.name.endswith(DOT)}
    return tuple(sorted(dotted))


def read_by_functions(line: Statement) -> frozenset[str]:
    """Return the names at the evaluation points of the potential and its derivatives."""
    sides = (s for e in line.equations for s in (e.left, e.right)) if isinstance(line, Law) else (
        u.value for u in line.updates
    )  # fmt: skip
    points = {p for e in sides for f in e.atoms(*OPAQUE) for p in f.args}
    return frozenset(plain(str(s.name)) for p in points for s in p.free_symbols)


def introduced(move: Any) -> tuple[Symbol, ...]:
    """Return the names that a move introduces."""
    fields = {
        "Define": ("symbol",),
        "Integrate": ("step",),
        "ReduceOrder": ("velocity",),
        "Rescale": ("new",),
    }
    return tuple(getattr(move, name) for name in fields.get(kind(move), ()))


def contradicted_names(lines: Sequence[Statement], moves: Sequence[Any]) -> Iterator[str]:
    """Yield what is wrong with the use of names: a name used twice, or used after it tended to a limit."""
    gone: dict[str, str] = {}
    for k, move in enumerate(moves):
        before = {plain(str(s.name)) for line in lines[: k + 1] for s in symbols(line)} | {
            str(s.name) for earlier in moves[:k] for s in introduced(earlier)
        }  # fmt: skip
        for s in introduced(move):
            if s.name in before and not (
                kind(move) == "Define" and s.name not in gone and is_restored(move, moves[:k])
            ):
                yield f"the name {s} has another meaning in an earlier line"
        here = {str(s.name) for s in (*symbols_of([lines[k + 1]], [move]).values(),)}
        for name in sorted(here & set(gone)):
            yield f"{name} tended to {gone[name]} in an earlier step and is used again"
        if kind(move) == "Limit":
            gone[str(move.symbol.name)] = str(move.to)


def is_restored(move: Any, earlier: Sequence[Any]) -> bool:
    """Return whether a definition gives back a name that an earlier definition eliminated."""
    return any(kind(e) == "Define" and e.eliminating == move.symbol for e in earlier)


# ------------------------------------------------------------------ numbers


def drawn(symbol: Symbol, seed: int) -> Any:
    """Return a number for a constant in every case, within its declared sign; half of both where none is."""
    chance = random.Random(f"{seed} {symbol.name}")
    size = (
        chance.sample(range(1, 7), CASES)
        if symbol.is_integer
        else [chance.uniform(0.6, 1.7) for _ in range(CASES)]
    )
    # Without a declared sign half of the cases are negative.
    either = chance.sample([1, -1] * (CASES // 2), CASES)
    sign = [1] * CASES if symbol.is_nonnegative else [-1] * CASES if symbol.is_nonpositive else either
    return np.array(size, float) * np.array(sign)


def numbers(
    known: Symbols, moves: Sequence[Any], small: Mapping[str, Any], moving: Values, seed: int
) -> dict[str, Any]:
    """Return a number for every constant: as given, by its definition, or drawn.

    `moving` holds the numbers, at the start, of all that moves.
    """
    fixed: dict[str, Any] = dict(small)
    definitions = [move for move in moves if kind(move) == "Define"]
    free = {
        name: drawn(s, seed)
        for name, s in known.items()
        if name not in moving and not name.endswith(tuple(MARKS))
    }
    for move in reversed(definitions):
        if str(move.symbol.name) in fixed:
            values = {**free, **moving, **fixed}
            fixed[str(move.eliminating.name)] = eliminated_number(move, values)
    values = {**free, **fixed}
    for move in definitions:
        if str(move.symbol.name) not in fixed:
            values[str(move.symbol.name)] = number_of(move.value, {**moving, **values})
    return values


def eliminated_number(move: Any, values: dict[str, Any]) -> Any:
    """Solve a definition for the symbol that it eliminates, case by case."""
    name = str(move.eliminating.name)
    target = np.broadcast_to(np.asarray(values[str(move.symbol.name)], float), (CASES,))
    formula = compiled((move.value,))
    ladder = np.geomspace(1e-8, 1e8, 161)
    scan = ladder if move.eliminating.is_positive else np.concatenate([-ladder[::-1], ladder])
    found = np.full(CASES, np.nan)

    def at(case: int, x: float) -> float:
        value = formula({**values, name: np.full(CASES, x)})[0]
        return float(np.broadcast_to(value, (CASES,))[case] - target[case])

    heights = np.array(
        [np.broadcast_to(formula({**values, name: np.full(CASES, x)})[0], (CASES,)) for x in scan]
    )
    for case in range(CASES):
        gaps = heights[:, case] - target[case]
        steps = np.flatnonzero((gaps[:-1] * gaps[1:] <= 0) & np.isfinite(gaps[:-1] * gaps[1:]))
        for k in steps:
            root = brentq(lambda x, case=case: at(case, x), scan[k], scan[k + 1], xtol=1e-300, rtol=1e-15)
            if abs(at(case, root)) < 1e-9 * (1 + abs(target[case])):
                found[case] = root
                break
    if np.isnan(found).any():
        raise NotSimulatedError(f"no {name} makes {move.symbol} = {move.value} as small as its limit says")
    return found


def contradicted_signs(known: Symbols, constants: Values) -> Iterator[str]:
    """Yield the constants whose numbers are outside their declared sign."""
    for name, number in constants.items():
        if name in known and violates_sign(known[name], number):
            yield f"{name} is declared {declared(known[name])} and is {float(np.ravel(number)[0]):.3g}"


def declared(symbol: Symbol) -> str:
    """Return the declared sign of a symbol in words."""
    signs = ("positive", "negative", "nonnegative", "nonpositive", "nonzero")
    return next((sign for sign in signs if getattr(symbol, f"is_{sign}") is True), "of any sign")


# ------------------------------------------------------------------ observables


def named_states(moves: Iterable[Any]) -> frozenset[str]:
    """Return the names that moves give to what moves: split-off velocities and rescaled states."""
    return frozenset(
        str(s.name) for m in moves if kind(m) in ("ReduceOrder", "Rescale") for s in introduced(m)
    )


def observables(values: dict[str, Any], moves: Iterable[Any], known: Symbols) -> dict[str, Any]:
    """Return values of a motion, with those of all names that moves give to what moves."""
    found = dict(values)
    for move in moves:
        if kind(move) == "ReduceOrder":
            first, new = str(move.coordinate.name) + DOT, str(move.velocity.name)
            for marks in ("", DOT, DOT * 2):
                if first + marks in found:
                    found[new + marks] = found[first + marks]
        elif kind(move) == "Rescale":
            found |= rescaled_state(move, found, known)
    return found


def rescaled_state(move: Any, values: dict[str, Any], known: Symbols) -> dict[str, Any]:
    """Return a rescaled state and its derivatives, by the product rule old' = factor'*new + factor*new'."""
    old, new = str(move.old.name), str(move.new.name)
    factors = [move.factor]
    found: dict[str, Any] = {}
    for marks in ("", DOT, DOT * 2):
        names = {str(s.name) for s in factors[-1].free_symbols}
        if old + marks not in values or not names <= set(values):
            return found
        numbers_of = [compiled((f,))(values)[0] for f in factors]
        terms = [
            float(sympy.binomial(len(marks), j)) * numbers_of[j] * found[new + DOT * (len(marks) - j)]
            for j in range(1, len(marks) + 1)
        ]
        with np.errstate(all="ignore"):
            found[new + marks] = (values[old + marks] - sum(terms)) / numbers_of[0]
        factors.append(total_derivative(factors[-1], values, known))
    return found


def total_derivative(expression: Expr, values: Mapping[str, Any], known: Symbols) -> Expr:
    """Return the time derivative of an expression by the chain rule, over all that has a rate."""
    parts = [expression.diff(s) for s in expression.free_symbols if s.name == TIME]
    for s in expression.free_symbols:
        if s.name + DOT in values:
            parts.append(expression.diff(s) * known.get(s.name + DOT, Symbol(s.name + DOT)))
    return sympy.Add(*parts)


def earlier(name: str, steps: int) -> str:
    """Return the name of a value some steps earlier."""
    return name + BEFORE * steps
