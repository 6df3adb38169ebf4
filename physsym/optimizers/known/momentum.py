"""Gradient descent, and the methods that add multiples of earlier gradients to it."""

from __future__ import annotations

from sympy import Eq, Integer, Piecewise, Rational

from physsym.core.statements import rule
from physsym.core.symbols import after, before, grad
from physsym.optimizers.known.notation import (
    a,
    at_least_zero,
    b,
    beta,
    c,
    d,
    fraction,
    g,
    k,
    mu,
    nu,
    positive,
    s,
    y,
)
from physsym.optimizers.known_rule import Known
from physsym.vocabulary import G, alpha, eta, rho, u, x

_POLYAK = (
    "B. T. Polyak, Some methods of speeding up the convergence of iteration methods, USSR Computational "
    "Mathematics and Mathematical Physics 4(5), 1-17, 1964"
)
_SUTSKEVER = (
    "I. Sutskever, J. Martens, G. Dahl, G. Hinton, On the importance of initialization and momentum in deep "
    "learning, ICML 2013"
)
_NESTEROV = (
    "Y. Nesterov, A method of solving a convex programming problem with convergence rate O(1/k^2), Soviet "
    "Mathematics Doklady 27, 372-376, 1983"
)
_USUAL = {eta: Rational(1, 100), rho: Rational(9, 10)}

gradient_descent = Known(
    name="gradient_descent",
    title="Gradient descent",
    rule=rule({x: x - eta * G}, typical={eta: Rational(1, 100)}),
    citation="A.-L. Cauchy, Méthode générale pour la résolution des systèmes d'équations simultanées, "
    "Comptes rendus de l'Académie des sciences 25, 536-538, 1847",
    names={"torch": {eta: "lr"}, "optax": {eta: "learning_rate"}, "keras": {eta: "learning_rate"}},
    functions={"torch": "torch.optim.SGD()", "optax": "optax.sgd()", "keras": "keras.optimizers.SGD()"},
)

heavy_ball = Known(
    name="heavy_ball",
    title="Heavy ball, the buffer a sum of gradients",
    rule=rule({b: rho * b + G, x: x - eta * after(b)}, start={b: 0}, ranges=fraction(rho), typical=_USUAL),
    citation=f"{_POLYAK}; in this form in torch and optax",
    names={
        "torch": {eta: "lr", rho: "momentum"},
        "optax": {eta: "learning_rate", rho: "momentum"},
    },
    functions={"torch": "torch.optim.SGD()", "optax": "optax.sgd()"},
)

heavy_ball_average = Known(
    name="heavy_ball_average",
    title="Heavy ball, the buffer an exponential average of gradients",
    rule=rule(
        {mu: rho * mu + (1 - rho) * G, x: x - eta * after(mu)},
        start={mu: 0},
        ranges=fraction(rho),
        typical=_USUAL,
    ),
    citation=f"{_POLYAK}; in this form as quasi-hyperbolic momentum with nu = 1 in J. Ma, D. Yarats, "
    "Quasi-hyperbolic momentum and Adam for deep learning, ICLR 2019, arXiv:1810.06801",
)

heavy_ball_dampened = Known(
    name="heavy_ball_dampened",
    title="Heavy ball, the buffer a displacement, the gradient weighed by 1 - rho",
    rule=rule(
        {u: rho * u - (1 - rho) * eta * G, x: x + after(u)},
        start={u: 0},
        ranges=fraction(rho),
        typical=_USUAL,
    ),
    citation="N. Qian, On the momentum term in gradient descent learning algorithms, Neural Networks 12(1), "
    "145-151, 1999; with eta for the time step over the friction",
)

heavy_ball_classical = Known(
    name="heavy_ball_classical",
    title="Heavy ball, the buffer a displacement (classical momentum)",
    rule=rule({u: rho * u - eta * G, x: x + after(u)}, start={u: 0}, ranges=fraction(rho), typical=_USUAL),
    citation=f"D. E. Rumelhart, G. E. Hinton, R. J. Williams, Learning representations by back-propagating "
    f"errors, Nature 323, 533-536, 1986; equations (1) and (2) of {_SUTSKEVER}",
    names={"keras": {eta: "learning_rate", rho: "momentum"}},
    functions={"keras": "keras.optimizers.SGD()"},
)

heavy_ball_alpha_beta = Known(
    name="heavy_ball_alpha_beta",
    title="Heavy ball, a recurrence over two steps",
    rule=rule(
        {x: x + beta * (x - before(x)) - alpha * G},
        start={before(x): x},
        ranges=fraction(beta),
        typical={alpha: Rational(1, 100), beta: Rational(9, 10)},
    ),
    citation=_POLYAK,
)

heavy_ball_torch = Known(
    name="heavy_ball_torch",
    title="Heavy ball with torch's dampening, which the first step leaves out",
    rule=rule(
        {
            b: Piecewise((G, Eq(k, 0)), (rho * b + (1 - d) * G, True)),
            x: x - eta * after(b),
            k: k + 1,
        },
        start={b: 0, k: 0},
        ranges=(*positive(rho), *fraction(rho)[1:], *fraction(d)),
        typical=_USUAL | {d: Integer(0)},
    ),
    citation="torch.optim.SGD with momentum and dampening, documentation of PyTorch 2",
    names={"torch": {eta: "lr", rho: "momentum", d: "dampening"}},
    functions={"torch": "torch.optim.SGD()"},
)

