"""Conventions for the parameters of momentum, and what values of one mean in another.

Libraries and papers put the learning rate before or behind the buffer, weigh the gradient by 1 - rho or not,
and count the memory in steps, samples or seconds. A convention is a rule with the names that its users know;
the map from one to another is what `equivalent` finds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from fractions import Fraction
from math import isfinite
from textwrap import wrap
from typing import TypeAlias

from sympy import Dummy, Expr, Mul, Rational, Symbol, exp, factor, simplify, solve

from physsym.core.arguments import named_arguments
from physsym.core.statements import Rule, rewritten, rule
from physsym.core.symbols import BEFORE, after, exact
from physsym.core.verdicts import Condition, Hypothesis, Outcome
from physsym.optimizers.equivalence import Equivalence
from physsym.optimizers.equivalent_rules import equivalent
from physsym.optimizers.known import known
from physsym.optimizers.known.notation import b, beta, d, fraction, mu, nu
from physsym.optimizers.report.lines import number
from physsym.vocabulary import G, alpha, dt, eta, gamma, m, rho, tau, u, v, x

Value: TypeAlias = Expr | int | float | Fraction | str
"""What is taken as the value of a parameter; decimal numbers, also floats, are taken as they are written."""
LONGEST = 60  # characters of a number that is shown exactly


class ConversionError(ValueError):
    """Values that mean nothing in their convention, or that another convention cannot express."""


class NoConversionError(ConversionError):
    """Values of one convention with which no values of the other do the same."""


@dataclass(frozen=True)
class Convention:
    """A form of the momentum rule, and what its users call parameters and states.

    Parameters
    ----------
    name
        What it is called here.
    title
        Where it is used.
    rule
        The rule.
    names
        What the parameters and the states are called there, parameters first.
    meaning
        Parameters of the rule in terms of those that the users know, where these are others.
    typical
        Values of parameters that are taken where the other convention leaves them open.
    note
        What its users have to know, as a sentence.
    """

    name: str
    title: str
    rule: Rule
    names: Mapping[Symbol, str] = field(hash=False)
    meaning: Mapping[Symbol, Expr] = field(default_factory=dict, hash=False)
    typical: Mapping[Symbol, Expr] = field(default_factory=dict, hash=False)
    note: str = ""

    @property
    def parameters(self) -> tuple[Symbol, ...]:
        """Return the parameters that its users know, in their order."""
        return tuple(s for s in self.names if s not in self.rule.states)

    def __str__(self) -> str:
        return f"{self.name} ({self.title}): {self.rule}"


_IN_TORCH = {eta: "lr", rho: "momentum"}
_DAMPENING = rule({b: rho * b + (1 - d) * G, x: x - eta * after(b)}, ranges=fraction(rho, d))
_PARTICLE = rule(
    {v: (1 - gamma * dt / m) * v - dt / m * G, x: x + dt * after(v)},
    start={v: 0},
    ranges=(Condition(m - gamma * dt, ">= 0"),),
)

CONVENTIONS = {
    c.name: c
    for c in (
        Convention("torch", "torch.optim.SGD", known.heavy_ball.rule, {**_IN_TORCH, b: "momentum_buffer"}),
        Convention(
            "torch-dampening",
            "torch.optim.SGD with dampening",
            _DAMPENING,
            {**_IN_TORCH, d: "dampening", b: "momentum_buffer"},
            typical={d: rho},
            note="torch leaves the dampening out where there is no momentum_buffer yet, in its first step: "
            "the map is that of the steps after it, or of all if momentum_buffer is set to zero before.",
        ),
        Convention(
            "keras",
            "keras.optimizers.SGD, TensorFlow",
            known.heavy_ball_classical.rule,
            {eta: "learning_rate", rho: "momentum", u: "velocity"},
        ),
        Convention(
            "optax",
            "optax.sgd",
            known.heavy_ball.rule,
            {eta: "learning_rate", rho: "momentum", b: "trace"},
        ),
        Convention(
            "source",
            "momentum as the source of the derivations has it",
            known.heavy_ball_classical.rule,
            {eta: "eta", rho: "rho", u: "u"},
        ),
        Convention(
            "dampened",
            "the buffer a displacement, the gradient weighed by 1 - rho",
            known.heavy_ball_dampened.rule,
            {eta: "eta", rho: "rho", u: "u"},
        ),
        Convention(
            "average",
            "the buffer an exponential average of gradients",
            known.heavy_ball_average.rule,
            {eta: "eta", rho: "rho", mu: "average"},
        ),
        Convention(
            "quasi-hyperbolic",
            "QHM of Ma and Yarats",
            known.quasi_hyperbolic.rule,
            {eta: "alpha", beta: "beta", nu: "nu", mu: "average"},
        ),
        Convention(
            "alpha-beta",
            "Polyak's heavy ball, a recurrence over two steps",
            known.heavy_ball_alpha_beta.rule,
            {alpha: "alpha", beta: "beta"},
        ),
        Convention(
            "physical",
            "a particle with mass and friction, one step of semi-implicit Euler",
            _PARTICLE,
            {m: "m", gamma: "gamma", dt: "dt", v: "velocity"},
        ),
        Convention(
            "cntk",
            "CNTK's momentum_sgd with unit gain, the time constant in samples of a minibatch of one",
            known.heavy_ball_average.rule,
            {eta: "learning_rate", tau: "momentum_time_constant", mu: "smoothed_gradient"},
            {rho: exp(-1 / tau)},
        ),
    )
}
"""The conventions by name."""

ALIASES = {
    "jax": "optax",
    "polyak": "alpha-beta",
    "pytorch": "torch",
    "qhm": "quasi-hyperbolic",
    "tensorflow": "keras",
    "tf": "keras",
}


@dataclass(frozen=True)
class Conversion:
    """Values of one convention, and those that mean the same in another.

    Parameters
    ----------
    source, target
        The conventions.
    given
        The values in the first.
    values
        The values in the second, exact where those given are.
    formulas
        Each parameter of the second in terms of those of the first.
    states
        Each state of the second in terms of states and parameters of the first.
    start
        The start value of each state of the second.
    conditions
        What the values given had to satisfy, beyond the natural ranges.
    equivalence
        The proof: the answer of `equivalent` for the two rules.
    """

    source: Convention
    target: Convention
    given: Mapping[str, Expr] = field(hash=False)
    values: Mapping[str, Expr] = field(hash=False)
    formulas: Mapping[str, Expr] = field(hash=False)
    states: Mapping[str, Expr] = field(hash=False)
    start: Mapping[str, Expr] = field(hash=False)
    conditions: tuple[Condition | Hypothesis, ...]
    equivalence: Equivalence

    def __getitem__(self, name: str) -> Expr:
        return self.values[name]

    @property
    def numbers(self) -> dict[str, float]:
        """Return the values as floats, as a library takes them."""
        floats = {name: float(value) for name, value in self.values.items()}
        for name, value in self.values.items():
            if not isfinite(floats[name]) or (value != 0 and floats[name] == 0):
                raise OverflowError(f"{name} = {number(value)} is beyond the range of floats")
        return floats

    def __str__(self) -> str:
        return text(self)


@named_arguments
def convert(values: Mapping[str, Value], from_: str, to: str) -> Conversion:
    """Return the values of another convention that mean the same momentum method.

    Parameters
    ----------
    values
        A value for each parameter of the first convention, by the name that it has there. Decimal numbers are
        taken as they are written. A parameter that only the second has and that the map leaves open may be
        given too; without, a simple value is chosen.
    from_, to
        The names of the conventions: torch, torch-dampening, keras (tensorflow), optax, source, dampened,
        average, quasi-hyperbolic, alpha-beta, physical, cntk.

    Returns
    -------
    Conversion
        The values, the formulas, the map of states, and whether all holds for a changing learning rate. The
        map is found and proved by `equivalent`.

    Raises
    ------
    ConversionError
        For an unknown convention or parameter, a missing one, a value outside its range, and where no values
        of the second convention do the same.

    Examples
    --------
    >>> found = convert({"lr": "0.01", "momentum": "0.9"}, from_="torch", to="average")
    >>> found.values
    {'eta': 1/10, 'rho': 9/10}
    >>> print(found.formulas["eta"], found.equivalence.schedule)
    lr/(1 - momentum) any
    """
    source, target = convention(from_), convention(to)
    given, open_values = _read(values, source, target)
    of_rule = {p: _meaning(source, p).subs(given) for p in source.rule.parameters}
    _refuse_outside(source, given, of_rule)
    chosen = {**target.typical, **open_values}
    usual = tuple((p, value) for p, value in of_rule.items() if value.is_Rational)  # where a trace is run
    found = equivalent(replace(source.rule, typical=usual), _with_values(target.rule, chosen))
    case = _case_at(found, of_rule, source, target)
    return _converted(source, target, given, of_rule, case, chosen)


def convention(name: str) -> Convention:
    """Return the convention of that name; raise ConversionError with the nearest names for an unknown one."""
    plain = str(name).strip().lower().replace("_", "-").replace(" ", "-")
    found = CONVENTIONS.get(ALIASES.get(plain, plain))
    if found is None:
        near = get_close_matches(plain, [*CONVENTIONS, *ALIASES], n=3)
        advice = f"the nearest are {', '.join(near)}" if near else f"there are {', '.join(CONVENTIONS)}"
        raise ConversionError(f"no convention is called {name!r}; {advice}")
    return found


def _read(
    values: Mapping[str, Value], source: Convention, target: Convention
) -> tuple[dict[Symbol, Expr], dict[Symbol, Expr]]:
    """Return the values of the source's parameters, and those of parameters that only the target has."""
    if not isinstance(values, Mapping):
        raise ConversionError(f"the values are a dictionary, such as {{'lr': '0.01'}}; given {values!r}")
    own = {source.names[p]: p for p in source.parameters}
    open_ones = {target.names[p]: p for p in target.parameters if p in target.rule.parameters}
    given, chosen = dict[Symbol, Expr](), dict[Symbol, Expr]()
    for name, value in values.items():
        if name in own:
            given[own[name]] = _number(name, value)
        elif name in open_ones:
            chosen[open_ones[name]] = _number(name, value)
        else:
            near = get_close_matches(str(name), own, n=1)
            advice = f"; the nearest is {near[0]}" if near else ""
            raise ConversionError(f"{source.name} has no parameter {name}; it has {', '.join(own)}{advice}")
    missing = [name for name, p in own.items() if p not in given]
    if missing:
        raise ConversionError(
            f"{source.name} also needs {', '.join(missing)}; it has the parameters {', '.join(own)}"
        )
    return {p: given[p] for p in own.values()}, chosen


