"""An expression as a tree of elementary operations in a fixed order, which a SymPy expression does not have.

The order is the one in which a person would write it: states before new values before gradients before
constants, positive terms first, a whole number before the sum where that costs no product, powers as
products, one division at the end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial, reduce, singledispatch
from math import log10
from typing import Any, TypeAlias

import sympy
from sympy import Add, Expr, Function, Integer, Mul, Piecewise, Pow, Rational, Symbol, default_sort_key
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean

from physsym.core.symbols import distinct_parts


@dataclass(frozen=True)
class Operation:
    """An elementary operation; its name is that of the NumPy function which carries it out."""

    name: str
    arguments: tuple[Operand, ...]


Operand: TypeAlias = "Operation | Symbol | int | Fraction"


class where(Function):
    """A case distinction: the second argument where the first holds, the third elsewhere.

    Unlike `Piecewise` it is an expression of expressions, its condition included: passes treat it as any
    other function, and SymPy evaluates nothing in it.
    """


class maximum(Function):
    """The largest of several numbers; unlike `Max` it compares no arguments, each with each, when rebuilt."""


class minimum(Function):
    """The smallest of several numbers, likewise."""


class less(Function):
    """Whether a number is smaller than another one."""


class less_equal(Function):
    """Whether a number is at most another one."""


class equal(Function):
    """Whether two numbers are equal."""


class not_equal(Function):
    """Whether two numbers differ."""


class logical_and(Function):
    """Whether both of two conditions hold."""


class logical_or(Function):
    """Whether one of two conditions holds, or both."""


class logical_not(Function):
    """Whether a condition does not hold."""


# fmt: off
FUNCTIONS: Mapping[type, str] = {
    sympy.exp: "exp", sympy.log: "log", sympy.Abs: "absolute", sympy.sign: "sign",
    sympy.sin: "sin", sympy.cos: "cos", sympy.tanh: "tanh", sympy.Max: "maximum", sympy.Min: "minimum",
    sympy.floor: "floor", sympy.ceiling: "ceil",
    where: "where", maximum: "maximum", minimum: "minimum",
}
# fmt: on
TESTS = (less, less_equal, equal, not_equal, logical_and, logical_or, logical_not)
LOGIC = tuple(f.__name__ for f in TESTS)
"""The operations whose value is a truth value. They are operands of each other and of `where` alone."""
ARITHMETIC = ("add", "subtract", "multiply", "divide", "negative", "power", "sqrt")
OPERATIONS = (*ARITHMETIC, *dict.fromkeys(FUNCTIONS.values()), *LOGIC)
_NOT_WRITTEN = (where, maximum, minimum)
_OWN = {sympy.Max: maximum, sympy.Min: minimum}

SCALAR, OWN, STATE, NEW, GRADIENT = range(5)  # OWN is the state that is being updated
Ranks: TypeAlias = Mapping[Symbol, int]  # the rank of a symbol; one that is missing is NEW
LONGEST_PRODUCT = 4
MOST_NESTED = 32  # choices, each the last case of the one before: trees are walked recursively


def symbols_of(operand: Operand) -> Iterator[Symbol]:
    """Yield the symbols that an operand reads, each as often as it is read."""
    if isinstance(operand, Symbol):
        yield operand
    elif isinstance(operand, Operation):
        for argument in operand.arguments:
            yield from symbols_of(argument)


def has_choice(operand: Operand) -> bool:
    """Return whether a case distinction occurs in an operand."""
    if not isinstance(operand, Operation):
        return False
    return operand.name == "where" or any(map(has_choice, operand.arguments))


def substitute(operand: Operand, names: Mapping[Symbol, Operand]) -> Operand:
    """Return an operand with other operands for some of its symbols."""
    if isinstance(operand, Operation):
        return Operation(operand.name, tuple(substitute(a, names) for a in operand.arguments))
    return names.get(operand, operand) if isinstance(operand, Symbol) else operand


def multiplied_bases(expression: Expr) -> Iterator[Expr]:
    """Yield the composite bases of powers computed as products, which read the base more than once."""
    for power in distinct_parts(expression):
        if not power.is_Pow:
            continue
        if not power.base.is_Atom and _is_product(power.exp) and abs(power.exp) > 1:
            yield power.base


def is_reciprocal(expression: Expr) -> bool:
    """Return whether an expression is one over something: 1/x, 1/(2*x), x**(-1/2), but not exp(-x)."""
    coefficient, factors = expression.as_coeff_mul(rational=True)
    return bool(factors and abs(coefficient.p) == 1 and all(map(_is_inverse, factors)))


@singledispatch
def operand(expression: Expr, ranks: Ranks) -> Operand:
    """Return the expression as a tree of operations.

    Integer and half-integer powers up to the fourth become products and square roots. Raises ValueError,
    naming the part, for what is not made of numbers, symbols, sums, products, powers and the elementary
    functions.

    >>> x, eta = sympy.symbols("x eta")
    >>> operand(x / 2, {})
    Operation(name='divide', arguments=(x, 2))
    """
    if isinstance(expression, (where, *TESTS)):
        return Operation(type(expression).__name__, tuple(operand(a, ranks) for a in expression.args))
    name = FUNCTIONS.get(type(expression))
    if name is None:
        known = ", ".join(sorted(f.__name__ for f in (*FUNCTIONS, Piecewise) if f not in _NOT_WRITTEN))
        raise ValueError(
            f"cannot compute {expression} ({type(expression).__name__}): a rule that runs has numbers, "
            f"symbols, sums, products, powers, grad, partial and {known}"
        )
    arguments = tuple(operand(a, ranks) for a in _ordered(expression.args, ranks))
    return _folded(name, arguments) if name in ("maximum", "minimum") else Operation(name, arguments)


@operand.register(Symbol)
def _(expression: Symbol, ranks: Ranks) -> Operand:
    return expression


@operand.register(Integer)
def _(expression: Integer, ranks: Ranks) -> Operand:
    return _in_range(expression.p)


@operand.register(Rational)
def _(expression: Rational, ranks: Ranks) -> Operand:
    return Fraction(_in_range(expression.p), _in_range(expression.q))


def _in_range(number: int) -> int:
    """Return a whole number of a rule; ValueError where no float is as large."""
    if abs(number) >= 2**1024:
        digits = int(number.bit_length() * log10(2)) + 1
        raise ValueError(
            f"the rule holds a number of about {digits} digits; floats have at most 308 before the point"
        )
    return int(number)


@operand.register(Add)
def _(expression: Add, ranks: Ranks) -> Operand:
    content, inner = expression.primitive()
    if content.is_Integer and content != 1 and any(map(_is_bare, inner.args)):
        return operand(Mul(content, inner, evaluate=False), ranks)
    first, *others = _sum_order(expression.args, ranks)
    total = operand(first, ranks)
    for term in others:
        negative = _is_negative(term)
        total = Operation(
            "subtract" if negative else "add", (total, operand(-term if negative else term, ranks))
        )
    return total


def _is_bare(term: Expr) -> bool:
    """Return whether a term has no numeric factor, as both of 200*(b - a**2)."""
    return not term.is_Number and abs(term.as_coeff_Mul()[0]) == 1


@operand.register(Mul)
def _(expression: Mul, ranks: Ranks) -> Operand:
    coefficient, factors = expression.as_coeff_mul(rational=True)
    factors = _ordered(factors, ranks)
    above = [operand(f, ranks) for f in factors if not _is_inverse(f)]
    below = [operand(1 / f, ranks) for f in factors if _is_inverse(f)]
    if coefficient == -1 and above:
        above[0] = Operation("negative", (above[0],))
    elif coefficient.p != 1 or not above:
        above.insert(0, _in_range(coefficient.p))
    if coefficient.q != 1:
        below.insert(0, _in_range(coefficient.q))
    return Operation("divide", (_product(above), _product(below))) if below else _product(above)


@operand.register(Pow)
def _(expression: Pow, ranks: Ranks) -> Operand:
    base, exponent = expression.args
    if _is_inverse(expression):
        return Operation("divide", (1, operand(1 / expression, ranks)))
    value = operand(base, ranks)
    if not _is_product(exponent):
        return Operation("power", (value, operand(exponent, ranks)))
    root = [] if exponent.is_Integer else [Operation("sqrt", (value,))]
    return _product([value] * int(exponent) + root)


def _product(factors: list[Operand]) -> Operand:
    return _folded("multiply", factors)


def _folded(name: str, arguments: Iterable[Operand]) -> Operand:
    return reduce(lambda left, right: Operation(name, (left, right)), arguments)


def _is_inverse(factor: Expr) -> bool:
    return bool(factor.is_Pow and factor.exp.is_Rational and factor.exp < 0)


def _is_product(exponent: Expr) -> bool:
    """Return whether a power is computed as a product: x*x, x*sqrt(x), and likewise their inverses."""
    return bool(exponent.is_Rational and exponent.q in (1, 2) and abs(exponent) <= LONGEST_PRODUCT)


def _is_negative(term: Expr) -> bool:
    return bool(term.as_coeff_Mul()[0] < 0)


def _ordered(terms: Iterable[Expr], ranks: Ranks) -> list[Expr]:
    """Return terms by rank, then by their number of operations, then in SymPy's order."""
    listed = list(terms)
    keys: tuple[Callable[[Expr], Any], ...] = (partial(_rank, ranks=ranks), Expr.count_ops, default_sort_key)
    return _sorted_by(listed, keys)


