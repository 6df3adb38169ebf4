"""Whether a file that `physsym freeze` wrote is still the rule that it was made from."""

from __future__ import annotations

import ast
import builtins
import difflib
import inspect
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from physsym.cli.paths import derivation_of_rule, is_statement
from physsym.codegen import Program, program, state_name
from physsym.codegen.emit.standalone import MAY_USE, Form, form, run_text
from physsym.core.counts import counted
from physsym.core.digests import digest
from physsym.core.escapes import one_line
from physsym.core.motion import is_time
from physsym.core.statements import Rule, expressions
from physsym.core.symbols import AFTER, before, potential
from physsym.core.verdicts import Verdict, fails, holds, undecided
from physsym.optimizers.freezing import (
    FORMS,
    Origin,
    derivation_digest,
    frozen_text,
    of_derivation,
    of_name,
    text_digest,
)
from physsym.optimizers.lifted import Lifted
from physsym.optimizers.naming import as_lifted
from physsym.oracle.formulas import CASES, FUNCTIONS, NotSimulatedError, number_of
from physsym.oracle.runs import one_step
from physsym.runtime.start import refuse_out_of_range, start_order
from physsym.runtime.states import coordinates

RUNS, STEPS = 20, 4
"""How many runs are tried beside the rule, from starts and at parameters by chance, and their steps."""
_KEYS = {"from": str, "language": str, "given": dict, "rule": str, "text": str}
MAY_IMPORT = {"math", "numpy"}
"""The modules that a frozen rule may import."""
# The functions of Python that the text of a module calls, and the errors that it catches.
_BUILTINS = {"abs", "range", "ArithmeticError", "ValueError"}
# What a function that is not as it was written may be made of, for it to be run beside the rule.
_PARTS = (
    ast.FunctionDef, ast.arguments, ast.arg, ast.Assign, ast.Return, ast.If, ast.For, ast.With, ast.withitem,
    ast.Try, ast.ExceptHandler, ast.Pass, ast.Expr, ast.Name, ast.Constant, ast.Attribute, ast.Tuple,
    ast.Lambda, ast.Call, ast.keyword, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp,
    ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.expr_context,
)  # fmt: skip


@dataclass(frozen=True)
class Frozen:
    """A file as it was read: its text, the syntax tree, and the record at its end."""

    path: Path
    text: str
    tree: ast.Module
    record: Mapping[str, Any]

    @property
    def code(self) -> str:
        """Return the text up to the record."""
        lines = self.text.splitlines()
        return "\n".join(lines[: _assigned(self.tree).lineno - 1])  # type: ignore[union-attr]


