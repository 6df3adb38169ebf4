"""The findings as a page."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from textwrap import fill

from physsym.optimizers.equivalence import Trace
from tests.findings import faults
from tests.findings.comparison import Agreement
from tests.findings.pairs import Pair
from tests.findings.rows import Finding

WIDTH = 118
LIBRARIES = ("optax", "torch", "jax", "numpy", "sympy")


def page(found: Sequence[Finding], pairs: Sequence[Pair]) -> str:
    """Return the page."""
    parts = [
        _head(found),
        "## The table",
        _table(found),
        "## Where the code and the displayed formula disagree",
        *_disagreements(found, "displayed"),
        "## Where the code and the paper disagree",
        *_disagreements(found, "paper"),
        "## The same name in optax and in PyTorch",
        *map(_pair, pairs),
        "## What the code does besides its law",
        *_faults(found),
        "## Formulas that are typed, or not read",
        *_typed(found),
        "## Reports",
        _reports(found),
    ]
    return "\n\n".join(parts) + "\n"


def _wrapped(text: str, indent: str = "") -> str:
    return fill(text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _head(found: Sequence[Finding]) -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    lifted = {f.subject.plain for f in found if f.lifted}
    counts = [
        f"{len({p for p in lifted if p.startswith(library)})} of "
        f"{len({f.subject.plain for f in found if f.subject.library == library})} of {library}"
        for library in ("optax", "torch")
    ]
    shown = [f for f in found if f.agrees is not None]
    agreeing = sum(f.agrees is not None and f.agrees.outcome == "agrees" for f in shown)
    published = [f for f in found if f.with_paper is not None]
    as_published = sum(f.with_paper is not None and f.with_paper.outcome == "agrees" for f in published)
    return "\n\n".join(
        [
            "# Optimizers of optax and PyTorch: code, displayed formula, paper",
            _wrapped(
                f"Made by `make findings` with {versions}, Python {platform.python_version()}. The "
                f"rules of the "
                "code are lifted (`ps.lift`), the displayed formulas read from the docstrings as installed "
                "(`physsym.parsing.displayed`), those of papers taken from `ps.known`. Two laws "
                "agree where they "
                "are proved to give the same weights for all gradients, at the same hyperparameters "
                "and from the "
                "same start; they differ where a run shows it, with the shortest sequence of "
                "gradients that was "
                "found. Hyperparameters that are tiny by default, such as eps, are large in these "
                "runs, so that a "
                "difference shows."
            ),
            _wrapped(
                f"Lifted: {' and '.join(counts)}. Displayed formulas compared: {len(shown)}, of which "
                f"{agreeing} "
                f"agree with the code. Papers compared: {len(published)}, of which {as_published} agree."
            ),
        ]
    )


def _table(found: Sequence[Finding]) -> str:
    rows = [
        "| optimizer | lifted | displayed formula | paper | equivalent to |",
        "|---|---|---|---|---|",
    ]
    for f in found:
        lifted = "yes" if f.lifted else f"refused: {_cell(f.refused, 140)}"
        if f.lifted and f.lifted.mixes:
            lifted = "yes; coordinates mix"
        paper = (
            "no paper in the catalogue"
            if not f.published[0]
            else f"{_outcome(f.with_paper)} ({f.published[0]})"
        )
        cells = (
            f"`{f.subject.what}`",
            lifted,
            _displayed(f),
            paper if f.lifted else "-",
            _cell(f.related, 200) if f.lifted else "-",
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _displayed(f: Finding) -> str:
    if f.displayed.rule is None:
        return f.displayed.how
    how = " (typed)" if f.displayed.how == "typed" else ""
    return f"{_outcome(f.agrees)}{how}" if f.lifted else f"read{how}, not compared"


def _outcome(agreement: Agreement | None) -> str:
    if agreement is None:
        return "not compared"
    said = f"; {agreement.said}" if agreement.outcome == "agrees" and agreement.said else ""
    return _cell(f"{agreement}{said}", 200)


def _cell(text: str, most: int) -> str:
    clean = " ".join(text.split()).replace("|", "\\|")
    return clean if len(clean) <= most else clean[: most - 3].rsplit(" ", 1)[0] + " ..."


def _disagreements(found: Sequence[Finding], which: str) -> Iterable[str]:
    some = False
    for f in found:
        agreement = f.agrees if which == "displayed" else f.with_paper
        if agreement is None or agreement.outcome not in ("differs", "not decided"):
            continue
        some = True
        yield _one(f, agreement, which)
    if not some:
        yield "None."


def _one(f: Finding, agreement: Agreement, which: str) -> str:
    """Return a section on one disagreement."""
    library = f.subject.library
    theirs = (
        f"The page of {library} {version(library)} shows"
        if which == "displayed"
        else f"The paper has ({f.published[0]})"
    )
    lines = [f"### `{f.subject.what}`"]
    if agreement.outcome == "not decided":
        lines.append(_wrapped(f"Not decided: {agreement.said}."))
    lines.append(_rule("The code", str(f.lifted)))
    if which == "displayed":
        lines.append(_rule(theirs, str(f.displayed.rule)))
    else:
        lines.append(_wrapped(f"{theirs}: {f.published[1]}."))
    if which == "displayed" and f.displayed.reason:
        lines.append(_wrapped(f"The formula is {f.displayed.how}: {f.displayed.reason}."))
    if agreement.difference:
        lines.append(_rule("New weights of the code less those of the formula", agreement.difference))
    if agreement.trace:
        lines.append(_trace(agreement.trace))
    return "\n\n".join(lines)


def _rule(title: str, text: str) -> str:
    inside = "\n".join(
        f"    {line}"
        for part in text.split("; ")
        for line in [fill(part, WIDTH - 4, subsequent_indent=" " * 8, break_long_words=False)]
    )
    return f"{title}:\n\n{inside}"


def _trace(trace: Trace) -> str:
    gradients = ", ".join(map(str, trace.gradients))
    rates = f" and learning rates {', '.join(map(str, trace.rates))}" if trace.rates else ""
    code, formula = (float(w) for w in trace.weights)
    values = "; ".join(f"{s} = {e}" for s, e in trace.parameters[0].items())
    digits = next((d for d in (6, 9, 12, 16) if f"{code:.{d}g}" != f"{formula:.{d}g}"), 16)
    return _wrapped(
        f"From 0 with the gradients {gradients}{rates}: {code:.{digits}g} by the code, "
        f"{formula:.{digits}g} by "
        f"the formula, at {values}."
    )


def _pair(pair: Pair) -> str:
    lines = [f"### `{pair.optax}` and `{pair.torch}`", _wrapped(f"{str(pair.agreement).capitalize()}.")]
    if pair.agreement.outcome == "agrees" and pair.agreement.said:
        lines[-1] = _wrapped(f"Agrees; {pair.agreement.said}.")
    if pair.values:
        lines.append(
            _wrapped(f"Where optax has no such parameter, that of PyTorch is at its default: {pair.values}.")
        )
    if pair.agreement.difference:
        lines.append(_rule("New weights of optax less those of PyTorch", pair.agreement.difference))
    if pair.agreement.trace and pair.agreement.outcome == "differs":
        lines.append(
            _trace(pair.agreement.trace)
            .replace("by the code", "by optax")
            .replace("by the formula", "by PyTorch")
        )
    return "\n\n".join(lines)


def _faults(found: Sequence[Finding]) -> Iterable[str]:
    sections = (
        ("Steps that go along the gradient at the defaults", faults.ascents(list(found))),
        ("Precision", [*faults.coarse_states(), *faults.counters(), *faults.coarse_arithmetic(list(found))]),
        ("Two paths of the same code", faults.other_paths()),
        ("First steps of another law", faults.first_steps(list(found))),
        ("Hyperparameters on which the weights do not depend", faults.idle(list(found))),
        ("A denominator that falls to eps", faults.centered_denominators()),
    )
    for title, lines in sections:
        shown = [_wrapped(f"- {line}", "  ") for line in lines]
        yield f"### {title}\n\n" + ("\n".join(shown) or "None found.")


def _typed(found: Sequence[Finding]) -> Iterable[str]:
    lines = [
        _wrapped(f"- `{f.subject.what}`: {f.displayed.how}: {_cell(f.displayed.reason, 400)}.", "  ")
        for f in found
        if f.displayed.reason and f.displayed.how in ("typed", "not read")
    ]
    assumed = [
        _wrapped(f"- `{f.subject.what}`: {f.displayed.reason}.", "  ")
        for f in found
        if f.displayed.how == "read" and f.displayed.reason
    ]
    yield "\n".join(lines) or "None."
    yield "Start values that a page does not give:"
    yield "\n".join(assumed) or "None."


def _reports(found: Sequence[Finding]) -> str:
    """Return what `ps.report` says; where all lines have one reason, it is said once."""
    lines = ["Of adaptive rules with their scales held fixed.", ""]
    for f in found:
        if not f.report:
            continue
        reasons = {text for _, text in f.report}
        if len(reasons) == 1:
            lines.append(_wrapped(f"- `{f.subject.what}`: {_cell(reasons.pop(), 300)}", "  "))
            continue
        said = "; ".join(f"{subject}: {_cell(text, 300)}" for subject, text in f.report)
        lines.append(_wrapped(f"- `{f.subject.what}`: {said}", "  "))
    return "\n".join(lines)
