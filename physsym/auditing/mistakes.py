"""Lines under the heading of a published rule that differ from it by one slip of the pen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations
from operator import attrgetter

from sympy import Add, Expr, Integer, Mul, Pow, Rational, Symbol

from physsym.auditing.comparisons import compared
from physsym.auditing.evaluation import close, value_at
from physsym.auditing.update_lines import MarkedLines, NoRuleError, UpdateLine, marked
from physsym.core.symbols import FORCES, after, name_and_marks
from physsym.optimizers.known import known
from physsym.optimizers.known_rule import Known
from physsym.verify.equivalence import identical

_GRADIENT = Symbol("the gradient", real=True)
PLAIN_WORDS = {"gradient", "sign", "unified", "triple", "quasi", "schedule"}
_MOST_SYMBOLS = 5


@dataclass(frozen=True)
class Part:
    """A part of a published rule that texts write as a line of its own.

    Parameters
    ----------
    name
        What it is called here, such as "nu" for the new value of nu.
    value
        Its value.
    state
        The state whose old value it reads and whose new value it is, if there is one.
    """

    name: str
    value: Expr
    state: Symbol | None = None


@dataclass(frozen=True)
class Mistake:
    """A line that is a part of a published rule but for one slip.

    Parameters
    ----------
    line
        The line.
    known
        The rule.
    written, corrected
        What the line has, and what it has without the slip, in its own names.
    """

    line: UpdateLine
    known: Known
    written: Expr
    corrected: Expr

    @property
    def details(self) -> tuple[str, ...]:
        """Return what the line has, what the published rule has, and a point where these differ."""
        both = compared(self.written, self.corrected)
        has = f"it has {self.written}", f"{self.known.title} has {self.corrected}"
        return (*has, *(w for w in (both.verdict.witness,) if w))


def named_in(heading: str) -> tuple[Known, ...]:
    """Return the published rules that a heading names, those of the longest name.

    >>> [k.name for k in named_in("4.2 The Adam optimizer")][:1]
    ['adam']
    """
    families = families_in(heading)
    return tuple(k for k in known.values() if family(k) == families[0]) if families else ()


def families_in(text: str) -> list[str]:
    """Return the families of published rules that a text names, the longest name first.

    >>> families_in("Unlike Nesterov's method, Adam")
    ['nesterov', 'adam']
    """
    words = re.sub(r"[^a-z]+", " ", text.lower())
    squeezed = words.replace(" ", "")
    families = sorted({family(k) for k in known.values()} - PLAIN_WORDS, key=len, reverse=True)
    return [f for f in families if re.search(rf"\b{f}\b", words) or (len(f) > 5 and f in squeezed)]


def family(published: Known) -> str:
    """Return the first word of the name of a rule, `rmsprop` of `rmsprop_centered`."""
    return published.name.split("_")[0] if not published.name.startswith("heavy") else "heavyball"


def mistakes(lines: Sequence[UpdateLine], headings: Sequence[str]) -> Iterator[Mistake]:
    """Yield the lines that differ by one slip from the rule that the innermost heading names."""
    published = next((named for h in reversed(headings) if (named := named_in(h))), ())
    if not published:
        return
    try:
        found = marked(lines)
    except NoRuleError:
        return
    values = {n: _in_symbols(v) for n, v in found.values.items()}
    everywhere = [p for k in known.values() for p in parts(k)]
    rule, own = published[0], parts(published[0])
    names: dict[Symbol, Symbol] = {}
    for part in sorted(own, key=lambda p: p.state is None):
        for name, value in values.items():
            names |= _renaming(value, part, found.states[name], names) or {}
    if not names:
        return
    for line in lines:
        value, state = values[line.name], found.states[line.name]
        if any(_renaming(value, part, state) for part in everywhere):
            continue
        for changed in slips(value, found):
            if any(_renaming(changed, part, state, names) for part in own):
                yield Mistake(line, rule, value, changed)
                break


def _in_symbols(value: Expr) -> Expr:
    """Return a value with a symbol for the gradient, and time indices as one symbol."""
    value = value.xreplace(dict.fromkeys(value.atoms(*FORCES), _GRADIENT))
    return value.xreplace({s: Symbol(s.name, real=True) for s in value.free_symbols})


@lru_cache
def parts(published: Known) -> tuple[Part, ...]:
    """Return what texts write as lines: the new values, averages corrected for their start, and the step."""
    found: list[Part] = []
    for update in published.rule.updates:
        if update.value == update.target + 1:
            continue
        value = update.value.xreplace(dict.fromkeys(update.value.atoms(*FORCES), _GRADIENT))
        reads_itself = update.target in value.free_symbols
        found.append(Part(str(update.target), value, update.target if reads_itself else None))
        put: dict[Expr, Symbol] = {}
        step = _with_corrected(value, put)
        found += [Part(f"{update.target}, corrected", p) for p in put]
        if put:
            found.append(Part("the step", step, update.target))
        change = update.target - step
        found += [Part("the change", change), Part("the change", _without_eps(change))]
    return tuple(found)


def _with_corrected(node: Expr, put: dict[Expr, Symbol]) -> Expr:
    """Return an expression with a symbol for each new value over one minus a power, which are put down."""
    if isinstance(node, Mul):
        new = [a for a in node.args if a.is_Symbol and name_and_marks(a)[1] == "+"]
        below = [a for a in node.args if isinstance(a, Pow) and a.exp == -1 and _is_correction(a.base)]
        if len(new) == len(below) == 1:
            symbol = put.setdefault(new[0] * below[0], Symbol(f"corrected {new[0]}", real=True))
            return Mul(symbol, *(_with_corrected(a, put) for a in node.args if a not in (new[0], below[0])))
    return node.func(*(_with_corrected(a, put) for a in node.args)) if node.args else node


def _is_correction(part: Expr) -> bool:
    powers = part.atoms(Pow)
    return part.is_Add and len(part.args) == 2 and 1 in part.args and any(p.exp.free_symbols for p in powers)


def _without_eps(value: Expr) -> Expr:
    return value.xreplace({s: Integer(0) for s in value.free_symbols if s.name.startswith("eps")})


def _renaming(
    value: Expr, part: Part, state: Symbol, names: Mapping[Symbol, Symbol] | None = None
) -> dict[Symbol, Symbol] | None:
    """Return what the symbols of a value are in a part that is the same, None where there is no such part.

    Where the part is the new value of a state that it reads, the value has to be that of `state`.
    """
    mine, theirs = (sorted(e.free_symbols, key=attrgetter("name")) for e in (value, part.value))
    if len(mine) != len(theirs) or len(mine) > _MOST_SYMBOLS or (_GRADIENT in mine) != (_GRADIENT in theirs):
        return None
    if part.state and state not in mine:
        return None
    fixed = {**(names or {}), _GRADIENT: _GRADIENT, **({state: part.state} if part.state else {})}
    fixed |= {after(s): after(t) for s, t in fixed.items()}
    taken = {t: s for s, t in fixed.items()}
    numbers = [0.23 + 0.171 * i for i in range(len(mine))]
    wanted = value_at(part.value, dict(zip(theirs, numbers, strict=True)))
    for order in permutations(range(len(mine))):
        found = {s: theirs[i] for s, i in zip(mine, order, strict=True)}
        if any(fixed.get(s, t) != t or taken.get(t, s) != s for s, t in found.items()):
            continue
        here = value_at(value, {s: numbers[i] for s, i in zip(mine, order, strict=True)})
        if close(here, wanted) and identical(value.xreplace(found), part.value):
            return found
    return None


def slips(value: Expr, lines: MarkedLines) -> Iterator[Expr]:
    """Yield a value with one slip mended: another state, an exponent moved, a square, a root or a sign."""
    states = [s for n, s in lines.states.items() if n != str(lines.weights)]
    for symbol in sorted(value.free_symbols, key=str):
        for state in states:
            for one, other in ((state, state), (after(state), after(state))):
                if symbol not in (one, lines.weights) and symbol != _GRADIENT:
                    yield value.xreplace({symbol: other})
    yield from (changed for changed in _mended(value) if changed != value)


def _mended(node: Expr) -> Iterator[Expr]:
    """Yield expressions with one part changed."""
    if isinstance(node, Pow) and node.base.is_Add and not node.exp.is_number:
        first, *rest = node.base.args
        if first == 1 and len(rest) == 1:  # (1 - b)**t for 1 - b**t
            coefficient, base = rest[0].as_coeff_Mul()
            sign = -1 if not node.exp.could_extract_minus_sign() else 1
            exponent = node.exp if sign == -1 else -node.exp
            whole = 1 + coefficient * base**exponent
            yield whole if sign == -1 else 1 / whole
    if isinstance(node, Add):
        for i, term in enumerate(node.args):
            yield Add(*node.args[:i], -term, *node.args[i + 1 :])
    if isinstance(node, Symbol):
        yield node**2
        yield node ** Rational(1, 2)
    if isinstance(node, Pow) and node.base.is_Symbol and node.exp in (2, Rational(1, 2), -1):
        yield node.base if node.exp != -1 else node.base ** Rational(-1, 2)
        return
    for i, part in enumerate(node.args):
        for changed in _mended(part):
            yield node.func(*node.args[:i], changed, *node.args[i + 1 :])
