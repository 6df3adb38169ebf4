r"""What stands below and above a part: indices, powers, primes, factorials, degrees."""

from __future__ import annotations

import re
from collections.abc import Sequence

from physsym.parsing.latex.delimiters import Delimiters
from physsym.parsing.latex.parser import MAX_DEPTH, braced, spelled, split
from physsym.parsing.latex.signs import ACCENTS, FONTS, FRACTIONS
from physsym.parsing.latex.tokens import LatexToken
from physsym.parsing.latex.tree import (
    Bracket,
    Factorial,
    Fraction,
    Name,
    Node,
    Number,
    Product,
    Script,
    Scripted,
)
from physsym.parsing.tokens import ReadError


class Scripts(Delimiters):
    """Parts with their scripts."""

    def _degrees(self, number: Number, size: int) -> Node:
        r"""Read an angle such as `45^\circ`, of so many tokens behind the number; refuse a temperature."""
        self.at += size
        end = self.end()
        if self.peek().strip() in ("C", "F", "K", r"\mathrm", r"\rm"):
            raise self.error("found degrees with a unit; leave units out")
        turned = Product(number.start, end, ("", "*"), (number, Name(end, end, r"\pi")))
        return Fraction(number.start, end, turned, Number(end, end, "180"))

    def scripted(self, base: Node, start: int) -> Node:
        """Read what stands below and above a part."""
        below = above = None
        primes = 0
        while self.peek() in ("_", "^", "'", "!") or (self.peek() == "{" and self.peek(1) == "}"):
            mark = self.take()
            if mark.text == "{":
                self.take("}")
            elif mark.text == "!":
                if self.peek() == "!":
                    raise self.error(
                        "found !!, a double factorial, which is not read; write the product", mark.position
                    )
                base = Factorial(start, self.end(), self._with(base, start, below, above, primes))
                below, above, primes = None, None, 0
            elif mark.text == "'":
                if above is not None:
                    raise self.error("found a prime behind a power; write brackets", mark.position)
                primes += 1
            elif mark.text == "_":
                if below is not None:
                    raise self.error("found a second _", mark.position)
                below = self.script()
            else:
                script = self.script()
                if script.text.replace(r"\prime", "") == "" and script.text:
                    primes += script.text.count(r"\prime")
                elif above is not None:
                    raise self.error("found a second ^; write braces around one of them", mark.position)
                else:
                    above = script
        return self._with(base, start, below, above, primes)

    def _with(self, base: Node, start: int, below: Script | None, above: Script | None, primes: int) -> Node:
        if below is None and above is None and not primes:
            return base
        return Scripted(start, self.end(), base, below, above, primes)

    def script(self) -> Script:
        """Read what stands below or above: in braces, or one token."""
        start = self.position()
        first = self.take()
        if first.text == "{":
            tokens, self.at = braced(self.tokens, self.at - 1, self.text)
        elif first.text in (*FRACTIONS, *FONTS, *ACCENTS, r"\sqrt", r"\operatorname"):
            begun = self.at - 1
            self.at -= 1
            self.atom()
            tokens = self.tokens[begun : self.at]
        else:
            tokens = [first]
            behind = self.text[first.end : first.end + 1]
            if re.fullmatch("[2-9][1-9][0-9]*", first.text) and (behind.isalpha() or behind in ("\\", "(")):
                digit, rest = first.text[0], first.text[1:]
                message = (
                    f"found {first.text} behind _ or ^, where LaTeX takes one digit; "
                    f"write {{{digit}}} {rest}, or {{{first.text}}}"
                )
                raise self.error(message, start)
            following = self.tokens[self.at] if self.at < len(self.tokens) else None
            joined = following is not None and not following.spaced and following.kind in ("number", "letter")
            if first.text == "-" and joined:
                raise self.error("found a sign alone behind _ or ^; write braces around the power", start)
        end = self.end()
        return Script(start, end, spelled(tokens), self._inside(tokens))

    def _inside(self, tokens: Sequence[LatexToken]) -> Node | None:
        """Return the tree of a script, or None where it is no expression, list or relation."""
        if not tokens or self.depth > MAX_DEPTH:
            return None
        parts = split(tokens, (",", ";"))
        try:
            items = [self.related(part) for part in parts]
        except ReadError as error:
            if "deep" in error.message:
                raise
            return None
        if len(items) == 1:
            return items[0]
        return Bracket(tokens[0].position, tokens[-1].end, "", "", tuple(items), (",",) * (len(items) - 1))
