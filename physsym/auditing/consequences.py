"""Whether an equation follows from earlier ones of the text: definitions put in, unknowns eliminated."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

from sympy import (
    Add,
    Derivative,
    Expr,
    Integer,
    Mul,
    S,
    Subs,
    Symbol,
    cancel,
    expand,
    factor,
    factor_list,
    fraction,
    numer,
    together,
)
from sympy.core.function import Application, AppliedUndef

from physsym.auditing.comparisons import Comparison, compared
from physsym.auditing.evaluation import (
    agree_at_a_point,
    differ_at_a_point,
    is_curved_at_a_point,
    may_vanish_by,
    vanishes_at_a_point,
)
from physsym.auditing.sheet import Fact, is_name, is_sequence, left_occurs, names_in
from physsym.auditing.unknowns import in_unknowns, name_of
from physsym.core.motion import is_time
from physsym.core.symbols import MARKS, dot, name_and_marks
from physsym.core.verdicts import Condition, Outcome, Verdict
from physsym.verify.conditions import implied, nonzero
from physsym.verify.domains import defined
from physsym.verify.equivalence import identical
from physsym.verify.integrate import derivative

_ROUNDS = 4
_FACTS = 8
_LONG = 150  # operations of an equation that is combined with others
_TRIALS = 200
_SECONDS = 0.1  # of processor time, for the search of one equation
_SYMBOLS = 4
MARKED = frozenset("[('")  # in the names of values of sequences and functions, and of rates


@dataclass(frozen=True)
class Consequence:
    """That an equation follows from others.

    Parameters
    ----------
    verdict
        Of the comparison that shows it.
    facts
        The equations that it follows from.
    divisors
        What must not vanish for it.
    meant
        What names of functions without arguments are taken for.
    """

    verdict: Verdict
    facts: tuple[Fact, ...]
    divisors: tuple[Expr, ...] = ()
    meant: tuple[str, ...] = ()


def consequence(left: Expr, right: Expr, facts: Sequence[Fact]) -> Consequence | None:
    """Return how an equation follows from facts, the nearest ones first; None where this is not found."""
    usable = current([f for f in facts if f.kind not in ("fails", "note")])
    one, other, used = with_definitions(left, right, _values(usable))
    if used and agree_at_a_point(*in_unknowns(one, other).expressions):
        found = compared(one, other)
        if found.holds:
            return Consequence(found.verdict, used)
    found_raw = _by_elimination(left, right, usable)
    if found_raw is not None:
        return found_raw
    if any(f.defines for f in usable) and (
        found_put := _by_elimination_in_terms_of_definitions(left, right, usable)
    ):
        return found_put
    return _with_arguments(left, right, usable)


def _with_arguments(left: Expr, right: Expr, facts: Sequence[Fact]) -> Consequence | None:
    """Return how an equation follows that names functions without the arguments that all facts give them."""
    bare = {s.name: s for s in left.free_symbols | right.free_symbols}
    applied = {a for f in facts for e in (f.left, f.right) for a in e.atoms(AppliedUndef)}
    applied |= {d.expr for f in facts for e in (f.left, f.right) for d in e.atoms(Derivative)}
    put: dict[Expr, Expr] = {}
    for name, symbol in bare.items():
        whole = [a for a in applied if name_of(a) == name and not is_sequence(a)]
        if len(whole) == 1:
            put[symbol] = whole[0]
    if not put:
        return None
    found = _by_elimination(left.xreplace(put), right.xreplace(put), facts)
    meant = tuple(f"{s} is {a}" for s, a in put.items())
    return found and replace(found, meant=meant)


def current(facts: Sequence[Fact]) -> list[Fact]:
    """Return facts without those whose name has another value later: from both, anything would follow."""
    shifted = {f: _from_index(f.left, f.right) for f in facts if is_name(f.left) or is_sequence(f.left)}
    latest = dict(shifted.values())
    return [f for f in facts if f not in shifted or shifted[f][1] == latest[shifted[f][0]]]


def _values(facts: Sequence[Fact]) -> list[Fact]:
    """Return the definitions among facts, and the last value of a function: an example under a heading."""
    last: dict[Expr, Fact] = {}
    for fact in facts:
        left, right = fact.left, fact.right
        applied = isinstance(left, AppliedUndef) and is_name(left) and not is_sequence(left)
        # It says what a function is at all arguments, and not where it vanishes.
        if applied and set(left.args) <= right.free_symbols and not left_occurs(left, right):
            last[left] = fact
    return [f for f in facts if last.get(f.left, f) is f and (f.defines or f.left in last)]


def named_for_the_first_time(facts: Sequence[Fact]) -> list[Fact]:
    """Return the facts that say what a value of a sequence is, on whichever side, as definitions.

    No fact before them has the name, so that they claim nothing of it, and none behind them sets it.
    """
    found, names = list[Fact](), frozenset[str]()
    for place, fact in enumerate(facts):
        again = {name_of(f.left) for f in facts[place + 1 :] if is_sequence(f.left)}
        for left, right in ((fact.left, fact.right), (fact.right, fact.left)):
            new = is_sequence(left) and name_of(left) not in names | again and not left_occurs(left, right)
            if new and fact.kind not in ("fails", "note"):
                left, right = _from_index(left, right)
                found.append(replace(fact, left=left, right=right, defines=True))
                break
        names |= fact.names
    return found


@lru_cache(maxsize=8192)
def _from_index(left: Expr, right: Expr) -> tuple[Expr, Expr]:
    """Return an equation for a value of a sequence at `t + 1` as that at `t`."""
    steps = {
        s: s - offset
        for a in (left.args if is_sequence(left) else ())
        for offset, s in [a.as_coeff_Add()]
        if s.is_Symbol and offset
    }
    return left.xreplace(steps), right.xreplace(steps)


def _by_elimination_in_terms_of_definitions(
    left: Expr, right: Expr, facts: Sequence[Fact]
) -> Consequence | None:
    """Return how an equation follows where definitions are put into it and into the facts."""
    definitions = [f for f in facts if f.defines and f.left.is_Symbol]
    names = names_in(left, right)
    near = [f for f in facts if f not in definitions and f.names & names][-_FACTS:]
    names = names.union(*(f.names for f in near))
    put = [d for d in definitions if names_in(d.left) & names]
    if not near or not put:
        return None
    for short in reversed(put):
        sides = (left, right, *(side for f in near for side in (f.left, f.right)))
        if (full := _in_full(short, definitions, sides)) is None:
            return None
        definition, _ = full
        left, right = (put_definition(e, definition) for e in (left, right))
        near = [
            replace(f, left=one, right=other, names=names_in(one, other))
            for f in near
            for one, other in [(put_definition(f.left, definition), put_definition(f.right, definition))]
        ]
    found = _by_elimination(left, right, near)
    return found and replace(found, facts=(*found.facts, *put))


# ------------------------------------------------------------------ definitions put in


def by_definitions(
    left: Expr, right: Expr, definitions: Sequence[Fact], given: Sequence[Condition] = ()
) -> tuple[Comparison, tuple[Fact, ...]] | None:
    """Return the comparison of two sides with definitions put in, and these; None where none applies."""
    left, right, used = with_definitions(left, right, definitions)
    return (compared(left, right, given), used) if used else None


def with_definitions(
    left: Expr, right: Expr, definitions: Sequence[Fact]
) -> tuple[Expr, Expr, tuple[Fact, ...]]:
    """Return two sides with definitions put in, the latest first, and those that applied."""
    used: list[Fact] = []
    for _ in range(_ROUNDS):
        names = names_in(left, right)
        applied = False
        for fact in reversed(definitions):
            if not names_in(fact.left) & names:
                continue
            if (full := _in_full(fact, definitions, (left, right))) is None:
                continue
            whole, within = full
            first, second = (put_definition(e, whole) for e in (left, right))
            if (first, second) != (left, right):
                left, right, applied = first, second, True
                used += [f for f in (fact, *within) if f not in used]
        if not applied:
            break
    return left, right, tuple(used)


def _in_full(
    fact: Fact, definitions: Sequence[Fact], sides: Sequence[Expr]
) -> tuple[Fact, tuple[Fact, ...]] | None:
    """Return a definition with others put into it where its name is differentiated, and these.

    Of L = T - V the derivative is not known before it is known what T and V depend on. None where the partial
    derivative is another one than the total one: of z = x + y, where y = 2*x.
    """
    own = [d for e in sides for d in e.atoms(Derivative) if names_in(fact.left) <= names_in(d.expr)]
    if not fact.left.is_Symbol or not own:
        return fact, ()
    variables = {v for d in own for v in d.variables}
    others = [d for d in definitions if d.left.is_Symbol and d.left not in {fact.left, *variables}]
    within: dict[Fact, None] = {}
    value, moving = fact.right, set[Expr]()
    for _ in range(_ROUNDS):
        for other in reversed(others):
            if other.left in value.free_symbols and not left_occurs(fact.left, other.right):
                value, within = value.xreplace({other.left: other.right}), {**within, other: None}
    for _ in range(_ROUNDS):
        moving |= {d.left for d in within if (variables | moving) & d.right.free_symbols}
    stated = (d.right.free_symbols for d in (fact, *within))
    if any(names & variables and names & moving for names in stated):
        return None
    return replace(fact, right=value), tuple(within)


def put_definition(expression: Expr, fact: Fact) -> Expr:
    """Return an expression with what a fact defines put in, its derivatives too."""
    left = fact.left
    name = (left.name if left.is_Symbol else name_of(left)).rstrip(MARKS)
    return _put(expression, left, fact.right) if _met(expression) & {name, f"∇{name}"} else expression


@lru_cache(maxsize=8192)
def _met(expression: Expr) -> frozenset[str]:
    """Return the names without marks in an expression, also of letters that are bound in it."""
    symbols = {s.name.rstrip(MARKS) for s in expression.atoms(Symbol)}
    return frozenset(symbols | {name_of(a).rstrip(MARKS) for a in expression.atoms(AppliedUndef)})


@lru_cache(maxsize=8192)
def _put(expression: Expr, left: Expr, right: Expr) -> Expr:
    """Return an expression with the right side of a definition put in for the left side."""
    if left.is_Symbol:
        taken = {v for d in expression.atoms(Derivative) for v in d.variables}
        expression = expression.xreplace(_of_a_name(left, right, expression))
        if left in taken and expression.has(Derivative):
            return expression
        return expression.xreplace(_rates(left, right, expression) | {left: right})
    if not isinstance(left, AppliedUndef):
        return expression
    name = name_of(left)
    derivatives: dict[Expr, Expr] = {}
    values: dict[Expr, Expr] = {}
    if len(left.args) == 1 and left.args[0].is_Symbol and not right.has(Derivative):
        derivatives |= _values_at_points(name, left.args[0], right, expression)
    for part in expression.atoms(Derivative):
        if isinstance(part.expr, AppliedUndef) and name_of(part.expr) == name:
            value = _value(left, right, part.expr)
            for variable, count in part.variable_count:
                for _ in range(int(count)):
                    value = differentiated(value, variable)
            derivatives |= {part: value} if value is not None else {}
    for part in expression.atoms(AppliedUndef):
        if name_of(part) == f"∇{name}" and len(left.args) == 1:
            slope = differentiated(right, left.args[0])
            values |= {part: slope.xreplace({left.args[0]: part.args[0]})} if slope is not None else {}
        if name_of(part) == name and (value := _value(left, right, part)) is not None:
            values[part] = value
    return expression.xreplace(derivatives).xreplace(values)


def _of_a_name(left: Symbol, right: Expr, expression: Expr) -> dict[Expr, Expr]:
    """Return the values and the derivatives of what is defined as a name and used as a function."""
    found: dict[Expr, Expr] = {}
    for part in expression.atoms(Derivative):
        if isinstance(part.expr, AppliedUndef) and name_of(part.expr) == left.name:
            value: Expr | None = right
            for variable, count in part.variable_count:
                for _ in range(int(count)):
                    value = differentiated(value, variable)
            found |= {part: value} if value is not None else {}
    for part in expression.atoms(AppliedUndef):
        if name_of(part) == left.name and set(part.args) <= right.free_symbols:
            found[part] = right
    # It depends on the time, or on the only letter there is.
    letters = [s for s in right.free_symbols if is_time(s)] or list(right.free_symbols)
    if len(letters) == 1:
        found |= _values_at_points(left.name, letters[0], right, expression)
    return {a: b for a, b in found.items() if isinstance(a, Derivative)} or found


def _values_at_points(name: str, variable: Symbol, right: Expr, expression: Expr) -> dict[Expr, Expr]:
    """Return the values at points of a function of one variable that is defined, and its derivatives'."""
    found: dict[Expr, Expr] = {}
    if variable not in right.free_symbols:
        return found  # its value at one point
    for part in expression.atoms(Subs):
        if isinstance(part.expr, Derivative) and name_of(part.expr.expr) == name and len(part.point) == 1:
            value: Expr | None = right
            for _ in part.expr.variables:
                value = differentiated(value, variable)
            found |= {part: value.xreplace({variable: part.point[0]})} if value is not None else {}
    for part in expression.atoms(AppliedUndef):
        if name_of(part) == name and len(part.args) == 1 and not part.args[0].is_Symbol:
            found[part] = right.xreplace({variable: part.args[0]})
    return found