def _number(name: str, value: Value) -> Expr:
    """Return a real number exactly; a decimal number, as text or as a float, is taken as it is written."""
    try:
        if isinstance(value, str):
            _refuse_huge(value)
            return Rational(Fraction(value.strip()))
        found = Rational(str(value)) if isinstance(value, float) else exact(value)
    except (ValueError, TypeError, ZeroDivisionError) as error:
        raise ConversionError(f"{name} is a number, such as 0.01 or 1/3; given {value!r}") from error
    if not (found.is_number and found.is_finite and found.is_extended_real):
        raise ConversionError(f"{name} is a real number, such as 0.01 or 1/3; given {value}")
    return found


def _refuse_huge(text: str) -> None:
    """Raise ValueError for a number of more digits than any parameter has, before they are computed."""
    power = text.lower().partition("e")[2].lstrip("+-")
    if len(text) > 60 or (power.isdecimal() and int(power) > 300):
        raise ValueError("the number is too large or too small")


def _refuse_outside(where: Convention, given: Mapping[Symbol, Expr], of_rule: Mapping[Symbol, Expr]) -> None:
    """Raise ConversionError for values outside of the natural ranges of a convention."""
    signs = (Condition(p, "> 0") for p in given if p.is_positive)
    for condition in (*signs, *where.rule.ranges):
        if not _satisfied(condition, {**given, **of_rule}):
            shown = ", ".join(f"{where.names[p]} = {_decimal(value)}" for p, value in given.items())
            raise ConversionError(f"{where.name} needs {_condition(condition, where)}; given {shown}")


