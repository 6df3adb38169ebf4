"""The judges of an audit: what is said of each formula of a text, from the formulas before it."""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sympy import Add, Derivative, Expr, Integer, Pow, Symbol, log
from sympy.core.function import AppliedUndef

from physsym.auditing.audits import Entry, Kind
from physsym.auditing.comparisons import (
    Comparison,
    clearly_differ,
    compared,
    compared_for_whole_numbers,
    where_it_fails,
)
from physsym.auditing.consequences import by_definitions, conditions, consequence, named_for_the_first_time
from physsym.auditing.evaluation import agree_at_a_point
from physsym.auditing.expansions import WithError, agreement, judge_error, with_error
from physsym.auditing.hinted import (
    Hinted,
    conditions_given,
    defined,
    hinted_judgements,
    refers,
    whole_numbers,
)
from physsym.auditing.hints import HintError
from physsym.auditing.implications import IMPLIES, judge_implications, judge_inequality
from physsym.auditing.judgements import Judgement, holding
from physsym.auditing.methods_of_text import method_of
from physsym.auditing.rules_of_text import BREAKDOWNS, RuleFinding, rules_of
from physsym.auditing.sheet import (
    EQUAL,
    Fact,
    ReadFormula,
    facts_of,
    formulas_of,
    in_scope,
    is_condition,
    is_name,
    is_sequence,
    links,
    names_in,
    places,
    read_formulas,
    special_values_of,
)
from physsym.auditing.solutions import descent_of, solution_of
from physsym.auditing.stated_values import Values, differing, values_beside
from physsym.auditing.texts import Formula, Text
from physsym.auditing.unknowns import in_unknowns, name_of
from physsym.auditing.unrolling import judge_unrolled
from physsym.auditing.update_lines import update_lines
from physsym.core.motion import is_time
from physsym.core.symbols import DOT, dot
from physsym.core.verdicts import Condition
from physsym.parsing.meanings import Chain, Meaning
from physsym.transform.forms import MAX_TERMS, terms_multiplied_out
from physsym.verify.budget import budget
from physsym.verify.conditions import implied

SECONDS = 60.0
"""The processor time of an audit of one text."""
_VERDICT = 0.5  # seconds of one comparison
_STRONG = re.compile(r"\b(re-?writ\w+|equivalent\w*|simplif\w+|in other words|that is)\b", re.IGNORECASE)
_FOLLOWS = re.compile(r"\b(hence|so|thus|therefore)\b[^.]*$", re.IGNORECASE)


@dataclass(frozen=True)
class Context:
    """What a formula is judged by.

    Parameters
    ----------
    formula
        The formula.
    facts
        The equations before it, in the order of the text.
    given
        The conditions that hints state.
    rule
        The published rule that it is a line of, or the mistake in it.
    read
        The formula with the hints in its notation.
    elsewhere
        What a hint of it may name besides: the equations behind it, and special values such as x = 2.
    text
        All formulas of the text.
    values
        The numbers that the prose beside it gives to letters.
    """

    formula: Formula
    facts: Sequence[Fact] = ()
    given: tuple[Condition, ...] = ()
    rule: RuleFinding | None = None
    read: ReadFormula | None = None
    elsewhere: Sequence[Fact] = ()
    text: Sequence[ReadFormula] = ()
    values: Values = field(default_factory=dict)

    @property
    def near(self) -> list[Fact]:
        """Return the facts under the same headings."""
        return [f for f in self.facts if f.formula.section == self.formula.section]

    def definitions(self, near: bool = False) -> list[Fact]:
        """Return the definitions before it, perhaps those under the same headings alone."""
        return [f for f in (self.near if near else self.facts) if f.defines and f.kind != "fails"]


