"""The call of an optax factory: which hyperparameters are traced as symbols, and which keep their values.

Hyperparameters that Python itself branches on or that are no numbers (flags, None, counts, functions) keep
their values, and the notes say which. A number that the caller gives replaces its symbol.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, TypeAlias

import numpy
import sympy
from sympy import Symbol

from physsym.optimizers.lifting.law import Names

_WHOLE = ("<class 'int'>", "int", "typing.Optional[int]", "Optional[int]", "int | None")
"""Annotations of hyperparameters that are counts."""


def is_transformation(thing: object) -> bool:
    """Return whether a thing has the two functions of an optax transformation."""
    return isinstance(thing, tuple) and getattr(thing, "_fields", ())[:2] == ("init", "update")


Values: TypeAlias = Mapping[Symbol, Any]


@dataclass(frozen=True)
class Call:
    """A call of a factory, with hyperparameters that are symbols and others that keep their values.

    Parameters
    ----------
    name
        What is lifted, such as "optax:adam".
    arguments
        The arguments of the factory, given the values of the symbols.
    factory
        Returns a transformation.
    symbols
        The hyperparameters that are traced.
    typical
        The library's defaults of the symbols.
    fixed
        The numbers that replace symbols.
    names
        The names taken so far.
    notes
        What was decided about hyperparameters, in words.
    takes_loss
        Whether its update may be given the value of the loss.
    whole
        The symbols of whole numbers.
    """

    name: str
    factory: Callable[..., Any]
    arguments: Callable[[Values], Mapping[str, Any]] = lambda values: {}
    symbols: tuple[Symbol, ...] = ()
    typical: Mapping[Symbol, Any] = field(default_factory=dict)
    fixed: Mapping[Symbol, Any] = field(default_factory=dict)
    names: Names = field(default_factory=Names)
    notes: tuple[str, ...] = ()
    takes_loss: bool = True
    whole: frozenset[Symbol] = frozenset()

    def number(self, symbol: Symbol, value: Any = None) -> float:
        """Return a value as the factory takes it: an int for a count; the given or the usual one for None."""
        if value is None:
            value = self.fixed.get(symbol, self.typical.get(symbol, 0.1))
        return int(value) if symbol in self.whole else float(value)

    def step(
        self, values: Values, g: Any, state: Any, x: Any, loss: Any, built: Any = None
    ) -> tuple[Any, Any]:
        """Return the new weights and the new state, by a transformation that is built already or anew."""
        import optax

        extra = {"value": loss} if self.takes_loss else {}
        updates, new = (built or self.transformation(values)).update(g, state, x, **extra)
        return optax.apply_updates(x, updates), new

    def transformation(self, values: Values) -> Any:
        """Return the transformation for these values of the symbols."""
        import optax

        return optax.with_extra_args_support(self.factory(**self.arguments(values)))

    def keeping(self, symbols: Iterable[Symbol]) -> Call:
        """Return the call with some symbols replaced by their given or usual values."""
        values = {s: self.number(s) for s in symbols}
        said = ", ".join(f"{s} = {value!r}" for s, value in values.items())
        return replace(
            self,
            arguments=lambda others: self.arguments({**others, **values}),
            symbols=tuple(s for s in self.symbols if s not in values),
            typical={s: v for s, v in self.typical.items() if s not in values},
            fixed={s: v for s, v in self.fixed.items() if s not in values},
            notes=(*self.notes, f"read at {said}, on which the code branches") if values else self.notes,
        )


def call_of(thing: Any, given: Mapping[str, Any]) -> Call:
    """Return the call of a factory, its hyperparameters sorted by how they are treated."""
    if is_transformation(thing):
        if given:
            raise TypeError(
                f"a transformation that is already built takes no hyperparameters, given {', '.join(given)}; "
                "lift its factory, as in ps.lift(optax.adam, b1=0.9)"
            )
        built_by = getattr(thing.update, "__qualname__", "transformation").split(".")[0]
        return Call(f"optax:{built_by}", lambda: thing)
    parameters = inspect.signature(thing).parameters
    unknown = [n for n in given if n not in parameters]
    name = getattr(thing, "__name__", None) or _name_of_partial(thing)
    if unknown:
        raise TypeError(
            f"optax:{name} has no hyperparameter {', '.join(unknown)}; it has {', '.join(parameters)}"
        )
    sorting = _Sorting(f"optax:{name}", given)
    for parameter in parameters.values():
        if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            sorting.add(parameter)
    return sorting.call(thing)


def _name_of_partial(thing: Any) -> str:
    import optax

    return next((n for n, f in vars(optax).items() if f is thing), "partial")


def _is_number(value: object) -> bool:
    numbers = (int, float, Fraction, sympy.Number, numpy.number)
    return isinstance(value, numbers) and not isinstance(value, bool)


class _Sorting:
    """Hyperparameters, sorted into symbols and values that are kept."""

    def __init__(self, name: str, given: Mapping[str, Any]) -> None:
        """Begin with none; `given` are the caller's values."""
        self.name, self.given, self.names = name, given, Names()
        self.makers: dict[str, Callable[[Values], Any]] = {}
        self.typical: dict[Symbol, Any] = {}
        self.fixed: dict[Symbol, Any] = {}
        self.symbols: list[Symbol] = []
        self.whole: set[Symbol] = set()
        self.kept: list[str] = []
        self.notes: list[str] = []

    def add(self, parameter: inspect.Parameter) -> None:
        """Sort one hyperparameter."""
        name, annotation = parameter.name, str(parameter.annotation)
        missing = name not in self.given and parameter.default is parameter.empty
        value = self.given.get(name, parameter.default)
        if missing and "GradientTransformation" in annotation:
            self._add_inner(name)
        elif missing and annotation in _WHOLE:
            self._keep(name, 0)
        elif missing:
            self.makers[name] = self._traced(name)
        elif isinstance(value, Symbol):
            self.names.taken.add(value.name)
            self.symbols.append(value)
            self.makers[name] = lambda values: values[value]
        elif _is_number(value) and annotation not in _WHOLE:
            self.makers[name] = self._traced(name, value)
            if isinstance(parameter.default, int) and isinstance(value, int):
                self.whole.add(self.symbols[-1])
        elif isinstance(value, tuple) and any(isinstance(v, float) for v in value):
            parts = [
                self._traced(f"{name}_{k}", v, name in self.given) if _is_number(v) else (lambda _, v=v: v)
                for k, v in enumerate(value, 1)
            ]
            self.makers[name] = lambda values: tuple(part(values) for part in parts)
        elif callable(value) and not is_transformation(value) and "float" in annotation:
            self.notes.append(f"{name} is a schedule, whose value at each step is read as the symbol {name}")
            self.makers[name] = self._traced(name)
        else:
            self._keep(name, value)

    def _traced(self, name: str, value: Any = None, fixed: bool | None = None) -> Callable[[Values], Any]:
        # A wrapper and the inner optimizer that it is given for want of one share the learning rate.
        symbol = next((s for s in self.symbols if s.name == name), None) or self.names.symbol(name)
        if symbol not in self.symbols:
            self.symbols.append(symbol)
        if isinstance(value, sympy.Number):
            value = (
                Fraction(int(value.p), int(value.q)) if isinstance(value, sympy.Rational) else float(value)
            )
        if value is not None:
            (self.fixed if (name in self.given if fixed is None else fixed) else self.typical)[symbol] = value
        return lambda values: values[symbol]

    def _keep(self, name: str, value: Any) -> None:
        self.makers[name] = lambda _: value
        if value is None or isinstance(value, (bool, int, str)):
            self.kept.append(f"{name} = {value!r}")

    def _add_inner(self, name: str) -> None:
        """Take gradient descent for a missing inner optimizer, of steps of fixed length for an adversary."""
        import optax
        import optax.contrib

        adversary = name.startswith("adv")
        rate = self._traced("rho" if adversary else "learning_rate")
        if adversary:
            self.makers[name] = lambda v: optax.chain(optax.contrib.normalize(), optax.sgd(rate(v)))
            self.notes.append(f"{name} is a step of length rho along the gradient, since none is given")
        else:
            self.makers[name] = lambda v: optax.sgd(rate(v))
            self.notes.append(f"{name} is optax.sgd(learning_rate), since none is given")

    def call(self, factory: Callable[..., Any]) -> Call:
        """Return the call with what was sorted."""
        kept = [f"read at {', '.join(self.kept)}"] if self.kept else []
        return Call(
            self.name,
            factory,
            lambda values: {name: maker(values) for name, maker in self.makers.items()},
            tuple(self.symbols),
            self.typical,
            self.fixed,
            self.names,
            (*kept, *self.notes),
            whole=frozenset(self.whole),
        )
