"""Methods that divide the gradient, or an average of gradients, by the size of the gradients so far."""

from __future__ import annotations

from sympy import Abs, Integer, Max, Piecewise, Rational, sign, sqrt

from physsym.core.statements import rule
from physsym.core.symbols import after
from physsym.optimizers.known.notation import (
    NORMALIZED,
    at_least_zero,
    beta_1,
    beta_2,
    c,
    decimals,
    eps,
    fraction,
    k,
    mu,
    nu,
    nu_0,
    nu_max,
    positive,
    psi,
    q,
    s,
    wd,
)
from physsym.optimizers.known_rule import Known
from physsym.vocabulary import G, eta, rho, x

_ADAM = "D. P. Kingma, J. Ba, Adam: a method for stochastic optimization, ICLR 2015, arXiv:1412.6980"
_ADAMW = "I. Loshchilov, F. Hutter, Decoupled weight decay regularization, ICLR 2019, arXiv:1711.05101"
_AMSGRAD = (
    "S. J. Reddi, S. Kale, S. Kumar, On the convergence of Adam and beyond, ICLR 2018, arXiv:1904.09237"
)
_NADAM = "T. Dozat, Incorporating Nesterov momentum into Adam, ICLR 2016 workshop"
_RADAM = (
    "L. Liu, H. Jiang, P. He, W. Chen, X. Liu, J. Gao, J. Han, On the variance of the adaptive learning rate "
    "and beyond, ICLR 2020, arXiv:1908.03265"
)
_YOGI = (
    "M. Zaheer, S. J. Reddi, D. Sachan, S. Kale, S. Kumar, Adaptive methods for nonconvex optimization, "
    "NeurIPS 2018"
)
_ADAGRAD = (
    "J. Duchi, E. Hazan, Y. Singer, Adaptive subgradient methods for online learning and stochastic "
    "optimization, Journal of Machine Learning Research 12, 2121-2159, 2011"
)
_RMSPROP = (
    "T. Tieleman, G. Hinton, Lecture 6.5: rmsprop, divide the gradient by a running average of its recent "
    "magnitude, Coursera, Neural networks for machine learning, 2012"
)
_GRAVES = "A. Graves, Generating sequences with recurrent neural networks, 2013, arXiv:1308.0850"

# Pieces that many rules share: what is said of `k` is the number of the step, counted from one.
_AVERAGES = {k: k + 1, mu: beta_1 * mu + (1 - beta_1) * G, nu: beta_2 * nu + (1 - beta_2) * G**2}
_FROM_ZERO = {k: Integer(0), mu: Integer(0), nu: Integer(0)}
_MEAN = after(mu) / (1 - beta_1 ** after(k))
_SQUARE = after(nu) / (1 - beta_2 ** after(k))
_FOLDED = sqrt(1 - beta_2 ** after(k)) / (1 - beta_1 ** after(k)) * after(mu)
_RANGES = (*fraction(beta_1, beta_2), *at_least_zero(eps))
_USUAL = decimals(eta="0.001", beta_1="0.9", beta_2="0.999", eps="0.00000001")
_USUAL_KERAS = decimals(eta="0.001", beta_1="0.9", beta_2="0.999", eps="0.0000001")

_TORCH = {eta: "lr", beta_1: "betas[0]", beta_2: "betas[1]", eps: "eps"}
_OPTAX = {eta: "learning_rate", beta_1: "b1", beta_2: "b2", eps: "eps"}
_KERAS = {eta: "learning_rate", beta_1: "beta_1", beta_2: "beta_2", eps: "epsilon"}

adagrad = Known(
    name="adagrad",
    title="AdaGrad",
    rule=rule(
        {nu: nu + G**2, x: x - eta * G / (sqrt(after(nu)) + eps)},
        start={nu: nu_0},
        ranges=at_least_zero(nu_0, eps),
        typical=decimals(eta="0.01", nu_0="0", eps="0.0000000001"),
    ),
    citation=f"{_ADAGRAD}; the diagonal form, its delta called eps",
    names={"torch": {eta: "lr", nu_0: "initial_accumulator_value", eps: "eps"}},
    functions={"torch": "torch.optim.Adagrad()"},
    vocabulary=NORMALIZED,
)

