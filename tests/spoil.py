"""Wrong lines: a right line spoiled in many small ways, and a ground truth apart from the checks.

Which of the spoiled lines really say something else is decided by numbers alone: SymPy's own substitution and
evaluation to 40 digits, with a cubic polynomial for the gradient.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import sympy
from sympy import Add, Expr, Integer, Mul, Rational, Symbol

from physsym.notation import after, grad
from physsym.statement import Equation, Law, Rule, Statement, StatementError, Update, flattened, symbols


def spoiled_expressions(expression: Expr, others: list[Symbol]) -> Iterator[Expr]:
    """Yield the expression with one small thing wrong."""
    for part in sympy.preorder_traversal(expression):
        if isinstance(part, Add):
            for term in part.args:
                rest = part - term
                yield from (
                    expression.subs(part, e) for e in (rest - term, rest + 2 * term, rest, rest + term / 3)
                )
        if isinstance(part, Symbol):
            yield from (expression.subs(part, e) for e in (-part, 2 * part, part**2, part + 1, *others))
        if isinstance(part, sympy.Pow):
            yield expression.subs(part, part.base ** (part.exp + 1))
        if isinstance(part, grad):
            place = part.args[0]
            yield from (
                expression.subs(part, e) for e in (-part, part**2, 2 * part, grad(2 * place), grad(-place))
            )
    yield from (-expression, 2 * expression, expression + 1, expression**2)


def spoiled(line: Statement) -> list[Statement]:
    """Return lines that each differ from the right one by one small thing, and say something else."""
    makers = _spoiled_law if isinstance(line, Law) else _spoiled_rule
    found = dict.fromkeys(wrong for wrong in makers(line) if wrong != line)
    return [wrong for wrong in found if not same_by_numbers(line, wrong)]


def _spoiled_law(law: Law) -> Iterator[Law]:
    names = sorted(symbols(law), key=str)
    for k, equation in enumerate(law.equations):
        sides = [Equation(equation.left, e) for e in spoiled_expressions(equation.right, names)]
        sides += [Equation(e, equation.right) for e in spoiled_expressions(equation.left, names)]
        yield from (Law((*law.equations[:k], s, *law.equations[k + 1 :])) for s in sides)
    if len(law.equations) > 1:
        yield Law(law.equations[1:])


def _spoiled_rule(rule: Rule) -> Iterator[Rule]:
    names = sorted(symbols(rule), key=str)
    instants = [*names, *map(after, rule.targets)]
    for k, update in enumerate(rule.updates):
        for value in spoiled_expressions(update.value, instants):
            try:
                yield Rule((*rule.updates[:k], Update(update.target, value), *rule.updates[k + 1 :]))
            except StatementError:
                continue
    yield from (
        Rule(rule.updates[:k] + rule.updates[k + 1 :])
        for k in range(len(rule.updates))
        if k + 1 == len(rule.updates) > 1
    )


def same_by_numbers(one: Statement, other: Statement) -> bool:
    """Tell by numbers whether two lines say the same: equations up to their sign, rules as maps."""
    if isinstance(one, Law):
        if len(one.equations) != len(other.equations):
            return False
        pairs = zip(one.equations, other.equations, strict=True)
        return all(_same(a.residual, b.residual) or _same(a.residual, -b.residual) for a, b in pairs)
    a, b = flattened(one), flattened(other)
    return a.keys() == b.keys() and all(_same(a[s], b[s]) for s in a)


def _same(a: Expr, b: Expr) -> bool:
    return all(abs(_number(a - b, seed)) < Rational(1, 10**25) for seed in range(3))


def _number(expression: Expr, seed: int) -> Expr:
    chance = random.Random(seed)
    at = {s: _some(s, chance) for s in sorted(expression.free_symbols, key=str)}
    smooth = expression.replace(grad, lambda y: y**3 / 7 + 2 * y + Rational(1, 3))
    return sympy.N(Mul(smooth.subs(at, simultaneous=True)), 40)


def _some(symbol: Symbol, chance: random.Random) -> Expr:
    number = Rational(chance.randint(2, 99), chance.randint(2, 99)) + Integer(1) / 101
    return number if symbol.is_positive else chance.choice((1, -1)) * number
