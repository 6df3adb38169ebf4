"""What the source claims in sections 3.2 to 3.4: the step, the learning rate, and gradient descent.

What to look for: a learning rate that stays finite while friction grows (C31), and `eta*G`, which is a
displacement and no velocity (C33).
"""

from collections.abc import Sequence
from functools import partial
from itertools import product

from sympy import Expr, Integer, Symbol, oo

from .. import gradient_descent
from .prologue import coefficients
from .rules import stable
from ..momentum import by_constants
from physsym import Claim, Dimension, Integrate, Law, Limit, Rule, Verdict
from physsym import after, check, damped_particle, dimensions, dot, identical, law, rule
from physsym.integrators import forward_euler
from physsym.analysis.linear import characteristic_polynomial
from physsym.core.dimensions import MASS, TIME, dimension_of
from physsym.core.signs import signs
from physsym.claims import Quantifier, add_evidence, check_limit, conditional, eventually, holds_exactly
from physsym.claims import is_decreasing, is_increasing, positive
from physsym.core.statements import one_step_map, states
from physsym.core.verdicts import Condition, Hypothesis, all_of, fails, holds, undecided
from physsym.vocabulary import STANDARD, G, dt, eta, gamma, lam, m, u, v, x

c = Symbol("c", positive=True)
velocity_law, euler_step = gradient_descent.derivation.lines[4:6]


# --- 3.2 From continuous dynamics to discretization


def one_step(where: Law, claimed: Rule) -> Verdict:
    """Judge whether a rule follows a law for one time step by forward Euler, and measure how well."""
    return check(Integrate(forward_euler, dt), where, claimed)


euler = Claim(
    id="C27",
    where="3.2",
    says='"Let us discretize our overdamped equation" ... "Now we discretize using `dt` (time step)"',
    reading="what is displayed there is the rule `x <- x - dt/gamma*G`",
    formal="a step of forward Euler makes `x - dt/gamma*G` of `dot(x) = -G/gamma`",
    judge=partial(one_step, velocity_law, rule({x: x - dt / gamma * G})),
)


def quotient(claimed: Expr) -> Verdict:
    """Judge whether a quotient of neighbouring positions tends to the velocity, for every smooth motion."""
    later = x + dt * dot(x) + dt**2 / 2 * dot(dot(x)) + dt**3 / 6 * dot(dot(dot(x)))
    return check_limit(claimed.xreplace({after(x): later}), Limit(dt), dot(x), "the quotient")


difference_quotient = Claim(
    id="C28",
    where="3.2",
    says='"Velocity is the time derivative of position" ... "Now we discretize using `dt` (time step)"',
    reading="the quotient of `after(x) - x` and `dt` stands for the velocity",
    formal="the quotient of `after(x) - x` and `dt` tends to `dot(x)` as `dt` vanishes",
    judge=partial(quotient, (after(x) - x) / dt),
    quantifier=Quantifier.LIMIT,
)


# --- 3.3 The learning rate


def weight(step: Rule) -> Expr:
    """Return the weight of the gradient in the change of the position."""
    return -(one_step_map(step)[x] - x).expand().coeff(G)


def learning_rate(step: Rule, claimed: Expr, dimension: Dimension) -> Verdict:
    """Judge what weighs the gradient in a rule, and its dimension, which makes the product a displacement."""
    agree = identical(weight(step), claimed, what="the weight of the gradient and what is claimed")
    fits = holds if (found := dimension_of(claimed, STANDARD.dimension)) == dimension else fails
    return all_of(agree, fits(f"its dimension is {found}"), dimensions(law({u: claimed * G})))


ratio = Claim(
    id="C29",
    where="3.3",
    says='"We now define the learning rate as the ratio of time step to friction coefficient"',
    formal="the weight of the gradient in the rule is `dt/gamma`; the product with `G` is a displacement",
    judge=partial(learning_rate, euler_step, dt / gamma, TIME**2 / MASS),
)


