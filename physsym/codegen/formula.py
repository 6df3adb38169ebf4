"""A potential as a formula of its weights."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Symbol, diff

from physsym.codegen.lowering import program
from physsym.codegen.straight_line import Program
from physsym.core.statements import rule


@dataclass(frozen=True)
class Formula:
    """A potential as a formula of its weights; all other symbols that occur in it are parameters."""

    value: Expr
    weights: tuple[Symbol, ...]

    @property
    def gradient(self) -> Program:
        """Return the program that computes the gradient, one result a weight; its states are the weights."""
        return program(rule({w: diff(self.value, w) for w in self.weights}))
