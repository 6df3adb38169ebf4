r"""Steps from statements to others: which way each goes, and whether it does wherever it is defined.

One rule says what is made of a step. It holds where its conclusion follows from its premise and from what
hints and the words of the formula state. Where the conclusion is not defined everywhere, as a logarithm is
not, it holds under the condition that defines it. A condition that decides whether it is true is not added,
but named: one that another line states, with this line; or the sign of what the text leaves open, which are
constants (neither statement has them alone on a side) and the side of a root that is taken. Else a step with
a counterexample fails, and a sign that would repair it is told with the failure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise

from sympy import Expr, Mul, Pow, Symbol

from physsym.auditing.judgements import Judgement
from physsym.auditing.readings import chain_as_text
from physsym.auditing.sentences import is_negated, sign_in_words, states_a_condition, takes_conditions_back
from physsym.auditing.sheet import ARROWS, EQUAL, Fact, ReadFormula, in_scope, is_condition, is_name, links
from physsym.auditing.stated_equations import equations_on
from physsym.auditing.stated_values import stated_before
from physsym.auditing.texts import Formula
from physsym.auditing.unknowns import in_unknowns
from physsym.core.symbols import DOT
from physsym.core.verdicts import Condition, Hypothesis, Outcome, Verdict
from physsym.parsing.meanings import Chain, Meaning, is_opaque
from physsym.verify.budget import BudgetError, joint
from physsym.verify.conditions import consistent, implied, natural_ranges
from physsym.verify.domains import defined
from physsym.verify.implication import Alternatives, follows_where_defined, repaired

_GAP = re.compile(r"\\q?quad(?![A-Za-z])|;")
_LOGIC = re.compile(r"\\(?:lor|vee|land|wedge|neg|lnot|forall|exists)\b|[∨∧¬]")
_SIGNS_IN_WORDS = re.compile(
    r"\b(?:non-?)?(?:positive|negative|zero|vanish\w*|smooth\w*|convex\w*|Lipschitz)\b", re.IGNORECASE
)
_WHOLE = re.compile(
    r"\b(?:integers?|whole|natural) ?(?:numbers?)?\b|\\mathbb\s*\{?\s*[NZ]\b|[ℕℤ]|\b1\s*,\s*2\s*,",
    re.IGNORECASE,
)
_FOR_ALL = re.compile(r"\bfor (?:all|every|each|any)\b|\\forall|∀")
_VARIABLE = re.compile(r"(?![mrl](?:_|\b))[a-z](?:_?\w)?'*")  # a mass, a radius and a length are positive
_SYMBOLS = 4  # of which signs are tried
STEP_SECONDS = 1.0  # of processor time, for all steps of a formula
_LINES = 4  # that state conditions on what a step is about
IMPLIES = "hence"
ORDERS = {"<": (1, "> 0"), "<=": (1, ">= 0"), ">": (-1, "> 0"), ">=": (-1, ">= 0")}


def conditions_stated(chain: Chain, equations: bool = False) -> tuple[Condition, ...]:
    """Return the conditions that a chain of inequalities states, or of equations too; else none."""
    known = {*ORDERS, *((*EQUAL, "!=") if equations else ())}
    if not chain.relations or not known.issuperset(chain.relations):
        return ()
    found: list[Condition] = []
    for left, right, sign in links(chain):
        one, other = in_unknowns(left, right).expressions
        if sign in ORDERS:
            factor, relation = ORDERS[sign]
            found.append(Condition(factor * (other - one), relation))  # type: ignore[arg-type]
        else:
            found.append(Condition(one - other, "!= 0" if sign == "!=" else "= 0"))
    return tuple(found)


@dataclass
class Part:
    """Statements of a formula between two arrows, with what may hold instead, and the arrow before them.

    `beside` is whether they begin a step beside another one, whose conclusion may be meant as known.
    """

    arrow: str
    statements: list[list[Chain]] = field(default_factory=list)
    listed: bool = False
    beside: bool = False

    def alternatives(self) -> Alternatives:
        """Return the conditions that it states; those of chains of another kind are missing."""
        found: list[list[Condition]] = [[]]
        for chains in self.statements:
            each = [conditions_stated(c, equations=True) for c in chains]
            found = [[*one, *more] for one in found for more in each]
        return found

    @property
    def chains(self) -> list[Chain]:
        """Return its statements."""
        return [c for some in self.statements for c in some]


def parts_of(chains: Sequence[Chain], text: str) -> list[list[Part]] | None:
    """Return the parts between arrows of each argument in a formula; None where there is no arrow."""
    arguments: list[list[Part]] = []
    end, apart = 0, False
    for chain in chains:
        start = chain.spans[0][0] if chain.spans else end
        between, end = text[end:start] or chain.words, chain.spans[-1][1] if chain.spans else end
        arrow = next((name for name, sign in ARROWS if re.search(sign, between)), "")
        arrow = arrow or ("on" if chain.words.startswith(IMPLIES) else "")
        if not arguments or (not arrow and len(arguments[-1]) > 1 and r"\\" in between):
            arguments.append([Part("", [[chain]])])
        elif arrow and apart and len(arguments[-1]) > 1:
            # In "A => B,  C => D" the second step starts anew.
            last = arguments[-1][-1]
            begin = Part("", [last.statements.pop()], beside=True)
            last.listed = last.listed and len(last.statements) > 1
            arguments.append([begin, Part(arrow, [[chain]])])
        elif arrow:
            arguments[-1].append(Part(arrow, [[chain]]))
        elif re.search(r"\bor\b", chain.words):
            arguments[-1][-1].statements[-1].append(chain)
        else:
            arguments[-1][-1].statements.append([chain])
            arguments[-1][-1].listed = arguments[-1][-1].listed or not re.search(r"\band\b", chain.words)
        apart = not arrow and bool(_GAP.search(between))
    return arguments if any(len(parts) > 1 for parts in arguments) else None


@dataclass(frozen=True)
class Surroundings:
    """What a step is judged by besides its premise.

    Parameters
    ----------
    formula
        The formula that it is part of.
    given
        What hints and the words of the formula state.
    text
        All formulas of the text.
    facts
        The equations before it.
    domain
        What the formula needs to be defined as it is written.
    """

    formula: Formula
    given: tuple[Condition, ...] = ()
    text: Sequence[ReadFormula] = ()
    facts: Sequence[Fact] = ()
    domain: tuple[Condition, ...] = ()

    @cached_property
    def lines(self) -> list[tuple[Formula, tuple[Condition, ...]]]:
        """Return the inequalities under the same headings, or under those that these are part of.

        Of those behind the formula only what is said to be a condition, as by "where".
        """
        found: list[tuple[Formula, tuple[Condition, ...]]] = []
        behind = False
        if takes_conditions_back(self.formula):
            return found
        for read in self.text:
            here = read.formula
            chains = read.meanings[0].chains if len(read.meanings) == 1 else ()
            behind = behind or here == self.formula
            own = here == self.formula or any(h.keyword in ("skip", "expect") for h in here.hints)
            own = own or (behind and not states_a_condition(here))
            if own or not in_scope(Fact(Symbol("x"), Symbol("x"), here), self.formula):
                continue
            conditions = [conditions_stated(c) for c in chains if c.relations]
            if (sign := sign_in_words(here)) and len(chains) == 1 and chains[0].sides[0].is_Symbol:
                letter = chains[0].sides[0] * (1 if sign == "> 0" else -1)
                conditions = conditions or [(Condition(letter, "> 0"),)]
            stated = tuple(c for some in conditions for c in some)
            # A power with letters above may be of whole numbers, so that it does not say where its base lies.
            plain = all(p.exp.is_number for c in stated for p in c.expression.atoms(Pow))
            if conditions and all(conditions) and plain and parts_of(chains, here.text) is None:
                found.append((here, stated))
        return found

    def equations(self, symbols: frozenset[Symbol]) -> list[tuple[Formula, tuple[Condition, ...]]]:
        """Return the earlier equations on symbols and on those that these have, the nearest first."""
        before = [f for f in self.facts if f.formula != self.formula]
        stated = equations_on(symbols, before, self.formula)[:_LINES]
        return [(s.facts[0].formula, (Condition(s.gap, "= 0"),)) for s in stated]

    def numbers(self, symbols: Iterable[Symbol]) -> tuple[Condition, ...]:
        """Return the values that the sentence before the formula gives to symbols."""
        values = dict(stated_before(self.text, self.formula))
        known = sorted((s for s in symbols if s.name in values), key=str)
        return tuple(Condition(s - values[s.name], "= 0") for s in known)

    def says_more_of(self, symbols: frozenset[Symbol], besides: Collection[Formula | None]) -> bool:
        """Return whether equations before the formula say more of symbols than what a new name stands for."""
        for fact in self.facts:
            if not in_scope(fact, self.formula) or fact.formula in (self.formula, *besides):
                continue
            one, other = in_unknowns(fact.left, fact.right).expressions
            new = fact.defines and is_name(fact.left) and one not in symbols
            if not new and symbols & (one.free_symbols | other.free_symbols):
                return True
        return False

    def speaks_of_whole_numbers(self) -> bool:
        """Return whether what stands before the step, or in it, may say that a letter is a whole number."""
        texts = (f"{r.formula.before} {r.formula.text} {r.formula.after}" for r in self.text)
        return any(map(_WHOLE.search, texts))

    def speaks_of_signs(self, symbols: Iterable[Symbol]) -> bool:
        """Return whether the sentences beside the formula, or beside a lone symbol, tell a sign in words."""
        names = {s.name for s in symbols}
        for read in self.text:
            chains = read.meanings[0].chains if read.meanings else ()
            lone = any(not c.relations and {s.name for s in c.sides[0].free_symbols} & names for c in chains)
            if read.formula == self.formula or lone:
                said = f"{read.formula.before} {read.formula.after}"
                if _SIGNS_IN_WORDS.search(said):
                    return True
        return False


def given_in_words(meaning: Meaning, equations: bool = False) -> tuple[Condition, ...]:
    """Return the conditions that a formula states for itself, as by "for x > 0", or "with k = 3" too."""
    stated = (c for c in meaning.chains if is_condition(c) and "unless" not in c.words)
    return tuple(condition for chain in stated for condition in conditions_stated(chain, equations))


def judge_implications(
    stated: Sequence[Chain], meaning: Meaning, meanings: Sequence[Meaning], around: Surroundings
) -> Judgement | None:
    """Return what is said of statements each of which follows from the one before it.

    Parameters
    ----------
    stated
        The statements, those that are conditions of others aside.
    meaning, meanings
        How the formula is read, and all ways to read it: of +- either sign may be meant.
    around
        What else it is judged by.

    Returns
    -------
    Judgement or None
        None where the statements are of another kind, or where equations were not found to follow.
    """
    text = around.formula.text
    arguments = parts_of(stated, text)
    if arguments is None:
        return None
    if _LOGIC.search(text):
        return Judgement("undecided", "a step between statements with signs of logic is not judged")
    if any(not conditions_stated(c, equations=True) for parts in arguments for p in parts for c in p.chains):
        return _unless_on(arguments)
    if any("±" in said for said in meaning.assumed):
        _with_either_sign(arguments, meaning, meanings, text)
    try:
        with joint(STEP_SECONDS):
            found = [_judged(step, parts, around) for parts in arguments for step in _steps(parts)]
    except BudgetError:
        return Judgement("undecided", f"it was not found within {STEP_SECONDS:g} s how the statements follow")
    equations = any(sign in EQUAL for c in stated for sign in c.relations)
    worst = [next((j for j in found if j.kind == kind), None) for kind in ("fails", "undecided")]
    if worst[0] is not None:
        return worst[0]
    if len(found) < len(arguments) or worst[1] is not None:
        both = _unless_on(arguments)
        refuted = worst[1] is not None and worst[1].verdict is not None  # no other line makes it follow
        return both if both is not None or (equations and not refuted) else worst[1]
    ifs = list(dict.fromkeys(j.says for j in found if j.says))
    back = ", and back" if any(p.arrow == "both" for parts in arguments for p in parts) else ""
    says = f"each follows from the one before{back}"
    uses = tuple(dict.fromkeys(u for j in found for u in j.uses))
    if ifs:
        return Judgement("conditional", f"{says}, if {' and '.join(ifs)}", uses=uses)
    return Judgement("holds", says)


def _judged(step: tuple[Part, Part], parts: Sequence[Part], around: Surroundings) -> Judgement:
    """Return what is said of a step; one beside another step may have its conclusion as a premise too."""
    one = judge_step(Step(*step, around))
    if one.kind == "fails" and parts[0].beside:
        return replace(one, kind="undecided", says=f"{one.says} alone", details=())
    return one


def _unless_on(arguments: Sequence[Sequence[Part]]) -> Judgement | None:
    """Return that steps are undecided of which one goes back: what follows from lines above goes on only."""
    if any(p.arrow in ("back", "both") for parts in arguments for p in parts):
        return Judgement("undecided", "it was not found how the statements follow from each other")
    return None


def _with_either_sign(
    arguments: Sequence[Sequence[Part]], meaning: Meaning, meanings: Sequence[Meaning], text: str
) -> None:
    """Put in the statements with the other sign of +- as what may hold instead."""
    without = [said for said in meaning.assumed if "±" not in said]
    for other in meanings:
        if other == meaning or [said for said in other.assumed if "±" not in said] != without:
            continue
        stated = [c for c in other.chains if c.relations and not is_condition(c)]
        for parts, others in zip(arguments, parts_of(stated, text) or (), strict=False):
            for part, beside in zip(parts, others, strict=False):
                for chains, more in zip(part.statements, beside.statements, strict=False):
                    chains += [c for c in more if c.sides not in [d.sides for d in chains]]


def _steps(parts: Sequence[Part]) -> Iterator[tuple[Part, Part]]:
    """Yield the premise and the conclusion of each step; all before arrows that only go on is known."""
    before = parts[0]
    for above, part in pairwise(parts):
        if part.arrow == "on":
            yield _with_its_names(before, part)
        if part.arrow == "both":
            yield above, part
        if part.arrow in ("back", "both"):
            yield part, above
        joint = Part(part.arrow, [*before.statements, *part.statements])
        before = joint if part.arrow == "on" else part


@dataclass(frozen=True)
class Step:
    """A premise and a conclusion, with what they are judged by besides."""

    premise: Part
    conclusion: Part
    around: Surroundings

    @cached_property
    def above(self) -> Alternatives:
        """Return the conditions of the premise."""
        return self.premise.alternatives()

    @cached_property
    def below(self) -> Alternatives:
        """Return the conditions of the conclusion."""
        return self.conclusion.alternatives()

    @cached_property
    def symbols(self) -> frozenset[Symbol]:
        """Return the symbols of both."""
        return _symbols(c for one in (*self.above, *self.below) for c in one)

    @cached_property
    def alone(self) -> frozenset[Symbol]:
        """Return the symbols of which a statement says by itself what they are; the others are constants."""
        chains = (*self.premise.chains, *self.conclusion.chains)
        sides = {s for c in chains for a, b, _ in links(c) for s in in_unknowns(a, b).expressions}
        singles = ((c,) for one in (*self.above, *self.below) for c in one if len(_symbols([c])) == 1)
        return frozenset(s for s in sides if s.is_Symbol).union(*map(_symbols, singles))

    @cached_property
    def given(self) -> tuple[Condition, ...]:
        """Return what hints and the words of the formula state of the symbols."""
        return tuple(c for c in self.around.given if c.expression.free_symbols & self.symbols)

    @cached_property
    def written(self) -> list[Condition]:
        """Return what the statements need to be defined as they are written."""
        return _written(self.around, self.symbols)

    @cached_property
    def stated(self) -> list[tuple[Formula | None, tuple[Condition, ...]]]:
        """Return what the text states of the symbols: lines, and the numbers of the sentence beside the step.

        What contradicts the premise is of another case, and so is what contradicts a nearer line.
        """
        equations = self.around.equations(self.symbols)
        known = self.symbols | _symbols(c for _, some in equations for c in some)
        near = [(f, c) for f, c in self.around.lines if _symbols(c) & known and not is_negated(f)]
        numbers = self.around.numbers(self.symbols)
        found: list[tuple[Formula | None, tuple[Condition, ...]]] = []
        for source in (*([(None, numbers)] if numbers else []), *near[: -_LINES - 1 : -1], *equations):
            conditions = (c for _, some in (*found, source) for c in some)
            if all(
                consistent((*self.given, *conditions, *one)).outcome is not Outcome.FAILS
                for one in self.above
            ):
                found.append(source)
        return found

    @cached_property
    def known(self) -> tuple[Condition, ...]:
        """Return the conditions that the text states."""
        return tuple(c for _, some in self.stated for c in some)

    def allows(self, conditions: Iterable[Condition | Hypothesis]) -> bool:
        """Return whether the text does not rule conditions out."""
        return not self.known or consistent((*conditions, *self.known)).outcome is not Outcome.FAILS

    def under(self, *more: Condition) -> Verdict:
        """Return whether the conclusion follows, with further conditions."""
        return follows_where_defined(self.above, self.below, (*self.given, *more), self.written)

    def repair(self) -> Sequence[Condition]:
        """Return conditions under which the conclusion follows; not those that say what it says."""
        symbols = sorted(self.symbols, key=str)
        signs = sorted(_signs_of(symbols[:_SYMBOLS]), key=lambda c: not _symbols(c) <= self.open)
        positive = [_positive(s for s in symbols if s not in self.alone), _positive(symbols)]
        tried = [some for some in (*signs, natural_ranges(symbols), *positive) if some and self.allows(some)]
        while found := repaired(self.above, self.below, self.given, self.written, tried):
            if not follows_where_defined([[]], self.below, (*self.given, *found)):
                break
            tried = tried[tried.index(tuple(found)) + 1 :]
        if len(found) == 1 and found[0].relation == ">= 0":
            zero = Condition(found[0].expression, "= 0")
            domain = defined(*(c.expression for c in (*self.above[0], *self.below[0])))
            meets = consistent((*self.above[0], *self.written, *domain, zero))
            strict = (Condition(found[0].expression, "> 0"),)
            return found if meets else strict if self.allows(strict) else ()
        return found

    @cached_property
    def open(self) -> frozenset[Symbol]:
        """Return the symbols whose sign the text may leave open: constants, and the side of a root."""
        chosen = _positive_roots(self.conclusion) if self.conclusion.arrow == "on" else set()
        return (self.symbols - self.alone) | chosen


def judge_step(step: Step) -> Judgement:
    """Return that a conclusion follows, with what it takes as its words, or fails, or is undecided."""
    verdict = step.under()
    if verdict:
        return Judgement("holds", verdict=verdict)
    if verdict.outcome is Outcome.CONDITIONAL:
        if step.allows(verdict.assumes):
            return Judgement("conditional", shown(verdict.assumes), verdict=verdict)
        says = f"it needs {shown(verdict.assumes)}, which the text rules out"
        return Judgement("undecided", says, verdict=verdict)
    by_text = step.under(*step.known) if step.known else verdict
    if by_text.outcome in (Outcome.HOLDS, Outcome.CONDITIONAL):
        return _by_the_text(step, by_text)
    repair = step.repair()
    return _under(step, repair, verdict) or _refuted(step, repair, by_text)


def _with_its_names(premise: Part, conclusion: Part) -> tuple[Part, Part]:
    """Return a step to statements such as `(1 - z) y = 0, z = h k` as one that knows what z is."""

    def sides(statements: Iterable[Sequence[Chain]]) -> frozenset[Symbol]:
        return frozenset[Symbol]().union(
            *(s.free_symbols for some in statements for c in some for s in c.sides)
        )

    known, names = sides(premise.statements), list[list[Chain]]()
    for some in conclusion.statements:
        left, *right = some[0].sides
        others = [other for other in conclusion.statements if other is not some]
        new = len(some) == 1 and some[0].relations == ("=",) and left.is_Symbol and left not in known
        if new and left not in right[0].free_symbols and left in sides(others):
            names.append(some)
    rest = [some for some in conclusion.statements if some not in names]
    if not names or not rest:
        return premise, conclusion
    return (
        replace(premise, statements=[*premise.statements, *names]),
        replace(conclusion, statements=rest, listed=conclusion.listed and len(rest) > 1),
    )


def _by_the_text(step: Step, verdict: Verdict) -> Judgement:
    """Return that a step holds by what the text states, by one line where that is enough."""
    used = next(([source] for source in step.stated if step.under(*source[1])), step.stated)
    lines = list(dict.fromkeys(f for f, _ in used if f is not None))
    places = list(dict.fromkeys(f.place for f in lines))
    said = [f"{' and '.join(places)} hold{'s' * (len(places) == 1)}"] if places else []
    values = stated_before(step.around.text, step.around.formula) if any(f is None for f, _ in used) else ()
    said += [f"{name} = {value}" for name, value in values if name in {s.name for s in step.symbols}]
    said += [shown(verdict.assumes)] if verdict.outcome is Outcome.CONDITIONAL else []
    return Judgement("conditional", " and ".join(said), uses=tuple(lines), verdict=verdict)


def _under(step: Step, repair: Sequence[Condition], verdict: Verdict) -> Judgement | None:
    """Return that a step holds under the sign of what the text leaves open, or would hold under several."""
    if not repair:
        return None
    symbols, natural = _symbols(repair), repair == natural_ranges(step.symbols)
    # Nobody leaves unsaid that a constant such as a is negative; a rate such as lambda is by custom, often.
    negative = any(_VARIABLE.fullmatch(str(-c.expression)) for c in repair)
    is_open = natural or (symbols <= step.open and not negative)
    # A variable may have either sign; of other letters, such as a mass, one often means the positive value.
    by_custom = not any(map(_VARIABLE.fullmatch, (s.name for s in symbols - step.open)))
    by_custom = by_custom and all(c.expression.is_Symbol for c in repair)  # and not the negative one
    if (is_open and len(repair) > 1 and not natural) or (by_custom and not is_open):
        says = f"it would follow if {shown(repair)}, which the text does not say"
        return Judgement("undecided", says, verdict=verdict)
    # What a line says is no condition of the step where it is denied, and may be what the text means.
    beside = (c for _, some in step.around.lines if _symbols(some) & step.symbols for c in some)
    if is_open or (step.around.speaks_of_signs(symbols) and consistent((*repair, *step.known, *beside))):
        return Judgement("conditional", shown(repair), verdict=verdict)
    return None


def _refuted(step: Step, repair: Sequence[Condition], verdict: Verdict) -> Judgement:
    """Return that a step fails at a point that the text allows, or is undecided.

    `verdict` is that by what the text states.
    """
    premise, conclusion, around = step.premise, step.conclusion, step.around
    known = _symbols(c for one in step.above for c in one) | _symbols(step.given) | _symbols(step.known)
    positive = _positive(s for s in step.symbols if s not in step.alone)
    if around.speaks_of_signs(step.symbols):
        verdict = step.under(*step.known, *positive)
    start = conclusion.chains[0].spans[0][0] if conclusion.chains[0].spans else 0
    if (
        verdict.outcome is not Outcome.FAILS
        or conclusion.listed
        or not _symbols(c for one in step.below for c in one) <= known
        or not _is_plain(premise, conclusion)
        or around.says_more_of(step.symbols, [f for f, _ in step.stated])
        or any(is_negated(f) for f, c in around.lines if _symbols(c) & step.symbols)
        or (_FOR_ALL.search(around.formula.text[:start]))
        or ("/" in verdict.witness and around.speaks_of_whole_numbers())
    ):
        return Judgement("undecided", "it was not found how the statements follow from each other")
    details = [f"{verdict.witness} the first is true, the other is not"]
    details += [f"holds if {shown(repair)}"] if repair else []
    shows = f"{_text(conclusion)} does not follow from {_text(premise)}"
    return Judgement("fails", shows, tuple(details), verdict=verdict)


def judge_for_all_values(stated: Sequence[Chain], around: Surroundings) -> Judgement:
    """Return whether inequalities hold at all values at which they are defined, under what is given."""
    part = Part("", [[c] for c in stated])
    (below,) = part.alternatives()
    if any(not conditions_stated(c, equations=True) for c in stated):
        return Judgement("undecided", "it was not found whether it holds for all values")
    verdict = follows_where_defined([[]], [below], around.given, _written(around, _symbols(below)))
    if verdict:
        return Judgement("holds", "for all values", verdict=verdict)
    if verdict.outcome is Outcome.CONDITIONAL:
        return Judgement("conditional", f"holds if {shown(verdict.assumes)}", verdict=verdict)
    if verdict.outcome is Outcome.FAILS and _is_plain(part):
        return Judgement("fails", "it does not hold for all values", (verdict.witness,), verdict=verdict)
    return Judgement("undecided", "it was not found whether it holds for all values")


def _written(around: Surroundings, symbols: frozenset[Symbol]) -> list[Condition]:
    """Return what a formula needs to be defined as it is written, as far as it is on some symbols."""
    needed = in_unknowns(*(c.expression for c in around.domain)).expressions
    found = [Condition(e, c.relation) for e, c in zip(needed, around.domain, strict=True)]
    return [c for c in found if c.expression.free_symbols <= symbols]


def _text(part: Part) -> str:
    return " and ".join(" or ".join(map(chain_as_text, chains)) for chains in part.statements)


def _symbols(conditions: Iterable[Condition]) -> frozenset[Symbol]:
    return frozenset[Symbol]().union(*(c.expression.free_symbols for c in conditions))


def shown(conditions: Iterable[object]) -> str:
    """Return conditions as text, `x < 0` where the negative of a symbol is positive."""
    said = []
    for c in conditions:
        if isinstance(c, Condition) and (-c.expression).is_Symbol and c.relation in ("> 0", ">= 0"):
            said.append(f"{-c.expression} {c.relation.replace('>', '<')}")
        else:
            said.append(str(c))
    return " and ".join(dict.fromkeys(said))


def _signs_of(symbols: Sequence[Symbol]) -> Iterator[tuple[Condition, ...]]:
    """Yield signs of one symbol."""
    yield from ((Condition(s, "!= 0"),) for s in symbols)
    yield from ((Condition(s, ">= 0"),) for s in symbols)
    yield from ((Condition(e, "> 0"),) for s in symbols for e in (s, -s))


def _positive(symbols: Iterable[Symbol]) -> tuple[Condition, ...]:
    return tuple(Condition(s, "> 0") for s in sorted(symbols, key=str))


def _positive_roots(conclusion: Part) -> set[Symbol]:
    """Return the symbols that a conclusion says to be a root of something: its sign is chosen there."""
    found: set[Symbol] = set()
    for chain in conclusion.chains:
        for left, right, sign in links(chain):
            for one, other in ((left, right), (right, left)):
                roots = [p for p in Mul.make_args(other) if isinstance(p, Pow) and p.exp.is_Rational]
                chosen = one.is_Symbol and not other.has(one)
                if sign in EQUAL and chosen and any(p.exp.q == 2 and p.free_symbols for p in roots):
                    found.add(one)
    return found


def _is_plain(*parts: Part) -> bool:
    """Return whether statements are of numbers alone: functions and rates are more than their values."""
    for side in (s for part in parts for c in part.chains for s in c.sides):
        if in_unknowns(side).applications or is_opaque(side):
            return False
        if any(DOT in s.name or "'" in s.name or "[" in s.name for s in side.free_symbols):
            return False
    return True


def judge_inequality(left: Expr, right: Expr, relation: str, given: Sequence[Condition]) -> Judgement:
    """Return whether an inequality at the end of a chain follows from the signs of what is in it."""
    first, second = in_unknowns(left, right).expressions
    gap = second - first if relation in ("<=", "<") else first - second
    strict = relation in ("<", ">")
    if implied(given, Condition(gap, "> 0" if strict else ">= 0")):
        return Judgement("holds", "by the signs of its parts")
    constants = [f for f in Mul.make_args(gap) if f.is_Symbol]
    squares = [f for f in Mul.make_args(gap) if not f.is_Symbol]
    if not strict and len(constants) == 1 and squares and all(f.is_nonnegative for f in squares):
        return Judgement("conditional", f"holds if {constants[0]} >= 0")
    return Judgement("undecided", f"the relation {relation} is not judged without a hint")