def _rates(symbol: Symbol, value: Expr | None, expression: Expr) -> dict[Expr, Expr]:
    """Return the rates of what is defined as a function of the time."""
    time = next((s for s in value.free_symbols if is_time(s)), None) if value is not None else None
    found: dict[Expr, Expr] = {}
    while time is not None and (symbol := dot(symbol)) and len(found) < 3:
        value = differentiated(value, time)
        if value is None or name_and_marks(symbol)[0] not in names_in(expression):
            break
        found[symbol] = value
    return found


def _value(left: Expr, right: Expr, application: Expr) -> Expr | None:
    """Return the value of a defined function at other arguments; E(R) = E_0 says nothing of these."""
    at_one_point = not is_sequence(left) and right.free_symbols.isdisjoint(left.args)
    if len(application.args) != len(left.args) or right.has(Derivative) or at_one_point:
        return right if application == left else None
    return right.xreplace(dict(zip(left.args, application.args, strict=True)))


def differentiated(value: Expr | None, variable: Expr) -> Expr | None:
    """Return a derivative by the rules of differentiation, None where a function of the text hinders it."""
    if value is None or not isinstance(variable, Symbol):
        return None
    if any(a.has(variable) for a in value.atoms(AppliedUndef, Derivative)):
        return None
    try:
        return derivative(value, variable)
    except NotImplementedError:
        return None


