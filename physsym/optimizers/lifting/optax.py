"""The rule of an optax factory, or of a transformation that one built.

`init` and `update` are traced by `jax.make_jaxpr` with the factory called inside, so that numeric
hyperparameters are traced too and remain symbols; the jaxprs are read as nodes for two weights. Where the law
of the first weight reads nothing of the second, directly or through a state that they share, it is the law of
one weight.
"""

from __future__ import annotations

import inspect
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy
from sympy import Symbol

from physsym.core.symbols import partial
from physsym.core.verdicts import Hypothesis
from physsym.optimizers.lifted import Lifted, LiftError
from physsym.optimizers.lifting.factory_call import Call, Values, call_of, is_transformation
from physsym.optimizers.lifting.jaxpr import Interpreter, array_of, short_path
from physsym.optimizers.lifting.law import StateLaw, coordinates, lifted
from physsym.optimizers.lifting.nodes import (
    Node,
    leaf,
    leaves,
    make,
    number_of,
    ordered,
    recording,
    resolve,
    substitute,
)
from physsym.optimizers.lifting.self_check import checked
from physsym.optimizers.lifting.signatures import role_of_name

LARGEST_COUNT = 2**31 - 1
"""What counters are compared with lest they overflow; larger numbers too."""
BUILDING_BLOCKS = (
    "scale_by_",
    "normalize",
    "split_",
    "differentially_private_aggregate",
    "hutchinson_",
    "schedule_free_eval",
)
"""Functions of optax.contrib that are parts of optimizers."""


def recognises(thing: object) -> bool:
    """Return whether a thing is an optax factory, or a transformation that one built."""
    function = getattr(thing, "func", thing)
    if is_transformation(thing) or not callable(function) or isinstance(function, type):
        return is_transformation(thing)
    module = getattr(function, "__module__", None) or ""
    annotation = str(getattr(function, "__annotations__", {}).get("return", ""))
    return (
        module.split(".")[0] == "optax"
        or "GradientTransformation" in annotation
        or _builds_with_optax(function)
    )


def _builds_with_optax(function: Any) -> bool:
    """Return whether a function names optax, and takes neither weights nor gradients, as a step would."""
    code, space = getattr(function, "__code__", None), getattr(function, "__globals__", {})
    if code is None:
        return False
    named = [space.get(n) for n in code.co_names]
    modules = {str(getattr(v, "__module__", None) or getattr(v, "__name__", "")) for v in named}
    uses = "optax" in code.co_names or any(m.split(".")[0] == "optax" for m in modules)
    arguments = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return uses and not any(role_of_name(a) in ("weights", "gradient") for a in arguments)


def optax_factory(name: str) -> Callable[..., Any]:
    """Return the factory of this name in optax or in optax.contrib.

    Raises LiftError if there is none, and ImportError where optax is not installed.
    """
    import optax
    import optax.contrib

    found = getattr(optax, name, None) or getattr(optax.contrib, name, None)
    if not callable(found) or not recognises(found):
        raise LiftError(f"optax has no factory {name}; optimizers are {', '.join(optax_factories())}")
    return found  # type: ignore[no-any-return]


def optax_factories() -> tuple[str, ...]:
    """Return the names of the optimizers of the installed optax, those of optax.contrib last."""
    import optax
    import optax.contrib

    def home(value: Any) -> str:
        function = getattr(value, "func", value)
        return function.__module__ if inspect.isfunction(function) else ""

    aliases = sorted(n for n, f in vars(optax).items() if home(f) == "optax._src.alias")
    contributed = sorted(
        n
        for n, f in vars(optax.contrib).items()
        if home(f).startswith("optax.contrib.") and not n.startswith(BUILDING_BLOCKS)
    )
    return (*aliases, *contributed)


@dataclass(frozen=True)
class Element:
    """One number of the state of an optimizer.

    Parameters
    ----------
    leaf
        The number of its array among the leaves of the state.
    index
        Its index in that array.
    name
        The library's name of the array, numbered where the array is of several numbers to a weight.
    weight
        The weight that it belongs to, counted from zero; None if it is shared.
    symbol
        Its symbol while code is read.
    """

    leaf: int
    index: tuple[int, ...]
    name: str
    weight: int | None
    symbol: Symbol


