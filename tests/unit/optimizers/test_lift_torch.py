"""Rules lifted from optimizers of PyTorch, beside the running classes, and what is refused."""

from __future__ import annotations

import builtins
import functools
import math
import random

import pytest
import sympy
from sympy import Abs, Eq, Max, Min, Piecewise, Rational, Symbol, sqrt

from physsym.core.statements import rule
from physsym.core.symbols import after, grad, partial, potential
from physsym.optimizers import LiftError
from physsym.optimizers.lifting import lift, nodes
from physsym.optimizers.lifting.torch_ import functions, recognises
from physsym.optimizers.lifting.torch_.cases import Cases
from physsym.runtime import optimizer
from physsym.vocabulary import x
from tests.support.pages import scripts
from tests.support.requirements import library

torch = library("torch", "torch")
torch.set_num_threads(1)
from tests.unit.optimizers import torch_optimizers as own  # noqa: E402

GRADIENTS = (0.03, -2.0, 0.0, 1 / 7, 5.0, -5.0, 0.001, 1.0, -1 / 3, 0.0, 2.0, -7.0, 0.4)
VALUES = {
    "lr": 0.07, "momentum": 0.8, "dampening": 0.3, "weight_decay": 0.11, "beta1": 0.7, "beta2": 0.85,
    "eps": 0.02, "alpha": 0.6, "rho": 0.75, "lr_decay": 0.2, "initial_accumulator_value": 0.05,
    "lambd": 0.3, "t0": 3.0,
    "momentum_decay": 0.4, "eta1": 0.45, "eta2": 1.3, "step_size1": 0.01, "step_size2": 0.2,
    "beta2_decay": -0.7,
    "eps1": 0.05, "eps2": 0.03, "d": 1.2, "mu": 0.8, "wd": 0.1, "warmup": 6.0, "n": 3,
}  # fmt: skip
"""Values of all hyperparameters, at which each of them shows in the numbers."""
TUPLES = {"betas": ("beta1", "beta2"), "etas": ("eta1", "eta2"), "step_sizes": ("step_size1", "step_size2")}
START = (0.9, -1.4, 0.35)


@functools.cache
def lifted(cls, options):
    return lift(cls, **dict(options))


def call(cls, **options):
    return lifted(cls, tuple(options.items()))


def run_class(cls, options, steps, number, order=(0, 4, 9), **more):
    """Return the weights after each step of the class, with the values above for what is not given."""
    import inspect

    arguments = dict(options)
    for name, parameter in list(inspect.signature(cls).parameters.items())[1:]:
        if name in options or name == "params":
            continue
        if name == "eps" and isinstance(parameter.default, tuple):
            arguments[name] = (VALUES["eps1"], VALUES["eps2"])
        elif name in TUPLES:
            arguments[name] = tuple(VALUES[part] for part in TUPLES[name])
        elif name in VALUES:
            arguments[name] = VALUES[name]
    dtype = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        weights = torch.tensor(START[:number], requires_grad=not options.get("differentiable"))
        made = cls([weights], **{**arguments, **more})
        found = []
        for n in range(steps):
            weights.grad = torch.tensor([gradient(n, k) for k in order[:number]])
            made.step()
            found.append(weights.tolist())
        return found
    finally:
        torch.set_default_dtype(dtype)


def gradient(step, shift):
    return GRADIENTS[(step + shift) % len(GRADIENTS)]


def compiled(updates, weights):
    """Return each update as a function of Python's own floats, written out by SymPy."""
    opaque = {partial(k + 1, *weights): Symbol(f"g_{k}") for k in range(len(weights))}
    opaque |= {grad(x): Symbol("g_0"), potential(x): Symbol("loss")}
    found = []
    for update in updates:
        value = update.value.xreplace(opaque)
        arguments = sorted(value.free_symbols, key=str)
        found.append((update.target, arguments, sympy.lambdify(arguments, value, "math")))
    return found


