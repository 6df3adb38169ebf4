"""What the rules of a script are compared with: values that load little, since derivations export them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sympy import Symbol

from physsym.core.statements import Rule
from physsym.core.verdicts import Verdict
from physsym.loading import DocumentPart


@dataclass(frozen=True)
class Comparison:
    """A comparison of a derived rule with an optimizer written by hand.

    Attributes
    ----------
    implementation
        The function as it was written; where the verdict holds, its source is shown, and typeset.
    arguments
        Which symbol of the rule each argument stands for, by name.
    verdict
        Whether both are the same map, on symbols.
    deviation
        Where they are, the largest difference between runs of both over `steps` steps, relative to the
        largest number met.
    """

    implementation: Callable[..., object]
    arguments: tuple[tuple[str, Symbol], ...]
    verdict: Verdict
    deviation: float | None = None
    steps: int = 0


@dataclass(frozen=True)
class Comparisons(DocumentPart):
    """What the rules of a script are compared with; a script that exports one has it beside every rule.

    `compare` is called with each rule that a derivation of the script ends with, when a document is computed,
    and returns the comparisons that apply to it, or none.

    >>> from physsym.core.verdicts import holds
    >>> def descend(w, grad, eta):
    ...     return (w - eta * grad(w),)
    >>> by_hand = Comparisons(lambda rule: (Comparison(descend, (), holds("the same by design"), 0.0),))
    >>> [c.implementation.__name__ for c in by_hand.compare(None)]
    ['descend']
    """

    shows_statements = False

    compare: Callable[[Rule], tuple[Comparison, ...]]
