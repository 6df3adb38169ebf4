"""What changes in time: states, their rates, the time `t`, and what is read at moving evaluation points.

A statement does not declare its variables, so they are recognised by how they occur. Moves that take
something for constant (a definition, a limit, a time step) consult this module.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from sympy import Add, Expr, Symbol

from physsym.core.statements import Law, Rule, Statement, expressions, symbols
from physsym.core.symbols import OPAQUE, name_and_marks

TIME = "t"


def is_time(symbol: Symbol) -> bool:
    """Return whether a symbol is the time, which is always named `t`.

    Parameters
    ----------
    symbol
        A symbol.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_time(Symbol("t", real=True)), is_time(Symbol("tau"))
    (True, False)
    """
    return bool(symbol.name == TIME)


def clock(rule: Rule) -> Symbol | None:
    """Return the time, if a rule advances it by a time step; a `t` that grows by one counts steps.

    Parameters
    ----------
    rule
        A rule.

    Returns
    -------
    Symbol or None

    Examples
    --------
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import dt, t
    >>> clock(rule({t: t + dt})), clock(rule({t: t + 1}))
    (t, None)
    """
    found = (u.target for u in rule.updates if is_time(u.target) and u.value - u.target != 1)
    return next(found, None)


def moving(statement: Statement, also: Iterable[Symbol] = ()) -> frozenset[Symbol]:
    """Return the symbols of a law or a rule that change in time.

    These are what has a rate or is updated, its rates and its values at other instants, the time `t`, what an
    equation without rates sets equal to something that moves, and the evaluation points of the potential and
    its derivatives. Of the symbols in an evaluation point such as `x + beta*u` only those move that are known
    to do so otherwise; if none is, the terms that are plain symbols move (here `x`), and if there is no such
    term, all of them.

    Parameters
    ----------
    statement
        A law or a rule.
    also
        Symbols that are known to move from elsewhere, such as an earlier line or their kind in a vocabulary.

    Returns
    -------
    frozenset of Symbol
        Those that occur in the statement, rates and marks included.

    Examples
    --------
    >>> from physsym.core.statements import law
    >>> from physsym.core.symbols import dot
    >>> from physsym.vocabulary import G, gamma, v, x
    >>> sorted(map(str, moving(law({gamma * dot(x): -G}))))
    ['x', "x'"]
    >>> sorted(map(str, moving(law({gamma * v: -G}))))
    ['x']
    """
    names = _names(statement, tuple(also))
    return frozenset(s for s in symbols(statement) if name_and_marks(s)[0] in names)


def moving_parts(expression: Expr, line: Statement, also: Iterable[Symbol] = ()) -> tuple[Expr, ...]:
    """Return the symbols and opaque functions of an expression that change in time, given the line beside it.

    Parameters
    ----------
    expression
        An expression, such as the value of a definition.
    line
        The law or rule beside it.
    also
        Symbols that are known to move from elsewhere.

    Returns
    -------
    tuple of Expr
        Opaque functions first; nothing inside them is named again. Empty for a constant. An opaque function
        of any symbol is taken to move.

    Examples
    --------
    >>> from physsym.core.statements import law
    >>> from physsym.core.symbols import dot
    >>> from physsym.vocabulary import G, dt, gamma, tau, x
    >>> line = law({dot(x): -G / gamma})
    >>> moving_parts(dt * G / gamma, line), moving_parts(x / tau, line), moving_parts(dt / gamma, line)
    ((grad(x),), (x,), ())
    """
    names = _names(line, tuple(also))
    opaque = sorted((f for f in expression.atoms(*OPAQUE) if f.free_symbols), key=str)
    rest = expression.xreplace({f: Symbol("") for f in opaque}).free_symbols
    moved = (s for s in rest if name_and_marks(s)[1] or name_and_marks(s)[0] in names)
    return (*opaque, *sorted(moved, key=str))


def moves(expression: Expr, line: Statement, also: Iterable[Symbol] = ()) -> bool:
    """Return whether an expression changes in time, given the line it is used in.

    Parameters
    ----------
    expression
        An expression.
    line
        The law or rule beside it.
    also
        Symbols that are known to move from elsewhere.

    Returns
    -------
    bool
        False where every part of it is constant.
    """
    return bool(moving_parts(expression, line, also))


@lru_cache(maxsize=512)
def _names(statement: Statement, also: tuple[Symbol, ...]) -> frozenset[str]:
    """Return the names, marks aside, of what moves in a statement or is said to."""
    marked = (s for s in symbols(statement) if name_and_marks(s)[1])
    names = {TIME, *(name_and_marks(s)[0] for s in (*also, *marked))}
    if isinstance(statement, Rule):
        names |= {s.name for s in statement.targets}
    names |= _at_evaluation_points(statement, names)
    while new := _equal_to_moving(statement, names) - names if isinstance(statement, Law) else set():
        names |= new
    return frozenset(names)


def _at_evaluation_points(statement: Statement, known: set[str]) -> set[str]:
    points = {p for e in expressions(statement) for f in e.atoms(*OPAQUE) for p in f.args if p.free_symbols}
    found = set[str]()
    for point in points:
        held = {name_and_marks(s)[0] for s in point.free_symbols}
        plain = {name_and_marks(term)[0] for term in Add.make_args(point) if isinstance(term, Symbol)}
        if not held & known:
            found |= plain or held
    return found


def _equal_to_moving(law: Law, names: set[str]) -> set[str]:
    """Return the names that an equation without rates sets equal to something that moves."""
    found = set[str]()
    for equation in law.equations:
        sides = equation.left.free_symbols | equation.right.free_symbols
        marked = any(name_and_marks(s)[1] for s in sides)
        for name, value in ((equation.left, equation.right), (equation.right, equation.left)):
            held = value.atoms(*OPAQUE) or any(name_and_marks(s)[0] in names for s in value.free_symbols)
            if isinstance(name, Symbol) and not marked and held:
                found.add(str(name.name))
    return found
