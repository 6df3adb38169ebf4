"""What the source claims in chapter I: force, inertia, friction, and the equation that joins them.

What to look for: a step of descent need not go down (C05), and the mass that weighs the gradient in the law
(C07) no longer does so in the source's final rule.
"""

from collections.abc import Mapping, Sequence
from functools import partial

from sympy import Expr, Rational, Symbol, exp

from .. import gradient_descent
from .rules import written
from ..momentum import by_constants
from physsym import Claim, Condition, Dimension, Divide, Isolate, Law, Hypothesis, Rule, System, Verdict
from physsym import apply, damped_particle, dimensions, dot, identical, law
from physsym.analysis import multipliers
from physsym.core import infer_dimensions
from physsym import same_law
from physsym.analysis.lie_derivative import energy, rate_along
from physsym.analysis.linear import on_quadratic
from physsym.analysis.quantified import holds_for_all
from physsym.verify.conditions import assuming
from physsym.verify.dimensions import known_dimensions
from physsym.core.dimensions import LENGTH, MASS, ONE, TIME
from physsym.claims import conditional, add_evidence, holds_exactly, positive, is_decreasing
from physsym.core.symbols import potential
from physsym.core.signs import signs
from physsym.core.statements import one_step_map
from physsym.core.verdicts import all_of, fails, holds, undecided
from physsym.vocabulary import G, STANDARD, eta, gamma, lam, m, t, v, x

gg, dd = (Symbol(name, positive=True) for name in ("gg", "dd"))  # squares of gradient and of a direction
gd = Symbol("gd", real=True)  # the product of both
v0 = Symbol("v0", real=True)
later = Symbol("t", positive=True)  # a time after the start
a_slope = Hypothesis("the gradient is not zero")
free = law({m * dot(v): -gamma * v})
coasting = v0 * exp(-gamma * later / m)


# --- 1.1 The conservative force


def steepest(rise: Expr, square: Expr) -> Verdict:
    """Judge whether no direction rises faster than one, given by its rise and the square of its length.

    The rise is the product with the gradient. Told in products alone, with `gg` of the gradient with itself,
    `dd` of any direction with itself and `gd` of both, the proof is the same in every dimension: the square
    of gg*d - gd*g is not below zero.
    """
    across = gg**2 * dd - 2 * gg * gd**2 + gd**2 * gg  # the square of gg*d - gd*g
    lead = identical(
        (rise**2 * dd - gd**2 * square) * gg, square * across, what="the lead over any direction and a square"
    )
    told = add_evidence(lead, "so no direction rises faster, and only the parallel one as fast")
    upwards = holds("it rises") if signs(rise) == {1} else fails(f"it may fall: `{rise}`")
    return assuming(all_of(told, upwards), [a_slope, Hypothesis("lengths are Euclidean")])


maximum_increase = Claim(
    id="C03",
    where="1.1",
    says='"The gradient" ... "points in the direction of maximum increase of U"',
    formal="no unit vector, in any number of dimensions, has a larger product with the gradient than the "
    "gradient's own direction",
    judge=partial(steepest, gg, gg),
)


def downhill(force: Expr) -> Verdict:
    """Judge whether the potential falls, to first order, on the way along a force."""
    s = Symbol("s", positive=True)
    slope = potential(x + s * force).diff(s).subs(s, 0)
    told = f"along `{force}` the potential changes at first by `{slope}`"
    return assuming(holds(told), [a_slope]) if signs(slope) == {0, -1} else fails(told)


toward_lower = Claim(
    id="C04",
    where="1.1",
    says='"The force is the negative gradient of potential energy. It pushes the particle toward regions of '
    'lower energy."',
    formal="the slope of `U` along `-G` is not above zero",
    judge=partial(downhill, -G),
)


def decline(step: Rule) -> tuple[Condition, ...]:
    """Return when a step lowers a quadratic potential, away from its minimum."""
    gain = on_quadratic(potential(x) - potential(one_step_map(step)[x]))
    return tuple(c for c in positive(gain) if c not in away)


away = (Condition(x, "!= 0"),)


def descends(step: Rule, at: Sequence[Mapping[Symbol, object]]) -> Verdict:
    """Judge whether a step always lowers a quadratic potential, away from its minimum."""
    return holds_for_all(decline(step), away, at)


