"""An independent witness: runs of rules in exact fractions, by nothing but SymPy's substitution."""

from fractions import Fraction

from sympy import Rational, sympify

from physsym import after, before
from physsym.core.symbols import grad


def points(rule, parameters, start, gradients):
    """Return where the gradients of each step are taken, and where the next one would be.

    `parameters` has the values of a step, or a list of them, one a step.
    """
    states = set(rule.targets)
    now = {k: sympify(v) for k, v in start.items()}
    taken = []
    for k, gradient in enumerate([*gradients, None]):
        given = parameters[min(k, len(parameters) - 1)] if isinstance(parameters, list) else parameters
        at = {**given, **now}
        new = {}
        for update in rule.updates:
            calls = update.value.atoms(grad)
            where = {call.args[0].xreplace(new).xreplace(at) for call in calls}
            if calls:
                place = where.pop()
                assert not where, "the witness knows rules that take one gradient a step"
                if len(taken) == k:
                    taken.append(place)
            if gradient is None:
                continue
            value = update.value.xreplace({call: Rational(gradient) for call in calls})
            new[after(update.target)] = value.xreplace(new).xreplace(at)
        if gradient is not None:
            now = {s: new[after(s)] if s in states else now[s_now(s, states)] for s in now}
    return taken


def s_now(earlier, states):
    """Return the state whose earlier value a symbol is."""
    return next(s for s in states if before(s) == earlier)


def fractions(chance, count):
    """Return random fractions of both signs."""
    return [Fraction(chance.randint(-9, 9), chance.randint(1, 7)) for _ in range(count)]
