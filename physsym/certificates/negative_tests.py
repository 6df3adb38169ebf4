"""Negative tests of the proofs: false lemmas must be refused by the tactics that prove the true ones."""

from __future__ import annotations

from collections.abc import Sequence

from physsym.certificates.lemma import Lemma
from physsym.certificates.run import Coq, CoqError
from physsym.certificates.vernacular import IMPORTS, Worded, worded

LONGEST = 20  # seconds for one proof; what takes longer counts as refused
_WORDS = {"tried: proved": True, "tried: refused": False}


def tried(assistant: Coq, lemmas: Sequence[Lemma]) -> list[bool]:
    """Return for each lemma whether Coq proves it.

    Only the proof may fail: statement, names and hints are checked before. Raises CoqError where one of them
    is not well-formed, NotInCoq where a lemma cannot be written.
    """
    text = "\n".join((IMPORTS, *(_attempt(worded(one), one) for one in lemmas)))
    done = assistant.compile("Attempts.v", text)
    answers = [_WORDS[line.strip()] for line in done.stdout.splitlines() if line.strip() in _WORDS]
    if done.returncode or len(answers) != len(lemmas):
        raise CoqError(f"Coq did not go through the attempts, but for {len(answers)} of them:\n{done.stderr}")
    return answers


def _attempt(words: Worded, lemma: Lemma) -> str:
    typed = " ".join(f"Check {words.hint(h)}." for h in lemma.proof.terms)
    proof = f"tryif timeout {LONGEST} (solve [{words.proof(lemma.proof)}])"
    report = 'then idtac "tried: proved" else idtac "tried: refused".'
    return f"Goal {words.statement}.\nProof. {words.introduction} {typed}\n{proof} {report}\nAbort.\n"
