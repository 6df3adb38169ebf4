r"""Notations that a single formula in LaTeX does not settle: \delta x, f^{-1}(x), J[y], f \circ g, e^{i x}.

They are found in the tree, before values are formed, and refused with what to write.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

from physsym.parsing.latex.conventions import Conventions, is_capital, key_of
from physsym.parsing.latex.names import Named, letters_of, named, spelled_letter, unwrapped
from physsym.parsing.latex.tree import (
    Bracket,
    Fraction,
    Function,
    Name,
    Node,
    Number,
    Product,
    Relation,
    Scripted,
    Sum,
)
from physsym.parsing.tokens import COMPLEX, GRAVITY, ORDER, ReadError


def refuse_unclear(
    trees: Sequence[Relation],
    text: str,
    conventions: Conventions,
    known: Collection[str],
    declared: Collection[str],
) -> None:
    """Raise ReadError for a notation that may be no product or power of values.

    Parameters
    ----------
    trees, text
        The statements of a text.
    conventions
        What the text settles about its letters.
    known, declared
        The names that are known, and those that mean their symbols in any case.
    """
    nodes = [node for tree in trees for node in _values(tree)]
    if any(isinstance(node, Product) and _has_factor_delta(node) for node in nodes):
        known = {*known, "delta"}
    for node in nodes:
        if isinstance(node, Scripted):
            message = _scripted(node, conventions, known)
        elif isinstance(node, Product):
            message = _product(node, conventions, known) or _gravity(node, declared)
        elif isinstance(node, Name) and node.letters == "i" and r"\hbar" in text and "i" not in declared:
            message = f"found i beside \\hbar, the imaginary unit; {COMPLEX}"
        elif isinstance(node, Bracket) and "I" not in declared:
            message = _identity(node)
        elif isinstance(node, Name) and node.font == "upright" and node.letters in ("i", "j"):
            message = "found the imaginary unit; formulas are about real numbers: write i for a name"
        else:
            continue
        if message:
            raise ReadError(message, text, node.start)
    for tree in trees:
        if tree.signs and (message := _index_outside(tree) or _new_value_with_prime(tree)):
            raise ReadError(message, text, tree.start)


def _index_outside(tree: Relation) -> str:
    """Return what is wrong with `x_t + 1 = x_t - h v_t`, where x_{t+1} is meant."""
    left, *others = tree.sides
    if not isinstance(left, Sum) or len(left.terms) != 2 or not isinstance(left.terms[1], Number):
        return ""
    name, number, sign = named(left.terms[0]), left.terms[1].text, left.signs[1]
    if name is None or left.signs[0] or name.below_text not in ("t", "k", "n") or not number.isdigit():
        return ""
    read = [n for other in others for n in map(named, other.walk()) if n is not None]
    if not any((n.letters, n.below_text) == (name.letters, name.below_text) for n in read):
        return ""
    step, base = f"{name.below_text}{sign}{number}", name.letters
    return (
        f"found {base}_{name.below_text} {sign} {number} on the left, a sum or the value of a step; "
        f"write {base}_{{{step}}} for the value of the step, or bring the {number} to the right"
    )


_OF_STEPS = frozenset((r"\eta", "h", r"\nabla", "lr", r"\Delta t", "g", "G"))
"""Letters of steps and gradients, one of which a new value has."""


def _new_value_with_prime(tree: Relation) -> str:
    """Return what is wrong with x' = x - \\eta g, where the prime is that of a new value or of a rate."""
    left, right = named(tree.sides[0]), tree.sides[1]
    if left is None or left.primes != 1 or left.dots or not isinstance(right, Sum):
        return ""
    terms = list(map(named, right.terms))
    own = [n is not None and n.bare and n.letters == left.letters for n in terms]
    others = [term for term, is_own in zip(right.terms, own, strict=True) if not is_own]
    if any(own) and any(_OF_STEPS.intersection(letters_of(term)) for term in others):
        base = left.letters
        return (
            f"found {base}' = {base} + ..., a new value or a rate; write {base}^+ for the new value, "
            rf"or \dot {base} for the rate"
        )
    return ""


def _values(tree: Node) -> Iterator[Node]:
    """Yield the nodes of a tree without the indices below."""
    pending = [tree]
    while pending:
        node = pending.pop()
        yield node
        below = node.below if isinstance(node, Scripted) else None
        pending += [part for part in node.parts() if part is not below]


def _scripted(node: Scripted, conventions: Conventions, known: Collection[str]) -> str:
    name, above = named(node), node.above
    inside = above.inside if above is not None else None
    if inside is None:
        return ""
    if isinstance(inside, Bracket) and inside.opening == "(" and isinstance(unwrapped(inside), Number):
        is_step = name is not None and key_of(name) in conventions.above
        return "" if is_step else ORDER
    if isinstance(inside, Bracket) and inside.opening in ("(", "[") and len(inside.items) == 1:
        item = inside.items[0]
        if (name is None and isinstance(item, Name)) or (inside.opening == "[" and isinstance(item, Number)):
            return (
                "found an index in brackets above; write it below for a value with an index, "
                "or without brackets for a power"
            )
    if isinstance(node.base, Name) and node.base.letters == "e" and _is_complex(inside, conventions, known):
        return f"found a complex power of e; {COMPLEX}"
    return ""


