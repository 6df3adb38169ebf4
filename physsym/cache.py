"""Verdicts kept on disk, each under a digest of everything that it depends on.

The digest covers the move, both lines with the assumptions of their symbols, the source text of this package
and the versions of the libraries that check: one changed character, and the step is checked anew. A verdict
found on disk saves time, and proves nothing to somebody who does not trust the disk: `PHYSSYM_CACHE=0`
switches it off.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, wraps
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

from sympy.external.gmpy import GROUND_TYPES

from physsym.encoding import EncodingError, decoded, encoded
from physsym.moves import Move
from physsym.statement import Statement
from physsym.verdict import Outcome, Verdict

Check: TypeAlias = Callable[[Move, Statement, Statement], Verdict]

SWITCH = "PHYSSYM_CACHE"
MOST_ENTRIES = 4096
MOST_BYTES = 64 * 1024
LIBRARIES = ("sympy", "mpmath", "numpy", "python_flint", "z3_solver")

# Doubt may be due to a time limit: it is looked at again each time.
KEPT = (Outcome.HOLDS, Outcome.CONDITIONAL, Outcome.APPROXIMATE, Outcome.FAILS)


def _digest(*parts: bytes) -> str:
    joined = hashlib.sha256()
    for part in parts:
        joined.update(len(part).to_bytes(8, "big") + part)
    return joined.hexdigest()


def code_digest(package: Path, paths: Iterable[str]) -> str:
    """Return a digest of the source text of a package and of the versions of the libraries on the paths.

    A version is read off the name of the folder in which the installer keeps its notes: importing
    `importlib.metadata`, or z3 itself, would take longer than all the rest.
    """
    home = str(package)
    texts = ((path.removeprefix(home).encode(), _text(path)) for path in sorted(_sources(home)))
    versions = (sys.version, GROUND_TYPES, *_versions(paths))
    return _digest(*chain.from_iterable(texts), *map(str.encode, versions))


# `pathlib` takes twice as long, and this is done each time that the package is loaded.
def _sources(folder: str) -> Iterator[str]:
    for entry in os.scandir(folder):
        if entry.is_dir():
            yield from _sources(entry.path)
        elif entry.name.endswith(".py"):
            yield entry.path


def _text(path: str) -> bytes:
    with open(path, "rb") as file:  # noqa: PTH123
        return file.read()


def _versions(paths: Iterable[str]) -> list[str]:
    folders = [Path(path) for path in paths if Path(path).is_dir()]
    names = [entry.name for folder in folders for entry in os.scandir(folder)]
    known = tuple(f"{library}-" for library in LIBRARIES)
    return sorted(n for n in names if n.lower().startswith(known) and n.endswith((".dist-info", ".egg-info")))


@lru_cache(maxsize=1)
def own_code() -> str:
    """Return the digest of this package and of the libraries that check."""
    return code_digest(Path(__file__).parent, sys.path)


def key(move: Move, above: Statement, below: Statement, code: str) -> str:
    """Return the digest under which the verdict on a step is kept, or raise EncodingError if it cannot be."""
    return _digest(json.dumps([encoded(part) for part in (move, above, below)]).encode(), code.encode())


def folder() -> Path | None:
    """Return where verdicts are kept, or None where `PHYSSYM_CACHE=0` switches that off.

    That is `physsym` in the folder that `XDG_CACHE_HOME` names, or in `.cache` at home.
    """
    if os.environ.get(SWITCH) == "0":
        return None
    named = os.environ.get("XDG_CACHE_HOME", "")
    try:
        return (Path(named) if Path(named).is_absolute() else Path.home() / ".cache") / "physsym"
    except RuntimeError:
        return None


def kept(check: Check, rule: Callable[[type], object]) -> Check:
    """Return the check with its verdicts kept on disk from one run to the next.

    `rule` gives the function that checks a kind of move. Moves and checks from outside this package are not
    kept, since nobody knows what they depend on. A folder that cannot be read or written costs time, no more.
    """

    @wraps(check)
    def checked(move: Move, above: Statement, below: Statement) -> Verdict:
        return _remembered(_entry(move, above, below, rule(type(move))), lambda: check(move, above, below))

    return checked


def remembered(compute: Callable[[], Verdict], *depends: str) -> Verdict:
    """Return a verdict, kept on disk from one run to the next.

    `depends` tells all that it depends on, beside the source text of this package and the libraries.
    """
    home = folder()
    digest = _digest(*map(str.encode, (own_code(), *depends)))
    return _remembered(None if home is None else home / f"{digest}.json", compute)


def _remembered(entry: Path | None, compute: Callable[[], Verdict]) -> Verdict:
    known = None if entry is None else read(entry)
    if known is not None:
        return known
    verdict = compute()
    if entry is not None:
        write(entry, verdict)
    return verdict


def _entry(move: Move, above: Statement, below: Statement, rule: object) -> Path | None:
    home = folder()
    if home is None or not str(getattr(rule, "__module__", "")).startswith("physsym."):
        return None
    try:
        return home / f"{key(move, above, below, own_code())}.json"
    except EncodingError:
        return None


def read(entry: Path) -> Verdict | None:
    """Return the verdict in a file, or None where there is none, or none that is whole."""
    try:
        if entry.stat().st_size > MOST_BYTES:
            return None
        node, seal = json.loads(entry.read_bytes())
        verdict = decoded(node) if seal == _seal(entry, node) else None
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return None
    return verdict if isinstance(verdict, Verdict) else None


def _seal(entry: Path, node: Any) -> str:
    return _digest(entry.name.encode(), json.dumps(node).encode())


def write(entry: Path, verdict: Verdict) -> None:
    """Keep a verdict in a file, all at once or not at all, if it would be read back the same."""
    try:
        node = encoded(verdict)
        text = json.dumps([node, _seal(entry, node)])
        if verdict.outcome in KEPT and decoded(json.loads(text)[0]) == verdict and len(text) <= MOST_BYTES:
            entry.parent.mkdir(parents=True, exist_ok=True)
            _replace(entry, text)
            _forget_oldest(entry.parent)
    except (OSError, EncodingError):
        return


def _replace(entry: Path, text: str) -> None:
    with tempfile.NamedTemporaryFile("w", dir=entry.parent, suffix=".part", delete=False) as draft:
        draft.write(text)
    try:
        Path(draft.name).replace(entry)
    finally:
        Path(draft.name).unlink(missing_ok=True)


def _forget_oldest(home: Path) -> None:
    """Remove the older half once there are too many; another process may be doing the same."""
    if sum(1 for _ in os.scandir(home)) > MOST_ENTRIES:
        oldest = sorted(home.iterdir(), key=lambda path: path.stat().st_mtime)
        for path in oldest[: len(oldest) - MOST_ENTRIES // 2]:
            path.unlink(missing_ok=True)


# Taken when the code is loaded, if at all: in a session that goes on for long the files may change under it.
if folder() is not None:
    own_code()
