"""The answer whether two rules are the same up to a map of states, parameters and start values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from sympy import Expr, S, Symbol

from physsym.core.statements import Rule
from physsym.core.verdicts import Condition, Hypothesis, Outcome, Verdict


class SymbolMap(Mapping[Symbol, Expr]):
    """Expressions for symbols, in an order; equal and hashed as a mapping, and never changed.

    Examples
    --------
    >>> from physsym.vocabulary import eta, rho
    >>> print(SymbolMap({rho: eta}))
    rho = eta
    """

    __slots__ = ("_pairs",)

    def __init__(self, pairs: Mapping[Symbol, Expr] | Iterable[tuple[Symbol, Expr]] = ()) -> None:
        """Take the symbols with their expressions."""
        self._pairs = dict(pairs)

    def __getitem__(self, symbol: Symbol) -> Expr:
        return self._pairs[symbol]

    def __iter__(self) -> Iterator[Symbol]:
        return iter(self._pairs)

    def __len__(self) -> int:
        return len(self._pairs)

    def __hash__(self) -> int:
        return hash(frozenset(self._pairs.items()))

    def __reduce__(self) -> tuple[type[SymbolMap], tuple[tuple[tuple[Symbol, Expr], ...]]]:
        return SymbolMap, (tuple(self._pairs.items()),)

    def __repr__(self) -> str:
        return f"SymbolMap({self._pairs!r})"

    def __str__(self) -> str:
        return ", ".join(f"{s} = {e}" for s, e in self._pairs.items())


@dataclass(frozen=True)
class Trace:
    """The shortest sequence of gradients found on which two rules part.

    Parameters
    ----------
    gradients
        The gradient of each step, the same for both.
    rates
        The learning rate of each step, where it changes; empty where it does not.
    parameters
        The values of the parameters of either rule; of a rate that changes, the first one.
    weights
        Of the first rule and of the second, what differs after the last step: the point at which the next
        gradient is taken, which is that of the weights unless a rule looks ahead.
    start
        Where the weights start: zero, unless start values of other states depend on them.
    """

    gradients: tuple[Expr, ...]
    rates: tuple[Expr, ...]
    parameters: tuple[Mapping[Symbol, Expr], Mapping[Symbol, Expr]]
    weights: tuple[Expr, Expr]
    start: Expr = S.Zero

    def __str__(self) -> str:
        rates = f", learning rates {_listed(self.rates)}" if self.rates else ""
        mine, theirs = ("; ".join(f"{s} = {e}" for s, e in p.items()) for p in self.parameters)
        one, other = _numbers(*self.weights)
        return (
            f"step {len(self.gradients)}: {one} against {other}, from {self.start} with gradients "
            f"{_listed(self.gradients)}{rates} (first: {mine}; second: {theirs})"
        )


def _listed(numbers: Iterable[Expr]) -> str:
    return ", ".join(map(str, numbers)) or "none"


def _numbers(*numbers: Expr) -> list[str]:
    """Return numbers as texts that differ: as fractions if these are short, else as decimals."""
    texts = list(map(str, numbers))
    if max(map(len, texts)) <= 12:
        return texts
    decimals = ([str(n.evalf(digits)) for n in numbers] for digits in (5, 8, 12, 16))
    return next((d for d in decimals if len(set(d)) == len(d)), texts)


@dataclass(frozen=True)
class Equivalence:
    """Whether each run of the first rule is a run of the second, and how.

    Parameters
    ----------
    first, second
        The rules.
    verdict
        HOLDS where the map serves for all values in the natural ranges, CONDITIONAL where for some, which are
        listed, FAILS where there is none, UNDECIDABLE where this is not known.
    states
        Each state of the second rule in terms of states and parameters of the first. States that the second
        rule does not read at these parameters are missing.
    parameters
        Each parameter of the second rule in terms of those of the first; where there is no map, those at
        which the two part.
    start
        The start value of each state of the second rule, in terms of the first.
    conditions
        What is assumed of the parameters of the first rule.
    schedule
        Whether the map holds for a learning rate that changes from step to step ("any"), or for a constant
        one alone ("constant"); empty where this is not known.
    trace
        Where they part, if they do; with schedule "constant", where they part under a changing rate.
    titles
        What people call the two rules; empty for one without a name.
    notes
        What else is to be known, such as that a parameter of the second rule lies outside of its range.
    otherwise
        Answers for other values of the parameters, where the conditions are equations.
    """

    first: Rule
    second: Rule
    verdict: Verdict
    states: Mapping[Symbol, Expr] = SymbolMap()
    parameters: Mapping[Symbol, Expr] = SymbolMap()
    start: Mapping[Symbol, Expr] = SymbolMap()
    conditions: tuple[Condition | Hypothesis, ...] = ()
    schedule: Literal["any", "constant", ""] = ""
    trace: Trace | None = None
    titles: tuple[str, str] = ("", "")
    notes: tuple[str, ...] = ()
    otherwise: tuple[Equivalence, ...] = ()

    def __post_init__(self) -> None:
        for name in ("states", "parameters", "start"):
            object.__setattr__(self, name, SymbolMap(getattr(self, name)))

    def __bool__(self) -> bool:
        return bool(self.verdict)

    @property
    def generic(self) -> bool:
        """Return whether the two are the same but for values that satisfy an equation."""
        special = any(isinstance(c, Hypothesis) or c.relation == "= 0" for c in self.conditions)
        return self.verdict.outcome in (Outcome.HOLDS, Outcome.CONDITIONAL) and not special

    def __str__(self) -> str:
        return sentence(self)


def sentence(found: Equivalence) -> str:
    """Return an answer as a sentence, such as "the same with u = -eta*v; for a constant learning rate only".

    Parameters
    ----------
    found
        The answer.

    Returns
    -------
    str
        Plain text.
    """
    first, second = found.titles[0] or "the first rule", found.titles[1] or "the second"
    if found.verdict.outcome is Outcome.FAILS:
        why = "; ".join(found.verdict.evidence)
        parts = f"; they part at {found.trace}" if found.trace else ""
        return f"{first} is not {second}: {why}{parts}" + "".join(f"; {note}" for note in found.notes)
    if found.verdict.outcome is Outcome.UNDECIDABLE:
        why = "; ".join((*found.verdict.evidence, *found.notes))
        return f"not decided whether {first} is {second}: {why}"
    maps = [f"{s} = {e}" for s, e in (*found.parameters.items(), *found.states.items()) if s != e]
    with_maps = f" with {', '.join(maps)}" if maps else ""
    given = f", where {' and '.join(map(_condition, found.conditions))}" if found.conditions else ""
    rate = {"constant": "; for a constant learning rate only", "any": "; for any learning rates"}
    text = f"{first} is the same as {second}{with_maps}{given}{rate.get(found.schedule, '')}"
    if found.trace:
        where = "under a changing one" if found.schedule == "constant" else "otherwise"
        text += f" ({where} they part at {found.trace})"
    text += "".join(f"; {note}" for note in found.notes)
    for case in found.otherwise:
        also = sentence(case).split(" is the same as ", 1)[1].removeprefix(second).strip()
        text += f"; also {also}"
    return text


def _condition(condition: Condition | Hypothesis) -> str:
    """Return a condition as text, with a symbol alone on the left where one is."""
    if isinstance(condition, Condition) and condition.relation in ("= 0", "!= 0"):
        for symbol in sorted(condition.expression.free_symbols, key=str):
            if condition.expression.diff(symbol) == 1:
                value = symbol - condition.expression
                return f"{symbol} {condition.relation.split()[0]} {value.cancel()}"
    return str(condition)
