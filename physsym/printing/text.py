"""The pieces that LaTeX and plain text have in common: both are characters on one line."""

from __future__ import annotations

from collections.abc import Sequence

from physsym.printing.textbook import Textbook


class TextPrinter(Textbook):
    """Prints into a string; a format adds its letters, fractions, scripts and fences."""

    multiplication_dot = " · "

    def _number(self, digits: str) -> str:
        return digits

    def _minus(self, piece: str) -> str:
        return f"-{piece}"

    def _total(self, signs: Sequence[str], pieces: Sequence[str]) -> str:
        space = "" if self.in_script else " "
        return pieces[0] + "".join(f"{space}{s}{space}{p}" for s, p in zip(signs, pieces[1:], strict=True))

    def _times(self, pieces: Sequence[str]) -> str:
        # Two numbers side by side would read as one.
        between = (self.multiplication_dot if p[0].isdigit() else " " for p in pieces[1:])
        return pieces[0] + "".join(b + p for b, p in zip(between, pieces[1:], strict=True))

    def _commas(self, pieces: Sequence[str]) -> str:
        return ("," if self.in_script else ", ").join(pieces)

    def _slash(self, over: str, under: str) -> str:
        return f"{over}/{under}"
