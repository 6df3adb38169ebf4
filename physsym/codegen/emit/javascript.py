"""The text of a program as a JavaScript function."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sympy import Expr, Symbol

from physsym.codegen.emit.c import CHOICES
from physsym.codegen.emit.text import Language, Names, expression_text, identifiers, unique_name
from physsym.codegen.expression_tree import operand, with_choices
from physsym.codegen.passes.partition import without_counters
from physsym.codegen.straight_line import Evaluation, Line, Program, live_lines, state_name
from physsym.core.symbols import fresh

_TAKEN = """abstract arguments await boolean break byte case catch char class const continue debugger default
    delete do double else enum eval export extends false final finally float for function goto if implements
    import in instanceof int interface let long native new null package private protected public return short
    static super switch synchronized this throw throws transient true try typeof undefined var void volatile
    while with yield async of get set NaN Infinity Math Object Function Array Number globalThis window self
    document constructor prototype __proto__ grad step"""
WORDS = frozenset(_TAKEN.split())
_ARGUMENTS = """path points losses totals spent first steps ends near_1 near_2 rest_1 rest_2 tiny value
    gradient1 gradient2 memory interval frequency inertia drag k column columns end from_1 from_2 moved_1
    moved_2 square seen_1 seen_2 drawn loss low high bottom total least most resting taken"""
_OF_ROLLOUTS = WORDS | {*_ARGUMENTS.split()}
_OWN_NAMES = ("sqrt", "exp", "log", "sin", "cos", "tanh", "sign", "floor", "ceil")
JAVASCRIPT = Language(
    "JavaScript",
    choices=CHOICES | {"equal": "{} === {}", "not_equal": "{} !== {}"},
    functions={name: f"Math.{name}" for name in _OWN_NAMES}
    | {"power": "Math.pow", "absolute": "Math.abs", "maximum": "Math.max", "minimum": "Math.min"},
)


@dataclass(frozen=True)
class Energies:
    """The kinetic energy of one coordinate and the power that friction takes from it, at its speed."""

    kinetic: Expr
    power: Expr
    speed: Symbol


def javascript_source(program: Program) -> str:
    """Return the program as the text of a JavaScript function of the states, the gradient and the parameters.

    All are numbers but the gradient, a function of its evaluation point, with one argument for each
    coordinate, then returning an array of as many gradients. The parameters are given by name, in one object.

    >>> from physsym.codegen import program
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, rho, u, x
    >>> from physsym.core.symbols import after
    >>> print(javascript_source(program(rule({u: rho * u - (1 - rho) * eta * G, x: x + after(u)}))))
    // Take one step of u, x.
    function step(u, x, grad, {eta, rho}) {
      const c = eta*(1 - rho);
      const g = grad(x);
      const u_next = rho*u - c*g;
      const x_next = x + u_next;
      return [u_next, x_next];
    }
    <BLANKLINE>
    """
    names = identifiers(program, WORDS, plain=True)
    states = [names[s] for s in program.states]
    inputs = states + ["grad"] * bool(program.evaluations)
    if program.loss is not None:
        inputs.append(names[program.loss])
    if by_name := [names[p] for p in program.parameters if p != program.loss]:
        inputs.append("{" + ", ".join(by_name) + "}")
    lines = [_line(line, names) for line in (*program.scalars, *program.body)]
    lines.append(f"return [{', '.join(names[s] for s in program.results)}];")
    body = "".join(f"  {line}\n" for line in lines)
    return f"// Take one step of {', '.join(states)}.\nfunction step({', '.join(inputs)}) {{\n{body}}}\n"


def _line(line: Line, names: Names) -> str:
    targets = ", ".join(names[t] for t in line.targets)
    values = ", ".join(expression_text(v, names, JAVASCRIPT) for v in line.values)
    if len(line.targets) > 1:
        targets = f"[{targets}]"
        values = values if isinstance(line, Evaluation) else f"[{values}]"
    return f"const {targets} = {f'grad({values})' if isinstance(line, Evaluation) else values};"


def javascript_rollout(
    program: Program,
    starts: Mapping[Symbol, Expr],
    weights: Symbol,
    *,
    reduced: bool = False,
    resumed: bool = False,
    energies: Energies | None = None,
) -> str:
    """Return many steps of a program on two weights as the text of a JavaScript function.

    It is given an object of arrays to fill, the number of steps, a potential (an object with the functions
    `value`, `gradient1` and `gradient2` of two numbers) and the parameters by name. The first two numbers of
    the array `path` are the weights at the start; it writes both weights after each step behind them and
    stops at the first that is not finite; it returns the number of steps taken. The operations are those of
    `javascript_source`, for each weight.

    Parameters
    ----------
    program
        One step of a rule.
    starts
        The start value of each state in terms of `weights` and the parameters; zero where there is none.
    weights
        The state that the potential is a function of.
    reduced
        Whether the run is reduced as it runs to what charts of it show. The argument after the steps is
        then an object: `ends` has for each column of a chart twice the last step in it. The arrays `low` and
        `high` of `losses` are filled with the least and the greatest potential in each column. The array
        `points` is filled with the weights wherever they are farther from the point before than `near_1` or
        `near_2`. A run rests where both weights together are within `tiny` of `rest_1` and `rest_2`: after a
        column that ends so, all is taken to be as there. What is returned is an object: the number of
        `steps`, of `columns` until it rests for good, and of points `drawn`; the potential at rest, `bottom`;
        and the last `loss`, with the last `total` and `spent` where there are energies.
    resumed
        Whether the run goes on from a step, the argument `first` before the number of steps. The array
        `losses` is filled from there on. The states beside the weights are read from an array, the argument
        after the parameters, and left there at the end; `starts` are not used.
    energies
        Where given, with one of the two, `totals` is filled with the energy as `losses` with the potential.
        In a reduced run, `low` and `high` of `spent` are what friction has taken before and after each
        column. The speed is that from the point before; there is none at the start. The last two arguments
        are then the time of a step and the constants of the energies by name, apart from the parameters: one
        of these may have the name of a constant.

    Raises
    ------
    ValueError
        For a rule of several coordinates, and for one that reads the loss elsewhere than at its weights.

    Examples
    --------
    >>> from physsym.codegen import program
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, gamma, m, v, x
    >>> descent = program(rule({x: x - eta * G}))
    >>> print(javascript_rollout(descent, {}, x))
    function rollout({path}, steps, {value, gradient1, gradient2}, {eta}) {
      let x_1 = path[0];
      let x_2 = path[1];
      for (let k = 2; k <= 2*steps; k += 2) {
        const g_1 = gradient1(x_1, x_2);
        const g_2 = gradient2(x_1, x_2);
        const x_next_1 = x_1 - eta*g_1;
        const x_next_2 = x_2 - eta*g_2;
        x_1 = x_next_1;
        x_2 = x_next_2;
        path[k] = x_1;
        path[k + 1] = x_2;
        if (!(Number.isFinite(x_1) && Number.isFinite(x_2))) return k/2;
      }
      return steps;
    }
    <BLANKLINE>
    >>> energies = Energies(m * v**2 / 2, gamma * v**2, v)
    >>> whole = javascript_rollout(descent, {}, x, reduced=True, energies=energies)
    >>> print(*[line for line in whole.splitlines() if "inertia" in line or "square" in line], sep=chr(10))
      const inertia = (m/2)*frequency*frequency;
          const square = moved_1*moved_1 + moved_2*moved_2;
          total = loss + inertia*square;
          taken += square;
    """
    if any(len(e.targets) > 1 for e in program.evaluations):
        raise ValueError("a rule of several coordinates is not run on a potential of two weights")
    if program.loss is not None and program.loss_point != (weights,):
        raise ValueError("the rule reads the loss elsewhere than at its weights")
    flat = without_counters(program)
    apart = _apart(energies, (*flat.states, *flat.parameters, *flat.assigned, *flat.results))
    constants = tuple(apart.values())
    named = replace(flat, parameters=(*flat.parameters, *constants))
    names = identifiers(named, _OF_ROLLOUTS, plain=True)
    moved = flat.body[: len(flat.body) - len(program.body)]
    single = {
        *flat.parameters,
        *(own for s, own in apart.items() if energies and s != energies.speed),
        *program.counters,
        *(t for line in (*flat.scalars, *moved) for t in line.targets),
    }
    both = [_of_component(names, single, number) for number in (1, 2)]
    first, second = (own[weights] for own in both)
    memory = list[str]()
    lines = [_line(line, names) for line in flat.scalars]
    for state in flat.states:
        for number, own in enumerate(both[: 1 if state in single else 2]):
            if state == weights:
                start = f"path[2*first + {number}]" if resumed else f"path[{number}]"
            elif resumed:
                start = f"memory[{len(memory)}]"
                memory.append(own[state])
            else:
                start = _start(starts.get(state), weights, number, names)
            lines.append(f"let {own[state]} = {start};")
    body = list[str]()
    if program.loss is not None:
        body.append(f"const {names[program.loss]} = value({first}, {second});")
    for line in flat.body:
        body += _component_lines(line, both, single)
    results = dict(zip(flat.states, flat.results, strict=True))
    new = [(own[s], own[r]) for s, r in results.items() for own in both[: 1 if s in single else 2]]
    moves = [*_moves(new), f"path[k] = {first};", f"path[k + 1] = {second};"]
    told = _energy_texts(energies, apart, (first, second), both) if energies else None
    if told:
        lines = [*told.before, *lines]
    if reduced:
        lines += _reduced_loop(body, moves, (first, second), [own[results[weights]] for own in both], told)
    else:
        inside = [*body, *moves, *[f"losses[k >> 1] = value({first}, {second});"] * resumed]
        if told:
            inside = [f"const from_1 = {first}, from_2 = {second};", *inside, *told.inside]
            inside.append(f"totals[k >> 1] = losses[k >> 1]{told.kinetic};")
        begin, end, taken = ("2", "2*steps", "k/2")
        if resumed:
            begin, end, taken = ("2*first + 2", "2*(first + steps)", "k/2 - first")
            lines.append(f"losses[first] = value({first}, {second});")
        lines.append(f"for (let k = {begin}; k <= {end}; k += 2) {{")
        lines += [f"  {text}" for text in (*inside, f"if (!({_finite((first, second))})) return {taken};")]
        lines += [
            "}",
            *(f"memory[{number}] = {name};" for number, name in enumerate(memory)),
            "return steps;",
        ]
    kept = ["path", *["points"] * reduced, *["losses"] * (reduced or resumed)]
    kept += ["totals"] * bool(energies) + ["spent"] * bool(energies and reduced)
    given = [
        f"{{{', '.join(kept)}}}",
        *["first"] * resumed,
        "steps",
        *["{ends, near_1, near_2, rest_1, rest_2, tiny}"] * reduced,
    ]
    given.append("{value, gradient1, gradient2}")
    given.append(_by_name({p: p for p in flat.parameters if p != program.loss}, names))
    given += ["memory"] * resumed
    if energies:
        given += ["interval", _by_name({s: own for s, own in apart.items() if s != energies.speed}, names)]
    text = "".join(f"  {line}\n" for line in lines)
    return f"function rollout({', '.join(given)}) {{\n{text}}}\n"


@dataclass(frozen=True)
class _EnergyTexts:
    """Energies as texts: lines before the loop and in each step; the kinetic energy to add, empty for none.

    The power of a step adds up to what friction has taken over `scale`.
    """

    before: Sequence[str]
    inside: Sequence[str]
    kinetic: str
    power: str
    scale: str


def _energy_texts(
    energies: Energies, apart: Mapping[Symbol, Symbol], weights: Sequence[str], both: Sequence[Names]
) -> _EnergyTexts:
    """Return the texts of energies; what is constant is left to the end if both are squares of the speed."""

    def text(part: Expr, names: Names) -> str:
        return expression_text(operand(with_choices(part.xreplace(apart)), {}), names, JAVASCRIPT)

    before, speed = ["const frequency = 1/interval;"], energies.speed
    moves = [f"{weight} - from_{number}" for number, weight in enumerate(weights, 1)]
    inertia, drag = (part.coeff(speed, 2) for part in (energies.kinetic, energies.power))
    if (energies.kinetic, energies.power) == (inertia * speed**2, drag * speed**2):
        before.append(f"const inertia = ({text(inertia, both[0])})*frequency*frequency;")
        before.append(f"const drag = ({text(drag, both[0])})*frequency;")
        inside = [f"const moved_1 = {moves[0]}, moved_2 = {moves[1]};"]
        inside.append("const square = moved_1*moved_1 + moved_2*moved_2;")
        return _EnergyTexts(before, inside, " + inertia*square" * (inertia != 0), "square", "drag")
    names = [own[apart[speed]] for own in both]
    inside = [f"const {name} = ({moved})*frequency;" for name, moved in zip(names, moves, strict=True)]
    kinetic, power = (
        " + ".join(text(part, own) for own in both) for part in (energies.kinetic, energies.power)
    )
    return _EnergyTexts(before, inside, f" + {kinetic}" * (energies.kinetic != 0), power, "interval")


def _reduced_loop(
    body: Sequence[str],
    moves: Sequence[str],
    weights: Sequence[str],
    new: Sequence[str],
    energies: _EnergyTexts | None,
) -> list[str]:
    """Return a loop over the columns of a chart, each a loop over its steps that keeps the extremes.

    After a column that ends at rest steps are only taken, until one would leave: that one is taken again in
    the loop over the steps of a column.
    """
    first, second = weights
    resting, leaving = (
        f"Math.abs({one} - rest_1) + Math.abs({two} - rest_2) <= tiny" for one, two in (weights, new)
    )
    series = [("losses", "loss", "low", "high")]
    if energies:  # without kinetic energy its extremes are those of the loss
        series.append(
            ("totals", "total", "least", "most") if energies.kinetic else ("totals", "", "low", "high")
        )
    lines = [
        f"let seen_1 = {first}, seen_2 = {second}, drawn = 0, column = 0, k = 2;",
        f"let loss = value({first}, {second}), low = loss, high = loss;",
        "const bottom = value(rest_1, rest_2);",
    ]
    inside = [*body, *moves, f"loss = value({first}, {second});"]
    closed, begun, filled = list[str](), list[str](), list[str]()
    if energies:
        lines.append(f"let total = loss, {'least = loss, most = loss, ' * bool(energies.kinetic)}taken = 0;")
        inside = [f"const from_1 = {first}, from_2 = {second};", *inside, *energies.inside]
        inside += [f"total = loss{energies.kinetic};", f"taken += {energies.power};"]
        closed.append(f"spent.high[column] = taken*{energies.scale};")
        filled.append(f"spent.low[column] = spent.high[column] = taken*{energies.scale};")
    for name, value, low, high in series:
        if value:
            inside += [f"if ({value} < {low}) {low} = {value};", f"if ({value} > {high}) {high} = {value};"]
            begun += [f"{low} = Infinity;", f"{high} = -Infinity;"]
        closed += [f"{name}.low[column] = {low};", f"{name}.high[column] = {high};"]
        filled.append(f"{name}.low[column] = {name}.high[column] = {low} = {high} = bottom;")
    inside += [
        f"if (Math.abs({first} - seen_1) <= near_1 && Math.abs({second} - seen_2) <= near_2) continue;",
        f"if (!({_finite(weights)})) {{ steps = k/2; k += 2; break; }}",
        f"points[2*drawn] = seen_1 = {first};", f"points[2*drawn + 1] = seen_2 = {second};", "drawn++;",
    ]  # fmt: skip
    ended = f", total, spent: taken*{energies.scale}" if energies else ""
    return [
        *lines, "while (k <= 2*steps) {",
        *([f"  spent.low[column] = taken*{energies.scale};"] if energies else []),
        "  for (const end = ends[column]; k <= end; k += 2) {", *(f"    {text}" for text in inside), "  }",
        *(f"  {text}" for text in (*closed, *begun)), "  column++;",
        f"  if (!({resting})) continue;",
        "  for (; k <= 2*steps; k += 2) {", *(f"    {text}" for text in body),
        f"    if (!({leaving})) break;", *(f"    {text}" for text in moves), "  }",
        "  if (k > 2*steps) break;",
        "  for (; ends[column] < k; column++) {", *(f"    {text}" for text in filled), "  }", "}",
        f"return {{steps, columns: column, drawn, bottom, loss: value({first}, {second}){ended}}};",
    ]  # fmt: skip


def _finite(weights: Sequence[str]) -> str:
    return " && ".join(f"Number.isFinite({weight})" for weight in weights)


def _apart(energies: Energies | None, taken: Sequence[Symbol]) -> dict[Symbol, Symbol]:
    """Return symbols for the constants of energies and for their speed that no program has."""
    if energies is None:
        return {}
    read = energies.kinetic.free_symbols | energies.power.free_symbols
    ordered = (*sorted(read - {energies.speed}, key=state_name), energies.speed)
    return {s: fresh(s.name, taken, **s.assumptions0) for s in ordered}


def _of_component(names: Names, single: set[Symbol], number: int) -> Names:
    taken = set(names.values())
    return {s: n if s in single else unique_name(f"{n}_{number}", taken) for s, n in names.items()}


def _component_lines(line: Line, both: Sequence[Names], single: set[Symbol]) -> list[str]:
    """Return a line once for each component, or once where it is one number."""
    if isinstance(line, Evaluation):
        (point,), (target,) = line.values, line.targets
        at = ", ".join(expression_text(point, own, JAVASCRIPT) for own in both)
        return [f"const {own[target]} = gradient{number}({at});" for number, own in enumerate(both, 1)]
    return [_line(line, own) for own in both[: 1 if set(line.targets) <= single else 2]]


def _moves(new: Sequence[tuple[str, str]]) -> list[str]:
    """Return assignments of new values to states; what is still read is assigned last, or in one line."""
    moves = [(s, r) for s, r in new if s != r]
    targets = {s for s, _ in moves}
    if not targets & {r for _, r in moves}:
        return [f"{s} = {r};" for s, r in moves]
    ordered = [(s, r) for s, r in moves if r in targets] + [(s, r) for s, r in moves if r not in targets]
    seen: set[str] = set()
    for state, read in ordered:
        if read in seen:
            return [f"[{', '.join(s for s, _ in moves)}] = [{', '.join(r for _, r in moves)}];"]
        seen.add(state)
    return [f"{s} = {r};" for s, r in ordered]


def _start(value: Expr | None, weights: Symbol, number: int, names: Names) -> str:
    if value is None:
        return "0"
    if value.is_infinite:
        return "Infinity" if value.is_positive else "-Infinity"
    own = {**names, weights: f"path[{number}]"}
    return expression_text(operand(with_choices(value), {}), own, JAVASCRIPT)


def javascript_value(program: Program, result: Symbol) -> str:
    """Return the lines of a program that one result depends on as a function of its states and parameters.

    >>> from physsym.codegen import Formula
    >>> a, b, kappa = (Symbol(name, real=True) for name in ("a", "b", "kappa"))
    >>> gradients = Formula(kappa * a**2 / 2 + b**2, (a, b)).gradient
    >>> print(javascript_value(gradients, gradients.results[0]))
    (a, b, {kappa}) => kappa*a
    """
    needed = live_lines((*program.scalars, *program.body), (result,))
    kept = replace(program, results=(result,), scalars=(), body=needed)
    names = identifiers(kept, WORDS, plain=True)
    given = [*(names[s] for s in kept.states), _by_name({p: p for p in kept.parameters}, names)]
    if len(needed) == 1 and needed[0].targets == (result,):
        return f"({', '.join(given)}) => {expression_text(needed[0].values[0], names, JAVASCRIPT)}"
    lines = [*(_line(line, names) for line in needed), f"return {names[result]};"]
    return f"({', '.join(given)}) => {{ {' '.join(lines)} }}"


def javascript_formulas(values: Sequence[Expr]) -> str:
    """Return expressions as a JavaScript function of an object that has the values of their symbols by name.

    >>> from physsym.vocabulary import dt, gamma
    >>> javascript_formulas([dt / gamma, 2 * dt])
    '({dt, gamma}) => [dt/gamma, 2*dt]'
    """
    read = tuple(sorted({s for v in values for s in v.free_symbols}, key=state_name))
    names = identifiers(Program((), read, (), (), ()), WORDS, plain=True)
    texts = [expression_text(operand(with_choices(v), {}), names, JAVASCRIPT) for v in values]
    return f"({_by_name({s: s for s in read}, names)}) => [{', '.join(texts)}]"


def _by_name(symbols: Mapping[Symbol, Symbol], names: Names) -> str:
    """Return a pattern that takes values out of an object by the names that users write.

    It is given each symbol with the one that stands for it in the program.
    """
    pairs = [(state_name(s), names[own]) for s, own in symbols.items()]
    return "{" + ", ".join(own if own == key else f"{json.dumps(key)}: {own}" for key, own in pairs) + "}"
