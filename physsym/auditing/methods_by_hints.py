"""The hints `is`, `step`, `limit`, `order` and `dimension`: which rule, step or limit a formula is."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sympy import Derivative, Expr, Function, Integer, Mul, Symbol, cancel, fraction, gcd, oo, together
from sympy.core.function import AppliedUndef

from physsym import integrators
from physsym.auditing.comparisons import compared
from physsym.auditing.consequences import put_definition
from physsym.auditing.expansions import WithError, judge_error, with_error
from physsym.auditing.hints import dimensions_of, refusal
from physsym.auditing.judgements import Judgement
from physsym.auditing.mistakes import mistakes
from physsym.auditing.recognition import recognised
from physsym.auditing.references import Hinted, referred
from physsym.auditing.sheet import EQUAL, Fact, formulas_of, links
from physsym.auditing.stated_by_hints import conditions_given
from physsym.auditing.steps import (
    NoStepError,
    Step,
    forces,
    methods,
    step_of_lines,
    step_verdict,
    with_force,
)
from physsym.auditing.texts import Hint
from physsym.auditing.unknowns import is_operator, name_of
from physsym.auditing.update_lines import GRADIENT_NAME, NoRuleError, joined
from physsym.core.statements import Equation, Law, StatementError, one_step_map, symbols
from physsym.core.symbols import DOT, OPAQUE, grad
from physsym.core.verdicts import Condition, Outcome, Verdict
from physsym.mechanics.integrators import Method
from physsym.mechanics.moves import Limit, MoveError
from physsym.optimizers.equivalent_rules import equivalent
from physsym.optimizers.known import known
from physsym.parsing.reader import read
from physsym.transform.registry import apply
from physsym.verify.conditions import implied
from physsym.verify.dimensions import dimensions
from physsym.verify.registry import check
from physsym.vocabulary import Quantity, Vocabulary


def judge_is(hint: Hint, what: Hinted) -> Judgement:
    """Judge whether a rule is the published one that a hint names."""
    name = re.sub(r"[\s-]+", "_", hint.argument.split("(")[0].strip().lower())
    candidates = [k for n, k in known.items() if n == name] or [
        k
        for n, k in known.items()
        if n.startswith(name) or n.replace("_", "").startswith(name.replace("_", ""))
    ]
    if not candidates:
        near = " or ".join(difflib.get_close_matches(name, known, 3))
        advice = f"write {near}; " if near else ""
        raise refusal(hint, f"no published rule is called {name}; {advice}list(physsym.known) has all names")
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


def judge_step(hint: Hint, what: Hinted) -> Judgement:
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
    found = [_judged_step(facts, each, ways, by) for each in _with_gradients_of(facts, what)]
    if len({j.kind for j in found}) > 1 and any(j.kind == "fails" for j in found):
        return Judgement("undecided", "it is not clear at which state the gradient is: say what g_t is")
    return found[0]


def _with_gradients_of(facts: Sequence[Fact], what: Hinted) -> list[Hinted]:
    """Return a formula with the gradient of a law for `g_t`: at x_t, and `g_{t+1}` at x_{t+1} or at x_t.

    What the text says that `g_t` is comes first.
    """
    places = {g.args[0] for f in facts for g in with_force(f.left - f.right).atoms(grad)}
    place = places.pop() if len(places) == 1 else None
    values = {a for pair in what.equations() for e in pair for a in e.atoms(AppliedUndef)}
    named = {a for a in values if GRADIENT_NAME.fullmatch(name_of(a)) and not name_of(a).startswith("∇")}
    said = [f for f in what.facts if f.defines and name_of(f.left) in set(map(name_of, named))]
    named = {a for a in named if len(a.args) == 1 and a.args[0].is_integer}
    if said or not named or not isinstance(place, Symbol):
        puts = [{a: put_definition(a, f) for f in said for a in named}]
    else:
        new = {line.index for line in what.lines}
        late = any(a.args[0] in new for a in named)
        puts = [
            {a: Function("∇U")(Function(place.name)(a.args[0] - (a.args[0] in new) * back)) for a in named}
            for back in ((0, 1) if late else (0,))
        ]
    ways: list[Hinted] = []
    for put in puts:
        chains = tuple(
            replace(c, sides=tuple(side.xreplace(put) for side in c.sides)) for c in what.meaning.chains
        )
        lines = tuple(replace(line, value=line.value.xreplace(put)) for line in what.lines)
        ways.append(replace(what, meaning=replace(what.meaning, chains=chains), lines=lines))
    return ways


def _judged_step(facts: Sequence[Fact], what: Hinted, ways: Sequence[Method], by: str) -> Judgement:
    """Return what is said of lines with gradients of states as a step of a law."""
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


def judge_limit(hint: Hint, what: Hinted) -> Judgement:
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
    move = Limit(positive.get(symbol, symbol), value)
    try:
        apply(move, law)
    except MoveError as doubt:  # such as one of what changes in time
        return Judgement("undecided", str(doubt), (), formulas_of(facts))
    verdict = check(move, law, limit)
    if verdict.outcome is Outcome.FAILS:
        multiple = _of_a_multiple(move, law, limit, given)
        verdict = verdict if multiple is None else multiple
    return _by_verdict(verdict, facts, f"the limit {symbol} -> {to}")


def _of_a_multiple(move: Limit, law: Law, limit: Law, given: Sequence[Condition]) -> Verdict | None:
    """Return the verdict on a multiple of an equation that is the limit, if its factor does not vanish.

    A text divides by constants: that the factor vanishes nowhere is a condition where it is not given.
    """
    try:
        limited = apply(move, law)
    except MoveError:
        return None
    if not isinstance(limited, Law) or len(limited.equations) != 1 or len(limit.equations) != 1:
        return None
    (tends_to,), (stated,) = limited.equations, limit.equations
    factor = cancel(tends_to.residual / stated.residual) if stated.residual != 0 else Integer(0)
    above, below = fraction(factor)
    # What vanishes with the stated equation divides nothing: x - 2*a = 0 is no multiple of x - a = 0.
    if gcd(below, fraction(together(stated.residual))[0]).free_symbols:
        return None
    rates = {s.name for s in symbols(law) | symbols(limit) if s.name.endswith(DOT)}
    fixed = all(not s.name.endswith(DOT) and s.name + DOT not in rates for s in factor.free_symbols)
    if factor == 0 or factor.atoms(*OPAQUE, AppliedUndef) or not fixed:
        return None
    found = check(move, law, Law((Equation(factor * stated.left, factor * stated.right),)))
    condition = Condition(above, "!= 0")
    known = (*given, *(c for c in found.assumes if isinstance(c, Condition)))
    unsure = found.outcome in (Outcome.FAILS, Outcome.UNDECIDABLE)
    if unsure or factor.is_nonzero or implied(known, condition):
        return found
    return replace(found, outcome=Outcome.CONDITIONAL, assumes=(*found.assumes, condition))


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


def judge_order(hint: Hint, what: Hinted) -> Judgement:
    """Judge whether both sides of a formula agree up to the order that a hint names."""
    order, name = (p.strip() for p in hint.argument.split(" in "))
    found = [
        _of_an_order(left, right, name.lstrip("\\"), int(order), hint, what)
        for left, right in what.equations()
    ]
    worst = next((j for kind in ("fails", "undecided", "conditional") for j in found if j.kind == kind), None)
    return worst or (found[0] if found else Judgement("undecided", "it states no equation"))


def _of_an_order(left: Expr, right: Expr, name: str, order: int, hint: Hint, what: Hinted) -> Judgement:
    definitions = [f for f in what.facts if f.defines and f.kind != "fails"]
    for fact in reversed([f for f in definitions if str(f.left) != name]):
        left, right = (put_definition(e, fact) for e in (left, right))
    found = with_error(left, right)
    small = next((s for s in (left - right).free_symbols if s.name == name), None)
    if small is None:
        if compared(left, right, what.given).holds:
            return Judgement("holds", "both sides are equal")
        raise refusal(hint, f"the formula has no {name}")
    claim = WithError(found.left if found else left, found.right if found else right, small, order)
    verdict, names = judge_error(claim)
    if verdict.outcome is Outcome.FAILS:
        return Judgement("fails", verdict.evidence[0], verdict=verdict)
    if not verdict:
        return Judgement("undecided", "; ".join(verdict.evidence), verdict=verdict)
    if names:
        says = f"holds if {' and '.join(names)}"
        return Judgement("conditional", says, verdict.evidence, verdict=verdict, exact=False)
    return Judgement("holds", verdict.evidence[0], verdict=verdict, exact=False)


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


def judge_dimension(hint: Hint, what: Hinted) -> Judgement:
    """Judge whether the dimensions of a formula agree, given those that a hint states."""
    stated = dimensions_of(hint.argument)
    pairs = (link for c in what.meaning.chains for link in links(c))
    of_one_dimension = (*EQUAL, "<-", "~", "!=", "<", "<=", ">", ">=")
    statements = [
        Equation(*map(_with_dimension_alone, (left, right)))
        for left, right, sign in pairs
        if sign in of_one_dimension
    ]
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
