"""Statements from what people bring: texts, names of published rules, single sentences, and what has a rule.

Each function takes what its namesake in `core.statements` takes, and text besides. They import the reader
when they meet a text, since it takes long to import.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Protocol, TypeAlias, cast

from sympy import Expr, S, Symbol

from physsym.core import statements
from physsym.core.arguments import named_arguments
from physsym.core.conditions import Given, as_conditions
from physsym.core.motion import is_time
from physsym.core.signs import declares_sign
from physsym.core.statements import Law, LawLike, Rule, RuleLike, Statement
from physsym.core.symbols import Exact, exact, free_symbols_of, name_and_marks, require_symbol
from physsym.core.verdicts import Condition
from physsym.vocabulary import STANDARD, Vocabulary


class _HasLines(Protocol):
    @property
    def lines(self) -> tuple[Statement, ...]: ...

    def __hash__(self) -> int: ...


RuleText: TypeAlias = RuleLike | str
"""What is accepted as a rule: what `core` accepts, its text, or `known:NAME`."""
LawText: TypeAlias = LawLike | _HasLines | str
"""What is accepted as a law: what `core` accepts, a derivation that ends with a law, or its text."""
StatementText: TypeAlias = RuleText | LawText
ExprText: TypeAlias = Expr | int | Fraction | str
"""What is accepted as an expression: an exact one, or its text."""
SymbolText: TypeAlias = Symbol | str
"""What is accepted as a symbol: the symbol, or its name."""
Values: TypeAlias = Mapping[Symbol, Exact | str] | Mapping[str, Exact | str]
"""A table of values of symbols, which may be given by their names."""

# Rules by name are found in packages that are built on this one.
_NAMED = {"known": ("physsym.optimizers.lifting.named", "lift_name")}
_NAME = re.compile(r"\s*(known|optax|torch)\s*:")


def _read(text: str, declare: Iterable[Symbol | str], vocabulary: Vocabulary = STANDARD) -> object:
    from physsym.parsing.reader import read

    return read(text, vocabulary, tuple(declare))


def _published(name: str) -> object:
    module, function = _NAMED["known"]
    return getattr(importlib.import_module(module), function)(name, {})


def as_rule(given: RuleText, declare: Iterable[Symbol] = ()) -> Rule:
    """Return the rule that is meant: the rule itself, or that of an update, a derivation, a text or a name.

    Parameters
    ----------
    given
        What `core.statements.as_rule` takes, the text of a rule or of a single update, or `known:NAME`,
        `optax:NAME`, `torch:NAME`.
    declare
        Symbols that a text has the names of; derivatives and later values among them are left out.

    Returns
    -------
    Rule

    Raises
    ------
    TypeError
        For anything else, and for a text that states no rule.
    ReadError
        For a text that is not read.

    Examples
    --------
    >>> print(as_rule("x <- x - lr*g"))
    x <- x - lr*grad(x)
    """
    if not isinstance(given, str):
        return statements.as_rule(given)
    found = _published(given) if _NAME.match(given) else _read(given, declare)
    return statements.as_rule(found)  # type: ignore[arg-type]


def as_law(given: LawText, declare: Iterable[Symbol] = ()) -> Law:
    """Return the law that is meant: the law itself, or that of an equation, a system, a derivation or a text.

    Parameters
    ----------
    given
        What `core.statements.as_law` takes, a derivation that ends with a law, or the text of a law or of a
        single equation.
    declare
        Symbols that a text has the names of.

    Returns
    -------
    Law

    Raises
    ------
    TypeError
        For anything else, and for a text that states no law.
    ReadError
        For a text that is not read.

    Examples
    --------
    >>> print(as_law("m x'' = -k x"))
    m*x'' = -k*x
    """
    found: object = _read(given, declare) if isinstance(given, str) else given
    last = getattr(found, "lines", (found,))[-1]
    return statements.as_law(last if isinstance(last, Law) else found)  # type: ignore[arg-type]


def as_statement(given: StatementText, declare: Iterable[Symbol] = ()) -> Statement:
    """Return the law or the rule that is meant.

    Parameters
    ----------
    given
        What `as_law` or `as_rule` takes.
    declare
        Symbols that a text has the names of.

    Returns
    -------
    Law or Rule

    Raises
    ------
    TypeError
        For anything else, and for the text of an expression.
    ReadError
        For a text that is not read.
    """
    if isinstance(given, str):
        if _NAME.match(given):
            return as_rule(given)
        found = _read(given, declare)
        if isinstance(found, Expr):
            raise TypeError(
                f"expected a law or a rule, given the text of an expression, {given!r}; an equation has =, "
                "an update <-"
            )
        return statements.as_statement(found)  # type: ignore[arg-type]
    lines = getattr(given, "lines", None)
    if isinstance(lines, tuple) and lines and isinstance(lines[-1], Law | Rule):
        return lines[-1]
    return statements.as_statement(given)  # type: ignore[arg-type]


def read_text(given: str, vocabulary: Vocabulary = STANDARD) -> object:
    """Return what a text states: an expression, an equation, an update, a law or a rule, also one by name.

    Parameters
    ----------
    given
        The text, or `known:NAME`.
    vocabulary
        The names that it may use.

    Returns
    -------
    object

    Raises
    ------
    ReadError
        For a text that is not read.
    """
    return as_rule(given) if _NAME.match(given) else _read(given, (), vocabulary)


_INFINITE = {"oo": S.Infinity, "inf": S.Infinity, "∞": S.Infinity}


def as_expression(given: ExprText, declare: Iterable[Symbol] = ()) -> Expr:
    """Return the exact expression that is meant; a text is read, `oo` and `-oo` are infinite.

    Parameters
    ----------
    given
        An expression, a whole number, a fraction or a text.
    declare
        Symbols that a text has the names of.

    Returns
    -------
    Expr

    Raises
    ------
    TypeError
        For a float, and for what is no expression.
    ReadError
        For a text that is not read.

    Examples
    --------
    >>> as_expression("m/γ")
    m/gamma
    """
    if not isinstance(given, str):
        return exact(given)
    size = given.strip().removeprefix("-").removeprefix("+")
    if size in _INFINITE:
        return -_INFINITE[size] if given.strip().startswith("-") else _INFINITE[size]
    found = _read(given, _without_marks(declare))
    if not isinstance(found, Expr):
        raise TypeError(f"expected an expression, given the text of a statement, {given!r}")
    return found


def _without_marks(found: Iterable[object]) -> list[Symbol]:
    """Return symbols that are no derivatives and no later values: names of texts are those of these."""
    return [s for s in found if isinstance(s, Symbol) and not name_and_marks(s)[1]]


def as_symbol(given: SymbolText, declare: Iterable[Symbol] = ()) -> object:
    """Return the symbol of a name, as texts have it; anything else is returned as it is, to be judged there.

    Parameters
    ----------
    given
        A symbol or a name.
    declare
        Symbols that may have the name.

    Returns
    -------
    object
        The symbol.

    Raises
    ------
    TypeError
        For the text of what is no symbol.
    ReadError
        For a text that is not read.

    Examples
    --------
    >>> as_symbol("θ"), as_symbol("gamma").is_positive, as_symbol("vx")
    (theta, True, vx)
    """
    if not isinstance(given, str):
        return given
    from physsym.parsing.reader import may_be_product

    known = tuple(declare)
    whole = (given,) if may_be_product(given, {s.name for s in known}) else ()
    found = _read(given, (*known, *whole))
    if not isinstance(found, Symbol):
        raise TypeError(f"expected the name of a symbol, given {given!r}, which stands for {found}")
    return found


def named_symbol(given: SymbolText, among: Iterable[object] = ()) -> Symbol:
    """Return the symbol of a name, that of those in use which has it first; raise TypeError for what is none.

    Parameters
    ----------
    given
        A symbol or a name.
    among
        What is in use, such as the symbols of a rule.

    Returns
    -------
    Symbol
    """
    found = as_symbol(given, _without_marks(among))
    require_symbol(found)
    return cast("Symbol", found)


def as_state(given: SymbolText) -> object:
    """Return the symbol of what moves: a name whose symbol the vocabulary declares positive becomes real.

    An angle may be called alpha, and the friction coefficient gamma is positive.

    Parameters
    ----------
    given
        A symbol or a name.

    Returns
    -------
    object
        The symbol; anything else is returned as it is, to be judged there.
    """
    found = as_symbol(given)
    if isinstance(given, str) and isinstance(found, Symbol) and declares_sign(found) and not is_time(found):
        return Symbol(found.name, real=True)
    return found


@named_arguments
def law(
    equations: Mapping[Expr, Exact | str] | Mapping[Symbol, Exact | str] | Mapping[str, Exact | str] | str,
) -> Law:
    """Return the law with the given equations, left side to right side.

    Parameters
    ----------
    equations
        Expressions in symbols and their derivatives, such as `dot(x)`, or their texts, such as "x'"; both
        sides of one dimension. Or the text of a whole law.

    Returns
    -------
    Law
        The equations in the order given.

    Raises
    ------
    TypeError
        For an inexact number or something that is no expression.
    StatementError
        For no equation.
    ReadError
        For a text that is not read.

    Examples
    --------
    >>> print(law({"theta''": "-g/l*sin(theta)"}))
    theta'' = -g*sin(theta)/l
    """
    if isinstance(equations, str):
        return as_law(equations)
    given: object = equations
    if not isinstance(given, Mapping):
        raise TypeError(statements.no_table("law", "left side to right side", "gamma*dot(x): -G", given))
    declare = _symbols_of((*given, *given.values()))
    pairs = {as_expression(k, declare): as_expression(v, declare) for k, v in given.items()}
    if len(pairs) < len(given):
        raise TypeError("two equations have the same left side; write the law as one text, or change a side")
    return statements.law(pairs)


@named_arguments
def rule(
    updates: Values | str,
    start: Values | None = None,
    ranges: Given | str | Iterable[str] = (),
    typical: Values | None = None,
) -> Rule:
    """Return the rule with the given updates, carried out from top to bottom.

    Parameters
    ----------
    updates
        The new value of each symbol, in its dimension. `x` is the value before the step, `after(x)` the new
        one, once it has been updated further up, and `before(x)` the value one step earlier. Names and texts
        serve as symbols and expressions: in a text, `x+` is the new value. Or the text of a whole rule.
    start
        The values of states before the first step, in their dimensions.
    ranges
        The natural ranges of the parameters: conditions or SymPy relations, such as `(0 <= b, b < 1)`, or
        their text, "0 <= b < 1".
    typical
        The values that people use of parameters; they are the defaults when the rule is compiled.

    Returns
    -------
    Rule
        The updates in the order given.

    Raises
    ------
    TypeError
        For an inexact number or a target that is no symbol.
    StatementError
        Where a symbol is updated twice, or a new value is read before it is set.
    ReadError
        For a text that is not read.

    Examples
    --------
    >>> print(rule({"v": "beta*v + g", "x": "x - lr*v+"}, start={"v": 0}))
    v <- beta*v + grad(x); x <- x - lr*v+; v(0) = 0
    """
    if isinstance(updates, str):
        found = as_rule(updates)
        pairs: Mapping[Symbol, Exact] = {u.target: u.value for u in found.updates}
        begun = dict(found.start)
    else:
        pairs, begun = _updates(updates), {}
    known = _symbols_of((*pairs, *pairs.values()))
    return statements.rule(
        pairs,
        {**begun, **as_values(start or {}, known)},
        _ranges(ranges, known),
        as_values(typical or {}, known),
    )


def _ranges(given: object, known: tuple[Symbol, ...]) -> Given:
    """Return conditions, those of texts read."""
    items = given if isinstance(given, (tuple, list)) else (given,)
    if not any(isinstance(item, str) for item in items):
        return cast("Given", given)
    from physsym.parsing.inequalities import read_conditions  # the reader takes long to import

    found: list[Condition] = []
    for item in items:
        found += read_conditions(item, STANDARD, known) if isinstance(item, str) else as_conditions(item)
    return tuple(found)


def _symbols_of(values: Iterable[object]) -> tuple[Symbol, ...]:
    """Return the symbols of the expressions among some values, each name once."""
    found = {
        s.name: s
        for value in values
        if isinstance(value, Expr)
        for s in free_symbols_of(value)
        if isinstance(s, Symbol) and s.name.isidentifier()
    }
    return tuple(found.values())


def _updates(updates: Values) -> dict[Symbol, Exact]:
    """Return the updates of a table in which names and texts are read together, as one rule."""
    given: object = updates
    if not isinstance(given, Mapping):
        raise TypeError(statements.no_table("rule", "symbol to new value", "x: x - eta*G", given))
    for target in given:
        if not isinstance(target, str | Symbol):
            raise TypeError(f"a rule updates symbols, given {target!r}")
    if not any(isinstance(part, str) for pair in given.items() for part in pair):
        return dict(given)
    # An update that is given as an expression keeps its line in the text, so that the lines are counted.
    lines = [f"{target} <- {value if isinstance(value, str) else 0}" for target, value in given.items()]
    found = as_rule("\n".join(lines), _symbols_of((*given, *given.values())))
    pairs = zip(found.updates, given.values(), strict=True)
    return {u.target: u.value if isinstance(v, str) else v for u, v in pairs}


def as_values(table: object, known: Iterable[Symbol] = ()) -> dict[Symbol, Exact]:
    """Return a table of values by symbols, in which names and texts stand for symbols and expressions.

    Parameters
    ----------
    table
        Symbols or their names, each with an exact expression or its text; anything else is returned as it is,
        to be judged there.
    known
        Symbols that have the names.

    Returns
    -------
    dict

    Raises
    ------
    TypeError
        For the text of what is no symbol, or no expression.
    ReadError
        For a text that is not read.
    """
    if not isinstance(table, Mapping):
        return table  # type: ignore[return-value]
    names = {s.name: s for s in known}
    declare = tuple(s for s in names.values() if s.name.isidentifier())
    found = {}
    for key, value in table.items():
        symbol = names.get(key) or as_symbol(key) if isinstance(key, str) else key
        found[symbol] = as_expression(value, declare) if isinstance(value, str) else value
    return found
