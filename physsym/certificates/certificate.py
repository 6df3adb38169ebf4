"""A certificate: the lemmas of a derivation, step by step, and what was not written as a lemma."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import singledispatch
from itertools import accumulate

from sympy import Integer, Symbol

from physsym.certificates.algebra import algebra
from physsym.certificates.formula import Relation
from physsym.certificates.inequality import sign_of_symbol, taken_for_granted, unit_range
from physsym.certificates.integrate import order, quotient
from physsym.certificates.lemma import Lemma, Proof, Refusal, lemma
from physsym.certificates.limit import attraction, limit
from physsym.certificates.meaning import left_by_motions, misused_names, never_holds, objections
from physsym.certificates.printer import NotInCoq
from physsym.certificates.vernacular import IMPORTS, can_hold, comment, proved
from physsym.certificates.witness import witness
from physsym.core.dimensions import ONE, DimensionError
from physsym.core.motion import moves, moving
from physsym.core.signs import declares_sign
from physsym.core.statements import Statement
from physsym.derivation import Derivation, DerivationError
from physsym.mechanics.moves import Define, Integrate, Limit, Move
from physsym.vocabulary import STANDARD, Vocabulary

Part = tuple[str, Callable[[], Iterable[Lemma]]]  # what is shown, and who writes the lemmas of it
TOGETHER = "all steps together"


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
class Status:
    """Whether a step is certified, or the reasons why that is withheld.

    Parameters
    ----------
    location
        The step, such as "step 3 (Limit)", or "the start".
    reasons
        Why a certificate is withheld; empty where each part of the step has lemmas.
    given
        Whether it is a start of which nothing is claimed.
    """

    location: str
    reasons: tuple[str, ...] = ()
    given: bool = False

    @property
    def certified(self) -> bool:
        """Return whether all parts have lemmas."""
        return not self.reasons and not self.given

    def __str__(self) -> str:
        if self.given:
            return f"{self.location}: given"
        said = f"withheld, because {'; '.join(self.reasons)}" if self.reasons else "certified"
        return f"{self.location}: {said}"


@dataclass(frozen=True)
class Certificate:
    """What is written for Coq of one derivation; `module` is the name of its file, without `.v`.

    `locations` are the start and the steps, in order; a start of which nothing is claimed is `given`.
    """

    title: str
    module: str
    entries: tuple[Entry, ...]
    refused: tuple[Refused, ...]
    locations: tuple[str, ...] = ()
    given: bool = False

    @property
    def statuses(self) -> tuple[Status, ...]:
        """Return the status of the start, then one a step, provided that Coq proves every lemma."""
        return statuses(self)

    @property
    def text(self) -> str:
        """Return the file: every lemma with its proof, then the question on which axioms they all rest."""
        lemmas = (
            f"(* {comment(f'{e.location}: {e.lemma.kind}')} *)\n{e.text}{e.witness}" for e in self.entries
        )
        names = ", ".join(["I", *(name for e in self.entries for name in e.names)])
        last = f"Definition certificate := ({names}).\nPrint Assumptions certificate.\n"
        return "\n".join((f"(* {comment(self.title)} *)", IMPORTS, *lemmas, last))


def statuses(certificate: Certificate, failed: Iterable[str] = ()) -> tuple[Status, ...]:
    """Return the status of the start and of each step, where Coq does not prove some lemmas.

    Parameters
    ----------
    certificate
        The certificate.
    failed
        The names of the lemmas that are not proved.

    Returns
    -------
    tuple of Status
        Of the start, then one a step.
    """
    not_proved = set(failed)
    names = ((e.location, name) for e in certificate.entries for name in e.names if name in not_proved)
    reasons = [
        *((r.location, r.reason) for r in certificate.refused),
        *((location, f"Coq does not prove {name}") for location, name in names),
    ]
    start, *steps = certificate.locations
    why = {
        one: dict.fromkeys(reason for at, reason in reasons if at.split(", ")[0] in (one, TOGETHER))
        for one in (start, *steps)
    }
    given = Status(start, given=True) if certificate.given else Status(start, tuple(why[start]))
    return (given, *(Status(step, tuple(why[step])) for step in steps))


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
    if declares_sign(move.symbol):
        return [line, ("sign", lambda: [sign_of_symbol(move)])]
    return [line, ("range", lambda: [unit_range(move)])] if _is_number(move, vocabulary) else [line]


def _is_number(move: Define, vocabulary: Vocabulary) -> bool:
    try:
        return vocabulary.dimension(move.symbol) == ONE
    except DimensionError:
        return False


@parts.register(Limit)
def _(move: Limit, above: Statement, below: Statement, vocabulary: Vocabulary) -> list[Part]:
    fast: Part = ("attraction", lambda: attraction(move, above, below))
    return [("limit", lambda: [limit(move, above, below)]), fast]


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
    """
    taken = getattr(derivation.start, "assuming", ())
    granted: list[Part] = [("granted", lambda: [taken_for_granted(c) for c in taken])] if taken else []
    found = _entries("start", "the start", granted)
    if derivation.system is not None:
        found.append(Refused("the start, law", "no lemma says that it follows from the Lagrangian"))
    steps, (lines, broken) = derivation.steps, _lines(derivation)
    impossible = next((f"{c} is assumed at the start, and never holds" for c in taken if never_holds(c)), "")
    locations = [f"step {k} ({type(step.move).__name__})" for k, step in enumerate(steps, 1)]
    misused = misused_names([step.move for step in steps[: len(lines) - 1]], lines)
    known = [*accumulate(lines, _also, initial=derivation.vocabulary.moving)]
    pairs = zip(steps, locations, misused, lines, lines[1:], strict=False)
    for k, (step, location, misuse, above, below) in enumerate(pairs, 1):
        if wrong := impossible or misuse:
            found.append(Refused(location, wrong))
        else:
            wanted = _parts(step.move, above, below, derivation.vocabulary, known[k - 1])
            found += _entries(f"step{k}", location, wanted)
    found += [Refused(location, broken) for location in locations[len(lines) - 1 :]]
    found += _together([e for e in found if isinstance(e, Entry)], lines, known[-1])
    entries = tuple(e for e in found if isinstance(e, Entry))
    refused = tuple(e for e in found if isinstance(e, Refused))
    return Certificate(
        derivation.title,
        module or _slug(derivation.title),
        entries,
        refused,
        ("the start", *locations),
        given=not any(e.location.startswith("the start") for e in found),
    )