def descends_exactly(step: Rule, region: Sequence[Condition]) -> Verdict:
    """Judge whether a step lowers a quadratic potential in a region and nowhere else."""
    return holds_exactly(decline(step), region, away)


minimizes = Claim(
    id="C05",
    where="1.1",
    says='"It guides the weights toward values that minimize error" ... "the algorithm \'descends\' along '
    'the loss gradient"',
    reading="each step lowers the loss",
    formal="a step of `x - eta*G` lowers the loss, on `lam*x**2/2`",
    judge=partial(
        descends, gradient_descent.derivation.rule,
        [{eta: Rational(11, 100), lam: 20, x: 1}],
    ),
    leaves_open=(eta,),
    narrower="the loss is quadratic",
    repair="on a quadratic one step descends exactly if `0 < eta*lam < 2`",
    repair_judge=partial(
        descends_exactly, gradient_descent.derivation.rule, (Condition(2 - eta * lam, "> 0"),)
    ),
)  # fmt: skip


# --- 1.2 Newton's second law


def inertia(where: Law, symbol: Symbol) -> Verdict:
    """Judge whether the acceleration that a law leaves to a given force shrinks as a symbol grows."""
    return is_decreasing(apply(Isolate(dot(dot(x))), where).equations[0].right, symbol)


large_mass = Claim(
    id="C06",
    where="1.2",
    says='"Large mass -> small acceleration (inertia)"',
    formal="the acceleration by `m*dot(dot(x)) = -G`, at a given `G`, shrinks as `m` grows",
    judge=partial(inertia, law({m * dot(dot(x)): -G}), m),
)


def gradual(step: Rule, state: Symbol, mass: Symbol) -> Verdict:
    """Judge whether the weight of the gradient in the change of a state shrinks as the mass grows."""
    change = (one_step_map(step)[state] - state).expand()
    return is_decreasing(change.coeff(G), mass)


gradual_changes = Claim(
    id="C07",
    where="1.2",
    says="\"'Mass' `m` determines how much the gradient influences the change in velocity. Large `m` -> "
    'gradual changes."',
    formal="the weight of the gradient in the change of `v` in one step shrinks as `m` grows",
    judge=partial(gradual, by_constants.lines[2], v, m),
)


# --- 1.3 Friction


def has_unit(symbol: Symbol, where: Law, claimed: Dimension) -> Verdict:
    """Judge the dimension of a symbol by what the other symbols of a law say of it."""
    known = {s: d for s, d in known_dimensions(STANDARD).items() if s != symbol}
    inferred = infer_dimensions(where, known)
    if inferred.clash:
        return fails(*map(str, inferred.clash))
    found = inferred.found.get(symbol)
    if found is None:
        return undecided(f"`{written(where)}` does not fix the dimension of `{symbol}`")
    told = f"`{written(where)}` gives `{symbol}` the dimension {found}"
    return holds(told) if found == claimed else fails(told, witness=f"claimed was {claimed}")


units_of_friction = Claim(
    id="C08",
    where="1.3",
    says='"`gamma` = viscous friction coefficient" ... "Units: [mass/time]"',
    formal="from `m*dot(v) = -gamma*v` the dimension of `gamma` is mass over time",
    judge=partial(has_unit, gamma, free, MASS / TIME),
)


def same_units(where: Law, claimed: Dimension) -> Verdict:
    """Judge the dimension of friction by a law, where loss, weights and time are the units to start from.

    What is claimed is its dimension over that of the mass. Then it is that of mechanics only if the loss is
    measured in units of energy.
    """
    friction, mass, told = _of_loss(where)
    if friction / mass != claimed:
        return fails(told, f"`gamma` over `m` has dimension {friction / mass}")
    return holds(told) if mass == MASS else conditional(holds(told), energies)


def in_terms_of_the_loss(where: Law, over_mass: Dimension, claimed: Dimension) -> Verdict:
    """Judge the dimension of friction over that of the mass, and in terms of the loss, where MASS stands."""
    friction, mass, told = _of_loss(where)
    return holds(told) if (friction / mass, friction) == (over_mass, claimed) else fails(told)


energies = Hypothesis("the loss is measured in units of mass times weight squared over time squared")