def judged_formulas(path: str, formulas: Sequence[ReadFormula], seconds: float = SECONDS) -> Iterator[Entry]:
    """Yield what is said of formulas that were read, in their order.

    Parameters
    ----------
    path
        The file.
    formulas
        Its formulas with the ways to read them.
    seconds
        The processor time; what is left when it is used up is undecided.
    """
    end = time.process_time() + seconds
    rules = rules_of(formulas, end)
    facts: list[Fact] = []
    relying: dict[Formula, set[Formula]] = {}
    for place, read in enumerate(formulas):
        entry = Entry(path, read.formula, "unread", read.why or "not read")
        if any(h.keyword == "skip" for h in read.formula.hints):
            yield replace(entry, kind="skipped", says=_argument(read.formula, "skip"))
            continue
        if not read.meanings:
            yield entry
            continue
        if time.process_time() > end:
            yield replace(entry, kind="undecided", says="the time of the audit is used up")
            continue
        meanings = [with_hints(m, read.formula) for m in read.meanings]
        sides = [side for m in meanings for chain in m.chains for side in chain.sides]
        if any(terms_multiplied_out(side) > MAX_TERMS for side in sides):
            yield replace(
                entry, kind="undecided", says="a product in it has too many terms to be multiplied out"
            )
            continue
        try:
            named = any(map(refers, read.formula.hints))
            above = relying_on(read.formula, relying)
            context = Context(
                read.formula,
                tuple(facts if named or not above else (f for f in facts if f.formula not in above)),
                rule=rules.get(place),
                read=read,
                elsewhere=_facts_elsewhere(formulas, place) if named else (),
                text=formulas,
                values=values_beside(formulas, place),
            )
            one = agreed(_judgements(meanings, context))
            if named or place not in rules:  # the lines of a rule are one statement
                one = unless_circular(one, above)
                for used in one.uses:
                    relying.setdefault(used, set()).add(read.formula)
        except HintError:
            raise
        except BREAKDOWNS as error:
            one = Judgement("undecided", f"it could not be judged: {type(error).__name__}: {error}")
        yield replace(
            entry,
            kind=one.kind,
            says=without_commands(one.says),
            readings=tuple(dict.fromkeys(map(as_text, read.meanings))),
            details=tuple(map(without_commands, one.details)),
            uses=tuple(dict.fromkeys(f.line for f in one.uses)),
            verdict=one.verdict,
            expected=any(h.keyword == "expect" for h in read.formula.hints),
        )
        facts += facts_of(read.formula, meanings[0], facts, one.kind)


def _facts_elsewhere(formulas: Sequence[ReadFormula], place: int) -> tuple[Fact, ...]:
    """Return what formulas state that are not judged yet, and the special values of all others."""
    facts: list[Fact] = []
    for read in formulas[place + 1 :]:
        facts += facts_of(read.formula, read.meanings[0], facts, "undecided") if read.meanings else ()
    others = (read for other, read in enumerate(formulas) if other != place and read.meanings)
    return (*facts, *(f for read in others for f in special_values_of(read.formula, read.meanings[0])))


def relying_on(formula: Formula, relying: Mapping[Formula, Collection[Formula]]) -> set[Formula]:
    """Return the formulas that were judged by a formula, or by one that was, and so on."""
    found: set[Formula] = set()
    pending = [formula]
    while pending:
        new = set(relying.get(pending.pop(), ())) - found
        found |= new
        pending += new
    return found


def unless_circular(one: Judgement, relying: Collection[Formula]) -> Judgement:
    """Return a judgement, undecided where what it was judged by rests on the formula itself."""
    circular = [f for f in one.uses if f in relying]
    if one.kind not in ("holds", "conditional") or not circular:
        return one
    named = " and ".join(dict.fromkeys(f.place for f in circular))
    rest = "rest" if len(circular) > 1 else "rests"
    return Judgement("undecided", f"{named} {rest} on this line: let it follow from another one")


def with_hints(meaning: Meaning, formula: Formula) -> Meaning:
    """Return a meaning with the whole numbers that hints state, in one coordinate if they say so."""
    hints = (*formula.scoped, *formula.hints)
    one = any(h.keyword == "one" for h in formula.hints)
    names = whole_numbers(hints)
    symbols = {s for chain in meaning.chains for side in chain.sides for s in side.free_symbols}
    put = {s: Symbol(s.name, integer=True) for s in symbols if s.name in names}
    if not put:
        return replace(meaning, one_coordinate=meaning.one_coordinate or one)
    chains = tuple(replace(c, sides=tuple(side.xreplace(put) for side in c.sides)) for c in meaning.chains)
    return replace(meaning, chains=chains, one_coordinate=meaning.one_coordinate or one)