def _satisfied(condition: Condition, values: Mapping[Symbol, Expr]) -> bool:
    """Return whether numbers satisfy a condition; raise ConversionError where that is not decided."""
    left = simplify(condition.expression.subs(values))
    decided = {
        "= 0": left.is_zero,
        "!= 0": left.is_nonzero,
        "> 0": left.is_positive,
        ">= 0": left.is_nonnegative,
    }[condition.relation]
    if decided is None:
        raise ConversionError(f"it is not decided whether {Condition(left, condition.relation)}")
    return bool(decided)


def _with_values(given: Rule, values: Mapping[Symbol, Expr]) -> Rule:
    """Return a rule in which some parameters have a value, or are expressed in others."""
    ranges = (Condition(c.expression.subs(values), c.relation) for c in given.ranges)
    fixed = rewritten(given, lambda e: e.subs(values))
    return replace(fixed, ranges=tuple(c for c in ranges if c.expression.free_symbols), typical=())


def _case_at(
    found: Equivalence, values: Mapping[Symbol, Expr], source: Convention, target: Convention
) -> Equivalence:
    """Return the answer that holds at these values; raise NoConversionError where there is none."""
    same = (Outcome.HOLDS, Outcome.CONDITIONAL)
    cases = [c for c in (found, *found.otherwise) if c.verdict.outcome in same]
    for case in cases:
        if all(_satisfied(c, values) for c in case.conditions if isinstance(c, Condition)):
            return case
    if cases:
        listed = (" and ".join(_condition(c, source) for c in case.conditions) for case in cases)
        why = f"the rules are the same only where {', or where '.join(listed)}"
    else:
        why = "; ".join(found.verdict.evidence)
    unknown = found.verdict.outcome is Outcome.UNDECIDABLE
    raise NoConversionError(
        f"{'it is not known which' if unknown else 'no'} values of {target.name} do the same as these of "
        f"{source.name}: {why}"
    )