def product_of(claimed: Expr, where: Law, step: Rule) -> Verdict:
    """Judge whether the learning rate is time step times mobility, the velocity per force of a law."""
    mobility = -where.equations[0].right.coeff(G)
    return all_of(
        identical(mobility, claimed, what="the velocity per force and the mobility claimed"),
        identical(weight(step), dt * claimed, what="the weight of the gradient and the product"),
    )


time_and_mobility = Claim(
    id="C77",
    where="3.3",
    says='"It is the product of two physical quantities" ... "`dt` (time step)" ... "`1/gamma` (mobility)" '
    '... "how easily the particle moves (inverse of friction)"',
    formal="the velocity is `1/gamma` times the force, and the weight of the gradient is that times `dt`",
    judge=partial(product_of, 1 / gamma, velocity_law, euler_step),
)


def rises_and_falls(step: Rule, with_: Symbol, against: Symbol) -> Verdict:
    """Judge whether the weight of the gradient grows with one symbol and shrinks with another."""
    return all_of(is_increasing(weight(step), with_), is_decreasing(weight(step), against))


large_rate = Claim(
    id="C30",
    where="3.3",
    says='"So large `eta` means" ... "Large `dt`: big temporal jumps" ... "OR small `gamma`: little '
    'friction"',
    formal="the weight of the gradient in the rule, `dt/gamma`, grows with `dt` and shrinks with `gamma`",
    judge=partial(rises_and_falls, euler_step, dt, gamma),
)


def large_steps(step: Rule, claimed: Expr) -> Verdict:
    """Judge how far a rule moves, without regard to the side, and that it is farther for a larger rate."""
    moved = one_step_map(step)[x] - x
    return all_of(
        identical(moved**2, claimed**2, what="the squares of the step and of what is claimed"),
        is_increasing(claimed, eta),
    )


space = Claim(
    id="C78",
    where="3.3",
    says='"Result: large steps in space (x or w)"',
    formal="a step has the size of `eta*G`, and grows with `eta`",
    judge=partial(large_steps, gradient_descent.derivation.rule, eta * G),
)


def slow_but_stable(step: Rule) -> Verdict:
    """Judge whether a rule of one state is stable once its rate is small, and slower the smaller it is."""
    multiplier = -characteristic_polynomial(step).all_coeffs()[1]
    slow = check_limit(multiplier, Limit(eta), Integer(1), "the multiplier")
    return all_of(eventually(stable(step), Limit(eta)), slow)


def stable_exactly(step: Rule, region: Sequence[Condition]) -> Verdict:
    """Judge whether a rule is asymptotically stable on a quadratic in a region and nowhere else."""
    return holds_exactly(stable(step), region)


small_rate = Claim(
    id="C32",
    where="3.3",
    says='"And small `eta` means" ... "small steps, slow but stable convergence"',
    formal="on `lam*x**2/2` the rule converges once `eta` is small enough, and its multiplier tends to one "
    "as `eta` vanishes",
    judge=partial(slow_but_stable, gradient_descent.derivation.rule),
    quantifier=Quantifier.LIMIT,
    narrower="near a minimum that has a curvature",
    repair="on `lam*x**2/2` it converges exactly if `0 < eta*lam < 2`",
    repair_judge=partial(
        stable_exactly, gradient_descent.derivation.rule, (Condition(2 - eta * lam, "> 0"),)
    ),
)


# --- 3.4 The final gradient descent equation


def finite_rate(limit: Limit, plain: Rule, with_mass: Rule) -> Verdict:
    """Judge whether a limit leaves the learning rate finite and above zero, at a fixed time step.

    If it vanishes, the time step has to follow it; the share of velocity that is then kept must have a limit.
    """
    rate, (kept, _) = weight(plain), coefficients(with_mass)
    if not rate.has(limit.symbol):
        return holds(f"`{rate}` is the same for every `{limit.symbol}`")
    gone = check_limit(rate, limit, Integer(0), f"`{rate}`")
    if not gone:
        return undecided(f"whether `{rate}` stays finite", *gone.evidence)
    lost = no_limit(kept, rate, limit)
    told = add_evidence(gone, "so at a fixed `dt` nothing moves", *lost.evidence)
    return conditional(told, step_follows) if lost else fails(*told.evidence)


