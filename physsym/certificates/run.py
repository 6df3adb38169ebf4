"""Running Coq on certificates: which lemmas it accepts, which it does not, and on which axioms they rest."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

from physsym.certificates.certificate import Certificate, Status, statuses

LIBRARY = "PhysSym.v"
LONGEST = 300  # seconds for one file; a certificate takes about five
INSTALL = "on Debian and Ubuntu: apt-get install coq libcoq-coquelicot"


class CoqError(OSError):
    """Coq or its library Coquelicot is not there, or does not answer; the message says what to do."""


@dataclass(frozen=True)
class Checked:
    """What Coq said of a certificate: the names of the lemmas that it proved and of those that it did not."""

    certificate: Certificate
    proved: tuple[str, ...]
    failed: tuple[str, ...]
    axioms: tuple[str, ...]
    seconds: float

    @property
    def statuses(self) -> tuple[Status, ...]:
        """Return the status of the start, then one a step: certified by Coq, or withheld."""
        return statuses(self.certificate, self.failed)


def library() -> str:
    """Return the text of the lemma library that every certificate imports.

    Returns
    -------
    str
        The Coq source.
    """
    return files("physsym.certificates").joinpath(LIBRARY).read_text(encoding="utf-8")


def installed() -> bool:
    """Return whether Coq is installed.

    Returns
    -------
    bool
        Whether the program `coqc` is found.
    """
    return shutil.which("coqc") is not None


@dataclass(frozen=True)
class Coq:
    """Coq at work in a folder of its own, in which the lemma library is compiled."""

    folder: Path

    def compile(self, name: str, text: str) -> subprocess.CompletedProcess[str]:
        """Write a file and give it to Coq. Raises CoqError where it takes too long."""
        (self.folder / name).write_text(text, encoding="utf-8")
        command = ["coqc", "-q", "-w", "none", "-Q", ".", "", name]
        try:
            return subprocess.run(
                command, cwd=self.folder, capture_output=True, encoding="utf-8", timeout=LONGEST, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise CoqError(f"Coq took more than {LONGEST} s for {name}") from error


@contextmanager
def coq() -> Iterator[Coq]:
    """Compile the lemma library in a temporary folder and yield Coq, ready to check certificates.

    Returns
    -------
    context manager of Coq
        Coq with the compiled library.

    Raises
    ------
    CoqError
        If Coq or Coquelicot is missing; the message says what to install.
    """
    if not installed():
        raise CoqError(f"coqc, the Coq proof assistant, was not found; {INSTALL}")
    with tempfile.TemporaryDirectory() as folder:
        ready = Coq(Path(folder))
        done = ready.compile(LIBRARY, library())
        if done.returncode:
            raise CoqError(
                f"Coq does not accept the library; is Coquelicot there ({INSTALL})?\n{done.stderr}"
            )
        yield ready


def checked(assistant: Coq, certificate: Certificate) -> Checked:
    """Return what Coq proves of a certificate; a lemma that fails is left out of the next attempt.

    Parameters
    ----------
    assistant
        Coq with the compiled library.
    certificate
        The certificate.

    Returns
    -------
    Checked
        Proved and failed lemmas, axioms and time.

    Raises
    ------
    CoqError
        If Coq is missing or does not accept the file.
    """
    start, left, failed = time.monotonic(), certificate, tuple[str, ...]()
    while (done := assistant.compile(f"{certificate.module}.v", left.text)).returncode:
        name = _where(done.stderr, left)
        failed += (name,)
        left = _without(left, name)
    proved = tuple(name for e in left.entries for name in e.names)
    axioms = re.findall(r"^([\w.']+)\s*:", done.stdout.partition("Axioms:")[2], re.MULTILINE)
    return Checked(certificate, proved, failed, tuple(axioms), time.monotonic() - start)


def _where(errors: str, certificate: Certificate) -> str:
    """Return the name of the lemma in which the line lies that Coq complains about."""
    found = re.search(r"line (\d+)", errors)
    above = "\n".join(certificate.text.splitlines()[: int(found[1])]) if found else ""
    names = re.findall(r"^Lemma (\w+)", above, re.MULTILINE)
    if not names or not certificate.entries or "Definition certificate" in above:
        raise CoqError(f"Coq does not accept {certificate.module}.v:\n{errors}")
    return str(names[-1])


def _without(certificate: Certificate, name: str) -> Certificate:
    kept = (
        replace(e, witness="") if e.names[1:] == (name,) else e for e in certificate.entries if e.name != name
    )
    return replace(certificate, entries=tuple(kept))
