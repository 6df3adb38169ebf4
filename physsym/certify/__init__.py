"""Certificates: every step of a derivation as lemmas that the Coq proof assistant checks."""

from physsym.certify.algebra import algebra
from physsym.certify.certificate import Certificate, Entry, Refused, certificate, parts, step_lemmas
from physsym.certify.lemma import Lemma, Proof, Refusal, lemma
from physsym.certify.run import LIBRARY, Checked, CoqError, checked, coq, installed, library
from physsym.certify.tell import COVERED, NOT_COVERED, told

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
    "algebra",
    "certificate",
    "checked",
    "coq",
    "installed",
    "lemma",
    "library",
    "parts",
    "step_lemmas",
    "told",
]
