"""Files written whole or not at all, also where the process is killed in the midst of it.

Everything is written to a temporary folder first. A folder that is not there yet is then renamed into being.
One that is there is exchanged for a copy of it with the new files, in which all others are hard links: one
call of the system, after which every file is new. Where that cannot be done (a single file, the working
folder, a file system without such a call) files are replaced one after the other, and what they replace is
kept until all are: a process that was killed in between is undone by the next one that writes to the folder.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shutil
import stat
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from secrets import token_hex
from typing import IO

# The temporary folder of a process, with its number.
STAGE = ".physsym-{}-{}.part"
# A folder with more entries than that is not exchanged for a copy.
MOST = 1000


def write_all(contents: Mapping[Path, str | bytes]) -> list[Path]:
    """Write texts and bytes to files and return the paths: all of them, or on any failure none.

    The target of a link is written, and the link stays; a file keeps its mode, and a new one has that
    which the system gives to new files.

    Parameters
    ----------
    contents
        What each file is to hold.

    Returns
    -------
    list of Path
        The paths as they were given.

    Raises
    ------
    OSError
        Where a folder cannot be made or written, or a file is read-only or none.
    ValueError
        For text with half of a surrogate pair, and where two paths are one file.
    """
    files: dict[Path, bytes] = {}
    for path, content in contents.items():
        target = path.resolve()
        if target in files:
            raise ValueError(f"{path} is another name of a file that is written as well")
        _refuse_target(path, target)
        files[target] = content if isinstance(content, bytes) else _encoded(path, content)
    if files:
        folder = Path(os.path.commonpath([target.parent for target in files]))
        there = next(f for f in (folder, *folder.parents) if f.exists())
        recover(there)
        recover(there.parent)
        if not (_as_new_folder(folder, files) or _as_exchanged_folder(folder, files)):
            _one_by_one(folder, files)
    return list(contents)


def _refuse_target(path: Path, target: Path) -> None:
    """Raise OSError for what is there and is no file, or may not be written."""
    if target.is_dir():
        raise IsADirectoryError(f"{path} is a folder; a file of that name was to be written")
    if target.exists() and not target.is_file():
        raise OSError(f"{path} is neither a file nor a folder; a file of that name was to be written")
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(f"{path} is read-only; make it writable, or write elsewhere")


def _encoded(path: Path, content: str) -> bytes:
    try:
        return content.encode("utf-8")
    except UnicodeEncodeError as error:
        before = content[max(error.start - 30, 0) : error.start].rpartition("\n")[2]
        raise ValueError(
            f"{path} cannot be written: after {before!r} stands {content[error.start]!r}, half of a "
            "surrogate pair, which is no character; remove it from the title or the text"
        ) from None


# ------------------------------------------------------------------ the three ways


def _as_new_folder(folder: Path, files: Mapping[Path, bytes]) -> bool:
    """Write files into a folder that is not there, by renaming one; return False where it is there."""
    if folder.exists():
        return False
    top = next(f for f in (folder, *folder.parents) if f.parent.exists())
    with _stage(top.parent) as stage:
        tree = stage / "tree"
        for target, content in files.items():
            file = tree / target.relative_to(top)
            file.parent.mkdir(parents=True, exist_ok=True)
            _write(file, content, target)
        try:
            tree.rename(top)
        except OSError:  # somebody else has made the folder meanwhile
            return False
    return True


def _as_exchanged_folder(folder: Path, files: Mapping[Path, bytes]) -> bool:
    """Write files by exchanging their folder for a copy; return False where that cannot be done."""
    if len(files) == 1 or not _may_be_exchanged(folder):
        return False
    with _stage(folder.parent) as stage:
        tree = stage / "tree"
        try:
            if not _mirror(folder, tree, files):
                return False
        except OSError:  # a file that cannot be linked, such as that of another user
            return False
        for target, content in files.items():
            file = tree / target.relative_to(folder)
            file.parent.mkdir(parents=True, exist_ok=True)
            _write(file, content, target)
        if not exchange(tree, folder):
            return False
        try:
            _carry_over(tree, folder, files)
        except BaseException:
            exchange(tree, folder)
            raise
    return True


def _one_by_one(folder: Path, files: Mapping[Path, bytes]) -> None:
    """Replace files one after the other, as one step that is undone where it is cut."""
    made = [f for target in files for f in _make_folders(target.parent)]
    with _stage(folder) as stage:
        try:
            plan = []
            for number, (target, content) in enumerate(files.items()):
                _write(stage / f"new-{number}", content, target)
                if target.exists():
                    _keep(target, stage / f"old-{number}")
                plan.append((str(target.relative_to(folder)), _identity(stage / f"new-{number}")))
            (stage / "plan.part").write_text(json.dumps(plan), encoding="utf-8")
            (stage / "plan.part").rename(stage / "plan")  # from here on, what is cut is undone
            for number, target in enumerate(files):
                (stage / f"new-{number}").replace(target)
            (stage / "plan").unlink()
        except BaseException:
            _undo(stage, folder)
            for empty in reversed(made):
                with contextlib.suppress(OSError):
                    empty.rmdir()
            raise


def _make_folders(folder: Path) -> list[Path]:
    """Make a folder with those above it; return the ones that were not there."""
    missing = [f for f in (folder, *folder.parents) if not f.exists()][::-1]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


# ------------------------------------------------------------------ files


def _write(file: Path, content: bytes, target: Path) -> None:
    """Write a new file with the mode of the one that it will replace, or else that of any new file."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as opened:
        opened.write(content)
    if target.exists():
        known = target.stat()
        with contextlib.suppress(OSError):  # only some may give a file to others
            if (known.st_uid, known.st_gid) != (file.stat().st_uid, file.stat().st_gid):
                shutil.chown(file, known.st_uid, known.st_gid)
        file.chmod(stat.S_IMODE(known.st_mode))