def _condition(condition: Condition | Hypothesis, where: Convention) -> str:
    """Return a condition in the names that the users of a convention know."""
    if isinstance(condition, Hypothesis):
        return str(condition)
    expression = _named(condition.expression, where)
    if condition.relation == "= 0" and len(expression.free_symbols) == 1:
        (symbol,) = expression.free_symbols
        return f"{symbol} = {solve(expression, symbol)[0]}"
    return str(Condition(expression, condition.relation))


def _meaning(where: Convention, parameter: Symbol) -> Expr:
    """Return a parameter of a convention's rule in terms of the parameters that its users know."""
    return where.meaning.get(parameter, parameter)


def _known_to_users(where: Convention, values: Mapping[Symbol, Expr]) -> dict[Symbol, Expr]:
    """Return the parameters that the users of a convention know from those of its rule."""
    found = {p: values[p] for p in where.parameters if p in values}
    for parameter, expression in where.meaning.items():
        (unknown,) = expression.free_symbols
        level = Dummy("level", positive=True)
        (solution,) = solve(expression - level, unknown)
        found[unknown] = solution.subs(level, values[parameter])
    return {p: found[p] for p in where.parameters}


def _named(expression: Expr, where: Convention) -> Expr:
    """Return an expression in the names that the users of a convention know."""
    shown = {p: _meaning(where, p) for p in where.rule.parameters}
    return expression.xreplace(shown).xreplace(
        {s: _symbol(s, where) for s in (*where.names, *where.rule.states)}
    )


def _symbol(symbol: Symbol, where: Convention) -> Symbol:
    plain = symbol.name.rstrip(BEFORE)
    return Symbol(where.names.get(symbol, f"before({plain})" if plain != symbol.name else plain), real=True)


