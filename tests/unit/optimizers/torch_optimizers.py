"""Optimizers that people write themselves for PyTorch: some that have a rule, and some that are refused."""

from __future__ import annotations

import math
import random
from math import sqrt

import numpy
import torch


class Own(torch.optim.Optimizer):
    def __init__(self, params, lr=0.1, mu=0.9, eps=1e-8, wd=0.0):
        super().__init__(params, {"lr": lr, "mu": mu, "eps": eps, "wd": wd})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self.update(group, p, p.grad, self.state[p])


class HeavyBall(Own):
    def update(self, group, p, g, state):
        if "buf" not in state:
            state["buf"] = torch.zeros_like(p)
        state["buf"].mul_(group["mu"]).add_(g)
        p.add_(state["buf"], alpha=-group["lr"])


class Aliased(Own):
    def update(self, group, p, g, state):
        v = state.setdefault("v", torch.zeros_like(p))
        old = v
        v.mul_(0.9)
        v.add_(g)
        p.sub_(group["lr"] * (1.9 * v - 0.9 * old))


class Copied(Own):
    def update(self, group, p, g, state):
        v = state.setdefault("v", torch.zeros_like(p))
        old = v.clone()
        v.mul_(0.9)
        v.add_(g)
        p.sub_(group["lr"] * (1.9 * v - 0.9 * old))


class AliasedByView(Own):
    def update(self, group, p, g, state):
        state.setdefault("v", torch.zeros_like(p))
        v = state["v"].view(-1)
        v *= group["mu"]
        v += g.reshape(-1)
        p.data = p.data - group["lr"] * state["v"]


class BiasCorrected(Own):
    def update(self, group, p, g, state):
        g = g.data
        state.setdefault("step", 0)
        state["step"] += 1
        if group["wd"] != 0:
            g.add_(group["wd"] * p.data)
        m = state.setdefault("m", torch.zeros_like(p.data))
        m.lerp_(g, 1 - group["mu"])
        p.data.add_(m / (1 - group["mu"] ** state["step"]), alpha=-group["lr"])


class CountedByTensor(Own):
    def update(self, group, p, g, state):
        if not state:
            state["step"] = torch.tensor(0, dtype=torch.int64)
            state["m"] = torch.zeros_like(p)
        state["step"] += 1
        state["m"] = group["mu"] * state["m"] + (1 - group["mu"]) * g
        p.sub_(group["lr"] * state["m"] / (1 - group["mu"] ** state["step"]))


class FirstByCounter(Own):
    def __init__(self, params, lr=0.1, mu=0.9):
        super().__init__(params, lr, mu)
        self.t, self.m = 0, {}

    @torch.no_grad()
    def step(self):
        self.t += 1
        group = self.param_groups[0]
        for p in group["params"]:
            self.m[p] = p.grad.clone() if self.t == 1 else group["mu"] * self.m[p] + p.grad
            p -= group["lr"] * self.m[p]


class ByIdentity(Own):
    def __init__(self, params, lr=0.1):
        super().__init__(params, lr)
        self.buffers = {id(p): torch.zeros_like(p) for p in self.param_groups[0]["params"]}

    def update(self, group, p, g, state):
        buffer = self.buffers[id(p)]
        buffer.mul_(0.5).add_(g)
        p.sub_(buffer, alpha=group["lr"])


class InLists(Own):
    def __init__(self, params, lr=0.1):
        params = list(params)
        super().__init__(params, lr)
        self.sums = [torch.ones_like(p) for p in params]

    @torch.no_grad()
    def step(self):
        group = self.param_groups[0]
        for p, s in zip(group["params"], self.sums, strict=True):
            s.addcmul_(p.grad, p.grad)
            p.addcdiv_(p.grad, s.sqrt(), value=-group["lr"])


class DecayingRate(Own):
    def update(self, group, p, g, state):
        p.add_(g, alpha=-group["lr"])
        group["lr"] *= group["mu"]


