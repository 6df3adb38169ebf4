"""A certificate: the lemmas of a derivation, step by step, and what was not written as a lemma."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import singledispatch

from physsym.certificates.algebra import algebra
from physsym.certificates.inequality import sign_of_symbol, taken_for_granted, unit_range
from physsym.certificates.integrate import order, quotient
from physsym.certificates.lemma import Lemma, Refusal
from physsym.certificates.limit import limit
from physsym.certificates.printer import NotInCoq
from physsym.certificates.vernacular import IMPORTS, can_hold, comment, proved
from physsym.certificates.witness import witness
from physsym.core.dimensions import ONE, DimensionError
from physsym.core.statements import Statement
from physsym.derivation import Derivation
from physsym.mechanics.moves import Define, Integrate, Limit, Move
from physsym.vocabulary import STANDARD, Vocabulary

Part = tuple[str, Callable[[], Iterable[Lemma]]]  # what is shown, and who writes the lemmas of it


@dataclass(frozen=True)
class Entry:
    """One lemma as Coq text, its location in the derivation, and the lemma that its hypotheses can hold."""

    name: str
    location: str
    lemma: Lemma
    text: str
    witness: str

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the lemma and of its witness."""
        return (self.name, f"{self.name}_can_hold") if self.witness else (self.name,)


@dataclass(frozen=True)
class Refused:
    """A part of a derivation that is not certified, and why."""

    location: str
    reason: str


@dataclass(frozen=True)
class Certificate:
    """What is written for Coq of one derivation; `module` is the name of its file, without `.v`."""

    title: str
    module: str
    entries: tuple[Entry, ...]
    refused: tuple[Refused, ...]

    @property
    def text(self) -> str:
        """Return the file: every lemma with its proof, then the question on which axioms they all rest."""
        lemmas = (
            f"(* {comment(f'{e.location}: {e.lemma.kind}')} *)\n{e.text}{e.witness}" for e in self.entries
        )
        names = ", ".join(["I", *(name for e in self.entries for name in e.names)])
        last = f"Definition certificate := ({names}).\nPrint Assumptions certificate.\n"
        return "\n".join((f"(* {comment(self.title)} *)", IMPORTS, *lemmas, last))


@singledispatch
def parts(move: Move, above: Statement, below: Statement, vocabulary: Vocabulary) -> list[Part]:
    """Return the parts of a step that are to be certified, by kind of move.

    Kinds of moves register here or with `algebra`.

    Parameters
    ----------
    move
        The move.
    above
        The line above.
    below
        The line below.
    vocabulary
        The dimensions of the symbols.

    Returns
    -------
    list of Part
        A label and a function that yields lemmas, for each part.
    """
    return [("line", lambda: _one(algebra(move, above, below), move))]


def _one(lemma: Lemma | None, move: Move) -> Iterator[Lemma]:
    if lemma is None:
        raise Refusal(
            move.NOT_CERTIFIED
            or f"no lemma is known for {type(move).__name__}; say why in NOT_CERTIFIED, or register one with "
            "physsym.certificates.algebra.register"
        )
    yield lemma


@parts.register(Define)
def _(move: Define, above: Statement, below: Statement, vocabulary: Vocabulary) -> list[Part]:
    line: Part = ("line", lambda: _one(algebra(move, above, below), move))
    if move.symbol.is_positive:
        return [line, ("sign", lambda: [sign_of_symbol(move)])]
    return [line, ("range", lambda: [unit_range(move)])] if _is_number(move, vocabulary) else [line]


def _is_number(move: Define, vocabulary: Vocabulary) -> bool:
    try:
        return vocabulary.dimension(move.symbol) == ONE
    except DimensionError:
        return False


@parts.register(Limit)
def _(move: Limit, above: Statement, below: Statement, vocabulary: Vocabulary) -> list[Part]:
    return [("limit", lambda: [limit(move, above, below)])]


@parts.register(Integrate)
def _(move: Integrate, above: Statement, below: Statement, vocabulary: Vocabulary) -> list[Part]:
    return [("rule", lambda: [quotient(move, above, below)]), ("order", lambda: [order(move, above, below)])]


def certificate(derivation: Derivation, module: str = "") -> Certificate:
    """Return the certificate of a derivation.

    Parameters
    ----------
    derivation
        The derivation.
    module
        The name of the Coq module; by default made from the title.

    Returns
    -------
    Certificate
        The lemmas, and what is not certified.

    Raises
    ------
    DerivationError
        If a step gives no line.
    """
    taken = getattr(derivation.start, "assuming", ())
    granted: list[Part] = [("granted", lambda: [taken_for_granted(c) for c in taken])] if taken else []
    found = _entries("start", "the start", granted)
    steps = zip(derivation.steps, derivation.lines, derivation.lines[1:], strict=False)
    for k, (step, above, below) in enumerate(steps, 1):
        location = f"step {k} ({type(step.move).__name__})"
        found += _entries(f"step{k}", location, parts(step.move, above, below, derivation.vocabulary))
    entries = tuple(e for e in found if isinstance(e, Entry))
    refused = tuple(e for e in found if isinstance(e, Refused))
    return Certificate(derivation.title, module or _slug(derivation.title), entries, refused)


def _slug(title: str) -> str:
    """Return a name that Coq accepts for a module.

    >>> _slug("Momentum, as the textbooks print it")
    'momentum_as_the_textbooks_print_it'
    """
    name = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")
    return name if name[:1].isalpha() else f"derivation_{name}".rstrip("_")


def step_lemmas(
    move: Move, above: Statement, below: Statement, vocabulary: Vocabulary = STANDARD
) -> tuple[list[tuple[str, Lemma]], list[tuple[str, str]]]:
    """Return the lemmas of one step.

    Parameters
    ----------
    move
        The move.
    above
        The line above.
    below
        The line below.
    vocabulary
        The dimensions of the symbols.

    Returns
    -------
    tuple of two lists
        Lemmas with their labels, and refused parts with the reasons.
    """
    return _written(parts(move, above, below, vocabulary))


def _written(wanted: Iterable[Part]) -> tuple[list[tuple[str, Lemma]], list[tuple[str, str]]]:
    lemmas: list[tuple[str, Lemma]] = []
    refused: list[tuple[str, str]] = []
    for label, make in wanted:
        try:
            lemmas += [(label, one) for one in make()]
        except (Refusal, NotInCoq) as reason:
            refused.append((label, str(reason)))
    return lemmas, refused


def _entries(prefix: str, location: str, wanted: Iterable[Part]) -> list[Entry | Refused]:
    lemmas, refused = _written(wanted)
    found: list[Entry | Refused] = [Refused(f"{location}, {label}", reason) for label, reason in refused]
    counts: dict[str, int] = {}
    for label, lemma in lemmas:
        counts[label] = counts.get(label, 0) + 1
        name = f"{prefix}_{label}" + (f"_{counts[label]}" if counts[label] > 1 else "")
        found += _entry(name, f"{location}, {label}", lemma)
    return found


def _entry(name: str, location: str, lemma: Lemma) -> list[Entry | Refused]:
    try:
        text = proved(name, lemma)
    except NotInCoq as reason:
        return [Refused(location, str(reason))]
    if not (lemma.hypotheses or lemma.line):
        return [Entry(name, location, lemma, text, "")]
    values = witness(lemma)
    if values is None:
        return [
            Entry(name, location, lemma, text, ""),
            Refused(location, "no values were found that fulfil its hypotheses"),
        ]
    return [Entry(name, location, lemma, text, can_hold(name, lemma, values))]
