"""What the source claims in its prologue: that mechanics and learning are one theory under two names.

What to look for: the renaming is exact (C01), but it is not one-to-one in the parameters (C02), and a
continuous time is not renamed into a count of steps, it is sampled (C69).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from functools import partial

from sympy import Expr, Matrix, Rational, Symbol, factor_terms, fraction, linsolve, together

from .. import gradient_descent, momentum
from physsym import Claim, Derivation, Move, Hypothesis, Rule, Step, System, Update, Verdict
from physsym import dot, identical, potential, same_law, same_rule
from physsym.analysis.exact_evaluation import put
from physsym.claims import conditional, add_evidence
from physsym.core.statements import Statement, one_step_map, rewritten
from physsym.core.verdicts import all_of, fails, holds
from physsym.vocabulary import G, alpha, dt, gamma, m, rho, tau, u, x

w = Symbol("w", real=True)
n = Symbol("n", integer=True)
in_units_of_dt = Hypothesis("time is sampled only at multiples of the time step, and counted in units of it")
of_the_weights = System((w,), m * dot(w) ** 2 / 2 - potential(w), gamma * dot(w) ** 2 / 2)


def renamed(statement: Statement, names: Mapping[Symbol, Symbol]) -> Statement:
    """Return a statement under other names, the targets of a rule included."""
    changed = rewritten(statement, lambda e: e.xreplace(names))
    if not isinstance(changed, Rule):
        return changed
    return Rule(tuple(Update(names.get(new.target, new.target), new.value) for new in changed.updates))


def renamed_move(move: Move, names: Mapping[Symbol, Symbol]) -> Move:
    """Return a move under other names."""
    values = {f.name: getattr(move, f.name) for f in fields(move)}
    return replace(move, **{k: e.xreplace(names) for k, e in values.items() if isinstance(e, Expr)})


def commutes(derivations: Iterable[Derivation], names: Mapping[Symbol, Symbol], learning: System) -> Verdict:
    """Judge whether renaming every line gives what the same moves derive from the other system."""
    verdicts = []
    for derivation in derivations:
        steps = tuple(Step(s.says, renamed_move(s.move, names)) for s in derivation.steps)
        other = Derivation(derivation.title, learning.law(), steps)
        pairs = zip(derivation.lines, other.lines, strict=True)
        verdicts += [_same(renamed(mechanics, names), learned) for mechanics, learned in pairs]
    verdict = all_of(*verdicts)
    return holds(f"{len(verdicts)} lines agree", engines=verdict.engines) if verdict else verdict


def _same(first: Statement, second: Statement) -> Verdict:
    if first == second:
        return holds("the same to the letter")
    return same_rule(first, second) if isinstance(first, Rule) else same_law(first, second)


renaming = Claim(
    id="C01",
    where="Prologue",
    says='"Whenever we write a physics equation, we can substitute x -> w and U -> L and immediately '
    'obtain the corresponding gradient descent equation."',
    formal="each line of both derivations, with `x` renamed, is what the same moves derive for weights",
    judge=partial(
        commutes, (gradient_descent.derivation, momentum.derivation),
        {x: w, dot(x): dot(w), dot(dot(x)): dot(dot(w))}, of_the_weights,
    ),
)  # fmt: skip


def coefficients(step: Rule) -> tuple[Expr, ...]:
    """Return the weights of the displacement and of the gradient in a rule."""
    new = one_step_map(step)[u].expand()
    return new.coeff(u), -new.coeff(G)


def one_to_one(step: Rule, physical: Sequence[Symbol], at: Mapping[Symbol, object]) -> Verdict:
    """Judge whether physical parameters can be told from the rule that they give.

    They can be if an inverse is found; they cannot be if in some direction the rule stays as it is.
    """
    found = coefficients(step)
    slopes = Matrix(found).jacobian(physical)
    unseen = slopes.nullspace()
    if not unseen:
        return _inverted(found, physical)
    still = all_of(*(identical(change, 0 * change) for change in slopes * unseen[0]))
    if not still:
        return still
    other = _scaled(physical, unseen[0], at)
    same = all_of(*(identical(put(c, at), put(c, other)) for c in found))
    if not same:
        return same
    rank = f"{len(physical)} parameters make a rule of rank {len(physical) - len(unseen)}"
    told = ", ".join(f"`{c} = {put(c, at)}`" for c in found)
    return fails(rank, f"{_named(at)} and {_named(other)} both give {told}", witness=_named(other))


def _scaled(physical: Sequence[Symbol], direction: Matrix, at: Mapping[Symbol, object]) -> dict[Symbol, Expr]:
    """Return the point that lies in the direction, were each parameter scaled by a power of two."""
    last = direction[-1] / physical[-1]
    powers = [(change / p / last).expand() for p, change in zip(physical, direction, strict=True)]
    return {p: at[p] * 2**power for p, power in zip(physical, powers, strict=True)}


def _inverted(found: Sequence[Expr], physical: Sequence[Symbol]) -> Verdict:
    names = [Symbol(f"c{k}") for k in range(len(found))]
    # Multiplied by their denominators they are linear; `solve` would load SymPy's units and check each root.
    equations = [fraction(together(c - name))[0] for c, name in zip(found, names, strict=True)]
    proposed = [dict(zip(physical, map(factor_terms, s), strict=True)) for s in linsolve(equations, physical)]
    back = dict(zip(names, found, strict=True))
    verdicts = [identical(proposed[0][p].subs(back), p, what=str(p)) for p in physical] if proposed else []
    solution = sorted(proposed[0].items(), key=str) if proposed else []
    return add_evidence(all_of(*verdicts), *(f"`{p} = {e}`" for p, e in solution))


def told_from(step: Rule, parameters: Mapping[Symbol, Expr], weights: tuple[Expr, Expr]) -> Verdict:
    """Judge whether physical parameters are these functions of the weights in a rule, and no others."""
    found = coefficients(step)
    given = [
        identical(f.subs(parameters), w, what=f"the weight in the rule and `{w}`")
        for f, w in zip(found, weights, strict=True)
    ]
    return all_of(one_to_one(step, tuple(parameters), {}), *given)


def _named(point: Mapping[Symbol, object]) -> str:
    return ", ".join(f"`{symbol} = {value}`" for symbol, value in point.items())


isomorphism = Claim(
    id="C02",
    where="Prologue, Epilogue",
    says='"Every symbol, every equation in physics has its precise counterpart" ... "an exact mathematical '
    'isomorphism" ... "a one-to-one correspondence"',
    formal="mass, friction and time step can be told from the rule that they give",
    judge=partial(
        one_to_one, momentum.by_constants.rule, (m, gamma, dt),
        {m: Rational(1), gamma: Rational(10), dt: Rational(1, 100)},
    ),
    repair="many-to-one: three parameters of mechanics make two of the optimizer. With the unit of time "
    "fixed, by `dt` say, it is one-to-one: `m = dt**2/alpha`, `gamma = dt*(1 - rho)/alpha`",
    repair_judge=partial(
        told_from, momentum.by_constants.rule, {m: dt**2 / alpha, gamma: dt * (1 - rho) / alpha}, (rho, alpha)
    ),
)  # fmt: skip


def advances(moment: Expr) -> Verdict:
    """Judge whether the time of the n-th iteration advances by the time step with each iteration."""
    step = moment.xreplace({n: n + 1}) - moment
    if identical(step, dt):
        return holds(f"`t = {moment}` advances by `dt`")
    counted = identical(
        step * dt, dt, what=f"what `t = {moment}` advances by, in units of `dt`, and one step"
    )
    return conditional(add_evidence(counted, "`t = n*dt`"), in_units_of_dt)


def sampled(moment: Expr, relaxed: Expr) -> Verdict:
    """Judge the time of the n-th iteration, and the iteration at which the relaxation time has passed."""
    return all_of(advances(moment), identical(moment.xreplace({n: relaxed}), tau, what="that time and `tau`"))


training_time = Claim(
    id="C69",
    where="Prologue, table",
    says='"Physical time (continuous)" ... "Training iteration (discrete)" ... "One optimization step"',
    reading="the time after as many iterations is their number, and one iteration takes `dt`",
    formal="the time `t` is the number of the iteration, and advances by `dt` with each",
    judge=partial(advances, n),
    leaves_open=(in_units_of_dt,),
    repair="the time is the number of the iteration times `dt`: a continuous time is sampled, not renamed; "
    "the relaxation time `tau` has passed after `tau/dt` iterations",
    repair_judge=partial(sampled, n * dt, tau / dt),
)

claims = (renaming, isomorphism, training_time)
