"""Whether two rules are the same up to a map of states, parameters and start values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from sympy import Expr, Symbol

from physsym.core.statements import Rule
from physsym.core.verdicts import Condition, Hypothesis, Verdict


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
        The values of the parameters of either rule.
    weights
        The weights after the last step, of the first rule and of the second.
    """

    gradients: tuple[Expr, ...]
    rates: tuple[Expr, ...]
    parameters: tuple[Mapping[Symbol, Expr], Mapping[Symbol, Expr]]
    weights: tuple[Expr, Expr]


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
        Each state of the second rule in terms of states and parameters of the first.
    parameters
        Each parameter of the second rule in terms of those of the first.
    start
        The start value of each state of the second rule, in terms of the first.
    conditions
        What is assumed of the parameters of the first rule.
    schedule
        Whether the map holds for a learning rate that changes from step to step, or for a constant one alone.
    trace
        Where they part, if they do; with schedule "constant", where they part under a changing rate.
    """

    first: Rule
    second: Rule
    verdict: Verdict
    states: Mapping[Symbol, Expr] = field(default_factory=dict)
    parameters: Mapping[Symbol, Expr] = field(default_factory=dict)
    start: Mapping[Symbol, Expr] = field(default_factory=dict)
    conditions: tuple[Condition | Hypothesis, ...] = ()
    schedule: Literal["any", "constant", ""] = ""
    trace: Trace | None = None

    def __bool__(self) -> bool:
        return bool(self.verdict)
