"""What happens in the layer, the short time in which the fast motions of a law settle.

Each state is bounded by a sum of terms h**size*exp(-t/h**duration) in the small distance h to the limit. At
the start every state is of the size one. A state with a friction of its own decays in its own time, and what
drives it does so as long as the layer lasts. A slow state whose rate is of the size h**(-q) in a layer of the
width h**q changes there by an amount that does not vanish: it jumps.

References: R. O'Malley, Singular perturbation methods for ordinary differential equations, 1991.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

import sympy
from sympy import Expr, Integer, Rational, Symbol, atan, cos, cosh, erf, expand, sign, sin, tanh
from sympy.solvers.solveset import NonlinearError

from physsym.core.polynomials import factored
from physsym.core.signs import NONNEGATIVE, signs
from physsym.core.statements import Law, symbols
from physsym.core.symbols import DOT
from physsym.core.verdicts import Hypothesis, Order, Outcome, Verdict, fails, undecided
from physsym.verify.derivative import derivative
from physsym.verify.engines.laurent import UndecidedError
from physsym.verify.expansion import Approach, expanded

Term = tuple[Fraction, Fraction]  # size and duration, both as powers of the small symbol
Bound = frozenset[Term]

_BOUNDED = (sin, cos, tanh, atan, erf, sign)
_ROUNDS = 12
_NEVER = Fraction(1000)  # the power of a change that there is not


def _largest(terms: Iterable[Term]) -> Bound:
    """Return the terms that none of the others exceeds in size and in duration."""
    kept = set(terms)
    return frozenset(t for t in kept if not any(o != t and o[0] <= t[0] and o[1] <= t[1] for o in kept))


def _times(one: Bound, other: Bound) -> Bound:
    return _largest((a + b, max(c, d)) for (a, c), (b, d) in product(one, other))


def _after(drive: Bound, own: Fraction) -> Bound:
    """Return the bound of a state with a friction of its own, of the given duration, that is driven."""
    return _largest((size + max(own, lasts), min(own, lasts)) for size, lasts in drive)


@dataclass(frozen=True)
class Layer:
    """The states of a law in a layer of width h**width.

    `rates` are the rates of the states in terms of the states, `friction` the powers of h with which they
    relax, and `bounds` what bounds them. `free` are the states that the limit keeps from the start.
    """

    approach: Approach
    width: Fraction
    rates: Mapping[Symbol, Expr]
    friction: Mapping[Symbol, Fraction]
    free: frozenset[Symbol]
    bounds: Mapping[Symbol, Bound]

    @classmethod
    def of(
        cls,
        rates: Mapping[Symbol, Expr],
        free: Container[str],
        approach: Approach,
        width: Fraction,
    ) -> Layer:
        """Return the layer of some rates; raises UndecidedError where states are not bounded by powers."""
        friction = {s: _friction(rate, s, approach.symbol) for s, rate in rates.items()}
        own = {s: max(q, width) for s, q in friction.items()}
        bounds = {s: frozenset({(Fraction(0), own[s])}) for s in rates}
        drives = {s: _without_friction(rate, s) for s, rate in rates.items()}
        kept = frozenset(s for s in rates if s.name in free)
        for _ in range(_ROUNDS):
            layer = cls(approach, width, rates, friction, kept, bounds)
            new = {
                s: _largest({(Fraction(0), own[s])} | _after(layer.bound(drive), own[s]))
                for s, drive in drives.items()
            }
            if new == bounds:
                return layer
            bounds = {s: _largest(bounds[s] | new[s]) for s in new}
        raise UndecidedError("the states are not bounded in the layer by powers of the small symbol")

    def bound(self, expression: Expr) -> Bound:
        """Return the bound of an expression of the states; raises UndecidedError where there is none."""
        lasting = frozenset({(Fraction(0), self.width)})
        if expression == 0:
            return frozenset()
        if expression == self.approach.symbol:
            return frozenset({(Fraction(1), self.width)})
        if expression in self.bounds:
            return self.bounds[expression]
        if expression.is_number or expression.is_Symbol or isinstance(expression, _BOUNDED):
            return lasting
        if expression.is_Add:
            return _largest(t for a in expression.args for t in self.bound(a))
        if expression.is_Mul:
            whole = lasting
            for factor in expression.args:
                whole = _times(whole, self.bound(factor))
            return whole
        if expression.is_Pow and expression.exp.is_Rational:
            return self._power(expression.base, Fraction(expression.exp.p, expression.exp.q))
        if all(size >= 0 for argument in expression.args for size, _ in self.bound(argument)):
            return lasting
        raise UndecidedError(f"{expression} has no bound in the layer")

    def _power(self, base: Expr, power: Fraction) -> Bound:
        if power > 0:
            return frozenset((size * power, lasts) for size, lasts in self.bound(base))
        large = any(size < 0 for s in base.free_symbols & set(self.bounds) for size, _ in self.bounds[s])
        order = expanded(base, self.approach.symbol).order
        if large or order is None:
            raise UndecidedError(f"{base} has no lower bound in the layer")
        return frozenset({(order * power, self.width)})

    def change(self, state: Symbol) -> Fraction:
        """Return by which power of the small symbol a state changes in the layer."""
        found = min((size + lasts for size, lasts in self.bound(self.rates[state])), default=_NEVER)
        return min(found, Fraction(0)) if self.friction[state] >= self.width else found

    def lag(self, state: Symbol) -> Fraction:
        """Return by which power of the small symbol fast states move another one in the layer."""
        fast = {s for s in self.rates if self.change(s) <= 0}
        parts = [a for a in sympy.Add.make_args(expand(self.rates[state])) if a.free_symbols & fast]
        return min((size + lasts for a in parts for size, lasts in self.bound(a)), default=_NEVER)

    def in_words(self, state: Symbol) -> Expr:
        """Return the rate of a state in the symbol of the limit."""
        return self.rates[state].xreplace({self.approach.symbol: self.approach.distance})

    def jumps_for_certain(self, state: Symbol) -> bool:
        """Return whether the leading part of a rate has one sign, and is there from the start."""
        size = self.change(state)
        leading = [
            part
            for part in expand(self.rates[state]).as_ordered_terms()
            if any(a + lasts == size for a, lasts in self.bound(part))
        ]
        held = sympy.Add(*leading).free_symbols & set(self.bounds)
        (_, above), _ = factored(sympy.Add(*leading))
        whole = sympy.Mul(*(f**power for f, power in above))
        started = all(a >= 0 for s in held for a, _ in self.bounds[s])
        return started and (signs(whole) <= NONNEGATIVE or signs(-whole) <= NONNEGATIVE)

    def is_linear(self, fast: Iterable[Symbol]) -> bool:
        """Return whether what drives fast states in the layer is linear in them, but for what is small."""
        among = set(fast)
        return not any(self._bends(s, f, among) for s in among for f in among)

    def _bends(self, state: Symbol, by: Symbol, among: set[Symbol]) -> bool:
        try:
            slope = expand(derivative(self.rates[state], by))
            curved = [term for term in sympy.Add.make_args(slope) if term.free_symbols & among]
            drive = _times(self.bound(sympy.Add(*curved)), self.bounds[by])
        except UndecidedError:
            return True
        effect = _after(drive, max(self.friction[state], self.width))
        return any(size <= min(a for a, _ in self.bounds[state]) for size, _ in effect)


def driven(layer: Layer) -> Iterator[Verdict]:
    """Yield what the layer does to the states: which it leaves alone, and which of the limit jump in it."""
    changes = {s: layer.change(s) for s in layer.rates}
    width = layer.approach.power(layer.width)
    kept, moved = (", ".join(str(s) for s in changes if (changes[s] > 0) is left) for left in (True, False))
    said = ((f"{kept} uniformly on finite times",) if kept else ()) + (
        (f"{moved} after a layer of width O({width})",) if moved else ()
    )
    lag = min(map(layer.lag, layer.free), default=_NEVER)
    error = (
        Order(layer.approach.symbol, Rational(lag.numerator, lag.denominator)) if 0 < lag < _NEVER else None
    )
    yield Verdict(Outcome.HOLDS, said, error=error)
    for state, change in changes.items():
        if state in layer.free and change <= 0:
            yield _jump(layer, state, change)


def _jump(layer: Layer, state: Symbol, change: Fraction) -> Verdict:
    """Return the verdict on a state that the limit keeps from the start, but the layer changes."""
    width = layer.approach.power(layer.width)
    size = "an amount that does not vanish" if change == 0 else f"up to O({layer.approach.power(change)})"
    where = f"in the layer of width O({width}), where its rate is {layer.in_words(state)}"
    what = f"{state} jumps {where}, by {size}"
    if layer.jumps_for_certain(state):
        return fails(what)
    if change < 0:
        return undecided(what)
    after = Hypothesis(f"{state} starts in the limit where the layer leaves it")
    return Verdict(Outcome.CONDITIONAL, (what,), (after,))


def settling(layer: Layer, below: Law, everywhere: bool) -> Verdict:
    """Return whether fast motions reach a solution of the equations of the limit, which must have one.

    Parameters
    ----------
    layer
        The layer.
    below
        The limit of the law.
    everywhere
        Whether there is one fast state that falls with itself at every value: then it reaches the solution
        from every start, if there is one.

    Returns
    -------
    Verdict
        Where the fast motion is not linear, conditional on a solution, and on a start from where it is
        reached.
    """
    moved = [s for s in layer.rates if layer.change(s) <= 0]
    fast = [s for s in moved if s not in layer.free] or moved
    if layer.is_linear(fast):
        return Verdict(Outcome.HOLDS)
    names = ", ".join(map(str, fast))
    if everywhere and len(fast) == 1:
        held = [e for e in below.equations if e.residual.has(fast[0])]
        if len(held) == 1 and takes_all_values(held[0].residual, fast[0]):
            return Verdict(Outcome.HOLDS)
        equations = " and ".join(map(str, held))
        solvable = Hypothesis(f"{equations} has a solution {names} at each instant")
        return Verdict(Outcome.CONDITIONAL, assumes=(solvable,))
    local = Hypothesis(f"the limit has a solution {names} that attracts the fast motion from its start")
    return Verdict(Outcome.CONDITIONAL, assumes=(local,))


def takes_all_values(expression: Expr, of: Symbol) -> bool:
    """Return whether a monotone expression is seen to tend to infinity with a symbol, to both sides.

    >>> from sympy import sinh, sqrt, tanh
    >>> v = Symbol("v", real=True)
    >>> [takes_all_values(f, v) for f in (v**3, sinh(v), v * sqrt(1 + v**2), tanh(v))]
    [True, True, True, False]
    """
    if expression.is_polynomial(of):
        return bool(sympy.degree(expression, of) % 2)
    slope = expand(derivative(expression, of))
    return any(_is_bounded_below(side, of) for side in (slope, -slope))


def _is_bounded_below(slope: Expr, of: Symbol) -> bool:
    """Return whether an expression is seen to be greater than something positive without `of`."""
    if not slope.has(of):
        return signs(slope) == {1}
    if slope.is_Add:
        return signs(slope) <= NONNEGATIVE and any(_is_bounded_below(a, of) for a in slope.args)
    if slope.is_Mul:
        return all(_is_bounded_below(a, of) for a in slope.args)
    if slope.is_Pow and slope.exp.is_positive and not slope.exp.has(of):
        return _is_bounded_below(slope.base, of)
    return isinstance(slope, cosh)


def rates_of(law: Law, orders: Mapping[str, int], of: Iterable[str]) -> dict[Symbol, Expr]:
    """Return the rates of the states that some unknowns of a law have, given the orders of all derivatives.

    Raises UndecidedError where the equations are not solved one after the other for the highest derivatives.
    """
    named = {s.name: s for s in symbols(law)}
    highest = {name: _named(named, name + DOT * order) for name, order in orders.items()}
    solved = _solved([e.residual for e in law.equations], set(highest.values()))
    rates = {}
    for name in sorted(of):
        order = orders[name]
        chain = [_named(named, name + DOT * k) for k in range(order)]
        for lower, upper in zip(chain, [*chain[1:], highest[name]], strict=True):
            rates[lower] = solved.get(upper, upper)
    return rates


def _named(known: Mapping[str, Symbol], name: str) -> Symbol:
    return known.get(name) or Symbol(name, real=True)


def _solved(residuals: list[Expr], wanted: set[Symbol]) -> dict[Symbol, Expr]:
    """Solve equations for symbols, those with a single one of them first."""
    found: dict[Symbol, Expr] = {}
    left = list(residuals)
    while left:
        alone = [(r, s) for r in left for s in [r.free_symbols & wanted] if len(s) == 1]
        chosen = next(((r, s) for r, (s,) in alone if not derivative(r, s).has(s)), None)
        if chosen is None:
            return found | _solved_together(left, wanted - set(found))
        residual, symbol = chosen
        value = expand(-residual.xreplace({symbol: Integer(0)}) / derivative(residual, symbol))
        found = {s: expand(e.xreplace({symbol: value})) for s, e in found.items()} | {symbol: value}
        left = [expand(r.xreplace({symbol: value})) for r in left if r is not residual]
    return found


def _solved_together(residuals: list[Expr], wanted: set[Symbol]) -> dict[Symbol, Expr]:
    if len(wanted) != len(residuals) or len(wanted) > 3:
        raise UndecidedError("the law is not solved for its highest derivatives")
    unknowns = sorted(wanted, key=str)
    try:
        matrix, right = sympy.linear_eq_to_matrix(residuals, unknowns)
    except NonlinearError:
        raise UndecidedError("the law is not linear in its highest derivatives") from None
    determinant = expand(matrix.det(method="berkowitz"))
    if determinant == 0:
        raise UndecidedError("the law does not determine its highest derivatives")
    values = matrix.adjugate() * right
    return {s: expand(sympy.cancel(v / determinant)) for s, v in zip(unknowns, values, strict=True)}


def _friction(rate: Expr, state: Symbol, small: Symbol) -> Fraction:
    """Return q where the rate of a state falls with it like h**(-q), zero where it falls slowly or rises."""
    try:
        slope = derivative(rate, state)
        terms = expanded(slope, small).terms
    except UndecidedError:
        return Fraction(0)
    if not terms or signs(terms[min(terms)]) == {1}:
        return Fraction(0)
    return max(-min(terms), Fraction(0))


def _without_friction(rate: Expr, state: Symbol) -> Expr:
    """Return the part of a rate that is not proportional to the state."""
    try:
        slope = derivative(rate, state)
    except UndecidedError:
        return rate
    return rate if slope.has(state) else expand(rate - slope * state)
