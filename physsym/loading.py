"""The loading of derivation scripts: which files a folder holds, how they are imported, what each exports.

Scripts are found by path. A script in a package (a folder with `__init__.py`) is imported under the name of
its package, so that scripts can share steps; a script in a plain folder is imported under its own name, and
finds its neighbours. In both cases it does not matter what else is installed, or was imported, under the same
name: modules from elsewhere give way while a script is loaded, and are put back afterwards.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import takewhile
from pathlib import Path
from types import ModuleType
from typing import ClassVar, TypeVar

from physsym.derivation import Derivation
from physsym.mechanics.claim import Claim

__all__ = ["DocumentPart", "Script", "ScriptError", "script", "scripts"]


def __dir__() -> list[str]:
    return sorted(__all__)


T = TypeVar("T")

# The package name of the shipped scripts, unless their folder can be imported under the name that it has.
_PRIVATE = "physsym._shipped"


class ScriptError(ValueError):
    """A path or a name under which no derivation is found, or a script that cannot be loaded."""


class DocumentPart:
    """Base class of what a script may export beside derivations and claims: a chapter, a book.

    `shows_statements` says whether it shows equations, findings or numbers, which `physsym check` judges.
    """

    shows_statements: ClassVar[bool] = True

    @property
    def derivations(self) -> tuple[Derivation, ...]:
        """Return the derivations that it shows whole."""
        return ()

    @property
    def files(self) -> tuple[str, ...]:
        """Return the paths of files that it is made of beside the script that exports it."""
        return ()


@dataclass(frozen=True)
class Notes(DocumentPart):
    """A Markdown file: its text, and the derivations that it names, by the line that names them.

    `included` has a pair for each line such as `<!-- derivation: pendulum.py -->`, in the order of the text:
    its number, counted from one, and the derivations. `files` are the paths of their scripts, and `folder` is
    that of the file, in which its pictures lie.
    """

    name: str
    text: str
    included: tuple[tuple[int, tuple[Derivation, ...]], ...] = ()
    files: tuple[str, ...] = ()
    folder: str = "."

    @property
    def derivations(self) -> tuple[Derivation, ...]:
        """Return the derivations that the text names, each once."""
        return tuple(dict.fromkeys(d for _, found in self.included for d in found))


@dataclass(frozen=True)
class Script:
    """A script as loaded: its name, its docstring, and what it exports, in the order of the file.

    `parts` are values of `physsym.documents.content`, such as a book, which only documents look into. `path`
    is the file that was loaded, as it was given; it is empty for a script that was not loaded from a file.
    """

    name: str
    prose: str
    derivations: tuple[Derivation, ...]
    claims: tuple[Claim, ...] = ()
    parts: tuple[DocumentPart, ...] = ()
    path: str = ""

    @property
    def shown_as(self) -> str:
        """Return the path of the script, or its name where it was not loaded from a file, for messages."""
        return self.path or self.name

    def __repr__(self) -> str:
        kinds = {"derivation": self.derivations, "claim": self.claims, "part": self.parts}
        counts = [f"{len(v)} {kind}{'s' * (len(v) != 1)}" for kind, v in kinds.items() if v]
        return f"Script({', '.join([repr(self.name), *counts, repr(self.path)])})"


def scripts(paths: Sequence[str | Path] = ()) -> tuple[Script, ...]:
    """Load the derivation scripts at the given files and folders.

    Parameters
    ----------
    paths
        Scripts, or folders of them; the derivations shipped with physsym where none is given.

    Returns
    -------
    tuple of Script
        Every script that exports a derivation, a claim or a chapter; those of a folder in the order of the
        `__all__` of its `__init__.py`, then by name, after the `__init__.py` itself.

    Raises
    ------
    ScriptError
        For a path that does not exist, a script that fails to load, or where no derivation is found.

    Examples
    --------
    >>> [script.name for script in scripts()]
    ['book', 'newton', 'gradient_descent', 'momentum', 'friction', 'stale', 'claims']
    """
    loaded = map(load, files_of(paths))
    found = tuple(s for s in loaded if s.derivations or s.claims or s.parts)
    if not found:
        raise nothing_found(paths)
    return found


def script(name: str) -> Script:
    """Load one script: a shipped one by its name, any other by its path.

    Parameters
    ----------
    name
        The name of a shipped derivation, such as ``"momentum"``, or the path of a script or of Markdown.

    Returns
    -------
    Script
        The script with its derivations.

    Raises
    ------
    ScriptError
        For a name that is not there; the message lists the names that are.

    Examples
    --------
    >>> print(script("gradient_descent").derivations[0].rule)
    x <- x - eta*grad(x)
    """
    return find_script(name, [shipped_folder()])


def find_script(name: str, folders: Sequence[str | Path]) -> Script:
    """Load a script, or Markdown that names some, by its path; or by name from the first folder with it."""
    file = Path(name)
    if {"/", "\\"} & set(name) or file.suffix in (".py", ".md") or (file.suffix and file.is_file()):
        found = scripts([name])
        if len(found) > 1:
            raise ScriptError(f"{name} holds several scripts: {', '.join(s.path for s in found)}; name one")
        return found[0]
    return load(file_named(name, folders))


def file_named(name: str, folders: Sequence[str | Path]) -> Path:
    """Return the file of a script by its name from the first of several folders that holds it.

    Raises ScriptError for a name that is not there.
    """
    known = {_name(file): file for file in reversed([f for folder in folders for f in _files(Path(folder))])}
    if name not in known:
        names = ", ".join(reversed(known))
        here = f", such as {name}.py" if Path(f"{name}.py").is_file() else ""
        near = "".join(f"; did you mean {n}?" for n in get_close_matches(name, known, n=1))
        raise ScriptError(f"no derivation is named {name!r}; there are {names} (or give a path{here}){near}")
    return known[name]


def derivation_named(what: str, folders: Sequence[str | Path] = ()) -> Derivation:
    """Return a derivation by the name or path of its script, and after a colon its own name in the script.

    Parameters
    ----------
    what
        Such as ``"momentum"``, ``"notes.py"`` or ``"notes.py:pendulum"``, or Markdown that names scripts;
        without its own name, the first one.
    folders
        Where names of scripts are looked up before the shipped ones.

    Returns
    -------
    Derivation

    Raises
    ------
    ScriptError
        Where there is no such script, or it has no such derivation.

    Examples
    --------
    >>> derivation_named("momentum").title
    'Momentum'
    """
    path, colon, name = what.rpartition(":")
    if not colon or not name.isidentifier() or Path(what).exists():
        path, name = what, ""
    found = find_script(path, [*folders, shipped_folder()])
    if not found.derivations:
        raise ScriptError(f"{path} has no derivation")
    if not name:
        return found.derivations[0]
    files = [file for part in found.parts if isinstance(part, Notes) for file in part.files] or [found.path]
    exported = [item for file in files for item in vars(_import(Path(file))).items()]
    named = {n: v for n, v in exported if isinstance(v, Derivation)}
    if name not in named:
        raise ScriptError(f"{path} has no derivation {name}; it has {', '.join(named)}")
    return named[name]


def shipped_folder() -> Path:
    """Return the folder of the shipped derivations: within an installed package, beside it in a checkout."""
    package = Path(__file__).resolve().parent
    inside = package / "_shipped"
    return inside if inside.is_dir() else package.parent / "derivations"


def nothing_found(paths: Sequence[str | Path]) -> ScriptError:
    """Return the error for paths at which no script exports a derivation."""
    where = ", ".join(map(str, paths)) or str(shipped_folder())
    return ScriptError(f"no derivation was found in {where}; a script exports Derivations by public names")


def paths_to_reload(loaded: Sequence[Script]) -> tuple[str, ...]:
    """Return the paths with which `scripts` loads these scripts again: none for all the shipped ones."""
    paths = tuple(s.path for s in loaded if s.path)
    shipped = [file.resolve() for file in files_of()]
    return () if [Path(path).resolve() for path in paths] == shipped else paths


def files_of(paths: Sequence[str | Path] = ()) -> list[Path]:
    """Return the files of the scripts at some paths, in their order; the shipped ones where none is given.

    Raises ScriptError for a path that does not exist, and for a folder without scripts.
    """
    found = {path: _files(Path(path)) for path in paths or (shipped_folder(),)}
    if empty := [path for path, files in found.items() if not files]:
        raise nothing_found(empty)
    return [file for path in paths or (shipped_folder(),) for file in found[path]]


def _files(path: Path) -> list[Path]:
    """Return a file, or the scripts and packages of a folder: as its `__all__` lists them, then by name.

    The `__init__.py` of the folder comes first where it exports derivations or claims itself.
    Hidden files are left out: editors keep lock files, which may be dangling links, beside what they edit.
    """
    if not path.exists():
        raise ScriptError(f"{path} does not exist; give a script of derivations or a folder of them")
    if not path.is_dir():
        return [path]
    inside = (*path.glob("[!_.]*.py"), *path.glob("[!_.]*/__init__.py"))
    names = {_name(file): file for file in inside if not file.is_dir()}
    package = path / "__init__.py"
    if not package.exists():
        return [names[name] for name in sorted(names)]
    module, own = _import(package), load(package)
    listed = getattr(module, "__all__", ())
    unknown = [name for name in listed if name not in names and not hasattr(module, name)]
    if unknown:
        raise ScriptError(f"{package} lists {', '.join(unknown)} in __all__, but there is no such script")
    ordered = [names[name] for name in dict.fromkeys((*listed, *sorted(names))) if name in names]
    return [package, *ordered] if own.derivations or own.claims else ordered


def _name(file: Path) -> str:
    return file.resolve().parent.name if file.name == "__init__.py" else file.stem


def load(file: Path) -> Script:
    """Import a script and collect what it exports. Raises ScriptError where it cannot be imported.

    A Markdown file is read and not run; the scripts that it names are imported.
    """
    if file.suffix == ".md":
        notes = _notes(file)
        return Script(file.stem, "", notes.derivations, parts=(notes,), path=str(file))
    module = _import(file)
    exported = [v for name, v in vars(module).items() if not name.startswith("_")]
    claims = _instances(Claim, exported)
    by_id = {claim.id: claim for claim in claims}
    for claim in claims:
        if claim is not by_id[claim.id] and claim.identity != by_id[claim.id].identity:
            raise ScriptError(
                f"{file} has two different claims with the id {claim.id}; give each one of its own"
            )
    parts = _instances(DocumentPart, exported)
    return Script(
        name=_name(file),
        prose=module.__doc__ or "",
        derivations=_instances(Derivation, [*exported, *(part.derivations for part in parts)]),
        claims=claims,
        parts=parts,
        path=str(file),
    )


_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
# A line that names a script, or one derivation of it: <!-- derivation: FILE.py[:NAME] -->, or the same in the
# first line of a fence, as directives of MyST are written: ```{derivation} FILE.py[:NAME]
_NAMED = re.compile(
    r"^ {0,3}(?:<!--\s*derivation:\s*(.*?)\s*-->|(?:`{3,}|~{3,})\s*\{derivation\}\s*(.*?))\s*$"
)


def _notes(file: Path) -> Notes:
    """Read a Markdown file, and load the scripts that it names."""
    text = read_markdown(file)
    named = lines_that_name(text)
    included = tuple((number, _derivations_named(name, file, number)) for number, name in named)
    files = dict.fromkeys(str(file.parent / name.partition(":")[0]) for _, name in named)
    return Notes(file.stem, text, included, tuple(files), str(file.parent))


def read_markdown(file: Path) -> str:
    """Return the text of a Markdown file. Raises ScriptError where it is not there, or not in UTF-8."""
    if not file.is_file():
        raise ScriptError(f"there is no file {file}")
    if file.suffix == ".ipynb":
        raise ScriptError(f"{file} is a notebook; a file of Markdown was expected")
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ScriptError(f"{file} is not encoded in UTF-8: {error.reason} at byte {error.start}") from error


def lines_that_name(text: str) -> list[tuple[int, str]]:
    """Return the numbers of the lines of a Markdown text that name derivations, and what they name.

    >>> lines_that_name("# Title\\n\\n<!-- derivation: pendulum.py -->\\n")
    [(3, 'pendulum.py')]
    """
    named, fence = [], ""
    for number, line in enumerate(text.splitlines(), 1):
        mark = _FENCE.match(line)
        if fence:  # what is within a fence is code
            closes = mark and mark[1].startswith(fence) and not line.strip(" " + fence[0])
            fence = "" if closes else fence
            continue
        if found := _NAMED.match(line):
            named.append((number, found[1] or found[2] or ""))
        fence = mark[1] if mark else ""
    return named


def _derivations_named(name: str, file: Path, number: int) -> tuple[Derivation, ...]:
    """Return the derivations that a line of a Markdown file names, from a script beside it or below."""
    where, (path, _, variable) = f"{file}, line {number}", name.partition(":")
    script, folder = file.parent / path, file.resolve().parent
    if not path.endswith(".py"):
        raise ScriptError(
            f"{where}: name a script, such as pendulum.py or pendulum.py:derivation; given {name!r}"
        )
    if not script.resolve().is_relative_to(folder):
        raise ScriptError(f"{where}: {path} lies elsewhere; a Markdown file names scripts of its own folder")
    if not script.is_file():
        raise ScriptError(f"{where}: there is no script {script}")
    exported = vars(_import(script))
    if not variable:
        found = _instances(Derivation, [v for key, v in exported.items() if not key.startswith("_")])
        if not found:
            raise ScriptError(f"{where}: {path} exports no derivation")
        return found
    value = exported.get(variable)
    if not isinstance(value, Derivation):
        names = ", ".join(k for k, v in exported.items() if isinstance(v, Derivation)) or "none"
        raise ScriptError(f"{where}: {path} has no derivation {variable}; there are {names}")
    return (value,)


def load_module(file: Path) -> ModuleType:
    """Import a file as scripts are imported. Raises ScriptError, which names the line, where it cannot be."""
    return _import(file)


def _instances(kind: type[T], exported: Sequence[object]) -> tuple[T, ...]:
    """Return every value of a kind once, those within collections included; document parts have no hash."""
    found: dict[object, T] = {}
    for value in _members(exported, set()):
        if isinstance(value, kind):
            found.setdefault(id(value) if isinstance(value, DocumentPart) else value, value)
    return tuple(found.values())


def _members(values: Iterable[object], entered: set[int]) -> Iterator[object]:
    """Yield values, and in place of a tuple, a list or a dictionary what it holds, each collection once."""
    for value in values:
        if not isinstance(value, tuple | list | dict):
            yield value
        elif id(value) not in entered:
            entered.add(id(value))
            yield from _members(value.values() if isinstance(value, dict) else value, entered)


# Modules of user folders that gave way to others of the same name once they were loaded, by folder.
_set_aside: dict[Path, dict[str, ModuleType]] = {}
# Plain folders from which scripts were loaded: modules from there may give way, those of libraries may not.
_plain_folders: set[Path] = set()
# Time and size of each file when it was loaded here, so that an edited script is loaded anew.
_versions: dict[Path, tuple[int, int]] = {}


def _import(file: Path) -> ModuleType:
    """Import a file, under the name of its package where it lies in one; the same module each time."""
    file = file.resolve()
    packages = list(takewhile(lambda folder: (folder / "__init__.py").exists(), file.parents))[::-1]
    if not packages:
        return _import_plain(file)
    outer = packages[0]
    prefix = outer.name
    if outer == shipped_folder() and _origin(prefix) != outer / "__init__.py":
        prefix = _PRIVATE
    with _importable(outer.parent, {prefix}):
        for folder in packages:
            name = ".".join((prefix, *folder.relative_to(outer).parts))
            module = _executed(name, folder / "__init__.py")
        return module if file.name == "__init__.py" else _executed(f"{name}.{file.stem}", file)


def _import_plain(file: Path) -> ModuleType:
    """Import a file of a plain folder, beside its neighbours; by its own name, unless a library has it."""
    folder = file.parent
    _plain_folders.add(folder)
    neighbours = {_name(f) for f in (*folder.glob("*.py"), *folder.glob("*/__init__.py"))}
    origin = _origin(file.stem)
    name = (
        file.stem
        if origin in (None, file) or _is_script(origin)
        else f"_physsym_script_{file.stem.replace('.', '_')}"
    )
    with _importable(folder, neighbours):
        return _executed(name, file)


def _origin(name: str) -> Path | None:
    """Return the file that is, or would be, imported under a name; None where there is none."""
    try:
        spec = importlib.util.find_spec(name)
    except (ValueError, ImportError):  # `__main__`, or a name with a dot: neither is to be taken
        return Path(name)
    return Path(spec.origin).resolve() if spec and spec.origin else None


def _is_script(file: Path | None) -> bool:
    return file is not None and bool(_plain_folders.intersection(file.parents))


@contextmanager
def _importable(folder: Path, names: set[str]) -> Iterator[None]:
    """Let imports look in a folder first, where modules of these names from elsewhere give way meanwhile.

    Modules of libraries do not give way to the scripts of a plain folder.
    """
    plain = folder in _plain_folders
    gone = _take(names, lambda file: folder not in file.parents and (_is_script(file) or not plain))
    sys.modules.update(_set_aside.pop(folder, {}))
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        if gone:
            _set_aside[folder] = _take(names, lambda file: folder in file.parents)
            sys.modules.update(gone)


def _take(names: set[str], chosen: Callable[[Path], bool]) -> dict[str, ModuleType]:
    """Remove modules from `sys.modules`: those under these names whose files are chosen; return them."""
    named = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in names}
    taken = {name: module for name, module in named.items() if (file := _file(module)) and chosen(file)}
    for name in taken:
        del sys.modules[name]
    return taken


def _file(module: ModuleType) -> Path | None:
    file = getattr(module, "__file__", None)
    return Path(file).resolve() if file else None


def _executed(name: str, file: Path) -> ModuleType:
    """Import a file under a name; once, unless it was changed since."""
    known, state = sys.modules.get(name), file.stat()
    version = (state.st_mtime_ns, state.st_size)
    if known and _file(known) == file and _versions.get(file, version) == version:
        return known
    if not file.is_file():  # to read a pipe might wait forever
        raise ScriptError(f"{file} is not a regular file; give a script of derivations or a folder of them")
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        notebook = "; physsym audit judges the formulas of a notebook" * (file.suffix == ".ipynb")
        kinds = "neither a Python script (.py) nor Markdown that names some (.md)"
        raise ScriptError(f"{file} is {kinds}{notebook}")
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[name]
        if isinstance(error, KeyboardInterrupt):
            raise
        raise _fault(file, error) from error
    _versions[file] = version
    return module


def _fault(file: Path, error: BaseException) -> ScriptError:
    """Return the error for a script that stopped with an exception: where, in the script or a neighbour."""
    frames = [(f.filename, f.lineno or 0) for f in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename:
        frames.append((error.filename, error.lineno or 0))
    # Code that was made of text, as the __init__ of a dataclass is, is in no file: its name is "<string>".
    files = [(Path(name), line) for name, line in frames if not name.startswith("<")]
    inside = [(name, line) for name, line in files if file.parent in name.resolve().parents]
    where, line = inside[-1] if inside else (file, 1)
    here = Path.cwd()
    shown = file.relative_to(here) if file.is_relative_to(here) else file
    what = error.msg if isinstance(error, SyntaxError) else str(error)
    hint = "; put an empty __init__.py beside it" if "no known parent package" in what else ""
    return ScriptError(
        f"{shown} could not be loaded: {where.name}, line {line}: {type(error).__name__}: {what}{hint}"
    )
