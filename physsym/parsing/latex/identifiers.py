r"""Names from tokens: letters and runs of letters, and what commands for text and fonts hold."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from physsym.parsing.joined import joined_function
from physsym.parsing.latex.parser import Parser, braced, spelled, with_space
from physsym.parsing.latex.signs import ACCENTS, FONTS, FUNCTIONS, LETTERS, LIMITS, ONES, SWITCHES, is_unit
from physsym.parsing.latex.tokens import LatexToken
from physsym.parsing.latex.tree import Accented, Name, Node, Words


class Identifiers(Parser):
    """Names, in the fonts that they are written in."""

    def _letters(self, token: LatexToken) -> Node:
        """Read a letter, or a run of letters that is one name."""
        begun = self.at - 1
        end = self.at
        while end < len(self.tokens) and not self.tokens[end].spaced:
            if self.tokens[end].kind != "letter" and self.tokens[end].text != r"\_":
                break
            if self.tokens[end].position > self.tokens[end - 1].end:  # a space such as ~ or \, between
                break
            end += 1
        run = "".join(t.text.removeprefix("\\") for t in self.tokens[begun:end])
        previous = self.tokens[begun - 1] if begun else None
        if previous is not None and previous.kind == "letter" and not token.spaced:
            return Name(token.position, token.end, token.text, self.font)  # in the middle of a run
        endings = (f for f in FUNCTIONS if 2 < len(f) < len(run) and run.endswith(f))
        ending = next(endings, None) if len(run) > 3 else None  # a run is a single letter most times
        if ending is not None and run not in self.words and len(run) < len(ending) + 3:
            raise self.error(f"found {run}, which ends with {ending}; write \\{ending}", token.position)
        if run not in self.words and (joined := joined_function(run)) is not None:
            message = rf"found {run}; write {with_space(joined)}, or \mathrm{{{run}}} for a name"
            raise self.error(message, token.position)
        if run in self.words or len(run) > 4 or ("_" in run and end - begun > 2):
            self.at = end
            if run in FUNCTIONS or run in LIMITS:
                return self.named_function(run, token.position)
            return Name(token.position, self.end(), run, "word")
        return Name(token.position, token.end, token.text, self.font)

    def _text(self, token: LatexToken) -> Node:
        """Read the argument of a text command: one name, or words."""
        said = token.text.strip()
        if token.side == r"\textbf" and len(said) == 1:
            return Name(token.position, token.end, said, "bold")
        if said in FUNCTIONS or said in LIMITS:
            return self.named_function(said, token.position)
        plain = said.replace("_", "").replace("-", "").replace("\\", "")
        if plain.isalnum() and plain[:1].isalpha() and " " not in token.text.strip():
            return Name(token.position, token.end, said.replace("\\", ""), "upright")
        if is_unit(said):
            return Name(token.position, token.end, said, "unit")
        return Words(token.position, token.end, said)

    def _font(self, token: LatexToken) -> Node:
        """Read what a command for a font holds."""
        font, start = FONTS[token.text], token.position
        if token.text in SWITCHES:
            self.font = font
            return self.atom()
        if self.peek() != "{":
            inside = [self.take()]
            if inside[0].text in (*FONTS, *ACCENTS):  # \mathbf\hat x
                self.at -= 1
                self.font, outer = font, self.font
                found = self.atom()
                self.font = outer
                return found
        else:
            inside, self.at = braced(self.tokens, self.at, self.text)
        if not inside:
            raise self.error("found an empty argument", start)
        while len(inside) > 1 and inside[0].text in FONTS:
            # Fonts in fonts; a name in bold under a bold command is one of its own.
            if inside[0].text in (r"\mathrm", r"\operatorname"):
                font = "upright"
            inside = [t for t in inside[1:] if t.text not in ("{", "}")]
        if font in ("bold", "blackboard") and len(inside) == 1 and inside[0].text == "1":
            return Name(start, self.end(), ONES, font)
        if font == "upright":
            name = spelled(inside)
            if len(inside) == 1 and inside[0].kind == "text":
                name = inside[0].text.strip()
            if name in FUNCTIONS or name in LIMITS:
                return self.named_function(name, start)
            if len(inside) == 2 and inside[0].text == "d" and inside[1].kind == "letter":
                self.tokens[self.at : self.at] = inside[1:]  # the differential dx
                return Name(start, inside[0].end, "d", font)
            if is_word(inside) or len(inside) == 1:
                operator = len(inside) > 1 and token.text in (r"\operatorname", r"\operatorname*")
                return Name(start, self.end(), name, font, operator)
            if all(t.kind in ("letter", "number") or t.text in (",", "-", "&", ".") for t in inside):
                return Name(start, self.end(), "_".join(re.findall(r"\w+", name)), font)
            if any(t.text in ("/", "^", r"\cdot", "%", r"\%") for t in inside):
                return Name(start, self.end(), name, "unit")
        elif (
            font in ("italic", "bold", "sans", "calligraphic")
            and len(inside) > 1
            and is_word(inside)
            and not any(t.spaced for t in inside[1:])
        ):
            return Name(start, self.end(), spelled(inside), font)
        found = self.parsed(inside, font)
        return replace(found, start=start, end=self.end())

    def _capital_delta(self, token: LatexToken) -> Node:
        r"""Read a Greek letter; `\Delta` and what it stands before are one name."""
        if token.text != r"\Delta" or self.at >= len(self.tokens):
            return Name(token.position, token.end, token.text, self.font)
        following = self.tokens[self.at]
        if following.kind == "letter" or (
            following.text in (*FONTS, *ACCENTS, *LETTERS)
            and following.text not in (r"\nabla", r"\partial", r"\infty", r"\Delta", r"\ell")
        ):
            inside = self._letters(self.take()) if following.kind == "letter" else self.atom()
            if isinstance(inside, Name):
                return replace(inside, start=token.position, letters=f"\\Delta {inside.letters}")
            if isinstance(inside, Accented) and isinstance(inside.inside, Name):
                name = replace(inside.inside, letters=f"\\Delta {inside.inside.letters}")
                return replace(inside, start=token.position, inside=name)
            raise self.error(r"found \Delta before what is no name", token.position)
        return Name(token.position, token.end, token.text, self.font)


def is_word(tokens: Sequence[LatexToken]) -> bool:
    """Return whether tokens spell one name."""
    return (
        bool(tokens)
        and all(t.kind in ("letter", "number") or t.text in ("-", r"\_", "_", r"\-") for t in tokens)
        and tokens[0].kind == "letter"
    )