@dataclass
class Reading:
    """The nodes of a traced optimizer: for each element of the state its start and its new value."""

    call: Call
    elements: list[Element]
    start: dict[Symbol, Node]
    new: dict[Symbol, Node]
    weights: tuple[Symbol, ...]
    interpreter: Interpreter
    origins: dict[Node, str]
    notes: list[str] = field(default_factory=list)


def read(call: Call, shape: tuple[int, ...] = (2,)) -> Reading:
    """Trace a call for weights in an array of this shape, and read the jaxprs as nodes."""
    import jax
    import jax.numpy as jnp

    size = int(numpy.prod(shape))
    weights, gradients, loss = coordinates(size)
    values = {str(k): call.number(s) for k, s in enumerate(call.symbols)}

    def by_symbol(numbered: Mapping[str, Any]) -> Values:
        return {s: numbered[str(k)] for k, s in enumerate(call.symbols)}

    def init(numbered: Mapping[str, Any], x: Any) -> Any:
        return call.transformation(by_symbol(numbered)).init(x)

    def update(numbered: Mapping[str, Any], g: Any, state: Any, x: Any, value: Any) -> Any:
        return call.step(by_symbol(numbered), g, state, x, value)

    x, scalar = jnp.ones(shape), jnp.ones(())
    try:
        opening, state = jax.make_jaxpr(init, return_shape=True)(values, x)
        step = jax.make_jaxpr(update)(values, x, state, x, scalar)
    except Exception as error:
        if isinstance(error, (*_branching(), LiftError)):
            raise
        if call.takes_loss and "unexpected keyword argument 'value'" in str(error):
            return read(replace(call, takes_loss=False), shape)
        raise LiftError(f"{call.name} cannot be lifted: {error}{_where(error)}") from error
    elements = _elements(state, jax.eval_shape(init, values, jnp.ones([n + 1 for n in shape])), shape)
    interpreter = Interpreter(call.name)

    def nodes(items: Sequence[Any], shape: tuple[int, ...]) -> numpy.ndarray:
        array = numpy.empty(shape, dtype=object)
        for index, item in zip(numpy.ndindex(shape), items, strict=True):
            array[index] = leaf(item)
        return array

    given = [array_of(call.fixed[s]) if s in call.fixed else nodes([s], ()) for s in call.symbols]
    given = [given[int(k)] for k in sorted(values)]
    point, slope = nodes(weights, shape), nodes(gradients, shape)
    held = [numpy.empty(a.shape, dtype=object) for a in jax.tree.leaves(state)]
    for element, array in ((e, held[e.leaf]) for e in elements):
        array[element.index] = leaf(element.symbol)
        if jax.tree.leaves(state)[element.leaf].dtype == bool:
            array[element.index] = make("ne", array[element.index], 0)
    with recording() as origins:
        begun = interpreter.run(opening.jaxpr, opening.consts, [*given, point])
        found = interpreter.run(step.jaxpr, step.consts, [*given, slope, *held, point, nodes([loss], ())])
    new: dict[Symbol, Node] = dict(zip(weights, found[0].flat, strict=True))
    start = {e.symbol: number_of(begun[e.leaf][e.index]) for e in elements}
    new.update({e.symbol: number_of(found[1 + e.leaf][e.index]) for e in elements})
    return Reading(call, elements, start, new, weights, interpreter, origins)


def _branching() -> tuple[type[Exception], ...]:
    """Return the errors of jax where Python asks for the value of what is traced."""
    import jax

    return (jax.errors.JAXTypeError, jax.errors.JAXIndexError)