def run_rule(found, steps, number, order=(0, 4, 9)):
    """Return the weights after each step of the rule."""
    mixing = bool(found.mixes)
    weights = [Symbol(f"x_{k + 1}", real=True) for k in range(number)] if mixing else [x]
    usual = compiled(found.rule.updates, weights)
    opening = compiled(found.first.updates, weights) if found.first else usual
    columns = []
    for row, shifts in enumerate([order] if mixing else [[shift] for shift in order[:number]]):
        now = dict(zip(weights, START[:number] if mixing else [START[row]], strict=True))
        for state, value in found.rule.start:
            read = {s: now[s] if s in now else VALUES[s.name] for s in value.free_symbols}
            now[state] = float(value.subs(read))
        trace = []
        for n in range(steps):
            known = {**now, **{Symbol(f"g_{k}"): gradient(n, shift) for k, shift in enumerate(shifts)}}
            for target, arguments, function in opening if n == 0 else usual:
                values = [known[s] if s in known else VALUES[s.name] for s in arguments]
                known[after(target)] = function(*values)
            now.update({s: known[after(s)] for s in found.rule.targets})
            trace.append([now[w] for w in weights])
        columns.append(trace)
    return columns[0] if mixing else [[c[n][0] for c in columns] for n in range(steps)]


def agree(found, cls, options, number=3, steps=8, allowed=1e-9, **more):
    code = run_class(cls, options, steps, number, **more)
    read = run_rule(found, steps, number)
    for one, other in zip(code, read, strict=True):
        assert one == pytest.approx(other, rel=allowed, abs=1e-12)


NAMES = [
    "SGD",
    "Adam",
    "AdamW",
    "Adamax",
    "NAdam",
    "RAdam",
    "RMSprop",
    "Adagrad",
    "Adadelta",
    "ASGD",
    "Rprop",
]
CONFIGURATIONS = [
    *((name, {}) for name in NAMES),
    ("SGD", {"momentum": 0, "weight_decay": 0}),
    ("SGD", {"dampening": 0}),
    ("SGD", {"nesterov": True, "dampening": 0}),
    ("SGD", {"nesterov": True, "dampening": 0, "maximize": True}),
    ("SGD", {"momentum": 0.9, "dampening": 0.5, "weight_decay": 0.0}),
    ("SGD", {"maximize": True, "weight_decay": 0}),
    ("Adam", {"amsgrad": True}),
    ("Adam", {"weight_decay": 0, "maximize": True}),
    ("Adam", {"differentiable": True}),
    ("Adam", {"decoupled_weight_decay": True}),
    ("Adam", {"lr": 0.01, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0}),
    ("AdamW", {"amsgrad": True, "maximize": True}),
    ("Adamax", {"differentiable": True, "maximize": True}),
    ("NAdam", {"decoupled_weight_decay": True}),
    ("NAdam", {"maximize": True, "weight_decay": 0}),
    ("RAdam", {"decoupled_weight_decay": True, "maximize": True}),
    ("RAdam", {"betas": (0.9, 0.95), "weight_decay": 0}),
    ("RMSprop", {"momentum": 0, "weight_decay": 0}),
    ("RMSprop", {"centered": True, "momentum": 0}),
    ("RMSprop", {"centered": True, "maximize": True}),
    ("RMSprop", {"differentiable": True}),
    ("Adagrad", {"lr_decay": 0, "weight_decay": 0, "maximize": True}),
    ("Adagrad", {"differentiable": True}),
    ("Adadelta", {"weight_decay": 0, "maximize": True}),
    ("Adadelta", {"differentiable": True}),
    ("ASGD", {"maximize": True, "weight_decay": 0}),
    ("ASGD", {"differentiable": True}),
    ("Rprop", {"maximize": True}),
    ("Rprop", {"differentiable": True}),
]


@pytest.mark.parametrize(("name", "options"), CONFIGURATIONS, ids=lambda v: str(v))
def test_a_class_of_torch_follows_its_rule(name, options):
    found = call(getattr(torch.optim, name), **options)
    agree(found, getattr(torch.optim, name), options)
    assert not found.mixes
    assert found.check.difference < 1e-9
    assert found.check.precision == "float64"
    assert ("foreach=True" in found.check.also) == (not options.get("differentiable"))


