"""Syntax: the order of the tokens is checked, and syntax trees are built of them.

Python's parser builds the trees, but it never sees the text: each name becomes `n` and each number `0`, so
that it gets signs in an order already checked, from which only sums, products, powers and calls can come.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, groupby, pairwise

from physsym.parsing.instants import with_instants
from physsym.parsing.products import products
from physsym.parsing.spelling import spelled
from physsym.parsing.tokens import NORM, ReadError, Token, refuse_sign, tokens

MAX_BRACKETS = 60
MAX_OPERATORS = 400
MAX_SENTENCES = 100

_OPERAND = frozenset({"name", "number", "open"})
_AFTER_OPERAND = frozenset({"operator", "sign", "close", "comma", "end", "comparison", "logic"})
_FOLLOWERS = {
    **dict.fromkeys(("start", "operator", "comparison"), _OPERAND | {"sign"}),
    **dict.fromkeys(("open", "comma", "logic"), _OPERAND | {"sign", "negation"}),
    "negation": _OPERAND | {"negation"},
    "sign": _OPERAND,
    "name": _AFTER_OPERAND | {"open"},
    "number": _AFTER_OPERAND,
    "close": _AFTER_OPERAND,
}
_PLACEHOLDER = {"name": "n", "number": "0"}
_WRITTEN = {"≤": "<=", "≥": ">=", "≠": "!="}
CHOICES = ("where", "Piecewise")
"""Functions in whose brackets conditions stand."""


@dataclass(frozen=True)
class Tree:
    """The syntax tree of one expression, with the token at which each node begins."""

    text: str
    root: ast.expr
    at_column: Mapping[int, Token]

    def token(self, node: ast.expr) -> Token:
        """Return the token with which the node begins."""
        return self.at_column[node.col_offset]

    def error(self, message: str, node: ast.expr) -> ReadError:
        """Return the error that points at a node."""
        return ReadError(message, self.text, self.token(node).position)

    def nodes(self) -> list[ast.expr]:
        """Return the nodes in postorder, so that no traversal needs recursion."""
        found = [self.root]
        for node in found:
            found.extend(self.parts(node))
        return found[::-1]

    def factors(self, node: ast.expr) -> list[ast.expr]:
        """Return the factors of a product and of a quotient above its line; none of what is no product."""
        found: list[ast.expr] = []
        while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
            found += [node.right] if isinstance(node.op, ast.Mult) else []
            node = node.left
        first = node.operand if isinstance(node, ast.UnaryOp) else node
        return [first, *found] if found else []

    def parts(self, node: ast.expr) -> Sequence[ast.expr]:
        """Return the operands or arguments of a node; raise ReadError for what is no formula."""
        unusual = isinstance(node, ast.Call) and (node.keywords or not isinstance(node.func, ast.Name))
        if type(node) not in _PARTS or unusual:
            raise self.error(
                f"found {type(node).__name__}, which is not part of a formula; leave it out", node
            )
        return _PARTS[type(node)](node)


_PARTS: dict[type, Callable[[ast.AST], Sequence[ast.expr]]] = {
    ast.Constant: lambda node: (),
    ast.Name: lambda node: (),
    ast.UnaryOp: lambda node: (node.operand,),  # type: ignore[attr-defined]
    ast.BinOp: lambda node: (node.left, node.right),  # type: ignore[attr-defined]
    ast.Call: lambda node: node.args,  # type: ignore[attr-defined]
    ast.Compare: lambda node: (node.left, *node.comparators),  # type: ignore[attr-defined]
    ast.Tuple: lambda node: node.elts,  # type: ignore[attr-defined]
}


@dataclass(frozen=True)
class Sentence:
    """One expression, or two with a relation between them: `=` or `<-`."""

    relation: str
    sides: tuple[Tree, ...]


def sentences(
    text: str, names: Collection[str] = (), functions: Collection[str] = ()
) -> tuple[Sentence, ...]:
    """Return the sentences of a text, which semicolons and line ends separate.

    Parameters
    ----------
    text
        The text.
    names, functions
        The names that are known, and those of functions.

    Raises
    ------
    ReadError
        Where brackets, operators or relations are out of place, nothing is left to read, or something can be
        read in two ways.
    """
    written = _with_bars(spelled(list(tokens(text)), text, names, functions), text)
    marked = _with_marks(products(written, text, names, functions))
    found = list(_in_brackets(_with_commas(list(marked)), text))
    groups = groupby(found, key=lambda t: t.kind in ("semicolon", "newline"))
    separate = with_instants([list(group) for separates, group in groups if not separates], text, names)
    if not separate:
        raise ReadError("found nothing to read; give a formula such as 'u <- rho*u - eta*G'", text, 0)
    if len(separate) > MAX_SENTENCES:
        first = separate[MAX_SENTENCES][0]
        raise ReadError(f"found more than {MAX_SENTENCES} sentences; split the text", text, first.position)
    return tuple(stated for sentence in separate for stated in _stated(sentence, text))


def _with_bars(found: Sequence[Token], text: str) -> list[Token]:
    """Return the tokens with `Abs(` and `)` for the bars of absolute values.

    A bar opens where an operand is expected, and closes behind one if nothing but a bar is open around it;
    any other bar is an `or` of conditions. In `|u+|` the sign is a mark, in `u+|x|` it adds.
    """
    around: list[Token] = []
    read: list[Token] = []
    for number, token in enumerate(found):
        in_bars = bool(around) and around[-1].text == "|"
        behind_operand = bool(read) and read[-1].kind in ("name", "number", "close")
        # In `c |x|` and `|a||x|` the bar opens before a factor; in `a | b` and in `a|b` it does not.
        apart = token.spaced or (number > 0 and found[number - 1].text == "|")
        before_factor = apart and number + 1 < len(found) and not found[number + 1].spaced
        if token.text == "|" and in_bars and (behind_operand or _ends_with_mark(read)):
            bar = around.pop()
            _refuse_norm(bar, around, found[number + 1 : number + 2], token, text)
            token = replace(token, kind="close", text=")")
        elif token.text == "|" and (not behind_operand or (before_factor and not in_bars)):
            around.append(token)
            read.append(replace(token, kind="name", text="Abs"))
            token = replace(token, kind="open", text="(", spaced=False)
        elif token.kind == "open":
            around.append(token)
        elif in_bars and token.kind in ("close", "comma", "semicolon", "relation"):
            raise ReadError("this bar is never closed; add '|'", text, around[-1].position)
        elif token.kind == "close" and around:
            around.pop()
        read.append(token)
    if around and around[-1].text == "|":
        raise ReadError("this bar is never closed; add '|'", text, around[-1].position)
    return read


def _refuse_norm(
    bar: Token, around: Sequence[Token], following: Sequence[Token], closing: Token, text: str
) -> None:
    """Refuse ||g||, whose bars touch on both sides: the absolute value of one is written by nobody."""
    opens = bool(around) and around[-1].text == "|" and around[-1].end == bar.position
    if opens and following and following[0].text == "|" and following[0].position == closing.end:
        raise ReadError(f"found ||...||; {NORM}", text, around[-1].position)


def _ends_with_mark(found: Sequence[Token]) -> bool:
    """Return whether the last of the tokens are a name and signs directly behind it: u+, x--."""
    signs = len(found)
    while signs and found[signs - 1].kind == "sign":
        signs -= 1
    run = found[max(signs - 1, 0) :]
    touching = all(b.position == a.end for a, b in pairwise(run))
    return len(run) > 1 and run[0].kind == "name" and touching


def _in_brackets(found: Iterable[Token], text: str) -> Iterable[Token]:
    """Yield the tokens, checking brackets; a line may end inside of them."""
    calls: list[tuple[Token, str]] = []
    previous = Token("", "", 0)
    for token in found:
        if token.kind == "open":
            calls.append((token, previous.text if previous.kind == "name" else ""))
        elif not calls and token.kind in ("close", "comma"):
            raise ReadError(
                f"found {token.text!r} without an opening bracket; remove it", text, token.position
            )
        elif token.kind in ("comparison", "logic", "negation"):
            if not any(name in CHOICES for _, name in calls):
                refuse_sign(token.text, text, token.position)
        elif calls:
            # The cases of Piecewise are pairs.
            is_pair = len(calls) > 1 and calls[-2][1] == "Piecewise"
            _refuse_inside(token, bool(calls[-1][1]) or is_pair, text)
        if len(calls) > MAX_BRACKETS:
            raise ReadError(
                f"found brackets more than {MAX_BRACKETS} deep; name parts of it", text, token.position
            )
        if token.kind == "close":
            calls.pop()
        if not (calls and token.kind == "newline"):
            previous = token
            yield token
    if calls:
        raise ReadError("this bracket is never closed; add ')'", text, calls[-1][0].position)


def _with_marks(found: Sequence[Token]) -> Iterable[Token]:
    """Yield the tokens with signs that stand directly behind a name as its marks: `u+`, `x-`, `x--`.

    They are marks where no operand follows: before another sign that stands apart, an operator, a comparison,
    a closing bracket, a comma, or the end of the sentence. `u+x` and `u+ x` are sums; `u+-x` is refused, as
    it might be either.
    """
    number = 0
    while number < len(found):
        token, end = found[number], number + 1
        edge = token.end
        if token.kind == "name":
            while end < len(found) and found[end].kind == "sign" and found[end].position == edge:
                edge, end = edge + 1, end + 1
        signs = "".join(t.text for t in found[number + 1 : end])
        is_one = signs in ("+", "-") or (signs and not signs.strip("-"))
        following = found[end].kind if end < len(found) else "end"
        if is_one and following not in (*_OPERAND, "negation"):
            yield replace(token, marks=token.marks + signs, length=edge - token.position)
            number = end
        else:
            yield token
            number += 1


def _with_commas(found: list[Token]) -> list[Token]:
    """Return the tokens with the commas between statements, as in `x' = v, v' = -x`, as semicolons."""
    depths = list(accumulate({"open": 1, "close": -1}.get(t.kind, 0) for t in found))
    ends = [i for i, t in enumerate(found) if t.kind in ("newline", "semicolon")]
    apart = [i for i, t in enumerate(found) if t.kind == "comma" and depths[i] == 0]
    borders = sorted([-1, *ends, *apart, len(found)])
    parts = [found[a + 1 : b] for a, b in pairwise(borders)]
    if apart and all(not p or any(t.kind == "relation" for t in p) for p in parts):
        return [replace(t, kind="semicolon") if i in apart else t for i, t in enumerate(found)]
    return found


def _refuse_inside(token: Token, is_call: bool, text: str) -> None:
    misplaced = token.kind in ("relation", "semicolon") or (token.kind == "comma" and not is_call)
    if misplaced:
        where = "the brackets of a function" if is_call else "brackets"
        message = (
            f"found {token.text!r} inside {where}, where one expression is expected; close the bracket first"
        )
        raise ReadError(message, text, token.position)


def _stated(found: list[Token], text: str) -> Iterable[Sentence]:
    """Yield the sentences of a chain, a = b and b = c for a = b = c, or the one sentence."""
    relations = [i for i, token in enumerate(found) if token.kind == "relation"]
    if len(relations) < 2 or any(found[i].text != "=" for i in relations):
        yield _sentence(found, text)
        return
    borders = [-1, *relations, len(found)]
    for before, behind in zip(borders, borders[2:], strict=False):
        yield _sentence(found[before + 1 : behind], text)


def _sentence(found: list[Token], text: str) -> Sentence:
    relations = [i for i, token in enumerate(found) if token.kind == "relation"]
    if len(relations) > 1:
        second = found[relations[1]]
        message = f"found a second {second.text!r}; a sentence has two sides, write the next after ';'"
        raise ReadError(message, text, second.position)
    if not relations:
        return Sentence("", (_tree(found, text, found[-1].position),))
    (middle,) = relations
    relation, left, right = found[middle], found[:middle], found[middle + 1 :]
    return Sentence(relation.text, tuple(_tree(side, text, relation.position) for side in (left, right)))


def _tree(found: list[Token], text: str, position: int) -> Tree:
    """Return the tree of one expression; an error about an empty one points at `position`."""
    end = Token("end", "the end", found[-1].end if found else position)
    for previous, token in pairwise([Token("start", "the start", position), *found, end]):
        if token.kind not in _FOLLOWERS[previous.kind]:
            raise ReadError(_out_of_order(previous, token), text, token.position)
    _refuse_chains(found, text)
    source, at_column = "", {}
    for token in found:
        at_column[len(source)] = token
        source += _PLACEHOLDER.get(token.kind, _WRITTEN.get(token.text, token.text))
    return Tree(text, ast.parse(source, mode="eval").body, at_column)


def _out_of_order(previous: Token, token: Token) -> str:
    if "end" not in _FOLLOWERS[previous.kind]:
        return (
            f"expected a name, a number or a bracket after {previous.text}, found {token.text}; complete it"
        )
    product = f"{previous.text}*{token.text}"
    return f"expected an operator after {previous.text}, found {token.text}; for a product write {product}"


def _refuse_chains(found: list[Token], text: str) -> None:
    """Refuse `a**b**c`, which people read in two ways, and more operators than a parser's stack can bear."""
    last, count = [""], 0
    for previous, token in pairwise([Token("start", "", 0), *found]):
        if token.kind == "open":
            last.append("")
        elif token.kind == "close":
            last.pop()
        elif token.kind == "comma":
            last[-1] = ""
        elif token.kind in ("operator", "comparison", "logic", "negation") or (
            token.kind == "sign" and previous.kind != "operator"
        ):
            if token.text == last[-1] == "**":
                raise ReadError(
                    "found a power of a power; write a**(b**c) or (a**b)**c", text, token.position
                )
            last[-1], count = token.text, count + 1
        if count > MAX_OPERATORS:
            message = f"found more than {MAX_OPERATORS} operators in one expression; name parts of it"
            raise ReadError(message, text, token.position)