step_follows = Hypothesis("the time step grows with the friction, and there is no mass")


def no_limit(kept: Expr, rate: Expr, limit: Limit) -> Verdict:
    """Judge whether the share of velocity that a step keeps has no limit where the learning rate is fixed."""
    following = kept.subs(dt, eta * dt / rate)
    return check_limit(following, limit, -oo, f"the share of velocity kept, `{following}`,")


def without_mass(start: Law, left: Law, plain: Rule, with_mass: Rule) -> Verdict:
    """Judge what a growing friction leaves at a fixed step and at a fixed rate, and what no mass leaves."""
    growing, (kept, _) = Limit(gamma, oo), coefficients(with_mass)
    return all_of(
        check_limit(weight(plain), growing, Integer(0), f"`{weight(plain)}`"),
        check(Limit(m), start, left),
        no_limit(kept, weight(plain), growing),
    )


finite_while_infinite = Claim(
    id="C31",
    where="3.1, 3.4 tables, Epilogue",
    says='"Infinitely strong friction" ... "`eta`" ... "= `dt/gamma` (finite)"',
    formal="as `gamma` grows, `dt/gamma` has a limit above zero",
    judge=partial(finite_rate, Limit(gamma, oo), euler_step, by_constants.rule),
    quantifier=Quantifier.LIMIT,
    leaves_open=(step_follows,),
    repair="at a fixed `dt` the rate vanishes with the mobility. `m -> 0` is enough for the law of gradient "
    "descent, at any friction; if `dt` grows with `gamma` instead, `1 - eta*gamma**2/m` has no limit",
    repair_judge=partial(
        without_mass,
        damped_particle.law(),
        law({Integer(0): -G - gamma * dot(x)}),
        euler_step,
        by_constants.rule,
    ),
)


def opposite(step: Rule) -> Verdict:
    """Judge whether a rule moves against the gradient: whether their product is not above zero."""
    along = ((one_step_map(step)[x] - x) * G).expand()
    told = f"the product of the step and the gradient is `{along}`"
    return holds(told) if signs(along) == {0, -1} else fails(told)


opposite_direction = Claim(
    id="C79",
    where="3.4",
    says='"The particle moves in the direction opposite to the potential energy gradient."',
    formal="the product of the step and the gradient, `-eta*G**2`, is not above zero",
    judge=partial(opposite, gradient_descent.derivation.rule),
)


def as_velocity(symbol: Symbol, claimed: Expr) -> Verdict:
    """Judge by dimensions whether an expression can be the velocity, or displacement, claimed."""
    verdict = dimensions(law({symbol: claimed}))
    if verdict:
        return verdict
    moved = dimensions(law({u: claimed}))
    return (
        add_evidence(verdict, f"as a displacement per step, `u = {claimed}`, it agrees") if moved else verdict
    )


def velocity_and_displacement(velocity: Expr, rate: Expr, claimed: Expr) -> Verdict:
    """Judge by dimensions a velocity and a displacement, and by form whether one is `dt` times the other."""
    moved = identical(claimed.xreplace({eta: rate}), dt * velocity, what="the displacement and `dt*v`")
    return all_of(dimensions(law({v: velocity})), dimensions(law({u: claimed})), moved)


determined_velocity = Claim(
    id="C33",
    where="3.4, table",
    says='"Instantly determined by gradient: v = −η∇L"',
    formal="the sides of `v = -eta*G` have one dimension",
    judge=partial(as_velocity, v, -eta * G),
    repair="`v = -G/gamma`; with `eta = dt/gamma`, `-eta*G` is the displacement of one step, `dt*v`",
    repair_judge=partial(velocity_and_displacement, -G / gamma, dt / gamma, -eta * G),
)