adagrad_eps_in_root = Known(
    name="adagrad_eps_in_root",
    title="AdaGrad, eps added below the root",
    rule=rule(
        {nu: nu + G**2, x: x - eta * G / sqrt(after(nu) + eps)},
        start={nu: nu_0},
        ranges=(*positive(nu_0), *at_least_zero(eps)),
        typical=decimals(eta="0.001", nu_0="0.1", eps="0.0000001"),
    ),
    citation=f"{_ADAGRAD}; in this form in optax and Keras",
    names={
        "optax": {eta: "learning_rate", nu_0: "initial_accumulator_value", eps: "eps"},
        "keras": {eta: "learning_rate", nu_0: "initial_accumulator_value", eps: "epsilon"},
    },
    functions={"optax": "optax.adagrad()", "keras": "keras.optimizers.Adagrad()"},
    vocabulary=NORMALIZED,
)

rmsprop = Known(
    name="rmsprop",
    title="RMSprop",
    rule=rule(
        {nu: rho * nu + (1 - rho) * G**2, x: x - eta * G / (sqrt(after(nu)) + eps)},
        start={nu: 0},
        ranges=(*fraction(rho), *at_least_zero(eps)),
        typical={rho: Rational(99, 100), **decimals(eta="0.01", eps="0.00000001")},
    ),
    citation=_RMSPROP,
    names={
        "torch": {eta: "lr", rho: "alpha", eps: "eps"},
        "optax": {eta: "learning_rate", rho: "decay", eps: "eps"},
    },
    functions={"torch": "torch.optim.RMSprop()", "optax": "optax.rmsprop(eps_in_sqrt=False)"},
    vocabulary=NORMALIZED,
)

rmsprop_eps_in_root = Known(
    name="rmsprop_eps_in_root",
    title="RMSprop, eps added below the root",
    rule=rule(
        {nu: rho * nu + (1 - rho) * G**2, x: x - eta * G / sqrt(after(nu) + eps)},
        start={nu: 0},
        ranges=(*fraction(rho), *at_least_zero(eps)),
        typical={rho: Rational(9, 10), **decimals(eta="0.001", eps="0.0000001")},
    ),
    citation=f"{_RMSPROP}; in this form in optax and Keras",
    names={
        "optax": {eta: "learning_rate", rho: "decay", eps: "eps"},
        "keras": {eta: "learning_rate", rho: "rho", eps: "epsilon"},
    },
    functions={"optax": "optax.rmsprop()", "keras": "keras.optimizers.RMSprop()"},
    vocabulary=NORMALIZED,
)

rmsprop_centered = Known(
    name="rmsprop_centered",
    title="RMSprop, centered",
    rule=rule(
        {
            nu: rho * nu + (1 - rho) * G**2,
            mu: rho * mu + (1 - rho) * G,
            x: x - eta * G / (sqrt(after(nu) - after(mu) ** 2) + eps),
        },
        start={nu: 0, mu: 0},
        ranges=(*fraction(rho), *at_least_zero(eps)),
        typical={rho: Rational(99, 100), **decimals(eta="0.01", eps="0.00000001")},
    ),
    citation=f"{_GRAVES}; without momentum, and with eps outside the root as in torch",
    names={
        "torch": {eta: "lr", rho: "alpha", eps: "eps"},
        "optax": {eta: "learning_rate", rho: "decay", eps: "eps"},
    },
    functions={
        "torch": "torch.optim.RMSprop(centered=True)",
        "optax": "optax.rmsprop(centered=True, eps_in_sqrt=False)",
    },
    vocabulary=NORMALIZED,
)

