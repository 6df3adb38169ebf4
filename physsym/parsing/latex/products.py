r"""Products in LaTeX: the factors side by side, with what acts on those behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeGuard

from sympy import Expr, Integer, Mul

from physsym.parsing.latex.conventions import derivative_letters, is_capital, key_of
from physsym.parsing.latex.derivatives import Derivatives
from physsym.parsing.latex.formula import OPAQUE
from physsym.parsing.latex.names import (
    Named,
    letters_of,
    named,
    unwrapped,
)
from physsym.parsing.latex.signs import UNITS
from physsym.parsing.latex.tree import (
    SCALAR_GRIDS,
    Bracket,
    Dots,
    Fraction,
    Function,
    Grid,
    Name,
    Node,
    Number,
    Product,
    Scripted,
    Words,
)
from physsym.parsing.tokens import CROSS, OF_VECTORS

MAX_NESTED = 60
_TIMES = ("", "*", "⊙")


class Products(Derivatives):
    """Products, quotients and the units that are their factors."""

    def product(self, signs: Sequence[str], factors: Sequence[Node]) -> Expr:
        """Return a product, in which functions act on what follows them."""
        return Mul(*self._multiplied(signs, factors))

    def fraction(self, node: Fraction) -> Expr:
        """Return a quotient, or a derivative that is written as one."""
        return self.derivative(node, ()) if derivative_letters(node) is not None else Mul(*self.parts(node))

    def parts(self, node: Node) -> list[Expr]:
        """Return the factors of a product or a quotient: SymPy would multiply 3 into the sum of 3 (a + b)."""
        if isinstance(node, Product):
            return self._multiplied(node.signs, node.factors)
        if not _is_quotient(node):
            return [self.value(node)]
        over, under = self.parts(node.over), self.parts(node.under)
        for numbers in (True, False):
            self.divided(Integer(1), Mul(*(part for part in under if part.is_number is numbers)), node)
        return [*over, *(1 / part for part in under)]

    def _multiplied(self, signs: Sequence[str], factors: Sequence[Node]) -> list[Expr]:
        signs, factors = self._slashed_derivatives(signs, factors)
        parts: list[Expr] = []  # multiplied at once, so that no number is multiplied out
        divided: Node | None = None
        i = 0
        dots = any(isinstance(f, Dots) for f in factors)
        values: list[Expr] = []
        while i < len(factors):
            sign, begun = signs[i], i
            if _is_quotient(factors[i]):
                own, i = self.parts(factors[i]), i + 1
                value = Mul(*own)
            else:
                value, i = self.unit(signs, factors, i)
                own = [value]
            values.append(value)
            if sign == "/":
                if divided is not None:
                    question = f"the factor behind a quotient in {self._around(factors[begun])}"
                    slash = self.text.find("/", factors[begun - 1].end)
                    twice = not self.decisions.take(
                        Node(max(slash, 0), factors[begun].end),
                        question,
                        "divided twice",
                        "divided by a quotient",
                    )
                    parts.append(self.divided(Integer(1), value, factors[begun]) if twice else value)
                    continue
                value, i = self._denominator(value, signs, factors, begun, i)
                parts.append(self.divided(Integer(1), value, factors[begun]))
                divided = factors[begun]
            elif sign in _TIMES:
                beside = (factors[begun - 1 : begun] or factors[:1])[0]
                numbers = isinstance(beside, Number) and isinstance(factors[begun], (Number, Fraction))
                if begun and sign == "" and numbers and value.is_number:
                    raise self.error(
                        "found two numbers side by side; write a sign between them: + for a mixed number",
                        beside,
                    )
                if sign == "⊙":
                    self.element_by_element = True
                if sign == "⊙" and self.apart:
                    parts = [self.opaque("odot", Mul(*parts), value)]
                    continue
                parts += own
                if begun and sign != "⊙" and all(_is_bold(f) for f in factors[begun - 1 : begun + 1]):
                    self._join(sign, factors[begun - 1], factors[begun])
            elif sign == "×":
                parts = [self._cross(Mul(*parts), value, factors[begun - 1], factors[begun])]
            elif sign == "o":
                composed = self._composes(factors[begun - 1], factors[begun])
                parts = [self.opaque("compose", Mul(*parts), value)] if composed else [*parts, value]
            else:
                parts = [self.opaque(sign, Mul(*parts), value)]
        if dots and len(values) > 1:
            return [self.opaque("dots", *values)]
        matrices = [isinstance(g, Grid) and g.kind not in SCALAR_GRIDS for g in map(unwrapped, factors)]
        if any(matrices) and sum(1 for v in values if not v.is_number) > 1:
            return [self.opaque("times", *values)]
        if len(values) > 1 and self.conventions.matrices:
            held = {letter for f in factors for letter in letters_of(f)}
            self.one_coordinate |= bool(held & self.conventions.matrices)
        return parts

    def _composes(self, left: Node, right: Node) -> bool:
        r"""Return whether `\circ` is a composition, asked for where neither is a function or bold."""
        names = [n for n in (named(left), named(right)) if n is not None]
        if any(key_of(name) in self.conventions.functions for name in names):
            return True
        if self.conventions.strict or all(map(_is_bold, (left, right))):
            self.element_by_element = True
            return False
        options = ("a composition", "a product element by element")
        if any(is_capital(name.letters) for name in names):
            options = options[::-1]
        taken = self.decisions.take(right, r"\circ", *options)
        self.element_by_element |= options[taken] != "a composition"
        return options[taken] == "a composition"

    def _join(self, sign: str, left: Node, right: Node) -> None:
        r"""Note a product of vectors, a \cdot b, or of a matrix and a vector, which joins coordinates."""
        between = self.text[left.end : right.start]
        name = named(left)
        matrix = not sign and name is not None and is_capital(name.letters)
        if matrix or r"\cdot" in between or "·" in between:
            self.joined = right
        self.one_coordinate |= bool(sign)

    def _cross(self, one: Expr, other: Expr, left: Node, right: Node) -> Expr:
        if all(map(_is_bold, (left, right))):
            return self.opaque("cross", one, other)
        if one.is_number or other.is_number:
            return one * other
        names = [n.letters.removeprefix("\\") for n in (named(left), named(right)) if n is not None]
        if self.conventions.strict and len({*names}) == 2 and {*names} <= OF_VECTORS:
            written = self.text[left.start : right.end]
            raise self.error(CROSS.format(written, r"\cdot"), left)
        question = rf"\times in {self._around(right)}"
        cross = self.decisions.take(right, question, "a product of numbers", "a cross product")
        return self.opaque("cross", one, other) if cross else one * other

    def _denominator(
        self, under: Expr, signs: Sequence[str], factors: Sequence[Node], at: int, following: int
    ) -> tuple[Expr, int]:
        """Return what a slash divides by: the factors behind belong below it, or behind the quotient."""
        if following >= len(factors) or signs[following] not in _TIMES:
            return under, following
        before_, below = factors[at - 1], factors[at]
        numbers = isinstance(before_, Number) and isinstance(below, Number)
        clear = isinstance(below, Bracket) or (
            isinstance(below, Number)
            and (signs[following] == "*" or isinstance(factors[following], Bracket) or numbers)
            and not (numbers and below.end == factors[following].start and not signs[following])
        )
        if clear or (signs[following] == "*" and isinstance(below, Number)):
            return under, following
        behind = factors[following]
        question = f"the factor behind a quotient in {self._around(below)}"
        if not self.decisions.take(behind, question, "it is multiplied", "the quotient is divided by it"):
            return under, following
        while following < len(factors) and signs[following] in _TIMES:
            value, following = self.unit(signs, factors, following)
            under = under * value
        return under, following

    def _slashed_derivatives(
        self, signs: Sequence[str], factors: Sequence[Node]
    ) -> tuple[Sequence[str], Sequence[Node]]:
        """Return factors with dx/dt as a fraction."""
        for i, sign in enumerate(signs):
            if sign != "/" or i < 1 or i + 1 >= len(factors) or signs[i + 1]:
                continue
            under = Product(factors[i].start, factors[i + 1].end, ("", ""), (factors[i], factors[i + 1]))
            for begun in (i - 2, i - 1):
                if begun < 0 or (begun == i - 2 and signs[i - 1]):
                    continue
                inside = tuple(factors[begun:i])
                over: Node = (
                    inside[0]
                    if len(inside) == 1
                    else Product(inside[0].start, inside[-1].end, ("",) * len(inside), inside)
                )
                fraction = Fraction(over.start, under.end, over, under)
                if derivative_letters(fraction) is not None:
                    return self._slashed_derivatives(
                        (*signs[:begun], signs[begun], *signs[i + 2 :]),
                        (*factors[:begun], fraction, *factors[i + 2 :]),
                    )
        return signs, factors

    def unit(self, signs: Sequence[str], factors: Sequence[Node], i: int) -> tuple[Expr, int]:
        """Return the value of a factor with what it acts on, and the number of the factor behind."""
        self.nested += 1
        try:
            if self.nested > MAX_NESTED:
                message = f"found more than {MAX_NESTED} levels of what acts on something; name parts of it"
                raise self.error(message, factors[i])
            return self._unit(signs, factors, i)
        finally:
            self.nested -= 1

    def _unit(self, signs: Sequence[str], factors: Sequence[Node], i: int) -> tuple[Expr, int]:
        node = factors[i]
        base = node.base if isinstance(node, Scripted) else node
        following = factors[i + 1] if i + 1 < len(factors) and not signs[i + 1] else None
        if isinstance(base, Function):
            return self.function(node, base, signs, factors, i)
        if isinstance(node, Fraction) and derivative_letters(node) is not None:
            return self._derivative_unit(node, signs, factors, i)
        if isinstance(node, Words):
            raise self.error(f"found the words {node.text!r} between factors", node)
        name = named(node)
        if name is None:
            if isinstance(node, Bracket) and isinstance(following, Bracket):
                self._refuse_function_of_functions(node, following)
            return self.value(node), i + 1
        if name.letters in (r"\nabla", r"\partial"):
            return self.nabla(name, signs, factors, i)
        if name.letters == "d" and name.bare and following is not None and name.font in ("", "upright"):
            inner = named(following)
            power = inner.above if inner is not None and not self.is_above(inner) else None
            if inner is not None and (power is None or power.text == "2") and (inner.letters != "d"):
                touching = (
                    node.end == following.start or name.font == "upright" or isinstance(inner.node, Name)
                )
                coefficient = self.coefficients.get(name.start)
                if (touching and not coefficient) and (
                    name.font == "upright"
                    or (self.conventions.differentials and coefficient is None)
                    or not self.decisions.take(
                        node, f"d{self.source(following)}", "a differential", "a product"
                    )
                ):
                    differential = self.symbol(f"d{self.key(replace(inner, above=None))}")
                    return (self.raised(differential, power, node) if power else differential), i + 2
        if (
            name.letters in ("E", r"\E")
            and name.font in ("blackboard", "bold", "upright", "calligraphic", "")
            and (found := self._expectation(name, signs, factors, i)) is not None
        ):
            return found
        called = following.base if isinstance(following, Scripted) else following
        if name.font == "calligraphic" and isinstance(called, Bracket) and called.opening in (r"\{", "["):
            found = self.opaque(name.letters, *map(self.value, called.items))  # a transform, L{f}
            above = following.above if isinstance(following, Scripted) else None
            return (found if above is None else self.raised(found, above, name.node)), i + 2
        inverse = name.above is not None and name.above.text == "-1" and not self.is_above(name)
        if (
            inverse
            and isinstance(called, Bracket)
            and called.opening == "("
            and key_of(name) in self.conventions.functions
            and key_of(name) not in self.conventions.factors
        ):
            return self.opaque(f"{self.key(name)}^-1", *map(self.value, called.items)), i + 2
        order = name.letters in ("O", "o") and name.letters not in self.conventions.set_alone
        if order and isinstance(following, (Bracket, Scripted)):
            bracket = following.base if isinstance(following, Scripted) else following
            if isinstance(bracket, Bracket) and bracket.opening == "(" and name.bare:
                return self.opaque(name.letters, self.value(following)), i + 2
        if (unit := self._unit_of_measure(name, signs, factors, i)) is not None:
            return unit, i + 1
        if following is not None and isinstance(called, Bracket) and self.applies(name, called):
            return self.application(name, following, called), i + 2
        if name.operator and following is not None and self._acts(name):
            return self.function(node, Function(node.start, node.end, name.letters), signs, factors, i)
        return self.name_value(name), i + 1

    def _refuse_function_of_functions(self, functions: Bracket, argument: Bracket) -> None:
        r"""Refuse `(f + g)(2)` and `(f \circ g)(x)`, where the first bracket is a function."""
        if (functions.opening, argument.opening) != ("(", "(") or len(functions.items) != 1:
            return
        inside = functions.items[0]
        names = [named(part) for part in inside.walk() if isinstance(part, Name)]
        known = all(n is not None and n.bare and key_of(n) in self.conventions.functions for n in names)
        composed = isinstance(inside, Product) and "o" in inside.signs
        if composed or (known and names and not any(isinstance(p, Bracket) for p in inside.walk())):
            written = self.source(functions)
            message = (
                f"found {written} before a bracket, a function or a factor; write the functions one by one"
            )
            raise self.error(message, functions)

    def _acts(self, name: Named) -> bool:
        r"""Return whether a name in \operatorname acts on what follows, and is no factor."""
        if name.letters in self.conventions.declared:
            return False
        if self.conventions.strict or key_of(name) not in self.conventions.factors:
            return True
        return not self.decisions.take(name.node, f"{name.letters} ...", "a function", "a factor")

    def _unit_of_measure(
        self, name: Named, signs: Sequence[str], factors: Sequence[Node], i: int
    ) -> Expr | None:
        if name.font == "unit":
            return self.symbol(f"{OPAQUE}unit {name.letters}")
        behind = i > 0 and (isinstance(factors[i - 1], Number) or _is_upright(factors[i - 1]))
        if name.font == "upright" and behind and name.letters in UNITS and not name.below_text:
            found = self.symbol(f"{OPAQUE}unit {name.letters}")
            return found if name.above is None else self.raised(found, name.above, name.node)
        return None

    def _expectation(
        self, name: Named, signs: Sequence[str], factors: Sequence[Node], i: int
    ) -> tuple[Expr, int] | None:
        """Return an expectation, which is opaque."""
        following = factors[i + 1] if i + 1 < len(factors) and not signs[i + 1] else None
        bracket = following.base if isinstance(following, Scripted) else following
        sure = name.font == "blackboard"
        if (
            following is None
            or not isinstance(bracket, Bracket)
            or bracket.opening in ("|", "||", r"\langle")
        ):
            if not sure or following is None:
                return None
            value, end = self.unit(signs, factors, i + 1)
            return self._to_its_power(self.opaque("E", value, *self._given(name)), name), end
        if not sure and bracket.opening != "[":
            return None
        if bracket.opening not in ("(", "[", r"\{", "|"):
            return None
        values = [self.value(item) for item in bracket.items]
        found = self._to_its_power(self.opaque("E", *values, *self._given(name)), name)
        if isinstance(following, Scripted) and following.above is not None:
            found = self.raised(found, following.above, following)
        return found, i + 2

    def _to_its_power(self, found: Expr, name: Named) -> Expr:
        """Return an expectation to the power above its letter, `E^2[x]` for the square of `E[x]`."""
        return found if name.above is None else self.raised(found, name.above, name)

    def _given(self, name: Named) -> tuple[Expr, ...]:
        return (self.symbol(f"{OPAQUE}{name.below_text}"),) if name.below_text else ()


def _is_quotient(node: Node) -> TypeGuard[Fraction]:
    return isinstance(node, Fraction) and derivative_letters(node) is None


def _is_bold(node: Node) -> bool:
    """Return whether a factor is a vector by its font."""
    name = named(node)
    return name is not None and name.font == "bold"


def _is_upright(node: Node) -> bool:
    base = node.base if isinstance(node, Scripted) else node
    return isinstance(base, Name) and base.font in ("upright", "unit")
