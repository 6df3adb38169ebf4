"""Groups of parameters: what they are made of, and what is refused when one is made, read or loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import torch
from sympy import Dummy, Integer, Symbol

from physsym.codegen import state_name
from physsym.core.escapes import one_line
from physsym.core.statements import Rule
from physsym.core.symbols import FORCES, after, potential
from physsym.runtime.backends.base import Value

# The names in groups that schedulers of PyTorch write to, and the parameters of rules that stand there.
SCHEDULABLE = {"lr": ("lr", "eta", "alpha", "learning_rate"), "momentum": ("momentum", "rho")}
OPTIONS = ("maximize", "foreach", "state_dtype", "steps_done", "rule_digest")
GROUP = ("params", "param_names", *OPTIONS)
# What schedulers of PyTorch write into groups.
SCHEDULED = ("initial_lr", "max_lr", "min_lr", "base_momentum", "max_momentum", "swa_lr")
# Options of PyTorch's own optimizers that are not offered, and why.
NOT_OFFERED = {
    "fused": "the compiled loop of the extra `fast` runs instead, for all tensors in main memory",
    "capturable": "the number of steps and the hyperparameters are numbers of Python, which a graph of CUDA "
    "would keep as they are",
    "differentiable": "weights are updated in place; physsym.lambdify(rule, backend='torch') gives a step "
    "that can be differentiated",
}


@dataclass(frozen=True)
class Schedule:
    """A parameter that is a function of the number of steps done, under its name in a group.

    It is no number for the schedulers of PyTorch, and says so where one computes with it.

    >>> rate = Schedule("lr", lambda done: 1.0 / (done + 1))
    >>> rate(3)
    0.25
    >>> 0.5 * rate
    Traceback (most recent call last):
    TypeError: lr follows a schedule of its own, and a scheduler of PyTorch changes numbers: ...
    """

    name: str
    rate: Callable[[int], Value]

    def __call__(self, done: int) -> Value:
        """Return the value after some steps."""
        return self.rate(done)

    def refuse(self, *_: object) -> NoReturn:
        """Raise TypeError: there is no one number."""
        raise TypeError(
            f"{self.name} follows a schedule of its own, and a scheduler of PyTorch changes numbers: give a "
            f"number for {self.name}, or leave out the scheduler"
        )

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = refuse
    __pow__ = __rpow__ = __neg__ = __float__ = __lt__ = __gt__ = __le__ = __ge__ = refuse


def group_keys(rule: Rule, names: Sequence[str], chosen: Mapping[str, str]) -> dict[str, str]:
    """Return the name in groups of each parameter of a rule; `chosen` says some of them the other way."""
    if unknown := [name for name in chosen.values() if name not in names]:
        raise ValueError(f"the rule has no parameter {unknown[0]!r}; it has {', '.join(names) or 'none'}")
    found = {name: key for key, name in chosen.items()}
    averaging = {state_name(p) for p in rule.parameters if averages_squares(rule, p)}
    for key, usual in SCHEDULABLE.items():
        free = [
            n for n in usual if n in names and n not in found and not (key == "momentum" and n in averaging)
        ]
        if key not in chosen and free:
            found[free[0]] = key
    keys = {name: found.get(name, name) for name in names}
    taken = [k for k in keys.values() if k in GROUP or [*keys.values()].count(k) > 1]
    if taken:
        raise ValueError(
            f"PyTorch's groups have {', '.join(dict.fromkeys(taken))} already: rename that parameter of the "
            "rule"
        )
    return keys


def averages_squares(rule: Rule, parameter: Symbol) -> bool:
    """Return whether a parameter weighs a mean of even functions of gradients or of other states.

    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, rho, u, x
    >>> s = Symbol("s", real=True)
    >>> squares = rule({s: rho * s + (1 - rho) * G**2, u: rho * u - G, x: x + after(u) / after(s)})
    >>> averages_squares(squares, rho), averages_squares(rule({u: rho * u - G, x: x + after(u)}), rho)
    (True, False)
    """
    moving = {after(s) for s in rule.targets}
    for update in rule.updates:
        # A gradient at the target stays what it is where the target is put to zero.
        of_weights = {f: Dummy(real=True) for f in update.value.atoms(*FORCES, potential)}
        added = update.value.xreplace(of_weights).xreplace({update.target: Integer(0)})
        forces = {d for f, d in of_weights.items() if isinstance(f, FORCES)}
        signed = added.free_symbols & (forces | moving)
        if parameter in added.free_symbols and signed and added.xreplace({s: -s for s in signed}) == added:
            return True
    return False


def refuse_unfit_group(group: Mapping[Any, Any], own: Sequence[str]) -> None:
    """Raise for names that are not among the rule's own, and for options and a rate that do not fit."""
    for name, reason in NOT_OFFERED.items():
        if group.get(name):
            raise TypeError(f"{name}=True is not offered: {reason}; leave it out")
    if unknown := sorted(map(str, {*group} - {*own, *GROUP, *SCHEDULED})):
        raise TypeError(
            f"a group of parameters has {', '.join(unknown)}, which the rule does not know; it has "
            f"{', '.join(sorted(own)) or 'none'}"
        )
    rate = group.get("lr")
    one = rate.numel() == 1 if isinstance(rate, torch.Tensor) else isinstance(rate, (int, float))
    if rate is not None and one and rate < 0:
        raise ValueError(
            f"the learning rate must not be negative, given {rate}; to climb, give maximize=True"
        )
    for name, expected in (("maximize", (bool,)), ("foreach", (bool, type(None)))):
        if not isinstance(group.get(name, False), expected):
            raise TypeError(f"{name} must be True or False, given {group[name]!r}")
    dtype = group.get("state_dtype")
    if dtype is not None and not (isinstance(dtype, torch.dtype) and dtype.is_floating_point):
        raise TypeError(f"state_dtype must be a type of floats such as torch.float32, given {dtype!r}")


