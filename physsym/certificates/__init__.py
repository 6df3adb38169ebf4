"""Certificates: every step of a derivation as lemmas that the Coq proof assistant checks."""

from physsym.certificates.algebra import algebra
from physsym.certificates.certificate import (
    Certificate,
    Entry,
    Refused,
    Status,
    certificate,
    parts,
    step_lemmas,
)
from physsym.certificates.lemma import Lemma, Proof, Refusal, lemma
from physsym.certificates.report import COVERED, NOT_COVERED, report_lines
from physsym.certificates.run import LIBRARY, Checked, CoqError, checked, coq, installed, library

__all__ = [
    "COVERED",
    "LIBRARY",
    "NOT_COVERED",
    "Certificate",
    "Checked",
    "CoqError",
    "Entry",
    "Lemma",
    "Proof",
    "Refusal",
    "Refused",
    "Status",
    "algebra",
    "certificate",
    "checked",
    "coq",
    "installed",
    "lemma",
    "library",
    "parts",
    "report_lines",
    "step_lemmas",
]


def __dir__() -> list[str]:
    return sorted(__all__)