@pytest.mark.slow
def test_adafactor_mixes_coordinates_and_is_read_for_two_weights():
    cls = torch.optim.Adafactor
    for options in ({}, {"maximize": True, "weight_decay": 0}):
        found = call(cls, **options)
        agree(found, cls, options, number=2)
        assert all("2-norm over the coordinates of a tensor (_adafactor.py:" in how for how in found.mixes)
    assumed = " ".join(map(str, call(cls).assumes))
    assert "vector" in assumed
    assert "eps1" in assumed


CAPTURABLE = ["Adam", "AdamW", "Adamax", "NAdam", "RAdam", "RMSprop", "Adadelta", "ASGD", "Rprop"]


@pytest.mark.parametrize("name", CAPTURABLE)
def test_a_capturable_class_has_the_law_of_the_other(name):
    # On the CPU the class refuses to run so; the law is compared with that of the usual path.
    cls = getattr(torch.optim, name)
    agree(call(cls, capturable=True), cls, {})


def symbols(names):
    return sympy.symbols(names, real=True)


def test_the_laws_are_those_that_the_classes_document():
    lr, mu, k, m, v = symbols("lr momentum k exp_avg exp_avg_sq")
    b1, b2, eps, buf = symbols("beta1 beta2 eps momentum_buffer")
    heavy = call(torch.optim.SGD, dampening=0, weight_decay=0)
    assert heavy.rule == rule({buf: mu * buf + grad(x), x: x - lr * after(buf)}, {buf: 0})
    assert heavy.first is None
    assert heavy.assumes == ()
    assert dict(heavy.rule.typical) == {lr: Rational(1, 1000), mu: 0}
    assert {"lr >= 0", "momentum >= 0"} <= set(map(str, heavy.rule.ranges))
    adam = call(torch.optim.Adam, weight_decay=0)
    new, kk = (1 - b1) * grad(x) + b1 * m, after(k)
    step = lr / (1 - b1**kk) * after(m) / (sqrt(after(v)) / sqrt(1 - b2**kk) + eps)
    stated = rule({k: k + 1, m: new, v: b2 * v + (1 - b2) * grad(x) ** 2, x: x - step}, {k: 0, m: 0, v: 0})
    assert adam.rule == stated


def test_the_first_step_is_told_apart_where_it_is_another():
    found = call(torch.optim.SGD, weight_decay=0)
    buf, lr = symbols("momentum_buffer lr")
    assert found.first == rule({buf: grad(x), x: x - lr * grad(x)})
    assert found.rule.start == ()
    assert [str(c) for c in found.assumes] == ["momentum != 0"]
    given = call(torch.optim.SGD, momentum=0.9, dampening=0.5, weight_decay=0.0)
    assert given.first is not None
    assert given.assumes == ()


def test_where_the_law_holds_at_the_border_nothing_is_assumed():
    for cls in (torch.optim.Adam, torch.optim.RMSprop, torch.optim.Adagrad):
        assert call(cls).assumes == ()
    for given in ({"weight_decay": 0}, {"momentum": 0}):
        at_border = (
            {**VALUES, "weight_decay": 0.0} if "weight_decay" in given else {**VALUES, "momentum": 0.0}
        )
        code = run_class(torch.optim.RMSprop, given, 8, 3)
        with pytest.MonkeyPatch.context() as patch:
            for name in given:
                patch.setitem(VALUES, name, at_border[name])
            assert run_rule(call(torch.optim.RMSprop), 8, 3)[-1] == pytest.approx(code[-1], rel=1e-9)


def test_start_values_are_those_before_the_first_step():
    def start(name, **options):
        return {s.name: value for s, value in call(getattr(torch.optim, name), **options).rule.start}

    lr = Symbol("lr", real=True)
    assert start("NAdam")["mu_product"] == 1
    assert (start("ASGD")["mu"], start("ASGD")["eta"], start("ASGD")["ax"]) == (1, lr, 0)
    assert start("Rprop") == {"prev": 0, "step_size": lr}
    assert start("Adagrad")["sum"] == Symbol("initial_accumulator_value", real=True)


