"""Claims: a sentence of a source, its formal meaning, a judge of it, and the one rule for its class."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from enum import Enum
from functools import cache, cached_property, partial
from textwrap import dedent, shorten
from traceback import extract_tb
from typing import TYPE_CHECKING, TypeAlias

from physsym.core.arguments import NamedArguments
from physsym.core.verdicts import Condition, Hypothesis, Outcome, Verdict, undecided

if TYPE_CHECKING:
    from sympy import Symbol

WIDTH = 100

Open: TypeAlias = "Symbol | Hypothesis"  # what a sentence leaves open: a constant, or a setting in words
_FRAGMENT = re.compile(r'"([^"]+)"')


class Quantifier(Enum):
    """How a sentence is quantified; the value is what is printed."""

    EVERY = "for every value in its domain"
    SOME = "for some value in its domain"
    LIMIT = "as a tendency, in a limit"


def classify(
    found: Verdict,
    quantifier: Quantifier = Quantifier.EVERY,
    leaves_open: Iterable[Open] = (),
    narrower: str = "",
) -> Verdict:
    """Return the class of a sentence; nothing else decides what a finding makes of it.

    A judge finds out what is true of the formal statement. It holds throughout its domain, it holds in a
    part of it (CONDITIONAL, with the conditions and a witness where it does not hold) or nowhere (FAILS). The
    class then follows from how the sentence is quantified:

    - For every value, or in a limit: what holds throughout holds. What holds in a part is conditional if
      every condition is about something that the sentence leaves open. Else it fails: the witness is a
      counterexample within the domain of the sentence, and the part in which it holds is the repair.
    - For some value: what holds in a part of the domain holds, by its example.
    - Conditions without a witness are enough, and it is not known whether they are needed, nor whether they
      can be met: this is conditional.
    - Where the judge is narrower than the sentence, a proof is one of the narrower statement only, so it is
      conditional. A counterexample or an example remains one; but that there is none among what was judged
      decides nothing for a sentence that only says that there is one.

    Approximate and undecidable findings are passed on.

    Parameters
    ----------
    found
        What the judge found.
    quantifier
        How the sentence is quantified.
    leaves_open
        What the sentence leaves open: constants, or settings in words.
    narrower
        In words, what the judge takes for granted and the sentence does not say.

    Returns
    -------
    Verdict
        The class, with the evidence of the finding.

    Examples
    --------
    >>> from physsym.vocabulary import eta, lam
    >>> short = Condition(2 - eta * lam, "> 0")
    >>> in_part = Verdict(Outcome.CONDITIONAL, ("it holds at eta = 1",), (short,), witness="not at eta = 3")
    >>> classify(in_part).outcome.value, classify(in_part, leaves_open=[eta]).outcome.value
    ('fails', 'conditional')
    >>> classify(in_part, Quantifier.SOME).outcome.value
    'holds'
    """
    limited = (Hypothesis(narrower),) if narrower else ()
    in_part = found.outcome is Outcome.CONDITIONAL and found.witness
    if quantifier is Quantifier.SOME:
        if found.outcome is Outcome.FAILS and limited:
            told = ("no example was found", *found.evidence, f"only judged: {narrower}")
            return undecided(*told, engines=found.engines)
        if not in_part:
            return found
        where = f"there is one, where {_listed(found.assumes)}"
        return replace(
            found, outcome=Outcome.HOLDS, evidence=(*found.evidence, where), assumes=(), witness=""
        )
    if in_part and not all(_is_open(a, leaves_open) for a in found.assumes):
        only = f"it holds only where {_listed(found.assumes)}"
        return replace(found, outcome=Outcome.FAILS, evidence=(*found.evidence, only), assumes=())
    if found.outcome in (Outcome.HOLDS, Outcome.CONDITIONAL) and limited:
        return replace(found, outcome=Outcome.CONDITIONAL, assumes=(*found.assumes, *limited))
    return found


def _is_open(assumed: Condition | Hypothesis, leaves_open: Iterable[Open]) -> bool:
    if isinstance(assumed, Hypothesis):
        return assumed in leaves_open
    return not assumed.expression.free_symbols.isdisjoint(leaves_open)


def _listed(assumed: Iterable[Condition | Hypothesis]) -> str:
    return " and ".join(f"`{a}`" if isinstance(a, Condition) else str(a) for a in assumed)


@dataclass(frozen=True)
class Claim(NamedArguments):
    """A sentence of a source, its formal meaning, and a function that decides it.

    `where` is its location in the source, `says` its words, `formal` its meaning in plain words; `judge`
    finds out anew in each call what is true of it, and `classify` makes the class of the sentence of that. A
    judge is best the `partial` of a function of the thing claimed: the same function then judges the
    corrected sentence, and a wrong one. `repair` says what is true instead, and `repair_judge` has to find
    that it holds. Formulas are written in backticks, in the language of `read`.

    Of `says`, what is in double quotation marks is quoted to the letter, one fragment or several; without
    such marks all of it is. What the source does not say in these words is the `reading`. How the sentence is
    meant is said by `quantifier`, by what it `leaves_open`, and by what the judge takes for granted beyond it
    (`narrower`).
    """

    id: str
    where: str
    says: str
    formal: str
    judge: Callable[[], Verdict]
    repair: str = ""
    repair_judge: Callable[[], Verdict] | None = None
    quantifier: Quantifier = Quantifier.EVERY
    leaves_open: tuple[Open, ...] = ()
    narrower: str = ""
    reading: str = ""

    @property
    def quotes(self) -> tuple[str, ...]:
        """The fragments of the source, word by word.

        >>> from physsym.core.verdicts import holds
        >>> Claim("C", "1", '"It is true" ... "and so on"', "it is so", holds).quotes
        ('It is true', 'and so on')
        """
        return tuple(_FRAGMENT.findall(self.says)) or (self.says,)

    @cached_property
    def identity(self) -> tuple[str, ...]:
        """All that is said in the claim, its judges as code."""
        said = (getattr(self, field.name) for field in fields(self) if "judge" not in field.name)
        return (*map(str, said), self.code)

    def __repr__(self) -> str:
        return f"Claim({self.id!r}, {shorten(' ... '.join(self.quotes), 60, placeholder='...')!r})"

    @cached_property
    def code(self) -> str:
        """The formalisation as code: the source of both judges, and the calls with all that is claimed.

        >>> from physsym.core.verdicts import holds
        >>> true = Claim("C", "1", "It is true.", "it is so", partial(holds, error=None))
        >>> print(true.code.splitlines()[-1])
        holds(error=None)
        """
        if self.repair_judge is None:
            return _code(self.judge)
        return f"{_code(self.judge)}\n\n# The repair:\n{_code(self.repair_judge)}"


@dataclass(frozen=True)
class JudgedClaim:
    """A claim with the class of its sentence, and the verdict on its repair if it has one."""

    claim: Claim
    verdict: Verdict
    repair: Verdict | None = None


def judge_claim(claim: Claim) -> JudgedClaim:
    """Judge a claim and its repair: `physsym check` and the documents both take the verdicts from here.

    A repair without a judge is UNCHECKED.

    Raises
    ------
    ValueError
        If a judge raises an exception, or returns something other than a verdict.

    Examples
    --------
    >>> from physsym.core.verdicts import fails, holds
    >>> print(judge_claim(Claim("C", "1", "It is true.", "it is so", holds)).verdict)
    holds
    >>> print(judge_claim(Claim("C", "1", "It is.", "so", fails, "It is not.")).repair)
    unchecked: the repair has no judge
    """
    found = _judged(claim.judge, f"the judge of claim {claim.id}")
    verdict = classify(found, claim.quantifier, claim.leaves_open, claim.narrower)
    if claim.repair_judge:
        return JudgedClaim(
            claim, verdict, _judged(claim.repair_judge, f"the judge of the repair of {claim.id}")
        )
    unchecked = Verdict(Outcome.UNCHECKED, ("the repair has no judge",))
    return JudgedClaim(claim, verdict, unchecked if claim.repair else None)


def _judged(judge: Callable[[], Verdict], name: str) -> Verdict:
    try:
        verdict = judge()
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        last = extract_tb(error.__traceback__)[-1]
        raise ValueError(
            f"{name} failed at {last.filename}, line {last.lineno}: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(verdict, Verdict):
        raise ValueError(  # noqa: TRY004 (the script is at fault, and the command line says so)
            f"{name} returned {verdict!r}; a Verdict was expected, such as "
            "holds(...), fails(...) or undecided(...) of physsym.core.verdicts return"
        )
    return verdict


def _code(judge: Callable[[], Verdict]) -> str:
    if not isinstance(judge, partial):
        return _source(judge)
    bound = inspect.signature(judge.func).bind_partial(*judge.args, **judge.keywords)
    given = [f"{name}={_as_argument(value)}" for name, value in bound.arguments.items()]
    return f"{_source(judge.func)}\n\n{_call(judge.func.__name__, given)}"


@cache  # one function judges many claims, and to find its source takes milliseconds
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
    if isinstance(value, (set, frozenset)):  # in an order that does not depend on the hash seed
        return f"{{{', '.join(sorted(map(_as_argument, value)))}}}"
    if isinstance(value, (tuple, list)):
        return f"({', '.join(map(_as_argument, value))}{',' * (len(value) == 1)})"
    return repr(value) if isinstance(value, str) else str(value)
