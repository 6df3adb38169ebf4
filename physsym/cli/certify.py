"""The command that certifies: a derivation as lemmas for the Coq proof assistant, which then checks them."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from rich.markup import escape

from physsym.certificates import (
    COVERED,
    LIBRARY,
    NOT_COVERED,
    Certificate,
    certificate,
    checked,
    coq,
    library,
    told,
)
from physsym.cli.check import say
from physsym.derivation import Derivation
from physsym.documents.write import write_all
from physsym.loading import script, scripts


def certify(options: Namespace) -> int:
    """Write the certificates of scripts and have Coq check them; return 1 where a lemma is not proved.

    Raises ValueError where there is no derivation to certify, before anything is written; CoqError, an
    OSError, where Coq is not installed; the certificates are written all the same.
    """
    out = Path(options.out)
    read = [script(name) for name in options.names] or scripts()
    certificates = named_apart([d for s in read for d in s.derivations])
    if not certificates:
        raise ValueError(
            f"no derivation in {', '.join(options.names)}; name scripts, such as momentum, or none for all"
        )
    texts = {out / LIBRARY: library(), **{out / f"{c.module}.v": c.text for c in certificates}}
    say(*(f"wrote {escape(str(path))}" for path in write_all(texts)))
    failed = _written(certificates) if options.only_write else _checked(certificates)
    say("", *map(escape, (COVERED, NOT_COVERED)))
    return int(failed)


def named_apart(derivations: Sequence[Derivation]) -> list[Certificate]:
    """Return the certificates of several derivations, each for a file of its own."""
    found: dict[str, Certificate] = {}
    for one in map(certificate, derivations):
        number = next(k for k in range(1, len(found) + 2) if _numbered(one, k) not in found)
        found[_numbered(one, number)] = replace(one, module=_numbered(one, number))
    return list(found.values())


def _numbered(one: Certificate, number: int) -> str:
    return one.module if number == 1 else f"{one.module}_{number}"


def _written(certificates: list[Certificate]) -> bool:
    say(*(escape(line) for c in certificates for line in told(c)))
    return False


def _checked(certificates: list[Certificate]) -> bool:
    failed = [name for found in _runs(certificates) for name in found]
    say(f"{len(failed)} lemmas are not proved" if failed else "every lemma that was written is proved")
    return bool(failed)


def _runs(certificates: list[Certificate]) -> Iterator[tuple[str, ...]]:
    """Have Coq check one certificate after another, print what it says of each, and yield what it refused."""
    with coq() as assistant:
        for one in certificates:
            found = checked(assistant, one)
            say(*map(escape, told(found)))
            yield found.failed


COMMANDS: dict[str, Callable[[Namespace], int]] = {"certify": certify}