rmsprop_centered_eps_in_root = Known(
    name="rmsprop_centered_eps_in_root",
    title="RMSprop, centered, eps added below the root",
    rule=rule(
        {
            nu: rho * nu + (1 - rho) * G**2,
            mu: rho * mu + (1 - rho) * G,
            x: x - eta * G / sqrt(after(nu) - after(mu) ** 2 + eps),
        },
        start={nu: 0, mu: 0},
        ranges=(*fraction(rho), *at_least_zero(eps)),
        typical={rho: Rational(9, 10), **decimals(eta="0.001", eps="0.0000001")},
    ),
    citation=f"{_GRAVES}; without momentum",
    names={
        "optax": {eta: "learning_rate", rho: "decay", eps: "eps"},
        "keras": {eta: "learning_rate", rho: "rho", eps: "epsilon"},
    },
    functions={
        "optax": "optax.rmsprop(centered=True)",
        "keras": "keras.optimizers.RMSprop(centered=True)",
    },
    vocabulary=NORMALIZED,
)

adadelta = Known(
    name="adadelta",
    title="Adadelta",
    rule=rule(
        {
            nu: rho * nu + (1 - rho) * G**2,
            x: x - eta * sqrt(s + eps) / sqrt(after(nu) + eps) * G,
            s: rho * s + (1 - rho) * (s + eps) / (after(nu) + eps) * G**2,
        },
        start={nu: 0, s: 0},
        ranges=(*fraction(rho), *at_least_zero(eps)),
        typical={rho: Rational(9, 10), **decimals(eta="1", eps="0.000001")},
    ),
    citation="M. D. Zeiler, ADADELTA: an adaptive learning rate method, 2012, arXiv:1212.5701, Algorithm 1; "
    "there eta = 1",
    names={
        "torch": {eta: "lr", rho: "rho", eps: "eps"},
        "optax": {eta: "learning_rate", rho: "rho", eps: "eps"},
        "keras": {eta: "learning_rate", rho: "rho", eps: "epsilon"},
    },
    functions={
        "torch": "torch.optim.Adadelta()",
        "optax": "optax.adadelta()",
        "keras": "keras.optimizers.Adadelta()",
    },
    vocabulary=NORMALIZED,
)

adam = Known(
    name="adam",
    title="Adam",
    rule=rule(
        {**_AVERAGES, x: x - eta * _MEAN / (sqrt(_SQUARE) + eps)},
        start=_FROM_ZERO,
        ranges=_RANGES,
        typical=_USUAL,
    ),
    citation=f"{_ADAM}, Algorithm 1; eta is its alpha",
    names={"torch": _TORCH, "optax": _OPTAX},
    functions={"torch": "torch.optim.Adam()", "optax": "optax.adam()"},
    vocabulary=NORMALIZED,
)

adam_folded = Known(
    name="adam_folded",
    title="Adam, the corrections folded into the learning rate",
    rule=rule(
        {**_AVERAGES, x: x - eta * _FOLDED / (sqrt(after(nu)) + eps)},
        start=_FROM_ZERO,
        ranges=_RANGES,
        typical=_USUAL_KERAS,
    ),
    citation=f"{_ADAM}, end of section 2, where eps is written with a hat",
    names={"keras": _KERAS},
    functions={"keras": "keras.optimizers.Adam()"},
    vocabulary=NORMALIZED,
)

adamw = Known(
    name="adamw",
    title="AdamW",
    rule=rule(
        {**_AVERAGES, x: x - eta * (_MEAN / (sqrt(_SQUARE) + eps) + wd * x)},
        start=_FROM_ZERO,
        ranges=(*_RANGES, *at_least_zero(wd)),
        typical=_USUAL | decimals(wd="0.01"),
    ),
    citation=f"{_ADAMW}, Algorithm 2, with alpha = 1 and its schedule multiplier as the learning rate eta, "
    "which then multiplies the decay too",
    names={"torch": {**_TORCH, wd: "weight_decay"}, "optax": {**_OPTAX, wd: "weight_decay"}},
    functions={"torch": "torch.optim.AdamW()", "optax": "optax.adamw()"},
    vocabulary=NORMALIZED,
)

