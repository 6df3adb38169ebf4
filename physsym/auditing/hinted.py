"""What hints of a text ask for: the lines that a formula follows from, the rule it is, the law of a step."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sympy import Derivative, Expr, Integer, Mul, Symbol, oo
from sympy.core.function import AppliedUndef

from physsym import integrators
from physsym.auditing.comparisons import Comparison, compared
from physsym.auditing.consequences import by_definitions, conditions, consequence, put_definition
from physsym.auditing.expansions import WithError, judge_error, with_error
from physsym.auditing.hints import dimensions_of, parts_of, refusal
from physsym.auditing.judgements import Judgement
from physsym.auditing.mistakes import mistakes
from physsym.auditing.recognition import recognised
from physsym.auditing.sheet import (
    EQUAL,
    Fact,
    ReadFormula,
    formulas_of,
    is_name,
    is_sequence,
    left_occurs,
    links,
    names_in,
    places,
)
from physsym.auditing.stated_values import Values, differing
from physsym.auditing.steps import (
    NoStepError,
    Step,
    forces,
    methods,
    step_of_lines,
    step_verdict,
    with_force,
)
from physsym.auditing.texts import Formula, Hint
from physsym.auditing.unknowns import is_operator, name_of
from physsym.auditing.update_lines import NoRuleError, UpdateLine, joined
from physsym.core.motion import is_time
from physsym.core.statements import Equation, Law, StatementError, one_step_map, symbols
from physsym.core.symbols import dot
from physsym.core.verdicts import Condition, Outcome, Verdict
from physsym.mechanics.moves import Limit
from physsym.optimizers.equivalent_rules import equivalent
from physsym.optimizers.known import known
from physsym.parsing.meanings import Meaning
from physsym.parsing.reader import read
from physsym.parsing.tokens import ReadError
from physsym.verify.conditions import conditions_of, consistent, vocabulary_of
from physsym.verify.dimensions import dimensions
from physsym.verify.registry import check
from physsym.vocabulary import Quantity, Vocabulary

_NAMED = 12  # formulas or labels that are listed where a hint names another one


@dataclass(frozen=True)
class Hinted:
    """A formula with its hints and what it is judged by.

    Parameters
    ----------
    formula
        The formula.
    meaning
        One way to read it.
    facts
        The equations before it.
    lines
        Its lines as updates, empty where it is no rule.
    given
        The conditions that hints state.
    elsewhere
        What a hint may name besides: the equations behind it, and special values such as x = 2.
    text
        All formulas of the text.
    values
        The numbers that the prose beside it gives to letters.
    """

    formula: Formula
    meaning: Meaning
    facts: Sequence[Fact]
    lines: tuple[UpdateLine, ...] = ()
    given: tuple[Condition, ...] = ()
    elsewhere: Sequence[Fact] = ()
    text: Sequence[ReadFormula] = ()
    values: Values = field(default_factory=dict)

    @property
    def stated(self) -> list[Fact]:
        """Return the definitions that hints of the formula state."""
        return [f for f in self.facts if f.defines and f.formula.text == self.formula.text]

    def equations(self) -> Iterator[tuple[Expr, Expr]]:
        """Yield the equations of the formula, link by link."""
        for chain in self.meaning.chains:
            for left, right, relation in links(chain):
                if relation in (*EQUAL, "<-", "~"):
                    yield left, right

    def differing(self, found: Comparison, facts: Sequence[Fact] = (), than: str = "") -> Judgement:
        """Return that two sides differ, which is a note at values that the prose states."""
        return differing(found, self.values, self.given, formulas_of(facts), than)

    def ends(self) -> Iterator[tuple[Expr, Expr]]:
        """Yield the first side of each chain of equations with the third one and those behind it."""
        for chain in self.meaning.chains:
            pairs = list(links(chain))
            if all(relation in EQUAL for _, _, relation in pairs):
                yield from ((pairs[0][0], right) for _, right, _ in pairs[1:])


def refers(hint: Hint) -> bool:
    """Return whether a hint names other formulas."""
    return hint.keyword in ("from", "same", "step", "limit")


def hinted_judgements(what: Hinted) -> list[Judgement]:
    """Return what the hints of a formula lead to, one for each that asks for a judgement."""
    found: list[Judgement] = []
    for hint in what.formula.hints:
        try:
            found += [_JUDGES[hint.keyword](hint, what)] if hint.keyword in _JUDGES else []
        except NoEquationError as doubt:
            found.append(Judgement("undecided", str(doubt)))
    return found


# ------------------------------------------------------------------ what hints refer to


class NoEquationError(ValueError):
    """A formula that a hint names, and of which no equation is known."""


def referred(hint: Hint, name: str, what: Hinted) -> list[Fact]:
    """Return the facts of the formula that a hint names by its label, its tag or its line.

    Raises HintError where there is no such formula, and NoEquationError where it states no equation.
    """
    name = name.strip().strip("()")
    if name == "nearest" and what.facts:
        return [f for f in what.facts if f.formula == what.facts[-1].formula]
    others = [read for read in what.text if read.formula != what.formula]
    named = _labelled(name, others, what) or [r for r in others if _is_at(name, r.formula)]
    if not named:
        raise refusal(hint, _nothing_named(name, others, what.formula))
    facts = [f for f in (*what.facts, *what.elsewhere) if any(f.formula == r.formula for r in named)]
    if not facts:
        unread = not any(read.meanings for read in named)
        why = "was not read" if unread else "states no equation that something follows from"
        raise NoEquationError(f"{places(named)}, which the hint names, {why}")
    return facts


def _labelled(name: str, others: Sequence[ReadFormula], what: Hinted) -> list[ReadFormula]:
    """Return the formula with a label or a tag, of several the last one before the formula of the hint."""
    found = [read for read in others if name and name in (read.formula.label, *read.formula.labels)]
    at = {read.formula: place for place, read in enumerate(what.text)}
    before = [read for read in found if at[read.formula] < at.get(what.formula, 0)]
    return before[-1:] or found[:1]


_PLACE = re.compile(r"(?:line\s+)?(\d+)|cell\s+(\d+)(?:,?\s+line\s+(\d+))?|(\d+):(\d+)")


def _is_at(name: str, formula: Formula) -> bool:
    """Return whether a formula stands where a name such as `12`, `cell 3 line 2` or `3:2` says."""
    place = _PLACE.fullmatch(name)
    if place is None:
        return False
    line, cell, row, colon_cell, colon_row = place.groups()
    if line:
        return not formula.cell and formula.is_on_line(int(line))
    row = row or colon_row
    return formula.cell == int(cell or colon_cell) and (not row or formula.is_on_line(int(row)))


def _nothing_named(name: str, others: Sequence[ReadFormula], own: Formula) -> str:
    """Return that a hint names no other formula, and what it may name."""
    if _PLACE.fullmatch(name):
        asked = tuple(map(int, re.findall(r"\d+", name)))
        at_all = [
            (r.formula.cell, r.formula.cell_line) if r.formula.cell else (r.formula.line,) for r in others
        ]
        near = sorted(set(at_all), key=lambda at: [abs(a - b) for a, b in zip(at, asked, strict=False)])
        listed = ", ".join(":".join(map(str, at)) for at in sorted(near[:_NAMED]))
        return f"no other formula is at {name}; there are formulas at {listed or 'no other line'}"
    if name in (own.label, *own.labels):
        return f"{name} is the formula itself; name another one"
    labels = list(dict.fromkeys(n for r in others for n in r.formula.labels))
    there = f"there are {', '.join(labels[:_NAMED])}" if labels else "no other formula has one; name a line"
    return f"no other formula has the label or the tag {name}; {there}"


def _other_names(text: str, symbols: Iterable[Symbol]) -> Iterator[Symbol]:
    """Yield a real symbol for each name of a text that no symbol has: it may occur in another formula."""
    names = {s.name for s in symbols}
    yield from (Symbol(n, real=True) for n in re.findall(r"[^\W\d]\w*", text) if n not in names)


def conditions_given(hints: Sequence[Hint], expressions: Sequence[Expr]) -> tuple[Condition, ...]:
    """Return the conditions that the hints `given` state, the whole numbers aside."""
    found: list[Condition] = []
    known_symbols = frozenset[Symbol]().union(*(e.free_symbols for e in expressions))
    for hint in (h for h in hints if h.keyword == "given"):
        for at, part in parts_of(hint.argument):
            if re.search(r"\bwhole\b", part):
                continue
            try:
                found += conditions_of(part, {*known_symbols, *_other_names(part, known_symbols)})
            except ReadError as error:
                where = ReadError(error.message, hint.argument, min(at + error.position, len(hint.argument)))
                raise refusal(hint, str(where)) from None
            verdict = consistent(tuple(dict.fromkeys(found)))
            if verdict.outcome is Outcome.FAILS:
                says = f"{verdict.evidence[0]}; from that anything would follow: take one of them back"
                raise refusal(hint, str(ReadError(says, hint.argument, at)))
    return tuple(dict.fromkeys(found))


def whole_numbers(hints: Sequence[Hint]) -> frozenset[str]:
    """Return the names that hints say to be whole numbers."""
    parts = [p for h in hints if h.keyword == "given" for p in h.argument.split(",")]
    return frozenset(
        w for p in parts if re.search(r"\bwhole\b", p) for w in re.sub(r"\bwhole\b", "", p).split()
    )


def defined(
    hints: Sequence[Hint],
    formula: Formula,
    expressions: Sequence[Expr],
    stated: Sequence[tuple[Hint, Meaning]] = (),
) -> Iterator[Fact]:
    """Yield the definitions that hints state; `stated` has those that are in the notation of the formula."""
    known_symbols = frozenset[Symbol]().union(*(e.free_symbols for e in expressions))
    in_notation = dict(stated)
    for hint in (h for h in hints if h.keyword == "define"):
        if hint in in_notation:
            left, right = _sides(hint, in_notation[hint])
        else:
            left, right = _read_sides(hint, known_symbols)
        if not (is_name(left) or is_sequence(left)):
            raise refusal(hint, f"{left} is no name that can be defined")
        if left_occurs(left, right):
            raise refusal(hint, f"{left} occurs on both sides; define it by other names")
        at = replace(formula, line=hint.line, cell=hint.cell, cell_line=hint.cell_line)
        yield Fact(left, right, at, True, "definition", names_in(left, right))


def _sides(hint: Hint, meaning: Meaning) -> tuple[Expr, Expr]:
    """Return both sides of a definition that was read in the notation of the text."""
    if len(meaning.chains) == 1 and meaning.chains[0].relations in (("=",), (":=",)):
        ((left, right, _),) = links(meaning.chains[0])
        return left, right
    raise refusal(hint, "a definition is an equation, such as `define eta = dt/gamma`")


def _read_sides(hint: Hint, known_symbols: frozenset[Symbol]) -> tuple[Expr, Expr]:
    """Return both sides of a definition in plain text."""
    try:
        found = read(hint.argument, vocabulary_of(known_symbols), unknown="real")
    except ReadError as error:
        raise refusal(hint, str(error)) from None
    if not isinstance(found, Equation):
        raise refusal(hint, "a definition is an equation, such as `define eta = dt/gamma`")
    # A symbol of the vocabulary is another one than that of its name in the text.
    foreign = (found.left.free_symbols | found.right.free_symbols) - known_symbols
    own = {s: Symbol(s.name, real=True) for s in foreign}
    return found.left.xreplace(own), found.right.xreplace(own)


# ------------------------------------------------------------------ from, same as


def _judge_from(hint: Hint, what: Hinted) -> Judgement:
    """Judge whether the equations of a formula follow from the formulas that a hint names."""
    names = [n for part in hint.argument.split(",") for n in part.split(" and ")]
    facts = [f for name in names for f in referred(hint, name, what)]
    return _following(facts, what, "does not follow from")


def _judge_same(hint: Hint, what: Hinted) -> Judgement:
    """Judge whether a formula is that which a hint names."""
    facts = referred(hint, hint.argument.removeprefix("as").strip(), what)
    return _following(facts, what, "differs from")


def _following(facts: Sequence[Fact], what: Hinted, differs: str) -> Judgement:
    definitions = [f for f in what.facts if f.defines and f not in facts and f.kind != "fails"]
    put = [f for f in (*definitions, *facts) if f.defines]
    named = places(facts)
    held, used, open_links = list[str](), list[Fact](facts), False
    for sides in what.equations():
        left, right = (_in_the_time(side, (*facts, *what.stated)) for side in sides)
        if (way := _way_to(left, right, facts, definitions, what.given)) is not None:
            held += way[0]
            used += [f for f in way[1] if f not in used]
        elif (difference := _refuting(left, right, facts, put, what.given)) is not None:
            return what.differing(difference, facts, f"{differs} {named}")
        else:
            open_links = True
    if open_links:
        for left, right in what.ends():
            if (difference := _refuting(left, right, facts, put, what.given)) is not None:
                return what.differing(difference, facts, f"{differs} {named}")
        return Judgement("undecided", f"it was not found how it follows from {named}", (), formulas_of(facts))
    uses = formulas_of(used)
    ifs = " and ".join(dict.fromkeys((f"{places(used)} hold{'s' * (len(uses) == 1)}", *held)))
    return Judgement("conditional", f"holds if {ifs}", (), uses)


def _in_the_time(expression: Expr, facts: Sequence[Fact]) -> Expr:
    """Return motions in a scaled time s as those in the time t, by facts as s = w*t: d/ds = dt/ds*d/dt."""
    put: dict[Expr, Expr] = {}
    for rate_in_scaled in expression.atoms(Derivative):
        motion, (scaled, *more) = rate_in_scaled.expr, rate_in_scaled.variables
        if not isinstance(motion, AppliedUndef) or motion.args != (scaled,) or {*more} - {scaled}:
            continue
        for fact in facts:
            times = [s for s in fact.right.free_symbols if is_time(s)]
            if fact.left.is_Symbol and is_time(fact.left) and scaled in fact.right.free_symbols:
                factor = fact.right.diff(scaled)
            elif fact.left == scaled and len(times) == 1:
                factor = 1 / fact.right.diff(times[0])
            else:
                continue
            if not factor.free_symbols & {scaled, fact.left, *times}:
                put[motion] = rate = Symbol(name_of(motion), real=True)
                for _ in (scaled, *more):
                    rate = dot(rate)
                put[rate_in_scaled] = rate * factor ** (1 + len(more))
    return expression.xreplace(put)


def _way_to(
    left: Expr, right: Expr, facts: Sequence[Fact], definitions: Sequence[Fact], given: tuple[Condition, ...]
) -> tuple[Sequence[str], Sequence[Fact]] | None:
    """Return what it takes that an equation holds, and the facts that it follows from."""
    if (own := compared(left, right, given)).holds:
        return own.conditions, ()
    found = consequence(left, right, facts) or consequence(left, right, [*definitions, *facts])
    named = {f.formula for f in facts}  # definitions may have been put into a fact
    if found is not None and any(f.formula in named for f in found.facts):
        return conditions(found), found.facts
    put_in = by_definitions(left, right, [f for f in facts if f.defines], given)
    if put_in is not None and put_in[0].holds:
        return put_in[0].conditions, put_in[1]
    slopes = list(_slopes_of_claim(left, right, facts))
    if slopes and all(slope.holds for slope in slopes):
        needed = [c for slope in slopes for c in slope.conditions]
        return (*needed, f"{left} is meant up to a constant"), ()
    return None


def _slopes_of_claim(left: Expr, right: Expr, facts: Sequence[Fact]) -> Iterator[Comparison]:
    """Yield the derivatives that facts give to a function beside those of what an equation says it is."""
    if not (isinstance(left, AppliedUndef) and len(left.args) == 1 and not left_occurs(left, right)):
        return
    (place,), slope = left.args, f"∇{name_of(left)}"
    for fact in facts:
        of_it = isinstance(fact.left, AppliedUndef) and name_of(fact.left) == slope
        derived = place.is_Symbol and fact.left == Derivative(left, place)
        if (of_it and fact.left.args == (place,)) or derived:
            claim = replace(fact, left=left, right=right, defines=True, names=names_in(left, right))
            put_in = by_definitions(fact.right, fact.left, [claim])
            if put_in is not None:
                yield put_in[0]


def _refuting(
    left: Expr, right: Expr, facts: Sequence[Fact], definitions: Sequence[Fact], given: tuple[Condition, ...]
) -> Comparison | None:
    """Return a comparison that shows that an equation contradicts a fact of the same unknowns."""
    for slope in _slopes_of_claim(left, right, facts):
        if _contradicts(slope, right):
            return slope
    own = [f for f in facts if f.defines]
    put_in = by_definitions(left, right, own, given)
    if put_in and len(own) == len(facts):
        function = isinstance(left, (AppliedUndef, Derivative))
        if _contradicts(put_in[0], right) if function else put_in[0].refuted and not _vague(put_in[0]):
            return put_in[0]
    for fact in facts:
        for one, other in _values_of_same(left, right, fact):
            for put in ((), definitions):
                pair = by_definitions(one, other, put) if put else None
                comparison = pair[0] if pair else compared(one, other, given)
                if comparison.refuted and not _vague(comparison):
                    return comparison
    return None


def _contradicts(found: Comparison, right: Expr) -> bool:
    """Return whether a value that follows is another one than is claimed, in names that all occur in it."""
    value, claimed = found.sides.expressions[:2]
    names = found.differs and claimed.free_symbols <= value.free_symbols and bool(right.free_symbols)
    return (found.refuted or names) and not _vague(found)


def _values_of_same(left: Expr, right: Expr, fact: Fact) -> Iterator[tuple[Expr, Expr]]:
    """Yield the values that a fact and an equation give to the same side, or to the same unknown."""
    if fact.left == left:
        yield fact.right, right
    if fact.right == right:
        yield fact.left, left
    target, residual = left - right, fact.left - fact.right
    applied = (AppliedUndef, Derivative)
    shared = (target.atoms(*applied) | target.free_symbols) & (
        residual.atoms(*applied) | residual.free_symbols
    )
    marked = sorted(
        shared, key=lambda a: (not isinstance(a, applied) and "'" not in str(a), -len(str(a)), str(a))
    )
    for unknown in marked[:3]:
        stand_in = Symbol("the unknown", real=True)
        values = []
        for equation in (residual, target):
            put = equation.xreplace({unknown: stand_in})
            slope = put.diff(stand_in)
            if slope == 0 or slope.has(stand_in):
                break
            values.append(-put.xreplace({stand_in: Integer(0)}) / slope)
        if len(values) == 2:
            yield values[0], values[1]


def _vague(comparison: Comparison) -> bool:
    return bool(comparison.sides.operators)


def _judge_identity(hint: Hint, what: Hinted) -> Judgement:
    """Judge whether sides are equal for all values, with what hints define."""
    held, named = list[str](), list[str]()
    for left, right in what.equations():
        put = by_definitions(left, right, what.stated, what.given)
        if put is None and is_name(left) and not left_occurs(left, right):
            named.append(str(left))
            continue
        found = put[0] if put else compared(left, right, what.given)
        if found.differs and not _vague(found):
            return what.differing(found)
        if not found.holds:
            region = "it holds in a region only: write `given` and where" if found.somewhere else ""
            return Judgement("undecided", region or "it was not found whether it holds for all values")
        held += found.conditions
    if len(named) == len(list(what.equations())):
        return Judgement("undecided", f"it says what {' and '.join(named)} is: `define` it to compare")
    if held:
        return Judgement("conditional", f"holds if {' and '.join(dict.fromkeys(held))}")
    return Judgement("holds", "for all values")


# ------------------------------------------------------------------ is, step, limit, order, dimension


def _judge_is(hint: Hint, what: Hinted) -> Judgement:
    """Judge whether a rule is the published one that a hint names."""
    name = re.sub(r"[\s-]+", "_", hint.argument.split("(")[0].strip().lower())
    candidates = [k for n, k in known.items() if n == name] or [
        k
        for n, k in known.items()
        if n.startswith(name) or n.replace("_", "").startswith(name.replace("_", ""))
    ]
    if not candidates:
        raise refusal(hint, f"no published rule is called {name}; list(physsym.known) has all names")
    try:
        rule, marks = joined(what.lines)
    except NoRuleError:
        return Judgement("undecided", "its lines were not understood as an update rule")
    if (found := recognised(rule, marks.weights, candidates)) is not None:
        return Judgement("recognised", str(found), verdict=found.verdict)
    answers = [equivalent(rule, k) for k in candidates[:4]]
    for answer in answers:
        if answer.generic and not _negative(answer.parameters):
            return Judgement("recognised", str(answer), verdict=answer.verdict)
    if slip := next(mistakes(what.lines, (candidates[0].title,)), None):
        return Judgement("fails", f"differs from {slip.known.title} by one slip", slip.details)
    answer = answers[0]
    if answer.generic:
        only = f"it is that rule with {' and '.join(_negative(answer.parameters))}"
        return Judgement("fails", f"is not {candidates[0].title}", (only,), verdict=answer.verdict)
    special = [str(c) for c in answer.conditions if isinstance(c, Condition) and c.relation == "= 0"]
    if answer.verdict.outcome is Outcome.CONDITIONAL and special and answer.trace:
        only = f"it is that rule where {' and '.join(special)} alone"
        otherwise = f"otherwise they part at {answer.trace}"
        return Judgement("fails", f"is not {candidates[0].title}", (only, otherwise), verdict=answer.verdict)
    if answer.verdict.outcome is Outcome.FAILS:
        trace = (f"they part at {answer.trace}",) if answer.trace else ()
        differ = tuple(e for e in answer.verdict.evidence)
        return Judgement("fails", f"is not {candidates[0].title}", (*differ, *trace), verdict=answer.verdict)
    return Judgement("undecided", str(answer), verdict=answer.verdict)


def _negative(parameters: Mapping[Symbol, Expr]) -> list[str]:
    """Return the parameters that are the negative of one, such as the learning rate of a rule that climbs."""
    return [f"{symbol} = {value}" for symbol, value in parameters.items() if (-value).is_Symbol]


def _law_of(facts: Sequence[Fact]) -> Law:
    """Return the law that facts state."""
    return Law(tuple(Equation(with_force(f.left), with_force(f.right)) for f in facts))


def _of(hint: Hint) -> tuple[str, str]:
    """Return the label and what follows it of `step of LABEL by METHOD`."""
    found = re.fullmatch(r"(?:.*\s)?of\s+(\S+)(?:\s+by\s+(.+))?", hint.argument)
    if found is None:
        raise refusal(hint, "it names no formula, as in `step of eq:law by semi-implicit euler`")
    return found[1], (found[2] or "").strip()


def _judge_step(hint: Hint, what: Hinted) -> Judgement:
    """Judge whether a rule is one step of a method for the law that a hint names."""
    label, by = _of(hint)
    facts = referred(hint, label, what)
    try:
        ways = methods(by)
    except KeyError:
        names = ", ".join(n.replace("_", " ") for n in dir(integrators) if n.islower() and n[0] != "_")
        raise refusal(hint, f"no integrator is called {by}; there are {names}") from None
    sides = [*(e for f in facts for e in (f.left, f.right)), *(e for pair in what.equations() for e in pair)]
    if len(forces(sides)) > 1:
        return Judgement("undecided", f"several functions of the state: {', '.join(sorted(forces(sides)))}")
    try:
        law, step = _law_of(facts), _step_of(what)
        for fact in reversed([f for f in what.facts if f.defines and f.kind != "fails" and f.left.is_Symbol]):
            if fact.left in step.rule.parameters and fact.left not in symbols(law):
                step = replace(step, values={s: put_definition(v, fact) for s, v in step.values.items()})
        sizes = [s for s in step.rule.parameters if s not in symbols(law)]
        if len(sizes) != 1:
            return Judgement(
                "undecided", "it is not clear which symbol is the step: one that the law has not"
            )
        found = step_verdict(law, step, ways, sizes[0])
    except (NoStepError, NoRuleError, StatementError) as doubt:
        why = f": {doubt}" if str(doubt) else ""
        return Judgement("undecided", f"its lines, or those of the law, were not understood{why}")
    if step.chosen and found.outcome is Outcome.FAILS:
        return Judgement("undecided", "a line reads an old or a new value: write v_{t+1} or v_t")
    return _by_verdict(found, facts, f"one step of {by}")


def _step_of(what: Hinted) -> Step:
    """Return the step that the lines of a formula state, with time indices or with arrows."""
    try:
        return step_of_lines(list(what.equations()))
    except NoStepError:
        if not what.lines:
            raise
    rule, marks = joined([replace(line, value=with_force(line.value)) for line in what.lines])
    values = one_step_map(rule)
    return Step({s: with_force(values[s]) for s in rule.targets}, marks.told)


def _judge_limit(hint: Hint, what: Hinted) -> Judgement:
    """Judge whether a law is the limit of the one that a hint names."""
    label, _ = _of(hint)
    facts = referred(hint, label, what)
    symbol_name, to = (p.strip() for p in hint.argument.split(" of ")[0].split("->"))
    law, limit = _law_of(facts), Law(tuple(Equation(*map(with_force, e)) for e in what.equations()))
    symbol = next((s for s in symbols(law) if s.name == symbol_name.lstrip("\\")), None)
    if symbol is None:
        raise refusal(hint, f"the formula of {label} has no {symbol_name}")
    value = oo if to in ("oo", "infinity", r"\infty") else read(to, unknown="real")
    # What is given holds for the law too, and what tends to zero, such as a mass, does so from above.
    hints, occurring = (*what.formula.scoped, *what.formula.hints), tuple(symbols(law) | symbols(limit))
    given = conditions_given(hints, occurring)
    above = {c.expression for c in given if c.relation == "> 0"} | ({symbol} if value in (0, oo) else set())
    positive = {s: Symbol(s.name, positive=True) for s in occurring if s in above}
    law, limit = (
        Law(tuple(Equation(e.left.xreplace(positive), e.right.xreplace(positive)) for e in one.equations))
        for one in (law, limit)
    )
    verdict = check(Limit(positive.get(symbol, symbol), value), law, limit)
    return _by_verdict(verdict, facts, f"the limit {symbol} -> {to}")


def _by_verdict(verdict: Verdict, facts: Sequence[Fact], what: str) -> Judgement:
    uses = formulas_of(facts)
    if verdict.outcome in (Outcome.HOLDS, Outcome.APPROXIMATE, Outcome.CONDITIONAL):
        given = f", given {', '.join(map(str, verdict.assumes))}" if verdict.assumes else ""
        error = f" up to {verdict.error}" if verdict.error else ""
        return Judgement(
            "conditional" if given else "holds",
            f"is {what} of {facts[0].place}{error}{given}",
            (),
            uses,
            verdict,
        )
    if verdict.outcome is Outcome.FAILS:
        point = (verdict.witness,) if verdict.witness else ()
        return Judgement(
            "fails", f"is not {what} of {facts[0].place}", (*verdict.evidence, *point), uses, verdict
        )
    return Judgement("undecided", "; ".join(verdict.evidence), (), uses, verdict)


def _judge_order(hint: Hint, what: Hinted) -> Judgement:
    """Judge whether both sides of a formula agree up to the order that a hint names."""
    order, name = (p.strip() for p in hint.argument.split(" in "))
    for left, right in what.equations():
        definitions = [f for f in what.facts if f.defines and f.kind != "fails"]
        for fact in reversed([f for f in definitions if str(f.left) != name.lstrip("\\")]):
            left, right = (put_definition(e, fact) for e in (left, right))
        found = with_error(left, right)
        small = next((s for s in (left - right).free_symbols if s.name == name.lstrip("\\")), None)
        if small is None:
            raise refusal(hint, f"the formula has no {name}")
        claim = WithError(found.left if found else left, found.right if found else right, small, int(order))
        verdict, names = judge_error(claim)
        if verdict.outcome is Outcome.FAILS:
            return Judgement("fails", verdict.evidence[0], verdict=verdict)
        if not verdict:
            return Judgement("undecided", "; ".join(verdict.evidence), verdict=verdict)
        if names:
            return Judgement(
                "conditional", f"holds if {' and '.join(names)}", verdict.evidence, verdict=verdict
            )
        return Judgement("holds", verdict.evidence[0], verdict=verdict)
    return Judgement("undecided", "it states no equation")


def _with_dimension_alone(expression: Expr) -> Expr:
    """Return an expression of the same dimension, with a symbol for each function and no derivatives."""
    put: dict[Expr, Expr] = {}
    for part in expression.atoms(Derivative):
        put[part] = part.expr / Mul(*(v**n for v, n in part.variable_count))
    expression = expression.xreplace(put)
    for part in expression.atoms(AppliedUndef):
        name = name_of(part)
        symbol = Symbol(name.lstrip("∇"), real=True)
        if name.startswith("∇") and len(part.args) == 1 and not part.args[0].is_integer:
            put[part] = symbol / part.args[0] ** (len(name) - len(symbol.name))
        elif not is_operator(part):
            put[part] = symbol
    while (simpler := expression.xreplace(put)) != expression:
        expression = simpler  # an argument of a gradient may be a value of a function
    return expression


def _judge_dimension(hint: Hint, what: Hinted) -> Judgement:
    """Judge whether the dimensions of a formula agree, given those that a hint states."""
    stated = dimensions_of(hint.argument)
    statements = [Equation(*map(_with_dimension_alone, e)) for e in what.equations()]
    found = frozenset[Symbol]().union(*(s.left.free_symbols | s.right.free_symbols for s in statements))
    quantities = tuple(
        Quantity(s, "scalar", stated[s.name], s.name, s.name, s.name, s.name)
        for s in sorted(found, key=str)
        if s.name in stated
    )
    vocabulary = Vocabulary(quantities)
    if not statements:
        return Judgement("undecided", "it states no equation")
    verdict = dimensions(Law(tuple(statements)), vocabulary)
    if verdict.outcome is Outcome.FAILS:
        return Judgement("fails", "the dimensions differ", verdict.evidence, verdict=verdict)
    if not verdict:
        return Judgement("undecided", "; ".join(verdict.evidence), verdict=verdict)
    *inferred, _ = verdict.evidence
    if inferred:
        return Judgement(
            "conditional", "the dimensions agree, with one inferred", tuple(inferred), verdict=verdict
        )
    return Judgement("holds", "the dimensions agree", verdict=verdict)


_JUDGES: Mapping[str, Callable[[Hint, Hinted], Judgement]] = {
    "from": _judge_from,
    "same": _judge_same,
    "identity": _judge_identity,
    "is": _judge_is,
    "step": _judge_step,
    "limit": _judge_limit,
    "order": _judge_order,
    "dimension": _judge_dimension,
}