# ------------------------------------------------------------------ unknowns eliminated


def _by_elimination(left: Expr, right: Expr, facts: Sequence[Fact]) -> Consequence | None:
    """Return how an equation follows from one or two others that are solved for an unknown."""
    gap = _gap(left, right)
    if _operations(left, right) > _LONG:
        return None
    names = names_in(left, right)
    others = max(2, len(names) - 2)
    speak = (f for f in reversed(facts) if f.names & names and len(names - f.names) <= others)
    near = list(islice((f for f in speak if _operations(f.left, f.right) <= _LONG), _FACTS))
    if not near:
        return None
    shifted = [(f, _gap(one, other)) for f in near for one, other in _shifted(f, _indices(gap))]
    sides = in_unknowns(gap, *(other for _, other in shifted))
    target, *residuals = sides.expressions
    pool = [(f, e) for (f, _), e in zip(shifted, residuals, strict=True) if e.free_symbols]
    end = time.process_time() + _SECONDS
    for found in islice(_eliminations(target, pool), _TRIALS):
        if time.process_time() > end:
            break
        if not all(map(found.may_divide, found.coefficients)) or _is_by_a_zero(left, right, target, found):
            continue
        verdict = identical(found.rest, Integer(0))
        # A fact that is an identity has the coefficient zero: from 0 = 0 anything would follow.
        if is_generic(verdict) and not any(_may_vanish(c, facts) for c in found.coefficients):
            if 0 not in (left, right) and _force_a_zero(found.facts, facts):
                continue
            if (combined := _combined(target, found)) is not None:
                return Consequence(combined[0], found.facts, combined[1])
            return Consequence(
                verdict, found.facts, tuple(d.as_coeff_Mul()[1] for d in found.divisors if not d.is_number)
            )
    return None


