"""Limits: how large and deep an expression can become, bounded from its tree before SymPy builds it.

The size of a number is log2 of the larger of its numerator and denominator, that of a formula the size of the
largest number that can come out of it when no symbol exceeds one. Whatever SymPy evaluates or cancels, no
number in its result is larger.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

from physsym.parsing.grammar import Tree
from physsym.parsing.interpretation import FUNCTIONS
from physsym.parsing.tokens import number

MAX_NODES = 2000
MAX_LEVELS = 20
MAX_BITS = 10_000  # Python prints no integer of more than 4300 digits, about 14,000 bits.
MAX_ROOT_BITS = 256  # SymPy takes roots of integers by trial division.
_BEYOND = 64.0  # 2**64 is beyond every limit, and 2.0**1024 would overflow.

_FAMILY = {
    ast.Add: "sum", ast.Sub: "sum", ast.Mult: "product", ast.Div: "product", ast.Pow: "power",
    ast.Mod: "remainder", ast.BitAnd: "and", ast.BitOr: "or",
}  # fmt: skip


def refuse_large(trees: Sequence[Tree]) -> None:
    """Raise ReadError where expressions have too many nodes or levels, or can produce too large numbers."""
    weight = 0
    for tree in trees:
        nodes = tree.nodes()
        called = [tree.token(node).name if isinstance(node, ast.Call) else "" for node in nodes]
        weight += sum(FUNCTIONS[name].cost if name in FUNCTIONS else 1 for name in called)
        if weight > MAX_NODES:
            message = f"the text weighs more than {MAX_NODES} nodes (a Max weighs 200); name parts of it"
            raise tree.error(message, tree.root)
        _refuse_deep(tree, nodes)
        _refuse_numbers(tree, nodes)


def _refuse_deep(tree: Tree, nodes: list[ast.expr]) -> None:
    levels: dict[ast.expr, int] = {}
    for node in nodes:
        parts = tree.parts(node)
        levels[node] = max((levels[part] + (not _is_flat(node, part)) for part in parts), default=0)
        if levels[node] > MAX_LEVELS:
            message = f"found a formula more than {MAX_LEVELS} levels deep; name the inner ones"
            raise tree.error(message, node)


def _is_flat(node: ast.expr, part: ast.expr) -> bool:
    """Return whether a part is on the level of the whole: signed, or the left of a chain like a + b + c."""
    if not isinstance(node, ast.BinOp):
        return isinstance(node, ast.UnaryOp)
    chained = isinstance(part, ast.BinOp) and _FAMILY[type(node.op)] == _FAMILY[type(part.op)]
    return chained and part is node.left


def _refuse_numbers(tree: Tree, nodes: list[ast.expr]) -> None:
    sizes: dict[ast.expr, Size] = {}
    for node in nodes:
        parts = [sizes[part] for part in tree.parts(node)]
        sizes[node] = _size(node, parts, tree)
        if max(sizes[node]) > MAX_BITS:
            raise tree.error(f"this may make numbers of more than {MAX_BITS} bits; choose other units", node)
        if _is_root(node, tree) and max(parts[0]) > MAX_ROOT_BITS:
            message = f"this may take roots of numbers of more than {MAX_ROOT_BITS} bits; choose other units"
            raise tree.error(message, node)


def _is_root(node: ast.expr, tree: Tree) -> bool:
    if isinstance(node, ast.Call):
        return tree.token(node).name == "sqrt"
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow)):
        return False
    exponent = node.right.operand if isinstance(node.right, ast.UnaryOp) else node.right
    return not (isinstance(exponent, ast.Constant) and number(tree.token(exponent)).denominator == 1)


Size: TypeAlias = tuple[float, float]


def _size(node: ast.expr, parts: list[Size], tree: Tree) -> Size:
    """Return log2 of the largest numerator and denominator, given those of the parts."""
    if isinstance(node, ast.Constant):
        value = number(tree.token(node))
        return math.log2(value.numerator or 1), math.log2(value.denominator)
    kind: type | str = type(node.op) if isinstance(node, ast.BinOp) else ""
    return _SIZES.get(tree.token(node).name if isinstance(node, ast.Call) else kind, _largest)(*parts)


def _largest(*parts: Size) -> Size:
    return max((p for p, _ in parts), default=0.0), max((q for _, q in parts), default=0.0)


def _sum(a: Size, b: Size) -> Size:
    one, other = a[0] + b[1], b[0] + a[1]
    return max(one, other) + math.log2(1 + math.exp2(-abs(one - other))), a[1] + b[1]


def _product(a: Size, b: Size) -> Size:
    return a[0] + b[0], a[1] + b[1]


def _power(base: Size, exponent: Size) -> Size:
    bits = max(base) * math.exp2(min(exponent[0], _BEYOND))
    return max(bits, *exponent), max(bits, *exponent)


_SIZES: dict[type | str, Callable[..., Size]] = {
    ast.Add: _sum,
    ast.Sub: _sum,
    ast.Mult: _product,
    ast.Div: lambda a, b: _product(a, b[::-1]),
    ast.Mod: lambda a, b: _sum(a, _product(b, _product(a, b[::-1]))),
    ast.Pow: _power,
    **dict.fromkeys(
        ("exp", "sinh", "cosh"), lambda *parts: _power((1.5, 1.5), _largest(*parts))
    ),  # log2(e) < 1.5
}
