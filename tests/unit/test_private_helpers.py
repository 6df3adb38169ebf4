"""A ratchet: the fraction of private functions that are used exactly once may only fall.

A private function should be used twice or name a concept of the field; one that does neither is read better
where it is called. `RECORDED` is the fraction when it was last lowered; lower it after helpers were inlined.
"""

import ast
from collections import Counter
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "physsym"
RECORDED = 0.59


def private_functions(tree: ast.Module) -> set[str]:
    """Return the names of the private functions of a module; `_`, the name of registered ones, is none."""
    names = {n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
    return {n for n in names if n.startswith("_") and not n.startswith("__") and n != "_"}


def uses(sources: dict[str, str]) -> dict[tuple[str, str], int]:
    """Return how often each private function is named in its module or imported by another."""
    trees = {module: ast.parse(text) for module, text in sources.items()}
    imported = Counter(
        (node.module, alias.name)
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    )
    counts = {}
    for module, tree in trees.items():
        named = Counter(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
        counts |= {(module, name): named[name] + imported[module, name] for name in private_functions(tree)}
    return counts


def fraction_used_once(sources: dict[str, str]) -> float:
    counts = uses(sources).values()
    return sum(count == 1 for count in counts) / len(counts)


def test_helpers_used_once_do_not_become_more_frequent():
    sources = {
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts): path.read_text(encoding="utf-8")
        for path in PACKAGE.rglob("*.py")
    }
    counts = uses(sources)
    once = sorted(f"{module}.{name}" for (module, name), count in counts.items() if count == 1)
    now = len(once) / len(counts)
    assert now <= RECORDED, (
        f"{len(once)} of {len(counts)} private functions ({now:.3f}) are used once, recorded is {RECORDED}: "
        "inline some of those that this change added, or name them as concepts and use them twice"
    )


def test_the_count_knows_what_is_used_once():
    module = "def _once(): ...\ndef _twice(): ...\ndef _shared(): ...\ndef _(): ...\ndef public():\n"
    module += "    return _once(), _twice(), _twice(), _shared()\n"
    other = "from a import _shared\n"
    assert uses({"a": module, "b": other}) == {("a", "_once"): 1, ("a", "_twice"): 2, ("a", "_shared"): 2}
    assert fraction_used_once({"a": module, "b": other}) == 1 / 3
