"""What the explorer computes with, printed as JavaScript from the programs that Python runs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sympy import Add, Expr, Integer, Poly, PolynomialError, Rational, Symbol, diff

from physsym.analysis import energy
from physsym.analysis.exact_evaluation import AnalysisError
from physsym.analysis.linear import NotLinearStatementError, characteristic_polynomial
from physsym.analysis.stability import stability_region
from physsym.codegen import Formula, program, state_name
from physsym.codegen.emit.javascript import (
    Energies,
    javascript_formulas,
    javascript_rollout,
    javascript_value,
)
from physsym.core.statements import Rule, Update, symbols
from physsym.core.symbols import FORCES, before, dot, fresh, potential
from physsym.core.verdicts import Condition
from physsym.explorer.entries import Entry, Mechanics
from physsym.integrators import runge_kutta_4
from physsym.mechanics.moves import Integrate
from physsym.optimizers.report.linearization import NotLinearError, curvature_symbol, linearized
from physsym.optimizers.report.transfer_function import response
from physsym.printing import mathml, unicode
from physsym.runtime.start import start_order
from physsym.transform.registry import apply, expect
from physsym.vocabulary import STANDARD, Face, Vocabulary

FACES: tuple[Face, ...] = ("physics", "learning")
# Where sliders begin: a step at which each of the usual rules is stable in the valley.
_BEGIN = {"m": 0.4, "gamma": 1.0, "dt": 0.04, "eta": 0.04, "rho": 0.9, "beta": 0.9, "eps": 1e-8}
_OTHERWISE = 0.1
_DECADES = 2.5  # on either side of where a slider begins
_LETTERS = "ABCDEFHJKMNPQRSVΓΛΞΠΣΦΨΩ"  # not those of potentials: L and U are alike on the learning face


@dataclass(frozen=True)
class Code:
    """A text of JavaScript among values that are written as JSON."""

    text: str


def javascript(value: object) -> str:
    """Return a value of dictionaries, lists, strings, numbers and code as JavaScript within a page of HTML.

    >>> javascript({"a": [1, None, Code("x => x")], "b": "</script>"})
    '{a: [1, null, x => x], b: "<\\\\/script>"}'
    """
    if isinstance(value, Code):
        return value.text
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {javascript(part)}" for key, part in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(javascript, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("</", "<\\/").replace("<!--", "<\\!--")


def described(entry: Entry) -> dict[str, object]:
    """Return what the page knows about a rule: its texts, its sliders and its functions.

    Raises ValueError for a rule that does not run on a potential of two weights.
    """
    rule = entry.rule
    own, numbers = _with_numbers(entry)
    curvature = curvature_symbol(rule)
    return {
        "title": entry.title,
        "text": str(rule),
        "weights": state_name(entry.weights),
        "formula": [_math(rule, face, entry.vocabulary) for face in FACES],
        "numbers": numbers,
        "coefficients": own,
        "parameters": [slider(p, entry, rule) for p in rule.parameters],
        "rollout": _rollout(entry, entry.rule, starts(entry)),
        "curvature": {"key": state_name(curvature), "sign": _signs(curvature)},
        "stability": _stability(rule, curvature),
        "gain": _gain(rule),
        "mechanics": _mechanics(entry, entry.mechanics) if entry.mechanics else None,
        "reason": entry.reason,
    }


def starts(entry: Entry) -> dict[Symbol, Expr]:
    """Return the start value of each state in terms of the weights and parameters; zero where there is none.

    Earlier values of the weights are those of the start: `Optimizer.init` begins so too.
    """
    found: dict[Symbol, Expr] = {}
    for state, value in start_order(entry.rule):
        found[state] = value.xreplace(found)
    earlier = before(entry.weights)
    while earlier in entry.rule.states:
        found[earlier] = entry.weights
        earlier = before(earlier)
    return found


def meaning(symbol: Symbol, entry: Entry, rule: Rule | None = None) -> str:
    """Return what a parameter of a rule, or else a constant of mechanics, is; empty where nothing says so.

    Scalars of the standard vocabulary are words for one definition, such as eta = dt/gamma. A parameter with
    the name may have another one, or none: its own is shown.
    """
    words, usual = (q.meaning if (q := v.quantity(symbol)) else "" for v in (entry.vocabulary, STANDARD))
    if (words and words != usual) or (rule is None and entry.vocabulary.kind_of(symbol) != "scalar"):
        return words
    value = entry.mechanics.parameters.get(symbol) if rule and entry.mechanics else None
    return f"{_signs(value)} in mechanics" if value not in (None, symbol) else ""


def slider(symbol: Symbol, entry: Entry, rule: Rule | None = None) -> dict[str, object]:
    """Return a slider for a parameter or a constant: its name, where it begins and ends, and its scale."""
    name = state_name(symbol)
    quantity = entry.vocabulary.quantity(symbol)
    ranges = (*(rule.ranges if rule else ()), *(quantity.range if quantity else ()))
    sides = {c.expression for c in ranges}
    typical = dict(rule.typical).get(symbol) if rule else None
    begin = _BEGIN.get(name, _OTHERWISE)
    if typical is not None and typical.is_number:
        begin = float(typical)
    if 1 - symbol in sides:
        scale = {"log": False, "low": 0, "high": 1, "begin": begin}
    elif symbol.is_positive or begin > 0:
        scale = {"log": True, "low": begin / 10**_DECADES, "high": begin * 10**_DECADES, "begin": begin}
    else:
        scale = {"log": False, "low": -1, "high": 1, "begin": begin}
    return {
        "key": name,
        "math": [_math(symbol, face, entry.vocabulary) for face in FACES],
        "sign": _signs(symbol),
        "says": meaning(symbol, entry, rule),
        **scale,
    }


def _math(shown: Expr | Rule, face: Face, vocabulary: Vocabulary) -> str:
    text = mathml(shown, face, vocabulary, display="block" if isinstance(shown, Rule) else "inline")
    return re.sub(r' (alttext|xmlns)="[^"]*"', "", text)


def _signs(shown: Expr | Condition) -> str:
    """Return a symbol or a condition in the signs of print, for a text in which no formula can be set."""
    return unicode(shown).replace("-", "−")


def _all_signs(symbols: Iterable[Symbol]) -> str:
    return ", ".join(sorted(map(_signs, symbols)))


def _formulas(*values: Expr) -> Code:
    return Code(javascript_formulas(values))


def _with_numbers(entry: Entry) -> tuple[Code, list[str]]:
    """Return the coefficients of a rule that is linear, and its formula with an element for each of them.

    A rule that is not linear in states and gradients has its parameters as its numbers.
    """
    rule, numbers = entry.rule, list[Expr]()
    printed = "".join(_math(rule, face, entry.vocabulary) for face in FACES)
    free = iter(c for c in _LETTERS if f"<mi>{c}</mi>" not in printed)
    letters: dict[str, int] = {}

    def placed(coefficient: Expr) -> Expr:
        if coefficient.is_Integer or not coefficient.free_symbols:
            return coefficient
        if coefficient not in numbers:
            letter = next(free, None)
            if letter is None:  # there are no more letters: it stays as a formula
                return coefficient
            numbers.append(coefficient)
            letters[letter] = len(numbers) - 1
        return Symbol(list(letters)[numbers.index(coefficient)], positive=True)

    updates = []
    for update in rule.updates:
        parts = _linear(update.value, rule.parameters)
        if parts is None:
            value = update.value.xreplace({p: placed(p) for p in rule.parameters})
        else:
            value = Add(*(placed(c) * part for part, c in parts))
        updates.append(Update(update.target, value))
    shown = Rule(tuple(updates))
    return _formulas(*numbers), [
        re.sub(r"<mi>(.)</mi>", lambda found: _place(found, letters), _math(shown, face, entry.vocabulary))
        for face in FACES
    ]


def _place(found: re.Match[str], letters: Mapping[str, int]) -> str:
    number = letters.get(found[1])
    return found[0] if number is None else f'<mn data-number="{number}">{found[1]}</mn>'


def _linear(value: Expr, parameters: Iterable[Symbol]) -> list[tuple[Expr, Expr]] | None:
    """Return the states and gradients of a linear expression, each with its coefficient; None of another."""
    forces = sorted(value.atoms(*FORCES, potential), key=str)
    opaque = {f: Symbol(f"force{k}") for k, f in enumerate(forces)}
    plain = value.xreplace(opaque)
    generators = sorted(plain.free_symbols - {*parameters}, key=str)
    try:
        polynomial = Poly(plain, *generators)
    except PolynomialError:
        return None
    if not generators or polynomial.total_degree() > 1 or polynomial.coeff_monomial(1) != 0:
        return None
    original = {s: f for f, s in opaque.items()}
    return [(original.get(g, g), polynomial.coeff_monomial(g)) for g in generators]


def _stability(rule: Rule, curvature: Symbol) -> dict[str, object]:
    """Return the left sides that are positive where the rule is stable on a parabola, and its polynomial."""
    try:
        region, polynomial = stability_region(rule, curvature), characteristic_polynomial(rule, curvature)
        return {
            "margins": _formulas(*(c.expression for c in region.conditions)),
            "says": ["never"] if region.is_empty else [_signs(c) for c in region.conditions],
            "polynomial": _formulas(*polynomial.all_coeffs()),
        }
    except NotLinearStatementError:
        return {"reason": f"on a parabola the rule is not linear in {_all_signs(rule.states)}"}
    except (AnalysisError, ValueError) as error:
        return {"reason": str(error)}


def _gain(rule: Rule) -> Code | str | None:
    """Return the distance moved in a step against a gradient of one, in the long run, if there is one.

    Where it changes with a state, such as a second moment, that is what is returned.
    """
    try:
        gain = response(linearized(rule)).weights.gain
    except NotLinearError:
        return None
    if changing := gain.free_symbols - {*rule.parameters}:
        return f"changes with {_all_signs(changing)}"
    return _formulas(gain)


def _mechanics(entry: Entry, known: Mechanics) -> dict[str, object]:
    taken = {*symbols(known.law), *known.constants, *known.named}
    step, curvature = (fresh(name, taken, positive=True) for name in ("h", "lam"))
    move = Integrate(runge_kutta_4, step)
    stepped = expect(Rule, apply(move, known.law), move)
    own = [known.parameters[p] for p in entry.rule.parameters if known.parameters]
    names = list(known.named)
    back = list(known.back)
    return {
        "law": [_math_of_law(known, face, entry.vocabulary) for face in FACES],
        "step": state_name(known.step),
        "constants": [slider(s, entry) for s in known.constants],
        "forward": _formulas(*own) if own else None,
        "back": {
            "keys": [state_name(s) for s in back],
            "reads": [state_name(known.apart.get(p, p)) for p in entry.rule.parameters],
            "values": _formulas(*known.back.values()),
        },
        "named": {"keys": [state_name(s) for s in names], "values": _formulas(*known.named.values())},
        "tau": _formulas(known.tau) if known.tau is not None else None,
        "interval": state_name(step),
        "motion": _rollout(entry, stepped, None),
        "energetic": _energies(known) is not None,
        "memory": 2 * (len(stepped.states) - 1),
        "curvature": state_name(curvature),
        "rates": _formulas(*characteristic_polynomial(known.law, curvature).all_coeffs()),
    }


def _math_of_law(known: Mechanics, face: Face, vocabulary: Vocabulary) -> str:
    return re.sub(r' (alttext|xmlns)="[^"]*"', "", mathml(known.law, face, vocabulary))


def _rollout(entry: Entry, rule: Rule, begin: Mapping[Symbol, Expr] | None) -> Code:
    """Return many steps of a rule, reduced to what charts show; one without a begin can be continued."""
    known = entry.mechanics
    code = javascript_rollout(
        program(rule), begin or {}, entry.weights, reduced=begin is not None, resumed=begin is None,
        energies=_energies(known) if known else None,
    )  # fmt: skip
    return Code(code.strip())


def _energies(known: Mechanics) -> Energies | None:
    """Return the kinetic energy and the power of friction of the system of a law, if there is one.

    A law of first order has no inertia: its energy is the potential alone.
    """
    if known.system is None or len(known.system.coordinates) != 1:
        return None
    (q,) = known.system.coordinates
    kinetic, power = (
        part.xreplace({dot(q): _speed}).subs(known.fixed)
        for part in (energy(known.system) - potential(q), known.system.power)
    )
    if kinetic.has(potential) or q in kinetic.free_symbols | power.free_symbols:
        return None
    if len(known.law.equations) == 1:
        kinetic = Integer(0)
    return Energies(kinetic, power, _speed)


_speed = Symbol("speed", real=True)
_x, _y, _kappa = Symbol("x", real=True), Symbol("y", real=True), Symbol("kappa", positive=True)


@dataclass(frozen=True)
class Landscape:
    """A potential of two weights that the page offers: its name, formula, start, and what is seen of it."""

    key: str
    title: str
    formula: Expr
    start: tuple[float, float]
    seen: tuple[float, float, float, float]


LANDSCAPES = (
    Landscape("valley", "A valley", (_kappa * _x**2 + _y**2) / 2, (1.0, 1.0), (-1.6, 1.6, -1.3, 1.3)),
    Landscape(
        "double-well", "A double well", (_x**2 - 1) ** 2 / 4 + _y**2 / 2, (0.1, 1.0), (-2.0, 2.0, -1.5, 1.5)
    ),
    Landscape(
        "rosenbrock", "Rosenbrock's valley, a fiftieth as high",
        ((1 - _x) ** 2 + 100 * (_y - _x**2) ** 2) / 50, (-1.2, 1.0), (-1.8, 1.8, -0.8, 2.2),
    ),
    Landscape(
        "shallow", "A shallow minimum beside a deep one",
        (_x**2 - 1) ** 2 / 4 + Rational(3, 10) * _x + _y**2 / 2, (1.7, 0.9), (-2.0, 2.0, -1.5, 1.5),
    ),
)  # fmt: skip


def landscape(given: Landscape) -> dict[str, object]:
    """Return a potential as its functions: value, gradient and second derivatives, and what is shown."""
    gradients = Formula(given.formula, (_x, _y)).gradient
    second = [diff(given.formula, a, b) for a, b in ((_x, _x), (_x, _y), (_y, _y))]
    shape = {
        "key": _kappa.name, "math": ["<math><mi>κ</mi></math>"] * 2, "sign": "κ",
        "says": "curvature across the valley",
        "log": True, "low": 1, "high": 1000, "begin": 20.0,
    }  # fmt: skip
    return {
        "key": given.key,
        "title": given.title,
        "text": str(given.formula),
        "start": list(given.start),
        "seen": list(given.seen),
        "parameters": [shape] if _kappa in given.formula.free_symbols else [],
        "value": Code(_value(given.formula)),
        "gradients": [Code(javascript_value(gradients, r)) for r in gradients.results],
        "curvatures": _formulas(*second),
    }


def _value(formula: Expr) -> str:
    lowered = program(Rule((Update(Symbol("loss"), formula),)))
    others = tuple(p for p in lowered.parameters if p not in (_x, _y))
    return javascript_value(replace(lowered, states=(_x, _y), parameters=others), lowered.results[0])
