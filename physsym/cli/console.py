"""A console of Rich that ends a command as `print` does where nobody reads its output any more."""

from __future__ import annotations

from rich.console import Console


class PipedConsole(Console):
    """A console that raises BrokenPipeError where its reader has gone, as `print` does."""

    def on_broken_pipe(self) -> None:
        """Raise the error anew: the command line has an exit code for it."""
        raise BrokenPipeError
