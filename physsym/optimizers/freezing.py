"""A rule as a module of plain Python or NumPy that needs neither SymPy nor this package."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sympy import Symbol

from physsym.codegen import program, state_name
from physsym.codegen.emit.python import function_text, tuple_text
from physsym.codegen.emit.standalone import Form, form, helper_texts, run_text, step_text
from physsym.core.arguments import named_arguments
from physsym.core.digests import digest
from physsym.core.dimensions import ONE
from physsym.core.escapes import one_line
from physsym.core.inference import infer_dimensions
from physsym.core.motion import is_time
from physsym.core.statements import Rule, Statement, expressions, symbols
from physsym.core.symbols import after, before
from physsym.core.verdicts import is_failure
from physsym.derivation import Derivation
from physsym.optimizers.known import known
from physsym.optimizers.known_rule import Known
from physsym.optimizers.lifted import Lifted
from physsym.optimizers.naming import as_lifted
from physsym.parsing.statements import RuleText
from physsym.runtime.backends import load_backend
from physsym.runtime.backends.base import Value, constants, misnamed
from physsym.runtime.start import range_text, refuse_out_of_range, start_order, with_typical
from physsym.runtime.states import coordinates
from physsym.verify.dimensions import known_dimensions
from physsym.vocabulary import STANDARD, Vocabulary

FORMS: Mapping[str, bool] = {"python": False, "numpy": True}
"""Whether a frozen rule of this form computes with arrays of NumPy, or else with single numbers."""

_WIDTH = 100
# Of rules with more symbols or operations no dimensions are inferred: that takes the cube of their number.
_MOST_SYMBOLS, _MOST = 60, 300


@dataclass(frozen=True)
class Origin:
    """Where a frozen rule comes from: the name under which it is found again, and its derivation if any."""

    name: str
    title: str = ""
    derivation: Derivation | None = None
    vocabulary: Vocabulary = STANDARD

    @property
    def statements(self) -> tuple[Statement, ...]:
        """Return the lines of the derivation, from which dimensions are inferred."""
        return self.derivation.lines if self.derivation is not None else ()


@named_arguments
def freeze(
    rule: RuleText | Derivation | Known | Lifted, /, language: str = "python", **parameters: Value
) -> str:
    """Return a rule as the text of a module of functions `init`, `step` and `run`.

    The module imports `math`, or NumPy, and nothing else. It ends with digests of the rule, of its derivation
    and of the text, by which `physsym check` tells whether it is still the derived rule.

    Parameters
    ----------
    rule : Rule, or Derivation
        The update rule; of a derivation the rule at its end.
    language : {"python", "numpy"}
        Whether a state is one number, or an array of NumPy.
    **parameters
        Values of parameters by name, which become defaults. One that is not given has its typical value as a
        default, if the rule has one, and else none.

    Returns
    -------
    str
        The text of the module.

    Raises
    ------
    TypeError
        For what is no rule, and for unknown parameters.
    ValueError
        For an unknown language, a parameter outside of its range, a derivation with a step that does not
        hold, and a rule whose first step is another one.

    Examples
    --------
    >>> text = freeze("x <- x - eta*grad(x)", eta=0.1)
    >>> module = {}
    >>> exec(text, module)
    >>> module["run"](1.0, lambda x: x, steps=2)
    (0.81,)
    """
    lifted = as_lifted(rule)
    if isinstance(rule, Derivation):
        origin = of_derivation(rule, str(rule.rule))
    else:
        origin = of_name(rule if isinstance(rule, str) else lifted.name or str(lifted.rule))
    return frozen_text(lifted, origin, language, parameters)


def of_derivation(derivation: Derivation, name: str) -> Origin:
    """Return the origin of a rule at the end of a derivation, which is found under a name."""
    return Origin(name, derivation.title, derivation, derivation.vocabulary)


def of_name(name: str) -> Origin:
    """Return the origin of a rule that is its text, or has a name such as `known:adam`."""
    kind, _, own = name.partition(":")
    published = known.get(own.strip()) if kind.strip() == "known" else None
    if published is None:
        return Origin(name)
    return Origin(name, f"{published.title} ({published.citation})", None, published.vocabulary)


def frozen_text(lifted: Lifted, origin: Origin, language: str, given: Mapping[str, Value]) -> str:
    """Return the text of a module; raises as `freeze` does."""
    if language not in FORMS:
        raise ValueError(f"unknown language {language!r}; a rule is frozen as {' or '.join(FORMS)}")
    if lifted.first is not None:
        raise ValueError(
            f"the first step of {lifted.name or 'this rule'} is another one, {lifted.first}; "
            "freeze a rule whose steps are all the same"
        )
    _refuse_failing(origin)
    rule = lifted.rule
    values = _numbers(rule, given)
    made = form(program(rule), with_typical(rule, values), arrays=FORMS[language])
    text = "\n\n\n".join(_parts(made, lifted, origin, values))
    return f"{text}\n\n{_record(made, rule, origin, values, text)}"


def _refuse_failing(origin: Origin) -> None:
    if origin.derivation is None:
        return
    for number, verdict in enumerate(origin.derivation.verdicts()):
        if is_failure(verdict):
            which = f"step {number}" if number else "the start"
            raise ValueError(
                f"{which} of {origin.derivation.title!r} does not hold, so that its rule is not derived; "
                "physsym check says why"
            )


def _numbers(rule: Rule, given: Mapping[str, Value]) -> dict[str, float]:
    """Return values of parameters as floats; raise for unknown ones, and for what is outside of its range."""
    engine, own = load_backend("numpy"), list(map(state_name, rule.parameters))
    if wrong := misnamed(given, wanted=list(given), known=own):
        raise TypeError(f"parameters of the rule: {wrong}")
    values = {name: float(engine.number(name, value)) for name, value in given.items()}
    every = with_typical(rule, values)
    refuse_out_of_range(rule, every)
    steps = program(rule)
    if {state_name(p) for p in steps.parameters if p != steps.loss} <= every.keys():
        constants(steps, engine, every)  # raises where the rule is not defined
    return values


# ------------------------------------------------------------------ the text


def _parts(made: Form, lifted: Lifted, origin: Origin, values: Mapping[str, float]) -> Iterator[str]:
    """Yield the docstring with the import, and the functions."""
    begin, given, initial = _init_text(made, lifted.rule)
    functions = [begin, step_text(made), *filter(None, [run_text(made, given, initial)])]
    helpers = helper_texts("\n".join(functions))
    written = "\n".join([*helpers, *functions])
    imports = [name for name, used in (("math", "math."), ("numpy as np", "np.")) if used in written]
    yield "\n".join([_docstring(made, lifted, origin, values), *(f"\nimport {name}" for name in imports)])
    yield "\n\n".join([*helpers, *functions]).rstrip("\n")


def _init_text(made: Form, rule: Rule) -> tuple[str, list[str], list[str]]:
    """Return the function of the first states, the states that it takes, and the parameters that it reads."""
    begun, steps = dict(start_order(rule)), made.program
    later = {s for state in steps.states for s in (before(state), before(before(state)))}
    found = coordinates(rule) or tuple(s for s in steps.arrays if s not in later)
    given = [s for s in found if s not in begun]
    like = made.names[given[0]] if given else ""
    lines = [f"{made.names[s]} = 1.0*np.asarray({made.names[s]})" for s in given if made.arrays]
    timed = [s for s in steps.states if is_time(s) and s not in begun and s not in given]
    others = [s for s in steps.states if s not in given and s not in timed]
    rest = [s for s in others if s not in begun and s not in later]
    for state in rest:
        single = state in steps.counters or not made.arrays or not like
        lines.append(f"{made.names[state]} = {'0.0' if single else f'np.zeros_like({like})'}")
    for state, value in begun.items():
        lines.append(f"{made.names[state]} = {_start(made, state, value, like)}")
    for state in [s for s in others if s in later]:
        lines.append(f"{made.names[state]} = {made.names[_later(state, steps.states)]}")
    read = {s for value in begun.values() for s in value.free_symbols}
    initial = [made.names[p] for p in steps.parameters if p in read]
    inputs = [*(made.names[s] for s in given), *(f"{made.names[s]}=0.0" for s in timed)]
    says = '"""Return the states before the first step."""'
    lines = [says, *lines, f"return {tuple_text(made.states)}"]
    names = [made.names[s] for s in given]
    return function_text("init", inputs + made.keywords(initial), lines), names, initial


def _later(state: Symbol, states: Iterable[Symbol]) -> Symbol:
    """Return the state of which one is the value a step earlier."""
    return next(s for s in states if before(s) == state)


def _start(made: Form, state: Symbol, value: Any, like: str) -> str:
    single = state in made.program.counters or not made.arrays
    reads_arrays = bool(value.free_symbols & {*made.program.arrays})
    if value.is_infinite:
        infinity = f"{'-' if value.is_negative else ''}math.inf"
        return infinity if single or not like else f"np.full_like({like}, {infinity})"
    if value.is_zero and not single and like:
        return f"np.zeros_like({like})"
    text = made.value(value, single=single or not reads_arrays)
    return text if single or reads_arrays or not like else f"np.full_like({like}, {text})"


def _docstring(made: Form, lifted: Lifted, origin: Origin, values: Mapping[str, float]) -> str:
    rule, meanings = lifted.rule, _meanings(lifted.rule, origin)
    what = origin.title or lifted.name or "An update rule"
    of = "arrays of NumPy" if made.arrays else "single numbers"
    rows = [*_wrapped([f"{what}: the rule of one step, on {of}."], "", ""), ""]
    rows += [*_wrapped(rule.sentences, "    ", " " * 8), ""]
    if read := [s for s in rule.targets if after(s) in symbols(rule)]:
        rows += [f"{', '.join(str(after(s)) for s in read)}: new values, those after the step.", ""]
    if rule.parameters:
        rows += [
            "Parameters",
            *_table(_parameter(p, made, rule, meanings, values) for p in rule.parameters),
            "",
        ]
    rows += ["States", *_table(_state(s, made, rule, meanings) for s in made.program.states), ""]
    if lifted.assumes:
        rows += ["Assumed", *_wrapped(map(str, lifted.assumes), "    ", " " * 8), ""]
    rows += ["Written by `physsym freeze`; `physsym check FILE` tells whether it is still the derived rule."]
    lines = [one_line(row).replace("\\", "\\\\").replace('"""', '\\"\\"\\"') for row in rows]
    return '"""' + "\n".join(lines) + '\n"""'


