r"""Tokens to trees: recursive descent over one side of a formula, with bounds on its depth.

Nothing is decided here about what letters mean. Where that decides the grouping, such as the application of a
function, the factors are left side by side.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import replace

from physsym.parsing.latex.parser import MAX_DEPTH, braced, not_understood
from physsym.parsing.latex.scripts import Scripts
from physsym.parsing.latex.signs import (
    ACCENTS,
    BARE_STARTS,
    BARS,
    BIG_OPERATORS,
    BRACKETS,
    CLOSING,
    ELLIPSES,
    FONTS,
    FRACTIONS,
    FUNCTIONS,
    LETTERS,
    LIMITS,
    OPENING,
    PRODUCTS,
    RELATIONS,
    SUMS,
)
from physsym.parsing.latex.tokens import LatexToken
from physsym.parsing.latex.tree import (
    Accented,
    Bracket,
    Dots,
    Fraction,
    Function,
    Grid,
    Name,
    Node,
    Number,
    Operator,
    Product,
    Relation,
    Root,
    Sum,
)
from physsym.parsing.tokens import ReadError

_HEXADECIMAL = re.compile("0x(?:[0-9]|[0-9A-Fa-f]{2})")


class LatexParser(Scripts):
    """Recursive descent over the tokens of one side."""

    def whole(self) -> Node:
        """Read all tokens as one expression; `||` is two bars where no norm is read: |a||b|, ||x| - 1|.

        So it is between single bars with values on both of its sides, |a||b||c|.
        """
        tokens, depth, font = self.tokens, self.depth, self.font
        pairs = [i for i, token in enumerate(tokens) if token.text == "||"]
        single = [i for i, token in enumerate(tokens) if token.text == "|"]
        between = pairs and single and single[0] < pairs[0] and pairs[-1] < single[-1]
        joined = between and all(
            token.kind in ("letter", "number", "command") or token.text in ("}", ")")
            for i in pairs
            for token in (tokens[i - 1], tokens[i + 1])
        )
        if joined and not any(tokens[i].spaced or tokens[i + 1].spaced for i in pairs):
            return self._with_single_bars(tokens, depth, font)
        try:
            found = self.sum()
            self.finish()
        except ReadError:
            if not pairs:
                raise
            return self._with_single_bars(tokens, depth, font)
        return found

    def _with_single_bars(self, tokens: Sequence[LatexToken], depth: int, font: str) -> Node:
        """Read tokens with two bars for each that is written `||`."""
        single: list[LatexToken] = []
        for token in tokens:
            if token.text == "||":
                single += [replace(token, text="|", end=token.position + 1)]
                token = replace(token, text="|", position=token.position + 1, spaced=False)
            single.append(token)
        bars = LatexParser(single, self.text, self.words, depth)
        bars.font = font
        return bars.whole()

    def sum(self) -> Node:
        """Read terms with signs between them."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.error(f"found brackets more than {MAX_DEPTH} deep; name parts of it")
        start = self.position()
        signs = [""]
        if self.peek() in SUMS:
            signs = [SUMS[self.take().text]]
        terms = [self.product()]
        while self.peek() in SUMS:
            sign = self.take()
            if self.peek() in SUMS:
                raise self.error(
                    f"found {self.peek()} behind {sign.text}; write brackets around a signed term"
                )
            signs.append(SUMS[sign.text])
            terms.append(self.product())
        self.depth -= 1
        if len(terms) == 1 and not signs[0]:
            return terms[0]
        return Sum(start, self.end(), tuple(signs), tuple(terms))

    def product(self) -> Node:
        """Read factors side by side or with signs between them."""
        start = self.position()
        signs, factors = [""], [self.factor()]
        while self.at < len(self.tokens):
            if self.peek() in PRODUCTS:
                if self.peek() == r"\ast" and self.peek(1) == "{":
                    raise self.error(
                        r"found \ast before a brace, which may have been an index; write _ or \cdot"
                    )
                signs.append(PRODUCTS[self.take().text])
            elif self._begins_factor():
                before = self.tokens[self.at - 1]
                if before.text == "0" and _HEXADECIMAL.match(self.text, before.position):
                    raise self.error("found 0x, which begins a number in base 16; write it in base 10")
                signs.append("")
            else:
                break
            if signs[-1] and self.peek() in ("-", "+"):
                sign = self.take().text
                inside = self.factor()
                factors.append(Sum(inside.start, inside.end, (sign,), (inside,)))
                continue
            factors.append(self.factor())
        if len(factors) == 1:
            return factors[0]
        return Product(start, self.end(), tuple(signs), tuple(factors))

    def _begins_factor(self) -> bool:
        if self.at >= len(self.tokens):
            return False
        token = self.tokens[self.at]
        if token.text in BARS:
            return self._bar_opens()
        if token.kind in ("letter", "number", "text"):
            return True
        if token.kind == "command" and token.text[1:] in FUNCTIONS.union(LIMITS, ("arg",)):
            return True
        return token.text in BARE_STARTS or (token.text == "." and token.side == "left")

    def factor(self) -> Node:
        """Read an atom with what stands below and above it."""
        start = self.position()
        base = self.atom()
        if isinstance(base, Number) and self.peek() == r"\%":
            self.take()
            return Fraction(start, self.end(), base, Number(self.end(), self.end(), "100"))
        size = 4 if self.peek(1) == "{" and self.peek(3) == "}" else 2
        if isinstance(base, Number) and self.peek() == "^" and self.peek(size // 2) in (r"\circ", r"\degree"):
            return self._degrees(base, size)
        return self.scripted(base, start)

    def atom(self) -> Node:
        """Read a number, a name, a bracket, a fraction, a root, an operator."""
        token = self.take()
        text, start = token.text, token.position
        if token.kind == "number":
            return Number(start, token.end, text.replace("{,}", "").replace(r"\,", ""))
        if token.kind == "text":
            return self._text(token)
        if token.kind == "letter":
            return self._letters(token)
        if text in BARS:
            return self._bars(token)
        if text in BRACKETS:
            return self._bracket(token)
        if text == "{":
            return self._group(token)
        if text == "." and token.side == "left":
            inside = self._until(("|", r"\vert", ".", ")", "]", r"\}"), "|.")
            closing = self.take()
            return Bracket(start, self.end(), ".", closing.text, (inside,), ())
        if text in FRACTIONS:
            over = self.argument()
            return Fraction(start, self.end(), over, self.argument())
        if text in (r"\binom", r"\dbinom", r"\tbinom"):
            above, below = self.argument(), self.argument()
            return Grid(start, self.end(), "binomial", ((above,), (below,)))
        if text == r"\sqrt":
            return self._root(start)
        if text in ACCENTS:
            return Accented(start, self.end(), ACCENTS[text], self.argument())
        if text in FONTS:
            return self._font(token)
        if text in (r"\underbrace", r"\overbrace"):
            begun = self.text[start:].split("{", 1)[-1].lstrip()[:1]
            if begun in ("+", "-") and not re.search(r"(\A|[=+\-(&<>{]|\\\w+)\s*\Z", self.text[:start]):
                raise self.error(
                    f"the brace begins with {begun} behind a factor; set the sign before it", start
                )
            inside = self.argument()
            if self.peek() in ("_", "^"):
                self.take()
                self.script()
            return Bracket(start, self.end(), "{", "}", (inside,), ())
        if text in BIG_OPERATORS:
            return self._operator(text.removeprefix("\\"), start)
        if text == r"\begin":
            return self._grid(token)
        if text in ELLIPSES:
            return Dots(start, token.end)
        if text == r"\arg" and self.peek() in (r"\min", r"\max"):
            return self._operator("arg" + self.take().text[1:], start)
        if token.kind == "command" and (text[1:] in FUNCTIONS or text[1:] in LIMITS):
            return self.named_function(text[1:], start)
        if text in LETTERS:
            return self._capital_delta(token)
        raise self.error(not_understood(text), start)

    def named_function(self, name: str, start: int) -> Node:
        """Read a function, or an operator such as a limit, which acts on what follows."""
        if name in ("argmin", "argmax", "lim", "limsup", "liminf", "sup", "inf", "plim"):
            return self._operator(name, start)
        if name in ("min", "max", "Pr") and self.peek() == "_":
            return self._operator(name, start)
        return Function(start, self.end(), name)

    def _operator(self, sign: str, start: int) -> Node:
        below = above = None
        while self.peek() in ("_", "^"):
            mark = self.take().text
            if mark == "_":
                below = self.script()
            else:
                above = self.script()
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.error(f"found operators more than {MAX_DEPTH} deep; name parts of it")
        is_integral = sign.endswith("int")
        if not is_integral and (self.at >= len(self.tokens) or self.peek() in (",", ")", "]", "}")):
            raise self.error(f"expected what {sign} acts on")
        body = self._integrand() if is_integral else self.product()
        self.depth -= 1
        return Operator(start, self.end(), sign, below, above, body)

    def _integrand(self) -> Node:
        """Read up to the differential."""
        start = self.position()
        signs, terms = [""], [self.product()]
        while self.peek() in SUMS and self._differential_follows():
            last = terms[-1].factors if isinstance(terms[-1], Product) else ()
            if any(isinstance(f, Name) and f.letters in ("d", r"\mathrm{d}") for f in last[:-1]):
                break
            signs.append(SUMS[self.take().text])
            terms.append(self.product())
        return terms[0] if len(terms) == 1 else Sum(start, self.end(), tuple(signs), tuple(terms))

    def _differential_follows(self) -> bool:
        rest = self.tokens[self.at :]
        return any(a.text == "d" and b.kind in ("letter", "command") for a, b in itertools.pairwise(rest))

    def parsed(self, tokens: Sequence[LatexToken], font: str = "") -> Node:
        """Return the tree of tokens of their own, such as those of an argument."""
        for i, token in enumerate(tokens):
            if token.text in (r"\over", r"\choose"):
                over, under = self.parsed(tokens[:i], font), self.parsed(tokens[i + 1 :], font)
                if token.text == r"\choose":
                    return Grid(tokens[0].position, tokens[-1].end, "binomial", ((over,), (under,)))
                return Fraction(tokens[0].position, tokens[-1].end, over, under)
        if not tokens:
            raise self.error("found an empty argument")
        inner = LatexParser(tokens, self.text, self.words, self.depth + 1)
        inner.font = font
        return inner.whole()

    def argument(self) -> Node:
        """Read an argument of a command: in braces, or one token."""
        if self.peek() == "{":
            inside, self.at = braced(self.tokens, self.at, self.text)
            return self.parsed(inside, self.font)
        token = self.take()
        if token.kind == "number" and len(token.text) > 1:
            head, tail = token.text[0], token.text[1:]
            rest = replace(token, text=tail, position=token.position + 1)
            self.tokens[self.at - 1 : self.at] = [replace(token, text=head, end=token.position + 1), rest]
            return Number(token.position, token.position + 1, head)
        if token.kind == "letter":
            return Name(token.position, token.end, token.text, self.font)
        self.at -= 1
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.error(f"found commands more than {MAX_DEPTH} deep; name parts of it")
        found = self.atom()
        self.depth -= 1
        return found

    def _root(self, start: int) -> Node:
        if self.peek() != "[":
            return Root(start, self.end(), self.argument(), None)
        self.take()
        depth, begun = 0, self.at
        while self.peek() != "]" or depth:
            depth += {"{": 1, "}": -1}.get(self.take().text, 0)
        degree = self.parsed(self.tokens[begun : self.at])
        self.take("]")
        return Root(start, self.end(), self.argument(), degree)

    def related(self, tokens: Sequence[LatexToken]) -> Node:
        """Read an expression, or several with relations between."""
        return relation(tokens, self.text, self.words, self.depth + 1)


def relation(
    tokens: Sequence[LatexToken], text: str, words: frozenset[str] = frozenset(), depth: int = 0
) -> Node:
    """Return the tree of an expression, or of several with relations between."""
    sides: list[Node] = []
    signs: list[str] = []
    begun = 0
    level = 0
    kept = [t for t in tokens if t.kind != "gap"]
    for i, token in enumerate(kept):
        if token.text in OPENING or token.text == r"\begin":
            level += 1
        elif token.text in CLOSING or token.text == r"\end":
            level -= 1
        elif not level and token.text in RELATIONS and token.kind != "text":
            if i == begun and not (i and kept[i - 1].text == r"\not"):
                raise ReadError(f"found nothing before {token.text}", text, token.position)
            negated = i > begun and kept[i - 1].text == r"\not"
            sides.append(LatexParser(kept[begun : i - negated], text, words, depth).whole())
            sign = RELATIONS[token.text]
            signs.append({"=": "!=", "in": "in"}.get(sign, "in") if negated else sign)
            begun = i + 1
    if begun == len(kept):
        at = kept[-1].position if kept else max(len(text) - 1, 0)
        raise ReadError(
            "found nothing behind the sign of a relation" if kept else "found no formula", text, at
        )
    sides.append(LatexParser(kept[begun:], text, words, depth).whole())
    if not signs:
        return sides[0]
    return Relation(kept[0].position, kept[-1].end, tuple(sides), tuple(signs))
