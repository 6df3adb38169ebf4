"""Orders of expressions with growing or vanishing exponentials: transseries in a small positive symbol.

A value is a sum of terms exp(g)*s, where the growth g is a sum of c*h**-j*log(1/h)**k, known as a formula,
and s is a Laurent series whose coefficients are values at a random point of the prime field. So
exp(n)/(1 + exp(n)) is 1 - exp(-n) + ..., in whatever form it is written (Gruntz 1996; van der Hoeven 2006).
Which of two terms is the larger one is decided by the signs of the coefficients c alone.

Whether the coefficient of an exponential is zero no truncated series can show; so every term has also a
number, its value for a random h, which vanishes where the coefficient does (Schwartz-Zippel).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, reduce
from itertools import zip_longest

import flint
import sympy
from sympy import Abs, Add, Expr, Integer, Mul, Pow, Rational, Symbol

from physsym.core.signs import signs
from physsym.core.symbols import OPAQUE
from physsym.core.verdicts import Condition
from physsym.verify.engines import identity_test, smt
from physsym.verify.engines.base import Answer
from physsym.verify.engines.error_bound import ErrorBound
from physsym.verify.engines.evaluation import PRECISION, as_ball
from physsym.verify.engines.evaluation import value as value_at
from physsym.verify.engines.laurent import DivergenceError, Laurent, UndecidedError
from physsym.verify.engines.prime_field import P, Point, Q

MAX_RAMIFICATION = 12
LOGARITHMS = 9  # values of log(1/h) at which a coefficient is computed
DEPTH = 4  # powers of a flat ratio that are kept in a quotient, a root or a logarithm
_ROUNDS = 6  # terms of a growth
_HYPERBOLIC = (sympy.sinh, sympy.cosh, sympy.tanh)
_SMOOTH = (sympy.sin, sympy.cos, sympy.tan, sympy.atan)

Power = tuple[Rational, int]  # (j, k) of h**-j*log(1/h)**k; the larger one grows faster


@dataclass(frozen=True)
class Growth:
    """A sum of c*h**-j*log(1/h)**k, of which exp is taken; equal where all coefficients have equal values."""

    values: tuple[tuple[Power, int], ...]
    coefficients: Mapping[Power, Expr] = field(compare=False)

    @property
    def leading(self) -> tuple[Power, Expr] | None:
        """Return the term that grows fastest, None for a growth of zero."""
        if not self.values:
            return None
        power = max(power for power, _ in self.values)
        return power, self.coefficients[power]

    @property
    def sign(self) -> int:
        """Return 1 if exp exceeds every power of 1/h, -1 if it is smaller than every power, 0 between."""
        if not self.leading or self.leading[0][0] <= 0:
            return 0
        return sign_of(self.leading[1])


@lru_cache(maxsize=512)
def sign_of(coefficient: Expr) -> int:
    """Return the sign of a coefficient for all values of its symbols; UndecidedError where it has none."""
    found = signs(coefficient) if coefficient.free_symbols else frozenset({_sign_of_number(coefficient)})
    if found in ({1}, {-1}):
        return next(iter(found))
    for sign in (1, -1):
        if smt.implies((), Condition(sign * coefficient, "> 0")).answer is Answer.PROVED:
            return sign
    raise UndecidedError(f"the sign of {coefficient} decides whether an exponential vanishes or diverges")


def _sign_of_number(number: Expr) -> int:
    """Return the sign of a number, 0 where its enclosure does not tell."""
    with flint.ctx.workprec(PRECISION):
        ball = as_ball(value_at(number, {}))
        return 1 if ball > 0 else -1 if ball < 0 else 0


@dataclass(frozen=True)
class Term:
    """exp(growth) times a series; `number` is the value of the factor for a random h, where it is known."""

    growth: Growth
    series: Laurent
    number: int | None

    @property
    def vanishes(self) -> bool:
        """Return whether the coefficient is zero, as far as known and at the random point."""
        return not self.series.terms and self.number == 0


@dataclass(frozen=True)
class Value:
    """Terms of different growth, and bounds on the growth of what was left out."""

    terms: tuple[Term, ...]
    tail: tuple[Growth, ...] = ()


class Transseries:
    """The values of expressions at one random point, as transseries in the small symbol of the point."""

    def __init__(self, point: Point) -> None:
        """Prepare for a point with a small symbol."""
        assert point.small is not None
        self.point, self.small = point, point.small
        self.plain = Point(point.seed)
        self.zero = self.growth({})
        self.cache: dict[Expr, Value] = {}

    def growth(self, coefficients: Mapping[Power, Expr]) -> Growth:
        """Return a growth without the coefficients that are zero."""
        values = {k: self._number(c) for k, c in coefficients.items()}
        if None in values.values():
            raise UndecidedError("the coefficient of an exponent is not real at the random point")
        kept = {k: c for k, c in coefficients.items() if values[k]}
        return Growth(tuple(sorted((k, v) for k, v in values.items() if v)), kept)

    def _number(self, expression: Expr) -> int | None:
        try:
            return self.plain.value(expression).coefficient(0)
        except ArithmeticError:
            return None

    def value(self, expression: Expr) -> Value:
        """Return the value of an expression; UndecidedError for what is not known here."""
        if expression not in self.cache:
            self.cache[expression] = self._plain(expression) or self._value(expression)
        return self.cache[expression]

    def _plain(self, expression: Expr) -> Value | None:
        """Return the value of what is a Laurent series, None for what is none."""
        try:
            series = self.point.value(expression)
        except (UndecidedError, DivergenceError) as doubt:
            if isinstance(doubt, UndecidedError) and not expression.has(self.small):
                raise
            return None
        return Value((Term(self.zero, series, self._number(expression)),))

    def _value(self, expression: Expr) -> Value:
        if isinstance(expression, Add):
            return reduce(self.plus, map(self.value, expression.args))
        if isinstance(expression, Mul):
            return reduce(self.times, map(self.value, expression.args))
        if isinstance(expression, sympy.exp):
            return self.exponential(expression.args[0])
        if isinstance(expression, Pow):
            return self.power(*expression.args)
        if isinstance(expression, sympy.log):
            return self.logarithm(self.value(expression.args[0]))
        if isinstance(expression, _HYPERBOLIC):
            return self.hyperbolic(expression)
        if isinstance(expression, OPAQUE):
            return self.opaque(expression)
        if isinstance(expression, _SMOOTH):
            return self.smooth(expression)
        if isinstance(expression, Abs):
            return self.absolute(expression)
        # Says why the field cannot evaluate it.
        self.point.value(expression)
        raise UndecidedError(f"no expansion of {expression} is known here")

    # ------------------------------------------------------------ sums and products

    def plus(self, a: Value, b: Value) -> Value:
        """Return the sum; terms of equal growth are added, those that cancel are dropped."""
        found: dict[Growth, Term] = {}
        for term in (*a.terms, *b.terms):
            known = found.get(term.growth)
            if known:
                number = None if None in (known.number, term.number) else known.number + term.number  # type: ignore[operator]
                term = Term(term.growth, known.series + term.series, number and number % P)
            found[term.growth] = term
        return Value(tuple(t for t in found.values() if not t.vanishes), (*a.tail, *b.tail))

    def times(self, a: Value, b: Value) -> Value:
        """Return the product; what was left out grows with the terms of the other factor."""
        value = Value(())
        for one in a.terms:
            for other in b.terms:
                value = self.plus(value, Value((self.times_term(one, other),)))
        bounds = [self._sum(t, term.growth) for t in a.tail for term in b.terms]
        bounds += [self._sum(t, term.growth) for t in b.tail for term in a.terms]
        bounds += [self._sum(t, s) for t in a.tail for s in b.tail]
        return self.without_small(Value(value.terms, tuple(dict.fromkeys(bounds))))

    def without_small(self, value: Value) -> Value:
        """Return a value without terms and bounds that are flat beside one of the bounds."""
        bounds: list[Growth] = []
        for bound in value.tail:
            if not any(self.is_smaller(bound, other) for other in bounds):
                bounds = [other for other in bounds if not self.is_smaller(other, bound)] + [bound]
        kept = [t for t in value.terms if not any(self.is_smaller(t.growth, bound) for bound in bounds)]
        return Value(tuple(kept), tuple(bounds))

    def is_smaller(self, a: Growth, b: Growth) -> bool:
        """Return whether exp(a) is known to be flat beside exp(b)."""
        try:
            return self._is_flat(self._sum(a, b, -1))
        except UndecidedError:
            return False

    def times_term(self, one: Term, other: Term) -> Term:
        """Return the product of two terms."""
        number = None if None in (one.number, other.number) else one.number * other.number % P  # type: ignore[operator]
        return Term(self._sum(one.growth, other.growth), one.series * other.series, number)

    def _sum(self, a: Growth, b: Growth, factor: Expr | int = 1) -> Growth:
        powers = {**a.coefficients, **b.coefficients}
        return self.growth(
            {
                k: a.coefficients.get(k, Integer(0)) + factor * b.coefficients.get(k, Integer(0))
                for k in powers
            }
        )

    def _constant(self, number: int) -> Value:
        return Value((Term(self.zero, self.point.number(number), number % P),))

    # ------------------------------------------------------------ functions of what has a leading term

    def leading(self, value: Value) -> tuple[Term, Value]:
        """Return the leading term, and the value over it less one: flat terms and bounds."""
        terms = [t for t in value.terms if not t.vanishes]
        if not terms:
            raise UndecidedError("division by a quantity that vanishes at the random point")
        lead = reduce(
            lambda a, b: a if self._is_flat(self._sum(b.growth, a.growth, Integer(-1))) else b, terms
        )
        if not lead.series.terms:
            raise UndecidedError("the leading coefficient of an expansion is not known")
        inverse = self.whole_power(lead, -1)
        ratios = self.times(Value(tuple(t for t in terms if t is not lead), value.tail), Value((inverse,)))
        if not all(self._is_flat(g) for g in (*(t.growth for t in ratios.terms), *ratios.tail)):
            raise UndecidedError("which term of an expansion is the largest one could not be decided")
        return lead, ratios

    def _is_flat(self, growth: Growth) -> bool:
        return growth.sign == -1

    def whole_power(self, term: Term, exponent: int) -> Term:
        """Return a term to an integer power."""
        growth = self._sum(self.zero, term.growth, Integer(exponent))
        number = None if not term.number else pow(term.number, exponent, P)
        return Term(growth, term.series.whole_power(exponent), number)

    def composed(self, ratios: Value, coefficients: Callable[[int], int]) -> Value:
        """Return the sum of coefficients(n)*ratios**n, cut off after some powers of what is flat."""
        total, power = self._constant(coefficients(0)), self._constant(1)
        for n in range(1, DEPTH + 1):
            power = self.times(power, ratios)
            weighed = [
                Term(t.growth, t.series.scaled(coefficients(n)), t.number and t.number * coefficients(n) % P)
                for t in power.terms
            ]
            total = self.plus(total, Value(tuple(weighed), power.tail))
        rest = self.times(power, ratios)
        return Value(total.terms, (*total.tail, *(t.growth for t in rest.terms), *rest.tail))

    def power(self, base: Expr, exponent: Expr) -> Value:
        """Return a power, by the binomial series in what is flat beside the leading term."""
        if not exponent.is_Rational:
            return self.real_power(base, exponent)
        value = self.value(base)
        if exponent.is_Integer and exponent > 0 and exponent <= 16:
            return reduce(self.times, [value] * int(exponent))
        lead, ratios = self.leading(value)
        top, bottom = int(exponent.p), int(exponent.q)
        factor = top * pow(bottom, -1, P) % P

        def binomial(n: int) -> int:
            return math.prod((factor - k) * pow(k + 1, -1, P) for k in range(n)) % P

        return self.times(Value((self.root(lead, exponent),)), self.composed(ratios, binomial))

    def root(self, term: Term, exponent: Rational) -> Term:
        """Return a term to a rational power."""
        if exponent.is_Integer:
            return self.whole_power(term, int(exponent))
        top, bottom = int(exponent.p), int(exponent.q)
        group, factor = (top * pow(bottom, -1, m) % m for m in (Q, P))
        series = self.point.real_power(term.series, group, factor, (top, bottom), Integer(1))
        real = term.number is not None and pow(term.number, Q, P) == 1
        number = pow(term.number, group, P) if real else None  # type: ignore[arg-type]
        return Term(self._sum(self.zero, term.growth, exponent), series, number)

    def real_power(self, base: Expr, exponent: Expr) -> Value:
        """Return base**exponent as exp(exponent*log(base))."""
        value = self.value(base)
        if len(value.terms) == 1 and value.terms[0].growth == self.zero and not value.tail:
            return self.exponential(exponent * sympy.log(base))
        lead, ratios = self.leading(value)
        if lead.number != 1 or lead.series.split() != self.point.number(1).split():
            raise UndecidedError(f"no expansion of {base}**({exponent}) is known here")
        small = self.times(self.value(exponent), self.composed(ratios, _logarithmic))
        return self.times(
            self.exponential(exponent * self.formula(lead.growth)), self.exponential_of_flat(small)
        )

    def formula(self, growth: Growth) -> Expr:
        """Return a growth as a formula in the small symbol."""
        return Add(
            *(
                c * self.small**-j * sympy.log(1 / self.small) ** k
                for (j, k), c in growth.coefficients.items()
            )
        )

    def logarithm(self, value: Value) -> Value:
        """Return the logarithm: the growth of the leading term, that of its factor, and a flat series."""
        lead, ratios = self.leading(value)
        formula = self.formula(lead.growth)
        number, constant = self._number(formula), lead.number
        if number is not None and constant:
            number = (number + (self.plain.random(("log", constant), P) if constant != 1 else 0)) % P
        else:
            number = None
        series = self.point.value(formula) + self.point.log_of(lead.series, Integer(1))
        unit = Value((Term(self.zero, series, number),))
        return self.plus(unit, self.composed(ratios, _logarithmic))

    # ------------------------------------------------------------ exponentials

    def exponential(self, exponent: Expr) -> Value:
        """Return exp(g + a) as exp(g) times the series of exp(a), where g is what grows and a does not."""
        plain: list[Expr] = []
        flat: list[Expr] = []
        for part in Add.make_args(sympy.expand(exponent)):
            (plain if self._has_series(part) else flat).append(part)
        growth, rest = self.separated(Add(*plain))
        bounded = sympy.exp(rest, evaluate=False)
        series = self.point.value(bounded) if rest != 0 else self.point.number(1)
        value = Value((Term(growth, series, self._number(bounded) if rest != 0 else 1),))
        if not flat:
            return value
        return self.times(value, self.exponential_of_flat(reduce(self.plus, map(self.value, flat))))

    def _has_series(self, expression: Expr) -> bool:
        try:
            self.point.value(expression)
        except (UndecidedError, DivergenceError):
            return False
        return True

    def exponential_of_flat(self, value: Value) -> Value:
        """Return the exponential of what is flat."""
        if not all(self._is_flat(g) for g in (*(t.growth for t in value.terms), *value.tail)):
            raise UndecidedError("an exponential of an exponential is not known here")
        return self.composed(value, lambda n: pow(math.factorial(n), -1, P))

    def separated(self, exponent: Expr) -> tuple[Growth, Expr]:
        """Return what of an exponent grows, and the rest, which the series show to be bounded.

        The leading terms are proposed as formulas, one by one. That nothing else grows the series show.
        """
        found: dict[Power, Expr] = {}
        for _ in range(_ROUNDS):
            series = self.point.value(exponent)
            if (series.start >= 0 or not series.terms) and not self._turns(exponent, series):
                return self.growth(found), exponent
            coefficient, j, k = self.leading_term(exponent)
            if (j, k) <= (0, 0):
                break
            found[j, k] = found.get((j, k), Integer(0)) + coefficient
            taken = coefficient * self.small**-j * sympy.log(1 / self.small) ** k
            exponent = sympy.expand(exponent - taken)
        raise UndecidedError(f"what grows in the exponent {exponent} could not be separated")

    def _turns(self, exponent: Expr, series: Laurent) -> bool:
        """Return whether the constant term of a series holds a logarithm of the small symbol."""
        if not exponent.has(sympy.log):
            return False
        other = replace(self.point, logarithm=self.point.logarithm + 1, cache={})
        return bool(series.split()[0] != other.value(exponent).split()[0])

    def leading_term(self, e: Expr) -> tuple[Expr, Rational, int]:
        """Return (c, j, k) of the leading term c*h**-j*log(1/h)**k of an expression."""
        nothing = UndecidedError(f"the leading term of {e} was not found")
        if not e.has(self.small):
            return e, Integer(0), 0
        if e == self.small:
            return Integer(1), Integer(-1), 0
        if isinstance(e, Add):
            leads = [self.leading_term(a) for a in e.args]
            top = max((j, k) for _, j, k in leads)
            total = Add(*(c for c, j, k in leads if (j, k) == top))
            if not self._number(total):
                raise nothing
            return total, *top
        if isinstance(e, Mul):
            leads = [self.leading_term(a) for a in e.args]
            return Mul(*(c for c, _, _ in leads)), Add(*(j for _, j, _ in leads)), sum(k for _, _, k in leads)
        if isinstance(e, Pow):
            if not e.exp.is_Rational:
                return self.leading_term(sympy.exp(e.exp * sympy.log(e.base), evaluate=False))
            c, j, k = self.leading_term(e.base)
            if not (k * e.exp).is_Integer:
                raise nothing
            return c**e.exp, j * e.exp, int(k * e.exp)
        if not e.args or len(e.args) > 1:
            raise nothing
        c, j, k = self.leading_term(e.args[0])
        if isinstance(e, sympy.log):
            if j != 0:
                return j, Integer(0), 1
            if k:
                raise nothing
            return self.leading_term(e.args[0] - 1) if self._number(c) == 1 else (sympy.log(c), j, 0)
        if (j, k) > (0, 0):
            raise nothing
        if (j, k) == (0, 0):
            return e.func(c), j, k
        odd = (sympy.sin, sympy.tan, sympy.sinh, sympy.tanh, sympy.atan)
        if isinstance(e, odd):
            return c, j, k
        if isinstance(e, sympy.cos | sympy.cosh | sympy.exp):
            return Integer(1), Integer(0), 0
        raise nothing

    def hyperbolic(self, e: Expr) -> Value:
        """Return a hyperbolic function, by exponentials."""
        up, down = (self.value(sympy.exp(s * e.args[0])) for s in (1, -1))
        half = pow(2, -1, P)
        sinh = self.plus(self.times(up, self._constant(half)), self.times(down, self._constant(-half)))
        cosh = self.times(self.plus(up, down), self._constant(half))
        if not isinstance(e, sympy.tanh):
            return sinh if isinstance(e, sympy.sinh) else cosh
        lead, ratios = self.leading(cosh)
        inverse = self.times(Value((self.whole_power(lead, -1),)), self.composed(ratios, lambda n: (-1) ** n))
        return self.times(sinh, inverse)

    def opaque(self, e: Expr) -> Value:
        """Return an opaque function of what has flat terms: that of the rest, with a flat remainder."""
        if e.has(sympy.log):
            raise UndecidedError(f"no expansion of {e} is known here")
        values = [self.value(a) for a in e.args]
        units = [next((t for t in v.terms if t.growth == self.zero), None) for v in values]
        flat = [t.growth for v in values for t in v.terms if t.growth != self.zero]
        flat += [g for v in values for g in v.tail]
        if None in units or not all(map(self._is_flat, flat)):
            raise UndecidedError(f"no expansion of {e} is known here")
        places = [a if a.is_Integer else Symbol(f"argument {k}") for k, a in enumerate(e.args)]
        known = [(p, unit) for p, unit in zip(places, units, strict=True) if unit and not p.is_Integer]
        number = None
        if all(unit.number is not None for _, unit in known):
            numbers = {p: self.plain.number(unit.number or 0) for p, unit in known}
            number = self.plain.with_series(numbers).value(e.func(*places)).coefficient(0)
        series = self.point.with_series({p: unit.series for p, unit in known}).value(e.func(*places))
        return Value((Term(self.zero, series, number),), tuple(dict.fromkeys(flat)))

    def smooth(self, e: Expr) -> Value:
        """Return a smooth function of what has flat terms: that of the rest, with a flat remainder."""
        flat: dict[Expr, Growth] = {}
        for part in sorted(e.atoms(sympy.exp, Pow, *_HYPERBOLIC), key=lambda p: -len(str(p))):
            if not self._has_series(part):
                value = self.value(part)
                if value.tail or len(value.terms) != 1 or not self._is_flat(value.terms[0].growth):
                    raise UndecidedError(f"no expansion of {e} is known here")
                flat[part] = value.terms[0].growth
        rest = e.xreplace(dict.fromkeys(flat, Integer(0)))
        return Value((Term(self.zero, self.point.value(rest), self._number(rest)),), tuple(flat.values()))

    def absolute(self, e: Abs) -> Value:
        """Return the absolute value, whose sign is that of the leading coefficient."""
        inside = self.value(e.args[0])
        lead, _ = self.leading(inside)
        sign = 1 if pow(lead.series.terms[0], Q, P) == 1 else -1
        return self.times(inside, self._constant(sign))


def _logarithmic(n: int) -> int:
    return (-1) ** (n + 1) * pow(n, -1, P) if n else 0


@dataclass(frozen=True)
class Asymptotics:
    """How a gap vanishes: as h**order*log(1/h)**log_power; at least so fast, if this is not sharp.

    The order is infinite for what is zero or smaller than every power; it is negative for what grows.
    """

    order: int | float | Rational
    log_power: int = 0
    sharp: bool = True


def asymptotics(gap: Expr, small: Symbol, bound: ErrorBound, terms: int) -> Asymptotics:
    """Return how an expression behaves as its small positive symbol tends to zero.

    Raises DivergenceError for what exceeds every power, UndecidedError where the terms that are known do not
    tell or the points contradict each other.
    """
    q = ramification(gap)
    known_terms = terms if q == 1 else min(terms * q, 3 * terms)
    # Exponentials that vanish or diverge have no sign at a point; what is positive needs no sector then.
    known = tuple(s for s in bound.positive if identity_test.sign_at(Point(0, small), s))
    bound = replace(bound, positive=known)
    found = identity_test.evaluate_at_points(lambda p: _at(p.seed, gap, small, known_terms, q), bound, small)
    if all(f.sharp for f in found) and len(set(found)) > 1:
        raise UndecidedError("the order differs from point to point: it depends on the branch of a root")
    return min(found, key=lambda f: (f.order, -f.log_power))


def ramification(expression: Expr) -> int:
    """Return the index of the root of the small symbol in whose powers an expression is expanded."""
    inner = math.lcm(*(ramification(a) for a in expression.args)) if expression.args else 1
    root = isinstance(expression, Pow) and expression.exp.is_Rational
    total = inner * int(expression.exp.q) if root else inner
    if total > MAX_RAMIFICATION:
        raise UndecidedError(f"roots of index {total} in each other are too deep")
    return total


def _at(seed: int, gap: Expr, small: Symbol, terms: int, q: int) -> Asymptotics:
    order, coefficient = _order_at(seed, 0, gap, small, terms, q)
    if math.isinf(order):
        return Asymptotics(order)
    if coefficient is None:
        return Asymptotics(order, sharp=False)
    powers = (p for p in gap.atoms(Pow) if not p.exp.is_Rational)
    if not gap.has(sympy.log) and not any(p.base.has(small) for p in powers):
        return Asymptotics(order)
    # The coefficient is a rational function of log(1/h), which shows at several values of the logarithm.
    values = [(_logarithm_at(seed, 0), coefficient)]
    for logarithm in range(1, LOGARITHMS):
        if logarithm == 2 and values[0][1] == values[1][1]:
            return Asymptotics(order)
        other, coefficient = _order_at(seed, logarithm, gap, small, terms, q)
        if other != order or coefficient is None:
            raise UndecidedError("the order depends on a logarithm")
        values.append((_logarithm_at(seed, logarithm), coefficient))
    return Asymptotics(order, degree_of_quotient(values))


def _logarithm_at(seed: int, logarithm: int) -> int:
    return Point(seed).random(("logarithm", logarithm), P)


def degree_of_quotient(values: list[tuple[int, int]]) -> int:
    """Return the degree, numerator less denominator, of the rational function through some points.

    It is found by Euclid's algorithm (Cauchy interpolation), with two points more than it needs.
    """
    everywhere, through = [1], [0]  # the product of all x - x_k, and the polynomial through the points
    for x, y in values:
        wanted = (y - _at_number(through, x)) * pow(_at_number(everywhere, x), -1, P) % P
        through = _minus(through, [-wanted * c for c in everywhere])
        everywhere = _minus([0, *everywhere], [x * c for c in everywhere])
    above, below = (everywhere, [0]), (through, [1])
    while len(below[0]) + len(below[1]) > len(values) - 1:
        if below[0] == [0]:
            raise UndecidedError("how its coefficient depends on a logarithm could not be decided")
        above, below = below, euclidean_step(above, below)
    return len(below[0]) - len(below[1])


Polynomials = tuple[list[int], list[int]]  # coefficients, the constant term first


def euclidean_step(above: Polynomials, below: Polynomials) -> Polynomials:
    """Return one step of the extended algorithm of Euclid."""
    (rest, factor), (divisor, other) = above, below
    while len(rest) >= len(divisor) and rest != [0]:
        shift = [0] * (len(rest) - len(divisor))
        times = rest[-1] * pow(divisor[-1], -1, P) % P
        rest = _minus(rest, [*shift, *(times * c for c in divisor)])
        factor = _minus(factor, [*shift, *(times * c for c in other)])
    return rest, factor


def _minus(a: list[int], b: list[int]) -> list[int]:
    terms = [(x - y) % P for x, y in zip_longest(a, b, fillvalue=0)]
    while len(terms) > 1 and not terms[-1]:
        terms.pop()
    return terms


def _at_number(polynomial: list[int], x: int) -> int:
    return reduce(lambda total, c: (total * x + c) % P, reversed(polynomial), 0)


def _order_at(
    seed: int, logarithm: int, gap: Expr, small: Symbol, terms: int, q: int
) -> tuple[Rational | float, int | None]:
    """Return the order at which an expression vanishes at a point, and its leading coefficient if known."""
    point = Point(seed, small, terms=terms, ramification=q, logarithm=logarithm, flat_is_zero=False)
    try:
        value = Transseries(point).value(gap)
    except DivergenceError as part:  # a part that grows is no proof that the whole does
        raise UndecidedError(str(part)) from None
    terms_left = [t for t in value.terms if not t.vanishes]
    growing = [t for t in terms_left if t.growth.sign == 1]
    if any(g.sign != -1 for g in value.tail):
        raise UndecidedError("the terms that are known do not tell the order")
    if any(t.series.terms for t in growing):
        raise DivergenceError("it grows beyond every power")
    if growing:
        raise UndecidedError("the coefficient of a growing exponential is not known")
    found: tuple[Rational | float, int | None] = (math.inf, 0)
    for term in (t for t in terms_left if t.growth.sign == 0):
        if term.growth.leading:
            power = small ** -term.growth.leading[1]
            raise UndecidedError(f"the order of {power} has a symbol in it")
        coefficient = term.series.terms[0] if term.series.terms else None
        found = Rational(term.series.start, q), coefficient
    return found