def refuse_incomplete_group(group: Mapping[str, Any], own: Sequence[str]) -> None:
    """Raise ValueError for a group that lacks something, or that a scheduler cannot change as it does."""
    if lacking := [name for name in (*own, *OPTIONS) if name not in group]:
        raise ValueError(
            f"a group of parameters lacks {', '.join(lacking)}: add it by add_param_group, which fills in "
            "what the optimizer was made with"
        )
    if isinstance(group.get("lr"), Schedule) and "initial_lr" in group:
        group["lr"].refuse()


# --- saved states


def refuse_malformed(saved: object) -> None:
    """Raise ValueError for what is not made as `state_dict` makes it."""
    if not (isinstance(saved, Mapping) and saved.keys() >= {"state", "param_groups"}):
        raise ValueError(
            "a state of an optimizer, as its state_dict returns it, has 'state' and 'param_groups'; "
            f"given {one_line(saved)[:80]}"
        )
    groups, states = saved["param_groups"], saved["state"]
    if not (isinstance(states, Mapping) and all(isinstance(s, Mapping) for s in states.values())):
        raise ValueError(
            "'state' of a state_dict must have a dictionary of the states of each parameter; "
            f"given {one_line(states)[:80]}"
        )
    fits = isinstance(groups, (list, tuple)) and all(isinstance(g, Mapping) for g in groups)
    if not (fits and all(isinstance(g.get("params"), (list, tuple)) for g in groups)):
        raise ValueError(
            "'param_groups' of a state_dict must be a list of dictionaries, each with a list 'params'; "
            f"given {one_line(groups)[:80]}"
        )


def refuse_foreign_group(
    saved: Mapping[str, Any], group: Mapping[str, Any], own: Sequence[str], schedules: Mapping[str, Value]
) -> None:
    """Raise ValueError where a saved group is not of the rule of a group; TypeError for unfit options."""
    wanted = {*own, "steps_done"} - {*schedules}
    if (gone := sorted(wanted - {*saved})) and saved.get("rule_digest") == group["rule_digest"]:
        raise ValueError(
            f"the saved state has no {', '.join(gone)}, as where it follows a schedule, which is not saved: "
            "give a schedule here too, or put a number into the group that is loaded"
        )
    if wanted - {*saved} or {*saved} - wanted - {*GROUP, *SCHEDULED, *schedules}:
        names = ", ".join(sorted(map(str, {*saved} - {*GROUP, *SCHEDULED}))) or "none"
        raise ValueError(
            f"this is the state of another optimizer: its parameters are {names}; those of the rule "
            f"are {', '.join(sorted(own)) or 'none'}"
        )
    if saved.get("rule_digest") != group["rule_digest"]:
        raise ValueError(
            f"this is the state of another rule: its digest is {saved.get('rule_digest')}, that of the rule "
            f"{group['rule_digest']}; equal names of states need not mean the same"
        )
    if lacking := [name for name in OPTIONS if name not in saved]:
        raise ValueError(f"a group of the saved state lacks {', '.join(lacking)}")
    done = saved["steps_done"]
    if not isinstance(done, int) or isinstance(done, bool) or done < 0:
        raise ValueError(f"steps_done is the number of steps taken, a whole number from 0; given {done!r}")
    refuse_unfit_group(saved, own)


def refuse_foreign_states(
    saved: Mapping[str, Any], weights: torch.Tensor, names: Sequence[str], counters: Mapping[str, Value]
) -> None:
    """Raise ValueError where saved states are not those of a parameter: its own `names`, and counters.

    Counters are given with the numbers from which they count.
    """
    if {*saved} != {*names, *counters}:
        found, wanted = (", ".join(sorted(map(str, n))) or "none" for n in ({*saved}, {*names, *counters}))
        raise ValueError(
            f"this is the state of another optimizer: of a parameter it has {found}, the rule {wanted}"
        )
    for name, start in counters.items():
        count = saved[name]
        if not isinstance(count, (int, float)) or not float(start) <= count < float("inf"):
            raise ValueError(
                f"{name} counts steps from {start:g}, and is {one_line(count)} in the saved state"
            )
    for name in names:
        value = saved[name]
        shape = tuple(value.shape) if isinstance(value, torch.Tensor) else None
        if shape != tuple(weights.shape):
            raise ValueError(
                f"this is the state of another model: {name} has the shape {shape}, the parameter "
                f"{tuple(weights.shape)}"
            )
        if not value.is_floating_point() or value.layout is not torch.strided:
            raise ValueError(
                f"{name} must be a dense tensor of floating-point numbers in the saved state; it is "
                f"{value.dtype}, {value.layout}"
            )
