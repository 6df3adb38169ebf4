"""Expressions and conditions over the reals as SMT-LIB 2.6 terms, with their conditions of definedness."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import singledispatchmethod

import sympy
from sympy import Abs, Add, Expr, Integer, Mul, Pow, Rational, Symbol

from physsym.core.symbols import OPAQUE
from physsym.core.verdicts import Condition
from physsym.verify.engines.laurent import UndecidedError

_MAX_POWER = 12
_DIGITS = 15  # of pi and e


@dataclass
class Script:
    """The constants of a set of terms, and the conditions that define them.

    A root is a fresh constant s >= 0 with s**n = r. An exponential is a fresh positive constant, greater than
    one where its argument is positive. An application of an opaque function is a fresh constant. `exact`
    becomes False where a fresh constant is constrained less than the term that it replaces (a relaxation): a
    model need not be a counterexample then.
    """

    names: dict[Expr, str] = field(default_factory=dict)
    conditions: list[str] = field(default_factory=list)
    exact: bool = True

    def condition(self, condition: Condition) -> str:
        """Return a side condition as a formula."""
        left = self.term(condition.expression)
        relation = condition.relation.split()[0]
        return f"(not (= {left} 0))" if relation == "!=" else f"({relation} {left} 0)"

    def all_of(self, conditions: Iterable[Condition]) -> str:
        """Return the formula that conditions hold together."""
        return f"(and true {' '.join(map(self.condition, conditions))})"

    def term(self, expression: Expr) -> str:
        """Return an expression as a term; raises UndecidedError for what is not algebraic."""
        text: str = self._term(expression)
        return text

    @singledispatchmethod
    def _term(self, expression: Expr) -> str:
        raise UndecidedError(f"z3 is not asked about {type(expression).__name__}")

    @_term.register(Rational)
    def _(self, expression: Rational) -> str:
        size = f"(/ {abs(int(expression.p))} {int(expression.q)})"
        return f"(- {size})" if expression.is_negative else size

    @_term.register(Symbol)
    def _(self, expression: Symbol) -> str:
        return self._constant(expression)

    @_term.register(sympy.core.numbers.Pi)
    @_term.register(sympy.core.numbers.Exp1)
    def _(self, expression: Expr) -> str:
        # Between two fractions; that it is transcendental is not said.
        new, name = expression not in self.names, self._constant(expression)
        self.exact = False
        if new:
            near = Rational(str(expression.evalf(_DIGITS)))
            width = Rational(1, 10 ** (_DIGITS - 2))
            self.conditions += [
                f"(> {name} {self.term(near - width)})",
                f"(< {name} {self.term(near + width)})",
            ]
        return name

    def _constant(self, expression: Expr) -> str:
        return self.names.setdefault(expression, f"c{len(self.names)}")

    @_term.register(Add)
    def _(self, expression: Add) -> str:
        return f"(+ {' '.join(map(self.term, expression.args))})"

    @_term.register(Mul)
    def _(self, expression: Mul) -> str:
        return f"(* {' '.join(map(self.term, expression.args))})"

    @_term.register(Pow)
    def _(self, expression: Pow) -> str:
        base, exponent = expression.args
        if exponent.free_symbols:
            return self._symbolic_power(base, exponent)
        if not exponent.is_Rational or max(abs(int(exponent.p)), int(exponent.q)) > _MAX_POWER:
            raise UndecidedError(f"z3 is not asked about the power {expression}")
        root = self.term(base) if exponent.is_Integer else self._root(base, int(exponent.q))
        power = _product(root, abs(int(exponent.p)))
        if exponent.is_positive:
            return power
        self.conditions.append(f"(not (= {root} 0))")
        return f"(/ 1 {power})"

    def _symbolic_power(self, base: Expr, exponent: Expr) -> str:
        """Return b**(3 + k + 2*n) as b**3 * P * Q**2, with constants P and Q for b**k and b**n."""
        number, symbolic = exponent.as_coeff_Add()
        factors = [self.term(base**number)] if number else []
        for part in Add.make_args(symbolic.expand()):
            times, unit = part.as_coeff_Mul()
            if not times.is_Integer or abs(times) > _MAX_POWER:
                times, unit = Integer(1), part
            power = Pow(base, unit, evaluate=False)
            new = power not in self.names
            name = self._constant(power)
            if new and not unit.is_integer:  # a real power is one of a positive number, and positive
                self.conditions += [f"(> {self.term(base)} 0)", f"(> {name} 0)"]
            self.exact = False
            product = _product(name, abs(int(times)))
            if times < 0:
                self.conditions.append(f"(not (= {name} 0))")
                product = f"(/ 1 {product})"
            factors.append(product)
        return f"(* 1 {' '.join(factors)})"

    def _root(self, base: Expr, index: int) -> str:
        new = Pow(base, Rational(1, index), evaluate=False)
        if new not in self.names:
            inside, name = self.term(base), self._constant(new)
            self.conditions += [f"(>= {name} 0)", f"(= {_product(name, index)} {inside})"]
        return self.names[new]

    @_term.register(Abs)
    def _(self, expression: Abs) -> str:
        inside = self.term(expression.args[0])
        return f"(ite (>= {inside} 0) {inside} (- {inside}))"

    @_term.register(sympy.sign)
    def _(self, expression: sympy.sign) -> str:
        inside = self.term(expression.args[0])
        return f"(ite (> {inside} 0) 1 (ite (< {inside} 0) (- 1) 0))"

    @_term.register(sympy.Max)
    def _(self, expression: sympy.Max) -> str:
        return self._extreme(expression, ">=")

    @_term.register(sympy.Min)
    def _(self, expression: sympy.Min) -> str:
        return self._extreme(expression, "<=")

    def _extreme(self, expression: Expr, relation: str) -> str:
        first, *rest = map(self.term, expression.args)
        for other in rest:
            first = f"(ite ({relation} {first} {other}) {first} {other})"
        return first

    @_term.register(sympy.exp)
    def _(self, expression: sympy.exp) -> str:
        inside, name = self.term(expression.args[0]), self._constant(expression)
        self.exact = False
        self.conditions += [f"(> {name} 0)", f"(= (> {name} 1) (> {inside} 0))"]
        self.conditions += [f"(= (= {name} 1) (= {inside} 0))", f"(>= {name} (+ 1 {inside}))"]
        return name

    def _opaque(self, expression: Expr) -> str:
        another = any(isinstance(e, OPAQUE) for e in self.names)
        self.exact &= expression in self.names or not another
        return self._constant(expression)


for _function in OPAQUE:
    Script._term.register(_function)(Script._opaque)  # type: ignore[attr-defined]


def _product(term: str, times: int) -> str:
    return f"(* 1 {' '.join([term] * times)})"


def declared_sign(symbol: Expr) -> tuple[Condition, ...]:
    """Return the sign assumption of a symbol as a condition, or nothing.

    >>> from physsym.vocabulary import gamma
    >>> print(*declared_sign(gamma))
    gamma > 0
    """
    facts = (
        (symbol.is_positive, Condition(symbol, "> 0")),
        (symbol.is_negative, Condition(-symbol, "> 0")),
        (symbol.is_nonnegative, Condition(symbol, ">= 0")),
        (symbol.is_nonpositive, Condition(-symbol, ">= 0")),
        (symbol.is_nonzero, Condition(symbol, "!= 0")),
    )
    return next(((condition,) for holds, condition in facts if holds), ())
