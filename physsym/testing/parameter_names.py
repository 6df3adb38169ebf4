"""Which hyperparameter of an optimizer's code is which parameter of a rule."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sympy import Expr, Symbol

from physsym.core.symbols import exact
from physsym.optimizers.known import known as published
from physsym.optimizers.known_rule import Known
from physsym.optimizers.lifting.signatures import plain_name
from physsym.optimizers.lifting.stated import number
from physsym.optimizers.operands import RATES, learning_rate
from physsym.optimizers.parameter_search import ROLES
from physsym.optimizers.state_space import StateSpace
from physsym.parsing import read
from physsym.verify.conditions import vocabulary_of


@dataclass(frozen=True)
class Identification:
    """The hyperparameters of code in terms of the parameters of a rule.

    Parameters
    ----------
    code
        Each hyperparameter that is free, as an expression in the parameters of the rule.
    defaults
        Hyperparameters that the rule does not have, which keep the default of the code.
    rule
        Parameters of the rule that have the value that was given to the code.
    """

    code: Mapping[str, Expr]
    defaults: Mapping[str, float]
    rule: Mapping[Symbol, float]


def identified(
    code: str,
    free: Mapping[str, float | None],
    given: Mapping[str, float],
    space: StateSpace,
    known: Known | None,
    library: str,
    names: Mapping[str, object],
) -> Identification:
    """Return which hyperparameter is which parameter, as told, by the names of the library, or by like names.

    Parameters
    ----------
    code
        What the optimizer is called, for messages.
    free, given
        The hyperparameters of the code, with their defaults, and with values that were given.
    space
        The rule.
    known
        The published rule, if it is one.
    library
        "torch" or "optax"; empty for code of one's own.
    names
        What the user says: expressions in parameters of the rule, or their texts.

    Raises
    ------
    TypeError
        Where something is left over, or named that is not there.
    """
    parameters = {s.name: s for s in space.parameters}
    chosen: dict[str, Expr] = {}
    for name, meant in names.items():
        chosen[_own_name(code, name, (*free, *given))] = _expression(meant, parameters)
    said = {s for e in chosen.values() for s in e.free_symbols}
    told = set[Symbol]()
    for name, symbol in _by_names(
        [*free, *given], [*space.parameters], space, known, library, code.split("(")[0]
    ):
        # What has a default is switched off by it, rather than a second name of what was named.
        if name not in chosen and symbol not in told and (symbol not in said or free.get(name, 0) is None):
            chosen[name] = symbol
            told.add(symbol)
    told |= said
    rest = [n for n in (*free, *given) if n not in chosen]
    for name, symbol in _by_roles(rest, [s for s in space.parameters if s not in told]):
        chosen[name] = symbol
        told.add(symbol)
    rest = [n for n in rest if n not in chosen and free.get(n, 0) is None]
    for name, symbol in _by_roles(rest, [*space.parameters]):
        chosen[name] = symbol
    fixed_by_library = (known.fixed.get(library, {}) if known else {}).items()
    rule = {s: float(v) for s, v in fixed_by_library if s in space.parameters and s not in told}
    rule |= {e: float(given[name]) for name, e in chosen.items() if name in given and isinstance(e, Symbol)}
    left = [s.name for s in space.parameters if s not in told and s not in rule]
    unused = [n for n in (*free, *given) if n not in chosen]
    missing = [n for n in unused if n in free and free[n] is None]
    if left or missing:
        raise TypeError(_left_over(code, left, missing, unused, {**free, **given}))
    open_ones = {n: e for n, e in chosen.items() if n in free}
    defaults = {n: float(v) for n in unused if n in free and (v := free[n]) is not None}
    return Identification(open_ones, defaults, rule)


def _left_over(
    code: str, left: list[str], missing: list[str], unused: list[str], values: Mapping[str, float | None]
) -> str:
    says = []
    if left:
        says.append(f"the parameters {', '.join(left)} of the rule are none of its hyperparameters")
    if missing:
        says.append(f"its hyperparameters {', '.join(missing)} are no parameters of the rule")
    shown = ", ".join(f"{n} = {values[n]:g}" if values[n] is not None else n for n in unused) or "none"
    own, theirs = (unused or ["lr"])[0], (left or ["eta"])[0]
    return (
        f"it is not clear which hyperparameter of {code} is which parameter of the rule: "
        f"{' and '.join(says)}; not yet named are {shown}. Say which is which, as in "
        f"names={{{own!r}: {theirs!r}}}, give the rule a value, as in "
        f"values={{{theirs!r}: 0.1}}, or the code, as in {own}=0.1"
    )


def _own_name(code: str, name: str, there: tuple[str, ...]) -> str:
    wanted = next((n for n in there if n == name or plain_name(n) in _forms(name)), None)
    if wanted is None:
        raise TypeError(
            f"names has {name!r}, which is no hyperparameter of {code}; it has {', '.join(there) or 'none'}"
        )
    return wanted


def _expression(meant: object, parameters: Mapping[str, Symbol]) -> Expr:
    if isinstance(meant, str):
        meant = parameters[meant] if meant in parameters else read(meant, vocabulary_of(parameters.values()))
    if isinstance(meant, (int, float)):
        return number(meant)
    if not isinstance(meant, Expr) or not meant.free_symbols <= set(parameters.values()):
        raise TypeError(
            f"names must give parameters of the rule ({', '.join(parameters)}), or expressions in them; "
            f"given {meant!r}"
        )
    return exact(meant)


def _forms(name: str) -> set[str]:
    """Return the plain names of a hyperparameter of a library; an entry of a tuple has a numbered one."""
    entry = re.fullmatch(r"(\w+)\[(\d)\]", name)
    if not entry:
        return {plain_name(name)}
    base, number = plain_name(entry[1]), int(entry[2]) + 1
    return {f"{base}{number}", f"{base.removesuffix('s')}{number}"}


def _by_names(
    code: list[str],
    parameters: list[Symbol],
    space: StateSpace,
    known: Known | None,
    library: str,
    function: str,
) -> Iterator[tuple[str, Symbol]]:
    """Yield pairs that go together, the surest first; what is named already is passed over by the caller."""
    own = dict(known.names) if known else {}
    tables = [names for name, names in own.items() if library in ("", name)]
    # What the same function of the library calls the parameters of other rules.
    tables += [
        rule.names[library]
        for rule in published.values()
        if library in rule.names and rule.functions.get(library, "").split("(")[0] == function
    ]
    for symbol, name in (pair for names in tables for pair in names.items()):
        if symbol in parameters:
            yield from ((n, symbol) for n in code if plain_name(n) in _forms(name))
    for symbol in parameters:
        yield from ((n, symbol) for n in code if _usual(n) == _usual(symbol.name))
    rate = learning_rate(space)
    if rate is not None:
        yield from [(n, rate) for n in RATES if n in code][:1]


def _by_roles(code: list[str], parameters: list[Symbol]) -> Iterator[tuple[str, Symbol]]:
    """Yield pairs of names that go for the same thing in libraries, where there is one of either alone."""
    for symbol in parameters:
        like = [n for n in code if share_role(n, symbol.name)]
        others = [s for s in parameters if any(share_role(n, s.name) for n in like)]
        if len(like) == 1 and others == [symbol]:
            yield like[0], symbol


def _usual(name: str) -> str:
    """Return a name as it is written most often: beta1 for betas_1 and b1."""
    return re.sub(r"^(betas?|b)(?=\d$)", "beta", plain_name(name))


_PLAIN_ROLES = tuple({plain_name(n) for n in role} for role in ROLES)


def share_role(name: str, other: str) -> bool:
    """Return whether two names of hyperparameters go for the same thing in libraries."""
    one, two = plain_name(name), plain_name(other)
    return one == two or any(one in role and two in role for role in _PLAIN_ROLES)
