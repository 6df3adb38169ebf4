"""Identities with Max, Min, Abs, sign and Piecewise, by cases: the signs that decide each of them.

The cases are the leaves of a tree. At each node the innermost function whose value depends on a sign is
replaced by its value for one sign of its argument; the signs chosen so far are the conditions of the case.
What is left in a leaf has no such function and is compared as a whole, by the engines. Cases that contradict
themselves are discarded; where something vanishes in a case, that is put in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import islice

import flint
import sympy
from sympy import (
    Abs,
    Add,
    And,
    Expr,
    Integer,
    Max,
    Min,
    Or,
    Piecewise,
    Symbol,
    expand,
    nan,
    preorder_traversal,
    zoo,
)

from physsym.core.conditions import as_conditions
from physsym.core.signs import ANY, Signs, signs
from physsym.core.symbols import OPAQUE
from physsym.core.verdicts import Condition, Hypothesis, Verdict, all_of, fails, holds, undecided
from physsym.verify.budget import check_time
from physsym.verify.domains import defined
from physsym.verify.engines import sampling, smt
from physsym.verify.engines.base import Answer
from physsym.verify.engines.evaluation import (
    PRECISION,
    FreePoint,
    Sample,
    as_ball,
    evaluate_both,
    format_witness,
    is_clear,
    sample_points,
    satisfied,
    value,
)
from physsym.verify.engines.laurent import UndecidedError
from physsym.verify.sign_algebra import (
    BY_RELATION,
    MINUS,
    NOT_ABOVE,
    NOT_BELOW,
    NOT_ZERO,
    PLUS,
    ZERO,
    Known,
    factors_of,
    known_signs,
    signs_under,
)

BY_SIGN = (Abs, sympy.sign, Max, Min, Piecewise)
"""Functions whose value depends on the sign of something."""
MAX_CASES = 128
_LONGEST = 200  # characters of a difference that are shown
SAMPLES, _TRIED = 40, 1200

Prove = Callable[[Expr, Expr, str], Verdict]
Choice = tuple[Expr, tuple[tuple[Signs, Expr], ...]]  # what decides, and the value for each of its signs

_MEANING: dict[Signs, tuple[int, str]] = {
    PLUS: (1, "> 0"), MINUS: (-1, "> 0"), ZERO: (1, "= 0"),
    NOT_BELOW: (1, ">= 0"), NOT_ABOVE: (-1, ">= 0"), NOT_ZERO: (1, "!= 0"),
}  # fmt: skip


ADVICE = "declare or give the signs of symbols, write both sides in the same functions, or compare parts"
_UNCONFIRMED = "z3 has a counterexample that exact values do not confirm"


def depends_on_signs(*expressions: Expr) -> bool:
    """Return whether a function whose value depends on a sign occurs in the expressions."""
    return any(e.has(*BY_SIGN) for e in expressions)


def samples_under(left: Expr, right: Expr, given: Sequence[Condition]) -> list[Sample]:
    """Return points that satisfy conditions, with the values of two expressions; natural values come first.

    The potential and its derivatives have values of their own at each point.
    """
    symbols = left.free_symbols | right.free_symbols
    symbols = symbols.union(*(c.expression.free_symbols for c in given))
    free = (FreePoint(at, k) for k, at in enumerate(sample_points(symbols, _TRIED)))
    near = (at for at in free if satisfied(given, at))
    found = list(islice(evaluate_both(left, right, near), SAMPLES))
    if not found and given:
        model = smt.example(tuple(given)) or {}
        at = FreePoint({s: model.get(s, Fraction(1)) for s in symbols}, 0)
        found = list(evaluate_both(left, right, [at] if satisfied(given, at) else []))
    return found


def difference(samples: Iterable[Sample]) -> Sample | None:
    """Return the first sample at which the values certainly and clearly differ, else certainly, or None."""
    apart = [s for s in samples if (gap := as_ball(s[1]) - as_ball(s[2])) > 0 or gap < 0]
    return next((s for s in apart if is_clear(s[1], s[2])), apart[0] if apart else None)


def by_cases(left: Expr, right: Expr, given: Sequence[Condition], what: str, prove: Prove) -> Verdict:
    """Return whether two expressions are equal wherever both are defined and the conditions hold.

    Parameters
    ----------
    left, right
        Expressions.
    given
        Conditions.
    what
        A name of the two for the evidence.
    prove
        Returns the verdict on two expressions in which nothing depends on a sign, as a whole.

    Returns
    -------
    Verdict
        It holds where it holds in every case; the evidence tells the number of cases, and those that z3 alone
        proves. It fails with a point, in exact fractions where possible.
    """
    samples = samples_under(left, right, given)
    if (apart := difference(samples)) is not None:
        return refuted(left, right, apart, what)
    try:
        points = [FreePoint(s[0], k) for k, s in enumerate(samples)]
        cases = list(_cases((left, right), {}, points, tuple(given)))
        verdicts = []
        for pair, known in cases:
            conditions = (*given, *_conditions(known))
            verdict = _case(pair, known, conditions, what, prove)
            if verdict is not None and not verdict:
                parted = _parted(left, right, pair, conditions, what)
                return verdict if parted is None else parted
            verdicts += [verdict] if verdict else []
    except UndecidedError as doubt:
        return undecided(f"{what}: {doubt}", engines=(sampling.NAME,))
    excluded = [c for v in verdicts for c in v.assumes]
    verdicts = [v for v in verdicts if not v.assumes]
    if not verdicts:
        return undecided(
            f"{what}: no point was found at which both are defined (real powers are those of positive bases)",
            engines=(sampling.NAME,),
        )
    if (
        not excluded
        and any(v.engines == (smt.NAME,) for v in verdicts)
        and (whole := prove(left, right, what))
    ):
        return whole
    proofs = all_of(*verdicts)
    number = f" in each of {len(verdicts)} cases" if len(verdicts) > 1 else ""
    told = "; ".join(dict.fromkeys(e.removeprefix(f"{what} agree, ") for e in proofs.evidence))
    engines = tuple(dict.fromkeys((*proofs.engines, sampling.NAME)))
    verdict = holds(f"{what} agree{number}, {told}", engines=engines)
    return replace(verdict, assumes=tuple(dict.fromkeys(excluded)))


def refuted(left: Expr, right: Expr, sample: Sample, what: str) -> Verdict:
    """Return the verdict that two expressions differ, at a sample."""
    witness = witness_of(left, right, sample)
    gap = shortened(str(left - right), left - right)
    return fails(f"{what} differ by {gap}", witness=witness, engines=(sampling.NAME,))


def shortened(text: str, expression: Expr) -> str:
    """Return the text of a difference; of a long one, its beginning and the number of its terms."""
    if len(text) <= _LONGEST:
        return text
    number = len(Add.make_args(expression))
    return f"{text[: _LONGEST // 2]} ... ({number} terms)" if number > 1 else f"{text[: _LONGEST // 2]} ..."


def witness_of(left: Expr, right: Expr, sample: Sample) -> str:
    """Return a sample as text."""
    at, a, b = sample
    with flint.ctx.workprec(PRECISION):
        list(evaluate_both(left, right, (at,)))  # so that the witness names the values of opaque functions
    return format_witness(left, right, at, a, b)


def _case(
    pair: tuple[Expr, Expr], known: Known, conditions: tuple[Condition, ...], what: str, prove: Prove
) -> Verdict | None:
    """Return the verdict on one case, None for one that contradicts itself or in which nothing is defined."""
    given = {c.expression: ZERO for c in conditions if c.relation == "= 0"}
    left, right = _zeros_put_in(pair, {**given, **known})
    signs_known = {**known_signs(conditions), **known}
    undefined = [_is_undefined(e, signs_known) for e in (left, right)]
    if all(undefined) or (any(undefined) and smt.consistent(conditions)[0] is False):
        return None
    if any(undefined):
        left_out = _without(known)
        return replace(holds("only one of both is defined"), assumes=left_out) if left_out else None
    if left == right:
        return holds("the same by form")
    if verdict := prove(left, right, what) or prove(*_with_signs((left, right), signs_known), what):
        return verdict
    if smt.consistent(conditions)[0] is False:
        return None
    found = smt.implies(conditions, Condition(left - right, "= 0"))
    if found.answer is Answer.PROVED:
        return holds("one by z3 alone, given the signs of the case", engines=(smt.NAME,))
    shown = ", ".join(map(str, conditions)) or "no conditions"
    return undecided(
        f"{what}: whether {left} is {right}, given {shown}, is not decided; {found.reason or _UNCONFIRMED}; "
        f"{ADVICE}",
        engines=(smt.NAME,),
    )


def _with_signs(pair: tuple[Expr, Expr], known: Known) -> tuple[Expr, Expr]:
    """Return expressions with positive unknowns for symbols of known signs.

    Both sides are continuous where they are defined, so that what holds for positive values holds for zero.
    """
    put: dict[Expr, Expr] = {}
    for symbol in sorted(pair[0].free_symbols | pair[1].free_symbols, key=str):
        possible = known.get(symbol, ANY) - ZERO
        if len(possible) == 1 and not symbol.is_positive:
            put[symbol] = min(possible) * Symbol(f"size of {symbol}", positive=True)
    return pair[0].xreplace(put), pair[1].xreplace(put)


def _is_undefined(expression: Expr, known: Known) -> bool:
    """Return whether an expression has no value in a case, by the signs that are known in it."""
    if expression.has(zoo, nan):
        return True
    return any(not signs_under(c.expression, known) & BY_RELATION[c.relation] for c in defined(expression))


def _without(known: Known) -> tuple[Condition | Hypothesis, ...]:
    """Return the condition that a case is left out."""
    case = _conditions(known)
    if len(case) == 1:
        return (smt.opposite(case[0]),)
    return (Hypothesis(f"not {' and '.join(map(str, case))}"),) if case else ()


def _parted(
    left: Expr, right: Expr, case: tuple[Expr, Expr], conditions: tuple[Condition, ...], what: str
) -> Verdict | None:
    """Return a refutation at a point that z3 finds in a case, confirmed for the expressions as a whole."""
    functions = {f for e in (*case, *(c.expression for c in conditions)) for f in e.atoms(*OPAQUE)}
    names = {f: Symbol(str(f), real=True) for f in sorted(functions, key=lambda f: (f.count_ops(), str(f)))}
    renamed = [Condition(c.expression.xreplace(names), c.relation) for c in conditions]
    gap = Condition((case[0] - case[1]).xreplace(names), "= 0")
    model = smt.implies(tuple(renamed), gap).at or {}
    symbols = left.free_symbols | right.free_symbols
    at = FreePoint({s: model.get(s, Fraction(1)) for s in symbols}, 0)
    for function, name in names.items():
        try:
            arguments = tuple(value(a, at) for a in function.args)
        except (UndecidedError, ZeroDivisionError):
            return None
        at.applied.setdefault((function.func, arguments), model.get(name, Fraction(1)))
    sample = difference(evaluate_both(left, right, [at]))
    return refuted(left, right, sample, what) if sample is not None and satisfied(conditions, at) else None


def deciding(left: Expr, right: Expr) -> list[Expr]:
    """Return the expressions whose signs tell the cases of two expressions apart, the shortest first."""
    points = [FreePoint(s[0], k) for k, s in enumerate(samples_under(left, right, ()))]
    try:
        known = {base for _, signs_known in _cases((left, right), {}, points, None) for base in signs_known}
    except UndecidedError:
        return []
    return sorted(known, key=lambda e: (e.count_ops(), str(e)))


# ------------------------------------------------------------------ the tree of cases


def _cases(
    pair: tuple[Expr, Expr], known: Known, points: list[FreePoint], given: tuple[Condition, ...] | None
) -> Iterator[tuple[tuple[Expr, Expr], Known]]:
    """Yield the cases of two expressions: what they are in it, and the signs that make it.

    `points` are those that satisfy the signs; a case without any is kept unless it contradicts itself and the
    conditions. Where these are None it is left out.
    """
    pending: list[tuple[tuple[Expr, Expr], Known, list[FreePoint]]] = [(pair, known, points)]
    number = 0
    while pending:
        check_time()
        pair, known, points = pending.pop()
        nodes = {p for e in pair for p in preorder_traversal(e) if isinstance(p, BY_SIGN)}
        if not nodes:
            number += 1
            if number > MAX_CASES:
                raise UndecidedError(f"there are more than {MAX_CASES} cases; compare parts of it")
            yield pair, known
            continue
        node = min((n for n in nodes if not depends_on_signs(*n.args)), key=lambda n: (n.count_ops(), str(n)))
        decides, values = _choice(node)
        possible = signs_under(decides, known)
        chosen = next((v for block, v in values if possible <= block), None)
        if chosen is not None:
            pending.append((tuple(e.xreplace({node: chosen}) for e in pair), known, points))
            continue
        three = any(block == ZERO for block, _ in values)
        for further in _split(decides, known, three):
            near = [at for at in points if _signs_at(further, known, at)]
            if not near and given is not None:
                near = list(_moved_onto(further, known, points, given))
            open_case = bool(near) or (
                given is not None and smt.consistent((*given, *_conditions(further)))[0] is not False
            )
            if open_case:
                pending.append((pair, further, near))


def _choice(node: Expr) -> Choice:
    """Return the expression whose sign decides the value of a function, and its value for each sign."""
    if isinstance(node, Abs):
        return node.args[0], ((NOT_BELOW, node.args[0]), (NOT_ABOVE, -node.args[0]))
    if isinstance(node, sympy.sign):
        return node.args[0], tuple((frozenset({s}), Integer(s)) for s in (1, -1, 0))
    if isinstance(node, (Max, Min)):
        one, other, *rest = sorted(node.args, key=str)
        above, below = (one, other) if isinstance(node, Max) else (other, one)
        return one - other, ((NOT_BELOW, node.func(above, *rest)), (NOT_ABOVE, node.func(below, *rest)))
    (result, condition), *others = node.args
    rest = Piecewise(*others) if others else nan
    if condition in (True, False):
        return Integer(1), ((PLUS, result if condition else rest),)
    if isinstance(condition, (And, Or)):
        first, *more = sorted(condition.args, key=str)
        remaining = Piecewise((result, condition.func(*more)), *others)
        then, otherwise = (remaining, rest) if isinstance(condition, And) else (result, remaining)
    else:
        first, then, otherwise = condition, result, rest
    try:
        (relation,) = as_conditions(first)
    except (TypeError, ValueError):
        raise UndecidedError(f"the condition {first} is no relation") from None
    block = BY_RELATION[relation.relation]
    return relation.expression, ((block, then), (ANY - block, otherwise))


def _split(expression: Expr, known: Known, three: bool) -> Iterator[Known]:
    """Yield what is known in each case of the sign of the first factor that is not known well enough."""
    for base, _ in factors_of(expression)[1]:
        own = known.get(base, ANY) & signs(base)
        if own == ANY and not three:
            yield from ({**known, base: part} for part in (NOT_BELOW, MINUS))
            return
        if len(own) > 1:
            yield from ({**known, base: frozenset({s})} for s in sorted(own))
            return
    raise UndecidedError(f"the sign of {expression} is not decided")


def _signs_at(wanted: Known, known: Known, at: FreePoint) -> bool:
    """Return whether the signs that are wanted, and were not known before, are those at a point."""
    with flint.ctx.workprec(PRECISION):
        try:
            found = {base: value(base, at) for base in wanted if wanted[base] != known.get(base)}
        except (UndecidedError, ZeroDivisionError):
            return False
    return all((n > 0) - (n < 0) in wanted[base] for base, n in found.items())


def _moved_onto(
    wanted: Known, known: Known, points: Iterable[FreePoint], given: tuple[Condition, ...]
) -> Iterator[FreePoint]:
    """Yield points moved along one symbol to where what shall vanish does; all else that is wanted holds."""
    for base in (b for b in wanted if wanted[b] == ZERO and known.get(b) != ZERO):
        for symbol in sorted(base.free_symbols, key=str):
            for at in points:
                moved = _moved(at, symbol, base)
                if moved is not None and satisfied(given, moved) and _signs_at(wanted, {}, moved):
                    yield moved


def _moved(at: FreePoint, symbol: Symbol, base: Expr) -> FreePoint | None:
    """Return the point moved to where an expression would vanish if it were linear in the symbol."""
    with flint.ctx.workprec(PRECISION):
        try:
            now, beside = (value(base, FreePoint({**at, symbol: at[symbol] + n}, at.seed)) for n in (0, 1))
        except (UndecidedError, ZeroDivisionError):
            return None
    rational = isinstance(now, Fraction) and isinstance(beside, Fraction)
    if not rational or now == beside or not symbol.is_real:
        return None
    to = at[symbol] - now / (beside - now)
    return FreePoint({**at, symbol: to}, at.seed) if _has_declared_sign(symbol, to) else None


def _has_declared_sign(symbol: Symbol, number: Fraction) -> bool:
    return (number > 0) - (number < 0) in signs(symbol)


def _conditions(known: Known) -> tuple[Condition, ...]:
    found = ((base, _MEANING[possible]) for base, possible in known.items() if possible != ANY)
    return tuple(Condition(sign * base, relation) for base, (sign, relation) in found)  # type: ignore[arg-type]


def _zeros_put_in(pair: tuple[Expr, Expr], known: Known) -> tuple[Expr, Expr]:
    """Return the expressions with what vanishes in a case put in, where it can be solved for a symbol."""
    left, right = pair
    vanishing = [base for base, possible in known.items() if possible == ZERO]
    while vanishing:
        base = vanishing.pop()
        for part in sorted(
            {*base.free_symbols, *base.atoms(*OPAQUE)}, key=lambda p: (-p.count_ops(), str(p))
        ):
            unknown = Symbol("unknown", real=True)
            opened = expand(base.xreplace({part: unknown}))
            slope = opened.coeff(unknown, 1)
            rest = expand(opened - slope * unknown)
            if opened.has(part) or rest.has(unknown) or 0 in signs(slope):
                continue
            put = {part: -rest / slope}
            left, right = left.xreplace(put), right.xreplace(put)
            vanishing = [v.xreplace(put) for v in vanishing]
            break
    return left, right
