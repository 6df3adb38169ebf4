"""A rule as an optimizer for PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

import torch as library

from physsym.adapters.evaluation_point import counter_starts, describe_evaluation_points, weights_state
from physsym.adapters.torch_compiled import (
    CompiledRule,
    Constants,
    compile_rule,
    local,
    refuse_unfit_parameter,
    step_ahead,
)
from physsym.adapters.torch_groups import (
    NOT_OFFERED,
    Schedule,
    group_keys,
    refuse_foreign_group,
    refuse_foreign_states,
    refuse_incomplete_group,
    refuse_malformed,
    refuse_unfit_group,
)
from physsym.adapters.torch_rows import PLAIN, Ready, Rows
from physsym.codegen import program, state_name
from physsym.core.digests import digest
from physsym.core.escapes import one_line
from physsym.core.statements import Rule
from physsym.parsing.statements import RuleText, as_rule
from physsym.runtime import coordinates
from physsym.runtime.backends.base import Value, Values, misnamed, rule_parameters
from physsym.runtime.start import with_typical


def torch(
    rule: RuleText,
    /,
    params: Iterable[Any],
    *,
    learning_rate: str | Value | None = None,
    momentum: str | Value | None = None,
    maximize: bool = False,
    foreach: bool | None = None,
    state_dtype: library.dtype | None = None,
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
    momentum : str, number or schedule, optional
        The same for what is called `momentum` in the groups, which `OneCycleLR` and `CyclicLR` change; by
        default `momentum` or `rho`.
    maximize : bool
        Whether to climb.
    foreach : bool, optional
        Whether to update lists of tensors at once; by default on graphics processors. By default, and where
        llvmlite is installed (the extra `fast`), tensors of float64, float32, bfloat16 and float16 in main
        memory are updated by a compiled loop. `fused`, `capturable` and `differentiable` are not offered.
    state_dtype : torch.dtype, optional
        The type in which states other than the weights are kept, such as `torch.float32` beside weights in
        bfloat16; by default that of the weights. Half precision is computed with in float32, and rounded
        once a step.
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
    names = dict[str, str]()
    for key, given in (("learning_rate", learning_rate), ("momentum", momentum)):
        if isinstance(given, str):
            names[key.replace("learning_rate", "lr")] = given
        elif given is not None:
            parameters = {**parameters, key: given}
    own = {*map(str, stated.parameters)}
    if "learning_rate" in parameters and "learning_rate" not in own:
        # A rule may have a parameter of this name, as those lifted from optax do.
        raise TypeError(
            "learning_rate is the name of a parameter of the rule, such as 'eta'; "
            f"given {parameters['learning_rate']!r}"
        )
    options = {"maximize": maximize, "foreach": foreach, "state_dtype": state_dtype}
    return DerivedOptimizer(stated, params, parameters, names, options)


class DerivedOptimizer(library.optim.Optimizer):
    """A rule that updates parameters of a model, made by `physsym.adapters.torch`.

    `state[parameter]` holds the states of the rule by name, but for the weights; those that count steps are
    numbers, and count the steps of the parameter, as in PyTorch. Schedules follow the steps of the optimizer.
    """

    def __init__(
        self,
        rule: Rule,
        params: Iterable[Any],
        parameters: Mapping[str, Value],
        names: Mapping[str, str],
        options: Mapping[str, Any],
    ) -> None:
        """Make an optimizer; the arguments are those of `physsym.adapters.torch`.

        `names` says which parameter of the rule is called `lr` and `momentum` in the groups.
        """
        self.rule = rule
        self._value: Value = None
        self._forget_compiled()
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
        self._keys = group_keys(rule, rule_parameters(lowered), names)
        self._own = {key: name for name, key in self._keys.items()}
        given = self._renamed(with_typical(rule, self._own_names(parameters)))
        refuse_unfit_group({name: given.get(name) for name in NOT_OFFERED}, [*NOT_OFFERED])
        if wrong := misnamed(given, wanted=(), known=(*self._own,)):
            raise TypeError(f"parameters of the rule: {wrong}")
        kept = {"steps_done": 0, "rule_digest": digest(rule)}
        super().__init__(params, {**self._with_schedules(given), **options, **kept})

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group, with parameters or schedules of its own if any are given; errors as when made."""
        if isinstance(param_group, dict):
            param_group = self._with_schedules(self._renamed(param_group))
            whole = {**self.defaults, **param_group}
            refuse_unfit_group(whole, [*self._own])
            self._constants_of(False)(self._at_start(self._given(whole)))
        super().add_param_group(param_group)

    def state_dict(self) -> dict[str, Any]:
        """Return what `load_state_dict` takes: states and groups, without schedules, which are functions."""
        saved: dict[str, Any] = super().state_dict()
        groups = [{k: v for k, v in g.items() if not callable(v)} for g in saved["param_groups"]]
        return {**saved, "param_groups": groups}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Load what `state_dict` returned; schedules stay as they are.

        Raises ValueError or TypeError, with nothing written, for the state of another rule or model, and for
        one with parameters that do not fit.
        """
        refuse_malformed(state_dict)
        saved_groups = [*map(self._renamed, state_dict["param_groups"])]
        schedules = [{k: v for k, v in g.items() if callable(v)} for g in self.param_groups]
        starts: dict[str, Value] = {}
        for group, saved, own in zip(self.param_groups, saved_groups, schedules, strict=False):
            refuse_foreign_group(saved, group, [*self._own], own)
            given = self._at_start(self._given({**saved, **own}))
            self._constants_of(False)(given)
            starts = {name: given[name] for name in self._rule().counters}
        numbers = chain.from_iterable(group["params"] for group in saved_groups)
        weights = chain.from_iterable(group["params"] for group in self.param_groups)
        states, names = state_dict["state"], [n for n in self._rule().names if n != self._rule().weights]
        pairs = [(w, states[n]) for n, w in zip(numbers, weights, strict=False) if n in states]
        for weight, state in pairs:
            refuse_foreign_states(state, weight, names, starts)
        super().load_state_dict({**state_dict, "param_groups": saved_groups})
        # PyTorch loads states in the type of the parameter.
        kept = {
            id(w): g["state_dtype"] for g in self.param_groups for w in g["params"] if g.get("state_dtype")
        }
        for weight, state in pairs:
            if id(weight) in kept:
                to = {"device": weight.device, "dtype": kept[id(weight)], "copy": True}
                self.state[weight].update({name: state[name].detach().to(**to) for name in names})
        for group, own in zip(self.param_groups, schedules, strict=True):
            group.update(own)

    # As PyTorch's own: a training step that is compiled as a whole calls it as it is.
    @library._disable_dynamo  # type: ignore[untyped-decorator]
    def step(self, closure: Callable[[], Value] | None = None) -> Value:
        """Take one step; return what the closure returned when it was first called.

        Raises TypeError, before anything is written, for a gradient that is complex, sparse or without
        numbers; ValueError where the rule takes its gradient elsewhere than at the weights and no closure is
        given.
        """
        for group in self.param_groups:
            refuse_incomplete_group(group, [*self._own])
        if self._rule().at_weights:
            loss = self._value = _with_gradients(closure)
            if loss is None and self._rule().program.loss is not None:
                raise ValueError("the rule reads the loss: give step a closure that computes and returns it")
            steps = [self._ready(*numbered) for numbered in enumerate(self.param_groups)]
            for step in chain.from_iterable(steps):
                step()
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
        pairs = [(group, own) for group in self.param_groups for own in group["params"] if own.requires_grad]
        weights = [own for _, own in pairs]
        signs = [-1 if group["maximize"] else 1 for group, _ in pairs]
        rule, compute = self._rule(), self._constants_of(False)
        states, fixed = list[Sequence[library.Tensor]](), list[Values]()
        for group, own in pairs:
            given, known = self._given(group), self.state[own]
            begun = known.keys() >= {*rule.names, *rule.counters} - {rule.weights}
            given_then = given if begun else self._at_start(given)
            states.append(rule.states_of(known, own, given_then, group["state_dtype"]))
            fixed.append(compute(given | {name: known[name] for name in rule.counters}))
        loss = step_ahead(rule, weights, states, fixed, signs, closure)
        _count(rule, [self.state[own] for own in weights])
        return loss

    def _ready(self, number: int, group: Mapping[str, Any]) -> list[Callable[[], None]]:
        """Return what takes one step of a group; raise, with nothing written, where that cannot be done."""
        given = self._given(group)
        rule, compute = self._rule(group["maximize"]), self._constants_of(group["maximize"])
        columns, states = self._columns(rule, group, given)
        found = list[Callable[[], None]]()
        for part, (first, last, counted) in enumerate(counted_alike(rule, states)):
            key = number, group["maximize"], group["foreach"], part
            if key not in self._rows:
                self._rows[key] = rule.rows(group["foreach"])
            ready = self._rows[key].ready([column[first:last] for column in columns])
            fixed = compute(given | counted)
            found.append(partial(advance, self._rows[key], ready, fixed, rule, states[first:last]))
        return found

    def _columns(
        self, rule: CompiledRule, group: Mapping[str, Any], given: Mapping[str, Value]
    ) -> tuple[list[Sequence[library.Tensor]], list[dict[str, Any]]]:
        """Return for each state, and then the gradient, the tensors of the parameters with a gradient.

        Beside them, what is known of each of these parameters.
        """
        weights = group["params"]
        gradients = [own.grad for own in weights]
        types = {*map(type, gradients), *map(type, weights)}
        if type(None) in types:
            weights = [own for own, gradient in zip(weights, gradients, strict=True) if gradient is not None]
            gradients = [gradient for gradient in gradients if gradient is not None]
        states = [self.state[own] for own in weights]
        try:
            columns = [weights if n == rule.weights else [s[n] for s in states] for n in rule.names]
            begun = all(map({*rule.counters}.issubset, states)) if rule.counters else True
        except KeyError:
            begun = False
        if not begun:
            for own in weights:
                refuse_unfit_parameter(own)
            then = self._at_start(given)
            started = [rule.states_of(self.state[own], own, then, group["state_dtype"]) for own in weights]
            columns = [list(column) for column in zip(*started, strict=True)]
        columns.append(gradients)
        if types <= _PLAIN_OR_NONE:
            return columns, states
        return [[local(t, own) for t, own in zip(column, weights, strict=True)] for column in columns], states

    def _rule(self, maximize: bool = False) -> CompiledRule:
        """Return the rule compiled; each optimizer has its own, and with it its own scratch memory."""
        if maximize not in self._compiled:
            self._compiled[maximize] = compile_rule(self.rule, maximize)
        return self._compiled[maximize]

    def _renamed(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return parameters or a group under the names that schedulers know."""
        if twice := [(n, key) for n, key in self._keys.items() if n != key and n in given and key in given]:
            raise TypeError(
                f"{twice[0][0]} and {twice[0][1]} are the same parameter of the rule; give one of them"
            )
        return {self._keys.get(key, key): value for key, value in given.items()}

    def _own_names(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return parameters under the names that they have in the rule."""
        own = {key: name for key, name in self._own.items() if key not in self._keys and name not in given}
        return {own.get(n, n): value for n, value in given.items()}

    def _with_schedules(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return parameters or a group with schedules in place of functions of the number of steps done."""
        return {
            key: Schedule(key, value) if key in self._own and callable(value) else value
            for key, value in given.items()
        }

    def _given(self, group: Mapping[str, Any]) -> dict[str, Value]:
        """Return the parameters of a group by their names in the rule."""
        done, rule = group["steps_done"], self._rule()
        given = {
            name: group[key](done) if callable(group[key]) else group[key]
            for name, key in self._keys.items()
            if key in group
        }
        if (loss := rule.program.loss) is not None and self._value is not None:
            given[state_name(loss)] = _one_number(self._value)
        return given

    def _at_start(self, given: Mapping[str, Value]) -> dict[str, Value]:
        """Return parameters, and from where counters count: of those that have begun, the state tells."""
        return {**given, **counter_starts(self.rule, self._rule().counters, given)}

    def _constants_of(self, maximize: bool) -> Constants:
        if maximize not in self._computed:
            rule = self._rule(maximize)
            self._computed[maximize] = Constants(self.rule, rule.program, rule.counters)
        return self._computed[maximize]

    def _forget_compiled(self) -> None:
        self._compiled = dict[bool, CompiledRule]()
        self._computed = dict[bool, Constants]()
        self._rows = dict[tuple[int, bool, bool | None, int], Rows]()

    def __getstate__(self) -> dict[str, Any]:
        own = ("rule", "_keys", "_own", "_value")
        return {**super().__getstate__(), **{name: self.__dict__[name] for name in own}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._forget_compiled()


_PLAIN_OR_NONE = PLAIN | {type(None)}


def counted_alike(
    rule: CompiledRule, states: Sequence[Mapping[str, Any]]
) -> list[tuple[int, int, dict[str, Value]]]:
    """Return ranges of parameters, in order, whose counters are at the same numbers, and these by name.

    A parameter that gets its first gradient later than others begins to count then, as in PyTorch.
    """
    if not rule.counters:
        return [(0, len(states), {})]
    numbers = [*map(itemgetter(*rule.counters), states)]
    found, first = list[tuple[int, int, dict[str, Value]]](), 0
    for _, alike in groupby(numbers):
        last = first + len([*alike])
        found.append((first, last, {name: states[first][name] for name in rule.counters}))
        first = last
    return found


def advance(
    rows: Rows, ready: Sequence[Ready], fixed: Values, rule: CompiledRule, states: Sequence[dict[str, Any]]
) -> None:
    """Take one step of parameters whose counters are at the same numbers."""
    for segment in ready:
        rows.advance(segment, fixed)
    _count(rule, states)


def _count(rule: CompiledRule, states: Sequence[dict[str, Any]]) -> None:
    """Advance the counters of parameters that have taken a step."""
    for name in rule.counters:
        for state in states:
            state[name] += 1


def _one_number(loss: Value) -> float:
    try:
        return float(loss.detach() if isinstance(loss, library.Tensor) else loss)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(
            f"the rule reads the loss, which must be one number; the closure returned {one_line(loss)}"
        ) from error


def _with_gradients(closure: Callable[[], Value] | None) -> Value:
    if closure is None:
        return None
    with library.enable_grad():
        return closure()
