r"""Functions in LaTeX: named ones and those of the text, with what they act on."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

import sympy
from sympy import Derivative, Dummy, Expr, Subs, Symbol
from sympy import Function as Undefined

from physsym.parsing.interpretation import FUNCTIONS as BOUNDED
from physsym.parsing.latex.conventions import is_bare, key_of
from physsym.parsing.latex.formula import ARGUMENT, OPAQUE, is_small
from physsym.parsing.latex.named_values import NamedValues
from physsym.parsing.latex.names import (
    Named,
    letters_of,
    named,
    shifted,
)
from physsym.parsing.latex.tree import (
    Accented,
    Bracket,
    Fraction,
    Function,
    Name,
    Node,
    Number,
    Product,
    Relation,
    Root,
    Script,
    Scripted,
    Sum,
)

_PLAIN: Mapping[str, Callable[..., Expr]] = {
    "tan": sympy.tan, "cot": lambda z: sympy.cos(z) / sympy.sin(z), "sec": lambda z: 1 / sympy.cos(z),
    "csc": lambda z: 1 / sympy.sin(z), "coth": sympy.coth,
    "arcsin": sympy.asin, "arccos": sympy.acos, "arctan": sympy.atan, "asin": sympy.asin, "acos": sympy.acos,
    "atan": sympy.atan, "arctanh": sympy.atanh, "arcsinh": sympy.asinh, "arccosh": sympy.acosh,
    "arsinh": sympy.asinh, "arcosh": sympy.acosh, "artanh": sympy.atanh, "asinh": sympy.asinh,
    "acosh": sympy.acosh, "atanh": sympy.atanh, "arcoth": sympy.acoth, "arccoth": sympy.acoth,
    "arsech": sympy.asech, "arcsch": sympy.acsch,
    "erf": sympy.erf, "erfc": sympy.erfc, "ln": sympy.log, "sinc": lambda z: Undefined("sinc")(z),
    "atan2": sympy.atan2, "sech": sympy.sech, "csch": sympy.csch,
}  # fmt: skip


_RENAMED = {"sgn": "sign", "ceil": "ceil", "clamp": "clip"}
_TRIGONOMETRIC = frozenset(
    ["sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh", "coth", "log", "ln", "lg"]
)
_DOMAINS: Mapping[object, tuple[Literal["> 0", ">= 0"], Callable[[Expr], Expr]]] = {
    sympy.asin: (">= 0", lambda x: 1 - x**2),
    sympy.acos: (">= 0", lambda x: 1 - x**2),
    sympy.acosh: (">= 0", lambda x: x - 1),
    sympy.atanh: ("> 0", lambda x: 1 - x**2),
}
"""Where inverse functions are defined, which SymPy simplifies away as in sin(asin(x))."""
_OPAQUE_NAMES = "tr Tr trace det diag rank dim ker vec span Var Cov var cov Re Im gcd arg prox mean std"
_OPAQUE_NAMES += " logsumexp div curl rot"
_OPAQUE_FUNCTIONS = frozenset(_OPAQUE_NAMES.split())


class Functions(NamedValues):
    """Functions, applied to what stands behind them."""

    def applies(self, name: Named, bracket: Bracket) -> bool:
        """Return whether a name acts on the bracket behind it, and is no factor."""
        key, conventions = key_of(name), self.conventions
        if bracket.opening == "[" and len(bracket.items) == 1:
            found = list(letters_of(bracket.items[0]))
            item = bracket.items[0]
            simple = isinstance(item, Name) or shifted(item) is not None
            return simple and all(map(self._counts, found)) and not name.below_text
        if bracket.opening not in ("(", "["):
            return False
        if not bracket.items:
            raise self.error("found empty brackets", bracket)
        if len(bracket.items) > 1:
            return True
        if isinstance(bracket.items[0], Number) and float(bracket.items[0].text) == 0:  # no product by 0
            if name.above is not None and name.above.text == "-1":
                raise self.error(
                    "found an inverse function at 0, which is not read: name the inverse", bracket
                )
            return True
        if name.letters in conventions.declared and (len(name.letters) == 1 or name.letters[0] == "\\"):
            return False
        if name.font in ("word", "upright") and len(name.letters) > 1:
            if name.letters in conventions.declared:
                return False
            if key not in conventions.factors or is_bare(bracket.items[0]):
                return True
            question = (f"{self.key(name)}(...)", "a function", "a factor")
            return not conventions.strict and not self.decisions.take(name.node, *question)
        if (
            key in conventions.moving
            and isinstance(bracket.items[0], Name)
            and bracket.items[0].letters == "t"
        ):
            return True
        if _is_value_in(key, bracket.items[0]):  # no function of itself: `x (a + x)`
            return False
        if key not in conventions.functions:
            item = bracket.items[0]
            terms = item.terms if isinstance(item, Sum) else (item,)
            in_time = any(isinstance(term, Name) and term.letters == "t" for term in terms)
            if conventions.strict:
                return isinstance(item, Number) or (in_time and name.node.end == bracket.start)
            options = ("a function", "a factor")
            if named(item) is None and not (in_time and len(name.letters) == 1):
                if key not in conventions.perhaps_functions:
                    return False
                options = options[::-1]
            taken = self.decisions.take(name.node, f"{self.key(name)}(...)", *options)
            return options[taken] == "a function"
        if bracket.opening == "[" and key in conventions.factors:
            return False
        if name.above is not None and not self.is_above(name):
            return name.above.text != "-1" and not isinstance(bracket.items[0], Sum)
        item = bracket.items[0]
        variables = conventions.functions[key]
        bare = named(item) is not None or (is_bare(item) and variables >= {*letters_of(item)} - {"t"})
        at_a_time = isinstance(item, Number) or not {*letters_of(item)}.isdisjoint({"t", *variables})
        if name.letters in conventions.matrices and not at_a_time:  # it depends on the time, and is a factor
            bare = False
        along = isinstance(item, Sum) and any(
            (n := named(term)) is not None and n.letters in variables for term in item.terms
        )
        along = along and len(name.letters) == 1 and "t" in variables
        if bare and key + name.below_text in conventions.indexed_factors and not name.dots:
            bare = isinstance(item, Name) and item.letters == "t"
        if bare or name.primes or along or (at_a_time if name.dots else key not in conventions.factors):
            self.assumed[f"{self.key(name)} is a function"] = None
            return True
        return not self.decisions.take(name.node, f"{self.key(name)}(...)", "a function", "a factor")

    def application(self, name: Named, following: Node, bracket: Bracket) -> Expr:
        """Return a function of its arguments; its indices that count are arguments too."""
        arguments = [self.argument(item) for item in bracket.items]
        indices = self.indices(name)
        key = self.key(name)
        if any(s in ("|", r"\mid", r"\vert") for s in bracket.separators):
            key += "|"
        if isinstance(following, Scripted) and following.below is not None:
            key += f"_{following.below.text}"
        order = name.primes + name.dots
        above = name.above if not self.is_above(name) else None
        inside = above.inside if above is not None else None
        if isinstance(inside, Bracket) and inside.opening == "(" and len(inside.items) == 1:
            # The derivative of an order, f^{(4)}(x).
            name = replace(name, above=None)
            if isinstance(inside.items[0], Number) and int(inside.items[0].text) <= 9:
                order += int(inside.items[0].text)
            else:
                key = f"{OPAQUE}{key}^({self._part(inside.items[0])})"
        if bracket.opening == "[":
            found = Undefined(key + "'" * order)(*arguments)
        elif order:
            found = self.derived(key, arguments, indices, order)
        else:
            found = Undefined(key)(*arguments, *indices)
        self._placed(found, name.node)
        if name.above is not None and not self.is_above(name):
            found = self.raised(found, name.above, name)
        if isinstance(following, Scripted) and following.above is not None:
            found = self.raised(found, following.above, following)
        return found

    def argument(self, node: Node) -> Expr:
        """Return the value of an argument; a relation in it is opaque."""
        if isinstance(node, Relation):
            return self.symbol(f"{OPAQUE}{self.source(node)}")
        return self.value(node)

    def derived(self, key: str, arguments: Sequence[Expr], indices: Sequence[Expr], order: int) -> Expr:
        """Return a derivative of a function at its argument."""
        if len(arguments) != 1:
            return Undefined(key + "'" * order)(*arguments, *indices)
        (point,) = arguments
        if isinstance(point, Symbol):
            return Derivative(Undefined(key)(point, *indices), (point, order))
        inner = Dummy("xi", real=True) if point.is_real else Dummy("xi")
        return Subs(Derivative(Undefined(key)(inner, *indices), (inner, order)), inner, point)

    def function(
        self, node: Node, base: Function, signs: Sequence[str], factors: Sequence[Node], i: int
    ) -> tuple[Expr, int]:
        r"""Return a named function of what follows it; `\sin^2 x` is the square of the sine."""
        power = node.above if isinstance(node, Scripted) else None
        below = node.below if isinstance(node, Scripted) else None
        if isinstance(node, Scripted) and node.primes:
            message = f"found a prime behind {base.name}, a derivative; write out what it is"
            raise self.error(message, node)
        if i + 1 >= len(factors) or (signs[i + 1] and factors[i + 1 :]):
            if not self.conventions.without_argument:
                raise self.error(f"expected brackets behind {base.name}", node)
            bare = self.called(base.name, [ARGUMENT], below, node)
            return (bare if power is None else self.raised(bare, power, node)), i + 1
        outer: Script | None = None
        target: Node = factors[i + 1]
        bracket = target.base if isinstance(target, Scripted) else target
        if isinstance(bracket, Bracket) and bracket.opening == "{" and len(bracket.items) == 1:
            inner = bracket.items[0]
            bracket = inner if isinstance(inner, Bracket) else bracket
        if isinstance(bracket, Bracket) and bracket.opening in ("(", "[", r"\{"):
            if isinstance(target, Scripted):
                if target.below is not None:
                    raise self.error(
                        f"found an index behind the bracket of {base.name}; name the value, as in s_i", target
                    )
                outer = target.above
            ambiguous = outer is not None and base.name in _TRIGONOMETRIC
            if ambiguous and self.decisions.take(
                target,
                f"the power in {self.source(node)}{self.source(target)}",
                "of the function",
                "of its argument",
            ):
                assert outer is not None
                values = [self.raised(self.value(bracket), outer, target)]
                outer = None
            else:
                values = [self.argument(item) for item in bracket.items]
            end = i + 2
        else:
            value, end = self._run(signs, factors, i + 1, base)
            values = [value]
        found = self.called(base.name, values, below, node)
        for script in (power, outer):
            if script is None:
                continue
            question = (f"{base.name}^{{-1}}", "the inverse function", "one over it")
            if script is power and script.text == "-1" and not self.decisions.take(node, *question):
                found = self._inverse(base.name, values, node)
            else:
                found = self.raised(found, script, node)
        return found, end

    def _inverse(self, name: str, values: Sequence[Expr], node: Node) -> Expr:
        if f"arc{name}" in _PLAIN:
            return _PLAIN[f"arc{name}"](*values)
        return self.opaque(f"{name}^-1", *values)

    def _run(
        self, signs: Sequence[str], factors: Sequence[Node], i: int, function: Function
    ) -> tuple[Expr, int]:
        r"""Return the argument of a function without brackets: `\sin \omega t`, `\log x`."""
        value, end = self.unit(signs, factors, i)
        first = named(factors[i])  # an angle or a variable, which is all of the argument
        called = factors[i + 1] if end > i + 1 and self.conventions.strict else None
        at_time = isinstance(called, Bracket) and isinstance(called.items[0], Sum)
        if called and at_time and first and key_of(first) not in self.conventions.functions:
            letter, inside = self.source(first.node), self.source(called)
            message = (
                f"found {letter}{inside} behind {function.name} without brackets; write "
                rf"\{function.name}({letter} \cdot {inside}) for the product"
            )
            raise self.error(message, first.node)
        if isinstance(factors[i], Number) and end < len(factors) and not signs[end]:
            if (
                function.name in _LOGARITHMS
                and (  # `\ln 2\,x`
                    _GAP.search(self.text[factors[i].end : factors[end].start])
                    or (
                        isinstance(factors[end], Bracket)
                        and not self._takes_bracket(value, signs, factors, i, end, function)
                    )
                )
            ):
                return value, end
            more, end = self.unit(signs, factors, end)
            value = value * more
        if not isinstance(factors[i], (Fraction, Root, Bracket)):
            rest, stop = value, end
            while stop < len(factors) and not signs[stop] and _goes_on(factors[stop]):
                more, stop = self.unit(signs, factors, stop)
                rest = rest * more
            last = named(factors[stop - 1]) if stop > end else None
            clear = last is not None and last.letters in _VARIABLES and stop == end + 1
            if stop > end and (
                (clear and (first is None or first.letters not in _ANGLES | _VARIABLES))
                or not self.decisions.take(
                    factors[end],
                    f"the argument of {function.name} in {self._around(function)}",
                    "all that follows",
                    "the next factor",
                )
            ):
                value, end = rest, stop
        if self._takes_bracket(value, signs, factors, i, end, function):
            more, end = self.unit(signs, factors, end)
            value = value * more
        if end < len(factors) and signs[end] == "/":
            question = f"what is divided behind {function.name} in {self._around(function)}"
            if self.decisions.take(factors[end], question, "the function", "its argument"):
                under, end = self.unit(signs, factors, end)
                value = self.divided(value, under, factors[i])
        return value, end

    def _takes_bracket(
        self,
        value: Expr,
        signs: Sequence[str],
        factors: Sequence[Node],
        i: int,
        end: int,
        function: Function,
    ) -> bool:
        r"""Return whether a bracket behind an argument without brackets is a part of it.

        It is behind a number, `\sin 2\pi(x + 1)`, and asked for behind a name, `\cos\omega(t - \tau)`.
        """
        if end >= len(factors) or signs[end]:
            return False
        following, last = factors[end], factors[end - 1]
        bracket = following.base if isinstance(following, Scripted) else following
        of_names = isinstance(factors[i], (Number, Fraction, Root)) or named(factors[i]) is not None
        if not isinstance(bracket, Bracket) or bracket.opening not in ("(", "[") or not of_names:
            return False
        in_braces = isinstance(last, Bracket) or self.text[last.start] == "{"
        if in_braces or _GAP.search(self.text[last.end : following.start]):
            return False
        logarithm = function.name in _LOGARITHMS
        if value.is_number and not logarithm:
            return True
        run = " ".join(self.text[factors[i].start : last.end].split())
        options = ("part of the argument", "a factor")
        name = named(last)
        if logarithm or (name is not None and name.letters in _ANGLES | _VARIABLES):
            options = options[::-1]
        taken = self.decisions.take(following, f"the bracket behind {function.name} {run}", *options)
        return options[taken] == "part of the argument"

    def called(self, name: str, values: Sequence[Expr], below: Script | None, node: Node) -> Expr:
        """Return a named function of its arguments."""
        if name in _LOGARITHMS and len(values) == 1:
            if name == "lg":
                return self.opaque("lg", *values)
            found = sympy.log(*values)
            self._needs(values[0], "> 0")
            if below is None:
                return found
            base = self.value(below.inside) if below.inside is not None else None
            if base is None or base in (0, 1):
                raise self.error("this base of a logarithm is not understood", node)
            return found / sympy.log(base)
        if below is not None:
            return self.opaque(f"{name}_{below.text}", *values)
        if name in _OPAQUE_FUNCTIONS:
            return self.opaque(name, *values)
        return self.applied(_RENAMED.get(name, name), values, node)

    def applied(self, name: str, values: Sequence[Expr], node: Node) -> Expr:
        """Return a known function, or one of this name of which nothing else is known."""
        if any(v.is_number and not is_small(v) for v in values):
            raise self.error(f"this argument of {name} is too large a number", node)
        if name == "abs" and values[0].has(sympy.Abs):
            return sympy.Abs(values[0], evaluate=False)
        if name in BOUNDED:
            known = BOUNDED[name]
            if known.least <= len(values) <= known.most:
                try:
                    return known.build(*values)
                except ValueError:
                    return Undefined(name)(*values)
            if name in ("max", "min"):
                return self.opaque(name, *values)
            raise self.error(f"{name} was given {len(values)} arguments", node)
        if name in _PLAIN and len(values) == (2 if name == "atan2" else 1):
            found = _PLAIN[name](*values)
            if (domain := _DOMAINS.get(_PLAIN[name])) is not None:
                relation, within = domain
                self._needs(within(values[0]), relation)
            return found
        return Undefined(name)(*values)


def _is_value_in(key: str, node: Node) -> bool:
    """Return whether a name, or a rate of it, is a value in a part, and does not stand before a bracket."""
    if isinstance(node, Product):
        behind = zip(node.factors, (*node.factors[1:], None), (*node.signs[1:], "*"), strict=True)
        called = [not sign and isinstance(after, Bracket) for _, after, sign in behind]
        return any(
            _is_value_in(key, f) for f, c in zip(node.factors, called, strict=True) if not (c and named(f))
        )
    name = named(node)
    if name is not None:
        return key_of(name) == key and not name.below_text
    return any(_is_value_in(key, part) for part in node.parts())


_GAP = re.compile(r"\\[,;: ]|~|\\q?quad")
_LOGARITHMS = frozenset(("ln", "log", "lg"))
_VARIABLES = frozenset(("t", "x", "y", "z", r"\tau", "s"))
_ANGLES = frozenset(f"\\{n}" for n in ("theta", "phi", "varphi", "alpha", "beta", "delta", "psi", "vartheta"))


def _goes_on(node: Node) -> bool:
    if isinstance(node, Scripted) and isinstance(node.base, Name) and node.base.letters == "e" and node.above:
        return False  # a power of e is a factor of its own: `\\cos \\omega t e^{-t}`
    return isinstance(node, (Name, Accented, Number)) or (
        isinstance(node, Scripted) and isinstance(node.base, (Name, Accented))
    )