def _judgements(meanings: Sequence[Meaning], context: Context) -> list[Judgement]:
    """Return what is said of each way to read a formula."""
    formula, found = context.formula, list[Judgement]()
    hints = (*formula.scoped, *formula.hints)
    for meaning in meanings:
        sides = [side for chain in meaning.chains for side in chain.sides]
        given = conditions_given(hints, sides)
        stated = context.read.stated if context.read is not None else ()
        facts = (*context.facts, *defined(hints, formula, sides, stated))
        own = replace(context, facts=facts, given=given)
        what = Hinted(
            formula,
            meaning,
            facts,
            update_lines(meaning, formula.line),
            given,
            context.elsewhere,
            context.text,
            context.values,
        )
        with budget(_VERDICT):
            asked = hinted_judgements(what)
            asked += _false_links(meaning, own) if asked else ()
            found.append(together(asked, False) if asked else judge(meaning, own))
    return found


def _false_links(meaning: Meaning, context: Context) -> list[Judgement]:
    """Return what fails of the links behind the first, whatever a hint asks; up to an order none is exact."""
    if any(h.keyword == "order" for h in context.formula.hints):
        return []
    stated = (list(links(c)) for c in meaning.chains if not is_condition(c))
    behind = (judge_link(a, b, context) for pairs in stated for a, b, sign in pairs[1:] if sign in EQUAL)
    return [j for j in behind if j.kind == "fails"]


def _argument(formula: Formula, keyword: str) -> str:
    return next(h.argument for h in formula.hints if h.keyword == keyword)


def as_text(meaning: Meaning) -> str:
    """Return a meaning as plain text, with what was assumed."""
    chains = "; ".join(map(_chain_as_text, meaning.chains))
    assumed = [*meaning.assumed, *(["one coordinate"] if meaning.one_coordinate else [])]
    return without_commands(chains + (f"   ({', '.join(assumed)})" if assumed else ""))


_IN_A_FONT = re.compile(r"\\(?:math\w+|text\w*|rm|bf|boldsymbol|bm|operatorname\*?|vec)\s*\{([^{}]*)\}")


def without_commands(text: str) -> str:
    r"""Return a text without the commands of LaTeX that names of what is opaque have.

    >>> print(without_commands(r"\O(h**2) + \mathbf{r}_i \in \mathbb{R}"))
    O(h**2) + r_i in R
    """
    while (shorter := _IN_A_FONT.sub(r"\1", text)) != text:
        text = shorter
    return re.sub(r"\\([A-Za-z]+)(?=\d)", r"\\\1 ", re.sub(r"(?<=\w)\\", r" \\", text)).replace("\\", "")


def _chain_as_text(chain: Chain) -> str:
    parts = [str(chain.sides[0])]
    for relation, side in zip(chain.relations, chain.sides[1:], strict=True):
        parts += [relation, str(side)]
    return " ".join(parts)


_WEAKEST_FIRST: tuple[Kind, ...] = ("conditional", "recognised", "holds")


def agreed(found: Sequence[Judgement]) -> Judgement:
    """Return what is said of all ways to read a formula, undecided where they differ."""
    kinds = {j.kind for j in found}
    if len(kinds) == 1:
        return found[0]
    if kinds <= set(_WEAKEST_FIRST):
        return next(j for kind in _WEAKEST_FIRST for j in found if j.kind == kind)
    if kinds <= {"definition", "note", "undecided"}:
        return next(j for kind in ("undecided", "note", "definition") for j in found if j.kind == kind)
    said = "; ".join(dict.fromkeys(f"{j.kind}: {j.says}" for j in found))
    return Judgement("undecided", f"it can be read in {len(found)} ways, which differ: {said}")


