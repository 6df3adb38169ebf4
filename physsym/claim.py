"""Claims: a sentence, what it says formally, and a judge that computes whether it is true."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from textwrap import dedent

from physsym.verdict import Verdict


@dataclass(frozen=True)
class Claim:
    """A sentence that somebody wrote, and how to decide it.

    `where` is the place it stands, `says` its words, `formal` its meaning in plain words, `judge` computes
    the verdict afresh each time it is called. A judge is best the `partial` of a function of what is claimed:
    the same function then judges the repaired sentence, or a spoiled one. `repair` says what is true instead.
    Formulas in `formal` and `repair` stand in backticks, in the language of `read`.
    """

    id: str
    where: str
    says: str
    formal: str
    judge: Callable[[], Verdict]
    repair: str = ""

    @property
    def code(self) -> str:
        """The formalisation as code: the judge's source, and the call with all that is claimed.

        >>> from physsym.verdict import holds
        >>> print(Claim("C", "1", "Two is two.", "`2` is `2`", partial(holds, "it is")).code.splitlines()[-1])
        holds('it is')
        """
        if not isinstance(self.judge, partial):
            return _source(self.judge)
        named = (f"{name}={_told(value)}" for name, value in self.judge.keywords.items())
        given = ", ".join([*map(_told, self.judge.args), *named])
        return f"{_source(self.judge.func)}\n\n{self.judge.func.__name__}({given})"


def _source(function: Callable[..., Verdict]) -> str:
    return dedent(inspect.getsource(function)).rstrip()


def _told(value: object) -> str:
    """Return a value as it may stand in a call; functions by name, collections member by member."""
    if callable(value) and hasattr(value, "__name__"):
        return str(value.__name__)
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_told(k)}: {_told(v)}' for k, v in value.items())}}}"
    if isinstance(value, (tuple, list)):
        return f"({', '.join(map(_told, value))}{',' * (len(value) == 1)})"
    return repr(value) if isinstance(value, str) else str(value)
