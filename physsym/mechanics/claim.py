"""Claims: a sentence of a source, its formal meaning, and a judge that decides it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from textwrap import dedent, shorten
from traceback import extract_tb

from physsym.core.verdicts import Verdict

WIDTH = 100


@dataclass(frozen=True)
class Claim:
    """A sentence of a source, its formal meaning, and a function that decides it.

    `where` is its location in the source, `says` its words, `formal` its meaning in plain words; `judge`
    computes the verdict anew in each call. A judge is best the `partial` of a function of the thing claimed:
    the same function then judges the corrected sentence, and a wrong one. `repair` says what is true instead.
    Formulas in `formal` and `repair` are written in backticks, in the language of `read`.
    """

    id: str
    where: str
    says: str
    formal: str
    judge: Callable[[], Verdict]
    repair: str = ""

    def __repr__(self) -> str:
        return f"Claim({self.id!r}, {shorten(self.says, 60, placeholder='...')!r})"

    @property
    def code(self) -> str:
        """The formalisation as code: the judge's source, and the call with all that is claimed.

        >>> from physsym.core.verdicts import holds
        >>> true = Claim("C", "1", "It is true.", "it is so", partial(holds, error=None))
        >>> print(true.code.splitlines()[-1])
        holds(error=None)
        """
        if not isinstance(self.judge, partial):
            return _source(self.judge)
        bound = inspect.signature(self.judge.func).bind_partial(*self.judge.args, **self.judge.keywords)
        given = [f"{name}={_as_argument(value)}" for name, value in bound.arguments.items()]
        return f"{_source(self.judge.func)}\n\n{_call(self.judge.func.__name__, given)}"


@dataclass(frozen=True)
class JudgedClaim:
    """A claim with the verdict of its judge."""

    claim: Claim
    verdict: Verdict


def judge_claim(claim: Claim) -> JudgedClaim:
    """Judge a claim: `physsym check` and the documents both take the verdict from here.

    Raises
    ------
    ValueError
        If the judge raises an exception, or returns something other than a verdict.

    Examples
    --------
    >>> from physsym.core.verdicts import holds
    >>> print(judge_claim(Claim("C", "1", "It is true.", "it is so", holds)).verdict)
    holds
    """
    try:
        verdict = claim.judge()
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        last = extract_tb(error.__traceback__)[-1]
        raise ValueError(
            f"the judge of claim {claim.id} failed at {last.filename}, line {last.lineno}: "
            f"{type(error).__name__}: {error}"
        ) from error
    if not isinstance(verdict, Verdict):
        raise ValueError(  # noqa: TRY004 (the script is at fault, and the command line says so)
            f"the judge of claim {claim.id} returned {verdict!r}; a Verdict was expected, such as "
            "holds(...), fails(...) or undecided(...) of physsym.core.verdicts return"
        )
    return JudgedClaim(claim, verdict)


def _source(function: Callable[..., Verdict]) -> str:
    try:
        return dedent(inspect.getsource(function)).rstrip()
    except (OSError, TypeError):
        return f"# the source of {_as_argument(function)} is not at hand"


def _call(name: str, given: list[str]) -> str:
    line = f"{name}({', '.join(given)})"
    return line if len(line) <= WIDTH else f"{name}(\n" + "".join(f"    {g},\n" for g in given) + ")"


def _as_argument(value: object) -> str:
    """Return a value as an argument in program text; functions by name, collections member by member."""
    if callable(value) and hasattr(value, "__name__"):
        return str(value.__name__)
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_as_argument(k)}: {_as_argument(v)}' for k, v in value.items())}}}"
    if isinstance(value, (tuple, list)):
        return f"({', '.join(map(_as_argument, value))}{',' * (len(value) == 1)})"
    return repr(value) if isinstance(value, str) else str(value)
