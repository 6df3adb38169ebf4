"""The mutator of functions: what it changes, and what it leaves alone."""

import ast
from functools import lru_cache

import pytest

from tests.mutate import mutants
from tests.support.in_place import chosen, replace_code, watched

SOURCE = """
@judge.register(Divide)
def _(move, n):
    if n == 1 and not move.ready:
        return holds(move, strict=True)
    return n + 2

@property
def plain(self):
    return 1

def other(n):
    return n == 1
"""


def test_each_part_of_a_decorated_function_is_mutated_and_no_other_function():
    made = list(mutants("a.py", SOURCE, decorated=True))
    assert {m.key for m in made} == {"a.py:3 @judge.register(Divide) _"}
    changed = {m.after for m in made}
    assert len(changed) == len(made)
    for part in (
        "if n != 1 and", "n == 1 or not", "n == 2", "and (not not move.ready)", "if not (n == 1 and",
        "holds(move)", "holds(None, strict=True)", "strict=False", "return None", "n - 2", "n + 3",
    ):  # fmt: skip
        assert any(part in text for text in changed), part
    for mutant in made:
        ast.parse(mutant.after)


def test_every_function_is_mutated_unless_decorated_ones_are_asked_for():
    keys = {m.key for m in mutants("a.py", SOURCE)}
    assert keys == {"a.py:3 @judge.register(Divide) _", "a.py:9 @property plain", "a.py:12 other"}


def test_a_method_is_a_function_and_one_within_another_is_a_part_of_it():
    source = (
        "class A:\n    def f(self, n):\n        def g(k):\n            return k + 1\n        return g(n)\n"
    )
    made = list(mutants("a.py", source))
    assert {m.key for m in made} == {"a.py:2 f"}
    assert any("k - 1" in m.after for m in made)


def test_a_watched_function_says_that_it_was_called(monkeypatch):
    called = []
    monkeypatch.setattr("builtins.physsym_called", called.append, raising=False)
    replace_code([plain], watched("a key", ast.parse("def plain(n):\n    return n + 2").body[0]))
    assert (plain(1), called) == (3, ["a key"])


def test_the_code_of_a_function_is_replaced_wherever_the_function_is_held():
    held = {"wrapped": cached, "method": Twice(1).value, "plain": cached.__wrapped__}
    live = [cached.__wrapped__, Twice.value]
    assert [f(3) for f in held.values()] == [6, 6, 6]
    for function in live:
        text = ast.unparse(ast.parse(f"def {function.__name__}(*args):\n    return 1"))
        replace_code([function], text)
    cached.cache_clear()
    assert [f(3) for f in held.values()] == [1, 1, 1]


def test_a_function_that_reads_outer_variables_reads_them_still():
    adding = adder(5)
    replace_code([adding], "def add(n):\n    return n - addend")
    assert adding(7) == 2
    with pytest.raises(ValueError, match="outer"):
        replace_code([adding], "def add(n):\n    return n")


def test_the_fastest_tests_of_a_function_come_first_and_slow_ones_never():
    timed = {"slow": (9.0, ["f"]), "b": (2.0, ["f", "g"]), "a": (1.0, ["f"]), "c": (2.5, ["f", "g"])}
    assert chosen(timed, slowest=5, within=4) == {"f": ("a", "b"), "g": ("b",)}


def plain(n):
    return n


@lru_cache
def cached(n):
    return 2 * n


class Twice:
    def __init__(self, n):
        self.n = n

    def value(self, n):
        return 2 * n * self.n


def adder(addend):
    def add(n):
        return n + addend

    return add