def _sorted_by(terms: list[Expr], keys: Sequence[Callable[[Expr], Any]]) -> list[Expr]:
    """Return terms in the order of the first key; those that it does not tell apart, by the next one."""
    if len(terms) < 2 or not keys:
        return terms
    groups = defaultdict[Any, list[Expr]](list)
    for term in terms:
        groups[keys[0](term)].append(term)
    return [term for key in sorted(groups) for term in _sorted_by(groups[key], keys[1:])]


def _rank(term: Expr, ranks: Ranks) -> int:
    if isinstance(term, Symbol):
        return ranks.get(term, NEW)
    return max((_rank(argument, ranks) for argument in term.args), default=SCALAR)


def _sum_order(terms: Iterable[Expr], ranks: Ranks) -> list[Expr]:
    """Return the terms of a sum: a positive one first, then numbers, parameters alone at the end."""
    ordered = _ordered(terms, ranks)
    ordered = [t for t in ordered if _rank(t, ranks)] + [t for t in ordered if not _rank(t, ranks)]
    first = next((t for t in ordered if not _is_negative(t)), ordered[0])
    others = [t for t in ordered if t is not first]
    # A number is added early, off the critical path.
    return [first, *(t for t in others if t.is_Number), *(t for t in others if not t.is_Number)]