def judge(meaning: Meaning, context: Context) -> Judgement:
    """Return what is said of one way to read a formula."""
    if context.rule is not None and context.rule.mistake is not None:
        return Judgement("fails", context.rule.says, context.rule.details, context.rule.uses)
    stated = [c for c in meaning.chains if c.relations and not is_condition(c)]
    if not stated:
        return Judgement("definition", "it states nothing")
    if (implications := judge_implications(stated, context.formula.text, context.given)) is not None:
        return implications
    found: list[Judgement] = []
    for number, chain in enumerate(stated):
        facts = (*context.facts, *_facts_beside(stated, number, context))
        judged_here = list(judge_chain(chain, replace(context, facts=facts)))
        follows = bool(judged_here) and all(j.kind in ("holds", "conditional") for j in judged_here)
        if (
            chain.words.startswith(IMPLIES)
            and follows
            and any(context.formula in j.uses for j in judged_here)
        ):
            # What a statement follows from is a premise, and claims nothing by itself.
            found = [j for j in found if j.kind not in ("undecided", "definition")]
        found += judged_here
    if len(stated) > 1 and all(is_sequence(c.sides[0]) for c in stated):
        # The rows of a rule are one statement: a row that repeats another line says nothing of the rule.
        claims = [j for j in found if j.kind == "definition"]
        repeats = any(u != context.formula for j in found for u in j.uses)
        wrong = any(j.kind in ("fails", "note") for j in found)
        found = claims if claims and repeats and not wrong else found
    if context.rule is not None and not any(j.kind == "fails" for j in found):
        kind: Kind = "conditional" if context.rule.condition else "recognised"
        return Judgement(kind, context.rule.says, uses=context.rule.uses, verdict=context.rule.verdict)
    return _where_defined(together(found, meaning.one_coordinate), meaning, context)


def _where_defined(judgement: Judgement, meaning: Meaning, context: Context) -> Judgement:
    """Return a judgement with the conditions of the text as written that its simplified sides do not show."""
    if judgement.kind not in ("holds", "conditional"):
        return judgement
    sides = [side for chain in meaning.chains for side in chain.sides]
    lost = [c for c in meaning.domain if not _shows(c, sides) and not implied(context.given, c)]
    if not lost:
        return judgement
    says = judgement.says or judgement.kind
    named = " and ".join(str(c) for c in lost)
    return replace(judgement, kind="conditional", says=f"{says}, if {named}")


def _shows(condition: Condition, sides: Sequence[Expr]) -> bool:
    """Return whether expressions have no value where a condition does not hold."""
    needed = condition.expression.free_symbols
    parts = [p for side in sides for p in side.atoms(Pow, log)]
    bases = [p.args[0] for p in parts if isinstance(p, log) or not (p.exp.is_Integer and p.exp > 0)]
    return any(needed <= base.free_symbols for base in bases)


def _facts_beside(stated: Sequence[Chain], number: int, context: Context) -> Iterator[Fact]:
    """Yield what other statements of the formula say: those before one, and the names that they define."""
    for other, chain in enumerate(stated):
        if other == number:
            continue
        for fact in facts_of(context.formula, Meaning((chain,)), context.facts, "undecided"):
            if other < number or (fact.defines and fact.left.is_Symbol):
                yield fact


_DIFFERS_IN_FIRST = "its first link does not hold everywhere: it may be a condition"
_AFTER_FIRST = "from its second side on; the first link may be a law or a condition"
_WORST_FIRST: tuple[Kind, ...] = (
    "fails",
    "note",
    "undecided",
    "conditional",
    "recognised",
    "holds",
    "definition",
)


def together(found: Sequence[Judgement], one_coordinate: bool) -> Judgement:
    """Return the judgement on all links of a formula: the worst one, with what it takes."""
    if not found:
        return Judgement("undecided", "it states nothing that can be compared")
    worst = min(found, key=lambda j: _WORST_FIRST.index(j.kind))
    if worst.kind in ("fails", "note", "undecided"):
        return worst
    same = [j for j in found if j.kind == worst.kind]
    uses = tuple(dict.fromkeys(u for j in found for u in j.uses))
    says = "; ".join(dict.fromkeys(j.says for j in same if j.says))
    if one_coordinate and worst.kind in ("holds", "conditional"):
        says = f"{says or worst.kind}, for one coordinate"
    return replace(worst, says=says, uses=uses)