def _keep(file: Path, beside: Path) -> None:
    """Keep a file under another name as well."""
    try:
        os.link(file, beside)
    except OSError:  # a file system without hard links
        shutil.copy2(file, beside)


def _identity(file: Path) -> list[int]:
    seen = file.stat()
    return [seen.st_ino, seen.st_size, seen.st_mtime_ns]


# ------------------------------------------------------------------ the exchange of folders


def _may_be_exchanged(folder: Path) -> bool:
    """Return whether a folder may be another one from now on: not that in which a program runs, for one."""
    here = Path.cwd().resolve()
    return (
        hasattr(os, "geteuid")
        and folder.stat().st_uid == os.geteuid()
        and folder not in (here, *here.parents)
        and not os.path.ismount(folder)
        and os.access(folder.parent, os.W_OK | os.X_OK)
    )


def _mirror(folder: Path, copy: Path, files: Mapping[Path, bytes]) -> bool:
    """Make a copy of a folder, its files as hard links but for those to be written; False if it is large."""
    entries = [e for e in _walk(folder) if not (Path(e.path) in files and not e.is_symlink())]
    kinds = all(e.is_symlink() or e.is_dir() or e.is_file() for e in entries)
    if len(entries) > MOST or not kinds:
        return False
    copy.mkdir()
    folders = [(folder, copy)]
    for entry in entries:
        twin = copy / Path(entry.path).relative_to(folder)
        if entry.is_symlink():
            twin.symlink_to(Path(entry.path).readlink())
        elif entry.is_dir():
            twin.mkdir()
            folders.append((Path(entry.path), twin))
        else:
            os.link(entry.path, twin)
    for own, twin in folders:
        shutil.copystat(own, twin)
    return True


def _walk(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Yield what a folder holds, a folder before what it holds, up to one entry more than is exchanged."""
    left, seen = [folder], 0
    while left and seen <= MOST:
        with os.scandir(left.pop()) as entries:
            for entry in sorted(entries, key=lambda e: e.name):
                seen += 1
                yield entry
                if entry.is_dir(follow_symlinks=False):
                    left.append(Path(entry.path))


def _carry_over(old: Path, new: Path, files: Mapping[Path, bytes]) -> None:
    """Move what others have put into a folder while its copy was made."""
    for entry in _walk(old):
        own = new / Path(entry.path).relative_to(old)
        if own in files or entry.is_symlink() or not entry.is_file():
            continue
        if own.parent.is_dir() and not (own.exists() and own.samefile(entry.path)):
            Path(entry.path).replace(own)


def exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one call of the system; return False where there is none, or it is refused."""
    paths = os.fsencode(one), os.fsencode(other)
    here, swap = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    try:
        system = ctypes.CDLL(None)
        if sys.platform == "darwin":
            return bool(system.renamex_np(*paths, swap) == 0)
        return bool(system.renameat2(here, paths[0], here, paths[1], swap) == 0)
    except (AttributeError, OSError, TypeError):
        return False


# ------------------------------------------------------------------ temporary folders


@contextlib.contextmanager
def _stage(folder: Path) -> Iterator[Path]:
    """Make a temporary folder that is removed at the end, and locked as long as the process lives."""
    stage = folder / STAGE.format(os.getpid(), token_hex(6))
    try:
        stage.mkdir(mode=0o777)
        with (stage / "lock").open("w") as lock:
            with contextlib.suppress(OSError):
                _lock(lock)
            yield stage
    finally:
        _remove(stage)


def _lock(file: IO[str]) -> None:
    """Lock an open file; OSError where another process has, and where there are no locks (on Windows)."""
    try:
        import fcntl
    except ImportError as error:
        raise OSError("there are no locks of files") from error
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _remove(stage: Path) -> None:
    """Remove a temporary folder, also where that is interrupted."""
    try:
        shutil.rmtree(stage, ignore_errors=True)
    except BaseException:
        shutil.rmtree(stage, ignore_errors=True)
        raise


def recover(folder: Path) -> None:
    """Undo what killed processes have begun in a folder, and remove their temporary folders."""
    for stage in sorted(folder.glob(STAGE.format("*", "*"))):
        with contextlib.suppress(OSError), contextlib.ExitStack() as opened:
            if (stage / "lock").exists():
                _lock(opened.enter_context((stage / "lock").open("r")))  # refused while the process lives
            elif _lives(stage.name.split("-")[1]):
                continue
            _undo(stage, folder)
            _remove(stage)


def _lives(process: str) -> bool:
    """Return whether there is a process of a number, which has made a folder and not yet its lock."""
    if not process.isdecimal():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _undo(stage: Path, folder: Path) -> None:
    """Put back what was replaced in a folder; a file that was changed since then stays as it is."""
    if not (stage / "plan").exists():
        return
    plan = json.loads((stage / "plan").read_text(encoding="utf-8"))
    for number, (target, written) in enumerate(plan):
        old, file = stage / f"old-{number}", folder / target
        changed = file.is_file() and _identity(file) != written
        if changed or not file.resolve().is_relative_to(folder.resolve()):
            continue
        if old.exists():
            old.replace(file)
        elif not (stage / f"new-{number}").exists():
            file.unlink(missing_ok=True)
    (stage / "plan").unlink()
