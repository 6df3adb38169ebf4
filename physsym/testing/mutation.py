"""How many of a rule's mutants a test of it notices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from physsym.core.statements import Rule
from physsym.optimizers import as_lifted
from physsym.optimizers.equivalent_rules import equivalent
from physsym.testing.mutants import Mutant, mutants
from physsym.verify.equivalence import same_rule


@dataclass(frozen=True)
class MutationScore:
    """Which mutants of a rule a test kills.

    Parameters
    ----------
    rule
        The rule.
    killed
        The mutants on which the test fails.
    survived
        The mutants on which it passes though they are other rules.
    equal
        The mutants on which it passes rightly, being the same rule in effect.
    """

    rule: Rule
    killed: tuple[Mutant, ...]
    survived: tuple[Mutant, ...]
    equal: tuple[Mutant, ...] = ()

    @property
    def fraction(self) -> float:
        """Return the fraction of the mutants that are other rules which the test kills."""
        total = len(self.killed) + len(self.survived)
        return len(self.killed) / total if total else 1.0

    def __str__(self) -> str:
        total = len(self.killed) + len(self.survived)
        lines = [f"{len(self.killed)} of {total} mutants killed ({self.fraction:.1%})"]
        if self.equal:
            lines.append(f"{len(self.equal)} more are the same rule in effect")
        kinds = Counter(m.kind for m in (*self.killed, *self.survived))
        lost = Counter(m.kind for m in self.survived)
        lines += [f"  {kind}: {lost[kind]} of {kinds[kind]} survive" for kind in kinds if lost[kind]]
        return "\n".join([*lines, *(f"survived: {mutant}" for mutant in self.survived)])


def mutation_score(test: Callable[[Rule], object], rule: object) -> MutationScore:
    """Return which mutants of a rule a test notices.

    Parameters
    ----------
    test : callable
        A test of an implementation of the rule. It is called with a rule, that of the mutant, which it takes
        as the implementation: `ps.optimizer(rule, ...)`, `ps.adapters.optax(rule, ...)` or
        `ps.lambdify(rule)` run it. It raises an exception where it finds the implementation wrong.
    rule : Rule or anything that stands for one
        The right rule.

    Returns
    -------
    MutationScore

    Raises
    ------
    ValueError
        Where the test fails on the right rule, so that it cannot tell wrong ones.

    References
    ----------
    DeMillo, Lipton, Sayward, *Hints on test data selection: help for the practicing programmer*, 1978.

    Examples
    --------
    A test that only looks whether the weights get smaller lets wrong rules pass:

    >>> import physsym as ps
    >>> def gets_smaller(rule):
    ...     descent = ps.optimizer(rule, eta=0.1)
    ...     state = descent.step(descent.init(1.0), lambda x: 2 * x)
    ...     assert abs(state["x"]) < 1
    >>> print(mutation_score(gets_smaller, "x <- x - eta*grad(x)"))
    5 of 10 mutants killed (50.0%)
      term dropped: 1 of 2 survive
      parameter squared: 1 of 1 survive
      gradient changed: 3 of 3 survive
    survived: term dropped: x <- -eta*grad(x)
    survived: parameter squared: x <- x - eta**2*grad(x)
    survived: gradient changed: x <- x - eta*Abs(grad(x))
    survived: gradient changed: x <- x - eta*grad(x)**2
    survived: gradient changed: x <- x - 2*eta*grad(x)
    """
    right = as_lifted(rule).rule
    if (error := _failure(test, right)) is not None:
        raise ValueError(
            f"the test fails on the right rule, so it tells nothing about wrong ones: "
            f"{type(error).__name__}: {error}"
        ) from error
    killed, passed = list[Mutant](), list[Mutant]()
    for mutant in mutants(right):
        (passed if _failure(test, mutant.rule) is None else killed).append(mutant)
    equal = [m for m in passed if _same_in_effect(m.rule, right)]
    survived = tuple(m for m in passed if m not in equal)
    return MutationScore(right, tuple(killed), survived, tuple(equal))


def _failure(test: Callable[[Rule], object], rule: Rule) -> BaseException | None:
    """Return how a test fails: a crash of the implementation is noticed as well as a failed assertion."""
    try:
        test(rule)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # the exceptions of pytest.fail derive from BaseException alone
        return error
    return None


def _same_in_effect(mutant: Rule, right: Rule) -> bool:
    """Return whether a mutant is shown to give the same weights as the right rule at the same parameters."""
    if same_rule(mutant, right):
        return True
    found = equivalent(mutant, right)
    return bool(found) and found.schedule == "any" and all(s == e for s, e in found.parameters.items())
