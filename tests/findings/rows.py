"""What is found of one optimizer: its law, compared with what is displayed and published, and its report."""

from __future__ import annotations

import re
import time
import warnings
from dataclasses import dataclass

from sympy import Expr, Rational

import physsym as ps
from physsym.optimizers import Equivalence, Lifted, LiftError
from physsym.optimizers.equivalent_rules import operand
from physsym.optimizers.lifting.stated import number
from physsym.optimizers.relatives import _quickly
from tests.findings.comparison import Agreement, same_law, with_first_step_apart
from tests.findings.optimizers import Subject, defaults
from tests.findings.pages import Shown, shown
from tests.findings.papers import candidates, names, paper


@dataclass(frozen=True)
class Finding:
    """What was found of one optimizer.

    Parameters
    ----------
    subject
        The optimizer.
    lifted
        Its law; None where it cannot be lifted.
    refused
        The reason, where it cannot.
    displayed
        What its page displays.
    agrees
        Whether code and page agree.
    published
        The rule of its paper, by title and citation.
    with_paper
        Whether code and paper agree.
    related
        The nearest published rules.
    report
        Lines of its report: subject and text.
    idle
        Hyperparameters on which the weights do not depend.
    seconds
        The time it took.
    """

    subject: Subject
    lifted: Lifted | None
    refused: str
    displayed: Shown
    agrees: Agreement | None
    published: tuple[str, str]
    with_paper: Agreement | None
    related: str
    report: tuple[tuple[str, str], ...]
    idle: tuple[str, ...]
    seconds: float


LINES = ("effective learning rate", "stability region", "damping")


def quiet() -> None:
    """Hide warnings of the libraries, about devices and deprecations."""
    warnings.simplefilter("ignore")


def find(subject: Subject, all_published: bool = False) -> Finding:
    """Compute what is said of one optimizer; all published rules are asked on demand, which takes minutes."""
    begun = time.perf_counter()
    displayed = shown(subject)
    try:
        lifted = ps.lift(subject.what)
    except (LiftError, TypeError) as error:
        why = " ".join(str(error).split()).removeprefix(f"{subject.what} cannot be lifted").lstrip(":, ")
        took = time.perf_counter() - begun
        return Finding(subject, None, why, displayed, None, ("", ""), None, "", (), (), took)
    values = _values(subject)
    agrees = None
    if displayed.rule is not None:
        theirs = with_first_step_apart(displayed.rule)
        agrees = same_law(
            lifted, theirs, {n: v for n, v in values.items() if not _has(lifted, n)}, defaults(subject)
        )
    published = paper(subject)
    with_paper = published and same_law(
        lifted, published, names(published, lifted, subject.library, values), defaults(subject)
    )
    return Finding(
        subject,
        lifted,
        "",
        displayed,
        agrees,
        (published.title, published.citation) if published else ("", ""),
        with_paper or None,
        _related(subject, lifted, all_published),
        _report(lifted),
        _idle(lifted),
        time.perf_counter() - begun,
    )


def _has(lifted: Lifted, name: str) -> bool:
    return any(s.name == name for s in lifted.rule.parameters)


def _values(subject: Subject) -> dict[str, Expr]:
    """Return the numbers among the options of a configuration."""
    found = re.findall(r"(\w+)=([0-9.]+)", subject.options)
    return {name: Rational(number(float(text))) for name, text in found}


def _related(subject: Subject, lifted: Lifted, all_published: bool) -> str:
    """Return the nearest published rule: those first that the catalogue names for this code."""
    if lifted.mixes or lifted.reads:
        return "not asked: a step reads the loss" if lifted.reads else "not asked: coordinates mix"
    one = operand(lifted)
    for known in candidates(subject):
        theirs = operand(known)
        for found in (_quickly(one, theirs), _quickly(theirs, one)):
            if found.generic:
                return _brief(found)
    if not all_published:
        return "none of this name in the catalogue"
    best = next(iter(ps.identify(lifted)), None)
    if best is None:
        return "none"
    return _brief(best) if best else f"none; nearest is {best.titles[1]}"


def _brief(found: Equivalence) -> str:
    """Return a relation in few words: the other rule, and the map where parameters are not just renamed."""
    first, second = found.titles
    maps = [f"{s} = {e}" for s, e in found.parameters.items() if not e.is_Symbol]
    maps += [f"{s} = {e}" for s, e in found.states.items() if not e.is_Symbol]
    conditions = [str(c) for c in found.conditions]
    lead = f"a case of it: {first}" if second.startswith(("optax:", "torch:")) else second
    return (
        lead
        + (f" with {', '.join(maps)}" if maps else "")
        + (f", where {' and '.join(conditions)}" if conditions else "")
        + ("; for a constant learning rate only" if found.schedule == "constant" else "")
    )


def _report(lifted: Lifted) -> tuple[tuple[str, str], ...]:
    try:
        report = ps.report(lifted)
    except (ValueError, TypeError, NotImplementedError) as error:
        return tuple((subject, f"not, because {error}") for subject in LINES)
    by_subject = {line.subject: line.text for line in report.lines}
    return tuple((s, by_subject.get(s, "not, because the report has no such line")) for s in LINES)


def _idle(lifted: Lifted) -> tuple[str, ...]:
    """Return the hyperparameters in the law on which the weights do not depend."""
    space = operand(lifted).space
    read = space.without(space.unread())
    return tuple(s.name for s in lifted.rule.parameters if s not in read.parameters and s in space.parameters)
