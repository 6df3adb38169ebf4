"""SMT solving over the reals: inequalities, branches of roots, equivalences and contradictions, with z3.

z3 runs as one subprocess, which is killed at a time limit; scripts and answers are SMT-LIB text. A
counterexample counts only when it is confirmed in exact fractions. Only the program of the installed package
`z3-solver` is run: one that happens to be on the search path, or a module in the current folder, could answer
anything.
"""

from __future__ import annotations

import math
import re
import site
import sys
import sysconfig
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

from sympy import Expr, Symbol

from physsym.core.verdicts import Condition
from physsym.verify import budget
from physsym.verify.engines.base import Answer, Finding
from physsym.verify.engines.evaluation import Values, evaluate_both, satisfied
from physsym.verify.engines.laurent import UndecidedError
from physsym.verify.engines.smtlib import Script, declared_sign
from physsym.verify.engines.solver_process import ASK_FOR_END, END, ask
from physsym.verify.memory import remembered

NAME, FAMILY = "z3", "z3"
SECONDS = 4.0
_MEMORY = 1024  # megabytes
_RECORD = "z3_solver-*.dist-info/RECORD"  # the names of the files of the installed package
# Each question has a context of its own. `get-value` without a model raises an error here, whose message has
# everything that was printed before.
_THROUGH_PYTHON = f"""
import sys, z3
for kind in (sys.stdout, sys.stdin):
    kind.reconfigure(errors="replace")
for line in sys.stdin:
    if line != {ASK_FOR_END!r}:
        question = "" if line == "(reset)\\n" else question + line
        continue
    context = z3.Context()
    try:
        print(z3.Z3_eval_smtlib2_string(context.ref(), question))
    except z3.Z3Exception as error:
        print(error.args[0].decode())
    print({END.strip()!r}, flush=True)
"""

Conditions = Sequence[Condition]


def identity(left: Expr, right: Expr) -> Finding:
    """Return whether two expressions are equal for all reals of the declared signs where both are defined."""
    script = Script()
    try:
        same = f"(= {script.term(left)} {script.term(right)})"
    except UndecidedError as doubt:
        return _unknown(str(doubt))
    return _decided(script, "true", same, lambda at: _values_differ(left, right, at))


def implies(hypotheses: Conditions, goal: Condition) -> Finding:
    """Return whether a condition follows from others and from the declared signs of the symbols.

    Contradictory hypotheses imply everything: then the answer is UNKNOWN, not PROVED.
    """
    return implies_all(hypotheses, (goal,))


def implies_all(hypotheses: Conditions, goals: Conditions) -> Finding:
    """Return whether all goals follow from the hypotheses, as `implies` does, with one call of z3."""
    return _implies(tuple(hypotheses), tuple(goals))


@remembered(256)
def implied_each(hypotheses: tuple[Condition, ...], goals: tuple[Condition, ...]) -> tuple[bool, ...]:
    """Return of each goal whether it follows from the hypotheses, as `implies` does, with one call of z3."""
    script = Script()
    try:
        given, wanted = script.all_of(hypotheses), [script.condition(goal) for goal in goals]
    except UndecidedError:
        return tuple(implies(hypotheses, goal).answer is Answer.PROVED for goal in goals)
    signs = (script.condition(c) for s in _symbols(script) for c in declared_sign(s))
    negated = "".join(f"(push)\n(assert (not {goal}))\n(check-sat)\n(pop)\n" for goal in wanted)
    said = _answers(_text(script, [*signs, *script.conditions, given]) + "(check-sat)\n" + negated)
    if len([*filter(None, said)]) != len(goals) + 1:  # it was stopped: each alone may be within the limit
        return tuple(implies(hypotheses, goal).answer is Answer.PROVED for goal in goals)
    return tuple(said[0] == "sat" and answer == "unsat" for answer in said[1 : len(goals) + 1])


@remembered(512)
def _implies(hypotheses: tuple[Condition, ...], goals: tuple[Condition, ...]) -> Finding:
    script = Script()
    try:
        given, wanted = script.all_of(hypotheses), script.all_of(goals)
    except UndecidedError as doubt:
        return _unknown(str(doubt))
    return _decided(script, given, wanted, lambda at: _contradicts(hypotheses, goals, at))


def _decided(script: Script, given: str, wanted: str, confirmed: Callable[[Values], bool]) -> Finding:
    """Return whether a formula is implied; a counterexample must be confirmed in exact fractions."""
    signs = (script.condition(c) for s in _symbols(script) for c in declared_sign(s))
    assumed = [*signs, *script.conditions, given]
    refuting = f"(push)\n(assert (not {wanted}))\n(check-sat)\n{_get_value(script)}(pop)\n(check-sat)\n"
    said = _answers(_text(script, assumed) + refuting)
    if said[:1] == ["unsat"]:
        if "sat" not in said[1:]:
            return _unknown("what is assumed contradicts itself, or z3 cannot tell")
        return Finding(NAME, FAMILY, Answer.PROVED, bound="a proof that it does not print")
    at = _model(said, script)
    if said[:1] != ["sat"] or not script.exact or not confirmed(at):
        return _unknown("no proof was found, and no counterexample in fractions")
    where = ", ".join(f"{s} = {n}" for s, n in sorted(at.items(), key=str))
    return Finding(NAME, FAMILY, Answer.REFUTED, witness=f"at {where}", at=at)


def _contradicts(hypotheses: Conditions, goals: Conditions, at: Values) -> bool:
    return bool(satisfied(hypotheses, at)) and any(satisfied((opposite(goal),), at) for goal in goals)


