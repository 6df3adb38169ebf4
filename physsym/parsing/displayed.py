r"""Update rules from displayed formulas: LaTeX as papers and docstrings show it, as one rule.

Rows `m_t \leftarrow ...` are carried out from top to bottom (see `latex.steps`). Branches by options
(`\textbf{if} amsgrad`) are taken as told; branches by values become cases. Text is read as it is written or
refused: what may mean two things is asked for.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sympy import Eq, Expr, Integer, Ne, Piecewise, Symbol
from sympy.logic.boolalg import Boolean

from physsym.core.statements import Rule, StatementError, Update
from physsym.core.symbols import grad
from physsym.parsing.latex.conventions import USUAL_WORDS, Conventions
from physsym.parsing.latex.decisions import Decisions
from physsym.parsing.latex.grammar import LatexParser
from physsym.parsing.latex.interpretation import Interpretation
from physsym.parsing.latex.names import named
from physsym.parsing.latex.parser import braced, spelled, split
from physsym.parsing.latex.signs import CLOSING, OPENING
from physsym.parsing.latex.steps import NOW, Instant, Steps
from physsym.parsing.latex.tokens import LatexToken, latex_tokens
from physsym.parsing.latex.tree import Bracket, Node
from physsym.parsing.tokens import ReadError
from physsym.vocabulary import x

MAX_ROWS = 80

_RELATIONS: dict[str, Callable[[Expr, Expr], object]] = {
    "=": Eq, r"\neq": Ne, r"\ne": Ne, "<": operator.lt, ">": operator.gt,
    r"\leq": operator.le, r"\le": operator.le, r"\geq": operator.ge, r"\ge": operator.ge,
}  # fmt: skip
_ASSIGNS = (r"\leftarrow", r"\gets", "=", ":=")
_ENVIRONMENTS = ("align", "aligned", "array", "split", "gather", "equation")
_HEADS = ("if", "else", "for", "return", "initialize", "input")


@dataclass(frozen=True)
class Notation:
    r"""What a page says in words about its formulas.

    Parameters
    ----------
    symbols
        Constants by the letters of the page, such as `{r"\beta_1": b1}`; numbers may stand for them.
    gradient
        The letter of the gradient, where no row sets it.
    weights
        The letter of the weights, with its index before the step: `r"\theta_{t-1}"`.
    update
        The letter of what is added to the weights, where no row sets these.
    start
        Values of states before the first step, by letters; those of rows `\textbf{initialize}` are read.
    options
        Whether an option is chosen, by the name that stands behind `if`.
    time
        The letter of the number of the step.
    first
        The number of the first step.
    """

    symbols: Mapping[str, Expr] = field(default_factory=dict)
    gradient: str = ""
    weights: str = ""
    update: str = ""
    start: Mapping[str, Expr] = field(default_factory=dict)
    options: Mapping[str, bool] = field(default_factory=dict)
    time: str = "t"
    first: int = 1


@dataclass(frozen=True)
class Row:
    """A row of a displayed algorithm, with the depth of its indentation."""

    indent: int
    tokens: tuple[LatexToken, ...]


def read_displayed(text: str, notation: Notation) -> Rule:
    r"""Return the update rule that a displayed formula states.

    Parameters
    ----------
    text
        LaTeX: rows with `\leftarrow` or `=`, in an environment or without one, also the pseudo-code of
        PyTorch's pages with `\textbf{if}`.
    notation
        What its letters stand for, and which options are chosen.

    Returns
    -------
    Rule
        The rule; its weights are `x` of the vocabulary, its counter of steps is `k`.

    Raises
    ------
    ReadError
        Where the text is not understood, or may mean two things; it points at what is not understood.

    Examples
    --------
    >>> from physsym.vocabulary import eta, rho
    >>> shown = r"m_t \leftarrow \mu m_{t-1} + g_t \\ u_t \leftarrow -\alpha_t m_t"
    >>> letters = {r"\mu": rho, r"\alpha": eta}
    >>> notation = Notation(letters, gradient="g", update="u", start={"m": 0})
    >>> print(read_displayed(shown, notation))
    m <- rho*m + grad(x); x <- x - eta*m+; m(0) = 0
    """
    return _Reading(text, notation).rule()


class _Reading:
    """One text that is read: its rows, and the values by step."""

    def __init__(self, text: str, notation: Notation) -> None:
        """Cut the text into rows."""
        self.text, self.notation = text, notation
        self.conventions = Conventions(indices=frozenset({notation.time}), strict=True)
        self.symbols = {self.key(name): _number(v) for name, v in notation.symbols.items()}
        taken = {s for e in self.symbols.values() for s in e.free_symbols if isinstance(s, Symbol)} | {x}
        constants = frozenset(self.symbols)
        self.conventions = replace(self.conventions, set_alone=constants, declared=constants | USUAL_WORDS)
        self.gradient = self.key(notation.gradient) if notation.gradient else ""
        self.steps = Steps(text, notation.time, self.symbols.get, first=notation.first, taken=taken)
        self.start = {self.key(name): _number(v) for name, v in notation.start.items()}
        self.weights = self._weights()
        self.steps.weights = (self.weights or Instant("", NOW), x)
        self.rows = self._rows()
        for row in self.rows:
            if _head(row) not in ("if", "else") and (at := _relation(row.tokens)) is not None:
                name = self._target(row, at)
                self.steps.targets.setdefault(name.key, set()).add(name.step)
        self.gradient_read = self.gradient not in self.steps.targets
        self.steps.gradient = self.gradient if self.gradient_read else ""

    # ------------------------------------------------------------ names and values

    def key(self, letters: str) -> str:
        """Return a name in words, without its index of time."""
        tree = LatexParser(_averages(latex_tokens(letters), letters), letters).whole()
        name = named(tree)
        if name is None:
            raise ReadError(_NO_NAME.format(letters), letters, 0)
        return Interpretation(letters, self.conventions, Decisions({})).key(name)

    def error(self, message: str, token: LatexToken | None = None) -> ReadError:
        """Return the error that points at a token, or at the end."""
        return ReadError(message, self.text, token.position if token else max(len(self.text) - 1, 0))

    def tree(self, tokens: Sequence[LatexToken]) -> Node:
        """Return the tree of an expression."""
        if not tokens:
            raise self.error("expected a formula, found the end")
        return LatexParser(tokens, self.text).whole()

    def value(self, tokens: Sequence[LatexToken]) -> Expr:
        """Return the value of an expression in terms of states before the step; refuse what is open."""
        tree = self.tree(tokens)
        self.steps.start = tree.start
        return self.steps.resolved(strict_value(tree, self.text, self.conventions, self.steps))

    def name(self, tokens: Sequence[LatexToken], starts: bool = False) -> Instant:
        """Return the name, with the step that it is of, that tokens are."""
        return self._instant(self.tree(tokens), self.text, starts)

    def _instant(self, tree: Node, text: str, starts: bool = False) -> Instant:
        name = named(tree)
        written = " ".join(text[tree.start : tree.end].split())
        if name is None:
            raise ReadError(_NO_NAME.format(written), text, tree.start)
        reading = Interpretation(text, self.conventions, Decisions({}))
        name = reading.completed(name)
        if starts and name.below_text == "0":
            return Instant(reading.key(replace(name, below=(), below_text="")), NOW)
        value = reading.value(tree)
        found = self.steps.instant(value)
        if found is None or (name.above is not None and not reading.is_above(name)):
            message = f"found {written} on the left, a power or a value of a step; write the index below: m_t"
            raise ReadError(message, text, tree.start)
        return found

    def _weights(self) -> Instant | None:
        """Return the letter of the weights before the step."""
        said = self.notation.weights
        if not said:
            return None
        name = self._instant(LatexParser(latex_tokens(said), said).whole(), said)
        if name.step is None:
            raise self.error(f"give the weights with the index that they have before the step, not {said}")
        return name

    # ------------------------------------------------------------ the text as rows

    def _rows(self) -> list[Row]:
        """Return the rows of the steps; those of an initialization are read into start values."""
        found = self._split(_averages(latex_tokens(self.text), self.text))
        if len(found) > MAX_ROWS:
            raise self.error(f"found more than {MAX_ROWS} rows; split the text", found[MAX_ROWS].tokens[0])
        heads = [_head(row) for row in found]
        if "for" not in heads:
            return _joined(found)
        loop = heads.index("for")
        if "initialize" in heads[:loop]:
            for row in found[heads.index("initialize") : loop]:
                self._initialize(row.tokens)
        ends = [i for i, head in enumerate(heads) if head == "return" and i > loop]
        body = found[loop + 1 : ends[0] if ends else None]
        if second := next((row for row in body if _head(row) == "for"), None):
            raise self.error(
                "found a loop inside of the loop over steps, which is not read", second.tokens[0]
            )
        return _joined(body)

    def _split(self, tokens: list[LatexToken]) -> list[Row]:
        rows: list[Row] = []
        current: list[LatexToken] = []
        depth = inner = i = 0
        while i < len(tokens):
            token = tokens[i]
            if token.text in (r"\begin", r"\end"):
                inside, behind = braced(tokens, i + 1, self.text)
                name = spelled(inside).rstrip("*")
                if name in _ENVIRONMENTS and not inner:
                    i = behind
                    if name == "array" and token.text == r"\begin":
                        _, i = braced(tokens, i, self.text)
                    continue
                inner += 1 if token.text == r"\begin" else -1
            depth += {"{": 1, "}": -1}.get(token.text, 0)
            if token.kind == "row" and not depth and not inner:
                rows.append(_row(current))
                current = []
            else:
                current.append(token)
            i += 1
        rows.append(_row(current))
        return [row for row in rows if row.tokens]

    def _target(self, row: Row, at: int) -> Instant:
        """Return the name on the left of a row."""
        if not row.tokens[:at]:
            raise self.error("found nothing on the left", row.tokens[at])
        return self.name(row.tokens[:at])

    def _initialize(self, tokens: Sequence[LatexToken]) -> None:
        r"""Read start values `m_0 \leftarrow 0`; words in \text are left out."""
        kept = [t for t in tokens if t.kind != "text" or (len(t.text.strip()) == 1 and t.side == r"\textbf")]
        for part in filter(None, split(kept, (",", ":"))):
            at = _relation(part)
            if at is None:
                raise self.error("expected a start value such as m_0 \\leftarrow 0", part[0])
            name, value = self.name(part[:at], starts=True), self.value(part[at + 1 :])
            table = self.start if name.step == NOW else self.symbols
            table.setdefault(name.key, value)

    # ------------------------------------------------------------ the rows as a rule

    def rule(self) -> Rule:
        """Carry out the rows and return the rule."""
        self._carry_out(self.rows)
        try:
            return self._built()
        except StatementError as error:
            raise self.error(str(error), self.rows[0].tokens[0]) from None

    def _built(self) -> Rule:
        steps, update = self.steps, self.notation.update
        updates: list[Update] = []
        if update:
            key = self.key(update)
            if self.weights and self.weights.key in steps.targets:
                raise self.error(f"the rows set the weights {self.weights.key}, which {update} moves too")
            if (key, NOW) not in steps.values:
                raise self.error(f"no row sets the update {update}_t")
            updates.append(Update(x, x + steps.values[key, NOW]))
        elif self.weights:
            if (moved := steps.values.get((self.weights.key, steps.set_step(self.weights.key)))) is None:
                raise self.error(f"no row sets the weights {self.weights.key}")
            updates.append(Update(x, moved))
        done = {u.target for u in steps.updates}
        pending = dict(steps.states)
        carried: dict[str, Expr] = {}
        while pending:
            key, symbol = pending.popitem()
            if symbol in done or symbol == x:
                continue
            carried[key] = self._new_value(key)
            pending |= {
                k: s for k, s in steps.states.items() if k not in carried and s not in done and s != x
            }
        counter = steps.counter
        counted = [Update(counter, counter + 1)] if counter is not None else []
        later = [Update(steps.states[key], value) for key, value in carried.items()]
        rows = (*counted, *steps.updates, *later, *updates)
        if not rows:
            raise self.error("found no update; give the weights, or the letter of the update")
        start = [(counter, Integer(self.notation.first - 1))] if counter is not None else []
        start += [(s, Integer(kind == "prod")) for (kind, _), s in steps.sums.items()]
        start += [(s, self._start_of(key)) for key, s in steps.states.items() if s != x]
        return Rule(rows, tuple(start))

    def _new_value(self, key: str) -> Expr:
        if key == self.gradient and self.gradient_read:
            return grad(x)
        value = self.steps.values.get((key, self.steps.set_step(key)))
        if value is None:
            raise self.error(f"{key} is set in some branches alone")
        return value

    def _start_of(self, key: str) -> Expr:
        if key not in self.start:
            raise self.error(
                f"the text says no start value of {key}, whose value before the step is read; give one"
            )
        return self.start[key]

    def _carry_out(self, rows: Sequence[Row]) -> None:
        i = 0
        while i < len(rows):
            row = rows[i]
            if _head(row) == "if":
                i = self._branch(rows, i)
                continue
            if _head(row) == "else":
                raise self.error("found 'else' without 'if' above it", row.tokens[0])
            self._assign(row)
            i += 1

    def _branch(self, rows: Sequence[Row], i: int) -> int:
        """Carry out an `if` with its `else`; return the row behind."""
        head = rows[i]
        end = _block(rows, i)
        then = rows[i + 1 : end]
        otherwise: Sequence[Row] = ()
        condition = self._condition(_behind_if(head))
        if end < len(rows) and _head(rows[end]) == "else" and rows[end].indent == head.indent:
            if len(_behind_if(rows[end])):
                raise self.error("found 'else if', which is not read", rows[end].tokens[0])
            begun, end = end, _block(rows, end)
            otherwise = rows[begun + 1 : end]
        if not then:
            raise self.error(
                "found no row inside of this branch; its rows stand further to the right", head.tokens[0]
            )
        if isinstance(condition, bool):
            self._carry_out(then if condition else otherwise)
            return end
        steps = self.steps
        steps.branches += 1
        before = dict(steps.values)
        self._carry_out(then)
        one, steps.values = steps.values, before
        self._carry_out(otherwise)
        other = steps.values
        steps.branches -= 1
        steps.values = {
            key: one[key] if one[key] == other[key] else Piecewise((one[key], condition), (other[key], True))
            for key in one if key in other
        }  # fmt: skip
        return end

    def _condition(self, tokens: Sequence[LatexToken]) -> bool | Boolean:
        """Return whether a branch is taken, or the condition on values under which it is."""
        kept = [t for t in tokens if t.text != ":"]
        words = _words(kept)
        names = [w for w in words if w not in ("True", "False", "if", "otherwise")]
        signs = [t for t in kept if t.text in _RELATIONS]
        others = [
            t for t in kept if t.kind == "number" or (t.kind == "letter" and t.text not in "".join(words))
        ]
        if len(names) == 1 and len(signs) <= 1 and not others:
            if names[0] not in self.notation.options:
                at = next(t for t in kept if t.kind in ("text", "letter"))
                raise self.error(f"the rows depend on the option {names[0]}; say whether it is chosen", at)
            chosen = self.notation.options[names[0]]
            compared = bool(signs) or any("=" in t.text for t in kept if t.kind == "text")
            return chosen == ("True" in words) if compared else chosen
        at_sign = next((i for i, t in enumerate(kept) if t.text in _RELATIONS), None)
        if at_sign is None or len(signs) != 1:
            raise self.error("expected a condition such as \\lambda \\neq 0", kept[0] if kept else None)
        sides = [self.value(part) for part in (kept[:at_sign], kept[at_sign + 1 :])]
        found = _RELATIONS[kept[at_sign].text](*sides)
        if found in (True, False):
            return bool(found)
        assert isinstance(found, Boolean)
        constants = {s for e in self.symbols.values() for s in e.free_symbols}
        if found.free_symbols <= constants and not found.atoms(grad):
            said = f"{sides[0]} {kept[at_sign].text} {sides[1]}"
            if said not in self.notation.options:
                raise self.error(
                    f"the rows depend on whether {said}; give a number for it, or the option {said!r}",
                    kept[0],
                )
            return self.notation.options[said]
        return found

    def _assign(self, row: Row) -> None:
        at = _relation(row.tokens)
        if at is None:
            raise self.error(
                "found a row that sets nothing; a row is written m_t \\leftarrow ...", row.tokens[0]
            )
        name = self._target(row, at)
        right = row.tokens[at + 1 :]
        if self._is_list(right):
            return
        value = self._cases(right) if any(t.text == r"\begin" for t in right) else self.value(right)
        if name.key in self.symbols and name.step is None:
            raise self.error(f"{name.key} is a constant, and this row sets it", row.tokens[0])
        self.steps.start = row.tokens[0].position
        self.steps.refuse_undefined(value)
        self.steps.values[name.key, name.step] = value
        # A state that is set once, outside of branches, is updated here: rows below read the new value.
        targets = [
            self._target(r, i) for r in self.rows if (i := _relation(r.tokens)) is not None and not _head(r)
        ]
        once = sum(t.key == name.key for t in targets) == 1
        if once and not self.steps.branches and self.steps.states.get(name.key, x) != x:
            self.steps.update(name, value)

    def _is_list(self, tokens: Sequence[LatexToken]) -> bool:
        """Return whether a row lists the states, as S_t = (m_t, v_t) does."""
        if not tokens or tokens[0].text != "(":
            return False
        tree = self.tree(tokens)
        return isinstance(tree, Bracket) and bool(tree.separators)

    def _cases(self, tokens: Sequence[LatexToken]) -> Expr:
        """Return the value of an environment `cases` whose conditions are options."""
        if tokens[0].text != r"\begin" or spelled(braced(tokens, 1, self.text)[0]) != "cases":
            raise self.error("expected \\begin{cases} alone on the right", tokens[0])
        _, begun = braced(tokens, 1, self.text)
        end = next((i for i, t in enumerate(tokens) if t.text == r"\end"), len(tokens))
        for row in filter(None, split([t for t in tokens[begun:end] if t.text != "&"], ("\\\\",))):
            # The condition follows in \text, behind the value.
            at = next((i for i, t in enumerate(row) if t.kind == "text"), None)
            if at is None:
                raise self.error("found a case without its condition in \\text{if ...}", row[0])
            condition = self._condition(row[at:])
            if not isinstance(condition, bool):
                raise self.error("cases by values are not read; use an option", row[at])
            if condition:
                return self.value([t for t in row[:at] if t.text != ","])
        raise self.error("none of the cases is chosen by the options", tokens[0])


_NO_NAME = "found {}, which is no letter with an index; write one, such as m_t"


def _averages(tokens: Sequence[LatexToken], text: str) -> list[LatexToken]:
    """Return tokens with the name E_g2 for `E[g^2]` with an index, or alone, which is a running average."""
    found = list(tokens)
    i = 0
    while i < len(found):
        if found[i].text == "E" and [t.text for t in found[i + 1 : i + 2]] == ["["]:
            end = next((k for k in range(i, len(found)) if found[k].text == "]"), i)
            behind = found[end + 1 :]
            if end > i and ((not behind and not i) or (behind and behind[0].text == "_")):
                inside = "".join(c for c in text[found[i + 1].end : found[end].position] if c.isalnum())
                found[i : end + 1] = [
                    replace(found[i], kind="letter", text=f"E_{inside}", end=found[end].end)
                ]
        i += 1
    return found


def strict_value(tree: Node, text: str, conventions: Conventions, steps: Steps) -> Expr:
    """Return the value of a tree; refuse one that can be read in two ways, or joins coordinates."""
    decisions = Decisions({})
    reading = Interpretation(text, conventions, decisions)
    value = reading.value(tree)
    for question, options in decisions.asked.items():
        message = f"found {question}: {' or '.join(options)}? write brackets"
        raise ReadError(message, text, decisions.positions[question])
    if reading.joined is not None:
        raise reading.error(
            "a norm or a transpose joins coordinates, which is not understood in the rows of a rule",
            reading.joined,
        )
    steps.positions, steps.above = reading.positions, reading.above
    return value


def _number(value: Expr | int) -> Expr:
    return Integer(value) if isinstance(value, int) else value


def _row(tokens: Sequence[LatexToken]) -> Row:
    r"""Return a row without what spaces it; `\hspace` at its head is its indentation."""
    indent = 0
    kept: list[LatexToken] = []
    for token in tokens:
        if token.kind == "gap":
            size = token.side.removesuffix("mm")
            if not kept and size.isdigit():
                indent = int(size)
        elif token.text != "&":
            kept.append(token)
    while kept and kept[-1].text in (".", ",", ";"):
        kept.pop()
    return Row(indent, tuple(kept))


def _joined(rows: Sequence[Row]) -> list[Row]:
    """Return rows with those that go on with a sum joined to the row above."""
    found: list[Row] = []
    for row in rows:
        if found and row.tokens[0].text in ("+", "-") and _relation(row.tokens) is None:
            found[-1] = Row(found[-1].indent, (*found[-1].tokens, *row.tokens))
        else:
            found.append(row)
    return found


def _relation(tokens: Sequence[LatexToken]) -> int | None:
    """Return the position of the sign that sets a value, outside of brackets."""
    depth = 0
    for i, token in enumerate(tokens):
        if token.kind == "text":
            continue
        depth += (token.text in OPENING) - (token.text in CLOSING)
        if depth == 0 and token.text in _ASSIGNS:
            return i
    return None


def _words(tokens: Sequence[LatexToken]) -> list[str]:
    """Return the words among tokens: those of texts, and letters that touch."""
    found: list[str] = []
    run = ""
    for token in tokens:
        if run and (token.kind != "letter" or token.spaced):
            found += [run] if len(run) > 1 else []
            run = ""
        if token.kind == "letter":
            run += token.text
        elif token.kind == "text":
            found += token.text.replace(r"\_", "_").replace("=", " ").replace(":", " ").split()
    return [*found, run] if len(run) > 1 else found


def _head(row: Row) -> str:
    """Return the word with which a row of pseudo-code begins, such as if, else, for; else nothing."""
    tokens = [t for t in row.tokens[:12] if t.text not in (r"\bf", r"\mathbf", "{")]
    words = _words(tokens[: next((i for i, t in enumerate(tokens) if t.text == "}"), len(tokens))][:12])
    first = tokens[0] if tokens else None
    if first is None or first.kind not in ("text", "letter") or not words:
        return ""
    return words[0] if words[0] in _HEADS else ""


def _behind_if(row: Row) -> tuple[LatexToken, ...]:
    """Return the tokens behind the word with which a row begins."""
    if row.tokens[0].kind == "text":
        return row.tokens[1:]
    if row.tokens[0].kind == "letter":
        return row.tokens[len(_head(row)) :]
    end = next((i for i, t in enumerate(row.tokens) if t.text == "}"), 0)
    return row.tokens[end + 1 :]


def _block(rows: Sequence[Row], i: int) -> int:
    """Return the row behind those that stand further to the right than a row."""
    end = i + 1
    while end < len(rows) and rows[end].indent > rows[i].indent:
        end += 1
    return end