def test_a_branch_on_a_counter_is_a_case():
    found = call(torch.optim.RAdam)
    (value,) = [u.value for u in found.rule.updates if u.target == x]
    assert value.has(Piecewise)
    (prev,) = [u.value for u in call(torch.optim.Rprop).rule.updates if u.target.name == "prev"]
    assert prev == Piecewise((0, Symbol("prev", real=True) * grad(x) < 0), (grad(x), True))


def test_cases_are_written_alike_whatever_is_compared_first():
    z, a, b, g = (nodes.leaf(s) for s in symbols("z a b g"))
    sign, zero = nodes.make("sign", z), nodes.ZERO
    ranges = [nodes.make("lt", a, 1), nodes.make("lt", 1, b)]
    up, down = nodes.make("lt", zero, sign), nodes.make("lt", sign, zero)
    chosen = nodes.make("select", up, b, nodes.make("select", down, a, nodes.constant(1)))
    other = nodes.make("select", down, a, nodes.make("select", up, b, nodes.constant(1)))
    expected = nodes.make("select", nodes.make("lt", z, zero), zero, g)
    for s in (chosen, other):
        assert Cases(ranges).simplified(nodes.make("select", nodes.make("eq", s, a), zero, g)) is expected
    # Without the ranges a may be 1, which is the value at z = 0, too.
    loose = Cases(()).simplified(nodes.make("select", nodes.make("eq", chosen, a), zero, g))
    assert loose is not expected


def test_what_is_maximized_has_the_opposite_gradient():
    plain, up = (
        call(torch.optim.Adamax, weight_decay=0),
        call(torch.optim.Adamax, weight_decay=0, maximize=True),
    )
    turned = [u.value.subs(grad(x), -grad(x)) for u in plain.rule.updates]
    assert all(sympy.simplify(a - u.value) == 0 for a, u in zip(turned, up.rule.updates, strict=True))
    assert "maximize=True" in up.name


def test_the_run_of_the_rule_is_that_of_the_class():
    for name, options in (("Adam", {}), ("RAdam", {}), ("Rprop", {}), ("NAdam", {}), ("ASGD", {"t0": 2})):
        found = call(getattr(torch.optim, name), **options)
        made = optimizer(found.rule, **{s.name: VALUES[s.name] for s in found.rule.parameters})
        state, values = made.init(START[0]), []
        for n in range(8):
            state = made.step(state, lambda _, n=n: gradient(n, 0))
            values.append(float(state["x"]))
        code = run_class(getattr(torch.optim, name), options, 8, 3)
        assert values == pytest.approx([row[0] for row in code], rel=1e-9)


# Optimizers that people write.

OWN = {
    "HeavyBall": "buf <- mu*buf + grad(x); x <- x - lr*buf+; buf(0) = 0",
    "Aliased": "v <- 9*v/10 + grad(x); x <- x - lr*v+; v(0) = 0",
    "Copied": "v <- 9*v/10 + grad(x); x <- x - lr*(19*v+/10 - 9*v_t/10); v(0) = 0",
    "AliasedByView": "v <- mu*v + grad(x); x <- x - lr*v+; v(0) = 0",
    "BiasCorrected": None, "CountedByTensor": None, "FirstByCounter": None,
    "ByIdentity": "buffers <- buffers/2 + grad(x); x <- x - lr*buffers+; buffers(0) = 0",
    "InLists": "sums <- sums + grad(x)**2; x <- x - lr*grad(x)/sqrt(sums+); sums(0) = 1",
    "DecayingRate": "lr_state <- mu*lr_state; x <- x - lr_state_t*grad(x); lr_state(0) = lr",
    "Clipped": None, "Anchored": "x0 <- x0; x <- x - lr*(wd*(x - x0_t) + grad(x)); x0(0) = x",
    "WarmedUp": "k <- k + 1; x <- x - lr*Min(1, k+/warmup)*grad(x); k(0) = 0",
    "EverySecond": None, "Lookahead": None, "LateDecay": None,
    "OnFactories": "x <- x - mu*x - lr*grad(x)",
    "OnMath": "x <- x - sqrt(lr)*sqrt(mu)*grad(x)/Max(1/100, wd)",
    "OnForeach": "m <- mu*m + (1 - mu)*grad(x); x <- x - lr*m+; m(0) = 0",
    "Swapped": None, "KeptGradient": None, "ElementByElement": None, "Masked": None,
    "Stepwise": "n <- n + 1; x <- x - lr*2**(-floor(n+/3))*grad(x); n(0) = -1",
    "Wrapping": None, "TwoConditions": None, "Logging": "x <- x - lr*grad(x)",
    "Repeated": "x <- x - lr*(7*x/40 + grad(x)/8)",
}  # fmt: skip