nesterov = Known(
    name="nesterov",
    title="Nesterov's method, the gradient taken ahead",
    rule=rule(
        {u: rho * u - eta * grad(x + rho * u), x: x + after(u)},
        start={u: 0},
        ranges=fraction(rho),
        typical=_USUAL,
    ),
    citation=f"{_NESTEROV}; with a constant coefficient, equations (3) and (4) of {_SUTSKEVER}",
)

nesterov_alpha_beta = Known(
    name="nesterov_alpha_beta",
    title="Nesterov's method, a recurrence over two steps",
    rule=rule(
        {x: x + beta * (x - before(x)) - alpha * grad(x + beta * (x - before(x)))},
        start={before(x): x},
        ranges=fraction(beta),
        typical={alpha: Rational(1, 100), beta: Rational(9, 10)},
    ),
    citation=f"{_NESTEROV}; with a constant coefficient",
)

nesterov_two_sequences = Known(
    name="nesterov_two_sequences",
    title="Nesterov's method, in two sequences, the weights where the gradient is taken",
    rule=rule(
        {y: x - eta * G, x: after(y) + rho * (after(y) - y)},
        start={y: x},
        ranges=fraction(rho),
        typical=_USUAL,
    ),
    citation=f"{_NESTEROV}; with a constant coefficient",
)

nesterov_sum = Known(
    name="nesterov_sum",
    title="Nesterov's method, the buffer a sum of gradients, the weights where the gradient is taken",
    rule=rule(
        {b: rho * b + G, x: x - eta * (G + rho * after(b))},
        start={b: 0},
        ranges=fraction(rho),
        typical=_USUAL,
    ),
    citation="Y. Bengio, N. Boulanger-Lewandowski, R. Pascanu, Advances in optimizing recurrent networks, "
    "ICASSP 2013, arXiv:1212.0901; in this form in torch and optax",
    names={
        "torch": {eta: "lr", rho: "momentum"},
        "optax": {eta: "learning_rate", rho: "momentum"},
    },
    functions={"torch": "torch.optim.SGD(nesterov=True)", "optax": "optax.sgd(nesterov=True)"},
)

nesterov_classical = Known(
    name="nesterov_classical",
    title="Nesterov's method, the buffer a displacement, the weights where the gradient is taken",
    rule=rule(
        {u: rho * u - eta * G, x: x + rho * after(u) - eta * G},
        start={u: 0},
        ranges=fraction(rho),
        typical=_USUAL,
    ),
    citation="Y. Bengio, N. Boulanger-Lewandowski, R. Pascanu, Advances in optimizing recurrent networks, "
    "ICASSP 2013, arXiv:1212.0901; in this form in Keras",
    names={"keras": {eta: "learning_rate", rho: "momentum"}},
    functions={"keras": "keras.optimizers.SGD(nesterov=True)"},
)

triple_momentum = Known(
    name="triple_momentum",
    title="Triple momentum",
    rule=rule(
        {x: x + beta * (x - before(x)) - alpha * grad(x + c * (x - before(x)))},
        start={before(x): x},
        ranges=fraction(beta),
    ),
    citation="B. Van Scoy, R. A. Freeman, K. M. Lynch, The fastest known globally convergent first-order "
    "method for minimizing strongly convex functions, IEEE Control Systems Letters 2(1), 49-54, 2018; c is "
    "their gamma",
)

quasi_hyperbolic = Known(
    name="quasi_hyperbolic",
    title="Quasi-hyperbolic momentum",
    rule=rule(
        {mu: beta * mu + (1 - beta) * G, x: x - eta * ((1 - nu) * G + nu * after(mu))},
        start={mu: 0},
        ranges=fraction(beta),
        typical={beta: Rational(999, 1000), nu: Rational(7, 10)},
    ),
    citation="J. Ma, D. Yarats, Quasi-hyperbolic momentum and Adam for deep learning, ICLR 2019, "
    "arXiv:1810.06801; eta is their alpha",
)

unified_momentum = Known(
    name="unified_momentum",
    title="Unified momentum",
    rule=rule(
        {y: x - s * eta * G, x: x - eta * G + beta * (after(y) - y)},
        start={y: x},
        ranges=(*fraction(beta), *at_least_zero(s)),
    ),
    citation="Y. Yan, T. Yang, Z. Li, Q. Lin, Y. Yang, A unified analysis of stochastic momentum methods for "
    "deep learning, IJCAI 2018; eta is their alpha, y their auxiliary sequence",
)

optimistic = Known(
    name="optimistic",
    title="Optimistic gradient descent (optimistic mirror descent)",
    rule=rule({x: x - 2 * eta * G + eta * g, g: G}, start={g: 0}),
    citation="C. Daskalakis, A. Ilyas, V. Syrgkanis, H. Zeng, Training GANs with optimism, ICLR 2018, "
    "arXiv:1711.00141",
)

optimistic_generalized = Known(
    name="optimistic_generalized",
    title="Generalized optimistic gradient descent",
    rule=rule(
        {
            x: x - eta * ((a + beta) * G - beta * Piecewise((G, Eq(k, 0)), (g, True))),
            g: G,
            k: k + 1,
        },
        start={g: 0, k: 0},
        typical={eta: Rational(1, 100), a: Integer(1), beta: Integer(1)},
    ),
    citation="A. Mokhtari, A. Ozdaglar, S. Pattathil, A unified analysis of extra-gradient and optimistic "
    "gradient methods for saddle point problems: proximal point approach, AISTATS 2020, arXiv:1901.08511; "
    "their step sizes are a*eta and beta*eta, and the gradient before the first step is that of the first",
    names={"optax": {eta: "learning_rate", a: "alpha", beta: "beta"}},
    functions={"optax": "optax.optimistic_gradient_descent()"},
)