def _converted(
    source: Convention,
    target: Convention,
    given: Mapping[Symbol, Expr],
    of_rule: Mapping[Symbol, Expr],
    case: Equivalence,
    chosen: Mapping[Symbol, Expr],
) -> Conversion:
    """Return the conversion that an answer of `equivalent` means at these values."""
    found = dict(case.parameters)
    found |= {p: value.xreplace(found) for p, value in chosen.items()}
    formulas = _known_to_users(target, found)
    values = {p: simplify(f.subs(of_rule)) for p, f in formulas.items()}
    if lost := [f"{target.names[p]} = {v}" for p, v in values.items() if not (v.is_finite and v.is_real)]:
        raise NoConversionError(f"{target.name} has no finite values for these of {source.name}: {lost[0]}")
    try:
        _refuse_outside(target, values, {p: simplify(f.subs(of_rule)) for p, f in found.items()})
    except ConversionError as error:
        raise NoConversionError(f"no values of {target.name} do the same: {error}") from None
    begun = all(s in dict(c.rule.start) for c in (source, target) for s in c.rule.states if s != x)

    def shown(table: Mapping[Symbol, Expr]) -> dict[str, Expr]:
        return {str(_symbol(s, target)): _shortest(_named(e, source)) for s, e in table.items()}

    return Conversion(
        source,
        target,
        {source.names[p]: value for p, value in given.items()},
        {target.names[p]: value for p, value in values.items()},
        shown(formulas),
        shown({s: e for s, e in case.states.items() if s != x}),
        shown({s: e for s, e in case.start.items() if begun and s in case.states and s != x}),
        case.conditions,
        case,
    )


def _shortest(expression: Expr) -> Expr:
    """Return an expression as it is or factored, whichever is shorter."""
    factored = factor(expression)
    sign, rest = factored.as_coeff_Mul()
    factors = Mul.make_args(rest)
    sums = [f for f in factors if f.is_Add] if sign.is_negative else []
    turned = [Mul(sign * f, *(g for g in factors if g != f)) for f in sums]
    return min((expression, factored, *turned), key=lambda e: len(str(e)))


def text(conversion: Conversion, width: int = 80) -> str:
    """Return an account of a conversion.

    Parameters
    ----------
    conversion
        The conversion.
    width
        The number of columns.

    Returns
    -------
    str
        The conventions, the values with their formulas, the states, and for which learning rates it holds.
    """
    source, target = conversion.source, conversion.target
    lines = wrap(f"{source.name} ({source.title}) to {target.name} ({target.title}):", width - 1)
    lines.append("")
    margin = max(len(name) for name in (*conversion.values, *conversion.states))
    rows = list[str]()
    for name, value in conversion.values.items():
        formula = conversion.formulas[name]
        at = f" = {_decimal(value)}" if formula.free_symbols else ""
        rows.append(f"{name:{margin}} = {formula}{at}")
    for name, formula in conversion.states.items():
        start = f", from {conversion.start[name]}" if name in conversion.start else ""
        rows.append(f"{name:{margin}} = {formula}{start}")
    for row in rows:
        lines += wrap(row, width - 1, initial_indent="  ", subsequent_indent=" " * (margin + 5))
    for says in filter(None, dict.fromkeys((_schedule(conversion), source.note, target.note))):
        lines += ["", *wrap(says, width - 1)]
    return "\n".join(lines)


def _schedule(conversion: Conversion) -> str:
    """Return a sentence on learning rates that change from step to step."""
    found = conversion.equivalence
    if found.schedule == "any":
        return "The same for learning rates that change from step to step, too: convert each."
    if found.schedule == "constant" and found.trace:
        one, other = found.trace.weights
        others = {p: value for p, value in found.trace.parameters[0].items() if p not in (eta, alpha)}
        off = [name for name, value in conversion.given.items() if value == 0]
        only = f"; where {' or '.join(off)} is not 0, for that only" if off else " only"
        at = "".join(f"{_named(p, conversion.source)} = {_decimal(v)}, " for p, v in others.items())
        return (
            f"The same for a constant learning rate{only}. With {at}rates {_listed(found.trace.rates)} and "
            f"gradients {_listed(found.trace.gradients)} they part at step {len(found.trace.gradients)}, by "
            f"{_decimal(abs(one - other))}: {conversion.source.name} has moved the weights by "
            f"{_decimal(one)}, {conversion.target.name} by {_decimal(other)}."
        )
    return "The same for constant parameters."


def _listed(numbers: Iterable[Expr]) -> str:
    return ", ".join(map(_decimal, numbers))


def _decimal(value: Expr) -> str:
    """Return a number as a decimal where it is a short one, else exactly and as a decimal."""
    if value.is_Rational and isfinite(float(value)) and (value == 0 or float(value)):
        text = f"{float(value):.12g}"
        if Rational(text) == value:
            return text
    exactly = str(value)
    return f"{exactly} (about {number(value)})" if len(exactly) <= LONGEST else number(value)