def judge_chain(chain: Chain, context: Context) -> Iterator[Judgement]:
    """Yield what is said of the links of a chain; the first claims nothing by itself."""
    pairs = list(links(chain))
    first_is_open = False
    for place, (left, right, relation) in enumerate(pairs):
        if place == 0 and relation in (*EQUAL, "<-"):
            first = judge_equation(left, right, context)
            if len(pairs) > 1 and first.kind == "undecided":
                one, other = in_unknowns(left, right).expressions
                # Sides in the same letters that differ are no law: they are equal at some points at most.
                first_is_open = one.free_symbols != other.free_symbols or agree_at_a_point(one, other)
                first = replace(first, says=_DIFFERS_IN_FIRST)
            if len(pairs) == 1 or not (first_is_open or first.kind == "definition"):
                yield first
        elif relation in EQUAL:
            found = judge_link(left, right, context)
            if found.kind == "undecided":
                found = judge_unrolled(pairs[0][0], left, right, context.given) or found
            yield (
                _with(found, _AFTER_FIRST, found.uses)
                if first_is_open and found.kind in ("holds", "conditional")
                else found
            )
        elif relation in ("<=", ">=", "<", ">") and place > 0:
            yield judge_inequality(left, right, relation, context.given)
        elif relation != "~" or len(pairs) == 1:
            yield Judgement("undecided", f"the relation {relation} is not judged without a hint")


def judge_link(left: Expr, right: Expr, context: Context) -> Judgement:
    """Return what is said of a link after the first of a chain: a difference is an error."""
    found = compared(left, right, context.given)
    if found.holds:
        return holding(found)
    if (whole := _for_whole_numbers(left, right, context)) is not None:
        return whole
    if (total := _with_total_derivative(left, right)) is not None and compared(total, right).holds:
        return Judgement("holds", "the total derivative")
    if (by_context := _by_consequence(left, right, context)) is not None:
        return by_context
    if found.refuted:
        return _differing(found, (), context)
    for definitions in (context.definitions(near=True), named_for_the_first_time(context.near)):
        with_definitions = by_definitions(left, right, definitions)
        if with_definitions is not None and with_definitions[0].refuted and with_definitions[0].analytic:
            comparison, used = with_definitions
            than = f"with {places(used)} put in, the two sides differ"
            return _differing(comparison, formulas_of(used), context, than)
    return _open(found)


def _differing(found: Comparison, uses: tuple[Formula, ...], context: Context, than: str = "") -> Judgement:
    return differing(found, context.values, context.given, uses, than)


def _for_whole_numbers(left: Expr, right: Expr, context: Context) -> Judgement | None:
    """Return that two sides are equal if letters in them are whole numbers, None where this is not so."""
    found = compared_for_whole_numbers(left, right, context.given)
    if found is None or not found[0].holds:
        return None
    comparison, names = found
    needed = (*(f"{name} is a whole number" for name in names), *comparison.conditions)
    return Judgement("conditional", f"holds if {' and '.join(needed)}", verdict=comparison.verdict)


def _with_total_derivative(left: Expr, right: Expr) -> Expr | None:
    """Return the rate of a function of the time and of a motion by the chain rule, if its parts are there."""
    if not left.is_Symbol or not left.name.endswith(DOT):
        return None
    whole = {d.expr for d in right.atoms(Derivative) if isinstance(d.expr, AppliedUndef)}
    named = [a for a in whole if name_of(a) == left.name.removesuffix(DOT)]
    if len(named) != 1 or not all(a.is_Symbol for a in named[0].args):
        return None
    rates = ((a, Integer(1) if is_time(a) else dot(a)) for a in named[0].args)
    return Add(*(rate * Derivative(named[0], a) for a, rate in rates))


