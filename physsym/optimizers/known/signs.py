"""Methods that step by the sign of the gradient, or of an average of gradients."""

from __future__ import annotations

from sympy import sign

from physsym.core.statements import rule
from physsym.core.symbols import after
from physsym.optimizers.known.notation import (
    NORMALIZED,
    at_least_zero,
    beta,
    beta_1,
    beta_2,
    decimals,
    fraction,
    mu,
    wd,
)
from physsym.optimizers.known_rule import Known
from physsym.vocabulary import G, eta, x

_SIGN = (
    "J. Bernstein, Y.-X. Wang, K. Azizzadenesheli, A. Anandkumar, signSGD: compressed optimisation for "
    "non-convex problems, ICML 2018, arXiv:1802.04434"
)

sign_descent = Known(
    name="sign_descent",
    title="Sign descent (signSGD)",
    rule=rule({x: x - eta * sign(G)}),
    citation=_SIGN,
    names={"optax": {eta: "learning_rate"}},
    functions={"optax": "optax.sign_sgd()"},
    vocabulary=NORMALIZED,
)

signum = Known(
    name="signum",
    title="Signum",
    rule=rule(
        {mu: beta * mu + (1 - beta) * G, x: x - eta * sign(after(mu))},
        start={mu: 0},
        ranges=fraction(beta),
        typical=decimals(beta="0.9"),
    ),
    citation=_SIGN,
    names={"optax": {eta: "learning_rate", beta: "beta"}},
    functions={"optax": "optax.signum()"},
    vocabulary=NORMALIZED,
)

lion = Known(
    name="lion",
    title="Lion",
    rule=rule(
        {
            x: x - eta * (sign(beta_1 * mu + (1 - beta_1) * G) + wd * x),
            mu: beta_2 * mu + (1 - beta_2) * G,
        },
        start={mu: 0},
        ranges=(*fraction(beta_1, beta_2), *at_least_zero(wd)),
        typical=decimals(eta="0.0001", beta_1="0.9", beta_2="0.99", wd="0.001"),
    ),
    citation="X. Chen, C. Liang, D. Huang, E. Real, K. Wang, Y. Liu, H. Pham, X. Dong, T. Luong, C.-J. "
    "Hsieh, Y. Lu, Q. V. Le, Symbolic discovery of optimization algorithms, NeurIPS 2023, arXiv:2302.06675",
    names={
        "optax": {eta: "learning_rate", beta_1: "b1", beta_2: "b2", wd: "weight_decay"},
        "keras": {eta: "learning_rate", beta_1: "beta_1", beta_2: "beta_2", wd: "weight_decay"},
    },
    functions={"optax": "optax.lion()", "keras": "keras.optimizers.Lion()"},
    vocabulary=NORMALIZED,
)