@pytest.mark.parametrize("name", OWN)
def test_an_optimizer_that_somebody_wrote_follows_its_rule(name):
    cls = getattr(own, name)
    found = call(cls)
    agree(found, cls, {})
    if OWN[name] is not None:
        assert str(found.rule) == OWN[name]


def test_a_copy_and_another_name_of_one_tensor_are_told_apart():
    assert call(own.Aliased).rule != call(own.Copied).rule


def test_what_float32_rounds_is_compared_as_far_as_it_goes():
    found = call(own.Single)
    assert found.check.precision == "float32"
    agree(found, own.Single, {}, allowed=1e-5)


@pytest.mark.parametrize("name", ["NormClipped", "GlobalNorm", "ByScalarState", "Clipping"])
def test_where_coordinates_mix_the_rule_is_that_of_two_weights(name):
    cls = getattr(own, name)
    found = call(cls)
    agree(found, cls, {}, number=2)
    assert found.mixes
    assert [t.name for t in found.rule.targets if t.name.startswith("x")] == ["x_1", "x_2"]


def test_the_number_of_weights_and_of_tensors_is_seen():
    assert call(own.BySize).mixes == ("the number of weights enters",)
    assert "in one tensor or in several" in str(call(own.GlobalNorm).assumes[0])
    assert "all weights lie in one tensor" in str(call(own.CountedByEachTensor).assumes[0])
    assert "the number of weights > 100 (torch_optimizers.py:" in str(call(own.OtherForMany).assumes[0])
    assert "for a matrix the code computes something else" in str(call(own.OtherForMatrices).assumes[0])
    assert call(own.HeavyBall).assumes == ()


def test_a_branch_that_the_first_step_alone_takes_is_assumed_where_it_matters():
    assert call(own.LateSign).first is None
    assert call(own.LateSign).assumes == ()
    found = call(own.OtherFirst)
    assert [str(c) for c in found.assumes] == ["-lr + mu > 0"]
    assert str(found.first) == "t <- 1; x <- x - 2*lr*grad(x)"


def test_what_is_no_demand_of_the_code_is_assumed():
    assert [str(c) for c in call(own.TwoConditions).assumes] == ["mu != 0", "mu > 0"]


def test_the_loss_is_read_through_a_closure():
    found = call(own.Polyak)
    assert found.reads == ("the loss",)
    assert found.rule == rule({x: x - grad(x) * potential(x) / (1 + potential(x))})


def test_what_is_rounded_keeps_its_value():
    (condition,) = call(own.RoundsOne).assumes
    assert (condition.expression, condition.relation) == (Symbol("mu", real=True) - Rational(9, 10), "= 0")


def test_what_is_used_as_a_count_keeps_its_value():
    n = Symbol("n", real=True)
    (condition,) = call(own.Repeated).assumes
    assert (condition.expression, condition.relation) == (n - 3, "= 0")
    assert str(call(own.Repeated, n=1).rule) == "x <- x - lr*(x/10 + grad(x)/2)"


