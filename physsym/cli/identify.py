"""`physsym identify`: the published rules that a rule is, or is nearest to, in a short list."""

from __future__ import annotations

from argparse import Namespace

from physsym.cli.columns import labelled
from physsym.cli.paths import lifted_named
from physsym.cli.same import rule_lines
from physsym.cli.terminal import echo, progress
from physsym.core.statements import Rule
from physsym.core.verdicts import Condition, Outcome
from physsym.optimizers.equivalence import Equivalence
from physsym.optimizers.known import known
from physsym.optimizers.relatives import identify

MOST = 6
"""The number of relatives that are told."""


def main(options: Namespace) -> int:
    """Print the relatives of a rule; return 0 where a published rule is the same for all values, else 1."""
    with progress(what="comparing with the published rules"):
        lifted = lifted_named(options.what)
        found = identify(lifted)
    echo(*labelled([("rule", rule_lines(lifted))]), "")
    shown = found if options.all else found[:MOST]
    echo(*labelled(row for k, relative in enumerate(shown) for row in _rows(relative, lifted.rule, k == 0)))
    if len(shown) < len(found):
        echo("", f"{len(found) - len(shown)} more are listed with --all.")
    if not found:
        echo("No published rule was found that is near.")
    return int(not (found and found[0].generic and found[0].first == lifted.rule))


def _rows(found: Equivalence, rule: Rule, first: bool) -> list[tuple[str, list[str]]]:
    """Return a relative as its kind with its name, and below it the map or the difference."""
    agree = found.verdict.outcome in (Outcome.HOLDS, Outcome.CONDITIONAL)
    forward = found.first == rule
    published = found.second if forward else found.first
    name = next((f"known:{n}" for n, k in known.items() if k.rule == published), "")
    title = found.titles[1 if forward else 0]
    title = f"{title} ({name})" if title != name and name else title
    if not agree:
        told = [title, *(e for e in found.verdict.evidence if e.startswith("new weights"))]
        return [("nearest" if first else "near", told)]
    kind = ("the same" if found.generic else "the same if") if forward else "more general than"
    equal = [str(c) for c in found.conditions if not isinstance(c, Condition) or c.relation == "= 0"]
    maps = [f"{s} = {e}" for s, e in (*found.parameters.items(), *found.states.items()) if s != e]
    told = [title]
    if equal and not found.generic:
        told.append(f"where {' and '.join(equal)}")
    if maps:
        told.append(f"with {', '.join(maps)}")
    if found.schedule == "constant":
        told.append("for a constant learning rate only")
    return [(kind, told)]
