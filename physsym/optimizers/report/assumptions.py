"""What follows from the natural ranges of parameters: signs, cases, and the form of factors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sympy import Expr, Integer, Mul, Symbol, factor, false, true
from sympy.core.relational import Relational
from sympy.logic.boolalg import And, Boolean, Not, Or

from physsym.core.statements import Rule, Update, rewritten
from physsym.core.symbols import after, name_and_marks
from physsym.core.verdicts import Condition
from physsym.verify.conditions import implied


def follows(given: Iterable[Condition], expression: Expr, relation: str = "> 0") -> bool:
    """Return whether an expression is positive (or what the relation says) under conditions."""
    if expression.is_number:
        return bool(expression.is_real and (expression > 0 if relation == "> 0" else expression.is_nonzero))
    return implied(given, Condition(expression, relation))  # type: ignore[arg-type]


def decided(condition: Boolean, given: tuple[Condition, ...]) -> bool | None:
    """Return whether a case applies under conditions on its symbols; None where that depends on them."""
    if isinstance(condition, And | Or):
        found = [decided(part, given) for part in condition.args]
        settled = isinstance(condition, Or)
        if settled in found:
            return settled
        return None if None in found else not settled
    if isinstance(condition, Not):
        inner = decided(condition.args[0], given)
        return None if inner is None else not inner
    if not isinstance(condition, Relational):
        return True if condition is true else False if condition is false else None
    difference = condition.lhs - condition.rhs
    signed = {">": (1, "> 0"), ">=": (1, ">= 0"), "<": (-1, "> 0"), "<=": (-1, ">= 0")}
    opposite = {">": (-1, ">= 0"), ">=": (-1, "> 0"), "<": (1, ">= 0"), "<=": (1, "> 0")}
    if condition.rel_op not in signed:
        apart = implied(given, Condition(difference, "!= 0")) if difference.free_symbols else difference != 0
        equal = difference.is_zero
        if not apart and not equal:
            return None
        return bool(bool(equal) == (condition.rel_op == "=="))
    for result, (sign, relation) in ((True, signed[condition.rel_op]), (False, opposite[condition.rel_op])):
        side = sign * difference
        if side.is_number:
            return bool(condition is true)
        if implied(given, Condition(side, relation)):  # type: ignore[arg-type]
            return result
    return None


def with_positive_factors(
    expression: Expr, given: tuple[Condition, ...], values: Mapping[Symbol, Expr] | None = None
) -> Expr:
    """Return a product with its factors turned to the sign that they have: 1/(1 - rho), not -1/(rho - 1).

    Where the conditions do not decide a sign, the values do; the product is the same in either form.
    """
    turned: list[Expr] = []
    for part in Mul.make_args(factor(expression)):
        base, power = part.as_base_exp()
        negative = base.is_Add and power.is_Integer and _is_negative(base, given, values or {})
        turned += [(-base) ** power, Integer(-1) ** power] if negative else [part]
    return Mul(*turned)


def _is_negative(base: Expr, given: tuple[Condition, ...], values: Mapping[Symbol, Expr]) -> bool:
    if follows(given, -base):
        return True
    number = base.xreplace(dict(values))
    return bool(number.is_number and number.is_negative)


def positive_parameters(rule: Rule, given: Iterable[Condition]) -> dict[Symbol, Symbol]:
    """Return parameters that are positive in their natural ranges, each with a symbol declared so."""
    given = tuple(given)
    return {
        p: Symbol(p.name, positive=True) for p in rule.parameters if not p.is_positive and follows(given, p)
    }


def with_signs(rule: Rule, signed: dict[Symbol, Symbol]) -> Rule:
    """Return a rule with other symbols for some of its parameters, in its ranges too."""
    ranges = tuple(Condition(c.expression.xreplace(signed), c.relation) for c in rule.ranges)
    typical = tuple((signed.get(p, p), value) for p, value in rule.typical)
    named = rewritten(rule, lambda e: e.xreplace(signed))
    return Rule(named.updates, named.start, ranges, typical)


# The names of what a report speaks of, and what it calls them where a rule has these names itself.
QUANTITIES = {
    "m": "mass",
    "gamma": "friction",
    "v": "velocity",
    "dt": "time_step",
    "tau": "memory_time",
    "g": "slope",
}
OWN = " (rule)"  # ends the names of a rule's own symbols meanwhile


def names_apart(rule: Rule) -> dict[Symbol, Symbol]:
    """Return other symbols for those of a rule that are called as the quantities of a report, also marked."""
    mentioned = {s for u in rule.updates for s in (u.target, after(u.target), *u.value.free_symbols)}
    mentioned |= {s for state, value in rule.start for s in (state, *value.free_symbols)}
    mentioned |= {s for c in rule.ranges for s in c.expression.free_symbols} | set(rule.parameters)
    parts = {s: name_and_marks(s)[0] for s in mentioned}
    return {
        s: Symbol(name + OWN + s.name.removeprefix(name), **s.assumptions0)
        for s, name in parts.items()
        if name in QUANTITIES
    }


def renamed(rule: Rule, names: dict[Symbol, Symbol]) -> Rule:
    """Return a rule with other names for some of its symbols, states among them."""
    return Rule(
        tuple(Update(names.get(u.target, u.target), u.value.xreplace(names)) for u in rule.updates),
        tuple((names.get(s, s), value.xreplace(names)) for s, value in rule.start),
        tuple(Condition(c.expression.xreplace(names), c.relation) for c in rule.ranges),
        tuple((names.get(s, s), value.xreplace(names)) for s, value in rule.typical),
    )