def _with(judgement: Judgement, says: str, uses: tuple[Formula, ...]) -> Judgement:
    """Return a judgement with the lines that it uses."""
    return replace(judgement, says=", ".join(p for p in (judgement.says, says) if p), uses=uses)


def _open(found: Comparison) -> Judgement:
    """Return that two sides were not shown to be equal, nor to be an error."""
    if found.somewhere:
        region = next(
            (e.split("they agree ")[1] for e in found.verdict.evidence if "they agree where" in e), ""
        )
        return Judgement(
            "note", f"holds in a region only{f': {region}' if region else ''}", (found.verdict.witness,),
            verdict=found.verdict,
        )  # fmt: skip
    why = "it takes more than this line says: write `from` and a line, or `given` and a condition"
    return Judgement("undecided", why, verdict=found.verdict)


def _by_consequence(left: Expr, right: Expr, context: Context) -> Judgement | None:
    """Return that an equation follows from earlier ones, None where this is not found."""
    scope = [f for f in context.facts if in_scope(f, context.formula)]
    found = consequence(left, right, scope[-40:])
    if found is None:
        return None
    uses = formulas_of(found.facts)
    needed = [f for f in found.facts if not f.defines and f.kind not in ("holds", "definition")]
    named = list(dict.fromkeys(f.place for f in needed))
    ifs = [f"{' and '.join(named)} hold{'s' * (len(named) == 1)}"] if needed else []
    ifs += conditions(found, context.given)
    if ifs:
        return Judgement("conditional", f"holds if {' and '.join(ifs)}", (), uses, found.verdict)
    return Judgement("holds", f"by {places(found.facts)}", (), uses, found.verdict)


def judge_equation(left: Expr, right: Expr, context: Context) -> Judgement:
    """Return what is said of a single equation: it may be a law or a condition, and fails by a hint alone."""
    if (claim := with_error(left, right)) is not None:
        return _of_an_order(claim)
    if context.given or not (_is_new(left, right) or clearly_differ(left, right)):
        found = compared(left, right, context.given)
        if found.holds:
            return holding(found)
    if (whole := _for_whole_numbers(left, right, context)) is not None:
        return whole
    if (derived := _as_derivative(left, right, context)) is not None:
        return derived
    if (second := _as_second_value(left, right, context)) is not None:
        return second
    if (by_context := _by_consequence(left, right, context)) is not None:
        return by_context
    if (again := _as_rewritten(left, right, context)) is not None:
        return again
    scope = [f for f in context.facts if in_scope(f, context.formula)]
    if (method := method_of(left, right, scope)) is not None:
        return Judgement("recognised", str(method), uses=method.uses)
    if (solution := solution_of(left, right, scope) or descent_of(left, right, scope)) is not None:
        return solution
    if (order := agreement(left, right)) is not None:
        return Judgement("conditional", f"holds up to {order}, for smooth functions")
    if is_name(left) or is_sequence(left):
        return Judgement("definition")
    return Judgement("undecided", "a single equation: it may be a law or a condition")


def _is_new(left: Expr, right: Expr) -> bool:
    """Return whether a side is one unknown that the other side has not: they are equal by chance alone."""
    one, other = in_unknowns(left, right).expressions
    return (one.is_Symbol and one not in other.free_symbols) or (
        other.is_Symbol and other not in one.free_symbols
    )


def _as_rewritten(left: Expr, right: Expr, context: Context) -> Judgement | None:
    """Return that a line of a rule is an earlier one in other words, under whichever heading that stands."""
    if not is_sequence(left):
        return None
    for fact in reversed([f for f in context.facts if f.left == left and f.kind not in ("fails", "note")]):
        if fact.right == right or not agree_at_a_point(*in_unknowns(right, fact.right).expressions):
            continue
        if (found := compared(right, fact.right, context.given)).holds:
            return _with(holding(found), f"as {fact.place}", (fact.formula,))
    return None


