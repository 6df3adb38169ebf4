"""Expressions while code is read: immutable nodes, each built once, under all front ends.

SymPy evaluates as it builds, which is slow for `Max`, `Eq` and `Piecewise` of large arguments and loses
what a case distinction guards; so formulas are nodes until the law is complete, and `sympy_forms` makes
SymPy of them. A node is a leaf (a symbol, `grad(x)`, `potential(x)`), an exact constant, or an operation:

    add mul div pow max min select  abs sign sqrt cbrt exp log floor ceil tanh sin cos  rem
    lt le eq ne and or not          (conditions)
    gt ge sub neg square rsqrt reciprocal sum xor   (written by those above)

`constant(0.1)` is the shortest decimal that prints so in its dtype, `leaf(expression)` a leaf, and
`make("max", a, b)` an operation, in which numbers are taken for constants. `+ - * / ** abs` work on nodes;
comparisons do not (`==` is identity): write `make("lt", a, b)`. Within
`with recording() as origins, origin("sgd.py:42"):` each new operation is noted with the line or primitive
that it comes from.

A law is about real numbers: `make` takes `0*x` for 0 and `x - x` for 0, and a comparison with infinity for
decided, although floating-point infinities and NaN differ.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from fractions import Fraction
from functools import reduce
from hashlib import blake2b
from typing import Any, TypeAlias
from weakref import WeakValueDictionary

import numpy
import sympy
from sympy import Expr

Value: TypeAlias = "Fraction | float | bool | Expr"
CONDITIONS = frozenset({"lt", "le", "eq", "ne", "and", "or", "not"})
FEW = 8
"""Conditions of more comparisons than this are not simplified, which takes exponential time."""
_BUILT: WeakValueDictionary[tuple[object, ...], Node] = WeakValueDictionary()
_ORIGIN: ContextVar[str] = ContextVar("_ORIGIN", default="")
_ORIGINS: ContextVar[dict[Node, str] | None] = ContextVar("_ORIGINS", default=None)


class Node:
    """An operation on nodes, a constant (`value` a fraction, an infinity or a truth value), or a leaf."""

    __slots__ = ("__weakref__", "args", "cases", "content", "nonnegative", "op", "value")

    op: str
    args: tuple[Node, ...]
    value: Value | None
    content: bytes
    """A digest of what it is made of: the same in each process, whatever was built before."""
    cases: frozenset[Node]
    """The comparisons on which case distinctions below this node depend."""
    nonnegative: bool
    """Whether the form alone shows that it is not negative."""

    @property
    def is_condition(self) -> bool:
        """Whether it is true or false, and no number."""
        return self.op in CONDITIONS or isinstance(self.value, bool)

    def __add__(self, other: Operand) -> Node:
        return make("add", self, other)

    def __radd__(self, other: Operand) -> Node:
        return make("add", other, self)

    def __sub__(self, other: Operand) -> Node:
        return make("sub", self, other)

    def __rsub__(self, other: Operand) -> Node:
        return make("sub", other, self)

    def __mul__(self, other: Operand) -> Node:
        return make("mul", self, other)

    def __rmul__(self, other: Operand) -> Node:
        return make("mul", other, self)

    def __truediv__(self, other: Operand) -> Node:
        return make("div", self, other)

    def __rtruediv__(self, other: Operand) -> Node:
        return make("div", other, self)

    def __pow__(self, other: Operand) -> Node:
        return make("pow", self, other)

    def __rpow__(self, other: Operand) -> Node:
        return make("pow", other, self)

    def __neg__(self) -> Node:
        return make("neg", self)

    def __abs__(self) -> Node:
        return make("abs", self)

    def __repr__(self) -> str:
        return str(self.value) if not self.args else f"{self.op}({', '.join(map(repr, self.args))})"


Operand: TypeAlias = "Node | int | float | Fraction"


@contextmanager
def recording(earlier: Mapping[Node, str] | None = None) -> Iterator[dict[Node, str]]:
    """Note the origin of each operation that is built within, in a dictionary that begins with `earlier`."""
    origins: dict[Node, str] = dict(earlier or {})
    token = _ORIGINS.set(origins)
    try:
        yield origins
    finally:
        _ORIGINS.reset(token)


def _inheriting(new: Node, old: Node) -> Node:
    """Note for a rewritten node the origin of the node that it was."""
    origins = _ORIGINS.get()
    if origins is not None and new.args and old in origins:
        origins.setdefault(new, origins[old])
    return new


@contextmanager
def origin(where: str) -> Iterator[None]:
    """Say where the operations built within come from: a primitive, or a file and a line."""
    token = _ORIGIN.set(where)
    try:
        yield
    finally:
        _ORIGIN.reset(token)


def _built(op: str, args: tuple[Node, ...] = (), value: Value | None = None) -> Node:
    key = (op, args, type(value), value)
    node = _BUILT.get(key)
    if node is None:
        node = Node()
        node.op, node.args, node.value = op, args, value
        node.content = blake2b(
            f"{op} {sympy.srepr(value)} ".encode() + b"".join(a.content for a in args), digest_size=16
        ).digest()
        own = {node} if op in ("lt", "le", "eq", "ne") else ()
        node.cases = frozenset(own).union(*(a.cases for a in args))
        node.nonnegative = _is_nonnegative(op, args, value)
        _BUILT[key] = node
    origins = _ORIGINS.get()
    if origins is not None and args and _ORIGIN.get():
        # The node may have been built by an earlier lift.
        origins.setdefault(node, _ORIGIN.get())
    return node


def _is_nonnegative(op: str, args: tuple[Node, ...], value: Value | None) -> bool:
    if op in ("abs", "sqrt", "exp"):
        return True
    if op == "pow":
        return args[0].nonnegative or _is_even(args[1])
    if op in ("add", "mul", "div", "min"):
        return all(a.nonnegative for a in args)
    if op in ("max", "select"):
        return any(a.nonnegative for a in args) if op == "max" else all(a.nonnegative for a in args[1:])
    return isinstance(value, Fraction) and value >= 0


def constant(value: object) -> Node:
    """Return a constant; a float is taken for the shortest decimal that prints as it does in its dtype.

    >>> constant(0.1), constant(numpy.float32(0.1)), constant(True)
    (1/10, 1/10, True)
    """
    if isinstance(value, (bool, numpy.bool_)):
        return _built("constant", (), bool(value))
    if isinstance(value, (int, Fraction, numpy.integer)):
        return _built("constant", (), Fraction(int(value) if isinstance(value, numpy.integer) else value))
    number = float(value)  # type: ignore[arg-type]
    if not math.isfinite(number):
        return UNDEFINED if math.isnan(number) else _built("constant", (), number)
    # str of a NumPy scalar is the shortest decimal of its dtype.
    return _built("constant", (), Fraction(str(value)))


def leaf(expression: Expr) -> Node:
    """Return the node of what is not taken apart: a symbol, `grad(x)`, `potential(x)`."""
    return _built("leaf", (), expression)


def as_node(value: Operand) -> Node:
    """Return a node as it is, and a number as a constant."""
    return value if isinstance(value, Node) else constant(value)


TRUE, FALSE = constant(True), constant(False)
UNDEFINED = _built("undefined")
"""What is no number; a law that still holds it is refused."""
ZERO, ONE = constant(0), constant(1)


def make(op: str, *operands: Operand) -> Node:
    """Return the node of an operation, simplified where this is true of all real numbers.

    >>> from sympy import Symbol
    >>> a = leaf(Symbol("a", real=True))
    >>> make("sqrt", a * a), a + 0, make("select", make("lt", 1, 2), a, 0)
    (abs(a), a, a)
    """
    args = tuple(map(as_node, operands))
    if op in _WRITTEN:
        return _WRITTEN[op](*args)
    if op in COMMUTATIVE:
        # Constants and leaves first, and each kind by content: a + b and b + a are one node.
        args = tuple(sorted(args, key=_place))
    simpler = _folded(op, args)
    if simpler is None and op in _SIMPLER:
        simpler = _SIMPLER[op](*args)
    return _built(op, args) if simpler is None else simpler


_REDUCTIONS = {"add": "sum", "mul": "product", "max": "maximum", "min": "minimum"}


def reduction_in_words(op: str, parts: Iterable[Node]) -> str:
    """Return what is done where an operation combines the elements of an array.

    >>> from sympy import Symbol
    >>> reduction_in_words("add", [leaf(Symbol("a")) ** 2, leaf(Symbol("b")) ** 2])
    'the sum of squares over the coordinates of an array'
    """
    combined = [p for p in parts if p.op != "constant"]
    kind = ""
    if combined and all(p.op == "pow" and _is(p.args[1], 2) for p in combined):
        kind = " of squares"
    elif combined and all(p.op == "abs" for p in combined):
        kind = " of absolute values"
    return f"the {_REDUCTIONS.get(op, op)}{kind} over the coordinates of an array"


def number_of(condition: Node) -> Node:
    """Return 1 where a condition holds and 0 where not; a number is returned as it is."""
    return make("select", condition, ONE, ZERO) if condition.is_condition else condition


def _place(node: Node) -> tuple[int, str, bytes]:
    rank = 0 if node.op == "constant" else 1 if node.op == "leaf" else 2
    return rank, str(node.value) if rank == 1 else "", node.content


COMMUTATIVE = frozenset({"add", "mul", "max", "min", "eq", "ne", "and", "or"})
_WRITTEN: Mapping[str, Callable[..., Node]] = {
    "neg": lambda a: make("mul", -1, a),
    "sub": lambda a, b: make("add", a, make("mul", -1, b)),
    "gt": lambda a, b: make("lt", b, a),
    "ge": lambda a, b: make("le", b, a),
    "square": lambda a: make("pow", a, 2),
    "rsqrt": lambda a: make("div", 1, make("sqrt", a)),
    "reciprocal": lambda a: make("div", 1, a),
    "sum": lambda *terms: reduce(lambda a, b: make("add", a, b), terms, ZERO),
    "xor": lambda a, b: make("or", make("and", a, make("not", b)), make("and", b, make("not", a))),
}


def _real_power(base: Any, exponent: Any) -> Any:
    return numpy.power(numpy.asarray(base, dtype=float), exponent)


_NUMERIC: Mapping[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "mul": lambda a, b: a * b,
    "div": numpy.true_divide,
    "pow": _real_power,
    "max": numpy.maximum,
    "min": numpy.minimum,
    "select": numpy.where,
    "abs": numpy.abs,
    "sign": numpy.sign,
    "sqrt": numpy.sqrt,
    "cbrt": numpy.cbrt,
    "exp": numpy.exp,
    "log": numpy.log,
    "floor": numpy.floor,
    "ceil": numpy.ceil,
    "tanh": numpy.tanh,
    "sin": numpy.sin,
    "cos": numpy.cos,
    "rem": numpy.fmod,
    "lt": numpy.less,
    "le": numpy.less_equal,
    "eq": numpy.equal,
    "ne": numpy.not_equal,
    "and": numpy.logical_and,
    "or": numpy.logical_or,
    "not": numpy.logical_not,
}


class Evaluator:
    """A node made ready to be evaluated in float64 many times; `evaluator(values)` takes values by leaf."""

    def __init__(self, node: Node) -> None:
        """Put the operations in order."""
        self.node = node
        self.steps = ordered([node])

    def __call__(self, values: Mapping[Expr, Any]) -> Any:
        """Return the value, given those of the leaves: numbers, or arrays of one shape."""
        found: dict[Node, Any] = {}
        with numpy.errstate(all="ignore"):
            for n in self.steps:
                if n is UNDEFINED:
                    found[n] = math.nan
                elif n.op == "constant":
                    found[n] = n.value if isinstance(n.value, bool) else float(n.value)  # type: ignore[arg-type]
                else:
                    found[n] = (
                        values[n.value] if n.op == "leaf" else _NUMERIC[n.op](*(found[a] for a in n.args))
                    )
        return found[self.node]


def evaluate(node: Node, values: Mapping[Node, Any]) -> Any:
    """Return the value of a node in float64, given those of its leaves: numbers, or arrays of one shape."""
    return Evaluator(node)({leaf.value: value for leaf, value in values.items()})


def ordered(nodes: list[Node]) -> list[Node]:
    """Return all nodes below these and themselves, each once, operands first."""
    done: dict[Node, None] = {}
    stack = [(n, False) for n in reversed(nodes)]
    while stack:
        node, below_done = stack.pop()
        if below_done:
            done[node] = None
        elif node not in done:
            stack.append((node, True))
            stack.extend((a, False) for a in reversed(node.args) if a not in done)
    return list(done)


def leaves(*nodes: Node) -> tuple[Node, ...]:
    """Return the leaves that nodes read, each once."""
    return tuple(n for n in ordered(list(nodes)) if n.op == "leaf")


def substitute(node: Node, values: Mapping[Node, Node]) -> Node:
    """Replace nodes, the outermost first, and simplify what comes of it."""
    done: dict[Node, Node] = {}
    for n in ordered([node]):
        done[n] = (
            values[n]
            if n in values
            else _inheriting(make(n.op, *(done[a] for a in n.args)), n)
            if any(done[a] is not a for a in n.args)
            else n
        )
    return done[node]


_EXACT: Mapping[str, Callable[..., Any]] = {
    "add": operator.add,
    "mul": operator.mul,
    "max": max,
    "min": min,
    "lt": operator.lt,
    "le": operator.le,
    "eq": operator.eq,
    "ne": operator.ne,
    "abs": abs,
    "sign": lambda a: (a > 0) - (a < 0),
    "floor": math.floor,
    "ceil": math.ceil,
    "rem": lambda a, b: a - b * math.trunc(a / b) if b else None,
    "div": lambda a, b: a / b if b else None,
    "pow": lambda a, b: a ** int(b) if b.denominator == 1 and abs(b) <= 64 and (a or b >= 0) else None,
    "sqrt": lambda a: root if (root := _root(a)) ** 2 == a else None,
}
"""Operations whose value at fractions is a fraction, or None where it is not."""


def _root(value: Fraction) -> Fraction:
    return Fraction(math.isqrt(max(0, value.numerator)), math.isqrt(value.denominator))


def _folded(op: str, args: tuple[Node, ...]) -> Node | None:
    """Carry out an operation on constants, if its value is a fraction of moderate size."""
    values = [a.value for a in args]
    if op not in _EXACT or not all(isinstance(v, Fraction) for v in values):
        return None
    folded = _EXACT[op](*values)
    return None if folded is None else constant(folded)


def _is(node: Node, value: int) -> bool:
    return isinstance(node.value, Fraction) and node.value == value


def _simpler_add(a: Node, b: Node) -> Node | None:
    if _is(a, 0):
        return b
    if a.op == "constant" and b.op == "add" and b.args[0].op == "constant":
        return make("add", make("add", a, b.args[0]), b.args[1])
    cases = [n for n in (a, b) if n.op == "select"]
    if len(cases) == 2 and a.args[0] is b.args[0]:
        return make(
            "select", a.args[0], *(make("add", *pair) for pair in zip(a.args[1:], b.args[1:], strict=True))
        )
    if a.op == "constant" and cases and all(n.op == "constant" for n in b.args[1:]):
        return make("select", b.args[0], *(make("add", a, n) for n in b.args[1:]))
    opposite = make("mul", -1, a) is b if a.op != "constant" else False
    return ZERO if opposite else None


def _simpler_mul(a: Node, b: Node) -> Node | None:
    if _is(a, 0) or _is(a, 1):
        return ZERO if _is(a, 0) else b
    if a is b:
        return make("pow", a, 2)
    if a.op == "constant" and b.op == "mul" and b.args[0].op == "constant":
        return make("mul", make("mul", a, b.args[0]), b.args[1])
    for mask, other in ((a, b), (b, a)):
        if mask.op == "select" and any(_is(branch, 0) for branch in mask.args[1:]):
            condition, first, second = mask.args
            return make("select", condition, make("mul", first, other), make("mul", second, other))
    return None


def _simpler_div(a: Node, b: Node) -> Node | None:
    if _is(a, 0):
        return ZERO
    if b.op == "constant" and isinstance(b.value, Fraction) and b.value:
        return make("mul", 1 / b.value, a)
    return None


def _simpler_pow(a: Node, b: Node) -> Node | None:
    if _is(b, 1) or _is(b, 0):
        return a if _is(b, 1) else ONE
    if b.value == Fraction(1, 2):
        return make("sqrt", a)
    if a.op == "abs" and _is_even(b):
        return make("pow", a.args[0], b)
    if _is(a, 1):
        return ONE
    return None


def _is_even(node: Node) -> bool:
    return isinstance(node.value, Fraction) and node.value.denominator == 1 and node.value.numerator % 2 == 0


def _simpler_abs(a: Node) -> Node | None:
    if a.nonnegative:
        return a
    if a.op == "mul" and a.args[0].op == "constant":
        return make("mul", make("abs", a.args[0]), make("abs", a.args[1]))
    return None


def _simpler_sqrt(a: Node) -> Node | None:
    return make("abs", a.args[0]) if a.op == "pow" and _is(a.args[1], 2) else None


def _extremum(op: str, idle: float) -> Callable[[Node, Node], Node | None]:
    def simpler(a: Node, b: Node) -> Node | None:
        if a is b or a.value == idle:
            return b
        return None

    return simpler


def _simpler_select(condition: Node, first: Node, second: Node) -> Node | None:
    if not condition.is_condition:
        return make("select", make("ne", condition, 0), first, second)
    if condition.value is not None or first is second:
        return second if condition is FALSE else first
    if condition.op == "not":
        return make("select", condition.args[0], second, first)
    if condition.op in ("lt", "le") and {first, second} == set(condition.args):
        return make("min" if first is condition.args[0] else "max", first, second)
    if condition.op == "eq" and (
        {first, second} == set(condition.args)
        or (first is condition.args[0] is ZERO and _same_zeros(second) is condition.args[1])
    ):
        return second
    if first.is_condition and second.is_condition:
        return make("or", make("and", condition, first), make("and", make("not", condition), second))
    return None


def _same_zeros(a: Node) -> Node:
    """Return a simpler node that is zero where this one is."""
    root = a.op in ("sqrt", "abs") or (a.op == "pow" and a.args[1].op == "constant")
    return _same_zeros(a.args[0]) if root else a


def _comparison(op: str, holds: Callable[[int], bool]) -> Callable[[Node, Node], Node | None]:
    """Return the simplification of a comparison; `holds` decides it by the sign of left minus right."""

    def simpler(a: Node, b: Node) -> Node | None:
        if a is b:
            return constant(holds(0))
        if a.is_condition or b.is_condition:
            if op in ("eq", "ne") and a.is_condition and b.is_condition:
                differs = make("xor", a, b)
                return differs if op == "ne" else make("not", differs)
            return make(op, number_of(a), number_of(b))
        for side, other, sign in ((a, b, 1), (b, a, -1)):
            if isinstance(side.value, float):
                return constant(holds(sign if side.value > 0 else -sign))
            if side.op == "select" and (other.op == "constant" or len(a.cases | b.cases) <= FEW):
                # A condition with a case distinction inside becomes cases of conditions.
                cases = [make(op, x, other) if sign > 0 else make(op, other, x) for x in side.args[1:]]
                return make("select", side.args[0], *cases)
        for side, other in ((a, b), (b, a)):
            if _is(other, 0) and side.nonnegative:
                above = holds(1 if side is a else -1)
                if above == holds(0):
                    return constant(above)
                inner, zero = _same_zeros(side), "eq" if holds(0) else "ne"
                return None if inner is side and op == zero else make(zero, 0, inner)
        return None

    return simpler


def _connective(op: str, idle: Node, decided: Node) -> Callable[[Node, Node], Node | None]:
    def simpler(a: Node, b: Node) -> Node | None:
        if a is b or a is idle:
            return b
        if b is idle:
            return a
        if decided in (a, b):
            return decided
        if len(a.cases | b.cases) > FEW:
            return None
        # Where the first does not decide, it is known when it comes to the second.
        for first, second in ((a, b), (b, a)):
            rest = _resolved(second, _facts(first, op == "and"), {})
            if rest is not second:
                return make(op, first, rest)
        return None

    return simpler


_OPPOSITE = {"lt": "le", "le": "lt", "eq": "ne", "ne": "eq"}


def _simpler_not(a: Node) -> Node | None:
    if isinstance(a.value, bool):
        return constant(not a.value)
    if a.op in ("lt", "le"):
        return make(_OPPOSITE[a.op], a.args[1], a.args[0])
    if a.op in _OPPOSITE:
        return make(_OPPOSITE[a.op], *a.args)
    if a.op in ("and", "or"):
        return make("or" if a.op == "and" else "and", *(make("not", b) for b in a.args))
    return a.args[0] if a.op == "not" else make("eq", a, 0)


_SIMPLER: Mapping[str, Callable[..., Node | None]] = {
    "add": _simpler_add,
    "mul": _simpler_mul,
    "div": _simpler_div,
    "pow": _simpler_pow,
    "abs": _simpler_abs,
    "sqrt": _simpler_sqrt,
    "max": _extremum("max", -math.inf),
    "min": _extremum("min", math.inf),
    "select": _simpler_select,
    "lt": _comparison("lt", lambda sign: sign < 0),
    "le": _comparison("le", lambda sign: sign <= 0),
    "eq": _comparison("eq", lambda sign: sign == 0),
    "ne": _comparison("ne", lambda sign: sign != 0),
    "and": _connective("and", TRUE, FALSE),
    "or": _connective("or", FALSE, TRUE),
    "not": _simpler_not,
}


def resolve(node: Node, known: Mapping[Node, bool] | None = None) -> Node:
    """Decide inner case distinctions by the outer ones: within a case, its condition holds.

    Guards of divisions vanish so: in `n != 0 ? p/(n != 0 ? n : 1) : 1` the divisor is n.
    """
    return _resolved(node, frozenset((known or {}).items()), {})


def _resolved(node: Node, known: frozenset[tuple[Node, bool]], done: dict[Any, Node]) -> Node:
    known = frozenset(fact for fact in known if fact[0].cases <= node.cases)
    if (node, known) not in done:
        done[node, known] = _inheriting(_resolved_cases(node, known, done), node)
    return done[node, known]


def _resolved_cases(node: Node, known: frozenset[tuple[Node, bool]], done: dict[Any, Node]) -> Node:
    if not node.cases:
        return node
    if (node, True) in known or (node, False) in known:
        return constant((node, True) in known)
    if node.op != "select":
        return make(node.op, *(_resolved(a, known, done) for a in node.args))
    condition = _resolved(node.args[0], known, done)
    branches = [
        _resolved(branch, known | _facts(condition, value), done)
        for branch, value in zip(node.args[1:], (True, False), strict=True)
    ]
    return make("select", condition, *branches)


def _facts(condition: Node, value: bool) -> frozenset[tuple[Node, bool]]:
    """Return comparisons that are decided where a condition is true, or where it is false."""
    if not value:
        condition = make("not", condition)
    if condition.op == "and":
        return _facts(condition.args[0], True) | _facts(condition.args[1], True)
    facts = {(condition, True), (make("not", condition), False)}
    if condition.op == "lt":
        a, b = condition.args
        facts |= {(make("le", a, b), True), (make("lt", b, a), False), (make("le", b, a), False)}
        facts |= {(make("eq", a, b), False), (make("ne", a, b), True)}
    if condition.op == "eq":
        a, b = condition.args
        facts |= {(make("le", a, b), True), (make("le", b, a), True)}
        facts |= {(make("lt", a, b), False), (make("lt", b, a), False)}
    return frozenset(facts)
