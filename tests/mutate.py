"""Mutate the functions of the verifying code and run the tests that call them: `python -m tests.mutate`.

Each mutant changes one thing; the tests that reach its function are run, fastest first. With `--decorated`
only functions under a decorator are mutated, which mutmut passes over: the judges of the moves, registered by
`@....register`, and functions whose values are cached. `--sample N` draws N of the mutants at random. It
prints the mutants that survive and returns 1 where some do.
"""

from __future__ import annotations

import ast
import json
import random
import sys
import tempfile
import tomllib
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from tests.support.mutants import PASSED, ROOT, Change, outcomes

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
    """A changed function: its file, its key, the new text of the file, and the function before and after."""

    file: str
    key: str
    text: str
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
                text = ast.unparse(ast.fix_missing_locations(tree))
                setattr(node, name, kept)
                if after != before:
                    yield Mutant(file, key_of(file, function), text, before, after)


def watched(file: str, source: str) -> str:
    """Return the text of a file in which each function says that it was called."""
    tree = ast.parse(source)
    for function in functions(tree):
        call = f"__import__('builtins').physsym_called({key_of(file, function)!r})"
        function.body.insert(int(ast.get_docstring(function) is not None), ast.parse(call).body[0])
    return ast.unparse(ast.fix_missing_locations(tree))


class Watch:
    """A plugin of pytest that writes which test calls which functions, and how long each test takes."""

    def __init__(self, path: Path) -> None:
        self.path, self.calls, self.current = path, {}, set()

    def pytest_sessionstart(self) -> None:
        import builtins

        builtins.physsym_called = lambda key: self.current.add(key)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item):
        self.current, began = set(), process_time()
        yield
        self.calls[item.nodeid] = process_time() - began, sorted(self.current)

    def pytest_sessionfinish(self) -> None:
        self.path.write_text(json.dumps(self.calls), encoding="utf-8")


def tests_of(
    sources: dict[str, str], selection: tuple[str, ...], slowest: float
) -> dict[str, tuple[str, ...]]:
    """Return the tests that call each function, fastest first, then those of its package.

    Tests that take more than `slowest` seconds are left out.
    """
    with tempfile.TemporaryDirectory() as folder:
        calls = Path(folder) / "calls.json"
        watch = Change(selection, {f: watched(f, text) for f, text in sources.items()}, (Watch(calls),))
        (result,) = outcomes([watch], limit=1800)
        if result.outcome != PASSED:
            raise RuntimeError(f"the tests do not pass without a mutant:\n{result.output[-3000:]}")
        timed = json.loads(calls.read_text(encoding="utf-8"))
    fast = [test for test, (seconds, _) in sorted(timed.items(), key=lambda i: i[1][0]) if seconds < slowest]
    found: dict[str, list[str]] = {}
    for test in fast:
        for key in timed[test][1]:
            found.setdefault(key, []).append(test)
    # What an earlier test has cached, a later one does not call: the tests of the same package come after.
    for key, tests in found.items():
        folder = f"tests/unit/{key.split('/')[1]}/"
        tests += [test for test in fast if test.startswith(folder) and test not in tests]
    return {key: tuple(tests) for key, tests in found.items()}


def control(sources: dict[str, str], reached: dict[str, tuple[str, ...]], jobs: int) -> None:
    """Raise RuntimeError where the tests of a function do not pass with its file unparsed but not mutated."""
    plain = {file: ast.unparse(ast.parse(source)) for file, source in sources.items()}
    unchanged = [Change(t, {(f := key.partition(":")[0]): plain[f]}, label=key) for key, t in reached.items()]
    for result in outcomes(unchanged, jobs):
        if result.outcome != PASSED:
            raise RuntimeError(
                f"{result.change.label}: {result.outcome} with no mutant:\n{result.output[-3000:]}"
            )


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
    options = command.parse_args()
    found = [ROOT / path for path in options.paths]
    files = sorted(str(f.relative_to(ROOT)) for p in found for f in (p.rglob("*.py") if p.is_dir() else (p,)))
    sources = {file: (ROOT / file).read_text(encoding="utf-8") for file in files}
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
    selection = tuple(settings["pytest_add_cli_args_test_selection"])
    made = [mutant for file, source in sources.items() for mutant in mutants(file, source, options.decorated)]
    if options.sample:
        made = random.Random(options.seed).sample(made, min(options.sample, len(made)))
    keys = {mutant.key for mutant in made}
    reached = {k: t for k, t in tests_of(sources, selection, options.slowest).items() if k in keys}
    control(sources, reached, options.jobs)
    missed = [m for m in made if m.key not in reached]
    tried = [Change(reached[m.key], {m.file: m.text}, label=m) for m in made if m.key in reached]
    ended: Counter[str] = Counter()
    survivors = []
    for number, result in enumerate(outcomes(tried, options.jobs), 1):
        ended[result.outcome] += 1
        print(f"\r{number} of {len(tried)} tried", end="", file=sys.stderr, flush=True)
        if result.outcome == PASSED:
            survivors.append(result.change.label)
            print(f"\nsurvives: {result.change.label}", flush=True)
    for mutant in missed:
        print(f"\nno test reaches {mutant}")
    print(f"\n{len(made)} mutants, {len(survivors)} survive, {len(missed)} in functions that no test reaches")
    print(", ".join(f"{count} {outcome}" for outcome, count in ended.most_common()))
    return int(bool(survivors or missed))


if __name__ == "__main__":
    sys.exit(main())
