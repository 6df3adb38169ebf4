"""What the source claims in its epilogue, where everything is said to be exact.

What to look for: descent is a discretization of physics, not physics itself (C66), and the limits that are
named together exclude each other (C97).
"""

from collections.abc import Mapping, Sequence
from functools import partial

from sympy import Expr, Integer, Rational, exp

from .. import momentum
from .coefficient import new_velocity
from .rules import Point, gains, hills, jumps, kept, multiplier, n, named, nine_tenths
from .rules import smoothed, weight, with_displacement
from ..gradient_descent import derivation as descent
from ..momentum import source_rule
from physsym import Claim, Condition, Hypothesis, Integrate, Isolate, Law, Limit, Rule, Verdict
from physsym import apply, damped_particle, dot, identical, rule, same_rule
from physsym.analysis.exact_evaluation import put, sign_of
from physsym.analysis.modified_equations import modified_equation
from physsym.analysis.quantified import holds_for_all
from physsym.verify import check
from physsym.verify.convergence_order import estimate_order
from physsym.claims import Quantifier, add_evidence, conditional, holds_exactly
from physsym.integrators import forward_euler
from physsym.core.statements import one_step_map, rewritten
from physsym.core.verdicts import all_of, fails, holds
from physsym.vocabulary import G, U, alpha, dt, eta, gamma, lam, m, rho, tau, u, x


def is_its_flow(step: Rule, values: Point) -> Verdict:
    """Judge whether one step on a quadratic is what the flow x' = -grad/gamma does in the same time.

    If it is not, tell how far it is off, and where no flow in one dimension does what it does.
    """
    found, exact = multiplier(step, lam), exp(-eta * lam)
    verdict = identical(found, exact, what="the multiplier of a step and of the flow")
    if verdict:
        return verdict
    told = [f"a step is off the flow by O(eta**{estimate_order(found, exact, eta, Integer(0)).order})"]
    if sign_of(put(found, values)) < 0:
        told.append(f"at {named(values)} it is {put(found, values)}: no flow in one dimension changes sides")
    return add_evidence(verdict, *told)


def follows_flows(step: Rule, order: int, modified: Expr, region: Sequence[Condition]) -> Verdict:
    """Judge to which order a step follows its flow, which potential's flow more closely, and where none."""
    off = estimate_order(multiplier(step, lam), exp(-eta * lam), eta, Integer(0)).order
    (rate,) = (equation.right for equation in modified_equation(step, eta).law.equations)
    return all_of(
        (holds if off == order else fails)(f"on a quadratic one step is off by order {off}"),
        identical(rate, -modified.diff(x), what="the modified equation and the flow of a modified potential"),
        holds_exactly([Condition(-multiplier(step, lam), "> 0")], region),
    )


is_physics = Claim(
    id="C66",
    where="Epilogue",
    says='"The gradient descent algorithm is not inspired by physics; it is physics"',
    reading="each step is what the particle does",
    formal="on `lam*x**2/2` one step is exactly what `dot(x) = -G/gamma` does in the time `dt = eta*gamma`",
    judge=partial(is_its_flow, descent.rule, {eta: Rational(3, 2), lam: 1}),
    repair="a step is off the flow by the square of the step size; up to the next power it follows the flow "
    "down `U + eta/4*G**2`. On `lam*x**2/2` it changes sides, which no flow does, exactly if `eta*lam > 1`",
    repair_judge=partial(
        follows_flows, descent.rule, 2, U + eta / 4 * G**2, (Condition(eta * lam - 1, "> 0"),)
    ),
)