def _of_loss(where: Law) -> tuple[Dimension, Dimension, str]:
    """Return the dimensions of friction and mass by a law, told in those of loss, weights and time."""
    loss, weight = MASS, LENGTH  # a unit of its own for the loss: where it stands, no mass is meant
    found = infer_dimensions(where, {potential: loss, x: weight, t: TIME}).found
    names = [str(found[symbol]).replace("M", "A") for symbol in (gamma, m)]
    told = f"with a loss of dimension A, `{written(where)}` gives `gamma` {names[0]} and `m` {names[1]}"
    return found[gamma], found[m], told


same_conceptual_units = Claim(
    id="C09",
    where="1.3",
    says='"`gamma` = damping coefficient" ... "Same conceptual units"',
    formal="in learning, too, the dimension of `gamma` is that of a mass over a time",
    judge=partial(same_units, damped_particle.law(), ONE / TIME),
    leaves_open=(energies,),
    repair="`gamma` has the dimension of `m` over time on both faces; in terms of the loss it is loss times "
    "time over weight squared",
    repair_judge=partial(in_terms_of_the_loss, damped_particle.law(), ONE / TIME, MASS * TIME / LENGTH**2),
)


def relaxation_rate(where: Law) -> Expr:
    """Return the one rate of a law of first order that is linear."""
    (rate,) = multipliers(where)
    return rate


def decays(where: Law, solution: Expr, symbol: Symbol) -> Verdict:
    """Judge whether a velocity solves a law of first order, and is the smaller the larger a symbol."""
    put = {dot(v): solution.diff(later), v: solution}
    solves = [
        identical(
            e.left.xreplace(put),
            e.right.xreplace(put),
            what=f"the sides of `{written(e)}` for `v = {solution}`",
        )
        for e in where.equations
    ]
    return all_of(*solves, is_decreasing(solution, symbol))


quick_decay = Claim(
    id="C10",
    where="1.3",
    says='"Large `gamma` -> high resistance" ... "Large `gamma` -> velocity decays quickly"',
    formal="without a force the velocity falls by the factor `exp(-gamma*t/m)`, and is the smaller at each "
    "later time the larger `gamma`",
    judge=partial(decays, free, coasting, gamma),
)


def dissipates(system: System, claimed: Expr) -> Verdict:
    """Judge at what rate the energy of a system changes along its motion, and that it never rises."""
    rate = rate_along(system.law(), energy(system))
    agree = identical(rate, claimed, what=f"the rate of `{written(energy(system))}` and what is claimed")
    return all_of(agree, holds("it never rises") if signs(claimed) <= {0, -1} else fails("it may rise"))


dissipation = Claim(
    id="C11",
    where="1.3, title",
    says='"Friction: Energy Dissipation"',
    formal="along the motion the energy `m*dot(x)**2/2 + U` changes by `-gamma*dot(x)**2`",
    judge=partial(dissipates, damped_particle, -gamma * dot(x) ** 2),
)


# --- 1.4 The complete equation of motion


def equation_of_motion(claimed: Law) -> Verdict:
    """Judge a law of motion by two variational principles: Rayleigh's, and Caldirola and Kanai's.

    The second has no dissipation function: its Lagrangian grows like exp(gamma*t/m).
    """
    growth = exp(gamma * t / m)
    growing = System((x,), growth * damped_particle.lagrangian)
    return all_of(
        same_law(damped_particle.law(), claimed), same_law(apply(Divide(growth), growing.law()), claimed)
    )


complete_equation = Claim(
    id="C12",
    where="1.4",
    says='"Now we combine all forces" ... "to obtain the complete equation of motion"',
    formal="the law of a particle of mass `m` with friction is `m*dot(dot(x)) = -G - gamma*dot(x)`",
    judge=partial(equation_of_motion, law({m * dot(dot(x)): -G - gamma * dot(x)})),
)

three_terms = Claim(
    id="C13",
    where="1.4",
    says='"Three terms" ... "resistance to velocity change (inertia)" ... "force downhill" ... "friction '
    'that slows"',
    reading="the three can be added",
    formal="the terms of `m*dot(v) = -G - gamma*v` have one dimension",
    judge=partial(dimensions, law({m * dot(v): -G - gamma * v})),
)

claims = (
    maximum_increase, toward_lower, minimizes, large_mass, gradual_changes, units_of_friction,
    same_conceptual_units, quick_decay, dissipation, complete_equation, three_terms,
)  # fmt: skip