class Clipped(Own):
    def update(self, group, p, g, state):
        p.sub_(group["lr"] * g.clamp(-1, 1) + torch.where(g > 0, g, 0.5 * g))


class Anchored(Own):
    def update(self, group, p, g, state):
        if "x0" not in state:
            state["x0"] = p.clone()
        p.sub_(group["lr"] * (g + group["wd"] * (p - state["x0"])))


class WarmedUp(Own):
    def __init__(self, params, lr=0.1, warmup=100):
        torch.optim.Optimizer.__init__(self, params, {"lr": lr, "warmup": warmup})

    def update(self, group, p, g, state):
        state["n"] = state.get("n", 0) + 1
        p.sub_(g, alpha=group["lr"] * min(1.0, state["n"] / group["warmup"]))


class EverySecond(Own):
    def update(self, group, p, g, state):
        state["n"] = state.get("n", 0) + 1
        p.sub_(g, alpha=group["lr"] if state["n"] % 2 == 0 else 2 * group["lr"])


class Lookahead(Own):
    def update(self, group, p, g, state):
        if not state:
            state["slow"], state["n"] = p.clone(), 0
        state["n"] += 1
        p.sub_(group["lr"] * g)
        if state["n"] % 5 == 0:
            state["slow"].lerp_(p, 0.5)
            p.copy_(state["slow"])


class LateDecay(Own):
    def update(self, group, p, g, state):
        if not state:
            state["n"], state["scale"] = 0, 1.0
        state["n"] += 1
        if state["n"] > 5:
            state["scale"] *= 0.5
        p.sub_(group["lr"] * state["scale"] * g)


class OnFactories(Own):
    def update(self, group, p, g, state):
        p.sub_(g * (torch.ones(()) * group["lr"]) + torch.as_tensor(group["mu"]) * p)


class OnMath(Own):
    def update(self, group, p, g, state):
        p.sub_(g * math.sqrt(group["lr"]) * numpy.sqrt(group["mu"]) / max(group["wd"], 0.01))


class OnForeach(Own):
    @torch.no_grad()
    def step(self):
        group = self.param_groups[0]
        ps = group["params"]
        for p in ps:
            self.state[p].setdefault("m", torch.zeros_like(p))
        ms = [self.state[p]["m"] for p in ps]
        torch._foreach_mul_(ms, group["mu"])
        torch._foreach_add_(ms, [p.grad for p in ps], alpha=1 - group["mu"])
        torch._foreach_add_(ps, ms, alpha=-group["lr"])


class Swapped(Own):
    def update(self, group, p, g, state):
        if not state:
            state["a"], state["b"] = torch.zeros_like(p), torch.zeros_like(p)
        state["a"], state["b"] = state["b"], state["a"]
        state["a"].mul_(group["mu"]).add_(g)
        p.sub_(group["lr"] * (state["a"] + 0.5 * state["b"]))


class KeptGradient(Own):
    def update(self, group, p, g, state):
        last = state.get("last")
        p.sub_(group["lr"] * (g if last is None else 2 * g - last))
        state["last"] = g


class ElementByElement(Own):
    def update(self, group, p, g, state):
        for i in range(p.numel()):
            flat, slope = p.view(-1), g.view(-1)
            if slope[i] > 0:
                flat[i] -= group["lr"] * slope[i]
            else:
                flat[i] -= 2 * group["lr"] * slope[i]


class Masked(Own):
    def update(self, group, p, g, state):
        sign = torch.sign(g)
        sign[g.abs() < group["eps"]] = 0
        p.sub_(group["lr"] * sign)


class Repeated(Own):
    def __init__(self, params, lr=0.1, n=3):
        torch.optim.Optimizer.__init__(self, params, {"lr": lr, "n": n})

    def update(self, group, p, g, state):
        for _ in range(group["n"]):
            g = g * 0.5 + 0.1 * p
        p.sub_(group["lr"] * g)


