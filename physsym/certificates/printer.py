"""Expressions and formulas as text for Coq, every operation in parentheses, and names that are safe there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce, singledispatch
from typing import Any

import sympy
from sympy import Add, Expr, Mul, Pow, Symbol
from sympy.core.function import AppliedUndef

from physsym.certificates.formula import All, Always, Iff, Map, Open, Relation, Said, arguments, function_name
from physsym.core.symbols import AFTER, BEFORE, DOT, OPAQUE, name_and_marks

# What Coq, or a statement printed here, reads as something else than a variable.
# fmt: off
RESERVED = frozenset((
    "as", "at", "cofix", "else", "end", "exists", "exists2", "fix", "for", "forall", "fun", "if", "IF", "in",
    "let", "match", "mod", "Prop", "return", "Set", "SProp", "then", "Type", "using", "where", "with",
    "R", "O", "S", "nat", "pow", "bigO", "tends", "tends_with_order", "tends_beyond_powers",
    "follows_flow", "starts_smoothly", "close_to_flow", "exp", "sqrt",
    "sin", "cos", "sinh", "cosh", "tanh", "Rabs",
))
# fmt: on
_MARKS = {DOT: "_d", AFTER: "_next", BEFORE: "_prev"}
_ELEMENTARY = {
    sympy.exp: "exp", sympy.sin: "sin", sympy.cos: "cos", sympy.tanh: "tanh", sympy.cosh: "cosh",
    sympy.sinh: "sinh", sympy.Abs: "Rabs",
}  # fmt: skip


class NotInCoq(ValueError):
    """An expression that the printer has no words for; the message is the reason."""


@dataclass(frozen=True)
class Names:
    """The names under which symbols and uninterpreted functions have in one lemma, all different."""

    symbols: Mapping[Symbol, str]
    functions: Mapping[str, str]


def names(symbols: Iterable[Symbol], functions: Iterable[str] = ()) -> Names:
    """Return names that Coq accepts, shadow nothing and are all different.

    >>> from sympy import Symbol
    >>> names([Symbol("x'"), Symbol("exp"), Symbol("u+")]).symbols
    {exp: 'exp_', u+: 'u_next', x': 'x_d1'}
    """
    taken: set[str] = set()
    own = {f: _fresh(_plain(f), taken) for f in functions}
    return Names({s: _fresh(_marked(s), taken) for s in sorted(symbols, key=str)}, own)


def _marked(symbol: Symbol) -> str:
    name, marks = name_and_marks(symbol)
    counted = (_MARKS[m] + str(marks.count(m)) for m in dict.fromkeys(marks))
    return _plain(name) + "".join(counted).replace("_next1", "_next").replace("_prev1", "_prev")


def _plain(name: str) -> str:
    ascii_name = re.sub(r"[^A-Za-z0-9_]", lambda found: f"u{ord(found[0]):x}", name)
    return ascii_name if ascii_name[:1].isalpha() else f"v{ascii_name}"


def _fresh(name: str, taken: set[str]) -> str:
    # Hypotheses are called H1, H2, ... in every proof.
    while name in taken or name in RESERVED or re.fullmatch(r"H\d+", name):
        name += "_"
    taken.add(name)
    return name


@singledispatch
def coq(part: Any, known: Names) -> str:
    """Return a formula or an expression as text for Coq. Raises NotInCoq for what it has no words for."""
    raise NotInCoq(f"{part} ({type(part).__name__}) cannot be written for Coq")


@coq.register(str)
def _(part: str, known: Names) -> str:
    return part


@coq.register(Open)
def _(part: Open, known: Names) -> str:
    return known.functions[part.name]


@coq.register(Relation)
def _(part: Relation, known: Names) -> str:
    return f"{coq(part.left, known)} {part.sign} {coq(part.right, known)}"


@coq.register(All)
def _(part: All, known: Names) -> str:
    inner = [coq(p, known) for p in part.parts]
    return inner[0] if len(inner) == 1 else " /\\ ".join(f"({p})" for p in inner)


@coq.register(Iff)
def _(part: Iff, known: Names) -> str:
    return f"({coq(part.one, known)})\n  <-> ({coq(part.other, known)})"


@coq.register(Map)
def _(part: Map, known: Names) -> str:
    return f"(fun {' '.join(known.symbols[v] for v in part.variables)} : R => {coq(part.value, known)})"


@coq.register(Always)
def _(part: Always, known: Names) -> str:
    time = known.symbols[part.variables[0]]
    return f"forall {time} : R, 0 <= {time} -> {coq(part.formula, known)}"


@coq.register(Said)
def _(part: Said, known: Names) -> str:
    return " ".join((part.predicate, *(coq(a, known) for a in part.arguments)))


@coq.register(Expr)
def _(part: Expr, known: Names) -> str:
    if isinstance(part, (*OPAQUE, AppliedUndef)):
        return _applied(known.functions[function_name(part)], arguments(part), known)
    if part.func in _ELEMENTARY:
        return _applied(_ELEMENTARY[part.func], part.args, known)
    raise NotInCoq(f"{part} ({type(part).__name__}) cannot be written for Coq")


def _applied(function: str, arguments: Iterable[Expr], known: Names) -> str:
    return f"({' '.join((function, *(coq(a, known) for a in arguments)))})"


@coq.register(Symbol)
def _(part: Symbol, known: Names) -> str:
    return known.symbols[part]


@coq.register(sympy.Rational)
def _(part: sympy.Rational, known: Names) -> str:
    above = str(part.p) if part.p >= 0 else f"(- {-part.p})"
    return above if part.q == 1 else f"({above} / {part.q})"


@coq.register(Add)
def _(part: Add, known: Names) -> str:
    first, *rest = sorted(part.args, key=_negative)
    text = coq(first, known)
    for term in rest:
        text = f"({text} - {coq(-term, known)})" if _negative(term) else f"({text} + {coq(term, known)})"
    return text


def _negative(term: Expr) -> bool:
    return bool(term.as_coeff_Mul()[0].is_negative)


@coq.register(Mul)
def _(part: Mul, known: Names) -> str:
    if _negative(part):
        return f"(- {coq(-part, known)})"
    below = [f.base**-f.exp for f in part.args if isinstance(f, Pow) and f.exp.is_negative]
    above = [f for f in part.args if not (isinstance(f, Pow) and f.exp.is_negative)]
    product = _product(above, known) if above else "1"
    return f"({product} / {_product(below, known)})" if below else product


def _product(factors: Iterable[Expr], known: Names) -> str:
    return reduce("({} * {})".format, (coq(f, known) for f in factors))


@coq.register(Pow)
def _(part: Pow, known: Names) -> str:
    base, power = part.args
    if power == sympy.S.Half:
        return f"(sqrt {coq(base, known)})"
    if not power.is_Integer:
        raise NotInCoq(
            f"{part} has the power {power}; only whole powers and square roots are written for Coq"
        )
    if power < 0:
        return f"(1 / {coq(base**-power, known)})"
    return f"({coq(base, known)} ^ {power})"
