"""Statements from text: the expression, equation, update, law or rule that a text states."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal, TypeAlias

from sympy import Expr, S, Symbol

from physsym.core.motion import is_time
from physsym.core.signs import declares_sign
from physsym.core.statements import Equation, Law, Rule, StatementError, Update
from physsym.core.symbols import BEFORE, MARKS, grad
from physsym.core.verdicts import Condition
from physsym.parsing.grammar import Sentence, Tree, sentences
from physsym.parsing.interpretation import FUNCTIONS, NAMES_TOO, Reading, conditions, reading
from physsym.parsing.limits import refuse_large
from physsym.parsing.tokens import GREEK, is_name
from physsym.vocabulary import STANDARD, Quantity, Vocabulary

Readable: TypeAlias = Expr | Equation | Update | Law | Rule
Declared: TypeAlias = str | Symbol | Quantity


def read(
    text: str,
    vocabulary: Vocabulary = STANDARD,
    declare: Iterable[Declared] = (),
    *,
    unknown: Literal["refuse", "real"] = "refuse",
) -> Readable:
    """Return the expression, equation, update, law or rule that a text states.

    Parameters
    ----------
    text
        An equation is written with `=`, an update with `<-`; several of either, separated by semicolons or
        line ends, are a law or a rule. A line may end inside of brackets. The functions are dot, after,
        before, potential, grad, hess, partial, exp, log, sqrt, sin, cos, tanh, sinh, cosh, sign, Abs, floor,
        ceil, Max, Min, clip, and for case distinctions `where(x > 0, a, b)` and `Piecewise((a, x > 0),
        (b, True))`. `a % b` is a - b*floor(a/b). `u+` is after(u) and `x-` is before(x) where no operand
        follows. The start value of a state is a sentence of a rule: `u(0) = 0`, or `u(0) = oo` where it is
        infinite. Decimals are exact.
    vocabulary
        The names that may be used; Greek letters stand for their names.
    declare
        More names, which become real symbols, SymPy symbols, or quantities.
    unknown
        With "real", a name that is not known becomes a real symbol, and so does what a rule updates, whatever
        sign the vocabulary declares. Then g alone is the gradient at x, w or theta, whichever the rule
        updates, if nothing else in the text is called g.

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
    >>> print(read("m <- b*m + g; x <- x - lr*m+; m(0) = 0", unknown="real"))
    m <- b*m + grad(x); x <- -lr*m+ + x; m(0) = 0
    >>> read("rho*u - etaa*G")
    Traceback (most recent call last):
    physsym.parsing.tokens.ReadError: found etaa, which is no known name; write eta, or declare it
      rho*u - etaa*G
              ^
    """
    if unknown not in ("refuse", "real"):
        raise ValueError(f"unknown is 'refuse' or 'real', given {unknown!r}")
    found, readings = _interpret(text, vocabulary, declare, unknown == "real")
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
    text: str, vocabulary: Vocabulary, declare: Iterable[Declared], by_use: bool = False
) -> tuple[tuple[Sentence, ...], list[list[Reading]]]:
    """Return the sentences of a text, all of one kind and not too large together, and their values."""
    if not isinstance(text, str):
        raise TypeError(f"expected the text of a formula, given {text!r} of type {type(text).__name__}")
    first, *others = found = sentences(text)
    for other in others:
        if (first.relation, other.relation) == ("<-", "=") and _started(other) is not None:
            continue
        if not first.relation or other.relation != first.relation:
            message = (
                "found different kinds of sentences; write one expression, or only equations, or only updates"
            )
            side = other.sides[0]
            raise side.error(message, side.root)
    refuse_large([tree for sentence in found for tree in sentence.sides])
    names = _names(vocabulary, declare)
    if by_use:
        names = _with_names_in_use(found, names, {n: s for n, s in names.items() if _is_declared(n, declare)})
    return found, [
        [
            reading(tree, {**_INFINITY, **names} if _starts_at_infinity(sentence) else names)
            for tree in _read_sides(sentence, first.relation)
        ]
        for sentence in found
    ]


_INFINITY: Mapping[str, Expr] = dict.fromkeys(("oo", "inf", "infinity"), S.Infinity)


def _starts_at_infinity(sentence: Sentence) -> bool:
    """Return whether a sentence says that a state starts at infinity: m(0) = oo, m(0) = -oo."""
    if _started(sentence) is None:
        return False
    value = sentence.sides[1]
    node = value.root.operand if isinstance(value.root, ast.UnaryOp) else value.root
    return isinstance(node, ast.Name) and value.token(node).name in _INFINITY


def _is_declared(name: str, declare: Iterable[Declared]) -> bool:
    return any(name in (d, getattr(d, "name", None)) for d in declare)


def _started(sentence: Sentence) -> tuple[ast.expr, str] | None:
    """Return the node and the marks of the state whose start value a sentence gives: u(0) = 0, x-(0) = 1."""
    if sentence.relation != "=":
        return None
    left = sentence.sides[0]
    match left.root:
        case ast.Call(func=ast.Name() as name, args=[ast.Constant() as zero]):
            marks = ""
        case ast.BinOp(left=ast.Name() as name, op=ast.Sub(), right=ast.Constant() as zero):
            marks = BEFORE
        case _:
            return None
    token = left.token(name)
    is_state = token.name not in FUNCTIONS or token.name in NAMES_TOO
    return (name, token.marks + marks) if is_state and left.token(zero).text == "0" else None


def _read_sides(sentence: Sentence, relation: str) -> tuple[Tree, ...]:
    """Return the sides of a sentence; on the left of a start value, the state alone."""
    started = _started(sentence) if relation == "<-" else None
    if started is None:
        return sentence.sides
    left, right = sentence.sides
    node, marks = started
    token = replace(left.token(node), marks=marks)
    return Tree(left.text, node, {**left.at_column, node.col_offset: token}), right


WEIGHTS = ("x", "w", "theta")
"""What the weights of a model are called where a text does not say."""


def _with_names_in_use(
    found: Iterable[Sentence], names: Mapping[str, Expr], declared: Mapping[str, Expr]
) -> dict[str, Expr]:
    """Return the names with a real symbol for each that the sentences use and nobody has declared."""
    used: dict[str, Tree] = {}
    called: set[str] = set()
    for sentence in found:
        for tree in sentence.sides[:1] if _starts_at_infinity(sentence) else sentence.sides:
            for node in tree.nodes():
                if isinstance(node, ast.Name):
                    used.setdefault(tree.token(node).name, tree)
                elif isinstance(node, ast.Call):
                    called.add(tree.token(node).name)
    targets = [
        s.sides[0].token(s.sides[0].root).name
        for s in found
        if s.relation == "<-" and isinstance(s.sides[0].root, ast.Name)
    ]
    known = dict(names)
    for name in targets:
        if name not in declared and (name not in known or _declares_sign(known[name])):
            known[name] = Symbol(name, real=True)
    weights = [name for name in WEIGHTS if name in targets]
    if "g" in used and "g" not in known and not called & {"grad", "partial", "g"}:
        *others, last = weights or [""]
        if others:
            raise used["g"].error(
                f"found g, which might be the gradient at {' or '.join(weights)}; write grad({weights[0]}), "
                "or declare g",
                used["g"].root,
            )
        if last:
            known["g"] = grad(known[last])
    for name in used:
        if name == "oo" and name not in known:
            tree = used[name]
            raise tree.error("found oo, infinity, which is a start value alone: m(0) = oo", tree.root)
        if name not in known and name not in ("True", "False"):
            known[name] = Symbol(name, real=True)
    return known


def _declares_sign(value: Expr) -> bool:
    return not isinstance(value, Symbol) or (declares_sign(value) and not is_time(value))


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
    if not is_name(name) or (name in FUNCTIONS and name not in NAMES_TOO):
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
    pairs = list(zip(found, values, strict=True))
    start = tuple(sides for sentence, sides in pairs if sentence.relation == "=")
    pairs = [(sentence, sides) for sentence, sides in pairs if sentence.relation != "="]
    for sentence, (target, _) in pairs:
        if not isinstance(target, Symbol) or target.name[-1:] in MARKS:
            side = sentence.sides[0]
            raise side.error(f"found {target} on the left of <-; write the symbol that is updated", side.root)
    updates = tuple(Update(*sides) for _, sides in pairs)
    try:
        if start:
            return Rule(updates, start)
        if len(updates) == 1 and not declares_sign(updates[0].target):
            return updates[0]  # it may belong to a larger rule
        whole = Rule(updates)
        return updates[0] if len(updates) == 1 else whole
    except StatementError as error:
        side = found[0].sides[0]
        raise side.error(str(error), side.root) from None
