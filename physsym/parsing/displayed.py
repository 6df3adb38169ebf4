r"""Update rules from displayed formulas: LaTeX as papers and docstrings show it, as one rule.

Rows `m_t \leftarrow ...` are carried out from top to bottom. An index `t-1` is the value before the step, `t`
the value of this step, which must have been set above; where rows set `x_{t+1}`, `x_t` is the value before.
What is read with its value before the step becomes a state; all else is put in. Branches by options
(`\textbf{if} amsgrad`) are taken as told; branches by values become cases. Text is read as it is written or
refused: what may mean two things is asked for.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from sympy import (
    Eq,
    Expr,
    Integer,
    Ne,
    Piecewise,
    Symbol,
    nan,
    oo,
    zoo,
)
from sympy.logic.boolalg import Boolean

from physsym.core.statements import Rule, StatementError, Update
from physsym.core.symbols import after, fresh, grad
from physsym.parsing.latex_expressions import NOW, LatexExpression, Name, Values, braced, shown
from physsym.parsing.latex_tokens import LatexToken, latex_tokens
from physsym.parsing.tokens import ReadError
from physsym.vocabulary import x

MAX_ROWS = 80
MAX_OPERATIONS = 4000

_RELATIONS: dict[str, Callable[[Expr, Expr], object]] = {
    "=": Eq, r"\neq": Ne, r"\ne": Ne, "<": operator.lt, ">": operator.gt,
    r"\leq": operator.le, r"\le": operator.le, r"\geq": operator.ge, r"\ge": operator.ge,
}  # fmt: skip
_ASSIGNS = (r"\leftarrow", r"\gets", "=", ":=")
_ENVIRONMENTS = ("align", "align*", "aligned", "array", "split", "gather", "gather*", "equation", "equation*")


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
    """One text that is read: its rows, the values set so far, and the states that were met."""

    def __init__(self, text: str, notation: Notation) -> None:
        """Cut the text into rows."""
        self.text, self.notation = text, notation
        self.time, self.first = notation.time, notation.first
        self.symbols: dict[str, Expr] = {
            key: Integer(v) if isinstance(v, int) else v for key, v in notation.symbols.items()
        }
        self.start: dict[str, Expr] = dict(notation.start)
        self.states: dict[str, Symbol] = {}
        self.sums: dict[tuple[str, Expr], Symbol] = {}
        self.shift = 0
        self.updates: list[Update] = []
        self.counter: Symbol | None = None
        self.bound: str = ""
        self.branches = 0
        self.taken: set[Symbol] = {
            s for e in self.symbols.values() for s in e.free_symbols if isinstance(s, Symbol)
        } | {x}
        self.targets: dict[str, set[int | None]] = {}
        self.gradient_read = False
        self.weights = self._weights()
        self.rows = self._rows()
        self.targets = self._targets()
        self.gradient_read = notation.gradient not in self.targets

    # ------------------------------------------------------------ the text as rows

    def error(self, message: str, token: LatexToken | None = None) -> ReadError:
        """Return the error that points at a token, or at the end."""
        return ReadError(message, self.text, token.position if token else max(len(self.text) - 1, 0))

    def _weights(self) -> Name | None:
        """Return the letter of the weights before the step."""
        if not self.notation.weights:
            return None
        tokens = latex_tokens(self.notation.weights)
        name = LatexExpression(self, tokens).name()
        if name.step is None:
            raise self.error(
                f"give the weights with the index that they have before the step, not {self.notation.weights}"
            )
        return name

    def _rows(self) -> list[Row]:
        """Return the rows of the steps; those of an initialization are read into start values."""
        found = self._split(latex_tokens(self.text))
        if len(found) > MAX_ROWS:
            raise self.error(f"found more than {MAX_ROWS} rows; split the text", found[MAX_ROWS].tokens[0])
        heads = [_head(row) for row in found]
        if "for" not in heads:
            return self._joined(found)
        loop = heads.index("for")
        if "initialize" in heads[:loop]:
            begun = heads.index("initialize")
            for row in found[begun:loop]:
                self._initialize(row.tokens)
        ends = [i for i, head in enumerate(heads) if head == "return" and i > loop]
        body = found[loop + 1 : ends[0] if ends else None]
        if second := next((row for row in body if _head(row) == "for"), None):
            raise self.error(
                "found a loop inside of the loop over steps, which is not read", second.tokens[0]
            )
        return self._joined(body)

    def _split(self, tokens: list[LatexToken]) -> list[Row]:
        rows: list[Row] = []
        current: list[LatexToken] = []
        depth = inner = i = 0
        while i < len(tokens):
            token = tokens[i]
            if token.text in (r"\begin", r"\end"):
                name, after_name = braced(self, tokens, i + 1)
                if name in _ENVIRONMENTS and not inner:
                    i = after_name
                    if name == "array" and token.text == r"\begin":
                        _, i = braced(self, tokens, i)
                    continue
                inner += 1 if token.text == r"\begin" else -1
            depth += {"{": 1, "}": -1}.get(token.text, 0)
            if token.kind == "row" and not depth and not inner:
                rows.append(self._row(current))
                current = []
            else:
                current.append(token)
            i += 1
        rows.append(self._row(current))
        return [row for row in rows if row.tokens]

    def _row(self, tokens: list[LatexToken]) -> Row:
        """Return a row without what spaces it; `\\hspace` at its head is its indentation."""
        kept: list[LatexToken] = []
        indent = i = 0
        while i < len(tokens):
            if tokens[i].text in (r"\hspace", r"\rule"):
                while i + 1 < len(tokens) and tokens[i + 1].text == "{":
                    inside, i_next = braced(self, tokens, i + 1)
                    if tokens[i].text == r"\hspace" and not kept and inside.removesuffix("mm").isdigit():
                        indent = int(inside.removesuffix("mm"))
                    tokens = [*tokens[: i + 1], *tokens[i_next:]]
                i += 1
                continue
            kept.append(tokens[i])
            i += 1
        while kept and kept[-1].text in (".", ",", ";"):
            kept.pop()
        return Row(indent, tuple(kept))

    def _joined(self, rows: list[Row]) -> list[Row]:
        """Return rows with those that go on with a sum joined to the row above."""
        found: list[Row] = []
        for row in rows:
            if found and row.tokens[0].text in ("+", "-") and self._relation(row) is None:
                found[-1] = Row(found[-1].indent, (*found[-1].tokens, *row.tokens))
            else:
                found.append(row)
        return found

    def _relation(self, row: Row) -> int | None:
        """Return where the sign stands that sets a value, outside of brackets."""
        depth = 0
        for i, token in enumerate(row.tokens):
            depth += {"{": 1, "}": -1, "(": 1, ")": -1, "[": 1, "]": -1}.get(token.text, 0)
            if depth == 0 and token.text in _ASSIGNS:
                return i
        return None

    def _targets(self) -> dict[str, set[int | None]]:
        """Return the letters that rows set, with the steps of which they are."""
        found: dict[str, set[int | None]] = {}
        for row in self.rows:
            if _head(row) in ("if", "else") or (at := self._relation(row)) is None:
                continue
            name = self._target(row, at)
            found.setdefault(name.key, set()).add(name.step)
        return found

    def _target(self, row: Row, at: int) -> Name:
        """Return the letter on the left of a row."""
        parser = LatexExpression(self, row.tokens[:at])
        if not row.tokens[:at]:
            raise self.error("found nothing on the left", row.tokens[at])
        name = parser.name()
        parser.finish()
        return name

    def _initialize(self, tokens: Sequence[LatexToken]) -> None:
        r"""Read start values `m_0 \leftarrow 0`; words in \text are left out."""
        kept: list[LatexToken] = []
        i = 0
        while i < len(tokens):
            if tokens[i].text in (r"\text", r"\textbf") and (words := self._words(tokens, i)):
                i += words
                continue
            kept.append(tokens[i])
            i += 1
        parts: list[list[LatexToken]] = [[]]
        depth = 0
        for token in kept:
            depth += {"{": 1, "}": -1, "(": 1, ")": -1}.get(token.text, 0)
            if token.text in (",", ":") and not depth:
                parts.append([])
            else:
                parts[-1].append(token)
        for part in filter(None, parts):
            at = self._relation(Row(0, tuple(part)))
            if at is None:
                raise self.error("expected a start value such as m_0 \\leftarrow 0", part[0])
            name = LatexExpression(self, part[:at]).name(starts=True)
            parser = LatexExpression(self, part[at + 1 :])
            value = parser.sum()
            parser.finish()
            if name.step == NOW:
                self.start.setdefault(name.key, value)
            else:
                self.symbols.setdefault(name.key, value)

    def _words(self, tokens: Sequence[LatexToken], i: int) -> int:
        """Return how many tokens a comment in words takes; 0 where it is a letter."""
        inside, end = braced(self, tokens, i + 1)
        is_letter = len(inside) == 1 and tokens[i].text == r"\textbf"
        return 0 if is_letter else end - i

    # ------------------------------------------------------------ the rows as a rule

    def rule(self) -> Rule:
        """Carry out the rows and return the rule."""
        values = Values({})
        self._carry_out(self.rows, values)
        try:
            return self._built(values)
        except StatementError as error:
            raise self.error(str(error), self.rows[0].tokens[0]) from None

    def _built(self, values: Values) -> Rule:
        updates: list[Update] = []
        if self.notation.update:
            if self.weights and self.weights.key in self.targets:
                raise self.error(
                    f"the rows set the weights {self.weights.key}, which {self.notation.update} moves too"
                )
            if (self.notation.update, NOW) not in values.set:
                raise self.error(f"no row sets the update {self.notation.update}_t")
            updates.append(Update(x, x + values.set[self.notation.update, NOW]))
        elif self.weights:
            if (moved := values.set.get((self.weights.key, self._set_step(self.weights.key)))) is None:
                raise self.error(f"no row sets the weights {self.weights.key}")
            updates.append(Update(x, moved))
        done = {u.target for u in self.updates}
        pending = dict(self.states)
        carried: dict[str, Expr] = {}
        while pending:
            key, symbol = pending.popitem()
            if symbol in done or symbol == x:
                continue
            carried[key] = self._new_value(key, values)
            pending |= {k: s for k, s in self.states.items() if k not in carried and s not in done and s != x}
        counted = [Update(self.counter, self.counter + 1)] if self.counter is not None else []
        later = [Update(self.states[key], value) for key, value in carried.items()]
        rows = (*counted, *self.updates, *later, *updates)
        if not rows:
            raise self.error("found no update; give the weights, or the letter of the update")
        start = [(self.counter, Integer(self.notation.first - 1))] if self.counter is not None else []
        start += [(s, Integer(kind == r"\prod")) for (kind, _), s in self.sums.items()]
        start += [(s, self._start_of(key)) for key, s in self.states.items() if s != x]
        return Rule(rows, tuple(start))

    def _new_value(self, key: str, values: Values) -> Expr:
        if key == self.notation.gradient and self.gradient_read:
            return grad(x)
        value = values.set.get((key, self._set_step(key)))
        if value is None:
            raise self.error(f"{key} is set in some branches alone")
        return value

    def _start_of(self, key: str) -> Expr:
        if key not in self.start:
            raise self.error(
                f"the text says no start value of {key}, whose value before the step is read; give one"
            )
        value = self.start[key]
        return Integer(value) if isinstance(value, int) else value

    def _set_step(self, key: str) -> int | None:
        """Return the step of which rows set a letter: of two, none is told."""
        steps = self.targets.get(key, set())
        return next(iter(steps)) if len(steps) == 1 else None

    def _carry_out(self, rows: Sequence[Row], values: Values) -> None:
        i = 0
        while i < len(rows):
            row = rows[i]
            if _head(row) == "if":
                i = self._branch(rows, i, values)
                continue
            if _head(row) == "else":
                raise self.error("found 'else' without 'if' above it", row.tokens[0])
            self._assign(row, values)
            i += 1

    def _branch(self, rows: Sequence[Row], i: int, values: Values) -> int:
        """Carry out an `if` with its `else`; return the row behind."""
        head = rows[i]
        end = _block(rows, i)
        then = rows[i + 1 : end]
        otherwise: Sequence[Row] = ()
        condition = self._condition(_behind_if(head), values)
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
            self._carry_out(then if condition else otherwise, values)
            return end
        self.branches += 1
        one, other = values.copy(), values.copy()
        self._carry_out(then, one)
        self._carry_out(otherwise, other)
        self.branches -= 1
        values.set = {
            key: one.set[key] if one.set[key] == other.set[key]
            else Piecewise((one.set[key], condition), (other.set[key], True))
            for key in one.set if key in other.set
        }  # fmt: skip
        return end

    def _condition(self, tokens: Sequence[LatexToken], values: Values) -> bool | Boolean:
        """Return whether a branch is taken, or the condition on values under which it is."""
        kept = [t for t in tokens if t.text != ":"]
        words = [t for t in kept if t.kind == "word"]
        names = [
            w.text.replace(r"\_", "_") for w in words if w.text not in ("True", "False", "if", "otherwise")
        ]
        signs = [t for t in kept if t.text in _RELATIONS]
        if len(names) == 1 and len(signs) <= 1 and not any(t.kind in ("number", "letter") for t in kept):
            if names[0] not in self.notation.options:
                raise self.error(
                    f"the rows depend on the option {names[0]}; say whether it is chosen", words[0]
                )
            chosen = self.notation.options[names[0]]
            return chosen if not signs else chosen == any(w.text == "True" for w in words)
        at = next((i for i, t in enumerate(kept) if t.text in _RELATIONS), None)
        if at is None or len(signs) != 1:
            raise self.error("expected a condition such as \\lambda \\neq 0", kept[0] if kept else None)
        sides = []
        for part in (kept[:at], kept[at + 1 :]):
            parser = LatexExpression(self, part, values)
            sides.append(parser.sum())
            parser.finish()
        found = _RELATIONS[kept[at].text](*sides)
        if found in (True, False):
            return bool(found)
        assert isinstance(found, Boolean)
        constants = {s for e in self.symbols.values() for s in e.free_symbols}
        if found.free_symbols <= constants and not found.atoms(grad):
            said = f"{sides[0]} {kept[at].text} {sides[1]}"
            if said not in self.notation.options:
                raise self.error(
                    f"the rows depend on whether {said}; give a number for it, or the option {said!r}",
                    kept[0],
                )
            return self.notation.options[said]
        return found

    def _assign(self, row: Row, values: Values) -> None:
        at = self._relation(row)
        if at is None:
            raise self.error(
                "found a row that sets nothing; a row is written m_t \\leftarrow ...", row.tokens[0]
            )
        name = self._target(row, at)
        right = row.tokens[at + 1 :]
        if self._is_list(right):
            return
        if any(t.text == r"\begin" for t in right):
            value = self._cases(right, values)
        else:
            parser = LatexExpression(self, right, values)
            value = parser.sum()
            parser.finish()
        if name.key in self.symbols and name.step is None:
            raise self.error(f"{name.key} is a constant, and this row sets it", name.token)
        if value.has(zoo, nan, oo):
            raise self.error("the right side is not defined", row.tokens[0])
        if value.count_ops() > MAX_OPERATIONS:
            raise self.error(f"found a value of more than {MAX_OPERATIONS} operations", row.tokens[0])
        values.set[name.key, name.step] = value
        self._keep(name, value, values)

    def _keep(self, name: Name, value: Expr, values: Values) -> None:
        """Update a state that is set once, outside of branches, there: rows below read the new value."""
        once = sum(1 for row in self.rows if _head(row) not in ("if", "else") and self._sets(row, name)) == 1
        if once and not self.branches and name.key in self.states and self.states[name.key] != x:
            symbol = self.states[name.key]
            self.updates.append(Update(symbol, value))
            values.set[name.key, name.step] = after(symbol)

    def _sets(self, row: Row, name: Name) -> bool:
        at = self._relation(row)
        return at is not None and self._target(row, at).key == name.key

    def _is_list(self, tokens: Sequence[LatexToken]) -> bool:
        """Return whether a row lists the states, as S_t = (m_t, v_t) does."""
        if not tokens or tokens[0].text != "(" or tokens[-1].text != ")":
            return False
        depth, commas = 0, 0
        for i, token in enumerate(tokens):
            depth += {"(": 1, ")": -1, "{": 1, "}": -1}.get(token.text, 0)
            commas += token.text == "," and depth == 1
            if depth == 0 and i < len(tokens) - 1:
                return False
        return commas > 0

    def _cases(self, tokens: Sequence[LatexToken], values: Values) -> Expr:
        """Return the value of an environment `cases` whose conditions are options."""
        if tokens[0].text != r"\begin" or braced(self, tokens, 1)[0] != "cases":
            raise self.error("expected \\begin{cases} alone on the right", tokens[0])
        _, begun = braced(self, tokens, 1)
        inside = list(takewhile(lambda t: t.text != r"\end", tokens[begun:]))
        rows: list[list[LatexToken]] = [[]]
        for token in inside:
            if token.kind == "row":
                rows.append([])
            else:
                rows[-1].append(token)
        for row in filter(None, rows):
            # The condition follows in \text, behind the value.
            at = next((i for i, t in enumerate(row) if t.text == r"\text"), None)
            if at is None:
                raise self.error("found a case without its condition in \\text{if ...}", row[0])
            condition = self._condition(row[at:], values)
            if not isinstance(condition, bool):
                raise self.error("cases by values are not read; use an option", row[at])
            if condition:
                value = [t for t in row[:at] if t.text != ","]
                parser = LatexExpression(self, value, values)
                found = parser.sum()
                parser.finish()
                return found
        raise self.error("none of the cases is chosen by the options", tokens[0])

    # ------------------------------------------------------------ what letters stand for

    def is_constant(self, key: str) -> bool:
        """Return whether a letter is a known constant."""
        return key in self.symbols

    def value_of(self, name: Name, values: Values) -> Expr:
        """Return what a letter with its index stands for."""
        key, step = name.key, name.step
        if (key, step) in values.set:
            return values.set[key, step]
        if key == self.notation.time and step is None and key not in self.symbols:
            return self.steps()
        if key in self.symbols and (step is None or step not in self.targets.get(key, ())):
            if step not in (None, NOW):
                raise self.error(f"{key} is a constant; its value of another step is not read", name.token)
            return self.symbols[key]
        if key == self.notation.gradient and self.gradient_read:
            if step == NOW:
                return grad(x)
            if step == -1:
                return self.state(key)
        if self.weights and key == self.weights.key and step == self.weights.step:
            self.states.setdefault(key, x)
            return x
        if key in self.targets:
            return self._of_step(name)
        raise self.error(f"{shown(name)} is neither a known constant nor set by a row", name.token)

    def _of_step(self, name: Name) -> Expr:
        """Return the value before the step of a letter that a row sets; refuse one that is not yet set."""
        steps = self.targets[name.key]
        if name.step in steps:
            raise self.error(
                f"{shown(name)} is read before it is set; if the value before the step is meant, say so",
                name.token,
            )
        target = self._set_step(name.key)
        if target is None or name.step is None or name.step != target - 1:
            known = ", ".join(shown(Name(name.key, s, name.token)) for s in sorted(steps, key=str))
            raise self.error(
                f"rows set {known}, and {shown(name)} is read; which value is meant?", name.token
            )
        return self.state(name.key)

    def state(self, key: str) -> Symbol:
        """Return the symbol of a state, under a name of its own."""
        if key not in self.states:
            if self.weights and key == self.weights.key:
                self.states[key] = x
            else:
                self.states[key] = self._symbol(key)
        return self.states[key]

    def _symbol(self, key: str) -> Symbol:
        plain = "".join(
            c if c.isalnum() else "_"
            for c in key.replace("\\mathbf", "").replace("\\", "").replace("{", "").replace("}", "")
        )
        while "__" in plain:
            plain = plain.replace("__", "_")
        symbol = fresh(plain.strip("_") or "s", self.taken)
        self.taken.add(symbol)
        return symbol

    def steps(self) -> Expr:
        """Return the number of this step: the new value of a counter."""
        if self.counter is None:
            self.counter = self._symbol("k")
        return after(self.counter)

    def folded(self, kind: str, term: Expr, token: LatexToken) -> Expr:
        """Return the sum or the product of a term over all steps so far, as a state that starts at 0 or 1."""
        if self.branches:
            raise self.error("a sum over steps inside of a branch is not read", token)
        if (kind, term) not in self.sums:
            symbol = self._symbol("s" if kind == r"\sum" else "q")
            self.sums[kind, term] = symbol
            self.updates.append(Update(symbol, symbol + term if kind == r"\sum" else symbol * term))
        return after(self.sums[kind, term])


def _head(row: Row) -> str:
    """Return the word with which a row of pseudo-code begins, such as if, else, for; else nothing."""
    words = ("if", "else", "for", "return", "initialize", "input")
    for token in row.tokens[:4]:
        if token.kind == "word":
            return token.text if token.text in words else ""
        if token.text not in (r"\textbf", r"\mathbf", r"\bf", r"\text", "{"):
            return ""
    return ""


def _behind_if(row: Row) -> tuple[LatexToken, ...]:
    """Return the tokens behind the word with which a row begins."""
    at = next(i for i, t in enumerate(row.tokens) if t.kind == "word")
    rest = row.tokens[at + 1 :]
    return rest[1:] if rest and rest[0].text == "}" else rest


def _block(rows: Sequence[Row], i: int) -> int:
    """Return the row behind those that stand further to the right than a row."""
    end = i + 1
    while end < len(rows) and rows[end].indent > rows[i].indent:
        end += 1
    return end
