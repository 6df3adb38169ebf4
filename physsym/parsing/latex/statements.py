r"""The statements of a formula: rows, chains that go on in the next row, parts between commas, gaps and
words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from physsym.parsing.latex.grammar import relation
from physsym.parsing.latex.parser import braced, spelled, split
from physsym.parsing.latex.signs import CLOSING, OPENING, PRODUCTS, RELATIONS, is_unit
from physsym.parsing.latex.tokens import LatexToken, Macro, latex_tokens
from physsym.parsing.latex.tree import Bracket, Dots, Name, Node, Number, Relation, Scripted, Sum
from physsym.parsing.tokens import ReadError

MAX_STATEMENTS = 100
_COMMAND = re.compile(r"\\\\|\\(?:[A-Za-z]+\*?|.)", re.DOTALL)

_ROW_ENVIRONMENTS = frozenset(
    [
        "align",
        "aligned",
        "split",
        "gather",
        "gathered",
        "equation",
        "eqnarray",
        "multline",
        "multlined",
        "alignat",
        "alignedat",
        "flalign",
        "subequations",
        "displaymath",
        "math",
        "cases",
        "dcases",
        "array",
        "eqsplit",
        "dmath",
        "numcases",
    ]
)
_ENDS = ("row", "gap", "text")
_WITH_ARGUMENT = ("alignat", "alignedat", "array")
_SYSTEMS = ("array", "aligned", "split", "gathered", "matrix", "alignedat", "align", "cases")
_IMPLIES = frozenset(
    (r"\implies", r"\Rightarrow", r"\Longrightarrow", r"\iff", r"\Leftrightarrow", r"\Longleftrightarrow",
     r"\impliedby", r"\Leftarrow", r"\therefore", r"\because", r"\Longleftarrow", r"\leftrightarrow")
)  # fmt: skip
_SIGNS = ("+", "-", r"\pm", r"\mp")
_OPERATORS = frozenset((*PRODUCTS, *_SIGNS))
_CONTENT = (
    r"\boxed",
    r"\fbox",
    r"\smash",
    r"\cancelto",
    r"\mathstrut",
    r"\framebox",
    r"\Aboxed",
    r"\hl",
    r"\raisebox",
)
_COLOURED = (
    r"\textcolor",
    r"\colorbox",
    r"\mathcolor",
    r"\bbox",
    r"\htmlClass",
    r"\class",
    r"\cssId",
    r"\href",
)


@dataclass
class _Piece:
    """Tokens of one statement, what begins it, and the words before it."""

    begun: str
    words: str = ""
    aligned: bool = False
    tokens: list[LatexToken] = field(default_factory=list)

    @property
    def relates(self) -> bool:
        """Return whether it has the sign of a relation outside of brackets."""
        return _relation_at(self.tokens) is not None


def _relation_at(tokens: Sequence[LatexToken]) -> int | None:
    depth = 0
    for i, token in enumerate(tokens):
        depth += (token.text in OPENING or token.text == r"\begin") and token.kind != "text"
        depth -= (token.text in CLOSING or token.text == r"\end") and token.kind != "text"
        if not depth and token.text in RELATIONS and token.kind != "text":
            return i
    return None


def formula_text(text: str) -> str:
    """Return a formula with blanks for the dollar signs around it."""
    return re.sub(r"\A\s*\${1,2}|\${1,2}\s*\Z", lambda m: " " * len(m[0]), text)


def trees(
    text: str, macros: Mapping[str, Macro] | None = None, words: frozenset[str] = frozenset()
) -> tuple[Relation, ...]:
    """Return the statements of a formula as trees.

    Raises
    ------
    ReadError
        Where the text is not understood or exceeds the limits; it points at what is not understood.
    """
    table = macros or {}
    if text.isascii() and table.keys().isdisjoint(_COMMAND.findall(text)):
        # A document is read three times: what a formula does not use must not keep it from being remembered.
        table, words = {}, frozenset(word for word in words if set(word) <= set(text))
    return _trees(text, tuple(sorted(table.items(), key=lambda m: m[0])), words)


@lru_cache(maxsize=4096)
def _trees(text: str, macros: tuple[tuple[str, Macro], ...], words: frozenset[str]) -> tuple[Relation, ...]:
    written = latex_tokens(formula_text(text), dict(macros))
    begun = [token.position for token in written if token.text == r"\begin"]
    if len(begun) > sum(token.text == r"\end" for token in written):  # the first half of a formula
        message = r"found \begin without its \end; write the environment whole"
        raise ReadError(message, text, begun[0])
    tokens = _prepared(written, text)
    pieces = _joined(_pieces(tokens, text), text)
    if len(pieces) > MAX_STATEMENTS:
        raise ReadError(
            f"found more than {MAX_STATEMENTS} statements; split the text",
            text,
            pieces[MAX_STATEMENTS].tokens[0].position,
        )
    found: list[Relation] = []
    for piece in pieces:
        node = relation(piece.tokens, text, words)
        if not isinstance(node, Relation):
            node = Relation(node.start, node.end, (node,), ())
        found.append(replace(node, words=piece.words))
    return tuple(_with_lists(found, pieces, text))


# ------------------------------------------------------------ preparation


def _prepared(tokens: Sequence[LatexToken], text: str) -> list[LatexToken]:
    """Return tokens without boxes and colours, with relations that bear words as relations, systems as
    cases."""
    tokens = list(tokens)
    found: list[LatexToken] = []
    i = 0
    while i < len(tokens):
        token = tokens[i]
        command = token.text if token.kind == "command" else ""
        if command in (r"\[", r"\]", r"\(", r"\)"):
            i += 1
        elif command in (r"\stackrel", r"\overset", r"\underset"):
            above, i = _one(tokens, i + 1, text)
            base, i = _one(tokens, i, text)
            found += _with_above(token, above, base, text)
        elif command in (r"\xrightarrow", r"\xleftarrow", r"\xmapsto"):
            i = _one(tokens, _behind_optional(tokens, i + 1, text), text)[1]
            found.append(replace(token, text=r"\to" if command != r"\xleftarrow" else r"\gets"))
        elif command in _CONTENT or command in _COLOURED:
            inside, behind = _content(tokens, i, text)
            tokens[i:behind] = inside
        elif token.text == r"\{" and token.side == "left" and (end := _system_end(tokens, i, text)):
            system, behind = _as_cases(tokens, i, end, text)
            tokens[i:behind] = system
        elif token.text in RELATIONS and found and found[-1].text in ("_", "^"):  # v_\perp
            found += [replace(token, kind="sign", text="{"), token, replace(token, kind="sign", text="}")]
            i += 1
        else:
            found.append(token)
            i += 1
    return _without_line_breaks(_without_null_delimiters(found))


def _behind_optional(tokens: Sequence[LatexToken], i: int, text: str) -> int:
    """Return where the tokens go on behind an optional argument in square brackets."""
    if i >= len(tokens) or tokens[i].text != "[":
        return i
    closed = next((k for k in range(i, len(tokens)) if tokens[k].text == "]"), None)
    if closed is None:
        raise ReadError("found [ without ]; close the brackets", text, tokens[i].position)
    return closed + 1


def _content(tokens: Sequence[LatexToken], i: int, text: str) -> tuple[list[LatexToken], int]:
    """Return the content of a box or colour, in braces if it is a part of a side, and where it ends."""
    command = tokens[i].text
    i += 1
    if command in _COLOURED or command == r"\raisebox":
        i = _behind_optional(tokens, _one(tokens, i, text)[1], text)
    inside, behind = _one(tokens, i, text)
    if not inside or _relation_at(inside) is not None or any(t.kind == "row" for t in inside):
        return inside, behind
    opening, closing = (
        replace(at, kind="sign", text=sign, side="") for at, sign in ((inside[0], "{"), (inside[-1], "}"))
    )
    return [opening, *inside, closing], behind


def _as_cases(tokens: Sequence[LatexToken], i: int, end: int, text: str) -> tuple[list[LatexToken], int]:
    """Return the rows behind a brace, which are a system, as an environment of cases, and where they end."""
    name, begun = braced(tokens, i + 2, text)
    if spelled(name).rstrip("*") in _WITH_ARGUMENT:
        begun = braced(tokens, begun, text)[1]

    def written(at: LatexToken, command: str) -> list[LatexToken]:
        signs = [replace(at, kind="sign", text=sign) for sign in ("{", "cases", "}")]
        return [replace(at, kind="command", text=command), *signs]

    head, tail = written(tokens[i + 1], r"\begin"), written(tokens[end], r"\end")
    return [*head, *tokens[begun:end], *tail], braced(tokens, end + 1, text)[1] + 1


def _one(tokens: Sequence[LatexToken], i: int, text: str) -> tuple[list[LatexToken], int]:
    """Return an argument without braces, and where it ends."""
    if i < len(tokens) and tokens[i].text != "{":
        return [tokens[i]], i + 1
    return braced(tokens, i, text)


def _with_above(
    token: LatexToken, above: Sequence[LatexToken], base: Sequence[LatexToken], text: str
) -> list[LatexToken]:
    if len(base) == 1 and base[0].text in RELATIONS:
        said = "".join(t.text for t in above)
        defines = base[0].text == "=" and ("def" in said or r"\triangle" in said)
        return [replace(base[0], text=":=" if defines else base[0].text)]
    if token.text == r"\underset":
        at = base[0]
        signs = [replace(at, kind="sign", text=s, side="") for s in ("_", "{", "}")]
        return [*base, signs[0], signs[1], *above, signs[2]]
    if len(base) == 1 and base[0].text in _OPERATORS | _IMPLIES:
        return list(base)
    raise ReadError(f"found {token.text} over what is no relation", text, token.position)


def _system_end(tokens: Sequence[LatexToken], i: int, text: str) -> int | None:
    r"""Return where `\left\{ \begin{..} .. \end{..} \right.` ends its environment, or None."""
    if i + 1 >= len(tokens) or tokens[i + 1].text != r"\begin":
        return None
    name, _ = braced(tokens, i + 2, text)
    if spelled(name).rstrip("*") not in _SYSTEMS:
        return None
    depth = 0
    for end in range(i + 1, len(tokens)):
        depth += {r"\begin": 1, r"\end": -1}.get(tokens[end].text, 0)
        if not depth:
            behind = braced(tokens, end + 1, text)[1]
            null = behind < len(tokens) and tokens[behind].text == "." and tokens[behind].side == "right"
            return end if null else None
    return None


def _without_null_delimiters(tokens: Sequence[LatexToken]) -> list[LatexToken]:
    r"""Return tokens without the dots of `\left.` and `\right.`, but for values at a point."""
    dropped: set[int] = set()
    opened: list[int] = []
    for i, token in enumerate(tokens):
        if token.side == "left":
            opened.append(i)
        elif token.side == "right" and opened:
            begun = opened.pop()
            if tokens[begun].text == "." and token.text not in ("|", r"\vert"):
                dropped.add(begun)
            if token.text == ".":
                dropped.add(i)
        elif token.side == "right" and token.text == ".":
            dropped.add(i)
    dropped |= {i for i in opened if tokens[i].text == "."}
    return [t for i, t in enumerate(tokens) if i not in dropped]


def _without_line_breaks(tokens: Sequence[LatexToken]) -> list[LatexToken]:
    """Return tokens without the ends of rows of one formula on several lines that go on with a sum."""
    found: list[LatexToken] = []
    depth = 0
    for i, token in enumerate(tokens):
        if token.text in (r"\begin", r"\end"):
            name = "".join(t.text for t in tokens[i + 2 : i + 12])
            depth += name.startswith("multline") * (1 if token.text == r"\begin" else -1)
        if depth and token.kind == "row":
            following = next((t.text for t in tokens[i + 1 :] if t.kind not in ("row", "gap")), "")
            if following in _SIGNS:
                continue
        found.append(token)
    return found


# ------------------------------------------------------------ pieces


def _pieces(tokens: Sequence[LatexToken], text: str) -> list[_Piece]:
    """Return the tokens between row ends, gaps, commas, words and arrows of implication."""
    pieces = [_Piece("")]
    depth = inner = i = 0
    in_rows = any(t.kind == "row" or t.text == r"\begin" for t in tokens)
    while i < len(tokens):
        token = tokens[i]
        here = depth == 0 and inner == 0
        if token.text in (r"\begin", r"\end"):
            if here and (behind := _behind_rows(tokens, i, text, not pieces[-1].tokens)) is not None:
                i = behind
                continue
            inner += 1 if token.text == r"\begin" else -1
        elif token.kind != "text":
            depth += token.text in OPENING
            depth -= token.text in CLOSING
        i += 1
        if here and token.text not in OPENING:
            if token.text == "&" and not in_rows and _hides_a_sign(pieces[-1].tokens, tokens[i:]):
                raise ReadError(
                    "found & outside of rows; write a sign, or leave it out", text, token.position
                )
            _place(pieces, token, tokens[i:], text)
        elif inner or (token.kind not in ("row", "gap") and token.text != "&"):
            pieces[-1].tokens.append(token)
    return [p for p in pieces if p.tokens]


def _behind_rows(tokens: Sequence[LatexToken], i: int, text: str, begins: bool) -> int | None:
    r"""Return where the tokens go on behind the `\begin` or `\end` of rows that are statements, or None."""
    name, behind = braced(tokens, i + 1, text)
    environment = spelled(name).replace(r"\ast", "").rstrip("*")
    if tokens[i].text == r"\end":
        return behind
    if environment in ("array", "cases", "dcases"):
        rows = begins and (environment == "array" or _is_system(tokens, i, text))
    else:
        rows = environment in _ROW_ENVIRONMENTS
    if not rows:
        return None
    behind = _behind_optional(tokens, behind, text)
    return braced(tokens, behind, text)[1] if environment in _WITH_ARGUMENT else behind


def _place(pieces: list[_Piece], token: LatexToken, rest: Sequence[LatexToken], text: str) -> None:
    """Put a token outside of brackets into the last piece, or begin a piece by it."""
    following = rest[0] if rest else None
    current = pieces[-1].tokens
    if token.kind == "row":
        _begin(pieces, "row")
    elif token.text == "&":
        if not current:
            pieces[-1].aligned = True
        elif _parts_statements(current, rest):
            _begin(pieces, "gap")
    elif token.kind == "gap":
        attached = following is None or following.text == "&" or _joins(following)
        if current and not attached and not _joins(current[-1]):
            _begin(pieces, "gap")
    elif token.kind == "text" and re.fullmatch(r"[\s=<>+*/-]+", token.text):
        raise ReadError(f"found {token.text!r} as words; write it as a sign", text, token.position)
    elif token.kind == "text" and current and current[-1].kind == "number" and is_unit(token.text):
        current.append(replace(token, text=token.text.strip()))
    elif token.kind == "text" and not _is_name(token, following):
        _begin(pieces, "text", token.text.strip())
    elif token.text in _IMPLIES:
        _begin(pieces, "implies", {r"\because": "because"}.get(token.text, "hence"))
    elif token.text in (r"\forall", r"\exists"):
        _begin(pieces, "text", "for all" if token.text == r"\forall" else "there is")
    elif token.text in (",", ";"):
        _begin(pieces, ",")
    elif token.text == "." and (following is None or following.kind in _ENDS or following.text == r"\end"):
        _begin(pieces, "text")
    else:
        current.append(token)


def _begin(pieces: list[_Piece], by: str, words: str = "") -> None:
    """Begin a piece; the last one takes the words if it is empty."""
    last = pieces[-1]
    if last.tokens:
        pieces.append(_Piece(by, words))
    else:
        last.begun = by if by == "row" or last.begun != "row" else "row"
        last.words = f"{last.words} {words}".strip()


def _hides_a_sign(current: Sequence[LatexToken], rest: Sequence[LatexToken]) -> bool:
    """Return whether an alignment sign is all that stands between two values."""
    beside = (*current[-1:], *rest[:1])
    apart = any(t.text == "&" or t.kind in (*_ENDS, "text") or _joins(t) for t in beside)
    return len(beside) == 2 and not apart


def _joins(token: LatexToken) -> bool:
    """Return whether a token is the sign of a relation or of an operation, which joins its sides."""
    return token.text in RELATIONS or token.text in _OPERATORS


def _is_system(tokens: Sequence[LatexToken], i: int, text: str) -> bool:
    """Return whether an environment of cases holds statements, and no values with their conditions."""
    _, begun = braced(tokens, i + 1, text)
    end = next((k for k in range(begun, len(tokens)) if tokens[k].text == r"\end"), len(tokens))
    rows = [row for row in split(tokens[begun:end], ("\\\\",)) if row]
    return all(_relation_at(_until_text(row)) is not None for row in rows)


def _until_text(row: Sequence[LatexToken]) -> list[LatexToken]:
    """Return the tokens of a row before its words."""
    end = next((k for k, t in enumerate(row) if t.kind == "text"), len(row))
    return [t for t in row[:end] if t.text != "&"]


def _parts_statements(current: Sequence[LatexToken], rest: Sequence[LatexToken]) -> bool:
    """Return whether an alignment sign parts two statements of a row."""
    if rest and (rest[0].text == "&" or _joins(rest[0])):
        return False
    if _joins(current[-1]) or _relation_at(current) is None:
        return False
    row = []
    for token in rest:
        if token.kind == "row" or token.text == r"\end":
            break
        row.append(token)
    return _relation_at([t for t in row if t.text != "&"]) is not None


def _is_name(token: LatexToken, following: LatexToken | None) -> bool:
    r"""Return whether the argument of `\text` is a name in the formula and no comment."""
    said = token.text
    if said != said.strip() or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_\-]*|[A-Za-z]+\\_[A-Za-z]+", said):
        return said.strip() in ("max", "min", "sign", "sgn", "tr", "diag", "exp", "log")
    return said.lower() not in _CONNECTIVES


_CONNECTIVE_WORDS = (
    "if for and where or with otherwise when so hence then is as let since because therefore thus else "
    "such that by from in on at to of the we have given using all some any i.e. e.g. but which subject "
    "s.t. st while only until repeat return set do end once note recall assume suppose becomes gives "
    "yields implies approximately minimize maximize minimise maximise find solve"
)
_CONNECTIVES = frozenset(_CONNECTIVE_WORDS.split())


def _joined(pieces: Sequence[_Piece], text: str) -> list[_Piece]:
    """Return pieces with rows that go on joined to the row above, and parts of lists to their statement."""
    found: list[_Piece] = []
    for piece in pieces:
        first = piece.tokens[0]
        previous = found[-1] if found else None
        last = previous.tokens[-1].text if previous else ""
        hangs = previous is not None and _joins(previous.tokens[-1])
        if previous is not None and piece.begun in ("row", "gap") and not piece.words:
            goes_on = first.text in _OPERATORS and (piece.aligned or not piece.relates)
            if first.text in RELATIONS or goes_on or hangs:
                if last in RELATIONS and first.text in RELATIONS:
                    piece.tokens = piece.tokens[1:]
                previous.tokens += piece.tokens
                continue
        if first.text in RELATIONS and first.text not in ("->",):
            if piece.begun == "," and previous is not None:
                previous.tokens += piece.tokens
                continue
            if previous is None or piece.words:
                # A chain whose left side stands before the formula: its first relation is left out.
                piece.tokens = piece.tokens[1:]
                if not piece.tokens:
                    continue
        found.append(piece)
    return found


def _with_lists(found: Sequence[Relation], pieces: Sequence[_Piece], text: str) -> list[Relation]:
    r"""Return statements with parts between commas that relate nothing put into lists, or refused.

    A comma before what is no statement may be a `\,` that has lost its backslash.
    """
    result: list[Relation] = []
    for i, (node, piece) in enumerate(zip(found, pieces, strict=True)):
        previous = result[-1] if result else None
        # a, b, c > 0: names up to the next relation
        related = next((k for k in range(i, len(pieces)) if found[k].signs), i)
        parts = [node.sides[0] for node in found[i:related]]
        begins_list = (
            related > i
            and all(later.begun == "," for later in pieces[i + 1 : related + 1])
            and all(map(_is_simple, parts))
            and (related == i + 1 or not any(isinstance(part, Number) for part in parts))
        )
        if begins_list and previous is not None and not previous.signs and piece.begun == ",":
            items = (*_items(previous.sides[0]), node.sides[0])
            result[-1] = _listed(previous, items, node.end)
        elif begins_list and piece.begun in (",", "gap"):
            result.append(node)
        elif piece.begun == "," and previous is not None and not node.signs and previous.signs:
            items = (*_items(previous.sides[-1]), node.sides[0])
            if not _is_list(items):
                raise ReadError(
                    "found a comma before what relates nothing; write a product, or the sign of a relation",
                    text,
                    max(text.rfind(",", 0, node.start), 0),
                )
            result[-1] = _listed(previous, items, node.end)
        elif piece.begun == "," and previous is not None and node.signs and not previous.signs:
            items = (*_items(previous.sides[0]), node.sides[0])
            if not all(_is_simple(item) for item in items):
                raise ReadError(
                    "found a comma behind what relates nothing; write the sign of a relation",
                    text,
                    max(previous.end - 1, 0),
                )
            listed = Bracket(previous.start, node.sides[0].end, "", "", items, (",",) * (len(items) - 1))
            result[-1] = replace(
                node, start=previous.start, sides=(listed, *node.sides[1:]), words=previous.words
            )
        elif piece.begun == "gap" and previous is not None and previous.signs and not node.signs:
            only = node.sides[0]
            if isinstance(only, Bracket) and only.opening in ("(", "["):
                inside = only.items[0] if len(only.items) == 1 else None
                if isinstance(inside, Relation):
                    result.append(replace(inside, words="for"))
                continue  # the number of the equation, or a remark
            raise ReadError(
                "found a gap before what relates nothing; write a product, or the sign of a relation",
                text,
                node.start,
            )
        else:
            result.append(node)
    return result


def _listed(node: Relation, items: tuple[Node, ...], end: int) -> Relation:
    """Return a statement whose last side is a list."""
    listed = Bracket(items[0].start, end, "", "", items, (",",) * (len(items) - 1))
    return replace(node, sides=(*node.sides[:-1], listed), end=end)


def _items(node: Node) -> tuple[Node, ...]:
    return node.items if isinstance(node, Bracket) and not node.opening else (node,)


def _is_simple(node: Node) -> bool:
    if isinstance(node, Scripted):
        return isinstance(node.base, Name)
    if isinstance(node, Bracket):
        return not node.opening and all(map(_is_simple, node.items))
    return isinstance(node, (Number, Name, Dots))


def _is_list(items: Sequence[Node]) -> bool:
    """Return whether parts between commas list values: numbers alone, or with an ellipsis."""
    if any(isinstance(item, Dots) for item in items):
        return all(_is_simple(i) or isinstance(i, Sum) or i.end - i.start < 12 for i in items)
    bare = [i.terms[0] if isinstance(i, Sum) and len(i.terms) == 1 else i for i in items]
    return all(isinstance(item, Number) for item in bare)
