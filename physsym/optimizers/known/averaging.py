"""Methods that mix several averages: of the weights (schedule-free), or of gradients (AdEMAMix)."""

from __future__ import annotations

from sympy import sqrt

from physsym.core.statements import rule
from physsym.core.symbols import after, grad
from physsym.optimizers.known.notation import (
    NORMALIZED,
    a,
    at_least_zero,
    beta,
    beta_1,
    beta_2,
    beta_3,
    decimals,
    eps,
    fraction,
    k,
    mu_1,
    mu_2,
    nu,
    s,
    wd,
    z,
)
from physsym.optimizers.known_rule import Known
from physsym.vocabulary import G, eta, x

_SCHEDULE_FREE = (
    "A. Defazio, X. Yang, H. Mehta, K. Mishchenko, A. Khaled, A. Cutkosky, The road less scheduled, NeurIPS "
    "2024, arXiv:2405.15682"
)

schedule_free = Known(
    name="schedule_free",
    title="Schedule-free gradient descent",
    rule=rule(
        {
            z: z - eta * grad((1 - beta) * z + beta * x),
            k: k + 1,
            x: (1 - 1 / (after(k) + 1)) * x + after(z) / (after(k) + 1),
        },
        start={z: x, k: 0},
        ranges=(*at_least_zero(beta), *at_least_zero(1 - beta)),
        typical=decimals(eta="1", beta="0.9"),
    ),
    citation=f"{_SCHEDULE_FREE}; the average gives the start the weight of a step",
)

schedule_free_weighted = Known(
    name="schedule_free_weighted",
    title="Schedule-free gradient descent, the average weighed by the squared learning rate",
    rule=rule(
        {
            z: z - eta * grad((1 - beta) * z + beta * x),
            s: s + eta**2,
            x: (1 - eta**2 / after(s)) * x + eta**2 / after(s) * after(z),
        },
        start={z: x, s: 0},
        ranges=(*at_least_zero(beta), *at_least_zero(1 - beta)),
        typical=decimals(eta="1", beta="0.9"),
    ),
    citation=f"{_SCHEDULE_FREE}; the weights of its algorithm for AdamW, without warm-up",
    names={"optax": {eta: "learning_rate", beta: "b1"}},
    functions={"optax": "optax.contrib.schedule_free_sgd()"},
)

ademamix = Known(
    name="ademamix",
    title="AdEMAMix",
    rule=rule(
        {
            k: k + 1,
            mu_1: beta_1 * mu_1 + (1 - beta_1) * G,
            mu_2: beta_3 * mu_2 + (1 - beta_3) * G,
            nu: beta_2 * nu + (1 - beta_2) * G**2,
            x: x
            - eta
            * (
                (after(mu_1) / (1 - beta_1 ** after(k)) + a * after(mu_2))
                / (sqrt(after(nu) / (1 - beta_2 ** after(k))) + eps)
                + wd * x
            ),
        },
        start={k: 0, mu_1: 0, mu_2: 0, nu: 0},
        ranges=(*fraction(beta_1, beta_2, beta_3), *at_least_zero(a, eps, wd)),
        typical=decimals(
            eta="0.001", beta_1="0.9", beta_2="0.999", beta_3="0.9999", a="5", eps="0.00000001", wd="0"
        ),
    ),
    citation="M. Pagliardini, P. Ablin, D. Grangier, The AdEMAMix optimizer: better, faster, older, ICLR "
    "2025, arXiv:2409.03137; without the schedules of alpha (here a) and beta_3",
    names={
        "optax": {
            eta: "learning_rate",
            beta_1: "b1",
            beta_2: "b2",
            beta_3: "b3",
            a: "alpha",
            eps: "eps",
            wd: "weight_decay",
        }
    },
    functions={"optax": "optax.contrib.ademamix()"},
    vocabulary=NORMALIZED,
)
