"""A published update rule with its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sympy import Symbol

from physsym.core.statements import Rule


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
        The rule, with start values, natural ranges and typical values.
    citation
        Paper, year, and number of the algorithm or equation.
    names
        For each library ("torch", "optax", "keras"), the names of the rule's parameters there; a library that
        is missing does not have the rule.
    first
        The rule of the first step, where it is another one.
    """

    name: str
    title: str
    rule: Rule
    citation: str
    names: Mapping[str, Mapping[Symbol, str]] = field(default_factory=dict, compare=False)
    first: Rule | None = None

    def __str__(self) -> str:
        return f"{self.title}: {self.rule} ({self.citation})"
