"""Steps in place: arrays that a rule updates, bound to its compiled step."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NoReturn

from physsym.codegen import Program
from physsym.core.statements import Rule
from physsym.runtime.backends.base import Backend, InPlace, Value, constants
from physsym.runtime.parameters import is_schedule, is_spread, numbers_at
from physsym.runtime.start import refuse_out_of_range


@dataclass(eq=False)
class Bound:
    """Arrays that a rule updates in place, made by `Optimizer.bind`; parameters may change between steps.

    The gradient array is read at each step: before it, fill it with the gradient at
    `Optimizer.evaluation_point(state)`. The arrays are kept alive as long as this is. Steps of several
    threads follow one another. `done` is the number of steps taken, of which schedules are functions.
    After a step that Ctrl-C or an error has cut short, so that the arrays hold parts of two steps, no other
    is taken.
    """

    parameters: Mapping[str, Value]
    _rule: Rule = field(repr=False)
    _program: Program = field(repr=False)
    _backend: Backend = field(repr=False)
    _kernel: InPlace = field(repr=False)
    done: int = field(default=0, init=False)
    _varies: bool = field(default=False, init=False, repr=False)
    _is_guarded: bool = field(default=True, init=False, repr=False)
    _advance: Callable[[], None] = field(init=False, repr=False)
    _is_cut_short: bool = field(default=False, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def __post_init__(self) -> None:
        self._advance = self._kernel.step
        self._give(self.parameters)

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "bound arrays are memory of this process, which is neither copied nor pickled; "
            "copy or pickle the optimizer and the arrays, and bind them again"
        )

    def step(self, **changes: Value) -> None:
        """Take one step, in which no array is allocated.

        Parameters
        ----------
        **changes
            Parameters of the rule with new values, used from now on.

        Raises
        ------
        TypeError, ValueError
            As `set`.
        RuntimeError
            Where a step before was cut short.
        """
        if changes or self._is_guarded:
            with self._lock:
                if changes or self._varies:
                    self._give({**self.parameters, **changes})
                self._take()
            return
        try:
            self._advance()
        finally:  # Ctrl-C comes after the call
            self.done += 1

    def _take(self) -> None:
        if self._is_cut_short:
            raise RuntimeError(
                "the step before was cut short, and the arrays hold parts of two steps: fill them with a "
                "state that was kept, and bind them again"
            )
        try:
            self._is_cut_short = not self._kernel.is_one_call
            self._advance()
            self._is_cut_short = False
        finally:
            self.done += not self._is_cut_short

    def set(self, **changes: Value) -> None:
        """Change parameters from now on.

        Parameters
        ----------
        **changes
            Parameters of the rule with new values, numbers or schedules.

        Raises
        ------
        TypeError
            For an unknown parameter, and for one that has a value for each weight, before or now.
        ValueError
            For a value that is not finite, or at which the rule is not defined. Nothing is changed then.
        """
        with self._lock:
            self._give({**self.parameters, **changes})

    def _give(self, parameters: Mapping[str, Value]) -> None:
        """Hand the parameters of the next step to the kernel; nothing is changed where they are unfit."""
        for name, value in parameters.items():
            if value is not self.parameters.get(name) and (
                is_spread(value) or is_spread(self.parameters.get(name))
            ):
                raise TypeError(
                    f"{name} has a value for each weight, and is bound with the arrays: bind again"
                )
        numbers = numbers_at(parameters, self.done)
        constants(self._program, self._backend, numbers)  # raises where the rule is not defined
        refuse_out_of_range(self._rule, numbers)
        self._kernel.set(numbers)
        self._varies = any(map(is_schedule, parameters.values()))
        self._is_guarded = self._varies or not self._kernel.is_atomic  # a lock takes longer than a small step
        self.parameters = MappingProxyType(dict(parameters))