adamw_folded = Known(
    name="adamw_folded",
    title="AdamW, the corrections folded into the learning rate",
    rule=rule(
        {**_AVERAGES, x: x - eta * (_FOLDED / (sqrt(after(nu)) + eps) + wd * x)},
        start=_FROM_ZERO,
        ranges=(*_RANGES, *at_least_zero(wd)),
        typical=_USUAL_KERAS | decimals(wd="0.004"),
    ),
    citation=f"{_ADAMW}; with Adam in the form of the end of section 2 of {_ADAM}; in this form in Keras",
    names={"keras": {**_KERAS, wd: "weight_decay"}},
    functions={"keras": "keras.optimizers.AdamW()"},
    vocabulary=NORMALIZED,
)

adamax = Known(
    name="adamax",
    title="Adamax",
    rule=rule(
        {
            k: k + 1,
            mu: beta_1 * mu + (1 - beta_1) * G,
            nu: Max(beta_2 * nu, Abs(G) + eps),
            x: x - eta * _MEAN / after(nu),
        },
        start=_FROM_ZERO,
        ranges=_RANGES,
        typical=_USUAL | decimals(eta="0.002"),
    ),
    citation=f"{_ADAM}, Algorithm 2, where eps = 0; eta is its alpha",
    names={"torch": _TORCH, "optax": _OPTAX},
    functions={"torch": "torch.optim.Adamax()", "optax": "optax.adamax()"},
    vocabulary=NORMALIZED,
)

adamax_eps_outside = Known(
    name="adamax_eps_outside",
    title="Adamax, eps added to the maximum",
    rule=rule(
        {
            k: k + 1,
            mu: beta_1 * mu + (1 - beta_1) * G,
            nu: Max(beta_2 * nu, Abs(G)),
            x: x - eta * _MEAN / (after(nu) + eps),
        },
        start=_FROM_ZERO,
        ranges=_RANGES,
        typical=_USUAL_KERAS,
    ),
    citation=f"{_ADAM}, Algorithm 2, where eps = 0; in this form in Keras",
    names={"keras": _KERAS},
    functions={"keras": "keras.optimizers.Adamax()"},
    vocabulary=NORMALIZED,
)

amsgrad = Known(
    name="amsgrad",
    title="AMSGrad",
    rule=rule(
        {
            mu: beta_1 * mu + (1 - beta_1) * G,
            nu: beta_2 * nu + (1 - beta_2) * G**2,
            nu_max: Max(nu_max, after(nu)),
            x: x - eta * after(mu) / (sqrt(after(nu_max)) + eps),
        },
        start={mu: 0, nu: 0, nu_max: 0},
        ranges=_RANGES,
        typical=_USUAL,
    ),
    citation=f"{_AMSGRAD}, Algorithm 2, where eps = 0; without the projection, with constant eta and beta_1",
    names={"optax": _OPTAX},
    functions={"optax": "optax.amsgrad(bias_correction_mu=False, bias_correction_nu=False)"},
    vocabulary=NORMALIZED,
)

amsgrad_maximum_first = Known(
    name="amsgrad_maximum_first",
    title="AMSGrad, corrected after the maximum is taken",
    rule=rule(
        {
            **_AVERAGES,
            nu_max: Max(nu_max, after(nu)),
            x: x - eta * _MEAN / (sqrt(after(nu_max) / (1 - beta_2 ** after(k))) + eps),
        },
        start={**_FROM_ZERO, nu_max: 0},
        ranges=_RANGES,
        typical=_USUAL,
    ),
    citation=f"{_AMSGRAD}; with the corrections of Adam, in this form in torch",
    names={"torch": _TORCH},
    functions={"torch": "torch.optim.Adam(amsgrad=True)"},
    vocabulary=NORMALIZED,
)

amsgrad_folded = Known(
    name="amsgrad_folded",
    title="AMSGrad, the corrections folded into the learning rate",
    rule=rule(
        {
            **_AVERAGES,
            nu_max: Max(nu_max, after(nu)),
            x: x - eta * _FOLDED / (sqrt(after(nu_max)) + eps),
        },
        start={**_FROM_ZERO, nu_max: 0},
        ranges=_RANGES,
        typical=_USUAL_KERAS,
    ),
    citation=f"{_AMSGRAD}; with the corrections of Adam, in this form in Keras",
    names={"keras": _KERAS},
    functions={"keras": "keras.optimizers.Adam(amsgrad=True)"},
    vocabulary=NORMALIZED,
)