class LateSign(Own):
    def __init__(self, params, lr=0.1, after=100):
        torch.optim.Optimizer.__init__(self, params, {"lr": lr, "after": after})

    def update(self, group, p, g, state):
        state["t"] = state.get("t", 0) + 1
        p.add_(g if state["t"] <= group["after"] else g.sign(), alpha=-group["lr"])


class OtherFirst(Own):
    """Its first step is twice as long, if the rate is small."""

    def update(self, group, p, g, state):
        if "t" not in state:
            state["t"] = 1
            p.sub_(g, alpha=2 * group["lr"] if group["lr"] < group["mu"] else group["lr"])
        else:
            state["t"] += 1
            p.sub_(g, alpha=group["lr"] / state["t"])


class Stepwise(Own):
    def update(self, group, p, g, state):
        state["n"] = state.get("n", -1) + 1
        p.sub_(group["lr"] * 0.5 ** (state["n"] // 3) * g)


class Wrapping(torch.optim.Optimizer):
    """Lookahead around an inner optimizer, with which it shares weights and states."""

    def __init__(self, params, lr=0.1, mu=0.5, n=5):
        self.inner = torch.optim.SGD(params, lr=lr, momentum=mu, foreach=False)
        self.param_groups, self.state = self.inner.param_groups, self.inner.state
        self.defaults, self.n, self.done = self.inner.defaults, n, 0
        self.slow = [p.clone().detach() for p in self.param_groups[0]["params"]]

    @torch.no_grad()
    def step(self):
        self.inner.step()
        self.done += 1
        if self.done % self.n == 0:
            for slow, p in zip(self.slow, self.param_groups[0]["params"], strict=True):
                slow.add_(0.5 * (p - slow))
                p.copy_(slow)


class Logging(Own):
    def __init__(self, params, lr=0.1):
        super().__init__(params, lr)
        self.log = []

    def update(self, group, p, g, state):
        self.log.append(group["lr"])
        p.sub_(group["lr"] * g)


class Clipping(Own):
    """Divides the gradient by its norm, by the function that people use for it."""

    @torch.no_grad()
    def step(self):
        group = self.param_groups[0]
        torch.nn.utils.clip_grad_norm_(group["params"], 1.0)
        for p in group["params"]:
            p.sub_(p.grad, alpha=group["lr"])


class TwoConditions(Own):
    def update(self, group, p, g, state):
        if group["mu"] != 0:
            state.setdefault("b", torch.zeros_like(p))
        if group["mu"] > 0:
            state["b"].mul_(group["mu"]).add_(g)
            g = 3 * state["b"]
        p.sub_(group["lr"] * g)


class OtherForMany(Own):
    def update(self, group, p, g, state):
        p.sub_(g * (group["lr"] if p.numel() > 100 else 2 * group["lr"]))


class OtherForMatrices(Own):
    def update(self, group, p, g, state):
        p.sub_(g * (group["lr"] if p.dim() > 1 else 2 * group["lr"]))


class RoundsOne(Own):
    def update(self, group, p, g, state):
        p.sub_(g * round(group["mu"], 1))


class Single(Own):
    def update(self, group, p, g, state):
        if "m" not in state:
            state["m"] = torch.zeros_like(p, dtype=torch.float32)
        state["m"].mul_(group["mu"]).add_(g)
        p.sub_(group["lr"] * state["m"])


# Coordinates mix, or tensors do.


class NormClipped(Own):
    def update(self, group, p, g, state):
        norm = g.norm()
        if norm > 1.0:
            g = g / norm
        p.sub_(g, alpha=group["lr"])


class GlobalNorm(Own):
    @torch.no_grad()
    def step(self):
        group = self.param_groups[0]
        norm = torch.sqrt(sum((p.grad**2).sum() for p in group["params"]))
        for p in group["params"]:
            p.sub_(p.grad * group["lr"] / (norm + 1))


class ByScalarState(Own):
    def update(self, group, p, g, state):
        state["size"] = state.get("size", 0.0) + g.abs().sum().item()
        p.sub_(g * group["lr"] / (1 + state["size"]))


class BySize(Own):
    def update(self, group, p, g, state):
        p.sub_(g, alpha=group["lr"] / p.numel())


class CountedByEachTensor(Own):
    def __init__(self, params, lr=0.1):
        super().__init__(params, lr)
        self.t = 0

    def update(self, group, p, g, state):
        self.t += 1
        p.sub_(group["lr"] * g / self.t)


class Polyak(Own):
    @torch.no_grad()
    def step(self, closure):
        loss = closure()
        for p in self.param_groups[0]["params"]:
            p.sub_(p.grad * loss / (1 + loss))


# Refused.


class DropsByFloat(Own):
    def update(self, group, p, g, state):
        p.sub_(g * float(group["lr"]))


class DropsByFloatOfTensor(Own):
    def update(self, group, p, g, state):
        p.sub_(g * float(g.abs().sum()))


class DropsByImportedRoot(Own):
    def update(self, group, p, g, state):
        p.sub_(g * sqrt(group["lr"]))


class DropsByNumpy(Own):
    def update(self, group, p, g, state):
        p.sub_(torch.from_numpy(g.numpy() * 0.1))


class DropsByRounding(Own):
    def update(self, group, p, g, state):
        p.sub_(g * round(group["mu"] * group["lr"], 1))


class RandomOfTorch(Own):
    def update(self, group, p, g, state):
        p.sub_(group["lr"] * (g + torch.randn_like(g)))


class RandomOfPython(Own):
    def update(self, group, p, g, state):
        p.sub_(group["lr"] * g * random.random())


class RandomWithSeed(Own):
    def __init__(self, params, lr=0.1):
        super().__init__(params, lr)
        self.random = random.Random(3)

    def update(self, group, p, g, state):
        p.sub_(group["lr"] * g * self.random.random())


class LoopOnData(Own):
    def update(self, group, p, g, state):
        while g.abs().max() > group["eps"]:
            g = g * 0.5
        p.sub_(g)


class Alternating(Own):
    def __init__(self, params, lr=0.1):
        super().__init__(params, lr)
        self.even = False

    def update(self, group, p, g, state):
        p.sub_(g, alpha=group["lr"] if self.even else 2 * group["lr"])
        self.even = not self.even


class InHalf(Own):
    def update(self, group, p, g, state):
        p.sub_(group["lr"] * g.half())


class TwoGradients(Own):
    @torch.no_grad()
    def step(self, closure):
        closure()
        for p in self.param_groups[0]["params"]:
            p.add_(p.grad)
        closure()
        for p in self.param_groups[0]["params"]:
            p.sub_(p.grad)


class Sorted(Own):
    def update(self, group, p, g, state):
        p.sub_(group["lr"] * g.sort().values)


class ReadsItsLog(Own):
    def __init__(self, params, lr=0.1):
        super().__init__(params, lr)
        self.log = []

    def update(self, group, p, g, state):
        self.log.append(g.clone())
        p.sub_(group["lr"] * (g + self.log[max(0, len(self.log) - 2)]))


class TurnsByArctangent(Own):
    def update(self, group, p, g, state):
        p.sub_(group["lr"] * torch.atan2(g, torch.ones_like(g)))


KEPT = {}


class KeepsOutside(Own):
    def update(self, group, p, g, state):
        kept = KEPT.get(p.shape)
        KEPT[p.shape] = g.clone() if kept is None else 0.9 * kept + g
        p.sub_(group["lr"] * KEPT[p.shape])


class OtherForeach(torch.optim.SGD):
    """Its foreach path takes steps twice as long."""

    def step(self, closure=None):
        for group in self.param_groups:
            long = bool(group["foreach"])
            rate = group["lr"]
            group["lr"] = 2 * rate if long else rate
            super().step()
            group["lr"] = rate
