"""Files written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path


def write_all(contents: Mapping[Path, str | bytes]) -> list[Path]:
    """Write texts and bytes to files and return the paths: all of them, or on any failure none.

    Everything is first written beside its goal and then moved there; where a move fails, or the user
    interrupts, what was replaced before is put back. Raises OSError where a folder cannot be made or written.
    """
    waiting: dict[Path, Path] = {}
    kept: dict[Path, Path | None] = {}
    try:
        for path, content in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            waiting[path] = _beside(path, _bytes(content))
        for path, fresh in waiting.items():
            kept[path] = _aside(path)
            fresh.replace(path)
    except BaseException:
        _put_back(kept)
        raise
    finally:
        for leftover in (*waiting.values(), *filter(None, kept.values())):
            leftover.unlink(missing_ok=True)
    return list(contents)


def _bytes(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode("utf-8")


def _beside(path: Path, content: bytes) -> Path:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).chmod(0o644)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)


def _aside(path: Path) -> Path | None:
    """Keep what stands at a path under another name, and return that, or None where nothing stands there."""
    return _beside(path, path.read_bytes()) if path.is_file() else None


def _put_back(kept: Mapping[Path, Path | None]) -> None:
    for path, old in kept.items():
        if old is not None:
            old.replace(path)
        elif path.is_file():
            path.unlink()
