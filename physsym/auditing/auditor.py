"""Audits of files: their formulas are found, read in their context, and judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from physsym.auditing.audits import Audit, Entry
from physsym.auditing.files import files_of, texts_of
from physsym.auditing.judges import SECONDS, judged
from physsym.auditing.texts import Text
from physsym.core.arguments import named_arguments


@dataclass(frozen=True)
class Started:
    """The beginning of the audit of a file: how many formulas it has, and what of it was not read."""

    path: str
    formulas: int
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refused:
    """A file that was not audited to its end, and why."""

    path: str
    reason: str


def entries_of(text: Text, budget: float = SECONDS) -> Iterator[Entry]:
    """Yield what is said of each formula of a text.

    A formula that is said to fail, without how it was read or what differs, is undecided.

    Raises ValueError for a hint that cannot be carried out, with its line.
    """
    try:
        for entry in judged(text, budget):
            shows = entry.details or (entry.is_hinted and entry.says)
            if entry.kind == "fails" and not (entry.readings and shows):
                yield replace(entry, kind="undecided", says=f"no evidence was given: {entry.says}")
            else:
                yield entry
    except ValueError as error:
        reason = str(error)
        raise ValueError(reason if reason.startswith(text.path) else f"{text.path}: {reason}") from error


def audited(file: Path, budget: float = SECONDS) -> Iterator[Started | Entry | Refused]:
    """Yield the audit of a file bit by bit; what cannot be read is refused, and never raised.

    What an error within the package interrupts is refused too: the other files are audited.
    """
    try:
        text = texts_of(file)
        yield Started(text.path, len(text.formulas), text.remarks)
        yield from entries_of(text, budget)
    except (ValueError, OSError) as error:
        yield Refused(str(file), str(error))
    except Exception as error:
        reason = f"{file}: an error of physsym, please report it: {type(error).__name__}: {error}"
        yield Refused(str(file), reason)


@named_arguments
def audit(paths: str | Path | Sequence[str | Path], *, budget: float = SECONDS) -> Audit:
    """Audit the formulas of somebody's notes: what holds, what fails and where, and what was not read.

    Parameters
    ----------
    paths
        A file of Markdown, LaTeX, reStructuredText, HTML, Python or a notebook, a folder of them, a pattern
        such as `notes/**/*.md`, or several of these.
    budget
        The processor time in seconds for each file; what is left when it is used up is undecided.

    Returns
    -------
    Audit
        An entry for each formula; `str` is the table of what there is to say.

    Raises
    ------
    ValueError
        For a path that is not there, a file that is no text, or a wrong hint, with its line.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> notes = Path(tempfile.mkdtemp()) / "notes.md"
    >>> _ = notes.write_text("Expanding, $$(x + c)^2 = x^2 + 2 c x + c^2 = x^2 + c (2 x - c).$$")
    >>> found = audit(notes)
    >>> [entry.kind for entry in found.failing]
    ['fails']
    """
    entries, remarks = list[Entry](), list[tuple[str, str]]()
    for file in files_of([paths] if isinstance(paths, (str, Path)) else paths):
        text = texts_of(file)
        remarks += [(text.path, remark) for remark in text.remarks]
        entries += entries_of(text, budget)
    return Audit(tuple(entries), tuple(remarks))