def opposite(condition: Condition) -> Condition:
    """Return the condition that holds where another one does not."""
    e = condition.expression
    opposites = {
        "= 0": Condition(e, "!= 0"),
        "!= 0": Condition(e, "= 0"),
        "> 0": Condition(-e, ">= 0"),
        ">= 0": Condition(-e, "> 0"),
    }
    return opposites[condition.relation]


def _values_differ(left: Expr, right: Expr, at: Values) -> bool:
    found = list(evaluate_both(left, right, (at,)))
    return any(isinstance(a, Fraction) and isinstance(b, Fraction) and a != b for _, a, b in found)


def equivalent(first: Conditions, second: Conditions, given: Conditions = ()) -> Finding:
    """Return whether two conjunctions of conditions imply each other, given further conditions."""
    directions = (((*given, *first), tuple(second)), ((*given, *second), tuple(first)))
    findings = [_implies(hypotheses, goals) for hypotheses, goals in directions]
    doubtful = (f for f in findings if f.answer is not Answer.PROVED)
    return min(doubtful, key=lambda f: f.answer is not Answer.REFUTED, default=findings[0])


@remembered(512)
def consistent(hypotheses: tuple[Condition, ...]) -> tuple[bool | None, tuple[Condition, ...]]:
    """Return whether conditions can hold together with the declared signs; if not, an unsatisfiable core.

    None where z3 cannot decide. The core names the declared signs that take part in the contradiction.
    """
    script = Script()
    try:
        formulas = [script.condition(c) for c in hypotheses]
    except UndecidedError:
        return None, ()
    signs = [c for s in _symbols(script) for c in declared_sign(s)]
    named = list(zip((*hypotheses, *signs), (*formulas, *map(script.condition, signs)), strict=True))
    marked = "".join(f"(assert (! {text} :named h{k}))\n" for k, (_, text) in enumerate(named))
    core = "(set-option :produce-unsat-cores true)\n(set-option :smt.core.minimize true)\n"
    question = core + _text(script, script.conditions) + marked + "(check-sat)\n(get-unsat-core)\n"
    said = _answers(question, "unsat_core=true")
    if said[:1] != ["unsat"]:
        return (True if said[:1] == ["sat"] else None), ()
    involved = {int(k) for k in re.findall(r"\bh(\d+)\b", " ".join(said[1:]))}
    return False, tuple(condition for k, (condition, _) in enumerate(named) if k in involved)


def example(conditions: tuple[Condition, ...]) -> Values | None:
    """Return values of the symbols for which z3 says that conditions hold; None where it has none.

    Values that are no fractions are left out, so that they are to be confirmed.
    """
    script = Script()
    try:
        formulas = [script.condition(c) for c in (*conditions,)]
    except UndecidedError:
        return None
    signs = (script.condition(c) for s in _symbols(script) for c in declared_sign(s))
    said = _answers(
        _text(script, [*signs, *script.conditions, *formulas]) + f"(check-sat)\n{_get_value(script)}"
    )
    return _model(said, script) if said[:1] == ["sat"] else None


def _unknown(reason: str) -> Finding:
    return Finding(NAME, FAMILY, Answer.UNKNOWN, reason)


def _symbols(script: Script) -> list[Symbol]:
    return [e for e in script.names if isinstance(e, Symbol)]


def _text(script: Script, assumed: Sequence[str]) -> str:
    constants = "".join(f"(declare-const {name} Real)\n" for name in script.names.values())
    return constants + "".join(f"(assert {formula})\n" for formula in assumed)


def _get_value(script: Script) -> str:
    names = [script.names[s] for s in _symbols(script)]
    return f"(get-value ({' '.join(names)}))\n" if names else ""


def _answers(script: str, *options: str) -> list[str]:
    """Return the lines that z3 prints; none where it is not installed or was killed at the time limit.

    Of the time that a verdict has left it may take half, so that others can still be heard.
    """
    left = budget.remaining()
    seconds = SECONDS if left is None else min(SECONDS, left / 2)
    return (ask((*_command(), *options), script, seconds) or "").split("\n")


@lru_cache(maxsize=1)
def _command() -> tuple[str, ...]:
    limits = f"-memory:{_MEMORY}", f"-t:{math.ceil(SECONDS * 1000)}"
    folders = {
        *site.getsitepackages(),
        site.getusersitepackages(),
        *map(sysconfig.get_path, ("purelib", "platlib")),
    }
    # `importlib.metadata` reads the same files, but to import it takes as long as many answers.
    for record in (file for folder in sorted(folders) for file in Path(folder).glob(_RECORD)):
        for name in (line.partition(",")[0] for line in record.read_text(encoding="utf-8").splitlines()):
            program = record.parents[1] / name
            if program.name in ("z3", "z3.exe") and program.is_file():
                return str(program.resolve()), "-in", *limits
    return sys.executable, "-I", "-c", _THROUGH_PYTHON


_VALUE = re.compile(r"\((c\d+) (?:(\()- )?(?:\(/ )?(\d+(?:\.\d+)?)(?: (\d+(?:\.\d+)?)\))?\)?\)")


def _model(said: Sequence[str], script: Script) -> Values:
    """Return the values of the symbols in z3's model that are rational numbers."""
    found = {
        name: _number(*parts)
        for name, *parts in _VALUE.findall(" ".join(said))
        if parts[2].strip("0.") or not parts[2]
    }
    return {s: found[script.names[s]] for s in _symbols(script) if script.names[s] in found}


def _number(minus: str, top: str, bottom: str) -> Fraction:
    return (-1 if minus else 1) * Fraction(top) / Fraction(bottom or 1)