amsgrad_correction_first = Known(
    name="amsgrad_correction_first",
    title="AMSGrad, corrected before the maximum is taken",
    rule=rule(
        {
            **_AVERAGES,
            nu_max: Max(nu_max, _SQUARE),
            x: x - eta * _MEAN / (sqrt(after(nu_max)) + eps),
        },
        start={**_FROM_ZERO, nu_max: 0},
        ranges=_RANGES,
        typical=_USUAL,
    ),
    citation=f"{_AMSGRAD}; with the corrections of Adam, in this form in optax",
    names={"optax": _OPTAX},
    functions={"optax": "optax.amsgrad()"},
    vocabulary=NORMALIZED,
)

# The momentum coefficients of this step and of the next, and the products of all up to them.
_NOW, _NEXT = (beta_1 * (1 - Rational(24, 25) ** (psi * step) / 2) for step in (after(k), after(k) + 1))

nadam = Known(
    name="nadam",
    title="NAdam",
    rule=rule(
        {
            **_AVERAGES,
            q: q * _NOW,
            x: x
            - eta
            * ((1 - _NOW) / (1 - after(q)) * G + _NEXT / (1 - after(q) * _NEXT) * after(mu))
            / (sqrt(_SQUARE) + eps),
        },
        start={**_FROM_ZERO, q: 1},
        ranges=(*_RANGES, *at_least_zero(psi)),
        typical=_USUAL | decimals(eta="0.002", psi="0.004"),
    ),
    citation=f"{_NADAM}; with its schedule of the momentum coefficient, q being their product",
    names={"torch": {**_TORCH, psi: "momentum_decay"}, "keras": _KERAS},
    functions={"torch": "torch.optim.NAdam()", "keras": "keras.optimizers.Nadam()"},
    fixed={"keras": {psi: Integer(1)}},
    vocabulary=NORMALIZED,
)

nadam_constant = Known(
    name="nadam_constant",
    title="NAdam with a constant momentum coefficient",
    rule=rule(
        {
            **_AVERAGES,
            x: x
            - eta
            * (
                (1 - beta_1) / (1 - beta_1 ** after(k)) * G
                + beta_1 / (1 - beta_1 ** (after(k) + 1)) * after(mu)
            )
            / (sqrt(_SQUARE) + eps),
        },
        start=_FROM_ZERO,
        ranges=_RANGES,
        typical=_USUAL,
    ),
    citation=f"{_NADAM}; with a constant coefficient",
    names={"optax": _OPTAX},
    functions={"optax": "optax.nadam()"},
    vocabulary=NORMALIZED,
)

# The length of the simple moving average that the exponential one of squares stands for, and its limit.
_LONGEST = 2 / (1 - beta_2) - 1
_LENGTH = _LONGEST - 2 * after(k) * beta_2 ** after(k) / (1 - beta_2 ** after(k))
_RECTIFIED = sqrt((_LENGTH - 4) * (_LENGTH - 2) * _LONGEST / ((_LONGEST - 4) * (_LONGEST - 2) * _LENGTH))

radam = Known(
    name="radam",
    title="RAdam",
    rule=rule(
        {
            **_AVERAGES,
            x: x
            - eta * _MEAN * Piecewise((_RECTIFIED / (sqrt(_SQUARE) + eps), c < _LENGTH), (Integer(1), True)),
        },
        start=_FROM_ZERO,
        ranges=(*_RANGES, *at_least_zero(c - 4)),
        typical=_USUAL | decimals(c="4"),
    ),
    citation=f"{_RADAM}, Algorithm 2, where eps = 0 and the threshold c is 4",
    vocabulary=NORMALIZED,
)

