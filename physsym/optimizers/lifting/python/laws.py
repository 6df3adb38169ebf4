"""The law of Python code from its traces: names of states, counters, start values, and the rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product

import numpy as np
from sympy import Symbol

from physsym.core import symbols as formulas
from physsym.core.verdicts import Condition, Hypothesis
from physsym.optimizers.lifted import Lifted, LiftError
from physsym.optimizers.lifting.containers import (
    name as name_of,
)
from physsym.optimizers.lifting.law import Names, StateLaw, coordinates, lifted
from physsym.optimizers.lifting.nodes import Node, constant, evaluate, leaf, leaves, make, resolve, substitute
from physsym.optimizers.lifting.python.code import Code
from physsym.optimizers.lifting.python.leaves import (
    Key,
    hyperparameter_of,
    is_kind,
    named_leaf,
    same_values,
    shown_condition,
    state_leaf,
)
from physsym.optimizers.lifting.python.trace import Trace
from physsym.optimizers.lifting.sympy_forms import to_conditions, to_expression


class Laws:
    """The states of a lift under the names that they have in the rule."""

    def __init__(self, code: Code, trace: Trace, keys: Sequence[Key], count: int) -> None:
        """Name the hyperparameters and states that the new values of `keys` read."""
        self.code, self.trace, self.count = code, trace, count
        self.names = Names()
        self.names.taken.add("t")
        if any(trace.new[k] is make("add", state_leaf(k), 1) for k in keys):
            self.names.taken.add("k")
        parameters = code.stepper.parameters
        read = {
            n
            for key in keys
            for n in leaves(*(made[key] for made in (trace.new, trace.first, trace.start) if key in made))
        }
        read |= {n for point in trace.points for p in point for n in leaves(p)}
        read |= {n for a in trace.assumed for n in leaves(a)}
        self.hyper = {p: self.names.symbol(p) for p in parameters if named_leaf("hyper", p) in read}
        self.weights, _, _ = coordinates(count)
        self.counter_starts: dict[Key, int] = {}
        self.hypotheses: list[Hypothesis] = []
        self.counter = Symbol("k", real=True)
        self.keys = [k for k in keys if k[0]]
        self.symbols: dict[Key, Symbol] = {}
        for key in self.keys:
            if trace.new[key] is make("add", state_leaf(key), 1):
                begin = trace.start.get(key)
                if begin is None or begin.op == "constant":
                    self.counter_starts[key] = self._begin(key, begin)
                    continue
            several = count > 1 and len([k for k in self.keys if k[0] == key[0]]) > 1
            self.symbols[key] = self.names.symbol(
                self.name_of(key) + (f"_{key[1] + 1}" if several else ""), state=True
            )
        self.renamed: dict[Node, Node] = {named_leaf("hyper", p): leaf(s) for p, s in self.hyper.items()}
        self.renamed |= {named_leaf("weight", i): leaf(w) for i, w in enumerate(self.weights)}
        self.renamed |= {state_leaf(k): leaf(s) for k, s in self.symbols.items()}
        for key, begin_at in self.counter_starts.items():
            self.renamed[state_leaf(key)] = make("add", leaf(self.counter), begin_at)
        self.renamed[named_leaf("loss", "")] = leaf(formulas.potential(*self.weights))
        for call, point in enumerate(trace.points):
            shown = [to_expression(self.node(p)) for p in point[:count]]
            for i in range(count):
                force = formulas.grad(shown[0]) if count == 1 else formulas.partial(i + 1, *shown)
                self.renamed[named_leaf("gradient", call, i)] = leaf(force)

    def name_of(self, key: Key) -> str:
        """Return how the code calls a state; keys of a dictionary of weights are no names of states."""
        return name_of(key[0], ("w", "b") if self.code.form.layout == "dict" else ())

    def _begin(self, key: Key, begin: Node | None) -> int:
        """Return where a counter starts; if its caller says so, at 0, or at 1 if a law has no value at 0."""
        if begin is not None:
            return int(begin.value)  # type: ignore[arg-type]
        new = [n for k, n in self.trace.new.items() if state_leaf(key) in leaves(n) and k != key]
        random = np.random.default_rng(0)
        finite = True
        for node in new:
            values = {n: random.uniform(0.2, 0.9) for n in leaves(node)}
            finite &= bool(np.isfinite(evaluate(node, {**values, state_leaf(key): 0})))
        at = 0 if finite else 1
        self.hypotheses.append(
            Hypothesis(f"{self.name_of(key)} is {at} in the first step, and grows by 1 a step")
        )
        return at

    def node(self, node: Node) -> Node:
        """Return a node of the trace in the symbols of the rule."""
        return substitute(node, self.renamed)

    def hyperparameters(self) -> list[tuple[Symbol, str, float | None]]:
        """Return the hyperparameters that the rule reads, with their names in the code and defaults."""
        return [(s, p, self.code.stepper.parameters[p]) for p, s in self.hyper.items()]

    def lifted(self, origins: Mapping[Node, str], mixes: Sequence[str]) -> Lifted:
        """Return the rule, not yet checked."""
        trace = self.trace
        new = {k: self.node(trace.new[k]) for k in [*self.symbols, *(((), i) for i in range(self.count))]}
        at_first = {leaf(self.counter): constant(0)}
        first = {k: substitute(self.node(trace.first[k]), at_first) for k in new if k in trace.first}
        read = {n for node in first.values() for n in leaves(node) if is_kind(n, "state")}
        if lost := sorted({str(n.value).split("|")[1] for n in read}):
            raise LiftError(
                f"{self.code.name} cannot be lifted: its first step reads {', '.join(lost)}, which later "
                "steps do not, such as an array that becomes another name of the weights"
            )
        known = self._only_at_first(new)
        start = {k: self.node(n) for k, n in trace.start.items() if k in self.symbols}
        self._find_starts(new, first, start)
        symbols: dict[Key, Symbol] = dict(self.symbols)
        symbols |= {((), i): w for i, w in enumerate(self.weights)}
        laws = [StateLaw(symbols[k], n, start.get(k), first.get(k)) for k, n in new.items()]
        counter = leaf(self.counter)
        if known:
            laws = [replace(law, new=resolve(law.new, known)) for law in laws]
        if any(counter in leaves(law.new) for law in laws):
            laws.insert(0, StateLaw(self.counter, make("add", counter, 1), constant(0), constant(1)))
        assumes: list[Condition | Hypothesis] = [*self.hypotheses]
        for assumed in dict.fromkeys(trace.assumed):
            if not all(hyperparameter_of(n) for n in leaves(assumed)):
                where = shown_condition(assumed, True)
                assumes.append(Hypothesis(f"the code raises an error except where {where}"))
                continue
            try:
                assumes += to_conditions(self.node(assumed))
            except TypeError:
                assumes.append(Hypothesis(shown_condition(self.node(assumed), True)))
        return lifted(
            laws,
            name=f"python:{self.code.name}",
            typical={s: v for s, _, v in self.hyperparameters() if v is not None},
            assumes=assumes,
            mixes=mixes,
            origins=dict(origins),
        )

    def _only_at_first(self, new: Mapping[Key, Node]) -> dict[Node, bool]:
        """Return conditions on the counter alone that are decided otherwise in the first step than later."""
        counter, known = leaf(self.counter), dict[Node, bool]()
        for condition in {c for n in new.values() for c in n.cases}:
            if set(leaves(condition)) == {counter}:
                truth = [bool(evaluate(condition, {counter: k})) for k in range(200)]
                if len(set(truth[1:])) == 1 and truth[0] != truth[1]:
                    known[condition] = truth[1]
        if any(counter in leaves(resolve(n, known)) for n in new.values()):
            return {}  # the counter is a state anyway, and the case distinctions say what holds when
        return known

    def _find_starts(
        self, new: Mapping[Key, Node], first: Mapping[Key, Node], start: dict[Key, Node]
    ) -> None:
        """Find start values of states that the code makes in its first step: those that give that step."""
        explicit = {("key", n) for n, v in self.code.stepper.explicit.items() if v is not None}
        unknown = [k for k in self.symbols if k not in start and k[0][0] not in explicit]
        if not unknown:
            return
        fixed = {leaf(self.symbols[k]): n for k, n in start.items()} | {leaf(self.counter): constant(0)}
        hyper = set(map(leaf, self.hyper.values()))
        choices = [
            [constant(0), constant(1), *([first[k]] if first[k] in hyper else [])] for k in unknown[:5]
        ]
        for chosen in product(*choices):
            tried = dict(zip(unknown, chosen, strict=False))
            values = fixed | {leaf(self.symbols[k]): n for k, n in tried.items()}
            if same_values({k: substitute(n, values) for k, n in new.items() if k in first}, dict(first)):
                start |= tried
                return
        weights = {leaf(self.symbols[k]): leaf(self.weights[k[1] if self.count > 1 else 0]) for k in unknown}
        if same_values(
            {k: substitute(n, fixed | weights) for k, n in new.items() if k in first}, dict(first)
        ):
            start |= {k: weights[leaf(self.symbols[k])] for k in unknown}
            return
        start |= {k: constant(0) for k in unknown}  # the first step does not read it
