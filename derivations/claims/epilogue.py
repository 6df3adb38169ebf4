"""What the source claims in its epilogue, where everything is said to be exact.

What to look for: descent is a discretization of physics, not physics itself (C66), and the limits that are
named together exclude each other (C97).
"""

from collections.abc import Mapping, Sequence
from functools import partial

from sympy import Expr, Integer, Rational, exp, oo

from .. import momentum
from .rules import Point, gains, hills, jumps, kept, multiplier, named, nine_tenths
from .rules import smoothed, weight, with_displacement
from ..gradient_descent import derivation as descent
from ..momentum import source_rule
from physsym import Claim, Condition, Law, Limit, Hypothesis, Rule, Verdict
from physsym import damped_particle, dot, identical, law, rule
from physsym.analysis.exact_evaluation import put, sign_of
from physsym.analysis.modified_equations import modified_equation
from physsym.analysis.quantified import holds_for_all
from physsym.verify import check
from physsym.verify.limit import gap
from physsym.verify.convergence_order import estimate_order
from physsym.verify.equivalence import same_rule
from physsym.claims import conditional, add_evidence
from physsym.core.statements import one_step_map, rewritten
from physsym.core.verdicts import all_of, fails, holds
from physsym.vocabulary import G, U, alpha, dt, eta, gamma, lam, m, rho, tau, u, x


def is_its_flow(step: Rule, values: Point) -> Verdict:
    """Judge whether one step on a quadratic is what the flow x' = -grad/gamma does in the same time.

    If it is not, tell how far it is off, and which other potential's flow it follows more closely.
    """
    found, exact = multiplier(step, lam), exp(-eta * lam)
    verdict = identical(found, exact, what="the multiplier of a step and of the flow")
    if verdict:
        return verdict
    order = estimate_order(found, exact, eta, Integer(0)).order
    told = [f"a step is off the flow by O(eta**{order})"]
    if sign_of(put(found, values)) < 0:
        told.append(f"at {named(values)} it is {put(found, values)}: no flow in one dimension changes sides")
    return add_evidence(verdict, *told, *_followed(step))


def _followed(step: Rule) -> tuple[str, ...]:
    """Return in words which potential's flow a rule follows up to the next order, where that is told."""
    closer = modified_equation(step, eta)
    (rate,) = (equation.right for equation in closer.law.equations)
    modified = U + eta / 4 * G**2
    same = identical(
        rate, -modified.diff(x), what="the modified equation and the flow of a modified potential"
    )
    return (f"up to {closer.error} it is the flow down {modified}",) if same else ()


is_physics = Claim(
    id="C66",
    where="Epilogue",
    says="The gradient descent algorithm is not inspired by physics; it is physics",
    formal="on `lam*x**2/2` one step is exactly what `dot(x) = -G/gamma` does in the time `dt = eta*gamma`",
    judge=partial(is_its_flow, descent.rule, {eta: Rational(3, 2), lam: 1}),
    repair="it is the flow's discretization by forward Euler, exact up to the square of the step size; it "
    "follows the flow down `U + eta/4*G**2` more closely, and beyond `eta*lam = 1` no flow at all",
)


def limits_give(start: Law, claimed: Law, by: Sequence[Limit], rate: Expr, kept_share: Expr) -> Verdict:
    """Judge whether limits, each by itself, lead from a law to another, a learning rate staying finite."""
    outcomes = {limit: _one_limit(start, claimed, limit, rate, kept_share) for limit in by}
    working = [limit for limit, verdict in outcomes.items() if verdict]
    told = [f"{limit.symbol} -> {limit.to}: {'; '.join(v.evidence)}" for limit, v in outcomes.items()]
    if not working:
        return fails(*told)
    verdict = holds(*told)
    if len(working) == len(by):
        return verdict
    return conditional(verdict, *(Condition(w.symbol - w.to, "= 0") for w in working))


def _one_limit(start: Law, claimed: Law, limit: Limit, rate: Expr, kept_share: Expr) -> Verdict:
    """Judge one limit: of the law at a fixed rate, and of the share that each step keeps."""
    if limit.to != oo:
        return check(limit, start, claimed)
    vanishing = gap(limit, rate, Integer(0), "the learning rate at a fixed dt")
    growing = gap(limit, kept_share, Integer(0), "the coefficient at a fixed learning rate")
    if vanishing or not growing:
        return fails(*vanishing.evidence, *growing.evidence)
    return growing


pure_descent = Claim(
    id="C97",
    where="Epilogue",
    says="When we set m = 0 and gamma -> infinity (while keeping eta = dt/gamma finite), we obtain pure "
    "gradient descent",
    formal="each limit, of vanishing `m` and of growing `gamma`, leads to `gamma*dot(x) = -G` with a finite "
    "learning rate",
    judge=partial(
        limits_give, damped_particle.law(), law({Integer(0): -G - gamma * dot(x)}),
        (Limit(m, Integer(0)), Limit(gamma, oo)), dt / gamma, 1 - eta * gamma**2 / m,
    ),
    repair="`m = 0` suffices, with any friction; an infinite friction with a finite `dt` leaves no "
    "learning rate, and with a finite learning rate no limit",
)  # fmt: skip