def _combined(target: Expr, found: Elimination) -> tuple[Verdict, tuple[Expr, ...]] | None:
    """Return that a residual is a sum of multiples of those of the facts, and the divisors of the multiples.

    Where it is, what was divided by on the way need not differ from zero. None where it is not found to be.
    """
    symbols, residuals = [s.symbol for s in found.solved], found.residuals
    target, divisor = fraction(together(target))  # which the equation needs to be defined
    rates = [[r.diff(s) for r in residuals] for s in symbols]
    wanted = [target.diff(s) for s in symbols]
    if any(e.has(*symbols) for e in (*wanted, *(r for row in rates for r in row))):
        return None
    if len(symbols) == 1:
        multiples = [wanted[0] / rates[0][0]]
    else:
        (a, b), (c, d) = rates
        determinant = a * d - b * c
        if _may_be_zero(determinant):
            return None
        multiples = [
            (wanted[0] * d - b * wanted[1]) / determinant,
            (a * wanted[1] - c * wanted[0]) / determinant,
        ]
    multiples = [cancel(m) for m in multiples]
    verdict = identical(target - Add(*(m * r for m, r in zip(multiples, residuals, strict=True))), Integer(0))
    if not is_generic(verdict):
        return None
    divisors = (fraction(m)[1].as_coeff_Mul()[1] for m in multiples)
    return verdict, tuple(d for d in (*divisors, divisor.as_coeff_Mul()[1]) if not d.is_number)


