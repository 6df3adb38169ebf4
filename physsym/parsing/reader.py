"""Statements from text: the expression, equation, update, law or rule that a text states."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from sympy import Expr, Symbol

from physsym.core.signs import declares_sign
from physsym.core.statements import Equation, Law, Rule, StatementError, Update
from physsym.core.symbols import MARKS
from physsym.core.verdicts import Condition
from physsym.parsing.grammar import Sentence, sentences
from physsym.parsing.interpretation import FUNCTIONS, Reading, conditions, reading
from physsym.parsing.limits import refuse_large
from physsym.parsing.tokens import GREEK, is_name
from physsym.vocabulary import STANDARD, Quantity, Vocabulary

Readable: TypeAlias = Expr | Equation | Update | Law | Rule
Declared: TypeAlias = str | Symbol | Quantity


def read(text: str, vocabulary: Vocabulary = STANDARD, declare: Iterable[Declared] = ()) -> Readable:
    """Return the expression, equation, update, law or rule that a text states.

    Parameters
    ----------
    text
        An equation is written with `=`, an update with `<-`; several of either, separated by semicolons or
        line ends, are a law or a rule. A line may end inside of brackets. The functions are dot, after,
        before, potential, grad, hess, partial, exp, log, sqrt, sin, cos, tanh, sinh, cosh, sign, Abs, Max and
        Min. Decimals are exact.
    vocabulary
        The names that may be used; Greek letters stand for their names.
    declare
        More names, which become real symbols, SymPy symbols, or quantities.

    Returns
    -------
    Expr, Equation, Update, Law or Rule
        Where a law or a rule is expected, a single equation or update serves as one.

    Raises
    ------
    ReadError
        Where the text is no formula or exceeds the limits.
    TypeError
        For what is not text.
    ValueError
        For a name that cannot be declared.

    Examples
    --------
    >>> read("rho*u - (1 - rho)*eta*grad(x)")
    -eta*(1 - rho)*grad(x) + rho*u
    >>> print(read("m*dot(v) = -grad(x) - γ*v"))
    m*v' = -gamma*v - grad(x)
    >>> print(read("u <- rho*u - 0.1*eta*G; x <- x + after(u)"))
    u <- -eta*grad(x)/10 + rho*u; x <- u+ + x
    >>> read("rho*u - etaa*G")
    Traceback (most recent call last):
    physsym.parsing.tokens.ReadError: found etaa, which is no known name; write eta, or declare it
      rho*u - etaa*G
              ^
    """
    found, readings = _interpret(text, vocabulary, declare)
    return _statement(found, [tuple(side.whole for side in sides) for sides in readings])


def conditions_of(
    text: str, vocabulary: Vocabulary = STANDARD, declare: Iterable[Declared] = ()
) -> tuple[Condition, ...]:
    """Return what must hold for every division, root, power and logarithm in a text to be defined.

    They are found in the text as written, before anything cancels, and listed even where they follow from the
    sign of a symbol. A power that is not whole needs a base that is not negative.

    Parameters
    ----------
    text, vocabulary, declare
        As for `read`.

    Returns
    -------
    tuple of Condition
        In the order of the text, each once.

    Raises
    ------
    ReadError, TypeError, ValueError
        As `read` does.

    Examples
    --------
    >>> print(*conditions_of("gamma*v/gamma + log(x) + sqrt(1 - rho)"), sep=", ")
    gamma != 0, x > 0, 1 - rho >= 0
    """
    found, readings = _interpret(text, vocabulary, declare)
    _statement(found, [tuple(side.whole for side in sides) for sides in readings])  # raises where it is none
    return tuple(dict.fromkeys(c for sides in readings for side in sides for c in conditions(side)))


def _interpret(
    text: str, vocabulary: Vocabulary, declare: Iterable[Declared]
) -> tuple[tuple[Sentence, ...], list[list[Reading]]]:
    """Return the sentences of a text, all of one kind and not too large together, and their values."""
    if not isinstance(text, str):
        raise TypeError(f"expected the text of a formula, given {text!r} of type {type(text).__name__}")
    first, *others = found = sentences(text)
    for other in others:
        if not first.relation or other.relation != first.relation:
            message = (
                "found different kinds of sentences; write one expression, or only equations, or only updates"
            )
            side = other.sides[0]
            raise side.error(message, side.root)
    refuse_large([tree for sentence in found for tree in sentence.sides])
    names = _names(vocabulary, declare)
    return found, [[reading(tree, names) for tree in sentence.sides] for sentence in found]


def _names(vocabulary: Vocabulary, declare: Iterable[Declared]) -> dict[str, Expr]:
    if not isinstance(vocabulary, Vocabulary):
        raise TypeError(f"expected a Vocabulary such as STANDARD, given {vocabulary!r}")
    if isinstance(declare, (str, Symbol, Quantity)):
        raise TypeError(f"declare takes several names; given {declare!r}, write declare=({declare!r},)")
    names = {q.name: q.symbol for q in vocabulary.quantities}
    for declared in declare:
        name, value = _declared(declared, names)
        if names.setdefault(name, value) != value:
            raise ValueError(f"{name} is declared twice, as symbols with different assumptions; keep one")
    return names


def _declared(declared: Declared, names: dict[str, Expr]) -> tuple[str, Expr]:
    if isinstance(declared, str):
        name = GREEK.get(declared, declared)
        value = names.get(name, Symbol(name, real=True))
    elif isinstance(declared, Quantity):
        name, value = declared.name, declared.symbol
    elif isinstance(declared, Symbol):
        name, value = declared.name, declared
    else:
        raise TypeError(f"declare takes names, symbols and quantities, given {declared!r}")
    if not is_name(name) or name in FUNCTIONS:
        raise ValueError(f"{name!r} cannot be declared; a name is made of letters, digits and single _")
    if not value.is_commutative or value.is_real is False:
        raise ValueError(f"{name} cannot be declared: formulas are about real numbers, and it is none")
    return name, value


def _statement(found: tuple[Sentence, ...], values: list[tuple[Expr, ...]]) -> Readable:
    """Return what sentences of one kind, with these values of their sides, state together."""
    relation = found[0].relation
    if not relation:
        return values[0][0]
    if relation == "=":
        equations = tuple(Equation(*sides) for sides in values)
        return equations[0] if len(equations) == 1 else Law(equations)
    for sentence, (target, _) in zip(found, values, strict=True):
        if not isinstance(target, Symbol) or target.name[-1:] in MARKS:
            side = sentence.sides[0]
            raise side.error(f"found {target} on the left of <-; write the symbol that is updated", side.root)
    updates = tuple(Update(*sides) for sides in values)
    try:
        if len(updates) == 1 and not declares_sign(updates[0].target):
            return updates[0]  # it may belong to a larger rule
        whole = Rule(updates)
        return updates[0] if len(updates) == 1 else whole
    except StatementError as error:
        side = found[0].sides[0]
        raise side.error(str(error), side.root) from None
