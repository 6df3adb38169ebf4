"""A published update rule with its source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property

from sympy import Expr, Symbol

from physsym.core.statements import Rule
from physsym.vocabulary import STANDARD, Vocabulary


@dataclass(frozen=True)
class Known:
    """A published update rule.

    Parameters
    ----------
    name
        Its name in `physsym.known`.
    title
        What people call it.
    rule
        The rule, with start values, natural ranges and typical values. It is the law of every step, the first
        included.
    citation
        Paper, year, and number of the algorithm or equation.
    names
        For each library ("torch", "optax", "keras"), the names of the rule's parameters there; a library that
        is missing does not have the rule.
    first
        The rule of the first step, where it is another one.
    functions
        For each library, its class or function, with the arguments that select this rule.
    fixed
        For each library, the values of parameters that it does not let its users choose.
    vocabulary
        The dimensions and meanings of the symbols.
    """

    name: str
    title: str
    rule: Rule
    citation: str
    names: Mapping[str, Mapping[Symbol, str]] = field(default_factory=dict, compare=False)
    first: Rule | None = None
    functions: Mapping[str, str] = field(default_factory=dict, compare=False)
    fixed: Mapping[str, Mapping[Symbol, Expr]] = field(default_factory=dict, compare=False)
    vocabulary: Vocabulary = field(default=STANDARD, compare=False)

    def __str__(self) -> str:
        return f"{self.title}: {self.rule} ({self.citation})"


@dataclass(frozen=True, repr=False, eq=False)
class Catalogue(Mapping[str, Known]):
    """Published rules by name: `known.adam` is `known["adam"]`.

    Parameters
    ----------
    rules
        The rules, each of a name of its own.
    """

    rules: tuple[Known, ...]

    @cached_property
    def _rules(self) -> dict[str, Known]:
        return {rule.name: rule for rule in self.rules}

    def __getitem__(self, name: str) -> Known:
        try:
            return self._rules[name]
        except KeyError:
            raise KeyError(self._unknown(name)) from None

    def __getattr__(self, name: str) -> Known:
        if name.startswith("_"):  # as copying and pickling ask for, before there is a table
            raise AttributeError(name)
        try:
            return self._rules[name]
        except KeyError:
            raise AttributeError(self._unknown(name)) from None

    def _unknown(self, name: object) -> str:
        near = get_close_matches(str(name), self._rules, n=5) or [n for n in self._rules if str(name) in n]
        advice = f"; the nearest are {', '.join(near)}" if near else "; list(known) has all names"
        return f"no published rule is called {name!r}{advice}"

    def __iter__(self) -> Iterator[str]:
        return iter(self._rules)

    def __len__(self) -> int:
        return len(self._rules)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._rules})

    def __repr__(self) -> str:
        return f"known({len(self)} rules: {', '.join(self)})"