def without_mass_gives(start: Law, claimed: Rule, rate: Expr) -> Verdict:
    """Judge whether a law without its mass, followed in steps that keep a rate fixed, gives a rule.

    The rate is `dt/gamma`: the time step follows the friction. The friction may then grow without bound, as
    the rule does not depend on it.
    """
    massless = apply(Isolate(dot(x)), apply(Limit(m), start))
    plain = apply(Integrate(forward_euler, dt), massless)
    followed = rewritten(plain, lambda e: e.subs(dt, eta * dt / rate))
    told = "the rule is the same for every friction, also for a growing one; the time step then grows with it"
    return add_evidence(
        all_of(check(Limit(m), start, apply(Limit(m), start)), same_rule(followed, claimed)), told
    )


pure_descent = Claim(
    id="C97",
    where="Epilogue",
    says='"When we set `m = 0` and `gamma -> oo` (while keeping `eta = dt/gamma` finite), we obtain pure '
    'gradient descent"',
    formal="the law with `m` gone, followed by forward Euler in steps of `eta*gamma`, gives `x - eta*G`, "
    "whatever `gamma`",
    judge=partial(without_mass_gives, damped_particle.law(), descent.rule, dt / gamma),
    quantifier=Quantifier.LIMIT,
)


def with_mass(claimed: Rule, derived: Rule, textbook: Rule, other: Rule, needed: Condition) -> Verdict:
    """Judge whether keeping the mass leads to a rule: as it stands, or with another name for its step."""
    as_it_stands = same_rule(claimed, derived)
    if as_it_stands:
        return as_it_stands
    with_own_step = same_rule(rewritten(claimed, lambda e: e.xreplace({eta: alpha})), textbook)
    if not with_own_step:
        return with_own_step
    needs: list[Condition | Hypothesis] = [needed, own_step]
    if not identical(one_step_map(claimed)[x], one_step_map(other)[x]):
        needs.append(new_velocity)
    verdict = conditional(with_own_step, *needs)
    return add_evidence(verdict, f"with `eta = dt/gamma`, {as_it_stands.evidence[0]}")


own_step = Hypothesis("its step size is the square of the time step over the mass")


def with_own_name(claimed: Rule, textbook: Rule, step_size: Expr) -> Verdict:
    """Judge whether a rule is derived with a name of its own for its step, and what that is by the mass."""
    renamed = rewritten(claimed, lambda e: e.xreplace({eta: alpha}))
    by_mass = weight(with_displacement).xreplace({tau: m / gamma})
    return all_of(
        same_rule(renamed, textbook),
        identical(by_mass, step_size, what="the weight of the gradient and that claimed"),
    )


momentum_method = Claim(
    id="C98",
    where="Epilogue",
    says='"When we allow `m > 0` and `gamma` finite, we obtain the momentum method"',
    formal="`u <- rho*u - eta*G`, `x <- x + after(u)` is derived from the law with `rho = 1 - dt/tau` and "
    "`eta = dt/gamma`",
    judge=partial(
        with_mass, source_rule, momentum.derivation.rule, momentum.textbook.rule,
        rule({u: rho * u - eta * G, x: x + u}), Condition(tau - dt, ">= 0"),
    ),
    leaves_open=(dt, own_step, new_velocity),
    repair="`u <- rho*u - alpha*G`, `x <- x + after(u)` is derived, with the step size `alpha`, which is "
    "`dt**2/m`",
    repair_judge=partial(with_own_name, source_rule, momentum.textbook.rule, dt**2 / m),
)  # fmt: skip


def rate_is(claimed: Expr, weights: Mapping[str, Expr]) -> Verdict:
    """Judge a formula for the learning rate against the weight of the gradient in each of several rules."""
    told = {name: identical(found, claimed, what=f"its weight in {name}") for name, found in weights.items()}
    right = [name for name, verdict in told.items() if verdict]
    if not right:
        return all_of(*told.values())
    others = [f"in {name} it is `{weights[name]}`" for name in weights if name not in right]
    verdict = add_evidence(holds(f"in {', '.join(right)} it is `{claimed}`"), *others)
    return conditional(verdict, Hypothesis(f"{', '.join(right)} is meant")) if others else verdict


descent_meant = Hypothesis("descent is meant")


