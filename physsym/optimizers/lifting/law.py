"""From nodes to a law: the states of an optimizer, what one step makes of them, and the `Lifted` of that.

A front end names the states and hyperparameters with `Names`, builds a `StateLaw` for each state (the weights
are states too), and calls `lifted`:

    names = Names()
    rate = leaf(names.symbol("lr"))
    buf = names.symbol("momentum_buffer", state=True)
    (x,), (g,), loss = coordinates(1)             # x, grad(x), potential(x) as SymPy expressions
    laws = [StateLaw(buf, new=..., start=constant(0)), StateLaw(x, new=...)]
    result = lifted(laws, name="torch:SGD", typical={rate.value: 0.001}, origins=origins)

and `self_check.checked(result, live)` compares it with the running code. A state whose new value occurs in
that of another is updated first and read there as `after(state)`.
"""

from __future__ import annotations

import keyword
import pickle
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count

from sympy import Expr, Piecewise, Symbol

from physsym import vocabulary
from physsym.core.statements import Rule, Update
from physsym.core.symbols import after, grad, partial, potential
from physsym.core.verdicts import Condition, Hypothesis
from physsym.optimizers.lifted import Lifted
from physsym.optimizers.lifting.nodes import Node, constant, leaf, ordered, recording, resolve, substitute
from physsym.optimizers.lifting.sympy_forms import to_expression, to_expressions
from physsym.verify.conditions import implied_by_sign

LARGEST_SETTLED = 60
"""SymPy may take long to build a case distinction of more operations anew."""


@dataclass
class Names:
    """The symbols of one lift, under the names of the library; a name that is taken is changed.

    `lambda` is no name in Python and becomes `lam`; a state that is called like a hyperparameter or like the
    weights is called `name_state`.
    """

    taken: set[str] = field(default_factory=lambda: {"x", "x_1", "x_2", "grad", "potential", "partial"})
    renamed: dict[str, str] = field(default_factory=dict)

    def symbol(self, name: str, state: bool = False) -> Symbol:
        """Return a new real symbol of this name, or of one like it."""
        wanted = "lam" if name == "lambda" else f"{name}_" if keyword.iskeyword(name) else name
        others = (f"{wanted}_{'state' if state else 'parameter'}{k}" for k in chain([""], count(2)))
        chosen = next(n for n in chain([wanted], others) if n not in self.taken)
        self.taken.add(chosen)
        if chosen != name:
            self.renamed[name] = chosen
        return Symbol(chosen, real=True)


def coordinates(number: int) -> tuple[tuple[Symbol, ...], tuple[Expr, ...], Expr]:
    """Return the weights, the gradient along each, and the loss, for one weight or for several."""
    if number == 1:
        return (vocabulary.x,), (grad(vocabulary.x),), potential(vocabulary.x)
    weights = tuple(Symbol(f"x_{k}", real=True) for k in range(1, number + 1))
    return weights, tuple(partial(k, *weights) for k in range(1, number + 1)), potential(*weights)


@dataclass(frozen=True)
class StateLaw:
    """What one step makes of a state.

    Parameters
    ----------
    symbol
        The state; nodes read it as `leaf(symbol)`.
    new
        Its value after a step.
    start
        Its value before the first step, of hyperparameters and weights; None where its user says.
    first
        Its value after the first step, in the same terms and the first gradient, where code was read for it.
    """

    symbol: Symbol
    new: Node
    start: Node | None = None
    first: Node | None = None


def lifted(
    laws: Sequence[StateLaw],
    *,
    name: str,
    typical: Mapping[Symbol, object] | None = None,
    ranges: Iterable[Condition] = (),
    assumes: Iterable[Condition | Hypothesis] = (),
    mixes: Iterable[str] = (),
    origins: Mapping[Node, str] | None = None,
    known: Mapping[Node, bool] | None = None,
) -> Lifted:
    """Return the lifted rule of these states, not yet checked.

    Parameters
    ----------
    laws
        One for each state, the weights last.
    name
        What was lifted, such as "optax:adam".
    typical
        Hyperparameters with the library's defaults.
    ranges, assumes, mixes
        As in `Lifted`; ranges are added to those that names tell (`natural_ranges`).
    origins
        Where nodes come from, as `nodes.recording` notes it.
    known
        Conditions that are taken to hold, or not to; the caller says so in `assumes`.
    """
    with recording(origins) as noted:
        laws = [
            StateLaw(
                law.symbol,
                resolve(law.new, known),
                law.start,
                None if law.first is None else resolve(law.first, known),
            )
            for law in laws
        ]
        ordered_laws = in_order(laws)
        updates = tuple(Update(law.symbol, _settled(to_expression(law.new))) for law in ordered_laws)
        first = _first_rule(laws)
    start = tuple((law.symbol, to_expression(law.start)) for law in ordered_laws if law.start is not None)
    defaults = tuple((s, to_expression(constant(value))) for s, value in (typical or {}).items())
    parameters = hyperparameters(Rule(updates, start))
    read = any(u.value.has(potential) for u in updates)
    return Lifted(
        Rule(updates, start, without_weaker([*natural_ranges(parameters, defaults), *ranges]), defaults),
        first=first,
        name=name,
        assumes=tuple(assumes),
        reads=("the loss",) if read else (),
        mixes=tuple(mixes),
        origins=_origins(ordered_laws, noted),
    )


