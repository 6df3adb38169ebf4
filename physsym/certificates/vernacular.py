"""The text of a certificate: every lemma with its proof, and the lemma that its hypotheses can hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sympy import Expr, Symbol

from physsym.certificates.formula import Formula, Map, bound, free_symbols, functions, inner
from physsym.certificates.lemma import Lemma, Proof
from physsym.certificates.printer import Names, coq, names
from physsym.certificates.witness import Witness

IMPORTS = """From Coq Require Import Reals Lra Lia Psatz.
From Coquelicot Require Import Coquelicot.
Require Import PhysSym.
Open Scope R_scope.
"""


@dataclass(frozen=True)
class Worded:
    """A lemma in Coq's words: variables, open functions, premises and conclusion, and the names in use."""

    variables: tuple[str, ...]
    functions: Mapping[str, int]
    premises: tuple[str, ...]
    conclusion: str
    known: Names

    @property
    def statement(self) -> str:
        """Return the whole statement, closed by its quantifiers."""
        formulas = "".join(f"({p}) ->\n  " for p in self.premises)
        quantified = _binders(self.variables, self.functions)
        return f"{f'forall {quantified},' if quantified else ''}\n  {formulas}{self.conclusion}"

    @property
    def introduction(self) -> str:
        """Return the tactic that names everything the statement quantifies over and supposes."""
        called = (*self.variables, *self.functions, *(f"H{k}" for k, _ in enumerate(self.premises, 1)))
        return f"intros {' '.join(called)}." if called else "idtac."

    def hint(self, hint: Expr | Map | str) -> str:
        """Return a hint that is a formula, a function or a word."""
        return coq(hint, self.known)

    def proof(self, proof: Proof) -> str:
        """Return a tactic with its hints; `each` proves the parts of a conclusion one by one."""
        if proof.tactic == "each":
            return f"parts; [{' | '.join(self.proof(h) for h in proof.hints if isinstance(h, Proof))}]"
        hints = (
            f"ltac:({self.proof(h)})" if isinstance(h, Proof) else coq(h, self.known) for h in proof.hints
        )
        return " ".join((proof.tactic, *hints))


def worded(lemma: Lemma) -> Worded:
    """Return a lemma in Coq's words. Raises NotInCoq where it holds what cannot be written there."""
    formulas: tuple[Formula, ...] = (*lemma.hypotheses, *lemma.line, lemma.conclusion)
    free = _free(formulas)
    hints = lemma.proof.terms
    held = frozenset[Symbol]().union(*map(_bound, (*formulas, *hints)), *map(free_symbols, hints))
    opened = _functions(formulas)
    known = names(free | held, opened)
    return Worded(
        tuple(known.symbols[s] for s in sorted(free, key=str)),
        {known.functions[f]: count for f, count in opened.items()},
        tuple(coq(h, known) for h in lemma.hypotheses),
        coq(lemma.conclusion, known),
        known,
    )


def _free(formulas: Iterable[Formula]) -> frozenset[Symbol]:
    return frozenset[Symbol]().union(*map(free_symbols, formulas))


def _functions(formulas: Iterable[Formula]) -> dict[str, int]:
    return {name: count for part in formulas for name, count in functions(part).items()}


def _bound(part: object) -> frozenset[Symbol]:
    return bound(part).union(*map(_bound, inner(part)))


def _binders(variables: Iterable[str], opened: Mapping[str, int]) -> str:
    reals = " ".join(variables)
    typed = (f"({name} : {'R -> ' * count}R)" for name, count in opened.items())
    return " ".join((*([f"({reals} : R)"] if reals else []), *typed))


def proved(name: str, lemma: Lemma) -> str:
    """Return a lemma with its proof."""
    words = worded(lemma)
    return (
        f"(* {comment(lemma.says)} *)\nLemma {name} : {words.statement}.\n"
        f"Proof. {words.introduction} {words.proof(lemma.proof)}. Qed.\n"
    )


def can_hold(name: str, lemma: Lemma, witness: Witness) -> str:
    """Return the lemma that the hypotheses of another one can hold, with the values that show it."""
    formulas: tuple[Formula, ...] = (*lemma.hypotheses, *lemma.line)
    free, opened = sorted(_free(formulas), key=str), _functions(formulas)
    known = names({*free, *(s for part in formulas for s in _bound(part))}, opened)
    values: list[Expr | str] = [*(witness.values[s] for s in free), *(witness.functions[f] for f in opened)]
    quantified = _binders(
        (known.symbols[s] for s in free), {known.functions[f]: n for f, n in opened.items()}
    )
    said = " /\\\n  ".join(f"({coq(h, known)})" for h in formulas)
    chosen = f"exists {', '.join(coq(v, known) for v in values)}. " if values else ""
    exists = f"exists {quantified},\n  " if values else ""
    return f"Lemma {name}_can_hold : {exists}{said}.\nProof. {chosen}can_hold. Qed.\n"


def comment(text: str) -> str:
    """Return text that is safe in a comment of Coq, which has nested comments and strings."""
    return re.sub(r"\s+", " ", text.replace('"', "'").replace("(*", "( *").replace("*)", "* )"))
