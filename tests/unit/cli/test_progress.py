"""The bar on what takes long: on a terminal alone, after a while, and without a trace in what is printed."""

import io
import os
import sys
import threading
import time
from contextlib import contextmanager

import pytest
import rich.progress  # noqa: F401 (a bar begins when this is imported)

from physsym.__main__ import main
from physsym.cli import terminal
from physsym.runtime.progress import progress as bar_of_a_run

pty = pytest.importorskip("pty")

LATEST = 30.0  # seconds that a busy machine may take to draw a bar


class Screen:
    """What was written to a pseudo-terminal."""

    def __init__(self, descriptor):
        self.descriptor, self.text = descriptor, ""
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        try:
            while written := os.read(self.descriptor, 4096):
                self.text += written.decode(errors="replace")
        except OSError:  # the other side is closed
            pass

    def wait_for(self, text):
        """Wait until a text is shown, and fail where it never is."""
        end = time.monotonic() + LATEST
        while text not in self.text:
            assert time.monotonic() < end, self.text
            time.sleep(0.01)


@pytest.fixture
def terminal_there(monkeypatch):
    """Return a function that puts a pseudo-terminal in place of the standard error."""
    ours, theirs = pty.openpty()
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    with os.fdopen(theirs, "w", encoding="utf-8") as stream:
        screens = []

        def put_in_place():
            monkeypatch.setattr(sys, "stderr", stream)
            screens.append(Screen(ours))
            return screens[-1]

        # In the test itself, as pytest puts its own stream there before each.
        yield put_in_place
        monkeypatch.undo()
    for screen in screens:  # else it may read what is meant for the screen of the next test
        screen.reader.join()
    os.close(ours)


def test_a_bar_is_drawn_only_once_work_has_taken_long(terminal_there, monkeypatch):
    screen = terminal_there()
    monkeypatch.setattr(terminal, "PATIENCE", 0.3)
    with terminal.progress(3) as done:
        done("first of all")
        assert not screen.text
        screen.wait_for("1/3")
        assert "first of all" in screen.text
        done("second [bold]", more=2)
        screen.wait_for("2/5")
        screen.wait_for("second [bold]")
    screen.wait_for("\x1b[2K")  # the line is erased at the end
    assert not [t for t in threading.enumerate() if isinstance(t, threading.Timer)]


def test_what_is_done_soon_leaves_no_trace(terminal_there, monkeypatch):
    screen = terminal_there()
    monkeypatch.setattr(terminal, "PATIENCE", 0.2)
    with terminal.progress(3) as done:
        done("first")
    with pytest.raises(KeyError), terminal.progress():
        raise KeyError
    time.sleep(0.4)
    assert not screen.text


def test_a_wait_of_unknown_length_is_shown_too(terminal_there, monkeypatch):
    screen = terminal_there()
    monkeypatch.setattr(terminal, "PATIENCE", 0.0)
    with terminal.progress(what="comparing the rules"):
        screen.wait_for("comparing the rules")


@pytest.mark.parametrize("stream", [io.StringIO(), None])
def test_nothing_is_drawn_where_there_is_no_terminal(monkeypatch, stream):
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(terminal, "PATIENCE", 0.0)
    monkeypatch.setattr("physsym.runtime.progress.PATIENCE", 0.0)
    monkeypatch.setenv("FORCE_COLOR", "1")
    with terminal.progress(2) as done, bar_of_a_run(2, None) as report:
        done("first")
        report(1)
        time.sleep(0.2)
    assert stream is None or not stream.getvalue()


@pytest.mark.parametrize(
    "command",
    [["check", "derivations/newton.py"], ["show", "newton"], ["same", "known:heavy_ball", "known:nesterov"],
     ["identify", "known:heavy_ball"], ["report", "known:heavy_ball"], ["lift", "known:adam"],
     ["audit", "README.md"], ["certify", "newton", "--only-write", "--out", "{folder}"],
     ["document", "derivations/newton.py", "--out", "{folder}"], ["explorer", "--out", "{folder}/a.html"]],
    ids=lambda command: command[0],
)  # fmt: skip
def test_a_command_that_takes_long_shows_a_bar_and_prints_the_same(
    terminal_there, capsys, monkeypatch, tmp_path, command
):
    screen = terminal_there()
    arguments = [argument.format(folder=tmp_path / "out") for argument in command]
    monkeypatch.setattr("physsym.cli.identify.identify", lambda rule: ())  # which takes 10 seconds
    monkeypatch.setattr("physsym.cli.explorer.SHIPPED", ("gradient_descent",))
    monkeypatch.setattr(terminal, "PATIENCE", 1000.0)
    expected = main(arguments), capsys.readouterr().out
    assert not screen.text
    waits = []

    @contextmanager
    def slow(*given, **named):
        with terminal.progress(*given, **named) as done:
            screen.wait_for("\x1b[?25l")  # the cursor is hidden while there is a bar
            waits.append(given)
            yield done

    monkeypatch.setattr(terminal, "PATIENCE", 0.0)
    monkeypatch.setattr(f"physsym.cli.{command[0]}.progress", slow)
    assert (main(arguments), capsys.readouterr().out) == expected
    assert waits