@lru_cache(maxsize=8192)
def _gap(left: Expr, right: Expr) -> Expr:
    return left - right


@lru_cache(maxsize=4096)
def _operations(left: Expr, right: Expr) -> int:
    return int(_gap(left, right).count_ops())


def _is_by_a_zero(left: Expr, right: Expr, target: Expr, found: Elimination) -> bool:
    """Return whether an equation follows only as names in it are zero, which its facts do not say for it.

    Two facts that contradict each other hold where a name is zero, and so does then any equation of it.
    From a fact that something is zero it follows what else is zero, and no other equation that has it.
    """
    pairs, terms = [s.pair for s in found.solved], Add.make_args(expand(target))
    says_zero = len(terms) == 1 and 0 in (left, right)
    if says_zero or not any(vanishes_at_a_point(symbol, pairs) for symbol, _ in pairs):
        return False
    if not any(_states_a_zero(f) for f in found.facts):
        return True
    return 0 not in (left, right) and any(vanishes_at_a_point(term, pairs) for term in terms)


def _states_a_zero(fact: Fact) -> bool:
    """Return whether a fact says that a name or a product is zero."""
    return 0 in (fact.left, fact.right) and len(Add.make_args(expand(fact.left - fact.right))) == 1


def _force_a_zero(premises: Sequence[Fact], facts: Sequence[Fact]) -> bool:
    """Return whether premises, with definitions put in, say that a product of names is zero: none states it.

    They contradict each other, or hold at special values, and other equations follow from the zero alone.
    """
    if any(map(_states_a_zero, premises)):
        return False
    definitions = [f for f in facts if f.defines]
    put = [with_definitions(f.left, f.right, [d for d in definitions if d is not f]) for f in premises]
    first, *others = in_unknowns(*(one - other for one, other, _ in put)).expressions
    rests = [_without(other, s) for other in others for s in _solved(first, other.free_symbols)]
    numerators = (factor(numer(together(e))) for e in (first, *others, *rests))
    return any(n != 0 and not n.has(Add) for n in numerators)


