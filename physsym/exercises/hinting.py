"""Hints to a line that is left out of a derivation, in stages: each says more than the one before."""

from __future__ import annotations

from collections.abc import Iterable
from inspect import getdoc

from sympy import Add, Expr, S, Symbol, expand

from physsym.core.motion import moving_parts
from physsym.core.statements import Equation, Law, Rule, Statement, Update, expressions, symbols
from physsym.core.symbols import name_and_marks
from physsym.mechanics.moves import Move, in_words

BLANK = "□"


def hints(
    move: Move, above: Statement, due: Statement, also: Iterable[Symbol] = ()
) -> tuple[str, str, str, str]:
    """Return the hints to a line: the move, what it does, what changes, and the shape of the line.

    Parameters
    ----------
    move
        The reason for the line.
    above
        The line above.
    due
        The line that is left out.
    also
        Symbols that change in time though the line may not show it.

    Returns
    -------
    tuple of str
        Four of them. In the shape each constant coefficient other than 1 is a box.

    Examples
    --------
    >>> from physsym.mechanics.moves import Divide
    >>> from physsym.parsing import read
    >>> law = read("m*dot(v) = -gamma*v - G; dot(x) = v")
    >>> for hint in hints(Divide(read("m")), law, read("dot(v) = -gamma*v/m - G/m; dot(x) = v/m")):
    ...     print(hint)
    divide by m
    Divide both sides of every equation of a law by something that is not zero.
    the coefficients of grad(x), v, v' change
    v' = □*grad(x) + □*v; x' = v*□
    """
    does = (getdoc(type(move)) or type(move).__name__).partition("\n\n")[0].replace("\n", " ")
    return in_words(move), does, _changes(above, due, tuple(also)), shape(due, also)


def shape(line: Statement, also: Iterable[Symbol] = ()) -> str:
    """Return a line with a box in place of every constant coefficient other than 1.

    >>> from physsym.parsing import read
    >>> shape(read("u <- rho*u - eta*G; x <- x + u+"))
    'u <- □*u + □*grad(x); x <- x + u+'
    """

    def boxed(expression: Expr) -> Expr:
        found = _coefficients(expression, line, tuple(also)).items()
        return Add(*(part if factor == 1 and part != 1 else Symbol(BLANK) * part for part, factor in found))

    if isinstance(line, Rule):
        return "; ".join(str(Update(u.target, boxed(u.value))) for u in line.updates)
    return "; ".join(str(Equation(boxed(e.left), boxed(e.right))) for e in line.equations)


def _coefficients(expression: Expr, line: Statement, also: tuple[Symbol, ...]) -> dict[Expr, Expr]:
    """Return the constant coefficient of each part of a sum that changes in time; of 1, the constant term."""
    parts = moving_parts(expression, line, also)
    found: dict[Expr, Expr] = {}
    for term in Add.make_args(expand(expression)):
        factor, part = term.as_independent(*parts, as_Add=False) if parts else (term, S.One)
        found[part] = found.get(part, S.Zero) + factor
    return {part: factor for part, factor in found.items() if factor != 0}


def _changes(above: Statement, due: Statement, also: tuple[Symbol, ...]) -> str:
    """Return what of a line changes by a step: its kind, its names, its coefficients."""
    says = list[str]()
    if isinstance(above, Law) and isinstance(due, Rule):
        says.append(f"the law becomes a rule, with an update of {', '.join(map(str, due.targets))}")
    before, after = ({name_and_marks(s)[0] for s in symbols(line)} for line in (above, due))
    for names, one, several in ((before - after, "leaves", "leave"), (after - before, "is new", "are new")):
        says += [f"{', '.join(sorted(names))} {one if len(names) == 1 else several}"] if names else []
    if type(above) is type(due):
        old, new = (_all_coefficients(line, also) for line in (above, due))
        changed = [part for part in {**old, **new} if old.get(part) != new.get(part)]
        named = sorted(
            str(part) if part != 1 else "the constant term"
            for part in changed
            if not {name_and_marks(s)[0] for s in part.free_symbols} & (before ^ after)
        )
        says += [f"the coefficient of {named[0]} changes"] if len(named) == 1 else []
        says += [f"the coefficients of {', '.join(named)} change"] if len(named) > 1 else []
    return "; ".join(says) or "nothing but the form changes"


def _all_coefficients(line: Statement, also: tuple[Symbol, ...]) -> dict[Expr, dict[int, Expr]]:
    """Return each part that changes in time with its coefficients, by the number of the expression."""
    found: dict[Expr, dict[int, Expr]] = {}
    for k, expression in enumerate(expressions(line)):
        for part, factor in _coefficients(expression, line, also).items():
            found.setdefault(part, {})[k] = factor
    return found
