"""`physsym same`: whether two rules are the same, under which map, or where they part."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping

from sympy import Expr, Symbol

from physsym.cli.columns import Line, labelled, paragraph
from physsym.cli.paths import lifted_named
from physsym.cli.terminal import STYLES, echo, progress, sign
from physsym.core.verdicts import Outcome
from physsym.optimizers.equivalence import Equivalence
from physsym.optimizers.equivalent_rules import equivalent
from physsym.optimizers.lifted import Lifted

SCHEDULES = {"any": "any, also one that changes", "constant": "a constant one only", "": "not known"}


def main(options: Namespace) -> int:
    """Compare two rules; return 0 where the first is the second for all values of its parameters, else 1.

    With `--strict`, 0 also means that no condition is needed and that any learning rates may be given.
    """
    with progress(what="comparing the rules"):
        first, second = lifted_named(options.first), lifted_named(options.second)
        found = equivalent(first, second, given=tuple(options.given), rate=options.rate)
    echo(*labelled([("first", rule_lines(first)), ("second", rule_lines(second))]), "")
    echo(_answer(found), *labelled(_rows(found, options.verbose)))
    if found.generic:
        with progress(what="comparing the other way round"):
            converse = equivalent(second, first)
        echo(
            "",
            *paragraph(f"The other way round: {_says(converse)}."),
            *labelled(_rows(converse, options.verbose)),
        )
    strict = found.verdict.outcome is Outcome.HOLDS and found.schedule == "any"
    return int(not (strict if options.strict else found.generic))


def rule_lines(lifted: Lifted) -> list[str]:
    """Return a rule with its name, its updates, its start and what was assumed when it was read."""
    named = [lifted.name] if lifted.name else []
    first = [f"{u} (at the first step)" for u in lifted.first.sentences] if lifted.first else []
    start = [f"{s}(0) = {value}" for s, value in lifted.rule.start]
    assumed = [f"assumed: {a}" for a in lifted.assumes]
    return [*named, *lifted.rule.sentences, *first, *start, *assumed]


def _says(found: Equivalence) -> str:
    match found.verdict.outcome:
        case Outcome.FAILS:
            return "not the same"
        case Outcome.UNDECIDABLE:
            return "not decided"
    return "the same" if found.generic else "the same for some values of the parameters only"


def _answer(found: Equivalence) -> Line:
    says = _says(found)
    outcome = found.verdict.outcome
    if outcome is Outcome.HOLDS and not found.generic:
        outcome = Outcome.CONDITIONAL
    return Line("", sign(outcome), STYLES.get(outcome, "yellow"), f" {says[0].upper()}{says[1:]}.")


def _rows(found: Equivalence, verbose: bool) -> list[tuple[str, list[str]]]:
    agree = found.verdict.outcome in (Outcome.HOLDS, Outcome.CONDITIONAL)
    rows = [
        ("the second", ["in terms of the first has"] if found.parameters or found.states else []),
        ("because", list(found.verdict.evidence) if verbose or not agree else []),
        ("parameters", _map(found.parameters)),
        ("states", _map(found.states)),
        ("start", [f"{s}(0) = {value}" for s, value in found.start.items()]),
        ("where", list(map(str, found.conditions))),
        ("note", list(found.notes)),
        ("learning rate", [SCHEDULES[found.schedule]] if agree else []),
        ("they part", [str(found.trace)] if found.trace else []),
    ]
    for case in found.otherwise:
        rows += [("or", [_says(case)]), *_rows(case, verbose)]
    return rows


def _map(symbols: Mapping[Symbol, Expr]) -> list[str]:
    return [f"{symbol} = {value}" for symbol, value in symbols.items()]
