"""The algorithms of papers and of Keras, written out by hand in their own notation, for numbers of any type.

Each takes the parameters by their letters in `physsym.known`, the start and the gradient of each step, a
function of the point, and yields the weights after each step. Those of Keras follow what `update_step`
of the optimizers of Keras 3 computes.
"""

from __future__ import annotations

from mpmath import sqrt


def cauchy(p, x, gradients):
    for grad in gradients:
        x = x - p["eta"] * grad(x)
        yield x


def polyak(p, x, gradients):
    last = x
    for grad in gradients:
        last, x = x, x - p["alpha"] * grad(x) + p["beta"] * (x - last)
        yield x


def rumelhart(p, w, gradients):
    dw = 0
    for grad in gradients:
        dw = -p["eta"] * grad(w) + p["rho"] * dw
        w = w + dw
        yield w


def qian(p, w, gradients):
    return rumelhart({**p, "eta": (1 - p["rho"]) * p["eta"]}, w, gradients)


def momentum_sum(p, theta, gradients):
    buf = 0
    for grad in gradients:
        buf = p["rho"] * buf + grad(theta)
        theta = theta - p["eta"] * buf
        yield theta


def dampened_after_the_first_step(p, theta, gradients):
    buf = None
    for grad in gradients:
        g = grad(theta)
        buf = g if buf is None else p["rho"] * buf + (1 - p["d"]) * g
        theta = theta - p["eta"] * buf
        yield theta


def quasi_hyperbolic(p, theta, gradients):
    g = 0
    for grad in gradients:
        now = grad(theta)
        g = p["beta"] * g + (1 - p["beta"]) * now
        theta = theta - p["eta"] * ((1 - p["nu"]) * now + p["nu"] * g)
        yield theta


def average(p, theta, gradients):
    return quasi_hyperbolic({"eta": p["eta"], "beta": p["rho"], "nu": 1}, theta, gradients)


def sutskever(p, theta, gradients):
    v = 0
    for grad in gradients:
        v = p["rho"] * v - p["eta"] * grad(theta + p["rho"] * v)
        theta = theta + v
        yield theta


def nesterov(p, x, gradients):
    last = x
    for grad in gradients:
        y = x + p["beta"] * (x - last)
        last, x = x, y - p["alpha"] * grad(y)
        yield x


def nesterov_seen_ahead(p, x, gradients):
    """Yield the points at which Nesterov's method takes the gradient."""
    last = x
    for grad in gradients:
        y = x + p["rho"] * (x - last)
        last, x = x, y - p["eta"] * grad(y)
        yield x + p["rho"] * (x - last)


def triple_momentum(p, xi, gradients):
    last = xi
    for grad in gradients:
        y = (1 + p["c"]) * xi - p["c"] * last
        last, xi = xi, (1 + p["beta"]) * xi - p["beta"] * last - p["alpha"] * grad(y)
        yield xi


def unified(p, x, gradients):
    ys = x
    for grad in gradients:
        g = grad(x)
        y, ys_next = x - p["eta"] * g, x - p["s"] * p["eta"] * g
        x, ys = y + p["beta"] * (ys_next - ys), ys_next
        yield x


def optimistic(p, w, gradients):
    last = 0
    for grad in gradients:
        g = grad(w)
        w, last = w - 2 * p["eta"] * g + p["eta"] * last, g
        yield w


def optimistic_generalized(p, x, gradients):
    last = None
    for grad in gradients:
        g = grad(x)
        last = g if last is None else last
        x, last = x - p["eta"] * (p["a"] + p["beta"]) * g + p["eta"] * p["beta"] * last, g
        yield x


def schedule_free(p, x, gradients):
    z, t = x, 1
    for grad in gradients:
        y = (1 - p["beta"]) * z + p["beta"] * x
        z = z - p["eta"] * grad(y)
        c = p["eta"] / p["eta"] / (t + 1)
        x, t = (1 - c) * x + c * z, t + 1
        yield x


