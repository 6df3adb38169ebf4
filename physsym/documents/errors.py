"""Errors in what an author wrote: which part of which script cannot be computed or written, and why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from traceback import extract_tb

from physsym.parsing import ReadError


class DocumentError(ValueError):
    """A part of a document that cannot be computed or written: which part of which script, and why."""


@contextmanager
def naming(*where: str) -> Iterator[None]:
    """Raise errors anew as a DocumentError that says where they arose; a package may be missing."""
    try:
        yield
    except (DocumentError, ImportError):
        raise
    except Exception as error:
        raise DocumentError(f"{', '.join(filter(None, where))}: {reason_of(error)}") from error


def reason_of(error: Exception) -> str:
    """Return an error in one line; for one that an author's function raised, with the line of that."""
    if isinstance(error, ReadError):
        return f"{error.message} (in `{error.text.strip()}`)"
    last = extract_tb(error.__traceback__)[-1]
    own = Path(__file__).parents[1] in Path(last.filename).parents
    if isinstance(error, ValueError) and own:
        return str(error)
    at = "" if own else f"{last.filename}, line {last.lineno}: "
    return f"it could not be computed: {at}{type(error).__name__}: {error}"
