"""The update rule of somebody's optimizer, read from its code."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass

from sympy import Expr

from physsym.core.statements import Rule
from physsym.core.verdicts import Condition, Hypothesis

REFUSALS: ContextVar[list[Exception] | None] = ContextVar("REFUSALS", default=None)
"""The refusals of a run of somebody's code, which that code may catch by an `except` of its own."""


class LiftError(ValueError):
    """Code of which no rule can be read; the message names the primitive or the line, and the reason."""

    def __init__(self, *arguments: object) -> None:
        """Note the error in `REFUSALS`."""
        super().__init__(*arguments)
        if (noted := REFUSALS.get()) is not None:
            noted.append(self)


@dataclass(frozen=True)
class SelfCheck:
    """How a lifted rule was compared with the code that it was read from, run on numbers.

    Parameters
    ----------
    steps
        The number of steps compared.
    difference
        The largest relative difference of a state or of the weights.
    precision
        The dtype in which the code ran, such as "float64"; the coarsest if it mixes them.
    also
        Other ways in which the code computes the same steps, and gave the same numbers: "foreach=True".
    """

    steps: int
    difference: float
    precision: str = "float64"
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lifted:
    """The rule of an optimizer, with all that its code says beyond the rule.

    Parameters
    ----------
    rule
        The law of each step, with the start values of its states and the ranges of its hyperparameters.
    first
        The law of the first step, where it is another one.
    name
        What was lifted, such as "optax:adam".
    assumes
        The conditions on hyperparameters, and the hypotheses, under which the code takes this path.
    reads
        What the rule reads beyond the gradient, in words: "the loss".
    mixes
        How coordinates mix, in words; empty where each weight is updated by itself. Where they mix, the rule
        is that of two weights.
    origins
        Terms of the rule, each with the line or the primitive that it comes from.
    check
        The comparison with the live code; None for a rule that was given as one.
    """

    rule: Rule
    first: Rule | None = None
    name: str = ""
    assumes: tuple[Condition | Hypothesis, ...] = ()
    reads: tuple[str, ...] = ()
    mixes: tuple[str, ...] = ()
    origins: tuple[tuple[Expr, str], ...] = ()
    check: SelfCheck | None = None

    @property
    def shapes(self) -> tuple[Hypothesis, ...]:
        """Return what is assumed of the shape of the weights: for other shapes the code has another law."""
        said = (a for a in self.assumes if isinstance(a, Hypothesis))
        return tuple(a for a in said if {"vector", "matrix", "tensors"} & set(_words(str(a))))

    def __str__(self) -> str:
        return f"{self.rule}; at the first step {self.first}" if self.first else str(self.rule)


def _words(text: str) -> list[str]:
    return "".join(c if c.isalnum() else " " for c in text).split()