def frozen(path: Path) -> Frozen | None:
    """Return a file that `physsym freeze` wrote; None for any other file."""
    try:
        text = path.read_text(encoding="utf-8-sig")  # editors may put a mark at its beginning
        tree = ast.parse(text) if "FROZEN" in text else None
        node = None if tree is None else _assigned(tree)
        record = None if node is None else ast.literal_eval(node.value)
    except (OSError, ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    if tree is None or not isinstance(record, dict) or not record.keys() >= _KEYS.keys():
        return None
    if not all(isinstance(record[key], kind) for key, kind in _KEYS.items()):
        return None
    return Frozen(path, text, tree, record)


def _assigned(tree: ast.Module) -> ast.Assign | None:
    """Return the assignment of the record."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and [ast.unparse(t) for t in node.targets] == ["FROZEN"]:
            return node
    return None


def check_frozen(path: Path) -> Verdict:
    """Return whether a file that `physsym freeze` wrote is still the rule that its record names."""
    file = frozen(path)
    if file is None:
        return fails("its record, FROZEN, is not as it was written; freeze the rule again")
    try:
        lifted, origin = rule_and_origin(file.record["from"])
    except (ValueError, ImportError, OSError) as error:
        return undecided(f"{file.record['from']} is not found here: {one_line(error)}")
    return verdict(file, lifted, origin)


def rule_and_origin(name: str) -> tuple[Lifted, Origin]:
    """Return the rule that a name stands for, as other commands take it, and where it comes from.

    Raises ScriptError where no derivation of a script ends with one.
    """
    if is_statement(name):
        return as_lifted(name), of_name(name)
    derivation = derivation_of_rule(name)
    return Lifted(derivation.rule), of_derivation(derivation, name)


def verdict(file: Frozen, lifted: Lifted, origin: Origin) -> Verdict:
    """Return whether a file still is a rule: by its record, and by its code, which is run.

    It holds where the rule is the one that was frozen, the code is what was written, and runs of both agree.
    Where the code was changed and its runs agree all the same, that is undecided: runs prove nothing.
    """
    if file.record["language"] not in FORMS:
        return fails(f"its record names no form: {file.record['language']!r}")
    changed = _changed(file, lifted, origin)
    if changed and (strange := _imports(file.tree) - MAY_IMPORT):
        return fails(f"it imports {', '.join(sorted(strange))}; a frozen rule imports math or numpy alone")
    if changed and (beyond := _beyond_functions(file)):
        return fails(f"{beyond}; a frozen rule has functions of their arguments alone")
    rule = lifted.rule
    made = form(program(rule), {}, arrays=FORMS[file.record["language"]])
    try:
        runs = _compare(file, rule, made)
    except NotSimulatedError as reason:
        return undecided(f"the rule has no numbers to compare with: {reason}")
    except DepartsError as departs:
        return fails(f"its code is not the rule of {origin.name}", witness=one_line(departs))
    if digest(rule) != file.record["rule"]:
        return undecided(
            f"{origin.name} is another rule now, or another form of it: {rule}; "
            f"{_agreed(runs)}, which proves nothing; freeze it again"
        )
    if changed:
        return undecided(f"{changed}; {_agreed(runs)}, which proves nothing; freeze it again")
    evidence = [f"the rule is that of {origin.name}", "the code is what was written", _agreed(runs)]
    was = file.record.get("derivation")
    if origin.derivation is not None and was not in (None, derivation_digest(origin.derivation)):
        evidence.append("the derivation has other lines now, and ends with the same rule")
    return holds(*evidence)


def _agreed(runs: int) -> str:
    return f"{counted(runs, 'run')} agree{'s' * (runs == 1)}"


def _imports(tree: ast.Module) -> set[str]:
    found = set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or ".")
        elif isinstance(node, ast.Name) and node.id.startswith("__"):
            found.add(node.id)
    return found


def _beyond_functions(file: Frozen) -> str:
    """Return in words what is more than functions of their arguments; an empty text for nothing.

    It is asked of code that is not as it was written, before that is run: what is left computes with numbers.
    """
    record = _assigned(file.tree)
    functions = {node.name for node in file.tree.body if isinstance(node, ast.FunctionDef)}
    for node in file.tree.body[ast.get_docstring(file.tree) is not None :]:
        if isinstance(node, ast.FunctionDef) and not node.decorator_list:
            if reaching := _reaching(node, functions):
                return f"line {reaching.lineno}, {_line(file, reaching)!r}, reaches beyond its function"
        elif node is not record and ast.unparse(node) not in ("import math", "import numpy as np"):
            return f"line {node.lineno}, {_line(file, node)!r}, is run when the module is imported"
    return ""


def _reaching(function: ast.FunctionDef, functions: set[str]) -> ast.stmt | ast.expr | None:
    """Return the first part of a function that does more than compute with names and their values."""
    nodes, of = [*ast.walk(function)], function.args
    arguments = {a.arg for a in (*of.posonlyargs, *of.args, *of.kwonlyargs, of.vararg, of.kwarg) if a}
    assigned = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    own = arguments | assigned | functions | _BUILTINS
    # Default values are computed at import, where the names of the function mean nothing yet.
    defaults = {id(node) for node in ast.walk(of)}
    for node in nodes:
        beyond = isinstance(node, ast.FunctionDef) and node is not function
        if isinstance(node, ast.Name):
            allowed = _BUILTINS if id(node) in defaults else own
            beyond = hasattr(builtins, node.id) and node.id not in allowed
        if isinstance(node, ast.Attribute):
            module = node.value.id if isinstance(node.value, ast.Name) else ""
            beyond = not isinstance(node.ctx, ast.Load) or node.attr not in MAY_USE.get(module, ())
        if beyond or not isinstance(node, _PARTS):
            return node if isinstance(node, (ast.stmt, ast.expr)) else function
    return None


def _line(file: Frozen, node: ast.stmt | ast.expr) -> str:
    return one_line(file.text.splitlines()[node.lineno - 1].strip())


def _changed(file: Frozen, lifted: Lifted, origin: Origin) -> str:
    """Return in words where the code is not what was written; an empty text where only the layout changed.

    The digest of the text in the record is as easily changed as the code, and proves nothing.
    """
    try:
        written = frozen_text(lifted, origin, file.record["language"], file.record["given"])
    except (TypeError, ValueError) as error:
        return f"the code was changed, and cannot be written anew: {error}"
    if ast.dump(_without_record(file.tree)) == ast.dump(_without_record(ast.parse(written))):
        return ""
    if text_digest(file.code) == file.record["text"]:
        return f"{_first_difference(file.text, written)} is written otherwise by this version of physsym"
    return f"{_first_difference(file.text, written)} is not as it was written"


def _without_record(tree: ast.Module) -> ast.Module:
    return ast.Module([n for n in tree.body if n is not _assigned(tree)], [])


def _first_difference(text: str, written: str) -> str:
    mine, other = text.splitlines(), written.splitlines()
    for kind, first, _, _, _ in difflib.SequenceMatcher(None, mine, other, autojunk=False).get_opcodes():
        if kind != "equal":
            line = one_line(mine[first].strip()) if first < len(mine) else ""
            return f"line {first + 1}, {line!r}," if line else f"line {first + 1}"
    return "the record"


# ------------------------------------------------------------------ the code, run


class DepartsError(Exception):
    """A function of a file that is not that of the rule, and where."""


def _compare(file: Frozen, rule: Rule, made: Form) -> int:
    """Compare runs of a file with those of its rule, and return how many were compared: one step at least.

    The rule is computed by the oracle, from its formulas. Raises DepartsError where both part,
    NotSimulatedError where the rule has no numbers to compare with.
    """
    trial, chance, compared = _Trial(rule, made, _executed(file)), random.Random(15), 0
    for _ in range(RUNS):
        values = _parameters(rule, chance)
        values |= _first_states(rule, made.program, values, chance)
        begin = dict(values)
        trial.agree("init", values, values)
        for number in range(STEPS):
            new = _stepped(rule, made.program, values)
            if not all(np.isfinite(v).all() for v in new.values()):
                break
            trial.agree("step", values, new)
            values, compared = values | new, compared + (number == 0)
        else:
            if run_text(made, [], []):
                trial.agree("run", begin, values)
    if not compared:
        raise NotSimulatedError("it has no finite values at starts and parameters by chance")
    return compared


def _executed(file: Frozen) -> dict[str, Any]:
    """Return the names that a file defines."""
    defined: dict[str, Any] = {"__name__": file.path.stem}
    try:
        exec(compile(file.tree, str(file.path), "exec"), defined)
    except (Exception, SystemExit) as error:
        raise DepartsError(f"it raises {type(error).__name__}: {error}") from error
    return defined


def _parameters(rule: Rule, chance: random.Random) -> dict[str, Any]:
    """Return a number for each parameter, of its declared sign and within its ranges."""
    for _ in range(1000):
        drawn = {p: chance.choice((1, 1, 1, 10)) * chance.uniform(0.02, 0.98) for p in rule.parameters}
        values = {p: -v if p.is_negative else v for p, v in drawn.items()}
        try:
            refuse_out_of_range(rule, {state_name(p): v for p, v in values.items()})
        except ValueError:
            continue
        return {str(p): v for p, v in values.items()}
    raise NotSimulatedError("no numbers were found within the ranges of its parameters")


def _first_states(
    rule: Rule, steps: Program, parameters: Mapping[str, Any], chance: random.Random
) -> dict[str, Any]:
    """Return the states before the first step: positions by chance, start values, all else at rest."""
    begun, found = dict(start_order(rule)), dict[str, Any]()
    given = {*(coordinates(rule) or steps.arrays)}
    for state in steps.states:
        drawn = np.array([chance.uniform(-1.5, 1.5) for _ in range(CASES)])
        # At the time zero a rule need not be defined.
        rest = np.zeros(CASES) if state in steps.arrays else float(is_time(state))
        found[str(state)] = drawn if state in given else rest
    for state, value in begun.items():
        numbers = number_of(value, {**parameters, **found})
        found[str(state)] = numbers if state in steps.arrays else float(numbers[0])
    for state in steps.states:
        if before(state) in steps.states:
            found[str(before(state))] = found[str(state)]
    return found


def _stepped(rule: Rule, steps: Program, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the states one step later."""
    new = {s: np.broadcast_to(v, (CASES,)) for s, v in one_step(rule, values).items()}
    later = {str(s): new[str(s)] if s in steps.arrays else float(new[str(s)][0]) for s in rule.targets}
    return later | {str(before(s)): values[str(s)] for s in steps.states if before(s) in steps.states}


@dataclass(frozen=True)
class _Trial:
    """A rule, and what a file defines."""

    rule: Rule
    made: Form
    defined: Mapping[str, Any]

    def agree(self, function: str, values: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
        """Raise DepartsError where a function of the file does not return what is wanted of these values."""
        for case in [slice(None)] if self.made.arrays else range(CASES):
            given = self.arguments(function, values, wanted, case)
            found = _called(function, self.defined, given)
            due = [_of_case(wanted[str(s)], case) for s in self.made.program.states]
            if len(found) != len(due) or not all(map(_isclose, found, due)):
                at = ", ".join(f"{n}={_shown(v)}" for n, v in given.items() if not callable(v))
                raise DepartsError(
                    f"at {at} its {function} gives {', '.join(map(_shown, found))}, and the rule "
                    f"{', '.join(map(_shown, due))}"
                )

    def arguments(
        self, function: str, values: Mapping[str, Any], wanted: Mapping[str, Any], case: Any
    ) -> dict[str, Any]:
        """Return what a function of the file may take, by name: states, parameters, forces, the steps."""
        steps, names = self.made.program, self.made.names
        own = [s for s in (*steps.states, *steps.parameters) if s != steps.loss]
        given = {names[s]: _of_case(values[str(s)], case) for s in own}

        def gradient(*points: Any) -> Any:
            if len(points) == 1:
                return _of_case(FUNCTIONS["grad"](points[0]), case)
            slopes = (FUNCTIONS["partial"](k + 1, *points) for k in range(len(points)))
            return tuple(_of_case(slope, case) for slope in slopes)

        if steps.evaluations:
            given["grad"] = gradient
        if steps.loss is not None:
            read = next(f for e in expressions(self.rule) for f in e.atoms(potential))
            new = {name + AFTER: value for name, value in wanted.items()}
            given[names[steps.loss]] = _of_case(number_of(read, {**values, **new}), case)
        if function == "run":
            given["steps"] = STEPS
            if steps.loss is not None:
                given[names[steps.loss]] = lambda *points: _of_case(FUNCTIONS["potential"](*points), case)
        return given


def _of_case(value: Any, case: Any) -> Any:
    if not np.ndim(value) or isinstance(case, slice):
        return value
    return float(value[case])


def _called(function: str, defined: Mapping[str, Any], given: Mapping[str, Any]) -> list[Any]:
    """Return what a function of the file returns; it takes its arguments by name."""
    if not callable(defined.get(function)):
        raise DepartsError(f"it has no function {function}")
    names = inspect.signature(defined[function]).parameters
    if missing := [name for name in names if name not in given]:
        raise DepartsError(f"{function} takes {missing[0]}, which the rule has not")
    try:
        with np.errstate(all="ignore"):
            return list(defined[function](**{name: given[name] for name in names}))
    except Exception as error:
        raise DepartsError(f"{function} raises {type(error).__name__}: {error}") from error


def _isclose(found: Any, due: Any) -> bool:
    try:
        return bool(np.allclose(np.asarray(found, float), due, rtol=1e-8, atol=1e-10, equal_nan=True))
    except (TypeError, ValueError):
        return False


def _shown(value: Any) -> str:
    return f"{value:.12g}" if isinstance(value, float) else one_line(value)
