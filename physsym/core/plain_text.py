"""Statements as plain text that is read back: what `str` shows, in the order of a book."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from sympy import Expr, Symbol
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from physsym.core.equality import has_parts_of_one_form
from physsym.core.symbols import name_and_marks
from physsym.core.term_order import LAW_ORDER, RULE_ORDER, Context, Product, levels_of, ordered_terms, split


class PlainPrinter(StrPrinter):
    """Prints an expression as Python would have it, with other names for some symbols."""

    def __init__(self, context: Context, names: Mapping[Symbol, str] = MappingProxyType({})) -> None:
        """Make a printer for the lines of one statement."""
        super().__init__({"order": None, "full_prec": "auto"})
        self.context, self.names = context, names

    def _print_Symbol(self, expr: Symbol) -> str:
        return self.names.get(expr, str(expr.name))

    def _print_Exp1(self, expr: Expr) -> str:
        return "exp(1)"  # E is a name that people use for energies

    def _print_Add(self, expr: Expr, order: object = None) -> str:
        return self.total(expr)

    def total(self, expr: Expr, target: Symbol | None = None) -> str:
        """Return a sum, in which the old value of `target` comes first."""
        terms = [split(term, self.context) for term in ordered_terms(expr, self.context, target)]
        first, *others = ((term.negative, self.product(term)) for term in terms)
        return ("-" if first[0] else "") + "".join(
            [first[1], *(f" {'-' if negative else '+'} {text}" for negative, text in others)]
        )

    def _print_Mul(self, expr: Expr) -> str:
        parts = split(expr, self.context)
        return f"{'-' if parts.negative else ''}{self.product(parts)}"

    def _print_Pow(self, expr: Expr, rational: bool = False) -> str:
        inverse = expr.exp.is_Rational and expr.exp < 0
        return self._print_Mul(expr) if inverse else str(super()._print_Pow(expr, rational))

    def product(self, parts: Product) -> str:
        """Return a product without its sign."""
        over = [*parts.over, *parts.vectors]
        if over and over[0].is_Number:
            # Python multiplies a number into the sum next to it.
            over.sort(key=lambda factor: factor.is_Add)
        shown = "*".join(map(self._factor, over)) or "1"
        under = "*".join(map(self._factor, parts.under))
        closed = len(parts.under) > 1
        return f"{shown}/({under})" if closed else f"{shown}/{under}" if under else shown

    def _factor(self, factor: Expr) -> str:
        return str(self.parenthesize(factor, PRECEDENCE["Mul"]))


def equation_texts(equations: Iterable[tuple[Expr, Expr]]) -> tuple[str, ...]:
    """Return the texts of equations that hold together: `m*x'' = -grad(x) - gamma*x'`."""
    pairs = tuple(equations)
    turns = not any(has_parts_of_one_form(side) for pair in pairs for side in pair)
    printer = PlainPrinter(Context(LAW_ORDER, levels=levels_of(pairs), turns_signs=turns))
    return tuple(f"{printer.doprint(left)} = {printer.doprint(right)}" for left, right in pairs)


def update_texts(updates: Sequence[tuple[Symbol, Expr]], states: Iterable[Symbol]) -> tuple[str, ...]:
    """Return the texts of the updates of a rule: `u <- rho*u - eta*grad(x)`.

    A state that is read with its old value, though it has been updated further up, is written `u_t`.
    """
    indexed = frozenset(name_and_marks(s)[0] for s in states)
    turns = not any(has_parts_of_one_form(value) for _, value in updates)
    context = Context(RULE_ORDER, indexed=indexed, turns_signs=turns)
    taken = {s.name for _, value in updates for s in value.free_symbols}
    texts, old = list[str](), dict[Symbol, str]()
    for target, value in updates:
        printer = PlainPrinter(context, old)
        shown = printer.total(value, target) if value.is_Add else printer.doprint(value)
        texts.append(f"{target} <- {shown}")
        name = f"{target}_t"
        old[target] = f"{target}_old" if name in taken else name
    return tuple(texts)