# ------------------------------------------------------------------ case distinctions

_RELATIONS: Mapping[str, tuple[type[Expr], bool]] = {
    "<": (less, False), "<=": (less_equal, False), ">": (less, True), ">=": (less_equal, True),
    "==": (equal, False), "!=": (not_equal, False),
}  # fmt: skip


def with_choices(expression: Expr) -> Expr:
    """Return the expression with `where` for each `Piecewise`, and `floor` for remainders.

    `Max` and `Min` become `maximum` and `minimum`.

    Raises ValueError for one without a last branch for all other cases, and for a condition that is not made
    of relations of real expressions by and, or, not.

    >>> x, y = sympy.symbols("x y", real=True)
    >>> with_choices(sympy.Piecewise((x, x > y), (y, True)))
    where(less(y, x), x, y)
    """
    expression = without_remainders(expression)
    if not expression.has(Piecewise, *_OWN):
        return expression
    if not isinstance(expression, Piecewise):
        build = _OWN.get(type(expression), expression.func)
        return build(*map(with_choices, expression.args))
    *cases, (value, condition) = expression.args
    if condition != True:  # noqa: E712 - of SymPy
        raise ValueError(
            f"{expression} says nothing where none of its conditions holds; add a last branch, (value, True)"
        )
    return _chosen([(with_choices(v), _condition(test)) for v, test in cases], with_choices(value))


def _chosen(cases: Sequence[tuple[Expr, Expr]], otherwise: Expr) -> Expr:
    """Return the value of the first case whose condition holds; very many are halved, as a tree is walked."""
    if len(cases) > MOST_NESTED:
        half = len(cases) // 2
        (*first, (last, _)), second = cases[:half], cases[half:]
        either = _any([condition for _, condition in cases[:half]])
        return where(either, _chosen(first, last), _chosen(second, otherwise))
    return reduce(lambda rest, case: where(case[1], case[0], rest), reversed(cases), otherwise)


def _any(conditions: Sequence[Expr]) -> Expr:
    half = len(conditions) // 2
    return logical_or(_any(conditions[:half]), _any(conditions[half:])) if half else conditions[0]


def _condition(condition: Boolean) -> Expr:
    if isinstance(condition, Relational) and condition.rel_op in _RELATIONS:
        build, swapped = _RELATIONS[condition.rel_op]
        left, right = map(with_choices, condition.args)
        return build(right, left) if swapped else build(left, right)
    for kind, build in ((sympy.And, logical_and), (sympy.Or, logical_or)):
        if isinstance(condition, kind):
            return reduce(build, map(_condition, sorted(condition.args, key=default_sort_key)))
    if isinstance(condition, sympy.Not):
        return logical_not(_condition(condition.args[0]))
    if isinstance(condition, sympy.ITE):  # what SymPy makes of a case distinction on a side of a relation
        test, then, otherwise = map(_condition, condition.args)
        return logical_or(logical_and(test, then), logical_and(logical_not(test), otherwise))
    raise ValueError(
        f"cannot decide {condition}: a condition is made of relations such as x > 0 or Eq(k, 0), by &, | "
        "and ~"
    )


def without_remainders(expression: Expr) -> Expr:
    """Return the expression with a - b*floor(a/b) for each `Mod(a, b)`."""
    if not expression.has(sympy.Mod):
        return expression
    return expression.replace(sympy.Mod, lambda a, b: a - b * sympy.floor(a / b))


def certain_parts(expression: Expr) -> Iterator[Expr]:
    """Yield the parts of an expression that are computed in any case: all but the branches of choices."""
    yield expression
    for argument in expression.args[:1] if isinstance(expression, where) else expression.args:
        yield from certain_parts(argument)


def is_total(expression: Expr) -> bool:
    """Return whether an expression of finite numbers has a value whatever these are: no division, no root."""
    return all(
        not isinstance(part, (Pow, sympy.log, sympy.exp))
        or (isinstance(part, Pow) and _is_product(part.exp) and part.exp.is_Integer and part.exp > 0)
        for part in sympy.preorder_traversal(expression)
    )