def _wrapped(texts: Iterable[str], indent: str, hanging: str) -> list[str]:
    return [
        line
        for text in texts
        for line in textwrap.wrap(
            one_line(text), _WIDTH, initial_indent=indent, subsequent_indent=hanging, break_long_words=False
        )
    ]


def _table(rows: Iterable[tuple[str, str]]) -> list[str]:
    listed = list(rows)
    margin = max(len(name) for name, _ in listed) + 6
    return [
        line
        for name, says in listed
        for line in _wrapped([says or "-"], f"    {name}".ljust(margin + 2), " " * (margin + 2))
    ]


def _parameter(
    symbol: Symbol, made: Form, rule: Rule, meanings: Mapping[Symbol, list[str]], values: Mapping[str, float]
) -> tuple[str, str]:
    written = made.names[symbol]
    default = made.defaults.get(written)
    source = "given" if state_name(symbol) in values else "typical"
    ranges = dict.fromkeys(range_text(rule, c) for c in rule.ranges if symbol in c.expression.free_symbols)
    says = [*meanings[symbol], *ranges]
    says += [f"{default!r} ({source})"] if default is not None else ["to be given"]
    return written, "; ".join(says)


def _state(symbol: Symbol, made: Form, rule: Rule, meanings: Mapping[Symbol, list[str]]) -> tuple[str, str]:
    starts = dict(rule.start)
    begins = [f"starts at {starts[symbol]}"] if symbol in starts else []
    return made.names[symbol], "; ".join([*meanings[symbol], *begins])


