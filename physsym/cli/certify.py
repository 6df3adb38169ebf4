"""`physsym certify`: derivations as lemmas for the Coq proof assistant, which then checks them."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from physsym.certificates import (
    COVERED,
    LIBRARY,
    NOT_COVERED,
    Certificate,
    Status,
    certificate,
    checked,
    coq,
    library,
    report_lines,
)
from physsym.cli.columns import reflowed
from physsym.cli.paths import paths_to_read, scripts_named
from physsym.cli.terminal import echo, progress
from physsym.core.counts import counted
from physsym.derivation import Derivation
from physsym.documents.write import write_all
from physsym.loading import nothing_found


def main(options: Namespace) -> int:
    """Write the certificates of scripts and have Coq check them; return 1 where a lemma is not proved.

    Raises ValueError where there is no derivation to certify, before anything is written; CoqError, an
    OSError, where Coq is not installed; the certificates are written all the same.
    """
    out = Path(options.out)
    derivations = [d for s in scripts_named(options.names) for d in s.derivations]
    with progress(len(derivations)) as done:
        certificates = number_apart(derivations, done)
    if not certificates and not options.names:
        raise nothing_found(paths_to_read(()))
    if not certificates:
        raise ValueError(
            f"no derivation in {', '.join(options.names)}; name scripts, such as momentum, or none for all"
        )
    texts = {out / LIBRARY: library(), **{out / f"{c.module}.v": c.text for c in certificates}}
    echo(*(f"wrote {path}" for path in write_all(texts)))
    if options.only_write:
        _report(line for one in certificates for line in report_lines(one))
    failed = () if options.only_write else _check(certificates)
    echo("", *reflowed(COVERED), *reflowed(NOT_COVERED))
    return int(bool(failed))


def number_apart(
    derivations: Sequence[Derivation], done: Callable[[str], None] = lambda what: None
) -> list[Certificate]:
    """Return the certificates of several derivations, each for a file of its own."""
    found: dict[str, Certificate] = {}
    for one in map(certificate, derivations):
        names = (one.module if k == 1 else f"{one.module}_{k}" for k in range(1, len(found) + 2))
        name = next(name for name in names if name not in found)
        found[name] = replace(one, module=name)
        done(one.title)
    return list(found.values())


def _report(lines: Iterable[str]) -> None:
    echo(*(part for line in lines for part in reflowed(line)))


def _check(certificates: list[Certificate]) -> list[str]:
    """Have Coq check the certificates, print what it says of each, and return what it refused."""
    failed: list[str] = []
    steps: list[Status] = []
    with coq() as assistant, progress(len(certificates)) as done:
        for one in certificates:
            found = checked(assistant, one)
            done(one.title)
            _report(report_lines(found))
            failed += found.failed
            steps += found.statuses[1:]
    certified = sum(step.certified for step in steps)
    echo(
        "",
        f"in all {certified} of {counted(len(steps), 'step')} certified, {len(steps) - certified} withheld",
    )
    echo(
        f"not proved: {counted(len(failed), 'lemma')}" if failed else "every lemma that was written is proved"
    )
    return failed