def _may_vanish(coefficient: Expr, facts: Sequence[Fact]) -> bool:
    """Return whether a coefficient may be zero everywhere, also by what the text defines."""
    put, _, _ = with_definitions(coefficient, Integer(0), [f for f in facts if f.defines])
    return any(_may_be_zero(c) for c in {coefficient, put})


def _may_be_zero(expression: Expr) -> bool:
    """Return whether an expression is not known to differ from zero; a clear value tells it at once."""
    zero = Integer(0)
    return (
        not differ_at_a_point(expression, zero) and identical(expression, zero).outcome is not Outcome.FAILS
    )


def is_generic(verdict: Verdict) -> bool:
    """Return whether a verdict holds but where a denominator vanishes."""
    conditions = [c for c in verdict.assumes if isinstance(c, Condition) and c.relation == "!= 0"]
    return bool(verdict) or (
        verdict.outcome is Outcome.CONDITIONAL and len(conditions) == len(verdict.assumes)
    )


@dataclass(frozen=True)
class Elimination:
    """What is left of a residual where unknowns are eliminated.

    Parameters
    ----------
    rest
        The residual without them.
    facts
        The equations that were solved for them.
    solved
        The unknowns, with what they are by these equations.
    rate
        Of a single fact, the derivative of the residual by the unknown, None where it depends on it.
    residuals
        Those of the facts.
    """

    rest: Expr
    facts: tuple[Fact, ...] = ()
    solved: tuple[Solved, ...] = ()
    rate: Expr | None = None
    residuals: tuple[Expr, ...] = ()

    @property
    def coefficients(self) -> tuple[Expr, ...]:
        """Return the coefficients of the unknowns."""
        return tuple(s.coefficient for s in self.solved)

    @property
    def divisors(self) -> tuple[Expr, ...]:
        """Return what has to differ from zero: the factor that takes a single fact to the equation exists."""
        if self.rate is None:
            return self.coefficients
        (coefficient,) = self.coefficients
        return (fraction(cancel(self.rate / coefficient))[1],)

    def may_divide(self, coefficient: Expr) -> bool:
        """Return whether a coefficient is hardly zero on purpose, as a sum of what moves may be."""
        sums = together(coefficient).atoms(Add)
        if not sums:
            return True
        if not all(any(term.is_number for term in s.args) for s in sums):
            return False
        moves = any(MARKED & {*s.name} for s in coefficient.free_symbols)
        return len(self.coefficients) == 1 and not moves


Pool = Sequence[tuple[Fact, Expr]]