def _lines(derivation: Derivation) -> tuple[tuple[Statement, ...], str]:
    """Return the lines as far as the steps give any, and why there are no more."""
    try:
        return derivation.lines, ""
    except DerivationError as reason:
        return _lines(replace(derivation, steps=derivation.steps[:-1]))[0], str(reason)


def _also(known: tuple[Symbol, ...], line: Statement) -> tuple[Symbol, ...]:
    """Return what is known to move, once a line is read."""
    return tuple(sorted({*known, *moving(line, known)}, key=str))


def _parts(
    move: Move, above: Statement, below: Statement, vocabulary: Vocabulary, also: tuple[Symbol, ...]
) -> list[Part]:
    """Return the parts of a step, or the objections to what its lemmas would take for granted."""
    reasons = [*objections(move, above, below, also)]
    if reasons:
        return [("meaning", lambda: _refused("; ".join(reasons)))]
    left: list[Part] = [
        ("motion", lambda reason=reason: _refused(reason))  # type: ignore[misc]
        for reason in left_by_motions(move, above, below, also)
    ]
    return [*parts(move, above, below, vocabulary), *left]


def _refused(reason: str) -> Iterable[Lemma]:
    raise Refusal(reason)


def _together(
    entries: list[Entry], lines: tuple[Statement, ...], also: tuple[Symbol, ...]
) -> list[Entry | Refused]:
    """Return the lemma that all that the steps suppose of constants can hold at once."""
    supposed = dict.fromkeys(
        h
        for e in entries
        if e.lemma.kind != "attraction"
        for h in e.lemma.hypotheses
        if isinstance(h, Relation)
        and not any(moves(side, line, also) for side in (h.left, h.right) for line in lines)
    )
    if all(h.sign in ("<", "<=") for h in supposed):
        return []
    says = "what the steps suppose of constants can hold at once, by the numbers below"
    nothing = Relation(Integer(0), "=", Integer(0))
    return _entry("together", TOGETHER, lemma("inequality", says, nothing, Proof("equation"), supposed))


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
    known = _also(_also(vocabulary.moving, above), below)
    return _written(_parts(move, above, below, vocabulary, known))


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
    for label, one in lemmas:
        counts[label] = counts.get(label, 0) + 1
        name = f"{prefix}_{label}" + (f"_{counts[label]}" if counts[label] > 1 else "")
        found += _entry(name, f"{location}, {label}", one)
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
        return [Refused(location, "no numbers were found for which all that it supposes holds")]
    return [Entry(name, location, lemma, text, can_hold(name, lemma, values))]