def _of_an_order(claim: WithError) -> Judgement:
    """Return what is said of a claim with an error term: it fails by a hint alone."""
    verdict, names = judge_error(claim)
    if not verdict:
        return Judgement("undecided", "; ".join(verdict.evidence), verdict=verdict)
    if names:
        return Judgement("conditional", f"holds if {' and '.join(names)}", verdict.evidence, verdict=verdict)
    return Judgement("holds", verdict.evidence[0], verdict=verdict)


def _as_derivative(left: Expr, right: Expr, context: Context) -> Judgement | None:
    """Return what is said of the derivative of something that the text defines."""
    is_rate = left.is_Symbol and left.name.endswith(DOT)
    if not (
        is_rate or isinstance(left, Derivative) or (isinstance(left, AppliedUndef) and "∇" in str(left.func))
    ):
        return None
    own = names_in(left) | {str(left).rstrip(DOT)}
    # An earlier line for the same rate is another value of it, as two laws have, and no function to derive.
    scope = [f for f in context.definitions() if in_scope(f, context.formula) and f.left != left]
    if not any(names_in(f.left) & own for f in scope):
        return None
    found = by_definitions(left, right, scope)
    if found is None or any(found[0].sides.expressions[0].has(s) for s in left.atoms(AppliedUndef)):
        return None
    comparison, used = found
    uses = formulas_of(used)
    if comparison.holds:
        return _with(holding(comparison), f"the derivative of {used[0].place}", uses)
    if comparison.refuted and all(f in context.near for f in used):
        return _differing(comparison, uses, context, f"is not the derivative of {used[0].place}")
    return None


def _as_second_value(left: Expr, right: Expr, context: Context) -> Judgement | None:
    """Return what is said of a further value of what has one: a note, unless the text says it is the same."""
    if not is_name(left) or is_sequence(left):
        return None
    earlier = [
        f for f in context.facts if f.left == left and in_scope(f, context.formula) and f.kind != "fails"
    ]
    if not earlier:
        return None
    if (same := next((f for f in earlier if f.right == right), None)) is not None:
        return Judgement("definition", f"as {same.place}", uses=(same.formula,))
    fact = next((f for f in reversed(earlier) if f.defines), earlier[-1])
    comparison = compared(right, fact.right, context.given)
    if comparison.holds:
        return _with(holding(comparison), f"as {fact.place}", (fact.formula,))
    definitions = [f for f in context.near if f.defines and f.left != left]
    put = by_definitions(right, fact.right, definitions)
    if put is not None and put[0].holds:
        return _with(holding(put[0]), f"as {fact.place}", formulas_of((fact, *put[1])))
    if not comparison.refuted:
        return None
    if claims_equality(context.formula) and fact in context.near:
        return _differing(comparison, (fact.formula,), context, f"differs from {fact.place}")
    says = (
        f"another value than on {fact.place}; if it is meant to be the same write "
        f"`same as {fact.formula.position}`"
    )
    return Judgement("note", says, where_it_fails(comparison), (fact.formula,), comparison.verdict)


def claims_equality(formula: Formula) -> bool:
    """Return whether the sentence before a formula says that it is what was said before."""
    return bool(_STRONG.search(formula.before) or _FOLLOWS.search(formula.before))


def judged(text: Text, seconds: float = SECONDS) -> Iterator[Entry]:
    r"""Yield what is said of each formula of a text, in the order of the text.

    Parameters
    ----------
    text
        The formulas with their positions, as they were found in a file.
    seconds
        The processor time; what is left when it is used up is undecided.

    Yields
    ------
    Entry
        One for each formula.

    Raises
    ------
    HintError
        For a hint that cannot be carried out.

    Examples
    --------
    >>> formulas = (r"f(x) = x^2/2 + c x", r"f(x) = \frac{1}{2} (x + c)^2 - \frac{c^2}{2}", "f'(x) = x - c")
    >>> text = Text("notes.md", tuple(Formula(t, line) for line, t in enumerate(formulas, 1)))
    >>> for entry in judged(text):
    ...     print(entry.formula.line, entry.kind, entry.uses)
    1 definition ()
    2 holds (1,)
    3 fails (1,)
    """
    yield from judged_formulas(text.path, read_formulas(text), seconds)