def carried(step: Rule, count: int) -> Verdict:
    """Judge how many numbers for each coordinate a rule carries from step to step."""
    found = states(step)
    told = f"it carries {', '.join(f'`{s}`' for s in found)}"
    return holds(told) if len(found) == count else fails(told)


not_a_state = Claim(
    id="C81",
    where="3.4, table",
    says='"Velocity v" ... "Not a state variable"',
    formal="the rule `x - eta*G` carries one number for each coordinate, its position",
    judge=partial(carried, gradient_descent.derivation.rule, 1),
)


def bound(step: Rule, below: Expr) -> Verdict:
    """Judge whether a rule is stable on a quadratic exactly where its learning rate is below a bound."""
    return holds_exactly(stable(step), positive(below - eta))


small_for_stability = Claim(
    id="C80",
    where="3.4, table",
    says='"Controls step size; must be small for stability"',
    formal="on `lam*x**2/2` the rule is stable exactly if `eta < 2/lam`",
    judge=partial(bound, gradient_descent.derivation.rule, 2 / lam),
    narrower="near a minimum that has a curvature",
    repair="at a minimum of curvature `lam` it is asymptotically stable exactly if `eta*lam < 2`",
    repair_judge=partial(
        stable_exactly, gradient_descent.derivation.rule, (Condition(2 - eta * lam, "> 0"),)
    ),
)


def unbiased(step: Rule, on: Expr, steps: int) -> Verdict:
    """Judge whether noise of mean zero leaves the mean of the positions as it is without noise.

    The gradient is `c` too large or too small, with equal chance at each step.
    """
    ways = list(product((c, -c), repeat=steps))
    mean = sum(_position(step, on, noises) for noises in ways) / Integer(len(ways))
    without = _position(step, on, (Integer(0),) * steps)
    return identical(mean, without, what=f"the mean after {steps} steps with noise and the place without it")


def mean_follows(step: Rule, on: Expr) -> Verdict:
    """Judge whether the mean of the positions follows the rule without noise, by induction over the steps.

    It does if a step is affine in the position and the noise together: the mean of the next position is then
    the step of the mean, the noise put to its mean, which is zero.
    """
    noise = Symbol("c", real=True)
    new = one_step_map(step)[x].xreplace({G: on.diff(x) + noise})
    second = [new.diff(a, b) for a in (x, noise) for b in (x, noise)]
    return all_of(
        *(identical(e, Integer(0), what="a second derivative of the step and zero") for e in second)
    )


def _position(step: Rule, on: Expr, noises: Sequence[Expr]) -> Expr:
    place: Expr = x
    for noise in noises:
        slope = on.diff(x).xreplace({x: place}) + noise
        place = one_step_map(step)[x].xreplace({G: slope, x: place})
    return place


without_momentum = Claim(
    id="C34",
    where="3.4, title",
    says='"Pure Gradient Descent (SGD without momentum)"',
    reading="the gradient of a random sample, which is right in the mean, leads where the full one does",
    formal="with a gradient too large or too small by chance, on `x**4/4`, the mean position after two steps "
    "is that of gradient descent",
    judge=partial(unbiased, gradient_descent.derivation.rule, x**4 / 4, 2),
    repair="what is derived is descent along the full gradient; on a quadratic, noise with mean zero leaves "
    "the mean of the positions as it is without noise, after any number of steps",
    repair_judge=partial(mean_follows, gradient_descent.derivation.rule, lam * x**2 / 2),
)

claims = (
    euler, difference_quotient, ratio, time_and_mobility, large_rate, space, small_rate,
    finite_while_infinite, opposite_direction, determined_velocity, not_a_state, small_for_stability,
    without_momentum,
)  # fmt: skip
