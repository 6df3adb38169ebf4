"""A rule as an optimizer for PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from typing import Any

import torch as library

from physsym.adapters.evaluation_point import counter_starts, describe_evaluation_points, weights_state
from physsym.adapters.torch_compiled import (
    CompiledRule,
    compile_rule,
    local,
    refuse_unfit_parameter,
    step_ahead,
)
from physsym.codegen import program, state_name
from physsym.core.statements import Rule
from physsym.parsing.statements import RuleText, as_rule
from physsym.runtime import coordinates
from physsym.runtime.backends.base import Value, Values, constants, misnamed, rule_parameters
from physsym.runtime.backends.torch import BACKEND
from physsym.runtime.start import refuse_out_of_range, with_typical

LEARNING_RATES = ("lr", "eta", "alpha", "learning_rate")
GROUP = ("params", "param_names", "maximize", "foreach", "steps_done")
# What schedulers of PyTorch write into groups.
SCHEDULED = ("initial_lr", "max_lr", "min_lr", "base_momentum", "max_momentum", "swa_lr")
MANY_AT_ONCE = ("cuda", "xpu")  # where many small calls cost more than the memory that lists take


def torch(
    rule: RuleText,
    /,
    params: Iterable[Any],
    *,
    learning_rate: str | Value | None = None,
    maximize: bool = False,
    foreach: bool | None = None,
    **parameters: Value,
) -> DerivedOptimizer:
    """Return a rule as a `torch.optim.Optimizer`.

    Weights are updated in place; other states start at their start values in the rule, those that are
    positions where the weights do, all else at zero. A rule that takes its gradient elsewhere than at the
    weights, or several, needs a closure at each `step`, which is called at every evaluation point in turn;
    every parameter then takes part, with a zero gradient if it got none. A rule that reads the loss needs a
    closure too, which returns it.

    Parameters
    ----------
    rule : Rule
        The update rule, or what has one: an update, a derivation, an optimizer.
    params : iterable
        The parameters of a model, or groups of them.
    learning_rate : str, number or schedule, optional
        Which parameter of the rule is called `lr` in the groups, as schedulers of PyTorch expect; by default
        `lr`, `eta`, `alpha` or `learning_rate`, whichever the rule has first. `lr` may be given as well. For
        a rule that has a parameter `learning_rate` this may be its value.
    maximize : bool
        Whether to climb.
    foreach : bool, optional
        Whether to update lists of tensors at once; by default on graphics processors. By default, and where
        llvmlite is installed (the extra `fast`), float32 and float64 tensors in main memory are updated by a
        compiled loop.
    **parameters
        The parameters of the rule, each a number or a schedule: a callable of the number of steps done. One
        that is not given has its typical value, if the rule has one.

    Returns
    -------
    DerivedOptimizer
        A `torch.optim.Optimizer`.

    Raises
    ------
    TypeError
        For missing, unknown or unfit parameters, and for what has no rule.
    ValueError
        Where the rule is not defined for them or has several coordinates.

    Examples
    --------
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, x
    >>> weights = library.nn.Parameter(library.ones(2))
    >>> descent = torch(rule({x: x - eta * G}), [weights], eta=0.25)
    >>> weights.square().sum().backward()
    >>> descent.step()
    >>> weights.tolist()
    [0.5, 0.5]
    """
    stated = as_rule(rule)
    if learning_rate is not None and not isinstance(learning_rate, str):
        # A rule may have a parameter of this name, as those lifted from optax do.
        if "learning_rate" not in map(str, stated.parameters):
            raise TypeError(
                "learning_rate is the name of a parameter of the rule, such as 'eta'; "
                f"given {learning_rate!r}"
            )
        parameters, learning_rate = {**parameters, "learning_rate": learning_rate}, None
    return DerivedOptimizer(stated, params, parameters, learning_rate, maximize, foreach)


class DerivedOptimizer(library.optim.Optimizer):
    """A rule that updates parameters of a model, made by `physsym.adapters.torch`.

    `state[parameter]` holds the states of the rule by name, but for the weights.
    """

    def __init__(
        self,
        rule: Rule,
        params: Iterable[Any],
        parameters: Mapping[str, Value],
        learning_rate: str | None,
        maximize: bool,
        foreach: bool | None,
    ) -> None:
        """Make an optimizer; the arguments are those of `physsym.adapters.torch`."""
        self.rule, self._compiled = rule, dict[bool, CompiledRule]()
        self._value: Value = None
        lowered = program(rule)
        positions = coordinates(rule)
        if any(len(e.targets) > 1 for e in lowered.evaluations):
            raise ValueError(
                "the weights of a model are one position, and the rule has "
                f"{', '.join(map(str, positions))}, which it mixes: run it with "
                "physsym.optimizer, on a dictionary of these"
            )
        if lowered.loss is not None and weights_state(lowered) is None:
            raise ValueError(
                "the rule reads the loss, which PyTorch has at the weights, "
                f"{describe_evaluation_points(rule)}"
            )
        names = rule_parameters(lowered)
        if learning_rate is not None and learning_rate not in names:
            raise ValueError(
                f"the rule has no parameter {learning_rate!r}; it has {', '.join(names) or 'none'}"
            )
        self.learning_rate = learning_rate or next((n for n in LEARNING_RATES if n in names), None)
        self._keys = {name: "lr" if name == self.learning_rate else name for name in names}
        if taken := {*GROUP} & {*self._keys.values()} | ({"lr"} & {*names} - {self.learning_rate}):
            raise ValueError(
                f"PyTorch's groups have {', '.join(taken)} already: rename that parameter of the rule"
            )
        given = self._renamed(with_typical(rule, self._own_names(parameters)))
        if wrong := misnamed(given, wanted=(), known=(*self._keys.values(),)):
            raise TypeError(f"parameters of the rule: {wrong}")
        self.schedules = {key: value for key, value in given.items() if callable(value)}
        fixed = {key: value for key, value in given.items() if key not in self.schedules}
        super().__init__(params, {**fixed, "maximize": maximize, "foreach": foreach, "steps_done": 0})

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group, with parameters of the rule of its own if any are given; errors as when made."""
        if isinstance(param_group, dict):
            param_group = self._renamed(param_group)
            self._refuse_unfit(param_group)
            self._constants({**self.defaults, **param_group})
        super().add_param_group(param_group)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Load what `state_dict` returned; raise ValueError, with nothing written, for other rules."""
        wanted = {*self._keys.values(), "steps_done"} - {*self.schedules}
        for group in state_dict["param_groups"]:
            if wanted - {*group} or {*group} - wanted - {*GROUP, *SCHEDULED, *self.schedules}:
                names = ", ".join(sorted(map(str, {*group} - {*GROUP, *SCHEDULED}))) or "none"
                raise ValueError(
                    f"this is the state of another optimizer: its parameters are {names}; those of the rule "
                    f"are {', '.join(sorted(self._keys.values())) or 'none'}"
                )
        super().load_state_dict(state_dict)

    def _refuse_unfit(self, group: Mapping[str, Any]) -> None:
        """Raise for names that are no parameters of the rule, and for a negative learning rate."""
        known = {*self._keys.values()}
        if unknown := sorted({*group} - known - {*GROUP, *SCHEDULED}):
            raise TypeError(
                f"a group of parameters has {', '.join(unknown)}, which the rule does not know; it has "
                f"{', '.join(sorted(known)) or 'none'}"
            )
        rate = {**self.defaults, **group}.get("lr")
        if isinstance(rate, (int, float)) and rate < 0:
            raise ValueError(
                f"the learning rate must not be negative, given {rate}; to climb, give maximize=True"
            )

    def step(self, closure: Callable[[], Value] | None = None) -> Value:
        """Take one step; return what the closure returned when it was first called.

        Raises TypeError, before anything is written, for a gradient that is complex, sparse or without
        numbers; ValueError where the rule takes its gradient elsewhere than at the weights and no closure is
        given.
        """
        if self._rule().at_weights:
            loss = self._value = _with_gradients(closure)
            if loss is None and self._rule().program.loss is not None:
                raise ValueError("the rule reads the loss: give step a closure that computes and returns it")
            with library.no_grad():
                ready = [(group, *self._ready(group)) for group in self.param_groups]
                for group, columns, fixed in ready:
                    self._advance(group, columns, fixed)
        else:
            loss = self._step_ahead(closure)
        for group in self.param_groups:
            group["steps_done"] += 1
        return loss

    def _step_ahead(self, closure: Callable[[], Value] | None) -> Value:
        if closure is None:
            raise ValueError(
                f"a model has its gradient at its weights, {describe_evaluation_points(self.rule)}; "
                "or give a closure to step"
            )
        pairs = [(group, weights) for group in self.param_groups for weights in group["params"]]
        pairs = [(group, weights) for group, weights in pairs if weights.requires_grad]
        weights = [own for _, own in pairs]
        signs = [-1 if group["maximize"] else 1 for group, _ in pairs]
        fixed = [self._constants(group) for group, _ in pairs]
        states = [self.state[own] for own in weights]
        given = [self._given(group) for group, _ in pairs]
        return step_ahead(self._rule(), weights, states, fixed, signs, closure, given)

    def _ready(self, group: Mapping[str, Any]) -> tuple[list[list[library.Tensor]], Values]:
        """Return for each state, and then the gradient, the tensors of a group; and the constants."""
        rule = self._rule(group["maximize"])
        moving = [weights for weights in group["params"] if weights.grad is not None]
        rows, given = [], self._given(group)
        for weights in moving:
            refuse_unfit_parameter(weights)
            tensors = (*rule.states_of(self.state[weights], weights, given), weights.grad)
            rows.append([local(tensor, weights) for tensor in tensors])
        return [list(column) for column in zip(*rows, strict=True)], self._constants(group)

    def _advance(self, group: Mapping[str, Any], columns: list[list[library.Tensor]], fixed: Values) -> None:
        rule, many = self._rule(group["maximize"]), group["foreach"]
        native = rule.native if many is None else None
        if many is None:
            many = all(tensor.device.type in MANY_AT_ONCE for tensor in chain(*columns[:1]))
        if many and columns:
            rule.many(columns, fixed)
            return
        for tensors in zip(*columns, strict=True):
            fits = native is not None and native.takes(tensors)
            (native if native is not None and fits else rule.one)(tensors, fixed)

    def _rule(self, maximize: bool = False) -> CompiledRule:
        """Return the rule compiled; each optimizer has its own, and with it its own scratch memory."""
        if maximize not in self._compiled:
            self._compiled[maximize] = compile_rule(self.rule, maximize)
        return self._compiled[maximize]

    def _renamed(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return parameters or a group with the learning rate under the name that schedulers know."""
        if self.learning_rate in given and "lr" in given and self.learning_rate != "lr":
            raise TypeError(
                f"{self.learning_rate} and lr are the same parameter of the rule; give one of them"
            )
        return {"lr" if key == self.learning_rate else key: value for key, value in given.items()}

    def _own_names(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return parameters with the learning rate under the name that it has in the rule."""
        own = self.learning_rate or "lr"
        return {own if n == "lr" and own not in given else n: value for n, value in given.items()}

    def _given(self, group: Mapping[str, Any]) -> dict[str, Value]:
        """Return parameters and counters of a group, by their names in the rule."""
        known = {**group, **{key: rate(group["steps_done"]) for key, rate in self.schedules.items()}}
        given = {name: known[key] for name, key in self._keys.items() if key in known}
        if (loss := self._rule().program.loss) is not None and self._value is not None:
            given[state_name(loss)] = float(self._value)
        starts = counter_starts(self.rule, self._rule().counters, given)
        done = group["steps_done"]
        return given | {name: done + start if start else done for name, start in starts.items()}

    def _constants(self, group: Mapping[str, Any]) -> Values:
        given = self._given(group)
        refuse_out_of_range(self.rule, given)
        return constants(self._rule().program, BACKEND, given)

    def __getstate__(self) -> dict[str, Any]:
        own = ("rule", "learning_rate", "_keys", "schedules", "_value")
        return {**super().__getstate__(), **{name: self.__dict__[name] for name in own}, "_compiled": {}}


def _with_gradients(closure: Callable[[], Value] | None) -> Value:
    if closure is None:
        return None
    with library.enable_grad():
        return closure()