def _settled(expression: Expr) -> Expr:
    """Return a small case distinction as SymPy writes it when it is built anew, as from a pickle."""
    if not expression.has(Piecewise) or expression.count_ops() > LARGEST_SETTLED:
        return expression
    for _ in range(3):
        anew: Expr = pickle.loads(pickle.dumps(expression))
        if anew == expression:
            break
        expression = anew
    return expression


def hyperparameters(rule: Rule) -> tuple[Symbol, ...]:
    """Return the symbols that are no states, those that only start values read among them."""
    started = {s for _, value in rule.start for s in value.free_symbols} - set(rule.states)
    return tuple(sorted({*rule.parameters, *started}, key=str))


def in_order(laws: Sequence[StateLaw]) -> list[StateLaw]:
    """Return the laws in an order in which each new value stands before those in which it occurs.

    There it is read as `after(state)`. A state that is copied from another or is constant replaces nothing.
    """
    named: dict[Node, Symbol] = {}
    for law in laws:
        if law.new.args:
            named.setdefault(law.new, law.symbol)
    below = {law.symbol: {named[n] for n in ordered([law.new]) if n in named} - {law.symbol} for law in laws}
    waiting, done = list(laws), list[StateLaw]()
    while waiting:
        # None waits for another in a circle: two new values that are one node are named by the first alone.
        law = next(w for w in waiting if below[w.symbol] <= {d.symbol for d in done})
        waiting.remove(law)
        known = {node: leaf(after(symbol)) for node, symbol in named.items() if symbol != law.symbol}
        done.append(StateLaw(law.symbol, substitute(law.new, known), law.start, law.first))
    return done


def _first_rule(laws: Sequence[StateLaw]) -> Rule | None:
    """Return the rule of the first step, if it is not the rule at the start values."""
    if all(law.first is None for law in laws):
        return None
    starts = {leaf(law.symbol): law.start for law in laws if law.start is not None}
    usual = [resolve(substitute(law.new, starts)) for law in laws]
    first = [law.first if law.first is not None else node for law, node in zip(laws, usual, strict=True)]
    if all(a is b or _agree(a, b) for a, b in zip(first, usual, strict=True)):
        return None
    own = [StateLaw(law.symbol, node) for law, node in zip(laws, first, strict=True)]
    return Rule(tuple(Update(law.symbol, to_expression(law.new)) for law in in_order(own)))


def _agree(first: Node, second: Node) -> bool:
    difference = to_expression(first) - to_expression(second)
    return bool(difference == 0 or difference.expand() == 0 or difference.simplify() == 0)


def _origins(laws: Sequence[StateLaw], origins: Mapping[Node, str]) -> tuple[tuple[Expr, str], ...]:
    below = [n for n in ordered([law.new for law in laws]) if n in origins and not n.is_condition]
    return tuple(dict.fromkeys(zip(to_expressions(below), (origins[n] for n in below), strict=True)))


_FRACTIONS = frozenset(
    {
        "b1",
        "b2",
        "b3",
        "beta",
        "beta1",
        "beta2",
        "beta3",
        "betas_1",
        "betas_2",
        "betas_3",
        "momentum",
        "decay",
    }
    | {"rho", "dampening", "alpha_decay", "momentum_decay", "decay_rate"}
)
_NOT_NEGATIVE = frozenset(
    {"lr", "learning_rate", "max_learning_rate", "eps", "eps_root", "eps2", "weight_decay", "lr_decay"}
)


def natural_ranges(
    parameters: Iterable[Symbol], typical: Iterable[tuple[Symbol, Expr]] = ()
) -> tuple[Condition, ...]:
    """Return the ranges that common names of hyperparameters tell: a rate is not negative, a decay below one.

    Schedules of learning rates end at zero, which all libraries take. A range that leaves out the library's
    own default is not what the library means by the name.

    >>> print(*natural_ranges([Symbol("lr", real=True), Symbol("b1", real=True)]), sep=", ")
    lr >= 0, b1 >= 0, 1 - b1 > 0
    """
    found, usual = list[Condition](), dict(typical)
    for parameter in parameters:
        value = usual.get(parameter)
        if parameter.name in _FRACTIONS and (value is None or 0 <= value < 1):
            found += [Condition(parameter, ">= 0"), Condition(1 - parameter, "> 0")]
        elif parameter.name in _NOT_NEGATIVE and (value is None or value >= 0):
            found.append(Condition(parameter, ">= 0"))
    return tuple(found)


def without_weaker(conditions: Iterable[Condition]) -> tuple[Condition, ...]:
    """Return conditions without those that follow from the others.

    >>> lr = Symbol("lr", real=True)
    >>> print(*without_weaker([Condition(lr, ">= 0"), Condition(lr, "> 0"), Condition(lr, ">= 0")]))
    lr > 0
    """
    kept = list(dict.fromkeys(conditions))
    for condition in tuple(kept):
        others = [c for c in kept if c is not condition]
        if implied_by_sign(others, condition):
            kept = others
    return tuple(kept)
