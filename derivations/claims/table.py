"""What the source claims in the table of section 5.1 of the form of both methods and their parameters.

What to look for: under a constant gradient momentum does not grow for ever (C58b), and the typical step sizes
end where the source's own example diverges (C68).
"""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise

from sympy import Expr, Integer, Rational, Symbol

from .prologue import renamed, w
from .comparison import stuck
from .rules import hundredth, kept, multiplier, nine_tenths, stable, written
from .valley import across
from ..gradient_descent import derivation as descent
from ..momentum import source_rule
from physsym import Claim, Condition, Rule, Verdict
from physsym import after, damped_particle, grad, identical, rule
from physsym.analysis.damping import damping_ratio
from physsym.analysis.exact_evaluation import put, sign_of
from physsym.analysis.linear import characteristic_polynomial
from physsym.analysis.quantified import holds_for_all, holds_for_all_given
from physsym.claims import add_evidence, holds_exactly, undecidable
from physsym.core.statements import one_step_map, parameters, states
from physsym.core.verdicts import all_of, fails, holds
from physsym.vocabulary import G, eta, gamma, lam, m, rho, u, x


def has_states(steps: Mapping[Rule, tuple[Symbol, ...]]) -> Verdict:
    """Judge which symbols rules carry from step to step."""
    verdicts = (
        (holds if set(states(step)) == set(claimed) else fails)(
            f"`{written(step)}` carries {_listed(states(step))}"
        )
        for step, claimed in steps.items()
    )
    return all_of(*verdicts)


def _listed(names: Sequence[Symbol]) -> str:
    return ", ".join(f"`{name}`" for name in names)


state_variables = Claim(
    id="C57",
    where="5.1",
    says='"State variables" ... "Only x" ... "x and v"',
    formal="the rule of descent carries `x` and no more, that of momentum `x` and the displacement `u`",
    judge=partial(has_states, {descent.rule: (x,), source_rule: (x, u)}),
)


def order(steps: Mapping[Rule, int]) -> Verdict:
    """Judge over how many steps rules look back: the number of their multipliers that are not zero."""
    found = {step: characteristic_polynomial(step).terms_gcd()[1].degree() for step in steps}
    verdicts = (
        (holds if found[step] == claimed else fails)(f"`{written(step)}` is of order {found[step]}")
        for step, claimed in steps.items()
    )
    return all_of(*verdicts)


memory = Claim(
    id="C95",
    where="5.1",
    says='"Memory of past" ... "None (`tau` = 0)" ... "Yes, through v"',
    formal="as a recurrence in `x` alone, descent looks back one step and momentum two",
    judge=partial(order, {descent.rule: 1, source_rule: 2}),
)

g = Symbol("g", positive=True)


def under_constant_gradient(step: Rule, claimed: Expr) -> Verdict:
    """Judge by how much a rule moves the position under a constant gradient."""
    moved = (one_step_map(step)[x] - x).xreplace({G: g})
    return identical(moved, claimed, what="the displacement under a constant gradient and the one claimed")


constant_velocity = Claim(
    id="C58a",
    where="5.1",
    says='"Response to constant" ... "Constant velocity"',
    formal="under a constant gradient g each step of descent adds minus `eta` times g",
    judge=partial(under_constant_gradient, descent.rule, -eta * g),
)


def accelerates(step: Rule, coefficient: Expr, steps: int) -> Verdict:
    """Judge whether under a constant gradient the displacement downhill grows at every step."""
    new = one_step_map(step)[u].xreplace({G: g})
    starts = [{rho: coefficient, eta: 1, g: 1, u: start} for start in (0, -10)]
    verdict = holds_for_all([Condition(u - new, "> 0")], kept, starts)
    share, slope = new.expand().coeff(u), -new.expand().coeff(g)
    if share == 1:
        return add_evidence(verdict, "it grows without bound")
    reached = (1 - share**steps).xreplace({rho: coefficient})
    return add_evidence(
        verdict,
        f"from rest it grows towards `{-slope * g / (1 - share)}` and no further; "
        f"at `rho = {coefficient}`, {reached.evalf(3)} of that is reached after {steps} steps",
    )


def grows_towards(step: Rule, end: Expr) -> Verdict:
    """Judge whether under a constant gradient each step leaves the same share of the way to an end."""
    new = one_step_map(step)[u].xreplace({G: g}).expand()
    left = new.coeff(u)
    downhill = holds_for_all(
        [Condition(-end, "> 0"), Condition(left, "> 0"), Condition(1 - left, "> 0")], kept
    )
    return all_of(
        identical(new - end, left * (u - end), what="the way that is left and a share of it"), downhill
    )


acceleration = Claim(
    id="C58b",
    where="5.1",
    says='"Response to constant" ... "Acceleration (v grows)"',
    formal="under a constant gradient g the displacement downhill grows at every step, for `rho` in (0, 1)",
    judge=partial(accelerates, source_rule, nine_tenths, 10),
    leaves_open=(u,),
    repair="from rest it grows, ever less, towards the terminal displacement: minus `eta/(1 - rho)` times g",
    repair_judge=partial(grows_towards, source_rule, -eta * g / (1 - rho)),
)