def with_mass(claimed: Rule, derived: Rule, textbook: Rule, other: Rule, needed: Condition) -> Verdict:
    """Judge whether keeping the mass leads to a rule: as it stands, or with another name for its step."""
    as_it_stands = same_rule(claimed, derived)
    if as_it_stands:
        return as_it_stands
    with_own_step = same_rule(rewritten(claimed, lambda e: e.xreplace({eta: alpha})), textbook)
    if not with_own_step:
        return with_own_step
    needs = [needed, Hypothesis(f"its step is {weight(with_displacement)}, not dt/gamma")]
    if not identical(one_step_map(claimed)[x], one_step_map(other)[x]):
        needs.append(Hypothesis("the position moves with the new velocity"))
    return add_evidence(
        conditional(with_own_step, *needs), f"with eta = dt/gamma, {as_it_stands.evidence[0]}"
    )


momentum_method = Claim(
    id="C98",
    where="Epilogue",
    says="When we allow m > 0 and gamma finite, we obtain the momentum method",
    formal="`u <- rho*u - eta*G`, `x <- x + after(u)` is derived from the law with `rho = 1 - dt/tau` and "
    "`eta = dt/gamma`",
    judge=partial(
        with_mass, source_rule, momentum.derivation.rule, momentum.textbook.rule,
        rule({u: rho * u - eta * G, x: x + u}), Condition(tau - dt, ">= 0"),
    ),
    repair="with the new velocity (semi-implicit Euler), with `dt <= tau`, and with the step size "
    "`dt**2/m`",
)  # fmt: skip


def rate_is(claimed: Expr, weights: Mapping[str, Expr]) -> Verdict:
    """Judge a formula for the learning rate against the weight of the gradient in each of several rules."""
    told = {name: identical(found, claimed, what=f"its weight in {name}") for name, found in weights.items()}
    right = [name for name, verdict in told.items() if verdict]
    if not right:
        return all_of(*told.values())
    others = [f"in {name} it is {weights[name]}" for name in weights if name not in right]
    verdict = add_evidence(holds(f"in {', '.join(right)} it is {claimed}"), *others)
    return conditional(verdict, Hypothesis(f"{', '.join(right)} is meant")) if others else verdict


of_descent = -descent.lines[-2].updates[0].value.expand().coeff(G)

learning_rate = Claim(
    id="C100",
    where="Epilogue",
    says="The learning rate eta is not an arbitrary tuning parameter; it is precisely dt/gamma",
    formal="descent and momentum, as derived, weigh the gradient by `dt/gamma`",
    judge=partial(rate_is, dt / gamma, {"descent": of_descent, "momentum": weight(with_displacement)}),
    repair="that of gradient descent is; the step size of momentum is `dt**2/m`, and `dt/gamma` its "
    "effective learning rate",
)  # fmt: skip


def follows_gradient(step: Rule, claimed: Expr) -> Verdict:
    """Judge where a rule moves from a place."""
    return identical(one_step_map(step)[x] - x, claimed, what="the displacement and the one claimed")


instantaneous = Claim(
    id="C101",
    where="Epilogue",
    says="always following the instantaneous gradient",
    formal="a step of descent is `-eta*G`, the gradient taken at the present place",
    judge=partial(follows_gradient, descent.rule, -eta * G),
)


def remembers(step: Rule, weights: Sequence[Expr], share: Expr, domain: Sequence[Condition]) -> Verdict:
    """Judge whether a rule sums up earlier gradients, and equal ones to more than one of them."""
    together, _ = gains(step)
    is_increasing = holds_for_all([Condition(together - 1, "> 0")], domain)
    verdict = all_of(smoothed(step, weights, share), is_increasing)
    return add_evidence(verdict, f"equal gradients add up to {together} of one") if verdict else verdict


remembers_motion = Claim(
    id="C102",
    where="Epilogue",
    says="remembers its past motion, accumulates velocity in consistent directions",
    formal="the displacement is a sum over all earlier gradients, and for `rho` between 0 and 1 equal ones "
    "add up to more than one of them",
    judge=partial(remembers, source_rule, [eta * rho ** (4 - k) for k in range(5)], rho**5, kept),
)

tilted = (x**2 - 1) ** 2 / 4 + x / 10  # its minimum on the left is the lower one


def coasts(step: Rule, plain: Rule, trials: Mapping[Expr, tuple[Expr, Point]]) -> Verdict:
    """Judge whether momentum ends lower than plain steps on each of several potentials."""
    found = [jumps(step, plain, on, start, [setting]) for on, (start, setting) in trials.items()]
    told = [f"on {on}: {'; '.join(v.evidence)}" for on, v in zip(trials, found, strict=True)]
    if not any(found):
        return fails(*told)
    verdict = holds(*told)
    where = Hypothesis("the minimum where its energy runs out is the better one")
    return verdict if all(found) else conditional(verdict, where)


can_coast = Claim(
    id="C103",
    where="Epilogue",
    says="can coast through unfavorable regions toward better minima",
    formal="momentum ends lower than descent on hills with a lower minimum beyond, and on a double well "
    "whose lower minimum comes first",
    judge=partial(
        coasts, source_rule, descent.rule,
        {
            hills: (Integer(6), {eta: Rational(1, 10), rho: nine_tenths}),
            tilted: (Integer(-2), {eta: Rational(1, 20), rho: nine_tenths}),
        },
    ),
    repair="it goes where its energy runs out, which may be the better minimum or the worse",
)  # fmt: skip

claims = (
    is_physics, pure_descent, momentum_method, learning_rate, instantaneous, remembers_motion, can_coast,
)  # fmt: skip
