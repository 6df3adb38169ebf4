r"""Brackets, bars, groups in braces and environments, with the parts between their separators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from physsym.parsing.latex.identifiers import Identifiers, is_word
from physsym.parsing.latex.parser import MAX_DEPTH, braced, spelled, split
from physsym.parsing.latex.signs import (
    BARS,
    BRACKETS,
    CLOSING,
    FONTS,
    GRIDS,
    OPENING,
    PRODUCTS,
    RELATIONS,
    SUMS,
    SWITCHES,
)
from physsym.parsing.latex.tokens import LatexToken
from physsym.parsing.latex.tree import Bracket, Dots, Function, Grid, Name, Node, Relation, Sum, Words


class Delimiters(Identifiers):
    """What stands between an opening and a closing sign."""

    def _bar_opens(self) -> bool:
        """Return whether a bar behind an operand opens a factor: not where it closes or parts a bracket."""
        token = self.tokens[self.at]
        sign = BARS[token.text]
        if token.side == "left":
            return True
        if token.side == "right" or (self.open and self.open[-1] == sign):
            return False
        if (self.open and self.open[-1] == "|.") or not self.open:
            return self._bars_until_closing(sign) % 2 == 0 and token.side != "middle"
        return self._bars_until_closing(sign) % 2 == 0

    def _bars_until_closing(self, sign: str) -> int:
        """Return how many bars come before the bracket around this token closes."""
        depth = count = 0
        for token in self.tokens[self.at :]:
            if token.text in OPENING:
                depth += 1
            elif token.text in CLOSING:
                depth -= 1
                if depth < 0:
                    break
            elif not depth and BARS.get(token.text) == sign:
                count += 1
        return count

    def _until(self, closing: Sequence[str], mark: str) -> Node:
        self.open.append(mark)
        inside = self.sum()
        self.open.pop()
        if self.peek() not in closing:
            raise self.error(f"expected {closing[0]}")
        return inside

    def _bars(self, opening: LatexToken) -> Node:
        """Read an absolute value or a norm."""
        sign = BARS[opening.text]
        if opening.side == "right":
            raise self.error("found a closing bar without an opening one", opening.position)
        self.open.append(sign)
        items = [self.sum()]
        separators = []
        while self.peek() == ",":
            separators.append(self.take().text)
            items.append(self.sum())
        self.open.pop()
        if BARS.get(self.peek()) != sign:
            raise self.error("this bar is never closed; add '|'", opening.position)
        self.take()
        return Bracket(opening.position, self.end(), sign, sign, tuple(items), tuple(separators))

    def _bracket(self, opening: LatexToken) -> Node:
        """Read parts in brackets, with commas, semicolons or bars between them."""
        text = opening.text
        items: list[Node] = []
        separators: list[str] = []
        self.open.append(text)
        pairs = {"(": (")", "]"), "[": ("]", ")")}
        closing = pairs.get(text, (BRACKETS[text],))
        if self.peek() in closing and text in ("(", "["):
            self.take()
            self.open.pop()
            return Bracket(opening.position, self.end(), text, ")", (), ())
        while True:
            items.append(self._item())
            if self.peek() in (",", ";", "|", r"\mid", ":", r"\vert", r"\|", r"\Vert", "||"):
                sign = self.take().text
                if sign == "," and self.peek() in closing and isinstance(items[-1], (Dots, Sum)):
                    break
                separators.append(sign)
                continue
            break
        self.open.pop()
        if self.peek() not in closing:
            if self.at >= len(self.tokens):
                raise self.error(
                    f"expected {closing[0]}, found the end; this bracket is never closed", opening.position
                )
            raise self.error(f"expected {closing[0]}, found {self.peek()}")
        end = self.take()
        shapes = {r"\lVert": "||", r"\lvert": "|", r"\lbrace": r"\{", r"\lbrack": "[", r"\lparen": "("}
        shape = shapes.get(text, text)
        closed = shape if shape in ("|", "||") else end.text
        return Bracket(opening.position, self.end(), shape, closed, tuple(items), tuple(separators))

    def _item(self) -> Node:
        """Read a part of a bracket, which may be a relation such as x = 0, or a sign alone."""
        start = self.position()
        if self.peek() in (r"\cdot", "*", r"\bullet", ".") and self.peek(1) in (*CLOSING, ",", ";"):
            self.take()
            return Name(start, self.end(), r"\cdot")
        sides, signs = [self.sum()], []
        while self.peek() in RELATIONS:
            signs.append(RELATIONS[self.take().text])
            sides.append(self.sum())
        return sides[0] if not signs else Relation(start, self.end(), tuple(sides), tuple(signs))

    def _group(self, opening: LatexToken) -> Node:
        """Read what is written in braces, which group without a sign."""
        inside, end = braced(self.tokens, self.at - 1, self.text)
        self.at = end
        if not inside:
            raise self.error("found empty braces", opening.position)
        if len(inside) == 1 and inside[0].text in (*PRODUCTS, *SUMS, "=", "<", ">", ","):
            raise self.error(
                f"found {inside[0].text} in braces, where a factor is expected", opening.position
            )
        font = self.font
        if inside[0].text in SWITCHES:
            font, inside = FONTS[inside[0].text], inside[1:]
            if font == "upright" and is_word(inside):
                return Name(opening.position, self.end(), spelled(inside), font)
        found = self.parsed(inside, font)
        if isinstance(found, (Name, Words, Function)):
            return replace(found, start=opening.position, end=self.end())
        return Bracket(opening.position, self.end(), "{", "}", (found,), ())

    def _grid(self, token: LatexToken) -> Node:
        """Read a matrix or cases."""
        name_tokens, self.at = braced(self.tokens, self.at, self.text)
        kind = spelled(name_tokens).rstrip("*")
        if kind not in GRIDS:
            raise self.error(f"found the environment {kind}, which is not understood here", token.position)
        if kind in ("array", "alignedat") and self.peek() == "{":
            _, self.at = braced(self.tokens, self.at, self.text)
        begun, depth = self.at, 1
        while depth:
            found = self.take().text
            depth += {r"\begin": 1, r"\end": -1}.get(found, 0)
        inside = self.tokens[begun : self.at - 1]
        _, self.at = braced(self.tokens, self.at, self.text)
        if self.depth > MAX_DEPTH:
            raise self.error(f"found brackets more than {MAX_DEPTH} deep; name parts of it", token.position)
        rows = []
        for row in split(inside, ("\\\\",)):
            cells = list(split(row, ("&",)))
            if not any(cells):
                continue
            rows.append(tuple(self._cell(cell, token) for cell in cells))
        return Grid(token.position, self.end(), kind, tuple(rows))

    def _cell(self, cell: Sequence[LatexToken], token: LatexToken) -> Node:
        kept = [t for t in cell if t.kind != "gap"]
        while kept and kept[-1].text in (",", ".", ";"):
            kept.pop()
        if not kept:
            return Words(token.position, token.end, "")
        if kept[0].kind == "text" and len(kept) > 1:
            # A condition: `\text{if } x > 0`.
            return replace(self.related(kept[1:]), start=kept[0].position)
        return self.related(kept)