def tuned_by(rules: Mapping[Rule, tuple[Symbol, ...]]) -> Verdict:
    """Judge which parameters rules have."""
    verdicts = (
        (holds if set(parameters(step)) == set(claimed) else fails)(
            f"`{written(step)}` has {len(parameters(step))}: {_listed(parameters(step))}"
        )
        for step, claimed in rules.items()
    )
    return all_of(*verdicts)


hyperparameters = Claim(
    id="C64",
    where="5.1",
    says='"Hyperparameters" ... "Only `eta`" ... "`eta` and `rho`"',
    formal="the parameters of the rule of descent are `eta`, those of momentum `eta` and `rho`",
    judge=partial(tuned_by, {descent.rule: (eta,), source_rule: (eta, rho)}),
)


def rows_renamed(pairs: Sequence[tuple[Rule, Rule]], names: Mapping[Symbol, Symbol]) -> Verdict:
    """Judge whether rules of one world are those of the other under other names, each name given once."""
    if len(set(names.values())) < len(names):
        return fails("two symbols are given one name")
    verdicts = []
    for physics, learning in pairs:
        new = renamed(physics, names)
        verdicts.append(
            (holds if new == learning else fails)(f"`{written(physics)}` becomes `{written(new)}`")
        )
    return all_of(*verdicts)


equation_rows = Claim(
    id="C65",
    where="5.1",
    says='"Equation (physics)" ... "Equation (ML)"',
    reading="the rules of the second row are those of the first, renamed",
    formal="the rules in x become the rules in w when x is called w and nothing else is changed",
    judge=partial(
        rows_renamed,
        [
            (descent.rule, rule({w: w - eta * grad(w)})),
            (source_rule, rule({u: rho * u - eta * grad(w), w: w + after(u)})),
        ],
        {x: w, after(x): after(w)},
    ),
)


def converges_for(step: Rule, low: Expr, high: Expr, enough: Sequence[Condition]) -> Verdict:
    """Judge whether a rule converges on quadratics for all step sizes of a range, or under conditions."""
    range_ = (Condition(eta - low, ">= 0"), Condition(high - eta, ">= 0"))
    verdict = holds_for_all_given(
        enough, stable(step), range_, [{eta: low, lam: across}, {eta: high, lam: across}]
    )
    edge = multiplier(step, across).xreplace({eta: high})
    return verdict or add_evidence(verdict, f"in the valley, at `eta = {high}`, the multiplier is {edge}")


def converges_below(step: Rule, curvature: Expr, below: Expr, edge: Expr) -> Verdict:
    """Judge below which step size a rule converges, and its multiplier there."""
    at_edge = multiplier(step, curvature).xreplace({eta: below})
    return all_of(
        holds_exactly(stable(step, curvature), [Condition(below - eta, "> 0")]),
        identical(at_edge, edge, what="the multiplier there and the number"),
    )


typical_range = Claim(
    id="C68",
    where="5.1",
    says='"Typical values" ... "`eta` ~ 0.01-0.1"',
    reading="descent converges with these",
    formal="on `lam*x**2/2` descent converges for all `eta` from 1/100 to 1/10",
    judge=partial(
        converges_for, descent.rule, hundredth, Rational(1, 10), (Condition(20 - lam, "> 0"),)
    ),
    leaves_open=(lam,),
    narrower="near a minimum that has a curvature",
    repair="with curvature 20, that of the source's own valley, descent converges exactly below 1/10; there "
    "the multiplier is -1",
    repair_judge=partial(converges_below, descent.rule, across, Rational(1, 10), Integer(-1)),
)  # fmt: skip


def media(frictions: Mapping[str, Expr | None]) -> Verdict:
    """Judge whether media are named from the thickest to the thinnest, by numbers for their friction."""
    ratio = damping_ratio(damped_particle.law())
    if None in frictions.values():
        return undecidable(
            f"{', '.join(frictions)} are pictures without numbers; they could say an order of `{ratio}`"
        )
    ratios = [put(ratio, {gamma: f, m: 1, lam: 1}) for f in frictions.values()]
    falling = all(sign_of(a - b) > 0 for a, b in pairwise(ratios))
    return (holds if falling else fails)(f"the damping ratios are {', '.join(map(str, ratios))}")


honey = Claim(
    id="C96",
    where="2.1, 5.1",
    says='"Very thick honey" ... "Oil or air (depending on `rho`)"',
    formal="no formal content: neither medium nor particle has a number",
    judge=partial(media, {"honey": None, "oil": None, "air": None}),
)

claims = (
    state_variables, memory, constant_velocity, acceleration, stuck, hyperparameters, equation_rows,
    typical_range, honey,
)  # fmt: skip