def _meanings(rule: Rule, origin: Origin) -> dict[Symbol, list[str]]:
    """Return what each symbol means and its dimension, as far as they are known.

    Where the dimensions of the vocabulary contradict each other in the rule, none is known.
    """
    dimensions: Mapping[Any, Any] = {}
    if len(symbols(rule)) <= _MOST_SYMBOLS and sum(e.count_ops() for e in expressions(rule)) <= _MOST:
        found = infer_dimensions((*origin.statements, rule), known_dimensions(origin.vocabulary))
        dimensions = {} if found.clash else {**found.known, **found.found}
    meanings = dict[Symbol, list[str]]()
    for symbol in (*rule.states, *rule.parameters):
        quantity, dimension = origin.vocabulary.quantity(symbol), dimensions.get(symbol)
        says = [quantity.meaning] if quantity is not None and quantity.meaning else []
        if dimension is not None:
            says.append("dimensionless" if dimension == ONE else f"dimension {dimension}")
        meanings[symbol] = says
    return meanings


# ------------------------------------------------------------------ the record at the end


def _record(made: Form, rule: Rule, origin: Origin, values: Mapping[str, float], text: str) -> str:
    """Return the last lines of a module: where it comes from, and the digests."""
    derivation = origin.derivation
    entries: dict[str, Any] = {
        "from": one_line(" ".join(origin.name.split())),
        "language": next(name for name, arrays in FORMS.items() if arrays == made.arrays),
        "given": dict(values),
        "rule": digest(rule),
    }
    if derivation is not None:
        entries["derivation"] = derivation_digest(derivation)
    entries["text"] = text_digest(text)
    return f"\nFROZEN = {json.dumps(entries, indent=4, ensure_ascii=False)}\n"


def derivation_digest(derivation: Derivation) -> str:
    """Return the digest of a derivation: of its system, its lines and its moves."""
    moves = tuple(step.move for step in derivation.steps)
    return digest((derivation.system, derivation.lines, moves))


def text_digest(text: str) -> str:
    """Return the digest of a module up to its record, whatever blank lines and line ends it has."""
    lines = "\n".join(filter(None, map(str.rstrip, text.splitlines())))
    return f"sha256:{sha256(lines.encode()).hexdigest()}"