def rates_are(found: Sequence[tuple[Expr, Expr]]) -> Verdict:
    """Judge what the weight of the gradient is in each of several rules."""
    return all_of(
        *(
            identical(weight_, claimed, what="the weight of the gradient and that claimed")
            for weight_, claimed in found
        )
    )


of_descent = -descent.lines[-2].updates[0].value.expand().coeff(G)

learning_rate = Claim(
    id="C100",
    where="Epilogue",
    says='"The learning rate `eta` is not an arbitrary tuning parameter" ... "it is precisely `dt/gamma`"',
    formal="descent and momentum, as derived, weigh the gradient by `dt/gamma`",
    judge=partial(rate_is, dt / gamma, {"descent": of_descent, "momentum": weight(with_displacement)}),
    leaves_open=(descent_meant,),
    repair="that of gradient descent is; the step size of momentum is `dt**2/m`",
    repair_judge=partial(
        rates_are,
        ((of_descent, dt / gamma), (weight(with_displacement).xreplace({tau: m / gamma}), dt**2 / m)),
    ),
)  # fmt: skip


def follows_gradient(step: Rule, claimed: Expr) -> Verdict:
    """Judge where a rule moves from a place."""
    return identical(one_step_map(step)[x] - x, claimed, what="the displacement and the one claimed")


instantaneous = Claim(
    id="C101",
    where="Epilogue",
    says='"always following the instantaneous gradient"',
    formal="a step of descent is `-eta*G`, the gradient taken at the present place",
    judge=partial(follows_gradient, descent.rule, -eta * G),
)


def remembers(step: Rule, weight_by_age: Expr, start: Expr, domain: Sequence[Condition]) -> Verdict:
    """Judge whether a rule sums up all earlier gradients, and equal ones to more than one of them."""
    together, _ = gains(step)
    verdict = all_of(
        smoothed(step, weight_by_age, start), holds_for_all([Condition(together - 1, "> 0")], domain)
    )
    return add_evidence(verdict, f"equal gradients add up to `{together}` of one") if verdict else verdict


remembers_motion = Claim(
    id="C102",
    where="Epilogue",
    says='"remembers its past motion, accumulates velocity in consistent directions"',
    reading="where the direction is consistent, the gradients are equal",
    formal="after any number of steps the displacement is minus the sum of all gradients, each weighed by "
    "`eta` and the power of `rho` that is its age; for `rho` between 0 and 1 equal ones add up to more than "
    "one of them",
    judge=partial(remembers, source_rule, eta * rho**n, rho**n, kept),
)

tilted = (x**2 - 1) ** 2 / 4 + x / 10  # its minimum on the left is the lower one


def coasts(step: Rule, plain: Rule, trials: Mapping[Expr, tuple[Expr, Point]]) -> Verdict:
    """Judge whether there is a potential, of several, on which momentum ends lower than plain steps."""
    found = [jumps(step, plain, on, start, [setting]) for on, (start, setting) in trials.items()]
    told = [f"on `{on}`: {'; '.join(v.evidence)}" for on, v in zip(trials, found, strict=True)]
    return (holds if any(found) else fails)(*told)


can_coast = Claim(
    id="C103",
    where="Epilogue",
    says='"can coast through unfavorable regions toward better minima"',
    formal="there is a landscape on which momentum ends lower than descent; tried are hills with a lower "
    "minimum beyond, and a double well whose lower minimum comes first",
    judge=partial(
        coasts, source_rule, descent.rule,
        {
            hills: (Integer(6), {eta: Rational(1, 10), rho: nine_tenths}),
            tilted: (Integer(-2), {eta: Rational(1, 20), rho: nine_tenths}),
        },
    ),
    quantifier=Quantifier.SOME,
    narrower="one setting is tried on each of two landscapes",
)  # fmt: skip

claims = (
    is_physics, pure_descent, momentum_method, learning_rate, instantaneous, remembers_motion, can_coast,
)  # fmt: skip
