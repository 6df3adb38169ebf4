"""Files written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path


def write_all(texts: Mapping[Path, str]) -> list[Path]:
    """Write texts to files and return the paths; on any failure no file is left half written.

    Every text is first written beside its goal and then moved there in one step. Raises OSError where a
    folder cannot be made or written.
    """
    waiting: list[tuple[str, Path]] = []
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            waiting.append((_beside(path, text), path))
        for temporary, path in waiting:
            Path(temporary).replace(path)
    finally:
        for temporary, _ in waiting:
            Path(temporary).unlink(missing_ok=True)
    return list(texts)


def _beside(path: Path, text: str) -> str:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
    Path(name).chmod(0o644)
    return name