def _identity(node: Bracket) -> str:
    r"""Return what is wrong with I in a sum in brackets, such as `(I - \eta A)`: the identity or a number."""
    inside = node.items[0] if len(node.items) == 1 else None
    if not isinstance(inside, Sum) or not any(isinstance(t, Name) and t.letters == "I" for t in inside.terms):
        return ""
    beside = [letters for letters in letters_of(inside) if is_capital(letters) and letters != "I"]
    if not beside:
        return ""
    return (
        f"found I beside {beside[0]}, the identity or a number; declare I for a number, "
        "or write 1 for one coordinate"
    )


def _is_complex(node: Node, conventions: Conventions, known: Collection[str]) -> bool:
    return bool({"i", "j"} & {*letters_of(node)} - conventions.indices - {*known})


def _product(node: Product, conventions: Conventions, known: Collection[str]) -> str:
    """Return what is wrong with two factors that stand side by side, or with a sign between them."""
    for sign, (one, other) in zip(node.signs[1:], pairwise(node.factors), strict=False):
        left, right = named(one), named(other)
        bracket = other.base if isinstance(other, Scripted) else other
        if sign == "o" and all(_is_letter(n, known) for n in (left, right)):
            return r"found \circ, a composition or a product; write \odot for a product element by element"
        if sign:
            continue
        if isinstance(one, Function) and one.name == "exp" and _is_complex(other, conventions, known):
            return f"found a complex power of e; {COMPLEX}"
        if left is None:
            continue
        if left.letters == r"\delta" and left.bare and "delta" not in known and _may_vary(other):
            return r"found \delta before a name, a variation or a factor; write \delta \cdot for the factor"
        if left.letters == r"\Sigma" and left.bare and "Sigma" not in known and right is not None:
            return (
                rf"found \Sigma before {right.letters}, a sum or a factor; write \Sigma \cdot for the factor"
            )
        if not isinstance(bracket, Bracket) or len(bracket.items) != 1:
            continue
        inside, key = bracket.items[0], spelled_letter(left.letters)
        if bracket.opening == "[" and left.letters != "E" and _is_letter(named(inside), conventions.indices):
            return rf"found {key}[...], a functional or a product; write {key} \cdot (...) for the product"
        power = left.above.text if left.above is not None and key not in known else ""
        applied = bracket.opening == "(" and (named(inside) is not None or isinstance(inside, Number))
        if applied and power.removeprefix("-").isdigit():
            meant = (
                "an inverse function or a quotient" if power == "-1" else "a power of a function or a product"
            )
            return (
                rf"found {key}^{{{power}}}(...), {meant}; write {key}^{{{power}}} \cdot (...) for the latter"
            )
    return ""


def _has_factor_delta(node: Product) -> bool:
    r"""Return whether \delta is a factor and no variation: before a rate, a power, a sign or nothing."""
    found = [n is not None and n.letters == r"\delta" and n.bare for n in map(named, node.factors)]
    behind = [*zip(node.signs[1:], node.factors[1:], strict=True), ("*", node)]
    return any(
        is_delta and (bool(sign) or not _may_vary(following))
        for is_delta, (sign, following) in zip(found, behind, strict=True)
    )


def _may_vary(node: Node) -> bool:
    """Return whether a variation may be taken of a factor, which is a name without a power or a rate."""
    name = named(node)
    return name is not None and not (name.above or name.dots or name.primes)


def _is_letter(name: Named | None, known: Collection[str]) -> bool:
    """Return whether a factor is a letter alone that is not among those known."""
    return name is not None and name.bare and spelled_letter(name.letters) not in known


def is_gravity(trees: Sequence[Relation]) -> bool:
    """Return whether each G of a text stands beside a mass, over a distance: the constant of gravity."""
    nodes = [node for tree in trees if tree.signs != ("<-",) for node in _values(tree)]
    found: set[int] = set()
    for node in nodes:
        if isinstance(node, (Product, Fraction)):
            over, under = _over_and_under(node)
            letters = {n.letters for n in map(named, over) if n is not None}
            if letters & {"M", "m"} and {"r", "R"} & {part for below in under for part in letters_of(below)}:
                found |= {id(part) for part in over if isinstance(part, Name) and part.letters == "G"}
    return bool(found) and found == {
        id(node) for tree in trees for node in tree.walk() if isinstance(node, Name) and node.letters == "G"
    }


def _over_and_under(node: Node) -> tuple[list[Node], list[Node]]:
    """Return the factors above and below the lines of quotients in a product."""
    if isinstance(node, Fraction):
        return _over_and_under(node.over)[0], [node.under]
    if not isinstance(node, Product):
        return [node], []
    over, under = list[Node](), list[Node]()
    for sign, factor in zip(node.signs, node.factors, strict=True):
        if sign == "/":
            under.append(factor)
        else:
            above, below = _over_and_under(factor)
            over += above
            under += below
    return over, under


def _gravity(node: Product, declared: Collection[str]) -> str:
    """Return what is wrong with G beside a mass, M or one with an index."""
    names = [n for n in map(named, node.factors) if n is not None]
    masses = any(n.letters == "M" or (n.letters == "m" and n.below_text) for n in names)
    if masses and "G" not in declared and any(n.letters == "G" and n.bare for n in names):
        return GRAVITY
    return ""
