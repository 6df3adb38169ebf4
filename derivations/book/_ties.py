"""How an equation on a page is tied to the derivations: what it follows from, judged each time."""

from collections.abc import Mapping

from sympy import Expr, Function, Symbol, expand

from physsym import Define, Derivation, Equation, Law, Order, Outcome, Rule, Update, Verdict
from physsym import after, dot, identical, same_law
from physsym.core.statements import Statement
from physsym.core.verdicts import all_of, fails
from physsym.vocabulary import dt, t


def one_of(part: Equation | Update, derivation: Derivation, index: int) -> Verdict:
    """Return whether an equation or an update is among those of a line, and the line follows."""
    return all_of(derivation.verdicts()[index], among(part, derivation.lines[index]))


def among(part: Equation | Update, line: Statement) -> Verdict:
    """Return whether an equation, or an update, is one of those of a law, or of a rule."""
    found = [_same_part(part, other) for other in (line.equations if isinstance(line, Law) else line.updates)]
    return next((verdict for verdict in found if verdict), all_of(*found))


def _same_part(part: Equation | Update, other: Equation | Update) -> Verdict:
    if isinstance(part, Update) and isinstance(other, Update):
        same = part.target == other.target
        return identical(part.value, other.value) if same else fails(f"{other.target} is another state")
    if isinstance(part, Equation) and isinstance(other, Equation):
        return same_law(Law((part,)), Law((other,)))
    return fails(f"{part} and {other} are not of one kind")


def after_substituting(part: Equation, line: Law, values: Mapping[Symbol, Expr]) -> Verdict:
    """Return whether an equation becomes one of a law when symbols in it are replaced."""
    put = Equation(part.left.xreplace(dict(values)), part.right.xreplace(dict(values)))
    return among(put, line)


def satisfied_by(part: Equation, rule: Rule) -> Verdict:
    """Return whether the new values that a rule gives satisfy an equation between neighbouring instants."""
    new = {after(u.target): u.value for u in rule.updates}
    return identical(part.left.xreplace(new), part.right.xreplace(new))


def definition_of(symbol: Symbol, derivation: Derivation) -> Equation:
    """Return what a derivation defines a symbol as; ValueError where it does not."""
    moves = [s.move for s in derivation.steps if isinstance(s.move, Define) and s.move.symbol == symbol]
    if not moves:
        raise ValueError(f"{derivation.title!r} does not define {symbol}")
    return Equation(symbol, moves[0].value)


def is_defined(part: Equation, derivation: Derivation) -> Verdict:
    """Return whether a derivation defines the left side as the right, in a step that holds."""
    steps = zip(derivation.steps, derivation.verdicts()[1:], strict=True)
    naming = [v for s, v in steps if isinstance(s.move, Define) and s.move.symbol == part.left]
    return all_of(among(part, Law((definition_of(part.left, derivation),))), *naming)


def quotient(state: Symbol) -> Verdict:
    """Return how far the difference quotient over a step is from the rate of a state, by Taylor's series."""
    path = Function(state.name)(t)
    rate, curve = path.diff(t), path.diff(t, 2)
    later = path + dt * rate + dt**2 / 2 * curve  # and terms of third order, which do not count below
    gap = expand((later - path) / dt - rate)
    leading = gap.coeff(dt, 1)
    if gap.coeff(dt, 0) != 0 or leading == 0:
        return fails(f"the quotient differs from {dot(state)} by {gap}")
    difference = (
        f"the quotient differs from {dot(state)} by dt/2 times {dot(dot(state))}, and terms of higher order"
    )
    return Verdict(Outcome.APPROXIMATE, (difference,), error=Order(dt, 1))


def with_difference_quotient(line: Equation, state: Symbol) -> Equation:
    """Return an equation with the rate of a state replaced by the difference quotient over one step."""
    rate = {dot(state): (after(state) - state) / dt}
    return Equation(line.left.xreplace(rate), line.right.xreplace(rate))
