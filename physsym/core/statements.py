"""Statements: laws, which hold at every instant, and rules, which map the states of one step to the next."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property, lru_cache
from itertools import zip_longest
from typing import Any, Protocol, TypeAlias, overload

from sympy import Eq, Expr, Integer, Piecewise, Symbol

from physsym.core.conditions import Given, as_conditions
from physsym.core.equality import form
from physsym.core.plain_text import equation_texts, update_texts
from physsym.core.signs import declared_sign_name, declares_sign, sign_kept
from physsym.core.symbols import (
    AFTER,
    BEFORE,
    DEEPEST,
    DOT,
    OPAQUE,
    Exact,
    after,
    before,
    exact,
    free_symbols_of,
    fresh,
    name_and_marks,
    name_of,
    nested_too_deep,
    refuse_noise,
    refuse_text,
)
from physsym.core.verdicts import Condition

RELATIONS = ("=", "!=", "<", ">", "<=", ">=", "~", "->")


class StatementError(ValueError):
    """A law or a rule that is not well-defined, such as a rule that reads a new value before it is set."""


def rebuilt(value: Any) -> tuple[Any, tuple[Any, ...]]:
    """Reduce a dataclass to its fields, for `__reduce__`: cached properties stay out of pickles and copies.

    A cached hash of names would be wrong in another process, where texts have other hashes.
    """
    return type(value), tuple(getattr(value, f.name) for f in fields(value))


def _refuse_whole_text(given: object, made: str, reader: str) -> None:
    if isinstance(given, str):
        raise TypeError(f"{made}, given a text; {reader}({given!r}) reads it")


class _ComparedByForm:
    """A statement, equal to those of the same form: where the sign of a product stands is left open.

    `(x - 1)*k` is written `-(1 - x)*k` as well. A law of one equation is equal to the equation, and a rule
    of one update without start values to the update.
    """

    __reduce__ = rebuilt

    @cached_property
    def _form(self) -> tuple[Hashable, ...]:
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return self._form == other._form if isinstance(other, _ComparedByForm) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._form)


def _refuse_depth(what: str, *expressions: Expr) -> None:
    if any(map(nested_too_deep, expressions)):
        raise StatementError(
            f"{what} is nested more than {DEEPEST} deep, as sin(sin(sin(...))) is; set parts by updates "
            "of their own, or give them names by equations of their own"
        )


@dataclass(frozen=True, eq=False)
class Equation(_ComparedByForm):
    """An equation of two sides. It never evaluates to a truth value, unlike `sympy.Eq`.

    `==` compares the form, in which the sign of a product may stand anywhere; a law of one equation is equal
    to the equation.
    """

    left: Expr
    right: Expr

    def __post_init__(self) -> None:
        refuse_text(self.left, "the left side of an equation")
        refuse_text(self.right, "the right side of an equation")

    @property
    def residual(self) -> Expr:
        """Return left minus right."""
        return self.left - self.right

    @cached_property
    def _form(self) -> tuple[Hashable, ...]:
        return "law", (form(self.left), form(self.right))

    def __str__(self) -> str:
        return equation_texts(((self.left, self.right),))[0]


@dataclass(frozen=True)
class Relation:
    """Expressions with relations between them, for print only: `0 < eta*lam < 2`, `tau -> 0`.

    A relation is one of = != < > <= >= ~ -> ; ~ is "approximately" and -> is "tends to". Raises
    StatementError for another one, or where sides and relations do not alternate.
    """

    sides: tuple[Expr, ...]
    relations: tuple[str, ...]

    def __post_init__(self) -> None:
        unknown = [r for r in self.relations if r not in RELATIONS]
        if unknown or len(self.sides) != len(self.relations) + 1 or not self.relations:
            raise StatementError(f"relations {' '.join(RELATIONS)} stand between sides; given {self}")

    def __str__(self) -> str:
        return " ".join(
            str(p) for pair in zip_longest(self.sides, self.relations) for p in pair if p is not None
        )


@dataclass(frozen=True, eq=False)
class Law(_ComparedByForm):
    """Equations that hold together at every instant; `assuming` lists the conditions of their origin.

    `==` compares the form of the equations, as that of `Equation` does.
    """

    equations: tuple[Equation, ...]
    assuming: tuple[Condition, ...] = field(default=(), compare=False)

    @cached_property
    def _form(self) -> tuple[Hashable, ...]:
        return "law", *((form(e.left), form(e.right)) for e in self.equations)

    def __post_init__(self) -> None:
        _refuse_whole_text(self.equations, "a law is made of equations", "ps.law")
        if not self.equations:
            raise StatementError("a law needs at least one equation, given none")
        for equation in self.equations:
            _refuse_depth("a side of an equation", equation.left, equation.right)
            refuse_noise(equation.left)
            refuse_noise(equation.right)

    @property
    def sentences(self) -> tuple[str, ...]:
        """Return the text of each equation."""
        return equation_texts((e.left, e.right) for e in self.equations)

    def __str__(self) -> str:
        return "; ".join(self.sentences)


@dataclass(frozen=True, eq=False)
class Update(_ComparedByForm):
    """The new value of one symbol; `==` compares the form, and holds for the rule of this one update."""

    target: Symbol
    value: Expr

    def __post_init__(self) -> None:
        refuse_text(self.target, "what an update sets")
        refuse_text(self.value, "a new value")

    @cached_property
    def _form(self) -> tuple[Hashable, ...]:
        return "rule", (self.target, form(self.value))

    def __str__(self) -> str:
        return update_texts(((self.target, self.value),), (self.target,))[0]


@dataclass(frozen=True, eq=False)
class Rule(_ComparedByForm):
    """Updates carried out from top to bottom; a value already updated is read as `after(symbol)`.

    Parameters
    ----------
    updates
        The new values, in the order in which they are set.
    start
        States with the values that they have before the first step, in terms of the parameters and of the
        start of the other states; a state that is missing starts where its user says, or at zero.
    ranges
        The natural ranges of the parameters, such as 0 <= beta; compared by nothing.
    typical
        Parameters with the values that people use, which are the defaults of the compiled rule; compared by
        nothing.

    Raises StatementError where a symbol is updated twice, where a new value is read before it is set, and
    where a symbol is declared positive, say, and its new value is not shown to be so: SymPy simplifies signs,
    roots and absolute values by what is declared.
    """

    updates: tuple[Update, ...]
    start: tuple[tuple[Symbol, Expr], ...] = ()
    ranges: tuple[Condition, ...] = field(default=(), compare=False)
    typical: tuple[tuple[Symbol, Expr], ...] = field(default=(), compare=False)

    @cached_property
    def _form(self) -> tuple[Hashable, ...]:
        updates = ((u.target, form(u.value)) for u in self.updates)
        return "rule", *updates, *(("start", state, form(value)) for state, value in self.start)

    def __post_init__(self) -> None:
        _refuse_whole_text(self.updates, "a rule is made of updates", "ps.rule")
        if not self.updates:
            raise StatementError("a rule needs at least one update, given none")
        done: list[Symbol] = []
        for update in self.updates:
            _refuse_depth(f"the new value of {update.target}", update.value)
            refuse_noise(update.value)
            _refuse_misread(update, self.targets, done)
            if update.target in done:
                raise StatementError(f"{update.target} is updated twice; a rule updates each symbol once")
            done.append(update.target)
        _refuse_start(self)
        _ = self.keeping_signs

    @cached_property
    def keeping_signs(self) -> tuple[Condition, ...]:
        """Return conditions on constants under which the updates keep the declared signs of their targets."""
        declared = [s for s in self.targets if declares_sign(s)]
        if not declared:
            return ()
        # An earlier or a later value has the declared sign too, if each update keeps it.
        named = {mark(s): s for s in declared for mark in (after, before)}
        values = {u.target: u.value.xreplace(named) for u in self.updates}
        read = free_symbols_of(*values.values())
        marked = (s for s in read if name_and_marks(s)[1])
        opaque = (f for value in values.values() for f in value.atoms(*OPAQUE))
        moving = (*self.targets, *marked, *opaque)
        found = list[Condition]()
        for target in declared:
            kept = sign_kept(target, values[target], moving)
            if kept is None:
                raise StatementError(_lost_sign(target, values[target]))
            found += kept
        return tuple(dict.fromkeys(found))

    @property
    def targets(self) -> tuple[Symbol, ...]:
        """Return the symbols that are updated, in order."""
        return tuple(u.target for u in self.updates)

    @cached_property
    def states(self) -> tuple[Symbol, ...]:
        """Return what is carried from step to step: the targets, then the earlier values that are read."""
        read = free_symbols_of(*(u.value for u in self.updates))
        earlier = list[Symbol]()
        for target in self.targets:
            depths = [len(s.name) - len(target.name) for s in read if s.name.rstrip(BEFORE) == target.name]
            for _ in range(max(depths, default=0)):
                target = before(target)
                earlier.append(target)
        return self.targets + tuple(earlier)

    @cached_property
    def parameters(self) -> tuple[Symbol, ...]:
        """Return the symbols that are read, by updates or by start values, and never updated, by name."""
        own = {s for state in self.states for s in (state, after(state))}
        read = symbols(self).union(*(value.free_symbols for _, value in self.start))
        return tuple(sorted((s for s in read if s not in own), key=name_of))

    @property
    def sentences(self) -> tuple[str, ...]:
        """Return the text of each update; `u_t` is the old value of what was updated further up."""
        return update_texts([(u.target, u.value) for u in self.updates], self.states)

    def __str__(self) -> str:
        return "; ".join([*self.sentences, *(f"{s}(0) = {value}" for s, value in self.start)])


Statement = Law | Rule


def _refuse_start(rule: Rule) -> None:
    """Raise StatementError for the start of what is no state, and for one that reads something that moves."""
    for symbol, value in rule.start:
        if symbol not in rule.states:
            raise StatementError(
                f"a start value is given for {symbol}, which is no state of the rule; its states are "
                f"{', '.join(map(str, rule.states))}"
            )
        marked = sorted(str(s) for s in value.free_symbols if name_and_marks(s)[1])
        if marked:
            raise StatementError(
                f"the start value of {symbol} reads {', '.join(marked)}; before the first step there are "
                "only parameters and the start values of the other states"
            )


def _lost_sign(target: Symbol, value: Expr) -> str:
    return (
        f"{target} is declared {declared_sign_name(target)}, which its new value {value} is not known to be; "
        f"declare the state real, as in Symbol({target.name!r}, real=True), under another name if {target} "
        "is taken"
    )


def _refuse_misread(update: Update, targets: tuple[Symbol, ...], done: list[Symbol]) -> None:
    if update.target.name.endswith((AFTER, BEFORE, DOT)):
        raise StatementError(f"{update.target} cannot be updated: state the rule for the symbol itself")
    for read in sorted(free_symbols_of(update.value), key=name_of):
        name, marks = name_and_marks(read)
        if AFTER in marks and read not in map(after, done):
            raise StatementError(
                f"the update of {update.target} reads {read} before it is set; reorder the rule"
            )
        if DOT in marks:
            raise StatementError(
                f"the update of {update.target} reads the derivative {read}: integrate the law first"
            )
        if BEFORE in marks and name not in [s.name for s in targets]:
            raise StatementError(
                f"the update of {update.target} reads {read}, but the rule never updates {name}"
            )


class _HasRule(Protocol):
    @property
    def rule(self) -> Rule: ...

    def __hash__(self) -> int: ...


class _HasLaw(Protocol):
    def law(self) -> Law: ...


RuleLike: TypeAlias = Rule | Update | _HasRule
"""What is accepted as a rule: the rule, a single update, or what has a rule (a derivation, an optimizer)."""

LawLike: TypeAlias = Law | Equation | _HasLaw
"""What is accepted as a law: the law, a single equation, or what has a law of motion (a system)."""

StatementLike: TypeAlias = RuleLike | LawLike


def as_rule(given: RuleLike) -> Rule:
    """Return the rule that is meant: the rule itself, that of one update, or that of a derivation.

    Parameters
    ----------
    given
        A rule, an update, or anything with an attribute `rule`, such as a derivation or an optimizer. Where
        it has an attribute `first` too, a rule, that is the law of its first step.

    Returns
    -------
    Rule
        The rule; where the first step has a law of its own, one that counts steps and tells the first apart.

    Raises
    ------
    TypeError
        For anything else.

    Examples
    --------
    >>> from physsym.vocabulary import G, eta, x
    >>> as_rule(Update(x, x - eta * G)) == rule({x: x - eta * G})
    True
    """
    if isinstance(given, Update):
        return Rule((given,))
    found = given if isinstance(given, Rule) else getattr(given, "rule", None)
    if not isinstance(found, Rule):
        advice = "; integrate a law first" if isinstance(given, Law | Equation) else ""
        raise TypeError(
            "expected a rule, such as rule({x: x - eta*G}), or a derivation that ends with one; "
            f"{_given(given)}{advice}"
        )
    first = None if given is found else getattr(given, "first", None)
    return with_first_step(found, first) if isinstance(first, Rule) else found


def with_first_step(rule: Rule, first: Rule) -> Rule:
    """Return the rule whose first step has a law of its own: it counts its steps and tells the first apart.

    Parameters
    ----------
    rule
        The law of all later steps, with the start values.
    first
        The law of the first step; a state that it does not update stays as it is.

    Returns
    -------
    Rule
        One rule with a further state, the number of steps, which starts at zero.

    Examples
    --------
    >>> from physsym.vocabulary import G, eta, rho, u, x
    >>> later = rule({u: rho * u + (1 - rho) * G, x: x - eta * after(u)}, start={u: 0})
    >>> print(with_first_step(later, rule({u: G, x: x - eta * after(u)})).updates[0])
    u <- Piecewise((grad(x), Eq(k, 0)), (rho*u + (1 - rho)*grad(x), True))
    """
    k = fresh("k", symbols(rule) | symbols(first))
    alike = first.targets == rule.targets
    begun = {u.target: u.value for u in first.updates} if alike else one_step_map(first)
    updates = []
    for target, value in ((u.target, u.value) for u in rule.updates):
        at_first = begun.get(target, target)
        same = at_first == value
        updates.append(Update(target, value if same else Piecewise((at_first, Eq(k, 0)), (value, True))))
    return replace(rule, updates=(*updates, Update(k, k + 1)), start=(*rule.start, (k, Integer(0))))


def as_law(given: LawLike) -> Law:
    """Return the law that is meant: the law itself, that of one equation, or that of a system.

    Parameters
    ----------
    given
        A law, an equation, or anything with a method `law`, such as a system.

    Returns
    -------
    Law
        The law.

    Raises
    ------
    TypeError
        For anything else.

    Examples
    --------
    >>> from physsym.vocabulary import G, gamma, x
    >>> from physsym.core.symbols import dot
    >>> as_law(Equation(gamma * dot(x), -G)) == law({gamma * dot(x): -G})
    True
    """
    if isinstance(given, Equation):
        return Law((given,))
    method = getattr(given, "law", None)
    found = given if isinstance(given, Law) else method() if callable(method) else None
    if not isinstance(found, Law):
        raise TypeError(f"expected a law, such as law({{gamma*dot(x): -G}}), or a system; {_given(given)}")
    return found


def as_statement(given: StatementLike) -> Statement:
    """Return the law or the rule that is meant.

    Parameters
    ----------
    given
        What `as_law` or `as_rule` takes.

    Returns
    -------
    Law or Rule
        The statement.

    Raises
    ------
    TypeError
        For anything else.
    """
    if isinstance(given, Law | Equation) or callable(getattr(given, "law", None)):
        return as_law(given)  # type: ignore[arg-type]
    if isinstance(given, Rule | Update) or isinstance(getattr(given, "rule", None), Rule):
        return as_rule(given)  # type: ignore[arg-type]
    advice = "read it first, by read(text)" if isinstance(given, str) else "write law({...}) or rule({...})"
    raise TypeError(f"expected a law or a rule; {_given(given)}; {advice}")


def _given(value: object) -> str:
    shown = repr(value) if isinstance(value, str) else str(value)
    return f"given {shown} of type {type(value).__name__}"


def law(equations: Mapping[Expr, Exact]) -> Law:
    """Return the law with the given equations, left side to right side.

    Parameters
    ----------
    equations
        Expressions in symbols and their derivatives, such as `dot(x)`; both sides of one dimension.

    Returns
    -------
    Law
        The equations in the order given.

    Raises
    ------
    TypeError
        For an inexact number or something that is no expression.
    StatementError
        For no equation.

    Examples
    --------
    >>> from physsym.vocabulary import gamma, m, x
    >>> from physsym.core.symbols import dot
    >>> print(law({m * dot(dot(x)): -gamma * dot(x)}))
    m*x'' = -gamma*x'
    """
    if not isinstance(equations, Mapping):
        raise TypeError(no_table("law", "left side to right side", "gamma*dot(x): -G", equations))
    return Law(tuple(Equation(exact(left), exact(right)) for left, right in equations.items()))


def rule(
    updates: Mapping[Symbol, Exact],
    start: Mapping[Symbol, Exact] | None = None,
    ranges: Given = (),
    typical: Mapping[Symbol, Exact] | None = None,
) -> Rule:
    """Return the rule with the given updates, carried out from top to bottom.

    Parameters
    ----------
    updates, start, ranges, typical
        As for `physsym.rule`, with symbols and exact expressions, and no texts.

    Returns
    -------
    Rule

    Raises
    ------
    TypeError
        For an inexact number or a target that is no symbol.
    StatementError
        Where a symbol is updated twice, or a new value is read before it is set.

    Examples
    --------
    >>> from physsym.vocabulary import rho, u, x
    >>> print(rule({u: rho * u, x: x + after(u)}))
    u <- rho*u; x <- x + u+
    """
    if not isinstance(updates, Mapping):
        raise TypeError(no_table("rule", "symbol to new value", "x: x - eta*G", updates))
    for target in updates:
        if not isinstance(target, Symbol):
            raise TypeError(f"a rule updates symbols, given {target!r}")
    return Rule(
        tuple(Update(target, exact(value)) for target, value in updates.items()),
        tuple((state, exact(value)) for state, value in (start or {}).items()),
        as_conditions(ranges),
        tuple((parameter, exact(value)) for parameter, value in (typical or {}).items()),
    )


def no_table(kind: str, pairs: str, example: str, given: object) -> str:
    """Return the message for what is given in place of a table of equations or updates."""
    return f"{kind} takes a dictionary, {pairs}, such as {kind}({{{example}}}); {_given(given)}"


@overload
def rewritten(statement: Law, change: Callable[[Expr], Expr]) -> Law: ...
@overload
def rewritten(statement: Rule, change: Callable[[Expr], Expr]) -> Rule: ...
@overload
def rewritten(statement: Statement, change: Callable[[Expr], Expr]) -> Statement: ...
def rewritten(statement: Statement, change: Callable[[Expr], Expr]) -> Statement:
    """Return the statement with every expression changed; the targets of a rule stay."""
    if isinstance(statement, Law):
        changed = tuple(Equation(change(e.left), change(e.right)) for e in statement.equations)
        return Law(changed, statement.assuming)
    updates = tuple(Update(u.target, change(u.value)) for u in statement.updates)
    return replace(statement, updates=updates, start=tuple((s, change(v)) for s, v in statement.start))


def expressions(statement: Statement) -> Iterator[Expr]:
    """Yield every expression of a statement: both sides of each equation, the value of each update."""
    if isinstance(statement, Law):
        for equation in statement.equations:
            yield from (equation.left, equation.right)
    else:
        yield from (u.value for u in statement.updates)


@lru_cache(maxsize=1024)
def symbols(statement: Statement) -> frozenset[Symbol]:
    """Return every symbol that a statement mentions, the targets and start values of a rule included."""
    mentioned = free_symbols_of(*expressions(statement))
    if not isinstance(statement, Rule):
        return mentioned
    return mentioned.union(statement.targets, *(value.free_symbols for _, value in statement.start))


def states(rule: RuleLike) -> tuple[Symbol, ...]:
    """Return the state variables of a rule.

    Parameters
    ----------
    rule
        A rule, or what stands for one.

    Returns
    -------
    tuple of Symbol
        Its targets in order, then the earlier values that it reads.

    Examples
    --------
    >>> from physsym.vocabulary import eta, x
    >>> from physsym.core.symbols import grad
    >>> states(rule({x: 2 * x - before(x) - eta * grad(x)}))
    (x, x-)
    """
    return as_rule(rule).states


def parameters(rule: RuleLike) -> tuple[Symbol, ...]:
    """Return the parameters of a rule, the symbols that it reads and never updates.

    Parameters
    ----------
    rule
        A rule, or what stands for one.

    Returns
    -------
    tuple of Symbol
        Sorted by name.

    Examples
    --------
    >>> from physsym.vocabulary import G, eta, rho, u, x
    >>> parameters(rule({u: rho * u - eta * G, x: x + after(u)}))
    (eta, rho)
    """
    return as_rule(rule).parameters


def one_step_map(rule: Rule) -> dict[Symbol, Expr]:
    """Return the one-step map: the new value of every state in terms of old values alone.

    The new value of an earlier one, such as `before(x)`, is the value now.
    """
    done: dict[Symbol, Expr] = {}
    for update in rule.updates:
        done[after(update.target)] = update.value.xreplace(done)
    now = {before(s): s for s in rule.states}
    return {s: done[after(s)] if s in rule.targets else now[s] for s in rule.states}
