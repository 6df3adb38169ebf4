"""The processor time that one verdict may take: what cannot be decided within it is undecided, and says so.

One deadline is set for each verdict, that of the outermost one where verdicts are nested. Engines check it in
their loops. Time is that of the thread; time that another process took on its behalf is charged to it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial, wraps
from typing import ParamSpec, TypeVar

from physsym.core.arguments import named_arguments
from physsym.core.verdicts import Verdict, undecided

SECONDS = 4.0
"""The processor time of one verdict, in seconds, unless `budget` sets another one."""

P = ParamSpec("P")
T = TypeVar("T")
_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)
_end: ContextVar[float | None] = ContextVar("end", default=None)
_charged: ContextVar[float] = ContextVar("charged", default=0.0)
# Before this time of the wall clock the deadline cannot have passed: a thread takes no more time than that
# clock shows, which is much quicker to read.
_safe_until: ContextVar[float] = ContextVar("safe_until", default=0.0)
_allowed: ContextVar[float | None] = ContextVar("allowed", default=None)


class BudgetError(Exception):
    """The processor time of a verdict is used up; no engine catches it."""


@contextmanager
def budget(seconds: float) -> Iterator[None]:
    """Give each verdict that is asked for within the block this processor time.

    Parameters
    ----------
    seconds
        The processor time of one verdict; the default outside of any such block is `SECONDS`.

    Yields
    ------
    None

    Raises
    ------
    ValueError
        For a time that is not positive.

    Examples
    --------
    >>> from physsym import identical
    >>> from physsym.vocabulary import rho
    >>> with budget(20):
    ...     print(bool(identical((1 - rho) * (1 + rho), 1 - rho**2)))
    True
    """
    if not seconds > 0:
        raise ValueError(f"a verdict needs a positive time in seconds, given {seconds}")
    token = _allowed.set(float(seconds))
    try:
        yield
    finally:
        _allowed.reset(token)


def allowed() -> float:
    """Return the processor time of one verdict, in seconds: that of `budget`, or `SECONDS`."""
    return _allowed.get() or SECONDS


def budgeted(judge: Callable[P, Verdict]) -> Callable[P, Verdict]:
    """Return a judge that is undecided where its processor time is used up, with the reason."""
    judge = named_arguments(judge)

    @wraps(judge)
    def within(*args: P.args, **kwargs: P.kwargs) -> Verdict:
        verdict = within_time(partial(judge, *args, **kwargs))
        return (
            verdict
            if verdict is not None
            else undecided(
                f"it could not be decided within {allowed():g} s of processor time; give fewer or smaller "
                "expressions at once, or allow more: with physsym.verify.budget.budget(20): ..."
            )
        )

    return within


def within_time(find: Callable[[], T]) -> T | None:
    """Return what is found within the time of a verdict, None where that does not suffice.

    As a part of a verdict it shares the time of that verdict, and raises BudgetError where that is used up.
    """
    if _deadline.get() is not None:
        return find()
    try:
        with joint(allowed()):
            return find()
    except BudgetError:
        return None


@contextmanager
def joint(seconds: float) -> Iterator[None]:
    """Let all verdicts within the block share one processor time; raise BudgetError where it is used up."""
    with _until(_now() + seconds):
        yield


@contextmanager
def ending(seconds: float) -> Iterator[None]:
    """Let no verdict within the block go beyond this processor time, each of them within its own.

    Parameters
    ----------
    seconds
        The processor time of the block; a verdict that is asked for later is undecided at once.

    Yields
    ------
    None
    """
    end, outer = _now() + seconds, _end.get()
    token = _end.set(end if outer is None else min(end, outer))
    try:
        yield
    finally:
        _end.reset(token)


@contextmanager
def part(fraction: float) -> Iterator[None]:
    """Limit what is done within the block to a fraction of the time that is left, if there is a limit."""
    left = remaining()
    if left is None:
        yield
        return
    with _until(_now() + left * fraction):
        yield


def remaining() -> float | None:
    """Return the seconds that are left, None outside of any verdict; raise BudgetError where none are."""
    deadline = _deadline.get()
    if deadline is None:
        return None
    left = deadline - _now()
    if left <= 0:
        raise BudgetError
    return left


def charge(seconds: float) -> None:
    """Count time that another process took as spent."""
    _charged.set(_charged.get() + seconds)
    _safe_until.set(0.0)


def check_time(needed: float = 0.0) -> None:
    """Raise BudgetError where so many seconds are not left; engines call it in their loops."""
    deadline = _deadline.get()
    if deadline is None or time.perf_counter() + needed < _safe_until.get():
        return
    left = deadline - _now()
    if left <= needed:
        raise BudgetError
    _safe_until.set(time.perf_counter() + left)


@contextmanager
def _until(deadline: float) -> Iterator[None]:
    limits = (deadline, _deadline.get(), _end.get())
    token = _deadline.set(min(limit for limit in limits if limit is not None))
    _safe_until.set(0.0)
    try:
        yield
    finally:
        _deadline.reset(token)
        _safe_until.set(0.0)


def _now() -> float:
    return time.thread_time() + _charged.get()
