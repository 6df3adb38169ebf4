"""The letters of gradients, g and G: at which point a rule takes them, and where they are something else."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeAlias

from sympy import Expr, Symbol

from physsym.core.symbols import grad
from physsym.parsing.derivatives import GRADIENT
from physsym.parsing.grammar import Sentence, Tree
from physsym.parsing.instants import VECTORS, WEIGHTS

Used: TypeAlias = Mapping[str, list[tuple[Tree, ast.Name]]]
"""The names that a text uses, with where it does."""
_OF_ANGLES = {"sin", "cos", "tan"}  # beside which g is rather that of a pendulum
_OF_POINTS = {"grad", "partial"}
SUM_OF_SQUARES = (
    "found {0} beside {1}, the gradient too or a sum of squares; "
    "write {1} for the gradient, or add the line that updates {2}"
)
OTHER_WEIGHTS = (
    "found {0}, the gradient at {1}, which the text does not mention; write {3} for the gradient at {2}"
)


def targets_of(found: Iterable[Sentence]) -> list[str]:
    """Return the names that sentences update, in their order."""
    lefts = [s.sides[0] for s in found if s.relation == "<-"]
    return [left.token(left.root).name for left in lefts if isinstance(left.root, ast.Name)]


def gradient_g(
    used: Used, called: Collection[str], targets: Sequence[str], known: Mapping[str, Expr]
) -> Mapping[str, Expr]:
    """Return what g is where it is the gradient at the weights that a rule updates, and else nothing.

    Beside a gradient with its point, grad(x), the letter with the index of a step is the gradient too; by
    itself it is a constant, unless that gradient is taken elsewhere, when it may be either.
    """
    if "g" in known or "g" not in used or "g" in called:
        return {}
    tree, node = used["g"][0]
    dated = all(len(tree.token(node).text) > 1 for tree, node in used["g"])  # g_t, gₜ
    if (_OF_POINTS & {*called} or GRADIENT in used) and not dated:
        if {*WEIGHTS} & {*targets} and not _at_weights(used, targets):
            message = "found g beside a gradient at another point; write grad(x) for the gradient"
            raise tree.error(f"{message} at the weights, or declare g for a constant", node)
        return {}
    gradient = gradient_at_weights("g", used, targets, known)
    if gradient is not None and _OF_ANGLES & {*called}:
        message = f"found g, which may be {gradient} or the acceleration of gravity; write {gradient} for "
        raise tree.error(message + 'the gradient, or read(..., declare=("g",)) for the constant', node)
    return {} if gradient is None else {"g": gradient}


def _at_weights(used: Used, targets: Sequence[str]) -> bool:
    """Return whether a text takes a gradient with its point at the weights before the step."""
    if GRADIENT in used:
        return True
    weights = {*WEIGHTS} & {*targets}
    trees = {id(tree): tree for uses in used.values() for tree, _ in uses}.values()
    points = [
        [tree.token(a) for a in node.args if isinstance(a, ast.Name)]
        for tree in trees
        for node in tree.nodes()
        if isinstance(node, ast.Call) and tree.token(node).name in _OF_POINTS
    ]
    return any(token.name in weights and not token.marks for point in points for token in point)


_WRITTEN = re.compile("grad(?:s|ients?)?(?:_?(?:[A-Za-z]|theta|params?|loss))?")


def refuse_words_for_gradients(used: Used, targets: Sequence[str], known: Collection[str]) -> None:
    """Raise ReadError for a name such as `gradient`, `grad_w` or `dw` in a rule that updates weights."""
    weights = next((name for name in WEIGHTS if name in targets), None)
    for name in (n for n in used if n not in {*known, *targets}):
        of_step = any(name == f"d{w}" and w in targets for w in WEIGHTS)
        if of_step or (weights and _WRITTEN.fullmatch(name)):
            at = name[1:] if of_step else weights
            tree, node = used[name][0]
            message = f"found {name}, the gradient or {'a step' if of_step else 'a constant'}"
            raise tree.error(f"{message}; write grad({at}), or declare {name}", node)


def gradient_at_weights(
    written: str, used: Used, targets: Iterable[str], known: Mapping[str, Expr]
) -> Expr | None:
    """Return the gradient at the weights that a rule updates; None where it updates none."""
    weights = [name for name in WEIGHTS if name in targets]
    if len(weights) > 1:
        tree, node = used[written][0]
        raise tree.error(
            f"found {tree.token(node).text}, which might be the gradient at {' or '.join(weights)}; "
            f"write grad({weights[0]}), "
            f"or declare {written}",
            node,
        )
    return grad(known[weights[0]]) if weights else None


def with_gradients(
    used: Used,
    called: Collection[str],
    targets: Sequence[str],
    names: Mapping[str, Expr],
    declared: Collection[str] = (),
) -> dict[str, Expr]:
    """Return the names with the gradient at the weights for one that is written without its point.

    The gradient of the vocabulary, G, is taken at its position; where a rule updates other weights, it is
    the gradient at these.
    """
    known = dict(names)
    position = next((v.args[0] for v in names.values() if isinstance(v, grad)), None)
    letters = {n for n, v in names.items() if isinstance(v, grad)}
    for name in sorted({GRADIENT, *letters} & set(used)):
        if name in declared:
            continue
        _refuse_sum_of_squares(name, used, called, targets)
        if name != GRADIENT and isinstance(position, Symbol) and position.name in targets:
            continue
        gradient = gradient_at_weights(name, used, targets, known)
        tree, node = used[name][0]
        if gradient is None and name == GRADIENT:
            if position is None:
                raise tree.error("found a gradient without the point where it is taken; write grad(x)", node)
            gradient = grad(position)
        if gradient is None:
            _refuse_other_weights(tree, node, str(position), used, targets)
        known |= {name: gradient} if gradient is not None else {}
    return known


def _refuse_sum_of_squares(name: str, used: Used, called: Collection[str], targets: Sequence[str]) -> None:
    """Refuse G beside g or grad(x): two letters, of which G is often a sum of squares that prose defines."""
    if name in (GRADIENT, "g") or not targets or name in targets:
        return
    other = "g" if "g" in used else "grad(x)" if _OF_POINTS & {*called} or GRADIENT in used else ""
    if other:
        tree, node = used[name][0]
        raise tree.error(SUM_OF_SQUARES.format(tree.token(node).text, other, name), node)


def _refuse_other_weights(
    tree: Tree, node: ast.Name, position: str, used: Used, targets: Sequence[str]
) -> None:
    """Refuse G in a rule that updates W and reads no x: the gradient is then that at W."""
    others = [name for name in targets if name[:1].isupper() and name not in VECTORS]
    if others and position not in used:
        written, weights = tree.token(node).text, others[-1]
        raise tree.error(OTHER_WEIGHTS.format(written, position, weights, f"grad({weights})"), node)