REFUSED = {
    "DropsByFloat": r"torch_optimizers.py:\d+ makes a plain number .* by float\(\)",
    "DropsByFloatOfTensor": r"torch_optimizers.py:\d+ takes a number out of PyTorch by float\(\)",
    "DropsByImportedRoot": r"a number at torch_optimizers.py:\d+ depends on .* its expression is lost",
    "DropsByNumpy": r"torch_optimizers.py:\d+ takes a number out of PyTorch by numpy\(\)",
    "DropsByRounding": r"torch_optimizers.py:\d+ rounds",
    "RandomOfTorch": r"torch_optimizers.py:\d+ uses random numbers",
    "RandomOfPython": r"a number at torch_optimizers.py:\d+ depends on .* chance",
    "RandomWithSeed": "does not follow the code",
    "LoopOnData": r"torch_optimizers.py:\d+ branches on data more than",
    "Alternating": "even changes there",
    "InHalf": r"torch_optimizers.py:\d+ computes in float16",
    "TwoGradients": r"torch_optimizers.py:\d+ evaluates the gradient (again|at other weights)",
    "ReadsItsLog": "",
    "TurnsByArctangent": r"torch_optimizers.py:\d+ calls atan2",
    "Sorted": r"torch_optimizers.py:\d+ calls sort",
    "KeepsOutside": "",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_rule_is_refused_with_the_line(name):
    own.KEPT.clear()
    with pytest.raises(LiftError, match=f"{name} cannot be lifted, because .*{REFUSED[name]}"):
        lift(getattr(own, name))


def test_classes_of_torch_without_a_rule_are_refused():
    with pytest.raises(LiftError, match=r"lbfgs.py:\d+ .* closure"):
        lift(torch.optim.LBFGS)
    with pytest.raises(LiftError, match=r"sparse_adam.py:\d+"):
        lift(torch.optim.SparseAdam)
    with pytest.raises(LiftError, match=r"matrices alone .* _muon.py:\d+ computes in bfloat16"):
        lift(torch.optim.Muon)


class Milestones(torch.optim.Optimizer):
    def __init__(self, params, lr=0.1, milestones=frozenset({100, 200})):
        super().__init__(params, {"lr": lr})
        self.milestones = milestones

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state[p]
                state["t"] = state.get("t", 0) + 1
                p.add_(p.grad, alpha=-group["lr"] * (0.1 if state["t"] in self.milestones else 1.0))


def test_a_counter_that_is_looked_up_in_a_set_is_refused():
    with pytest.raises(LiftError, match=r"test_lift_torch\.py:\d+ looks up .* compare it with each entry"):
        lift(Milestones)


class Catching(torch.optim.Optimizer):
    def __init__(self, params, lr=0.1):
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                gradient = p.grad
                try:
                    if float(gradient.abs().max()) > 1000:
                        gradient = gradient * 0
                except Exception:
                    pass
                p.add_(gradient, alpha=-group["lr"])


def test_a_refusal_that_code_catches_is_raised_all_the_same():
    with pytest.raises(LiftError, match=r"test_lift_torch\.py:\d+"):
        lift(Catching)


WRONG = {
    "lerp": lambda a, b, w: functions.elementwise("add", a, functions.elementwise("mul", w, b)),
    "addcdiv": lambda a, b, c, value=1: functions.addcmul(a, b, c, value=value),
    "mul": lambda a, b: a,
    "sqrt": lambda a: a,
    "add": lambda a, b, alpha=1: functions.elementwise("add", a, b),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_entry_in_the_table_is_caught(name, monkeypatch):
    monkeypatch.setattr(functions, "TABLE", functions.TABLE)
    monkeypatch.setitem(functions.TABLE, name, WRONG[name])
    with pytest.raises(LiftError, match="does not give the number"):
        lift(torch.optim.Adam)


def test_a_foreach_path_that_computes_something_else_is_told():
    says = [str(a) for a in lift(own.OtherForeach, momentum=0, weight_decay=0).assumes]
    assert any("foreach=True" in s and "is not used" in s for s in says)


# What is lifted, and what stays as it was.


def test_an_optimizer_is_lifted_with_its_numbers_and_stays_as_it_was():
    weights = torch.nn.Parameter(torch.ones(2))
    made = torch.optim.SGD([weights], lr=0.1, momentum=0.9, nesterov=True)
    buf = Symbol("momentum_buffer", real=True)
    found = lift(made)
    stated = {buf: buf * Rational(9, 10) + grad(x), x: x - (grad(x) + after(buf) * Rational(9, 10)) / 10}
    assert sympy.expand(found.rule.updates[-1].value - stated[x]) == 0
    assert not made.state
    assert weights.tolist() == [1, 1]
    assert weights.grad is None
    made.add_param_group({"params": [torch.nn.Parameter(torch.ones(1))], "lr": 0.2})
    with pytest.raises(LiftError, match="2 groups"):
        lift(made)


def test_a_partial_class_and_a_name_are_lifted():
    rule_of_class = lift(torch.optim.SGD, lr=0.1, momentum=0.9, dampening=0, weight_decay=0).rule
    partial_class = functools.partial(torch.optim.SGD, lr=0.1, momentum=0.9, dampening=0, weight_decay=0)
    assert lift(partial_class).rule == rule_of_class
    assert lift("torch:SGD(lr=0.1, momentum=0.9, dampening=0, weight_decay=0)").rule == rule_of_class


def test_numbers_of_the_dtype_that_enter_are_told():
    says = " ".join(map(str, lift(torch.optim.Adafactor, eps=(None, 0.001), weight_decay=0).assumes))
    assert "the weights are float64, whose smallest numbers enter (_adafactor.py:" in says


def test_values_are_taken_as_they_are_written():
    made = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=torch.tensor(0.1))
    assert lift(made).rule == rule({x: x - grad(x) / 10})
    with pytest.raises(TypeError, match="leave it out to keep it as a symbol"):
        lift(torch.optim.SGD, lr=Symbol("a"))


def test_unknown_hyperparameters_and_impossible_ones_are_refused():
    with pytest.raises(TypeError, match="no hyperparameter rate; it has lr"):
        lift(torch.optim.SGD, rate=0.1)
    with pytest.raises(LiftError, match="Invalid learning rate"):
        lift(torch.optim.SGD, lr=-1.0)


def test_only_optimizers_are_recognised():
    assert recognises(torch.optim.Adam)
    assert recognises(torch.optim.SGD([torch.nn.Parameter(torch.ones(1))]))
    assert not any(map(recognises, (torch.optim.Optimizer, torch.nn.Linear, 3, "torch:Adam", len)))


def test_nothing_stays_changed():
    functions_before = (math.sqrt, builtins.max, builtins.min)
    torch.manual_seed(5)
    random.seed(5)
    states = (
        torch.random.get_rng_state(),
        random.getstate(),
        torch.get_default_dtype(),
        torch.is_grad_enabled(),
    )
    lift(torch.optim.ASGD, capturable=True, weight_decay=0)
    for name in ("DropsByFloat", "RandomOfPython", "LoopOnData"):
        with pytest.raises(LiftError):
            lift(getattr(own, name))
    assert (math.sqrt, builtins.max, builtins.min) == functions_before
    assert torch.equal(torch.random.get_rng_state(), states[0])
    assert random.getstate() == states[1]
    assert (torch.get_default_dtype(), torch.is_grad_enabled()) == states[2:]
    with pytest.raises(AssertionError, match="capturable"):
        run_class(torch.optim.ASGD, {"capturable": True}, 1, 1)


def test_each_term_has_its_line():
    lines = {line for _, line in call(torch.optim.RMSprop).origins}
    assert lines
    assert all(line.startswith("rmsprop.py:") for line in lines)


def test_extrema_of_python_and_of_torch_are_the_same():
    (value,) = [u.value for u in call(own.OnMath).rule.updates]
    assert value.has(Max)
    assert call(own.WarmedUp).rule.updates[-1].value.has(Min)
    assert call(torch.optim.Adamax).rule.updates[2].value.has(Abs)
    assert call(own.FirstByCounter).rule.updates[-1].value.has(Eq)


def test_the_script_of_the_how_to_page_runs(capsys):
    text = scripts("lift-an-optimizer.md")["read_torch.py"]
    exec(compile(text, "read_torch.py", "exec"), {"__name__": "read_torch"})
    shown = capsys.readouterr().out
    assert "from k = 0 exp_avg = 0 exp_avg_sq = 0" in shown
    assert "also with foreach=True" in shown
    assert "if momentum != 0" in shown
    assert "Piecewise((x - lr*sign(grad(x)), after < k+), (x - lr*grad(x), True)); k(0) = 0" in shown
