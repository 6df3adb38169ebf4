"""Where two expressions are equal: on which domain, within which natural ranges, or in which region.

Two expressions are equal, as functions, if they have one domain and one value everywhere in it. Where one of
them is undefined and the other is not, or where they are equal for some values of the constants only, the
verdict is conditional and lists the conditions. A difference within the declared signs and natural ranges is
a failure, whose repair is the region in which they are equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, combinations, islice

from sympy import Abs, Expr, Pow, Symbol, log, preorder_traversal

from physsym.core.verdicts import Condition, Hypothesis, Outcome, Verdict, fails, holds, undecided
from physsym.verify.budget import BudgetError, part
from physsym.verify.cases import (
    deciding,
    depends_on_signs,
    difference,
    refuted,
    samples_under,
    witness_of,
)
from physsym.verify.conditions import consistent, implied, implied_each, natural_ranges, simplified
from physsym.verify.domains import defined
from physsym.verify.engines.evaluation import as_ball, satisfied
from physsym.verify.identity import identical_under
from physsym.verify.real_powers import (
    lowest_powers,
    needed_bases,
    open_powers,
    samples_at_negative_bases,
    with_unknowns,
)
from physsym.verify.whole_parts import by_floors

_POINTS_NEEDED = 3  # sample points in a region before it is tried
_REGIONS_TRIED = 4
_SHARE_OF_REGIONS = 0.7  # of the time that is left when a difference was found


def equality(
    first: Expr, second: Expr, given: tuple[Condition, ...], constants: Iterable[Symbol], what: str
) -> Verdict:
    """Return whether two expressions are equal as functions, given conditions, and if not, where they are.

    Parameters
    ----------
    first, second
        Expressions.
    given
        Conditions that are assumed; without any, the natural ranges and other regions are tried.
    constants
        Symbols that are constants. The sign of one that has no declared sign and no natural range is left
        open: equality for some signs of it is conditional, and no failure.
    what
        A name of the two for the evidence.

    Returns
    -------
    Verdict
        That it holds, lists what was given. That it is conditional, lists where they are equal.
    """
    if given and consistent(given).outcome is Outcome.FAILS:
        return fails(f"{consistent(given).evidence[0]}, so nothing follows from what is given")
    first, second = map(by_floors, (first, second))
    if first == second:
        return holds(f"{what} are the same by form")
    if put := _real_in_place_of_plain((*given, Condition(first - second, "= 0"))):
        real = tuple(replace(c, expression=c.expression.xreplace(put)) for c in given)
        constants = [put.get(s, s) for s in constants]
        verdict = equality(first.xreplace(put), second.xreplace(put), real, constants, what)
        names = ", ".join(sorted(map(str, put)))
        taken = f"taken as real: {names}; declare the signs of symbols, as Symbol('z', positive=True) does"
        by_sign = any(_depends_on_reality(p) for e in (first, second) for p in preorder_traversal(e))
        return verdict if verdict or not by_sign else replace(verdict, evidence=(*verdict.evidence, taken))
    verdict = identical_under(first, second, given, what)
    if verdict.outcome is Outcome.UNDECIDABLE and not depends_on_signs(first, second):
        verdict = _with_positive_unknowns(first, second, given, what) or verdict
    if verdict:
        return _on_domains(verdict, first, second, given)
    if given or verdict.outcome not in (Outcome.FAILS, Outcome.UNDECIDABLE):
        return verdict
    try:
        with part(_SHARE_OF_REGIONS):
            return where_equal(first, second, verdict, constants, what)
    except BudgetError:
        return verdict


def _depends_on_reality(part: Expr) -> bool:
    return isinstance(part, (Abs, log)) or (isinstance(part, Pow) and not part.exp.is_integer)


def _real_in_place_of_plain(conditions: Iterable[Condition]) -> dict[Symbol, Symbol]:
    """Return a real symbol for each that is not known to be real, unless another has its name."""
    symbols = {s for c in conditions for s in c.expression.free_symbols}
    declared = {s.name for s in symbols if s.is_real is not None}
    return {s: Symbol(s.name, real=True) for s in symbols if s.is_real is None and s.name not in declared}


def where_equal(
    first: Expr, second: Expr, verdict: Verdict, constants: Iterable[Symbol], what: str
) -> Verdict:
    """Return the verdict on what is not equal, with the natural ranges or the region in which it is.

    Parameters
    ----------
    first, second
        Expressions.
    verdict
        That they are not equal.
    constants, what
        As for `equality`.

    Returns
    -------
    Verdict
        Conditional where a natural range or a region of constants that are left open makes them equal.
    """
    if ranges := natural_ranges(first.free_symbols | second.free_symbols):
        within = identical_under(first, second, ranges, what)
        if within:
            needed = _needed(first, second, ranges, what)
            return _conditional(within, first, second, needed, verdict)
        # The point is within the natural ranges then; the difference is the same.
        verdict = replace(verdict, witness=within.witness) if within.witness and verdict.witness else within
    if verdict.outcome is not Outcome.FAILS:
        return verdict
    constant, left_open = set(constants), _left_open(constants)
    for region in _regions(first, second, left_open):
        if within := identical_under(first, second, region, what):
            bounded = [c.expression.free_symbols for c in region]
            if all(found <= constant and found & set(left_open) for found in bounded):
                return _conditional(within, first, second, region, verdict)
            bounds = merged((*region, *_domain(first, second, region)[1]))
            repair = f"they agree where {' and '.join(map(str, bounds))}"
            return replace(verdict, evidence=(*verdict.evidence, repair))
    return verdict


def _conditional(
    within: Verdict, first: Expr, second: Expr, region: tuple[Condition, ...], outside: Verdict
) -> Verdict:
    on_domains = _on_domains(within, first, second, region)
    elsewhere = (f"elsewhere they differ: {outside.witness}",) if outside.witness else ()
    return replace(
        on_domains,
        outcome=Outcome.CONDITIONAL,
        evidence=(*on_domains.evidence, *elsewhere),
        assumes=on_domains.assumes or region,
    )


def _on_domains(verdict: Verdict, first: Expr, second: Expr, given: tuple[Condition, ...]) -> Verdict:
    """Return a verdict that holds as one on functions: conditional where only one of two has a value."""
    one_domain, needed = _domain(first, second, given)
    proved_for = [c for c in verdict.assumes if isinstance(c, Condition) and not implied(given, c)]
    powers = open_powers(first, second)
    if not proved_for and not all(implied(given, c) for c in needed_bases(powers)):
        # Of powers with one exponent, up to whole numbers, the domains differ at zero alone.
        one, other = with_unknowns((first, second), powers)
        one_domain, _ = _domain(one, other, given)
        lowest = [lowest_powers(side).items() for side in (first, second)]
        apart = sorted({base for (base, _), _ in lowest[0] ^ lowest[1]}, key=str)
        proved_for = [c for base in apart if not implied(given, c := Condition(base, "!= 0"))]
    in_words = tuple(c for c in verdict.assumes if isinstance(c, Hypothesis))
    if one_domain and not proved_for and not in_words:
        return replace(verdict, assumes=given)
    assumed = (*given, *needed)
    assumed = merged((*assumed, *(c for c in proved_for if not implied(assumed, c))))
    sample = difference(samples_at_negative_bases(first, second, given)) if proved_for else None
    if consistent(assumed).outcome is Outcome.FAILS:
        if sample is not None:
            return refuted(first, second, sample, "both sides")
        shown = " and ".join(map(str, needed or proved_for))
        return undecided(
            f"both sides are known to agree where {shown}, which contradicts what is given; declare exponents"
            " that are whole numbers as integers, or give conditions under which both sides are defined"
        )
    elsewhere = () if sample is None else (f"elsewhere they differ: {witness_of(first, second, sample)}",)
    return replace(
        verdict,
        outcome=Outcome.CONDITIONAL,
        evidence=(*verdict.evidence, *elsewhere),
        assumes=(*assumed, *in_words),
    )


def _domain(first: Expr, second: Expr, given: tuple[Condition, ...]) -> tuple[bool, tuple[Condition, ...]]:
    """Return whether two expressions are defined for the same values, and the conditions that define both."""
    domains = [
        [s for c in defined(side) if not implied(given, s := simplified(c))] for side in (first, second)
    ]
    sides = zip(domains, reversed(domains), strict=True)
    one_sided = [
        c for own, other in sides for c in own if c not in other and not implied((*given, *other), c)
    ]
    needed = without_implied(chain(*domains), given)
    return not one_sided, merged(needed)


def without_implied(
    conditions: Iterable[Condition], given: tuple[Condition, ...] = ()
) -> tuple[Condition, ...]:
    """Return conditions without those that follow from the others and from what is given."""
    needed = list(dict.fromkeys(conditions))
    for condition in sorted(needed, key=lambda c: (-c.expression.count_ops(), str(c))):
        others = [c for c in needed if c != condition]
        if implied((*given, *others), condition):
            needed = others
    return tuple(needed)


def merged(conditions: Iterable[Condition]) -> tuple[Condition, ...]:
    """Return conditions with e > 0 for e >= 0 together with e != 0, each once.

    >>> e = Symbol("e", real=True)
    >>> print(*merged((Condition(e, ">= 0"), Condition(e, "!= 0"))))
    e > 0
    """
    found = tuple(dict.fromkeys(conditions))
    apart = {sign * c.expression for c in found if c.relation == "!= 0" for sign in (1, -1)}
    above = {c.expression for c in found if c.relation == "> 0"}
    above |= {c.expression for c in found if c.relation == ">= 0"} & apart
    strict = {
        c: Condition(c.expression, "> 0") for c in found if c.expression in above and c.relation != "= 0"
    }
    for c in found:
        if c.relation == "!= 0" and -c.expression in above:
            strict[c] = Condition(-c.expression, "> 0")
    return tuple(dict.fromkeys(strict.get(c, c) for c in found))


def _with_positive_unknowns(
    first: Expr, second: Expr, given: tuple[Condition, ...], what: str
) -> Verdict | None:
    """Return a verdict that holds where what must be positive is taken for positive unknowns, or None.

    An identity in these is one of the expressions; one that needs more is not found in this way. Both sides
    are continuous, so that what holds for positive values holds for zero too.
    """
    pair, replaced = (first, second), [*_domain(first, second, given)[1], *given]
    if consistent(replaced).outcome is Outcome.FAILS:
        return None
    replaced = [*_signs_of_symbols(tuple(replaced)), *replaced]
    positive = sorted(
        (c for c in replaced if c.relation in ("> 0", ">= 0")), key=lambda c: c.expression.count_ops()
    )
    for number, condition in enumerate(positive):
        unknown = Symbol(f"positive{number}", positive=True)
        put = {condition.expression: unknown, -condition.expression: -unknown}
        pair = pair[0].xreplace(put), pair[1].xreplace(put)
        positive[number + 1 :] = [
            replace(c, expression=c.expression.xreplace(put)) for c in positive[number + 1 :]
        ]
    if pair == (first, second):
        return None
    if not (verdict := identical_under(*pair, (), what)):
        return None
    bases = (c for c in needed_bases(open_powers(first, second)) if not implied(given, c))
    return replace(verdict, assumes=(*verdict.assumes, *bases))


def _signs_of_symbols(conditions: tuple[Condition, ...]) -> Iterator[Condition]:
    """Yield the signs of symbols that follow from conditions, zero included."""
    symbols = sorted({s for c in conditions for s in c.expression.free_symbols}, key=str)
    both = [Condition(sign * s, ">= 0") for s in symbols if not s.is_nonnegative for sign in (1, -1)]
    told = set[Symbol]()
    for condition, holds_then in zip(both, implied_each(conditions, both), strict=True):
        if holds_then and not condition.expression.free_symbols & told:
            told |= condition.expression.free_symbols
            yield condition


def _needed(first: Expr, second: Expr, ranges: tuple[Condition, ...], what: str) -> tuple[Condition, ...]:
    """Return the conditions of natural ranges without which two expressions are not equal."""
    for condition in ranges:
        others = tuple(c for c in ranges if c != condition)
        if others and identical_under(first, second, others, what):
            ranges = others
    return ranges


def _left_open(constants: Iterable[Symbol]) -> list[Symbol]:
    """Return the constants of which neither the sign nor a range is known."""
    unknown = (s for s in constants if s.is_nonnegative is None and s.is_nonpositive is None)
    return sorted((s for s in unknown if not natural_ranges([s])), key=str)


def _regions(first: Expr, second: Expr, constants: Sequence[Symbol]) -> Iterator[tuple[Condition, ...]]:
    """Yield regions in which two expressions agree at all sample points, the largest first.

    Those in constants that are left open come before others.
    """
    if not (constants or depends_on_signs(first, second) or open_powers(first, second)):
        return  # nothing divides the points into regions
    samples = [
        (at, not (as_ball(a) - as_ball(b)).contains(0)) for at, a, b in samples_under(first, second, ())
    ]
    if all(differ for _, differ in samples):
        return
    found = deciding(first, second) if depends_on_signs(first, second) else []
    bases = [*(e for e in found if e.free_symbols <= set(constants)), *constants]
    others = [e for e in found if e not in bases] + [p.base for p in open_powers(first, second)]

    def agreeing(region: tuple[Condition, ...]) -> bool:
        within = [differ for at, differ in samples if satisfied(region, at)]
        return len(within) >= _POINTS_NEEDED and not any(within)

    def singles(of: Sequence[Expr]) -> list[Condition]:
        kinds = [(1, "!= 0"), (1, ">= 0"), (-1, ">= 0"), (1, "> 0"), (-1, "> 0")]
        return [Condition(sign * e, relation) for e in dict.fromkeys(of) for sign, relation in kinds]  # type: ignore[arg-type]

    both = combinations([c for c in singles(bases) if c.relation != "!= 0"], 2)
    pairs = (p for p in both if p[0].expression not in (p[1].expression, -p[1].expression))
    tried = chain(((c,) for c in singles(bases)), pairs, ((c,) for c in singles(others)))
    yield from islice((region for region in tried if agreeing(region)), _REGIONS_TRIED)