def _eliminations(target: Expr, pool: Pool) -> Iterator[Elimination]:
    """Yield what is left of a residual if unknowns are eliminated by one fact, and by two.

    Values at a point are cheap, and few eliminations leave zero there; the others are not carried out.
    """
    wanted, letters = target.free_symbols, [e.free_symbols for _, e in pool]
    for (fact, residual), own in zip(pool, letters, strict=True):
        if len(wanted - own) <= 1:
            for solved in _solved(residual, wanted, (target, ())):
                if vanishes_at_a_point(target, [solved.pair]):
                    rate = target.diff(solved.symbol)
                    factor = None if rate.has(solved.symbol) else rate
                    yield Elimination(_without(target, solved), (fact,), (solved,), factor, (residual,))
    for i, (first, one) in enumerate(pool):
        missing = wanted - letters[i]
        for (second, other), own in zip(pool[i + 1 :], letters[i + 1 :], strict=True):
            if len(missing - own) > 1 or letters[i].isdisjoint(own):
                continue
            facts = tuple(dict.fromkeys((first, second)))
            for solved in _solved(one, own):
                there = _without(other, solved)
                left = wanted.union(solved.value.free_symbols) - {solved.symbol}
                for then in _solved(there, left, (target, (solved.pair,))):
                    if vanishes_at_a_point(target, [solved.pair, then.pair]):
                        rest = _without(_without(target, solved), then)
                        yield Elimination(rest, facts, (solved, then), None, (one, other))


@dataclass(frozen=True)
class Solved:
    """A symbol for which an equation that is linear in it is solved.

    Parameters
    ----------
    symbol, value
        The symbol, and what it is.
    coefficient
        That of the symbol, by which is divided.
    """

    symbol: Symbol
    value: Expr
    coefficient: Expr

    @property
    def pair(self) -> tuple[Symbol, Expr]:
        """Return the symbol and its value."""
        return self.symbol, self.value


@lru_cache(maxsize=4096)
def _without(expression: Expr, solved: Solved) -> Expr:
    """Return an expression without a symbol: neighbouring lines are compared with the same pairs of facts."""
    return expression.xreplace({solved.symbol: solved.value})


def _solved(
    residual: Expr,
    symbols: AbstractSet[Symbol],
    wanted: tuple[Expr, Sequence[tuple[Symbol, Expr]]] | None = None,
) -> Iterator[Solved]:
    """Yield the first symbols of some for which a residual can be solved, so that what is wanted may vanish.

    That is an expression, where other symbols have values.
    """
    shared = symbols & residual.free_symbols
    first = sorted(shared, key=lambda s: (not MARKED & {*s.name}, s.name))[:_SYMBOLS]
    for symbol in may_vanish_by(wanted[0], residual, first, wanted[1]) if wanted else first:
        if (solved := _solved_for(residual, symbol)) is not None:
            yield solved


@lru_cache(maxsize=4096)
def _applied(residual: Expr) -> frozenset[Symbol]:
    """Return the symbols in arguments of functions."""
    return frozenset(s for part in residual.atoms(Application) for s in part.free_symbols)


@lru_cache(maxsize=16384)
def _solved_for(residual: Expr, symbol: Symbol) -> Solved | None:
    """Return a symbol with its coefficient and its value, None where a residual is not solved for it."""
    # A function of the symbol is not linear in it, and derivatives of nested maxima are long.
    if symbol in _applied(residual):
        return None
    if is_curved_at_a_point(residual, symbol):
        return None
    parts = _parts_of(residual, symbol)
    if parts is None:
        coefficient, rest = residual.diff(symbol), residual.xreplace({symbol: Integer(0)})
    else:
        coefficient, rest = parts
    if coefficient == 0 or coefficient.has(symbol):
        return None
    # Of a product that is zero it is not known which factor vanishes.
    if not coefficient.is_number and agree_at_a_point(rest, Integer(0)):
        return None
    return Solved(symbol, -rest / coefficient, coefficient)