def _where(error: BaseException) -> str:
    """Return the last line of optax or of the user's code in the traceback of an error."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "/jax/" not in f.filename]
    return f" ({short_path(frames[-1].filename)}:{frames[-1].lineno})" if frames else ""


def _elements(state: Any, larger: Any, shape: tuple[int, ...]) -> list[Element]:
    """Return the elements of a state; axes that grow with those of the weights count the weights."""
    import jax

    found = []
    pairs = zip(jax.tree_util.tree_flatten_with_path(state)[0], jax.tree.leaves(larger), strict=True)
    for k, ((path, array), other) in enumerate(pairs):
        name = next((str(p.name) for p in reversed(path) if hasattr(p, "name")), "")
        name = name or next((str(p.key) for p in reversed(path) if hasattr(p, "key")), "state")
        growing = [d for d, (a, b) in enumerate(zip(array.shape, other.shape, strict=True)) if a != b]
        for index in numpy.ndindex(array.shape):
            own = tuple(index[d] for d in growing)
            weight = int(numpy.ravel_multi_index(own, shape)) if len(own) == len(shape) else None
            others = [str(i + 1) for d, i in enumerate(index) if d not in growing]
            symbol = Symbol(f"{name}[{k}]{list(index)}", real=True)
            found.append(Element(k, index, "_".join([name, *others]), weight, symbol))
    return found


def simplify(reading: Reading) -> None:
    """Decide comparisons with the largest numbers; leave out states that are constant, copied or not read."""
    known: dict[Node, bool] = {}
    for node in ordered([*reading.new.values()]):
        if node.op in ("lt", "le"):
            for side, other, holds in (
                *((node.args[1], node.args[0], True),),
                (node.args[0], node.args[1], False),
            ):
                if isinstance(side.value, Fraction) and side.value >= LARGEST_COUNT:
                    known[node] = holds
                    reading.notes.append(f"{_named(reading, other)} stays below {float(side.value):.10g}")
    reading.new = {s: resolve(node, known) for s, node in reading.new.items()}
    _unwind_counters(reading)
    while _leave_out(reading):
        pass


def _unwind_counters(reading: Reading) -> None:
    """Write counters modulo n by cases: back to 0 after n - 1, by induction from their start."""
    for state, start in list(reading.start.items()):
        following = make("add", 1, leaf(state))
        for node in ordered([reading.new[state]]):
            begins = isinstance(start.value, Fraction) and start.value.denominator == 1
            if (
                node.op != "rem"
                or node.args[0] is not following
                or node.args[1].op != "constant"
                or not begins
            ):
                continue
            last = make("sub", node.args[1], 1)
            cases = make("select", make("eq", leaf(state), last), 0, following)
            # Within 0 ... n - 1 it is these cases, which stay there.
            known = {make("lt", following, 0): False, make("le", 0, following): True}
            counted = resolve(substitute(reading.new[state], {node: cases}), known)
            if counted is cases and start.value >= 0 and make("le", start, last).value is True:  # type: ignore[operator]
                reading.new = {
                    s: resolve(substitute(n, {node: cases}), known) for s, n in reading.new.items()
                }


def _named(reading: Reading, node: Node) -> str:
    names = [e.name for e in reading.elements if leaf(e.symbol) in leaves(node)]
    return ", ".join(dict.fromkeys(names)) or "a number"


def _leave_out(reading: Reading) -> bool:
    """Replace constant states by their values, and one of two equal states by the other, if there are any."""
    replaced: dict[Node, Node] = {}
    own = {leaf(w) for w in reading.weights}
    states = [e.symbol for e in reading.elements if e.symbol in reading.start]
    for s in states:
        fixed = reading.new[s] in (leaf(s), reading.start[s])
        if fixed and not any(n in own or n.value in reading.start for n in leaves(reading.start[s])):
            replaced[leaf(s)] = reading.start[s]
    if not replaced:
        for a, b in combinations(states, 2):
            alike = reading.start[a] is reading.start[b]
            if alike and substitute(reading.new[b], {leaf(b): leaf(a)}) is substitute(
                reading.new[a], {leaf(b): leaf(a)}
            ):
                replaced[leaf(b)] = leaf(a)
                break
    for node in replaced:
        del reading.start[node.value], reading.new[node.value]
    reading.new = {s: resolve(substitute(node, replaced)) for s, node in reading.new.items()}
    return bool(replaced)


def reached(reading: Reading, first: Symbol) -> list[Node]:
    """Return the leaves that the run of a weight depends on: what its law reads, and what the states read."""
    found: dict[Node, None] = {}
    waiting = [leaf(first)]
    while waiting:
        node = waiting.pop()
        if node not in found:
            found[node] = None
            laws = [table[node.value] for table in (reading.new, reading.start) if node.value in table]
            waiting.extend(leaves(*laws))
    return list(found)


def _belongs_to_other(reading: Reading, node: Node) -> bool:
    """Whether a leaf belongs to another weight than the first."""
    value = node.value
    if isinstance(value, partial):
        return bool(value.args[0] != 1)
    weight = {e.symbol: e.weight for e in reading.elements}.get(value)
    return value in reading.weights[1:] or bool(weight)


def lift_optax(thing: Any, hyperparameters: Mapping[str, Any] | None = None) -> Lifted:
    """Return the rule of an optax factory or transformation, compared with the running code.

    Parameters
    ----------
    thing
        A factory such as `optax.adam`, or what one returned.
    hyperparameters
        Values by name: a number replaces the symbol, a SymPy symbol is that symbol, and anything
        else is given to the factory as it is.

    Raises
    ------
    LiftError
        With the primitive or the line of which no rule can be read.
    """
    import jax

    with jax.enable_x64(True), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reading = _read_with_symbols(call_of(thing, hyperparameters or {}))
        with recording(reading.origins) as reading.origins:
            simplify(reading)
        return _lifted(reading)


def _read_with_symbols(call: Call) -> Reading:
    """Trace with all symbols that can be; those on which Python branches keep their values."""
    try:
        return read(call)
    except _branching() as error:
        problem = error
    for symbol in call.symbols:
        try:
            read(call.keeping(s for s in call.symbols if s is not symbol))
        except _branching():
            call = call.keeping([symbol])
    try:
        return read(call)
    except _branching():
        reason = str(problem).split("\n", maxsplit=1)[0]
        raise LiftError(
            f"{call.name} cannot be lifted: it branches in Python on a gradient, a weight or a state, "
            f"which has no value while it is traced{_where(problem)}; write jnp.where instead ({reason})"
        ) from problem


def _lifted(reading: Reading) -> Lifted:
    call, interpreter = reading.call, reading.interpreter
    run = reached(reading, reading.weights[0])
    mixing = any(_belongs_to_other(reading, node) for node in run)
    number = len(reading.weights) if mixing else 1
    with recording(reading.origins) as origins:
        laws, shown = _laws(reading, number)
    precisions = interpreter.dtypes - {"float64"}
    shapes = (*_matrix_notes(call, laws), *(() if mixing else _array_notes(call)))
    notes = dict.fromkeys((*call.notes, *reading.notes, *interpreter.assumed, *shapes))
    result = lifted(
        laws,
        name=call.name,
        typical={s: v for s, v in call.typical.items() if any(leaf(s) in leaves(w.new) for w in laws)},
        assumes=[Hypothesis(note) for note in notes],
        mixes=tuple(interpreter.combines) if mixing else (),
        origins=origins,
    )
    live = _Live(call, shown, [law.symbol for law in laws if law.start is None])
    precision = min(precisions, default="float64", key=_coarseness)
    return checked(result, live, precision=precision, weights=live.weights, whole=call.whole)


def _laws(reading: Reading, number: int) -> tuple[list[StateLaw], dict[Element, Symbol]]:
    """Return the laws of the first weights and of the states that they depend on, with the names of these."""
    names, mixing = deepcopy(reading.call.names), number > 1
    weights, gradients, loss = coordinates(number)
    old_weights, old_gradients, old_loss = coordinates(len(reading.weights))
    old = (*old_weights[:number], *old_gradients[:number], old_loss)
    renamed = {leaf(a): leaf(b) for a, b in zip(old, (*weights, *gradients, loss), strict=True)}
    needed = {n for w in old_weights[:number] for n in reached(reading, w)}
    shown: dict[Element, Symbol] = {}
    for element in reading.elements:
        if leaf(element.symbol) in needed and element.symbol in reading.new:
            numbered = f"_{element.weight + 1}" if mixing and element.weight is not None else ""
            shown[element] = names.symbol(element.name + numbered, state=True)
            renamed[leaf(element.symbol)] = leaf(shown[element])

    def law(symbol: Symbol, read: Symbol) -> StateLaw:
        start = reading.start.get(read)
        return StateLaw(
            symbol,
            substitute(reading.new[read], renamed),
            None if start is None else substitute(start, renamed),
        )

    laws = [law(symbol, element.symbol) for element, symbol in shown.items()]
    return [*laws, *(law(w, read) for w, read in zip(weights, old_weights, strict=False))], shown


def _matrix_notes(call: Call, laws: list[StateLaw]) -> Iterator[str]:
    """Say where a matrix of weights is updated by another law than a vector."""
    import jax
    import jax.numpy as jnp

    values = {s: call.number(s) for s in call.symbols}
    small, large = (
        jax.tree.leaves(jax.eval_shape(lambda x: call.transformation(values).init(x), jnp.ones((n, n))))
        for n in (2, 256)
    )
    if [a.shape for a in large if a.shape != (256, 256)] != [a.shape for a in small if a.shape != (2, 2)]:
        yield "this is the law of weights in a vector; a large matrix has states of other shapes"
    if len([law for law in laws if law.start is None]) > 1:
        return
    try:
        reading = read(call, (2, 2))
        simplify(reading)
        same = not any(_belongs_to_other(reading, n) for n in reached(reading, reading.weights[0]))
        same = same and {_parts_of(law) for law in _laws(reading, 1)[0]} == {_parts_of(law) for law in laws}
    except LiftError as error:
        yield f"this is the law of weights in a vector; that of a matrix is another: {error}"
    else:
        if not same:
            yield "this is the law of weights in a vector; that of a matrix is another"


def _array_notes(call: Call) -> Iterator[str]:
    """Say where arrays are told apart by size, name or index: equal weights part under equal gradients."""
    import jax
    import jax.numpy as jnp
    import numpy

    sizes = {"kernel": 1500, "bias": 8, "scale": 2}
    transformation = call.transformation({s: call.number(s) for s in call.symbols})
    params = {name: jnp.full(size, 0.7) for name, size in sizes.items()}
    try:
        state = transformation.init(params)
        for g in (0.3, -1.2):
            gradients = {name: jnp.full(size, g) for name, size in sizes.items()}
            updates, state = transformation.update(gradients, state, params)
            params = jax.tree.map(jnp.add, params, updates)
    except Exception:  # it asks for more than gradients, or takes no dictionary: nothing is known then
        return
    values = numpy.concatenate([numpy.asarray(a, float) for a in params.values()])
    if not numpy.allclose(values, values[0], rtol=1e-6, equal_nan=True):
        yield "this is the law of two weights in a vector; others are told apart by size, name or index"


def _parts_of(law: StateLaw) -> tuple[Symbol, Node, Node | None]:
    """Return what makes two laws the same; nodes are compared by identity."""
    return law.symbol, law.new, law.start


def _coarseness(dtype: str) -> int:
    return {"float32": 2, "float64": 3}.get(dtype, 1)


class _Live:
    """Runs a transformation on an array of two weights."""

    def __init__(self, call: Call, shown: Mapping[Element, Symbol], weights: Sequence[Symbol]) -> None:
        import jax

        self.call, self.shown, self.weights = call, shown, weights
        self.compared = False

        def step(values: Sequence[Any], g: Any, state: Any, x: Any, value: Any) -> Any:
            return call.step(dict(zip(call.symbols, values, strict=True)), g, state, x, value)

        self.step = jax.jit(step)

    def __call__(
        self,
        values: Mapping[Symbol, float],
        gradients: Sequence[Sequence[float]],
        losses: Sequence[float],
        start: Sequence[float],
    ) -> list[dict[Symbol, float]]:
        import jax
        import jax.numpy as jnp

        # One weight is run beside another of its own, which must not matter to it.
        alone = len(self.weights) == 1
        other = [[g[0], other[0]] for g, other in zip(gradients, reversed(gradients), strict=True)]
        gradients = other if alone else gradients
        numbers = [self.call.number(s, values.get(s)) for s in self.call.symbols]
        x = jnp.asarray([*start, 1.25] if alone else start, dtype="float64")
        named = dict(zip(self.call.symbols, numbers, strict=True))
        built = self.call.transformation(named)
        state, found = built.init(x), list[dict[Symbol, float]]()
        uncompiled, kept = x, state
        for g, value in zip(gradients, losses, strict=True):
            x, state = self.step(numbers, jnp.asarray(g, dtype="float64"), state, x, jnp.asarray(value))
            arrays = [numpy.asarray(a) for a in jax.tree.leaves(state)]
            held = {symbol: float(arrays[e.leaf][e.index]) for e, symbol in self.shown.items()}
            found.append({**held, **dict(zip(self.weights, map(float, x), strict=False))})
            if len(found) > 3 or self.compared:
                continue
            # What Python keeps beside the state is fixed in a compiled step, and changes in others.
            array = jnp.asarray(g, dtype="float64")
            uncompiled, kept = self.call.step(named, array, kept, uncompiled, jnp.asarray(value), built)
            if not numpy.allclose(uncompiled, x, rtol=1e-5, atol=1e-7, equal_nan=True):
                raise LiftError(
                    f"{self.call.name} cannot be lifted: step {len(found)} is another one when it is not "
                    "compiled; does it keep something in Python, beside its state?"
                )
        self.compared = True
        return found
