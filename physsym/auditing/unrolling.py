"""Sums with dots that a recursive line leads to: `s_t = p s_{t-1} + q_t` is `q_t + p q_{t-1} + ...`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import takewhile

from sympy import Dummy, Expr, Integer
from sympy.core.function import AppliedUndef

from physsym.auditing.comparisons import compared
from physsym.auditing.judgements import Judgement, failing
from physsym.auditing.sheet import is_sequence
from physsym.auditing.unknowns import name_of
from physsym.core.verdicts import Condition
from physsym.parsing.latex.formula import OPAQUE

_DOTS = f"{OPAQUE}dots"
_SURE = 2  # terms that agree: of fewer it is not sure that the sum is meant to be that of the line


def judge_unrolled(value: Expr, line: Expr, total: Expr, given: Sequence[Condition]) -> Judgement | None:
    """Return what is said of a sum with dots beside the recursive line that it comes from.

    Parameters
    ----------
    value
        The value of a sequence, such as `s(t)`.
    line
        What it is, by the value one step earlier.
    total
        The sum with dots.
    given
        The conditions that hints state.

    Returns
    -------
    Judgement or None
        None where the sides are of another form, or less than two terms agree.

    Examples
    --------
    >>> from sympy import Function, Symbol
    >>> t, p = Symbol("t", integer=True), Symbol("p", real=True)
    >>> s, g, dots = map(Function, ("s", "g", r"\\dots"))
    >>> shown = g(t), p * g(t - 1), p * g(t - 2), Symbol(r"\\dots 7")
    >>> print(judge_unrolled(s(t), p * s(t - 1) + g(t), dots(*shown), ()).says)
    term 3 of the sum is not that of the line before, put into itself
    """
    expected = _terms(value, line)
    sums = [a for a in total.atoms(AppliedUndef) if name_of(a) == _DOTS]
    if expected is None or len(sums) != 1:
        return None
    mark = Dummy("sum", real=True)
    marked = total.xreplace({sums[0]: mark})
    scale = marked.diff(mark)
    if scale.has(mark) or marked.xreplace({mark: Integer(0)}) != 0:
        return None
    shown = list(takewhile(lambda term: not str(term).startswith(_DOTS), sums[0].args))
    found = [compared(scale * term, expected(k), given) for k, term in enumerate(shown)]
    agree = len(list(takewhile(lambda one: one.holds, found)))
    if agree < _SURE:
        return None
    if agree == len(found):
        ends = len(shown) + 1 == len(sums[0].args)  # a term behind the dots is not compared
        says = "holds if the dots are the terms that follow, down to a start at zero"
        return Judgement("conditional", says) if ends else None
    wrong = found[agree]
    if not wrong.differs or wrong.sides.operators:
        return None
    return failing(wrong, (), f"term {agree + 1} of the sum is not that of the line before, put into itself")


def _terms(value: Expr, line: Expr) -> Callable[[int], Expr] | None:
    """Return the terms of a line put into itself, None where it is not linear in the value of before."""
    if not (is_sequence(value) and len(value.args) == 1 and value.args[0].free_symbols):
        return None
    (index,) = value.args[0].free_symbols
    mark = Dummy("earlier", real=True)
    put = line.xreplace({value.func(value.args[0] - 1): mark})
    factor, first = put.diff(mark), put.xreplace({mark: Integer(0)})
    constant = factor != 0 and not factor.has(mark) and index not in factor.free_symbols
    if not constant or any(name_of(a) == name_of(value) for a in first.atoms(AppliedUndef)):
        return None
    return lambda k: factor**k * first.xreplace({index: index - k})
