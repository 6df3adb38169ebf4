"""Derivation scripts: finding them, loading them, and what each holds."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

from physsym.derivation import Derivation
from physsym.documents.content import Book, Chapter, Comparisons
from physsym.mechanics.claim import Claim

SHIPPED = "derivations"


class ScriptError(ValueError):
    """A path or a name under which no derivation is found, or a script that cannot be loaded."""


@dataclass(frozen=True)
class Script:
    """A script as read: name, docstring, and what it makes, in its order.

    Chapters that a `Book` holds are those of the script, in the order of the book. `path` is where it was
    read from: a file as it was given, the name of the module for a shipped script, nothing for a script that
    was not read at all.
    """

    name: str
    prose: str
    derivations: tuple[Derivation, ...]
    claims: tuple[Claim, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    book: Book | None = None
    path: str = ""
    comparisons: tuple[Comparisons, ...] = ()


def scripts(paths: Sequence[str | Path] = ()) -> tuple[Script, ...]:
    """Return the scripts at the given files and folders; the shipped ones where no path is given.

    Raises ScriptError for a path that does not exist, a script that fails to load, or no derivation at all.
    """
    modules = [pair for path in paths for pair in _modules(Path(path))] if paths else list(_shipped())
    read = (replace(_read(module), path=path) for path, module in modules)
    found = tuple(s for s in read if s.derivations or s.claims or s.chapters)
    if not found:
        raise ScriptError(f"no derivation was found in {', '.join(map(str, paths)) or SHIPPED}")
    return found


def script(name: str) -> Script:
    """Return one script: a shipped one by its name, any other by its path.

    Raises ScriptError, which lists the names there are, for one that is not found.
    """
    if name.endswith(".py") or "/" in name:
        return scripts([name])[0]
    known = {s.name: s for s in scripts()}
    if name not in known:
        raise ScriptError(f"no derivation is named {name!r}; there are {', '.join(known)} (or give a path)")
    return known[name]


def _modules(path: Path) -> Iterator[tuple[str, ModuleType]]:
    if not path.exists():
        raise ScriptError(f"{path} does not exist; give a script of derivations or a folder of them")
    files = _in_order(path) if path.is_dir() else [path]
    for file in files:
        yield str(file), _load(file)


def _in_order(folder: Path) -> list[Path]:
    """Return the scripts and packages of a folder: as its package lists them in `__all__`, else by name."""
    package = folder / "__init__.py"
    listed = getattr(_load(package), "__all__", ()) if package.exists() else ()
    inside = [*folder.glob("*.py"), *(p.parent for p in folder.glob("*/__init__.py"))]
    rest = sorted(p.stem for p in inside if not p.stem.startswith("_"))
    return [_file(folder, name) for name in dict.fromkeys((*listed, *rest))]


def _file(folder: Path, name: str) -> Path:
    package = folder / name / "__init__.py"
    return package if package.exists() else folder / f"{name}.py"


def _shipped() -> Iterator[tuple[str, ModuleType]]:
    package = importlib.import_module(SHIPPED)
    others = (m.name for m in pkgutil.iter_modules(package.__path__))
    names = (f"{SHIPPED}.{name}" for name in dict.fromkeys((*package.__all__, *others)))
    return ((name, importlib.import_module(name)) for name in names)


def _load(file: Path) -> ModuleType:
    """Import a file, under its package's name where it lies in a package, so that scripts can share steps."""
    parts, top = _package(file.resolve())
    name = ".".join(parts)
    known = sys.modules.get(name)
    if known is not None and Path(known.__file__ or "").resolve() == file.resolve():
        return known
    with _findable(top):
        return _executed(name, file)


def _package(file: Path) -> tuple[list[str], Path]:
    """Return the parts of the name under which a file is imported, and the folder above all its packages."""
    own = file.stem == "__init__"
    parts, folder = [] if own else [file.stem], file.parent
    while (folder / "__init__.py").exists():
        parts, folder = [folder.name, *parts], folder.parent
    return parts, folder


def _executed(name: str, file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ScriptError(f"{file} is no Python script")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ScriptError(f"{file} could not be loaded: {type(error).__name__}: {error}") from error
    return module


class _findable:
    """Let imports look in one more folder for a while."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def __enter__(self) -> None:
        sys.path.insert(0, self.folder)

    def __exit__(self, *_: object) -> None:
        sys.path.remove(self.folder)


def _read(module: ModuleType) -> Script:
    values = [v for name, v in vars(module).items() if not name.startswith("_")]
    book = next(iter(_flat(values, Book)), None)
    return Script(
        module.__name__.rpartition(".")[2],
        module.__doc__ or "",
        tuple(dict.fromkeys(_flat(values, Derivation))),
        tuple(dict.fromkeys(_flat(values, Claim))),
        book.chapters if book else _each(_flat(values, Chapter)),
        book,
        comparisons=tuple(dict.fromkeys(_flat(values, Comparisons))),
    )


def _each(chapters: Iterable[Chapter]) -> tuple[Chapter, ...]:
    """Return every chapter once; chapters hold tables and mappings, which have no hash."""
    return tuple({id(c): c for c in chapters}.values())


def _flat(values: Iterable[object], kind: type) -> Iterator:  # type: ignore[type-arg]
    for value in values:
        if isinstance(value, kind):
            yield value
        elif isinstance(value, tuple):
            yield from (v for v in value if isinstance(v, kind))
