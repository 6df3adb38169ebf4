"""Families of derivations that are wrong, or right, in what they mean: time, names, signs, limits, regions.

Each family draws a derivation from choices alone, by hand or from what is proposed, and does not know whether
it is true: the oracle of trajectories tells, or exact evaluation where two rules are compared.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import sympy
from sympy import Abs, Expr, Max, Min, Symbol, oo, sign, sqrt

from physsym.core.statements import Rule, Statement, StatementError, Update, law, rule
from physsym.core.symbols import after, dot, grad
from physsym.integrators import (
    Method,
    explicit_midpoint,
    forward_euler,
    heun,
    runge_kutta_4,
    semi_implicit_euler,
    ssp33,
)
from physsym.mechanics.moves import (
    Define,
    Integrate,
    Isolate,
    Limit,
    Move,
    MoveError,
    Multiply,
    ReduceOrder,
    Rescale,
)
from physsym.oracle import observe
from physsym.transform import apply

x, v, p, t = (Symbol(n, real=True) for n in ("x", "v", "p", "t"))
h = Symbol("h", positive=True)
G = grad(x)
# None of them is in the vocabulary, so that dimensions are inferred.
LETTERS = ("a", "b", "c", "k", "s", "w", "mu", "nu", "kappa", "beta")
TIMED = (
    forward_euler, semi_implicit_euler, semi_implicit_euler.with_friction("implicit"), heun,
    explicit_midpoint, ssp33, runge_kutta_4,
)  # fmt: skip


@dataclass(frozen=True)
class Told:
    """A derivation as somebody would tell it: every line is stated. `claimed` are orders of errors."""

    kind: str
    start: Statement
    steps: tuple[tuple[Move, Statement], ...]
    claimed: tuple[float, ...] = ()

    def __str__(self) -> str:
        return "  -->  ".join([str(self.start), *(f"{move}: {line}" for move, line in self.steps)])


@dataclass(frozen=True)
class Compared:
    """Two values of one state that are said to be equal, where conditions on symbols are given."""

    kind: str
    first: Expr
    second: Expr
    given: tuple[Expr, ...] = ()

    def __str__(self) -> str:
        given = f", given {', '.join(map(str, self.given))}" if self.given else ""
        return f"{self.first}  ==  {self.second}{given}"


Case = Told | Compared
Sign = Literal["positive", "negative", "real"]


def truth(case: Told) -> bool | None:
    """Return whether a derivation is true, by its motions; None where the oracle cannot tell."""
    lines = (case.start, *(line for _, line in case.steps))
    seen = observe(lines, [move for move, _ in case.steps], case.claimed)
    return None if seen.outcome == "not simulated" else bool(seen)


# ------------------------------------------------------------------ what is drawn


class Chance(random.Random):
    """A source of choices that hands out constants, each letter once."""

    def __init__(self, seed: str) -> None:
        """Begin with all letters free."""
        super().__init__(seed)
        self.letters = self.sample(LETTERS, len(LETTERS))

    def constant(self, *signs: Sign) -> Symbol:
        """Return a constant of a letter not used before, of one of the signs."""
        said = self.choice(signs or ("positive", "positive", "negative", "real"))
        return Symbol(self.letters.pop(), real=True, **({} if said == "real" else {said: True}))


def _rule(updates: list[tuple[Symbol, Expr]]) -> Rule:
    """Return a rule without the checks of its constructor, which a wrong one would not pass."""
    made = object.__new__(Rule)
    object.__setattr__(made, "updates", tuple(Update(s, e) for s, e in updates))
    return made


def _proposed(move: Move, line: Statement) -> Statement | None:
    try:
        return apply(move, line)
    except (MoveError, StatementError, ValueError, NotImplementedError):
        return None


def time(chance: Chance) -> Told | None:
    """Draw an integration of a law that reads the time; its clock may stand still, run double or be late."""
    k, c, m = chance.constant(), chance.constant(), chance.constant("positive")
    alone = law({dot(x): c * t ** chance.choice((1, 2)) - chance.choice((0, k)) * x})
    both = law({dot(x): v, dot(v): -c * v / t - chance.choice((k * x, G / m))})
    line = chance.choice((alone, both))
    method: Method = chance.choice(TIMED)
    move = Integrate(method, h)
    right = _proposed(move, line)
    if not isinstance(right, Rule):
        return None
    kind = chance.choice(("as proposed", "frozen clock", "clock doubled", "time at a wrong node"))
    updates = [(u.target, u.value) for u in right.updates if u.target != t]
    if kind == "clock doubled":
        updates.append((t, t + 2 * h))
    elif kind == "time at a wrong node":
        late = chance.choice(({t: t + h}, {t: t - h}, {t: t + h / 2}, {t + h: t}, {t + h / 2: t}))
        updates = [*((s, e.xreplace(late)) for s, e in updates), (t, t + h)]
    elif kind == "as proposed":
        updates.append((t, t + h))
    below = _rule(updates)
    return Told(f"time, {kind}", line, ((move, below),), (float(method.order),))


def definition(chance: Chance) -> Told | None:
    """Draw a name for a part of a law or a rule, which may move."""
    a, b = chance.constant("positive", "negative"), chance.constant("positive")
    q = Symbol(chance.letters.pop(), real=True)
    part = chance.choice((x, G, x**2, b, b**2, 1 / b, x / b, G / b))
    moving = bool(part.free_symbols - {b})
    rest = chance.choice((1, b, x, G)) if not moving else chance.choice((1, b))
    kind = "a moving name" if moving else "a constant name"
    whole, named = a * part * rest, q * rest
    above, below = law({dot(x): -whole}), law({dot(x): -named})
    step = Integrate(forward_euler, h)
    if chance.choice((True, False)):
        steps: Any = ((Define(q, a * part, a), below), (step, rule({x: x - h * named})))
    else:
        steps = ((step, rule({x: x - h * whole})), (Define(q, a * part, a), rule({x: x - h * named})))
    return Told(f"definition, {kind}", above, steps, (1.0,))


def declared_sign(chance: Chance) -> Told | None:
    """Draw a name with a declared sign for a constant or for a velocity, which may have another one."""
    g = chance.constant("positive", "negative")
    letter = chance.letters.pop()
    said: Sign = chance.choice(("positive", "negative", "real"))
    e = Symbol(letter, real=True, **({} if said == "real" else {said: True}))
    kind = f"declared {said}"
    if chance.random() < 0.3:
        m = chance.constant("positive")
        above = law({m * dot(dot(x)): -g * dot(x) - G})
        return Told(
            f"sign of a velocity, {kind}",
            above,
            ((ReduceOrder(x, e), law({dot(x): e, m * dot(e): -g * e - G})),),
        )
    value = chance.choice((1, -1)) * h / g * chance.choice((1, 1, g**2))
    factor = sympy.cancel(h / g / value)
    steps = (
        (Integrate(forward_euler, h), rule({x: x - h * G / g})),
        (Define(e, value, h), rule({x: x - factor * e * G})),
    )
    return Told(f"sign of a name, {kind}", law({dot(x): -G / g}), steps, (1.0,))


def fast_motion(chance: Chance) -> Told | None:
    """Draw a limit without inertia in which the fast motion may attract, repel or stay."""
    said: Sign = chance.choice(("positive", "positive", "negative", "real"))
    m, g = chance.constant(said), chance.constant("positive", "positive", "negative")
    k = chance.constant("positive")
    force = chance.choice((G, k * x, k * x + G))
    more = chance.constant("positive", "negative")
    friction = chance.choice((g, -g, g + more, 0))
    side = chance.choice((None, None, "+", "-"))
    above = law({m * dot(dot(x)): -friction * dot(x) - force})
    limit = Limit(m, 0, side)
    kind = "no friction" if friction == 0 else "friction"
    if friction == 0:
        return Told(f"fast motion, {kind}", above, ((limit, law({0: -force})),), (1.0,))
    steps = (
        (limit, law({0: -friction * dot(x) - force})),
        (Isolate(dot(x)), law({dot(x): -force / friction})),
    )
    return Told(f"fast motion, {kind}", above, steps, (1.0,))


def singular_point(chance: Chance) -> Told | None:
    """Draw a limit of a rate whose denominator may vanish in the limit where the motion passes."""
    e, k, b, c = (chance.constant("positive") for _ in range(4))
    met = chance.random() < 0.5
    if chance.random() < 0.5:
        above = law({dot(x): -k - 4 * k * e * x / ((0 if met else c**2) + x**2 + e**2)})
    else:
        above = law({dot(x): -k + e * b / (x if met else c**2 + x**2)})
    below = law({dot(x): -k})
    kind = "met" if met else "regular"
    return Told(f"singular point, {kind}", above, ((Limit(e), below),), (1.0,))


def driven(chance: Chance) -> Told | None:
    """Draw a slow state that is driven by the rate of a fast one, which may be too large in the layer."""
    e, k, g, b, c = (chance.constant("positive") for _ in range(5))
    power = chance.choice((1, 2))
    if chance.random() < 0.5:
        fast, rate, force = e * dot(x), dot(x), -k * x
    else:
        fast, rate, force = e * dot(dot(x)), dot(dot(x)), -g * dot(x) - k * x
    above = law({fast: force, dot(p): b * e**power * rate**2 - c * p})
    below = law({0: force, dot(p): -c * p})
    return Told(f"driven in the layer, power {power}", above, ((Limit(e), below),), (1.0,))


def solvable(chance: Chance) -> Told | None:
    """Draw a limit without inertia in which the friction may be too weak for the force."""
    e, g, b, c = (chance.constant("positive") for _ in range(4))
    s = dot(x) / c
    frictions = (sympy.tanh(s), s / sqrt(1 + s**2), sympy.sinh(s), s + s**3, 2 * s)
    friction = chance.choice(frictions)
    force = chance.choice((3 * g, -2 * g - g * b**2 * x**2))
    above = law({e * dot(dot(x)): -g * friction - force})
    kind = "bounded friction" if friction in frictions[:2] else "friction"
    return Told(f"root, {kind}", above, ((Limit(e), law({0: -g * friction - force})),), (1.0,))


def reused_name(chance: Chance) -> Told | None:
    """Draw names that are introduced, some of them a second time or after they tended to a limit."""
    m, g, c = (chance.constant("positive") for _ in range(3))
    fresh = Symbol(chance.letters.pop(), positive=True)
    above = law({m * dot(dot(x)): -g * dot(x) - G})
    slow = law({dot(x): -G / g})
    to_slow = ((Limit(m), law({0: -g * dot(x) - G})), (Isolate(dot(x)), slow))
    kind = chance.choice(("step", "definition", "after a limit", "unit"))
    again = chance.random() < 0.6
    if kind == "step":
        step = chance.choice((m, g)) if again else fresh
        return Told(
            f"name, {kind}",
            above,
            (*to_slow, (Integrate(forward_euler, step), _rule([(x, x - step * G / g)]))),
            (1.0, 1.0),
        )
    if kind == "definition":
        name = m if again else fresh
        return Told(
            f"name, {kind}", above, (*to_slow, (Define(name, 1 / g, g), law({dot(x): -name * G}))), (1.0,)
        )
    if kind == "unit":
        unit = x if again else Symbol(chance.letters.pop(), real=True)
        scaled = law({c * dot(unit): -grad(c * unit) / g})
        return Told(f"name, {kind}", slow, ((Rescale(x, unit, c), scaled),))
    by = m if again else c
    scaled = law({0: (-g * dot(x) - G) * by})
    return Told(f"name, {kind}", above, (to_slow[0], (Multiply(by), scaled)), (1.0,))


def domain(chance: Chance) -> Told | None:
    """Draw a limit of a constant, which may be outside its declared sign or differ between its sides."""
    said: Sign = chance.choice(("positive", "negative", "real"))
    g, b = chance.constant(said), chance.constant("positive")
    if chance.choice((True, False)):
        to = chance.choice((oo, -oo))
        above, below = law({dot(x): -G / g - b * x}), law({dot(x): -b * x})
        return Told(f"domain, {said} to {to}", above, ((Limit(g, to), below),), (1.0,))
    side = chance.choice((None, "+", "-"))
    branch = chance.choice((1, -1))
    jump = chance.choice((Abs(g) / g, g, g**2))
    c = chance.constant("positive")
    above = law({dot(x): -b * x - jump * G / c})
    below = law({dot(x): -b * x - (branch * G / c if jump.has(Abs) else 0)})
    order = 2.0 if jump == g**2 else 1.0
    claimed = () if jump.has(Abs) or not jump.has(g) else (order,)
    return Told(f"domain, {said} to 0, side {side}", above, ((Limit(g, 0, side), below),), claimed)


def listing(chance: Chance) -> Told | None:
    """Draw a step of semi-implicit Euler for a law in either listing; what moves first is named or not."""
    g, k, m = (chance.constant("positive") for _ in range(3))
    force = chance.choice((G, G, k * x))
    rates = {x: p / m, p: -force - g * p}
    listed = chance.choice(((x, p), (p, x)))
    line = law({dot(s): rates[s] for s in listed})
    named = chance.choice(((), (p,), (x,))) if force == G else chance.choice(((p,), (x,)))
    order = chance.choice(((x, p), (p, x), ()))
    if order:
        updates = [(order[0], order[0] + h * rates[order[0]])]
        read = {order[0]: after(order[0])}
        updates.append((order[1], order[1] + h * rates[order[1]].xreplace(read)))
    else:
        updates = [(s, s + h * rates[s]) for s in (x, p)]
    kind = "named" if named else "not named"
    return Told(
        f"listing, {kind}", line, ((Integrate(semi_implicit_euler, h, named), _rule(updates)),), (1.0,)
    )


def clipped(chance: Chance) -> Compared | None:
    """Draw two forms of clipping, absolute values, signs and roots, one of which may have a wrong sign."""
    c = chance.constant("positive", "positive", "negative", "real")
    y = chance.choice((x, G, x - G))
    forms: tuple[tuple[Expr, ...], ...] = (
        (Max(-c, Min(c, y)), Min(c, Max(-c, y)), y * Min(1, c / Abs(y)), (Abs(y + c) - Abs(y - c)) / 2),
        (Max(y, c), (y + c + Abs(y - c)) / 2, -Min(-y, -c), c + Max(y - c, 0)),
        (Min(y, c), (y + c - Abs(y - c)) / 2, -Max(-y, -c), c - Max(c - y, 0)),
        (Abs(y), sqrt(y**2), sign(y) * y, Max(y, -y)),
        (sign(y) * Abs(y), y, Max(y, 0) + Min(y, 0), Max(y, 0) - Max(-y, 0)),
        (Max(y, 0), (y + Abs(y)) / 2, y * (1 + sign(y)) / 2, sqrt(Max(y, 0) ** 2)),
    )
    group = chance.choice(forms)
    first, second = chance.sample(group, 2)
    wrong = chance.choice((None, None, "sign", "function", "another"))
    if wrong == "sign":
        second = second.xreplace({chance.choice((y, c)): -chance.choice((y, c))})
    elif wrong == "function":
        swap = chance.choice(((Max, Min), (Abs, lambda e: e), (sign, lambda e: sympy.Integer(1))))
        second = second.replace(*swap)
    elif wrong == "another":
        second = chance.choice(chance.choice(forms))
    eta = Symbol("eta", positive=True)
    given = (
        chance.choice(((), (), (c > 0,), (y > 0,), (c < 0,)))
        if not y.has(grad)
        else chance.choice(((), (c > 0,)))
    )
    given = tuple(g for g in given if isinstance(g, sympy.core.relational.Relational))
    return Compared("comparison", x - eta * first, x - eta * second, given)


def rooted(chance: Chance) -> Compared | None:
    """Draw products of roots, which agree on a part of the reals only, with a region or without."""
    a, b = chance.constant(), chance.constant()
    pairs = (
        (sqrt(a * b), sqrt(a) * sqrt(b)), (sqrt(a**2 * b**2), a * b), (sqrt(a**2), a), (sqrt(a**2), -a),
        (sqrt(a**2) * sqrt(b**2), Abs(a * b)), (sqrt(a / b), sqrt(a) / sqrt(b)), (sqrt((a - b) ** 2), a - b),
        ((a**2 - b**2) / (a - b), a + b), (sqrt(a**4), a**2), (Abs(a) * sign(b), b * Abs(a) / Abs(b)),
    )  # fmt: skip
    first, second = chance.choice(pairs)
    given = tuple(s > 0 for s in (a, b) if s.is_positive is None and chance.random() < 0.5)
    return Compared("roots and regions", first * x, second * x, given)


FAMILIES: dict[str, Callable[[Chance], Case | None]] = {
    "time": time,
    "definition": definition,
    "sign": declared_sign,
    "fast motion": fast_motion,
    "singular point": singular_point,
    "layer": driven,
    "root": solvable,
    "name": reused_name,
    "domain": domain,
    "listing": listing,
    "comparison": clipped,
    "region": rooted,
}


def drawn(number: int, seed: int) -> Case | None:
    """Return the case of a number: the families in turn, the same for the same number and seed."""
    family = [*FAMILIES.values()][number % len(FAMILIES)]
    return family(Chance(f"{seed} {number}"))
