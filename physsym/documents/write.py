"""Files written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path


def write_all(contents: Mapping[Path, str | bytes]) -> list[Path]:
    """Write texts and bytes to files and return the paths: all of them, or on any failure none.

    Everything is first written to temporary files and then moved; where a move fails, or the user
    interrupts, what was replaced before is put back. Raises OSError where a folder cannot be made or written,
    ValueError for text with half of a surrogate pair.
    """
    encoded = {p: c if isinstance(c, bytes) else _encoded(p, c) for p, c in contents.items()}
    staged: dict[Path, Path] = {}
    backups: dict[Path, Path | None] = {}
    try:
        for path, data in encoded.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            staged[path] = _temporary(path, data)
        for path, temporary in staged.items():
            backups[path] = _temporary(path, path.read_bytes()) if path.is_file() else None
            temporary.replace(path)
    except BaseException:
        for path, backup in backups.items():
            if backup is not None:
                backup.replace(path)
            elif path.is_file():
                path.unlink()
        raise
    finally:
        for leftover in (*staged.values(), *filter(None, backups.values())):
            leftover.unlink(missing_ok=True)
    return list(contents)


def _encoded(path: Path, content: str) -> bytes:
    try:
        return content.encode("utf-8")
    except UnicodeEncodeError as error:
        before = content[max(error.start - 30, 0) : error.start].rpartition("\n")[2]
        raise ValueError(
            f"{path} cannot be written: after {before!r} stands {content[error.start]!r}, half of a "
            "surrogate pair, which is no character; remove it from the title or the text"
        ) from None


def _temporary(path: Path, content: bytes) -> Path:
    """Write a temporary file in the folder of a path, whole or not at all."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).chmod(0o644)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)
