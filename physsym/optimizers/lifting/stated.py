"""Rules that are given as such: a rule, a derivation, an optimizer of this package, a published rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from sympy import Expr, Rational, Symbol

from physsym.core.statements import Rule, Update, rewritten
from physsym.core.symbols import exact
from physsym.optimizers.known_rule import Known
from physsym.optimizers.lifted import Lifted, LiftError
from physsym.parsing.statements import as_rule


def recognises(thing: object) -> bool:
    """Return whether a thing is a rule, or has one."""
    return isinstance(thing, Rule | Update | Lifted) or (
        not isinstance(thing, type) and isinstance(getattr(thing, "rule", None), Rule)
    )


def lift_rule(thing: object, hyperparameters: Mapping[str, object]) -> Lifted:
    """Return a rule as a lifted one, with values put in for the hyperparameters that are given.

    The hyperparameters of an optimizer that is compiled already are its typical values.
    """
    if isinstance(thing, Lifted):
        lifted = thing
    elif isinstance(thing, Known):
        lifted = Lifted(thing.rule, thing.first, f"known:{thing.name}")
    else:
        lifted = Lifted(_with_parameters(as_rule(thing), thing), name=str(getattr(thing, "title", "")))  # type: ignore[arg-type]
    return with_values(lifted, hyperparameters) if hyperparameters else lifted


def _with_parameters(rule: Rule, thing: object) -> Rule:
    """Return the rule with the values that a compiled optimizer has for its parameters as typical ones."""
    given = getattr(thing, "parameters", None)
    if not isinstance(given, Mapping):
        return rule
    values = {s: number(given[s.name]) for s in rule.parameters if isinstance(given.get(s.name), int | float)}
    return replace(rule, typical=tuple({**dict(rule.typical), **values}.items()))


def with_values(lifted: Lifted, hyperparameters: Mapping[str, object]) -> Lifted:
    """Return a lifted rule with values in place of some of its parameters.

    Raises LiftError for a name that is no parameter of the rule.
    """
    named = {s.name: s for s in lifted.rule.parameters}
    if unknown := [name for name in hyperparameters if name not in named]:
        raise LiftError(
            f"{', '.join(unknown)} is no parameter of the rule {lifted.rule}; it has "
            f"{', '.join(named) or 'none'}"
        )
    values = {named[name]: number(value) for name, value in hyperparameters.items()}

    def put(rule: Rule) -> Rule:
        changed = rewritten(rule, lambda e: e.subs(values))
        return replace(changed, typical=tuple((s, v) for s, v in rule.typical if s not in values))

    return replace(lifted, rule=put(lifted.rule), first=lifted.first and put(lifted.first))


def number(value: object) -> Expr:
    """Return the exact value of a number as it is written: of a float, the shortest decimal that gives it.

    >>> number(0.1)
    1/10
    """
    if isinstance(value, str):
        return Symbol(value, real=True)
    if isinstance(value, bool) or not isinstance(value, float):
        return exact(int(value) if isinstance(value, bool) else value)
    return Rational(Fraction(repr(float(value))))
