"""Verification that a neglected term, and nothing else, is gone; that it is negligible is never proved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from sympy import Add, Expr, Integer, expand

from physsym.core.statements import Equation, Law, Statement
from physsym.core.verdicts import Hypothesis, Outcome, Verdict
from physsym.mechanics.moves import Neglect
from physsym.verify.conditions import assuming
from physsym.verify.equivalence import same_equations
from physsym.verify.identity import identical
from physsym.verify.registry import verify_step
from physsym.verify.substitution import Refusal, require


@verify_step.register(Neglect)
def _(move: Neglect, above: Statement, below: Statement) -> Verdict:
    law, shorter = require(Law, above, move, "above"), require(Law, below, move, "below")
    if identical(move.term, Integer(0)):
        raise Refusal(f"{move.term} is zero: there is nothing to neglect")
    found = [e.residual for e in shorter.equations]
    verdicts = [same_equations(candidate, found) for candidate in _without(law, move.term)]
    if not verdicts:
        raise Refusal(f"{move.term} is no term of {law}: there is nothing to neglect")
    right = next((v for v in verdicts if v), None)
    if right is None:
        return verdicts[0]
    evidence = f"{move.term} was left out: an assumption of the model, which nothing here proves"
    modelled = replace(right, outcome=Outcome.CONDITIONAL, evidence=(evidence,))
    return assuming(modelled, (Hypothesis(f"{move.term} is negligible"),))


def _without(law: Law, term: Expr) -> list[list[Expr]]:
    """Return the residuals of a law without the term, for each of its occurrences, with either sign."""
    residuals = [e.residual for e in law.equations]
    return [
        [r - part if j == k else r for j, r in enumerate(residuals)]
        for k, equation in enumerate(law.equations)
        for part in _occurrences(equation, term)
    ]


def _occurrences(equation: Equation, term: Expr) -> Iterator[Expr]:
    """Yield a term, or its negative, where it occurs: as written, multiplied out, or by all its terms."""
    for form in (expand, lambda side: side):
        parts = _parts(equation, form)
        yield from (part for part in parts if identical(part, term) or identical(part, -term))
        summands = Add.make_args(expand(term))
        for whole in (term, -term):
            pieces = Add.make_args(expand(whole))
            if len(summands) > 1 and all(any(identical(p, piece) for p in parts) for piece in pieces):
                yield whole


def _parts(equation: Equation, form: Callable[[Expr], Expr]) -> list[Expr]:
    """Return terms that add up to left minus right; SymPy proposes them, their sum is checked."""
    left, right = (Add.make_args(form(side)) for side in (equation.left, equation.right))
    parts = [*left, *(-part for part in right)]
    return parts if identical(Add(*parts), equation.residual) else []