def schedule_free_weighted(p, x, gradients):
    z, total = x, 0
    for grad in gradients:
        y = (1 - p["beta"]) * z + p["beta"] * x
        z = z - p["eta"] * grad(y)
        total = total + p["eta"] ** 2
        c = p["eta"] ** 2 / total
        x = (1 - c) * x + c * z
        yield x


def signsgd(p, x, gradients):
    for grad in gradients:
        x = x - p["eta"] * _sign(grad(x))
        yield x


def signum(p, x, gradients):
    m = 0
    for grad in gradients:
        m = p["beta"] * m + (1 - p["beta"]) * grad(x)
        x = x - p["eta"] * _sign(m)
        yield x


def lion(p, theta, gradients):
    m = 0
    for grad in gradients:
        g = grad(theta)
        c = p["beta_1"] * m + (1 - p["beta_1"]) * g
        theta = theta - p["eta"] * (_sign(c) + p["wd"] * theta)
        m = p["beta_2"] * m + (1 - p["beta_2"]) * g
        yield theta


def _sign(number):
    return (number > 0) - (number < 0)


def amsgrad(p, x, gradients):
    m = v = v_hat = 0
    for grad in gradients:
        g = grad(x)
        m = p["beta_1"] * m + (1 - p["beta_1"]) * g
        v = p["beta_2"] * v + (1 - p["beta_2"]) * g * g
        v_hat = max(v_hat, v)
        x = x - p["eta"] * m / (sqrt(v_hat) + p["eps"])
        yield x


def radam(p, theta, gradients):
    m = v = 0
    longest = 2 / (1 - p["beta_2"]) - 1
    for t, grad in enumerate(gradients, 1):
        g = grad(theta)
        m = p["beta_1"] * m + (1 - p["beta_1"]) * g
        v = p["beta_2"] * v + (1 - p["beta_2"]) * g * g
        m_hat = m / (1 - p["beta_1"] ** t)
        length = longest - 2 * t * p["beta_2"] ** t / (1 - p["beta_2"] ** t)
        if length > p["c"]:
            v_hat = sqrt(v / (1 - p["beta_2"] ** t))
            r = sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length))
            theta = theta - p["eta"] * r * m_hat / (v_hat + p["eps"])
        else:
            theta = theta - p["eta"] * m_hat
        yield theta


def yogi(p, x, gradients):
    m = v = 0
    for grad in gradients:
        g = grad(x)
        m = p["beta_1"] * m + (1 - p["beta_1"]) * g
        v = v - (1 - p["beta_2"]) * _sign(v - g * g) * g * g
        x = x - p["eta"] * m / (sqrt(v) + p["eps"])
        yield x


def keras_nesterov(p, w, gradients):
    velocity = 0
    for grad in gradients:
        g = grad(w)
        velocity = p["rho"] * velocity - p["eta"] * g
        w = w + p["rho"] * velocity - p["eta"] * g
        yield w


def keras_adagrad(p, w, gradients):
    accumulator = p["nu_0"]
    for grad in gradients:
        g = grad(w)
        accumulator = accumulator + g * g
        w = w - p["eta"] * g / sqrt(accumulator + p["eps"])
        yield w


def keras_rmsprop(p, w, gradients):
    velocity = 0
    for grad in gradients:
        g = grad(w)
        velocity = p["rho"] * velocity + (1 - p["rho"]) * g * g
        w = w - p["eta"] * g / sqrt(velocity + p["eps"])
        yield w


def keras_rmsprop_centered(p, w, gradients):
    velocity = average_grad = 0
    for grad in gradients:
        g = grad(w)
        velocity = p["rho"] * velocity + (1 - p["rho"]) * g * g
        average_grad = p["rho"] * average_grad + (1 - p["rho"]) * g
        w = w - p["eta"] * g / sqrt(velocity - average_grad * average_grad + p["eps"])
        yield w


