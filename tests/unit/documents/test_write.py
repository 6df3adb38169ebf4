"""Files are written whole or not at all: on errors, when interrupted, and when the process is killed."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import physsym as ps
from derivations.gradient_descent import derivation
from physsym.documents import write
from physsym.documents.formats import within
from physsym.documents.write import exchange, recover, write_all
from tests.support.interrupting import Interrupting

posix = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX")


def files_of(folder):
    """Return the texts of all files of a folder, by their paths within it."""
    return {str(p.relative_to(folder)): p.read_text() for p in sorted(folder.rglob("*")) if p.is_file()}


def leftovers(folder):
    return [p.name for p in folder.rglob("*.part")]


# ------------------------------------------------------------------ killed


# A process that writes a set of files and kills itself, for real, before the n-th call that changes a folder.
KILLED = """
import os, signal, sys
from pathlib import Path
from physsym.documents import write
from tests.support.interrupting import Interrupting

out, way, left = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])

def killing(function):
    def call(*args, **more):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **more)
    return call

for name in ("mkdir", "rename", "replace", "link", "unlink", "rmdir", "open", "symlink", "chmod"):
    setattr(os, name, killing(getattr(os, name)))
write.exchange = killing(write.exchange if way != "one by one" else lambda one, other: False)
write.write_all({out / "a.html": "new a", out / "b.md": "new b", out / "figures" / "c.svg": "new c"})
print("done")
"""
OLD = {"a.html": "old a", "figures/c.svg": "old c", "notes.txt": "mine"}
NEW = {"a.html": "new a", "b.md": "new b", "figures/c.svg": "new c", "notes.txt": "mine"}


def killed_at(folder, way, number):
    """Return whether a process came to its end before it was killed at a call of that number."""
    command = [sys.executable, "-c", KILLED, str(folder / "out"), way, str(number)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode in (0, -signal.SIGKILL), ran.stderr
    return ran.returncode == 0


def prepared(folder, way):
    (folder / "elsewhere").mkdir(parents=True)
    if way != "new":
        (folder / "out" / "figures").mkdir(parents=True)
        for name, text in OLD.items():
            (folder / "out" / name).write_text(text)


@posix
@pytest.mark.slow
@pytest.mark.parametrize("way", ["new", "exchanged"])
def test_a_set_of_files_is_whole_or_not_there_whenever_the_process_is_killed(way, tmp_path):
    seen, done, number = [], False, 0
    if way == "exchanged":
        (tmp_path / "x").mkdir(), (tmp_path / "y").mkdir()
        if not exchange(tmp_path / "x", tmp_path / "y"):
            pytest.skip("the file system exchanges no folders")
    while not done:
        folder = tmp_path / str(number)
        prepared(folder, way)
        done = killed_at(folder, way, number)
        found = files_of(folder / "out") if (folder / "out").exists() else {}
        before, after = (
            ({}, {k: v for k, v in NEW.items() if k != "notes.txt"}) if way == "new" else (OLD, NEW)
        )
        assert found in (before, after), number
        seen.append(found == after)
        recover(folder)
        assert not leftovers(folder)
        assert (files_of(folder / "out") if (folder / "out").exists() else {}) == found
        number += 1
    assert seen == sorted(seen)
    assert seen.count(False) > 5
    assert seen.count(True) > 1  # killed after the set was whole, but before the end


@posix
@pytest.mark.slow
def test_files_replaced_one_by_one_are_put_back_by_the_next_that_writes(tmp_path):
    mixed, done, number = 0, False, 0
    while not done:
        folder = tmp_path / str(number)
        prepared(folder, "one by one")
        done = killed_at(folder, "one by one", number)
        left = {k: v for k, v in files_of(folder / "out").items() if ".part" not in k}
        mixed += left not in (OLD, NEW)
        write_all({folder / "out" / "other.txt": "other"})
        found = files_of(folder / "out")
        assert found.pop("other.txt") == "other"
        assert found in (OLD, NEW), number
        assert not leftovers(folder)
        number += 1
    assert mixed > 1  # so that there was something to put back


@posix
def test_what_was_changed_after_the_kill_is_not_put_back(tmp_path):
    for number in range(200):
        folder = tmp_path / str(number)
        prepared(folder, "one by one")
        killed_at(folder, "one by one", 17 + number)
        if (folder / "out" / "a.html").read_text() == "new a":
            break
    (folder / "out" / "a.html").write_text("changed by hand")
    recover(folder / "out")
    assert (folder / "out" / "a.html").read_text() == "changed by hand"
    assert not leftovers(folder)


@posix
def test_a_plan_of_somebody_else_reaches_no_file_elsewhere(tmp_path):
    mine, stage = tmp_path / "mine.txt", tmp_path / "out" / ".physsym-1-23.part"
    mine.write_text("mine")
    stage.mkdir(parents=True)
    (stage / "lock").touch()
    (stage / "old-0").write_text("forged")
    (stage / "plan").write_text(
        f'[["../mine.txt", {write._identity(mine)}], ["{mine}", {write._identity(mine)}]]'
    )
    write_all({tmp_path / "out" / "a.txt": "a"})
    assert files_of(tmp_path) == {"mine.txt": "mine", "out/a.txt": "a"}


@posix
def test_what_a_living_process_writes_is_left_alone(tmp_path):
    holding = textwrap.dedent("""
        import sys, time
        from pathlib import Path
        from physsym.documents.write import _stage
        with _stage(Path(sys.argv[1])):
            print("locked", flush=True)
            sys.stdin.read()
    """)
    with subprocess.Popen(
        [sys.executable, "-c", holding, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"locked\n"
        write_all({tmp_path / "a.txt": "a"})
        assert len(leftovers(tmp_path)) == 1
        process.stdin.close()
    assert files_of(tmp_path) == {"a.txt": "a"}


# ------------------------------------------------------------------ interrupted


@pytest.mark.parametrize("at", range(4))
@pytest.mark.parametrize("name", ["rename", "replace", "link", "open", "mkdir"])
@pytest.mark.parametrize("exchanging", [True, False])
def test_an_interrupted_write_is_whole_or_not_at_all(exchanging, name, at, tmp_path, monkeypatch):
    out = tmp_path / "out"
    out.mkdir()
    old, new = out / "old.txt", out / "deep" / "new.txt"
    old.write_text("before")
    if not exchanging:
        monkeypatch.setattr(write, "exchange", lambda one, other: False)
    monkeypatch.setattr(os, name, Interrupting(getattr(os, name), at))
    try:
        write_all({old: "after", new: b"new"})
    except KeyboardInterrupt:
        monkeypatch.undo()
        assert files_of(out) in ({"old.txt": "before"}, {"old.txt": "after", "deep/new.txt": "new"})
    else:
        monkeypatch.undo()
        assert files_of(out) == {"old.txt": "after", "deep/new.txt": "new"}
    assert not leftovers(tmp_path)
    assert {p.name for p in tmp_path.rglob("*")} <= {"out", "deep", "old.txt", "new.txt"}


def test_on_an_error_nothing_is_written(tmp_path):
    good, bad = tmp_path / "a.txt", tmp_path / "folder"
    bad.mkdir()
    (bad / "inside").touch()
    good.write_text("before")
    with pytest.raises(IsADirectoryError, match="folder is a folder; a file of that name was to be written"):
        write_all({good: "after", bad: "text"})
    assert files_of(tmp_path) == {"a.txt": "before", "folder/inside": ""}


# ------------------------------------------------------------------ modes, links, folders


@pytest.fixture(params=["one file", "exchanged", "one by one"])
def more(request, tmp_path, monkeypatch):
    """Return other files that are written in the same set: how many there are decides how it is done."""
    if request.param == "one by one":
        monkeypatch.setattr(write, "exchange", lambda one, other: False)
    return {} if request.param == "one file" else {tmp_path / "out" / "other.txt": "other"}


@posix
@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_a_new_file_has_the_mode_of_the_umask(mask, more, tmp_path):
    before = os.umask(mask)
    try:
        write_all({tmp_path / "out" / "a.txt": "a", **more})
        write_all({tmp_path / "out" / "b.txt": "b", **more})
    finally:
        os.umask(before)
    for name in ("a.txt", "b.txt"):
        assert (tmp_path / "out" / name).stat().st_mode & 0o777 == 0o666 & ~mask
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o777 & ~mask


@posix
def test_what_is_there_keeps_its_mode(more, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    out.chmod(0o750)
    (out / "a.txt").write_text("old")
    (out / "a.txt").chmod(0o640)
    (out / "mine.txt").write_text("mine")
    (out / "mine.txt").chmod(0o600)
    write_all({out / "a.txt": "new", **more})
    assert (out / "a.txt").stat().st_mode & 0o777 == 0o640
    assert (out / "mine.txt").stat().st_mode & 0o777 == 0o600
    assert out.stat().st_mode & 0o777 == 0o750


@posix
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write everything")
def test_a_file_that_is_read_only_is_not_replaced(more, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.txt").write_text("old")
    (tmp_path / "out" / "a.txt").chmod(0o444)
    with pytest.raises(PermissionError, match=r"a\.txt is read-only"):
        write_all({tmp_path / "out" / "a.txt": "new", **more})
    assert files_of(tmp_path) == {"out/a.txt": "old"}


@posix
def test_the_target_of_a_link_is_written_and_the_link_stays(more, tmp_path):
    out = tmp_path / "out"
    (out / "deep").mkdir(parents=True)
    (out / "deep" / "real.txt").write_text("old")
    (out / "a.txt").symlink_to("deep/real.txt")
    (out / "dangling.txt").symlink_to("deep/missing.txt")
    (out / "unrelated").symlink_to(tmp_path)
    write_all({out / "a.txt": "new", out / "dangling.txt": "there", **more})
    assert [str((out / name).readlink()) for name in ("a.txt", "dangling.txt")] == [
        "deep/real.txt",
        "deep/missing.txt",
    ]
    assert (out / "deep" / "real.txt").read_text() == "new"
    assert (out / "deep" / "missing.txt").read_text() == "there"
    assert (out / "unrelated").readlink() == tmp_path


@posix
def test_a_pipe_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "a.txt")
    with pytest.raises(OSError, match="neither a file nor a folder"):
        write_all({tmp_path / "a.txt": "a"})
    assert (tmp_path / "a.txt").is_fifo()


def test_two_names_of_one_file_are_refused(tmp_path):
    (tmp_path / "b.txt").symlink_to("a.txt")
    with pytest.raises(ValueError, match=r"b\.txt is another name of a file"):
        write_all({tmp_path / "a.txt": "a", tmp_path / "b.txt": "b"})


@posix
def test_other_files_of_the_folder_stay_the_same_files(tmp_path):
    out = tmp_path / "out"
    (out / "sub").mkdir(parents=True)
    (out / "sub" / "mine.txt").write_text("mine")
    same = (out / "sub" / "mine.txt").stat().st_ino
    write_all({out / "a.txt": "a", out / "b.txt": "b"})
    assert (out / "sub" / "mine.txt").stat().st_ino == same
    assert files_of(out) == {"a.txt": "a", "b.txt": "b", "sub/mine.txt": "mine"}


@posix
def test_the_working_folder_stays_the_same_folder(tmp_path, monkeypatch):
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "deep")
    same = tmp_path.stat().st_ino
    write_all({tmp_path / "a.txt": "a", tmp_path / "b.txt": "b"})
    assert tmp_path.stat().st_ino == same
    assert files_of(tmp_path) == {"a.txt": "a", "b.txt": "b"}


@posix
def test_what_is_put_into_the_folder_meanwhile_is_carried_over(tmp_path, monkeypatch):
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("old")
    real = write.exchange

    def late(one, other):
        (out / "late.txt").write_text("late")
        (out / "fresh").write_text("saved again")
        (out / "fresh").replace(out / "mine.txt")
        return real(one, other)

    monkeypatch.setattr(write, "exchange", late)
    write_all({out / "a.txt": "a", out / "b.txt": "b"})
    assert files_of(out) == {"a.txt": "a", "b.txt": "b", "late.txt": "late", "mine.txt": "saved again"}


def test_a_large_folder_is_not_copied(tmp_path, monkeypatch):
    monkeypatch.setattr(write, "MOST", 3)
    out = tmp_path / "out"
    out.mkdir()
    for name in "stuvw":
        (out / name).touch()
    same = out.stat().st_ino
    write_all({out / "a.txt": "a", out / "b.txt": "b"})
    assert out.stat().st_ino == same
    assert {"a.txt", "b.txt", "s"} < set(files_of(out))


# ------------------------------------------------------------------ documents


@posix
@pytest.mark.parametrize("link", ["derivations.md", "figures"])
def test_a_link_that_leads_out_of_the_folder_is_refused(link, tmp_path):
    from tests.support.sample_book import SOURCES

    outside, out = tmp_path / "outside", tmp_path / "out"
    outside.mkdir()
    out.mkdir()
    (out / link).symlink_to(outside / link)
    if link == "figures":
        (outside / link).mkdir()
    with pytest.raises(ValueError, match=r"would be written to .*outside.*: remove the link"):
        ps.document(SOURCES, out, "md")
    assert not files_of(outside)
    assert not leftovers(tmp_path)


@posix
def test_the_folder_or_the_file_that_is_named_may_be_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to("real")
    (tmp_path / "lecture.md").symlink_to("real/other.md")
    ps.document(derivation, tmp_path / "out", "md,tex")
    ps.document(derivation, tmp_path / "lecture.md")
    assert sorted(files_of(tmp_path / "real")) == ["derivations.md", "derivations.tex", "other.md"]
    assert (tmp_path / "out").readlink() == Path("real")
    assert (tmp_path / "lecture.md").readlink() == Path("real/other.md")


@pytest.mark.parametrize("part", ["../escaped.svg", "figures/../../escaped.svg", "/tmp/escaped.svg"])
def test_a_file_of_a_document_lies_in_its_folder(part, tmp_path):
    with pytest.raises(ValueError, match="would be written to"):
        within(tmp_path / "out", part)
    assert within(tmp_path, "figures/a.svg") == Path(tmp_path / "figures" / "a.svg")
