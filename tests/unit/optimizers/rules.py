"""Rules evaluated outside of the package: by SymPy's own functions with mpmath, and the gradients given."""

from __future__ import annotations

from fractions import Fraction

import mpmath
from sympy import Symbol, lambdify

from physsym.core.symbols import BEFORE, OPAQUE, after
from physsym.vocabulary import x

# Large and small, both signs, zeros, repetitions: what a rule with a stale state or another constant does not
# survive.
GRADIENTS = ("0.03", "-2", "0", "1/7", "5", "-5", "0.001", "1", "-1/3", "0", "2", "-7")
STARTS = ("1.5", "-0.25", "3", "-2")


def gradients(coordinates=4):
    """Return the gradients of each step, those of each coordinate a different sequence."""
    own = [Fraction(g) for g in GRADIENTS]
    return [[own[(t + 5 * c) % len(own)] * (1 + c) for c in range(coordinates)] for t in range(len(own))]


def steps(rule, values, start, forces, number=mpmath.mpf):
    """Yield the states after each step of one coordinate, whatever the point at which the gradient is taken.

    `number` is `Fraction` for rational rules, which are computed exactly, or `mpmath.mpf`. A force is a
    number, or a function of the point.
    """
    now = {p: _number(v, number) for p, v in values.items()}
    state = {x: _number(start, number)}
    waiting = dict(rule.start)
    while waiting:
        ready = {s: v for s, v in waiting.items() if v.free_symbols <= {*now, *state}}
        for s, v in ready.items():
            state[s] = _value(v, {**now, **state}, None, number)
            del waiting[s]
        assert ready, f"start values in a circle: {waiting}"
    for force in forces:
        known = {**now, **state}
        for update in rule.updates:
            known[after(update.target)] = _value(update.value, known, force, number)
        new = {u.target: known[after(u.target)] for u in rule.updates}
        for s in rule.states:
            if s.name.endswith(BEFORE):
                new[s] = state[Symbol(s.name[:-1], real=True) if s.is_real else Symbol(s.name[:-1])]
        state = new
        yield state


def _number(value, number):
    if isinstance(value, mpmath.mpf):
        return value
    exact = Fraction(str(value))
    return number(exact.numerator) / number(exact.denominator)


_compiled = {}


def _value(expression, known, force, number):
    read = sorted(expression.free_symbols, key=str)
    key = (expression, number)
    if key not in _compiled:
        own = {"mpf": number, "sign": lambda value: number((value > 0) - (value < 0))}
        forms = {f: Symbol(f"force_{i}") for i, f in enumerate(sorted(expression.atoms(*OPAQUE), key=str))}
        points = [lambdify(read, f.args[0], [own, "mpmath"], dummify=True) for f in forms]
        body = lambdify([*read, *forms.values()], expression.xreplace(forms), [own, "mpmath"], dummify=True)
        _compiled[key] = points, body
    points, body = _compiled[key]
    arguments = [known[s] for s in read]
    forces = [force(p(*arguments)) if callable(force) else _number(force, number) for p in points]
    found = body(*arguments, *forces)
    return number(found) if isinstance(found, int) else found