def keras_adadelta(p, w, gradients):
    accumulated_grad = accumulated_delta = 0
    for grad in gradients:
        g = grad(w)
        accumulated_grad = p["rho"] * accumulated_grad + (1 - p["rho"]) * g * g
        delta = -sqrt(accumulated_delta + p["eps"]) * g / sqrt(accumulated_grad + p["eps"])
        accumulated_delta = p["rho"] * accumulated_delta + (1 - p["rho"]) * delta * delta
        w = w + p["eta"] * delta
        yield w


def keras_adam(p, w, gradients, amsgrad=False):
    m = v = v_hat = 0
    for t, grad in enumerate(gradients, 1):
        decay = w * p["wd"] * p["eta"] if "wd" in p else 0
        g = grad(w)
        alpha = p["eta"] * sqrt(1 - p["beta_2"] ** t) / (1 - p["beta_1"] ** t)
        m = m + (g - m) * (1 - p["beta_1"])
        v = v + (g * g - v) * (1 - p["beta_2"])
        v_hat = max(v_hat, v)
        w = w - decay - m * alpha / (sqrt(v_hat if amsgrad else v) + p["eps"])
        yield w


def keras_amsgrad(p, w, gradients):
    return keras_adam(p, w, gradients, amsgrad=True)


def keras_adamax(p, w, gradients):
    m = u = 0
    for t, grad in enumerate(gradients, 1):
        g = grad(w)
        m = m + (g - m) * (1 - p["beta_1"])
        u = max(p["beta_2"] * u, abs(g))
        w = w - p["eta"] * m / ((1 - p["beta_1"] ** t) * (u + p["eps"]))
        yield w


def keras_nadam(p, w, gradients):
    m, v, product, decay = 0, 0, 1, (p["eta"] * 0 + 96) / 100
    for t, grad in enumerate(gradients, 1):
        g = grad(w)
        u, u_next = (p["beta_1"] * (1 - decay**step / 2) for step in (t, t + 1))
        product = product * u
        m = m + (g - m) * (1 - p["beta_1"])
        v = v + (g * g - v) * (1 - p["beta_2"])
        m_hat = u_next * m / (1 - product * u_next) + (1 - u) * g / (1 - product)
        w = w - m_hat * p["eta"] / (sqrt(v / (1 - p["beta_2"] ** t)) + p["eps"])
        yield w


RATIONAL = {
    "gradient_descent": cauchy,
    "heavy_ball": momentum_sum,
    "heavy_ball_alpha_beta": polyak,
    "heavy_ball_average": average,
    "heavy_ball_classical": rumelhart,
    "heavy_ball_dampened": qian,
    "heavy_ball_torch": dampened_after_the_first_step,
    "lion": lion,
    "nesterov": sutskever,
    "nesterov_alpha_beta": nesterov,
    "nesterov_classical": keras_nesterov,
    "nesterov_sum": nesterov_seen_ahead,
    "nesterov_two_sequences": nesterov_seen_ahead,
    "optimistic": optimistic,
    "optimistic_generalized": optimistic_generalized,
    "quasi_hyperbolic": quasi_hyperbolic,
    "schedule_free": schedule_free,
    "schedule_free_weighted": schedule_free_weighted,
    "sign_descent": signsgd,
    "signum": signum,
    "triple_momentum": triple_momentum,
    "unified_momentum": unified,
}
"""Rules whose steps are rational functions, signs and cases: they are compared exactly."""

WITH_ROOTS = {
    "adadelta": keras_adadelta,
    "adagrad_eps_in_root": keras_adagrad,
    "adam_folded": keras_adam,
    "adamax_eps_outside": keras_adamax,
    "adamw_folded": keras_adam,
    "amsgrad": amsgrad,
    "amsgrad_folded": keras_amsgrad,
    "nadam": keras_nadam,
    "radam": radam,
    "rmsprop_centered_eps_in_root": keras_rmsprop_centered,
    "rmsprop_eps_in_root": keras_rmsprop,
    "yogi": yogi,
}
