r"""Tokens of one side of a formula, taken one by one: braces, parts between signs, and what is refused."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence

from physsym.parsing.joined import joined_function
from physsym.parsing.latex.names import as_command
from physsym.parsing.latex.signs import CLOSING, OPENING, WORDS
from physsym.parsing.latex.tokens import LatexToken
from physsym.parsing.latex.tree import Node
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
        ends_with_command = found.rpartition("\\")[2].isalpha()
        found += f" {token.text}" if command and ends_with_command else token.text
    return found


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


_SHOWN = {":": "write / for a ratio, := for a definition", r"\%": "write /100 for per cent"}


def not_understood(written: str) -> str:
    """Return what is wrong with a token, such as the command `\\sinx`, in which a space is missing."""
    if written in _SHOWN:
        return f"found {written}; {_SHOWN[written]}"
    joined = joined_function(written[1:]) if written.startswith("\\") else None
    if joined is not None:
        return f"found {written}; write {with_space(joined)}"
    return f"found {written}, which is not understood here"


def with_space(joined: tuple[str, str]) -> str:
    """Return a function that a text joined to its argument, with the space that is missing."""
    function, argument = joined
    return rf"\{function} {as_command(argument)}"


class Parser(ABC):
    """The tokens of one side; each kind of node is read by the class of its subject."""

    def __init__(
        self, tokens: Iterable[LatexToken], text: str, words: frozenset[str] = frozenset(), depth: int = 0
    ) -> None:
        """Begin at the first token; `words` are names of several letters."""
        self.tokens, self.text, self.words = list(tokens), text, words | WORDS
        self.at, self.depth, self.font = 0, depth, ""
        self.open: list[str] = []

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
            raise self.error(not_understood(self.peek()))

    @abstractmethod
    def sum(self) -> Node:
        """Read terms with signs between them."""

    @abstractmethod
    def product(self) -> Node:
        """Read factors side by side or with signs between them."""

    @abstractmethod
    def atom(self) -> Node:
        """Read a number, a name, a bracket, a fraction, a root, an operator."""

    @abstractmethod
    def argument(self) -> Node:
        """Read an argument of a command: in braces, or one token."""

    @abstractmethod
    def parsed(self, tokens: Sequence[LatexToken], font: str = "") -> Node:
        """Return the tree of tokens of their own, such as those of an argument."""

    @abstractmethod
    def related(self, tokens: Sequence[LatexToken]) -> Node:
        """Read an expression, or several with relations between."""

    @abstractmethod
    def named_function(self, name: str, start: int) -> Node:
        """Read a function, or an operator such as a limit, which acts on what follows."""