def _parts_of(expression: Expr, symbol: Symbol) -> tuple[Expr, Expr] | None:
    """Return the coefficient of a symbol and the rest by the form alone: derivatives take many times as long.

    The coefficient has the symbol where it is not linear. None where several terms are not linear as they are
    written: together they may be.
    """
    if expression == symbol:
        return Integer(1), Integer(0)
    if isinstance(expression, Add):
        terms = [_parts_of(term, symbol) or (symbol, Integer(0)) for term in expression.args]
        moving = [c for c, _ in terms if c is not S.Zero]
        if not moving:
            return S.Zero, expression
        if sum(symbol in c.free_symbols for c in moving) > 1:
            return None
        return Add(*(c for c, _ in terms)), Add(*(rest for _, rest in terms))
    if isinstance(expression, Mul):
        factors = [_parts_of(factor, symbol) or (symbol, Integer(0)) for factor in expression.args]
        moving = [parts for parts in factors if parts[0] is not S.Zero]
        if len(moving) > 1:
            return symbol, Integer(0)
        if not moving:
            return S.Zero, expression
        constant = Mul(*(rest for c, rest in factors if c is S.Zero))
        return constant * moving[0][0], constant * moving[0][1]
    return (symbol, Integer(0)) if expression.has_free(symbol) else (S.Zero, expression)


def _shifted(fact: Fact, indices: AbstractSet[Symbol]) -> Iterator[tuple[Expr, Expr]]:
    """Yield both sides of a fact, also one step earlier and later where it and others have an index."""
    yield fact.left, fact.right
    gap = _gap(fact.left, fact.right)
    if len(indices) != 1 or len(own := _indices(gap)) != 1:
        return
    (index,), (other,) = indices, own
    if any(other in d.variables for d in gap.atoms(Derivative)):
        return  # the same letter counts steps and is differentiated by
    if index != other:
        yield fact.left.xreplace({other: index}), fact.right.xreplace({other: index})
    for step in (-1, 1):
        yield fact.left.xreplace({other: index + step}), fact.right.xreplace({other: index + step})


@lru_cache(maxsize=8192)
def _indices(expression: Expr) -> frozenset[Symbol]:
    """Return the whole numbers at which sequences are taken."""
    applied = expression.atoms(AppliedUndef)
    return frozenset(s for a in applied for i in a.args for s in i.free_symbols if s.is_integer)


def _domains_of(facts: Sequence[Fact]) -> tuple[Condition, ...]:
    """Return what equations say by themselves: that what they divide by does not vanish, and the like."""
    put = {f.left: f.right for f in facts if f.defines and f.left.is_Symbol}
    stated = [side for f in facts for side in (f.left, f.right)]
    with_values = (side.xreplace(put) for side in stated if not side.has(Derivative))
    return defined(*in_unknowns(*stated, *with_values).expressions)


def conditions(found: Consequence, given: Sequence[Condition] = ()) -> tuple[str, ...]:
    """Return what a consequence takes besides its facts and what is given."""
    needed = [c for c in found.verdict.assumes if isinstance(c, Condition)]
    needed += [Condition(d, "!= 0") for d in found.divisors]
    known = (*given, *_domains_of(found.facts))
    apart = (d for c in needed for d in (nonzero(factor(c.expression)) if c.relation == "!= 0" else (c,)))
    open_ones = [c for c in dict.fromkeys(apart) if not implied(known, c)]
    return tuple(dict.fromkeys((*found.meant, *map(str, without_products(open_ones)))))


def without_products(needed: Sequence[Condition]) -> list[Condition]:
    """Return conditions without those that follow, as a product does not vanish if its factors do not."""
    factors: dict[Condition, frozenset[Expr]] = {}
    for condition in (c for c in needed if c.relation == "!= 0"):
        whole = condition.expression
        rational = whole.is_rational_function(*whole.atoms(Application, Symbol))
        _, found = factor_list(numer(together(whole))) if rational else (1, [(whole, 1)])
        factors[condition] = frozenset(max(f, expand(-f), key=str) for f, _ in found)
    kept = list(needed)
    for condition in sorted(factors, key=lambda c: -len(factors[c])):
        others = frozenset[Expr]().union(*(factors[c] for c in kept if c in factors and c != condition))
        if factors[condition] <= others:
            kept.remove(condition)
    return kept
