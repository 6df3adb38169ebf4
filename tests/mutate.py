"""Mutate the functions of the verifying code and run the tests that call them: `python -m tests.mutate`.

Each mutant changes one thing; the tests that call its function are run, fastest first, in a fork of one
process that has collected them all. With `--decorated` only functions under a decorator are mutated, which
mutmut passes over: the judges of the moves, registered by `@....register`, and functions whose values are
cached. `--sample N` draws N of the mutants at random. It prints the mutants that survive and returns 1 where
some do.
"""

from __future__ import annotations

import ast
import io
import random
import sys
import tomllib
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any

import pytest

from tests.support.in_place import InPlace, Trial
from tests.support.mutants import PASSED, ROOT

PATHS = (
    "physsym/verify",
    "physsym/transform",
    "physsym/methods",
    "physsym/core",
)
NOT_MUTATED = {"overload", "property", "dataclass", "staticmethod", "classmethod"}
SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr, ast.USub: ast.UAdd,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A changed function: its key, and its text before and after."""

    key: str
    before: str
    after: str

    def __str__(self) -> str:
        lines = unified_diff(self.before.splitlines(), self.after.splitlines(), n=1, lineterm="")
        return "\n".join([self.key, *list(lines)[2:]])


def functions(tree: ast.Module, decorated: bool = False) -> Iterator[ast.FunctionDef]:
    """Yield the functions of a module, methods included; with `decorated` those under a decorator alone.

    A function within another one is mutated as a part of it.
    """
    outer = [tree, *(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))]
    for node in [statement for parent in outer for statement in parent.body]:
        if isinstance(node, ast.FunctionDef):
            names = {ast.unparse(d).split("(")[0].rpartition(".")[2] for d in node.decorator_list}
            if "overload" not in names and (names - NOT_MUTATED or not decorated):
                yield node


def key_of(file: str, function: ast.FunctionDef) -> str:
    marks = "".join(f"@{ast.unparse(d)} " for d in function.decorator_list[:1])
    return f"{file}:{function.lineno} {marks}{function.name}"


def changes(node: ast.AST) -> Iterator[tuple[str, Any]]:
    """Yield the ways to change one node: a field of it and the value to put there."""
    match node:
        case ast.Compare(ops=[op, *rest]) if type(op) in SWAPPED:
            yield "ops", [SWAPPED[type(op)](), *rest]
        case ast.BoolOp(op=op) | ast.BinOp(op=op) | ast.UnaryOp(op=op) if type(op) in SWAPPED:
            yield "op", SWAPPED[type(op)]()
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield "operand", ast.UnaryOp(ast.Not(), operand)
        case ast.Constant(value=bool(value)):
            yield "value", not value
        case ast.Constant(value=int(value)):
            yield "value", value + 1
        case ast.Return(value=ast.expr()):
            yield "value", ast.Constant(None)
        case ast.Assign(value=value) if not isinstance(value, ast.Constant):
            yield "value", ast.Constant(None)
        case ast.Call(args=args, keywords=keywords):
            for k, argument in enumerate(args):
                if not isinstance(argument, ast.Starred | ast.Constant):
                    yield "args", [*args[:k], ast.Constant(None), *args[k + 1 :]]
            for k in range(len(keywords)):
                yield "keywords", [*keywords[:k], *keywords[k + 1 :]]
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        yield "test", ast.UnaryOp(ast.Not(), node.test)
    if isinstance(node, ast.comprehension) and node.ifs:
        yield "ifs", node.ifs[1:]


def mutants(file: str, source: str, decorated: bool = False) -> Iterator[Mutant]:
    """Yield the mutants of the functions of one file; strings stay as they are."""
    tree = ast.parse(source)
    for function in functions(tree, decorated):
        before = ast.unparse(function)
        for node in [n for statement in function.body for n in ast.walk(statement)]:
            for name, value in list(changes(node)):
                kept = getattr(node, name)
                setattr(node, name, value)
                after = ast.unparse(function)
                setattr(node, name, kept)
                if after != before:
                    yield Mutant(key_of(file, function), before, after)


def main() -> int:
    """Try mutants, print the survivors and a count."""
    command = ArgumentParser(
        prog="python -m tests.mutate", description="Mutate the verifying code and run its tests."
    )
    command.add_argument("paths", nargs="*", default=PATHS, metavar="PATH", help="files or folders to mutate")
    command.add_argument("--decorated", action="store_true", help="only functions under a decorator")
    command.add_argument("--sample", type=int, metavar="N", help="try so many mutants, drawn at random")
    command.add_argument("--seed", type=int, default=0, metavar="S", help="another seed, other mutants")
    command.add_argument("--jobs", type=int, default=2, metavar="J", help="number of processes (default: 2)")
    command.add_argument("--slowest", type=float, default=5.0, metavar="T", help="leave out tests above T s")
    command.add_argument(
        "--within", type=float, default=60.0, metavar="T", help="the tests of a mutant take T s at most"
    )
    command.add_argument("--tests", nargs="+", metavar="PATH", help="tests to run (default: as in mutmut)")
    options = command.parse_args()
    found = [ROOT / path for path in options.paths]
    files = sorted(str(f.relative_to(ROOT)) for p in found for f in (p.rglob("*.py") if p.is_dir() else (p,)))
    sources = {file: (ROOT / file).read_text(encoding="utf-8") for file in files}
    made = [mutant for file, source in sources.items() for mutant in mutants(file, source, options.decorated)]
    if options.sample:
        made = random.Random(options.seed).sample(made, min(options.sample, len(made)))
    trees = {
        file: {key_of(file, function): function for function in functions(ast.parse(source))}
        for file, source in sources.items()
    }
    ended: Counter[str] = Counter()
    survivors = []

    def told(trial: Trial, outcome: str) -> None:
        ended[outcome] += 1
        print(f"\r{ended.total()} of {len(made)} tried", end="", file=sys.stderr, flush=True)
        if outcome == PASSED:
            survivors.append(trial.label)
            print(f"\nsurvives: {trial.label}", file=sys.stderr, flush=True)

    trials = [Trial(mutant.key, mutant.after, mutant) for mutant in made]
    limits = {"jobs": options.jobs, "slowest": options.slowest, "within": options.within}
    plugin = InPlace(trees, trials, told=told, **limits)
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
    selection = options.tests or settings["pytest_add_cli_args_test_selection"]
    with redirect_stdout(io.StringIO()) as output:
        code = pytest.main(
            ["-q", "-s", "-p", "no:cacheprovider", "-m", "not slow", *selection], plugins=[plugin]
        )
    if code != pytest.ExitCode.OK:
        print(output.getvalue()[-3000:])
    missed = [m for m in made if m.key not in plugin.reached]
    for mutant in survivors:
        print(f"\nsurvives: {mutant}")
    for mutant in missed:
        print(f"\nno test reaches {mutant}")
    print(f"\n{len(made)} mutants, {len(survivors)} survive, {len(missed)} in functions that no test reaches")
    print(", ".join(f"{count} {outcome}" for outcome, count in ended.most_common()))
    return int(bool(survivors or missed or code))


if __name__ == "__main__":
    sys.exit(main())