radam_folded = Known(
    name="radam_folded",
    title="RAdam, the root corrected after eps is added",
    rule=rule(
        {
            **_AVERAGES,
            x: x
            - eta
            * _MEAN
            * Piecewise(
                (_RECTIFIED * sqrt(1 - beta_2 ** after(k)) / (sqrt(after(nu)) + eps), _LENGTH > 5),
                (Integer(1), True),
            ),
        },
        start=_FROM_ZERO,
        ranges=_RANGES,
        typical=_USUAL,
    ),
    citation=f"{_RADAM}; in this form, with the threshold 5, in torch",
    names={"torch": _TORCH},
    functions={"torch": "torch.optim.RAdam()"},
    vocabulary=NORMALIZED,
)

radam_at_threshold = Known(
    name="radam_at_threshold",
    title="RAdam, rectified at the threshold too",
    rule=rule(
        {
            **_AVERAGES,
            x: x
            - eta * _MEAN * Piecewise((_RECTIFIED / (sqrt(_SQUARE) + eps), c <= _LENGTH), (Integer(1), True)),
        },
        start=_FROM_ZERO,
        ranges=(*_RANGES, *at_least_zero(c - 4)),
        typical=_USUAL | decimals(c="5"),
    ),
    citation=f"{_RADAM}; in this form in optax",
    names={"optax": {**_OPTAX, c: "threshold"}},
    functions={"optax": "optax.radam()"},
    vocabulary=NORMALIZED,
)

adabelief = Known(
    name="adabelief",
    title="AdaBelief",
    rule=rule(
        {
            k: k + 1,
            mu: beta_1 * mu + (1 - beta_1) * G,
            nu: beta_2 * nu + (1 - beta_2) * (G - after(mu)) ** 2 + s,
            x: x - eta * _MEAN / (sqrt(_SQUARE) + eps),
        },
        start=_FROM_ZERO,
        ranges=(*_RANGES, *at_least_zero(s)),
        typical=_USUAL | {p: Rational(1, 10**16) for p in (eps, s)},
    ),
    citation="J. Zhuang, T. Tang, Y. Ding, S. Tatikonda, N. Dvornek, X. Papademetris, J. S. Duncan, "
    "AdaBelief optimizer: adapting stepsizes by the belief in observed gradients, NeurIPS 2020, "
    "arXiv:2010.07468, Algorithm 2, where s = eps",
    names={"optax": {**_OPTAX, s: "eps_root"}},
    functions={"optax": "optax.adabelief()"},
    vocabulary=NORMALIZED,
)

yogi = Known(
    name="yogi",
    title="Yogi",
    rule=rule(
        {
            mu: beta_1 * mu + (1 - beta_1) * G,
            nu: nu - (1 - beta_2) * sign(nu - G**2) * G**2,
            x: x - eta * after(mu) / (sqrt(after(nu)) + eps),
        },
        start={mu: 0, nu: 0},
        ranges=_RANGES,
        typical=_USUAL | decimals(eta="0.01", eps="0.001"),
    ),
    citation=f"{_YOGI}, Algorithm 2",
    vocabulary=NORMALIZED,
)

yogi_corrected = Known(
    name="yogi_corrected",
    title="Yogi with the corrections of Adam",
    rule=rule(
        {
            k: k + 1,
            mu: beta_1 * mu + (1 - beta_1) * G,
            nu: nu - (1 - beta_2) * sign(nu - G**2) * G**2,
            x: x - eta * _MEAN / (sqrt(_SQUARE) + eps),
        },
        start={k: 0, mu: nu_0, nu: nu_0},
        ranges=(*_RANGES, *at_least_zero(nu_0)),
        typical=_USUAL | decimals(eta="0.01", eps="0.001", nu_0="0.000001"),
    ),
    citation=f"{_YOGI}; in this form in optax, both averages starting at nu_0",
    names={"optax": _OPTAX},
    functions={"optax": "optax.yogi()"},
    fixed={"optax": {nu_0: Rational(1, 10**6)}},
    vocabulary=NORMALIZED,
)
