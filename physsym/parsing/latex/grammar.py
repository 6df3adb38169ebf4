r"""Tokens to trees: recursive descent over one side of a formula, with bounds on its depth.

Nothing is decided here about what letters mean. Where that decides the grouping, such as the application of a
function, the factors are left side by side.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from physsym.parsing.joined import joined_function
from physsym.parsing.latex.names import as_command
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
    GRIDS,
    LETTERS,
    LIMITS,
    OPENING,
    PRODUCTS,
    RELATIONS,
    SUMS,
    SWITCHES,
    WORDS,
    is_unit,
)
from physsym.parsing.latex.tokens import LatexToken
from physsym.parsing.latex.tree import (
    Accented,
    Bracket,
    Dots,
    Factorial,
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
    Script,
    Scripted,
    Sum,
    Words,
)
from physsym.parsing.tokens import ReadError

MAX_DEPTH = 40


def braced(tokens: Sequence[LatexToken], i: int, text: str) -> tuple[list[LatexToken], int]:
    """Return the tokens in braces from a token on, without them, and where they end."""
    if i >= len(tokens) or tokens[i].text != "{":
        at = tokens[i].position if i < len(tokens) else max(len(text) - 1, 0)
        raise ReadError("expected an opening brace", text, at)
    depth = 0
    for end in range(i, len(tokens)):
        depth += {"{": 1, "}": -1}.get(tokens[end].text, 0)
        if not depth:
            return list(tokens[i + 1 : end]), end + 1
    raise ReadError("this brace is never closed; add '}'", text, tokens[i].position)


def spelled(tokens: Sequence[LatexToken]) -> str:
    """Return tokens as text without spaces, but for those behind commands before letters."""
    found = ""
    for token in tokens:
        command = token.kind == "letter" and found[-1:].isalpha() and "\\" in found.split("{")[-1]
        found += f" {token.text}" if command and _ends_with_command(found) else token.text
    return found


def _ends_with_command(text: str) -> bool:
    return text.rpartition("\\")[2].isalpha() and "\\" in text


_SHOWN = {":": "write / for a ratio, := for a definition", r"\%": "write /100 for per cent"}


def _not_understood(written: str) -> str:
    """Return what is wrong with a token, such as the command `\\sinx`, in which a space is missing."""
    if written in _SHOWN:
        return f"found {written}; {_SHOWN[written]}"
    joined = joined_function(written[1:]) if written.startswith("\\") else None
    if joined is not None:
        return f"found {written}; write {_with_space(joined)}"
    return f"found {written}, which is not understood here"


def _with_space(joined: tuple[str, str]) -> str:
    function, argument = joined
    return rf"\{function} {as_command(argument)}"


class LatexParser:
    """Recursive descent over the tokens of one side."""

    def __init__(
        self, tokens: Iterable[LatexToken], text: str, words: frozenset[str] = frozenset(), depth: int = 0
    ) -> None:
        """Begin at the first token; `words` are names of several letters."""
        self.tokens, self.text, self.words = list(tokens), text, words | WORDS
        self.at, self.depth, self.font = 0, depth, ""
        self.open: list[str] = []

    # ------------------------------------------------------------ tokens

    def peek(self, ahead: int = 0) -> str:
        """Return the text of a token, or nothing behind the last."""
        return self.tokens[self.at + ahead].text if self.at + ahead < len(self.tokens) else ""

    def position(self) -> int:
        """Return where the token that is next begins, or the last one."""
        if self.at < len(self.tokens):
            return self.tokens[self.at].position
        return self.tokens[-1].position if self.tokens else max(len(self.text) - 1, 0)

    def end(self) -> int:
        """Return the position behind the last token that was taken."""
        return self.tokens[self.at - 1].end if self.at else self.position()

    def error(self, message: str, position: int | None = None) -> ReadError:
        """Return the error that points at the token that is next, or at a position."""
        return ReadError(message, self.text, self.position() if position is None else position)

    def take(self, wanted: str = "") -> LatexToken:
        """Return the next token and go on; refuse the end, and another one than is wanted."""
        if self.at >= len(self.tokens):
            raise self.error(f"expected {wanted or 'a formula'}, found the end")
        if wanted and self.peek() != wanted:
            raise self.error(f"expected {wanted}, found {self.peek()}")
        self.at += 1
        return self.tokens[self.at - 1]

    def finish(self) -> None:
        """Refuse what is left over."""
        if self.at < len(self.tokens):
            raise self.error(_not_understood(self.peek()))

    # ------------------------------------------------------------ sums and products

    def whole(self) -> Node:
        """Read all tokens as one expression; `||` is two bars where no norm is read: |a||b|, ||x| - 1|."""
        tokens, depth, font = self.tokens, self.depth, self.font
        try:
            found = self.sum()
            self.finish()
        except ReadError:
            if all(token.text != "||" for token in tokens):
                raise
            bars = LatexParser(_single_bars(tokens), self.text, self.words, depth)
            bars.font = font
            return bars.whole()
        return found

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

    # ------------------------------------------------------------ factors

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
            items = [self._relation(part) for part in parts]
        except ReadError as error:
            if "deep" in error.message:
                raise
            return None
        if len(items) == 1:
            return items[0]
        return Bracket(tokens[0].position, tokens[-1].end, "", "", tuple(items), (",",) * (len(items) - 1))

    def _relation(self, tokens: Sequence[LatexToken]) -> Node:
        """Read an expression, or several with relations between."""
        return relation(tokens, self.text, self.words, self.depth + 1)

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
            return self._named_function(text[1:], start)
        if text in LETTERS:
            return self._capital_delta(token)
        raise self.error(_not_understood(text), start)

    def _named_function(self, name: str, start: int) -> Node:
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
        while self.peek() in SUMS and not _has_differential(terms[-1]) and self._differential_follows():
            signs.append(SUMS[self.take().text])
            terms.append(self.product())
        return terms[0] if len(terms) == 1 else Sum(start, self.end(), tuple(signs), tuple(terms))

    def _differential_follows(self) -> bool:
        rest = self.tokens[self.at :]
        return any(a.text == "d" and b.kind in ("letter", "command") for a, b in itertools.pairwise(rest))

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
            if font == "upright" and _is_word(inside):
                return Name(opening.position, self.end(), spelled(inside), font)
        found = self._parsed(inside, font)
        if isinstance(found, (Name, Words, Function)):
            return replace(found, start=opening.position, end=self.end())
        return Bracket(opening.position, self.end(), "{", "}", (found,), ())

    def _parsed(self, tokens: Sequence[LatexToken], font: str = "") -> Node:
        """Return the tree of tokens of their own, such as those of an argument."""
        for i, token in enumerate(tokens):
            if token.text in (r"\over", r"\choose"):
                over, under = self._parsed(tokens[:i], font), self._parsed(tokens[i + 1 :], font)
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
            return self._parsed(inside, self.font)
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
        degree = self._parsed(self.tokens[begun : self.at])
        self.take("]")
        return Root(start, self.end(), self.argument(), degree)

    # ------------------------------------------------------------ names

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
        ending = next((f for f in FUNCTIONS if len(f) > 2 and len(run) > len(f) and run.endswith(f)), None)
        if ending is not None and run not in self.words and len(run) < len(ending) + 3:
            raise self.error(f"found {run}, which ends with {ending}; write \\{ending}", token.position)
        if run not in self.words and (joined := joined_function(run)) is not None:
            message = rf"found {run}; write {_with_space(joined)}, or \mathrm{{{run}}} for a name"
            raise self.error(message, token.position)
        if run in self.words or len(run) > 4 or ("_" in run and end - begun > 2):
            self.at = end
            if run in FUNCTIONS or run in LIMITS:
                return self._named_function(run, token.position)
            return Name(token.position, self.end(), run, "word")
        return Name(token.position, token.end, token.text, self.font)

    def _text(self, token: LatexToken) -> Node:
        """Read the argument of a text command: one name, or words."""
        said = token.text.strip()
        if token.side == r"\textbf" and len(said) == 1:
            return Name(token.position, token.end, said, "bold")
        if said in FUNCTIONS or said in LIMITS:
            return self._named_function(said, token.position)
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
        if font == "upright":
            name = spelled(inside)
            if len(inside) == 1 and inside[0].kind == "text":
                name = inside[0].text.strip()
            if name in FUNCTIONS or name in LIMITS:
                return self._named_function(name, start)
            if len(inside) == 2 and inside[0].text == "d" and inside[1].kind == "letter":
                self.tokens[self.at : self.at] = inside[1:]  # the differential dx
                return Name(start, inside[0].end, "d", font)
            if _is_word(inside) or len(inside) == 1:
                operator = len(inside) > 1 and token.text in (r"\operatorname", r"\operatorname*")
                return Name(start, self.end(), name, font, operator)
            if all(t.kind in ("letter", "number") or t.text in (",", "-", "&", ".") for t in inside):
                return Name(start, self.end(), "_".join(re.findall(r"\w+", name)), font)
            if any(t.text in ("/", "^", r"\cdot", "%", r"\%") for t in inside):
                return Name(start, self.end(), name, "unit")
        elif (
            font in ("italic", "bold", "sans", "calligraphic")
            and len(inside) > 1
            and _is_word(inside)
            and not any(t.spaced for t in inside[1:])
        ):
            return Name(start, self.end(), spelled(inside), font)
        found = self._parsed(inside, font)
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

    # ------------------------------------------------------------ grids

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
            return replace(self._relation(kept[1:]), start=kept[0].position)
        return self._relation(kept)


def _single_bars(tokens: Sequence[LatexToken]) -> Iterator[LatexToken]:
    """Yield tokens with two bars for each that is written `||`."""
    for token in tokens:
        if token.text == "||":
            yield replace(token, text="|", end=token.position + 1)
            yield replace(token, text="|", position=token.position + 1, spaced=False)
        else:
            yield token


def _is_word(tokens: Sequence[LatexToken]) -> bool:
    """Return whether tokens spell one name."""
    return (
        bool(tokens)
        and all(t.kind in ("letter", "number") or t.text in ("-", r"\_", "_", r"\-") for t in tokens)
        and tokens[0].kind == "letter"
    )


def _has_differential(node: Node) -> bool:
    if not isinstance(node, Product):
        return False
    pairs = zip(node.factors, node.factors[1:], strict=False)
    return any(isinstance(a, Name) and a.letters in ("d", r"\mathrm{d}") for a, _ in pairs)


def split(tokens: Sequence[LatexToken], signs: Sequence[str]) -> list[list[LatexToken]]:
    """Return the parts of tokens between signs outside of brackets and environments."""
    parts: list[list[LatexToken]] = [[]]
    depth = 0
    for token in tokens:
        if token.text in OPENING or token.text == r"\begin":
            depth += 1
        elif token.text in CLOSING or token.text == r"\end":
            depth -= 1
        if depth == 0 and token.text in signs and token.kind != "letter":
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


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
