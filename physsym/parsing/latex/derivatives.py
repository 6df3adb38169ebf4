r"""Derivatives in LaTeX: fractions of differentials, gradients and partial derivatives with an index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sympy import Derivative, Expr
from sympy import Function as Undefined
from sympy.core.function import AppliedUndef

from physsym.parsing.latex.conventions import derivative_letters, key_of
from physsym.parsing.latex.functions import Functions
from physsym.parsing.latex.names import (
    Named,
    letters_of,
    named,
)
from physsym.parsing.latex.tree import (
    Bracket,
    Fraction,
    Node,
    Product,
    Scripted,
)


class Derivatives(Functions):
    """Derivatives and what they act on."""

    def _derivative_unit(
        self, node: Fraction, signs: Sequence[str], factors: Sequence[Node], i: int
    ) -> tuple[Expr, int]:
        """Return a derivative with what it acts on, where its numerator holds an operator alone."""
        over = node.over.factors if isinstance(node.over, Product) else (node.over,)
        following = factors[i + 1] if i + 1 < len(factors) and not signs[i + 1] else None
        if len(over) == 1:
            if following is None:
                raise self.error("expected what this derivative acts on", node)
            return self._acting(node, signs, factors, i + 1)
        bracket = following.base if isinstance(following, Scripted) else following
        inner = named(over[-1])
        if (
            len(over) == 2
            and inner is not None
            and isinstance(bracket, Bracket)
            and bracket.opening == "("
            and self.applies(replace(inner, above=None), bracket)
        ):
            # \frac{dx}{dt}(t)
            arguments = tuple(self.argument(item) for item in bracket.items)
            found = self.derivative(node, arguments)
            if isinstance(following, Scripted) and following.above is not None:
                found = self.raised(found, following.above, following)
            return found, i + 2
        return self.derivative(node, ()), i + 1

    def _acting(
        self, node: Fraction, signs: Sequence[str], factors: Sequence[Node], i: int
    ) -> tuple[Expr, int]:
        """Return a derivative of what follows: a function, a bracket, or the rest of the product."""
        rest = factors[i:]
        first = rest[0]
        bracket = rest[1] if len(rest) > 1 and not signs[i + 1] else None
        if len(rest) == 1 or isinstance(first, Bracket):
            taken = 1
        elif named(first) is not None and isinstance(bracket, Bracket) and len(rest) == 2:
            taken = 2
        else:
            taken = len(rest)
            if any(signs[i + 1 :]):
                question = f"what the derivative acts on in {self._around(node)}"
                if self.decisions.take(node, question, "all that follows", "the next factor"):
                    taken = 1
        target: Node = (
            first
            if taken == 1
            else Product(
                first.start, rest[taken - 1].end, ("", *signs[i + 1 : i + taken]), tuple(rest[:taken])
            )
        )
        variables = self._variables(node)
        return self._derivative_of(target, variables, node), i + taken

    def derivative(self, node: Fraction, arguments: tuple[Expr, ...]) -> Expr:
        """Return a derivative written as a fraction that names what is derived."""
        if not isinstance(node.over, Product):
            raise self.error("expected what this derivative acts on", node)
        over = node.over.factors[1:]
        target: Node = (
            over[0]
            if len(over) == 1
            else Product(over[0].start, over[-1].end, ("", *node.over.signs[2:]), tuple(over))
        )
        return self._derivative_of(target, self._variables(node), node, arguments)

    def _variables(self, node: Fraction) -> list[tuple[Node, int]]:
        """Return the variables of a derivative with their orders; refuse orders that do not agree."""
        first = node.over.factors[0] if isinstance(node.over, Product) else node.over
        order = self._order(first, node)
        factors = node.under.factors if isinstance(node.under, Product) else (node.under,)
        found: list[tuple[Node, int]] = []
        for one, other in zip(factors[::2], factors[1::2], strict=False):
            name = named(one)
            if name is None or name.letters not in ("d", r"\partial", r"\delta"):
                raise self.error("this derivative is not understood", node)
            variable, times = other, 1
            if isinstance(other, Scripted) and other.above is not None and other.above.text.isdigit():
                times = int(other.above.text)
                below = replace(other, above=None) if other.below or other.primes else other.base
                variable = below
            found.append((variable, times))
        if len(factors) % 2 or sum(times for _, times in found) != order or order > 8:
            raise self.error("found a derivative whose orders above and below do not agree", node)
        return found

    def _order(self, first: Node, node: Node) -> int:
        if isinstance(first, Scripted) and first.above is not None:
            if not first.above.text.isdigit():
                raise self.error("found a derivative of an order that is no number", node)
            return int(first.above.text)
        return 1

    def _derivative_of(
        self,
        target: Node,
        variables: Sequence[tuple[Node, int]],
        node: Fraction,
        arguments: tuple[Expr, ...] = (),
    ) -> Expr:
        by = [(self.value(v), times) for v, times in variables]
        letter = derivative_letters(node)
        name = named(target)
        in_time = len(by) == 1 and str(by[0][0]) == "t"
        if (name is not None and name.above is None) or (name is not None and self.is_above(name)):
            if arguments:
                found = Undefined(self.key(name))(*arguments, *self.indices(name))
                points = {str(a.func): a for a in arguments if isinstance(a, AppliedUndef)}
                return self._derived_value(found, [(points.get(str(v), v), n) for v, n in by], letter)
            along = self.conventions.derived.get(key_of(name), ()) if letter == r"\partial" else ()
            if in_time and letter != r"\delta" and not (letter == r"\partial" and len(along) > 1):
                dots = replace(name, dots=name.dots + by[0][1])
                return self._base(dots)
            key, indices = self.key(name) + "'" * (name.dots + name.primes), self.indices(name)
            variables_ = [v for v, _ in by]
            if name.dots or name.primes:
                return self.opaque(f"d{key}", *variables_, *indices)
            if not self.conventions.by_itself and any(key == str(v) for v in variables_):
                raise self.error("found a derivative of a variable by itself", node)
            taken = [self.value(v) for v in along] if len(along) > 1 else []
            if not set(variables_) <= set(taken):
                taken = []
            found = Undefined(key)(*(taken or dict.fromkeys(variables_)), *indices)
            return self._derived_value(found, by, letter)
        return self._derived_value(self.value(target), by, letter)

    def _derived_value(self, value: Expr, by: Sequence[tuple[Expr, int]], letter: str | None) -> Expr:
        """Return a derivative of an expression that holds the variables, and an opaque one of another."""
        held = all(v.free_symbols and v._diff_wrt and value.has(v) for v, _ in by)
        if held and not value.is_number and letter != r"\delta":
            return Derivative(value, *by)
        names = ",".join(f"{v}{n if n > 1 else ''}" for v, n in by)
        return self.opaque(f"d/d{names}", value)

    def nabla(self, name: Named, signs: Sequence[str], factors: Sequence[Node], i: int) -> tuple[Expr, int]:
        r"""Return a gradient, a Hessian, or a partial derivative with an index."""
        order = 1
        if name.above is not None:
            if name.above.text not in ("2", "3"):
                raise self.error(
                    f"found {name.letters}^{{{name.above.text}}}, which is not understood", name.node
                )
            order = int(name.above.text)
        sign = {1: "∇", 2: "∇²", 3: "∇³"}[order] if name.letters == r"\nabla" else "∂" * order
        if i + 1 >= len(factors):
            raise self.error(f"expected what {name.letters} acts on", name.node)
        if signs[i + 1]:
            if signs[i + 1] in ("*", "×"):
                value, end = self.unit(signs, factors, i + 1)
                return self.opaque("div" if signs[i + 1] == "*" else "curl", value), end
            raise self.error(f"expected what {name.letters} acts on", name.node)
        target = named(factors[i + 1])
        index = "_".join(self._part(item) for item in name.below)
        if target is None or target.letters in (r"\nabla", r"\partial"):
            value, end = self.unit(signs, factors, i + 1)
            while value.is_number and end < len(factors) and not signs[end]:  # `\nabla \frac12 x^2`
                more, end = self.unit(signs, factors, end)
                value = value * more
            prefix = f"{sign}_{index}" if index else sign
            return self.opaque(prefix, value), end
        bracket_at = factors[i + 2] if i + 2 < len(factors) and not signs[i + 2] else None
        bracket = bracket_at.base if isinstance(bracket_at, Scripted) else bracket_at
        plain = replace(target, above=None) if not self.is_above(target) else target
        indices = self.indices(plain)
        key = self.key(plain)
        if target.primes or target.dots:
            raise self.error("found a derivative of a derivative, which is not understood", factors[i + 1])
        if isinstance(bracket, Bracket) and bracket.opening in ("(", "[") and bracket.items:
            arguments = [self.argument(item) for item in bracket.items]
            held = {letter for item in bracket.items for letter in letters_of(item)}
            own = set(letters_of(name.below[0])) if len(name.below) == 1 else set()
            whole = len(arguments) == 1 and (
                not index or bool(own & held) or key_of(plain) not in self.conventions.functions
            )
            mark = sign if (not index or (whole and name.letters == r"\nabla")) else f"{sign}_{index}"
            if any(s in ("|", r"\mid") for s in bracket.separators):
                key += "|"
            found = Undefined(f"{mark}{key}")(*arguments, *indices)
            if isinstance(bracket_at, Scripted):
                if bracket_at.below is not None:
                    found = self.opaque(f"part_{bracket_at.below.text}", found)
                if bracket_at.above is not None:
                    found = self.raised(found, bracket_at.above, bracket_at)
            return found, i + 3
        mark = f"{sign}_{index}" if index and name.letters != r"\nabla" else sign
        found = Undefined(f"{mark}{key}")(*indices) if indices else self.symbol(f"{mark}{key}")
        self._placed(found, name.node)
        if target.above is not None and plain is not target:
            found = self.raised(found, target.above, target)
        return found, i + 2
